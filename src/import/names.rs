//! Ids for names of other formats.

use std::collections::{BTreeMap, BTreeSet};

/// The ids of the containers, by the names that other formats know them by.
#[derive(Debug, Default)]
pub struct Names {
    /// Ids by name, in the order of the names.
    ids: BTreeMap<String, String>,
    free: Free,
}

/// Ids that differ from each other, also in lower case.
#[derive(Debug, Default)]
pub struct Free {
    taken: BTreeSet<String>,
    /// The number that is tried next behind an id that is taken.
    next: BTreeMap<String, usize>,
}

impl Free {
    /// An id that is taken from now on: the wanted one, or with a number behind it.
    pub fn take(&mut self, wanted: &str) -> String {
        let lower = wanted.to_ascii_lowercase();
        if self.taken.insert(lower.clone()) {
            return wanted.to_owned();
        }
        let next = self.next.entry(lower).or_insert(2);
        loop {
            let id = format!("{wanted}-{next}");
            *next += 1;
            if self.taken.insert(id.to_ascii_lowercase()) {
                return id;
            }
        }
    }
}

impl Names {
    /// Gives a name an id of its own, which consists of letters, digits and hyphens as the language demands.
    pub fn add(&mut self, name: &str) -> String {
        if let Some(id) = self.ids.get(name) {
            return id.clone();
        }
        let id = self.free.take(&id_of(name));
        self.ids.insert(name.to_owned(), id.clone());
        id
    }

    /// Lets another name mean the container with this id, unless it means one already.
    pub fn alias(&mut self, name: &str, id: &str) {
        self.ids.entry(name.to_owned()).or_insert_with(|| id.to_owned());
    }

    /// The id for a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.ids.get(name).map(String::as_str)
    }
}

/// Longest id that is made of a name. Texts may name it often.
const LONGEST: usize = 200;

/// A name as an id: other characters become hyphens.
pub fn id_of(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let id: String = name.chars().map(letter).take(LONGEST).collect();
    let id = id.trim_matches('-');
    if id.is_empty() { "app".to_owned() } else { id.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_ids_that_differ() {
        let mut names = Names::default();
        assert_eq!(names.add("my_db"), "my-db");
        assert_eq!(names.add("my-db"), "my-db-2");
        assert_eq!(names.add("My.DB"), "My-DB-3");
        assert_eq!(names.add("__"), "app");
        names.alias("database", "my-db");
        names.alias("my-db", "other");
        assert_eq!((names.get("database"), names.get("my-db")), (Some("my-db"), Some("my-db-2")));
    }
}
