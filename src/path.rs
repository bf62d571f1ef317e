//! Paths with `/` between parts: which of them every file system can have, and which of them are one file on some.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

/// The greatest number of bytes of the name of a file or folder: `NAME_MAX` of Linux. Other systems allow 255
/// characters.
pub const MAX_NAME: usize = 255;

/// The greatest number of bytes of a path: `PATH_MAX` of Linux, without the zero at its end.
pub const MAX_PATH: usize = 4095;

/// The folders of version control. In those of a submodule, it is a file.
pub const VERSION_CONTROL: [&str; 8] =
    [".git", ".hg", ".svn", ".jj", ".bzr", ".sl", ".pijul", "_darcs"];

/// The folder at the root of a project for what applc may lose.
pub const CACHE: &str = ".applc-cache";

/// Whether a folder of this name has neither appliances nor output: those of version control, and the cache. Some file
/// systems do not tell upper and lower case apart, that of macOS ignores characters without a width, and Windows ignores
/// dots and spaces at the end and has `.git` as `git~1`, too: the spellings that git protects its folder in
/// (<https://git-scm.com/docs/git-config>, `core.protectHFS` and `core.protectNTFS`).
pub fn is_reserved(name: &str) -> bool {
    let is_ignored = |c: &char| matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
    let is_one = |name: &str| {
        let name = name.trim_end_matches(['.', ' ']);
        // The short name of a folder whose name begins with a dot.
        let short = name.strip_suffix("~1");
        let is = |reserved: &&str| {
            let without_dot = reserved.strip_prefix('.');
            name.eq_ignore_ascii_case(reserved)
                || short.zip(without_dot).is_some_and(|(a, b)| a.eq_ignore_ascii_case(b))
        };
        VERSION_CONTROL.iter().chain([&CACHE]).any(is)
    };
    match name.is_ascii() {
        true => is_one(name),
        false => is_one(&name.chars().filter(|c| !is_ignored(c)).collect::<String>()),
    }
}

/// Why a path cannot be one of output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It leads out of its folder, or can be written in more than one way.
    Outside,
    /// A part of it has `:` or `\\`, which separate parts on Windows.
    Separator(String),
    /// A part of it is a folder of version control, or the cache.
    Reserved(String),
    /// A part of it has a control character.
    Control(String),
    /// A part of it cannot be a name on Windows.
    Windows(String),
    /// A part of it is longer than [`MAX_NAME`].
    LongName(String),
    /// It is longer than [`MAX_PATH`]: its length.
    LongPath(usize),
}

/// What is wrong with a relative path of output, whose parts are separated by `/`.
pub fn fault(path: &str) -> Option<Fault> {
    path.split('/')
        .find_map(fault_of_name)
        .or_else(|| (path.len() > MAX_PATH).then_some(Fault::LongPath(path.len())))
}

/// What is wrong with the name of a file or folder.
fn fault_of_name(name: &str) -> Option<Fault> {
    let owned = || name.to_owned();
    if matches!(name, "" | "." | "..") {
        Some(Fault::Outside)
    } else if name.contains(['\\', ':']) {
        Some(Fault::Separator(owned()))
    } else if is_reserved(name) {
        Some(Fault::Reserved(owned()))
    } else if name.chars().any(char::is_control) {
        Some(Fault::Control(owned()))
    } else if name.len() > MAX_NAME {
        Some(Fault::LongName(owned()))
    } else if name.contains(['<', '>', '"', '|', '?', '*'])
        || name.ends_with(['.', ' '])
        || is_device(name)
    {
        Some(Fault::Windows(owned()))
    } else {
        None
    }
}

/// Whether a name is that of a device on Windows, with any ending
/// (<https://learn.microsoft.com/windows/win32/fileio/naming-a-file>).
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end_matches(' ').to_ascii_uppercase();
    let is_port = |stem: &str| {
        let number = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
        let mut number = number.unwrap_or_default().chars();
        let is_digit = |c: char| c.is_ascii_digit() || matches!(c, '¹' | '²' | '³');
        number.next().is_some_and(is_digit) && number.next().is_none()
    };
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"].contains(&stem.as_str()) || is_port(&stem)
}

impl Fault {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Fault::Outside | Fault::Separator(_) => {
                "a path must not contain `\\` or `:`, or parts that are empty, `.` or `..`"
            }
            Fault::Reserved(_) => {
                "this folder is that of version control or of the cache of applc; choose another one"
            }
            Fault::Control(_) | Fault::Windows(_) => {
                "choose a name that all systems can have: without `< > \" | ? *` and control characters, without a dot or space at its end, and not that of a device such as `con` or `nul`"
            }
            Fault::LongName(_) | Fault::LongPath(_) => "choose shorter names",
        }
    }
}

