//! The command-line arguments.

mod findings;
mod projects;
mod reference;
mod running;
mod shared;
mod single;

use clap::{Parser, Subcommand};

pub use findings::{CompileFormat, FindingsArguments};
pub use projects::{Check, Compile, Config, ConfigFormat, Init, Lock, SetImage};
pub use reference::{
    Completions, Explain, Lsp, Man, Schema, SchemaOf, Target, TargetCheck, TargetNew, Targets,
};
pub use running::{Down, ListFormat, Logs, Ls, Power, Serve, Status, StatusFormat, Up};
pub use shared::{
    EnvironmentArguments, LockedArguments, OverlayArguments, ProjectArguments, TargetArguments,
};
pub use single::{Graph, Import, Plan, Trace};

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
3 cannot read or write a file, or an engine does not answer, 4 something differs (only
`compile` with --check or --diff, `up`, `set-image` and `lock` with --dry-run, `up --plan`,
and `status --drift`)."
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
shows them, and `--warn hints` turns them into warnings.

Exit status: 0 success (also with warnings), 1 errors, 2 invalid usage, 3 cannot read or write a
file, 4 files are out of date (with --check or --diff), or something changes (with --base).
Errors win: with status 1, nothing is written.")]
    Compile(Compile),
    /// Check appliances and report all findings
    #[command(after_help = "\
The format `human` is written to standard error, all other formats to standard output, as
one document for all files. The exit status is 1 if there are errors, which includes
findings that --deny turned into errors. Warnings and hints do not change it.

Exit status: 0 no errors, 1 errors, 2 invalid usage, 3 cannot read or write a file.")]
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
  applc trace manifests/prod/nomad/apps/shop/shop/shop.nomad.hcl:12
                                                       in a project, which knows its files
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

Exit status: 0 up, 1 errors in the appliance or a container that fails, 2 invalid usage, 3 the
engine does not answer or refuses, 4 changes (with --dry-run or --plan).")]
    Up(Up),
    /// Show the states and endpoints of an appliance that was brought up
    #[command(after_help = "\
States: submitted, pending (waits for dependencies), staging (starts, or is not healthy yet),
running, success (a job that ended well), failed, killed. The format `json` is that of the API of
PIVOT.

