//! The commands of lines of a shell, with the places of their words.
//!
//! The rules are those of POSIX shells, and what people paste besides: prompts, the line ends of PowerShell and of
//! `cmd`, `%cd%`, quotes of typesetters, and placeholders such as `<token>`.

mod variables;

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Findings, codes};
use crate::import::budget::Budget;
use crate::import::told::Told;
use crate::source::{Source, Span};

/// A word of a command.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// Its text, without quotes.
    pub text: String,
    /// Its place.
    pub span: Span,
    /// Whether the shell puts a folder of the machine in it, which is `.` or `~` in the text.
    pub has_folder: bool,
}

/// A command.
#[derive(Debug, Default, PartialEq)]
pub struct Command {
    /// Its words, without the variables before them.
    pub words: Vec<Word>,
    /// The variables that are set for it alone, as in `A=1 docker run`.
    pub assigned: BTreeMap<String, String>,
}

/// Reads the commands of a text, one after the other.
pub struct Shell<'a> {
    source: &'a Source,
    text: &'a str,
    at: usize,
    /// The variables that are known so far.
    variables: BTreeMap<String, String>,
    budget: &'a Budget,
    /// Signs that are not in the rest of the text.
    absent: Vec<char>,
    /// Whether it is for `cmd` or PowerShell, where `\` stands in paths.
    is_windows: bool,
    /// Whether the shell puts a folder of the machine in the word that is read.
    has_folder: bool,
}

/// What ends the prompt of a shell.
const PROMPTS: [char; 7] = ['$', '#', '%', '>', '❯', '➜', '»'];

/// Longest prompt with the start of its command, in characters.
const LONGEST_PROMPT: usize = 500;

/// The programs that run containers with the options of Docker.
pub const PROGRAMS: [&str; 3] = ["docker", "podman", "nerdctl"];

