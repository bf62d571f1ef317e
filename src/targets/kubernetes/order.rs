//! Start order: init containers that wait, and the permission to query jobs.

use std::collections::{BTreeSet, HashSet};

use super::model::{InitContainer, Meta, Mount, Object, Role, RoleBinding, Rule, ServiceAccount};
use super::network::{Network, free_name};
use super::options::Settings;
use super::text::escaped;
use crate::plan::{Container, Dependency, Plan, StartTime};
use crate::targets::cron;

/// The name of the ServiceAccount, the Role and the RoleBinding of pods that wait for jobs.
pub const ACCOUNT: &str = "wait-for-jobs";

/// The mount path of the account's token and the API server's certificate.
const ACCESS: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The jobs that other containers wait for, and must be allowed to query.
#[derive(Default)]
pub struct AwaitedJobs {
    jobs: BTreeSet<String>,
    cron_jobs: BTreeSet<String>,
}

/// The init containers of a pod that wait, and the volume that they need.
#[derive(Default)]
pub struct PodWaits {
    pub init_containers: Vec<InitContainer>,
    /// The name of the volume with the API credentials, if a job is waited for.
    pub access: Option<String>,
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
        for Dependency { on, span: _ } in &container.dependencies {
            let Some(other) = plan.containers.get(*on) else { continue };
            let other_name = network.name(*on);
            let wait_name = free_name(&format!("wait-for-{other_name}"), "", &mut names);
            let wait = match other.job() {
                None => InitContainer {
                    name: wait_name,
                    image: settings.wait_image.clone(),
                    command: shell(&until_ready(other_name, network.ready_name(*on))),
                    access: None,
                },
                Some(job) => {
                    let repeating = job.is_repeating();
                    let set = if repeating { &mut awaited.cron_jobs } else { &mut awaited.jobs };
                    set.insert(other_name.to_owned());
                    let volume = waits
                        .access
                        .get_or_insert_with(|| free_name("api-access", "", volumes))
                        .clone();
                    InitContainer {
                        name: wait_name,
                        image: settings.job_wait_image.clone(),
                        command: shell(&until_succeeded(
                            other_name,
                            &settings.namespace,
                            repeating,
                        )),
                        access: Some(Mount {
                            name: volume,
                            path: ACCESS.to_owned(),
                            read_only: true,
                        }),
                    }
                }
            };
            waits.init_containers.push(wait);
        }
        if let Some(start) = container.job().and_then(|job| job.start.as_ref()) {
            waits.init_containers.push(InitContainer {
                name: free_name("wait-for-start", "", &mut names),
                image: settings.wait_image.clone(),
                command: shell(&until_start(&start.value)),
                access: None,
            });
        }
        waits
    }
}

fn shell(script: &str) -> Vec<String> {
    vec!["/bin/sh".to_owned(), "-c".to_owned(), escaped(script)]
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
pub fn objects(awaited: &AwaitedJobs, namespace: &str, meta: impl Fn(&str) -> Meta) -> Vec<Object> {
    let rules: Vec<Rule> = [("jobs", &awaited.jobs), ("cronjobs", &awaited.cron_jobs)]
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(resource, names)| Rule {
            api_group: "batch".to_owned(),
            resource: resource.to_owned(),
            names: names.iter().cloned().collect(),
        })
        .collect();
    if rules.is_empty() {
        return Vec::new();
    }
    vec![
        Object::ServiceAccount(ServiceAccount { meta: meta(ACCOUNT) }),
        Object::Role(Role { meta: meta(ACCOUNT), rules }),
        Object::RoleBinding(RoleBinding {
            meta: meta(ACCOUNT),
            role: ACCOUNT.to_owned(),
            account: ACCOUNT.to_owned(),
            namespace: namespace.to_owned(),
        }),
    ]
}
