//! Strings: references become addresses, and `$` is escaped.

use super::network::Network;
use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, Piece, Plan, Text};
use crate::render::Composed;
use crate::targets::origins;

/// Escapes a string for Kubernetes, which expands `$(NAME)` and reads `$$` as `$` in `command`,
/// `args`, `env` and the command of a probe (`expansion.Expand` of Kubernetes).
pub fn escaped(text: &str) -> String {
    text.replace('$', "$$")
}

/// A string of the appliance, escaped, with addresses in place of references.
pub fn spelled(text: &Text, plan: &Plan, network: &Network) -> Composed {
    let written = text.spell(escaped, |reference| network.address(reference));
    // Whether a port is listed decides about the host.
    let also = origins::of_references(plan, text, |reference, also| {
        let to = plan.containers.get(reference.to());
        let ports = to.map_or(&[][..], |to| &to.ports).iter().map(|port| port.container_port);
        let same = ports.filter(|port| Some(port.value) == reference.port);
        also.extend(same.map(|port| port.span));
    });
    Composed::new(written, text.span, also)
}

/// The command that runs a script in a shell.
pub fn shell(script: Composed) -> Vec<Composed> {
    let word = |word: &str| Composed::new(word.to_owned(), script.from, Vec::new());
    vec![word("/bin/sh"), word("-c"), script]
}

/// Warns about strings that `kubectl apply --server-side` cannot send: it sends JSON, which the
/// API server parses as YAML, where these characters must be escaped.
pub fn check(container: &Container, findings: &mut Findings) {
    for text in container.texts() {
        let mut characters = text.pieces.iter().flat_map(|piece| match piece {
            Piece::Literal(text) => text.chars(),
            Piece::Reference(_) => "".chars(),
        });
        let Some(character) = characters.find(|character| !is_sent(*character)) else { continue };
        let message = format!(
            "`kubectl apply --server-side` cannot send the character U+{:04X}",
            u32::from(character)
        );
        findings.push(
            Diagnostic::new(&codes::CLUSTER_NEEDS, text.span, message).help(
                "apply it without `--server-side`, with which the API server parses JSON as YAML and rejects the character or turns it into a space",
            ),
        );
    }
}

/// Whether a character is preserved when Go's JSON is parsed as YAML: U+0085 becomes a space,
/// the others are rejected.
fn is_sent(character: char) -> bool {
    !matches!(character, '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}
