//! What the schema library finds, as diagnostics: at the key or value they are about, each
//! fault once, in the language of people.

use std::collections::{HashMap, HashSet};

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Found;
use serde_json::Value;

use super::place::{Finder, Place, opening};
use super::rules::{self, Reason};
use super::{habits, values, words};
use crate::diag::{Diagnostic, codes, list_or, nearest};
use crate::source::Span;
use crate::syntax::{Node, Object};

/// Reports what the library found about a tree.
pub fn report(
    schema: &Value,
    tree: &Node,
    found: Vec<ValidationError>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut report = Reporter {
        schema,
        settled: HashSet::new(),
        misspelt: HashMap::new(),
        missing: HashMap::new(),
        diagnostics,
    };
    let mut finder = Finder::new(tree);
    let found: Vec<(Place, ValidationError)> = found
        .into_iter()
        .filter_map(|error| Some((finder.find(error.instance_path().as_str())?, error)))
        .collect();
    // What does not belong in the place at all comes first: nothing is said about what is
    // in it. Then what is misspelt, which may be what is missing.
    for (place, error) in &found {
        if matches!(error.kind(), Found::FalseSchema) {
            report.forbidden_field(place, error);
        }
    }
    for (place, error) in &found {
        if let Found::AdditionalProperties { unexpected } = error.kind() {
            report.unknown_fields(place, error, unexpected);
        }
    }
    for (place, error) in &found {
        report.other(place, error);
    }
    report.missing_fields();
}

struct Reporter<'a, 'd> {
    schema: &'a Value,
    /// Values about which everything has been said.
    settled: HashSet<Span>,
    /// For the object at a place: the fields that were meant by misspelt ones.
    misspelt: HashMap<Span, Vec<&'a str>>,
    /// For the object at a place: how it is called and what it lacks.
    missing: HashMap<Span, Missing<'a>>,
    diagnostics: &'d mut Vec<Diagnostic>,
}

struct Missing<'a> {
    span: Span,
    place: String,
    fields: Vec<(&'a str, Option<&'a Value>)>,
}

