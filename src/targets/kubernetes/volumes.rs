//! Volumes: claims for persistent volumes, and host paths.

use std::collections::HashSet;

use super::model::{Mount, Volume};
use super::network::free_name;
use super::options::Settings;
use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{self, Container, MountSource, Plan, VolumeScope};
use crate::source::Spanned;
use crate::targets::mounts;
use crate::targets::names::{self, MAX_LABEL, dns_label};

/// The names of the claims, by volume.
pub fn names(plan: &Plan, findings: &mut Findings) -> Vec<String> {
    let names: Vec<String> = plan.volumes.iter().map(|v| dns_label(&v.id.value)).collect();
    let named = plan.volumes.iter().map(|volume| &volume.id).zip(names.iter().cloned());
    names::check("PersistentVolumeClaim", MAX_LABEL, named, findings);
    names
}

/// What the claim of a local volume requests.
pub struct Request {
    /// Size in MB.
    pub size: u64,
    /// Whether more than one pod mounts it at a time.
    pub shared: bool,
}

/// The request of a local volume; `None` for a global one, which exists already. `pods` returns
/// the maximum number of pods of a container at a time.
pub fn request(
    volume: &plan::Volume,
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
    let size = size.map(|size| size.value).unwrap_or_else(|| {
        let size = u64::try_from(settings.volume_size).unwrap_or(1);
        let message = format!("volume `{}` has no `size` and requests {size} MB", id.value);
        findings.push(
            Diagnostic::new(&codes::DEFAULT_CHOSEN, id.span, message)
                .help("set the volume's `size`, or the option `kubernetes.volume-size`"),
        );
        size
    });
    Some(Request { size, shared })
}

fn existing_claim(id: &Spanned<String>, namespace: &str) -> Diagnostic {
    let claim = dns_label(&id.value);
    let message = format!("claim `{claim}` must exist in namespace `{namespace}`");
    Diagnostic::new(&codes::CLUSTER_NEEDS, id.span, message).help(
        "a global volume is neither created nor deleted with the appliance; create the namespace and the claim in it first, and set the option `kubernetes.create-namespace=false`",
    )
}

/// The mounts of a container and the volumes of its pod. `taken` are the volume names that the
/// pod already uses.
pub fn mounts(
    container: &Container,
    claims: &[String],
    taken: &mut HashSet<String>,
    findings: &mut Findings,
) -> (Vec<Mount>, Vec<Volume>) {
    let mut mounts = Vec::new();
    let mut volumes: Vec<Volume> = Vec::new();
    for mount in &container.mounts {
        let plan::Mount { source, target, read_only } = mount;
        mounts::check_colon(target, findings);
        let (claim, host_path) = match source {
            MountSource::Persistent(volume) => (claims.get(volume.value).cloned(), None),
            MountSource::Host(path) => {
                if path.value.split('/').any(|part| part == "..") {
                    let message = format!("host path `{}` cannot contain `..`", path.value);
                    findings.push(Diagnostic::new(&codes::BAD_TARGET_VALUE, path.span, message));
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
