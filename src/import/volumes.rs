//! The persistent volumes of an appliance that is imported.

use super::draft::Object as Draft;
use super::names::id_of;

/// The persistent volumes of the appliance, in the order in which they are mounted.
#[derive(Default)]
pub struct Volumes {
    all: Vec<Volume>,
}

struct Volume {
    name: String,
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
        self.all.iter().any(|volume| volume.name == name)
    }

    /// The size of the volume with this id, in MB.
    pub fn size(&mut self, id: &str, size: u64) {
        if let Some(volume) = self.all.iter_mut().find(|volume| volume.id == id) {
            volume.size = Some(size);
        }
    }

    /// The id of the volume that the source knows by a name. A new one gets the wanted id, or one like it.
    pub fn add(&mut self, name: &str, wanted: &str, is_global: bool) -> String {
        if let Some(known) = self.all.iter().find(|volume| volume.name == name) {
            return known.id.clone();
        }
        let base = id_of(wanted);
        let is_free = |id: &str| self.all.iter().all(|volume| !volume.id.eq_ignore_ascii_case(id));
        let mut id = base.clone();
        let mut number = 2;
        while !is_free(&id) {
            id = format!("{base}-{number}");
            number += 1;
        }
        self.all.push(Volume { name: name.to_owned(), id: id.clone(), is_global, size: None });
        id
    }
}
