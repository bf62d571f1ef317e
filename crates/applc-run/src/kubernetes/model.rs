//! Objects of the API, as far as they are used.

use serde_json::{Deserializer, Value};

/// The label with the name of the container.
pub const NAME: &str = "app.kubernetes.io/name";
/// The label with the name of the appliance.
pub const INSTANCE: &str = "app.kubernetes.io/instance";
/// The label with the program that made an object.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// The value of [`MANAGED_BY`].
pub const APPLC: &str = "applc";

/// The beginning of the name of the ConfigMap of an appliance. No other object has a dot in its name.
pub const KEPT: &str = "applc.";

/// An object.
#[derive(Debug, Clone, PartialEq)]
pub struct Object(pub Value);

impl Object {
    /// The value at a JSON pointer.
    pub fn at(&self, pointer: &str) -> Option<&Value> {
        self.0.pointer(pointer)
    }

    /// The text at a JSON pointer; empty if there is none.
    pub fn text(&self, pointer: &str) -> &str {
        text(&self.0, pointer)
    }

    /// The number at a JSON pointer; 0 if there is none.
    pub fn number(&self, pointer: &str) -> u64 {
        self.at(pointer).and_then(Value::as_u64).unwrap_or_default()
    }

    /// The items of the array at a JSON pointer.
    pub fn items(&self, pointer: &str) -> impl Iterator<Item = &Value> {
        items(&self.0, pointer)
    }

    /// Its kind, such as `Deployment`.
    pub fn kind(&self) -> &str {
        self.text("/kind")
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.text("/metadata/name")
    }

    /// Its namespace; empty for an object of the cluster.
    pub fn namespace(&self) -> &str {
        self.text("/metadata/namespace")
    }

    /// What names it among all objects that ever were.
    pub fn uid(&self) -> &str {
        self.text("/metadata/uid")
    }

    /// Its value of a label; empty if it has none.
    pub fn label(&self, name: &str) -> &str {
        member(&self.0, "/metadata/labels", name)
    }

    /// Its value of an annotation; empty if it has none.
    pub fn annotation(&self, name: &str) -> &str {
        member(&self.0, "/metadata/annotations", name)
    }

    /// The UID of the object that controls it; empty if there is none.
    pub fn owner(&self) -> &str {
        let owner = self
            .items("/metadata/ownerReferences")
            .find(|owner| owner.get("controller") == Some(&Value::Bool(true)));
        owner.map_or("", |owner| text(owner, "/uid"))
    }

    /// Whether it is being deleted.
    pub fn is_ending(&self) -> bool {
        self.at("/metadata/deletionTimestamp").is_some()
    }

    /// Whether it is one that applc wrote for the appliance with this label.
    pub fn is_of(&self, appliance: &str) -> bool {
        self.label(MANAGED_BY) == APPLC && self.label(INSTANCE) == appliance
    }

    /// Its kind and name, for people.
    pub fn title(&self) -> String {
        format!("the {} `{}`", self.kind(), self.name())
    }

    /// A condition of its status that is true.
    pub fn condition(&self, kind: &str) -> Option<&Value> {
        self.items("/status/conditions")
            .find(|one| text(one, "/type") == kind && text(one, "/status") == "True")
    }
}

/// The text at a JSON pointer; empty if there is none.
pub fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The items of the array at a JSON pointer.
pub fn items<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

fn member<'a>(value: &'a Value, pointer: &str, name: &str) -> &'a str {
    let member = value.pointer(pointer).and_then(|members| members.get(name));
    member.and_then(Value::as_str).unwrap_or_default()
}

/// Reads what kubectl writes: one object after the other, or lists of them.
///
/// # Errors
/// It is not JSON.
pub fn read(output: &str) -> Result<Vec<Object>, serde_json::Error> {
    let mut objects = Vec::new();
    for value in Deserializer::from_str(output).into_iter::<Value>() {
        let mut value = value?;
        if text(&value, "/kind").ends_with("List")
            && let Some(Value::Array(items)) = value.get_mut("items").map(Value::take)
        {
            objects.extend(items.into_iter().map(Object));
        } else {
            objects.push(Object(value));
        }
    }
    Ok(objects)
}

/// Objects as one document for kubectl.
pub fn list<'a>(objects: impl IntoIterator<Item = &'a Object>) -> String {
    let items: Vec<&Value> = objects.into_iter().map(|object| &object.0).collect();
    serde_json::json!({ "apiVersion": "v1", "kind": "List", "items": items }).to_string()
}
