//! Values without quotes as Compose reads them, where YAML 1.2 and JSON read or write them otherwise.
//!
//! Compose resolves a scalar with `go.yaml.in/yaml` (`resolve.go`), and writes numbers and times into `environment`,
//! `labels` and the like with the verb `%v` of Go's package `fmt`.

/// What Compose makes of a scalar without quotes.
#[derive(Debug, PartialEq, Eq)]
pub enum Plain {
    /// A number or a time, as Compose writes it.
    Value(String),
    /// A number that is not finite, which Compose refuses.
    NotFinite,
}

/// The number or time that a scalar without quotes is. `None` if it is a text, a boolean or nothing.
pub fn resolve(text: &str) -> Option<Plain> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Some(Plain::NotFinite);
    }
    let value = match text.chars().next()? {
        '.' => decimal(text),
        '0'..='9' | '+' | '-' => time(text).or_else(|| number(text)),
        _ => None,
    };
    value.map(Plain::Value)
}

fn number(text: &str) -> Option<String> {
    let plain = text.replace('_', "");
    if plain == "-0" {
        return Some(plain);
    }
    integer(&plain).or_else(|| decimal(&plain))
}

/// A whole number of 64 bits, with the prefixes that Go knows.
fn integer(text: &str) -> Option<String> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let (digits, radix) = match lower.get(..2) {
        Some("0x") => (lower.get(2..)?, 16),
        Some("0o") => (lower.get(2..)?, 8),
        Some("0b") => (lower.get(2..)?, 2),
        Some(start) if start.starts_with('0') => (lower.get(1..)?, 8),
        _ => (lower.as_str(), 10),
    };
    if !digits.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let number = i128::from(u64::from_str_radix(digits, radix).ok()?);
    let number = if is_negative { -number } else { number };
    (number >= i128::from(i64::MIN)).then(|| number.to_string())
}

/// A number in decimal, with a fraction or an exponent, or too long for a whole one.
fn decimal(text: &str) -> Option<String> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_decimal = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && unsigned.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'));
    let number = text.parse::<f64>().ok().filter(|number| is_decimal && number.is_finite())?;
    // `%v` is `%g` with the fewest digits.
    let written = format!("{number:e}");
    let (digits, exponent) = written.split_once('e')?;
    let power: i32 = exponent.parse().ok()?;
    if (-4..6).contains(&power) {
        return Some(number.to_string());
    }
    let sign = if power < 0 { '-' } else { '+' };
    Some(format!("{digits}e{sign}{:02}", power.abs()))
}

/// A date, or a date and a time, as Go writes a time.
fn time(text: &str) -> Option<String> {
    let end = text.find(['T', 't', ' ']).unwrap_or(text.len());
    let (date, rest) = text.split_at_checked(end)?;
    let mut parts = date.split('-');
    let year = parts.next().filter(|year| year.len() == 4).and_then(digits)?;
    let (month, day) = (parts.next().and_then(short)?, parts.next().and_then(short)?);
    if parts.next().is_some() {
        return None;
    }
    let to_i8 = |number: u32| i8::try_from(number).ok();
    let date =
        jiff::civil::Date::new(i16::try_from(year).ok()?, to_i8(month)?, to_i8(day)?).ok()?;
    let (clock, zone) = match rest.chars().next() {
        None => return Some(format!("{date} 00:00:00 +0000 UTC")),
        // A time behind a space has no zone, and one behind `T` must have one.
        Some(' ') => (rest.get(1..)?, "+0000 UTC".to_owned()),
        Some(_) => zoned(rest.get(1..)?)?,
    };
    let (clock, fraction) = match clock.split_once('.') {
        Some((clock, fraction)) => (clock, fraction),
        None => (clock, "0"),
    };
    let mut parts = clock.split(':');
    let mut part = |most: u32| parts.next().and_then(short).filter(|number| *number <= most);
    let (hour, minute, second) = (part(23)?, part(59)?, part(59)?);
    let is_fraction = !fraction.is_empty()
        && fraction.len() <= 9
        && fraction.bytes().all(|byte| byte.is_ascii_digit());
    if parts.next().is_some() || !is_fraction {
        return None;
    }
    let fraction = match fraction.trim_end_matches('0') {
        "" => String::new(),
        digits => format!(".{digits}"),
    };
    Some(format!("{date} {hour:02}:{minute:02}:{second:02}{fraction} {zone}"))
}

/// A clock and its zone, such as `10:00:00Z` or `10:00:00+02:00`, of which the zone as Go writes it.
fn zoned(text: &str) -> Option<(&str, String)> {
    let utc = || "+0000 UTC".to_owned();
    if let Some(clock) = text.strip_suffix('Z') {
        return Some((clock, utc()));
    }
    let (clock, offset) = text.split_at_checked(text.rfind(['+', '-'])?)?;
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    let two = |part: &str| digits(part).filter(|_| part.len() == 2);
    if two(hours)? > 24 || two(minutes)? > 60 {
        return None;
    }
    let offset = offset.replace(':', "");
    Some((
        clock,
        if two(hours)? + two(minutes)? == 0 { utc() } else { format!("{offset} {offset}") },
    ))
}

