//! What the schema for editors says of a place.

use std::sync::LazyLock;

use applc::editors::Format;
use serde_json::Value;

use super::cursor::Step;

static APPLIANCE: LazyLock<Value> = LazyLock::new(|| Format::Appliance.schema());
static OVERLAY: LazyLock<Value> = LazyLock::new(|| Format::Overlay.schema());
static PROJECT: LazyLock<Value> = LazyLock::new(|| Format::Project.schema());
static TARGET: LazyLock<Value> = LazyLock::new(|| Format::Target.schema());

/// The schema of a format.
#[derive(Clone, Copy)]
pub struct Rules {
    root: &'static Value,
}

/// What the schema says of a value: itself, and the rule that it leads to.
#[derive(Clone, Copy)]
pub struct Rule {
    /// As it is written at the place.
    own: &'static Value,
    /// Without references.
    all: &'static Value,
}

/// A key that an object can have.
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Whether the object must have it.
    pub is_required: bool,
    /// Its value.
    pub rule: Rule,
}

impl Rules {
    /// The rules of a format.
    pub fn of(format: Format) -> Rules {
        let root = match format {
            Format::Appliance => &APPLIANCE,
            Format::Overlay => &OVERLAY,
            Format::Project => &PROJECT,
            Format::Target => &TARGET,
        };
        Rules { root }
    }

    /// The rule for a value.
    fn rule(self, own: &'static Value) -> Rule {
        let mut all = own;
        // No chain is longer.
        for _ in 0..8 {
            let reference = all.get("$ref").and_then(Value::as_str);
            let found = reference.and_then(|path| self.root.pointer(path.strip_prefix('#')?));
            let is_empty = all.get("properties").is_none();
            all = match (found, all.get("else"), all.get("allOf")) {
                (Some(found), ..) => found,
                // Of a choice between two forms, the one that is not old.
                (None, Some(other), _) if is_empty => other,
                (None, None, Some(Value::Array(rules))) if is_empty && rules.len() == 1 => {
                    rules.first().unwrap_or(all)
                }
                _ => break,
            };
        }
        Rule { own, all }
    }

    /// The rule for what steps lead to. `None` if anything can be there.
    pub fn at(self, steps: &[Step]) -> Option<Rule> {
        let mut rule = self.rule(self.root);
        for step in steps {
            // In TOML, a table below a list of tables is in its last item.
            if let (Step::Key(_), true, Some(items)) = (step, rule.is_list(), self.items(rule)) {
                rule = items;
            }
            let next = match step {
                Step::Item(_) => rule.all.get("items")?,
                Step::Key(key) => {
                    let own = rule.all.get("properties").and_then(|all| all.get(key));
                    own.or_else(|| rule.all.get("additionalProperties"))
                        .filter(|next| next.is_object())?
                }
            };
            rule = self.rule(next);
        }
        Some(rule)
    }

    /// The rule for the items of a list.
    pub fn items(self, rule: Rule) -> Option<Rule> {
        rule.all.get("items").map(|items| self.rule(items))
    }

    /// The keys that an object can have and that it does not have yet. `given` are its keys, and the simple values of them.
    pub fn fields(self, rule: Rule, given: &[(String, String)]) -> Vec<Field> {
        let properties = rule.all.get("properties").and_then(Value::as_object);
        let mut fields = Vec::new();
        for (name, field) in properties.into_iter().flatten() {
            let has = given.iter().any(|(key, _)| key == name);
            let is_hidden = field.get("doNotSuggest") == Some(&Value::Bool(true));
            if has || is_hidden || is_excluded(rule.all, name, given) {
                continue;
            }
            fields.push(Field { name, is_required: rule.requires(name), rule: self.rule(field) });
        }
        fields
    }

    /// The fields that an object must have, in the order of the schema.
    pub fn required(self, rule: Rule) -> Vec<(&'static str, Rule)> {
        let names = rule.all.get("required").and_then(Value::as_array);
        let names = names.into_iter().flatten().filter_map(Value::as_str);
        let field = |name| Some((name, self.rule(rule.all.get("properties")?.get(name)?)));
        names.filter_map(field).collect()
    }
}

