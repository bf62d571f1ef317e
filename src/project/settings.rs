//! What the project files say for one environment.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Project;
use super::file::Values;
use super::pattern::{Names, Pattern};
use crate::diag::{Findings, Levels};
use crate::overlay::{Changes, Images, Lock};
use crate::source::Spanned;
use crate::targets::{Options, Target, TargetRef, named};

/// The settings of a folder and an environment: what all project files of the folder say, merged.
#[derive(Clone)]
pub struct Settings {
    /// All known targets.
    pub known: Vec<TargetRef>,
    /// The names of the targets to compile for, where a file says so.
    pub targets: Option<Spanned<Vec<Spanned<String>>>>,
    /// The options of targets, by the name of the target. Values may have placeholders
    /// ([`filled`]).
    pub options: BTreeMap<String, Options>,
    /// The levels of codes.
    pub levels: Levels,
    /// The names of overlays beside an appliance, in the order in which they are applied, where a file says so.
    pub overlays: Option<Spanned<Vec<Spanned<Pattern>>>>,
    /// The versions of images.
    pub images: Images,
    /// The digests of images.
    pub lock: Option<Arc<Lock>>,
    /// Where output is written, and the folder of the file that says so.
    pub output: Option<Output>,
}

/// Where output is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The folder that it is relative to, as the caller named it.
    pub folder: String,
    /// The pattern.
    pub pattern: Spanned<Pattern>,
}

impl Project {
    /// Merges the files for an environment; `None` for what they say for all environments.
    pub fn settings(&self, environment: Option<&str>) -> Settings {
        let mut settings = Settings {
            levels: self.levels(),
            lock: self.lock.clone(),
            ..Settings::of(self.targets.clone())
        };
        for file in self.files() {
            settings.merge(&file.values);
            if let Some(pattern) = &file.output {
                settings.output =
                    Some(Output { folder: file.folder.clone(), pattern: pattern.clone() });
            }
        }
        let of_environment = self.files().flat_map(|file| &file.environments);
        for (name, values) in of_environment {
            if Some(name.value.as_str()) == environment {
                settings.merge(values);
            }
        }
        settings
    }
}

impl Settings {
    /// Those without a project, with these known targets.
    pub fn of(known: Vec<TargetRef>) -> Settings {
        Settings {
            known,
            targets: None,
            options: BTreeMap::new(),
            levels: Levels::default(),
            overlays: None,
            images: Images::default(),
            lock: None,
            output: None,
        }
    }

    /// What the project changes in an appliance: the overlays in its folder that `exists` has, and versions of
    /// images, and their digests. `file` is its path.
    pub fn changes(&self, file: &str, names: &Names<'_>, exists: impl Fn(&str) -> bool) -> Changes {
        let overlays = self.overlays_of(file, names, exists).into_iter();
        Changes {
            overlays: overlays.map(|overlay| overlay.value).collect(),
            images: self.images.clone(),
            lock: self.lock.clone(),
            reports_unlocked: true,
        }
    }

    /// The overlays in the folder of an appliance that `exists` has, with the places where the project names them.
    /// `file` is its path.
    pub fn overlays_of(
        &self,
        file: &str,
        names: &Names<'_>,
        exists: impl Fn(&str) -> bool,
    ) -> Vec<Spanned<String>> {
        let folder = file.rsplit_once('/').map(|(folder, _)| folder);
        let beside = |name: String| match folder {
            Some(folder) => format!("{folder}/{name}"),
            None => name,
        };
        let overlays = self.overlays.iter().flat_map(|overlays| &overlays.value);
        let filled = overlays.filter_map(|pattern| {
            let name = pattern.value.fill(names).ok()?;
            Some(Spanned::new(beside(name), pattern.span))
        });
        filled.filter(|overlay| exists(&overlay.value)).collect()
    }

    fn merge(&mut self, values: &Values) {
        if let Some(targets) = &values.targets {
            self.targets = Some(targets.clone());
        }
        for (name, options) in &values.options {
            let merged = match self.options.get(name) {
                Some(base) => options.over(base),
                None => options.clone(),
            };
            self.options.insert(name.clone(), merged);
        }
        if values.overlays.is_some() {
            self.overlays.clone_from(&values.overlays);
        }
        self.images = values.images.over(&self.images);
    }

