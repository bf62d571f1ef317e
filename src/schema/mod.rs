//! Checks the structure of an appliance: its fields, their types and their ranges.
//!
//! The structure is defined once, in the published JSON Schema, which a library validates. This
//! module maps the violations to the source and words them.

mod advice;
mod habits;
mod ids;
mod place;
mod rules;
mod tree_adapter;
mod value_violations;
mod violations;
mod words;

#[cfg(test)]
mod tests;

pub(crate) use habits::meant;

use std::sync::LazyLock;

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value;

use crate::diag::{Findings, MAX_FINDINGS};
use crate::syntax::Node;
pub use ids::is_id_char;
use tree_adapter::Tree;

/// The published JSON Schema (draft-07) of an appliance.
pub const TEXT: &str = include_str!("../../schema/appliance.schema.json");

/// The schema as a document, for its descriptions, and as a validator.
struct Schema {
    document: Value,
    validator: Validator<Tree>,
}

static SCHEMA: LazyLock<Schema> = LazyLock::new(build);

fn build() -> Schema {
    let document: Value = serde_json::from_str(TEXT).expect("the schema is JSON");
    let validator = jsonschema::options_for::<Tree>()
        .with_draft(Draft::Draft7)
        .with_pattern_options(PatternOptions::regex())
        .build(&document)
        .expect("the schema is valid");
    Schema { document, validator }
}

/// Validates a tree against the schema. Reports violations as errors, and fields without effect as
/// warnings and hints. Broken nodes, which have been reported, are skipped.
pub fn check(tree: &Node, findings: &mut Findings) {
    let schema = &*SCHEMA;
    // Deciding whether a tree is valid is much cheaper than collecting violations.
    if !schema.validator.is_valid(tree) {
        // One error may violate several rules.
        let found = schema.validator.iter_errors(tree).take(8 * MAX_FINDINGS).collect();
        violations::report(&schema.document, tree, found, findings);
    }
    advice::report(&schema.document, tree, findings);
}
