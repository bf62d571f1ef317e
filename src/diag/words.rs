//! Wording that several phases share.

/// The candidate that `word` most likely was meant to be, if one is near enough and no
/// other is as near.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
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
    fn lists_read_as_a_person_would_say_them() {
        assert_eq!(list_or(["a"]), "`a`");
        assert_eq!(list_or(["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
