//! Parses arbitrary bytes in every syntax: the spans of all diagnostics are within the text.

#![no_main]

use applc::diag::Findings;
use applc::source::Source;
use applc::syntax;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for name in ["a.json", "a.jsonc", "a.yaml"] {
        let (source, _) = Source::from_bytes(name, bytes.to_vec());
        let mut found = Findings::new();
        let tree = syntax::parse(&source, &mut found);
        assert!(tree.is_some() || !found.is_empty());
        for diagnostic in found.iter() {
            let labels = std::iter::once(&diagnostic.primary).chain(&diagnostic.secondary);
            let spans = labels.map(|l| l.span).chain(diagnostic.edit.iter().map(|e| e.span));
            for span in spans {
                assert!(source.text().get(span.range()).is_some(), "{diagnostic:?}");
            }
        }
    }
});
