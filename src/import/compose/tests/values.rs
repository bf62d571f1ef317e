//! What Compose itself makes of values before it hands them on.

use super::{clean, container, found, of, with};

#[test]
fn scalars_without_quotes_are_what_compose_reads() {
    let told =
        |text: &str, value: &str| format!("7 H1001 `{text}` is `{value}`, as Compose reads it");
    for (text, value) in [("0755", "493"), ("1.10", "1.1"), ("1000000.0", "1e+06"), ("+5", "5")] {
        found(
            &format!("environment: {{MODE: {text}}}"),
            &format!("env: {{ MODE: \"{value}\" }}\n"),
            &told(text, value),
        );
        found(
            &format!("labels: {{mode: {text}}}"),
            &format!("labels: {{ mode: \"{value}\" }}\n"),
            &told(text, value),
        );
        clean(
            &format!("environment: {{MODE: '{text}'}}"),
            &format!("env: {{ MODE: \"{text}\" }}\n"),
        );
        // Part of a text, and the value of a variable.
        clean(&format!("environment: ['MODE={text}']"), &format!("env: {{ MODE: \"{text}\" }}\n"));
        clean(
            &format!("environment: {{MODE: '${{NONE:-{text}}}'}}"),
            &format!("env: {{ MODE: \"{text}\" }}\n"),
        );
    }
    found(
        "environment: {DAY: 2001-01-01}",
        "env: { DAY: \"2001-01-01 00:00:00 +0000 UTC\" }\n",
        &told("2001-01-01", "2001-01-01 00:00:00 +0000 UTC"),
    );
    clean(
        "environment: {A: yes, B: True, C: on, D: 12}",
        "env: { A: \"yes\", B: \"true\", C: \"on\", D: \"12\" }\n",
    );
    found("deploy: {replicas: 010}", "instances: 8\n", &told("010", "8"));
    let (out, findings) = container("build: {context: ., args: {A: 1.0}}");
    assert!(out.contains("args: { A: \"1\" }"), "{out}");
    assert_eq!(findings, [told("1.0", "1")]);
    // The same number.
    let (_, findings) = container("healthcheck: {test: x, retries: 3.0}");
    assert_eq!(findings, Vec::<String>::new());
    assert_eq!(
        container("environment: {A: .inf}").1,
        ["7 E1001 Compose takes no `.inf`: it is not a finite number"]
    );
    let json = r#"{"services": {"a": {"image": "a", "environment": {"A": 1.0, "B": "1.0"}}}}"#;
    assert!(of(json).0.contains("env: { A: \"1\", B: \"1.0\" }\n"), "{}", of(json).0);
}

/// The variables of a service with two files of variables, and the findings about one without a value.
fn variables(environment: &str, dot_env: &str) -> (Vec<String>, Vec<String>) {
    let text = format!(
        "services:\n  web:\n    image: a\n    env_file: [one.env, two.env]\n    environment: {environment}\n"
    );
    let files = [
        (".env", dot_env),
        ("one.env", "A=plain\nB=$A\nC=${X:-no}\n"),
        ("two.env", "D=$A-$B\nA=two\nE=$A\n"),
    ];
    let (out, findings) = with(&text, &files, &[]);
    let env = out.split_once("    env:").map(|(_, rest)| rest).unwrap_or_default();
    // On one line in braces, or on several.
    let lines = match env.strip_prefix(" { ").and_then(|env| env.split_once(" }")) {
        Some((inside, _)) => inside.split(", ").map(str::to_owned).collect(),
        None => {
            let lines = env.lines().skip(1).take_while(|line| line.starts_with("      "));
            lines.map(|line| line.trim().to_owned()).collect()
        }
    };
    (lines, findings.into_iter().filter(|one| one.contains("no value")).collect())
}

/// The expected values are those that `docker-compose config` 5.6.1 prints.
#[test]
fn variables_in_files_are_those_of_the_service() {
    assert_eq!(
        variables("{A: over, X: x}", "").0,
        ["A: over", "B: over", "C: x", "D: over-over", "E: over", "X: x"]
    );
    assert_eq!(
        variables("{A: over, X: ''}", "A=dot\n").0,
        ["A: over", "B: dot", "C: \"no\"", "D: dot-dot", "E: dot", "X: \"\""]
    );
}

#[test]
fn a_variable_without_a_value_hides_that_of_a_file() {
    let told = "5 W1001 `A` has no value, not even that of `env_file`".to_owned();
    for environment in ["[A]", "{A: }"] {
        let (env, findings) = variables(environment, "");
        assert_eq!(env, ["B: plain", "C: \"no\"", "D: plain-plain", "E: two"], "{environment}");
        assert_eq!(findings, std::slice::from_ref(&told));
    }
    let (env, findings) = variables("[A]", "A=dot\n");
    assert_eq!(env, ["A: dot", "B: dot", "C: \"no\"", "D: dot-dot", "E: dot"]);
    assert_eq!(findings, Vec::<String>::new());
}

#[test]
fn memory_that_is_rounded_is_told() {
    let text = "services: {a: {image: a, cpu_shares: 512, restart: always, mem_limit: 10500k}}";
    let (out, findings) = of(text);
    assert!(out.contains("mem: 11 }"), "{out}");
    assert_eq!(findings, ["1 W1002 rounded up to 11 MB"]);
}

#[test]
fn the_container_whose_network_is_used_is_waited_for() {
    let text = "services:\n  a:\n    image: a\n    network_mode: service:c\n  c:\n    image: c\n";
    let (out, _) = of(text);
    assert!(out.contains("    dependencies: [c]\n"), "{out}");
}

#[test]
fn hidden_files_and_folders_are_paths() {
    clean(
        "volumes: ['.env:/x', '.hidden:/hidden', '../z:/z', '.:/c']",
        "volumes:
  - { src: \"./.env\", dest: /x, type: host }
  - { src: \"./.hidden\", dest: /hidden, type: host }
  - { src: \"../z\", dest: /z, type: host }
  - { src: \".\", dest: /c, type: host }
",
    );
}
