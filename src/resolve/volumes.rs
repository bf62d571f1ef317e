//! Volumes: the volume of each mount, and the containers that mount each volume.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use crate::diag::{Diagnostic, Findings, codes, list_or};
use crate::model;
use crate::plan::{Container, Mount, MountSource, Volume};
use crate::source::{Span, Spanned};

use super::lookup::Lookup;
use super::path::cleaned;
use super::placement;
use super::text::{self, owned};

/// Resolves the mounts of one container.
pub fn mounts(
    container: &model::Container<'_>,
    lookup: &Lookup<'_>,
    findings: &mut Findings,
) -> Vec<Mount> {
    let mut first: HashMap<Cow<'_, str>, Span> = HashMap::new();
    let mut mounts = Vec::new();
    if !container.volumes_complete {
        lookup.mounts_complete.set(false);
    }
    for mount in &container.volumes {
        text::check_nul(mount.dest.value, mount.dest.span, findings);
        let dest = cleaned(mount.dest.value);
        if dest == "/" && mount.dest.value.starts_with('/') {
            findings.add(&codes::ROOT_MOUNT, |code| {
                let message = "a volume cannot be mounted at `/`";
                Diagnostic::new(code, mount.dest.span, message)
                    .help("mount it at a folder, for example `/data`; at `/` it would hide all files of the image")
            });
        } else if let Some(before) = before(&mut first, dest.clone(), mount.dest.span) {
            findings.add(&codes::DUPLICATE_MOUNT, |code| {
                let message = format!("duplicate mount path `{dest}`");
                Diagnostic::new(code, mount.dest.span, message)
                    .label("mounted again here")
                    .also(before, "first mounted here")
            });
        }
        let source = if mount.is_host {
            text::check_nul(mount.src.value, mount.src.span, findings);
            // The schema check reports the id of a volume as a path.
            if lookup.volumes.contains_key(mount.src.value) {
                lookup.mounts_complete.set(false);
            }
            MountSource::Host(owned(mount.src))
        } else {
            match lookup.volumes.get(mount.src.value) {
                Some(volume) => MountSource::Persistent(Spanned::new(*volume, mount.src.span)),
                None => {
                    lookup.mounts_complete.set(false);
                    if lookup.complete {
                        findings.add(&codes::UNKNOWN_VOLUME, |_| unknown(mount, lookup));
                    }
                    continue;
                }
            }
        };
        let target = owned(mount.dest);
        mounts.push(Mount { source, target, read_only: mount.read_only });
    }
    mounts
}

/// Where a path is first mounted, before this span.
fn before<'a>(
    first: &mut HashMap<Cow<'a, str>, Span>,
    path: Cow<'a, str>,
    span: Span,
) -> Option<Span> {
    match first.entry(path) {
        Entry::Occupied(before) => Some(*before.get()),
        Entry::Vacant(entry) => {
            entry.insert(span);
            None
        }
    }
}

fn unknown(mount: &model::Mount<'_>, lookup: &Lookup<'_>) -> Diagnostic {
    let src = mount.src;
    let message = format!("mount of unknown volume `{}`", src.value);
    let diagnostic = Diagnostic::new(&codes::UNKNOWN_VOLUME, src.span, message);
    if src.value.starts_with(['/', '.']) {
        return diagnostic.help("set `\"type\": \"host\"` to mount a path on the host");
    }
    match lookup.similar(src.value, &lookup.volumes) {
        Some(similar) => diagnostic
            .label(format!("did you mean `{similar}`?"))
            .likely_edit(src.span, format!("\"{similar}\"")),
        None if lookup.volumes.is_empty() => {
            diagnostic.help("declare the volume in `data_persistence.volumes`")
        }
        // A longer list does not help.
        None if lookup.volumes.len() > 12 => diagnostic,
        None => {
            let mut known: Vec<&str> = lookup.volumes.keys().copied().collect();
            known.sort_unstable();
            diagnostic.help(format!(
                "expected {}, declared in `data_persistence.volumes`",
                list_or(known)
            ))
        }
    }
}

/// Resolves the persistent volumes, with the containers that mount them. None is reported as unused if a mount has an
/// error: that may be the one of the volume.
pub fn resolve(
    written: &[model::Volume<'_>],
    containers: &[Container],
    lookup: &Lookup<'_>,
    findings: &mut Findings,
) -> Vec<Volume> {
    let mut volumes: Vec<Volume> = written
        .iter()
        .map(|volume| {
            let (placement, preemptible) = placement::resolve(&volume.hints);
            Volume {
                id: owned(volume.id),
                scope: volume.scope,
                volume_type: volume.volume_type.map(owned),
                size: volume.size,
                placement,
                preemptible,
                mounted_by: Vec::new(),
            }
        })
        .collect();
    for (id, container) in containers.iter().enumerate() {
        for mount in &container.mounts {
            let MountSource::Persistent(volume) = &mount.source else { continue };
            if let Some(volume) = volumes.get_mut(volume.value)
                && volume.mounted_by.last() != Some(&id)
            {
                volume.mounted_by.push(id);
            }
        }
    }
    if !lookup.mounts_complete.get() {
        return volumes;
    }
    // Only the first of two volumes with the same id can be mounted; the other is reported
    // as a duplicate.
    let mut seen = HashSet::new();
    for volume in &volumes {
        if !seen.insert(&volume.id.value) || !volume.mounted_by.is_empty() {
            continue;
        }
        findings.add(&codes::UNUSED_VOLUME, |code| {
            let message = format!("unused volume `{}`", volume.id.value);
            Diagnostic::new(code, volume.id.span, message)
                .help("mount it in the `volumes` of a container, or remove it")
        });
    }
    volumes
}
