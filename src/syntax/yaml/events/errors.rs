//! Words the errors of the YAML library as findings.

use granit_parser::ErrorKind;

use super::scan::SyntaxError;
use super::tabs;
use crate::diag::{Diagnostic, codes};
use crate::source::{Source, Span};
use crate::syntax::yaml::blocks;
use crate::syntax::yaml::plain::{self, Plain};
use crate::syntax::yaml::spans::{character, line_at, starts_line, unquoted, word};
use crate::syntax::{
    Kind, MAX_DEPTH, SECOND_OBJECT, colon_without_space, dash_without_space, ellipsis, is_ellipsis,
    is_name, quote, signs,
};

/// Maximum number of characters of a key of YAML (chapter 7.4.2).
pub const MAX_KEY: usize = 1024;

/// The diagnostic for an error. [`super::repair`] uses its primary span as the place of the error,
/// because the library often notices an error far below it.
pub fn diagnostic(source: &Source, error: &SyntaxError) -> Diagnostic {
    let text = source.text();
    let here = character(text, error.at);
    if let Some(open) = error.unclosed(source) {
        let open = character(text, open);
        let message = format!("unclosed `{}`", source.slice(open));
        return Diagnostic::new(&codes::UNCLOSED, open, message)
            .also(word(text, error.at), "before this entry");
    }
    if error.is_tab() {
        let place = tabs::indenting(source, error).unwrap_or(here);
        return yaml(place, "tab in the indentation of a line").help("indent with spaces");
    }
    if let Some(comma) = ending_comma(source, error) {
        return Diagnostic::new(&codes::EXTRA_COMMA, comma, "`,` at the end of an entry")
            .help("entries on lines of their own have no commas between them")
            .safe_edit(comma, "");
    }
    long_key(source, error)
        .or_else(|| brackets(source, error, here))
        .or_else(|| strings(source, error, here))
        .or_else(|| entries(source, error, here))
        .or_else(|| marks(source, error, here))
        .unwrap_or_else(|| yaml(here, &format!("invalid YAML: {}", error.kind())))
}

fn yaml(span: Span, message: &str) -> Diagnostic {
    Diagnostic::new(&codes::BAD_YAML, span, message)
}

/// The comma at an error that ends the line of an entry outside of brackets, as it does in JSON.
pub fn ending_comma(source: &Source, error: &SyntaxError) -> Option<Span> {
    let rest = source.text().get(error.at..)?;
    let behind = rest.lines().next()?.strip_prefix(',')?;
    let is_end = behind.trim().is_empty()
        || behind.trim_start().len() < behind.len() && behind.trim_start().starts_with('#');
    (error.flow.is_none() && is_end).then(|| character(source.text(), error.at))
}

/// A key that is longer than YAML reads one, so that its `:` has no meaning.
fn long_key(source: &Source, error: &SyntaxError) -> Option<Diagnostic> {
    let (text, at) = (source.text(), error.at);
    let key = match error.kind() {
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            let line = unquoted(text, at, false);
            let end = source.slice(line).find(":")?;
            Span::new(at, at + end)
        }
        ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::ExpectedFlowSequenceSeparator
        | ErrorKind::MappingValueNotAllowed
        | ErrorKind::InvalidColonPlacement => {
            unread(source, error).or_else(|| first_of_line(source, error))?
        }
        _ => return None,
    };
    let is_long = source.slice(key).chars().count() > MAX_KEY;
    is_long.then(|| {
        yaml(key, &format!("key of more than {MAX_KEY} characters")).help(format!(
            "YAML reads a key without `?` only if it has at most {MAX_KEY} characters"
        ))
    })
}

