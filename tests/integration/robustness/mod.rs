//! Robustness: the same result for every syntax, a diagnostic for every error, bounded time and
//! memory.

mod hostile;
mod json;
mod limits;
mod mutation;
mod terminal;
mod yaml;
mod yaml_writer;

use applc::targets::{Options, Target};
use applc::{Compilation, Memory, Selected};

/// Compiles a text with a file name for one target with its default options.
fn compile(name: &str, text: &str, target: &'static dyn Target) -> Compilation {
    let selected = Selected { target: target.into(), options: Options::of(target) };
    applc::compile(&Memory::new().with(name, text), name, &[selected]).unwrap()
}

/// Checks a text with a file name, without a target.
fn check(name: &str, text: &str) -> Compilation {
    applc::compile(&Memory::new().with(name, text), name, &[]).unwrap()
}
