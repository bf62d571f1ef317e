//! Text of others on a terminal and in logs: nothing in it may act on them.
//!
//! Names, values and paths come from files that strangers write. An escape sequence writes the
//! clipboard or clears the screen, a bidirectional mark shows text in another order than a program
//! reads it, and a line break lets a value start a line of its own, which a CI service may obey.
//! Each text that is shown passes one of these functions; files that are made never do.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether a character acts on a terminal or on the order of text, or is not shown: C0 and C1
/// controls (ECMA-48), marks and overrides of direction (Unicode, UAX #9), the separators of
/// lines and paragraphs, and characters without width, which make two names look the same. Joiners are part of words.
pub(crate) fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What starts a command to a CI service anywhere in a line of its log: GitHub's runner and agents of Azure Pipelines look for
/// them. Commands such as `::error::` are obeyed only at the start of a line.
const COMMANDS: [&str; 2] = ["##[", "##vso["];

/// The text in one line. A character that would act is written as Rust escapes it: `\n`, `\u{1b}`, and so is the bracket of
/// a command to a CI service.
pub fn line(text: &str) -> Cow<'_, str> {
    inert(replaced(text, acts), r"\u{5b}")
}

/// The text with its line breaks; what would act otherwise is written as in [`line()`].
pub fn lines(text: &str) -> Cow<'_, str> {
    inert(replaced(text, |c| acts(c) && c != '\n'), r"\u{5b}")
}

/// The text with something else in place of the bracket of each command to a CI service.
pub(crate) fn inert<'t>(text: Cow<'t, str>, bracket: &str) -> Cow<'t, str> {
    COMMANDS.iter().fold(text, |text, command| match text.contains(command) {
        true => Cow::Owned(text.replace(command, &command.replace('[', bracket))),
        false => text,
    })
}

fn replaced(text: &str, is_replaced: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&is_replaced) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if !is_replaced(c) {
            shown.push(c);
        } else if matches!(c, '\t' | '\n' | '\r') {
            shown.extend(c.escape_default());
        } else {
            shown.extend(c.escape_unicode());
        }
    }
    Cow::Owned(shown)
}

/// Text of a file, whose characters keep their offsets in bytes: those beyond ASCII that would act become others
/// of the same length, and the bracket of a command to a CI service becomes a `(`. ASCII controls are left to the renderer of extracts, which shows pictures of them.
pub fn same_length(text: &str) -> Cow<'_, str> {
    let is_replaced = |c: char| acts(c) && !c.is_ascii();
    if !text.chars().any(is_replaced) {
        return inert(Cow::Borrowed(text), "(");
    }
    let shown = |c: char| match c.len_utf8() {
        _ if !is_replaced(c) => c,
        2 => '\u{b7}',
        _ => char::REPLACEMENT_CHARACTER,
    };
    inert(Cow::Owned(text.chars().map(shown).collect()), "(")
}

/// A JSON document in which what would act is escaped, so that its values stay the same.
/// JSON has them only inside of strings, apart from the line breaks and spaces of its layout.
pub fn json(document: &str) -> Cow<'_, str> {
    let is_replaced = |c: char| acts(c) && !matches!(c, '\t' | '\n' | '\r');
    if !document.chars().any(is_replaced) {
        return inert(Cow::Borrowed(document), r"\u005b");
    }
    let mut shown = String::with_capacity(document.len() + 16);
    for c in document.chars() {
        if is_replaced(c) {
            let _ = write!(shown, "\\u{:04x}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    inert(Cow::Owned(shown), r"\u005b")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn characters_that_act_are_shown() {
        assert_eq!(
            line("a\n::error::\t\u{1b}]52;c\u{7}\u{9b}2J"),
            r"a\n::error::\t\u{1b}]52;c\u{7}\u{9b}2J"
        );
        assert_eq!(line("x\u{202e}y\u{2028}"), r"x\u{202e}y\u{2028}");
        assert_eq!(lines("a\nb\r"), "a\nb\\r");
        assert!(matches!(line("é😀 plain"), Cow::Borrowed(_)));
    }

    #[test]
    fn commands_to_ci_services_are_none() {
        let text = "a ##[add-mask]b ##vso[task.prependpath]c #[d] ###[e";
        let shown = r"a ##\u{5b}add-mask]b ##vso\u{5b}task.prependpath]c #[d] ###\u{5b}e";
        assert_eq!(line(text), shown);
        assert_eq!(lines(text), shown);
        assert_eq!(same_length(text), "a ##(add-mask]b ##vso(task.prependpath]c #[d] ###(e");
        let document = serde_json::json!([text, "\u{9b}##["]).to_string();
        let shown = json(&document);
        assert!(!shown.contains("##[") && !shown.contains("##vso["), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap()[0], text);
    }

    #[test]
    fn json_keeps_its_values() {
        let value = serde_json::json!({"a\u{9b}": ["\u{202e}\u{7f}", "\n\u{1b}"]});
        let document = format!("{value:#}\n");
        let shown = json(&document);
        assert!(!shown.chars().any(|c| acts(c) && c != '\n'), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }

    proptest! {
        #[test]
        fn nothing_acts(text in any::<String>()) {
            prop_assert!(!line(&text).chars().any(acts));
            prop_assert!(!lines(&text).chars().any(|c| acts(c) && c != '\n'));
            let same = same_length(&text);
            prop_assert!(!same.chars().any(|c| acts(c) && !c.is_ascii()));
            let starts = |text: &str| text.char_indices().map(|(at, _)| at).collect::<Vec<_>>();
            prop_assert_eq!(starts(&same), starts(&text));
        }
    }
}