/// Errors of brackets, and of commas between them.
fn brackets(source: &Source, error: &SyntaxError, here: Span) -> Option<Diagnostic> {
    let (text, at) = (source.text(), error.at);
    Some(match error.kind() {
        ErrorKind::UnclosedFlowCollection { open } => {
            let close = if *open == '{' { '}' } else { ']' };
            Diagnostic::new(&codes::UNCLOSED, here, format!("unclosed `{open}`"))
                .help(format!("add the closing `{close}`"))
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            let message = format!("`{close}` does not match the opening `{open}`");
            Diagnostic::new(&codes::UNCLOSED, here, message)
        }
        ErrorKind::MisplacedFlowCollectionEnd => {
            Diagnostic::new(&codes::UNEXPECTED_TOKEN, here, "unexpected closing bracket")
                .help("remove it, or put a string that starts with a bracket in quotes")
        }
        ErrorKind::ExpectedFlowMappingSeparator | ErrorKind::ExpectedFlowSequenceSeparator => {
            if let Some(place) = comma(source, at) {
                return Some(missing_comma(place).safe_edit(place, ","));
            }
            if let Some(missing) = comma_before_key(source, error) {
                return Some(missing);
            }
            let message = "expected `,` or a closing bracket before this";
            let diagnostic = Diagnostic::new(&codes::MISSING_COMMA, word(text, at), message);
            match error.flow {
                Some(open) => diagnostic.also(character(text, open), "opened here"),
                None => diagnostic,
            }
        }
        ErrorKind::UnexpectedEofImplicitFlowMapping
            if text.get(at..).is_some_and(|rest| rest.starts_with(',')) =>
        {
            Diagnostic::new(&codes::EXTRA_COMMA, here, "expected an entry, found `,`")
                .safe_edit(here, "")
        }
        ErrorKind::RecursionLimitExceeded => {
            let message = format!("brackets nested more than {MAX_DEPTH} levels deep");
            Diagnostic::new(&codes::TOO_DEEP, here, message)
        }
        _ => return None,
    })
}

/// Errors in strings.
fn strings(source: &Source, error: &SyntaxError, here: Span) -> Option<Diagnostic> {
    const QUOTES: &str =
        "double a quote inside single quotes; write a `\\` before a quote inside double quotes";
    let (text, at) = (source.text(), error.at);
    let in_flow = error.flow.is_some();
    let string = |span: Span, message: &str| Diagnostic::new(&codes::BAD_STRING, span, message);
    Some(match error.kind() {
        ErrorKind::UnclosedQuotedScalar
        | ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::DocumentIndicatorInQuotedScalar => {
            let open = opening_quote(text, error).unwrap_or(here);
            let end = Span::at(unquoted(text, open.start as usize, in_flow).end as usize);
            let quote = source.slice(open);
            string(open, "unterminated string")
                .also(end, format!("expected a closing `{quote}`"))
                .likely_edit(end, quote)
                .help(QUOTES)
        }
        ErrorKind::InvalidTrailingSingleQuotedScalar
        | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            if let Some(place) = comma_behind_string(source, error) {
                return Some(missing_comma(place).likely_edit(place, ","));
            }
            string(here, "unexpected text after the closing quote").help(QUOTES)
        }
        ErrorKind::UnknownQuotedScalarEscape => {
            let span = bad_escape(text, at).unwrap_or(here);
            let written = source.slice(span);
            let found = string(span, &format!("unknown escape `{written}`"));
            if written == r"\'" {
                return Some(found.help("a `'` needs no escape").safe_edit(span, "'"));
            }
            let place = Span::at(span.start as usize);
            let found = found
                .help("write a backslash as `\\\\`, or use single quotes, which have no escapes");
            match has_letter_escape(text, at) {
                true => found.likely_edit(place, "\\"),
                false => found.safe_edit(place, "\\"),
            }
        }
        ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidUnicodeEscape
        | ErrorKind::InvalidLowSurrogate
        | ErrorKind::InvalidLowSurrogateHexEscape
        | ErrorKind::MissingLowSurrogate
        | ErrorKind::UnpairedLowSurrogate => string(here, "invalid Unicode escape in this string")
            .help("`\\x` requires two hexadecimal digits, `\\u` four, `\\U` eight"),
        ErrorKind::UnexpectedCharacter { character: character @ ('@' | '`' | '%') } => {
            let span = unquoted(text, at, in_flow);
            let message = format!("unquoted string starts with `{character}`");
            yaml(span, &message).safe_edit(span, quote(source.slice(span)))
        }
        ErrorKind::CommentInterceptedScalar => {
            let next = source.line_range(line_at(source, at) + 1);
            let line = text.get(next.clone()).unwrap_or_default();
            let start = next.start + line.len() - line.trim_start().len();
            let message =
                "unexpected continuation of the text above, which ends before its comment";
            yaml(word(text, start), message).help("indent it less if it is a separate entry")
        }
        _ => return None,
    })
}

