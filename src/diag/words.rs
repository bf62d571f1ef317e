//! Helpers for messages that several phases share.

/// Maximum length in bytes of a word for which a similar one is suggested.
const LONG_WORD: usize = 200;

/// Maximum length of a message in bytes. Messages quote the source, which may be one long token.
const LONG_MESSAGE: usize = 1_000;

/// Shortens a very long message by omitting its middle.
pub fn shortened(message: String) -> String {
    if message.len() <= LONG_MESSAGE {
        return message;
    }
    let start: String = message.chars().take(100).collect();
    let mut end: Vec<char> = message.chars().rev().take(100).collect();
    end.reverse();
    start + "…" + &String::from_iter(end)
}

/// The candidate most similar to `word`, if it is similar enough and no other candidate is
/// equally similar.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONG_WORD {
        return None;
    }
    let lower: Vec<char> = word.to_lowercase().chars().collect();
    let allowed = match word.chars().count() {
        0..=2 => 1,
        3..=5 => 2,
        _ => 3,
    };
    let mut best: Option<(usize, &str)> = None;
    let mut tie = false;
    for candidate in candidates {
        let candidate_lower: Vec<char> = candidate.to_lowercase().chars().collect();
        let Some(distance) = distance_within(&lower, &candidate_lower, allowed) else { continue };
        // At a distance as long as the candidate, any word would be similar.
        if distance >= candidate.chars().count() {
            continue;
        }
        match best {
            Some((nearest, _)) if distance > nearest => {}
            Some((nearest, known)) if distance == nearest => tie |= known != candidate,
            _ => {
                best = Some((distance, candidate));
                tie = false;
            }
        }
    }
    best.filter(|_| !tie).map(|(_, candidate)| candidate)
}

/// Whether one character at most is to insert, delete, replace, or swap with its neighbor to get
/// one word from the other.
pub fn differ_by_one(one: &str, other: &str) -> bool {
    let chars = |word: &str| word.chars().collect::<Vec<char>>();
    distance_within(&chars(one), &chars(other), 1).is_some()
}

/// The optimal string alignment distance of two words if it is at most `limit`: the number of
/// characters to insert, delete, replace, or swap with their neighbor.
///
/// Only the cells near the diagonal are computed, and only while one of them is within the
/// limit, so that a file with thousands of unknown names takes no longer than it should.
fn distance_within(a: &[char], b: &[char], limit: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    let far = limit + 1;
    // The rows for the two characters of `a` before the current one, and for the current one.
    let mut before: Vec<usize> = vec![far; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).map(|column| column.min(far)).collect();
    for (row, one) in a.iter().enumerate() {
        let mut current = vec![far; b.len() + 1];
        if let Some(first) = current.first_mut() {
            *first = (row + 1).min(far);
        }
        let from = row.saturating_sub(limit);
        let cells = b.iter().enumerate().skip(from).take(2 * limit + 1);
        let mut nearest = if row < limit { row + 1 } else { far };
        for (column, other) in cells {
            let cell = |line: &[usize], at: usize| line.get(at).copied().unwrap_or(far);
            let mut best = (cell(&last, column) + usize::from(one != other))
                .min(cell(&last, column + 1) + 1)
                .min(cell(&current, column) + 1);
            let previous =
                |word: &[char], at: usize| at.checked_sub(1).and_then(|at| word.get(at)).copied();
            if previous(a, row) == Some(*other) && previous(b, column) == Some(*one) {
                best = best.min(cell(&before, column - 1) + 1);
            }
            nearest = nearest.min(best);
            if let Some(place) = current.get_mut(column + 1) {
                *place = best.min(far);
            }
        }
        if nearest > limit {
            return None;
        }
        before = std::mem::replace(&mut last, current);
    }
    last.last().copied().filter(|distance| *distance <= limit)
}

/// Joins words in backticks: `` `a` ``, `` `a` or `b` ``, `` `a`, `b` or `c` ``.
pub fn list_or<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let mut quoted: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match quoted.pop() {
        None => String::new(),
        Some(last) if quoted.is_empty() => last,
        Some(last) => format!("{} or {last}", quoted.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typos_are_similar() {
        let ids = ["spark-master", "livy", "spark-worker"];
        assert_eq!(nearest("spark-mastr", ids), Some("spark-master"));
        assert_eq!(nearest("Livy", ids), Some("livy"));
        assert_eq!(nearest("postgres", ids), None);
    }

    proptest::proptest! {
        #[test]
        fn distances_within_the_limit_are_those_of_the_definition(
            a in "[ab]{0,9}", b in "[ab]{0,9}", limit in 0_usize..5
        ) {
            let chars = |text: &str| text.chars().collect::<Vec<char>>();
            let expected = Some(strsim::osa_distance(&a, &b)).filter(|d| *d <= limit);
            proptest::prop_assert_eq!(distance_within(&chars(&a), &chars(&b), limit), expected);
        }
    }

    #[test]
    fn ties_have_no_nearest_word() {
        assert_eq!(nearest("worker03", ["worker01", "worker02"]), None);
        assert_eq!(nearest("b", ["a", "c"]), None);
    }

    #[test]
    fn long_messages_keep_both_ends() {
        let short = shortened(format!("`{}` is not a number", "é".repeat(100_000)));
        assert!(short.starts_with("`é") && short.ends_with("é` is not a number"));
        assert!(short.len() < LONG_MESSAGE);
    }

    #[test]
    fn lists_are_joined_with_or() {
        assert_eq!(list_or(["a"]), "`a`");
        assert_eq!(list_or(["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
