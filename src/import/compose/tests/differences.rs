//! What means something else afterwards, or is lost.

use super::{clean, container, found, imported, of, with};

#[test]
fn a_reservation_of_memory_is_no_limit() {
    for (reserved, limit) in [("64M", 1024), ("2G", 4096)] {
        let of = |fields: &str| {
            of(&format!(
                "services:\n  web:\n    image: a\n    restart: always\n    cpu_shares: 512\n{fields}"
            ))
        };
        let text = format!("{{ cpus: 0.5, mem: {limit} }}");
        let finding =
            format!("6 W1002 the memory is a limit of {limit} MB, where it was a reservation");
        let (out, findings) = of(&format!("    mem_reservation: {reserved}\n"));
        assert!(out.contains(&text), "{out}");
        assert_eq!(findings, [finding.as_str()]);
        let (out, findings) = of(&format!(
            "    deploy: {{ resources: {{ reservations: {{ memory: {reserved} }} }} }}\n"
        ));
        assert!(out.contains(&text), "{out}");
        assert_eq!(findings, [finding.as_str()]);
    }
}

#[test]
fn a_limit_of_zero_is_none() {
    let text =
        "services:\n  web:\n    image: a\n    restart: always\n    cpus: 0\n    mem_limit: 0\n";
    let (out, findings) = of(text);
    assert!(out.contains("{ cpus: 0.5, mem: 1024 }"), "{out}");
    assert_eq!(findings, ["2 H1001 `web` has no limits: what it may use was chosen"]);
}

#[test]
fn owners_of_secrets_are_told() {
    let text = "services:\n  web:\n    image: a\n    restart: always\n    cpu_shares: 512\n    mem_limit: 64m\n    secrets:\n      - source: s\n        uid: '1000'\n        gid: '0'\nsecrets: { s: { file: s } }\n";
    let (_, findings) = of(text);
    assert!(findings.contains(&"9 W1001 files belong to root".to_owned()), "{findings:?}");
    assert!(!findings.iter().any(|one| one.starts_with("10 ")), "{findings:?}");
}

#[test]
fn services_that_get_other_names_are_told() {
    let text = "services:\n  w-x-y: {image: a}\n  w_x-y: {image: a}\n  my_api: {image: a}\n";
    let (_, findings) = of(text);
    for finding in ["3 W1002 `w_x-y` has the id `w-x-y-2`", "4 W1002 `my_api` has the id `my-api`"]
    {
        assert!(findings.contains(&finding.to_owned()), "{findings:?}");
    }
    assert!(!findings.iter().any(|one| one.starts_with("2 W")), "{findings:?}");
}

#[test]
fn restart_no_is_not_kept_for_a_service() {
    let text = "services:\n  web:\n    image: a\n    restart: 'no'\n";
    let (_, findings) = of(text);
    assert!(
        findings.contains(&"4 W1002 `web` is started again if it ends".to_owned()),
        "{findings:?}"
    );
}

#[test]
fn zero_retries_are_those_of_docker() {
    let (out, findings) = container("healthcheck: { test: [CMD, x], retries: 0 }");
    assert!(out.contains("max_consecutive_failures: 3\n"), "{out}");
    assert_eq!(findings, Vec::<String>::new());
}

#[test]
fn commands_are_split_without_a_shell() {
    clean("command: 'a # c'", "args: [a, \"#\", c]\n");
    found(
        "command: a && b",
        "args: [a]\n",
        "7 W1001 `&& b` is left out, as Compose does: no shell reads the text",
    );
    found(
        "entrypoint: a (b)",
        "",
        "7 E1001 a bracket outside quotes is not valid here: no shell reads the text",
    );
}

#[test]
fn lines_of_env_files_that_compose_refuses_are_errors() {
    let text = "services:\n  web:\n    image: a\n    env_file: web.env\n";
    let (_, findings) = with(text, &[("web.env", "A: 1\nB='x")], &[]);
    assert!(
        findings.contains(&"4 E1001 line 2 of `web.env`: a quote is not closed".to_owned()),
        "{findings:?}"
    );
    let (_, findings) = with("services:\n  web: {image: a}\n", &[(".env", "A=${Q:?err}")], &[]);
    assert!(
        findings.contains(&"1 E1001 line 1 of `.env`: `Q` is not set: err".to_owned()),
        "{findings:?}"
    );
}

#[test]
fn gpus_are_reserved_as_docker_run_reserves_them() {
    let (out, findings) = of(
        "services:\n  web:\n    image: a\n    restart: always\n    cpu_shares: 512\n    mem_limit: 64m\n    gpus: all\n",
    );
    assert!(out.contains("{ cpus: 0.5, mem: 64, gpu: 1 }"), "{out}");
    assert_eq!(findings, ["7 W1002 one GPU, not all of them"]);
    let (out, findings) = of(
        "services:\n  web:\n    image: a\n    restart: always\n    cpu_shares: 512\n    mem_limit: 64m\n    gpus: [{count: 2}]\n",
    );
    assert!(out.contains("{ cpus: 0.5, mem: 64, gpu: 2 }"), "{out}");
    let (out, _) = of(
        "services:\n  web:\n    image: a\n    restart: always\n    cpu_shares: 512\n    mem_limit: 64m\n    gpus: [{count: 0}]\n",
    );
    assert!(out.contains("{ cpus: 0.5, mem: 64 }"), "{out}");
    assert_eq!(findings, Vec::<String>::new());
}

#[test]
fn a_field_that_compose_does_not_know_gets_no_option_of_docker_run() {
    let imported = imported("services: {web: {image: a, foo: 1}}", &[], &[]);
    let foo = imported.report.diagnostics.iter().find(|one| one.message.contains("`foo`"));
    assert!(!format!("{foo:?}").contains("`pod`"), "{foo:?}");
}

#[test]
fn words_that_may_be_hosts_are_told() {
    let text = "services:\n  web:\n    image: a\n    command: [--db-host, db, --name, db]\n    environment: {DSN: 'host=db user=x', NODES: 'db,other'}\n  db: {image: a}\n";
    let (out, findings) = of(text);
    assert!(out.contains("args: [\"--db-host\", \"@db\", \"--name\", db]"), "{out}");
    assert!(out.contains("DSN: \"host=@db user=x\""), "{out}");
    let hint = "5 H1001 `NODES` contains the word `db`, which is also the name of a service";
    assert!(findings.contains(&hint.to_owned()), "{findings:?}");
}
