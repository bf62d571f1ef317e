use serde::Serialize;
use serde_json::json;

use super::*;
use crate::source::Span;

fn render(name: &'static str, text: &'static str, model: &impl Serialize) -> String {
    let templates = Templates::new([(name, text)]).unwrap();
    templates.render(name, model).unwrap()
}

fn render_error(templates: &[(&'static str, &'static str)], model: &impl Serialize) -> RenderError {
    match Templates::new(templates.iter().copied()) {
        Ok(made) => made.render(templates[0].0, model).unwrap_err(),
        Err(error) => error,
    }
}

#[test]
fn scalars_have_the_format_of_the_file() {
    let model = json!({"s": "${a} \"b\"", "n": 80, "f": 0.5, "whole": 2.0, "t": true, "w": "no"});
    let text = "{{ s }} {{ n }} {{ f }} {{ whole }} {{ t }} {{ w }}\n";
    let table = [
        ("x.yaml.j2", "\"${a} \\\"b\\\"\" 80 0.5 2.0 true \"no\"\n"),
        ("x.hcl.j2", "\"$${a} \\\"b\\\"\" 80 0.5 2.0 true \"no\"\n"),
        ("x.json.j2", "\"${a} \\\"b\\\"\" 80 0.5 2.0 true \"no\"\n"),
        ("x.conf.j2", "${a} \"b\" 80 0.5 2.0 true no\n"),
    ];
    for (name, expected) in table {
        assert_eq!(render(name, text, &model), expected);
    }
}

