//! What looks like a secret: by its name, by its form, and by its place in a text of any format.

mod spans;

pub use spans::spans;

use crate::source::Source;

/// Endings of names of secrets, in upper case and letters only, whatever is before them.
const ENDINGS: [&str; 18] = [
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "PASSCODE",
    "SECRET",
    "SECRETKEY",
    "SECRETKEYBASE",
    "TOKEN",
    "APIKEY",
    "ACCESSKEY",
    "ACCOUNTKEY",
    "AUTHKEY",
    "MASTERKEY",
    "SIGNINGKEY",
    "PRIVATEKEY",
    "ENCRYPTIONKEY",
    "CREDENTIAL",
    "CREDENTIALS",
];

/// Endings that other words have, too, such as `BYPASS`: they are words of their own, as in `DB_PASS` and `dbPass`.
const WORDS: [&str; 3] = ["PASS", "PWD", "CREDS"];

/// Prefixes of keys and tokens of well-known services.
const STARTS: [&str; 28] = [
    "-----BEGIN ",
    "AGE-SECRET-KEY-",
    "AIza",
    "AKIA",
    "ASIA",
    "dckr_pat_",
    "dop_v1_",
    "ghp_",
    "gho_",
    "ghr_",
    "ghs_",
    "ghu_",
    "github_pat_",
    "gldt-",
    "glpat-",
    "glrt-",
    "hvb.",
    "hvs.",
    "rk_live_",
    "shpat_",
    "sk-ant-",
    "sk-proj-",
    "sk_live_",
    "tskey-",
    "xoxa-",
    "xoxb-",
    "xoxp-",
    "xoxs-",
];

/// Values that switch a feature and are not a secret.
const SWITCHES: [&str; 11] =
    ["", "0", "1", "true", "false", "yes", "no", "on", "off", "none", "null"];

/// Whether a value switches a feature, and is not a secret under any name.
pub fn is_switch(value: &str) -> bool {
    SWITCHES.iter().any(|switch| value.eq_ignore_ascii_case(switch))
}

/// Whether a name is that of a secret.
pub fn names_a_secret(name: &str) -> bool {
    let letters = || {
        let letters = name.bytes().rev().filter(u8::is_ascii_alphabetic);
        letters.map(|letter| letter.to_ascii_uppercase())
    };
    let ends_with = |end: &&str| end.bytes().rev().eq(letters().take(end.len()));
    ENDINGS.iter().any(ends_with) || WORDS.iter().any(|word| is_last_word(name, word))
}

/// Whether a word, in upper case, is the last one of a name, before numbers.
fn is_last_word(name: &str, word: &str) -> bool {
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit() || "_-.".contains(c));
    let Some((before, last)) = name.split_at_checked(name.len().saturating_sub(word.len())) else {
        return false;
    };
    if !last.eq_ignore_ascii_case(word) {
        return false;
    }
    match before.chars().next_back() {
        // `PWD` alone is the working directory.
        None => word == "PASS",
        Some(c) if c.is_ascii_alphabetic() => {
            c.is_ascii_lowercase() && last.starts_with(|first: char| first.is_ascii_uppercase())
        }
        Some(_) => true,
    }
}

/// Whether a value begins as the keys and tokens of well-known services.
pub fn is_key(value: &str) -> bool {
    let is_long = |rest: &str| rest.chars().count() >= 12;
    STARTS.iter().any(|start| value.strip_prefix(start).is_some_and(is_long))
}

/// Whether a text contains a secret that is known by its form: a key, or a password in an address.
pub fn has_secret(text: &str) -> bool {
    let mut words = text.split(|c: char| c.is_whitespace() || "'\"=".contains(c));
    is_key(text) || words.any(is_key) || has_password(text)
}

/// Whether a string contains `scheme://user:password@`.
pub fn has_password(literal: &str) -> bool {
    let is_end = |c: char| matches!(c, '/' | '?' | '#' | ' ' | '"');
    passwords(literal, is_end)
        .any(|(_, password)| !password.is_empty() && !password.starts_with(['$', '<', '{']))
}

/// The passwords in `scheme://user:password@host`, and where they start. `is_end` says which characters end the host.
fn passwords(text: &str, is_end: impl Fn(char) -> bool) -> impl Iterator<Item = (usize, &str)> {
    text.match_indices("://").filter_map(move |(at, sign)| {
        let start = at + sign.len();
        let authority = text.get(start..)?.split(&is_end).next()?;
        let (user, _) = authority.rsplit_once('@')?;
        let (name, password) = user.split_once(':')?;
        Some((start + name.len() + 1, password))
    })
}

/// A text with `***` in place of passwords in addresses. `None` if there are none.
pub fn without_passwords(text: &str) -> Option<String> {
    let is_end = |c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\'' | '`');
    let mut out = String::new();
    let mut end = 0;
    for (start, password) in passwords(text, is_end) {
        if password.is_empty() || password.starts_with(['$', '<', '{']) || start < end {
            continue;
        }
        out.push_str(text.get(end..start).unwrap_or_default());
        out.push_str("***");
        end = start + password.len();
    }
    (end > 0).then(|| out + text.get(end..).unwrap_or_default())
}

/// A source with asterisks in place of what looks like a secret; all offsets and lines stay.
pub fn masked(source: &Source) -> Source {
    source.masked(&spans(source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_form_anywhere_in_a_text() {
        for text in [
            "ghp_0123456789abcdef",
            "--token=ghp_0123456789abcdef",
            "Bearer 'ghp_0123456789abcdef'",
            "redis://user:word@cache",
        ] {
            assert!(has_secret(text), "{text}");
        }
        for text in ["", "ghp_", "x-ghp_0123456789abcdef", "redis://user@cache", "--token=$TOKEN"] {
            assert!(!has_secret(text), "{text}");
        }
    }

    #[test]
    fn names_of_secrets() {
        for name in [
            "DB_PASSWORD",
            "apiKey",
            "SMTP_PASS",
            "smtp-pass",
            "smtp.pass",
            "dbPass",
            "pass",
            "PASS",
            "DB_PASS2",
            "DB_PASS_2",
            "TOKEN1",
            "MYSQL_PWD",
            "dbPwd",
            "AWS_CREDS",
            "SECRET_KEY_BASE",
            "TS_AUTHKEY",
            "TS_AUTH_KEY",
            "JWT_SIGNING_KEY",
            "MASTER_KEY",
            "AWS_SECRET_ACCESS_KEY",
            "PASSCODE",
            "GCP_CREDENTIAL",
        ] {
            assert!(names_a_secret(name), "{name}");
        }
        for name in [
            "BYPASS",
            "COMPASS",
            "PASSENGER",
            "PASS_THROUGH",
            "PWD",
            "OLDPWD",
            "pwd",
            "BYPASS_CACHE",
            "MAX_TOKENS",
            "COMPASS2",
            "SACREDS",
            "KEY",
            "PUBLIC_KEY",
            "PASSWORD_FILE",
            "AWS_ACCESS_KEY_ID",
            "",
            "_",
            "é",
        ] {
            assert!(!names_a_secret(name), "{name}");
        }
    }
}
