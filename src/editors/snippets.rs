//! What editors insert for a new value: its required fields, with a stop at each.

use serde_json::{Map, Value, json};

use super::texts::Description;

/// The values that a rule lists, exactly or in letters of any case.
pub fn values(rule: &Value) -> Vec<&Value> {
    let list = match rule.get("enum") {
        Some(list) => Some(list),
        None if is_closed(rule) => rule.get("examples"),
        None => None,
    };
    list.and_then(Value::as_array).into_iter().flatten().collect()
}

/// Whether a pattern matches a few values in letters of any case, which the examples list.
pub fn is_closed(rule: &Value) -> bool {
    rule.get("pattern").is_some() && rule.get("patternErrorMessage").is_none()
}

/// A schema, whose references are followed.
pub struct Snippets<'a>(pub &'a Value);

impl<'a> Snippets<'a> {
    /// The snippets for a value, in the form of the keyword `defaultSnippets`.
    pub fn of(&self, rule: &'a Value) -> Vec<Value> {
        let rule = self.follow(rule);
        if self.required(rule).is_empty() || is_marked(rule, "deprecated") {
            return Vec::new();
        }
        let kinds = self.required(rule).into_iter().find_map(|(name, field)| {
            let field = self.follow(field);
            let about = Description::read(text(field, "description"));
            let kinds = values(field).into_iter().filter_map(Value::as_str);
            let kinds: Vec<_> =
                kinds.filter_map(|kind| Some((kind, about.of_value(kind)?.to_owned()))).collect();
            (kinds.len() > 1).then_some((name, kinds))
        });
        let snippet = |label: &str, about: &str, fixed: Option<(&str, &str)>| {
            let body = self.object(rule, fixed, &mut 0);
            let about = super::texts::plain(about);
            json!({ "label": label, "description": about, "body": body })
        };
        match kinds {
            Some((name, kinds)) => {
                kinds.iter().map(|(kind, about)| snippet(kind, about, Some((name, kind)))).collect()
            }
            // yaml-language-server offers the title by itself.
            None => {
                let label = format!("New {}", text(rule, "title").to_lowercase());
                vec![snippet(&label, text(rule, "description"), None)]
            }
        }
    }

    /// The required fields of an object. `fixed` is the value of one of them. `stop` is the last stop.
    fn object(&self, rule: &'a Value, fixed: Option<(&str, &str)>, stop: &mut usize) -> Value {
        let fields = self.required(rule).into_iter().map(|(name, field)| {
            let value = match fixed {
                Some((fixed, value)) if fixed == name => json!(value),
                _ => self.value(self.follow(field), stop),
            };
            (name.to_owned(), value)
        });
        Value::Object(fields.collect::<Map<_, _>>())
    }

    fn value(&self, rule: &'a Value, stop: &mut usize) -> Value {
        let words: Vec<&str> = values(rule).into_iter().filter_map(Value::as_str).collect();
        if words.is_empty()
            && (!self.required(rule).is_empty() || rule.get("type") == Some(&json!("object")))
        {
            return self.object(rule, None, stop);
        }
        if let Some(items) = items(rule) {
            return json!([self.value(self.follow(items), stop)]);
        }
        *stop += 1;
        let example = rule.get("examples").and_then(|examples| examples.get(0));
        match example {
            _ if !words.is_empty() => json!(format!("${{{stop}|{}|}}", words.join(","))),
            // A circumflex inserts the rest without quotes.
            Some(example @ (Value::Number(_) | Value::Bool(_))) => {
                json!(format!("^${{{stop}:{example}}}"))
            }
            _ => json!(format!("${stop}")),
        }
    }

    /// The required fields of an object, in the order in which they are printed.
    fn required(&self, rule: &'a Value) -> Vec<(&'a str, &'a Value)> {
        let names = rule.get("required").and_then(Value::as_array).into_iter().flatten();
        let mut fields: Vec<_> = names
            .filter_map(|name| Some((name.as_str()?, rule.get("properties")?.get(name.as_str()?)?)))
            .collect();
        fields.sort_by_key(|(name, _)| *name);
        fields
    }

    /// The rule that a reference leads to; of a choice between two forms, the one that is not old.
    fn follow(&self, rule: &'a Value) -> &'a Value {
        let reference =
            rule.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix('#'));
        match (reference.and_then(|path| self.0.pointer(path)), rule.get("else")) {
            (Some(found), _) => self.follow(found),
            (None, Some(other)) if rule.get("properties").is_none() => self.follow(other),
            (None, _) => rule,
        }
    }
}

fn items(rule: &Value) -> Option<&Value> {
    rule.get("items").filter(|_| rule.get("type") == Some(&json!("array")))
}

fn text<'a>(rule: &'a Value, keyword: &str) -> &'a str {
    rule.get(keyword).and_then(Value::as_str).unwrap_or_default()
}

fn is_marked(rule: &Value, mark: &str) -> bool {
    rule.get(mark).and_then(Value::as_bool) == Some(true)
}
