//! The paths of HTTP health checks, as URLs contain them.

use ecow::EcoString;

use crate::diag::{Diagnostic, codes};
use crate::source::Spanned;

/// Percent-encodes the bytes of a path, with its query, that a URL cannot contain (RFC 3986,
/// sections 3.3 and 3.4), and leaves the rest unchanged, including what is already encoded. A `%`
/// that encodes nothing is one of these bytes.
pub fn path(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut out = String::with_capacity(path.len());
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            b'%' if !is_encoded(bytes.get(at + 1..).unwrap_or_default()) => encode(byte, &mut out),
            b'"' | b'<' | b'>' | b'[' | b'\\' | b']' | b'^' | b'`' | b'{' | b'|' | b'}' => {
                encode(byte, &mut out);
            }
            b'!'..=b'~' => out.push(char::from(byte)),
            _ => encode(byte, &mut out),
        }
    }
    out
}

/// The error for a path that Go (`url.Parse`) reads as the name of a host and another path: it would
/// request the latter.
pub fn with_host(path: &Spanned<EcoString>) -> Option<Diagnostic> {
    path.value.starts_with("//").then(|| {
        let message = format!("invalid path `{}` for a health check", path.value);
        Diagnostic::new(&codes::BAD_TARGET_VALUE, path.span, message)
            .help("begin with one slash; what follows a second one is read as a host name")
    })
}

/// Whether two hexadecimal digits follow a `%`.
fn is_encoded(rest: &[u8]) -> bool {
    matches!(rest, [first, second, ..] if first.is_ascii_hexdigit() && second.is_ascii_hexdigit())
}

fn encode(byte: u8, out: &mut String) {
    out.push_str(&format!("%{byte:02X}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_url_cannot_contain_is_encoded() {
        assert_eq!(path("/a b?c=%20&d=é"), "/a%20b?c=%20&d=%C3%A9");
        assert_eq!(path("/~x/(1);v=a,b:c@d!$'*+-._?q=1&r"), "/~x/(1);v=a,b:c@d!$'*+-._?q=1&r");
        assert_eq!(path("/100%/%zz/%4/%41%"), "/100%25/%25zz/%254/%41%25");
        assert_eq!(path("/{id}|[\"x\"]^`<\\>"), "/%7Bid%7D%7C%5B%22x%22%5D%5E%60%3C%5C%3E");
    }
}
