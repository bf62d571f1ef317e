//! Custom targets: the commands that `[run]` of their `target.toml` lists.
//!
//! The folder of such a target is code. Nothing here is made by [`crate::engine()`], so that a program decides
//! whether it runs any.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use applc::plan::Plan;
use applc::targets::Target;
use applc::targets::custom::{CustomTarget, Run, Values, is_of_container};
use serde::{Deserialize, Serialize};

use crate::children::Started;
use crate::engine::{
    Desired, Engine, Failure, Handover, Known, LogOptions, Outlook, Progress, Removed, Step,
};
use crate::error::{Error, ErrorKind};
use crate::folder::Folder;
use crate::state::{Endpoint, Fault, FaultKind, Instance, Observed, State, Times};
use crate::tool;

/// A custom target, for one appliance.
pub struct Custom {
    kept: Kept,
    folder: Folder,
    /// Makes the stream for what commands print.
    printed: fn() -> Stdio,
    /// Whether the command that brings the appliance up runs: states are those of before until it ends.
    busy: Arc<AtomicBool>,
}

/// The commands as they are kept beside the output: what brought an appliance up also takes it down, whatever
/// becomes of the folder of the target.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    target: String,
    run: Run,
    values: Values,
    /// The names of the containers, by id.
    containers: BTreeMap<String, String>,
}

/// What a command for states prints as JSON.
#[derive(Deserialize)]
struct Printed {
    containers: Vec<PrintedContainer>,
}

#[derive(Deserialize)]
struct PrintedContainer {
    id: String,
    state: State,
    #[serde(default)]
    why: Option<String>,
    #[serde(default)]
    endpoints: Vec<Endpoint>,
}

impl Custom {
    /// A custom target with its `[run]`, for an appliance.
    ///
    /// # Errors
    /// A path cannot be made absolute.
    pub fn new(
        target: &CustomTarget,
        run: &Run,
        plan: &Plan,
        folder: &Folder,
        printed: fn() -> Stdio,
    ) -> Result<Custom, Error> {
        let absolute = |path: &Path| {
            let absolute = std::path::absolute(path);
            absolute.map_err(|cause| Error::file("find", path, &cause))
        };
        let (id, manifest) = (&plan.id.value, absolute(Path::new(target.source().name()))?);
        let values = Values {
            output: text(&absolute(&folder.output(id, target.name()))?),
            target: text(manifest.parent().unwrap_or(&manifest)),
            id: id.to_string(),
            name: target.clean(id),
        };
        let containers = plan.containers.iter().map(|one| &one.id.value);
        let kept = Kept {
            target: target.name().to_owned(),
            run: run.clone(),
            values,
            containers: containers.map(|id| (id.to_string(), target.clean(id))).collect(),
        };
        Ok(Custom { kept, folder: folder.clone(), printed, busy: Arc::default() })
    }

    /// The custom target that an appliance was brought up on. `None` if this machine knows of none.
    ///
    /// # Errors
    /// What is kept of it cannot be read.
    pub fn kept(
        folder: &Folder,
        id: &str,
        target: &str,
        printed: fn() -> Stdio,
    ) -> Result<Option<Custom>, Error> {
        let path = commands(folder, id, target);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(Error::file("read", &path, &cause)),
        };
        let kept: Kept = serde_json::from_str(&text)
            .map_err(|cause| Error::file("read", &path, &cause.into()))?;
        Ok(Some(Custom { kept, folder: folder.clone(), printed, busy: Arc::default() }))
    }

    fn id(&self) -> &str {
        &self.kept.values.id
    }

    /// Whether the appliance was brought up, and not taken down since.
    fn is_up(&self) -> bool {
        commands(&self.folder, self.id(), &self.kept.target).exists()
    }

    /// A command with its words filled in, and how it is shown.
    fn command(&self, words: &[String], container: &str) -> (Command, String) {
        let words = self.kept.values.apply(words, container);
        let shown = words.join(" ");
        let mut words = words.into_iter();
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).current_dir(&self.kept.values.output).stdin(Stdio::null());
        (command, shown)
    }

    /// The states that the command for them prints. A command that cannot tell them is no error, so that the
    /// appliance can still be taken down.
    fn states(&self) -> Vec<Instance> {
        let of_all = |state, why: Option<String>, fault: Option<Fault>| {
            let one = |id: &String| Instance {
                why: why.clone(),
                fault: fault.clone(),
                ..instance(id, state, 0)
            };
            self.kept.containers.keys().map(one).collect()
        };
        let status = self.kept.run.status.as_ref().filter(|_| self.kept.run.is_json);
        let Some(status) = status.filter(|_| !self.busy.load(Ordering::Relaxed)) else {
            return of_all(State::Submitted, None, None);
        };
        let (mut command, shown) = self.command(status, "");
        let read = match tool::run(&mut command, tool::PATIENCE) {
            Ok(output) if output.success => read(&output.stdout)
                .map_err(|cause| format!("`{shown}` does not print states as JSON: {cause}")),
            // It may still get to know them.
            Ok(output) => {
                let why = format!("`{shown}` fails: {}", output.complaint());
                return of_all(State::Submitted, Some(why), None);
            }
            Err(error) => Err(error.message),
        };
        read.unwrap_or_else(|reason| {
            let fault = Fault { kind: FaultKind::Start, reason: reason.clone() };
            of_all(State::Failed, Some(reason), Some(fault))
        })
    }
}

