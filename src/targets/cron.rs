//! Intervals as cron schedules of five fields: only those that cron represents exactly.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::diag::Diagnostic;
use crate::plan::{Interval, StartTime};
use crate::source::Spanned;

/// Why a day of the month cannot be repeated: the reason, which names the time zone, because the
/// day there is often not the one that is written.
pub const MISSING_DAY: &str = "in UTC, the first run is on a day that not all of these months have";

/// The finding of a schedule for which that is the reason.
pub fn missing_day(found: Diagnostic, start: &Spanned<StartTime>) -> Diagnostic {
    let [_, _, day, ..] = start.value.utc;
    found
        .also(start.span, format!("day {day} in UTC"))
        .help("choose a `start_time` that is on one of the days 1 to 28 in UTC")
}

/// The schedule, in UTC, of a job that runs once in every interval. Intervals are counted from
/// the start time, or without one from midnight and the first day of a week (Monday, as in ISO 8601),
/// month or year.
///
/// # Errors
/// The reason why cron cannot represent the interval.
pub fn line(interval: &Interval, start: Option<&StartTime>) -> Result<String, &'static str> {
    let [_, month, day, hour, minute, _] = start.map_or([1970, 1, 1, 0, 0, 0], |s| s.utc);
    let months = interval.months;
    let seconds = interval.days.saturating_mul(86_400).saturating_add(interval.seconds);
    if months != 0 {
        if seconds != 0 {
            return Err("months have no fixed number of days");
        }
        if !(1..=12).contains(&months) || 12 % months != 0 {
            return Err("the number of months does not divide a year");
        }
        let step = i32::try_from(months).unwrap_or(12);
        let first = (month - 1) % step + 1;
        let mut in_months = (first..=12).step_by(usize::try_from(step).unwrap_or(12));
        if in_months.any(|month| !is_in_every_year(month.into(), day.into())) {
            return Err(MISSING_DAY);
        }
        let months = if step == 12 { month.to_string() } else { every(first, 12, step, 1) };
        return Ok(format!("{minute} {hour} {day} {months} *"));
    }
    if seconds % 60 != 0 {
        return Err("cron has no seconds");
    }
    let minutes = seconds / 60;
    let small = |value: i64| i32::try_from(value).unwrap_or(i32::MAX);
    match minutes {
        1..60 if 60 % minutes == 0 => {
            let step = small(minutes);
            Ok(format!("{} * * * *", every(minute % step, 59, step, 0)))
        }
        1..60 => Err("the number of minutes does not divide an hour"),
        60 => Ok(format!("{minute} * * * *")),
        _ if minutes % 60 != 0 => Err("it is not a whole number of hours"),
        _ => match minutes / 60 {
            hours @ 1..24 if 24 % hours == 0 => {
                let step = small(hours);
                Ok(format!("{minute} {} * * *", every(hour % step, 23, step, 0)))
            }
            1..24 => Err("the number of hours does not divide a day"),
            24 => Ok(format!("{minute} {hour} * * *")),
            168 => {
                let weekday = start.map_or(1, weekday);
                Ok(format!("{minute} {hour} * * {weekday}"))
            }
            _ => Err("of intervals of days, cron has only one day and seven days"),
        },
    }
}

/// A field with every `step`th number from `first` to `last`; `lowest` is the lowest number of
/// the field.
fn every(first: i32, last: i32, step: i32, lowest: i32) -> String {
    match (first == lowest, step) {
        (true, 1) => "*".to_owned(),
        (true, _) => format!("*/{step}"),
        _ => format!("{first}-{last}/{step}"),
    }
}

/// Whether every year has this day, also those that are not leap years.
pub fn is_in_every_year(month: i64, day: i64) -> bool {
    // 1970 was not a leap year.
    let date = i8::try_from(month).ok().zip(i8::try_from(day).ok());
    date.is_some_and(|(month, day)| DateTime::new(1970, month, day, 0, 0, 0, 0).is_ok())
}

/// The day of the week; 0 is Sunday.
fn weekday(start: &StartTime) -> i8 {
    moment(start).map_or(0, |time| time.weekday().to_sunday_zero_offset())
}

/// The Unix time of a start time, in seconds.
pub fn unix_time(start: &StartTime) -> i64 {
    moment(start)
        .and_then(|time| time.to_zoned_datetime(TimeZone::UTC).ok())
        .map_or(0, |time| time.timestamp().as_second())
}

/// A start time as date and time in UTC. `None` if the calendar has no such time, which does not
/// happen for one that was read.
pub fn moment(start: &StartTime) -> Option<DateTime> {
    civil(start.utc)
}

