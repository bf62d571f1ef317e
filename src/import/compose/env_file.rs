//! Files of `NAME=VALUE` lines as Compose reads them: with comments, `export`, quotes and variables
//! (<https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax>).

use std::collections::{BTreeMap, BTreeSet};

use super::interpolation::{Refused, Values, interpolate};
use crate::diag::{Diagnostic, codes};
use crate::import::budget::Budget;
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
    /// Whether it is not read to its end, because variables in it exceed [the budget](Budget::variables).
    pub is_cut: bool,
}

/// The findings for a file, but those for variables that are not set.
pub fn findings(place: Span, path: &str, file: &EnvFile, budget: &Budget) -> Vec<Diagnostic> {
    let refused = file.wrong.iter().map(|(line, why)| {
        Diagnostic::new(&codes::NOT_IMPORTED, place, format!("line {line} of `{path}`: {why}"))
    });
    let lost = file.bare.iter().map(|(line, name)| {
        let message = format!("line {line} of `{path}`: `{name}` has no value");
        Diagnostic::new(&codes::NOT_LIKE, place, message)
            .help("Compose takes it from the shell; write `NAME=VALUE`")
    });
    let cut = file.is_cut.then(|| budget.variables.finding(place)).flatten();
    let cut = cut.map(|finding| finding.label(format!("by `{path}`")));
    refused.chain(lost).chain(cut).collect()
}

/// Reads a file. Variables in values are replaced by what is `known`, and else by what the file says before, and what
/// files before it say, which are those of `seen`. The variables of the file are added to these.
pub fn read(
    text: &str,
    known: &Values<'_>,
    seen: &mut BTreeMap<String, String>,
    budget: &Budget,
) -> EnvFile {
    let mut out = EnvFile::default();
    let mut rest = text.trim_start_matches('\u{feff}');
    let mut line = 1;
    let mut counted = rest;
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return out;
        }
        let passed = counted.len().saturating_sub(rest.len());
        line += counted.get(..passed).unwrap_or_default().matches('\n').count();
        counted = rest;
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
            match known(name) {
                Some(value) => {
                    if !budget.variables.take(value.len()) {
                        out.is_cut = true;
                        return out;
                    }
                    out.variables.push((name.to_owned(), value.to_owned()));
                }
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
            let values = |name: &str| known(name).or_else(|| seen.get(name).map(String::as_str));
            interpolate(&value, &values, &mut out.unset, budget)
        };
        match value {
            Ok(value) => {
                seen.insert(name.to_owned(), value.clone());
                out.variables.push((name.to_owned(), value));
            }
            Err(Refused::TooLong) => {
                out.is_cut = true;
                return out;
            }
            Err(refused) => out.wrong.extend(refused.message().map(|why| (line, why))),
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

    fn of(text: &str) -> EnvFile {
        read(text, &|_| None, &mut BTreeMap::new(), &Budget::new())
    }

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
            let file = of(line);
            assert_eq!(file.variables, [(name.to_owned(), value.to_owned())], "{line}");
            assert!(file.wrong.is_empty() && file.bare.is_empty(), "{line}");
        }
        let two = of("A=\"x\" B=y");
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
            let wrong = of(text).wrong;
            assert_eq!(wrong, [(expected.0, expected.1.to_owned())], "{text}");
        }
        let file = of("A=1\nNOEQ\nB=2");
        assert_eq!((file.bare, file.variables.len()), (vec![(2, "NOEQ".to_owned())], 2));
    }
}
