//! One field of a cron line: a list of numbers, names, ranges, and steps.

use std::ops::Range;

use super::fault::Fault;
use crate::diag::nearest;
use crate::plan::Numbers;

/// A kind of field.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// What it is called.
    pub name: &'static str,
    /// Its lowest number.
    pub first: u32,
    /// Its highest number. One more is also Sunday.
    pub last: u32,
    /// The names of its numbers, from the lowest on.
    names: &'static [&'static str],
}

/// The fields, in their order.
pub const FIELDS: [Field; 5] = [
    Field { name: "minute", first: 0, last: 59, names: &[] },
    Field { name: "hour", first: 0, last: 23, names: &[] },
    Field { name: "day of the month", first: 1, last: 31, names: &[] },
    Field {
        name: "month",
        first: 1,
        last: 12,
        names: &[
            "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
        ],
    },
    Field {
        name: "day of the week",
        first: 0,
        last: 6,
        names: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
    },
];

/// A part of the line: its text and where it starts.
#[derive(Debug, Clone, Copy)]
pub struct Part<'t> {
    /// The text.
    pub text: &'t str,
    /// The offset of the text in the line.
    pub at: usize,
}

impl<'t> Part<'t> {
    /// The bytes of the line.
    pub fn range(self) -> Range<usize> {
        self.at..self.at + self.text.len()
    }

    fn split_once(self, by: char) -> Option<(Part<'t>, Part<'t>)> {
        let (before, after) = self.text.split_once(by)?;
        let at = self.at + before.len() + by.len_utf8();
        Some((Part { text: before, at: self.at }, Part { text: after, at }))
    }

    /// The bytes of the line, or those of the character before it if there are none.
    fn visible(self) -> Range<usize> {
        if self.text.is_empty() { self.at.saturating_sub(1)..self.at } else { self.range() }
    }
}

/// Parses a field. Returns its numbers, and whether it is unrestricted: `*`, alone or in a list.
pub fn parse(field: &Field, part: Part<'_>) -> Result<(Numbers, bool), Fault> {
    let mut numbers = Numbers::default();
    let mut is_star = false;
    let mut at = part.at;
    for text in part.text.split(',') {
        let (more, star) = item(field, Part { text, at })?;
        numbers = numbers.and(more);
        is_star |= star;
        at += text.len() + 1;
    }
    Ok((numbers, is_star))
}

fn item(field: &Field, part: Part<'_>) -> Result<(Numbers, bool), Fault> {
    if part.text.is_empty() {
        let message = format!("empty item in the list of the {}", field.name);
        // After the last comma there is nothing to show.
        return Err(Fault::new(part.visible(), message).help("remove the comma"));
    }
    foreign(field, part)?;
    let (base, step) = match part.split_once('/') {
        Some((base, step)) => (base, Some(self::step(field, step)?)),
        None => (part, None),
    };
    if base.text == "*" {
        let numbers = Numbers::every(field.first, field.last, step.unwrap_or(1));
        return Ok((numbers, step.unwrap_or(1) == 1));
    }
    let (first, last) = match base.split_once('-') {
        Some((first, last)) => (number(field, first)?, number(field, last)?),
        None => {
            let first = number(field, base)?;
            (first, if step.is_some() { field.last } else { first })
        }
    };
    if first > last {
        return Err(reversed(field, base, first, last));
    }
    let numbers = Numbers::every(first, last, step.unwrap_or(1));
    Ok((modulo(field, numbers), false))
}

/// The numbers with Sunday as 0.
fn modulo(field: &Field, numbers: Numbers) -> Numbers {
    let fold = |number: u32| if number > field.last { field.first } else { number };
    numbers
        .iter()
        .map(fold)
        .fold(Numbers::default(), |all, number| all.and(Numbers::every(number, number, 1)))
}

/// A range that goes beyond the end of the field: most programs that run jobs reject it.
fn reversed(field: &Field, base: Part<'_>, first: u32, last: u32) -> Fault {
    let message = format!("the range `{}` ends before it starts", base.text);
    let rest = |from: u32, to: u32| match from == to {
        true => from.to_string(),
        false => format!("{from}-{to}"),
    };
    let text = match (field.first, last) {
        (0, 0) if field.last == 6 => format!("{first}-7"),
        (lowest, _) => format!("{},{}", rest(first, field.last), rest(lowest, last)),
    };
    let fault = Fault::new(base.range(), message).help(format!("write `{text}`"));
    // With a step, the second range would start anew.
    fault.likely_edit(base.range(), text)
}

