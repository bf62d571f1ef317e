//! Every example on every target, as it is written and as it is reported.

mod common;

#[test]
fn every_example_on_every_target() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let targets = common::targets();
    settings.bind(|| {
        for path in common::appliances("examples") {
            for target in &targets {
                let compilation = common::compile(&path, target);
                let name = format!("{}@{}", common::stem(&path), target.name());
                insta::assert_snapshot!(name, common::shown(&compilation));
            }
        }
    });
}
