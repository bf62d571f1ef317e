//! Levels that a user sets: what is denied, warned of, or not to be said at all.

use super::{Code, Diagnostic, Level, codes, nearest};
use crate::source::{Source, Span, Spanned};

/// What is to become of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// They are not shown.
    Allow,
    /// They are warnings.
    Warn,
    /// They are errors: nothing is written.
    Deny,
}

impl Verb {
    /// Every verb.
    pub const ALL: [Verb; 3] = [Verb::Allow, Verb::Warn, Verb::Deny];

    /// Its name in arguments and in a project file.
    pub fn name(self) -> &'static str {
        match self {
            Verb::Allow => "allow",
            Verb::Warn => "warn",
            Verb::Deny => "deny",
        }
    }

    fn level(self) -> Option<Level> {
        match self {
            Verb::Allow => None,
            Verb::Warn => Some(Level::Warning),
            Verb::Deny => Some(Level::Error),
        }
    }
}

/// Which findings a setting is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Code(&'static Code),
    /// All that are of this level, or are so by the table of codes.
    All(Level),
}

/// The groups of codes that can be named, with their level.
const GROUPS: [(&str, Level); 2] = [("warnings", Level::Warning), ("hints", Level::Hint)];

/// One setting: a verb and what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    verb: Verb,
    subject: Subject,
}

impl Setting {
    /// Reads what a verb is said of: the id of a code, `warnings` or `hints`.
    ///
    /// # Errors
    /// There is no such code, or it cannot have that level.
    pub fn parse(verb: Verb, written: Spanned<&str>) -> Result<Setting, Box<Diagnostic>> {
        let word = written.value;
        if let Some((_, level)) = GROUPS.iter().find(|(name, _)| *name == word) {
            return Ok(Setting { verb, subject: Subject::All(*level) });
        }
        let fault = |message: String| Diagnostic::new(&codes::BAD_LEVEL, written.span, message);
        let Some(code) = codes::find(word) else {
            let known = codes::ALL.iter().map(|code| code.id);
            let known = known.chain(GROUPS.iter().map(|(name, _)| *name));
            let diagnostic = fault(format!("there is no code `{word}`"));
            return Err(Box::new(match near_code(word, known) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => diagnostic.help(
                    "a code is a letter and four digits, such as `W0301`; `warnings` and `hints` stand for all of a level",
                ),
            }));
        };
        if code.level == Level::Error && verb != Verb::Deny {
            let message = format!("`{}` is an error and stays one: {}", code.id, code.summary);
            return Err(Box::new(
                fault(message).help("what is compiled in spite of an error would be wrong"),
            ));
        }
        Ok(Setting { verb, subject: Subject::Code(code) })
    }

    /// Reads a setting from an argument that is a source of its own.
    ///
    /// # Errors
    /// As [`Setting::parse`].
    pub fn of_argument(verb: Verb, source: &Source) -> Result<Setting, Box<Diagnostic>> {
        let text = source.text();
        Setting::parse(verb, Spanned::new(text, Span::new(0, text.len())))
    }

    /// Whether it is about one code, not a group of them.
    pub fn names_a_code(self) -> bool {
        matches!(self.subject, Subject::Code(_))
    }

    /// Whether two settings are about the same.
    pub fn same_subject(self, other: Setting) -> bool {
        self.subject == other.subject
    }

    fn apply(self, code: &'static Code, level: Option<Level>) -> Option<Level> {
        let meant = match self.subject {
            Subject::Code(subject) => subject.id == code.id,
            // What has been allowed by its code stays so.
            Subject::All(group) => level.is_some() && (level == Some(group) || code.level == group),
        };
        if meant { self.verb.level() } else { level }
    }
}

/// The known word nearest to `word`; for codes, one with the same number and another letter.
fn near_code(word: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let known: Vec<&str> = known.collect();
    let number = word.get(1..).filter(|digits| digits.len() == 4);
    let numbered = known.iter().filter(|code| number.is_some() && code.get(1..) == number);
    match numbered.copied().collect::<Vec<_>>().as_slice() {
        [only] => Some(only),
        _ => nearest(word, known.iter().copied()),
    }
}

