//! Cron lines as repeating intervals of ISO 8601, as far as these say the same.

use jiff::ToSpan;
use jiff::civil::Date;

use crate::plan::{Cron, Days, Numbers, Schedule};
use crate::targets::cron::is_in_every_year;

/// A repeating interval.
#[derive(Debug, PartialEq, Eq)]
pub struct Repeat {
    /// The first run on the clocks of the time zone, in the form that Chronos reads.
    pub start: String,
    /// The period, with its `P`.
    pub period: String,
    /// Whether runs can be at a time that the clocks skip or show twice.
    pub is_at_change: bool,
}

/// The latest hour of the night in which clocks are changed.
const LAST_HOUR_OF_CHANGES: u32 = 3;

/// The repeating interval of a schedule, whose first run is on `from` or later.
///
/// # Errors
/// Why there is none.
pub fn of(schedule: &Schedule, from: Date) -> Result<Repeat, &'static str> {
    let Cron { text: _, minutes, hours, days, months } = &schedule.cron.value;
    let (minute, minutes) = regular(*minutes, 0, 59).ok_or("its minutes are not regular")?;
    let (hour, hours) = regular(*hours, 0, 23).ok_or("its hours are not regular")?;
    let (month, months) = regular(*months, 1, 12).ok_or("its months are not regular")?;
    let at = |date: Date, period: String| Repeat {
        start: format!("{date}T{hour:02}:{minute:02}:00Z"),
        period,
        is_at_change: !schedule.is_utc() && hour <= LAST_HOUR_OF_CHANGES,
    };
    // In units of a field, 1 is each of its numbers, and the size of the field only one of them.
    match (minutes, hours, days, months) {
        (_, 24, _, _) if minutes != 60 => Err("it runs several times in a part of the day"),
        (_, 1, Days::Every, 1) if !schedule.is_utc() => Err(SHIFTED),
        (60, 1, Days::Every, 1) => Ok(at(from, "PT1H".to_owned())),
        (_, 1, Days::Every, 1) => Ok(at(from, format!("PT{minutes}M"))),
        (60, 24, Days::Every, 1) => Ok(at(from, "P1D".to_owned())),
        (60, _, Days::Every, 1) if !schedule.is_utc() => Err(SHIFTED),
        (60, _, Days::Every, 1) => Ok(at(from, format!("PT{hours}H"))),
        (60, 24, Days::OfWeek(weekdays), 1) => {
            let weekday = weekdays.single().ok_or("it runs on several days of the week")?;
            let is_day =
                |day: &Date| i8::try_from(weekday) == Ok(day.weekday().to_sunday_zero_offset());
            let first = first_day(from, is_day).ok_or(NO_DAY)?;
            Ok(at(first, "P7D".to_owned()))
        }
        (60, 24, Days::OfMonth(days), _) => {
            let day = days.single().ok_or("it runs on several days of the month")?;
            let mut in_months = (month..=12).step_by(usize::try_from(months).unwrap_or(12));
            if in_months.any(|month| !is_in_every_year(month.into(), day.into())) {
                return Err("not all of its months have the day");
            }
            let is_day = |date: &Date| {
                i8::try_from(day) == Ok(date.day())
                    && u32::try_from(date.month()).is_ok_and(|of| of % months == month % months)
            };
            let first = first_day(from, is_day).ok_or(NO_DAY)?;
            Ok(at(first, format!("P{months}M")))
        }
        _ => Err("its runs are not at regular intervals"),
    }
}

/// Why a period shorter than a day needs clocks that never change.
const SHIFTED: &str =
    "a period of less than a day does not follow the clocks of a time zone that changes them";

/// Why there is no first day: the calendar ends.
const NO_DAY: &str = "there is no such day after `schedule-from`";

/// The first day from `from` on of which `is_day` is true, in the next years.
fn first_day(from: Date, is_day: impl Fn(&Date) -> bool) -> Option<Date> {
    /// More days than lie between two 29 February.
    const DAYS: usize = 9 * 366;
    from.series(1.day()).take(DAYS).find(is_day)
}

/// The first of some numbers, and the step between them, if the step divides the numbers from `lowest`
/// to `highest` and they go on beyond the end in the same way.
fn regular(numbers: Numbers, lowest: u32, highest: u32) -> Option<(u32, u32)> {
    let size = highest - lowest + 1;
    let first = numbers.iter().next()?;
    let step = size.checked_div(u32::try_from(numbers.iter().count()).ok()?)?;
    let is_regular = size.is_multiple_of(step) && first - lowest < step;
    (is_regular && numbers == Numbers::every(first, highest, step)).then_some((first, step))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Span, Spanned};

    /// The start and the period in this time zone; an error is empty.
    fn repeat(line: &str, zone: &str) -> String {
        let cron = Spanned::new(crate::resolve::parsed(line), Span::default());
        let time_zone = Some(Spanned::new(zone.into(), Span::default()));
        // A Thursday.
        let from = jiff::civil::date(2026, 11, 26);
        of(&Schedule { cron, time_zone }, from)
            .map(|found| format!("{}/{}", found.start, found.period))
            .unwrap_or_default()
    }

    #[test]
    fn regular_lines_are_repeating_intervals() {
        for (line, expected) in [
            ("* * * * *", "2026-11-26T00:00:00Z/PT1M"),
            ("*/15 * * * *", "2026-11-26T00:00:00Z/PT15M"),
            ("7,37 * * * *", "2026-11-26T00:07:00Z/PT30M"),
            ("5 * * * *", "2026-11-26T00:05:00Z/PT1H"),
            ("5 1/6 * * *", "2026-11-26T01:05:00Z/PT6H"),
            ("0 3 * * *", "2026-11-26T03:00:00Z/P1D"),
            ("30 4 * * MON", "2026-11-30T04:30:00Z/P7D"),
            ("0 0 1 * *", "2026-12-01T00:00:00Z/P1M"),
            ("0 0 26 2/3 *", "2026-11-26T00:00:00Z/P3M"),
            ("0 0 25 2/3 *", "2027-02-25T00:00:00Z/P3M"),
            ("0 0 31 12 *", "2026-12-31T00:00:00Z/P12M"),
        ] {
            assert_eq!(repeat(line, "Etc/UTC"), expected, "{line}");
        }
        assert_eq!(repeat("0 3 * * *", "Europe/Berlin"), "2026-11-26T03:00:00Z/P1D");
    }

    #[test]
    fn other_lines_are_not() {
        for line in [
            "*/7 * * * *",
            "0,1 * * * *",
            "*/15 9 * * *",
            "*/15 */2 * * *",
            "0 9-17 * * *",
            "0 */5 * * *",
            "0 3 * * MON-FRI",
            "0 3 1,15 * *",
            "0 3 31 * *",
            "0 0 29 2 *",
            "0 0 1 * MON",
            "0 3 * 2 *",
            "0 3 * 2 MON",
            "0 * 1 * *",
        ] {
            assert_eq!(repeat(line, "UTC"), "", "{line}");
        }
        for line in ["*/15 * * * *", "0 */6 * * *", "0 * * * *"] {
            assert_eq!(repeat(line, "Europe/Berlin"), "", "{line}");
        }
    }
}
