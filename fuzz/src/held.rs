//! What holds for every appliance, whatever it contains.

use applc::diag::{Format, Report, document, human};
use applc::overlay::Changes;
use applc::targets::{self, Artifact, Options};
use applc::{Compilation, Memory, Selected};

/// Compiles for every target, and asserts that the result is either files that their formats can have or an error,
/// and that it is the same the next time.
pub fn compiles(world: &Memory, path: &str, changes: &Changes) {
    for target in targets::built_in() {
        let compile = || -> Compilation {
            let selected = Selected { target: target.clone(), options: Options::of(&*target) };
            applc::compile_changed(world, path, changes, &[selected]).expect("templates work")
        };
        let result = compile();
        assert_eq!(result.report.has_errors(), result.outputs.is_empty(), "{}", target.name());
        shown(&result.report);
        let again = compile();
        assert_eq!(human::render(&result.report, false), human::render(&again.report, false));
        assert_eq!(files(&result), files(&again));
        result.outputs.iter().flat_map(|output| &output.artifacts).for_each(is_parsed);
    }
}

/// Shows findings in every format.
pub fn shown(report: &Report) {
    let source = &report.source;
    for found in report.diagnostics.iter().filter(|found| source.contains(found.primary.span.start))
    {
        assert!(source.text().get(source.range(found.primary.span)).is_some(), "{found:?}");
    }
    let _ = human::render(report, false);
    for format in [Format::Short, Format::Json, Format::Sarif, Format::Gitlab, Format::Junit] {
        let _ = document(format, std::slice::from_ref(report));
    }
}

fn files(compilation: &Compilation) -> Vec<(&str, &str)> {
    let artifacts = compilation.outputs.iter().flat_map(|output| &output.artifacts);
    artifacts.map(|file| (file.path.as_str(), file.text.as_str())).collect()
}

/// Other parsers than those of applc read a file.
fn is_parsed(file: &Artifact) {
    let text = &file.text;
    let error = match file.path.rsplit_once('.').map(|(_, end)| end) {
        Some("json") => {
            serde_json::from_str::<serde_json::Value>(text).err().map(|e| e.to_string())
        }
        Some("yaml" | "yml") => {
            let documents = yaml_serde::Deserializer::from_str(text);
            let parse = |document| {
                <yaml_serde::Value as serde::Deserialize>::deserialize(document).map(drop)
            };
            documents.map(parse).find_map(Result::err).map(|e| e.to_string())
        }
        Some("hcl" | "nomad") => hcl::from_str::<hcl::Body>(text).err().map(|e| e.to_string()),
        _ => None,
    };
    assert_eq!(error, None, "{}: {text}", file.path);
}
