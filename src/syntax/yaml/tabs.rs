//! Lines indented with tabs, which YAML forbids. The document is parsed from a copy in which spaces
//! replace the tabs, and all locations are mapped back.

use granit_parser::{ErrorKind, Parser, ScanError};

use super::faults;
use crate::diag::{Diagnostic, Label, codes};
use crate::source::{Source, Span};
use crate::syntax::{Form, Kind, Node};

/// Size in bytes above which a tab becomes a single space, so that the copy is not larger.
const LARGE: usize = 1 << 20;

/// The tab that indents a line, if it is the cause of the error.
pub fn indents(source: &Source, fault: &ScanError, last_scalar: Span) -> Option<Span> {
    let is_tab = matches!(
        fault.kind(),
        ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::TabNotAllowed
            | ErrorKind::TabAtBlockScalarStart
            | ErrorKind::TabInPlainScalar
    );
    let at = fault.marker().byte_offset().unwrap_or(last_scalar.end as usize);
    is_tab.then(|| faults::tab(source, at.min(source.text().len())))?
}

/// Parses a document whose first invalid tab is `tab`. Of several tab widths, the one with which
/// most of the document can be parsed is used.
pub fn parse(source: &Source, tab: Span, diagnostics: &mut Vec<Diagnostic>) -> Option<Node> {
    let mut best: Option<(usize, Spaced)> = None;
    // The most common width in editors first.
    let widths = match source.text().len() {
        ..=LARGE => vec![Some(4), Some(8), Some(2), Some(1), None],
        _ => vec![Some(1)],
    };
    for width in widths {
        let spaced = Spaced::new(source, width);
        let read = spaced.readable();
        if best.as_ref().is_none_or(|(most, _)| read > *most) {
            best = Some((read, spaced));
        }
    }
    let (_, spaced) = best?;
    diagnostics.push(spaced.diagnostic(source, tab));
    let before = diagnostics.len();
    // No line of the copy starts with a tab.
    let mut tree = super::read(&spaced.source, diagnostics).unwrap_or_default();
    for diagnostic in diagnostics.iter_mut().skip(before) {
        spaced.map_diagnostic(diagnostic);
    }
    if let Some(tree) = &mut tree {
        spaced.map_tree(tree);
    }
    tree
}

/// A copy of a document in which spaces replace the tabs at the start of lines.
struct Spaced {
    source: Source,
    /// Offsets in the copy and in the document at which unchanged parts and replacements start.
    sections: Vec<(u32, u32)>,
    /// Number of lines indented with tabs.
    count: usize,
}

impl Spaced {
    /// Creates a copy. Tabs extend to the next multiple of `width`; without a width, lines with
    /// tabs get the indentation of the entry above.
    fn new(source: &Source, width: Option<usize>) -> Spaced {
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
        Spaced { source: Source::new(source.name(), text), sections, count }
    }

    /// Offset in the document up to which the copy can be parsed without an error.
    fn readable(&self) -> usize {
        let text = self.source.text();
        let fault = Parser::new_from_str_with_options(text, super::options()).find_map(Result::err);
        let at = fault.map(|fault| fault.marker().byte_offset().unwrap_or(0));
        at.map_or(usize::MAX, |at| self.map_offset(Span::at(at).start) as usize)
    }

    fn diagnostic(&self, source: &Source, tab: Span) -> Diagnostic {
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

    fn map_span(&self, span: &mut Span) {
        *span = Span { start: self.map_offset(span.start), end: self.map_offset(span.end) };
    }

    fn map_diagnostic(&self, diagnostic: &mut Diagnostic) {
        let labels = std::iter::once(&mut diagnostic.primary).chain(&mut diagnostic.secondary);
        labels.for_each(|Label { span, .. }| self.map_span(span));
        if let Some(edit) = &mut diagnostic.edit {
            self.map_span(&mut edit.span);
        }
    }

    fn map_tree(&self, node: &mut Node) {
        self.map_span(&mut node.span);
        match &mut node.kind {
            Kind::Array(items) => items.iter_mut().for_each(|item| self.map_tree(item)),
            Kind::Object(object) => {
                if matches!(object.form, Form::Block { .. }) {
                    object.form = Form::Irregular;
                }
                for member in &mut object.members {
                    self.map_span(&mut member.key.span);
                    self.map_tree(&mut member.value);
                }
            }
            _ => {}
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
