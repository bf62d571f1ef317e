mod differences;
mod environment;
mod values;
mod volumes;

use crate::Memory;
use crate::import::{Format, Imported, Options, import};
use crate::source::Source;

fn imported(text: &str, files: &[(&str, &str)], profiles: &[&str]) -> Imported {
    let mut world = Memory::new();
    for (path, content) in files {
        world.insert(format!("shop/{path}"), content.as_bytes());
    }
    let options = Options {
        id: "shop".to_owned(),
        env_files: Vec::new(),
        profiles: profiles.iter().map(|profile| (*profile).to_owned()).collect(),
        folder: "shop".to_owned(),
        repository: None,
        world: &world,
    };
    import(&Source::new("compose.yaml", text), Format::Compose, &options)
}

/// The appliance, and the findings as `LINE CODE MESSAGE`.
fn of(text: &str) -> (String, Vec<String>) {
    with(text, &[], &[])
}

fn with(text: &str, files: &[(&str, &str)], profiles: &[&str]) -> (String, Vec<String>) {
    let imported = imported(text, files, profiles);
    let findings = imported.report.diagnostics.iter().map(|one| {
        let line = imported.report.source.position(one.primary.span.start).line;
        format!("{line} {} {}", one.code.id, one.message)
    });
    (imported.text.clone().unwrap_or_default(), findings.collect())
}

/// The lines of the only container, without those that every container has.
fn container(fields: &str) -> (String, Vec<String>) {
    let indented: String = fields.lines().map(|line| format!("    {line}\n")).collect();
    let text = format!(
        "services:\n  web:\n    image: a:1\n    restart: always\n    mem_limit: 64m\n    cpu_shares: 512\n{indented}"
    );
    let (out, findings) = of(&text);
    let lines: Vec<&str> = out.lines().skip(2).collect();
    let common = [
        "  - id: web",
        "    type: service",
        "    image: a:1",
        "    force_pull_image: false",
        "    resources: { cpus: 0.5, mem: 64 }",
        "    network_mode: bridge",
    ];
    let rest = lines.into_iter().filter(|line| !common.contains(line));
    (
        rest.map(|line| format!("{}\n", line.strip_prefix("    ").unwrap_or(line))).collect(),
        findings,
    )
}

fn clean(fields: &str, expected: &str) {
    assert_eq!(container(fields), (expected.to_owned(), Vec::new()), "{fields}");
}

fn found(fields: &str, expected: &str, finding: &str) {
    let (out, findings) = container(fields);
    assert_eq!((out.as_str(), findings.join("\n").as_str()), (expected, finding), "{fields}");
}

#[test]
fn an_ordinary_application_is_imported() {
    let text = "\
services:
  web:
    build: .
    ports: ['8080:80']
    environment:
      DATABASE_URL: postgres://app:${DB_PASSWORD}@db:5432/app
      CACHE_HOST: cache
    depends_on: [db, cache]
    restart: unless-stopped
    mem_limit: 256m
    deploy: { resources: { reservations: { cpus: '1' } }, replicas: 2 }
  db:
    image: postgres:16
    restart: always
    mem_limit: 512m
    cpu_shares: 1024
    volumes: [data:/var/lib/postgresql/data]
    healthcheck:
      test: [CMD, pg_isready, -U, app user]
      interval: 10s
      start_period: 1m
  cache:
    image: redis:7
    restart: always
    mem_limit: 512m
    cpu_shares: 1024
    command: redis-server --save '60 1'
    expose: [6379]
volumes:
  data:
";
    let expected = r#"id: shop
containers:
  - id: web
    type: service
    image: shop-web
    build: { context: "." }
    force_pull_image: false
    resources: { cpus: 1, mem: 256 }
    instances: 2
    env:
      DATABASE_URL: "postgres://app:s3cret\\@@db:5432/app"
      CACHE_HOST: "@cache"
    network_mode: bridge
    ports:
      - { container_port: 80, host_port: 8080 }
    dependencies: [db, cache]
  - id: db
    type: service
    image: postgres:16
    force_pull_image: false
    resources: { cpus: 1, mem: 512 }
    volumes:
      - { src: data, dest: /var/lib/postgresql/data }
    network_mode: bridge
    ports:
      - { container_port: 5432, internal: true }
    health_check:
      protocol: COMMAND
      command: "pg_isready -U 'app user'"
      interval_seconds: 10
      timeout_seconds: 30
      grace_period_seconds: 60
      max_consecutive_failures: 3
  - id: cache
    type: service
    image: redis:7
    force_pull_image: false
    resources: { cpus: 1, mem: 512 }
    args: [redis-server, "--save", "60 1"]
    network_mode: bridge
    ports:
      - { container_port: 6379, internal: true }
data_persistence:
  volumes:
    - { id: data }
"#;
    let (out, findings) = with(text, &[(".env", "DB_PASSWORD=s3cret\n")], &[]);
    assert_eq!(out, expected);
    assert_eq!(
        findings,
        [
            "8 W1002 `web` waits until `db` is healthy",
            "12 H1001 port 5432 of `db` is added: others use it"
        ]
    );
}

