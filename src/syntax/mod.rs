//! Parses text into a tree in which every node has a location.
//!
//! Parsing recovers from every error: errors are reported, and the tree contains what could be
//! parsed, so that later phases can report more errors in the same run.

mod apart;
mod around;
pub(crate) mod commas;
mod conflict;
mod copied;
mod doubt;
mod entities;
mod fence;
mod json;
mod keys;
mod layout;
mod lexer;
mod places;
mod prefix;
mod prompt;
pub(crate) mod quotes;
mod segment;
pub(crate) mod signs;
mod spaces;
#[cfg(test)]
mod testing;
pub(crate) mod toml;
mod yaml;

pub use layout::Form;
pub use places::{Places, decoded_span};
pub use yaml::{Alias, respell};

use ecow::EcoString;

use crate::diag::{Diagnostic, Findings, codes};
use crate::source::{Source, SourceError, Span, Spanned, Syntax};

/// Maximum nesting depth of brackets. An appliance needs 6 levels; JSON in `env` may add some.
pub const MAX_DEPTH: usize = 128;

/// What to do about an object behind the one of a document.
const SECOND_OBJECT: &str = "a file contains one appliance; move a second one to its own file, or find a bracket above that is closed too early";

/// Maximum number of entries of objects and arrays in a file. An entry needs much more memory than
/// its text.
pub const MAX_ENTRIES: usize = 1_000_000;

/// A value with its location.
///
/// Trees of large files take most of the memory of a run, so that nodes are small: strings of up to 15
/// bytes are stored in place, and arrays and objects have no room to grow.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// From the first to the last character of the value, quotes and brackets included.
    pub span: Span,
    /// The value.
    pub kind: Kind,
}

/// The value of a node.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as written.
    Number(EcoString),
    /// A string, with its escapes resolved.
    String(EcoString),
    /// An array.
    Array(Box<[Node]>),
    /// An object. Members with duplicate keys are kept.
    Object(Object),
    /// A value that could not be parsed. The error has been reported; later phases ignore the
    /// value.
    Broken,
}

