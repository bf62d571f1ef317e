//! Output formats of findings.

use super::{Report, github, gitlab, json, junit, sarif, short};

/// The JSON Schema of [`Format::Json`].
pub const SCHEMA: &str = include_str!("../../schema/diagnostics.schema.json");

/// An output format of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Text for people: the source lines with labels.
    #[default]
    Human,
    /// One line per finding: `file:line:column: level[code]: message`.
    Short,
    /// JSON that matches `schema/diagnostics.schema.json`.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// GitHub Actions workflow commands.
    Github,
    /// A GitLab code quality report.
    Gitlab,
    /// JUnit XML with one test case per finding.
    Junit,
}

impl Format {
    /// All formats.
    pub const ALL: [Format; 7] = [
        Format::Human,
        Format::Short,
        Format::Json,
        Format::Sarif,
        Format::Github,
        Format::Gitlab,
        Format::Junit,
    ];

    /// The value of `--format`.
    pub fn name(self) -> &'static str {
        match self {
            Format::Human => "human",
            Format::Short => "short",
            Format::Json => "json",
            Format::Sarif => "sarif",
            Format::Github => "github",
            Format::Gitlab => "gitlab",
            Format::Junit => "junit",
        }
    }

    /// A description in one line.
    pub fn meaning(self) -> &'static str {
        match self {
            Format::Human => "source lines with labels, for people",
            Format::Short => "one line per finding, as compilers print it",
            Format::Json => "JSON with a JSON Schema (see docs/diagnostics.md)",
            Format::Sarif => "SARIF 2.1.0, for code scanning",
            Format::Github => "GitHub Actions workflow commands",
            Format::Gitlab => "GitLab code quality report",
            Format::Junit => "JUnit XML",
        }
    }

    /// Returns the format with this name.
    pub fn find(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// Renders the findings of a run as one document. `None` for [`Format::Human`], which is
/// rendered per file.
pub fn document(format: Format, reports: &[Report]) -> Option<String> {
    match format {
        Format::Human => None,
        Format::Short => Some(short::render(reports)),
        Format::Json => Some(json::render(reports)),
        Format::Sarif => Some(sarif::render(reports)),
        Format::Github => Some(github::render(reports)),
        Format::Gitlab => Some(gitlab::render(reports)),
        Format::Junit => Some(junit::render(reports)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_found_by_name() {
        for format in Format::ALL {
            assert_eq!(Format::find(format.name()), Some(format));
        }
    }
}
