//! Decides quickly that a document satisfies the schema.
//!
//! Nearly every document does, and the library that finds violations takes longer to prepare for the
//! schema than to run. This module reads the same schema into a form that it can apply at once, and
//! says yes only if it is certain: whatever it does not understand, in the schema or in the document,
//! is left to the library. Tests hold the two equal over thousands of documents.

use std::cell::Cell;
use std::collections::HashSet;
use std::sync::LazyLock;

use super::keywords::{self, Keywords, Pattern, Rule, Types};
use crate::syntax::{Kind, Node, Object};

/// What is certain about a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It satisfies the schema, and nothing in it is deprecated or read-only.
    Sound,
    /// It satisfies the schema, and contains something that is deprecated or read-only.
    Marked,
    /// Nothing.
    Unsure,
}

/// The schema. `None` if it has a keyword that is unknown here.
static ROOT: LazyLock<Option<Keywords>> = LazyLock::new(|| keywords::read(super::TEXT));

/// Checks a document.
pub fn check(tree: &Node) -> Verdict {
    let Some(root) = &*ROOT else { return Verdict::Unsure };
    let checker = Checker { root, marked: Cell::new(false) };
    match checker.keywords(root, tree) {
        Ok(true) if checker.marked.get() => Verdict::Marked,
        Ok(true) => Verdict::Sound,
        Ok(false) | Err(Unsure) => Verdict::Unsure,
    }
}

/// It is not known whether a value satisfies a rule.
struct Unsure;

/// Whether a value satisfies a rule. `false` is as certain as `true`: conditions need both.
type Answer = Result<bool, Unsure>;

struct Checker<'s> {
    root: &'s Keywords,
    /// Whether a rule that is deprecated or read-only was applied.
    marked: Cell<bool>,
}

