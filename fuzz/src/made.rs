//! Documents that a JSON Schema describes, made of arbitrary bytes: mostly valid ones, so that they reach what is
//! behind the schema.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

static APPLIANCE: LazyLock<Maker> =
    LazyLock::new(|| Maker::new(include_str!("../../schema/appliance.schema.json")));
static OVERLAY: LazyLock<Maker> =
    LazyLock::new(|| Maker::new(include_str!("../../schema/overlay.schema.json")));
static PROJECT: LazyLock<Maker> =
    LazyLock::new(|| Maker::new(include_str!("../../schema/project.schema.json")));

/// Ids of the containers, in their order.
const IDS: [&str; 4] = ["web", "db", "Cache", "a-1"];

/// Names of fields that have no schema, such as environment variables.
const NAMES: [&str; 8] =
    ["A", "DB_PASSWORD", "x-a", "é", "with space", "kubernetes", "nomad", "data"];

/// Texts that mean something to applc, a format, or a target.
const TEXTS: [&str; 28] = [
    "web",
    "db",
    "data",
    "@db",
    "@web:80",
    "http://@Cache:6379/0 @a-1",
    "me@@example.org",
    "@nobody",
    "$HOME ${X:-y} $(date) $$",
    "{{ env \"X\" }} {% raw %} ${attr.x} %{ if }",
    "it's \"quoted\" \\ back",
    "two\nlines\n",
    " - a: b # c ",
    "",
    "true",
    "012",
    "1e3",
    "~",
    "é😀\u{2028}",
    "\u{1b}[2J\u{0}",
    "/data",
    "/data/../x",
    "./beside",
    "nginx:1.27@sha256:0",
    "*/5 8-17 * * MON",
    "T10M",
    "2030-01-31T04:00:00Z",
    "Europe/Berlin",
];

/// The bytes that decide. There are zeros after their end.
pub struct Bytes<'b>(&'b [u8]);

impl<'b> Bytes<'b> {
    /// These bytes, from the first one.
    pub fn new(bytes: &'b [u8]) -> Bytes<'b> {
        Bytes(bytes)
    }

    /// The next byte.
    pub fn next(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// Whether all bytes are used up.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A number below a limit; 0 if that is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::from(self.next()) % limit.max(1)
    }

    /// One of several choices, if there are any.
    pub fn of<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        choices.get(self.below(choices.len()))
    }

    /// Whether to do what makes most documents invalid.
    pub fn is_rare(&mut self) -> bool {
        self.next() == 255
    }

    /// A text that means something, or any other.
    pub fn text(&mut self) -> String {
        if self.below(8) < 7 {
            return (*self.of(&TEXTS).unwrap_or(&"")).to_owned();
        }
        let length = self.below(12).min(self.0.len());
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        String::from_utf8_lossy(text).into_owned()
    }
}

/// An appliance.
pub fn appliance(bytes: &mut Bytes<'_>) -> Value {
    let mut appliance = APPLIANCE.document(bytes);
    tell_apart(appliance.pointer_mut("/data_persistence/volumes"), "id", bytes);
    let containers = appliance.get_mut("containers").and_then(Value::as_array_mut);
    for (at, container) in containers.into_iter().flatten().enumerate() {
        let Some(container) = container.as_object_mut() else { continue };
        if let Some(id) = IDS.get(at).filter(|_| !bytes.is_rare()) {
            container.insert("id".to_owned(), json!(id));
        }
        for list in ["volumes", "files", "secret_files"] {
            tell_apart(container.get_mut(list), "dest", bytes);
        }
        // Of those before it, so that cycles are rare.
        let of_others = container.get_mut("dependencies").and_then(Value::as_array_mut);
        if let Some(of_others) = of_others.filter(|_| !bytes.is_rare()) {
            of_others.truncate(at);
            of_others.iter_mut().zip(IDS).for_each(|(other, id)| *other = json!(id));
        }
    }
    appliance
}