/// Errors of keys, list entries and their indentation.
fn entries(source: &Source, error: &SyntaxError, here: Span) -> Option<Diagnostic> {
    let (text, at) = (source.text(), error.at);
    Some(match error.kind() {
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => {
            comma_before_key(source, error)
                .or_else(|| dash(source, error))
                .unwrap_or_else(|| colon(source, error))
        }
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => missing_colon(source, at),
        ErrorKind::BlockSequenceEntryNotAllowed | ErrorKind::BlockEntryInFlowCollection => {
            yaml(here, "unexpected start of a list")
                .help("write each `- ` entry on its own line; a list on one line is `[a, b]`")
        }
        ErrorKind::ExpectedBlockSequenceEntry
            if starts_line(source, at)
                && source.slice(here) == "-"
                && text.get(at + 1..).is_some_and(|rest| rest.starts_with([' ', '\n', '\r'])) =>
        {
            yaml(here, "indentation does not match any entry above")
                .help("entries of the same object or list start in the same column")
        }
        ErrorKind::ExpectedBlockSequenceEntry
            if starts_line(source, at) && source.slice(here) == "-" =>
        {
            dash_without_space(here.start as usize)
                .help("start each entry of a list with `- `")
                .safe_edit(Span { start: here.end, ..here }, " ")
        }
        ErrorKind::ExpectedBlockSequenceEntry if is_ellipsis(source.slice(word(text, at))) => {
            let dots = word(text, at);
            ellipsis(source.slice(dots), dots)
        }
        ErrorKind::ExpectedBlockSequenceEntry if starts_line(source, at) => {
            yaml(word(text, at), "expected an entry of a list")
                .help("start it with `- `, or indent it as a part of the entry above")
        }
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::InvalidIndentation
            if starts_line(source, at) =>
        {
            if let Some((first, dash)) = entry_without_start(source, at) {
                let key = unquoted(text, dash.end as usize + 1, false);
                let key = source.slice(key).split(": ").next().unwrap_or_default();
                return Some(
                    yaml(word(text, first), "expected an entry of a list")
                        .also(dash, "as the list has one here")
                        .help(format!(
                            "its first line, such as `- {key}: …`, may be missing above"
                        )),
                );
            }
            let diagnostic = yaml(word(text, at), "indentation does not match any entry above");
            match block_mark(text, error.last_scalar) {
                Some(mark) => diagnostic.help(format!("indent it as far as the first line of the text above (`{mark}`) if it is a part of that text")),
                None => {
                    diagnostic.help("entries of the same object or list start in the same column")
                }
            }
        }
        ErrorKind::ExpectedDocumentStart | ErrorKind::InvalidDocumentEnd if error.is_complete => {
            let message = "content after the end of the document";
            let help = match text.get(at..).is_some_and(|rest| rest.starts_with('{')) {
                true => SECOND_OBJECT,
                false => {
                    "find an entry above that is indented differently, or a bracket that is closed too early"
                }
            };
            Diagnostic::new(&codes::TRAILING_CONTENT, word(text, at), message).help(help)
        }
        _ => return None,
    })
}

