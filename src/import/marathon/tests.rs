use crate::Memory;
use crate::import::{Format, Options, import};
use crate::source::Source;

/// The appliance, and the findings as `CODE MESSAGE`.
fn of(text: &str) -> (String, Vec<String>) {
    let options = Options {
        id: "folder".to_owned(),
        env_files: Vec::new(),
        profiles: Vec::new(),
        folder: String::new(),
        repository: None,
        world: &Memory::new(),
    };
    let imported = import(&Source::new("group.json", text), Format::Marathon, &options);
    let findings = imported.report.diagnostics.iter();
    let findings = findings.map(|one| format!("{} {}", one.code.id, one.message)).collect();
    (imported.text.unwrap_or_default(), findings)
}

#[test]
fn a_group_is_an_appliance() {
    let text = r#"{"id": "/shop", "groups": [{"id": "front", "apps": [{
      "id": "web", "cpus": 0.5, "mem": 256, "instances": 2, "dependencies": ["../db"],
      "container": {"type": "DOCKER", "docker": {"image": "web:1", "network": "BRIDGE", "forcePullImage": true,
        "portMappings": [{"containerPort": 80, "hostPort": 0, "servicePort": 10000, "protocol": "tcp", "name": "http"}]},
        "volumes": [{"containerPath": "/data", "hostPath": "/srv", "mode": "RO"}]},
      "env": {"DB_HOST": "db-shop.marathon.mesos", "KEY": {"secret": "s"}}, "secrets": {"s": {"source": "/shop/key"}},
      "healthChecks": [{"protocol": "HTTP", "path": "/health", "intervalSeconds": 10, "maxConsecutiveFailures": 3}],
      "labels": {"a": "b"}, "upgradeStrategy": {"minimumHealthCapacity": 0.5}}]}],
    "apps": [{"id": "db", "cmd": "run db", "container": {"docker": {"image": "db:1"},
      "volumes": [{"containerPath": "/data", "persistent": {"size": 512}, "mode": "RW"}]},
      "portDefinitions": [{"port": 5432, "protocol": "tcp"}], "requirePorts": true,
      "constraints": [["hostname", "CLUSTER", "node-1"]], "taskKillGracePeriodSeconds": 30}]}"#;
    let expected = "\
id: shop
containers:
  - id: db
    type: service
    image: db:1
    force_pull_image: false
    resources: { cpus: 1, mem: 128 }
    cmd: \"run db\"
    volumes:
      - { src: db-data, dest: /data }
    network_mode: host
    ports:
      - { container_port: 5432 }
    stop_timeout: 30
    minimum_capacity: 1
    schedule_hints: { placement: { host: node-1 } }
  - id: front-web
    type: service
    image: web:1
    resources: { cpus: 0.5, mem: 256 }
    instances: 2
    env: { DB_HOST: \"@db\" }
    secret_env: { KEY: { secret: shop, key: key } }
    volumes:
      - { src: /srv, dest: /data, type: host, mode: RO }
    network_mode: bridge
    ports:
      - { container_port: 80, name: http }
    health_check:
      protocol: HTTP
      path: /health
      interval_seconds: 10
    minimum_capacity: 0.5
    labels: { a: b }
    dependencies: [db]
data_persistence:
  volumes:
    - { id: db-data, size: 512 }
";
    let findings = [
        "W1001 `servicePort` is left out: the load balancer does not know it",
        "H1001 `KEY` is the key `key` of the secret `shop`",
    ];
    assert_eq!(of(text), (expected.to_owned(), findings.map(str::to_owned).to_vec()));
}

