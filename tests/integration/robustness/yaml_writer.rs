//! Writes a tree as YAML in block style. Each string has the requested style, if it can.

use applc::syntax::{Kind, Member, Node};
use serde_json::Value;

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In single quotes.
    Single,
    /// In double quotes, with escapes.
    Double,
    /// A literal block.
    Literal,
    /// A folded block.
    Folded,
}

pub const STYLES: [Style; 5] =
    [Style::Plain, Style::Single, Style::Double, Style::Literal, Style::Folded];

/// A value as a YAML document.
pub fn value(value: &Value, style: Style) -> String {
    document(&Numbered::of(value), style)
}

/// A tree as a YAML document. Numbers keep their digits.
pub fn tree(node: &Node, style: Style) -> String {
    document(&Numbered::of_node(node), style)
}

/// A value with numbers as text.
enum Numbered {
    Word(String),
    String(String),
    Array(Vec<Numbered>),
    Object(Vec<(String, Numbered)>),
}

impl Numbered {
    fn of(value: &Value) -> Numbered {
        match value {
            Value::String(text) => Numbered::String(text.clone()),
            Value::Array(items) => Numbered::Array(items.iter().map(Numbered::of).collect()),
            Value::Object(map) => {
                Numbered::Object(map.iter().map(|(k, v)| (k.clone(), Numbered::of(v))).collect())
            }
            word => Numbered::Word(word.to_string()),
        }
    }

    fn of_node(node: &Node) -> Numbered {
        match &node.kind {
            Kind::String(text) => Numbered::String(text.to_string()),
            Kind::Number(text) => Numbered::Word(text.to_string()),
            Kind::Bool(value) => Numbered::Word(value.to_string()),
            Kind::Array(items) => Numbered::Array(items.iter().map(Numbered::of_node).collect()),
            Kind::Object(object) => {
                let member = |m: &Member| (m.key.value.to_string(), Numbered::of_node(&m.value));
                Numbered::Object(object.members.iter().map(member).collect())
            }
            Kind::Null | Kind::Broken => Numbered::Word("null".to_owned()),
        }
    }
}

fn document(value: &Numbered, style: Style) -> String {
    let mut text = String::from("# written by a test\n");
    entries(value, 0, style, &mut text);
    text
}

fn entries(value: &Numbered, indent: usize, style: Style, text: &mut String) {
    let pad = " ".repeat(indent);
    match value {
        Numbered::Object(members) => {
            for (key, value) in members {
                text.push_str(&format!("{pad}{}:", one_line(key, style)));
                entry(value, indent, style, text);
            }
        }
        Numbered::Array(items) => {
            for item in items {
                text.push_str(&format!("{pad}-"));
                entry(item, indent, style, text);
            }
        }
        Numbered::Word(scalar) | Numbered::String(scalar) => {
            text.push_str(&format!("{}\n", one_line(scalar, Style::Double)));
        }
    }
}

fn entry(value: &Numbered, indent: usize, style: Style, text: &mut String) {
    match value {
        Numbered::Object(members) if members.is_empty() => text.push_str(" {}\n"),
        Numbered::Array(items) if items.is_empty() => text.push_str(" []\n"),
        Numbered::Object(_) | Numbered::Array(_) => {
            text.push_str("  # below\n");
            entries(value, indent + 2, style, text);
        }
        Numbered::Word(word) => text.push_str(&format!(" {word}\n")),
        Numbered::String(string) => {
            text.push_str(&format!(" {}\n", scalar(string, indent, style)));
        }
    }
}

/// A string as a scalar. The lines of a block are indented by more than `indent` spaces.
pub fn scalar(string: &str, indent: usize, style: Style) -> String {
    let is_printable = string.chars().all(|c| c == '\n' || is_printable(c));
    let block = style == Style::Literal || style == Style::Folded;
    if !block || !is_printable || string.is_empty() {
        return one_line(string, style);
    }
    let body = string.strip_suffix('\n').unwrap_or(string);
    // Trailing empty lines require that all line breaks are kept.
    let chomp = match string.ends_with('\n') {
        false => "-",
        true if body.is_empty() || body.ends_with('\n') => "+",
        true => "",
    };
    let pad = " ".repeat(indent + 3);
    let mut lines = Vec::new();
    let mut foldable = false;
    for line in body.split('\n') {
        let plain = !line.is_empty() && !line.starts_with([' ', '\t']);
        // An additional empty line prevents two lines from being joined, and preserves the
        // number of empty lines between them.
        if style == Style::Folded && foldable && plain {
            lines.push(String::new());
        }
        if !line.is_empty() {
            foldable = plain;
        }
        lines.push(if line.is_empty() { String::new() } else { format!("{pad}{line}") });
    }
    let mark = if style == Style::Literal { '|' } else { '>' };
    format!("{mark}3{chomp}\n{}", lines.join("\n"))
}

fn is_printable(c: char) -> bool {
    matches!(c, '\t' | ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..)
}

fn one_line(string: &str, style: Style) -> String {
    let simple = string.chars().all(|c| is_printable(c) && c != '\t');
    match style {
        Style::Plain if is_plain(string) => string.to_owned(),
        Style::Single if simple => format!("'{}'", string.replace('\'', "''")),
        _ => double(string),
    }
}

/// Whether a string is certainly valid without quotes, even for parsers of YAML 1.1.
fn is_plain(string: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || "_./-".contains(c);
    let reserved = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    string.starts_with(|c: char| c.is_ascii_alphabetic())
        && string.chars().all(|c| word(c) || c == ' ' || c == ':' || c == '@')
        && !string.contains(": ")
        && !string.ends_with([':', ' '])
        && !reserved.contains(&string.to_lowercase().as_str())
}

fn double(string: &str) -> String {
    let mut text = String::from("\"");
    for c in string.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            '\u{85}' => text.push_str("\\N"),
            c if is_printable(c) => text.push(c),
            c if (c as u32) < 0x100 => text.push_str(&format!("\\x{:02x}", c as u32)),
            c if (c as u32) < 0x10000 => text.push_str(&format!("\\u{:04X}", c as u32)),
            c => text.push_str(&format!("\\U{:08x}", c as u32)),
        }
    }
    text.push('"');
    text
}
