//! The model of custom templates: the published plan as values of the template engine.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use minijinja::Value;
use minijinja::value::{Serde, ValueKind};

use super::manifest::Definition;
use crate::plan::published;
use crate::plan::{ContainerId, Piece, Plan, Text};
use crate::render::{Part, TextValue};
use crate::targets::{OptionKind, Options};

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
    /// Creates the model of a plan, with the names and addresses of the target.
    pub fn of(plan: &Plan, own: &Definition, addresses: &Addresses, options: &Options) -> Model {
        let published = published::publish(
            plan,
            |id| own.names.clean(id),
            |text| with_addresses(plan, text, addresses),
        );
        let options = own.options.iter().map(|option| {
            let spec = option.spec();
            (spec.name.to_owned(), option_value(&spec.kind, options.text(spec.name)))
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

/// A string with addresses for its references.
fn with_addresses(plan: &Plan, text: &Text, addresses: &Addresses) -> Value {
    let part = |piece: &Piece| match piece {
        Piece::Literal(text) => Part::Literal(text.to_string()),
        Piece::Reference(reference) => Part::Reference {
            id: plan.container_id(reference.to()).to_owned(),
            port: reference.port,
            address: addresses.get(&(reference.to(), reference.port)).cloned().unwrap_or_default(),
        },
    };
    Value::from_object(TextValue(text.pieces.iter().map(part).collect()))
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
