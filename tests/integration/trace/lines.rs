//! Lines and values of real appliances: what they are traced to.

use std::collections::BTreeMap;

use applc::analysis::Analysis;
use applc::diag::Findings;
use applc::render::Origin;
use applc::source::Span;
use applc::syntax::{self, Kind, Node};
use applc::trace::Known;

use super::{Traced, appliances, artifacts, told, traced, traced_targets};

#[test]
fn text_is_the_same_with_and_without_origins() {
    let mut compared = 0;
    for source in appliances() {
        let analysis = Analysis::of(&source);
        let Some(plan) = analysis.valid_plan() else { continue };
        for target in crate::common::targets() {
            let plain = artifacts(plan, &target, false);
            let recorded = artifacts(plan, &target, true);
            let texts = |made: Option<Vec<applc::targets::Artifact>>| {
                made.map(|made| made.into_iter().map(|a| (a.path, a.text)).collect::<Vec<_>>())
            };
            assert_eq!(texts(plain), texts(recorded), "{} for {}", source.name(), target.name());
            compared += 1;
        }
    }
    assert!(compared > 500, "{compared}");
}

/// The scalars of a tree, with their decoded texts. Keys of `env` are names that the user chose.
fn scalars(node: &Node, found: &mut Vec<(String, Span)>) {
    match &node.kind {
        Kind::String(text) => found.push((text.to_string(), node.span)),
        Kind::Number(text) => found.push((text.to_string(), node.span)),
        Kind::Array(items) => items.iter().for_each(|item| scalars(item, found)),
        Kind::Object(object) => object.members.iter().for_each(|member| {
            if member.key.value == "env"
                && let Some(env) = member.value.as_object()
            {
                let names = env.members.iter();
                found.extend(names.map(|m| (m.key.value.to_string(), m.key.span)));
            }
            scalars(&member.value, found);
        }),
        _ => {}
    }
}

/// Strings that are in one place of the source only, and could not be words of a target.
pub fn distinctive(tree: &Node) -> Vec<(String, Span)> {
    let mut all = Vec::new();
    scalars(tree, &mut all);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:".contains(c);
    let is_candidate = |text: &str| {
        text.len() >= 6
            && text.chars().all(is_plain)
            && text.contains(|c: char| "-_./:0123456789".contains(c))
            && text.contains(|c: char| c.is_ascii_lowercase())
    };
    let mut by_text: BTreeMap<&str, usize> = BTreeMap::new();
    for (text, _) in &all {
        for (candidate, _) in all.iter().filter(|(other, _)| is_candidate(other)) {
            if text.contains(candidate.as_str()) {
                *by_text.entry(candidate).or_default() += 1;
            }
        }
    }
    let only: Vec<String> =
        by_text.into_iter().filter(|(_, count)| *count == 1).map(|(t, _)| t.to_owned()).collect();
    all.into_iter().filter(|(text, _)| only.contains(text)).collect()
}

#[test]
fn a_value_of_the_appliance_has_the_place_of_exactly_that_value() {
    let mut checked = BTreeMap::new();
    let mut wrong = Vec::new();
    for source in appliances() {
        let Some(tree) = syntax::parse(&source, &mut Findings::new()) else { continue };
        let values = distinctive(&tree);
        for target in traced_targets() {
            let Some(made) = traced(&source, &target) else { continue };
            for (file, artifact) in made.artifacts.iter().enumerate() {
                for (text, span) in &values {
                    for (at, _) in artifact.text.match_indices(text.as_str()) {
                        let map = &made.map.files[file];
                        let is_there = |range: &std::ops::Range<usize>| {
                            range.start <= at && at + text.len() <= range.end
                        };
                        let around = map.ranges.iter().filter(|mark| is_there(&mark.range));
                        // An option can have the same text.
                        let has_place = around.into_iter().any(|mark| {
                            [mark.from.place(), mark.from.second()].contains(&Some(*span))
                                || matches!(mark.from, Origin::Option(..))
                        });
                        if !has_place {
                            wrong.push(told(&source, &target, text, artifact, at));
                        }
                        *checked.entry(target.name().to_owned()).or_insert(0) += 1;
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {checked:?}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(checked.values().all(|count| *count > 200), "{checked:?}");
}

#[test]
fn each_line_has_a_place_and_few_belong_to_the_whole_appliance() {
    for target in traced_targets() {
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        for source in appliances() {
            let Some(made) = traced(&source, &target) else { continue };
            let tree = syntax::parse(&made.source, &mut Findings::new()).unwrap();
            let id = tree.as_object().unwrap().get("id").unwrap().span;
            for (artifact, file) in made.artifacts.iter().zip(&made.map.files) {
                let lines: Vec<&str> = artifact.text.lines().collect();
                // Of several parts of a file, some are made for the whole appliance.
                let parts = &artifact.record.parts;
                let is_of_appliance = |at: usize| {
                    let part = parts.iter().rfind(|(start, _)| *start <= at);
                    parts.len() > 1 && part.is_some_and(|(_, owner)| *owner == id)
                };
                assert_eq!(lines.len(), file.lines.len(), "{}", artifact.path);
                for (text, line) in lines.iter().zip(&file.lines) {
                    assert_eq!(&artifact.text[line.text.clone()], *text);
                    assert!(!made.slice(line.place).is_empty(), "{text}");
                    let is_whole = line.place == tree.span && !is_of_appliance(line.text.start);
                    let kind = match (line.known, is_whole) {
                        (_, true) if text.starts_with(' ') => panic!(
                            "{} for {}: `{text}` belongs to nothing in particular",
                            source.name(),
                            target.name()
                        ),
                        (Known::Value, _) => "value",
                        (_, true) => "whole",
                        (Known::Block, _) => "block",
                        (Known::Around, _) => "around",
                    };
                    *known.entry(kind.to_owned()).or_default() += 1;
                }
            }
        }
        let all: usize = known.values().sum();
        let values = known.get("value").copied().unwrap_or(0);
        assert!(values * 3 > all, "{}: {known:?}", target.name());
    }
}

/// Each line of the output, and beside it the place that it comes from.
pub fn table(made: &Traced) -> String {
    let mut table = String::new();
    for (artifact, file) in made.artifacts.iter().zip(&made.map.files) {
        table.push_str(&format!("======== {}\n", artifact.path));
        for line in &file.lines {
            let known = match line.known {
                Known::Value => '=',
                Known::Block => '{',
                Known::Around => '^',
            };
            let at = made.source.position(line.place.start);
            let place = made.slice(line.place).split_whitespace().collect::<Vec<_>>();
            let place: String = place.join(" ").chars().take(60).collect();
            let text: String = artifact.text[line.text.clone()].chars().take(70).collect();
            let more = file.ranges[line.ranges.clone()].len().saturating_sub(1);
            let more = if more == 0 { String::new() } else { format!(" +{more}") };
            table.push_str(&format!("{text:70} {known} {}:{} {place}{more}\n", at.line, at.column));
        }
    }
    table
}

/// The table of an example: each line of output, and beside it the place that it comes from.
#[test]
fn the_lines_of_an_example() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("../../snapshots/trace");
    let source = super::read(&crate::common::repository("examples/web-stack.json"));
    settings.bind(|| {
        for target in traced_targets() {
            let made = traced(&source, &target).unwrap();
            insta::assert_snapshot!(target.name(), table(&made));
        }
    });
}
