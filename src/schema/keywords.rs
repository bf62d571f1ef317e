//! The keywords of the schema, read into a form that is applied directly.

use std::fmt;
use std::sync::OnceLock;

use regex::Regex;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A part of the schema.
pub enum Rule {
    /// `true` or `false`: any value, or none.
    Always(bool),
    /// An object of keywords.
    Keywords(Box<Keywords>),
}

/// The keywords of a part of the schema. One that is missing here makes [`read`] fail, so that none is
/// overlooked.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[allow(missing_docs, reason = "JSON Schema defines the keywords")]
pub struct Keywords {
    pub additional_properties: Option<Rule>,
    pub all_of: Vec<Rule>,
    pub any_of: Vec<Rule>,
    /// A single string.
    #[serde(rename = "const")]
    pub constant: Option<String>,
    pub definitions: Members,
    pub deprecated: bool,
    #[serde(rename = "else")]
    pub otherwise: Option<Rule>,
    /// Strings.
    #[serde(rename = "enum")]
    pub words: Option<Vec<String>>,
    pub exclusive_minimum: Option<f64>,
    #[serde(rename = "if")]
    pub condition: Option<Rule>,
    pub items: Option<Rule>,
    pub maximum: Option<f64>,
    pub max_length: Option<usize>,
    pub min_items: usize,
    pub min_length: usize,
    pub minimum: Option<f64>,
    pub pattern: Option<Pattern>,
    #[serde(deserialize_with = "by_pattern")]
    pub pattern_properties: Vec<(Pattern, Rule)>,
    pub properties: Members,
    pub property_names: Option<Rule>,
    pub read_only: bool,
    #[serde(rename = "$ref")]
    pub reference: Option<String>,
    pub required: Vec<String>,
    pub then: Option<Rule>,
    #[serde(rename = "type")]
    pub types: Types,
    pub unique_items: bool,

    // Texts for people, and what overlays need to know.
    #[serde(rename = "$schema")]
    _schema: IgnoredAny,
    #[serde(rename = "aliasOf")]
    _alias_of: IgnoredAny,
    #[serde(rename = "default")]
    _default: IgnoredAny,
    #[serde(rename = "description")]
    _description: IgnoredAny,
    #[serde(rename = "doNotSuggest")]
    _do_not_suggest: IgnoredAny,
    #[serde(rename = "errorMessage")]
    _error_message: IgnoredAny,
    #[serde(rename = "examples")]
    _examples: IgnoredAny,
    #[serde(rename = "overlayKey")]
    _overlay_key: IgnoredAny,
    #[serde(rename = "patternErrorMessage")]
    _pattern_error_message: IgnoredAny,
    #[serde(rename = "title")]
    _title: IgnoredAny,
}

/// Reads a schema. `None` if it is not JSON, or has a keyword or a form of one that is unknown here.
pub fn read(text: &str) -> Option<Keywords> {
    serde_json::from_str(text).ok()
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Rule, D::Error> {
        deserializer.deserialize_any(RuleVisitor)
    }
}

struct RuleVisitor;

impl<'de> Visitor<'de> for RuleVisitor {
    type Value = Rule;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a schema")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Rule, E> {
        Ok(Rule::Always(value))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Rule, A::Error> {
        let keywords = Keywords::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Rule::Keywords(Box::new(keywords)))
    }
}

/// Rules by name.
#[derive(Default)]
pub struct Members(Vec<(String, Rule)>);

impl Members {
    /// The rule with this name.
    pub fn get(&self, name: &str) -> Option<&Rule> {
        let found = self.0.binary_search_by(|(key, _)| order(key).cmp(&order(name)));
        found.ok().and_then(|at| self.0.get(at)).map(|(_, rule)| rule)
    }

    /// All names and their rules.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Rule)> {
        self.0.iter().map(|(name, rule)| (name.as_str(), rule))
    }
}

/// The order of names in [`Members`]: most names differ in length, which is cheap to compare.
fn order(name: &str) -> (usize, &str) {
    (name.len(), name)
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Members, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("schemas by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        members.sort_by(|(one, _): &(String, _), (other, _)| order(one).cmp(&order(other)));
        Ok(Members(members))
    }
}

/// Reads rules by the pattern of names.
fn by_pattern<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(Pattern, Rule)>, D::Error> {
    let Members(members) = Members::deserialize(from)?;
    Ok(members.into_iter().map(|(pattern, rule)| (Pattern::new(&pattern), rule)).collect())
}

/// The types of a value, one bit each.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Types(u8);

impl Types {
    pub const NULL: Types = Types(1);
    pub const BOOLEAN: Types = Types(2);
    pub const INTEGER: Types = Types(4);
    pub const NUMBER: Types = Types(8);
    pub const STRING: Types = Types(16);
    pub const ARRAY: Types = Types(32);
    pub const OBJECT: Types = Types(64);

    /// Whether one of the types is among the others.
    pub fn contains(self, other: Types) -> bool {
        self.0 & other.0 != 0
    }

    fn of_name(name: &str) -> Option<Types> {
        Some(match name {
            "null" => Types::NULL,
            "boolean" => Types::BOOLEAN,
            "integer" => Types::INTEGER,
            "number" => Types::NUMBER,
            "string" => Types::STRING,
            "array" => Types::ARRAY,
            "object" => Types::OBJECT,
            _ => return None,
        })
    }
}

