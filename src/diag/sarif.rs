//! Findings as SARIF 2.1.0, the format of code scanning services. (OASIS, "Static Analysis
//! Results Interchange Format Version 2.1.0"; comments refer to its sections.)

use serde_json::{Value, json};

use super::fingerprint::Fingerprints;
use super::{Code, Diagnostic, Edit, Label, Level, Report};
use crate::source::{Source, Span};

/// Renders one log with one run for all reports. Columns count Unicode code points.
pub fn render(reports: &[Report]) -> String {
    let rules = rules(reports);
    let mut fingerprints = Fingerprints::default();
    let mut results = Vec::new();
    for report in reports {
        for diagnostic in &report.diagnostics {
            let index = rules.iter().position(|code| code.id == diagnostic.code.id);
            let fingerprint = fingerprints.of(report, diagnostic);
            results.push(result(report, diagnostic, index, &fingerprint));
        }
    }
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "applc",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|code| rule(code)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

/// The codes that occur in the findings, in the order of the table.
fn rules(reports: &[Report]) -> Vec<&'static Code> {
    let found = |code: &Code| {
        let mut all = reports.iter().flat_map(|report| &report.diagnostics);
        all.any(|diagnostic| diagnostic.code.id == code.id)
    };
    super::codes::ALL.iter().copied().filter(|code| found(code)).collect()
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Hint => "note",
    }
}

fn rule(code: &Code) -> Value {
    let name: String = code
        .name
        .split('_')
        .flat_map(|word| {
            let (first, rest) = word.split_at(word.len().min(1));
            [first.to_owned(), rest.to_lowercase()]
        })
        .collect();
    json!({
        "id": code.id,
        "name": name,
        "shortDescription": {"text": sentence(code.summary)},
        "fullDescription": {"text": sentence(code.summary)},
        "help": {"text": format!("Run `applc explain {}` for details.", code.id)},
        "defaultConfiguration": {"level": level(code.level)},
    })
}

fn result(report: &Report, diagnostic: &Diagnostic, rule: Option<usize>, print: &str) -> Value {
    let mut text = sentence(&diagnostic.text());
    for help in &diagnostic.help {
        text.push('\n');
        text.push_str(&sentence(help));
    }
    let mut result = json!({
        "ruleId": diagnostic.code.id,
        "level": level(diagnostic.level),
        "message": {"text": text},
        "locations": [{"physicalLocation": location(report, diagnostic.primary.span)}],
        "partialFingerprints": {"applc/v1": print},
    });
    if let Some(target) = &diagnostic.target {
        result["properties"] = json!({"target": &**target});
    }
    if let Some(index) = rule {
        result["ruleIndex"] = json!(index);
    }
    if !diagnostic.secondary.is_empty() {
        let related = diagnostic.secondary.iter().enumerate();
        result["relatedLocations"] =
            related.map(|(at, label)| related_location(report, at, label)).collect();
    }
    if let Some(edit) = &diagnostic.edit {
        result["fixes"] = json!([fix(report.source_of(edit.span), edit)]);
    }
    result
}

fn related_location(report: &Report, at: usize, label: &Label) -> Value {
    json!({
        "id": at,
        "physicalLocation": location(report, label.span),
        "message": {"text": sentence(&label.text)},
    })
}

fn location(report: &Report, span: Span) -> Value {
    let source = report.source_of(span);
    json!({
        "artifactLocation": {"uri": uri(source.name())},
        "region": region(source, span),
    })
}

fn region(source: &Source, span: Span) -> Value {
    let (start, end) = (source.position(span.start), source.position(span.end));
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}

fn fix(source: &Source, edit: &Edit) -> Value {
    let description = match edit.safe {
        true => "Apply this fix.",
        false => "Apply this fix after review: it may not be what was meant.",
    };
    let mut replacement = json!({"deletedRegion": region(source, edit.span)});
    if !edit.replacement.is_empty() {
        replacement["insertedContent"] = json!({"text": edit.replacement});
    }
    json!({
        "description": {"text": description},
        "artifactChanges": [{
            "artifactLocation": {"uri": uri(source.name())},
            "replacements": [replacement],
        }],
    })
}

/// A message as a sentence with a capital letter and a full stop, as SARIF requires (3.11.3). A path in its place stays
/// as it is.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let word = text.split_whitespace().next().unwrap_or_default().trim_end_matches([',', ':']);
    let is_word = word.chars().all(char::is_alphabetic);
    let upper = |c: char| if is_word { c.to_uppercase().to_string() } else { c.to_string() };
    let first = chars.next().map(upper).unwrap_or_default();
    let end = if text.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{end}", chars.as_str())
}

/// A path as a URI reference (3.4.3). Relative paths stay relative.
fn uri(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path).replace('\\', "/");
    let mut uri = String::new();
    let windows = path.get(1..3) == Some(":/");
    if path.starts_with('/') || windows {
        uri.push_str(if windows { "file:///" } else { "file://" });
    }
    for (at, byte) in path.bytes().enumerate() {
        let plain = byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
        if plain || (windows && at == 1) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uri_references() {
        assert_eq!(uri("./a b/ü#1.json"), "a%20b/%C3%BC%231.json");
        assert_eq!(uri("/srv/a.json"), "file:///srv/a.json");
        assert_eq!(uri("C:\\x\\a:b.json"), "file:///C:/x/a%3Ab.json");
        assert_eq!(uri("a:b.json"), "a%3Ab.json");
    }

    #[test]
    fn messages_become_sentences() {
        assert_eq!(sentence("did you mean `x`?"), "Did you mean `x`?");
        assert_eq!(sentence("`x` is unknown"), "`x` is unknown.");
        assert_eq!(sentence("apps/a.yaml is unknown"), "apps/a.yaml is unknown.");
        assert_eq!(sentence(""), ".");
    }
}
