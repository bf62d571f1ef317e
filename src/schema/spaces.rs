//! Spaces that are missing in YAML, so that it has another value than its author sees: behind a `-` or a `:`, or in the
//! indentation of a whole object.

use std::collections::HashSet;

use serde_json::Value;

use super::place::Place;
use super::words;
use crate::diag::Diagnostic;
use crate::source::{Source, Span, Syntax};
use crate::syntax::{Form, Kind, Member, Object, colon_without_space, dash_without_space, signs};

/// The finding about a text, or an object, in place of a list or an object whose lines have no space behind the `-` or
/// the `:` that they start with. `None` if it is something else.
pub fn missing(source: &Source, place: &Place, rule: &Value) -> Option<Diagnostic> {
    let node = place.node;
    if source.syntax() != Syntax::Yaml || !source.contains(node.span.start) {
        return None;
    }
    let expected = words::text(rule, "type")?;
    let written = source.slice(node.span);
    match (expected, &node.kind) {
        ("array", Kind::String(_)) if starts_line(source, node.span) => {
            let lines = written.lines().map(|line| dashed(line.trim()).map(|rest| (line, rest)));
            lines.collect::<Option<Vec<_>>>()?;
            let text = with_space(written, |line| line.starts_with('-').then_some(1))?;
            Some(behind_dash(node.span).likely_edit(node.span, text))
        }
        ("array", Kind::Object(object)) => {
            let [only] = &*object.members else { return None };
            dashed(&only.key.value).filter(|_| object.form != Form::Flow)?;
            let after = Span::at(only.key.span.start as usize + 1);
            Some(behind_dash(only.key.span).safe_edit(after, " "))
        }
        ("object", Kind::String(_)) if starts_entry(source, node.span) => {
            let is_item = !starts_line(source, node.span);
            if let Some(found) = signed(node.span, written, is_item) {
                return Some(found);
            }
            if is_item {
                return None;
            }
            let text = with_space(written, |line| {
                let (name, value) = line.split_once(':')?;
                let is_inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let is_entry = !name.is_empty()
                    && name.chars().all(is_inside)
                    && value.starts_with(|c: char| !c.is_whitespace() && !"/\\:".contains(c))
                    && !value.contains(": ");
                is_entry.then_some(name.len() + 1)
            })?;
            let name = written.split_once(':')?.0;
            let span =
                Span::new(node.span.start as usize, node.span.start as usize + name.len() + 1);
            Some(colon_without_space(name, span).safe_edit(node.span, text))
        }
        _ => None,
    }
}

/// The finding about lines that all have a sign in the place of their colon. `None` if one has none, or a single one is
/// an entry of a list, which may be text.
fn signed(span: Span, written: &str, is_item: bool) -> Option<Diagnostic> {
    let entries = written.lines().map(|line| signs::split(line.trim_start()));
    let entries: Vec<signs::Entry<'_>> = entries.collect::<Option<_>>()?;
    if is_item && entries.len() < 2 {
        return None;
    }
    let mut text = String::with_capacity(written.len() + entries.len());
    for (line, entry) in written.split_inclusive('\n').zip(&entries) {
        let content = line.trim_start();
        text.push_str(line.get(..line.len() - content.len())?);
        text.push_str(&entry.rewritten());
        text.push_str(content.get(content.trim_end().len()..)?);
    }
    let first = entries.first()?.finding(span.start as usize);
    let found = match entries.len() {
        1 => first,
        count => first.help(format!("none of these {count} lines has a `:`")),
    };
    Some(match entries.iter().all(signs::Entry::is_same) {
        true => found.safe_edit(span, text),
        false => found.likely_edit(span, text),
    })
}

/// What follows a `-` without a space.
fn dashed(line: &str) -> Option<&str> {
    let rest = line.strip_prefix('-')?;
    rest.starts_with(|c: char| c.is_alphanumeric() || "_/@".contains(c)).then_some(rest)
}

fn behind_dash(span: Span) -> Diagnostic {
    dash_without_space(span.start as usize).help("start each entry of a list with `- `")
}

/// A text with a space at an offset in each of its lines, which start there without their indentation. `None` if one has
/// no such offset.
fn with_space(text: &str, offset: impl Fn(&str) -> Option<usize>) -> Option<String> {
    let mut result = String::with_capacity(text.len() + 8);
    for line in text.split_inclusive('\n') {
        let content = line.trim_start();
        let (before, after) = content.split_at_checked(offset(content.trim_end())?)?;
        result.push_str(line.get(..line.len() - content.len())?);
        result.push_str(before);
        result.push(' ');
        result.push_str(after);
    }
    Some(result)
}

/// Whether a value starts on a line of its own, or is an entry of a list.
fn starts_entry(source: &Source, span: Span) -> bool {
    let line = source.line_range(source.line_of(span.start));
    let before = source.text().get(line.start..span.start as usize);
    before.is_some_and(|before| before.trim_matches([' ', '-']).is_empty())
}

/// Whether a value starts on a line of its own.
fn starts_line(source: &Source, span: Span) -> bool {
    let line = source.line_range(source.line_of(span.start));
    let before = source.text().get(line.start..span.start as usize);
    before.is_some_and(|before| before.trim().is_empty())
}

/// Fields of an object that is written without its indentation: they follow on its key, which has no value.
pub struct Outdented<'a> {
    /// The key.
    pub owner: &'a Member,
    /// The fields, which the object around it does not have.
    pub fields: &'a [Member],
    /// Them with their indentation.
    pub text: String,
}

/// The fields of the first object in another one that is written without its indentation. `unknown` are the keys of the
/// object around it that are none of its own.
pub fn outdented<'a>(
    schema: &Value,
    source: &Source,
    object: &'a Object,
    rule: &Value,
    unknown: &HashSet<&str>,
) -> Option<Outdented<'a>> {
    if !matches!(object.form, Form::Block { .. }) {
        return None;
    }
    object.members.iter().enumerate().find_map(|(index, owner)| {
        let is_empty = owner.value.kind == Kind::Null && source.slice(owner.value.span).is_empty();
        let inner = words::field(schema, rule, &owner.key.value).filter(|_| is_empty)?;
        let following = object.members.get(index + 1..)?;
        let is_field = |member: &&Member| {
            let name = member.key.value.as_str();
            unknown.contains(name) && words::field(schema, inner, name).is_some()
        };
        let fields = following.get(..following.iter().take_while(is_field).count())?;
        let (first, last) = (fields.first()?, fields.last()?);
        let written = source.slice(first.key.span.to(last.value.span));
        let text = format!("  {}", written.replace('\n', "\n  "));
        let is_here = source.contains(first.key.span.start);
        is_here.then_some(Outdented { owner, fields, text })
    })
}