fn digits(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// A number of one or two digits.
fn short(text: &str) -> Option<u32> {
    digits(text).filter(|_| text.len() <= 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each pair is what `docker-compose config` 5.6.1 prints for the first as a value of `environment`.
    #[test]
    fn scalars_are_those_of_compose() {
        for (text, expected) in [
            ("0755", "493"),
            ("012", "10"),
            ("1.10", "1.1"),
            ("1.0", "1"),
            ("21.0", "21"),
            ("1e3", "1000"),
            ("1000000.0", "1e+06"),
            ("2e6", "2e+06"),
            ("1234567.0", "1.234567e+06"),
            ("123456.7", "123456.7"),
            ("99999.5e1", "999995"),
            ("123456789.5", "1.234567895e+08"),
            ("2097152", "2097152"),
            ("0x1F", "31"),
            ("0X1F", "31"),
            ("-0x1F", "-31"),
            ("0x_1", "1"),
            ("0xFFFFFFFFFFFFFFFF", "18446744073709551615"),
            ("0o17", "15"),
            ("0O17", "15"),
            ("-0o17", "-15"),
            ("-017", "-15"),
            ("+017", "15"),
            ("0b11", "3"),
            ("0B11", "3"),
            ("-0b11", "-3"),
            ("1_000", "1000"),
            ("1__0", "10"),
            ("0_7", "7"),
            ("0_", "0"),
            ("1_0.5", "10.5"),
            ("+5", "5"),
            ("+0", "0"),
            ("00", "0"),
            ("-00", "0"),
            ("-0", "-0"),
            ("-0.0", "-0"),
            ("-0x0", "0"),
            ("089", "89"),
            ("08.5", "8.5"),
            (".5", "0.5"),
            ("5.", "5"),
            (".1e3", "100"),
            ("1.e3", "1000"),
            ("-.5", "-0.5"),
            ("+.5e1", "5"),
            ("0.1", "0.1"),
            ("0.0001234", "0.0001234"),
            ("0.00001", "1e-05"),
            ("12e-5", "0.00012"),
            ("1e-7", "1e-07"),
            ("1E5", "100000"),
            ("1e21", "1e+21"),
            ("12345678901234567890", "12345678901234567890"),
            ("18446744073709551616", "1.8446744073709552e+19"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("-9223372036854775809", "-9.223372036854776e+18"),
            ("123456789012345678901234567890", "1.2345678901234568e+29"),
            ("0777777777777777777777777", "7.777777777777778e+23"),
            ("2001-01-01", "2001-01-01 00:00:00 +0000 UTC"),
            ("2001-1-2", "2001-01-02 00:00:00 +0000 UTC"),
            ("0000-01-01", "0000-01-01 00:00:00 +0000 UTC"),
            ("2001-01-01 1:2:3", "2001-01-01 01:02:03 +0000 UTC"),
            ("2001-01-01 10:00:00.120", "2001-01-01 10:00:00.12 +0000 UTC"),
            ("2001-01-01T10:00:00Z", "2001-01-01 10:00:00 +0000 UTC"),
            ("2001-01-01T10:00:00+00:00", "2001-01-01 10:00:00 +0000 UTC"),
            ("2001-1-2T10:00:00+02:00", "2001-01-02 10:00:00 +0200 +0200"),
            ("2001-01-01t10:00:00-05:30", "2001-01-01 10:00:00 -0530 -0530"),
        ] {
            assert_eq!(resolve(text), Some(Plain::Value(expected.to_owned())), "{text}");
        }
        for text in [
            "yes",
            "on",
            "y",
            "1:30",
            "190:20:30",
            "._1",
            "_1",
            "0x",
            "0b102",
            "0o8",
            "1e",
            "1.2.3",
            "0x1.8p1",
            "1e400",
            "infinity",
            "Inf",
            "nan",
            "=",
            "-",
            "+",
            "2001-13-01",
            "2024-02-30",
            "12001-01-01",
            "2001-001-01",
            "2001-01-01T10:00:00",
            "2001-01-01 10:00:00Z",
            "2001-01-01 10:00:00 +1",
            "2001-01-01T24:00:00Z",
            "0xFFFFFFFFFFFFFFFFF",
            "",
            "8080:80",
        ] {
            assert_eq!(resolve(text), None, "{text}");
        }
        for text in [".inf", "-.inf", "+.inf", ".Inf", ".nan", ".NaN"] {
            assert_eq!(resolve(text), Some(Plain::NotFinite), "{text}");
        }
    }
}
