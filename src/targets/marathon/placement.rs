//! Where to run: constraints on the attributes of agents.

use super::cluster::Cluster;
use crate::diag::{Diagnostic, codes};
use crate::plan::{Container, PlacementLevel};
use crate::source::{Span, Spanned};

/// What is asked of an attribute.
struct Wanted<'c> {
    attribute: &'c str,
    value: Spanned<String>,
    /// Whether Mesos itself gives every agent the attribute.
    built_in: bool,
}

/// The constraints of an app.
pub fn of_app(
    container: &Container,
    cluster: &Cluster<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<[String; 3]> {
    let mut constraints = Vec::new();
    for wanted in wanted(container, cluster) {
        let value = &wanted.value.value;
        if !value.chars().all(|c| c.is_ascii_alphanumeric() || "_/.-".contains(c)) {
            let message = format!("marathon: `{value}` cannot be asked of an agent");
            diagnostics.push(
                Diagnostic::new(&codes::BAD_TARGET_VALUE, wanted.value.span, message)
                    .help("a value has letters, digits, `_`, `/`, `.` and `-`"),
            );
        }
        // Fields with an `@` are those of Mesos' fault domains.
        if !wanted.built_in && !wanted.attribute.starts_with('@') {
            diagnostics.push(needs_attribute(wanted.attribute, wanted.value.span));
        }
        constraints.push([wanted.attribute.to_owned(), "IS".to_owned(), wanted.value.value]);
    }
    constraints
}

/// The constraints of a job.
pub fn of_job(
    container: &Container,
    cluster: &Cluster<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<[String; 3]> {
    let mut constraints = Vec::new();
    for wanted in wanted(container, cluster) {
        // Chronos knows of attributes only, and of the host's name.
        let attribute = wanted.attribute.trim_start_matches('@');
        if !wanted.built_in {
            diagnostics.push(needs_attribute(attribute, wanted.value.span));
        }
        constraints.push([attribute.to_owned(), "EQUALS".to_owned(), wanted.value.value]);
    }
    constraints
}

fn wanted<'c>(container: &Container, cluster: &Cluster<'c>) -> Vec<Wanted<'c>> {
    let place = container.placement.as_ref().map(|placement| Wanted {
        attribute: cluster.attribute(placement.level),
        value: placement.name.clone(),
        built_in: placement.level == PlacementLevel::Host,
    });
    let preemptible = container.preemptible.map(|preemptible| Wanted {
        attribute: cluster.preemptible_attribute,
        value: Spanned::new(preemptible.value.to_string(), preemptible.span),
        built_in: false,
    });
    place.into_iter().chain(preemptible).collect()
}

fn needs_attribute(attribute: &str, place: Span) -> Diagnostic {
    let message = format!(
        "marathon: agents need the attribute `{attribute}`, and without one that fits nothing is started"
    );
    Diagnostic::new(&codes::CLUSTER_NEEDS, place, message)
        .help("set it on the agents (`--attributes`), or name another with an option of the target")
}
