//! Variables in values of a Compose file: `$NAME`, `${NAME}`, `${NAME:-default}` and the like.
//!
//! The rules are those of the Compose Specification, "Interpolation".

use std::collections::BTreeSet;

use crate::import::budget::Budget;

/// Most variables in the defaults of others.
const MAX_DEPTH: usize = 100;

/// The value of the variable with a name. `None` if it is not set.
pub type Values<'v> = dyn Fn(&str) -> Option<&'v str> + 'v;

/// Why a text cannot be interpolated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// A brace that is not closed, or is around something that is no variable.
    Invalid,
    /// A variable that must be set, and the file's own words about it.
    Required(String, String),
    /// Variables are in the defaults of more than 100 others.
    TooDeep,
    /// The text that variables put in exceeds [the budget](Budget::variables).
    TooLong,
}

impl Refused {
    /// What is wrong with a text, for a message. `None` for a budget, which says it itself.
    pub fn message(&self) -> Option<String> {
        match self {
            Refused::Invalid => Some("invalid variable".to_owned()),
            Refused::Required(name, why) => Some(format!("`{name}` is not set: {why}")),
            Refused::TooDeep => Some(format!("variables nested more than {MAX_DEPTH} levels deep")),
            Refused::TooLong => None,
        }
    }
}

/// A text with its variables replaced. The names of those that are not set, and have no default, are added to
/// `unset`: they become empty.
///
/// # Errors
/// The text is not valid, a variable that it requires is not set, or it exceeds a limit.
pub fn interpolate(
    text: &str,
    values: &Values<'_>,
    unset: &mut BTreeSet<String>,
    budget: &Budget,
) -> Result<String, Refused> {
    Interpolation { values, unset, budget }.text(text, 0)
}

struct Interpolation<'a, 'v> {
    values: &'a Values<'v>,
    unset: &'a mut BTreeSet<String>,
    budget: &'a Budget,
}

impl Interpolation<'_, '_> {
    /// A text that is in the defaults of this number of variables.
    fn text(&mut self, text: &str, depth: usize) -> Result<String, Refused> {
        if depth > MAX_DEPTH {
            return Err(Refused::TooDeep);
        }
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(rest.get(..at).unwrap_or_default());
            rest = rest.get(at + 1..).unwrap_or_default();
            if let Some(after) = rest.strip_prefix('$') {
                out.push('$');
                rest = after;
            } else if let Some(inner) = rest.strip_prefix('{') {
                let end = closing(inner).ok_or(Refused::Invalid)?;
                let (inside, after) = inner.split_at(end);
                self.braced(&mut out, inside, depth)?;
                rest = after.get(1..).unwrap_or_default();
            } else {
                let name = name_of(rest);
                // Compose leaves a dollar sign that begins no name as it is.
                if name.is_empty() {
                    out.push('$');
                } else {
                    self.value(&mut out, name)?;
                }
                rest = rest.get(name.len()..).unwrap_or_default();
            }
        }
        out.push_str(rest);
        Ok(out)
    }

    /// Puts in the value of a variable, which is empty if it is not set.
    fn value(&mut self, out: &mut String, name: &str) -> Result<(), Refused> {
        match (self.values)(name) {
            Some(value) => self.put(out, value),
            None => {
                self.unset.insert(name.to_owned());
                Ok(())
            }
        }
    }

    fn put(&self, out: &mut String, value: &str) -> Result<(), Refused> {
        if !self.budget.variables.take(value.len()) {
            return Err(Refused::TooLong);
        }
        out.push_str(value);
        Ok(())
    }

    /// Puts in what is between the braces.
    fn braced(&mut self, out: &mut String, inside: &str, depth: usize) -> Result<(), Refused> {
        let name = name_of(inside);
        let rest = inside.get(name.len()..).unwrap_or_default();
        if name.is_empty() {
            return Err(Refused::Invalid);
        }
        if rest.is_empty() {
            return self.value(out, name);
        }
        let found = (self.values)(name);
        // With a colon, an empty variable counts as not set.
        let (set, operator) = match rest.strip_prefix(':') {
            Some(rest) => (found.filter(|value| !value.is_empty()), rest),
            None => (found, rest),
        };
        let word = operator.get(1..).unwrap_or_default();
        match (operator.chars().next(), set) {
            (Some('-' | '?'), Some(value)) => self.put(out, value)?,
            (Some('-'), None) | (Some('+'), Some(_)) => {
                out.push_str(&self.text(word, depth + 1)?);
            }
            (Some('+'), None) => {}
            (Some('?'), None) => {
                return Err(Refused::Required(name.to_owned(), self.text(word, depth + 1)?));
            }
            _ => return Err(Refused::Invalid),
        }
        Ok(())
    }
}

