//! Findings quote what strangers wrote, and reach terminals and logs of CI services.

use applc::diag::{Format, Report, document, human};
use applc::targets::{self, Options};
use applc::{Memory, Selected};
use serde_json::Value;

use crate::common::{appliances, stem};

/// Writes the clipboard of a terminal, clears it, starts a line for a GitHub runner, and shows what follows from right
/// to left.
const HOSTILE: &str = "\u{1b}]52;c;aGk=\u{7}\u{9b}2J\r\n::error::x\u{85}\u{2028}\u{61c}\u{202e}";

/// Characters that terminals, and those who order text, obey.
fn acts(c: char) -> bool {
    (c.is_control() && c != '\n')
        || "\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}".contains(c)
}

/// Each document with one of its strings, or of its names of fields, replaced or lengthened.
fn hostile(document: &Value) -> Vec<Value> {
    fn texts(text: &str) -> [String; 2] {
        [HOSTILE.to_owned(), format!("{text}{HOSTILE}")]
    }
    match document {
        Value::String(text) => texts(text).map(Value::String).to_vec(),
        Value::Array(items) => {
            let with = |at: usize, item| {
                let mut changed = items.clone();
                changed[at] = item;
                Value::Array(changed)
            };
            let items = items.iter().enumerate();
            items
                .flat_map(|(at, item)| hostile(item).into_iter().map(move |it| with(at, it)))
                .collect()
        }
        Value::Object(members) => {
            let mut all = Vec::new();
            for (name, value) in members {
                for item in hostile(value) {
                    let mut changed = members.clone();
                    changed.insert(name.clone(), item);
                    all.push(Value::Object(changed));
                }
                for other in texts(name) {
                    let mut changed = members.clone();
                    changed.remove(name);
                    changed.insert(other, value.clone());
                    all.push(Value::Object(changed));
                }
            }
            all
        }
        _ => Vec::new(),
    }
}

fn assert_harmless(name: &str, report: &Report) {
    let documents =
        Format::ALL.iter().filter_map(|format| document(*format, std::slice::from_ref(report)));
    for text in documents.chain([human::render(report, false)]) {
        assert_eq!(text.chars().find(|c| acts(*c)), None, "{name}:\n{text:?}");
        let obeyed = text.lines().find(|line| line.trim_start().starts_with("::error::"));
        assert_eq!(obeyed, None, "{name}:\n{text}");
    }
    // The escapes of colours are the only ones of a coloured text.
    let coloured = human::render(report, true);
    let mut parts = coloured.split('\u{1b}');
    let start = parts.next().unwrap_or_default();
    let is_style = |part: &str| part.starts_with('[') && part.contains('m');
    assert!(parts.clone().all(is_style), "{name}: {coloured:?}");
    assert_eq!(start.chars().chain(parts.flat_map(str::chars)).find(|c| acts(*c)), None, "{name}");
}

#[test]
fn findings_never_act_on_a_terminal() {
    let selected: Vec<Selected> = targets::built_in()
        .map(|target| Selected { options: Options::of(&*target), target })
        .collect();
    let mut tried = 0;
    for file in
        appliances("examples").iter().filter(|file| file.extension().is_some_and(|it| it == "json"))
    {
        let text = std::fs::read_to_string(file).unwrap();
        let Ok(value) = serde_json::from_str::<Value>(&text) else { continue };
        // Each example has some fields of its own, and many that all have.
        for (at, document) in hostile(&value).iter().enumerate().filter(|(at, _)| at % 7 == 0) {
            let name = format!("{HOSTILE}{}.json", stem(file));
            let world = Memory::new().with(&name, document.to_string());
            let compiled = applc::compile(&world, &name, &selected).unwrap();
            assert_harmless(&format!("{} {at}", stem(file)), &compiled.report);
            tried += 1;
        }
    }
    assert!(tried > 300, "{tried}");
}

#[test]
fn syntax_errors_never_act_on_a_terminal() {
    for (name, text) in [
        ("a.json", format!("{{\"id\": {HOSTILE} }}")),
        ("a.json", format!("{{\"id\": \"a\", \"{HOSTILE}")),
        ("a.json", format!("// {HOSTILE}\n{{\"id\": \"a\", /* {HOSTILE} */ x}}")),
        ("a.yaml", format!("id: a\n{HOSTILE}: [")),
        ("a.yaml", format!("id: \"{HOSTILE}\"\ncontainers: *{HOSTILE}\n")),
    ] {
        let world = Memory::new().with(name, text.as_str());
        let compiled = applc::compile(&world, name, &[]).unwrap();
        assert!(compiled.report.has_errors(), "{text:?}");
        assert_harmless(&text, &compiled.report);
    }
}
