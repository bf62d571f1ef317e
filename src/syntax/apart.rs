//! Lines of YAML without the space behind the colon of their key, as in `id:web`, so that they are text.
//!
//! What such a file means is only known with the spaces, so that nothing else is said about it.

use super::yaml::header;
use super::{Keys, colon_without_space, is_name, is_read};
use crate::diag::Diagnostic;
use crate::source::{Source, Span, Syntax};

/// A line that is not blank.
struct Line<'s> {
    /// Where it is in the text, behind its indentation and the `-` of entries.
    at: usize,
    column: usize,
    /// What is written from there on.
    text: &'s str,
    is_item: bool,
}

impl Line<'_> {
    /// The name at its start that has a `:`, if what is behind that is a value, but not a space.
    fn name(&self) -> Option<&str> {
        let (name, value) = self.text.split_once(':')?;
        let is_flow = value.starts_with(['{', '[', '"', '\'']);
        let is_value = value.starts_with(|c: char| !c.is_whitespace() && !"/\\:".contains(c));
        let is_entry = is_value && (is_flow || !value.contains(": ")) && !value.ends_with(':');
        (is_name(name) && is_entry).then_some(name)
    }

    /// Whether it starts with a key that has its space.
    fn is_entry(&self) -> bool {
        let text = self.text.trim_end();
        text.ends_with(':') || text.split_once(": ").is_some_and(|(key, _)| is_name(key))
    }
}

/// The findings for such lines, if a source that is not read is read with spaces in them.
pub fn find(source: &Source, syntax: Syntax, keys: Keys) -> Option<Vec<Diagnostic>> {
    if syntax != Syntax::Yaml {
        return None;
    }
    let lines = lines(source);
    let mut names = Vec::new();
    // The column of the entry whose value the lines below continue.
    let mut continued: Option<usize> = None;
    for (at, line) in lines.iter().enumerate() {
        let previous = at.checked_sub(1).and_then(|at| lines.get(at));
        let is_further = |column: usize| line.column > column;
        let follows_value = previous.is_some_and(|previous| {
            is_further(previous.column) && !line.is_item && !previous.text.trim_end().ends_with(':')
        });
        continued = match continued {
            Some(column) if is_further(column) => continued,
            _ => previous.filter(|_| follows_value).map(|previous| previous.column),
        };
        // An entry of a list may be a text with a colon, unless keys follow.
        let is_object = !line.is_item
            || lines.get(at + 1).is_some_and(|next| {
                next.column == line.column
                    && !next.is_item
                    && (next.is_entry() || next.name().is_some())
            });
        if continued.is_none()
            && is_object
            && let Some(name) = line.name()
        {
            names.push((line.at, name));
        }
    }
    let mut text = String::with_capacity(source.text().len() + names.len());
    let mut from = 0;
    for (at, name) in &names {
        let end = at + name.len() + 1;
        text.push_str(source.text().get(from..end)?);
        text.push(' ');
        from = end;
    }
    text.push_str(source.text().get(from..)?);
    if names.is_empty() || !is_read(source, &text, syntax, keys) {
        return None;
    }
    let found = names.iter().map(|(at, name)| {
        let place = Span::new(*at, at + name.len() + 1);
        colon_without_space(name, place).likely_edit(Span::at(place.range().end), " ")
    });
    Some(found.collect())
}

/// The lines of a source outside of the texts of block scalars.
fn lines(source: &Source) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    // The indentation of the line with the header of a text.
    let mut block: Option<usize> = None;
    for (from, line) in source.content_lines() {
        let line = line.trim_end_matches(['\n', '\r']);
        let width = line.len() - line.trim_start_matches(' ').len();
        if line.trim().is_empty() || block.is_some_and(|around| width > around) {
            continue;
        }
        block = header(line).map(|_| width);
        let column = line.len() - line.trim_start_matches([' ', '-']).len();
        let is_item = line.get(width..column).is_some_and(|marks| marks.starts_with("- "));
        let column = if is_item { column } else { width };
        let Some(text) = line.get(column..).filter(|text| !text.starts_with('#')) else { continue };
        lines.push(Line { at: from + column, column, text, is_item });
    }
    lines
}

#[cfg(test)]
mod tests {
    use crate::diag::Findings;
    use crate::source::Source;

    /// The text with the edits of its findings, one after the other, and the number of them.
    fn fixed(text: &str) -> (String, usize) {
        let (mut text, mut count) = (text.to_owned(), 0);
        loop {
            let mut found = Findings::new();
            let _ = super::super::parse(&Source::new("a.yaml", text.as_str()), &mut found);
            assert!(found.iter().all(|found| found.message.starts_with("expected a space")));
            let Some(edit) = found.iter().next().and_then(|found| found.edit.clone()) else {
                return (text, count);
            };
            text = edit.applied_to(&text);
            count += 1;
        }
    }

    #[test]
    fn each_line_without_a_space_is_one_finding() {
        let file = "id: a\nlist:\n  - id: b\n    type: c\n    image: d:1\n    all: { e: 1, f: 2 }\n    args:\n      - x:y\n      - z\n  - id: g\n    type: \"h\"\n";
        assert_eq!(fixed(file).1, 0);
        for key in ["id", "type", "image", "all"] {
            let text = file.replace(&format!("{key}: "), &format!("{key}:"));
            let count = file.matches(&format!("{key}: ")).count();
            assert_eq!(fixed(&text), (file.to_owned(), count), "{text}");
        }
        // Where no line of an entry has a space, it is a text, which is an error only elsewhere.
        let (first, last) = file.split_at(file.find("  - id: g").unwrap());
        let text = first.replace(": ", ":").replace("e:1, f:2", "e: 1, f: 2") + last;
        assert_eq!(fixed(&text).0, file, "{text}");
    }

    #[test]
    fn texts_keep_their_colons() {
        for text in
            ["a: |\n  b:c\nd: 1\n", "a:\n  - b:c\n  - d\n", "a: b\n  c:d\n", "a: http://b\n"]
        {
            assert_eq!(fixed(text).1, 0, "{text}");
        }
    }
}
