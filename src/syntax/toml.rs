//! Reads TOML: project files and manifests of targets.
//!
//! A file is read table by table and key by key. Every error is reported at its location, and
//! reading goes on, so that one run reports all of them.

mod statements;

use std::ops::Range;

use toml::de::{DeInteger, DeTable, DeValue};

use super::conflict;
use crate::diag::{Code, Diagnostic, Findings, codes, list_or, nearest};
use crate::source::{Source, Span, Spanned};

/// The state of reading a file: what was found, and how to locate it.
pub struct Reader<'d> {
    /// The findings so far.
    pub findings: &'d mut Findings,
    /// The code of the errors that are reported here.
    code: &'static Code,
    /// Offset of the text that was parsed.
    offset: Span,
}

/// Parses a source and passes its top level to `read`, if there is no finding yet: after an error
/// of syntax, entries may be missing. `code` is that of all other errors.
pub fn read<T>(
    source: &Source,
    code: &'static Code,
    findings: &mut Findings,
    read: impl FnOnce(Table<'_>, &mut Reader<'_>) -> T,
) -> Option<T> {
    parse(source, findings, |table, findings| {
        findings.is_empty().then(|| read_table(table, source, code, findings, read))
    })?
}

/// The same, but after an error of syntax `read` gets the statements that have none. What it reports then is dropped,
/// as it may follow from what is missing.
pub fn read_sound<T>(
    source: &Source,
    code: &'static Code,
    findings: &mut Findings,
    read: impl FnOnce(Table<'_>, &mut Reader<'_>) -> T,
) -> Option<T> {
    parse(source, findings, |table, findings| {
        let mut dropped = Findings::new();
        let findings = if findings.is_empty() { findings } else { &mut dropped };
        read_table(table, source, code, findings, read)
    })
}

fn read_table<T>(
    table: &Parsed<'_>,
    source: &Source,
    code: &'static Code,
    findings: &mut Findings,
    read: impl FnOnce(Table<'_>, &mut Reader<'_>) -> T,
) -> T {
    let mut reader = Reader { findings, code, offset: source.start() };
    let span = reader.span(table.span());
    let root = Table::new(None, span, table.get_ref(), &reader);
    read(root, &mut reader)
}

/// The top level of a file.
type Parsed<'t> = toml::Spanned<DeTable<'t>>;

/// Passes the top level of a source to `then`, if there is no finding yet, and what is found: errors of syntax, whose
/// statements are left out.
fn parse<T>(
    source: &Source,
    findings: &mut Findings,
    then: impl FnOnce(&Parsed<'_>, &mut Findings) -> T,
) -> Option<T> {
    if !findings.is_empty() {
        return None;
    }
    // The library rejects a byte order mark.
    let text = source.text().get(source.content_start()..).unwrap_or_default();
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Some(then(&table, findings));
    }
    let offset = source.start();
    let mut found = Findings::new();
    let mut report = |error: &toml::de::Error, from: usize| {
        let at = |range: Range<usize>| {
            Span::new(range.start + from, range.end + from).moved(offset.start)
        };
        let span = error.span().map_or(offset, at);
        let message = error.message().lines().collect::<Vec<_>>().join("; ");
        found.push(Diagnostic::new(&codes::BAD_TOML, span, message));
    };
    // The library takes the rest of a file for the rest of a statement that has no end.
    let sound = statements::without_broken(text, |from, error| report(error, from));
    let (table, errors) = DeTable::parse_recoverable(&sound);
    // Such as keys that are there twice.
    errors.iter().for_each(|error| report(error, 0));
    let conflicts = conflict::find(&source.at(0), None, &found);
    if !conflicts.is_empty() {
        found = conflicts.into_iter().collect();
        found.move_spans(source.base());
    }
    findings.extend(found);
    Some(then(&table, findings))
}

impl Reader<'_> {
    /// Reports an error.
    pub fn report(&mut self, span: Span, message: impl Into<String>) {
        self.findings.push(Diagnostic::new(self.code, span, message));
    }

    /// Reports an error with help.
    pub fn report_with(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.findings.push(Diagnostic::new(self.code, span, message).help(help));
    }

    /// Reports a key that is none of those that are known.
    pub fn report_key<'k>(
        &mut self,
        key: Spanned<&str>,
        message: impl Into<String>,
        known: impl Iterator<Item = &'k str> + Clone,
    ) {
        let found = Diagnostic::new(self.code, key.span, message);
        self.findings.push(with_meant_key(found, key, known.clone(), list_of(known)));
    }

    /// Reports a string that is none of those that are known.
    pub fn report_value<'k>(
        &mut self,
        value: Spanned<&str>,
        message: impl Into<String>,
        known: impl Iterator<Item = &'k str> + Clone,
    ) {
        let found = Diagnostic::new(self.code, value.span, message);
        self.findings.push(with_meant_value(found, value, known.clone(), list_of(known)));
    }

    fn span(&self, range: Range<usize>) -> Span {
        Span::new(range.start, range.end).moved(self.offset.start)
    }
}

