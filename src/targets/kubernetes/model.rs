//! The Kubernetes objects that applc writes, with the fields that it uses. The templates only
//! lay them out.

use std::borrow::Cow;
use std::sync::Arc;

use minijinja::Value;

use crate::render::{Composed, Leaf, Model, Origin, Origins, Traced, model};
use crate::source::Span;
use crate::targets::lowered::Part;

/// Keys and values in the order in which they are written.
pub type Pairs = Vec<(Traced<String>, Traced<String>)>;

/// Labels in the order in which they are written.
pub type Labels = Vec<(&'static str, Label)>;

/// The value of a label. All objects of an appliance share it.
#[derive(Clone)]
pub enum Label {
    /// Made from an id.
    Name(Traced<Arc<str>>),
    /// The same on all objects.
    Fixed(&'static str),
}

impl Model for Label {
    fn value(&self, origins: &Origins) -> Value {
        match self {
            Label::Name(name) => name.value(origins),
            Label::Fixed(text) => text.value(origins),
        }
    }
}

/// The name of a resource of a container.
#[derive(Clone)]
pub struct Resource(pub Cow<'static, str>);

impl Model for Resource {
    fn value(&self, _: &Origins) -> Value {
        Value::from(&*self.0)
    }
}

/// Some of the pods of a Deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// A number of them.
    Pods(u32),
    /// A quarter, the default of Kubernetes.
    Quarter,
}

impl Leaf for Share {
    fn leaf(&self, origins: &Origins, from: Origin, also: &[Span]) -> Value {
        match self {
            Share::Pods(number) => number.leaf(origins, from, also),
            Share::Quarter => "25%".leaf(origins, from, also),
        }
    }
}

/// An object: one document of the file.
pub enum Object {
    Namespace(Namespace),
    ServiceAccount(ServiceAccount),
    Role(Role),
    RoleBinding(RoleBinding),
    Claim(Claim),
    ConfigMap(Box<ConfigMap>),
    Service(Service),
    Deployment(Box<Deployment>),
    Job(Box<Job>),
    CronJob(Box<CronJob>),
}

impl Object {
    /// The part of a file that it becomes. `owner` is the place of the id of what it is made for.
    pub fn part(self, owner: Span) -> Part {
        match self {
            Object::Namespace(object) => Part::new("namespace.yaml.j2", object, owner),
            Object::ServiceAccount(object) => Part::new("service_account.yaml.j2", object, owner),
            Object::Role(object) => Part::new("role.yaml.j2", object, owner),
            Object::RoleBinding(object) => Part::new("role_binding.yaml.j2", object, owner),
            Object::Claim(object) => Part::new("claim.yaml.j2", object, owner),
            Object::ConfigMap(object) => Part::new("config_map.yaml.j2", *object, owner),
            Object::Service(object) => Part::new("service.yaml.j2", object, owner),
            Object::Deployment(object) => Part::new("deployment.yaml.j2", *object, owner),
            Object::Job(object) => Part::new("job.yaml.j2", *object, owner),
            Object::CronJob(object) => Part::new("cron_job.yaml.j2", *object, owner),
        }
    }

    /// Its kind, as Kubernetes spells it, and its `metadata`.
    pub fn identity(&self) -> (&'static str, &Meta) {
        match self {
            Object::Namespace(object) => ("Namespace", &object.meta),
            Object::ServiceAccount(object) => ("ServiceAccount", &object.meta),
            Object::Role(object) => ("Role", &object.meta),
            Object::RoleBinding(object) => ("RoleBinding", &object.meta),
            Object::Claim(object) => ("PersistentVolumeClaim", &object.meta),
            Object::ConfigMap(object) => ("ConfigMap", &object.meta),
            Object::Service(object) => ("Service", &object.meta),
            Object::Deployment(object) => ("Deployment", &object.meta),
            Object::Job(object) => ("Job", &object.meta),
            Object::CronJob(object) => ("CronJob", &object.meta),
        }
    }

    /// The name of a file of its own: its kind and its name, so that other objects do not change
    /// it. kubectl applies the files of a folder in the order of their names, so kinds that others
    /// require start with a number of their own.
    pub fn file_stem(&self) -> String {
        let (kind, meta) = self.identity();
        let order = match self {
            Object::Namespace(_) => "00-",
            Object::ServiceAccount(_) => "01-",
            Object::Role(_) => "02-",
            Object::RoleBinding(_) => "03-",
            _ => "",
        };
        format!("{order}{}-{}", kind.to_ascii_lowercase(), meta.name.value)
    }
}

model! {
    /// `metadata`.
    #[derive(Clone)]
    pub struct Meta {
        pub name: Composed<Arc<str>>,
        /// `None` for an object outside of namespaces.
        pub namespace: Option<Traced<Arc<str>>>,
        pub labels: Labels,
        /// Labels of the appliance.
        pub own_labels: Pairs,
        pub annotations: Vec<(&'static str, Composed)>,
    }

    /// `v1` Namespace.
    pub struct Namespace {
        pub meta: Meta,
    }

    /// `v1` ServiceAccount.
    pub struct ServiceAccount {
        pub meta: Meta,
    }

    /// `rbac.authorization.k8s.io/v1` Role.
    pub struct Role {
        pub meta: Meta,
        pub rules: Vec<Rule>,
    }

    /// What a Role allows to read.
    pub struct Rule {
        pub api_group: &'static str,
        pub resource: &'static str,
        pub names: Vec<Traced<String>>,
    }

    /// `rbac.authorization.k8s.io/v1` RoleBinding of a Role to a ServiceAccount.
    pub struct RoleBinding {
        pub meta: Meta,
        pub role: Traced<Arc<str>>,
        pub account: Traced<Arc<str>>,
        pub namespace: Traced<Arc<str>>,
    }

    /// `v1` PersistentVolumeClaim.
    pub struct Claim {
        pub meta: Meta,
        pub access_mode: Composed<&'static str>,
        pub storage_class: Option<Traced<String>>,
        /// A quantity.
        pub size: Traced<String>,
    }

    /// `v1` ConfigMap.
    pub struct ConfigMap {
        pub meta: Meta,
        pub data: Vec<(Traced<String>, Composed)>,
        /// Values in base64.
        pub binary_data: Pairs,
    }

    /// `v1` Service.
    pub struct Service {
        pub meta: Meta,
        /// Whether it has no cluster IP address: its name resolves to the addresses of the pods.
        pub headless: bool,
        /// `type`, if not the default.
        pub kind: Option<Traced<&'static str>>,
        /// Whether it has the addresses of pods that are not ready, too.
        pub early: Option<Traced<bool>>,
        pub selector: Labels,
        pub ports: Vec<ServicePort>,
    }

    /// A port of a Service.
    pub struct ServicePort {
        pub name: Option<Traced<String>>,
        pub port: Traced<u16>,
        /// `None` for TCP.
        pub protocol: Option<Traced<&'static str>>,
        pub node_port: Option<Traced<u16>>,
    }

    /// `apps/v1` Deployment.
    pub struct Deployment {
        pub meta: Meta,
        pub replicas: Traced<u32>,
        pub strategy: Strategy,
        pub selector: Labels,
        pub pod: Pod,
    }

    /// How a Deployment replaces its pods.
    pub struct Strategy {
        pub kind: Composed<&'static str>,
        pub rolling: Option<Rolling>,
    }

    /// The limits of a rolling update.
    pub struct Rolling {
        pub max_unavailable: Composed<Share>,
        pub max_surge: Composed<Share>,
    }

    /// `batch/v1` Job.
    pub struct Job {
        pub meta: Meta,
        pub run: Run,
    }

    /// `batch/v1` CronJob.
    pub struct CronJob {
        pub meta: Meta,
        pub schedule: Composed,
        /// The time zone of the schedule, if one is written.
        pub time_zone: Option<Traced<String>>,
        pub run: Run,
    }

    /// The `spec` of a Job.
    pub struct Run {
        /// `completions` and `parallelism`, if not 1.
        pub copies: Option<Traced<u32>>,
        /// Whether each completion has an index and its own retries.
        pub indexed: bool,
        pub retries: Traced<u32>,
        pub pod: Pod,
    }

    /// A pod template with one container.
    pub struct Pod {
        pub labels: Labels,
        /// Labels of the appliance.
        pub own_labels: Pairs,
        pub annotations: Vec<(&'static str, Composed)>,
        pub restart_policy: Option<Traced<&'static str>>,
        /// Seconds between the stop signal and the kill.
        pub stop_timeout: Option<Traced<u32>>,
        pub service_account: Traced<Arc<str>>,
        pub host_network: Traced<bool>,
        pub node_selector: Pairs,
        pub preference: Option<Preference>,
        pub init_containers: Vec<InitContainer>,
        pub container: Container,
        pub volumes: Vec<Volume>,
    }

    /// A label of nodes that a pod prefers or avoids.
    pub struct Preference {
        pub key: Traced<String>,
        pub value: Traced<String>,
        /// Whether such nodes are avoided; otherwise they are preferred.
        pub avoid: bool,
    }

    /// An init container that waits.
    pub struct InitContainer {
        pub name: Composed,
        pub image: Traced<Arc<str>>,
        pub command: Vec<Composed>,
        /// The volume with the API credentials, if it needs them.
        pub access: Option<Mount>,
    }

    /// The container of a pod.
    pub struct Container {
        pub name: Traced<Arc<str>>,
        pub image: Traced<String>,
        pub pull_policy: Traced<&'static str>,
        pub command: Vec<Composed>,
        pub args: Vec<Composed>,
        pub working_dir: Option<Traced<String>>,
        /// The name of a variable with the address of the pod. Others refer to it, so it is the first.
        pub own_address: Option<Traced<String>>,
        pub env: Vec<(Traced<String>, Composed)>,
        /// Variables with a key of a Secret.
        pub secret_env: Vec<SecretVariable>,
        pub ports: Vec<ContainerPort>,
        /// The probes, each with its key in the container.
        pub probes: Vec<(&'static str, Probe)>,
        pub requests: Vec<(Resource, Traced<String>)>,
        pub limits: Vec<(Resource, Traced<String>)>,
        pub privileged: Traced<bool>,
        /// Whether it gives up what Pod Security `restricted` does not allow.
        pub restricted: Traced<bool>,
        pub run_as_user: Option<Traced<u64>>,
        pub run_as_group: Option<Traced<u64>>,
        pub mounts: Vec<Mount>,
    }

    /// A variable with a key of a Secret.
    pub struct SecretVariable {
        pub name: Traced<String>,
        pub secret: Traced<String>,
        pub key: Traced<String>,
    }

    /// A port of a container.
    pub struct ContainerPort {
        pub port: Traced<u16>,
        pub name: Option<Traced<String>>,
        pub protocol: Option<Traced<&'static str>>,
        pub host_port: Option<Traced<u16>>,
    }

    /// A probe.
    #[derive(Clone)]
    pub struct Probe {
        pub http: Option<HttpGet>,
        pub tcp: Option<Traced<u16>>,
        pub exec: Vec<Composed>,
        pub period: Traced<u32>,
        pub timeout: Traced<u32>,
        pub failures: Composed<u32>,
    }

    /// The `httpGet` of a probe.
    #[derive(Clone)]
    pub struct HttpGet {
        pub path: Traced<String>,
        pub port: Traced<u16>,
        /// `None` for HTTP.
        pub scheme: Option<Traced<&'static str>>,
    }

    /// A mount in a container.
    pub struct Mount {
        pub name: Traced<String>,
        pub path: Traced<String>,
        /// The file of the volume that is mounted, if it is not the whole volume.
        pub sub_path: Option<Traced<String>>,
        pub read_only: Traced<bool>,
    }

    /// A file of a ConfigMap or a Secret in a volume.
    pub struct Item {
        pub key: Traced<String>,
        pub path: Traced<String>,
        pub mode: Traced<u32>,
    }

    /// A volume of a pod.
    pub struct Volume {
        pub name: Traced<String>,
        pub claim: Option<Traced<String>>,
        pub host_path: Option<Traced<String>>,
        pub config_map: Option<Traced<String>>,
        pub secret: Option<Traced<String>>,
        /// The files of the ConfigMap or the Secret.
        pub items: Vec<Item>,
        /// Whether it contains the token of the service account and the certificate of the API
        /// server.
        pub access: bool,
    }
}
