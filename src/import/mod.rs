//! Other formats to an appliance file: Compose files, `docker run` lines, Marathon apps and Chronos jobs.
//!
//! What has no like in the language is a finding at its place; nothing is left out in silence. The
//! result is text, which a caller checks as it checks any appliance file.

mod budget;
mod compose;
mod docker_run;
mod draft;
mod marathon;
mod names;
mod references;
mod secrets;
mod told;
mod volumes;

pub use names::id_of;

use std::io;
use std::path::{Component, Path};

use crate::diag::{Findings, Report};
use crate::source::Source;
use crate::world::World;

/// A format to import from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A Compose file, or what `docker compose config` prints.
    Compose,
    /// Lines of a shell with `docker run`.
    DockerRun,
    /// Marathon apps and groups, and Chronos jobs.
    Marathon,
}

impl Format {
    /// All formats.
    pub const ALL: [Format; 3] = [Format::Compose, Format::DockerRun, Format::Marathon];

    /// The name of the format in arguments.
    pub fn name(self) -> &'static str {
        match self {
            Format::Compose => "compose",
            Format::DockerRun => "docker-run",
            Format::Marathon => "marathon",
        }
    }

    /// What the format is, in a few words.
    pub fn meaning(self) -> &'static str {
        match self {
            Format::Compose => "A Compose file",
            Format::DockerRun => "`docker run` lines",
            Format::Marathon => "Marathon apps and groups, Chronos jobs",
        }
    }
}

/// What an import depends on besides the file.
pub struct Options<'a> {
    /// The id of the appliance, unless the file has a name itself.
    pub id: String,
    /// The files with variables for interpolation, of which later ones win. Without any, `.env` beside the
    /// source, if it is there.
    pub env_files: Vec<String>,
    /// The profiles whose services are imported too; `*` means all.
    pub profiles: Vec<String>,
    /// The folder of the source, which paths in it are relative to; empty for the current folder.
    pub folder: String,
    /// The repository that the source is in, in which it may refer to files outside of its folder.
    pub repository: Option<Repository>,
    /// Where files are read that the source refers to.
    pub world: &'a dyn World,
}

/// A repository with a source in it.
#[derive(Debug, Clone)]
pub struct Repository {
    /// The folder of the repository.
    pub root: String,
    /// The folder of the source, relative to that of the repository, with `/` between parts; empty for the same.
    pub folder: String,
}

impl Options<'_> {
    /// Reads a file that the source refers to, in its repository, or else in its folder or below: the source may come
    /// from someone else.
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let (root, folder, whole) = match &self.repository {
            Some(Repository { root, folder }) => (root, folder.as_str(), "repository"),
            None => (&self.folder, "", "folder"),
        };
        let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
        for part in Path::new(path).components() {
            // As Compose does, without a look at links.
            let is_inside = match part {
                Component::CurDir => true,
                Component::Normal(name) => name.to_str().map(|name| parts.push(name)).is_some(),
                Component::ParentDir => parts.pop().is_some(),
                Component::RootDir | Component::Prefix(_) => false,
            };
            if !is_inside {
                let cause = format!("it is outside the {whole} of the file that is imported");
                return Err(io::Error::new(io::ErrorKind::InvalidInput, cause));
            }
        }
        self.world.read_below(root, &parts.join("/"))
    }
}

/// The line of a shell whose words these are, such as the arguments of a program.
pub fn line_of(words: &[String]) -> String {
    shell_words::join(words)
}

/// The result of an import.
#[derive(Debug)]
pub struct Imported {
    /// The appliance file, in YAML. `None` if the source cannot be imported.
    pub text: Option<String>,
    /// What was found.
    pub report: Report,
}

/// Imports a source.
pub fn import(source: &Source, format: Format, options: &Options<'_>) -> Imported {
    let mut findings = Findings::new();
    let draft = match format {
        Format::Compose => compose::import(source, options, &mut findings),
        Format::DockerRun => docker_run::import(source, options, &mut findings),
        Format::Marathon => marathon::import(source, options, &mut findings),
    };
    let report = Report::new(source.clone(), findings);
    let text = draft.filter(|_| !report.has_errors()).map(|draft| draft.to_yaml());
    Imported { text, report }
}
