//! The formats of other tools. Only what is needed of them is read; unknown members are ignored.

use serde::Deserialize;
use serde_json::Value;

use super::{ForeignFinding, ForeignPlace, Object};
use crate::diag::Level;

/// The formats that are read, for documentation and errors.
pub const FORMATS: &str = "SARIF, or the JSON of kubeconform, kube-linter, kube-score or Trivy";

/// Reads a document of findings, whose format is recognized from its members. `None` if it is in no
/// known format.
pub fn read(text: &str) -> Option<Vec<ForeignFinding>> {
    let document: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()?;
    let has = |key: &str| document.get(key).is_some();
    if has("runs") {
        Some(sarif(serde_json::from_value(document).ok()?))
    } else if has("resources") {
        Some(kubeconform(serde_json::from_value(document).ok()?))
    } else if has("Checks") || has("Reports") {
        Some(kube_linter(serde_json::from_value(document).ok()?))
    } else if has("Results") || has("ArtifactName") {
        Some(trivy(serde_json::from_value(document).ok()?))
    } else if document.get(0).is_some_and(|first| first.get("object_name").is_some()) {
        Some(kube_score(serde_json::from_value(document).ok()?))
    } else {
        None
    }
}

/// A list that Go writes as `null` if it is empty.
fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format").
#[derive(Deserialize)]
struct Sarif {
    runs: Vec<SarifRun>,
}

#[derive(Deserialize)]
struct SarifRun {
    tool: SarifTool,
    #[serde(default, deserialize_with = "list")]
    results: Vec<SarifResult>,
}

#[derive(Deserialize)]
struct SarifTool {
    driver: SarifDriver,
}

