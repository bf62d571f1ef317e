//! The fields of the language for which a target states its support.

use serde::{Deserialize, Serialize};

use crate::source::Span;

/// A use of a field in an appliance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// The field.
    pub field: Field,
    /// The span of the value, or of the id of the container for a default.
    pub span: Span,
}

macro_rules! fields {
    ($($name:ident $path:literal $when:literal;)*) => {
        /// A field, or a value of a field that a target may support separately.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Field {
            $(
                #[doc = concat!("`", $path, "` ", $when)]
                $name,
            )*
        }

        impl Field {
            /// All fields, in the order of the language definition.
            pub const ALL: &'static [Field] = &[$(Field::$name),*];

            /// The path of the field, with the value if that matters.
            pub fn path(self) -> &'static str {
                match self { $(Field::$name => $path,)* }
            }

            /// When an appliance uses the field; empty if it does when the field is written.
            pub fn when(self) -> &'static str {
                match self { $(Field::$name => $when,)* }
            }
        }
    };
}

fields! {
    ApplianceId "id" "always";
    VolumeType "data_persistence.volume_type" "";
    VolumeLocal "data_persistence.volumes[].scope: local" "";
    VolumeGlobal "data_persistence.volumes[].scope: global" "";
    VolumeHints "data_persistence.volumes[].schedule_hints" "";
    VolumeSize "data_persistence.volumes[].size" "";
    ContainerId "containers[].id" "always";
    Service "containers[].type: service" "";
    Job "containers[].type: job" "";
    Image "containers[].image" "always";
    Build "containers[].build" "";
    Cpus "containers[].resources.cpus" "always";
    Mem "containers[].resources.mem" "always";
    Disk "containers[].resources.disk" "if not 0";
    Gpu "containers[].resources.gpu" "if not 0";
    Instances "containers[].instances" "if not 1";
    Cmd "containers[].cmd" "";
    Args "containers[].args" "if not empty";
    Entrypoint "containers[].entrypoint" "";
    User "containers[].user" "";
    WorkingDir "containers[].working_dir" "";
    StopTimeout "containers[].stop_timeout" "";
    Labels "containers[].labels" "if not empty";
    Files "containers[].files" "if not empty";
    Env "containers[].env" "if not empty";
    SecretEnv "containers[].secret_env" "if not empty";
    SecretFiles "containers[].secret_files" "if not empty";
    References "@id in a string" "";
    MountPersistent "containers[].volumes[].type: persistent" "";
    MountHost "containers[].volumes[].type: host" "";
    MountBeside "containers[].volumes[].type: host beside the appliance" "if the path is `.`, `..`, or starts with `./` or `../`";
    MountReadOnly "containers[].volumes[].mode: RO" "";
    NetworkHost "containers[].network_mode: host" "";
    NetworkBridge "containers[].network_mode: bridge" "";
    NetworkContainer "containers[].network_mode: container" "";
    Ports "containers[].ports" "if not empty";
    HostPort "containers[].ports[].host_port" "if not 0";
    PortUdp "containers[].ports[].protocol: udp" "";
    PortName "containers[].ports[].name" "";
    PortInternal "containers[].ports[].internal" "if true";
    Privileged "containers[].is_privileged" "if true";
    ForcePull "containers[].force_pull_image" "if true, the default";
    NoForcePull "containers[].force_pull_image: false" "";
    Dependencies "containers[].dependencies" "if not empty";
    PlacementCloud "containers[].schedule_hints.placement.cloud" "if nothing more specific is written";
    PlacementRegion "containers[].schedule_hints.placement.region" "if nothing more specific is written";
    PlacementZone "containers[].schedule_hints.placement.zone" "if no host is written";
    PlacementHost "containers[].schedule_hints.placement.host" "";
    Preemptible "containers[].schedule_hints.preemptible" "";
    HealthHttp "containers[].health_check.protocol: HTTP" "";
    HealthHttps "containers[].health_check.protocol: HTTPS" "";
    HealthTcp "containers[].health_check.protocol: TCP" "";
    HealthCommand "containers[].health_check.protocol: COMMAND" "";
    HealthTiming "containers[].health_check times and failures" "with every health check";
    DefaultHealthCheck "containers[].default_health_check" "if true and there is a port to check";
    MinimumCapacity "containers[].minimum_capacity" "if not 0";
    Retries "containers[].retries" "for every job";
    Repeats "containers[].repeats" "if not 1";
    StartTime "containers[].start_time" "if not empty";
    Interval "containers[].interval" "if the job repeats without a `schedule`";
    Schedule "containers[].schedule" "";
    TimeZone "containers[].time_zone" "";
}
