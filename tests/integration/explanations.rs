//! The pages of codes: one for each code, with examples that produce the code and fix it.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use applc::diag::{Level, Phase, codes};
use applc::plan::Field;
use applc::targets::{Options, TargetRef, custom};
use applc::{Memory, Selected};
use applc_testing::hold;

use crate::common::{Block, blocks, overlaid};

/// Codes without a short example: bytes that are not text, a file that is too large or does not
/// exist, thousands of findings, other tools, engines, registries, and several appliances.
const WITHOUT_EXAMPLE: [&str; 32] = [
    "E0001", "E0002", "E0003", "W0002", "E0504", "E0505", "E0506", "W0501", "W0502", "E0706",
    "E0801", "W0801", "H0801", "E0901", "E0902", "E0903", "E0904", "E0905", "E0906", "E0907",
    "E0911", "E1001", "W1001", "W1002", "H1001", "W1103", "W1104", "E1201", "E1202", "E1203",
    "W1201", "W1202",
];

/// The manifest of a custom target that carries every field, with one template.
const MANIFEST: &str = r#"
applc = 1
name = "mine"
description = "an example"
references = { address = "{{ name }}" }
fields = { FIELDS }

[[artifacts]]
for = "container"
template = "file.json.j2"
path = "{{ container.name }}.json"
"#;

/// The findings in the folder of a custom target and, if it is valid, in its output for an
/// appliance.
fn found_in_folder(manifest: &str, template: &str) -> Vec<applc::diag::Diagnostic> {
    let appliance = r#"{"id": "app", "containers": [{"id": "web", "type": "service",
        "image": "nginx:1.27", "resources": {"cpus": 1, "mem": 64}}]}"#;
    let world = Memory::new()
        .with("/t/target.toml", manifest)
        .with("/t/file.json.j2", template)
        .with("/a.json", appliance);
    let loaded = custom::load(&world, "/t", None).unwrap();
    let mut reports = loaded.reports;
    if let Some(target) = loaded.target {
        reports.extend(target.advice());
        let options = Options::of(&target);
        let target = TargetRef::Custom(Arc::new(target));
        let compilation =
            applc::compile(&world, "/a.json", &[Selected { target, options }]).unwrap();
        reports.extend(compilation.others);
        reports.push(compilation.report);
    }
    reports.into_iter().flat_map(|report| report.diagnostics).collect()
}

/// An example of a page.
struct Example {
    /// The language: `json`, `yaml`, `toml`, or `jinja` for a template.
    language: String,
    /// The words after the language: `faulty` or `fixed`, optionally `target=NAME`, `folder` for a
    /// `target.toml`, and `overlay` for an overlay of the appliance of `docs/overlays.md`.
    marks: Vec<String>,
    text: String,
}

/// The examples of a page.
fn examples(page: &str) -> Vec<Example> {
    let example = |block: Block| {
        let mut words = block.marks.into_iter();
        let language = words.next().unwrap_or_default();
        Example { language, marks: words.collect(), text: block.text }
    };
    blocks(page).into_iter().map(example).collect()
}

impl Example {
    /// The codes of its findings, with their levels.
    fn found(&self) -> Vec<(&'static str, Level)> {
        let diagnostics = if self.marks.iter().any(|mark| mark == "folder") {
            found_in_folder(&self.text, "{}\n")
        } else if self.marks.iter().any(|mark| mark == "overlay") {
            let name = format!("overlay.{}", self.language);
            overlaid(&name, self.text.as_str()).report.diagnostics
        } else if self.language == "jinja" {
            let carried = |field: &Field| format!("{:?} = \"carried\"", field.path());
            let fields: Vec<String> = Field::ALL.iter().map(carried).collect();
            found_in_folder(&MANIFEST.replace("FIELDS", &fields.join(", ")), &self.text)
        } else if self.language == "toml" {
            let world = Memory::new().with("/a/applc.toml", self.text.as_str());
            let project = applc::project::find(&world, ["/a"], &[], None).unwrap().unwrap();
            project.file.report.diagnostics.clone()
        } else {
            let path = format!("/a/a.{}", self.language);
            let world = Memory::new().with(path.as_str(), self.text.as_str());
            let name = self.marks.iter().find_map(|mark| mark.strip_prefix("target="));
            let selected = name.map(|name| {
                let target = applc::targets::find(name).unwrap();
                Selected { target: target.into(), options: Options::of(target) }
            });
            let targets: Vec<Selected> = selected.into_iter().collect();
            applc::compile(&world, &path, &targets).unwrap().report.diagnostics
        };
        diagnostics.iter().map(|found| (found.code.id, found.level)).collect()
    }
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let folder = crate::common::repository("docs/diagnostics");
    let files: BTreeSet<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "README.md")
        .collect();
    let wanted: BTreeSet<String> =
        codes::ALL.iter().map(|code| format!("{}.md", code.id)).collect();
    let extra: Vec<&String> = files.difference(&wanted).collect();
    assert!(extra.is_empty(), "pages without a code in src/diag/codes.rs: {extra:?}");
    for code in codes::ALL {
        let title = format!("# {}: {}\n", code.id, code.summary);
        assert!(code.page.starts_with(&title), "the first line of {}.md must be: {title}", code.id);
    }
}

#[test]
fn faulty_examples_have_their_code_and_fixed_ones_no_error() {
    let mut failures = Vec::new();
    for code in codes::ALL {
        let examples = examples(code.page);
        let marked = |mark: &str| -> Vec<&Example> {
            examples.iter().filter(|e| e.marks.iter().any(|m| m == mark)).collect()
        };
        let (faulty, fixed) = (marked("faulty"), marked("fixed"));
        if (faulty.is_empty() || fixed.is_empty()) && !WITHOUT_EXAMPLE.contains(&code.id) {
            failures.push(format!("{} has no faulty or no fixed example", code.id));
        }
        for example in faulty {
            let found = example.found();
            if found.iter().all(|(id, _)| *id != code.id) {
                failures.push(format!("{}: the faulty example has {found:?}", code.id));
            }
        }
        for example in fixed {
            let found = example.found();
            if found.iter().any(|(id, level)| *id == code.id || *level == Level::Error) {
                failures.push(format!("{}: the fixed example has {found:?}", code.id));
            }
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// The index of the pages, with a table for each phase.
fn index() -> String {
    let mut text =
        "# Codes\n\nEvery code has a page, which `applc explain CODE` also shows. The id of a code is \
                    never reused. For output formats and levels, see \
                    [diagnostics.md](../diagnostics.md).\n"
            .to_owned();
    for phase in Phase::ALL {
        text.push_str(&format!(
            "\n## {}\n\n| code | level | summary |\n|---|---|---|\n",
            phase.title()
        ));
        for code in codes::ALL.iter().filter(|code| code.phase == *phase) {
            let (id, level, summary) = (code.id, code.level.name(), code.summary);
            text.push_str(&format!("| [{id}]({id}.md) | {level} | {summary} |\n"));
        }
    }
    text
}

#[test]
fn the_index_lists_all_codes() {
    let index = index();
    let rows = index.lines().filter(|line| line.starts_with("| [")).count();
    assert_eq!(rows, codes::ALL.len(), "a phase is missing in the index");
    hold("docs/diagnostics/README.md", &index);
}