/// The place of the brace that closes a variable.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        match c {
            '{' if before == '$' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
        before = c;
    }
    None
}

/// The name at the start of a text; empty if there is none.
fn name_of(text: &str) -> &str {
    let is_first = |c: char| c.is_ascii_alphabetic() || c == '_';
    if !text.starts_with(is_first) {
        return "";
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<String, Refused> {
        let values = |name: &str| match name {
            "A" => Some("one"),
            "EMPTY" => Some(""),
            _ => None,
        };
        interpolate(text, &values, &mut BTreeSet::new(), &Budget::new())
    }

    #[test]
    fn variables_are_replaced_as_compose_does() {
        for (text, expected) in [
            ("$A-$$A ${A}", "one-$A one"),
            ("${B:-two}/${B-two}", "two/two"),
            ("${EMPTY:-x}${EMPTY-y}", "x"),
            ("${A:+set}${B:+set}${EMPTY+set}", "setset"),
            ("${B:-${A}}", "one"),
            ("${B:-a}b}", "ab}"),
            ("${A:?must}", "one"),
            ("$B.", "."),
            ("$(id) $1 a $ b ${B:-$(x)}$", "$(id) $1 a $ b $(x)$"),
            ("a b", "a b"),
        ] {
            assert_eq!(of(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_valid_or_required_is_refused() {
        for text in ["${", "${A", "${1}", "${}", "${A!x}"] {
            assert_eq!(of(text), Err(Refused::Invalid), "{text}");
        }
        let required = Refused::Required("B".to_owned(), "set it".to_owned());
        assert_eq!(of("${B:?set it}"), Err(required));
    }

    #[test]
    fn variables_that_are_not_set_are_told() {
        let mut unset = BTreeSet::new();
        interpolate("$X ${Y} ${Z:-z}", &|_| None, &mut unset, &Budget::new()).unwrap();
        assert_eq!(unset.into_iter().collect::<Vec<_>>(), ["X", "Y"]);
    }

    #[test]
    fn defaults_are_nested_to_a_limit() {
        let nested = |levels: usize| "${B:-".repeat(levels) + "x" + &"}".repeat(levels);
        assert_eq!(of(&nested(100)).as_deref(), Ok("x"));
        assert_eq!(of(&nested(101)), Err(Refused::TooDeep));
        assert_eq!(of(&nested(100_000)), Err(Refused::TooDeep));
        assert_eq!(of(&"${B:-".repeat(100_000)), Err(Refused::Invalid));
    }

    #[test]
    fn what_variables_put_in_has_a_limit() {
        let budget = Budget::new();
        let value = "x".repeat(1 << 16);
        let values = |_: &str| Some(value.as_str());
        let of = |text: &str| interpolate(text, &values, &mut BTreeSet::new(), &budget);
        // Text beside them does not count.
        assert_eq!(of(&format!("{value}${{A}}")).unwrap().len(), 2 << 16);
        assert!(of(&"$A".repeat(15)).is_ok());
        assert_eq!(of("${A}"), Err(Refused::TooLong));
    }
}
