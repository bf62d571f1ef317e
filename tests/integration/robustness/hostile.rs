//! Input that is made to exhaust resources: time and memory are bounded, and there is a clear
//! diagnostic.
//!
//! The sizes fit a debug build. `cargo test --release hostile -- --ignored
//! --nocapture --test-threads 1` measures the real ones.

use std::convert::Infallible;
use std::fmt::Write;
use std::time::{Duration, Instant};

use applc::Compilation;
use applc::diag::{Format, MAX_FINDINGS, document, human};
use applc::fix::fix;
use applc::source::MAX_SOURCE_BYTES;
use applc::syntax::MAX_ENTRIES;
use applc::targets;

use super::check;

fn codes(compilation: &Compilation) -> Vec<&'static str> {
    compilation.report.diagnostics.iter().map(|d| d.code.id).collect()
}

/// Checks a text, formats the findings in several formats, and returns the time.
fn timed(what: &str, name: &str, text: &str) -> (Compilation, Duration) {
    let start = Instant::now();
    let found = check(name, text);
    let checked = start.elapsed();
    let shown = human::render(&found.report, false).len();
    let rendered = start.elapsed() - checked;
    let reports = [found.report.clone()];
    for format in [Format::Short, Format::Json, Format::Sarif, Format::Gitlab] {
        let _ = document(format, &reports);
    }
    println!(
        "{what}: {} KiB, {} findings; checked in {checked:.0?}, shown ({} KiB) in {rendered:.0?}, all in {:.0?}",
        text.len() >> 10,
        found.report.diagnostics.len(),
        shown >> 10,
        start.elapsed(),
    );
    (found, start.elapsed())
}

fn container(at: usize) -> String {
    format!(
        r#"{{"id":"c{at}","type":"service","image":"nginx:1.27","resources":{{"cpus":1,"mem":64}},"args":["@c{at}"]}}"#
    )
}

