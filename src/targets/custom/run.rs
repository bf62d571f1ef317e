//! How the output of a custom target is run: `[run]` in `target.toml`.

use serde::{Deserialize, Serialize};

use crate::source::{Span, Spanned};
use crate::syntax::toml::{Entry, Reader, Table, similar_or_list};

/// The placeholders in the words of commands.
const PLACEHOLDERS: [&str; 4] = ["output", "target", "id", "name"];

/// What a command for states prints: a text for people, or [`JSON`].
const FORMATS: [&str; 2] = ["text", JSON];
const JSON: &str = "json";

/// The placeholder that only the command for logs has.
const CONTAINER: &str = "container";

/// The commands of a target. Each is a list of words, without a shell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Brings an appliance up, or changes it.
    pub up: Vec<String>,
    /// Takes it down, and keeps its volumes.
    pub down: Vec<String>,
    /// Prints its states.
    pub status: Option<Vec<String>>,
    /// Whether `status` prints JSON that applc reads.
    pub is_json: bool,
    /// Prints the log of a container.
    pub logs: Option<Vec<String>>,
}

/// What the placeholders stand for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Values {
    /// `{output}`: the folder of the output.
    pub output: String,
    /// `{target}`: the folder of the target.
    pub target: String,
    /// `{id}`: the id of the appliance.
    pub id: String,
    /// `{name}`: the name that the target makes of this id.
    pub name: String,
}

impl Values {
    /// A command with its placeholders replaced. `container` is the name for `{container}`.
    pub fn apply(&self, command: &[String], container: &str) -> Vec<String> {
        let value = |name: &str| match name {
            "output" => Some(self.output.as_str()),
            "target" => Some(self.target.as_str()),
            "id" => Some(self.id.as_str()),
            "name" => Some(self.name.as_str()),
            CONTAINER => Some(container),
            _ => None,
        };
        command.iter().map(|word| replaced(word, value)).collect()
    }
}

/// Whether a command is about one container.
pub fn is_of_container(command: &[String]) -> bool {
    command.iter().any(|word| placeholders(word).contains(&CONTAINER))
}

/// A word with its placeholders replaced. Doubled braces, as Go templates have them, stay as they are.
fn replaced<'v>(word: &str, value: impl Fn(&str) -> Option<&'v str>) -> String {
    let mut out = String::new();
    for (text, name) in parts(word) {
        out.push_str(text);
        if let Some(name) = name {
            match value(name) {
                Some(value) => out.push_str(value),
                None => out.push_str(&format!("{{{name}}}")),
            }
        }
    }
    out
}

fn placeholders(word: &str) -> Vec<&str> {
    parts(word).into_iter().filter_map(|(_, name)| name).collect()
}

/// Text, and the placeholder behind it: lower-case letters in single braces.
fn parts(word: &str) -> Vec<(&str, Option<&str>)> {
    let mut parts = Vec::new();
    let mut rest = word;
    let mut at = 0;
    while let Some(found) = rest.get(at..).and_then(|tail| tail.find('{')) {
        let open = at + found;
        let inside = rest.get(open + 1..).unwrap_or_default();
        if inside.starts_with('{') {
            // Up to the end of the template.
            at = inside.find("}}").map_or(rest.len(), |end| open + 1 + end + 2);
            continue;
        }
        let name = inside.split_once('}').map(|(name, _)| name);
        let is_name =
            |name: &&str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase());
        let Some(name) = name.filter(is_name) else {
            at = open + 1;
            continue;
        };
        parts.push((rest.get(..open).unwrap_or_default(), Some(name)));
        rest = inside.get(name.len() + 1..).unwrap_or_default();
        at = 0;
    }
    parts.push((rest, None));
    parts
}

/// Reads `[run]`.
pub fn read(mut table: Table<'_>, reader: &mut Reader<'_>) -> Option<Run> {
    let up = command(table.require("up"), false, reader);
    let down = command(table.require("down"), false, reader);
    let status = table.take("status").map(|entry| command(Some(entry), false, reader));
    let format = table.take("status-format");
    let place = format.as_ref().map(Entry::span);
    let is_json = format.and_then(|entry| entry.string(reader)).is_some_and(|format| {
        if !FORMATS.contains(&format.value.as_str()) {
            let message = format!("invalid value `{}` for `status-format`", format.value);
            let written = Spanned::new(format.value.as_str(), format.span);
            reader.report_value(written, message, FORMATS.iter().copied());
        }
        format.value == JSON
    });
    if let (None, Some(place)) = (&status, place) {
        reader.report(place, "`status-format` needs `status`");
    }
    let logs = table.take("logs").map(|entry| command(Some(entry), true, reader));
    table.finish(reader);
    Some(Run { up: up?, down: down?, status: status.flatten(), is_json, logs: logs.flatten() })
}

/// Reads a command.
fn command(
    entry: Option<Entry<'_>>,
    of_logs: bool,
    reader: &mut Reader<'_>,
) -> Option<Vec<String>> {
    let entry = entry?;
    let place: Span = entry.span();
    let words: Vec<Spanned<String>> = entry.strings(reader)?;
    let known: Vec<&str> = PLACEHOLDERS.into_iter().chain(of_logs.then_some(CONTAINER)).collect();
    match words.first() {
        None => reader.report_with(
            place,
            "a command has at least one word: the program",
            "for example `[\"docker\", \"stack\", \"rm\", \"{name}\"]`",
        ),
        Some(program) if program.value.trim().is_empty() => {
            reader.report(program.span, "the program of a command cannot be empty");
        }
        Some(_) => {}
    }
    for word in &words {
        if word.value.contains('\0') {
            reader.report(word.span, "a word of a command cannot contain a null character");
        }
        for name in placeholders(&word.value).into_iter().filter(|name| !known.contains(name)) {
            let message = format!("unknown placeholder `{{{name}}}`");
            let help = similar_or_list(name, known.iter().copied());
            reader.report_with(word.span, message, help);
        }
    }
    Some(words.into_iter().map(|word| word.value).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_replaced_once_and_templates_of_go_are_left_alone() {
        let values = Values {
            output: "/state/out".into(),
            target: "/my target".into(),
            id: "App".into(),
            name: "{id}".into(),
        };
        let words = [
            "{target}/run",
            "--file={output}/a.yaml",
            "{name}",
            "{{.Name}} {id}",
            "{",
            "{x y}",
            "{{id",
        ];
        let words = words.map(str::to_owned);
        assert_eq!(
            values.apply(&words, "web"),
            [
                "/my target/run",
                "--file=/state/out/a.yaml",
                "{id}",
                "{{.Name}} App",
                "{",
                "{x y}",
                "{{id"
            ]
        );
        assert!(is_of_container(&["{id}-{container}".to_owned()]));
        assert!(!is_of_container(&words));
    }
}
