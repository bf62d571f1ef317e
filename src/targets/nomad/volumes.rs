//! Volumes: the docker driver mounts host paths, Nomad mounts persistent volumes.

use ecow::EcoString;

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{
    Container, ContainerId, Mount, MountSource, Volume, VolumeId, VolumeScope, user_numbers,
};
use crate::render::{Composed, Traced};
use crate::source::{Span, Spanned};
use crate::targets::{mounts, origins};

use super::context::Context;
use super::model::{self, VolumeFile, VolumeMount};
use super::names;
use super::placement;
use super::strings::{ConfigString, is_expanded_in_env, survives_hcl};

/// The mounts of a container, by where they are written.
#[derive(Debug, Default)]
pub struct Mounts {
    /// In the group.
    pub volumes: Vec<model::Volume>,
    /// In the task.
    pub volume_mounts: Vec<VolumeMount>,
    /// In the task's `config`, as `source:target`.
    pub binds: Vec<Composed>,
    /// In the task's `config`, for paths that contain a colon.
    pub mounts: Vec<model::Mount>,
}

/// The plugin of Nomad that makes a folder for a volume.
const MKDIR: &str = "mkdir";

/// How volumes are shared; a volume and its jobs must use the same mode.
fn access_mode(kind: Traced<&'static str>) -> Traced<&'static str> {
    kind.map(|kind| match kind {
        "csi" => "multi-node-multi-writer",
        _ => "single-node-multi-writer",
    })
}

fn kind(context: &Context<'_>) -> Traced<&'static str> {
    let kind = if context.options.text("volumes") == "csi" { "csi" } else { "host" };
    Traced::new(kind, context.options.origin("volumes"))
}

/// The mounts of a container.
pub fn mounts(context: &Context<'_>, container: &Container, findings: &mut Findings) -> Mounts {
    let mut made = Mounts::default();
    for mount in &container.mounts {
        let Mount { source, target, read_only } = mount;
        let read_only = Traced::new(read_only.value, origins::read_only(mount));
        check_path(target, findings);
        let volume = match source {
            MountSource::Persistent(volume) => volume,
            MountSource::Host(path) => {
                check_path(path, findings);
                mounts::check_single_file(container, mount, mounts::USE_FILES, findings);
                let is_first = made.binds.is_empty() && made.mounts.is_empty();
                if is_first && mount.beside().is_none() {
                    findings.push(needs_paths(path));
                }
                host(&mut made, path, target, read_only);
                continue;
            }
        };
        let Some(found) = context.plan.volumes.get(volume.value) else { continue };
        let also = vec![found.id.span];
        let label = Composed::new(found.id.value.to_string(), volume.span, also);
        if !made.volumes.iter().any(|known| known.label.value == label.value) {
            let kind = kind(context);
            made.volumes.push(model::Volume {
                label: label.clone(),
                kind,
                source: name(context, found, volume.span),
                access_mode: access_mode(kind),
            });
        }
        if is_expanded_in_env(&target.value) {
            let message =
                format!("Nomad would replace `${{...}}` in mount path `{}`", target.value);
            findings.push(Diagnostic::new(&codes::BAD_TARGET_VALUE, target.span, message));
        }
        made.volume_mounts.push(VolumeMount {
            volume: label,
            destination: target.into(),
            read_only,
        });
    }
    several_local(context, container, findings);
    made
}

/// Reports that the nodes must allow mounts of their paths.
fn needs_paths(path: &Spanned<EcoString>) -> Diagnostic {
    let message = "nodes must allow mounts of their paths";
    Diagnostic::new(&codes::CLUSTER_NEEDS, path.span, message)
        .help("set `volumes { enabled = true }` in the configuration of the docker plugin")
}

fn host(
    made: &mut Mounts,
    source: &Spanned<EcoString>,
    target: &Spanned<EcoString>,
    read_only: Traced<bool>,
) {
    if source.value.contains(':') || target.value.contains(':') {
        let path =
            |path: &Spanned<EcoString>| Traced::new(ConfigString::literal(&path.value), path.span);
        made.mounts.push(model::Mount { source: path(source), target: path(target), read_only });
    } else {
        let mode = if read_only.value { ":ro" } else { "" };
        let bind = ConfigString::literal(&format!("{}:{}{mode}", source.value, target.value));
        let also = [target.span].into_iter().chain(read_only.from.place()).collect();
        made.binds.push(Composed::new(bind, source.span, also));
    }
}

fn check_path(path: &Spanned<EcoString>, findings: &mut Findings) {
    if !survives_hcl(&path.value) {
        let message = format!("path `{}` is not in Unicode normal form C", path.value);
        findings.push(
            Diagnostic::new(&codes::BAD_TARGET_VALUE, path.span, message)
                .help("HCL converts every string to that form"),
        );
    }
}

/// Warns about several host volumes of a container: they may be on different nodes.
fn several_local(context: &Context<'_>, container: &Container, findings: &mut Findings) {
    if kind(context).value != "host" {
        return;
    }
    let mut mounted: Vec<(VolumeId, &Spanned<VolumeId>)> = Vec::new();
    for mount in &container.mounts {
        if let MountSource::Persistent(volume) = &mount.source
            && !mounted.iter().any(|(known, _)| *known == volume.value)
        {
            mounted.push((volume.value, volume));
        }
    }
    if let [_, (_, second), ..] = mounted.as_slice() {
        let message = format!(
            "the {} volumes of `{}` must be on the same node",
            mounted.len(),
            container.id.value
        );
        findings.push(
            Diagnostic::new(&codes::CLUSTER_NEEDS, second.span, message)
                .help("set the node in the file of each volume (`node_id`), or use a storage system with `--option nomad.volumes=csi`"),
        );
    }
}

/// The name of a volume in Nomad: that of a local volume contains the appliance's id.
///
/// Its main origin is `from`: the id, or a mention of it.
fn name(context: &Context<'_>, volume: &Volume, from: Span) -> Composed {
    let name = match volume.scope.value {
        VolumeScope::Local => names::service(&[&context.plan.id.value, &volume.id.value]),
        VolumeScope::Global => volume.id.value.to_string(),
    };
    let also = vec![volume.id.span, volume.scope.span, context.plan.id.span];
    Composed::new(name, from, also)
}

/// The folder of a volume, which every user of its containers must be able to use.
///
/// By default it would be for the client's user alone. An image has a user of its own that nobody knows here, and an
/// appliance may name another one while its volume stays, so all users may write. The folder belongs to the one user that all
/// containers name, if there is one: programs such as PostgreSQL want to own their data.
fn folder(
    context: &Context<'_>,
    mounted_by: &[ContainerId],
    plugin: &Traced<String>,
) -> model::VolumeFolder {
    let containers = mounted_by.iter().filter_map(|id| context.plan.containers.get(*id));
    let mut users = containers.map(|container| container.extras().user.as_ref());
    let first = users.next().flatten();
    let same = users.all(|user| user.map(|user| &user.value) == first.map(|user| &user.value));
    let owner = first.filter(|_| same);
    let numbers = owner.and_then(|user| Some((user, user_numbers(&user.value)?)));
    let number = |value: u64, user: &Spanned<EcoString>| Traced::new(value.to_string(), user.span);
    model::VolumeFolder {
        mode: Traced::new("0777", plugin.from),
        uid: numbers.map(|(user, (uid, _))| number(uid, user)),
        gid: numbers.and_then(|(user, (_, gid))| Some(number(gid?, user))),
    }
}

/// The files that create the local volumes: the place of the volume's id, the path without its ending, the content.
pub fn files(context: &Context<'_>, findings: &mut Findings) -> Vec<(Span, String, VolumeFile)> {
    let mut files = Vec::new();
    for volume in &context.plan.volumes {
        let Volume { id, scope: owner, volume_type: _, size, placement, preemptible, mounted_by } =
            volume;
        if owner.value == VolumeScope::Global {
            continue;
        }
        let kind = kind(context);
        let constraints =
            placement::constraints(context, placement.as_ref(), preemptible.as_ref(), findings);
        let hints = placement.as_ref().map(|place| place.name.span);
        if let Some(span) = hints.or(preemptible.map(|p| p.span)).filter(|_| kind.value == "csi") {
            let message = "scheduling hints have no effect on a CSI volume: its plugin decides where it is stored";
            findings.push(Diagnostic::new(&codes::APPROXIMATED, span, message));
        }
        let plugin = match (context.options.some_traced("volume-plugin"), kind.value) {
            (Some(plugin), _) => plugin,
            (None, "csi") => {
                let plugin = volume.storage();
                let message =
                    format!("the CSI plugin of `{}` is assumed to be `{plugin}`", id.value);
                findings.push(
                    Diagnostic::new(&codes::DEFAULT_CHOSEN, id.span, message)
                        .help("set another with the option `volume-plugin`"),
                );
                Traced::new(plugin.to_owned(), origins::volume_type(volume))
            }
            (None, _) => Traced::new(MKDIR.to_owned(), kind.from),
        };
        let makes_folder = kind.value == "host" && plugin.value == MKDIR;
        let file = VolumeFile {
            name: name(context, volume, id.span),
            kind,
            namespace: context.options.some_traced("namespace"),
            access_mode: access_mode(kind),
            size: size.map(|size| Traced::new(format!("{}MiB", size.value), size.span)),
            folder: makes_folder.then(|| folder(context, mounted_by, &plugin)),
            plugin,
            constraints: if kind.value == "csi" { Vec::new() } else { constraints },
        };
        let stem = format!("{}.{}", context.plan.id.value, id.value);
        files.push((id.span, stem, file));
    }
    files
}
