//! The fields of the language, read from the schema in its order.

use crate::diag::Findings;
use crate::plan::Field;
use crate::schema;
use crate::source::Source;
use crate::syntax::{self, Kind, Node};

/// A section of the page, in the order of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// The top level.
    Appliance,
    /// Fields of services and jobs.
    Container,
    /// Fields of services only.
    Service,
    /// Fields of jobs only.
    Job,
    /// `resources`.
    Resources,
    /// `build`.
    Build,
    /// `files`.
    File,
    /// `secret_files`.
    SecretFile,
    /// `ports`.
    Port,
    /// `volumes` of a container.
    Volume,
    /// `data_persistence`.
    PersistentVolume,
    /// `schedule_hints`.
    ScheduleHints,
    /// `health_check`.
    HealthCheck,
    /// `@id` in a string.
    References,
    /// Fields that are accepted and have no effect.
    Ignored,
}

/// The section of a field, by the start of its path. The first match is used.
const SECTIONS: &[(&str, Section)] = &[
    ("scheduler", Section::Ignored),
    ("data_persistence.", Section::PersistentVolume),
    ("containers[].health_check.", Section::HealthCheck),
    ("containers[].resources.", Section::Resources),
    ("containers[].build.", Section::Build),
    ("containers[].files[].", Section::File),
    ("containers[].secret_files[].", Section::SecretFile),
    ("containers[].ports[].", Section::Port),
    ("containers[].volumes[].", Section::Volume),
    ("containers[].schedule_hints.", Section::ScheduleHints),
    ("containers[].", Section::Container),
    ("", Section::Appliance),
];

/// Fields without a row in the tables of the targets, and the field whose rows apply to them.
const SAME_AS: &[(&str, &str)] = &[
    ("containers[].user_schedule_hints", "containers[].schedule_hints"),
    ("containers[].resources.gpus", "containers[].resources.gpu"),
    ("containers[].build.context", "containers[].build"),
    ("containers[].build.dockerfile", "containers[].build"),
    ("containers[].build.args", "containers[].build"),
    ("containers[].build.target", "containers[].build"),
    ("containers[].files[].dest", "containers[].files"),
    ("containers[].files[].content", "containers[].files"),
    ("containers[].files[].source", "containers[].files"),
    ("containers[].files[].mode", "containers[].files"),
    ("containers[].volumes[].src", "containers[].volumes[].type"),
    ("containers[].volumes[].dest", "containers[].volumes[].type"),
    ("containers[].volumes[].host_path", "containers[].volumes[].type"),
    ("containers[].volumes[].container_path", "containers[].volumes[].type"),
    ("containers[].health_check.path", "containers[].health_check.protocol"),
    ("containers[].health_check.port_index", "containers[].health_check.protocol"),
    ("containers[].health_check.command", "containers[].health_check.protocol"),
    ("containers[].health_check.timeout_seconds", TIMING),
    ("containers[].health_check.max_consecutive_failures", TIMING),
    ("containers[].health_check.grace_period_seconds", TIMING),
    ("data_persistence.volumes[].id", "data_persistence.volumes[].scope"),
];

/// The first of the fields that [`Field::HealthTiming`] stands for.
const TIMING: &str = "containers[].health_check.interval_seconds";

/// Fields that count only for some values of the field whose rows apply to them, and these values.
const ONLY_FOR: &[(&str, &[&str])] = &[
    ("containers[].volumes[].host_path", &["host"]),
    ("containers[].volumes[].container_path", &["host"]),
    ("containers[].health_check.path", &["HTTP", "HTTPS"]),
    ("containers[].health_check.port_index", &["HTTP", "HTTPS", "TCP"]),
    ("containers[].health_check.command", &["COMMAND"]),
];

/// The support for a field on the targets.
#[derive(Debug, PartialEq, Eq)]
pub enum Support {
    /// Its rows in the capability tables, each with the value it is for, if any.
    Rows(Vec<(Field, String)>),
    /// The same as that of the field with this path.
    SameAs(String),
    /// See the fields in it.
    Parts,
    /// It has no effect on any target.
    Ignored,
}

