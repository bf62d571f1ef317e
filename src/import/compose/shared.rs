//! `volumes_from`: the mounts of other services.

use super::volumes::{Shared, is_windows, read};
use super::{Import, Service, Services};
use crate::elsewhere::scalars::{list, text};
use crate::source::Span;

/// The services whose volumes a service mounts, without how, and where they are named.
pub fn names(service: &Service<'_>) -> Vec<(String, Span)> {
    let items = service.get("volumes_from").map(list).unwrap_or_default();
    let name = |text: String| text.split(':').next().unwrap_or_default().to_owned();
    items.iter().filter_map(|item| Some((name(text(item)?), item.span))).collect()
}

impl<'t> Import<'_, 't> {
    /// The mounts of the other services. `None` if there are others than volumes and paths of the host, or none: then
    /// those are meant that an image declares, which are not known here.
    pub(super) fn shared<'s>(
        &mut self,
        service: &Service<'t>,
        all: &Services<'s, 't>,
    ) -> Option<Vec<Shared<'s, 't>>> {
        let mut shared = Vec::new();
        for item in list(service.get("volumes_from")?) {
            let written = text(item)?;
            let (name, how) = written.split_once(':').unwrap_or((&written, "rw"));
            let of = all.named(name)?;
            let mounts = list(of.get("volumes")?);
            if mounts.is_empty() || of.get("volumes_from").is_some() || !matches!(how, "rw" | "ro")
            {
                return None;
            }
            for node in mounts {
                let mut mount = read(node)?;
                let source = mount.source.as_deref().unwrap_or_default();
                let is_carried = match mount.kind.as_str() {
                    "bind" => !source.starts_with('~'),
                    kind => kind == "volume",
                };
                if !is_carried || is_windows(source) || !mount.target.starts_with('/') {
                    return None;
                }
                if !self.entry(name.len() + source.len() + mount.target.len(), item.span) {
                    return Some(shared);
                }
                mount.read_only |= how == "ro";
                shared.push(Shared { of, name: name.to_owned(), span: item.span, mount });
            }
        }
        Some(shared)
    }
}
