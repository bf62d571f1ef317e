//! Finds the caret in TOML.

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
        if let Some(header) = other.trim().strip_prefix('[') {
            steps = keys(header.trim_matches(['[', ']']));
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
        return None;
    }
    match before.split_once('=') {
        None => {
            let indent = before.len() - before.trim_start().len();
            let typed = before.trim_start();
            // `a.b.c`: what is before the last dot leads to the table.
            let last = typed.rfind('.').map_or(0, |at| at + 1);
            steps.extend(keys(typed.get(..last)?.trim_end_matches('.')));
            let has_colon = line.contains('=');
            cursor(steps, Slot::Key { has_colon }, start + indent + last, false)
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

/// The steps of a key with dots.
fn keys(text: &str) -> Vec<Step> {
    let parts = text.split('.').map(|part| part.trim().trim_matches(['"', '\'']));
    parts.filter(|part| !part.is_empty()).map(|part| Step::Key(part.to_owned())).collect()
}
