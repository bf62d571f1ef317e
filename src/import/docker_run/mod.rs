//! `docker run` lines, as people paste them: each becomes a service of a Compose file, which is imported.

mod options;
mod shell;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::Options;
use super::compose;
use super::draft::Object as Draft;
use crate::diag::{Diagnostic, Findings, codes};
use crate::source::{Source, Span, Spanned};
use crate::syntax::{Form, Kind, Member, Node, Object};

use options::{Action, OPTIONS};
use shell::Word;

/// Imports the lines. `None` if there is nothing to import.
pub fn import(source: &Source, options: &Options<'_>, findings: &mut Findings) -> Option<Draft> {
    let variables = compose::variables(source, options, findings);
    let commands = shell::commands(source, &variables, findings);
    let mut services: Vec<Member> = Vec::new();
    for command in &commands {
        let Some(words) = run(command) else {
            if let [first, ..] = command.as_slice() {
                let message = format!("`{}` is left out: it is not `docker run`", first.text);
                findings.push(Diagnostic::new(&codes::NOT_LIKE, first.span, message).help(
                    "networks and volumes are created by the targets; do by hand what else it does",
                ));
            }
            continue;
        };
        services.extend(service(words, &services, findings));
    }
    if services.is_empty() {
        if !findings.has_errors() {
            let place = Span::at(source.content_start());
            findings.push(Diagnostic::new(&codes::NOT_IMPORTED, place, "no `docker run` line"));
        }
        return None;
    }
    let span = Span::at(source.content_start());
    let tree = object(span, vec![member(span, "services", object(span, services))]);
    compose::import_tree(source, &tree, variables, options, findings)
}

/// The words behind `docker run`, if a command is that.
fn run(command: &[Word]) -> Option<&[Word]> {
    let mut words = command;
    while let [first, rest @ ..] = words {
        match first.text.as_str() {
            // Prompts, and what runs a command as another user.
            "$" | "#" | ">" | "sudo" | "-E" => words = rest,
            _ => break,
        }
    }
    match words {
        [program, verb, rest @ ..]
            if is_docker(&program.text) && matches!(verb.text.as_str(), "run" | "create") =>
        {
            Some(rest)
        }
        [program, noun, verb, rest @ ..]
            if is_docker(&program.text)
                && noun.text == "container"
                && matches!(verb.text.as_str(), "run" | "create") =>
        {
            Some(rest)
        }
        _ => None,
    }
}

fn is_docker(program: &str) -> bool {
    matches!(program.rsplit('/').next(), Some("docker" | "podman" | "nerdctl"))
}

/// The service for the words behind `docker run`.
fn service(words: &[Word], before: &[Member], findings: &mut Findings) -> Option<Member> {
    let mut reader =
        Reader { fields: Vec::new(), name: None, is_detached: false, is_removed: false };
    let mut rest = words;
    while let [word, after @ ..] = rest {
        if !word.text.starts_with('-') || word.text == "-" || word.is_quoted {
            break;
        }
        rest = after;
        if word.text == "--" {
            break;
        }
        rest = reader.option(word, rest, findings);
    }
    let Some((image, command)) = rest.split_first() else {
        let place = words.last().map_or_else(|| Span::at(0), |word| word.span);
        findings.push(Diagnostic::new(&codes::NOT_IMPORTED, place, "no image"));
        return None;
    };
    reader.set("image", image.span, text(image));
    if let [first, .., last] | [first @ last] = command {
        let items = command.iter().map(text).collect();
        reader.set("command", first.span.to(last.span), array(first.span.to(last.span), items));
    }
    let has = |name: &str| reader.fields.iter().any(|field| field.key.value == name);
    if reader.is_removed && !reader.is_detached && !has("ports") && !has("restart") {
        let span = image.span;
        let mode = member(span, "mode", string(span, "replicated-job"));
        findings.push(
            Diagnostic::new(
                &codes::IMPORT_CHOICE,
                span,
                "a job: it runs in the foreground, and is removed at its end",
            )
            .help("make it a service if it is to go on running: `type: service`"),
        );
        reader.merge("deploy", span, mode);
    }
    let name = reader.name.unwrap_or_else(|| {
        let image = image.text.rsplit('/').next().unwrap_or_default();
        let image = image.split([':', '@']).next().unwrap_or_default();
        let is_taken = |name: &str| before.iter().any(|one| one.key.value == name);
        let numbered = (2..).map(|number| format!("{image}-{number}"));
        let name = std::iter::once(image.to_owned()).chain(numbered).find(|name| !is_taken(name));
        let name = name.unwrap_or_default();
        Spanned::new(name, rest.first().map_or_else(|| Span::at(0), |word| word.span))
    });
    Some(member(name.span, &name.value, object(name.span, reader.fields)))
}

