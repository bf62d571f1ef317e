//! Jobs as Chronos jobs, one for each instance.

use super::model::{Engine, Job as ChronosJob, Parameter, Variable, number};
use super::names::Names;
use super::options::Settings;
use super::{address, placement, ports, volumes};
use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{
    Command, Container, EnvVar, Interval, Job, Kind, NetworkMode, Plan, Repeats, Resources,
    StartTime, Text,
};
use crate::render::{Composed, Traced};
use crate::source::{Span, Spanned};
use crate::targets::origins;

/// Prefixes of commands that Chronos treats as the URL of a file, which it fetches and runs.
const FETCHED: [&str; 2] = ["http", "ftp"];

/// Maximum number of Chronos jobs that the instances of one job become.
const MAX_INSTANCES: u32 = 1000;

/// Environment variables that Chronos sets, overriding those of the job.
const BUILT_IN: [&str; 9] = [
    "mesos_task_id",
    "CHRONOS_JOB_OWNER",
    "CHRONOS_JOB_NAME",
    "HOST",
    "CHRONOS_RESOURCE_MEM",
    "CHRONOS_RESOURCE_CPU",
    "CHRONOS_RESOURCE_DISK",
    "CHRONOS_JOB_RUN_TIME",
    "CHRONOS_JOB_RUN_ATTEMPT",
];

/// A Chronos job and its file.
pub struct JobFile {
    /// `chronos/<position>-<job>.<endpoint>.json`: the files must be posted in the order of
    /// their names, because Chronos rejects a job whose parents do not exist yet.
    pub path: String,
    /// The body of the request.
    pub job: ChronosJob,
    /// The place of the container's id.
    pub owner: Span,
}

/// The Chronos jobs of the appliance, each after its parents.
pub fn lower(
    plan: &Plan,
    names: &Names,
    settings: &Settings<'_>,
    findings: &mut Findings,
) -> Vec<JobFile> {
    let in_order = plan.start_order.iter().filter_map(|id| plan.containers.get(*id));
    let jobs: Vec<(Span, ChronosJob)> = in_order
        .flat_map(|container| {
            let jobs = match &container.kind {
                Kind::Job(job) => self::job(plan, container, job, names, settings, findings),
                Kind::Service(_) => Vec::new(),
            };
            jobs.into_iter().map(|job| (container.id.span, job))
        })
        .collect();
    let width = jobs.len().to_string().len();
    let file = |(at, (owner, job)): (usize, (Span, ChronosJob))| {
        let endpoint = if job.parents.is_empty() { "iso8601" } else { "dependency" };
        let path = format!("chronos/{:0width$}-{}.{endpoint}.json", at + 1, job.name.value);
        JobFile { path, job, owner }
    };
    jobs.into_iter().enumerate().map(file).collect()
}

/// The Chronos names of a job's instances.
fn instance_names(plan: &Plan, container: &Container) -> Vec<String> {
    let name = format!("{}.{}", plan.id.value, container.id.value);
    match container.instances.value {
        1 => vec![name],
        count => {
            (1..=count.min(MAX_INSTANCES)).map(|instance| format!("{name}.{instance}")).collect()
        }
    }
}

