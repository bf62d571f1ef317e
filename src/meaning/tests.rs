use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Style, changes};
use crate::analysis::Analysis;
use crate::plan::Plan;
use crate::{Memory, source::Sources};

/// The file of an appliance in which the fields of a container, or of the appliance, are replaced.
pub fn world(fields: &Value) -> Memory {
    let mut container = json!({
        "id": "a", "type": "service", "image": "i:1", "resources": {"cpus": 1, "mem": 64},
        "network_mode": "container", "ports": [{"container_port": 80}, {"container_port": 81}],
    });
    let mut appliance = json!({
        "id": "x",
        "data_persistence": {"volumes": [{"id": "v", "size": 10}]},
    });
    for (name, value) in fields.as_object().unwrap() {
        let is_top = ["id", "data_persistence"].contains(&name.as_str());
        let object = if is_top { &mut appliance } else { &mut container };
        object[name.as_str()] = value.clone();
    }
    let other = json!({
        "id": "b", "type": "service", "image": "i:1", "resources": {"cpus": 1, "mem": 64},
        "network_mode": "container",
    });
    appliance["containers"] = json!([container, other]);
    Memory::new().with("x.json", appliance.to_string()).with("f", "one").with("g", "other")
}

fn plan(fields: &Value) -> Plan {
    let analysis = Analysis::read(&world(fields), "x.json", Sources::new()).unwrap();
    assert!(!analysis.findings.has_errors(), "{fields}: {:?}", analysis.findings);
    analysis.plan.unwrap()
}

fn words(before: &Value, after: &Value) -> Vec<String> {
    let found = changes(&plan(before), &plan(after));
    found.iter().map(|one| one.words(Style::Plain)).collect()
}

/// The fields that a case changes, its versions, and what is said of the way there.
pub type Case = (&'static [&'static str], Value, Value, &'static [&'static str]);

fn c(
    fields: &'static [&'static str],
    before: Value,
    after: Value,
    expected: &'static [&'static str],
) -> Case {
    (fields, before, after, expected)
}

