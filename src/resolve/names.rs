//! Ids as host names: those that every container resolves itself.

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::Container;

/// The names that `/etc/hosts` of a container defines, as Docker and the kubelet write it.
const LOCAL_NAMES: [&str; 7] = [
    "localhost",
    "ip6-localhost",
    "ip6-loopback",
    "ip6-localnet",
    "ip6-mcastprefix",
    "ip6-allnodes",
    "ip6-allrouters",
];

/// Reports containers that others refer to by a name that does not lead to them. Names in
/// `/etc/hosts` are case-insensitive.
pub fn check(containers: &[Container], findings: &mut Findings) {
    for (id, container) in containers.iter().enumerate() {
        let name = &container.id;
        if !LOCAL_NAMES.iter().any(|local| local.eq_ignore_ascii_case(&name.value)) {
            continue;
        }
        // A reference to itself is right: the name is that of the local machine.
        let Some(other) = container.referrers.iter().find(|referrer| referrer.from() != id) else {
            continue;
        };
        findings.add(&codes::LOCAL_NAME, |code| {
            let message = format!("references cannot reach a container with the id `{}`", name.value);
            Diagnostic::new(code, name.span, message)
                .also(other.span, "reference from another container")
                .help("`/etc/hosts` of each container gives this name another address; choose a different id")
        });
    }
}
