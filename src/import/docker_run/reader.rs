//! The options of one `docker run` line as the fields of a service.

use std::collections::BTreeMap;

use super::nodes::{array, boolean, member, object, string, text};
use super::options::{Action, OPTIONS};
use super::shell::{Shell, Word};
use crate::diag::{Diagnostic, codes, nearest};
use crate::import::budget::Budget;
use crate::import::secrets::marker;
use crate::import::told::Told;
use crate::source::{Span, Spanned};
use crate::syntax::{Kind, Member, Node};

/// Networks that are the one which every container is on.
const DEFAULT_NETWORKS: [&str; 5] = ["bridge", "default", "private", "slirp4netns", "pasta"];

/// An option as it is written, for the findings about its field.
pub struct Written {
    field: &'static str,
    span: Span,
    option: String,
}

/// Options by the fields that they are.
pub struct Places<'w> {
    at: BTreeMap<(&'static str, Span), &'w str>,
    /// Of fields with one option, that option.
    only: BTreeMap<&'static str, Option<&'w str>>,
}

impl<'w> Places<'w> {
    /// The places of these.
    pub fn new(all: &'w [Written]) -> Places<'w> {
        let mut places = Places { at: BTreeMap::new(), only: BTreeMap::new() };
        for Written { field, span, option } in all {
            places.at.entry((field, *span)).or_insert(option);
            places.only.entry(field).and_modify(|only| *only = None).or_insert(Some(option));
        }
        places
    }

    /// The option that is written for a field of a service, of which the key has this span.
    pub fn find(&self, field: &str, span: Span) -> Option<&'w str> {
        // Other names on a network are at the place of the network.
        let only = self.only.get_key_value(field);
        only.and_then(|(field, only)| self.at.get(&(*field, span)).copied().or(*only))
    }
}

/// Reads the options of one line.
pub struct Reader<'a> {
    /// The variables that are set before the line, and for it alone.
    variables: [&'a BTreeMap<String, String>; 2],
    budget: &'a Budget,
    is_windows: bool,
    fields: Vec<Member>,
    /// The items of fields that are lists.
    lists: BTreeMap<&'static str, Vec<Node>>,
    /// The name of the container, if the line gives it one.
    pub name: Option<Spanned<String>>,
    networks: Vec<Spanned<String>>,
    aliases: Vec<Node>,
    written: Vec<Written>,
    is_detached: bool,
    is_removed: bool,
}

