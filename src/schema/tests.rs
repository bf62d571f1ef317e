use serde_json::Value;

use super::*;
use crate::diag::{Diagnostic, Level};
use crate::source::Source;
use crate::syntax;

/// The findings of the schema check in a text, sorted.
fn found(text: &str) -> (Source, Vec<Diagnostic>) {
    let source = Source::new("a.jsonc", text);
    let mut syntax_errors = Findings::new();
    let tree = syntax::parse(&source, &mut syntax_errors).expect("a tree");
    let mut found = Findings::new();
    check(&source, &tree, &mut found);
    (source, found.into_sorted())
}

/// The codes of the findings in a text, and the underlined texts.
fn places(text: &str) -> Vec<(&'static str, String)> {
    let (source, found) = found(text);
    found.iter().map(|d| (d.code.id, source.slice(d.primary.span).to_owned())).collect()
}

/// The text with every edit applied.
fn fixed(text: &str) -> String {
    let (_, found) = found(text);
    let mut edits: Vec<_> = found.iter().filter_map(|d| d.edit.as_ref()).collect();
    edits.sort_by_key(|edit| edit.span);
    let mut text = text.to_owned();
    for edit in edits.iter().rev() {
        text.replace_range(edit.span.range(), &edit.replacement);
    }
    text
}

