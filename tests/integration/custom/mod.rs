//! Custom targets: what a folder can do, and what it cannot.

mod faulty;
mod folder;
mod plan;
mod strings;
mod useful;
