//! The folder that `applc target new` writes: a small working target.

use super::{FILE_NAME, is_name};

/// The files. [`PLACEHOLDER`] is replaced in them.
const FILES: [(&str, &str); 2] = [
    (FILE_NAME, include_str!("../../../templates/new-target/target.toml")),
    ("run.sh.j2", include_str!("../../../templates/new-target/run.sh.j2")),
];

/// Stands for the name of the target.
const PLACEHOLDER: &str = "NAME";

/// Returns the files of a new target of this name, as names in its folder with their content.
/// `None` if the name is invalid or is that of a built-in target.
pub fn starter(name: &str) -> Option<Vec<(&'static str, String)>> {
    let is_free = is_name(name) && crate::targets::find(name).is_none();
    is_free.then(|| FILES.map(|(file, text)| (file, text.replace(PLACEHOLDER, name))).to_vec())
}
