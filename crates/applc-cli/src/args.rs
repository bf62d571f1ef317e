//! The arguments the program takes.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};

use crate::levels::LevelArguments;
use applc::diag::Format;

/// Compile one appliance file to what container orchestrators run
#[derive(Debug, Parser)]
#[command(
    name = "applc",
    version,
    after_help = "\
Examples:
  applc check app.json                                 find all faults, write nothing
  applc check app.json --fix                           mend what can be mended without asking
  applc explain E0301                                  what a code means
  applc explain ports                                  what a field means
  applc compile app.json --target compose              print a Compose file
  applc compile app.json --target nomad -o jobs/       write Nomad's job files to jobs/
  applc compile app.json -t compose -t kubernetes -o out/
  applc targets kubernetes                             what becomes of each field, and options
  applc target new ./my-target                         a target of your own

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
Files are written only where all went well and their content changes.

Findings go to standard error in every format. Hints are left out; `applc check` shows
them, and `--warn hints` makes them warnings.")]
    Compile(Compile),
    /// Check appliances: find every fault, write nothing
    #[command(after_help = "\
Findings for people go to standard error, documents for programs (all other formats) to
standard output: one document for all files. Exit status 1 where there is an error, also
one that was made so with --deny; warnings and hints leave it 0.")]
    Check(Check),
    /// Explain a code of a finding, or a field of the appliance language
    #[command(after_help = "\
Examples:
  applc explain                                        list all codes and fields
  applc explain E0301                                  what is wrong, why, and how to fix it
  applc explain ports                                  type, default, meaning, support by targets
  applc explain ports.container_port                   a field by the end of its path
  applc explain @id                                    references to containers")]
    Explain(Explain),
    /// Print the plan of an appliance as JSON: defaults filled in, references resolved
    #[command(after_help = "\
It is what the templates of targets see, and for scripts. Strings are lists of pieces: text,
and references with the id of a container. `applc schema plan` is its JSON Schema.")]
    Plan(Plan),
    /// Print the JSON Schema of the appliance language, or of the plan
    #[command(after_help = "\
Editors use it for completion and documentation. Save it beside your appliances, and name it
at the top of each, where applc ignores it:
  applc schema > appliance.schema.json
  { \"$schema\": \"./appliance.schema.json\", \"id\": ...
In VS Code you can instead list it in the setting `json.schemas`.")]
    Schema(Schema),
    /// List the targets, or tell all of one
    Targets(Targets),
    /// Make a target of your own, or check one
    #[command(subcommand)]
    Target(Target),
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct Plan {
    /// The appliance; `-` is standard input (JSON)
    pub file: String,

    #[command(flatten)]
    pub findings: FindingsArguments,
}

/// Arguments of `schema`.
#[derive(Debug, Args)]
pub struct Schema {
    /// What it is of
    #[arg(value_enum, default_value_t)]
    pub of: SchemaOf,
}

/// What there is a JSON Schema of.
#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
pub enum SchemaOf {
    /// The appliance language
    #[default]
    Appliance,
    /// What `applc plan` prints
    Plan,
    /// What `--format json` prints
    Diagnostics,
}

/// What to do with targets of one's own.
#[derive(Debug, Subcommand)]
pub enum Target {
    /// Write the folder of a small target that works, with comments
    #[command(after_help = "\
Its name is that of the folder. Change what it makes, and see what becomes of it:
  applc target new ./my-target
  applc compile app.json --target ./my-target -o out/
  applc target check ./my-target")]
    New(TargetNew),
    /// Check the folder of a target: compile the examples and tests of applc itself for it
    #[command(after_help = "\
Each of some 180 small appliances, which use every field of the language, is either compiled
to what is well-formed, or rejected with a reason. Faults of the manifest and of templates are
shown at their places, each once.")]
    Check(TargetCheck),
}

/// Arguments of `target new`.
#[derive(Debug, Args)]
pub struct TargetNew {
    /// The folder, which must not exist yet, or be empty
    pub folder: PathBuf,
}

/// Arguments of `target check`.
#[derive(Debug, Args)]
pub struct TargetCheck {
    /// The folder
    pub folder: PathBuf,
}

/// Arguments of `compile`.
#[derive(Debug, Args)]
pub struct Compile {
    /// The appliance: a .json, .jsonc, .yaml or .yml file, or `-` for standard input (JSON)
    pub file: String,

    #[command(flatten)]
    pub targets: TargetArguments,

    #[command(flatten)]
    pub findings: FindingsArguments,

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

    /// Mend what can be mended without asking, in the files; what is left is shown
    #[arg(long)]
    pub fix: bool,

    /// Show what --fix would change as a unified diff, and write nothing
    #[arg(long, visible_alias = "dry-run")]
    pub diff: bool,

    #[command(flatten)]
    pub targets: TargetArguments,

    #[command(flatten)]
    pub findings: FindingsArguments,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// A code such as `E0301`, or a field such as `ports` or `ports.container_port`; without
    /// it, all codes and fields are listed
    #[arg(value_name = "CODE|FIELD")]
    pub what: Option<String>,
}

/// How findings are shown, and how grave they are.
#[derive(Debug, Default, Args)]
pub struct FindingsArguments {
    /// How findings are shown
    #[arg(
        long,
        default_value = "human",
        value_parser = format_parser(),
        help_heading = "Findings"
    )]
    pub format: Format,

    #[command(flatten)]
    pub levels: LevelArguments,
}

fn format_parser() -> impl TypedValueParser<Value = Format> {
    let values = Format::ALL.map(|format| PossibleValue::new(format.name()).help(format.meaning()));
    PossibleValuesParser::new(values).map(|name| Format::find(&name).unwrap_or_default())
}

/// Which targets, and their options.
#[derive(Debug, Args)]
pub struct TargetArguments {
    /// The target to compile for: a name (see `applc targets`) or the folder of a target;
    /// may be given several times
    #[arg(short = 't', long = "target", value_name = "NAME|DIR")]
    pub names: Vec<String>,

    /// Set an option of a target, as `kubernetes.expose=load-balancer`; may be given
    /// several times (see `applc targets NAME`)
    #[arg(long = "option", value_name = "TARGET.OPTION=VALUE")]
    pub options: Vec<String>,
}

/// Arguments of `targets`.
#[derive(Debug, Args)]
pub struct Targets {
    /// Tell all of this target (a name or a folder): what becomes of each field, and its
    /// options
    pub name: Option<String>,
}
