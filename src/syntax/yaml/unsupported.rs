//! Diagnostics for valid YAML that has no counterpart in the data model of JSON.

use super::plain::Plain;
use super::spans::visible;
use crate::diag::{Diagnostic, codes};
use crate::source::{Source, Span};
use crate::syntax::quote;

/// A number that JSON cannot represent or writes differently.
pub fn number(what: &Plain, text: &str, span: Span) -> Diagnostic {
    let diagnostic = |message: String| Diagnostic::new(&codes::BAD_NUMBER, span, message);
    let either =
        |number: &str| format!("write `{number}` for a number, `{}` for a string", quote(text));
    match what {
        Plain::OtherNumber(number) => diagnostic(format!("unsupported number notation `{text}`"))
            .help(either(number))
            .likely_edit(span, number.as_str()),
        Plain::LeadingZero(number) => diagnostic(format!(
            "ambiguous number `{text}`: {number} in YAML 1.2, octal in YAML 1.1"
        ))
        .help(either(number)),
        _ => diagnostic(format!("unsupported number `{text}`"))
            .help(format!("write `{}` for a string", quote(text))),
    }
}

/// A `%YAML` directive with a version other than 1.2. `start` is the start of the document.
pub fn version(source: &Source, start: Span) -> Diagnostic {
    let before = source.text().get(..start.start as usize).unwrap_or_default();
    let span = before.rfind("%YAML").map_or(start, |at| {
        let line = before.get(at..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        Span::new(at, at + line.trim_end().len())
    });
    Diagnostic::new(&codes::BAD_YAML, span, "unsupported YAML version")
        .help("applc reads YAML 1.2; other versions read words such as `yes` and `010` differently; remove this line if the file contains none of them")
}

/// A second document in the file.
pub fn second_document(source: &Source, start: Span) -> Diagnostic {
    let span = visible(source.text(), start);
    Diagnostic::new(&codes::TRAILING_CONTENT, span, "content after the end of the document")
        .help("a file contains one appliance; move the other document to its own file")
}

/// A tag before a value. `value` is the location of the value.
pub fn tag(source: &Source, tag: &str, value: Span) -> Diagnostic {
    let before = source.text().get(..value.start as usize).unwrap_or_default();
    let span = before.rfind(tag).map_or(value, |at| Span::new(at, at + tag.len()));
    let message = format!("unsupported tag `{tag}`");
    let diagnostic = Diagnostic::new(&codes::BAD_YAML, span, message);
    match tag {
        "!!str" | "!" => diagnostic.help("put the value in quotes to make it a string"),
        _ => diagnostic.help("write the value without a tag"),
    }
}

/// A key that is not a string. `kind` is what it is.
pub fn key(kind: &str, span: Span) -> Diagnostic {
    let message = format!("expected a string as key, found {kind}");
    Diagnostic::new(&codes::BAD_YAML, span, message)
}