/// Whether another field of an object excludes a field.
fn is_excluded(rule: &Value, name: &str, given: &[(String, String)]) -> bool {
    let conditions = rule.get("allOf").and_then(Value::as_array).into_iter().flatten();
    let mut excluding = conditions.filter(|condition| {
        condition.pointer("/then/properties").and_then(|all| all.get(name))
            == Some(&Value::Bool(false))
    });
    excluding.any(|condition| {
        let names = condition.pointer("/if/required").and_then(Value::as_array);
        let mut names = names.into_iter().flatten().filter_map(Value::as_str).peekable();
        let is_given = |wanted: &str| {
            let value = given.iter().find(|(key, _)| key == wanted).map(|(_, value)| value);
            let needed = condition.pointer("/if/properties").and_then(|all| all.get(wanted));
            match needed.and_then(|needed| needed.get("const")) {
                Some(needed) => value.is_some_and(|value| needed == value.as_str()),
                None => value.is_some(),
            }
        };
        // The field itself is not there yet.
        names.peek().is_some() && names.filter(|wanted| *wanted != name).all(is_given)
    })
}

impl Rule {
    /// The rule for a value of which the schema says nothing.
    pub const ANY: Rule = Rule { own: &Value::Null, all: &Value::Null };

    /// Its text in Markdown, or plain.
    pub fn text(self, is_markdown: bool) -> &'static str {
        let keyword = if is_markdown { "markdownDescription" } else { "description" };
        self.keyword(keyword).and_then(Value::as_str).unwrap_or_default()
    }

    fn keyword(self, keyword: &str) -> Option<&'static Value> {
        self.own.get(keyword).or_else(|| self.all.get(keyword))
    }

    fn requires(self, name: &str) -> bool {
        let all = self.all.get("required").and_then(Value::as_array);
        all.is_some_and(|all| all.iter().any(|required| required == name))
    }

    fn has_type(self, name: &str) -> bool {
        match self.all.get("type") {
            Some(Value::String(one)) => one == name,
            Some(Value::Array(all)) => all.iter().any(|one| one == name),
            _ => false,
        }
    }

    /// Whether it is an object.
    pub fn is_object(self) -> bool {
        self.has_type("object") || self.all.get("properties").is_some()
    }

    /// Whether it is an object whose keys are not fields.
    pub fn has_own_names(self) -> bool {
        self.has_type("object") && self.all.get("properties").is_none()
    }

    /// Whether it is a list.
    pub fn is_list(self) -> bool {
        self.has_type("array")
    }

    /// Whether it is text.
    pub fn is_text(self) -> bool {
        self.has_type("string") || self.all.get("enum").is_some() || !self.words(true).is_empty()
    }

    /// Whether it is `true` or `false`.
    pub fn is_bool(self) -> bool {
        self.has_type("boolean")
    }

    /// The texts that it lists, each with what it means.
    pub fn words(self, is_markdown: bool) -> Vec<(&'static str, &'static str)> {
        // Of several forms, the first one lists what is known, beside names of one's own.
        let first = self.keyword("anyOf").and_then(|forms| forms.get(0));
        let keyword = |name| self.keyword(name).or_else(|| first?.get(name));
        if let Some(Value::Array(values)) = keyword("enum") {
            let texts = if is_markdown { "markdownEnumDescriptions" } else { "enumDescriptions" };
            let texts = keyword(texts).and_then(Value::as_array);
            let text = |at: usize| texts.and_then(|all| all.get(at)?.as_str()).unwrap_or_default();
            let values = values.iter().enumerate();
            return values.filter_map(|(at, value)| Some((value.as_str()?, text(at)))).collect();
        }
        let snippets = self.own.get("defaultSnippets").and_then(Value::as_array);
        let word = |snippet: &'static Value| {
            let word =
                snippet.get("body")?.as_str().filter(|body| !body.starts_with(['^', '$']))?;
            Some((word, snippet.get("description").and_then(Value::as_str).unwrap_or_default()))
        };
        snippets.into_iter().flatten().filter_map(word).collect()
    }

    /// The number that is usual.
    pub fn number(self) -> Option<String> {
        if let Some(default) = self.keyword("default").filter(|default| default.is_number()) {
            return Some(default.to_string());
        }
        let body = self.keyword("defaultSnippets")?.get(0)?.get("body")?.as_str()?;
        let number = body.strip_prefix("^${1:")?.strip_suffix('}')?;
        Some(number.to_owned())
    }

    /// The name of what it is, in lower case.
    pub fn noun(self) -> String {
        self.keyword("title").and_then(Value::as_str).unwrap_or("value").to_lowercase()
    }
}
