//! Identifiers of findings that stay the same when lines move.

use std::collections::HashMap;

use super::{Diagnostic, Report};

/// Computes fingerprints, which are unique in a run.
#[derive(Default)]
pub struct Fingerprints {
    /// Number of findings so far with the same hash.
    counts: HashMap<u128, u32>,
}

impl Fingerprints {
    /// The fingerprint of a finding: 32 hexadecimal digits, computed from the file name, the
    /// code, the message and the underlined text, but not from the location. Findings that are
    /// equal in all of these are distinguished by their order.
    pub fn of(&mut self, report: &Report, diagnostic: &Diagnostic) -> String {
        let mut hash = Fnv::default();
        let source = report.source_of(diagnostic.primary.span);
        hash.part(source.name());
        hash.part(diagnostic.code.id);
        hash.part(&diagnostic.text());
        // Not of a secret, which could be guessed from its hash.
        if !diagnostic.is_secret {
            hash.part(source.slice(diagnostic.primary.span));
        }
        let count = self.counts.entry(hash.0).or_default();
        *count += 1;
        if *count > 1 {
            hash.part(&count.to_string());
        }
        format!("{:032x}", hash.0)
    }
}

/// The 128-bit FNV-1a hash, which does not depend on the version or the machine.
struct Fnv(u128);

impl Default for Fnv {
    fn default() -> Self {
        Fnv(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
    }
}

impl Fnv {
    /// Adds a text and an end marker.
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
    use crate::source::{Source, Sources, Span};

    fn report(text: &str, places: &[usize]) -> Report {
        let find = |at: &usize| {
            let span = Span::new(*at, at + 1);
            Diagnostic::new(&codes::UNKNOWN_FIELD, span, "unknown")
        };
        let diagnostics = places.iter().map(find).collect();
        Report { source: Source::new("a.json", text), sources: Sources::new(), diagnostics }
    }

    fn prints(report: &Report) -> Vec<String> {
        let mut fingerprints = Fingerprints::default();
        report.diagnostics.iter().map(|d| fingerprints.of(report, d)).collect()
    }

    #[test]
    fn fingerprints_are_unique_and_independent_of_lines() {
        let before = prints(&report("x y x", &[0, 2, 4]));
        assert_eq!(before.iter().collect::<std::collections::HashSet<_>>().len(), 3);
        assert_eq!(before, prints(&report("\n\n  x\ny\n x", &[4, 6, 9])));
    }

    #[test]
    fn hash_matches_published_test_vectors() {
        // The test vectors of the empty string and of "a", without the end marker.
        assert_eq!(Fnv::default().0, 0x6c62272e07bb014262b821756295c58d);
        let mut hash = Fnv::default();
        hash.0 = (hash.0 ^ u128::from(b'a')).wrapping_mul(0x0000000001000000000000000000013b);
        assert_eq!(hash.0, 0xd228cb696f1a8caf78912b704e4a8964);
    }
}
