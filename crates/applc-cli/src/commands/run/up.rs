//! `applc up`.

use applc::Output;
use applc::analysis::Analysis;
use applc::diag::Format;
use applc::plan::Plan;
use applc::source::{Source, Sources};
use applc::targets::{InProcess, Rendering};
use applc_run::up::Outcome;
use applc_run::{
    Action, Appliances, Change, Engine, ErrorKind, LogOptions, Observed, SUPPORTED, State,
    Submitted, complete, engine, finding, render,
};
use serde_json::Value;

use super::progress::Shown;
use super::{appliances, failed, shown, warn};
use crate::Status;
use crate::args::Up;
use crate::disk::Disk;
use crate::projects::Projects;
use crate::reporter::{Reporter, Stream};
use crate::select::Wanted;
use crate::terminal::{fail, note, print};

/// Number of lines of the log of the container that does not come up.
const LOG_LINES: u32 = 10;

/// An appliance that was compiled.
struct Compiled {
    plan: Plan,
    appliance: Value,
    output: Output,
    source: Source,
    sources: Sources,
}

/// Compiles an appliance and brings it up.
pub fn run(arguments: &Up) -> Status {
    let mut reporter = match Reporter::new(&arguments.findings, Stream::Stderr, false) {
        Ok(reporter) => reporter,
        Err(status) => return status,
    };
    let status = bring_up(arguments, &mut reporter).unwrap_or_else(|status| status);
    if status != Status::Usage {
        reporter.finish();
    }
    status
}

fn bring_up(arguments: &Up, reporter: &mut Reporter) -> Result<Status, Status> {
    let target = target(arguments)?;
    let compiled = compile(arguments, reporter)?;
    let engine = engine(target).map_err(|error| failed(&error))?;
    let appliances = appliances()?;
    let submitted = Submitted {
        plan: &compiled.plan,
        appliance: &compiled.appliance,
        files: &compiled.output.artifacts,
        file: &arguments.file,
    };
    if arguments.dry_run {
        return dry_run(&appliances, &*engine, &submitted);
    }
    let id = &compiled.plan.id.value;
    // Otherwise, standard error is a document for a program.
    let is_human = arguments.findings.format == Format::Human;
    let mut shown = Shown::new(&compiled.plan, !is_human);
    let ended =
        appliances.bring_up(&*engine, &submitted, arguments.detach, &mut |event| shown.tell(event));
    shown.clear();
    let ended = ended.map_err(|error| {
        let status = failed(&error);
        if error.kind == ErrorKind::Unreachable {
            note(&format!("{id}: what was started goes on running"));
        }
        status
    })?;
    warn(ended.warning.as_ref());
    match ended.outcome {
        Outcome::Up(after) => {
            if is_human && ended.is_same {
                note(&format!("{id}: nothing changed"));
            }
            Ok(tell_up(&compiled, &after))
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

/// The target, which must be one that appliances can be run on.
fn target(arguments: &Up) -> Result<&'static str, Status> {
    let names = &arguments.targets.names;
    let [name] = names.as_slice() else {
        let message = if names.is_empty() {
            "no target given; use `--target NAME`"
        } else {
            "an appliance is brought up on one target at a time"
        };
        return Err(fail(message, Status::Usage));
    };
    if let Some(known) = SUPPORTED.iter().find(|known| *known == name) {
        return Ok(known);
    }
    let is_target = applc::targets::find(name).is_some() || name.contains(['/', '\\']);
    if is_target {
        return Err(engine(name).map_or_else(|error| failed(&error), |_| Status::Usage));
    }
    let built_in: Vec<_> = applc::targets::built_in().collect();
    Err(crate::select::unknown_target(name, &built_in))
}

fn compile(arguments: &Up, reporter: &mut Reporter) -> Result<Compiled, Status> {
    let file = &arguments.file;
    let wanted = Wanted::read(&arguments.targets, reporter)?;
    let settings = Projects::default().apply(file, &wanted, reporter)?;
    let analysis = Analysis::read(&Disk, file, settings.sources.clone())
        .map_err(|error| reporter.fail(file, &error.into()))?;
    let (source, sources) = (analysis.source.clone(), analysis.sources.clone());
    let appliance = analysis.tree.as_ref().map(complete).unwrap_or_default();
    let rendering = Some(Rendering { renderer: &InProcess, recorded: false });
    let compilation = applc::compile_analysis(analysis, &settings.targets, rendering)
        .map_err(|error| reporter.fail(file, &error))?
        .with_levels(&settings.levels);
    let status = reporter.add_all(compilation.report, compilation.others);
    match (compilation.plan, compilation.outputs.into_iter().next()) {
        (Some(plan), Some(output)) if status == Status::Clean => {
            Ok(Compiled { plan, appliance, output, source, sources })
        }
        _ => Err(status.max(Status::Errors)),
    }
}

/// Says what `up` would do, and does nothing.
fn dry_run(
    appliances: &Appliances,
    engine: &dyn Engine,
    submitted: &Submitted<'_>,
) -> Result<Status, Status> {
    let outlook = appliances.outlook(engine, submitted).map_err(|error| failed(&error))?;
    let mut changes = outlook.changes;
    let containers = &submitted.plan.containers;
    let place =
        |change: &Change| containers.iter().position(|one| one.id.value == change.container);
    // In the order of the document, and then those that are gone from it.
    changes.sort_by_key(|change| (place(change).is_none(), place(change)));
    let row = |change: &Change| {
        vec![change.container.clone(), change.action.word().to_owned(), change.why.clone()]
    };
    let status = print(&shown::table(&changes.iter().map(row).collect::<Vec<_>>()));
    let is_changed = changes.iter().any(|change| change.action != Action::Kept);
    Ok(if status == Status::Clean && is_changed { Status::Changes } else { status })
}

/// Prints where the appliance is reached.
fn tell_up(compiled: &Compiled, after: &Observed) -> Status {
    let id = &compiled.plan.id.value;
    let appliance = render(id, Some(&compiled.appliance), after, State::Submitted);
    print(&shown::containers(&appliance, after))
}

/// Prints what else is of use to find out why an appliance does not come up.
fn tell_failed(engine: &dyn Engine, instance: Option<&str>, ready: &[String], id: &str) {
    if let Some(name) = instance {
        let mut log = Vec::new();
        let options = LogOptions { follow: false, tail: Some(LOG_LINES) };
        // The finding says what is wrong also without it.
        let logged = engine.logs(&[name.to_owned()], options, &mut log).is_ok();
        let log = String::from_utf8_lossy(&log);
        if logged && !log.trim().is_empty() {
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