#[test]
fn fields_have_their_likes() {
    clean(
        "user: '1000:100'\nworking_dir: /srv\nstop_grace_period: 1m30s",
        "user: \"1000:100\"\nworking_dir: /srv\nstop_timeout: 90\n",
    );
    clean("privileged: true\nlabels: [a=b, c]", "is_privileged: true\nlabels: { a: b, c: \"\" }\n");
    clean(
        "entrypoint: sh -c\ncommand: ['echo $$HOME']",
        "entrypoint: [sh, \"-c\"]\nargs: [\"echo $HOME\"]\n",
    );
    clean(
        "environment: { A: 1, B: true, C: '', D: 'a@b' }",
        "env: { A: \"1\", B: \"true\", C: \"\", D: \"a\\\\@b\" }\n",
    );
    clean("pull_policy: always", "");
    clean("labels: { a: '$(id) $1 $$x' }", "labels: { a: \"$(id) $1 $x\" }\n");
    clean("init: false\ntty: false\nx-own: 1\nlogging:", "");
}

#[test]
fn ports_are_read_in_every_form() {
    for (port, expected) in [
        ("'80'", "{ container_port: 80 }"),
        ("'8080:80/udp'", "{ container_port: 80, host_port: 8080, protocol: udp }"),
        ("'0.0.0.0:8080:80'", "{ container_port: 80, host_port: 8080 }"),
        (
            "{target: 80, published: '8080', protocol: tcp, mode: ingress, name: http}",
            "{ container_port: 80, host_port: 8080, name: http }",
        ),
        (
            "'8000-8001:80-81'",
            "{ container_port: 80, host_port: 8000 }\n  - { container_port: 81, host_port: 8001 }",
        ),
    ] {
        clean(&format!("ports: [{port}]"), &format!("ports:\n  - {expected}\n"));
    }
    let address =
        "7 W1002 the port is published at all addresses of the host, not only at `127.0.0.1`";
    found(
        "ports: ['127.0.0.1:8080:80']",
        "ports:\n  - { container_port: 80, host_port: 8080 }\n",
        address,
    );
    found(
        "ports: ['8000-8001:80']",
        "ports:\n  - { container_port: 80 }\n",
        "7 W1002 one host port, which the target chooses",
    );
    found(
        "ports: ['8000-8002:80-81']",
        "",
        "7 E1001 the ranges of ports differ in length, or are too long",
    );
    clean("network_mode: host\nports: ['80:80']\nexpose: ['81']", "network_mode: host\n");
    for bad in ["x", "80/sctp", "80:", "1:2:3:4:5:x"] {
        found(
            &format!("ports: ['{bad}']"),
            "",
            "7 E1001 expected a port such as `8080:80` or `80/udp`",
        );
    }
}

#[test]
fn commands_of_health_checks_are_read_in_every_form() {
    for (test, command) in [
        ("[CMD-SHELL, 'curl -f x || exit 1']", "curl -f x || exit 1"),
        ("curl -f x || exit 1", "curl -f x || exit 1"),
        ("[CMD, curl, -H, 'a b']", "curl -H 'a b'"),
        ("[CMD, /bin/sh, -c, 'a && b']", "a && b"),
    ] {
        let (out, _) = container(&format!("healthcheck: {{ test: {test} }}"));
        assert!(out.contains(&format!("command: \"{command}\"\n")), "{test}: {out}");
    }
}

