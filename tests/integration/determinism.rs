//! The output is deterministic, and the result is always either files or an error.

use applc::diag::Phase;

#[test]
fn compiling_twice_gives_the_same_bytes() {
    let targets = crate::common::targets();
    for folder in ["examples", "tests/corpus"] {
        for path in crate::common::appliances(folder) {
            for target in &targets {
                let first = crate::common::shown(&crate::common::compile(&path, target));
                let second = crate::common::shown(&crate::common::compile(&path, target));
                assert_eq!(first, second, "{} for {}", path.display(), target.name());
            }
        }
    }
}

#[test]
fn the_result_is_files_or_an_error_with_a_message() {
    let targets = crate::common::targets();
    for folder in ["examples", "tests/corpus"] {
        for path in crate::common::appliances(folder) {
            for target in &targets {
                let compilation = crate::common::compile(&path, target);
                let errors = compilation.report.has_errors();
                let files: usize = compilation.outputs.iter().map(|o| o.artifacts.len()).sum();
                let what = format!("{} for {}", path.display(), target.name());
                assert!(
                    compilation.others.is_empty(),
                    "{what}: {}",
                    crate::common::shown(&compilation)
                );
                assert_eq!(errors, files == 0, "{what}");
                for diagnostic in &compilation.report.diagnostics {
                    let end = diagnostic.primary.span.end as usize;
                    assert!(end <= compilation.report.source.text().len(), "{what}");
                    assert!(!diagnostic.message.is_empty(), "{what}");
                    if diagnostic.code.phase == Phase::Target {
                        assert_eq!(diagnostic.target.as_deref(), Some(target.name()), "{what}");
                    }
                }
            }
        }
    }
}
