//! Targets from outside: what a folder can do, and what it cannot.

#[path = "../common/mod.rs"]
mod common;
mod faulty;
mod folder;
mod plan;
mod strings;
mod useful;
