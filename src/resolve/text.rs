//! Strings to pieces: finding references.
//!
//! `@` and the longest run of letters, digits and hyphens behind it is a reference; `:` and
//! digits behind that are its port. `\@` is a plain `@`. An `@` with no such run behind it
//! is itself. (Language definition, section 5.)

use crate::diag::{Diagnostic, codes, is_full};
use crate::plan::{Piece, Reference, Text};
use crate::source::Span;
use crate::syntax::{Kind, Node, Places};

use super::Scope;

/// The text of a scalar: a string as it is, anything else as its JSON text.
pub fn scalar(node: &Node, scope: &Scope<'_>, diagnostics: &mut Vec<Diagnostic>) -> Text {
    let mut builder = Builder { scope, diagnostics, pieces: Vec::new() };
    match &node.kind {
        Kind::String(text) => {
            check_nul(text, node.span, builder.diagnostics);
            builder.scan(text, node.span, &str::to_owned);
        }
        _ => builder.json(node),
    }
    Text { pieces: builder.pieces, span: node.span }
}

/// Checks that a string can be given to a process, or be a path: both end at a NUL. In JSON
/// text it is an escape and does no harm.
pub fn check_nul(text: &str, span: Span, diagnostics: &mut Vec<Diagnostic>) {
    if text.contains('\0') {
        let message = "a NUL character cannot reach a container";
        diagnostics.push(
            Diagnostic::new(&codes::BAD_FORMAT, span, message)
                .help("to a process an argument, a variable and a path end at the first one"),
        );
    }
}

struct Builder<'a, 'd> {
    scope: &'a Scope<'a>,
    diagnostics: &'d mut Vec<Diagnostic>,
    pieces: Vec<Piece>,
}

impl Builder<'_, '_> {
    fn push(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.pieces.last_mut() {
            Some(Piece::Literal(last)) => last.push_str(text),
            _ => self.pieces.push(Piece::Literal(text.to_owned())),
        }
    }

    /// A JSON value as its compact text, with the strings in it scanned for references.
    fn json(&mut self, node: &Node) {
        match &node.kind {
            Kind::Null | Kind::Broken => self.push("null"),
            Kind::Bool(value) => self.push(if *value { "true" } else { "false" }),
            Kind::Number(text) => self.push(text),
            Kind::String(text) => {
                self.push("\"");
                self.scan(text, node.span, &json_escape);
                self.push("\"");
            }
            Kind::Array(items) => {
                self.push("[");
                for (at, item) in items.iter().enumerate() {
                    self.push(if at > 0 { "," } else { "" });
                    self.json(item);
                }
                self.push("]");
            }
            Kind::Object(object) => {
                self.push("{");
                for (at, member) in object.members.iter().enumerate() {
                    self.push(if at > 0 { "," } else { "" });
                    self.push("\"");
                    self.push(&json_escape(&member.key.value));
                    self.push("\":");
                    self.json(&member.value);
                }
                self.push("}");
            }
        }
    }

    /// Cuts `text`, which stands at `span`, into pieces; plain parts go through `escape`.
    fn scan(&mut self, text: &str, span: Span, escape: &dyn Fn(&str) -> String) {
        let mut places = Places::new(self.scope.source, span);
        let mut plain = String::new();
        let mut at = 0;
        while let Some(found) = text.get(at..).and_then(|rest| rest.find('@')) {
            let sign = at + found;
            let before = text.get(at..sign).unwrap_or("");
            if let Some(before) = before.strip_suffix('\\') {
                plain.push_str(before);
                plain.push('@');
                at = sign + 1;
                continue;
            }
            plain.push_str(before);
            let rest = text.get(sign + 1..).unwrap_or("");
            let length = rest.find(|c: char| !is_id_char(c)).unwrap_or(rest.len());
            let id = rest.get(..length).unwrap_or("");
            if id.is_empty() {
                plain.push('@');
                at = sign + 1;
                continue;
            }
            let port = port(rest.get(length..).unwrap_or(""));
            let id_end = sign + 1 + length;
            let end = id_end + port.map_or(0, |(_, length)| length);
            match self.scope.containers.get(id) {
                Some(_) if !self.scope.count_reference(span, self.diagnostics) => break,
                Some(to) => {
                    self.push(&escape(&plain));
                    plain.clear();
                    let span = places.span(sign..end);
                    let port = port.map(|(port, _)| port);
                    self.pieces.push(Piece::Reference(Reference { to: *to, port, span }));
                }
                None => {
                    self.unknown(id, places.span(sign..id_end));
                    plain.push_str(text.get(sign..end).unwrap_or(""));
                }
            }
            at = end;
        }
        plain.push_str(text.get(at..).unwrap_or(""));
        self.push(&escape(&plain));
    }

    fn unknown(&mut self, id: &str, span: Span) {
        if !self.scope.complete || is_full(self.diagnostics) {
            return;
        }
        let message = format!("no container of this appliance has the id `{id}`");
        let diagnostic = Diagnostic::new(&codes::UNKNOWN_REFERENCE, span, message);
        // Where only the whole string is known, as behind an alias, no edit can be made.
        let id_span = Span { start: span.start + 1, end: span.end };
        let exact = self.scope.source.slice(id_span) == id;
        let diagnostic = match self.scope.near(id, &self.scope.containers) {
            Some(near) => {
                let diagnostic = diagnostic.label(format!("did you mean `@{near}`?"));
                if exact { diagnostic.likely_edit(id_span, near) } else { diagnostic }
            }
            None => diagnostic.label("unknown id"),
        };
        self.diagnostics.push(diagnostic.help(
            "a plain `@` is written `\\@`, in double quotes `\\\\@`: \"user\\\\@example.org\"",
        ));
    }
}

/// Characters of an id.
fn is_id_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-'
}

/// The port at the start of what follows a reference, and its length with the colon. Digits
/// that go on as a word, and numbers that are no port, are not one.
fn port(rest: &str) -> Option<(u16, usize)> {
    let word = rest.strip_prefix(':')?;
    let length = word.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(word.len());
    let digits = word.get(..length)?;
    if digits.starts_with('0') || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((digits.parse().ok()?, length + 1))
}

/// A string as it stands between the quotes of a JSON literal.
fn json_escape(text: &str) -> String {
    let literal = serde_json::Value::from(text).to_string();
    literal.get(1..literal.len().saturating_sub(1)).unwrap_or("").to_owned()
}