/// Without the keyword, all types are valid.
impl Default for Types {
    fn default() -> Types {
        Types(u8::MAX)
    }
}

impl<'de> Deserialize<'de> for Types {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Types, D::Error> {
        deserializer.deserialize_any(TypesVisitor)
    }
}

struct TypesVisitor;

impl<'de> Visitor<'de> for TypesVisitor {
    type Value = Types;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a type or types")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Types, E> {
        Types::of_name(name).ok_or_else(|| E::custom("unknown type"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Types, A::Error> {
        let mut types = Types(0);
        while let Some(Types(more)) = names.next_element()? {
            types.0 |= more;
        }
        Ok(types)
    }
}

/// A pattern of a string. Those that are used most are applied without a regular expression, which
/// takes longer to compile than a small document to check.
pub struct Pattern {
    form: Form,
}

enum Form {
    /// `^text`
    Start(String),
    /// `^[class]+$`
    All(Class),
    /// Any other, compiled when it is first used.
    Other(String, OnceLock<Option<Regex>>),
}

impl Pattern {
    /// A pattern in the syntax of regular expressions.
    pub fn new(text: &str) -> Pattern {
        let is_plain =
            |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-/".contains(c));
        let form = match text.strip_prefix('^') {
            Some(start) if is_plain(start) => Form::Start(start.to_owned()),
            Some(rest) => match rest.strip_suffix("+$").and_then(Class::new) {
                Some(class) => Form::All(class),
                None => Form::Other(text.to_owned(), OnceLock::new()),
            },
            None => Form::Other(text.to_owned(), OnceLock::new()),
        };
        Pattern { form }
    }

    /// Whether a string matches. `None` if the pattern cannot be compiled.
    pub fn matches(&self, text: &str) -> Option<bool> {
        match &self.form {
            Form::Start(start) => Some(text.starts_with(start)),
            Form::All(class) => Some(!text.is_empty() && text.chars().all(|c| class.contains(c))),
            Form::Other(pattern, compiled) => {
                let compiled = compiled.get_or_init(|| Regex::new(pattern).ok());
                compiled.as_ref().map(|regex| regex.is_match(text))
            }
        }
    }
}

/// A class of characters.
struct Class {
    /// The ASCII characters in it.
    ascii: [bool; 128],
    /// Whether all others are in it.
    others: bool,
}

impl Class {
    /// Reads a class of ASCII characters, ranges of them, and `\\xHH`. `None` if there is more.
    fn new(text: &str) -> Option<Class> {
        let inside = text.strip_prefix('[')?.strip_suffix(']')?;
        let (inside, negated) = match inside.strip_prefix('^') {
            Some(inside) => (inside, true),
            None => (inside, false),
        };
        // Operators of sets.
        if ["&&", "--", "~~"].iter().any(|operator| inside.contains(operator)) {
            return None;
        }
        let mut class = Class { ascii: [negated; 128], others: negated };
        let mut rest = inside;
        while !rest.is_empty() {
            let (first, after) = Class::character(rest)?;
            let (last, after) = match after.strip_prefix('-').filter(|end| !end.is_empty()) {
                Some(end) => Class::character(end)?,
                None => (first, after),
            };
            class.ascii.get_mut(first..=last)?.fill(!negated);
            rest = after;
        }
        Some(class)
    }

    /// The code of the first character of a class, and the text after it.
    fn character(text: &str) -> Option<(usize, &str)> {
        if let Some(escape) = text.strip_prefix("\\x") {
            let code = usize::from_str_radix(escape.get(..2)?, 16).ok()?;
            return Some((code, escape.get(2..)?));
        }
        let first = text.chars().next().filter(|c| c.is_ascii() && !"[]\\^".contains(*c))?;
        Some((first as usize, text.get(1..)?))
    }

    fn contains(&self, character: char) -> bool {
        self.ascii.get(character as usize).copied().unwrap_or(self.others)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pattern, D::Error> {
        String::deserialize(deserializer).map(|text| Pattern::new(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The short forms of patterns are as good as regular expressions.
    #[test]
    fn patterns_match_as_regular_expressions() {
        let patterns =
            ["^x-", "^/", "^[A-Za-z0-9-]+$", "^[!-~]+$", r"^[^=\x00]+$", "^[Rr]([Ww]|[Oo])$"];
        let mut texts: Vec<String> =
            ["", "x-", "x", "/a", "a/", "rw", "RO", "rwx", "a-b", "a\n"].map(str::to_owned).into();
        for c in (0..0x200).filter_map(char::from_u32).chain(['\u{2028}', '\u{10ffff}']) {
            texts.extend([c.to_string(), format!("a{c}"), format!("{c}a"), format!("a{c}b")]);
        }
        for pattern in patterns {
            let regex = Regex::new(pattern).unwrap();
            let short = Pattern::new(pattern);
            for text in &texts {
                assert_eq!(short.matches(text), Some(regex.is_match(text)), "{pattern} {text:?}");
            }
        }
        let is_short = |pattern| !matches!(Pattern::new(pattern).form, Form::Other(..));
        assert_eq!(patterns.map(is_short), [true, true, true, true, true, false]);
    }
}
