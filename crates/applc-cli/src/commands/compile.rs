//! `applc compile`.

use std::path::{Path, PathBuf};

use crate::Status;
use crate::args::{Compile, CompileFormat};
use crate::commands::{compile_project, refuse_inputs, trace};
use crate::disk::STDIN;
use crate::emit::{self, OutputFile};
use crate::projects::{Projects, Settings, one_environment};
use crate::reporter::{Reporter, Stream};
use crate::select::Wanted;
use crate::terminal::{fail, print};
use crate::whole::discover;
use applc::Output;
use applc::diag::Format;
use applc::targets::Artifact;
use applc::trace::annotate;

/// Compiles one file, or a project. Nothing is written if there are errors.
pub fn run(arguments: &Compile) -> Status {
    if arguments.format == CompileFormat::Markdown && arguments.base.is_none() {
        return fail("`--format markdown` is for `--diff --base REV`", Status::Usage);
    }
    match (discover::root(&arguments.paths), arguments.paths.as_slice()) {
        (Some(Ok(root)), _) if arguments.output.is_none() && !arguments.annotate => {
            compile_project::run(root, arguments)
        }
        (Some(Ok(_)), _) => fail(
            "`--output` and `--annotate` are for single files; `output` in `applc.toml` says where those of a project are written",
            Status::Usage,
        ),
        (Some(Err(status)), _) => status,
        (None, [file]) if !arguments.is_comparison() => one(file, arguments),
        (None, [file, ..]) => {
            match discover::root_of(Path::new(file).parent().unwrap_or(Path::new("."))) {
                Ok(Some(root)) => compile_project::run(root, arguments),
                Err(status) => status,
                Ok(None) => fail(
                    "several files, `--check` and `--diff` are for projects: there is no `applc.toml`",
                    Status::Usage,
                ),
            }
        }
        (None, []) => Status::Usage,
    }
}

/// A reporter for the findings. With `--base`, the format is that of the changes.
pub fn reporter(arguments: &Compile) -> Result<Reporter, Status> {
    let format = match arguments.format {
        CompileFormat::Findings(format) if arguments.base.is_none() => format,
        _ => Format::Human,
    };
    let reporter = Reporter::with(format, &arguments.levels, Stream::Stderr, false)?;
    let mut reporter = reporter.alone();
    reporter.lock(&arguments.locked);
    Ok(reporter)
}

/// Compiles one file.
fn one(file: &str, arguments: &Compile) -> Status {
    let mut reporter = match reporter(arguments) {
        Ok(reporter) => reporter,
        Err(status) => return status,
    };
    let status = match (compile(file, arguments, &mut reporter), &arguments.output) {
        (Err(status), _) => status,
        (Ok(compiled), None) => to_stdout(&compiled.outputs),
        (Ok(compiled), Some(path)) => to_files(&compiled, path, &mut reporter),
    };
    if status != Status::Usage {
        reporter.finish();
    }
    status
}

/// What is written.
struct Compiled {
    outputs: Vec<Output>,
    /// The source maps of all files of the outputs, in their order; empty if they are not wanted.
    maps: Vec<String>,
}

/// Compiles the file for the targets.
///
/// # Errors
/// The exit status; the errors were printed or are among the findings.
fn compile(file: &str, arguments: &Compile, reporter: &mut Reporter) -> Result<Compiled, Status> {
    let wanted = Wanted::read(&arguments.targets, reporter)?;
    let wanted = wanted.in_environment(one_environment(&arguments.environment)?);
    let settings = Projects::default().apply(file, &wanted, reporter)?;
    if settings.targets.is_empty() {
        return Err(fail(
            "no target given; use `--target NAME` (`applc targets` lists the names)",
            Status::Usage,
        ));
    }
    let settings = settings.changed(&arguments.overlays);
    if arguments.annotate || arguments.source_map {
        return with_origins(file, arguments, &settings, reporter);
    }
    let compilation = settings.compile(&settings.disk(file), file);
    let compilation = compilation.map_err(|error| reporter.fail(file, &error))?;
    match reporter.add_all(compilation.report, compilation.others) {
        Status::Clean => Ok(Compiled { outputs: compilation.outputs, maps: Vec::new() }),
        status => Err(status),
    }
}

