//! Strings to pieces: finds the references in strings.
//!
//! A reference is `@` and the longest run of letters, digits and hyphens after it; `:` and
//! digits after that are its port. `\@` is a literal `@`, and so is an `@` without such a run
//! after it (language definition, section 5).

use ecow::EcoString;

use crate::diag::{Diagnostic, Findings, Level, codes};
use crate::plan::{Piece, Reference, Text};
use crate::schema::is_id_char;
use crate::source::{Span, Spanned};
use crate::syntax::{Kind, Node, Places};

use super::lookup::{Lookup, MAX_REFERENCES};

/// An owned copy of a string.
pub fn owned(text: Spanned<&str>) -> Spanned<EcoString> {
    Spanned::new(text.value.into(), text.span)
}

/// The text of a value: a string unchanged, anything else as compact JSON.
pub fn scalar(node: &Node, lookup: &Lookup<'_>, findings: &mut Findings) -> Text {
    let mut builder = Builder { lookup, findings, pieces: Vec::new() };
    match &node.kind {
        Kind::Number(text) => return Text::literal(text.clone(), node.span),
        Kind::String(text) => {
            check_nul(text, node.span, builder.findings);
            if !text.contains('@') {
                return Text::literal(text.clone(), node.span);
            }
            // Room for a literal around each reference. Growing would need it twice.
            let signs = text.bytes().filter(|byte| *byte == b'@').count().min(MAX_REFERENCES);
            builder.pieces.reserve_exact(2 * signs + 1);
            builder.scan(text, node.span, &str::to_owned);
        }
        _ => builder.json(node),
    }
    Text { pieces: builder.pieces.into(), span: node.span }
}

/// Reports a NUL character in a string that becomes a path, an argument, or a variable: all
/// of these end at a NUL. In JSON text it is an escape, which is harmless.
pub fn check_nul(text: &str, span: Span, findings: &mut Findings) {
    if text.contains('\0') {
        findings.add(&codes::BAD_FORMAT, |code| {
            Diagnostic::new(code, span, "string contains a NUL character")
                .help("an argument, an environment variable or a path ends at the first NUL")
        });
    }
}

/// Maximum length in bytes of one argument or one `NAME=value` of a program that Linux starts:
/// `MAX_ARG_STRLEN`, without the final NUL.
const MAX_ARGUMENT: usize = 131_071;

/// Reports a text that is too long for an argument or, with a name, for a variable. References can
/// only make it longer.
pub fn check_length(text: &Text, name: Option<&str>, findings: &mut Findings) {
    let literal = |piece: &Piece| match piece {
        Piece::Literal(text) => text.len(),
        Piece::Reference(_) => 0,
    };
    let prefix = name.map_or(0, |name| name.len() + 1);
    let length = prefix + text.pieces.iter().map(literal).sum::<usize>();
    if length > MAX_ARGUMENT {
        findings.add(&codes::OUT_OF_RANGE, |code| {
            let message = match name {
                Some(name) => format!("variable `{name}` is too long: {length} bytes with its name"),
                None => format!("argument is too long: {length} bytes"),
            };
            Diagnostic::new(code, text.span, message).help(format!(
                "Linux starts no program with more than {MAX_ARGUMENT} bytes in one argument or variable; use a file"
            ))
        });
    }
}

struct Builder<'a, 'd> {
    lookup: &'a Lookup<'a>,
    findings: &'d mut Findings,
    pieces: Vec<Piece>,
}

impl Builder<'_, '_> {
    fn push(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.pieces.last_mut() {
            Some(Piece::Literal(last)) => last.push_str(text),
            _ => self.pieces.push(Piece::Literal(text.into())),
        }
    }

    /// Adds a value as compact JSON. Strings in it are scanned for references.
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

    /// Splits `text`, which is at `span`, into pieces. Literal parts go through `escape`.
    fn scan(&mut self, text: &str, span: Span, escape: &dyn Fn(&str) -> String) {
        let mut places = Places::new(self.lookup.source_of(span), span);
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
            match self.lookup.containers.get(id) {
                Some(_) if !self.lookup.count_reference(span, self.findings) => break,
                Some(to) => {
                    self.push(&escape(&plain));
                    plain.clear();
                    let span = places.span(sign..end);
                    let port = port.map(|(port, _)| port);
                    self.pieces.push(Piece::Reference(Reference::new(*to, port, span)));
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
        if !self.lookup.complete || self.findings.is_full(Level::Error) {
            return;
        }
        let message = format!("reference to unknown container `{id}`");
        let diagnostic = Diagnostic::new(&codes::UNKNOWN_REFERENCE, span, message);
        // No edit where only the span of the whole string is known, as in an alias.
        let id_span = Span { start: span.start + 1, end: span.end };
        let exact = self.lookup.source_of(id_span).slice(id_span) == id;
        let diagnostic = match self.lookup.similar(id, &self.lookup.containers) {
            Some(similar) => {
                let diagnostic = diagnostic.label(format!("did you mean `@{similar}`?"));
                if exact { diagnostic.likely_edit(id_span, similar) } else { diagnostic }
            }
            None => diagnostic.label("not found in this appliance"),
        };
        self.findings.push(diagnostic.help(
            "write a literal `@` as `\\@`, in double quotes as `\\\\@`: \"user\\\\@example.org\"",
        ));
    }
}

/// The port at the start of the text after a reference, and its length with the colon. Digits
/// that continue as a word, and numbers that are not a port, do not count.
fn port(rest: &str) -> Option<(u16, usize)> {
    let word = rest.strip_prefix(':')?;
    let length = word.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(word.len());
    let digits = word.get(..length)?;
    if digits.starts_with('0') || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((digits.parse().ok()?, length + 1))
}

/// A string escaped as between the quotes of a JSON literal.
fn json_escape(text: &str) -> String {
    let literal = serde_json::Value::from(text).to_string();
    literal.get(1..literal.len().saturating_sub(1)).unwrap_or("").to_owned()
}
