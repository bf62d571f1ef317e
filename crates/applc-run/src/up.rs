//! Waiting until an appliance is up.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use applc::plan::Plan;

use crate::engine::{Desired, Engine, Failure, Progress, Step};
use crate::error::{Error, ErrorKind};
use crate::judge::{Cause, Judge, Verdict};
use crate::state::{Fault, FaultKind, Observed};

/// Longest time between two looks at an engine that tells when something happens.
const LOOK: Duration = Duration::from_secs(1);

/// Longest time between two looks while images are pulled.
const QUICK: Duration = Duration::from_millis(200);

/// What happens while an appliance comes up.
pub enum Event<'a> {
    /// Something of the hand-over.
    Progress(Progress),
    /// A look at the engine.
    Seen(&'a Observed),
}

/// How it ended.
#[derive(Debug)]
pub enum Outcome {
    /// All services are ready and all jobs have succeeded; or, without waiting for that, the engine has
    /// everything.
    Up(Observed),
    /// It does not come up.
    Failed(Cause, Observed),
}

/// Hands an appliance over and waits until it is up. It stops as soon as the engine knows that it
/// does not come up; what runs then goes on running. With `detach`, it ends when the engine has everything.
///
/// # Errors
/// The engine does not answer or refuses.
pub fn up(
    engine: &dyn Engine,
    desired: &Desired<'_>,
    detach: bool,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<Outcome, Error> {
    up_unless(engine, desired, detach, &AtomicBool::new(false), tell)
}

/// As [`up`], but ends with an error of the kind [`ErrorKind::Busy`] soon after `stop` is set. What runs then
/// goes on running.
///
/// # Errors
/// The engine does not answer or refuses, or `stop` was set.
pub fn up_unless(
    engine: &dyn Engine,
    desired: &Desired<'_>,
    detach: bool,
    stop: &AtomicBool,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<Outcome, Error> {
    let stopped = || {
        let error = || Error::new(ErrorKind::Busy, "another request has ended this run");
        if stop.load(Ordering::Relaxed) { Err(error()) } else { Ok(()) }
    };
    stopped()?;
    let mut handover = engine.apply(desired)?;
    let id = desired.id();
    let mut judge = Judge::from_now(&engine.observe(id)?);
    let mut handed = false;
    loop {
        stopped()?;
        let step = if handed {
            Step::Done
        } else {
            handover.poll(&mut |progress| tell(Event::Progress(progress)))?
        };
        // Looked at after the hand-over: what made it fail is seen.
        let observed = engine.observe(id)?;
        tell(Event::Seen(&observed));
        let verdict = judge.judge(desired.plan, &observed, Instant::now());
        match (step, verdict) {
            (_, Verdict::Failed(cause)) => return Ok(Outcome::Failed(cause, observed)),
            (Step::Failed(failure), _) => {
                return Ok(Outcome::Failed(cause(desired.plan, failure), observed));
            }
            (Step::Done, Verdict::Up) => return Ok(Outcome::Up(observed)),
            (Step::Done, Verdict::Waiting) if detach => return Ok(Outcome::Up(observed)),
            (step, _) => {
                handed = step == Step::Done;
                engine.pause(id, if handed { LOOK } else { QUICK });
            }
        }
    }
}

/// The cause of a hand-over that failed, if nothing that runs shows another one.
fn cause(plan: &Plan, failure: Failure) -> Cause {
    let id = |name: &String| plan.containers.iter().position(|one| one.id.value == *name);
    let container = failure.container.as_ref().and_then(id);
    Cause { container, instance: failure.instance, fault: failure.fault }
}

/// A fault of a hand-over that is not about one container.
pub(crate) fn refused(reason: &str) -> Fault {
    Fault { kind: FaultKind::Start, reason: reason.to_owned() }
}
