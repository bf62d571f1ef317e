//! Options of targets: facts about a cluster that are not part of an appliance.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::diag::{Diagnostic, Findings, codes, list_or, nearest};
use crate::render::{Origin, Traced};
use crate::source::{Source, Span, Spanned};
use crate::syntax::toml;

use super::{Target, TargetRef, named};

/// An option of a target.
#[derive(Debug, Clone, Copy)]
pub struct OptionSpec<'a> {
    /// Its name, in lower case with hyphens.
    pub name: &'a str,
    /// The kind of its value.
    pub kind: OptionKind<'a>,
    /// The default; an empty one means "none".
    pub default: &'a str,
    /// What it does, in one line.
    pub meaning: &'a str,
}

impl OptionSpec<'_> {
    /// The default as documentation shows it: in backticks, or `none` without them.
    pub fn default_in_words(&self) -> String {
        match self.default {
            "" => "none".to_owned(),
            default => format!("`{default}`"),
        }
    }
}

/// The kind of the value of an option.
#[derive(Debug, Clone, Copy)]
pub enum OptionKind<'a> {
    /// `true` or `false`.
    Flag,
    /// Any text.
    Text,
    /// Text with a rule of the target.
    Checked {
        /// Whether the target accepts a text. The default is not checked.
        accepts: fn(&str) -> bool,
        /// A regular expression for whole texts, in the syntax that Rust and JavaScript share. It matches
        /// all texts that are accepted, and as few others as it can.
        pattern: &'static str,
        /// What it accepts, in words.
        wanted: &'static str,
    },
    /// An integer in this range.
    Integer(i64, i64),
    /// A number greater than zero.
    Number,
    /// Ports and port ranges: `80,8000-8999`.
    Ports,
    /// One of these words.
    OneOf(Words<'a>),
}

/// The words that an option accepts.
#[derive(Debug, Clone, Copy)]
pub enum Words<'a> {
    /// Those of a built-in target.
    Fixed(&'a [&'a str]),
    /// Those of a custom target.
    Own(&'a [String]),
}

impl<'a> Words<'a> {
    /// Iterates over the words.
    pub fn iter(self) -> Box<dyn Iterator<Item = &'a str> + 'a> {
        match self {
            Words::Fixed(words) => Box::new(words.iter().copied()),
            Words::Own(words) => Box::new(words.iter().map(String::as_str)),
        }
    }
}

impl OptionKind<'_> {
    /// The name of an image: neither empty nor with blanks.
    pub const IMAGE: OptionKind<'static> = OptionKind::Checked {
        accepts: |text| !text.is_empty() && !text.contains(char::is_whitespace),
        pattern: r"\S+",
        wanted: "the name of an image",
    };

    /// Description of the expected value.
    pub fn wanted(&self) -> String {
        match self {
            OptionKind::Flag => "`true` or `false`".to_owned(),
            OptionKind::Text => "text".to_owned(),
            OptionKind::Checked { wanted, .. } => (*wanted).to_owned(),
            OptionKind::Integer(low, high) => format!("an integer from {low} to {high}"),
            OptionKind::Number => "a number greater than 0".to_owned(),
            OptionKind::Ports => "ports and port ranges, such as `80,8000-8999`".to_owned(),
            OptionKind::OneOf(words) => list_or(words.iter()),
        }
    }

    /// Whether a value is valid.
    pub(crate) fn takes(&self, value: &str) -> bool {
        match self {
            OptionKind::Flag => value == "true" || value == "false",
            OptionKind::Text => true,
            OptionKind::Checked { accepts, .. } => accepts(value),
            OptionKind::Integer(low, high) => {
                value.parse().is_ok_and(|number: i64| (*low..=*high).contains(&number))
            }
            OptionKind::Number => {
                value.parse().is_ok_and(|number: f64| number.is_finite() && number > 0.0)
            }
            OptionKind::Ports => ports(value).is_some(),
            OptionKind::OneOf(words) => words.iter().any(|word| word == value),
        }
    }
}

/// Parses `80,8000-8999` to ranges.
fn ports(text: &str) -> Option<Vec<RangeInclusive<u16>>> {
    text.split(',')
        .map(|part| {
            let (low, high) = part.split_once('-').unwrap_or((part, part));
            let range: RangeInclusive<u16> = low.trim().parse().ok()?..=high.trim().parse().ok()?;
            (!range.is_empty()).then_some(range)
        })
        .collect()
}

/// The values of the options of one target: the given ones, otherwise the defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// In the order of the target's list of options.
    defaults: Vec<(String, String)>,
    /// With the places where they are set.
    given: BTreeMap<String, Spanned<String>>,
}

