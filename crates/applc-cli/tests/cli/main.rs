//! The program as its users run it.

mod findings;
mod guide;
mod readme;
mod streams;
mod targets;
