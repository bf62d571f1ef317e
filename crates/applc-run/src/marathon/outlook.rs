//! What handing an appliance over would do.

use serde_json::Value;

use crate::engine::{Action, Outlook};
use crate::error::{Error, ErrorKind};

use super::api::CONTAINER;
use super::change::{Changes, differing, why};
use super::chronos::Job;
use super::handover::Desired;
use super::shared::{Found, Shared, queued};
use super::states;

/// What becomes of each container. Marathon itself says what it would do with each app.
///
/// # Errors
/// Marathon does not answer or refuses.
pub fn outlook(
    shared: &Shared,
    wanted: &Desired,
    apps: &[Found],
    jobs: &[Job],
) -> Result<Outlook, Error> {
    let mut changes = Changes::default();
    let mut kept: Vec<&str> = Vec::new();
    let documents = group(wanted)?;
    let steps = match &wanted.group {
        Some(group) => shared.steps(group.clone())?,
        None => Default::default(),
    };
    let queue = if apps.is_empty() { Vec::new() } else { shared.queue()? };
    for document in &documents {
        let text = |path: &str| document.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let id = text("/id");
        // `~1` and `.` would be special in a pointer; the labels have neither.
        let labels = document.get("labels").and_then(|labels| labels.get(CONTAINER));
        let container = labels.and_then(Value::as_str).unwrap_or_default();
        let Some(found) = apps.iter().find(|found| found.app.id == id) else {
            changes.add(container, Action::Created, "");
            continue;
        };
        kept.push(id);
        let actions = steps.get(id).map(Vec::as_slice).unwrap_or_default();
        let has = |action: &str| actions.iter().any(|one| one == action);
        let no_place = queued(&queue, &found.app).and_then(states::no_place);
        if has("RestartApplication") {
            let mut fields = differing(document, &found.document);
            fields.retain(|field| field != "instances");
            changes.add(container, Action::Replaced, why(&fields));
        } else if has("ScaleApplication") {
            let number = document.get("instances").and_then(Value::as_u64).unwrap_or_default();
            let why = format!("{number} instances instead of {}", found.app.instances);
            changes.add(container, Action::Changed, why);
        } else if !actions.is_empty() {
            let fields = differing(document, &found.document);
            changes.add(container, Action::Changed, why(&fields));
        } else if let Some(reason) = no_place {
            changes.add(container, Action::Unplaceable, reason);
        } else {
            changes.add(container, Action::Kept, "");
        }
    }
    for found in apps.iter().filter(|found| !kept.contains(&found.app.id.as_str())) {
        changes.add(found.container(), Action::Removed, "not in the appliance");
    }
    add_jobs(&mut changes, wanted, jobs);
    let app = |found: &Found| format!("{} {}\n", found.app.id, found.app.version);
    let job = |job: &Job| format!("{}\n", job.basis());
    let basis = apps.iter().map(app).chain(jobs.iter().map(job)).collect();
    Ok(Outlook { changes: changes.all(), basis })
}

fn add_jobs(changes: &mut Changes, wanted: &Desired, jobs: &[Job]) {
    for job in &wanted.jobs {
        let Some(found) = jobs.iter().find(|found| found.name == job.name) else {
            changes.add(job.container(), Action::Created, "");
            continue;
        };
        let fields = found.differing(job);
        if !fields.is_empty() {
            changes.add(job.container(), Action::Replaced, why(&fields));
        } else if let Some(fault) = found.instance().fault {
            changes.add(job.container(), Action::Restarted, fault.reason);
        } else {
            changes.add(job.container(), Action::Kept, "");
        }
    }
    for found in jobs.iter().filter(|found| wanted.jobs.iter().all(|job| job.name != found.name)) {
        changes.add(found.container(), Action::Removed, "not in the appliance");
    }
}

/// The apps of the group.
fn group(wanted: &Desired) -> Result<Vec<Value>, Error> {
    let Some(text) = &wanted.group else { return Ok(Vec::new()) };
    let mut group: Value = serde_json::from_str(text).map_err(|_| {
        Error::new(ErrorKind::Folder, "what was written for Marathon is not a group")
    })?;
    Ok(match group.get_mut("apps").map(Value::take) {
        Some(Value::Array(apps)) => apps,
        _ => Vec::new(),
    })
}
