//! From the body of a request to an appliance that is compiled. Nothing but the body is read.

use applc::analysis::Analysis;
use applc::diag::{Diagnostic, Level, Phase, Report, codes};
use applc::plan::{MountSource, Plan};
use applc::source::{Source, Sources};
use applc::targets::{Artifact, Rendering};
use applc::{Memory, Selected, compile_analysis};
use axum::http::StatusCode;
use serde_json::Value;

use super::answer::{Problem, findings};
use crate::rendered::complete;
use crate::secrets::Secrets;

/// The names of bodies in findings.
const JSON: &str = "request.jsonc";
const YAML: &str = "request.yaml";

/// What a service lets appliances do that has power over its machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Allow {
    /// Containers with `is_privileged`.
    pub privileged: bool,
    /// Mounts of paths of the host.
    pub host_paths: bool,
}

/// How a service compiles appliances.
#[derive(Clone)]
pub struct Terms {
    /// The target, with its options.
    pub target: Selected,
    /// Where its options were set.
    pub sources: Sources,
    /// What appliances may do.
    pub allow: Allow,
    /// Where the values of secrets are.
    pub secrets: Secrets,
}

/// An appliance that was compiled.
#[derive(Debug)]
pub struct Compiled {
    /// The plan.
    pub plan: Plan,
    /// The appliance with all defaults.
    pub appliance: Value,
    /// The files that the target wrote.
    pub files: Vec<Artifact>,
    /// The body.
    pub source: Source,
    /// All files that spans may be in.
    pub sources: Sources,
}

impl Compiled {
    /// The id of the appliance.
    pub fn id(&self) -> &str {
        &self.plan.id.value
    }
}

/// The body of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    name: &'static str,
    bytes: Vec<u8>,
    is_form: bool,
}

impl Submission {
    /// A body with its `Content-Type`. `curl -d` says that it is a form; the body is taken as it is.
    ///
    /// # Errors
    /// 415: the type is another one.
    pub fn new(kind: Option<&str>, bytes: Vec<u8>) -> Result<Submission, Problem> {
        let kind = kind.unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let name = match essence.as_str() {
            "application/json" | "application/jsonc" | "text/json" => JSON,
            "application/yaml" | "application/x-yaml" | "text/yaml" | "text/x-yaml" => YAML,
            ""
            | "application/x-www-form-urlencoded"
            | "application/octet-stream"
            | "text/plain" => recognised(&bytes),
            _ => {
                let message = format!("cannot read `{essence}`; send JSON or YAML");
                return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
            }
        };
        let is_form = essence == "application/x-www-form-urlencoded";
        Ok(Submission { name, bytes, is_form })
    }

    /// An appliance that is kept, complete.
    pub fn kept(appliance: &Value) -> Submission {
        Submission { name: JSON, bytes: appliance.to_string().into_bytes(), is_form: false }
    }

    /// The plan, if nothing is wrong with it on every target.
    pub fn plan(&self) -> Option<Plan> {
        let world = Memory::new().with(self.name, self.bytes.clone());
        let analysis = Analysis::read(&world, self.name, Sources::new()).ok()?;
        analysis.valid_plan().cloned()
    }

    /// Compiles it.
    ///
    /// # Errors
    /// 400 or 422, as PIVOT says it: it has errors. 403: it may not do something.
    pub fn compile(&self, terms: &Terms) -> Result<Compiled, Problem> {
        let (compiled, report) = self.check(terms)?;
        compiled.ok_or_else(|| self.refused(&report))
    }

    /// Compiles it, and returns all findings too. Without a result, there are errors.
    ///
    /// # Errors
    /// A built-in template fails.
    pub fn check(&self, terms: &Terms) -> Result<(Option<Compiled>, Report), Problem> {
        let internal = |error: applc::Error| {
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
        };
        let world = Memory::new().with(self.name, self.bytes.clone());
        let mut analysis = Analysis::read(&world, self.name, terms.sources.clone())
            .map_err(|error| internal(error.into()))?;
        if let Some(plan) = analysis.valid_plan() {
            let mut refused = refused(plan, terms.allow);
            // The other engines have a store.
            if terms.target.target.name() == "compose" {
                refused.extend(terms.secrets.missing(plan));
            }
            analysis.findings.extend(refused);
        }
        let (source, sources) = (analysis.source.clone(), analysis.sources.clone());
        let appliance = analysis.tree.as_ref().map(complete).unwrap_or_default();
        let rendering = Some(Rendering { recorded: false });
        let compilation =
            compile_analysis(analysis, std::slice::from_ref(&terms.target), rendering)
                .map_err(internal)?;
        let output = compilation.outputs.into_iter().next();
        let compiled = match (compilation.plan, output) {
            (Some(plan), Some(output)) => {
                Some(Compiled { plan, appliance, files: output.artifacts, source, sources })
            }
            _ => None,
        };
        Ok((compiled, compilation.report))
    }

