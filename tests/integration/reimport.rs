//! What applc makes for Compose, imported again, is the same appliance but for what findings name.

use std::path::Path;

use applc::Memory;
use applc::analysis::Analysis;
use applc::diag::Report;
use applc::import::{self, Format, Options};
use applc::plan::published;
use applc::source::Source;
use serde_json::Value;

/// What the plan says of a container or volume that Compose has no word for, or another one, by the field of the plan.
/// The second part is a code that one of the findings has, of the compiler or of the import; without one, it is
/// described in docs/from-compose.md.
const NAMED: [(&str, &str); 21] = [
    // One network is both.
    ("containers.network_mode", ""),
    // A port that is neither published nor used by others is not in the Compose file.
    ("containers.ports", ""),
    // References from and to the host network are to published ports.
    ("containers.references.port", ""),
    ("containers.referrers.port", ""),
    // A name in text is a reference only where a host is meant.
    ("containers.references", ""),
    ("containers.referrers", ""),
    ("containers.cmd", ""),
    ("containers.entrypoint", ""),
    ("containers.args", ""),
    ("containers.env.value", ""),
    ("containers.health_check.command", ""),
    ("containers.files.content", ""),
    // Told when it is compiled.
    ("containers.job", "W0401"),
    ("containers.placement", "W0401"),
    ("containers.preemptible", "W0401"),
    ("containers.minimum_capacity", "W0401"),
    ("containers.resources.disk", "W0401"),
    ("volumes", "W0401"),
    ("volumes.type", ""),
    ("volumes", "W0301"),
    ("containers.files.mode", ""),
];

/// Ids that differ in case alone get others.
const OTHER_IDS: &str = "ids-that-differ-in-case";

fn compose() -> applc::targets::TargetRef {
    applc::targets::built_in().find(|target| target.name() == "compose").unwrap()
}

fn plan(name: &str, text: &str) -> Value {
    let analysis = Analysis::of(&Source::new(name, text));
    let Some(plan) = analysis.valid_plan() else {
        panic!("{name}: {}\n{text}", applc::diag::human::render(&analysis.into_report(), false));
    };
    serde_json::to_value(published::neutral(plan)).unwrap()["appliance"].clone()
}

fn codes(report: &Report) -> Vec<String> {
    report.diagnostics.iter().map(|one| one.code.id.to_string()).collect()
}

/// The fields in which two plans differ, without places in lists.
fn differences(old: &Value, new: &Value, path: &str, found: &mut Vec<String>) {
    match (old, new) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
                let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                let none = Value::Null;
                differences(
                    a.get(key).unwrap_or(&none),
                    b.get(key).unwrap_or(&none),
                    &inner,
                    found,
                );
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).for_each(|(old, new)| differences(old, new, path, found));
        }
        (old, new) if old != new => found.push(path.to_owned()),
        _ => {}
    }
}

/// Compiles and imports a file. `None` if Compose rejects it.
fn imported_again(path: &Path) -> Option<(Value, Value, Vec<String>)> {
    let compilation = crate::common::compile(path, &compose());
    if compilation.report.has_errors() {
        return None;
    }
    let mut told = codes(&compilation.report);
    let mut world = Memory::new();
    let artifacts = compilation.outputs.iter().flat_map(|output| &output.artifacts);
    for artifact in artifacts {
        world.insert(artifact.path.to_string(), artifact.text.as_bytes());
    }
    let text = &compilation.outputs.first()?.artifacts.first()?.text;
    let options = Options {
        id: "other".to_owned(),
        env_files: Vec::new(),
        profiles: Vec::new(),
        folder: String::new(),
        repository: None,
        world: &world,
    };
    let source = Source::new("compose.yaml", text.to_string());
    let imported = import::import(&source, Format::Compose, &options);
    told.extend(codes(&imported.report));
    let shown = applc::diag::human::render(&imported.report, false);
    let appliance = imported.text.unwrap_or_else(|| panic!("{}: {shown}", path.display()));
    let name = path.display().to_string();
    let original = std::fs::read_to_string(path).unwrap();
    Some((plan(&name, &original), plan("imported.yaml", &appliance), told))
}

#[test]
fn what_is_made_for_compose_is_imported_as_the_same_appliance() {
    let (mut all, mut same) = (0, 0);
    let mut faults = Vec::new();
    for folder in ["examples", "tests/corpus"] {
        for path in crate::common::appliances(folder) {
            let Some((old, new, told)) = imported_again(&path) else { continue };
            let mut found = Vec::new();
            differences(&old, &new, "", &mut found);
            all += 1;
            same += usize::from(found.iter().all(|field| field == "containers.network_mode"));
            if crate::common::stem(&path) == OTHER_IDS {
                continue;
            }
            for field in found {
                let is_named = NAMED.iter().any(|(name, code)| {
                    field.starts_with(name) && (code.is_empty() || told.iter().any(|c| c == code))
                });
                if !is_named {
                    faults.push(format!("{}: {field}, {told:?}", path.display()));
                }
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
    // Most of them differ in nothing but the word for the one network.
    assert!(5 * same > 3 * all, "{same} of {all}");
}
