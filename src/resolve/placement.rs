//! Schedule hints to a placement.

use crate::model::Hints;
use crate::plan::{Placement, PlacementLevel};
use crate::source::Spanned;

/// The most specific placement, and whether preemptible nodes may be used.
pub fn resolve(hints: &Hints) -> (Option<Placement>, Option<Spanned<bool>>) {
    let Hints { cloud, region, zone, host, preemptible } = hints;
    let levels = [
        (PlacementLevel::Host, host),
        (PlacementLevel::Zone, zone),
        (PlacementLevel::Region, region),
        (PlacementLevel::Cloud, cloud),
    ];
    let placement =
        levels.into_iter().find_map(|(level, name)| Some(Placement { level, name: name.clone()? }));
    (placement, *preemptible)
}
