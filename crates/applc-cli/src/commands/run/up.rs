//! `applc up`.

use std::process::Stdio;
use std::time::Duration;

use applc::diag::{Findings, Format, Report};
use applc_run::up::Outcome;
use applc_run::{
    Action, Appliances, Carried, Change, Custom, Engine, Error, ErrorKind, LogOptions, Observed,
    Outlook, Planned, Secrets, State, engine_with, finding, render,
};
use serde_json::json;

use super::compiled::{Compiled, compile, new_one};
use super::progress::Shown;
use super::{appliances, failed, printed, shown, warn};
use crate::Status;
use crate::args::Up;
use crate::commands::refuse_inputs;
use crate::emit::{self, OutputFile};
use crate::reporter::{Reporter, Stream};
use crate::terminal::{fail, note, show, show_json};

/// Number of lines of the log of the container that does not come up.
const LOG_LINES: u32 = 10;

/// How often a log is read that is empty or not yet the same again, and how long after another.
const LOG_TRIES: u32 = 5;
const LOG_PAUSE: Duration = Duration::from_millis(250);

/// Compiles an appliance and brings it up.
pub fn run(arguments: &Up) -> Status {
    let mut reporter = match Reporter::new(&arguments.findings, Stream::Stderr, false) {
        Ok(reporter) => reporter,
        Err(status) => return status,
    };
    reporter.lock(&arguments.locked);
    let status = bring_up(arguments, &mut reporter).unwrap_or_else(|status| status);
    if status != Status::Usage {
        reporter.finish();
    }
    status
}

fn bring_up(arguments: &Up, reporter: &mut Reporter) -> Result<Status, Status> {
    let appliances = appliances()?;
    let compiled = compile(arguments, &appliances, reporter)?;
    // Otherwise, standard error is a document for a program.
    let is_human = arguments.findings.format == Format::Human;
    let secrets = Secrets::of_user(arguments.secrets.clone());
    if compiled.target == "compose" {
        let missing = secrets.missing(&compiled.plan);
        if !missing.is_empty() {
            let Compiled { source, sources, .. } = compiled;
            let report = Report::new(source, Findings::from_iter(missing)).within(sources);
            return Ok(reporter.add(report));
        }
    }
    let engine =
        engine_of(&compiled, &appliances, secrets, if is_human { printed } else { Stdio::null });
    let engine = engine.map_err(|error| failed(&error))?;
    if arguments.dry_run || arguments.plan.is_some() {
        return foretell(&appliances, &*engine, &compiled, arguments, reporter);
    }
    let id = compiled.id();
    let mut shown = Shown::new(&compiled.plan, !is_human || !engine.tells_states());
    let submitted = compiled.submitted();
    let mut tell = |event: applc_run::up::Event<'_>| shown.tell(event);
    let carried = match &compiled.planned {
        Some(planned) => {
            appliances.carry_out(&*engine, &submitted, planned, arguments.detach, &mut tell)
        }
        None => {
            appliances.bring_up(&*engine, &submitted, arguments.detach, &mut tell).map(Carried::Out)
        }
    };
    shown.clear();
    let carried = carried.map_err(|error| {
        let status = failed(&error);
        if error.kind == ErrorKind::Unreachable {
            note(&format!("{id}: what was started goes on running"));
        }
        status
    })?;
    let ended = match carried {
        Carried::Out(ended) => ended,
        Carried::Moved(moved) => return Err(tell_moved(&compiled, &arguments.file, &moved)),
    };
    warn(ended.warning.as_ref());
    if compiled.planned.is_none() {
        // Without it, they are shown again.
        let _ = appliances.folder().keep_warnings(id, &compiled.target, &compiled.warnings);
    }
    if is_human {
        for other in appliances.of_same_file(&*engine, id, &compiled.file) {
            note(&format!(
                "{id}: `{other}` from the same file still runs; `applc down {other}` removes it"
            ));
        }
    }
    match ended.outcome {
        Outcome::Up(after) => {
            if is_human && ended.is_same {
                note(&format!("{id}: nothing changed"));
            }
            Ok(tell_up(&*engine, &compiled, &after))
        }
        Outcome::Failed(cause, after) => {
            let Compiled { plan, source, sources, .. } = &compiled;
            let told = finding(plan, &cause, &after, source.clone(), sources.clone());
            let status = reporter.add(told.report);
            if is_human {
                tell_failed(&*engine, cause.instance.as_deref(), &told.ready, id);
            }
            Ok(status)
        }
    }
}

/// The engine of the target. `printed` makes the stream for what commands of a custom target print.
fn engine_of(
    compiled: &Compiled,
    appliances: &Appliances,
    secrets: Secrets,
    printed: fn() -> Stdio,
) -> Result<Box<dyn Engine>, Error> {
    let target = &compiled.target;
    let Some(custom) = compiled.custom.as_ref().and_then(|target| target.custom()) else {
        return engine_with(target, secrets);
    };
    let Some(run) = custom.run() else {
        let message = format!("the target `{target}` does not say how its output is run");
        return Err(Error::new(ErrorKind::Unsupported, message)
            .help(format!("add `[run]` to `{}`", custom.source().name())));
    };
    Ok(Box::new(Custom::new(custom, run, &compiled.plan, appliances.folder(), printed)?))
}

