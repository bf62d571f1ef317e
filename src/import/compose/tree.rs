//! The tree of a Compose file, with its variables replaced.

use std::collections::{BTreeMap, BTreeSet};

use super::interpolation::{Refused, interpolate};
use crate::diag::{Diagnostic, Findings, codes};
use crate::elsewhere::scalars::{present, text};
use crate::source::{Source, Span, Syntax};
use crate::syntax::{self, Kind, Node};

/// Parses a source and replaces the variables in its values. `None` if it contains no value.
pub fn read(
    source: &Source,
    variables: &BTreeMap<String, String>,
    findings: &mut Findings,
) -> Option<Node> {
    let mut found = Findings::new();
    let tree = syntax::parse_as(source, Syntax::Yaml, &mut found);
    // Modes of files are written as octal numbers. Compose reads them as YAML 1.1 does.
    let is_octal = |finding: &Diagnostic| finding.code == &codes::BAD_NUMBER;
    let octals: BTreeSet<_> =
        found.iter().filter(|one| is_octal(one)).map(|one| one.primary.span).collect();
    for finding in found.into_sorted() {
        if !is_octal(&finding) && finding.code.level == crate::diag::Level::Error {
            findings.push(finding);
        }
    }
    let mut tree = tree?;
    let mut variables = variables.clone();
    let name = tree.as_object().and_then(|top| present(top, "name")).and_then(text);
    if let Some(Ok(name)) = name.map(|name| interpolate(&name, &variables, &mut BTreeSet::new())) {
        variables.insert(PROJECT.to_owned(), name);
    }
    let mut walk = Walk { source, variables: &variables, octals, findings };
    walk.node(&mut tree);
    Some(tree)
}

/// Reports a variable that is not set.
pub fn unset_variable(place: Span, name: &str) -> Diagnostic {
    let message = format!("`{name}` is not set: it becomes empty");
    Diagnostic::new(&codes::IMPORT_DIFFERS, place, message)
        .help("give variables with `--env-file FILE`")
}

/// The variable that Compose sets itself: the name of the project.
pub const PROJECT: &str = "COMPOSE_PROJECT_NAME";

struct Walk<'a> {
    source: &'a Source,
    variables: &'a BTreeMap<String, String>,
    octals: BTreeSet<Span>,
    findings: &'a mut Findings,
}

impl Walk<'_> {
    fn node(&mut self, node: &mut Node) {
        match &mut node.kind {
            Kind::Array(items) => items.iter_mut().for_each(|item| self.node(item)),
            Kind::Object(object) => {
                for member in &mut object.members {
                    self.node(&mut member.value);
                }
            }
            Kind::Broken if self.octals.contains(&node.span) => {
                node.kind = Kind::Number(self.source.slice(node.span).into());
            }
            Kind::String(text) if text.contains('$') => {
                let mut unset = BTreeSet::new();
                let place = node.span;
                if text.contains(PROJECT) {
                    let message = format!("`{PROJECT}` is the id of the appliance");
                    self.findings.push(
                        Diagnostic::new(&codes::IMPORT_DIFFERS, place, message)
                            .help("write the name that the target gives what it runs"),
                    );
                }
                match interpolate(text, self.variables, &mut unset) {
                    Ok(new) => *text = new.into(),
                    Err(Refused::Invalid) => self.findings.push(
                        Diagnostic::new(&codes::NOT_IMPORTED, place, "invalid variable")
                            .help("write `$$` for a dollar sign"),
                    ),
                    Err(Refused::Required(name, why)) => self.findings.push(
                        Diagnostic::new(
                            &codes::NOT_IMPORTED,
                            place,
                            format!("`{name}` is not set: {why}"),
                        )
                        .help("give variables with `--env-file FILE`"),
                    ),
                }
                for name in unset {
                    self.findings.push(unset_variable(place, &name));
                }
            }
            _ => {}
        }
    }
}
