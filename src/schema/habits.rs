//! Names that people bring along from other languages.

/// What fields are called elsewhere (Compose, Kubernetes, Nomad, Marathon), and here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("command", "cmd"),
    ("cpu", "cpus"),
    ("count", "instances"),
    ("depends_on", "dependencies"),
    ("destination", "dest"),
    ("environment", "env"),
    ("kind", "type"),
    ("memory", "mem"),
    ("mount_path", "dest"),
    ("mountpath", "dest"),
    ("name", "id"),
    ("port", "container_port"),
    ("privileged", "is_privileged"),
    ("replicas", "instances"),
    ("source", "src"),
    ("storage", "disk"),
    ("target", "dest"),
];

/// The field among `candidates` that goes by another name elsewhere.
pub fn meant<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_ascii_lowercase();
    let (_, here) = ELSEWHERE.iter().find(|(elsewhere, _)| *elsewhere == name)?;
    candidates.into_iter().find(|candidate| candidate == here)
}
