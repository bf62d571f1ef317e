//! Compiles a plan to the files of a custom target.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::ControlFlow;
use std::sync::Arc;

use ecow::EcoString;
use minijinja::Value;
use minijinja::value::Serde;
use serde::Serialize;

use super::functions::{self, Remark, Remarks, Subject};
use super::manifest::{Artifact as ArtifactKind, Definition, Per};
use super::model::{Addresses, Model};
use super::template_errors::{
    ADDRESS, ADDRESS_WITH_PORT, Texts, in_manifest, output_as, path_name,
};
use crate::diag::{Diagnostic, Findings, Report, codes};
use crate::path::{self, Fault};
use crate::plan::Plan;
use crate::plan::published::VERSION;
use crate::render::{
    Format, Mark, Origin, Origins, Record, Recorded, RenderError, Templates, Watch, marks_of,
};
use crate::source::{Span, Spanned};
use crate::targets::{Artifact, Failure, Options, names};

/// The inputs of lowering a plan.
pub struct Lowering<'a> {
    /// Its definition in the manifest.
    pub own: &'a Definition,
    /// The files of its folder.
    pub texts: &'a Texts,
    /// The plan.
    pub plan: &'a Plan,
    /// Whether the origins of strings are recorded.
    pub recorded: bool,
    /// Is told which template runs.
    pub watch: &'a Watch,
}

/// The variables of the templates for addresses.
#[derive(Serialize)]
struct Address<'a> {
    id: &'a str,
    name: &'a str,
    appliance: &'a str,
    port: Option<u16>,
}

/// A part of the appliance that has its own file.
struct Part {
    /// The variable for it in templates.
    variable: &'static str,
    value: Value,
    /// Its span in the appliance file.
    span: Span,
}

/// The inputs of rendering the files of one kind.
struct Rendering<'a> {
    kind: &'a ArtifactKind,
    /// The name of the template for their paths.
    path: &'a str,
    inline: &'a Templates,
    templates: &'a Templates,
    model: &'a Model,
    remarks: &'a Remarks,
    /// For rendering once more with the origins of strings, if they are recorded.
    tracing: Option<Tracing<'a>>,
}

/// The inputs of rendering with marks.
struct Tracing<'a> {
    templates: Templates,
    model: &'a Model,
    origins: &'a Origins,
}

/// The files rendered so far.
struct Files {
    artifacts: Vec<Artifact>,
    /// Their paths.
    paths: Paths,
    errors: Errors,
}

/// The errors found while rendering.
#[derive(Default)]
struct Errors {
    /// In templates and in generated files.
    reports: Vec<Report>,
    /// In the manifest.
    manifest: Findings,
}

