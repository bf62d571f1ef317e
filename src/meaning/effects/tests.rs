use std::fmt::Write;

use serde_json::{Value, json};

use super::{Effects, Kind, Output, effects, lines};
use crate::meaning::tests::{cases, world};
use crate::meaning::{Style, changes};
use crate::plan::Plan;
use crate::targets::{Options, built_in};
use crate::{Memory, Selected, compile};

const TARGETS: [&str; 4] = ["compose", "kubernetes", "nomad", "marathon"];

/// Options without which targets reject a field.
const OPTIONS: [(&str, &str); 3] =
    [("schedule-from", "2027-01-01"), ("cloud-label", "cloud"), ("preemptible-label", "spot=true")];

/// A version of an appliance on a target.
struct Made {
    target: &'static str,
    plan: Plan,
    files: Vec<(String, String)>,
}

/// A version of an appliance on each target that does not reject it.
fn made(world: &Memory) -> Vec<Made> {
    let on = |name| {
        let target = built_in().find(|one| one.name() == name)?;
        let mut options = Options::of(&*target);
        let known = target.options();
        for (name, value) in OPTIONS {
            if known.iter().any(|option| option.name == name) {
                options.set_default(name, value);
            }
        }
        drop(known);
        let mut compilation = compile(world, "x.json", &[Selected { target, options }]).unwrap();
        let files = compilation.outputs.pop()?.artifacts.into_iter();
        let files = files.map(|file| (file.path, file.text)).collect();
        Some(Made { target: name, plan: compilation.plan?, files })
    };
    TARGETS.into_iter().filter_map(on).collect()
}

/// What happens on each target that rejects neither version.
fn on_targets(before: &[Made], after: &[Made]) -> Vec<(&'static str, Option<Effects>)> {
    let pair = |is: &'_ Made| {
        let was = before.iter().find(|one| one.target == is.target)?;
        let files = |made: &'_ Made| made.files.clone();
        let (old, new) = (files(was), files(is));
        let (old, new) = (borrowed(&old), borrowed(&new));
        let before = Output { plan: &was.plan, files: &old };
        let after = Output { plan: &is.plan, files: &new };
        Some((is.target, effects(Some(is.target), Some(before), Some(after))))
    };
    after.iter().filter_map(pair).collect()
}

fn borrowed(files: &[(String, String)]) -> Vec<(&str, &str)> {
    files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect()
}

/// All that is said of the way from one version to another.
fn told(before: &[Made], after: &[Made]) -> String {
    let mut text = String::new();
    let (Some(was), Some(is)) = (before.first(), after.first()) else { return text };
    for change in changes(&was.plan, &is.plan) {
        let _ = writeln!(text, "  {}", change.words(Style::Plain));
    }
    let targets = on_targets(before, after);
    for line in lines(&targets, Style::Plain) {
        let _ = writeln!(text, "    {line}");
    }
    let is_missing = |name: &&&str| !targets.iter().any(|(other, _)| other == *name);
    let missing: Vec<&str> = TARGETS.iter().filter(is_missing).copied().collect();
    if !missing.is_empty() {
        let _ = writeln!(text, "    (rejected: {})", missing.join(", "));
    }
    text
}

/// There and back.
fn both_ways(title: &str, before: &Memory, after: &Memory) -> String {
    let (before, after) = (made(before), made(after));
    format!("{title}\n{}  back:\n{}\n", told(&before, &after), told(&after, &before))
}

/// Each field of the language, added or changed, and removed or changed back.
#[test]
fn each_change_restarts_what_the_engines_replace() {
    let case = |(fields, before, after, _): &'_ crate::meaning::tests::Case| {
        let title = format!("{}: {before} -> {after}", fields.join(", "));
        both_ways(&title, &world(before), &world(after))
    };
    insta::assert_snapshot!(cases().iter().map(case).collect::<String>());
}

/// An appliance with these containers, by id, and volumes.
fn appliance(containers: &Value) -> Memory {
    let mut list = Vec::new();
    for (id, fields) in containers.as_object().unwrap() {
        let mut container = json!({
            "id": id, "type": "service", "image": "i:1", "resources": {"cpus": 1, "mem": 64},
            "network_mode": "container", "cmd": "run",
        });
        container.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        list.push(container);
    }
    let volumes = json!([{"id": "v", "size": 10}, {"id": "w", "size": 10}]);
    let text = json!({"id": "x", "containers": list, "data_persistence": {"volumes": volumes}});
    Memory::new().with("x.json", text.to_string()).with("f", "one").with("g", "o\0ther")
}

