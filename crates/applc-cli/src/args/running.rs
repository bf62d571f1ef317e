//! The arguments of the commands that run appliances on engines.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::findings::FindingsArguments;
use super::shared::{EnvironmentArguments, LockedArguments, ProjectArguments, TargetArguments};

/// Arguments of `up`.
#[derive(Debug, Args)]
pub struct Up {
    /// Appliance file, `-` for standard input, or a plan that `--plan` has written
    pub file: String,

    #[command(flatten)]
    pub project: ProjectArguments,

    #[command(flatten)]
    pub environment: EnvironmentArguments,

    #[command(flatten)]
    pub targets: TargetArguments,

    /// Do not wait until it is up: end when the engine has started everything
    #[arg(short, long)]
    pub detach: bool,

    /// Show what would change, and change nothing
    #[arg(long, conflicts_with = "detach")]
    pub dry_run: bool,

    /// Folder with the values of secrets, each in a file `SECRET/KEY`, before those of the environment; only for
    /// Compose
    #[arg(long, value_name = "DIR")]
    pub secrets: Option<PathBuf>,

    /// Write what would change to a file, and change nothing; `applc up FILE` then does exactly that
    #[arg(long, value_name = "FILE", conflicts_with_all = ["detach", "dry_run"])]
    pub plan: Option<PathBuf>,

    #[command(flatten)]
    pub locked: LockedArguments,

    #[command(flatten)]
    pub findings: FindingsArguments,
}

/// Arguments of `status`.
#[derive(Debug, Args)]
pub struct Status {
    /// Id of the appliance; without it, all are listed
    pub id: Option<String>,

    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub format: StatusFormat,

    /// Go on, and print each change
    #[arg(short, long, requires = "id")]
    pub watch: bool,

    /// Compare what runs with what was handed over last: exit status 4 if it differs
    #[arg(long, requires = "id", conflicts_with = "watch")]
    pub drift: bool,

    /// Folder with the values of secrets, as for `applc up`; only for Compose
    #[arg(long, value_name = "DIR", requires = "drift")]
    pub secrets: Option<PathBuf>,

    /// Show what took how long until each container was ready, and the chain that took longest
    #[arg(long, requires = "id", conflicts_with_all = ["watch", "drift"])]
    pub timeline: bool,

    /// The target that it was brought up on, if it is on several
    #[arg(short, long, value_name = "NAME")]
    pub target: Option<String>,
}

/// The formats of `status`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum StatusFormat {
    /// A table
    #[default]
    Human,
    /// A document; without further options, the appliance with all defaults, states and endpoints
    Json,
}

/// Arguments of `ls`.
#[derive(Debug, Args)]
pub struct Ls {
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub format: ListFormat,
}

/// The formats of `ls`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ListFormat {
    /// A table
    #[default]
    Human,
    /// A document: a list of `id`, `target`, `down`, `ready`, `containers` and `file`
    Json,
}

/// Arguments of `logs`.
#[derive(Debug, Args)]
pub struct Logs {
    /// Id of the appliance
    pub id: String,

    /// Id of a container; without it, the logs of all are printed
    pub container: Option<String>,

    /// Go on with what is written later
    #[arg(short, long)]
    pub follow: bool,

    /// Print only the last lines of each instance
    #[arg(short = 'n', long, value_name = "LINES")]
    pub tail: Option<u32>,

    /// The target that it was brought up on, if it is on several
    #[arg(short, long, value_name = "NAME")]
    pub target: Option<String>,
}

/// Arguments of `down`.
#[derive(Debug, Args)]
pub struct Down {
    /// Id of the appliance
    pub id: String,

    /// Also remove its volumes, with all data in them
    #[arg(long)]
    pub purge: bool,

    /// The target that it was brought up on, if it is on several
    #[arg(short, long, value_name = "NAME")]
    pub target: Option<String>,
}

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// The engine that appliances run on, by the name of its target
    #[arg(long, value_name = "NAME", value_parser = engine_parser())]
    pub engine: String,

    /// Address and port to listen on; port 0 is any free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9090")]
    pub listen: SocketAddr,

    /// Further name that the service is asked by, such as that of a proxy; repeatable
    #[arg(long = "host", value_name = "NAME")]
    pub hosts: Vec<String>,

    /// File with the token that requests must show, or `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,

    /// Folder with the values of secrets, each in a file `SECRET/KEY`; only for Compose
    #[arg(long, value_name = "DIR")]
    pub secrets: Option<PathBuf>,

    /// What appliances may do that gives them power over the machine
    #[arg(long, value_name = "WHAT", value_enum, value_delimiter = ',')]
    pub allow: Vec<Power>,

    /// Set an option of the target, for example `kubernetes.expose=load-balancer`; repeatable
    #[arg(long = "option", value_name = "TARGET.OPTION=VALUE")]
    pub options: Vec<String>,
}

/// What gives an appliance power over the machine that it runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Power {
    /// Containers with `is_privileged`
    Privileged,
    /// Mounts of paths of the host
    HostPath,
}

fn engine_parser() -> impl TypedValueParser<Value = String> {
    PossibleValuesParser::new(applc_run::SUPPORTED)
}
