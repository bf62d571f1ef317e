//! Volumes and mounts.

use std::collections::BTreeSet;

use super::super::draft::Object as Draft;
use super::{Import, Service, lost};
use crate::elsewhere::scalars::{boolean, list, present, text};
use crate::source::Span;
use crate::syntax::Node;

/// A mount, as it is written.
#[derive(Debug, Default, PartialEq)]
pub struct Mount {
    pub kind: String,
    pub source: Option<String>,
    pub target: String,
    pub read_only: bool,
    /// Options that the language has no like for.
    options: Vec<String>,
}

/// A mount of another service.
pub struct Shared<'s, 't> {
    /// The other service.
    pub of: &'s Service<'t>,
    /// How it is named.
    pub name: String,
    /// Where it is named.
    pub span: Span,
    /// The mount.
    pub mount: Mount,
}

/// Options that say nothing else than the default, or that the import reads.
const KNOWN_OPTIONS: [&str; 6] = ["", "rw", "ro", "cached", "delegated", "consistent"];

impl<'t> Import<'_, 't> {
    /// The mounts of a service, and the files that are copied instead of being mounted.
    /// `shared` are those of other services.
    pub(super) fn mounts(
        &mut self,
        service: &Service<'t>,
        shared: Vec<Shared<'_, 't>>,
    ) -> (Vec<Draft>, Vec<Draft>) {
        let own = self.read_mounts(service);
        let mut read: Vec<_> =
            own.into_iter().map(|(span, mount)| (service, span, mount)).collect();
        let mut told = None;
        let mut targets: BTreeSet<String> =
            read.iter().map(|(_, _, mount)| mount.target.clone()).collect();
        for Shared { of, name, span, mount } in shared {
            // Its own mounts hide those of others.
            if targets.insert(mount.target.clone()) {
                read.push((of, span, mount));
            }
            if told.replace(span) == Some(span) {
                continue;
            }
            self.told.differ(
                span,
                format!("the volumes that `{name}` lists are mounted, not those that only its image declares"),
                "mount those by name in both",
            );
        }
        let (mut mounts, mut copies) = (Vec::new(), Vec::new());
        let folders: BTreeSet<&str> =
            read.iter().map(|(_, _, mount)| mount.target.trim_end_matches('/')).collect();
        for (owner, span, mount) in &read {
            // What is copied into a folder of the host would stay there.
            match if is_inside(&mount.target, &folders) { None } else { self.copy(mount, *span) } {
                Some(copy) => copies.push(copy),
                None => mounts.extend(self.mount(owner, *span, mount)),
            }
        }
        (mounts, copies)
    }

    /// The mounts of a service that can be imported, with their places. Reports the others.
    fn read_mounts(&mut self, service: &Service<'t>) -> Vec<(Span, Mount)> {
        let mut mounts = Vec::new();
        for node in service.get("volumes").map(list).unwrap_or_default() {
            if let Some(object) = node.as_object() {
                lost::report(object, lost::MOUNT, self.told.0);
            }
            let mount = read(node);
            if let Some(mount) = &mount
                && (is_windows(&mount.target) || mount.source.as_deref().is_some_and(is_windows))
            {
                self.told.lose(
                    node.span,
                    format!("a folder of Windows is not mounted at `{}`", mount.target),
                    "mount a folder of a Linux machine, or a persistent volume",
                );
                continue;
            }
            let Some(mount) = mount.filter(|mount| mount.target.starts_with('/')) else {
                self.told.refuse(
                    node.span,
                    "expected a mount such as `data:/var/lib/data` or `./html:/srv:ro`",
                );
                continue;
            };
            if !mount.options.is_empty() {
                self.told.lose(
                    node.span,
                    format!("the options `{}` of the mount are left out", mount.options.join(",")),
                    "add them with an override file beside the output, or set them up on the machine",
                );
            }
            mounts.push((node.span, mount));
        }
        mounts
    }

    fn mount(&mut self, service: &Service<'t>, span: Span, mount: &Mount) -> Option<Draft> {
        let mut draft = Draft::new();
        match (mount.kind.as_str(), &mount.source) {
            ("bind", Some(source)) if source.starts_with('~') => {
                self.told.lose(
                    span,
                    format!("`{source}` is a folder of the user who runs it: not mounted"),
                    "write the whole path as a volume of type `host`",
                );
                return None;
            }
            ("bind", Some(source)) => {
                // Such as `.env`, which is a path only for Compose.
                let is_path = source.starts_with('/')
                    || source.split('/').next().is_some_and(|part| matches!(part, "." | ".."));
                let start = if is_path { "" } else { "./" };
                draft.put("src", format!("{start}{source}"));
            }
            ("volume", source) => {
                let id = self.volume(service, span, source.as_deref(), &mount.target);
                draft.put("src", id);
            }
            ("tmpfs", _) => {
                self.told.lose(
                    span,
                    format!("`{}` is in memory: not mounted", mount.target),
                    "the program writes to the disk of the container there",
                );
                return None;
            }
            (kind, _) => {
                self.told.refuse(span, format!("a mount of type `{kind}` cannot be imported"));
                return None;
            }
        }
        draft.put("dest", mount.target.as_str());
        if mount.kind == "bind" {
            draft.put("type", "host");
        }
        if mount.read_only {
            draft.put("mode", "RO");
        }
        Some(draft)
    }

    /// The id of a named volume, or of one that has no name.
    fn volume(
        &mut self,
        service: &Service<'t>,
        span: Span,
        source: Option<&str>,
        target: &str,
    ) -> String {
        let Some(name) = source else {
            let name = format!("{}{target}", service.name);
            self.told.differ(
                span,
                format!("the volume at `{target}` is kept when the container is replaced"),
                "it had no name; remove it if its content is of no use later",
            );
            return self.volumes.add(&name, &name, false);
        };
        let [volumes, ..] = &self.named;
        let options = volumes.get(name).and_then(|value| value.as_object());
        let is_new = !self.volumes.has(name);
        let mut wanted = name.to_owned();
        let mut is_global = false;
        if let Some(options) = options {
            let external = present(options, "external");
            is_global = external.is_some_and(|node| boolean(node) != Some(false));
            let own_name = present(options, "name").or_else(|| {
                external.and_then(Node::as_object).and_then(|external| present(external, "name"))
            });
            if let Some(node) = own_name {
                let own = text(node).unwrap_or_default();
                if is_global {
                    wanted = own;
                } else if is_new && own != format!("{}_{name}", self.project) {
                    self.told.differ(
                        node.span,
                        format!(
                            "the volume is not the one with the name `{own}`: the target names it"
                        ),
                        "copy its data, or make it one with the scope `global`",
                    );
                }
            }
            if is_new {
                lost::report(options, lost::VOLUME, self.told.0);
            }
        }
        let id = self.volumes.add(name, &wanted, is_global);
        if is_global && id != wanted {
            self.told.differ(
                span,
                format!("the volume is not `{wanted}`, but one with the name `{id}`"),
                "a name consists of letters, digits and hyphens: copy its data to one with that name",
            );
        }
        id
    }
}

