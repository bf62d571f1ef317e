//! Properties that hold for every input, tested with random ones.

mod overlays;
mod quoting;