impl Checker<'_> {
    fn rule(&self, rule: &Rule, node: &Node) -> Answer {
        match rule {
            Rule::Always(answer) => Ok(*answer),
            Rule::Keywords(keywords) => self.keywords(keywords, node),
        }
    }

    fn keywords(&self, rule: &Keywords, node: &Node) -> Answer {
        if rule.deprecated || rule.read_only {
            self.marked.set(true);
        }
        if let Some(reference) = &rule.reference {
            // Other keywords beside a reference are ignored in draft-07.
            let name = reference.strip_prefix("#/definitions/").ok_or(Unsure)?;
            return self.rule(self.root.definitions.get(name).ok_or(Unsure)?, node);
        }
        let is_valid = match &node.kind {
            Kind::Null => rule.types.contains(Types::NULL),
            Kind::Bool(_) => rule.types.contains(Types::BOOLEAN),
            Kind::Number(text) => number(rule, text)?,
            Kind::String(text) => string(rule, text)?,
            Kind::Array(items) => rule.types.contains(Types::ARRAY) && self.array(rule, items)?,
            Kind::Object(object) => {
                rule.types.contains(Types::OBJECT) && self.object(rule, object)?
            }
            Kind::Broken => return Err(Unsure),
        };
        if !is_valid || (has_words(rule) && node.as_str().is_none()) {
            return Ok(false);
        }
        for part in &rule.all_of {
            if !self.rule(part, node)? {
                return Ok(false);
            }
        }
        if !rule.any_of.is_empty() && !self.any(&rule.any_of, node)? {
            return Ok(false);
        }
        let Some(condition) = &rule.condition else { return Ok(true) };
        let branch = if self.rule(condition, node)? { &rule.then } else { &rule.otherwise };
        branch.as_ref().map_or(Ok(true), |branch| self.rule(branch, node))
    }

    fn any(&self, rules: &[Rule], node: &Node) -> Answer {
        for rule in rules {
            if self.rule(rule, node)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn array(&self, rule: &Keywords, items: &[Node]) -> Answer {
        if items.len() < rule.min_items || (rule.unique_items && !is_unique(items)?) {
            return Ok(false);
        }
        if let Some(rule) = &rule.items {
            for item in items {
                if !self.rule(rule, item)? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn object(&self, rule: &Keywords, object: &Object) -> Answer {
        if rule.required.iter().any(|name| object.get(name).is_none()) {
            return Ok(false);
        }
        let Some(others) = &rule.additional_properties else {
            // Conditions name few members.
            return self.members(rule, object);
        };
        for member in &object.members {
            let name = member.key.value.as_str();
            let known = rule.properties.get(name);
            if let Some(rule) = known
                && !self.rule(rule, &member.value)?
            {
                return Ok(false);
            }
            let mut is_known = known.is_some();
            for (pattern, rule) in &rule.pattern_properties {
                if pattern.matches(name).ok_or(Unsure)? {
                    is_known = true;
                    if !self.rule(rule, &member.value)? {
                        return Ok(false);
                    }
                }
            }
            if !is_known && !self.rule(others, &member.value)? {
                return Ok(false);
            }
        }
        self.names(rule, object)
    }

    /// Checks the members that a rule names. Others are valid.
    fn members(&self, rule: &Keywords, object: &Object) -> Answer {
        if !rule.pattern_properties.is_empty() {
            return Err(Unsure);
        }
        for (name, rule) in rule.properties.iter() {
            if let Some(value) = object.get(name)
                && !self.rule(rule, value)?
            {
                return Ok(false);
            }
        }
        self.names(rule, object)
    }

    /// Checks the names of all members.
    fn names(&self, rule: &Keywords, object: &Object) -> Answer {
        let names = match &rule.property_names {
            None => return Ok(true),
            Some(Rule::Keywords(names)) if is_for_strings(names) => names,
            Some(_) => return Err(Unsure),
        };
        for member in &object.members {
            if !string(names, &member.key.value)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Whether a value must be one of some strings.
fn has_words(rule: &Keywords) -> bool {
    rule.constant.is_some() || rule.words.is_some()
}

/// Whether [`string`] checks all of a rule about strings.
fn is_for_strings(rule: &Keywords) -> bool {
    rule.reference.is_none()
        && rule.all_of.is_empty()
        && rule.any_of.is_empty()
        && rule.condition.is_none()
}

fn string(rule: &Keywords, text: &str) -> Answer {
    let is_long_enough = rule.min_length == 0
        || text.len() >= rule.min_length && text.chars().count() >= rule.min_length;
    let is_short_enough =
        rule.max_length.is_none_or(|most| text.len() <= most || text.chars().count() <= most);
    let matches = |pattern: &Pattern| pattern.matches(text).ok_or(Unsure);
    Ok(rule.types.contains(Types::STRING)
        && is_long_enough
        && is_short_enough
        && rule.constant.as_ref().is_none_or(|constant| constant == text)
        && rule.words.as_ref().is_none_or(|words| words.iter().any(|word| word == text))
        && rule.pattern.as_ref().map_or(Ok(true), matches)?)
}

/// Whether a number is valid. Integers beyond those of floats, and those that are not written as such,
/// are not judged here.
fn number(rule: &Keywords, text: &str) -> Answer {
    const MAX: i64 = 1 << 53;
    let (value, types) = match text.parse::<i64>() {
        Ok(integer) if (-MAX..=MAX).contains(&integer) => {
            (integer as f64, [Types::INTEGER, Types::NUMBER])
        }
        _ if rule.types.contains(Types::NUMBER) => {
            let value: f64 = text.parse().map_err(|_| Unsure)?;
            (value, [Types::NUMBER, Types::NUMBER])
        }
        _ => return Err(Unsure),
    };
    if !value.is_finite() {
        return Err(Unsure);
    }
    Ok(types.iter().any(|one| rule.types.contains(*one))
        && rule.minimum.is_none_or(|minimum| value >= minimum)
        && rule.exclusive_minimum.is_none_or(|minimum| value > minimum)
        && rule.maximum.is_none_or(|maximum| value <= maximum))
}

/// Whether strings differ from each other. Other values are not judged here.
fn is_unique(items: &[Node]) -> Answer {
    /// Maximum number of strings that are compared with each other.
    const FEW: usize = 16;
    let texts = items.iter().map(|item| item.as_str().ok_or(Unsure));
    if items.len() > FEW {
        let all: HashSet<&str> = texts.collect::<Result<_, Unsure>>()?;
        return Ok(all.len() == items.len());
    }
    for (at, text) in texts.enumerate() {
        let text = text?;
        if items.iter().take(at).any(|before| before.as_str() == Some(text)) {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{DOCUMENT, VALIDATOR, advice};
    use super::*;
    use crate::diag::Findings;
    use crate::source::{Source, Span, Spanned};
    use crate::syntax::Member;
    use crate::{samples, syntax};

    fn tree(name: &str, text: &str) -> Node {
        syntax::parse(&Source::new(name, text), &mut Findings::new()).expect("a tree")
    }

    /// Valid appliances, which use every field.
    static SAMPLES: LazyLock<Vec<(&str, Node)>> = LazyLock::new(|| {
        let text = |sample: samples::Sample| std::str::from_utf8(sample.text).expect("UTF-8");
        samples::all().map(|sample| (sample.name, tree(sample.name, text(sample)))).collect()
    });

    fn has_advice(tree: &Node) -> bool {
        let mut found = Findings::new();
        advice::report(&DOCUMENT, tree, &mut found);
        !found.is_empty()
    }

    #[test]
    fn the_schema_has_no_unknown_keyword() {
        let read: Result<Keywords, _> = serde_json::from_str(crate::schema::TEXT);
        assert_eq!(read.err().map(|error| error.to_string()), None);
    }

    #[test]
    fn valid_appliances_are_accepted() {
        for (name, tree) in SAMPLES.iter() {
            let expected = if has_advice(tree) { Verdict::Marked } else { Verdict::Sound };
            assert_eq!(check(tree), expected, "{name}");
        }
        assert!(SAMPLES.len() > 100);
    }

    /// Values that a mutation puts anywhere: of each type, and at the ends of ranges.
    const VALUES: &str = r#"[null, true, 0, -0, 1, -1, -2, 1.0, 1e3, 0.5, -0.5, 65535, 65536, 2147483647,
        2147483648, 9007199254740993, 99999999999999999999, 1e999, "", "a", "é", "/", "/a", "@a", "a b", "a=b",
        "\u0000", "x-a", "service", "job", "host", "HOST", "HTTP", "COMMAND", "persistent", "ro", "tcp", [], ["a"],
        ["a", "a"], [1, 1.0], [{}], {}, {"a": 1}, {"": 1}, {"a=": 1}, {"x-a": 1}, {"host_path": "/a"},
        {"protocol": "COMMAND"}, {"type": "job"}]"#;

    static POOL: LazyLock<Vec<Node>> = LazyLock::new(|| {
        let Kind::Array(values) = tree("values.json", VALUES).kind else { return Vec::new() };
        let mut values = values.into_vec();
        values.push(Node::broken(Span::default()));
        values
    });

    /// The names of all fields.
    static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
        let mut names = vec!["x-a".to_owned(), "unknown".to_owned()];
        let rules = DOCUMENT.pointer("/definitions").and_then(|all| all.as_object());
        for rule in rules.into_iter().flat_map(|all| all.values()).chain([&*DOCUMENT]) {
            let fields = rule.get("properties").and_then(|all| all.as_object());
            names.extend(fields.into_iter().flat_map(|all| all.keys().cloned()));
        }
        names
    });

    /// Changes the entries of an array or object.
    fn edit<T>(entries: &mut Box<[T]>, change: impl FnOnce(&mut Vec<T>)) {
        let mut all = std::mem::take(entries).into_vec();
        change(&mut all);
        *entries = all.into();
    }

    /// Changes the value number `at` of a tree, in the order of the document. Returns how many there are.
    fn mutate(node: &mut Node, at: usize, what: (u8, usize, usize)) -> usize {
        let (change, value, name) = what;
        let pick = || POOL[value % POOL.len()].clone();
        let key = || Spanned::new(NAMES[name % NAMES.len()].as_str().into(), Span::default());
        if at == 0 {
            match (&mut node.kind, change % 6) {
                (Kind::Object(object), 0) => {
                    edit(&mut object.members, |all| all.push(Member { key: key(), value: pick() }))
                }
                (Kind::Object(object), 1) => edit(&mut object.members, |all| drop(all.pop())),
                (Kind::Object(object), 2) if !object.members.is_empty() => {
                    let member = object.members[name % object.members.len()].clone();
                    edit(&mut object.members, |all| {
                        all.push(Member { key: member.key, value: pick() })
                    });
                }
                (Kind::Object(object), 3) if !object.members.is_empty() => {
                    let at = value % object.members.len();
                    object.members[at].key = key();
                }
                (Kind::Array(items), 0) => edit(items, |all| all.push(pick())),
                (Kind::Array(items), 1) => edit(items, |all| drop(all.pop())),
                _ => *node = pick(),
            }
            return usize::MAX / 2;
        }
        let mut seen = 1;
        let mut inside = |child: &mut Node| {
            if at >= seen {
                seen += mutate(child, at - seen, what);
            }
        };
        match &mut node.kind {
            Kind::Array(items) => items.iter_mut().for_each(inside),
            Kind::Object(object) => object.members.iter_mut().for_each(|m| inside(&mut m.value)),
            _ => {}
        }
        seen
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            ..ProptestConfig::with_cases(applc_testing::cases(4_000))
        })]

        /// What is accepted here, the library accepts as well; and where nothing is marked, there is no
        /// advice.
        #[test]
        fn the_library_agrees(
            sample in any::<usize>(),
            changes in prop::collection::vec((any::<u16>(), any::<u8>(), any::<usize>(), any::<usize>()), 1..4),
        ) {
            let mut tree = SAMPLES[sample % SAMPLES.len()].1.clone();
            for (at, change, value, name) in changes {
                let count = mutate(&mut tree, usize::MAX / 4, (0, 0, 0));
                mutate(&mut tree, usize::from(at) % count, (change, value, name));
            }
            let verdict = check(&tree);
            if verdict != Verdict::Unsure {
                prop_assert!(VALIDATOR.is_valid(&tree), "{tree:?}");
            }
            if verdict == Verdict::Sound {
                prop_assert!(!has_advice(&tree), "{tree:?}");
            }
        }
    }
}