/// Longest path that a system takes.
const LONGEST_PATH: usize = 4096;

/// Whether a path is in one of these folders, which have no slash at the end.
fn is_inside(path: &str, folders: &BTreeSet<&str>) -> bool {
    let ends = path.get(..path.len().min(LONGEST_PATH)).unwrap_or_default();
    ends.match_indices('/').any(|(at, _)| path.get(..at).is_some_and(|one| folders.contains(one)))
}

/// A mount in either form.
pub fn read(node: &Node) -> Option<Mount> {
    let Some(object) = node.as_object() else { return Some(short(&text(node)?)) };
    let get = |name: &str| present(object, name).and_then(text);
    Some(Mount {
        kind: get("type").unwrap_or_else(|| "volume".to_owned()),
        source: get("source").filter(|source| !source.is_empty()),
        target: get("target")?,
        read_only: present(object, "read_only").and_then(boolean) == Some(true),
        options: Vec::new(),
    })
}

/// A mount in the short form: `[SOURCE:]TARGET[:OPTIONS]`.
pub fn short(written: &str) -> Mount {
    let mut parts: Vec<String> = Vec::new();
    for part in written.split(':') {
        match parts.last_mut() {
            // The colon is that of a drive of Windows.
            Some(last) if is_drive(last) && part.starts_with(['\\', '/']) => {
                last.push(':');
                last.push_str(part);
            }
            _ => parts.push(part.to_owned()),
        }
    }
    // Without another path behind it, `x:/data` is the volume `x`, not a folder of a drive.
    if let [first, rest @ ..] = parts.as_slice()
        && rest.first().is_none_or(|next| !next.contains(['/', '\\']))
        && let Some((volume, target)) = first.split_once(':').filter(|(_, to)| to.starts_with('/'))
    {
        let both = [volume.to_owned(), target.to_owned()];
        parts = both.into_iter().chain(rest.iter().cloned()).collect();
    }
    let mut parts = parts.into_iter();
    let first = parts.next().unwrap_or_default();
    let (source, target) = match parts.next() {
        Some(target) => (Some(first), target),
        None => (None, first),
    };
    let options: Vec<String> =
        parts.flat_map(|part| part.split(',').map(str::to_owned).collect::<Vec<_>>()).collect();
    let is_path = source.as_ref().is_some_and(|source| source.starts_with(['.', '/', '~']));
    Mount {
        kind: if is_path { "bind" } else { "volume" }.to_owned(),
        source,
        target,
        read_only: options.iter().any(|word| word == "ro"),
        options: options
            .into_iter()
            .filter(|word| !KNOWN_OPTIONS.contains(&word.as_str()))
            .collect(),
    }
}

/// Whether a text is the letter of a drive of Windows.
fn is_drive(text: &str) -> bool {
    text.len() == 1 && text.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// Whether a path is one of Windows.
pub fn is_windows(path: &str) -> bool {
    path.contains('\\') || path.split_once(':').is_some_and(|(drive, _)| is_drive(drive))
}
