//! The program `kubectl`, with the environment and the kubeconfig of the user.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::error::{Error, ErrorKind};
use crate::tool::{self, Output, PATIENCE, Running};

use super::model::{self, APPLC, INSTANCE, Object};

/// How long stopping and removing objects may take: pods have 30 seconds to end.
const REMOVAL: Duration = Duration::from_secs(600);

/// What kubectl says if the API server does not answer, or does not know the user.
const GONE: [&str; 16] = [
    "was refused - did you specify the right host or port",
    "Unable to connect to the server",
    "couldn't get current server API group list",
    "You must be logged in to the server",
    "no configuration has been provided",
    "context was not found",
    "does not exist\nerror: context",
    "net/http:",
    "connection refused",
    "connection reset by peer",
    "client connection lost",
    "i/o timeout",
    "context deadline exceeded",
    "unexpected EOF",
    ": EOF",
    "the server is currently unable to handle the request",
];

/// What [`Kubectl::apply`] does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It changes the objects.
    Real,
    /// The API server says what it would do.
    Dry,
}

/// Why an object was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The name of the object, if the message has it.
    pub name: Option<String>,
    /// The kind of the object in lower case, such as `service`; may be empty.
    pub kind: String,
    /// The API server's word for the reason, such as `Invalid`; may be empty.
    pub word: String,
    /// The message, without what names the object.
    pub reason: String,
}

impl Refusal {
    /// Whether it is about this object.
    pub fn is_about(&self, object: &Object) -> bool {
        self.name.as_deref() == Some(object.name())
            && self.kind.trim_end_matches('s') == object.kind().to_ascii_lowercase()
    }
}

/// kubectl.
#[derive(Debug, Clone)]
pub struct Kubectl;

impl Kubectl {
    /// kubectl for the current context of the user.
    ///
    /// # Errors
    /// It is not installed, or the API server does not answer.
    pub fn connect() -> Result<Kubectl, Error> {
        let kubectl = Kubectl;
        let version = kubectl.checked(&["get", "--raw", "/version"]);
        let is_strange = match &version {
            Ok(text) => !text.contains("gitVersion"),
            Err(error) => error.kind == ErrorKind::Refused,
        };
        // Without a cluster, kubectl asks whatever listens at `NOWHERE`, such as a web server.
        if is_strange && kubectl.knows_no_cluster() {
            return Err(nowhere());
        }
        version.map(|_| kubectl)
    }

    /// Whether there is no cluster in the configuration.
    fn knows_no_cluster(&self) -> bool {
        let clusters = self.checked(&["config", "view", "-o", "jsonpath={.clusters}"]);
        clusters.is_ok_and(|clusters| matches!(clusters.trim(), "" | "null" | "[]"))
    }

    /// Runs kubectl. The output may be that of a refusal.
    ///
    /// # Errors
    /// It is not installed, or the API server does not answer.
    pub fn run(&self, arguments: &[&str]) -> Result<Output, Error> {
        answered(tool::run(&mut command(arguments), PATIENCE)?)
    }

    /// Runs kubectl for a log, of which at most this number of last bytes are of use.
    ///
    /// # Errors
    /// It is not installed, or the API server does not answer.
    pub fn log(&self, arguments: &[&str], most: Option<usize>) -> Result<Output, Error> {
        answered(tool::run_last(&mut command(arguments), PATIENCE, most)?)
    }

    /// Runs kubectl, which must succeed.
    ///
    /// # Errors
    /// The API server does not answer or refuses.
    pub fn checked(&self, arguments: &[&str]) -> Result<String, Error> {
        succeeded(self.run(arguments)?)
    }

    /// Removes objects and waits until they are gone.
    ///
    /// # Errors
    /// The API server does not answer or refuses.
    pub fn delete(&self, arguments: &[&str]) -> Result<String, Error> {
        let mut command = unlimited(&["delete", "--ignore-not-found"]);
        command.args(arguments);
        succeeded(answered(tool::run(&mut command, REMOVAL)?)?)
    }

    /// The objects that a question returns.
    ///
    /// # Errors
    /// The API server does not answer or refuses.
    pub fn get(&self, arguments: &[&str]) -> Result<Vec<Object>, Error> {
        let mut all = vec!["get", "-o", "json"];
        all.extend(arguments);
        read(&self.checked(&all)?)
    }

    /// The objects at a path of the API: kubectl does not have to ask for kinds first.
    ///
    /// # Errors
    /// The API server does not answer or refuses.
    pub fn raw(&self, path: &str) -> Result<Vec<Object>, Error> {
        read(&self.checked(&["get", "--raw", path])?)
    }

