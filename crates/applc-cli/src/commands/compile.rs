//! `applc compile`.

use std::path::Path;

use crate::Status;
use crate::args::Compile;
use crate::disk::Disk;
use crate::emit::{self, OutputFile};
use crate::findings::{Findings, Stream};
use crate::projects::Projects;
use crate::select::Wanted;
use crate::terminal::{fail, print};
use applc::Output;

/// Compiles one file; nothing is written where it has faults.
pub fn run(arguments: &Compile) -> Status {
    let mut findings = match Findings::new(&arguments.findings, Stream::Stderr, false) {
        Ok(findings) => findings,
        Err(status) => return status,
    };
    let outputs = compile(arguments, &mut findings);
    // The findings come before what may be said of writing.
    if !matches!(outputs, Err(Status::Usage)) {
        findings.finish();
    }
    match (outputs, &arguments.output) {
        (Err(status), _) => status,
        (Ok(outputs), None) => to_stdout(&outputs),
        (Ok(outputs), Some(path)) => to_files(&outputs, path),
    }
}

/// What the targets make of the file.
///
/// # Errors
/// The status to end with; what is wrong has been said, or is among the findings.
fn compile(arguments: &Compile, findings: &mut Findings) -> Result<Vec<Output>, Status> {
    let wanted = Wanted::read(&arguments.targets, findings)?;
    if wanted.is_empty() {
        return Err(fail(
            "no target is named; give one with `--target` (`applc targets` lists them)",
            Status::Usage,
        ));
    }
    let settings = Projects::default().apply(&arguments.file, &wanted, findings)?;
    let compilation = settings
        .compile(&Disk, &arguments.file)
        .map_err(|error| findings.fail(&arguments.file, &error))?;
    match findings.add_all(compilation.report, compilation.others) {
        Status::Clean => Ok(compilation.outputs),
        status => Err(status),
    }
}

fn to_stdout(outputs: &[Output]) -> Status {
    match outputs {
        [Output { artifacts, .. }] if artifacts.len() == 1 => {
            artifacts.iter().map(|artifact| print(&artifact.text)).max().unwrap_or(Status::Clean)
        }
        _ => {
            let files: Vec<String> = layout(outputs, Path::new("DIR"))
                .iter()
                .map(|f| f.path.display().to_string())
                .collect();
            let message = format!(
                "the result is {} files; name a folder for them with `-o DIR`: {}",
                files.len(),
                files.join(", ")
            );
            fail(&message, Status::Usage)
        }
    }
}

fn to_files(outputs: &[Output], path: &Path) -> Status {
    let count: usize = outputs.iter().map(|output| output.artifacts.len()).sum();
    let ends_in_slash =
        path.as_os_str().to_string_lossy().ends_with(['/', std::path::MAIN_SEPARATOR]);
    let files = if count == 1 && outputs.len() == 1 && !ends_in_slash && !path.is_dir() {
        outputs
            .iter()
            .flat_map(|output| &output.artifacts)
            .map(|artifact| OutputFile { path: path.to_owned(), text: artifact.text.clone() })
            .collect()
    } else if path.is_file() {
        let message = format!("`{}` is a file, and the result is {count} files", path.display());
        return fail(&message, Status::Usage);
    } else {
        layout(outputs, path)
    };
    match emit::write(&files) {
        Ok(_) => Status::Clean,
        Err(error) => {
            let message = format!("cannot write `{}`: {}", error.path.display(), error.cause);
            fail(&message, Status::Io)
        }
    }
}

/// The files below a folder: with several targets, each in a folder of its name.
fn layout(outputs: &[Output], folder: &Path) -> Vec<OutputFile> {
    let several = outputs.len() > 1;
    outputs
        .iter()
        .flat_map(|output| {
            let folder =
                if several { folder.join(output.target.name()) } else { folder.to_owned() };
            output.artifacts.iter().map(move |artifact| OutputFile {
                path: folder.join(&artifact.path),
                text: artifact.text.clone(),
            })
        })
        .collect()
}
