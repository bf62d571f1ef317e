//! What a project says of one appliance: in which environments it is, and in each of them, for which targets with
//! which options, which overlays, and the levels of findings.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::compile::Selected;
use crate::diag::{Findings, Levels};
use crate::overlay::Changes;
use crate::path::parent;
use crate::printable;
use crate::project::{self, Names, Output, Project, Settings};
use crate::render::{Format, Mark};
use crate::source::Sources;
use crate::targets::{self, Artifact, Options, PROJECT_DIRECTORY, TargetRef};

/// An appliance in one environment.
#[derive(Clone)]
pub struct Scope {
    /// The environment; `None` without a project, in one without environments, and for a file that is not among the
    /// appliances of its project.
    pub environment: Option<String>,
    /// The targets. The values of their options may have placeholders ([`Scope::selected`]).
    pub targets: Vec<Selected>,
    /// The levels of findings.
    pub levels: Levels,
    /// The sources that options were set in.
    pub sources: Sources,
    /// What is changed in the file before it is compiled.
    pub changes: Changes,
    /// The folder of the file, relative to that of the project.
    folder: String,
    name: String,
    /// The options that the project sets, by target.
    options: BTreeMap<String, Options>,
    /// Where its output is written.
    output: Option<Output>,
    /// The file as its output names it: relative to the folder of the project.
    shown: String,
    /// The folder of the file.
    above: String,
}

impl Scope {
    /// The scopes of a file: one for each environment, at least one. `more` are the targets if the project does not
    /// say for which ones to compile. `exists` says whether there is an overlay.
    pub fn all(
        project: Option<&Arc<Project>>,
        file: &str,
        more: &[TargetRef],
        exists: impl Fn(&str) -> bool,
    ) -> Vec<Scope> {
        let Some(project) = project else {
            return vec![Scope {
                environment: None,
                targets: more.iter().cloned().map(plain).collect(),
                levels: Levels::default(),
                sources: Sources::new(),
                changes: Changes::none(),
                folder: String::new(),
                name: appliance_name(file).to_owned(),
                options: BTreeMap::new(),
                output: None,
                shown: file.to_owned(),
                above: parent(file).to_owned(),
            }];
        };
        let is_listed = project.has_appliance(file);
        let environments = if is_listed { project.environments() } else { Vec::new() };
        let environments: Vec<Option<&str>> = match environments.is_empty() {
            true => vec![None],
            false => environments.into_iter().map(Some).collect(),
        };
        let scope = |environment| {
            let mut scope = Scope::of(project, environment, file, more, &exists);
            scope.output = scope.output.filter(|_| is_listed);
            // `applc lock` has the images of these only.
            scope.changes.reports_unlocked = is_listed;
            scope
        };
        environments.into_iter().map(scope).collect()
    }

    fn of(
        project: &Project,
        environment: Option<&str>,
        file: &str,
        more: &[TargetRef],
        exists: impl Fn(&str) -> bool,
    ) -> Scope {
        let settings = project.settings(environment);
        let base = settings.output.as_ref().map_or_else(|| project.root(), |output| &output.folder);
        let above = parent(file);
        let folder = project::relative(above, base).unwrap_or_default();
        let name = appliance_name(file);
        let names =
            Names { environment, folder: Some(folder), name: Some(name), ..Names::default() };
        Scope {
            environment: environment.map(str::to_owned),
            targets: targets(&settings, more),
            changes: settings.changes(file, &names, exists),
            levels: settings.levels,
            sources: project.sources.clone(),
            folder: folder.to_owned(),
            name: name.to_owned(),
            options: settings.options,
            output: settings.output,
            shown: project::relative(file, project.root()).unwrap_or(file).to_owned(),
            above: above.to_owned(),
        }
    }

    /// The same for all built-in targets, if nobody says for which targets to compile.
    #[must_use]
    pub fn or_built_in(mut self) -> Scope {
        if self.targets.is_empty() {
            let all = targets::built_in().map(|target| with_options(target, &self.options));
            self.targets = all.collect();
        }
        self
    }