fn job(
    plan: &Plan,
    container: &Container,
    job: &Job,
    names: &Names,
    settings: &Settings<'_>,
    findings: &mut Findings,
) -> Vec<ChronosJob> {
    // Destructured completely, so that a new field fails to compile until it is handled here.
    let Container {
        id: _,
        kind: _,
        kind_span: _,
        image,
        resources,
        instances,
        command,
        env,
        mounts: _,
        network: mode,
        ports,
        privileged,
        force_pull,
        dependencies,
        placement: _,
        preemptible: _,
        level: _,
        referrers: _,
    } = container;
    let Job { retries, repeats, start, interval } = job;
    let Resources { cpus, mem, disk, gpu } = resources;

    if gpu.value > 0 {
        let message = "a Chronos job cannot have GPUs";
        findings.push(Diagnostic::new(&codes::NOT_CARRIED, gpu.span, message));
    }
    if repeats.value == Repeats::Times(0) {
        let message = "a Chronos job cannot have zero runs";
        findings.push(Diagnostic::new(&codes::BAD_SCHEDULE, repeats.span, message));
    }
    if instances.value > MAX_INSTANCES {
        let message = format!(
            "a job can have at most {MAX_INSTANCES} instances, each of which becomes a Chronos job"
        );
        findings.push(Diagnostic::new(&codes::NOT_CARRIED, instances.span, message));
    }
    check_variables(env, findings);
    check_ports(container, findings);

    let spell = |text: &Text| address::spell(text, plan, names);
    let command = self::command(container, command, spell, findings);
    let volumes = volumes::of_job(plan, container, names, settings, findings);
    let constraints = placement::of_job(container, settings, findings);
    let parents: Vec<Composed> = dependencies
        .iter()
        .filter_map(|dependency| Some((plan.containers.get(dependency.on)?, dependency.span)))
        .filter(|(on, _)| on.job().is_some())
        .flat_map(|(on, span)| {
            let also = [on.id.span, on.instances.span, plan.id.span];
            let parent = move |name| Composed::new(name, span, also.to_vec());
            instance_names(plan, on).into_iter().map(parent)
        })
        .collect();
    let schedule = Composed::new(
        schedule(repeats.value, start.as_ref().map(|s| &s.value), &interval.value),
        origins::interval(container, job),
        start.iter().map(|start| start.span).chain([repeats.span, interval.span]).collect(),
    );
    let (network, network_name) = match mode.value {
        NetworkMode::Host => ("HOST", None),
        NetworkMode::Bridge => ("BRIDGE", None),
        NetworkMode::Container => ("USER", Some(settings.network)),
    };
    let network_name = network_name
        .map(|name| Composed::new(name.to_owned(), settings.origin("network"), vec![mode.span]));

    let kind = origins::kind(container);
    let instance = |name: String| ChronosJob {
        name: Composed::new(name, container.id.span, vec![instances.span, plan.id.span]),
        schedule: schedule.clone(),
        parents: parents.clone(),
        shell: Traced::new(command.shell, command.command.from),
        command: command.command.clone(),
        arguments: command.arguments.clone(),
        environment_variables: env
            .iter()
            .map(|v| Variable { name: (&v.name).into(), value: spell(&v.value) })
            .collect(),
        retries: Traced::new(retries.value, origins::retries(container, job)),
        cpus: Traced::new(number(cpus.value), origins::cpus(container)),
        mem: Traced::new(mem.value, origins::mem(container)),
        disk: Traced::new(disk.value, origins::disk(container)),
        engine: Traced::new(Engine::Docker, kind),
        image: image.into(),
        network: Traced::new(network, origins::network(container)),
        network_name: network_name.clone(),
        force_pull_image: Traced::new(force_pull.value, origins::force_pull(container)),
        parameters: parameters(container, privileged, ports),
        volumes: volumes.clone(),
        constraints: constraints.clone(),
    };
    instance_names(plan, container).into_iter().map(instance).collect()
}

/// The command of a job as Chronos reads it.
struct JobCommand {
    shell: bool,
    command: Composed,
    arguments: Vec<Composed>,
}

fn command(
    container: &Container,
    written: &Command,
    spell: impl Fn(&Text) -> Composed,
    findings: &mut Findings,
) -> JobCommand {
    let (span, command) = match written {
        Command::Shell(script) => {
            (script.span, JobCommand { shell: true, command: spell(script), arguments: Vec::new() })
        }
        // Without a shell, the command is the first argument of the image's entrypoint.
        Command::Image(args) => match args.split_first() {
            Some((first, rest)) => {
                let arguments = rest.iter().map(&spell).collect();
                (first.span, JobCommand { shell: false, command: spell(first), arguments })
            }
            None => {
                let message = format!(
                    "Chronos cannot run the image of `{}` with its own command",
                    container.id.value
                );
                findings.push(
                    Diagnostic::new(&codes::NOT_CARRIED, container.id.span, message)
                        .help("add a `cmd`, or `args` for the image's entrypoint"),
                );
                let command = Composed::new(String::new(), container.id.span, Vec::new());
                (container.id.span, JobCommand { shell: true, command, arguments: Vec::new() })
            }
        },
    };
    if FETCHED.iter().any(|prefix| command.command.value.starts_with(prefix)) {
        let message =
            "Chronos treats a command that starts with `http` or `ftp` as the URL of a file";
        findings.push(
            Diagnostic::new(&codes::BAD_TARGET_VALUE, span, message)
                .help("start with the path of the program or, in a `cmd`, with `exec `"),
        );
    }
    command
}