impl Lowering<'_> {
    /// Returns the files.
    pub fn lower(
        &self,
        options: &Options,
        findings: &mut Findings,
    ) -> Result<Vec<Artifact>, Failure> {
        if !self.check_names(findings) {
            // The file names would have the same errors.
            return Ok(Vec::new());
        }
        let remarks = Remarks::default();
        let inline = self.own.inline().into_iter().map(|(name, text, _)| (name, text));
        let off = Origins::default();
        let inline = self.templates(Format::Plain, inline, &remarks, &off)?;
        let mut errors = Errors::default();
        let addresses = self.addresses(&inline, &mut errors);
        let model = Model::of(self.plan, self.own, &addresses, options, &off);
        let origins =
            Origins::new(if self.recorded { Recorded::Strings } else { Recorded::Nothing });
        let traced =
            self.recorded.then(|| Model::of(self.plan, self.own, &addresses, options, &origins));
        let mut files = Files { artifacts: Vec::new(), paths: BTreeMap::new(), errors };
        let mut by_format: BTreeMap<&str, Templates> = BTreeMap::new();
        for (at, kind) in self.own.artifacts.iter().enumerate() {
            let templates = match by_format.entry(kind.format.word()) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    new.insert(self.templates(kind.format, self.texts.all(), &remarks, &off)?)
                }
            };
            let path = path_name(at);
            let tracing = match &traced {
                Some(model) => Some(self.tracing(kind.format, model, &origins)?),
                None => None,
            };
            let (path, inline, model, remarks) = (&path, &inline, &model, &remarks);
            let rendering = Rendering { kind, path, inline, templates, model, remarks, tracing };
            let mut traced = traced.iter().flat_map(|model| self.parts(kind.per, model));
            for part in self.parts(kind.per, model) {
                let traced = traced.next();
                if self.file(&rendering, &part, traced, &mut files, findings).is_break() {
                    break;
                }
            }
        }
        findings.extend(remarks.take().iter().map(|remark| self.finding(remark)));
        files.end(self.texts)
    }

    /// Renders one file, for a part; `traced` is the same part with origins. Breaks if the other files of
    /// its kind would have the same error.
    fn file(
        &self,
        rendering: &Rendering<'_>,
        part: &Part,
        traced: Option<Part>,
        files: &mut Files,
        findings: &mut Findings,
    ) -> ControlFlow<()> {
        let context = context(rendering.model, part);
        let path = match rendering.inline.render_value(rendering.path, context.clone()) {
            Ok(path) => path,
            Err(error) => {
                files.errors.manifest.push(in_manifest(rendering.kind.path.span, &error));
                return ControlFlow::Break(());
            }
        };
        if path.is_empty() {
            // An empty path means that there is no file for this part.
            return ControlFlow::Continue(());
        }
        if path::fault(&path).is_some()
            && let Some((fault, span)) = self.fault_in_pattern(&rendering.kind.path)
        {
            let message = format!("path `{path}` {fault}");
            let finding = Diagnostic::new(&codes::BAD_PATH, span, message).help(fault.help());
            files.errors.manifest.push(finding);
            return ControlFlow::Break(());
        }
        self.check_path(&path, part.span, &mut files.paths, findings);
        let template = &rendering.kind.template.value;
        let text = match rendering.templates.render_value(template, context) {
            Ok(text) => text,
            Err(error) => {
                self.add_error(&error, rendering.model, &mut files.errors);
                let exhausted = error.is_exhausted();
                return if exhausted { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
            }
        };
        if rendering.remarks.has_rejection() {
            // There will be no file, so that it does not matter what is in it.
            return ControlFlow::Continue(());
        }
        let marks = rendering.tracing.as_ref().zip(traced);
        let marks = marks.and_then(|(tracing, part)| tracing.marks(&text, template, &part));
        // Without marks, the object is known.
        let record = Record { parts: vec![(0, part.span)], marks: marks.unwrap_or_default() };
        let artifact = Artifact { path, text, record };
        let error = self.texts.blank(&artifact, template);
        if let Some(error) = error.or_else(|| output_as(rendering.kind.format, &artifact, template))
        {
            files.errors.reports.push(error);
            return ControlFlow::Break(());
        }
        files.artifacts.push(artifact);
        ControlFlow::Continue(())
    }

    /// Creates the engine for templates that generate a format.
    fn templates(
        &self,
        format: Format,
        texts: impl Iterator<Item = (String, String)>,
        remarks: &Remarks,
        origins: &Origins,
    ) -> Result<Templates, RenderError> {
        let escapes = Arc::new(self.own.escapes.clone());
        Templates::of_others(format, texts, self.watch, |env| {
            functions::install(env, escapes, remarks, origins);
        })
    }

    /// The inputs of rendering files of a format with marks. What its templates remark is dropped.
    fn tracing<'t>(
        &self,
        format: Format,
        model: &'t Model,
        origins: &'t Origins,
    ) -> Result<Tracing<'t>, RenderError> {
        let templates = self.templates(format, self.texts.all(), &Remarks::default(), origins)?;
        Ok(Tracing { templates: templates.marking(origins), model, origins })
    }

    /// Checks the names of the appliance, its containers and its volumes. Returns whether all are
    /// valid.
    fn check_names(&self, findings: &mut Findings) -> bool {
        let mut found = Findings::new();
        let Plan { id, containers, volumes, start_order: _, uses: _ } = self.plan;
        let containers = containers.iter().map(|container| &container.id).collect();
        let volumes = volumes.iter().map(|volume| &volume.id).collect();
        for (what, ids) in [("appliance", vec![id]), ("container", containers), ("volume", volumes)]
        {
            self.check_names_of(what, &ids, &mut found);
        }
        let valid = !found.has_errors();
        findings.extend(found);
        valid
    }

    fn check_names_of(&self, what: &str, ids: &[&Spanned<EcoString>], findings: &mut Findings) {
        let rules = &self.own.names;
        let named = ids.iter().map(|id| (*id, rules.clean(&id.value)));
        names::check(what, rules.longest, named, findings);
        let Some(pattern) = &rules.pattern else { return };
        for id in ids {
            let name = rules.clean(&id.value);
            if !name.is_empty() && !pattern.regex.is_match(&name) {
                let message = format!("invalid {what} name `{name}`");
                findings.push(
                    Diagnostic::new(&codes::BAD_NAME, id.span, message)
                        .help(format!("a name must match `{}`", pattern.text)),
                );
            }
        }
    }

    /// The addresses for all references of the appliance.
    fn addresses(&self, inline: &Templates, errors: &mut Errors) -> Addresses {
        let appliance = self.own.names.clean(&self.plan.id.value);
        let mut addresses = Addresses::new();
        for reference in self.plan.containers.iter().flat_map(|from| from.references()) {
            let (to, port) = (reference.to(), reference.port);
            if addresses.contains_key(&(to, port)) {
                continue;
            }
            let id = self.plan.container_id(to);
            let name = self.own.names.clean(id);
            let (template, place) = match port {
                None => (ADDRESS, self.own.address.span),
                Some(_) => (ADDRESS_WITH_PORT, self.own.address_with_port.span),
            };
            let model = Address { id, name: &name, appliance: &appliance, port };
            match inline.render_value(template, Value::from(Serde(model))) {
                Ok(address) => {
                    addresses.insert((to, port), address);
                }
                Err(error) => {
                    errors.manifest.push(in_manifest(place, &error));
                    break;
                }
            }
        }
        addresses
    }

    /// The parts of the appliance that have a file of this kind.
    fn parts(&self, per: Per, model: &Model) -> Vec<Part> {
        let containers = || {
            let containers = self.plan.containers.iter().zip(&model.containers);
            containers
                .map(|(container, value)| (container, part("container", value, container.id.span)))
        };
        match per {
            Per::Appliance => vec![part("appliance", &model.appliance, self.plan.id.span)],
            Per::Container => containers().map(|(_, part)| part).collect(),
            Per::Service => containers()
                .filter(|(container, _)| container.job().is_none())
                .map(|(_, part)| part)
                .collect(),
            Per::Job => containers()
                .filter(|(container, _)| container.job().is_some())
                .map(|(_, part)| part)
                .collect(),
            Per::Volume => self
                .plan
                .volumes
                .iter()
                .zip(&model.volumes)
                .map(|(volume, value)| part("volume", value, volume.id.span))
                .collect(),
        }
    }

    /// What is wrong with a path in the manifest whatever its templates print, and where.
    fn fault_in_pattern(&self, path: &Spanned<String>) -> Option<(Fault, Span)> {
        let plain = without_templates(&path.value);
        let mut start = 0;
        for part in plain.split('/') {
            let fault = path::fault(part)
                .filter(|fault| !matches!(fault, Fault::LongName(_) | Fault::LongPath(_)));
            let Some(fault) = fault else {
                start += part.len() + 1;
                continue;
            };
            // Of an empty part, the separator shows.
            let from = start.min(path.value.len().saturating_sub(1));
            let written = self.texts.manifest.slice(path.span);
            let is_plain = written.get(1..).is_some_and(|text| text.starts_with(&path.value));
            let span = match u32::try_from(from + 1) {
                Ok(from) if is_plain => {
                    let start = path.span.start.saturating_add(from);
                    let length = u32::try_from(part.len().max(1)).unwrap_or(1);
                    Span { start, end: start.saturating_add(length) }
                }
                _ => path.span,
            };
            return Some((fault, span));
        }
        None
    }

    /// Checks that a path is one that all systems can have, inside the output folder and unique.
    fn check_path(&self, path: &str, span: Span, paths: &mut Paths, findings: &mut Findings) {
        match path::fault(path) {
            // Too long a name is that of an id.
            None | Some(Fault::LongName(_) | Fault::LongPath(_)) => {}
            Some(fault) => {
                let message = format!("path `{path}` {fault}");
                findings.push(Diagnostic::new(&codes::BAD_PATH, span, message).help(fault.help()));
                return;
            }
        }
        findings.extend(names::check_file(path, span));
        if let Some((first, message)) = clash(path, paths) {
            findings.push(
                Diagnostic::new(&codes::BAD_PATH, span, message).also(first, "first used here"),
            );
        } else {
            paths.insert(path::folded(path), (path.to_owned(), span));
        }
    }

    /// Adds an error of a template, unless the same one was added before.
    fn add_error(&self, error: &RenderError, model: &Model, errors: &mut Errors) {
        let Some(report) = self.texts.report(error, &model.field_names()) else {
            let place = self.texts.manifest.start();
            errors.manifest.push(in_manifest(place, error));
            return;
        };
        let known = errors.reports.iter().any(|other| {
            other.source.name() == report.source.name() && other.diagnostics == report.diagnostics
        });
        if !known {
            errors.reports.push(report);
        }
    }

    /// The finding for a remark of a template.
    fn finding(&self, remark: &Remark) -> Diagnostic {
        let Plan { id, containers, volumes, start_order: _, uses: _ } = self.plan;
        let place = match &remark.subject {
            Subject::Appliance => Some(id),
            Subject::Container(about) => {
                containers.iter().map(|container| &container.id).find(|id| id.value == *about)
            }
            Subject::Volume(about) => {
                volumes.iter().map(|volume| &volume.id).find(|id| id.value == *about)
            }
        };
        let code = if remark.rejected { &codes::NOT_CARRIED } else { &codes::APPROXIMATED };
        let message = remark.message.as_str();
        Diagnostic::new(code, place.unwrap_or(id).span, message)
    }
}

