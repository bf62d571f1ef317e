//! Files of `NAME=VALUE` lines as Compose reads them: with comments, `export`, quotes and variables
//! (<https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax>).

use std::collections::{BTreeMap, BTreeSet};

use super::interpolation::{Refused, interpolate};
use crate::diag::{Diagnostic, codes};
use crate::source::Span;

/// What a file says.
#[derive(Debug, Default)]
pub struct EnvFile {
    /// The variables, in the order of the file.
    pub variables: Vec<(String, String)>,
    /// Variables in values that are not set.
    pub unset: BTreeSet<String>,
    /// What Compose refuses: the line, and why.
    pub wrong: Vec<(usize, String)>,
    /// Names without a value, which Compose takes from the shell, with their lines.
    pub bare: Vec<(usize, String)>,
}

/// The findings for a file.
pub fn findings(
    place: Span,
    path: &str,
    wrong: &[(usize, String)],
    bare: &[(usize, String)],
) -> Vec<Diagnostic> {
    let refused = wrong.iter().map(|(line, why)| {
        Diagnostic::new(&codes::NOT_IMPORTED, place, format!("line {line} of `{path}`: {why}"))
    });
    let lost = bare.iter().map(|(line, name)| {
        let message = format!("line {line} of `{path}`: `{name}` has no value");
        Diagnostic::new(&codes::NOT_LIKE, place, message)
            .help("Compose takes it from the shell; write `NAME=VALUE`")
    });
    refused.chain(lost).collect()
}

/// Reads a file. Variables in values are replaced by what is known, by what the file says before, and by what the
/// files `before` say.
pub fn read(text: &str, known: &BTreeMap<String, String>, before: &[(String, String)]) -> EnvFile {
    let mut out = EnvFile::default();
    let mut seen: BTreeMap<String, String> = before.iter().cloned().collect();
    seen.extend(known.clone());
    let text = text.trim_start_matches('\u{feff}');
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return out;
        }
        let line = 1 + text
            .len()
            .checked_sub(rest.len())
            .map_or(0, |at| text.get(..at).unwrap_or_default().matches('\n').count());
        let (whole, next) = rest.split_once('\n').unwrap_or((rest, ""));
        if whole.starts_with('#') {
            rest = next;
            continue;
        }
        let after = rest.strip_prefix("export").filter(|after| after.starts_with([' ', '\t']));
        let statement = after.map_or(rest, str::trim_start);
        // A value may be written as in YAML.
        let end = statement.find(['=', ':', '\n']).unwrap_or(statement.len());
        let (name, value) = statement.split_at(end);
        let name = name.trim_end();
        let is_valid = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '[' | ']');
        if name.is_empty() || !name.chars().all(is_valid) {
            out.wrong.push((line, format!("`{name}` is not the name of a variable")));
            rest = next;
            continue;
        }
        let Some(value) = value.strip_prefix(['=', ':']) else {
            // The value of the shell, of which only other files are known.
            match known.get(name) {
                Some(value) => out.variables.push((name.to_owned(), value.clone())),
                None => out.bare.push((line, name.to_owned())),
            }
            rest = next;
            continue;
        };
        let value = value.trim_start_matches([' ', '\t', '\r']);
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let value = match quote {
            None => {
                let (value, after) = value.split_once('\n').unwrap_or((value, ""));
                rest = after;
                value.split(" #").next().unwrap_or_default().trim_end().to_owned()
            }
            Some(quote) => {
                let inside = value.get(1..).unwrap_or_default();
                let Some(end) = end_of_quote(inside, quote) else {
                    out.wrong.push((line, "a quote is not closed".to_owned()));
                    return out;
                };
                rest = inside.get(end + 1..).unwrap_or_default();
                let inside = inside.get(..end).unwrap_or_default();
                if quote == '"' { unescaped(inside) } else { inside.replace("\\'", "'") }
            }
        };
        let value = if quote == Some('\'') {
            Ok(value)
        } else {
            interpolate(&value, &seen, &mut out.unset)
        };
        match value {
            Ok(value) => {
                // What is known wins.
                seen.entry(name.to_owned())
                    .and_modify(|old| {
                        if !known.contains_key(name) {
                            old.clone_from(&value);
                        }
                    })
                    .or_insert_with(|| value.clone());
                out.variables.push((name.to_owned(), value));
            }
            Err(Refused::Required(name, why)) => {
                out.wrong.push((line, format!("`{name}` is not set: {why}")));
            }
            Err(Refused::Invalid) => out.wrong.push((line, "invalid variable".to_owned())),
        }
    }
}

/// The place of the quote that ends a value.
fn end_of_quote(text: &str, quote: char) -> Option<usize> {
    let mut is_escaped = false;
    for (at, c) in text.char_indices() {
        if c == quote && !is_escaped {
            return Some(at);
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    None
}

/// A text in double quotes with its escapes replaced.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some(c @ ('"' | '\\')) => out.push(c),
            // No variable begins here.
            Some('$') => out.push_str("$$"),
            Some(c) => out.extend(['\\', c]),
            None => out.push('\\'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_compose_reads_them() {
        for (line, name, value) in [
            ("K: v", "K", "v"),
            ("A:1", "A", "1"),
            (r"A='a\'b'", "A", "a'b"),
            (r"A='a\nb\\c'", "A", r"a\nb\\c"),
            (r#"A="x\n""#, "A", "x\n"),
            ("export X=1", "X", "1"),
            ("a[0]=x", "a[0]", "x"),
            ("A=b #c", "A", "b"),
            ("A='x' # c", "A", "x"),
        ] {
            let file = read(line, &BTreeMap::new(), &[]);
            assert_eq!(file.variables, [(name.to_owned(), value.to_owned())], "{line}");
            assert!(file.wrong.is_empty() && file.bare.is_empty(), "{line}");
        }
        let two = read("A=\"x\" B=y", &BTreeMap::new(), &[]);
        assert_eq!(two.variables.len(), 2);
    }

    #[test]
    fn lines_that_compose_refuses_are_told() {
        for (text, expected) in [
            ("\nA=${Q:?err}", (2, "`Q` is not set: err")),
            ("A=x${", (1, "invalid variable")),
            ("A=1\nB=\"x\n", (2, "a quote is not closed")),
            ("A B=1", (1, "`A B` is not the name of a variable")),
            ("A!=1", (1, "`A!` is not the name of a variable")),
        ] {
            let wrong = read(text, &BTreeMap::new(), &[]).wrong;
            assert_eq!(wrong, [(expected.0, expected.1.to_owned())], "{text}");
        }
        let file = read("A=1\nNOEQ\nB=2", &BTreeMap::new(), &[]);
        assert_eq!((file.bare, file.variables.len()), (vec![(2, "NOEQ".to_owned())], 2));
    }
}
