//! Errors of templates, reported at their location.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::manifest::Definition;
use super::well_formed;
use crate::diag::{Diagnostic, Report, codes, nearest};
use crate::render::{Format, MAX_STEPS, RenderError, Templates, Watch};
use crate::source::{Source, Span};
use crate::targets::{Artifact, Failure};

/// The files of a folder.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Texts {
    /// `target.toml`.
    pub manifest: Source,
    /// The templates, by path in the folder.
    pub templates: BTreeMap<String, Source>,
}

/// Name of the inline template for the address of `@id`.
pub const ADDRESS: &str = "[references] address";
/// Name of the inline template for the address of `@id:port`.
pub const ADDRESS_WITH_PORT: &str = "[references] address-with-port";

/// Name of the inline template for the path of an artifact.
pub fn path_name(artifact: usize) -> String {
    format!("[[artifacts]] {} path", artifact + 1)
}

impl Texts {
    /// The names and texts of all templates.
    pub fn all(&self) -> impl Iterator<Item = (String, String)> {
        let text = |(name, source): (&String, &Source)| (name.clone(), source.text().to_owned());
        self.templates.iter().map(text)
    }

    /// Reports the syntax error of each template that has one.
    pub fn syntax_faults(&self, watch: &Watch) -> Vec<Report> {
        let error = |(name, text): (String, String)| {
            let read = Templates::of_others(Format::Plain, [(name, text)], watch, |_| {});
            read.err().and_then(|error| self.report(&error, &[]))
        };
        self.all().filter_map(error).collect()
    }

    /// Reports an error at its location in a template of the folder. `None` if it is not in one.
    /// `known` are the names to suggest for an unknown one.
    pub fn report(&self, error: &RenderError, known: &[String]) -> Option<Report> {
        let source = self.templates.get(error.template.as_deref()?)?;
        let place = place(source, error);
        let mut finding = Diagnostic::new(&codes::BAD_TEMPLATE, place, message(source, error));
        if error.is_undefined() {
            // The first unknown name of the path.
            let is_unknown =
                |word: &&str| !word.is_empty() && !known.iter().any(|name| name == word);
            let word = source.slice(place).split(['.', ' ', '(']).find(is_unknown);
            let similar = word.and_then(|word| nearest(word, known.iter().map(String::as_str)));
            if let Some(similar) = similar {
                finding = finding.help(format!("did you mean `{similar}`?"));
            }
        }
        Some(Report::of(source.clone(), finding))
    }

    /// Reports a file without content, at its template: who removes what is no longer made must never take it for
    /// the result.
    pub fn blank(&self, artifact: &Artifact, template: &str) -> Option<Report> {
        if !artifact.text.trim().is_empty() {
            return None;
        }
        let source = self.templates.get(template).unwrap_or(&self.manifest);
        let message = format!("the file `{}` would be empty", artifact.path);
        let finding = Diagnostic::new(&codes::BAD_TEMPLATE, source.start(), message)
            .help("an empty `path` stands for no file");
        Some(Report::of(source.clone(), finding))
    }

    /// Adds the location to an error in a template of this folder.
    pub fn locate(&self, error: RenderError) -> Failure {
        match self.report(&error, &[]) {
            Some(report) => Failure::Reports(vec![report]),
            None => Failure::Render(error),
        }
    }
}

impl Definition {
    /// Reports the syntax errors of inline templates.
    pub fn syntax_faults(&self, watch: &Watch) -> Vec<Diagnostic> {
        let error = |(name, text, span): (String, String, Span)| {
            let read = Templates::of_others(Format::Plain, [(name, text)], watch, |_| {});
            read.err().map(|error| in_manifest(span, &error))
        };
        self.inline().into_iter().filter_map(error).collect()
    }

    /// The templates in the manifest itself: name, text, and span.
    pub fn inline(&self) -> Vec<(String, String, Span)> {
        let addresses = [(ADDRESS, &self.address), (ADDRESS_WITH_PORT, &self.address_with_port)];
        let addresses = addresses
            .into_iter()
            .map(|(name, text)| (name.to_owned(), text.value.clone(), text.span));
        let paths =
            self.artifacts.iter().enumerate().map(|(at, artifact)| {
                (path_name(at), artifact.path.value.clone(), artifact.path.span)
            });
        addresses.chain(paths).collect()
    }
}

