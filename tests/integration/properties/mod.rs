//! Properties that hold for any input, tried on random ones.

mod quoting;
