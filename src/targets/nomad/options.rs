//! The options of the target.

use super::network;
use super::strings::survives_hcl;
use crate::targets::{OptionKind, OptionSpec, Words};

/// The option that says where secrets are.
pub const SECRET_STORE: &str = "secret-store";
/// The option with the path that secrets are under.
pub const SECRET_PATH: &str = "secret-path";

/// The options of the target.
pub static OPTIONS: &[OptionSpec<'static>] = &[
    option(
        "namespace",
        OptionKind::Checked {
            accepts: |name| name.is_empty() || is_name(name, "-"),
            pattern: "[A-Za-z0-9-]{0,128}",
            wanted: "at most 128 letters, digits and hyphens",
        },
        "",
        "namespace of jobs and volumes; by default the one that is set where they are submitted",
    ),
    option("region", OptionKind::Text, "", "region of the jobs"),
    option(
        "datacenters",
        OptionKind::Checked {
            accepts: are_datacenters,
            pattern: r"([^,]*[^,\s][^,]*(,[^,]*[^,\s][^,]*)*)?",
            wanted: "names separated by commas, such as `north,south`",
        },
        "*",
        "datacenters of the jobs, separated by commas",
    ),
    option(
        "node-pool",
        OptionKind::Checked {
            accepts: |name| name.is_empty() || is_name(name, "-_"),
            pattern: "[A-Za-z0-9_-]{0,128}",
            wanted: "at most 128 letters, digits, hyphens and underscores",
        },
        "",
        "node pool of the jobs",
    ),
    option(
        "network",
        OptionKind::Checked {
            accepts: network::is_network,
            pattern: network::PATTERN,
            wanted: network::WANTED,
        },
        "",
        "network of containers whose `network_mode` is `container`: a CNI network of the nodes, such as `cni/cluster`, gives them their own addresses; `bridge` does so on a single node; `host` is the host network; by default they are on Docker's bridge network",
    ),
    option(
        "mhz-per-cpu",
        OptionKind::Checked {
            accepts: is_clock,
            pattern: r"[+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?",
            wanted: "a number greater than 0, at most 1000000",
        },
        "1000",
        "MHz of a CPU",
    ),
    option(
        "wait-image",
        OptionKind::IMAGE,
        "busybox:1.36.1",
        "image of the tasks that wait; it must contain `sh`, `sleep`, `date`, `timeout`, `wget` and `nc`",
    ),
    option(
        "record-image",
        OptionKind::IMAGE,
        "curlimages/curl:8.11.1",
        "image of the tasks that record that a job can start or has succeeded; it must contain what `wait-image` must contain, and `curl`",
    ),
    option(
        "follow-addresses",
        OptionKind::Flag,
        "true",
        "whether a service is restarted when the address of a container it refers to changes",
    ),
    option(
        "volumes",
        OptionKind::OneOf(Words::Fixed(&["host", "csi"])),
        "host",
        "whether persistent volumes are dynamic host volumes, each on one node, or CSI volumes",
    ),
    option(
        "volume-plugin",
        OptionKind::Text,
        "",
        "plugin that creates volumes; by default `mkdir` for host volumes, and the volume type for CSI volumes",
    ),
    option(
        SECRET_STORE,
        OptionKind::OneOf(Words::Fixed(&["nomad", "vault"])),
        "nomad",
        "where secrets are: in Nomad variables, or in Vault (KV version 2)",
    ),
    option(
        SECRET_PATH,
        OptionKind::Checked {
            accepts: is_path,
            pattern: "([A-Za-z0-9_~-][A-Za-z0-9_~/-]*)?",
            wanted: "letters, digits, hyphens, underscores, and slashes",
        },
        "",
        "path that secrets are under; by default `secrets/ID`, and `secret/data/ID` in Vault, with the id of the appliance",
    ),
    option(
        "host-attribute",
        OptionKind::Text,
        "attr.unique.hostname",
        "node attribute with the host name",
    ),
    option(
        "zone-attribute",
        OptionKind::Text,
        "meta.zone",
        "node attribute with the zone, such as `attr.platform.gce.zone`",
    ),
    option("region-attribute", OptionKind::Text, "meta.region", "node attribute with the region"),
    option("cloud-attribute", OptionKind::Text, "meta.cloud", "node attribute with the cloud"),
    option(
        "preemptible-attribute",
        OptionKind::Text,
        "meta.preemptible",
        "node attribute that is `true` on preemptible nodes",
    ),
];

const fn option(
    name: &'static str,
    kind: OptionKind<'static>,
    default: &'static str,
    meaning: &'static str,
) -> OptionSpec<'static> {
    OptionSpec { name, kind, default, meaning }
}

/// Whether the text can be the name of a namespace or a node pool, which may contain these
/// characters beside letters and digits (Nomad, `validNamespaceName`, `validNodePoolName`).
fn is_name(text: &str, others: &str) -> bool {
    let is_valid = |c: char| c.is_ascii_alphanumeric() || others.contains(c);
    (1..=128).contains(&text.len()) && text.chars().all(is_valid)
}

/// Whether the text can be the path of a variable (Nomad, `validVariablePath`), without what templates
/// would read as the end of a string.
fn is_path(text: &str) -> bool {
    let is_valid = |c: char| c.is_ascii_alphanumeric() || "-_~/".contains(c);
    text.chars().all(is_valid) && !text.starts_with('/')
}

/// Whether the text lists datacenters. Nomad rejects an empty name (`Job.Validate`); a name may be
/// a pattern.
fn are_datacenters(text: &str) -> bool {
    let is_one = |name: &str| !name.is_empty() && !name.contains(char::is_control);
    survives_hcl(text) && (text.is_empty() || text.split(',').map(str::trim).all(is_one))
}

/// Whether the text is a number of MHz with which the CPU of every task fits its type.
fn is_clock(text: &str) -> bool {
    text.parse().is_ok_and(|mhz: f64| mhz > 0.0 && mhz <= 1e6)
}
