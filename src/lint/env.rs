//! Secrets that anyone who reads the appliance can read too.

use crate::diag::{Diagnostic, codes};
use crate::plan::{Container, EnvVar, Piece, Text};

/// How the name of a variable that holds a secret ends, in capitals and without anything
/// but letters.
const SECRET_NAMES: [&str; 11] = [
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "SECRETKEY",
    "TOKEN",
    "APIKEY",
    "ACCESSKEY",
    "PRIVATEKEY",
    "ENCRYPTIONKEY",
    "CREDENTIALS",
];

/// How keys and tokens of well-known services start.
const SECRET_STARTS: [&str; 9] =
    ["-----BEGIN ", "AKIA", "ghp_", "github_pat_", "glpat-", "hvs.", "sk_live_", "xoxb-", "xoxp-"];

/// Values that say whether or how, not what.
const SWITCHES: [&str; 11] =
    ["", "0", "1", "true", "false", "yes", "no", "on", "off", "none", "null"];

/// Looks at the variables of one container.
pub fn check(container: &Container, diagnostics: &mut Vec<Diagnostic>) {
    for variable in &container.env {
        if let Some(what) = secret(variable) {
            let message = format!("`{}` holds {what} that everyone can read", variable.name.value);
            diagnostics.push(
                Diagnostic::new(&codes::SECRET_IN_SIGHT, variable.value.span, message).help(
                    "let the program read it from a file that is mounted, and keep that out of what is shared",
                ),
            );
        }
    }
}

/// What kind of secret a variable holds, if it does.
fn secret(variable: &EnvVar) -> Option<&'static str> {
    if password_in_url(&variable.value) {
        return Some("a password");
    }
    let [Piece::Literal(value)] = variable.value.pieces.as_slice() else { return None };
    let is_key = SECRET_STARTS
        .iter()
        .any(|start| value.strip_prefix(start).is_some_and(|rest| rest.chars().count() >= 12));
    if is_key && !value.starts_with("-----BEGIN CERTIFICATE") && !value.contains("PUBLIC KEY") {
        return Some("a key");
    }
    let name: String = variable
        .name
        .value
        .chars()
        .filter(char::is_ascii_alphabetic)
        .map(|c| c.to_ascii_uppercase())
        .collect();
    let is_named = SECRET_NAMES.iter().any(|end| name.ends_with(end));
    let is_switch = SWITCHES.iter().any(|switch| value.eq_ignore_ascii_case(switch));
    // A path to the secret, something to be filled in, or JSON with more than a secret.
    let is_elsewhere = value.starts_with(['/', '$', '<', '{', '[']);
    (is_named && !is_switch && !is_elsewhere).then_some("a secret")
}

/// Whether a text holds `scheme://user:password@`.
fn password_in_url(text: &Text) -> bool {
    text.pieces.iter().any(|piece| {
        let Piece::Literal(literal) = piece else { return false };
        literal.match_indices("://").any(|(at, _)| {
            let rest = literal.get(at + 3..).unwrap_or("");
            let authority = rest.split(['/', '?', '#', ' ', '"']).next().unwrap_or("");
            let Some((user, _)) = authority.rsplit_once('@') else { return false };
            user.split_once(':').is_some_and(|(_, password)| {
                !password.is_empty() && !password.starts_with(['$', '<', '{'])
            })
        })
    })
}
