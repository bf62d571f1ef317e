//! Keys that stand twice in one object. The first would win or the last, depending on the
//! reader: never what the author meant.

use std::collections::HashMap;

use super::{Form, Kind, Node, Object};
use crate::diag::{Diagnostic, codes, is_full};
use crate::source::{Span, Spanned};

/// Objects of more members are not looked through for several that are joined: none of the
/// language has so many.
const MOST_PARTED: usize = 200;

/// Reports each repetition of a key, wherever it is in the tree. An item of an array that
/// holds two objects becomes two items.
pub fn check(node: &mut Node, diagnostics: &mut Vec<Diagnostic>) {
    match &mut node.kind {
        Kind::Array(items) => {
            if let Some(at) = items.iter().position(|item| second(item).is_some()) {
                part(items, at, diagnostics);
            }
            items.iter_mut().for_each(|item| check(item, diagnostics));
        }
        Kind::Object(object) => {
            repetitions(object, diagnostics);
            object.members.iter_mut().for_each(|member| check(&mut member.value, diagnostics));
        }
        _ => {}
    }
}

fn repetitions(object: &Object, diagnostics: &mut Vec<Diagnostic>) {
    let mut first = HashMap::with_capacity(object.members.len());
    for member in &object.members {
        let key = &member.key;
        let Some(before) = first.get(key.value.as_str()) else {
            first.insert(key.value.as_str(), key.span);
            continue;
        };
        if is_full(diagnostics) {
            return;
        }
        let message = format!("the key `{}` stands twice in this object", key.value);
        diagnostics.push(
            Diagnostic::new(&codes::DUPLICATE_KEY, key.span, message)
                .label("again here")
                .also(*before, "first here")
                .help("keep the one that is meant and remove the other"),
        );
    }
}

/// Where in an item a second object begins, as it does where what divides them was forgotten:
/// its first key comes again, and so does another one behind it.
fn second(item: &Node) -> Option<usize> {
    let members = &item.as_object().filter(|object| object.members.len() <= MOST_PARTED)?.members;
    let (first, rest) = members.split_first()?;
    let at = rest.iter().position(|member| member.key.value == first.key.value)? + 1;
    let (one, two) = members.split_at_checked(at)?;
    let again = two.iter().skip(1).find(|member| member.key.value != first.key.value)?;
    one.iter().any(|member| member.key.value == again.key.value).then_some(at)
}

/// Parts the items that hold several objects, from the one at `from` on.
fn part(items: &mut Vec<Node>, from: usize, diagnostics: &mut Vec<Diagnostic>) {
    let rest = items.split_off(from);
    for mut item in rest {
        while let Some(at) = second(&item) {
            let Kind::Object(object) = &mut item.kind else { break };
            let members = object.members.split_off(at);
            let other = Object { members, ..Object { members: Vec::new(), ..*object } };
            let (Some(one), Some(two)) = (object.members.first(), other.members.first()) else {
                break;
            };
            if !is_full(diagnostics) {
                diagnostics.push(joined(object, &one.key, &two.key));
            }
            let span = Span { start: two.key.span.start, end: item.span.end };
            item.span.end = object.members.last().map_or(span.start, |last| last.value.span.end);
            items.push(std::mem::replace(&mut item, Node { span, kind: Kind::Object(other) }));
        }
        items.push(item);
    }
}

/// The finding for two objects that are one in the text.
fn joined(object: &Object, one: &Spanned<String>, two: &Spanned<String>) -> Diagnostic {
    let message = format!("a second `{}`: the next object seems to begin here", two.value);
    let diagnostic = Diagnostic::new(&codes::DUPLICATE_KEY, two.span, message)
        .also(one.span, "the one before begins here");
    match object.form {
        Form::Block { indent } if indent >= 2 => {
            let mark = Span { start: two.span.start.saturating_sub(2), end: two.span.start };
            diagnostic.help("each entry of a list begins with `- `").likely_edit(mark, "- ")
        }
        _ => diagnostic.help("each object stands between braces of its own"),
    }
}
