//! Habits of other languages in strings and values: variables that nothing replaces, sources of values that
//! nothing reads, and names of other containers that are not references.

use std::collections::HashMap;

use crate::diag::{Code, Diagnostic, Findings, codes};
use crate::plan::{Container, ContainerId, File, Piece, Plan, Probe, Text};
use crate::schema::is_id_char;
use crate::source::{Source, Span, Syntax};
use crate::syntax::{Kind, Node};

use super::value_from;

/// Checks the values of variables in a tree that only it has: `null`, and objects.
pub fn check_values(tree: &Node, source: &Source, findings: &mut Findings) {
    let containers = tree.as_object().and_then(|appliance| appliance.get("containers"));
    let containers = containers.and_then(Node::as_array).unwrap_or_default();
    for container in containers {
        let Some(container) = container.as_object() else { continue };
        let env = container.get("env").and_then(Node::as_object);
        // An edit moves one variable at a time: two of them would change the same text.
        let mut is_moved = false;
        for (index, variable) in env.iter().flat_map(|env| env.members.iter().enumerate()) {
            let (name, value) = (&variable.key.value, &variable.value);
            match &value.kind {
                Kind::Null => findings.add(&codes::FOREIGN_VALUE, |code| {
                    let message = format!("`{name}` is the text `null`");
                    // An empty value has no place of its own.
                    let span = if value.span.range().is_empty() { variable.key.span } else { value.span };
                    Diagnostic::new(code, span, message).help(
                        "no value is taken from the environment of applc or of the host; write the value, or remove the variable",
                    )
                }),
                Kind::Object(object) if object.get("valueFrom").is_some() => {
                    findings.add(&codes::FOREIGN_VALUE, |code| {
                        let message = format!("`{name}` is the JSON text of this object");
                        let found = Diagnostic::new(code, value.span, message);
                        let Some(entry) = value_from::secret(name, object) else {
                            return found.help(
                                "`valueFrom` of Kubernetes is not read; write the value, or name it in `secret_env` if it is one of a secret store",
                            );
                        };
                        let found = found.help(format!("name it in `secret_env`: `{entry}`"));
                        let edit = value_from::edit(container, index, &entry, source);
                        match edit.filter(|_| !std::mem::replace(&mut is_moved, true)) {
                            Some((span, text)) => found.likely_edit(span, text),
                            None => found,
                        }
                    });
                }
                _ => {}
            }
        }
    }
}

/// Checks the strings of one container. `ids` are those of all containers.
pub fn check(
    at: ContainerId,
    plan: &Plan,
    ids: &HashMap<&str, ContainerId>,
    source: &Source,
    findings: &mut Findings,
) {
    let Some(container) = plan.containers.get(at) else { return };
    for variable in &container.env {
        let name = variable.name.value.as_str();
        unreplaced(name, &variable.value, findings);
        let is_host = names_host(name);
        hosts(&variable.value, Some((name, is_host)), at, plan, ids, source, findings);
    }
    let files = container.extras().files.iter().filter_map(File::text);
    let health = container.health().and_then(|health| match &health.probe {
        Probe::Command(text) => Some(text),
        _ => None,
    });
    for text in container.command.texts().chain(files).chain(health) {
        hosts(text, None, at, plan, ids, source, findings);
    }
}

/// Ends of names of variables whose value is run by a shell, or is its prompt.
const SCRIPTS: [&str; 7] = ["CMD", "COMMAND", "SCRIPT", "PS1", "PS2", "PS4", "PROMPT"];

/// Reports `${NAME}` and `$(NAME)` in a variable, which Compose and Kubernetes replace.
fn unreplaced(name: &str, value: &Text, findings: &mut Findings) {
    let is_script = SCRIPTS.iter().any(|end| name.to_ascii_uppercase().ends_with(end));
    for piece in value.pieces.iter() {
        let Piece::Literal(text) = piece else { continue };
        // Longer texts are scripts or files, which have variables of their own.
        if is_script || !text.contains('$') || text.contains('\n') {
            continue;
        }
        if let Some(found) = escaped(text) {
            findings.add(&codes::UNREPLACED_VARIABLE, |code| {
                let message = format!("`{found}` keeps both dollar signs");
                let plain = found.get(1..).unwrap_or_default();
                Diagnostic::new(code, value.span, message).help(format!(
                    "Compose needs `$$` for a dollar sign, but nothing is replaced here; write `{plain}` if `{name}` is to have that text"
                ))
            });
            return;
        }
        let Some(found) = variable(text) else { continue };
        findings.add(&codes::UNREPLACED_VARIABLE, |code| {
            let message = format!("`{found}` is not replaced");
            Diagnostic::new(code, value.span, message).help(format!(
                "`{name}` has this text as its value; write the value that is meant, or let the shell of a `cmd` replace it"
            ))
        });
        return;
    }
}

