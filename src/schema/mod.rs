//! The structure of the language: which fields there are, of which type, in which range.
//!
//! It is stated once, in the published JSON Schema, which a library runs. What the
//! library finds is carried back to the source and put into words here.

mod advice;
mod habits;
mod ids;
mod place;
mod rules;
mod value;
mod values;
mod violations;
mod words;

#[cfg(test)]
mod speed;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value;

use crate::diag::{Diagnostic, MAX_FINDINGS};
use crate::syntax::Node;
pub use ids::is_id_char;
use value::Tree;

/// The published JSON Schema (draft-07) of an appliance.
pub const TEXT: &str = include_str!("../../schema/appliance.schema.json");

/// The schema as a document, for its words, and ready to run.
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

/// Holds a tree against the schema and reports what does not fit: errors where the
/// structure is wrong, warnings and hints about fields that have no effect. What is broken
/// in the tree has been reported and is passed over.
pub fn check(tree: &Node, diagnostics: &mut Vec<Diagnostic>) {
    let schema = &*SCHEMA;
    // Telling that all is well is much cheaper than looking for what is not.
    if !schema.validator.is_valid(tree) {
        // One fault may break several rules.
        let found = schema.validator.iter_errors(tree).take(8 * MAX_FINDINGS).collect();
        violations::report(&schema.document, tree, found, diagnostics);
    }
    advice::report(&schema.document, tree, diagnostics);
}
