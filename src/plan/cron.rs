//! Cron lines, by what they mean.

use ecow::EcoString;
use serde::{Deserialize, Serialize};

use crate::source::Spanned;

/// When a job runs that has a `schedule`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Schedule {
    /// The cron line.
    pub cron: Spanned<Cron>,
    /// The name of its time zone in the IANA database, if one is written; see [`Schedule::zone`].
    pub time_zone: Option<Spanned<EcoString>>,
}

impl Schedule {
    /// The name of the time zone: the one that is written, or the default.
    pub fn zone(&self) -> &str {
        self.time_zone.as_ref().map_or("UTC", |zone| zone.value.as_str())
    }

    /// Whether it is certain that the clocks of the time zone never change: those of UTC.
    pub fn is_utc(&self) -> bool {
        let zone = self.zone();
        ["UTC", "UCT", "GMT", "Universal", "Zulu"].contains(&zone.trim_start_matches("Etc/"))
    }
}

/// A cron line of five fields. The job runs at every minute whose time on the clocks of the time zone
/// matches. A time that the clocks skip does not match; one that they show twice matches twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cron {
    /// The line as written.
    pub text: EcoString,
    /// 0 to 59.
    pub minutes: Numbers,
    /// 0 to 23.
    pub hours: Numbers,
    /// The days.
    pub days: Days,
    /// 1 to 12.
    pub months: Numbers,
}

/// The days on which a job runs. Days of the month are 1 to 31, those of the week 0 (Sunday) to 6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Days {
    /// Every day.
    Every,
    /// These days of the month.
    OfMonth(Numbers),
    /// These days of the week.
    OfWeek(Numbers),
    /// The days that are one of these days of the month, or one of these days of the week.
    Either(Numbers, Numbers),
}

/// Some of the numbers 0 to 63.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Numbers(u64);

impl Numbers {
    /// The numbers from `first` to `last`, every `step`; none if `step` is 0.
    pub fn every(first: u32, last: u32, step: u32) -> Numbers {
        let mut numbers = Numbers::default();
        let mut number = first;
        while step > 0 && number <= last.min(63) {
            numbers.0 |= 1 << number;
            number += step;
        }
        numbers
    }

    /// These numbers and the others.
    pub fn and(self, others: Numbers) -> Numbers {
        Numbers(self.0 | others.0)
    }

    /// Whether a number is one of them.
    pub fn contains(self, number: u32) -> bool {
        number < 64 && self.0 >> number & 1 == 1
    }

    /// The numbers, in ascending order.
    pub fn iter(self) -> impl Iterator<Item = u32> {
        (0..64).filter(move |number| self.contains(*number))
    }

    /// The only number.
    pub fn single(self) -> Option<u32> {
        (self.0.count_ones() == 1).then(|| self.0.trailing_zeros())
    }

    /// Whether they are all from `first` to `last`.
    pub fn is_all(self, first: u32, last: u32) -> bool {
        self == Numbers::every(first, last, 1)
    }

    /// The step, if they are every so many numbers from `first` to `last`, beginning with `first`.
    pub fn step(self, first: u32, last: u32) -> Option<u32> {
        let step = self.iter().nth(1)?.checked_sub(first)?;
        (self == Numbers::every(first, last, step)).then_some(step)
    }

    /// As a list of numbers and ranges.
    fn list(self) -> String {
        let mut parts: Vec<String> = Vec::new();
        let mut numbers = self.iter().peekable();
        while let Some(first) = numbers.next() {
            let mut last = first;
            while let Some(next) = numbers.next_if_eq(&(last + 1)) {
                last = next;
            }
            match last - first {
                0 => parts.push(first.to_string()),
                1 => parts.extend([first.to_string(), last.to_string()]),
                _ => parts.push(format!("{first}-{last}")),
            }
        }
        parts.join(",")
    }

    /// As a field of a cron line that has the numbers from `first` to `last`.
    fn field(self, first: u32, last: u32) -> String {
        match self.step(first, last) {
            Some(1) => "*".to_owned(),
            Some(step) => format!("*/{step}"),
            None => self.list(),
        }
    }
}

impl Days {
    /// Whether a day matches.
    pub fn contain(self, day: u32, weekday: u32) -> bool {
        match self {
            Days::Every => true,
            Days::OfMonth(days) => days.contains(day),
            Days::OfWeek(weekdays) => weekdays.contains(weekday),
            Days::Either(days, weekdays) => days.contains(day) || weekdays.contains(weekday),
        }
    }
}

impl Cron {
    /// Whether a minute on the clocks matches. `weekday` is 0 for Sunday.
    pub fn matches(&self, month: u32, day: u32, weekday: u32, hour: u32, minute: u32) -> bool {
        self.minutes.contains(minute)
            && self.hours.contains(hour)
            && self.months.contains(month)
            && self.days.contain(day, weekday)
    }

    /// Whether no day ever matches, such as 31 February.
    pub fn is_never(&self) -> bool {
        let Days::OfMonth(days) = self.days else { return false };
        let longest = |month| match month {
            2 => 29,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        !self.months.iter().any(|month| days.iter().any(|day| day <= longest(month)))
    }

    /// The line in the form that every cron reads, with the same meaning: numbers, and ranges and steps
    /// as far as they mean the same everywhere. Some programs run a job on the days that match both
    /// fields if one of them starts with `*`, such as `*/2`, so days in both are always listed.
    pub fn line(&self) -> String {
        let days = |days: Numbers| days.field(1, 31);
        let weekdays = |days: Numbers| days.field(0, 6);
        let any = || "*".to_owned();
        let (days, weekdays) = match self.days {
            Days::Every => (any(), any()),
            Days::OfMonth(numbers) => (days(numbers), any()),
            Days::OfWeek(numbers) => (any(), weekdays(numbers)),
            Days::Either(numbers, of_week) => (numbers.list(), of_week.list()),
        };
        let minutes = self.minutes.field(0, 59);
        let hours = self.hours.field(0, 23);
        let months = self.months.field(1, 12);
        format!("{minutes} {hours} {days} {months} {weekdays}")
    }
}