/// Says what `up` would do, keeps it if that is asked for, and does nothing.
fn foretell(
    appliances: &Appliances,
    engine: &dyn Engine,
    compiled: &Compiled,
    arguments: &Up,
    reporter: &mut Reporter,
) -> Result<Status, Status> {
    let submitted = compiled.submitted();
    let outlook = appliances.outlook(engine, &submitted).map_err(|error| failed(&error))?;
    let Outlook { mut changes, basis } = outlook;
    let containers = &compiled.plan.containers;
    let place =
        |change: &Change| containers.iter().position(|one| one.id.value == change.container);
    // In the order of the document, and then those that are gone from it.
    changes.sort_by_key(|change| (place(change).is_none(), place(change)));
    let outlook = Outlook { changes, basis };
    if let Some(path) = &arguments.plan {
        let Compiled { target, file, appliance, files, .. } = compiled;
        let planned = Planned::new(target, compiled.id(), file, appliance, files, &outlook);
        refuse_inputs([path.as_path()])?;
        emit::write(&[OutputFile { path: path.clone(), text: planned.text() }])
            .map_err(|error| reporter.unwritable(&error))?;
    }
    let changes = outlook.changes;
    let status = match arguments.findings.format {
        Format::Json => {
            let document =
                json!({"id": compiled.id(), "target": compiled.target, "changes": changes});
            show_json(&document)
        }
        _ => {
            let row = |change: &Change| {
                vec![change.container.clone(), change.action.word().to_owned(), change.why.clone()]
            };
            show(&shown::table(&changes.iter().map(row).collect::<Vec<_>>()))
        }
    };
    let is_changed = changes.iter().any(|change| change.action != Action::Kept);
    Ok(if status == Status::Clean && is_changed { Status::Changes } else { status })
}

/// Says why a plan is not carried out.
fn tell_moved(compiled: &Compiled, plan: &str, moved: &[String]) -> Status {
    let message = format!(
        "the plan `{plan}` was carried out already, or the engine has moved since it was made; nothing was done: \
         {}; {}",
        moved.join("; "),
        new_one(&compiled.file, &compiled.target, plan)
    );
    fail(&message, Status::Errors)
}

/// Prints where the appliance is reached, or what the engine says of it in its own words.
fn tell_up(engine: &dyn Engine, compiled: &Compiled, after: &Observed) -> Status {
    let id = compiled.id();
    match engine.report(id) {
        Ok(Some(report)) => return show(&report),
        // It was handed over all the same.
        Err(error) => {
            warn(Some(&error));
            return Status::Clean;
        }
        Ok(None) => {}
    }
    let appliance = render(id, Some(&compiled.appliance), after, State::Submitted);
    show(&shown::containers(&appliance, after))
}

/// The last lines of the log of an instance; empty if there are none. The finding says what is wrong also without
/// them.
fn last_lines(engine: &dyn Engine, name: &str) -> String {
    let options = LogOptions { tail: Some(LOG_LINES), ..LogOptions::default() };
    let read = || {
        let mut log = Vec::new();
        let is_read = engine.logs(&[name.to_owned()], options, &mut log).is_ok();
        is_read.then(|| String::from_utf8_lossy(&log).into_owned())
    };
    settled(read, || std::thread::sleep(LOG_PAUSE))
}

/// A log as soon as it is read twice the same, or as it is after some tries. An engine may tell that a program
/// has ended before it has written all of its log. No log that can be read is an empty one.
fn settled(read: impl Fn() -> Option<String>, pause: impl Fn()) -> String {
    let mut before = String::new();
    for _ in 0..LOG_TRIES {
        let Some(log) = read() else { break };
        if !log.trim().is_empty() && log == before {
            break;
        }
        before = log;
        pause();
    }
    before
}

/// Prints what else is of use to find out why an appliance does not come up.
fn tell_failed(engine: &dyn Engine, instance: Option<&str>, ready: &[String], id: &str) {
    if let Some(name) = instance {
        let log = last_lines(engine, name);
        if !log.trim().is_empty() {
            note(&format!("the last lines of the log of `{name}`:"));
            log.lines().for_each(|line| note(&format!("  {line}")));
        }
    }
    // What is not ready may run all the same.
    let ready = match ready {
        [] => "none is ready".to_owned(),
        ready => format!("ready: {}", ready.join(", ")),
    };
    note(&format!("{id}: {ready}; `applc up` again goes on, `applc down {id}` removes it"));
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_log_is_read_until_it_stays_the_same() {
        let of = |logs: &[Option<&str>]| {
            let tries = Cell::new(0);
            let read = || {
                tries.set(tries.get() + 1);
                logs.get(tries.get() - 1).or(logs.last()).copied().flatten().map(str::to_owned)
            };
            (settled(read, || ()), tries.get())
        };
        assert_eq!(of(&[Some("a\n")]), ("a\n".to_owned(), 2));
        assert_eq!(of(&[Some(""), Some("a\n"), Some("a\nb\n")]), ("a\nb\n".to_owned(), 4));
        assert_eq!(of(&[Some("")]).0, "");
        assert_eq!(of(&[Some("a\n"), None]), ("a\n".to_owned(), 2));
        assert_eq!(of(&[None]), (String::new(), 1));
        let more: Vec<String> = (0..9).map(|n| n.to_string()).collect();
        let more: Vec<Option<&str>> = more.iter().map(|log| Some(log.as_str())).collect();
        assert_eq!(of(&more), ("4".to_owned(), 5));
    }
}
