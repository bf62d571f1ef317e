//! Volumes: claims for persistent ones, paths of the host.

use std::collections::HashSet;

use super::network::free_name;
use super::objects::{Mount, Volume};
use super::options::Settings;
use crate::diag::{Diagnostic, codes};
use crate::plan::{self, Container, MountSource, Plan, Scope};
use crate::source::Spanned;
use crate::targets::names::{self, MAX_LABEL, dns_label};

/// The names of the claims, by volume.
pub fn names(plan: &Plan, diagnostics: &mut Vec<Diagnostic>) -> Vec<String> {
    let names: Vec<String> = plan.volumes.iter().map(|v| dns_label(&v.id.value)).collect();
    let named = plan.volumes.iter().map(|volume| &volume.id).zip(names.iter().cloned());
    names::check("kubernetes", "PersistentVolumeClaim", MAX_LABEL, named, diagnostics);
    names
}

/// What a local volume asks of the cluster.
pub struct Request {
    /// Its size in MB.
    pub size: u64,
    /// Whether more than one pod writes to it or reads from it at a time.
    pub shared: bool,
}

/// The request of a volume that belongs to the appliance; nothing for one that exists
/// outside. `pods` tells how many pods of a container there may be at a time.
pub fn request(
    volume: &plan::Volume,
    settings: &Settings,
    pods: impl Fn(plan::ContainerId) -> u64,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Request> {
    // Where it is stored is reported from the table.
    let plan::Volume { id, scope, volume_type, size, placement: _, preemptible: _, mounted_by } =
        volume;
    if scope.value == Scope::Global {
        // Who says that the namespace exists knows what is in it.
        if settings.create_namespace {
            diagnostics.push(outside(id, &settings.namespace));
        }
        if let Some(size) = size {
            let message =
                "kubernetes: the size of a global volume is that of the claim that exists";
            diagnostics.push(Diagnostic::new(&codes::APPROXIMATED, size.span, message));
        }
        return None;
    }
    if let Some(written) = volume_type.as_ref().filter(|_| settings.storage_class.is_none()) {
        let message = format!(
            "kubernetes: whether storage is `{}` is up to the cluster's default storage class",
            written.value
        );
        diagnostics.push(
            Diagnostic::new(&codes::CLUSTER_NEEDS, written.span, message)
                .help("name a storage class with the option `kubernetes.storage-class`"),
        );
    }
    let shared = mounted_by.iter().map(|id| pods(*id)).sum::<u64>() > 1;
    if shared {
        let message = format!(
            "kubernetes: several pods mount `{}`, so the storage class must offer ReadWriteMany",
            id.value
        );
        diagnostics.push(
            Diagnostic::new(&codes::CLUSTER_NEEDS, id.span, message)
                .help("such as CephFS or NFS; the option `kubernetes.storage-class` names one"),
        );
    }
    let size = size.map(|size| size.value).unwrap_or_else(|| {
        let size = u64::try_from(settings.volume_size).unwrap_or(1);
        let message = format!("kubernetes: `{}` asks for {size} MB", id.value);
        diagnostics.push(
            Diagnostic::new(&codes::DEFAULT_CHOSEN, id.span, message)
                .help("write the volume's `size`, or set the option `kubernetes.volume-size`"),
        );
        size
    });
    Some(Request { size, shared })
}

fn outside(id: &Spanned<String>, namespace: &str) -> Diagnostic {
    let claim = dns_label(&id.value);
    let message =
        format!("kubernetes: the claim `{claim}` must exist in the namespace `{namespace}`");
    Diagnostic::new(&codes::CLUSTER_NEEDS, id.span, message).help(
        "a global volume is neither made nor deleted with the appliance; claims belong to one namespace, so make it and the claim before, and say so with the option `kubernetes.create-namespace=false`",
    )
}

/// The mounts of a container and the volumes of its pod. `taken` are names of volumes that
/// the pod has for other ends.
pub fn mounts(
    container: &Container,
    claims: &[String],
    taken: &mut HashSet<String>,
    diagnostics: &mut Vec<Diagnostic>,
) -> (Vec<Mount>, Vec<Volume>) {
    let mut mounts = Vec::new();
    let mut volumes: Vec<Volume> = Vec::new();
    for mount in &container.mounts {
        let plan::Mount { source, target, read_only } = mount;
        if target.value.contains(':') {
            let message = format!("kubernetes: a mount path has no `:`: `{}`", target.value);
            diagnostics.push(Diagnostic::new(&codes::BAD_TARGET_VALUE, target.span, message));
        }
        let (claim, host_path) = match source {
            MountSource::Persistent(volume) => (claims.get(volume.value).cloned(), None),
            MountSource::Host(path) => {
                if path.value.split('/').any(|part| part == "..") {
                    let message =
                        format!("kubernetes: a path of the host has no `..`: `{}`", path.value);
                    diagnostics.push(Diagnostic::new(&codes::BAD_TARGET_VALUE, path.span, message));
                }
                (None, Some(path.value.clone()))
            }
        };
        let same =
            volumes.iter().find(|v| v.claim == claim && v.host_path == host_path && !v.access);
        let name = match same {
            Some(volume) => volume.name.clone(),
            None => {
                let name = free_name(claim.as_deref().unwrap_or("host"), "", taken);
                volumes.push(Volume { name: name.clone(), claim, host_path, access: false });
                name
            }
        };
        mounts.push(Mount { name, path: target.value.clone(), read_only: read_only.value });
    }
    (mounts, volumes)
}
