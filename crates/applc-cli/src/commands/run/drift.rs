//! `applc status --drift`.

use applc_run::{Action, Appliances, Change, Engine, Error};
use serde_json::{Value, json};

use super::shown;
use crate::Status;
use crate::args::StatusFormat;
use crate::terminal::{self, note, show_json};

/// Prints how what runs of an appliance differs from what was handed over.
pub fn show(
    appliances: &Appliances,
    engine: &dyn Engine,
    id: &str,
    format: StatusFormat,
) -> Result<Status, Error> {
    let drift = appliances.drift(engine, id)?;
    let printed = match format {
        StatusFormat::Json => {
            let drift: Vec<Value> = drift.iter().map(document).collect();
            let document = json!({"id": id, "target": engine.target(), "drift": drift});
            show_json(&document)
        }
        StatusFormat::Human if drift.is_empty() => {
            note(&format!("{id}: no drift"));
            Status::Clean
        }
        StatusFormat::Human => terminal::show(&table(&drift)),
    };
    let is_clean = drift.is_empty() || printed != Status::Clean;
    Ok(if is_clean { printed } else { Status::Changes })
}

fn document(change: &Change) -> Value {
    let repair = (change.action != Action::Kept).then_some(change.action);
    json!({"container": change.container, "why": change.why, "repair": repair})
}

fn table(drift: &[Change]) -> String {
    let mut rows = vec![["CONTAINER", "REPAIR", "DRIFT"].map(str::to_owned).to_vec()];
    rows.extend(drift.iter().map(|change| {
        let repair = match change.action {
            Action::Kept => "none",
            action => action.word(),
        };
        vec![change.container.clone(), repair.to_owned(), change.why.clone()]
    }));
    shown::table(&rows)
}
