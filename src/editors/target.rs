//! The schema of `target.toml`, with the fields of the language, and the targets and formats that this version has.

use serde_json::{Value, json};

use super::parse;
use crate::plan::Field;
use crate::plan::published::VERSION;
use crate::reference;
use crate::render;
use crate::targets;

/// What the program does not know by itself: keys, types, and texts.
const TEXT: &str = include_str!("../../schema/target.schema.json");

/// The schema of `target.toml`, with Markdown in its descriptions.
pub fn schema() -> Value {
    let mut schema = parse(TEXT);
    let names: Vec<&str> = targets::ALL.iter().map(|target| target.name()).collect();
    schema["properties"]["applc"]["enum"] = json!([VERSION]);
    schema["properties"]["name"]["not"]["enum"] = json!(names);
    schema["properties"]["extends"]["enum"] = json!(names);
    let formats = render::Format::ALL.map(render::Format::word);
    schema["definitions"]["artifact"]["properties"]["format"]["enum"] = json!(formats);
    let fields = &mut schema["properties"]["fields"]["properties"];
    let texts = reference::descriptions();
    for field in Field::ALL {
        let text = texts.iter().find(|(known, _)| known == field).map(|(_, text)| text.as_str());
        let used = match field.when() {
            "" => String::new(),
            when => format!(" An appliance uses it {when}."),
        };
        fields[field.path()] = json!({
            "title": field.path(),
            "description": format!("{}{used}", text.unwrap_or("A field of the language.")),
            "allOf": [{ "$ref": "#/definitions/support" }],
            // taplo would insert the key without quotes.
            "x-taplo": { "hidden": true },
        });
    }
    schema
}
