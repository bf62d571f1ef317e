//! The names that an appliance and its project have: ids, ports, volumes, images.

use std::collections::{BTreeMap, BTreeSet};

use applc::diag::Findings;
use applc::syntax::{self, Kind, Node};
use applc::targets;

use crate::facts;
use crate::server::Server;
use crate::subject::Unit;

/// A container.
pub struct Container {
    /// Its id.
    pub id: String,
    /// Its ports.
    pub ports: Vec<String>,
    /// What it is: a service, or a job.
    pub kind: String,
}

/// The names that are known, also while there are errors.
#[derive(Default)]
pub struct Names {
    /// The containers.
    pub containers: Vec<Container>,
    /// The keys that overlays have for the entries of lists, and those of objects, by container and field.
    pub entries: BTreeMap<(String, &'static str), Vec<String>>,
    /// The ids of the persistent volumes.
    pub volumes: BTreeSet<String>,
    /// The images of all appliances that are open or known, and those that their projects choose.
    pub images: BTreeSet<String>,
    /// The environments of the project.
    pub environments: Vec<String>,
    /// The custom targets of the project.
    pub targets: Vec<String>,
}

impl Names {
    /// The names for a document. Those that only overlays need are there for one.
    pub fn of(server: &mut Server, path: &str, is_overlay: bool) -> Names {
        let paths: Vec<String> =
            server.appliances_of(path).into_iter().map(|(path, _)| path.to_owned()).collect();
        let mut names = Names::default();
        if let Some(project) = server.project_of(path) {
            names.environments = project.environments().into_iter().map(str::to_owned).collect();
            let is_built_in = |name: &str| targets::ALL.iter().any(|one| one.name() == name);
            let targets = project.targets.iter().map(|target| target.name());
            names.targets = targets.filter(|name| !is_built_in(name)).map(str::to_owned).collect();
        }
        for (file, appliance) in server.analysed() {
            if is_overlay && paths.contains(file) {
                names.add_entries(appliance.units.first());
            }
            for unit in &appliance.units {
                if paths.contains(file) {
                    names.add(unit);
                }
                names.add_images(unit);
            }
        }
        names.images.extend(server.images_of_projects().map(str::to_owned));
        names
    }

    fn add(&mut self, unit: &Unit) {
        let tree = unit.analysis.tree.as_ref();
        for container in tree.into_iter().flat_map(|tree| items(tree, "containers")) {
            let Some(id) = text(container, "id") else { continue };
            if id.is_empty() || self.containers.iter().any(|known| known.id == id) {
                continue;
            }
            let ports = items(container, "ports").filter_map(|port| {
                match &get(port, "container_port")?.kind {
                    Kind::Number(number) => Some(number.to_string()),
                    _ => None,
                }
            });
            self.containers.push(Container {
                id: id.to_owned(),
                ports: ports.collect(),
                kind: text(container, "type").unwrap_or_default().to_owned(),
            });
        }
        let volumes = tree.and_then(|tree| get(tree, "data_persistence"));
        let volumes = volumes.into_iter().flat_map(|volumes| items(volumes, "volumes"));
        self.volumes.extend(volumes.filter_map(|volume| text(volume, "id")).map(str::to_owned));
    }

    /// Adds what the appliance itself has: an overlay that is half typed may have removed it.
    fn add_entries(&mut self, unit: Option<&Unit>) {
        let Some(unit) = unit else { return };
        let tree = syntax::parse(&unit.analysis.source, &mut Findings::new());
        for container in tree.iter().flat_map(|tree| items(tree, "containers")) {
            let Some(id) = text(container, "id") else { continue };
            let entries = entries(container).into_iter();
            self.entries.extend(entries.map(|(field, keys)| ((id.to_owned(), field), keys)));
        }
    }

    fn add_images(&mut self, unit: &Unit) {
        let images = unit.analysis.tree.iter().flat_map(facts::images);
        self.images.extend(images.map(str::to_owned));
    }
}

/// The keys of what overlays can change in a container, by field.
fn entries(container: &Node) -> BTreeMap<&'static str, Vec<String>> {
    let mut entries = BTreeMap::new();
    for field in ["files", "secret_files", "volumes"] {
        let key = |item| text(item, "dest").or_else(|| text(item, "container_path"));
        let keys = items(container, field).filter_map(key).map(str::to_owned);
        entries.insert(field, keys.collect());
    }
    let port = |port: &Node| {
        let number = get(port, "container_port")?.as_i64()?;
        match text(port, "protocol") {
            None | Some("tcp") => Some(number.to_string()),
            Some(protocol) => Some(format!("{number}/{protocol}")),
        }
    };
    entries.insert("ports", items(container, "ports").filter_map(port).collect());
    for field in ["env", "labels"] {
        let object = get(container, field).and_then(Node::as_object);
        let members = object.into_iter().flat_map(|object| &object.members);
        entries.insert(field, members.map(|member| member.key.value.to_string()).collect());
    }
    entries
}

fn get<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    node.as_object()?.get(key)
}

fn text<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    get(node, key)?.as_str()
}

fn items<'n>(node: &'n Node, key: &str) -> impl Iterator<Item = &'n Node> {
    get(node, key).and_then(Node::as_array).unwrap_or_default().iter()
}
