//! The tree of a Compose file, with its variables replaced.

use std::collections::{BTreeMap, BTreeSet};

use super::interpolation::{Refused, interpolate};
use super::plain::{self, Plain};
use crate::diag::{Diagnostic, Findings, codes};
use crate::elsewhere::scalars::{present, text};
use crate::import::budget::Budget;
use crate::import::secrets::marker;
use crate::import::told::Told;
use crate::secrets::names_a_secret;
use crate::source::{Source, Span, Syntax};
use crate::syntax::{self, Kind, Node};

/// Parses a source and replaces the variables in its values. `None` if it contains no value.
pub fn read(
    source: &Source,
    variables: &BTreeMap<String, String>,
    budget: &Budget,
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
    let values = |name: &str| variables.get(name).map(String::as_str);
    let name = name.map(|name| interpolate(&name, &values, &mut BTreeSet::new(), budget));
    if let Some(Ok(name)) = name {
        variables.insert(PROJECT.to_owned(), name);
    }
    let mut walk = Walk {
        source,
        variables: &variables,
        budget,
        octals,
        findings,
        in_environment: false,
        in_texts: false,
        chosen: BTreeSet::new(),
    };
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
    budget: &'a Budget,
    octals: BTreeSet<Span>,
    findings: &'a mut Findings,
    /// Whether the value is one of `environment`.
    in_environment: bool,
    /// Whether Compose makes a text of the value, whatever it is.
    in_texts: bool,
    /// The scalars whose other value was told.
    chosen: BTreeSet<Span>,
}

/// Fields whose values Compose makes texts.
const TEXTS: [&str; 3] = ["environment", "labels", "args"];

impl Walk<'_> {
    /// Keeps a number as it is written. Returns whether it is one.
    fn keep(&self, node: &mut Node) -> bool {
        let is_octal = matches!(node.kind, Kind::Broken) && self.octals.contains(&node.span);
        if is_octal {
            node.kind = Kind::Number(self.source.slice(node.span).into());
        }
        matches!(node.kind, Kind::Number(_))
    }

    /// Takes the value that Compose reads from a scalar without quotes.
    fn plain(&mut self, node: &mut Node, text: &str) {
        let value = match plain::resolve(text) {
            Some(Plain::Value(value)) => value,
            Some(Plain::NotFinite) => {
                let message = format!("Compose takes no `{text}`: it is not a finite number");
                self.findings.push(
                    Diagnostic::new(&codes::NOT_IMPORTED, node.span, message)
                        .help("write it in quotes if it is meant as text"),
                );
                return;
            }
            None => {
                node.kind = Kind::String(text.into());
                return;
            }
        };
        if value == text {
            return;
        }
        let number = |text: &str| text.parse::<f64>().ok();
        // Elsewhere, only another number is another value.
        if (self.in_texts || number(text) != number(&value)) && self.chosen.insert(node.span) {
            self.findings.push(
                Diagnostic::new(
                    &codes::IMPORT_CHOICE,
                    node.span,
                    format!("`{text}` is `{value}`, as Compose reads it"),
                )
                .help("write it in quotes if it is meant as text"),
            );
        }
        node.kind = if number(&value).is_some() {
            Kind::Number(value.into())
        } else {
            Kind::String(value.into())
        };
    }

    fn node(&mut self, node: &mut Node) {
        match &mut node.kind {
            Kind::Array(items) => items.iter_mut().for_each(|item| self.node(item)),
            Kind::Object(object) => {
                for member in &mut object.members {
                    let name = member.key.value.as_str();
                    // What Compose files of applc demand, whether or not a service uses it.
                    if name == "x-required" {
                        continue;
                    }
                    // Modes of files keep their octal digits.
                    if name == "mode" && !self.in_texts && self.keep(&mut member.value) {
                        continue;
                    }
                    let before = (self.in_environment, self.in_texts);
                    self.in_environment |= name == "environment";
                    self.in_texts |= TEXTS.contains(&name);
                    self.node(&mut member.value);
                    (self.in_environment, self.in_texts) = before;
                }
            }
            Kind::Broken if self.octals.contains(&node.span) => {
                let text = self.source.slice(node.span).to_owned();
                node.kind = Kind::Number(text.as_str().into());
                self.plain(node, &text);
            }
            Kind::Number(text) => {
                let text = text.to_string();
                self.plain(node, &text);
            }
            // Text with quotes is longer in the source.
            Kind::String(text)
                if self.in_texts
                    && plain::resolve(text).is_some()
                    && *text == self.source.slice(node.span) =>
            {
                let text = text.to_string();
                self.plain(node, &text);
            }
            Kind::String(text) if text.contains('$') => {
                if self.in_environment
                    && let Some(secret) = secret(text, self.variables)
                {
                    *text = secret.into();
                    return;
                }
                let mut unset = BTreeSet::new();
                let place = node.span;
                if text.contains(PROJECT) {
                    let message = format!("`{PROJECT}` is the id of the appliance");
                    self.findings.push(
                        Diagnostic::new(&codes::IMPORT_DIFFERS, place, message)
                            .help("write the name that the target gives what it runs"),
                    );
                }
                let values = |name: &str| self.variables.get(name).map(String::as_str);
                match interpolate(text, &values, &mut unset, self.budget) {
                    Ok(new) => *text = new.into(),
                    Err(Refused::TooLong) => {
                        self.budget.variables.tell(place, &mut Told(self.findings));
                    }
                    Err(refused) => {
                        let message = refused.message().unwrap_or_default();
                        let finding = Diagnostic::new(&codes::NOT_IMPORTED, place, message);
                        self.findings.push(match refused {
                            Refused::Invalid => finding.help("write `$$` for a dollar sign"),
                            Refused::Required(..) => {
                                finding.help("give variables with `--env-file FILE`")
                            }
                            _ => finding,
                        });
                    }
                }
                for name in unset {
                    self.findings.push(unset_variable(place, &name));
                }
            }
            _ => {}
        }
    }
}

/// An item or a value of `environment` that is nothing but a variable without a value, with the [marker] in its
/// place, if the variable is named as a secret, or its message is that of Compose files of applc.
fn secret(text: &str, variables: &BTreeMap<String, String>) -> Option<String> {
    let (before, variable) = match text.find('$')? {
        0 => ("", text),
        at if text.get(..at)?.ends_with('=') => text.split_at(at),
        _ => return None,
    };
    let inside = variable.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    let (name, message) = match inside {
        Some(inside) => match inside.split_once('?') {
            Some((name, message)) => (name.trim_end_matches(':'), message),
            None => (inside, ""),
        },
        None => (variable.strip_prefix('$')?, ""),
    };
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_name || variables.get(name).is_some_and(|value| !value.is_empty()) {
        return None;
    }
    let own = message.strip_prefix("the key ").and_then(|rest| rest.split_once(" of the secret "));
    let own = own.map(|(key, secret)| format!("{secret}.{key}"));
    let own = own.or_else(|| names_a_secret(name).then(|| name.to_owned()))?;
    Some(format!("{before}{}", marker(&own)))
}
