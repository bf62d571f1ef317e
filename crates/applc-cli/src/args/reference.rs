//! The arguments of the commands that tell about the program, its language and its targets.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::shared::ProjectArguments;

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// Code such as `E0301`, or field such as `ports` or `ports.container_port`; without it, all
    /// codes and fields are listed
    #[arg(value_name = "CODE|FIELD")]
    pub what: Option<String>,
}

/// Arguments of `schema`.
#[derive(Debug, Args)]
pub struct Schema {
    /// The format to describe
    #[arg(value_enum, default_value_t)]
    pub of: SchemaOf,
}

/// The formats with a JSON Schema.
#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
pub enum SchemaOf {
    /// The appliance language
    #[default]
    Appliance,
    /// What differs from an appliance: the file of `--overlay`
    Overlay,
    /// The project file `applc.toml`
    Project,
    /// The `target.toml` of a custom target
    Target,
    /// The output of `applc plan`
    Plan,
    /// The output of `--format json`
    Diagnostics,
    /// The output of `applc config --format json`
    Config,
    /// The output of `applc compile --diff --base REV --format json`
    Changes,
}

/// Arguments of `targets`.
#[derive(Debug, Args)]
pub struct Targets {
    /// Show the supported fields and the options of this target (a name or a folder)
    pub name: Option<String>,

    #[command(flatten)]
    pub project: ProjectArguments,
}

/// The commands for custom targets.
#[derive(Debug, Subcommand)]
pub enum Target {
    /// Create the folder of a small working target, with comments
    #[command(after_help = "\
The target has the name of the folder. Edit it and try it:
  applc target new ./my-target
  applc compile app.json --target ./my-target -o out/
  applc target check ./my-target")]
    New(TargetNew),
    /// Check a custom target: compile the examples and tests of applc for it
    #[command(after_help = "\
The target must compile each of about 180 small appliances, which use every field of the
language, to well-formed files, or reject it with a reason. Errors in the manifest and in
templates are reported at their location, each once.")]
    Check(TargetCheck),
}

/// Arguments of `target new`.
#[derive(Debug, Args)]
pub struct TargetNew {
    /// Folder to create; an existing folder must be empty
    pub folder: PathBuf,
}

/// Arguments of `target check`.
#[derive(Debug, Args)]
pub struct TargetCheck {
    /// Folder of the target
    pub folder: PathBuf,
}

/// Arguments of `lsp`.
#[derive(Debug, Args)]
pub struct Lsp {
    /// Use standard input and output, as without this option; some editors require it
    #[arg(long)]
    pub stdio: bool,

    #[command(flatten)]
    pub project: ProjectArguments,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// Arguments of `man`.
#[derive(Debug, Args)]
pub struct Man {
    /// The words of a command, such as `compile` or `target new`
    pub command: Vec<String>,
}
