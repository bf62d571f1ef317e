//! Tables of a manifest, taken apart key by key, every fault at its place.

use toml::de::{DeTable, DeValue};

use crate::diag::{Diagnostic, codes, list_or, nearest};
use crate::source::{Source, Span, Spanned};
use crate::syntax::toml::{Places, parse, scalar};

/// What is wrong with a manifest so far, and where its text starts.
pub struct Faults {
    /// What was found.
    pub found: Vec<Diagnostic>,
    places: Places,
}

impl Faults {
    /// Reads the source as TOML and hands its table to `read`, unless it is broken.
    pub fn reading<T>(
        source: &Source,
        read: impl FnOnce(Table<'_>, &mut Faults) -> Option<T>,
    ) -> (Option<T>, Vec<Diagnostic>) {
        let mut found = Vec::new();
        let (table, places) = parse(source, &mut found);
        let mut faults = Faults { found, places };
        if !faults.found.is_empty() {
            return (None, faults.found);
        }
        let place = faults.span(table.span());
        let root = Table::new(Spanned::new("the file".to_owned(), place), table.get_ref(), &faults);
        let value = read(root, &mut faults);
        (value.filter(|_| faults.found.is_empty()), faults.found)
    }

    /// Reports a fault of the manifest.
    pub fn report(&mut self, span: Span, message: impl Into<String>) {
        self.found.push(Diagnostic::new(&codes::BAD_MANIFEST, span, message));
    }

    /// The same with help.
    pub fn report_with(&mut self, span: Span, message: String, help: impl Into<String>) {
        self.found.push(Diagnostic::new(&codes::BAD_MANIFEST, span, message).help(help));
    }

    fn span(&self, range: std::ops::Range<usize>) -> Span {
        self.places.span(range)
    }
}

/// A table, and what was not yet taken from it.
pub struct Table<'t> {
    /// What it is called in messages, and its place.
    pub name: Spanned<String>,
    entries: Vec<Entry<'t>>,
    known: Vec<&'static str>,
}

/// A key and its value.
#[derive(Clone, Copy)]
pub struct Entry<'t> {
    /// The key.
    pub key: Spanned<&'t str>,
    value: Spanned<&'t DeValue<'t>>,
}

impl<'t> Table<'t> {
    fn new(name: Spanned<String>, table: &'t DeTable<'t>, faults: &Faults) -> Table<'t> {
        let mut entries: Vec<Entry<'t>> = table
            .iter()
            .map(|(key, value)| Entry {
                key: Spanned::new(key.get_ref().as_ref(), faults.span(key.span())),
                value: Spanned::new(value.get_ref(), faults.span(value.span())),
            })
            .collect();
        // The library gives them in the order of their names.
        entries.sort_by_key(|entry| entry.key.span);
        Table { name, entries, known: Vec::new() }
    }

    /// The entry of this key, which is then no longer there.
    pub fn take(&mut self, key: &'static str) -> Option<Entry<'t>> {
        self.known.push(key);
        let at = self.entries.iter().position(|entry| entry.key.value == key)?;
        Some(self.entries.remove(at))
    }

    /// The same; a key that is missing is a fault.
    pub fn require(&mut self, key: &'static str, faults: &mut Faults) -> Option<Entry<'t>> {
        let entry = self.take(key);
        if entry.is_none() {
            faults.report(self.name.span, format!("{} lacks `{key}`", self.name.value));
        }
        entry
    }

    /// All entries that are left: those of a table with keys of one's own choice.
    pub fn rest(self) -> Vec<Entry<'t>> {
        self.entries
    }

    /// Reports what is left.
    pub fn finish(self, faults: &mut Faults) {
        for entry in &self.entries {
            let message = format!("{} has no `{}`", self.name.value, entry.key.value);
            let help = match nearest(entry.key.value, self.known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there is {}", list_or(self.known.iter().copied())),
            };
            faults.report_with(entry.key.span, message, help);
        }
    }
}

impl<'t> Entry<'t> {
    /// Where the value stands.
    pub fn span(&self) -> Span {
        self.value.span
    }

    /// The value as a string.
    pub fn string(&self, faults: &mut Faults) -> Option<Spanned<String>> {
        match self.value.value {
            DeValue::String(text) => Some(Spanned::new(text.to_string(), self.value.span)),
            _ => self.is_not("a string", faults),
        }
    }

    /// The value as a whole number.
    pub fn integer(&self, faults: &mut Faults) -> Option<Spanned<i64>> {
        let number = match self.value.value {
            DeValue::Integer(number) => {
                i64::from_str_radix(&number.as_str().replace('_', ""), number.radix()).ok()
            }
            _ => None,
        };
        match number {
            Some(number) => Some(Spanned::new(number, self.value.span)),
            None => self.is_not("a whole number", faults),
        }
    }

    /// The value as a list of strings.
    pub fn strings(&self, faults: &mut Faults) -> Option<Vec<Spanned<String>>> {
        let Some(items) = self.value.value.as_array() else {
            return self.is_not("a list of strings", faults);
        };
        items
            .iter()
            .map(|item| {
                let value = Spanned::new(item.get_ref(), faults.span(item.span()));
                Entry { key: self.key, value }.string(faults)
            })
            .collect()
    }

    /// A string, number or truth value as text.
    pub fn scalar(&self, faults: &mut Faults) -> Option<Spanned<String>> {
        match scalar(self.value.value) {
            Some(text) => Some(Spanned::new(text, self.value.span)),
            None => self.is_not("a string, number or truth value", faults),
        }
    }

    /// The value as a table, called by its key.
    pub fn table(&self, faults: &mut Faults) -> Option<Table<'t>> {
        match self.value.value.as_table() {
            Some(table) => {
                let name = Spanned::new(format!("`{}`", self.key.value), self.key.span);
                Some(Table::new(name, table, faults))
            }
            None => self.is_not("a table", faults),
        }
    }

    /// Whether the value is a string.
    pub fn is_string(&self) -> bool {
        matches!(self.value.value, DeValue::String(_))
    }

    /// The value as a list of tables: `[[key]]`, each once.
    pub fn tables(&self, faults: &mut Faults) -> Option<Vec<Table<'t>>> {
        let Some(items) = self.value.value.as_array() else {
            return self.is_not("a list of tables, each under `[[...]]`", faults);
        };
        items
            .iter()
            .map(|item| {
                let value = Spanned::new(item.get_ref(), faults.span(item.span()));
                let key = Spanned::new(self.key.value, value.span);
                Entry { key, value }.table(faults)
            })
            .collect()
    }

    fn is_not<T>(&self, wanted: &str, faults: &mut Faults) -> Option<T> {
        faults.report(self.value.span, format!("`{}` must be {wanted}", self.key.value));
        None
    }
}