    /// The objects of the files in a folder, as kubectl reads them.
    ///
    /// # Errors
    /// A file cannot be read, or the API server does not know a kind.
    pub fn objects(&self, folder: &Path) -> Result<Vec<Object>, Error> {
        let mut command =
            command(&["create", "--dry-run=client", "--validate=false", "-o", "json", "-f"]);
        command.arg(folder);
        read(&succeeded(answered(tool::run(&mut command, PATIENCE)?)?)?)
    }

    /// Those of some objects that exist, with the fields that each program manages.
    ///
    /// # Errors
    /// The API server does not answer or refuses.
    pub fn live<'a>(
        &self,
        objects: impl IntoIterator<Item = &'a Object>,
    ) -> Result<Vec<Object>, Error> {
        let arguments =
            ["get", "-o", "json", "--show-managed-fields", "--ignore-not-found", "-f", "-"];
        let input = model::list(objects);
        read(&succeeded(answered(
            Running::start_with(&mut command(&arguments), input)?.wait(PATIENCE)?,
        )?)?)
    }

    /// Hands objects over. Returns those that the API server has then, or why it does not take some; it
    /// takes the others nevertheless. What was changed by hand is set back.
    ///
    /// # Errors
    /// The API server does not answer, or the user lacks a right.
    pub fn apply<'a>(
        &self,
        objects: impl IntoIterator<Item = &'a Object>,
        manager: &str,
        mode: Mode,
    ) -> Result<Result<Vec<Object>, Vec<Refusal>>, Error> {
        let manager = format!("--field-manager={manager}");
        let mut arguments = vec!["apply", "--server-side", "--force-conflicts", &manager];
        if mode == Mode::Dry {
            arguments.push("--dry-run=server");
        }
        arguments.extend(["-o", "json", "-f", "-"]);
        let input = model::list(objects);
        let output =
            answered(Running::start_with(&mut command(&arguments), input)?.wait(PATIENCE)?)?;
        if output.success {
            return read(&output.stdout).map(Ok);
        }
        if let Some(error) = output.stderr.lines().find_map(forbidden) {
            return Err(error);
        }
        Ok(Err(refusals(&output.stderr)))
    }

    /// The namespace of the current context.
    pub fn namespace(&self) -> String {
        let arguments = ["config", "view", "--minify", "-o", "jsonpath={..namespace}"];
        let found = self.checked(&arguments).unwrap_or_default();
        if found.is_empty() { "default".to_owned() } else { found }
    }
}

/// kubectl that prints the label of the appliance when something has happened to one of its pods in a namespace, or
/// without one in the whole cluster.
pub fn watch(namespace: Option<&str>) -> Command {
    let label = INSTANCE.replace('.', "\\.");
    let output = format!("jsonpath={{.metadata.labels.{label}}}{{\"\\n\"}}");
    let mut watch = unlimited(&["get", "pods", "-l", INSTANCE, "--watch-only", "-o", &output]);
    match namespace {
        Some(namespace) => watch.args(["-n", namespace]),
        None => watch.arg("-A"),
    };
    watch
}

/// kubectl with these arguments, for a question or a change that does not wait.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = unlimited(&["--request-timeout=20s"]);
    command.args(arguments);
    command
}

/// kubectl with these arguments, for what may take long.
pub fn unlimited(arguments: &[&str]) -> Command {
    let mut command = Command::new("kubectl");
    command.args(arguments);
    command
}

/// The field manager of what a target wrote.
pub const MANAGER: &str = APPLC;

fn read(output: &str) -> Result<Vec<Object>, Error> {
    model::read(output).map_err(|error| {
        Error::new(ErrorKind::Refused, format!("cannot read the output of `kubectl`: {error}"))
    })
}

/// The output of a program whose API server answered.
pub fn answered(output: Output) -> Result<Output, Error> {
    if output.success || output.stderr.contains("Error from server (") {
        return Ok(output);
    }
    if GONE.iter().any(|gone| output.stderr.contains(gone)) {
        return Err(unreachable(output.complaint()));
    }
    Ok(output)
}

/// The standard output of a program that succeeded.
pub fn succeeded(output: Output) -> Result<String, Error> {
    if output.success {
        return Ok(output.stdout);
    }
    if let Some(error) = output.stderr.lines().find_map(forbidden) {
        return Err(error);
    }
    let reason = refusal(output.complaint()).reason;
    Err(Error::new(ErrorKind::Refused, format!("Kubernetes: {reason}")))
}

