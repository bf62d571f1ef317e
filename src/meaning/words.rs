//! How changes are worded for a reviewer. The wording is stable: scripts may compare it.

use std::fmt::Write;

use super::change::{CONTAINER, Change, Kind, Subject, VOLUME, Value};
use crate::image::Reference;

/// Length in characters after which a value is cut.
const SHOWN: usize = 80;

/// How text is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// For terminals: names are in backticks.
    Plain,
    /// For pull requests: names and values are code, so that nothing in them has a meaning.
    Markdown,
}

impl Style {
    /// A name in this style, in one line.
    pub fn name(self, text: &str) -> String {
        match self {
            Style::Plain => format!("`{}`", one_line(text)),
            Style::Markdown => code_span(text),
        }
    }

    fn value(self, value: &Value) -> String {
        match (self, value) {
            (_, Value::Hidden(_)) => "(hidden)".to_owned(),
            (_, Value::Content(_, what)) => what.clone(),
            (Style::Plain, Value::Shown(text)) if text.is_empty() => "\"\"".to_owned(),
            (Style::Plain, Value::Shown(text)) => one_line(text),
            (Style::Markdown, Value::Shown(text)) if text.is_empty() => code_span("\"\""),
            (Style::Markdown, Value::Shown(text)) => code_span(text),
        }
    }
}

/// A text in one line, cut after some characters. Characters that control a terminal are escaped.
fn one_line(text: &str) -> String {
    cut_line(text, SHOWN)
}

