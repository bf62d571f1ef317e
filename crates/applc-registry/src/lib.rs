//! Asks registries of container images for digests, by the distribution API of OCI
//! (`github.com/opencontainers/distribution-spec`) and with the credentials of Docker.
//!
//! It reads Docker's configuration and the network, but neither prints nor writes.

mod access;
mod client;
mod credentials;
mod failure;
mod image;
mod manifest;

pub use client::Client;
pub use credentials::Credentials;
pub use failure::Failure;
pub use image::Image;
