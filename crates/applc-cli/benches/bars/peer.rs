//! kompose, which converts Compose files to Kubernetes objects, beside `compile --target kubernetes`.

use std::path::Path;

use crate::measure::{Program, pairs};
use crate::table::Table;
use crate::{APPLC, applc};

/// The variable with the path of kompose. Without it, the one on the search path is used.
const VARIABLE: &str = "KOMPOSE";

/// Compares the CPU time for an appliance, if there is a kompose. It gets what applc writes for
/// Compose, so that both describe the same containers.
pub fn compare(appliance: &str, folder: &Path, table: &mut Table) {
    table.heading("1,000 containers to Kubernetes: kompose");
    let kompose = std::env::var(VARIABLE).unwrap_or_else(|_| "kompose".to_owned());
    let is_there = std::process::Command::new(&kompose).arg("version").output().is_ok();
    if !is_there {
        let missing = format!("skipped: not on the search path, and {VARIABLE} is not set");
        table.figure("kompose", &missing);
        return;
    }
    let input = folder.join("compose.yaml").display().to_string();
    let written = Program::new(APPLC, &["compile", "-t", "compose", appliance, "-o", &input]);
    written.run();
    let output = folder.join("kompose.yaml").display().to_string();
    let kompose = Program::new(&kompose, &["convert", "-f", &input, "-o", &output]);
    let found = pairs(5, &kompose, &applc(&["compile", "-t", "kubernetes", appliance]));
    let figure =
        format!("{:.0} ms, applc {:.1} ms: {:.1} times", found.one.ms, found.other.ms, found.ratio);
    table.figure("kompose", &figure);
}