    /// A file of the output as it is written: if the project says where, with the comment at its start.
    pub fn written(&self, artifact: Artifact) -> Artifact {
        match self.output {
            Some(_) => with_header(artifact, &self.shown),
            None => artifact,
        }
    }

    /// The targets with their options for the appliance with an id. What is invalid for it is added to `findings`.
    pub fn selected(&self, id: Option<&str>, findings: &mut Findings) -> Vec<Selected> {
        let names = self.names(id);
        let output = self.output.as_ref();
        let targets = self.targets.iter();
        targets.map(|one| for_appliance(one, &names, output, &self.above, findings)).collect()
    }

    /// The folder that the output for a target is written to, for the appliance with an id, as far as its names are known.
    /// `None` if the project does not say where.
    pub fn folder_for(&self, target: &str, id: Option<&str>) -> Option<String> {
        let output = self.output.as_ref()?;
        Some(output_folder(output, target, &self.names(id)))
    }

    /// What placeholders stand for, for the appliance with an id.
    fn names<'n>(&'n self, id: Option<&'n str>) -> Names<'n> {
        Names {
            environment: self.environment.as_deref(),
            folder: Some(&self.folder),
            name: Some(&self.name),
            id,
            target: None,
        }
    }
}

/// A target with its options for an appliance: placeholders are replaced, and Compose knows the way from the output, if the
/// project says where that is, to the folder of the appliance. What is invalid for it is added to `findings`.
pub fn for_appliance(
    one: &Selected,
    names: &Names<'_>,
    output: Option<&Output>,
    above: &str,
    findings: &mut Findings,
) -> Selected {
    let mut options = project::filled(&one.options, &*one.target, names, findings);
    if one.target.custom().is_none()
        && let Some(output) = output
    {
        let folder = output_folder(output, one.target.name(), names);
        options.set_default(PROJECT_DIRECTORY, &way(&folder, above));
    }
    Selected { target: one.target.clone(), options }
}

/// The folder that the output for a target is written to, as far as the names are known.
pub fn output_folder(output: &Output, target: &str, names: &Names<'_>) -> String {
    let names = Names { target: Some(target), ..*names };
    let below = output.pattern.value.fill(&names).unwrap_or_else(|(_, known)| known);
    format!("{}/{below}", output.folder)
}

/// The way from a folder to another one, both relative to the same folder.
pub fn way(from: &str, to: &str) -> String {
    let parts = |path: &str| -> Vec<String> {
        path.split('/').filter(|part| !matches!(*part, "" | ".")).map(str::to_owned).collect()
    };
    let (from, to) = (parts(from), parts(to));
    let same = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from.iter().skip(same).map(|_| "..".to_owned());
    let way: Vec<String> = up.chain(to.into_iter().skip(same)).collect();
    if way.is_empty() { ".".to_owned() } else { way.join("/") }
}

/// The targets that project files say to compile for, otherwise others, with the options of the files.
fn targets(settings: &Settings, more: &[TargetRef]) -> Vec<Selected> {
    let own = settings.selected();
    let all = if settings.targets.is_some() { own } else { more.to_vec() };
    let mut targets: Vec<Selected> = Vec::new();
    for target in all {
        if targets.iter().any(|one| one.target.name() == target.name()) {
            continue;
        }
        targets.push(with_options(target, &settings.options));
    }
    targets
}

/// A target with the options that a project sets.
fn with_options(target: TargetRef, options: &BTreeMap<String, Options>) -> Selected {
    let mut one = plain(target);
    if let Some(base) = options.get(one.target.name()) {
        one.options = one.options.over(base);
    }
    one
}

/// What the comment at the start of a file starts with.
const MADE_FROM: &str = "# Made by applc from ";