impl Options {
    /// Creates the options of a target with their defaults.
    pub fn of(target: &dyn Target) -> Options {
        let default = |spec: &OptionSpec<'_>| (spec.name.to_owned(), spec.default.to_owned());
        let defaults = target.options().iter().map(default).collect();
        Options { defaults, given: BTreeMap::new() }
    }

    /// The value of an option as text; empty if the target does not have the option.
    pub fn text(&self, name: &str) -> &str {
        if let Some(given) = self.given.get(name) {
            return &given.value;
        }
        let default = self.defaults.iter().find(|(known, _)| known == name);
        default.map_or("", |(_, value)| value.as_str())
    }

    /// Replaces the default of an option.
    pub fn set_default(&mut self, name: &str, value: &str) {
        let known = self.defaults.iter_mut().find(|(known, _)| known == name);
        if let Some((_, default)) = known {
            value.clone_into(default);
        }
    }

    /// The origin of the value of an option.
    pub(super) fn origin(&self, name: &str) -> Origin {
        let index = self.defaults.iter().position(|(known, _)| known == name);
        let index = index.and_then(|index| u16::try_from(index).ok()).unwrap_or(u16::MAX);
        Origin::Option(index, self.place(name))
    }

    /// The value of an option as text, with its origin.
    pub(super) fn traced(&self, name: &str) -> Traced<String> {
        Traced::new(self.text(name).to_owned(), self.origin(name))
    }

    /// The same; `None` if it is empty.
    pub(super) fn some_traced(&self, name: &str) -> Option<Traced<String>> {
        Some(self.traced(name)).filter(|value| !value.is_empty())
    }

    /// Where the value of an option is set; `None` if it is the default.
    pub fn place(&self, name: &str) -> Option<Span> {
        self.given.get(name).map(|given| given.span)
    }

    /// The value as text; `None` if it is empty.
    pub fn some(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|value| !value.is_empty())
    }

    /// The value of a flag.
    pub fn flag(&self, name: &str) -> bool {
        self.text(name) == "true"
    }

    /// The value of an integer.
    pub fn integer(&self, name: &str) -> i64 {
        self.text(name).parse().unwrap_or(0)
    }

    /// The value of a number.
    pub fn number(&self, name: &str) -> f64 {
        self.text(name).parse().unwrap_or(1.0)
    }

    /// The port ranges of a value.
    pub fn ports(&self, name: &str) -> Vec<RangeInclusive<u16>> {
        ports(self.text(name)).unwrap_or_default()
    }

    /// These values, and those of `base` for the options that are not set.
    pub fn over(&self, base: &Options) -> Options {
        let mut given = base.given.clone();
        given.extend(self.given.clone());
        Options { defaults: self.defaults.clone(), given }
    }

    /// Replaces parts of the values that are set, which are known only now. What is then invalid is reported.
    pub(crate) fn replaced(
        &self,
        target: &dyn Target,
        replace: impl Fn(&str) -> Option<String>,
        findings: &mut Findings,
    ) -> Options {
        let mut options = self.clone();
        for (name, given) in &self.given {
            if let Some(value) = replace(&given.value) {
                let name = Spanned::new(name.as_str(), given.span);
                let value = Spanned::new(value.as_str(), given.span);
                options.set(target, name, value, findings);
            }
        }
        options
    }

    /// The values that are set, with their places, by name.
    pub fn given(&self) -> impl Iterator<Item = (&str, &Spanned<String>)> {
        self.given.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Sets an option. An unknown option and an invalid value are reported and not set.
    pub fn set(
        &mut self,
        target: &dyn Target,
        name: Spanned<&str>,
        value: Spanned<&str>,
        findings: &mut Findings,
    ) {
        findings.extend(self.try_set(target, name, value, value.value).map(Unfit::in_argument));
    }

    /// Sets an option as a project file says, to a value with parts that are replaced later; `sample` is what it may then
    /// be, and is checked.
    pub(crate) fn set_in_file(
        &mut self,
        target: &dyn Target,
        name: Spanned<&str>,
        value: Spanned<&str>,
        sample: &str,
        findings: &mut Findings,
    ) {
        findings.extend(self.try_set(target, name, value, sample).map(Unfit::in_file));
    }

    /// Sets an option, or says why not.
    fn try_set<'a>(
        &mut self,
        target: &'a dyn Target,
        name: Spanned<&'a str>,
        value: Spanned<&'a str>,
        sample: &str,
    ) -> Option<Unfit<'a>> {
        let specs = target.options();
        let Some(spec) = specs.iter().find(|spec| spec.name == name.value) else {
            let known: Vec<&str> = specs.iter().map(|spec| spec.name).collect();
            return Some(Unfit {
                message: format!("unknown option `{}` for target `{}`", name.value, target.name()),
                written: name,
                is_name: true,
                otherwise: match known.is_empty() {
                    true => "the target has no options".to_owned(),
                    false => expected(&known),
                },
                known,
            });
        };
        if !spec.kind.takes(sample) {
            return Some(Unfit {
                message: format!("invalid value `{}` for option `{}`", value.value, spec.name),
                written: value,
                is_name: false,
                known: match &spec.kind {
                    OptionKind::OneOf(words) => words.iter().collect(),
                    _ => Vec::new(),
                },
                otherwise: format!("expected {}", spec.kind.wanted()),
            });
        }
        let given = Spanned::new(value.value.to_owned(), value.span);
        self.given.insert(spec.name.to_owned(), given);
        None
    }
}

