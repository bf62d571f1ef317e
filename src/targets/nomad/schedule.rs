//! Schedules: cron expressions in Nomad's format.
//!
//! Nomad accepts five fields (minute, hour, day, month, weekday), or seven with the second in
//! front and the year at the end. A periodic job runs at the times of each expression in a
//! list, so a fixed number of runs is listed run by run.

use jiff::Span;
use jiff::civil::date;

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, Interval, Job, Repeats, StartTime};
use crate::render::{Composed, Traced};
use crate::source::Spanned;
use crate::targets::cron::{MISSING_DAY, is_in_every_year, missing_day, moment};
use crate::targets::origins;

/// Maximum number of runs that are listed individually.
const MAX_LISTED: u32 = 100;

/// The cron expressions of a job; empty for a job that runs once. Such a job is not periodic even
/// with a start time: Nomad would never run it if that is in the past when it is registered.
pub fn crons(container: &Container, job: &Job, findings: &mut Findings) -> Vec<Composed> {
    if let Some(schedule) = &job.schedule {
        let Spanned { value: cron, span } = &schedule.cron;
        return vec![Composed::new(cron.line(), *span, Vec::new())];
    }
    let start = job.start.as_ref().map(|start| start.span);
    let also: Vec<_> = start.into_iter().chain([job.repeats.span]).collect();
    let from = origins::interval(container, job);
    let cron = |cron| Composed::new(cron, from, also.clone());
    lines(job, findings).into_iter().map(cron).collect()
}

/// The time zone of a schedule, if one is written.
pub fn time_zone(container: &Container) -> Option<Traced<String>> {
    let written = container.job()?.schedule.as_ref()?.time_zone.as_ref()?;
    Some(Traced::new(written.value.to_string(), written.span))
}

fn lines(job: &Job, findings: &mut Findings) -> Vec<String> {
    let Job { retries: _, repeats, start, interval, schedule: _ } = job;
    match (repeats.value, start) {
        (Repeats::Times(1), _) => Vec::new(),
        (Repeats::Times(0), _) => {
            let message = "a job cannot have zero runs";
            findings.push(
                Diagnostic::new(&codes::BAD_SCHEDULE, repeats.span, message)
                    .help("remove the container, or set `repeats` to 1"),
            );
            Vec::new()
        }
        (Repeats::Times(runs), Some(start)) if runs <= MAX_LISTED => {
            let message = "runs whose time has passed when the job is registered are left out";
            findings.push(Diagnostic::new(&codes::APPROXIMATED, start.span, message));
            listed(&start.value, &interval.value, runs).unwrap_or_else(|| {
                findings.push(out_of_range(interval.span));
                Vec::new()
            })
        }
        (Repeats::Times(runs), start) => {
            let message = format!("a periodic job cannot stop after {runs} runs");
            let diagnostic = Diagnostic::new(&codes::BAD_SCHEDULE, repeats.span, message);
            findings.push(match start {
                None => diagnostic
                    .help("add a `start_time`, with which each run is listed by date")
                    .help("or use -1 to repeat forever"),
                Some(_) => {
                    diagnostic.help(format!("at most {MAX_LISTED} runs can be listed by date"))
                }
            });
            Vec::new()
        }
        (Repeats::Forever, start) => {
            let anchor = start.as_ref().map(|start| &start.value);
            match pattern(anchor, &interval.value) {
                Ok(cron) => {
                    let message = match start {
                        None => format!(
                            "the job runs at the times of the cron expression `{cron}` (UTC), whenever it is registered"
                        ),
                        Some(_) => format!(
                            "the job runs at the times of the cron expression `{cron}` (UTC) as soon as it is registered, even before `start_time`"
                        ),
                    };
                    let span = start.as_ref().map_or(interval.span, |start| start.span);
                    findings.push(Diagnostic::new(&codes::APPROXIMATED, span, message));
                    vec![cron]
                }
                Err(why) => {
                    let message = format!(
                        "cron cannot express the interval `{}`: {why}",
                        interval.value.text
                    );
                    let found = Diagnostic::new(&codes::BAD_SCHEDULE, interval.span, message);
                    findings.push(match start {
                        Some(start) if why == MISSING_DAY => missing_day(found, start),
                        _ => found.help(
                            "cron can express intervals that divide a minute, an hour, a day or a year, one day, and one week; a `schedule` can be any cron line",
                        ),
                    });
                    Vec::new()
                }
            }
        }
    }
}

fn out_of_range(span: crate::source::Span) -> Diagnostic {
    Diagnostic::new(&codes::BAD_SCHEDULE, span, "the runs extend beyond the year 9999")
}

/// One expression for each run. `None` if a date is out of range.
fn listed(start: &StartTime, interval: &Interval, runs: u32) -> Option<Vec<String>> {
    let first = moment(start)?;
    (0..i64::from(runs))
        .map(|run| {
            let step: Span = Span::new()
                .try_months(interval.months.checked_mul(run)?)
                .ok()?
                .try_days(interval.days.checked_mul(run)?)
                .ok()?
                .try_seconds(interval.seconds.checked_mul(run)?)
                .ok()?;
            let at = if run == 0 { first } else { first.checked_add(step).ok()? };
            Some(format!(
                "{} {} {} {} {} * {}",
                at.second(),
                at.minute(),
                at.hour(),
                at.day(),
                at.month(),
                at.year()
            ))
        })
        .collect()
}

