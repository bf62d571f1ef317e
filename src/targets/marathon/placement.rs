//! Placement: constraints on agent attributes.

use super::options::Settings;
use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, PlacementLevel};
use crate::source::{Span, Spanned};

/// A requirement on an agent attribute.
struct Requirement<'c> {
    attribute: &'c str,
    value: Spanned<String>,
    /// Whether Mesos sets the attribute on every agent.
    built_in: bool,
}

/// The constraints of an app.
pub fn of_app(
    container: &Container,
    settings: &Settings<'_>,
    findings: &mut Findings,
) -> Vec<[String; 3]> {
    let mut constraints = Vec::new();
    for required in requirements(container, settings) {
        let value = &required.value.value;
        if !value.chars().all(|c| c.is_ascii_alphanumeric() || "_/.-".contains(c)) {
            let message = format!("`{value}` is not a valid value of a constraint");
            findings.push(
                Diagnostic::new(&codes::BAD_TARGET_VALUE, required.value.span, message)
                    .help("use only letters, digits, `_`, `/`, `.` and `-`"),
            );
        }
        // Names with `@` are those of Mesos fault domains.
        if !required.built_in && !required.attribute.starts_with('@') {
            findings.push(needs_attribute(required.attribute, required.value.span));
        }
        constraints.push([required.attribute.to_owned(), "IS".to_owned(), required.value.value]);
    }
    constraints
}

/// The constraints of a job.
pub fn of_job(
    container: &Container,
    settings: &Settings<'_>,
    findings: &mut Findings,
) -> Vec<[String; 3]> {
    let mut constraints = Vec::new();
    for required in requirements(container, settings) {
        // Chronos supports only attributes and the host name.
        let attribute = required.attribute.trim_start_matches('@');
        if !required.built_in {
            findings.push(needs_attribute(attribute, required.value.span));
        }
        constraints.push([attribute.to_owned(), "EQUALS".to_owned(), required.value.value]);
    }
    constraints
}

fn requirements<'c>(container: &Container, settings: &Settings<'c>) -> Vec<Requirement<'c>> {
    let placement = container.placement.as_ref().map(|placement| Requirement {
        attribute: settings.attribute(placement.level),
        value: placement.name.clone(),
        built_in: placement.level == PlacementLevel::Host,
    });
    let preemptible = container.preemptible.map(|preemptible| Requirement {
        attribute: settings.preemptible_attribute,
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
