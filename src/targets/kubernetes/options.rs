//! The options of the target, and their values as a struct.

use std::sync::Arc;

use super::names::Names;
use crate::plan::Plan;
use crate::render::Traced;
use crate::targets::names::dns_label;
use crate::targets::{OptionKind, OptionSpec, Options, Words};

/// The options of the target.
pub static OPTIONS: &[OptionSpec<'static>] = &[
    OptionSpec {
        name: "namespace",
        kind: OptionKind::Checked {
            accepts: |name| name.is_empty() || is_label(name),
            pattern: "([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?",
            wanted: "at most 63 lower-case letters, digits and hyphens",
        },
        default: "",
        meaning: "the namespace, instead of one named after the appliance; names of objects then start with that of the appliance",
    },
    OptionSpec {
        name: "create-namespace",
        kind: OptionKind::Flag,
        default: "true",
        meaning: "whether to write the Namespace; `false` if it exists and must not be deleted with the appliance",
    },
    OptionSpec {
        name: "expose",
        kind: OptionKind::OneOf(Words::Fixed(&["node-port", "load-balancer", "cluster-ip"])),
        default: "node-port",
        meaning: "how ports are exposed outside the cluster: on a port of every node, on a load balancer of the cluster's provider, or (`cluster-ip`) only as fixed host ports",
    },
    OptionSpec {
        name: "wait-image",
        kind: OptionKind::IMAGE,
        default: "curlimages/curl:8.11.1",
        meaning: "the image that waits for dependencies, by asking the API server, and for start times; it must contain `sh`, `curl`, `tr`, `grep` and `date`",
    },
    OptionSpec {
        name: "storage-class",
        kind: OptionKind::Checked {
            accepts: |name| name.is_empty() || name.split('.').all(is_label),
            pattern: "([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?([.][a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*)?",
            wanted: "the name of a storage class",
        },
        default: "",
        meaning: "the storage class of local persistent volumes, instead of the cluster's default",
    },
    OptionSpec {
        name: "volume-size",
        kind: OptionKind::Integer(1, 2_147_483_647),
        default: "10240",
        meaning: "the size in MB of local persistent volumes without a `size`",
    },
    OptionSpec {
        name: "gpu-resource",
        kind: OptionKind::Checked {
            accepts: |name| name.contains('/') && is_label_key(name),
            pattern: "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?([.][a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*/[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?",
            wanted: "the name of a resource with a domain, such as `amd.com/gpu`",
        },
        default: "nvidia.com/gpu",
        meaning: "the resource name of GPUs, as the cluster's device plugin provides them",
    },
    OptionSpec {
        name: "cloud-label",
        kind: OptionKind::Checked {
            accepts: |key| key.is_empty() || is_label_key(key),
            pattern: "(([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?([.][a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?",
            wanted: "a label key",
        },
        default: "",
        meaning: "the node label whose value is the cloud of the node",
    },
    OptionSpec {
        name: "preemptible-label",
        kind: OptionKind::Checked {
            accepts: |label| label.is_empty() || key_and_value(label).is_some(),
            pattern: "(([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?([.][a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?=[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?",
            wanted: "a label as `key=value`",
        },
        default: "",
        meaning: "the label of preemptible nodes, as `key=value`, such as `cloud.google.com/gke-spot=true`",
    },
    OptionSpec {
        name: "restricted",
        kind: OptionKind::Flag,
        default: "false",
        meaning: "whether containers give up root, capabilities and privilege escalation, as Pod Security `restricted` demands; their images must name another user by number",
    },
    OptionSpec {
        name: "sync-waves",
        kind: OptionKind::Flag,
        default: "false",
        meaning: "whether to write the start order as `sync-wave` annotations of Argo CD too",
    },
    OptionSpec {
        name: "split",
        kind: OptionKind::Flag,
        default: "false",
        meaning: "whether to write each object to its own file, named after it; `kubectl apply -f FOLDER` applies them in a valid order",
    },
];

/// How ports are exposed outside the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expose {
    NodePort,
    LoadBalancer,
    ClusterIp,
}

/// The values of the options.
pub struct Settings {
    pub namespace: Traced<Arc<str>>,
    pub names: Names,
    pub create_namespace: bool,
    pub expose: Traced<Expose>,
    pub wait_image: Traced<Arc<str>>,
    pub storage_class: Option<Traced<String>>,
    /// In MB.
    pub volume_size: Traced<i64>,
    pub gpu_resource: String,
    pub cloud_label: Option<Traced<String>>,
    pub preemptible_label: Option<(String, String)>,
    pub restricted: Traced<bool>,
    pub sync_waves: Traced<bool>,
    pub split: bool,
}

impl Settings {
    /// Reads the options.
    pub fn read(plan: &Plan, options: &Options) -> Settings {
        let of_id = || Traced::new(dns_label(&plan.id.value), plan.id.span);
        let namespace = options.some_traced("namespace").unwrap_or_else(of_id);
        let expose = match options.text("expose") {
            "load-balancer" => Expose::LoadBalancer,
            "cluster-ip" => Expose::ClusterIp,
            _ => Expose::NodePort,
        };
        let volume_size = options.integer("volume-size");
        Settings {
            names: Names::new(plan, &namespace.value),
            namespace: namespace.map(Arc::from),
            create_namespace: options.flag("create-namespace"),
            expose: Traced::new(expose, options.origin("expose")),
            wait_image: options.traced("wait-image").map(Arc::from),
            storage_class: options.some_traced("storage-class"),
            volume_size: Traced::new(volume_size, options.origin("volume-size")),
            gpu_resource: options.text("gpu-resource").to_owned(),
            cloud_label: options.some_traced("cloud-label"),
            preemptible_label: options.some("preemptible-label").and_then(key_and_value),
            restricted: Traced::new(options.flag("restricted"), options.origin("restricted")),
            sync_waves: Traced::new(options.flag("sync-waves"), options.origin("sync-waves")),
            split: options.flag("split"),
        }
    }
}

/// The key and the value of a label as `key=value`.
fn key_and_value(label: &str) -> Option<(String, String)> {
    let (key, value) = label.split_once('=')?;
    let is_valid = is_label_key(key) && !value.is_empty() && is_label_value(value);
    is_valid.then(|| (key.to_owned(), value.to_owned()))
}

/// Whether the text is a DNS label (RFC 1123).
fn is_label(text: &str) -> bool {
    text.len() <= 63
        && is_bounded(text)
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Whether the text is a valid label value: empty, or at most 63 letters, digits, `-`, `_` and
/// `.`, starting and ending with a letter or digit.
pub fn is_label_value(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    text.is_empty() || (text.len() <= 63 && is_bounded(text) && text.bytes().all(inner))
}

/// Whether the text is a valid label key: a name, optionally with a DNS name and `/` in front.
fn is_label_key(text: &str) -> bool {
    let (prefix, name) = text.rsplit_once('/').map_or((None, text), |(p, n)| (Some(p), n));
    let is_domain = |prefix: &str| prefix.len() <= 253 && prefix.split('.').all(is_label);
    !name.is_empty() && is_label_value(name) && prefix.is_none_or(is_domain)
}

/// Whether the text starts and ends with a letter or digit.
fn is_bounded(text: &str) -> bool {
    let outer = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
    outer(text.bytes().next()) && outer(text.bytes().next_back())
}
