//! The server as a client sees it: messages in, messages out.

mod client;
mod findings;
mod navigation;
mod start;
mod sync;
