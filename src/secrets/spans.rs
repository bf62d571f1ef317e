//! Values in a text of any format that look like secrets, by the names before them: outputs do not show them.

use std::collections::BTreeSet;
use std::ops::Range;

use super::{is_key, is_switch, names_a_secret, passwords};
use crate::source::{Source, Span};

/// The spans of values in a source of any format that look like secrets: those of names such as `DB_PASSWORD`, keys
/// of well-known services, and passwords in addresses.
///
/// It reads the text itself, so that there are some if the source cannot be parsed, too.
pub fn spans(source: &Source) -> Vec<Span> {
    let text = source.text();
    let named = named(text);
    let anchored = anchored(text, &named);
    let ranges = named.into_iter().chain(anchored).chain(in_addresses(text));
    ranges.map(|range| source.span(range)).collect()
}

/// Whether a byte belongs to a name.
fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_.-".contains(&byte)
}

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'')
}

fn named(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    // Whether a mapping in braces begins in this line.
    let mut has_brace = false;
    // Whether brackets are closed, as far as that is known.
    let mut is_closed = true;
    while let Some(byte) = bytes.get(at) {
        if !is_of_name(*byte) {
            has_brace = *byte == b'{' || (has_brace && *byte != b'\n');
            at += 1;
            continue;
        }
        let start = at;
        at = end(bytes, at, |byte| !is_of_name(byte));
        let word = text.get(start..at).unwrap_or_default();
        if is_key(word) {
            found.push(start..at);
        } else if word != "secret"
            && names_a_secret(word)
            && let Some(value) = value(text, start..at, has_brace, &mut is_closed)
        {
            at = value.end.max(at);
            has_brace &= !text.get(value.clone()).is_some_and(|value| value.contains('\n'));
            if !is_elsewhere(text.get(value.clone()).unwrap_or_default()) {
                found.push(value);
            }
        }
    }
    found
}

/// Whether a value is a path to the secret, a variable, or no secret at all.
fn is_elsewhere(value: &str) -> bool {
    let value = value.trim_matches(['"', '\'']);
    is_switch(value.trim())
        || value.starts_with('/')
        || (value.starts_with("${") && !value.contains('-'))
}

/// The index of the first byte from `at` on that `is_end` accepts, or the end of the text.
fn end(bytes: &[u8], at: usize, is_end: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().position(|byte| is_end(*byte)).map_or(bytes.len(), |found| at + found)
}

/// The value of the name at this range.
fn value(
    text: &str,
    name: Range<usize>,
    has_brace: bool,
    is_closed: &mut bool,
) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let before = name.start.checked_sub(1).and_then(|at| bytes.get(at).copied());
    let quote = before.filter(|byte| is_quote(*byte));
    let is_whole = quote.is_some() && bytes.get(name.end).copied() == quote;
    let mut at = end(bytes, name.end + usize::from(is_whole), |byte| !matches!(byte, b' ' | b'\t'));
    let mut sign = *bytes.get(at)?;
    let is_option = bytes.get(name.start).is_some_and(|byte| *byte == b'-');
    if is_option && is_whole && sign == b',' {
        // An argument, and the next one.
        let start = end(bytes, at + 1, |byte| !byte.is_ascii_whitespace());
        let quote = bytes.get(start).copied().filter(|byte| is_quote(*byte))?;
        return Some(start..(quoted(bytes, start + 1, quote) + 1).min(bytes.len()));
    }
    if is_option && quote.is_none() && at > name.end && !matches!(sign, b':' | b'=' | b'-') {
        return Some(at..word(bytes, at).min(bytes.len()));
    }
    let mut is_pair = false;
    if (is_whole && sign == b',') || matches!(sign, b'\n' | b'\r') {
        // A pair of `name` and `value`.
        let rest = text.get(at + usize::from(sign == b',')..)?.trim_start();
        let rest = match sign {
            b',' => rest.strip_prefix("\"value\"")?.trim_start(),
            _ => rest.strip_prefix("value")?,
        };
        at = text.len() - rest.len();
        is_pair = sign != b',';
        sign = *bytes.get(at)?;
    }
    if !matches!(sign, b':' | b'=') {
        return None;
    }
    let is_whole = is_whole && !is_pair;
    // HCL and TOML have space on both sides.
    let is_spaced = sign == b'=' && at > name.end && !is_whole;
    let is_space =
        |byte: u8| matches!(byte, b' ' | b'\t') || (is_whole && byte.is_ascii_whitespace());
    let has_space = sign != b'=' || is_whole || is_spaced;
    let start = end(bytes, at + 1, |byte| !is_space(byte) || !has_space);
    let first = *bytes.get(start)?;
    let end = match (quote.filter(|_| !is_whole && !is_pair), sign) {
        (Some(quote), _) => quoted(bytes, start, quote),
        (None, b':') if is_quote(first) => quoted(bytes, start + 1, first) + 1,
        (None, b':')
            if matches!(first, b'{' | b'[' | b'\n' | b'\r')
                && names_elsewhere(text.get(start + 1..).unwrap_or_default()) =>
        {
            return None;
        }
        (None, b':') if matches!(first, b'{' | b'[') => {
            let closing = if *is_closed { closing(bytes, start) } else { None };
            *is_closed = closing.is_some();
            closing.unwrap_or_else(|| end(bytes, start, |byte| byte == b'\n'))
        }
        (None, b':') if matches!(first, b'|' | b'>') => block(text, name.start, start),
        // An object or a list of YAML below the name.
        (None, b':') if matches!(first, b'\n' | b'\r') && !is_whole => {
            let below = text.get(start..block(text, name.start, start)).unwrap_or_default();
            let start = start + (below.len() - below.trim_start().len());
            return (!below.trim().is_empty()).then(|| start..start + below.trim().len());
        }
        (None, b':') => end(bytes, start, |byte| {
            byte == b'\n' || ((has_brace || is_whole) && matches!(byte, b',' | b'}'))
        }),
        (None, _) if is_item(text, name.start) => end(bytes, start, |byte| byte == b'\n'),
        (None, _) => word(bytes, start),
    };
    Some(start..end.min(bytes.len()))
}