#[test]
fn what_has_no_like_is_told_at_its_place() {
    found(
        "cap_add: [NET_ADMIN]",
        "",
        "7 W1001 `cap_add` is left out: the capabilities are not added",
    );
    found(
        "volumess: []\nread_only: true",
        "",
        "8 W1001 `read_only` is left out: the container may write to its own disk",
    );
    found("stop_grace_period: 1500ms", "stop_timeout: 2\n", "7 W1002 rounded to 2 seconds");
    found("environment: [NAME]", "", "7 W1001 `NAME` has no value");
    found("environment: {A: $B}", "env: { A: \"\" }\n", "7 W1002 `B` is not set: it becomes empty");
    found(
        "tmpfs: /tmp",
        "",
        "7 W1001 `tmpfs` is left out: the folders are on the disk of the container",
    );
}

#[test]
fn options_of_networks_are_told() {
    let text = "services:\n  web:\n    image: a\n    networks:\n      app: {aliases: [site], ipv4_address: 10.0.0.2, priority: 1}\nnetworks:\n  app: {driver: bridge, internal: true, ipam: {config: [{subnet: 10.0.0.0/24}]}, name: shop_app}\n  unused: {driver: macvlan}\n";
    let (_, findings) = of(text);
    let networks: Vec<&String> = findings.iter().filter(|one| one.contains("W1001")).collect();
    assert_eq!(
        networks,
        [
            "5 W1001 `aliases` is left out: others know the container by its id only",
            "5 W1001 `ipv4_address` is left out: the address is chosen by the target",
            "7 W1001 `internal` is left out: containers reach the world outside",
            "7 W1001 `ipam` is left out: the target gives the addresses",
        ]
    );
    let (_, findings) = of(&text.replace("shop_app", "theirs"));
    let finding = "7 W1001 the network is not known to others as `theirs`";
    assert!(findings.contains(&finding.to_owned()), "{findings:?}");
}

#[test]
fn what_is_waited_for_is_told_if_it_is_something_else() {
    let on = |db: &str, how: &str| {
        let text = format!(
            "services:\n  db: {{image: a, restart: always{db}}}\n  web:\n    image: a\n    restart: always\n    depends_on: {how}\n"
        );
        let (_, findings) = of(&text);
        let told = |one: &String| !one.contains("H1001");
        findings.into_iter().filter(told).collect::<Vec<_>>().join("\n")
    };
    let check = ", healthcheck: {test: x}";
    assert_eq!(on("", "[db]"), "");
    assert_eq!(on(check, "{db: {condition: service_healthy}}"), "");
    assert_eq!(on(check, "[db]"), "6 W1002 `web` waits until `db` is healthy");
    assert_eq!(
        on("", "{db: {condition: service_healthy}}"),
        "6 W1002 `web` waits until `db` has started"
    );
    assert_eq!(
        on("", "{db: {condition: service_started, required: false, restart: true}}"),
        "6 W1001 `required` is left out: it does not start without the other one\n\
         6 W1001 `restart` is left out: it goes on when the other one is replaced"
    );
}

#[test]
fn ports_that_others_use_are_listed() {
    let text = "services:\n  web: {image: a, environment: {A: 'db:5432,db:53/udp', B: 'other:1'}}\n  db: {image: a, ports: ['53:53/udp'], expose: ['5432']}\n";
    let (out, findings) = of(text);
    assert!(
        out.contains("- { container_port: 5432, internal: true }\n      - { container_port: 53, internal: true }\n"),
        "{out}"
    );
    assert!(findings.contains(&"3 H1001 port 53 of `db` is added: others use it".to_owned()));
    assert!(!findings.concat().contains("5432"), "{findings:?}");
}

#[test]
fn reservations_beside_limits_are_told() {
    let text = "services:\n  web:\n    image: a\n    deploy:\n      resources:\n        limits: {cpus: '1', memory: 64M, pids: 5}\n        reservations: {cpus: '0.5', memory: 32M}\n";
    let (out, findings) = of(text);
    assert!(out.contains("resources: { cpus: 1, mem: 64 }"), "{out}");
    let lost = "7 W1001 the reservation is left out: the limit is taken for both";
    assert_eq!(findings.iter().filter(|one| *one == lost).count(), 2, "{findings:?}");
    assert!(findings.concat().contains("6 W1001 `pids` is left out"), "{findings:?}");
}

