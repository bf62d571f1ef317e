//! The models of targets as values of the template engine.

use std::fmt::Debug;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr};

use super::origin::Origins;
use crate::source::Span;

/// What a template can see: a scalar, a list, or a struct that the macro [`model!`] defines.
pub trait Model {
    /// The value in templates. The origins of traced values are noted in `origins`.
    fn value(&self, origins: &Origins) -> Value;

    /// Gives back the memory that its lists and strings reserve for more: the models of a large
    /// appliance exist together, and the shortest list reserves four items.
    fn shrink(&mut self) {}
}

/// Defines structs that are models: a template sees their fields under their names, or under the
/// name that is given with `as`.
///
/// ```text
/// model! {
///     /// A port.
///     #[derive(Debug)]
///     pub struct Port {
///         /// Its number.
///         pub number: u16,
///         /// Its name.
///         pub host_name as "hostName": Option<String>,
///     }
/// }
/// ```
macro_rules! model {
    ($(
        $(#[$attribute:meta])*
        $visible:vis struct $name:ident {
            $(
                $(#[$of_field:meta])*
                $field_visible:vis $field:ident $(as $key:literal)? : $type:ty
            ),* $(,)?
        }
    )*) => {
        $(
            $(#[$attribute])*
            $visible struct $name {
                $(
                    $(#[$of_field])*
                    $field_visible $field: $type,
                )*
            }

            impl $crate::render::Model for $name {
                fn value(&self, origins: &$crate::render::Origins) -> minijinja::Value {
                    const NAMES: &[&str] = &[$($crate::render::model!(@name $field $($key)?)),*];
                    $crate::render::record(NAMES, [
                        $($crate::render::Model::value(&self.$field, origins)),*
                    ])
                }

                fn shrink(&mut self) {
                    $($crate::render::Model::shrink(&mut self.$field);)*
                }
            }
        )*
    };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $key:literal) => { $key };
}
pub(crate) use model;

/// A value of fields with these names, in this order. A field whose value is undefined does not
/// exist.
pub fn record<const N: usize>(names: &'static [&'static str], values: [Value; N]) -> Value {
    Value::from_object(Record { names, values })
}

/// The value of a struct. Its fields are few, so that searching their names is faster than a hash
/// table, and is cheap to make.
#[derive(Debug)]
struct Record<const N: usize> {
    names: &'static [&'static str],
    values: [Value; N],
}

impl<const N: usize> Object for Record<N> {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let at = self.names.iter().position(|name| *name == key)?;
        self.values.get(at).filter(|value| !value.is_undefined()).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        if !self.values.iter().any(Value::is_undefined) {
            return Enumerator::Str(self.names);
        }
        let fields = self.names.iter().zip(&self.values);
        let present = fields.filter(|(_, value)| !value.is_undefined());
        Enumerator::Values(present.map(|(name, _)| Value::from(*name)).collect())
    }
}

/// A field that does not exist if it has no value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sparse<T>(pub Option<T>);

impl<T: Model> Model for Sparse<T> {
    fn value(&self, origins: &Origins) -> Value {
        self.0.as_ref().map_or(Value::UNDEFINED, |value| value.value(origins))
    }

    fn shrink(&mut self) {
        self.0.shrink();
    }
}

/// A list of which a template needs one item at a time: the value of an item is made when it is
/// asked for, so that the values of all items never exist together.
///
/// Each item has an owner: the place of the id of the object of the source that it belongs to.
#[derive(Debug)]
pub struct Items<T>(Arc<Vec<(Span, T)>>);

impl<T> From<Vec<(Span, T)>> for Items<T> {
    fn from(mut items: Vec<(Span, T)>) -> Items<T> {
        items.shrink_to_fit();
        Items(Arc::new(items))
    }
}

