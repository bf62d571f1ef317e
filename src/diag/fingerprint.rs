//! Names for findings that stay the same while the lines of a file move.

use std::collections::HashMap;

use super::{Diagnostic, Report};

/// Gives findings their fingerprints; each is given once in a run.
#[derive(Default)]
pub struct Fingerprints {
    /// How often the same was found so far.
    met: HashMap<u128, u32>,
}

impl Fingerprints {
    /// 32 hexadecimal digits made of the file's name, the code, the message and the text it
    /// is about: not of its place. Of several findings that agree in all this the second is
    /// told from the first by its order.
    pub fn of(&mut self, report: &Report, diagnostic: &Diagnostic) -> String {
        let mut hash = Fnv::default();
        hash.part(report.source.name());
        hash.part(diagnostic.code.id);
        hash.part(&diagnostic.message);
        hash.part(report.source.slice(diagnostic.primary.span));
        let count = self.met.entry(hash.0).or_default();
        *count += 1;
        if *count > 1 {
            hash.part(&count.to_string());
        }
        format!("{:032x}", hash.0)
    }
}

/// The hash FNV-1a of 128 bits: the same in every version and on every machine.
struct Fnv(u128);

impl Default for Fnv {
    fn default() -> Self {
        Fnv(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
    }
}

impl Fnv {
    /// Adds a text and a mark of its end.
    fn part(&mut self, text: &str) {
        const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
        for byte in text.bytes().chain([0xff]) {
            self.0 = (self.0 ^ u128::from(byte)).wrapping_mul(PRIME);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::codes;
    use crate::source::{Source, Span};

    fn report(text: &str, places: &[usize]) -> Report {
        let find = |at: &usize| {
            let span = Span::new(*at, at + 1);
            Diagnostic::new(&codes::UNKNOWN_FIELD, span, "unknown")
        };
        let diagnostics = places.iter().map(find).collect();
        Report { source: Source::new("a.json", text), diagnostics }
    }

    fn prints(report: &Report) -> Vec<String> {
        let mut fingerprints = Fingerprints::default();
        report.diagnostics.iter().map(|d| fingerprints.of(report, d)).collect()
    }

    #[test]
    fn they_differ_and_do_not_move_with_their_lines() {
        let before = prints(&report("x y x", &[0, 2, 4]));
        assert_eq!(before.iter().collect::<std::collections::HashSet<_>>().len(), 3);
        assert_eq!(before, prints(&report("\n\n  x\ny\n x", &[4, 6, 9])));
    }

    #[test]
    fn the_hash_is_the_published_one() {
        // The test vector of the empty string and of "a", with the end mark taken off.
        assert_eq!(Fnv::default().0, 0x6c62272e07bb014262b821756295c58d);
        let mut hash = Fnv::default();
        hash.0 = (hash.0 ^ u128::from(b'a')).wrapping_mul(0x0000000001000000000000000000013b);
        assert_eq!(hash.0, 0xd228cb696f1a8caf78912b704e4a8964);
    }
}
