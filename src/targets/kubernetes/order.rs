//! Start order: init containers that wait, and the permission to read what they wait for.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::model::{InitContainer, Meta, Mount, Object, Role, RoleBinding, Rule, ServiceAccount};
use super::network::{Network, free_name};
use super::options::Settings;
use super::text::{self, escaped};
use crate::plan::{Container, Dependency, Plan, StartTime};
use crate::render::{Composed, Traced};
use crate::source::Span;
use crate::targets::cron;

/// The name of the ServiceAccount, the Role and the RoleBinding of pods that wait.
const ACCOUNT: &str = "wait-for-dependencies";

/// The start of a script that waits: without it, a pod that waits ends only when its grace period
/// does.
const STOP: &str = "trap 'exit 1' TERM;";

/// The name of the account of pods that wait.
pub fn account(plan: &Plan, settings: &Settings) -> Traced<Arc<str>> {
    settings.names.object(&Traced::new(ACCOUNT.into(), plan.id.span))
}

/// The mount path of the account's token and the API server's certificate.
const ACCESS: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// A resource of the API that pods wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Awaited {
    Deployment,
    Job,
    CronJob,
}

impl Awaited {
    fn of(container: &Container) -> Awaited {
        match container.job() {
            None => Awaited::Deployment,
            Some(job) if job.is_repeating() => Awaited::CronJob,
            Some(_) => Awaited::Job,
        }
    }

    /// Its group, and its name in the API.
    fn resource(self) -> (&'static str, &'static str) {
        match self {
            Awaited::Deployment => ("apps", "deployments"),
            Awaited::Job => ("batch", "jobs"),
            Awaited::CronJob => ("batch", "cronjobs"),
        }
    }
}

/// The objects that pods wait for and must be allowed to read: by kind and name, with the place
/// of the id.
#[derive(Default)]
pub struct AwaitedObjects(BTreeMap<Awaited, BTreeMap<Arc<str>, Span>>);

/// The init containers of a pod that wait, and the volume that they need.
#[derive(Default)]
pub struct PodWaits {
    pub init_containers: Vec<InitContainer>,
    /// The name of the volume with the API credentials, if a dependency is waited for.
    pub access: Option<Traced<String>>,
}

/// Builds the init containers that wait.
pub struct WaitBuilder<'a> {
    pub plan: &'a Plan,
    pub network: &'a Network,
    pub settings: &'a Settings,
}

impl WaitBuilder<'_> {
    /// The init containers of a container: one for each dependency, in their order, and one for
    /// the start time of a job. `name` is the name of the container, `volumes` are the names of
    /// the pod's volumes.
    pub fn lower(
        &self,
        container: &Container,
        name: &str,
        volumes: &mut HashSet<String>,
        awaited: &mut AwaitedObjects,
    ) -> PodWaits {
        let WaitBuilder { plan, network, settings } = self;
        let mut waits = PodWaits::default();
        let mut names = HashSet::from([name.to_owned()]);
        for Dependency { on, span } in &container.dependencies {
            let Some(other) = plan.containers.get(*on) else { continue };
            let other_name = network.name(*on);
            let wait_name = format!("wait-for-{}", *network.label(*on));
            let wait_name = free_name(&wait_name, "", &mut names);
            let from = |text| Composed::new(text, *span, vec![other.id.span]);
            let kind = Awaited::of(other);
            let objects = awaited.0.entry(kind).or_default();
            objects.insert(other_name.value.clone(), other.id.span);
            let new_volume = || Traced::new(free_name("api-access", "", volumes), *span);
            let volume = waits.access.get_or_insert_with(new_volume).clone();
            let mut script = from(until_ready(kind, &other_name, &settings.namespace));
            script.also.push(other.job().map_or(other.kind_span, |job| job.repeats.span));
            script.also.extend(settings.namespace.from.place());
            waits.init_containers.push(InitContainer {
                name: from(wait_name),
                image: settings.wait_image.clone(),
                command: shell(script),
                access: Some(Mount {
                    name: volume,
                    path: Traced::new(ACCESS.to_owned(), *span),
                    sub_path: None,
                    read_only: Traced::new(true, *span),
                }),
            });
        }
        if let Some(start) = container.job().and_then(|job| job.start.as_ref()) {
            let from = |text| Composed::new(text, start.span, Vec::new());
            waits.init_containers.push(InitContainer {
                name: from(free_name("wait-for-start", "", &mut names)),
                image: settings.wait_image.clone(),
                command: shell(from(until_start(&start.value))),
                access: None,
            });
        }
        waits
    }
}

