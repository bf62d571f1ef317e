//! The one root cause, as a finding at its place in the source.

use applc::diag::{Code, Diagnostic, Report, codes};
use applc::plan::{Command, Container, ContainerId, Plan};
use applc::source::{Source, Sources, Span};

use crate::judge::Cause;
use crate::state::{Fault, FaultKind, Observed, State, container_state, wanted};

/// What to tell about an appliance that does not come up.
pub struct Told {
    /// The finding.
    pub report: Report,
    /// The ids of the containers that are ready.
    pub ready: Vec<String>,
}

/// The finding for a cause. `source` is the appliance file, `sources` all files that its spans may be in.
pub fn finding(
    plan: &Plan,
    cause: &Cause,
    observed: &Observed,
    source: Source,
    sources: Sources,
) -> Told {
    let container = cause.container.and_then(|id| plan.containers.get(id));
    let mut finding = match container {
        Some(container) => {
            let (code, what) = words(cause.fault.kind);
            let message = format!("`{}` {what}: {}", container.id.value, cause.fault.reason);
            Diagnostic::new(code, place(container, cause), message)
        }
        None => Diagnostic::new(&codes::NOT_STARTED, plan.id.span, cause.fault.reason.clone()),
    };
    if let Some(help) = container.and_then(|container| help(container, &cause.fault)) {
        finding = finding.help(help);
    }
    let blocked = cause.container.map(|id| blocked(plan, id, observed)).unwrap_or_default();
    if !blocked.is_empty() {
        let names: Vec<String> = blocked.iter().map(|id| format!("`{id}`")).collect();
        finding = finding.help(format!("not started, because of it: {}", names.join(", ")));
    }
    let is_ready = |container: &&Container| {
        let id = &container.id.value;
        let state = container_state(observed.of(id), State::Submitted);
        wanted(container) > 0 && matches!(state, State::Running | State::Success)
    };
    let ready =
        plan.containers.iter().filter(is_ready).map(|one| one.id.value.to_string()).collect();
    Told { report: Report::of(source, finding).within(sources), ready }
}

/// The code, and what does not happen to a container.
fn words(kind: FaultKind) -> (&'static Code, &'static str) {
    match kind {
        FaultKind::Place => (&codes::NOT_PLACED, "cannot be placed"),
        FaultKind::Pull => (&codes::NOT_PULLED, "cannot be pulled"),
        FaultKind::Build => (&codes::NOT_PULLED, "cannot be built"),
        FaultKind::Start => (&codes::NOT_STARTED, "cannot be started"),
        FaultKind::Crash => (&codes::CRASHED, "does not stay up"),
        FaultKind::Memory => (&codes::CRASHED, "ran out of memory"),
        FaultKind::Health => (&codes::UNHEALTHY, "is not healthy"),
        FaultKind::Job => (&codes::JOB_FAILED, "failed"),
    }
}

/// What to do about a fault, where that is known.
fn help(container: &Container, fault: &Fault) -> Option<&'static str> {
    let reason = fault.reason.to_ascii_lowercase();
    match fault.kind {
        FaultKind::Start => fixed_port(container, &reason)
            .map(|_| "choose another `host_port`, or leave it out, so that the engine chooses one"),
        FaultKind::Crash if ended_well(&reason) => Some(
            "a service that ends is started again, for ever; if its program is to end, write `\"type\": \"job\"`",
        ),
        FaultKind::Pull if is_of_helper(&reason) => Some(
            "this is the image of the option `wait-image`, or `record-image` if the task also records something; \
             `applc targets nomad` describes them",
        ),
        _ => None,
    }
}

