//! Conflicts that a merge left in a file: the lines of both sides between lines with markers.
//!
//! Such a file is not what anyone wrote, so that nothing else is said about it, and nothing in it is edited.

use super::{Kind, Node};
use crate::diag::{Diagnostic, Findings, codes};
use crate::source::{Source, Span};

/// The signs of the lines that start a conflict, its base, its other side, and that end it.
const SIGNS: [char; 4] = ['<', '|', '=', '>'];

/// The number of signs at the start of such a line.
const LENGTH: usize = 7;

/// The markers of a conflict, with their signs.
type Marks = Vec<(char, Span)>;

/// The unresolved conflicts of a source. `tree` and `found` are the result of parsing it: markers that are
/// a part of a text or a comment of a valid file are no conflict.
pub fn find(source: &Source, tree: Option<&Node>, found: &Findings) -> Vec<Diagnostic> {
    let is_valid = !found.has_errors();
    let (conflicts, left) = all(source);
    if conflicts.is_empty() {
        let mut left = left.into_iter().filter(|_| !is_valid);
        let first = left.next().map(|span| {
            let message = "marker of a merge conflict";
            let found = Diagnostic::new(&codes::MERGE_CONFLICT, span, message).help(
                "the lines of one side are not complete; compare them, and remove the marker",
            );
            left.fold(found, |found, span| found.also(span, "and another one"))
        });
        return first.into_iter().collect();
    }
    let is_text = |marks: &Marks| {
        let start = marks.first().map_or(0, |(_, span)| span.start);
        is_valid && !tree.is_some_and(|tree| is_plain(source, tree, start))
    };
    conflicts.iter().filter(|marks| !is_text(marks)).filter_map(|marks| diagnostic(marks)).collect()
}

/// The markers of each conflict that is complete, with their signs, and those of the start and the end of others.
fn all(source: &Source) -> (Vec<Marks>, Vec<Span>) {
    let text = source.text();
    let (mut conflicts, mut left) = (Vec::new(), Vec::new());
    // Most files have no such text, which is found at once.
    if ["<<<<<<<", ">>>>>>>"].iter().all(|mark| !text.contains(mark)) {
        return (conflicts, left);
    }
    let mut open: Vec<(char, Span)> = Vec::new();
    for (start, line) in source.content_lines() {
        let written = line.trim_end();
        let mark = (sign(written), Span::new(start, start + written.len()));
        let last = open.last().map(|(sign, _)| *sign);
        match (last, mark.0) {
            (_, Some('<')) => {
                left.push(mark.1);
                open = vec![('<', mark.1)];
            }
            (Some('<'), Some('|')) => open.push(('|', mark.1)),
            (Some('<' | '|'), Some('=')) => open.push(('=', mark.1)),
            (Some('='), Some('>')) => {
                open.push(('>', mark.1));
                conflicts.push(std::mem::take(&mut open));
            }
            (_, Some('>')) => left.push(mark.1),
            _ => {}
        }
    }
    (conflicts, left)
}

/// The sign of a line with a marker.
fn sign(line: &str) -> Option<char> {
    let sign = line.chars().next().filter(|first| SIGNS.contains(first))?;
    let label = line.trim_start_matches(sign);
    let is_mark = line.len() - label.len() == LENGTH;
    (is_mark && (label.is_empty() || (sign != '=' && label.starts_with(' ')))).then_some(sign)
}

/// Whether an offset is in a string without quotes, which between brackets can continue at the start of a line.
fn is_plain(source: &Source, node: &Node, at: u32) -> bool {
    let holds = |span: Span| {
        span.start <= at && at < span.end && !source.slice(span).starts_with(['"', '\''])
    };
    match &node.kind {
        Kind::String(_) => holds(node.span),
        Kind::Array(items) => items.iter().any(|item| is_plain(source, item, at)),
        Kind::Object(object) => object
            .members
            .iter()
            .any(|member| holds(member.key.span) || is_plain(source, &member.value, at)),
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Broken => false,
    }
}

