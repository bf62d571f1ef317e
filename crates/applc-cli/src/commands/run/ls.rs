//! `applc ls`.

use serde_json::Value;

use super::{appliances, failed, shown};
use crate::Status;
use crate::args::StatusFormat;
use crate::terminal::{note, print};

/// Lists all appliances that engines or this machine know.
pub fn list(format: StatusFormat) -> Status {
    let appliances = match appliances() {
        Ok(appliances) => appliances,
        Err(status) => return status,
    };
    let (all, failures) = appliances.list();
    let status = match format {
        StatusFormat::Json => {
            let up = all.into_iter().filter(|one| !one.is_down).map(|one| one.appliance);
            print(&format!("{:#}\n", Value::Array(up.collect())))
        }
        StatusFormat::Human if all.is_empty() && failures.is_empty() => {
            note("no appliances; `applc up` brings one up");
            Status::Clean
        }
        StatusFormat::Human if all.is_empty() => Status::Clean,
        StatusFormat::Human => {
            let mut rows =
                vec![["APPLIANCE", "TARGET", "STATE", "FILE"].map(str::to_owned).to_vec()];
            for one in all {
                let (ready, containers) = shown::summary(&one.appliance);
                let state = if one.is_down {
                    "down".to_owned()
                } else {
                    format!("{ready}/{containers} ready")
                };
                rows.push(vec![one.id, one.target, state, one.file.unwrap_or_default()]);
            }
            print(&shown::table(&rows))
        }
    };
    failures.iter().map(failed).max().unwrap_or(Status::Clean).max(status)
}
