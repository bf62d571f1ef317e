use super::fields::{Schema, Support};
use super::*;
use crate::analysis::Analysis;
use crate::plan::Field;
use crate::source::Source;

/// The blocks of JSON on the page.
fn blocks(page: &str) -> Vec<&str> {
    let starts = page.split("```json\n").skip(1);
    starts.filter_map(|rest| rest.split_once("```")).map(|(block, _)| block).collect()
}

#[test]
fn the_first_example_is_an_appliance_without_findings() {
    let page = page();
    let source = Source::new("a.json", blocks(&page)[0]);
    let found = Analysis::of(&source).findings;
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn the_examples_of_containers_are_valid() {
    let page = page();
    let containers: Vec<&str> =
        blocks(&page).into_iter().skip(1).filter(|block| block.contains("\"image\"")).collect();
    assert_eq!(containers.iter().filter(|block| block.starts_with('{')).count(), 3);
    for container in containers.iter().filter(|block| block.starts_with('{')) {
        let text = format!("{{\"id\": \"a\", \"containers\": [{container}]}}");
        let found = Analysis::of(&Source::new("a.json", text)).findings;
        assert!(found.is_empty(), "{container}: {found:?}");
    }
}

#[test]
fn every_link_on_the_page_leads_to_one_heading() {
    let page = page();
    let headings: Vec<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("## ").or_else(|| line.strip_prefix("### ")))
        .map(page::anchor)
        .collect();
    let links: Vec<&str> =
        page.split("](#").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() > 80, "{}", links.len());
    for link in links {
        assert_eq!(headings.iter().filter(|heading| *heading == link).count(), 1, "{link}");
    }
}

#[test]
fn every_row_of_the_tables_is_on_the_page() {
    assert!(!page().contains("| `` |"), "a row lacks its value");
    let entries = Schema::read().entries();
    for field in Field::ALL.iter().filter(|field| **field != Field::References) {
        let shown = entries.iter().filter(|entry| match &entry.support {
            Support::Rows(rows) => rows.iter().any(|(shown, _)| shown == field),
            _ => false,
        });
        assert_eq!(shown.count(), 1, "{}", field.path());
    }
}

#[test]
fn every_field_has_its_support_description_and_example() {
    let entries = Schema::read().entries();
    assert!(entries.len() > 80, "{}", entries.len());
    for entry in &entries {
        let path = &entry.path;
        match &entry.support {
            Support::Rows(rows) => assert!(!rows.is_empty()),
            Support::SameAs(other) => {
                let other = entries.iter().find(|entry| entry.path == *other);
                assert!(
                    matches!(other.unwrap().support, Support::Rows(_) | Support::Parts),
                    "{path}"
                );
            }
            Support::Parts => assert!(entry.parts(&entries).count() > 0, "{path} has no row"),
            Support::Ignored => {}
        }
        assert!(!entry.description.is_empty() && !entry.example.is_empty(), "{path}");
        assert_eq!(entries.iter().filter(|other| other.path == *path).count(), 1, "{path}");
    }
}

#[test]
fn types_and_constraints_are_described() {
    let entries = Schema::read().entries();
    let cases = [
        (
            "id",
            "string; at most 255 characters; an id consists of ASCII letters, digits, and hyphens",
        ),
        ("containers", "array of objects; at least one item"),
        ("containers[].type", "one of `service`, `job`"),
        ("containers[].network_mode", "one of `host`, `bridge`, `container` (case-insensitive)"),
        ("containers[].ports[].host_port", "integer from 0 to 65535"),
        ("containers[].resources.cpus", "number greater than 0, at most 1000000"),
        ("containers[].args", "array of strings, numbers, or booleans"),
        ("containers[].dependencies", "array of strings; no duplicates"),
        ("containers[].state", "any value"),
    ];
    for (path, value) in cases {
        let entry = entries.iter().find(|entry| entry.path == path).unwrap();
        assert_eq!(entry.value, value, "{path}");
    }
}

#[test]
fn a_field_is_explained_by_any_end_of_its_path() {
    let whole = explain("containers[].ports[].container_port").unwrap();
    assert!(
        whole.starts_with("# containers[].ports[].container_port\n\nPort number in the container.")
    );
    for word in ["container_port", "ports.container_port", "containers.ports.container_port"] {
        assert_eq!(explain(word).as_ref(), Some(&whole), "{word}");
    }
    assert_eq!(explain("/containers/0/ports/12/container_port"), Some(whole));
    let privileged = explain("is_privileged").unwrap();
    assert!(
        privileged.ends_with("\n  marathon    depends       `privileged`; rejected with GPUs\n"),
        "{privileged}"
    );
    let headings = |word: &str| -> Vec<String> {
        let text = explain(word).unwrap_or_default();
        text.lines().filter_map(|line| line.strip_prefix("# ")).map(str::to_owned).collect()
    };
    assert_eq!(headings("id"), ["id", "containers[].id", "data_persistence.volumes[].id"]);
    assert_eq!(headings("containers.id"), ["containers[].id"]);
    assert_eq!(headings("x-common"), ["x-*"]);
    assert_eq!(headings("$schema"), ["$schema"]);
    assert_eq!(headings("@web"), ["References: @id in a string"]);
    for word in ["", ".", "0", "prots", "ports.id", "a.b.c.d.e.f.g.h"] {
        assert_eq!(explain(word), None, "{word}");
    }
}

#[test]
fn fields_with_an_effect_are_listed_with_a_description() {
    let list = list();
    let lines: Vec<&str> = list.lines().collect();
    assert!(lines.iter().all(|line| line.split_whitespace().count() > 2), "{list}");
    assert!(
        list.contains("\ncontainers[].retries  ") && list.contains("  Number of times"),
        "{list}"
    );
    assert!(!list.contains(" only") && !list.contains("[].state"), "{list}");
}

#[test]
fn a_misspelled_field_has_a_suggestion() {
    for (word, similar) in [
        ("prots", "ports"),
        ("ports.containerport", "ports.container_port"),
        ("containers[].prots", "containers.ports"),
        ("E0301x", "E0301"),
        ("replicas", "instances"),
        ("depends_on", "dependencies"),
    ] {
        assert_eq!(nearest(word, &["E0301"]).as_deref(), Some(similar), "{word}");
    }
    assert_eq!(nearest("bicycle", &["E0301"]), None);
}
