//! Places in messages of the language server: each is in its document.

use serde_json::Value;

/// The text of a document, by its URI. `None` for those that nobody knows.
pub type Texts<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What a column counts.
#[derive(Clone, Copy)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// Units of UTF-16.
    Utf16,
    /// Characters.
    Utf32,
}

impl Encoding {
    /// All encodings, the one that every client knows first.
    pub const ALL: [Encoding; 3] = [Encoding::Utf16, Encoding::Utf8, Encoding::Utf32];

    /// Its name in the protocol.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Utf16 => "utf-16",
            Encoding::Utf32 => "utf-32",
        }
    }

    fn length(self, line: &str) -> u64 {
        let length = match self {
            Encoding::Utf8 => line.len(),
            Encoding::Utf16 => line.encode_utf16().count(),
            Encoding::Utf32 => line.chars().count(),
        };
        length as u64
    }
}

/// Asserts that all places in an answer about a document, or in a notification, are in their documents.
pub fn are_inside(message: &Value, uri: &str, texts: Texts<'_>, encoding: Encoding) {
    match message {
        Value::Array(items) => {
            items.iter().for_each(|item| are_inside(item, uri, texts, encoding));
        }
        Value::Object(fields) => {
            let of = |name: &str| message.get(name).and_then(Value::as_str);
            let document = message.pointer("/textDocument/uri").and_then(Value::as_str);
            let uri = of("uri").or(document).unwrap_or(uri);
            is_inside(message, uri, texts, encoding);
            for (name, value) in fields {
                match (name.as_str(), value) {
                    ("targetRange" | "targetSelectionRange", _) => {
                        are_inside(value, of("targetUri").unwrap_or(uri), texts, encoding);
                    }
                    // Edits by their documents.
                    ("changes", Value::Object(changes)) => {
                        for (uri, edits) in changes {
                            are_inside(edits, uri, texts, encoding);
                        }
                    }
                    _ => are_inside(value, uri, texts, encoding),
                }
            }
        }
        _ => {}
    }
}

/// The same for semantic tokens, which are numbers.
pub fn are_tokens(answer: &Value, text: &str, encoding: Encoding) {
    let numbers = answer.get("data").and_then(Value::as_array).into_iter().flatten();
    let numbers: Vec<u64> = numbers.map(|number| number.as_u64().expect("a number")).collect();
    let lines = lines(text);
    let (mut line, mut column) = (0, 0);
    for token in numbers.chunks(5) {
        let [lines_on, columns_on, length, ..] = *token else { panic!("five numbers: {token:?}") };
        column = if lines_on == 0 { column + columns_on } else { columns_on };
        line += lines_on;
        let whole = lines.get(line as usize).map(|line| encoding.length(line));
        let end = column + length;
        assert!(
            length > 0 && whole.is_some_and(|whole| end <= whole),
            "{line}:{column} {length} of {text:?}"
        );
    }
}

/// Whether a position, a range, or a range of whole lines is in its document.
fn is_inside(place: &Value, uri: &str, texts: Texts<'_>, encoding: Encoding) {
    let number = |name: &str| place.get(name).and_then(Value::as_u64);
    let position = |name: &str| {
        let position = place.get(name)?;
        Some((position.get("line")?.as_u64()?, position.get("character")?.as_u64()?))
    };
    if let (Some(start), Some(end)) = (position("start"), position("end")) {
        assert!(start <= end, "{place}");
    }
    let line = number("line").or(number("endLine"));
    let Some((line, text)) = line.and_then(|line| Some((line, texts(uri)?))) else { return };
    let found = lines(&text).get(line as usize).map(|line| encoding.length(line));
    let is_inside = found.is_some_and(|length| number("character").is_none_or(|at| at <= length));
    assert!(is_inside, "{place} of {uri}: {text:?}");
    assert!(number("startLine").is_none_or(|start| start <= line), "{place}");
}

fn lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['\n', '\r']) {
        lines.push(&rest[..at]);
        let is_two = rest[at..].starts_with("\r\n");
        rest = &rest[at + 1 + usize::from(is_two)..];
    }
    lines.push(rest);
    lines
}
