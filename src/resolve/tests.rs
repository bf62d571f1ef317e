use super::*;
use crate::diag::Diagnostic;
use crate::plan::{Command, NetworkMode, Piece, Probe, Repeats, Text};
use crate::source::Spanned;

/// Resolves a document that may be incomplete.
fn resolved(text: &str) -> (Source, Plan, Vec<Diagnostic>) {
    let source = Source::new("a.json", text);
    let mut found = Findings::new();
    let tree = crate::syntax::parse(&source, &mut found).unwrap();
    assert!(found.is_empty(), "{text}: {found:?}");
    let containers = model::containers(&tree);
    let appliance = model::read(&tree, containers).unwrap();
    let sources = Sources::new();
    let plan = resolve(&appliance, containers.iter(), &source, &sources, &mut found);
    (source, plan, found.into_sorted())
}

/// The findings for an appliance of these containers: code and source text.
fn findings(containers: &str) -> Vec<(&'static str, String)> {
    let (source, _, found) = resolved(&format!(r#"{{"id":"app","containers":[{containers}]}}"#));
    found.iter().map(|d| (d.code.id, source.slice(d.primary.span).to_owned())).collect()
}

/// The only finding for an appliance of these containers.
fn one(containers: &str) -> (&'static str, String) {
    let found = findings(containers);
    assert_eq!(found.len(), 1, "{containers}: {found:?}");
    found.into_iter().next().unwrap()
}

/// A text with its references as `<index>` or `<index:port>`.
fn shown(text: &Text) -> String {
    text.spell(str::to_owned, |r| match r.port {
        Some(port) => format!("<{}:{port}>", r.to()),
        None => format!("<{}>", r.to()),
    })
}

/// The arguments of a container, and the codes of the findings.
fn args(strings: &str) -> (Vec<String>, Vec<&'static str>) {
    let text =
        format!(r#"{{"id":"app","containers":[{{"id":"a","args":[{strings}]}},{{"id":"b-1"}}]}}"#);
    let (_, plan, found) = resolved(&text);
    let Command::Image(args) = &plan.containers[0].command else { panic!("args are written") };
    (args.iter().map(shown).collect(), found.iter().map(|d| d.code.id).collect())
}

#[test]
fn references_are_found_anywhere_in_a_string() {
    let (texts, found) = args(
        r#""zk://@b-1:2181/x", "@a @b-1", "http://@a:8080", "@b-1/", "@a:", "@a:x1", "@a:80x", "@a:0",
           "@a:70000", "@a:080", "@a,@a", "@a@b-1""#,
    );
    assert_eq!(found, [""; 0]);
    assert_eq!(
        texts,
        [
            "zk://<1:2181>/x",
            "<0> <1>",
            "http://<0:8080>",
            "<1>/",
            "<0>:",
            "<0>:x1",
            "<0>:80x",
            "<0>:0",
            "<0>:70000",
            "<0>:080",
            "<0>,<0>",
            "<0><1>"
        ]
    );
}

#[test]
fn text_that_is_not_a_reference_is_unchanged() {
    let (texts, found) = args(
        r#""user\\@example.org", "a @ b", "@", "@@", "@!", "\\@a", "\\\\@a", "", 1.50, true, null"#,
    );
    assert_eq!(found, [""; 0]);
    let expected =
        ["user@example.org", "a @ b", "@", "@@", "@!", "@a", "\\@a", "", "1.50", "true", "null"];
    assert_eq!(texts, expected);
}

#[test]
fn an_id_is_the_longest_run_of_id_characters() {
    let (texts, found) = args(r#""@a-", "@b-1x", "@b""#);
    assert_eq!(found, ["E0301", "E0301", "E0301"]);
    assert_eq!(texts, ["@a-", "@b-1x", "@b"]);
}

#[test]
fn environment_values_become_json_with_references() {
    let (_, plan, found) = resolved(
        r#"{"id":"app","containers":[{"id":"a","env":{"S":" x ","N":1e3,"B":false,"Z":null,
            "O":{"k\"":["@a:80","\\@a \n",{}],"f":2.0}}}]}"#,
    );
    assert_eq!(found, []);
    let values: Vec<_> = plan.containers[0].env.iter().map(|var| shown(&var.value)).collect();
    assert_eq!(values, [" x ", "1e3", "false", "null", r#"{"k\"":["<0:80>","@a \n",{}],"f":2.0}"#]);
}

#[test]
fn adjacent_literals_are_merged() {
    let (_, plan, _) = resolved(r#"{"id":"app","containers":[{"id":"a","cmd":"x\\@y @a z\\@"}]}"#);
    let Command::Shell(text) = &plan.containers[0].command else { panic!("cmd is written") };
    assert_eq!(text.pieces.len(), 3);
    assert_eq!(text.pieces[0], Piece::Literal("x@y ".into()));
}

#[test]
fn an_unknown_id_is_reported_at_its_characters() {
    let (code, place) = one(r#"{"id":"zoo","args":["\"\u00e9 @zo:1"]}"#);
    assert_eq!((code, place.as_str()), ("E0301", "@zo"));
    assert_eq!(one(r#"{"id":"zoo","env":{"A":["x@oz"]}}"#).1, "@oz");
    assert_eq!(one(r#"{"id":"zoo","dependencies":["zo"]}"#), ("E0302", "\"zo\"".to_owned()));
}

#[test]
fn unknown_ids_are_not_reported_if_some_ids_are_unreadable() {
    assert_eq!(findings(r#"{"id":"a","args":["@b"],"dependencies":["b"]},{"image":"x"}"#), []);
}

#[test]
fn a_cycle_is_reported_once_as_a_path() {
    let text = r#"{"id":"app","containers":[
        {"id":"x","dependencies":["a"]},
        {"id":"a","dependencies":["b"]},
        {"id":"b","dependencies":["c","x"]},
        {"id":"c","dependencies":["a"]}]}"#;
    let (_, _, found) = resolved(text);
    assert_eq!(found.len(), 1);
    assert!(found[0].message.ends_with("x -> a -> b -> x"), "{}", found[0].message);
    assert_eq!(found[0].secondary.len(), 2);
    assert_eq!(one(r#"{"id":"a","dependencies":["a"]}"#).0, "E0305");
}

#[test]
fn the_start_order_follows_dependencies_then_the_document() {
    let (_, plan, found) = resolved(
        r#"{"id":"app","containers":[{"id":"web","dependencies":["api","db"]},
            {"id":"api","dependencies":["db"]},{"id":"db"},{"id":"log"}]}"#,
    );
    assert_eq!(found, []);
    assert_eq!(plan.start_order, [2, 3, 1, 0]);
    assert_eq!(plan.containers.iter().map(|c| c.level).collect::<Vec<_>>(), [2, 1, 0, 0]);
}

#[test]
fn referrers_are_listed_in_document_order() {
    let (_, plan, _) = resolved(
        r#"{"id":"app","containers":[{"id":"a","args":["@a","@b:80"]},{"id":"b","cmd":"@a"}]}"#,
    );
    let referrers = |at: usize| -> Vec<_> {
        plan.containers[at].referrers.iter().map(|r| (r.from(), r.port)).collect()
    };
    assert_eq!(referrers(0), [(0, None), (1, None)]);
    assert_eq!(referrers(1), [(0, Some(80))]);
}

#[test]
fn ports_are_checked() {
    let port = |a: &str| format!(r#"{{"id":"a","network_mode":"bridge",{a}}}"#);
    let twice = port(r#""ports":[{"container_port":80},{"container_port":80,"protocol":"TCP"}]"#);
    assert_eq!(one(&twice).0, "E0306");
    let both = port(r#""ports":[{"container_port":53},{"container_port":53,"protocol":"udp"}]"#);
    assert_eq!(findings(&both), []);
    let many = port(r#""instances":2,"ports":[{"container_port":80,"host_port":8080}]"#);
    assert_eq!(one(&many).0, "W0303");
    assert_eq!(one(r#"{"id":"a","ports":[{"container_port":80,"host_port":81}]}"#).0, "E0308");
    let same = r#"{"id":"a","ports":[{"container_port":80,"host_port":80}]}"#;
    assert_eq!(one(same), ("H0303", "80".to_owned()));
    let written = same.replace("\"ports\"", "\"network_mode\":\"host\",\"ports\"");
    assert_eq!(findings(&written), []);
    let clash = r#"{"id":"a","ports":[{"container_port":80}]},
        {"id":"b","network_mode":"container","ports":[{"container_port":1,"host_port":80}]}"#;
    assert_eq!(one(clash), ("E0307", "80".to_owned()));
    let different_hosts = r#"{"id":"a","ports":[{"container_port":80}],"schedule_hints":{"placement":{"host":"x"}}},
        {"id":"b","ports":[{"container_port":80}],"user_schedule_hints":{"placement":{"host":"y"}}}"#;
    assert_eq!(findings(different_hosts), []);
}

/// The clashes between containers that each use host port 80: `id`, and `level:name` of its placement.
fn clashes(containers: &[(&str, &str)]) -> Vec<String> {
    let containers: Vec<String> = containers
        .iter()
        .map(|(id, place)| {
            let place = place.split_once(':').map_or(String::new(), |(level, name)| {
                format!(r#","schedule_hints":{{"placement":{{"{level}":"{name}"}}}}"#)
            });
            format!(r#"{{"id":"{id}","ports":[{{"container_port":80}}]{place}}}"#)
        })
        .collect();
    let (_, _, found) =
        resolved(&format!(r#"{{"id":"app","containers":[{}]}}"#, containers.join(",")));
    assert!(found.iter().all(|d| d.code.id == "E0307"));
    let ids = |d: &Diagnostic| {
        let ids: Vec<&str> = d.message.split('`').skip(1).step_by(2).take(2).collect();
        ids.join("-")
    };
    found.iter().map(ids).collect()
}

#[test]
fn every_clash_of_a_host_port_is_found_and_reported_once() {
    assert_eq!(clashes(&[("a", "host:x"), ("b", "host:y"), ("c", "")]), ["a-c"]);
    assert_eq!(clashes(&[("a", "host:x"), ("b", "host:y"), ("c", "host:y")]), ["b-c"]);
    assert_eq!(clashes(&[("a", "host:x"), ("b", "host:y"), ("c", "zone:y")]), ["a-c"]);
    assert_eq!(clashes(&[("a", "host:x"), ("b", ""), ("c", "host:y")]), ["a-b", "b-c"]);
    assert_eq!(clashes(&[("a", ""), ("b", "host:x"), ("c", "host:x")]), ["a-b", "a-c"]);
    assert_eq!(clashes(&[("a", "zone:x"), ("b", "zone:y"), ("c", "zone:z")]), [""; 0]);
    // Two of one container.
    let twice = r#"{"id":"a","ports":[{"container_port":80}]},
        {"id":"b","ports":[{"container_port":80},{"container_port":80}]}"#;
    assert_eq!(
        findings(twice).into_iter().map(|(code, _)| code).collect::<Vec<_>>(),
        ["E0307", "E0306"]
    );
}

#[test]
fn clashes_of_many_containers_are_found_in_linear_time() {
    let text: Vec<String> = (0..30_000)
        .map(|at| {
            format!(
                r#"{{"id":"c{at}","ports":[{{"container_port":80}}],
                "schedule_hints":{{"placement":{{"host":"h{}"}}}}}}"#,
                at / 2
            )
        })
        .collect();
    let start = std::time::Instant::now();
    let (_, _, found) = resolved(&format!(r#"{{"id":"app","containers":[{}]}}"#, text.join(",")));
    assert_eq!(found.len(), crate::diag::MAX_FINDINGS + 1);
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

#[test]
fn names_of_the_local_machine_are_reported_where_others_refer_to_them() {
    let local = |id: &str, other: &str| {
        let text = format!(r#"{{"id":"{id}","cmd":"@{id}"}},{{"id":"b","cmd":"{other}"}}"#);
        findings(&text)
    };
    for id in ["localhost", "Localhost", "ip6-localnet", "ip6-allrouters"] {
        assert_eq!(local(id, &format!("@{id}")), [("E0316", format!("\"{id}\""))]);
        assert_eq!(local(id, "x"), [], "{id}");
    }
    assert_eq!(local("localhost-1", "@localhost-1"), []);
}

#[test]
fn strings_that_linux_cannot_pass_are_reported() {
    let long = |length: usize| "x".repeat(length);
    let cases = [
        format!(r#""cmd":"{}""#, long(131_072)),
        format!(r#""args":["a","{}"]"#, long(131_072)),
        format!(r#""env":{{"A":"{}"}}"#, long(131_070)),
        format!(r#""env":{{"A":["{}"]}}"#, long(131_066)),
        format!(r#""cmd":"@a {}""#, long(131_071)),
        format!(r#""health_check":{{"protocol":"COMMAND","command":"{}"}}"#, long(131_072)),
    ];
    for text in cases {
        assert_eq!(one(&format!(r#"{{"id":"a",{text}}}"#)).0, "E0205", "{}", &text[..20]);
    }
    let most =
        format!(r#"{{"id":"a","args":["{}"],"env":{{"A":"{}"}}}}"#, long(131_071), long(131_069));
    assert_eq!(findings(&most), []);
}

#[test]
fn images_are_reported_at_the_invalid_part() {
    let image = |image: &str| findings(&format!(r#"{{"id":"a","image":"{image}"}}"#));
    assert_eq!(image("registry.example:5000/Team/App:V1"), [("E0206", "Team/App".to_owned())]);
    assert_eq!(image(r"a\u002fb:1:2"), [("E0206", "1:2".to_owned())]);
    assert_eq!(image("registry.example:5000/team/app:V1"), []);
    // The schema reports these.
    assert_eq!(image(""), []);
    assert_eq!(image("a b"), []);
}

#[test]
fn health_checks_resolve_their_port() {
    let service = |a: &str| {
        format!(
            r#"{{"id":"a","network_mode":"bridge",{a},
            "ports":[{{"container_port":53,"protocol":"udp"}},{{"container_port":80}}]}}"#
        )
    };
    let (_, plan, found) = resolved(&format!(
        r#"{{"id":"app","containers":[{}]}}"#,
        service(r#""default_health_check":true"#)
    ));
    assert_eq!(found, []);
    let health = plan.containers[0].health().unwrap();
    assert!(
        matches!(health.probe, Probe::Tcp { port: Spanned { value: 1, .. } }) && health.is_default
    );
    assert_eq!(one(&service(r#""health_check":{"port_index":2}"#)).0, "E0312");
    assert_eq!(one(&service(r#""health_check":{"port_index":0}"#)).0, "E0312");
    assert_eq!(findings(&service(r#""health_check":{"port_index":1,"protocol":"http"}"#)), []);
    let command = |index: &str| {
        findings(&service(&format!(
            r#""health_check":{{"protocol":"COMMAND","command":"x"{index}}}"#
        )))
    };
    assert_eq!(command(r#","port_index":2"#), [("E0312", "2".to_owned())]);
    assert_eq!(command(r#","port_index":0"#), []);
    assert_eq!(command(""), []);
    assert_eq!(one(r#"{"id":"a","default_health_check":true}"#).0, "W0302");
}

#[test]
fn volumes_are_resolved_by_id() {
    let app = |mounts: &str| {
        let text = format!(
            r#"{{"id":"app","data_persistence":{{"volumes":[{{"id":"data"}}]}},
            "containers":[{{"id":"a","volumes":[{mounts}]}}]}}"#
        );
        let (_, plan, found) = resolved(&text);
        (plan, found.iter().map(|d| d.code.id).collect::<Vec<_>>())
    };
    let (plan, found) = app(r#"{"src":"data","dest":"/x"},{"src":"data","dest":"/y","mode":"ro"}"#);
    assert_eq!(found, [""; 0]);
    assert_eq!(plan.volumes[0].mounted_by, [0]);
    assert!(plan.containers[0].mounts[1].read_only.value);
    // The volume may be meant, and is not reported as unused.
    assert_eq!(app(r#"{"src":"dta","dest":"/x"}"#).1, ["E0309"]);
    for mount in [
        r#"{"src":"data"}"#,
        r#"{"src":5,"dest":"/x"}"#,
        r#"{"src":"data","dest":"/x","type":"persistnt"}"#,
        r#"{"src":"data","dest":"/x","type":"host"}"#,
        r#""data:/x""#,
    ] {
        let codes = app(mount).1;
        assert!(!codes.contains(&"W0301"), "{mount}: {codes:?}");
    }
    for field in ["volume", "volumeMounts", "mounts", "storage"] {
        let text = format!(
            r#"{{"id":"app","data_persistence":{{"volumes":[{{"id":"data"}}]}},
            "containers":[{{"id":"a","{field}":[{{"name":"data","dest":"/x"}}]}}]}}"#
        );
        assert!(!resolved(&text).2.iter().any(|d| d.code.id == "W0301"), "{field}");
    }
    assert_eq!(app("").1, ["W0301"]);
    assert_eq!(app(r#"{"src":"/x","dest":"/x","type":"host"}"#).1, ["W0301"]);
    assert_eq!(
        app(r#"{"src":"data","dest":"/x"},{"host_path":"/h","container_path":"/x/"}"#).1,
        ["E0311"]
    );
    for path in ["//x", "/x/.", "/y/../x", "/./x//"] {
        let second = format!(r#"{{"src":"data","dest":"/x"}},{{"src":"data","dest":"{path}"}}"#);
        assert_eq!(app(&second).1, ["E0311"], "{path}");
    }
    for root in ["/", "//", "/x/.."] {
        assert_eq!(app(&format!(r#"{{"src":"data","dest":"{root}"}}"#)).1, ["E0315"], "{root}");
    }
}

#[test]
fn schedules_are_parsed() {
    let job = |a: &str| format!(r#"{{"id":"a","type":"job",{a}}}"#);
    let (_, plan, found) = resolved(&format!(
        r#"{{"id":"app","containers":[{}]}}"#,
        job(r#""repeats":-1,"interval":"1DT2H30M","start_time":"2027-01-31T04:30:00+01:00""#)
    ));
    assert_eq!(found, []);
    let job_plan = plan.containers[0].job().unwrap();
    assert_eq!(job_plan.repeats.value, Repeats::Forever);
    assert_eq!(job_plan.start.as_ref().unwrap().value.utc, [2027, 1, 31, 3, 30, 0]);
    let interval = &job_plan.interval.value;
    assert_eq!((interval.months, interval.days, interval.seconds), (0, 1, 9000));
    assert_eq!(one(&job(r#""interval":"PT1H""#)).0, "E0314");
    assert_eq!(one(&job(r#""interval":"10 minutes""#)).0, "E0314");
    assert_eq!(one(&job(r#""repeats":2,"interval":"T0S""#)).0, "E0314");
    assert_eq!(one(&job(r#""repeats":2,"interval":"10M""#)).0, "H0302");
    assert_eq!(one(&job(r#""repeats":2"#)).0, "H0302");
    assert_eq!(findings(&job(r#""interval":"10M""#)), []);
    assert_eq!(one(&job(r#""start_time":"tomorrow""#)).0, "E0313");
    assert_eq!(one(&job(r#""start_time":"2027-01-31 04:30:00Z""#)).0, "E0313");
    for (start, help) in [
        ("2027-01-31T04:30:00", "offset from UTC"),
        ("2027-01-31T04:30Z", "seconds too"),
        ("2027-01-31T04:30+01:00", "seconds too"),
        ("2027-01-31T04:30:60Z", "leap seconds"),
        ("2016-12-31T23:59:60.5Z", "leap seconds"),
        ("2027-01-31T04:30:00+01:00[Europe/Berlin]", "names of time zones"),
        ("2027-01-31T04:30:00Z[UTC]", "names of time zones"),
        ("2027-01-31T04:30:00+01", "expected"),
        ("2027-01-31T04:30:00+0100", "expected"),
        ("2027-01-31T04:30:00,5Z", "expected"),
        ("2027-01-31T04:30:00.Z", "expected"),
        ("20270131T043000Z", "expected"),
        ("+002027-01-31T04:30:00Z", "expected"),
        ("2027-02-31T04:30:00Z", "expected"),
    ] {
        let text = job(&format!(r#""start_time":"{start}""#));
        let (_, _, found) = resolved(&format!(r#"{{"id":"app","containers":[{text}]}}"#));
        assert_eq!(found.len(), 1, "{start}");
        assert!(found[0].code.id == "E0313" && found[0].help[0].contains(help), "{found:?}");
    }
    for start in ["2027-01-31t04:30:00z", "2027-01-31T04:30:00.25-00:00", "2027-01-31T04:30:59Z"] {
        assert_eq!(findings(&job(&format!(r#""start_time":"{start}""#))), [], "{start}");
    }
    for interval in ["T0.5S", "T1.5S", "T1,25S", "T0.0001H"] {
        let text = job(&format!(r#""repeats":2,"interval":"{interval}""#));
        assert_eq!(one(&text).0, "E0314", "{interval}");
    }
    assert_eq!(findings(&job(r#""repeats":2,"interval":"T1.5H""#)), []);
}

#[test]
fn defaults_reach_the_plan() {
    let (_, plan, _) =
        resolved(r#"{"id":"app","containers":[{"id":"a"},{"id":"j","type":"job"}]}"#);
    let a = &plan.containers[0];
    assert_eq!(a.network.value, NetworkMode::Host);
    assert_eq!(a.instances.value, 1);
    assert!(a.force_pull.value && !a.privileged.value);
    let job = plan.containers[1].job().unwrap();
    assert_eq!((job.retries.value, job.repeats.value), (1, Repeats::Times(1)));
    assert_eq!(job.interval.value.months, 2);
}

#[test]
fn nul_characters_are_rejected() {
    let nul = r#""a\u0000b""#;
    let fields = [
        format!(r#""cmd":{nul}"#),
        format!(r#""args":[{nul}]"#),
        format!(r#""env":{{"A":{nul}}}"#),
        r#""volumes":[{"src":"/x","dest":"a\u0000b","type":"host"}]"#.to_owned(),
        r#""volumes":[{"src":"a\u0000b","dest":"/x","type":"host"}]"#.to_owned(),
    ];
    for field in fields {
        assert_eq!(one(&format!(r#"{{"id":"a",{field}}}"#)), ("E0206", nul.to_owned()), "{field}");
    }
    // In JSON text it is an escape of six characters.
    assert_eq!(findings(&format!(r#"{{"id":"a","env":{{"A":[{nul}]}}}}"#)), []);
}

#[test]
fn files_are_at_paths_that_can_exist() {
    let file = |dest: &str| format!(r#"{{"dest":"{dest}","content":"x"}}"#);
    let secret = |dest: &str| format!(r#"{{"dest":"{dest}","secret":"s","key":"k"}}"#);
    let two = |files: &str, secrets: &str, volume: &str| {
        let found = findings(&format!(
            r#"{{"id":"a","files":[{files}],"secret_files":[{secrets}],
            "volumes":[{{"type":"host","src":"/h","dest":"{volume}"}}]}}"#
        ));
        found.into_iter().map(|(code, text)| format!("{code} {text}")).collect::<Vec<_>>()
    };
    let below = r#"E0311 "/a/b/c""#;
    assert_eq!(two(&[file("/a/b/c"), file("/a/b")].join(","), "", "/v"), [below]);
    assert_eq!(two("", &[secret("/a/b"), secret("/a/b/c")].join(","), "/v"), [below]);
    assert_eq!(two(&file("/a"), "", "/a/b/c"), [below]);
    assert_eq!(two(&file("/a/b/c"), &secret("//a/b"), "/a"), [below]);
    assert_eq!(two(&[file("/a/b"), file("/a/bc"), file("/a/b-c/d")].join(","), "", "/a"), [""; 0]);
    for path in ["/..", "/.", "/a/../b", "/./a"] {
        let expected = format!("E0206 \"{path}\"");
        assert_eq!(two(&file(path), "", "/v"), [expected.as_str()]);
        assert_eq!(two("", &secret(path), "/v"), [expected.as_str()]);
    }
    assert_eq!(two(&[file("/..a"), file("/.b/...")].join(","), "", "/v"), [""; 0]);
}

#[test]
fn the_program_of_an_entrypoint_is_not_empty() {
    assert_eq!(one(r#"{"id":"a","entrypoint":["","x"]}"#), ("E0206", r#""""#.to_owned()));
    assert_eq!(findings(r#"{"id":"a","entrypoint":["x",""]}"#), []);
}