/// Errors of other characters with a meaning in YAML.
fn marks(source: &Source, error: &SyntaxError, here: Span) -> Option<Diagnostic> {
    let (text, at) = (source.text(), error.at);
    Some(match error.kind() {
        ErrorKind::UnexpectedCharacter { character: unexpected } => {
            let place = text.get(at..).and_then(|rest| rest.find(*unexpected));
            let span = place.map_or(here, |found| character(text, at + found));
            let message = match unexpected.is_control() {
                true => format!("unexpected control character U+{:04X}", u32::from(*unexpected)),
                false => format!("unexpected `{unexpected}`"),
            };
            yaml(span, &message).help("any character can be written as an escape in double quotes")
        }
        ErrorKind::MissingAnchorOrAliasName => {
            let mark = text.get(here.range()).unwrap_or_default();
            let span = unquoted(text, at, error.flow.is_some());
            let diagnostic = yaml(span, &format!("expected a name after `{mark}`"));
            if mark == "*" && starts_line(source, at) {
                diagnostic.help("start each entry of a list with `- `").likely_edit(here, "-")
            } else {
                diagnostic
                    .help("put a string that starts with `*` or `&` in quotes")
                    .likely_edit(span, quote(source.slice(span)))
            }
        }
        ErrorKind::CommentNotSeparated => yaml(here, "expected a space before `#`")
            .help("write a space before a comment; put a string that starts with `#` in quotes"),
        _ => return None,
    })
}

/// The offset of the first key of the entry of a list that lacks its first line, and the `-` of the next one, at whose line the
/// error is: what is between them is as far in as the keys of an entry.
pub fn entry_without_start(source: &Source, at: usize) -> Option<(usize, Span)> {
    let line = |number: usize| source.text().get(source.line_range(number));
    let indent = |text: &str| text.len() - text.trim_start_matches(' ').len();
    let number = line_at(source, at);
    let dashed = line(number)?;
    let column = indent(dashed);
    let dash = source.line_range(number).start + column;
    if !dashed.get(column..)?.starts_with("- ") {
        return None;
    }
    let mut first = None;
    for above in (0..number).rev() {
        let text = line(above)?;
        if text.trim().is_empty() {
            continue;
        }
        if indent(text) < column + 2 {
            let owner = text.trim_end();
            let is_owner = owner.ends_with(':') && indent(text) <= column;
            return first.filter(|_| is_owner).map(|first| (first, Span::new(dash, dash + 1)));
        }
        let start = source.line_range(above).start + indent(text);
        let is_key = indent(text) == column + 2 && !text.trim_start().starts_with("- ");
        first = is_key.then_some(start);
    }
    None
}

/// A key without a `:`, or without a space after it.
fn missing_colon(source: &Source, at: usize) -> Diagnostic {
    let span = word(source.text(), at);
    let key = source.slice(span);
    let after = |length: usize| Span::at(span.end as usize + length);
    let help = "entries have the form `key: value`";
    if is_ellipsis(key) {
        return ellipsis(key, span);
    }
    if let Some(found) = sign_for_colon(source, at) {
        return found;
    }
    // A tag is not a key, so that a colon does not help.
    if key.starts_with('!') {
        return yaml(span, &format!("expected an entry, found `{key}`")).help(help);
    }
    let rest = source.text().get(span.end as usize..).unwrap_or_default();
    match rest.chars().next() {
        Some(':') if rest.starts_with("::") => {
            let count = rest.len() - rest.trim_start_matches(':').len();
            let colons = after(0).to(after(count));
            superfluous(source, after(1).to(after(count))).likely_edit(colons, ": ")
        }
        Some(':') => colon_without_space(key, span.to(after(1))).likely_edit(after(1), " "),
        Some(' ' | '\n' | '\r') => {
            let message = format!("expected `:` after `{key}`");
            yaml(span, &message).help(help).likely_edit(after(0), ":")
        }
        _ => yaml(span, &format!("expected `:` after `{key}`")).help(help),
    }
}

/// A sign in the place of the `:` behind the key at an offset, which only the end of a line or a value follows.
fn sign_for_colon(source: &Source, at: usize) -> Option<Diagnostic> {
    let line = source.line_of(Span::at(at).start);
    let entry = source.text().get(at..source.line_range(line).end)?.trim_end();
    let Some(entry) = signs::split(entry) else { return signs::semicolon(entry, at) };
    let indent = |line: usize| {
        let text = source.text().get(source.line_range(line))?;
        Some(text.len() - text.trim_start_matches([' ', '-']).len())
    };
    let is_certain = match entry.value {
        value if value.is_empty() || blocks::is_header(value) => indent(line) < indent(line + 1),
        _ => entry.is_same(),
    };
    Some(entry.edited(at, is_certain))
}

