//! A plan to the files of a custom target.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::ControlFlow;
use std::path::{Component, Path};
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::Serde;
use serde::Serialize;

use super::faults::{ADDRESS, ADDRESS_WITH_PORT, Texts, in_manifest, output_as, path_name};
use super::functions::{self, Remark, Remarks, Subject};
use super::manifest::{Artifact as ArtifactKind, Own, Per};
use super::model::{Addresses, Model};
use crate::diag::{Diagnostic, Report, codes, has_errors};
use crate::plan::published::VERSION;
use crate::plan::{Plan, Reference};
use crate::render::{Format, RenderError, Templates};
use crate::source::{Span, Spanned};
use crate::targets::{Artifact, Failure, Options, names};

/// What a plan is lowered with.
pub struct Scope<'a> {
    /// The target's name.
    pub target: &'a str,
    /// What its manifest says.
    pub own: &'a Own,
    /// The texts of its folder.
    pub texts: &'a Texts,
    /// The plan.
    pub plan: &'a Plan,
}

/// The variables of the templates that spell a reference.
#[derive(Serialize)]
struct Address<'a> {
    id: &'a str,
    name: &'a str,
    appliance: &'a str,
    port: Option<u16>,
}

/// A part of the appliance that a file is made for.
struct Subpart {
    /// What it is called in templates.
    variable: &'static str,
    value: Value,
    /// Where it is written.
    span: Span,
}

/// What the files of one kind are made with.
struct Job<'a> {
    kind: &'a ArtifactKind,
    /// The name of the template that makes their paths.
    path: &'a str,
    inline: &'a Templates,
    templates: &'a Templates,
    model: &'a Model,
}

/// What was made so far.
struct Files {
    artifacts: Vec<Artifact>,
    /// Their paths, and for what they were made.
    paths: BTreeMap<String, Span>,
    trouble: Trouble,
}

/// What was wrong while files were made.
#[derive(Default)]
struct Trouble {
    /// In templates and in what they made.
    reports: Vec<Report>,
    /// In the manifest.
    manifest: Vec<Diagnostic>,
}