/// Gives the items of a list different ids or paths, mostly.
fn tell_apart(items: Option<&mut Value>, name: &str, bytes: &mut Bytes<'_>) {
    for (at, item) in items.and_then(Value::as_array_mut).into_iter().flatten().enumerate().skip(1)
    {
        if let Some(Value::String(text)) = item.get_mut(name).filter(|_| !bytes.is_rare()) {
            text.push_str(&at.to_string());
        }
    }
}

/// An overlay of such an appliance.
pub fn overlay(bytes: &mut Bytes<'_>) -> Value {
    let mut overlay = OVERLAY.document(bytes);
    let containers = overlay.get_mut("containers").and_then(Value::as_object_mut);
    if let Some(containers) = containers {
        let changes: Vec<Value> = std::mem::take(containers).into_iter().map(|(_, v)| v).collect();
        containers.extend(IDS.iter().map(|id| id.to_string()).zip(changes));
    }
    overlay
}

/// An `applc.toml`.
pub fn project(bytes: &mut Bytes<'_>) -> String {
    let project = PROJECT.document(bytes);
    let lines = project.as_object().into_iter().flatten();
    lines.map(|(name, value)| format!("{} = {}\n", toml_text(name), toml(value))).collect()
}

fn toml(value: &Value) -> String {
    let joined = |items: Vec<String>| items.join(", ");
    match value {
        Value::Null => "\"\"".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => toml_text(text),
        Value::Array(items) => format!("[{}]", joined(items.iter().map(toml).collect())),
        Value::Object(fields) => {
            let fields =
                fields.iter().map(|(name, value)| format!("{} = {}", toml_text(name), toml(value)));
            format!("{{ {} }}", joined(fields.collect()))
        }
    }
}

/// TOML has the strings of JSON, but for one character.
fn toml_text(text: &str) -> String {
    Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

/// Makes documents of a schema.
struct Maker {
    schema: Value,
}

impl Maker {
    fn new(schema: &str) -> Maker {
        Maker { schema: serde_json::from_str(schema).expect("schemas are JSON") }
    }

    fn document(&self, bytes: &mut Bytes<'_>) -> Value {
        self.value(&self.schema, bytes, 0)
    }

    fn value(&self, schema: &Value, bytes: &mut Bytes<'_>, depth: usize) -> Value {
        if depth > 12 || (depth > 1 && bytes.is_rare()) {
            return anything(bytes);
        }
        let other = |schema: &Value, bytes: &mut Bytes<'_>| self.value(schema, bytes, depth + 1);
        if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
            let found = self.schema.pointer(name.trim_start_matches('#'));
            return found.map_or(Value::Null, |found| other(found, bytes));
        }
        if let (Some(then), Some(usual)) = (schema.get("then"), schema.get("else")) {
            return other(if bytes.is_rare() { then } else { usual }, bytes);
        }
        if let Some(constant) = schema.get("const") {
            return constant.clone();
        }
        for choices in ["oneOf", "anyOf", "enum"] {
            let choices = schema.get(choices).and_then(Value::as_array);
            match choices.and_then(|choices| bytes.of(choices)) {
                Some(chosen) if chosen.is_object() => return other(chosen, bytes),
                Some(chosen) => return chosen.clone(),
                None => {}
            }
        }
        let kind = match schema.get("type") {
            Some(Value::Array(kinds)) => bytes.of(kinds).and_then(Value::as_str),
            kind => kind.and_then(Value::as_str),
        };
        match kind {
            Some("object") => self.object(schema, bytes, depth),
            Some("array") => {
                let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
                let count = bytes.below(4).max(usize::try_from(least).unwrap_or(0));
                let items = schema.get("items").unwrap_or(&Value::Null);
                (0..count).map(|_| other(items, bytes)).collect()
            }
            Some("string") => string(schema, bytes),
            Some("integer" | "number") => number(schema, bytes),
            Some("boolean") => json!(bytes.next() % 2 == 1),
            Some(_) => Value::Null,
            None => match schema.pointer("/allOf/0") {
                Some(same) => other(same, bytes),
                None => example(schema, bytes).unwrap_or_else(|| anything(bytes)),
            },
        }
    }

    fn object(&self, schema: &Value, bytes: &mut Bytes<'_>, depth: usize) -> Value {
        let none = Map::new();
        let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
        let mut object = Map::new();
        let mut add = |name: &str, bytes: &mut Bytes<'_>| {
            if let Some(schema) = properties.get(name) {
                object.insert(name.to_owned(), self.value(schema, bytes, depth + 1));
            }
        };
        for name in strings(schema.get("required")) {
            if !bytes.is_rare() {
                add(name, bytes);
            }
        }
        // What has no effect is less often of interest.
        let is_usual = |schema: &Value| schema.get("doNotSuggest").is_none();
        let usual: Vec<&String> = properties
            .iter()
            .filter(|(_, schema)| is_usual(schema))
            .map(|(name, _)| name)
            .collect();
        for _ in 0..bytes.below(7) {
            let name = match bytes.is_rare() {
                true => properties.keys().nth(bytes.below(properties.len())),
                false => bytes.of(&usual).copied(),
            };
            if let Some(name) = name {
                add(name, bytes);
            }
        }
        let of_others = schema.get("additionalProperties").unwrap_or(&Value::Null);
        if *of_others != json!(false) || bytes.is_rare() {
            for _ in 0..bytes.below(3) {
                let name = (*bytes.of(&NAMES).unwrap_or(&"")).to_owned();
                object.insert(name, self.value(of_others, bytes, depth + 1));
            }
        }
        for rule in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            let (Some(condition), Some(then)) = (rule.get("if"), rule.get("then")) else {
                continue;
            };
            if !holds(condition, &Value::Object(object.clone())) || bytes.is_rare() {
                continue;
            }
            for (name, schema) in then.get("properties").and_then(Value::as_object).unwrap_or(&none)
            {
                if *schema == json!(false) {
                    object.remove(name);
                } else if object.contains_key(name) {
                    object.insert(name.clone(), self.value(schema, bytes, depth + 1));
                }
            }
            for name in strings(then.get("required")) {
                if let Some(schema) = properties.get(name) {
                    object.insert(name.to_owned(), self.value(schema, bytes, depth + 1));
                }
            }
        }
        Value::Object(object)
    }
}

