//! The facts of persistent volumes, and of the places of volumes and containers.

use super::fact::Facts;
use crate::plan::{Placement, PlacementLevel, Volume, VolumeScope};
use crate::source::Spanned;

/// The fields of a place.
pub struct PlaceFields {
    pub cloud: &'static str,
    pub region: &'static str,
    pub zone: &'static str,
    pub host: &'static str,
    pub preemptible: &'static str,
}

const FIELDS: PlaceFields = PlaceFields {
    cloud: "data_persistence.volumes[].schedule_hints.placement.cloud",
    region: "data_persistence.volumes[].schedule_hints.placement.region",
    zone: "data_persistence.volumes[].schedule_hints.placement.zone",
    host: "data_persistence.volumes[].schedule_hints.placement.host",
    preemptible: "data_persistence.volumes[].schedule_hints.preemptible",
};

/// Adds the facts of a volume. The first one says what it is.
pub fn add(volume: &Volume, facts: &mut Facts) {
    // Who mounts it is a fact of the containers.
    let Volume { id: _, scope, volume_type: _, size, placement, preemptible, mounted_by: _ } =
        volume;
    let name = match scope.value {
        VolumeScope::Local => "local",
        VolumeScope::Global => "global",
    };
    facts.add("data_persistence.volumes[].scope", name.to_owned(), scope.span);
    let span = volume.volume_type.as_ref().map_or(volume.id.span, |written| written.span);
    facts.add("data_persistence.volume_type", volume.storage().to_owned(), span);
    if let Some(size) = size {
        facts.add("data_persistence.volumes[].size", format!("{} MB", size.value), size.span);
    }
    add_place(placement.as_ref(), preemptible.as_ref(), &FIELDS, facts);
}

/// Adds the facts of a place.
pub fn add_place(
    placement: Option<&Placement>,
    preemptible: Option<&Spanned<bool>>,
    fields: &PlaceFields,
    facts: &mut Facts,
) {
    if let Some(Placement { level, name }) = placement {
        let field = match level {
            PlacementLevel::Cloud => fields.cloud,
            PlacementLevel::Region => fields.region,
            PlacementLevel::Zone => fields.zone,
            PlacementLevel::Host => fields.host,
        };
        facts.add(field, name.value.to_string(), name.span);
    }
    facts.maybe(fields.preemptible, preemptible);
}
