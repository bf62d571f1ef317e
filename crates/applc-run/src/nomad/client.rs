//! The program `nomad`, with the settings of its user: address, token, namespace, certificates.
//!
//! `nomad operator api` sends requests to the HTTP API as all other commands of the program do. It tells
//! the status of an answer only with `-verbose`.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Error, ErrorKind};
use crate::tool::{self, Output, PATIENCE, Running};

/// The program.
const NOMAD: &str = "nomad";

/// The variable with the address of the agent.
const ADDRESS: &str = "NOMAD_ADDR";

/// How long creating or deleting a volume may take.
const VOLUME: Duration = Duration::from_secs(120);

/// What stands before the status line of an answer.
const STATUS: &str = "< HTTP/";

/// What stands before the index of the state that an answer tells.
const INDEX: &str = "< X-Nomad-Index: ";

/// Words of answers of an agent that reaches no server.
const NO_SERVER: [&str; 4] =
    ["No cluster leader", "No path to region", "rpc error: failed to get conn", "no servers"];

/// The agent of the user.
#[derive(Debug, Clone)]
pub struct Nomad {
    /// The namespace that the user has chosen, or `*`.
    namespace: String,
}

impl Nomad {
    /// The agent that the user's environment names.
    ///
    /// # Errors
    /// `nomad` is not installed, or no agent or server answers.
    pub fn connect() -> Result<Nomad, Error> {
        let chosen = std::env::var("NOMAD_NAMESPACE").ok().filter(|name| !name.is_empty());
        let nomad = Nomad { namespace: chosen.unwrap_or_else(|| "*".to_owned()) };
        let leader: Option<String> =
            nomad.get("/v1/status/leader", "ask for the leader").map_err(absent)?;
        match leader.as_deref() {
            None | Some("") => Err(unreachable("its servers have no leader")),
            Some(_) => Ok(nomad),
        }
    }

    /// The namespace that the user has chosen; `*` for all.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The answer to a GET request. `None` if there is no such thing. `what` is what the user must be
    /// allowed to do.
    ///
    /// # Errors
    /// The agent does not answer or refuses.
    pub fn get<T: DeserializeOwned>(&self, path: &str, what: &str) -> Result<Option<T>, Error> {
        let output = tool::run(&mut api(&["-verbose", path]), PATIENCE)?;
        read(answer(output, what)?, path)
    }

    /// The answer to a GET request, and the index of the state that it tells: a later request can wait until
    /// there is another one.
    ///
    /// # Errors
    /// The agent does not answer or refuses.
    pub fn get_with_index<T: DeserializeOwned>(
        &self,
        path: &str,
        what: &str,
    ) -> Result<(Option<T>, Option<u64>), Error> {
        let output = tool::run(&mut api(&["-verbose", path]), PATIENCE)?;
        let index = output.stderr.lines().find_map(|line| line.strip_prefix(INDEX));
        let index = index.and_then(|index| index.trim().parse().ok());
        Ok((read(answer(output, what)?, path)?, index))
    }

