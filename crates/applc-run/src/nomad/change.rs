//! What registering jobs would change: Nomad's own plan, and what has to run again.

use serde_json::Value;

use crate::engine::{Action, Change};
use crate::state::{FaultKind, Observed, State};

use super::model::{Field, Group, GroupDiff, Job, Node, Part, Planned, RECORD_TASK, Spec};
use super::place::reason;
use super::wanted::Wanted;

/// Number of differences that are named.
const NAMED: usize = 3;

/// Length in characters of a value that is named.
const SHORT: usize = 40;

/// What becomes of a job.
#[derive(Debug)]
pub struct Step<'a> {
    pub wanted: &'a Wanted,
    /// The job that is registered.
    pub existing: Option<&'a (Job, Spec)>,
    /// What Nomad says about it.
    pub planned: Planned,
    /// Whether its last deployment failed, after which Nomad does not go on with it.
    pub is_given_up: bool,
}

impl Step<'_> {
    /// Whether the job is another one than that which is registered.
    pub fn is_changed(&self) -> bool {
        self.planned.diff.kind != "None"
    }

    /// What becomes of its containers.
    pub fn changes(&self, observed: &Observed, nodes: &[Node]) -> Vec<Change> {
        let groups = self.planned.diff.task_groups.iter();
        groups.map(|group| self.change(group, observed, nodes)).collect()
    }

    /// How what runs differs from the job, without what fails by itself: nobody has changed that.
    pub fn drift(&self, observed: &Observed, nodes: &[Node]) -> Vec<Change> {
        let is_drift = |group: &&GroupDiff| {
            let change = self.change(group, observed, nodes);
            match change.action {
                Action::Kept => false,
                Action::Restarted | Action::Unplaceable => !self.fails(group, observed),
                _ => true,
            }
        };
        let groups = self.planned.diff.task_groups.iter().filter(is_drift);
        groups.map(|group| self.change(group, observed, nodes)).collect()
    }

    /// Whether a group that is as it was handed over fails by itself.
    fn fails(&self, group: &GroupDiff, observed: &Observed) -> bool {
        let is_same = group.kind == "None" && !self.existing.is_some_and(|(job, _)| job.stop);
        let mut own = observed.of(&group.name);
        let is_killed = observed.of(&group.name).any(|one| one.state == State::Killed);
        let has_failed = own.any(|one| one.state == State::Failed);
        is_same && (has_failed || (self.is_given_up && !is_killed))
    }

    fn change(&self, group: &GroupDiff, observed: &Observed, nodes: &[Node]) -> Change {
        let (action, why) = self.action(group, observed, nodes);
        Change { container: group.name.clone(), action, why }
    }

    fn action(&self, group: &GroupDiff, observed: &Observed, nodes: &[Node]) -> (Action, String) {
        let will = |word: &str| group.updates.get(word).is_some_and(|count| *count > 0);
        let is_deleted = group.kind == "Deleted";
        if let Some(unplaced) = self.planned.failed.get(&group.name).filter(|_| !is_deleted) {
            let spec = group_of(self.wanted, &group.name);
            return (Action::Unplaceable, reason(unplaced, &spec, nodes));
        }
        let existed = |group: &GroupDiff| {
            let spec = self.existing.map(|(_, spec)| spec);
            spec.is_some_and(|spec| spec.task_groups.iter().any(|own| own.name == group.name))
        };
        if is_deleted {
            return (Action::Removed, "not in the appliance".to_owned());
        }
        if !existed(group) {
            return (Action::Created, String::new());
        }
        if self.existing.is_some_and(|(job, _)| job.stop) {
            return (Action::Restarted, "was stopped".to_owned());
        }
        let count = group.fields.iter().find(|field| field.name == "Count" && field.kind != "None");
        let differences = differences(group, count.is_some());
        if let Some(count) = count.filter(|_| differences.is_empty()) {
            return (Action::Changed, format!("{} instances instead of {}", count.new, count.old));
        }
        let why = || match differences.is_empty() {
            true => listed(&fields("", &self.planned.diff.fields, &self.planned.diff.objects)),
            false => listed(&differences),
        };
        let is_edited = group.kind == "Edited" && !differences.is_empty();
        if will("create/destroy update") || will("canary") || (self.wanted.is_batch && is_edited) {
            return (Action::Replaced, why());
        }
        if is_edited {
            return (Action::Changed, why());
        }
        let broken = observed.of(&group.name).find(|one| is_broken(one.state));
        if let Some(one) = broken {
            let is_unplaced =
                one.fault.as_ref().is_some_and(|fault| fault.kind == FaultKind::Place);
            let action = if is_unplaced { Action::Unplaceable } else { Action::Restarted };
            let why = one.why.clone().unwrap_or_else(|| "it is not running".to_owned());
            return (action, why);
        }
        if self.is_given_up && observed.of(&group.name).any(|one| one.state == State::Staging) {
            return (Action::Restarted, "its last deployment failed".to_owned());
        }
        if will("create") && !self.wanted.is_batch {
            return (Action::Restarted, "an instance is missing".to_owned());
        }
        (Action::Kept, String::new())
    }
}

