//! Marathon apps and groups (<https://mesosphere.github.io/marathon/api-console/index.html>), and Chronos
//! jobs: one of them, a list, or a group.

mod app;
mod chronos;
mod lost;
mod ports;
#[cfg(test)]
mod tests;
mod volumes;
mod zoned;

use std::collections::BTreeSet;

use super::Options;
use super::budget::Budget;
use super::draft::Object as Draft;
use super::names::{Names, id_of};
use super::told::Told;
use super::volumes::Volumes;
use crate::diag::{Diagnostic, Findings, codes};
use crate::elsewhere::scalars::{list, present, text};
use crate::source::Source;
use crate::syntax::{self, Node, Object};

/// An app or a job that is imported.
struct Item<'t> {
    /// Its path, such as `/shop/web`, or the name of a job.
    path: String,
    /// The id of the container.
    id: String,
    object: &'t Object,
    is_job: bool,
}

/// What the parts of an import share.
struct Import<'a> {
    names: Names,
    volumes: Volumes,
    told: Told<'a>,
    budget: Budget,
    /// The ids of jobs that run more than once: those with a schedule that repeats, and what follows them.
    repeating: BTreeSet<String>,
}

/// Imports a document. `None` if there is nothing to import.
pub fn import(source: &Source, options: &Options<'_>, findings: &mut Findings) -> Option<Draft> {
    let tree = syntax::parse(source, findings)?;
    if findings.has_errors() {
        return None;
    }
    let mut import = Import {
        names: Names::default(),
        volumes: Volumes::default(),
        told: Told(findings),
        budget: Budget::new(),
        repeating: BTreeSet::new(),
    };
    let mut items = Vec::new();
    for node in list(&tree) {
        import.collect(node, "", &mut items);
    }
    if items.is_empty() {
        if !import.told.0.has_errors() {
            let finding = Diagnostic::new(
                &codes::NOT_IMPORTED,
                tree.span,
                "neither an app, nor a group, nor a job",
            );
            import.told.push(finding.help("an app has `id` and `container`, a group `groups` or `apps`, a job `name` and `schedule` or `parents`"));
        }
        return None;
    }
    let root = root(&items);
    for item in &mut items {
        let own = item.path.strip_prefix(&root).unwrap_or(&item.path);
        let own = if own.trim_matches('/').is_empty() { &item.path } else { own };
        item.id = import.names.add(own.trim_matches('/'));
    }
    for item in &items {
        import.alias(item);
    }
    import.repeating = import.repeating(&items);
    let containers: Vec<Draft> = items.iter().map(|item| import.container(item)).collect();
    let name = match items.as_slice() {
        [one] => one.path.as_str(),
        _ => root.as_str(),
    };
    let name = name.trim_matches('/');
    let mut appliance = Draft::new();
    appliance.put("id", if name.is_empty() { options.id.clone() } else { id_of(name) });
    appliance.put("containers", containers);
    let volumes = import.volumes.draft();
    if !volumes.is_empty() {
        appliance.put("data_persistence", Draft::new().with("volumes", volumes));
    }
    Some(appliance)
}

/// The group that all items are in, such as `/shop`; empty if there is none.
fn root(items: &[Item<'_>]) -> String {
    let mut common: Option<Vec<&str>> = None;
    for item in items {
        let mut parts: Vec<&str> = item.path.split('/').collect();
        parts.pop();
        common = Some(match common {
            None => parts,
            Some(known) => {
                known.into_iter().zip(parts).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
            }
        });
    }
    common.unwrap_or_default().join("/")
}

impl Import<'_> {
    /// Collects the apps and jobs of a document.
    fn collect<'t>(&mut self, node: &'t Node, group: &str, items: &mut Vec<Item<'t>>) {
        let Some(object) = node.as_object() else {
            let message = format!("expected an object, found {}", node.kind_name());
            self.told.push(Diagnostic::new(&codes::NOT_IMPORTED, node.span, message));
            return;
        };
        let id = present(object, "id").and_then(text);
        let (apps, groups) = (present(object, "apps"), present(object, "groups"));
        if apps.is_some() || groups.is_some() {
            if !self.repeats(group, node) {
                return;
            }
            let path = path(group, &id.unwrap_or_default());
            lost::report(object, lost::GROUP, self.told.0);
            for part in [apps, groups].into_iter().flatten().flat_map(list) {
                self.collect(part, &path, items);
            }
            return;
        }
        if let Some(pods) = present(object, "containers") {
            let message = "a pod cannot be imported";
            let finding = Diagnostic::new(&codes::NOT_IMPORTED, pods.span, message);
            self.told.push(finding.help("write an app for each of its containers"));
            return;
        }
        let name = present(object, "name").and_then(text);
        let is_job = id.is_none() && name.is_some();
        let Some(name) = id.or(name).filter(|name| !name.trim_matches('/').is_empty()) else {
            let message = "this object has no id";
            self.told.push(Diagnostic::new(&codes::NOT_IMPORTED, node.span, message));
            return;
        };
        // A job is in no group.
        if !is_job && !self.repeats(group, node) {
            return;
        }
        let path = if is_job { name } else { path(group, &name) };
        items.push(Item { path, id: String::new(), object, is_job });
    }

    /// Whether the id of a group may be repeated in what is in it: a long one in many apps would make much of little.
    fn repeats(&mut self, group: &str, node: &Node) -> bool {
        let may = self.budget.groups.take(group.len());
        if !may {
            self.budget.groups.tell(node.span, &mut self.told);
        }
        may
    }

    /// Lets the names of an app in DNS mean its container.
    fn alias(&mut self, item: &Item<'_>) {
        let parts: Vec<&str> = item.path.split('/').filter(|part| !part.is_empty()).collect();
        let reversed: Vec<&str> = parts.iter().rev().copied().collect();
        let joined = parts.concat();
        for name in [
            format!("{}.marathon.mesos", reversed.join("-")),
            format!("{}.marathon.mesos", reversed.join(".")),
            format!("{}.marathon.autoip.dcos.thisdcos.directory", reversed.join("-")),
            format!("{}.marathon.containerip.dcos.thisdcos.directory", reversed.join("-")),
            format!("{joined}.marathon.l4lb.thisdcos.directory"),
        ] {
            self.names.alias(&name, &item.id);
        }
        for label in ports::addresses(item.object) {
            let name = label.split(':').next().unwrap_or_default();
            let name = name.trim_start_matches('/').replace('/', "");
            self.names.alias(&format!("{name}.marathon.l4lb.thisdcos.directory"), &item.id);
        }
    }
}

/// The path of an app or group in a group.
fn path(group: &str, id: &str) -> String {
    match (id.trim_end_matches('/'), id) {
        ("", "") => group.to_owned(),
        (absolute, id) if id.starts_with('/') => absolute.to_owned(),
        (relative, _) => format!("{group}/{relative}"),
    }
}
