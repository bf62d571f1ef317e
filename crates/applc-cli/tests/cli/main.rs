//! End-to-end tests of the program.

mod bombs;
mod config;
mod example_project;
mod failures;
mod findings;
mod folders;
mod graph;
mod guide;
mod hostile;
mod import;
#[cfg(unix)]
mod in_the_way;
mod init;
mod kinds;
mod lock;
mod lsp;
mod masks;
#[cfg(unix)]
mod odd_files;
mod overlays;
mod project;
mod project_cache;
#[cfg(unix)]
mod project_guards;
#[cfg(unix)]
mod project_kill;
mod project_trace;
mod readme;
mod records;
mod run;
#[cfg(unix)]
mod run_custom;
mod schemas;
#[cfg(unix)]
mod secrets;
#[cfg(unix)]
mod serve;
mod set_image;
mod shells;
mod since;
#[cfg(unix)]
mod steps;
mod streams;
mod targets;
mod trace;
#[cfg(unix)]
mod trust;
#[cfg(unix)]
mod tutorial;
#[cfg(unix)]
mod writing;