/// Compiles the file with what was asked for of the origins of its output: comments in the files, and
/// maps beside them.
///
/// # Errors
/// Those of [`compile`].
fn with_origins(
    file: &str,
    arguments: &Compile,
    settings: &Settings,
    reporter: &mut Reporter,
) -> Result<Compiled, Status> {
    let analysed = trace::Analysed::read(settings, file, reporter)?;
    // The findings of all targets, each once.
    let checked = settings
        .check_analysis(analysed.analysis.clone())
        .map_err(|error| reporter.fail(file, &error))?;
    match reporter.add_all(checked.report, checked.others) {
        Status::Clean => {}
        status => return Err(status),
    }
    let mut outputs = Vec::new();
    let mut maps = Vec::new();
    for selected in &settings.targets {
        let traced = trace::trace(&analysed, settings, selected, reporter)?;
        let mut artifacts = Vec::new();
        for (index, artifact) in traced.artifacts.iter().enumerate() {
            let mut text = artifact.text.clone();
            if arguments.annotate {
                text = annotate(artifact, |place| traced.shown(place)).ok_or_else(|| {
                    let message = format!(
                        "cannot annotate `{}`: the format has no comments at the end of a line",
                        artifact.path
                    );
                    fail(&message, Status::Usage)
                })?;
            }
            if arguments.source_map {
                maps.push(trace::json(&trace::entries_of_file(&traced, index)));
            }
            artifacts.push(Artifact { text, ..artifact.clone() });
        }
        outputs.push(Output { target: traced.target, artifacts, claims: Vec::new() });
    }
    Ok(Compiled { outputs, maps })
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
                "the output has {} files and requires `-o DIR`: {}",
                files.len(),
                files.join(", ")
            );
            fail(&message, Status::Usage)
        }
    }
}

fn to_files(compiled: &Compiled, path: &Path, reporter: &mut Reporter) -> Status {
    let Compiled { outputs, maps } = compiled;
    let count: usize = outputs.iter().map(|output| output.artifacts.len()).sum();
    let written = path.to_string_lossy();
    let ends_in_slash = written.ends_with(['/', std::path::MAIN_SEPARATOR]);
    if written == STDIN {
        return fail("omit `--output` to print to standard output", Status::Usage);
    }
    let without_slash = Path::new(written.trim_end_matches(['/', std::path::MAIN_SEPARATOR]));
    if ends_in_slash && without_slash.is_file() {
        let message = format!("`{}` is a file and not a folder", without_slash.display());
        return fail(&message, Status::Usage);
    }
    // A folder that looks like a file is more likely a mistake.
    let looks_like_file = !ends_in_slash && !path.exists() && path.extension().is_some();
    if count > 1 && looks_like_file && outputs.iter().any(|output| has_extension(output, path)) {
        let message = format!(
            "the output has {count} files; use `-o {written}/` if `{written}` is to be a folder"
        );
        return fail(&message, Status::Usage);
    }
    let is_file = count == 1 && outputs.len() == 1 && !ends_in_slash && !path.is_dir();
    let mut files: Vec<OutputFile> = if is_file {
        outputs
            .iter()
            .flat_map(|output| &output.artifacts)
            .map(|artifact| OutputFile { path: path.to_owned(), text: artifact.text.clone() })
            .collect()
    } else if path.is_file() {
        let message = format!("`{}` is a file, but the output has {count} files", path.display());
        return fail(&message, Status::Usage);
    } else {
        layout(outputs, path)
    };
    let beside = |(file, map): (&OutputFile, &String)| OutputFile {
        path: PathBuf::from(format!("{}.map.json", file.path.display())),
        text: map.clone(),
    };
    let maps: Vec<OutputFile> = files.iter().zip(maps).map(beside).collect();
    files.extend(maps);
    if let Err(status) = refuse_inputs(files.iter().map(|file| file.path.as_path())) {
        return status;
    }
    let written = if is_file { emit::write(&files) } else { emit::write_below(path, &files) };
    match written {
        Ok(_) => Status::Clean,
        Err(error) => reporter.unwritable(&error),
    }
}

/// Whether a file of an output has the same extension as a path.
fn has_extension(output: &Output, path: &Path) -> bool {
    output
        .artifacts
        .iter()
        .any(|artifact| Path::new(&artifact.path).extension() == path.extension())
}

/// The files in an output folder. With several targets, each has a subfolder with its name.
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