/// The address that kubectl asks if it knows no cluster.
const NOWHERE: &str = "localhost:8080";

fn nowhere() -> Error {
    Error::new(ErrorKind::Missing, "`kubectl` has no cluster in its configuration")
        .help("name a kubeconfig with `KUBECONFIG`")
}

fn unreachable(reason: &str) -> Error {
    if reason.contains(NOWHERE) {
        return nowhere();
    }
    let reason = reason.trim_start_matches("error: ");
    let reason = reason.split(" - did you specify").next().unwrap_or(reason);
    let reason = reason
        .strip_prefix("The connection")
        .map_or_else(|| reason.to_owned(), |rest| format!("the connection{rest}"));
    let reason = reason.strip_prefix("Unable to connect to the server: ").unwrap_or(&reason);
    Error::new(ErrorKind::Unreachable, format!("the Kubernetes API server does not answer: {reason}"))
        .help("check it with `kubectl cluster-info`, or choose another one with `kubectl config use-context` or `KUBECONFIG`")
}

/// The words between the first pair of quotation marks behind some words.
fn quoted<'a>(line: &'a str, before: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(before)?;
    rest.strip_prefix('"')?.split('"').next()
}

/// The error for a right that the user lacks, if a line is about one.
fn forbidden(line: &str) -> Option<Error> {
    let user = quoted(line, "User ")?;
    let verb = line.split_once("\" cannot ")?.1.split(' ').next()?;
    let resource = quoted(line, "resource ")?;
    let resource = match quoted(line, "in API group ") {
        None | Some("") => resource.to_owned(),
        Some(group) => format!("{resource}.{group}"),
    };
    let place = match quoted(line, "in the namespace ") {
        Some(namespace) => format!("in the namespace `{namespace}`"),
        None => "in the cluster".to_owned(),
    };
    let message = format!("Kubernetes: `{user}` may not {verb} `{resource}` {place}");
    Some(Error::new(ErrorKind::Refused, message).help(
        "ask an administrator of the cluster for this right; the documentation lists all that are required",
    ))
}

/// Whether an error is about a right that the user lacks.
pub fn is_forbidden(error: &Error) -> bool {
    error.kind == ErrorKind::Refused && error.message.contains(" may not ")
}

fn refusals(stderr: &str) -> Vec<Refusal> {
    let mut all: Vec<Refusal> = Vec::new();
    for line in stderr.lines().map(str::trim) {
        if let Some(reason) = line.strip_prefix("* ")
            && let Some(last) = all.last_mut()
        {
            // One of several reasons, each on a line of its own.
            if last.reason.is_empty() {
                last.reason = short(reason);
            }
        } else if ["Error from server", "error:", "The "]
            .iter()
            .any(|start| line.starts_with(start))
        {
            all.push(refusal(line));
        }
    }
    if all.is_empty() {
        let last = stderr.lines().map(str::trim).rfind(|line| !line.is_empty());
        all.push(refusal(last.unwrap_or("no reason given")));
    }
    all
}

/// A refusal: `Error from server (Invalid): Service "web" is invalid: spec.ports[0]...: ...`, or, if it is
/// the only one, `The Service "web" is invalid: ...`.
fn refusal(line: &str) -> Refusal {
    let line = line.trim_start_matches("error: ");
    let of_server =
        line.strip_prefix("Error from server (").and_then(|rest| rest.split_once("): "));
    let (word, rest) = match (of_server, line.strip_prefix("The ")) {
        (Some((word, rest)), _) => (word, rest),
        (None, Some(rest)) if rest.contains("\" is invalid:") => ("Invalid", rest),
        _ => ("", line.strip_prefix("Error from server: ").unwrap_or(line)),
    };
    // What kubectl was doing.
    let rest = match rest.strip_prefix("error when ").and_then(|rest| rest.split_once("\": ")) {
        Some((_, rest)) => rest,
        None => rest,
    };
    let (kind, behind) = rest.split_once(" \"").unwrap_or(("", rest));
    let named = behind.split_once("\" is ").filter(|_| !kind.contains(' ') && !kind.is_empty());
    let Some((name, reason)) = named else {
        let (name, kind) = (None, String::new());
        return Refusal { name, kind, word: word.to_owned(), reason: short(rest) };
    };
    let starts = ["invalid:", "forbidden:"];
    let reason = starts.iter().find_map(|start| reason.strip_prefix(start)).unwrap_or(reason);
    Refusal {
        name: Some(name.to_owned()),
        kind: kind.split('.').next().unwrap_or(kind).to_ascii_lowercase(),
        word: word.to_owned(),
        reason: short(reason),
    }
}

