//! Volumes of containers that are written in other languages.

use super::words;

/// A volume as other languages have it.
pub struct Volume<'t> {
    /// The name of a persistent volume, or a path on the host.
    pub source: &'t str,
    /// The path in the container.
    pub destination: &'t str,
    /// Whether the source is the name of a persistent volume.
    pub is_persistent: bool,
    /// Whether the container cannot write to it.
    pub is_read_only: bool,
}

impl<'t> Volume<'t> {
    /// The name of a persistent volume.
    pub fn name(&self) -> Option<&'t str> {
        self.is_persistent.then_some(self.source)
    }

    /// As this language writes it.
    pub fn text(&self) -> String {
        let kind = if self.is_persistent { "" } else { "\"type\": \"host\", " };
        let mode = if self.is_read_only { ", \"mode\": \"RO\"" } else { "" };
        let (source, destination) = (words::quoted(self.source), words::quoted(self.destination));
        format!("{{ {kind}\"src\": {source}, \"dest\": {destination}{mode} }}")
    }
}
