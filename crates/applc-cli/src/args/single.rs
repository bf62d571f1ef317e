//! The arguments of the commands that read one file.

use std::path::PathBuf;

use applc::{graph, import};
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::findings::FindingsArguments;
use super::shared::{
    EnvironmentArguments, LockedArguments, OverlayArguments, ProjectArguments, TargetArguments,
};
use crate::commands::trace::Where;
use crate::levels::LevelArguments;

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct Plan {
    /// Appliance file, or `-` for standard input
    pub file: String,

    #[command(flatten)]
    pub overlays: OverlayArguments,

    #[command(flatten)]
    pub project: ProjectArguments,

    #[command(flatten)]
    pub environment: EnvironmentArguments,

    #[command(flatten)]
    pub locked: LockedArguments,

    #[command(flatten)]
    pub findings: FindingsArguments,
}

/// Arguments of `trace`.
#[derive(Debug, Args)]
pub struct Trace {
    /// Appliance file, or a file of the output of a project, and a line, or a line and a column, in it
    #[arg(value_name = "FILE[:LINE[:COLUMN]]")]
    pub file: String,

    /// Show what a place of the output comes from
    #[arg(long, value_name = "[FILE:]LINE[:COLUMN]", conflicts_with = "of_findings")]
    pub at: Option<Where>,

    /// Show what other tools found in the output, at the places of the appliance
    #[arg(long = "findings", value_name = "FILE")]
    pub of_findings: Option<PathBuf>,

    #[command(flatten)]
    pub overlays: OverlayArguments,

    #[command(flatten)]
    pub project: ProjectArguments,

    #[command(flatten)]
    pub environment: EnvironmentArguments,

    #[command(flatten)]
    pub targets: TargetArguments,

    #[command(flatten)]
    pub findings: FindingsArguments,
}

/// Arguments of `import`.
#[derive(Debug, Args)]
pub struct Import {
    /// File, or `-` for standard input; with `--from docker-run` also a line, or its words behind `--`
    #[arg(required = true, value_name = "FILE")]
    pub file: Vec<String>,

    /// Format of the file
    #[arg(long, value_name = "FORMAT", default_value = "compose", value_parser = import_parser())]
    pub from: import::Format,

    /// Appliance file to write; without it, it is printed
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Import the services of this profile too, or of all with `*`; repeatable
    #[arg(long, value_name = "NAME")]
    pub profile: Vec<String>,

    /// File with variables, instead of `.env`; repeatable
    #[arg(long, value_name = "FILE")]
    pub env_file: Vec<String>,

    /// Id of the appliance, if the file has no name; by default that of its folder
    #[arg(long)]
    pub id: Option<String>,

    #[command(flatten)]
    pub findings: FindingsArguments,
}

fn import_parser() -> impl TypedValueParser<Value = import::Format> {
    let values =
        import::Format::ALL.map(|format| PossibleValue::new(format.name()).help(format.meaning()));
    PossibleValuesParser::new(values).map(|name| {
        let named = import::Format::ALL.into_iter().find(|format| format.name() == name);
        named.unwrap_or(import::Format::Compose)
    })
}

/// Arguments of `graph`.
#[derive(Debug, Args)]
pub struct Graph {
    /// Appliance file, or `-` for standard input
    pub file: String,

    /// Format of the picture
    #[arg(long, default_value = "text", value_parser = picture_parser())]
    pub format: graph::Format,

    /// Output file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    #[command(flatten)]
    pub project: ProjectArguments,

    #[command(flatten)]
    pub environment: EnvironmentArguments,

    #[command(flatten)]
    pub levels: LevelArguments,
}

fn picture_parser() -> impl TypedValueParser<Value = graph::Format> {
    let values =
        graph::Format::ALL.map(|format| PossibleValue::new(format.name()).help(format.meaning()));
    PossibleValuesParser::new(values).map(|name| graph::Format::find(&name).unwrap_or_default())
}
