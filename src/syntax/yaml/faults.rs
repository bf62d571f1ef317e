//! What is wrong with YAML, in words that help.

use granit_parser::{ErrorKind, ScanError};

use super::Context;
use super::plain::Plain;
use crate::diag::{Diagnostic, codes};
use crate::source::{Source, Span};
use crate::syntax::{MAX_DEPTH, quote};

/// A number that JSON cannot say, or says otherwise.
pub fn number(what: &Plain, text: &str, span: Span) -> Diagnostic {
    let diagnostic = |message: String| Diagnostic::new(&codes::BAD_NUMBER, span, message);
    let either =
        |number: &str| format!("write `{number}` for the number, `{}` for the text", quote(text));
    match what {
        Plain::OtherNumber(number) => {
            diagnostic(format!("`{text}` is a number that JSON writes in another way"))
                .help(either(number))
        }
        Plain::LeadingZero(number) => diagnostic(format!(
            "`{text}` is {number} in YAML 1.2, and another number to older readers"
        ))
        .help(either(number)),
        _ => diagnostic(format!("`{text}` is no number that an appliance can hold"))
            .help(format!("for the text write `{}`", quote(text))),
    }
}

/// A `%YAML` line with another version than 1.2. `start` is the document's start.
pub fn version(source: &Source, start: Span) -> Diagnostic {
    let before = source.text().get(..start.start as usize).unwrap_or_default();
    let span = before.rfind("%YAML").map_or(start, |at| {
        let line = before.get(at..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        Span::new(at, at + line.trim_end().len())
    });
    Diagnostic::new(&codes::BAD_YAML, span, "applc reads YAML 1.2")
        .help("other versions give some words another meaning, as `yes` and `010`; remove the line if none of them is used")
}

/// A second document in the file.
pub fn second_document(source: &Source, start: Span) -> Diagnostic {
    let span = visible(source.text(), start);
    Diagnostic::new(&codes::TRAILING_CONTENT, span, "a second document begins here")
        .help("a file holds one appliance; put the other one in a file of its own")
}

/// A tag before a value. The tag stands before `value`.
pub fn tag(source: &Source, tag: &str, value: Span) -> Diagnostic {
    let before = source.text().get(..value.start as usize).unwrap_or_default();
    let span = before.rfind(tag).map_or(value, |at| Span::new(at, at + tag.len()));
    let message = format!("tags such as `{tag}` are not understood in an appliance");
    let diagnostic = Diagnostic::new(&codes::BAD_YAML, span, message);
    match tag {
        "!!str" | "!" => diagnostic.help("to make a value text, put it in quotes"),
        _ => diagnostic.help("write the value itself"),
    }
}

/// What ended the reading, at `at` in the source.
pub fn scan(source: &Source, fault: &ScanError, at: usize, context: &Context) -> Diagnostic {
    let text = source.text();
    let here = character(text, at);
    let yaml = |span: Span, message: &str| Diagnostic::new(&codes::BAD_YAML, span, message);
    if let Some(open) = context.flow.filter(|open| has_left(source, *open, at)) {
        let open = character(text, open);
        let message = format!("this `{}` is not closed", source.slice(open));
        return Diagnostic::new(&codes::UNCLOSED, open, message)
            .also(word(text, at), "this looks like the next entry");
    }
    match fault.kind() {
        ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabNotAllowed
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => {
            yaml(tab(source, at).unwrap_or(here), "a tab cannot indent a line in YAML")
                .help("indent with spaces")
        }
        ErrorKind::UnclosedFlowCollection { open } => {
            let message = format!("this `{open}` is not closed");
            let close = if *open == '{' { '}' } else { ']' };
            Diagnostic::new(&codes::UNCLOSED, here, message)
                .help(format!("write the `{close}` where it belongs"))
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            let message = format!("this `{close}` does not close the `{open}` before it");
            Diagnostic::new(&codes::UNCLOSED, here, message)
        }
        ErrorKind::MisplacedFlowCollectionEnd => {
            let message = "this bracket closes nothing";
            Diagnostic::new(&codes::UNEXPECTED_TOKEN, here, message)
                .help("remove it; a text that begins with a bracket stands in quotes")
        }
        ErrorKind::UnclosedQuotedScalar
        | ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::DocumentIndicatorInQuotedScalar => {
            let open = opening_quote(text, at, context).unwrap_or(here);
            let end = unquoted(text, open.start as usize, context.flow.is_some()).end;
            let end = Span::at(end as usize);
            let quote = source.slice(open);
            Diagnostic::new(&codes::BAD_STRING, open, "this quote is not closed")
                .also(end, format!("a `{quote}` is missing, perhaps here"))
                .likely_edit(end, quote)
                .help("a quote inside single quotes is written twice, inside double quotes behind a `\\`")
        }
        ErrorKind::InvalidTrailingSingleQuotedScalar
        | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            Diagnostic::new(&codes::BAD_STRING, here, "something follows the closing quote")
                .help("a quote inside single quotes is written twice, inside double quotes behind a `\\`")
        }
        ErrorKind::UnknownQuotedScalarEscape => {
            let span = bad_escape(text, at).unwrap_or(here);
            let message = format!("YAML has no escape `{}`", source.slice(span));
            Diagnostic::new(&codes::BAD_STRING, span, message)
                .help("a backslash is written `\\\\`; in single quotes it stands for itself")
                .safe_edit(Span::at(span.start as usize), "\\")
        }
        ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidUnicodeEscape
        | ErrorKind::InvalidLowSurrogate
        | ErrorKind::InvalidLowSurrogateHexEscape
        | ErrorKind::MissingLowSurrogate
        | ErrorKind::UnpairedLowSurrogate => {
            Diagnostic::new(&codes::BAD_STRING, here, "an escape in this string names no character")
                .help("`\\x` takes two hexadecimal digits, `\\u` four, `\\U` eight")
        }
        ErrorKind::UnexpectedCharacter { character: character @ ('@' | '`' | '%') } => {
            let span = unquoted(text, at, context.flow.is_some());
            let message = format!("a text that begins with `{character}` must stand in quotes");
            yaml(span, &message).safe_edit(span, quote(source.slice(span)))
        }
        ErrorKind::UnexpectedCharacter { character } => {
            let place = text.get(at..).and_then(|rest| rest.find(*character));
            let span = place.map_or(here, |found| self::character(text, at + found));
            let message = match character.is_control() {
                true => format!("the control character U+{:04X} cannot stand here", u32::from(*character)),
                false => format!("`{character}` cannot stand here"),
            };
            yaml(span, &message).help("in double quotes any character can be written as an escape")
        }
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => {
            colon(source, at, context)
        }
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            let span = word(text, at);
            let key = source.slice(span);
            let behind = |length: usize| Span::at(span.end as usize + length);
            let help = "an entry has the form `key: value`";
            match text.get(span.end as usize..).and_then(|rest| rest.chars().next()) {
                Some(':') => {
                    let message = format!("a space is missing behind `{key}:`");
                    yaml(span.to(behind(1)), &message).help(help).likely_edit(behind(1), " ")
                }
                Some(' ' | '\n' | '\r') => {
                    let message = format!("a `:` is missing behind `{key}`");
                    yaml(span, &message).help(help).likely_edit(behind(0), ":")
                }
                _ => yaml(span, &format!("a `:` is missing behind `{key}`")).help(help),
            }
        }
        ErrorKind::BlockSequenceEntryNotAllowed | ErrorKind::BlockEntryInFlowCollection => {
            yaml(here, "a list cannot begin here")
                .help("each `- ` entry stands in a line of its own; in one line a list is `[a, b]`")
        }
        ErrorKind::ExpectedBlockSequenceEntry
            if starts_line(source, at) && source.slice(here) == "-" =>
        {
            yaml(here, "a space is missing behind this `-`")
                .help("each entry of a list begins with `- `")
                .safe_edit(Span { start: here.end, ..here }, " ")
        }
        ErrorKind::ExpectedBlockSequenceEntry if starts_line(source, at) => {
            yaml(word(text, at), "the lines above are entries of a list, and this is not one")
                .help("begin it with `- `, or indent it as the entry that it belongs to")
        }
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::InvalidIndentation
            if starts_line(source, at) =>
        {
            let diagnostic = yaml(word(text, at), "this line is indented like no entry above");
            match block_mark(text, context.scalar) {
                Some(mark) => diagnostic.help(format!("if it belongs to the text above (`{mark}`), indent it as far as the first line of that")),
                None => diagnostic.help("entries that belong together begin in the same column"),
            }
        }
        ErrorKind::ExpectedFlowMappingSeparator | ErrorKind::ExpectedFlowSequenceSeparator => {
            if let Some(place) = comma(source, at) {
                return Diagnostic::new(&codes::MISSING_COMMA, place, "a comma is missing between two entries")
                    .label("a `,` belongs here")
                    .safe_edit(place, ",");
            }
            let diagnostic = Diagnostic::new(&codes::MISSING_COMMA, word(text, at), "a comma or a closing bracket is wanted before this");
            match context.flow {
                Some(open) => diagnostic.also(character(text, open), "opened here"),
                None => diagnostic,
            }
        }
        ErrorKind::UnexpectedEofImplicitFlowMapping if text.get(at..).is_some_and(|rest| rest.starts_with(',')) => {
            Diagnostic::new(&codes::EXTRA_COMMA, here, "there is no entry before this comma")
                .safe_edit(here, "")
        }
        ErrorKind::ExpectedDocumentStart | ErrorKind::InvalidDocumentEnd if context.complete => {
            Diagnostic::new(&codes::TRAILING_CONTENT, word(text, at), "the document ends before this")
                .help("look above for an entry that is indented differently, or a bracket closed too early")
        }
        ErrorKind::RecursionLimitExceeded => {
            let message = format!("brackets are nested more than {MAX_DEPTH} deep");
            Diagnostic::new(&codes::TOO_DEEP, here, message)
        }
        ErrorKind::MissingAnchorOrAliasName => {
            let mark = text.get(here.range()).unwrap_or_default();
            let span = unquoted(text, at, context.flow.is_some());
            let diagnostic = yaml(span, &format!("a name is wanted behind `{mark}`"));
            if mark == "*" && starts_line(source, at) {
                return diagnostic
                    .help("each entry of a list begins with `- `")
                    .likely_edit(here, "-");
            }
            diagnostic
                .help("a text that begins with `*` or `&` stands in quotes")
                .likely_edit(span, quote(source.slice(span)))
        }
        ErrorKind::CommentInterceptedScalar => {
            let next = source.line_range(source.line_of(Span::at(at).start) + 1);
            let line = text.get(next.clone()).unwrap_or_default();
            let start = next.start + line.len() - line.trim_start().len();
            yaml(word(text, start), "this line continues the text above, which ended before its comment")
                .help("if this is an entry of its own, it is indented too far")
        }
        ErrorKind::CommentNotSeparated => {
            yaml(here, "a space is wanted before this `#`")
                .help("a comment stands behind a space; a text with a `#` at its start stands in quotes")
        }
        kind => yaml(here, &format!("this is not YAML: {kind}")),
    }
}

