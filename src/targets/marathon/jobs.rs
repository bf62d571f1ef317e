//! Jobs as Chronos jobs, one for each instance.

use jiff::civil::Date;

use super::model::{Engine, Job as ChronosJob, Parameter, Variable, number};
use super::names::Names;
use super::options::{SCHEDULE_FROM, Settings};
use super::{address, parameters, placement, ports, repeat, volumes};
use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{
    Command, Container, EnvVar, Extras, Interval, Job, Kind, NetworkMode, Plan, Port, Repeats,
    Resources, Schedule, StartTime, Text,
};
use crate::render::{Composed, Origin, Traced};
use crate::source::{Span, Spanned};
use crate::targets::origins;

/// Prefixes of commands that Chronos treats as the URL of a file, which it fetches and runs.
const FETCHED: [&str; 2] = ["http", "ftp"];

/// Maximum number of Chronos jobs that the instances of one job become.
const MAX_INSTANCES: u32 = 1000;

/// Disk space of a job without `disk`, in MB: the default of Chronos.
const DEFAULT_DISK: u64 = 256;

/// Environment variables that Chronos sets, overriding those of the job.
const BUILT_IN: [&str; 10] = [
    "mesos_task_id",
    "MESOS_TASK_ID",
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

/// The Chronos names of a job's instances, with this main origin.
fn instance_names(plan: &Plan, container: &Container, from: Span) -> Vec<Composed> {
    let Container { id, instances, .. } = container;
    let name = format!("{}.{}", plan.id.value, id.value);
    let mut also = vec![plan.id.span, id.span];
    if instances.value == 1 {
        return vec![Composed::new(name, from, also)];
    }
    also.push(instances.span);
    (1..=instances.value.min(MAX_INSTANCES))
        .map(|instance| Composed::new(format!("{name}.{instance}"), from, also.clone()))
        .collect()
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
        id,
        kind: _,
        kind_span: _,
        image,
        resources,
        instances,
        command,
        extras: _,
        env,
        mounts: _,
        network,
        ports,
        privileged,
        force_pull,
        dependencies,
        placement: _,
        preemptible: _,
        level: _,
        referrers: _,
    } = container;
    let Job { retries, repeats, start, interval, schedule: _ } = job;
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
    if let (0, Origin::Place(place)) = (disk.value, origins::disk(container)) {
        let message = format!(
            "a Chronos job reserves disk space; 0 becomes the default of {DEFAULT_DISK} MB"
        );
        findings.push(
            Diagnostic::new(&codes::APPROXIMATED, place, message)
                .help("set `disk` to what the job writes, at least 1"),
        );
    }
    let Extras {
        user: _,
        working_dir: _,
        stop_timeout,
        labels: _,
        build: _,
        files: _,
        secret_env,
        secret_files: _,
    } = container.extras();
    if let Some(variable) = secret_env.first() {
        let message = "Chronos has no secret store";
        findings.push(
            Diagnostic::new(&codes::NOT_CARRIED, variable.name.span, message)
                .help(super::secrets::ELSEWHERE),
        );
    }
    if let Some(seconds) = stop_timeout {
        let message = "Chronos has no stop timeout for a job: that of the Mesos agents applies";
        findings.push(Diagnostic::new(&codes::APPROXIMATED, seconds.span, message));
    }
    check_variables(env, findings);
    check_ports(container, findings);

    let spell = |text: &Text| address::spell(text, container, plan, names);
    let command = self::command(container, command, spell, findings);
    let volumes = volumes::of_job(plan, container, names, settings, findings);
    let constraints = placement::of_job(container, settings, findings);
    let parents: Vec<Composed> = dependencies
        .iter()
        .filter_map(|dependency| Some((dependency, plan.containers.get(dependency.on)?)))
        .filter(|(_, on)| on.job().is_some())
        .flat_map(|(dependency, on)| instance_names(plan, on, dependency.span))
        .collect();
    let schedule = match &job.schedule {
        Some(schedule) => repeating(schedule, settings, findings),
        None => Composed {
            value: schedule(repeats.value, start.as_ref().map(|s| &s.value), &interval.value),
            ..schedule_origin(container, job)
        },
    };
    let schedule_time_zone = job.schedule.as_ref().filter(|schedule| !schedule.is_utc());
    let schedule_time_zone = schedule_time_zone.and_then(|schedule| schedule.time_zone.as_ref());
    let (network, network_name) = match network.value {
        NetworkMode::Host => ("HOST", None),
        NetworkMode::Bridge => ("BRIDGE", None),
        NetworkMode::Container => ("USER", Some(settings.network_of(container))),
    };

    let instance = |name: Composed| ChronosJob {
        name,
        description: Traced::new("applc", id.span),
        schedule: schedule.clone(),
        schedule_time_zone: schedule_time_zone.map(Traced::from),
        parents: parents.clone(),
        shell: command.shell,
        command: command.command.clone(),
        environment_variables: env
            .iter()
            .map(|v| Variable { name: (&v.name).into(), value: spell(&v.value) })
            .collect(),
        retries: Traced::new(retries.value, origins::retries(container, job)),
        cpus: Traced::new(number(cpus.value), origins::cpus(container)),
        mem: Traced::new(mem.value, origins::mem(container)),
        // Chronos reads 0 as its default, which is then stated.
        disk: Traced::new(
            if disk.value == 0 { DEFAULT_DISK } else { disk.value },
            origins::disk(container),
        ),
        // Chronos has GPUs for no job.
        engine: Traced::new(Engine::Docker.name(), origins::kind(container)),
        image: image.into(),
        network: Traced::new(network, origins::network(container)),
        network_name: network_name.clone(),
        force_pull_image: Traced::new(force_pull.value, origins::force_pull(container)),
        parameters: parameters(container, privileged.value, ports, spell),
        volumes: volumes.clone(),
        constraints: constraints.clone(),
    };
    instance_names(plan, container, id.span).into_iter().map(instance).collect()
}

