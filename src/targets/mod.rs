//! Targets: the orchestrators that an appliance is compiled to. A target is a folder here, a
//! folder in `templates`, and an entry in [`ALL`].
//!
//! A table of a target defines its support for each field ([`Capability`]). [`compile`] reports
//! fields that are always rejected or approximated from this table, so that it is always
//! correct. Findings that depend on the appliance are reported by the target itself.

mod build;
mod built_in;
mod capability;
mod claim;
mod compose;
mod cron;
pub mod custom;
mod kubernetes;
mod lowered;
mod marathon;
mod mounts;
mod names;
mod nomad;
mod options;
mod origins;
#[cfg(test)]
mod testing;
mod url;

use built_in::{BuiltIn, Definition};
pub use capability::{Capability, Fate};
pub use claim::Claim;
pub use compose::PROJECT_DIRECTORY;
pub use compose::project_name as compose_project;
pub use compose::secret_variables as compose_secrets;
pub use lowered::Lowered;
use lowered::{FileModel, Part};
pub use marathon::group_id as marathon_group;
pub use names::dns_label as kubernetes_label;
pub use options::{OptionKind, OptionSpec, Options, Words, parse_argument};

use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::diag::{Diagnostic, Findings, Report, codes, nearest};
use crate::plan::{Field, Plan, Use};
use crate::render::{Record, RenderError, TemplateText};
use crate::source::Span;

/// An orchestrator, or another format, that an appliance can be compiled to.
pub trait Target: Send + Sync {
    /// The name, as in `--target`.
    fn name(&self) -> &str;

    /// A description of the output in one line.
    fn summary(&self) -> &str;

    /// The support for each field: exactly one row for each of [`crate::plan::Field::ALL`].
    fn capabilities(&self) -> Vec<Capability<'_>>;

    /// The options of the target.
    fn options(&self) -> Vec<OptionSpec<'_>>;

    /// The templates of a built-in target, unless they are replaced.
    fn templates(&self) -> Vec<TemplateText> {
        Vec::new()
    }

    /// Lowers the plan to the models of the target's files. Findings that depend on the appliance
    /// are added to `findings`; if one is an error, the models must not be rendered.
    fn lower(&self, plan: &Plan, options: &Options, findings: &mut Findings) -> Lowered;

    /// What takes the place of each reference of a plan, by the span of the reference. What is looked up when a
    /// container starts is described in angle brackets. Empty for targets whose templates make it.
    fn addresses(&self, _: &Plan, _: &Options) -> Vec<(Span, String)> {
        Vec::new()
    }

    /// Renders what was lowered. Only targets that [find by rendering](Target::finds_by_rendering)
    /// add to `findings`.
    ///
    /// # Errors
    /// A template of the target, or its output, is invalid.
    fn render(&self, job: Job<'_>, findings: &mut Findings) -> Result<Vec<Artifact>, Failure>;

    /// Whether the templates of the target may have findings, so that an appliance can only be
    /// checked by rendering.
    fn finds_by_rendering(&self) -> bool {
        false
    }
}

/// What is rendered: the files of one target.
pub struct Job<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The values of the target's options.
    pub options: &'a Options,
    /// What the target made of the plan. Its parts are dropped while they are rendered, so that the text
    /// takes over their memory.
    pub lowered: Lowered,
    /// Whether the origins of what is printed are recorded, see [`Artifact::record`].
    pub recorded: bool,
}

/// How the files of a target are rendered.
#[derive(Debug, Clone, Copy)]
pub struct Rendering {
    /// Whether the origins of what is printed are recorded, see [`Artifact::record`].
    pub recorded: bool,
}

/// Why a target has no output, other than an error in the appliance.
#[derive(Debug)]
pub enum Failure {
    /// A built-in template is invalid.
    Render(RenderError),
    /// A custom target is invalid: the findings in its files or in their output.
    Reports(Vec<Report>),
}

impl From<RenderError> for Failure {
    fn from(error: RenderError) -> Failure {
        Failure::Render(error)
    }
}

/// A file that a target writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Path relative to the output directory, with `/` as separator.
    pub path: String,
    /// Content of the file.
    pub text: String,
    /// Where the text comes from, if that is recorded.
    pub record: Record,
}

impl Artifact {
    /// Whether a path, with any separators, is the path of this file, or ends with it below
    /// another folder.
    pub fn is_named_by(&self, path: &str) -> bool {
        let path = path.replace('\\', "/");
        let before = path.strip_suffix(self.path.as_str());
        before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
    }
}

