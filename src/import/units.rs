//! Durations and sizes as Compose and Docker write them.

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

/// The megabytes (2^20 bytes) of a size such as `512m`, `1.5gb` or `64MiB`. A number without a unit is one of
/// bytes.
pub fn megabytes(text: &str) -> Option<f64> {
    let text = text.trim().to_ascii_lowercase();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text.get(..end)?.parse().ok()?;
    let power = match text.get(end..)?.trim() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 1,
        "m" | "mb" | "mib" => 2,
        "g" | "gb" | "gib" => 3,
        "t" | "tb" | "tib" => 4,
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
    }
}
