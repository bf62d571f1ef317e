//! Text in XML.

use std::borrow::Cow;
use std::fmt::Write;

use crate::printable;

/// Escapes text for content and attributes. Characters that XML 1.0 cannot represent become
/// U+FFFD; line breaks and tabs become references, so that attributes keep them, as do characters
/// that act on a terminal.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => {
                let _ = write!(escaped, "&#{};", c as u32);
            }
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c if printable::acts(c) => {
                let _ = write!(escaped, "&#{};", c as u32);
            }
            _ => escaped.push(c),
        }
    }
    printable::inert(Cow::Owned(escaped), "&#91;").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_characters_are_escaped() {
        assert_eq!(
            escape("a<b>&\"]]>\n\0\u{ffff}é"),
            "a&lt;b&gt;&amp;&quot;]]&gt;&#10;\u{fffd}\u{fffd}é"
        );
    }
}
