//! Strings: how often Nomad reads them, and how to escape them for each reading.
//!
//! A string in a task's `config` is read as an HCL template twice: when the job is submitted,
//! and by the client before the task starts. Every other string is read once. In a value of
//! `env`, the client also replaces each `${name}` that it knows, which cannot be escaped. The
//! output of a template is not replaced.
//!
//! HCL also converts every string to Unicode normal form C.

use std::fmt::Write;

use unicode_normalization::is_nfc;

/// Whether HCL leaves the string unchanged.
pub fn survives_hcl(text: &str) -> bool {
    text.is_ascii() || is_nfc(text)
}

/// Whether Nomad may replace something in a value of `env`: `${` and a name of the characters
/// that it looks for (`helper/args`).
pub fn is_expanded_in_env(value: &str) -> bool {
    value.split("${").skip(1).any(|rest| {
        let name = rest.split('}').next().unwrap_or("");
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        rest.len() > name.len() && !name.is_empty() && name.chars().all(is_name)
    })
}

/// Whether the environment file of a template accepts a name (go-envparse).
pub fn is_template_name(name: &str) -> bool {
    let mut chars = name.chars();
    let first = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    first && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/'))
}

/// A string of a task's `config`, escaped for the client: text is literal, variables are
/// interpolated.
///
/// A template prints it like any other string, so its interpolations survive the reading at
/// submission. They cannot be left to that reading: Nomad passes on what it does not know, but
/// adds braces to a variable that is followed by a brace (jobspec2, `UndefinedVariable`).
#[derive(Debug, Default)]
pub struct ConfigString {
    text: String,
}

impl ConfigString {
    /// Escapes a string without variables.
    pub fn literal(text: &str) -> String {
        let mut made = ConfigString::default();
        made.push(text, false);
        made.finish()
    }

    /// Appends text. `before_variable` says whether a variable follows.
    pub fn push(&mut self, text: &str, before_variable: bool) {
        // HCL drops a byte order mark at the start.
        let marked = text.strip_prefix('\u{feff}').filter(|_| self.text.is_empty());
        if marked.is_some() {
            self.quoted("\\ufeff");
        }
        let mut parts = marked.unwrap_or(text).split('\r').peekable();
        while let Some(part) = parts.next() {
            match parts.peek() {
                Some(next) if next.starts_with('\n') => {
                    self.escaped(part, false);
                    self.text.push('\r');
                }
                // After a carriage return without a line feed, HCL takes the rest as it is, with
                // escapes and interpolations.
                Some(_) => {
                    self.escaped(part, true);
                    self.quoted("\\r");
                }
                None => self.escaped(part, before_variable),
            }
        }
    }

    /// Appends text without a character that needs more than an escape.
    fn escaped(&mut self, text: &str, before_variable: bool) {
        // A `$` before an interpolation would escape it.
        let (text, dollars) = match before_variable {
            true => text.split_at(text.trim_end_matches('$').len()),
            false => (text, ""),
        };
        self.text.push_str(&text.replace("${", "$${").replace("%{", "%%{"));
        if !dollars.is_empty() {
            self.quoted(dollars);
        }
    }

    /// Appends an interpolation of a string, which is written as in HCL.
    fn quoted(&mut self, string: &str) {
        self.text.push_str("${\"");
        self.text.push_str(string);
        self.text.push_str("\"}");
    }

    /// Appends a variable of the task's environment, or an attribute of the node.
    pub fn variable(&mut self, name: &str) {
        self.text.push_str("${");
        self.text.push_str(name);
        self.text.push('}');
    }

    /// Returns the escaped string.
    pub fn finish(self) -> String {
        self.text
    }
}

/// Escapes text for the double quotes of an environment file that a template writes: as in
/// JSON, with every character that is special to HCL, to the template engine or to Unicode
/// normalization as its number.
pub fn in_template(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            // The braces of a reference may follow.
            '$' | '%' if chars.peek().is_none() => {
                // Writing to a string cannot fail.
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

    /// Reads text as an HCL template without interpolations other than a quoted string:
    /// `${"..."}`. `None` if it has another one.
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
                out.push_str(&inner.replace("\\ufeff", "\u{feff}").replace("\\r", "\r"));
                rest = after;
            } else if rest.starts_with("${") || rest.starts_with("%{") {
                return None;
            } else if c == '\r' && !rest.starts_with("\r\n") {
                // HCL would not read the rest.
                return None;
            } else {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
        Some(out)
    }

    fn special_text() -> impl Strategy<Value = String> {
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
                    Just("\r"),
                    Just("\u{301}"),
                ],
                0..12,
            )
            .prop_map(|parts| parts.concat()),
        ]
    }

    proptest! {
        #[test]
        fn the_client_reads_a_config_string_unchanged(text in special_text()) {
            prop_assert_eq!(read_template(&ConfigString::literal(&text)), Some(text));
        }

        #[test]
        fn text_before_a_variable_never_escapes_it(text in special_text()) {
            let mut made = ConfigString::default();
            made.push(&text, true);
            let before = made.finish();
            prop_assert!(!before.ends_with('$'));
            prop_assert_eq!(read_template(&before), Some(text));
        }

        #[test]
        fn json_reads_template_text_unchanged(text in special_text()) {
            let written = in_template(&text);
            let is_inert = !written.contains('{') && !written.ends_with(['$', '%']) && written.is_ascii();
            prop_assert!(is_inert, "not inert: {written:?}", written = written);
            let read: String = serde_json::from_str(&format!("\"{written}\"")).unwrap();
            prop_assert_eq!(read, text);
        }
    }

    #[test]
    fn the_client_reads_what_follows_a_carriage_return() {
        for (text, written) in [
            ("a\rb", "a${\"\\r\"}b"),
            ("\r", "${\"\\r\"}"),
            ("\r\r\n", "${\"\\r\"}\r\n"),
            ("\r%%{x}", "${\"\\r\"}%%%{x}"),
            ("$\r$${x}", "${\"$\"}${\"\\r\"}$$${x}"),
            ("\r\n${x}", "\r\n$${x}"),
        ] {
            assert_eq!(ConfigString::literal(text), written, "{text:?}");
        }
        let mut made = ConfigString::default();
        made.push("\r", true);
        made.variable("x");
        assert_eq!(made.finish(), "${\"\\r\"}${x}");
    }

    #[test]
    fn values_that_env_expands() {
        for value in ["${A}", "x ${node.unique.id} y", "${${A}", "$${a-b}"] {
            assert!(is_expanded_in_env(value), "{value}");
        }
        for value in ["", "$A", "${A", "${}", "${A:-b}", "${a b}", "{A}"] {
            assert!(!is_expanded_in_env(value), "{value}");
        }
    }
}
