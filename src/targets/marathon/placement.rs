//! Placement: constraints on agent attributes.

use super::model::Constraint;
use super::options::Settings;
use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, PlacementLevel};
use crate::render::{Composed, Traced};
use crate::source::{Span, Spanned};

/// A requirement on an agent attribute.
struct Requirement {
    attribute: Traced<String>,
    value: Spanned<String>,
    /// Whether Mesos sets the attribute on every agent.
    built_in: bool,
}

impl Requirement {
    /// The constraint with this operator.
    fn with(self, operator: &str) -> Constraint {
        let Requirement { attribute, value: Spanned { value, span }, built_in: _ } = self;
        // The field of the value decides the attribute.
        let attribute = Composed::new(attribute.value, attribute.from, vec![span]);
        let word = |word: String| Composed::new(word, span, Vec::new());
        [attribute, word(operator.to_owned()), word(value)]
    }
}

/// The constraints of an app.
pub fn of_app(
    container: &Container,
    settings: &Settings<'_>,
    findings: &mut Findings,
) -> Vec<Constraint> {
    let mut constraints = Vec::new();
    for mut required in requirements(container, settings) {
        // Names with `@` are those of Mesos fault domains.
        if !required.built_in && !required.attribute.starts_with('@') {
            findings.push(needs_attribute(&required.attribute, required.value.span));
        }
        // The characters that `IS` accepts (Marathon, `SchedulingValidation`).
        let value = &mut required.value.value;
        let is_plain = value.chars().all(|c| c.is_ascii_alphanumeric() || "_/.-".contains(c));
        if !is_plain {
            *value = literal(value);
        }
        constraints.push(required.with(if is_plain { "IS" } else { "LIKE" }));
    }
    constraints
}

/// A regular expression of Java that matches only this text.
fn literal(text: &str) -> String {
    // `\E` would end the quotation.
    format!("\\Q{}\\E", text.replace("\\E", "\\E\\\\E\\Q"))
}

/// The constraints of a job.
pub fn of_job(
    container: &Container,
    settings: &Settings<'_>,
    findings: &mut Findings,
) -> Vec<Constraint> {
    let mut constraints = Vec::new();
    for required in requirements(container, settings) {
        // Chronos supports only attributes and the host name.
        let attribute = required.attribute.map(|name| name.trim_start_matches('@').to_owned());
        if !required.built_in {
            findings.push(needs_attribute(&attribute, required.value.span));
        }
        constraints.push(Requirement { attribute, ..required }.with("EQUALS"));
    }
    constraints
}

fn requirements(container: &Container, settings: &Settings<'_>) -> Vec<Requirement> {
    let placement = container.placement.as_ref().map(|placement| Requirement {
        attribute: settings.attribute(placement.level, placement.name.span),
        value: Spanned::new(placement.name.value.to_string(), placement.name.span),
        built_in: placement.level == PlacementLevel::Host,
    });
    let preemptible = container.preemptible.map(|preemptible| Requirement {
        attribute: settings.preemptible_attribute.clone(),
        value: Spanned::new(preemptible.value.to_string(), preemptible.span),
        built_in: false,
    });
    placement.into_iter().chain(preemptible).collect()
}

fn needs_attribute(attribute: &str, span: Span) -> Diagnostic {
    let message = format!(
        "agents must have the attribute `{attribute}`; nothing starts without a matching agent"
    );
    Diagnostic::new(&codes::CLUSTER_NEEDS, span, message)
        .help("set it on the agents (`--attributes`), or name another attribute with an option of the target")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_is_quoted_for_java() {
        assert_eq!(literal("eu west"), r"\Qeu west\E");
        assert_eq!(literal(r"a\Eb"), r"\Qa\E\\E\Qb\E");
    }
}