fn diagnostic(marks: &[(char, Span)]) -> Option<Diagnostic> {
    let ((_, start), others) = marks.split_first()?;
    let message = "unresolved merge conflict";
    let conflict = Diagnostic::new(&codes::MERGE_CONFLICT, *start, message)
        .label("one side starts here")
        .help("keep the lines of one side, or combine both, and remove the lines with markers");
    Some(others.iter().fold(conflict, |conflict, (sign, span)| {
        let text = match sign {
            '|' => "what both sides changed",
            '=' => "the other side starts here",
            _ => "and ends here",
        };
        conflict.also(*span, text)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of the markers of each conflict.
    fn conflicts(name: &str, text: &str) -> Vec<Vec<usize>> {
        let source = Source::new(name, text);
        let mut found = Findings::new();
        super::super::parse(&source, &mut found);
        let conflicts = found.iter().filter(|found| found.code == &codes::MERGE_CONFLICT);
        let lines = |found: &Diagnostic| {
            let labels = std::iter::once(&found.primary).chain(&found.secondary);
            labels.map(|label| source.line_of(label.span.start) + 1).collect()
        };
        let conflicts: Vec<Vec<usize>> = conflicts.map(lines).collect();
        assert!(conflicts.is_empty() || conflicts.len() == found.iter().count());
        conflicts
    }

    #[test]
    fn each_conflict_is_one_finding() {
        let conflict = "<<<<<<< HEAD\n  \"a\": 1\n=======\n  \"a\": 2\n>>>>>>> branch\n";
        let text = format!("{{\n{conflict},\n{conflict}}}\n");
        assert_eq!(conflicts("a.json", &text), [[2, 4, 6], [8, 10, 12]]);
        assert_eq!(conflicts("a.json", &text.replace('\n', "\r\n")), [[2, 4, 6], [8, 10, 12]]);
        assert_eq!(conflicts("a.yaml", &text), [[2, 4, 6], [8, 10, 12]]);
        let base = "a: 1\n<<<<<<<\nb: 2\n||||||| 1a2b\nb: 3\n=======\nb: 4\n>>>>>>> 3c4d\nc: 5\n";
        assert_eq!(conflicts("a.yaml", base), [[2, 4, 6, 8]]);
    }

    #[test]
    fn text_between_brackets_is_a_conflict_unless_it_has_quotes() {
        let conflict = "\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> branch";
        assert_eq!(conflicts("a.yaml", &format!("[a,{conflict}\n]")), [[2, 4, 6]]);
        assert_eq!(conflicts("a.yaml", &format!("[a, \"{conflict}\"\n]")), [[0; 0]; 0]);
    }

    #[test]
    fn markers_that_are_left_are_one_finding() {
        assert_eq!(conflicts("a.yaml", "a: 1\n=======\n>>>>>>> branch\n"), [[3]]);
        assert_eq!(conflicts("a.yaml", "a:\n<<<<<<< HEAD\n  b: 1\n"), [[2]]);
        let two = "{\n<<<<<<< HEAD\n\"a\": 1\n>>>>>>> branch\n}\n";
        assert_eq!(conflicts("a.json", two), [[2, 4]]);
    }

    #[test]
    fn text_with_markers_is_no_conflict() {
        let conflict = "<<<<<<< HEAD\n  b\n  =======\n  c\n  >>>>>>> branch\n";
        for (name, text) in [
            ("a.yaml", format!("a: |\n  {conflict}")),
            ("a.yaml", format!("a: 1\n# {}", conflict.replace("  ", "# "))),
            ("a.json", format!("{{ /*\n{}*/ }}", conflict.replace("  ", ""))),
            // Other numbers of signs, and none of the lines between which a conflict is.
            ("a.yaml", "a: 1\n<<<<<<<< HEAD\n=======\n>>>>>>>> branch\n".to_owned()),
            ("a.yaml", "a: 1\n=======\nb: 1\n".to_owned()),
        ] {
            assert_eq!(conflicts(name, &text), [[0; 0]; 0], "{text}");
        }
    }
}
