//! Reads a `target.toml`.

use std::collections::BTreeMap;

use regex::Regex;

use super::manifest::{
    Artifact, Clean, CustomOption, CustomOptionKind, Definition, Escape, Kind, Manifest, Names,
    Pattern, Per, is_name,
};
use super::run;
use crate::diag::{Diagnostic, Findings, codes, list_or};
use crate::plan::Field;
use crate::plan::published::VERSION;
use crate::render::Format;
use crate::source::{Source, Spanned};
use crate::syntax::toml::{self, Entry, Reader, Table};
use crate::targets::{self, Fate, Target};

const PER: [(&str, Per); 5] = [
    ("appliance", Per::Appliance),
    ("container", Per::Container),
    ("service", Per::Service),
    ("job", Per::Job),
    ("volume", Per::Volume),
];

const CLEAN: [(&str, Clean); 4] = [
    ("none", Clean::None),
    ("lower", Clean::Lower),
    ("dns-label", Clean::DnsLabel),
    ("rfc1035-label", Clean::Rfc1035Label),
];

/// Reads a manifest and returns it with the findings in it. `None` if there are any.
pub fn read(source: &Source) -> (Option<Manifest>, Findings) {
    let mut found = Findings::new();
    let manifest = toml::read(source, &codes::BAD_MANIFEST, &mut found, manifest).flatten();
    (manifest.filter(|_| found.is_empty()), found)
}

fn manifest(mut root: Table<'_>, reader: &mut Reader<'_>) -> Option<Manifest> {
    version(&mut root, reader);
    let name = root.require("name").and_then(|entry| name(entry, reader));
    let description = text(root.require("description"), reader);
    let run = root.take("run").and_then(|entry| run::read(entry.table(reader)?, reader));
    let kind = match root.take("extends") {
        Some(entry) => extends(entry, reader).map(Kind::Extends),
        None => definition(&mut root, reader).map(|own| Kind::Own(Box::new(own))),
    };
    if matches!(kind, Some(Kind::Extends(_))) {
        root.report_missing(reader);
        for entry in root.rest() {
            let message = format!("`{}` cannot be used with `extends`", entry.key.value);
            let help = "a target that extends another one only replaces its templates";
            reader.report_with(entry.key.span, message, help);
        }
    } else {
        root.finish(reader);
    }
    Some(Manifest { name: name?, description: description?.value, run, kind: kind? })
}

fn text(entry: Option<Entry<'_>>, reader: &mut Reader<'_>) -> Option<Spanned<String>> {
    entry?.string(reader)
}

fn version(root: &mut Table<'_>, reader: &mut Reader<'_>) {
    let version = root.require("applc").and_then(|entry| entry.integer(reader));
    if let Some(version) = version.filter(|version| version.value != i64::from(VERSION)) {
        let message = format!("unsupported version {} of `target.toml`", version.value);
        let help = format!("this version of applc supports version {VERSION}");
        reader.report_with(version.span, message, help);
    }
}

/// The name of the target.
fn name(entry: Entry<'_>, reader: &mut Reader<'_>) -> Option<String> {
    let name = entry.string(reader)?;
    if !is_name(&name.value) {
        let message = format!("invalid target name `{}`", name.value);
        let help = "a name consists of lower-case letters, digits and hyphens, and does not start with a hyphen";
        reader.report_with(name.span, message, help);
        return None;
    }
    if targets::find(&name.value).is_some() {
        let message = format!("`{}` is the name of a built-in target", name.value);
        reader.report_with(name.span, message, "choose a different name");
        return None;
    }
    Some(name.value)
}

fn extends(entry: Entry<'_>, reader: &mut Reader<'_>) -> Option<&'static dyn Target> {
    let name = entry.string(reader)?;
    let found = targets::find(&name.value);
    if found.is_none() {
        let message = format!("unknown built-in target `{}`", name.value);
        let known = targets::ALL.iter().map(|target| target.name());
        reader.report_value(Spanned::new(&name.value, name.span), message, known);
    }
    found
}

