//! Values of other formats in their several forms.

use crate::syntax::{Kind, Node, Object};

/// The text of a scalar: a string, or a number or boolean as it is written.
pub fn text(node: &Node) -> Option<String> {
    match &node.kind {
        Kind::String(text) | Kind::Number(text) => Some(text.to_string()),
        Kind::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// A boolean, which interpolation may have made a string.
pub fn boolean(node: &Node) -> Option<bool> {
    match text(node)?.to_ascii_lowercase().as_str() {
        "true" | "yes" | "y" | "on" | "1" => Some(true),
        "false" | "no" | "n" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// The items of a list; a single value counts as a list of one.
pub fn list(node: &Node) -> &[Node] {
    node.as_array().unwrap_or(std::slice::from_ref(node))
}

/// The texts of a list, or of a single value.
pub fn strings(node: &Node) -> Vec<String> {
    list(node).iter().filter_map(text).collect()
}

/// The keys of an object, or the texts of a list.
pub fn keys(node: &Node) -> Vec<String> {
    match node.as_object() {
        Some(object) => object.members.iter().map(|one| one.key.value.to_string()).collect(),
        None => strings(node),
    }
}

/// A field of an object, unless it is `null`.
pub fn present<'t>(object: &'t Object, name: &str) -> Option<&'t Node> {
    object.get(name).filter(|node| !matches!(node.kind, Kind::Null))
}

/// The shell command of a `test` of Compose: `CMD` and words, `CMD-SHELL` and a command, or a command.
pub fn health_command(value: &Node) -> Option<String> {
    let words = strings(value);
    match (value.as_array().is_some(), words.as_slice()) {
        (true, [kind, command]) if kind == "CMD-SHELL" => Some(command.clone()),
        (true, [kind, program, option, command])
            if kind == "CMD" && program == "/bin/sh" && option == "-c" =>
        {
            Some(command.clone())
        }
        (true, [kind, command @ ..]) if kind == "CMD" && !command.is_empty() => {
            Some(shell_words::join(command))
        }
        (false, [command]) => Some(command.clone()),
        _ => None,
    }
}

/// The words of a command line, as a shell reads them. `None` if a shell would do more with it than to
/// take quotes away, or if a quote is not closed.
pub fn words(text: &str) -> Option<Vec<String>> {
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match (quote, c) {
            (None | Some('"'), '\\') => drop(characters.next()),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            (None | Some('"'), '$' | '`') => return None,
            (None, _) if "|&;<>()*?[{~#!\n".contains(c) => return None,
            _ => {}
        }
    }
    shell_words::split(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_a_shell() {
        let split = |text: &str| words(text);
        assert_eq!(split("a  --b c").unwrap(), ["a", "--b", "c"]);
        assert_eq!(split("nginx -g \"daemon off;\"").unwrap(), ["nginx", "-g", "daemon off;"]);
        assert_eq!(split(r"echo 'a | $b' \$c").unwrap(), ["echo", "a | $b", "$c"]);
        for shell in
            ["a | b", "a && b", "a $B", "a \"$B\"", "a > b", "a *.txt", "a 'b", "a; b", "a `b`"]
        {
            assert_eq!(split(shell), None, "{shell}");
        }
    }
}
