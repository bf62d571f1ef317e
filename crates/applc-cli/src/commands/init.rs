//! `applc init`: the first files of a project.

use std::fmt::Write;
use std::path::Path;

use applc::project::FILE_NAME;

use crate::Status;
use crate::args::Init;
use crate::emit::{self, OutputFile};
use crate::reporter::Reporter;
use crate::terminal::{fail, note};
use crate::whole::discover;

/// A sample of an appliance.
const SAMPLE: &str = include_str!("init/hello.appliance.yaml");
/// Where it is written.
const SAMPLE_FILE: &str = "hello/hello.appliance.yaml";

/// Writes a project file, and a sample of an appliance where there is none.
pub fn run(arguments: &Init) -> Status {
    init(&arguments.folder).unwrap_or_else(|status| status)
}

fn init(folder: &Path) -> Result<Status, Status> {
    let file = folder.join(FILE_NAME);
    // Also a link that leads nowhere.
    if file.symlink_metadata().is_ok() {
        let message = format!("`{}` exists already", file.display());
        return Err(fail(&message, Status::Usage));
    }
    // One of another user is not used for this folder.
    if let Ok(Some(root)) = discover::root_above(folder) {
        let message = format!(
            "`{}` is in the project of `{}`; to change settings for this folder, create `{}`: it adds to the one above",
            folder.display(),
            root.display(),
            file.display()
        );
        return Err(fail(&message, Status::Usage));
    }
    let appliances = match folder.exists() {
        true => {
            let named = discover::named_below(&folder.to_string_lossy());
            named.map_err(|error| Reporter::for_people().unreadable(&error, None))?.files
        }
        false => Vec::new(),
    };
    let mut files = vec![OutputFile { path: file, text: project() }];
    let sample = folder.join(SAMPLE_FILE);
    if appliances.is_empty() {
        if sample.symlink_metadata().is_ok() {
            let message = format!("`{}` exists already", sample.display());
            return Err(fail(&message, Status::Usage));
        }
        files.push(OutputFile { path: sample, text: SAMPLE.to_owned() });
    }
    emit::write_below(folder, &files).map_err(|error| Reporter::for_people().unwritable(&error))?;
    files.iter().for_each(|file| note(&format!("made {}", file.path.display())));
    match appliances.len() {
        0 => {}
        1 => note("found 1 appliance"),
        count => note(&format!("found {count} appliances")),
    }
    note("next: choose targets in `applc.toml`, run `applc compile`, and commit what it makes");
    Ok(Status::Clean)
}

/// The text of the project file.
fn project() -> String {
    let mut text = String::new();
    let version = env!("CARGO_PKG_VERSION");
    let minor = version.rsplit_once('.').map_or(version, |(minor, _)| minor);
    let _ = write!(
        text,
        "\
# The project file of applc. `applc compile` makes the files of all appliances below this folder.

# Versions of applc that the project accepts.
required-version = \">={minor}\"

# Files that are appliances.
appliances = [\"{}\"]

# Targets to compile for; `applc targets` lists them, and `applc targets NAME` their options.
default-targets = [\"compose\"]

# Where files are made. Commit them, and run `applc compile --check` in a pipeline. The cache in `.applc-cache` ignores
# itself in git.
output = \"manifests/{{environment}}/{{target}}/{{folder}}/{{id}}\"

[environments.test]

[environments.prod]
# Files beside an appliance with what differs from it, where there are any.
overlay = \"{{name}}.prod.yaml\"

# Tags or digests of images.
[environments.prod.images]
",
        applc::project::Globs::DEFAULT
    );
    text
}
