use crate::Memory;

/// Code and source text of the findings for two containers: `a` with these fields, and `b`,
/// which lists port 80.
fn found(fields: &str) -> Vec<(&'static str, String)> {
    let text = format!(
        r#"{{"id": "x", "containers": [
            {{"id": "a", "type": "service", "resources": {{"cpus": 1, "mem": 64}}, {fields}}},
            {{"id": "b", "type": "service", "image": "i:1", "resources": {{"cpus": 1, "mem": 64}},
              "network_mode": "bridge", "ports": [{{"container_port": 80}}]}}]}}"#
    );
    let report = crate::compile(&Memory::new().with("a.json", text), "a.json", &[]).unwrap().report;
    let finding =
        |d: &crate::diag::Diagnostic| (d.code.id, report.source.slice(d.primary.span).to_owned());
    report.diagnostics.iter().map(finding).collect()
}

/// The codes of these findings.
fn codes(fields: &str) -> Vec<&'static str> {
    found(fields).into_iter().map(|(code, _)| code).collect()
}

#[test]
fn images_without_a_version() {
    assert_eq!(found(r#""image": "nginx""#), [("H0601", "\"nginx\"".to_owned())]);
    assert_eq!(codes(r#""image": "reg:5000/nginx:latest""#), ["H0601"]);
    assert_eq!(codes(r#""image": "nginx:1.27""#), [""; 0]);
    let digest = "0123456789abcdef".repeat(4);
    assert_eq!(codes(&format!(r#""image": "nginx@sha256:{digest}""#)), [""; 0]);
}

#[test]
fn secrets_in_plain_text() {
    let env = |name: &str, value: &str| {
        codes(&format!(r#""image": "i:1", "env": {{"{name}": "{value}"}}"#))
    };
    for (name, value) in [
        ("POSTGRES_PASSWORD", "hunter2"),
        ("api_key", "x1"),
        ("SMTP_PASS", "x1"),
        ("pass", "x1"),
        ("apiKey", "x1"),
        ("DATABASE_URL", r"postgres://u:pw\\@example.org/x"),
        ("X", "AKIAIOSFODNN7EXAMPLE"),
        ("X", r"-----BEGIN RSA PRIVATE KEY-----\nMIIE"),
    ] {
        assert_eq!(env(name, value), ["W0601"], "{name}={value}");
    }
    for (name, value) in [
        ("POSTGRES_PASSWORD_FILE", "hunter2"),
        ("POSTGRES_PASSWORD", "/run/secrets/pw"),
        ("ALLOW_EMPTY_PASSWORD", "yes"),
        ("POSTGRES_PASSWORD", ""),
        ("MAX_TOKENS", "100"),
        ("TOKEN", "<the token>"),
        ("COMPASS", "north"),
        ("BYPASS", "x1"),
        ("URL", "http://example.org:80/a"),
        ("X", r"-----BEGIN CERTIFICATE-----\nMIIE"),
        ("X", "AKIA"),
    ] {
        assert_eq!(env(name, value), [""; 0], "{name}={value}");
    }
}

#[test]
fn sensitive_mounts() {
    let mount = |path: &str, mode: &str| {
        codes(&format!(
            r#""image": "i:1", "volumes":
                [{{"type": "host", "src": "{path}", "dest": "/d", "mode": "{mode}"}}]"#
        ))
    };
    for path in ["/", "/etc/", "/var/run/docker.sock", "/root/.ssh", "/sys", "/proc/sys"] {
        assert_eq!(mount(path, "RW"), ["W0602"], "{path}");
    }
    assert_eq!(mount("/etc", "RO"), ["W0602"]);
    // The folder of the appliance.
    assert_eq!(mount(".", "RW"), [""; 0]);
    for path in ["/srv/data", "/etc/localtime", "/rooted", "/data/etc", "/var/log"] {
        assert_eq!(mount(path, "RW"), [""; 0], "{path}");
    }
    for path in ["/proc", "/sys", "/sys/fs/cgroup"] {
        assert_eq!(mount(path, "RO"), [""; 0], "{path}");
    }
}

#[test]
fn an_empty_home() {
    let home = |value: &str| found(&format!(r#""image": "i:1", "env": {{"HOME": {value}}}"#));
    assert_eq!(home(r#""""#), [("W0605", r#""""#.to_owned())]);
    assert_eq!(home(r#""/root""#), []);
    assert_eq!(home(r#"[]"#), []);
    assert_eq!(codes(r#""image": "i:1", "env": {"PATH": ""}"#), [""; 0]);
}

#[test]
fn privileges_and_memory() {
    assert_eq!(codes(r#""image": "i:1", "is_privileged": true"#), ["H0602"]);
    assert_eq!(codes(r#""image": "i:1", "is_privileged": false"#), [""; 0]);
    let with = |mem: u32| {
        let text = format!(
            r#"{{"id": "x", "containers": [{{"id": "a", "type": "job", "image": "i:1",
                "resources": {{"cpus": 1, "mem": {mem}}}}}]}}"#
        );
        let report =
            crate::compile(&Memory::new().with("a.json", text), "a.json", &[]).unwrap().report;
        report.diagnostics.iter().map(|d| d.code.id).collect::<Vec<_>>()
    };
    assert_eq!(with(5), ["W0604"]);
    assert_eq!(with(6), [""; 0]);
}

#[test]
fn ports_that_are_not_listed() {
    let depends = r#""image": "i:1", "dependencies": ["b"]"#;
    let port = |port: u32| found(&format!(r#"{depends}, "cmd": "x @b:{port}""#));
    assert_eq!(port(80), []);
    assert_eq!(port(81), [("H0301", "@b:81".to_owned())]);
}

#[test]
fn references_without_a_dependency() {
    assert_eq!(found(r#""image": "i:1", "args": ["@b", "@b"]"#), [("H0603", "@b".to_owned())]);
    assert_eq!(codes(r#""image": "i:1", "args": ["@b"], "dependencies": ["b"]"#), [""; 0]);
    assert_eq!(codes(r#""image": "i:1", "args": ["@a"]"#), [""; 0], "to itself");
    let chain = |c: &str| {
        let text = format!(
            r#"{{"id": "x", "containers": [
            {{"id": "a", "type": "service", "image": "i:1", "resources": {{"cpus": 1, "mem": 64}},
              "dependencies": ["b"], "cmd": "@c"}},
            {{"id": "b", "type": "service", "image": "i:1", "resources": {{"cpus": 1, "mem": 64}},
              "dependencies": ["c"]}},
            {{"id": "c", "type": "service", "image": "i:1", "resources": {{"cpus": 1, "mem": 64}},
              "cmd": "{c}"}}]}}"#
        );
        let report =
            crate::compile(&Memory::new().with("a.json", text), "a.json", &[]).unwrap().report;
        report.diagnostics.iter().map(|d| d.code.id).collect::<Vec<_>>()
    };
    assert_eq!(chain("x"), [""; 0], "indirect dependency");
    assert_eq!(chain("@a @b"), [""; 0], "cycle of references");
}

#[test]
fn at_signs_that_start_a_reference() {
    let cmd =
        |cmd: &str| found(&format!(r#""image": "i:1", "dependencies": ["b"], "cmd": "{cmd}""#));
    assert_eq!(cmd("x://u:pw@b:80/d"), [("W0603", "@b:80".to_owned())]);
    assert_eq!(cmd("ssh://git@b"), [("W0603", "@b".to_owned())]);
    for (line, expected) in [
        (r#""x://u:pw@b:80/d""#, r#""x://u:pw\\@@b:80/d""#),
        ("x://u:pw@b:80/d", r"x://u:pw\@@b:80/d"),
        ("'x://u:pw@b:80/d'", r"'x://u:pw\@@b:80/d'"),
    ] {
        let text = format!(
            "id: x\ncontainers:\n- {{id: a, type: service, image: i:1, network_mode: bridge, resources: {{cpus: 1, mem: 64}}, dependencies: [b], cmd: {line}}}\n- {{id: b, type: service, image: i:1, network_mode: bridge, ports: [{{container_port: 80}}], resources: {{cpus: 1, mem: 64}}}}\n"
        );
        let world = Memory::new().with("a.yaml", text.as_str());
        let report = crate::compile(&world, "a.yaml", &[]).unwrap().report;
        let mut found = report.diagnostics.iter().filter(|one| one.code.id == "W0603");
        let edit = found.next().and_then(|one| one.edit.clone()).unwrap();
        let at = edit.span.start as usize;
        let edited = format!("{}{}{}", &text[..at], edit.replacement, &text[at..]);
        assert_eq!(edited, text.replace(line, expected));
    }
    for right in [r"x://u:pw\\@@b:80/d", "zk://h:2181,@b", "http://@b:80", "-h@b", "http://x/@b"] {
        assert_eq!(cmd(right), [], "{right}");
    }
}

#[test]
fn advice_does_not_follow_errors() {
    assert_eq!(codes(r#""args": ["@b", "@nobody"], "image": """#), ["E0301", "E0206"]);
}

#[test]
fn unlisted_ports_of_a_container_with_many_ports_are_found_in_linear_time() {
    let ports: Vec<String> =
        (1..=20_000).map(|port| format!(r#"{{"container_port": {port}}}"#)).collect();
    let references = "@b:60000 ".repeat(20_000);
    let text = format!(
        r#"{{"id": "x", "containers": [
            {{"id": "a", "type": "service", "image": "i:1", "resources": {{"cpus": 1, "mem": 64}},
              "cmd": "{references}", "dependencies": ["b"]}},
            {{"id": "b", "type": "service", "image": "i:1", "resources": {{"cpus": 1, "mem": 64}},
              "network_mode": "bridge", "ports": [{}]}}]}}"#,
        ports.join(",")
    );
    let report = crate::compile(&Memory::new().with("a.json", text), "a.json", &[]).unwrap().report;
    assert_eq!(report.diagnostics.len(), crate::diag::MAX_FINDINGS + 1);
    let label = &report.diagnostics[0].secondary[0].text;
    assert_eq!(label, "lists 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ...");
}

/// The findings about characters in a container with these lines of YAML, and the text with the edit of the last one.
fn characters(lines: &str) -> (Vec<String>, String) {
    let text = format!(
        "id: x\ncontainers:\n  - id: a\n    type: service\n    image: i:1\n    resources: {{ cpus: 1, mem: 64 }}\n{lines}"
    );
    let world = Memory::new().with("a.yaml", text.as_str());
    let report = crate::compile(&world, "a.yaml", &[]).unwrap().report;
    let found: Vec<_> =
        report.diagnostics.iter().filter(|found| found.code.id == "W0610").collect();
    let edits = found.iter().filter_map(|found| found.edit.as_ref());
    let right = edits.fold(text.clone(), |_, edit| {
        assert!(!edit.safe);
        edit.applied_to(&text)
    });
    let places = found.iter().map(|found| report.source.slice(found.primary.span).to_owned());
    (places.collect(), right)
}

#[test]
fn characters_of_pasted_text() {
    for (line, place, right) in [
        ("A\u{200b}: b", "\u{200b}", "A: b"),
        ("A\u{a0}: b", "\u{a0}", "A: b"),
        ("\"A\u{200b}\": b", "\u{200b}", "\"A\": b"),
        ("A:: b", ":", "A: b"),
        ("“A”: b", "“A”", "\"A\": b"),
        ("A: “b c”", "“b c”", "A: \"b c\""),
        ("A: „b“", "„b“", "A: \"b\""),
        ("A: b\u{200b}", "\u{200b}", "A: b"),
    ] {
        let world = |line: &str| characters(&format!("    env:\n      {line}\n"));
        let (places, fixed) = world(line);
        assert_eq!(places, [place], "{line}");
        assert!(fixed.ends_with(&format!("      {right}\n")), "{line}: {fixed}");
        assert_eq!(world(right).0, [""; 0], "{right}");
    }
    for line in [
        "\"A:\": b",
        "\"“A”\": b",
        "A: \"“b”\"",
        "A: “b” and “c”",
        "A: \"\\u00a0b\"",
        "A: \"\u{a0}b\"",
        "A: b\u{a0}c",
        "A: |\n        “b”\n        c\u{a0}",
        "Ä: ü",
        "A: ::1",
    ] {
        assert_eq!(characters(&format!("    env:\n      {line}\n")).0, [""; 0], "{line}");
    }
    // The schema says it.
    assert_eq!(characters("    network_mode: “host”\n").0, [""; 0]);
    // A secret is in no edit.
    let (places, text) = characters("    env:\n      PASSWORD: “hunter2”\n");
    assert_eq!(places, ["“hunter2”"]);
    assert!(text.contains('“'));
}
