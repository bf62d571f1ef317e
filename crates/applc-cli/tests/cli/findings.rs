//! Findings on the command line: formats, levels, exit status.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

/// An appliance with an error, warnings and a hint, after characters of several widths.
const FAULTY: &str = r#"{"id": "x", "containers": [
	{"id": "a", "type": "service", "image": "nginx:1", "resources": {"cpus": 1, "mem": 64},
	 "env": {"é😀漢": "50 % @b", "A": "@b @b"},},
	{"id": "j", "type": "job", "image": "nginx:1", "resources": {"cpus": 1, "mem": 64}, "repeats": 3}
],
"data_persistence": {"volumes": [{"id": "v"}]}}
"#;

/// Without an error, but with an unused volume (W0301).
const WARNED: &str = r#"{"id": "x", "containers": [
  {"id": "a", "type": "service", "image": "nginx:1", "resources": {"cpus": 1, "mem": 64}}
], "data_persistence": {"volumes": [{"id": "v"}]}}
"#;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// The result of a run.
struct Run {
    status: i32,
    stdout: String,
    stderr: String,
}

fn applc(folder: &Path, arguments: &[&str]) -> Run {
    let output =
        Command::cargo_bin("applc").unwrap().current_dir(folder).args(arguments).output().unwrap();
    Run {
        status: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn codes(document: &Value) -> Vec<String> {
    let findings = document["diagnostics"].as_array().unwrap();
    findings.iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn json_is_one_document_for_all_files_and_valid() {
    let folder = folder(&[("a.json", FAULTY), ("b.json", WARNED), ("c.json", "")]);
    let run = applc(folder.path(), &["check", "--format", "json", "a.json", "b.json", "c.json"]);
    assert_eq!((run.status, run.stderr.as_str()), (1, ""));
    let document = json(&run.stdout);
    let schema = json(&applc_testing::read("schema/diagnostics.schema.json"));
    let errors: Vec<String> = jsonschema::draft7::new(&schema)
        .unwrap()
        .iter_errors(&document)
        .map(|error| error.to_string())
        .collect();
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(document["summary"]["files"], 3);
    let found = codes(&document);
    for code in ["E0301", "W0102", "H0302", "W0301", "E0111"] {
        assert!(found.iter().any(|found| found == code), "{code} in {found:?}");
    }
    // The reference after wide characters, with its character and byte offsets.
    let first = document["diagnostics"].as_array().unwrap().iter().find(|d| d["code"] == "E0301");
    let start = &first.unwrap()["span"]["start"];
    assert_eq!((&start["line"], &start["column"]), (&3.into(), &24.into()));
    assert_eq!(start["offset"], FAULTY.find("@b").unwrap());
    let clean = applc(folder.path(), &["check", "--format", "json", "b.json", "--allow", "W0301"]);
    assert_eq!((clean.status, codes(&json(&clean.stdout)).len()), (0, 0));
}

#[test]
fn short_has_one_line_for_each_finding() {
    let folder = folder(&[("a.json", FAULTY)]);
    let run = applc(folder.path(), &["check", "--format", "short", "a.json"]);
    let first = "a.json:3:24: error[E0301]: reference to unknown container `b`";
    assert_eq!(run.stdout.lines().next(), Some(first));
    assert!(run.stdout.lines().all(|line| line.starts_with("a.json:")), "{}", run.stdout);
}

#[test]
fn sarif_has_rules_locations_and_fixes() {
    let folder = folder(&[("a b.json", FAULTY), ("b.json", WARNED)]);
    let run = applc(folder.path(), &["check", "--format", "sarif", "a b.json", "b.json"]);
    let log = json(&run.stdout);
    let sarif = &log["runs"][0];
    assert_eq!(sarif["columnKind"], "unicodeCodePoints");
    let rules = sarif["tool"]["driver"]["rules"].as_array().unwrap();
    let results = sarif["results"].as_array().unwrap();
    let mut prints = HashSet::new();
    for result in results {
        let rule = &rules[result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(prints.insert(result["partialFingerprints"]["applc/v1"].to_string()));
    }
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20b.json");
    assert_eq!(place["region"]["startColumn"], 24);
    let comma = results.iter().find(|result| result["ruleId"] == "W0102").unwrap();
    let replacement = &comma["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(replacement["deletedRegion"]["startLine"], 3);
}

#[test]
fn github_and_gitlab_and_junit_have_every_finding() {
    let folder = folder(&[("a.json", FAULTY), ("b.json", WARNED)]);
    let check = |format| applc(folder.path(), &["check", "--format", format, "./a.json", "b.json"]);
    let count = check("short").stdout.lines().count();
    let github = check("github").stdout;
    assert_eq!(github.lines().count(), count);
    assert!(github.starts_with("::error file=./a.json,line=3,endLine=3,col=24,"), "{github}");
    let gitlab = json(&check("gitlab").stdout);
    let gitlab = gitlab.as_array().unwrap();
    assert_eq!(gitlab.len(), count);
    assert_eq!(gitlab[0]["location"]["path"], "a.json");
    let prints: HashSet<_> = gitlab.iter().map(|one| one["fingerprint"].to_string()).collect();
    assert_eq!(prints.len(), count);
    let junit = check("junit").stdout;
    assert_eq!(junit.matches("<testcase ").count(), count);
    assert!(junit.contains("failures=\"3\""), "{junit}");
}

#[test]
fn fingerprints_do_not_depend_on_lines() {
    let folder = folder(&[("a.json", FAULTY)]);
    let prints = || {
        let run = applc(folder.path(), &["check", "--format", "gitlab", "a.json"]);
        let findings = json(&run.stdout);
        let print = |one: &Value| one["fingerprint"].to_string();
        findings.as_array().unwrap().iter().map(print).collect::<Vec<_>>()
    };
    let before = prints();
    let moved =
        FAULTY.replacen("[\n", "[\n\n\n  \n", 1).replacen("{\"id\": \"x\"", "{ \"id\":  \"x\"", 1);
    fs::write(folder.path().join("a.json"), moved).unwrap();
    assert_eq!(prints(), before);
}

#[test]
fn a_denied_warning_is_status_1_and_nothing_is_written() {
    let folder = folder(&[("b.json", WARNED)]);
    let compile = |more: &[&str]| {
        let arguments = ["compile", "b.json", "-t", "compose", "-o", "out.yaml"];
        applc(folder.path(), &[&arguments[..], more].concat())
    };
    let run = compile(&["--deny", "W0301"]);
    assert_eq!(run.status, 1);
    assert!(run.stderr.starts_with("error[W0301]: unused volume"), "{}", run.stderr);
    assert!(!folder.path().join("out.yaml").exists());
    assert_eq!(compile(&["--deny", "warnings"]).status, 1);
    assert_eq!(compile(&["--deny", "warnings", "--allow", "W0301"]).status, 0);
    assert!(folder.path().join("out.yaml").exists());
    assert_eq!(compile(&["--allow", "W0301", "--deny", "W0301"]).status, 1);
    assert_eq!(compile(&[]).status, 0);
}

#[test]
fn invalid_codes_are_invalid_usage() {
    let folder = folder(&[("b.json", WARNED)]);
    let run = applc(folder.path(), &["check", "b.json", "--deny", "W03O1"]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("did you mean `W0301`?"), "{}", run.stderr);
    let run = applc(folder.path(), &["check", "b.json", "--allow", "E0301", "--format", "json"]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("cannot suppress or lower error `E0301`"), "{}", run.stderr);
}

#[test]
fn a_project_file_sets_levels_and_arguments_override_them() {
    let folder = folder(&[
        ("b.json", WARNED),
        ("applc.toml", "[diagnostics]\nallow = [\"W0301\"]\ndeny = [\"warnings\"]\n"),
    ]);
    let status =
        |more: &[&str]| applc(folder.path(), &[&["check", "b.json"], more].concat()).status;
    assert_eq!(status(&[]), 0);
    assert_eq!(status(&["--deny", "W0301"]), 1);
    fs::write(folder.path().join("applc.toml"), "[diagnostics]\ndeny = [\"warnings\"]\n").unwrap();
    assert_eq!(status(&[]), 1);
    assert_eq!(status(&["--warn", "W0301"]), 0);
    let twice = "[diagnostics]\nwarn = [\"W0301\"]\ndeny = [\"w0301\", \"X1\"]\nsay = []\n";
    fs::write(folder.path().join("applc.toml"), twice).unwrap();
    let run = applc(folder.path(), &["check", "b.json", "--format", "short"]);
    assert_eq!(run.status, 1);
    let places: Vec<&str> =
        run.stdout.lines().filter_map(|l| l.split("applc.toml:").nth(1)).collect();
    let expected = ["3:9: error[E0502]", "3:18: error[E0502]", "4:1: error[E0501]"];
    assert_eq!(places.len(), expected.len(), "{}", run.stdout);
    for (place, expected) in places.iter().zip(expected) {
        assert!(place.starts_with(expected), "{}", run.stdout);
    }
}

#[test]
fn check_shows_hints_and_compile_does_not() {
    let folder = folder(&[(
        "a.json",
        r#"{"id": "x", "containers": [{"id": "j", "type": "job", "image": "nginx:1",
            "resources": {"cpus": 1, "mem": 64}, "interval": "2M", "repeats": 3}]}"#,
    )]);
    assert!(applc(folder.path(), &["check", "a.json"]).stderr.contains("hint[H0302]"));
    let compile = ["compile", "a.json", "-t", "marathon"];
    assert!(!applc(folder.path(), &compile).stderr.contains("H0302"));
    let requested = applc(folder.path(), &[&compile[..], &["--warn", "hints"]].concat());
    assert!(requested.stderr.contains("warning[H0302]"), "{}", requested.stderr);
}

#[test]
fn an_unreadable_file_is_in_the_document() {
    let folder = folder(&[("b.json", WARNED)]);
    let run = applc(folder.path(), &["check", "--format", "json", "none.json", "b.json"]);
    assert_eq!(run.status, 3);
    assert_eq!(codes(&json(&run.stdout)), ["E0003", "W0301"]);
}

#[test]
fn findings_have_no_colors_without_a_terminal() {
    let folder = folder(&[("a.json", FAULTY)]);
    let run = applc(folder.path(), &["check", "a.json"]);
    assert!(run.stdout.is_empty() && !run.stderr.contains('\u{1b}'));
    assert!(run.stderr.contains("3 errors, 2 warnings"), "{}", run.stderr);
}

#[test]
fn fix_applies_safe_fixes_and_shows_the_remaining_findings() {
    let text = FAULTY.replace("\"cpus\": 1", "\"cpu\": 1");
    let folder = folder(&[("a.json", &text)]);
    let path = folder.path().join("a.json");
    let diff = applc(folder.path(), &["check", "--diff", "a.json"]);
    assert_eq!(diff.status, 1, "the unknown reference remains");
    assert!(diff.stdout.starts_with("--- a/a.json\n+++ b/a.json\n@@ "), "{}", diff.stdout);
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    let run = applc(folder.path(), &["check", "--fix", "a.json", "--format", "short"]);
    assert_eq!(run.status, 1);
    assert!(run.stderr.contains("a.json:2:67: fixed E0201: unknown field `cpu`"), "{}", run.stderr);
    assert!(run.stdout.contains("error[E0301]") && !run.stdout.contains("W0102"), "{}", run.stdout);
    let fixed = FAULTY.replace("},},", "}},").replace("\"@b @b\"},}", "\"@b @b\"}}");
    assert_eq!(fs::read_to_string(&path).unwrap(), fixed);
    let again = applc(folder.path(), &["check", "--fix", "a.json"]);
    assert!(!again.stderr.contains("fixed"), "{}", again.stderr);
    let clean = applc(folder.path(), &["check", "--diff", "a.json"]);
    assert_eq!(clean.stdout, "");
}

#[test]
fn fixes_that_may_not_be_meant_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let text = r#"{"id": "x", "containers": [{"id": "a", "type": "servic"}]}"#;
    fs::write(folder.path().join("a.json"), text).unwrap();
    let run = applc(folder.path(), &["check", "--fix", "a.json"]);
    let err = run.stderr;
    assert!(err.contains("replace with this, if it is meant"), "{err}");
    assert!(err.contains("a.json: 1 suggested fix may not be what is meant"), "{err}");
}

#[test]
fn fixing_reads_the_files_beside_the_appliance() {
    let text = r#"{"id": "x", "containers": [{"id": "a", "type": "job" "image": "a:1",
      "resources": {"cpus": 1, "mem": 64}, "files": [{"dest": "/a", "source": "./b.conf"}]}]}"#;
    let folder = folder(&[("a.json", text), ("b.conf", "b")]);
    let run = applc(folder.path(), &["check", "--fix", "a.json"]);
    assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{}", run.stderr);
}

