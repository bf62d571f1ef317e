//! The appliance that an import writes: an ordered document with comments, as YAML.

use std::collections::BTreeSet;

use crate::render::{Format, scalar};

/// Longest line of a list that is written on one line, in characters.
const WIDTH: usize = 90;

/// Longest line of an object that is written on one line, in characters.
const OBJECT_WIDTH: usize = 72;

/// A value of the document.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A string.
    Text(String),
    /// A number or a boolean, as it is written.
    Bare(String),
    /// A list.
    List(Vec<Value>),
    /// An object.
    Object(Object),
}

/// An object of the document, in the order of its fields.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Object {
    fields: Vec<Field>,
}

#[derive(Debug, Clone, PartialEq)]
struct Field {
    name: String,
    value: Value,
    /// What a person must decide, in lines.
    comment: Vec<String>,
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bare(value.to_string())
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Value {
        Value::Bare(value.to_string())
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Value {
        Value::Object(object)
    }
}

impl From<Vec<Object>> for Value {
    fn from(objects: Vec<Object>) -> Value {
        Value::List(objects.into_iter().map(Value::Object).collect())
    }
}

impl From<Vec<String>> for Value {
    fn from(texts: Vec<String>) -> Value {
        Value::List(texts.into_iter().map(Value::Text).collect())
    }
}

impl Value {
    /// A number. Whole ones are written without a fraction.
    pub fn number(number: f64) -> Value {
        Value::Bare(number.to_string())
    }

    fn texts(&self, see: &mut impl FnMut(&str)) {
        match self {
            Value::Text(text) => see(text),
            Value::Bare(_) => {}
            Value::List(items) => items.iter().for_each(|item| item.texts(see)),
            Value::Object(object) => object.texts(see),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Value::List(items) => items.is_empty(),
            Value::Object(object) => object.fields.is_empty(),
            Value::Text(_) | Value::Bare(_) => false,
        }
    }
}

impl Object {
    /// An object without fields.
    pub fn new() -> Object {
        Object::default()
    }

    /// Adds a field.
    pub fn put(&mut self, name: &str, value: impl Into<Value>) -> &mut Object {
        self.fields.push(Field { name: name.to_owned(), value: value.into(), comment: Vec::new() });
        self
    }

    /// Adds a field, unless its value is an empty list or object.
    pub fn put_filled(&mut self, name: &str, value: impl Into<Value>) -> &mut Object {
        let value = value.into();
        if !value.is_empty() {
            self.put(name, value);
        }
        self
    }

    /// Whether it has a field.
    pub fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.name == name)
    }

    /// Adds a field, and returns the object.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Object {
        self.put(name, value);
        self
    }

    /// Writes a comment above the field that was added last.
    pub fn comment(&mut self, line: impl Into<String>) {
        if let Some(field) = self.fields.last_mut() {
            field.comment.push(line.into());
        }
    }

    /// Shows all strings in it, at any depth.
    pub fn texts(&self, see: &mut impl FnMut(&str)) {
        for field in &self.fields {
            field.value.texts(see);
        }
    }

    /// Adds objects to a list. A list that is not there is added after the field `after`.
    pub fn add_to(&mut self, list: &str, objects: Vec<Object>, after: &str) {
        if objects.is_empty() {
            return;
        }
        let known = self.fields.iter_mut().find(|field| field.name == list);
        if let Some(Value::List(items)) = known.map(|field| &mut field.value) {
            items.extend(objects.into_iter().map(Value::Object));
            return;
        }
        let at = self.fields.iter().position(|field| field.name == after);
        let field = Field { name: list.to_owned(), value: objects.into(), comment: Vec::new() };
        self.fields.insert(at.map_or(self.fields.len(), |at| at + 1), field);
    }

    /// The numbers that objects in a list have as the value of `key`, of those without the field `but`.
    pub fn numbers_in(&self, list: &str, key: &str, but: &str) -> BTreeSet<u64> {
        let Some(Value::List(items)) = self.get(list) else { return BTreeSet::new() };
        let number = |item: &Value| match item {
            Value::Object(one) if one.get(but).is_none() => match one.get(key)? {
                Value::Bare(number) => number.parse().ok(),
                _ => None,
            },
            _ => None,
        };
        items.iter().filter_map(number).collect()
    }

    /// The place in a list of the first object with a number as the value of `key`, and without the field `but`.
    pub fn index_in(&self, list: &str, key: &str, value: u64, but: &str) -> Option<u64> {
        let Some(Value::List(items)) = self.get(list) else { return None };
        let wanted = Value::from(value);
        let is_it = |item: &Value| match item {
            Value::Object(one) => one.get(key) == Some(&wanted) && one.get(but).is_none(),
            _ => false,
        };
        items.iter().position(is_it).map(|at| at as u64)
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|field| field.name == name).map(|field| &field.value)
    }

    /// The document as YAML.
    pub fn to_yaml(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0);
        out
    }

    /// Writes the fields as lines. The first one goes on where `out` ends.
    fn write(&self, out: &mut String, indent: usize) {
        for (at, field) in self.fields.iter().enumerate() {
            if at > 0 {
                margin(out, indent);
            }
            for line in &field.comment {
                out.push_str("# ");
                // A line break would end the comment.
                out.push_str(&line.replace(char::is_control, " "));
                out.push('\n');
                margin(out, indent);
            }
            out.push_str(&scalar(Format::Yaml, &field.name));
            out.push(':');
            let column = indent + field.name.chars().count() + 2;
            write_value(out, &field.value, indent, column);
        }
    }

    fn flow(&self) -> Option<String> {
        let part = |field: &Field| {
            let is_plain = field.comment.is_empty();
            let value = flow(&field.value).filter(|_| is_plain)?;
            Some(format!("{}: {value}", flow_text(&field.name)))
        };
        let parts: Option<Vec<String>> = self.fields.iter().map(part).collect();
        let parts = parts?;
        Some(if parts.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", parts.join(", ")) })
    }
}

