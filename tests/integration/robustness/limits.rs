//! The numbers of `docs/limits.md`: what is at a limit is read, what is beyond it is not.

use applc::diag::MAX_FINDINGS;
use applc::source::{Source, SourceError};

use super::check;

/// Number of findings of a text with a code.
fn count(name: &str, text: &str, code: &str) -> usize {
    check(name, text).report.diagnostics.iter().filter(|found| found.code.id == code).count()
}

/// Asserts that the code is reported beyond a limit only.
fn assert_limit(name: &str, code: &str, text: impl Fn(usize) -> String, limit: usize) {
    assert_eq!(count(name, &text(limit), code), 0, "{name}: {limit}");
    assert_ne!(count(name, &text(limit + 1), code), 0, "{name}: {limit} + 1");
}

#[test]
fn the_page_has_the_numbers_of_the_tests() {
    let page = applc_testing::read("docs/limits.md");
    for row in [
        "| size of a file | 64 MiB | `E0002`",
        "| size of the `source` of a file of a container | 64 MiB | `E0002`",
        "| entries (members of objects, items of arrays) in a file | 1,000,000 | `E0002`",
        "| references (`@id`) in a file | 1,000,000 | `E0002`",
        "| nested brackets, or indentation in YAML | 128 levels | `E0112`",
        "| values that YAML anchors keep and aliases repeat, in one file | 100,000; each 64 bytes of a text count as one | `E0114`",
        "| syntax errors of a YAML file that the parser recovers from | 32, and at most 16 MiB that are read again |",
        "| length of a YAML key on one line | 1,024 characters | `E0114`",
        "| length of an id | 255 characters | `E0205`",
        "| findings for one file | 10,000 | `W0002`",
        "| labels of one dependency cycle | 100 |",
        "| checks of the text by `check --fix`, to find fixes that add errors | 200, and 16 MiB in total; at least one |",
        "| nested folders in the folder of a custom target | 8 levels; links are not followed |",
    ] {
        assert!(page.contains(row), "{row}");
    }
}

#[test]
fn a_file_has_64_mebibytes() {
    let error = |size: usize| Source::from_bytes("a.json", vec![b' '; size]).1;
    assert_eq!(error(64 << 20), None);
    assert_eq!(error((64 << 20) + 1), Some(SourceError::TooLarge((64 << 20) + 1)));
}

#[test]
fn a_file_has_a_million_entries() {
    assert_limit("a.json", "E0002", |count| format!("[{}]", vec!["1"; count].join(",")), 1_000_000);
}

#[test]
fn brackets_and_indentation_have_128_levels() {
    let brackets = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_limit("a.json", "E0112", brackets, 128);
    assert_limit("a.yaml", "E0112", brackets, 128);
    let steps =
        |depth: usize| (0..depth).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert_limit("a.yaml", "E0112", steps, 128);
}

#[test]
fn an_id_has_255_characters() {
    let appliance = |length: usize| format!("id: {}\n", "a".repeat(length));
    assert_limit("a.yaml", "E0205", appliance, 255);
    let container = |length: usize| format!("containers: [{{ id: {} }}]\n", "a".repeat(length));
    assert_limit("a.yaml", "E0205", container, 255);
}

#[test]
fn aliases_repeat_100_000_values() {
    // A list of 999 items has 1,000 values. The anchor has them, too.
    let lists = |count: usize| {
        format!("a: &a [{}]\nb: [{}]\n", ["1"; 999].join(","), vec!["*a"; count].join(","))
    };
    assert_limit("a.yaml", "E0114", lists, 99);
    // So has a text of 999 times 64 bytes.
    let texts = |count: usize| {
        format!("a: &a {}\nb: [{}]\n", "x".repeat(999 * 64), vec!["*a"; count].join(","))
    };
    assert_limit("a.yaml", "E0114", texts, 99);
}

#[test]
fn yaml_has_32_errors_that_are_recovered_from() {
    // A value cannot begin with `@`.
    let errors = |lines: usize, comment: usize| -> String {
        let lines = (0..lines).map(|at| format!("a{at}: @x\n"));
        lines.chain([format!("# {}\n", "x".repeat(comment))]).collect()
    };
    let found = |text: String| count("a.yaml", &text, "E0114");
    // The next error ends the file.
    assert_eq!(found(errors(32, 0)), 32);
    assert_eq!(found(errors(40, 0)), 33);
    assert_eq!(found(errors(3, 1 << 20)), 3);
    assert_eq!(found(errors(3, 9 << 20)), 2);
}

#[test]
fn a_key_of_yaml_has_1024_characters() {
    assert_limit("a.yaml", "E0114", |length| format!("{}: 1\n", "k".repeat(length)), 1_024);
}

#[test]
fn a_file_has_10_000_findings() {
    assert_eq!(MAX_FINDINGS, 10_000);
}