/// The command of a job as Chronos reads it.
struct JobCommand {
    shell: Traced<bool>,
    command: Composed,
}

fn command(
    container: &Container,
    written: &Command,
    spell: impl Fn(&Text) -> Composed,
    findings: &mut Findings,
) -> JobCommand {
    let (span, shell, command) = match written {
        Command::Shell(script) => (script.span, true, spell(script)),
        // `docker run --entrypoint` takes one word, and the command is the only argument behind it.
        Command::Program(program) => {
            let mut words = program.entrypoint.iter().chain(&program.args).skip(1);
            match (words.next(), words.next()) {
                (Some(argument), None) => (argument.span, false, spell(argument)),
                (_, second) => {
                    let first = program.entrypoint.first();
                    let span = second.or(first).map_or(container.id.span, |word| word.span);
                    findings.push(not_one_argument(span));
                    (span, false, Composed::new(String::new(), span, Vec::new()))
                }
            }
        }
        // Without a shell, the command is the only argument of the image's entrypoint.
        Command::Image(args) => match args.split_first() {
            Some((first, rest)) => {
                if let Some(second) = rest.first() {
                    findings.push(several_arguments(first, second));
                }
                (first.span, false, spell(first))
            }
            None => {
                let message = format!(
                    "Chronos cannot run the image of `{}` with its own command",
                    container.id.value
                );
                let span = container.id.span;
                findings.push(
                    Diagnostic::new(&codes::NOT_CARRIED, span, message)
                        .help("add a `cmd`, or `args` for the image's entrypoint"),
                );
                (span, true, Composed::new(String::new(), span, Vec::new()))
            }
        },
    };
    if FETCHED.iter().any(|prefix| command.value.starts_with(prefix)) {
        let message =
            "Chronos treats a command that starts with `http` or `ftp` as the URL of a file";
        findings.push(
            Diagnostic::new(&codes::BAD_TARGET_VALUE, span, message)
                .help("start with the path of the program or, in a `cmd`, with `exec `"),
        );
    }
    JobCommand { shell: Traced::new(shell, span), command }
}

/// The error of a job with several arguments.
///
/// Chronos has `arguments` for those after the first, but appends them to the command, passes them
/// again after it, and puts them into the id of the Mesos task, which must not contain `/`.
fn several_arguments(first: &Text, second: &Text) -> Diagnostic {
    let message = "a Chronos job cannot have more than one argument";
    Diagnostic::new(&codes::NOT_CARRIED, second.span, message)
        .also(first.span, "the first argument")
        .help("use `cmd` with the program and its arguments, which replaces the image's entrypoint")
}

