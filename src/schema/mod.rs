//! Checks the structure of an appliance: its fields, their types and their ranges.
//!
//! The structure is defined once, in the published JSON Schema, which a library validates. This
//! module maps the violations to the source and words them.

mod advice;
mod disabled;
mod habits;
mod ids;
mod keywords;
mod lists;
mod lone;
mod place;
mod quick;
mod rules;
mod spaces;
mod tree_adapter;
mod twins;
mod value_violations;
mod violations;
mod volumes;
mod words;

#[cfg(test)]
mod tests;

pub(crate) use habits::meant;

use std::sync::LazyLock;

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value;

use crate::diag::{Findings, MAX_FINDINGS};
use crate::source::Source;
use crate::syntax::Node;
pub use ids::is_id_char;
use quick::Verdict;
use tree_adapter::Tree;

/// The published JSON Schema (draft-07) of an appliance.
pub const TEXT: &str = include_str!("../../schema/appliance.schema.json");

/// The schema as a document, for its texts.
static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(TEXT).expect("the schema is JSON"));

/// The schema as a validator, which takes longer to build than most appliances to compile.
static VALIDATOR: LazyLock<Validator<Tree>> = LazyLock::new(|| {
    jsonschema::options_for::<Tree>()
        .with_draft(Draft::Draft7)
        .with_pattern_options(PatternOptions::regex())
        .build(&DOCUMENT)
        .expect("the schema is valid")
});

/// The schema as a document, for phases that follow its structure.
pub(crate) fn document() -> &'static Value {
    &DOCUMENT
}

/// Validates the tree of a source against the schema. Reports violations as errors, and fields without effect as
/// warnings and hints. Broken nodes, which have been reported, are skipped.
pub fn check(source: &Source, tree: &Node, findings: &mut Findings) {
    let verdict = quick::check(tree);
    if verdict == Verdict::Sound {
        return;
    }
    if let Some(lone) = lone::report(source, tree) {
        findings.push(lone);
        return;
    }
    // Deciding whether a tree is valid is much cheaper than collecting violations.
    if verdict == Verdict::Unsure && !VALIDATOR.is_valid(tree) {
        // One error may violate several rules.
        let found = VALIDATOR.iter_errors(tree).take(8 * MAX_FINDINGS).collect();
        violations::report(&DOCUMENT, source, tree, found, findings);
    }
    advice::report(&DOCUMENT, tree, findings);
}
