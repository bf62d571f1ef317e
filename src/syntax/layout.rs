//! The layout of objects in the text, so that edits keep the text well-formed: entries are
//! separated by commas in flow style, and by line breaks in YAML's block style.

use ecow::EcoString;

use super::Object;
use crate::source::{Span, Spanned};

/// The layout of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// Entries between braces, separated by commas.
    #[default]
    Flow,
    /// Each entry on its own line.
    Block {
        /// The column of the keys, starting at 0.
        indent: u16,
    },
    /// A layout that no simple edit fits, such as explicit `?` keys.
    Irregular,
}

impl Object {
    /// The separator after a new entry that is inserted before the one with this key. `None` if
    /// no entry can be inserted there.
    pub fn separator_before(&self, key: &Spanned<EcoString>) -> Option<String> {
        match self.form {
            // An unquoted key has its own error and edit.
            Form::Flow => (key.span.range().len() >= key.value.len() + 2).then(|| ", ".to_owned()),
            Form::Block { indent } => Some(format!("\n{}", " ".repeat(indent.into()))),
            Form::Irregular => None,
        }
    }

    /// The span and its replacement that remove the member at `index` from the text. `None` if
    /// the surrounding text is not known well enough.
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
                // Only a line break and the indentation are removed with the entry: a longer gap
                // contains a comment.
                let is_break = |from: u32, to: u32| {
                    let gap = to.saturating_sub(from);
                    let indent = u32::from(indent);
                    gap == indent + 1 || gap == indent + 2
                };
                let to_next = to_next.filter(|span| is_break(whole.end, span.end));
                let from_before = from_before.filter(|span| is_break(span.start, whole.start));
                Some((to_next.or(from_before).unwrap_or(whole), ""))
            }
        }
    }
}
