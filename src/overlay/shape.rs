//! The structure of the language, as overlays see it: the published schema, in which an annotation
//! names the key of each list of entries.

use serde_json::Value;

use super::key::ListKey;
use crate::schema;

/// The annotation of a list whose entries have a key.
pub const LIST_KEY: &str = "overlayKey";

/// The part of the schema for a value.
#[derive(Debug, Clone, Copy)]
pub struct Shape(Option<&'static Value>);

/// What the schema says of a field of an object.
#[derive(Debug, Clone, Copy)]
pub enum Field {
    /// The shape of its value.
    Known(Shape),
    /// Nothing: an object of the user's own keys, such as `env`.
    Free,
    /// The object has no such field.
    Unknown,
}

impl Shape {
    /// The shape of an appliance.
    pub fn appliance() -> Shape {
        Shape::of(schema::document())
    }

    /// The shape of any value.
    pub fn any() -> Shape {
        Shape(None)
    }

    /// Follows references. Of alternatives, the last one is the current form of the language.
    fn of(rule: &'static Value) -> Shape {
        let mut rule = rule;
        // The schema has no longer chains, and no cycle can hold this loop.
        for _ in 0..8 {
            let next = match (rule.get("$ref"), rule.get("else"), rule.get("allOf")) {
                (Some(Value::String(reference)), ..) => {
                    reference.strip_prefix('#').and_then(|at| schema::document().pointer(at))
                }
                (None, Some(other), _) if rule.get("properties").is_none() => Some(other),
                (None, None, Some(all)) if rule.get("properties").is_none() => all.get(0),
                _ => None,
            };
            match next {
                Some(next) => rule = next,
                None => break,
            }
        }
        Shape(Some(rule))
    }

    fn get(self, keyword: &str) -> Option<&'static Value> {
        self.0?.get(keyword)
    }

    fn properties(self) -> impl Iterator<Item = (&'static str, &'static Value)> {
        let all = self.get("properties").and_then(Value::as_object);
        all.into_iter().flatten().map(|(name, rule)| (name.as_str(), rule))
    }

    /// What an object of this shape has under a name.
    pub fn field(self, name: &str) -> Field {
        match self.get("properties").and_then(|all| all.get(name)) {
            Some(rule) => Field::Known(Shape::of(rule)),
            None => match self.get("additionalProperties") {
                Some(Value::Bool(false)) => Field::Unknown,
                Some(rule) => Field::Known(Shape::of(rule)),
                None => Field::Free,
            },
        }
    }

    /// The name of the field that a name is an alias of, or the name itself.
    pub fn canonical(self, name: &str) -> &str {
        let rule = self.get("properties").and_then(|all| all.get(name));
        rule.and_then(|rule| rule.get("aliasOf")).and_then(Value::as_str).unwrap_or(name)
    }

    /// The names of the fields that editors suggest.
    pub fn fields(self) -> impl Iterator<Item = &'static str> {
        let is_hidden = |rule: &Value| rule.get("doNotSuggest") == Some(&Value::Bool(true));
        self.properties().filter(move |(_, rule)| !is_hidden(rule)).map(|(name, _)| name)
    }

    /// Whether an object of this shape must have a field.
    pub fn requires(self, name: &str) -> bool {
        let all = self.get("required").and_then(Value::as_array);
        all.is_some_and(|all| all.iter().any(|required| required == name))
    }

    /// The key of the entries, if it is a list that overlays see as a map.
    pub fn list_key(self) -> Option<ListKey> {
        ListKey::of(self.get(LIST_KEY)?.as_str()?)
    }

    /// The shape of the items of a list.
    pub fn items(self) -> Shape {
        self.get("items").map_or(Shape::any(), Shape::of)
    }

    /// What a value of this shape is called in messages.
    pub fn noun(self) -> String {
        self.get("title").and_then(Value::as_str).unwrap_or("entry").to_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lists of objects that have no key, and are replaced as a whole.
    const WHOLE: [&str; 0] = [];

    /// A new list of objects must say how overlays name its entries.
    #[test]
    fn every_list_of_objects_has_a_key() {
        let mut lists = 0;
        let definitions = schema::document()["definitions"].as_object().unwrap();
        let appliance = ("appliance", schema::document());
        let definitions = definitions.iter().map(|(name, rule)| (name.as_str(), rule));
        for (owner, rule) in definitions.chain([appliance]) {
            for (name, rule) in Shape::of(rule).properties() {
                let Some(items) = rule.get("items") else { continue };
                let items = Shape::of(items);
                if items.get("type") != Some(&Value::from("object")) {
                    assert!(rule.get(LIST_KEY).is_none(), "{owner}.{name}");
                    continue;
                }
                lists += 1;
                let key = Shape::of(rule).list_key();
                let is_known = key.is_some() || WHOLE.contains(&name);
                assert!(is_known, "{owner}.{name} needs `{LIST_KEY}` in the schema");
                // A key is a field that every entry has.
                assert!(items.requires(rule[LIST_KEY].as_str().unwrap()), "{owner}.{name}");
            }
        }
        assert!(lists >= 5, "{lists}");
    }

    /// The schema gives hints for users a description of their own, beside what they have in common with others.
    #[test]
    fn a_rule_beside_a_description_is_followed() {
        let containers = Shape::appliance().field("containers");
        let Field::Known(containers) = containers else { panic!("it is a field") };
        for name in ["schedule_hints", "user_schedule_hints"] {
            let Field::Known(hints) = containers.items().field(name) else { panic!("{name}") };
            assert!(matches!(hints.field("placement"), Field::Known(_)), "{name}");
            assert!(matches!(hints.field("other"), Field::Unknown), "{name}");
        }
    }

    #[test]
    fn aliases_are_those_that_their_descriptions_name() {
        let mut aliases = Vec::new();
        for rule in schema::document()["definitions"].as_object().unwrap().values() {
            for (name, rule) in Shape::of(rule).properties() {
                let described = rule["description"].as_str().unwrap_or("").strip_prefix("Alias of");
                let alias = rule.get("aliasOf").and_then(Value::as_str);
                assert_eq!(described.map(|of| of.trim_matches([' ', '`', '.'])), alias, "{name}");
                aliases.extend(alias);
            }
        }
        assert_eq!(aliases, ["schedule_hints", "gpu"]);
    }
}
