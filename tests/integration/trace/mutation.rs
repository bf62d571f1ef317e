//! Changes of one value: each line of output that changes is one that the map has for the value.

use std::collections::BTreeSet;

use applc::analysis::Analysis;
use applc::diag::Findings;
use applc::render::{Mark, Origin};
use applc::source::{Source, Span};
use applc::syntax::{self, Kind, Node};
use applc::targets::TargetRef;
use applc::trace::Known;
use applc_testing::cases;

use super::{Traced, appliances, traced, traced_targets};

/// Changes of a text: each replaces a place by another text.
type Edits = Vec<(Span, String)>;

/// A value that can be changed.
#[derive(Debug, Clone)]
struct Value {
    /// The keys to it.
    path: String,
    span: Span,
    /// The changes that replace it by another value.
    edits: Edits,
}

/// A sequence of numbers that looks random and is always the same.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % below.max(1) as u64) as usize
    }

    fn pick<'t, T>(&mut self, items: &'t [T]) -> &'t T {
        &items[self.next(items.len())]
    }
}

/// All scalars below a node, with the keys to them.
fn scalars<'t>(node: &'t Node, path: &str, found: &mut Vec<(String, &'t Node)>) {
    match &node.kind {
        Kind::Object(object) => object.members.iter().for_each(|member| {
            scalars(&member.value, &format!("{path}.{}", member.key.value), found);
        }),
        Kind::Array(items) => items.iter().for_each(|item| scalars(item, path, found)),
        _ => found.push((path.to_owned(), node)),
    }
}

/// The other words of a field that is one of several words, and of flags. Changing it adds and
/// removes other values of its container.
fn words(path: &str) -> &'static [&'static str] {
    let field = path.rsplit('.').next().unwrap_or_default();
    match (field, path) {
        ("network_mode", _) => &["\"host\"", "\"bridge\"", "\"container\""],
        ("scope", _) => &["\"local\"", "\"global\""],
        ("mode", _) => &["\"RO\"", "\"RW\""],
        ("protocol", ".containers.ports.protocol") => &["\"tcp\"", "\"udp\""],
        ("protocol", _) => &["\"HTTP\"", "\"TCP\"", "\"MESOS_HTTPS\""],
        ("is_privileged" | "force_pull_image" | "preemptible", _) => &["true", "false"],
        _ => &[],
    }
}

/// What a value is changed to.
fn changed(path: &str, node: &Node, numbers: &mut Numbers) -> Option<String> {
    let field = path.rsplit('.').next().unwrap_or_default();
    if path.contains(".health_check.type") || ["type", "default_health_check"].contains(&field) {
        return None;
    }
    let words = words(path);
    if !words.is_empty() {
        return Some((*numbers.pick(words)).to_owned());
    }
    match &node.kind {
        Kind::Number(text) => {
            let number: f64 = text.parse().ok()?;
            let other = match numbers.next(4) {
                0 => number + 1.0,
                1 => number * 2.0,
                2 => number + 13.0,
                _ => (number - 1.0).max(0.0),
            };
            Some(other.to_string())
        }
        Kind::String(text) => {
            let text = text.as_str();
            let other = match field {
                "interval" => (*numbers.pick(&["1D", "T2H", "T10M", "7D"])).to_owned(),
                "schedule" => {
                    (*numbers.pick(&["5 4 * * *", "*/7 * * * 1", "1 2 3 4 *"])).to_owned()
                }
                "time_zone" => (*numbers.pick(&["Asia/Tokyo", "Europe/Paris"])).to_owned(),
                "start_time" => "2031-02-03T04:05:06Z".to_owned(),
                "path" => format!("{text}x"),
                "src" | "dest" | "host_path" | "container_path" => format!("{text}/x"),
                _ => match numbers.next(3) {
                    0 => format!("{text}x"),
                    1 => format!("{text}7"),
                    _ => format!("x{text}"),
                },
            };
            Some(serde_json::Value::from(other).to_string())
        }
        _ => None,
    }
}

/// A change of one value of a tree. The id of a container or a volume is also changed wherever it
/// is referred to.
fn change(source: &Source, tree: &Node, numbers: &mut Numbers) -> Option<Value> {
    let mut all = Vec::new();
    scalars(tree, "", &mut all);
    let (path, node) = numbers.pick(&all).clone();
    let mut edits = Vec::new();
    if [".containers.id", ".data_persistence.volumes.id"].contains(&path.as_str()) {
        let id = node.as_str()?.to_owned();
        // Whatever could be a part of another id is not changed.
        let is_clear = source.text().matches(id.as_str()).count()
            == source.text().matches(&format!("\"{id}\"")).count()
                + source.text().matches(&format!("@{id}\"")).count()
                + source.text().matches(&format!("@{id}:")).count();
        if !is_clear {
            return None;
        }
        for (at, _) in source.text().match_indices(id.as_str()) {
            let start = source.span(at..at + id.len());
            edits.push((start, format!("{id}q")));
        }
    } else if path.ends_with(".dependencies") || path.ends_with(".src") {
        return None;
    } else {
        edits.push((node.span, changed(&path, node, numbers)?));
    }
    Some(Value { path, span: node.span, edits })
}