    /// The answer to a request with a document. `None` if there is no such thing.
    ///
    /// # Errors
    /// The agent does not answer or refuses.
    pub fn send<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: &impl Serialize,
        what: &str,
    ) -> Result<Option<T>, Error> {
        let text = serde_json::to_string(body).unwrap_or_default();
        let mut command = api(&["-verbose", "-X", method, path]);
        let output = Running::start_with(&mut command, text)?.wait(PATIENCE)?;
        read(answer(output, what)?, path)
    }

    /// Deletes something. `false` if there is no such thing.
    ///
    /// # Errors
    /// The agent does not answer or refuses.
    pub fn delete(&self, path: &str, what: &str) -> Result<bool, Error> {
        let output = tool::run(&mut api(&["-verbose", "-X", "DELETE", path]), PATIENCE)?;
        Ok(answer(output, what)?.is_some())
    }

    /// The job of a job file, as the API takes it. Its expressions are evaluated here, as `nomad job run`
    /// does.
    ///
    /// # Errors
    /// Nomad cannot read the file.
    pub fn job(&self, file: &Path) -> Result<Value, Error> {
        let mut command = Command::new(NOMAD);
        command.args(["job", "run", "-output"]).arg(file);
        let output = tool::run(&mut command, PATIENCE)?;
        if !output.success {
            return Err(refused(&one_line(&output.stderr)));
        }
        let path = "nomad job run -output";
        let mut whole: Value = parsed(&output.stdout, path)?;
        Ok(whole.get_mut("Job").map(Value::take).unwrap_or_default())
    }

    /// Starts to create the volume of a file.
    ///
    /// # Errors
    /// The program cannot be started.
    pub fn create_volume(&self, file: &Path) -> Result<Running, Error> {
        Running::start(Command::new(NOMAD).args(["volume", "create"]).arg(file))
    }

    /// Deletes a volume of a kind, with all data in it.
    ///
    /// # Errors
    /// The agent does not answer, or refuses.
    pub fn delete_volume(&self, kind: &str, id: &str, namespace: &str) -> Result<(), Error> {
        let mut command = Command::new(NOMAD);
        command.args(["volume", "delete", "-type", kind]);
        command.arg(format!("-namespace={namespace}")).arg(id);
        let output = tool::run(&mut command, VOLUME)?;
        if output.success { Ok(()) } else { Err(complaint(&output)) }
    }

    /// The command that prints a stream of the log of a task.
    pub fn log(&self, allocation: &str, namespace: &str, task: &str, options: &[&str]) -> Command {
        let mut command = Command::new(NOMAD);
        command.args(["alloc", "logs"]).arg(format!("-namespace={namespace}"));
        command.args(options).args([allocation, task]);
        command
    }
}

fn api(arguments: &[&str]) -> Command {
    let mut command = Command::new(NOMAD);
    command.args(["operator", "api"]).args(arguments);
    command
}

/// The body of an answer. `None` if there is no such thing.
fn answer(output: Output, what: &str) -> Result<Option<String>, Error> {
    if !output.success {
        return Err(complaint(&output));
    }
    let status = output.stderr.lines().find_map(|line| line.strip_prefix(STATUS));
    let code = status.and_then(|line| line.split_whitespace().nth(1)).unwrap_or_default();
    if code.starts_with('2') {
        return Ok(Some(output.stdout));
    }
    let body = one_line(&output.stdout);
    match code {
        "404" => Ok(None),
        "401" | "403" => Err(forbidden(what, &body)),
        _ if NO_SERVER.iter().any(|words| body.contains(words)) => Err(unreachable(&body)),
        _ => Err(refused(&body)),
    }
}

fn read<T: DeserializeOwned>(body: Option<String>, path: &str) -> Result<Option<T>, Error> {
    body.map(|body| parsed(&body, path)).transpose()
}

fn parsed<T: DeserializeOwned>(text: &str, path: &str) -> Result<T, Error> {
    let path = path.split('?').next().unwrap_or(path);
    serde_json::from_str(text).map_err(|error| {
        let message = format!("cannot read Nomad's answer to `{path}`: {error}");
        Error::new(ErrorKind::Refused, message)
    })
}

/// The error of a command that failed.
pub fn complaint(output: &Output) -> Error {
    // Without what `-verbose` tells about the request.
    let told = |line: &&str| !line.starts_with(['>', '<', '*']);
    let text = one_line(&output.stderr.lines().filter(told).collect::<Vec<_>>().join("\n"));
    let failed = ["Error performing request: ", "Error making request: "];
    let request = failed.iter().find_map(|words| text.strip_prefix(words));
    if let Some(reason) = request {
        return unreachable(after_request(reason));
    }
    if ["connection refused", "no such host", "i/o timeout"].iter().any(|gone| text.contains(gone))
    {
        return unreachable(&text);
    }
    if text.contains("Permission denied") || text.contains("ACL token not found") {
        return forbidden("do that", &text);
    }
    refused(&text)
}