#[test]
fn chronos_jobs_are_jobs() {
    let text = r#"[{"name": "load", "command": "load $X", "schedule": "R/2030-01-01T00:00:00.000Z/PT2H", "retries": 1,
      "container": {"type": "DOCKER", "image": "tool:1", "network": "BRIDGE"}, "mem": "512", "cpus": 0.5,
      "environmentVariables": [{"name": "X", "value": "1"}]},
     {"name": "report", "command": "/bin/report", "arguments": ["-v", "a b"], "shell": false, "parents": ["load"],
      "container": {"image": "tool:1", "forcePullImage": true}, "owner": "me"}]"#;
    let expected = "\
id: folder
containers:
  - id: load
    type: job
    image: tool:1
    force_pull_image: false
    resources: { cpus: 0.5, mem: 512 }
    cmd: \"load $X\"
    env: { X: \"1\" }
    network_mode: bridge
    retries: 1
    repeats: -1
    start_time: \"2030-01-01T00:00:00Z\"
    interval: T2H
  - id: report
    type: job
    image: tool:1
    resources: { cpus: 0.1, mem: 128 }
    entrypoint: [/bin/report]
    args: [\"-v\", \"a b\"]
    network_mode: host
    retries: 2
    dependencies: [load]
";
    let findings = vec![
        "W1002 it runs once, not after each run of `load`".to_owned(),
        "W1001 `owner` is left out: nobody gets mail".to_owned(),
    ];
    assert_eq!(of(text), (expected.to_owned(), findings));
}

#[test]
fn schedules_that_are_no_repeating_interval_are_refused() {
    let of_schedule = |schedule: &str| {
        of(&format!(r#"{{"name": "j", "command": "x", "schedule": "{schedule}"}}"#))
    };
    let (out, _) = of_schedule("R3/2030-01-01T02:30:00Z/PT1H");
    assert!(out.contains("\n    repeats: 3\n"), "{out}");
    for schedule in ["R3", "R3 a: b/2030-01-01T02:30:00Z/PT1H", "R-1//PT1H", "3//PT1H", "R//1H"] {
        let (out, findings) = of_schedule(schedule);
        assert_eq!(out, "", "{schedule}");
        let refused = findings.iter().any(|one| one.contains("expected a schedule"));
        assert!(refused, "{schedule}: {findings:?}");
    }
}

#[test]
fn chronos_jobs_of_a_time_zone_have_a_schedule() {
    let job = |zone: &str| {
        of(&format!(
            r#"{{"name": "j", "command": "x", "schedule": "R/2030-01-01T02:30:00Z/P1D", "scheduleTimeZone": "{zone}"}}"#
        ))
    };
    let (out, findings) = job("Europe/Berlin");
    let expected = "
    repeats: -1
    schedule: \"30 2 * * *\"
    time_zone: Europe/Berlin
";
    assert!(out.contains(expected), "{out}");
    let told = "W1002 a `schedule` has no start: the job also runs before `2030-01-01T02:30:00Z`";
    assert!(findings.iter().any(|one| one == told), "{findings:?}");
    let (out, findings) = job("Etc/UTC");
    assert!(out.contains("    interval: \"1D\"\n"), "{out}");
    assert!(!findings.iter().any(|one| one == told), "{findings:?}");
}

#[test]
fn a_volume_of_the_sandbox_is_mounted_where_another_one_says() {
    let text = r#"{"id": "db", "container": {"docker": {"image": "db:1"}, "volumes": [
      {"containerPath": "data", "persistent": {"size": 100, "type": "root"}, "mode": "RW"},
      {"containerPath": "/var/lib/db", "hostPath": "data", "mode": "RW"},
      {"containerPath": "/backup", "hostPath": "data", "mode": "RO"},
      {"containerPath": "shared", "external": {"name": "theirs", "provider": "dvdi"}, "mode": "RO"},
      {"containerPath": "/shared", "hostPath": "shared"}]}}"#;
    let (out, findings) = of(text);
    let expected = "
    volumes:
      - { src: db-data, dest: /var/lib/db }
      - { src: db-data, dest: /backup, mode: RO }
      - { src: theirs, dest: /shared, mode: RO }
";
    assert!(out.contains(expected), "{out}");
    assert!(out.contains("- { id: db-data, size: 100 }\n"), "{out}");
    assert_eq!(findings, Vec::<String>::new());
}

#[test]
fn values_that_are_defaults_are_not_told() {
    let text = r#"{"id": "a", "acceptedResourceRoles": ["*"], "container": {"type": "DOCKER", "docker": {"image": "a:1",
      "network": "BRIDGE", "portMappings": [{"containerPort": 80, "servicePort": 0}]}}, "ports": [0],
      "healthChecks": [{"protocol": "TCP", "ipProtocol": "IPv4", "ignoreHttp1xx": false, "delaySeconds": 15}],
      "upgradeStrategy": {"maximumOverCapacity": 1.0}}"#;
    assert_eq!(of(text).1, Vec::<String>::new());
}

