//! Duplicate keys. Other parsers use the first value or the last one, so none is safe to choose.

use std::collections::HashMap;

use ecow::EcoString;

use super::{Form, Kind, Member, Node, Object};
use crate::diag::{Diagnostic, Findings, Level, codes};
use crate::source::{Span, Spanned};

/// Maximum number of members of an object that is searched for several joined objects. No object
/// of the language has this many.
const MAX_JOINED: usize = 200;

/// Maximum number of members of an object whose keys are compared with each other.
const FEW: usize = 64;

/// Reports all duplicate keys in a tree. Splits an array item that consists of several joined
/// objects.
pub fn check(node: &mut Node, findings: &mut Findings) {
    match &mut node.kind {
        Kind::Array(items) => {
            if let Some(at) = items.iter().position(|item| second_object(item).is_some()) {
                *items = split(std::mem::take(items), at, findings);
            }
            items.iter_mut().for_each(|item| check(item, findings));
        }
        Kind::Object(object) => {
            if may_repeat(&object.members) {
                duplicates(&object.members, findings);
            }
            object.members.iter_mut().for_each(|member| check(&mut member.value, findings));
        }
        _ => {}
    }
}

/// Whether members may have the same key. Nearly always `false` if they do not: then no map of keys is
/// needed.
fn may_repeat(members: &[Member]) -> bool {
    // One bit for each combination of length and last byte, which few keys of an object share.
    let mut seen = 0u64;
    members.len() > FEW
        || members.iter().enumerate().any(|(at, member)| {
            let key = member.key.value.as_bytes();
            let last = key.last().copied().unwrap_or(0);
            let bit = 1u64 << ((key.len() * 7 + usize::from(last)) % 64);
            let is_new = seen & bit == 0;
            seen |= bit;
            !is_new && members.iter().take(at).any(|before| before.key.value == member.key.value)
        })
}

fn duplicates(members: &[Member], findings: &mut Findings) {
    let mut first = HashMap::with_capacity(members.len());
    for Member { key, .. } in members {
        let Some(before) = first.get(key.value.as_str()) else {
            first.insert(key.value.as_str(), key.span);
            continue;
        };
        if findings.is_full(Level::Error) {
            return;
        }
        let message = format!("duplicate key `{}`", key.value);
        findings.push(
            Diagnostic::new(&codes::DUPLICATE_KEY, key.span, message)
                .label("defined again here")
                .also(*before, "first defined here")
                .help("remove one of them"),
        );
    }
}

/// The index of the member that starts a second object in an item whose separator is missing: the
/// first key is repeated, and so is another one after it.
fn second_object(item: &Node) -> Option<usize> {
    let members = &item.as_object().filter(|object| object.members.len() <= MAX_JOINED)?.members;
    let (first, rest) = members.split_first()?;
    let at = rest.iter().position(|member| member.key.value == first.key.value)? + 1;
    let (one, two) = members.split_at_checked(at)?;
    let again = two.iter().skip(1).find(|member| member.key.value != first.key.value)?;
    one.iter().any(|member| member.key.value == again.key.value).then_some(at)
}

/// Splits items that consist of several objects, starting at the index `from`.
fn split(items: Box<[Node]>, from: usize, findings: &mut Findings) -> Box<[Node]> {
    let mut items = items.into_vec();
    let rest = items.split_off(from);
    for mut item in rest {
        while let Some(at) = second_object(&item) {
            let Kind::Object(object) = &mut item.kind else { break };
            let mut members = std::mem::take(&mut object.members).into_vec();
            let rest = members.split_off(at).into();
            object.members = members.into();
            let other = Object { members: rest, ..*object };
            let (Some(one), Some(two)) = (object.members.first(), other.members.first()) else {
                break;
            };
            if !findings.is_full(Level::Error) {
                findings.push(joined(object, &one.key, &two.key));
            }
            let span = Span { start: two.key.span.start, end: item.span.end };
            item.span.end = object.members.last().map_or(span.start, |last| last.value.span.end);
            items.push(std::mem::replace(&mut item, Node { span, kind: Kind::Object(other) }));
        }
        items.push(item);
    }
    items.into()
}

/// The finding for two objects without a separator.
fn joined(object: &Object, one: &Spanned<EcoString>, two: &Spanned<EcoString>) -> Diagnostic {
    let message = format!("duplicate key `{}`, which starts another object", two.value);
    let diagnostic = Diagnostic::new(&codes::DUPLICATE_KEY, two.span, message)
        .also(one.span, "previous object starts here");
    match object.form {
        Form::Block { indent } if indent >= 2 => {
            let mark = Span { start: two.span.start.saturating_sub(2), end: two.span.start };
            diagnostic.help("start each entry of a list with `- `").likely_edit(mark, "- ")
        }
        _ => diagnostic.help("enclose each object in its own braces"),
    }
}
