//! The entries for the catalog of SchemaStore, from which editors know which schema a file has.

use serde_json::{Value, json};

use super::Format;
use super::texts::plain;

/// The entries, as a JSON list. Formats whose files have no name in common have none.
pub fn catalog() -> String {
    let named = Format::ALL.into_iter().filter(|format| !format.files().is_empty());
    let entries: Vec<Value> = named
        .map(|format| {
            let schema = format.definition();
            let text = |key: &str| plain(schema[key].as_str().unwrap_or_default());
            json!({
                "name": match format {
                    Format::Appliance => "applc appliance".to_owned(),
                    _ => format.files().concat(),
                },
                "description": format!("{}: {}", text("title"), text("description")),
                "fileMatch": format.files().iter().flat_map(|glob| file_match(glob)).collect::<Vec<_>>(),
                "url": format.id(),
            })
        })
        .collect();
    let mut text = format!("{:#}", Value::from(entries));
    text.push('\n');
    text
}

/// A pattern as SchemaStore writes it: without folders, and one pattern for each choice.
fn file_match(glob: &str) -> Vec<String> {
    let name = glob.rsplit('/').next().unwrap_or(glob);
    let parts = name.split_once('{').and_then(|(before, rest)| {
        let (choices, after) = rest.split_once('}')?;
        Some((before, choices, after))
    });
    match parts {
        Some((before, choices, after)) => {
            choices.split(',').map(|choice| format!("{before}{choice}{after}")).collect()
        }
        None => vec![name.to_owned()],
    }
}
