//! The paths of HTTP health checks, as URLs contain them.

/// Percent-encodes the bytes of a path, with its query, that a URL cannot contain (RFC 3986,
/// sections 3.3 and 3.4), and leaves the rest unchanged, including what is already encoded.
pub fn path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'"' | b'<' | b'>' | b'[' | b'\\' | b']' | b'^' | b'`' | b'{' | b'|' | b'}' => {
                encode(byte, &mut out);
            }
            b'!'..=b'~' => out.push(char::from(byte)),
            _ => encode(byte, &mut out),
        }
    }
    out
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
        assert_eq!(path("/{id}|[\"x\"]^`<\\>"), "/%7Bid%7D%7C%5B%22x%22%5D%5E%60%3C%5C%3E");
    }
}
