//! The names that an appliance and its project have: ids, ports, volumes, images.

use std::collections::BTreeSet;

use applc::syntax::{Kind, Node};

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
    /// The ids of the persistent volumes.
    pub volumes: BTreeSet<String>,
    /// The images of all appliances that are open or known, and those that their projects choose.
    pub images: BTreeSet<String>,
}

impl Names {
    /// The names for a document.
    pub fn of(server: &mut Server, path: &str) -> Names {
        let paths: Vec<String> =
            server.appliances_of(path).into_iter().map(|(path, _)| path.to_owned()).collect();
        let mut names = Names::default();
        for (file, appliance) in server.analysed() {
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

    fn add_images(&mut self, unit: &Unit) {
        let images = unit.analysis.tree.iter().flat_map(facts::images);
        self.images.extend(images.map(str::to_owned));
    }
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
