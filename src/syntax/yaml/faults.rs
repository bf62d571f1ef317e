//! Diagnostics for YAML errors.

use granit_parser::{ErrorKind, ScanError};

use super::Context;
use super::plain::Plain;
use crate::diag::{Diagnostic, codes};
use crate::source::{Source, Span};
use crate::syntax::{MAX_DEPTH, quote};

/// A number that JSON cannot represent or writes differently.
pub fn number(what: &Plain, text: &str, span: Span) -> Diagnostic {
    let diagnostic = |message: String| Diagnostic::new(&codes::BAD_NUMBER, span, message);
    let either =
        |number: &str| format!("write `{number}` for a number, `{}` for a string", quote(text));
    match what {
        Plain::OtherNumber(number) => {
            diagnostic(format!("unsupported number notation `{text}`")).help(either(number))
        }
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

/// The error of the parser at the offset `at`.
pub fn scan(source: &Source, fault: &ScanError, at: usize, context: &Context) -> Diagnostic {
    let text = source.text();
    let here = character(text, at);
    let yaml = |span: Span, message: &str| Diagnostic::new(&codes::BAD_YAML, span, message);
    if let Some(open) = context.flow.filter(|open| has_left(source, *open, at)) {
        let open = character(text, open);
        let message = format!("unclosed `{}`", source.slice(open));
        return Diagnostic::new(&codes::UNCLOSED, open, message)
            .also(word(text, at), "before this entry");
    }
    match fault.kind() {
        ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabNotAllowed
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => {
            yaml(tab(source, at).unwrap_or(here), "tab in the indentation of a line")
                .help("indent with spaces")
        }
        ErrorKind::UnclosedFlowCollection { open } => {
            let message = format!("unclosed `{open}`");
            let close = if *open == '{' { '}' } else { ']' };
            Diagnostic::new(&codes::UNCLOSED, here, message)
                .help(format!("add the closing `{close}`"))
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            let message = format!("`{close}` does not match the opening `{open}`");
            Diagnostic::new(&codes::UNCLOSED, here, message)
        }
        ErrorKind::MisplacedFlowCollectionEnd => {
            let message = "unexpected closing bracket";
            Diagnostic::new(&codes::UNEXPECTED_TOKEN, here, message)
                .help("remove it, or put a string that starts with a bracket in quotes")
        }
        ErrorKind::UnclosedQuotedScalar
        | ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::DocumentIndicatorInQuotedScalar => {
            let open = opening_quote(text, at, context).unwrap_or(here);
            let end = unquoted(text, open.start as usize, context.flow.is_some()).end;
            let end = Span::at(end as usize);
            let quote = source.slice(open);
            Diagnostic::new(&codes::BAD_STRING, open, "unterminated string")
                .also(end, format!("expected a closing `{quote}`"))
                .likely_edit(end, quote)
                .help("double a quote inside single quotes; write a `\\` before a quote inside double quotes")
        }
        ErrorKind::InvalidTrailingSingleQuotedScalar
        | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            Diagnostic::new(&codes::BAD_STRING, here, "unexpected text after the closing quote")
                .help("double a quote inside single quotes; write a `\\` before a quote inside double quotes")
        }
        ErrorKind::UnknownQuotedScalarEscape => {
            let span = bad_escape(text, at).unwrap_or(here);
            let message = format!("unknown escape `{}`", source.slice(span));
            Diagnostic::new(&codes::BAD_STRING, span, message)
                .help("write a backslash as `\\\\`, or use single quotes, which have no escapes")
                .safe_edit(Span::at(span.start as usize), "\\")
        }
        ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidUnicodeEscape
        | ErrorKind::InvalidLowSurrogate
        | ErrorKind::InvalidLowSurrogateHexEscape
        | ErrorKind::MissingLowSurrogate
        | ErrorKind::UnpairedLowSurrogate => {
            Diagnostic::new(&codes::BAD_STRING, here, "invalid Unicode escape in this string")
                .help("`\\x` requires two hexadecimal digits, `\\u` four, `\\U` eight")
        }
        ErrorKind::UnexpectedCharacter { character: character @ ('@' | '`' | '%') } => {
            let span = unquoted(text, at, context.flow.is_some());
            let message = format!("unquoted string starts with `{character}`");
            yaml(span, &message).safe_edit(span, quote(source.slice(span)))
        }
        ErrorKind::UnexpectedCharacter { character } => {
            let place = text.get(at..).and_then(|rest| rest.find(*character));
            let span = place.map_or(here, |found| self::character(text, at + found));
            let message = match character.is_control() {
                true => format!("unexpected control character U+{:04X}", u32::from(*character)),
                false => format!("unexpected `{character}`"),
            };
            yaml(span, &message).help("any character can be written as an escape in double quotes")
        }
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => {
            colon(source, at, context)
        }
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            let span = word(text, at);
            let key = source.slice(span);
            let after = |length: usize| Span::at(span.end as usize + length);
            let help = "entries have the form `key: value`";
            match text.get(span.end as usize..).and_then(|rest| rest.chars().next()) {
                Some(':') => {
                    let message = format!("expected a space after `{key}:`");
                    yaml(span.to(after(1)), &message).help(help).likely_edit(after(1), " ")
                }
                Some(' ' | '\n' | '\r') => {
                    let message = format!("expected `:` after `{key}`");
                    yaml(span, &message).help(help).likely_edit(after(0), ":")
                }
                _ => yaml(span, &format!("expected `:` after `{key}`")).help(help),
            }
        }
        ErrorKind::BlockSequenceEntryNotAllowed | ErrorKind::BlockEntryInFlowCollection => {
            yaml(here, "unexpected start of a list")
                .help("write each `- ` entry on its own line; a list on one line is `[a, b]`")
        }
        ErrorKind::ExpectedBlockSequenceEntry
            if starts_line(source, at) && source.slice(here) == "-" =>
        {
            yaml(here, "expected a space after `-`")
                .help("start each entry of a list with `- `")
                .safe_edit(Span { start: here.end, ..here }, " ")
        }
        ErrorKind::ExpectedBlockSequenceEntry if starts_line(source, at) => {
            yaml(word(text, at), "expected an entry of a list")
                .help("start it with `- `, or indent it as a part of the entry above")
        }
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::InvalidIndentation
            if starts_line(source, at) =>
        {
            let diagnostic = yaml(word(text, at), "indentation does not match any entry above");
            match block_mark(text, context.scalar) {
                Some(mark) => diagnostic.help(format!("indent it as far as the first line of the text above (`{mark}`) if it is a part of that text")),
                None => diagnostic.help("entries of the same object or list start in the same column"),
            }
        }
        ErrorKind::ExpectedFlowMappingSeparator | ErrorKind::ExpectedFlowSequenceSeparator => {
            if let Some(place) = comma(source, at) {
                return Diagnostic::new(&codes::MISSING_COMMA, place, "expected `,`")
                    .label("between these entries")
                    .safe_edit(place, ",");
            }
            let diagnostic = Diagnostic::new(&codes::MISSING_COMMA, word(text, at), "expected `,` or a closing bracket before this");
            match context.flow {
                Some(open) => diagnostic.also(character(text, open), "opened here"),
                None => diagnostic,
            }
        }
        ErrorKind::UnexpectedEofImplicitFlowMapping if text.get(at..).is_some_and(|rest| rest.starts_with(',')) => {
            Diagnostic::new(&codes::EXTRA_COMMA, here, "expected an entry, found `,`")
                .safe_edit(here, "")
        }
        ErrorKind::ExpectedDocumentStart | ErrorKind::InvalidDocumentEnd if context.complete => {
            Diagnostic::new(&codes::TRAILING_CONTENT, word(text, at), "content after the end of the document")
                .help("find an entry above that is indented differently, or a bracket that is closed too early")
        }
        ErrorKind::RecursionLimitExceeded => {
            let message = format!("brackets nested more than {MAX_DEPTH} levels deep");
            Diagnostic::new(&codes::TOO_DEEP, here, message)
        }
        ErrorKind::MissingAnchorOrAliasName => {
            let mark = text.get(here.range()).unwrap_or_default();
            let span = unquoted(text, at, context.flow.is_some());
            let diagnostic = yaml(span, &format!("expected a name after `{mark}`"));
            if mark == "*" && starts_line(source, at) {
                return diagnostic
                    .help("start each entry of a list with `- `")
                    .likely_edit(here, "-");
            }
            diagnostic
                .help("put a string that starts with `*` or `&` in quotes")
                .likely_edit(span, quote(source.slice(span)))
        }
        ErrorKind::CommentInterceptedScalar => {
            let next = source.line_range(source.line_of(Span::at(at).start) + 1);
            let line = text.get(next.clone()).unwrap_or_default();
            let start = next.start + line.len() - line.trim_start().len();
            yaml(word(text, start), "unexpected continuation of the text above, which ends before its comment")
                .help("indent it less if it is a separate entry")
        }
        ErrorKind::CommentNotSeparated => {
            yaml(here, "expected a space before `#`")
                .help("write a space before a comment; put a string that starts with `#` in quotes")
        }
        kind => yaml(here, &format!("invalid YAML: {kind}")),
    }
}

