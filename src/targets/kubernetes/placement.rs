//! Placement: node labels.

use super::model::{Pairs, Preference};
use super::options::{Settings, is_label_value};
use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, Placement, PlacementLevel};
use crate::render::{Origin, Traced};
use crate::source::Spanned;

/// The labels that the nodes of a container must have, and the label that is preferred or
/// avoided.
pub fn lower(
    container: &Container,
    settings: &Settings,
    findings: &mut Findings,
) -> (Pairs, Option<Preference>) {
    let placed = container.placement.as_ref();
    let selector = placed.and_then(|placement| select(placement, settings, findings));
    let preference = container.preemptible.and_then(|written| prefer(written, settings, findings));
    (selector.into_iter().collect(), preference)
}

/// The node label of a placement: one of Kubernetes' "Well-Known Labels", except for clouds.
fn select(
    placement: &Placement,
    settings: &Settings,
    findings: &mut Findings,
) -> Option<(Traced<String>, Traced<String>)> {
    let Placement { level, name } = placement;
    let mut key_from = Origin::from(name.span);
    let key = match level {
        PlacementLevel::Host => "kubernetes.io/hostname",
        PlacementLevel::Zone => "topology.kubernetes.io/zone",
        PlacementLevel::Region => "topology.kubernetes.io/region",
        PlacementLevel::Cloud => match &settings.cloud_label {
            Some(key) => {
                key_from = key.from;
                &key.value
            }
            None => {
                let message = format!("the cluster is assumed to be in cloud `{}`", name.value);
                findings.push(
                    Diagnostic::new(&codes::APPROXIMATED, name.span, message).help(
                        "if the cluster spans clouds, set the label of its nodes with the option `kubernetes.cloud-label`",
                    ),
                );
                return None;
            }
        },
    };
    if !is_label_value(&name.value) || name.value.is_empty() {
        let message = format!("`{}` is not a valid value of the node label `{key}`", name.value);
        findings.push(
            Diagnostic::new(&codes::BAD_TARGET_VALUE, name.span, message)
                .help("a label value has at most 63 letters, digits, `-`, `_` and `.`, and starts and ends with a letter or digit"),
        );
    }
    Some((Traced::new(key.to_owned(), key_from), name.into()))
}

fn prefer(
    written: Spanned<bool>,
    settings: &Settings,
    findings: &mut Findings,
) -> Option<Preference> {
    let Some((key, value)) = settings.preemptible_label.clone() else {
        let what = if written.value { "preferred" } else { "avoided" };
        let message = format!("preemptible nodes are not {what}");
        findings.push(
            Diagnostic::new(&codes::APPROXIMATED, written.span, message).help(
                "Kubernetes has no standard label for such nodes; set the cluster's label with the option `kubernetes.preemptible-label`",
            ),
        );
        return None;
    };
    let [key, value] = [key, value].map(|text| Traced::new(text, written.span));
    Some(Preference { key, value, avoid: !written.value })
}