impl Scope<'_> {
    /// Makes the files.
    pub fn lower(
        &self,
        options: &Options,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<Vec<Artifact>, Failure> {
        if !self.check_names(diagnostics) {
            // What is made would have the same faults again, in the names of files too.
            return Ok(Vec::new());
        }
        let remarks = Remarks::default();
        let inline = self.own.inline().into_iter().map(|(name, text, _)| (name, text));
        let inline = self.templates(Format::Plain, inline, &remarks)?;
        let mut trouble = Trouble::default();
        let addresses = self.addresses(&inline, &mut trouble);
        let model = Model::of(self.plan, self.own, &addresses, options);
        let mut files = Files { artifacts: Vec::new(), paths: BTreeMap::new(), trouble };
        let mut by_format: BTreeMap<&str, Templates> = BTreeMap::new();
        for (at, kind) in self.own.artifacts.iter().enumerate() {
            let templates = match by_format.entry(kind.format.word()) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    new.insert(self.templates(kind.format, self.texts.all(), &remarks)?)
                }
            };
            let path = path_name(at);
            let job = Job { kind, path: &path, inline: &inline, templates, model: &model };
            for part in self.parts(kind.per, &model) {
                if self.file(&job, &part, &mut files, diagnostics).is_break() {
                    break;
                }
            }
        }
        diagnostics.extend(remarks.take().iter().map(|remark| self.finding(remark)));
        files.end(self.texts)
    }

    /// Makes one file. Breaks where the others of its kind would have the same fault.
    fn file(
        &self,
        job: &Job<'_>,
        part: &Subpart,
        files: &mut Files,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> ControlFlow<()> {
        let context = context(job.model, part);
        let path = match job.inline.render_value(job.path, context.clone()) {
            Ok(path) => path,
            Err(error) => {
                files.trouble.manifest.push(in_manifest(job.kind.path.span, &error));
                return ControlFlow::Break(());
            }
        };
        if path.is_empty() {
            // So a manifest says that there is no such file here.
            return ControlFlow::Continue(());
        }
        self.check_path(&path, part.span, &mut files.paths, diagnostics);
        let template = &job.kind.template.value;
        let text = match job.templates.render_value(template, context) {
            Ok(text) => text,
            Err(error) => {
                self.blame(&error, job.model, &mut files.trouble);
                let exhausted = error.is_exhausted();
                return if exhausted { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
            }
        };
        let artifact = Artifact { path, text };
        if let Some(fault) = output_as(job.kind.format, &artifact, template) {
            files.trouble.reports.push(fault);
            return ControlFlow::Break(());
        }
        files.artifacts.push(artifact);
        ControlFlow::Continue(())
    }

    /// Templates of the folder that make text of a format.
    fn templates(
        &self,
        format: Format,
        texts: impl Iterator<Item = (String, String)>,
        remarks: &Remarks,
    ) -> Result<Templates, RenderError> {
        let escapes = Arc::new(self.own.escapes.clone());
        Templates::of_others(format, texts, |env| functions::install(env, escapes, remarks))
    }

    /// Checks the names of the appliance, its containers and its volumes; false where one
    /// cannot be used.
    fn check_names(&self, diagnostics: &mut Vec<Diagnostic>) -> bool {
        let mut found = Vec::new();
        let Plan { id, containers, volumes, start_order: _, uses: _ } = self.plan;
        let containers = containers.iter().map(|container| &container.id).collect();
        let volumes = volumes.iter().map(|volume| &volume.id).collect();
        for (what, ids) in [("appliance", vec![id]), ("container", containers), ("volume", volumes)]
        {
            self.check_names_of(what, &ids, &mut found);
        }
        let usable = !has_errors(&found);
        diagnostics.append(&mut found);
        usable
    }

    fn check_names_of(
        &self,
        what: &str,
        ids: &[&Spanned<String>],
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let rules = &self.own.names;
        let named = ids.iter().map(|id| (*id, rules.clean(&id.value)));
        names::check(self.target, what, rules.longest, named, diagnostics);
        let Some(pattern) = &rules.pattern else { return };
        for id in ids {
            let name = rules.clean(&id.value);
            if !name.is_empty() && !pattern.regex.is_match(&name) {
                let message = format!("{}: `{name}` cannot be the name of a {what}", self.target);
                diagnostics.push(
                    Diagnostic::new(&codes::BAD_NAME, id.span, message)
                        .help(format!("a name matches `{}`", pattern.text)),
                );
            }
        }
    }

    /// How each reference of the appliance is spelled.
    fn addresses(&self, inline: &Templates, trouble: &mut Trouble) -> Addresses {
        let appliance = self.own.names.clean(&self.plan.id.value);
        let mut addresses = Addresses::new();
        for reference in self.plan.containers.iter().flat_map(|from| from.references()) {
            let Reference { to, port, span: _ } = *reference;
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
                    trouble.manifest.push(in_manifest(place, &error));
                    break;
                }
            }
        }
        addresses
    }

    /// The parts of the appliance that there is a file for.
    fn parts(&self, per: Per, model: &Model) -> Vec<Subpart> {
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

    /// A path stays below the output folder, and is that of one file.
    fn check_path(
        &self,
        path: &str,
        span: Span,
        paths: &mut BTreeMap<String, Span>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let normal = |part| matches!(part, Component::Normal(_));
        let is_inside = !path.contains(['\\', ':'])
            && !path.chars().any(char::is_control)
            && !path.ends_with('/')
            && Path::new(path).components().all(normal);
        if !is_inside {
            let message =
                format!("{}: `{path}` is not a path below the output folder", self.target);
            diagnostics.push(
                Diagnostic::new(&codes::BAD_PATH, span, message)
                    .help("it has no empty, `.` or `..` part, and neither `\\` nor `:`"),
            );
        } else if let Some(first) = paths.insert(path.to_owned(), span) {
            let message = format!("{}: two files would be written to `{path}`", self.target);
            diagnostics.push(
                Diagnostic::new(&codes::BAD_PATH, span, message).also(first, "the other one"),
            );
        }
    }

    /// A fault of a template, once for each place in it.
    fn blame(&self, error: &RenderError, model: &Model, trouble: &mut Trouble) {
        let Some(report) = self.texts.report(error, &model.field_names()) else {
            let place = Span::at(self.texts.manifest.content_start());
            trouble.manifest.push(in_manifest(place, error));
            return;
        };
        let known = trouble.reports.iter().any(|other| {
            other.source.name() == report.source.name() && other.diagnostics == report.diagnostics
        });
        if !known {
            trouble.reports.push(report);
        }
    }

    /// What a template said, at the place it is about.
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
        let message = format!("{}: {}", self.target, remark.message);
        Diagnostic::new(code, place.unwrap_or(id).span, message)
    }
}

impl Files {
    /// The files, unless there was trouble.
    fn end(self, texts: &Texts) -> Result<Vec<Artifact>, Failure> {
        let Trouble { mut reports, manifest: mut diagnostics } = self.trouble;
        if !diagnostics.is_empty() {
            crate::diag::sort(&mut diagnostics);
            reports.insert(0, Report { source: texts.manifest.clone(), diagnostics });
        }
        if reports.is_empty() { Ok(self.artifacts) } else { Err(Failure::Reports(reports)) }
    }
}

/// The variables of a template.
fn context(model: &Model, part: &Subpart) -> Value {
    Value::from(BTreeMap::from([
        ("version", Value::from(VERSION)),
        ("appliance", model.appliance.clone()),
        ("options", model.options.clone()),
        (part.variable, part.value.clone()),
    ]))
}

fn part(variable: &'static str, value: &Value, span: Span) -> Subpart {
    Subpart { variable, value: value.clone(), span }
}
