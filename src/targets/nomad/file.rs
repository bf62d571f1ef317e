//! The content of a file as lines of a template in a heredoc.
//!
//! A line is written as it is if neither HCL nor the template engine reads anything into it, and in base64
//! otherwise.

use data_encoding::BASE64;

use super::strings::survives_hcl;

/// An action that writes nothing. The white space around it is not that of a heredoc or of an action.
const NOTHING: &str = "{{ \"\" }}";

/// The same, without the line break after it.
const NO_BREAK: &str = "{{ \"\" -}}";

/// Part of a line.
enum Part {
    Text(String),
    /// Actions, written as they are.
    Action(String),
}

/// Collects lines.
#[derive(Default)]
pub struct Lines {
    done: Vec<String>,
    open: Vec<Part>,
}

impl Lines {
    /// Appends text.
    pub fn text(&mut self, text: &str) {
        for (at, line) in text.split('\n').enumerate() {
            if at > 0 {
                self.end_line();
            }
            if !line.is_empty() {
                self.open.push(Part::Text(line.to_owned()));
            }
        }
    }

    /// Appends actions of the template engine.
    pub fn action(&mut self, action: &str) {
        self.open.push(Part::Action(action.to_owned()));
    }

    fn end_line(&mut self) {
        let line = written(&std::mem::take(&mut self.open));
        self.done.push(line);
    }

    /// Returns the lines.
    pub fn finish(mut self) -> Vec<String> {
        // A heredoc ends with a line break.
        if !self.open.is_empty() || self.done.is_empty() {
            if self.open.is_empty() {
                self.action(NOTHING);
            }
            self.action(NO_BREAK);
            self.end_line();
        }
        // A heredoc loses the indentation that all lines have, and an action before the first line may
        // take the white space after it.
        if let Some(first) = self.done.first_mut()
            && first.starts_with([' ', '\t'])
        {
            first.insert_str(0, NOTHING);
        }
        self.done
    }
}

/// Bytes that are not text, as the line of a template.
pub fn binary(bytes: &[u8]) -> String {
    format!("{}{NO_BREAK}", encoded(bytes))
}

fn encoded(bytes: &[u8]) -> String {
    format!("{{{{ base64Decode \"{}\" }}}}", BASE64.encode(bytes))
}

fn written(parts: &[Part]) -> String {
    // Braces of an action make those beside them special.
    let is_apart = parts.windows(2).all(|pair| match pair {
        [Part::Text(before), Part::Action(_)] => !before.ends_with(['{', '$', '%']),
        [Part::Action(_), Part::Text(after)] => !after.starts_with('}'),
        _ => true,
    });
    let is_plain = is_apart
        && parts.iter().all(|part| match part {
            Part::Text(text) => is_plain(text),
            Part::Action(_) => true,
        });
    let line: String = parts
        .iter()
        .map(|part| match part {
            Part::Text(text) if is_plain => text.clone(),
            Part::Text(text) => encoded(text.as_bytes()),
            Part::Action(action) => action.clone(),
        })
        .collect();
    // Only an empty line has nothing on it.
    if line.trim().is_empty() { format!("{line}{NOTHING}") } else { line }
}

/// Whether text in a heredoc is written as it is.
fn is_plain(text: &str) -> bool {
    let is_safe = |c: char| matches!(c, ' '..='~' | '\t') || c.is_alphabetic();
    let special = ["{{", "}}", "${", "%{"];
    text.chars().all(is_safe)
        && survives_hcl(text)
        && !special.iter().any(|special| text.contains(special))
        // Some programs that read HCL end a heredoc there, whatever follows.
        && !text.trim_start().starts_with("EOT")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        let mut lines = Lines::default();
        lines.text(text);
        lines.finish()
    }

    #[test]
    fn text_is_readable_where_it_can_be() {
        assert_eq!(lines("a = 1\n  b\n"), ["a = 1", "  b"]);
        assert_eq!(lines("  a\n"), ["{{ \"\" }}  a"]);
        assert_eq!(lines(""), ["{{ \"\" }}{{ \"\" -}}"]);
        assert_eq!(lines("a\n\nb"), ["a", "{{ \"\" }}", "b{{ \"\" -}}"]);
        // A dollar sign would begin an interpolation of HCL together with the action behind it.
        assert_eq!(lines("$"), ["{{ base64Decode \"JA==\" }}{{ \"\" -}}"]);
        assert_eq!(lines("\n"), ["{{ \"\" }}"]);
        assert_eq!(lines("EOT\n"), ["{{ base64Decode \"RU9U\" }}"]);
        assert_eq!(lines("EOT}\n"), ["{{ base64Decode \"RU9UfQ==\" }}"]);
        assert_eq!(lines("a {\n}\n"), ["a {", "}"]);
        assert_eq!(lines("a {{ b }}\n"), ["{{ base64Decode \"YSB7eyBiIH19\" }}"]);
        assert_eq!(lines("a\r\n"), ["{{ base64Decode \"YQ0=\" }}"]);
    }

    #[test]
    fn braces_beside_an_action_are_not_read_with_it() {
        let beside = |before: &str, after: &str| {
            let mut lines = Lines::default();
            lines.text(before);
            lines.action("{{ x }}");
            lines.text(after);
            lines.finish()
        };
        assert_eq!(beside("a = ", ";\n"), ["a = {{ x }};"]);
        for (before, after) in [("{", "\n"), ("$", "\n"), ("", "}\n")] {
            let line = beside(before, after).concat();
            assert!(line.contains("base64Decode"), "{line}");
        }
    }
}
