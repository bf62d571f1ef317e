//! The paths of fields with a default, as [`super::Origin`] has them: written as text, and found again.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// All of them.
static PATHS: [&str; 27] = [
    "containers[].files[].mode",
    "containers[].force_pull_image",
    "containers[].health_check.grace_period_seconds",
    "containers[].health_check.interval_seconds",
    "containers[].health_check.max_consecutive_failures",
    "containers[].health_check.path",
    "containers[].health_check.port_index",
    "containers[].health_check.protocol",
    "containers[].health_check.timeout_seconds",
    "containers[].instances",
    "containers[].interval",
    "containers[].is_privileged",
    "containers[].minimum_capacity",
    "containers[].network_mode",
    "containers[].ports[].host_port",
    "containers[].ports[].protocol",
    "containers[].repeats",
    "containers[].resources.cpus",
    "containers[].resources.disk",
    "containers[].resources.gpu",
    "containers[].resources.mem",
    "containers[].retries",
    "containers[].secret_files[].mode",
    "containers[].time_zone",
    "containers[].type",
    "containers[].volumes[].mode",
    "data_persistence.volume_type",
];

pub fn serialize<S: Serializer>(path: &&'static &'static str, to: S) -> Result<S::Ok, S::Error> {
    path.serialize(to)
}

pub fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<&'static &'static str, D::Error> {
    let path = String::deserialize(from)?;
    let known = PATHS.iter().find(|known| **known == path);
    known.ok_or_else(|| serde::de::Error::custom(format!("unknown path `{path}`")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn all_paths_that_origins_have_are_known() {
        let sources =
            [include_str!("../targets/origins.rs"), include_str!("../plan/published/convert.rs")];
        let path = regex::Regex::new(r#""((?:containers|data_persistence)[.\[][^" ]*)""#).unwrap();
        let found: BTreeSet<&str> = sources
            .iter()
            .flat_map(|source| path.captures_iter(source))
            .filter_map(|found| Some(found.get(1)?.as_str()))
            .collect();
        assert_eq!(found, PATHS.into_iter().collect());
    }
}
