//! `applc graph`.

use std::fs;

use assert_cmd::Command;

/// Runs `applc graph` in the repository: exit status, standard output, standard error.
fn graph(arguments: &[&str], stdin: &str) -> (i32, String, String) {
    let mut command = Command::cargo_bin("applc").unwrap();
    command.env_clear().current_dir(applc_testing::repository(".")).arg("graph");
    let output = command.args(arguments).write_stdin(stdin).output().unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

const EXAMPLE: &str = "examples/spark-livy.json";

#[test]
fn each_format_begins_as_it_must() {
    for (format, start) in [
        ("text", "spark-livy: 4 containers"),
        ("dot", "digraph \"spark-livy\" {"),
        ("mermaid", "flowchart TB\n"),
        ("svg", "<svg xmlns="),
    ] {
        let (status, out, err) = graph(&[EXAMPLE, "--format", format], "");
        assert_eq!(status, 0, "{err}");
        assert!(out.starts_with(start), "{out}");
    }
    let (_, text, _) = graph(&[EXAMPLE, "--format", "text"], "");
    assert_eq!(graph(&[EXAMPLE], "").1, text, "text is the default");
}

#[test]
fn help_says_what_each_format_is_for() {
    let (_, out, _) = graph(&["--help"], "");
    for line in ["text:    a list by level", "svg:     an image, for light and dark backgrounds"] {
        assert!(out.contains(line), "{out}");
    }
}

#[test]
fn warnings_do_not_hinder_and_are_shown() {
    let example = "examples/batch-pipeline.json";
    let (status, out, err) = graph(&[example], "");
    assert_eq!(status, 0);
    assert!(err.contains("warning[W0601]"), "{err}");
    assert!(out.contains("(load) job"), "{out}");
    let (status, out, err) = graph(&[example, "--deny", "warnings"], "");
    assert_eq!((status, out.as_str()), (1, ""), "{err}");
}

#[test]
fn a_file_with_errors_has_findings_and_no_picture() {
    let container = |id: &str, on: &str| {
        format!(
            r#"{{"id":"{id}","type":"service","image":"i:1","resources":{{"cpus":1,"mem":64}},"dependencies":["{on}"]}}"#
        )
    };
    let cycle =
        format!(r#"{{"id":"x","containers":[{},{}]}}"#, container("a", "b"), container("b", "a"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.svg");
    fs::write(&file, "old").unwrap();
    for more in [&[][..], &["-o", file.to_str().unwrap()]] {
        let (status, out, err) = graph(&[&["-", "--format", "svg"], more].concat(), &cycle);
        assert_eq!((status, out.as_str()), (1, ""));
        assert!(err.contains("error[E0304]: dependency cycle"), "{err}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "old");
    let (status, out, err) = graph(&["missing.json"], "");
    assert_eq!((status, out.as_str()), (3, ""), "{err}");
}

#[test]
fn a_picture_is_written_to_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("new/a.mmd");
    let path = file.to_str().unwrap();
    let (status, out, err) = graph(&[EXAMPLE, "--format", "mermaid", "-o", path], "");
    assert_eq!((status, out.as_str()), (0, ""), "{err}");
    assert_eq!(fs::read_to_string(&file).unwrap(), graph(&[EXAMPLE, "--format", "mermaid"], "").1);
    let (status, _, err) = graph(&[EXAMPLE, "-o", "-"], "");
    assert_eq!(status, 2, "{err}");
    let (status, _, err) = graph(&[EXAMPLE, "-o", folder.path().to_str().unwrap()], "");
    assert_eq!(status, 3, "{err}");
}

#[test]
fn an_unknown_format_is_invalid_usage() {
    let (status, out, err) = graph(&[EXAMPLE, "--format", "png"], "");
    assert_eq!((status, out.as_str()), (2, ""));
    for format in ["text", "dot", "mermaid", "svg"] {
        assert!(err.contains(format), "{err}");
    }
}