/// A `:` after text that cannot be a key.
fn colon(source: &Source, at: usize, context: &Context) -> Diagnostic {
    let text = source.text();
    let span = character(text, at);
    let scalar = context.scalar;
    let written = source.slice(scalar);
    if scalar.end as usize <= at && written.contains('\n') && !written.starts_with(['"', '\'']) {
        let first = written.lines().next().unwrap_or_default().trim_end();
        let start = scalar.start as usize;
        return Diagnostic::new(
            &codes::BAD_YAML,
            Span::new(start, start + first.len()),
            "text continues on the next line",
        )
        .also(span, "so this `:` is not part of an entry")
        .help("add a `:` if this is a key; indent the next line less if this is a value");
    }
    let diagnostic = Diagnostic::new(&codes::BAD_YAML, span, "unexpected second `:` in an entry");
    let same_line = source.line_of(scalar.start) == source.line_of(span.start);
    if same_line && context.flow.is_none() && scalar.end as usize <= at {
        let value = unquoted(text, scalar.start as usize, false);
        return diagnostic
            .help("put a string that contains `: ` in quotes")
            .likely_edit(value, quote(source.slice(value)));
    }
    diagnostic.help(
        "put a string that contains `: ` in quotes; write entries on one line between `{` and `}`",
    )
}

