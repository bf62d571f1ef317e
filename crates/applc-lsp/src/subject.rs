//! An appliance that documents are about: its analyses in its environments, and what targets find.

use std::collections::BTreeSet;
use std::sync::Arc;

use applc::analysis::Analysis;
use applc::diag::{Findings, Report};
use applc::project::Project;
use applc::scope::Scope;
use applc::source::Source;
use applc::targets::{self, Artifact, Claim, Rendering, TargetRef};
use applc::{Checked, Memory, Overlay, ReadError, Selected};

use crate::files::Open;

/// An appliance. Its targets are checked one by one.
pub struct Appliance {
    /// It in each of its environments.
    pub units: Vec<Unit>,
    /// The files and folders that were asked for.
    pub asked: BTreeSet<String>,
    /// Its project.
    pub project: Option<Arc<Project>>,
}

/// An appliance in one environment.
pub struct Unit {
    /// What its project says of it.
    pub scope: Scope,
    /// What is known of it. Environments that change the same share it.
    pub analysis: Arc<Analysis>,
    /// The targets, with their options for it.
    pub selected: Vec<Selected>,
    /// What is wrong with values of options for it.
    options: Findings,
    /// What the targets find, in their order; those that are missing wait.
    checked: Vec<Checked>,
}

impl Appliance {
    /// Analyses an appliance, but checks no target. `more` are the targets if its project does not name any.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn analyse(
        open: &Open,
        project: Option<&Arc<Project>>,
        path: &str,
        more: &[TargetRef],
    ) -> Result<Appliance, ReadError> {
        let (units, asked) = open.watched(|| {
            let scopes = Scope::all(project, path, more, |overlay| open.exists(overlay));
            let mut units: Vec<Unit> = Vec::new();
            for scope in scopes {
                let same = units.iter().find(|other| is_same(&other.scope, &scope));
                let analysis = match same {
                    Some(other) => other.analysis.clone(),
                    None => Arc::new(Analysis::read_changed(
                        open,
                        path,
                        &scope.changes,
                        scope.sources.clone(),
                    )?),
                };
                units.push(Unit::of(scope, analysis));
            }
            Ok(units)
        });
        Ok(Appliance { units: units?, asked, project: project.cloned() })
    }

    /// Checks the next target that waits. `None` if none does, otherwise whether something was found.
    pub fn check_next(&mut self) -> Option<bool> {
        self.units.iter_mut().find_map(Unit::check_next)
    }

    /// The findings so far: in the appliance and its overlays, and in other files.
    pub fn reports(&self) -> Vec<Report> {
        self.units.iter().flat_map(Unit::reports).collect()
    }
}

/// Whether two environments change the same in an appliance.
fn is_same(one: &Scope, other: &Scope) -> bool {
    one.changes.overlays == other.changes.overlays && one.changes.images == other.changes.images
}

impl Unit {
    fn of(scope: Scope, analysis: Arc<Analysis>) -> Unit {
        let id = analysis.plan.as_ref().map(|plan| plan.id.value.to_string());
        let mut options = Findings::new();
        let selected = scope.selected(id.as_deref(), &mut options);
        Unit { scope, analysis, selected, options, checked: Vec::new() }
    }

    /// The source of a file that the appliance is made of.
    pub fn source(&self, path: &str) -> Option<&Source> {
        self.analysis.sources.iter().find(|source| source.name() == path)
    }

    /// The findings on all targets if the appliance, or one of its overlays, has another text; the report is that of the
    /// changed file.
    ///
    /// # Errors
    /// A file cannot be read, or a built-in template fails.
    pub fn check(&self, open: &Open, path: &str, text: &str) -> Result<Report, applc::Error> {
        let world = Overlay::new(open, Memory::new().with(path, text));
        let Scope { changes, sources, .. } = &self.scope;
        let file = self.analysis.source.name();
        let analysis = Analysis::read_changed(&world, file, changes, sources.clone())?;
        let mut unit = Unit::of(self.scope.clone(), Arc::new(analysis));
        while unit.check_next().is_some() {}
        let report = unit.report();
        let source = unit.source(path).unwrap_or(&report.source).clone();
        Ok(Report { source, ..report })
    }

    /// The files of one target as `applc compile` writes them, with their origins. `None` if there are errors.
    pub fn render(&self, selected: &Selected) -> Option<Vec<Artifact>> {
        let plan = self.analysis.valid_plan()?;
        let Selected { target, options } = selected;
        let mut findings = Findings::new();
        let rendering = Some(Rendering { recorded: true });
        let made = targets::compile(&**target, plan, options, rendering, &mut findings).ok()?;
        let mut report = self.analysis.report_with([&self.options, &findings]);
        self.scope.levels.apply(&mut report.diagnostics);
        let written = |artifact| self.scope.written(artifact);
        (!report.has_errors()).then(|| made.artifacts.into_iter().map(written).collect())
    }

    fn check_next(&mut self) -> Option<bool> {
        // An invalid option is told before targets are checked with it.
        if self.options.has_errors() || self.analysis.valid_plan().is_none() {
            return None;
        }
        let next = self.selected.get(self.checked.len())?;
        // A bug on the way must not be met again and again.
        self.checked.push(Checked::default());
        // A built-in template that fails has no place in the source.
        let checked = applc::check_for(&self.analysis, next).unwrap_or_default();
        let is_something = !checked.findings.is_empty() || !checked.others.is_empty();
        if let Some(last) = self.checked.last_mut() {
            *last = checked;
        }
        Some(is_something)
    }

    /// Whether values of options are invalid for it.
    pub fn has_bad_options(&self) -> bool {
        self.options.has_errors()
    }

    /// What it claims on the targets that are checked, with their names.
    pub fn claims(&self) -> impl Iterator<Item = (&str, &Claim)> {
        let checked = self.selected.iter().zip(&self.checked);
        checked.flat_map(|(one, checked)| {
            checked.claims.iter().map(|claim| (one.target.name(), claim))
        })
    }

    fn report(&self) -> Report {
        let of_targets = self.checked.iter().map(|checked| &checked.findings);
        let mut report =
            self.analysis.report_with(std::iter::once(&self.options).chain(of_targets));
        self.scope.levels.apply(&mut report.diagnostics);
        report
    }

    /// The findings so far: in other files, and in it and its overlays.
    pub fn reports(&self) -> impl Iterator<Item = Report> {
        let others = self.checked.iter().flat_map(|checked| checked.others.iter().cloned());
        others.chain([self.report()])
    }
}