/// A name or a value of an option that does not fit.
struct Unfit<'a> {
    message: String,
    written: Spanned<&'a str>,
    is_name: bool,
    /// The words that it can be.
    known: Vec<&'a str>,
    /// The help if none of them is similar.
    otherwise: String,
}

impl Unfit<'_> {
    fn found(&self) -> Diagnostic {
        Diagnostic::new(&codes::BAD_OPTION, self.written.span, &*self.message)
    }

    fn in_argument(self) -> Diagnostic {
        let found = self.found();
        found.help(meant(self.written.value, &self.known).unwrap_or(self.otherwise))
    }

    fn in_file(self) -> Diagnostic {
        let found = self.found();
        let Unfit { written, known, otherwise, .. } = self;
        match self.is_name {
            true => toml::with_meant_key(found, written, known, otherwise),
            false => toml::with_meant_value(found, written, known, otherwise),
        }
    }
}

/// The help for a word that is similar to a known one.
fn meant(word: &str, known: &[&str]) -> Option<String> {
    nearest(word, known.iter().copied()).map(|similar| format!("did you mean `{similar}`?"))
}

fn expected(known: &[&str]) -> String {
    format!("expected {}", list_or(known.iter().copied()))
}

/// An option of a command-line argument.
pub struct Given<'a> {
    /// The target it belongs to.
    pub target: TargetRef,
    /// Its name.
    pub name: Spanned<&'a str>,
    /// Its value.
    pub value: Spanned<&'a str>,
}

/// Parses an argument of the form `target.option=value`. An invalid form and an unknown target
/// are reported.
pub fn parse_argument<'a>(
    source: &'a Source,
    targets: &[TargetRef],
    findings: &mut Findings,
) -> Option<Given<'a>> {
    let text = source.text();
    let parts = text.split_once('=').and_then(|(path, value)| {
        let (target, name) = path.split_once('.')?;
        Some((target, name, value))
    });
    let Some((target, name, value)) = parts else {
        let message = format!("expected `target.option=value`, found `{text}`");
        findings.push(
            Diagnostic::new(&codes::BAD_OPTION, source.span(0..text.len()), message)
                .help("for example `--option kubernetes.expose=load-balancer`"),
        );
        return None;
    };
    let name_start = target.len() + 1;
    let value_start = name_start + name.len() + 1;
    let Some(found) = named(targets, target) else {
        let message = format!("unknown target `{target}`");
        let known: Vec<&str> = targets.iter().map(|target| target.name()).collect();
        let help = meant(target, &known).unwrap_or_else(|| expected(&known));
        let place = source.span(0..target.len());
        findings.push(Diagnostic::new(&codes::BAD_OPTION, place, message).help(help));
        return None;
    };
    Some(Given {
        target: found,
        name: Spanned::new(name, source.span(name_start..name_start + name.len())),
        value: Spanned::new(value, source.span(value_start..text.len())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_finite_and_greater_than_0() {
        for (text, is_number) in [
            ("0.5", true),
            ("2", true),
            ("0", false),
            ("-1", false),
            ("inf", false),
            ("NaN", false),
        ] {
            assert_eq!(OptionKind::Number.takes(text), is_number, "{text}");
        }
    }

    #[test]
    fn ports_are_numbers_and_ranges() {
        assert_eq!(ports("80, 1000-2000"), Some(vec![80..=80, 1000..=2000]));
        for text in ["", "80-", "2-1", "65536", "http"] {
            assert_eq!(ports(text), None, "{text}");
        }
    }
}
