//! The settings as text: for people, and as JSON that matches `schema/config.schema.json`. Its `version` increases when
//! something is removed or changes its meaning, not when something is added.

use serde::Serialize;

use super::Outcome;
use super::rows::{Origin, Row};

/// The version of the format.
const VERSION: u32 = 1;

/// Maximum width of a column: what is wider moves what follows in its line.
const WIDTH: usize = 60;

/// A table: key, value, and where the value comes from.
pub fn human(rows: &[Row]) -> String {
    let cells: Vec<[String; 3]> = rows.iter().map(cells).collect();
    let width = |column: usize| {
        let widths = cells.iter().filter_map(|row| Some(row.get(column)?.chars().count()));
        widths.filter(|width| *width <= WIDTH).max().unwrap_or(0)
    };
    let (keys, values) = (width(0), width(1));
    let line =
        |[key, value, origin]: &[String; 3]| format!("{key:keys$}  {value:values$}  {origin}\n");
    cells.iter().map(line).collect()
}

fn cells(row: &Row) -> [String; 3] {
    let value = match &row.value {
        None => "none".to_owned(),
        // One row is one line.
        Some(text) if text.is_empty() || text.contains(char::is_control) => format!("{text:?}"),
        Some(text) => text.clone(),
    };
    let origin = match &row.origin {
        Origin::Default => "default".to_owned(),
        Origin::Argument(argument) => argument.clone(),
        Origin::File { file, line, environment: None, .. } => format!("{file}:{line}"),
        Origin::File { file, line, environment: Some(environment), .. } => {
            format!("{file}:{line} (environments.{environment})")
        }
    };
    let key: Vec<String> = row.key.iter().map(|part| quoted(part)).collect();
    [key.join("."), value, origin]
}

/// A key as TOML has it: in quotes, unless it is a bare one.
fn quoted(key: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    match !key.is_empty() && key.chars().all(is_bare) {
        true => key.to_owned(),
        false => format!("{key:?}"),
    }
}

/// The document.
pub fn json(outcome: &Outcome<'_>, rows: &[Row]) -> String {
    let files = outcome.project.iter().flat_map(|project| project.files());
    let document = Document {
        version: VERSION,
        file: outcome.file,
        environment: outcome.environment,
        files: files.map(|file| file.report.source.name()).collect(),
        settings: rows.iter().map(setting).collect(),
    };
    // Serializing structs of strings and numbers cannot fail.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn setting(row: &Row) -> Setting<'_> {
    let from = match &row.origin {
        Origin::Default => Place::Default,
        Origin::Argument(argument) => Place::Argument { argument },
        Origin::File { file, line, column, environment } => {
            Place::File { file, line: *line, column: *column, environment: environment.as_deref() }
        }
    };
    Setting { key: &row.key, value: row.value.as_deref(), from }
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    file: Option<&'a str>,
    environment: Option<&'a str>,
    files: Vec<&'a str>,
    settings: Vec<Setting<'a>>,
}

#[derive(Serialize)]
struct Setting<'a> {
    key: &'a [String],
    value: Option<&'a str>,
    from: Place<'a>,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Place<'a> {
    Default,
    File { file: &'a str, line: usize, column: usize, environment: Option<&'a str> },
    Argument { argument: &'a str },
}