/// A field.
#[derive(Debug)]
pub struct Entry {
    /// Its path, such as `containers[].ports[].host_port`.
    pub path: String,
    /// The section that describes it.
    pub section: Section,
    /// Its meaning, in sentences.
    pub description: String,
    /// The type of its value, with all constraints.
    pub value: String,
    /// Whether it is required in its object.
    pub required: bool,
    /// The default, as JSON.
    pub default: Option<String>,
    /// An example of its value, as JSON, in one or more lines.
    pub example: String,
    /// Its support on the targets.
    pub support: Support,
}

impl Entry {
    /// The last part of its path.
    pub fn name(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or_default()
    }

    /// The fields of its value, or of the items of its value.
    pub fn parts<'a>(&'a self, entries: &'a [Entry]) -> impl Iterator<Item = &'a Entry> {
        entries.iter().filter(|entry| {
            let rest = entry.path.strip_prefix(&self.path);
            let rest = rest.map(|rest| rest.strip_prefix("[]").unwrap_or(rest));
            rest.and_then(|rest| rest.strip_prefix('.')).is_some_and(|name| !name.contains('.'))
        })
    }

    /// Whether it counts for this value of the field whose rows apply to it.
    pub fn counts_for(&self, value: &str) -> bool {
        let only = ONLY_FOR.iter().find(|(path, _)| *path == self.path);
        only.is_none_or(|(_, values)| values.contains(&value))
    }

    /// Whether it is required, and its default.
    pub fn presence(&self) -> String {
        match (&self.default, self.required) {
            (_, true) => "Required".to_owned(),
            (Some(default), false) => format!("Default: `{default}`"),
            (None, false) => "Optional".to_owned(),
        }
    }

    /// Its example with its name.
    pub fn member(&self) -> String {
        format!("\"{}\": {}", self.name().replace('*', "common"), self.example)
    }
}

/// The published schema, parsed so that the order of fields is kept.
pub struct Schema {
    source: Source,
    root: Node,
}

impl Schema {
    /// Parses [`schema::TEXT`].
    pub fn read() -> Schema {
        let source = Source::new("appliance.schema.json", schema::TEXT);
        let root = syntax::parse(&source, &mut Findings::new());
        let root = root.unwrap_or(Node::broken(Default::default()));
        Schema { source, root }
    }

