//! Schedules: CronJobs.

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, Job, Repeats};
use crate::render::{Composed, Traced};
use crate::source::Spanned;
use crate::targets::{cron, origins};

/// What cron can express, for help.
const CRON_CAN: &str = "cron can express minutes that divide an hour, hours that divide a day, one day, seven days, and months that divide a year; a `schedule` can be any cron line";

/// The cron expression of a job that repeats: its schedule or, in UTC, its interval. Returns `None` for a schedule that is
/// not supported, which is reported.
pub fn cron(container: &Container, job: &Job, findings: &mut Findings) -> Option<Composed> {
    if let Some(schedule) = &job.schedule {
        let Spanned { value: cron, span } = &schedule.cron;
        return Some(Composed::new(cron.line(), *span, Vec::new()));
    }
    if let Repeats::Times(times) = job.repeats.value {
        let message = format!("a CronJob repeats forever and cannot stop after {times} runs");
        findings.push(
            Diagnostic::new(&codes::BAD_SCHEDULE, job.repeats.span, message)
                .help("use -1 to repeat forever, or 1 for a single run"),
        );
        return None;
    }
    let start = job.start.as_ref().map(|start| &start.value);
    match cron::line(&job.interval.value, start) {
        Ok(line) => {
            report_start(job, findings);
            let start = job.start.as_ref().map(|start| start.span);
            let also = start.into_iter().chain([job.repeats.span]).collect();
            Some(Composed::new(line, origins::interval(container, job), also))
        }
        Err(why) => {
            let message =
                format!("cron cannot express the interval `{}`: {why}", job.interval.value.text);
            let found = Diagnostic::new(&codes::BAD_SCHEDULE, job.interval.span, message);
            findings.push(match &job.start {
                Some(start) if why == cron::MISSING_DAY => cron::missing_day(found, start),
                _ => found.help(CRON_CAN),
            });
            None
        }
    }
}

/// The time zone of a schedule, if one is written.
pub fn time_zone(job: &Job) -> Option<Traced<String>> {
    let written = job.schedule.as_ref()?.time_zone.as_ref()?;
    Some(Traced::new(written.value.to_string(), written.span))
}

fn report_start(job: &Job, findings: &mut Findings) {
    let Some(start) = &job.start else {
        let message =
            "the first run is not immediate, but at the next multiple of the interval on the clock";
        findings.push(
            Diagnostic::new(&codes::APPROXIMATED, job.repeats.span, message)
                .help("add a `start_time` to align the runs to, or write a `schedule` instead of the interval"),
        );
        return;
    };
    let [.., second] = start.value.utc;
    if second != 0 {
        let message = "runs start at whole minutes";
        findings.push(Diagnostic::new(&codes::APPROXIMATED, start.span, message));
    }
}
