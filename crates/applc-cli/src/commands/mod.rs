//! The commands, one module each.

pub mod check;
pub mod compile;
pub mod compile_project;
pub mod compile_since;
pub mod completions;
pub mod config;
pub mod explain;
pub mod fix;
pub mod graph;
pub mod import;
pub mod init;
pub mod lock;
pub mod lsp;
pub mod man;
pub mod plan;
pub mod run;
pub mod set_image;
pub mod target_check;
pub mod target_new;
pub mod targets;
pub mod trace;