impl<T: Model + Debug + Send + Sync + 'static> Model for Items<T> {
    fn value(&self, origins: &Origins) -> Value {
        let (items, origins) = (Arc::clone(&self.0), origins.clone());
        Value::from_object(Lazy { items, strings: origins.strings(), origins })
    }
}

/// The value of [`Items`].
#[derive(Debug)]
struct Lazy<T> {
    items: Arc<Vec<(Span, T)>>,
    origins: Origins,
    /// How many strings were known before the first item was made.
    strings: usize,
}

impl<T: Model + Debug + Send + Sync + 'static> Object for Lazy<T> {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let (owner, item) = self.items.get(key.as_usize()?)?;
        self.origins.forget_strings(self.strings);
        let outer = self.origins.set_owner(*owner);
        let value = item.value(&self.origins);
        self.origins.set_owner(outer);
        Some(value)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.items.len())
    }
}

/// A mapping with these entries, in this order.
pub fn mapping(entries: Vec<(Value, Value)>) -> Value {
    Value::from_object(Mapping(entries))
}

/// A mapping of few entries.
#[derive(Debug)]
struct Mapping(Vec<(Value, Value)>);

impl Object for Mapping {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.iter().map(|(name, _)| name.clone()).collect())
    }
}

/// A list of a fixed length.
#[derive(Debug)]
struct Row<const N: usize>([Value; N]);

impl<const N: usize> Object for Row<N> {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.get(key.as_usize()?).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(N)
    }
}

impl Model for Value {
    fn value(&self, _: &Origins) -> Value {
        self.clone()
    }
}

impl Model for str {
    fn value(&self, _: &Origins) -> Value {
        Value::from(self)
    }
}

impl Model for String {
    fn value(&self, _: &Origins) -> Value {
        Value::from(self.as_str())
    }

    fn shrink(&mut self) {
        self.shrink_to_fit();
    }
}

impl Model for Arc<str> {
    fn value(&self, _: &Origins) -> Value {
        Value::from(Arc::clone(self))
    }
}

macro_rules! scalars {
    ($($type:ty)*) => {
        $(impl Model for $type {
            fn value(&self, _: &Origins) -> Value {
                Value::from(*self)
            }
        })*
    };
}
scalars!(bool u16 u32 u64 usize i64 f64);

impl Model for serde_json::Number {
    fn value(&self, _: &Origins) -> Value {
        let integer = self.as_u64().map(Value::from).or_else(|| self.as_i64().map(Value::from));
        integer.unwrap_or_else(|| Value::from(self.as_f64()))
    }
}

impl<T: Model + ?Sized> Model for &T {
    fn value(&self, origins: &Origins) -> Value {
        (**self).value(origins)
    }
}

impl<T: Model> Model for Option<T> {
    fn value(&self, origins: &Origins) -> Value {
        self.as_ref().map_or(Value::from(()), |value| value.value(origins))
    }

    fn shrink(&mut self) {
        if let Some(value) = self {
            value.shrink();
        }
    }
}

impl<T: Model> Model for [T] {
    fn value(&self, origins: &Origins) -> Value {
        self.iter().map(|item| item.value(origins)).collect()
    }
}

impl<T: Model> Model for Vec<T> {
    fn value(&self, origins: &Origins) -> Value {
        self.as_slice().value(origins)
    }

    fn shrink(&mut self) {
        self.iter_mut().for_each(Model::shrink);
        self.shrink_to_fit();
    }
}

impl<T: Model, const N: usize> Model for [T; N] {
    fn value(&self, origins: &Origins) -> Value {
        Value::from_object(Row(self.each_ref().map(|item| item.value(origins))))
    }

    fn shrink(&mut self) {
        self.iter_mut().for_each(Model::shrink);
    }
}

impl<A: Model, B: Model> Model for (A, B) {
    fn value(&self, origins: &Origins) -> Value {
        Value::from_object(Row([self.0.value(origins), self.1.value(origins)]))
    }

    fn shrink(&mut self) {
        self.0.shrink();
        self.1.shrink();
    }
}
