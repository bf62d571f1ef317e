//! Secrets in environment variables, which anyone who can read the appliance can read.

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, EnvVar, Piece, Text};
use crate::secrets::{has_password, is_key, is_switch, names_a_secret};

/// Checks the variables of one container.
pub fn check(container: &Container, findings: &mut Findings) {
    for variable in &container.env {
        if variable.name.value == "HOME" && variable.value.pieces.iter().all(is_empty) {
            findings.add(&codes::EMPTY_HOME, |code| {
                Diagnostic::new(code, variable.value.span, "an empty `HOME` counts as not set").help(
                    "container runtimes set it to the home directory of the user, or to `/`; set it to a folder, or remove it",
                )
            });
        }
        if let Some(what) = secret(variable) {
            findings.add(&codes::SECRET_IN_SIGHT, |code| {
                let message = format!("`{}` contains {what} in plain text", variable.name.value);
                Diagnostic::new(code, variable.value.span, message).help(
                    "put it into the secret store of the platform, and name it in `secret_env`: `{ \"secret\": \"NAME\", \"key\": \"KEY\" }`",
                )
            });
        }
    }
}

fn is_empty(piece: &Piece) -> bool {
    matches!(piece, Piece::Literal(text) if text.is_empty())
}

/// The kind of secret that a variable contains, if any.
fn secret(variable: &EnvVar) -> Option<&'static str> {
    if password_in_url(&variable.value) {
        return Some("a password");
    }
    let [Piece::Literal(value)] = &*variable.value.pieces else { return None };
    if is_key(value)
        && !value.starts_with("-----BEGIN CERTIFICATE")
        && !value.contains("PUBLIC KEY")
    {
        return Some("a key");
    }
    let is_named = names_a_secret(&variable.name.value);
    // A path to the secret, a placeholder, or JSON that contains more than a secret.
    let is_elsewhere = value.starts_with(['/', '$', '<', '{', '[']);
    (is_named && !is_switch(value) && !is_elsewhere).then_some("a secret")
}

/// Whether a text contains `scheme://user:password@`.
fn password_in_url(text: &Text) -> bool {
    text.pieces.iter().any(|piece| match piece {
        Piece::Literal(literal) => has_password(literal),
        Piece::Reference(_) => false,
    })
}