#[derive(Deserialize)]
struct SarifDriver {
    name: String,
    #[serde(default, deserialize_with = "list")]
    rules: Vec<SarifRule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SarifRule {
    id: String,
    default_configuration: Option<SarifConfiguration>,
    help: Option<SarifText>,
}

#[derive(Deserialize)]
struct SarifConfiguration {
    level: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult {
    #[serde(default)]
    rule_id: String,
    level: Option<String>,
    message: SarifText,
    #[serde(default, deserialize_with = "list")]
    locations: Vec<SarifLocation>,
}

#[derive(Deserialize)]
struct SarifText {
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SarifLocation {
    physical_location: Option<SarifPhysical>,
    #[serde(default, deserialize_with = "list")]
    logical_locations: Vec<SarifLogical>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct SarifPhysical {
    artifact_location: Option<SarifArtifact>,
    region: Option<SarifRegion>,
    context_region: Option<SarifRegion>,
}

impl SarifPhysical {
    /// The line and column, both 0 if unknown.
    fn start(&self) -> (usize, usize) {
        // kube-score leaves the region empty, and gives the first line of the object as its context.
        let regions = [&self.region, &self.context_region].into_iter().flatten();
        let mut known = regions.filter(|region| region.start_line > 0);
        known.next().map_or((0, 0), |region| (region.start_line, region.start_column))
    }
}

#[derive(Deserialize)]
struct SarifArtifact {
    #[serde(default)]
    uri: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SarifRegion {
    #[serde(default)]
    start_line: usize,
    #[serde(default)]
    start_column: usize,
}

#[derive(Deserialize)]
struct SarifLogical {
    #[serde(default)]
    name: String,
    #[serde(default)]
    kind: String,
}

fn sarif(document: Sarif) -> Vec<ForeignFinding> {
    let mut found = Vec::new();
    for run in document.runs {
        let driver = run.tool.driver;
        for result in run.results {
            let rule = driver.rules.iter().find(|rule| rule.id == result.rule_id);
            let default =
                rule.and_then(|rule| rule.default_configuration.as_ref()?.level.as_deref());
            let Some(level) = level(result.level.as_deref().or(default).unwrap_or("warning"))
            else {
                continue;
            };
            let location = result.locations.into_iter().next();
            let (physical, logical) =
                location.map_or((None, Vec::new()), |l| (l.physical_location, l.logical_locations));
            let physical = physical.unwrap_or_default();
            let (line, column) = physical.start();
            found.push(ForeignFinding {
                tool: driver.name.clone(),
                rule: result.rule_id,
                level,
                message: message(&result.message, &logical),
                help: rule.and_then(|rule| rule.help.as_ref()).map_or(String::new(), remedy),
                file: physical.artifact_location.map_or(String::new(), |file| file.uri),
                // Where a tool knows the object, its line is often only the first of the file.
                place: match object(&logical) {
                    Some(object) if line <= 1 => ForeignPlace::Object(object),
                    _ => ForeignPlace::Line(line.max(1), column),
                },
            });
        }
    }
    found
}

/// The message. That of kube-linter ends with a line that names the object.
fn message(text: &SarifText, logical: &[SarifLogical]) -> String {
    match text.text.rsplit_once("\nobject: ") {
        Some((message, _)) if object(logical).is_some() => message.to_owned(),
        _ => text.text.clone(),
    }
}

/// What a help says to do: the line that kube-linter begins with a word for it, or the first line.
fn remedy(help: &SarifText) -> String {
    let mut lines = help.text.lines();
    let remedy = lines.clone().find_map(|line| line.strip_prefix("Remediation: "));
    remedy.or_else(|| lines.next()).unwrap_or_default().to_owned()
}

/// The Kubernetes object that kube-linter names as the logical location.
fn object(logical: &[SarifLogical]) -> Option<Object> {
    let named = |kind: &str| logical.iter().find(|part| part.kind == kind);
    let (kind, name) = (named("GVK/Kind")?, named("Object Name")?);
    Some(Object { kind: kind.name.clone(), name: name.name.clone() })
}

/// The level of a SARIF level or of a severity; `None` if it is no finding.
fn level(word: &str) -> Option<Level> {
    match word.to_ascii_lowercase().as_str() {
        "none" => None,
        "error" | "critical" | "high" => Some(Level::Error),
        "note" | "info" | "low" | "unknown" => Some(Level::Hint),
        _ => Some(Level::Warning),
    }
}

/// The output of `kubeconform -output json`.
#[derive(Deserialize)]
struct Kubeconform {
    #[serde(default, deserialize_with = "list")]
    resources: Vec<KubeconformResource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KubeconformResource {
    filename: String,
    kind: String,
    name: String,
    status: String,
    #[serde(default)]
    msg: String,
    #[serde(default, deserialize_with = "list")]
    validation_errors: Vec<KubeconformError>,
}

#[derive(Deserialize)]
struct KubeconformError {
    path: String,
    msg: String,
}

fn kubeconform(document: Kubeconform) -> Vec<ForeignFinding> {
    let mut found = Vec::new();
    for resource in document.resources {
        if !matches!(resource.status.as_str(), "statusInvalid" | "statusError") {
            continue;
        }
        let object = Object { kind: resource.kind, name: resource.name };
        let finding = |message: String, place: ForeignPlace| ForeignFinding {
            tool: "kubeconform".to_owned(),
            rule: String::new(),
            level: Level::Error,
            message,
            help: String::new(),
            file: resource.filename.clone(),
            place,
        };
        // The list has only the outermost errors: for an object with several, that it is invalid.
        // The message has all.
        let mut errors = kubeconform_errors(&resource.msg);
        if errors.is_empty() {
            let keys = |path: &str| path.split('/').skip(1).map(str::to_owned).collect();
            let listed = resource.validation_errors.into_iter();
            errors = listed.map(|error| (keys(&error.path), error.msg)).collect();
        }
        if errors.is_empty() {
            found.push(finding(resource.msg.clone(), ForeignPlace::Object(object.clone())));
        }
        for (keys, message) in errors {
            found.push(finding(message, ForeignPlace::Value(object.clone(), keys)));
        }
    }
    found
}

/// The errors in the message of a resource, each as the keys of the value and what is wrong. The
/// message is that of the library `jsonschema` for Go, with blanks for line ends:
/// `... - at '/spec': validation failed   - at '/spec/replicas': got string, want integer`.
fn kubeconform_errors(message: &str) -> Vec<(Vec<String>, String)> {
    let parts = message.split(" - at '").skip(1);
    let errors = parts.filter_map(|part| {
        let (pointer, error) = part.split_once("': ")?;
        let error = error.trim();
        let mut keys: Vec<String> = pointer
            .split('/')
            .skip(1)
            .map(|key| key.replace("\\'", "'").replace("~1", "/").replace("~0", "~"))
            .collect();
        // The place is that of the object, but the key is what is wrong.
        let unknown = error.strip_prefix("additional properties '");
        keys.extend(unknown.and_then(|names| names.split('\'').next()).map(str::to_owned));
        Some((keys, error.to_owned()))
    });
    // Objects around errors are reported as well.
    errors.filter(|(_, error)| !error.ends_with(" failed")).collect()
}

/// The output of `kube-linter lint --format json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KubeLinter {
    #[serde(default, deserialize_with = "list")]
    reports: Vec<KubeLinterReport>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KubeLinterReport {
    diagnostic: KubeLinterDiagnostic,
    check: String,
    #[serde(default)]
    remediation: String,
    object: KubeLinterObject,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KubeLinterDiagnostic {
    message: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KubeLinterObject {
    metadata: KubeLinterMetadata,
    k8s_object: KubeLinterName,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KubeLinterMetadata {
    file_path: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KubeLinterName {
    name: String,
    group_version_kind: KubeLinterKind,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KubeLinterKind {
    kind: String,
}

fn kube_linter(document: KubeLinter) -> Vec<ForeignFinding> {
    let finding = |report: KubeLinterReport| ForeignFinding {
        tool: "kube-linter".to_owned(),
        rule: report.check,
        level: Level::Error,
        message: report.diagnostic.message,
        help: report.remediation,
        file: report.object.metadata.file_path,
        place: ForeignPlace::Object(Object {
            kind: report.object.k8s_object.group_version_kind.kind,
            name: report.object.k8s_object.name,
        }),
    };
    document.reports.into_iter().map(finding).collect()
}

/// An object in the output of `kube-score score --output-format json`.
#[derive(Deserialize)]
struct KubeScore {
    type_meta: KubeScoreKind,
    object_meta: KubeScoreName,
    #[serde(default)]
    file_name: String,
    #[serde(default, deserialize_with = "list")]
    checks: Vec<KubeScoreCheck>,
}

#[derive(Deserialize)]
struct KubeScoreKind {
    kind: String,
}

#[derive(Deserialize)]
struct KubeScoreName {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct KubeScoreCheck {
    check: KubeScoreRule,
    grade: u8,
    #[serde(default)]
    skipped: bool,
    #[serde(default, deserialize_with = "list")]
    comments: Vec<KubeScoreComment>,
}

#[derive(Deserialize)]
struct KubeScoreRule {
    id: String,
}

#[derive(Deserialize)]
struct KubeScoreComment {
    #[serde(default)]
    path: String,
    summary: String,
    #[serde(default)]
    description: String,
}

fn kube_score(document: Vec<KubeScore>) -> Vec<ForeignFinding> {
    let mut found = Vec::new();
    for object in document {
        for check in object.checks.into_iter().filter(|check| !check.skipped) {
            // The grades of kube-score: 1 critical, 5 warning, 7 almost passed, 10 passed.
            let level = match check.grade {
                ..5 => Level::Error,
                5..7 => Level::Warning,
                7..10 => Level::Hint,
                _ => continue,
            };
            for comment in check.comments {
                let part = match comment.path.as_str() {
                    "" => String::new(),
                    path => format!(" (`{path}`)"),
                };
                found.push(ForeignFinding {
                    tool: "kube-score".to_owned(),
                    rule: check.check.id.clone(),
                    level,
                    message: comment.summary + &part,
                    help: comment.description,
                    file: object.file_name.clone(),
                    place: ForeignPlace::Object(Object {
                        kind: object.type_meta.kind.clone(),
                        name: object.object_meta.name.clone(),
                    }),
                });
            }
        }
    }
    found
}

/// The output of `trivy config --format json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Trivy {
    #[serde(default, deserialize_with = "list")]
    results: Vec<TrivyResult>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TrivyResult {
    target: String,
    #[serde(default, deserialize_with = "list")]
    misconfigurations: Vec<TrivyMisconfiguration>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TrivyMisconfiguration {
    #[serde(rename = "ID")]
    id: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    resolution: String,
    #[serde(default)]
    severity: String,
    #[serde(default)]
    status: String,
    cause_metadata: Option<TrivyCause>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TrivyCause {
    #[serde(default)]
    start_line: usize,
}

fn trivy(document: Trivy) -> Vec<ForeignFinding> {
    let mut found = Vec::new();
    for result in document.results {
        for cause in result.misconfigurations {
            if cause.status == "PASS" {
                continue;
            }
            let line = cause.cause_metadata.map_or(0, |metadata| metadata.start_line);
            found.push(ForeignFinding {
                tool: "trivy".to_owned(),
                rule: cause.id,
                level: level(&cause.severity).unwrap_or(Level::Warning),
                message: cause.message,
                help: cause.resolution,
                file: result.target.clone(),
                place: ForeignPlace::Line(line.max(1), 0),
            });
        }
    }
    found
}
