//! `target.toml`: what a custom target is.

use std::collections::BTreeMap;

use regex::Regex;

use super::table::{Entry, Faults, Table};
use crate::diag::{Diagnostic, list_or, nearest};
use crate::plan::Field;
use crate::plan::published::VERSION;
use crate::render::Format;
use crate::source::{Source, Spanned};
use crate::targets::names::{dns_label, rfc1035_label};
use crate::targets::{self, Capability, Fate, OptionKind, OptionSpec, Target, Words};

/// The name of the file.
pub const FILE_NAME: &str = "target.toml";

/// A target, as its folder describes it.
pub struct Manifest {
    /// Its name.
    pub name: String,
    /// What it makes, in one line.
    pub description: String,
    /// How it is made.
    pub kind: Kind,
}

/// How a target is made.
pub enum Kind {
    /// A built-in target with some templates replaced.
    Extends(&'static dyn Target),
    /// From its own templates.
    Own(Box<Own>),
}

/// A target of its own.
pub struct Own {
    /// The files it makes.
    pub artifacts: Vec<Artifact>,
    /// How `@id` is spelled: a template.
    pub address: Spanned<String>,
    /// How `@id:port` is spelled: a template.
    pub address_with_port: Spanned<String>,
    /// The rules of its names.
    pub names: Names,
    /// What is replaced in strings, by the name of the rule.
    pub escapes: BTreeMap<String, Escape>,
    /// The options it takes.
    pub options: Vec<OwnOption>,
    /// What becomes of each field.
    pub fields: Vec<(Field, Fate, String)>,
    /// The fields that the manifest does not speak of.
    pub unmentioned: Vec<Field>,
}

/// A kind of file.
pub struct Artifact {
    /// What there is one for.
    pub per: Per,
    /// The template's name: its path in the folder.
    pub template: Spanned<String>,
    /// The file's path: a template.
    pub path: Spanned<String>,
    /// What the template makes.
    pub format: Format,
}

/// What there is a file for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Per {
    /// One for the appliance.
    Appliance,
    /// One for each container.
    Container,
    /// One for each service.
    Service,
    /// One for each job.
    Job,
    /// One for each persistent volume.
    Volume,
}

const PER: [(&str, Per); 5] = [
    ("appliance", Per::Appliance),
    ("container", Per::Container),
    ("service", Per::Service),
    ("job", Per::Job),
    ("volume", Per::Volume),
];

/// The rules of a platform's names.
#[derive(Debug)]
pub struct Names {
    /// How an id becomes a name.
    pub clean: Clean,
    /// The most characters of a name.
    pub longest: usize,
    /// What the whole name must match.
    pub pattern: Option<Pattern>,
}

/// A pattern for whole names.
#[derive(Debug)]
pub struct Pattern {
    /// As written.
    pub text: String,
    /// What matches a whole name.
    pub regex: Regex,
}

/// How an id becomes a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clean {
    /// Not changed.
    None,
    /// In lower case.
    Lower,
    /// A DNS label of RFC 1123.
    DnsLabel,
    /// A DNS label of RFC 1035.
    Rfc1035Label,
}

const CLEAN: [(&str, Clean); 4] = [
    ("none", Clean::None),
    ("lower", Clean::Lower),
    ("dns-label", Clean::DnsLabel),
    ("rfc1035-label", Clean::Rfc1035Label),
];

impl Names {
    /// The name that an id becomes.
    pub fn clean(&self, id: &str) -> String {
        match self.clean {
            Clean::None => id.to_owned(),
            Clean::Lower => id.to_ascii_lowercase(),
            Clean::DnsLabel => dns_label(id),
            Clean::Rfc1035Label => rfc1035_label(id),
        }
    }
}

/// What is replaced in what the user wrote: pairs, none empty on the left.
#[derive(Debug, Clone)]
pub struct Escape(Vec<(String, String)>);

impl Escape {
    /// The text with everything replaced, in one go from left to right; of several that
    /// stand at one place the longest counts.
    pub fn apply(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            let found = self.0.iter().find(|(from, _)| rest.starts_with(from.as_str()));
            let taken = match found {
                Some((from, to)) => {
                    out.push_str(to);
                    from.len()
                }
                None => {
                    out.push(next);
                    next.len_utf8()
                }
            };
            rest = rest.get(taken..).unwrap_or_default();
        }
        out
    }
}

/// An option.
#[derive(Debug)]
pub struct OwnOption {
    name: String,
    kind: OwnKind,
    default: String,
    meaning: String,
}

