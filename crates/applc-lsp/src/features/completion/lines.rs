//! Finds the caret in YAML.

use super::brackets;
use super::cursor::{Cursor, Slot, Step, Style, word_end};

/// An object or a list that is open.
#[derive(Clone)]
struct Level {
    id: usize,
    indent: usize,
    kind: Kind,
    members: Vec<(String, String)>,
}

#[derive(Clone)]
enum Kind {
    Map { key: Option<String> },
    List { index: usize },
}

/// Finds the caret. `None` where nothing can be written.
pub fn find(text: &str, caret: usize) -> Option<Cursor> {
    let mut scan = Scan { text, caret, levels: Vec::new(), found: None, owner: None, count: 0 };
    scan.run();
    scan.found
}

struct Scan<'t> {
    text: &'t str,
    caret: usize,
    levels: Vec<Level>,
    found: Option<Cursor>,
    owner: Option<usize>,
    count: usize,
}

/// A key, and where its value starts in the line.
fn key_of(line: &str) -> Option<(&str, usize)> {
    let quote = line.chars().next().filter(|c| matches!(c, '"' | '\''));
    if let Some(quote) = quote {
        let end = line.get(1..)?.find(quote)? + 1;
        let rest = line.get(end + 1..)?;
        let colon = rest.trim_start().strip_prefix(':')?;
        let is_key = colon.is_empty() || colon.starts_with(' ');
        return is_key.then(|| line.get(1..end).map(|key| (key, line.len() - colon.len())))?;
    }
    let colon = line.match_indices(':').map(|(at, _)| at).find(|at| {
        line.get(at + 1..).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
    })?;
    let key = line.get(..colon)?;
    (!key.starts_with(['{', '[', '#'])).then(|| (key.trim_end(), colon + 1))
}

/// Where a value starts behind whitespace, and behind an anchor and a tag.
fn behind_properties(value: &str) -> usize {
    let mut rest = value.trim_start();
    while rest.starts_with(['&', '!']) {
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        rest = rest.get(end..).unwrap_or_default().trim_start();
    }
    value.len() - rest.len()
}

