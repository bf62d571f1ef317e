//! Helpers for messages that several phases share.

use std::borrow::Cow;

use crate::printable;

/// Maximum length in bytes of a word for which a similar one is suggested.
const LONG_WORD: usize = 200;

/// Maximum distance of similar words.
const MAX_DISTANCE: usize = 3;

/// Minimum number of characters that are taken for the start of a word.
const SHORTEST_START: usize = 3;

/// Maximum length of a message in bytes. Messages quote the source, which may be one long token.
const LONG_MESSAGE: usize = 1_000;

/// A message in one line, of which nothing acts on a terminal. Of a very long one the middle is
/// omitted.
pub fn shown(message: String) -> String {
    let message = match printable::line(&message) {
        Cow::Borrowed(_) => message,
        Cow::Owned(shown) => shown,
    };
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
        _ => MAX_DISTANCE,
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

/// The only candidate that a word of three characters or more starts, as it stands while it is typed.
pub fn begun<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let is_longer = |candidate: &&str| candidate.len() > word.len() && candidate.starts_with(word);
    let mut begun = candidates.into_iter().filter(is_longer);
    let only = begun.next().filter(|_| word.chars().count() >= SHORTEST_START)?;
    begun.all(|other| other == only).then_some(only)
}

/// Whether one character at most is to insert, delete, replace, or swap with its neighbor to get
/// one word from the other.
pub fn differ_by_one(one: &str, other: &str) -> bool {
    let chars = |word: &str| word.chars().collect::<Vec<char>>();
    distance_within(&chars(one), &chars(other), 1).is_some()
}

/// The optimal string alignment distance of two words if it is at most `limit`: the number of
/// characters to insert, delete, replace, or swap with their neighbor. `limit` is at most
/// [`MAX_DISTANCE`].
///
/// Only the cells near the diagonal are computed, and only while one of them is within the
/// limit, so that a file with thousands of unknown names takes no longer than it should.
fn distance_within(a: &[char], b: &[char], limit: usize) -> Option<usize> {
    /// The cells of a row from `limit` before the diagonal to `limit` after it.
    type Row = [usize; 2 * MAX_DISTANCE + 1];
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    // A common start does not change the distance.
    let start = a.iter().zip(b).take_while(|(one, other)| one == other).count();
    let (a, b) = (a.get(start..)?, b.get(start..)?);
    let far = limit + 1;
    let cell = |row: &Row, at: Option<usize>| at.and_then(|at| row.get(at).copied()).unwrap_or(far);
    // The rows for the two characters of `a` before the current one.
    let mut before: Row = [far; 2 * MAX_DISTANCE + 1];
    let mut last: Row =
        std::array::from_fn(|at| at.checked_sub(limit).map_or(far, |column| column.min(far)));
    for row in 1..=a.len() {
        let mut current: Row = [far; 2 * MAX_DISTANCE + 1];
        for at in 0..=2 * limit {
            let Some(column) = (row + at).checked_sub(limit) else { continue };
            if column > b.len() {
                break;
            }
            // The cell above is one further from the start of its row.
            let mut best = cell(&last, Some(at + 1)) + 1;
            if let Some(left) = column.checked_sub(1) {
                let (one, other) = (a.get(row - 1), b.get(left));
                best = best
                    .min(cell(&last, Some(at)) + usize::from(one != other))
                    .min(cell(&current, at.checked_sub(1)) + 1);
                if row > 1 && left > 0 && a.get(row - 2) == other && b.get(left - 1) == one {
                    best = best.min(cell(&before, Some(at)) + 1);
                }
            }
            if let Some(place) = current.get_mut(at) {
                *place = best.min(far);
            }
        }
        if current.iter().all(|distance| *distance > limit) {
            return None;
        }
        before = last;
        last = current;
    }
    let end = (b.len() + limit).checked_sub(a.len());
    Some(cell(&last, end)).filter(|distance| *distance <= limit)
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
            a in "[ab]{0,9}", b in "[ab]{0,9}", limit in 0..=MAX_DISTANCE
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
        let short = shown(format!("`{}` is not a number", "é".repeat(100_000)));
        assert!(short.starts_with("`é") && short.ends_with("é` is not a number"));
        assert!(short.len() < LONG_MESSAGE);
    }

    #[test]
    fn lists_are_joined_with_or() {
        assert_eq!(list_or(["a"]), "`a`");
        assert_eq!(list_or(["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