fn cut_line(text: &str, length: usize) -> String {
    let mut line = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == length {
            line.push_str("...");
            break;
        }
        // Marks that change the direction of text could show another value than there is.
        let is_hidden = c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if is_hidden { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line
}

/// A text as code in Markdown, in one line, cut after some characters.
pub fn code_span(text: &str) -> String {
    let line = one_line(text);
    let longest = line.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    // A space before and after is not a part of the code.
    let needs_space = line.starts_with(['`', ' ']) || line.ends_with(['`', ' ']) || line.is_empty();
    let space = if needs_space { " " } else { "" };
    format!("{fence}{space}{line}{space}{fence}")
}

/// A text as code in the HTML that Markdown may contain, in one line.
pub fn html_code(text: &str) -> String {
    let line = cut_line(text, usize::MAX);
    let line = line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<code>{line}</code>")
}

impl Change {
    /// The change in a few words, with what it is about.
    pub fn words(&self, style: Style) -> String {
        let Change { subject, field, key, before, after } = self;
        let (before, after) = (before.as_ref().map(|(v, _)| v), after.as_ref().map(|(v, _)| v));
        if [CONTAINER, VOLUME].contains(field) {
            return self.whole(style);
        }
        let mut words = match subject {
            Subject::Appliance => String::new(),
            Subject::Container(id) => style.name(id) + " ",
            Subject::Volume(id) => format!("volume {} ", style.name(id)),
        };
        let of = |value: Option<&Value>| value.map(|value| style.value(value)).unwrap_or_default();
        let named = key.as_deref().map(|key| style.name(key)).unwrap_or_default();
        let is = |value: Option<&Value>, text: &str| value.and_then(Value::shown) == Some(text);
        match *field {
            "containers[].instances" => {
                let _ = write!(words, "{} -> {} instances", of(before), of(after));
            }
            "containers[].image" => {
                let (old, new) = (before.and_then(Value::shown), after.and_then(Value::shown));
                let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
                let value = |text: &str| style.value(&Value::Shown(text.to_owned()));
                words.push_str(&images(old, new, value));
            }
            "containers[].ports[]" => {
                let port = key.as_deref().unwrap_or_default();
                let state = match (before, after) {
                    (before, None) if is(before, "internal") => "is no longer listed",
                    (_, None) => "is no longer published",
                    (None, after) if is(after, "internal") => "is listed as internal",
                    (None, _) => "is published",
                    (_, after) if is(after, "internal") => "is no longer published, but internal",
                    _ => "is published, no longer internal",
                };
                let _ = write!(words, "port {port} {state}");
            }
            "containers[].dependencies" => {
                let no = if after.is_none() { "no longer " } else { "" };
                let _ = write!(words, "{no}waits for {named}");
            }
            field => {
                words.push_str(&label(field));
                if key.is_some() {
                    let _ = write!(words, " {named}");
                }
                let hidden = |value: Option<&Value>| matches!(value, Some(Value::Hidden(_)));
                let _ = match (before, after) {
                    (Some(_), Some(_)) if hidden(before) && hidden(after) => {
                        write!(words, " changed (hidden)")
                    }
                    (Some(Value::Content(_, was)), Some(Value::Content(_, is))) if was == is => {
                        write!(words, " changed, still {is}")
                    }
                    (Some(Value::Content(_, was)), Some(Value::Content(_, is))) => {
                        write!(words, " changed, {was} -> {is}")
                    }
                    (Some(_), Some(_)) => write!(words, " {} -> {}", of(before), of(after)),
                    (None, _) => write!(words, " added: {}", of(after)),
                    (_, None) => write!(words, " removed, was {}", of(before)),
                };
            }
        }
        words
    }

    /// The words for a whole container or volume.
    fn whole(&self, style: Style) -> String {
        let (what, id) = match &self.subject {
            Subject::Appliance => return String::new(),
            Subject::Container(id) => {
                let kind = self.before.as_ref().or(self.after.as_ref());
                (kind.and_then(|(value, _)| value.shown()).unwrap_or("container"), id)
            }
            Subject::Volume(id) => ("volume", id),
        };
        let done = if self.kind() == Kind::Removed { "removed" } else { "added" };
        format!("{what} {} {done}", style.name(id))
    }
}

/// The name of a field: its path in a container or volume.
fn label(field: &str) -> String {
    let path = field.strip_prefix("containers[].").unwrap_or(field);
    let path = path.strip_prefix("data_persistence.volumes[].").unwrap_or(path);
    path.strip_prefix("data_persistence.").unwrap_or(path).replace("[]", "")
}

/// How many digits of a digest are shown, as Docker does.
const SHORT_DIGEST: usize = 12;

/// What changes between two images. `value` marks a text as that of a value.
fn images(old: &str, new: &str, value: impl Fn(&str) -> String) -> String {
    let of = |image| Reference::read(image).map(|read| (read.name, read.tag, read.digest));
    match (of(old), of(new)) {
        (Some((from, old, Some(was))), Some((to, new, Some(is)))) if from == to && old == new => {
            let at = old.map(|tag| format!(" at {}", value(tag))).unwrap_or_default();
            // As many as it takes to tell them apart.
            let common = digits(was).bytes().zip(digits(is).bytes()).take_while(|(a, b)| a == b);
            let count = SHORT_DIGEST.max(common.count() + 1);
            let (was, is) = (value(first(was, count)), value(first(is, count)));
            format!("image digest changed{at}: {was} -> {is}")
        }
        (Some((from, Some(old), was)), Some((to, Some(new), is)))
            if from == to && (was.is_some() || is.is_some()) =>
        {
            // Another tag says more than its digest.
            let digest = |digest: Option<&str>| match digest {
                Some(digest) if old == new => format!(" ({})", value(first(digest, SHORT_DIGEST))),
                _ => String::new(),
            };
            format!("image {}{} -> {}{}", value(old), digest(was), value(new), digest(is))
        }
        _ => {
            let (old, new) = same_repository(old, new);
            format!("image {} -> {}", value(old), value(new))
        }
    }
}

/// The digits of a digest.
fn digits(digest: &str) -> &str {
    digest.split_once(':').map_or(digest, |(_, digits)| digits)
}

/// The first digits of a digest.
fn first(digest: &str, count: usize) -> &str {
    let digits = digits(digest);
    digits.get(..count).unwrap_or(digits)
}

/// Two images, without their repository if that is the same.
fn same_repository<'i>(old: &'i str, new: &'i str) -> (&'i str, &'i str) {
    let split = |image: &'i str| {
        // A colon before the last slash is that of the port of a registry.
        let name = image.rfind('/').map_or(0, |slash| slash + 1);
        let end = image.find('@').or_else(|| image.get(name..)?.find(':').map(|at| name + at));
        end.and_then(|at| Some((image.get(..at)?, image.get(at + 1..)?)))
    };
    match (split(old), split(new)) {
        (Some((of, old)), Some((to, new))) if of == to => (old, new),
        _ => (old, new),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_in_html_is_whole_and_has_no_tags() {
        let path = format!("a&<b>\u{202e}{}", "c".repeat(SHOWN));
        let expected = format!("<code>a&amp;&lt;b&gt;\\u{{202e}}{}</code>", "c".repeat(SHOWN));
        assert_eq!(html_code(&path), expected);
    }

    #[test]
    fn digests_of_images_are_shortened_and_tags_come_first() {
        let digest = |digit: &str| format!("@sha256:{}", digit.repeat(64));
        let (a, b) = (digest("a"), digest("b"));
        let cases = [
            (
                format!("r/x{a}"),
                format!("r/x{b}"),
                "image digest changed: aaaaaaaaaaaa -> bbbbbbbbbbbb",
            ),
            (
                format!("r/x:1{a}"),
                format!("r/x:1{b}"),
                "image digest changed at 1: aaaaaaaaaaaa -> bbbbbbbbbbbb",
            ),
            (
                format!("r/x:1@sha256:{}a{}", "0".repeat(13), "0".repeat(50)),
                format!("r/x:1@sha256:{}b{}", "0".repeat(13), "0".repeat(50)),
                "image digest changed at 1: 0000000000000a -> 0000000000000b",
            ),
            (format!("r/x:1{a}"), format!("r/x:2{b}"), "image 1 -> 2"),
            ("r/x:1".to_owned(), format!("r/x:1{b}"), "image 1 -> 1 (bbbbbbbbbbbb)"),
            (format!("r/x:1{a}"), "r/x:1".to_owned(), "image 1 (aaaaaaaaaaaa) -> 1"),
            ("r/x:1".to_owned(), format!("r/x:2{b}"), "image 1 -> 2"),
            ("r/x:1".to_owned(), "r/x:2".to_owned(), "image 1 -> 2"),
        ];
        for (old, new, expected) in cases {
            assert_eq!(images(&old, &new, str::to_owned), expected, "{old} {new}");
        }
    }
}
