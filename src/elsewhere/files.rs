//! Recognizes files of other tools, which people give or paste as an appliance.

use crate::diag::{Diagnostic, codes};
use crate::source::{Source, Span, Syntax};
use crate::syntax::{Kind, Member, Node, Object, parse_as};

/// What a file is, and the arguments of `applc import` that read it. `None` if nothing reads it.
struct Kin {
    what: &'static str,
    arguments: Option<&'static str>,
}

const COMPOSE: Kin = Kin { what: "a Compose file", arguments: Some("") };
const COMPOSE_1: Kin = Kin { what: "a Compose file of version 1", arguments: Some("") };
const DOCKER_RUN: Kin = Kin { what: "a `docker run` line", arguments: Some("--from docker-run ") };
const MARATHON_GROUP: Kin = Kin { what: "a Marathon group", arguments: Some("--from marathon ") };
const MARATHON_APP: Kin = Kin { what: "a Marathon app", arguments: Some("--from marathon ") };
const CHRONOS_JOB: Kin = Kin { what: "a Chronos job", arguments: Some("--from marathon ") };
const KUBERNETES: Kin = Kin { what: "a Kubernetes manifest", arguments: None };
const NOMAD: Kin = Kin { what: "a Nomad job", arguments: None };

/// The finding about a file of another tool, in place of all findings that its fields would have.
/// `tree` is what was parsed of it. `None` if it is not such a file.
pub fn recognize(source: &Source, tree: Option<&Node>) -> Option<Diagnostic> {
    if let Some(span) = docker_run(source) {
        return Some(finding(source, &DOCKER_RUN, span));
    }
    if let Some(span) = nomad_job(source) {
        return Some(finding(source, &NOMAD, span));
    }
    if let Some((kin, span)) = tree.and_then(of_tree) {
        return Some(finding(source, kin, span));
    }
    // YAML in a file that is named as JSON.
    let is_json = source.syntax() != Syntax::Yaml && tree.is_none();
    let tree = is_json.then(|| parse_as(source, Syntax::Yaml, &mut Default::default()))??;
    let (kin, span) = of_tree(&tree)?;
    Some(finding(source, kin, span))
}

fn finding(source: &Source, kin: &Kin, span: Span) -> Diagnostic {
    let message = format!("this is {}, not an appliance", kin.what);
    let diagnostic = Diagnostic::new(&codes::FOREIGN_FILE, span, message);
    let name = source.name();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/@+=".contains(c);
    let name = match name.chars().all(is_plain) {
        true => name.to_owned(),
        false => format!("'{}'", name.replace('\'', "'\\''")),
    };
    // A name with a space would be a line.
    let name = match kin.what == DOCKER_RUN.what && name.contains(' ') {
        true => format!("- < {name}"),
        false => name,
    };
    if kin.what == COMPOSE_1.what {
        return diagnostic.help(format!(
            "put the services below `services:`, and convert it with `applc import {name}`"
        ));
    }
    match kin.arguments {
        Some(arguments) => diagnostic.help(format!(
            "convert it with `applc import {arguments}{name}`, which prints an appliance"
        )),
        None => {
            let target = if kin.what == NOMAD.what { "nomad" } else { "kubernetes" };
            diagnostic.help(format!(
                "write an appliance, and compile it with `--target {target}`; `applc import` reads Compose files, `docker run` lines, Marathon apps and Chronos jobs",
            ))
        }
    }
}

/// The place of `job` at the start of a block in the language of Nomad, which comments and variables can
/// precede.
fn nomad_job(source: &Source) -> Option<Span> {
    let text = source.text();
    let mut at = source.content_start();
    let first = text.get(at..)?.trim_start();
    if !["job", "variable", "locals", "#", "//", "/*"].iter().any(|start| first.starts_with(start))
    {
        return None;
    }
    for line in text.get(at..)?.split_inclusive('\n') {
        let rest = line.strip_prefix("job").map(str::trim_start);
        if rest.is_some_and(|rest| rest.starts_with('"') && rest.trim_end().ends_with('{')) {
            return Some(source.span(at..at + "job".len()));
        }
        at += line.len();
    }
    None
}

