//! Block scalars by their lines alone: also where an error keeps their header from being read, what is further in below it is
//! text, of which nothing is said, and nothing is edited.

use std::collections::HashSet;

use crate::diag::{Findings, Level};
use crate::source::Source;
use crate::syntax::looks_like_space;

/// The offset of the header of a block scalar at the end of a line.
pub fn header(line: &str) -> Option<usize> {
    let line = line.split(" #").next().unwrap_or_default().trim_end();
    let at = line.rfind([' ', '\t']).map_or(0, |at| at + 1);
    is_header(line.get(at..)?).then_some(at)
}

/// Whether a word is the header of a block scalar.
pub fn is_header(word: &str) -> bool {
    word.strip_prefix(['|', '>'])
        .is_some_and(|rest| rest.len() <= 2 && rest.chars().all(|c| "+-123456789".contains(c)))
}

/// The width of the indentation of a line, also of characters that only look like spaces.
fn indent(line: &str) -> usize {
    line.chars().take_while(|c| *c == ' ' || looks_like_space(*c)).count()
}

/// Removes what was found in the text below a header whose line has an error.
pub fn without_consequences(source: &Source, found: &mut Findings) {
    // Most files have no error, or only one.
    if found.len() < 2 || !found.has_errors() {
        return;
    }
    let errors = found.iter().filter(|found| found.level == Level::Error);
    let faulty: HashSet<usize> =
        errors.map(|found| source.line_of(found.primary.span.start)).collect();
    let mut texts = HashSet::new();
    // The indentation of the line with the header above, and whether it has an error.
    let mut block: Option<(usize, bool)> = None;
    for (number, (_, line)) in source.content_lines().enumerate() {
        let width = indent(line);
        let is_blank = line.trim().is_empty();
        if let Some((around, is_faulty)) = block
            && (is_blank || width > around)
        {
            if is_faulty {
                texts.insert(number);
            }
            continue;
        }
        block = header(line).filter(|_| !is_blank).map(|_| (width, faulty.contains(&number)));
    }
    if !texts.is_empty() {
        found.retain(|found| !texts.contains(&source.line_of(found.primary.span.start)));
    }
}
