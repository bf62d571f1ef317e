//! Every string reaches the container unchanged: neither Marathon nor Chronos expands anything.

use proptest::prelude::*;
use serde_json::json;

use super::{appliance, compile, container, job, service};

/// Text that a process accepts, with characters that are special to formats and shells.
fn text() -> impl Strategy<Value = String> {
    let special = prop::sample::select(vec![
        "$",
        "${x}",
        "$$",
        "$(x)",
        "`x`",
        "{{x}}",
        "%{if}",
        "\"",
        "'",
        "\\",
        "\n",
        "\r\n",
        "\t",
        "\u{1}",
        "\u{7f}",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "\u{1f680}",
        "# c",
        " ",
        "</script>",
        "&amp;",
        "~",
        "no",
    ]);
    let any = any::<char>().prop_filter("no process takes NUL", |c| *c != '\0');
    let part = prop_oneof![special.prop_map(str::to_owned), any.prop_map(String::from)];
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

/// The string as written in an appliance, where `@` starts a reference.
fn written(text: &str) -> String {
    text.replace('@', "\\@")
}

/// Whether Chronos does not treat the text as a URL.
fn is_command(text: &str) -> bool {
    !text.starts_with("http") && !text.starts_with("ftp")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: applc_testing::cases(64), failure_persistence: None, ..Default::default() })]

    #[test]
    fn strings_of_services_are_unchanged(
        args in prop::collection::vec(text(), 1..4),
        value in text(),
        script in text(),
        check in text(),
    ) {
        prop_assume!(script.chars().count() > 1 && !check.is_empty());
        prop_assume!(!args[0].is_empty());
        let written_args: Vec<String> = args.iter().map(|arg| written(arg)).collect();
        let result = compile(&appliance(&[
            service(&json!({
                "args": written_args,
                "env": { "A": written(&value), "LIST": [written(&value)] },
                "health_check": { "protocol": "COMMAND", "command": written(&check) },
            })),
            container("service", "shell", &json!({ "cmd": written(&script) })),
            container("service", "program", &json!({
                "entrypoint": written_args, "args": [written(&value)], "working_dir": format!("/{value}"),
                "labels": { "a": value },
            })),
        ]));
        prop_assert_eq!(result.codes(), [""; 0]);
        let app = result.app();
        prop_assert_eq!(&app["args"], &json!(args));
        let program = &result.group()["apps"][2];
        let parameters = &program["container"]["docker"]["parameters"];
        prop_assert_eq!(&parameters[0]["value"], &json!(args[0]));
        prop_assert_eq!(&parameters[1]["value"], &json!(format!("/{value}")));
        prop_assert_eq!(&program["labels"]["a"], &json!(value));
        let behind: Vec<&String> = args[1..].iter().chain([&value]).collect();
        prop_assert_eq!(&program["args"], &json!(behind));
        prop_assert_eq!(&app["env"]["A"], &json!(value));
        let list: Vec<String> = serde_json::from_str(app["env"]["LIST"].as_str().unwrap()).unwrap();
        prop_assert_eq!(list, [value]);
        prop_assert_eq!(&app["healthChecks"][0]["command"]["value"], &json!(check));
        prop_assert_eq!(&result.group()["apps"][1]["cmd"], &json!(script));
    }

    #[test]
    fn strings_of_jobs_are_unchanged(
        arg in text(),
        value in text(),
        script in text(),
    ) {
        prop_assume!(!script.is_empty() && is_command(&script) && is_command(&arg));
        let result = compile(&appliance(&[
            job(&json!({ "args": [written(&arg)], "env": { "A": written(&value) } })),
            container("job", "shell", &json!({ "cmd": written(&script) })),
        ]));
        prop_assert_eq!(result.codes(), [""; 0]);
        let one = &result.files["chronos/1-shop.app.iso8601.json"];
        prop_assert_eq!(&one["command"], &json!(arg));
        prop_assert_eq!(one.get("arguments"), None);
        prop_assert_eq!(&one["environmentVariables"], &json!([{ "name": "A", "value": value }]));
        let other = &result.files["chronos/2-shop.shell.iso8601.json"];
        prop_assert_eq!(&other["command"], &json!(script));
    }
}
