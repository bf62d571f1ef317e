//! Lines indented with tabs, which YAML forbids. Spaces replace the tabs in a copy, and locations in
//! the copy are mapped back.

use super::scan::{self, SyntaxError};
use crate::diag::{Diagnostic, Label, codes};
use crate::source::{Source, Span};
use crate::syntax::yaml::spans::line_at;

/// Size in bytes above which a tab becomes a single space, so that the copy is not larger.
const LARGE: usize = 1 << 20;

/// The tab that indents a line, if it is the cause of an error.
pub fn indenting(source: &Source, error: &SyntaxError) -> Option<Span> {
    error.is_tab().then(|| indentation_at(source, error.at))?
}

/// The tab that indents the line of an offset or, if there is none, a line below.
fn indentation_at(source: &Source, at: usize) -> Option<Span> {
    let first = line_at(source, at);
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

/// A copy of a document in which spaces replace the tabs at the start of lines.
pub struct Tabless {
    /// The copy.
    pub source: Source,
    /// Offsets in the copy and in the document at which unchanged parts and replacements start.
    sections: Vec<(u32, u32)>,
    /// Number of lines indented with tabs.
    count: usize,
}

impl Tabless {
    /// Creates a copy. Of several tab widths, the one with which most of the document can be read
    /// is used.
    pub fn new(source: &Source) -> Tabless {
        if source.text().len() > LARGE {
            return Tabless::with_width(source, Some(1));
        }
        // The most common width in editors is first, so that it is preferred.
        let mut best = Tabless::with_width(source, Some(4));
        let mut most = best.readable();
        for width in [Some(8), Some(2), Some(1), None] {
            let other = Tabless::with_width(source, width);
            let readable = other.readable();
            if readable > most {
                (best, most) = (other, readable);
            }
        }
        best
    }

    /// Creates a copy. Tabs extend to the next multiple of `width`; without a width, lines with
    /// tabs get the indentation of the entry above.
    fn with_width(source: &Source, width: Option<usize>) -> Tabless {
        let mut text = String::with_capacity(source.text().len());
        let mut sections = vec![(0, 0)];
        let mut count = 0;
        let mut above = 0;
        let mut start = 0;
        for line in source.text().split_inclusive('\n') {
            let length = indentation(line);
            let (indent, rest) = line.split_at(length);
            let is_blank = rest.trim_end().is_empty();
            if indent.contains('\t') {
                sections.push((Span::at(text.len()).start, Span::at(start).start));
                match width {
                    None if !indent.contains('-') => text.extend(std::iter::repeat_n(' ', above)),
                    width => widen(indent, width.unwrap_or(1), &mut text),
                }
                sections.push((Span::at(text.len()).start, Span::at(start + length).start));
                count += usize::from(!is_blank);
            } else {
                text.push_str(indent);
                if !is_blank && !rest.starts_with('#') {
                    above = length;
                }
            }
            text.push_str(rest);
            start += line.len();
        }
        Tabless { source: Source::new(source.name(), text), sections, count }
    }

    /// Offset in the document up to which the copy can be read without an error.
    fn readable(&self) -> usize {
        let error = scan::first_error(self.source.text());
        error.map_or(usize::MAX, |at| self.map_offset(Span::at(at).start) as usize)
    }

    /// The finding for the first tab.
    pub fn diagnostic(&self, source: &Source, tab: Span) -> Diagnostic {
        let message = "tab in the indentation of a line";
        let diagnostic = Diagnostic::new(&codes::BAD_YAML, tab, message);
        if self.count > 1 {
            let message =
                format!("indent with spaces; {} lines are indented with tabs", self.count);
            return diagnostic.help(message);
        }
        let start = source.line_range(source.line_of(tab.start)).start;
        let end = tab.end as usize;
        let copy = |at: u32| self.sections.iter().rev().find(|(_, old)| *old == at);
        let spaces = copy(tab.end).zip(copy(Span::at(start).start));
        let spaces = spaces.map_or(0, |((end, _), (start, _))| end.saturating_sub(*start));
        diagnostic
            .help("indent with spaces")
            .likely_edit(Span::new(start, end), " ".repeat(spaces as usize))
    }

    /// Maps an offset in the copy to one in the document.
    fn map_offset(&self, offset: u32) -> u32 {
        let after = self.sections.partition_point(|(copy, _)| *copy <= offset);
        let section = after.checked_sub(1).and_then(|at| self.sections.get(at));
        let place = section.map_or(offset, |(copy, document)| document + (offset - copy));
        // The spaces that replace a tab may be longer than the tab.
        self.sections.get(after).map_or(place, |(_, next)| place.min(*next))
    }

    /// The location in the document of a span of the copy.
    pub fn original(&self, span: Span) -> Span {
        Span { start: self.map_offset(span.start), end: self.map_offset(span.end) }
    }

    /// Maps the locations of a finding in the copy.
    pub fn map_diagnostic(&self, diagnostic: &mut Diagnostic) {
        let labels = std::iter::once(&mut diagnostic.primary).chain(&mut diagnostic.secondary);
        labels.for_each(|Label { span, .. }| *span = self.original(*span));
        if let Some(edit) = &mut diagnostic.edit {
            edit.span = self.original(edit.span);
        }
    }
}

/// The length of the text before the first entry of a line: whitespace and `-` indicators.
fn indentation(line: &str) -> usize {
    let mut length = 0;
    loop {
        let rest = line.get(length..).unwrap_or_default();
        let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        length += blank;
        let rest = line.get(length..).unwrap_or_default();
        if !rest.starts_with("- ") && !rest.starts_with("-\t") {
            return length;
        }
        length += 1;
    }
}

/// Appends an indentation in which spaces up to the next multiple of `width` replace each tab.
fn widen(indent: &str, width: usize, text: &mut String) {
    let mut column = 0usize;
    for character in indent.chars() {
        let end = if character == '\t' { (column / width + 1) * width } else { column + 1 };
        match character {
            '-' => text.push('-'),
            _ => text.extend(std::iter::repeat_n(' ', end - column)),
        }
        column = end;
    }
}
