//! The Kubernetes target: a file of YAML documents for `kubectl apply`.
//!
//! An appliance becomes a Namespace, a service a Deployment, and a job a Job or a CronJob. A
//! container that others reach has a Service, and a dependency is an init container that waits.

mod capabilities;
mod claims;
mod files;
mod health;
mod labels;
mod model;
mod names;
mod network;
mod options;
mod order;
mod placement;
mod schedule;
mod secrets;
mod size;
mod text;
mod updates;
mod volumes;
mod workload;

use std::collections::HashSet;
use std::mem::take;
use std::sync::Arc;

use include_dir::{Dir, include_dir};

use self::model::{Claim, Label, Meta, Namespace, Object, Service};
use self::network::{Network, Ports, ServiceKind};
use self::options::Settings;
use self::order::AwaitedObjects;
use self::text::Strings;
use self::workload::Parts;
use super::names::{MAX_LABEL, check, dns_label};
use super::{BuiltIn, Definition, FileModel, Lowered, Options, build};
use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, ContainerId, MountSource, Plan, VolumeId};
use crate::render::{Composed, Origin, Traced};
use crate::source::Span;

/// The Kubernetes target.
pub struct Kubernetes;

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates/kubernetes");

static DEFINITION: Definition = Definition {
    name: "kubernetes",
    summary: "Deployments, Jobs and Services in a namespace, for kubectl apply",
    capabilities: capabilities::CAPABILITIES,
    options: options::OPTIONS,
    templates: &TEMPLATES,
};

/// Namespaces that exist in every cluster.
const RESERVED: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];

impl BuiltIn for Kubernetes {
    fn definition(&self) -> &'static Definition {
        &DEFINITION
    }

    fn files(&self, plan: &Plan, options: &Options, findings: &mut Findings) -> Lowered {
        let settings = Settings::read(plan, options);
        check_namespace(plan, &settings, findings);
        settings.names.check(plan, findings);
        build::check(plan, findings);
        secrets::check(plan, &settings, findings);
        let objects = Lowering::new(plan, &settings, findings).objects(findings);
        let claims = claims::of(plan, &settings, &objects);
        if settings.split {
            let file = |(owner, object): (Span, Object)| {
                FileModel::of(format!("{}.yaml", object.file_stem()), object.part(owner))
            };
            return Lowered { files: objects.into_iter().map(file).collect(), claims };
        }
        let part = |(owner, object): (Span, Object)| object.part(owner);
        let mut parts: Vec<_> = objects.into_iter().map(part).collect();
        // They are collected in the memory of the objects, which are larger.
        parts.shrink_to_fit();
        let file =
            FileModel { path: "kubernetes.yaml".to_owned(), parts, between: "---\n", layout: None };
        Lowered { files: vec![file], claims }
    }

    fn addresses(&self, plan: &Plan, options: &Options) -> Vec<(Span, String)> {
        let network = Network::new(plan, &Settings::read(plan, options), &mut Findings::new());
        let containers = plan.containers.iter().enumerate();
        let of = |(id, container): (usize, &Container)| -> Vec<(Span, String)> {
            let strings = Strings::of(container, id, plan, &network);
            container.references().map(|one| (one.span, strings.address(one))).collect()
        };
        containers.flat_map(of).collect()
    }
}

/// Checks the appliance's id as the name of the namespace.
fn check_namespace(plan: &Plan, settings: &Settings, findings: &mut Findings) {
    let id = &plan.id;
    let name = dns_label(&id.value);
    if **settings.namespace == *name && RESERVED.contains(&name.as_str()) {
        let message = format!("namespace `{name}` is reserved for the cluster");
        findings.push(Diagnostic::new(&codes::BAD_NAME, id.span, message).help(
            "choose another id, or set another namespace with the option `kubernetes.namespace`",
        ));
    }
    if **settings.namespace != *name && name.len() > MAX_LABEL {
        let message = format!(
            "the id is the value of labels, which have at most {MAX_LABEL} characters, but it has {}",
            name.len()
        );
        findings
            .push(Diagnostic::new(&codes::BAD_NAME, id.span, message).help("choose a shorter id"));
        return;
    }
    check("Namespace", MAX_LABEL, [(id, name)], findings);
}

