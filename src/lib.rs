//! applc compiles one appliance file to what container orchestrators run.
//!
//! ```text
//! text --syntax--> tree --overlay--> tree --schema--> checked tree --model--> appliance
//!      --resolve--> plan --lint--> plan --targets--> target model --render--> artifacts
//! ```
//!
//! Each phase takes what the one before could save, and adds its findings to one list of
//! [`diag::Diagnostic`]s. The library is pure: it reads files through a [`World`] and returns
//! text; it never prints, exits, writes, or starts anything. Programs do that.
//!
//! A module uses only those above it in the list below; a test holds that.

// Text of others, as terminals and logs may show it.
pub mod path;
pub mod printable;

// Bytes to text: places, lines, columns.
pub mod source;

// What looks like a secret, which no output shows.
pub mod secrets;

// Where files come from.
mod world;

// Findings: the table of codes, levels, and each output format.
pub mod diag;

// Text to a tree with places: JSON and YAML.
pub mod syntax;

// What other languages have: their files, fields and values.
mod elsewhere;

// The tree against the published JSON Schema.
pub mod schema;

// References to images.
mod image;

// The tree with what overlays change in it.
pub mod overlay;

// The tree to typed values: the language, with its defaults.
mod model;

// What targets read: all references resolved.
pub mod plan;

// Typed values to the plan: references, start order, ports, volumes.
mod resolve;

// The plan to a picture.
pub mod graph;

// Advice about a plan that has no error.
mod lint;

// A value and a template to text: quoting by format.
pub mod render;

// The plan to each target's own files.
pub mod targets;

// From a line of output to its source, and back.
pub mod trace;

// Findings of other tools in generated files.
pub mod linters;

// What differs in meaning between two versions of an appliance.
pub mod meaning;

// `applc.toml`.
pub mod project;

// What the documents and `applc explain` say of the language.
pub mod reference;

// What editors that know nothing of applc read: JSON Schemas.
pub mod editors;

// What is known about one file, also while it has errors.
pub mod analysis;

// All of the above for one file.
mod compile;

// What a project says of one appliance.
pub mod scope;

// What a file is, by its name and its project.
pub mod kind;

// What only shows when the appliances of a project are compared.
pub mod whole;

// Files in other formats to appliance files.
pub mod import;

// Safe edits of findings, applied to the text.
pub mod fix;

// The appliances that custom targets are checked with.
pub mod samples;

pub use compile::{
    Checked, Compilation, Error, Output, Selected, check_for, compile, compile_analysis,
    compile_changed,
};
pub use world::{Memory, Overlay, ReadError, World, is_absent};
