//! Job schedules: RFC 3339 start times and ISO 8601 intervals.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::diag::{Diagnostic, Findings, codes};
use crate::model;
use crate::plan::{Interval, StartTime};
use crate::source::Spanned;

/// Parses a start time. Reports an invalid one.
pub fn start(written: Spanned<&str>, findings: &mut Findings) -> Option<Spanned<StartTime>> {
    // jiff also accepts forms that are not RFC 3339, such as ones without a `T`.
    let shaped = written.value.get(10..11).is_some_and(|t| t.eq_ignore_ascii_case("t"));
    let time: Option<Timestamp> = written.value.parse().ok().filter(|_| shaped);
    let Some(time) = time else {
        findings.add(&codes::BAD_START_TIME, |code| {
            let message = format!("invalid start time `{}`", written.value);
            Diagnostic::new(code, written.span, message)
                .help("expected an RFC 3339 date and time, for example `2027-01-31T04:30:00Z`, or `2027-01-31T04:30:00+01:00` with an offset")
        });
        return None;
    };
    let utc = time.to_zoned_datetime(TimeZone::UTC);
    let parts = [
        i32::from(utc.year()),
        i32::from(utc.month()),
        i32::from(utc.day()),
        i32::from(utc.hour()),
        i32::from(utc.minute()),
        i32::from(utc.second()),
    ];
    let time = StartTime { text: written.value.to_owned(), utc: parts };
    Some(Spanned::new(time, written.span))
}

/// Parses the interval of a job. Reports an invalid one and returns the default.
pub fn interval(job: &model::Job<'_>, findings: &mut Findings) -> Spanned<Interval> {
    let written = job.interval;
    let spanned = |interval| Spanned::new(interval, written.span);
    let repeating = job.repeats.value != 1;
    let Some(interval) = parse(written.value) else {
        findings.add(&codes::BAD_INTERVAL, |_| invalid_interval(written));
        let default = parse(model::DEFAULT_INTERVAL);
        return spanned(default.unwrap_or(Interval {
            text: model::DEFAULT_INTERVAL.to_owned(),
            months: 2,
            days: 0,
            seconds: 0,
        }));
    };
    let is_zero = interval.months == 0 && interval.days == 0 && interval.seconds == 0;
    if repeating && is_zero {
        let message = "the interval of a repeating job must be greater than zero";
        findings.push(Diagnostic::new(&codes::BAD_INTERVAL, written.span, message));
    }
    let date_part = written.value.split(['T', 't']).next().unwrap_or("");
    // Other numbers of runs are invalid and reported by the schema.
    let runs_again = job.repeats.value > 1 || job.repeats.value == -1;
    if runs_again && date_part.to_ascii_uppercase().contains('M') {
        let message = format!("the interval `{}` is in months", written.value);
        let minutes = format!("\"T{}\"", written.value);
        let diagnostic = Diagnostic::new(&codes::MONTHS_NOT_MINUTES, written.span, message);
        // A default interval is not in the text, so it cannot be replaced.
        let is_default =
            written.value == model::DEFAULT_INTERVAL && diagnostic.primary.span == job.retries.span;
        findings.push(if is_default {
            diagnostic
                .help("this is the default; set `interval`, for example to `T2M` for two minutes")
        } else if date_part.len() == written.value.len() {
            diagnostic
                .help(format!("minutes come after a `T`: `T{}`", written.value))
                .likely_edit(written.span, minutes)
        } else {
            diagnostic.help("minutes come after the `T`")
        });
    }
    spanned(interval)
}

fn invalid_interval(written: Spanned<&str>) -> Diagnostic {
    let message = format!("invalid interval `{}`", written.value);
    let diagnostic = Diagnostic::new(&codes::BAD_INTERVAL, written.span, message).help(
        "expected an ISO 8601 duration without its `P`: `T10M` is ten minutes, `T1H` one hour, `1D` one day, `2M` two months",
    );
    let bare = written.value.trim_start_matches(['P', 'p']);
    match parse(bare) {
        Some(_) => diagnostic.safe_edit(written.span, format!("\"{bare}\"")),
        None => diagnostic,
    }
}

/// Parses an ISO 8601 duration without its `P`.
fn parse(text: &str) -> Option<Interval> {
    let starts = text.starts_with(|c: char| c.is_ascii_digit() || c == 'T' || c == 't');
    let span: jiff::Span = format!("P{text}").parse().ok().filter(|_| starts)?;
    let time = SignedDuration::from_hours(i64::from(span.get_hours()))
        .checked_add(SignedDuration::from_mins(span.get_minutes()))?
        .checked_add(SignedDuration::from_secs(span.get_seconds()))?;
    Some(Interval {
        text: text.to_owned(),
        months: i64::from(span.get_years()) * 12 + i64::from(span.get_months()),
        days: i64::from(span.get_weeks()) * 7 + i64::from(span.get_days()),
        seconds: time.as_secs(),
    })
}
