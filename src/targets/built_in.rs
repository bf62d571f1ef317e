//! Built-in targets: what each states as data, and the code that lowers a plan.
//!
//! Each is a folder with the same files: `mod.rs` (its [`Definition`] and the lowering),
//! `capabilities.rs`, `options.rs`, `model.rs` (what its templates see), and `tests`. Its
//! templates are in the folder of its name in `templates`.

use include_dir::Dir;

use super::lowered::{self, Lowered};
use super::{Artifact, Capability, Failure, Job, OptionSpec, Options, Target, names};
use crate::diag::Findings;
use crate::plan::Plan;
use crate::render::{Recorded, TemplateText, Templates};
use crate::source::Span;

/// What a built-in target states as data. See [`Target`] for the meaning of each part.
pub struct Definition {
    /// Its name.
    pub name: &'static str,
    /// What it writes, in one line.
    pub summary: &'static str,
    /// One row for each field.
    pub capabilities: &'static [Capability<'static>],
    /// Its options.
    pub options: &'static [OptionSpec<'static>],
    /// The folder of its templates.
    pub templates: &'static Dir<'static>,
}

/// A built-in target, which is a [`Target`] by its definition.
pub trait BuiltIn: Send + Sync {
    /// Its definition.
    fn definition(&self) -> &'static Definition;

    /// Lowers a plan to files, see [`Target::lower`].
    fn files(&self, plan: &Plan, options: &Options, findings: &mut Findings) -> Lowered;

    /// What takes the place of each reference, see [`Target::addresses`].
    fn addresses(&self, plan: &Plan, options: &Options) -> Vec<(Span, String)>;
}

impl<T: BuiltIn> Target for T {
    fn name(&self) -> &str {
        self.definition().name
    }

    fn summary(&self) -> &str {
        self.definition().summary
    }

    fn capabilities(&self) -> Vec<Capability<'_>> {
        self.definition().capabilities.to_vec()
    }

    fn options(&self) -> Vec<OptionSpec<'_>> {
        self.definition().options.to_vec()
    }

    fn templates(&self) -> Vec<TemplateText> {
        // Sorted by name.
        let template = |file: &'static include_dir::File<'static>| {
            Some((file.path().to_str()?, file.contents_utf8()?))
        };
        self.definition().templates.files().filter_map(template).collect()
    }

    fn lower(&self, plan: &Plan, options: &Options, findings: &mut Findings) -> Lowered {
        let lowered = self.files(plan, options, findings);
        for file in &lowered.files {
            // Each file has at least one part.
            let owner = file.parts.first().map_or(plan.id.span, |part| part.owner);
            findings.extend(names::check_file(&file.path, owner));
        }
        lowered
    }

    fn addresses(&self, plan: &Plan, options: &Options) -> Vec<(Span, String)> {
        BuiltIn::addresses(self, plan, options)
    }

    fn render(&self, job: Job<'_>, _: &mut Findings) -> Result<Vec<Artifact>, Failure> {
        let recorded = if job.recorded { Recorded::All } else { Recorded::Nothing };
        let templates = Templates::new(self.templates())?;
        Ok(lowered::render(job.lowered.files, &templates, recorded)?)
    }
}
