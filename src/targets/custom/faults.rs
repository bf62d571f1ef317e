//! Faults of templates, shown where they stand.

use std::collections::BTreeMap;
use std::ops::Range;

use super::manifest::Own;
use super::well_formed;
use crate::diag::{Diagnostic, Report, codes, nearest};
use crate::render::{Format, MAX_STEPS, RenderError, Templates};
use crate::source::{Source, Span};
use crate::targets::{Artifact, Failure};

/// The texts of a folder.
pub struct Texts {
    /// `target.toml`.
    pub manifest: Source,
    /// The templates by their paths in the folder.
    pub templates: BTreeMap<String, Source>,
}

/// The names of the templates that stand in the manifest.
pub const ADDRESS: &str = "[references] address";
/// See [`ADDRESS`].
pub const ADDRESS_WITH_PORT: &str = "[references] address-with-port";

/// The name of the template that makes the paths of an artifact.
pub fn path_name(artifact: usize) -> String {
    format!("[[artifacts]] {} path", artifact + 1)
}

impl Texts {
    /// All templates as the engine takes them.
    pub fn all(&self) -> impl Iterator<Item = (String, String)> {
        let text = |(name, source): (&String, &Source)| (name.clone(), source.text().to_owned());
        self.templates.iter().map(text)
    }

    /// A report for each template that the engine cannot read.
    pub fn syntax_faults(&self) -> Vec<Report> {
        let fault = |(name, text): (String, String)| {
            let read = Templates::of_others(Format::Plain, [(name, text)], |_| {});
            read.err().and_then(|error| self.report(&error, &[]))
        };
        self.all().filter_map(fault).collect()
    }

    /// What is wrong with a template of the folder, at its place. `known` are names that
    /// could be meant by one that does not exist.
    pub fn report(&self, error: &RenderError, known: &[String]) -> Option<Report> {
        let source = self.templates.get(error.template.as_deref()?)?;
        let place = place(source, error);
        let mut finding = Diagnostic::new(&codes::BAD_TEMPLATE, place, message(source, error));
        if error.is_undefined() {
            // The first word that nothing is called.
            let is_unknown =
                |word: &&str| !word.is_empty() && !known.iter().any(|name| name == word);
            let word = source.slice(place).split(['.', ' ', '(']).find(is_unknown);
            let near = word.and_then(|word| nearest(word, known.iter().map(String::as_str)));
            if let Some(near) = near {
                finding = finding.help(format!("did you mean `{near}`?"));
            }
        }
        Some(Report { source: source.clone(), diagnostics: vec![finding] })
    }

    /// A failure with the faults of this folder's templates at their places.
    pub fn explain(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Render(error) => match self.report(&error, &[]) {
                Some(report) => Failure::Reports(vec![report]),
                None => Failure::Render(error),
            },
            reports @ Failure::Reports(_) => reports,
        }
    }
}

impl Own {
    /// What is wrong with the templates that stand in the manifest.
    pub fn syntax_faults(&self) -> Vec<Diagnostic> {
        let fault = |(name, text, span): (String, String, Span)| {
            let read = Templates::of_others(Format::Plain, [(name, text)], |_| {});
            read.err().map(|error| in_manifest(span, &error))
        };
        self.inline().into_iter().filter_map(fault).collect()
    }

    /// The templates that stand in the manifest: name, text, and place there.
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

/// A fault of a template that stands in the manifest.
pub fn in_manifest(span: Span, error: &RenderError) -> Diagnostic {
    Diagnostic::new(&codes::BAD_TEMPLATE, span, words_of(error))
}

/// The expression that is at fault, else its line, else the start of the template.
fn place(source: &Source, error: &RenderError) -> Span {
    let expression = expression(source, error).map(|range| Span::new(range.start, range.end));
    let inside = |span: &Span| !span.range().is_empty() && span.range().end <= source.text().len();
    expression
        .filter(inside)
        .or_else(|| error.line.and_then(|line| line_of(source, line)))
        .unwrap_or(Span::at(source.content_start()))
}

/// The bytes of the expression that is at fault. Where something does not exist, the engine
/// leaves out the start of a path of names, or points at the filter that was given it.
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
    // Behind another filter it is not the path that was given.
    let is_first = |path: &Range<usize>| {
        let lead = source.text().get(..path.start).unwrap_or_default().trim_end();
        !path.is_empty() && lead.ends_with(['{', '(', ','])
    };
    path.filter(is_first).or(Some(range))
}

/// A line without the white space around it.
fn line_of(source: &Source, line: usize) -> Option<Span> {
    let mut start = 0;
    for (at, text) in source.text().split_inclusive('\n').enumerate() {
        if at + 1 == line {
            let lead = text.len() - text.trim_start().len();
            return Some(Span::new(start + lead, start + lead + text.trim().len()));
        }
        start += text.len();
    }
    None
}

fn message(source: &Source, error: &RenderError) -> String {
    let Some(range) = expression(source, error).filter(|_| error.is_undefined()) else {
        return words_of(error);
    };
    let before = source.text().get(..range.start).unwrap_or_default();
    match source.text().get(range).filter(|text| !text.contains('\n')) {
        Some(filter) if before.trim_end().ends_with('|') => {
            format!("`{filter}` is given something that does not exist")
        }
        Some(text) => format!("`{}` does not exist", text.trim()),
        None => words_of(error),
    }
}

/// The engine's words, without its name for what filters and functions raise.
fn words_of(error: &RenderError) -> String {
    if error.is_exhausted() {
        return format!("it takes more than {MAX_STEPS} steps: is there a loop without end?");
    }
    let said = error.message.as_str();
    said.strip_prefix("invalid operation: ").unwrap_or(said).to_owned()
}

/// A file that is not well-formed in the format of its path.
pub fn output(artifact: &Artifact, template: &str) -> Option<Report> {
    output_as(Format::of_name(&artifact.path), artifact, template)
}

/// A file that is not well-formed in a format.
pub fn output_as(format: Format, artifact: &Artifact, template: &str) -> Option<Report> {
    let fault = well_formed::check(format, &artifact.text)?;
    // What was made is no file yet; its name says where it comes from.
    let source = Source::new(format!("{} (made)", artifact.path), artifact.text.clone());
    let place = line_of(&source, fault.line).unwrap_or(Span::at(0));
    let message =
        format!("`{template}` made {} that is not well-formed: {}", words(format), fault.message);
    let finding = Diagnostic::new(&codes::BAD_OUTPUT, place, message)
        .help("values are quoted only where they are printed with `{{ }}` and not marked `safe`");
    Some(Report { source, diagnostics: vec![finding] })
}

fn words(format: Format) -> String {
    format.word().to_uppercase()
}
