//! Whatever is written: the same meaning in every syntax, a diagnostic for every fault,
//! bounded time and memory.

#[path = "../common/mod.rs"]
mod common;
mod emit;
mod hostile;
mod json;
mod mutation;
mod yaml;

use applc::target::{Options, Target};
use applc::{Compilation, Selected, World};

/// One file in memory.
struct Memory<'a>(&'a [u8]);

impl World for Memory<'_> {
    fn read(&self, _: &str) -> std::io::Result<Vec<u8>> {
        Ok(self.0.to_vec())
    }
}

/// Compiles a text under a file name, for one target with its default options.
fn compile(name: &str, text: &str, target: &'static dyn Target) -> Compilation {
    let selected = Selected { target: target.into(), options: Options::of(target) };
    applc::compile(&Memory(text.as_bytes()), name, &[selected]).unwrap()
}

/// Checks a text under a file name, without a target.
fn check(name: &str, text: &str) -> Compilation {
    applc::compile(&Memory(text.as_bytes()), name, &[]).unwrap()
}
