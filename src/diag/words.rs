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
    let lower = word.to_lowercase();
    let length = lower.chars().count();
    let allowed = match word.chars().count() {
        0..=2 => 1,
        3..=5 => 2,
        _ => 3,
    };
    let mut best: Option<(usize, &str)> = None;
    let mut tie = false;
    for candidate in candidates {
        let candidate_lower = candidate.to_lowercase();
        // The distance is at least the difference of the lengths: most candidates need no more.
        if candidate_lower.chars().count().abs_diff(length) > allowed {
            continue;
        }
        let distance = strsim::osa_distance(&lower, &candidate_lower);
        // At a distance as long as the candidate, any word would be similar.
        if distance > allowed || distance >= candidate.chars().count() {
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