/// Whether the line of `at` is outside the entry whose bracket opens at `open`: below it, and not
/// indented more. Then the bracket is unclosed.
pub fn has_left(source: &Source, open: usize, at: usize) -> bool {
    let line = |at: usize| source.line_of(Span::at(at).start);
    line(at) > line(open) && {
        let indent = |at: usize| {
            let written = source.text().get(source.line_range(line(at)))?;
            Some(written.len() - written.trim_start_matches([' ', '-']).len())
        };
        let is_closer = source.text().get(at..).is_some_and(|rest| rest.starts_with([']', '}']));
        !is_closer && at < source.text().len() && indent(at) <= indent(open)
    }
}

/// The location of the missing comma before an entry at an offset between brackets: after the
/// previous entry. `None` if that may be in a comment.
fn comma(source: &Source, at: usize) -> Option<Span> {
    let before = source.text().get(..at)?;
    let is_entry = !source.text().get(at..)?.starts_with([']', '}', ':', ',']);
    let end = before.trim_end().len();
    let line = source.line_range(source.line_of(Span::at(end).start)).start;
    let is_comment = source.text().get(line..end)?.contains('#');
    (is_entry && end < at && !is_comment).then(|| Span::at(end))
}

/// The `|` or `>` header of a block scalar.
fn block_mark(text: &str, scalar: Span) -> Option<&str> {
    let before = text.get(..scalar.start as usize)?.trim_end();
    let mark = before.rsplit([' ', '\n']).next()?;
    mark.starts_with(['|', '>']).then_some(mark)
}

