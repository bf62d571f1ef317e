//! What is inserted for a value: its required fields, with a stop at each.

use super::rules::{Rule, Rules};

/// A text with stops, or without.
pub struct Body {
    /// The text.
    pub text: String,
    has_stops: bool,
    stops: usize,
}

/// How a value is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// JSON: keys have quotes.
    Json,
    /// YAML in lines.
    Yaml,
    /// YAML in brackets.
    Flow,
    /// TOML.
    Toml,
}

/// A key as TOML has it: with quotes, if it needs them.
pub fn toml_key(name: &str) -> String {
    let is_bare = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if is_bare { name.to_owned() } else { format!("\"{name}\"") }
}

/// The number of spaces of a step.
const STEP: usize = 2;

impl Body {
    /// An empty text.
    pub fn new(has_stops: bool) -> Body {
        Body { text: String::new(), has_stops, stops: 0 }
    }

    /// Adds a text, as it is.
    pub fn add(&mut self, text: &str) {
        if !self.has_stops {
            self.text.push_str(text);
            return;
        }
        for c in text.chars() {
            if matches!(c, '$' | '}' | '\\') {
                self.text.push('\\');
            }
            self.text.push(c);
        }
    }

    fn stop(&mut self, usual: &str) {
        self.stops += 1;
        match (self.has_stops, usual) {
            (false, usual) => self.text.push_str(usual),
            (true, "") => self.text.push_str(&format!("${}", self.stops)),
            (true, usual) => self.text.push_str(&format!("${{{}:{usual}}}", self.stops)),
        }
    }

    fn choice(&mut self, words: &[&str]) {
        self.stops += 1;
        match self.has_stops {
            true => self.text.push_str(&format!("${{{}|{}|}}", self.stops, words.join(","))),
            false => self.text.push_str(words.first().copied().unwrap_or_default()),
        }
    }

    /// Adds a key with what follows it up to its value. `indent` is that of the key.
    pub fn member(&mut self, rules: Rules, name: &str, rule: Rule, form: Form, indent: usize) {
        match form {
            Form::Json => self.add(&format!("\"{name}\": ")),
            Form::Toml => self.add(&format!("{} = ", toml_key(name))),
            Form::Yaml | Form::Flow => self.add(&format!("{name}:")),
        }
        let starts_line = form == Form::Yaml
            && (rule.is_object() || rule.is_list())
            && rule.words(true).is_empty();
        match (form, starts_line) {
            (Form::Yaml, true) => {
                let inner = indent + STEP;
                self.line(inner);
                self.value(rules, rule, form, inner, None);
            }
            (Form::Yaml | Form::Flow, _) => {
                self.add(" ");
                self.value(rules, rule, form, indent, None);
            }
            _ => self.value(rules, rule, form, indent, None),
        }
    }

    fn line(&mut self, indent: usize) {
        self.text.push('\n');
        self.text.push_str(&" ".repeat(indent));
    }

    /// Adds a value. `fixed` is the value of one of its fields.
    pub fn value(
        &mut self,
        rules: Rules,
        rule: Rule,
        form: Form,
        indent: usize,
        fixed: Option<(&str, &str)>,
    ) {
        let words: Vec<&str> = rule.words(true).into_iter().map(|(word, _)| word).collect();
        let quote = if matches!(form, Form::Json | Form::Toml) { "\"" } else { "" };
        if !words.is_empty() {
            self.add(quote);
            self.choice(&words);
            self.add(quote);
        } else if rule.is_object() {
            self.object(rules, rule, form, indent, fixed);
        } else if rule.is_list() {
            self.list(rules, rule, form, indent);
        } else if rule.is_bool() && !rule.is_text() {
            self.choice(&["true", "false"]);
        } else if let Some(number) = rule.number() {
            self.stop(&number);
        } else if rule.is_text() {
            self.add(quote);
            self.stop("");
            self.add(quote);
        } else {
            self.stop("");
        }
    }

    fn object(
        &mut self,
        rules: Rules,
        rule: Rule,
        form: Form,
        indent: usize,
        fixed: Option<(&str, &str)>,
    ) {
        let required = rules.required(rule);
        if form == Form::Yaml {
            if required.is_empty() {
                self.stop("");
            }
            for (at, (name, field)) in required.into_iter().enumerate() {
                if at > 0 {
                    self.line(indent);
                }
                match fixed {
                    Some((fixed, value)) if fixed == name => self.add(&format!("{name}: {value}")),
                    _ => self.member(rules, name, field, form, indent),
                }
            }
            return;
        }
        // Objects of simple values fit in a line.
        let is_flat = form != Form::Json
            || required.iter().all(|(_, field)| !field.is_object() && !field.is_list());
        let inner = indent + STEP;
        self.text.push('{');
        if required.is_empty() {
            self.stop("");
        }
        let count = required.len();
        for (at, (name, field)) in required.into_iter().enumerate() {
            match is_flat {
                true => self.text.push(' '),
                false => self.line(inner),
            }
            match fixed {
                Some((fixed, value)) if fixed == name && form == Form::Json => {
                    self.add(&format!("\"{name}\": \"{value}\""));
                }
                Some((fixed, value)) if fixed == name => self.add(&format!("{name}: {value}")),
                _ => self.member(rules, name, field, form, inner),
            }
            if at + 1 < count {
                self.text.push(',');
            }
        }
        match (count, is_flat) {
            (0, _) => {}
            (_, true) => self.text.push(' '),
            (_, false) => self.line(indent),
        }
        self.text.push('}');
    }

    fn list(&mut self, rules: Rules, rule: Rule, form: Form, indent: usize) {
        let item = rules.items(rule);
        match form {
            Form::Yaml => {
                self.add("- ");
                match item {
                    Some(item) => self.value(rules, item, form, indent + STEP, None),
                    None => self.stop(""),
                }
            }
            _ => {
                self.text.push('[');
                match item.filter(|item| item.is_object() && !rules.required(*item).is_empty()) {
                    Some(item) if form == Form::Json => {
                        self.line(indent + STEP);
                        self.value(rules, item, form, indent + STEP, None);
                        self.line(indent);
                    }
                    _ => self.stop(""),
                }
                self.text.push(']');
            }
        }
    }
}