/// A table, and the entries that were not taken from it yet.
pub struct Table<'t> {
    /// Its key. `None` for the top level.
    name: Option<&'t str>,
    /// Where a missing key is reported.
    span: Span,
    entries: Vec<Entry<'t>>,
    /// The keys that were asked for.
    known: Vec<&'static str>,
    /// Those of them that are required and missing.
    missing: Vec<&'static str>,
}

/// A key and its value. An item of an array has the key of the array.
#[derive(Clone, Copy)]
pub struct Entry<'t> {
    /// The key.
    pub key: Spanned<&'t str>,
    value: Spanned<&'t DeValue<'t>>,
}

impl<'t> Table<'t> {
    fn new(
        name: Option<&'t str>,
        span: Span,
        table: &'t DeTable<'t>,
        reader: &Reader<'_>,
    ) -> Table<'t> {
        let mut entries: Vec<Entry<'t>> = table
            .iter()
            .map(|(key, value)| Entry {
                key: Spanned::new(key.get_ref().as_ref(), reader.span(key.span())),
                value: Spanned::new(value.get_ref(), reader.span(value.span())),
            })
            .collect();
        // The library sorts entries by key.
        entries.sort_by_key(|entry| entry.key.span);
        Table { name, span, entries, known: Vec::new(), missing: Vec::new() }
    }

    /// Removes and returns the entry with this key.
    pub fn take(&mut self, key: &'static str) -> Option<Entry<'t>> {
        self.known.push(key);
        let at = self.entries.iter().position(|entry| entry.key.value == key)?;
        Some(self.entries.remove(at))
    }

    /// Removes and returns the entry with this key; a missing key is an error, which
    /// [`Table::finish`] or [`Table::report_missing`] reports.
    pub fn require(&mut self, key: &'static str) -> Option<Entry<'t>> {
        let entry = self.take(key);
        if entry.is_none() {
            self.missing.push(key);
        }
        entry
    }

    /// Reports the missing keys.
    pub fn report_missing(&mut self, reader: &mut Reader<'_>) {
        for key in std::mem::take(&mut self.missing) {
            reader.report(self.span, format!("missing key `{key}`{}", self.place()));
        }
    }

    /// Returns the remaining entries, in the order of the file. For tables whose keys are not
    /// fixed.
    pub fn rest(self) -> Vec<Entry<'t>> {
        self.entries
    }

    /// Reports the remaining entries as unknown keys, and the missing keys that none of them is a
    /// misspelling of.
    pub fn finish(mut self, reader: &mut Reader<'_>) {
        let known = || self.known.iter().copied();
        let meant = |entry: &Entry<'_>| nearest(entry.key.value, known());
        let misspelt: Vec<&str> = self.entries.iter().filter_map(meant).collect();
        self.missing.retain(|key| !misspelt.contains(key));
        self.report_missing(reader);
        for entry in &self.entries {
            let word = entry.key.value;
            let message = format!("unknown key `{word}`{}", self.place());
            reader.report_key(entry.key, message, self.known.iter().copied());
        }
    }

    fn place(&self) -> String {
        self.name.map_or(String::new(), |name| format!(" in `{name}`"))
    }
}

impl<'t> Entry<'t> {
    /// The location of the value.
    pub fn span(&self) -> Span {
        self.value.span
    }

