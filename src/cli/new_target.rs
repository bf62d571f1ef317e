//! `applc target new`.

use std::path::Path;

use super::Status;
use super::args::TargetNew;
use super::terminal::{fail, print};
use crate::emit::{self, OutputFile};
use crate::target::outside::{FILE_NAME, is_name};

/// The files of a new target. In the manifest `NAME` is replaced.
const FILES: [(&str, &str); 2] = [
    (FILE_NAME, include_str!("../../templates/new-target/target.toml")),
    ("run.sh.j2", include_str!("../../templates/new-target/run.sh.j2")),
];

/// What stands for the name of the target.
const NAME: &str = "NAME";

/// Writes the folder of a new target.
pub fn run(arguments: &TargetNew) -> Status {
    let folder = &arguments.folder;
    let shown = folder.display();
    // A folder is told from a name by its slash.
    let argument = if folder.components().count() > 1 { "" } else { "./" };
    let Some(name) = name(folder) else {
        let message = format!(
            "the name of the folder, `{shown}`, becomes that of the target: it has lower case letters, digits and hyphens"
        );
        return fail(&message, Status::Usage);
    };
    let is_empty = std::fs::read_dir(folder).is_ok_and(|mut files| files.next().is_none());
    if folder.exists() && !is_empty {
        return fail(&format!("`{shown}` exists already; choose another folder"), Status::Usage);
    }
    let files = FILES.map(|(file, text)| OutputFile {
        path: folder.join(file),
        text: text.replace(NAME, &name),
    });
    match emit::write(&files) {
        Ok(_) => print(&format!(
            "wrote {shown}: try `applc compile FILE --target {argument}{shown}` and `applc target check {shown}`\n"
        )),
        Err(error) => {
            let message = format!("cannot write `{}`: {}", error.path.display(), error.cause);
            fail(&message, Status::Io)
        }
    }
}

/// The name of the target: that of its folder, where it can be one.
fn name(folder: &Path) -> Option<String> {
    let name = folder.file_name()?.to_str()?;
    (is_name(name) && crate::target::find(name).is_none()).then(|| name.to_owned())
}
