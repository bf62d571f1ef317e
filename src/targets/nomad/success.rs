//! Success of jobs: Nomad variables, which outlive the allocations of a job.
//!
//! A job that others wait for is a prestart task. Nomad starts the task after it only if it has
//! succeeded, and that task writes a variable of its instance: the version of the job. Templates
//! of other tasks wait for it. The version is a digest of the job, so that the success of a job
//! that has changed since does not count.

use std::collections::HashMap;

use serde_json::Value;

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, ContainerId};
use crate::render::{Composed, Model, Origin, Origins, Recorded};
use crate::source::Span;

use super::context::Context;
use super::helper;
use super::model::{Group, Task};
use super::names;

/// Maximum number of places that a version names.
const MAX_PLACES: usize = 100;

/// The versions of the jobs that others wait for, as far as they are known.
#[derive(Debug, Default)]
pub struct Versions(HashMap<ContainerId, Version>);

/// The version of a job.
#[derive(Debug, Clone)]
pub struct Version {
    digest: String,
    /// The places that the job is made of.
    places: Vec<Span>,
}

impl Version {
    /// The version of a job that consists of this group.
    pub fn of(group: &Group) -> Version {
        // Every value of a model has a form in JSON.
        let mut json = serde_json::to_value(group.value(&Origins::default())).unwrap_or_default();
        drop_unset(&mut json);
        let origins = Origins::new(Recorded::All);
        group.value(&origins);
        let mut places = origins.places();
        places.truncate(MAX_PLACES);
        Version { digest: names::digest(&json.to_string()), places }
    }
}

/// Removes fields that are not set, so that a new one in the model does not change every version.
fn drop_unset(json: &mut Value) {
    match json {
        Value::Object(fields) => {
            fields.values_mut().for_each(drop_unset);
            fields.retain(|_, value| !is_unset(value));
        }
        Value::Array(items) => items.iter_mut().for_each(drop_unset),
        _ => {}
    }
}

fn is_unset(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

impl Versions {
    /// Adds the version of a job.
    pub fn add(&mut self, job: ContainerId, version: Version) {
        self.0.insert(job, version);
    }

    /// The line of a template that waits until all instances of a job have succeeded, because of
    /// the dependency at `from`. `None` if the version of the job is unknown.
    pub fn wait(
        &self,
        context: &Context<'_>,
        job: ContainerId,
        container: &Container,
        from: Span,
    ) -> Option<Composed> {
        let Version { digest, places } = self.0.get(&job)?;
        let path = path(context, container, names::SUCCEEDED);
        let check = wait_unless("version", &format!("\"{digest}\""));
        let line = match container.instances.value {
            1 => format!("{{{{ with nomadVar \"{path}/0\" }}}}{check}{{{{ end -}}}}"),
            instances => format!(
                "{{{{ range loop {instances} }}}}{{{{ with nomadVar (printf \"{path}/%d\" .) }}}}{check}{{{{ end }}}}{{{{ end -}}}}"
            ),
        };
        let mut also = vec![container.id.span, container.instances.span, context.plan.id.span];
        also.extend(places);
        Some(Composed::new(line, from, also))
    }
}

/// Reports once what the tasks of an appliance must be allowed, if a container waits for a job.
pub fn report_access(context: &Context<'_>, versions: &Versions, findings: &mut Findings) {
    let containers = &context.plan.containers;
    let mut dependencies = containers.iter().flat_map(|container| &container.dependencies);
    let Some(first) = dependencies.find(|on| versions.0.contains_key(&on.on)) else { return };
    let namespace = context.options.some("namespace").unwrap_or("default");
    let message = "with ACLs, tasks must be allowed to read and write the variables `applc/*`, which record the success of jobs";
    findings.push(
        Diagnostic::new(&codes::CLUSTER_NEEDS, first.span, message).help(format!(
            "once for all appliances: `nomad acl policy apply -namespace {namespace} applc FILE` with the FILE `namespace \"{namespace}\" {{ variables {{ path \"applc/*\" {{ capabilities = [\"read\", \"write\"] }} }} }}`"
        )),
    );
}

/// The task that records that an instance of a job has succeeded.
pub fn record_task(context: &Context<'_>, container: &Container, version: &Version) -> Task {
    let Version { digest, places } = version;
    let items = format!("'{{\"Items\": {{\"version\": \"{digest}\"}}}}'");
    let mut also = vec![context.plan.id.span];
    also.extend(places);
    let script = put(context, container, names::SUCCEEDED, &items);
    let script = Composed::new(script, container.id.span, also);
    Task { identity: true, ..helper::task(context, names::RECORD_TASK, "record-image", script) }
}

/// The line of a script that signals to the other task of the allocation that it can start.
pub fn allow_start(context: &Context<'_>, container: &Container) -> String {
    let items = "\"{\\\"Items\\\": {\\\"allocation\\\": \\\"$NOMAD_ALLOC_ID\\\"}}\"";
    put(context, container, names::MAY_START, items)
}

/// The line of a template that waits for this signal.
pub fn wait_for_start(context: &Context<'_>, container: &Container, from: Origin) -> Composed {
    let path = path(context, container, names::MAY_START);
    let check = wait_unless("allocation", "(env \"NOMAD_ALLOC_ID\")");
    let line = format!(
        "{{{{ with nomadVar (printf \"{path}/%s\" (env \"NOMAD_ALLOC_INDEX\")) }}}}{check}{{{{ end -}}}}"
    );
    Composed::new(line, from, vec![container.id.span, context.plan.id.span])
}

/// The part of a template that waits unless an item of a variable has this value.
fn wait_unless(item: &str, value: &str) -> String {
    format!("{{{{ if ne .{item}.Value {value} }}}}{{{{ template \"wait\" }}}}{{{{ end }}}}")
}

/// A shell command that writes a variable of this instance through Nomad's task API. `items` is
/// a word of the shell: the variable as JSON.
fn put(context: &Context<'_>, container: &Container, name: &str, items: &str) -> String {
    let path = path(context, container, name);
    format!(
        "curl -sS --fail-with-body --unix-socket \"$NOMAD_SECRETS_DIR/api.sock\" \
         --oauth2-bearer \"$NOMAD_TOKEN\" --json {items} \
         \"http://localhost/v1/var/{path}/$NOMAD_ALLOC_INDEX?namespace=$NOMAD_NAMESPACE\""
    )
}

/// The path of a variable of a container, without the index of the instance.
fn path(context: &Context<'_>, container: &Container, name: &str) -> String {
    names::variable(&context.plan.id.value, &container.id.value, name)
}