fn strings(list: Option<&Value>) -> impl Iterator<Item = &str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// Whether a value fulfils the simple schema of a condition.
fn holds(schema: &Value, value: &Value) -> bool {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    *schema != json!(false)
        && schema.get("const").is_none_or(|constant| constant == value)
        && schema.get("type").is_none_or(|of| of == kind)
        && schema
            .get("enum")
            .and_then(Value::as_array)
            .is_none_or(|choices| choices.contains(value))
        && strings(schema.get("required")).all(|name| value.get(name).is_some())
        && schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .all(|(name, schema)| value.get(name).is_none_or(|value| holds(schema, value)))
}

fn example(schema: &Value, bytes: &mut Bytes<'_>) -> Option<Value> {
    let examples = schema.get("examples").and_then(Value::as_array)?;
    bytes.of(examples).cloned()
}

fn string(schema: &Value, bytes: &mut Bytes<'_>) -> Value {
    // A pattern allows few texts.
    let of_examples = if schema.get("pattern").is_some() { 15 } else { 4 };
    let example = if bytes.below(16) < of_examples { example(schema, bytes) } else { None };
    example.filter(Value::is_string).unwrap_or_else(|| json!(bytes.text()))
}

fn number(schema: &Value, bytes: &mut Bytes<'_>) -> Value {
    let bound = |name: &str| schema.get(name).cloned();
    let chosen = match bytes.below(8) {
        0..3 => example(schema, bytes),
        3 => bound("minimum"),
        4 => bound("maximum"),
        5 if schema["type"] == "number" => Some(json!(f64::from(bytes.next()) / 16.0)),
        _ => None,
    };
    chosen.filter(Value::is_number).unwrap_or_else(|| json!(bytes.next()))
}

fn anything(bytes: &mut Bytes<'_>) -> Value {
    match bytes.below(9) {
        0..5 => json!(bytes.text()),
        5 => Value::Null,
        6 => json!(bytes.next() % 2 == 0),
        7 => json!(f64::from(bytes.next()) * 1e300),
        _ => json!([{ "a": bytes.text() }, i64::from(bytes.next()) - 200]),
    }
}
