//! The persistent volumes of an appliance that is imported.

use std::collections::BTreeMap;

use super::draft::Object as Draft;
use super::names::{Free, id_of};

/// The persistent volumes of the appliance, in the order in which they are mounted.
#[derive(Default)]
pub struct Volumes {
    all: Vec<Volume>,
    /// The places of the volumes by the names that the source knows them by, and by their ids.
    names: BTreeMap<String, usize>,
    ids: BTreeMap<String, usize>,
    free: Free,
}

struct Volume {
    id: String,
    is_global: bool,
    size: Option<u64>,
}

impl Volumes {
    /// The volumes for the document.
    pub fn draft(&self) -> Vec<Draft> {
        let one = |volume: &Volume| {
            let mut draft = Draft::new().with("id", volume.id.as_str());
            if volume.is_global {
                draft.put("scope", "global");
            }
            if let Some(size) = volume.size {
                draft.put("size", size);
            }
            draft
        };
        self.all.iter().map(one).collect()
    }

    /// Whether there is one with this name already.
    pub fn has(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    /// The size of the volume with this id, in MB.
    pub fn size(&mut self, id: &str, size: u64) {
        if let Some(volume) = self.ids.get(id).and_then(|at| self.all.get_mut(*at)) {
            volume.size = Some(size);
        }
    }

    /// The id of the volume that the source knows by a name. A new one gets the wanted id, or one like it.
    pub fn add(&mut self, name: &str, wanted: &str, is_global: bool) -> String {
        if let Some(known) = self.names.get(name).and_then(|at| self.all.get(*at)) {
            return known.id.clone();
        }
        let id = self.free.take(&id_of(wanted));
        self.names.insert(name.to_owned(), self.all.len());
        self.ids.insert(id.clone(), self.all.len());
        self.all.push(Volume { id: id.clone(), is_global, size: None });
        id
    }
}
