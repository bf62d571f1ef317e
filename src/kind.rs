//! What a file is for applc: by its name, and by what its project says of it and of the files beside it.

use std::collections::BTreeMap;

use crate::project::{FILE_NAME, LOCK_NAME, Names, Project, RECORD_NAME};
use crate::scope::appliance_name;
use crate::targets::custom;

/// What a file is by its name, whatever it has in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reserved {
    /// The settings of a project.
    Project,
    /// The lock file of a project.
    Lock,
    /// The record of the files that applc has made.
    Record,
    /// The settings of a custom target.
    Target,
}

impl Reserved {
    /// What a file of this name is, without folders. `None` if the name says nothing.
    pub fn of_name(name: &str) -> Option<Reserved> {
        match name {
            FILE_NAME => Some(Reserved::Project),
            LOCK_NAME => Some(Reserved::Lock),
            RECORD_NAME => Some(Reserved::Record),
            custom::FILE_NAME => Some(Reserved::Target),
            _ => None,
        }
    }
}

/// An appliance that has an overlay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// The path of the appliance.
    pub file: String,
    /// The environment in which it has it; `None` in a project without any, and for a file that its project does not
    /// list.
    pub environment: Option<String>,
}

/// The overlays that a project has for appliances, whether they exist or not, by their paths. The appliances of each are in
/// the order in which they are given.
pub fn overlays<'f>(
    project: &Project,
    appliances: impl IntoIterator<Item = &'f str>,
) -> BTreeMap<String, Vec<Base>> {
    let environments = project.environments().into_iter().map(Some);
    let listed: Vec<_> = environments.map(|name| (name, project.settings(name))).collect();
    let none = [(None, project.settings(None))];
    let mut overlays: BTreeMap<String, Vec<Base>> = BTreeMap::new();
    for file in appliances {
        let all = match !listed.is_empty() && project.has_appliance(file) {
            true => &listed[..],
            false => &none,
        };
        for (environment, settings) in all {
            let name = Some(appliance_name(file));
            let names = Names { environment: *environment, name, ..Names::default() };
            for overlay in settings.overlays_of(file, &names, |_| true) {
                if overlay.value == file || project.has_appliance(&overlay.value) {
                    continue;
                }
                let environment = environment.map(str::to_owned);
                let base = Base { file: file.to_owned(), environment };
                overlays.entry(overlay.value).or_default().push(base);
            }
        }
    }
    overlays
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Memory;
    use crate::project::find;

    #[test]
    fn overlays_are_those_of_each_environment() {
        let text = r#"
            appliances = ["*.json"]
            [environments.dev]
            overlay = ["all.yaml", "{environment}/{name}.yaml"]
            [environments.prod]
            overlay = ["all.yaml", "b.json"]
        "#;
        let world = Memory::new().with("p/applc.toml", text);
        let project = find(&world, ["p"], &[], None).unwrap().unwrap();
        let found = overlays(&project, ["p/a.json", "p/b.json", "p/other.yaml"]);
        let found: Vec<_> = found
            .iter()
            .map(|(overlay, bases)| {
                let bases = bases.iter();
                let bases = bases.map(|base| (base.file.as_str(), base.environment.as_deref()));
                (overlay.as_str(), bases.collect::<Vec<_>>())
            })
            .collect();
        let (dev, prod) = (Some("dev"), Some("prod"));
        let all = [("p/a.json", dev), ("p/a.json", prod), ("p/b.json", dev), ("p/b.json", prod)];
        assert_eq!(
            found,
            [
                ("p/all.yaml", all.to_vec()),
                ("p/dev/a.yaml", vec![("p/a.json", dev)]),
                ("p/dev/b.yaml", vec![("p/b.json", dev)]),
            ]
        );
        assert_eq!(Reserved::of_name("applc.lock"), Some(Reserved::Lock));
        assert_eq!(Reserved::of_name("a.appliance.json"), None);
    }
}