fn edited(source: &Source, edits: &Edits) -> (Source, Vec<Span>) {
    let mut text = String::new();
    let mut spans = Vec::new();
    let mut done = 0;
    for (span, new) in edits {
        let range = source.range(*span);
        text.push_str(&source.text()[done..range.start]);
        spans.push(text.len()..text.len() + new.len());
        text.push_str(new);
        done = range.end;
    }
    text.push_str(&source.text()[done..]);
    let source = Source::new(source.name(), text);
    let analysis = Analysis::of(&source);
    let spans = spans.into_iter().map(|range| analysis.source.span(range)).collect();
    (source, spans)
}

/// The lines that only one of two texts has.
fn different<'t>(one: &[&'t str], other: &[&'t str]) -> BTreeSet<usize> {
    let start = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let rest = one[start..].iter().rev().zip(other[start..].iter().rev());
    let end = rest.take_while(|(a, b)| a == b).count();
    let (a, b) = (&one[start..one.len() - end], &other[start..other.len() - end]);
    // The longest common subsequence of what is between.
    let mut longest = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i][j] = if a[i] == b[j] {
                longest[i + 1][j + 1] + 1
            } else {
                longest[i + 1][j].max(longest[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut only = BTreeSet::new();
    while i < a.len() {
        if j < b.len() && a[i] == b[j] {
            (i, j) = (i + 1, j + 1);
        } else if j < b.len() && longest[i][j + 1] > longest[i + 1][j] {
            j += 1;
        } else {
            only.insert(start + i);
            i += 1;
        }
    }
    only
}

fn contains(outer: Span, inner: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// What explains a change: the places that were edited, and, if other values come and go with the
/// edited one, the object that it is part of.
struct Reason {
    places: Vec<Span>,
    object: Option<Span>,
}

impl Reason {
    /// Whether it explains a line of a file.
    fn explains(&self, made: &Traced, file: usize, line: usize) -> bool {
        let file = &made.map.files[file];
        let line = &file.lines[line];
        let is_edited = |place: Span| {
            self.places.iter().any(|edited| contains(place, *edited) || contains(*edited, place))
        };
        let is_related = |place: Span| {
            is_edited(place) || self.object.is_some_and(|object| contains(object, place))
        };
        let marks: &[Mark] = &file.ranges[line.ranges.clone()];
        let by_mark = marks.iter().any(|mark| {
            let places = [mark.from.place(), mark.from.second()];
            let is_default = matches!(mark.from, Origin::Default(..));
            let by_place = places.into_iter().flatten().any(is_related)
                && (!is_default || self.object.is_some());
            by_place || self.object.is_some_and(|object| contains(object, mark.owner))
        });
        by_mark || (line.known != Known::Value && is_related(line.place))
    }
}

/// The lines of a file in both versions, and those that are not explained.
fn unexplained(before: &Traced, after: &Traced, reasons: &[Reason; 2]) -> Vec<String> {
    let mut found = Vec::new();
    let text_of = |made: &Traced, path: &str| {
        let artifact = made.artifacts.iter().position(|artifact| artifact.path == path);
        artifact.map(|at| (at, made.artifacts[at].text.clone()))
    };
    let paths = |made: &Traced| made.artifacts.iter().map(|a| a.path.clone()).collect::<Vec<_>>();
    let (old, new) = (paths(before), paths(after));
    // Files whose names change are compared in their order; if there are more or fewer, those
    // with the same names, apart from the numbers in front.
    let name = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or_default();
        name.trim_start_matches(|c: char| c.is_ascii_digit()).to_owned()
    };
    let same = |at: usize, path: &String| match old.len() == new.len() {
        true => new.get(at),
        false => new.iter().find(|other| name(other) == name(path)),
    };
    for (at, path) in old.iter().enumerate() {
        let Some(new_path) = same(at, path) else { continue };
        let one = text_of(before, path);
        let other = text_of(after, new_path);
        let (one, other) = (one.unwrap_or_default(), other.unwrap_or_default());
        let (a, b): (Vec<&str>, Vec<&str>) = (one.1.lines().collect(), other.1.lines().collect());
        for (made, file, lines, others, reason) in
            [(before, one.0, &a, &b, &reasons[0]), (after, other.0, &b, &a, &reasons[1])]
        {
            // A document comes and goes as a whole, with the values of its name.
            let changed = different(lines, others);
            let parts: Vec<usize> =
                made.artifacts[file].record.parts.iter().map(|(start, _)| *start).collect();
            let part_of = |line: usize| {
                let at = made.map.files[file].lines[line].text.start;
                parts.partition_point(|start| *start <= at)
            };
            let names: BTreeSet<usize> = changed
                .iter()
                .filter(|line| lines[**line].starts_with("  name: "))
                .filter(|line| reason.explains(made, file, **line))
                .map(|line| part_of(*line))
                .collect();
            // Of equal lines near each other, either may be said to be the one that changed.
            let by_values = |line: usize| {
                let near = line.saturating_sub(4)..(line + 5).min(lines.len());
                let mut same = near.filter(|other| lines[*other] == lines[line]);
                same.any(|line| reason.explains(made, file, line))
            };
            let mut explained: BTreeSet<usize> =
                changed.iter().copied().filter(|line| by_values(*line)).collect();
            // A line without values comes and goes with those of its block.
            let has_values = |line: usize| made.map.files[file].lines[line].known == Known::Value;
            for line in changed.iter().copied().chain(changed.iter().rev().copied()) {
                let is_beside = [line.wrapping_sub(1), line + 1].map(|at| explained.contains(&at));
                if !has_values(line) && is_beside.contains(&true) {
                    explained.insert(line);
                }
            }
            for line in changed {
                let is_trivial = ["", "---"].contains(&lines[line].trim());
                // In a file of Marathon, a list may start at the end of a line with other values.
                let start = |line: &str| line.trim_end_matches(['}', ',']).to_owned();
                let (own, ends) = (lines[line], start(lines[line]));
                let is_continued = own.contains("\": {")
                    && others.iter().filter(|other| **other != own).any(|other| {
                        other.starts_with(&ends)
                            || other.contains("\": {") && own.starts_with(&start(other))
                    });
                if !is_trivial
                    && !explained.contains(&line)
                    && !is_continued
                    && !names.contains(&part_of(line))
                {
                    found.push(format!("{}: {}", line + 1, lines[line]));
                }
            }
        }
    }
    found
}

fn object_around(tree: &Node, span: Span) -> Span {
    let mut found = tree.span;
    let mut open = vec![tree];
    while let Some(node) = open.pop() {
        if !contains(node.span, span) {
            continue;
        }
        match &node.kind {
            Kind::Object(object) => {
                if object.get("id").is_some() {
                    found = node.span;
                }
                open.extend(object.members.iter().map(|member| &member.value));
            }
            Kind::Array(items) => open.extend(items.iter()),
            _ => {}
        }
    }
    found
}

/// Changes one value, and says which lines change without a reason. `None` if there is nothing to
/// compare.
fn check(source: &Source, target: &TargetRef, number: u64) -> Option<Vec<String>> {
    let mut numbers = Numbers(number);
    let tree = syntax::parse(source, &mut Findings::new())?;
    let value = change(source, &tree, &mut numbers)?;
    let (new_source, new_places) = edited(source, &value.edits);
    let before = traced(source, target)?;
    let after = traced(&new_source, target)?;
    let has_words = !words(&value.path).is_empty()
        || ["instances", "container_port", "host_port"].iter().any(|f| value.path.ends_with(f));
    let new_tree = syntax::parse(&new_source, &mut Findings::new())?;
    let new_place = *new_places.first()?;
    let reasons = [
        Reason {
            places: value.edits.iter().map(|(span, _)| *span).collect(),
            object: has_words.then(|| object_around(&tree, value.span)),
        },
        Reason {
            object: has_words.then(|| object_around(&new_tree, new_place)),
            places: new_places,
        },
    ];
    let lines = unexplained(&before, &after, &reasons);
    let change = |(span, new): &(Span, String)| format!("{} -> {new}", source.slice(*span));
    let changes: Vec<String> = value.edits.iter().map(change).collect();
    let what = format!("case {number}: {} for {}", source.name(), target.name());
    let what = format!("{what}: {} {}", value.path, changes.join(", "));
    Some(lines.into_iter().map(|line| format!("{what}\n    {line}")).collect())
}

#[test]
fn lines_change_only_with_the_values_that_the_map_has_for_them() {
    let sources = appliances();
    let mut compared = 0;
    let mut wrong = Vec::new();
    for target in traced_targets() {
        for number in 0..u64::from(cases(250)) {
            let mut numbers = Numbers(number ^ 0x5eed);
            let source = numbers.pick(&sources);
            if let Some(found) = check(source, &target, number) {
                compared += 1;
                wrong.extend(found);
            }
        }
    }
    assert!(wrong.is_empty(), "{} lines of {compared} changes:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared > 100, "{compared}");
}