/// Where the commands of an appliance are kept.
fn commands(folder: &Folder, id: &str, target: &str) -> PathBuf {
    folder.output(id, target).with_file_name("run.json")
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// An instance of which only the state is known: the one with this number of its container.
fn instance(container: &str, state: State, number: usize) -> Instance {
    let name = match number {
        0 => container.to_owned(),
        number => format!("{container}[{number}]"),
    };
    Instance {
        container: container.to_owned(),
        name,
        state,
        why: None,
        start: String::new(),
        restarts: 0,
        often: false,
        // What a command calls running is taken to be so.
        checked: true,
        fault: None,
        times: Times::default(),
        endpoints: Vec::new(),
        on_host: None,
    }
}

/// Runs a command to its end.
fn run(mut command: Command, shown: &str) -> Result<(), Error> {
    let program = text(Path::new(command.get_program()));
    let child = Started::spawn(&mut command).map_err(|cause| tool::missing(&program, &cause))?;
    loop {
        let how = match child.try_wait() {
            Ok(None) => {
                thread::sleep(tool::LOOK);
                continue;
            }
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => ended(status),
            Err(cause) => cause.to_string(),
        };
        return Err(Error::new(ErrorKind::Refused, format!("`{shown}` ended with {how}")));
    }
}

fn ended(status: std::process::ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exit status {code}"),
        None => "a signal".to_owned(),
    }
}

impl Engine for Custom {
    fn target(&self) -> &str {
        &self.kept.target
    }

    fn tells_states(&self) -> bool {
        self.kept.run.is_json
    }

    fn report(&self, _: &str) -> Result<Option<String>, Error> {
        let Some(status) = self.kept.run.status.as_ref().filter(|_| !self.kept.run.is_json) else {
            return Ok(None);
        };
        let (mut command, shown) = self.command(status, "");
        let output = tool::run(&mut command, tool::PATIENCE)?;
        if output.success { Ok(Some(output.stdout)) } else { Err(fails(&shown, &output)) }
    }

    fn outlook(&self, _: &Desired<'_>) -> Result<Outlook, Error> {
        Err(self.cannot("what would change is not known"))
    }

    fn apply(&self, desired: &Desired<'_>) -> Result<Box<dyn Handover>, Error> {
        let path = commands(&self.folder, desired.id(), &self.kept.target);
        let kept = serde_json::to_string_pretty(&self.kept).unwrap_or_default();
        fs::write(&path, kept).map_err(|cause| Error::file("write", &path, &cause))?;
        let (mut command, shown) = self.command(&self.kept.run.up, "");
        let program = text(Path::new(command.get_program()));
        let started = Started::spawn(command.stdout((self.printed)()).stderr((self.printed)()));
        let child = started.map_err(|cause| tool::missing(&program, &cause))?;
        self.busy.store(true, Ordering::Relaxed);
        Ok(Box::new(Brought { child, shown, busy: Arc::clone(&self.busy) }))
    }

    fn observe(&self, id: &str) -> Result<Observed, Error> {
        if id != self.id() || !self.is_up() {
            return Ok(Observed::default());
        }
        let mut instances = self.states();
        instances.sort_by(|one, other| {
            (&one.container, &one.name).cmp(&(&other.container, &other.name))
        });
        Ok(Observed { instances })
    }

    fn pause(&self, _: &str, limit: Duration) {
        thread::sleep(limit);
    }