fn check_variables(env: &[EnvVar], findings: &mut Findings) {
    for variable in env.iter().filter(|v| BUILT_IN.contains(&v.name.value.as_str())) {
        let message =
            format!("Chronos sets the environment variable `{}` itself", variable.name.value);
        findings.push(
            Diagnostic::new(&codes::BAD_TARGET_VALUE, variable.name.span, message)
                .help("choose another name"),
        );
    }
}

fn check_ports(container: &Container, findings: &mut Findings) {
    if let Some(port) = container.ports.first() {
        let message = "Chronos neither reserves nor lists the ports of a job, so a port may already be in use";
        findings.push(Diagnostic::new(&codes::APPROXIMATED, port.container_port.span, message));
    }
}

fn parameters(
    container: &Container,
    privileged: &Spanned<bool>,
    ports: &[crate::plan::Port],
) -> Vec<Parameter> {
    let mut parameters = Vec::new();
    if privileged.value {
        let value = Traced::new("true".to_owned(), privileged.span).into();
        parameters.push(Parameter { key: "privileged", value });
    }
    if container.network.value != NetworkMode::Host {
        let publish = |port| Parameter { key: "publish", value: ports::publish(port) };
        parameters.extend(ports.iter().map(publish));
    }
    parameters
}

/// `R<runs>/<start>/P<interval>`: without a number of runs it repeats forever, without a start
/// it starts immediately.
fn schedule(repeats: Repeats, start: Option<&StartTime>, interval: &Interval) -> String {
    let repeats = match repeats {
        Repeats::Times(times) => times.to_string(),
        Repeats::Forever => String::new(),
    };
    let start = start.map(start_time).unwrap_or_default();
    format!("R{repeats}/{start}/{}", period(interval))
}

/// The start as written if it has the one form that Chronos reads, otherwise in UTC.
fn start_time(start: &StartTime) -> String {
    let text = start.text.to_ascii_uppercase();
    if is_joda_time(&text) {
        return text;
    }
    let [year, month, day, hour, minute, second] = start.utc;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Whether the text has the form `2027-01-31T04:30:00`, then an optional fraction, then `Z` or
/// an offset such as `+01:00`.
fn is_joda_time(text: &str) -> bool {
    let has_shape = |text: &str, shape: &str| {
        text.len() == shape.len()
            && text.bytes().zip(shape.bytes()).all(|(byte, expected)| match expected {
                b'0' => byte.is_ascii_digit(),
                _ => byte == expected,
            })
    };
    let Some((time, rest)) = text.split_at_checked("0000-00-00T00:00:00".len()) else {
        return false;
    };
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    let zone = ["Z", "+00:00", "-00:00"].iter().any(|shape| has_shape(rest, shape));
    has_shape(time, "0000-00-00T00:00:00") && zone && !text.contains(".Z")
}

/// The interval as written if Chronos reads it: only whole numbers.
fn period(interval: &Interval) -> String {
    let text = interval.text.to_ascii_uppercase();
    if text.chars().all(|c| c.is_ascii_digit() || "YMWDTHS".contains(c)) {
        return format!("P{text}");
    }
    let Interval { text: _, months, days, seconds } = interval;
    format!("P{months}M{days}DT{seconds}S")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(text: &str) -> String {
        start_time(&StartTime { text: text.to_owned(), utc: [2027, 1, 2, 3, 4, 5] })
    }

    #[test]
    fn start_times_have_a_form_that_chronos_reads() {
        for text in ["2027-01-31T04:30:00Z", "2027-01-31T04:30:00.25+01:00"] {
            assert_eq!(start(text), text);
        }
        assert_eq!(start("2027-01-31t04:30:00z"), "2027-01-31T04:30:00Z");
        for text in ["2027-01-31T04:30Z", "2027-01-31T04:30:00-05", "2027-01-31T04:30:00.Z"] {
            assert_eq!(start(text), "2027-01-02T03:04:05Z");
        }
    }

    #[test]
    fn intervals_have_a_form_that_chronos_reads() {
        let interval =
            |text: &str| Interval { text: text.to_owned(), months: 1, days: 2, seconds: 5400 };
        assert_eq!(period(&interval("1DT12h")), "P1DT12H");
        assert_eq!(period(&interval("T1.5H")), "P1M2DT5400S");
    }
}
