//! Docker's states in PIVOT's words, and what the engine says about a container that does not come up.

use crate::state::{Endpoint, Fault, FaultKind, Instance, OFTEN, Observed, State, Times};

use super::docker::LOCAL;
use super::model::{Found, RawBinding, RawState};

/// The exit statuses of a shell and of the engine for a program that cannot be run or does not exist:
/// starting it again changes nothing.
const NOT_RUN: [i64; 2] = [126, 127];

/// The exit statuses of a program that is told to stop: it ends well, or by SIGINT, SIGKILL or SIGTERM.
const STOPPED: [i64; 4] = [0, 130, 137, 143];

/// What is known about the containers of an appliance. `host` is the name of the engine's machine.
pub fn observed(found: &[Found], host: &str) -> Observed {
    Observed { instances: found.iter().map(|one| instance(one, host)).collect() }
}

fn instance(found: &Found, host: &str) -> Instance {
    let (state, why) = state(found);
    let fault = fault(found);
    Instance {
        container: found.container.clone(),
        name: found.name.clone(),
        state: if fault.is_some() { State::Failed } else { state },
        why: fault.as_ref().map(|fault| fault.reason.clone()).or(why),
        start: format!("{} {}", found.id, found.state.started_at),
        restarts: found.restarts,
        often: found.is_service && found.restarts >= OFTEN,
        checked: health(&found.state).is_some(),
        fault,
        times: times(found),
        endpoints: endpoints(found, host),
        on_host: found.on_host.then(|| host.to_owned()),
    }
}

/// When things happened to the current start.
fn times(found: &Found) -> Times {
    let state = &found.state;
    let (started, ended) = (time(&state.started_at), time(&state.finished_at));
    let runs = matches!(state.status.as_str(), "running" | "paused");
    Times {
        // One that was started again was created for another start.
        created: time(&found.created).filter(|_| !runs || ended.is_none()),
        started,
        ready: started.filter(|_| runs).and_then(|_| first_success(state)),
        ended: ended.filter(|_| !runs),
        ..Times::default()
    }
}

/// Number of the last health checks that the engine keeps.
/// <https://github.com/moby/moby/blob/v27.0.0/daemon/health.go#L38>
const CHECKS: usize = 5;

/// The end of the first health check that succeeded, if the engine still knows it.
fn first_success(state: &RawState) -> Option<jiff::Timestamp> {
    let checks = state.health.as_ref()?.log.as_deref()?;
    let at = checks.iter().position(|check| check.exit_code == 0)?;
    // Otherwise, earlier ones may have succeeded, too.
    let is_first = at > 0 || checks.len() < CHECKS;
    checks.get(at).filter(|_| is_first).and_then(|check| time(&check.end))
}

/// A time of the engine, which writes that of the year 1 for none.
fn time(text: &str) -> Option<jiff::Timestamp> {
    text.parse::<jiff::Timestamp>().ok().filter(|time| *time > jiff::Timestamp::UNIX_EPOCH)
}

/// The status of the health of a container, if it is checked.
fn health(state: &RawState) -> Option<&str> {
    let status = state.health.as_ref().map(|health| health.status.as_str());
    status.filter(|status| !status.is_empty() && *status != "none")
}

/// The state of a container, and the reason for it.
fn state(found: &Found) -> (State, Option<String>) {
    let state = &found.state;
    let ended = || Some(format!("ended with exit status {}", state.exit_code));
    match state.status.as_str() {
        "created" => (State::Pending, None),
        "running" => match health(state) {
            Some("starting") if found.restarts > 0 => {
                (State::Staging, Some(format!("not healthy yet, {}", starts(found))))
            }
            Some("starting") => (State::Staging, Some("not healthy yet".to_owned())),
            _ => (State::Running, None),
        },
        "restarting" => {
            let why = format!("ended with exit status {}, {}", state.exit_code, starts(found));
            let often = found.is_service && found.restarts >= OFTEN;
            (if often { State::Failed } else { State::Staging }, Some(why))
        }
        "paused" => (State::Staging, Some("paused".to_owned())),
        "exited" if !found.is_service && state.exit_code == 0 => (State::Success, None),
        "exited" if !found.is_service => (State::Failed, ended()),
        // The engine starts services again unless someone stopped them; one that had failed before
        // was not ended by that.
        "exited" if !STOPPED.contains(&state.exit_code) => (State::Failed, ended()),
        _ => (State::Killed, ended()),
    }
}

