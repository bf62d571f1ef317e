//! The command-line arguments.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};

use crate::commands::trace::Where;
use crate::levels::LevelArguments;
use applc::diag::Format;
use applc::graph;
use applc::import;
use applc::overlay::Changes;

/// Compile appliance files for container orchestrators
#[derive(Debug, Parser)]
#[command(
    name = "applc",
    version,
    after_help = "\
Examples:
  applc check app.json                                 report all errors, write nothing
  applc check app.json --fix                           apply safe fixes
  applc explain E0301                                  explain a code
  applc explain ports                                  explain a field
  applc compile app.json --target compose              print a Compose file
  applc compile app.json --target nomad -o jobs/       write Nomad's job files to jobs/
  applc compile app.json -t compose -t kubernetes -o out/
  applc up app.json --target compose                   start it, and wait until it is up
  applc graph app.json --format svg -o app.svg         draw containers and start order
  applc targets kubernetes                             show supported fields and options
  applc target new ./my-target                         create a custom target

Exit status: 0 success (also with warnings), 1 errors in the input, 2 invalid usage,
3 cannot read or write a file, or an engine does not answer; `applc up --help` has one more."
)]
pub struct Arguments {
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Compile an appliance for one or more targets
    #[command(after_help = "\
A single file is printed, or written to `-o FILE`. Several files require `-o DIR`; with
several targets, each has a subfolder with its name. Files are written only if there are no
errors, and only if their content changes.

Findings are written to standard error in every format. Hints are hidden; `applc check`
shows them, and `--warn hints` turns them into warnings.")]
    Compile(Compile),
    /// Check appliances and report all findings
    #[command(after_help = "\
The format `human` is written to standard error, all other formats to standard output, as
one document for all files. The exit status is 1 if there are errors, which includes
findings that --deny turned into errors. Warnings and hints do not change it.")]
    Check(Check),
    /// Explain a diagnostic code or a field of the appliance language
    #[command(after_help = "\
Examples:
  applc explain                                        list all codes and fields
  applc explain E0301                                  what is wrong, why, and how to fix it
  applc explain ports                                  type, default, meaning, support by targets
  applc explain ports.container_port                   a field by the end of its path
  applc explain @id                                    references to containers")]
    Explain(Explain),
    /// Show where each line of the output comes from
    #[command(after_help = "\
Examples:
  applc trace app.json -t compose                      the whole output, with its origins
  applc trace app.json:31                              all lines of all outputs that line 31 reaches
  applc trace app.json:31:14 -t nomad                  those that the value at column 14 reaches
  applc trace app.json -t compose --at 12              what line 12 of the output comes from
  applc trace app.json -t nomad --at jobs/web.nomad.hcl:12:9
  applc trace manifests/prod/shop/nomad/shop.nomad.hcl:12   in a project, which knows its files
  kube-linter lint out/ --format json > found.json
  applc trace app.json -t kubernetes --findings found.json

Without `--target`, all built-in targets that support the appliance are compiled. Nothing is
written: the appliance is compiled again, and the file that `--at` names is compared with the
result. `--findings` reads SARIF, or the JSON of kubeconform, kube-linter or Trivy, and takes
all formats of findings; otherwise the formats are `human` and `json`.")]
    Trace(Trace),
    /// Bring an appliance up on an engine: start it, or change what runs
    #[command(after_help = "\
Examples:
  applc up app.json -t compose                         start it, and wait until it is up
  applc up app.json -t compose --dry-run               show what would change
  applc up app.json -t compose --plan app.plan         keep it, for review
  applc up app.plan                                    do exactly that
  applc status app                                     states and endpoints
  applc logs app web -f                                the log of a container
  applc down app                                       remove it, and keep its volumes

The engine is the one that its own tools reach: for `compose`, that of the Docker context. An
appliance is up when its services are ready and its jobs have succeeded. If it cannot come up, applc
stops waiting and reports the first container that fails; what was started goes on running, and `up`
again repairs the rest.

Exit status: 0 up, 1 errors in the appliance or a container that fails, 2 invalid usage, 3 the engine
does not answer or refuses, 4 changes (with --dry-run or --plan).")]
    Up(Up),
    /// Show the states and endpoints of an appliance that was brought up
    #[command(after_help = "\
States: submitted, pending (waits for dependencies), staging (starts, or is not healthy yet),
running, success (a job that ended well), failed, killed. The format `json` is that of the API of
PIVOT.

Exit status: 0, 1 the appliance is unknown, 2 invalid usage, 3 the engine does not answer or refuses,
4 drift (with --drift).")]
    Status(Status),
    /// Print the logs of an appliance, or of one of its containers
    Logs(Logs),
    /// Remove an appliance from its engine; its volumes are kept
    Down(Down),
    /// List the appliances that were brought up
    Ls(Ls),
    /// Serve the HTTP API and the page of PIVOT over an engine
    #[command(after_help = "\
Examples:
  applc serve --engine compose                         on http://127.0.0.1:9090
  curl --data-binary @app.json http://127.0.0.1:9090/appliance
  curl http://127.0.0.1:9090/appliance/app
  curl -X DELETE http://127.0.0.1:9090/appliance/app

Beyond loopback, requests must show the token of --token-file or of APPLC_TOKEN, as `Authorization:
Bearer TOKEN`; browsers ask for it once. Requests from pages of other origins are refused. Privileged
containers and paths of the host are refused unless --allow names them. The programs of the engine run
without the environment of the service, but for what concerns them.")]
    Serve(Serve),
    /// Print the plan of an appliance as JSON, with defaults and resolved references
    #[command(after_help = "\
The plan is what templates of custom targets see; scripts can use it too. A string is a list
of pieces: text, and references with the id of a container. `applc schema plan` prints its
JSON Schema.")]
    Plan(Plan),
    /// Write an appliance file from a Compose file, `docker run` lines, Marathon apps, or Chronos jobs
    #[command(after_help = "\
Examples:
  applc import compose.yaml                            print the appliance
  applc import compose.yaml -o app.appliance.yaml      write it
  applc import compose.yaml --profile debug            with the services of a profile
  docker compose config --no-path-resolution | applc import -
                                                       of several files, with `extends` and `include`
  applc import --from docker-run 'docker run -d nginx' a line, as it is pasted
  applc import --from marathon group.json              also one app, a list, or Chronos jobs

What the language has no like for is a finding at its place, and nothing is left out in silence.
Variables come from `.env` beside the file, or from `--env-file`; not from the environment. Exit
status: 0 imported, 1 errors, 2 invalid usage, 3 a file cannot be read or written.")]
    Import(Import),
    /// Draw an appliance: its containers, start order, and references
    #[command(after_help = "\
Examples:
  applc graph app.json                                 list the containers by level
  applc graph app.json --format svg -o app.svg         an image for documentation
  applc graph app.json --format mermaid                a flowchart for Markdown
  applc graph app.json --format dot | dot -Tpng -o app.png

Boxes are services, ellipses are jobs. A solid arrow leads from a container to one that waits
for it, a dashed arrow to one that only refers to it. A file with errors has no picture.")]
    Graph(Graph),
    /// Print the JSON Schema of the appliance language or of another format
    #[command(after_help = "\
Editors use it for completion and documentation. Save it next to your appliances, and refer
to it at the top of each; applc ignores `$schema`:
  applc schema > appliance.schema.json
  { \"$schema\": \"./appliance.schema.json\", \"id\": ...
In VS Code, you can add it to the setting `json.schemas` instead.")]
    Schema(Schema),
    /// List the targets, or show the fields and options of one
    Targets(Targets),
    /// Create or check a custom target
    #[command(subcommand)]
    Target(Target),
    /// Write the first files of a project: an `applc.toml`, and a sample if there is no appliance
    #[command(after_help = "\
Examples:
  applc init                                           in this folder
  applc init shop                                      in the folder shop, which is created

Files named `*.appliance.{json,jsonc,yaml,yml}` are the appliances of the project. No file is
overwritten.")]
    Init(Init),
    /// Set the versions of images in an environment of the project
    #[command(after_help = "\
Examples:
  applc set-image --env prod registry.example.org/shop/api=2.4.1
  applc set-image --env prod nginx=1.28 redis=sha256:0123...
  applc set-image --env prod nginx=1.28 --dry-run      print what would change as a diff

Changes all `applc.toml` of the project that set the image in the environment; if none does, the
outermost one that has the environment. Comments and order stay, also other spellings of an
image, such as `docker.io/nginx`. Nothing is written where nothing changes.

Exit status: 0 set, 1 errors in a project file, 2 invalid usage, 3 a file cannot be read or written,
4 changes (with --dry-run).")]
    SetImage(SetImage),
    /// Print the completions of a shell
    #[command(after_help = "\
Examples:
  applc completions bash > ~/.local/share/bash-completion/completions/applc
  applc completions zsh > \"${fpath[1]}/_applc\"
  applc completions fish > ~/.config/fish/completions/applc.fish
  applc completions powershell >> $PROFILE")]
    Completions(Completions),
    /// Print the manual page of applc, or of one of its commands
    #[command(after_help = "\
Examples:
  applc man | man -l -                                 read the page of applc
  applc man target new | man -l -                      that of a command
  applc man compile > ~/.local/share/man/man1/applc-compile.1")]
    Man(Man),
}

/// Arguments of `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// Folder of the project
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
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

