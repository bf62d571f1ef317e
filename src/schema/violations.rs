//! Converts the violations that the schema library finds into findings: one per error, at the
//! key or value that causes it.

use std::collections::{HashMap, HashSet};

use ecow::EcoString;
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Found;
use serde_json::Value;

use super::keywords::Pattern;
use super::place::{Finder, Place, is_on_host, opening};
use super::rules::{self, Reason};
use super::{disabled, habits, lists, spaces, twins, value_violations, words};
use crate::diag::{Diagnostic, Findings, Level, begun, codes, differ_by_one, nearest};
use crate::elsewhere;
use crate::source::{Source, Span, Spanned};
use crate::syntax::{Kind, Member, Node, Object};

/// Maximum number of fields of the old form of a volume that are labeled.
const MAX_LABELS: usize = 10;

/// Reports the violations that the library found in a tree.
pub fn report(
    schema: &Value,
    source: &Source,
    tree: &Node,
    found: Vec<ValidationError>,
    findings: &mut Findings,
) {
    let mut report = Reporter {
        schema,
        source,
        settled: HashSet::new(),
        named: HashSet::new(),
        misspelt: HashMap::new(),
        missing: HashMap::new(),
        findings,
    };
    let mut finder = Finder::new(tree);
    let found: Vec<(Place, ValidationError)> = found
        .into_iter()
        .filter_map(|error| Some((finder.find(error.instance_path().as_str())?, error)))
        .collect();
    // Forbidden fields come first, since their contents are not reported. Then unknown fields,
    // which may be misspellings of missing ones.
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
    source: &'a Source,
    /// Locations of values that are not reported again.
    settled: HashSet<Span>,
    /// Locations of objects whose keys have been checked.
    named: HashSet<Span>,
    /// By location of an object: the fields for which it has a misspelling.
    misspelt: HashMap<Span, Vec<&'a str>>,
    /// By location of an object: its missing fields.
    missing: HashMap<Span, Missing<'a>>,
    findings: &'d mut Findings,
}

struct Missing<'a> {
    span: Span,
    place: String,
    fields: Vec<(&'a str, Option<&'a Value>)>,
    /// The field that the last of them can have in its place.
    other: Option<(&'a str, Option<&'a Value>)>,
}