/// Reads a value that must be one of the known words.
fn word<T: Copy>(
    entry: Option<Entry<'_>>,
    known: &[(&'static str, T)],
    default: T,
    reader: &mut Reader<'_>,
) -> T {
    let Some((key, value)) = entry.and_then(|entry| Some((entry.key, entry.string(reader)?)))
    else {
        return default;
    };
    match known.iter().find(|(word, _)| *word == value.value) {
        Some((_, meaning)) => *meaning,
        None => {
            let message = format!("invalid value `{}` for `{}`", value.value, key.value);
            let known = known.iter().map(|(word, _)| *word);
            reader.report_value(Spanned::new(&value.value, value.span), message, known);
            default
        }
    }
}

fn definition(root: &mut Table<'_>, reader: &mut Reader<'_>) -> Option<Definition> {
    let artifacts = root
        .require("artifacts")
        .and_then(|entry| entry.tables(reader))
        .unwrap_or_default()
        .into_iter()
        .filter_map(|table| artifact(table, reader))
        .collect();
    let references = root.require("references").and_then(|entry| entry.table(reader));
    let addresses = references.and_then(|table| addresses(table, reader));
    let names = root.take("names").and_then(|entry| entry.table(reader));
    let names = match names {
        Some(table) => names_of(table, reader),
        None => Names { clean: Clean::None, longest: usize::MAX, pattern: None },
    };
    let escapes = entries(root.take("escapes"), reader)
        .into_iter()
        .filter_map(|entry| Some((entry.key.value.to_owned(), escape(entry, reader)?)))
        .collect();
    let options = entries(root.take("options"), reader)
        .into_iter()
        .filter_map(|entry| option(entry, reader))
        .collect();
    let (fields, unmentioned) = fields(root.require("fields"), reader);
    let (address, address_with_port) = addresses?;
    Some(Definition {
        artifacts,
        address,
        address_with_port,
        names,
        escapes,
        options,
        fields,
        unmentioned,
    })
}

/// The entries of a table whose keys are not fixed.
fn entries<'t>(entry: Option<Entry<'t>>, reader: &mut Reader<'_>) -> Vec<Entry<'t>> {
    entry.and_then(|entry| entry.table(reader)).map_or_else(Vec::new, Table::rest)
}

fn artifact(mut table: Table<'_>, reader: &mut Reader<'_>) -> Option<Artifact> {
    let per = word(table.take("for"), &PER, Per::Appliance, reader);
    let template = text(table.require("template"), reader);
    let path = text(table.require("path"), reader);
    let default = path.as_ref().map_or(Format::Plain, |path| Format::of_name(&path.value));
    let formats = Format::ALL.map(|format| (format.word(), format));
    let format = word(table.take("format"), &formats, default, reader);
    table.finish(reader);
    Some(Artifact { per, template: template?, path: path?, format })
}

fn addresses(
    mut table: Table<'_>,
    reader: &mut Reader<'_>,
) -> Option<(Spanned<String>, Spanned<String>)> {
    let address = text(table.require("address"), reader);
    let with_port = text(table.take("address-with-port"), reader);
    table.finish(reader);
    let address = address?;
    let with_port = with_port
        .unwrap_or_else(|| Spanned::new(format!("{}:{{{{ port }}}}", address.value), address.span));
    Some((address, with_port))
}

fn names_of(mut table: Table<'_>, reader: &mut Reader<'_>) -> Names {
    let clean = word(table.take("clean"), &CLEAN, Clean::None, reader);
    let longest = table.take("longest").and_then(|entry| {
        let number = entry.integer(reader)?;
        let longest = usize::try_from(number.value).ok().filter(|longest| *longest > 0);
        if longest.is_none() {
            reader.report(number.span, "`longest` must be at least 1");
        }
        longest
    });
    let pattern = text(table.take("pattern"), reader).and_then(|pattern| {
        match Regex::new(&format!("^(?:{})$", pattern.value)) {
            Ok(regex) => Some(Pattern { text: pattern.value, regex }),
            Err(_) => {
                let message = format!("invalid regular expression `{}`", pattern.value);
                reader.report(pattern.span, message);
                None
            }
        }
    });
    table.finish(reader);
    Names { clean, longest: longest.unwrap_or(usize::MAX), pattern }
}

fn escape(entry: Entry<'_>, reader: &mut Reader<'_>) -> Option<Escape> {
    let mut pairs = Vec::new();
    for pair in entry.table(reader)?.rest() {
        if pair.key.value.is_empty() {
            reader.report(pair.key.span, "cannot replace an empty string");
        }
        pairs.push((pair.key.value.to_owned(), pair.string(reader)?.value));
    }
    pairs.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
    Some(Escape(pairs))
}

fn option(entry: Entry<'_>, reader: &mut Reader<'_>) -> Option<CustomOption> {
    let mut table = entry.table(reader)?;
    let kinds = ["text", "flag", "integer", "number", "choice"].map(|kind| (kind, kind));
    let kind = word(table.take("type"), &kinds, "text", reader);
    let bound = |entry: Option<Entry<'_>>, reader: &mut Reader<'_>| {
        entry.and_then(|entry| entry.integer(reader)).map(|number| number.value)
    };
    let kind = match kind {
        "flag" => CustomOptionKind::Flag,
        "integer" => {
            let low = bound(table.take("minimum"), reader).unwrap_or(i64::MIN);
            let high = bound(table.take("maximum"), reader).unwrap_or(i64::MAX);
            CustomOptionKind::Integer(low, high)
        }
        "number" => CustomOptionKind::Number,
        "choice" => {
            let values = table.require("values").and_then(|entry| entry.strings(reader));
            let values = values.unwrap_or_default();
            CustomOptionKind::Choice(values.into_iter().map(|value| value.value).collect())
        }
        _ => CustomOptionKind::Text,
    };
    let default = table.require("default").and_then(|entry| entry.scalar(reader));
    let meaning = text(table.require("meaning"), reader);
    table.finish(reader);
    let default = default?;
    if !kind.kind().takes(&default.value) {
        let message =
            format!("invalid default `{}` for option `{}`", default.value, entry.key.value);
        let help = format!("expected {}", kind.kind().wanted());
        reader.report_with(default.span, message, help);
    }
    Some(CustomOption {
        name: entry.key.value.to_owned(),
        kind,
        default: default.value,
        meaning: meaning?.value,
    })
}

const FATES: [(&str, Fate); 3] = [
    ("carried", Fate::Carried),
    ("approximated", Fate::Approximated),
    ("rejected", Fate::Rejected),
];

/// The key in `[fields]` for all fields that are not listed.
const REST: &str = "*";

/// Reads the support for each field. The second list contains the fields that are not mentioned.
fn fields(
    entry: Option<Entry<'_>>,
    reader: &mut Reader<'_>,
) -> (Vec<(Field, Fate, String)>, Vec<Field>) {
    let mut listed = BTreeMap::new();
    let mut rest = None;
    for entry in entries(entry, reader) {
        let path = entry.key;
        if path.value == REST {
            rest = fate(entry, reader);
            if rest.as_ref().is_some_and(|(fate, _)| *fate != Fate::Rejected) {
                let message = format!("`{REST}` must be rejected");
                let help = "list each field that is carried; a later version may have more fields";
                reader.report_with(entry.span(), message, help);
            }
            continue;
        }
        match Field::ALL.iter().find(|field| field.path() == path.value) {
            Some(field) => {
                listed.extend(fate(entry, reader).map(|fate| (*field, fate)));
            }
            None => {
                let message = format!("unknown field `{}`", path.value);
                let known = Field::ALL.iter().map(|field| field.path());
                let found = Diagnostic::new(&codes::BAD_MANIFEST, path.span, message);
                let help = "`applc targets compose` lists the fields";
                reader.findings.push(toml::with_meant_key(found, path, known, help));
            }
        }
    }
    let missing = |field: &Field| rest.is_none() && !listed.contains_key(field);
    let unmentioned: Vec<Field> = Field::ALL.iter().copied().filter(missing).collect();
    let fields = Field::ALL.iter().map(|field| {
        let why = rest.as_ref().map_or("the target does not mention it", |(_, why)| why);
        let unlisted = || (Fate::Rejected, format!("`{}` is unsupported: {why}", field.path()));
        let (fate, note) = listed.remove(field).unwrap_or_else(unlisted);
        (*field, fate, note)
    });
    (fields.collect(), unmentioned)
}

/// `"carried"`, or `{ approximated = "what differs" }`.
fn fate(entry: Entry<'_>, reader: &mut Reader<'_>) -> Option<(Fate, String)> {
    if let Some(word) = entry.as_str() {
        let word = Spanned::new(word, entry.span());
        let known = FATES.iter().find(|(known, _)| *known == word.value);
        return match known {
            Some((_, Fate::Carried)) => Some((Fate::Carried, String::new())),
            Some((name, _)) => {
                let message = format!("missing reason for `{name}`");
                let help = format!("for example `{{ {name} = \"there is only one machine\" }}`");
                reader.report_with(word.span, message, help);
                None
            }
            None => {
                let message = format!("invalid value `{}` for `{}`", word.value, entry.key.value);
                reader.report_value(word, message, FATES.iter().map(|(known, _)| *known));
                None
            }
        };
    }
    let mut table = entry.table(reader)?;
    let listed: Vec<(Fate, Spanned<String>)> = FATES
        .iter()
        .filter_map(|(name, fate)| Some((*fate, table.take(name)?.string(reader)?)))
        .collect();
    table.finish(reader);
    match listed.as_slice() {
        [(fate, note)] => Some((*fate, note.value.clone())),
        _ => {
            let fates = list_or(FATES.iter().map(|(name, _)| *name));
            let message = format!("expected exactly one of {fates} for `{}`", entry.key.value);
            reader.report(entry.span(), message);
            None
        }
    }
}
