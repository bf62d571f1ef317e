//! Variables of a shell, and commands whose output would stand in a word.

use super::Shell;
use crate::import::compose::{Refused, interpolate};
use crate::import::told::Told;

use std::collections::BTreeSet;

/// The current folder, in the words of the shells; also in upper case.
const FOLDER: [&str; 5] = ["$(pwd)", "${pwd}", "`pwd`", "$pwd", "%cd%"];

/// The user who runs the line.
const USER: [&str; 10] = [
    "$(id -u)", "$(id -g)", "`id -u`", "`id -g`", "$UID", "$GID", "${UID}", "${GID}", "$EUID",
    "${EUID}",
];

impl Shell<'_> {
    /// Replaces what begins here with `$`, `` ` `` or `%`.
    pub(super) fn variable(&mut self, text: &mut String, told: &mut Told<'_>) {
        let start = self.at;
        if FOLDER.iter().any(|here| self.eat_name(here, true)) {
            text.push('.');
            self.has_folder = true;
            return;
        }
        let rest = self.rest();
        let name = rest.strip_prefix("${").or_else(|| rest.strip_prefix('$')).unwrap_or_default();
        let is_set = ["UID", "GID", "EUID"]
            .iter()
            .any(|user| name.starts_with(user) && self.variables.contains_key(*user));
        if !is_set && USER.iter().any(|user| self.eat_name(user, false)) {
            text.push_str("1000");
            told.differ(
                self.source.span(start..self.at),
                "the user who runs the line is not known: it becomes `1000`",
                "set `user` to the numbers of who owns the folders that are mounted",
            );
            return;
        }
        let length = match rest.chars().next() {
            Some('%') => return self.percent(text, told),
            Some('$') if rest.starts_with("${") => self.find('}').map(|end| end + 1),
            Some('$') => Some(1 + name_length(rest.get(1..).unwrap_or_default()))
                .filter(|length| *length > 1),
            _ => None,
        };
        let Some(length) = length else { return self.unknown(text, told) };
        let length = if rest.starts_with("${") { braces(rest).unwrap_or(length) } else { length };
        let whole = rest.get(..length).unwrap_or_default();
        if matches!(whole, "$HOME" | "${HOME}") && !self.variables.contains_key("HOME") {
            text.push('~');
            self.has_folder = true;
            self.at += length;
            return;
        }
        let mut unset = BTreeSet::new();
        let values = |name: &str| self.variables.get(name).map(String::as_str);
        let value = interpolate(whole, &values, &mut unset, self.budget);
        self.at += length;
        let place = self.source.span(start..self.at);
        match value {
            Ok(value) => text.push_str(&value),
            Err(Refused::Required(name, why)) => {
                told.refuse(place, format!("`{name}` is not set: {why}"))
            }
            Err(Refused::Invalid) => told.refuse(place, "what the shell puts here is not known"),
            Err(refused) => match refused.message() {
                Some(message) => told.refuse(place, message),
                None => self.budget.variables.tell(place, told),
            },
        }
        for name in unset {
            told.differ(
                place,
                format!("`{name}` is not set: it becomes empty"),
                "give variables with `--env-file FILE`",
            );
        }
    }

    /// Takes a word of the shell, if it is next and no longer name.
    fn eat_name(&mut self, word: &str, ignore_case: bool) -> bool {
        let rest = self.rest();
        let Some(next) = rest.get(..word.len()) else { return false };
        let is_same = next == word || ignore_case && next.eq_ignore_ascii_case(word);
        let behind = rest.get(word.len()..).unwrap_or_default();
        let ends = !word.ends_with(|c: char| c.is_ascii_alphanumeric()) || name_length(behind) == 0;
        if is_same && ends {
            self.at += word.len();
        }
        is_same && ends
    }

    /// A variable of `cmd`, such as `%TAG%`; elsewhere, a percent sign.
    fn percent(&mut self, text: &mut String, told: &mut Told<'_>) {
        let inside = self.rest().get(1..).unwrap_or_default();
        let name = inside.get(..name_length(inside)).unwrap_or_default();
        let is_variable = self.is_windows
            && !name.is_empty()
            && inside.get(name.len()..).is_some_and(|behind| behind.starts_with('%'));
        if !is_variable {
            text.extend(self.take());
            return;
        }
        let start = self.at;
        self.at += name.len() + 2;
        match self.variables.get(name) {
            Some(value) if self.budget.variables.take(value.len()) => text.push_str(value),
            Some(_) => self.budget.variables.tell(self.source.span(start..self.at), told),
            None if name.eq_ignore_ascii_case("USERPROFILE") => text.push('~'),
            None => told.differ(
                self.source.span(start..self.at),
                format!("`{name}` is not set: it becomes empty"),
                "give variables with `--env-file FILE`",
            ),
        }
    }

    /// Notes what the shell replaces at this character of a word without quotes: `~`, names of files, or several words.
    /// Whether the word or a value in it begins here, and whether there is a `=` before.
    pub(super) fn expansion(
        &mut self,
        c: char,
        begins: bool,
        has_equals: bool,
        told: &mut Told<'_>,
    ) {
        if self.is_windows {
            return;
        }
        let rest = self.rest();
        let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | '|' | '&');
        let length = match c {
            '~' if begins => {
                let next = rest.chars().nth(1);
                self.has_folder |= next.is_none_or(|next| next == '/' || ends(next));
                return;
            }
            // No file has a name such as `ORIGINS=https`.
            '*' if !has_equals => 1,
            '{' => {
                // Braces in others are those of the inner ones.
                let inside = rest.get(1..).unwrap_or_default();
                let is_end = |c: char| matches!(c, '{' | '}') || ends(c);
                let (inside, behind) = inside.split_at(inside.find(is_end).unwrap_or(inside.len()));
                if !behind.starts_with('}') || !(inside.contains(',') || inside.contains("..")) {
                    return;
                }
                inside.len() + 2
            }
            _ => return,
        };
        let written = rest.get(..length).unwrap_or_default();
        told.differ(
            self.source.span(self.at..self.at + length),
            format!("`{written}` is kept, where the shell may put other words"),
            "write it in quotes if it is meant as text, or the words themselves",
        );
    }

    /// What is neither a variable nor a known command.
    fn unknown(&mut self, text: &mut String, told: &mut Told<'_>) {
        let rest = self.rest();
        let place = self.source.span(self.at..self.at + 1);
        if rest.starts_with("$(") || rest.starts_with('`') || rest.starts_with("${") {
            let end = if rest.starts_with('`') { '`' } else { ')' };
            told.refuse(place, "what the shell puts here is not known");
            self.at += 1;
            self.at += self.find(end).map_or(0, |at| at + 1);
            return;
        }
        let is_argument = |c: char| c.is_ascii_digit() || matches!(c, '@' | '*' | '#' | '?');
        if rest.get(1..).is_some_and(|behind| behind.starts_with(is_argument)) {
            told.differ(
                self.source.span(self.at..self.at + 2),
                "the arguments of the script are not known: left out",
                "write the value itself",
            );
            self.at += 2;
            return;
        }
        text.extend(self.take());
    }
}

/// The length of the name that a text begins with.
fn name_length(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return 0;
    }
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())
}

/// The length of `${...}`, with the braces inside it.
fn braces(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth <= 1 => return Some(at + 1),
            '}' => depth -= 1,
            '\n' => return None,
            _ => {}
        }
    }
    None
}