impl<'a> Reporter<'a, '_> {
    /// Reports a field that is invalid for the kind of its object or with another field.
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
            Some(Reason::Kind { key: decider, value, valid }) => {
                let written = object.get(decider);
                if written.is_none() && object.damaged {
                    return;
                }
                let noun = if place.parent_is_container() { "" } else { " health check" };
                let article = if value.starts_with("HTTP") { "an" } else { "a" };
                let kind = format!("{article} {value}{noun}");
                let message = format!("field `{name}` is not valid for {kind}");
                let diagnostic = Diagnostic::new(&codes::WRONG_KIND, key.span, message);
                match (written, valid) {
                    (Some(node), _) => diagnostic.also(node.span, format!("this makes it {kind}")),
                    (None, Some(valid)) => {
                        let diagnostic =
                            diagnostic.help(format!("`{decider}` defaults to `{value}`"));
                        match object.separator_before(key) {
                            Some(separator) => diagnostic.likely_edit(
                                Span::at(key.span.start as usize),
                                format!("\"{decider}\": \"{valid}\"{separator}"),
                            ),
                            None => diagnostic,
                        }
                    }
                    (None, _) => diagnostic.help(format!("`{decider}` defaults to `{value}`")),
                }
            }
            Some(Reason::Excludes(other)) => {
                let message = format!("`{name}` cannot be used with `{other}`");
                let diagnostic = Diagnostic::new(&codes::EXCLUSIVE_FIELDS, key.span, message);
                match object.member(other) {
                    Some(other) => diagnostic.also(other.key.span, "conflicting field"),
                    None => diagnostic,
                }
            }
            None => return,
        };
        diagnostic.help.extend(about);
        self.settled.insert(place.node.span);
        self.findings.push(diagnostic);
    }

    /// Reports unknown fields.
    fn unknown_fields(&mut self, place: &Place, error: &ValidationError, names: &[String]) {
        let (Some(object), Some(rule)) =
            (place.node.as_object(), words::rule(self.schema, error.schema_path().as_str()))
        else {
            return;
        };
        if place.is_inside(&self.settled) || self.mixed_volume(place, object, rule, names) {
            return;
        }
        if let Some(foreign) = habits::foreign(place, object) {
            let message = format!("unknown field `{}`", foreign.key.value);
            let found = Diagnostic::new(&codes::UNKNOWN_FIELD, foreign.key.span, message)
                .help(foreign.help);
            self.findings.push(match foreign.text {
                Some(text) => found.likely_edit(place.node.span, text),
                None => found,
            });
            self.settled.insert(place.node.span);
            return;
        }
        let mut names: HashSet<&str> = names.iter().map(String::as_str).collect();
        if let Some(outdented) = spaces::outdented(self.schema, self.source, object, rule, &names) {
            let fields: Vec<&str> =
                outdented.fields.iter().map(|member| member.key.value.as_str()).collect();
            if let Some(finding) = self.outdented(&outdented, &fields) {
                self.findings.push(finding);
                self.settled.insert(outdented.owner.value.span);
                names.retain(|name| !fields.contains(name));
            }
        }
        let (present, fields): (Vec<_>, Vec<_>) = rules::fields(rule, object)
            .into_iter()
            .partition(|(name, _)| object.get(name).is_some());
        let is_useful = |rule: &Value| !words::is_marked(rule, "deprecated");
        let useful = || fields.iter().filter(move |(_, rule)| is_useful(rule));
        let absent = || useful().map(|(name, _)| *name);
        let is_shown = |rule: &Value| !words::is_marked(rule, "doNotSuggest");
        let shown = || present.iter().chain(&fields).filter(|(_, rule)| is_shown(rule));
        let started = |name: &str| begun(name, shown().map(|(name, _)| *name));
        // The field that is meant, if it is there as well.
        let twin = |name: &str| {
            let present = || present.iter().map(|(name, _)| *name);
            let meant = habits::meant(name, present())
                .or_else(|| started(name))
                .or_else(|| nearest(name, present()))?;
            object.member(meant).map(|member| &member.key)
        };
        // The fields that unknown ones mean, with the first of those.
        let mut claimed: HashMap<&str, &Spanned<EcoString>> = HashMap::new();
        for member in &object.members {
            let name = member.key.value.as_str();
            if !names.contains(name) {
                continue;
            }
            if self.findings.is_full(Level::Error) {
                return;
            }
            let message = format!("unknown field `{}`", words::short(name));
            let diagnostic = Diagnostic::new(&codes::UNKNOWN_FIELD, member.key.span, message);
            // It may be the value itself.
            let diagnostic = match place.is_of_secret() {
                true => diagnostic.hiding(member.value.span),
                false => diagnostic,
            };
            let is_extension = name.starts_with("x-");
            let is_absent = |field: &str| fields.iter().any(|(name, _)| *name == field);
            let other = twins::twin(member, object)
                .filter(|twin| twin.fields.iter().all(|(field, _)| is_absent(field)));
            let other = other
                .filter(|twin| twin.fields.iter().all(|(field, _)| !claimed.contains_key(*field)));
            let way_out = place.owner().and_then(|owner| elsewhere::way_out(name, owner));
            let marked =
                disabled::marked(name, present.iter().chain(&fields).map(|(name, _)| *name));
            let is_required = |field: &str| words::strings(rule, "required").contains(&field);
            if let Some(marked) =
                marked.filter(|marked| marked.disables && !is_required(marked.field))
            {
                let is_open = rule.get("patternProperties").is_some();
                let help = disabled::help(marked.field, self.source.syntax(), is_open);
                self.findings.push(diagnostic.help(help));
                continue;
            }
            let meant = habits::meant(name, absent());
            let meant =
                meant.or_else(|| marked.map(|marked| marked.field).filter(|m| is_absent(m)));
            // What is half typed, rather than a word that is as short.
            let similar = || match started(name) {
                Some(field) => Some(field).filter(|field| is_absent(field)),
                None => nearest(name, absent()),
            };
            let meant = meant.or_else(|| similar().filter(|_| way_out.is_none()));
            let meant = meant.filter(|_| !is_extension);
            if let Some((field, first)) = meant.and_then(|field| claimed.get_key_value(field)) {
                let help = format!("`{}` means `{field}`, too; remove one of them", first.value);
                self.findings
                    .push(diagnostic.help(help).also(first.span, "the same field by another name"));
                continue;
            }
            if let Some(twin) = other {
                claimed.extend(twin.fields.iter().map(|(field, _)| (*field, &member.key)));
                let known = self.misspelt.entry(place.node.span).or_default();
                known.extend(twin.fields.iter().map(|(name, _)| *name));
                let names: Vec<&str> = twin.fields.iter().map(|(name, _)| *name).collect();
                let diagnostic =
                    diagnostic.help(format!("did you mean {}?", words::list_and(&names)));
                let whole = member.key.span.to(member.value.span);
                let missing = twin.mounted.iter().find(|name| !place.declares_volume(name));
                let is_on_host = twin.is_off_host && is_on_host(object);
                self.findings.push(match (missing, twin.text(object)) {
                    (Some(missing), _) => diagnostic.help(format!(
                        "first declare the volume `{}` in `data_persistence.volumes`",
                        words::short(missing)
                    )),
                    (None, _) if is_on_host => diagnostic.help(
                        "first set `network_mode` to `bridge`: no port is internal on the host network",
                    ),
                    (None, Some(text)) => diagnostic.likely_edit(whole, text),
                    (None, None) => diagnostic,
                });
                continue;
            }
            let diagnostic = match (meant, extension(rule, name)) {
                (Some(meant), _) => {
                    claimed.insert(meant, &member.key);
                    let known = self.misspelt.entry(place.node.span).or_default();
                    if !known.contains(&meant) {
                        known.push(meant);
                    }
                    let (span, replacement) = (member.key.span, words::quoted(meant));
                    let diagnostic = diagnostic.help(format!("did you mean `{meant}`?"));
                    if marked.is_none()
                        && is_misspelling(name, meant)
                        && !self.is_cut(member, meant)
                    {
                        diagnostic.safe_edit(span, replacement)
                    } else {
                        diagnostic.likely_edit(span, replacement)
                    }
                }
                (None, Some(meant)) => diagnostic
                    .help(format!("did you mean `{}`?", words::short(&meant)))
                    .likely_edit(member.key.span, words::quoted(&meant)),
                (None, None) if is_extension => diagnostic.help(
                    "fields that start with `x-` are accepted only at the top level of the appliance",
                ),
                (None, None) => match (twin(name), way_out) {
                    (Some(twin), None) => diagnostic
                        .help(format!("`{}` is already set; remove one of them", twin.value))
                        .also(twin.span, "already set here"),
                    (_, Some(way_out)) => diagnostic.help(way_out),
                    (None, None) => diagnostic.help(self.available(place, rule, &fields)),
                },
            };
            self.findings.push(diagnostic);
        }
    }

    /// Whether a key may still be typed: it starts a field, and has no value.
    fn is_cut(&self, member: &Member, meant: &str) -> bool {
        let has_none = match &member.value.kind {
            Kind::Broken => true,
            Kind::Null => self.source.slice(member.value.span).is_empty(),
            _ => false,
        };
        has_none && meant.starts_with(member.key.value.as_str())
    }

    /// The finding about fields without the indentation of their object.
    fn outdented(&self, found: &spaces::Outdented, fields: &[&str]) -> Option<Diagnostic> {
        let (first, last) = (found.fields.first()?, found.fields.last()?);
        let (name, owner) = (&first.key.value, &found.owner.key);
        let help = format!("indent {} as parts of `{}`", words::list_and(fields), owner.value);
        Some(
            Diagnostic::new(
                &codes::UNKNOWN_FIELD,
                first.key.span,
                format!("unknown field `{name}`"),
            )
            .also(owner.span, "this has no fields")
            .help(help)
            .safe_edit(first.key.span.to(last.value.span), found.text.as_str()),
        )
    }

    /// The fields that an object can still have, as help.
    fn available(&self, place: &Place, rule: &Value, fields: &[(&str, &Value)]) -> String {
        let hidden = |rule: &Value| words::is_marked(rule, "doNotSuggest");
        let more = fields.iter().filter(|(_, rule)| !hidden(rule)).map(|(name, _)| *name);
        let owner = self.describe(place, rule);
        match words::list_and(&more.collect::<Vec<_>>()) {
            none if none.is_empty() => format!("{owner} already has all available fields"),
            more => format!("available fields of {owner}: {more}"),
        }
    }

    /// Reports a volume that has fields of the old and of the new form. Returns whether it has.
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
        let message = "volume mixes fields of the old and the new form";
        let mut diagnostic =
            Diagnostic::new(&codes::EXCLUSIVE_FIELDS, new.key.span, message).label("new form");
        let old = object.members.iter().filter(|member| member.key.value.ends_with("_path"));
        for member in old.take(MAX_LABELS) {
            diagnostic = diagnostic.also(member.key.span, "old form");
        }
        self.findings
            .push(diagnostic.help("use only the new form: `src`, `dest` and `\"type\": \"host\"`"));
        self.settled.insert(place.node.span);
        true
    }

    /// Reports all violations except forbidden and unknown fields.
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
                if !self.findings.is_full(Level::Error) {
                    let finding = match kind {
                        Found::Type { .. } => spaces::missing(self.source, place, rule)
                            .or_else(|| lists::report(self.schema, self.source, place, rule)),
                        _ => None,
                    };
                    let general = || value_violations::diagnostic(place, kind, rule);
                    self.findings.push(finding.unwrap_or_else(general));
                }
            }
        }
    }

    fn note_missing(&mut self, place: &Place, path: &str, rule: &'a Value, name: &str) {
        let Some(object) = place.node.as_object() else { return };
        let other = alternative(self.schema, path);
        let meant = self.misspelt.get(&place.node.span);
        let is_meant = |name: &str| meant.is_some_and(|meant| meant.contains(&name));
        if object.damaged || is_meant(name) || other.is_some_and(is_meant) {
            return;
        }
        // A conditional rule has no properties itself; the object schema that contains it does.
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
            other: None,
        });
        // An object that YAML aliases repeat is reported once per repetition.
        if missing.fields.iter().any(|(known, _)| *known == name) {
            return;
        }
        missing.fields.push((name, words::field(self.schema, owner, name)));
        missing.other = other.map(|name| (name, words::field(self.schema, owner, name)));
    }

    /// Reports all missing fields of an object in one diagnostic.
    fn missing_fields(&mut self) {
        for missing in std::mem::take(&mut self.missing).into_values() {
            let names: Vec<&str> = missing.fields.iter().map(|(name, _)| *name).collect();
            let noun = if names.len() == 1 { "field" } else { "fields" };
            let mut names = words::list_and(&names);
            if let Some((other, _)) = missing.other {
                names += &format!(" or `{other}`");
            }
            let message = format!("missing {noun} {names} in {}", missing.place);
            let mut diagnostic = Diagnostic::new(&codes::MISSING_FIELD, missing.span, message);
            for (name, rule) in missing.fields.into_iter().chain(missing.other) {
                diagnostic.help.extend(rule.and_then(|rule| words::about(name, rule)));
            }
            self.findings.push(diagnostic);
        }
    }

    /// Reports duplicate strings in a list.
    fn repeated_items(&mut self, place: &Place) {
        let items = place.node.as_array().unwrap_or_default();
        let mut seen = HashMap::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let Some(text) = item.as_str() else { continue };
            let Some(first) = seen.get(text).copied() else {
                seen.insert(text, item.span);
                continue;
            };
            if self.findings.is_full(Level::Error) {
                return;
            }
            let message = format!("duplicate item `{}` in {}", words::short(text), place.name());
            let mut diagnostic = Diagnostic::new(&codes::REPEATED_ITEM, item.span, message)
                .label("listed again here")
                .also(first, "first listed here");
            if let Some(before) = index.checked_sub(1).and_then(|before| items.get(before)) {
                let span = Span { start: before.span.end, end: item.span.end };
                diagnostic = diagnostic.safe_edit(span, "");
            }
            self.findings.push(diagnostic);
        }
    }

    /// Reports keys that do not have the form of names in their object.
    fn bad_names(&mut self, place: &Place, rule: &Value) {
        let Some(object) = place.node.as_object() else { return };
        // The library reports each name separately; all are reported here at once.
        if !self.named.insert(place.node.span) {
            return;
        }
        let names = rule.get("propertyNames").unwrap_or(rule);
        let form = words::text(names, "patternErrorMessage").unwrap_or_default();
        let pattern = Pattern::new(words::text(names, "pattern").unwrap_or_default());
        let is_invalid = |key: &str| pattern.matches(key) == Some(false);
        for member in object.members.iter().filter(|member| is_invalid(&member.key.value)) {
            if self.findings.is_full(Level::Error) {
                return;
            }
            let name = words::short(&member.key.value);
            let message = format!("invalid key `{name}` in {}: {form}", place.name());
            self.findings.push(Diagnostic::new(&codes::BAD_FORMAT, member.key.span, message));
        }
    }

    /// The name of an object in messages, such as `` container `livy` `` or
    /// `` a port of container `livy` ``.
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

/// The field that an object can have in place of one that is required only without it: the keyword is
/// `.../allOf/N/then/required`, and the condition of the branch is that there is no such field.
fn alternative<'a>(schema: &'a Value, path: &str) -> Option<&'a str> {
    let branch = schema.pointer(path.strip_suffix("/then/required")?)?;
    let conditions = branch.pointer("/if/properties")?.as_object()?;
    let absent = conditions.iter().find(|(_, rule)| **rule == Value::Bool(false));
    absent.map(|(name, _)| name.as_str())
}

/// The name with the prefix of ignored fields (`x-`), if it nearly has that prefix and the
/// object allows such fields.
fn extension(rule: &Value, name: &str) -> Option<String> {
    rule.get("patternProperties")?;
    let rest = name.strip_prefix(['x', 'X'])?.strip_prefix(['-', '_', '.'])?;
    Some(format!("x-{rest}"))
}

/// Whether a name is certainly a misspelling or another notation (`networkMode`) of a field.
fn is_misspelling(name: &str, meant: &str) -> bool {
    let plain = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    plain(name) == plain(meant) || differ_by_one(name, meant)
}
