//! Durations, sizes and shares of CPUs as Compose, Docker and Kubernetes write them.

/// The whole seconds of a duration; `None` if it is not one, or has a fraction.
pub fn whole_seconds(text: &str) -> Option<u64> {
    whole(seconds(text)?)
}

/// The whole megabytes of a size with a unit; `None` if it is not one, or not a whole number of them.
pub fn whole_megabytes(text: &str) -> Option<u64> {
    text.trim()
        .ends_with(|c: char| c.is_ascii_alphabetic())
        .then(|| megabytes(text))
        .flatten()
        .and_then(whole)
}

fn whole(number: f64) -> Option<u64> {
    let is_whole = number.fract() == 0.0 && (1.0..=f64::from(u32::MAX)).contains(&number);
    is_whole.then_some(number as u64)
}

/// The CPUs of a number such as `0.5`, or of one of thousandths such as `500m`.
pub fn cpus(text: &str) -> Option<f64> {
    let text = text.trim();
    let number = |digits: &str| {
        digits
            .starts_with(|c: char| c.is_ascii_digit())
            .then(|| digits.parse::<f64>().ok())
            .flatten()
    };
    match text.strip_suffix('m') {
        Some(thousandths) => Some(number(thousandths)? / 1000.0),
        None => number(text),
    }
    .filter(|cpus| cpus.is_finite())
}

/// The seconds of a duration such as `1m30s`, `500ms` or `2h45m`.
pub fn seconds(text: &str) -> Option<f64> {
    let mut rest = text.trim();
    let mut total = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest.get(..end)?.parse().ok()?;
        let unit_end = rest.get(end..)?.find(|c: char| c.is_ascii_digit() || c == '.');
        let unit = rest.get(end..unit_end.map_or(rest.len(), |at| end + at))?;
        let factor = match unit {
            "ns" => 1e-9,
            "us" | "µs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        total += number * factor;
        rest = rest.get(end + unit.len()..)?;
    }
    Some(total)
}

/// A duration such as `24h`, `1h30m`, `5 min` or `daily` as one of ISO 8601 without its `P`.
pub fn iso_duration(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches('@').to_ascii_lowercase();
    match text.as_str() {
        "hourly" => return Some("T1H".to_owned()),
        "daily" | "nightly" => return Some("1D".to_owned()),
        "weekly" => return Some("7D".to_owned()),
        "monthly" => return Some("1M".to_owned()),
        _ => {}
    }
    let (mut date, mut time) = (String::new(), String::new());
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, after) = rest.split_at_checked(digits)?;
        let after = after.trim_start();
        let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(end)?;
        let number: u32 = number.parse().ok().filter(|number| *number > 0)?;
        // Units go from large to small, each at most once.
        let (part, letter, later) = match unit {
            "d" | "day" | "days" => (&mut date, 'D', "D"),
            "h" | "hr" | "hrs" | "hour" | "hours" => (&mut time, 'H', "HMS"),
            "m" | "min" | "mins" | "minute" | "minutes" => (&mut time, 'M', "MS"),
            "s" | "sec" | "secs" | "second" | "seconds" => (&mut time, 'S', "S"),
            _ => return None,
        };
        if part.contains(|c| later.contains(c)) {
            return None;
        }
        part.push_str(&format!("{number}{letter}"));
        rest = after.trim_start();
    }
    match (date.is_empty(), time.is_empty()) {
        (true, true) => None,
        (_, true) => Some(date),
        (_, false) => Some(format!("{date}T{time}")),
    }
}

/// The megabytes (2^20 bytes) of a size such as `512m`, `1.5gb` or `64MiB`. A number without a unit is one of
/// bytes.
pub fn megabytes(text: &str) -> Option<f64> {
    let text = text.trim().to_ascii_lowercase();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text.get(..end)?.parse().ok()?;
    let power = match text.get(end..)?.trim() {
        "" | "b" => 0,
        "k" | "kb" | "ki" | "kib" => 1,
        "m" | "mb" | "mi" | "mib" => 2,
        "g" | "gb" | "gi" | "gib" => 3,
        "t" | "tb" | "ti" | "tib" => 4,
        _ => return None,
    };
    Some(number * 1024f64.powi(power) / 1_048_576.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_sums_of_numbers_with_units() {
        assert_eq!(seconds("1m30s"), Some(90.0));
        assert_eq!(seconds("500ms"), Some(0.5));
        assert_eq!(seconds("1.5h"), Some(5400.0));
        for bad in ["", "5", "s", "1x", "1m-2s"] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }

    #[test]
    fn sizes_are_powers_of_1024() {
        assert_eq!(megabytes("512m"), Some(512.0));
        assert_eq!(megabytes("1.5gb"), Some(1536.0));
        assert_eq!(megabytes("64MiB"), Some(64.0));
        assert_eq!(megabytes("1048576"), Some(1.0));
        assert_eq!(megabytes("x"), None);
        assert_eq!(whole_megabytes("512Mi"), Some(512));
        assert_eq!(whole_megabytes("1.5g"), Some(1536));
        for bad in ["512", "100k", "0m", "x"] {
            assert_eq!(whole_megabytes(bad), None, "{bad}");
        }
    }

    #[test]
    fn durations_become_those_of_iso_8601() {
        for (text, iso) in [
            ("24h", "T24H"),
            ("1h30m", "T1H30M"),
            ("5 min", "T5M"),
            ("90 sec", "T90S"),
            ("1m30s", "T1M30S"),
            ("1d 12 hours", "1DT12H"),
            ("@daily", "1D"),
        ] {
            assert_eq!(iso_duration(text).as_deref(), Some(iso), "{text}");
        }
        for bad in ["", "1", "h", "30m1h", "1h1h", "0 4 * * *", "soon", "0s"] {
            assert_eq!(iso_duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn cpus_are_numbers_or_thousandths() {
        assert_eq!(cpus("500m"), Some(0.5));
        assert_eq!(cpus("1.5"), Some(1.5));
        for bad in ["", "m", "inf", "nan", "-1", "half"] {
            assert_eq!(cpus(bad), None, "{bad}");
        }
    }
}