#[test]
fn one_app_gives_the_appliance_its_name() {
    let (out, findings) = of(r#"{"id": "/team/sleep", "cmd": "sleep $PORT0", "ports": [0]}"#);
    assert!(out.starts_with("id: team-sleep\ncontainers:\n  - id: sleep\n"), "{out}");
    assert!(
        out.contains("    # chosen by the import: the command ran on the agent itself\n    image"),
        "{out}"
    );
    assert_eq!(
        findings,
        [
            "W1002 it runs in the image `debian:stable-slim`, not on the agent itself",
            "W1002 `$PORT...` is a variable that only Marathon sets",
            "W1001 Marathon chooses this port, and tells it in `$PORT`",
        ]
    );
}

#[test]
fn what_has_no_like_is_told() {
    let app = |more: &str| {
        format!(r#"{{"id": "a", "container": {{"docker": {{"image": "a:1"}}}}, {more}}}"#)
    };
    for (text, finding) in [
        (app(r#""uris": ["file:///x"]"#), "W1001 `uris` is left out: the files are not fetched"),
        (app(r#""uris": []"#), ""),
        (
            app(r#""upgradeStrategy": {"maximumOverCapacity": 0.2}"#),
            "W1001 `maximumOverCapacity` is left out: how many more run during an update is what the target does",
        ),
        (
            app(r#""networks": [{"mode": "container", "name": "dcos"}]"#),
            "W1001 `name` is left out: the network is the one of the target",
        ),
        (
            app(r#""networks": [{"mode": "container/bridge"}], "portDefinitions": [{"port": 80}]"#),
            "W1001 these ports are left out: the container has a network of its own",
        ),
        (
            app(r#""requirePorts": true, "portDefinitions": [{"port": 80, "labels": {"VIP_0": "/web:80"}}]"#),
            "H1001 the label `VIP_0` of the port is left out: the virtual address `/web:80` is not given",
        ),
        (
            app(r#""requirePorts": true, "portDefinitions": [{"port": 80, "labels": {"a": "b"}}]"#),
            "W1001 the label `a` of the port is left out",
        ),
        (
            app(r#""healthChecks": [{"protocol": "COMMAND", "command": {"value": "x"}, "ignoreHttp1xx": true}]"#),
            "W1001 `ignoreHttp1xx` is left out: a status below 200 fails the check",
        ),
        (
            r#"{"id": "a", "container": {"docker": {"image": "a:1", "portMappings": [{"containerPort": 80}]}}}"#.to_owned(),
            "W1001 these ports are left out: the container is on the network of the host",
        ),
        (
            r#"{"id": "a", "container": {"docker": {"image": "a:1"}, "volumes": [{"containerPath": "/d", "persistent": {"size": 1, "type": "mount"}}]}}"#.to_owned(),
            "W1001 `type` is left out: the disk is the one that the target chooses",
        ),
        (
            r#"{"id": "a", "container": {"docker": {"image": "a:1"}, "volumes": [{"containerPath": "/d", "external": {"name": "v", "options": {"a/b": "c"}}}]}}"#.to_owned(),
            "W1001 `options` is left out: the driver gets no options",
        ),
        (
            r#"{"name": "j", "command": "x", "schedule": "R/2030-01-01T00:00:00Z/PT5H", "scheduleTimeZone": "Europe/Berlin"}"#.to_owned(),
            "W1001 `scheduleTimeZone` is left out: the schedule is in the zone of its start time",
        ),
        (
            app(r#""constraints": [["hostname", "LIKE", "node-[12]"]]"#),
            "W1001 the constraint `hostname LIKE node-[12]` is left out",
        ),
        (
            app(r#""constraints": [["hostname", "LIKE", "node.*"]]"#),
            "W1001 the constraint `hostname LIKE node.*` is left out",
        ),
        (app(r#""constraints": [["hostname", "LIKE", "node-1.example.com"]]"#), ""),
        (app(r#""constraints": [["@region", "IS", "eu"], ["@zone", "IS", "eu-1"]]"#), ""),
        (
            app(r#""constraints": [["hostname", "IS", "a"], ["hostname", "IS", "b"]]"#),
            "W1001 the constraint `hostname IS b` is left out: there is another host",
        ),
        (app(r#""env": {"A": null}"#), "W1001 `A` is left out: its value is null, not text"),
        (
            app(r#""env": {"E": {"x": 1}}"#),
            "W1001 `E` is left out: its value is an object, not text",
        ),
        (app(r#""mem": 32.4"#), "W1002 rounded up to 33 MB"),
        (
            r#"{"id": "a", "user": "u", "container": {"docker": {"image": "a:1", "parameters": [{"key": "user", "value": "v"}]}}}"#.to_owned(),
            "W1001 the parameter `user` of Docker is left out: there is a `user`",
        ),
        (
            r#"{"id": "a", "cmd": "x", "container": {"docker": {"image": "a:1", "parameters": [{"key": "entrypoint", "value": "v"}]}}}"#.to_owned(),
            "W1001 the parameter `entrypoint` of Docker is left out: there is a `cmd`",
        ),
        (
            r#"{"name": "j", "command": "x", "schedule": "R/2030-01-01T00:00:00Z/PT5H", "environmentVariables": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}"#.to_owned(),
            "W1001 this value of `A` is left out: it has one already",
        ),
        (app(r#""nonsense": 1"#), "W1001 unknown field `nonsense` is left out"),
        (
            app(r#""dependencies": ["/b"]"#),
            "W1001 `/b` is not part of what is imported: it is not waited for",
        ),
        (
            app(r#""constraints": [["rack", "GROUP_BY"]]"#),
            "W1001 the constraint `rack GROUP_BY` is left out",
        ),
        (
            app(
                r#""healthChecks": [{"protocol": "COMMAND", "command": {"value": "x"}, "maxConsecutiveFailures": 0}]"#,
            ),
            "W1002 an instance is replaced after three failed checks, not never",
        ),
        (
            app(r#""healthChecks": [{"portIndex": 0}]"#),
            "W1001 the health check is left out: its port is not one of the container",
        ),
        ("[]".to_owned(), "E1001 neither an app, nor a group, nor a job"),
        ("{}".to_owned(), "E1001 this object has no id"),
        (r#"{"id": "p", "containers": [{}]}"#.to_owned(), "E1001 a pod cannot be imported"),
        (
            r#"{"name": "j", "schedule": "daily"}"#.to_owned(),
            "E1001 expected a schedule such as `R/2030-01-01T00:00:00Z/PT1H`",
        ),
    ] {
        let findings = of(&text).1.join("\n");
        assert!(
            findings.contains(finding) && (!finding.is_empty() || findings.is_empty()),
            "{text}: {findings}"
        );
    }
}

#[test]
fn what_follows_a_repeating_job_runs_once() {
    let text = r#"[
      {"name": "a", "schedule": "R/2030-01-01T00:00:00Z/PT1H", "command": "x", "container": {"image": "a"}},
      {"name": "b", "parents": ["a"], "command": "x", "container": {"image": "a"}},
      {"name": "c", "parents": ["b"], "command": "x", "container": {"image": "a"}},
      {"name": "d", "schedule": "R1/2030-01-01T00:00:00Z/PT1H", "command": "x", "container": {"image": "a"}},
      {"name": "e", "parents": ["d"], "command": "x", "container": {"image": "a"}}]"#;
    let (_, findings) = of(text);
    let once: Vec<&String> = findings.iter().filter(|one| one.contains("runs once")).collect();
    assert_eq!(
        once,
        [
            "W1002 it runs once, not after each run of `a`",
            "W1002 it runs once, not after each run of `b`"
        ]
    );
}

#[test]
fn memory_that_is_rounded_is_told() {
    let (out, findings) =
        of(r#"{"id": "/a", "mem": 64.5, "container": {"docker": {"image": "a"}}}"#);
    assert!(out.contains("mem: 65 }"), "{out}");
    assert!(findings.contains(&"W1002 rounded up to 65 MB".to_owned()), "{findings:?}");
}

#[test]
fn paths_are_those_of_their_groups() {
    for (group, id, path) in [
        ("", "", ""),
        ("", "/", ""),
        ("", "a", "/a"),
        ("/g", "", "/g"),
        ("/g", "/", ""),
        ("/g", "/h/", "/h"),
        ("/g", "a/b/", "/g/a/b"),
    ] {
        assert_eq!(super::path(group, id), path, "{group:?} {id:?}");
    }
}

/// A long id in many apps would make a small group a large appliance.
#[test]
fn a_group_with_a_long_id_is_not_repeated_without_bound() {
    let apps = |count: usize| {
        let app = |at: usize| format!(r#"{{"id": "a{at}", "cmd": "true"}}"#);
        let apps: Vec<String> = (0..count).map(app).collect();
        format!(r#"{{"id": "/{}", "apps": [{}]}}"#, "g".repeat(100_000), apps.join(","))
    };
    let message = "E1001 the paths of apps have more than 16 MiB";
    let found = |count: usize| of(&apps(count)).1.iter().filter(|found| *found == message).count();
    assert_eq!((found(160), found(170)), (0, 1));
}
