//! Names in Nomad: jobs, services, port labels, tasks.
//!
//! All appliances share the names of a namespace. Each name therefore contains the appliance's
//! id, so that no two appliances produce the same name.

pub use crate::targets::names::digest;

/// Maximum length of the name of a service (Nomad, `Service.ValidateName`: RFC 1123).
pub const MAX_SERVICE: usize = 63;

/// Maximum length of the path of a variable (Nomad, `validVariablePath`).
pub const MAX_VARIABLE: usize = 128;

/// The task that waits until the dependencies of a group are healthy, or for a start time. Ids
/// contain no underscore, so the names of this task and the next cannot be the name of a container.
pub const WAIT_TASK: &str = "wait_for";

/// The task that records that a job has succeeded.
pub const RECORD_TASK: &str = "record_success";

/// Suffix of a service name that is not a port label.
pub const STARTED: &str = "started";

/// The variable that says that a job has succeeded.
pub const SUCCEEDED: &str = "succeeded";

/// The variable that says that a job can start.
pub const MAY_START: &str = "may_start";

/// The id of the Nomad job of a container that is a job. The id of an appliance contains no
/// dot, so it cannot be the same.
pub fn job(appliance: &str, container: &str) -> String {
    format!("{appliance}.{container}")
}

/// The name of a container's task. Docker names the container after it, so it must start with a
/// letter or a digit; `alloc` is reserved by Nomad.
pub fn task(container: &str) -> String {
    match container.trim_start_matches('-') {
        "" | "alloc" => "main_".to_owned(),
        name => name.to_owned(),
    }
}

/// A service name made from the id of the appliance, the id of a container, and a suffix.
///
/// The parts are joined by two hyphens. If that is ambiguous or too long, a digest of the parts
/// makes the name unique.
pub fn service(parts: &[&str]) -> String {
    let joined = parts.join("--");
    let clear = |part: &&str| {
        !part.is_empty() && !part.contains("--") && !part.starts_with('-') && !part.ends_with('-')
    };
    if joined.len() <= MAX_SERVICE && parts.iter().all(clear) {
        return joined;
    }
    let digest = digest(&parts.join("\0"));
    // Ids are ASCII: every byte is a character.
    let room = joined.get(..MAX_SERVICE - digest.len() - 1).unwrap_or(&joined);
    format!("{}-{digest}", room.trim_matches('-')).trim_start_matches('-').to_owned()
}

/// The path of a variable of a container, to which the index of an instance is appended. Other
/// users of a namespace have no variables under `applc`.
pub fn variable(appliance: &str, container: &str, name: &str) -> String {
    let longest_index = "/4294967295".len();
    let path = format!("applc/{appliance}/{container}/{name}");
    match path.len() + longest_index <= MAX_VARIABLE {
        true => path,
        false => format!("applc/{}/{name}", digest(&format!("{appliance}/{container}"))),
    }
}

/// A port label made from the name of a port: lower-case letters, digits and underscores,
/// starting with a letter, so that `${NOMAD_ADDR_label}` is valid. `None` if no label is left.
pub fn label(name: &str) -> Option<String> {
    let cleaned: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
        .collect();
    let cleaned = cleaned.trim_matches('_');
    let reserved = cleaned == STARTED;
    let starts_well = cleaned.starts_with(|c: char| c.is_ascii_alphabetic());
    (starts_well && !reserved && cleaned.len() <= 30).then(|| cleaned.to_owned())
}

/// The part of a service name that stands for a port label.
pub fn label_in_service(label: &str) -> String {
    label.replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_of_different_containers_have_different_names() {
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
    fn service_names_conform_to_rfc_1123() {
        let long = "-".repeat(80);
        for parts in [["--", "--"], [&long, "a"], ["A", "b-"], ["0", "1"]] {
            let name = service(&parts);
            assert!(!name.is_empty() && name.len() <= MAX_SERVICE, "{name}");
            assert!(!name.starts_with('-') && !name.ends_with('-'), "{name}");
        }
    }

    #[test]
    fn variables_of_different_containers_have_different_valid_paths() {
        assert_eq!(variable("a", "b-c", SUCCEEDED), "applc/a/b-c/succeeded");
        let (x, y) = ("x".repeat(63), "y".repeat(63));
        let (one, other) = (variable(&x, &y, SUCCEEDED), variable(&y, &x, SUCCEEDED));
        assert_ne!(one, other);
        assert!(one.len() + 11 <= 128, "{one}");
    }

    #[test]
    fn labels_are_identifiers() {
        assert_eq!(label("Web-UI").as_deref(), Some("web_ui"));
        assert_eq!(label("8080"), None);
        assert_eq!(label("--"), None);
        assert_eq!(label("started"), None);
    }
}
