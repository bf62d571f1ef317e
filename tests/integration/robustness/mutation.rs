//! Single mutations of every example: no panic, no hang, and at least one diagnostic whose span is
//! inside of the file if the result is not a valid appliance.
//!
//! Validity is determined independently: by serde_json or a YAML parser, and by the published
//! schema, run by its library.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use applc::diag::{Level, Report, codes};
use applc::fix::fix;
use applc_testing::cases;
use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

use super::yaml_writer::{self, Style};
use crate::common;

/// Number of mutations of each kind for each file.
fn of_each_kind() -> u32 {
    cases(60)
}

/// Maximum time for one file, in a debug build on a busy machine.
const LIMIT: Duration = Duration::from_secs(5);

/// A random number generator (SplitMix64) with a fixed seed, so that every run makes the same
/// mutations.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit.max(1) as u64) as usize
    }
}

fn validator() -> Validator {
    let schema: Value = serde_json::from_str(applc::schema::TEXT).unwrap();
    jsonschema::draft7::options()
        .with_pattern_options(PatternOptions::regex())
        .build(&schema)
        .unwrap()
}

/// Paths to every value below the root, as the parts of JSON pointers.
fn paths(value: &Value, at: &mut Vec<String>, into: &mut Vec<Vec<String>>) {
    let mut enter = |key: String, inner: &Value| {
        at.push(key);
        into.push(at.clone());
        paths(inner, at, into);
        at.pop();
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, inner)| enter(key.clone(), inner)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, inner)| enter(index.to_string(), inner));
        }
        _ => {}
    }
}

fn parent<'v>(value: &'v mut Value, path: &[String]) -> &'v mut Value {
    path[..path.len() - 1].iter().fold(value, |value, key| match value {
        Value::Array(items) => &mut items[key.parse::<usize>().unwrap()],
        other => &mut other[key],
    })
}

/// The document with one value removed, repeated, renamed or changed.
fn change(document: &Value, path: &[String], kind: usize, random: &mut Random) -> Value {
    let mut changed = document.clone();
    let last = path.last().unwrap();
    let others = [
        Value::Null,
        true.into(),
        (-1).into(),
        1.5.into(),
        "x".into(),
        "".into(),
        "@nobody".into(),
        Value::Array(vec![]),
        serde_json::json!({}),
        serde_json::json!([1]),
        1e300.into(),
    ];
    match parent(&mut changed, path) {
        Value::Object(map) => match kind {
            0 => drop(map.remove(last)),
            1 => {
                let value = map.remove(last).unwrap_or_default();
                let cut = last.char_indices().nth(random.below(last.chars().count()));
                let mut name = last.clone();
                name.remove(cut.map_or(0, |(at, _)| at));
                map.insert(name, value);
            }
            _ => drop(map.insert(last.clone(), others[random.below(others.len())].clone())),
        },
        Value::Array(items) => {
            let index: usize = last.parse().unwrap();
            match kind {
                0 => drop(items.remove(index)),
                1 => items.push(items[index].clone()),
                _ => items[index] = others[random.below(others.len())].clone(),
            }
        }
        _ => {}
    }
    changed
}

/// The text with a few characters removed, repeated, or replaced.
fn garble(text: &str, random: &mut Random) -> String {
    let offsets: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let at = offsets[random.below(offsets.len())];
    let end = (at + 1 + random.below(12)).min(text.len());
    let end = (end..=text.len()).find(|end| text.is_char_boundary(*end)).unwrap();
    let (before, cut, after) = (&text[..at], &text[at..end], &text[end..]);
    let marks = [
        "{", "}", "[", "]", ",", ":", "\"", "'", "\n", "\t", "#", "&", "*", "- ", "\\", "@", "|",
        "é", "\u{0}",
    ];
    let mark = marks[random.below(marks.len())];
    match random.below(5) {
        0 => format!("{before}{after}"),
        1 => format!("{before}{cut}{cut}{after}"),
        2 => format!("{before}{mark}{cut}{after}"),
        3 => {
            let next = before.len() + cut.chars().next().map_or(0, char::len_utf8);
            format!("{before}{mark}{}", &text[next..])
        }
        // A bracket replaced by another one.
        _ => match text[at..].find(['{', '}', '[', ']']).map(|found| at + found) {
            Some(found) => {
                let other = match &text[found..=found] {
                    "{" => "[",
                    "}" => "]",
                    "[" => "{",
                    _ => "}",
                };
                format!("{}{other}{}", &text[..found], &text[found + 1..])
            }
            None => format!("{before}{after}"),
        },
    }
}

/// Checks one text. `valid` is whether it is a valid appliance.
fn hold(name: &str, text: &str, valid: bool) {
    let start = Instant::now();
    let found = super::check(name, text);
    assert!(start.elapsed() < LIMIT, "{:?} for\n{text}", start.elapsed());
    let report = &found.report;
    for diagnostic in &report.diagnostics {
        let labels = std::iter::once(&diagnostic.primary).chain(&diagnostic.secondary);
        let spans = labels.map(|label| label.span).chain(diagnostic.edit.iter().map(|e| e.span));
        for span in spans {
            let inside = report.source.text().get(span.range()).is_some();
            assert!(inside, "{diagnostic:?} is not inside of\n{text}");
        }
    }
    let reported = report.diagnostics.iter().any(|d| {
        d.level == Level::Error
            || [&codes::COMMENT_IN_JSON, &codes::TRAILING_COMMA].contains(&d.code)
    });
    assert!(reported || valid, "no findings in\n{text}");
}

