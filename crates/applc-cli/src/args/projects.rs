//! The arguments of the commands that work on whole projects.

use std::path::PathBuf;

use clap::Args;

use super::findings::{CompileFormat, FindingsArguments, compile_format_parser};
use super::shared::{
    EnvironmentArguments, LockedArguments, OverlayArguments, ProjectArguments, TargetArguments,
};
use crate::levels::LevelArguments;

/// Arguments of `compile`.
#[derive(Debug, Args)]
pub struct Compile {
    /// Appliance file (.json, .jsonc, .yaml or .yml), or `-` for standard input. A folder, or
    /// nothing, stands for the appliances of the project in it. A part of a project, by PATH, --env or
    /// --target, leaves the files of the rest as they are
    #[arg(value_name = "PATH")]
    pub paths: Vec<String>,

    #[command(flatten)]
    pub project: ProjectArguments,

    #[command(flatten)]
    pub environment: EnvironmentArguments,

    #[command(flatten)]
    pub overlays: OverlayArguments,

    #[command(flatten)]
    pub targets: TargetArguments,

    /// Write nothing: list the files of the project that are missing, stale or orphaned. Exit status 4 if
    /// there are any
    #[arg(long, conflicts_with = "output")]
    pub check: bool,

    /// Write nothing: print what would change in the files of the project as a unified diff. Exit status as
    /// with --check
    #[arg(long, conflicts_with = "output")]
    pub diff: bool,

    /// With --diff: print what changes in meaning since a commit of git, and in the files that are made from
    /// its sources. The format is `human`, `json`, or `markdown`
    #[arg(long, value_name = "REV", requires = "diff")]
    pub base: Option<String>,

    /// With --diff: print values that look like secrets, so that `patch` can apply the diff; without it, they
    /// are asterisks
    #[arg(long, requires = "diff", conflicts_with = "base")]
    pub show_secrets: bool,

    /// Write the files of the appliances of the project without errors, although others have some
    #[arg(long)]
    pub keep_going: bool,

    /// Overwrite files that applc has not made
    #[arg(long)]
    pub adopt: bool,

    /// Neither use nor write what earlier runs have found out about the appliances of the project
    #[arg(long)]
    pub no_cache: bool,

    #[command(flatten)]
    pub locked: LockedArguments,

    /// Output format of findings, or of the changes with --base
    #[arg(long, default_value = "human", value_parser = compile_format_parser(), help_heading = "Findings")]
    pub format: CompileFormat,

    #[command(flatten)]
    pub levels: LevelArguments,

    /// Output file or folder. It is a folder if it exists as one, ends in `/`, or there are
    /// several files
    #[arg(short, long, value_name = "PATH")]
    pub output: Option<PathBuf>,

    /// Write comments that name the place of each object in the appliance
    #[arg(long)]
    pub annotate: bool,

    /// Write the origins of each file beside it, as `FILE.map.json`
    #[arg(long, requires = "output")]
    pub source_map: bool,
}

impl Compile {
    /// Whether nothing is to be written, but compared.
    pub fn is_comparison(&self) -> bool {
        self.check || self.diff
    }
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// Appliance files, or `-` for standard input. A folder, or nothing for the working directory, stands
    /// for the appliances of its project; without a project, for its files named
    /// `*.appliance.{json,jsonc,yaml,yml}`
    #[arg(value_name = "PATH")]
    pub files: Vec<String>,

    #[command(flatten)]
    pub project: ProjectArguments,

    #[command(flatten)]
    pub environment: EnvironmentArguments,

    /// Apply safe fixes to the files and their overlays, and report the remaining findings
    #[arg(long)]
    pub fix: bool,

    /// Print what --fix would change as a unified diff, without writing files
    #[arg(long, visible_alias = "dry-run")]
    pub diff: bool,

    /// With --diff: print values that look like secrets, so that `patch` can apply the diff; without it, they
    /// are asterisks
    #[arg(long, requires = "diff")]
    pub show_secrets: bool,

    /// Neither use nor write what earlier runs have found out about the appliances of the project
    #[arg(long)]
    pub no_cache: bool,

    #[command(flatten)]
    pub overlays: OverlayArguments,

    #[command(flatten)]
    pub targets: TargetArguments,

    #[command(flatten)]
    pub locked: LockedArguments,

    #[command(flatten)]
    pub findings: FindingsArguments,
}

/// Arguments of `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// Folder of the project
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
}

/// Arguments of `config`.
#[derive(Debug, Args)]
pub struct Config {
    /// Appliance file, `-` for standard input, or a folder. Default: the working directory
    #[arg(value_name = "PATH")]
    pub path: Option<String>,

    #[command(flatten)]
    pub project: ProjectArguments,

    #[command(flatten)]
    pub environment: EnvironmentArguments,

    #[command(flatten)]
    pub overlays: OverlayArguments,

    #[command(flatten)]
    pub targets: TargetArguments,

    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub format: ConfigFormat,

    #[command(flatten)]
    pub levels: LevelArguments,
}

/// The formats of `config`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ConfigFormat {
    /// A table
    #[default]
    Human,
    /// A document: `applc schema config` prints its JSON Schema
    Json,
}

/// Arguments of `lock`.
#[derive(Debug, Args)]
pub struct Lock {
    /// Ask for the digest of this image again, also if it is known; without a tag, of all its tags;
    /// repeatable
    #[arg(long, value_name = "IMAGE")]
    pub update: Vec<String>,

    /// Ask for the digests of all images again
    #[arg(long, conflicts_with = "update")]
    pub update_all: bool,

    #[command(flatten)]
    pub project: ProjectArguments,

    /// Write nothing: print what would change as a unified diff
    #[arg(long)]
    pub dry_run: bool,

    #[command(flatten)]
    pub findings: FindingsArguments,
}

/// Arguments of `set-image`.
#[derive(Debug, Args)]
pub struct SetImage {
    /// Image without tag, and the tag or the digest that it is to have
    #[arg(required = true, value_name = "IMAGE=TAG")]
    pub images: Vec<String>,

    /// Environment of the project
    #[arg(long = "env", value_name = "NAME")]
    pub environment: String,

    #[command(flatten)]
    pub project: ProjectArguments,

    /// Also add images that no appliance of the environment uses
    #[arg(long)]
    pub add: bool,

    /// Write nothing: print what would change as a unified diff
    #[arg(long)]
    pub dry_run: bool,
}