/// Why a container does not come up that Compose does not wait for any longer.
pub fn given_up(found: &Found) -> Fault {
    if let Some(fault) = fault(found) {
        return fault;
    }
    // One that has ended counts as not healthy for Compose, even if it is started again.
    let kind = match found.state.status.as_str() {
        "running" if found.restarts == 0 => FaultKind::Health,
        _ => FaultKind::Crash,
    };
    let reason = match kind {
        FaultKind::Health => last_check(&found.state),
        _ => state(found).1.unwrap_or_else(|| starts(found)),
    };
    Fault { kind, reason }
}

/// How often a container was started.
fn starts(found: &Found) -> String {
    match found.restarts {
        0 => "1 start so far".to_owned(),
        restarts => format!("{} starts so far", restarts + 1),
    }
}

/// Why a container does not come up, if the engine knows that.
pub fn fault(found: &Found) -> Option<Fault> {
    let state = &found.state;
    let fault = |kind, reason: String| Some(Fault { kind, reason });
    let is_up = state.status == "running";
    if !state.error.is_empty() && !is_up {
        return fault(FaultKind::Start, plain(&state.error));
    }
    if health(state) == Some("unhealthy") && is_up {
        return fault(FaultKind::Health, last_check(state));
    }
    let again = found.restarts > 0 || state.status == "restarting";
    if state.oom_killed && (again || (state.status == "exited" && state.exit_code != 0)) {
        return fault(FaultKind::Memory, "ended by the engine at its memory limit".to_owned());
    }
    let code = state.exit_code;
    match state.status.as_str() {
        "exited" if !found.is_service && code != 0 => {
            let runs = match found.restarts {
                0 => String::new(),
                restarts => format!(", {} runs", restarts + 1),
            };
            fault(FaultKind::Job, format!("exit status {code}{runs}"))
        }
        "restarting" if found.is_service && NOT_RUN.contains(&code) => {
            fault(FaultKind::Crash, format!("exit status {code}: its program cannot be run"))
        }
        _ => None,
    }
}

/// What the last check said.
fn last_check(state: &RawState) -> String {
    let checks = state.health.as_ref().and_then(|health| health.log.as_deref()).unwrap_or_default();
    let Some(last) = checks.last() else { return "its health check fails".to_owned() };
    let line = last.output.lines().map(str::trim).rfind(|line| !line.is_empty());
    match line {
        Some(line) => format!("its health check ends with exit status {}: {line}", last.exit_code),
        None => format!("its health check ends with exit status {}", last.exit_code),
    }
}

/// The part of an error of the engine that says what is wrong: without the layers that passed it on.
pub fn plain(error: &str) -> String {
    const LAYERS: [&str; 8] = [
        "Error response from daemon: ",
        "failed to create task for container: ",
        "failed to create shim task: ",
        "OCI runtime create failed: ",
        "runc create failed: ",
        "container_linux.go:",
        "unable to start container process: ",
        "error during container init: ",
    ];
    let mut text = error.trim();
    while let Some(rest) = LAYERS.iter().find_map(|layer| text.strip_prefix(layer)) {
        text = rest;
    }
    // The id of an endpoint says nothing to people.
    if let Some((start, rest)) = text.split_once(" (")
        && let Some((id, end)) = rest.split_once(')')
        && id.len() == 64
    {
        return one_line(&format!("{start}{end}"));
    }
    one_line(text.strip_suffix(": unknown").unwrap_or(text))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Where the published ports of a container are reached. A port that is published for IPv4 and IPv6 is listed
/// for IPv4: the engine may choose two ports of the host, and that for IPv6 may be another container's for IPv4.
fn endpoints(found: &Found, host: &str) -> Vec<Endpoint> {
    let mut all = Vec::new();
    for (port, bindings) in &found.ports {
        let Some((number, protocol)) = port.split_once('/') else { continue };
        let Ok(container_port) = number.parse() else { continue };
        let is_v6 = |binding: &&RawBinding| binding.host_ip.contains(':');
        let has_v4 = bindings.iter().any(|binding| !is_v6(&binding));
        for binding in bindings.iter().filter(|binding| !has_v4 || !is_v6(binding)) {
            let Ok(host_port) = binding.host_port.parse() else { continue };
            let host = match binding.host_ip.as_str() {
                // The name may lead to the port for IPv4.
                "::" if host == LOCAL => "::1",
                "" | "0.0.0.0" | "::" => host,
                address => address,
            };
            all.push(Endpoint {
                host: host.to_owned(),
                host_port,
                container_port,
                protocol: protocol.to_owned(),
                name: None,
            });
        }
    }
    all.sort_by_key(|endpoint| (endpoint.container_port, endpoint.host_port));
    all.dedup();
    all
}