/// Lowers one plan.
struct Lowering<'a> {
    plan: &'a Plan,
    settings: &'a Settings,
    /// The appliance's name as a label value.
    appliance: Traced<Arc<str>>,
    network: Network,
    /// The names of the claims, by volume.
    claims: Vec<Traced<Arc<str>>>,
}

impl<'a> Lowering<'a> {
    fn new(plan: &'a Plan, settings: &'a Settings, findings: &mut Findings) -> Self {
        Lowering {
            plan,
            settings,
            appliance: Traced::new(dns_label(&plan.id.value).into(), plan.id.span),
            network: Network::new(plan, settings, findings),
            claims: volumes::names(plan, settings, findings),
        }
    }

    /// All objects, in the order in which they are applied, each with the place of the id of what
    /// it is made for.
    fn objects(&self, findings: &mut Findings) -> Vec<(Span, Object)> {
        // Destructured completely, so that a new field fails to compile until it is handled
        // here.
        let Plan { id, containers, volumes: _, start_order: _, uses: _ } = self.plan;
        let appliance = id.span;
        let mut awaited = AwaitedObjects::default();
        let mut node_ports = HashSet::new();
        let (claims, on_one_node) = self.claims(findings);
        let mut workloads = Vec::new();
        for (id, container) in containers.iter().enumerate() {
            size::check(container, findings);
            let has_service = self.network.has_ports(id);
            let mut ports = network::ports(
                container,
                has_service,
                self.network.has_internal(id),
                self.settings,
                &mut node_ports,
                findings,
            );
            let services = self.services(id, &mut ports);
            workloads.extend(services.into_iter().map(|service| (container.id.span, service)));
            let mut taken = HashSet::new();
            let (mut mounts, mut volumes) =
                volumes::mounts(container, &self.claims, &mut taken, findings);
            volumes::check_owner(self.plan, container, findings);
            let mut name = self.network.name(id);
            name.value = format!("{}-files", *name).into();
            let mut meta = self.meta(name);
            meta.labels.insert(0, (network::NAME, Label::Name(self.network.label(id))));
            let own = (id, container);
            let files = files::lower(own, meta, self.plan, &self.network, &mut taken, findings);
            let files = files.map(|files| {
                let object = Object::ConfigMap(Box::new(files.config_map));
                workloads.push((container.id.span, object));
                volumes.push(files.volume);
                mounts.extend(files.mounts);
                files.digest
            });
            let secrets = secrets::lower(container, &mut taken, findings);
            volumes.extend(secrets.volumes);
            mounts.extend(secrets.mounts);
            let waits = order::WaitBuilder {
                plan: self.plan,
                network: &self.network,
                settings: self.settings,
            }
            .lower(container, &self.network.label(id), &mut taken, &mut awaited);
            let parts = Parts {
                container_id: id,
                meta: self.container_meta(id, container, findings),
                name: self.network.label(id),
                appliance: self.appliance.clone(),
                ports,
                waits,
                mounts,
                volumes,
                files,
                on_one_node: container.mounts.iter().find_map(|mount| match &mount.source {
                    MountSource::Persistent(volume) => {
                        let scope = self.plan.volumes.get(volume.value)?.scope.span;
                        let why = Origin::from(volume.span).and(scope);
                        on_one_node.contains(&volume.value).then_some(why)
                    }
                    MountSource::Host(_) => None,
                }),
            };
            let workload = workload::lower(
                container,
                parts,
                self.plan,
                &self.network,
                self.settings,
                findings,
            );
            workloads.extend(workload.map(|workload| (container.id.span, workload)));
        }
        let mut objects = Vec::new();
        if self.settings.create_namespace {
            let mut meta = Meta { namespace: None, ..self.meta(self.settings.namespace.clone()) };
            if self.settings.names.are_shared() {
                // It is of no appliance, and the same whichever is applied last.
                meta.labels.retain(|(_, value)| matches!(value, Label::Fixed(_)));
            }
            objects.push((appliance, Object::Namespace(Namespace { meta })));
        }
        let account = order::account(self.plan, self.settings);
        let waits = order::objects(&awaited, &account, &self.settings.namespace, || {
            self.meta(account.clone())
        });
        objects.extend(waits.into_iter().map(|object| (appliance, object)));
        objects.extend(claims);
        objects.extend(workloads);
        objects
    }

