//! The keys of entries in an overlay, where the lists of an appliance are maps.

use std::collections::HashMap;

use ecow::EcoString;

use crate::diag::nearest;
use crate::source::{Span, Spanned};
use crate::syntax::{Kind, Member, Node, Object};

/// What names an entry of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListKey {
    /// Its `id`.
    Id,
    /// Its `dest`.
    Dest,
    /// Its `container_port`, and its `protocol` unless that is TCP: `8080`, `8080/udp`.
    Port,
}

impl ListKey {
    /// The key that an annotation of the schema names.
    pub fn of(field: &str) -> Option<ListKey> {
        match field {
            "id" => Some(ListKey::Id),
            "dest" => Some(ListKey::Dest),
            "container_port" => Some(ListKey::Port),
            _ => None,
        }
    }

    /// The normal form of a key as it is written: `8080` for `8080/tcp`. `None` if it cannot be a key.
    pub fn read(self, written: &str) -> Option<EcoString> {
        if self != ListKey::Port {
            return Some(written.into());
        }
        let (digits, protocol) = written.split_once('/').unwrap_or((written, "tcp"));
        let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
        let port: u16 = digits.parse().ok().filter(|_| is_plain)?;
        matches!(protocol, "tcp" | "udp").then(|| port_key(port.into(), protocol))
    }

    /// The normal form of the key of an entry of an appliance. `None` if it has none.
    pub fn of_entry(self, entry: &Node) -> Option<EcoString> {
        let object = entry.as_object()?;
        match self {
            ListKey::Id => Some(object.get("id")?.as_str()?.into()),
            ListKey::Dest => {
                let dest = object.get("dest").or_else(|| object.get("container_path"));
                Some(dest?.as_str()?.into())
            }
            ListKey::Port => {
                let protocol = object.get("protocol").map_or(Some("tcp"), Node::as_str)?;
                Some(port_key(object.get("container_port")?.as_i64()?, protocol))
            }
        }
    }

    /// Where an entry of an appliance has its key.
    pub fn place(self, entry: &Node) -> Span {
        let field = match self {
            ListKey::Id => "id",
            ListKey::Dest => "dest",
            ListKey::Port => "container_port",
        };
        entry.as_object().and_then(|object| object.get(field)).unwrap_or(entry).span
    }

    /// Whether the key of an entry stands for a field of it.
    pub fn holds(self, field: &str) -> bool {
        match self {
            ListKey::Id => field == "id",
            ListKey::Dest => matches!(field, "dest" | "container_path"),
            ListKey::Port => matches!(field, "container_port" | "protocol"),
        }
    }

    /// Whether a field that the key stands for has the value that the key says.
    pub fn agrees(self, key: &str, field: &str, value: &Node) -> bool {
        let (port, protocol) = key.split_once('/').unwrap_or((key, "tcp"));
        match (self, field) {
            (ListKey::Port, "protocol") => value.as_str() == Some(protocol),
            (ListKey::Port, _) => {
                value.as_i64().is_some_and(|value| port.parse().ok() == Some(value))
            }
            _ => value.as_str() == Some(key),
        }
    }

    /// The fields of a new entry that its key stands for. They are at the key.
    pub fn fields(self, written: &Spanned<EcoString>) -> Vec<Member> {
        let span = written.span;
        let member = |name: &str, kind| Member {
            key: Spanned::new(name.into(), span),
            value: Node { span, kind },
        };
        match self {
            ListKey::Id => vec![member("id", Kind::String(written.value.clone()))],
            ListKey::Dest => vec![member("dest", Kind::String(written.value.clone()))],
            ListKey::Port => {
                let text = written.value.as_str();
                let (port, protocol) = text.split_once('/').unwrap_or((text, ""));
                let mut fields = vec![member("container_port", Kind::Number(port.into()))];
                if !protocol.is_empty() {
                    fields.push(member("protocol", Kind::String(protocol.into())));
                }
                fields
            }
        }
    }

    /// The key among those of a list that is likely meant.
    pub fn nearest<'k>(self, key: &str, known: &'k HashMap<EcoString, usize>) -> Option<&'k str> {
        let port = |key: &str| key.split('/').next().map(str::to_owned);
        let other_protocol = || known.keys().find(|other| port(other) == port(key));
        match self {
            ListKey::Port => other_protocol().map(EcoString::as_str),
            _ => None,
        }
        .or_else(|| nearest(key, known.keys().map(EcoString::as_str)))
    }

    /// How keys are written, for messages.
    pub fn form(self) -> &'static str {
        match self {
            ListKey::Id => "an id",
            ListKey::Dest => "the path in the container",
            ListKey::Port => "a port such as `8080` or `8080/udp`",
        }
    }
}

fn port_key(port: i64, protocol: &str) -> EcoString {
    match protocol {
        "tcp" => ecow::eco_format!("{port}"),
        other => ecow::eco_format!("{port}/{other}"),
    }
}

/// Rewrites a volume in the form of older PIVOT versions, so that its fields have one name.
/// `is_known` is whether it is known to be a host volume, so that it needs no `type`.
pub fn modernize(volume: &mut Object, is_known: bool) {
    let mut host = None;
    for member in &mut volume.members {
        match member.key.value.as_str() {
            "host_path" => {
                member.key.value = "src".into();
                host = Some(member.key.span);
            }
            "container_path" => member.key.value = "dest".into(),
            _ => {}
        }
    }
    if let Some(span) = host.filter(|_| !is_known && volume.get("type").is_none()) {
        let mut members = std::mem::take(&mut volume.members).into_vec();
        members.push(Member {
            key: Spanned::new("type".into(), span),
            value: Node { span, kind: Kind::String("host".into()) },
        });
        volume.members = members.into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_have_one_normal_form() {
        let read = |text: &str| ListKey::Port.read(text).map(|key| key.to_string());
        assert_eq!(read("8080").as_deref(), Some("8080"));
        assert_eq!(read("8080/tcp").as_deref(), Some("8080"));
        assert_eq!(read("8080/udp").as_deref(), Some("8080/udp"));
        for text in ["", "http", "+80", "080", "8080/sctp", "8080/", "70000", "8080:80", "80 "] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
