//! Ids of appliances, containers, and volumes.

/// Whether an id may contain this character. A test holds this equal to the pattern of ids in
/// the schema.
pub fn is_id_char(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '-'
}

#[cfg(test)]
mod tests {
    use regex::Regex;
    use serde_json::Value;

    use super::*;

    #[test]
    fn ids_contain_the_characters_of_the_schema() {
        let schema: Value = serde_json::from_str(crate::schema::TEXT).unwrap();
        for owner in ["", "/definitions/container", "/definitions/persistentVolume"] {
            let pattern = schema.pointer(&format!("{owner}/properties/id/pattern")).unwrap();
            let pattern = Regex::new(pattern.as_str().unwrap()).unwrap();
            for character in '\0'..='\u{ffff}' {
                let id = character.to_string();
                assert_eq!(is_id_char(character), pattern.is_match(&id), "{owner} {character:?}");
            }
            assert!(pattern.is_match("a-1") && !pattern.is_match(""), "{owner}");
        }
    }
}