    /// All fields, in the order of the schema.
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        self.object("", &self.root, &mut entries);
        entries
    }

    /// Returns the description and the example of a definition.
    pub fn definition(&self, name: &str) -> Option<(&str, String)> {
        let rule = member(member(&self.root, "definitions")?, name)?;
        Some((text(rule, "description")?, self.example(rule)))
    }

    /// Adds the fields of an object. `prefix` is the start of their paths.
    fn object(&self, prefix: &str, rule: &Node, entries: &mut Vec<Entry>) {
        let required = strings(rule, "required");
        for (name, field) in members(rule, "properties") {
            let path = format!("{prefix}{name}");
            let target = self.follow(field);
            entries.push(self.entry(&path, rule, target, required.contains(&name)));
            let is_array = member(target, "items").is_some();
            let inner = member(target, "items").map_or(target, |items| self.follow(items));
            let prefix = format!("{path}{}", if is_array { "[]." } else { "." });
            self.object(&prefix, inner, entries);
            // A volume has the fields of its current form, and the obsolete names.
            if let (Some(new), Some(old)) = (member(inner, "else"), member(inner, "then")) {
                self.object(&prefix, self.follow(new), entries);
                let old = self.follow(old);
                for (name, field) in members(old, "properties") {
                    if is_marked(field, "deprecated") {
                        entries.push(self.entry(&format!("{prefix}{name}"), old, field, false));
                    }
                }
            }
        }
        for (pattern, field) in members(rule, "patternProperties") {
            let name = pattern.trim_start_matches('^');
            let mut entry = self.entry(&format!("{prefix}{name}*"), rule, field, false);
            entry.support = Support::Ignored;
            entries.push(entry);
        }
    }

    fn entry(&self, path: &str, owner: &Node, rule: &Node, required: bool) -> Entry {
        let name = path.rsplit('.').next().unwrap_or_default();
        let is_volume = path.starts_with("containers[].volumes[].");
        let ignored = is_marked(rule, "readOnly")
            || (is_marked(rule, "deprecated") && !is_volume)
            || path.starts_with("scheduler")
            || path == "$schema";
        let section = SECTIONS.iter().find(|(start, _)| path.starts_with(start));
        let mut section = section.map_or(Section::Appliance, |(_, section)| *section);
        if section == Section::Container {
            section = match only_in(owner, name) {
                Some("service") => Section::Service,
                Some("job") => Section::Job,
                _ if ignored => Section::Ignored,
                _ => Section::Container,
            };
        }
        Entry {
            path: path.to_owned(),
            section,
            description: text(rule, "description").unwrap_or_default().to_owned(),
            value: self.value(rule),
            required,
            default: member(rule, "default").map(|node| self.source.slice(node.span).to_owned()),
            example: self.example(rule),
            support: if ignored { Support::Ignored } else { support(path) },
        }
    }

    /// The first example of a part of the schema, as written there.
    fn example(&self, rule: &Node) -> String {
        let first = member(rule, "examples").and_then(Node::as_array).and_then(|all| all.first());
        let Some(first) = first else { return String::new() };
        let text = self.source.slice(first.span);
        // The last line has the indentation of the example in the schema.
        let last = text.lines().last().unwrap_or_default();
        let depth = if text.contains('\n') { last.len() - last.trim_start().len() } else { 0 };
        text.replace(&format!("\n{}", " ".repeat(depth)), "\n")
    }

    /// Follows the `$ref` of a part of the schema, if it has one.
    fn follow<'a>(&'a self, rule: &'a Node) -> &'a Node {
        let Some(path) = text(rule, "$ref").and_then(|path| path.strip_prefix("#/")) else {
            return rule;
        };
        path.split('/').try_fold(&self.root, member).unwrap_or(rule)
    }

    /// The type and constraints of a value, such as `integer from 1 to 65535`.
    fn value(&self, rule: &Node) -> String {
        let choice = |words: Vec<&str>, note: &str| {
            let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            format!("one of {}{note}", words.join(", "))
        };
        let message = text(rule, "patternErrorMessage");
        if member(rule, "enum").is_some() {
            return choice(strings(rule, "enum"), "");
        }
        // A pattern without a message matches values in any letter case; the examples list them.
        if member(rule, "pattern").is_some() && message.is_none() {
            return choice(strings(rule, "examples"), " (case-insensitive)");
        }
        let mut parts = vec![self.type_name(rule)];
        if has(rule, "minLength") {
            parts.push("not empty".to_owned());
        }
        if let Some(most) = member(rule, "maxLength") {
            parts.push(format!("at most {} characters", self.source.slice(most.span)));
        }
        if has(rule, "minItems") {
            parts.push("at least one item".to_owned());
        }
        if has(rule, "uniqueItems") {
            parts.push("no duplicates".to_owned());
        }
        let names =
            member(rule, "propertyNames").and_then(|names| text(names, "patternErrorMessage"));
        parts.extend(message.or(names).map(str::to_owned));
        parts.join("; ")
    }

    fn type_name(&self, rule: &Node) -> String {
        let types = match text(rule, "type") {
            Some(name) => vec![name],
            None => strings(rule, "type"),
        };
        let limit = |keyword| member(rule, keyword).map(|node| self.source.slice(node.span));
        let range = match (limit("minimum"), limit("exclusiveMinimum"), limit("maximum")) {
            (Some(least), _, Some(most)) => format!(" from {least} to {most}"),
            (_, Some(above), Some(most)) => format!(" greater than {above}, at most {most}"),
            _ => String::new(),
        };
        match types.as_slice() {
            [] if has(rule, "allOf") => "object".to_owned(),
            [] => "any value".to_owned(),
            ["array"] => {
                let items = member(rule, "items").map(|items| self.follow(items));
                format!("array of {}", items.map_or("values".to_owned(), plural))
            }
            [name] => format!("{name}{range}"),
            names => names.join(" or "),
        }
    }
}

