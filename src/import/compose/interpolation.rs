//! Variables in values of a Compose file: `$NAME`, `${NAME}`, `${NAME:-default}` and the like.
//!
//! The rules are those of the Compose Specification, "Interpolation".

use std::collections::{BTreeMap, BTreeSet};

/// Why a text cannot be interpolated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// A brace that is not closed, or is around something that is no variable.
    Invalid,
    /// A variable that must be set, and the file's own words about it.
    Required(String, String),
}

/// A text with its variables replaced. The names of those that are not set, and have no default, are added to
/// `unset`: they become empty.
///
/// # Errors
/// The text is not valid, or a variable that it requires is not set.
pub fn interpolate(
    text: &str,
    variables: &BTreeMap<String, String>,
    unset: &mut BTreeSet<String>,
) -> Result<String, Refused> {
    let mut out = String::with_capacity(text.len());
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
            out.push_str(&braced(inside, variables, unset)?);
            rest = after.get(1..).unwrap_or_default();
        } else {
            let name = name_of(rest);
            // Compose leaves a dollar sign that begins no name as it is.
            if name.is_empty() {
                out.push('$');
            } else {
                out.push_str(&value(name, variables, unset));
            }
            rest = rest.get(name.len()..).unwrap_or_default();
        }
    }
    out.push_str(rest);
    Ok(out)
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

fn value(name: &str, variables: &BTreeMap<String, String>, unset: &mut BTreeSet<String>) -> String {
    variables.get(name).cloned().unwrap_or_else(|| {
        unset.insert(name.to_owned());
        String::new()
    })
}

/// What is between the braces.
fn braced(
    inside: &str,
    variables: &BTreeMap<String, String>,
    unset: &mut BTreeSet<String>,
) -> Result<String, Refused> {
    let name = name_of(inside);
    let rest = inside.get(name.len()..).unwrap_or_default();
    if name.is_empty() {
        return Err(Refused::Invalid);
    }
    let found = variables.get(name);
    // With a colon, an empty variable counts as not set.
    let (set, operator) = match rest.strip_prefix(':') {
        Some(rest) => (found.filter(|value| !value.is_empty()), rest),
        None => (found, rest),
    };
    let mut word = |word: &str| interpolate(word, variables, unset);
    if rest.is_empty() {
        return Ok(value(name, variables, unset));
    }
    match (operator.chars().next(), operator.get(1..).unwrap_or_default()) {
        (Some('-'), default) => set.cloned().map_or_else(|| word(default), Ok),
        (Some('+'), other) => set.map_or_else(|| Ok(String::new()), |_| word(other)),
        (Some('?'), why) => match set {
            Some(value) => Ok(value.clone()),
            None => Err(Refused::Required(name.to_owned(), word(why)?)),
        },
        _ => Err(Refused::Invalid),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<String, Refused> {
        let variables = BTreeMap::from([
            ("A".to_owned(), "one".to_owned()),
            ("EMPTY".to_owned(), String::new()),
        ]);
        interpolate(text, &variables, &mut BTreeSet::new())
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
        interpolate("$X ${Y} ${Z:-z}", &BTreeMap::new(), &mut unset).unwrap();
        assert_eq!(unset.into_iter().collect::<Vec<_>>(), ["X", "Y"]);
    }
}
