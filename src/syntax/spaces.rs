//! Characters that look like spaces but are text in YAML, such as no-break spaces in pasted text, where spaces are meant: in
//! the indentation of lines, and behind the signs of entries.
//!
//! What such a file means is only known with spaces in their place, so that nothing else is said about it.

use super::{Keys, Kind, Node, is_name, keys, looks_like_space, yaml};
use crate::diag::{Diagnostic, Findings, Level, codes};
use crate::source::{Source, Span};

/// What is to say about such a character.
const LOOKS: &str = "it looks like a space and often comes from pasted text";

/// Replaces characters that look like spaces by as many spaces.
fn spaced(text: &str) -> String {
    text.chars().map(|_| ' ').collect()
}

/// The finding for such characters in JSON, where they are no whitespace.
pub fn in_json(source: &Source, spaces: &[Span]) -> Option<Diagnostic> {
    let (first, last) = (*spaces.first()?, *spaces.last()?);
    let character = source.slice(first).chars().next().map_or(0, u32::from);
    let message = format!("character U+{character:04X} is not whitespace in JSON");
    let found = Diagnostic::new(&codes::UNEXPECTED_TOKEN, first, message);
    let found = match spaces.len() {
        1 => found.help(LOOKS),
        count => found.help(format!("{}; the file has it in {count} places", LOOKS)),
    };
    let mut kept = String::new();
    let mut at = first.start;
    for span in spaces {
        kept.push_str(source.slice(Span { start: at, end: span.start }));
        kept.push_str(&spaced(source.slice(*span)));
        at = span.end;
    }
    Some(found.safe_edit(first.to(last), kept))
}

/// The finding for such characters in a source of YAML. `tree` and `found` are the result of parsing it.
pub fn find(
    source: &Source,
    keys: Keys,
    tree: Option<&Node>,
    found: &Findings,
) -> Option<Diagnostic> {
    let text = source.text();
    // Most files have none, which is found at once.
    if text.is_ascii() {
        return None;
    }
    let mut places = places(source);
    if !found.has_errors() {
        let texts = texts(source, source, tree);
        places.retain(|at| text_at(&texts, *at).is_none_or(|found| !found.holds(source, *at)));
    }
    if places.is_empty() {
        return None;
    }
    let (copy, offsets) = with_spaces(text, &places);
    let copy = Source::new(source.name(), copy);
    let mut left = Findings::new();
    let mut tree = yaml::parse(&copy, keys, &mut left);
    if let Some(tree) = &mut tree {
        keys::check(tree, &mut left);
    }
    let errors = |found: &Findings| found.iter().filter(|f| f.level == Level::Error).count();
    if errors(&left) > errors(found) {
        return None;
    }
    let texts = texts(&copy, source, tree.as_ref());
    let mut offsets = offsets.into_iter();
    let mut indents_text = false;
    places.retain(|_| {
        let Some(offset) = offsets.next() else { return false };
        let Some(found) = text_at(&texts, offset) else { return true };
        let is_indentation = !found.holds(&copy, offset);
        indents_text |= is_indentation;
        is_indentation
    });
    let (first, last) = (*places.first()?, *places.last()?);
    let character = text.get(first..)?.chars().next()?;
    let end = last + text.get(last..)?.chars().next()?.len_utf8();
    let span = Span::new(first, end);
    let (kept, _) =
        with_spaces(source.slice(span), &places.iter().map(|at| at - first).collect::<Vec<_>>());
    let place = Span::new(first, first + character.len_utf8());
    let message = format!("character U+{:04X} is not a space in YAML", u32::from(character));
    let diagnostic = Diagnostic::new(&codes::BAD_YAML, place, message);
    let diagnostic = match places.len() {
        1 => diagnostic.help(LOOKS),
        count => diagnostic.help(format!("{LOOKS}; the file has {count} of them")),
    };
    // Where a text starts in its lines is what its author decides.
    Some(match left.has_errors() || indents_text {
        true => diagnostic.likely_edit(span, kept),
        false => diagnostic.safe_edit(span, kept),
    })
}

/// The offsets of the characters of a source that are where spaces may be meant.
fn places(source: &Source) -> Vec<usize> {
    let mut places = Vec::new();
    for (at, line) in source.content_lines() {
        places_of(line, at, &mut places);
    }
    places
}

/// Adds the offsets in a line that starts at an offset.
fn places_of(line: &str, start: usize, places: &mut Vec<usize>) {
    if line.is_ascii() {
        return;
    }
    let (mut indents, mut is_first, mut in_flow, mut is_behind) = (true, true, false, false);
    let mut entry = 0;
    // Those that are before a closing bracket, if one is next.
    let mut before = Vec::new();
    for (at, c) in line.char_indices() {
        if looks_like_space(c) {
            if indents || is_behind {
                places.push(start + at);
            } else if in_flow {
                before.push(start + at);
            }
            continue;
        }
        if c == ' ' || c == '\t' {
            continue;
        }
        if matches!(c, ']' | '}') {
            places.append(&mut before);
        }
        before.clear();
        if indents && c != '-' {
            (indents, entry) = (false, at);
        }
        in_flow |= c == '{' || c == '[';
        let ends_key = || {
            let key = line.get(entry..at).unwrap_or_default();
            is_first && is_name(key.trim_matches(['"', '\'']))
        };
        is_behind = match c {
            ':' => in_flow || ends_key(),
            '{' | '[' | ',' => in_flow,
            _ => false,
        };
        is_first &= c != ':';
    }
}