    /// The problem of a body with errors.
    fn refused(&self, report: &Report) -> Problem {
        let is_error = |found: &&Diagnostic| found.level == Level::Error;
        let first = report.diagnostics.iter().find(is_error);
        let status = first.map_or(StatusCode::BAD_REQUEST, status);
        let message = match first {
            _ if self.is_stripped() => {
                "the body has no line breaks, as `curl -d @FILE` removes them: a comment then swallows the \
                 rest, and YAML loses its structure; send it with `--data-binary @FILE`"
                    .to_owned()
            }
            Some(found) => {
                let position = report.source_of(found.primary.span).position(found.primary.span.start);
                format!("line {}, column {}: {}", position.line, position.column, found.text())
            }
            None => "the appliance has errors".to_owned(),
        };
        let mut shown = report.clone();
        shown.diagnostics.retain(|found| found.level != Level::Hint);
        Problem { status, message, findings: findings(&shown) }
    }

    /// Whether what is wrong is that line breaks are gone: a comment in JSON, or YAML, in one line.
    fn is_stripped(&self) -> bool {
        let text = String::from_utf8_lossy(&self.bytes);
        let is_line = !text.trim_end().contains(['\n', '\r']);
        let is_short = text.trim().len() < 20;
        let has_parts = match self.name {
            YAML => text.contains(": ") && !is_short,
            _ => text.contains("//"),
        };
        is_line && has_parts && (self.is_form || self.name == YAML)
    }
}

/// JSON begins with a bracket, behind comments; everything else is YAML.
fn recognised(bytes: &[u8]) -> &'static str {
    let text = String::from_utf8_lossy(bytes);
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        let comment = if rest.starts_with("//") {
            rest.find('\n')
        } else if rest.starts_with("/*") {
            rest.find("*/").map(|end| end + 1)
        } else {
            break;
        };
        rest = comment.and_then(|end| rest.get(end + 1..)).unwrap_or_default().trim_start();
    }
    if rest.is_empty() || rest.starts_with(['{', '[', '"']) { JSON } else { YAML }
}

/// The status for an error, as PIVOT has it: 422 if the body is not JSON, or its dependencies are wrong.
fn status(found: &Diagnostic) -> StatusCode {
    let dependency =
        [&codes::UNKNOWN_DEPENDENCY, &codes::DEPENDENCY_CYCLE, &codes::SELF_DEPENDENCY];
    if *found.code == codes::NOT_ALLOWED {
        StatusCode::FORBIDDEN
    } else if matches!(found.code.phase, Phase::Source | Phase::Syntax)
        || dependency.contains(&found.code)
    {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::BAD_REQUEST
    }
}

/// A finding for each thing that the service does not let appliances do.
fn refused(plan: &Plan, allow: Allow) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for container in &plan.containers {
        if container.privileged.value && !allow.privileged {
            let message = format!("`{}` is privileged", container.id.value);
            let finding = Diagnostic::new(&codes::NOT_ALLOWED, container.privileged.span, message);
            found.push(finding.help("the service allows it with `applc serve --allow privileged`"));
        }
        // A request comes without a folder.
        let context = container.extras().build.as_ref().map(|build| &build.context);
        if let Some(path) = context {
            let message = format!("`{}` is built from a folder", container.id.value);
            let finding = Diagnostic::new(&codes::NOT_ALLOWED, path.span, message);
            found.push(finding.help("build the image, push it, and remove `build`"));
        }
        for mount in &container.mounts {
            if let Some(path) = mount.beside() {
                let message =
                    format!("`{}` mounts a path beside the appliance", container.id.value);
                let finding = Diagnostic::new(&codes::NOT_ALLOWED, path.span, message);
                found.push(finding.help("write the content of its files into `files`"));
                continue;
            }
            if let MountSource::Host(path) = &mount.source
                && !allow.host_paths
            {
                let message = format!("`{}` mounts a path of the host", container.id.value);
                let finding = Diagnostic::new(&codes::NOT_ALLOWED, path.span, message);
                found.push(
                    finding.help("the service allows it with `applc serve --allow host-path`"),
                );
            }
        }
    }
    found
}
