//! Findings as the protocol has them, and which of them the client has.

use std::collections::{BTreeMap, HashSet};

use applc::diag::{Diagnostic, Level, Report, codes};
use applc::source::{Source, Span};
use gen_lsp_types as lsp;

use crate::client::Client;
use crate::features::explain;
use crate::files::Open;
use crate::position::Lines;
use crate::uri;

/// What findings are about, so that they are replaced together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// The project files and the custom targets of a folder.
    Project(String),
    /// An appliance.
    Appliance(String),
    /// The custom target in a folder.
    Target(String),
    /// All appliances of the project in a folder, as they are compared.
    Whole(String),
}

/// The findings by file.
pub type Found = BTreeMap<String, Vec<lsp::Diagnostic>>;

/// The findings that are known, and those that the client has.
#[derive(Default)]
pub struct Published {
    known: BTreeMap<About, Found>,
    sent: Found,
}

impl Published {
    /// What has findings.
    pub fn subjects(&self) -> impl Iterator<Item = &About> {
        self.known.keys()
    }

    /// Replaces the findings about something, and returns those of each file in which they differ.
    pub fn replace(&mut self, about: About, found: Found) -> Vec<(String, Vec<lsp::Diagnostic>)> {
        let mut files: Vec<String> = found.keys().cloned().collect();
        let before = match found.is_empty() {
            true => self.known.remove(&about),
            false => self.known.insert(about, found),
        };
        files.extend(before.into_iter().flatten().map(|(file, _)| file));
        files.sort();
        files.dedup();
        let mut changed = Vec::new();
        for file in files {
            let now = self.of(&file);
            if self.sent.get(&file).map_or(&[][..], Vec::as_slice) == now {
                continue;
            }
            match now.is_empty() {
                true => self.sent.remove(&file),
                false => self.sent.insert(file.clone(), now.clone()),
            };
            changed.push((file, now));
        }
        changed
    }

    /// The findings in a file, each once: environments and appliances share files. The help may differ, such as for a
    /// container that an overlay changes.
    fn of(&self, file: &str) -> Vec<lsp::Diagnostic> {
        let mut seen = HashSet::new();
        let all = self.known.values().filter_map(|found| found.get(file)).flatten();
        let is_new = |one: &&lsp::Diagnostic| {
            seen.insert((one.range, one.code.clone(), headline(&one.message).to_owned()))
        };
        all.filter(is_new).cloned().collect()
    }
}

/// Places in files as the protocol has them. The lines of files that are not open are found once.
pub struct Places<'a> {
    open: &'a Open,
    client: &'a Client,
    made: BTreeMap<String, Lines>,
}

impl<'a> Places<'a> {
    /// Places for a client.
    pub fn new(open: &'a Open, client: &'a Client) -> Places<'a> {
        Places { open, client, made: BTreeMap::new() }
    }

    /// The range of a span of a source.
    pub fn range(&mut self, source: &Source, span: Span) -> lsp::Range {
        let (text, range, encoding) = (source.text(), source.range(span), self.client.encoding);
        let document = self.open.documents().get(source.name());
        // The analysis has the text of the document, unless it is an older one.
        if let Some(document) = document.filter(|open| std::ptr::eq(open.source().text(), text)) {
            return document.lines().range(text, range, encoding);
        }
        let lines = self.made.entry(source.name().to_owned()).or_insert_with(|| Lines::of(text));
        lines.range(text, range, encoding)
    }

    /// The place of a span of a source.
    pub fn location(&mut self, source: &Source, span: Span) -> lsp::Location {
        lsp::Location { uri: uri_of(self.open, source.name()), range: self.range(source, span) }
    }

    /// Findings by file.
    pub fn found<'r>(&mut self, reports: impl IntoIterator<Item = &'r Report>) -> Found {
        let mut found = Found::new();
        for report in reports {
            for one in &report.diagnostics {
                let file = report.source_of(one.primary.span).name().to_owned();
                let one = self.diagnostic(report, one);
                found.entry(file).or_default().push(one);
            }
        }
        found
    }

    /// A finding.
    pub fn diagnostic(&mut self, report: &Report, found: &Diagnostic) -> lsp::Diagnostic {
        let labels = if self.client.related { found.secondary.as_slice() } else { &[] };
        let related = labels.iter().map(|label| lsp::DiagnosticRelatedInformation {
            location: self.location(report.source_of(label.span), label.span),
            message: label.text.clone(),
        });
        let related: Vec<_> = related.collect();
        let page = explain::uri(found.code);
        lsp::Diagnostic {
            range: self.range(report.source_of(found.primary.span), found.primary.span),
            severity: Some(severity(found.level)),
            code: Some(found.code.id.to_owned().into()),
            code_description: (self.client.code_description && self.client.shows_content)
                .then_some(lsp::CodeDescription { href: page }),
            source: Some(SOURCE.to_owned()),
            message: message(found).into(),
            tags: tag(found).filter(|_| self.client.tags).map(|tag| vec![tag]),
            related_information: (!related.is_empty()).then_some(related),
            data: None,
        }
    }
}

/// The name of the server at its findings.
pub const SOURCE: &str = "applc";

/// The URI of a file: as its client writes it, if it is open.
pub fn uri_of(open: &Open, path: &str) -> lsp::Uri {
    open.documents().get(path).map_or_else(|| uri::of_path(path), |document| document.uri.clone())
}

/// All that a finding says: its message, the label of its place, and help.
pub fn message(found: &Diagnostic) -> String {
    let mut text = found.text().into_owned();
    if !found.primary.text.is_empty() {
        text.push_str(&format!("\n{}", found.primary.text));
    }
    for help in &found.help {
        text.push_str(&format!("\nhelp: {help}"));
    }
    text
}

/// What a finding says first, without the label of its place and help.
fn headline(message: &lsp::Message) -> &str {
    let text = match message {
        lsp::Message::String(text) => text,
        lsp::Message::MarkupContent(markup) => &markup.value,
    };
    text.lines().next().unwrap_or_default()
}

fn severity(level: Level) -> lsp::DiagnosticSeverity {
    match level {
        Level::Error => lsp::DiagnosticSeverity::Error,
        Level::Warning => lsp::DiagnosticSeverity::Warning,
        Level::Hint => lsp::DiagnosticSeverity::Hint,
    }
}

/// How editors show what a finding is about: faded, or struck through.
fn tag(found: &Diagnostic) -> Option<lsp::DiagnosticTag> {
    let unused = [&codes::UNUSED_VOLUME, &codes::UNUSED_TEMPLATE, &codes::UNUSED_IMAGE];
    if unused.contains(&found.code) {
        Some(lsp::DiagnosticTag::Unnecessary)
    } else if found.code == &codes::OBSOLETE_FIELD {
        Some(lsp::DiagnosticTag::Deprecated)
    } else {
        None
    }
}