#[test]
fn what_applc_made_is_recognized() {
    let text = "name: shop\nservices:\n  load-1: &load\n    image: a\n    networks: {default: {aliases: [load]}}\n    labels: {applc.appliance: Shop, applc.container: Load, x: y}\n    mem_limit: 64M\n    memswap_limit: 64M\n    cpu_shares: 512\n    pull_policy: always\n  load-2: *load\n  web:\n    image: a\n    restart: unless-stopped\n    pull_policy: always\n    labels: {applc.appliance: Shop, applc.container: web}\n    mem_limit: 64M\n    memswap_limit: 64M\n    cpu_shares: 512\n    entrypoint: [/bin/sh, -c]\n    command: [run it]\n    ports: ['8080:80']\n    depends_on: {load-1: &done {condition: service_completed_successfully}, load-2: *done}\n    healthcheck: {test: [CMD, /bin/sh, -c, \"unset x; exec curl -gfsSk -o /dev/null 'http://127.0.0.1:80/a?b'; fi; y\"]}\n";
    let expected = r#"id: Shop
containers:
  - id: Load
    type: job
    image: a
    resources: { cpus: 0.5, mem: 64 }
    instances: 2
    network_mode: bridge
    labels: { x: "y" }
    retries: 0
  - id: web
    type: service
    image: a
    resources: { cpus: 0.5, mem: 64 }
    cmd: "run it"
    network_mode: bridge
    ports:
      - { container_port: 80, host_port: 8080 }
    health_check:
      protocol: HTTP
      port_index: 0
      path: "/a?b"
      interval_seconds: 30
      timeout_seconds: 30
      grace_period_seconds: 0
      max_consecutive_failures: 3
    dependencies: [Load]
"#;
    assert_eq!(of(text), (expected.to_owned(), Vec::new()));
    clean(
        "healthcheck: {test: [CMD, /bin/sh, -c, echo nothing listens on port 80]}",
        "health_check:\n  protocol: COMMAND\n  command: \"echo nothing listens on port 80\"\n  interval_seconds: 30\n  timeout_seconds: 30\n  grace_period_seconds: 0\n  max_consecutive_failures: 3\n",
    );
}

#[test]
fn words_that_may_be_hosts_are_told() {
    let text = "services:\n  web: {image: a, restart: always, command: [--db=db, dbx]}\n  db: {image: a, restart: always}\n";
    let (_, findings) = of(text);
    let told: Vec<&String> = findings.iter().filter(|one| one.contains("the word")).collect();
    assert_eq!(
        told,
        ["2 H1001 `--db=db` contains the word `db`, which is also the name of a service"]
    );
}

#[test]
fn what_is_not_valid_writes_nothing() {
    for (text, finding) in [
        ("web: {image: a}", "1 E1001 no services"),
        ("services: {}", "1 E1001 no services"),
        ("[1]", "1 E1001 expected an object, found an array"),
        ("services:\n  web: {image: 'a:${B:?set B}'}", "2 E1001 `B` is not set: set B"),
        ("services:\n  web: {image: 'a${'}", "2 E1001 invalid variable"),
        (
            "services:\n  web: {image: a, env_file: none.env}",
            "2 E1001 cannot read `none.env`: entity not found",
        ),
    ] {
        let (out, findings) = of(text);
        assert_eq!(out, "", "{text}");
        assert!(findings.contains(&finding.to_owned()), "{text}: {findings:?}");
    }
}

#[test]
fn builds_are_of_folders_beside_the_appliance() {
    clean(
        "build: {context: ./web, dockerfile: D, args: {A: 1}, target: t, cache_from: [x]}",
        "build:\n  context: \"./web\"\n  dockerfile: D\n  args: { A: \"1\" }\n  target: t\n",
    );
    found(
        "build: https://example.org/x.git",
        "",
        "7 W1001 the image is not built from `https://example.org/x.git`",
    );
    found(
        "build: {context: ., dockerfile: /D}",
        "build: { context: \".\" }\n",
        "7 W1001 the Dockerfile `/D` is not in the folder that is built",
    );
}

#[test]
fn an_image_that_one_service_builds_is_that_of_others() {
    let text = "services:\n  a: {image: 'docker.io/x:1'}\n  b: {image: 'x:1', build: ./b, pull_policy: build}\n  c: {image: 'x:1', pull_policy: never}\n  d: {image: 'x:2', pull_policy: never}\n";
    let (out, findings) = of(text);
    assert_eq!(out.matches("build: { context: \"./b\" }").count(), 3, "{out}");
    assert_eq!(out.matches("force_pull_image: false").count(), 1, "{out}");
    let told: Vec<_> = findings.iter().filter(|one| one.contains("is missing")).collect();
    assert_eq!(told.len(), 1, "{findings:?}");
}

