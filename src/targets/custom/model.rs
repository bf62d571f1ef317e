//! The model of custom templates: the published plan as values of the template engine.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use minijinja::Value;
use minijinja::value::{Serde, ValueKind};
use serde::{Serialize, Serializer};

use super::manifest::Definition;
use crate::plan::published::{self, Form};
use crate::plan::{ContainerId, Piece, Plan, Text};
use crate::render::{Origin, Origins, Part, TextValue};
use crate::source::Span;
use crate::targets::{OptionKind, Options, origins as places};

/// The addresses that replace references, by container and port.
pub type Addresses = HashMap<(ContainerId, Option<u16>), String>;

/// The values that are visible to templates.
pub struct Model {
    /// The appliance.
    pub appliance: Value,
    /// Its containers, in the order of the plan.
    pub containers: Vec<Value>,
    /// Its volumes, in the order of the plan.
    pub volumes: Vec<Value>,
    /// The options, by name.
    pub options: Value,
}

impl Model {
    /// Creates the model of a plan, with the names and addresses of the target. The origins of strings
    /// are noted in `origins`.
    pub fn of(
        plan: &Plan,
        own: &Definition,
        addresses: &Addresses,
        options: &Options,
        origins: &Origins,
    ) -> Model {
        let published = published::publish(plan, &Strings { plan, own, addresses, origins });
        let options = own.options.iter().enumerate().map(|(at, option)| {
            let spec = option.spec();
            let value = option_value(&spec.kind, options.text(spec.name));
            let value = match (value.as_str(), u16::try_from(at)) {
                (Some(text), Ok(at)) if origins.is_on() => {
                    origins.text(text, Origin::Option(at, options.place(spec.name)), &[])
                }
                _ => value,
            };
            (spec.name.to_owned(), value)
        });
        let options = Value::from(options.collect::<BTreeMap<String, Value>>());
        let appliance = Value::from(Serde(published.appliance));
        let list = |name: &str| -> Vec<Value> {
            let items = appliance.get_attr(name).and_then(|items| Ok(items.try_iter()?.collect()));
            items.unwrap_or_default()
        };
        let (containers, volumes) = (list("containers"), list("volumes"));
        Model { containers, volumes, options, appliance }
    }

    /// The names of all variables and fields, for suggestions.
    pub fn field_names(&self) -> Vec<String> {
        let mut names =
            BTreeSet::from(["appliance", "container", "volume", "options"].map(String::from));
        let mut add = |value: &Value| collect_names(value, 0, &mut names);
        add(&self.appliance);
        add(&self.options);
        names.into_iter().collect()
    }
}

/// Collects the keys of a value and of the values in it. Only the first items of a list are visited.
fn collect_names(value: &Value, depth: usize, names: &mut BTreeSet<String>) {
    const DEPTH: usize = 8;
    const ITEMS: usize = 100;
    let Ok(items) = value.try_iter() else { return };
    if depth > DEPTH {
        return;
    }
    for item in items.take(ITEMS) {
        match value.kind() {
            ValueKind::Map => {
                if let Ok(inner) = value.get_item(&item) {
                    collect_names(&inner, depth + 1, names);
                }
                names.extend(item.as_str().map(str::to_owned));
            }
            _ => collect_names(&item, depth + 1, names),
        }
    }
}

/// The strings of a plan in the form of a target.
struct Strings<'a> {
    plan: &'a Plan,
    own: &'a Definition,
    addresses: &'a Addresses,
    origins: &'a Origins,
}

/// A string without references.
enum Word {
    Plain(String),
    /// A value that keeps its origin.
    Traced(Value),
}

impl Serialize for Word {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Word::Plain(text) => serializer.serialize_str(text),
            Word::Traced(value) => value.serialize(serializer),
        }
    }
}

impl Strings<'_> {
    fn traced(&self, text: String, from: Origin, also: Option<Span>) -> Word {
        match self.origins.is_on() {
            true => Word::Traced(self.origins.text(&text, from, also.as_slice())),
            false => Word::Plain(text),
        }
    }
}

impl Form for Strings<'_> {
    type Word = Word;
    type Text = Value;

    fn begin(&self, id: Span) {
        self.origins.set_owner(id);
    }

    fn word(&self, text: &str, from: Span, also: Option<Span>) -> Word {
        self.traced(text.to_owned(), from.into(), also)
    }

    fn choice(&self, text: &str, from: Span, of: Span, path: &'static &'static str) -> Word {
        self.traced(text.to_owned(), places::field(from, of, path), None)
    }

    fn name(&self, id: &str, from: Span, also: Option<Span>) -> Word {
        self.traced(self.own.names.clean(id), from.into(), also)
    }

    /// A string with addresses for its references.
    fn text(&self, text: &Text) -> Value {
        let part = |piece: &Piece| match piece {
            Piece::Literal(text) => Part::Literal(text.as_str().into()),
            Piece::Reference(reference) => Part::Reference {
                id: self.plan.container_id(reference.to()).to_owned(),
                port: reference.port,
                address: self
                    .addresses
                    .get(&(reference.to(), reference.port))
                    .cloned()
                    .unwrap_or_default(),
            },
        };
        let parts = text.pieces.iter().map(part).collect();
        let also = match self.origins.is_on() {
            true => places::of_references(self.plan, text, |_, _| {}),
            false => Vec::new(),
        };
        Value::from_object(TextValue::new(parts, self.origins, text.span.into(), &also))
    }
}

/// The value of an option, converted to its type.
fn option_value(kind: &OptionKind<'_>, text: &str) -> Value {
    match kind {
        OptionKind::Flag => Value::from(text == "true"),
        OptionKind::Integer(..) => text.parse::<i64>().map_or(Value::from(text), Value::from),
        OptionKind::Number => text.parse::<f64>().map_or(Value::from(text), Value::from),
        OptionKind::Text
        | OptionKind::Checked { .. }
        | OptionKind::Ports
        | OptionKind::OneOf(_) => Value::from(text),
    }
}
