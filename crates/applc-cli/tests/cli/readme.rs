//! The README and the pages of `graph` and `trace` show current files and output. `UPDATE_DOCS=1 cargo
//! test readme` updates them.

use std::fmt::Write;

use applc_testing::{hold, read, repository};

/// Files and output of the program in the README.
#[test]
fn the_readme_is_up_to_date() {
    check("README.md");
}

/// Output of the program in the page of `graph`.
#[test]
fn the_page_of_graph_is_up_to_date() {
    check("docs/graph.md");
}

/// The picture in the README and in the page of `graph`.
#[test]
fn the_picture_in_the_readme_is_up_to_date() {
    let picture = "docs/pictures/spark-livy.svg";
    for page in ["README.md", "docs/graph.md"] {
        let path = if page == "README.md" { picture } else { "pictures/spark-livy.svg" };
        assert!(read(page).contains(&format!("]({path})")), "{page} does not show {picture}");
    }
    hold(picture, &output("applc graph examples/spark-livy.json --format svg"));
}

/// Output of the program in the page of `trace`.
#[test]
fn the_page_of_trace_is_up_to_date() {
    check("docs/trace.md");
}

/// Replaces the block below each marker by the file or the output that the marker names.
fn check(path: &str) {
    let readme = read(path);
    let mut lines = readme.lines();
    let mut expected = String::new();
    let mut shown = 0;
    while let Some(line) = lines.next() {
        let _ = writeln!(expected, "{line}");
        let marker = line.strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->"));
        let Some((kind, what)) = marker.and_then(|marker| marker.split_once(": ")) else {
            continue;
        };
        let content = match kind {
            "file" => read(what),
            "output" => output(what),
            _ => panic!("{path}: {line}"),
        };
        // The block after the marker is replaced.
        let fence = lines.next().unwrap();
        assert!(fence.starts_with("```"), "{path}: no block below {line}");
        let _ = writeln!(expected, "{fence}\n{}\n```", content.trim_end());
        while lines.next().unwrap() != "```" {}
        shown += 1;
    }
    assert!(shown > 0);
    hold(path, &expected);
}

/// The output of a command: standard output, then standard error.
fn output(command: &str) -> String {
    let arguments = command.strip_prefix("applc ").unwrap().split(' ');
    let output = assert_cmd::Command::cargo_bin("applc")
        .unwrap()
        .current_dir(repository("."))
        .env_clear()
        .args(arguments)
        .output()
        .unwrap();
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}
