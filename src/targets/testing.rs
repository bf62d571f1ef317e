//! What the tests of built-in targets share: small appliances, and the results of compiling them.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{Artifact, Fate, Options, Rendering, Target};
use crate::diag::{Code, Diagnostic, Findings, Level, Phase};
use crate::plan::Field;
use crate::source::{Source, Span, Spanned};

/// An appliance compiled for a target.
pub struct Compiled {
    source: Source,
    /// The files; empty if there was an error.
    pub artifacts: Vec<Artifact>,
    /// All findings, sorted.
    pub findings: Vec<Diagnostic>,
}

impl Compiled {
    /// Compiles a document, which must be a valid appliance, with these options.
    pub fn of(target: &dyn Target, document: &Value, given: &[(&str, &str)]) -> Compiled {
        let source = Source::new("appliance.json", document.to_string());
        let mut options = Options::of(target);
        let mut findings = Findings::new();
        for (name, value) in given {
            let unplaced = |text| Spanned::new(text, Span::at(0));
            options.set(target, unplaced(*name), unplaced(*value), &mut findings);
        }
        assert!(findings.is_empty(), "{findings:?}");
        let analysis = crate::analysis::Analysis::of(&source);
        let of_plan = |found: &Diagnostic| found.code.phase != Phase::Lint;
        findings.extend(analysis.findings.into_iter().filter(of_plan));
        let plan = analysis.plan.unwrap();
        assert!(!findings.has_errors(), "{document}: {findings:?}");
        let rendering = Rendering { recorded: false };
        let artifacts = super::compile(target, &plan, &options, Some(rendering), &mut findings)
            .unwrap()
            .artifacts;
        assert_eq!(artifacts.is_empty(), findings.has_errors(), "{document}: {findings:?}");
        Compiled { source, artifacts, findings: findings.into_sorted() }
    }

    /// The codes of the findings and the text that they point to, without hints.
    pub fn found(&self) -> Vec<(&'static str, &str)> {
        self.findings_where(|code| code.level != Level::Hint)
    }

    /// The codes of the target's own findings and the text that they point to, with hints.
    pub fn found_by_target(&self) -> Vec<(&'static str, &str)> {
        self.findings_where(|code| code.phase == Phase::Target)
    }

    fn findings_where(&self, is_wanted: impl Fn(&Code) -> bool) -> Vec<(&'static str, &str)> {
        self.findings
            .iter()
            .filter(|finding| is_wanted(finding.code))
            .map(|finding| (finding.code.id, self.source.slice(finding.primary.span)))
            .collect()
    }

    /// The messages of the findings, one per line.
    pub fn messages(&self) -> String {
        self.findings.iter().map(|finding| format!("{}\n", finding.message)).collect()
    }

    /// The paths of the files, in their order.
    pub fn paths(&self) -> Vec<&str> {
        self.artifacts.iter().map(|artifact| artifact.path.as_str()).collect()
    }

    /// The text of a file, if there is one at this path.
    pub fn text_of(&self, path: &str) -> Option<&str> {
        let file = self.artifacts.iter().find(|artifact| artifact.path == path);
        file.map(|artifact| artifact.text.as_str())
    }
}

/// Checks that the target rejects these values of its options, each at its place.
pub fn check_rejected(target: &dyn Target, given: &[(&str, &str)]) {
    for (option, value) in given {
        let mut options = Options::of(target);
        let mut found = Findings::new();
        let (name, value) = (Spanned::new(*option, Span::at(0)), Spanned::new(*value, Span::at(9)));
        options.set(target, name, value, &mut found);
        let places: Vec<_> = found.iter().map(|d| (d.code.id, d.primary.span)).collect();
        assert_eq!(places, [("E0501", Span::at(9))], "{option}={}", value.value);
        assert_eq!(options.place(option), None);
    }
}

/// A service in this network mode with the required fields, and `more`, which can replace them.
pub fn container(network_mode: &str, id: &str, more: &Value) -> Value {
    let mut fields = Map::from_iter([
        ("id".to_owned(), json!(id)),
        ("type".to_owned(), json!("service")),
        ("image".to_owned(), json!("image:1")),
        ("resources".to_owned(), json!({"cpus": 1, "mem": 64})),
        ("network_mode".to_owned(), json!(network_mode)),
    ]);
    fields.extend(more.as_object().expect("more fields are an object").clone());
    Value::Object(fields)
}

/// An appliance of these containers.
pub fn appliance(id: &str, containers: &[Value]) -> Value {
    json!({"id": id, "containers": containers})
}

/// What a case of the capability table shows of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It is carried, and nothing is reported.
    Carried,
    /// A warning is reported.
    Reported,
    /// An error is reported.
    Rejected,
}

impl Outcome {
    /// The outcome that these codes of findings are.
    pub fn of<'c>(codes: impl IntoIterator<Item = &'c str>) -> Outcome {
        let outcomes = codes.into_iter().map(|code| match code.starts_with('E') {
            true => Outcome::Rejected,
            false => Outcome::Reported,
        });
        outcomes.max().unwrap_or(Outcome::Carried)
    }
}

/// Checks that the cases of each row of a target's capability table show what its fate says. A
/// row that depends on the appliance must have a case that is carried and one that is not, but
/// for those in `always_reported`, of which each use has at least a warning.
pub fn check_rows(target: &dyn Target, cases: &[(Field, Outcome)], always_reported: &[Field]) {
    let mut wrong = Vec::new();
    for row in target.capabilities() {
        let of_row = cases.iter().filter(|(field, _)| *field == row.field);
        let outcomes: BTreeSet<Outcome> = of_row.map(|(_, outcome)| *outcome).collect();
        let only = |outcome| outcomes == BTreeSet::from([outcome]);
        let is_as_stated = match row.fate {
            Fate::Carried => only(Outcome::Carried),
            Fate::Approximated => only(Outcome::Reported),
            Fate::Rejected => only(Outcome::Rejected),
            Fate::Depends if always_reported.contains(&row.field) => {
                outcomes.contains(&Outcome::Reported) && !outcomes.contains(&Outcome::Carried)
            }
            Fate::Depends => outcomes.contains(&Outcome::Carried) && outcomes.len() > 1,
        };
        if !is_as_stated {
            wrong.push(format!("{} {}: {outcomes:?}", row.field.path(), row.fate.name()));
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", target.name(), wrong.join("\n"));
}
