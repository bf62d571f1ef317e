//! The schema of `applc.toml`, with the targets, their options, and the codes that this version has.

use serde_json::{Map, Value, json};

use super::parse;
use super::texts::sentence;
use crate::diag::{Level, Verb, codes};
use crate::targets::{self, OptionKind, OptionSpec};

/// What the program does not know by itself: keys, types, and texts.
const TEXT: &str = include_str!("../../schema/project.schema.json");

/// A placeholder in the value of an option, which is replaced before the value is checked.
const PLACEHOLDER: &str = r"\{(environment|folder|name|id|target)\}";

/// The schema of `applc.toml`, with Markdown in its descriptions.
pub fn schema() -> Value {
    let mut schema = parse(TEXT);
    let names: Vec<&str> = targets::ALL.iter().map(|target| target.name()).collect();
    let summaries = targets::ALL.iter().map(|target| sentence(target.summary()));
    let name = &mut schema["definitions"]["targetName"]["anyOf"][0];
    name["enum"] = json!(names);
    name["enumDescriptions"] = summaries.collect();
    let tables: Map<String, Value> =
        targets::ALL.iter().map(|target| (target.name().to_owned(), options(*target))).collect();
    schema["definitions"]["options"]["properties"] = tables.into();
    for verb in Verb::ALL {
        let mut list = schema["definitions"]["codes"].clone();
        let known =
            || codes::ALL.iter().filter(|code| verb == Verb::Deny || code.level != Level::Error);
        let groups = [("warnings", "All warnings."), ("hints", "All hints.")];
        let ids = known().map(|code| code.id).chain(groups.map(|(name, _)| name));
        let texts = known().map(|code| sentence(code.summary));
        let texts = texts.chain(groups.map(|(_, text)| text.to_owned()));
        list["items"]["enum"] = ids.collect();
        list["items"]["enumDescriptions"] = texts.collect();
        // The reference becomes the list.
        let own = &mut schema["properties"]["diagnostics"]["properties"][verb.name()];
        for text in ["title", "description", "examples"] {
            list[text] = own[text].clone();
        }
        *own = list;
    }
    if let Some(definitions) = schema["definitions"].as_object_mut() {
        definitions.remove("codes");
    }
    schema
}

/// The table of the options of a target.
fn options(target: &dyn targets::Target) -> Value {
    let options = target.options();
    let options = options.iter().map(|option| (option.name.to_owned(), option_rule(option)));
    json!({
        "title": format!("Options of {}", target.name()),
        "description": sentence(target.summary()),
        "type": "object",
        "additionalProperties": false,
        "properties": options.collect::<Map<_, _>>(),
    })
}

/// The rule for the value of an option. All scalars are read as text.
fn option_rule(option: &OptionSpec<'_>) -> Value {
    let kind = &option.kind;
    // A pattern for strings, which may have placeholders where letters are valid.
    let text = |pattern: &str| {
        let pattern = match kind.takes("a") || pattern.contains("A-Za-z") {
            true => format!("^({pattern})$|{PLACEHOLDER}"),
            false => format!("^({pattern})$"),
        };
        let message = format!("expected {}", kind.wanted());
        json!({ "type": types(kind), "pattern": pattern, "patternErrorMessage": message })
    };
    let mut rule = match *kind {
        OptionKind::Flag => text("true|false"),
        OptionKind::Text => json!({ "type": types(kind) }),
        OptionKind::Checked { pattern, .. } => text(pattern),
        OptionKind::Integer(low, high) => {
            let mut rule = text(if low < 0 { "[+-]?[0-9]+" } else { "[+]?[0-9]+" });
            rule["minimum"] = json!(low);
            rule["maximum"] = json!(high);
            rule
        }
        OptionKind::Number => text("[+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?"),
        OptionKind::Ports => {
            let port = r"\s*[+]?[0-9]+\s*(-\s*[+]?[0-9]+\s*)?";
            let mut rule = text(&format!("{port}(,{port})*"));
            rule["maximum"] = json!(u16::MAX);
            rule
        }
        OptionKind::OneOf(words) => json!({ "enum": words.iter().collect::<Vec<_>>() }),
    };
    // Numbers, to which the pattern does not apply.
    let limit = match (kind.takes("5"), kind.takes("0"), kind.takes("-1")) {
        (true, false, false) => Some(("exclusiveMinimum", 0)),
        (true, true, false) => Some(("minimum", 0)),
        _ => None,
    };
    if let Some((keyword, limit)) = limit
        && rule.get("minimum").is_none()
        && rule.get("type").is_some()
    {
        rule[keyword] = json!(limit);
    }
    rule["title"] = json!(option.name);
    rule["description"] = json!(sentence(option.meaning));
    rule["default"] = match kind {
        OptionKind::Flag => json!(option.default == "true"),
        OptionKind::Integer(..) | OptionKind::Number => parse(option.default),
        _ => json!(option.default),
    };
    rule
}

/// The types of the values of an option, of which there are some that it takes.
fn types(kind: &OptionKind<'_>) -> Value {
    let mut samples = [("boolean", "true"), ("string", ""), ("integer", "5"), ("number", "0.5")];
    // taplo completes the first one first.
    samples.sort_by_key(|(name, _)| *name == "boolean" && kind.takes("a"));
    // A number includes integers.
    let is_taken = |(name, sample): &(&str, &str)| match *name {
        "string" => true,
        "integer" => kind.takes(sample) && !kind.takes("0.5"),
        _ => kind.takes(sample),
    };
    json!(
        samples.iter().filter(|sample| is_taken(sample)).map(|(name, _)| name).collect::<Vec<_>>()
    )
}
