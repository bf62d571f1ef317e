//! Properties that hold for every input, tested with random ones.

pub mod overlays;
mod quoting;
