//! Warnings and hints about accepted fields without effect, and about old forms.

use serde_json::Value;

use super::{tree_adapter, words};
use crate::diag::{Diagnostic, Findings, codes};
use crate::source::Span;
use crate::syntax::{Kind, Member, Node, Object};

/// Reports old forms and fields without effect. All fields that a running system adds share one
/// hint.
pub fn report(schema: &Value, tree: &Node, findings: &mut Findings) {
    let Some(appliance) = tree.as_object() else { return };
    if let Some(index) = index_of(appliance, "scheduler") {
        findings.push(scheduler(appliance, index));
    }
    let container_rule = schema.pointer("/definitions/container").unwrap_or(&Value::Null);
    let mut added = Added::default();
    let containers = appliance.get("containers").and_then(Node::as_array).unwrap_or_default();
    for container in containers.iter().filter_map(Node::as_object) {
        for (index, member) in container.members.iter().enumerate() {
            let Some(rule) = words::field(schema, container_rule, &member.key.value) else {
                continue;
            };
            if words::is_marked(rule, "readOnly") {
                added.note(member);
            } else if words::is_marked(rule, "deprecated") {
                findings.add(&codes::OBSOLETE_FIELD, |_| obsolete(container, index, member, rule));
            }
        }
        let volumes = container.get("volumes").and_then(Node::as_array).unwrap_or_default();
        let old = volumes.iter().filter_map(Node::as_object).filter_map(old_volume);
        findings.extend(old);
    }
    findings.extend(added.hint());
}

fn index_of(object: &Object, key: &str) -> Option<usize> {
    object.members.iter().position(|member| member.key.value == key)
}

/// Adds an edit that removes a member, if the surrounding text is known.
fn with_removal(diagnostic: Diagnostic, object: &Object, index: usize) -> Diagnostic {
    match object.removal(index) {
        Some((span, replacement)) => diagnostic.safe_edit(span, replacement),
        None => diagnostic,
    }
}

fn scheduler(appliance: &Object, index: usize) -> Diagnostic {
    let span = appliance.members.get(index).map(|member| member.key.span).unwrap_or_default();
    let message = "`scheduler` has no effect";
    let diagnostic = Diagnostic::new(&codes::NO_SCHEDULER, span, message)
        .help("no target supports the scheduler plug-ins of PIVOT");
    with_removal(diagnostic, appliance, index)
}

fn obsolete(container: &Object, index: usize, member: &Member, rule: &Value) -> Diagnostic {
    let message = format!("`{}` has no effect", member.key.value);
    let mut diagnostic = Diagnostic::new(&codes::OBSOLETE_FIELD, member.key.span, message);
    diagnostic.help.extend(words::about(&member.key.value, rule));
    with_removal(diagnostic, container, index)
}

/// The warning about a volume in the old form, with an edit to the new form.
fn old_volume(volume: &Object) -> Option<Diagnostic> {
    let old_key = |key: &str| matches!(key, "host_path" | "container_path");
    let first = volume.members.iter().position(|member| old_key(&member.key.value))?;
    // A mix of both forms is an error, reported elsewhere.
    if ["src", "dest", "type"].iter().any(|key| volume.get(key).is_some()) {
        return None;
    }
    let key = &volume.members.get(first)?.key;
    let diagnostic = Diagnostic::new(&codes::OLD_VOLUME_FORM, key.span, "volume in the old form")
        .label("form of older PIVOT versions")
        .help("use `src`, `dest` and `\"type\": \"host\"` instead");
    Some(match new_form(volume, first) {
        Some((span, replacement)) => diagnostic.safe_edit(span, replacement),
        None => diagnostic,
    })
}

/// The edit to the new form, from the first of the two old keys to the end of the second. Members
/// between them are written again.
fn new_form(volume: &Object, first: usize) -> Option<(Span, String)> {
    let last = volume.members.iter().rposition(|member| member.key.value.ends_with("_path"))?;
    let between = volume.members.get(first..=last)?;
    let (from, to) = (between.first()?, between.last()?);
    let differ = from.key.value != to.key.value;
    let is_whole = between.iter().all(|member| {
        volume.separator_before(&member.key).is_some() && member.value.kind != Kind::Broken
    });
    let separator = volume.separator_before(&from.key)?;
    if volume.damaged || volume.members.len() > 3 || !differ || !is_whole {
        return None;
    }
    let mut replacement = String::from("\"type\": \"host\"");
    for (at, member) in between.iter().enumerate() {
        let key = match member.key.value.as_str() {
            "host_path" => "src",
            "container_path" => "dest",
            other => other,
        };
        replacement.push_str(&format!("{separator}{}", words::quoted(key)));
        if at + 1 < between.len() {
            replacement.push_str(&format!(": {}", tree_adapter::to_value(&member.value)));
        }
    }
    Some((from.key.span.to(to.key.span), replacement))
}

/// The fields in the document that a running system adds.
#[derive(Default)]
struct Added<'a> {
    first: Option<Span>,
    names: Vec<&'a str>,
    count: usize,
}

impl<'a> Added<'a> {
    fn note(&mut self, member: &'a Member) {
        self.first.get_or_insert(member.key.span);
        self.count += 1;
        if !self.names.contains(&member.key.value.as_str()) {
            self.names.push(&member.key.value);
        }
    }

    fn hint(self) -> Option<Diagnostic> {
        let message = match self.names.as_slice() {
            [only] => format!("`{only}` is added by a running system and ignored"),
            names => {
                format!("{} are added by a running system and ignored", words::list_and(names))
            }
        };
        let diagnostic = Diagnostic::new(&codes::READ_ONLY_FIELD, self.first?, message);
        Some(match self.count {
            1 => diagnostic,
            count => diagnostic.label(format!("first of {count}")),
        })
    }
}
