//! Output formats of findings.

use super::{Report, github, gitlab, json, junit, sarif, short};
use crate::printable;

/// The JSON Schema of [`Format::Json`].
pub const SCHEMA: &str = include_str!("../../schema/diagnostics.schema.json");

macro_rules! formats {
    ($($(#[$attribute:meta])* $format:ident $name:literal $meaning:literal;)*) => {
        /// An output format of findings.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub enum Format {
            $($(#[$attribute])* $format,)*
        }

        impl Format {
            /// All formats.
            pub const ALL: &'static [Format] = &[$(Format::$format),*];

            /// The value of `--format`.
            pub fn name(self) -> &'static str {
                match self { $(Format::$format => $name,)* }
            }

            /// A description in one line.
            pub fn meaning(self) -> &'static str {
                match self { $(Format::$format => $meaning,)* }
            }
        }
    };
}

formats! {
    /// Text for people: the source lines with labels.
    #[default]
    Human "human" "source lines with labels, for people";
    /// One line per finding: `file:line:column: level[code]: message`.
    Short "short" "one line per finding, as compilers print it";
    /// JSON that matches `schema/diagnostics.schema.json`.
    Json "json" "JSON with a JSON Schema (see docs/diagnostics.md)";
    /// SARIF 2.1.0, for code scanning.
    Sarif "sarif" "SARIF 2.1.0, for code scanning";
    /// GitHub Actions workflow commands.
    Github "github" "GitHub Actions workflow commands";
    /// A GitLab code quality report.
    Gitlab "gitlab" "GitLab code quality report";
    /// JUnit XML with one test case per finding.
    Junit "junit" "JUnit XML";
}

impl Format {
    /// Returns the format with this name.
    pub fn find(name: &str) -> Option<Format> {
        Format::ALL.iter().copied().find(|format| format.name() == name)
    }
}

/// Renders the findings of a run as one document. `None` for [`Format::Human`], which is
/// rendered per file. Nothing in it acts on a terminal.
pub fn document(format: Format, reports: &[Report]) -> Option<String> {
    let json = |document: String| printable::json(&document).into_owned();
    if format == Format::Human {
        return None;
    }
    let reports: Vec<Report> = reports.iter().map(|one| one.masked().into_owned()).collect();
    let reports = reports.as_slice();
    match format {
        Format::Human => None,
        Format::Short => Some(short::render(reports)),
        Format::Json => Some(json(json::render(reports))),
        Format::Sarif => Some(json(sarif::render(reports))),
        Format::Github => Some(github::render(reports)),
        Format::Gitlab => Some(json(gitlab::render(reports))),
        Format::Junit => Some(junit::render(reports)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Diagnostic, codes};
    use crate::source::{Source, Sources, Span};

    #[test]
    fn formats_are_found_by_name() {
        for format in Format::ALL {
            assert_eq!(Format::find(format.name()), Some(*format));
        }
    }

    /// A finding whose strings have every character that a format may have to escape.
    #[test]
    fn every_document_contains_every_finding() {
        let name = "a <\"&'>,:%.json";
        let source = Source::new(name, "{\n\"é😀\": 1\r\n}");
        let message = "a \\ \" ' < > & , : % \n \t \u{7f} \u{85} \u{2028} é 😀";
        let found = [&codes::UNKNOWN_FIELD, &codes::TRAILING_COMMA, &codes::PRIVILEGED]
            .map(|code| Diagnostic::new(code, Span { start: 2, end: 10 }, message));
        let reports = [Report { source, sources: Sources::new(), diagnostics: found.to_vec() }];
        for format in Format::ALL.iter().filter(|format| **format != Format::Human) {
            let document = document(*format, &reports).unwrap();
            for one in &found {
                assert!(document.contains(one.code.id), "{}: {document}", format.name());
            }
        }
        assert_eq!(document(Format::Human, &reports), None);
    }

    #[test]
    fn a_finding_may_point_into_several_files() {
        let mut sources = Sources::new();
        let project = sources.add(&Source::new("applc.toml", "\n[x]\na = 1\n"));
        let source = sources.add(&Source::new("a.json", "{\n  \"id\": 1}"));
        let at = |source: &Source, text: &str| {
            let start = source.text().find(text).unwrap();
            source.span(start..start + text.len())
        };
        let finding = Diagnostic::new(&codes::BAD_NAME, at(&source, "\"id\""), "bad")
            .also(at(&project, "a = 1"), "set here");
        let other = Diagnostic::new(&codes::BAD_OPTION, at(&project, "[x]"), "worse");
        let findings = [finding, other].into_iter().collect();
        let report = Report::new(source, findings).within(sources);
        let human = crate::diag::human::render(&report, false);
        for place in ["--> a.json:2:3", "::: applc.toml:3:1", "--> applc.toml:2:1"] {
            assert!(human.contains(place), "{place}\n{human}");
        }
        let short = document(Format::Short, std::slice::from_ref(&report)).unwrap();
        assert_eq!(short, "applc.toml:2:1: error[E0501]: worse\na.json:2:3: error[E0402]: bad\n");
        let json = document(Format::Json, std::slice::from_ref(&report)).unwrap();
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let found = &json["diagnostics"][1];
        assert_eq!(
            (&found["file"], &found["span"]["start"]["offset"]),
            (&"a.json".into(), &4.into())
        );
        let related = &found["related"][0];
        assert_eq!(
            (&related["file"], &related["span"]["start"]["line"]),
            (&"applc.toml".into(), &3.into())
        );
    }
}