/// The reason of a request that failed: without the method and the address of the request.
fn after_request(reason: &str) -> &str {
    let address = reason.split_once(" \"").and_then(|(_, rest)| rest.split_once("\": "));
    address.map_or(reason, |(_, rest)| rest)
}

/// The error if no agent answers.
fn unreachable(reason: &str) -> Error {
    Error::new(ErrorKind::Unreachable, format!("the Nomad agent does not answer: {reason}")).help(
        "start it, or choose another one with `NOMAD_ADDR`, and with `NOMAD_CACERT` for TLS of your own",
    )
}

/// The error for an agent that the user has not chosen, but that would be found at the usual address.
fn absent(error: Error) -> Error {
    let is_chosen = std::env::var_os(ADDRESS).is_some_and(|address| !address.is_empty());
    match error.kind {
        ErrorKind::Unreachable if !is_chosen => Error { kind: ErrorKind::Missing, ..error },
        _ => error,
    }
}

fn forbidden(what: &str, reason: &str) -> Error {
    Error::new(ErrorKind::Refused, format!("Nomad does not allow to {what}: {reason}"))
        .help("choose another token with `NOMAD_TOKEN`")
}

/// The error if Nomad refuses a request.
pub fn refused(reason: &str) -> Error {
    Error::new(ErrorKind::Refused, format!("Nomad: {reason}"))
}

/// Whether Nomad refuses something that the token of the user does not allow.
pub fn is_forbidden(error: &Error) -> bool {
    error.kind == ErrorKind::Refused && error.message.starts_with("Nomad does not allow to ")
}

/// Text as one line.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A part of a path or query, in which only letters, digits and a few other characters stay.
pub fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: &str, body: &str) -> Result<Option<String>, Error> {
        let stderr = format!("> GET /v1/jobs HTTP/1.1\n>\n< HTTP/1.1 {status}\n< Date: now\n");
        answer(Output { success: true, stdout: body.to_owned(), stderr }, "read jobs")
    }

    #[test]
    fn an_answer_is_told_from_a_refusal_by_its_status() {
        assert_eq!(answered("200 OK", "[]"), Ok(Some("[]".to_owned())));
        assert_eq!(answered("404 Not Found", "job not found"), Ok(None));
        let refused = answered("500 Internal Server Error", "1 error occurred:\n\t* no\n");
        assert_eq!(refused.unwrap_err().message, "Nomad: 1 error occurred: * no");
        let gone = answered("500 Internal Server Error", "No cluster leader").unwrap_err();
        assert_eq!(gone.kind, ErrorKind::Unreachable);
        let forbidden = answered("403 Forbidden", "Permission denied").unwrap_err();
        assert!(is_forbidden(&forbidden));
        assert_eq!(forbidden.message, "Nomad does not allow to read jobs: Permission denied");
    }

    #[test]
    fn an_agent_that_does_not_answer_is_told_with_the_reason() {
        let stderr = "> GET /v1/jobs HTTP/1.1\n>\n* Sending request and receiving response...\nError performing request: Get \"http://127.0.0.1:9/v1/jobs\": dial tcp 127.0.0.1:9: connect: connection refused\n";
        let error = answer(Output { stderr: stderr.to_owned(), ..Output::default() }, "read jobs");
        let error = error.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unreachable);
        assert_eq!(
            error.message,
            "the Nomad agent does not answer: dial tcp 127.0.0.1:9: connect: connection refused"
        );
    }

    #[test]
    fn parts_of_paths_are_encoded() {
        assert_eq!(encoded("app.job/periodic-1"), "app.job%2Fperiodic-1");
        assert_eq!(encoded("^app(\\..*)?$"), "%5Eapp%28%5C..%2A%29%3F%24");
    }
}
