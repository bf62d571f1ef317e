//! Signs in the place of a colon: as other languages separate a key from its value, and as keyboards write a colon.

use super::is_name;
use crate::diag::{Diagnostic, codes};
use crate::source::Span;

/// The signs, those that start with another one first.
const SIGNS: [&str; 15] =
    ["=>", "->", "==", ":=", "=", "：", "﹕", "︰", "∶", "꞉", "；", "＝", "→", "⇒", "➜"];

/// The sign that a text starts with. What goes on like an operator is none.
pub fn sign(text: &str) -> Option<&'static str> {
    // Most words are names and numbers, which are told apart at once.
    if text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let sign = SIGNS.into_iter().find(|sign| text.starts_with(sign))?;
    let rest = text.strip_prefix(sign)?;
    (!rest.starts_with(['=', '>', '~'])).then_some(sign)
}

/// An entry with a sign in the place of its colon.
pub struct Entry<'t> {
    /// The key, without the spaces behind it.
    pub key: &'t str,
    /// The sign.
    pub sign: &'static str,
    /// The value, without the spaces before it.
    pub value: &'t str,
    /// The offset of the sign, and that of what is behind it.
    at: usize,
    end: usize,
    /// Whether a space is behind the sign, or nothing.
    is_apart: bool,
}

/// Splits a text that starts with a name and such a sign.
pub fn split(text: &str) -> Option<Entry<'_>> {
    let is_first = |c: char| SIGNS.iter().any(|sign| sign.starts_with(c));
    let mut places = text.match_indices(is_first).map(|(at, _)| at);
    let (at, sign) = places.find_map(|at| {
        let rest = text.get(at..)?;
        // A `:` or a `-` that starts none is a part of the key.
        SIGNS.iter().any(|sign| rest.starts_with(sign)).then(|| (at, self::sign(rest)))
    })?;
    let sign = sign?;
    let key = text.get(..at)?.trim_end_matches(' ');
    let end = at + sign.len();
    let rest = text.get(end..)?;
    let is_apart = rest.is_empty() || rest.starts_with([' ', '\n', '\r']);
    is_name(key).then_some(Entry { key, sign, value: rest.trim(), at, end, is_apart })
}

impl Entry<'_> {
    /// The location of the sign in an entry that starts at an offset.
    pub fn place(&self, start: usize) -> Span {
        Span::new(start + self.at, start + self.end)
    }

    /// The finding in YAML about the sign in an entry that starts at an offset.
    pub fn finding(&self, start: usize) -> Diagnostic {
        in_place_of_colon(self.sign, self.place(start))
    }

    /// The finding with its edit, which is certain or only offered.
    pub fn edited(&self, start: usize, is_certain: bool) -> Diagnostic {
        let span = Span::new(start + self.key.len(), start + self.end);
        let right = if self.is_apart { ":" } else { ": " };
        match is_certain {
            true => self.finding(start).safe_edit(span, right),
            false => self.finding(start).likely_edit(span, right),
        }
    }

    /// Whether YAML reads the value as those do that separate keys by such a sign.
    pub fn is_same(&self) -> bool {
        is_same_in_yaml(self.value)
    }

    /// The entry as YAML writes it.
    pub fn rewritten(&self) -> String {
        format!("{}: {}", self.key, self.value)
    }
}

/// The finding in YAML about a `;` in the place of the `:` of an entry that starts at an offset.
pub fn semicolon(entry: &str, at: usize) -> Option<Diagnostic> {
    let (key, value) = entry.split_once("; ")?;
    let place = Span::new(at + key.len(), at + key.len() + 1);
    // Behind other signs, it may separate parts of a text.
    let is_entry = is_name(key)
        && !value.trim().is_empty()
        && !value.contains([';', '#'])
        && !value.contains(": ");
    is_entry.then(|| in_place_of_colon(";", place).likely_edit(place, ":"))
}

fn in_place_of_colon(sign: &str, place: Span) -> Diagnostic {
    Diagnostic::new(&codes::BAD_YAML, place, format!("expected `: `, found `{sign}`"))
        .help("entries have the form `key: value`")
}

/// Whether YAML reads a value as those do that separate keys by equals signs: without escapes, comments and other signs.
fn is_same_in_yaml(value: &str) -> bool {
    let is_inside = |c: char| c.is_alphanumeric() || " ._-/:+,".contains(c);
    let is_plain = |text: &str| text.chars().all(is_inside);
    let quoted = value.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    quoted.is_some_and(is_plain)
        || (is_plain(value)
            && value.starts_with(char::is_alphanumeric)
            && !value.contains(": ")
            && !value.ends_with(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_in_the_place_of_a_colon_split_an_entry() {
        for text in ["a=b", "a = b", "a=> b", "a-b->b", "a := b", "a：b", "a ﹕b", "a ； b", "a→b"]
        {
            let entry = split(text).unwrap();
            assert!(entry.key.starts_with('a') && entry.value == "b", "{text}");
            assert!(text.contains(entry.sign), "{text}");
        }
        for text in ["a b", "a: b", "a-b", "a === b", "a ==> b", "a=~b", "=b", "a b=c", "a:b"] {
            assert!(split(text).is_none(), "{text}");
        }
    }
}