    /// Returns the value if it is a string.
    pub fn as_str(&self) -> Option<&'t str> {
        match self.value.value {
            DeValue::String(text) => Some(text.as_ref()),
            _ => None,
        }
    }

    /// Returns the value if it is a table.
    pub fn as_table(&self, reader: &Reader<'_>) -> Option<Table<'t>> {
        let table = self.value.value.as_table()?;
        Some(Table::new(Some(self.key.value), self.key.span, table, reader))
    }

    /// Returns the value as a string; another type is an error.
    pub fn string(&self, reader: &mut Reader<'_>) -> Option<Spanned<String>> {
        match self.as_str() {
            Some(text) => Some(Spanned::new(text.to_owned(), self.value.span)),
            None => self.mismatch("a string", reader),
        }
    }

    /// Returns the value as an integer; another type is an error.
    pub fn integer(&self, reader: &mut Reader<'_>) -> Option<Spanned<i64>> {
        let number = match self.value.value {
            DeValue::Integer(number) => value_of(number),
            _ => None,
        };
        match number {
            Some(number) => Some(Spanned::new(number, self.value.span)),
            None => self.mismatch("an integer", reader),
        }
    }

    /// Returns a string, number or boolean as text; another type is an error.
    pub fn scalar(&self, reader: &mut Reader<'_>) -> Option<Spanned<String>> {
        let text = match self.value.value {
            DeValue::String(text) => text.to_string(),
            // Without the prefix, the digits of a hexadecimal number would be those of another one.
            DeValue::Integer(number) => {
                value_of(number).map_or_else(|| number.to_string(), |value| value.to_string())
            }
            DeValue::Float(number) => number.as_str().to_owned(),
            DeValue::Boolean(value) => value.to_string(),
            _ => return self.mismatch("a string, a number or a boolean", reader),
        };
        Some(Spanned::new(text, self.value.span))
    }

    /// Returns the value as a table; another type is an error.
    pub fn table(&self, reader: &mut Reader<'_>) -> Option<Table<'t>> {
        let table = self.as_table(reader);
        if table.is_some() { table } else { self.mismatch("a table", reader) }
    }

    /// Returns the items of the value, an array; another type is an error, for which `expected`
    /// describes the array.
    pub fn items(&self, expected: &str, reader: &mut Reader<'_>) -> Option<Vec<Entry<'t>>> {
        let Some(items) = self.value.value.as_array() else {
            return self.mismatch(expected, reader);
        };
        let item = |item: &'t toml::Spanned<DeValue<'t>>| Entry {
            key: self.key,
            value: Spanned::new(item.get_ref(), reader.span(item.span())),
        };
        Some(items.iter().map(item).collect())
    }

    /// Returns the value as an array of strings; another type is an error.
    pub fn strings(&self, reader: &mut Reader<'_>) -> Option<Vec<Spanned<String>>> {
        let items = self.items("an array of strings", reader)?;
        items.iter().map(|item| item.string(reader)).collect()
    }

    /// Returns the value as an array of tables, `[[key]]`; another type is an error.
    pub fn tables(&self, reader: &mut Reader<'_>) -> Option<Vec<Table<'t>>> {
        let expected = format!("an array of tables, each under `[[{}]]`,", self.key.value);
        let items = self.items(&expected, reader)?;
        items
            .iter()
            .map(|item| {
                let key = Spanned::new(item.key.value, item.value.span);
                Entry { key, value: item.value }.table(reader)
            })
            .collect()
    }

    /// Reports that the value does not have the expected type.
    fn mismatch<T>(&self, expected: &str, reader: &mut Reader<'_>) -> Option<T> {
        let found = match self.value.value {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "an array",
            DeValue::Table(_) => "a table",
        };
        let message = format!("expected {expected} for `{}`, found {found}", self.key.value);
        reader.report(self.value.span, message);
        None
    }
}

/// The value of an integer. `None` if it does not fit.
fn value_of(number: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(&number.as_str().replace('_', ""), number.radix()).ok()
}

/// The help for a word that is not one of `known`.
pub fn similar_or_list<'k>(word: &str, known: impl Iterator<Item = &'k str> + Clone) -> String {
    match nearest(word, known.clone()) {
        Some(similar) => format!("did you mean `{similar}`?"),
        None => list_of(known),
    }
}

fn list_of<'k>(known: impl Iterator<Item = &'k str>) -> String {
    format!("expected {}", list_or(known))
}

/// Adds the key that is meant to the finding of an unknown one, or help if there is none.
pub fn with_meant_key<'k>(
    found: Diagnostic,
    key: Spanned<&str>,
    known: impl IntoIterator<Item = &'k str>,
    help: impl Into<String>,
) -> Diagnostic {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    with_meant(found, key, known, help, |meant| match meant.chars().all(is_bare) {
        true => meant.to_owned(),
        false => quoted(meant),
    })
}

/// Adds the string that is meant to the finding of an unknown one, or help if there is none.
pub fn with_meant_value<'k>(
    found: Diagnostic,
    value: Spanned<&str>,
    known: impl IntoIterator<Item = &'k str>,
    help: impl Into<String>,
) -> Diagnostic {
    with_meant(found, value, known, help, quoted)
}

fn with_meant<'k>(
    found: Diagnostic,
    written: Spanned<&str>,
    known: impl IntoIterator<Item = &'k str>,
    help: impl Into<String>,
    spell: impl Fn(&str) -> String,
) -> Diagnostic {
    match nearest(written.value, known) {
        Some(meant) => {
            found.help(format!("did you mean `{meant}`?")).likely_edit(written.span, spell(meant))
        }
        None => found.help(help),
    }
}

/// A string as TOML writes it. JSON writes it in the same way.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