/// The error of a job whose `entrypoint` and `args` are not two words.
fn not_one_argument(span: Span) -> Diagnostic {
    let message = "a Chronos job runs an `entrypoint` with exactly one argument";
    Diagnostic::new(&codes::NOT_CARRIED, span, message).help(
        "use `cmd` with the program and its arguments, which also replaces the image's entrypoint",
    )
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
    if let Some(port) = container.ports.iter().find(|port| !port.internal.value) {
        let message = "Chronos neither reserves nor lists the ports of a job, so a port may already be in use";
        findings.push(Diagnostic::new(&codes::APPROXIMATED, port.container_port.span, message));
    }
}

fn parameters(
    container: &Container,
    privileged: bool,
    ports: &[Port],
    spell: impl Fn(&Text) -> Composed,
) -> Vec<Parameter> {
    let mut parameters = parameters::of(container, spell);
    parameters.extend(container.extras().labels.iter().map(parameters::label));
    if privileged {
        let from = origins::privileged(container);
        let value = Traced::new("true".to_owned(), from).into();
        parameters.push(Parameter { key: Traced::new("privileged", from), value });
    }
    if container.network.value != NetworkMode::Host {
        let publish = |port: &Port| Parameter {
            key: Traced::new("publish", port.container_port.span),
            value: ports::publish(port),
        };
        parameters.extend(ports.iter().filter(|port| !port.internal.value).map(publish));
    }
    parameters
}

/// The origins of the schedule of a job: the fields that are written or, without any, the default
/// of the number of runs.
fn schedule_origin(container: &Container, job: &Job) -> Composed {
    let repeats = origins::repeats(container, job);
    let written = [
        repeats.place().filter(|_| matches!(repeats, Origin::Place(_))),
        job.start.as_ref().map(|start| start.span),
        Some(job.interval.span).filter(|span| *span != container.id.span),
    ];
    let mut written = written.into_iter().flatten();
    let main = written.next().map_or(repeats, Origin::from);
    Composed::new(String::new(), main, written.collect())
}

/// The repeating interval of a cron line. Reports one that is none.
fn repeating(schedule: &Schedule, settings: &Settings<'_>, findings: &mut Findings) -> Composed {
    let Spanned { value: cron, span } = &schedule.cron;
    let from = settings.schedule_from.as_ref();
    // A day of the past, to tell first what no day would make right.
    let day = from.and_then(|from| from.value.parse().ok()).unwrap_or(Date::constant(2001, 1, 1));
    let found = repeat::of(schedule, day);
    let finding = match &found {
        Err(why) => {
            let message = format!(
                "Chronos has no cron lines, and no interval says the same as `{}`: {why}",
                cron.text
            );
            Some(Diagnostic::new(&codes::BAD_SCHEDULE, *span, message).help(
                "write a line that is an interval, such as one run a day, a week or a month, or every so many minutes or hours in UTC; or run the job at such times and let it check the clock",
            ))
        }
        Ok(_) if from.is_none() => {
            let message = "the schedule of a Chronos job requires a first day";
            Some(Diagnostic::new(&codes::BAD_SCHEDULE, *span, message).help(format!(
                "set the day from which it counts, today or within the last year: `--option marathon.{SCHEDULE_FROM}=YYYY-MM-DD`"
            )))
        }
        Ok(found) if found.is_at_change => {
            let message = "Chronos runs the job once in an hour that the clocks show twice, and after one that they skip all later runs an hour later";
            Some(
                Diagnostic::new(&codes::APPROXIMATED, *span, message)
                    .help("choose an hour from 4 on, or UTC"),
            )
        }
        Ok(_) => None,
    };
    findings.extend(finding);
    let also = from.and_then(|from| from.from.place()).into_iter().collect();
    let text = found.map(|found| format!("R/{}/{}", found.start, found.period));
    Composed::new(text.unwrap_or_default(), *span, also)
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
        return text.into();
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
        start_time(&StartTime { text: text.into(), utc: [2027, 1, 2, 3, 4, 5] })
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
            |text: &str| Interval { text: text.into(), months: 1, days: 2, seconds: 5400 };
        assert_eq!(period(&interval("1DT12h")), "P1DT12H");
        assert_eq!(period(&interval("T1.5H")), "P1M2DT5400S");
    }
}
