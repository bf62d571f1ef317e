//! `applc target new`.

use crate::Status;
use crate::args::TargetNew;
use crate::emit::{self, OutputFile};
use crate::reporter::Reporter;
use crate::terminal::{fail, print};
use applc::targets::custom::starter;

/// Creates the folder of a new target.
pub fn run(arguments: &TargetNew) -> Status {
    let folder = &arguments.folder;
    let shown = folder.display();
    // An argument of `--target` is a folder if it contains a slash.
    let argument = if folder.components().count() > 1 { "" } else { "./" };
    let name = folder.file_name().and_then(|name| name.to_str());
    let Some(files) = name.and_then(starter) else {
        let message = format!(
            "invalid target name `{shown}`; use lower-case letters, digits and hyphens, and not the name of a built-in target"
        );
        return fail(&message, Status::Usage);
    };
    let is_empty = std::fs::read_dir(folder).is_ok_and(|mut files| files.next().is_none());
    if folder.exists() && !is_empty {
        return fail(&format!("folder `{shown}` already exists and is not empty"), Status::Usage);
    }
    let files: Vec<OutputFile> = files
        .into_iter()
        .map(|(file, text)| OutputFile { path: folder.join(file), text })
        .collect();
    match emit::write_below(folder, &files) {
        Ok(_) => print(&format!(
            "created {shown}; try `applc compile FILE --target {argument}{shown}` and `applc target check {shown}`\n"
        )),
        Err(error) => Reporter::for_people().unwritable(&error),
    }
}
