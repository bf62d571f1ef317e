//! A plan to the files of a target from outside.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Component, Path};
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::Serde;
use serde::Serialize;

use super::faults::{ADDRESS, ADDRESS_WITH_PORT, Texts, in_manifest, output_as, path_name};
use super::functions::{self, Remark, Remarks, Subject};
use super::manifest::{Own, Per};
use crate::diag::{Diagnostic, Report, codes};
use crate::plan::published::{self, Published};
use crate::plan::{Piece, Plan, Reference, Text};
use crate::render::{Format, Part, RenderError, Templates, TextValue};
use crate::source::{Span, Spanned};
use crate::target::{Artifact, Failure, Options, names};

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

/// How references are spelled: by container and port.
type Addresses = HashMap<(usize, Option<u16>), String>;

/// A part of the appliance that a file is made for.
struct Subpart {
    variable: &'static str,
    value: Value,
    span: Span,
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
        let mut misnamed = Vec::new();
        self.check_names(&mut misnamed);
        let failed = crate::diag::has_errors(&misnamed);
        diagnostics.append(&mut misnamed);
        if failed {
            // What is made would have the same faults again, in the names of files too.
            return Ok(Vec::new());
        }
        let mut trouble = Trouble::default();
        let remarks = Remarks::default();
        let inline = self.own.inline().into_iter().map(|(name, text, _)| (name, text));
        let inline = self.templates(Format::Plain, inline, &remarks)?;
        let addresses = self.addresses(&inline, &mut trouble);
        let model = self.model(addresses, options);
        let mut artifacts = Vec::new();
        let mut paths = BTreeMap::new();
        let mut by_format = BTreeMap::new();
        for (at, kind) in self.own.artifacts.iter().enumerate() {
            let templates = match by_format.entry(kind.format.word()) {
                std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
                std::collections::btree_map::Entry::Vacant(new) => {
                    new.insert(self.templates(kind.format, self.texts.all(), &remarks)?)
                }
            };
            for part in self.parts(kind.per, &model) {
                let context = self.context(&model, &part);
                let path = match inline.render_value(&path_name(at), context.clone()) {
                    Ok(path) => path,
                    Err(error) => {
                        trouble.manifest.push(in_manifest(kind.path.span, &error));
                        break;
                    }
                };
                self.check_path(&path, part.span, &mut paths, diagnostics);
                match templates.render_value(&kind.template.value, context) {
                    Ok(text) => {
                        let artifact = Artifact { path, text };
                        let fault = output_as(kind.format, &artifact, &kind.template.value);
                        artifacts.push(artifact);
                        if let Some(fault) = fault {
                            // The others that the template makes have the same, as a rule.
                            trouble.reports.push(fault);
                            break;
                        }
                    }
                    Err(error) => {
                        self.blame(&error, &model, &mut trouble);
                        if error.is_exhausted() {
                            break;
                        }
                    }
                }
            }
        }
        diagnostics.extend(remarks.take().iter().map(|remark| self.finding(remark)));
        trouble.end(self.texts, artifacts)
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

