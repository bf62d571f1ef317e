//! Containers and their states in lines for people.

use applc::printable;
use applc_run::{Observed, State};
use serde_json::Value;

/// Aligns the columns of a table. The last one is not padded. Nothing in a cell acts on the terminal.
pub fn table(rows: &[Vec<String>]) -> String {
    let shown = |cell: &String| printable::line(cell).into_owned();
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(shown).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(&format!("{cell:width$}  "));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The table of the containers of an appliance, as [`applc_run::render`] returns it.
pub fn containers(appliance: &Value, observed: &Observed) -> String {
    let mut rows = Vec::new();
    let containers = appliance.get("containers").and_then(Value::as_array);
    for container in containers.into_iter().flatten() {
        let word = |name: &str| container.get(name).and_then(Value::as_str).unwrap_or_default();
        let id = word("id");
        let state = word("state");
        // The state of the container is that of one of its instances.
        let reason = observed.of(id).find(|instance| instance.state.word() == state);
        let reason = reason.and_then(|instance| instance.why.clone());
        let reason = reason.or_else(|| lost(container, observed)).unwrap_or_default();
        let endpoints = container.get("endpoints").and_then(Value::as_array);
        let endpoints: Vec<String> = endpoints.into_iter().flatten().map(endpoint).collect();
        let shown = match instances(container, observed) {
            Some((ready, all)) => format!("{state} {ready}/{all}"),
            None => state.to_owned(),
        };
        rows.push(vec![id.to_owned(), shown, endpoints.join(", "), reason]);
    }
    let mut head = ["CONTAINER", "STATE", "ENDPOINTS", "REASON"].map(str::to_owned).to_vec();
    if rows.iter().all(|row| row.last().is_none_or(String::is_empty)) {
        head.pop();
    }
    rows.insert(0, head);
    table(&rows)
}

/// The number of ready instances of a container, and of those that it is to have, if that is not one. Without the
/// whole appliance, all instances that are there count.
fn instances(container: &Value, observed: &Observed) -> Option<(usize, usize)> {
    let id = container.get("id").and_then(Value::as_str).unwrap_or_default();
    let own = || observed.of(id);
    let ready = own().filter(|one| matches!(one.state, State::Running | State::Success)).count();
    let wanted = container.get("instances").and_then(Value::as_u64);
    let all = wanted.and_then(|all| usize::try_from(all).ok()).unwrap_or_else(|| own().count());
    (all != 1).then_some((ready, all))
}

/// How many instances of a container that runs were stopped or are not there, if any.
fn lost(container: &Value, observed: &Observed) -> Option<String> {
    let (ready, all) = instances(container, observed)?;
    if ready >= all || !is_ready(container) {
        return None;
    }
    let id = container.get("id").and_then(Value::as_str).unwrap_or_default();
    let stopped = observed.of(id).filter(|one| one.state == State::Killed).count();
    let gone = all.saturating_sub(observed.of(id).count());
    let stopped = (stopped > 0).then(|| format!("{stopped} stopped"));
    let gone = match gone {
        0 => None,
        1 => Some("1 is gone".to_owned()),
        gone => Some(format!("{gone} are gone")),
    };
    let parts: Vec<String> = stopped.into_iter().chain(gone).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Whether the state of a container is that of one that is ready.
fn is_ready(container: &Value) -> bool {
    let state = container.get("state").and_then(Value::as_str);
    matches!(state, Some("running" | "success"))
}

/// An endpoint in a few characters: where it is reached, and which port that is.
fn endpoint(value: &Value) -> String {
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| value.get(name).and_then(Value::as_u64).unwrap_or_default();
    let (host, protocol) = (text("host"), text("protocol"));
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let (at, port) = (number("host_port"), number("container_port"));
    let protocol = if protocol == "tcp" { String::new() } else { format!("/{protocol}") };
    let named = match text("name") {
        "" => String::new(),
        name => format!(" {name}"),
    };
    if at == port {
        format!("{host}:{at}{protocol}{named}")
    } else {
        format!("{host}:{at} -> {port}{protocol}{named}")
    }
}

/// The number of ready containers of an appliance among those that are known. One that lacks instances is not
/// ready.
pub fn summary(appliance: &Value, observed: &Observed) -> (usize, usize) {
    let containers = appliance.get("containers").and_then(Value::as_array);
    let containers = containers.map(Vec::as_slice).unwrap_or_default();
    let is_whole = |container: &&Value| {
        is_ready(container)
            && instances(container, observed).is_none_or(|(ready, all)| ready >= all)
    };
    (containers.iter().filter(is_whole).count(), containers.len())
}

#[cfg(test)]
mod tests {
    use applc_run::{Endpoint, Instance, Times};
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_aligned_by_characters() {
        let rows = [vec!["é".into(), "a".into()], vec!["long".into(), String::new()]];
        assert_eq!(table(&rows), "é     a\nlong\n");
    }

    fn instance(container: &str, name: &str, state: State) -> Instance {
        Instance {
            container: container.to_owned(),
            name: name.to_owned(),
            state,
            why: None,
            start: String::new(),
            restarts: 0,
            often: false,
            checked: false,
            fault: None,
            times: Times::default(),
            endpoints: Vec::new(),
            on_host: None,
        }
    }

    #[test]
    fn instances_that_were_stopped_or_removed_are_told() {
        let kept = json!({"id": "app", "containers": [{"id": "web", "instances": 3}]});
        let of = |states: &[State]| {
            let named = |(number, state): (usize, &State)| {
                instance("web", &format!("web-{}", number + 1), *state)
            };
            let observed = Observed { instances: states.iter().enumerate().map(named).collect() };
            let appliance = applc_run::render("app", Some(&kept), &observed, State::Killed);
            let table = containers(&appliance, &observed);
            let row = table.lines().last().unwrap_or_default();
            let words: Vec<&str> = row.split_whitespace().collect();
            (words.join(" "), summary(&appliance, &observed))
        };
        use State::{Killed, Running, Staging};
        assert_eq!(of(&[Running, Running, Running]), ("web running 3/3".into(), (1, 1)));
        assert_eq!(of(&[Running, Killed, Running]), ("web running 2/3 1 stopped".into(), (0, 1)));
        assert_eq!(of(&[Running, Running]), ("web running 2/3 1 is gone".into(), (0, 1)));
        let both = "web running 1/3 1 stopped, 1 is gone";
        assert_eq!(of(&[Running, Killed]), (both.into(), (0, 1)));
        // The others may not be there yet.
        assert_eq!(of(&[Running, Staging]), ("web staging 1/3".into(), (0, 1)));
        assert_eq!(of(&[]), ("web killed 0/3".into(), (0, 1)));
    }

    #[test]
    fn instances_are_counted_unless_there_is_to_be_one() {
        let observed = Observed {
            instances: vec![
                instance("db", "db-1", State::Running),
                instance("web", "web-1", State::Running),
                instance("web", "web-2", State::Staging),
            ],
        };
        let kept = json!({"containers": [
            {"id": "web", "state": "staging", "instances": 3},
            {"id": "db", "state": "running", "instances": 1},
        ]});
        let lines =
            "CONTAINER  STATE        ENDPOINTS\nweb        staging 1/3\ndb         running\n";
        assert_eq!(containers(&kept, &observed), lines);
        // Only the engine knows it.
        let bare = json!({"containers": [{"id": "web", "state": "staging"}, {"id": "db", "state": "running"}]});
        assert_eq!(containers(&bare, &observed), lines.replace("1/3", "1/2"));
    }

    #[test]
    fn an_endpoint_says_where_a_port_is_reached() {
        let of = |host: &str, at: u16, protocol: &str, name: Option<&str>| {
            let name = name.map(str::to_owned);
            let host = host.to_owned();
            let protocol = protocol.to_owned();
            let endpoint_ = Endpoint { host, host_port: at, container_port: 80, protocol, name };
            endpoint(&json!(endpoint_))
        };
        assert_eq!(of("localhost", 80, "tcp", None), "localhost:80");
        assert_eq!(of("localhost", 32768, "udp", Some("dns")), "localhost:32768 -> 80/udp dns");
        assert_eq!(of("fd00::1", 80, "tcp", None), "[fd00::1]:80");
    }
}