/// The first variable in a text whose dollar sign is doubled, as Compose needs it: `$$NAME` or `$${NAME}`
/// at the start of the text or of a path in it. Elsewhere, as in a password, two dollar signs are likely meant.
fn escaped(text: &str) -> Option<&str> {
    text.match_indices("$$").find_map(|(at, _)| {
        if !text.get(..at)?.is_empty() && !text.get(..at)?.ends_with([':', '/', '=', ' ']) {
            return None;
        }
        let rest = text.get(at + 2..)?;
        let is_braced = rest.starts_with('{');
        let inside = if is_braced { rest.get(1..)? } else { rest };
        let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        let length = inside.find(|c| !is_part(c)).unwrap_or(inside.len());
        let behind = inside.get(length..)?;
        let ends = match is_braced {
            true => behind.starts_with('}'),
            false => behind.is_empty() || behind.starts_with([':', '/', ' ']),
        };
        let is_name = length > 1 && !inside.starts_with(|c: char| c.is_ascii_digit());
        (ends && is_name).then(|| text.get(at..at + 2 + length + if is_braced { 2 } else { 0 }))?
    })
}

/// The first variable in a text: `${NAME}`, with or without a default, `$(NAME)`, or a text that is `$NAME`.
fn variable(text: &str) -> Option<&str> {
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let is_constant =
        |name: &str| is_name(name) && !name.contains(|c: char| c.is_ascii_lowercase());
    if text.strip_prefix('$').is_some_and(is_constant) {
        return Some(text);
    }
    text.match_indices('$').find_map(|(at, _)| {
        let rest = text.get(at + 1..)?;
        // `$$` is how Compose and Kubernetes write a dollar sign.
        if text.get(..at)?.ends_with('$') {
            return None;
        }
        let (inside, is_braced) = match rest.strip_prefix('{') {
            Some(inside) => (inside.split_once('}')?.0, true),
            None => (rest.strip_prefix('(')?.split_once(')')?.0, false),
        };
        let name = inside.split([':', '-', '?', '+']).next().unwrap_or_default();
        let fits = if is_braced { is_constant(name) } else { inside == name && is_constant(name) };
        // The sign, two brackets, and what is between them.
        fits.then(|| text.get(at..at + inside.len() + 3)).flatten()
    })
}

/// Parts of names of variables that are the name of a host.
const HOSTS: [&str; 5] = ["HOST", "HOSTNAME", "HOSTS", "ADDR", "ADDRESS"];

/// Whether the value of a variable with this name is the name of a host.
fn names_host(name: &str) -> bool {
    let last = name.rsplit(['_', '.', '-']).next().unwrap_or(name);
    HOSTS.iter().any(|host| last.eq_ignore_ascii_case(host))
}

/// Schemes whose first part is not a host.
const WITHOUT_HOST: [&str; 9] =
    ["containerd", "data", "docker", "docker-daemon", "file", "image", "oci", "unix", "npipe"];

/// Maximum length of a text that is searched for names of containers.
const MAX_TEXT: usize = 100_000;

/// A name of a container in a text.
struct Found<'t> {
    /// The name, with the port behind it.
    written: &'t str,
    /// Where it is in the text.
    at: usize,
    to: ContainerId,
}

/// Reports the names of other containers that are the host of an address, and no references. `variable` is
/// the name of the variable with the text, and whether it is the name of a host.
fn hosts(
    text: &Text,
    variable: Option<(&str, bool)>,
    from: ContainerId,
    plan: &Plan,
    ids: &HashMap<&str, ContainerId>,
    source: &Source,
    findings: &mut Findings,
) {
    let is_image = variable.is_some_and(|(name, _)| name.to_ascii_uppercase().contains("IMAGE"));
    let mut start = text.span.start;
    for (at, piece) in text.pieces.iter().enumerate() {
        let literal = match piece {
            Piece::Literal(literal) => literal,
            Piece::Reference(reference) => {
                start = reference.span.end;
                continue;
            }
        };
        let end = match text.pieces.get(at + 1) {
            Some(Piece::Reference(next)) => next.span.start,
            _ => text.span.end,
        };
        if is_image || literal.len() > MAX_TEXT {
            continue;
        }
        let is_whole = text.pieces.len() == 1 && variable.is_some_and(|(_, is_host)| is_host);
        for found in names(literal, is_whole, plan, ids) {
            if found.to == from {
                continue;
            }
            let raw = Span { start, end: end.max(start) };
            let place = place(&found, literal, raw, source);
            findings.add(&codes::NOT_A_REFERENCE, |code| {
                report(code, &found, place, text, plan, source)
            });
        }
    }
}

