//! Text to a tree in which every part knows its place.
//!
//! Parsing never gives up: what is broken is reported, and the tree holds what could be
//! understood, so that later phases can find what else is wrong.

mod json;
mod keys;
mod layout;
mod lexer;
mod places;
mod strings;
pub mod toml;
mod yaml;

pub use layout::Form;
pub use places::{Places, decoded_span};
pub use yaml::respell;

use crate::diag::{Diagnostic, codes};
use crate::source::{Source, SourceFault, Span, Spanned, Syntax};

/// Brackets may be nested this deep. An appliance needs 6 levels; JSON in `env` may add some.
pub const MAX_DEPTH: usize = 128;

/// A file may have this many entries of objects and arrays. Each takes more memory than text.
pub const MAX_ENTRIES: usize = 1_000_000;

/// A value with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// From the first to the last character of the value, quotes and brackets included.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as it was written.
    Number(String),
    /// A string, with escapes resolved.
    String(String),
    /// An array.
    Array(Vec<Node>),
    /// An object. All its members are kept, also those whose key stands twice.
    Object(Object),
    /// Something that could not be understood and has been reported. Nothing more is to
    /// be said of it.
    Broken,
}

/// The members of an object, in the order of the document.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Object {
    /// The members.
    pub members: Vec<Member>,
    /// Whether a syntax fault may have swallowed members: that one is missing then
    /// means nothing.
    pub damaged: bool,
    /// How the members stand in the text.
    pub form: Form,
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// The key; its span includes the quotes.
    pub key: Spanned<String>,
    /// The value.
    pub value: Node,
}

impl Object {
    /// The value of the first member with this key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.member(key).map(|member| &member.value)
    }

    /// The first member with this key.
    pub fn member(&self, key: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.key.value == key)
    }
}

impl Node {
    /// The node for something that has been reported as broken.
    pub fn broken(span: Span) -> Node {
        Node { span, kind: Kind::Broken }
    }

    /// The members, if this is an object.
    pub fn as_object(&self) -> Option<&Object> {
        match &self.kind {
            Kind::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The items, if this is an array.
    pub fn as_array(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The string, if this is one.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    /// The boolean, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self.kind {
            Kind::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The number, if this is one; infinite where it is too large for a float.
    pub fn as_f64(&self) -> Option<f64> {
        match &self.kind {
            Kind::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The number, if this is one without a fraction (`1.0` and `1e3` have none) that
    /// fits.
    pub fn as_i64(&self) -> Option<i64> {
        let Kind::Number(text) = &self.kind else { return None };
        if let Ok(number) = text.parse() {
            return Some(number);
        }
        let number: f64 = text.parse().ok()?;
        // Beyond 2^53 a float does not tell integers apart.
        (number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0).then_some(number as i64)
    }

    /// What a person calls this kind of value.
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "a boolean",
            Kind::Number(_) => "a number",
            Kind::String(_) => "a string",
            Kind::Array(_) => "an array",
            Kind::Object(_) => "an object",
            Kind::Broken => "something broken",
        }
    }
}

/// Parses a source. The tree is `None` only where there is no value at all.
pub fn parse(source: &Source, diagnostics: &mut Vec<Diagnostic>) -> Option<Node> {
    let mut tree = match source.syntax() {
        Syntax::Json | Syntax::Jsonc => json::parse(source, source.syntax(), diagnostics),
        Syntax::Yaml => yaml::parse(source, diagnostics),
    };
    if let Some(tree) = &mut tree {
        keys::check(tree, diagnostics);
    }
    tree
}

/// Whether a word is a number as JSON writes them.
fn is_json_number(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let unsigned = word.strip_prefix('-').unwrap_or(word);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
}

/// A text as a JSON string literal, which YAML reads as well.
fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The diagnostic for more than [`MAX_ENTRIES`], the first of which is at `place`.
fn too_many_entries(place: Span) -> Diagnostic {
    let message = "the file has more than a million entries, which applc does not read";
    Diagnostic::new(&codes::TOO_LARGE, place, message)
        .label("nothing is read from here on")
        .help("each member of an object and each item of an array is an entry")
}

/// The diagnostic for bytes that could not be read as text.
pub fn source_fault(fault: SourceFault) -> Diagnostic {
    match fault {
        // It may not have been read to its end.
        SourceFault::TooLarge(_) => {
            let limit = crate::source::MAX_SOURCE_BYTES >> 20;
            let message = format!("the file has more than {limit} MiB, which applc does not read");
            Diagnostic::new(&codes::TOO_LARGE, Span::at(0), message)
        }
        SourceFault::NotUtf8(at) => {
            let place = Span::new(at, at + '\u{fffd}'.len_utf8());
            Diagnostic::new(&codes::NOT_UTF8, place, "the file is not UTF-8 from here on")
                .help("save the file as UTF-8")
        }
    }
}
