//! The published plan: the output of `applc plan`, and the model for the templates of custom
//! targets. `schema/plan.schema.json` describes it.
//!
//! New fields may be added. Any other change requires a new [`VERSION`].

mod convert;
mod form;
mod shape;

pub use convert::publish;
use form::Neutral;
pub use form::{Form, Piece};
pub use shape::*;

use super::Plan;

/// The version of the model.
pub const VERSION: u32 = 1;

/// The JSON Schema of the plan that [`neutral`] returns.
pub const SCHEMA: &str = include_str!("../../../schema/plan.schema.json");

/// Returns the plan without a target: a string is the list of its pieces, a name is the id.
pub fn neutral(plan: &Plan) -> Published<String, Vec<Piece>> {
    publish(plan, &Neutral(plan))
}
