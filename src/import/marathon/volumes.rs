//! Volumes of apps and jobs.

use super::app::{number, object, secret, secret_of};
use super::{Import, Item, lost};
use crate::elsewhere::scalars::{list, present, text};
use crate::import::draft::Object as Draft;
use crate::syntax::{Node, Object};

impl Import<'_> {
    pub(super) fn mounts(
        &mut self,
        item: &Item<'_>,
        within: Option<&Object>,
        container: &mut Draft,
    ) {
        let (mut mounts, mut files) = (Vec::new(), Vec::new());
        let nodes =
            within.and_then(|within| present(within, "volumes")).map(list).unwrap_or_default();
        for node in nodes {
            let Some(volume) = node.as_object() else {
                self.told
                    .refuse(node.span, format!("expected an object, found {}", node.kind_name()));
                continue;
            };
            let Some(path) = present(volume, "containerPath").and_then(text) else {
                self.told.refuse(node.span, "expected `containerPath`");
                continue;
            };
            if let Some(label) = secret_of(node) {
                let target = self.target(node, &path);
                let value = secret(item.object, &label);
                value.tell(&format!("the file `{target}`"), node.span, &mut self.told);
                files.push(value.put(Draft::new().with("dest", target)));
                continue;
            }
            lost::report(volume, lost::VOLUME, self.told.0);
            if sandbox_path(volume).is_some_and(|source| at(nodes, &source).is_some()) {
                // The place of another volume, which is mounted there.
                continue;
            }
            let mut places: Vec<(String, bool)> =
                nodes.iter().filter_map(|node| place_of(node, &path)).collect();
            if places.is_empty() {
                places.push((self.target(node, &path), false));
            }
            for (place, is_read_only) in places {
                let is_read_only = is_read_only || read_only(volume);
                mounts.extend(self.volume(item, node, volume, (&path, place, is_read_only)));
            }
        }
        container.put_filled("volumes", mounts);
        container.put_filled("secret_files", files);
    }

    fn volume(
        &mut self,
        item: &Item<'_>,
        node: &Node,
        volume: &Object,
        (path, target, is_read_only): (&str, String, bool),
    ) -> Option<Draft> {
        let mut draft = Draft::new();
        let mut is_host = false;
        for (part, table) in [("external", lost::EXTERNAL), ("persistent", lost::PERSISTENT)] {
            if let Some(part) = object(volume, part) {
                lost::report(part, table, self.told.0);
            }
        }
        if let Some(external) = object(volume, "external") {
            let name = present(external, "name").and_then(text).unwrap_or_else(|| path.to_owned());
            draft.put("src", self.volumes.add(&name, &name, true));
        } else if let Some(persistent) = object(volume, "persistent") {
            let name = format!("{}/{path}", item.path);
            let id =
                self.volumes.add(&name, &format!("{}-{}", item.id, path.trim_matches('/')), false);
            if let Some(size) = number(persistent, "size").filter(|size| *size >= 1.0) {
                self.volumes.size(&id, size.ceil() as u64);
            }
            draft.put("src", id);
        } else if let Some(source) = present(volume, "hostPath").and_then(text) {
            if !source.starts_with('/') {
                self.told.lose(
                    node.span,
                    format!("`{source}` is in the sandbox of the task: not mounted"),
                    "use a persistent volume",
                );
                return None;
            }
            draft.put("src", source);
            is_host = true;
        } else {
            self.told.lose(
                node.span,
                "a volume of another kind is not mounted",
                "use a persistent volume",
            );
            return None;
        }
        draft.put("dest", target);
        if is_host {
            draft.put("type", "host");
        }
        if is_read_only {
            draft.put("mode", "RO");
        }
        Some(draft)
    }

    /// The path in the container: relative ones are in the sandbox of Mesos.
    fn target(&mut self, node: &Node, path: &str) -> String {
        if path.starts_with('/') {
            return path.to_owned();
        }
        let target = format!("/mnt/mesos/sandbox/{path}");
        self.told.differ(
            node.span,
            format!("the volume is at `{target}`, where Mesos mounts it with Docker"),
            "set `dest` to where the program looks for it",
        );
        target
    }
}

/// The path in the sandbox of the task that a volume mounts elsewhere in the container.
fn sandbox_path(volume: &Object) -> Option<String> {
    let is_own = present(volume, "persistent").is_none() && present(volume, "external").is_none();
    present(volume, "hostPath").and_then(text).filter(|path| is_own && !path.starts_with('/'))
}

/// The persistent or external volume at a path in the sandbox.
fn at<'t>(nodes: &'t [Node], path: &str) -> Option<&'t Object> {
    nodes.iter().filter_map(Node::as_object).find(|volume| {
        let is_other = present(volume, "persistent").or_else(|| present(volume, "external"));
        is_other.is_some()
            && present(volume, "containerPath").and_then(text).as_deref() == Some(path)
    })
}

/// The path at which a volume mounts this path of the sandbox, and whether for reading only.
fn place_of(node: &Node, path: &str) -> Option<(String, bool)> {
    let volume = node.as_object()?;
    sandbox_path(volume).filter(|source| source == path)?;
    let place = present(volume, "containerPath").and_then(text)?;
    place.starts_with('/').then(|| (place, read_only(volume)))
}

/// Whether a volume is for reading only.
fn read_only(volume: &Object) -> bool {
    present(volume, "mode").and_then(text).is_some_and(|mode| mode.eq_ignore_ascii_case("RO"))
}
