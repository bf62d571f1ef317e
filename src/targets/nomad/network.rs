//! The network of each container, and what the nodes must provide for it.

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, NetworkMode, Plan};
use crate::targets::Options;

/// The values of the option `network`, in words.
pub const WANTED: &str = "`host`, `bridge`, or the CNI network of the nodes, such as `cni/cluster`";

/// The values of the option `network`, as a pattern.
pub const PATTERN: &str = "(host|bridge|cni/[A-Za-z0-9_.-]+)?";

/// Whether the option `network` has this value. None leaves containers on Docker's bridge.
pub fn is_network(value: &str) -> bool {
    let name = value.strip_prefix("cni/").unwrap_or_default();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    matches!(value, "" | "host" | "bridge") || !name.is_empty() && name.chars().all(is_name)
}

/// Where a container runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworkKind {
    /// On the network of its node.
    Host,
    /// On Docker's bridge of its node: only mapped ports are reachable.
    Bridge,
    /// On a network that gives it an address of its own, where every port is reachable.
    Own,
}

/// The network of a container.
pub fn of(container: &Container, options: &Options) -> NetworkKind {
    match (container.network.value, options.text("network")) {
        (NetworkMode::Host, _) | (NetworkMode::Container, "host") => NetworkKind::Host,
        (NetworkMode::Bridge, _) | (NetworkMode::Container, "") => NetworkKind::Bridge,
        (NetworkMode::Container, _) => NetworkKind::Own,
    }
}

/// Reports, once, that containers are to have their own addresses, but do not get any that others
/// reach.
pub fn check(plan: &Plan, options: &Options, findings: &mut Findings) {
    let is_clustered = |container: &&Container| container.network.value == NetworkMode::Container;
    let mut clustered = plan.containers.iter().filter(is_clustered);
    let Some(first) = clustered.next() else { return };
    let span = first.network.span;
    let id = &first.id.value;
    let (what, verb, its) = match clustered.count() {
        0 => (format!("`{id}`"), "gets", "its"),
        1 => (format!("`{id}` and another container"), "get", "their"),
        others => (format!("`{id}` and {others} other containers"), "get", "their"),
    };
    findings.push(match options.text("network") {
        "" => {
            let message = format!(
                "{what} {verb} no address of {its} own: only listed ports are reachable, mapped to ports of the node"
            );
            Diagnostic::new(&codes::APPROXIMATED, span, message)
                .help("name the CNI network of the nodes with `--option nomad.network=cni/NAME`")
                .help("or use the host network with `--option nomad.network=host`")
        }
        "bridge" => {
            let message = format!("{what} {verb} addresses that are reachable only on one node");
            Diagnostic::new(&codes::CLUSTER_NEEDS, span, message).help(
                "use a single node, or name a CNI network that connects the nodes in the option `network`",
            )
        }
        _ => return,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_that_exist_in_nomad() {
        for value in ["", "host", "bridge", "cni/overlay", "cni/a.b_c-1"] {
            assert!(is_network(value), "{value}");
        }
        for value in ["none", "overlay", "cni/", "cni/a b", "cni/a/b", "container"] {
            assert!(!is_network(value), "{value}");
        }
    }
}