/// A `:` that makes a key of what cannot be one.
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
            "the next line continues this text",
        )
        .also(span, "so this `:` is part of no entry")
        .help("if this is a key, a `:` is missing behind it; if it is a value, the next line is indented too far");
    }
    let diagnostic = Diagnostic::new(&codes::BAD_YAML, span, "a second `:` in one entry");
    let same_line = source.line_of(scalar.start) == source.line_of(span.start);
    if same_line && context.flow.is_none() && scalar.end as usize <= at {
        let value = unquoted(text, scalar.start as usize, false);
        return diagnostic
            .help("a text with `: ` in it must stand in quotes")
            .likely_edit(value, quote(source.slice(value)));
    }
    diagnostic.help(
        "a text with `: ` in it stands in quotes; in one line, entries stand between `{` and `}`",
    )
}

/// Whether the line of `at` is outside of the entry whose bracket opens at `open`: below
/// it, and indented no deeper. Then the bracket was not closed.
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

/// Where the comma before an entry is missing that begins at an offset between brackets: behind
/// the entry before. `None` where that may be a comment.
fn comma(source: &Source, at: usize) -> Option<Span> {
    let before = source.text().get(..at)?;
    let is_entry = !source.text().get(at..)?.starts_with([']', '}', ':', ',']);
    let end = before.trim_end().len();
    let line = source.line_range(source.line_of(Span::at(end).start)).start;
    let is_comment = source.text().get(line..end)?.contains('#');
    (is_entry && end < at && !is_comment).then(|| Span::at(end))
}

