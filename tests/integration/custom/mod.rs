//! Custom targets.

mod faulty;
mod folder;
mod plan;
mod strings;
mod useful;
