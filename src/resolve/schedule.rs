//! Job schedules: RFC 3339 start times and ISO 8601 intervals.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::diag::{Diagnostic, Findings, codes};
use crate::elsewhere;
use crate::model;
use crate::plan::{Interval, StartTime};
use crate::source::Spanned;

/// Parses a start time. Reports an invalid one.
pub fn start(written: Spanned<&str>, findings: &mut Findings) -> Option<Spanned<StartTime>> {
    // jiff also accepts forms that are not RFC 3339, such as ones without seconds.
    let form = form(written.value);
    let time: Option<Timestamp> = written.value.parse().ok().filter(|_| form == Form::Valid);
    let Some(time) = time else {
        findings.add(&codes::BAD_START_TIME, |code| {
            let message = format!("invalid start time `{}`", written.value);
            Diagnostic::new(code, written.span, message).help(form.help())
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
    let time = StartTime { text: written.value.into(), utc: parts };
    Some(Spanned::new(time, written.span))
}

/// The form of a start time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// That of RFC 3339; the date may still not exist.
    Valid,
    /// Without seconds.
    NoSeconds,
    /// With a leap second, which RFC 3339 permits, but schedulers do not know.
    LeapSecond,
    /// Without an offset.
    NoOffset,
    /// With the name of a time zone in brackets.
    Zone,
    /// Any other.
    Other,
}

impl Form {
    /// How to get to a valid form.
    fn help(self) -> &'static str {
        match self {
            Form::NoSeconds => "write the seconds too, for example `2027-01-31T04:30:00Z`",
            Form::LeapSecond => "schedulers have no leap seconds; seconds are `00` to `59`",
            Form::NoOffset => {
                "add the offset from UTC: `Z` for UTC itself, or for example `+01:00`"
            }
            Form::Zone => {
                "RFC 3339 has no names of time zones; write only the offset, for example `2027-01-31T04:30:00+01:00`"
            }
            Form::Valid | Form::Other => {
                "expected an RFC 3339 date and time, for example `2027-01-31T04:30:00Z`, or `2027-01-31T04:30:00+01:00` with an offset"
            }
        }
    }
}

/// Compares a start time with the grammar of RFC 3339, section 5.6.
fn form(text: &str) -> Form {
    if let Some((time, zone)) = text.split_once('[')
        && zone.ends_with(']')
        && form(time) == Form::Valid
    {
        return Form::Zone;
    }
    let Some(rest) = after(text, "0000-00-00T00:00") else { return Form::Other };
    let (seconds, rest) = match after(rest, ":00") {
        Some(after) => (rest.get(1..3), after),
        None => (None, rest),
    };
    let rest = match rest.strip_prefix('.').filter(|_| seconds.is_some()) {
        Some(fraction) => {
            let rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            if rest.len() == fraction.len() {
                return Form::Other;
            }
            rest
        }
        None => rest,
    };
    let is_offset = rest.eq_ignore_ascii_case("z")
        || rest.strip_prefix(['+', '-']).and_then(|rest| after(rest, "00:00")) == Some("");
    match seconds {
        _ if !is_offset && !rest.is_empty() => Form::Other,
        None => Form::NoSeconds,
        Some("60") => Form::LeapSecond,
        Some(_) if rest.is_empty() => Form::NoOffset,
        Some(_) => Form::Valid,
    }
}

/// The rest of a text that starts like `pattern`, in which `0` is any digit and case is ignored.
fn after<'t>(text: &'t str, pattern: &str) -> Option<&'t str> {
    let (start, rest) = text.split_at_checked(pattern.len())?;
    let is_like = |(byte, like): (u8, u8)| match like {
        b'0' => byte.is_ascii_digit(),
        like => byte.eq_ignore_ascii_case(&like),
    };
    start.bytes().zip(pattern.bytes()).all(is_like).then_some(rest)
}

/// Parses the interval of a job. Reports an invalid one and returns the default.
pub fn interval(job: &model::Job<'_>, findings: &mut Findings) -> Spanned<Interval> {
    let written = job.interval;
    let spanned = |interval| Spanned::new(interval, written.span);
    let repeating = job.repeats.value != 1;
    let Ok(interval) = parse(written.value) else {
        findings.add(&codes::BAD_INTERVAL, |_| invalid_interval(written));
        let default = parse(model::DEFAULT_INTERVAL);
        return spanned(default.unwrap_or_else(|_| Interval {
            text: model::DEFAULT_INTERVAL.into(),
            months: 2,
            days: 0,
            seconds: 0,
        }));
    };
    let is_zero = interval.months == 0 && interval.days == 0 && interval.seconds == 0;
    if repeating && is_zero {
        let message = "the interval of a repeating job must be greater than zero";
        findings.add(&codes::BAD_INTERVAL, |code| Diagnostic::new(code, written.span, message));
    }
    let date_part = written.value.split(['T', 't']).next().unwrap_or("");
    // Other numbers of runs are invalid and reported by the schema.
    let runs_again = job.schedule.is_none() && (job.repeats.value > 1 || job.repeats.value == -1);
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
    let diagnostic = Diagnostic::new(&codes::BAD_INTERVAL, written.span, message);
    let bare = written.value.trim_start_matches(['P', 'p']);
    match parse(bare) {
        Err(NoInterval::Fraction) => {
            diagnostic.help("an interval is a whole number of seconds: schedulers ignore fractions")
        }
        _ if written.value.split_whitespace().count() == 5 => {
            diagnostic.help("write a cron line as `schedule`, without an `interval`")
        }
        found => {
            let diagnostic = diagnostic.help(
                "expected an ISO 8601 duration without its `P`: `T10M` is ten minutes, `T1H` one hour, `1D` one day, `2M` two months",
            );
            match found {
                Ok(_) => diagnostic.safe_edit(written.span, format!("\"{bare}\"")),
                Err(_) => match elsewhere::iso_duration(written.value) {
                    Some(meant) => diagnostic.likely_edit(written.span, format!("\"{meant}\"")),
                    None => diagnostic,
                },
            }
        }
    }
}

/// Why a text is not an interval.
pub enum NoInterval {
    /// It is not a duration, or a longer one than can be computed with.
    Invalid,
    /// It has a fraction of a second.
    Fraction,
}

/// Parses an ISO 8601 duration without its `P`.
///
/// # Errors
/// Why it is none.
pub fn parse(text: &str) -> Result<Interval, NoInterval> {
    let starts = text.starts_with(|c: char| c.is_ascii_digit() || c == 'T' || c == 't');
    let span: Option<jiff::Span> = format!("P{text}").parse().ok().filter(|_| starts);
    let span = span.ok_or(NoInterval::Invalid)?;
    let time = SignedDuration::from_hours(i64::from(span.get_hours()))
        .checked_add(SignedDuration::from_mins(span.get_minutes()))
        .and_then(|time| time.checked_add(SignedDuration::from_secs(span.get_seconds())))
        .ok_or(NoInterval::Invalid)?;
    let parts = [span.get_milliseconds(), span.get_microseconds(), span.get_nanoseconds()];
    if parts != [0; 3] {
        return Err(NoInterval::Fraction);
    }
    Ok(Interval {
        text: text.into(),
        months: i64::from(span.get_years()) * 12 + i64::from(span.get_months()),
        days: i64::from(span.get_weeks()) * 7 + i64::from(span.get_days()),
        seconds: time.as_secs(),
    })
}