Exit status: 0, 1 the appliance is unknown, 2 invalid usage, 3 the engine does not answer or
refuses, 4 drift (with --drift).")]
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
Bearer TOKEN`; browsers ask for it once. Requests from pages of other origins are refused.
Privileged containers and paths of the host are refused unless --allow names them. The programs of
the engine run without the environment of the service, but for what concerns them.")]
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
                                                       of several files, with `extends`, `include`
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
Editors use it for completion, documentation and checks. Save it next to your files, and refer to
it at the top of each; applc ignores that:
  mkdir -p .applc
  applc schema > .applc/appliance.json
  { \"$schema\": \"./.applc/appliance.json\", \"id\": ...       in JSON
  # yaml-language-server: $schema=./.applc/appliance.json    in YAML
  applc schema project > .applc/project.json
  #:schema ./.applc/project.json                             in applc.toml
The documentation says how to name a schema in the settings of an editor instead.")]
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
    /// Show the settings of a project, or of one of its files, and where each comes from
    #[command(after_help = "\
Examples:
  applc config                                         those of the working directory
  applc config apps/shop/shop.appliance.yaml --env prod
                                                       those of a file in an environment
  applc config --target nomad                          with all options of a target

A value comes from a line of an `applc.toml`, from an argument, or is the default of applc. Later
ones override earlier ones: defaults, the outermost `applc.toml`, those of folders below, tables of
the environment, arguments. For a file, placeholders such as `{id}` are replaced.")]
    Config(Config),
    /// Set the versions of images in an environment of the project
    #[command(after_help = "\
Examples:
  applc set-image --env prod registry.example.org/shop/api=2.4.1
  applc set-image --env prod nginx=1.28 redis=sha256:0123...
  applc set-image --env prod nginx=1.28 --dry-run      print what would change as a diff

Changes all `applc.toml` of the project that set the image in the environment; if none does, the
outermost one that has the environment. Comments and order stay, also other spellings of an
image, such as `docker.io/nginx`. Nothing is written where nothing changes. An image that no file
sets and no appliance of the environment uses is an error, unless `--add` is given.

Exit status: 0 set, 1 errors in a project file, 2 invalid usage, 3 a file cannot be read or written,
4 changes (with --dry-run).")]
    SetImage(SetImage),
    /// Write the digests of the images of the project to `applc.lock`
    #[command(after_help = "\
Examples:
  applc lock                                           add what is missing, remove what is unused
  applc lock --update registry.example.org/shop/api    ask for all its tags again
  applc lock --update redis:7.4 --dry-run              print what would change as a diff
  applc lock --update-all
  applc compile --check --locked                       in a pipeline: fail if it is out of date

With an `applc.lock`, the output of all targets has `IMAGE@sha256:...` for its images. A digest
stays until it is updated, also if the tag moves. Only this command asks registries, with the
credentials of `docker login`. Nothing is written if one of them does not answer.

Exit status: 0 written or nothing to change, 1 errors in the project, an image that does not exist
or that may not be read, 2 invalid usage, 3 a registry does not answer, 4 changes (with --dry-run).")]
    Lock(Lock),
    /// Print the completions of a shell
    #[command(after_help = "\
Examples:
  applc completions bash > ~/.local/share/bash-completion/completions/applc
  applc completions zsh > \"${fpath[1]}/_applc\"
  applc completions fish > ~/.config/fish/completions/applc.fish
  applc completions powershell >> $PROFILE")]
    Completions(Completions),
    /// Run the language server, which editors start
    #[command(after_help = "\
The server speaks the Language Server Protocol, version 3.18, on standard input and output. It shows
the findings of `applc check` while you type: those of the language, and those of the targets that
`applc.toml` names. Editors start it; docs/editors.md says how.

Exit status: 0 after `shutdown` and `exit`, or when the editor is gone; 1 after `exit` alone.")]
    Lsp(Lsp),
    /// Print the manual page of applc, or of one of its commands
    #[command(after_help = "\
Examples:
  applc man | man -l -                                 read the page of applc
  applc man target new | man -l -                      that of a command
  applc man compile > ~/.local/share/man/man1/applc-compile.1")]
    Man(Man),
}

impl Command {
    /// Where the project file is, for commands that use one.
    pub fn project(&self) -> Option<&ProjectArguments> {
        match self {
            Command::Compile(arguments) => Some(&arguments.project),
            Command::Check(arguments) => Some(&arguments.project),
            Command::Trace(arguments) => Some(&arguments.project),
            Command::Up(arguments) => Some(&arguments.project),
            Command::Graph(arguments) => Some(&arguments.project),
            Command::Plan(arguments) => Some(&arguments.project),
            Command::Targets(arguments) => Some(&arguments.project),
            Command::Config(arguments) => Some(&arguments.project),
            Command::SetImage(arguments) => Some(&arguments.project),
            Command::Lock(arguments) => Some(&arguments.project),
            Command::Lsp(arguments) => Some(&arguments.project),
            Command::Explain(_)
            | Command::Status(_)
            | Command::Logs(_)
            | Command::Down(_)
            | Command::Ls(_)
            | Command::Serve(_)
            | Command::Import(_)
            | Command::Schema(_)
            | Command::Target(_)
            | Command::Init(_)
            | Command::Completions(_)
            | Command::Man(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Arguments;

    #[test]
    fn no_line_of_a_help_text_is_wrapped() {
        fn check(command: &clap::Command) {
            let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            for line in text.lines() {
                // The widest help of clap has 100 columns.
                assert!(line.chars().count() <= 100, "{}: {line}", command.get_name());
            }
            command.get_subcommands().for_each(check);
        }
        check(&Arguments::command());
    }
}