pub fn cases() -> Vec<Case> {
    let job = |fields: Value| {
        let mut all = json!({"type": "job"});
        all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        all
    };
    let check = |fields: Value| {
        let mut all = json!({"protocol": "HTTP", "path": "/a"});
        all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        json!({"health_check": all})
    };
    let volume = |fields: Value| {
        let mut all = json!({"id": "v"});
        all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        json!({"data_persistence": {"volumes": [all]}})
    };
    let hint = |place: Value| json!({"schedule_hints": {"placement": place}});
    vec![
        c(&["id"], json!({}), json!({"id": "y"}), &["id x -> y"]),
        c(&["containers[].type"], json!({}), job(json!({})), &["`a` type service -> job"]),
        c(
            &["containers[].type"],
            json!({"minimum_capacity": 1}),
            job(json!({"retries": 0})),
            &[
                "`a` type service -> job",
                "`a` retries added: 0",
                "`a` minimum_capacity removed, was 1",
            ],
        ),
        c(
            &["containers[].files[].content"],
            json!({"files": [{"dest": "/f", "content": "one"}]}),
            json!({"files": [{"dest": "/f", "content": "two"}]}),
            &["`a` files.content `/f` changed, still 3 bytes"],
        ),
        c(&["containers[].image"], json!({}), json!({"image": "i:2"}), &["`a` image 1 -> 2"]),
        c(
            &["containers[].image"],
            json!({}),
            json!({"image": "r:5/i:1"}),
            &["`a` image i:1 -> r:5/i:1"],
        ),
        c(
            &["containers[].build", "containers[].build.context"],
            json!({}),
            json!({"build": {"context": "."}}),
            &["`a` build.context added: ."],
        ),
        c(
            &["containers[].build.dockerfile", "containers[].build.target"],
            json!({"build": {"context": "."}}),
            json!({"build": {"context": ".", "dockerfile": "D", "target": "t"}}),
            &["`a` build.dockerfile added: D", "`a` build.target added: t"],
        ),
        c(
            &["containers[].build.args"],
            json!({"build": {"context": ".", "args": {"A": "1", "TOKEN": "abcd"}}}),
            json!({"build": {"context": ".", "args": {"A": "2", "TOKEN": "efgh"}}}),
            &["`a` build.args `A` 1 -> 2", "`a` build.args `TOKEN` changed (hidden)"],
        ),
        c(
            &[
                "containers[].resources",
                "containers[].resources.cpus",
                "containers[].resources.mem",
            ],
            json!({}),
            json!({"resources": {"cpus": 2, "mem": 65}}),
            &["`a` resources.cpus 1 -> 2", "`a` resources.mem 64 MB -> 65 MB"],
        ),
        c(
            &["containers[].resources.disk", "containers[].resources.gpu"],
            json!({}),
            json!({"resources": {"cpus": 1, "mem": 64, "disk": 5, "gpu": 1}}),
            &["`a` resources.disk 0 MB -> 5 MB", "`a` resources.gpu 0 -> 1"],
        ),
        c(
            &["containers[].instances"],
            json!({}),
            json!({"instances": 3}),
            &["`a` 1 -> 3 instances"],
        ),
        c(&["containers[].cmd"], json!({}), json!({"cmd": "run x"}), &["`a` cmd added: run x"]),
        c(
            &["containers[].args"],
            json!({"args": ["a b"]}),
            json!({"args": ["a", "b"]}),
            &["`a` args 'a b' -> a b"],
        ),
        c(
            &["containers[].args"],
            json!({"args": ["--password", "one"]}),
            json!({"args": ["--password", "two"]}),
            &["`a` args changed (hidden)"],
        ),
        c(
            &["containers[].entrypoint"],
            json!({"entrypoint": ["x"]}),
            json!({}),
            &["`a` entrypoint removed, was x"],
        ),
        c(&["containers[].user"], json!({}), json!({"user": 5}), &["`a` user added: 5"]),
        c(
            &["containers[].working_dir"],
            json!({"working_dir": "/a"}),
            json!({"working_dir": "/b"}),
            &["`a` working_dir /a -> /b"],
        ),
        c(
            &["containers[].stop_timeout"],
            json!({}),
            json!({"stop_timeout": 5}),
            &["`a` stop_timeout added: 5 s"],
        ),
        c(
            &["containers[].labels"],
            json!({"labels": {"a": "1"}}),
            json!({"labels": {"b": "1"}}),
            &["`a` labels `b` added: 1", "`a` labels `a` removed, was 1"],
        ),
        c(
            &["containers[].files", "containers[].files[].dest", "containers[].files[].content"],
            json!({"files": [{"dest": "/f", "content": "one"}]}),
            json!({"files": [{"dest": "/f", "content": "two!"}]}),
            &["`a` files.content `/f` changed, 3 bytes -> 4 bytes"],
        ),
        c(
            &["containers[].files[].source", "containers[].files[].mode"],
            json!({"files": [{"dest": "/f", "source": "f"}]}),
            json!({"files": [{"dest": "/f", "source": "g", "mode": "0600"}]}),
            &[
                "`a` files.content `/f` changed, 3 bytes -> 5 bytes",
                "`a` files.source `/f` f -> g",
                "`a` files.mode `/f` 0644 -> 0600",
            ],
        ),
        c(
            &["containers[].env"],
            json!({"env": {"A": "1", "B": "2"}}),
            json!({"env": {"B": "3", "C": "@b"}}),
            &["`a` env `B` 2 -> 3", "`a` env `C` added: @b", "`a` env `A` removed, was 1"],
        ),
        c(
            &["containers[].env"],
            json!({"env": {"DB_PASSWORD": "one"}}),
            json!({"env": {"DB_PASSWORD": "two"}}),
            &["`a` env `DB_PASSWORD` changed (hidden)"],
        ),
        c(
            &["containers[].env"],
            json!({}),
            json!({"env": {"URL": "http://u:p\\@h"}}),
            &["`a` env `URL` added: (hidden)"],
        ),
        c(
            &[
                "containers[].secret_env",
                "containers[].secret_env.*.secret",
                "containers[].secret_env.*.key",
            ],
            json!({"secret_env": {"A": {"secret": "s", "key": "k"}}}),
            json!({"secret_env": {"A": {"secret": "t", "key": "l"}}}),
            &["`a` secret_env `A` k of secret s -> l of secret t"],
        ),
        c(
            &[
                "containers[].secret_files",
                "containers[].secret_files[].dest",
                "containers[].secret_files[].secret",
                "containers[].secret_files[].key",
            ],
            json!({}),
            json!({"secret_files": [{"dest": "/s", "secret": "s", "key": "k"}]}),
            &["`a` secret_files `/s` added: k of secret s"],
        ),
        c(
            &["containers[].secret_files[].mode"],
            json!({"secret_files": [{"dest": "/s", "secret": "s", "key": "k"}]}),
            json!({"secret_files": [{"dest": "/s", "secret": "s", "key": "k", "mode": "0400"}]}),
            &["`a` secret_files.mode `/s` 0444 -> 0400"],
        ),
        c(
            &["containers[].volumes"],
            json!({}),
            json!({"volumes": [{"src": "v", "dest": "/v"}]}),
            &["`a` volumes `/v` added: volume v"],
        ),
        c(
            &["containers[].volumes"],
            json!({"volumes": [{"src": "/h", "dest": "/v", "type": "host"}]}),
            json!({"volumes": [{"src": "v", "dest": "/v", "mode": "RO"}]}),
            &["`a` volumes `/v` path /h -> volume v", "`a` volumes.mode `/v` RW -> RO"],
        ),
        c(
            &["containers[].network_mode"],
            json!({}),
            json!({"network_mode": "bridge"}),
            &["`a` network_mode container -> bridge"],
        ),
        c(
            &["containers[].ports", "containers[].ports[].container_port"],
            json!({}),
            json!({"ports": [{"container_port": 82}, {"container_port": 81}]}),
            &["`a` port 82 is published", "`a` port 80 is no longer published"],
        ),
        c(
            &[
                "containers[].ports[].host_port",
                "containers[].ports[].protocol",
                "containers[].ports[].name",
            ],
            json!({"ports": [{"container_port": 80}]}),
            json!({"ports": [{"container_port": 80, "host_port": 90, "name": "n"}, {"container_port": 53, "protocol": "udp"}]}),
            &[
                "`a` ports.host_port `80` any -> 90",
                "`a` ports.name `80` added: n",
                "`a` port 53/udp is published",
            ],
        ),
        c(
            &["containers[].ports[].internal"],
            json!({"ports": [{"container_port": 80}]}),
            json!({"ports": [{"container_port": 80, "internal": true}]}),
            &["`a` port 80 is no longer published, but internal"],
        ),
        c(
            &["containers[].is_privileged", "containers[].force_pull_image"],
            json!({}),
            json!({"is_privileged": true, "force_pull_image": false}),
            &["`a` is_privileged false -> true", "`a` force_pull_image true -> false"],
        ),
        c(
            &["containers[].dependencies"],
            json!({}),
            json!({"dependencies": ["b"]}),
            &["`a` waits for `b`"],
        ),
        c(
            &["containers[].dependencies"],
            json!({"dependencies": ["b"]}),
            json!({}),
            &["`a` no longer waits for `b`"],
        ),
        c(
            &[
                "containers[].schedule_hints",
                "containers[].schedule_hints.placement",
                "containers[].schedule_hints.placement.cloud",
                "containers[].schedule_hints.placement.region",
            ],
            hint(json!({"cloud": "c"})),
            hint(json!({"region": "r"})),
            &[
                "`a` schedule_hints.placement.region added: r",
                "`a` schedule_hints.placement.cloud removed, was c",
            ],
        ),
        c(
            &[
                "containers[].schedule_hints.placement.zone",
                "containers[].schedule_hints.placement.host",
            ],
            hint(json!({"zone": "z"})),
            hint(json!({"host": "h"})),
            &[
                "`a` schedule_hints.placement.host added: h",
                "`a` schedule_hints.placement.zone removed, was z",
            ],
        ),
        c(
            &["containers[].schedule_hints.preemptible"],
            json!({}),
            json!({"schedule_hints": {"preemptible": false}}),
            &["`a` schedule_hints.preemptible added: false"],
        ),
        c(
            &[
                "containers[].health_check",
                "containers[].health_check.protocol",
                "containers[].health_check.command",
            ],
            json!({}),
            json!({"health_check": {"protocol": "COMMAND", "command": "x"}}),
            &["`a` health_check.protocol added: COMMAND", "`a` health_check.command added: x"],
        ),
        c(
            &["containers[].health_check.path", "containers[].health_check.port_index"],
            check(json!({})),
            check(json!({"path": "/b", "port_index": 1})),
            &["`a` health_check.path /a -> /b", "`a` health_check.port_index 80 -> 81"],
        ),
        c(
            &[
                "containers[].health_check.interval_seconds",
                "containers[].health_check.timeout_seconds",
                "containers[].health_check.max_consecutive_failures",
                "containers[].health_check.grace_period_seconds",
            ],
            check(json!({})),
            check(
                json!({"interval_seconds": 30, "timeout_seconds": 2, "max_consecutive_failures": 4, "grace_period_seconds": 5}),
            ),
            &[
                "`a` health_check.interval_seconds 60 s -> 30 s",
                "`a` health_check.timeout_seconds 20 s -> 2 s",
                "`a` health_check.max_consecutive_failures 3 -> 4",
                "`a` health_check.grace_period_seconds 300 s -> 5 s",
            ],
        ),
        c(
            &["containers[].minimum_capacity"],
            json!({}),
            json!({"minimum_capacity": 0.5}),
            &["`a` minimum_capacity 0 -> 0.5"],
        ),
        c(
            &["containers[].retries"],
            job(json!({})),
            job(json!({"retries": 2})),
            &["`a` retries 1 -> 2"],
        ),
        c(
            &["containers[].repeats", "containers[].interval"],
            job(json!({})),
            job(json!({"repeats": -1, "interval": "1D"})),
            &["`a` repeats 1 -> unlimited", "`a` interval added: 1D"],
        ),
        c(
            &["containers[].start_time"],
            job(json!({})),
            job(json!({"start_time": "2027-02-01T03:00:00Z"})),
            &["`a` start_time added: 2027-02-01T03:00:00Z"],
        ),
        c(
            &["containers[].schedule"],
            job(json!({"schedule": "0 3 * * *"})),
            job(json!({"schedule": "0 4 * * *"})),
            &["`a` schedule 0 3 * * * -> 0 4 * * *"],
        ),
        c(
            &["containers[].time_zone"],
            job(json!({"schedule": "0 3 * * *"})),
            job(json!({"schedule": "0 3 * * *", "time_zone": "Europe/Berlin"})),
            &["`a` time_zone UTC -> Europe/Berlin"],
        ),
        c(
            &["data_persistence", "data_persistence.volumes", "data_persistence.volumes[].id"],
            json!({}),
            json!({"data_persistence": {"volumes": [{"id": "w"}]}}),
            &["volume `w` added", "volume `v` removed"],
        ),
        c(
            &["data_persistence.volume_type"],
            json!({}),
            json!({"data_persistence": {"volume_type": "nfs", "volumes": [{"id": "v", "size": 10}]}}),
            &["volume `v` volume_type cephfs -> nfs"],
        ),
        c(
            &["data_persistence.volumes[].scope"],
            volume(json!({})),
            volume(json!({"scope": "global"})),
            &["volume `v` scope local -> global"],
        ),
        c(
            &["data_persistence.volumes[].size"],
            volume(json!({"size": 1})),
            volume(json!({"size": 2})),
            &["volume `v` size 1 MB -> 2 MB"],
        ),
        c(
            &[
                "data_persistence.volumes[].schedule_hints",
                "data_persistence.volumes[].schedule_hints.placement",
                "data_persistence.volumes[].schedule_hints.placement.cloud",
            ],
            volume(json!({})),
            volume(json!({"schedule_hints": {"placement": {"cloud": "c"}}})),
            &["volume `v` schedule_hints.placement.cloud added: c"],
        ),
        c(
            &["data_persistence.volumes[].schedule_hints.placement.region"],
            volume(json!({})),
            volume(json!({"schedule_hints": {"placement": {"region": "c"}}})),
            &["volume `v` schedule_hints.placement.region added: c"],
        ),
        c(
            &["data_persistence.volumes[].schedule_hints.placement.zone"],
            volume(json!({})),
            volume(json!({"schedule_hints": {"placement": {"zone": "c"}}})),
            &["volume `v` schedule_hints.placement.zone added: c"],
        ),
        c(
            &["data_persistence.volumes[].schedule_hints.placement.host"],
            volume(json!({})),
            volume(json!({"schedule_hints": {"placement": {"host": "c"}}})),
            &["volume `v` schedule_hints.placement.host added: c"],
        ),
        c(
            &["containers[].default_health_check"],
            json!({}),
            json!({"default_health_check": true}),
            &[
                "`a` health_check.protocol added: MESOS_TCP",
                "`a` health_check.port_index added: 80",
            ],
        ),
    ]
}

