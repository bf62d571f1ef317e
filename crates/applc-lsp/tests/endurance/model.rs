//! A document as its editor has it: a plain text, which edits replace parts of.

use fastrand::Rng;
use serde_json::{Value, json};

/// What the random edits insert: keys and values, and what texts are made of that are hard to count or to read.
const PIECES: [&str; 38] = [
    "\"",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    ", ",
    "#",
    "//",
    "/*",
    "*/",
    "&a ",
    "*a",
    "- ",
    "|",
    "\\",
    "\\u00e9",
    "\\ud83d\\ude00",
    "\n",
    "\r\n",
    "\r",
    "\n\n",
    "\t",
    "  ",
    "é",
    "😀",
    "👩‍🚀",
    "\u{feff}",
    "@db:5432",
    "@",
    "null",
    "1e9",
    "\"id\": \"web\",",
    "id: web\n",
    "\"dependencies\": [\"db\"],",
    "containers:\n  web: {}\n",
    "[diagnostics]\n",
];

/// A text, and the edits that lead back to the first one.
pub struct Model {
    pub text: String,
    first: String,
    back: Vec<Edit>,
}

/// Bytes of a text, and what replaces them.
struct Edit {
    start: usize,
    end: usize,
    new: String,
}

impl Model {
    pub fn of(text: &str) -> Model {
        Model { text: text.to_owned(), first: text.to_owned(), back: Vec::new() }
    }

    /// Makes random edits, or takes some back, so that the text stays near one without errors. Returns the changes of one
    /// message.
    pub fn changes(&mut self, random: &mut Rng) -> Vec<Value> {
        let edits = 1 + random.usize(..8) / 6;
        match random.usize(..1000) {
            0 => vec![self.reset()],
            1..50 => self.take_all_back(),
            _ => (0..edits).map(|_| self.change(random)).collect(),
        }
    }

    fn change(&mut self, random: &mut Rng) -> Value {
        if random.usize(..5) < self.back.len()
            && let Some(change) = self.take_back()
        {
            return change;
        }
        let start = self.boundary(random.usize(..=self.text.len()));
        let length = if random.usize(..40) == 0 { 400 } else { random.usize(..12) };
        let end = self.boundary((start + length).min(self.text.len())).max(start);
        let pieces = random.usize(..3);
        let new: String = (0..pieces).map(|_| PIECES[random.usize(..PIECES.len())]).collect();
        let (change, back) = self.replace(Edit { start, end, new });
        self.back.push(back);
        change
    }

    /// Takes all edits back, one by one.
    pub fn take_all_back(&mut self) -> Vec<Value> {
        std::iter::from_fn(|| self.take_back()).collect()
    }

    fn take_back(&mut self) -> Option<Value> {
        let edit = self.back.pop()?;
        Some(self.replace(edit).0)
    }

    /// Puts the first text back, with a change of the whole document.
    pub fn reset(&mut self) -> Value {
        *self = Model::of(&self.first);
        json!({ "text": self.text })
    }

    /// A position in the text.
    pub fn anywhere(&self, random: &mut Rng) -> Value {
        self.position(self.boundary(random.usize(..=self.text.len())))
    }

    /// Replaces a part of the text. Returns the change, and the edit that takes it back.
    fn replace(&mut self, edit: Edit) -> (Value, Edit) {
        let Edit { mut start, mut end, mut new } = edit;
        // Nothing has a position between the two characters of a line break.
        if self.is_in_break(start) {
            start -= 1;
            new.insert(0, '\r');
        }
        if self.is_in_break(end) {
            end += 1;
            new.push('\n');
        }
        let range = json!({ "start": self.position(start), "end": self.position(end) });
        let change = json!({ "range": range, "text": new });
        let old = self.text[start..end].to_owned();
        self.text.replace_range(start..end, &new);
        (change, Edit { start, end: start + new.len(), new: old })
    }

    fn boundary(&self, mut at: usize) -> usize {
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }

    fn is_in_break(&self, at: usize) -> bool {
        self.text[..at].ends_with('\r') && self.text[at..].starts_with('\n')
    }

    /// The position of a byte, in UTF-16: counted character by character.
    fn position(&self, at: usize) -> Value {
        let (mut line, mut column, mut last) = (0, 0, ' ');
        for c in self.text[..at].chars() {
            match c {
                '\n' if last == '\r' => {}
                '\n' | '\r' => (line, column) = (line + 1, 0),
                _ => column += c.len_utf16(),
            }
            last = c;
        }
        json!({ "line": line, "character": column })
    }
}
