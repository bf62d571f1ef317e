//! Entities of HTML in the place of characters, as a web page has them in its source: `&quot;id&quot;`.

/// An entity in a text.
pub struct Entity {
    /// Where it starts and ends.
    pub start: usize,
    pub end: usize,
    /// The character that it stands for.
    pub character: char,
}

/// Maximum length of the name of an entity.
const LONGEST: usize = 8;

/// The entities of a text, in its order.
pub fn entities(text: &str) -> impl Iterator<Item = Entity> + '_ {
    text.match_indices('&').filter_map(|(start, _)| {
        let rest = text.get(start + 1..)?;
        let length = rest.bytes().take(LONGEST + 1).position(|byte| byte == b';')?;
        let character = character(rest.get(..length)?)?;
        Some(Entity { start, end: start + length + 2, character })
    })
}

fn character(name: &str) -> Option<char> {
    let named = match name {
        "quot" => '"',
        "apos" => '\'',
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "nbsp" => ' ',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            let found = char::from_u32(code)?;
            if found == '\u{a0}' { ' ' } else { found }
        }
    };
    Some(named)
}

/// A text with the characters in the place of its entities, and the first of them. Where quotes are no entities, those between
/// them are text. `None` if there are none elsewhere.
pub fn decoded(text: &str) -> Option<(Entity, String)> {
    let are_quotes = entities(text).any(|entity| entity.character == '"');
    let mut first = None;
    let mut kept = String::with_capacity(text.len());
    // Up to where the text is copied, and up to where quotes are counted, in the line.
    let (mut at, mut seen, mut is_inside) = (0, 0, false);
    for entity in entities(text) {
        for byte in text.get(seen..entity.start)?.bytes() {
            is_inside = byte != b'\n' && (is_inside != (byte == b'"'));
        }
        seen = entity.end;
        if is_inside && !are_quotes {
            continue;
        }
        kept.push_str(text.get(at..entity.start)?);
        kept.push(entity.character);
        at = entity.end;
        first.get_or_insert(entity);
    }
    kept.push_str(text.get(at..)?);
    Some((first?, kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_decoded_outside_of_strings() {
        for (text, expected) in [
            ("&quot;a&quot;: &#34;b&#x22;", "\"a\": \"b\""),
            ("a: &lt;b&gt; &amp;amp; &apos;c&#39;", "a: <b> &amp; 'c'"),
            ("a:\n&nbsp;&#160;b: \"&lt;\"\n&nbsp; c: 1", "a:\n  b: \"&lt;\"\n  c: 1"),
        ] {
            let found = decoded(text).map(|(_, kept)| kept);
            assert_eq!(found.as_deref(), Some(expected), "{text}");
        }
        for text in ["a", "&a", "&a;", "&a b", "& ;", "\"&lt;\"", "&#xD800;", "&;"] {
            assert!(decoded(text).is_none(), "{text}");
        }
    }
}