fn report(
    code: &'static Code,
    found: &Found<'_>,
    place: Option<Span>,
    text: &Text,
    plan: &Plan,
    source: &Source,
) -> Diagnostic {
    let id = plan.containers.get(found.to).map_or("", |container| container.id.value.as_str());
    let message = format!("`{}` is not a reference to container `{id}`", found.written);
    let diagnostic = Diagnostic::new(code, place.unwrap_or(text.span), message).help(format!(
        "write `@{}`, which becomes the address of the container on each target",
        found.written
    ));
    match place {
        Some(span) => {
            // A plain scalar of YAML cannot start with `@`.
            let literal = source.slice(text.span);
            let is_plain = source.syntax() == Syntax::Yaml
                && !literal.starts_with(['"', '\'', '|', '>', '{', '[']);
            match is_plain && span.start == text.span.start {
                true => diagnostic.likely_edit(text.span, format!("\"@{literal}\"")),
                false => diagnostic.likely_edit(Span { end: span.start, ..span }, "@"),
            }
        }
        None => diagnostic,
    }
}

/// The place of a name in the source, if it is certain. `raw` is where the text is in the source, which may be
/// written with escapes.
fn place(found: &Found<'_>, literal: &str, raw: Span, source: &Source) -> Option<Span> {
    let written = source.slice(raw);
    let before = literal.get(..found.at)?.matches(found.written).count();
    let all = literal.matches(found.written).count();
    let mut places = written.match_indices(found.written);
    if written.matches(found.written).count() != all {
        return None;
    }
    let (at, _) = places.nth(before)?;
    let start = raw.start + u32::try_from(at).ok()?;
    let end = start + u32::try_from(found.written.len()).ok()?;
    Some(Span { start, end })
}

/// The names of containers in a text that are the host of a URL, or have a port behind them; with `is_whole`,
/// also a text that is such a name.
fn names<'t>(
    text: &'t str,
    is_whole: bool,
    plan: &Plan,
    ids: &HashMap<&str, ContainerId>,
) -> Vec<Found<'t>> {
    let mut found = Vec::new();
    if let Some(to) = ids.get(text).filter(|_| is_whole) {
        found.push(Found { written: text, at: 0, to: *to });
    }
    if !text.contains(':') {
        return found;
    }
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let length = rest.find(|c: char| !is_id_char(c)).unwrap_or(rest.len());
        let word = rest.get(..length).unwrap_or_default();
        let after = rest.get(length..).unwrap_or_default();
        if let Some(to) = ids.get(word) {
            let before = text.get(..at).unwrap_or_default();
            if let Some(port) = host_length(before, after, plan.containers.get(*to)) {
                let written = rest.get(..length + port).unwrap_or(word);
                found.push(Found { written, at, to: *to });
            }
        }
        let skip = after.chars().next().map_or(0, char::len_utf8);
        at += (length + skip).max(1);
    }
    found
}

/// Whether what is between these texts is a host, and the length of its port with the colon.
fn host_length(before: &str, after: &str, container: Option<&Container>) -> Option<usize> {
    let port = after.strip_prefix(':').map_or("", |rest| {
        rest.get(..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()))
            .unwrap_or_default()
    });
    let number: Option<u16> = port.parse().ok().filter(|number| *number > 0);
    let behind = after.get(if port.is_empty() { 0 } else { port.len() + 1 }..).unwrap_or_default();
    let ends = behind.is_empty()
        || behind.starts_with(['/', ',', ';', '?', '#', ' ', '\n', '"', '\'', ')', '&', '|', '\\']);
    if !ends || (!port.is_empty() && number.is_none()) {
        return None;
    }
    let length = if port.is_empty() { 0 } else { port.len() + 1 };
    if let Some(scheme) = before.strip_suffix("://") {
        let name =
            scheme.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap_or("");
        let has_host = !WITHOUT_HOST.iter().any(|one| name.eq_ignore_ascii_case(one));
        return (has_host && !name.is_empty()).then_some(length);
    }
    let starts =
        before.is_empty() || before.ends_with([' ', ',', ';', '=', '"', '\'', '(', '\n', '[']);
    let number = number.filter(|_| starts)?;
    // A small number that the container does not list may be a version or a count.
    let is_port = number >= 1024 || container.is_some_and(|container| container.lists_port(number));
    is_port.then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_others_replace() {
        for (text, found) in [
            ("${HOME}", "${HOME}"),
            ("a${DB_USER:-x}b", "${DB_USER:-x}"),
            ("$TOKEN", "$TOKEN"),
            ("http://$(POD_IP):80", "$(POD_IP)"),
        ] {
            assert_eq!(variable(text), Some(found), "{text}");
        }
        for text in
            ["$", "a$b", "$${A}", "${", "${a.b}", "$(date)", "$1", "cost: $5", "${file:x}", "A$B"]
        {
            assert_eq!(variable(text), None, "{text}");
        }
    }
}
