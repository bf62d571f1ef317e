//! A parser of the format returns every string that a template prints.
//!
//! The parsers are independent of applc: serde-saphyr for YAML 1.2; yaml_serde, which uses the
//! scanner of libyaml, for YAML 1.1; hcl-rs; serde_json. The regular expressions of the YAML 1.1
//! type repository show that a string never has another type there.

use std::sync::LazyLock;

use applc::render::{Format, Templates, quoted, scalar};
use proptest::prelude::*;
use regex::Regex;
use serde::Serialize;
use serde_json::{Value, json};

/// Pieces that are special in some format, alone or combined.
const AWKWARD: &[&str] = &[
    "",
    " ",
    "  ",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\0",
    "\u{7}",
    "\u{8}",
    "\u{b}",
    "\u{c}",
    "\u{1b}",
    "\u{7f}",
    "\u{80}",
    "\u{85}",
    "\u{9f}",
    "\u{a0}",
    "\u{ad}",
    "\u{200b}",
    "\u{200d}",
    "\u{202e}",
    "\u{2028}",
    "\u{2029}",
    "\u{feff}",
    "\u{fffd}",
    "\u{fffe}",
    "\u{ffff}",
    "\u{d7ff}",
    "\u{e000}",
    "\u{10000}",
    "\u{1fffe}",
    "\u{10ffff}",
    "é",
    "e\u{301}",
    "😀",
    "$",
    "$$",
    "${",
    "$${",
    "$${a}",
    "%",
    "%{",
    "%%{",
    "%{if a}",
    "{",
    "}",
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#",
    " #",
    "'",
    "\"",
    "\\",
    "\\n",
    "\\u0041",
    "\\x41",
    "/",
    "//",
    "/*",
    "*/",
    ":",
    ": ",
    "::",
    ":\n",
    "-",
    "- ",
    "--",
    "---",
    "...",
    "?",
    "? ",
    "!",
    "!!str",
    "&",
    "&a",
    "*",
    "*a",
    "|",
    "|-",
    ">",
    "@",
    "`",
    ",",
    "[",
    "]",
    "=",
    "<<",
    "<<EOF",
    "EOF",
    "~",
    "null",
    "Null",
    "NULL",
    "none",
    "None",
    "true",
    "True",
    "TRUE",
    "false",
    "y",
    "Y",
    "n",
    "N",
    "yes",
    "Yes",
    "no",
    "NO",
    "on",
    "On",
    "off",
    "OFF",
    "nan",
    "inf",
    ".nan",
    ".inf",
    "-.inf",
    "Infinity",
    "0",
    "1",
    "-1",
    "+1",
    "010",
    "08",
    "0o17",
    "0x1F",
    "0b11",
    "1_000",
    "_1",
    "1.10",
    "1.",
    ".5",
    "1e3",
    "1E+3",
    "12:30",
    "1:2:3.4",
    "2024-01-01",
    "2024-01-01T00:00:00Z",
    "a",
    "A",
    "z",
    "_",
    ".",
    "a:b",
    "a:1",
    "a: b",
    "a #b",
    "a=b",
    "x-y",
    "redis:7",
    "http://a/b?c=d&e=f#g",
    "@spark-master:7077",
    "sh -c 'echo \"$HOME\"'",
];