    fn logs(
        &self,
        instances: &[String],
        options: LogOptions,
        out: &mut (dyn Write + Send),
    ) -> Result<(), Error> {
        let Some(logs) = &self.kept.run.logs else {
            return Err(self.cannot("logs cannot be shown"));
        };
        if options.follow {
            return Err(self.cannot("logs cannot be followed"));
        }
        // Instances of one container have one command, and a command that is not about containers prints all.
        let mut containers: Vec<&str> =
            instances.iter().filter_map(|name| name.split('[').next()).collect();
        containers.sort();
        containers.dedup();
        containers.truncate(if is_of_container(logs) { containers.len() } else { 1 });
        for container in containers {
            let (mut command, shown) = self.command(
                logs,
                self.kept.containers.get(container).map_or(container, String::as_str),
            );
            let output = tool::run_last(&mut command, tool::PATIENCE, options.most)?;
            if !output.success {
                return Err(fails(&shown, &output));
            }
            let lines: Vec<&str> = output.stdout.lines().chain(output.stderr.lines()).collect();
            let skipped = options.tail.map_or(0, |tail| lines.len().saturating_sub(tail as usize));
            for line in lines.into_iter().skip(skipped) {
                match writeln!(out, "{line}") {
                    Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                    Err(cause) => {
                        let message = format!("the log cannot be written: {cause}");
                        return Err(Error::new(ErrorKind::Output, message));
                    }
                    Ok(()) => {}
                }
            }
        }
        Ok(())
    }

    fn remove(&self, id: &str, purge: bool) -> Result<Removed, Error> {
        if id != self.id() || !self.is_up() {
            return Ok(Removed::default());
        }
        if purge {
            return Err(self.cannot("volumes cannot be removed").help(format!(
                "take `{id}` down without `--purge`, and remove them with the platform's own tool"
            )));
        }
        let removed = self.kept.containers.len();
        let (mut command, shown) = self.command(&self.kept.run.down, "");
        command.stdout((self.printed)()).stderr((self.printed)());
        run(command, &shown)?;
        Ok(Removed { instances: removed, volumes: Vec::new() })
    }

    fn list(&self) -> Result<Vec<Known>, Error> {
        Ok(vec![Known { id: self.id().to_owned(), observed: self.observe(self.id())? }])
    }
}

/// The error for a command that fails.
fn fails(shown: &str, output: &tool::Output) -> Error {
    Error::new(ErrorKind::Refused, format!("`{shown}` fails: {}", output.complaint()))
}

/// Reads what a command for states printed.
fn read(printed: &str) -> Result<Vec<Instance>, serde_json::Error> {
    let printed: Printed = serde_json::from_str(printed)?;
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    let of = |one: PrintedContainer| {
        let number = numbers.entry(one.id.clone()).or_default();
        let fault = (one.state == State::Failed).then(|| Fault {
            kind: FaultKind::Start,
            reason: one.why.clone().unwrap_or_else(|| "no reason given".to_owned()),
        });
        let plain = instance(&one.id, one.state, *number);
        *number += 1;
        Instance { why: one.why, fault, endpoints: one.endpoints, ..plain }
    };
    Ok(printed.containers.into_iter().map(of).collect())
}

/// A command that brings an appliance up. It is ended when this is dropped.
struct Brought {
    child: Started,
    shown: String,
    busy: Arc<AtomicBool>,
}