fn shell(script: Composed) -> Vec<Composed> {
    text::shell(Composed { value: escaped(&script.value), ..script })
}

/// A script that waits until a Deployment has all its instances ready, or a job has succeeded, and
/// fails if it has failed for good. Only the API server knows: the DNS of the cluster tells whether
/// one instance is ready, but not whether all are, and with a delay.
///
/// The number of instances is not part of the script, so that a change of it does not restart the
/// containers that depend on it. A repeating job that fails is run again.
///
/// The first process of a container ignores signals that it does not handle, so the script must
/// handle the one that ends a pod.
fn until_ready(kind: Awaited, name: &str, namespace: &str) -> String {
    let (group, resource) = kind.resource();
    let asks = format!(
        "curl -fsS -m 10 --cacert {ACCESS}/ca.crt -H \"Authorization: Bearer $(cat {ACCESS}/token)\" \
         https://kubernetes.default.svc/apis/{group}/v1/namespaces/{namespace}/{resource}/{name} \
         | tr -d ' \\n'"
    );
    let waits = format!("echo 'waiting for {name}'; sleep 2");
    match kind {
        // In the order of the fields of `DeploymentSpec` and `DeploymentStatus`.
        Awaited::Deployment => format!(
            "{STOP} until {asks} | grep -q -e '\"spec\":{{\"replicas\":0,' \
             -e '\"spec\":{{\"replicas\":\\([0-9]*\\),.*\"readyReplicas\":\\1[,}}]'; do {waits}; done"
        ),
        Awaited::Job => format!(
            "{STOP} until end=$({asks} | grep -oE '\"type\":\"(Complete|Failed)\",\"status\":\"True\"'); \
             do {waits}; done; \
             case $end in *Failed*) echo '{name} has failed'; exit 1;; esac"
        ),
        Awaited::CronJob => {
            format!("{STOP} until {asks} | grep -q '\"lastSuccessfulTime\":'; do {waits}; done")
        }
    }
}

/// A script that waits until a point in time.
fn until_start(start: &StartTime) -> String {
    format!(
        "{STOP} echo 'waiting for {}'; until [ \"$(date +%s)\" -ge {} ]; do sleep 1; done",
        start.text,
        cron::unix_time(start)
    )
}

/// The objects that allow pods to read what they wait for, and nothing else.
pub fn objects(
    awaited: &AwaitedObjects,
    account: &Traced<Arc<str>>,
    namespace: &Traced<Arc<str>>,
    meta: impl Fn() -> Meta,
) -> Vec<Object> {
    let rules: Vec<Rule> = awaited
        .0
        .iter()
        .map(|(kind, names)| {
            let (api_group, resource) = kind.resource();
            let names = names.iter().map(|(name, id)| Traced::new(name.to_string(), *id)).collect();
            Rule { api_group, resource, names }
        })
        .collect();
    if rules.is_empty() {
        return Vec::new();
    }
    vec![
        Object::ServiceAccount(ServiceAccount { meta: meta() }),
        Object::Role(Role { meta: meta(), rules }),
        Object::RoleBinding(RoleBinding {
            meta: meta(),
            role: account.clone(),
            account: account.clone(),
            namespace: namespace.clone(),
        }),
    ]
}
