//! How an object is laid out in the text, so that a change of it leaves the text well
//! formed: between braces its entries are divided by commas, in YAML's block form each
//! begins a line.

use super::Object;
use crate::source::{Span, Spanned};

/// How the entries of an object stand in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// Between braces, divided by commas.
    #[default]
    Flow,
    /// Each entry on a line of its own, its key behind so many spaces.
    Block {
        /// The column of the keys, from 0.
        indent: usize,
    },
    /// In a way that no simple edit fits, such as with explicit `?` keys.
    Irregular,
}

impl Object {
    /// What divides a new entry, written before the one with this key, from it. `None`
    /// where none can be written there.
    pub fn separator_before(&self, key: &Spanned<String>) -> Option<String> {
        match self.form {
            // A key without its quotes is a fault of its own, with an edit of its own.
            Form::Flow => (key.span.range().len() >= key.value.len() + 2).then(|| ", ".to_owned()),
            Form::Block { indent } => Some(format!("\n{}", " ".repeat(indent))),
            Form::Irregular => None,
        }
    }

    /// What is to be replaced, and by what, to take the member at `index` out of the text.
    /// `None` where the neighbours are not known well enough.
    pub fn removal(&self, index: usize) -> Option<(Span, &'static str)> {
        if self.damaged {
            return None;
        }
        let member = self.members.get(index)?;
        let whole = member.key.span.to(member.value.span);
        let before = index.checked_sub(1).and_then(|before| self.members.get(before));
        let next = self.members.get(index + 1);
        let to_next = next.map(|next| Span { end: next.key.span.start, ..whole });
        let from_before = before.map(|before| Span { start: before.value.span.end, ..whole });
        match self.form {
            Form::Irregular => None,
            Form::Flow => Some((to_next.or(from_before).unwrap_or(whole), "")),
            Form::Block { .. } if self.members.len() == 1 => Some((whole, "{}")),
            Form::Block { indent } => {
                // Only a line break and the indentation may go with the entry: anything
                // longer holds a comment.
                let is_break = |from: u32, to: u32| {
                    let gap = to.saturating_sub(from) as usize;
                    gap == indent + 1 || gap == indent + 2
                };
                let to_next = to_next.filter(|span| is_break(whole.end, span.end));
                let from_before = from_before.filter(|span| is_break(span.start, whole.start));
                Some((to_next.or(from_before).unwrap_or(whole), ""))
            }
        }
    }
}