/// What is wrong, as it follows the path.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Outside => f.write_str("is not inside the output folder"),
            Fault::Separator(name) => write!(f, "has `:` or `\\` in `{}`", shown(name)),
            Fault::Reserved(name) => write!(f, "leads into `{}`", shown(name)),
            Fault::Control(name) => write!(f, "has a control character in `{}`", shown(name)),
            Fault::Windows(name) => {
                write!(f, "has a part `{}`, which Windows cannot have", shown(name))
            }
            Fault::LongName(name) => write!(
                f,
                "has a part `{}`, whose name has {} bytes; at most {MAX_NAME} are possible",
                shown(name),
                name.len()
            ),
            Fault::LongPath(length) => {
                write!(f, "has {length} bytes; at most {MAX_PATH} are possible")
            }
        }
    }
}

/// A name, cut if it is long.
fn shown(name: &str) -> String {
    const SHOWN: usize = 40;
    match name.chars().count() > SHOWN {
        true => name.chars().take(SHOWN).collect::<String>() + "...",
        false => name.to_owned(),
    }
}

/// A path as file systems see it that tell neither upper and lower case nor the forms of Unicode apart, as those of
/// Windows and macOS: paths that are one file there are equal.
pub fn folded(path: &str) -> String {
    match path.is_ascii() {
        true => path.to_ascii_lowercase(),
        // Some letters are equal in upper case only, as `ſ` and `s`.
        false => path.nfd().collect::<String>().to_uppercase().to_lowercase().nfd().collect(),
    }
}

/// The folder of a path; empty for one without folders.
pub fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The folders above a path, the innermost one first.
pub fn folders(path: &str) -> impl Iterator<Item = &str> {
    path.rmatch_indices('/').filter_map(|(end, _)| path.get(..end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_system_cannot_have_are_found() {
        for path in ["a.yaml", "a/b.c/d", "é/x y", "console", "com", "com10", "nul-x", ".gitignore"]
        {
            assert_eq!(fault(path), None, "{path}");
        }
        for path in ["", "/a", "a//b", "./a", "a/../b", "a/"] {
            assert_eq!(fault(path), Some(Fault::Outside), "{path}");
        }
        for name in ["a\\b", "c:x"] {
            assert_eq!(fault(name), Some(Fault::Separator(name.to_owned())));
        }
        let names = [
            ".git",
            ".GIT",
            "git~1",
            "GIT~1",
            ".Hg",
            "HG~1",
            ".svn",
            "svn~1",
            ".jj",
            ".bzr",
            ".sl",
            ".Pijul",
            "_darcs",
            ".g\u{200c}it",
            ".git ",
            ".git. .",
        ];
        for name in names {
            assert_eq!(fault(&format!("a/{name}/b")), Some(Fault::Reserved(name.to_owned())));
        }
        let names =
            ["NUL", "con", "aux.txt", "Com1.tar.gz", "lpt¹", "prn .x", "x.", "x ", "a?", "a|b"];
        for name in names {
            assert_eq!(fault(&format!("a/{name}")), Some(Fault::Windows(name.to_owned())));
        }
        for name in ["a\nb", "\u{7f}", "\u{85}"] {
            assert_eq!(fault(name), Some(Fault::Control(name.to_owned())));
        }
        assert_eq!(fault(&"é".repeat(127)), None);
        assert!(matches!(fault(&"é".repeat(128)), Some(Fault::LongName(_))));
        assert_eq!(fault(&"ab/".repeat(1365)[..4095 - 1]), None);
        assert_eq!(fault(&format!("{}xy", "ab/".repeat(1365))), Some(Fault::LongPath(4097)));
    }

    #[test]
    fn long_names_are_shown_cut() {
        let shown = |name: &str| Fault::Reserved(name.to_owned()).to_string();
        assert_eq!(shown(".git"), "leads into `.git`");
        assert_eq!(shown(&"é".repeat(40)), format!("leads into `{}`", "é".repeat(40)));
        assert_eq!(shown(&"é".repeat(41)), format!("leads into `{}...`", "é".repeat(40)));
    }

    #[test]
    fn names_that_are_one_file_on_some_systems_are_equal() {
        for (one, other) in [
            ("A/x", "a/X"),
            ("É", "e\u{301}"),
            ("ſ", "S"),
            ("\u{212a}", "k"),
            ("straße", "STRASSE"),
        ] {
            assert_eq!(folded(one), folded(other), "{one}");
        }
        assert_ne!(folded("e"), folded("é"));
        assert_eq!(folders("a/b/c").collect::<Vec<_>>(), ["a/b", "a"]);
        assert_eq!((parent("a/b/c"), parent("/a"), parent("a")), ("a/b", "", ""));
    }
}