/// Reads the options of one line.
struct Reader {
    /// The fields of the service.
    fields: Vec<Member>,
    name: Option<Spanned<String>>,
    is_detached: bool,
    is_removed: bool,
}

impl Reader {
    /// Takes an option, and its value from the words behind it. Returns the words that are left.
    fn option<'w>(
        &mut self,
        word: &Word,
        mut rest: &'w [Word],
        findings: &mut Findings,
    ) -> &'w [Word] {
        let mut next = |inline: Option<&str>| match inline {
            Some(value) => Some(Word { text: value.to_owned(), ..word.clone() }),
            None => {
                let (value, after) = rest.split_first()?;
                rest = after;
                Some(value.clone())
            }
        };
        if let Some(long) = word.text.strip_prefix("--") {
            let (name, inline) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (long, None),
            };
            let Some((_, _, action)) = OPTIONS.iter().find(|(known, _, _)| *known == name) else {
                unknown(word, &format!("--{name}"), findings);
                return rest;
            };
            if action.is_flag() {
                self.take(action, word, None, inline != Some("false"), findings);
            } else if let Some(value) = next(inline) {
                self.take(action, word, Some(&value), true, findings);
            } else {
                lacks_value(word, findings);
            }
            return rest;
        }
        let letters = word.text.trim_start_matches('-');
        for (at, letter) in letters.char_indices() {
            let Some((_, _, action)) = OPTIONS.iter().find(|(_, short, _)| *short == letter) else {
                unknown(word, &format!("-{letter}"), findings);
                return rest;
            };
            if action.is_flag() {
                self.take(action, word, None, true, findings);
                continue;
            }
            // The rest of the word, or the next one.
            let inline = letters.get(at + letter.len_utf8()..).filter(|rest| !rest.is_empty());
            let inline = inline.map(|value| value.strip_prefix('=').unwrap_or(value));
            match next(inline) {
                Some(value) => self.take(action, word, Some(&value), true, findings),
                None => lacks_value(word, findings),
            }
            break;
        }
        rest
    }

    fn take(
        &mut self,
        action: &Action,
        option: &Word,
        value: Option<&Word>,
        on: bool,
        findings: &mut Findings,
    ) {
        let word = value.unwrap_or(option);
        let span = word.span;
        match action {
            Action::Ignored | Action::IgnoredValue => {}
            Action::Detach => self.is_detached = on,
            Action::Remove => self.is_removed = on,
            Action::Name => self.name = Some(Spanned::new(word.text.clone(), span)),
            Action::Flag(field) => {
                self.set(field, option.span, Node { span: option.span, kind: Kind::Bool(on) });
            }
            Action::One(field) => self.set(field, span, text(word)),
            Action::Many(field) => self.add(field, span, text(word)),
            Action::Words(field) => self.set(field, span, array(span, vec![text(word)])),
            Action::Health(field) => {
                let value = member(span, field, text(word));
                self.merge("healthcheck", span, value);
            }
            Action::NoHealth => {
                let off = member(span, "disable", Node { span, kind: Kind::Bool(on) });
                self.merge("healthcheck", span, off);
            }
            Action::Seconds(field) => {
                self.set(field, span, string(span, &format!("{}s", word.text)))
            }
            Action::Network => match word.text.as_str() {
                "bridge" | "default" => {}
                "host" | "none" => self.set("network_mode", span, text(word)),
                other if other.starts_with("container:") => {
                    self.set("network_mode", span, text(word))
                }
                _ => self.add("networks", span, text(word)),
            },
            Action::Mount => match mount(word) {
                Some(mount) => self.add("volumes", span, mount),
                None => findings.push(Diagnostic::new(
                    &codes::NOT_IMPORTED,
                    span,
                    "expected a mount such as `type=bind,source=/srv,target=/data`",
                )),
            },
            Action::Gpus => {
                let device = object(
                    span,
                    vec![
                        member(span, "count", text(word)),
                        member(span, "capabilities", array(span, vec![string(span, "gpu")])),
                    ],
                );
                let devices = member(span, "devices", array(span, vec![device]));
                let reserved = member(span, "reservations", object(span, vec![devices]));
                self.merge("deploy", span, member(span, "resources", object(span, vec![reserved])));
            }
        }
    }

    /// Sets a field; the last one counts.
    fn set(&mut self, field: &str, span: Span, value: Node) {
        self.fields.retain(|known| known.key.value != field);
        self.fields.push(member(span, field, value));
    }

    /// Adds an item to a field.
    fn add(&mut self, field: &str, span: Span, value: Node) {
        match self.fields.iter_mut().find(|known| known.key.value == field) {
            Some(Member { value: Node { kind: Kind::Array(items), .. }, .. }) => {
                let mut all = std::mem::take(items).into_vec();
                all.push(value);
                *items = all.into();
            }
            _ => self.fields.push(member(span, field, array(span, vec![value]))),
        }
    }

    /// Adds a member to a field that is an object.
    fn merge(&mut self, field: &str, span: Span, value: Member) {
        match self.fields.iter_mut().find(|known| known.key.value == field) {
            Some(Member { value: Node { kind: Kind::Object(object), .. }, .. }) => {
                let mut all = std::mem::take(&mut object.members).into_vec();
                all.push(value);
                object.members = all.into();
            }
            _ => self.fields.push(member(span, field, object(span, vec![value]))),
        }
    }
}