impl<'a> Reader<'a> {
    /// Begins a line of a shell, with the variables that are set for it alone.
    pub fn new(shell: &'a Shell<'_>, assigned: &'a BTreeMap<String, String>) -> Reader<'a> {
        Reader {
            variables: [assigned, shell.variables()],
            budget: shell.budget(),
            is_windows: shell.is_windows(),
            fields: Vec::new(),
            lists: BTreeMap::new(),
            name: None,
            networks: Vec::new(),
            aliases: Vec::new(),
            written: Vec::new(),
            is_detached: false,
            is_removed: false,
        }
    }

    /// Reads the options before the image. Returns the words behind them.
    pub fn options<'w>(&mut self, words: &'w [Word], told: &mut Told<'_>) -> &'w [Word] {
        let mut rest = words;
        while let [word, after @ ..] = rest {
            if !word.text.starts_with('-') || word.text == "-" {
                break;
            }
            rest = after;
            if word.text == "--" {
                break;
            }
            rest = self.option(word, rest, told);
        }
        rest
    }

    /// Whether the line runs to completion: in the foreground, removed at its end, and nobody reaches it.
    pub fn is_job(&self) -> bool {
        let has = |name: &str| self.fields.iter().any(|field| field.key.value == name);
        self.is_removed && !self.is_detached && !has("ports") && !has("restart")
    }

    /// The options that were read and are fields.
    pub fn written(&mut self) -> Vec<Written> {
        std::mem::take(&mut self.written)
    }

    /// The fields of the service. `span` is the place of those that no option is the place of.
    pub fn fields(mut self, span: Span) -> Vec<Member> {
        if self.networks.is_empty() && !self.aliases.is_empty() {
            self.networks.push(Spanned::new("default".to_owned(), span));
        }
        // A name on one network is one of the container.
        let mut aliases = std::mem::take(&mut self.aliases);
        let mut network = |name: &Spanned<String>| {
            let aliases = array(name.span, std::mem::take(&mut aliases));
            let aliases = member(name.span, "aliases", aliases);
            member(name.span, &name.value, object(name.span, vec![aliases]))
        };
        let networks: Vec<Member> = self.networks.iter().map(&mut network).collect();
        if !networks.is_empty() {
            self.set("networks", span, object(span, networks));
        }
        for field in &mut self.fields {
            let items = self.lists.remove(field.key.value.as_str());
            if let Some(items) = items {
                field.value.kind = Kind::Array(items.into());
            }
        }
        self.fields
    }

    /// Takes an option, and its value from the words behind it. Returns the words that are left.
    fn option<'w>(&mut self, word: &Word, mut rest: &'w [Word], told: &mut Told<'_>) -> &'w [Word] {
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
                unknown(word, &format!("--{name}"), told);
                return rest;
            };
            let option = format!("--{name}");
            if action.is_flag() {
                self.note(action, option, word.span);
                self.take(action, word, None, is_on(inline), told);
            } else if let Some(value) = next(inline) {
                self.note(action, option, value.span);
                self.take(action, word, Some(&value), true, told);
            } else {
                told.refuse(word.span, format!("`{}` has no value", word.text));
            }
            return rest;
        }
        let letters = word.text.trim_start_matches('-');
        for (at, letter) in letters.char_indices() {
            let Some((_, _, action)) = OPTIONS.iter().find(|(_, short, _)| *short == letter) else {
                unknown(word, &format!("-{letter}"), told);
                return rest;
            };
            let behind = letters.get(at + letter.len_utf8()..).unwrap_or_default();
            if action.is_flag() {
                let inline = behind.strip_prefix('=');
                self.note(action, format!("-{letter}"), word.span);
                self.take(action, word, None, is_on(inline), told);
                if inline.is_some() {
                    break;
                }
                continue;
            }
            // The rest of the word, or the next one.
            let inline = Some(behind).filter(|behind| !behind.is_empty());
            match next(inline.map(|value| value.strip_prefix('=').unwrap_or(value))) {
                Some(value) => {
                    self.note(action, format!("-{letter}"), value.span);
                    self.take(action, word, Some(&value), true, told);
                }
                None => told.refuse(word.span, format!("`{}` has no value", word.text)),
            }
            break;
        }
        rest
    }

    fn note(&mut self, action: &Action, option: String, span: Span) {
        let field = match action {
            Action::Flag(field) | Action::One(field) | Action::Many(field) => field,
            Action::Health(field) => field,
            Action::Alias => "aliases",
            _ => return,
        };
        self.written.push(Written { field, span, option });
    }

    fn take(
        &mut self,
        action: &Action,
        option: &Word,
        value: Option<&Word>,
        on: bool,
        told: &mut Told<'_>,
    ) {
        let word = value.unwrap_or(option);
        let span = word.span;
        if !matches!(
            action,
            Action::Ignored
                | Action::IgnoredValue
                | Action::EnvFile
                | Action::Volume
                | Action::Mount
        ) {
            folder(word, told);
        }
        match action {
            Action::Ignored | Action::IgnoredValue => {}
            Action::Detach => self.is_detached = on,
            Action::Remove => self.is_removed = on,
            Action::Name => self.name = Some(Spanned::new(word.text.clone(), span)),
            Action::Flag(field) => self.set(field, option.span, boolean(option.span, on)),
            Action::One(field) => self.set(field, span, text(word)),
            Action::Many(field) => self.add(field, span, text(word)),
            Action::Words(field) => {
                // An empty one removes that of the image.
                let words = if word.text.is_empty() { Vec::new() } else { vec![text(word)] };
                self.set(field, span, array(span, words));
            }
            Action::Env => self.env(word, told),
            Action::EnvFile => {
                let path = member(span, "path", text(word));
                // The engine knows no quotes in them.
                let raw = member(span, "format", string(span, "raw"));
                self.add("env_file", span, object(span, vec![path, raw]));
            }
            Action::Health(field) => {
                self.merge("healthcheck", span, member(span, field, text(word)))
            }
            Action::NoHealth => {
                self.merge("healthcheck", span, member(span, "disable", boolean(span, on)));
            }
            Action::Seconds(field) => {
                self.set(field, span, string(span, &format!("{}s", word.text)));
            }
            Action::Network => self.network(word, told),
            Action::Alias => self.aliases.push(text(word)),
            Action::Volume => self.add("volumes", span, string(span, &self.path(&word.text))),
            Action::Mount => match self.mount(word, told) {
                Some(mount) => self.add("volumes", span, mount),
                None => told
                    .refuse(span, "expected a mount such as `type=bind,source=/srv,target=/data`"),
            },
            Action::Gpus => self.gpus(word, told),
            Action::Secret => self.secret(word, told),
        }
    }

    /// A variable; one without a value is the one of the shell.
    fn env(&mut self, word: &Word, told: &mut Told<'_>) {
        let known = || self.variables.iter().find_map(|all| all.get(&word.text));
        let value = if word.text.contains('=') { None } else { known() };
        if !self.budget.variables.take(value.map_or(0, String::len)) {
            return self.budget.variables.tell(word.span, told);
        }
        let entry =
            value.map_or_else(|| word.text.clone(), |value| format!("{}={value}", word.text));
        self.add("environment", word.span, string(word.span, &entry));
    }

    /// A network: its name, or `name=NAME,alias=NAME`.
    fn network(&mut self, word: &Word, told: &mut Told<'_>) {
        let span = word.span;
        let mut name = word.text.clone();
        if word.text.starts_with("name=") {
            for part in word.text.split(',') {
                match part.split_once('=') {
                    Some(("name", value)) => name = value.to_owned(),
                    Some(("alias", value)) => self.aliases.push(string(span, value)),
                    _ => told.lose(
                        span,
                        format!("`{part}` is left out: the target has a network of its own"),
                        "refer to the container as `@id`",
                    ),
                }
            }
        }
        match name.as_str() {
            "host" | "none" => self.set("network_mode", span, string(span, &name)),
            other if other.starts_with("container:") => {
                self.set("network_mode", span, string(span, &name));
            }
            other if DEFAULT_NETWORKS.contains(&other.split(':').next().unwrap_or_default()) => {}
            _ => self.networks.push(Spanned::new(name, span)),
        }
    }

    /// A mount in the short form, or the path in one, with the slashes of Linux.
    fn path(&self, written: &str) -> String {
        if self.is_windows { written.replace('\\', "/") } else { written.to_owned() }
    }

    /// A mount in the form of `--mount`: `KEY=VALUE` parts between commas, which may be in double quotes.
    fn mount(&self, word: &Word, told: &mut Told<'_>) -> Option<Node> {
        let span = word.span;
        let mut fields: BTreeMap<&str, Node> = BTreeMap::new();
        for part in word.text.split(',') {
            let part = part.trim_matches('"');
            let (key, value) = part.split_once('=').unwrap_or((part, "true"));
            let name = match key {
                "src" | "source" => "source",
                "dst" | "dest" | "destination" | "target" => "target",
                "ro" | "readonly" => "read_only",
                "type" => "type",
                // It has no effect on Linux.
                "consistency" => continue,
                _ if key.contains('-') || matches!(key, "relabel" | "z" | "Z" | "U" | "chown") => {
                    told.lose(
                        span,
                        format!("`{key}` of the mount is left out"),
                        "set it up where the containers run",
                    );
                    continue;
                }
                _ => return None,
            };
            let value = match name {
                "read_only" => boolean(span, matches!(value, "true" | "1")),
                "source" => string(span, &self.path(value.trim_matches('"'))),
                _ => string(span, value),
            };
            fields.insert(name, value);
        }
        let fields: Vec<Member> =
            fields.into_iter().map(|(name, value)| member(span, name, value)).collect();
        fields.iter().any(|field| field.key.value == "target").then(|| object(span, fields))
    }

    /// A secret of Podman: `NAME[,type=env|mount][,target=VARIABLE|PATH]...`.
    fn secret(&mut self, word: &Word, told: &mut Told<'_>) {
        let span = word.span;
        let mut parts = word.text.split(',');
        let name = parts.next().unwrap_or_default();
        let mut fields: BTreeMap<&str, &str> = BTreeMap::new();
        for part in parts {
            match part.split_once('=') {
                Some((key @ ("type" | "target" | "uid" | "gid" | "mode"), value)) => {
                    fields.insert(key, value);
                }
                _ => told.refuse(span, format!("`{part}` is not an option of a secret")),
            }
        }
        if fields.remove("type") == Some("env") {
            let variable = fields.get("target").unwrap_or(&name);
            let entry = format!("{variable}={}", marker(name));
            self.add("environment", span, string(span, &entry));
            return;
        }
        let mut members = vec![member(span, "source", string(span, name))];
        for (key, value) in fields {
            members.push(member(span, key, string(span, value)));
        }
        self.add("secrets", span, object(span, members));
    }

    /// GPUs: a number, `all`, or `device=` with their names.
    fn gpus(&mut self, word: &Word, told: &mut Told<'_>) {
        let span = word.span;
        let mut count = word.text.clone();
        let parts = word.text.trim_matches(['"', '\'']).split_once('=');
        if let Some((key, value)) = parts {
            match key {
                "device" => {
                    count = value.split(',').filter(|part| !part.contains('=')).count().to_string();
                    told.differ(
                        span,
                        format!("the target chooses which {count} of the GPUs"),
                        "set `resources.gpu` to how many it needs",
                    );
                }
                "count" => count = value.split(',').next().unwrap_or_default().to_owned(),
                _ => {}
            }
        }
        let capabilities = array(span, vec![string(span, "gpu")]);
        let device = object(
            span,
            vec![
                member(span, "count", string(span, &count)),
                member(span, "capabilities", capabilities),
            ],
        );
        let devices = member(span, "devices", array(span, vec![device]));
        let reserved = member(span, "reservations", object(span, vec![devices]));
        self.merge("deploy", span, member(span, "resources", object(span, vec![reserved])));
    }

    /// Sets a field; the last one counts.
    pub fn set(&mut self, field: &str, span: Span, value: Node) {
        self.fields.retain(|known| known.key.value != field);
        self.fields.push(member(span, field, value));
    }

    /// Adds an item to a field.
    fn add(&mut self, field: &'static str, span: Span, value: Node) {
        let items = self.lists.entry(field).or_default();
        if items.is_empty() {
            self.fields.push(member(span, field, array(value.span, Vec::new())));
        }
        items.push(value);
    }

    /// Adds a member to a field that is an object.
    pub fn merge(&mut self, field: &str, span: Span, value: Member) {
        match self.fields.iter_mut().find(|known| known.key.value == field) {
            Some(Member { value: Node { kind: Kind::Object(object), .. }, .. }) => {
                let mut all = std::mem::take(&mut object.members).into_vec();
                // The last one counts.
                all.retain(|known| known.key.value != value.key.value);
                all.push(value);
                object.members = all.into();
            }
            _ => self.fields.push(member(span, field, object(span, vec![value]))),
        }
    }
}

/// Tells that a word has a folder of the machine in it that is not known.
pub fn folder(word: &Word, told: &mut Told<'_>) {
    if word.has_folder {
        told.differ(
            word.span,
            format!("the folder that the shell puts here is not known: it becomes `{}`", word.text),
            "write the path itself",
        );
    }
}

/// Whether a flag with this value is on.
fn is_on(value: Option<&str>) -> bool {
    !matches!(value, Some("false" | "False" | "FALSE" | "f" | "F" | "0"))
}

fn unknown(word: &Word, name: &str, told: &mut Told<'_>) {
    let known = name
        .strip_prefix("--")
        .and_then(|long| nearest(long, OPTIONS.iter().map(|(known, ..)| *known)));
    let help = known.map_or_else(
        || "remove it, or write a field for it afterwards if there is one".to_owned(),
        |known| format!("did you mean `--{known}`?"),
    );
    told.push(
        Diagnostic::new(&codes::NOT_IMPORTED, word.span, format!("unknown option `{name}`"))
            .help(help),
    );
}
