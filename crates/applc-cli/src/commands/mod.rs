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

use std::path::Path;

use crate::Status;
use crate::disk;
use crate::terminal::fail;

/// Refuses to write to files that were read to make what is written.
///
/// # Errors
/// The exit status if there is one, which was reported.
fn refuse_inputs<'p>(paths: impl IntoIterator<Item = &'p Path>) -> Result<(), Status> {
    let Some(read) = disk::first_read(paths) else { return Ok(()) };
    let message = format!("`{}` was read to make the output; choose another place", read.display());
    Err(fail(&message, Status::Usage))
}
