//! Snapshots of the files and findings of every example on every target.

#[test]
fn every_example_on_every_target() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("../snapshots");
    let targets = crate::common::targets();
    settings.bind(|| {
        for path in crate::common::appliances("examples") {
            for target in &targets {
                let compilation = crate::common::compile(&path, target);
                let name = format!("{}@{}", crate::common::stem(&path), target.name());
                insta::assert_snapshot!(name, crate::common::shown(&compilation));
            }
        }
    });
}
