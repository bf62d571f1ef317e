//! Images, memory, privileges, and mounts of the host.

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, Mount, MountSource};
use crate::resolve::cleaned_path;

/// Minimum memory limit of Docker Engine, in MB ("Minimum memory limit allowed is 6MB").
const LEAST_MEMORY: u64 = 6;

/// Checks one container.
pub fn check(container: &Container, findings: &mut Findings) {
    findings.extend(moving_image(container));
    findings.extend(little_memory(container));
    if container.privileged.value {
        findings.add(&codes::PRIVILEGED, |code| {
            let message = format!("`{}` is privileged", container.id.value);
            Diagnostic::new(code, container.privileged.span, message)
                .help("a privileged container has full access to its host; remove this unless the program requires it")
        });
    }
    findings.extend(container.mounts.iter().filter_map(sensitive_mount));
    unreadable_files(container, findings);
}

/// Reports files that the user of the container cannot read. On every target they belong to root and its group.
fn unreadable_files(container: &Container, findings: &mut Findings) {
    let extras = container.extras();
    let Some(user) = &extras.user else { return };
    let (name, group) = match user.value.split_once(':') {
        Some((name, group)) => (name, Some(group)),
        None => (user.value.as_str(), None),
    };
    let is_root = |name: &str| name == "root" || name.bytes().all(|digit| digit == b'0');
    if is_root(name) {
        return;
    }
    let files = extras.files.iter().map(|file| (&file.dest, &file.mode));
    let secret_files = extras.secret_files.iter().map(|file| (&file.dest, &file.mode));
    for (dest, mode) in files.chain(secret_files) {
        let of_others = mode.value & 0o004 != 0;
        let of_group = mode.value & 0o040 != 0;
        if of_others || of_group && group.is_some_and(is_root) {
            continue;
        }
        findings.add(&codes::UNREADABLE_MODE, |code| {
            // Without a group, it is the one that the image gives to the user.
            let is_certain = !of_group || group.is_some();
            let verb = if is_certain { "cannot" } else { "may be unable to" };
            let message = format!("user `{}` {verb} read `{}`", user.value, dest.value);
            // What the owner may do, except to write.
            let bits = mode.value >> 6 & 0o5 | 0o4;
            let readable = mode.value | bits << 3 | bits;
            Diagnostic::new(code, mode.span, message)
                .label("others cannot read it")
                .also(user.span, "user of the container")
                .help(format!(
                    "the file belongs to root; use a mode that lets others read it, such as `{readable:04o}`"
                ))
        });
    }
}

/// Reports an image that is not pinned to a version.
fn moving_image(container: &Container) -> Option<Diagnostic> {
    let image = &container.image;
    let help = "pin a version, for example `nginx:1.27`, so that every start runs the same image";
    let message = match tag(&image.value)? {
        None => format!("image `{}` has no version", image.value),
        Some("latest") => "the tag `latest` changes with every release".to_owned(),
        Some(_) => return None,
    };
    Some(Diagnostic::new(&codes::MOVING_IMAGE, image.span, message).help(help))
}

/// The tag of an image reference, if it has one. `None` if there is no image, or if a digest
/// pins it.
fn tag(image: &str) -> Option<Option<&str>> {
    if image.is_empty() || image.contains('@') {
        return None;
    }
    // A colon before the last slash separates the port of a registry.
    let name = image.rsplit('/').next().unwrap_or(image);
    Some(name.split_once(':').map(|(_, tag)| tag))
}

/// Reports a memory limit that is too low to start a container.
fn little_memory(container: &Container) -> Option<Diagnostic> {
    let mem = container.resources.mem;
    if mem.value == 0 || mem.value >= LEAST_MEMORY {
        return None;
    }
    let message = format!("a memory limit of {} MB is too low", mem.value);
    Some(
        Diagnostic::new(&codes::LITTLE_MEMORY, mem.span, message)
            .help(format!("Docker requires at least {LEAST_MEMORY} MB; `mem` is in MB")),
    )
}

/// Paths of a host that give control of it, or access to its secrets, and what they contain.
const SENSITIVE: [(&str, &str); 16] = [
    ("/", "the entire file system of the host"),
    ("/boot", "the boot files of the host"),
    ("/dev", "the devices of the host"),
    ("/etc", "the accounts and settings of the host"),
    ("/etc/kubernetes", "the keys of the cluster"),
    ("/etc/shadow", "the password hashes of the host"),
    ("/etc/sudoers", "the sudo rules of the host"),
    ("/proc", "the processes of the host"),
    ("/root", "the home directory of `root` on the host"),
    ("/run", "the sockets of the services of the host"),
    ("/sys", "the kernel settings of the host"),
    ("/usr", "the programs of the host"),
    ("/var/lib/docker", "the files of all containers"),
    ("/var/lib/kubelet", "the files and keys of all pods"),
    ("/var/run", "the sockets of the services of the host"),
    ("/var", "the state of the services of the host"),
];

/// Sockets that control a container engine.
const ENGINE_SOCKETS: [&str; 4] = ["docker.sock", "containerd.sock", "crio.sock", "podman.sock"];

/// Reports a mount of a sensitive path of the host.
fn sensitive_mount(mount: &Mount) -> Option<Diagnostic> {
    let MountSource::Host(source) = &mount.source else { return None };
    // Relative to a folder that is not known here.
    if mount.beside().is_some() {
        return None;
    }
    let path = &*cleaned_path(&source.value);
    let what = if ENGINE_SOCKETS.iter().any(|socket| path.ends_with(&format!("/{socket}"))) {
        "the container engine of the host, and so to the entire host"
    } else {
        let inside = |root: &str| path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'));
        let found = SENSITIVE.iter().find(|(place, _)| *place == path);
        match found {
            // Monitoring programs read these, and they contain no secrets.
            Some(("/proc" | "/sys", _)) if mount.read_only.value => return None,
            Some((_, what)) => what,
            None if inside("/root") => "the files of `root` on the host",
            None if (inside("/proc") || inside("/sys")) && !mount.read_only.value => {
                "the kernel settings of the host"
            }
            None => return None,
        }
    };
    let message = format!("mount of `{path}` gives access to {what}");
    let diagnostic = Diagnostic::new(&codes::SENSITIVE_MOUNT, source.span, message);
    Some(if mount.read_only.value {
        diagnostic.help("mount only the folder that the program requires")
    } else {
        diagnostic.help(
            "mount only the folder that the program requires, with `\"mode\": \"RO\"` if it only reads",
        )
    })
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn tags_are_distinguished_from_registry_ports() {
        assert_eq!(tag("nginx"), Some(None));
        assert_eq!(tag("registry:5000/a/nginx"), Some(None));
        assert_eq!(tag("registry:5000/a/nginx:1.2"), Some(Some("1.2")));
        assert_eq!(tag("a/nginx@sha256:00"), None);
        assert_eq!(tag(""), None);
    }
}
