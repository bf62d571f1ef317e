//! Fields of other languages that have no like here, and what to do instead.

use super::{compose, kubernetes, marathon};

/// The kind of object that has the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// An appliance.
    Appliance,
    /// A container.
    Container,
    /// `resources` of a container.
    Resources,
    /// `health_check` of a container.
    HealthCheck,
}

/// Ways that the import finds itself, so that its tables do not have them.
const CONTAINER: &[(&str, &str)] = &[
    ("attach", "remove it; `applc logs` shows the output"),
    ("configs", "use `files`, with `content` or `source`"),
    ("cpu", CPUS),
    ("cpu_limit", CPUS),
    ("cpu_shares", CPUS),
    ("cpus", CPUS),
    ("deploy", "use `instances`, `resources` and `schedule_hints`"),
    ("develop", "remove it; it is for `docker compose watch`"),
    ("disk", "set `disk` in `resources`"),
    ("env_file", "write each variable into `env`"),
    ("extends", "write the fields into this container"),
    ("gpu", GPU),
    ("gpus", GPU),
    ("links", "name the container in `dependencies`, and write its address as `@id`"),
    ("mem", MEMORY),
    ("mem_limit", MEMORY),
    ("mem_reservation", MEMORY),
    ("memory", MEMORY),
    ("memory_limit", MEMORY),
    ("memory_mb", MEMORY),
    (
        "networks",
        "the containers of an appliance reach each other as `@id`; `network_mode` is `host`, `bridge` or `container`",
    ),
    ("profiles", "write an appliance for each profile"),
    ("pull_policy", "set `force_pull_image`: `true` is `always`, `false` is `missing`"),
    (
        "restart",
        "a service is started again whenever it ends, and a job is retried `retries` times",
    ),
    (
        "secrets",
        "name the values in the secret store with `secret_files`, or `secret_env` for variables",
    ),
    // Nomad.
    ("artifact", "use `files`, or build it into the image"),
    ("constraint", "use `schedule_hints`"),
    ("driver", "remove it; each container has an `image`"),
    ("kill_timeout", "set `stop_timeout`"),
    ("lifecycle", "make it a job, and name it in `dependencies`"),
    ("meta", "use `labels`"),
    // Marathon.
    ("constraints", "use `schedule_hints`"),
    ("container", "set `image`, `ports` and `volumes` in this object"),
    ("docker", "set `image`, `ports` and `volumes` in this object"),
    ("healthChecks", "use `health_check`, a single object"),
    ("portDefinitions", "list `ports`, with `container_port` and `host_port`"),
    ("portMappings", "list `ports`, with `container_port` and `host_port`"),
    ("taskKillGracePeriodSeconds", "set `stop_timeout`"),
    ("upgradeStrategy", "use `minimum_capacity`"),
];

const CPUS: &str = "set `cpus` in `resources`";
const MEMORY: &str = "set `mem` in `resources`, in MB";
const GPU: &str = "set `gpu` in `resources`";

const APPLIANCE: &[(&str, &str)] = &[
    ("configs", "use `files` of the containers"),
    ("networks", "the containers of an appliance reach each other as `@id`"),
    (
        "secrets",
        "name the values in the secret store with `secret_files` or `secret_env` of the containers",
    ),
    ("services", "list them as `containers`, each with its `id` and `\"type\": \"service\"`"),
    ("version", "remove it; the language has no versions"),
    ("volumes", "list them as `volumes` of `data_persistence`"),
    ("apiVersion", "remove it; the language has no versions"),
    ("dependencies", "set `dependencies` of the containers"),
    ("env", "set `env` of each container"),
    ("network_mode", "set `network_mode` of each container"),
    ("ports", "list `ports` of each container"),
    ("resources", "set `resources` of each container"),
];

const RESOURCES: &[(&str, &str)] = &[
    ("limits", "set `cpus` and `mem`, in MB, without `limits`"),
    ("requests", "set `cpus` and `mem`, in MB, without `requests`"),
    ("reservations", "set `cpus` and `mem`, in MB, without `reservations`"),
    ("devices", "set `gpu`, the number of GPUs"),
];

const HEALTH_CHECK: &[(&str, &str)] = &[
    ("disable", "omit `health_check`"),
    ("httpGet", "set `protocol` to `HTTP`, `path`, and `port_index`"),
    ("tcpSocket", "set `protocol` to `TCP`, and `port_index`"),
    ("exec", "set `protocol` to `COMMAND`, and `command`"),
    ("grpc", "set `protocol` to `COMMAND`, with a `command` that asks the server"),
    ("port", "set `port_index`: 0 is the first of `ports`"),
    ("portName", "set `port_index`: 0 is the first of `ports`"),
    ("test", "set `protocol` to `COMMAND`, and `command`"),
    ("start_interval", "set `interval_seconds`"),
    ("successThreshold", "one success is enough"),
];

/// What to do instead of a field of another language that has no like here. `None` if the name is not
/// one of such a field.
pub fn way_out(name: &str, owner: Owner) -> Option<&'static str> {
    let among = |table: &'static [(&'static str, &'static str)]| {
        table.iter().find(|(known, _)| *known == name).map(|(_, help)| *help)
    };
    match owner {
        Owner::Appliance => among(APPLIANCE).or_else(|| among(kubernetes::FIELDS)),
        Owner::Resources => among(RESOURCES),
        Owner::HealthCheck => among(HEALTH_CHECK),
        Owner::Container => among(CONTAINER)
            .or_else(|| of_compose(name))
            .or_else(|| among(kubernetes::FIELDS))
            .or_else(|| of_marathon(name)),
    }
}

fn of_compose(name: &str) -> Option<&'static str> {
    let (_, fate) = compose::SERVICE.iter().find(|(known, _)| *known == name)?;
    match fate {
        compose::Fate::Read => None,
        compose::Fate::Lost(_, help)
        | compose::Fate::LostUnlessOff(_, help)
        | compose::Fate::LostUnless(_, _, help) => Some(help),
    }
}

fn of_marathon(name: &str) -> Option<&'static str> {
    let (_, lost) = marathon::APP.iter().find(|(known, _)| *known == name)?;
    lost.map(|(_, help)| help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_of_another_language_has_one_way_out() {
        for table in [CONTAINER, APPLIANCE, RESOURCES, HEALTH_CHECK, kubernetes::FIELDS] {
            for (at, (name, help)) in table.iter().enumerate() {
                assert!(table[..at].iter().all(|(other, _)| other != name), "{name}");
                assert!(!help.ends_with('.'), "{name}");
            }
        }
        assert_eq!(way_out("ulimits", Owner::Container), of_compose("ulimits"));
        assert_eq!(way_out("restart", Owner::Container).map(|help| &help[..9]), Some("a service"));
        assert_eq!(way_out("fetch", Owner::Container), of_marathon("fetch"));
        assert_eq!(way_out("image", Owner::Container), None);
    }
}