impl Scan<'_> {
    fn run(&mut self) {
        let (mut start, mut text_below) = (0, None);
        while start <= self.text.len() {
            let rest = self.text.get(start..).unwrap_or_default();
            let line = rest.split('\n').next().unwrap_or_default();
            let next = start + line.len() + 1;
            let line = line.trim_end_matches('\r');
            let is_mine = start <= self.caret && self.caret < next && self.found.is_none();
            let indent = line.len() - line.trim_start_matches(' ').len();
            let is_blank = line.trim().is_empty();
            if let Some(below) = text_below {
                if is_blank && !is_mine || indent > below {
                    if is_mine {
                        self.in_text(start);
                    }
                    start = next;
                    continue;
                }
                text_below = None;
            }
            if is_mine {
                // The line is entered again as a whole, with the same numbers.
                let before = (self.levels.clone(), self.count);
                self.record(start, line);
                (self.levels, self.count) = before;
            }
            let is_skipped = is_blank
                || line.trim_start().starts_with('#')
                || line.starts_with("---")
                || line.starts_with("...");
            let mut end = next;
            if !is_skipped {
                let (value, at) = self.line(line, start, is_mine);
                let start_of_value = behind_properties(value);
                let value = value.get(start_of_value..).unwrap_or_default();
                let at = at + start_of_value;
                if value.starts_with(['|', '>']) {
                    text_below = self.levels.last().map(|level| level.indent);
                } else if value.starts_with(['{', '[']) {
                    end = self.in_brackets(at).max(next);
                }
            }
            start = end;
        }
        while let Some(level) = self.levels.pop() {
            self.left(level);
        }
    }

    /// Closes what a line that is indented by less does not belong to.
    fn leave(&mut self, indent: usize, is_item: bool) {
        while let Some(level) = self.levels.pop_if(|level| {
            level.indent > indent
                || (level.indent == indent && !is_item && matches!(level.kind, Kind::List { .. }))
        }) {
            self.left(level);
        }
    }

    fn left(&mut self, level: Level) {
        if self.owner == Some(level.id)
            && let Some(found) = &mut self.found
        {
            found.siblings = level.members;
        }
    }

    /// Enters an item of a list.
    fn item(&mut self, indent: usize) {
        self.leave(indent, true);
        match self.levels.last_mut() {
            Some(Level { indent: own, kind: Kind::List { index }, .. }) if *own == indent => {
                *index += 1
            }
            _ => self.push(indent, Kind::List { index: 0 }),
        }
    }

    fn push(&mut self, indent: usize, kind: Kind) {
        self.count += 1;
        self.levels.push(Level { id: self.count, indent, kind, members: Vec::new() });
    }

    /// Enters what a line says, and returns its value, and where that is. The key at the caret is no sibling.
    fn line<'l>(&mut self, line: &'l str, start: usize, is_mine: bool) -> (&'l str, usize) {
        let mut indent = line.len() - line.trim_start_matches(' ').len();
        let mut rest = line.get(indent..).unwrap_or_default();
        while rest == "-" || rest.starts_with("- ") {
            self.item(indent);
            let inner = rest.get(1..).unwrap_or_default();
            let spaces = inner.len() - inner.trim_start_matches(' ').len();
            indent += 1 + spaces;
            rest = inner.trim_start_matches(' ');
            if rest.is_empty() {
                return (rest, start + line.len());
            }
        }
        let Some((key, value)) = key_of(rest) else { return (rest, start + indent) };
        self.leave(indent, false);
        let at = start + indent + value;
        let value = rest.get(value..).unwrap_or_default();
        let is_map = matches!(self.levels.last(), Some(Level { indent: own, kind: Kind::Map { .. }, .. }) if *own == indent);
        if !is_map {
            self.push(indent, Kind::Map { key: None });
        }
        if let Some(level) = self.levels.last_mut() {
            if let Kind::Map { key: own } = &mut level.kind {
                *own = Some(key.to_owned());
            }
            let is_key_mine = is_mine && self.caret <= start + indent + key.len();
            if !is_key_mine {
                let simple = value.trim().trim_matches(['"', '\'']);
                level.members.push((key.to_owned(), simple.to_owned()));
            }
        }
        (value, at)
    }

    fn steps(&self) -> Vec<Step> {
        let step = |level: &Level| match &level.kind {
            Kind::Map { key } => Step::Key(key.clone().unwrap_or_default()),
            Kind::List { index } => Step::Item(*index),
        };
        self.levels.iter().map(step).collect()
    }

    fn in_brackets(&mut self, at: usize) -> usize {
        let found = brackets::find(self.text, at, self.caret, Style::Flow);
        if at < self.caret
            && let Some(mut cursor) = found.cursor
            && self.caret <= found.end
        {
            let mut steps = self.steps();
            steps.append(&mut cursor.steps);
            cursor.steps = steps;
            self.owner = None;
            self.found = Some(cursor);
        }
        // The rest of the line says nothing more.
        let rest = self.text.get(found.end..).unwrap_or_default();
        found.end + rest.find('\n').map_or(rest.len() + 1, |end| end + 1)
    }

    fn in_text(&mut self, start: usize) {
        let typed = self.text.get(start..self.caret).unwrap_or_default().to_owned();
        self.keep(Slot::Text, self.caret..self.caret, typed, true, (0, false, false));
    }

    fn keep(
        &mut self,
        slot: Slot,
        token: std::ops::Range<usize>,
        typed: String,
        is_quoted: bool,
        (extra, after_key, needs_dash): (usize, bool, bool),
    ) {
        let owner = self.levels.iter().rev().find(|level| matches!(level.kind, Kind::Map { .. }));
        self.owner = owner.map(|level| level.id);
        let mut steps = self.steps();
        if matches!(slot, Slot::Key { .. }) {
            steps.pop();
        }
        self.found = Some(Cursor {
            steps,
            slot,
            token,
            typed,
            is_quoted,
            siblings: Vec::new(),
            style: Style::Block { extra, after_key, needs_dash },
            comma_before: None,
            comma_after: false,
        });
    }

    /// Keeps the place of the caret, which is in this line.
    fn record(&mut self, start: usize, line: &str) {
        let column = self.caret - start;
        let before = line.get(..column.min(line.len())).unwrap_or_default();
        if before.trim_start().starts_with('#') || before.contains(" #") {
            return;
        }
        let line_indent = before.len() - before.trim_start_matches(' ').len();
        let mut indent = line_indent;
        let mut rest = before.get(indent..).unwrap_or_default();
        let mut is_item = false;
        while rest == "-" || rest.starts_with("- ") {
            if rest == "-" {
                return;
            }
            self.item(indent);
            is_item = true;
            let inner = rest.get(1..).unwrap_or_default();
            indent += 1 + inner.len() - inner.trim_start_matches(' ').len();
            rest = inner.trim_start_matches(' ');
        }
        let extra = indent - line_indent;
        let from = start + indent;
        if let Some((key, value)) = key_of(rest) {
            if value == rest.len() {
                // Directly behind the colon, there is no value yet.
                return;
            }
            self.leave(indent, false);
            let is_map = matches!(self.levels.last(), Some(Level { indent: own, kind: Kind::Map { .. }, .. }) if *own == indent);
            if !is_map {
                self.push(indent, Kind::Map { key: None });
            }
            if let Some(Level { kind: Kind::Map { key: own }, .. }) = self.levels.last_mut() {
                *own = Some(key.to_owned());
            }
            let typed = rest.get(value..).unwrap_or_default();
            let at = from + value + typed.len() - typed.trim_start().len();
            let typed = typed.trim_start();
            if typed.starts_with(['{', '[', '|', '>', '&', '*', '!']) {
                return;
            }
            let (plain, is_quoted) = unquoted(typed);
            let rest_of_line = line.get(at - start..).unwrap_or_default();
            let end = at + rest_of_line.split(" #").next().unwrap_or_default().trim_end().len();
            let token = at..end.max(self.caret);
            self.keep(Slot::Value, token, plain.to_owned(), is_quoted, (extra, true, false));
            return;
        }
        // A key, or an item that is a value.
        self.leave(indent, is_item);
        let (plain, is_quoted) = unquoted(rest);
        let token_end = match is_quoted {
            true => line.trim_end().len() + start,
            false => word_end(self.text, self.caret),
        };
        let after = self.text.get(token_end..start + line.len()).unwrap_or_default().trim_start();
        let has_colon = after.starts_with(':');
        let token = from..token_end.max(self.caret);
        let is_in_map = matches!(self.levels.last(), Some(Level { indent: own, kind: Kind::Map { .. }, .. }) if *own == indent);
        if is_in_map {
            self.keep(
                Slot::Key { has_colon },
                token,
                plain.to_owned(),
                is_quoted,
                (extra, false, false),
            );
            return;
        }
        if self.levels.last().is_some_and(|level| level.indent >= indent && !is_item) {
            return;
        }
        let needs_dash = !is_item;
        self.keep(Slot::Value, token, plain.to_owned(), is_quoted, (extra, false, needs_dash));
    }
}

