//! Values in a secret store, as the language names them.

use super::draft::Object as Draft;
use super::told::Told;
use crate::diag::{Diagnostic, codes};
use crate::source::Span;

/// A value in a secret store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// The name of the secret.
    pub secret: String,
    /// The key in it.
    pub key: String,
}

impl Value {
    /// The key of a secret with this name, in the form of the language.
    pub fn new(secret: &str, key: &str) -> Value {
        let valid = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let key: String = key.chars().map(|c| if valid(c) { c } else { '-' }).take(200).collect();
        let key = key.trim_start_matches('.');
        let key = if key.is_empty() { "value".to_owned() } else { key.to_owned() };
        Value { secret: name_of(secret), key }
    }

    /// The value of a name that joins a secret and a key by this character, as targets of applc do.
    pub fn joined(name: &str, by: char) -> Option<Value> {
        let (secret, key) = name.split_once(by)?;
        let value = Value::new(secret, key);
        (value.secret == secret && value.key == key).then_some(value)
    }

    /// The fields `secret` and `key`.
    pub fn draft(&self) -> Draft {
        self.put(Draft::new())
    }

    /// Adds these fields.
    pub fn put(&self, mut draft: Draft) -> Draft {
        draft.put("secret", self.secret.as_str()).put("key", self.key.as_str());
        draft
    }

    /// Tells that the value of `what` must be put into the store.
    pub fn tell(&self, what: &str, span: Span, told: &mut Told<'_>) {
        let Value { secret, key } = self;
        let message = format!("{what} is the key `{key}` of the secret `{secret}`");
        told.push(
            Diagnostic::new(&codes::IMPORT_CHOICE, span, message)
                .help("put its value into the secret store of the platform"),
        );
    }
}

/// Begins a value that is one of a secret store. No value of a variable contains it.
pub const MARK: char = '\0';

/// What stands for the value of a variable that is not set and is named as a secret, or for one of Compose
/// files of applc: `SECRET.KEY`.
pub fn marker(name: &str) -> String {
    format!("{MARK}{name}")
}

/// A name as that of a secret: lower-case letters, digits, and hyphens between them.
fn name_of(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = name.chars().map(letter).collect();
    let name: String = name.trim_matches('-').chars().take(63).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "app".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_language() {
        let of = |secret: &str, key: &str| {
            let Value { secret, key } = Value::new(secret, key);
            format!("{secret} {key}")
        };
        assert_eq!(of("My_Shop", "db_password"), "my-shop db_password");
        assert_eq!(of("_", "..a b"), "app a-b");
        assert_eq!(Value::joined("db-1.pass.word", '.'), Some(Value::new("db-1", "pass.word")));
        assert_eq!(Value::joined("Db.password", '.'), None);
        assert_eq!(Value::joined("db.", '.'), None);
    }
}