impl<'a> Shell<'a> {
    /// Begins at the start of a source, with the variables that are set before it.
    pub fn new(
        source: &'a Source,
        variables: BTreeMap<String, String>,
        budget: &'a Budget,
    ) -> Shell<'a> {
        let text = source.text();
        let is_line_end = |line: &str| {
            let line = line.trim_end();
            line.ends_with(" ^") || line.ends_with(" `")
        };
        let is_windows =
            text.to_ascii_lowercase().contains("%cd%") || text.lines().any(is_line_end);
        let at = source.content_start() - source.start().start as usize;
        let absent = Vec::new();
        Shell { source, text, at, variables, budget, absent, is_windows, has_folder: false }
    }

    /// What the import may still repeat.
    pub fn budget(&self) -> &'a Budget {
        self.budget
    }

    /// The variables that are set now.
    pub fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    /// Whether the text is for a shell of Windows.
    pub fn is_windows(&self) -> bool {
        self.is_windows
    }

    /// The next command. Variables that it sets for all that follow are noted, and not returned.
    pub fn next(&mut self, findings: &mut Findings) -> Option<Command> {
        loop {
            let words = self.words(&mut Told(findings));
            if words.is_empty() && self.peek().is_none() {
                return None;
            }
            let mut assigned = BTreeMap::new();
            let is_export = words.first().is_some_and(|word| {
                matches!(word.text.as_str(), "export" | "set" | "readonly" | "declare" | "local")
            });
            let mut rest = words.as_slice();
            if is_export {
                rest = rest.get(1..).unwrap_or_default();
            }
            while let [first, after @ ..] = rest
                && let Some((name, value)) = assignment(&first.text)
            {
                assigned.insert(name, value);
                rest = after;
            }
            if rest.is_empty() {
                self.variables.extend(assigned);
            } else if !is_export {
                return Some(Command { words: rest.to_vec(), assigned });
            }
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// How far it is to a sign.
    fn find(&mut self, sign: char) -> Option<usize> {
        if self.absent.contains(&sign) {
            return None;
        }
        let found = self.rest().find(sign);
        if found.is_none() {
            self.absent.push(sign);
        }
        found
    }

    /// Takes the end of a line that goes on: `\`, also with spaces behind it, or the sign of PowerShell or of
    /// `cmd`; and the prompt `>` of the line after it.
    fn goes_on(&mut self) -> bool {
        let Some(behind) = self.rest().strip_prefix(['\\', '`', '^']) else { return false };
        let after = behind.trim_start_matches([' ', '\t', '\r']);
        let Some(line) = after.strip_prefix('\n').or_else(|| after.is_empty().then_some("")) else {
            return false;
        };
        let prompt = line.trim_start_matches([' ', '\t']);
        let next = prompt.strip_prefix("> ").unwrap_or(line);
        self.at = self.text.len() - next.len();
        true
    }

    /// The words up to the end of a command.
    fn words(&mut self, told: &mut Told<'_>) -> Vec<Word> {
        let mut words = Vec::new();
        self.prompt();
        while let Some(c) = self.peek() {
            if self.goes_on() || self.redirection(told) {
                continue;
            }
            match c {
                '\n' | ';' | '|' | '&' => {
                    self.take();
                    break;
                }
                c if c.is_whitespace() => {
                    self.take();
                }
                '#' => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.take();
                    }
                }
                _ => words.extend(self.word(told)),
            }
        }
        words
    }

    /// Skips white space, and a prompt at the start of a line.
    fn prompt(&mut self) {
        let before = self.text.get(..self.at).unwrap_or_default();
        let rest = self.rest();
        let bare = rest.trim_start();
        let blank = rest.get(..rest.len() - bare.len()).unwrap_or_default();
        self.at += blank.len();
        if !(blank.contains('\n') || before.is_empty() || before.ends_with(['\n', '\u{feff}'])) {
            return;
        }
        let line = bare.lines().next().unwrap_or_default();
        let end = line.char_indices().nth(LONGEST_PROMPT).map_or(line.len(), |(at, _)| at);
        let line = line.get(..end).unwrap_or_default();
        let end = line.char_indices().find(|(at, c)| {
            let behind = line.get(at + c.len_utf8()..).unwrap_or_default();
            PROMPTS.contains(c) && is_run(behind.trim_start())
        });
        let is_prompt = |c: char| PROMPTS.contains(&c) && c != '#';
        let length = match end {
            Some((at, c)) => Some(at + c.len_utf8()),
            None if line.starts_with(is_prompt) => line
                .chars()
                .next()
                .map(char::len_utf8)
                .filter(|end| line.get(*end..).is_some_and(|behind| behind.starts_with(' '))),
            None => None,
        };
        self.at += length.unwrap_or_default();
    }

    /// Skips a redirection, and reports it if something is lost by that.
    fn redirection(&mut self, told: &mut Told<'_>) -> bool {
        let rest = self.rest();
        let behind = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let behind = if behind.len() == rest.len() {
            rest.strip_prefix('&').unwrap_or(rest)
        } else {
            behind
        };
        if !behind.starts_with(['<', '>']) || placeholder(behind).is_some() {
            return false;
        }
        let start = self.at;
        let target = behind.trim_start_matches(['<', '>', '&', ' ']);
        self.at = self.text.len() - target.len();
        let file = match self.peek() {
            Some(c) if !c.is_whitespace() => self.word(told),
            _ => None,
        };
        let is_nothing = file.is_none_or(|file| {
            matches!(file.text.as_str(), "/dev/null" | "nul" | "NUL" | "1" | "2")
        });
        if !is_nothing {
            told.lose(
                self.source.span(start..self.at),
                "the redirection is left out",
                "read and write files in the container",
            );
        }
        true
    }

    /// The word that begins here. `None` for a quote that is not closed, which is reported.
    fn word(&mut self, told: &mut Told<'_>) -> Option<Word> {
        let start = self.at;
        let mut text = String::new();
        // Whether there is a `=` in it, up to the index that was searched.
        let (mut has_equals, mut searched) = (false, 0);
        self.has_folder = false;
        while let Some(c) = self.peek() {
            let here = self.at;
            if self.goes_on() {
                continue;
            }
            match c {
                c if c.is_whitespace() => break,
                ';' | '|' | '&' => break,
                '<' | '>' => {
                    let Some(name) = placeholder(self.rest()) else { break };
                    text.push_str(name);
                    self.at += name.len();
                    told.differ(
                        self.source.span(here..self.at),
                        format!("`{name}` is a placeholder"),
                        "write the value itself",
                    );
                }
                '\'' | '‘' | '’' | '“' | '”' => {
                    self.take();
                    let ends: &[char] = match c {
                        '\'' => &['\''],
                        '‘' | '’' => &['‘', '’'],
                        _ => &['“', '”'],
                    };
                    let Some(end) = self.rest().find(ends) else {
                        return self.unclosed(here, told);
                    };
                    text.push_str(self.rest().get(..end).unwrap_or_default());
                    self.at += end;
                    self.take();
                    if c != '\'' {
                        let place = self.source.span(here..here + c.len_utf8());
                        told.push(Diagnostic::new(
                            &codes::IMPORT_CHOICE,
                            place,
                            format!("`{c}` is read as a quote"),
                        ));
                    }
                }
                '"' => {
                    self.take();
                    if !self.double(&mut text, told) {
                        return self.unclosed(here, told);
                    }
                }
                '$' if self.rest().starts_with("$'") => {
                    self.at += 2;
                    if !self.escaped(&mut text) {
                        return self.unclosed(here, told);
                    }
                }
                '\\' => {
                    self.take();
                    if self.is_windows {
                        text.push('\\');
                    } else {
                        text.extend(self.take());
                    }
                }
                '$' | '`' | '%' => self.variable(&mut text, told),
                _ => {
                    if matches!(c, '~' | '*' | '{') {
                        has_equals |= text.get(searched..).is_some_and(|new| new.contains('='));
                        searched = text.len();
                        let is_value_start = text.is_empty() || text.ends_with('=');
                        self.expansion(c, is_value_start, has_equals, told);
                    }
                    self.take();
                    text.push(c);
                }
            }
        }
        let span = self.source.span(start..self.at);
        Some(Word { text, span, has_folder: self.has_folder })
    }

    fn unclosed(&mut self, at: usize, told: &mut Told<'_>) -> Option<Word> {
        let quote = self.text.get(at..).and_then(|rest| rest.chars().next());
        let end = at + quote.map_or(0, char::len_utf8);
        told.refuse(self.source.span(at..end), "this quote is not closed");
        self.at = self.text.len();
        None
    }

    /// The text up to the double quote that closes it. Returns whether there is one.
    fn double(&mut self, text: &mut String, told: &mut Told<'_>) -> bool {
        while let Some(c) = self.peek() {
            match c {
                '"' => {
                    self.take();
                    return true;
                }
                '\\' => {
                    self.take();
                    match self.peek() {
                        Some(_) if self.is_windows => text.push('\\'),
                        Some(c @ ('"' | '\\' | '$' | '`')) => {
                            self.take();
                            text.push(c);
                        }
                        Some('\n') => {
                            self.take();
                        }
                        _ => text.push('\\'),
                    }
                }
                '$' | '`' | '%' => self.variable(text, told),
                _ => {
                    self.take();
                    text.push(c);
                }
            }
        }
        false
    }

    /// The text of `$'...'`, whose escapes are those of C. Returns whether its end is there.
    fn escaped(&mut self, text: &mut String) -> bool {
        while let Some(c) = self.take() {
            match c {
                '\'' => return true,
                '\\' => match self.take() {
                    Some('n') => text.push('\n'),
                    Some('r') => text.push('\r'),
                    Some('t') => text.push('\t'),
                    Some(c @ ('\\' | '\'' | '"')) => text.push(c),
                    other => {
                        text.push('\\');
                        text.extend(other);
                    }
                },
                c => text.push(c),
            }
        }
        false
    }
}

/// Whether a text begins with a command that runs a container.
fn is_run(text: &str) -> bool {
    let mut words = text.split(' ').filter(|word| !matches!(*word, "sudo" | "-E"));
    words.next().is_some_and(|word| PROGRAMS.contains(&word))
        && words
            .next()
            .is_some_and(|word| matches!(word.trim_end(), "run" | "create" | "container"))
}

/// The name and value that a word sets.
fn assignment(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then(|| (name.to_owned(), value.to_owned()))
}

/// The placeholder that a text begins with, such as `<your token>`.
fn placeholder(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('<')?;
    let end = inside
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | '/')))?;
    let is_named = inside.starts_with(char::is_alphabetic);
    (is_named && inside.get(end..)?.starts_with('>')).then(|| text.get(..end + 2)).flatten()
}
