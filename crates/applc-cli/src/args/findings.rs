//! The arguments for how findings are shown.

use applc::diag::Format;
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::levels::LevelArguments;

/// The format and the levels of findings.
#[derive(Debug, Default, Args)]
pub struct FindingsArguments {
    /// Output format of findings
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
    let values =
        Format::ALL.iter().map(|format| PossibleValue::new(format.name()).help(format.meaning()));
    PossibleValuesParser::new(values).map(|name| Format::find(&name).unwrap_or_default())
}

/// The output format of `compile`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompileFormat {
    /// One of findings, or of changes.
    Findings(Format),
    /// Markdown for a pull request: changes only.
    Markdown,
}

pub(super) fn compile_format_parser() -> impl TypedValueParser<Value = CompileFormat> {
    let values =
        Format::ALL.iter().map(|format| PossibleValue::new(format.name()).help(format.meaning()));
    let markdown = PossibleValue::new("markdown").help("with --base: a comment for a pull request");
    PossibleValuesParser::new(values.chain([markdown])).map(|name| match Format::find(&name) {
        Some(format) => CompileFormat::Findings(format),
        None => CompileFormat::Markdown,
    })
}