    /// The claims, and the volumes that only the pods on one node can mount.
    fn claims(&self, findings: &mut Findings) -> (Vec<(Span, Object)>, HashSet<VolumeId>) {
        let mut claims = Vec::new();
        let mut on_one_node = HashSet::new();
        let pods = |id| updates::pods_at_a_time(self.plan, id);
        for (id, volume) in self.plan.volumes.iter().enumerate() {
            let Some(request) = volumes::request(volume, self.plan, self.settings, pods, findings)
            else {
                continue;
            };
            if !request.shared {
                on_one_node.insert(id);
            }
            let Some(name) = self.claims.get(id) else { continue };
            let access_mode = if request.shared { "ReadWriteMany" } else { "ReadWriteOnce" };
            let claim = Claim {
                meta: self.meta(name.clone()),
                access_mode: Composed::new(access_mode, volume.id.span, request.mounted),
                storage_class: self.settings.storage_class.clone(),
                size: request.size.map(workload::mebibytes),
            };
            claims.push((volume.id.span, Object::Claim(claim)));
        }
        (claims, on_one_node)
    }

    /// The Services of a container, which take their ports.
    fn services(&self, id: ContainerId, ports: &mut Ports) -> Vec<Object> {
        let name = self.network.label(id);
        let exposed = self.settings.expose.from;
        let service = |access: network::Access, ports| {
            let mut meta = self.meta(access.name);
            meta.name.also = access.wanted_by;
            meta.labels.insert(0, (network::NAME, Label::Name(name.clone())));
            Object::Service(Service {
                meta,
                headless: access.kind == ServiceKind::Headless,
                kind: match access.kind {
                    ServiceKind::Headless | ServiceKind::ClusterIp => None,
                    ServiceKind::NodePort => Some(Traced::new("NodePort", exposed)),
                    ServiceKind::LoadBalancer => Some(Traced::new("LoadBalancer", exposed)),
                },
                early: access.early.map(|reference| Traced::new(true, reference)),
                selector: network::selector(&name, &self.appliance),
                ports,
            })
        };
        let ports = [
            take(&mut ports.service),
            take(&mut ports.udp_service),
            take(&mut ports.internal_service),
            Vec::new(),
        ];
        let services = self.network.services(id).into_iter().zip(ports);
        services.filter_map(|(access, ports)| Some(service(access?, ports))).collect()
    }

    /// `metadata` of an object of the appliance.
    fn meta(&self, name: Traced<Arc<str>>) -> Meta {
        let appliance = Label::Name(self.appliance.clone());
        // Labels that Kubernetes recommends ("Recommended Labels").
        let mut labels = Vec::with_capacity(4);
        labels.push((network::INSTANCE, appliance.clone()));
        labels.push(("app.kubernetes.io/part-of", appliance));
        labels.push(("app.kubernetes.io/managed-by", Label::Fixed("applc")));
        let namespace = Some(self.settings.namespace.clone());
        let name = name.into();
        Meta { name, namespace, labels, own_labels: Vec::new(), annotations: Vec::new() }
    }

    /// `metadata` of the workload of a container.
    fn container_meta(
        &self,
        id: ContainerId,
        container: &Container,
        findings: &mut Findings,
    ) -> Meta {
        let mut meta = self.meta(self.network.name(id));
        meta.labels.insert(0, (network::NAME, Label::Name(self.network.label(id))));
        meta.own_labels = labels::of(container, findings);
        let Traced { value: has_waves, from } = self.settings.sync_waves;
        if has_waves {
            let dependencies = container.dependencies.iter().map(|dependency| dependency.span);
            let wave = Composed::new(container.level.to_string(), from, dependencies.collect());
            meta.annotations.push(("argocd.argoproj.io/sync-wave", wave));
        }
        meta
    }
}

#[cfg(test)]
mod tests;
