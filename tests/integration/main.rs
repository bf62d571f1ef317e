//! The library's integration tests: one program, a module for each part. `tests/README.md`
//! says what is where.

mod common;
mod custom;
mod determinism;
mod diagnostics;
mod docs;
mod explanations;
mod properties;
mod robustness;
mod snapshots;
