//! What becomes of a field on a target.

use super::Analysis;
use crate::plan::Use;
use crate::resolve;
use crate::targets::{Capability, Target};

impl Analysis {
    /// The fields that the value at an offset uses, or the value of the key at it, with their
    /// support on a target.
    pub fn support_at<'t>(
        &self,
        offset: u32,
        target: &'t dyn Target,
    ) -> Vec<(Use, Capability<'t>)> {
        let (Some(plan), Some(place)) = (&self.plan, self.at(offset)) else { return Vec::new() };
        let value = place.value.span;
        let rows = target.capabilities();
        resolve::uses(plan)
            .into_iter()
            .filter(|used| used.span == value)
            .filter_map(|used| {
                let row = rows.iter().find(|row| row.field == used.field)?;
                Some((used, *row))
            })
            .collect()
    }
}
