//! Names and texts of others on terminals and in logs.

use std::fs;

use crate::project::{MADE, Repository};

/// Clears a terminal, starts a line that a CI service obeys, and shows what follows from right to left.
const HOSTILE: &str = "\u{1b}[2J\u{9b}2J\n::error::x\u{202e}";

fn assert_harmless(output: &(i32, String, String)) {
    for text in [&output.1, &output.2] {
        let acts = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert_eq!(text.chars().find(|c| acts(*c)), None, "{text:?}");
        assert!(!text.lines().any(|line| line.trim_start().starts_with("::error::")), "{text}");
    }
}

#[test]
fn names_of_files_never_act_on_a_terminal() {
    let repository = Repository::new();
    let name = format!("{HOSTILE}.json");
    repository.write(&name, "{\"id\": 1}");
    let missing = format!("{HOSTILE}-missing.json");
    for file in [&name, &missing] {
        for arguments in [
            vec!["check", file],
            vec!["check", file, "--format", "short"],
            vec!["check", file, "--format", "github"],
            vec!["check", file, "--format", "json"],
            vec!["check", file, "--format", "junit"],
            vec!["compile", file, "--target", "compose", "--output", file],
            vec!["fix", file],
            vec!["plan", file],
            vec!["graph", file],
            vec!["import", file],
            vec!["trace", file],
            vec!["targets", file],
        ] {
            let output = repository.run(&arguments);
            assert_ne!(output.0, 0, "{arguments:?}");
            assert_harmless(&output);
        }
    }
}

#[test]
fn arguments_never_act_on_a_terminal() {
    let repository = Repository::new();
    let option = format!("--{HOSTILE}");
    let value = format!("--format={HOSTILE}");
    for arguments in [
        vec![HOSTILE],
        vec!["check", "a.json", &option],
        vec!["check", "a.json", &value],
        vec!["lsp", HOSTILE],
        vec!["trace", "a.json", "--at", HOSTILE],
        vec!["completions", HOSTILE],
    ] {
        let output = repository.run(&arguments);
        assert_eq!(output.0, 2, "{arguments:?}");
        assert!(output.2.contains(r"\u{1b}[2J\u{9b}2J\n::error::x"), "{output:?}");
        assert_harmless(&output);
    }
}

#[test]
fn paths_with_control_characters_are_no_part_of_a_project() {
    let repository = Repository::new();
    repository.write(&format!("apps/{HOSTILE}/a.appliance.json"), "{}");
    for arguments in [["compile", "--check"], ["compile", "--keep-going"], ["check", "apps"]] {
        let output = repository.run(&arguments);
        assert_eq!(output.0, 3, "{output:?}");
        assert!(output.2.contains("its path contains a control character"), "{output:?}");
        assert_harmless(&output);
    }
    assert_eq!(repository.paths(), MADE);
}

#[test]
fn texts_of_custom_targets_never_act_on_a_terminal() {
    let repository = Repository::new();
    let (status, _, errors) = repository.run(&["target", "new", "odd"]);
    assert_eq!(status, 0, "{errors}");
    let file = repository.path("odd/target.toml");
    let text = fs::read_to_string(&file).unwrap();
    let hostile = serde_json::to_string(HOSTILE).unwrap();
    let lines = text.lines().map(|line| match line.split_once(" = ") {
        Some((key @ ("description" | "meaning" | "default"), _)) => format!("{key} = {hostile}\n"),
        Some(("values", _)) => format!("values = [{hostile}, \"b\"]\n"),
        _ => format!("{line}\n"),
    });
    let changed = lines.collect::<String>();
    assert_eq!(changed.matches(&hostile).count(), 4, "{changed}");
    let hostile = changed;
    fs::write(&file, hostile).unwrap();
    let output = repository.run(&["targets", "./odd"]);
    assert_eq!(output.0, 0, "{output:?}");
    assert!(output.1.contains("::error::x"), "{output:?}");
    assert_harmless(&output);
}

#[test]
fn characters_that_are_not_seen_are_shown_in_messages() {
    let repository = Repository::new();
    let text = r#"{"id": "a\u0007\u200eb", "na\u001bme": 1, "containers": []}"#;
    repository.write("x.json", text);
    let output = repository.run(&["check", "x.json", "--format", "short"]);
    for shown in [r"E0206]: invalid value `a\u{7}\u{200e}b`", r"E0201]: unknown field `na\u{1b}me`"]
    {
        assert!(output.1.contains(shown), "{output:?}");
    }
    assert_harmless(&output);
}
