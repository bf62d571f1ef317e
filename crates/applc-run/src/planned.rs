//! A plan that is kept in a file: what is to be handed over, and what the engine had when it was made.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use applc::source::Source;
use applc::targets::Artifact;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::engine::{Action, Change, Outlook};

/// The form of the file.
const FORM: u32 = 1;

/// The first member of the file, which no appliance has.
const MARK: &str = "\"applc_plan\"";

/// A plan of a change. Two versions of applc do not share one: they may read and judge an appliance in different
/// ways.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    applc_plan: u32,
    /// The version of applc that made it.
    applc: String,
    /// The name of the target.
    pub target: String,
    /// The id of the appliance.
    pub id: String,
    /// The appliance file, as it was named.
    pub file: String,
    /// What becomes of each container.
    pub changes: Vec<Change>,
    /// What the engine had of the appliance.
    basis: String,
    /// The appliance with all defaults.
    pub appliance: Value,
    files: Vec<File>,
    /// SHA-256 of everything else, in hexadecimal digits.
    digest: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct File {
    path: String,
    text: String,
}

/// The beginning of each form of the file.
#[derive(Deserialize)]
struct Head {
    applc_plan: u32,
    #[serde(default)]
    applc: String,
}

impl Planned {
    /// The plan of bringing an appliance up, of which the engine says this. The changes keep their order.
    pub fn new(
        target: &str,
        id: &str,
        file: &str,
        appliance: &Value,
        files: &[Artifact],
        outlook: &Outlook,
    ) -> Planned {
        let file_of = |file: &Artifact| File { path: file.path.clone(), text: file.text.clone() };
        let mut planned = Planned {
            applc_plan: FORM,
            applc: env!("CARGO_PKG_VERSION").to_owned(),
            target: target.to_owned(),
            id: id.to_owned(),
            file: file.to_owned(),
            changes: outlook.changes.clone(),
            basis: outlook.basis.clone(),
            appliance: appliance.clone(),
            files: files.iter().map(file_of).collect(),
            digest: String::new(),
        };
        planned.digest = planned.sum();
        planned
    }

    /// Whether a text is a plan, and not an appliance.
    pub fn is_one(text: &str) -> bool {
        let inner = text.trim_start().strip_prefix('{');
        inner.is_some_and(|inner| inner.trim_start().starts_with(MARK))
    }

    /// Reads the text of a plan.
    ///
    /// # Errors
    /// Why it cannot be used, as the end of a message: it is of another version, or it was changed.
    pub fn read(text: &str) -> Result<Planned, String> {
        let head: Head =
            serde_json::from_str(text).map_err(|error| format!("is damaged: {error}"))?;
        let own = env!("CARGO_PKG_VERSION");
        if head.applc_plan != FORM || head.applc != own {
            return Err(format!("was made by applc {}, and this is {own}", head.applc));
        }
        let planned: Planned =
            serde_json::from_str(text).map_err(|error| format!("is damaged: {error}"))?;
        if planned.digest != planned.sum() {
            return Err("was changed after it had been made".to_owned());
        }
        // A digest keeps nobody from writing a plan of his own.
        let leads_out = |file: &&File| {
            Path::new(&file.path).components().any(|part| !matches!(part, Component::Normal(_)))
        };
        match planned.files.iter().find(leads_out) {
            Some(file) => Err(format!("has a file outside of its folder: `{}`", file.path)),
            None => Ok(planned),
        }
    }

    /// The appliance file and the target in the text of a plan, also of one that cannot be read.
    pub fn named(text: &str) -> Option<(String, String)> {
        #[derive(Deserialize)]
        struct Named {
            file: String,
            target: String,
        }
        serde_json::from_str(text).ok().map(|Named { file, target }| (file, target))
    }

    /// The text of the plan.
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// The files that are handed over.
    pub fn files(&self) -> Vec<Artifact> {
        let artifact = |file: &File| Artifact {
            path: file.path.clone(),
            text: file.text.clone(),
            record: Default::default(),
        };
        self.files.iter().map(artifact).collect()
    }

