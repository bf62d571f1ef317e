//! Mount paths, as container engines read them.

use ecow::EcoString;

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, Mount, MountSource, PlacementLevel, Plan, Volume, VolumeScope};
use crate::resolve::cleaned_path;
use crate::source::Spanned;

/// Reports a mount path that contains a colon. `target` is the name of the target.
///
/// Container engines read a mount as `source:target:mode`, without an escape for a colon.
pub fn check_colon(path: &Spanned<EcoString>, findings: &mut Findings) {
    if path.value.contains(':') {
        let message = format!("mount path `{}` cannot contain `:`", path.value);
        findings.push(Diagnostic::new(&codes::BAD_TARGET_VALUE, path.span, message));
    }
}

/// What container engines mount themselves, over what is copied to these paths.
const OF_ENGINE: [&str; 6] =
    ["/dev", "/proc", "/sys", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf"];

/// Whether a cleaned path is below a folder.
fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Reports a file that is copied into the container to where it would not be in the container itself: below a
/// volume, in which it would stay, or where the engine mounts something over it.
pub fn check_copied(container: &Container, dest: &Spanned<EcoString>, findings: &mut Findings) {
    let path = cleaned_path(&dest.value);
    let is_of_engine = |place: &&&str| path == ***place || is_below(&path, place);
    if let Some(place) = OF_ENGINE.iter().find(is_of_engine) {
        findings.add(&codes::BAD_TARGET_VALUE, |code| {
            let message =
                format!("a file at `{path}` would be hidden: the engine mounts its own `{place}`");
            Diagnostic::new(code, dest.span, message).help("choose another path")
        });
    }
    let around = |mount: &&Mount| is_below(&path, &cleaned_path(&mount.target.value));
    if let Some(mount) = container.mounts.iter().find(around) {
        findings.add(&codes::BAD_TARGET_VALUE, |code| {
            let message = format!("the file `{path}` would be written into the volume at `{}`", mount.target.value);
            Diagnostic::new(code, dest.span, message)
                .also(mount.target.span, "mounted here")
                .help("Compose copies files into containers, and this one would stay in the volume: choose a path outside of it, or mount the volume at a path that does not contain the file")
        });
    }
}

/// The first mount of a container that writes to a local volume as a user other than root, with the user and the volume.
///
/// A new volume of many storage systems belongs to root, and only root can write to it.
pub fn of_other_user<'a>(
    plan: &'a Plan,
    container: &'a Container,
) -> Option<(&'a Mount, &'a str, &'a Volume)> {
    let user = &container.extras().user.as_ref()?.value;
    let name = user.split(':').next().unwrap_or_default();
    if ["0", "root"].contains(&name) {
        return None;
    }
    container.mounts.iter().filter(|mount| !mount.read_only.value).find_map(|mount| {
        let MountSource::Persistent(volume) = &mount.source else { return None };
        let volume = plan.volumes.get(volume.value)?;
        (volume.scope.value == VolumeScope::Local).then_some((mount, name, volume))
    })
}

/// What to do where the target brings `files` to the nodes.
pub const USE_FILES: &str = "put it into `files` of the container, which brings it to the node";

/// What to do where it does not.
pub const USE_IMAGE: &str = "copy it to the nodes, or build it into the image";

/// Endings of names of files.
const FILES: [&str; 22] = [
    "cer",
    "cfg",
    "cnf",
    "conf",
    "crt",
    "env",
    "hcl",
    "htpasswd",
    "ini",
    "js",
    "json",
    "key",
    "lua",
    "pem",
    "properties",
    "py",
    "sh",
    "sql",
    "toml",
    "xml",
    "yaml",
    "yml",
];

/// Reports a host volume that is a single file: on a cluster, each node must have it, unless the container is
/// placed on one. `way_out` says what to do instead.
pub fn check_single_file(
    container: &Container,
    mount: &Mount,
    way_out: &str,
    findings: &mut Findings,
) {
    let MountSource::Host(path) = &mount.source else { return };
    let placement = container.placement.as_ref();
    if placement.is_some_and(|placement| placement.level == PlacementLevel::Host) {
        return;
    }
    let name = path.value.rsplit('/').next().unwrap_or_default();
    let ending =
        name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map(|(_, ending)| ending);
    // Files of the system are on all nodes.
    let is_system = ["/etc/", "/usr/", "/proc/", "/sys/", "/run/", "/var/run/"];
    let is_system = is_system.iter().any(|folder| path.value.starts_with(folder));
    let is_file =
        ending.is_some_and(|ending| FILES.iter().any(|one| ending.eq_ignore_ascii_case(one)));
    if mount.beside().is_some() || is_system || !is_file {
        return;
    }
    findings.add(&codes::CLUSTER_NEEDS, |code| {
        let message = format!("the file `{}` must be on each node", path.value);
        Diagnostic::new(code, path.span, message).help(way_out)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    #[test]
    fn a_path_with_a_colon_is_an_error() {
        let found = |path: &str| {
            let mut found = Findings::new();
            check_colon(&Spanned::new(path.into(), Span::at(0)), &mut found);
            found.iter().map(|finding| finding.code.id).collect::<Vec<_>>()
        };
        assert_eq!(found("/a:b"), ["E0408"]);
        assert_eq!(found("/a b"), [""; 0]);
    }
}