/// The members of an object, in the order of the document.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Object {
    /// The members.
    pub members: Box<[Member]>,
    /// Whether a syntax error may have hidden members, so that missing ones are not reported.
    pub damaged: bool,
    /// The layout of the members in the text.
    pub form: Form,
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// The key; its span includes the quotes.
    pub key: Spanned<EcoString>,
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
    /// A node for a value whose error has been reported.
    pub fn broken(span: Span) -> Node {
        Node { span, kind: Kind::Broken }
    }

    /// Moves all spans by this number of bytes.
    fn move_spans(&mut self, by: u32) {
        self.span = self.span.moved(by);
        match &mut self.kind {
            Kind::Array(items) => items.iter_mut().for_each(|item| item.move_spans(by)),
            Kind::Object(object) => {
                for member in &mut object.members {
                    member.key.span = member.key.span.moved(by);
                    member.value.move_spans(by);
                }
            }
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) | Kind::Broken => {}
        }
    }

    /// The object, if the node is one.
    pub fn as_object(&self) -> Option<&Object> {
        match &self.kind {
            Kind::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The items, if the node is an array.
    pub fn as_array(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The string, if the node is one.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    /// The boolean, if the node is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self.kind {
            Kind::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The number, if the node is one. Infinite if it is too large for a float.
    pub fn as_f64(&self) -> Option<f64> {
        match &self.kind {
            Kind::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The number, if the node is an integer that fits. `1.0` and `1e3` are integers.
    pub fn as_i64(&self) -> Option<i64> {
        let Kind::Number(text) = &self.kind else { return None };
        if let Ok(number) = text.parse() {
            return Some(number);
        }
        let number: f64 = text.parse().ok()?;
        // Above 2^53 a float cannot represent every integer.
        (number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0).then_some(number as i64)
    }

    /// The name of the kind of value in messages.
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "a boolean",
            Kind::Number(_) => "a number",
            Kind::String(_) => "a string",
            Kind::Array(_) => "an array",
            Kind::Object(_) => "an object",
            Kind::Broken => "an invalid value",
        }
    }
}

/// Parses a source. The tree is `None` only if the source contains no value.
pub fn parse(source: &Source, findings: &mut Findings) -> Option<Node> {
    parse_as(source, source.syntax(), findings)
}

/// Parses a source in this syntax, whatever its name is.
pub fn parse_as(source: &Source, syntax: Syntax, findings: &mut Findings) -> Option<Node> {
    parse_keys(source, syntax, Keys::Strings, findings)
}

/// Parses an overlay: in YAML, its keys can be numbers, because ports are keys, and it can be
/// empty. The tree is `None` if it contains no value.
pub fn parse_overlay(source: &Source, findings: &mut Findings) -> Option<Node> {
    let mut found = Findings::new();
    let tree = parse_keys(source, source.syntax(), Keys::OrNumbers, &mut found);
    found.retain(|finding| finding.code != &codes::EMPTY_DOCUMENT);
    findings.extend(found);
    tree
}

/// The aliases of a source with their anchors, in its order; none unless it is YAML.
pub fn aliases(source: &Source) -> Vec<Alias> {
    match source.syntax() {
        Syntax::Json | Syntax::Jsonc => Vec::new(),
        Syntax::Yaml => yaml::aliases(source),
    }
}

/// Which keys a YAML document can have without quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keys {
    /// Those that are strings.
    Strings,
    /// Also decimal integers, whose text is the key.
    OrNumbers,
}

/// Parses a source of which nothing is to be left out first.
fn parse_text(source: &Source, syntax: Syntax, keys: Keys, found: &mut Findings) -> Option<Node> {
    match syntax {
        Syntax::Json | Syntax::Jsonc => json::parse(source, syntax, found),
        Syntax::Yaml => yaml::parse(source, keys, found),
    }
}

/// Whether a text in the place of that of a source is an object, and is read without an error.
fn is_read(source: &Source, text: &str, syntax: Syntax, keys: Keys) -> bool {
    let source = Source::new(source.name(), text);
    let mut found = Findings::new();
    let tree = parse_text(&source, syntax, keys, &mut found);
    let is_object = tree.is_some_and(|tree| matches!(tree.kind, Kind::Object(_)));
    is_object && !found.has_errors()
}

fn parse_keys(
    source: &Source,
    syntax: Syntax,
    keys: Keys,
    findings: &mut Findings,
) -> Option<Node> {
    // Parsers compute with indices of the text.
    let (local, mut found) = (source.at(0), Findings::new());
    if let Some(pasted) = prefix::find(&local, syntax, keys) {
        let mut found: Findings = std::iter::once(pasted).collect();
        found.move_spans(source.base());
        findings.extend(found);
        return None;
    }
    let around = fence::find(&local, syntax).or_else(|| prompt::find(&local, syntax));
    let blanked = around.as_ref().map(|around| around.blanked(&local));
    let text = blanked.as_ref().unwrap_or(&local);
    let mut tree = parse_text(text, syntax, keys, &mut found);
    doubt::doubt(text, &mut found);
    found.extend(around.map(|around| around.diagnostic));
    let conflicts = conflict::find(&local, tree.as_ref(), &found);
    let is_whole = conflicts.is_empty();
    if !is_whole {
        (tree, found) = (None, conflicts.into_iter().collect());
    }
    if let Some(tree) = &mut tree {
        keys::check(tree, &mut found);
    }
    if is_whole
        && syntax == Syntax::Yaml
        && let Some(spaces) = spaces::find(text, keys, tree.as_ref(), &found)
    {
        (tree, found) = (None, std::iter::once(spaces).collect());
    }
    let is_object = tree.as_ref().is_some_and(|tree| tree.as_object().is_some());
    if is_whole && (found.has_errors() || !is_object) {
        let copied = copied::find(&local, syntax, keys).map(|found| vec![found]);
        if let Some(all) = copied.or_else(|| apart::find(&local, syntax, keys)) {
            (tree, found) = (None, all.into_iter().collect());
        }
    }
    if source.base() > 0 {
        found.move_spans(source.base());
        if let Some(tree) = &mut tree {
            tree.move_spans(source.base());
        }
    }
    findings.extend(found);
    tree
}

/// Whether a character looks like whitespace but is not whitespace in JSON and YAML.
pub(crate) fn looks_like_space(c: char) -> bool {
    (c.is_whitespace() && !" \n\r\t".contains(c)) || c == '\u{feff}'
}

/// Whether a text has digits, and nothing else.
fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a word is a JSON number.
fn is_json_number(word: &str) -> bool {
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

/// Whether a text is a name as keys are.
fn is_name(text: &str) -> bool {
    let is_inside = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && text.chars().all(is_inside)
}

/// Whether a word stands for entries that were left out: three dots or more.
fn is_ellipsis(word: &str) -> bool {
    let is_dots = word.len() >= 3 && word.bytes().all(|byte| byte == b'.');
    is_dots || (!word.is_empty() && word.chars().all(|c| c == '…'))
}

/// The diagnostic for such a word.
fn ellipsis(word: &str, span: Span) -> Diagnostic {
    Diagnostic::new(&codes::UNEXPECTED_TOKEN, span, format!("unexpected `{word}`"))
        .help("write the omitted entries, or remove the dots")
}

/// The diagnostic for a key of YAML without a space behind its colon. `span` is that of both.
pub(crate) fn colon_without_space(key: &str, span: Span) -> Diagnostic {
    Diagnostic::new(&codes::BAD_YAML, span, format!("expected a space after `{key}:`"))
        .help("entries have the form `key: value`")
}

/// The diagnostic for an entry of a list in YAML without a space behind its dash, which starts at an offset.
pub(crate) fn dash_without_space(at: usize) -> Diagnostic {
    Diagnostic::new(&codes::BAD_YAML, Span::new(at, at + 1), "expected a space after `-`")
}

/// A text as a JSON string literal, which is also valid YAML.
fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The diagnostic for more than [`MAX_ENTRIES`] entries. `span` is the first one too many.
fn too_many_entries(span: Span) -> Diagnostic {
    let message = "file with more than a million entries";
    Diagnostic::new(&codes::TOO_LARGE, span, message)
        .label("not read from here on")
        .help("each member of an object and each item of an array counts as an entry")
}

/// The diagnostic for the bytes of a source that are not valid.
pub fn source_error(source: &Source, error: SourceError) -> Diagnostic {
    match error {
        // Reading may have stopped early, so the size in the error may be too small.
        SourceError::TooLarge(_) => {
            let limit = crate::source::MAX_SOURCE_BYTES >> 20;
            let message = format!("file larger than {limit} MiB");
            Diagnostic::new(&codes::TOO_LARGE, source.span(0..0), message)
        }
        SourceError::Utf16 => {
            let message = "file in UTF-16 encoding";
            Diagnostic::new(&codes::NOT_UTF8, source.span(0..0), message)
                .help("save the file in UTF-8 encoding; Windows PowerShell writes UTF-16 with `>`, and UTF-8 with `| Set-Content -Encoding utf8`")
        }
        SourceError::Utf32 => {
            let message = "file in UTF-32 encoding";
            Diagnostic::new(&codes::NOT_UTF8, source.span(0..0), message)
                .help("save the file in UTF-8 encoding")
        }
        SourceError::NotUtf8(at) => {
            let span = source.span(at..at + '\u{fffd}'.len_utf8());
            Diagnostic::new(&codes::NOT_UTF8, span, "invalid UTF-8")
                .help("save the file in UTF-8 encoding")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_small() {
        assert_eq!((size_of::<Node>(), size_of::<Member>()), (32, 56));
    }
}