    /// The targets to compile for.
    pub fn selected(&self) -> Vec<TargetRef> {
        let names = self.targets.iter().flat_map(|targets| &targets.value);
        names.filter_map(|name| named(&self.known, &name.value)).collect()
    }
}

/// Options with the placeholders in their values replaced. A value that is then invalid is reported.
pub fn filled(
    options: &Options,
    target: &dyn Target,
    names: &Names<'_>,
    findings: &mut Findings,
) -> Options {
    let names = Names { target: Some(target.name()), ..*names };
    options.replaced(target, |value| Pattern::in_value(value)?.fill(&names).ok(), findings)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::Memory;
    use crate::project::find;

    const OUTER: &str = r#"
        default-targets = ["compose", "kubernetes"]
        output = "out/{target}"
        [targets.kubernetes]
        expose = "load-balancer"
        namespace = "all"
        [environments.prod]
        overlay = "prod.yaml"
        targets.kubernetes.namespace = "{id}-prod"
        images = { "a" = "1", "b" = "1" }
    "#;

    const INNER: &str = r#"
        [targets.kubernetes]
        expose = "node-port"
        namespace = "inner"
        [environments.prod]
        compile-for = ["nomad"]
        images = { "b" = "2" }
        [environments.test]
    "#;

    #[test]
    fn settings_are_merged_key_by_key() {
        let world = Memory::new().with("r/applc.toml", OUTER).with("r/x/applc.toml", INNER);
        let project = find(&world, Path::new("r/x").ancestors(), &[], None).unwrap().unwrap();
        assert!(project.reports().all(|report| report.diagnostics.is_empty()));
        assert_eq!(project.environments(), ["prod", "test"]);
        let names = Names { id: Some("shop"), ..Names::default() };
        let of = |environment| {
            let settings = project.settings(environment);
            let target = named(&settings.known, "kubernetes").unwrap();
            let mut findings = Findings::new();
            let options = filled(&settings.options["kubernetes"], &*target, &names, &mut findings);
            assert!(findings.is_empty());
            let targets: Vec<String> =
                settings.selected().iter().map(|target| target.name().to_owned()).collect();
            (
                settings,
                targets,
                options.text("expose").to_owned(),
                options.text("namespace").to_owned(),
            )
        };
        let (settings, targets, expose, namespace) = of(None);
        assert_eq!((expose.as_str(), namespace.as_str()), ("node-port", "inner"));
        assert_eq!(targets, ["compose", "kubernetes"]);
        assert_eq!(settings.output.unwrap().folder, "r");
        let (settings, targets, expose, namespace) = of(Some("prod"));
        assert_eq!((expose.as_str(), namespace.as_str()), ("node-port", "shop-prod"));
        assert_eq!(targets, ["nomad"]);
        let versions: Vec<_> = settings
            .images
            .iter()
            .map(|(name, version)| (name.value.as_str(), version.value.as_str()))
            .collect();
        assert_eq!(versions, [("docker.io/library/a", ":1"), ("docker.io/library/b", ":2")]);
        assert_eq!(settings.overlays.map(|overlays| overlays.value.len()), Some(1));
        assert_eq!(of(Some("test")).0.overlays, None);
    }

    #[test]
    fn a_filled_value_that_is_invalid_is_reported_at_its_place() {
        let world =
            Memory::new().with("applc.toml", "[targets.kubernetes]\nnamespace = \"x-{id}\"\n");
        let project = find(&world, [""], &[], None).unwrap().unwrap();
        let target = named(&project.targets, "kubernetes").unwrap();
        let mut findings = Findings::new();
        let names = Names { id: Some(&"long".repeat(20)), ..Names::default() };
        let options = &project.settings(None).options["kubernetes"];
        filled(options, &*target, &names, &mut findings);
        let spans: Vec<_> = findings
            .iter()
            .map(|found| project.file.report.source.slice(found.primary.span))
            .collect();
        assert_eq!(spans, ["\"x-{id}\""]);
    }
}
