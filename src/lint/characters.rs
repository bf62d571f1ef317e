//! Characters of pasted text that may not be meant: what nobody sees in a name or at the end of a value, and typographic quotes
//! around a value of YAML, whose quotes are others.

use ecow::EcoString;

use crate::diag::{Diagnostic, Findings, codes};
use crate::printable;
use crate::secrets::{has_password, is_key, names_a_secret};
use crate::source::{Source, Sources, Span, Spanned};
use crate::syntax::{Kind, Member, Node, looks_like_space, quotes};

/// Fields whose keys are names that appliances choose.
const NAMES: [&str; 3] = ["env", "secret_env", "labels"];

/// Fields whose values are texts for the container.
const TEXTS: [&str; 5] = ["env", "labels", "cmd", "args", "entrypoint"];

/// Checks the names and values of containers in a tree, whose parts are in these sources.
pub fn check(tree: &Node, sources: &Sources, findings: &mut Findings) {
    // Most files have no such character, which is found at once.
    let may_have = |source: &Source| !source.text().is_ascii() || source.text().contains("::");
    if !sources.iter().any(may_have) {
        return;
    }
    let containers = tree.as_object().and_then(|appliance| appliance.get("containers"));
    for container in containers.and_then(Node::as_array).unwrap_or_default() {
        let fields = container.as_object().map(|object| &*object.members).unwrap_or_default();
        for Member { key, value } in fields {
            let field = key.value.as_str();
            if TEXTS.contains(&field) {
                texts(value, None, sources, findings);
            }
            let named = value.as_object().filter(|_| NAMES.contains(&field));
            for member in named.iter().flat_map(|object| &object.members) {
                if let Some(source) = sources.of(member.key.span) {
                    // Those of labels have no other characters.
                    findings.extend(name(source, &member.key, field == "labels"));
                }
            }
        }
    }
}

/// Checks the texts of a value. `name` is that of its variable.
fn texts(node: &Node, name: Option<&str>, sources: &Sources, findings: &mut Findings) {
    match &node.kind {
        Kind::String(text) if !text.is_ascii() => {
            let Some(source) = sources.of(node.span) else { return };
            let is_secret = name.is_some_and(names_a_secret) || is_key(text) || has_password(text);
            findings.extend(quoted(source, node, text, is_secret));
            findings.extend(ends(source, node));
        }
        Kind::Array(items) => items.iter().for_each(|item| texts(item, name, sources, findings)),
        Kind::Object(object) => {
            for Member { key, value } in &object.members {
                texts(value, Some(&key.value), sources, findings);
            }
        }
        _ => {}
    }
}

/// Whether a character is not seen, or looks like a space.
fn is_hidden(c: char) -> bool {
    (printable::acts(c) && !c.is_control()) || looks_like_space(c)
}

fn found(message: String, span: Span) -> Diagnostic {
    Diagnostic::new(&codes::ODD_CHARACTER, span, message)
}

/// What is said about a hidden character.
fn looks(c: char) -> &'static str {
    match looks_like_space(c) && c != '\u{feff}' {
        true => "looks like a space",
        false => "is not shown",
    }
}

/// The finding about a name, which may have to be ASCII.
fn name(source: &Source, key: &Spanned<EcoString>, is_ascii: bool) -> Option<Diagnostic> {
    let written = source.slice(key.span);
    let start = key.span.start as usize;
    let at = |at: usize, length: usize| Span::new(start + at, start + at + length);
    if is_ascii && !written.is_ascii() {
        return None;
    }
    if let Some((place, c)) = written.char_indices().find(|(_, c)| is_hidden(*c)) {
        let message = format!("name with the character U+{:04X}, which {}", u32::from(c), looks(c));
        let without = written.replace(is_hidden, "");
        return Some(
            found(message, at(place, c.len_utf8()))
                .help("it is a part of the name, and often comes from pasted text")
                .likely_edit(key.span, without),
        );
    }
    if !written.starts_with(['"', '\'']) {
        let colons = written.len() - written.trim_end_matches(':').len();
        if colons > 0 {
            let span = at(written.len() - colons, colons);
            return Some(
                found("name that ends with `:`".to_owned(), span)
                    .help("one `:` is behind a key; put a name that has one itself in quotes")
                    .likely_edit(span, ""),
            );
        }
        if let Some(inside) = quotes::between(written) {
            return Some(
                found(format!("name with quotes: `{written}`"), key.span)
                    .help(STRAIGHT)
                    .likely_edit(key.span, quoted_text(inside)),
            );
        }
    }
    None
}

const STRAIGHT: &str = "YAML reads only `\"` and `'` as quotes; others are a part of the text";

fn quoted_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The finding about a value between typographic quotes, which are a part of it.
fn quoted(source: &Source, node: &Node, text: &str, is_secret: bool) -> Option<Diagnostic> {
    // Other quotes, or none, are around what is written.
    let inside =
        quotes::between(source.slice(node.span)).filter(|_| text == source.slice(node.span))?;
    let found =
        found("value with typographic quotes around it".to_owned(), node.span).help(STRAIGHT);
    Some(match is_secret {
        true => found,
        false => found.likely_edit(node.span, quoted_text(inside)),
    })
}

/// The finding about a hidden character at an end of a value without quotes, between which it may be meant.
fn ends(source: &Source, node: &Node) -> Option<Diagnostic> {
    let content = source.slice(node.span);
    let start = node.span.start as usize;
    let kept = content.trim_matches(is_hidden);
    let is_plain = !content.starts_with(['"', '\'', '|', '>', '*']);
    if !is_plain || kept.len() == content.len() || kept.is_empty() || content.contains('\n') {
        return None;
    }
    let head = content.len() - content.trim_start_matches(is_hidden).len();
    let (place, word) = match head {
        0 => (kept.len(), "end"),
        _ => (0, "start"),
    };
    let c = content.get(place..)?.chars().next()?;
    let span = Span::new(start + place, start + place + c.len_utf8());
    let message =
        format!("character U+{:04X} at the {word} of a value, which {}", u32::from(c), looks(c));
    let all = match head {
        0 => Span::new(start + place, start + content.len()),
        head => Span::new(start, start + head),
    };
    Some(
        found(message, span)
            .help("it is a part of the value, and often comes from pasted text")
            .likely_edit(all, ""),
    )
}