/// The expression of a job that repeats forever, or why there is none.
fn pattern(start: Option<&StartTime>, interval: &Interval) -> Result<String, &'static str> {
    // A Monday, the first day of a month.
    let at = start.and_then(moment).unwrap_or_else(|| date(2024, 1, 1).at(0, 0, 0, 0));
    let Interval { text: _, months, days, seconds } = interval;
    let second = i64::from(at.second());
    let minute = i64::from(at.minute());
    let hour = i64::from(at.hour());
    let day = i64::from(at.day());
    let month = i64::from(at.month());
    let weekday = i64::from(at.weekday().to_sunday_zero_offset());
    let one = |number: i64| number.to_string();
    let every = || "*".to_owned();
    let fields = match (*months, *days, *seconds) {
        (0, 0, s) if s > 0 && s < 60 && 60 % s == 0 => {
            [steps(second, s, 60, 0), every(), every(), every(), every(), every()]
        }
        (0, 0, s) if (60..3600).contains(&s) && 3600 % s == 0 && s % 60 == 0 => {
            [one(second), steps(minute, s / 60, 60, 0), every(), every(), every(), every()]
        }
        (0, 0, s) if (3600..86_400).contains(&s) && 86_400 % s == 0 && s % 3600 == 0 => {
            [one(second), one(minute), steps(hour, s / 3600, 24, 0), every(), every(), every()]
        }
        (0, 1, 0) | (0, 0, 86_400) => {
            [one(second), one(minute), one(hour), every(), every(), every()]
        }
        (0, 7, 0) | (0, 0, 604_800) => {
            [one(second), one(minute), one(hour), every(), every(), one(weekday)]
        }
        (m, 0, 0) if m > 0 && 12 % m == 0 => {
            let mut in_months = (0..12 / m).map(|n| (month - 1 + n * m) % 12 + 1);
            if in_months.any(|month| !is_in_every_year(month, day)) {
                return Err(MISSING_DAY);
            }
            let months = steps(month, m, 12, 1);
            [one(second), one(minute), one(hour), one(day), months, every()]
        }
        (m, d, s) if u8::from(m != 0) + u8::from(d != 0) + u8::from(s != 0) > 1 => {
            return Err("it combines several units");
        }
        _ => return Err("it does not divide the next larger unit"),
    };
    let [seconds, rest @ ..] = fields;
    let rest = rest.join(" ");
    // Nomad would read six fields as five and a year.
    Ok(if seconds == "0" { rest } else { format!("{seconds} {rest} *") })
}

/// The values of a field from `at` on, every `step`; the field has `size` values, starting at
/// `first`.
fn steps(at: i64, step: i64, size: i64, first: i64) -> String {
    if step == 1 {
        return "*".to_owned();
    }
    let mut values: Vec<i64> =
        (0..size / step).map(|n| (at - first + n * step) % size + first).collect();
    values.sort_unstable();
    values.iter().map(i64::to_string).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every(months: i64, days: i64, seconds: i64) -> Interval {
        Interval { text: "".into(), months, days, seconds }
    }

    fn start(utc: [i32; 6]) -> StartTime {
        StartTime { text: "".into(), utc }
    }

    #[test]
    fn intervals_that_cron_can_express() {
        let at = start([2027, 1, 5, 4, 30, 0]);
        let table = [
            (every(0, 0, 600), "0,10,20,30,40,50 * * * *"),
            (every(0, 0, 60), "* * * * *"),
            (every(0, 0, 3600), "30 * * * *"),
            (every(0, 0, 6 * 3600), "30 4,10,16,22 * * *"),
            (every(0, 1, 0), "30 4 * * *"),
            (every(0, 7, 0), "30 4 * * 2"),
            (every(1, 0, 0), "30 4 5 * *"),
            (every(3, 0, 0), "30 4 5 1,4,7,10 *"),
            (every(12, 0, 0), "30 4 5 1 *"),
        ];
        for (interval, cron) in table {
            assert_eq!(pattern(Some(&at), &interval).as_deref(), Ok(cron));
        }
        let late = start([2027, 11, 5, 23, 59, 15]);
        assert_eq!(
            pattern(Some(&late), &every(2, 0, 0)).as_deref(),
            Ok("15 59 23 5 1,3,5,7,9,11 * *")
        );
        assert_eq!(pattern(None, &every(0, 0, 30)).as_deref(), Ok("0,30 * * * * * *"));
    }

    #[test]
    fn intervals_that_cron_cannot_express() {
        for interval in [
            every(0, 0, 7 * 60),
            every(0, 0, 90),
            every(0, 2, 0),
            every(5, 0, 0),
            every(0, 1, 60),
            every(0, 0, 0),
            every(0, 0, 48 * 3600),
        ] {
            assert!(pattern(None, &interval).is_err(), "{interval:?}");
        }
        for several in [every(0, 1, 60), every(1, 1, 0), every(1, 0, 60)] {
            assert_eq!(pattern(None, &several), Err("it combines several units"));
        }
        let last = start([2027, 1, 31, 0, 0, 0]);
        assert_eq!(pattern(Some(&last), &every(1, 0, 0)), Err(MISSING_DAY));
        assert_eq!(pattern(Some(&last), &every(12, 0, 0)).as_deref(), Ok("0 0 31 1 *"));
    }

    #[test]
    fn runs_are_listed_by_date() {
        let at = start([2027, 1, 31, 23, 0, 5]);
        let runs = listed(&at, &every(1, 0, 0), 3);
        assert_eq!(
            runs.unwrap(),
            ["5 0 23 31 1 * 2027", "5 0 23 28 2 * 2027", "5 0 23 31 3 * 2027"]
        );
        assert_eq!(listed(&start([9999, 12, 31, 0, 0, 0]), &every(12, 0, 0), 2), None);
    }
}
