//! `applc trace` of the appliances of a project.

use super::project::{MADE, Repository, appliance};

#[test]
fn an_appliance_is_traced_to_the_files_that_the_project_has() {
    let repository = Repository::new();
    let second_line = format!("# A cache.\n{}", appliance("b", "redis:7.4"));
    repository.write("apps/b/b.appliance.yaml", &second_line);
    assert_eq!(repository.run(&["compile"]).0, 0);
    let file = "apps/b/b.appliance.yaml";
    let line_of = |path: &str, text: &str| {
        let found = repository.read(path).lines().position(|line| line.contains(text));
        format!("{path}:{}", found.unwrap() + 1)
    };
    // Each environment with its targets, at the lines of the files with the comment at their start.
    let (status, out, err) = repository.run(&["trace", &format!("{file}:2")]);
    assert_eq!((status, err.as_str()), (0, ""));
    for (label, path) in [
        ("kubernetes in `prod`", MADE[2]),
        ("compose in `test`", MADE[5]),
        ("kubernetes in `test`", MADE[6]),
    ] {
        let expected = format!("  {label}: {}:", line_of(path, "image: redis"));
        assert!(out.contains(&expected), "{expected}\n{out}");
    }
    assert!(!out.contains("nomad") && !out.contains("compose in `prod`"), "{out}");
    let in_prod = ["trace", file, "--env", "prod", "-t", "kubernetes"];
    let place = line_of(MADE[2], "image: redis");
    for arguments in [&in_prod[..], &["trace", file]] {
        let at = [arguments, &["--at", &place]].concat();
        let (status, out, err) = repository.run(&at);
        assert_eq!((status, err.as_str()), (0, ""));
        assert!(out.contains(&format!("{place}:")) && out.contains("containers[0].image"), "{out}");
        let (_, json, _) = repository.run(&[&at[..], &["--format", "json"]].concat());
        assert!(json.contains(&format!("\"file\": \"{}\"", MADE[2])), "{json}");
        assert!(json.contains("\"environment\": \"prod\""), "{json}");
    }
    let (_, whole, _) = repository.run(&in_prod);
    assert!(whole.starts_with(&format!("kubernetes in `prod`: {}, from {file}\n", MADE[2])));
    assert!(whole.lines().nth(1).unwrap().contains("# Made by applc from"), "{whole}");
    // From another folder.
    let (_, out, _) = repository.run_in("apps/a", &["trace", "../b/b.appliance.yaml:2"]);
    let path = repository.path(MADE[2]).canonicalize().unwrap();
    assert!(out.contains(&path.display().to_string()), "{out}");
    let (status, _, err) = repository.run(&["trace", file, "-t", "kubernetes", "--at", "3"]);
    assert!(status == 2 && err.contains("`--at` requires one `--env`"), "{err}");
}

#[test]
fn findings_in_files_of_a_project_are_shown_at_the_appliance() {
    let repository = Repository::new();
    assert_eq!(repository.run(&["compile"]).0, 0);
    let alone = ["compile", "apps/b/b.appliance.yaml", "-t", "kubernetes", "--env", "prod"];
    let alone = [&alone[..], &["-o", "alone.yaml"]].concat();
    assert_eq!(repository.run(&alone).0, 0);
    // Also those in a file that was compiled by itself, which has no comment at its start.
    for file in [MADE[2], "alone.yaml"] {
        let line = repository.read(file).lines().position(|line| line.contains("image: redis"));
        let sarif = format!(
            r#"{{"runs": [{{"tool": {{"driver": {{"name": "t"}}}}, "results": [{{"ruleId": "r", "message": {{"text": "m"}},
                "locations": [{{"physicalLocation": {{"artifactLocation": {{"uri": "{file}"}},
                    "region": {{"startLine": {}}}}}}}]}}]}}]}}"#,
            line.unwrap() + 1
        );
        repository.write("found.json", &sarif);
        let trace = ["trace", "apps/b/b.appliance.yaml", "-t", "kubernetes", "--env", "prod"];
        let found = ["--findings", "found.json", "--format", "short"];
        let (status, out, err) = repository.run(&[&trace[..], &found].concat());
        assert_eq!((status, err.as_str()), (0, ""), "{file}");
        let text = repository.read("apps/b/b.appliance.yaml");
        let column = text.find("\"redis").unwrap() + 1;
        let place = format!("apps/b/b.appliance.yaml:1:{column}: warning[W0801]: t r: m\n");
        assert_eq!(out, place, "{file}");
    }
}
