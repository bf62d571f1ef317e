//! Volumes: claims for persistent volumes, and host paths.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use ecow::EcoString;

use super::model::{Mount, Volume};
use super::network::{free_name, free_name_from};
use super::options::Settings;
use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{self, Container, MountSource, Plan, VolumeScope};
use crate::render::{Origin, Traced};
use crate::source::{Span, Spanned};
use crate::targets::names::{self, MAX_LABEL, dns_label};
use crate::targets::{mounts, origins};

/// The names of the claims, by volume.
pub fn names(plan: &Plan, settings: &Settings, findings: &mut Findings) -> Vec<Traced<Arc<str>>> {
    let named = plan.volumes.iter().map(|volume| (&volume.id, dns_label(&volume.id.value)));
    names::check("PersistentVolumeClaim", MAX_LABEL, named.clone(), findings);
    let names = named.map(|(id, name)| Traced::new(Arc::from(name), id.span));
    let claim = |(name, volume): (Traced<Arc<str>>, &plan::Volume)| match volume.scope.value {
        VolumeScope::Local => settings.names.object(&name),
        VolumeScope::Global => name,
    };
    names.zip(&plan.volumes).map(claim).collect()
}

/// What the claim of a local volume requests.
pub struct Request {
    /// Size in MB.
    pub size: Traced<u64>,
    /// Whether more than one pod mounts it at a time.
    pub shared: bool,
    /// The places of the ids of the containers that mount it, and of their numbers of instances.
    pub mounted: Vec<Span>,
}

/// The request of a local volume; `None` for a global one, which exists already. `pods` returns
/// the maximum number of pods of a container at a time.
pub fn request(
    volume: &plan::Volume,
    plan: &Plan,
    settings: &Settings,
    pods: impl Fn(plan::ContainerId) -> u64,
    findings: &mut Findings,
) -> Option<Request> {
    // Scheduling hints are reported from the capability table.
    let plan::Volume { id, scope, volume_type, size, placement: _, preemptible: _, mounted_by } =
        volume;
    if scope.value == VolumeScope::Global {
        // With an existing namespace, the claim is expected to exist as well.
        if settings.create_namespace {
            findings.push(existing_claim(id, &settings.namespace));
        }
        if let Some(size) = size {
            let message = "the size of a global volume is ignored: its claim exists";
            findings.push(Diagnostic::new(&codes::APPROXIMATED, size.span, message));
        }
        return None;
    }
    if let Some(written) = volume_type.as_ref().filter(|_| settings.storage_class.is_none()) {
        let message = format!(
            "the cluster's default storage class decides whether storage is `{}`",
            written.value
        );
        findings.push(
            Diagnostic::new(&codes::CLUSTER_NEEDS, written.span, message)
                .help("set a storage class with the option `kubernetes.storage-class`"),
        );
    }
    let shared = mounted_by.iter().map(|id| pods(*id)).sum::<u64>() > 1;
    if shared {
        let message = format!(
            "several pods mount `{}`, so the storage class must support ReadWriteMany",
            id.value
        );
        findings.push(
            Diagnostic::new(&codes::CLUSTER_NEEDS, id.span, message)
                .help("CephFS and NFS support it; set a storage class with the option `kubernetes.storage-class`"),
        );
    }
    let size = size.as_ref().map(Traced::from).unwrap_or_else(|| {
        let default = settings.volume_size;
        let size = u64::try_from(default.value).unwrap_or(1);
        let message = format!("volume `{}` has no `size` and requests {size} MB", id.value);
        findings.push(
            Diagnostic::new(&codes::DEFAULT_CHOSEN, id.span, message)
                .help("set the volume's `size`, or the option `kubernetes.volume-size`"),
        );
        Traced::new(size, default.from)
    });
    let containers = mounted_by.iter().filter_map(|id| plan.containers.get(*id));
    let mounted = containers.flat_map(|container| [container.id.span, container.instances.span]);
    Some(Request { size, shared, mounted: mounted.collect() })
}

fn existing_claim(id: &Spanned<EcoString>, namespace: &str) -> Diagnostic {
    let claim = dns_label(&id.value);
    let message = format!("claim `{claim}` must exist in namespace `{namespace}`");
    Diagnostic::new(&codes::CLUSTER_NEEDS, id.span, message).help(
        "a global volume is neither created nor deleted with the appliance; create the namespace and the claim in it first, and set the option `kubernetes.create-namespace=false`",
    )
}

/// Says that the cluster decides who can write to a new volume, if another user than root is to.
pub fn check_owner(plan: &Plan, container: &Container, findings: &mut Findings) {
    if let Some((mount, user, volume)) = mounts::of_other_user(plan, container) {
        findings.add(&codes::CLUSTER_NEEDS, |code| {
            let message = format!(
                "the storage class must let user `{user}` write to volume `{}`",
                volume.id.value
            );
            Diagnostic::new(code, mount.target.span, message)
                .help("the volumes of many storage classes belong to root; set another with the option `kubernetes.storage-class`")
        });
    }
}

/// The mounts of a container and the volumes of its pod. `taken` are the volume names that the
/// pod already uses.
pub fn mounts(
    container: &Container,
    claims: &[Traced<Arc<str>>],
    taken: &mut HashSet<String>,
    findings: &mut Findings,
) -> (Vec<Mount>, Vec<Volume>) {
    let mut mounts = Vec::new();
    let mut volumes: Vec<Volume> = Vec::new();
    let mut host = 1;
    // The names of the volumes, by what they are.
    let mut known: HashMap<(Option<String>, Option<String>), String> = HashMap::new();
    for mount in &container.mounts {
        let plan::Mount { source, target, read_only } = mount;
        mounts::check_colon(target, findings);
        mounts::check_single_file(container, mount, mounts::USE_FILES, findings);
        let (claim, host_path) = match source {
            MountSource::Persistent(volume) => {
                let claim = claims.get(volume.value).map(|claim| {
                    let from = claim.from.place().map(|id| Origin::from(volume.span).and(id));
                    Traced::new(claim.to_string(), from.unwrap_or(claim.from))
                });
                (claim, None)
            }
            MountSource::Host(path) => {
                if mount.beside().is_none() && path.value.split('/').any(|part| part == "..") {
                    let message = format!("host path `{}` cannot contain `..`", path.value);
                    findings.push(Diagnostic::new(&codes::BAD_TARGET_VALUE, path.span, message));
                }
                (None, Some(Traced::from(path)))
            }
        };
        let from = claim.as_ref().or(host_path.as_ref()).map(|source| source.from);
        let from = from.unwrap_or(target.span.into());
        let text = |source: &Option<Traced<String>>| source.as_ref().map(|s| s.value.clone());
        let source = (text(&claim), text(&host_path));
        let name = match known.get(&source) {
            Some(name) => name.clone(),
            None => {
                let name = match &claim {
                    Some(claim) => free_name(claim.as_str(), "", taken),
                    None => free_name_from("host", "", &mut host, taken),
                };
                let named = Traced::new(name.clone(), from);
                known.insert(source, name.clone());
                volumes.push(Volume {
                    name: named,
                    claim,
                    host_path,
                    config_map: None,
                    secret: None,
                    items: Vec::new(),
                    access: false,
                });
                name
            }
        };
        mounts.push(Mount {
            name: Traced::new(name, from),
            path: target.into(),
            sub_path: None,
            read_only: Traced::new(read_only.value, origins::read_only(mount)),
        });
    }
    (mounts, volumes)
}