/// A text without the quote at its start.
fn unquoted(text: &str) -> (&str, bool) {
    match text.strip_prefix(['"', '\'']) {
        Some(rest) => (rest, true),
        None => (text, false),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::path::Path;

    use applc::diag::Findings;
    use applc::source::Source;
    use applc::syntax::{self, Form, Kind, Node};

    use super::*;

    /// All YAML of a folder that has no errors, with its tree.
    fn read(folder: &Path, all: &mut Vec<(String, String, Node)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, all);
                continue;
            }
            let name = path.to_str().unwrap().to_owned();
            let is_yaml = name.ends_with(".yaml") || name.ends_with(".yml");
            let Some(text) = is_yaml.then(|| std::fs::read_to_string(&path).ok()).flatten() else {
                continue;
            };
            let mut findings = Findings::new();
            let source = Source::new(name.clone(), text.clone());
            let tree = syntax::parse_overlay(&source, &mut findings);
            if let Some(tree) = tree.filter(|_| !findings.has_errors()) {
                all.push((name, text, tree));
            }
        }
    }

    /// The places of keys in lines, the ways to their objects, and whether they are the first ones in those.
    fn keys(node: &Node, steps: &mut Vec<Step>, found: &mut Vec<(usize, Vec<Step>, bool)>) {
        match &node.kind {
            Kind::Object(object) => {
                for (index, member) in object.members.iter().enumerate() {
                    if matches!(object.form, Form::Block { .. }) {
                        found.push((member.key.span.range().start, steps.clone(), index == 0));
                    }
                    steps.push(Step::Key(member.key.value.to_string()));
                    keys(&member.value, steps, found);
                    steps.pop();
                }
            }
            Kind::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    steps.push(Step::Item(index));
                    keys(item, steps, found);
                    steps.pop();
                }
            }
            _ => {}
        }
    }

    /// Where a key stands, the scanner finds the object that the parser finds, whatever is in brackets before it.
    #[test]
    fn every_key_is_found_in_its_object() {
        let mut files = Vec::new();
        for folder in ["examples", "tests/corpus", "tests/diagnostics"] {
            read(&applc_testing::repository(folder), &mut files);
        }
        let (mut checked, mut wrong) = (0, Vec::new());
        for (name, text, tree) in &files {
            let mut found = Vec::new();
            keys(tree, &mut Vec::new(), &mut found);
            // What an alias stands for is where its anchor is.
            let mut seen = HashSet::new();
            found.retain(|(at, ..)| seen.insert(*at));
            for (at, steps, is_first) in found {
                let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
                let before = &text[start..at];
                let mut texts = vec![(text.clone(), at, is_first)];
                if before.trim().is_empty() {
                    for value in [
                        "{ a: 1, b: [x, \"}\"], c: http://d:80/e, f: it's }",
                        "[\"a\"]  # }",
                        "{\n X a: 1\n X }\n",
                        "&z !!map {\n X a: 1\n X }\n",
                        "[]\n\n# b\n",
                    ] {
                        let value = value.replace('X', before);
                        let more = format!("{before}zz: {value}\n");
                        let all = format!("{}{more}{}", &text[..start], &text[start..]);
                        texts.push((all, at + more.len(), false));
                    }
                }
                for (text, at, is_first) in texts {
                    checked += 1;
                    let cursor = find(&text, at);
                    // Without a key before it, the object can be another value, too.
                    let is_right = cursor.as_ref().is_some_and(|cursor| {
                        let fits = match cursor.slot {
                            Slot::Key { .. } => !is_first,
                            Slot::Value => is_first,
                            Slot::Text => false,
                        };
                        fits && cursor.steps == steps
                    });
                    if !is_right {
                        let end = text.len().min(at + 20);
                        let part =
                            String::from_utf8_lossy(&text.as_bytes()[at.saturating_sub(80)..end]);
                        wrong.push(format!("{name}:{at}: {steps:?}, found {cursor:?} in {part}"));
                    }
                }
            }
        }
        assert!(
            wrong.is_empty(),
            "{} of {checked}: {:#?}",
            wrong.len(),
            &wrong[..wrong.len().min(5)]
        );
        assert!(checked > 1000, "{checked}");
    }
}
