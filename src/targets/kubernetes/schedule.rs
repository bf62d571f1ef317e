//! When jobs run: CronJobs.

use crate::diag::{Diagnostic, codes};
use crate::plan::{Job, Repeats};
use crate::targets::cron;

/// What cron can say, for help.
const CRON_CAN: &str = "cron can say: minutes that divide an hour, hours that divide a day, one day, seven days, months that divide a year";

/// The cron line, in UTC, of a job that repeats; nothing where there is none, which is
/// reported.
pub fn cron(job: &Job, diagnostics: &mut Vec<Diagnostic>) -> Option<String> {
    if let Repeats::Times(times) = job.repeats.value {
        let message =
            format!("kubernetes: a CronJob runs without end, and cannot stop after {times} runs");
        diagnostics.push(
            Diagnostic::new(&codes::BAD_SCHEDULE, job.repeats.span, message)
                .help("write -1 for runs without end, or 1 for a single one"),
        );
        return None;
    }
    let start = job.start.as_ref().map(|start| &start.value);
    match cron::line(&job.interval.value, start) {
        Ok(line) => {
            report_start(job, diagnostics);
            Some(line)
        }
        Err(why) => {
            let message =
                format!("kubernetes: cron cannot say `{}`: {why}", job.interval.value.text);
            diagnostics.push(
                Diagnostic::new(&codes::BAD_SCHEDULE, job.interval.span, message).help(CRON_CAN),
            );
            None
        }
    }
}

fn report_start(job: &Job, diagnostics: &mut Vec<Diagnostic>) {
    let Some(start) = &job.start else {
        let message = "kubernetes: the first run is not at once, but when the clock next shows a multiple of the interval";
        diagnostics.push(
            Diagnostic::new(&codes::APPROXIMATED, job.repeats.span, message)
                .help("write a `start_time`, from which the runs are counted"),
        );
        return;
    };
    let [.., second] = start.value.utc;
    if second != 0 {
        let message = "kubernetes: runs start at full minutes";
        diagnostics.push(Diagnostic::new(&codes::APPROXIMATED, start.span, message));
    }
}