/// Whether a reason is that a program has ended without an error.
fn ended_well(reason: &str) -> bool {
    let rest = reason.split_once("exit status 0").map(|(_, rest)| rest);
    rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Whether a reason is about a task that Nomad runs beside the container, which has an image of its own.
fn is_of_helper(reason: &str) -> bool {
    reason.starts_with("its task `") || reason.starts_with("its success cannot be recorded")
}

/// The part of a container that a cause is about.
fn place(container: &Container, cause: &Cause) -> Span {
    let id = container.id.span;
    let reason = cause.fault.reason.to_ascii_lowercase();
    match cause.fault.kind {
        FaultKind::Pull if is_of_helper(&reason) => id,
        FaultKind::Pull => container.image.span,
        FaultKind::Build => {
            let build = container.extras().build.as_ref();
            build.map_or(container.image.span, |build| build.context.span)
        }
        FaultKind::Memory => container.resources.mem.span,
        FaultKind::Health => container.health().map_or(id, |check| check.span),
        FaultKind::Start => secret(container, &reason)
            .or_else(|| port(container, &reason))
            .or_else(|| mount(container, &reason))
            .or_else(|| program(container, &reason))
            .unwrap_or(id),
        FaultKind::Place => resource(container, &reason).unwrap_or(id),
        FaultKind::Crash | FaultKind::Job => id,
    }
}

/// The resource that no machine has enough of, if the reason is about one.
fn resource(container: &Container, reason: &str) -> Option<Span> {
    let resources = &container.resources;
    let named = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    if named(&["memory"]) {
        Some(resources.mem.span)
    } else if named(&["cpu", "cores"]) {
        Some(resources.cpus.span)
    } else if named(&["gpu", "device"]) {
        Some(resources.gpu.span)
    } else if named(&["disk", "ephemeral-storage"]) {
        Some(resources.disk.span)
    } else {
        port(container, reason)
    }
}

/// The port that is not free, if the reason is about one.
fn port(container: &Container, reason: &str) -> Option<Span> {
    if !is_taken(reason) {
        return None;
    }
    let listed = || container.ports.iter().find(|port| is_named(port.container_port.value, reason));
    fixed_port(container, reason)
        .or_else(|| listed().map(|port| port.container_port.span))
        .or_else(|| container.ports.first().map(|port| port.container_port.span))
}

/// The `host_port` that is not free, if the reason names one.
fn fixed_port(container: &Container, reason: &str) -> Option<Span> {
    let fixed = |port: &u16| *port > 0 && is_taken(reason) && is_named(*port, reason);
    let mut ports = container.ports.iter().map(|port| &port.host_port);
    ports.find(|port| fixed(&port.value)).map(|port| port.span)
}

fn is_taken(reason: &str) -> bool {
    reason.contains("already allocated") || reason.contains("address already in use")
}

/// Whether a reason has a port behind an address.
fn is_named(port: u16, reason: &str) -> bool {
    let digits = port.to_string();
    reason.match_indices(':').any(|(at, _)| {
        let behind = reason.get(at + 1..).unwrap_or_default();
        behind
            .strip_prefix(&digits)
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
    })
}

/// The secret that is missing, or has no such key, if the reason is about one.
fn secret(container: &Container, reason: &str) -> Option<Span> {
    let is_secret = reason.contains("secret") || reason.contains("nomad variable");
    if !is_secret
        || !reason.contains("not") && !reason.contains("no key") && !reason.contains("non-")
    {
        return None;
    }
    // In quotes, or at the end of a path.
    let is_named = |name: &str| {
        reason.match_indices(name).any(|(at, _)| {
            let before = reason.get(..at).unwrap_or_default();
            let after = reason.get(at + name.len()..).unwrap_or_default();
            before.ends_with(['"', '`', '/']) && after.starts_with(['"', '`'])
        })
    };
    let all = || container.extras().secrets();
    let of_key = all().find(|value| {
        is_named(&value.key.value.to_ascii_lowercase()) && is_named(&value.secret.value)
    });
    let found = of_key.or_else(|| all().find(|value| is_named(&value.secret.value)));
    found
        .or_else(|| all().next().filter(|_| reason.contains("secret key")))
        .map(|value| value.secret.span)
}

/// The mount that the reason names.
fn mount(container: &Container, reason: &str) -> Option<Span> {
    if !reason.contains("mount") {
        return None;
    }
    let named = |path: &str| reason.contains(&path.to_ascii_lowercase());
    let mount = container.mounts.iter().find(|mount| match &mount.source {
        applc::plan::MountSource::Host(path) => named(&path.value) || named(&mount.target.value),
        applc::plan::MountSource::Persistent(_) => named(&mount.target.value),
    });
    mount.map(|mount| mount.target.span)
}

/// The program that the image lacks, if the reason is about one.
fn program(container: &Container, reason: &str) -> Option<Span> {
    if !reason.contains("executable file not found") && !reason.contains("exec:") {
        return None;
    }
    match &container.command {
        Command::Shell(script) => Some(script.span),
        Command::Image(args) => Some(args.first().map_or(container.image.span, |arg| arg.span)),
        Command::Program(program) => program.entrypoint.first().map(|word| word.span),
    }
}

/// The containers that do not start because of another one: those that wait for it, and those that
/// wait for them, in the order of the document.
fn blocked(plan: &Plan, cause: ContainerId, observed: &Observed) -> Vec<String> {
    let mut waiting = vec![cause];
    for &id in &plan.start_order {
        let Some(container) = plan.containers.get(id) else { continue };
        let waits = container.dependencies.iter().any(|on| waiting.contains(&on.on));
        let state = container_state(observed.of(&container.id.value), State::Submitted);
        if waits && !matches!(state, State::Running | State::Success) {
            waiting.push(id);
        }
    }
    let all = plan.containers.iter().enumerate();
    let names = all.filter(|(id, _)| *id != cause && waiting.contains(id));
    names.map(|(_, container)| container.id.value.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use applc::analysis::Analysis;
    use applc::diag::human;

    use super::*;
    use crate::state::Instance;

    const APPLIANCE: &str = r#"{"id": "app", "containers": [
  {"id": "web", "type": "service", "image": "a:1", "resources": {"cpus": 1, "mem": 64}, "network_mode": "bridge",
   "dependencies": ["api"]},
  {"id": "api", "type": "service", "image": "a:1", "resources": {"cpus": 1, "mem": 64}, "network_mode": "bridge",
   "ports": [{"container_port": 80}, {"container_port": 81, "host_port": 8081}, {"container_port": 82, "host_port": 808}],
   "volumes": [{"src": "/srv/x", "dest": "/data", "type": "host"}],
   "secret_env": {"A": {"secret": "store", "key": "a"}, "B": {"secret": "store", "key": "Other"}},
   "secret_files": [{"dest": "/run/x", "secret": "tls-1", "key": "key"}],
   "cmd": "run", "health_check": {"protocol": "TCP"}, "dependencies": ["db"]},
  {"id": "db", "type": "service", "image": "a:1", "resources": {"cpus": 1, "mem": 64}, "network_mode": "bridge"}]}"#;

    /// The text in the source that a fault of `api` is about.
    fn place_of(kind: FaultKind, reason: &str) -> String {
        let analysis = Analysis::of(&Source::new("app.json", APPLIANCE));
        let plan = analysis.plan.unwrap();
        let fault = Fault { kind, reason: reason.to_owned() };
        let cause = Cause { container: Some(1), instance: None, fault };
        APPLIANCE[place(&plan.containers[1], &cause).range()].to_owned()
    }

    /// The finding about a fault of `api`.
    fn text_of(kind: FaultKind, reason: &str) -> String {
        let analysis = Analysis::of(&Source::new("app.json", APPLIANCE));
        let plan = analysis.plan.unwrap();
        let fault = Fault { kind, reason: reason.to_owned() };
        let cause = Cause { container: Some(1), instance: None, fault };
        let observed = Observed::default();
        let told = finding(&plan, &cause, &observed, analysis.source, analysis.sources);
        human::render(&told.report, false)
    }

    #[test]
    fn a_fault_is_shown_at_the_part_that_it_is_about() {
        assert_eq!(place_of(FaultKind::Pull, ""), "\"a:1\"");
        assert_eq!(place_of(FaultKind::Memory, ""), "64");
        assert_eq!(place_of(FaultKind::Crash, ""), "\"api\"");
        assert_eq!(place_of(FaultKind::Health, ""), "\"health_check\"");
        let bind = |port: &str| {
            place_of(
                FaultKind::Start,
                &format!("Bind for 0.0.0.0:{port} failed: port is already allocated"),
            )
        };
        assert_eq!((bind("8081"), bind("808")), ("8081".to_owned(), "808".to_owned()));
        assert_eq!(place_of(FaultKind::Start, "error mounting \"/srv/x\" to rootfs"), "\"/data\"");
        assert_eq!(place_of(FaultKind::Start, "exec: \"/bin/sh\": no such file"), "\"run\"");
        assert_eq!(place_of(FaultKind::Start, "something else"), "\"api\"");
    }

    #[test]
    fn a_missing_secret_is_shown_where_it_is_named() {
        let analysis = Analysis::of(&Source::new("app.json", APPLIANCE));
        let plan = analysis.plan.unwrap();
        let line = |reason: &str| {
            let fault = Fault { kind: FaultKind::Start, reason: reason.to_owned() };
            let cause = Cause { container: Some(1), instance: None, fault };
            let span = place(&plan.containers[1], &cause).range();
            APPLIANCE[span.start..].split('}').next().unwrap().to_owned()
        };
        let tls = "\"tls-1\", \"key\": \"key\"";
        for (reason, expected) in [
            ("secret \"store\" not found", "\"store\", \"key\": \"a\""),
            ("MountVolume.SetUp failed for volume \"secret\" : secret \"tls-1\" not found", tls),
            ("the Nomad variable `secrets/app/tls-1` does not exist", tls),
            ("secret `store` has no key `Other`", "\"store\", \"key\": \"Other\""),
            ("references non-existent secret key: key", "\"store\", \"key\": \"a\""),
        ] {
            assert_eq!(line(reason), expected, "{reason}");
        }
    }

    #[test]
    fn the_image_of_a_task_beside_the_container_is_that_of_an_option() {
        let reason = "its task `wait_for` fails: `curl:1`: no";
        assert_eq!(place_of(FaultKind::Pull, reason), "\"api\"");
        let text = text_of(FaultKind::Pull, reason);
        assert!(
            text.contains("help: this is the image of the option `wait-image`, or `record-image`"),
            "{text}"
        );
        let recorded = text_of(FaultKind::Pull, "its success cannot be recorded: `curl:1`: no");
        assert!(recorded.contains("`record-image`"), "{recorded}");
        assert!(!text_of(FaultKind::Pull, "`curl:1`: no").contains("-image`"));
    }

    #[test]
    fn a_port_that_is_taken_has_a_way_out_if_it_is_a_fixed_one() {
        let text_of = |reason: &str| text_of(FaultKind::Start, reason);
        let help =
            "help: choose another `host_port`, or leave it out, so that the engine chooses one";
        assert!(text_of("Bind for 0.0.0.0:8081 failed: port is already allocated").contains(help));
        assert!(!text_of("Bind for 0.0.0.0:80 failed: port is already allocated").contains(help));
        assert!(!text_of("something else at :8081").contains(help));
    }

    #[test]
    fn a_service_that_ends_well_may_be_a_job() {
        let help = "help: a service that ends is started again, for ever; if its program is to end, write `\"type\": \"job\"`";
        let text = text_of(FaultKind::Crash, "ended with exit status 0, 4 starts so far");
        assert!(text.contains(help), "{text}");
        for other in ["ended with exit status 1, 4 starts so far", "exit status 01", "killed"] {
            assert!(!text_of(FaultKind::Crash, other).contains("job"), "{other}");
        }
        assert!(
            !text_of(FaultKind::Health, "its health check ends with exit status 0").contains("job")
        );
    }

    #[test]
    fn a_finding_names_whom_it_blocks_and_what_is_ready() {
        let analysis = Analysis::of(&Source::new("app.json", APPLIANCE));
        let plan = analysis.plan.unwrap();
        let instance = |container: &str, state| {
            Instance::plain(container, &format!("app-{container}-1"), state)
        };
        let observed = Observed {
            instances: vec![
                instance("api", State::Failed),
                instance("db", State::Running),
                instance("web", State::Pending),
            ],
        };
        let fault = Fault { kind: FaultKind::Health, reason: "nothing listens".to_owned() };
        let cause = Cause { container: Some(1), instance: None, fault };
        let told = finding(&plan, &cause, &observed, analysis.source, analysis.sources);
        let text = human::render(&told.report, false);
        assert!(
            text.starts_with("error[E0904]: `api` is not healthy: nothing listens\n"),
            "{text}"
        );
        assert!(text.contains("help: not started, because of it: `web`"), "{text}");
        assert_eq!(told.ready, ["db"]);
    }
}