/// The `|` or `>` before the lines of a text.
fn block_mark(text: &str, scalar: Span) -> Option<&str> {
    let before = text.get(..scalar.start as usize)?.trim_end();
    let mark = before.rsplit([' ', '\n']).next()?;
    mark.starts_with(['|', '>']).then_some(mark)
}

/// The place of the character at an offset.
fn character(text: &str, at: usize) -> Span {
    let length = text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    Span::new(at, at + length)
}

/// A place that can be seen: where the library gives an empty one, the character there.
pub fn visible(text: &str, span: Span) -> Span {
    if span.range().is_empty() { character(text, span.start as usize) } else { span }
}

/// The word at an offset: up to white space or a mark.
fn word(text: &str, at: usize) -> Span {
    let rest = text.get(at..).unwrap_or_default();
    let end = rest.find(|c: char| c.is_whitespace() || ",:[]{}".contains(c)).unwrap_or(rest.len());
    if end == 0 { character(text, at) } else { Span::new(at, at + end) }
}

/// Whether nothing but blanks and the marks of lists stand before an offset in its line.
fn starts_line(source: &Source, at: usize) -> bool {
    let line = source.line_range(source.line_of(Span::at(at).start));
    source
        .text()
        .get(line.start..at)
        .is_some_and(|before| before.trim_matches([' ', '\t', '-']).is_empty())
}