#[test]
fn jobs_are_what_others_wait_for() {
    let text = "services:\n  web:\n    image: a:1\n    depends_on: {init: {condition: service_completed_successfully}}\n  init:\n    image: a:1\n    restart: on-failure:3\n";
    let (out, _) = of(text);
    assert!(out.contains("  - id: init\n    type: job\n"), "{out}");
    assert!(
        out.contains("    retries: 3\n") && out.contains("    dependencies: [init]\n"),
        "{out}"
    );
}

#[test]
fn profiles_are_imported_if_they_are_asked_for() {
    let text = "services:\n  web: {image: a}\n  debug: {image: b, profiles: [dev]}\n";
    let (out, findings) = of(text);
    assert!(!out.contains("debug"), "{out}");
    assert!(
        findings
            .contains(&"3 W1001 `debug` is left out: it belongs to the profile `dev`".to_owned())
    );
    let (out, _) = with(text, &[], &["dev"]);
    assert!(out.contains("  - id: debug\n"), "{out}");
}

/// The first error of an import of a file that is made to take all memory, and whether there is a result.
fn refused(text: &str, files: &[(&str, &str)]) -> (Vec<String>, bool) {
    let (out, mut findings) = with(text, files, &[]);
    findings.retain(|one| one.contains(" E1001 "));
    (findings, out.is_empty())
}

#[test]
fn variables_of_variables_have_a_limit() {
    let doubled: String = (1..60)
        .map(|at| format!("A{at}=${{A{before}}}${{A{before}}}\n", before = at - 1))
        .collect();
    let env = format!("A0=xxxxxxxx\n{doubled}");
    let text = "services: { web: { image: 'a:${A59}' } }\n";
    let expected = |line: usize| format!("{line} E1001 variables put in more than 1 MiB");
    assert_eq!(refused(text, &[(".env", &env)]), (vec![expected(1)], true));
    let text = "services:\n  web:\n    image: a:1\n    env_file: [x.env, x.env]\n";
    assert_eq!(refused(text, &[("x.env", &env)]), (vec![expected(4)], true));
    // A large value that is named often.
    let long = format!("A={}\n", "x".repeat(100_000));
    let text = format!("services:\n  web:\n    image: a:1\n    command: '{}'\n", "$A".repeat(99));
    assert_eq!(refused(&text, &[(".env", &long)]), (vec![expected(4)], true));
    let text = "services:\n  a: &a { image: a, environment: [A] }\n".to_owned()
        + &(0..20).map(|at| format!("  b{at}: *a\n")).collect::<String>();
    let (findings, is_empty) = refused(&text, &[(".env", &long)]);
    assert_eq!((findings, is_empty), (vec![expected(2)], true));
}

#[test]
fn nested_defaults_have_a_limit() {
    let text = "services:\n  web:\n    image: 'a:NESTED'\n";
    let nested = |levels: usize| "${A:-".repeat(levels) + "1" + &"}".repeat(levels);
    let (findings, is_empty) = refused(&text.replace("NESTED", &nested(20_000)), &[]);
    let message = "3 E1001 variables nested more than 100 levels deep";
    assert_eq!((findings, is_empty), (vec![message.to_owned()], true));
    assert_eq!(refused(&text.replace("NESTED", &nested(100)), &[]), (Vec::new(), false));
}

#[test]
fn what_services_repeat_has_a_limit() {
    let message = "files of variables, configs, mounts, and ports expand to more than 16 MiB";
    let all = |service: &str, count: usize| -> String {
        let one = |at| format!("  s{at}: {service}\n");
        "services:\n".to_owned() + &(0..count).map(one).collect::<String>()
    };
    let long = format!("A={}\n", "x".repeat(1 << 20));
    let mounts: String = (0..1000).map(|at| format!("v{at}:/m{at}, ")).collect();
    for (text, files) in [
        (all("{ image: a, ports: [1-1000] }", 300), Vec::new()),
        (all("{ image: a, env_file: x.env }", 20), vec![("x.env", long.as_str())]),
        (
            all("{ image: a, configs: [c] }", 20)
                + &format!("configs: {{ c: {{ content: {} }} }}\n", "x".repeat(1 << 20)),
            Vec::new(),
        ),
        (
            all("{ image: a, volumes_from: [all] }", 300)
                + &format!("  all: {{ image: a, volumes: [{mounts}] }}\n"),
            Vec::new(),
        ),
    ] {
        let (findings, is_empty) = refused(&text, &files);
        assert!(is_empty && findings.iter().any(|one| one.ends_with(message)), "{findings:?}");
    }
}
