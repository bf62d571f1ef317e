//! A whole cron line: five fields.

use std::ops::Range;

use super::fault::Fault;
use super::field::{self, FIELDS, Part};
use crate::elsewhere;
use crate::plan::{Cron, Days, Interval};
use crate::resolve::schedule;

/// A valid line.
#[derive(Debug)]
pub struct Line {
    /// Its meaning.
    pub cron: Cron,
    /// The bytes of the day of the month.
    pub days: Range<usize>,
    /// The bytes of the day of the week.
    pub weekdays: Range<usize>,
    /// Whether both fields for days are restricted.
    pub either: bool,
}

/// The order of the fields.
const ORDER: &str =
    "a cron line has five fields: minute, hour, day of the month, month, day of the week";

/// Names of lines, which crontabs know.
const NAMED: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// Parses a line.
///
/// # Errors
/// Its first fault.
pub fn parse(text: &str) -> Result<Line, Fault> {
    let parts = parts(text);
    let Some(first) = parts.first() else {
        return Err(Fault::new(0..text.len(), "the schedule is empty").help(ORDER));
    };
    if first.text.starts_with('@') {
        return Err(named(text, *first));
    }
    if let Some((name, zone)) = first.text.split_once('=')
        && ["TZ", "CRON_TZ"].contains(&name)
    {
        let message = format!("`{name}` is not part of a schedule");
        return Err(Fault::new(first.range(), message).help(format!(
            "write the time zone in a field of its own: `\"time_zone\": \"{zone}\"`"
        )));
    }
    let [minute, hour, day, month, weekday] = parts.as_slice() else {
        return Err(count(text, &parts));
    };
    let [of_minute, of_hour, of_day, of_month, of_weekday] = &FIELDS;
    let (minutes, _) = field::parse(of_minute, *minute)?;
    let (hours, _) = field::parse(of_hour, *hour)?;
    let (days, any_day) = field::parse(of_day, *day)?;
    let (months, _) = field::parse(of_month, *month)?;
    let (weekdays, any_weekday) = field::parse(of_weekday, *weekday)?;
    let all_days = days.is_all(of_day.first, of_day.last);
    let all_weekdays = weekdays.is_all(of_weekday.first, of_weekday.last);
    let meant = match (any_day, any_weekday) {
        (true, true) => Days::Every,
        (false, true) if all_days => Days::Every,
        (true, false) if all_weekdays => Days::Every,
        (false, false) if all_days || all_weekdays => Days::Every,
        (false, true) => Days::OfMonth(days),
        (true, false) => Days::OfWeek(weekdays),
        (false, false) => Days::Either(days, weekdays),
    };
    Ok(Line {
        cron: Cron { text: text.into(), minutes, hours, days: meant, months },
        days: day.range(),
        weekdays: weekday.range(),
        either: !any_day && !any_weekday,
    })
}

/// The fields of a line.
fn parts(text: &str) -> Vec<Part<'_>> {
    let start = text.as_ptr() as usize;
    let at = |part: &str| (part.as_ptr() as usize).saturating_sub(start);
    text.split_whitespace().map(|text| Part { text, at: at(text) }).collect()
}

/// A line that is a name.
fn named(text: &str, first: Part<'_>) -> Fault {
    let name = first.text.to_ascii_lowercase();
    let message = format!("`{}` is a name for a schedule, not a cron line", first.text);
    let fault = Fault::new(first.range(), message);
    match (name.as_str(), NAMED.iter().find(|(known, _)| *known == name)) {
        (_, Some((_, line))) => {
            fault.help(format!("write `{line}`")).safe_edit(0..text.len(), *line)
        }
        ("@every", _) => match text.split_once(first.text).and_then(|(_, rest)| every(rest)) {
            Some((interval, line)) => {
                repeated(Fault::new(0..text.len(), fault.message), text, &interval, line)
            }
            None => fault.help("write `\"repeats\": -1` and an `interval`, such as `T5M`, instead"),
        },
        ("@reboot", _) => fault.help("a job without a schedule runs once, when it is deployed"),
        _ => fault.help(ORDER),
    }
}

