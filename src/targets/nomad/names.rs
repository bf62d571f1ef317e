//! Names in Nomad: jobs, services, port labels, tasks.
//!
//! All appliances share the names of a namespace, so each name holds the appliance's id, in
//! a way that no two appliances can make the same one.

/// The longest name of a service (Nomad, `Service.ValidateName`: RFC 1123).
pub const MAX_SERVICE: usize = 63;

/// The task that waits until what a group depends on is healthy. Ids have no underscore, so
/// the names of these tasks can never be that of a container.
pub const WAIT_TASK: &str = "wait_for";

/// The task that stays behind a job which has succeeded, to say so.
pub const SUCCEEDED_TASK: &str = "has_succeeded";

/// The task that says that a job may start, and stays.
pub const READY_TASK: &str = "may_start";

/// Suffixes of service names that are not port labels.
pub const STARTED: &str = "started";
/// See [`STARTED`].
pub const SUCCEEDED: &str = "succeeded";
/// See [`STARTED`].
pub const READY: &str = "ready";

/// The id of the Nomad job of a container that is a job. An appliance's own id cannot hold
/// the dot, so it is no appliance's.
pub fn job(appliance: &str, container: &str) -> String {
    format!("{appliance}.{container}")
}

/// The task of a container. Docker's container is named after it and must start with a
/// letter or a digit; `alloc` is a name that Nomad keeps for itself.
pub fn task(container: &str) -> String {
    match container.trim_start_matches('-') {
        "" | "alloc" => "main_".to_owned(),
        name => name.to_owned(),
    }
}

/// A service name made of the appliance's id, a container's, and what it is the service of.
///
/// The parts are joined by two hyphens. Where that could be read in two ways, or is too
/// long, a digest of the parts makes it unique.
pub fn service(parts: &[&str]) -> String {
    let joined = parts.join("--");
    let clear = |part: &&str| {
        !part.is_empty() && !part.contains("--") && !part.starts_with('-') && !part.ends_with('-')
    };
    if joined.len() <= MAX_SERVICE && parts.iter().all(clear) {
        return joined;
    }
    let digest = format!("{:016x}", fnv1a(&parts.join("\0")));
    // Ids are ASCII: every byte is a character.
    let room = joined.get(..MAX_SERVICE - digest.len() - 1).unwrap_or(&joined);
    format!("{}-{digest}", room.trim_matches('-')).trim_start_matches('-').to_owned()
}

/// The 64-bit hash FNV-1a: the same on every machine and in every version.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// A port label made of a port's name, if something is left of it: lower-case letters,
/// digits and underscores, a letter first, so that it can stand in `${NOMAD_ADDR_label}`.
pub fn label(name: &str) -> Option<String> {
    let cleaned: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
        .collect();
    let cleaned = cleaned.trim_matches('_');
    let reserved = [STARTED, SUCCEEDED, READY].contains(&cleaned);
    let starts_well = cleaned.starts_with(|c: char| c.is_ascii_alphabetic());
    (starts_well && !reserved && cleaned.len() <= 30).then(|| cleaned.to_owned())
}

/// The part of a service name that a port label becomes.
pub fn label_in_service(label: &str) -> String {
    label.replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_of_different_containers_never_meet() {
        assert_eq!(service(&["spark-livy", "livy", "http"]), "spark-livy--livy--http");
        let pairs = [
            (["a--b", "c"], ["a", "b--c"]),
            (["a-", "b"], ["a", "-b"]),
            (["a", "--"], ["a-", "-"]),
        ];
        for (one, other) in pairs {
            assert_ne!(service(&one), service(&other));
        }
        let long = "x".repeat(70);
        assert_ne!(service(&[&long, "a"]), service(&[&long, "b"]));
    }

    #[test]
    fn service_names_are_names_of_rfc_1123() {
        let long = "-".repeat(80);
        for parts in [["--", "--"], [&long, "a"], ["A", "b-"], ["0", "1"]] {
            let name = service(&parts);
            assert!(!name.is_empty() && name.len() <= MAX_SERVICE, "{name}");
            assert!(!name.starts_with('-') && !name.ends_with('-'), "{name}");
        }
    }

    #[test]
    fn labels_are_identifiers() {
        assert_eq!(label("Web-UI").as_deref(), Some("web_ui"));
        assert_eq!(label("8080"), None);
        assert_eq!(label("--"), None);
        assert_eq!(label("started"), None);
    }
}
