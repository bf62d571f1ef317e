//! Start order: init containers that wait, and the permission to query jobs.

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

/// The name of the ServiceAccount, the Role and the RoleBinding of pods that wait for jobs.
pub const ACCOUNT: &str = "wait-for-jobs";

/// The mount path of the account's token and the API server's certificate.
const ACCESS: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The jobs that other containers wait for, and must be allowed to query.
#[derive(Default)]
pub struct AwaitedJobs {
    /// By name, with the place of the id.
    jobs: BTreeMap<Arc<str>, Span>,
    cron_jobs: BTreeMap<Arc<str>, Span>,
}

/// The init containers of a pod that wait, and the volume that they need.
#[derive(Default)]
pub struct PodWaits {
    pub init_containers: Vec<InitContainer>,
    /// The name of the volume with the API credentials, if a job is waited for.
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
        awaited: &mut AwaitedJobs,
    ) -> PodWaits {
        let WaitBuilder { plan, network, settings } = self;
        let mut waits = PodWaits::default();
        let mut names = HashSet::from([name.to_owned()]);
        for Dependency { on, span } in &container.dependencies {
            let Some(other) = plan.containers.get(*on) else { continue };
            let other_name = network.name(*on);
            let wait_name = free_name(&format!("wait-for-{}", *other_name), "", &mut names);
            let from = |text| Composed::new(text, *span, vec![other.id.span]);
            let wait = match other.job() {
                None => InitContainer {
                    name: from(wait_name),
                    image: settings.wait_image.clone(),
                    command: shell(from(until_ready(&other_name, &network.ready_name(*on)))),
                    access: None,
                },
                Some(job) => {
                    let repeating = job.is_repeating();
                    let set = if repeating { &mut awaited.cron_jobs } else { &mut awaited.jobs };
                    set.insert(other_name.value.clone(), other.id.span);
                    let volume = waits
                        .access
                        .get_or_insert_with(|| {
                            Traced::new(free_name("api-access", "", volumes), *span)
                        })
                        .clone();
                    let mut script =
                        from(until_succeeded(&other_name, &settings.namespace, repeating));
                    script.also.push(job.repeats.span);
                    script.also.extend(settings.namespace.from.place());
                    InitContainer {
                        name: from(wait_name),
                        image: settings.job_wait_image.clone(),
                        command: shell(script),
                        access: Some(Mount {
                            name: volume,
                            path: Traced::new(ACCESS.to_owned(), *span),
                            read_only: Traced::new(true, *span),
                        }),
                    }
                }
            };
            waits.init_containers.push(wait);
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

/// A script that waits until a pod of a Service is ready: only then does a headless Service
/// have addresses.
///
/// `nslookup` of BusyBox does not use the search domains, the first of which is the domain of
/// the pod's namespace; `getent` does.
fn until_ready(name: &str, host: &str) -> String {
    format!(
        "domain=$(sed -n 's/^search \\([^ ]*\\).*/\\1/p' /etc/resolv.conf); \
         until getent hosts {host} >/dev/null 2>&1 || nslookup {host}.$domain. >/dev/null 2>&1; \
         do echo 'waiting for {name}'; sleep 2; done"
    )
}

/// A script that waits until a job has succeeded, which only the API server knows.
fn until_succeeded(name: &str, namespace: &str, repeating: bool) -> String {
    let (resource, sign) = match repeating {
        false => ("jobs", "\"type\":\"Complete\",\"status\":\"True\""),
        true => ("cronjobs", "\"lastSuccessfulTime\":"),
    };
    format!(
        "until curl -sS --cacert {ACCESS}/ca.crt -H \"Authorization: Bearer $(cat {ACCESS}/token)\" \
         https://kubernetes.default.svc/apis/batch/v1/namespaces/{namespace}/{resource}/{name} \
         | tr -d ' \\n' | grep -q '{sign}'; \
         do echo 'waiting for {name}'; sleep 2; done"
    )
}

/// A script that waits until a point in time.
fn until_start(start: &StartTime) -> String {
    format!(
        "echo 'waiting for {}'; until [ \"$(date +%s)\" -ge {} ]; do sleep 1; done",
        start.text,
        cron::unix_time(start)
    )
}

/// The objects that allow pods to query the jobs they wait for, and nothing else.
pub fn objects(
    awaited: &AwaitedJobs,
    namespace: &Traced<Arc<str>>,
    meta: impl Fn() -> Meta,
) -> Vec<Object> {
    let rules: Vec<Rule> = [("jobs", &awaited.jobs), ("cronjobs", &awaited.cron_jobs)]
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(resource, names)| Rule {
            api_group: "batch",
            resource,
            names: names.iter().map(|(name, id)| Traced::new(name.to_string(), *id)).collect(),
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
            role: ACCOUNT,
            account: ACCOUNT,
            namespace: namespace.clone(),
        }),
    ]
}
