//! Volumes: host paths, and volumes of a Docker volume driver.
//!
//! Marathon's own form of the latter, an external volume, is for one app with one instance. A
//! shared volume is mounted with an option of `docker run` instead: same driver, same name,
//! same data.

use std::collections::HashMap;

use super::model::{DriverOption, Engine, External, JobExternal, JobVolume, Parameter, Volume};
use super::names::Names;
use super::options::Settings;
use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{
    self, Container, DEFAULT_VOLUME_TYPE, Kind, Mount, MountSource, Plan, VolumeId, VolumeScope,
};
use crate::render::{Composed, Origin, Sparse, Traced};
use crate::source::{Span, Spanned};
use crate::targets::{mounts, origins};

/// Maximum length of the name of an external volume, and of its driver.
const MAX_LABEL: usize = 63;

/// The mounts of an app.
#[derive(Default)]
pub struct Mounted {
    /// Marathon's own volumes.
    pub volumes: Vec<Volume>,
    /// Options of `docker run`.
    pub parameters: Vec<Parameter>,
    /// The place of a volume that belongs to the one instance of the app.
    pub exclusive: Option<Span>,
}

/// Reports invalid names, and what sharing a volume requires of its driver.
pub fn check(plan: &Plan, names: &Names, settings: &Settings<'_>, findings: &mut Findings) {
    let driver = driver(plan, settings);
    for (id, volume) in plan.volumes.iter().enumerate() {
        let name = name(plan, id, names, volume.id.span).value;
        if !is_label(&name) {
            let message = format!("`{name}` is not a valid volume name");
            findings.push(
                Diagnostic::new(&codes::BAD_NAME, volume.id.span, message).help(format!(
                    "a name starts and ends with a letter or digit and has at most {MAX_LABEL} characters"
                )),
            );
        }
        if is_shared(plan, id) {
            let message = format!(
                "several instances mount `{}`, so the volume driver `{}` must support attaching it to several hosts at once",
                volume.id.value, driver.value
            );
            findings.push(Diagnostic::new(&codes::CLUSTER_NEEDS, volume.id.span, message).help(
                "drivers of shared file systems support that, drivers of block devices do not",
            ));
        }
    }
    // The driver of an external volume has a stricter pattern than that of a mount of Docker.
    let is_external = |service: &Container| {
        let Kind::Service(_) = &service.kind else { return false };
        service.mounts.iter().any(|mount| persistent(mount).is_some())
            && shared(plan, service).is_none()
    };
    let is_valid = match plan.containers.iter().any(is_external) {
        true => is_driver(&driver),
        false => is_label(&driver),
    };
    if !plan.volumes.is_empty() && !is_valid {
        let span = plan.volumes.first().and_then(|volume| volume.volume_type.as_ref());
        let span = span.map_or(plan.id.span, |written| written.span);
        let message = format!("`{}` is not a valid name of a volume driver", driver.value);
        findings.push(
            Diagnostic::new(&codes::BAD_TARGET_VALUE, span, message)
                .help("set the Docker volume driver with the option `marathon.volume-driver`")
                .help("Marathon accepts lower-case letters, digits and hyphens"),
        );
    }
}

/// The mounts of a service.
pub fn lower(
    plan: &Plan,
    service: &Container,
    engine: Engine,
    names: &Names,
    settings: &Settings<'_>,
    findings: &mut Findings,
) -> Mounted {
    let mut mounted = Mounted::default();
    // All volumes of a container are mounted in the same way, because they have the same
    // driver.
    let shared = shared(plan, service);
    let deciding = deciding(plan, service);
    if let (Some(volume), Engine::Mesos) = (shared, engine) {
        let message = "a container with GPUs cannot share a persistent volume";
        findings.push(Diagnostic::new(&codes::NOT_CARRIED, volume.span, message).also(
            service.resources.gpu.span,
            "GPUs require the Mesos containerizer, which mounts a volume once, in one instance",
        ));
    }
    for mount in &service.mounts {
        let Mount { source, target, read_only } = mount;
        match source {
            MountSource::Host(path) => {
                mounts::check_colon(path, findings);
                mounts::check_colon(target, findings);
                mounts::check_single_file(service, mount, mounts::USE_IMAGE, findings);
                mounted.volumes.push(Volume {
                    container_path: target.into(),
                    host_path: Sparse(Some(path.into())),
                    external: Sparse(None),
                    mode: mode(mount),
                });
            }
            MountSource::Persistent(volume) if shared.is_some() => {
                let mut name = name(plan, volume.value, names, volume.span);
                name.also.extend(&deciding);
                mounted.parameters.push(docker_mount(&name, &driver(plan, settings), mount));
            }
            MountSource::Persistent(volume) => {
                if engine == Engine::Mesos && read_only.value {
                    let message = "a container with GPUs cannot mount a volume read-only";
                    findings.push(
                        Diagnostic::new(&codes::NOT_CARRIED, read_only.span, message).also(
                            service.resources.gpu.span,
                            "GPUs require the Mesos containerizer, which mounts external volumes read-write",
                        ),
                    );
                }
                mounted.exclusive = Some(volume.span);
                let mut name = name(plan, volume.value, names, volume.span);
                name.also.extend(&deciding);
                mounted.volumes.push(Volume {
                    container_path: target.into(),
                    host_path: Sparse(None),
                    external: Sparse(Some(External {
                        name,
                        provider: Traced::new("dvdi", volume.span),
                        options: DriverOption { driver: driver(plan, settings) },
                    })),
                    mode: mode(mount),
                });
            }
        }
    }
    mounted
}

