//! Volumes of apps and jobs.

use super::app::{SECRET, number, object};
use super::{Import, Item};
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
        let mut mounts = Vec::new();
        for node in
            within.and_then(|within| present(within, "volumes")).map(list).unwrap_or_default()
        {
            let Some(volume) = node.as_object() else {
                self.told
                    .refuse(node.span, format!("expected an object, found {}", node.kind_name()));
                continue;
            };
            let Some(path) = present(volume, "containerPath").and_then(text) else {
                self.told.refuse(node.span, "expected `containerPath`");
                continue;
            };
            if present(volume, "secret").is_some() {
                self.told.lose(node.span, format!("the secret at `{path}` is not mounted"), SECRET);
                continue;
            }
            let target = self.target(node, &path);
            mounts.extend(self.volume(item, node, volume, &path, target));
        }
        container.put_filled("volumes", mounts);
    }

    fn volume(
        &mut self,
        item: &Item<'_>,
        node: &Node,
        volume: &Object,
        path: &str,
        target: String,
    ) -> Option<Draft> {
        let mut draft = Draft::new();
        let mut is_host = false;
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
                // A volume of the task itself, which a volume with `persistent` describes elsewhere.
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
        let mode = present(volume, "mode").and_then(text).unwrap_or_default();
        if mode.eq_ignore_ascii_case("RO") {
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
