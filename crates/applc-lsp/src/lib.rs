//! The language server of applc.
//!
//! ```text
//! message --handle--> state, messages          (inbox empty) --step--> messages
//! ```
//!
//! [`Server`] is pure: it has no threads and no clock, and touches no files but through [`Files`], which its program
//! passes; the program also moves the messages. [`Server::handle`] answers from what is there;
//! [`Server::step`] does one piece of the waiting work, which is an appliance, or an appliance on one target. The
//! program calls it when no message waits, so that a newer edit drops the work of an older one.
//!
//! A feature is a file in `features`, and a line in its table. It asks [`Server`] for what is at a place, and that is
//! answered by [`applc::analysis::Analysis`].

mod at;
mod changes;
mod client;
mod compare;
mod diagnostics;
mod document;
mod facts;
mod features;
mod files;
mod inbox;
mod kinds;
mod lifecycle;
mod position;
mod previews;
mod projects;
mod server;
mod subject;
mod symbols;
mod uri;
mod wholes;

pub use files::{Entry, EntryKind, Files};
pub use inbox::Inbox;
pub use lsp_server::Message;
pub use server::{Server, logged};