#[test]
fn a_file_that_compose_mounts_has_no_permissions_of_its_own() {
    let text = r#"{"id": "x", "containers": [{"id": "a", "type": "job", "image": "a:1",
      "resources": {"cpus": 1, "mem": 64}, "files": [{"dest": "/a", "source": "b", "mode": "0755"}]}]}"#;
    let folder = folder(&[("a.json", text), ("b", "text")]);
    let compile = || applc(folder.path(), &["compile", "a.json", "--target", "compose"]);
    let said = "it has the permissions of `b` on the machine";
    // Text is in the Compose file, with its mode.
    let run = compile();
    assert!(run.stdout.contains("mode: \"0755\"") && !run.stderr.contains(said), "{}", run.stderr);
    fs::write(folder.path().join("b"), b"\xff").unwrap();
    let run = compile();
    assert!(!run.stdout.contains("mode: \"0755\"") && run.stderr.contains(said), "{}", run.stderr);
    assert!(run.stderr.contains("W0401"), "{}", run.stderr);
}

#[test]
fn standard_input_is_not_fixed_in_place() {
    let folder = folder(&[]);
    assert_eq!(applc(folder.path(), &["check", "--fix", "-"]).status, 2);
}

#[test]
fn explain_shows_a_code_or_similar_ones() {
    let folder = folder(&[]);
    let page = applc(folder.path(), &["explain", "e0301"]);
    assert_eq!(page.status, 0);
    assert!(
        page.stdout.starts_with("# E0301: reference to an unknown container"),
        "{}",
        page.stdout
    );
    assert!(page.stdout.contains("```json faulty"), "{}", page.stdout);
    let list = applc(folder.path(), &["explain"]).stdout;
    let (codes, fields) = list.split_once("\n\n").unwrap();
    assert_eq!(codes.lines().count(), applc::diag::codes::ALL.len());
    assert!(fields.contains("\ncontainers[].ports[].host_port  "), "{fields}");
    let unknown = applc(folder.path(), &["explain", "E030"]);
    assert_eq!((unknown.status, unknown.stdout.as_str()), (2, ""));
    assert!(applc(folder.path(), &["explain", "E0121"]).stderr.contains("E01"));
}

