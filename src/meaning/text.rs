//! The strings of a plan, and whether they may be secrets.

use crate::plan::{Piece, Plan, Text};
use crate::secrets;

/// A string with its references as they are written.
pub fn text(plan: &Plan, text: &Text) -> String {
    let piece = |piece: &Piece| match piece {
        // An at sign that is no reference is escaped as in the language, so that the two differ.
        Piece::Literal(text) => text.as_str().replace('@', "\\@"),
        Piece::Reference(reference) => {
            let id = plan.container_id(reference.to());
            reference.port.map_or_else(|| format!("@{id}"), |port| format!("@{id}:{port}"))
        }
    };
    text.pieces.iter().map(piece).collect()
}

/// Arguments, quoted where it is needed to tell them apart.
pub fn listed(words: &[String]) -> String {
    words.iter().map(|word| shell_words::quote(word)).collect::<Vec<_>>().join(" ")
}

/// Whether a value may be, or contain, a secret, by its name or by itself.
pub fn is_secret(name: &str, value: &str) -> bool {
    if value.is_empty() {
        return false;
    }
    if secrets::names_a_secret(name) || secrets::has_secret(value) {
        return true;
    }
    let words: Vec<&str> = value.split(|c: char| c.is_whitespace() || "'\"".contains(c)).collect();
    let assigned = |word: &&str| {
        let parts = word.split_once(['=', ':']);
        parts.is_some_and(|(name, value)| !value.is_empty() && secrets::names_a_secret(name))
    };
    let option = |pair: &[&str]| match pair {
        [name, value] => {
            name.starts_with('-') && !value.is_empty() && secrets::names_a_secret(name)
        }
        _ => false,
    };
    words.iter().any(assigned) || words.windows(2).any(option)
}

/// The values of a plan that may be secrets, which must not be shown: literals of at least four characters.
pub fn hidden_values(plan: &Plan) -> Vec<String> {
    let texts = plan.containers.iter().flat_map(|container| {
        let env = container.env.iter().map(|one| (one.name.value.as_str(), &one.value));
        let command = container.command.texts().map(|text| ("", text));
        env.chain(command)
    });
    let mut found: Vec<String> = texts
        .filter(|(name, value)| is_secret(name, &text(plan, value)))
        .flat_map(|(_, value)| value.pieces.iter())
        .filter_map(|piece| match piece {
            Piece::Literal(text) if text.chars().count() >= 4 => Some(text.to_string()),
            _ => None,
        })
        .collect();
    for container in &plan.containers {
        let extras = container.extras();
        let labels = extras.labels.iter().map(|one| (&one.name.value, &one.value.value));
        let args = extras.build.iter().flat_map(|build| &build.args);
        let args = args.map(|one| (&one.name.value, &one.value.value));
        let secret = labels.chain(args).filter(|(name, value)| is_secret(name, value));
        found.extend(secret.map(|(_, value)| value.to_string()).filter(|one| one.len() >= 4));
    }
    found.sort();
    found.dedup();
    found
}