/// The built-in targets, in the order in which they are listed.
pub static ALL: &[&dyn Target] =
    &[&compose::Compose, &kubernetes::Kubernetes, &nomad::Nomad, &marathon::Marathon];

/// A built-in or custom target.
#[derive(Clone)]
pub enum TargetRef {
    /// A built-in target: one of [`ALL`].
    BuiltIn(&'static dyn Target),
    /// A custom target, loaded from a folder.
    Custom(Arc<custom::CustomTarget>),
}

impl TargetRef {
    /// The custom target, if it is one.
    pub fn custom(&self) -> Option<&custom::CustomTarget> {
        match self {
            TargetRef::BuiltIn(_) => None,
            TargetRef::Custom(target) => Some(target),
        }
    }

    /// The name of the built-in target whose files it writes: itself, or the one that it extends.
    pub fn built_in(&self) -> Option<&str> {
        match self {
            TargetRef::BuiltIn(target) => Some(target.name()),
            TargetRef::Custom(target) => target.extends(),
        }
    }

    /// Whether it was loaded from a folder with the same manifest: usually the same folder.
    pub fn is_same(&self, other: &custom::CustomTarget) -> bool {
        match self {
            TargetRef::BuiltIn(_) => false,
            TargetRef::Custom(target) => target.source().text() == other.source().text(),
        }
    }
}

impl Deref for TargetRef {
    type Target = dyn Target;

    fn deref(&self) -> &(dyn Target + 'static) {
        match self {
            TargetRef::BuiltIn(target) => *target,
            TargetRef::Custom(target) => target.as_ref(),
        }
    }
}

impl From<&'static dyn Target> for TargetRef {
    fn from(target: &'static dyn Target) -> TargetRef {
        TargetRef::BuiltIn(target)
    }
}

impl fmt::Debug for TargetRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TargetRef({})", self.name())
    }
}

/// The built-in targets.
pub fn built_in() -> impl Iterator<Item = TargetRef> {
    ALL.iter().map(|target| TargetRef::BuiltIn(*target))
}

/// Finds the target with this name among `targets`.
pub fn named(targets: &[TargetRef], name: &str) -> Option<TargetRef> {
    targets.iter().find(|target| target.name() == name).cloned()
}

/// Other names of what targets write for, and of products that read it.
const PRODUCTS: [(&str, &str); 17] = [
    ("docker", "compose"),
    ("docker-compose", "compose"),
    ("docker_compose", "compose"),
    ("podman", "compose"),
    ("podman-compose", "compose"),
    ("swarm", "compose"),
    ("docker-swarm", "compose"),
    ("k8s", "kubernetes"),
    ("k3s", "kubernetes"),
    ("k0s", "kubernetes"),
    ("kube", "kubernetes"),
    ("kubectl", "kubernetes"),
    ("minikube", "kubernetes"),
    ("openshift", "kubernetes"),
    ("hashicorp", "nomad"),
    ("dcos", "marathon"),
    ("mesos", "marathon"),
];

/// The name of the target that an unknown name may mean: that of a product, or a misspelling.
pub fn meant<'a>(name: &str, known: &'a [TargetRef]) -> Option<&'a str> {
    let names = || known.iter().map(|target| target.name());
    let product = PRODUCTS.iter().find(|(product, _)| name.eq_ignore_ascii_case(product));
    let of_product = product.and_then(|(_, target)| names().find(|name| name == target));
    of_product.or_else(|| nearest(name, names()))
}

/// Finds the built-in target with this name.
pub fn find(name: &str) -> Option<&'static dyn Target> {
    ALL.iter().copied().find(|target| target.name() == name)
}

/// What a plan becomes for one target.
#[derive(Debug, Default)]
pub struct Compiled {
    /// The files.
    pub artifacts: Vec<Artifact>,
    /// What no other appliance can have in the same place.
    pub claims: Vec<Claim>,
}

/// Compiles a plan for one target. Returns no artifacts if an error was reported, or if none are
/// wanted.
///
/// # Errors
/// A template of the target, or its output, is invalid.
pub fn compile(
    target: &dyn Target,
    plan: &Plan,
    options: &Options,
    rendering: Option<Rendering>,
    findings: &mut Findings,
) -> Result<Compiled, Failure> {
    let mut found = Findings::of_target(target.name());
    check_uses(target, plan, &mut found);
    let rejected = found.has_errors();
    let mut lowered = target.lower(plan, options, &mut found);
    let claims = std::mem::take(&mut lowered.claims);
    let wanted = rendering.is_some() && !found.has_errors();
    let mut artifacts = Vec::new();
    if wanted || target.finds_by_rendering() {
        let recorded = rendering.is_some_and(|rendering| rendering.recorded);
        let job = Job { plan, options, lowered, recorded };
        artifacts = match target.render(job, &mut found) {
            // Templates do not have to handle fields that their target rejects.
            Err(Failure::Reports(_)) if rejected => Vec::new(),
            rendered => rendered?,
        };
    }
    if found.has_errors() || rendering.is_none() {
        artifacts.clear();
    }
    findings.extend(found);
    Ok(Compiled { artifacts, claims })
}