/// The text with a space in place of each of these characters, and their offsets in it.
fn with_spaces(text: &str, places: &[usize]) -> (String, Vec<usize>) {
    let mut copy = String::with_capacity(text.len());
    let mut offsets = Vec::with_capacity(places.len());
    let mut at = 0;
    for place in places {
        copy.push_str(text.get(at..*place).unwrap_or_default());
        offsets.push(copy.len());
        copy.push(' ');
        let length =
            text.get(*place..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        at = place + length;
    }
    copy.push_str(text.get(at..).unwrap_or_default());
    (copy, offsets)
}

/// A value that is a text.
struct Text {
    span: Span,
    /// The width of the indentation of its lines, which is no part of it, if it has a header that does not say it.
    indent: usize,
}

impl Text {
    /// A value of a source that has spaces in place of other characters of the original.
    fn new(source: &Source, original: &Source, span: Span) -> Text {
        let written = source.slice(span);
        let (header, body) = written.split_once('\n').unwrap_or_default();
        let is_block = header.starts_with(['|', '>']);
        let is_plain = is_block && !header.contains(|c: char| c.is_ascii_digit());
        let first = body.lines().position(|line| is_plain && !line.trim().is_empty());
        let Some(first) = first else { return Text { span, indent: 0 } };
        let line = source.line_of(span.start);
        let width = |source: &Source, line: usize, marks: &[char]| {
            let text = source.text().get(source.line_range(line)).unwrap_or_default();
            text.len() - text.trim_start_matches(marks).len()
        };
        let around = width(source, line, &[' ', '-']);
        let first = line + 1 + first;
        // Behind spaces that are enough, other characters are text.
        let spaces = width(original, first, &[' ']);
        let indent = if spaces > around { spaces } else { width(source, first, &[' ']) };
        Text { span, indent }
    }

    /// Whether an offset in its lines is a part of the text.
    fn holds(&self, source: &Source, at: usize) -> bool {
        let line = source.line_range(source.line_of(Span::at(at).start));
        at >= line.start + self.indent
    }
}

/// The values of the tree of a source that are texts, in order. The source has spaces in place of other characters of the
/// original.
fn texts(source: &Source, original: &Source, tree: Option<&Node>) -> Vec<Text> {
    fn add(node: &Node, texts: &mut Vec<Span>) {
        match &node.kind {
            Kind::String(_) => texts.push(node.span),
            Kind::Array(items) => items.iter().for_each(|item| add(item, texts)),
            Kind::Object(object) => object.members.iter().for_each(|m| add(&m.value, texts)),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Broken => {}
        }
    }
    let mut texts = Vec::new();
    tree.into_iter().for_each(|tree| add(tree, &mut texts));
    texts.sort();
    texts.dedup();
    texts.into_iter().map(|span| Text::new(source, original, span)).collect()
}

/// The text that an offset is in.
fn text_at(texts: &[Text], at: usize) -> Option<&Text> {
    let before = texts.partition_point(|text| text.span.range().start <= at).checked_sub(1)?;
    texts.get(before).filter(|text| text.span.range().end > at)
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    /// The text with the edit of its only finding.
    fn fixed(text: &str) -> Option<String> {
        testing::fixed("a.yaml", text, "is not a space")
    }

    #[test]
    fn what_looks_like_spaces_is_one_finding() {
        for file in [
            "a:\n  - b: 1\n    c: 2\n  - b: 3\n    c: 4\n",
            "a:\n  b: \"x y\"\n  c: { d: 1, e: [ 2 ] }\n",
            "\"a\": b\n",
        ] {
            for character in ['\u{a0}', '\u{2003}', '\u{202f}', '\u{3000}'] {
                let replaced: String = file
                    .split_inclusive('\n')
                    .map(|line| {
                        let keep = line.find(" y").map_or(line.len(), |at| at);
                        let (one, two) = line.split_at(keep);
                        one.replace(' ', &character.to_string()) + two
                    })
                    .collect();
                let expected = fixed(&replaced).unwrap_or_else(|| panic!("{replaced:?}"));
                let same = |text: &str| text.replace(looks_like_space, " ");
                assert_eq!(same(&expected), file);
                assert_eq!(fixed(&expected), None);
            }
        }
        assert_eq!(fixed("a:\u{a0}1\nb: 2\n").as_deref(), Some("a: 1\nb: 2\n"));
        assert_eq!(fixed("a:\u{a0}\u{a0}1\nb: 2\n").as_deref(), Some("a:  1\nb: 2\n"));
    }

    #[test]
    fn the_indentation_of_a_text_is_only_offered() {
        let text = "a: 1\nb: |\n\u{a0}\u{a0}c:\u{a0}@d\n\u{a0}\u{a0}\u{a0}- e\nf: 2\n";
        let mut found = Findings::new();
        super::super::parse(&Source::new("a.yaml", text), &mut found);
        let edit = found.iter().next().unwrap().edit.clone().unwrap();
        assert!(found.len() == 1 && !edit.safe, "{found:?}");
        // What is further in is text.
        let right = "a: 1\nb: |\n  c:\u{a0}@d\n  \u{a0}- e\nf: 2\n";
        assert_eq!(edit.applied_to(text), right);
        assert_eq!(fixed(right), None);
    }

    #[test]
    fn texts_keep_their_characters() {
        let text = "a: |\n  \u{a0}b:\u{a0}c\nd: \"x:\u{a0}y\"\n";
        assert_eq!(fixed(text), None);
        let faulty = format!("{text}e:\u{a0}1\n");
        assert_eq!(fixed(&faulty), Some(format!("{text}e: 1\n")));
    }
}
