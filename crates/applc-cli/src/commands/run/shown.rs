//! Containers and their states in lines for people.

use applc_run::Observed;
use serde_json::Value;

/// Aligns the columns of a table. The last one is not padded.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
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
        let reason = reason.and_then(|instance| instance.why.clone()).unwrap_or_default();
        let endpoints = container.get("endpoints").and_then(Value::as_array);
        let endpoints: Vec<String> = endpoints.into_iter().flatten().map(endpoint).collect();
        rows.push(vec![id.to_owned(), state.to_owned(), endpoints.join(", "), reason]);
    }
    let mut head = ["CONTAINER", "STATE", "ENDPOINTS", "REASON"].map(str::to_owned).to_vec();
    if rows.iter().all(|row| row.last().is_none_or(String::is_empty)) {
        head.pop();
    }
    rows.insert(0, head);
    table(&rows)
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

/// The number of ready containers of an appliance among those that are known.
pub fn summary(appliance: &Value) -> (usize, usize) {
    let containers = appliance.get("containers").and_then(Value::as_array);
    let states = containers.into_iter().flatten().map(|container| container.get("state"));
    let states: Vec<&str> = states.filter_map(|state| state.and_then(Value::as_str)).collect();
    let ready = states.iter().filter(|state| matches!(**state, "running" | "success")).count();
    (ready, states.len())
}

#[cfg(test)]
mod tests {
    use applc_run::Endpoint;
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_aligned_by_characters() {
        let rows = [vec!["é".into(), "a".into()], vec!["long".into(), String::new()]];
        assert_eq!(table(&rows), "é     a\nlong\n");
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