impl Tracing<'_> {
    /// The ranges of the text of a part that strings with a known origin gave.
    fn marks(&self, text: &str, template: &str, part: &Part) -> Option<Vec<Mark>> {
        let known = self.origins.strings();
        let context = context(self.model, part);
        let marks = marks_of(text, &self.templates, template, context, self.origins);
        self.origins.forget_strings(known);
        let mut marks = marks?;
        // An option belongs to the object that is written with it.
        let mut owner = part.span;
        for mark in &mut marks {
            match mark.from {
                Origin::Option(..) => mark.owner = owner,
                _ => owner = mark.owner,
            }
        }
        Some(marks)
    }
}

impl Files {
    /// Returns the files, or the errors if there are any.
    fn end(self, texts: &Texts) -> Result<Vec<Artifact>, Failure> {
        let Errors { mut reports, manifest: findings } = self.errors;
        if !findings.is_empty() {
            reports.insert(0, Report::new(texts.manifest.clone(), findings));
        }
        if reports.is_empty() { Ok(self.artifacts) } else { Err(Failure::Reports(reports)) }
    }
}

/// The variables of a template.
fn context(model: &Model, part: &Part) -> Value {
    Value::from(BTreeMap::from([
        ("version", Value::from(VERSION)),
        ("appliance", model.appliance.clone()),
        ("options", model.options.clone()),
        (part.variable, part.value.clone()),
    ]))
}