/// The interval that a text is, such as `15m`, `every 2 hours` or `PT1H`, and the line with the same times, if there is
/// one. An interval that does not divide an hour or a day has none.
fn every(text: &str) -> Option<(Interval, Option<String>)> {
    const MAX_BYTES: usize = 40;
    let text = text.trim();
    if text.len() > MAX_BYTES {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let every = lower.strip_prefix("every ").map(str::trim);
    let bare = every.unwrap_or(&lower);
    let iso = elsewhere::iso_duration(bare)
        .or_else(|| elsewhere::iso_duration(&format!("1 {}", every?)))
        .unwrap_or_else(|| bare.trim_start_matches('p').to_ascii_uppercase());
    let interval = schedule::parse(&iso).ok()?;
    let minutes = interval.seconds / 60;
    let hours = minutes / 60;
    let line = match (interval.months, interval.days, interval.seconds) {
        (0, 0, 0) => return None,
        (0, 1, 0) | (0, 0, 86_400) => Some("0 0 * * *".to_owned()),
        (0, 0, 60) => Some("* * * * *".to_owned()),
        (0, 0, 3600) => Some("0 * * * *".to_owned()),
        (0, 0, seconds) if seconds < 3600 && seconds % 60 == 0 && 60 % minutes == 0 => {
            Some(format!("*/{minutes} * * * *"))
        }
        (0, 0, seconds) if hours > 0 && seconds % 3600 == 0 && 24 % hours == 0 => {
            Some(format!("0 */{hours} * * *"))
        }
        _ => None,
    };
    Some((interval, line))
}

/// A fault that is an interval in place of a line.
fn repeated(fault: Fault, text: &str, interval: &Interval, line: Option<String>) -> Fault {
    let fields = format!("`\"repeats\": -1` and `\"interval\": \"{}\"`", interval.text);
    match line {
        Some(line) => fault
            .help(format!(
                "write `{line}` for times of the clock, or {fields} without a `schedule`"
            ))
            .likely_edit(0..text.len(), line),
        None => fault.help(format!("no cron line has these times; write {fields} instead")),
    }
}

/// A line with another number of fields than five.
fn count(text: &str, parts: &[Part<'_>]) -> Fault {
    let whole = text.len() - text.trim_start().len()..text.trim_end().len();
    let name = format!("@{}", text.trim().to_ascii_lowercase());
    if let Some((_, line)) = NAMED.iter().find(|(known, _)| *known == name) {
        let message = format!("`{}` is a name for a schedule, not a cron line", text.trim());
        let fault = Fault::new(whole, message).help(format!("write `{line}`"));
        return fault.likely_edit(0..text.len(), *line);
    }
    if let Some((interval, line)) = every(text) {
        let message = format!("`{}` is an interval, not a cron line", text.trim());
        return repeated(Fault::new(whole, message), text, &interval, line);
    }
    let found = parts.len();
    let fields = if found == 1 { "field" } else { "fields" };
    let message = format!("a schedule has five fields, but this has {found} {fields}");
    let (Some(first), Some(sixth)) = (parts.first(), parts.get(5)) else {
        return Fault::new(whole, message).help(ORDER);
    };
    let from = |at: usize| text.get(at..).unwrap_or_default().trim_end();
    // Without the seconds, and without the year.
    let rest = parts.get(1).map_or("", |second| from(second.at));
    let start = text.get(..sixth.at).unwrap_or_default().trim();
    let is_line = |text: &str| parse(text).is_ok();
    let without_year = parts
        .get(1)
        .zip(parts.get(6))
        .map_or("", |(second, year)| text.get(second.at..year.at).unwrap_or_default().trim());
    match found {
        // Quartz has `?` in one of the fields for days.
        6 if is_line(&rest.replace('?', "*")) => {
            let fault = Fault::new(first.range(), message).help(
                "Quartz and Spring begin with a field for seconds, which cron does not have: remove it",
            );
            // Every second of a minute cannot become once a minute.
            let line = rest.replace('?', "*");
            if first.text == "0" { fault.safe_edit(0..text.len(), line) } else { fault }
        }
        7 if is_line(&without_year.replace('?', "*")) => {
            let fault = Fault::new(first.range(), message)
                .help("Quartz has seconds and years, which cron does not have: remove them");
            let line = without_year.replace('?', "*");
            let is_plain = first.text == "0" && parts.get(6).is_some_and(|year| year.text == "*");
            if is_plain { fault.safe_edit(0..text.len(), line) } else { fault }
        }
        _ if is_line(start)
            && sixth.text.starts_with(|c: char| c.is_alphabetic() || "/.".contains(c)) =>
        {
            Fault::new(sixth.at..whole.end, "a schedule ends after the day of the week")
                .help("write the command in `cmd`")
        }
        _ => Fault::new(sixth.at..whole.end, message).help(ORDER),
    }
}
