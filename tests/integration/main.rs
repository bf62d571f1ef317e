//! The integration tests of the library: one binary, with a module for each subject.
//! `tests/README.md` lists the contents.

mod architecture;
mod common;
mod custom;
mod determinism;
mod diagnostics;
mod docs;
mod editors;
mod explanations;
mod fields;
mod graph;
mod import;
mod overlay_schema;
mod overlays;
mod properties;
mod reimport;
mod robustness;
mod snapshots;
mod targets;
mod trace;
