//! Where anchors and aliases are.

use std::collections::HashMap;

use super::events::{self, Event};
use crate::diag::Findings;
use crate::source::{Source, Span};

/// An alias, and the anchor that it refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alias {
    /// The alias, with its `*`.
    pub span: Span,
    /// The anchor, with its `&`.
    pub anchor: Span,
}

/// The aliases of a document, in its order. Those without an anchor are left out.
pub fn aliases(source: &Source) -> Vec<Alias> {
    let local = source.at(0);
    let found = events::read(&local, &mut Findings::new(), |events, _| {
        // The end of the text that an anchor is in: its value follows.
        let mut anchors = HashMap::new();
        let mut aliases = Vec::new();
        for (event, span) in events {
            match event {
                Event::Scalar(scalar) => {
                    anchors.extend(scalar.properties.anchor.map(|id| (id, scalar.span.start)));
                }
                Event::SequenceStart(properties) | Event::MappingStart(_, properties) => {
                    anchors.extend(properties.anchor.map(|id| (id, span.start)));
                }
                Event::Alias(id) => aliases.extend(anchors.get(&id).map(|end| (span, *end))),
                _ => {}
            }
        }
        aliases
    });
    let alias = |(span, end): (Span, u32)| {
        let name = local.slice(span).trim_end().strip_prefix('*')?;
        let span = Span { start: span.start, end: span.start + name.len() as u32 + 1 };
        let before = local.text().get(..end as usize)?;
        let start = before.rfind(&format!("&{name}"))?;
        let anchor = Span::new(start, start + name.len() + 1);
        Some(Alias { span: span.moved(source.base()), anchor: anchor.moved(source.base()) })
    };
    found.into_iter().filter_map(alias).collect()
}
