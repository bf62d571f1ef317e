//! Checks that the output of a template is well-formed.

use granit_parser::{Parser, StrInput};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::render::Format;

/// The first syntax error of a file.
#[derive(Debug, PartialEq, Eq)]
pub struct FormatError {
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong, in the words of the parser.
    pub message: String,
}

/// Returns the first syntax error of a text, if any. Plain text has none.
pub fn check(format: Format, text: &str) -> Option<FormatError> {
    match format {
        Format::Yaml => yaml(text),
        Format::Json => json(text),
        Format::Hcl => hcl(text),
        Format::Ini => ini(text),
        Format::Plain => None,
    }
}

/// Any number of documents.
fn yaml(text: &str) -> Option<FormatError> {
    let mut parser = Parser::new(StrInput::new(text));
    loop {
        match parser.next_event()? {
            Ok(_) => {}
            Err(error) => {
                let line = error.marker().line();
                return Some(FormatError { line, message: error.info().to_string() });
            }
        }
    }
}

fn json(text: &str) -> Option<FormatError> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = IgnoredAny::deserialize(&mut reader).and_then(|_| reader.end());
    let error = read.err()?;
    // The message ends with the position, which is reported separately.
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default().to_owned();
    Some(FormatError { line: error.line(), message })
}

fn hcl(text: &str) -> Option<FormatError> {
    let error = hcl_edit::parser::parse_body(text).err()?;
    Some(FormatError { line: error.location().line(), message: error.message().to_owned() })
}

/// Sections, `Key=value` lines, comments, and lines continued by a backslash (systemd.syntax(7)).
fn ini(text: &str) -> Option<FormatError> {
    let mut in_section = false;
    let mut continued = false;
    for (at, line) in text.lines().enumerate() {
        let error = |message: &str| Some(FormatError { line: at + 1, message: message.to_owned() });
        let trimmed = line.trim();
        if trimmed.starts_with(['#', ';']) || (trimmed.is_empty() && !continued) {
            continue;
        }
        let is_value = std::mem::replace(&mut continued, trimmed.ends_with('\\'));
        if is_value {
            continue;
        }
        if let Some(section) = trimmed.strip_prefix('[') {
            match section.strip_suffix(']') {
                Some(name) if !name.is_empty() && !name.contains(['[', ']']) => in_section = true,
                _ => return error("invalid section header, expected `[name]`"),
            }
            continue;
        }
        match trimmed.split_once('=') {
            Some((key, _)) if key.trim().is_empty() => return error("missing key before `=`"),
            Some(_) if !in_section => return error("key before the first `[section]`"),
            Some(_) => {}
            None => return error("expected `[section]` or `Key=value`"),
        }
    }
    continued.then(|| FormatError {
        line: text.lines().count(),
        message: "unexpected end of file after `\\`".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(format: Format, text: &str) -> Option<usize> {
        check(format, text).map(|error| error.line)
    }

    #[test]
    fn well_formed_text_passes() {
        for (format, text) in [
            (Format::Yaml, "a: 1\n---\nb: [1, 2]\n"),
            (Format::Yaml, ""),
            (Format::Json, "{\"a\": [1, 2]}\n"),
            (Format::Hcl, "job \"a\" {\n  type = \"batch\"\n}\n"),
            (Format::Ini, "# c\n[Unit]\nA=b=c\nB=one \\\n  two\n\n; c\n[X-y]\n"),
            (Format::Plain, "{ [ \" anything"),
        ] {
            assert_eq!(check(format, text), None, "{text}");
        }
    }

    #[test]
    fn syntax_errors_have_a_line() {
        assert_eq!(line(Format::Yaml, "a: 1\nb: [1\nc: 2\n"), Some(3));
        assert_eq!(line(Format::Json, "{\n\"a\": 1,\n}\n"), Some(3));
        assert_eq!(line(Format::Json, "{}\n{}\n"), Some(2));
        assert_eq!(line(Format::Hcl, "a = 1\nb = = 2\n"), Some(2));
        assert_eq!(line(Format::Ini, "[Unit]\nA=b\nword\n"), Some(3));
        assert_eq!(line(Format::Ini, "A=b\n"), Some(1));
        assert_eq!(line(Format::Ini, "[Unit\n"), Some(1));
        assert_eq!(line(Format::Ini, "[Unit]\n=b\n"), Some(2));
        assert_eq!(line(Format::Ini, "[Unit]\nA=b\\\n"), Some(2));
    }
}
