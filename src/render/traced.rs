//! Values whose origin is known, as parts of models.

use std::ops::Deref;
use std::sync::Arc;

use ecow::EcoString;
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

impl From<&Spanned<EcoString>> for Traced<String> {
    fn from(spanned: &Spanned<EcoString>) -> Traced<String> {
        Traced::new(spanned.value.to_string(), spanned.span)
    }
}

impl<T> Deref for Traced<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// A value, usually a string, that is made of several values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed<T = String> {
    /// The value.
    pub value: T,
    /// Its main origin.
    pub from: Origin,
    /// The places of the other values.
    pub also: Vec<Span>,
}

impl<T> Composed<T> {
    /// A value with this main origin, and the places of other values.
    pub fn new(value: T, from: impl Into<Origin>, also: Vec<Span>) -> Composed<T> {
        Composed { value, from: from.into(), also }
    }
}

impl<T> From<Traced<T>> for Composed<T> {
    fn from(traced: Traced<T>) -> Composed<T> {
        Composed::new(traced.value, traced.from, Vec::new())
    }
}

/// A value that has a form in every format, and can therefore be traced.
pub trait Leaf {
    /// The value in a template, with this main origin, and the places of other values.
    fn leaf(&self, origins: &Origins, from: Origin, also: &[Span]) -> Value;

    /// Gives back memory, see [`Model::shrink`].
    fn shrink(&mut self) {}
}

impl<T: Leaf> Model for Traced<T> {
    fn value(&self, origins: &Origins) -> Value {
        self.value.leaf(origins, self.from, &[])
    }

    fn shrink(&mut self) {
        self.value.shrink();
    }
}

impl<T: Leaf> Model for Composed<T> {
    fn value(&self, origins: &Origins) -> Value {
        self.value.leaf(origins, self.from, &self.also)
    }

    fn shrink(&mut self) {
        self.value.shrink();
        self.also.shrink_to_fit();
    }
}

impl Leaf for String {
    fn leaf(&self, origins: &Origins, from: Origin, also: &[Span]) -> Value {
        origins.text(self, from, also)
    }

    fn shrink(&mut self) {
        self.shrink_to_fit();
    }
}

impl Leaf for &'static str {
    fn leaf(&self, origins: &Origins, from: Origin, also: &[Span]) -> Value {
        origins.text(self, from, also)
    }
}

impl Leaf for Arc<str> {
    fn leaf(&self, origins: &Origins, from: Origin, also: &[Span]) -> Value {
        origins.shared(self, from, also)
    }
}

macro_rules! bare {
    ($($type:ty)*) => {
        $(impl Leaf for $type {
            fn leaf(&self, origins: &Origins, from: Origin, also: &[Span]) -> Value {
                origins.bare(self.value(origins), from, also)
            }
        })*
    };
}
bare!(bool u16 u32 u64 usize serde_json::Number);
