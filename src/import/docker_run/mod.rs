//! `docker run` lines, as people paste them: each becomes a service of a Compose file, which is imported.

mod command;
mod nodes;
mod options;
mod reader;
mod shell;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::Options;
use super::budget::Budget;
use super::compose;
use super::draft::Object as Draft;
use super::told::Told;
use crate::diag::{Diagnostic, Findings, codes};
use crate::elsewhere::scalars::{self, list, present};
use crate::source::{Source, Span, Spanned};
use crate::syntax::Member;

use command::Kind;
use nodes::{array, boolean, member, object, string, text};
use reader::{Places, Reader, Written, folder};
use shell::{Shell, Word};

/// The names of the containers so far.
#[derive(Default)]
struct Names {
    taken: BTreeSet<String>,
    /// The number that is tried next behind a name that is taken.
    next: BTreeMap<String, usize>,
}

impl Names {
    /// A name that no container has yet, and that is taken from now on: this one, or with a number behind it.
    fn free(&mut self, base: &str) -> String {
        let mut name = base.to_owned();
        let next = self.next.entry(name.clone()).or_insert(2);
        while !self.taken.insert(name.clone()) {
            name = format!("{base}-{next}");
            *next += 1;
        }
        name
    }
}

/// Imports the lines. `None` if there is nothing to import.
pub fn import(source: &Source, options: &Options<'_>, findings: &mut Findings) -> Option<Draft> {
    let budget = Budget::new();
    let variables = compose::variables(source, options, &budget, findings);
    let mut shell = Shell::new(source, variables, &budget);
    let mut services: Vec<Member> = Vec::new();
    let mut names = Names::default();
    let mut written = Vec::new();
    while let Some(command) = shell.next(findings) {
        let mut told = Told(findings);
        match command::kind(&command.words) {
            Kind::Run(words) => {
                let mut reader = Reader::new(&shell, &command.assigned);
                let rest = reader.options(words, &mut told);
                written.extend(reader.written());
                services.extend(service(words, rest, reader, &mut names, &mut told));
            }
            Kind::Other(words) => command::report(words, &mut told),
        }
    }
    if services.is_empty() {
        if !findings.has_errors() {
            let place = Span::at(source.content_start());
            findings.push(Diagnostic::new(&codes::NOT_IMPORTED, place, "no `docker run` line"));
        }
        return None;
    }
    let span = Span::at(source.content_start());
    let secrets = secrets(&services);
    let mut members = vec![member(span, "services", object(span, services))];
    if !secrets.is_empty() {
        members.push(member(span, "secrets", object(span, secrets)));
    }
    let tree = object(span, members);
    let variables = shell.variables().clone();
    let draft = compose::import_tree(source, &tree, variables, options, &budget, findings);
    name_options(findings, &written);
    draft
}

/// Lets findings that name a field of Compose name the option that was written instead.
fn name_options(findings: &mut Findings, written: &[Written]) {
    let written = Places::new(written);
    for finding in findings.iter_mut() {
        let Some((field, rest)) =
            finding.message.strip_prefix('`').and_then(|text| text.split_once('`'))
        else {
            continue;
        };
        if !rest.starts_with(" is left out") {
            continue;
        }
        if let Some(option) = written.find(field, finding.primary.span) {
            finding.message = format!("`{option}`{rest}");
        }
    }
}

/// The secrets that services use, which exist outside the lines.
fn secrets(services: &[Member]) -> Vec<Member> {
    let mut all: Vec<Member> = Vec::new();
    let mut known = BTreeSet::new();
    for service in services.iter().filter_map(|service| service.value.as_object()) {
        for used in present(service, "secrets").map(list).unwrap_or_default() {
            let source = used.as_object().and_then(|of| present(of, "source"));
            let Some(name) = source.and_then(scalars::text) else { continue };
            if known.insert(name.clone()) {
                let external = member(used.span, "external", boolean(used.span, true));
                all.push(member(used.span, &name, object(used.span, vec![external])));
            }
        }
    }
    all
}

/// The service for the words behind `docker run`, of which `rest` are those behind its options.
fn service(
    words: &[Word],
    rest: &[Word],
    mut reader: Reader<'_>,
    names: &mut Names,
    told: &mut Told<'_>,
) -> Option<Member> {
    let Some((image, command)) = rest.split_first() else {
        let place = words.last().map_or_else(|| Span::at(0), |word| word.span);
        told.push(
            Diagnostic::new(&codes::NOT_IMPORTED, place, "no image")
                .help("the image is the first word that is not an option; `\\` joins lines"),
        );
        return None;
    };
    if image.text.starts_with(['–', '—']) {
        told.refuse(image.span, format!("`{}` begins with a dash that is not `-`", image.text));
        return None;
    }
    let name = match reader.name.take() {
        Some(name) if !names.taken.insert(name.value.clone()) => {
            told.refuse(name.span, format!("`{}` is the name of two containers", name.value));
            return None;
        }
        Some(name) => name,
        None => {
            let base = image.text.rsplit('/').next().unwrap_or_default();
            let base = base.split([':', '@']).next().unwrap_or_default();
            Spanned::new(names.free(base), image.span)
        }
    };
    reader.set("image", image.span, text(image));
    if let [first, .., last] | [first @ last] = command {
        let span = first.span.to(last.span);
        command.iter().for_each(|word| folder(word, told));
        reader.set("command", span, array(span, command.iter().map(text).collect()));
    }
    if reader.is_job() {
        let span = image.span;
        told.push(
            Diagnostic::new(
                &codes::IMPORT_CHOICE,
                span,
                "a job: it runs in the foreground, and is removed at its end",
            )
            .help("make it a service if it is to go on running: `type: service`"),
        );
        reader.merge("deploy", span, member(span, "mode", string(span, "replicated-job")));
    }
    Some(member(name.span, &name.value, object(name.span, reader.fields(name.span))))
}
