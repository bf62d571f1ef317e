//! Finds the caret in TOML.

use std::ops::Range;

use super::cursor::{Cursor, Slot, Step, Style, word_end};

/// Finds the caret. `None` where nothing can be written.
pub fn find(text: &str, caret: usize) -> Option<Cursor> {
    let start = text.get(..caret)?.rfind('\n').map_or(0, |at| at + 1);
    let line = text.get(start..)?.split('\n').next()?.trim_end_matches('\r');
    let before = text.get(start..caret)?;
    if before.contains('#') {
        return None;
    }
    let above = text.get(..start)?;
    let mut steps = Vec::new();
    let mut siblings = Vec::new();
    let mut open: Option<Vec<Step>> = None;
    for other in above.lines() {
        if open.is_some() {
            open = open.filter(|_| !other.trim_end().ends_with(']'));
            continue;
        }
        if other.trim_start().starts_with('[') {
            steps = header(other);
            siblings.clear();
        } else if let Some((name, value)) = other.split_once('=') {
            siblings.push((name.trim().to_owned(), String::new()));
            let value = value.trim();
            if value.starts_with('[') && !value.ends_with(']') {
                open = Some(keys(name));
            }
        }
    }
    let below = text.get(start + line.len()..).unwrap_or_default().lines();
    let below =
        below.take_while(|line| !line.starts_with('[')).filter_map(|line| line.split_once('='));
    siblings.extend(below.map(|(name, _)| (name.trim().to_owned(), String::new())));
    let cursor = |steps, slot, from: usize, is_quoted: bool| {
        let end = word_end(text, caret);
        let end = end
            + usize::from(is_quoted && text.get(end..).is_some_and(|rest| rest.starts_with('"')));
        Some(Cursor {
            steps,
            slot,
            token: from..end,
            typed: text.get(from + usize::from(is_quoted)..caret)?.to_owned(),
            is_quoted,
            siblings: siblings.clone(),
            style: Style::Toml,
            comma_before: None,
            comma_after: false,
        })
    };
    let value_start = |from: usize| {
        let typed = text.get(from..caret)?;
        let last = typed.rfind([',', '[', ' ']).map_or(0, |at| at + 1);
        let at = from + last;
        Some((at, text.get(at..caret)?.starts_with('"')))
    };
    if let Some(list) = open {
        steps.extend(list);
        steps.push(Step::Item(0));
        let (from, is_quoted) = value_start(start)?;
        return cursor(steps, Slot::Value, from, is_quoted);
    }
    if before.trim_start().starts_with('[') {
        let written = before.trim_start().trim_start_matches('[');
        if parts_end(written, ']') < written.len() {
            return None;
        }
        let last = parts(written).last().map_or(0, |part| part.start);
        let steps = keys(written.get(..last)?.trim_end_matches('.'));
        let is_quoted = written.get(last..)?.starts_with('"');
        let from = caret - written.len() + last;
        let found = cursor(steps, Slot::Key { has_colon: true }, from, is_quoted)?;
        // Only the part at the caret is another one.
        let part = text.get(caret..found.token.end)?;
        let end = caret + parts_end(part, '.');
        let is_list = before.trim_start().starts_with("[[");
        let style = Style::Header { is_list };
        return Some(Cursor { style, siblings: Vec::new(), token: from..end, ..found });
    }
    match before.split_once('=') {
        None => {
            let indent = before.len() - before.trim_start().len();
            let typed = before.trim_start();
            // `a.b.c`: what is before the last dot leads to the table.
            let last = parts(typed).last().map_or(0, |part| part.start);
            steps.extend(keys(typed.get(..last)?.trim_end_matches('.')));
            let has_colon = line.contains('=');
            let is_quoted = typed.get(last..)?.starts_with('"');
            cursor(steps, Slot::Key { has_colon }, start + indent + last, is_quoted)
        }
        Some((name, value)) => {
            steps.extend(keys(name));
            if value.trim_start().starts_with('[') {
                steps.push(Step::Item(0));
            }
            let (from, is_quoted) = value_start(start + name.len() + 1)?;
            cursor(steps, Slot::Value, from, is_quoted)
        }
    }
}

/// What is at a place that is written: the steps to a key or its value, and the range of that.
pub fn at(text: &str, caret: usize) -> Option<(Vec<Step>, Range<usize>)> {
    let start = text.get(..caret)?.rfind('\n').map_or(0, |at| at + 1);
    let line = text.get(start..)?.lines().next()?;
    let trimmed = line.trim_start();
    let is_header = trimmed.starts_with('[');
    let is_key = is_header || line.find('=').is_none_or(|at| caret <= start + at);
    if !is_key {
        let found = find(text, caret)?;
        return (found.slot == Slot::Value).then_some((found.steps, found.token));
    }
    let written = match is_header {
        true => trimmed.trim_start_matches('[').split(']').next()?,
        false => trimmed.split('=').next()?.trim_end(),
    };
    let from = start + line.find(written)?;
    let all = parts(written);
    let one = all.iter().find(|part| caret <= from + part.end)?;
    if caret < from + one.start {
        return None;
    }
    let mut steps = match is_header {
        true => Vec::new(),
        false => find(text, start)?.steps,
    };
    steps.extend(keys(written.get(..one.end)?));
    Some((steps, from + one.start..from + one.end))
}

/// The steps of the line that starts a table, or an item of a list of tables.
fn header(line: &str) -> Vec<Step> {
    let line = line.trim();
    let is_list = line.starts_with("[[");
    let name = line.trim_start_matches('[');
    let end = parts_end(name, ']');
    let mut steps = keys(name.get(..end).unwrap_or_default());
    if is_list {
        steps.push(Step::Item(0));
    }
    steps
}

/// The steps of a key with dots.
fn keys(text: &str) -> Vec<Step> {
    let parts = parts(text).into_iter().filter_map(|part| text.get(part));
    let parts = parts.map(|part| part.trim().trim_matches(['"', '\'']));
    parts.filter(|part| !part.is_empty()).map(|part| Step::Key(part.to_owned())).collect()
}

/// The parts of a key with dots, of which those in quotes are none.
fn parts(text: &str) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = 0;
    loop {
        let rest = text.get(start..).unwrap_or_default();
        let end = start + parts_end(rest, '.');
        parts.push(start..end);
        if end >= text.len() {
            return parts;
        }
        start = end + 1;
    }
}

/// The index of a character outside quotes, or the end.
fn parts_end(text: &str, wanted: char) -> usize {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match quote {
            None if c == wanted => return at,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            Some(open) if open == c => quote = None,
            _ => {}
        }
    }
    text.len()
}
