//! The strings of custom targets: what they are traced to.

use std::collections::BTreeMap;
use std::sync::Arc;

use applc::diag::Findings;
use applc::source::Source;
use applc::syntax;
use applc::targets::{Artifact, TargetRef, custom};
use applc::trace::Known;
use serde_json::json;

use super::lines::{distinctive, table};
use super::{Traced, appliances, told, traced};
use crate::custom::folder::{carrying_all, world};

/// The targets of `examples/targets`.
pub fn example_targets() -> Vec<TargetRef> {
    let targets = crate::common::targets().into_iter();
    targets.filter(|target| matches!(target, TargetRef::Custom(_))).collect()
}

/// Whether a part of a text is a word of its own: a scalar, a key, a part of a path.
fn is_word(text: &str, at: usize, end: usize) -> bool {
    let is_around = |c: char| c.is_whitespace() || c == '"';
    text[..at].chars().next_back().is_none_or(|c| is_around(c) || c == '=')
        && text[end..].chars().next().is_none_or(|c| is_around(c) || c == ':')
}

#[test]
fn a_string_of_the_appliance_has_the_place_of_exactly_that_string() {
    let mut checked = BTreeMap::new();
    let mut wrong = Vec::new();
    for source in appliances() {
        let Some(tree) = syntax::parse(&source, &mut Findings::new()) else { continue };
        let values = distinctive(&tree);
        for target in example_targets() {
            let Some(made) = traced(&source, &target) else { continue };
            for (artifact, file) in made.artifacts.iter().zip(&made.map.files) {
                for (text, span) in &values {
                    let words = artifact.text.match_indices(text.as_str());
                    for (at, _) in
                        words.filter(|(at, _)| is_word(&artifact.text, *at, at + text.len()))
                    {
                        let is_there = |range: &std::ops::Range<usize>| {
                            range.start <= at && at + text.len() <= range.end
                        };
                        let mut around = file.ranges.iter().filter(|mark| is_there(&mark.range));
                        if !around.any(|mark| mark.from.place() == Some(*span)) {
                            wrong.push(told(&source, &target, text, artifact, at));
                        }
                        *checked.entry(target.name().to_owned()).or_insert(0) += 1;
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {checked:?}:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(checked.len(), example_targets().len());
    assert!(checked.values().all(|count| *count > 100), "{checked:?}");
}

#[test]
fn the_services_of_a_single_file_do_not_belong_to_the_whole_appliance() {
    let swarm = example_targets().into_iter().find(|target| target.name() == "swarm").unwrap();
    let mut lines = 0;
    for source in appliances() {
        let Some(made) = traced(&source, &swarm) else { continue };
        let tree = syntax::parse(&made.source, &mut Findings::new()).unwrap();
        let [artifact] = made.artifacts.as_slice() else { panic!("several files") };
        let of_services = made.map.files[0].lines.iter().map(|line| (line, line.text.clone()));
        let of_services = of_services
            .skip_while(|(_, text)| &artifact.text[text.clone()] != "services:")
            .skip(1)
            .take_while(|(_, text)| !artifact.text[text.clone()].starts_with(char::is_alphabetic));
        for (line, text) in of_services.filter(|(_, text)| !text.is_empty()) {
            let text = &artifact.text[text];
            assert_ne!(line.place, tree.span, "{}: `{text}`", source.name());
            lines += 1;
        }
    }
    assert!(lines > 500, "{lines}");
}

/// The file of a target with this template for an appliance with this value of a variable.
fn of_template(format: &str, template: &str, value: &str) -> (Traced, Artifact) {
    let manifest = carrying_all(&format!(
        "[[artifacts]]\ntemplate = \"t.j2\"\npath = \"out\"\nformat = \"{format}\""
    ));
    let appliance = json!({"id": "app", "containers": [{
        "id": "a", "type": "service", "image": "i:1", "resources": {"cpus": 1, "mem": 64},
        "env": {"V": value},
    }]});
    let files = [("target.toml", manifest.as_str()), ("t.j2", template)];
    let loaded = custom::load(&world(&files, ""), "target", None).unwrap();
    let target = TargetRef::Custom(Arc::new(loaded.target.unwrap()));
    let source = Source::new("app.json", appliance.to_string());
    let made = traced(&source, &target).unwrap();
    let plan = applc::analysis::Analysis::of(&source);
    let plain = super::artifacts(plan.valid_plan().unwrap(), &target, false).unwrap();
    (made, plain.into_iter().next().unwrap())
}

/// The ranges of the file that have a place, each with the text of the place.
fn ranges(format: &str, template: &str, value: &str) -> Vec<(String, String)> {
    let (made, plain) = of_template(format, template, value);
    let artifact = &made.artifacts[0];
    assert_eq!(artifact.text, plain.text);
    let marks = artifact.record.marks.iter();
    let shown = marks.map(|mark| {
        let place = made.slice(mark.from.place().unwrap());
        (artifact.text[mark.range.clone()].to_owned(), place.to_owned())
    });
    shown.collect()
}

const VALUE: &str = "appliance.containers[0].env[0].value";

#[test]
fn strings_keep_their_places_in_templates() {
    let set = format!("{{% set v %}}{{{{ {VALUE} }}}}{{% endset %}}");
    for (template, printed) in [
        (format!("{{{{ {VALUE} }}}}"), "x-y"),
        (format!("{{{{ {VALUE} | quoted }}}}"), r#""x-y""#),
        (format!("{{{{ [{VALUE}] | flow }}}}"), r#""x-y""#),
        (format!("{{{{ {VALUE} | json }}}}"), r#""\"x-y\"""#),
        (format!("{{{{ ({VALUE} ~ '!') | quoted }}}}"), r#""x-y!""#),
        (format!("{{{{ {VALUE} | shell | quoted }}}}"), r#""'x-y'""#),
        (format!("{{% macro m(v) %}}{{{{ v }}}}{{% endmacro %}}{{{{ m({VALUE}) }}}}"), "x-y"),
        (format!("{set}{{{{ v | upper | safe }}}}"), "X-Y"),
        (format!("{set}{{{{ v | quoted }}}}"), r#""x-y""#),
        (format!("{set}{{{{ [v] | json }}}}"), r#""[\"x-y\"]""#),
        (format!("{{% for part in {VALUE} %}}{{{{ part }}}}{{% endfor %}}"), "x-y"),
    ] {
        let expected = [(printed.to_owned(), r#""x-y""#.to_owned())];
        assert_eq!(ranges("yaml", &template, "x-y"), expected, "{template}");
    }
}

/// A template can do things with text that has marks after which it would write another text.
#[test]
fn a_template_that_depends_on_marks_has_no_ranges() {
    let set = format!("{{% set v %}}{{{{ {VALUE} }}}}{{% endset %}}");
    for use_of_text in [
        "{{ v | length }}",
        "{{ v[:-1] }}",
        "{{ v[1:] }}",
        "{{ v | reverse }}",
        "{{ v == 'x y' }}",
        "{% for c in v %}{{ c | quoted }}\n{% endfor %}",
    ] {
        let template = format!("{set}{use_of_text}");
        assert_eq!(ranges("plain", &template, "x y"), [], "{use_of_text}");
    }
}

/// Plain text and INI can contain the characters of marks.
#[test]
fn text_that_looks_like_a_mark_remains() {
    let zero = "\u{e}".repeat(6);
    for value in [
        format!("a\u{1}{zero}b\u{2}c"),
        format!("\u{1}{zero}b\u{2}"),
        "a\u{2}b".to_owned(),
        "a\u{1}b".to_owned(),
        "\u{2}\u{1}".to_owned(),
    ] {
        for (format, template) in [
            ("plain", format!("{{{{ {VALUE} }}}}")),
            ("plain", format!("{{{{ {VALUE} | safe }}}}{{{{ appliance.id }}}}")),
            ("ini", format!("[A]\nB={{{{ {VALUE} | quoted }}}}\n")),
        ] {
            let (made, plain) = of_template(format, &template, &value);
            assert_eq!(made.artifacts[0].text, plain.text);
            assert!(plain.text.contains(&value) || format == "ini", "{:?}", plain.text);
        }
    }
}

#[test]
fn remarks_of_a_template_are_made_once() {
    let template = "a{% do approximate(appliance, 'about ' ~ appliance.id) %}";
    let (made, _) = of_template("plain", template, "x");
    assert_eq!(made.findings, 1);
}

/// A template of others that replaces one of a built-in target keeps the places of strings.
#[test]
fn a_target_that_extends_another_one_has_places() {
    let manifest = "applc = 1\nname = \"mine\"\ndescription = \"d\"\nextends = \"compose\"\n";
    let template = "{# mine #}{% include \"builtin/compose.yaml.j2\" %}";
    let files = [("target.toml", manifest), ("compose.yaml.j2", template)];
    let loaded = custom::load(&world(&files, ""), "target", None).unwrap();
    let target = TargetRef::Custom(Arc::new(loaded.target.unwrap()));
    let source = super::read(&crate::common::repository("examples/web-stack.json"));
    let made = traced(&source, &target).unwrap();
    let values = made.map.files[0].lines.iter().filter(|line| line.known == Known::Value);
    assert!(values.count() > 20);
}

/// The tables of an example, and one file with comments that name the places.
#[test]
fn the_lines_of_an_example_of_custom_targets() {
    let source = super::read(&crate::common::repository("examples/first-steps.json"));
    let swarm = example_targets().into_iter().find(|target| target.name() == "swarm").unwrap();
    let made = traced(&source, &swarm).unwrap();
    let place = |span: applc::source::Span| {
        let at = made.source.position(span.start);
        format!("{}:{}", at.line, at.column)
    };
    let annotated = applc::trace::annotate(&made.artifacts[0], place).unwrap();
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("../../snapshots/trace");
    settings.bind(|| {
        insta::assert_snapshot!("swarm-annotated", annotated);
        for target in example_targets() {
            let made = traced(&source, &target).unwrap();
            insta::assert_snapshot!(target.name(), table(&made));
        }
    });
}