/// A message without the value that was refused, if that is a whole object.
fn short(reason: &str) -> String {
    let reason = reason.trim();
    match (reason.split_once(": Invalid value: "), reason.rsplit_once("}: ")) {
        (Some((path, rest)), Some((_, why))) if rest.contains('{') => format!("{path}: {why}"),
        _ => reason.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(stderr: &str) -> Output {
        Output { stderr: stderr.into(), ..Output::default() }
    }

    #[test]
    fn an_api_server_that_is_gone_is_told_from_one_that_refuses() {
        let gone = "E1127 11:19:55.287880 1 memcache.go:265] \"Unhandled Error\" err=\"couldn't get current server API group list\"\n\
            The connection to the server 127.0.0.1:9 was refused - did you specify the right host or port?\n";
        let error = answered(failed(gone)).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unreachable);
        assert_eq!(
            error.message,
            "the Kubernetes API server does not answer: the connection to the server 127.0.0.1:9 was refused"
        );
        let nowhere = "The connection to the server localhost:8080 was refused - did you specify the right host or port?";
        assert_eq!(answered(failed(nowhere)).unwrap_err().kind, ErrorKind::Missing);
        let unknown =
            answered(failed("error: You must be logged in to the server (Unauthorized)\n"));
        assert_eq!(
            unknown.unwrap_err().message,
            "the Kubernetes API server does not answer: You must be logged in to the server (Unauthorized)"
        );
        let refused = failed("Error from server (NotFound): namespaces \"nope\" not found\n");
        let error = succeeded(answered(refused).unwrap()).unwrap_err();
        assert_eq!(
            (error.kind, error.message.as_str()),
            (ErrorKind::Refused, "Kubernetes: namespaces \"nope\" not found")
        );
    }

    #[test]
    fn pods_tell_their_appliance_when_something_happens_to_them() {
        let output = r#"jsonpath={.metadata.labels.app\.kubernetes\.io/instance}{"\n"}"#;
        let pods = ["get", "pods", "-l", INSTANCE, "--watch-only", "-o", output];
        for (namespace, place) in [(Some("app"), &["-n", "app"][..]), (None, &["-A"])] {
            let watch = watch(namespace);
            let words: Vec<&str> = watch.get_args().filter_map(|word| word.to_str()).collect();
            assert_eq!(words, [&pods, place].concat());
        }
    }

    #[test]
    fn a_missing_right_is_named() {
        let line = "Error from server (Forbidden): roles.rbac.authorization.k8s.io \"w\" is forbidden: User \"bob\" cannot \
            patch resource \"roles\" in API group \"rbac.authorization.k8s.io\" in the namespace \"app\"";
        let error = succeeded(failed(line)).unwrap_err();
        assert!(is_forbidden(&error));
        assert_eq!(
            error.message,
            "Kubernetes: `bob` may not patch `roles.rbac.authorization.k8s.io` in the namespace `app`"
        );
        let line = "Error from server (Forbidden): pods is forbidden: User \"bob\" cannot list resource \"pods\" in API group \"\" at the cluster scope";
        let error = succeeded(failed(line)).unwrap_err();
        assert_eq!(error.message, "Kubernetes: `bob` may not list `pods` in the cluster");
    }

    #[test]
    fn a_refusal_names_its_object_and_its_reason_in_one_line() {
        let all = refusals(
            "Error from server (Invalid): Job.batch \"j\" is invalid: spec.template: Invalid value: {\"labels\":{\"a\":\"b\"}}: field is immutable\n\
             Error from server (Invalid): Service \"s2\" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated\n",
        );
        let found: Vec<_> = all
            .iter()
            .map(|one| (one.kind.as_str(), one.name.as_deref(), one.reason.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                ("job", Some("j"), "spec.template: field is immutable"),
                (
                    "service",
                    Some("s2"),
                    "spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated"
                ),
            ]
        );
        assert_eq!(refusals("something\n")[0].reason, "something");
        let one = refusals(
            "The Service \"two\" is invalid: \n* spec.ports[0].nodePort: Invalid value: 5: no\n* spec.ports[1]: b\n",
        );
        assert_eq!(
            (one[0].kind.as_str(), one[0].name.as_deref(), one[0].reason.as_str(), one.len()),
            ("service", Some("two"), "spec.ports[0].nodePort: Invalid value: 5: no", 1)
        );
    }
}
