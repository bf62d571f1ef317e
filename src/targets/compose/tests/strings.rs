//! Every string reaches the container unchanged, through YAML and Compose's interpolation.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{appliance, compiled, container};

/// Interpolates a value as Compose does (compose-spec, "Interpolation"): `$$` is `$`; any other
/// `$` would start a variable and must not occur.
fn interpolated(value: &Value) -> String {
    let text = value.as_str().unwrap();
    let halves: Vec<&str> = text.split("$$").collect();
    assert!(halves.iter().all(|half| !half.contains('$')), "a variable in {text:?}");
    halves.join("$")
}

/// Strings with characters that are special to YAML and Compose, and any others; without NUL,
/// which no process accepts, and without `@`, which starts a reference.
fn strings() -> impl Strategy<Value = String> {
    let special = proptest::sample::select(vec![
        "$", "$$", "${", "}", "$(", ":-", "\"", "'", "\\", "\n", "\r\n", "\t", " ", "#", ": ",
        "- ", "%", "{{", "&", "*", "!", "|", ">", "\u{85}", "\u{2028}", "\u{feff}", "\u{1}",
        "\u{7f}", "😀", "no", "1.10", "x-", "=",
    ]);
    let any = proptest::char::any()
        .prop_filter("no NUL, no reference", |c| *c != '\0' && *c != '@')
        .prop_map(String::from);
    proptest::collection::vec(prop_oneof![special.prop_map(str::to_owned), any], 0..12)
        .prop_map(|parts| parts.concat())
}

/// Names of environment variables: not empty, without `=`, and not ending in whitespace.
fn names() -> impl Strategy<Value = String> {
    strings().prop_map(|name| {
        let name = name.replace('=', "");
        format!("{}_", name)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(applc_testing::cases(64)))]

    #[test]
    fn strings_are_unchanged(
        args in proptest::collection::vec(strings(), 1..4),
        cmd in strings(),
        name in names(),
        value in strings(),
        check in strings(),
        entrypoint in proptest::collection::vec(strings(), 1..4),
    ) {
        prop_assume!(!entrypoint[0].is_empty());
        let check = format!("{check}.");
        let document = appliance(&[
            container("a", json!({"args": args, "env": {name.clone(): value}})),
            container("b", json!({
                "cmd": cmd,
                "health_check": {"protocol": "COMMAND", "command": check},
            })),
            container("d", json!({"files": [{"dest": "/d", "content": format!("{cmd}.")}]})),
            container("c", json!({"entrypoint": entrypoint, "args": args, "working_dir": format!("/{cmd}")})),
        ]);
        let compiled = compiled(&document);
        let c = compiled.service("c");
        let configs = compiled.file()["configs"].as_object().unwrap().clone();
        let content = interpolated(&configs.values().next().unwrap()["content"]);
        prop_assert_eq!(content, format!("{cmd}."));
        let list = |value: &Value| -> Vec<String> {
            value.as_array().unwrap().iter().map(interpolated).collect()
        };
        prop_assert_eq!(list(&c["entrypoint"]), entrypoint);
        prop_assert_eq!(&list(&c["command"]), &args);
        prop_assert_eq!(interpolated(&c["working_dir"]), format!("/{cmd}"));
        let (a, b) = (compiled.service("a"), compiled.service("b"));
        let command: Vec<String> =
            a["command"].as_array().unwrap().iter().map(interpolated).collect();
        prop_assert_eq!(command, args);
        prop_assert_eq!(interpolated(&a["environment"][0]), format!("{name}={value}"));
        prop_assert_eq!(interpolated(&b["command"][0]), cmd);
        prop_assert_eq!(interpolated(&b["healthcheck"]["test"][3]), check);
    }

    #[test]
    fn labels_are_unchanged(name in "[!-<>-~]{1,8}", value in strings()) {
        prop_assume!(!name.starts_with("applc.") && !name.starts_with("com."));
        let compiled =
            compiled(&appliance(&[container("a", json!({"labels": {name.clone(): value}}))]));
        let label = interpolated(&compiled.service("a")["labels"][2]);
        prop_assert_eq!(label, format!("{name}={value}"));
    }

    #[test]
    fn paths_and_port_names_are_unchanged(path in strings(), name in strings()) {
        let path = format!("/x{}", path.replace([':', '/'], ""));
        let name = format!("p{name}");
        let compiled = compiled(&appliance(&[container("a", json!({
            "volumes": [{"src": path, "dest": path, "type": "host"}],
            "ports": [{"container_port": 80, "name": name}],
        }))]));
        let a = compiled.service("a");
        prop_assert_eq!(interpolated(&a["volumes"][0]["source"]), path.clone());
        prop_assert_eq!(interpolated(&a["volumes"][0]["target"]), path);
        prop_assert_eq!(interpolated(&a["ports"][0]["name"]), name);
    }
}