/// The paths of the files that a plan becomes for one target. `None` if the target reports an error. Templates run only
/// if nothing else knows.
pub fn paths(target: &dyn Target, plan: &Plan, options: &Options) -> Option<Vec<String>> {
    let mut found = Findings::of_target(target.name());
    check_uses(target, plan, &mut found);
    let lowered = target.lower(plan, options, &mut found);
    if found.has_errors() {
        return None;
    }
    if !target.finds_by_rendering() {
        return Some(lowered.files.into_iter().map(|file| file.path).collect());
    }
    let job = Job { plan, options, lowered, recorded: false };
    let artifacts = target.render(job, &mut found).ok()?;
    (!found.has_errors()).then(|| artifacts.into_iter().map(|artifact| artifact.path).collect())
}

/// Reports the fields that the target always approximates or rejects.
fn check_uses(target: &dyn Target, plan: &Plan, findings: &mut Findings) {
    let capabilities = target.capabilities();
    let mut rows: HashMap<Field, &Capability<'_>> = HashMap::new();
    for row in &capabilities {
        rows.entry(row.field).or_insert(row);
    }
    // What only differs is told once for all uses: the reason is that of the target.
    let mut approximated: HashMap<Field, usize> = HashMap::new();
    let differs =
        |used: &Use| rows.get(&used.field).is_some_and(|row| row.fate == Fate::Approximated);
    for used in plan.uses.iter().filter(|used| differs(used)) {
        *approximated.entry(used.field).or_default() += 1;
    }
    for used in &plan.uses {
        match rows.get(&used.field) {
            Some(row) if row.fate == Fate::Approximated => {
                let Some(count) = approximated.remove(&used.field) else { continue };
                findings.extend(row.report(used).map(|found| match count {
                    1 => found,
                    _ => found.label(format!("first of {count}")),
                }));
            }
            Some(row) => findings.extend(row.report(used)),
            None => {
                let message = format!("no support is defined for `{}`", used.field.path());
                findings.push(Diagnostic::new(&codes::NOT_CARRIED, used.span, message));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Editors show them; they must be those of the output.
    #[test]
    fn addresses_of_references_are_in_the_output() {
        let container = |id: &str, env: serde_json::Value| {
            serde_json::json!({
                "id": id, "type": "service", "image": "i:1", "network_mode": "container",
                "resources": {"cpus": 1, "mem": 64}, "env": env,
                "ports": [{"container_port": 80, "protocol": "tcp"}],
            })
        };
        let document = serde_json::json!({"id": "app", "containers": [
            container("db", serde_json::json!({})),
            container("web", serde_json::json!({"A": "@db", "B": "x@db:80/y"})),
        ]});
        let source = crate::source::Source::new("appliance.json", document.to_string());
        for target in ALL {
            let compiled = testing::Compiled::of(*target, &document, &[]);
            let mut plan = crate::analysis::Analysis::of(&source).plan.unwrap();
            plan.uses.clear();
            let found = target.addresses(&plan, &Options::of(*target));
            let spans: Vec<&str> = found.iter().map(|(span, _)| source.slice(*span)).collect();
            assert_eq!(spans, ["@db", "@db:80"], "{}", target.name());
            for (_, address) in found {
                // Nomad looks up a service, whose name is the last word.
                let part = address.split('>').next().unwrap_or_default();
                let part = part.rsplit(' ').next().unwrap_or_default();
                let is_there = |artifact: &Artifact| artifact.text.contains(part);
                assert!(!part.is_empty(), "{}", target.name());
                assert!(compiled.artifacts.iter().any(is_there), "{}: {address}", target.name());
            }
        }
    }

    #[test]
    fn each_target_has_one_row_for_each_field() {
        let mut failures = Vec::new();
        for target in ALL {
            for field in Field::ALL {
                let rows = target.capabilities().iter().filter(|row| row.field == *field).count();
                if rows != 1 {
                    failures.push(format!("{}: {rows} rows for {}", target.name(), field.path()));
                }
            }
        }
        assert!(failures.is_empty(), "{failures:#?}");
    }
}
