//! `applc status --timeline`.

use applc_run::{Appliances, Engine, Link, Observed, Row, Timeline};
use serde_json::json;

use super::shown;
use crate::Status;
use crate::args::StatusFormat;
use crate::terminal::{self, show_json};

/// The seconds of a row in one phase.
type Phase = fn(&Row) -> Option<f64>;

/// The columns of the phases, which are left out if no instance has them.
const PHASES: [(&str, Phase); 6] = [
    ("WAITING", |row| row.waiting),
    ("PULLING", |row| row.pulling),
    ("STARTING", |row| row.starting),
    ("CHECKING", |row| row.checking),
    ("RUNNING", |row| row.running),
    ("TOTAL", |row| row.total),
];

/// Prints what the instances of an appliance did until they were ready.
pub fn show(
    appliances: &Appliances,
    engine: &dyn Engine,
    id: &str,
    observed: &Observed,
    format: StatusFormat,
) -> Status {
    let timeline = appliances.timeline(engine, id, observed);
    match format {
        StatusFormat::Json => {
            let Timeline { instances, chain } = &timeline;
            let document = json!({
                "id": id, "target": engine.target(), "instances": instances, "chain": chain,
            });
            show_json(&document)
        }
        StatusFormat::Human => {
            terminal::show(&(table(&timeline.instances) + &chain(&timeline.chain)))
        }
    }
}

fn table(rows: &[Row]) -> String {
    let phases: Vec<_> =
        PHASES.iter().filter(|(_, of)| rows.iter().any(|row| of(row).is_some())).collect();
    let mut head = ["CONTAINER", "INSTANCE", "STATE", "BEGAN"].map(str::to_owned).to_vec();
    head.extend(phases.iter().map(|(name, _)| (*name).to_owned()));
    let line = |row: &Row| {
        let began = row.began.map(|began| format!("{began:.0}")).unwrap_or_default();
        let (container, instance) = (row.container.clone(), row.instance.clone());
        let mut line = vec![container, instance, row.state.word().to_owned(), began];
        line.extend(phases.iter().map(|(_, of)| of(row).map(span).unwrap_or_default()));
        line
    };
    let lines: Vec<_> = std::iter::once(head).chain(rows.iter().map(line)).collect();
    shown::table(&lines)
}

/// The chain from its end, each container below the one that waited for it.
fn chain(links: &[Link]) -> String {
    if links.is_empty() {
        return String::new();
    }
    let mut text = String::from(
        "\nWhat took longest: when each was ready (@), and the time that it took itself (+)\n",
    );
    for (depth, link) in links.iter().rev().enumerate() {
        let branch = match depth {
            0 => String::new(),
            depth => format!("{}└─", "  ".repeat(depth - 1)),
        };
        let Link { container, at, took } = link;
        text.push_str(&format!("{branch}{container} @{} +{}\n", span(*at), span(*took)));
    }
    text
}

/// A time span in the units that it is read in.
fn span(seconds: f64) -> String {
    let whole = seconds.round();
    if seconds < 60.0 {
        format!("{seconds:.1}s")
    } else if whole < 3600.0 {
        format!("{:.0}min {:.0}s", (whole / 60.0).floor(), whole % 60.0)
    } else {
        let minutes = (seconds / 60.0).round();
        format!("{:.0}h {:.0}min", (minutes / 60.0).floor(), minutes % 60.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_in_the_units_that_they_are_read_in() {
        let spans = [0.04, 59.9, 60.0, 125.4, 3599.6, 7260.0].map(span);
        assert_eq!(spans, ["0.0s", "59.9s", "1min 0s", "2min 5s", "1h 0min", "2h 1min"]);
    }

    #[test]
    fn the_chain_is_told_from_its_end() {
        let link = |container: &str, at, took| Link { container: container.into(), at, took };
        let links = [link("db", 6.5, 6.5), link("api", 7.0, 0.5), link("web", 9.0, 2.0)];
        let text = chain(&links);
        let lines: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(lines, ["web @9.0s +2.0s", "└─api @7.0s +0.5s", "  └─db @6.5s +6.5s"]);
        assert_eq!(chain(&[]), "");
    }
}