/// The mounts of a job. Chronos accepts the name of the driver and sets no limits.
pub fn of_job(
    plan: &Plan,
    job: &Container,
    names: &Names,
    settings: &Settings<'_>,
    findings: &mut Findings,
) -> Vec<JobVolume> {
    let mut volumes = Vec::new();
    for mount in &job.mounts {
        let (host_path, external) = match &mount.source {
            MountSource::Host(path) => {
                mounts::check_colon(path, findings);
                mounts::check_single_file(job, mount, mounts::USE_IMAGE, findings);
                (Some(path.into()), None)
            }
            MountSource::Persistent(volume) => {
                let name = name(plan, volume.value, names, volume.span);
                let provider = driver(plan, settings);
                (None, Some(JobExternal { name, provider }))
            }
        };
        mounts::check_colon(&mount.target, findings);
        volumes.push(JobVolume {
            container_path: (&mount.target).into(),
            host_path: Sparse(host_path),
            external: Sparse(external),
            mode: mode(mount),
        });
    }
    volumes
}

/// Maximum number of volumes whose places are given as those that decide: each mount has all of them.
const MAX_DECIDING: usize = 100;

/// The places that decide together how all persistent volumes of a service are mounted.
pub fn deciding(plan: &Plan, service: &Container) -> Vec<Span> {
    let volumes = service.mounts.iter().filter_map(persistent).take(MAX_DECIDING);
    let scope = |id: VolumeId| plan.volumes.get(id).map(|volume| volume.scope.span);
    volumes.flat_map(|volume| [Some(volume.span), scope(volume.value)]).flatten().collect()
}

/// The persistent volume of a mount.
fn persistent(mount: &Mount) -> Option<&Spanned<VolumeId>> {
    match &mount.source {
        MountSource::Persistent(volume) => Some(volume),
        MountSource::Host(_) => None,
    }
}

fn mode(mount: &Mount) -> Traced<&'static str> {
    let mode = if mount.read_only.value { "RO" } else { "RW" };
    Traced::new(mode, origins::read_only(mount))
}

/// The name of a volume, with this main origin.
fn name(plan: &Plan, id: VolumeId, names: &Names, from: Span) -> Composed {
    let Some(volume) = plan.volumes.get(id) else {
        return Composed::new(String::new(), from, Vec::new());
    };
    // Destructured completely, so that a new field fails to compile until it is handled here.
    // The type is read by `driver`; size, placement and `preemptible` are reported from the
    // capability table.
    let plan::Volume {
        id,
        scope,
        volume_type: _,
        size: _,
        placement: _,
        preemptible: _,
        mounted_by: _,
    } = volume;
    // The scope is that of the id if it is the default.
    let mut also = vec![id.span];
    also.extend(Some(scope.span).filter(|span| *span != id.span));
    let name = match scope.value {
        VolumeScope::Local => {
            also.push(plan.id.span);
            names.local_volume(&id.value)
        }
        VolumeScope::Global => id.value.to_string(),
    };
    Composed::new(name, from, also)
}

/// The driver of all volumes: that of the option, otherwise the storage system.
fn driver(plan: &Plan, settings: &Settings<'_>) -> Traced<String> {
    let storage = || match plan.volumes.first() {
        Some(volume) => Traced::new(volume.storage().to_owned(), origins::volume_type(volume)),
        None => Traced::new(DEFAULT_VOLUME_TYPE.to_owned(), plan.id.span),
    };
    settings.volume_driver.clone().unwrap_or_else(storage)
}

