//! Wording that several phases share.

/// Words of more bytes are no slip for another.
const LONG_WORD: usize = 200;

/// The longest message, in bytes. It may hold what was written, which may be the whole file.
const LONG_MESSAGE: usize = 1_000;

/// A message with the middle left out where it is very long.
pub fn shortened(message: String) -> String {
    if message.len() <= LONG_MESSAGE {
        return message;
    }
    let start: String = message.chars().take(100).collect();
    let mut end: Vec<char> = message.chars().rev().take(100).collect();
    end.reverse();
    start + "…" + &String::from_iter(end)
}

/// The candidate that `word` most likely was meant to be, if one is near enough and no
/// other is as near.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONG_WORD {
        return None;
    }
    let lower = word.to_lowercase();
    let allowed = match word.chars().count() {
        0..=2 => 1,
        3..=5 => 2,
        _ => 3,
    };
    let mut best: Option<(usize, &str)> = None;
    let mut tie = false;
    for candidate in candidates {
        let distance = strsim::osa_distance(&lower, &candidate.to_lowercase());
        // A distance as long as the word itself would make anything near.
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

/// `a`, `a or b`, `a, b or c`, each in backquotes.
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
    fn a_slip_of_the_finger_is_near() {
        let ids = ["spark-master", "livy", "spark-worker"];
        assert_eq!(nearest("spark-mastr", ids), Some("spark-master"));
        assert_eq!(nearest("Livy", ids), Some("livy"));
        assert_eq!(nearest("postgres", ids), None);
    }

    #[test]
    fn what_is_as_near_to_two_is_neither() {
        assert_eq!(nearest("worker03", ["worker01", "worker02"]), None);
        assert_eq!(nearest("b", ["a", "c"]), None);
    }

    #[test]
    fn of_a_long_message_both_ends_are_left() {
        let short = shortened(format!("`{}` is no number", "é".repeat(100_000)));
        assert!(short.starts_with("`é") && short.ends_with("é` is no number"));
        assert!(short.len() < LONG_MESSAGE);
    }

    #[test]
    fn lists_read_as_a_person_would_say_them() {
        assert_eq!(list_or(["a"]), "`a`");
        assert_eq!(list_or(["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
