//! Strings: references become addresses, and Kubernetes' own expansion is made harmless.

use super::network::Network;
use crate::diag::{Diagnostic, codes};
use crate::plan::{Container, Piece, Text};

/// A string in which Kubernetes leaves every character as it is: it reads `$(NAME)` as a
/// variable and `$$` as `$` (`expansion.Expand` of Kubernetes), in `command`, `args`,
/// `env` and the command of a probe.
pub fn escaped(text: &str) -> String {
    text.replace('$', "$$")
}

/// A string of the appliance.
pub fn spelled(text: &Text, network: &Network) -> String {
    text.spell(escaped, |reference| network.address(reference))
}

/// The command that runs a string in a shell.
pub fn shell(script: &Text, network: &Network) -> Vec<String> {
    vec!["/bin/sh".to_owned(), "-c".to_owned(), spelled(script, network)]
}

/// Warns of strings that `kubectl apply --server-side` cannot send: it sends JSON, which the
/// API server reads as YAML, where these characters must not stand as they are.
pub fn check(container: &Container, diagnostics: &mut Vec<Diagnostic>) {
    for text in container.texts() {
        let mut characters = text.pieces.iter().flat_map(|piece| match piece {
            Piece::Literal(text) => text.chars(),
            Piece::Reference(_) => "".chars(),
        });
        let Some(character) = characters.find(|character| !is_sent(*character)) else { continue };
        let message = format!(
            "kubernetes: the character U+{:04X} must be applied without `--server-side`",
            u32::from(character)
        );
        diagnostics.push(
            Diagnostic::new(&codes::CLUSTER_NEEDS, text.span, message).help(
                "`kubectl apply --server-side` has the API server read JSON as YAML, which refuses the character or makes a space of it; `kubectl apply` sends it",
            ),
        );
    }
}

/// Whether Go's JSON, read as YAML, gives the character back: U+0085 becomes a space, the
/// others are refused.
fn is_sent(character: char) -> bool {
    !matches!(character, '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}
