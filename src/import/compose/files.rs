//! Configs and single files, which are files, and secrets.

use super::super::draft::Object as Draft;
use super::super::references::marked;
use super::volumes::Mount;
use super::{Import, Service};
use crate::elsewhere::scalars::{list, present, text};
use crate::import::secrets::Value;
use crate::secrets::names_a_secret;
use crate::source::Span;
use crate::syntax::{Node, Object};

impl<'t> Import<'_, 't> {
    /// The files of a service; `files` are those that it mounts.
    pub(super) fn files(
        &mut self,
        service: &Service<'t>,
        mut files: Vec<Draft>,
        container: &mut Draft,
    ) {
        for node in service.get("configs").map(list).unwrap_or_default() {
            files.extend(self.config(node));
        }
        container.put_filled("files", files);
        let mut files = Vec::new();
        for node in service.get("secrets").map(list).unwrap_or_default() {
            files.extend(self.secret(node));
        }
        container.put_filled("secret_files", files);
    }

    /// A single file beside the source that is only read becomes a file of the appliance, which every target has. `None` if it
    /// must be mounted.
    pub(super) fn copy(&mut self, mount: &Mount, span: Span) -> Option<Draft> {
        let source = mount.source.as_deref().filter(|_| mount.kind == "bind" && mount.read_only)?;
        let path = source.trim_start_matches("./");
        let is_below = !path.starts_with(['/', '~']) && path.split('/').all(|part| part != "..");
        if !is_below || mount.target.ends_with('/') {
            return None;
        }
        let bytes = self.read(path, span).ok()?;
        if bytes.len() > MAX_COPY || is_secret(path, &bytes) {
            return None;
        }
        let mut draft = Draft::new();
        draft.put("dest", mount.target.as_str()).put("source", path);
        // The permissions are not known.
        if bytes.starts_with(b"#!") {
            draft.put("mode", "0755");
        }
        self.told.differ(
            span,
            format!(
                "`{}` is a copy: a change of `{path}` reaches it with the next `up`",
                mount.target
            ),
            "mount it as a volume of type `host` if the container must see changes while it runs",
        );
        Some(draft)
    }

    /// A secret becomes a file with a value of the secret store.
    fn secret(&mut self, node: &Node) -> Option<Draft> {
        let (name, target, mode) = used(node)?;
        let [.., secrets] = &self.named;
        if !secrets.contains_key(name.as_str()) {
            self.told.refuse(node.span, format!("unknown secret `{name}`"));
            return None;
        }
        let own = Value::joined(&name, '.');
        let is_own = own.is_some();
        let value = own.unwrap_or_else(|| Value::new(&self.project, &name));
        if !is_own {
            value.tell(&format!("the secret `{name}`"), node.span, &mut self.told);
        }
        let dest = match target {
            Some(path) if path.starts_with('/') => path,
            other => format!("/run/secrets/{}", other.unwrap_or(name)),
        };
        self.owner(node);
        let mut draft = value.put(Draft::new().with("dest", dest));
        self.mode(node, mode, &mut draft);
        Some(draft)
    }

    fn config(&mut self, node: &Node) -> Option<Draft> {
        let (name, target, mode) = used(node)?;
        let [_, configs, _] = &self.named;
        let Some(config) = configs.get(name.as_str()) else {
            self.told.refuse(node.span, format!("unknown config `{name}`"));
            return None;
        };
        let options = config.as_object();
        let of = |field: &str| options.and_then(|of| present(of, field)).and_then(text);
        self.owner(node);
        let mut draft = Draft::new();
        draft.put("dest", target.unwrap_or_else(|| format!("/{name}")));
        if let Some(path) = of("file") {
            self.entry(path.len(), node.span);
            draft.put("source", path);
        } else if let Some(content) = of("content") {
            if !self.entry(content.len(), node.span) {
                return None;
            }
            draft.put("content", marked(&content, &self.names, false));
        } else {
            self.told.lose(
                node.span,
                format!("the config `{name}` is not part of the file"),
                "add its content as `files`",
            );
            return None;
        }
        self.mode(node, mode, &mut draft);
        Some(draft)
    }

    /// Reports an owner of a config or secret other than root.
    fn owner(&mut self, node: &Node) {
        for owner in ["uid", "gid"] {
            let owner = node.as_object().and_then(|of| present(of, owner));
            if let Some(owner) = owner.filter(|one| text(one).as_deref() != Some("0")) {
                self.told.lose(
                    owner.span,
                    "files belong to root",
                    "let others read it: set `mode` to `0444`",
                );
            }
        }
    }

    /// The permissions of a file.
    fn mode(&mut self, node: &Node, mode: Option<String>, draft: &mut Draft) {
        match mode {
            Some(mode) if mode.len() == 4 && mode.starts_with('0') => {
                draft.put("mode", mode);
            }
            Some(mode) => self.told.lose(
                node.span,
                format!("the permissions `{mode}` are left out: only those of user, group and others can be set"),
                "set `mode` to four octal digits, such as `0644`",
            ),
            None => {}
        }
    }
}

/// The largest file that is copied, in bytes: what a ConfigMap of Kubernetes can contain.
const MAX_COPY: usize = 1 << 20;

/// Whether a file is a secret, which must not be part of outputs.
fn is_secret(path: &str, bytes: &[u8]) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    // Of a name without a stem, such as `.env`, the rest is the name.
    let stem = name.split('.').find(|part| !part.is_empty()).unwrap_or_default();
    stem == "env"
        || names_a_secret(stem)
        || String::from_utf8_lossy(bytes).contains("PRIVATE KEY-----")
}

/// The name, target and mode of a config or secret that a service uses.
fn used(node: &Node) -> Option<(String, Option<String>, Option<String>)> {
    let Some(object) = node.as_object() else { return Some((text(node)?, None, None)) };
    let get = |name: &str| present(object, name).and_then(text);
    Some((get("source")?, get("target"), mode(object)))
}

/// The mode of a file, in octal digits.
fn mode(object: &Object) -> Option<String> {
    let written = text(present(object, "mode")?)?;
    // A decimal number, as `docker compose config` prints it, has no leading zero.
    match written.parse::<u32>() {
        Ok(number) if !written.starts_with('0') => Some(format!("{number:04o}")),
        _ => Some(written.trim_start_matches("0o").to_owned()),
    }
}
