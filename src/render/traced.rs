//! Values whose origin is known, as parts of models.

use std::ops::Deref;

use minijinja::Value;

use super::model::Model;
use super::origin::{Origin, Origins};
use crate::source::{Span, Spanned};

/// A value whose origin is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traced<T> {
    /// The value.
    pub value: T,
    /// Its origin.
    pub from: Origin,
}

impl<T> Traced<T> {
    /// A value with this origin.
    pub fn new(value: T, from: impl Into<Origin>) -> Traced<T> {
        Traced { value, from: from.into() }
    }

    /// Another value with the same origin.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Traced<U> {
        Traced { value: change(self.value), from: self.from }
    }
}

impl<T: Clone> From<&Spanned<T>> for Traced<T> {
    fn from(spanned: &Spanned<T>) -> Traced<T> {
        Traced::new(spanned.value.clone(), spanned.span)
    }
}

impl<T> Deref for Traced<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// A string that is made of several values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    /// The string.
    pub text: String,
    /// Its main origin.
    pub from: Origin,
    /// The places of the other values.
    pub also: Vec<Span>,
}

impl Composed {
    /// A string with this main origin, and the places of other values.
    pub fn new(text: String, from: impl Into<Origin>, also: Vec<Span>) -> Composed {
        Composed { text, from: from.into(), also }
    }

    /// The same string with the place of another value.
    pub fn and(mut self, span: Span) -> Composed {
        self.also.push(span);
        self
    }
}

impl From<Traced<String>> for Composed {
    fn from(traced: Traced<String>) -> Composed {
        Composed::new(traced.value, traced.from, Vec::new())
    }
}

impl Model for Composed {
    fn value(&self, origins: &Origins) -> Value {
        origins.composed(&self.text, self.from, &self.also)
    }
}

/// A value that has a form in every format, and can therefore be traced.
pub trait Leaf {
    /// The value in a template, with this origin.
    fn leaf(&self, origins: &Origins, from: Origin) -> Value;
}

impl<T: Leaf> Model for Traced<T> {
    fn value(&self, origins: &Origins) -> Value {
        self.value.leaf(origins, self.from)
    }
}

impl Leaf for str {
    fn leaf(&self, origins: &Origins, from: Origin) -> Value {
        origins.string(self, from)
    }
}

impl Leaf for String {
    fn leaf(&self, origins: &Origins, from: Origin) -> Value {
        origins.string(self, from)
    }
}

impl Leaf for &'static str {
    fn leaf(&self, origins: &Origins, from: Origin) -> Value {
        origins.string(self, from)
    }
}

macro_rules! bare {
    ($($type:ty)*) => {
        $(impl Leaf for $type {
            fn leaf(&self, origins: &Origins, from: Origin) -> Value {
                origins.bare(self.value(origins), from)
            }
        })*
    };
}
bare!(bool u16 u32 u64 usize f64 serde_json::Number);