    /// Checks the names of the appliance, its containers and its volumes.
    fn check_names(&self, diagnostics: &mut Vec<Diagnostic>) {
        let Plan { id, containers, volumes, start_order: _, uses: _ } = self.plan;
        let containers = containers.iter().map(|container| &container.id).collect();
        let volumes = volumes.iter().map(|volume| &volume.id).collect();
        for (what, ids) in [("appliance", vec![id]), ("container", containers), ("volume", volumes)]
        {
            self.check_names_of(what, &ids, diagnostics);
        }
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

    /// The model that templates see.
    fn model(&self, addresses: Addresses, options: &Options) -> Model {
        let text = |text: &Text| {
            let part = |piece: &Piece| match piece {
                Piece::Literal(text) => Part::Literal(text.clone()),
                Piece::Reference(reference) => Part::Reference {
                    id: self.plan.container_id(reference.to).to_owned(),
                    port: reference.port,
                    address: addresses
                        .get(&(reference.to, reference.port))
                        .cloned()
                        .unwrap_or_default(),
                },
            };
            Value::from_object(TextValue(text.pieces.iter().map(part).collect()))
        };
        let plan = published::publish(self.plan, |id| self.own.names.clean(id), text);
        Model::of(
            plan,
            self.own.options.iter().map(|option| {
                let spec = option.spec();
                (spec.name.to_owned(), option_value(&spec.kind, options.text(spec.name)))
            }),
        )
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

    fn context(&self, model: &Model, part: &Subpart) -> Value {
        Value::from(BTreeMap::from([
            ("version", Value::from(published::VERSION)),
            ("appliance", model.appliance.clone()),
            ("options", model.options.clone()),
            (part.variable, part.value.clone()),
        ]))
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
        let is_inside = !path.is_empty()
            && !path.contains(['\\', ':'])
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

impl Trouble {
    /// The files, unless there was trouble.
    fn end(mut self, texts: &Texts, artifacts: Vec<Artifact>) -> Result<Vec<Artifact>, Failure> {
        if !self.manifest.is_empty() {
            crate::diag::sort(&mut self.manifest);
            let report = Report { source: texts.manifest.clone(), diagnostics: self.manifest };
            self.reports.insert(0, report);
        }
        if self.reports.is_empty() { Ok(artifacts) } else { Err(Failure::Reports(self.reports)) }
    }
}

/// The values that templates see.
struct Model {
    appliance: Value,
    containers: Vec<Value>,
    volumes: Vec<Value>,
    options: Value,
}

impl Model {
    fn of(plan: Published<Value>, options: impl Iterator<Item = (String, Value)>) -> Model {
        let appliance = Value::from(Serde(plan.appliance));
        let list = |name: &str| -> Vec<Value> {
            let values =
                appliance.get_attr(name).and_then(|values| Ok(values.try_iter()?.collect()));
            values.unwrap_or_default()
        };
        let (containers, volumes) = (list("containers"), list("volumes"));
        let options = Value::from(options.collect::<BTreeMap<String, Value>>());
        Model { containers, volumes, options, appliance }
    }

    /// All names of fields in the model.
    fn field_names(&self) -> Vec<String> {
        let mut names =
            BTreeSet::from(["appliance", "container", "volume", "options"].map(String::from));
        let mut add = |value: &Value| collect_names(value, 0, &mut names);
        add(&self.appliance);
        add(&self.options);
        names.into_iter().collect()
    }
}

/// The keys of a value and of what is in it; of a list its first items tell.
fn collect_names(value: &Value, depth: usize, names: &mut BTreeSet<String>) {
    const DEPTH: usize = 8;
    const ITEMS: usize = 100;
    let Ok(items) = value.try_iter() else { return };
    if depth > DEPTH {
        return;
    }
    for item in items.take(ITEMS) {
        match value.kind() {
            minijinja::value::ValueKind::Map => {
                if let Ok(inner) = value.get_item(&item) {
                    collect_names(&inner, depth + 1, names);
                }
                names.extend(item.as_str().map(str::to_owned));
            }
            _ => collect_names(&item, depth + 1, names),
        }
    }
}

fn part(variable: &'static str, value: &Value, span: Span) -> Subpart {
    Subpart { variable, value: value.clone(), span }
}

/// The value of an option in its type.
fn option_value(kind: &crate::target::OptionKind<'_>, text: &str) -> Value {
    use crate::target::OptionKind;
    match kind {
        OptionKind::Flag => Value::from(text == "true"),
        OptionKind::Integer(..) => text.parse::<i64>().map_or(Value::from(text), Value::from),
        OptionKind::Number => text.parse::<f64>().map_or(Value::from(text), Value::from),
        OptionKind::Text | OptionKind::Ports | OptionKind::OneOf(_) => Value::from(text),
    }
}
