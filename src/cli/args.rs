//! The arguments the program takes.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Compile one appliance file to what container orchestrators run
#[derive(Debug, Parser)]
#[command(
    name = "applc",
    version,
    after_help = "\
Examples:
  applc check app.json                                 find all faults, write nothing
  applc compile app.json --target compose              print a Compose file
  applc compile app.json --target nomad -o jobs/       write Nomad's job files to jobs/
  applc compile app.json -t compose -t kubernetes -o out/
  applc targets kubernetes                             what becomes of each field, and options

Exit status: 0 clean (warnings included), 1 faults in the input, 2 wrong usage,
3 could not read or write."
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Compile an appliance for one or more targets
    #[command(after_help = "\
One target that makes one file prints it, or writes it to `-o FILE`. Where there are more
files, `-o DIR` is needed; with several targets each gets a folder of its name in it.
Files are written only where all went well and their content changes.")]
    Compile(Compile),
    /// Check appliances: find every fault, write nothing
    Check(Check),
    /// Print the JSON Schema of the appliance language
    #[command(after_help = "\
Give it to an editor to get completion and help while writing: for VS Code, in settings
under `json.schemas`, with a `fileMatch` for your appliance files.")]
    Schema,
    /// List the targets, or tell all of one
    Targets(Targets),
}

/// Arguments of `compile`.
#[derive(Debug, Args)]
pub struct Compile {
    /// The appliance: a .json, .jsonc, .yaml or .yml file, or `-` for standard input (JSON)
    pub file: String,

    #[command(flatten)]
    pub targets: TargetArguments,

    /// Write to this file, or into this folder if it is one, ends in `/`, or there are
    /// several files
    #[arg(short, long, value_name = "PATH")]
    pub output: Option<PathBuf>,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// The appliances; `-` is standard input
    #[arg(required = true)]
    pub files: Vec<String>,

    #[command(flatten)]
    pub targets: TargetArguments,
}

/// Which targets, and their options.
#[derive(Debug, Args)]
pub struct TargetArguments {
    /// The target to compile for; may be given several times (see `applc targets`)
    #[arg(short, long = "target", value_name = "NAME")]
    pub names: Vec<String>,

    /// Set an option of a target, as `kubernetes.expose=load-balancer`; may be given
    /// several times (see `applc targets NAME`)
    #[arg(long = "option", value_name = "TARGET.OPTION=VALUE")]
    pub options: Vec<String>,
}

/// Arguments of `targets`.
#[derive(Debug, Args)]
pub struct Targets {
    /// Tell all of this target: what becomes of each field, and its options
    pub name: Option<String>,
}
