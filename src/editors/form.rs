//! A schema in the form that editors show best.
//!
//! | keyword | who reads it |
//! |---|---|
//! | `markdownDescription`, `markdownEnumDescriptions`, `enumDescriptions` | VS Code, yaml-language-server: texts of fields and of values |
//! | `patternErrorMessage`, `errorMessage`, `deprecationMessage` | the same: what is wrong, in place of a regular expression |
//! | `defaultSnippets`, `doNotSuggest` | the same: what they insert, and what they do not offer |
//! | `x-taplo` | taplo: the texts in Markdown |
//!
//! Defaults and examples become part of the texts. As keywords they would be inserted: names that are
//! nobody's, and values that need not be written.

use serde_json::{Map, Value, json};

use super::Format;
use super::snippets::{Snippets, is_closed, values};
use super::texts::{Description, code, plain};
use crate::diag::list_or;

/// The schema of a format for editors, made of the one that defines it.
pub fn of(format: Format, definition: &Value) -> Value {
    let form = Form { root: definition, is_toml: format.is_toml() };
    let mut made = form.rule(definition);
    made["$id"] = json!(format.id());
    made
}

/// Whether editors are to insert a default: a scalar of a few, or one with a form. Others are somebody's names.
fn is_inserted(rule: &Value, default: &Value) -> bool {
    match default {
        Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => {
            let has_form = rule.get("enum").is_some() || rule.get("pattern").is_some();
            !text.is_empty() && has_form && !is_closed(rule)
        }
        _ => false,
    }
}

/// A condition, whose parts are not offered as fields and values.
fn condition_of(rule: &Value) -> Value {
    let Value::Object(keywords) = rule else { return rule.clone() };
    let mut made = keywords.clone();
    if let Some(Value::Object(fields)) = made.get_mut("properties") {
        for field in fields.values_mut().filter(|field| field.is_object()) {
            field["doNotSuggest"] = json!(true);
        }
    }
    Value::Object(made)
}

/// The snippet for a number without a default: the first example.
fn number(rule: &Value) -> Option<Value> {
    let example = rule.get("examples")?.get(0).filter(|example| example.is_number())?;
    let is_needed = rule.get("default").is_none() && rule.get("description").is_some();
    let label = example.to_string();
    is_needed.then(|| json!({ "label": label, "body": format!("^${{1:{example}}}") }))
}

struct Form<'a> {
    root: &'a Value,
    is_toml: bool,
}

