//! Custom targets.

mod faulty;
pub mod folder;
mod plan;
mod strings;
mod useful;
