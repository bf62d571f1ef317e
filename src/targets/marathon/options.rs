//! The options of the target: what it must know about the cluster.

use std::ops::RangeInclusive;

use crate::plan::{Container, PlacementLevel};
use crate::render::{Composed, Traced};
use crate::source::Span;
use crate::targets::names::is_domain;
use crate::targets::{OptionKind, OptionSpec, Options, Words};
use jiff::civil::Date;

/// The option for dependencies between services and jobs, which are on different schedulers.
const ORDER_ACROSS: &str = "order-across-jobs";

/// The option for the day from which schedules count.
pub const SCHEDULE_FROM: &str = "schedule-from";
/// The option for the secret store.
pub const SECRETS: &str = "secrets";

/// What the options that are parts of DNS names accept, in words.
const DOMAIN: &str = "letters, digits and hyphens, in parts separated by dots";
/// The same as a pattern.
const DOMAIN_PATTERN: &str =
    "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?([.][A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*";

/// The options of the target.
pub static OPTIONS: &[OptionSpec<'static>] = &[
    OptionSpec {
        name: "network",
        kind: OptionKind::Text,
        default: "dcos",
        meaning: "name of the cluster-wide network that containers with the mode `container` join",
    },
    OptionSpec {
        name: "framework",
        kind: OptionKind::Checked { accepts: is_domain, pattern: DOMAIN_PATTERN, wanted: DOMAIN },
        default: "marathon",
        meaning: "name of the Marathon instance, part of every DNS name",
    },
    OptionSpec {
        name: "dns-suffix",
        kind: OptionKind::Checked { accepts: is_domain, pattern: DOMAIN_PATTERN, wanted: DOMAIN },
        default: "thisdcos.directory",
        meaning: "suffix of every DNS name",
    },
    OptionSpec {
        name: "offered-ports",
        kind: OptionKind::Ports,
        // The port resources of a private agent of DC/OS.
        default: "1025-2180,2182-3887,3889-5049,5052-8079,8082-8180,8182-32000",
        meaning: "ports that the agents offer; a fixed port that is not among them is a warning",
    },
    OptionSpec {
        name: ORDER_ACROSS,
        kind: OptionKind::OneOf(Words::Fixed(&["reject", "ignore"])),
        default: "reject",
        meaning: "what to do if a service waits for a job or a job for a service, which Marathon and Chronos do not support",
    },
    OptionSpec {
        name: SCHEDULE_FROM,
        kind: OptionKind::Checked {
            accepts: |text| text.len() == 10 && text.parse::<Date>().is_ok(),
            pattern: "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])",
            wanted: "a date such as `2027-01-31`",
        },
        default: "",
        meaning: "day on which or after which the first run of a job with a `schedule` is; Chronos requires a start, and rejects one that is more than a year ago",
    },
    OptionSpec {
        name: "volume-driver",
        kind: OptionKind::Text,
        default: "",
        meaning: "Docker volume driver of persistent volumes; by default the `volume_type` of the appliance",
    },
    OptionSpec {
        name: SECRETS,
        kind: OptionKind::OneOf(Words::Fixed(&["none", "dcos"])),
        default: "none",
        meaning: "the secret store of the cluster: `dcos` is that of DC/OS Enterprise; Marathon itself has none",
    },
    OptionSpec {
        name: "cloud-attribute",
        kind: OptionKind::Text,
        default: "cloud",
        meaning: "agent attribute with the cloud",
    },
    OptionSpec {
        name: "region-attribute",
        kind: OptionKind::Text,
        default: "@region",
        meaning: "agent attribute with the region; `@region` is the one of Mesos",
    },
    OptionSpec {
        name: "zone-attribute",
        kind: OptionKind::Text,
        default: "@zone",
        meaning: "agent attribute with the zone; `@zone` is the one of Mesos",
    },
    OptionSpec {
        name: "preemptible-attribute",
        kind: OptionKind::Text,
        default: "preemptible",
        meaning: "agent attribute that is `true` on preemptible agents",
    },
];

/// The values of the options.
pub struct Settings<'o> {
    /// Name of the cluster-wide network.
    network: Traced<String>,
    /// Name of the Marathon instance.
    pub framework: Traced<String>,
    /// Suffix of every DNS name.
    pub dns_suffix: Traced<String>,
    /// Whether dependencies between services and jobs are ignored with a warning.
    pub ignore_order_across: bool,
    /// The day from which schedules count, if set.
    pub schedule_from: Option<Traced<String>>,
    /// Whether the cluster has the secret store of DC/OS, and where that is set.
    pub secrets: Traced<bool>,
    /// Docker volume driver, if set.
    pub volume_driver: Option<Traced<String>>,
    /// Attribute that says whether an agent is preemptible.
    pub preemptible_attribute: Traced<String>,
    offered_ports: Vec<RangeInclusive<u16>>,
    options: &'o Options,
}

impl<'o> Settings<'o> {
    /// Reads the options.
    pub fn read(options: &'o Options) -> Self {
        Settings {
            network: options.traced("network"),
            framework: options.traced("framework"),
            dns_suffix: options.traced("dns-suffix"),
            ignore_order_across: options.text(ORDER_ACROSS) == "ignore",
            schedule_from: options.some_traced(SCHEDULE_FROM),
            secrets: options.traced(SECRETS).map(|store| store == "dcos"),
            volume_driver: options.some_traced("volume-driver"),
            preemptible_attribute: options.traced("preemptible-attribute"),
            offered_ports: options.ports("offered-ports"),
            options,
        }
    }

    /// The name of the network that a container with the mode `container` joins.
    pub fn network_of(&self, container: &Container) -> Composed {
        let Traced { value, from } = self.network.clone();
        Composed::new(value, from, vec![container.network.span])
    }

    /// Whether agents offer this port.
    pub fn offers(&self, port: u16) -> bool {
        self.offered_ports.iter().any(|range| range.contains(&port))
    }

    /// The attribute with the name of a location at this level. `place` is that of the name.
    pub fn attribute(&self, level: PlacementLevel, place: Span) -> Traced<String> {
        match level {
            PlacementLevel::Cloud => self.options.traced("cloud-attribute"),
            PlacementLevel::Region => self.options.traced("region-attribute"),
            PlacementLevel::Zone => self.options.traced("zone-attribute"),
            PlacementLevel::Host => Traced::new("hostname".to_owned(), place),
        }
    }
}
