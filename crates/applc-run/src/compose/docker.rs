//! The programs `docker` and `docker compose`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::engine::Host;
use crate::error::{Error, ErrorKind};
use crate::secrets::Values;
use crate::tool::{self, Output, PATIENCE, Running};

use super::machine::{FoundVolume, read_machine, read_volumes};
use super::model::{APPLIANCE, Found, PROJECT, Wanted, read_containers, read_services};
use super::states::plain;

/// How long stopping and removing containers may take: each has ten seconds to end.
const REMOVAL: Duration = Duration::from_secs(600);

/// What Docker says if its engine does not answer.
const GONE: [&str; 4] = [
    "Cannot connect to the Docker daemon",
    "error during connect",
    "failed to connect to the docker API",
    "permission denied while trying to connect",
];

/// What changes the state of a container. Checks of its health are many other events.
const EVENTS: [&str; 7] = [
    "event=create",
    "event=start",
    "event=die",
    "event=oom",
    "event=pause",
    "event=destroy",
    "event=health_status",
];

/// A Compose file, and what it is read with.
#[derive(Debug, Clone)]
pub struct File {
    /// The name of the project.
    pub project: String,
    /// Where it is.
    pub path: PathBuf,
    /// The values of its secrets.
    pub secrets: Values,
}

/// The programs, and the engine behind them.
#[derive(Debug, Clone)]
pub struct Docker {
    /// The words that Compose is called by.
    compose: Vec<&'static str>,
    /// The name of the engine's machine.
    host: String,
}

impl Docker {
    /// The engine of the user's context.
    ///
    /// # Errors
    /// Docker or Compose is not installed, or the engine does not answer.
    pub fn connect() -> Result<Docker, Error> {
        let version =
            tool::run(&mut docker(&["version", "--format", "{{.Server.Version}}"]), PATIENCE)?;
        if !version.success {
            return Err(unreachable(version.complaint()));
        }
        let found = [&["docker", "compose"][..], &["docker-compose"]].into_iter().find(|words| {
            let run = tool::run(&mut command(words, &["version", "--short"]), PATIENCE);
            // Version 1 is another program, which does not know `depends_on` with conditions.
            run.is_ok_and(|run| {
                run.success && !run.stdout.trim_start_matches('v').starts_with("1.")
            })
        });
        let Some(compose) = found else {
            return Err(Error::new(ErrorKind::Missing, "Docker Compose is not installed")
                .help("install version 2.20 or later, as the plug-in `docker compose` or the program `docker-compose`"));
        };
        let context = ["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"];
        let address = tool::run(&mut docker(&context), PATIENCE)?;
        Ok(Docker { compose: compose.to_vec(), host: host_of(address.stdout.trim()) })
    }

    /// The name of the engine's machine.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Runs `docker`. The output may be that of a failure.
    ///
    /// # Errors
    /// The engine does not answer.
    pub fn run(&self, arguments: &[&str]) -> Result<Output, Error> {
        answered(tool::run(&mut docker(arguments), PATIENCE)?)
    }

    /// Runs `docker` for a log, of which at most this number of last bytes of each stream are of use.
    ///
    /// # Errors
    /// The engine does not answer.
    pub fn log(&self, arguments: &[&str], most: Option<usize>) -> Result<Output, Error> {
        answered(tool::run_last(&mut docker(arguments), PATIENCE, most)?)
    }

    /// Runs `docker`, which must succeed.
    ///
    /// # Errors
    /// The engine does not answer or refuses.
    pub fn checked(&self, arguments: &[&str]) -> Result<String, Error> {
        succeeded(self.run(arguments)?)
    }

    /// Runs `docker` to stop or remove containers, which may take a while.
    ///
    /// # Errors
    /// The engine does not answer or refuses.
    pub fn checked_slowly(&self, arguments: &[&str]) -> Result<String, Error> {
        succeeded(tool::run(&mut docker(arguments), REMOVAL)?)
    }