    /// The appliance in the text of a plan as a source: what is not part of it is blank, so that findings are at
    /// the lines of the plan.
    pub fn source(name: &str, text: &str) -> Source {
        #[derive(Deserialize)]
        struct Part<'a> {
            #[serde(borrow)]
            appliance: &'a RawValue,
        }
        let part = serde_json::from_str::<Part<'_>>(text).map(|part| part.appliance.get());
        let part = part.unwrap_or_default();
        let before = text.split(part).next().unwrap_or_default();
        let blank = |text: &str| -> String {
            text.chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect()
        };
        Source::new(name, format!("{}{part}\n", blank(before)))
    }

    /// What of the engine has moved since the plan was made, one line each. Empty if `now` is what it was then.
    pub fn moved(&self, now: &Outlook) -> Vec<String> {
        let actions = |changes: &[Change]| -> BTreeMap<String, Action> {
            changes.iter().map(|change| (change.container.clone(), change.action)).collect()
        };
        let (then, today) = (actions(&self.changes), actions(&now.changes));
        let word =
            |action: Option<&Action>| action.map_or("not part of it", |action| action.word());
        let mut all: Vec<&String> = then.keys().chain(today.keys()).collect();
        all.sort();
        all.dedup();
        let differs = |id: &&String| then.get(*id) != today.get(*id);
        let mut moved: Vec<String> = all
            .into_iter()
            .filter(differs)
            .map(|id| {
                let (then, today) = (word(then.get(id)), word(today.get(id)));
                format!("`{id}`: {then} in the plan, {today} now")
            })
            .collect();
        if self.basis != now.basis {
            moved.extend(differences(&self.basis, &now.basis));
        }
        moved
    }

    fn sum(&self) -> String {
        let blank = Planned { digest: String::new(), ..self.clone() };
        let text = serde_json::to_string(&blank).unwrap_or_default();
        let bytes = Sha256::digest(text.as_bytes());
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The names of the lines that differ: their first words. A text without such lines is about the whole.
fn differences(then: &str, now: &str) -> Vec<String> {
    let lines = |text: &str| -> Option<BTreeMap<String, String>> {
        let lines = text.lines().map(|line| line.split_once(' '));
        let owned = |(name, rest): (&str, &str)| (name.to_owned(), rest.to_owned());
        lines.map(|line| line.map(owned)).collect()
    };
    let (Some(then), Some(now)) = (lines(then), lines(now)) else {
        return vec!["what the engine has of it was changed".to_owned()];
    };
    let gone = then.keys().filter(|name| !now.contains_key(*name));
    let gone = gone.map(|name| format!("`{name}` is gone"));
    let other = now.iter().filter_map(|(name, line)| match then.get(name) {
        None => Some(format!("`{name}` is new")),
        Some(before) if before != line => Some(format!("`{name}` is another one or was changed")),
        Some(_) => None,
    });
    gone.chain(other).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn outlook(action: Action, basis: &str) -> Outlook {
        let change = Change { container: "web".into(), action, why: "its image".into() };
        Outlook { changes: vec![change], basis: basis.into() }
    }

    fn planned() -> Planned {
        let file = Artifact {
            path: "jobs/web.hcl".into(),
            text: "a = 1\n".into(),
            record: Default::default(),
        };
        let appliance = json!({"id": "app", "containers": [{"id": "web", "cpus": 1.5}]});
        let outlook = outlook(Action::Replaced, "app-web-1 a\napp-db-1 b\n");
        Planned::new("nomad", "app", "app.json", &appliance, &[file], &outlook)
    }

    #[test]
    fn a_plan_is_read_as_it_was_written() {
        let text = planned().text();
        assert!(Planned::is_one(&text) && !Planned::is_one(r#"{"id": "applc_plan"}"#));
        let read = Planned::read(&text).unwrap();
        assert_eq!(read, planned());
        assert_eq!(read.files()[0].text, "a = 1\n");
        // Another layout is the same plan.
        let value: Value = serde_json::from_str(&text).unwrap();
        assert!(Planned::read(&value.to_string()).is_ok());
    }

    #[test]
    fn a_plan_that_was_changed_or_is_of_another_version_is_refused() {
        let text = planned().text();
        let read = |old: &str, new: &str| {
            assert!(text.contains(old), "{old}");
            Planned::read(&text.replacen(old, new, 1)).unwrap_err()
        };
        let changed = "was changed after it had been made";
        assert_eq!(read("a = 1", "a = 2"), changed);
        assert_eq!(read("\"replaced\"", "\"kept\""), changed);
        assert_eq!(read("1.5", "2.5"), changed);
        let own = env!("CARGO_PKG_VERSION");
        let other = read(&format!("\"applc\": \"{own}\""), "\"applc\": \"0.0.1\"");
        assert_eq!(other, format!("was made by applc 0.0.1, and this is {own}"));
        assert!(read("\"applc_plan\": 1", "\"applc_plan\": 2").contains("was made by applc"));
        assert!(read("\"id\"", "id").starts_with("is damaged: "));
        let mut other = planned();
        other.files[0].path = "../web.hcl".into();
        other.digest = other.sum();
        let error = Planned::read(&other.text()).unwrap_err();
        assert_eq!(error, "has a file outside of its folder: `../web.hcl`");
    }

    #[test]
    fn what_has_moved_is_named() {
        let moved = |action, basis: &str| planned().moved(&outlook(action, basis));
        let same = "app-web-1 a\napp-db-1 b\n";
        assert_eq!(moved(Action::Replaced, same), [""; 0]);
        assert_eq!(moved(Action::Kept, same), ["`web`: replaced in the plan, kept now"]);
        assert_eq!(
            moved(Action::Replaced, "app-web-1 c\napp-web-2 d\n"),
            [
                "`app-db-1` is gone",
                "`app-web-1` is another one or was changed",
                "`app-web-2` is new"
            ]
        );
        assert_eq!(moved(Action::Replaced, "17"), ["what the engine has of it was changed"]);
        let gone = planned().moved(&Outlook { changes: Vec::new(), basis: same.into() });
        assert_eq!(gone, ["`web`: replaced in the plan, not part of it now"]);
    }

    #[test]
    fn the_appliance_is_at_its_lines_of_the_plan() {
        let text = planned().text();
        let source = Planned::source("plan.json", &text);
        let line = |text: &str| text.lines().position(|line| line.contains("\"cpus\": 1.5"));
        assert_eq!(line(source.text()), line(&text));
        assert!(!source.text().contains("digest"));
        assert_eq!(serde_json::from_str::<Value>(source.text()).unwrap(), planned().appliance);
    }
}
