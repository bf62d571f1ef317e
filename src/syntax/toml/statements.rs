//! The statements of a TOML file with errors: which of them are broken.

use toml::de::{DeTable, Error};

/// How many bytes are parsed to find the ends of statements, at most. What comes after is one statement.
const MAX_WORK: usize = 2_000_000;

/// A text with spaces in place of its broken statements, so that all others keep their places. `report` gets the
/// first error of each, and where the statement starts.
pub fn without_broken(text: &str, mut report: impl FnMut(usize, &Error)) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut sound = String::with_capacity(text.len());
    let mut work = 0;
    let mut at = 0;
    while let Some(rest) = lines.get(at..).filter(|rest| !rest.is_empty()) {
        let start = sound.len();
        let of = |count: usize| {
            let length: usize = rest.iter().take(count).map(|line| line.len()).sum();
            text.get(start..start + length).unwrap_or_default()
        };
        let is_whole = |count: &usize| {
            work += of(*count).len();
            work < MAX_WORK && errors_in(of(*count)).is_empty()
        };
        let count = match (1..=rest.len()).find(is_whole) {
            Some(count) => {
                sound.push_str(of(count));
                count
            }
            None if work >= MAX_WORK => {
                let left = of(rest.len());
                match errors_in(left).first() {
                    Some(error) => {
                        report(start, error);
                        sound.push_str(&blank(left));
                    }
                    None => sound.push_str(left),
                }
                rest.len()
            }
            None => {
                let is_header = rest.first().is_some_and(|line| line.trim_start().starts_with('['));
                // The entries of a table without a header would be in the one before.
                let is_next =
                    |line: &&str| if is_header { is_header_of(line) } else { starts(line) };
                let more = rest.iter().skip(1).take_while(|line| !is_next(line)).count();
                let broken = of(1 + more);
                errors_in(broken).first().into_iter().for_each(|error| report(start, error));
                sound.push_str(&blank(broken));
                1 + more
            }
        };
        at += count;
    }
    sound
}

/// The errors of syntax in a text.
fn errors_in(text: &str) -> Vec<Error> {
    DeTable::parse_recoverable(text).1
}

/// Spaces in place of a text, in as many lines.
fn blank(text: &str) -> String {
    let byte = |byte: u8| if byte == b'\n' { '\n' } else { ' ' };
    text.bytes().map(byte).collect()
}

/// Whether a line is the header of a table.
fn is_header_of(line: &str) -> bool {
    line.trim_start().starts_with('[') && errors_in(line).is_empty()
}

/// Whether a line is the header of a table, or starts with a key and `=`.
fn starts(line: &str) -> bool {
    let has_key = |(key, _): (&str, &str)| {
        !key.trim_start().starts_with('#') && errors_in(&format!("{key}= 0")).is_empty()
    };
    is_header_of(line) || line.split_once('=').is_some_and(has_key)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first characters of the errors, and what is left.
    fn of(text: &str) -> (Vec<usize>, String) {
        let mut found = Vec::new();
        let sound = without_broken(text, |from, _| found.push(from));
        assert_eq!(sound.len(), text.len());
        (found, sound)
    }

    #[test]
    fn what_is_broken_is_left_out_and_nothing_moves() {
        for (broken, rest) in [
            ("a = [\"é\",\n", "b = [\n  1,\n]\nc = \"\"\"\nd = 1\n\"\"\"\n"),
            ("a = [\n  \"x,\n  1,\n]\n", "\"b/c\" = 1\n"),
            ("[a\nb = 1\n", "[c]\nb = 1\n"),
            ("a\n", "b.c = { x = 1,\n y = 2 }\n"),
        ] {
            let (found, sound) = of(&format!("z = 1\n{broken}{rest}"));
            assert_eq!(found, [6], "{broken}");
            assert_eq!(sound.trim_start_matches("z = 1\n").trim_start(), rest, "{broken}");
        }
    }

    #[test]
    fn a_large_file_takes_no_longer_than_is_allowed() {
        let open = format!("a = [\n{}", "  1,\n".repeat(20_000));
        let (found, sound) = of(&open);
        assert_eq!(found, [0]);
        assert!(sound.trim().is_empty());
    }
}
