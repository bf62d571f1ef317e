//! Resolves plain scalars by the core schema of YAML 1.2 (chapter 10.3), limited to JSON values.

use crate::diag::Edit;
use crate::source::Source;
use crate::syntax::{Kind, is_json_number};

/// A resolved plain scalar.
#[derive(Debug, PartialEq)]
pub enum Plain {
    /// A JSON value.
    Value(Kind),
    /// A number that is not written as in JSON. Holds the JSON number.
    OtherNumber(String),
    /// A number with leading zeros: decimal in YAML 1.2, octal in YAML 1.1. Holds the number without
    /// the zeros.
    LeadingZero(String),
    /// Infinity or NaN.
    NotFinite,
}

/// Resolves the plain scalar `text`. An empty one is null.
pub fn resolve(text: &str) -> Plain {
    let value = match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" => Kind::Bool(true),
        "false" | "False" | "FALSE" => Kind::Bool(false),
        _ => return number(text).unwrap_or_else(|| Plain::Value(Kind::String(text.into()))),
    };
    Plain::Value(value)
}

/// Words that some YAML parsers do not read as strings.
const RESERVED: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];

/// Removes the quotes from the replacement of an edit if the replaced word has none.
pub fn respell(source: &Source, edit: &mut Edit) {
    let before = source.slice(edit.span);
    let word = edit.replacement.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let Some(word) = word.filter(|word| *word != before) else { return };
    let starts_word = |text: &str| text.starts_with(|c: char| c.is_ascii_alphabetic());
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let is_reserved = RESERVED.contains(&word.to_ascii_lowercase().as_str());
    if starts_word(before) && starts_word(word) && word.chars().all(is_plain) && !is_reserved {
        edit.replacement = word.to_owned();
    }
}

/// Parses `text` as a number.
fn number(text: &str) -> Option<Plain> {
    if is_json_number(text) {
        return Some(Plain::Value(Kind::Number(text.into())));
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Some(Plain::NotFinite);
    }
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => unsigned.split_at(at),
        None => (unsigned, ""),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let fraction_digits = fraction.unwrap_or_default();
    if !digits(whole)
        || !digits(fraction_digits)
        || (whole.is_empty() && fraction_digits.is_empty())
    {
        return None;
    }
    let sign = if text.starts_with('-') { "-" } else { "" };
    let significant = match whole.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    let fraction = match (fraction, fraction_digits) {
        (None, _) => String::new(),
        (Some(_), "") => ".0".to_owned(),
        (Some(_), digits) => format!(".{digits}"),
    };
    let json = format!("{sign}{significant}{fraction}{exponent}");
    if !is_json_number(&json) {
        return None;
    }
    let zeros = whole.len() > 1 && whole.starts_with('0') && fraction.is_empty();
    Some(if zeros { Plain::LeadingZero(json) } else { Plain::OtherNumber(json) })
}

fn radix(digits: &str, radix: u32) -> Option<Plain> {
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    // A number of more than 128 bits is out of range for every field, but still a number.
    let number = u128::from_str_radix(digits, radix).map_or("1e39".to_owned(), |n| n.to_string());
    Some(Plain::OtherNumber(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_replaces_one_has_quotes_only_if_it_had_some_or_needs_them() {
        for (before, after, expected) in [
            ("hst", "\"host\"", "host"),
            ("\"hst\"", "\"host\"", "\"host\""),
            ("offf", "\"off\"", "\"off\""),
            ("hst", "\"a: b\"", "\"a: b\""),
            ("1", "\"one\"", "\"one\""),
            ("on", "true", "true"),
        ] {
            let source = Source::new("a.yaml", before);
            let span = source.span(0..before.len());
            let mut edit = Edit { span, replacement: after.to_owned(), safe: true };
            respell(&source, &mut edit);
            assert_eq!(edit.replacement, expected, "{before}");
        }
    }

    #[test]
    fn plain_scalars_follow_the_core_schema() {
        let string = |text: &str| Plain::Value(Kind::String(text.into()));
        let number = |text: &str| Plain::Value(Kind::Number(text.into()));
        let other = |text: &str| Plain::OtherNumber(text.to_owned());
        for word in ["", "~", "null", "Null", "NULL"] {
            assert_eq!(resolve(word), Plain::Value(Kind::Null), "{word}");
        }
        for word in ["true", "True", "TRUE"] {
            assert_eq!(resolve(word), Plain::Value(Kind::Bool(true)), "{word}");
        }
        // Booleans, sexagesimal numbers, dates and binary numbers of YAML 1.1 are strings.
        for word in [
            "yes",
            "no",
            "on",
            "off",
            "y",
            "n",
            "nULL",
            "tRue",
            "12:30",
            "2027-01-31",
            "0b11",
            "1_000",
            "1e",
            "e3",
            ".",
            "+",
            "-",
            "0x",
            "0xg",
            "0o8",
            "1.2.3",
            "--1",
            "+-1",
            ".e3",
            "+.nan",
            "0X1F",
            "1 000",
            "inf",
        ] {
            assert_eq!(resolve(word), string(word), "{word}");
        }
        for word in ["0", "-0", "1", "-17", "1.10", "1e3", "1.5E-3"] {
            assert_eq!(resolve(word), number(word), "{word}");
        }
        for (word, json) in [
            ("+5", "5"),
            (".5", "0.5"),
            ("-.5", "-0.5"),
            ("1.", "1.0"),
            ("0x1F", "31"),
            ("0o17", "15"),
            ("+1.e3", "1.0e3"),
            ("007.5", "7.5"),
            ("0x0", "0"),
        ] {
            assert_eq!(resolve(word), other(json), "{word}");
        }
        for (word, json) in [("010", "10"), ("-007", "-7"), ("00", "0")] {
            assert_eq!(resolve(word), Plain::LeadingZero(json.to_owned()), "{word}");
        }
        for word in [".inf", "-.INF", "+.Inf", ".nan", ".NaN"] {
            assert_eq!(resolve(word), Plain::NotFinite, "{word}");
        }
    }
}
