//! Variables that Kubernetes reads from a Secret, as `secret_env` names them.

use crate::source::{Source, Span};
use crate::syntax::{Kind, Node, Object};

/// The entry of `secret_env` that means the same as an object with `valueFrom`. `None` if it is another source, or has names
/// that the language does not have.
pub fn secret(name: &str, value: &Object) -> Option<String> {
    let from = value.get("valueFrom").and_then(Node::as_object)?;
    let reference = from.get("secretKeyRef").and_then(Node::as_object)?;
    // More fields say more: that it may be missing.
    if value.members.len() != 1 || from.members.len() != 1 || reference.members.len() != 2 {
        return None;
    }
    let text = |field: &str| match &reference.get(field)?.kind {
        Kind::String(text) => Some(text.as_str()),
        _ => None,
    };
    let (secret, key) = (text("name")?, text("key")?);
    let consists_of = |text: &str, also: &str, most: usize| {
        (1..=most).contains(&text.len())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(c))
    };
    let is_valid = consists_of(name, "_.-", 200)
        && consists_of(secret, "-", 63)
        && !secret.contains(|c: char| c.is_ascii_uppercase())
        && !secret.starts_with('-')
        && !secret.ends_with('-')
        && consists_of(key, "._-", 200)
        && !key.starts_with("..");
    is_valid.then(|| format!("\"{name}\": {{ \"secret\": \"{secret}\", \"key\": \"{key}\" }}"))
}

/// The edit that moves the variable at `index` of `env` to `secret_env`, where it is this entry. `None` if the container
/// has that field, or its text is not known well enough.
pub fn edit(
    container: &Object,
    index: usize,
    entry: &str,
    source: &Source,
) -> Option<(Span, String)> {
    if container.get("secret_env").is_some() || container.damaged {
        return None;
    }
    let member = container.member("env")?;
    let env = member.value.as_object()?;
    let whole = member.key.span.to(member.value.span);
    // With an overlay, its parts can be in different files.
    let moving = env.members.get(index)?.value.span;
    if ![whole.start, whole.end, moving.start].iter().all(|&at| source.contains(at)) {
        return None;
    }
    let moved = format!("\"secret_env\": {{ {entry} }}");
    if env.members.len() == 1 {
        return Some((whole, moved));
    }
    let separator = container.separator_before(&member.key)?.trim_start_matches(',').to_owned();
    let comma = if separator.starts_with('\n') { "" } else { "," };
    let (removed, by) = env.removal(index)?;
    let before = source.slice(Span { end: removed.start, ..whole });
    let after = source.slice(Span { start: removed.end, ..whole });
    Some((whole, format!("{moved}{comma}{separator}{before}{by}{after}")))
}

#[cfg(test)]
mod tests {
    use crate::Memory;

    /// The text after the edits of the findings with this code.
    fn edited(name: &str, env: &str) -> Option<String> {
        let world = Memory::new().with(name, env);
        let report = crate::compile(&world, name, &[]).unwrap().report;
        let mut edits = report.diagnostics.iter().filter(|one| one.code.id == "W0607");
        let edit = edits.find_map(|one| one.edit.clone())?;
        let text = report.source.text();
        let (start, end) = (edit.span.start as usize, edit.span.end as usize);
        Some(format!("{}{}{}", &text[..start], edit.replacement, &text[end..]))
    }

    fn json(fields: &str) -> String {
        format!(
            r#"{{"id": "x", "containers": [{{"id": "a", "type": "service", "image": "a:1", {fields}, "resources": {{"cpus": 1, "mem": 64}}}}]}}"#
        )
    }

    const REF: &str = r#"{"valueFrom": {"secretKeyRef": {"name": "db", "key": "pass.word"}}}"#;

    #[test]
    fn a_variable_of_a_secret_moves() {
        let moved = r#""secret_env": { "P": { "secret": "db", "key": "pass.word" } }"#;
        for (env, expected) in [
            (format!(r#""env": {{"P": {REF}}}"#), moved.to_owned()),
            (
                format!(r#""env": {{"A": "1", "P": {REF}}}"#),
                format!(r#"{moved}, "env": {{"A": "1"}}"#),
            ),
            (
                format!(r#""env": {{"P": {REF}, "Q": {REF}}}"#),
                format!(r#"{moved}, "env": {{"Q": {REF}}}"#),
            ),
        ] {
            assert_eq!(edited("a.json", &json(&env)), Some(json(&expected)), "{env}");
        }
        for other in [
            r#""env": {"P": {"valueFrom": {"configMapKeyRef": {"name": "db", "key": "a"}}}}"#,
            r#""env": {"P": {"valueFrom": {"secretKeyRef": {"name": "db", "key": "a", "optional": true}}}}"#,
            r#""env": {"P": {"valueFrom": {"secretKeyRef": {"name": "my.db", "key": "a"}}}}"#,
            &format!(
                r#""secret_env": {{"Q": {{"secret": "a", "key": "b"}}}}, "env": {{"P": {REF}}}"#
            ),
        ] {
            assert_eq!(edited("a.json", &json(other)), None, "{other}");
        }
    }

    #[test]
    fn the_edit_keeps_blocks_of_yaml() {
        let yaml = |env: &str| {
            format!(
                "id: x\ncontainers:\n  - id: a\n    type: service\n    image: a:1\n{env}    resources: {{ cpus: 1, mem: 64 }}\n"
            )
        };
        let before = yaml(
            "    env:\n      P:\n        valueFrom:\n          secretKeyRef:\n            name: db\n            key: k\n      A: b\n",
        );
        let after = yaml(
            "    \"secret_env\": { \"P\": { \"secret\": \"db\", \"key\": \"k\" } }\n    env:\n      A: b\n",
        );
        assert_eq!(edited("a.yaml", &before), Some(after));
    }
}