/// First names of objects that say where a secret is, and do not contain it.
const PLACES: [&str; 10] = [
    "secret",
    "key",
    "name",
    "file",
    "external",
    "environment",
    "source",
    "valueFrom",
    "from",
    "type",
];

/// Whether an object begins with a name that says where the secret is.
fn names_elsewhere(inside: &str) -> bool {
    let inside = inside.trim_start().trim_start_matches("- ").trim_start_matches(is_quote_char);
    let name = inside.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let behind = inside.get(name.len()..).unwrap_or_default();
    PLACES.contains(&name) && behind.trim_start_matches(is_quote_char).trim_start().starts_with(':')
}

fn is_quote_char(c: char) -> bool {
    matches!(c, '"' | '\'')
}

/// The index behind the bracket that closes the one here. `None` if there is none.
fn closing(bytes: &[u8], start: usize) -> Option<usize> {
    let (mut at, mut depth) = (start, 0usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return Some(at + 1),
            b'}' | b']' => depth -= 1,
            // Elsewhere, it is an apostrophe.
            byte if is_quote(*byte)
                && !at
                    .checked_sub(1)
                    .and_then(|at| bytes.get(at))
                    .is_some_and(u8::is_ascii_alphanumeric) =>
            {
                at = quoted(bytes, at + 1, *byte);
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// The values of anchors of YAML whose aliases are among these values.
fn anchored(text: &str, values: &[Range<usize>]) -> Vec<Range<usize>> {
    let value = |range: &Range<usize>| text.get(range.clone())?.trim().strip_prefix('*');
    let names: BTreeSet<&str> = values.iter().filter_map(value).collect();
    let mut found = Vec::new();
    let mut at = 0;
    if names.is_empty() {
        return found;
    }
    let bytes = text.as_bytes();
    while let Some(next) = text.get(at..).and_then(|rest| rest.find('&')) {
        let name = at + next + 1;
        let ends = |byte: u8| byte.is_ascii_whitespace() || b",[]{}".contains(&byte);
        let behind = end(bytes, name, ends);
        at = behind;
        if !text.get(name..behind).is_some_and(|name| names.contains(name)) {
            continue;
        }
        let start = end(bytes, behind, |byte| !matches!(byte, b' ' | b'\t'));
        let end = match bytes.get(start) {
            Some(quote) if is_quote(*quote) => quoted(bytes, start + 1, *quote) + 1,
            Some(b'|' | b'>' | b'\n' | b'\r') => block(text, name, start),
            _ => end(bytes, start, |byte| byte == b'\n'),
        };
        at = end.clamp(behind, bytes.len());
        if !is_elsewhere(text.get(start..at).unwrap_or_default()) {
            found.push(start..at);
        }
    }
    found
}

/// The index of the quote that ends a string.
fn quoted(bytes: &[u8], mut at: usize, quote: u8) -> usize {
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if quote == b'"' => at += 1,
            byte if *byte == quote => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// The end of a word of a shell.
fn word(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            // The end of a string that the word is in.
            byte if is_quote(*byte) && is_end_of_string(bytes.get(at + 1)) && at > start => {
                return at;
            }
            byte if is_quote(*byte) => at = quoted(bytes, at + 1, *byte),
            byte if byte.is_ascii_whitespace() => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// Whether the byte after a quote says that a string ends there.
fn is_end_of_string(next: Option<&u8>) -> bool {
    next.is_none_or(|byte| matches!(byte, b',' | b']' | b'}' | b'\n' | b'\r'))
}

/// What is before an index in its line.
fn line_before(text: &str, at: usize) -> &str {
    let before = text.get(..at).unwrap_or_default();
    before.rsplit('\n').next().unwrap_or_default()
}

/// Whether an item of a list of YAML begins there.
fn is_item(text: &str, at: usize) -> bool {
    line_before(text, at).trim() == "-"
}

/// The end of a block of YAML that begins there: the first line that is not further in than the line of its name.
fn block(text: &str, name: usize, start: usize) -> usize {
    let line = line_before(text, name);
    let indent = line.len() - line.trim_start().len();
    let mut end = start;
    for (number, line) in text.get(start..).unwrap_or_default().split_inclusive('\n').enumerate() {
        let inside = line.len() - line.trim_start().len() > indent || line.trim().is_empty();
        if number > 0 && !inside {
            break;
        }
        end += line.len();
    }
    end
}

/// Passwords in `scheme://user:password@host`.
fn in_addresses(text: &str) -> impl Iterator<Item = Range<usize>> {
    let is_end = |c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\'');
    let literal = passwords(text, is_end).filter(|(_, password)| !is_elsewhere(password));
    literal.map(|(start, password)| start..start + password.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_secrets_are_found_in_every_format() {
        for text in [
            "  environment: { A: b, DB_PASSWORD: <canary>, C: d }\n",
            "  environment: { DB_PASSWORD: \"<canary, canary}>\", C: d }\n",
            "  DB_PASSWORD: <canary, canary # canary>\n  C: d\n",
            "  DB_PASSWORD: <|\n    canary\n\n    canary\n>  C: d\n",
            "  - DB_PASSWORD=<canary canary>\n  - C=d\n",
            "  - \"DB_PASSWORD=<canary canary>\"\n",
            "docker run -e C=d -eDB_PASSWORD=<canary\\ canary> nginx",
            "docker run -e DB_PASSWORD=<'canary canary'can\"ary x\"> nginx",
            "docker run -e 'DB_PASSWORD=<canary canary' --env=API_TOKEN=canary> nginx",
            r#"{"env": {"DB_PASSWORD": "<can\"ary>", "C": "d"}}"#,
            r#"{"name": "DB_PASSWORD", "value": "<canary>"}, {"name": "C", "value": "d"}"#,
            "command: [--requirepass, a, --db-password=<canary,> b]",
            "args: [\"--db-password\", \"<canary>\", \"b\"]",
            "args: [\"--db-password=<canary>\", \"b\"]",
            "\"cmd\": \"run --db-password <canary> --x\", \"b\"",
            "\"cmd\": \"run --db-password <canary>\", \"b\"",
            "\"cmd\": \"run --db-password=<canary>\", \"b\"",
            "- name: DB_PASSWORD\n  value: \"<canary>\"\n- name: B\n",
            "- name: \"DB_PASSWORD\"\n  value: <canary>\n- name: B\n",
            "env {\n  DB_PASSWORD = \"<canary>\"\n  B = \"c\"\n}\n",
            "env {\n  \"DB_PASSWORD\" = \"<canary>\"\n}\n",
            "Environment=\"DB_PASSWORD=<canary canary>\"\nB=c\n",
            "env: { DB_PASSWORD: <[canary, \"canary\"]>, C: d }",
            "C=http://me:<canary>@host/x x",
            "C: <ghp_canarycanarycanary>\n",
            "env: { DB_PASSWORD: <{ value: canary, other: [canary] }>, C: d }",
            "\"DB_PASSWORD\": <{\n  \"value\": \"can}ary\"\n}>,\n\"C\": 1",
            "\"DB_TOKENS\": 1, \"API_TOKEN\": <[\n  \"canary\",\n  \"canary\"\n]>, 1",
            "env:\n  DB_PASSWORD:\n    <value: canary\n    more: canary>\n  C: d\n",
            "env:\n  DB_PASSWORD:\n    <- canary>\n  C: d\n",
            "a: &a <canary>\nb: c\nenv:\n  DB_PASSWORD: <*a>\n",
            "a: &a-1 <\"canary\">\nb: &b c\nDB_PASSWORD: <*a-1>\n",
            "a: &a <|\n  canary\n>b: c\nDB_PASSWORD: <*a>\n",
            // Unfinished.
            "DB_PASSWORD: <\"canary>",
        ] {
            let source = Source::new("a", text.replace(['<', '>'], ""));
            let shown = source.masked(&spans(&source)).text().to_owned();
            assert!(!shown.contains("ary"), "{text}: {shown}");
            // What is around them is not hidden.
            let (first, _) = text.split_once('<').unwrap();
            assert!(shown.starts_with(first), "{text}: {shown}");
            let (_, last) = text.rsplit_once('>').unwrap();
            assert!(shown.ends_with(last), "{text}: {shown}");
        }
        for text in [
            "DB_PASSWORD: ${DB_PASSWORD:?missing}\n",
            "DB_PASSWORD_FILE: /run/secrets/p\n",
            "TOKEN=/run/secrets/p\n",
            "ALLOW_EMPTY_PASSWORD: \"yes\"\n",
            "- DB_PASSWORD\n- C=d\n",
            "http://host:80/a@b",
            "secret_env: { PASSWORD: { secret: db, key: password } }",
            "secret_env:\n  PASSWORD:\n    secret: db\n    key: password\n",
            "mysql --password --host db",
            "secrets:\n  db_password:\n    external: true\n",
            "\"db-password\": {\"file\": \"./p\"}",
            "DB_PASSWORD:\nC: d\n",
        ] {
            assert_eq!(spans(&Source::new("a", text)), [], "{text}");
        }
    }
}
