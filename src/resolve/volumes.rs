//! Volumes: which one each mount means, and who mounts it.

use std::collections::{HashMap, HashSet};

use crate::diag::{Diagnostic, codes, list_or};
use crate::model;
use crate::plan::{Container, Mount, MountSource, Volume};
use crate::source::{Span, Spanned};

use super::{Scope, containers, owned, text};

/// The mounts of one container.
pub fn mounts(
    written: &[model::Mount<'_>],
    scope: &Scope<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Mount> {
    let mut first: HashMap<&str, Span> = HashMap::new();
    let mut mounts = Vec::new();
    for mount in written {
        text::check_nul(mount.dest.value, mount.dest.span, diagnostics);
        // `/data` and `/data/` are one place.
        let dest = match mount.dest.value.trim_end_matches('/') {
            "" => "/",
            dest => dest,
        };
        if let Some(before) = first.insert(dest, mount.dest.span) {
            let message = format!("two volumes are mounted at `{dest}`");
            diagnostics.push(
                Diagnostic::new(&codes::DUPLICATE_MOUNT, mount.dest.span, message)
                    .label("again here")
                    .also(before, "first here"),
            );
        }
        let source = if mount.is_host {
            text::check_nul(mount.src.value, mount.src.span, diagnostics);
            MountSource::Host(owned(mount.src))
        } else {
            match scope.volumes.get(mount.src.value) {
                Some(volume) => MountSource::Persistent(Spanned::new(*volume, mount.src.span)),
                None => {
                    if scope.complete {
                        diagnostics.push(unknown(mount, scope));
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

fn unknown(mount: &model::Mount<'_>, scope: &Scope<'_>) -> Diagnostic {
    let src = mount.src;
    let message = format!("no persistent volume has the id `{}`", src.value);
    let diagnostic = Diagnostic::new(&codes::UNKNOWN_VOLUME, src.span, message);
    if src.value.starts_with('/') {
        return diagnostic.help("a path on the host is mounted with `\"type\": \"host\"`");
    }
    match scope.near(src.value, &scope.volumes) {
        Some(near) => diagnostic
            .label(format!("did you mean `{near}`?"))
            .likely_edit(src.span, format!("\"{near}\"")),
        None if scope.volumes.is_empty() => {
            diagnostic.help("declare it in `data_persistence.volumes` of the appliance")
        }
        // A long list would help nobody.
        None if scope.volumes.len() > 12 => diagnostic,
        None => {
            let mut known: Vec<&str> = scope.volumes.keys().copied().collect();
            known.sort_unstable();
            diagnostic.help(format!("`data_persistence.volumes` has {}", list_or(known)))
        }
    }
}

/// The persistent volumes, with who mounts them.
pub fn resolve(
    written: &[model::Volume<'_>],
    containers: &[Container],
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Volume> {
    let mut volumes: Vec<Volume> = written
        .iter()
        .map(|volume| {
            let (placement, preemptible) = containers::placed(&volume.hints);
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
    // Of two with one id, which is reported, only the first can be mounted.
    let mut met = HashSet::new();
    for volume in &volumes {
        if !met.insert(&volume.id.value) || !volume.mounted_by.is_empty() {
            continue;
        }
        let message = format!("nothing mounts the volume `{}`", volume.id.value);
        diagnostics.push(
            Diagnostic::new(&codes::UNUSED_VOLUME, volume.id.span, message)
                .help("mount it in a container's `volumes`, or remove it"),
        );
    }
    volumes
}
