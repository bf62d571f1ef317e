//! The words of lines of a shell, with their places.

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Findings, codes};
use crate::source::{Source, Span};

/// A word of a command.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// Its text, without quotes.
    pub text: String,
    /// Its place.
    pub span: Span,
    /// Whether it begins with a quote.
    pub is_quoted: bool,
}

/// The commands of a text: quotes and escapes are resolved, `\` at the end of a line goes on, and
/// variables are replaced. `$PWD` and `$(pwd)` become `.`.
pub fn commands(
    source: &Source,
    variables: &BTreeMap<String, String>,
    findings: &mut Findings,
) -> Vec<Vec<Word>> {
    let mut splitter = Splitter {
        source,
        text: source.text(),
        at: source.content_start() - source.start().start as usize,
        variables,
        findings,
    };
    splitter.commands()
}

struct Splitter<'a> {
    source: &'a Source,
    text: &'a str,
    at: usize,
    variables: &'a BTreeMap<String, String>,
    findings: &'a mut Findings,
}

impl Splitter<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Takes a text, if it is next.
    fn eat(&mut self, text: &str) -> bool {
        let is_next = self.rest().starts_with(text);
        if is_next {
            self.at += text.len();
        }
        is_next
    }

    fn commands(&mut self) -> Vec<Vec<Word>> {
        let mut all = Vec::new();
        let mut words = Vec::new();
        while let Some(c) = self.peek() {
            if self.eat("\\\r\n") || self.eat("\\\n") {
                continue;
            }
            match c {
                '\n' | ';' | '|' | '&' => {
                    self.next();
                    all.push(std::mem::take(&mut words));
                }
                c if c.is_whitespace() => {
                    self.next();
                }
                // A prompt of root is no comment if a command follows on the line.
                '#' if !(words.is_empty() && self.rest().starts_with("# docker")) => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.next();
                    }
                }
                _ => words.extend(self.word()),
            }
        }
        all.push(words);
        all.retain(|words| !words.is_empty());
        all
    }

    /// The word that begins here. `None` for a quote that is not closed, which is reported.
    fn word(&mut self) -> Option<Word> {
        let start = self.at;
        let is_quoted = self.peek().is_some_and(|c| matches!(c, '"' | '\''));
        let mut text = String::new();
        while let Some(c) = self.peek() {
            let here = self.at;
            match c {
                c if c.is_whitespace() => break,
                ';' | '|' | '&' => break,
                '\'' => {
                    self.next();
                    let Some(end) = self.rest().find('\'') else { return self.unclosed(here) };
                    text.push_str(self.rest().get(..end).unwrap_or_default());
                    self.at += end + 1;
                }
                '"' => {
                    self.next();
                    if !self.double(&mut text) {
                        return self.unclosed(here);
                    }
                }
                '\\' => {
                    if self.eat("\\\r\n") || self.eat("\\\n") {
                        continue;
                    }
                    self.next();
                    text.extend(self.next());
                }
                '$' | '`' => self.variable(&mut text),
                _ => {
                    self.next();
                    text.push(c);
                }
            }
        }
        Some(Word { text, span: self.source.span(start..self.at), is_quoted })
    }

    fn unclosed(&mut self, at: usize) -> Option<Word> {
        let place = self.source.span(at..at + 1);
        self.findings.push(Diagnostic::new(
            &codes::NOT_IMPORTED,
            place,
            "this quote is not closed",
        ));
        self.at = self.text.len();
        None
    }

    /// The text up to the quote that closes it. Returns whether there is one.
    fn double(&mut self, text: &mut String) -> bool {
        while let Some(c) = self.peek() {
            match c {
                '"' => {
                    self.next();
                    return true;
                }
                '\\' => {
                    self.next();
                    match self.next() {
                        Some('\n') => {}
                        Some(c @ ('"' | '\\' | '$' | '`')) => text.push(c),
                        Some(c) => text.extend(['\\', c]),
                        None => {}
                    }
                }
                '$' | '`' => self.variable(text),
                _ => {
                    self.next();
                    text.push(c);
                }
            }
        }
        false
    }

    /// A variable, or a command whose output would stand here.
    fn variable(&mut self, text: &mut String) {
        let start = self.at;
        for here in ["$(pwd)", "${PWD}", "`pwd`", "$PWD"] {
            if self.eat(here) {
                text.push('.');
                return;
            }
        }
        let rest = self.rest();
        let (name, length) = match rest.strip_prefix("${") {
            Some(inner) => {
                let name = inner.split('}').next().unwrap_or_default();
                (name.to_owned(), name.len() + 3)
            }
            None => {
                let inner = rest.get(1..).unwrap_or_default();
                let end = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                let name = inner.get(..end.unwrap_or(inner.len())).unwrap_or_default();
                (name.to_owned(), name.len() + 1)
            }
        };
        let is_name = !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && rest.starts_with('$');
        if !is_name {
            let place = self.source.span(start..start + 1);
            let what = "what the shell puts here is not known";
            if rest.starts_with("$(") || rest.starts_with('`') || rest.starts_with("${") {
                self.findings.push(
                    Diagnostic::new(&codes::NOT_IMPORTED, place, what)
                        .help("write the value itself"),
                );
            }
            text.extend(self.next());
            return;
        }
        self.at = (self.at + length).min(self.text.len());
        match (self.variables.get(&name), name.as_str()) {
            (Some(value), _) => text.push_str(value),
            (None, "HOME") => text.push('~'),
            (None, _) => self.findings.push(
                Diagnostic::new(
                    &codes::IMPORT_DIFFERS,
                    self.source.span(start..self.at),
                    format!("`{name}` is not set: it becomes empty"),
                )
                .help("give variables with `--env-file FILE`"),
            ),
        }
    }
}
