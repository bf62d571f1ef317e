//! Numbers with a comma in place of the decimal point, or between thousands: `0,5` and `1,024`.

use super::{Kind, digits};
use crate::diag::{Diagnostic, codes};
use crate::source::Span;

/// The number of digits between commas of thousands.
const THOUSANDS: usize = 3;

/// The end of a number with commas whose digits before the first comma end at `end`. `None` if digits are a key of their
/// own, or what follows is no part of a number.
pub fn number_end(text: &str, end: usize) -> Option<usize> {
    let mut at = end;
    while let Some(rest) = text.get(at..).and_then(|rest| rest.strip_prefix(',')) {
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        if length == 0 {
            break;
        }
        at += 1 + length;
    }
    let after = text.get(at..).unwrap_or_default();
    let is_end = !after.starts_with(|c: char| c.is_alphanumeric() || "._-+\"'".contains(c));
    let is_key = || after.trim_start_matches([' ', '\t']).starts_with(':');
    (at > end && is_end && !is_key()).then_some(at)
}

/// The number with a point that a number with a comma certainly or probably is.
pub fn with_point(text: &str) -> Option<String> {
    let (whole, fraction) = text.split_once(',')?;
    let unsigned = whole.strip_prefix('-').unwrap_or(whole);
    let is_fraction = unsigned == "0" || fraction.len() < THOUSANDS;
    (digits(unsigned) && digits(fraction) && is_fraction).then(|| format!("{whole}.{fraction}"))
}

/// How to write a number with commas. `None` if a text is not one.
pub fn help(text: &str) -> Option<String> {
    if let Some(number) = with_point(text) {
        return Some(format!("write the decimal point as `.`: `{number}`"));
    }
    let mut parts = text.split(',');
    let first = parts.next().filter(|first| digits(first))?;
    let others: Vec<&str> = parts.collect();
    if others.is_empty() || !others.iter().all(|part| digits(part)) {
        return None;
    }
    let whole = text.replace(',', "");
    let is_grouped = first.len() <= THOUSANDS && others.iter().all(|o| o.len() == THOUSANDS);
    Some(match others.as_slice() {
        _ if !is_grouped => "a number has no commas; write several between `[` and `]`".to_owned(),
        [fraction] => format!(
            "write `{whole}` without a comma between thousands, or the decimal point as `.`: `{first}.{fraction}`"
        ),
        _ => format!("write it without commas between thousands: `{whole}`"),
    })
}

/// The diagnostic for a number with commas, and its value.
pub fn diagnostic(text: &str, span: Span) -> (Diagnostic, Kind) {
    let found = Diagnostic::new(&codes::BAD_NUMBER, span, format!("invalid number `{text}`"));
    let found = match help(text) {
        Some(help) => found.help(help),
        None => found,
    };
    match with_point(text) {
        // Digits behind another number may be one of several.
        Some(number) if text.starts_with("0,") => {
            (found.safe_edit(span, number.as_str()), Kind::Number(number.into()))
        }
        Some(number) => (found.likely_edit(span, number), Kind::Broken),
        None => (found, Kind::Broken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_number_with_commas_is_found() {
        for (text, end) in [
            ("0,5", Some(3)),
            ("0,5, ", Some(3)),
            ("0,5}", Some(3)),
            ("1,024,000}", Some(9)),
            ("0, 5", None),
            ("0,", None),
            ("0,5: 1", None),
            ("0,5 : 1", None),
            ("0,\"5\"", None),
            ("0,5a", None),
        ] {
            assert_eq!(number_end(text, 1), end, "{text}");
        }
    }

    #[test]
    fn only_the_fraction_of_zero_is_edited_for_certain() {
        for (text, replacement, is_safe, help) in [
            ("0,5", Some("0.5"), true, "write the decimal point as `.`: `0.5`"),
            ("0,125", Some("0.125"), true, "write the decimal point as `.`: `0.125`"),
            ("1,5", Some("1.5"), false, "write the decimal point as `.`: `1.5`"),
            (
                "1,024",
                None,
                false,
                "write `1024` without a comma between thousands, or the decimal point as `.`: `1.024`",
            ),
            ("1,048,576", None, false, "write it without commas between thousands: `1048576`"),
            (
                "80,443,8080",
                None,
                false,
                "a number has no commas; write several between `[` and `]`",
            ),
        ] {
            let (found, _) = diagnostic(text, Span::new(0, text.len()));
            assert_eq!(found.help, [help]);
            let edit = found.edit.map(|edit| (edit.replacement, edit.safe));
            assert_eq!(edit, replacement.map(|text| (text.to_owned(), is_safe)), "{text}");
        }
        for text in ["", "0", ",5", "0,", "a,5", "0,5,", "0,5 "] {
            assert_eq!(help(text), None, "{text}");
        }
    }
}