fn appliance(containers: usize) -> String {
    let all: Vec<String> = (0..containers).map(container).collect();
    format!(r#"{{"id":"app","containers":[{}]}}"#, all.join(","))
}

/// An appliance with this number of containers.
fn containers(count: usize, container: &dyn Fn(usize) -> String) -> String {
    let all: Vec<String> = (0..count).map(container).collect();
    format!(r#"{{"id":"app","containers":[{}]}}"#, all.join(","))
}

fn depends(at: usize, on: usize) -> String {
    container(at).replacen('{', &format!(r#"{{"dependencies":["c{on}"],"#), 1)
}

fn misspelled(at: usize) -> String {
    container(at).replace("image", "imgae")
}

/// Containers with long ids that are alike, each with an unknown reference to a similar one.
fn near_names(count: usize) -> String {
    let long = "x".repeat(190);
    let refer = |at: usize| format!("@{}y{long}", at * 7919 % count);
    containers(count, &|at| {
        let one = container(at).replace(&format!("@c{at}"), &refer(at));
        one.replacen(&format!("\"c{at}\""), &format!("\"{at:06}{long}\""), 1)
    })
}

/// An appliance with this number of errors, of several phases, with `line_break` before each
/// container.
fn invalid(errors: usize, line_break: &str) -> String {
    let mut text = String::from(r#"{"id":"app","containers":["#);
    for at in 0..errors / 5 {
        let _ = write!(
            text,
            r#"{line_break}{{"id":"c{at}" "type":"Service","image":"nginx:1.27","resources":{{"cpus":"1","mem":64}},"argz":["x"],"env":{{"A":"é @nobody"}}}},"#
        );
    }
    text.push_str("]}");
    text
}

fn yaml_laughs() -> String {
    let mut text = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for level in 1..40 {
        let repeated = vec![format!("*a{}", level - 1); 9].join(", ");
        let _ = writeln!(text, "a{level}: &a{level} [{repeated}]");
    }
    text
}

#[test]
fn deeply_nested_brackets() {
    for open in ["[", "{\"a\":", "[{\"a\":"] {
        let text = open.repeat(100_000);
        assert!(codes(&check("a.json", &text)).contains(&"E0112"));
        assert!(codes(&check("a.yaml", &text)).contains(&"E0112"));
    }
    let text = "- ".repeat(100_000);
    assert!(codes(&check("a.yaml", &text)).contains(&"E0112"));
    let steps: String = (0..2_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert!(codes(&check("a.yaml", &steps)).contains(&"E0112"));
}

#[test]
fn a_file_beyond_the_limit_is_not_read() {
    let text = " ".repeat(MAX_SOURCE_BYTES + 1);
    assert_eq!(codes(&check("a.json", &text)), ["E0002"]);
}

#[test]
fn a_chain_of_errors_does_not_use_the_stack() {
    let text = format!("{{\"a\": 1{}}}", " : 1".repeat(100_000));
    assert!(codes(&check("a.json", &text)).contains(&"E0101"));
}

#[test]
fn entries_and_references_beyond_the_limit_are_not_read() {
    let entries = "1,".repeat(MAX_ENTRIES + 1);
    for (name, text) in [("a.json", format!("[{entries}1]")), ("a.yaml", format!("[{entries}1]"))] {
        assert!(codes(&check(name, &text)).contains(&"E0002"), "{name}");
    }
    let references = appliance(1).replace("@c0", &"@c0 ".repeat(1_000_001));
    // The string is also longer than an argument may be.
    assert_eq!(codes(&check("a.json", &references)), ["E0002", "E0205"]);
}

#[test]
fn billion_laughs() {
    let found = check("a.yaml", &yaml_laughs());
    assert!(codes(&found).contains(&"E0114"));
    let found = check("a.yaml", &format!("id: a\ncontainers: &c [{}]\n", ["*c"; 9].join(",")));
    assert!(codes(&found).contains(&"E0114"));
}

#[test]
fn findings_beyond_the_limit_are_counted_but_not_kept() {
    for text in [
        "[".to_owned() + &",".repeat(MAX_FINDINGS * 3) + "]",
        format!(r#"{{"id":"a","containers":[{}]}}"#, vec!["1"; MAX_FINDINGS * 2].join(",")),
    ] {
        let found = check("a.json", &text);
        assert_eq!(found.report.diagnostics.len(), MAX_FINDINGS + 1);
        assert!(codes(&found).contains(&"W0002"));
    }
}

/// Errors are reported, and nothing is written, however many warnings come before them.
#[test]
fn warnings_beyond_the_limit_hide_no_error() {
    let old = r#""rack": "a", "host": "b", "cloud": "c", "data": "d", "cluster_type": "e""#;
    let containers = |last: &str| -> String {
        let container = |at: usize, more: &str| {
            format!(
                r#"{{"id": "c{at}", "type": "job", "image": "i:1",
                "resources": {{"cpus": 1, "mem": 64}}, {old}{more}}}"#
            )
        };
        let all = (0..MAX_FINDINGS / 5 + 10).map(|at| container(at, ""));
        let all: Vec<String> = all.chain([container(99_999, last)]).collect();
        format!(r#"{{"id": "app", "containers": [{}]}}"#, all.join(","))
    };
    for (more, code) in [
        (r#", "cmd": "@nobody""#, "E0301"),
        (r#", "cmd": "x", "cmd": "y""#, "E0110"),
        (r#", "unknown": 1"#, "E0201"),
        (r#", "repeats": "x""#, "E0202"),
        (r#", "dependencies": ["nobody"]"#, "E0302"),
    ] {
        let found = check("a.json", &containers(more));
        assert!(codes(&found).contains(&code), "{code}: {:?}", codes(&found));
        assert!(found.report.has_errors() && codes(&found).contains(&"W0002"));
    }
    assert!(!check("a.json", &containers("")).report.has_errors());
}

/// Neither phases nor targets recurse over what a file decides.
#[test]
fn a_mebibyte_of_stack_is_enough_for_a_chain_and_a_cycle() {
    let appliance = |depends_on: &dyn Fn(usize) -> String| -> String {
        let container = |at: usize| {
            format!(
                r#"{{"id": "c{at}", "type": "service", "image": "i:1", "network_mode": "bridge",
                "resources": {{"cpus": 1, "mem": 64}}, "dependencies": [{}]}}"#,
                depends_on(at)
            )
        };
        let containers: Vec<String> = (0..4_000).map(container).collect();
        format!(r#"{{"id": "app", "containers": [{}]}}"#, containers.join(","))
    };
    let chain = appliance(&|at| match at {
        0 => String::new(),
        at => format!("\"c{}\"", at - 1),
    });
    let cycle = appliance(&|at| format!("\"c{}\"", (at + 1) % 4_000));
    let deep = format!(r#"{{"id": "app", "x-a": {}{}}}"#, "[".repeat(127), "]".repeat(127));
    let run = move || {
        for target in targets::ALL {
            let found = super::compile("a.json", &chain, *target);
            assert!(!found.report.has_errors(), "{}", target.name());
        }
        assert_eq!(codes(&check("a.json", &cycle)), ["E0304"]);
        assert!(check("a.json", &deep).report.has_errors());
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(run).unwrap().join().unwrap();
}

#[test]
fn a_long_dependency_cycle_is_reported_in_part() {
    let containers: Vec<String> = (0..20_000)
        .map(|at| {
            format!(
                r#"{{"id": "c{at}", "type": "job", "image": "i:1",
                "resources": {{"cpus": 1, "mem": 64}}, "dependencies": ["c{}"]}}"#,
                (at + 1) % 20_000
            )
        })
        .collect();
    let found =
        check("a.json", &format!(r#"{{"id": "app", "containers": [{}]}}"#, containers.join(",\n")));
    let [cycle] = found.report.diagnostics.as_slice() else { panic!("{:?}", codes(&found)) };
    assert_eq!((cycle.code.id, cycle.secondary.len()), ("E0304", 99));
    assert!(cycle.help.iter().any(|help| help.starts_with("19900 more dependencies")));
    assert!(human::render(&found.report, false).len() < 50_000);
}

#[test]
fn long_lines_are_shortened() {
    let found = check("a.json", &invalid(500, ""));
    let text = human::render(&found.report, false);
    assert!(text.lines().all(|line| line.len() < 1_000));
    // Columns are counted from the start of the original line.
    for diagnostic in &found.report.diagnostics {
        let place = found.report.source.position(diagnostic.primary.span.start);
        assert!(text.contains(&format!("--> a.json:{}:{}\n", place.line, place.column)));
    }
}

/// Eight times the errors take about eight times the time, not 64 times.
#[test]
fn time_grows_linearly_with_the_number_of_errors() {
    for line_break in ["\n", ""] {
        let time = |errors| {
            let text = invalid(errors, line_break);
            (0..3).map(|_| timed("errors", "a.json", &text).1).min().unwrap_or_default()
        };
        let (few, many) = (time(250), time(2_000));
        assert!(many < few * 32, "{few:?} for 250, {many:?} for 2000");
    }
}

/// Eight times the lines of text that was pasted together with something else take about eight times the time.
#[test]
fn time_grows_linearly_with_pasted_text() {
    for (name, before, line, after) in [
        ("a.json", "{\"a\": [\n", "[[1],\n", "]}\n"),
        ("a.json", "{\"a\": {{\n", "\"b\" => [[1],\n", "}}\n"),
        ("a.json", "{\n", "> \"a\": 1,\n", "> }\n"),
        ("a.yaml", "a:\n", "> - b\n", "> c\n"),
        ("a.yaml", "+a:\n", "+  - b\n", "+c: [\n"),
        ("a.yaml", "1 a:\n", "2   - b\n", "3\n"),
        ("a.yaml", "# a\n", "```\n", "b\n"),
        ("a.yaml", "a => |\n", "  b: @c\n", "d: @e\n"),
        ("a.yaml", "a: |\n", "\u{a0}b: c\n", "d: e\n"),
        ("a.yaml", "a:\n", "    b: 1\n", "  - c: 2\n"),
        ("a.yaml", "id: a\ncontainers:\n  - env:\n", "      B=“c”\n", "      D:: “e”\n"),
    ] {
        let time = |lines| {
            let text = format!("{before}{}{after}", line.repeat(lines));
            (0..2).map(|_| timed("pasted", name, &text).1).min().unwrap_or_default()
        };
        let (few, many) = (time(1_000), time(8_000));
        // What takes no time at all may take some on a machine with other work.
        let most = few * 32 + Duration::from_millis(500);
        assert!(many < most, "{line}: {few:?} for 1000, {many:?} for 8000");
    }
}

/// The number of checks that a fix takes does not depend on the number of edits.
#[test]
fn a_thousand_misspelled_keys_are_fixed_at_once() {
    let mut checks = 0;
    let fixed = fix(&containers(1_000, &misspelled), |text| {
        checks += 1;
        Ok::<_, Infallible>(check("a.json", text).report)
    });
    let fixed = fixed.unwrap();
    assert_eq!((fixed.applied.len(), checks), (1_000, 2));
    assert!(!fixed.left.has_errors());
}

#[test]
#[ignore = "a measurement for release builds"]
fn measure() {
    timed("100,000 containers", "a.json", &appliance(100_000));
    timed("500,000 containers", "a.json", &appliance(500_000));
    timed("100,000 containers", "a.yaml", &appliance(100_000));
    timed("1,000,000 containers", "a.json", &appliance(1_000_000));
    timed("10,000 errors on many lines", "a.json", &invalid(10_000, "\n"));
    timed("10,000 errors on one line", "a.json", &invalid(10_000, ""));
    timed("1,000,000 errors", "a.json", &invalid(1_000_000, "\n"));
    timed("nested", "a.json", &"[".repeat(MAX_SOURCE_BYTES));
    timed("nested", "a.yaml", &"[".repeat(MAX_SOURCE_BYTES));
    timed("commas", "a.json", &("[".to_owned() + &",".repeat(MAX_SOURCE_BYTES - 2)));
    timed("zeros", "a.json", &format!("[{}0]", "0,".repeat(MAX_SOURCE_BYTES / 2 - 2)));
    timed("zeros", "a.yaml", &format!("[{}0]", "0,".repeat(MAX_SOURCE_BYTES / 8)));
    let references = "@c0 ".repeat(MAX_SOURCE_BYTES / 8);
    timed("references", "a.json", &appliance(1).replace("@c0", &references));
    let unknown = "@no ".repeat(MAX_SOURCE_BYTES / 8);
    timed("unknown references", "a.json", &appliance(1).replace("@c0", &unknown));
    timed("duplicate ids", "a.json", &containers(490_000, &|_| r#"{"id":"a"}"#.to_owned()));
    timed("near names", "a.json", &near_names(20_000));
    timed("a cycle", "a.json", &containers(100_000, &|at| depends(at, (at + 1) % 100_000)));
    timed("cycles of two", "a.json", &containers(100_000, &|at| depends(at, at ^ 1)));
    timed("laughs", "a.yaml", &yaml_laughs());
    for (what, text) in [
        ("misspelled keys", containers(100_000, &misspelled)),
        ("commas and quotes", "[".to_owned() + &"'a' ".repeat(2_500_000) + "]"),
    ] {
        let start = Instant::now();
        let fixed = fix(&text, |text| Ok::<_, Infallible>(check("a.json", text).report)).unwrap();
        println!("fixing {what}: {} applied in {:.0?}", fixed.applied.len(), start.elapsed());
    }
    timed("quotes", "a.json", &"\"\n".repeat(MAX_SOURCE_BYTES / 4));
    timed("comments", "a.json", &"/*".repeat(MAX_SOURCE_BYTES / 4));
    timed("colons", "a.yaml", &"a: b: c\n".repeat(MAX_SOURCE_BYTES / 32));

    let small = appliance(3);
    let yaml = super::yaml_writer::value(
        &serde_json::from_str(&small).unwrap(),
        super::yaml_writer::Style::Plain,
    );
    for (name, text) in [("a.json", &small), ("a.yaml", &yaml)] {
        let start = Instant::now();
        for _ in 0..1_000 {
            assert!(!check(name, text).report.has_errors());
        }
        println!("1,000 files of {} bytes, {name}: {:.0?}", text.len(), start.elapsed());
    }
}
