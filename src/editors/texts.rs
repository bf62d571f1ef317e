//! Texts of schemas in the forms that editors show.

use serde_json::Value;

/// A text in Markdown without marks of code, for editors that show it as it is.
pub fn plain(markdown: &str) -> String {
    markdown.replace('`', "")
}

/// A description, apart from its sentences about values: `` `job`: runs to completion. ``, or
/// `` `a`, `b`: the same. `` for several.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// The other sentences.
    pub prose: String,
    values: Vec<(String, String)>,
}

impl Description {
    /// Reads a description.
    pub fn read(text: &str) -> Description {
        let mut read = Description::default();
        for sentence in text.split_inclusive(". ") {
            match of_values(sentence) {
                Some((values, text)) => {
                    let text = capitalized(text.trim());
                    read.values.extend(values.into_iter().map(|v| (v.to_owned(), text.clone())));
                }
                None => read.prose.push_str(sentence),
            }
        }
        read.prose.truncate(read.prose.trim_end().len());
        read
    }

    /// The text about a value, in letters of any case.
    pub fn of_value(&self, value: &str) -> Option<&str> {
        let found = self.values.iter().find(|(known, _)| known.eq_ignore_ascii_case(value));
        found.map(|(_, text)| text.as_str())
    }
}

/// The values that a sentence is about, and what it says of them.
fn of_values(sentence: &str) -> Option<(Vec<&str>, &str)> {
    let (values, text) = sentence.split_once(": ")?;
    let values = values.split(", ").map(|value| {
        let value = value.strip_prefix('`')?.strip_suffix('`')?;
        (!value.is_empty() && !value.contains('`')).then_some(value)
    });
    Some((values.collect::<Option<_>>()?, text))
}

/// A text that begins with a capital letter.
pub fn capitalized(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or(String::new(), |first| first.to_uppercase().chain(rest).collect())
}

/// A phrase, such as the meaning of an option, as a sentence.
pub fn sentence(phrase: &str) -> String {
    format!("{}.", capitalized(phrase))
}

/// A value as code that JSON, YAML and TOML share: a scalar, or a list of them. `None` for other values, and for
/// those that say nothing.
pub fn code(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(items) if items.iter().all(|item| !item.is_array() && !item.is_object()) => {
            let items: Vec<String> = items.iter().map(Value::to_string).collect();
            if items.is_empty() { String::new() } else { format!("[{}]", items.join(", ")) }
        }
        _ => String::new(),
    };
    let is_code = !text.is_empty() && !text.contains(['`', '\n']);
    is_code.then(|| format!("`{text}`"))
}
