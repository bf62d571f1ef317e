//! What holds for every appliance, whatever it contains.

use std::hash::{DefaultHasher, Hash, Hasher};

use applc::diag::{Format, Report, document, human};
use applc::overlay::Changes;
use applc::targets::{self, Artifact, Options};
use applc::{Compilation, Memory, Output, Selected};

/// Compiles for every target, and asserts that the result is either files that their formats can have or an error, and
/// that what one of them has is the same the next time and without the others.
pub fn compiles(world: &Memory, path: &str, changes: &Changes) {
    let all: Vec<Selected> = targets::built_in()
        .map(|target| Selected { options: Options::of(&*target), target })
        .collect();
    let compile = |targets: &[Selected]| -> Compilation {
        let result = applc::compile_changed(world, path, changes, targets).expect("templates work");
        assert_eq!(result.report.has_errors(), result.outputs.is_empty());
        result
    };
    let together = compile(&all);
    shown(&together.report);
    if together.plan.is_none() {
        assert!(together.report.has_errors());
        return;
    }
    let Some(one) = any_of(&all, &together.report) else { return };
    let alone = compile(std::slice::from_ref(one));
    files(&alone).for_each(is_parsed);
    if !together.report.has_errors() {
        let of_one = |output: &&Output| output.target.name() == one.target.name();
        let output = together.outputs.iter().find(of_one).expect("it has no error");
        let text = |file: &Artifact| (file.path.clone(), file.text.clone());
        let again: Vec<_> = output.artifacts.iter().map(text).collect();
        assert_eq!(files(&alone).map(text).collect::<Vec<_>>(), again);
    }
}

/// One of several, by the text of a report: all of them for each input take too long.
fn any_of<'a, T>(choices: &'a [T], report: &Report) -> Option<&'a T> {
    let mut hasher = DefaultHasher::new();
    report.source.text().hash(&mut hasher);
    let choice = usize::from(hasher.finish() as u8);
    choices.get(choice % choices.len().max(1))
}

/// Shows findings in one of the formats: their places are in their files, machines can read what is for them, and
/// nothing acts on a terminal.
pub fn shown(report: &Report) {
    for found in &report.diagnostics {
        let labels = std::iter::once(&found.primary).chain(&found.secondary);
        let spans = labels.map(|label| label.span).chain(found.edit.iter().map(|edit| edit.span));
        for span in spans {
            let source = report.source_of(span);
            assert!(source.text().get(source.range(span)).is_some(), "{span:?} of {found:?}");
        }
    }
    let Some(format) = any_of(Format::ALL, report) else { return };
    let document = document(*format, std::slice::from_ref(report));
    let text = document.unwrap_or_else(|| human::render(report, false));
    does_not_act(&text);
    match format {
        Format::Json | Format::Sarif | Format::Gitlab => {
            serde_json::from_str::<serde_json::Value>(&text).map(drop).expect("it is JSON");
        }
        Format::Junit => {
            roxmltree::Document::parse(&text).map(drop).expect("it is XML");
        }
        Format::Human | Format::Short | Format::Github => {}
    }
}

fn does_not_act(text: &str) {
    let acts = |c: &char| c.is_control() && *c != '\n';
    assert_eq!(text.chars().find(acts), None, "{text}");
}

fn files(compilation: &Compilation) -> impl Iterator<Item = &Artifact> {
    compilation.outputs.iter().flat_map(|output| &output.artifacts)
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
