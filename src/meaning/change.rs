//! A difference between two versions of an appliance.

use ecow::EcoString;

use crate::source::Span;

/// The path of a whole container.
pub const CONTAINER: &str = "containers[]";

/// The path of a whole volume.
pub const VOLUME: &str = "data_persistence.volumes[]";

/// What a change is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The appliance itself.
    Appliance,
    /// The container with this id.
    Container(EcoString),
    /// The persistent volume with this id.
    Volume(EcoString),
}

/// How something changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It was not there before.
    Added,
    /// It has another value.
    Changed,
    /// It is no longer there.
    Removed,
}

/// The value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A value that is shown.
    Shown(String),
    /// A value that is only compared, because it may be a secret.
    Hidden(String),
    /// A content that is too large to be shown: the bytes, and what it is.
    Content(Vec<u8>, String),
}

impl Value {
    /// The value for people, without quotes. `None` if it is not shown.
    pub fn shown(&self) -> Option<&str> {
        match self {
            Value::Shown(text) | Value::Content(_, text) => Some(text),
            Value::Hidden(_) => None,
        }
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Shown(text)
    }
}

/// A field, container or volume that is another one than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What it is about.
    pub subject: Subject,
    /// The path of the field in the schema of the language; `containers[]` or `data_persistence.volumes[]` for
    /// a whole container or volume.
    pub field: &'static str,
    /// Which entry of the field, if it has several: the name of a variable, the number of a port, a path.
    pub key: Option<EcoString>,
    /// The value before, and its place in the sources before.
    pub before: Option<(Value, Span)>,
    /// The value after, and its place in the sources after.
    pub after: Option<(Value, Span)>,
}

impl Change {
    /// How it changes.
    pub fn kind(&self) -> Kind {
        match (&self.before, &self.after) {
            (None, _) => Kind::Added,
            (_, None) => Kind::Removed,
            _ => Kind::Changed,
        }
    }
}