fn part(variable: &'static str, value: &Value, span: Span) -> Part {
    Part { variable, value: value.clone(), span }
}

/// Paths, as [`path::folded`] writes them, with themselves and the span of the part that each is for.
type Paths = BTreeMap<String, (String, Span)>;

/// The place of a file that has the same path as another one on some systems, or is a folder of it, and what is wrong.
fn clash(path: &str, known: &Paths) -> Option<(Span, String)> {
    let folded = path::folded(path);
    if let Some((other, span)) = known.get(&folded) {
        let message = match other == path {
            true => format!("duplicate file path `{path}`"),
            false => {
                format!("some file systems do not tell the paths `{other}` and `{path}` apart")
            }
        };
        return Some((*span, message));
    }
    let folder = path::folders(&folded).find_map(|folder| known.get(folder));
    if let Some((folder, span)) = folder {
        return Some((*span, format!("path `{path}` leads through the file `{folder}`")));
    }
    let below = format!("{folded}/");
    let (next, (file, span)) = known.range(below.clone()..).next()?;
    let is_below = next.starts_with(&below);
    is_below.then(|| (*span, format!("path `{path}` is a folder of the file `{file}`")))
}

/// A text with letters in place of its templates, so that the rest stays where it is.
fn without_templates(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = ["{{", "{%", "{#"].iter().filter_map(|it| rest.find(it)).min() {
        let (before, template) = rest.split_at(open);
        let close = match template.as_bytes().get(1) {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            _ => "#}",
        };
        let end = template.find(close).map_or(template.len(), |at| at + close.len());
        plain.push_str(before);
        plain.push_str(&"x".repeat(end));
        rest = template.get(end..).unwrap_or_default();
    }
    plain + rest
}