fn step(field: &Field, part: Part<'_>) -> Result<u32, Fault> {
    let size = field.last - field.first + 1;
    let step = match part.text.parse::<u32>() {
        Ok(step) if is_digits(part.text) => step,
        _ if part.text.is_empty() => {
            let message = format!("missing step after the `/` of the {}", field.name);
            return Err(Fault::new(part.visible(), message));
        }
        _ => {
            let message = format!("invalid step `{}`: expected a number", part.text);
            return Err(Fault::new(part.range(), message));
        }
    };
    if step == 0 {
        return Err(Fault::new(part.range(), "the step must be at least 1"));
    }
    if step >= size && step > 1 {
        let message = format!("the step {step} is too large for the {}", field.name);
        let fault = Fault::new(part.range(), message);
        return Err(fault.help(format!(
            "a step counts within the field, which has {size} numbers; for a longer period, use `repeats` and `interval` instead of `schedule`"
        )));
    }
    Ok(step)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A number or a name.
fn number(field: &Field, part: Part<'_>) -> Result<u32, Fault> {
    let Field { name, first, last, names } = field;
    if part.text.is_empty() {
        let message = format!("missing number of the {name}");
        return Err(Fault::new(part.visible(), message));
    }
    if is_digits(part.text) {
        let highest = if names.first() == Some(&"SUN") { last + 1 } else { *last };
        return match part.text.parse::<u32>() {
            Ok(number) if (*first..=highest).contains(&number) => Ok(number),
            _ => {
                let message = format!("{name} {} is out of range", part.text);
                Err(Fault::new(part.range(), message)
                    .help(format!("the {name} is a number from {first} to {highest}")))
            }
        };
    }
    if let Some(at) = names.iter().position(|known| known.eq_ignore_ascii_case(part.text)) {
        return Ok(first + u32::try_from(at).unwrap_or_default());
    }
    Err(unknown(field, part))
}

/// A word that is neither a number nor a name of the field.
fn unknown(field: &Field, part: Part<'_>) -> Fault {
    let Field { name, first, last, names } = field;
    let other =
        |other: &Field| other.names.iter().any(|known| known.eq_ignore_ascii_case(part.text));
    let message = match FIELDS.iter().find(|field| other(field)) {
        Some(other) => format!("`{}` is a {}, not a {name}", part.text, other.name),
        None => format!("invalid {name} `{}`", part.text),
    };
    let fault = Fault::new(part.range(), message);
    let letters = part.text.chars().all(char::is_alphabetic);
    // Whole names, such as `Monday`.
    let start = part.text.get(..3).unwrap_or_default();
    let short = names.iter().find(|known| letters && known.eq_ignore_ascii_case(start));
    if let Some(short) = short {
        let help = format!("names have three letters: `{short}`");
        return fault.help(help).likely_edit(part.range(), *short);
    }
    let fault = match names {
        [] => fault.help(format!("the {name} is a number from {first} to {last}, or `*`")),
        [low, .., high] => fault.help(format!(
            "the {name} is a number from {first} to {last}, a name from `{low}` to `{high}`, or `*`"
        )),
        [_] => fault,
    };
    match nearest(part.text, names.iter().copied()).filter(|_| letters) {
        Some(near) => fault.likely_edit(part.range(), near),
        None => fault,
    }
}

/// Reports what only other schedulers know: the signs of Quartz and of Jenkins.
fn foreign(field: &Field, part: Part<'_>) -> Result<(), Fault> {
    let sign = |at: usize, length: usize| part.at + at..part.at + at + length;
    let text = part.text;
    let of_days = field.name.starts_with("day");
    if let Some(at) = text.find('?') {
        let fault = Fault::new(sign(at, 1), "`?` is a sign of Quartz");
        return Err(fault.help("write `*` for any day").safe_edit(sign(at, 1), "*"));
    }
    if let Some(at) = text.find('#').filter(|_| of_days) {
        let fault = Fault::new(sign(at, text.len() - at), "`#` is a sign of Quartz");
        return Err(fault.help(
            "cron has no first or second weekday of a month; let the job check the date, or use a day of the month",
        ));
    }
    let upper = text.to_ascii_uppercase();
    if upper == "H" || upper.starts_with("H/") || upper.starts_with("H(") {
        let fault = Fault::new(sign(0, 1), "`H` is a sign of Jenkins");
        let example = field.first + 7.min(field.last);
        return Err(
            fault.help(format!("write a number that few other jobs have, such as {example}"))
        );
    }
    let digits = upper.trim_end_matches(['L', 'W']);
    let is_last = of_days
        && digits.len() < upper.len()
        && (digits.is_empty() || is_digits(digits) || field.is_name(digits));
    let is_offset = of_days && upper.starts_with("L-");
    if is_last || is_offset {
        let (at, length) =
            if is_offset { (0, 1) } else { (digits.len(), text.len() - digits.len()) };
        let range = sign(at, length);
        let written = text.get(at..at + length).unwrap_or_default();
        let what = if upper.contains('W') {
            "cron has no nearest working day; run the job on `1-5`, the working days, and let it check the date"
        } else {
            "cron has no last day of a month; run the job on `1`, the first day of the next one, or let it check the date on `28-31`"
        };
        return Err(Fault::new(range, format!("`{written}` is a sign of Quartz")).help(what));
    }
    Ok(())
}

impl Field {
    fn is_name(&self, text: &str) -> bool {
        self.names.iter().any(|known| known.eq_ignore_ascii_case(text))
    }
}