impl Form<'_> {
    fn rule(&self, rule: &Value) -> Value {
        let inlined = self.inlined(rule);
        let Value::Object(keywords) = &inlined else { return inlined };
        let mut made = Map::new();
        for (keyword, value) in keywords {
            let value = match (keyword.as_str(), value) {
                // What only applc reads, and what becomes text.
                ("overlayKey" | "aliasOf" | "examples" | "description", _) => continue,
                ("default", value) if !is_inserted(&inlined, value) => continue,
                ("properties" | "patternProperties" | "definitions", Value::Object(rules)) => {
                    rules.iter().map(|(name, rule)| (name.clone(), self.rule(rule))).collect()
                }
                ("allOf" | "anyOf", Value::Array(rules)) => {
                    rules.iter().map(|rule| self.rule(rule)).collect()
                }
                ("items" | "additionalProperties" | "propertyNames" | "then" | "else", rule) => {
                    self.rule(rule)
                }
                ("if", condition) => condition_of(condition),
                (_, value) => value.clone(),
            };
            made.insert(keyword.clone(), value);
        }
        self.texts(&inlined, &mut made);
        self.suggestions(&inlined, &mut made);
        Value::Object(made)
    }

    /// A rule that only gives another one texts of its own, as one rule: editors would show both texts.
    fn inlined(&self, rule: &Value) -> Value {
        let only = rule.get("allOf").and_then(Value::as_array).map(Vec::as_slice);
        let Some([only]) = only else { return rule.clone() };
        let path = only.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix('#'));
        let Some(Value::Object(found)) = path.and_then(|path| self.root.pointer(path)) else {
            return rule.clone();
        };
        let mut made = found.clone();
        for (keyword, value) in rule.as_object().into_iter().flatten() {
            if keyword != "allOf" {
                made.insert(keyword.clone(), value.clone());
            }
        }
        Value::Object(made)
    }

    /// Adds the texts of a rule, and those of its values.
    fn texts(&self, rule: &Value, made: &mut Map<String, Value>) {
        let Some(text) = rule.get("description").and_then(Value::as_str) else {
            self.texts_of_values(rule, &Description::default(), made);
            return;
        };
        let read = Description::read(text);
        let has_own_texts = self.texts_of_values(rule, &read, made);
        let mut text = if has_own_texts { read.prose } else { text.to_owned() };
        let mut add = |name: &str, value: Option<&Value>| {
            if let Some(code) = value.and_then(code) {
                text.push_str(&format!(" {name}: {code}."));
            }
        };
        add("Default", rule.get("default"));
        if rule.get("default").is_none() && values(rule).is_empty() {
            let is_text = |value: &&Value| value.is_string() || value.is_array();
            add("Example", rule.get("examples").and_then(|all| all.get(0)).filter(is_text));
        }
        made.insert("description".to_owned(), json!(plain(&text)));
        if rule.get("deprecated") == Some(&json!(true)) {
            made.insert("deprecationMessage".to_owned(), json!(plain(&text)));
        }
        if self.is_toml {
            made.entry("x-taplo").or_insert_with(|| json!({}))["docs"]["main"] = json!(text);
        }
        made.insert("markdownDescription".to_owned(), json!(text));
    }

    /// Adds the texts of the values that a rule lists. Returns whether there are any.
    fn texts_of_values(
        &self,
        rule: &Value,
        read: &Description,
        made: &mut Map<String, Value>,
    ) -> bool {
        let Some(values) = rule.get("enum").and_then(Value::as_array) else { return false };
        let own = rule.get("enumDescriptions").and_then(Value::as_array);
        let texts: Vec<&str> = match own {
            Some(own) => own.iter().filter_map(Value::as_str).collect(),
            None => values
                .iter()
                .map(|value| read.of_value(value.as_str()?))
                .map(Option::unwrap_or_default)
                .collect(),
        };
        if texts.iter().all(|text| text.is_empty()) {
            return false;
        }
        let plain: Vec<String> = texts.iter().map(|text| plain(text)).collect();
        made.insert("enumDescriptions".to_owned(), json!(plain));
        made.insert("markdownEnumDescriptions".to_owned(), json!(texts));
        if self.is_toml {
            made.entry("x-taplo").or_insert_with(|| json!({}))["docs"]["enumValues"] = json!(texts);
        }
        true
    }

    /// Adds what editors insert, and what they say of a value that a pattern does not match.
    fn suggestions(&self, rule: &Value, made: &mut Map<String, Value>) {
        let mut snippets = match self.is_toml {
            // taplo has no snippets, and inserts defaults.
            true => Vec::new(),
            false => Snippets(self.root).of(rule),
        };
        if is_closed(rule) {
            let words: Vec<&str> = values(rule).into_iter().filter_map(Value::as_str).collect();
            if words.is_empty() {
                return;
            }
            let message = format!("expected {}", list_or(words.iter().copied()));
            made.insert("patternErrorMessage".to_owned(), json!(message));
            let text = rule.get("description").and_then(Value::as_str).unwrap_or_default();
            let read = Description::read(text);
            snippets = words
                .iter()
                .map(|word| {
                    let text = read.of_value(word).unwrap_or_default();
                    json!({ "label": word, "description": plain(text), "body": word })
                })
                .collect();
        }
        if snippets.is_empty() && !self.is_toml {
            snippets.extend(number(rule));
        }
        if !snippets.is_empty() {
            made.insert("defaultSnippets".to_owned(), Value::Array(snippets));
        }
    }
}
