//! The content of a `target.toml`.

use std::collections::BTreeMap;

use regex::Regex;

use super::run::Run;
use crate::plan::Field;
use crate::render::Format;
use crate::source::Spanned;
use crate::targets::names::{dns_label, rfc1035_label};
use crate::targets::{Capability, Fate, OptionKind, OptionSpec, Target, Words};

/// Name of the manifest in the folder of a target.
pub const FILE_NAME: &str = "target.toml";

/// Whether a string is valid as the name of a target. Names of built-in targets are valid too.
pub fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !name.is_empty() && name.bytes().all(plain) && !name.starts_with('-')
}

/// A custom target, as its manifest describes it.
pub struct Manifest {
    /// Its name.
    pub name: String,
    /// Its output, in one line.
    pub description: String,
    /// How its output is run.
    pub run: Option<Run>,
    /// Whether it extends a built-in target.
    pub kind: Kind,
}

impl Manifest {
    /// What it defines, if it does not extend another target.
    pub fn own(&self) -> Option<&Definition> {
        match &self.kind {
            Kind::Own(own) => Some(own),
            Kind::Extends(_) => None,
        }
    }
}

/// The kind of a custom target.
pub enum Kind {
    /// A built-in target with replaced templates.
    Extends(&'static dyn Target),
    /// A target with its own templates.
    Own(Box<Definition>),
}

/// A target with its own templates.
pub struct Definition {
    /// The kinds of files that it writes.
    pub artifacts: Vec<Artifact>,
    /// The template for the address of `@id`.
    pub address: Spanned<String>,
    /// The template for the address of `@id:port`.
    pub address_with_port: Spanned<String>,
    /// The rules for names.
    pub names: Names,
    /// The escape rules for strings, by name.
    pub escapes: BTreeMap<String, Escape>,
    /// The options.
    pub options: Vec<CustomOption>,
    /// The support for each field, with a note.
    pub fields: Vec<(Field, Fate, String)>,
    /// The fields that the manifest does not mention.
    pub unmentioned: Vec<Field>,
}

/// A kind of file.
pub struct Artifact {
    /// What one file is written for.
    pub per: Per,
    /// The path of the template in the folder, which is its name.
    pub template: Spanned<String>,
    /// The template for the path of the file.
    pub path: Spanned<String>,
    /// The format of the file.
    pub format: Format,
}

/// What one file is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Per {
    /// The appliance.
    Appliance,
    /// Each container.
    Container,
    /// Each service.
    Service,
    /// Each job.
    Job,
    /// Each persistent volume.
    Volume,
}

/// The rules of a platform for names.
#[derive(Debug)]
pub struct Names {
    /// How a name is made of an id.
    pub clean: Clean,
    /// The maximum length of a name, in characters.
    pub longest: usize,
    /// The pattern that names must match.
    pub pattern: Option<Pattern>,
}

/// A pattern for whole names.
#[derive(Debug)]
pub struct Pattern {
    /// The pattern as written.
    pub text: String,
    /// The pattern, anchored at both ends.
    pub regex: Regex,
}

/// How a name is made of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clean {
    /// The id is the name.
    None,
    /// In lower case.
    Lower,
    /// A DNS label of RFC 1123.
    DnsLabel,
    /// A DNS label of RFC 1035.
    Rfc1035Label,
}

impl Names {
    /// Returns the name for an id.
    pub fn clean(&self, id: &str) -> String {
        match self.clean {
            Clean::None => id.to_owned(),
            Clean::Lower => id.to_ascii_lowercase(),
            Clean::DnsLabel => dns_label(id),
            Clean::Rfc1035Label => rfc1035_label(id),
        }
    }
}

/// An escape rule: strings and their replacements, longest strings first. None of the strings is
/// empty.
#[derive(Debug, Clone)]
pub struct Escape(pub Vec<(String, String)>);

impl Escape {
    /// Replaces all strings in one pass from left to right. Where several match, the longest is
    /// replaced.
    pub fn apply(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            let found = self.0.iter().find(|(from, _)| rest.starts_with(from.as_str()));
            let taken = match found {
                Some((from, to)) => {
                    out.push_str(to);
                    from.len()
                }
                None => {
                    out.push(next);
                    next.len_utf8()
                }
            };
            rest = rest.get(taken..).unwrap_or_default();
        }
        out
    }
}

/// An option.
#[derive(Debug)]
pub struct CustomOption {
    /// Its name.
    pub name: String,
    /// The type of its value.
    pub kind: CustomOptionKind,
    /// Its default, as text.
    pub default: String,
    /// Its effect, in one line.
    pub meaning: String,
}

/// The type of the value of an option.
#[derive(Debug)]
pub enum CustomOptionKind {
    /// Any text.
    Text,
    /// `true` or `false`.
    Flag,
    /// An integer from the first to the second number.
    Integer(i64, i64),
    /// A number greater than 0.
    Number,
    /// One of these words.
    Choice(Vec<String>),
}

impl CustomOption {
    /// The option in the form that all targets share.
    pub fn spec(&self) -> OptionSpec<'_> {
        OptionSpec {
            name: &self.name,
            kind: self.kind.kind(),
            default: &self.default,
            meaning: &self.meaning,
        }
    }
}

impl CustomOptionKind {
    /// The type in the form that all targets share.
    pub fn kind(&self) -> OptionKind<'_> {
        match self {
            CustomOptionKind::Text => OptionKind::Text,
            CustomOptionKind::Flag => OptionKind::Flag,
            CustomOptionKind::Integer(low, high) => OptionKind::Integer(*low, *high),
            CustomOptionKind::Number => OptionKind::Number,
            CustomOptionKind::Choice(words) => OptionKind::OneOf(Words::Own(words)),
        }
    }
}

impl Definition {
    /// The capabilities in the form that all targets share.
    pub fn capabilities(&self) -> Vec<Capability<'_>> {
        self.fields
            .iter()
            .map(|(field, fate, note)| Capability { field: *field, fate: *fate, note })
            .collect()
    }
}
