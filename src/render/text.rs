//! Strings with references, as values of templates.

use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr, Serde};
use serde::Serialize;

use super::marks::marked;
use super::origin::{Number, Origin, Origins};
use crate::source::Span;

/// A string of the appliance in a template. It prints as one string, and is also the list of
/// its parts: text that the user wrote is distinguished from the address of a reference, so
/// that only the former is escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextValue {
    parts: Vec<Part>,
    /// The number of its origin, if that is recorded.
    number: Option<Number>,
}

/// A part of a string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text that the user wrote.
    Literal(Arc<str>),
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
    /// A string with this main origin, and the places of other values.
    pub fn new(parts: Vec<Part>, origins: &Origins, from: Origin, also: &[Span]) -> TextValue {
        let number = origins.noted(from, also);
        TextValue::numbered(parts, origins, number)
    }

    fn numbered(parts: Vec<Part>, origins: &Origins, number: Option<Number>) -> TextValue {
        if let Some(number) = number {
            for part in &parts {
                if let Part::Literal(text) = part {
                    origins.keep(text, number);
                }
            }
        }
        TextValue { parts, number }
    }

    /// The number of its origin, if that is recorded.
    pub(super) fn number(&self) -> Option<Number> {
        self.number
    }

    /// Applies `change` to the literal parts. The origin remains the same.
    pub fn map_literals(&self, origins: &Origins, change: impl Fn(&str) -> String) -> TextValue {
        let parts = self.parts.iter().map(|part| match part {
            Part::Literal(text) => Part::Literal(change(text).into()),
            reference @ Part::Reference { .. } => reference.clone(),
        });
        TextValue::numbered(parts.collect(), origins, self.number)
    }
}

impl fmt::Display for TextValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Literal(text) => f.write_str(text),
            Part::Reference { address, .. } => f.write_str(address),
        })
    }
}

impl Object for TextValue {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match self.parts.get(key.as_usize()?)? {
            Part::Literal(text) => Some(Value::from(Arc::clone(text))),
            Part::Reference { id, port, .. } => {
                let reference = ReferenceView { id: id.clone(), port: *port };
                Some(Value::from(Serde(reference)))
            }
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.parts.len())
    }

    fn is_true(self: &Arc<Self>) -> bool {
        !self.parts.is_empty()
    }

    /// Called when a template makes a plain string of it, as `~` and `join` do.
    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            Some(number) => marked(f, number, |f| fmt::Display::fmt(self, f)),
            None => fmt::Display::fmt(self, f),
        }
    }
}