#[test]
fn each_change_is_worded() {
    let mut failures = Vec::new();
    for (fields, before, after, expected) in cases() {
        let found = words(&before, &after);
        if found != expected {
            failures.push(format!("{fields:?}: {found:#?}"));
        }
        // The way back has as many changes, and the same is none.
        if words(&after, &before).len() != expected.len() || !words(&after, &after).is_empty() {
            failures.push(format!("{fields:?}: back {:#?}", words(&after, &before)));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_change_is_at_its_value() {
    let check =
        |seconds: u32| json!({"health_check": {"protocol": "TCP", "interval_seconds": seconds}});
    let after = Analysis::read(&world(&check(10)), "x.json", Sources::new()).unwrap();
    let found = changes(&plan(&check(5)), after.plan.as_ref().unwrap());
    let place = |at: usize| found[at].after.as_ref().map(|(_, span)| after.source.slice(*span));
    assert_eq!((found.len(), place(0)), (1, Some("10")));
}

/// Fields that have no meaning of their own: the ids that name subjects, other spellings, and what is ignored.
const WITHOUT: &[&str] = &[
    "$schema",
    "containers",
    "containers[].id",
    "scheduler",
    "containers[].user_schedule_hints",
    "containers[].resources.gpus",
    "containers[].appliance",
    "containers[].state",
    "containers[].endpoints",
    "containers[].deployment",
    "containers[].last_update",
    "containers[].sys_schedule_hints",
    "containers[].tasks",
    "containers[].rack",
    "containers[].host",
    "containers[].cloud",
    "containers[].data",
    "containers[].cluster_type",
];

#[test]
fn each_field_of_the_schema_has_a_case() {
    let schema: Value = serde_json::from_str(crate::schema::TEXT).unwrap();
    let mut fields = BTreeSet::new();
    collect(&schema, &schema, "", &mut fields);
    let known: BTreeSet<&str> = cases().iter().flat_map(|case| case.0).copied().collect();
    let is_ignored = |field: &&String| {
        WITHOUT.contains(&field.as_str())
            || ["scheduler.", "containers[].user_schedule_hints."]
                .iter()
                .any(|start| field.starts_with(start))
    };
    let missing: Vec<&String> = fields
        .iter()
        .filter(|field| !known.contains(field.as_str()) && !is_ignored(field))
        .collect();
    assert!(fields.len() > 60 && missing.is_empty(), "fields without a case: {missing:#?}");
}

fn collect(root: &Value, node: &Value, path: &str, fields: &mut BTreeSet<String>) {
    if let Some(target) = node["$ref"].as_str().and_then(|target| target.strip_prefix('#')) {
        collect(root, root.pointer(target).unwrap(), path, fields);
    }
    for key in ["oneOf", "anyOf", "allOf"] {
        node[key].as_array().into_iter().flatten().for_each(|one| collect(root, one, path, fields));
    }
    for (name, value) in node["properties"].as_object().into_iter().flatten() {
        let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        fields.insert(below.clone());
        collect(root, value, &below, fields);
    }
    if node["items"].is_object() {
        collect(root, &node["items"], &format!("{path}[]"), fields);
    }
    if node["additionalProperties"].is_object() {
        collect(root, &node["additionalProperties"], &format!("{path}.*"), fields);
    }
}

#[test]
fn markdown_has_no_meaning_in_values() {
    let found = changes(&plan(&json!({})), &plan(&json!({"env": {"A": "x`\\@team`\n<b>|"}})));
    let words: Vec<String> = found.iter().map(|one| one.words(Style::Markdown)).collect();
    assert_eq!(words, ["`a` env `A` added: ``x`\\@team`\\n<b>|``"]);
}