/// Settings, each of which goes over those before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Levels(Vec<Setting>);

impl Levels {
    /// These settings, later ones over earlier ones.
    pub fn new(settings: Vec<Setting>) -> Levels {
        Levels(settings)
    }

    /// These settings over those of `base`.
    pub fn over(&self, base: &Levels) -> Levels {
        Levels(base.0.iter().chain(&self.0).copied().collect())
    }

    /// The level of a code's findings; `None` where they are not to be shown.
    pub fn level(&self, code: &'static Code) -> Option<Level> {
        let mut level = Some(code.level);
        for setting in &self.0 {
            level = setting.apply(code, level);
        }
        level
    }

    /// Gives findings the levels that are set, and takes out those that are allowed.
    pub fn apply(&self, diagnostics: &mut Vec<Diagnostic>) {
        if self.0.is_empty() {
            return;
        }
        diagnostics.retain_mut(|diagnostic| match self.level(diagnostic.code) {
            Some(level) => {
                diagnostic.level = level;
                true
            }
            None => false,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(settings: &[(Verb, &str)]) -> Levels {
        let parse = |(verb, word): &(Verb, &str)| {
            Setting::parse(*verb, Spanned::new(word, Span::at(0))).unwrap()
        };
        Levels::new(settings.iter().map(parse).collect())
    }

    #[test]
    fn later_settings_win() {
        let warning = &codes::UNUSED_VOLUME;
        let level = |settings: &[(Verb, &str)]| levels(settings).level(warning);
        assert_eq!(level(&[]), Some(Level::Warning));
        assert_eq!(level(&[(Verb::Deny, "W0301")]), Some(Level::Error));
        assert_eq!(level(&[(Verb::Deny, "w0301"), (Verb::Allow, "W0301")]), None);
        assert_eq!(level(&[(Verb::Deny, "warnings"), (Verb::Warn, "W0301")]), Some(Level::Warning));
        assert_eq!(level(&[(Verb::Allow, "W0301"), (Verb::Deny, "warnings")]), None);
        assert_eq!(level(&[(Verb::Deny, "warnings"), (Verb::Allow, "warnings")]), None);
        assert_eq!(level(&[(Verb::Deny, "W0302")]), Some(Level::Warning));
    }

    #[test]
    fn a_hint_can_be_raised() {
        let hint = &codes::MONTHS_NOT_MINUTES;
        assert_eq!(levels(&[(Verb::Warn, "H0302")]).level(hint), Some(Level::Warning));
        let both = levels(&[(Verb::Warn, "H0302"), (Verb::Deny, "warnings")]);
        assert_eq!(both.level(hint), Some(Level::Error));
        assert_eq!(levels(&[(Verb::Deny, "warnings")]).level(hint), Some(Level::Hint));
        assert_eq!(levels(&[(Verb::Deny, "hints")]).level(hint), Some(Level::Error));
    }

    #[test]
    fn errors_stay_errors() {
        let parse = |verb, word| Setting::parse(verb, Spanned::new(word, Span::at(0)));
        assert!(parse(Verb::Allow, "E0301").unwrap_err().message.contains("stays one"));
        assert!(parse(Verb::Warn, "E0301").is_err());
        assert!(parse(Verb::Deny, "E0301").is_ok());
        let all = levels(&[(Verb::Allow, "warnings"), (Verb::Allow, "hints")]);
        assert_eq!(all.level(&codes::UNKNOWN_REFERENCE), Some(Level::Error));
    }

    #[test]
    fn unknown_codes_are_told_the_near_one() {
        let help = |word| {
            let fault = Setting::parse(Verb::Deny, Spanned::new(word, Span::at(0))).unwrap_err();
            fault.help.first().cloned().unwrap_or_default()
        };
        assert_eq!(help("warning"), "did you mean `warnings`?");
        assert_eq!(help("E0202X"), "did you mean `E0202`?");
        assert!(help("x").starts_with("a code is a letter"));
    }
}
