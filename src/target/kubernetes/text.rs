//! Strings: references become addresses, and Kubernetes' own expansion is made harmless.

use super::network::Network;
use crate::plan::Text;

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
