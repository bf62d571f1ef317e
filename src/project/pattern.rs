//! Texts with placeholders: where output is written, names of overlays, and values of options.
//!
//! `manifests/{environment}/{target}/{folder}/{id}`: a name in braces stands for what is known of the file.

use crate::diag::{Findings, list_or, nearest};
use crate::source::Spanned;

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Placeholder(Placeholder),
}

/// What a placeholder stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placeholder {
    /// The environment.
    Environment,
    /// The folder of the appliance, relative to that of the project file.
    Folder,
    /// The name of the appliance's file, without `.appliance` and the ending.
    Name,
    /// The id of the appliance.
    Id,
    /// The target.
    Target,
}

impl Placeholder {
    const ALL: [Placeholder; 5] = [
        Placeholder::Environment,
        Placeholder::Folder,
        Placeholder::Name,
        Placeholder::Id,
        Placeholder::Target,
    ];

    /// Its name, without braces.
    pub fn name(self) -> &'static str {
        match self {
            Placeholder::Environment => "environment",
            Placeholder::Folder => "folder",
            Placeholder::Name => "name",
            Placeholder::Id => "id",
            Placeholder::Target => "target",
        }
    }
}

/// A text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    parts: Vec<Part>,
}

/// What placeholders stand for; `None` for what is not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Names<'a> {
    /// See [`Placeholder::Environment`].
    pub environment: Option<&'a str>,
    /// See [`Placeholder::Folder`]; empty for that of the project file.
    pub folder: Option<&'a str>,
    /// See [`Placeholder::Name`].
    pub name: Option<&'a str>,
    /// See [`Placeholder::Id`].
    pub id: Option<&'a str>,
    /// See [`Placeholder::Target`].
    pub target: Option<&'a str>,
}

impl<'a> Names<'a> {
    fn of(&self, placeholder: Placeholder) -> Option<&'a str> {
        match placeholder {
            Placeholder::Environment => self.environment,
            Placeholder::Folder => self.folder,
            Placeholder::Name => self.name,
            Placeholder::Id => self.id,
            Placeholder::Target => self.target,
        }
    }
}

impl Pattern {
    /// Parses a text in which the placeholders of `allowed` may stand.
    ///
    /// # Errors
    /// A placeholder that is unknown or not closed: a message, and help.
    pub fn parse(text: &str, allowed: &[Placeholder]) -> Result<Pattern, (String, String)> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let known = || allowed.iter().map(|placeholder| placeholder.name());
            let expected = || {
                let known: Vec<String> = known().map(|name| format!("{{{name}}}")).collect();
                format!("expected {}", list_or(known.iter().map(String::as_str)))
            };
            let Some((name, after)) = after.split_once('}') else {
                return Err(("`{` without `}`".to_owned(), expected()));
            };
            let found = allowed.iter().find(|placeholder| placeholder.name() == name);
            let Some(found) = found else {
                let help = nearest(name, known())
                    .map_or_else(expected, |near| format!("did you mean `{{{near}}}`?"));
                return Err((format!("unknown placeholder `{{{name}}}`"), help));
            };
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(Part::Placeholder(*found));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Pattern { text: text.to_owned(), parts })
    }

    /// Parses a text with any placeholder. `None` if it has none, or an invalid one: then it stands for itself.
    pub fn in_value(text: &str) -> Option<Pattern> {
        let pattern = Pattern::parse(text, &Placeholder::ALL).ok()?;
        pattern.parts.iter().any(|part| matches!(part, Part::Placeholder(_))).then_some(pattern)
    }

    /// The text as it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a placeholder is in it.
    pub fn has(&self, placeholder: Placeholder) -> bool {
        self.parts.contains(&Part::Placeholder(placeholder))
    }

    /// The text with each placeholder replaced by what it stands for.
    ///
    /// # Errors
    /// The first placeholder whose meaning is not known, and the text before it.
    pub fn fill(&self, names: &Names<'_>) -> Result<String, (Placeholder, String)> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Placeholder(placeholder) => match names.of(*placeholder) {
                    Some(name) => text.push_str(name),
                    None => return Err((*placeholder, text)),
                },
            }
        }
        Ok(text)
    }

    /// The text with each placeholder replaced whose meaning is known. The others stay.
    pub fn fill_known(&self, names: &Names<'_>) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Placeholder(one) => match names.of(*one) {
                Some(name) => name.to_owned(),
                None => format!("{{{}}}", one.name()),
            },
        };
        self.parts.iter().map(part).collect()
    }

    /// The text before the first placeholder.
    pub fn fixed(&self) -> &str {
        match self.parts.first() {
            Some(Part::Text(text)) => text,
            _ => "",
        }
    }
}

/// A value with a name in place of each placeholder, to check what can be checked before they are known.
pub(super) fn sample(text: &str) -> String {
    const SAMPLE: Names<'static> = Names {
        environment: Some("a"),
        folder: Some("a"),
        name: Some("a"),
        id: Some("a"),
        target: Some("a"),
    };
    let filled = Pattern::in_value(text).and_then(|pattern| pattern.fill(&SAMPLE).ok());
    filled.unwrap_or_else(|| text.to_owned())
}

/// Parses a pattern, and reports an error in it.
pub(super) fn read(
    text: &Spanned<String>,
    allowed: &[Placeholder],
    findings: &mut Findings,
) -> Option<Pattern> {
    match Pattern::parse(&text.value, allowed) {
        Ok(pattern) => Some(pattern),
        Err((message, help)) => {
            let code = &crate::diag::codes::BAD_OPTION;
            findings.push(crate::diag::Diagnostic::new(code, text.span, message).help(help));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_replaced() {
        let pattern =
            Pattern::parse("out/{environment}/{folder}-{target}/x", &Placeholder::ALL).unwrap();
        assert_eq!(pattern.fixed(), "out/");
        let names = Names { environment: Some("prod"), folder: Some("a/b"), ..Names::default() };
        assert_eq!(pattern.fill(&names), Err((Placeholder::Target, "out/prod/a/b-".to_owned())));
        let names = Names { target: Some("nomad"), ..names };
        assert_eq!(pattern.fill(&names).as_deref(), Ok("out/prod/a/b-nomad/x"));
        let names = Names { folder: None, ..names };
        assert_eq!(pattern.fill_known(&names), "out/prod/{folder}-nomad/x");
        assert!(pattern.has(Placeholder::Folder) && !pattern.has(Placeholder::Id));
    }

    #[test]
    fn errors_say_what_is_expected() {
        let error =
            |text| Pattern::parse(text, &[Placeholder::Id, Placeholder::Target]).unwrap_err();
        assert_eq!(error("{targets}").1, "did you mean `{target}`?");
        assert_eq!(error("a{folder}").1, "expected `{id}` or `{target}`");
        assert_eq!(error("a{id").0, "`{` without `}`");
        assert_eq!(Pattern::in_value("plain"), None);
        assert_eq!(Pattern::in_value("{\"json\": 1}"), None);
        assert!(Pattern::in_value("{id}-prod").is_some());
    }
}
