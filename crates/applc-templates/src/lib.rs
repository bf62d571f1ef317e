//! Runs the templates of custom targets in processes of their own, with limits, as templates come from others.
//!
//! ```text
//! Pool --requests--> process (limits, stack, templates) --frames--> Pool --answer, or the limit--> core
//! ```
//!
//! [`Pool`] is what a program gives the core as its [`Renderer`](applc::targets::custom::Renderer). It starts the
//! program that it is part of once more, with the arguments of `Limits::arguments`; the program then calls
//! [`run_if_asked`] before anything else. A process renders one appliance after the other. It ends when a template
//! passes a limit, and another one takes its place.
//!
//! Time of the processor, memory and the size of the stack are limited by the process itself, with what the system has
//! for that: on Unix. Real time and the size of the answer are limited by the pool, everywhere. The process gets
//! neither the environment nor files: what it needs is in the request.

mod child;
mod frame;
mod limits;
mod pool;
mod worker;

pub use child::run_if_asked;
pub use limits::Limits;
pub use pool::Pool;
