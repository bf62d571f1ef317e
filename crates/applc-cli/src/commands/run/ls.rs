//! `applc ls`.

use std::collections::BTreeMap;

use applc_run::{Error, Observed, SUPPORTED, engine};
use serde_json::Value;

use super::{failed, folder, shown, status};
use crate::Status;
use crate::args::StatusFormat;
use crate::terminal::{note, print};

/// Lists all appliances that engines or this machine know.
pub fn list(format: StatusFormat) -> Status {
    let folder = match folder() {
        Ok(folder) => folder,
        Err(status) => return status,
    };
    let mut rows = Vec::new();
    let mut all = Vec::new();
    let mut failures: Vec<Error> = Vec::new();
    let mut records: BTreeMap<(String, String), _> = BTreeMap::new();
    for record in folder.all() {
        records.insert((record.target.clone(), record.id.clone()), record);
    }
    for target in SUPPORTED {
        let known = match engine(target).and_then(|engine| engine.list()) {
            Ok(known) => known,
            Err(error) => {
                failures.push(error);
                continue;
            }
        };
        let mut found: BTreeMap<String, Observed> =
            known.into_iter().map(|known| (known.id, known.observed)).collect();
        for (of, id) in records.keys() {
            if of == target {
                found.entry(id.clone()).or_default();
            }
        }
        for (id, observed) in found {
            let record = records.get(&((*target).to_owned(), id.clone()));
            let is_down = observed.instances.is_empty();
            let appliance = status::appliance(&folder, &id, target, &observed);
            let (ready, containers) = shown::summary(&appliance);
            let state =
                if is_down { "down".to_owned() } else { format!("{ready}/{containers} ready") };
            let file = record.map_or("", |record| record.file.as_str());
            rows.push(vec![id, (*target).to_owned(), state, file.to_owned()]);
            if !is_down {
                all.push(appliance);
            }
        }
    }
    let status = match format {
        StatusFormat::Json => print(&format!("{:#}\n", Value::Array(all))),
        StatusFormat::Human if rows.is_empty() && failures.is_empty() => {
            note("no appliances; `applc up` brings one up");
            Status::Clean
        }
        StatusFormat::Human if rows.is_empty() => Status::Clean,
        StatusFormat::Human => {
            let head = ["APPLIANCE", "TARGET", "STATE", "FILE"].map(str::to_owned).to_vec();
            rows.insert(0, head);
            print(&shown::table(&rows))
        }
    };
    failures.iter().map(failed).max().unwrap_or(Status::Clean).max(status)
}
