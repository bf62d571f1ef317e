//! The last lines of a text that may be long.

use std::io::{self, Write};

/// Keeps the last whole lines of what is written to it, up to a number of bytes.
#[derive(Debug)]
pub struct Last {
    kept: Vec<u8>,
    most: usize,
}

impl Last {
    /// Keeps this number of bytes at most.
    pub fn new(most: usize) -> Last {
        Last { kept: Vec::new(), most }
    }

    /// What is kept.
    pub fn end(mut self) -> Vec<u8> {
        self.shorten();
        self.kept
    }

    fn shorten(&mut self) {
        let surplus = self.kept.len().saturating_sub(self.most);
        if surplus > 0 {
            let before = self.kept.get(surplus - 1..).unwrap_or_default();
            let begun = before.iter().position(|b| *b == b'\n');
            self.kept.drain(..begun.map_or(surplus, |begun| surplus + begun));
        }
    }
}

impl Write for Last {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.kept.extend_from_slice(bytes);
        // Moving what is kept for each line would take long.
        if self.kept.len() > self.most.saturating_mul(2) {
            self.shorten();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_of_a_long_text_are_kept() {
        const MOST: usize = 8 << 20;
        let mut last = Last::new(MOST);
        last.write_all(b"first\n").unwrap();
        assert_eq!(last.kept, b"first\n");
        let line = "x".repeat(999_999) + "\n";
        (0..40).for_each(|_| {
            last.write_all(line.as_bytes()).unwrap();
            assert!(last.kept.len() <= 2 * MOST);
        });
        last.write_all(b"last\n").unwrap();
        let text = last.end();
        assert_eq!(text.len(), 8 * line.len() + 5);
        assert!(text.starts_with(line.as_bytes()) && text.ends_with(b"\nlast\n"));
    }
}