    /// Write nothing: print what would change as a unified diff
    #[arg(long)]
    pub dry_run: bool,
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

/// Arguments of `up`.
#[derive(Debug, Args)]
pub struct Up {
    /// Appliance file, `-` for standard input, or a plan that `--plan` has written
    pub file: String,

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

/// The formats of `status`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum StatusFormat {
    /// A table
    #[default]
    Human,
    /// A document; without further options, the appliance with all defaults, states and endpoints
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

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct Plan {
    /// Appliance file, or `-` for standard input
    pub file: String,

    #[command(flatten)]
    pub overlays: OverlayArguments,

    #[command(flatten)]
    pub environment: EnvironmentArguments,

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
    pub environment: EnvironmentArguments,

    #[command(flatten)]
    pub levels: LevelArguments,
}

fn picture_parser() -> impl TypedValueParser<Value = graph::Format> {
    let values =
        graph::Format::ALL.map(|format| PossibleValue::new(format.name()).help(format.meaning()));
    PossibleValuesParser::new(values).map(|name| graph::Format::find(&name).unwrap_or_default())
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
    /// The output of `applc plan`
    Plan,
    /// The output of `--format json`
    Diagnostics,
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

/// Arguments of `compile`.
#[derive(Debug, Args)]
pub struct Compile {
    /// Appliance file (.json, .jsonc, .yaml or .yml), or `-` for standard input. A folder, or
    /// nothing, stands for the appliances of the project in it
    #[arg(value_name = "PATH")]
    pub paths: Vec<String>,

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

    /// Write the files of the appliances of the project without errors
    #[arg(long)]
    pub keep_going: bool,

    /// Overwrite files that applc has not made
    #[arg(long)]
    pub adopt: bool,

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

/// The environments of the project to work in.
#[derive(Debug, Args)]
pub struct EnvironmentArguments {
    /// Environment of the project; repeatable for whole projects. Default: all of a project, none for a
    /// single file
    #[arg(id = "environment", long = "env", value_name = "NAME")]
    pub names: Vec<String>,
}

impl EnvironmentArguments {
    /// The environment for one file.
    ///
    /// # Errors
    /// A message, if there are several.
    pub fn one(&self) -> Result<Option<&str>, String> {
        match self.names.as_slice() {
            [] => Ok(None),
            [name] => Ok(Some(name)),
            _ => Err("a file is read in one environment; several are for projects".to_owned()),
        }
    }
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
    pub environment: EnvironmentArguments,

    #[command(flatten)]
    pub targets: TargetArguments,

    #[command(flatten)]
    pub findings: FindingsArguments,
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
    pub environment: EnvironmentArguments,

    /// Apply safe fixes to the files, and report the remaining findings
    #[arg(long)]
    pub fix: bool,

    /// Print what --fix would change as a unified diff, without writing files
    #[arg(long, visible_alias = "dry-run")]
    pub diff: bool,

    #[command(flatten)]
    pub overlays: OverlayArguments,

    #[command(flatten)]
    pub targets: TargetArguments,

    #[command(flatten)]
    pub findings: FindingsArguments,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// Code such as `E0301`, or field such as `ports` or `ports.container_port`; without it, all
    /// codes and fields are listed
    #[arg(value_name = "CODE|FIELD")]
    pub what: Option<String>,
}

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

/// The output format of `compile`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompileFormat {
    /// One of findings, or of changes.
    Findings(Format),
    /// Markdown for a pull request: changes only.
    Markdown,
}

fn compile_format_parser() -> impl TypedValueParser<Value = CompileFormat> {
    let values =
        Format::ALL.iter().map(|format| PossibleValue::new(format.name()).help(format.meaning()));
    let markdown = PossibleValue::new("markdown").help("with --base: a comment for a pull request");
    PossibleValuesParser::new(values.chain([markdown])).map(|name| match Format::find(&name) {
        Some(format) => CompileFormat::Findings(format),
        None => CompileFormat::Markdown,
    })
}

fn format_parser() -> impl TypedValueParser<Value = Format> {
    let values =
        Format::ALL.iter().map(|format| PossibleValue::new(format.name()).help(format.meaning()));
    PossibleValuesParser::new(values).map(|name| Format::find(&name).unwrap_or_default())
}

/// What is changed in the appliance.
#[derive(Debug, Default, Args)]
pub struct OverlayArguments {
    /// File with what differs from the appliance; repeatable, each is applied to the result of those
    /// before it
    #[arg(long = "overlay", value_name = "FILE")]
    pub overlays: Vec<String>,
}

impl OverlayArguments {
    /// The changes for the library.
    pub fn changes(&self) -> Changes {
        Changes { overlays: self.overlays.clone(), ..Changes::none() }
    }
}

/// The targets and their options.
#[derive(Debug, Args)]
pub struct TargetArguments {
    /// Target to compile for: a name (see `applc targets`) or the folder of a custom target;
    /// repeatable
    #[arg(short = 't', long = "target", value_name = "NAME|DIR")]
    pub names: Vec<String>,

    /// Set an option of a target, for example `kubernetes.expose=load-balancer`; repeatable (see
    /// `applc targets NAME`)
    #[arg(long = "option", value_name = "TARGET.OPTION=VALUE")]
    pub options: Vec<String>,
}

/// Arguments of `targets`.
#[derive(Debug, Args)]
pub struct Targets {
    /// Show the supported fields and the options of this target (a name or a folder)
    pub name: Option<String>,
}
