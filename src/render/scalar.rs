//! Writes a string as a scalar in the format of a file.
//!
//! A correct parser of the format returns the same string, whatever it contains. Each scalar is
//! a single line, so that it can be indented.

use std::fmt::{self, Write};

/// The format of a file, which determines how values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// YAML, written so that parsers of 1.1 and of 1.2 agree.
    Yaml,
    /// The native syntax of HCL 2.
    Hcl,
    /// JSON.
    Json,
    /// Sections of `Key=value` lines, as in systemd unit files.
    Ini,
    /// Text without quoting rules.
    Plain,
}

impl Format {
    /// All formats.
    pub const ALL: [Format; 5] =
        [Format::Yaml, Format::Json, Format::Hcl, Format::Ini, Format::Plain];

    /// The format of the output of a template, from the extension of its name:
    /// `deployment.yaml.j2` writes YAML. The `.j2` is optional; an unknown extension means plain
    /// text.
    pub fn of_name(name: &str) -> Format {
        let name = name.strip_suffix(".j2").unwrap_or(name);
        match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
            "yaml" | "yml" => Format::Yaml,
            "hcl" | "nomad" => Format::Hcl,
            "json" => Format::Json,
            "ini" | "conf" | "cfg" | "service" | "socket" | "timer" | "target" | "container"
            | "volume" | "network" | "pod" | "kube" => Format::Ini,
            _ => Format::Plain,
        }
    }

    /// The name of the format in messages and in the template engine.
    pub fn word(self) -> &'static str {
        match self {
            Format::Yaml => "yaml",
            Format::Hcl => "hcl",
            Format::Json => "json",
            Format::Ini => "ini",
            Format::Plain => "plain",
        }
    }

    /// The format with this [`word`](Format::word).
    pub fn of_word(word: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.word() == word)
    }
}

/// `text` as a scalar of the format: a value, an item of a list, or a key of a mapping. In INI
/// it is unchanged, which is not valid for every string: see `ini_takes`.
///
/// In YAML, a string is unquoted if no parser can read it as anything else. A YAML key has at
/// most 1,024 characters (YAML 1.2, 7.4), including quotes and escapes; the caller must ensure
/// this.
pub fn scalar(format: Format, text: &str) -> String {
    collect(text, |out| write_scalar(out, format, text))
}

/// Like [`scalar`], but always with quotes, for consistent output. Plain text has no quotes and
/// is returned unchanged.
pub fn quoted(format: Format, text: &str) -> String {
    collect(text, |out| write_quoted(out, format, text))
}

/// Collects the output of `write`. Writing to a `String` cannot fail.
fn collect(text: &str, write: impl FnOnce(&mut String) -> fmt::Result) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    let written = write(&mut out);
    debug_assert!(written.is_ok());
    out
}

/// Like [`scalar`], written to `out`.
pub(super) fn write_scalar(out: &mut impl Write, format: Format, text: &str) -> fmt::Result {
    if format == Format::Yaml && is_plain_yaml(text) {
        return out.write_str(text);
    }
    if format == Format::Ini {
        return out.write_str(text);
    }
    write_quoted(out, format, text)
}

/// Whether a string can be the unquoted value of a key in INI: whitespace around a value is
/// removed, and a value continues on the next line after a backslash (systemd.syntax(7)).
pub(super) fn ini_takes(text: &str) -> bool {
    text.trim() == text && !text.ends_with('\\') && !text.contains(['\n', '\r'])
}

/// Like [`quoted`], written to `out`.
pub(super) fn write_quoted(out: &mut impl Write, format: Format, text: &str) -> fmt::Result {
    match format {
        Format::Yaml => write_escaped(out, text, escape_yaml),
        Format::Hcl => write_escaped(out, text, escape_hcl),
        Format::Json => write_escaped(out, text, escape_json),
        Format::Ini => write_escaped(out, text, escape_ini),
        Format::Plain => out.write_str(text),
    }
}

/// Words that some YAML parser reads as a boolean, null or a number: the types of YAML 1.1
/// (yaml.org/type/bool, null, float), in any letter case.
const YAML_WORDS: [&str; 13] =
    ["false", "inf", "infinity", "n", "nan", "no", "null", "off", "on", "true", "y", "yes", "none"];

