//! Files of a project that are no appliances, given where one is expected.

use std::path::Path;
use std::sync::Arc;

use applc::diag::{Diagnostic, Report, codes};
use applc::project::{FILE_NAME, LOCK_NAME, Project};
use applc::scope::Scope;
use applc::source::{Source, Span};

use crate::Status;
use crate::disk::{STDIN, shown};
use crate::reporter::Reporter;
use crate::whole::record;

/// Reports a file that has another meaning than that of an appliance: to read it as one would find nothing but
/// misleading errors.
///
/// # Errors
/// The exit status, if so.
pub fn check(
    file: &str,
    project: Option<&Arc<Project>>,
    reporter: &mut Reporter,
) -> Result<(), Status> {
    let path = Path::new(file);
    if file == STDIN || !path.is_file() {
        return Ok(());
    }
    let message = match path.file_name().and_then(|name| name.to_str()) {
        Some(FILE_NAME) => {
            Some("this is the project file; run `applc check` in its folder".to_owned())
        }
        Some(LOCK_NAME) => Some("this is the lock file; `applc lock` writes it".to_owned()),
        Some(record::NAME) => Some("this is applc's record of its outputs".to_owned()),
        _ => project.and_then(|project| of_overlay(file, project)),
    };
    let Some(message) = message else { return Ok(()) };
    let found = Diagnostic::new(&codes::UNREADABLE, Span::at(0), message);
    Err(reporter.add(Report::of(Source::new(file, ""), found)))
}

/// Says whose overlay a file is. `None` if it is none, or an appliance.
fn of_overlay(file: &str, project: &Arc<Project>) -> Option<String> {
    let absolute = std::path::absolute(file).ok()?;
    // The files of a project are named from the working directory, if they are in it.
    [shown(&absolute), absolute].iter().find_map(|path| {
        let overlay = path.to_string_lossy().replace('\\', "/");
        if project.has_appliance(&overlay) {
            return None;
        }
        let folder = overlay.rsplit_once('/').map(|(folder, _)| folder);
        let on_disk = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let beside = std::fs::read_dir(on_disk.unwrap_or(Path::new("."))).ok()?;
        let mut names: Vec<String> =
            beside.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        names.sort();
        names.iter().find_map(|name| {
            let base = folder.map_or(name.clone(), |folder| format!("{folder}/{name}"));
            if !project.has_appliance(&base) {
                return None;
            }
            let scopes = Scope::all(Some(project), &base, &[], |path| path == overlay);
            let mut scopes = scopes.iter().filter(|scope| !scope.changes.overlays.is_empty());
            Some(match &scopes.next()?.environment {
                Some(environment) => format!(
                    "this is an overlay of `{name}` in `{environment}`; check that file with `--env {environment}`"
                ),
                None => format!("this is an overlay of `{name}`; check that file"),
            })
        })
    })
}