#[test]
fn explain_describes_a_field_and_suggests_near_ones() {
    let folder = folder(&[]);
    let ports = applc(folder.path(), &["explain", "ports"]);
    assert_eq!((ports.status, ports.stderr.as_str()), (0, ""));
    assert!(ports.stdout.starts_with("# containers[].ports\n\nPorts that"), "{}", ports.stdout);
    for part in ["array of objects", "Default: `[]`", "\"ports\": [{ ", "container_port", "nomad"] {
        assert!(ports.stdout.contains(part), "{part}: {}", ports.stdout);
    }
    let whole = applc(folder.path(), &["explain", "containers.ports.container_port"]);
    assert!(whole.stdout.starts_with("# containers[].ports[].container_port\n"));
    let every = applc(folder.path(), &["explain", "id"]).stdout;
    assert_eq!(every.lines().filter(|line| line.starts_with("# ")).count(), 3, "{every}");
    let slip = applc(folder.path(), &["explain", "prots"]);
    assert_eq!((slip.status, slip.stdout.as_str()), (2, ""));
    assert!(slip.stderr.contains("unknown code or field `prots`; did you mean `ports`?"));
    let index = applc(folder.path(), &["explain", "port_index"]).stdout;
    assert!(index.contains("Targets, for `TCP`") && !index.contains("for `COMMAND`"), "{index}");
    let other = applc(folder.path(), &["explain", "expose"]).stderr;
    assert!(other.contains("did you mean `ports`?"), "{other}");
    let target = applc(folder.path(), &["explain", "kubernetes"]);
    assert_eq!((target.status, target.stdout.as_str()), (2, ""));
    assert!(target.stderr.contains("`applc targets kubernetes`"), "{}", target.stderr);
    let unknown = applc(folder.path(), &["explain", "bicycle"]);
    assert!(unknown.stderr.contains("`applc explain` lists all"), "{}", unknown.stderr);
}