/// Whether every parser of YAML 1.1 and 1.2 reads `text`, without quotes, as this string: in
/// block context, in flow context, and as a key.
///
/// Deliberately stricter than YAML: ASCII only, and a letter, `_` or `/` at the start, so that
/// numbers, dates, `12:30` (a number to base 60 in 1.1), `~`, `=`, `<<` and indicators do not
/// require separate rules.
fn is_plain_yaml(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some((first, rest)) = bytes.split_first() else {
        return false;
    };
    if !(first.is_ascii_alphabetic() || matches!(first, b'_' | b'/')) {
        return false;
    }
    let mut rest = rest.iter().peekable();
    while let Some(byte) = rest.next() {
        let safe = match byte {
            b'_' | b'-' | b'.' | b'/' | b'@' | b'+' | b'=' => true,
            // As in `redis:7` and `http://host`; any other colon may end a key.
            b':' => rest.peek().is_some_and(|next| next.is_ascii_alphanumeric() || **next == b'/'),
            _ => byte.is_ascii_alphanumeric(),
        };
        if !safe {
            return false;
        }
    }
    !YAML_WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// How a character is written between quotes.
enum Escape {
    /// Unchanged.
    None,
    /// As this text.
    As(&'static str),
    /// As its code point: `\u` and four hexadecimal digits.
    CodePoint,
    /// As its code point, which is below 128: `\x` and two hexadecimal digits.
    Byte,
}

/// Writes `text` in double quotes. `escape` gets each character and the byte after it.
fn write_escaped(
    out: &mut impl Write,
    text: &str,
    escape: fn(char, Option<u8>) -> Escape,
) -> fmt::Result {
    out.write_char('"')?;
    let mut done = 0;
    let mut start = 0;
    while let Some(at) = find_special(text, start) {
        let Some(character) = text.get(at..).and_then(|rest| rest.chars().next()) else { break };
        let end = at + character.len_utf8();
        start = end;
        let written = escape(character, text.as_bytes().get(end).copied());
        if matches!(written, Escape::None) {
            continue;
        }
        out.write_str(text.get(done..at).unwrap_or_default())?;
        done = end;
        match written {
            Escape::None => {}
            Escape::As(spelling) => out.write_str(spelling)?,
            Escape::CodePoint => write!(out, "\\u{:04x}", u32::from(character))?,
            Escape::Byte => write!(out, "\\x{:02x}", u32::from(character))?,
        }
    }
    out.write_str(text.get(done..).unwrap_or_default())?;
    out.write_char('"')
}

/// The offset of the next character, from `start` on, that some format escapes. No format escapes
/// the others: most text has none.
fn find_special(text: &str, start: usize) -> Option<usize> {
    let is_special =
        |byte: &u8| !matches!(byte, b' '..=b'~') || matches!(byte, b'"' | b'\\' | b'$' | b'%');
    let found = text.as_bytes().get(start..)?.iter().position(is_special)?;
    Some(start + found)
}

/// Escapes in double quotes in JSON (RFC 8259, 7).
fn escape_json(character: char, _next: Option<u8>) -> Escape {
    match character {
        '\u{8}' => Escape::As("\\b"),
        '\u{c}' => Escape::As("\\f"),
        _ => match escape_named(character) {
            Escape::None if character < ' ' => Escape::CodePoint,
            escape => escape,
        },
    }
}

/// Escapes in double quotes in YAML: only those that JSON has too, which all parsers support.
fn escape_yaml(character: char, _next: Option<u8>) -> Escape {
    match character {
        '\u{8}' => Escape::As("\\b"),
        '\u{c}' => Escape::As("\\f"),
        _ => escape_common(character),
    }
}

/// Escapes in double quotes in HCL, where `${` and `%{` start a template, and `\b` and `\f` do
/// not exist (HCL native syntax, "Template Expressions").
fn escape_hcl(character: char, next: Option<u8>) -> Escape {
    match (character, next) {
        ('$', Some(b'{')) => Escape::As("$$"),
        ('%', Some(b'{')) => Escape::As("%%"),
        _ => escape_common(character),
    }
}

/// Escapes in double quotes in INI, as systemd reads them if a value is a list of words
/// (systemd.syntax(7), "Quoting").
fn escape_ini(character: char, _next: Option<u8>) -> Escape {
    match escape_named(character) {
        Escape::None if matches!(character, '\0'..='\u{1f}' | '\u{7f}') => Escape::Byte,
        escape => escape,
    }
}

/// Escapes that YAML and HCL share. Characters that are not printable, that some parser reads as
/// a line break, or that YAML does not allow in a file (1.2, 5.1) are written as code points.
fn escape_common(character: char) -> Escape {
    match escape_named(character) {
        Escape::None => {}
        escape => return escape,
    }
    match character {
        '\0'..='\u{1f}'
        | '\u{7f}'..='\u{9f}'
        | '\u{2028}'
        | '\u{2029}'
        | '\u{feff}'
        | '\u{fffe}'
        | '\u{ffff}' => Escape::CodePoint,
        _ => Escape::None,
    }
}

/// Escapes that all formats share.
fn escape_named(character: char) -> Escape {
    match character {
        '"' => Escape::As("\\\""),
        '\\' => Escape::As("\\\\"),
        '\n' => Escape::As("\\n"),
        '\r' => Escape::As("\\r"),
        '\t' => Escape::As("\\t"),
        _ => Escape::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_determines_the_format() {
        assert_eq!(Format::of_name("compose.yaml.j2"), Format::Yaml);
        assert_eq!(Format::of_name("a/b.yml"), Format::Yaml);
        assert_eq!(Format::of_name("job.hcl.j2"), Format::Hcl);
        assert_eq!(Format::of_name("job.nomad"), Format::Hcl);
        assert_eq!(Format::of_name("group.json.j2"), Format::Json);
        assert_eq!(Format::of_name("unit.container.j2"), Format::Ini);
        assert_eq!(Format::of_name("run.sh.j2"), Format::Plain);
        assert_eq!(Format::of_name("yaml"), Format::Plain);
        for format in Format::ALL {
            assert_eq!(Format::of_word(format.word()), Some(format));
        }
    }

    #[test]
    fn yaml_does_not_quote_unambiguous_strings() {
        for text in [
            "livy",
            "spark-master",
            "_x",
            "/srv/data",
            "/data:/data:ro",
            "redis:7",
            "registry.example.com:5000/a/b:1.2",
            "http://livy:8998/sessions",
            "SPARK_MASTER_HOST",
            "A=b",
            "user@host",
            "x1e3",
            "yess",
            "nullable",
        ] {
            assert_eq!(scalar(Format::Yaml, text), text);
            assert_eq!(quoted(Format::Yaml, text), format!("\"{text}\""));
        }
    }

    #[test]
    fn yaml_quotes_ambiguous_strings() {
        for text in [
            "",
            "y",
            "Y",
            "n",
            "No",
            "yes",
            "ON",
            "off",
            "true",
            "False",
            "null",
            "NULL",
            "nan",
            "~",
            "=",
            "<<",
            "-",
            "--",
            "---",
            "...",
            ".inf",
            "-.inf",
            ".nan",
            "10",
            "010",
            "08",
            "0o17",
            "0x1F",
            "0b1",
            "1_000",
            "1.10",
            "1.0",
            "1e3",
            "+1",
            "-1",
            "12:30",
            "1:2:3",
            "2024-01-01",
            "2024-01-01T00:00:00Z",
            "a:",
            "a: b",
            "a::b",
            "a #b",
            "#a",
            "*a",
            "&a",
            "!a",
            "|",
            ">",
            "%a",
            "@a",
            "`a`",
            "{a}",
            "[a]",
            "a,b",
            "a]",
            "a}",
            "?",
            "? a",
            " a",
            "a ",
            "a b",
            "'a'",
            "ä",
            "a\u{a0}b",
            "$HOME",
            "a;b",
        ] {
            assert_eq!(scalar(Format::Yaml, text), format!("\"{text}\""));
        }
    }

    #[test]
    fn yaml_escapes() {
        let table = [
            ("a\"b\\c", r#""a\"b\\c""#),
            ("\n\r\t\u{8}\u{c}\0\u{1b}", r#""\n\r\t\b\f\u0000\u001b""#),
            ("\u{7f}\u{80}\u{85}\u{9f}", r#""\u007f\u0080\u0085\u009f""#),
            ("\u{2028}\u{2029}\u{feff}\u{fffe}\u{ffff}", r#""\u2028\u2029\ufeff\ufffe\uffff""#),
            ("é😀\u{10ffff}", "\"é😀\u{10ffff}\""),
            ("$${a}", r#""$${a}""#),
        ];
        for (text, written) in table {
            assert_eq!(scalar(Format::Yaml, text), written);
        }
    }

    #[test]
    fn hcl_escapes() {
        let table = [
            ("", r#""""#),
            ("a", r#""a""#),
            ("${a}", r#""$${a}""#),
            ("$${a}", r#""$$${a}""#),
            ("$$${a}", r#""$$$${a}""#),
            ("%{if a}", r#""%%{if a}""#),
            ("%${%{", r#""%$${%%{""#),
            ("$ $a $$ 100% {", r#""$ $a $$ 100% {""#),
            ("a\"b\\c\n\r\t", r#""a\"b\\c\n\r\t""#),
            ("\u{8}\u{c}\0\u{85}\u{2028}", r#""\u0008\u000c\u0000\u0085\u2028""#),
        ];
        for (text, written) in table {
            assert_eq!(scalar(Format::Hcl, text), written);
        }
    }

    #[test]
    fn ini_escapes() {
        assert_eq!(scalar(Format::Ini, "a b"), "a b");
        assert_eq!(
            quoted(Format::Ini, "a \"b\" \\ \n\t\u{1}\u{7f}é"),
            r#""a \"b\" \\ \n\t\x01\x7fé""#
        );
        assert!(ini_takes("") && ini_takes("a b"));
        for text in [" a", "a ", "a\nb", "a\\"] {
            assert!(!ini_takes(text), "{text:?}");
        }
    }

    #[test]
    fn json_and_plain() {
        assert_eq!(scalar(Format::Json, "a\"\n\u{1}é"), r#""a\"\n\u0001é""#);
        let all: String = ('\0'..='\u{2100}').collect();
        assert_eq!(scalar(Format::Json, &all), serde_json::Value::from(all).to_string());
        assert_eq!(scalar(Format::Plain, "a\"\n${"), "a\"\n${");
        assert_eq!(quoted(Format::Plain, "a b"), "a b");
    }
}
