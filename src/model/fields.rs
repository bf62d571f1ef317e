//! Reading single fields from a tree. A value that violates the schema is reported by the
//! schema check and read as absent here.

use ecow::EcoString;

use super::{NetworkMode, ProtocolKind, Transport, VolumeScope};
use crate::source::{Span, Spanned};
use crate::syntax::{Kind, Node, Object};

/// A type that can be read from a node.
pub trait Value<'t>: Sized {
    /// The value of a node, if it has this type.
    fn from_node(node: &'t Node) -> Option<Self>;
}

impl<'t> Value<'t> for &'t str {
    fn from_node(node: &'t Node) -> Option<Self> {
        node.as_str()
    }
}

impl<'t> Value<'t> for EcoString {
    fn from_node(node: &'t Node) -> Option<Self> {
        match &node.kind {
            Kind::String(text) => Some(text.clone()),
            _ => None,
        }
    }
}

impl<'t> Value<'t> for bool {
    fn from_node(node: &'t Node) -> Option<Self> {
        node.as_bool()
    }
}

impl<'t> Value<'t> for f64 {
    fn from_node(node: &'t Node) -> Option<Self> {
        node.as_f64()
    }
}

/// Integers: a number outside of the range of the type is not read.
macro_rules! integers {
    ($($type:ty),*) => {
        $(impl<'t> Value<'t> for $type {
            fn from_node(node: &'t Node) -> Option<Self> {
                node.as_i64().and_then(|number| number.try_into().ok())
            }
        })*
    };
}
integers!(u16, u32, u64, i64, usize);

/// Enumerations: words in any letter case.
macro_rules! words {
    ($($type:ty { $($word:literal => $value:expr,)* })*) => {
        $(impl<'t> Value<'t> for $type {
            fn from_node(node: &'t Node) -> Option<Self> {
                let word = node.as_str()?;
                $(if word.eq_ignore_ascii_case($word) {
                    return Some($value);
                })*
                None
            }
        })*
    };
}
words! {
    NetworkMode {
        "host" => NetworkMode::Host,
        "bridge" => NetworkMode::Bridge,
        "container" => NetworkMode::Container,
    }
    Transport {
        "tcp" => Transport::Tcp,
        "udp" => Transport::Udp,
    }
    VolumeScope {
        "local" => VolumeScope::Local,
        "global" => VolumeScope::Global,
    }
    ProtocolKind {
        "http" => ProtocolKind::Http,
        "https" => ProtocolKind::Https,
        "tcp" => ProtocolKind::Tcp,
        "command" => ProtocolKind::Command,
        "mesos_http" => ProtocolKind::Http,
        "mesos_https" => ProtocolKind::Https,
        "mesos_tcp" => ProtocolKind::Tcp,
    }
}

/// The members of an object, read by name.
#[derive(Clone, Copy)]
pub struct Fields<'t>(pub Option<&'t Object>);

impl<'t> Fields<'t> {
    /// The members of a node; none if it is not an object.
    pub fn of(node: Option<&'t Node>) -> Self {
        Fields(node.and_then(Node::as_object))
    }

    /// The value of a member.
    pub fn node(self, name: &str) -> Option<&'t Node> {
        self.0.and_then(|object| object.get(name))
    }

    /// The span of the key of a member.
    pub fn key(self, name: &str) -> Option<Span> {
        self.0.and_then(|object| object.member(name)).map(|member| member.key.span)
    }

    /// The members of a member that is an object.
    pub fn object(self, name: &str) -> Fields<'t> {
        Fields::of(self.node(name))
    }

    /// The items of a member that is an array.
    pub fn items(self, name: &str) -> &'t [Node] {
        self.node(name).and_then(Node::as_array).unwrap_or_default()
    }

    /// The value of a member, if it exists and has this type.
    pub fn get<T: Value<'t>>(self, name: &str) -> Option<Spanned<T>> {
        let node = self.node(name)?;
        Some(Spanned::new(T::from_node(node)?, node.span))
    }

    /// The value of a member, or a default, which gets the span `span`.
    pub fn or<T: Value<'t>>(self, name: &str, default: T, span: Span) -> Spanned<T> {
        self.get(name).unwrap_or(Spanned::new(default, span))
    }
}