#[derive(Debug)]
enum OwnKind {
    Text,
    Flag,
    Integer(i64, i64),
    Number,
    Choice(Vec<String>),
}

impl OwnOption {
    /// As targets describe their options.
    pub fn spec(&self) -> OptionSpec<'_> {
        OptionSpec {
            name: &self.name,
            kind: self.kind.kind(),
            default: &self.default,
            meaning: &self.meaning,
        }
    }
}

impl OwnKind {
    fn kind(&self) -> OptionKind<'_> {
        match self {
            OwnKind::Text => OptionKind::Text,
            OwnKind::Flag => OptionKind::Flag,
            OwnKind::Integer(low, high) => OptionKind::Integer(*low, *high),
            OwnKind::Number => OptionKind::Number,
            OwnKind::Choice(words) => OptionKind::OneOf(Words::Own(words)),
        }
    }
}

impl Own {
    /// As targets say what becomes of a field.
    pub fn capabilities(&self) -> Vec<Capability<'_>> {
        self.fields
            .iter()
            .map(|(field, fate, note)| Capability { field: *field, fate: *fate, note })
            .collect()
    }
}

/// Reads a manifest; nothing where it has a fault.
pub fn read(source: &Source) -> (Option<Manifest>, Vec<Diagnostic>) {
    Faults::reading(source, manifest)
}

fn manifest(mut root: Table<'_>, faults: &mut Faults) -> Option<Manifest> {
    version(&mut root, faults);
    let name = root.require("name", faults).and_then(|entry| name(entry, faults));
    let description = text(root.require("description", faults), faults);
    let kind = match root.take("extends") {
        Some(entry) => extends(entry, faults).map(Kind::Extends),
        None => own(&mut root, faults).map(|own| Kind::Own(Box::new(own))),
    };
    if matches!(kind, Some(Kind::Extends(_))) {
        for entry in root.rest() {
            let message = format!("a target that extends another has no `{}`", entry.key.value);
            let help = "it only replaces templates; all else is that of the other";
            faults.report_with(entry.key.span, message, help);
        }
    } else {
        root.finish(faults);
    }
    Some(Manifest { name: name?, description: description?.value, kind: kind? })
}

fn text(entry: Option<Entry<'_>>, faults: &mut Faults) -> Option<Spanned<String>> {
    entry?.string(faults)
}

fn version(root: &mut Table<'_>, faults: &mut Faults) {
    let version = root.require("applc", faults).and_then(|entry| entry.integer(faults));
    if let Some(version) = version.filter(|version| version.value != i64::from(VERSION)) {
        let message = format!("version {} of targets is not known", version.value);
        let help = format!("this applc knows version {VERSION}");
        faults.report_with(version.span, message, help);
    }
}

/// Whether this can be the name of a target, unless it is that of a built-in one.
pub fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !name.is_empty() && name.bytes().all(plain) && !name.starts_with('-')
}

/// A name for `--target` and for folders.
fn name(entry: Entry<'_>, faults: &mut Faults) -> Option<String> {
    let name = entry.string(faults)?;
    if !is_name(&name.value) {
        let message = format!("`{}` cannot be the name of a target", name.value);
        let help = "it has lower case letters, digits and hyphens, and starts with none of these";
        faults.report_with(name.span, message, help);
        return None;
    }
    if targets::find(&name.value).is_some() {
        let message = format!("`{}` is the name of a built-in target", name.value);
        faults.report_with(name.span, message, "choose another one");
        return None;
    }
    Some(name.value)
}

fn extends(entry: Entry<'_>, faults: &mut Faults) -> Option<&'static dyn Target> {
    let name = entry.string(faults)?;
    let found = targets::find(&name.value);
    if found.is_none() {
        let message = format!("there is no built-in target `{}`", name.value);
        let known = targets::ALL.iter().map(|target| target.name());
        faults.report_with(name.span, message, near_or_list(&name.value, known));
    }
    found
}

fn near_or_list<'k>(word: &str, known: impl Iterator<Item = &'k str> + Clone) -> String {
    match nearest(word, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there is {}", list_or(known)),
    }
}

