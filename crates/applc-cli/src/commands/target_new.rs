//! `applc target new`.

use crate::Status;
use crate::args::TargetNew;
use crate::emit::{self, OutputFile};
use crate::terminal::{fail, print};
use applc::targets::custom::starter;

/// Writes the folder of a new target.
pub fn run(arguments: &TargetNew) -> Status {
    let folder = &arguments.folder;
    let shown = folder.display();
    // A folder is told from a name by its slash.
    let argument = if folder.components().count() > 1 { "" } else { "./" };
    let name = folder.file_name().and_then(|name| name.to_str());
    let Some(files) = name.and_then(starter) else {
        let message = format!(
            "the name of the folder, `{shown}`, becomes that of the target: it has lower case letters, digits and hyphens"
        );
        return fail(&message, Status::Usage);
    };
    let is_empty = std::fs::read_dir(folder).is_ok_and(|mut files| files.next().is_none());
    if folder.exists() && !is_empty {
        return fail(&format!("`{shown}` exists already; choose another folder"), Status::Usage);
    }
    let files: Vec<OutputFile> = files
        .into_iter()
        .map(|(file, text)| OutputFile { path: folder.join(file), text })
        .collect();
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
