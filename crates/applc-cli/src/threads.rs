//! The threads that share the work on a project.

use std::env;
use std::error::Error;
use std::num::NonZero;
use std::sync::OnceLock;
use std::thread::{self, Builder};

use rayon::ThreadPoolBuilder;

use crate::Status;
use crate::terminal::fail;

/// Size of the stack of a thread that does the work, in bytes: what systems usually give the main thread.
pub const STACK: usize = 8 << 20;

/// The same for a thread that only moves bytes, or waits: what Rust gives threads without `RUST_MIN_STACK`.
const SMALL_STACK: usize = 2 << 20;

/// Greatest number of threads on a machine with fewer processors. More would only take memory.
const MOST: usize = 64;

/// A thread that only moves bytes, or waits. Its stack does not depend on the environment.
pub fn helper() -> Builder {
    Builder::new().stack_size(SMALL_STACK)
}

/// Starts the threads, unless they run. Without this, the first work that is shared would start them, and end the program
/// in a panic if it cannot.
///
/// # Errors
/// The exit status if the system refuses a thread, which was reported.
pub fn start() -> Result<(), Status> {
    static REFUSED: OnceLock<Option<String>> = OnceLock::new();
    let refused = REFUSED.get_or_init(|| {
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        let wanted = env::var("RAYON_NUM_THREADS").ok();
        let number = number_of(wanted.as_deref(), processors);
        let started = ThreadPoolBuilder::new().stack_size(STACK).num_threads(number).build_global();
        // Without a cause, they run already.
        started.err()?.source().map(ToString::to_string)
    });
    match refused {
        None => Ok(()),
        Some(cause) => Err(fail(&format!("cannot start a thread: {cause}"), Status::Io)),
    }
}

/// The number of threads, of which the user may want another one than the number of processors.
fn number_of(wanted: Option<&str>, processors: usize) -> usize {
    let wanted = wanted.and_then(|number| number.parse().ok()).filter(|number| *number > 0);
    wanted.unwrap_or(processors).min(processors.max(MOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_threads_is_that_of_processors_or_another_one_that_is_not_too_large() {
        for (wanted, processors, number) in [
            (None, 2, 2),
            (Some("1"), 2, 1),
            (Some("8"), 2, 8),
            (Some("100000"), 2, MOST),
            (Some("100000"), 128, 128),
            (Some("0"), 2, 2),
            (Some("x"), 2, 2),
        ] {
            assert_eq!(number_of(wanted, processors), number, "{wanted:?}");
        }
    }
}