#[test]
fn blocks_leave_no_lines_and_the_order_is_that_of_the_model() {
    #[derive(Serialize)]
    struct Model {
        services: Vec<Service>,
    }
    #[derive(Serialize)]
    struct Service {
        name: &'static str,
        image: Option<&'static str>,
        env: serde_json::Map<String, serde_json::Value>,
    }
    let env = |text| serde_json::from_str(text).unwrap();
    let model = Model {
        services: vec![
            Service { name: "web", image: Some("nginx:1"), env: env(r#"{"A b": "1"}"#) },
            Service { name: "no", image: None, env: env("{}") },
        ],
    };
    let text = "services:
{% for service in services %}
  {{ service.name }}:
    {% if service.image %}
    image: {{ service.image }}
    {% endif %}
    {% for key, value in service.env | items %}
    {{ key }}: {{ value }}
    {% endfor %}
{% endfor %}
";
    let expected = "services:
  web:
    image: nginx:1
    \"A b\": \"1\"
  \"no\":
";
    assert_eq!(render("x.yaml.j2", text, &model), expected);
}

#[test]
fn a_map_keeps_its_order() {
    struct Backwards;
    impl Serialize for Backwards {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map([("z", 1), ("m", 2), ("a", 3)])
        }
    }
    let text = "{% for key in map %}{{ key }} {% endfor %}{{ map | flow }}";
    let model = std::collections::BTreeMap::from([("map", Backwards)]);
    assert_eq!(render("x.yaml.j2", text, &model), "z m a {\"z\": 1, \"m\": 2, \"a\": 3}");
}

#[test]
fn filters() {
    let model = json!({
        "list": ["sh", "-c", "echo ${A}", 1, true], "empty": [], "map": {"a.b": "x", "c": ["y"]},
        "port": 80, "flag": false, "s": "sh",
    });
    let table = [
        ("x.yaml.j2", "{{ list | flow }}", r#"["sh", "-c", "echo ${A}", 1, true]"#),
        ("x.hcl.j2", "{{ list | flow }}", r#"["sh", "-c", "echo $${A}", 1, true]"#),
        ("x.json.j2", "{{ list | flow }}", r#"["sh", "-c", "echo ${A}", 1, true]"#),
        ("x.yaml.j2", "{{ empty | flow }}", "[]"),
        ("x.yaml.j2", "{{ map | flow }}", r#"{"a.b": "x", "c": ["y"]}"#),
        ("x.hcl.j2", "{{ map | flow }}", r#"{"a.b" = "x", "c" = ["y"]}"#),
        ("x.json.j2", "{{ map | flow }}", r#"{"a.b": "x", "c": ["y"]}"#),
        ("x.yaml.j2", "{{ map | json }}", r#""{\"a.b\":\"x\",\"c\":[\"y\"]}""#),
        ("x.json.j2", "{{ map | json | safe }}", r#"{"a.b":"x","c":["y"]}"#),
        ("x.yaml.j2", "{{ port | string }} {{ flag | string }}", r#""80" "false""#),
        ("x.yaml.j2", "{{ s | string }} {{ s | quoted }} {{ port | quoted }}", r#"sh "sh" "80""#),
        ("x.hcl.j2", "{{ s | quoted }}", r#""sh""#),
        ("x.yaml.j2", "{{ s | safe }}: {{ (s ~ ':' ~ port) }}", "sh: sh:80"),
        ("x.yaml.j2", "{{ list[:2] | map('quoted') | flow }}", r#"["sh", "-c"]"#),
    ];
    for (name, text, expected) in table {
        assert_eq!(render(name, text, &model), expected, "{text} in {name}");
    }
}

#[test]
fn the_output_of_a_macro_is_not_quoted_again() {
    let templates = Templates::new([
        (
            "main.hcl.j2",
            "{% from \"parts.hcl.j2\" import pair %}
{% macro wrap() %}
a {
{{ caller() }}
}
{% endmacro %}
{{ pair(\"k\", value) }}
{% call wrap() %}
  {{ pair(\"x y\", value) | indent(2) }}
{%- endcall %}
{% include \"tail.hcl.j2\" %}
{% set block %}{{ value }}{% endset %}
{{ block }}
",
        ),
        ("parts.hcl.j2", "{% macro pair(key, value) %}{{ key }} = {{ value }}{% endmacro %}"),
        ("tail.hcl.j2", "tail = {{ value }}\n"),
    ])
    .unwrap();
    let expected = "\"k\" = \"%%{a}\"
a {
  \"x y\" = \"%%{a}\"
}
tail = \"%%{a}\"
\"%%{a}\"
";
    let model = json!({"value": "%{a}"});
    let rendered = templates.render("main.hcl.j2", &model).unwrap();
    assert_eq!(rendered, expected);
    assert_eq!(templates.render("main.hcl.j2", &model).unwrap(), rendered);
}

#[test]
fn a_macro_quotes_for_the_file_that_calls_it() {
    let templates = Templates::new([
        ("main.hcl.j2", "{% import \"parts.j2\" as parts %}{{ parts.show(value) }}"),
        ("parts.j2", "{% macro show(value) %}{{ value }}{% endmacro %}"),
    ])
    .unwrap();
    let rendered = templates.render("main.hcl.j2", &json!({"value": "${a}"})).unwrap();
    assert_eq!(rendered, "\"$${a}\"");
}

#[test]
fn errors_have_template_line_and_cause() {
    let model = json!({
        "none": null, "list": ["a"], "map": {"a": "b"}, "service": {"name": "web"}, "bad": [null],
    });
    let table = [
        ("a\n{{ nothing }}", 2, "undefined value: `nothing`"),
        ("{{ service.nmae }}", 1, "undefined value: `service.nmae`"),
        ("{% if service.nmae %}{% endif %}", 1, "undefined value: `service.nmae`"),
        ("{{ nothing | flow }}", 1, "undefined value"),
        ("{{ nothing | json }}", 1, "undefined value"),
        ("{{ nothing | string }}", 1, "undefined value"),
        ("{{ none }}", 1, "invalid operation: cannot print a value of type none"),
        ("{{ bad | flow }}", 1, "invalid operation: cannot print a value of type none"),
        ("{{ none | quoted }}", 1, "invalid operation: cannot print a value of type none"),
        ("\n\n{{ list }}", 3, "invalid operation: cannot print a sequence: use `flow` or a loop"),
        ("{{ map }}", 1, "invalid operation: cannot print a map: use `flow` or a loop"),
        (
            "{% autoescape false %}{{ service.name }}{% endautoescape %}",
            1,
            "invalid operation: automatic quoting cannot be disabled or changed; mark single values as `safe`",
        ),
        ("a\n{% if %}", 2, "syntax error"),
        ("{{ 1 | unheard }}", 1, "unknown filter"),
    ];
    for (text, line, message) in table {
        let error = render_error(&[("x.yaml.j2", text)], &model);
        assert_eq!(error.template.as_deref(), Some("x.yaml.j2"), "{text}: {error}");
        assert_eq!(error.line, Some(line), "{text}: {error}");
        assert!(error.message.starts_with(message), "{text}: {error}");
        assert!(error.to_string().starts_with(&format!("template x.yaml.j2, line {line}: ")));
    }
    let error = render_error(&[("x.txt", "{{ list | flow }}")], &model);
    assert_eq!(error.message, "invalid operation: plain text has no syntax for lists");
}

#[test]
fn an_error_in_an_included_template_is_reported_there() {
    let templates =
        [("a.yaml.j2", "{% include \"b.yaml.j2\" %}"), ("b.yaml.j2", "\n{{ nothing }}")];
    let error = render_error(&templates, &json!({}));
    assert_eq!((error.template.as_deref(), error.line), (Some("b.yaml.j2"), Some(2)));
    let error = render_error(&[("a.yaml.j2", "{% include \"c.yaml.j2\" %}")], &json!({}));
    assert!(error.message.contains("c.yaml.j2"), "{error}");
    let templates = Templates::new::<&str, &str>([]).unwrap();
    assert!(templates.render("a.yaml.j2", &json!({})).unwrap_err().message.contains("a.yaml.j2"));
}

#[test]
fn infinite_numbers_and_broken_models_are_errors() {
    let model = std::collections::BTreeMap::from([("n", f64::INFINITY)]);
    let error = render_error(&[("x.yaml.j2", "{{ n }}")], &model);
    assert_eq!(error.message, "invalid operation: cannot print the number inf");

    struct Broken;
    impl Serialize for Broken {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("no way"))
        }
    }
    let error = render_error(&[("x.yaml.j2", "{{ n }}")], &Broken);
    assert!(error.message.contains("no way"), "{error}");
    let model = std::collections::BTreeMap::from([("n", Broken)]);
    let error = render_error(&[("x.yaml.j2", "{{ n }}")], &model);
    assert!(error.message.contains("no way"), "{error}");
}

#[test]
fn json_of_a_model() {
    let text = super::json(&json!({"a": ["é\u{1}"], "b": {}})).unwrap();
    assert_eq!(text, "{\n  \"a\": [\n    \"é\\u0001\"\n  ],\n  \"b\": {}\n}\n");
    let keys = std::collections::BTreeMap::from([((1, 2), 3)]);
    assert!(super::json(&keys).unwrap_err().to_string().contains("string"));
}

#[test]
fn a_shrunk_model_reserves_nothing() {
    model! {
        struct Outer {
            items: Vec<(Option<Traced<String>>, Composed)>,
        }
    }
    let roomy = || {
        let mut text = String::with_capacity(100);
        text.push('a');
        text
    };
    let mut items = Vec::with_capacity(4);
    let mut also = Vec::with_capacity(4);
    also.push(Span::at(2));
    let composed = Composed::new(roomy(), Span::at(1), also);
    items.push((Some(Traced::new(roomy(), Span::at(0))), composed));
    let mut model = Outer { items };
    model.shrink();
    assert_eq!(model.items.capacity(), 1);
    let (text, composed) = &model.items[0];
    let text = text.as_ref().map(|text| text.value.capacity());
    assert_eq!((text, composed.value.capacity(), composed.also.capacity()), (Some(1), 1, 1));
}