fn unknown(word: &Word, name: &str, findings: &mut Findings) {
    let finding =
        Diagnostic::new(&codes::NOT_IMPORTED, word.span, format!("unknown option `{name}`"));
    findings.push(
        finding.help("write the option and its value as `--option=VALUE` if it is a new one"),
    );
}

fn lacks_value(word: &Word, findings: &mut Findings) {
    let message = format!("`{}` has no value", word.text);
    findings.push(Diagnostic::new(&codes::NOT_IMPORTED, word.span, message));
}

/// A mount in the form of `--mount`: `KEY=VALUE` parts between commas.
fn mount(word: &Word) -> Option<Node> {
    let span = word.span;
    let mut fields: BTreeMap<&str, Node> = BTreeMap::new();
    for part in word.text.split(',') {
        let (name, value) = part.split_once('=').unwrap_or((part, "true"));
        let name = match name {
            "src" | "source" => "source",
            "dst" | "destination" | "target" => "target",
            "ro" | "readonly" => "read_only",
            "type" => "type",
            _ => return None,
        };
        let value = match name {
            "read_only" => Node { span, kind: Kind::Bool(matches!(value, "true" | "1")) },
            _ => string(span, value),
        };
        fields.insert(name, value);
    }
    fields.contains_key("target").then(|| {
        object(span, fields.into_iter().map(|(name, value)| member(span, name, value)).collect())
    })
}

fn text(word: &Word) -> Node {
    string(word.span, &word.text)
}

fn string(span: Span, text: &str) -> Node {
    Node { span, kind: Kind::String(text.into()) }
}

fn array(span: Span, items: Vec<Node>) -> Node {
    Node { span, kind: Kind::Array(items.into()) }
}

fn member(span: Span, name: &str, value: Node) -> Member {
    Member { key: Spanned::new(name.into(), span), value }
}

fn object(span: Span, members: Vec<Member>) -> Node {
    let object = Object { members: members.into(), damaged: false, form: Form::Irregular };
    Node { span, kind: Kind::Object(object) }
}
