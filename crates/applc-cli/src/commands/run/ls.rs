//! `applc ls`.

use applc::printable;
use applc_run::Listed;
use serde_json::{Value, json};

use super::{appliances, failed, shown};
use crate::Status;
use crate::args::{ListFormat, Ls, StatusFormat};
use crate::terminal::{note, print};

/// What stands in the place of the file of an appliance that came over HTTP.
const OVER_HTTP: &str = "(submitted over HTTP)";

/// Lists all appliances that engines or this machine know.
pub fn run(arguments: &Ls) -> Status {
    list(|all| match arguments.format {
        ListFormat::Human => table(all),
        ListFormat::Json => Some(document(all.into_iter().map(entry).collect())),
    })
}

/// Prints the states of all appliances: in a table, or those that are not down as the API has them.
pub fn all(format: StatusFormat) -> Status {
    list(|all| match format {
        StatusFormat::Human => table(all),
        StatusFormat::Json => {
            let up = all.into_iter().filter(|one| !one.is_down).map(|one| one.appliance);
            Some(document(up.collect()))
        }
    })
}

fn document(all: Vec<Value>) -> String {
    printable::json(&format!("{:#}\n", Value::Array(all))).into_owned()
}

/// Prints what `text` makes of all appliances, and tells which engines do not answer.
fn list(text: impl FnOnce(Vec<Listed>) -> Option<String>) -> Status {
    let appliances = match appliances() {
        Ok(appliances) => appliances,
        Err(status) => return status,
    };
    let (all, failures) = appliances.list();
    let is_empty = all.is_empty();
    let status = match text(all) {
        Some(text) => print(&text),
        None => {
            if is_empty && failures.is_empty() {
                note("no appliances; `applc up` brings one up");
            }
            Status::Clean
        }
    };
    failures.iter().map(failed).max().unwrap_or(Status::Clean).max(status)
}

/// The table of appliances, if there are any.
fn table(all: Vec<Listed>) -> Option<String> {
    if all.is_empty() {
        return None;
    }
    let mut rows = vec![["APPLIANCE", "TARGET", "STATE", "FILE"].map(str::to_owned).to_vec()];
    for one in all {
        let (ready, containers) = shown::summary(&one.appliance, &one.observed);
        let state =
            if one.is_down { "down".to_owned() } else { format!("{ready}/{containers} ready") };
        let file = match one.over_http {
            true => OVER_HTTP.to_owned(),
            false => one.file.unwrap_or_default(),
        };
        rows.push(vec![one.id, one.target, state, file]);
    }
    Some(shown::table(&rows))
}

/// An appliance in a document for programs.
fn entry(one: Listed) -> Value {
    let (ready, containers) = shown::summary(&one.appliance, &one.observed);
    json!({
        "id": one.id,
        "target": one.target,
        "down": one.is_down,
        "ready": if one.is_down { 0 } else { ready },
        "containers": containers,
        "file": one.file,
        "over_http": one.over_http,
    })
}