/// The place of `docker run` at the start of a text.
fn docker_run(source: &Source) -> Option<Span> {
    let text = source.text();
    let mut at = source.content_start();
    for line in text.get(at..)?.split_inclusive('\n') {
        let content = line.trim_start();
        if content.is_empty() || content.starts_with('#') {
            at += line.len();
            continue;
        }
        let command = content.strip_prefix("$ ").unwrap_or(content);
        let command = command.strip_prefix("sudo ").unwrap_or(command);
        let start = at + line.len() - command.len();
        // The line may be the whole of a large file.
        let engines = ["docker ", "podman ", "nerdctl "];
        let rest = engines.iter().find_map(|engine| command.strip_prefix(engine))?;
        let rest = rest.strip_prefix("container ").unwrap_or(rest);
        let rest = rest.strip_prefix("run").filter(|rest| rest.starts_with([' ', '\n', '\r']))?;
        return Some(source.span(start..start + command.len() - rest.len()));
    }
    None
}

/// What a tree is, and the place that says so.
fn of_tree(tree: &Node) -> Option<(&'static Kin, Span)> {
    // Marathon and Chronos take lists.
    if let Some(items) = tree.as_array() {
        return items.first().and_then(Node::as_object).and_then(of_mesos);
    }
    let object = tree.as_object()?;
    if object.get("apiVersion").and_then(Node::as_str).is_some()
        && object.get("kind").and_then(Node::as_str).is_some()
    {
        return Some((&KUBERNETES, object.member("apiVersion")?.key.span));
    }
    if object.get("containers").is_some() {
        return None;
    }
    let job = object.get("Job").and_then(Node::as_object).unwrap_or(object);
    if let Some(groups) = job.member("TaskGroups") {
        return Some((&NOMAD, groups.key.span));
    }
    if let Some(services) = object.member("services") {
        let is_compose = matches!(services.value.kind, Kind::Object(_) | Kind::Null);
        return is_compose.then_some((&COMPOSE, services.key.span));
    }
    if let Some(first) = object.members.first().filter(|_| object.members.iter().all(is_service)) {
        return Some((&COMPOSE_1, first.key.span));
    }
    of_mesos(object)
}

/// Whether a field is a service of a Compose file of version 1, which has nothing around them.
fn is_service(member: &Member) -> bool {
    let service = member.value.as_object();
    service.is_some_and(|service| service.get("image").is_some() || service.get("build").is_some())
}

/// What an object of Marathon or Chronos is.
fn of_mesos(object: &Object) -> Option<(&'static Kin, Span)> {
    let key = |name: &str| object.member(name).map(|member| member.key.span);
    let list = |name: &str| object.get(name).and_then(Node::as_array).and(key(name));
    let has = |name: &str| object.get(name).is_some();
    // Each container of an appliance has an image.
    if has("image") || has("containers") {
        return None;
    }
    if let Some(span) = list("apps").or_else(|| list("groups")) {
        return Some((&MARATHON_GROUP, span));
    }
    let starts = has("command") || has("container");
    if let Some(span) = key("schedule").or_else(|| key("parents")).filter(|_| has("name") && starts)
    {
        return Some((&CHRONOS_JOB, span));
    }
    let container = object.get("container").and_then(Node::as_object);
    if let Some(container) = container {
        let is_app = ["docker", "type", "volumes", "portMappings"];
        let is_app = is_app.iter().any(|name| container.get(name).is_some());
        return key("container").filter(|_| is_app).map(|span| (&MARATHON_APP, span));
    }
    let is_app = has("id") && has("cpus") && has("mem") && (has("cmd") || has("args"));
    key("cpus").filter(|_| is_app).map(|span| (&MARATHON_APP, span))
}
