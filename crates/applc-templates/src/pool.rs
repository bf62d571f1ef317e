//! The processes of a program.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use applc::targets::custom::{Cause, Done, Renderer, Stopped, Texts, Work};

use crate::Limits;
use crate::worker::{self, Worker};

/// Processes for templates: one for each thread that renders, started when it is needed.
pub struct Pool {
    /// The program; `None` for the one that runs.
    program: Option<PathBuf>,
    limits: Limits,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Processes that wait for work.
    idle: Vec<Worker>,
    /// Targets that were stopped, the last one last.
    resting: VecDeque<Resting>,
}

/// A target that was stopped.
struct Resting {
    texts: Arc<Texts>,
    stopped: Stopped,
    /// Until when it is not run again.
    until: Instant,
}

/// A target that was stopped is not run for this many times as long as it took: a project has many appliances, and an
/// editor asks again after each key. So about a tenth of the time is lost to it.
const REST: u32 = 10;

/// How many targets are known that were stopped.
const RESTING: usize = 16;

impl Pool {
    /// One with the program that runs, which calls [`run_if_asked`](crate::run_if_asked).
    pub fn new(limits: Limits) -> Pool {
        Pool { program: None, limits, state: Mutex::default() }
    }

    /// One with another program that does so.
    pub fn of_program(program: PathBuf, limits: Limits) -> Pool {
        Pool { program: Some(program), ..Pool::new(limits) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic while it was locked leaves it whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&self) -> Result<Worker, Stopped> {
        let program = self.program.clone().map_or_else(worker::program, Ok);
        let started = program.and_then(|program| Worker::start(&program, self.limits));
        started.map_err(|why| Stopped { template: None, cause: Cause::NotStarted(why) })
    }

    /// Keeps a process for later, unless there are as many as can be of use at once.
    fn keep(&self, worker: Worker) {
        let useful = thread::available_parallelism().map_or(1, usize::from);
        let mut state = self.state();
        if state.idle.len() < useful {
            state.idle.push(worker);
        }
    }

    /// What a target was stopped by that is not run for now.
    fn resting(&self, texts: &Texts) -> Option<Stopped> {
        let mut state = self.state();
        let now = Instant::now();
        state.resting.retain(|resting| resting.until > now);
        let resting = state.resting.iter().find(|resting| *resting.texts == *texts);
        resting.map(|resting| resting.stopped.clone())
    }

    fn rest(&self, texts: &Arc<Texts>, stopped: &Stopped, taken: Duration) {
        let mut state = self.state();
        if state.resting.len() >= RESTING {
            state.resting.pop_front();
        }
        let until = Instant::now() + taken * REST;
        let (texts, stopped) = (Arc::clone(texts), stopped.clone());
        state.resting.push_back(Resting { texts, stopped, until });
    }
}

impl Renderer for Pool {
    fn run(&self, texts: &Arc<Texts>, work: &Work<'_>) -> Result<Done, Stopped> {
        if let Some(stopped) = self.resting(texts) {
            return Err(stopped);
        }
        let begun = Instant::now();
        let result = match self.run_in_idle(texts, work) {
            Some(result) => result,
            None => self.run_in(self.start()?, texts, work),
        };
        if let Err(stopped) = &result {
            self.rest(texts, stopped, begun.elapsed());
        }
        result
    }
}

impl Pool {
    /// Does something in a process that waits. `None` if there is none that is able to.
    fn run_in_idle(&self, texts: &Arc<Texts>, work: &Work<'_>) -> Option<Result<Done, Stopped>> {
        let idle = self.state().idle.pop()?;
        let has_rendered = idle.has_rendered;
        match self.run_in(idle, texts, work) {
            // It may have ended before.
            Err(Stopped { cause: Cause::Other(_), .. }) => None,
            // What it did before takes memory.
            Err(Stopped { cause: Cause::Memory(_), .. }) if has_rendered => None,
            result => Some(result),
        }
    }

    /// Does something in a process, which is kept if it can do more.
    fn run_in(
        &self,
        mut worker: Worker,
        texts: &Arc<Texts>,
        work: &Work<'_>,
    ) -> Result<Done, Stopped> {
        let done = worker.run(texts, work)?;
        self.keep(worker);
        Ok(done)
    }
}
