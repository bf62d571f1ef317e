//! Custom targets: a folder with a `target.toml` and templates. It is a target like the built-in
//! ones, or a built-in target with replaced templates.
//!
//! The folder is not trusted: templates can read the published plan
//! ([`crate::plan::published`]) and each other, and nothing else. Their steps and their output are
//! limited; a [`Renderer`] runs them where time, memory and stack are limited, too.

mod elsewhere;
mod functions;
mod lower;
mod manifest;
mod model;
mod read;
mod run;
mod starter;
mod template_errors;
mod well_formed;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use elsewhere::{Cause, Done, FileFindings, Local, NoFiles, Renderer, Stopped, Work};
pub use manifest::{FILE_NAME, is_name};
use manifest::{Kind, Manifest};
pub use run::{Run, Values, is_of_container};
pub use starter::starter;
pub use template_errors::Texts;

use self::lower::Lowering;
use super::lowered::{self, Lowered};
use super::{Artifact, Capability, Failure, Job, OptionSpec, Options, Target};
use crate::diag::{Diagnostic, Findings, Report, codes};
use crate::plan::{Field, Plan};
use crate::render::{Recorded, Templates, Watch};
use crate::source::{Source, Spanned};
use crate::syntax::toml;
use crate::world::{ReadError, World};

/// File name extension of templates.
const EXTENSION: &str = ".j2";

/// Prefix of the names under which templates can include those of the extended built-in target.
const BUILT_IN: &str = "builtin/";

/// A target loaded from a folder.
pub struct CustomTarget {
    manifest: Manifest,
    texts: Arc<Texts>,
    /// Where its templates run; `None` for here.
    renderer: Option<Arc<dyn Renderer>>,
    watch: Watch,
}

/// The result of [`load`].
pub struct Loaded {
    /// The target, if the folder has no errors.
    pub target: Option<CustomTarget>,
    /// The findings in `target.toml` and in the templates, by file.
    pub reports: Vec<Report>,
}

/// Loads the target of a folder. Without a renderer, its templates run in this process, where only their steps and
/// the size of a file are limited: deeply nested ones end it.
///
/// # Errors
/// `target.toml` or a template cannot be read.
pub fn load(
    world: &dyn World,
    folder: &str,
    renderer: Option<&Arc<dyn Renderer>>,
) -> Result<Loaded, ReadError> {
    let source = |name: &str| -> Result<(Source, Option<Diagnostic>), ReadError> {
        // The folder may come from someone else, and findings show lines of its files.
        let (source, error) = world
            .source_below(folder, name)
            .map_err(|cause| ReadError { path: join(folder, name), cause })?;
        let error = error.map(|error| crate::syntax::source_error(&source, error));
        Ok((source, error))
    };
    let (manifest_source, error) = source(FILE_NAME)?;
    let (manifest, mut found) = match error {
        Some(error) => (None, Findings::from_iter([error])),
        None => read::read(&manifest_source),
    };
    let mut reports = Vec::new();
    let mut templates = BTreeMap::new();
    let names = world.list(folder).map_err(|cause| ReadError { path: folder.to_owned(), cause })?;
    for name in names.into_iter().filter(|name| name.ends_with(EXTENSION)) {
        let (source, error) = source(&name)?;
        reports.extend(error.map(|error| Report::of(source.clone(), error)));
        templates.insert(name, source);
    }
    let texts = Arc::new(Texts { manifest: manifest_source, templates });
    let own = manifest.as_ref().and_then(Manifest::own);
    let (faults, inline_faults) = match renderer {
        Some(renderer) => elsewhere::faults_elsewhere(&**renderer, &texts, own),
        None => elsewhere::faults(&texts, own, &Watch::default()),
    };
    reports.extend(faults);
    if let Some(manifest) = &manifest {
        found.extend(check_templates(manifest, &texts));
    }
    found.extend(inline_faults);
    let failed = found.has_errors() || !reports.is_empty();
    if !found.is_empty() {
        reports.insert(0, Report::new(texts.manifest.clone(), found));
    }
    let target = manifest.filter(|_| !failed).map(|manifest| CustomTarget {
        manifest,
        texts,
        renderer: renderer.cloned(),
        watch: Watch::default(),
    });
    Ok(Loaded { target, reports })
}

/// The path of a file in a folder.
fn join(folder: &str, name: &str) -> String {
    format!("{}/{name}", folder.trim_end_matches('/'))
}

/// Checks that the templates of the manifest exist, or that a target that extends another
/// one replaces a template.
fn check_templates(manifest: &Manifest, texts: &Texts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let known = || texts.templates.keys().map(String::as_str);
    match &manifest.kind {
        Kind::Own(own) => {
            for artifact in &own.artifacts {
                let name = &artifact.template;
                if !texts.templates.contains_key(&name.value) {
                    let message = format!("template `{}` not found in the folder", name.value);
                    let finding = Diagnostic::new(&codes::BAD_MANIFEST, name.span, message);
                    let written = Spanned::new(name.value.as_str(), name.span);
                    let help = format!("the file name of a template ends in `{EXTENSION}`");
                    found.push(toml::with_meant_value(finding, written, known(), help));
                }
            }
        }
        Kind::Extends(base) => {
            let of_base: Vec<&str> = base.templates().iter().map(|(name, _)| *name).collect();
            if !known().any(|name| of_base.contains(&name)) {
                let place = texts.manifest.start();
                let message = format!("no template of `{}` is replaced", base.name());
                let names = crate::diag::list_or(of_base.iter().copied());
                let help = format!("add a template with the name of one to replace: {names}");
                found.push(Diagnostic::new(&codes::BAD_MANIFEST, place, message).help(help));
            }
        }
    }
    found
}