#[test]
fn the_schema_works_where_an_appliance_names_it() {
    let named = WARNED.replacen('{', "{\"$schema\": \"./schema/appliance.schema.json\", ", 1);
    let folder = folder(&[("a.json", &named)]);
    let checked = applc(folder.path(), &["compile", "a.json", "-t", "compose"]);
    assert_eq!(checked.status, 0, "{}", checked.stderr);
    assert!(!checked.stdout.contains("schema"), "{}", checked.stdout);
}

#[test]
fn a_finding_names_the_target_that_reports_it() {
    let folder = folder(&[("a.json", WARNED)]);
    let arguments = ["check", "--format", "json", "a.json", "-t", "compose", "--allow", "H0601"];
    let document = json(&applc(folder.path(), &arguments).stdout);
    let targets: Vec<&Value> =
        document["diagnostics"].as_array().unwrap().iter().map(|one| &one["target"]).collect();
    // W0301 is about the appliance.
    assert_eq!(targets, [&Value::Null]);
    let disk = WARNED.replace("\"mem\": 64", "\"mem\": 64, \"disk\": 10");
    fs::write(folder.path().join("a.json"), disk).unwrap();
    let document = json(&applc(folder.path(), &arguments).stdout);
    let found = document["diagnostics"].as_array().unwrap();
    let disk = found.iter().find(|one| one["code"] == "W0401").unwrap();
    assert_eq!(disk["target"], "compose");
    assert!(!disk["message"].as_str().unwrap().starts_with("compose"), "{disk}");
    let sarif = json(
        &applc(folder.path(), &["check", "--format", "sarif", "a.json", "-t", "compose"]).stdout,
    );
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let disk = results.iter().find(|one| one["ruleId"] == "W0401").unwrap();
    assert_eq!(disk["properties"]["target"], "compose");
}