/// A `-` without a space before the first key of an entry of a list.
fn dash(source: &Source, error: &SyntaxError) -> Option<Diagnostic> {
    let (at, edit) = dashed(source, error)?;
    let found =
        dash_without_space(at).help("start each entry of a list with `- `, and align its keys");
    Some(match edit {
        Some((span, text)) => found.safe_edit(span, text),
        None => found,
    })
}

/// The offset of a `-` without a space that starts the entry whose value has the error, and the edit that aligns its first
/// key with the others, which follow on the next lines.
pub fn dashed(
    source: &Source,
    error: &SyntaxError,
) -> Option<(usize, Option<(Span, &'static str)>)> {
    if error.flow.is_some() || error.last_scalar.end as usize > error.at {
        return None;
    }
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let line = source.line_of(error.last_scalar.start);
    let (range, next) = (source.line_range(line), source.line_range(line + 1));
    let column = indent(source.text().get(range.clone())?);
    let at = range.start + column;
    let (key, value) = source.text().get(at..range.end)?.strip_prefix('-')?.split_once(':')?;
    if !is_name(key) || !value.starts_with(' ') {
        return None;
    }
    let next = indent(source.text().get(next)?);
    let edit = match next.checked_sub(column) {
        Some(2) => Some((Span::at(at + 1), " ")),
        Some(1) if column > 0 => Some((Span::new(at - 1, at + 1), "- ")),
        _ => None,
    };
    Some((at, edit))
}

/// The colons behind the one of an entry that are at an offset, and the spaces behind them.
pub fn second_colons(text: &str, at: usize) -> Option<Span> {
    let before = text.get(..at)?.trim_end_matches(' ');
    let rest = text.get(at..).filter(|_| before.ends_with(':'))?;
    let length = rest.len() - rest.trim_start_matches([':', ' ']).len();
    rest.starts_with(':').then(|| Span::new(at, at + length))
}

/// The finding for colons that are too many, with the spaces behind them.
fn superfluous(source: &Source, all: Span) -> Diagnostic {
    let written = source.slice(all).trim_end();
    let message = match written.len() {
        1 => "unexpected second `:`".to_owned(),
        _ => format!("unexpected `{written}` behind a `:`"),
    };
    let start = all.start as usize;
    yaml(Span::new(start, start + written.len()), &message)
}

/// A `:` after text that cannot be a key.
fn colon(source: &Source, error: &SyntaxError) -> Diagnostic {
    let text = source.text();
    let at = error.at;
    if let Some(all) = second_colons(text, at) {
        return superfluous(source, all).safe_edit(all, "");
    }
    let span = character(text, at);
    let scalar = error.last_scalar;
    let written = source.slice(scalar);
    if scalar.end as usize <= at && written.contains('\n') && !written.starts_with(['"', '\'']) {
        let first = written.lines().next().unwrap_or_default().trim_end();
        let start = scalar.start as usize;
        if let Some(found) = sign_for_colon(source, start) {
            return found;
        }
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
    if same_line && error.flow.is_none() && scalar.end as usize <= at {
        let value = unquoted(text, scalar.start as usize, false);
        return diagnostic
            .help("put a string that contains `: ` in quotes")
            .likely_edit(value, quote(source.slice(value)));
    }
    diagnostic.help(
        "put a string that contains `: ` in quotes; write entries on one line between `{` and `}`",
    )
}

fn missing_comma(place: Span) -> Diagnostic {
    Diagnostic::new(&codes::MISSING_COMMA, place, "expected `,`").label("between these entries")
}

/// The text without quotes before an error between brackets, which the library may not have read as a value yet.
fn unread(source: &Source, error: &SyntaxError) -> Option<Span> {
    let text = source.text();
    let (open, last) = (error.flow?, error.last_scalar);
    let behind = text.get(last.end as usize..error.at)?;
    // A key that is too long has an empty value at its `:`.
    let is_empty = last.range().is_empty();
    if behind.trim().is_empty() && !is_empty {
        return Some(last);
    }
    let from = if is_empty { open } else { open.max(last.end as usize) };
    let start = from + text.get(from..error.at)?.rfind(['[', '{', ','])? + 1;
    let written = text.get(start..error.at)?;
    let start = start + written.len() - written.trim_start().len();
    Some(Span::new(start, start + written.trim().len()))
}

/// The text before an error outside of brackets, if it starts a line.
fn first_of_line(source: &Source, error: &SyntaxError) -> Option<Span> {
    let last = error.last_scalar;
    let behind = source.text().get(last.end as usize..error.at)?;
    let is_before = behind.trim().is_empty() && starts_line(source, last.start as usize);
    (error.flow.is_none() && is_before).then_some(last)
}

/// The missing comma between a value without quotes and the key behind it, which the library reads as one text, as in
/// `{a: 1 b: 2}`.
fn comma_before_key(source: &Source, error: &SyntaxError) -> Option<Diagnostic> {
    let all = unread(source, error)?;
    let (before, key) = source.slice(all).rsplit_once([' ', '\n', '\t'])?;
    let value = before.trim_end();
    let is_entry = source.text().get(error.at..)?.starts_with(':')
        && is_name(key.trim_matches(['"', '\'']))
        && !value.starts_with(['"', '\'', '#'])
        && !value.contains(" #");
    if value.is_empty() || !is_entry {
        return None;
    }
    let start = all.start as usize;
    let place = Span::at(start + value.len());
    let is_of_key = source.text().get(..start)?.trim_end().ends_with(':');
    let is_on_own_line = before.get(value.len()..)?.contains('\n');
    let missing = missing_comma(place);
    Some(match plain::resolve(value) {
        // Words may all be the text of a string with a colon.
        Plain::Value(Kind::String(text)) if !is_on_own_line || text.contains(' ') => {
            missing.help("put a string that contains `: ` in quotes").likely_edit(place, ",")
        }
        _ if !is_of_key => missing.likely_edit(place, ","),
        _ => missing.safe_edit(place, ","),
    })
}

/// The place of the missing comma between a string in quotes and the key or the value behind it, as in
/// `{a: "x" b: "y"}`.
fn comma_behind_string(source: &Source, error: &SyntaxError) -> Option<Span> {
    error.flow?;
    let text = source.text();
    let before = text.get(..error.at)?;
    let end = before.trim_end().len();
    // A quote in the middle of a string has text on both sides.
    let is_apart = end < error.at && before.get(..end)?.ends_with(['"', '\'']);
    let next = text.get(error.at..)?;
    let name = next.get(..next.find([':', ',', ']', '}', '"', '\'', '\n'])?)?;
    (is_apart && is_name(name.trim_end())).then(|| Span::at(end))
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

/// The opening quote of the string that contains an error.
fn opening_quote(text: &str, error: &SyntaxError) -> Option<Span> {
    let is_quote = |at: usize| text.get(at..).is_some_and(|rest| rest.starts_with(['"', '\'']));
    if is_quote(error.at) {
        return Some(character(text, error.at));
    }
    let from = error.last_scalar.end as usize;
    let between = text.get(from..error.at)?;
    between.find(['"', '\'']).map(|found| character(text, from + found))
}

/// Whether the double-quoted string at `at` has escapes with letters, such as `\n`: in a path they may be there unintentionally.
fn has_letter_escape(text: &str, at: usize) -> bool {
    let mut characters = text.get(at + 1..).unwrap_or_default().chars();
    while let Some(character) = characters.next().filter(|c| *c != '"') {
        if character == '\\' && characters.next().is_some_and(|c| "abtnvfrexu".contains(c)) {
            return true;
        }
    }
    false
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