impl CustomTarget {
    /// Returns advice about the folder, by file: unused templates, and fields that the manifest does
    /// not mention, which are rejected.
    pub fn advice(&self) -> Vec<Report> {
        let unused = self.unused_templates().into_iter().map(|source| {
            let place = source.start();
            let finding = Diagnostic::new(&codes::UNUSED_TEMPLATE, place, "unused template");
            Report::of(source.clone(), finding)
        });
        let unmentioned = self.unmentioned();
        let fields = (!unmentioned.is_empty()).then(|| {
            let place = self.source().start();
            let message =
                format!("{} fields are not mentioned and therefore rejected", unmentioned.len());
            let paths = unmentioned.iter().map(|field| format!("`{}`", field.path()));
            let help = format!("add each to `[fields]`: {}", paths.collect::<Vec<_>>().join(", "));
            let finding = Diagnostic::new(&codes::UNMENTIONED_FIELD, place, message).help(help);
            Report::of(self.source().clone(), finding)
        });
        fields.into_iter().chain(unused).collect()
    }

    /// The fields that the manifest does not mention.
    fn unmentioned(&self) -> &[Field] {
        match &self.manifest.kind {
            Kind::Own(own) => &own.unmentioned,
            Kind::Extends(_) => &[],
        }
    }

    /// The name of the built-in target that it extends, if it does.
    pub fn extends(&self) -> Option<&str> {
        match &self.manifest.kind {
            Kind::Own(_) => None,
            Kind::Extends(base) => Some(base.name()),
        }
    }

    /// How its output is run, if the manifest says so.
    pub fn run(&self) -> Option<&Run> {
        self.manifest.run.as_ref()
    }

    /// The name that `[names]` makes of an id; the id itself if the target extends another one.
    pub fn clean(&self, id: &str) -> String {
        match &self.manifest.kind {
            Kind::Own(own) => own.names.clean(id),
            Kind::Extends(_) => id.to_owned(),
        }
    }

    /// The text of the manifest.
    pub fn source(&self) -> &Source {
        &self.texts.manifest
    }

    /// The templates that seem unused: a template counts as used if its name is quoted in the
    /// manifest or in another template.
    fn unused_templates(&self) -> Vec<&Source> {
        let templates = &self.texts.templates;
        let replaces = |name: &str| match &self.manifest.kind {
            Kind::Own(_) => false,
            Kind::Extends(base) => base.templates().iter().any(|(known, _)| *known == name),
        };
        let mentioned = |name: &str| {
            let others = templates.iter().filter(|(other, _)| *other != name);
            others.map(|(_, source)| source).chain([&self.texts.manifest]).any(|source| {
                source.text().contains(&format!("\"{name}\""))
                    || source.text().contains(&format!("'{name}'"))
            })
        };
        let unused = templates.iter().filter(|(name, _)| !replaces(name) && !mentioned(name));
        unused.map(|(_, source)| source).collect()
    }

    /// The templates of a built-in target, replaced by those of the folder with the same name.
    fn replaced(&self, base: &dyn Target) -> Result<Templates, Failure> {
        let own = |text: &(&'static str, &'static str)| (format!("{BUILT_IN}{}", text.0), text.1);
        let mut templates = Templates::new(base.templates().iter().copied())?;
        templates.add(base.templates().iter().map(own))?;
        templates.limit(&self.watch);
        templates.add(self.texts.all())?;
        Ok(templates)
    }
}

impl Target for CustomTarget {
    fn name(&self) -> &str {
        &self.manifest.name
    }

    fn summary(&self) -> &str {
        &self.manifest.description
    }

    fn capabilities(&self) -> Vec<Capability<'_>> {
        match &self.manifest.kind {
            Kind::Own(own) => own.capabilities(),
            Kind::Extends(base) => base.capabilities(),
        }
    }

    fn options(&self) -> Vec<OptionSpec<'_>> {
        match &self.manifest.kind {
            Kind::Own(own) => own.options.iter().map(|option| option.spec()).collect(),
            Kind::Extends(base) => base.options(),
        }
    }

    fn lower(&self, plan: &Plan, options: &Options, findings: &mut Findings) -> Lowered {
        match &self.manifest.kind {
            Kind::Own(_) => Lowered::default(),
            Kind::Extends(base) => base.lower(plan, options, findings),
        }
    }

    fn finds_by_rendering(&self) -> bool {
        true
    }

    fn render(&self, job: Job<'_>, findings: &mut Findings) -> Result<Vec<Artifact>, Failure> {
        if let Some(renderer) = &self.renderer {
            return elsewhere::render(&**renderer, self, &job, findings);
        }
        match &self.manifest.kind {
            Kind::Own(own) => {
                let Job { plan, options, recorded, .. } = job;
                let watch = &self.watch;
                let lowering = Lowering { own, texts: &self.texts, plan, recorded, watch };
                lowering.lower(options, findings)
            }
            Kind::Extends(base) => {
                let templates = self.replaced(*base)?;
                let files = job.lowered.files;
                let made = match job.recorded {
                    true => lowered::render_strings(files, &templates),
                    false => lowered::render(files, &templates, Recorded::Nothing),
                };
                let artifacts = made.map_err(|error| self.texts.locate(error))?;
                let invalid: Vec<Report> = artifacts
                    .iter()
                    .filter_map(|artifact| {
                        let blank = self.texts.blank(artifact, &artifact.path);
                        blank.or_else(|| template_errors::output(artifact, &artifact.path))
                    })
                    .collect();
                if invalid.is_empty() { Ok(artifacts) } else { Err(Failure::Reports(invalid)) }
            }
        }
    }
}
