use crate::diag::{Diagnostic, Findings};
use crate::source::Source;
use crate::syntax::{self, Kind, Node, Object, decoded_span, quote};

fn parsed(text: &str) -> (Source, Option<Node>, Vec<Diagnostic>) {
    let source = Source::new("a.yaml", text);
    let mut found = Findings::new();
    let tree = syntax::parse(&source, &mut found);
    (source, tree, found.into_sorted())
}

/// The value of a valid text, as JSON.
fn value(text: &str) -> String {
    let (_, tree, found) = parsed(text);
    assert_eq!(found, [], "{text}");
    json(&tree.unwrap())
}

/// A tree as JSON, with `?` for broken values.
fn json(node: &Node) -> String {
    match &node.kind {
        Kind::Null => "null".to_owned(),
        Kind::Bool(value) => value.to_string(),
        Kind::Number(text) => text.to_string(),
        Kind::String(text) => quote(text),
        Kind::Array(items) => format!("[{}]", items.iter().map(json).collect::<Vec<_>>().join(",")),
        Kind::Object(object) => {
            let members: Vec<String> = object
                .members
                .iter()
                .map(|member| format!("{}:{}", quote(&member.key.value), json(&member.value)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Kind::Broken => "?".to_owned(),
    }
}

/// The codes and underlined texts of the errors, and the parsed value as JSON.
fn errors(text: &str) -> (Vec<(&'static str, String)>, String) {
    let (source, tree, found) = parsed(text);
    let places =
        found.iter().map(|d| (d.code.id, source.slice(d.primary.span).to_owned())).collect();
    (places, tree.map_or("nothing".to_owned(), |tree| json(&tree)))
}

/// The text with every edit applied.
fn fixed(text: &str) -> String {
    let (_, _, found) = parsed(text);
    let mut text = text.to_owned();
    for edit in found.iter().rev().filter_map(|d| d.edit.as_ref()) {
        text.replace_range(edit.span.range(), &edit.replacement);
    }
    text
}

/// The texts of all keys and values, in the order of the document.
fn places<'t>(node: &Node, source: &'t Source, into: &mut Vec<&'t str>) {
    into.push(source.slice(node.span));
    match &node.kind {
        Kind::Array(items) => items.iter().for_each(|item| places(item, source, into)),
        Kind::Object(object) => {
            for member in &object.members {
                into.push(source.slice(member.key.span));
                places(&member.value, source, into);
            }
        }
        _ => {}
    }
}

#[test]
fn yaml_has_the_values_of_json() {
    for (text, expected) in [
        ("a: 1\nb:\n- x\n- y: z\n", r#"{"a":1,"b":["x",{"y":"z"}]}"#),
        ("{\"a\":1,\"b\":[true,null,1.50]}", r#"{"a":1,"b":[true,null,1.50]}"#),
        ("--- # start\na: 'it''s'\n...\n", r#"{"a":"it's"}"#),
        ("%YAML 1.2\n---\na: b", r#"{"a":"b"}"#),
        ("\u{feff}a: yes\nb: no\r\nc: 12:30\n", r#"{"a":"yes","b":"no","c":"12:30"}"#),
        ("a:\nb: ~\nc: ''\n", r#"{"a":null,"b":null,"c":""}"#),
        ("null\n", "null"),
        ("a: |\n  x\n   y\n\nb: >-\n  x\n  y\n\n  z\n", r#"{"a":"x\n y\n","b":"x y\nz"}"#),
        ("a: \"x\\\n   y\\t\\x41\\u00e9\\U0001F600\"\n", "{\"a\":\"xy\\tAé😀\"}"),
        ("? a\n: b\n", r#"{"a":"b"}"#),
        (
            "a: &x {p: [1]}\nb: *x\nc: &s t\nd: [*s, *s]\n",
            r#"{"a":{"p":[1]},"b":{"p":[1]},"c":"t","d":["t","t"]}"#,
        ),
        ("a: &x k\n*x : v\n", r#"{"a":"k","k":"v"}"#),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn a_block_scalar_as_key_is_located_with_its_header() {
    let (source, tree, _) = parsed("? |-\n  a\n: 1\n");
    let tree = tree.unwrap();
    let member = tree.as_object().unwrap().member("a").unwrap();
    assert_eq!(source.slice(member.key.span), "|-\n  a");
}

#[test]
fn values_have_exact_locations() {
    let text = "a: x # c\nb: |\n  t\n\n\nc:\n  - 'q'\n  - k: 1\n    l: 2\n\nd: {e: f}\ng: &z >-  # c\n\n  u\nh: *z\ni:\n";
    let (source, tree, _) = parsed(text);
    let tree = tree.unwrap();
    let mut found = Vec::new();
    places(&tree, &source, &mut found);
    assert_eq!(
        &found[1..],
        [
            "a",
            "x",
            "b",
            "|\n  t",
            "c",
            "- 'q'\n  - k: 1\n    l: 2",
            "'q'",
            "k: 1\n    l: 2",
            "k",
            "1",
            "l",
            "2",
            "d",
            "{e: f}",
            "e",
            "f",
            "g",
            ">-  # c\n\n  u",
            "h",
            "*z",
            "i",
            "",
        ]
    );
}

#[test]
fn errors_have_locations_and_do_not_hide_others() {
    let mut wrong = Vec::new();
    for (text, expected, rest) in [
        ("", &[("E0111", "")][..], "nothing"),
        ("# nothing\n---\n", &[("E0111", "")], "nothing"),
        (
            "a: @x:1 # c\nb: [@y, z]\n",
            &[("E0114", "@x:1"), ("E0114", "@y")],
            r#"{"a":"@x:1","b":["@y","z"]}"#,
        ),
        ("a:\n\tb: 1\n\tc: 2\n", &[("E0114", "\t")], r#"{"a":{"b":1,"c":2}}"#),
        ("a:\n  b: 1\n\tc: 2\n", &[("E0114", "\t")], r#"{"a":{"b":1,"c":2}}"#),
        ("a:\n  - b\n - c\nd: 1\n", &[("E0114", "-")], r#"{"a":["b"],"d":1}"#),
        ("a:\n    x: 1\n  y: 2\n    z: 1\nd: 1\n", &[("E0114", "y")], r#"{"a":{"x":1},"d":1}"#),
        ("a: [1, 2\nb: 3\nc: {d: 1\n", &[("E0105", "["), ("E0105", "{")], r#"{"a":?,"b":3,"c":?}"#),
        ("a: 'x\nb: 3\n", &[("E0106", "'")], r#"{"a":?,"b":3}"#),
        ("a: b: c\nd: 1\n", &[("E0114", ":")], r#"{"a":?,"d":1}"#),
        ("a: 1\na 2\nb: 3\n", &[("E0114", "a")], r#"{"a":1,"b":3}"#),
        ("a: 1\nb\n", &[("E0114", "b")], r#"{"a":1}"#),
        ("a: \"x\\qy\"\nb: 1\n", &[("E0106", "\\q")], r#"{"a":"xxxy","b":1}"#),
        ("a: - b\nc: 1\n", &[("E0114", "-")], r#"{"a":?,"c":1}"#),
        ("a: }\nc: 1\n", &[("E0101", "}")], r#"{"a":?,"c":1}"#),
        ("a: [b]]\nc: 1\n", &[("E0101", "]")], r#"{"a":["b"],"c":1}"#),
        ("a: [1,,2]\nc: 1\n", &[("E0113", ",")], r#"{"a":?,"c":1}"#),
        ("a: [\"x\" \"y\"]\nb: 1\n", &[("E0106", "\"")], r#"{"a":?,"b":1}"#),
        ("a: [{x: 1}{y: 2}]\nb: 1\n", &[("E0102", "{")], r#"{"a":?,"b":1}"#),
        ("a: [\"x\"\n  \"y\"]\nb: 1\n", &[("E0102", "")], r#"{"a":["x","y"],"b":1}"#),
        ("a: \"x\" y\n\n  b: 1\nc: 2\n", &[("E0106", "y")], r#"{"a":?,"c":2}"#),
        ("a: \"x\" y\n  \n    b: 1\n  d: 1\nc: 2\n", &[("E0106", "y")], r#"{"a":?,"c":2}"#),
        ("a: 1\n---\nb: 2\n", &[("E0109", "---")], r#"{"a":1}"#),
        ("{a: 1} x\n", &[("E0109", "x")], r#"{"a":1}"#),
        ("%YAML 1.1\n---\na: 1\n", &[("E0114", "%YAML 1.1")], r#"{"a":1}"#),
        (
            "a: !!int \"3\"\nb: !x {c: 1}\n",
            &[("E0114", "!!int"), ("E0114", "!x")],
            r#"{"a":?,"b":{"c":1}}"#,
        ),
        ("a: *x\nb: &y [*y]\n", &[("E0114", "*x"), ("E0114", "*y")], r#"{"a":?,"b":[?]}"#),
        ("a:\n  <<: x\n  q: 2\n", &[("E0114", "x")], r#"{"a":{"q":2}}"#),
        ("a:\n  <<: [{p: 1}, [2]]\n", &[("E0114", "[2]")], r#"{"a":{"p":1}}"#),
        ("a:\n  <<: *x\n  q: 2\n", &[("E0114", "*x")], r#"{"a":{"q":2}}"#),
        (
            "1: a\ntrue: b\n~: c\n? [x]\n: d\n",
            &[("E0114", "1"), ("E0114", "true"), ("E0114", "~"), ("E0114", "[x]")],
            r#"{"1":"a","true":"b","~":"c"}"#,
        ),
        (
            "a: 010\nb: 0x1F\nc: .inf\nd: +5\n",
            &[("E0107", "010"), ("E0107", "0x1F"), ("E0107", ".inf"), ("E0107", "+5")],
            r#"{"a":?,"b":?,"c":?,"d":?}"#,
        ),
        ("a: 1\nb: 2\na: 3\n", &[("E0110", "a")], r#"{"a":1,"b":2,"a":3}"#),
        ("a: x\u{7}\nb: 1\n", &[("E0114", "\u{7}")], r#"{"a":?,"b":1}"#),
        ("a: b\nc: x # ok\n  d: e\nf: g\n", &[("E0114", "d")], r#"{"a":"b","c":?,"f":"g"}"#),
        ("x 1\nb: 2\n", &[("E0114", "x 1")], r#"{"b":2}"#),
    ] {
        let (found, understood) = errors(text);
        let expected: Vec<_> =
            expected.iter().map(|(code, place)| (*code, (*place).to_owned())).collect();
        if (&found, understood.as_str()) != (&expected, rest) {
            wrong.push(format!("{text}\n{found:?} {understood}\nnot {expected:?} {rest}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn merge_keys_add_the_members_of_other_objects() {
    for (text, expected) in [
        // Own members win, wherever they are; the others come where the merge key is.
        (
            "a: &x {p: 1, q: 2}\nb:\n  o: 0\n  <<: *x\n  q: 3\n  r: 4\n",
            r#"{"a":{"p":1,"q":2},"b":{"o":0,"p":1,"q":3,"r":4}}"#,
        ),
        // Of several objects, the first that has a key wins.
        (
            "a: [&x {p: 1}, &y {p: 2, q: 3}]\nb: {<<: [*x, *y], r: 4}\n",
            r#"{"a":[{"p":1},{"p":2,"q":3}],"b":{"p":1,"q":3,"r":4}}"#,
        ),
        // What was merged can be merged again. A quoted key is a key.
        (
            "a: &x {p: 1}\nb: &y {<<: *x, q: 2}\nc: {<<: *y, \"<<\": 3}\n",
            r#"{"a":{"p":1},"b":{"p":1,"q":2},"c":{"p":1,"q":2,"<<":3}}"#,
        ),
        ("a: &x {}\nb:\n  <<: *x\n", r#"{"a":{},"b":{}}"#),
    ] {
        assert_eq!(errors(text), (Vec::new(), expected.to_owned()), "{text}");
    }
}

#[test]
fn edits_fix_errors() {
    for (text, expected) in [
        ("a: @x:1 # c\nb: [@y, z]\n", "a: \"@x:1\" # c\nb: [\"@y\", z]\n"),
        ("a: \"x\\qy\"\n", "a: \"x\\\\qy\"\n"),
        ("a: echo b: c # d\n", "a: \"echo b: c\" # d\n"),
        ("8080: a\n", "\"8080\": a\n"),
        ("a: *x\n", "a: \"*x\"\n"),
    ] {
        assert_eq!(fixed(text), expected);
        assert_eq!(errors(expected).0, []);
    }
}

#[test]
fn aliases_are_bounded() {
    let mut text = String::from("a0: &a0 [lol, lol]\n");
    for level in 1..60 {
        let before = level - 1;
        text.push_str(&format!("a{level}: &a{level} [*a{before}, *a{before}]\n"));
    }
    let (found, _) = errors(&text);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, "E0114");
    let long = "x".repeat(1 << 20);
    let text = format!("a: &a {long}\nb: [{}]\n", vec!["*a"; 100].join(", "));
    assert_eq!(errors(&text).0, [("E0114", "*a".to_owned())]);
    let mut text = String::from("a0: &a0 []\n");
    for level in 1..200 {
        text.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
    }
    assert_eq!(errors(&text).0[0].0, "E0112");
}

#[test]
fn depth_is_bounded() {
    for text in [
        "[".repeat(100_000),
        format!("a: {}{}\n", "[".repeat(200), "]".repeat(200)),
        "- ".repeat(100_000),
        "{a: ".repeat(100_000),
    ] {
        let (found, _) = errors(&text);
        assert!(found.iter().any(|(code, _)| *code == "E0112"), "{found:?}");
    }
}

#[test]
fn parts_of_values_are_found_in_every_style() {
    for scalar in [
        "x @db y",
        "'it''s @db'",
        "\"\\u00e9\\n\\\"@db\\\" \\\n   z\"",
        "a b\n      c @db\n      d",
        "\"a\n\n\n      b\\t @db\"",
        "'a\n\n      b @db'",
        "|\n      echo\n        é @db\n      z",
        ">-  # comment\n\n      a\n      b\n\n      c @db\n        d\n      e",
        "|2\n        @db\n      x",
        ">+\n      a\n        b\n      @db\n\n",
    ] {
        for text in [format!("k: {scalar}\n"), format!("k:\n  - l: {scalar}\n")] {
            let (source, tree, found) = parsed(&text);
            assert_eq!(found, [], "{text}");
            let mut node = tree.unwrap();
            while let Kind::Object(Object { members, .. }) = &node.kind {
                node = members[0].value.clone();
                if let Kind::Array(items) = &node.kind {
                    node = items[0].clone();
                }
            }
            let value = node.as_str().unwrap();
            let at = value.find("@db").unwrap();
            let span = decoded_span(&source, node.span, at..at + 3);
            assert_eq!(source.slice(span), "@db", "{text}");
        }
    }
}

#[test]
fn tabs_are_one_error_and_do_not_hide_others() {
    let text = "containers:\n\t- id: web\n\t\tcmd: @db\n\t\tports:\n\t\t- {a: 1}\n\t- id: x\n";
    let (source, tree, found) = parsed(text);
    let codes: Vec<&str> = found.iter().map(|one| one.code.id).collect();
    assert_eq!(codes, ["E0114", "E0114"], "the tabs, and the string that starts with `@`");
    assert_eq!(source.slice(found[0].primary.span), "\t");
    assert_eq!(source.slice(found[1].primary.span), "@db");
    let tree = tree.unwrap();
    let containers = tree.as_object().unwrap().get("containers").unwrap().as_array().unwrap();
    assert_eq!(containers.len(), 2);
    assert_eq!(source.slice(containers[1].span), "id: x");
    let keys: Vec<&str> = containers[0]
        .as_object()
        .unwrap()
        .members
        .iter()
        .map(|member| source.slice(member.key.span))
        .collect();
    assert_eq!(keys, ["id", "cmd", "ports"]);
    // A tab among spaces has the width that fits.
    let text = "a:\n  - b: 1\n    c: 2\n\td: 3\n    e: 4\n";
    let (_, tree, found) = parsed(text);
    assert_eq!(found.len(), 1);
    assert_eq!(json(&tree.unwrap()), r#"{"a":[{"b":1,"c":2,"d":3,"e":4}]}"#);
}

/// Found by fuzzing: a span ended inside a character.
#[test]
fn spans_end_at_character_boundaries() {
    for text in
        ["a: 1\n---\u{249}b", "a\n...\n\u{fffd}", "\u{249}: \u{249}\n---\n\u{249}", "? \u{249}"]
    {
        let (source, _, found) = parsed(text);
        for one in found {
            assert!(source.text().get(one.primary.span.range()).is_some(), "{text}: {one:?}");
        }
    }
    // The library counts more indentation than there is.
    let text = "!\n>8\n\u{fffd}\u{fffd}\u{fffd}";
    let (source, _, found) = parsed(text);
    assert!(!found.is_empty());
    for one in found {
        assert!(source.text().get(one.primary.span.range()).is_some(), "{one:?}");
    }
    let deep = "- ".repeat(200) + "\u{249}";
    let (source, _, found) = parsed(&deep);
    assert!(source.text().get(found[0].primary.span.range()).is_some());
}

#[test]
fn a_sign_in_the_place_of_a_colon_is_one_finding() {
    for (text, right, value) in [
        ("a: 1\nbc= d\n", "a: 1\nbc: d\n", r#"{"a":1,"bc":"d"}"#),
        ("a: 1\nbc=d\n", "a: 1\nbc: d\n", r#"{"a":1,"bc":"d"}"#),
        ("a: 1\nbc = d\n", "a: 1\nbc: d\n", r#"{"a":1,"bc":"d"}"#),
        ("bc=\n  - d\ne: 1\n", "bc:\n  - d\ne: 1\n", r#"{"bc":["d"],"e":1}"#),
        ("bc= \"d\"\ne: 1\n", "bc: \"d\"\ne: 1\n", r#"{"bc":"d","e":1}"#),
        ("- bc= d\n  e: 1\n", "- bc: d\n  e: 1\n", r#"[{"bc":"d","e":1}]"#),
        ("bc： d\ne: 1\n", "bc: d\ne: 1\n", r#"{"bc":"d","e":1}"#),
        ("bc：d\ne: 1\n", "bc: d\ne: 1\n", r#"{"bc":"d","e":1}"#),
        ("bc => d\ne: 1\n", "bc: d\ne: 1\n", r#"{"bc":"d","e":1}"#),
        ("- bc->d\n  e: 1\n", "- bc: d\n  e: 1\n", r#"[{"bc":"d","e":1}]"#),
        ("bc :=d\ne: 1\n", "bc: d\ne: 1\n", r#"{"bc":"d","e":1}"#),
        (
            "bc => |\n  d: @e\n  -f\ng: 1\n",
            "bc: |\n  d: @e\n  -f\ng: 1\n",
            r#"{"bc":"d: @e\n-f\n","g":1}"#,
        ),
        ("{ bc=1, e = x, f: 2 }\n", "{ bc: 1, e: x, f: 2 }\n", r#"{"bc":1,"e":"x","f":2}"#),
    ] {
        let (_, tree, found) = parsed(text);
        let is_certain = |found: &Diagnostic| found.edit.as_ref().is_some_and(|edit| edit.safe);
        assert!(found.iter().all(is_certain), "{text}: {found:?}");
        assert_eq!(found.len(), if text.starts_with('{') { 2 } else { 1 }, "{text}: {found:?}");
        assert_eq!(tree.map(|tree| json(&tree)).as_deref(), Some(value), "{text}");
        assert_eq!((fixed(text).as_str(), self::value(&fixed(text)).as_str()), (right, value));
    }
    // The value may be read in another way there.
    for text in ["a: 1\nb=$c\n", "a: 1\nb='c'\n", "a: 1\nb=c # d\n", "{ b=c d }\n"] {
        let (_, _, found) = parsed(text);
        assert_eq!(found.len(), 1, "{text}");
        assert!(found[0].edit.as_ref().is_some_and(|edit| !edit.safe), "{text}");
    }
    for text in ["a: b=c\n", "[a=b, c= d]\n", "{ a: b= c }\n", "{ \"a= b\" }\n"] {
        assert!(parsed(text).2.is_empty(), "{text}");
    }
}

#[test]
fn a_key_that_is_too_long_is_said_to_be_so() {
    let long = "k".repeat(2_000);
    for text in [
        format!("{long}: 1\n"),
        format!("a: 1\n{long}: 1\n"),
        format!("\"{long}\": 1\n"),
        format!("{{{long}: 1}}\n"),
        format!("a: [ b, {{ c: 1, {long}: 1 }} ]\n"),
        format!("{{ \"{long}\": 1, b: 2 }}\n"),
    ] {
        let (_, _, found) = parsed(&text);
        let messages: Vec<&str> = found.iter().map(|found| found.message.as_ref()).collect();
        assert_eq!(messages, ["key of more than 1024 characters"], "{}", text.replace(&long, "…"));
    }
    assert_eq!(errors(&format!("a: {long} b: 1\n")).0.len(), 1);
}

#[test]
fn a_dash_in_another_column_lacks_no_space() {
    let (_, _, found) = parsed("a:\n  - b: 1\n   - c: 1\n");
    let found: Vec<_> = found.iter().map(|found| (found.message.as_ref(), &found.edit)).collect();
    assert_eq!(found, [("indentation does not match any entry above", &None)]);
}

#[test]
fn colons_that_are_too_many_are_one_finding() {
    for (text, right) in [
        ("a: : b\nc: 1\n", "a: b\nc: 1\n"),
        ("a: : : b\nc: 1\n", "a: b\nc: 1\n"),
        ("a : : b\nc: 1\n", "a : b\nc: 1\n"),
        ("a: :\n  b: 1\n", "a: \n  b: 1\n"),
        ("a: 1\nbc::d\ne: 1\n", "a: 1\nbc: d\ne: 1\n"),
    ] {
        let (_, _, found) = parsed(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert_eq!(fixed(text), right);
        assert_eq!(parsed(text).1.map(|tree| json(&tree)), Some(value(right)), "{text}");
    }
    assert_eq!(value("a: ::1\n"), r#"{"a":"::1"}"#);
}

#[test]
fn nothing_is_said_of_the_text_below_a_faulty_header() {
    for header in ["a => |", "a ~> |", "a |", "a: \"b\" |", "“a” = >-"] {
        let text = format!("k: 1\n{header}\n  b: @c\n  -d: 1\n  e= f\n  - \"g\nh: @i\n");
        let (source, _, found) = parsed(&text);
        let lines: Vec<usize> =
            found.iter().map(|found| source.line_of(found.primary.span.start)).collect();
        assert!(lines.contains(&1) && lines.contains(&6), "{text}: {found:?}");
        assert!(!lines.iter().any(|line| (2..6).contains(line)), "{text}: {found:?}");
    }
}

#[test]
fn an_entry_of_a_list_without_its_first_line_is_named() {
    let (source, tree, found) =
        parsed("a:\n    b: 1\n    c:\n      - d\n  - e: 2\n    b: 3\n  - e: 4\nf: 5\n");
    let places: Vec<_> = found.iter().map(|found| source.slice(found.primary.span)).collect();
    assert_eq!(places, ["b"]);
    assert!(found[0].edit.is_none() && found[0].help[0].contains("`- e: …`"), "{found:?}");
    let tree = json(&tree.unwrap());
    assert_eq!(tree, r#"{"a":[{"b":1,"c":["d"]},{"e":2,"b":3},{"e":4}],"f":5}"#);
    // Where an entry has its `-`, another column is the fault.
    for text in ["a:\n    - b: 1\n  - c: 2\n", "a:\n   b: 1\n  - c: 2\n", "a: 1\n- c: 2\n"] {
        assert!(parsed(text).2.iter().all(|found| !found.help[0].contains("first line")), "{text}");
    }
}

#[test]
fn a_comma_at_the_end_of_an_entry_is_only_removed_where_it_is_not_within_brackets() {
    for (text, is_safe) in [
        ("a: \"b\",\nc: {d: 1},\n", true),
        ("{\n  \"id \"id\": \"\n  |\n\nmage\": \"nginx\",\n  \"x\": 1\n", false),
        ("a: [\nb: \"c\",\nd: \"e\",\n", false),
    ] {
        let (_, _, found) = parsed(text);
        let commas: Vec<_> = found.iter().filter(|found| found.code.id == "E0113").collect();
        assert!(!commas.is_empty(), "{text}\n{found:?}");
        for comma in commas {
            assert_eq!(comma.edit.as_ref().map(|edit| edit.safe), Some(is_safe), "{text}");
        }
    }
}
