//! Levels set by the user: which codes are denied, warned about, or suppressed.

use super::{Code, Diagnostic, Level, codes, nearest};
use crate::source::{Source, Span, Spanned};

/// The effect of a setting on findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Suppresses findings.
    Allow,
    /// Turns findings into warnings.
    Warn,
    /// Turns findings into errors, so that nothing is written.
    Deny,
}

impl Verb {
    /// All verbs.
    pub const ALL: [Verb; 3] = [Verb::Allow, Verb::Warn, Verb::Deny];

    /// The name in arguments and in a project file.
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

/// The findings that a setting selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Code(&'static Code),
    /// All findings whose current or default level is this one.
    All(Level),
}

impl Subject {
    fn name(self) -> &'static str {
        match self {
            Subject::Code(code) => code.id,
            Subject::All(level) => {
                GROUPS.iter().find(|(_, group)| *group == level).map_or("", |(name, _)| *name)
            }
        }
    }
}

/// The names of groups of codes, and their levels.
const GROUPS: [(&str, Level); 2] = [("warnings", Level::Warning), ("hints", Level::Hint)];

/// A verb and the findings that it applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    verb: Verb,
    subject: Subject,
    /// Where it is written.
    place: Span,
}

impl Setting {
    /// Parses the operand of a verb: the id of a code, `warnings` or `hints`.
    ///
    /// # Errors
    /// If the code does not exist or cannot have that level.
    pub fn parse(verb: Verb, written: Spanned<&str>) -> Result<Setting, Box<Diagnostic>> {
        let word = written.value;
        if let Some((_, level)) = GROUPS.iter().find(|(name, _)| *name == word) {
            return Ok(Setting { verb, subject: Subject::All(*level), place: written.span });
        }
        let error = |message: String| Diagnostic::new(&codes::BAD_LEVEL, written.span, message);
        let Some(code) = codes::find(word) else {
            let known = codes::ALL.iter().map(|code| code.id);
            let known = known.chain(GROUPS.iter().map(|(name, _)| *name));
            let diagnostic = error(format!("unknown code `{word}`"));
            return Err(Box::new(match near_code(word, known) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => diagnostic.help(
                    "a code is a letter and four digits, such as `W0301`; `warnings` and `hints` select all codes of a level",
                ),
            }));
        };
        if code.level == Level::Error && verb != Verb::Deny {
            let message =
                format!("cannot suppress or lower error `{}` ({})", code.id, code.summary);
            return Err(Box::new(
                error(message).help("output compiled in spite of an error would be wrong"),
            ));
        }
        Ok(Setting { verb, subject: Subject::Code(code), place: written.span })
    }

    /// Parses a setting from a command line argument, given as a source.
    ///
    /// # Errors
    /// Those of [`Setting::parse`].
    pub fn of_argument(verb: Verb, source: &Source) -> Result<Setting, Box<Diagnostic>> {
        let text = source.text();
        Setting::parse(verb, Spanned::new(text, Span::new(0, text.len())))
    }

    /// What it does with the findings.
    pub fn verb(self) -> Verb {
        self.verb
    }

    /// The id of the code, or the name of the group of codes.
    pub fn subject(self) -> &'static str {
        self.subject.name()
    }

    /// Where the id or the name is written.
    pub fn place(self) -> Span {
        self.place
    }

    /// Makes findings of a code errors. It is written nowhere.
    pub fn deny(code: &'static Code) -> Setting {
        Setting { verb: Verb::Deny, subject: Subject::Code(code), place: Span::at(0) }
    }

    /// Whether the setting selects a single code, not a group.
    pub fn names_a_code(self) -> bool {
        matches!(self.subject, Subject::Code(_))
    }

    /// Whether two settings select the same findings.
    pub fn same_subject(self, other: Setting) -> bool {
        self.subject == other.subject
    }

    fn apply(self, code: &'static Code, level: Option<Level>) -> Option<Level> {
        let selected = match self.subject {
            Subject::Code(subject) => subject.id == code.id,
            // A code that is suppressed by its id stays suppressed.
            Subject::All(group) => level.is_some() && (level == Some(group) || code.level == group),
        };
        if selected { self.verb.level() } else { level }
    }
}

/// The known word most similar to `word`: for a code, one with the same number and another
/// letter.
fn near_code(word: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let known: Vec<&str> = known.collect();
    let number = word.get(1..).filter(|digits| digits.len() == 4);
    let numbered = known.iter().filter(|code| number.is_some() && code.get(1..) == number);
    match numbered.copied().collect::<Vec<_>>().as_slice() {
        [only] => Some(only),
        _ => nearest(word, known.iter().copied()),
    }
}

/// A list of settings. Later ones override earlier ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Levels(Vec<Setting>);

impl Levels {
    /// Creates a list of settings.
    pub fn new(settings: Vec<Setting>) -> Levels {
        Levels(settings)
    }

    /// The settings in the order in which they are applied. Of those with the same subject, only the last one.
    pub fn iter(&self) -> impl Iterator<Item = Setting> {
        self.0.iter().enumerate().filter_map(|(at, setting)| {
            let mut later = self.0.iter().skip(at + 1);
            (!later.any(|other| other.same_subject(*setting))).then_some(*setting)
        })
    }

    /// Appends these settings to those of `base`, which they override.
    pub fn over(&self, base: &Levels) -> Levels {
        Levels(base.0.iter().chain(&self.0).copied().collect())
    }

    /// The level of findings of a code. `None` if they are suppressed.
    pub fn level(&self, code: &'static Code) -> Option<Level> {
        let mut level = Some(code.level);
        for setting in &self.0 {
            level = setting.apply(code, level);
        }
        level
    }

    /// Sets the levels of findings, and removes suppressed ones.
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
        assert!(
            parse(Verb::Allow, "E0301").unwrap_err().message.contains("cannot suppress or lower")
        );
        assert!(parse(Verb::Warn, "E0301").is_err());
        assert!(parse(Verb::Deny, "E0301").is_ok());
        let all = levels(&[(Verb::Allow, "warnings"), (Verb::Allow, "hints")]);
        assert_eq!(all.level(&codes::UNKNOWN_REFERENCE), Some(Level::Error));
    }

    #[test]
    fn unknown_codes_get_a_suggestion() {
        let help = |word| {
            let error = Setting::parse(Verb::Deny, Spanned::new(word, Span::at(0))).unwrap_err();
            error.help.first().cloned().unwrap_or_default()
        };
        assert_eq!(help("warning"), "did you mean `warnings`?");
        assert_eq!(help("E0202X"), "did you mean `E0202`?");
        assert_eq!(help("H0503"), "did you mean `E0503`?", "the only code with this number");
        assert!(help("x").starts_with("a code is a letter"));
    }
}
