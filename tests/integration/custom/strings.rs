//! A parser of the format reads every string back unchanged.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::folder::{carrying_all, compile, only, world};

/// The output of a target for an appliance with this value of a variable.
fn output(format: &str, template: &str, value: &str) -> String {
    let manifest = carrying_all(&format!(
        "[[artifacts]]\ntemplate = \"t.j2\"\npath = \"out\"\nformat = \"{format}\"\n\
         [escapes.twice]\n\"$\" = \"$$\"\n\"$$\" = \"<two>\""
    ));
    let appliance = json!({"id": "app", "containers": [{
        "id": "a", "type": "service", "image": "i:1", "resources": {"cpus": 1, "mem": 64},
        "env": {"V": value},
    }]});
    let files = [("target.toml", manifest.as_str()), ("t.j2", template)];
    let compilation = compile(&world(&files, &appliance.to_string())).map_err(drop).unwrap();
    only(&compilation).to_owned()
}

const VALUE: &str = "appliance.containers[0].env[0].value";

/// Strings without NUL, which is invalid in containers, and without `@`, which may start a reference.
fn any_string() -> impl Strategy<Value = String> {
    any::<String>().prop_map(|text| text.replace(['\0', '@'], "x"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: applc_testing::cases(128), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn in_yaml(text in any_string()) {
        let output = output("yaml", &format!("a: {{{{ {VALUE} }}}}\nb: {{{{ [{VALUE}] | flow }}}}\n"), &text);
        let read: Value = serde_saphyr::from_str(&output).unwrap();
        prop_assert_eq!(read, json!({"a": text, "b": [text]}));
    }

    #[test]
    fn in_json(text in any_string()) {
        let output = output("json", &format!("{{\"a\": {{{{ {VALUE} }}}}, \"b\": {{{{ {VALUE} | json }}}}}}"), &text);
        let read: Value = serde_json::from_str(&output).unwrap();
        let inner = serde_json::to_string(&text).unwrap();
        prop_assert_eq!(read, json!({"a": text, "b": inner}));
    }

    #[test]
    fn in_hcl(text in any_string()) {
        let output = output("hcl", &format!("a = {{{{ {VALUE} }}}}\n"), &text);
        let read: Value = hcl::from_str(&output).unwrap();
        prop_assert_eq!(read, json!({"a": text}));
    }

    /// A parser of double quotes as described in systemd.syntax(7).
    #[test]
    fn in_ini(text in any_string()) {
        let output = output("ini", &format!("[A]\nB={{{{ {VALUE} | quoted }}}}\n"), &text);
        let word = output.strip_prefix("[A]\nB=\"").unwrap().strip_suffix("\"\n").unwrap();
        let mut read = String::new();
        let mut rest = word.chars();
        while let Some(next) = rest.next() {
            prop_assert!(next != '"' && next != '\n');
            if next != '\\' {
                read.push(next);
                continue;
            }
            read.push(match rest.next().unwrap() {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'x' => {
                    let digits: String = rest.by_ref().take(2).collect();
                    char::from(u8::from_str_radix(&digits, 16).unwrap())
                }
                other => other,
            });
        }
        prop_assert_eq!(read, text);
    }

    /// A parser of words in single quotes.
    #[test]
    fn in_a_shell(text in any_string()) {
        let output = output("plain", &format!("{{{{ {VALUE} | shell }}}}"), &text);
        let inner = output.strip_prefix('\'').unwrap().strip_suffix('\'').unwrap();
        prop_assert!(inner.split(r"'\''").all(|part| !part.contains('\'')));
        prop_assert_eq!(inner.replace(r"'\''", "'"), text);
    }
}

#[test]
fn the_longest_escape_is_applied() {
    let template = format!("{{{{ {VALUE} | escape(\"twice\") | json }}}}");
    assert_eq!(output("plain", &template, "$a $$ $$$"), r#""$$a <two> <two>$$""#);
}