/// An appliance of one container with these members.
fn appliance(container: &str) -> String {
    format!(r#"{{"id": "a", "containers": [{{{container}}}]}}"#)
}

/// A service with these members in addition to the required ones.
fn service(members: &str) -> String {
    let comma = if members.is_empty() { "" } else { ", " };
    appliance(&format!(
        r#""id": "s", "type": "service", "image": "i", "resources": {{"cpus": 1, "mem": 1}}{comma}{members}"#
    ))
}

/// A job with these members in addition to the required ones.
fn job(members: &str) -> String {
    service(members).replace("\"service\"", "\"job\"")
}

/// A service with these resources.
fn resources(members: &str) -> String {
    appliance(&format!(r#""id": "s", "type": "service", "image": "i", "resources": {{{members}}}"#))
}

/// An appliance with a service and these top-level members.
fn top(members: &str) -> String {
    service("").replacen("{", &format!("{{{members}, "), 1)
}

#[test]
fn valid_appliances_have_no_findings() {
    let good = [
        service(""),
        job(""),
        service(r#""instances": 0, "cmd": "x", "args": []"#),
        service(r#""args": ["a", 1, true, ""], "env": {"A": null, "B": [1], "C": {"d": 1}}"#),
        service(r#""network_mode": "HOST", "ports": [{"container_port": 1}]"#),
        service(
            r#""ports": [{"container_port": 65535, "host_port": 0, "protocol": "udp", "name": "x"}]"#,
        ),
        service(
            r#""volumes": [{"src": "v", "dest": "/v"}, {"src": "/h", "dest": "/h", "type": "Host", "mode": "ro"}]"#,
        ),
        service(
            r#""schedule_hints": {"placement": {"cloud": "aws", "region": "r", "zone": "z", "host": "h"}, "preemptible": true}"#,
        ),
        service(r#""user_schedule_hints": {"placement": {"host": "h"}}"#),
        service(r#""health_check": {}"#),
        service(r#""health_check": {"protocol": "HTTP", "path": "/x", "port_index": 0}"#),
        service(
            r#""health_check": {"protocol": "COMMAND", "command": "true", "interval_seconds": 1}"#,
        ),
        service(
            r#""default_health_check": true, "minimum_capacity": 0.5, "dependencies": ["a", "b"]"#,
        ),
        job(r#""retries": 0, "repeats": -1, "start_time": "", "interval": "T10M""#),
        resources(r#""cpus": 0.01, "mem": 1.0, "disk": 0, "gpus": 1"#),
        top(
            r#""data_persistence": {"volume_type": "x", "volumes": [{"id": "v", "scope": "global", "size": 1, "schedule_hints": {"placement": {"zone": "z"}}}]}"#,
        ),
    ];
    let good = good.into_iter().chain([
        top(r#""$schema": "./schema/appliance.schema.json""#),
        top(r#""x-": null, "x-a": {"id": 1, "containers": "@b"}, "x-A b/c~d": [[]]"#),
    ]);
    for text in good {
        assert_eq!(places(&text), [], "{text}");
    }
}

#[test]
fn each_error_is_reported_once_at_its_location() {
    let cases = [
        // The appliance.
        ("[]".to_owned(), "E0202", "[]"),
        ("{}".to_owned(), "E0203", "{"),
        (r#"{"id": "a", "containers": []}"#.to_owned(), "E0205", "[]"),
        (r#"{"id": "a", "containers": {}}"#.to_owned(), "E0202", "{}"),
        (r#"{"id": "a", "containers": [1]}"#.to_owned(), "E0202", "1"),
        (service("").replacen("\"a\"", "\"a b\"", 1), "E0206", "\"a b\""),
        (service("").replacen("\"a\"", "\"\"", 1), "E0206", "\"\""),
        (top(r#""name": 1"#), "E0201", "\"name\""),
        // Any container.
        (appliance(""), "E0203", "{"),
        (service("").replace("\"service\"", "\"server\""), "E0204", "\"server\""),
        (service("").replace("\"service\"", "\"Service\""), "E0204", "\"Service\""),
        (service("").replace("\"service\"", "1"), "E0202", "1"),
        (service("").replace("\"i\"", "\"\""), "E0206", "\"\""),
        (service("").replace("\"i\"", "\"a b\""), "E0206", "\"a b\""),
        (service(r#""instances": -1"#), "E0205", "-1"),
        (service(r#""instances": 1.5"#), "E0202", "1.5"),
        (service(r#""instances": 99999999999999999999"#), "E0205", "99999999999999999999"),
        (service(r#""cmd": 1"#), "E0202", "1"),
        (service(r#""cmd": null"#), "E0202", "null"),
        (service(r#""cmd": null, "args": ["y"]"#), "E0202", "null"),
        (service(r#""cmd": "x", "args": ["y"]"#), "E0208", "\"cmd\""),
        (service(r#""args": "y""#), "E0202", "\"y\""),
        (service(r#""args": ["a", null]"#), "E0202", "null"),
        (service(r#""args": [["a"]]"#), "E0202", "[\"a\"]"),
        (service(r#""env": []"#), "E0202", "[]"),
        (service(r#""env": {"a=b": 1}"#), "E0206", "\"a=b\""),
        (service(r#""env": {"": 1}"#), "E0206", "\"\""),
        (service(r#""network_mode": "overlay""#), "E0204", "\"overlay\""),
        (service(r#""network_mode": true"#), "E0202", "true"),
        (service(r#""is_privileged": "yes""#), "E0202", "\"yes\""),
        (service(r#""force_pull_image": 1"#), "E0202", "1"),
        (service(r#""dependencies": ["x", "y", "x"]"#), "E0209", "\"x\""),
        (service(r#""dependencies": [1]"#), "E0202", "1"),
        (service(r#""dependancies": []"#), "E0201", "\"dependancies\""),
        (service(r#""schedule_hints": {"placement": {"rack": "r"}}"#), "E0201", "\"rack\""),
        (service(r#""schedule_hints": {"placement": {"zone": ""}}"#), "E0205", "\"\""),
        (
            service(r#""schedule_hints": {}, "user_schedule_hints": {}"#),
            "E0208",
            "\"user_schedule_hints\"",
        ),
        // Resources.
        (resources(r#""cpus": 1"#), "E0203", "{"),
        (resources(r#""cpus": 0, "mem": 1"#), "E0205", "0"),
        (resources(r#""cpus": 1e999, "mem": 1"#), "E0205", "1e999"),
        (resources(r#""cpus": 1, "mem": 0"#), "E0205", "0"),
        (resources(r#""cpus": 1, "mem": "4096""#), "E0202", "\"4096\""),
        (resources(r#""cpus": 1, "mem": 1, "disk": -1"#), "E0205", "-1"),
        (resources(r#""cpus": 1, "mem": 1, "gpu": 0.5"#), "E0202", "0.5"),
        (resources(r#""cpus": 1, "mem": 1, "gpu": 1, "gpus": 1"#), "E0208", "\"gpus\""),
        // Ports.
        (service(r#""ports": [{}]"#), "E0203", "{"),
        (service(r#""ports": [8080]"#), "E0202", "8080"),
        (service(r#""ports": [{"container_port": 0}]"#), "E0205", "0"),
        (service(r#""ports": [{"container_port": 65536}]"#), "E0205", "65536"),
        (service(r#""ports": [{"container_port": 1, "host_port": -1}]"#), "E0205", "-1"),
        (service(r#""ports": [{"container_port": 1, "protocol": "TCP"}]"#), "E0204", "\"TCP\""),
        (service(r#""ports": [{"container_port": 1, "name": ""}]"#), "E0205", "\"\""),
        (service(r#""ports": [{"containerPort": 1}]"#), "E0201", "\"containerPort\""),
        // Volumes.
        (service(r#""volumes": ["v"]"#), "E0202", "\"v\""),
        (service(r#""volumes": [{"src": "v"}]"#), "E0203", "{"),
        (service(r#""volumes": [{"src": "", "dest": "/v"}]"#), "E0205", "\"\""),
        (service(r#""volumes": [{"src": "v", "dest": "v"}]"#), "E0206", "\"v\""),
        (
            service(r#""volumes": [{"src": "v", "dest": "/v", "type": "hots"}]"#),
            "E0204",
            "\"hots\"",
        ),
        (service(r#""volumes": [{"src": "v", "dest": "/v", "type": "HOST"}]"#), "E0206", "\"v\""),
        (service(r#""volumes": [{"src": "v", "dest": "/v", "mode": "RX"}]"#), "E0204", "\"RX\""),
        (service(r#""volumes": [{"host_path": "/v", "dest": "/v"}]"#), "E0208", "\"dest\""),
        // Health checks.
        (service(r#""health_check": true"#), "E0202", "true"),
        (service(r#""health_check": {"protocol": "http"}"#), "E0204", "\"http\""),
        (service(r#""health_check": {"path": "/x"}"#), "E0207", "\"path\""),
        (service(r#""health_check": {"protocol": "TCP", "path": "/x"}"#), "E0207", "\"path\""),
        (service(r#""health_check": {"protocol": "HTTP", "path": "x"}"#), "E0206", "\"x\""),
        (
            service(r#""health_check": {"protocol": "HTTP", "command": "x"}"#),
            "E0207",
            "\"command\"",
        ),
        (service(r#""health_check": {"command": "x"}"#), "E0207", "\"command\""),
        (service(r#""health_check": {"protocol": "COMMAND"}"#), "E0203", "{"),
        (service(r#""health_check": {"protocol": "COMMAND", "command": ""}"#), "E0205", "\"\""),
        (service(r#""health_check": {"interval_seconds": 0}"#), "E0205", "0"),
        (service(r#""health_check": {"timeout_seconds": 0}"#), "E0205", "0"),
        (service(r#""health_check": {"max_consecutive_failures": 0}"#), "E0205", "0"),
        (service(r#""health_check": {"grace_period_seconds": -1}"#), "E0205", "-1"),
        (service(r#""health_check": {"port_index": -1}"#), "E0205", "-1"),
        // Fields of the other type; their contents are not checked.
        (service(r#""repeats": 2"#), "E0207", "\"repeats\""),
        (service(r#""retries": "x""#), "E0207", "\"retries\""),
        (service(r#""start_time": """#), "E0207", "\"start_time\""),
        (service(r#""interval": "1D""#), "E0207", "\"interval\""),
        (job(r#""health_check": {"protocol": 1, "x": 2}"#), "E0207", "\"health_check\""),
        (job(r#""default_health_check": false"#), "E0207", "\"default_health_check\""),
        (job(r#""minimum_capacity": 1"#), "E0207", "\"minimum_capacity\""),
        (service(r#""minimum_capacity": 1.1"#), "E0205", "1.1"),
        (job(r#""retries": -1"#), "E0205", "-1"),
        (job(r#""repeats": -2"#), "E0205", "-2"),
        (job(r#""start_time": 5"#), "E0202", "5"),
        (job(r#""interval": 5"#), "E0202", "5"),
        // Persistent volumes.
        (top(r#""data_persistence": []"#), "E0202", "[]"),
        (top(r#""data_persistence": {"volume_type": ""}"#), "E0205", "\"\""),
        (top(r#""data_persistence": {"volumes": [{}]}"#), "E0203", "{"),
        (top(r#""data_persistence": {"volumes": [{"id": "a_b"}]}"#), "E0206", "\"a_b\""),
        (
            top(r#""data_persistence": {"volumes": [{"id": "v", "scope": "all"}]}"#),
            "E0204",
            "\"all\"",
        ),
        (top(r#""data_persistence": {"volumes": [{"id": "v", "size": 0}]}"#), "E0205", "0"),
        (top(r#""$schema": {}"#), "E0202", "{}"),
        (top(r#""schema": "x""#), "E0201", "\"schema\""),
        (top(r#""x_a": 1"#), "E0201", "\"x_a\""),
        (top(r#""x": 1"#), "E0201", "\"x\""),
        (service(r#""x-a": 1"#), "E0201", "\"x-a\""),
        (service(r#""$schema": "x""#), "E0201", "\"$schema\""),
        // Accepted with a warning or hint.
        (top(r#""scheduler": {"name": "x", "config": {}}"#), "W0203", "\"scheduler\""),
        (service(r#""rack": 1"#), "W0202", "\"rack\""),
        (service(r#""host": "x""#), "W0202", "\"host\""),
        (service(r#""cloud": "x""#), "W0202", "\"cloud\""),
        (service(r#""data": {}"#), "W0202", "\"data\""),
        (service(r#""cluster_type": null"#), "W0202", "\"cluster_type\""),
        (service(r#""state": "running", "tasks": []"#), "H0201", "\"state\""),
        (
            service(r#""volumes": [{"host_path": "/a", "container_path": "/b"}]"#),
            "W0201",
            "\"host_path\"",
        ),
    ];
    for (text, code, place) in cases {
        assert_eq!(places(&text), [(code, place.to_owned())], "{text}");
    }
}

#[test]
fn edits_fix_errors() {
    let cases = [
        (r#""type": "Service""#, r#""type": "service""#),
        (r#""type": "servcie""#, r#""type": "service""#),
        (r#""dependecies": []"#, r#""dependencies": []"#),
        (r#""networkMode": "host""#, r#""network_mode": "host""#),
        (r#""network_mode": "bridged""#, r#""network_mode": "bridge""#),
        (r#""instances": "3""#, r#""instances": 3"#),
        (r#""instances": " 3 ""#, r#""instances": 3"#),
        (r#""is_privileged": "True""#, r#""is_privileged": true"#),
        (r#""cmd": 5"#, r#""cmd": "5""#),
        (r#""args": "a \"b\"""#, r#""args": ["a", "b"]"#),
        (r#""dependencies": ["b", "b", "c"]"#, r#""dependencies": ["b", "c"]"#),
        (
            r#""health_check": {"path": "/"}"#,
            r#""health_check": {"protocol": "HTTP", "path": "/"}"#,
        ),
        (
            r#""health_check": {"command": "x"}"#,
            r#""health_check": {"protocol": "COMMAND", "command": "x"}"#,
        ),
        (r#""volumes": [{"src": "v", "dest": "v"}]"#, r#""volumes": [{"src": "v", "dest": "/v"}]"#),
        (r#""rack": "r", "instances": 1"#, r#""instances": 1"#),
        (r#""instances": 1, "rack": "r""#, r#""instances": 1"#),
        (
            r#""volumes": [{"host_path": "/a", "container_path": "/b", "mode": "RO"}]"#,
            r#""volumes": [{"type": "host", "src": "/a", "dest": "/b", "mode": "RO"}]"#,
        ),
        (
            r#""volumes": [{"container_path": "/b", "mode": "RO", "host_path": "/\"a"}]"#,
            r#""volumes": [{"type": "host", "dest": "/b", "mode": "RO", "src": "/\"a"}]"#,
        ),
    ];
    for (faulty, good) in cases {
        let whole = |members: &str| match members.starts_with("\"type\"") {
            true => service("").replace("\"type\": \"service\"", members),
            false => service(members),
        };
        assert_eq!(fixed(&whole(faulty)), whole(good));
        assert_eq!(places(&whole(good)), [], "{good}");
    }
}

#[test]
fn messages_are_worded_as_in_the_style_guide() {
    let cases = [
        (
            service(r#""ports": [{"container_port": "x"}]"#),
            "expected an integer for `container_port`, found a string",
        ),
        (
            service(r#""args": [null]"#),
            "expected a string, a number or a boolean for an item of `args`, found null",
        ),
        (service(r#""ports": [{}]"#), "missing field `container_port` in a port of container `s`"),
        (resources(""), "missing fields `cpus` and `mem` in the resources of container `s`"),
        (
            appliance(r#""id": "x", "type": "job""#),
            "missing fields `image` and `resources` in container `x`",
        ),
        (service(r#""repeats": 1"#), "field `repeats` is not valid for a service"),
        (
            service(r#""health_check": {"path": "/"}"#),
            "field `path` is not valid for a MESOS_TCP health check",
        ),
        (service(r#""cmd": "a", "args": ["b"]"#), "`cmd` cannot be used with `args`"),
        (
            service(r#""ports": [{"container_port": 70000}]"#),
            "invalid value `70000` for `container_port`: must be at most 65535",
        ),
        (
            service(r#""volumes": [{"src": "a", "dest": "b c"}]"#),
            "invalid value `b c` for `dest`: the path must be absolute (start with `/`)",
        ),
        (service(r#""network_mode": "x""#), "invalid value `x` for `network_mode`"),
        ("[]".to_owned(), "expected an object for the appliance, found an array"),
    ];
    for (text, message) in cases {
        let (_, found) = found(&text);
        assert_eq!(found.iter().map(|d| d.message.as_str()).collect::<Vec<_>>(), [message]);
    }
}

#[test]
fn unknown_fields_get_a_list_of_available_ones() {
    let help = |text: &str| found(text).1[0].help.join(" ");
    let of_service = help(&service(r#""xyzzy": 1"#));
    assert!(
        of_service.contains("`health_check`") && !of_service.contains("`repeats`"),
        "{of_service}"
    );
    let of_job = help(&job(r#""xyzzy": 1"#));
    assert!(of_job.contains("`repeats`") && !of_job.contains("`health_check`"), "{of_job}");
    for hidden in ["`rack`", "`state`", "`user_schedule_hints`"] {
        assert!(!of_job.contains(hidden), "{of_job}");
    }
    assert!(!of_job.contains("`image`"), "an existing field is suggested: {of_job}");
    // The similar field already exists.
    assert!(!help(&service(r#""image_": "x""#)).contains("did you mean"));
}

#[test]
fn misspelt_fields_are_not_reported_as_missing() {
    let text = service("").replace("\"image\"", "\"iamge\"");
    assert_eq!(places(&text), [("E0201", "\"iamge\"".to_owned())]);
    let text = service(r#""ports": [{"port": 80}], "replicas": 2"#).replace("mem", "memory");
    let codes: Vec<_> = places(&text).into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["E0201", "E0201", "E0201"]);
    let good = service(r#""ports": [{"container_port": 80}], "instances": 2"#);
    assert_eq!(fixed(&text), good);
}

#[test]
fn fields_of_an_unknown_type_are_not_reported() {
    let text = service(r#""repeats": 1, "health_check": {}"#).replace("\"service\"", "\"x\"");
    assert_eq!(places(&text), [("E0204", "\"x\"".to_owned())]);
    let text = text.replace(r#""type": "x", "#, "");
    assert_eq!(places(&text), [("E0203", "{".to_owned())]);
    let text = service(r#""health_check": {"protocol": "x", "path": 1, "command": ""}"#);
    let codes: Vec<_> = places(&text).into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["E0204", "E0202", "E0205"]);
}

#[test]
fn broken_values_are_not_reported_again() {
    let cases = [
        service("").replace("\"service\"", ""),
        service("").replace("{\"cpus\": 1, \"mem\": 1}", ""),
        service(r#""dependencies": [tru e, fals e]"#),
        r#"{"id": "a", "containers": ["#.to_owned(),
        r#"{"id": "a", "containers": [{"id": "x""#.to_owned(),
        r#"{"id": "a", "containers": [{"id": "x", "type": "service", "health_check": {"path": "/""#
            .to_owned(),
    ];
    for text in cases {
        let codes: Vec<_> =
            places(&text).into_iter().filter(|(code, _)| *code != "E0202").collect();
        assert_eq!(codes, [], "{text}");
    }
}

#[test]
fn the_first_of_duplicate_members_is_used() {
    assert_eq!(places(&resources(r#""cpus": 1, "mem": 1, "mem": "x""#)), []);
    let text = resources(r#""cpus": 1, "mem": "x", "mem": 1"#);
    assert_eq!(places(&text), [("E0202", "\"x\"".to_owned())]);
    let many: Vec<String> = (0..100).map(|at| format!(r#""x{at}": 1"#)).collect();
    let text = service(&format!(r#"{}, "cmd": 1, "cmd": """#, many.join(", ")));
    let wrong_types = places(&text).into_iter().filter(|(code, _)| *code == "E0202");
    assert_eq!(wrong_types.collect::<Vec<_>>(), [("E0202", "1".to_owned())]);
    let many: Vec<String> =
        (0..100).map(|at| format!(r#""k{at}": 1, "k{at}": 2, "=": 3"#)).collect();
    let text = service(&format!(r#""env": {{{}}}"#, many.join(", ")));
    assert_eq!(places(&text).len(), 100);
}

#[test]
fn all_errors_are_reported() {
    let text = r#"{"id": "a", "containers": [
        {"id": "x", "type": "service", "image": 1, "resources": {"cpus": -1}},
        {"type": "job", "image": "i", "resources": {"cpus": 1, "mem": 1}, "interval": 1, "imag": 1}
    ], "data_persistence": {"volumes": {}}}"#;
    let codes: Vec<_> = places(text).into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["E0202", "E0203", "E0205", "E0203", "E0202", "E0201", "E0202"]);
}

#[test]
fn keys_that_look_like_pointers_are_found() {
    let text = service(r#""0": 1, "a/b~c": 2"#);
    assert_eq!(places(&text), [("E0201", "\"0\"".to_owned()), ("E0201", "\"a/b~c\"".to_owned())]);
}

#[test]
fn read_only_fields_give_one_hint_for_the_whole_file() {
    let text = service(r#""state": "x", "endpoints": []"#);
    let text = text.replace("]}", &format!(", {}]}}", r#"{"id": "t", "type": "job", "image": "i", "resources": {"cpus": 1, "mem": 1}, "state": 1}"#));
    let (_, found) = found(&text);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].primary.text, "first of 3");
    assert_eq!(found[0].level, Level::Hint);
}

#[test]
fn the_schema_is_valid_draft_07() {
    let document: Value = serde_json::from_str(TEXT).unwrap();
    assert!(jsonschema::draft7::meta::is_valid(&document));
    assert_eq!(document["$schema"], "http://json-schema.org/draft-07/schema#");
}

/// All fields: the pointer and the part of the schema of each.
fn fields() -> Vec<(String, Value)> {
    fn walk(pointer: &str, rule: &Value, fields: &mut Vec<(String, Value)>) {
        if pointer.ends_with("/allOf") || pointer.ends_with("/examples") {
            return;
        }
        let Some(members) = rule.as_object() else { return };
        for (key, value) in members {
            let inner = format!("{pointer}/{key}");
            if pointer.ends_with("/properties") || key == "items" {
                fields.push((inner.clone(), value.clone()));
            }
            walk(&inner, value, fields);
        }
    }
    let document: Value = serde_json::from_str(TEXT).unwrap();
    let mut fields = Vec::new();
    walk("", &document, &mut fields);
    for (_, rule) in &mut fields {
        if let Some(reference) = words::text(rule, "$ref") {
            *rule = document.pointer(&reference[1..]).unwrap().clone();
        }
    }
    fields
}

#[test]
fn every_field_has_texts_and_valid_examples() {
    let mut fields = fields();
    assert!(fields.len() > 70, "only {} fields found", fields.len());
    let mut document: Value = serde_json::from_str(TEXT).unwrap();
    let whole = document.clone();
    fields.push((String::new(), whole));
    for (pointer, rule) in fields {
        for keyword in ["title", "description"] {
            assert!(
                words::text(&rule, keyword).is_some_and(|t| !t.is_empty()),
                "{pointer}: {keyword}"
            );
        }
        let examples = rule["examples"].as_array().unwrap_or_else(|| panic!("{pointer}: examples"));
        assert!(!examples.is_empty(), "{pointer}: examples");
        // The rule alone, with the definitions for its references.
        let mut alone = rule.clone();
        alone["definitions"] = document["definitions"].take();
        let validator = jsonschema::draft7::new(&alone).unwrap();
        for value in examples.iter().chain(rule.get("default")) {
            assert!(validator.is_valid(value), "{pointer}: {value}");
        }
        drop(validator);
        document["definitions"] = alone["definitions"].take();
    }
}

#[test]
fn defaults_are_those_of_the_language() {
    let container = "/definitions/container/properties";
    let check = "/definitions/healthCheck/properties";
    let expected = [
        (container, "instances", "1"),
        (container, "args", "[]"),
        (container, "env", "{}"),
        (container, "labels", "{}"),
        (container, "files", "[]"),
        (container, "secret_env", "{}"),
        (container, "secret_files", "[]"),
        (container, "volumes", "[]"),
        (container, "network_mode", "\"host\""),
        (container, "ports", "[]"),
        (container, "is_privileged", "false"),
        (container, "force_pull_image", "true"),
        (container, "dependencies", "[]"),
        (container, "default_health_check", "false"),
        (container, "minimum_capacity", "0"),
        (container, "retries", "1"),
        (container, "repeats", "1"),
        (container, "start_time", "\"\""),
        (container, "interval", "\"2M\""),
        ("/definitions/resources/properties", "disk", "0"),
        ("/definitions/resources/properties", "gpu", "0"),
        ("/definitions/resources/properties", "gpus", "0"),
        ("/definitions/port/properties", "host_port", "0"),
        ("/definitions/container/properties", "time_zone", "\"UTC\""),
        ("/definitions/port/properties", "protocol", "\"tcp\""),
        ("/definitions/port/properties", "internal", "false"),
        ("/definitions/file/properties", "mode", "\"0644\""),
        ("/definitions/secretFile/properties", "mode", "\"0444\""),
        ("/definitions/build/properties", "args", "{}"),
        ("/definitions/volume/properties", "type", "\"persistent\""),
        ("/definitions/volume/properties", "mode", "\"RW\""),
        ("/definitions/oldVolume/properties", "mode", "\"RW\""),
        ("/definitions/dataPersistence/properties", "volume_type", "\"cephfs\""),
        ("/definitions/dataPersistence/properties", "volumes", "[]"),
        ("/definitions/persistentVolume/properties", "scope", "\"local\""),
        (check, "protocol", "\"MESOS_TCP\""),
        (check, "path", "\"/\""),
        (check, "port_index", "0"),
        (check, "interval_seconds", "60"),
        (check, "timeout_seconds", "20"),
        (check, "max_consecutive_failures", "3"),
        (check, "grace_period_seconds", "300"),
    ];
    let mut found: Vec<(String, String)> = fields()
        .into_iter()
        .filter_map(|(pointer, rule)| Some((pointer, rule.get("default")?.to_string())))
        .collect();
    let mut expected: Vec<(String, String)> = expected
        .iter()
        .map(|(owner, name, value)| (format!("{owner}/{name}"), (*value).to_owned()))
        .collect();
    found.sort();
    expected.sort();
    for default in &found {
        assert!(expected.contains(default), "add this default to the test: {default:?}");
    }
    assert_eq!(found, expected);
}

#[test]
fn forbidden_fields_are_described() {
    let text = job(r#""health_check": {}"#);
    let (source, found) = found(&text);
    assert_eq!(source.slice(found[0].secondary[0].span), "\"job\"");
    assert!(found[0].help[0].starts_with("`health_check`: Services only."), "{:?}", found[0].help);
}

#[test]
fn the_cost_of_many_errors_in_one_object_is_linear() {
    // With quadratic cost this test is noticeably slow.
    const MANY: usize = 3_000;
    let keys = |prefix: &str| -> String {
        (0..MANY).map(|at| format!(r#""{prefix}{at}": 1"#)).collect::<Vec<_>>().join(",")
    };
    let empty = vec!["{}"; MANY].join(",");
    let texts = [
        (service(&keys("unknown")), MANY),
        (service(&format!(r#""env": {{{}}}"#, keys("="))), MANY),
        (format!(r#"{{{}, "id": "a", "containers": [{empty}]}}"#, keys("unknown")), 2 * MANY),
    ];
    for (text, errors) in texts {
        assert_eq!(found(&text).1.len(), errors);
    }
}