/// The text without quotes that begins at an offset, to the end of its line, a comment or,
/// between brackets, the end of the entry.
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

/// The tab that indents the line of an offset or, where it has none, a line below.
pub fn tab(source: &Source, at: usize) -> Option<Span> {
    let first = source.line_of(Span::at(at).start);
    let indented = |line: usize| {
        let range = source.line_range(line);
        let text = source.text().get(range.clone())?;
        let blank = text.len() - text.trim_start_matches([' ', '\t']).len();
        let tab = text.get(..blank)?.find('\t')?;
        Some(Span::new(range.start + tab, range.start + blank))
    };
    // A scalar that runs over lines is named by its start.
    (first..first + 1000)
        .take_while(|line| !source.line_range(*line).is_empty() || *line == first)
        .find_map(indented)
}

/// The quote that opens the string which the fault at `at` is in.
pub fn opening_quote(text: &str, at: usize, context: &Context) -> Option<Span> {
    let is_quote = |at: usize| text.get(at..).is_some_and(|rest| rest.starts_with(['"', '\'']));
    if is_quote(at) {
        return Some(character(text, at));
    }
    let from = context.scalar.end as usize;
    let between = text.get(from..at)?;
    between.find(['"', '\'']).map(|found| character(text, from + found))
}

/// The escape that YAML does not have, in the double-quoted string at `at`.
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
