//! Images, memory, rights, mounts of the host.

use crate::diag::{Diagnostic, codes};
use crate::plan::{Container, Mount, MountSource};

/// Docker Engine does not take a memory limit below this, in MB ("Minimum memory limit
/// allowed is 6MB").
const LEAST_MEMORY: u64 = 6;

/// Looks at one container.
pub fn check(container: &Container, diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.extend(moving_image(container));
    diagnostics.extend(little_memory(container));
    if container.privileged.value {
        let message = format!("`{}` has full rights on its host", container.id.value);
        diagnostics.push(
            Diagnostic::new(&codes::PRIVILEGED, container.privileged.span, message)
                .help("who gets into the container gets the host: leave it out where the program works without"),
        );
    }
    diagnostics.extend(container.mounts.iter().filter_map(sensitive_mount));
}

/// An image that can be another one tomorrow.
fn moving_image(container: &Container) -> Option<Diagnostic> {
    let image = &container.image;
    let help = "name a version, as `nginx:1.27`, so that every start runs the same";
    let message = match tag(&image.value)? {
        None => format!("`{}` names no version", image.value),
        Some("latest") => "`latest` is another image after each release".to_owned(),
        Some(_) => return None,
    };
    Some(Diagnostic::new(&codes::MOVING_IMAGE, image.span, message).help(help))
}

/// The tag of an image reference, if it has one; `None` where a digest says it all, or
/// there is no image.
fn tag(image: &str) -> Option<Option<&str>> {
    if image.is_empty() || image.contains('@') {
        return None;
    }
    // A colon before the last slash belongs to the port of a registry.
    let name = image.rsplit('/').next().unwrap_or(image);
    Some(name.split_once(':').map(|(_, tag)| tag))
}

fn little_memory(container: &Container) -> Option<Diagnostic> {
    let mem = container.resources.mem;
    if mem.value == 0 || mem.value >= LEAST_MEMORY {
        return None;
    }
    let message = format!("{} MB are too little for any container", mem.value);
    Some(Diagnostic::new(&codes::LITTLE_MEMORY, mem.span, message).help(format!(
        "Docker does not start one with less than {LEAST_MEMORY} MB; `mem` counts MB"
    )))
}

/// Places of a host from which it can be taken over, or its secrets read, whatever is in
/// them; with what they are.
const SENSITIVE: [(&str, &str); 16] = [
    ("/", "the whole file system of the host"),
    ("/boot", "what the host starts from"),
    ("/dev", "the devices of the host"),
    ("/etc", "the accounts and settings of the host"),
    ("/etc/kubernetes", "the keys of the cluster"),
    ("/etc/shadow", "the passwords of the host"),
    ("/etc/sudoers", "who may do what on the host"),
    ("/proc", "the processes of the host"),
    ("/root", "the files of the host's administrator"),
    ("/run", "the sockets of the host's services"),
    ("/sys", "the kernel's settings"),
    ("/usr", "the programs of the host"),
    ("/var/lib/docker", "the files of all containers"),
    ("/var/lib/kubelet", "the files and keys of all pods"),
    ("/var/run", "the sockets of the host's services"),
    ("/var", "the state of the host's services"),
];

/// Sockets through which one commands a container engine.
const ENGINE_SOCKETS: [&str; 4] = ["docker.sock", "containerd.sock", "crio.sock", "podman.sock"];

fn sensitive_mount(mount: &Mount) -> Option<Diagnostic> {
    let MountSource::Host(source) = &mount.source else { return None };
    let path = match source.value.trim_end_matches('/') {
        "" => "/",
        path => path,
    };
    let what = if ENGINE_SOCKETS.iter().any(|socket| path.ends_with(&format!("/{socket}"))) {
        "the host's container engine: who can use it has the host"
    } else {
        let inside = |root: &str| path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'));
        let found = SENSITIVE.iter().find(|(place, _)| *place == path);
        match found {
            // Programs that watch a host read these; nothing secret is in them.
            Some(("/proc" | "/sys", _)) if mount.read_only.value => return None,
            Some((_, what)) => what,
            None if inside("/root") => "a file of the host's administrator",
            None if (inside("/proc") || inside("/sys")) && !mount.read_only.value => {
                "a setting of the host's kernel"
            }
            None => return None,
        }
    };
    let message = format!("`{path}` is {what}");
    let diagnostic = Diagnostic::new(&codes::SENSITIVE_MOUNT, source.span, message);
    Some(if mount.read_only.value {
        diagnostic.help("mount only the folder that the program needs")
    } else {
        diagnostic.help(
            "mount only the folder that the program needs, with `\"mode\": \"RO\"` where it only reads",
        )
    })
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn tags_are_told_from_ports_of_registries() {
        assert_eq!(tag("nginx"), Some(None));
        assert_eq!(tag("registry:5000/a/nginx"), Some(None));
        assert_eq!(tag("registry:5000/a/nginx:1.2"), Some(Some("1.2")));
        assert_eq!(tag("a/nginx@sha256:00"), None);
        assert_eq!(tag(""), None);
    }
}