/// The span of the character at an offset.
fn character(text: &str, at: usize) -> Span {
    let length = text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    Span::new(at, at + length)
}

/// A visible span: an empty one from the library is extended to the character at its start.
pub fn visible(text: &str, span: Span) -> Span {
    if span.range().is_empty() { character(text, span.start as usize) } else { span }
}

/// The word at an offset, up to whitespace or punctuation.
fn word(text: &str, at: usize) -> Span {
    let rest = text.get(at..).unwrap_or_default();
    let end = rest.find(|c: char| c.is_whitespace() || ",:[]{}".contains(c)).unwrap_or(rest.len());
    if end == 0 { character(text, at) } else { Span::new(at, at + end) }
}

/// Whether only whitespace and `-` indicators precede an offset in its line.
fn starts_line(source: &Source, at: usize) -> bool {
    let line = source.line_range(source.line_of(Span::at(at).start));
    source
        .text()
        .get(line.start..at)
        .is_some_and(|before| before.trim_matches([' ', '\t', '-']).is_empty())
}

/// The unquoted text at an offset, up to the end of its line, a comment or, between brackets, the
/// end of the entry.
fn unquoted(text: &str, at: usize, in_flow: bool) -> Span {
    let rest = text.get(at..).unwrap_or_default();
    let line = rest.lines().next().unwrap_or_default();
    let line = line.find(" #").and_then(|comment| line.get(..comment)).unwrap_or(line);
    let line = match line.find([',', '}', ']']) {
        Some(end) if in_flow => line.get(..end).unwrap_or(line),
        _ => line,
    };
    Span::new(at, at + line.trim_end().len())
}

/// The tab that indents the line of an offset or, if there is none, a line below.
pub fn tab(source: &Source, at: usize) -> Option<Span> {
    let first = source.line_of(Span::at(at).start);
    let indented = |line: usize| {
        let range = source.line_range(line);
        let text = source.text().get(range.clone())?;
        let blank = text.len() - text.trim_start_matches([' ', '\t']).len();
        let tab = text.get(..blank)?.find('\t')?;
        Some(Span::new(range.start + tab, range.start + blank))
    };
    // The error of a scalar of several lines is at its start.
    (first..first + 1000)
        .take_while(|line| !source.line_range(*line).is_empty() || *line == first)
        .find_map(indented)
}

/// The opening quote of the string that contains the error at `at`.
pub fn opening_quote(text: &str, at: usize, context: &Context) -> Option<Span> {
    let is_quote = |at: usize| text.get(at..).is_some_and(|rest| rest.starts_with(['"', '\'']));
    if is_quote(at) {
        return Some(character(text, at));
    }
    let from = context.scalar.end as usize;
    let between = text.get(from..at)?;
    between.find(['"', '\'']).map(|found| character(text, from + found))
}

/// The first unknown escape in the double-quoted string at `at`.
fn bad_escape(text: &str, at: usize) -> Option<Span> {
    let rest = text.get(at..)?;
    let mut characters = rest.char_indices();
    while let Some((found, character)) = characters.next() {
        if character != '\\' {
            continue;
        }
        let (_, letter) = characters.next()?;
        if !"0abtnvfre \"/\\N_LPxuU\t\n\r".contains(letter) {
            return Some(Span::new(at + found, at + found + 1 + letter.len_utf8()));
        }
    }
    None
}