/// The comment at the start of a file, which names its source. `None` if its format has no comments.
pub fn header(path: &str, source: &str) -> Option<String> {
    match Format::of_name(path) {
        Format::Yaml | Format::Hcl | Format::Ini => {
            let source = printable::line(source);
            Some(format!("{MADE_FROM}{source}: edit that file instead.\n"))
        }
        Format::Json | Format::Plain => None,
    }
}

/// Whether a content starts as what applc has made does, whatever its source.
pub fn has_header(content: &[u8]) -> bool {
    content.starts_with(MADE_FROM.as_bytes())
}

/// A file with the comment at its start. What is recorded of its origins moves with its text.
pub fn with_header(artifact: Artifact, source: &str) -> Artifact {
    let Artifact { path, text, mut record } = artifact;
    let header = header(&path, source).unwrap_or_default();
    let by = header.len();
    for Mark { range, .. } in &mut record.marks {
        *range = range.start + by..range.end + by;
    }
    for (start, _) in &mut record.parts {
        *start += by;
    }
    Artifact { path, text: header + &text, record }
}

/// A target without options.
fn plain(target: TargetRef) -> Selected {
    let options = Options::of(&*target);
    Selected { target, options }
}

/// The name of the file of an appliance, without folders, `.appliance`, and the ending.
pub fn appliance_name(file: &str) -> &str {
    let name = file.rsplit(['/', std::path::MAIN_SEPARATOR]).next().unwrap_or(file);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem.strip_suffix(".appliance").unwrap_or(stem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Memory;
    use crate::project::find;

    #[test]
    fn ways_lead_from_the_output_to_the_source() {
        assert_eq!(way("out/prod/apps/x/compose", "apps/x"), "../../../../../apps/x");
        assert_eq!(way("apps/x/out", "apps/x"), "..");
        assert_eq!(way("", ""), ".");
        assert_eq!(way("apps", "apps"), ".");
    }

    #[test]
    fn an_appliance_is_in_each_environment_of_its_project() {
        let text = r#"
            appliances = ["apps/**"]
            output = "out/{environment}/{target}/{folder}/{id}"
            default-targets = ["kubernetes", "compose"]
            targets.kubernetes.namespace = "{id}-{environment}-{name}"
            [environments.dev]
            [environments.prod]
            overlay = "{name}.prod.yaml"
            compile-for = ["kubernetes"]
        "#;
        let world = Memory::new().with("/p/applc.toml", text);
        let project = find(&world, ["/p"], &[], None).unwrap();
        let found: Vec<_> = project.iter().flat_map(|project| project.reports()).collect();
        assert!(found.iter().all(|report| report.diagnostics.is_empty()), "{found:?}");
        let told = |file: &str| -> Vec<(Option<String>, Vec<String>, Vec<String>)> {
            let scopes = Scope::all(project.as_ref(), file, &[], |_| true);
            let of = |scope: Scope| {
                let mut findings = Findings::new();
                let selected = scope.selected(Some("shop"), &mut findings);
                assert!(findings.is_empty());
                let option = |one: &Selected| match one.target.name() {
                    "kubernetes" => one.options.text("namespace").to_owned(),
                    _ => one.options.some(PROJECT_DIRECTORY).unwrap_or_default().to_owned(),
                };
                let options = selected.iter().map(option).collect();
                (scope.environment, scope.changes.overlays, options)
            };
            scopes.into_iter().map(of).collect()
        };
        let some = |text: &str| Some(text.to_owned());
        let words = |all: &[&str]| all.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            told("/p/apps/x/a.appliance.yaml"),
            [
                (some("dev"), words(&[]), words(&["shop-dev-a", "../../../../../../apps/x"])),
                (some("prod"), words(&["/p/apps/x/a.prod.yaml"]), words(&["shop-prod-a"])),
            ]
        );
        // A file that the project does not list is in none of them, and has no output.
        let other = told("/p/b.yaml");
        assert_eq!(other.len(), 1);
        assert_eq!(other[0].0, None);
        assert_eq!(other[0].2[1], "");
        assert!(Scope::all(None, "/p/b.yaml", &[], |_| true)[0].targets.is_empty());
    }
}
