//! The threads that share the work on a project.

use std::error::Error;
use std::sync::OnceLock;

use rayon::ThreadPoolBuilder;

use crate::Status;
use crate::terminal::fail;

/// Starts the threads, unless they run. Without this, the first work that is shared would start them, and end the program
/// in a panic if it cannot.
///
/// # Errors
/// The exit status if the system refuses a thread, which was reported.
pub fn start() -> Result<(), Status> {
    static REFUSED: OnceLock<Option<String>> = OnceLock::new();
    let refused = REFUSED.get_or_init(|| {
        let started = ThreadPoolBuilder::new().build_global();
        // Without a cause, they run already.
        started.err()?.source().map(ToString::to_string)
    });
    match refused {
        None => Ok(()),
        Some(cause) => Err(fail(&format!("cannot start a thread: {cause}"), Status::Io)),
    }
}