fn civil([year, month, day, hour, minute, second]: [i32; 6]) -> Option<DateTime> {
    let small = |number: i32| i8::try_from(number).ok();
    let year = i16::try_from(year).ok()?;
    let time = (small(hour)?, small(minute)?, small(second)?);
    DateTime::new(year, small(month)?, small(day)?, time.0, time.1, time.2, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(months: i64, days: i64, seconds: i64) -> Interval {
        Interval { text: "".into(), months, days, seconds }
    }

    fn start(utc: [i32; 6]) -> StartTime {
        StartTime { text: "".into(), utc }
    }

    #[test]
    fn intervals_that_cron_represents() {
        // A Monday.
        let monday = start([2027, 1, 4, 2, 37, 0]);
        for (months, days, seconds, from_monday, from_nothing) in [
            (0, 0, 60, "* * * * *", "* * * * *"),
            (0, 0, 600, "7-59/10 * * * *", "*/10 * * * *"),
            (0, 0, 1800, "7-59/30 * * * *", "*/30 * * * *"),
            (0, 0, 3600, "37 * * * *", "0 * * * *"),
            (0, 0, 21600, "37 2-23/6 * * *", "0 */6 * * *"),
            (0, 1, 0, "37 2 * * *", "0 0 * * *"),
            (0, 0, 86400, "37 2 * * *", "0 0 * * *"),
            (0, 7, 0, "37 2 * * 1", "0 0 * * 1"),
            (1, 0, 0, "37 2 4 * *", "0 0 1 * *"),
            (2, 0, 0, "37 2 4 */2 *", "0 0 1 */2 *"),
            (12, 0, 0, "37 2 4 1 *", "0 0 1 1 *"),
        ] {
            let interval = interval(months, days, seconds);
            assert_eq!(line(&interval, Some(&monday)).as_deref(), Ok(from_monday));
            assert_eq!(line(&interval, None).as_deref(), Ok(from_nothing));
        }
        let may = start([2027, 5, 31, 0, 0, 0]);
        assert_eq!(line(&interval(3, 0, 0), Some(&may)), Err(MISSING_DAY));
        let august = start([2027, 8, 30, 0, 0, 0]);
        assert_eq!(line(&interval(4, 0, 0), Some(&august)).as_deref(), Ok("0 0 30 4-12/4 *"));
    }

    #[test]
    fn intervals_that_cron_does_not_represent() {
        for (months, days, seconds) in [
            (0, 0, 90),
            (0, 0, 7 * 60),
            (0, 0, 90 * 60),
            (0, 0, 5 * 3600),
            (0, 0, 36 * 3600),
            (0, 2, 0),
            (0, 14, 0),
            (5, 0, 0),
            (24, 0, 0),
            (1, 1, 0),
        ] {
            assert!(
                line(&interval(months, days, seconds), None).is_err(),
                "{months} {days} {seconds}"
            );
        }
        let last = start([2027, 1, 31, 0, 0, 0]);
        assert!(line(&interval(1, 0, 0), Some(&last)).is_err());
        let leap = start([2028, 2, 29, 0, 0, 0]);
        assert!(line(&interval(12, 0, 0), Some(&leap)).is_err());
    }

    #[test]
    fn days_that_every_year_has() {
        for (month, last) in
            [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].into_iter().enumerate()
        {
            let month = i64::try_from(month).unwrap() + 1;
            for day in 0..=32 {
                let expected = (1..=last).contains(&day);
                assert_eq!(is_in_every_year(month, day), expected, "{month} {day}");
            }
        }
        assert!(!is_in_every_year(0, 1) && !is_in_every_year(13, 1));
    }

    #[test]
    fn months_of_30_days_have_no_31st() {
        for (from, months, expected) in [
            ([2027, 1, 31, 0, 0, 0], 2, Err(MISSING_DAY)),
            ([2027, 1, 30, 0, 0, 0], 2, Ok("0 0 30 */2 *")),
            ([2027, 1, 31, 0, 0, 0], 6, Ok("0 0 31 */6 *")),
            ([2027, 4, 30, 0, 0, 0], 6, Ok("0 0 30 4-12/6 *")),
            ([2027, 2, 28, 0, 0, 0], 2, Ok("0 0 28 2-12/2 *")),
            ([2027, 8, 29, 0, 0, 0], 2, Err(MISSING_DAY)),
            ([2027, 3, 31, 0, 0, 0], 12, Ok("0 0 31 3 *")),
            ([2027, 1, 29, 0, 0, 0], 1, Err(MISSING_DAY)),
            ([2027, 1, 28, 0, 0, 0], 1, Ok("0 0 28 * *")),
        ] {
            let found = line(&interval(months, 0, 0), Some(&start(from)));
            assert_eq!(found, expected.map(str::to_owned), "{from:?}");
        }
    }

    #[test]
    fn seconds_since_1970() {
        assert_eq!(unix_time(&start([1970, 1, 1, 0, 0, 1])), 1);
        assert_eq!(unix_time(&start([2000, 3, 1, 0, 0, 0])), 951_868_800);
        assert_eq!(unix_time(&start([2027, 1, 4, 2, 30, 0])), 1_799_029_800);
        assert_eq!(unix_time(&start([1969, 12, 31, 23, 59, 59])), -1);
    }
}
