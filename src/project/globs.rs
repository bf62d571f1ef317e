//! Which files of a project are appliances: patterns such as `apps/**/*.appliance.{json,yaml}`.

use std::sync::LazyLock;

use globset::{GlobBuilder, GlobMatcher};

use crate::diag::{Diagnostic, Findings, codes};
use crate::source::Spanned;

/// A list of patterns, of which the last one that matches decides.
#[derive(Debug, Clone)]
pub struct Globs(Vec<Glob>);

#[derive(Debug, Clone)]
struct Glob {
    /// The pattern as it is written, where a file has it.
    written: Option<Spanned<String>>,
    /// Whether it takes files out again: written with `!`.
    out: bool,
    matcher: GlobMatcher,
}

/// The pattern of a project that does not list any, parsed once.
static DEFAULT: LazyLock<Globs> =
    LazyLock::new(|| Globs(Glob::parse(Globs::DEFAULT, None).into_iter().collect()));

impl Default for Globs {
    fn default() -> Globs {
        DEFAULT.clone()
    }
}

impl Glob {
    /// # Errors
    /// What is wrong with the pattern.
    fn parse(text: &str, written: Option<Spanned<String>>) -> Result<Glob, String> {
        let (out, pattern) = match text.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
        let glob = GlobBuilder::new(pattern).literal_separator(true).build();
        let glob = glob.map_err(|error| error.kind().to_string())?;
        Ok(Glob { written, out, matcher: glob.compile_matcher() })
    }
}

impl Globs {
    /// The pattern of a project that does not list any.
    pub const DEFAULT: &str = "**/*.appliance.{json,jsonc,yaml,yml}";

    /// Parses a list. An invalid pattern, and one that leads out of the folder, is reported.
    pub(super) fn read(texts: &[Spanned<String>], findings: &mut Findings) -> Globs {
        let mut globs = Vec::new();
        for text in texts {
            let mut report = |message: String, help: &str| {
                findings.push(Diagnostic::new(&codes::BAD_OPTION, text.span, message).help(help));
            };
            let pattern = text.value.strip_prefix('!').unwrap_or(&text.value);
            if pattern.is_empty() {
                report("empty pattern".to_owned(), "for example `apps/**/*.appliance.yaml`");
            } else if pattern.starts_with('/') || pattern.split('/').any(|part| part == "..") {
                report(
                    format!("`{}` leads out of the folder of this file", text.value),
                    "patterns are relative to the folder of `applc.toml`",
                );
            } else {
                match Glob::parse(&text.value, Some(text.clone())) {
                    Ok(glob) => globs.push(glob),
                    Err(cause) => report(
                        format!("invalid pattern `{}`: {cause}", text.value),
                        "`*` is any part of a name, `**` any folders, `{a,b}` a choice, `!` takes files out",
                    ),
                }
            }
        }
        Globs(globs)
    }

    /// The patterns as a project file has them; none for the default.
    pub fn written(&self) -> impl Iterator<Item = &Spanned<String>> {
        self.0.iter().filter_map(|glob| glob.written.as_ref())
    }

    /// Those of a project that does not list any.
    pub fn usual() -> &'static Globs {
        &DEFAULT
    }

    /// Whether a path, relative to the folder of the project file and with `/` between parts, is one of an appliance.
    pub fn matches(&self, path: &str) -> bool {
        let last = self.0.iter().rev().find(|glob| glob.matcher.is_match(path));
        last.is_some_and(|glob| !glob.out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    fn read(texts: &[&str]) -> (Globs, Vec<String>) {
        let texts: Vec<_> =
            texts.iter().map(|text| Spanned::new((*text).to_owned(), Span::at(0))).collect();
        let mut findings = Findings::new();
        let globs = Globs::read(&texts, &mut findings);
        (globs, findings.iter().map(|found| found.message.to_string()).collect())
    }

    #[test]
    fn the_last_pattern_that_matches_decides() {
        let (globs, found) =
            read(&["./apps/**/*.{json,yaml}", "!apps/old/**", "apps/old/kept.json"]);
        assert_eq!(found, [""; 0]);
        let matching =
            ["apps/a.json", "apps/x/y/b.yaml", "apps/old/a.json", "apps/old/kept.json", "b.json"];
        assert_eq!(matching.map(|path| globs.matches(path)), [true, true, false, true, false]);
        let default = Globs::default();
        let matching =
            ["shop.appliance.yaml", "a/b/c.appliance.json", "shop.yaml", "a.appliance.toml"];
        assert_eq!(matching.map(|path| default.matches(path)), [true, true, false, false]);
        // `*` does not cross folders.
        assert!(!read(&["apps/*.json"]).0.matches("apps/a/b.json"));
    }

    #[test]
    fn invalid_patterns_are_reported() {
        let (_, found) = read(&["a/[", "/abs/*.json", "!../x/*", "", "{a"]);
        assert_eq!(found.len(), 5, "{found:?}");
        assert!(found[1].contains("leads out"));
    }
}
