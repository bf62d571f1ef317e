//! Files of a project that are no appliances, given where one is expected.

use std::path::Path;
use std::sync::Arc;

use applc::diag::{Diagnostic, Report, codes};
use applc::kind::{self, Base, Reserved};
use applc::project::Project;
use applc::source::{Source, Span};

use crate::Status;
use crate::disk::{STDIN, shown};
use crate::reporter::Reporter;

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
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let message = match Reserved::of_name(name) {
        Some(Reserved::Project) => {
            Some("this is the project file; run `applc check` in its folder".to_owned())
        }
        Some(Reserved::Lock) => Some("this is the lock file; `applc lock` writes it".to_owned()),
        Some(Reserved::Record) => Some("this is applc's record of its outputs".to_owned()),
        Some(Reserved::Target) | None => project.and_then(|project| of_overlay(file, project)),
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
        let below = |name: &String| {
            folder.map_or_else(|| name.clone(), |folder| format!("{folder}/{name}"))
        };
        let files: Vec<String> = names.iter().map(below).collect();
        let appliances = files.iter().map(String::as_str);
        let appliances = appliances.filter(|file| project.has_appliance(file));
        let overlays = kind::overlays(project, appliances);
        let Base { file, environment } = overlays.get(&overlay)?.first()?;
        let name = file.rsplit('/').next().unwrap_or(file);
        Some(match environment {
            Some(environment) => format!(
                "this is an overlay of `{name}` in `{environment}`; check that file with `--env {environment}`"
            ),
            None => format!("this is an overlay of `{name}`; check that file"),
        })
    })
}