/// Changes that take several containers, or jobs with a command.
#[test]
fn changes_of_jobs_instances_and_data_do_what_engines_do() {
    let job = |fields: Value| {
        let mut job = json!({"type": "job"});
        job.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        json!({ "a": job })
    };
    let daily = json!({"repeats": -1, "interval": "1D", "start_time": "2027-02-01T03:00:00Z"});
    let mut daily_other = daily.clone();
    daily_other["image"] = "i:2".into();
    let mount = |volume: &str| json!({"a": {"volumes": [{"src": volume, "dest": "/d"}]}});
    let cases = [
        ("a new container", json!({"a": {}}), json!({"a": {}, "b": {}})),
        ("a service becomes a job", json!({"a": {}}), job(json!({}))),
        ("the image of a job", job(json!({})), job(json!({"image": "i:2"}))),
        ("the retries of a job", job(json!({})), job(json!({"retries": 3}))),
        ("the instances of a job", job(json!({})), job(json!({"instances": 2}))),
        (
            "more of several instances of a job",
            job(json!({"instances": 2})),
            job(json!({"instances": 3})),
        ),
        ("the image of a repeating job", job(daily.clone()), job(daily_other)),
        ("a job repeats", job(json!({})), job(daily)),
        ("no instances", json!({"a": {}}), json!({"a": {"instances": 0}})),
        (
            "another image without instances",
            json!({"a": {"instances": 0}}),
            json!({"a": {"instances": 0, "image": "i:2"}}),
        ),
        (
            "another image and more instances",
            json!({"a": {}}),
            json!({"a": {"instances": 2, "image": "i:2"}}),
        ),
        ("another volume", mount("v"), mount("w")),
        (
            "a file becomes one of bytes",
            json!({"a": {"files": [{"dest": "/f", "source": "f"}]}}),
            json!({"a": {"files": [{"dest": "/f", "source": "g"}]}}),
        ),
        (
            "what others refer to",
            json!({"a": {"ports": [{"container_port": 80}]}, "b": {"env": {"A": "@a:80"}}}),
            json!({"a": {"ports": [{"container_port": 80, "host_port": 30080}]}, "b": {"env": {"A": "@a:80"}}}),
        ),
        (
            "the image of what others wait for",
            json!({"a": {"ports": [{"container_port": 80}], "default_health_check": true}, "b": {"dependencies": ["a"]}}),
            json!({"a": {"ports": [{"container_port": 80}], "default_health_check": true, "image": "i:2"}, "b": {"dependencies": ["a"]}}),
        ),
        (
            "the images of two, the second of which starts first",
            json!({"a": {"dependencies": ["b"]}, "b": {}}),
            json!({"a": {"dependencies": ["b"], "image": "i:2"}, "b": {"image": "i:2"}}),
        ),
        (
            "the image of a job that others wait for",
            json!({"a": {"type": "job"}, "b": {"dependencies": ["a"]}}),
            json!({"a": {"type": "job", "image": "i:2"}, "b": {"dependencies": ["a"]}}),
        ),
    ];
    let case = |(title, before, after): &(&str, Value, Value)| {
        both_ways(title, &appliance(before), &appliance(after))
    };
    insta::assert_snapshot!(cases.iter().map(case).collect::<String>());
}

#[test]
fn an_output_that_is_unknown_or_unreadable_has_no_known_effects() {
    let all = made(&appliance(&json!({"a": {}})));
    for Made { target, plan, files } in &all {
        let files = borrowed(files);
        let good = Output { plan, files: &files };
        // Without an output before, all is new.
        let found = effects(Some(target), None, Some(good)).unwrap();
        assert_eq!((found[0].kind, found[0].names[0].as_str()), (Kind::New, "a"), "{target}");
        assert_eq!(effects(Some(target), Some(good), None).unwrap()[0].kind, Kind::Removed);
        assert_eq!(effects(None, Some(good), Some(good)), Some(Vec::new()));
        assert_eq!(effects(None, Some(good), None), None);
        let broken = [("f", "a: [\n{ b = ")];
        let broken = Output { plan, files: &broken };
        assert_eq!(effects(Some(target), Some(good), Some(broken)), None, "{target}");
    }
}

#[test]
fn comments_and_layout_are_no_change() {
    for Made { target, plan, files } in made(&appliance(&json!({"a": {"env": {"A": "b"}}}))) {
        let spaced = |(path, text): &(String, String)| {
            let header = if target == "marathon" { "\n" } else { "# another\n\n" };
            (path.clone(), header.to_owned() + &text.replace(" = ", "   = "))
        };
        let other: Vec<_> = files.iter().map(spaced).collect();
        let (files, other) = (borrowed(&files), borrowed(&other));
        let [before, after] = [&files, &other].map(|files| Output { plan: &plan, files });
        assert_eq!(effects(Some(target), Some(before), Some(after)), Some(Vec::new()), "{target}");
    }
}

#[test]
fn the_order_of_what_has_none_is_no_change() {
    let written = |order: [&str; 2]| {
        let [one, other] = order;
        let entry = |list: &[(&str, &str)]| -> String {
            let entries = list.iter().map(|(name, value)| format!("\"{name}\": \"{value}\""));
            entries.collect::<Vec<_>>().join(", ")
        };
        let container = |id: &str| {
            format!(
                "{{\"id\": \"{id}\", \"type\": \"service\", \"image\": \"i:1\", \"network_mode\": \"bridge\", \
                 \"resources\": {{\"cpus\": 1, \"mem\": 64}}, \"labels\": {{{}}}, \"dependencies\": [{}]}}",
                entry(&[(one, "1"), (other, "1")]),
                if id == "c" { format!("\"{one}\", \"{other}\"") } else { String::new() },
            )
        };
        let containers = [one, other, "c"].map(container).join(", ");
        let text = format!("{{\"id\": \"x\", \"containers\": [{containers}]}}");
        made(&Memory::new().with("x.json", text))
    };
    let (before, after) = (written(["a", "b"]), written(["b", "a"]));
    let found = on_targets(&before, &after);
    let same = |target| (target, Some(Vec::new()));
    let on = |name: &str| found.iter().find(|(target, _)| *target == name).cloned();
    for target in ["compose", "marathon"] {
        assert_eq!(on(target), Some(same(target)));
    }
    // Nomad waits in the order that is written, in a part of the task.
    assert!(on("nomad").is_some_and(|(_, effects)| effects.is_some_and(|found| found.len() == 1)));
}
