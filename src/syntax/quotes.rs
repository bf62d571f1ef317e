//! Typographic quotes, as word processors write them.

/// The quotes of each kind: one that opens, and those that close it.
const PAIRS: [(char, &[char]); 9] = [
    ('“', &['”', '“', '‟']),
    ('”', &['”', '“', '‟']),
    ('„', &['“', '”', '‟']),
    ('‟', &['”', '“', '‟']),
    ('«', &['»']),
    ('‘', &['’', '‘']),
    ('‚', &['‘', '’']),
    ('‛', &['’', '‘']),
    ('‹', &['›']),
];

/// Whether a character is such a quote.
pub fn is_typographic(c: char) -> bool {
    PAIRS.iter().any(|(open, close)| *open == c || close.contains(&c))
}

/// Whether a character is a quote of any kind.
pub fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '`') || is_typographic(c)
}

/// Whether a character closes what an opening quote opens. `None` if that opens nothing.
pub fn closes(open: char) -> Option<impl Fn(char) -> bool> {
    let (_, close) = PAIRS.iter().find(|(quote, _)| *quote == open)?;
    let is_single = "‘‚‛‹".contains(open);
    // What begins in a word processor may end elsewhere.
    Some(move |c: char| close.contains(&c) || (c == '"' && !is_single))
}

/// The text between two such quotes that enclose another one as a whole.
pub fn between(text: &str) -> Option<&str> {
    let mut inside = text.chars();
    let (open, close) = (inside.next()?, inside.next_back()?);
    let inside = inside.as_str();
    let is_pair = is_typographic(close) && closes(open)?(close);
    (is_pair && !inside.is_empty() && !inside.contains(is_typographic)).then_some(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_enclose_a_text() {
        for text in ["“a b”", "„a b“", "«a b»", "‘a b’", "‹a b›", "”a b”"] {
            assert_eq!(between(text), Some("a b"), "{text}");
        }
        for text in ["a", "“a", "“a” b “c”", "“”", "“a\"", "»a«", "\"a\"", "’a’"]
        {
            assert_eq!(between(text), None, "{text}");
        }
    }
}
