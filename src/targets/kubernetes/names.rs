//! The names of objects in the namespace.

use std::sync::Arc;

use ecow::EcoString;

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Plan, VolumeScope};
use crate::render::Traced;
use crate::source::{Span, Spanned};
use crate::targets::names::{MAX_LABEL, dns_label};

/// Between the name of an appliance and another name. Neither contains it, so that no two pairs of
/// them become the same: with a single hyphen, `a-b` and `c` would be as `a` and `b-c`.
const BETWEEN: &str = "--";

/// How the objects of an appliance are named. In a namespace of its own, they have the names of
/// what they are made for. In any other one, names start with that of the appliance, so that other
/// appliances there have other names.
pub struct Names {
    /// What names start with, and the place of the appliance's id.
    prefix: Option<(String, Span)>,
}

impl Names {
    /// The names of an appliance in a namespace.
    pub fn new(plan: &Plan, namespace: &str) -> Names {
        let appliance = dns_label(&plan.id.value);
        let is_own = appliance == namespace;
        Names { prefix: (!is_own).then(|| (format!("{appliance}{BETWEEN}"), plan.id.span)) }
    }

    /// Whether other appliances may be in the namespace.
    pub fn are_shared(&self) -> bool {
        self.prefix.is_some()
    }

    /// The name of an object of what has this name.
    pub fn object(&self, name: &Traced<Arc<str>>) -> Traced<Arc<str>> {
        let Some((prefix, appliance)) = &self.prefix else { return name.clone() };
        Traced::new(format!("{prefix}{}", name.value).into(), name.from.and(*appliance))
    }

    /// Reports ids with which names could be too long, or the same as those of another appliance.
    pub fn check(&self, plan: &Plan, findings: &mut Findings) {
        let Some((prefix, _)) = &self.prefix else { return };
        // An id that is too long by itself is reported once, as such.
        if prefix.len() > MAX_LABEL + BETWEEN.len() {
            return;
        }
        let (global, local): (Vec<_>, Vec<_>) =
            plan.volumes.iter().partition(|volume| volume.scope.value == VolumeScope::Global);
        let ids = plan.containers.iter().map(|container| &container.id);
        let ids: Vec<_> = ids.chain(local.iter().map(|volume| &volume.id)).collect();
        for id in ids.iter().copied().chain([&plan.id]) {
            if dns_label(&id.value).contains(BETWEEN) {
                let message = format!(
                    "in a namespace of several appliances, `{}` cannot contain `{BETWEEN}`",
                    id.value
                );
                let help = format!(
                    "names there are that of the appliance, `{BETWEEN}`, and the id; choose another id, or leave out the option `kubernetes.namespace`"
                );
                findings.push(Diagnostic::new(&codes::BAD_NAME, id.span, message).help(help));
            }
        }
        for id in ids {
            let length = prefix.len() + dns_label(&id.value).len();
            if length > MAX_LABEL {
                let message = format!(
                    "the name `{prefix}{}` is too long: {length} characters, at most {MAX_LABEL}",
                    dns_label(&id.value)
                );
                findings.push(
                    Diagnostic::new(&codes::BAD_NAME, id.span, message).help(
                        "choose a shorter id, or leave out the option `kubernetes.namespace`",
                    ),
                );
            }
        }
        for volume in global {
            let id = &volume.id;
            if dns_label(&id.value).starts_with(prefix) {
                let message = format!(
                    "the name of a global volume cannot start with `{prefix}`, as those of the appliance's own objects do"
                );
                findings.push(Diagnostic::new(&codes::NAME_CLASH, id.span, message));
            }
        }
    }
}
/// Reports the name of an environment variable that not every version of Kubernetes accepts.
pub fn check_variable(name: &Spanned<EcoString>, findings: &mut Findings) {
    if !name.value.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        let message = format!(
            "environment variable name `{}` must contain only printable ASCII characters",
            name.value.escape_debug()
        );
        findings.push(Diagnostic::new(&codes::BAD_TARGET_VALUE, name.span, message));
    } else if !is_common_env_name(&name.value) {
        let message =
            format!("environment variable name `{}` requires Kubernetes 1.32 or later", name.value);
        findings.push(Diagnostic::new(&codes::CLUSTER_NEEDS, name.span, message).help(
            "earlier versions accept only letters, digits, `_`, `-` and `.`, and no leading digit",
        ));
    }
}

/// Whether every version of Kubernetes accepts the name of an environment variable.
fn is_common_env_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.starts_with("..")
        && name != "."
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}
