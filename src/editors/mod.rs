//! JSON Schemas for editors that know nothing of applc: of appliances, overlays, `applc.toml`, and
//! `target.toml`.
//!
//! Each is made of the schema that defines the format: the texts are the same, in the forms that editors show.

mod catalog;
mod form;
mod project;
mod snippets;
mod target;
mod texts;

#[cfg(test)]
mod tests;

use serde_json::Value;

pub use catalog::catalog;

use crate::project::{FILE_NAME, Globs};
use crate::targets::custom;
use crate::{overlay, schema};

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Appliances.
    Appliance,
    /// Overlays.
    Overlay,
    /// `applc.toml`.
    Project,
    /// `target.toml`.
    Target,
}

impl Format {
    /// All formats.
    pub const ALL: [Format; 4] =
        [Format::Appliance, Format::Overlay, Format::Project, Format::Target];

    /// The name of the file with its schema.
    pub fn file_name(self) -> &'static str {
        match self {
            Format::Appliance => "applc-appliance.json",
            Format::Overlay => "applc-overlay.json",
            Format::Project => "applc-project.json",
            Format::Target => "applc-target.json",
        }
    }

    /// The `$id` of its schema: the address that SchemaStore has for a schema of this name.
    pub fn id(self) -> String {
        format!("https://json.schemastore.org/{}", self.file_name())
    }

    /// The names of its files, as patterns of [`Globs`]. Overlays have no name in common.
    pub fn files(self) -> &'static [&'static str] {
        match self {
            Format::Appliance => &[Globs::DEFAULT],
            Format::Overlay => &[],
            Format::Project => &[FILE_NAME],
            Format::Target => &[custom::FILE_NAME],
        }
    }

    /// Whether its files are TOML.
    fn is_toml(self) -> bool {
        matches!(self, Format::Project | Format::Target)
    }

    /// The schema that defines it. Its descriptions are Markdown.
    fn definition(self) -> Value {
        match self {
            Format::Appliance => schema::document().clone(),
            Format::Overlay => parse(overlay::SCHEMA),
            Format::Project => project::schema(),
            Format::Target => target::schema(),
        }
    }

    /// Its JSON Schema (draft-07) for editors, as a document.
    pub fn schema(self) -> Value {
        form::of(self, &self.definition())
    }

    /// Its JSON Schema for editors, as text.
    pub fn text(self) -> String {
        let mut text = format!("{:#}", self.schema());
        text.push('\n');
        text
    }
}

/// Reads a schema that is part of the program.
fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}