/// The plural of a type, for the items of an array.
fn plural(rule: &Node) -> String {
    let types = strings(rule, "type");
    match types.as_slice() {
        [first @ .., last] => format!("{}s, or {last}s", first.join("s, ")),
        [] => match text(rule, "type") {
            Some(name) => format!("{name}s"),
            None => "objects".to_owned(),
        },
    }
}

/// The only `type` of container that allows a field, if another one forbids it.
fn only_in<'a>(container: &'a Node, name: &str) -> Option<&'a str> {
    let rules = member(container, "allOf")?.as_array()?;
    let forbidding = rules.iter().find_map(|rule| {
        let forbidden = member(member(rule, "then")?, "properties")?;
        let kind = member(member(member(rule, "if")?, "properties")?, "type")?;
        let is_forbidden = member(forbidden, name)?.as_bool() == Some(false);
        if is_forbidden { text(kind, "const") } else { None }
    })?;
    let kinds = member(member(container, "properties")?, "type")?;
    strings(kinds, "enum").into_iter().find(|kind| *kind != forbidding)
}

/// The support for the field with this path.
fn support(path: &str) -> Support {
    let own = rows(path);
    if !own.is_empty() {
        return Support::Rows(own);
    }
    if let Some((_, same)) = SAME_AS.iter().find(|(alike, _)| *alike == path) {
        return Support::SameAs((*same).to_owned());
    }
    let mut ancestor = path;
    while let Some((outer, _)) = ancestor.rsplit_once('.') {
        ancestor = outer.trim_end_matches("[]");
        if !rows(ancestor).is_empty() {
            return Support::SameAs(ancestor.to_owned());
        }
    }
    Support::Parts
}

/// The rows of the capability tables for the field with this path.
fn rows(path: &str) -> Vec<(Field, String)> {
    let row = |field: &Field| {
        if *field == Field::HealthTiming {
            return (path == TIMING).then(|| (*field, String::new()));
        }
        let value = match field.path().strip_prefix(path)? {
            "" => field.when().strip_prefix("if ").unwrap_or_default(),
            rest => rest.strip_prefix(": ")?,
        };
        Some((*field, value.to_owned()))
    };
    let mut rows: Vec<(Field, String)> = Field::ALL.iter().filter_map(row).collect();
    // A single row does not need its value, unless the value is in its path.
    if let [(field, value)] = rows.as_mut_slice()
        && field.path() == path
    {
        value.clear();
    }
    rows
}

fn member<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    node.as_object()?.get(key)
}

fn has(node: &Node, key: &str) -> bool {
    member(node, key).is_some()
}

fn text<'a>(node: &'a Node, key: &str) -> Option<&'a str> {
    member(node, key)?.as_str()
}

fn is_marked(node: &Node, key: &str) -> bool {
    member(node, key).and_then(Node::as_bool) == Some(true)
}

fn strings<'a>(node: &'a Node, key: &str) -> Vec<&'a str> {
    let items = member(node, key).and_then(Node::as_array).unwrap_or_default();
    items.iter().filter_map(Node::as_str).collect()
}

fn members<'a>(node: &'a Node, key: &str) -> impl Iterator<Item = (&'a str, &'a Node)> {
    let members = match member(node, key).map(|node| &node.kind) {
        Some(Kind::Object(object)) => &object.members[..],
        _ => &[],
    };
    members.iter().map(|member| (member.key.value.as_str(), &member.value))
}
