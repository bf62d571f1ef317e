//! How the libraries of Kubernetes and Nomad read a cron line, made again after their sources.

/// A line as a library has read it.
pub struct Read {
    fields: [Vec<u32>; 5],
    day_rule: DayRule,
}

enum DayRule {
    /// `dayMatches` of robfig/cron: with a star, both must match.
    Stars { day: bool, weekday: bool },
    /// `calculateActualDaysOfMonth` of hashicorp/cronexpr: the days of the restricted fields.
    Restricted { day: bool, weekday: bool },
}

const BOUNDS: [(u32, u32); 5] = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 6)];

/// `getRange` of robfig/cron: `*/1` is a star, other steps are not, `N/step` goes on to the end.
pub fn kubernetes(line: &str) -> Read {
    let (fields, stars) = fields(line, |item| item.trim_end_matches("/1") == "*");
    let [_, _, day, _, weekday] = stars;
    Read { fields, day_rule: DayRule::Stars { day, weekday } }
}

/// `genericFieldParse` of hashicorp/cronexpr: only `*` itself is unrestricted.
pub fn nomad(line: &str) -> Read {
    let (fields, stars) = fields(line, |item| item == "*");
    let [_, _, day, _, weekday] = stars;
    Read { fields, day_rule: DayRule::Restricted { day: !day, weekday: !weekday } }
}

fn fields(line: &str, is_star: impl Fn(&str) -> bool) -> ([Vec<u32>; 5], [bool; 5]) {
    let mut numbers: [Vec<u32>; 5] = Default::default();
    let mut stars = [false; 5];
    for (at, field) in line.split(' ').enumerate() {
        let (low, high) = BOUNDS[at];
        for item in field.split(',') {
            stars[at] |= is_star(item);
            let (base, step) = item.split_once('/').map_or((item, None), |(b, s)| (b, Some(s)));
            let number = |text: &str| text.parse::<u32>().unwrap();
            let (first, last) = match base.split_once('-') {
                _ if base == "*" => (low, high),
                Some((first, last)) => (number(first), number(last)),
                None if step.is_some() => (number(base), high),
                None => (number(base), number(base)),
            };
            assert!(low <= first && first <= last && last <= high, "{line}");
            let step = step.map_or(1, number);
            numbers[at].extend((first..=last).step_by(step as usize));
        }
    }
    (numbers, stars)
}

impl Read {
    /// Whether minute, hour, day, month, and day of the week match.
    pub fn matches(&self, parts: [u32; 5]) -> bool {
        let [minute, hour, day, month, weekday] = parts;
        self.fields[0].contains(&minute)
            && self.fields[1].contains(&hour)
            && self.fields[3].contains(&month)
            && self.has_day(day, weekday)
    }

    /// Whether a day matches.
    pub fn has_day(&self, day: u32, weekday: u32) -> bool {
        let (of_month, of_week) =
            (self.fields[2].contains(&day), self.fields[4].contains(&weekday));
        match self.day_rule {
            DayRule::Stars { day: false, weekday: false } => of_month || of_week,
            DayRule::Stars { .. } => of_month && of_week,
            DayRule::Restricted { day: false, weekday: false } => true,
            DayRule::Restricted { day, weekday } => day && of_month || weekday && of_week,
        }
    }
}
