//! Fields that somebody disabled, by signs around their key as comments of other languages have: `// user`, `_user`.

use crate::source::Syntax;

/// A field whose key has signs around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marked<'a> {
    /// The field.
    pub field: &'a str,
    /// Whether the signs may disable it. Quotes, and what separates entries, are slips.
    pub disables: bool,
}

/// The field among these that a key is apart from the signs before and behind it. `None` if it has no such signs.
pub fn marked<'a>(name: &str, fields: impl IntoIterator<Item = &'a str>) -> Option<Marked<'a>> {
    let inside = name.trim_matches(|c: char| c.is_ascii_punctuation() || c == '´' || c == ' ');
    let is_sign = |c: char| c.is_ascii_punctuation() && !"\"'`:,".contains(c);
    let before = name.get(..name.find(inside)?)?;
    let behind = name.get(before.len() + inside.len()..)?;
    let is_marked = |signs: &str| signs.chars().any(|c| c != ' ');
    if inside.is_empty() || !(is_marked(before) || is_marked(behind)) {
        return None;
    }
    let plain = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let meant = plain(inside);
    let field = fields.into_iter().find(|field| plain(field) == meant)?;
    Some(Marked { field, disables: before.contains(is_sign) || behind.contains(is_sign) })
}

/// How to disable a field in a syntax, in an object that may have fields that are ignored.
pub fn help(field: &str, syntax: Syntax, is_open: bool) -> String {
    let comment = match syntax {
        Syntax::Yaml => "comment it out with `#`, or remove it",
        Syntax::Jsonc => "comment it out with `//`, or remove it",
        Syntax::Json => "remove it",
    };
    let ignored = match is_open {
        true => format!(", or name it `x-{field}`, which is ignored"),
        false => String::new(),
    };
    format!("to disable `{field}`, {comment}{ignored}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_around_a_field_disable_it() {
        let fields = ["user", "is_privileged"];
        for name in [
            "// is_privileged",
            "//isPrivileged",
            "#is_privileged",
            "_is_privileged",
            "is_privileged_",
            "-is_privileged",
            "!is_privileged",
            "; is-privileged",
            "<!-- is_privileged -->",
        ] {
            let found = Marked { field: "is_privileged", disables: true };
            assert_eq!(marked(name, fields), Some(found), "{name}");
        }
        for name in ["`user`", "user:", "'user", "´user"] {
            let found = Marked { field: "user", disables: false };
            assert_eq!(marked(name, fields), Some(found), "{name}");
        }
        for name in ["", "_", "is-privileged", "isPrivileged", "user ", "_users", "x-user"] {
            assert_eq!(marked(name, fields), None, "{name}");
        }
    }
}
