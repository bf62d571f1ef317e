//! Lines around a file that was copied together with them.

use crate::diag::Diagnostic;
use crate::source::{Source, Span};

/// The lines around a file, which are not a part of it.
pub struct Around {
    /// What to remove: lines with their breaks.
    pub lines: Vec<Span>,
    /// The finding for all of them.
    pub diagnostic: Diagnostic,
}

impl Around {
    /// The source with spaces in place of the lines, so that nothing moves.
    pub fn blanked(&self, source: &Source) -> Source {
        let mut text = source.text().to_owned();
        for line in &self.lines {
            let blank: String = source
                .slice(*line)
                .bytes()
                .map(|byte| if matches!(byte, b'\n' | b'\r') { char::from(byte) } else { ' ' })
                .collect();
            text.replace_range(line.range(), &blank);
        }
        Source::new(source.name(), text)
    }
}
