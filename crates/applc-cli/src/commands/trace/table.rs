//! Answers for people.

use std::fmt::Write;

use applc::printable;
use applc::secrets;
use applc::source::Source;

use super::entry::{Entry, Location};
use super::traced::Traced;

/// Maximum number of characters of a line of the output in a table.
const LONG_LINE: usize = 60;

/// The whole output, line by line, each with the places that it comes from.
pub fn whole(traced: &[Traced], entries: &[Entry]) -> String {
    let mut text = String::new();
    for traced in traced {
        for output in &traced.outputs {
            let appliance = traced.source.name();
            let name = label(traced.target.name(), traced.environment.as_deref());
            let _ = writeln!(text, "{name}: {}, from {appliance}", output.name());
            let masked = secrets::masked(output);
            let lines: Vec<&str> = masked.text().lines().collect();
            let width = lines.len().to_string().len();
            let here = entries
                .iter()
                .filter(|entry| is_of(entry, traced) && entry.output.file == output.name());
            let mut here = here.peekable();
            for (at, line) in lines.iter().enumerate() {
                let mut on_line: Vec<&Entry> = Vec::new();
                while let Some(entry) = here.next_if(|entry| entry.output.line == at + 1) {
                    match on_line.iter_mut().find(|other| is_same_field(other, entry)) {
                        Some(other) if starts_before(other, entry) => *other = entry,
                        Some(_) => {}
                        None => on_line.push(entry),
                    }
                }
                let mut places: Vec<String> = Vec::new();
                for entry in on_line {
                    let place = place(entry, Some(appliance));
                    if !places.contains(&place) {
                        places.push(place);
                    }
                }
                let shown = shortened(line);
                let row = format!("{:width$}  {shown:LONG_LINE$}  {}", at + 1, places.join(", "));
                let _ = writeln!(text, "{}", row.trim_end());
            }
        }
    }
    text
}

/// Whether two entries come from the same field of the appliance, from its key or its value.
fn is_same_field(one: &Entry, other: &Entry) -> bool {
    (one.layer, other.layer) == ("appliance", "appliance") && one.field == other.field
}

/// Whether the place of an entry is before that of another one, as a key is before its value.
fn starts_before(one: &Entry, other: &Entry) -> bool {
    let start = |entry: &Entry| entry.source.as_ref().map(|place| (place.line, place.column));
    start(one) < start(other)
}

/// The lines of outputs that a place of the appliance reaches.
pub fn reached(traced: &[Traced], entries: &[Entry]) -> String {
    let mut text = String::new();
    let mut asked = Vec::new();
    for entry in entries {
        let place = place(entry, None);
        if !asked.contains(&place) {
            let _ = writeln!(text, "{place}");
            asked.push(place.clone());
            let same = entries.iter().filter(|other| self::place(other, None) == place);
            for entry in same {
                let _ = writeln!(text, "  {}", output(traced, entry));
            }
        }
    }
    if text.is_empty() {
        text.push_str("no line of any output comes from there\n");
    }
    text
}

/// The places that one range of the output comes from, with extracts.
pub fn answer(traced: &Traced, entries: &[Entry]) -> String {
    let mut text = String::new();
    if let Some(first) = entries.first() {
        let _ = writeln!(text, "{}", output(std::slice::from_ref(traced), first));
    }
    for entry in entries {
        let reason = match entry.known {
            "value" => "",
            "block" => " (which decides this block)",
            _ => " (which decides the block around)",
        };
        let _ = writeln!(text, "{}{reason}", place(entry, None));
        let source = entry.source.as_ref().and_then(|place| {
            let source = traced.sources.iter().find(|source| source.name() == place.file)?;
            Some(extract(source, place))
        });
        text.push_str(&source.unwrap_or_default());
    }
    text
}

/// A range of the output and its line.
fn output(traced: &[Traced], entry: &Entry) -> String {
    let Location { file, line, column, .. } = &entry.output;
    let found = traced.iter().find(|traced| is_of(entry, traced));
    let source = found.and_then(|traced| traced.outputs.iter().find(|o| o.name() == file));
    let masked = source.map(secrets::masked);
    let text = masked.as_ref().and_then(|source| source.text().lines().nth(line - 1));
    let text = text.unwrap_or_default();
    let label = label(&entry.target, entry.environment.as_deref());
    format!("{label}: {file}:{line}:{column}: {}", shortened(text.trim_start()).trim_end())
}

/// The name of the output for a target.
fn label(target: &str, environment: Option<&str>) -> String {
    match environment {
        Some(environment) => format!("{target} in `{environment}`"),
        None => target.to_owned(),
    }
}

/// Whether an entry is of this output.
fn is_of(entry: &Entry, traced: &Traced) -> bool {
    entry.target == traced.target.name() && entry.environment == traced.environment
}

/// What an entry comes from: the field and its place, without the name of the file `known`.
fn place(entry: &Entry, known: Option<&str>) -> String {
    let at = |Location { file, line, column, .. }: &Location| match known {
        Some(known) if known == file => format!("{line}:{column}"),
        _ => format!("{file}:{line}:{column}"),
    };
    let field = match entry.field.as_str() {
        "" => "the appliance".to_owned(),
        field => field.to_owned(),
    };
    match (entry.layer, &entry.source) {
        ("default", Some(place)) => format!("default of {field} for {}", at(place)),
        ("option", Some(place)) => format!("option {field} at {}", at(place)),
        ("option", None) => format!("default of option {field}"),
        (_, Some(place)) => format!("{field} at {}", at(place)),
        (_, None) => field,
    }
}

/// The first line of a place, with its text underlined.
fn extract(source: &Source, place: &Location) -> String {
    let masked = secrets::masked(source);
    let line = masked.text().lines().nth(place.line - 1).unwrap_or_default();
    let line = line.trim_start_matches('\u{feff}');
    let number = place.line.to_string();
    let characters = line.chars().count();
    let end = if place.end_line == place.line { place.end_column } else { characters + 1 };
    let length = end.saturating_sub(place.column).max(1);
    // Tabs stay, so that the line and its marks have the same width.
    let before: String =
        line.chars().take(place.column - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    format!("{number} | {line}\n{:1$} | {before}{2}\n", "", number.len(), "^".repeat(length))
}

/// A line without control characters, shortened to [`LONG_LINE`] characters.
fn shortened(line: &str) -> String {
    let clean = printable::same_length(line);
    let clean = clean.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut shown: String = clean.clone().take(LONG_LINE).collect();
    if clean.count() > LONG_LINE {
        shown.pop();
        shown.push('…');
    }
    shown
}