/// Whether a name contains only letters, digits, `-`, `_` and `.`, starts and ends with a
/// letter or digit, and is not too long.
fn is_label(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    name.len() <= MAX_LABEL
        && name.chars().all(inner)
        && edge(name.chars().next())
        && edge(name.chars().next_back())
}

/// Whether Marathon accepts the driver of an external volume: `[a-z0-9](?:[-a-z0-9]*[a-z0-9])?`.
fn is_driver(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    is_label(name) && name.chars().all(inner)
}

/// Whether more than one instance mounts the volume.
fn is_shared(plan: &Plan, id: VolumeId) -> bool {
    let Some(volume) = plan.volumes.get(id) else { return false };
    let containers = volume.mounted_by.iter().filter_map(|id| plan.containers.get(*id));
    containers.map(|container| u64::from(container.instances.value)).sum::<u64>() > 1
}

/// The first volume of a service that cannot be one of Marathon's external volumes: those are mounted once, by one app with
/// one instance, and by no other appliance.
fn shared<'s>(plan: &Plan, service: &'s Container) -> Option<&'s Spanned<VolumeId>> {
    let volumes = || service.mounts.iter().filter_map(persistent);
    let mut times: HashMap<VolumeId, usize> = HashMap::new();
    for volume in volumes() {
        *times.entry(volume.value).or_default() += 1;
    }
    volumes().find(|mounted| {
        plan.volumes.get(mounted.value).is_some_and(|volume| {
            volume.scope.value != VolumeScope::Local
                || volume.mounted_by.len() != 1
                || service.instances.value > 1
                || times.get(&mounted.value) != Some(&1)
        })
    })
}

/// The parameter `docker run --mount`, whose value is a line of CSV.
fn docker_mount(name: &Composed, driver: &Traced<String>, mount: &Mount) -> Parameter {
    let Mount { source: _, target, read_only } = mount;
    let mut fields = vec![
        "type=volume".to_owned(),
        csv(&format!("source={}", name.value)),
        csv(&format!("target={}", target.value)),
        csv(&format!("volume-driver={}", driver.value)),
    ];
    if read_only.value {
        fields.push("readonly".to_owned());
    }
    let mut also = name.also.clone();
    also.push(target.span);
    let written = [driver.from, origins::read_only(mount)];
    also.extend(
        written
            .iter()
            .filter(|from| !matches!(from, Origin::Default(..)))
            .filter_map(|from| from.place()),
    );
    Parameter {
        key: Traced::new("mount", name.from),
        value: Composed::new(fields.join(","), name.from, also),
    }
}

/// Quotes a field of a line of CSV.
fn csv(field: &str) -> String {
    if field.contains(['"', ',', '\n', '\r']) {
        return format!("\"{}\"", field.replace('"', "\"\""));
    }
    field.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Analysis;
    use crate::source::Source;

    #[test]
    fn labels_and_csv() {
        assert!(is_label("a.b-c_d"));
        assert!(!is_label("-a") && !is_label("a.") && !is_label("") && !is_label("a b"));
        assert!(!is_label(&"a".repeat(64)));
        assert!(is_driver("rexray-2") && is_driver("x"));
        assert!(!is_driver("CephFS") && !is_driver("ceph_fs") && !is_driver("-x"));
        assert_eq!(csv("target=/a,\"b\""), "\"target=/a,\"\"b\"\"\"");
        assert_eq!(csv("target=/a b"), "target=/a b");
    }

    #[test]
    fn the_places_of_many_volumes_do_not_multiply() {
        let of = |count: usize| {
            let volumes: Vec<String> =
                (0..count).map(|at| format!(r#"{{"id":"v{at}"}}"#)).collect();
            let mounts: Vec<String> =
                (0..count).map(|at| format!(r#"{{"src":"v{at}","dest":"/d{at}"}}"#)).collect();
            let text = format!(
                r#"{{"id":"app","data_persistence":{{"volumes":[{}]}},"containers":[{{"id":"a","type":"service",
                "image":"b:1","resources":{{"cpus":1,"mem":64}},"volumes":[{}]}}]}}"#,
                volumes.join(","),
                mounts.join(",")
            );
            let plan = Analysis::of(&Source::new("a.json", text.as_str())).plan.unwrap();
            let service = &plan.containers[0];
            assert_eq!(shared(&plan, service), None);
            deciding(&plan, service).len()
        };
        assert_eq!((of(3), of(1000)), (6, 2 * MAX_DECIDING));
    }
}
