//! Adapts the tree to the interface of the schema library, so that it is validated without a copy.
//!
//! Of members with the same key the first one is used; broken values are `null`.

use std::borrow::Cow;
use std::collections::HashSet;

use jsonschema::JsonType;
use jsonschema::json::{Array, Json, NodeIdentity, Object as JsonObject};
use serde_json::{Map, Number, Value};

use crate::source::Span;
use crate::syntax::{Kind, Member, Node, Object};

/// The tree as a JSON representation of the library.
pub struct Tree;

impl Json for Tree {
    type Node<'a> = &'a Node;
    type PreparedKey = String;
    type StringBuffer = Option<Node>;

    fn prepare_key(key: &str) -> String {
        key.to_owned()
    }

    fn with_string_node<T>(
        buffer: &mut Option<Node>,
        string: &str,
        f: impl FnOnce(&Node) -> T,
    ) -> T {
        f(buffer.insert(Node { span: Span::default(), kind: Kind::String(string.into()) }))
    }
}

impl<'a> jsonschema::json::Node<'a, Tree> for &'a Node {
    type Object = &'a Object;
    type Array = &'a [Node];
    type Number = Number;

    fn as_object(&self) -> Option<&'a Object> {
        Node::as_object(self)
    }

    fn as_array(&self) -> Option<&'a [Node]> {
        Node::as_array(self)
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        self.as_str().map(Cow::Borrowed)
    }

    fn as_number(&self) -> Option<Number> {
        match &self.kind {
            Kind::Number(text) => Some(number(text)),
            _ => None,
        }
    }

    fn as_boolean(&self) -> Option<bool> {
        self.as_bool()
    }

    fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null | Kind::Broken)
    }

    fn is_number(&self) -> bool {
        matches!(self.kind, Kind::Number(_))
    }

    fn json_type(&self) -> JsonType {
        match self.kind {
            Kind::Null | Kind::Broken => JsonType::Null,
            Kind::Bool(_) => JsonType::Boolean,
            Kind::Number(_) => JsonType::Number,
            Kind::String(_) => JsonType::String,
            Kind::Array(_) => JsonType::Array,
            Kind::Object(_) => JsonType::Object,
        }
    }

    fn equals_value(&self, expected: &Value) -> bool {
        jsonschema::json::cmp::equal(&to_value(self), expected)
    }

    /// The value that the library stores in its errors, which is never read. Arrays and objects,
    /// which many errors may contain, are `null` to avoid copies.
    fn to_value(&self) -> Cow<'a, Value> {
        Cow::Owned(match self.kind {
            Kind::Array(_) | Kind::Object(_) => Value::Null,
            _ => to_value(self),
        })
    }

    fn identity(&self) -> Option<NodeIdentity> {
        Some(NodeIdentity::new(std::ptr::from_ref::<Node>(self) as usize))
    }
}

impl<'a> JsonObject<'a, Tree> for &'a Object {
    type Node = &'a Node;
    type MemberName = &'a str;
    type MembersIter = FirstMembers<'a>;

    fn len(&self) -> usize {
        self.members.len()
    }

    fn get(&self, key: &String) -> Option<&'a Node> {
        Object::get(self, key)
    }

    fn members(&self) -> FirstMembers<'a> {
        FirstMembers { members: &self.members, at: 0, seen: HashSet::new() }
    }
}

/// Iterates over the members of an object, skipping duplicate keys.
pub struct FirstMembers<'a> {
    members: &'a [Member],
    at: usize,
    /// The keys so far, used for large objects.
    seen: HashSet<&'a str>,
}

impl<'a> FirstMembers<'a> {
    /// Maximum number of members of an object that is searched linearly for a duplicate key.
    const FEW: usize = 32;

    fn is_new(&mut self, key: &'a str) -> bool {
        if self.members.len() > Self::FEW {
            return self.seen.insert(key);
        }
        let before = self.members.get(..self.at).unwrap_or_default();
        before.iter().all(|member| member.key.value != key)
    }
}

impl<'a> Iterator for FirstMembers<'a> {
    type Item = (&'a str, &'a Node);

    fn next(&mut self) -> Option<Self::Item> {
        let members = self.members;
        while let Some(member) = members.get(self.at) {
            let is_new = self.is_new(&member.key.value);
            self.at += 1;
            if is_new {
                return Some((&member.key.value, &member.value));
            }
        }
        None
    }
}

impl<'a> Array<'a, Tree> for &'a [Node] {
    type Node = &'a Node;
    type ElementsIter = std::slice::Iter<'a, Node>;

    fn len(&self) -> usize {
        <[Node]>::len(self)
    }

    fn elements(&self) -> std::slice::Iter<'a, Node> {
        self.iter()
    }

    fn is_unique(&self) -> bool {
        let values: Vec<Value> = self.iter().map(to_value).collect();
        jsonschema::json::unique::is_unique(&values)
    }
}

/// Converts a node into a JSON value.
pub fn to_value(node: &Node) -> Value {
    match &node.kind {
        Kind::Null | Kind::Broken => Value::Null,
        Kind::Bool(value) => Value::Bool(*value),
        Kind::Number(text) => Value::Number(number(text)),
        Kind::String(text) => Value::String(text.to_string()),
        Kind::Array(items) => Value::Array(items.iter().map(to_value).collect()),
        Kind::Object(object) => {
            let mut map = Map::new();
            for (key, value) in JsonObject::members(&object) {
                map.insert(key.to_owned(), to_value(value));
            }
            Value::Object(map)
        }
    }
}

/// Parses a number. One that is too large for a float becomes the largest float.
fn number(text: &str) -> Number {
    if let Ok(number) = text.parse::<i64>() {
        return number.into();
    }
    if let Ok(number) = text.parse::<u64>() {
        return number.into();
    }
    let number = text.parse::<f64>().ok().map(|number| number.clamp(f64::MIN, f64::MAX));
    number.and_then(Number::from_f64).unwrap_or_else(|| 0.into())
}
