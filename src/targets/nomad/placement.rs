//! Placement: constraints on node attributes.

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Placement, PlacementLevel};
use crate::render::{Composed, Traced};
use crate::source::{Span, Spanned};

use super::context::Context;
use super::model::{Constraint, Hcl};
use super::strings::{is_expanded_in_env, survives_hcl};

/// The constraints of a placement.
pub fn constraints(
    context: &Context<'_>,
    placement: Option<&Placement>,
    preemptible: Option<&Spanned<bool>>,
    findings: &mut Findings,
) -> Vec<Constraint> {
    let mut constraints = Vec::new();
    if let Some(Placement { level, name }) = placement {
        let option = match level {
            PlacementLevel::Host => "host-attribute",
            PlacementLevel::Zone => "zone-attribute",
            PlacementLevel::Region => "region-attribute",
            PlacementLevel::Cloud => "cloud-attribute",
        };
        if is_expanded_in_env(&name.value) || !survives_hcl(&name.value) {
            let message = format!("`{}` is not a valid value of a constraint", name.value);
            findings.push(Diagnostic::new(&codes::BAD_TARGET_VALUE, name.span, message));
        }
        let attribute = attribute(context, option, name.span, findings);
        constraints.push(Constraint { attribute, operator: None, value: name.into() });
    }
    if let Some(preemptible) = preemptible {
        let attribute = attribute(context, "preemptible-attribute", preemptible.span, findings);
        constraints.push(Constraint {
            attribute,
            // A node without the attribute is not preemptible.
            operator: (!preemptible.value).then(|| Traced::new("!=", preemptible.span)),
            value: Traced::new("true".to_owned(), preemptible.span),
        });
    }
    constraints
}

/// The attribute that an option names. A `meta` attribute exists only where operators set it.
fn attribute(context: &Context<'_>, option: &str, span: Span, findings: &mut Findings) -> Hcl {
    let attribute = context.options.text(option);
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if attribute.is_empty() || !attribute.chars().all(is_name) {
        let message = format!("invalid attribute `{attribute}` in the option `{option}`");
        findings.push(
            Diagnostic::new(&codes::BAD_OPTION, span, message)
                .help("write it without `${}`, such as `meta.zone` or `attr.platform.gce.zone`"),
        );
    } else if attribute.starts_with("meta.") {
        let message = format!("nodes must have `{attribute}` in their configuration");
        findings.push(Diagnostic::new(&codes::CLUSTER_NEEDS, span, message).help(format!(
            "set it on the nodes, or name another attribute with the option `{option}`"
        )));
    }
    let value = format!("\"${{{attribute}}}\"");
    Composed::new(value, context.options.origin(option), vec![span])
}