/// Any Unicode string; most of them consist of awkward pieces.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => proptest::sample::select(AWKWARD).prop_map(str::to_owned),
        2 => any::<char>().prop_map(String::from),
        2 => "[a-zA-Z0-9_./:@+=-]{1,4}",
        1 => "[ -~]{1,4}",
    ];
    proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn config() -> ProptestConfig {
    // Failures are printed and not written to files next to the sources.
    ProptestConfig {
        cases: applc_testing::cases(512),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

#[derive(Serialize)]
struct Model {
    text: String,
    list: Vec<String>,
    map: std::collections::BTreeMap<String, String>,
}

fn model(text: &str) -> Model {
    let text = text.to_owned();
    let map = std::collections::BTreeMap::from([(text.clone(), text.clone())]);
    Model { list: vec![text.clone(), text.clone()], map, text }
}

/// The parsed output of the template of each format.
fn expected(text: &str) -> Value {
    json!({
        "value": text, "quoted": text, "last": text,
        "list": [text, [text, text]],
        "flow": [text, text, [text, text]],
        "pair": {text: text}, "map": {text: text}, "keys": {text: {"in": text}},
    })
}

const YAML: &str = "value: {{ text }}
quoted: {{ text | quoted }}
list:
  - {{ text }}
  - - {{ text }}
    - {{ text }}
flow: [{{ text }}, {{ text }}, {{ list | flow }}]
pair: { {{ text }}: {{ text }} }
map: {{ map | flow }}
keys:
  {{ text }}:
    in: {{ text }}
last: {{ text }}";

const HCL: &str = "value = {{ text }}
quoted = {{ text | quoted }}
list = [
  {{ text }},
  [{{ text }}, {{ text }}],
]
flow = [{{ text }}, {{ text }}, {{ list | flow }}]
pair = { {{ text }} = {{ text }} }
map = {{ map | flow }}
keys = {
  {{ text }} = {
    in = {{ text }}
  }
}
last = {{ text }}
";

const JSON: &str = "{
  \"value\": {{ text }}, \"quoted\": {{ text | quoted }},
  \"list\": [{{ text }}, [{{ text }}, {{ text }}]],
  \"flow\": [{{ text }}, {{ text }}, {{ list | flow }}],
  \"pair\": { {{ text }}: {{ text }} }, \"map\": {{ map | flow }},
  \"keys\": { {{ text }}: { \"in\": {{ text }} } }, \"last\": {{ text }}
}
";

const TEMPLATES: [(&str, &str); 4] =
    [("x.yaml.j2", YAML), ("x.hcl.j2", HCL), ("x.json.j2", JSON), ("x.txt.j2", "<{{ text }}>\n")];

static RENDERED: LazyLock<Templates> =
    LazyLock::new(|| Templates::new(TEMPLATES).expect("the templates above are correct"));

/// Renders twice and compares the results.
fn render(name: &str, text: &str) -> String {
    let rendered = RENDERED.render(name, &model(text)).expect("a string can be printed");
    assert_eq!(RENDERED.render(name, &model(text)).as_ref(), Ok(&rendered));
    rendered
}

/// The plain scalars of YAML 1.1 that are not strings (yaml.org/type: bool, null, int, float,
/// timestamp, merge, value), in a single expression.
static YAML_1_1_TYPED: LazyLock<Regex> = LazyLock::new(|| {
    let types = [
        r"y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF",
        r"~|null|Null|NULL|",
        r"[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+",
        r"[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+",
        r"[-+]?([0-9][0-9_]*)?\.[0-9.]*([eE][-+][0-9]+)?",
        r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+\.[0-9_]*",
        r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
        r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(\.[0-9]*)?([ \t]*(Z|[-+][0-9]{1,2}(:[0-9]{2})?))?",
        r"<<|=",
    ];
    Regex::new(&format!("^(?:{})$", types.join("|"))).expect("the expressions above are correct")
});

/// Maximum length of a YAML key without `?`, including quotes and escapes.
const YAML_KEY_LIMIT: usize = 1024;

fn check_yaml(text: &str) {
    let written = scalar(Format::Yaml, text);
    assert!(!written.contains('\n'));
    if written == text {
        assert!(!YAML_1_1_TYPED.is_match(text), "{text:?} is not a string in YAML 1.1");
    }
    assert_eq!(serde_json::from_str::<String>(&quoted(Format::Yaml, text)).unwrap(), text);
    assert!(quoted(Format::Yaml, text).chars().count() <= YAML_KEY_LIMIT);
    let rendered = render("x.yaml.j2", text);
    let value: Value = serde_saphyr::from_str(&rendered).expect(&rendered);
    assert_eq!(value, expected(text), "serde-saphyr, {rendered}");
    let value: Value = yaml_serde::from_str(&rendered).expect(&rendered);
    assert_eq!(value, expected(text), "yaml_serde, {rendered}");
}

fn check_hcl(text: &str) {
    assert!(!scalar(Format::Hcl, text).chars().any(|character| character.is_control()));
    let rendered = render("x.hcl.j2", text);
    let value: Value = hcl::from_str(&rendered).expect(&rendered);
    assert_eq!(value, expected(text), "{rendered}");
}

fn check_json(text: &str) {
    let rendered = render("x.json.j2", text);
    assert_eq!(serde_json::from_str::<Value>(&rendered).unwrap(), expected(text), "{rendered}");
}

#[test]
fn awkward_pieces_are_preserved_by_every_format() {
    for text in AWKWARD {
        check_yaml(text);
        check_hcl(text);
        check_json(text);
    }
}

#[test]
fn every_character_is_preserved_by_every_format() {
    // 64 at a time, so that the test is fast.
    let all: Vec<char> = (0..=0x10ffff_u32).filter_map(char::from_u32).collect();
    for chunk in all.chunks(64) {
        let text: String = chunk.iter().collect();
        let read: String = yaml_serde::from_str(&scalar(Format::Yaml, &text)).unwrap();
        assert_eq!(read, text);
        let document = format!("a = {}\n", scalar(Format::Hcl, &text));
        assert_eq!(hcl::from_str::<Value>(&document).unwrap(), json!({ "a": text }));
        let read: String = serde_saphyr::from_str(&scalar(Format::Yaml, &text)).unwrap();
        assert_eq!(read, text);
        let read: String = serde_json::from_str(&scalar(Format::Json, &text)).unwrap();
        assert_eq!(read, text);
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_string_is_preserved_by_yaml(text in text()) {
        check_yaml(&text);
    }

    #[test]
    fn any_string_is_preserved_by_hcl(text in text()) {
        check_hcl(&text);
    }

    #[test]
    fn any_string_is_preserved_by_json(text in text()) {
        check_json(&text);
    }

    #[test]
    fn any_string_is_unchanged_in_plain_text(text in text()) {
        prop_assert_eq!(render("x.txt.j2", &text), format!("<{text}>\n"));
    }
}
