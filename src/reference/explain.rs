//! Explanations of single fields, for a terminal.

use std::fmt::Write;

use super::fields::{Entry, Schema, Section, Support};
use super::{REFERENCES, quoted};
use crate::plan::Field;
use crate::{diag, schema, targets};

/// Explains all fields whose paths end in a word, which is one or more parts of a path. `None` if
/// there is no such field.
pub fn explain(word: &str) -> Option<String> {
    if word.starts_with('@') || ["reference", "references"].contains(&word) {
        let mut text = format!("# References: @id in a string\n\n{REFERENCES}\n");
        table(&mut text, "", Field::References);
        return Some(text);
    }
    let entries = Schema::read().entries();
    let wanted = parts(word);
    let named: Vec<&Entry> = entries.iter().filter(|entry| is_named(entry, &wanted)).collect();
    let texts: Vec<String> = named.iter().map(|entry| describe(entry, &entries)).collect();
    (!texts.is_empty()).then(|| texts.join("\n"))
}

/// Lists the fields that have an effect, one per line: path and description in one sentence.
pub fn list() -> String {
    let mut entries = Schema::read().entries();
    entries.retain(|entry| entry.section != Section::Ignored);
    let width = entries.iter().map(|entry| entry.path.len()).max().unwrap_or(0);
    entries.iter().fold(String::new(), |mut text, entry| {
        // "Jobs only." is not a description.
        let mut sentences = entry.description.split(". ");
        let sentence = sentences.find(|sentence| !sentence.contains(" only")).unwrap_or_default();
        let _ = writeln!(text, "{:width$}  {}", entry.path, sentence.trim_end_matches('.'));
        text
    })
}

/// Returns the field, or the one of these other words, that is most similar to an unknown word.
pub fn nearest(word: &str, others: &[&str]) -> Option<String> {
    let length = parts(word).len();
    let entries = Schema::read().entries();
    let ends: Vec<String> = entries
        .iter()
        .filter_map(|entry| {
            let parts = parts(&entry.path);
            Some(parts.get(parts.len().checked_sub(length)?..)?.join("."))
        })
        .collect();
    let word = parts(word).join(".");
    let names = || ends.iter().map(String::as_str);
    let similar = diag::nearest(&word, names().chain(others.iter().copied()));
    similar.or_else(|| schema::meant(&word, names())).map(str::to_owned)
}

/// The parts of a path, without indices and brackets.
fn parts(path: &str) -> Vec<&str> {
    path.split(['.', '/', '[', ']'])
        .filter(|part| !part.is_empty() && part.bytes().any(|byte| !byte.is_ascii_digit()))
        .collect()
}

/// Whether the path of a field ends in these parts.
fn is_named(entry: &Entry, wanted: &[&str]) -> bool {
    let own = parts(&entry.path);
    let is_same = |(own, wanted): (&&str, &&str)| match own.strip_suffix('*') {
        Some(start) => wanted.to_lowercase().starts_with(start),
        None => own.eq_ignore_ascii_case(wanted),
    };
    !wanted.is_empty()
        && wanted.len() <= own.len()
        && own.iter().rev().zip(wanted.iter().rev()).all(is_same)
}

fn describe(entry: &Entry, entries: &[Entry]) -> String {
    let mut text = format!("# {}\n\n{}\n\n", entry.path, entry.description);
    let _ = writeln!(text, "- Type: {}", entry.value);
    let parts: Vec<&str> = entry.parts(entries).map(Entry::name).collect();
    if !parts.is_empty() {
        let _ = writeln!(text, "- Fields: {}", parts.join(", "));
    }
    let _ = writeln!(text, "- {}", entry.presence());
    let _ = writeln!(text, "- Example: {}", entry.member());
    let find = |path: &str| {
        let same = entries.iter().find(|entry| entry.path == path);
        same.map(|entry| &entry.support)
    };
    match &entry.support {
        Support::Rows(rows) => tables(&mut text, rows),
        Support::SameAs(path) => {
            let _ = writeln!(text, "- Targets: same as {path}");
            if let Some(Support::Rows(rows)) = find(path) {
                tables(&mut text, rows.iter().filter(|(_, value)| entry.counts_for(value)));
            }
        }
        Support::Ignored => text.push_str("- Targets: no effect on any\n"),
        Support::Parts => text.push_str("- Targets: see its fields\n"),
    }
    text
}

fn tables<'a>(text: &mut String, rows: impl IntoIterator<Item = &'a (Field, String)>) {
    for (field, value) in rows {
        text.push('\n');
        table(text, value, *field);
    }
}

/// The support for a field, or for one value of it, by target.
fn table(text: &mut String, value: &str, field: Field) {
    match value {
        "" => text.push_str("Targets:\n\n"),
        value => {
            let _ = write!(text, "Targets, for {}:\n\n", quoted(value));
        }
    }
    let width = targets::ALL.iter().map(|target| target.name().len()).max().unwrap_or(0);
    for target in targets::ALL {
        let capabilities = target.capabilities();
        if let Some(row) = capabilities.iter().find(|row| row.field == field) {
            let (name, fate) = (target.name(), row.fate.name());
            let _ = writeln!(text, "  {name:width$}  {fate:12}  {}", row.note);
        }
    }
}
