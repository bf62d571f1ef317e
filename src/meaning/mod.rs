//! What differs in meaning between two versions of an appliance.
//!
//! Each plan is taken apart into facts: one for each field of the language, with its default if
//! it is not written. Facts with the same place in the appliance are compared, so that another order, another
//! spelling, or a default that is written out is no change.

mod change;
mod changes;
mod containers;
pub mod effects;
mod fact;
#[cfg(test)]
mod tests;
mod text;
mod volumes;
mod words;

pub use change::{Change, Kind, Subject, Value};
pub use changes::changes;
pub use text::hidden_values;
pub use words::{Style, code_span, html_code};

/// The JSON Schema of the output of `applc compile --diff --base REV --format json`.
pub const SCHEMA: &str = include_str!("../../schema/changes.schema.json");
