//! Secrets in environment variables, which anyone who can read the appliance can read.

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, EnvVar, Piece, Text};

/// Endings of the names of variables that contain a secret, in upper case and letters only.
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

/// Prefixes of keys and tokens of well-known services.
const SECRET_STARTS: [&str; 9] =
    ["-----BEGIN ", "AKIA", "ghp_", "github_pat_", "glpat-", "hvs.", "sk_live_", "xoxb-", "xoxp-"];

/// Values that switch a feature and are not a secret.
const SWITCHES: [&str; 11] =
    ["", "0", "1", "true", "false", "yes", "no", "on", "off", "none", "null"];

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

/// Whether a name is that of a secret.
pub fn names_a_secret(name: &str) -> bool {
    let letters = || {
        let letters = name.bytes().rev().filter(u8::is_ascii_alphabetic);
        letters.map(|letter| letter.to_ascii_uppercase())
    };
    let ends_with = |end: &&str| end.bytes().rev().eq(letters().take(end.len()));
    // Other words end in it, too.
    let upper = name.to_ascii_uppercase();
    let ends_in_pass = upper == "PASS" || upper.ends_with("_PASS");
    ends_in_pass || SECRET_NAMES.iter().any(ends_with)
}

/// Whether a value begins as the keys and tokens of well-known services.
pub fn is_key(value: &str) -> bool {
    let is_long = |rest: &str| rest.chars().count() >= 12;
    SECRET_STARTS.iter().any(|start| value.strip_prefix(start).is_some_and(is_long))
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
    let is_switch = || SWITCHES.iter().any(|switch| value.eq_ignore_ascii_case(switch));
    // A path to the secret, a placeholder, or JSON that contains more than a secret.
    let is_elsewhere = value.starts_with(['/', '$', '<', '{', '[']);
    (is_named && !is_switch() && !is_elsewhere).then_some("a secret")
}

/// Whether a text contains a secret that is known by its form: a key, or a password in an address.
pub fn has_secret(text: &str) -> bool {
    let mut words = text.split(|c: char| c.is_whitespace() || "'\"=".contains(c));
    is_key(text) || words.any(is_key) || has_password(text)
}

/// Whether a text contains `scheme://user:password@`.
fn password_in_url(text: &Text) -> bool {
    text.pieces.iter().any(|piece| match piece {
        Piece::Literal(literal) => has_password(literal),
        Piece::Reference(_) => false,
    })
}

/// Whether a string contains `scheme://user:password@`.
fn has_password(literal: &str) -> bool {
    literal.match_indices("://").any(|(at, _)| {
        let rest = literal.get(at + 3..).unwrap_or("");
        let authority = rest.split(['/', '?', '#', ' ', '"']).next().unwrap_or("");
        let Some((user, _)) = authority.rsplit_once('@') else { return false };
        user.split_once(':').is_some_and(|(_, password)| {
            !password.is_empty() && !password.starts_with(['$', '<', '{'])
        })
    })
}
