//! Lines that begin with tabs, which YAML refuses: what was meant is read from a copy in which
//! spaces stand for them, and all places are carried back.

use granit_parser::{ErrorKind, Parser, ScanError};

use super::faults;
use crate::diag::{Diagnostic, Label, codes};
use crate::source::{Source, Span};
use crate::syntax::{Form, Kind, Node};

/// In documents of more bytes a tab is one space, so that the copy does not grow.
const LARGE: usize = 1 << 20;

/// The tab that indents the line of a fault, where that is the fault.
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

/// Parses a document in which `tab` is the first one that is a fault. The width under which the
/// document reads best is taken to be meant.
pub fn parse(source: &Source, tab: Span, diagnostics: &mut Vec<Diagnostic>) -> Option<Node> {
    let mut best: Option<(usize, Spaced)> = None;
    // The likeliest first, which is what most editors show.
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
    diagnostics.push(spaced.fault(source, tab));
    let before = diagnostics.len();
    // No line of the copy begins with a tab.
    let mut tree = super::read(&spaced.source, diagnostics).unwrap_or_default();
    for diagnostic in diagnostics.iter_mut().skip(before) {
        spaced.carry_back_all(diagnostic);
    }
    if let Some(tree) = &mut tree {
        spaced.carry_back_tree(tree);
    }
    tree
}

/// A copy of a document without tabs at the start of lines.
struct Spaced {
    source: Source,
    /// Where stretches of the copy begin, there and in the document.
    stretches: Vec<(u32, u32)>,
    /// How many lines began with tabs.
    count: usize,
}

impl Spaced {
    /// With tabs that reach to the next multiple of a width or, without one, lines that begin
    /// where the entry above does.
    fn new(source: &Source, width: Option<usize>) -> Spaced {
        let mut text = String::with_capacity(source.text().len());
        let mut stretches = vec![(0, 0)];
        let mut count = 0;
        let mut above = 0;
        let mut start = 0;
        for line in source.text().split_inclusive('\n') {
            let length = indentation(line);
            let (indent, rest) = line.split_at(length);
            let is_blank = rest.trim_end().is_empty();
            if indent.contains('\t') {
                stretches.push((Span::at(text.len()).start, Span::at(start).start));
                match width {
                    None if !indent.contains('-') => text.extend(std::iter::repeat_n(' ', above)),
                    width => widen(indent, width.unwrap_or(1), &mut text),
                }
                stretches.push((Span::at(text.len()).start, Span::at(start + length).start));
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
        Spaced { source: Source::new(source.name(), text), stretches, count }
    }

    /// How far the copy can be read before a fault.
    fn readable(&self) -> usize {
        let text = self.source.text();
        let fault = Parser::new_from_str_with_options(text, super::options()).find_map(Result::err);
        let at = fault.map(|fault| fault.marker().byte_offset().unwrap_or(0));
        at.map_or(usize::MAX, |at| self.carry_back(Span::at(at).start) as usize)
    }

    fn fault(&self, source: &Source, tab: Span) -> Diagnostic {
        let message = "a tab cannot indent a line in YAML";
        let diagnostic = Diagnostic::new(&codes::BAD_YAML, tab, message);
        if self.count > 1 {
            let message = format!("indent with spaces; {} lines begin with tabs", self.count);
            return diagnostic.help(message);
        }
        let start = source.line_range(source.line_of(tab.start)).start;
        let end = tab.end as usize;
        let copy = |at: u32| self.stretches.iter().rev().find(|(_, old)| *old == at);
        let spaces = copy(tab.end).zip(copy(Span::at(start).start));
        let spaces = spaces.map_or(0, |((end, _), (start, _))| end.saturating_sub(*start));
        diagnostic
            .help("indent with spaces")
            .likely_edit(Span::new(start, end), " ".repeat(spaces as usize))
    }

    /// The offset in the document for one in the copy.
    fn carry_back(&self, offset: u32) -> u32 {
        let after = self.stretches.partition_point(|(copy, _)| *copy <= offset);
        let stretch = after.checked_sub(1).and_then(|at| self.stretches.get(at));
        let place = stretch.map_or(offset, |(copy, document)| document + (offset - copy));
        // What replaces a tab may be longer than it.
        self.stretches.get(after).map_or(place, |(_, next)| place.min(*next))
    }

    fn carry_back_span(&self, span: &mut Span) {
        *span = Span { start: self.carry_back(span.start), end: self.carry_back(span.end) };
    }

    fn carry_back_all(&self, diagnostic: &mut Diagnostic) {
        let labels = std::iter::once(&mut diagnostic.primary).chain(&mut diagnostic.secondary);
        labels.for_each(|Label { span, .. }| self.carry_back_span(span));
        if let Some(edit) = &mut diagnostic.edit {
            self.carry_back_span(&mut edit.span);
        }
    }

    fn carry_back_tree(&self, node: &mut Node) {
        self.carry_back_span(&mut node.span);
        match &mut node.kind {
            Kind::Array(items) => items.iter_mut().for_each(|item| self.carry_back_tree(item)),
            Kind::Object(object) => {
                if matches!(object.form, Form::Block { .. }) {
                    object.form = Form::Irregular;
                }
                for member in &mut object.members {
                    self.carry_back_span(&mut member.key.span);
                    self.carry_back_tree(&mut member.value);
                }
            }
            _ => {}
        }
    }
}

/// The length of what stands before the first entry of a line: blanks, and the marks of lists.
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

/// Writes an indentation with spaces up to the next multiple of `width` for each tab.
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
