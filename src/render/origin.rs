//! Where values come from, and the way that this knowledge takes through templates.
//!
//! If origins are recorded, a string becomes an `Arc<str>` of its own, whose address is noted: to
//! templates it is a string as any other, and it keeps its address through structs, lists, loops,
//! macros and includes. A number or a boolean becomes an object that prints as it. Whatever prints
//! a value asks for its origin and writes marks around it ([`super::marks`]).

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minijinja::Value;
use minijinja::value::{Object, ObjectRepr};

use serde::{Deserialize, Serialize};

use crate::source::Span;

/// What gave a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Origin {
    /// A place of a source.
    Place(Span),
    /// The first place, and another one that had a say: the address of a reference is also
    /// determined by the port to which it was rewritten.
    Places(Span, Span),
    /// The default of a field, by its path, of the object whose place this is.
    Default(#[serde(with = "super::paths")] &'static &'static str, Span),
    /// An option of the target, by its index in the target's list of options, and the place of its
    /// value if it is set.
    Option(u16, Option<Span>),
}

impl Origin {
    /// The place in a source that a person would look at: for a default, the object that it
    /// belongs to. `None` for the default of an option.
    pub fn place(self) -> Option<Span> {
        match self {
            Origin::Place(span) | Origin::Places(span, _) | Origin::Default(_, span) => Some(span),
            Origin::Option(_, span) => span,
        }
    }

    /// The second place, if there is one.
    pub fn second(self) -> Option<Span> {
        match self {
            Origin::Places(_, span) => Some(span),
            _ => None,
        }
    }

    /// The same with a second place, unless it is that of the first.
    pub fn and(self, span: Span) -> Origin {
        match self {
            Origin::Place(first) if first != span => Origin::Places(first, span),
            other => other,
        }
    }
}

impl From<Span> for Origin {
    fn from(span: Span) -> Origin {
        Origin::Place(span)
    }
}

/// What is recorded of the origins of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// Nothing: values have no origins.
    Nothing,
    /// Those of strings. Templates cannot tell the difference.
    Strings,
    /// Those of strings, numbers and booleans. Templates may print numbers and test booleans, but
    /// not compute or compare.
    All,
}

/// The origins of the values of one model, as far as they are recorded. A clone is another handle
/// to the same table.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    table: Option<Arc<Mutex<Table>>>,
}

/// The origin of a printed value, and the object that it is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Noted {
    pub from: Origin,
    /// The place of the id of the object.
    pub owner: Span,
    /// The number of another origin of the same value.
    pub next: Option<Number>,
}

/// The number of an entry of the table.
pub(super) type Number = u32;

#[derive(Debug, Default)]
struct Table {
    noted: Vec<Noted>,
    by_address: HashMap<usize, Number, BuildHasherDefault<AddressHasher>>,
    /// The strings, which must live as long as their addresses are known.
    strings: Vec<Arc<str>>,
    owner: Span,
    with_numbers: bool,
    /// Whether text contains what could be read as a mark.
    is_ambiguous: bool,
}

