use super::*;

/// The codes of the findings in a text, and the underlined texts.
fn errors(text: &str) -> Vec<(&'static str, String)> {
    let source = Source::new("a.json", text);
    let mut found = Findings::new();
    parse(&source, Syntax::Json, &mut found);
    let found = found.into_sorted();
    found.iter().map(|d| (d.code.id, source.slice(d.primary.span).to_owned())).collect()
}

fn ids(text: &str) -> Vec<&'static str> {
    errors(text).into_iter().map(|(id, _)| id).collect()
}

/// The text with every edit applied.
fn fixed(text: &str) -> String {
    let source = Source::new("a.json", text);
    let mut found = Findings::new();
    parse(&source, Syntax::Json, &mut found);
    let found = found.into_sorted();
    let mut text = text.to_owned();
    for edit in found.iter().rev().filter_map(|d| d.edit.as_ref()) {
        text.replace_range(edit.span.range(), &edit.replacement);
    }
    text
}

#[test]
fn valid_documents_have_no_findings() {
    for text in ["{}", "[]", " 1 ", "\"a\"", r#"{"a":[1,-2.5e+3,true,null],"b":{"c":""}}"#] {
        assert_eq!(ids(text), [""; 0], "{text}");
    }
}

#[test]
fn missing_commas_are_reported_with_an_edit() {
    let text = r#"{"ports": [{"a": 1} {"b": 2}] "c": 3}"#;
    assert_eq!(ids(text), ["E0102", "E0102"]);
    assert_eq!(fixed(text), r#"{"ports": [{"a": 1}, {"b": 2}], "c": 3}"#);
}

#[test]
fn each_error_is_reported_once() {
    let cases = [
        ("", "E0111"),
        ("// only a comment", "E0111"),
        (r#"{"a" 1}"#, "E0103"),
        (r#"{"a": }"#, "E0104"),
        (r#"{"a"}"#, "E0104"),
        (r#"{"a": [1, 2}"#, "E0105"),
        (r#"{"a": 1"#, "E0105"),
        (r#"{"a": 1]"#, "E0105"),
        ("[1}", "E0105"),
        (r#"{"a"::: 1}"#, "E0101"),
        ("[1, :: 2]", "E0101"),
        ("[1] ]", "E0109"),
        ("{} {}", "E0109"),
        (r#"{"a": 010}"#, "E0107"),
        (r#"{"a": +1}"#, "E0107"),
        (r#"{"a": .5}"#, "E0107"),
        (r#"{"a": True}"#, "E0108"),
        (r#"{"a": word}"#, "E0108"),
        (r#"{a: 1}"#, "E0108"),
        (r#"{'a': 1}"#, "E0106"),
        ("{\"a\": \"x,\n\"b\": 1}", "E0106"),
        ("{\"a\": \"x\ny\"}", "E0106"),
        (r#"{"a": "\@"}"#, "E0106"),
        (r#"{"a": 1,}"#, "W0102"),
        (r#"[1,,2]"#, "E0113"),
        (r#"[,1]"#, "E0113"),
        (r#"{"a": 1, ...}"#, "E0101"),
        (
            r#"{"a": 1 # why
            }"#,
            "W0101",
        ),
        ("{} /* no end", "E0105"),
    ];
    for (text, code) in cases {
        let found = ids(text);
        let found: Vec<_> =
            found.iter().filter(|id| **id != "W0101" || code == "W0101").copied().collect();
        let only_comment = text.starts_with("//");
        assert!(found == [code] || only_comment && found.contains(&code), "{text}: {found:?}");
    }
}

#[test]
fn edits_fix_errors() {
    let cases = [
        (r#"{"a": 1,}"#, r#"{"a": 1}"#),
        (r#"{"a" 1}"#, r#"{"a": 1}"#),
        (r#"{a: True}"#, r#"{"a": true}"#),
        (r#"{'a': +1}"#, r#"{"a": 1}"#),
        (r#"{"a":::: 1}"#, r#"{"a": 1}"#),
        (r#"{"a": : : 1}"#, r#"{"a":  1}"#),
        (r#"{a="x" b：1}"#, r#"{"a":"x", "b":1}"#),
        ("{\"a\": \"x\ny\"}", "{\"a\": \"x\\ny\"}"),
        (r#"["\@"]"#, r#"["\\@"]"#),
        (r#"{"a": [1, 2}"#, r#"{"a": [1, 2]}"#),
        ("[1,,2,]", "[1,2]"),
        ("{\"a\": \"x\n}", "{\"a\": \"x\"\n}"),
    ];
    for (text, right) in cases {
        assert_eq!(fixed(text), right, "{text}");
        assert_eq!(ids(right), [""; 0], "{right}");
    }
}

#[test]
fn a_quote_that_opens_the_next_string_ends_no_word() {
    let places =
        |text| errors(text).into_iter().map(|(id, at)| format!("{id} {at}")).collect::<Vec<_>>();
    assert_eq!(places(r#"[x, "a"]"#), ["E0108 x"]);
    assert_eq!(places(r#"[x ", a", 1]"#)[0], "E0108 x");
    assert_eq!(places(r#"[one "two]"#)[0], "E0108 one");
    assert_eq!(places(r#"["b", x"]"#), ["E0106 x\""]);
}

#[test]
fn parsing_continues_after_an_error() {
    let source = Source::new("a.json", "{\"a\": \"x,\n \"b\": [1 2], \"c\" 3}");
    let mut found = Findings::new();
    let tree = parse(&source, Syntax::Json, &mut found).unwrap();
    let keys: Vec<_> = tree.as_object().unwrap().members.iter().map(|m| &m.key.value).collect();
    assert_eq!(keys, ["a", "b", "c"]);
    assert_eq!(found.len(), 3);
}

#[test]
fn deep_nesting_is_rejected_without_recursion() {
    let text = "[".repeat(100_000);
    let found = ids(&text);
    assert_eq!(found.iter().filter(|id| **id == "E0112").count(), 1);
}

#[test]
fn non_json_whitespace_is_one_finding() {
    let text = "{\u{a0}\"a\":\u{a0}\u{3000}1 }";
    assert_eq!(errors(text), [("E0101", "\u{a0}".to_owned())]);
    assert_eq!(fixed(text), "{ \"a\":  1 }");
    let texts = "{\"a\":\u{a0}\"\u{a0}\", \"b\":\u{2003}1}";
    assert_eq!(fixed(texts), "{\"a\": \"\u{a0}\", \"b\": 1}");
}

#[test]
fn end_of_the_document_is_a_whole_character() {
    let source = Source::new("a.json", "é {}");
    let mut found = Findings::new();
    parse(&source, Syntax::Json, &mut found);
    let trailing = found.iter().find(|d| d.code.id == "E0109").unwrap();
    assert_eq!(source.slice(trailing.secondary[0].span), "é");
}

#[test]
fn comments_need_their_own_end() {
    assert_eq!(ids("{} /*/ */"), ["W0101"]);
    assert!(ids("{} /*/").contains(&"E0105"));
}

/// A document as it is usually written.
const FORMATTED: &str = r#"{
  "id": "a",
  "containers": [
    {
      "id": "b",
      "resources": { "cpus": 1, "mem": 2 },
      "env": {
        "C": "1",
        "D": "2"
      },
      "args": [
        "e",
        "f"
      ]
    },
    {
      "id": "g",
      "resources": {
        "cpus": 1,
        "mem": 2
      }
    }
  ]
}
"#;

#[test]
fn one_bracket_missing_is_one_finding() {
    for (at, bracket) in FORMATTED.match_indices(['{', '}', '[', ']']) {
        let mut text = FORMATTED.to_owned();
        text.remove(at);
        assert_eq!(ids(&text), ["E0105"], "{text}");
        let right = fixed(&text);
        assert_eq!(ids(&right), [""; 0], "{bracket} at {at}: {right}");
        let tokens = |text: &str| text.replace([' ', '\n'], "");
        assert_eq!(tokens(&right), tokens(FORMATTED), "{bracket} at {at}");
    }
}

#[test]
fn a_line_of_a_closing_bracket_missing_or_twice_is_one_finding() {
    let lines: Vec<&str> = FORMATTED.split_inclusive('\n').collect();
    let closes = |line: &str| line.trim_start().starts_with(['}', ']']);
    for at in (0..lines.len()).filter(|at| lines.get(*at).is_some_and(|line| closes(line))) {
        let (before, after) = lines.split_at(at);
        let (one, rest) = after.split_at(1);
        for changed in [[before, rest].concat(), [before, one, one, rest].concat()] {
            let text = changed.concat();
            assert_eq!(ids(&text).len(), 1, "{text}");
            assert_eq!(ids(&fixed(&text)), [""; 0], "{text}");
        }
    }
}

#[test]
fn a_bracket_that_opens_twice_is_found_there() {
    let one_line = FORMATTED.replace(['\n', ' '], "");
    for document in [FORMATTED.to_owned(), FORMATTED.replace("  ", "    "), one_line] {
        for (at, bracket) in document.match_indices(['{', '[']) {
            let mut text = document.clone();
            text.insert_str(at, bracket);
            assert_eq!(errors(&text), [("E0105", bracket.to_owned())], "{text}");
            assert_eq!(fixed(&text), document, "{text}");
        }
    }
    // A line of its own.
    for line in ["    {\n", "      \"env\": {\n"] {
        let twice = format!("{line}{}{{\n", " ".repeat(line.find(['{', '"']).unwrap()));
        let text = FORMATTED.replacen(line, &twice, 1);
        assert_eq!(errors(&text), [("E0105", "{".to_owned())], "{text}");
        assert_eq!(fixed(&text), FORMATTED);
    }
}

#[test]
fn lists_in_lists_are_not_doubled() {
    let text = "{\n  \"a\": [[1, 2], [3, 4],\n  \"b\": 1\n}\n";
    assert_eq!(errors(text), [("E0105", "[".to_owned())]);
    assert_eq!(fixed(text), "{\n  \"a\": [[1, 2], [3, 4]],\n  \"b\": 1\n}\n");
}

#[test]
fn a_bracket_missing_before_a_comma_is_found_there() {
    for (at, bracket) in FORMATTED.match_indices(['}', ']']) {
        let mut text = FORMATTED.to_owned();
        text.remove(at);
        assert_eq!(ids(&text), ["E0105"], "{text}");
        let is_before_comma = FORMATTED[at + 1..].starts_with(',');
        assert!(!is_before_comma || fixed(&text) == FORMATTED, "{bracket} at {at}");
    }
}

#[test]
fn no_edit_is_offered_where_brackets_do_not_match_elsewhere() {
    for text in [
        r#"{"a": {"b": 1]], "c": 2}"#,
        r#"{"a": ["b": 1}, {"c": 2}], "d": 3}"#,
        r#"{"a": [{"b": [{"c": 1}]]}, {"d": 2}]}"#,
    ] {
        let mut found = Findings::new();
        parse(&Source::new("a.json", text), Syntax::Json, &mut found);
        let edits = found.iter().filter(|found| found.code.id == "E0105" && found.edit.is_some());
        assert_eq!(edits.count(), 0, "{text}");
    }
}

#[test]
fn a_list_on_one_line_ends_before_a_key() {
    let text = r#"{"a": [{"b": ["c", "d", "e": {"f": 1}}], "g": 2}"#;
    assert_eq!(errors(text), [("E0105", "[".to_owned())]);
    assert_eq!(fixed(text), r#"{"a": [{"b": ["c", "d"], "e": {"f": 1}}], "g": 2}"#);
}

#[test]
fn signs_in_the_place_of_a_colon_are_one_finding_each() {
    for sign in ["=>", "->", "==", "=", "：", "﹕", "；", ":=", "＝", "→", ";"] {
        for text in ["\"a\"%\"b\"", "\"a\" % \"b\"", "\"a\" % 1", "\"a\"%1"] {
            let text = format!("{{{}, \"c\": 2}}", text.replace('%', sign));
            assert_eq!(errors(&text), [("E0103", sign.to_owned())], "{text}");
            assert_eq!(ids(&fixed(&text)), [""; 0], "{text}");
        }
        if sign.is_ascii() && sign != ";" && sign != ":=" {
            let text = format!("{{a{sign}\"b\", c {sign} 1}}");
            assert_eq!(ids(&text), ["E0108", "E0103", "E0108", "E0103"], "{text}");
            assert_eq!(ids(&format!("[\"a\" {sign} 1]")), ["E0101"]);
        }
    }
    for text in [r#"{"a" === 1}"#, r#"{"a" =~ 1}"#] {
        assert!(!ids(text).contains(&"E0103") || ids(text).len() > 1, "{text}");
    }
}

#[test]
fn brackets_that_are_read_are_those_of_the_finding() {
    let text = FORMATTED.replacen("\"containers\": [", "\"containers\":", 1);
    let source = Source::new("a.json", text.as_str());
    let mut found = Findings::new();
    let tree = parse(&source, Syntax::Json, &mut found).unwrap();
    let containers = tree.as_object().unwrap().get("containers").unwrap();
    let ids = containers.as_array().unwrap().iter().filter_map(|item| item.as_object()?.get("id"));
    assert_eq!(ids.filter_map(|id| id.as_str()).collect::<Vec<_>>(), ["b", "g"]);
}

#[test]
fn what_columns_do_not_say_is_left_to_the_brackets() {
    for text in ["{\n\"a\": {\n\"b\": 1\n}\n]\n", "[\n  1\n    ]\n  ]\n", "{\"a\": 1}}\n"] {
        assert!(!ids(text).is_empty(), "{text}");
    }
}

#[test]
fn a_word_for_no_value_is_not_read_as_null() {
    for word in ["None", "nil", "undefined"] {
        let text = format!("{{\"a\": {word}}}");
        let source = Source::new("a.json", text.as_str());
        let mut found = Findings::new();
        let tree = parse(&source, Syntax::Json, &mut found).unwrap();
        assert_eq!(tree.as_object().unwrap().get("a").unwrap().kind, Kind::Broken);
        assert!(found.iter().all(|found| found.edit.is_none()), "{word}");
    }
    let is_safe = |text: &str| {
        let mut found = Findings::new();
        parse(&Source::new("a.json", text), Syntax::Json, &mut found);
        found.iter().any(|found| found.edit.as_ref().is_some_and(|edit| edit.safe))
    };
    assert!(is_safe("[True]") && is_safe("[NULL]"));
    assert!(!is_safe("[yes]") && !is_safe("[off]"));
}