impl<'a> Reporter<'a, '_> {
    /// A field that does not go with the kind of its object, or with another field.
    fn forbidden_field(&mut self, place: &Place, error: &ValidationError) {
        let (Some(key), Some(object)) = (place.key(), place.parent()) else { return };
        // .../definitions/NAME/allOf/N/then/properties/FIELD
        let path = error.schema_path().as_str();
        let Some((owner, rest)) = path.split_once("/allOf/") else { return };
        let (Some(owner_rule), Some((index, _))) =
            (self.schema.pointer(owner), rest.split_once('/'))
        else {
            return;
        };
        let Some(branch) = self.schema.pointer(&format!("{owner}/allOf/{index}")) else { return };
        let name = key.value.as_str();
        let about =
            words::field(self.schema, owner_rule, name).and_then(|rule| words::about(name, rule));
        let mut diagnostic = match rules::reason(owner_rule, branch, name, object) {
            Some(Reason::Kind { key: decider, value, fitting }) => {
                let written = object.get(decider);
                if written.is_none() && object.damaged {
                    return;
                }
                let noun = if place.parent_is_container() { "" } else { " health check" };
                let article = if value.starts_with("HTTP") { "an" } else { "a" };
                let kind = format!("{article} {value}{noun}");
                let message = format!("`{name}` does not belong to {kind}");
                let diagnostic = Diagnostic::new(&codes::WRONG_KIND, key.span, message);
                match (written, fitting) {
                    (Some(node), _) => diagnostic.also(node.span, format!("this makes it {kind}")),
                    (None, Some(fitting)) => {
                        let diagnostic =
                            diagnostic.help(format!("without a `{decider}` it is {kind}"));
                        match object.separator_before(key) {
                            Some(separator) => diagnostic.likely_edit(
                                Span::at(key.span.start as usize),
                                format!("\"{decider}\": \"{fitting}\"{separator}"),
                            ),
                            None => diagnostic,
                        }
                    }
                    (None, _) => diagnostic.help(format!("without a `{decider}` it is {kind}")),
                }
            }
            Some(Reason::Excludes(other)) => {
                let message = format!("`{name}` and `{other}` exclude each other");
                let diagnostic = Diagnostic::new(&codes::EXCLUSIVE_FIELDS, key.span, message);
                match object.member(other) {
                    Some(other) => diagnostic.also(other.key.span, "the other one"),
                    None => diagnostic,
                }
            }
            None => return,
        };
        diagnostic.help.extend(about);
        self.settled.insert(place.node.span);
        self.diagnostics.push(diagnostic);
    }

    /// Fields that the object does not have.
    fn unknown_fields(&mut self, place: &Place, error: &ValidationError, names: &[String]) {
        let (Some(object), Some(rule)) =
            (place.node.as_object(), words::rule(self.schema, error.schema_path().as_str()))
        else {
            return;
        };
        if place.is_inside(&self.settled) || self.mixed_volume(place, object, rule, names) {
            return;
        }
        let names: HashSet<&str> = names.iter().map(String::as_str).collect();
        let mut fields = rules::fields(rule, object);
        fields.retain(|(name, _)| object.get(name).is_none());
        let absent = || fields.iter().map(|(name, _)| *name);
        for member in &object.members {
            let name = member.key.value.as_str();
            if !names.contains(name) {
                continue;
            }
            let message = format!("unknown field `{}`", words::short(name));
            let diagnostic = Diagnostic::new(&codes::UNKNOWN_FIELD, member.key.span, message);
            let meant = habits::meant(name, absent()).or_else(|| nearest(name, absent()));
            let diagnostic = match (meant, extension(rule, name)) {
                (Some(meant), _) => {
                    self.misspelt.entry(place.node.span).or_default().push(meant);
                    let (span, replacement) = (member.key.span, words::quoted(meant));
                    let diagnostic = diagnostic.help(format!("did you mean `{meant}`?"));
                    if is_slip(name, meant) {
                        diagnostic.safe_edit(span, replacement)
                    } else {
                        diagnostic.likely_edit(span, replacement)
                    }
                }
                (None, Some(meant)) => diagnostic
                    .help(format!("did you mean `{}`?", words::short(&meant)))
                    .likely_edit(member.key.span, words::quoted(&meant)),
                (None, None) => {
                    let hidden = |rule: &Value| words::is_marked(rule, "doNotSuggest");
                    let more =
                        fields.iter().filter(|(_, rule)| !hidden(rule)).map(|(name, _)| *name);
                    let owner = self.describe(place, rule);
                    match list_or(more) {
                        none if none.is_empty() => {
                            diagnostic.help(format!("{owner} has all fields that it can have"))
                        }
                        more => diagnostic.help(format!("{owner} can also have {more}")),
                    }
                }
            };
            self.diagnostics.push(diagnostic);
        }
    }

    /// Whether a volume has fields of the old and of the new form, which is then reported.
    fn mixed_volume(
        &mut self,
        place: &Place,
        object: &Object,
        rule: &Value,
        names: &[String],
    ) -> bool {
        let old = self.schema.pointer("/definitions/oldVolume");
        let new = self.schema.pointer("/definitions/volume");
        if old != Some(rule) {
            return false;
        }
        let is_new = |name: &str| new.is_some_and(|n| words::field(self.schema, n, name).is_some());
        let Some(new) =
            names.iter().filter_map(|name| object.member(name)).find(|m| is_new(&m.key.value))
        else {
            return false;
        };
        let message = "a volume is written in the old or in the new form, not in both";
        let mut diagnostic =
            Diagnostic::new(&codes::EXCLUSIVE_FIELDS, new.key.span, message).label("new form");
        for member in &object.members {
            if member.key.value.ends_with("_path") {
                diagnostic = diagnostic.also(member.key.span, "old form");
            }
        }
        self.diagnostics.push(diagnostic.help("new form: `src`, `dest`, `\"type\": \"host\"`"));
        self.settled.insert(place.node.span);
        true
    }

    /// All but forbidden and unknown fields.
    fn other(&mut self, place: &Place, error: &ValidationError) {
        if place.is_inside(&self.settled) {
            return;
        }
        let path = error.schema_path().as_str();
        let Some(rule) = words::rule(self.schema, path) else { return };
        match error.kind() {
            Found::FalseSchema | Found::AdditionalProperties { .. } => {}
            Found::Required { property: Value::String(name) } => {
                self.note_missing(place, path, rule, name);
            }
            Found::Required { .. } => {}
            Found::UniqueItems => self.repeated_items(place),
            Found::PropertyNames { .. } => self.bad_names(place, rule),
            Found::MinItems { .. } if place.is_damaged() => {}
            kind => {
                self.settled.insert(place.node.span);
                self.diagnostics.push(values::diagnostic(place, kind, rule));
            }
        }
    }

    fn note_missing(&mut self, place: &Place, path: &str, rule: &'a Value, name: &str) {
        let Some(object) = place.node.as_object() else { return };
        let meant = self.misspelt.get(&place.node.span);
        if object.damaged || meant.is_some_and(|meant| meant.contains(&name)) {
            return;
        }
        // A rule under a condition has no properties of its own: its owner has.
        let owner = path.split_once("/allOf/").and_then(|(owner, _)| self.schema.pointer(owner));
        let owner = owner.unwrap_or(rule);
        let Some((name, _)) = owner
            .get("properties")
            .and_then(Value::as_object)
            .and_then(|properties| properties.get_key_value(name))
        else {
            return;
        };
        let description = self.describe(place, owner);
        let missing = self.missing.entry(place.node.span).or_insert_with(|| Missing {
            span: opening(place.node),
            place: description,
            fields: Vec::new(),
        });
        // What an alias repeats is found once for each time.
        if missing.fields.iter().any(|(known, _)| *known == name) {
            return;
        }
        missing.fields.push((name, words::field(self.schema, owner, name)));
    }

    /// One diagnostic for all that an object lacks.
    fn missing_fields(&mut self) {
        for missing in std::mem::take(&mut self.missing).into_values() {
            let names: Vec<&str> = missing.fields.iter().map(|(name, _)| *name).collect();
            let are = if names.len() == 1 { "is" } else { "are" };
            let message = format!("{} {are} missing in {}", words::list_and(&names), missing.place);
            let mut diagnostic = Diagnostic::new(&codes::MISSING_FIELD, missing.span, message);
            for (name, rule) in missing.fields {
                diagnostic.help.extend(rule.and_then(|rule| words::about(name, rule)));
            }
            self.diagnostics.push(diagnostic);
        }
    }

    /// Strings that stand twice in a list.
    fn repeated_items(&mut self, place: &Place) {
        let items = place.node.as_array().unwrap_or_default();
        let mut seen = HashMap::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let Some(text) = item.as_str() else { continue };
            let Some(first) = seen.get(text).copied() else {
                seen.insert(text, item.span);
                continue;
            };
            let message = format!("`{}` stands twice in {}", words::short(text), place.name());
            let mut diagnostic = Diagnostic::new(&codes::REPEATED_ITEM, item.span, message)
                .label("again here")
                .also(first, "first here");
            if let Some(before) = index.checked_sub(1).and_then(|before| items.get(before)) {
                let span = Span { start: before.span.end, end: item.span.end };
                diagnostic = diagnostic.safe_edit(span, "");
            }
            self.diagnostics.push(diagnostic);
        }
    }

    /// Keys that cannot be names of environment variables.
    fn bad_names(&mut self, place: &Place, rule: &Value) {
        let Some(object) = place.node.as_object() else { return };
        let form = rule
            .pointer("/patternErrorMessage")
            .or_else(|| rule.pointer("/propertyNames/patternErrorMessage"))
            .and_then(Value::as_str)
            .unwrap_or_default();
        // The library reports each name; here all of them are.
        self.settled.insert(place.node.span);
        let is_bad = |key: &str| key.is_empty() || key.contains(['=', '\0']);
        for member in object.members.iter().filter(|member| is_bad(&member.key.value)) {
            let name = words::short(&member.key.value);
            let message = format!("{} cannot have the key `{name}`: {form}", place.name());
            self.diagnostics.push(Diagnostic::new(&codes::BAD_FORMAT, member.key.span, message));
        }
    }

    /// What an object is called: `` container `livy` ``, `` a port of container `livy` ``.
    fn describe(&self, place: &Place, rule: &Value) -> String {
        if place.is_container() {
            return place.container().unwrap_or_default();
        }
        let title = words::text(rule, "title").unwrap_or("object").to_lowercase();
        let article = match (place.key(), title.as_str()) {
            (_, "appliance") | (Some(_), _) => "the",
            _ => "a",
        };
        match place.container() {
            Some(container) => format!("{article} {title} of {container}"),
            None => format!("{article} {title}"),
        }
    }
}

/// The name with the prefix of fields that are ignored, where it almost has that and its
/// object may have such fields.
fn extension(rule: &Value, name: &str) -> Option<String> {
    rule.get("patternProperties")?;
    let rest = name.strip_prefix(['x', 'X'])?.strip_prefix(['-', '_', '.'])?;
    Some(format!("x-{rest}"))
}

/// Whether a name surely is a slip of the finger or of habit (`networkMode`) for another.
fn is_slip(name: &str, meant: &str) -> bool {
    let plain = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    plain(name) == plain(meant) || strsim::osa_distance(name, meant) <= 1
}