/// Spreads addresses over a hash table.
#[derive(Debug, Default)]
struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_usize(usize::from(*byte));
        }
    }

    fn write_usize(&mut self, address: usize) {
        // Fibonacci hashing. The table uses the highest and the lowest bits.
        let spread = (self.0 ^ address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = spread ^ (spread >> 32);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl Table {
    fn note(&mut self, from: Origin, also: &[Span]) -> Number {
        let mut next = None;
        for span in also.iter().rev().filter(|span| from.place() != Some(**span)) {
            next = Some(self.add(Origin::Place(*span), next));
        }
        self.add(from, next)
    }

    fn add(&mut self, from: Origin, next: Option<Number>) -> Number {
        let number = Number::try_from(self.noted.len()).unwrap_or(Number::MAX);
        self.noted.push(Noted { from, owner: self.owner, next });
        number
    }

    fn string(&mut self, text: &Arc<str>, number: Number) -> Value {
        self.by_address.insert(text.as_ptr().addr(), number);
        self.strings.push(Arc::clone(text));
        Value::from(Arc::clone(text))
    }
}

impl Origins {
    /// Creates an empty table.
    pub fn new(recorded: Recorded) -> Origins {
        let table = Table { with_numbers: recorded == Recorded::All, ..Table::default() };
        let table = (recorded != Recorded::Nothing).then(|| Arc::new(Mutex::new(table)));
        Origins { table }
    }

    /// Whether origins are recorded.
    pub fn is_on(&self) -> bool {
        self.table.is_some()
    }

    fn table(&self) -> Option<MutexGuard<'_, Table>> {
        // A panic while the table was locked leaves it whole.
        Some(self.table.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A string with this main origin, and the places of other values.
    pub fn text(&self, text: &str, from: Origin, also: &[Span]) -> Value {
        match self.is_on() {
            true => self.shared(&Arc::from(text), from, also),
            false => Value::from(text),
        }
    }

    /// A string that exists already, in the same way.
    pub fn shared(&self, text: &Arc<str>, from: Origin, also: &[Span]) -> Value {
        let Some(mut table) = self.table() else { return Value::from(Arc::clone(text)) };
        let number = table.note(from, also);
        table.string(text, number)
    }

    /// A number or a boolean, in the same way.
    pub(super) fn bare(&self, value: Value, from: Origin, also: &[Span]) -> Value {
        match self.table() {
            Some(mut table) if table.with_numbers => {
                Value::from_object(Bare { value, number: table.note(from, also) })
            }
            _ => value,
        }
    }

    /// A string with the origin that has this number.
    pub(super) fn string_like(&self, text: String, number: Number) -> Value {
        match self.table() {
            Some(mut table) => table.string(&Arc::from(text), number),
            None => Value::from(text),
        }
    }

    /// The number for this origin, for a value that is not made by this table. `None` if nothing is
    /// recorded.
    pub(super) fn noted(&self, from: Origin, also: &[Span]) -> Option<Number> {
        Some(self.table()?.note(from, also))
    }

    /// Notes that a string has the origin with this number.
    pub(super) fn keep(&self, text: &Arc<str>, number: Number) {
        if let Some(mut table) = self.table() {
            table.string(text, number);
        }
    }

    /// The number of the origin of a value, if it is known.
    pub(super) fn number(&self, value: &Value) -> Option<Number> {
        let table = self.table()?;
        match value.as_str() {
            Some(text) => table.by_address.get(&text.as_ptr().addr()).copied(),
            None => value.downcast_object_ref::<Bare>().map(|bare| bare.number),
        }
    }

    /// Calls a function with the entries, by number. `None` if nothing is recorded.
    pub(super) fn with_noted<R>(&self, read: impl FnOnce(&[Noted]) -> R) -> Option<R> {
        self.table().map(|table| read(&table.noted))
    }

    /// The places of all values so far, each once, in the order of the source.
    pub fn places(&self) -> Vec<Span> {
        let of = |noted: &Noted| [noted.from.place(), noted.from.second()];
        let mut places: Vec<Span> = self
            .with_noted(|noted| noted.iter().flat_map(of).flatten().collect())
            .unwrap_or_default();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// Says that the marks of the file cannot be told from text in it.
    pub(super) fn set_ambiguous(&self) {
        if let Some(mut table) = self.table() {
            table.is_ambiguous = true;
        }
    }

    /// Whether marks cannot be told from text.
    pub fn is_ambiguous(&self) -> bool {
        self.table().is_some_and(|table| table.is_ambiguous)
    }

    /// Sets the owner of the values that are made next: the place of the id of the object that they
    /// are part of. Returns the owner so far.
    pub fn set_owner(&self, owner: Span) -> Span {
        match self.table() {
            Some(mut table) => std::mem::replace(&mut table.owner, owner),
            None => owner,
        }
    }

    /// How many strings there are.
    pub(crate) fn strings(&self) -> usize {
        self.table().map_or(0, |table| table.strings.len())
    }

    /// Forgets all strings but the first `count`, so that memory does not grow with the file. What
    /// is printed keeps its origin; strings that are still in use would print without one.
    pub(crate) fn forget_strings(&self, count: usize) {
        let Some(mut table) = self.table() else { return };
        let table = &mut *table;
        if let Some(forgotten) = table.strings.get(count..) {
            for text in forgotten {
                table.by_address.remove(&text.as_ptr().addr());
            }
            table.strings.truncate(count);
        }
    }

    /// Forgets everything, for the next part of a file.
    pub(super) fn clear(&self) {
        if let Some(mut table) = self.table() {
            table.noted.clear();
            table.by_address.clear();
            table.strings.clear();
        }
    }
}

/// A number or a boolean whose origin is known.
#[derive(Debug)]
pub(super) struct Bare {
    pub value: Value,
    number: Number,
}

impl Object for Bare {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.value.is_true()
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.value, f)
    }
}