    /// Starts `docker` beside this program.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(&self, arguments: &[&str]) -> Result<Running, Error> {
        Running::start(&mut docker(arguments))
    }

    /// Starts Compose for a project and its file beside this program.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start_compose(&self, file: &File, arguments: &[&str]) -> Result<Running, Error> {
        Running::start(self.compose_with(file).args(arguments))
    }

    /// Creates the containers of services anew, without starting them. Volumes that only a container knows go on
    /// with the new one.
    ///
    /// # Errors
    /// Compose refuses.
    pub fn recreate(&self, file: &File, services: &[&str]) -> Result<(), Error> {
        let mut compose = self.compose_with(file);
        compose.args(["up", "--no-start", "--force-recreate", "--no-deps", "--pull", "never"]);
        compose.arg("--no-build").args(services);
        succeeded(tool::run(&mut compose, REMOVAL)?).map(drop)
    }

    /// Compose for a file, with the values that it reads from variables.
    fn compose_with(&self, file: &File) -> Command {
        let mut compose = self.compose(&file.project, Some(&file.path));
        compose.envs(file.secrets.iter());
        compose
    }

    fn compose(&self, project: &str, file: Option<&Path>) -> Command {
        let mut compose = Command::new(self.compose.first().copied().unwrap_or("docker"));
        compose.args(self.compose.get(1..).unwrap_or_default()).args(["-p", project]);
        match file {
            Some(file) => compose.arg("-f").arg(file),
            // Compose would read a file of the working directory or of one above.
            None => compose.current_dir("/"),
        };
        // The user's own settings for other projects.
        for name in
            ["COMPOSE_FILE", "COMPOSE_PROFILES", "COMPOSE_ENV_FILES", "COMPOSE_IGNORE_ORPHANS"]
        {
            compose.env_remove(name);
        }
        compose
    }

    /// The services of a file.
    ///
    /// # Errors
    /// Compose refuses the file.
    pub fn services(&self, file: &File) -> Result<Vec<Wanted>, Error> {
        let ask = |arguments: &[&str]| -> Result<String, Error> {
            succeeded(tool::run(self.compose_with(file).args(arguments), PATIENCE)?)
        };
        let config = ask(&["config", "--format", "json"])?;
        let hashes = ask(&["config", "--hash", "*"])?;
        read_services(&config, &hashes)
            .map_err(|error| not_understood("docker compose config", &error))
    }

    /// The ids of those of some images that are present.
    ///
    /// # Errors
    /// The engine does not answer.
    pub fn images<'a>(
        &self,
        images: impl IntoIterator<Item = &'a str>,
    ) -> Result<BTreeMap<String, String>, Error> {
        let mut present = BTreeMap::new();
        for image in images {
            if !present.contains_key(image) {
                let found = self.run(&["image", "inspect", "--format", "{{.Id}}", image])?;
                if found.success {
                    present.insert(image.to_owned(), found.stdout.trim().to_owned());
                }
            }
        }
        Ok(present)
    }

    /// The containers of a project.
    ///
    /// # Errors
    /// The engine does not answer.
    pub fn project(&self, project: &str) -> Result<Vec<Found>, Error> {
        self.labelled(&format!("{PROJECT}={project}"))
    }

    /// The containers with a label.
    ///
    /// # Errors
    /// The engine does not answer.
    pub fn labelled(&self, label: &str) -> Result<Vec<Found>, Error> {
        let filter = format!("label={label}");
        let ids = self.checked(&["ps", "--all", "--quiet", "--no-trunc", "--filter", &filter])?;
        let mut arguments = vec!["container", "inspect"];
        arguments.extend(ids.split_whitespace());
        if arguments.len() == 2 {
            return Ok(Vec::new());
        }
        let inspected = self.run(&arguments)?;
        // Those that were removed in the meantime are missing from the list.
        if !inspected.success
            && !inspected.stderr.to_ascii_lowercase().contains("no such container")
        {
            return Err(Error::new(ErrorKind::Refused, plain(inspected.complaint())));
        }
        read_containers(&inspected.stdout).map_err(|error| not_understood("docker inspect", &error))
    }

    /// The command that prints the id of an appliance whenever the state of one of its containers changes.
    pub fn events(&self) -> Command {
        let id = format!("{{{{index .Actor.Attributes \"{APPLIANCE}\"}}}}");
        let label = format!("label={APPLIANCE}");
        let mut arguments = vec!["events", "--format", &id, "--filter", "type=container"];
        arguments.extend(["--filter", &label]);
        for event in EVENTS {
            arguments.extend(["--filter", event]);
        }
        docker(&arguments)
    }

    /// Stops and removes the containers and networks of a project and, with `purge`, its volumes.
    ///
    /// # Errors
    /// The engine does not answer or refuses.
    pub fn down(&self, project: &str, purge: bool) -> Result<(), Error> {
        let mut down = self.compose(project, None);
        down.args(["down", "--remove-orphans"]);
        if purge {
            down.arg("--volumes");
        }
        succeeded(tool::run(&mut down, REMOVAL)?).map(drop)
    }

    /// The volumes of a project.
    ///
    /// # Errors
    /// The engine does not answer.
    pub fn volumes(&self, project: &str) -> Result<Vec<String>, Error> {
        let filter = format!("label={PROJECT}={project}");
        let names = self.checked(&["volume", "ls", "--quiet", "--filter", &filter])?;
        Ok(names.lines().map(str::to_owned).collect())
    }

    /// The volumes with these names.
    ///
    /// # Errors
    /// The engine does not answer.
    pub fn inspect_volumes(&self, names: &[String]) -> Result<Vec<FoundVolume>, Error> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let mut arguments = vec!["volume", "inspect"];
        arguments.extend(names.iter().map(String::as_str));
        // Those that were removed in the meantime are missing from the list.
        let inspected = self.run(&arguments)?;
        read_volumes(&inspected.stdout)
            .map_err(|error| not_understood("docker volume inspect", &error))
    }

    /// The machine.
    ///
    /// # Errors
    /// The engine does not answer.
    pub fn machine(&self) -> Result<Host, Error> {
        let info = self.checked(&["info", "--format", "{{json .}}"])?;
        let mut machine =
            read_machine(&info).map_err(|error| not_understood("docker info", &error))?;
        machine.address = Some(self.host.clone());
        Ok(machine)
    }

    /// Removes volumes.
    ///
    /// # Errors
    /// The engine does not answer, or one cannot be removed.
    pub fn remove_volumes(&self, names: &[String]) -> Result<(), Error> {
        names.iter().try_for_each(|name| self.checked(&["volume", "rm", name]).map(drop))
    }
}

