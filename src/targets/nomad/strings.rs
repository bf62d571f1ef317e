//! Strings on their way into a container: how often Nomad reads them, and how each reading
//! is undone.
//!
//! A string inside a task's `config` is read as an HCL template twice: when the job is
//! submitted, and by the client just before the task starts. Everything else is read once.
//! A string in `env` has each `${name}` that the client knows replaced besides, which
//! nothing can escape. What a template writes is replaced nowhere.
//!
//! HCL also brings every string into Unicode's normal form C, wherever it stands.

use std::fmt::Write;

use unicode_normalization::is_nfc;

/// Whether HCL leaves the string as it is.
pub fn survives_hcl(text: &str) -> bool {
    text.is_ascii() || is_nfc(text)
}

/// Whether a value in `env` may have something replaced: `${` and a name of the characters
/// that Nomad looks for (`helper/args`).
pub fn is_expanded_in_env(value: &str) -> bool {
    value.split("${").skip(1).any(|rest| {
        let name = rest.split('}').next().unwrap_or("");
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        rest.len() > name.len() && !name.is_empty() && name.chars().all(is_name)
    })
}

/// Whether a template's environment file takes a name (go-envparse).
pub fn is_template_name(name: &str) -> bool {
    let mut chars = name.chars();
    let first = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    first && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/'))
}

/// A string of a task's `config` as the client reads it: what is put in stands there as it
/// is, variables are interpolated.
///
/// Printed by a template like any other string, its interpolations survive the reading when
/// the job is submitted. They could be left to that reading, since Nomad passes on what it
/// does not know; but it puts further braces behind one that a brace follows (jobspec2,
/// `UndefinedVariable`).
#[derive(Debug, Default)]
pub struct ConfigString {
    text: String,
}

impl ConfigString {
    /// A string without variables.
    pub fn literal(text: &str) -> String {
        let mut made = ConfigString::default();
        made.push(text, false);
        made.finish()
    }

    /// Puts characters behind what is there. `before_variable` where a variable follows.
    pub fn push(&mut self, text: &str, before_variable: bool) {
        // A `$` right before an interpolation would escape it.
        let (text, dollars) = match before_variable {
            true => text.split_at(text.trim_end_matches('$').len()),
            false => (text, ""),
        };
        // A byte order mark at the start would be dropped.
        let marked = text.strip_prefix('\u{feff}').filter(|_| self.text.is_empty());
        if marked.is_some() {
            self.text.push_str("${\"\\ufeff\"}");
        }
        self.text.push_str(&marked.unwrap_or(text).replace("${", "$${").replace("%{", "%%{"));
        if !dollars.is_empty() {
            self.text.push_str("${\"");
            self.text.push_str(dollars);
            self.text.push_str("\"}");
        }
    }

    /// Puts a variable of the task's environment, or an attribute of the node, behind what
    /// is there.
    pub fn variable(&mut self, name: &str) {
        self.text.push_str("${");
        self.text.push_str(name);
        self.text.push('}');
    }

    /// The string.
    pub fn finish(self) -> String {
        self.text
    }
}

/// Characters as they stand between the double quotes of an environment file that a
/// template writes: JSON's escapes, with every character that means something to HCL, to
/// the template engine or to Unicode's normal forms written as its number.
pub fn in_template(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            // The braces of a reference may follow.
            '$' | '%' if chars.peek().is_none() => {
                // Writing into a string cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '{' => out.push_str("\\u007b"),
            ' '..='~' => out.push(c),
            _ => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// HCL's reading of a template, of a string that has no interpolation but of a quoted
    /// string: `${"..."}`. `None` where it has another one.
    fn read_template(text: &str) -> Option<String> {
        let mut out = String::new();
        let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
        while let Some(c) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix("$${").or_else(|| rest.strip_prefix("%%{")) {
                out.push(c);
                out.push('{');
                rest = after;
            } else if let Some(after) = rest.strip_prefix("${\"") {
                let (inner, after) = after.split_once("\"}")?;
                out.push_str(&inner.replace("\\ufeff", "\u{feff}"));
                rest = after;
            } else if rest.starts_with("${") || rest.starts_with("%{") {
                return None;
            } else {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
        Some(out)
    }

    fn awkward() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            proptest::collection::vec(
                prop_oneof![
                    Just("$"),
                    Just("{"),
                    Just("}"),
                    Just("%"),
                    Just("\""),
                    Just("\\"),
                    Just("\u{feff}"),
                    Just("{{"),
                    Just("x"),
                    Just("\n"),
                    Just("\u{301}"),
                ],
                0..12,
            )
            .prop_map(|parts| parts.concat()),
        ]
    }

    proptest! {
        #[test]
        fn the_clients_reading_of_a_config_string_gives_it_back(text in awkward()) {
            prop_assert_eq!(read_template(&ConfigString::literal(&text)), Some(text));
        }

        #[test]
        fn a_variable_is_never_escaped_by_what_stands_before_it(text in awkward()) {
            let mut made = ConfigString::default();
            made.push(&text, true);
            let before = made.finish();
            prop_assert!(!before.ends_with('$'));
            prop_assert_eq!(read_template(&before), Some(text));
        }

        #[test]
        fn json_gives_back_what_stands_in_a_template(text in awkward()) {
            let written = in_template(&text);
            let is_inert = !written.contains('{') && !written.ends_with(['$', '%']) && written.is_ascii();
            prop_assert!(is_inert, "not inert: {written:?}", written = written);
            let read: String = serde_json::from_str(&format!("\"{written}\"")).unwrap();
            prop_assert_eq!(read, text);
        }
    }

    #[test]
    fn what_env_expands() {
        for value in ["${A}", "x ${node.unique.id} y", "${${A}", "$${a-b}"] {
            assert!(is_expanded_in_env(value), "{value}");
        }
        for value in ["", "$A", "${A", "${}", "${A:-b}", "${a b}", "{A}"] {
            assert!(!is_expanded_in_env(value), "{value}");
        }
    }
}