/// Whether an instance in this state has to be started again.
pub fn is_broken(state: State) -> bool {
    matches!(state, State::Failed | State::Killed)
}

/// A group of a job that is to run, as far as reasons need it.
fn group_of(wanted: &Wanted, name: &str) -> Group {
    let groups = wanted.job.get("TaskGroups").and_then(Value::as_array).into_iter().flatten();
    let group =
        groups.into_iter().find(|one| one.get("Name").and_then(Value::as_str) == Some(name));
    let group = group.map(without_nulls).unwrap_or_default();
    serde_json::from_value(group).unwrap_or_default()
}

/// A job that was not registered yet has `null` for what Nomad fills in.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        Value::Object(fields) => {
            let set = fields.iter().filter(|(_, value)| !value.is_null());
            set.map(|(name, value)| (name.clone(), without_nulls(value))).collect()
        }
        other => other.clone(),
    }
}

/// The changes of jobs that are gone from the appliance.
pub fn removed(jobs: &[(Job, Spec)], wanted: &[Wanted]) -> Vec<Change> {
    let is_gone = |job: &Job| wanted.iter().all(|wanted| wanted.id != job.id);
    let gone = jobs.iter().filter(|(job, _)| is_gone(job));
    let groups = gone.flat_map(|(_, spec)| &spec.task_groups);
    groups
        .map(|group| Change {
            container: group.name.clone(),
            action: Action::Removed,
            why: "not in the appliance".to_owned(),
        })
        .collect()
}

/// What differs in a group, except for the number of instances. How many are updated at once depends on that.
fn differences(group: &GroupDiff, without_update: bool) -> Vec<String> {
    let own: Vec<Field> =
        group.fields.iter().filter(|field| field.name != "Count").cloned().collect();
    let objects =
        group.objects.iter().filter(|object| !(without_update && object.name == "Update"));
    let mut all = fields("", &own, &objects.cloned().collect::<Vec<_>>());
    for task in &group.tasks {
        if task.kind == "None" {
            continue;
        }
        let of_task = fields("", &task.fields, &task.objects);
        match task.name == RECORD_TASK {
            // It names the version of the whole job.
            true if !all.is_empty() => {}
            _ if of_task.is_empty() => all.push(format!("task `{}`", task.name)),
            _ => all.extend(of_task),
        }
    }
    all
}

/// The fields that differ, each with its values if they are short.
fn fields(path: &str, own: &[Field], objects: &[Part]) -> Vec<String> {
    let mut all = Vec::new();
    for field in own.iter().filter(|field| field.kind != "None") {
        let name = match field.name.as_str() {
            "EmbeddedTmpl" => "what it waits for or refers to".to_owned(),
            name => format!("{path}{name}"),
        };
        let is_short = |text: &str| text.chars().count() <= SHORT && !text.contains('\n');
        all.push(match (field.old.as_str(), field.new.as_str()) {
            ("", new) if is_short(new) => format!("{name}: {new}"),
            (old, "") if is_short(old) => format!("{name}: no longer {old}"),
            (old, new) if is_short(old) && is_short(new) => {
                format!("{name}: {new} instead of {old}")
            }
            _ => name,
        });
    }
    for object in objects.iter().filter(|object| object.kind != "None") {
        let path = match object.name.as_str() {
            "Config" | "Resources" | "Template" => String::new(),
            name => format!("{name}."),
        };
        all.extend(fields(&path, &object.fields, &object.objects));
    }
    all
}

fn listed(all: &[String]) -> String {
    let mut unique: Vec<&str> = Vec::new();
    for one in all {
        if !unique.contains(&one.as_str()) {
            unique.push(one);
        }
    }
    let more = unique.len().saturating_sub(NAMED);
    let named = unique.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    match (named.is_empty(), more) {
        (true, _) => "its definition has changed".to_owned(),
        (false, 0) => named,
        (false, more) => format!("{named}, and {more} more"),
    }
}