fn docker(arguments: &[&str]) -> Command {
    command(&["docker"], arguments)
}

fn command(words: &[&str], arguments: &[&str]) -> Command {
    let mut command = Command::new(words.first().unwrap_or(&"docker"));
    command.args(words.get(1..).unwrap_or_default()).args(arguments);
    command
}

/// The output of a program whose engine answered.
pub fn answered(output: Output) -> Result<Output, Error> {
    if !output.success && GONE.iter().any(|gone| output.stderr.contains(gone)) {
        return Err(unreachable(output.complaint()));
    }
    Ok(output)
}

/// The standard output of a program that succeeded.
fn succeeded(output: Output) -> Result<String, Error> {
    let output = answered(output)?;
    if output.success {
        return Ok(output.stdout);
    }
    Err(Error::new(ErrorKind::Refused, format!("Docker: {}", plain(output.complaint()))))
}

fn unreachable(reason: &str) -> Error {
    let reason = reason.trim_end_matches(" Is the docker daemon running?").trim_end_matches('.');
    Error::new(ErrorKind::Unreachable, format!("the Docker engine does not answer: {reason}"))
        .help("start it, or choose another one with `docker context use` or `DOCKER_HOST`")
}

fn not_understood(what: &str, error: &serde_json::Error) -> Error {
    Error::new(ErrorKind::Refused, format!("cannot read the output of `{what}`: {error}"))
}

/// The host of an engine on this machine.
pub const LOCAL: &str = "localhost";

/// The machine of an engine's address: this one, unless the address names another.
fn host_of(address: &str) -> String {
    let rest =
        ["tcp://", "ssh://", "http://", "https://"].iter().find_map(|s| address.strip_prefix(s));
    let authority = rest.and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split_once(']').map_or(v6, |(v6, _)| v6),
        None => host.split_once(':').map_or(host, |(host, _)| host),
    };
    if matches!(host, "" | "127.0.0.1" | "::1") { LOCAL.to_owned() } else { host.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_an_engine_is_in_its_address() {
        for (address, host) in [
            ("unix:///var/run/docker.sock", "localhost"),
            ("npipe:////./pipe/docker_engine", "localhost"),
            ("tcp://127.0.0.1:2375", "localhost"),
            ("tcp://node-1.example:2376", "node-1.example"),
            ("ssh://me@node-2", "node-2"),
            ("tcp://[fd00::1]:2375", "fd00::1"),
            ("", "localhost"),
        ] {
            assert_eq!(host_of(address), host, "{address}");
        }
    }

    #[test]
    fn an_engine_that_is_gone_is_told_from_one_that_refuses() {
        let failed = |stderr: &str| Output { stderr: stderr.into(), ..Output::default() };
        let gone = failed(
            "Cannot connect to the Docker daemon at tcp://127.0.0.1:2399. Is the docker daemon running?\n",
        );
        let error = succeeded(gone).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unreachable);
        assert_eq!(
            error.message,
            "the Docker engine does not answer: Cannot connect to the Docker daemon at tcp://127.0.0.1:2399"
        );
        let refused = succeeded(failed("Error response from daemon: no\n")).unwrap_err();
        assert_eq!((refused.kind, refused.message.as_str()), (ErrorKind::Refused, "Docker: no"));
    }
}
