//! Files of the appliance: a ConfigMap for each container that has some.

use std::collections::HashSet;

use data_encoding::BASE64;

use super::model::{ConfigMap, Item, Meta, Mount, Volume};
use super::network::{Network, free_name};
use super::text;
use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, ContainerId, Content, File, Piece, Plan, Text};
use crate::render::{Composed, Traced};
use crate::targets::{mounts, names, origins};

/// Maximum size in bytes of all values of a ConfigMap (`MaxSecretSize` of Kubernetes, which also
/// validates ConfigMaps).
const MAX_SIZE: usize = 1024 * 1024;

/// The annotation of pods with a digest of their files: pods do not notice a change of a file that is
/// mounted by its key.
pub const DIGEST: &str = "applc/files";

/// The files of a container.
pub struct Files {
    pub config_map: ConfigMap,
    pub volume: Volume,
    pub mounts: Vec<Mount>,
    /// See [`DIGEST`].
    pub digest: Composed,
}

/// Lowers the files of a container. `meta` is the metadata of the ConfigMap, `taken` the names of the
/// volumes of the pod.
pub fn lower(
    (id, container): (ContainerId, &Container),
    meta: Meta,
    plan: &Plan,
    network: &Network,
    taken: &mut HashSet<String>,
    findings: &mut Findings,
) -> Option<Files> {
    let files = &container.extras().files;
    let first = files.first()?;
    let volume = free_name("files", "", taken);
    let named = |from| Traced::new(volume.clone(), from);
    let mut keys = HashSet::new();
    let (mut data, mut binary_data) = (Vec::new(), Vec::new());
    let (mut items, mut mounts) = (Vec::new(), Vec::new());
    let (mut size, mut content) = (0, String::new());
    // What the digest is made of.
    let mut places = Vec::new();
    for file in files {
        let File { dest, source, content: of_file, mode } = file;
        mounts::check_colon(dest, findings);
        let key = Traced::new(key(&dest.value, &mut keys), dest.span);
        let from = source.as_ref().map_or(dest.span, |source| source.span);
        let value = match of_file {
            Content::Text(text) => {
                check_own_address(id, text, findings);
                self::text(text, plan, network)
            }
            Content::Bytes(_) | Content::Unread => Composed::new(String::new(), from, Vec::new()),
        };
        let bytes = match of_file {
            Content::Bytes(bytes) => Some(&**bytes),
            // Characters that `kubectl apply --server-side` cannot send.
            _ => Some(value.value.as_bytes()).filter(|_| !value.value.chars().all(text::is_sent)),
        };
        content.push_str(&value.value);
        places.extend(value.from.place());
        places.extend_from_slice(&value.also);
        match bytes {
            Some(bytes) => {
                size += bytes.len();
                let encoded = Traced::new(BASE64.encode(bytes), value.from);
                content.push_str(&encoded);
                binary_data.push((key.clone(), encoded));
            }
            None => {
                size += value.value.len();
                data.push((key.clone(), value));
            }
        }
        content.push('\0');
        mounts.push(Mount {
            name: named(dest.span),
            path: dest.into(),
            sub_path: Some(key.clone()),
            read_only: Traced::new(true, dest.span),
        });
        items.push(Item {
            path: key.clone(),
            key,
            mode: Traced::new(mode.value, origins::file_mode(file)),
        });
    }
    if size > MAX_SIZE {
        let message =
            format!("a ConfigMap has at most {MAX_SIZE} bytes, but the files have {size}");
        findings.push(
            Diagnostic::new(&codes::BAD_TARGET_VALUE, first.dest.span, message)
                .help("put large files into the image or a volume"),
        );
    }
    let config_map = Traced::new(meta.name.value.to_string(), container.id.span);
    let digest = Composed::new(names::digest(&content), first.dest.span, places);
    Some(Files {
        config_map: ConfigMap { meta, data, binary_data },
        volume: Volume {
            name: named(first.dest.span),
            claim: None,
            host_path: None,
            config_map: Some(config_map),
            secret: None,
            items,
            access: false,
        },
        mounts,
        digest,
    })
}

/// The key of a file: its name, if it is a valid one that no other file has.
pub fn key(path: &str, keys: &mut HashSet<String>) -> String {
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_valid = (1..=253).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        && !name.starts_with('.');
    if is_valid && keys.insert(name.to_owned()) {
        return name.to_owned();
    }
    let mut number = keys.len() + 1;
    while !keys.insert(format!("file-{number}")) {
        number += 1;
    }
    format!("file-{number}")
}

/// Reports references of a container to itself: the address of its pod is not known in a file.
fn check_own_address(id: ContainerId, text: &Text, findings: &mut Findings) {
    if let Some(own) = text.references().find(|reference| reference.to() == id) {
        let message = "a file cannot contain the address of its own container";
        findings.push(
            Diagnostic::new(&codes::NO_WAY, own.span, message)
                .help("write `0.0.0.0`, or put the reference into an environment variable"),
        );
    }
}

/// The content of a file, in which Kubernetes expands nothing.
fn text(text: &Text, plan: &Plan, network: &Network) -> Composed {
    let written = text.pieces.iter().map(|piece| match piece {
        Piece::Literal(text) => text.to_string(),
        Piece::Reference(reference) => network.address(reference),
    });
    let also = origins::of_references(plan, text, |reference, also| {
        let to = plan.containers.get(reference.to());
        let ports = to.map_or(&[][..], |to| &to.ports).iter().map(|port| port.container_port);
        let same = ports.filter(|port| Some(port.value) == reference.port);
        also.extend(same.map(|port| port.span));
    });
    Composed::new(written.collect(), text.span, also)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_files_are_different() {
        let mut keys = HashSet::new();
        let names = ["/a/file-2", "/a/b c", "/b/file-2", "/c/file-2", "/.x"];
        let keys = names.map(|path| key(path, &mut keys));
        assert_eq!(keys, ["file-2", "file-3", "file-4", "file-5", "file-6"]);
    }
}
