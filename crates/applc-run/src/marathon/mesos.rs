//! The machines of a cluster, and the logs of tasks, which agents of Mesos have in files.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::engine::{Host, LogOptions};
use crate::error::{Error, ErrorKind};
use crate::last::Last;

use super::http::{Server, encoded};
use super::shared::Shared;

/// Number of bytes that are read of a file at a time.
const PAGE: u64 = 64 * 1024;

/// Time between two looks at logs that are followed.
const LOOK: Duration = Duration::from_secs(1);

/// The streams of a task, each a file.
const STREAMS: [&str; 2] = ["stdout", "stderr"];

#[derive(Deserialize)]
struct Agents {
    #[serde(default)]
    slaves: Vec<Agent>,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Agent {
    id: String,
    /// `slave(1)@10.0.0.1:5051`.
    pid: String,
    hostname: String,
    active: bool,
    resources: Resources,
    attributes: BTreeMap<String, Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Resources {
    cpus: f64,
    mem: f64,
}

/// The state of an agent.
#[derive(Default, Deserialize)]
#[serde(default)]
struct AgentState {
    frameworks: Vec<Framework>,
    completed_frameworks: Vec<Framework>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Framework {
    executors: Vec<Executor>,
    completed_executors: Vec<Executor>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Executor {
    id: String,
    directory: String,
}

#[derive(Deserialize)]
struct Page {
    data: String,
    offset: u64,
}

impl Agent {
    /// Its address, with the port.
    fn address(&self) -> Option<&str> {
        self.pid.split_once('@').map(|(_, address)| address)
    }
}

/// The agents of a cluster.
///
/// # Errors
/// The master does not answer.
pub fn hosts(master: &Server) -> Result<Vec<Host>, Error> {
    let agents: Agents = master.get("/slaves")?;
    let host = |agent: Agent| {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let attributes = agent.attributes.iter().map(|(name, value)| (name.clone(), text(value)));
        Host {
            address: agent
                .address()
                .and_then(|at| at.rsplit_once(':'))
                .map(|(ip, _)| ip.to_owned()),
            attributes: attributes.collect(),
            name: agent.hostname,
            cpus: agent.resources.cpus,
            memory: agent.resources.mem as u64,
            is_ready: agent.active,
        }
    };
    let mut hosts: Vec<Host> = agents.slaves.into_iter().map(host).collect();
    hosts.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(hosts)
}

/// A file of a task on an agent.
struct File {
    agent: Server,
    path: String,
    prefix: String,
    offset: u64,
    /// The end of what was read, if it is no whole line yet.
    rest: String,
}

/// Writes the logs of tasks. Mesos keeps no times, so the two streams of a task follow each other.
///
/// # Errors
/// Mesos does not answer, a task is not known, or `out` cannot be written.
pub fn logs(
    shared: &Shared,
    names: &[String],
    options: LogOptions,
    out: &mut (dyn Write + Send),
) -> Result<(), Error> {
    let mut files = Vec::new();
    for (name, agent, task) in tasks(shared, names)? {
        let agent = agent.map_err(|why| {
            Error::new(ErrorKind::Unsupported, format!("the log of `{name}` is not reached: {why}"))
                .help("read it on the page of Mesos")
        })?;
        let folder = folder(&agent, &task)?;
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let prefix = if names.len() > 1 { format!("{name:width$} | ") } else { String::new() };
        for stream in STREAMS {
            files.push(File {
                agent: agent.clone(),
                path: format!("{folder}/{stream}"),
                prefix: prefix.clone(),
                offset: 0,
                rest: String::new(),
            });
        }
    }
    // The log of what has ended ends too.
    let goes_on = || -> Result<bool, Error> {
        let apps = shared.apps(None)?;
        let mut tasks = apps.iter().flat_map(|found| &found.app.tasks);
        Ok(tasks.any(|task| names.contains(&task.id)))
    };
    match pass_on(&mut files, options, out, goes_on)? {
        Err(cause) if cause.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::new(ErrorKind::Output, format!("the log cannot be written: {cause}")))
        }
        _ => Ok(()),
    }
}

/// Writes what is in files and, to follow them, what is added.
fn pass_on(
    files: &mut [File],
    options: LogOptions,
    out: &mut (dyn Write + Send),
    goes_on: impl Fn() -> Result<bool, Error>,
) -> Result<io::Result<()>, Error> {
    for file in files.iter_mut() {
        // The file may be long.
        let mut kept = Last::new(options.most.filter(|_| !options.follow).unwrap_or(usize::MAX));
        let mut keep = |line: &str| drop(writeln!(kept, "{line}"));
        file.read(&mut keep)?;
        if !options.follow && !file.rest.is_empty() {
            keep(&std::mem::take(&mut file.rest));
        }
        let kept = String::from_utf8_lossy(&kept.end()).into_owned();
        let lines: Vec<String> = kept.lines().map(str::to_owned).collect();
        let skipped = options.tail.map_or(0, |tail| lines.len().saturating_sub(tail as usize));
        if let Err(cause) = write(out, &file.prefix, lines.into_iter().skip(skipped)) {
            return Ok(Err(cause));
        }
    }
    while options.follow && goes_on()? {
        thread::sleep(LOOK);
        for file in files.iter_mut() {
            let mut lines = Vec::new();
            file.read(|line| lines.push(line.to_owned()))?;
            if let Err(cause) = write(out, &file.prefix, lines.into_iter()) {
                return Ok(Err(cause));
            }
        }
    }
    Ok(Ok(()))
}

fn write(
    out: &mut (dyn Write + Send),
    prefix: &str,
    mut lines: impl Iterator<Item = String>,
) -> io::Result<()> {
    lines.try_for_each(|line| writeln!(out, "{prefix}{line}"))?;
    out.flush()
}

impl File {
    /// Reads what was added, and tells each whole line.
    fn read(&mut self, mut tell: impl FnMut(&str)) -> Result<(), Error> {
        loop {
            let path = format!(
                "/files/read?path={}&offset={}&length={PAGE}",
                encoded(&self.path),
                self.offset
            );
            // A file that is gone has no more lines.
            let Some(page) = self.agent.find::<Page>(&path)? else { return Ok(()) };
            if page.data.is_empty() {
                return Ok(());
            }
            // A character that is cut at the end of a page counts more bytes than it has.
            self.offset = page.offset + PAGE.min(page.data.len() as u64);
            self.rest.push_str(&page.data);
            while let Some((line, rest)) = self.rest.split_once('\n') {
                tell(line);
                self.rest = rest.to_owned();
            }
        }
    }
}

/// For each name that has a log: the name, the agent or why it is not reached, and the task. The name of an
/// app stands for the last of its tasks that failed.
type Tasks = Vec<(String, Result<Server, String>, String)>;

fn tasks(shared: &Shared, names: &[String]) -> Result<Tasks, Error> {
    let mut found: Vec<(String, Option<String>, String)> = Vec::new();
    for app in shared.apps(None)? {
        for task in &app.app.tasks {
            if names.contains(&task.id) {
                found.push((task.id.clone(), task.slave_id.clone(), task.id.clone()));
            }
        }
        if let Some(failure) = app.app.last_task_failure.filter(|_| names.contains(&app.app.id)) {
            found.push((app.app.id, failure.slave_id, failure.task_id));
        }
    }
    let is_found = |name: &&String| found.iter().any(|(of, _, _)| of == *name);
    let is_job = |name: &&String| !name.starts_with('/') && super::chronos::ids(name).is_some();
    if found.is_empty()
        && let Some(name) = names.iter().find(|name| !is_found(name) && is_job(name))
    {
        let message = format!("the log of the job `{name}` is not known to Chronos");
        return Err(
            Error::new(ErrorKind::Unsupported, message).help("read it on the page of Mesos")
        );
    }
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let master = shared.mesos()?;
    let agents: Agents = master.get("/slaves")?;
    let server = |id: Option<String>| {
        let agent = agents.slaves.iter().find(|agent| id.as_deref() == Some(agent.id.as_str()));
        match agent.and_then(Agent::address) {
            Some(address) => Ok(master.beside("an agent of Mesos", address)),
            None => Err("its agent is not part of the cluster any more".to_owned()),
        }
    };
    Ok(found.into_iter().map(|(name, agent, task)| (name, server(agent), task)).collect())
}

/// The folder of a task on its agent.
fn folder(agent: &Server, task: &str) -> Result<String, Error> {
    let state: AgentState = agent.get("/state")?;
    let frameworks = state.frameworks.into_iter().chain(state.completed_frameworks);
    let executors =
        frameworks.flat_map(|one| one.executors.into_iter().chain(one.completed_executors));
    // An executor of its own runs each task, and has its id.
    let found = executors.filter(|executor| executor.id == task).map(|one| one.directory).next();
    found.ok_or_else(|| {
        Error::new(ErrorKind::Unknown, format!("the agent has no files of `{task}` any more"))
    })
}