#[test]
fn mutations_of_the_values() {
    let validator = validator();
    let mut random = Random(1);
    let mut count = 0;
    for path in common::appliances("examples") {
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let document: Value = read(name, &text).unwrap_or_else(|| panic!("{name} is readable"));
        let mut all = Vec::new();
        paths(&document, &mut Vec::new(), &mut all);
        for kind in 0..3 {
            for _ in 0..of_each_kind() {
                let path = &all[random.below(all.len())];
                let changed = change(&document, path, kind, &mut random);
                let valid = validator.is_valid(&changed);
                let text = serde_json::to_string_pretty(&changed).unwrap();
                hold("mutation.json", &text, valid);
                let style = yaml_writer::STYLES[random.below(yaml_writer::STYLES.len())];
                hold("mutation.yaml", &yaml_writer::value(&changed, style), valid);
                count += 2;
            }
        }
        // A duplicate key, which the value of serde_json cannot represent.
        let text = serde_json::to_string_pretty(&document).unwrap();
        let is_member = |line: &str| {
            let key = line.trim_start().strip_prefix('"').and_then(|line| line.split_once("\": "));
            let is_key = |key: &str| key.starts_with(|c: char| c.is_ascii_alphabetic());
            line.ends_with(',') && key.is_some_and(|(key, _)| is_key(key))
        };
        let members: Vec<&str> = text.lines().filter(|line| is_member(line)).collect();
        for _ in 0..of_each_kind() {
            let member = members[random.below(members.len())];
            let twice = text.replacen(member, &format!("{member}\n{member}"), 1);
            hold("mutation.json", &twice, false);
            count += 1;
        }
    }
    println!("{count} mutations");
}

#[test]
fn mutations_of_the_text() {
    let validator = validator();
    let mut random = Random(2);
    let mut count = 0;
    for path in common::appliances("examples") {
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let document = read(name, &text).unwrap();
        let yaml = yaml_writer::value(&document, Style::Plain);
        for (name, text) in
            [("mutation.json", document.to_string()), ("mutation.yaml", yaml), (name, text)]
        {
            for at in 0..of_each_kind() * 2 {
                let changed = match at % 3 {
                    // Truncated after any character.
                    0 => {
                        let end = random.below(text.len());
                        let end = (0..=end).rev().find(|end| text.is_char_boundary(*end)).unwrap();
                        text[..end].to_owned()
                    }
                    _ => garble(&text, &mut random),
                };
                let valid = read(name, &changed).is_some_and(|value| validator.is_valid(&value));
                hold(name, &changed, valid);
                count += 1;
            }
        }
    }
    println!("{count} mutations");
}

/// Fixing adds no errors, and fixing the result again changes nothing.
#[test]
fn fixes_of_mutations_are_stable() {
    let mut random = Random(3);
    for path in common::appliances("examples") {
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let yaml = yaml_writer::value(&read(name, &text).unwrap(), Style::Plain);
        for (name, text) in [("mutation.yaml", yaml), (name, text)] {
            for _ in 0..cases(15) {
                let changed = (0..3).fold(text.clone(), |text, _| garble(&text, &mut random));
                let fixed = |text: &str| {
                    fix(text, |text| Ok::<_, Infallible>(super::check(name, text).report)).unwrap()
                };
                let errors = |report: &Report| {
                    report.diagnostics.iter().filter(|d| d.level == Level::Error).count()
                };
                let (before, once) = (super::check(name, &changed).report, fixed(&changed));
                assert!(errors(&once.left) <= errors(&before), "{name}\n{changed}");
                let twice = fixed(&once.text);
                assert_eq!(twice.text, once.text, "{name}\n{changed}");
            }
        }
    }
}

/// Checks each file truncated after each of its characters.
fn truncate(files: impl Iterator<Item = std::path::PathBuf>) {
    let validator = validator();
    let mut count = 0;
    for path in files {
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let yaml = yaml_writer::value(&read(name, &text).unwrap(), Style::Plain);
        for (name, text) in [("truncated.yaml", yaml), (name, text)] {
            for (end, _) in text.char_indices() {
                let part = &text[..end];
                let valid = read(name, part).is_some_and(|value| validator.is_valid(&value));
                hold(name, part, valid);
                count += 1;
            }
        }
    }
    println!("{count} mutations");
}

#[test]
fn a_file_truncated_after_any_character() {
    truncate(
        common::appliances("examples").into_iter().filter(|p| p.ends_with("first-steps.json")),
    );
}

#[test]
#[ignore = "takes minutes; for release builds"]
fn every_example_truncated_after_any_character() {
    truncate(common::appliances("examples").into_iter());
}

/// The value of a text, according to an independent parser.
fn read(name: &str, text: &str) -> Option<Value> {
    match name.rsplit_once('.')?.1 {
        // The first one parses YAML 1.1, where tabs separate in fewer places.
        "yaml" => yaml_serde::from_str(text).or_else(|_| serde_saphyr::from_str(text)).ok(),
        _ => serde_json::from_str(text).ok(),
    }
}