fn margin(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

/// Writes a value behind its field, and the line break.
fn write_value(out: &mut String, value: &Value, indent: usize, column: usize) {
    let in_line = match value {
        Value::Text(_) | Value::Bare(_) => None,
        // Environment variables and labels read better in lines.
        Value::Object(object) if object.fields.len() > 4 => None,
        Value::Object(object) => {
            object.flow().filter(|text| column + text.chars().count() <= OBJECT_WIDTH)
        }
        other => flow(other).filter(|text| column + text.chars().count() <= WIDTH),
    };
    match (in_line, value) {
        (Some(text), _) => {
            out.push(' ');
            out.push_str(&text);
            out.push('\n');
        }
        (None, Value::Object(object)) => {
            out.push('\n');
            margin(out, indent + 2);
            object.write(out, indent + 2);
        }
        (None, Value::List(items)) => {
            out.push('\n');
            for item in items {
                margin(out, indent + 2);
                out.push('-');
                match item {
                    Value::Object(object) if !is_short(item, indent + 4) => {
                        out.push(' ');
                        object.write(out, indent + 4);
                    }
                    item => write_value(out, item, indent + 2, indent + 4),
                }
            }
        }
        (None, Value::Text(text)) => {
            out.push(' ');
            write_text(out, text, indent);
        }
        (None, Value::Bare(text)) => {
            out.push(' ');
            out.push_str(text);
            out.push('\n');
        }
    }
}

/// Whether an item is written on one line: an object without objects in it.
fn is_short(item: &Value, column: usize) -> bool {
    let Value::Object(object) = item else { return true };
    let is_flat = |field: &Field| !matches!(field.value, Value::Object(_) | Value::List(_));
    object.fields.len() <= 5
        && object.fields.iter().all(is_flat)
        && object.flow().is_some_and(|text| column + text.chars().count() <= OBJECT_WIDTH)
}

/// Writes a string of its own line: as a block if it has several lines that a block keeps as they are.
fn write_text(out: &mut String, text: &str, indent: usize) {
    let body = text.strip_suffix('\n');
    let lines: Vec<&str> = body.unwrap_or(text).split('\n').collect();
    let is_kept = lines.len() > 1
        && !text.starts_with([' ', '\n'])
        && lines.last().is_some_and(|line| !line.is_empty())
        && !text.chars().any(|c| (c.is_control() && c != '\n') || is_special(c));
    if !is_kept {
        out.push_str(&scalar(Format::Yaml, text));
        out.push('\n');
        return;
    }
    out.push_str(if body.is_some() { "|\n" } else { "|-\n" });
    for line in lines {
        if !line.is_empty() {
            margin(out, indent + 2);
            out.push_str(line);
        }
        out.push('\n');
    }
}

/// Characters that a block of text cannot hold, or that readers take for line breaks.
fn is_special(c: char) -> bool {
    matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// A value on one line, if it may stand there.
fn flow(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) if text.contains('\n') => None,
        Value::Text(text) => Some(flow_text(text)),
        Value::Bare(text) => Some(text.clone()),
        Value::List(items) => {
            let is_flat = |item: &Value| matches!(item, Value::Text(_) | Value::Bare(_));
            let items: Option<Vec<String>> =
                items.iter().map(|item| flow(item).filter(|_| is_flat(item))).collect();
            Some(format!("[{}]", items?.join(", ")))
        }
        Value::Object(object) => object.flow(),
    }
}

/// A string inside brackets: without quotes only if no bracket, comma or colon is in it.
fn flow_text(text: &str) -> String {
    let plain = scalar(Format::Yaml, text);
    let is_safe = |c: char| !matches!(c, ',' | '[' | ']' | '{' | '}' | ':');
    if plain.starts_with('"') || text.chars().all(is_safe) {
        return plain;
    }
    crate::render::quoted(Format::Yaml, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_written_in_lines_and_short_parts_on_one() {
        let mut web = Object::new();
        web.put("id", "web").put("image", "nginx:1.27");
        web.put("resources", Object::new().with("cpus", Value::number(0.5)).with("mem", 64));
        web.comment("how much it may use");
        web.put("ports", vec![Object::new().with("container_port", 80)]);
        web.put("args", vec!["-c".to_owned(), "a: b".to_owned()]);
        web.put("entrypoint", vec!["sh".to_owned(), "one\ntwo\n".to_owned()]);
        web.put("cmd", "one\n  two\n");
        let mut app = Object::new();
        app.put("id", "shop").put("containers", vec![web]);
        let expected = "\
id: shop
containers:
  - id: web
    image: nginx:1.27
    # how much it may use
    resources: { cpus: 0.5, mem: 64 }
    ports:
      - { container_port: 80 }
    args: [\"-c\", \"a: b\"]
    entrypoint:
      - sh
      - |
        one
        two
    cmd: |
      one
        two
";
        assert_eq!(app.to_yaml(), expected);
    }

    #[test]
    fn every_string_is_read_back() {
        for text in [
            "",
            "a\nb",
            "a\n\nb\n",
            " a\nb",
            "a\n",
            "a\n\n",
            "\t\nx",
            "no",
            "a, [b]: {c}",
            "é\u{2028}\n",
        ] {
            let mut object = Object::new();
            object.put("a", text).put("b", vec![text.to_owned(), "x".to_owned()]);
            let yaml = object.to_yaml();
            let read: serde_json::Value = yaml_serde::from_str(&yaml).unwrap();
            assert_eq!(read, serde_json::json!({"a": text, "b": [text, "x"]}), "{yaml}");
        }
    }
}