impl Handover for Brought {
    fn poll(&mut self, _: &mut dyn FnMut(Progress)) -> Result<Step, Error> {
        let status = match self.child.try_wait() {
            Ok(None) => return Ok(Step::Working),
            Ok(Some(status)) if status.success() => {
                self.busy.store(false, Ordering::Relaxed);
                return Ok(Step::Done);
            }
            Ok(Some(status)) => ended(status),
            Err(cause) => cause.to_string(),
        };
        self.busy.store(false, Ordering::Relaxed);
        let reason = format!("`{}` ended with {status}", self.shown);
        let fault = Fault { kind: FaultKind::Start, reason };
        Ok(Step::Failed(Failure { container: None, instance: None, fault }))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use applc::analysis::Analysis;
    use applc::source::Source;

    use super::*;
    use crate::up::{Outcome, up};

    const APPLIANCE: &str = r#"{"id": "app", "containers": [
      {"id": "Web", "type": "service", "image": "a:1", "resources": {"cpus": 1, "mem": 64}, "instances": 2},
      {"id": "db", "type": "service", "image": "a:1", "resources": {"cpus": 1, "mem": 64}}]}"#;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    /// The target in a state folder. Its commands are shell scripts, which run in the folder of the output.
    fn custom(root: &Path, up: &str, status: &str) -> Custom {
        let folder = Folder::at(root);
        let output = folder.output("app", "mine");
        fs::create_dir_all(&output).unwrap();
        let shell = |script: &str| words(&["/bin/sh", "-c", script, "x", "{container}"]);
        let run = Run {
            up: shell(up),
            down: shell("exit 3"),
            status: Some(shell(status)),
            is_json: true,
            logs: Some(shell("echo $1 1; echo $1 2; echo $1 3 >&2")),
        };
        let values = Values {
            output: text(&output),
            target: "/mine".into(),
            id: "app".into(),
            name: "app".into(),
        };
        let containers = [("Web", "web"), ("db", "db")];
        let kept = Kept {
            target: "mine".into(),
            run,
            values,
            containers: containers.map(|(id, name)| (id.to_owned(), name.to_owned())).into(),
        };
        Custom { kept, folder, printed: Stdio::null, busy: Arc::default() }
    }

    fn bring_up(custom: &Custom) -> Outcome {
        let plan = Analysis::of(&Source::new("app.json", APPLIANCE)).plan.unwrap();
        let files = custom.folder.output("app", "mine");
        up(custom, &Desired { plan: &plan, files: &files }, false, &mut |_| {}).unwrap()
    }

    fn cause(outcome: Outcome) -> (Option<usize>, String) {
        match outcome {
            Outcome::Failed(cause, _) => (cause.container, cause.fault.reason),
            Outcome::Up(observed) => panic!("{observed:?}"),
        }
    }

    const ALL_RUN: &str = r#"echo '{"containers": [{"id": "Web", "state": "running"},
      {"id": "Web", "state": "running"}, {"id": "db", "state": "running"}]}'"#;

    #[test]
    fn an_appliance_is_up_when_all_instances_run() {
        let root = tempfile::tempdir().unwrap();
        // At the first question, one instance is missing.
        let status = format!(
            "if test -e asked; then {ALL_RUN}; else touch asked; \
             echo '{{\"containers\": [{{\"id\": \"db\", \"state\": \"running\"}}]}}'; fi"
        );
        let custom = custom(root.path(), "touch up", &status);
        let Outcome::Up(observed) = bring_up(&custom) else { panic!("not up") };
        let names: Vec<&str> = observed.instances.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["Web", "Web[1]", "db"]);
        assert!(custom.folder.output("app", "mine").join("asked").exists());
        // Others find it by what is kept.
        let again = Custom::kept(&custom.folder, "app", "mine", Stdio::null).unwrap().unwrap();
        assert_eq!(again.observe("app").unwrap(), observed);
        assert!(Custom::kept(&custom.folder, "App", "mine", Stdio::null).unwrap().is_none());
    }

    #[test]
    fn the_command_or_a_container_that_fails_is_the_cause() {
        let root = tempfile::tempdir().unwrap();
        let failed = cause(bring_up(&custom(root.path(), "exit 7", ALL_RUN)));
        assert_eq!(failed.0, None);
        assert!(failed.1.ends_with("ended with exit status 7"), "{}", failed.1);
        let status =
            r#"echo '{"containers": [{"id": "db", "state": "failed", "why": "no space"}]}'"#;
        let failing = custom(root.path(), "true", status);
        assert_eq!(cause(bring_up(&failing)), (Some(1), "no space".to_owned()));
        // Also if it failed before.
        assert_eq!(cause(bring_up(&failing)), (Some(1), "no space".to_owned()));
        let garbled = cause(bring_up(&custom(root.path(), "true", "echo up")));
        assert!(
            garbled.1.contains("does not print states as JSON: expected value"),
            "{}",
            garbled.1
        );
    }

    #[test]
    fn states_that_the_command_does_not_tell_yet_are_not_known() {
        let root = tempfile::tempdir().unwrap();
        let custom = custom(root.path(), "true", "echo no stack >&2; exit 1");
        assert_eq!(custom.observe("app").unwrap(), Observed::default(), "it was not brought up");
        fs::write(commands(&custom.folder, "app", "mine"), "").unwrap();
        let observed = custom.observe("app").unwrap();
        assert_eq!(observed.instances.len(), 2);
        for one in observed.instances {
            assert_eq!((one.state, &one.fault), (State::Submitted, &None));
            assert!(one.why.is_some_and(|why| why.ends_with("fails: no stack")));
        }
    }

    #[test]
    fn logs_are_those_of_containers_by_their_names() {
        let root = tempfile::tempdir().unwrap();
        let custom = custom(root.path(), "true", ALL_RUN);
        let logs = |follow, tail| {
            let mut out = Vec::new();
            let instances = words(&["Web", "Web[1]", "db"]);
            custom.logs(&instances, LogOptions { follow, tail, most: None }, &mut out)?;
            Ok::<_, Error>(String::from_utf8(out).unwrap())
        };
        assert_eq!(logs(false, Some(2)).unwrap(), "web 2\nweb 3\ndb 2\ndb 3\n");
        assert_eq!(logs(true, None).unwrap_err().kind, ErrorKind::Unsupported);
    }

    #[test]
    fn what_cannot_be_taken_down_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        let custom = custom(root.path(), "true", ALL_RUN);
        assert_eq!(custom.remove("app", false).unwrap(), Removed::default());
        assert!(matches!(bring_up(&custom), Outcome::Up(_)));
        let purged = custom.remove("app", true).unwrap_err();
        assert_eq!(purged.kind, ErrorKind::Unsupported);
        let error = custom.remove("app", false).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Refused);
        assert!(error.message.ends_with("ended with exit status 3"), "{error}");
    }
}
