//! The words of a command that is a text, as Compose splits it
//! (<https://pkg.go.dev/github.com/mattn/go-shellwords>): with quotes and escapes, but without a shell.

/// The words of a text, and what Compose leaves out.
#[derive(Debug, PartialEq)]
pub struct Words<'t> {
    /// The words.
    pub words: Vec<String>,
    /// From the first operator of a shell on, all is left out.
    pub left_out: Option<&'t str>,
}

#[derive(Clone, Copy, PartialEq)]
enum Quote {
    None,
    Single,
    Double,
    Back,
    /// `$(` until `)`.
    Dollar,
}

/// Splits a text.
///
/// # Errors
/// What is not valid in it, for a message.
pub fn split(text: &str) -> Result<Words<'_>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = Quote::None;
    let mut is_escaped = false;
    let mut left_out = None;
    for (at, c) in text.char_indices() {
        let current = word.get_or_insert_default();
        if is_escaped {
            is_escaped = false;
            current.push(match c {
                't' => '\t',
                'n' => '\n',
                other => other,
            });
            continue;
        }
        match (quote, c) {
            (Quote::None | Quote::Double | Quote::Back | Quote::Dollar, '\\') => is_escaped = true,
            (Quote::None, ' ' | '\t' | '\r' | '\n') => {
                words.extend(take(&mut word, text, at));
            }
            (Quote::None, '\'') => quote = Quote::Single,
            (Quote::None, '"') => quote = Quote::Double,
            (Quote::Single, '\'') | (Quote::Double, '"') => quote = Quote::None,
            (Quote::None, '(') if current.ends_with('$') => {
                quote = Quote::Dollar;
                current.push(c);
            }
            (Quote::None, '(' | ')') => return Err("a bracket outside quotes is not valid here"),
            (Quote::None, ';' | '&' | '|' | '<' | '>') => {
                // The digit is that of a redirection.
                if c == '>' && current.starts_with(|c: char| c.is_ascii_digit()) {
                    word = None;
                }
                left_out = text.get(at..);
                break;
            }
            (_, other) => {
                if other == '`' && matches!(quote, Quote::None | Quote::Back) {
                    quote = if quote == Quote::None { Quote::Back } else { Quote::None };
                }
                if other == ')' && quote == Quote::Dollar {
                    quote = Quote::None;
                }
                current.push(other);
            }
        }
    }
    if quote != Quote::None || is_escaped {
        return Err("a quote is not closed");
    }
    words.extend(take(&mut word, text, text.len() - left_out.map_or(0, str::len)));
    Ok(Words { words, left_out })
}

/// Ends a word before this place. An empty one counts only if it was in quotes.
fn take(word: &mut Option<String>, text: &str, end: usize) -> Option<String> {
    let is_quoted = text.get(..end).is_some_and(|before| before.ends_with(['"', '\'']));
    word.take().filter(|word| !word.is_empty() || is_quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_compose() {
        for (text, expected, left_out) in [
            ("a # c", &["a", "#", "c"][..], None),
            (r"a \n b\qc", &["a", "\n", "bqc"], None),
            ("a && b", &["a"], Some("&& b")),
            ("a | b > c", &["a"], Some("| b > c")),
            ("a;b", &["a"], Some(";b")),
            ("a 2>x b", &["a"], Some(">x b")),
            (
                "a \"x\\n\" 'y\\n' `id x` $(id -u)",
                &["a", "x\n", "y\\n", "`id x`", "$(id -u)"],
                None,
            ),
            ("a \"x && y\"\n  b ''", &["a", "x && y", "b", ""], None),
            ("a#b  c=#d ", &["a#b", "c=#d"], None),
            (r#"a "q\$x\"" "" x"#, &["a", "q$x\"", "", "x"], None),
        ] {
            let words = expected.iter().map(|word| (*word).to_owned()).collect();
            assert_eq!(split(text), Ok(Words { words, left_out }), "{text}");
        }
        assert!(split("a (b)").is_err() && split("a 'b").is_err() && split("a\\").is_err());
    }
}