/// The finding for an error of an inline template, at its span in the manifest.
pub fn in_manifest(span: Span, error: &RenderError) -> Diagnostic {
    Diagnostic::new(&codes::BAD_TEMPLATE, span, engine_message(error))
}

/// The span of the expression with the error, else of its line, else of the start of the template.
fn place(source: &Source, error: &RenderError) -> Span {
    let expression = expression(source, error)
        .filter(|range| !range.is_empty() && range.end <= source.text().len());
    expression
        .map(|range| source.span(of_characters(source.text(), range)))
        .or_else(|| error.line.and_then(|line| line_of(source, line)))
        .unwrap_or(source.start())
}

/// A byte range of a text with all of its characters: the engine takes one that it does not expect for one byte.
fn of_characters(text: &str, range: Range<usize>) -> Range<usize> {
    let start = (0..=range.start).rev().find(|at| text.is_char_boundary(*at));
    let end = (range.end..text.len()).find(|at| text.is_char_boundary(*at));
    start.unwrap_or(0)..end.unwrap_or(text.len())
}

/// The byte range of the expression with the error. For an undefined value, the range of the engine
/// lacks the start of the path, or is that of the filter that received the value.
fn expression(source: &Source, error: &RenderError) -> Option<Range<usize>> {
    let range = error.range.clone()?;
    if !error.is_undefined() {
        return Some(range);
    }
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let start = |text: &str| text.trim_end_matches(is_part).len();
    let before = source.text().get(..range.start)?;
    if source.text().get(range.clone())?.starts_with('.') {
        return Some(start(before)..range.end);
    }
    let filtered = before.trim_end().strip_suffix('|').map(str::trim_end);
    let path = filtered.map(|filtered| start(filtered)..filtered.len());
    // A path before another filter is not the argument of this one.
    let is_first = |path: &Range<usize>| {
        let lead = source.text().get(..path.start).unwrap_or_default().trim_end();
        !path.is_empty() && lead.ends_with(['{', '(', ','])
    };
    path.filter(is_first).or(Some(range))
}

/// The span of a line (from 1) without leading and trailing white space.
fn line_of(source: &Source, line: usize) -> Option<Span> {
    let mut start = 0;
    for (at, text) in source.text().split_inclusive('\n').enumerate() {
        if at + 1 == line {
            let lead = text.len() - text.trim_start().len();
            return Some(source.span(start + lead..start + lead + text.trim().len()));
        }
        start += text.len();
    }
    None
}

fn message(source: &Source, error: &RenderError) -> String {
    let Some(range) = expression(source, error).filter(|_| error.is_undefined()) else {
        return engine_message(error);
    };
    let before = source.text().get(..range.start).unwrap_or_default();
    match source.text().get(range).filter(|text| !text.contains('\n')) {
        Some(filter) if before.trim_end().ends_with('|') => {
            format!("undefined value for filter `{filter}`")
        }
        Some(text) => format!("`{}` is undefined", text.trim()),
        None => engine_message(error),
    }
}

/// The message of the engine, without its prefix for errors that filters and functions raise.
fn engine_message(error: &RenderError) -> String {
    if error.is_exhausted() {
        return format!("exceeded the limit of {MAX_STEPS} steps, perhaps in an endless loop");
    }
    let message = error.message.as_str();
    message.strip_prefix("invalid operation: ").unwrap_or(message).to_owned()
}

/// Reports a file that is not well-formed in the format of its path.
pub fn output(artifact: &Artifact, template: &str) -> Option<Report> {
    output_as(Format::of_name(&artifact.path), artifact, template)
}

/// Reports a file that is not well-formed in a format.
pub fn output_as(format: Format, artifact: &Artifact, template: &str) -> Option<Report> {
    let error = well_formed::check(format, &artifact.text)?;
    // The output is not a file yet, which its name shows.
    let source = Source::new(format!("{} (generated)", artifact.path), artifact.text.clone());
    let place = line_of(&source, error.line).unwrap_or(source.start());
    let message =
        format!("`{template}` generates invalid {}: {}", format_name(format), error.message);
    let finding = Diagnostic::new(&codes::BAD_OUTPUT, place, message)
        .help("only values printed with `{{ }}` and without `safe` are quoted");
    Some(Report::of(source, finding))
}

fn format_name(format: Format) -> String {
    format.word().to_uppercase()
}
