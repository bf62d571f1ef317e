//! Strings with references, as values of templates.

use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr, Serde};
use serde::Serialize;

/// A string of the appliance in a template. It prints as one string, and is also the list of
/// its parts: text that the user wrote is distinguished from the address of a reference, so
/// that only the former is escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextValue(pub Vec<Part>);

/// A part of a string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text that the user wrote.
    Literal(String),
    /// A reference.
    Reference {
        /// Id of the container.
        id: String,
        /// Port of the reference.
        port: Option<u16>,
        /// Address on the target.
        address: String,
    },
}

/// A reference as an item of the list.
#[derive(Serialize)]
struct ReferenceView {
    id: String,
    port: Option<u16>,
}

impl TextValue {
    /// Applies `change` to the literal parts.
    pub fn map_literals(&self, change: impl Fn(&str) -> String) -> TextValue {
        let parts = self.0.iter().map(|part| match part {
            Part::Literal(text) => Part::Literal(change(text)),
            reference @ Part::Reference { .. } => reference.clone(),
        });
        TextValue(parts.collect())
    }
}

impl fmt::Display for TextValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Literal(text) | Part::Reference { address: text, .. } => f.write_str(text),
        })
    }
}

impl Object for TextValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match self.0.get(key.as_usize()?)? {
            Part::Literal(text) => Some(Value::from(text.as_str())),
            Part::Reference { id, port, .. } => {
                let reference = ReferenceView { id: id.clone(), port: *port };
                Some(Value::from(Serde(reference)))
            }
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.0.len())
    }

    fn is_true(self: &Arc<Self>) -> bool {
        !self.0.is_empty()
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
