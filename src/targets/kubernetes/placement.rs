//! Where pods run: labels of nodes.

use super::objects::{Pairs, Preference};
use super::options::{Settings, is_label_value};
use crate::diag::{Diagnostic, codes};
use crate::plan::{Container, Placement, PlacementLevel};
use crate::source::Spanned;

/// The labels that the nodes of a container must have, and those that they prefer or avoid.
pub fn lower(
    container: &Container,
    settings: &Settings,
    diagnostics: &mut Vec<Diagnostic>,
) -> (Pairs, Option<Preference>) {
    let placed = container.placement.as_ref();
    let selector = placed.and_then(|placement| select(placement, settings, diagnostics));
    let preference =
        container.preemptible.and_then(|written| prefer(written, settings, diagnostics));
    (selector.into_iter().collect(), preference)
}

/// The label that stands for a place: well-known ones (Kubernetes' "Well-Known Labels"),
/// but for clouds.
fn select(
    placement: &Placement,
    settings: &Settings,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<(String, String)> {
    let Placement { level, name } = placement;
    let key = match level {
        PlacementLevel::Host => "kubernetes.io/hostname",
        PlacementLevel::Zone => "topology.kubernetes.io/zone",
        PlacementLevel::Region => "topology.kubernetes.io/region",
        PlacementLevel::Cloud => match &settings.cloud_label {
            Some(key) => key,
            None => {
                let message = format!(
                    "kubernetes: that the cluster is in the cloud `{}` is taken for granted",
                    name.value
                );
                diagnostics.push(
                    Diagnostic::new(&codes::APPROXIMATED, name.span, message).help(
                        "where a cluster spans clouds, the option `kubernetes.cloud-label` names the label of its nodes",
                    ),
                );
                return None;
            }
        },
    };
    if !is_label_value(&name.value) || name.value.is_empty() {
        let message = format!("kubernetes: no node can have the label `{key}: {}`", name.value);
        diagnostics.push(
            Diagnostic::new(&codes::BAD_TARGET_VALUE, name.span, message)
                .help("the value of a label has letters, digits, `-`, `_` and `.`, 63 at most"),
        );
    }
    Some((key.to_owned(), name.value.clone()))
}

fn prefer(
    written: Spanned<bool>,
    settings: &Settings,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Preference> {
    let Some((key, value)) = settings.preemptible_label.clone() else {
        let what = if written.value { "prefers" } else { "keeps it off" };
        let message = format!("kubernetes: nothing {what} nodes that can be taken away");
        diagnostics.push(
            Diagnostic::new(&codes::APPROXIMATED, written.span, message).help(
                "there is no standard label of such nodes; the option `kubernetes.preemptible-label` names the cluster's",
            ),
        );
        return None;
    };
    Some(Preference { key, value, avoid: !written.value })
}
