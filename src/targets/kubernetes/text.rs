//! Strings: references become addresses, and `$` is escaped.

use super::network::Network;
use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, ContainerId, File, Piece, Plan, Reference, Text};
use crate::render::{Composed, Traced};
use crate::targets::origins;

/// Escapes a string for Kubernetes, which expands `$(NAME)` and reads `$$` as `$` in `command`,
/// `args`, `env` and the command of a probe (`expansion.Expand` of Kubernetes).
pub fn escaped(text: &str) -> String {
    text.replace('$', "$$")
}

/// The variable with the address of the pod itself, unless the container has one of this name.
const OWN_ADDRESS: &str = "APPLC_OWN_ADDRESS";

/// The strings of one container.
///
/// Others reach a container at a Service, whose address it cannot bind. A reference of a container to
/// itself is therefore the IP address of the pod, which Kubernetes fills in from a variable. On the
/// host network, it is that of the node.
pub struct Strings<'a> {
    plan: &'a Plan,
    network: &'a Network,
    container: ContainerId,
    /// The variable with the address of the pod, if a string of the container refers to itself.
    pub own_address: Option<Traced<String>>,
}

impl<'a> Strings<'a> {
    /// The strings of the container with this id.
    pub fn of(
        container: &Container,
        id: ContainerId,
        plan: &'a Plan,
        network: &'a Network,
    ) -> Strings<'a> {
        let reference = container.references().find(|reference| reference.to() == id);
        let own_address = reference.map(|reference| {
            let mut name = OWN_ADDRESS.to_owned();
            while container.env.iter().any(|variable| *variable.name.value == *name) {
                name.push('_');
            }
            Traced::new(name, reference.span)
        });
        Strings { plan, network, container: id, own_address }
    }

    /// The name of the variable with the address of the pod.
    fn variable(&self) -> &str {
        self.own_address.as_ref().map_or(OWN_ADDRESS, |name| &name.value)
    }

    /// A string of `command`, `args` or `env`, escaped, with addresses in place of references.
    pub fn spelled(&self, text: &Text) -> Composed {
        self.composed(text, text.spell(escaped, |reference| self.address(reference)))
    }

    /// What takes the place of a reference in a string of `command`, `args` or `env`.
    pub fn address(&self, reference: &Reference) -> String {
        match self.is_own(reference) {
            true => format!("$({}){}", self.variable(), port(reference)),
            false => self.network.address(reference),
        }
    }

    /// The command of a probe. Kubernetes expands only variables with a fixed value there, so a
    /// shell puts in the address of the pod. It gets what is before and after as arguments, as it
    /// may be in quotes of any kind.
    pub fn probe(&self, script: &Text) -> Vec<Composed> {
        let mut parts = vec![String::new()];
        for piece in &*script.pieces {
            let written = match piece {
                Piece::Literal(text) => escaped(text),
                Piece::Reference(reference) if self.is_own(reference) => {
                    parts.push(port(reference));
                    continue;
                }
                Piece::Reference(reference) => self.network.address(reference),
            };
            if let Some(part) = parts.last_mut() {
                part.push_str(&written);
            }
        }
        if parts.len() == 1 {
            return shell(self.spelled(script));
        }
        let numbered: Vec<_> = (0..parts.len()).map(|number| format!("${{{number}}}")).collect();
        let joined = numbered.join(&format!("${{{}}}", self.variable()));
        let joins = escaped(&format!("exec /bin/sh -c \"{joined}\""));
        let mut command = shell(self.composed(script, joins));
        command.extend(parts.into_iter().map(|part| self.composed(script, part)));
        command
    }

    fn is_own(&self, reference: &Reference) -> bool {
        reference.to() == self.container
    }

    /// What is written for a text, with the places that have a say in the addresses in it.
    fn composed(&self, text: &Text, written: String) -> Composed {
        // Whether a port is listed decides about the host.
        let also = origins::of_references(self.plan, text, |reference, also| {
            let to = self.plan.containers.get(reference.to()).filter(|_| !self.is_own(reference));
            let ports = to.map_or(&[][..], |to| &to.ports).iter().map(|port| port.container_port);
            let same = ports.filter(|port| Some(port.value) == reference.port);
            also.extend(same.map(|port| port.span));
        });
        Composed::new(written, text.span, also)
    }
}

/// The port of a reference, as it is written after an address.
fn port(reference: &Reference) -> String {
    reference.port.map(|port| format!(":{port}")).unwrap_or_default()
}

/// The command that runs a script in a shell.
pub fn shell(script: Composed) -> Vec<Composed> {
    let word = |word: &str| Composed::new(word.to_owned(), script.from, Vec::new());
    vec![word("/bin/sh"), word("-c"), script]
}

/// Warns about strings that `kubectl apply --server-side` cannot send: it sends JSON, which the
/// API server parses as YAML, where these characters must be escaped.
pub fn check(container: &Container, findings: &mut Findings) {
    // Such files become binary data.
    let files: Vec<&Text> = container.extras().files.iter().filter_map(File::text).collect();
    let is_file = |text: &&Text| files.iter().any(|file| std::ptr::eq(*file, *text));
    for text in container.texts().filter(|text| !is_file(text)) {
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
pub fn is_sent(character: char) -> bool {
    !matches!(character, '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}
