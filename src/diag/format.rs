//! The forms in which findings are shown.

use super::{Report, github, gitlab, json, junit, sarif, short};

/// The JSON Schema of [`Format::Json`].
pub const SCHEMA: &str = include_str!("../../schema/diagnostics.schema.json");

/// A form in which findings are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// For a person: the source with the fault underlined.
    #[default]
    Human,
    /// A line for each finding: `file:line:column: level[code]: message`.
    Short,
    /// JSON as `schema/diagnostics.schema.json` describes it.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Workflow commands of GitHub Actions.
    Github,
    /// A code quality report of GitLab.
    Gitlab,
    /// JUnit XML, a test case for each finding.
    Junit,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 7] = [
        Format::Human,
        Format::Short,
        Format::Json,
        Format::Sarif,
        Format::Github,
        Format::Gitlab,
        Format::Junit,
    ];

    /// What one writes behind `--format`.
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

    /// What it is, in one line.
    pub fn meaning(self) -> &'static str {
        match self {
            Format::Human => "for a person: the source with the fault underlined",
            Format::Short => "a line for each finding, as compilers write it",
            Format::Json => "JSON, described by a JSON Schema (see docs/diagnostics.md)",
            Format::Sarif => "SARIF 2.1.0, for code scanning",
            Format::Github => "workflow commands of GitHub Actions",
            Format::Gitlab => "a code quality report of GitLab",
            Format::Junit => "JUnit XML",
        }
    }

    /// The format of this name.
    pub fn find(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// The findings of a whole run as one document. `None` for [`Format::Human`], which is
/// shown file by file.
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
    fn each_format_is_found_by_its_name() {
        for format in Format::ALL {
            assert_eq!(Format::find(format.name()), Some(format));
        }
    }
}
