//! applc
pub mod diag;
pub mod render;
pub mod source;
pub mod syntax;