/// One of a few words.
fn word<T: Copy>(
    entry: Option<Entry<'_>>,
    known: &[(&'static str, T)],
    default: T,
    faults: &mut Faults,
) -> T {
    let Some((key, value)) = entry.and_then(|entry| Some((entry.key, entry.string(faults)?)))
    else {
        return default;
    };
    match known.iter().find(|(word, _)| *word == value.value) {
        Some((_, meaning)) => *meaning,
        None => {
            let message = format!("`{}` is not a value of `{}`", value.value, key.value);
            let help = near_or_list(&value.value, known.iter().map(|(word, _)| *word));
            faults.report_with(value.span, message, help);
            default
        }
    }
}

fn own(root: &mut Table<'_>, faults: &mut Faults) -> Option<Own> {
    let artifacts = root
        .require("artifacts", faults)
        .and_then(|entry| entry.tables(faults))
        .unwrap_or_default()
        .into_iter()
        .filter_map(|table| artifact(table, faults))
        .collect();
    let references = root.require("references", faults).and_then(|entry| entry.table(faults));
    let addresses = references.and_then(|table| addresses(table, faults));
    let names = root.take("names").and_then(|entry| entry.table(faults));
    let names = match names {
        Some(table) => names_of(table, faults),
        None => Names { clean: Clean::None, longest: usize::MAX, pattern: None },
    };
    let escapes = entries(root.take("escapes"), faults)
        .into_iter()
        .filter_map(|entry| Some((entry.key.value.to_owned(), escape(entry, faults)?)))
        .collect();
    let options = entries(root.take("options"), faults)
        .into_iter()
        .filter_map(|entry| option(entry, faults))
        .collect();
    let (fields, unmentioned) = fields(root.require("fields", faults), faults);
    let (address, address_with_port) = addresses?;
    Some(Own {
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

/// The entries of a table with keys of one's own choice.
fn entries<'t>(entry: Option<Entry<'t>>, faults: &mut Faults) -> Vec<Entry<'t>> {
    entry.and_then(|entry| entry.table(faults)).map_or_else(Vec::new, Table::rest)
}

fn artifact(mut table: Table<'_>, faults: &mut Faults) -> Option<Artifact> {
    let per = word(table.take("for"), &PER, Per::Appliance, faults);
    let template = text(table.require("template", faults), faults);
    let path = text(table.require("path", faults), faults);
    let told = path.as_ref().map_or(Format::Plain, |path| Format::of_name(&path.value));
    let formats = Format::ALL.map(|format| (format.word(), format));
    let format = word(table.take("format"), &formats, told, faults);
    table.finish(faults);
    Some(Artifact { per, template: template?, path: path?, format })
}

fn addresses(
    mut table: Table<'_>,
    faults: &mut Faults,
) -> Option<(Spanned<String>, Spanned<String>)> {
    let address = text(table.require("address", faults), faults);
    let with_port = text(table.take("address-with-port"), faults);
    table.finish(faults);
    let address = address?;
    let with_port = with_port
        .unwrap_or_else(|| Spanned::new(format!("{}:{{{{ port }}}}", address.value), address.span));
    Some((address, with_port))
}

fn names_of(mut table: Table<'_>, faults: &mut Faults) -> Names {
    let clean = word(table.take("clean"), &CLEAN, Clean::None, faults);
    let longest = table.take("longest").and_then(|entry| {
        let number = entry.integer(faults)?;
        let longest = usize::try_from(number.value).ok().filter(|longest| *longest > 0);
        if longest.is_none() {
            faults.report(number.span, "`longest` must be at least 1");
        }
        longest
    });
    let pattern = text(table.take("pattern"), faults).and_then(|pattern| {
        match Regex::new(&format!("^(?:{})$", pattern.value)) {
            Ok(regex) => Some(Pattern { text: pattern.value, regex }),
            Err(_) => {
                let message = format!("`{}` is not a regular expression", pattern.value);
                faults.report(pattern.span, message);
                None
            }
        }
    });
    table.finish(faults);
    Names { clean, longest: longest.unwrap_or(usize::MAX), pattern }
}

fn escape(entry: Entry<'_>, faults: &mut Faults) -> Option<Escape> {
    let mut pairs = Vec::new();
    for pair in entry.table(faults)?.rest() {
        if pair.key.value.is_empty() {
            faults.report(pair.key.span, "nothing cannot be replaced");
        }
        pairs.push((pair.key.value.to_owned(), pair.string(faults)?.value));
    }
    pairs.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
    Some(Escape(pairs))
}

fn option(entry: Entry<'_>, faults: &mut Faults) -> Option<OwnOption> {
    let mut table = entry.table(faults)?;
    let kinds = ["text", "flag", "integer", "number", "choice"].map(|kind| (kind, kind));
    let kind = word(table.take("type"), &kinds, "text", faults);
    let bound = |entry: Option<Entry<'_>>, faults: &mut Faults| {
        entry.and_then(|entry| entry.integer(faults)).map(|number| number.value)
    };
    let kind = match kind {
        "flag" => OwnKind::Flag,
        "integer" => {
            let low = bound(table.take("minimum"), faults).unwrap_or(i64::MIN);
            let high = bound(table.take("maximum"), faults).unwrap_or(i64::MAX);
            OwnKind::Integer(low, high)
        }
        "number" => OwnKind::Number,
        "choice" => {
            let values = table.require("values", faults).and_then(|entry| entry.strings(faults));
            let values = values.unwrap_or_default();
            OwnKind::Choice(values.into_iter().map(|value| value.value).collect())
        }
        _ => OwnKind::Text,
    };
    let default = table.require("default", faults).and_then(|entry| entry.scalar(faults));
    let meaning = text(table.require("meaning", faults), faults);
    table.finish(faults);
    let default = default?;
    if !kind.kind().takes(&default.value) {
        let message = format!("the option does not take its own default `{}`", default.value);
        let help = format!("it takes {}", kind.kind().wanted());
        faults.report_with(default.span, message, help);
    }
    Some(OwnOption {
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

/// The key in `[fields]` for all that is not named.
const REST: &str = "*";

/// What becomes of each field, and those that are not mentioned.
fn fields(
    entry: Option<Entry<'_>>,
    faults: &mut Faults,
) -> (Vec<(Field, Fate, String)>, Vec<Field>) {
    let mut said = BTreeMap::new();
    let mut rest = None;
    for entry in entries(entry, faults) {
        let path = entry.key;
        if path.value == REST {
            rest = fate(entry, faults);
            if rest.as_ref().is_some_and(|(fate, _)| *fate != Fate::Rejected) {
                let message = format!("`{REST}` can only be rejected");
                let help = "what is carried is named: a later version may know more fields";
                faults.report_with(entry.span(), message, help);
            }
            continue;
        }
        match Field::ALL.iter().find(|field| field.path() == path.value) {
            Some(field) => {
                said.extend(fate(entry, faults).map(|fate| (*field, fate)));
            }
            None => {
                let message = format!("there is no field `{}`", path.value);
                let help = match nearest(path.value, Field::ALL.iter().map(|field| field.path())) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "`applc targets compose` lists the fields".to_owned(),
                };
                faults.report_with(path.span, message, help);
            }
        }
    }
    let missing = |field: &Field| rest.is_none() && !said.contains_key(field);
    let unmentioned: Vec<Field> = Field::ALL.iter().copied().filter(missing).collect();
    let fields = Field::ALL.iter().map(|field| {
        let why = rest.as_ref().map_or("the target says nothing of it", |(_, why)| why);
        let unsaid = || (Fate::Rejected, format!("`{}` is not carried: {why}", field.path()));
        let (fate, note) = said.remove(field).unwrap_or_else(unsaid);
        (*field, fate, note)
    });
    (fields.collect(), unmentioned)
}

/// `"carried"`, or `{ approximated = "what differs" }`.
fn fate(entry: Entry<'_>, faults: &mut Faults) -> Option<(Fate, String)> {
    if entry.is_string() {
        let word = entry.string(faults)?;
        let known = FATES.iter().find(|(known, _)| *known == word.value);
        return match known {
            Some((_, Fate::Carried)) => Some((Fate::Carried, String::new())),
            Some((name, _)) => {
                let message = format!("what is {name} needs a reason");
                let help = format!("as in `{{ {name} = \"there is only one machine\" }}`");
                faults.report_with(word.span, message, help);
                None
            }
            None => {
                let message = format!("`{}` is no fate of a field", word.value);
                let help = near_or_list(&word.value, FATES.iter().map(|(known, _)| *known));
                faults.report_with(word.span, message, help);
                None
            }
        };
    }
    let mut table = entry.table(faults)?;
    let said: Vec<(Fate, Spanned<String>)> = FATES
        .iter()
        .filter_map(|(name, fate)| Some((*fate, table.take(name)?.string(faults)?)))
        .collect();
    table.finish(faults);
    match said.as_slice() {
        [(fate, note)] => Some((*fate, note.value.clone())),
        _ => {
            let message = format!("`{}` needs one fate", entry.key.value);
            let help = list_or(FATES.iter().map(|(name, _)| *name));
            faults.report_with(entry.span(), message, format!("that is {help}"));
            None
        }
    }
}
