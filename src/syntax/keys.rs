//! Duplicate keys. Other parsers use the first value or the last one, so none is safe to choose.

use std::collections::{HashMap, HashSet};

use ecow::EcoString;

use super::{Form, Kind, Member, Node, Object};
use crate::diag::{Diagnostic, Findings, Level, codes};
use crate::source::{Span, Spanned};

/// Maximum number of members of an object that is searched for several joined objects. No object
/// of the language has this many.
const MAX_JOINED: usize = 200;

/// The number of keys of another object that are repeated in one, at least: fewer may be copied by mistake.
const FEWEST_REPEATED: usize = 2;

/// Maximum number of members of an object whose keys are compared with each other.
const FEW: usize = 64;

/// Reports all duplicate keys in a tree. Splits an array item that consists of several joined
/// objects.
pub fn check(node: &mut Node, findings: &mut Findings) {
    match &mut node.kind {
        Kind::Array(items) => {
            if let Some(at) = items.iter().position(|item| second(item).is_some()) {
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

/// The index of the member that starts a second object in an item that lacks the lines between them: from there on, several keys
/// are repeated.
fn object_without_start(item: &Node) -> Option<usize> {
    let members = &item.as_object().filter(|object| object.members.len() <= MAX_JOINED)?.members;
    let at = first_repeated(members)?;
    let (one, two) = members.split_at_checked(at)?;
    let end = first_repeated(two).unwrap_or(two.len());
    let is_repeated =
        |member: &&Member| one.iter().any(|before| before.key.value == member.key.value);
    (two.iter().take(end).filter(is_repeated).count() >= FEWEST_REPEATED).then_some(at)
}

/// The index of the first member whose key one before it has.
fn first_repeated(members: &[Member]) -> Option<usize> {
    if !may_repeat(members) {
        return None;
    }
    let mut seen = HashSet::new();
    members.iter().position(|member| !seen.insert(member.key.value.as_str()))
}

/// The index of the member that starts a second object in an item, and whether what is before its members is missing, too.
fn second(item: &Node) -> Option<(usize, bool)> {
    let whole = second_object(item).map(|at| (at, false));
    whole.or_else(|| object_without_start(item).map(|at| (at, true)))
}

/// Splits items that consist of several objects, starting at the index `from`.
fn split(items: Box<[Node]>, from: usize, findings: &mut Findings) -> Box<[Node]> {
    let mut items = items.into_vec();
    let rest = items.split_off(from);
    for mut item in rest {
        let first = item.as_object().and_then(|object| Some(object.members.first()?.key.clone()));
        while let (Some((at, lacks_start)), Some(first)) = (second(&item), &first) {
            let Kind::Object(object) = &mut item.kind else { break };
            let mut members = std::mem::take(&mut object.members).into_vec();
            let rest = members.split_off(at).into();
            object.members = members.into();
            // What it lacks is said once.
            let damaged = object.damaged || lacks_start;
            let other = Object { members: rest, damaged, ..*object };
            let (Some(one), Some(two)) = (object.members.first(), other.members.first()) else {
                break;
            };
            if !findings.is_full(Level::Error) {
                findings.push(match (lacks_start, object.member(&two.key.value)) {
                    (true, Some(before)) => without_start(object, first, &before.key, &two.key),
                    _ => joined(object, &one.key, &two.key),
                });
            }
            let span = Span { start: two.key.span.start, end: item.span.end };
            item.span.end = object.members.last().map_or(span.start, |last| last.value.span.end);
            items.push(std::mem::replace(&mut item, Node { span, kind: Kind::Object(other) }));
        }
        items.push(item);
    }
    items.into()
}

/// The finding for an object without its start, which has the key `first` in the first object. `before` is the key of that one
/// which is repeated first.
fn without_start(
    object: &Object,
    first: &Spanned<EcoString>,
    before: &Spanned<EcoString>,
    again: &Spanned<EcoString>,
) -> Diagnostic {
    let message = format!("duplicate key `{}`, and others below", again.value);
    let start = match object.form {
        Form::Flow => format!("the start of another object with its `{}`", first.value),
        _ => format!("the first line of another entry, such as `- {}: …`,", first.value),
    };
    Diagnostic::new(&codes::DUPLICATE_KEY, again.span, message)
        .also(before.span, "first defined here")
        .help(format!("{start} may be missing above"))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    /// The messages for a text, and the number of items of its list.
    fn found(name: &str, text: &str) -> (Vec<String>, usize) {
        let mut found = Findings::new();
        let tree = super::super::parse(&Source::new(name, text), &mut found).unwrap();
        let messages = found.iter().map(|found| found.message.to_string()).collect();
        (messages, tree.as_array().unwrap().len())
    }

    #[test]
    fn an_entry_without_its_first_line_is_one_finding() {
        let one = "duplicate key `b`, and others below".to_owned();
        let text = "- a: 1\n  b: 2\n  c: 3\n  d: 4\n  b: 5\n  c: 6\n- a: 7\n";
        assert_eq!(found("a.yaml", text), (vec![one.clone()], 3));
        let flow = r#"[{"a": 1, "b": 2, "c": 3, "b": 4, "c": 5, "d": 6}]"#;
        assert_eq!(found("a.json", flow), (vec![one], 2));
        // A single key may be there twice by mistake.
        let key = vec!["duplicate key `b`".to_owned()];
        assert_eq!(found("a.yaml", "- a: 1\n  b: 2\n  b: 3\n  c: 4\n"), (key, 1));
    }
}
