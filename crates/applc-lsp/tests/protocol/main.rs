//! The server as a client sees it: messages in, messages out.

mod client;
mod completion;
mod edits;
mod findings;
mod formatting;
mod hover;
mod navigation;
mod preview;
mod projects;
mod start;
mod structure;
mod sync;
mod targets;
