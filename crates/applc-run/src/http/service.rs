//! What a service does with appliances: brings them up in the background, looks at them, removes them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::{OwnedMutexGuard, Semaphore};

use super::answer::{FINDINGS, Problem, findings};
use super::looks::{Eye, Seen, Watches};
use super::runs::{Progress, Run, Runs, locked};
use super::submit::{Compiled, Submission, Terms};
use super::view::{Failure, mark};
use crate::appliances::{Appliances, Submitted};
use crate::cause::finding;
use crate::engine::Engine;
use crate::error::ErrorKind;
use crate::folder::{Record, Request};
use crate::rendered::render;
use crate::state::{Observed, State};
use crate::tool;
use crate::up::{Event, Outcome};

/// Maximum number of questions to the engine at once.
const QUESTIONS: usize = 16;

/// Maximum number of requests at once that only compute. More of them would only take longer.
const COMPUTING: usize = 4;

/// How long a request waits for its turn to ask the engine, or to compute.
const TURN: Duration = Duration::from_secs(20);

/// Maximum number of appliances that are brought up at once.
const RUNS: usize = 64;

/// How long the end of a run is waited for: the engine may be asked something at the moment.
const ENDING: Duration = Duration::from_secs(90);

/// How long what is rendered is used, if the engine has nothing new.
const RENDERED: Duration = Duration::from_secs(5);

/// The appliances of one engine.
pub struct Service {
    engine: Arc<dyn Engine>,
    appliances: Appliances,
    terms: Terms,
    runs: Runs,
    watches: Arc<Watches>,
    /// Held by the request that changes an appliance.
    gates: Mutex<BTreeMap<String, Arc<tokio::sync::Mutex<()>>>>,
    questions: Arc<Semaphore>,
    computing: Arc<Semaphore>,
    /// All appliances, and when they were listed.
    listed: tokio::sync::Mutex<Option<(Instant, Bytes)>>,
}

/// What became of a submission.
pub struct Accepted {
    /// Whether there was no appliance with its id.
    pub is_new: bool,
    /// The appliance as it is now.
    pub appliance: Value,
}

/// What became of a removal.
pub enum Gone {
    /// All was removed. The text says what.
    All(String),
    /// A part could not be removed.
    Part(String),
}

impl Service {
    /// A service of an engine.
    pub fn new(engine: Arc<dyn Engine>, appliances: Appliances, terms: Terms) -> Arc<Service> {
        Arc::new(Service {
            engine,
            appliances,
            terms,
            runs: Runs::default(),
            watches: Arc::default(),
            gates: Mutex::default(),
            questions: Arc::new(Semaphore::new(QUESTIONS)),
            computing: Arc::new(Semaphore::new(COMPUTING)),
            listed: tokio::sync::Mutex::new(None),
        })
    }

    /// The shared looks at appliances.
    pub fn watches(&self) -> &Arc<Watches> {
        &self.watches
    }

    /// Asks the engine or the state folder beside the requests.
    ///
    /// # Errors
    /// Too many wait for that, or what it does fails.
    pub async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        what: impl FnOnce(&Service) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.beside(&self.questions, what).await
    }

    /// Computes something beside the requests, without the engine: its answers are not waited for.
    ///
    /// # Errors
    /// Too many wait for that, or what it does fails.
    pub async fn compute<T: Send + 'static>(
        self: &Arc<Self>,
        what: impl FnOnce(&Service) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.beside(&self.computing, what).await
    }

    async fn beside<T: Send + 'static>(
        self: &Arc<Self>,
        turns: &Arc<Semaphore>,
        what: impl FnOnce(&Service) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let turn = tokio::time::timeout(TURN, Arc::clone(turns).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(Problem::busy("too many requests at once")) };
        let service = Arc::clone(self);
        let asked = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            what(&service)
        });
        // It has panicked.
        asked.await.unwrap_or_else(|_| Err(Problem::failed()))
    }

    /// The engine.
    pub fn engine(&self) -> &dyn Engine {
        &*self.engine
    }

    /// Compiles a submission.
    ///
    /// # Errors
    /// It has errors, or may not do something.
    pub fn compile(&self, submission: &Submission) -> Result<Compiled, Problem> {
        submission.compile(&self.terms)
    }

    /// The findings in a submission, as `applc check --format json` prints them, and how many more there are if
    /// there are too many.
    ///
    /// # Errors
    /// A built-in template fails.
    pub fn check(&self, submission: &Submission) -> Result<Value, Problem> {
        let (_, report) = submission.check(&self.terms)?;
        let mut answer = json!({ "findings": findings(&report) });
        let more = report.diagnostics.len().saturating_sub(FINDINGS);
        if let Some(answer) = answer.as_object_mut().filter(|_| more > 0) {
            answer.insert("more".into(), more.into());
        }
        Ok(answer)
    }

    /// An appliance as it is.
    ///
    /// # Errors
    /// There is none with this id, or the engine does not answer or refuses.
    pub async fn see(self: &Arc<Self>, id: &str) -> Result<Arc<Seen>, Problem> {
        let seen = self.watches.see(self, id).await?;
        if seen.appliance.is_some() { Ok(seen) } else { Err(Problem::unknown(id)) }
    }

    /// What this machine knows about where an appliance came from.
    fn record(&self, id: &str) -> Option<Record> {
        self.appliances.folder().record(id, self.engine.target())
    }

    /// Whether an appliance is down, and its volumes are kept.
    pub fn is_down(&self, id: &str) -> bool {
        self.record(id).is_some_and(|record| record.down)
    }

    /// An appliance that was observed.
    fn seen(&self, id: &str, observed: Observed) -> Seen {
        let observed = observed.steady(Timestamp::now());
        let run = self.runs.get(id);
        let failure = run.as_ref().and_then(|run| run.failure());
        let exists = run.is_some()
            || !observed.instances.is_empty()
            || self.record(id).is_some_and(|record| !record.down);
        let appliance = exists.then(|| match &run {
            // The folder may not have it yet.
            Some(run) => {
                let mut all = render(id, Some(&run.appliance), &observed, State::Submitted);
                if let Some(failure) = &failure {
                    mark(&mut all, &observed, failure);
                }
                all
            }
            None => self.appliances.status(&*self.engine, id, &observed),
        });
        let text = appliance.as_ref().map(|all| format!("{all}\n")).unwrap_or_default();
        let rendered = Instant::now();
        Seen { rendered, observed, appliance, text: text.into(), failure }
    }

    /// Tells all who ask for an appliance what is seen of it.
    fn tell(&self, id: &str, at: Instant, observed: Observed) {
        if self.watches.is_watched(id) {
            self.watches.tell(id, at, self.seen(id, observed));
        }
    }

    /// The right to change an appliance, until it is dropped.
    async fn gate(&self, id: &str) -> OwnedMutexGuard<()> {
        let gate = {
            let mut gates = locked(&self.gates);
            gates.retain(|_, gate| Arc::strong_count(gate) > 1);
            Arc::clone(gates.entry(id.to_owned()).or_default())
        };
        gate.lock_owned().await
    }

    /// Accepts an appliance and brings it up in the background. With `replace`, what runs of it is changed, and
    /// a run that goes on is ended.
    ///
    /// # Errors
    /// 409: there is one with this id, or another program changes it; or the engine does not answer.
    pub async fn submit(
        self: &Arc<Self>,
        compiled: Compiled,
        replace: bool,
    ) -> Result<Accepted, Problem> {
        let service = Arc::clone(self);
        // Goes on if the client leaves.
        let task = tokio::spawn(async move {
            let accepted = service.accept(compiled, replace).await;
            *service.listed.lock().await = None;
            accepted
        });
        task.await.unwrap_or_else(|_| Err(Problem::failed()))
    }

    async fn accept(
        self: &Arc<Self>,
        compiled: Compiled,
        replace: bool,
    ) -> Result<Accepted, Problem> {
        let id = compiled.id().to_owned();
        let _gate = self.gate(&id).await;
        let exists = || {
            let message = format!("the appliance `{id}` exists; PUT changes it, DELETE removes it");
            Problem::new(StatusCode::CONFLICT, message)
        };
        let before = self.runs.get(&id);
        if before.is_some() && !replace {
            return Err(exists());
        }
        if self.runs.working() >= RUNS {
            return Err(Problem::busy("too many appliances are brought up at once"));
        }
        let is_own = before.as_ref().is_some_and(|run| run.is_working());
        let name = id.clone();
        let is_there = self
            .ask(move |service| {
                let target = service.engine.target();
                if !is_own && service.appliances.folder().is_locked(&name, target) {
                    return Err(Problem::new(
                        StatusCode::CONFLICT,
                        format!("another run of applc is changing `{name}`"),
                    ));
                }
                service.appliances.check_alone(&name, target)?;
                let observed = service.engine.observe(&name)?;
                let is_kept = service.record(&name).is_some_and(|record| !record.down);
                Ok(is_kept || !observed.instances.is_empty())
            })
            .await?;
        if is_there && !replace {
            return Err(exists());
        }
        let run = Run::of(&compiled);
        let appliance = render(&id, Some(&run.appliance), &Observed::default(), State::Submitted);
        // What is answered holds, however the service ends: the run writes it only when its turn comes.
        let request = Request {
            record: Record {
                id: id.clone(),
                target: self.engine.target().to_owned(),
                file: compiled.source.name().to_owned(),
                path: None,
                over_http: true,
                down: false,
                started: false,
            },
            appliance: run.appliance.clone(),
        };
        self.ask(move |service| Ok(service.appliances.folder().accept(&request)?)).await?;
        self.begin(&id, compiled, run, before.clone())?;
        Ok(Accepted { is_new: !is_there && before.is_none(), appliance })
    }

    /// Begins a run, after the one before has ended.
    fn begin(
        self: &Arc<Self>,
        id: &str,
        compiled: Compiled,
        run: Arc<Run>,
        before: Option<Arc<Run>>,
    ) -> Result<(), Problem> {
        if let Some(before) = &before {
            before.stop();
        }
        self.runs.set(id, Arc::clone(&run));
        let (service, own, name) = (Arc::clone(self), Arc::clone(&run), id.to_owned());
        let started = tool::thread().name("up".to_owned()).spawn(move || {
            // Also if it panics.
            let mut end = End { service: &service, id: &name, run: &own, how: None };
            end.how = Some(service.bring_up(&name, &compiled, &own, before));
        });
        if started.is_err() {
            run.end(Progress::Ended);
            self.runs.forget(id, &run);
            let _ = self.appliances.folder().drop_request(id, self.engine.target());
            return Err(Problem::busy("no thread is left"));
        }
        self.watches.tell_again(id, |observed| self.seen(id, observed.clone()));
        Ok(())
    }

    /// Brings an appliance up, in a thread of its own.
    fn bring_up(
        &self,
        id: &str,
        compiled: &Compiled,
        run: &Run,
        before: Option<Arc<Run>>,
    ) -> Progress {
        if let Some(before) = before
            && !before.wait(ENDING)
        {
            let problem = Problem::busy("the run before does not end");
            return Progress::Failed(Arc::new(Failure { container: None, problem }));
        }
        let submitted = Submitted {
            plan: &compiled.plan,
            appliance: &compiled.appliance,
            files: &compiled.files,
            file: compiled.source.name(),
            over_http: true,
        };
        let mut began = Instant::now();
        let appliances = self.appliances.until(run.flag());
        let ended = appliances.bring_up(&*self.engine, &submitted, false, &mut |event| {
            if let Event::Seen(observed) = event {
                self.tell(id, began, observed.clone());
            }
            began = Instant::now();
        });
        if !run.is_stopped() {
            // One that was not taken up has failed, and that is told.
            let _ = self.appliances.folder().drop_request(id, self.engine.target());
        }
        let failure = match ended {
            _ if run.is_stopped() => return Progress::Ended,
            Ok(ended) => match ended.outcome {
                Outcome::Up(_) => return Progress::Ended,
                Outcome::Failed(cause, observed) => {
                    let Compiled { plan, source, sources, .. } = compiled;
                    let told = finding(plan, &cause, &observed, source.clone(), sources.clone());
                    let first = told.report.diagnostics.first();
                    let message = first.map(|found| found.text().into_owned());
                    let container = cause.container.and_then(|id| plan.containers.get(id));
                    Failure {
                        container: container.map(|one| one.id.value.to_string()),
                        problem: Problem {
                            status: StatusCode::OK,
                            message: message.unwrap_or_default(),
                            findings: findings(&told.report),
                        },
                    }
                }
            },
            Err(error) => Failure { container: None, problem: error.into() },
        };
        Progress::Failed(Arc::new(failure))
    }

    /// Removes an appliance, and ends the run that brings it up.
    ///
    /// # Errors
    /// There is none with this id, another program changes it, or the engine does not answer.
    pub async fn remove(self: &Arc<Self>, id: &str, purge: bool) -> Result<Gone, Problem> {
        let (service, id) = (Arc::clone(self), id.to_owned());
        // Goes on if the client leaves.
        let task = tokio::spawn(async move {
            let gone = service.take_down(&id, purge).await;
            *service.listed.lock().await = None;
            gone
        });
        task.await.unwrap_or_else(|_| Err(Problem::failed()))
    }

    async fn take_down(self: &Arc<Self>, id: &str, purge: bool) -> Result<Gone, Problem> {
        let _gate = self.gate(id).await;
        let run = self.runs.get(id);
        let name = id.to_owned();
        self.ask(move |service| service.take_down_now(&name, run, purge)).await
    }

    fn take_down_now(&self, id: &str, run: Option<Arc<Run>>, purge: bool) -> Result<Gone, Problem> {
        if let Some(run) = &run {
            run.stop();
            if !run.wait(ENDING) {
                return Err(Problem::busy("the run that brings it up does not end"));
            }
            self.runs.forget(id, run);
        } else {
            let observed = self.engine.observe(id)?;
            let record = self.record(id);
            let is_known = record.as_ref().is_some_and(|record| purge || !record.down);
            if observed.instances.is_empty() && !is_known {
                return Err(Problem::unknown(id));
            }
        }
        let taken = match self.appliances.take_down(&*self.engine, id, purge) {
            Ok(taken) => taken,
            Err(error) if error.kind == ErrorKind::Refused => {
                return Ok(Gone::Part(error.to_string()));
            }
            Err(error) => return Err(error.into()),
        };
        self.tell(id, Instant::now(), Observed::default());
        Ok(Gone::All(match (taken.removed.volumes.len(), purge) {
            (0, _) => format!("appliance `{id}` was removed"),
            (_, true) => format!("appliance `{id}` was removed with its volumes"),
            (_, false) => format!("appliance `{id}` was removed; its volumes are kept"),
        }))
    }

    /// Removes one container of an appliance.
    ///
    /// # Errors
    /// The appliance is being brought up, or the engine does not answer or refuses.
    pub async fn remove_container(
        self: &Arc<Self>,
        id: &str,
        container: &str,
    ) -> Result<(), Problem> {
        let gate = self.gate(id).await;
        let (id, container) = (id.to_owned(), container.to_owned());
        self.ask(move |service| {
            let _gate = gate;
            let target = service.engine.target();
            // The containers that are not started yet would be lost with the end of the run.
            if service.runs.get(&id).is_some_and(|run| run.is_working()) {
                let message = format!(
                    "`{id}` is being brought up; remove `{container}` when that has ended, \
                     send the appliance without it with PUT, or remove all of it with DELETE"
                );
                return Err(Problem::new(StatusCode::CONFLICT, message));
            }
            let lock = service.appliances.folder().lock(&id, target)?;
            service.engine.remove_container(&id, &container)?;
            // An appliance that is being changed is shown in another way.
            drop(lock);
            let at = Instant::now();
            service.tell(&id, at, service.engine.observe(&id)?);
            Ok(())
        })
        .await
    }

    /// All appliances with states and endpoints, as a JSON array.
    ///
    /// # Errors
    /// The engine does not answer or refuses.
    pub async fn list(self: &Arc<Self>) -> Result<Bytes, Problem> {
        let asked = Instant::now();
        let mut listed = self.listed.lock().await;
        if let Some((at, text)) = &*listed
            && *at + super::looks::AGE >= asked
        {
            return Ok(text.clone());
        }
        let at = Instant::now();
        let text: Bytes = self.ask(|service| service.all()).await?.into();
        *listed = Some((at, text.clone()));
        Ok(text)
    }

    fn all(&self) -> Result<String, Problem> {
        let target = self.engine.target();
        let mut records = self.appliances.folder().all();
        records.retain(|record| record.target == target && !record.down);
        let mut all = BTreeMap::new();
        for listed in self.appliances.on(&*self.engine, records)? {
            all.insert(listed.id, listed.appliance);
        }
        for (id, run) in self.runs.all() {
            let observed = self.engine.observe(&id)?;
            if self.runs.get(&id).is_some_and(|current| Arc::ptr_eq(&current, &run)) {
                let seen = self.seen(&id, observed);
                all.extend(seen.appliance.map(|appliance| (id, appliance)));
            }
        }
        Ok(format!("{}\n", Value::Array(all.into_values().collect())))
    }

    /// Goes on with the appliances that an earlier service has accepted, and did not bring up.
    pub fn resume(self: &Arc<Self>) {
        let folder = self.appliances.folder();
        let mut left = BTreeMap::new();
        for record in folder.all() {
            let is_left = !record.down && !record.started;
            if let Some(kept) = folder.appliance(&record.id, &record.target).filter(|_| is_left) {
                left.insert((record.id.clone(), record.target.clone()), (record, kept));
            }
        }
        // What was accepted last counts.
        for Request { record, appliance } in folder.requests() {
            left.insert((record.id.clone(), record.target.clone()), (record, appliance));
        }
        for (record, kept) in left.into_values() {
            if record.target != self.engine.target() || !record.over_http {
                continue;
            }
            // What was allowed then may not be allowed any more.
            if let Ok(compiled) = self.compile(&Submission::kept(&kept)) {
                let run = Run::of(&compiled);
                let _ = self.begin(&record.id, compiled, run, None);
            }
        }
    }

    /// The appliance with all defaults, if it is known.
    pub fn kept(&self, id: &str) -> Option<Value> {
        let run = self.runs.get(id).map(|run| run.appliance.clone());
        run.or_else(|| self.appliances.kept(&*self.engine, id))
    }

    /// Ends all runs, and waits for that at most this long. What runs goes on running.
    pub fn stop(&self, limit: Duration) {
        let end = Instant::now() + limit;
        let runs = self.runs.all();
        runs.iter().for_each(|(_, run)| run.stop());
        for (_, run) in runs {
            run.wait(end.saturating_duration_since(Instant::now()));
        }
    }
}

/// The end of a run, also if its thread panics.
struct End<'a> {
    service: &'a Service,
    id: &'a str,
    run: &'a Arc<Run>,
    how: Option<Progress>,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        let how = self.how.take().unwrap_or_else(|| {
            let failure = Failure { container: None, problem: Problem::failed() };
            Progress::Failed(Arc::new(failure))
        });
        let is_over = matches!(how, Progress::Ended);
        self.run.end(how);
        if is_over && !self.run.is_stopped() {
            self.service.runs.forget(self.id, self.run);
        }
        let service = self.service;
        service.watches.tell_again(self.id, |observed| service.seen(self.id, observed.clone()));
    }
}

impl Eye for Service {
    fn look(&self, id: &str, last: Option<&Seen>) -> Result<Seen, Problem> {
        let observed = self.engine.observe(id)?.steady(Timestamp::now());
        match last {
            // Rendering asks the engine and the folder what is kept.
            Some(last) if last.observed == observed && last.rendered.elapsed() < RENDERED => {
                Ok(last.clone())
            }
            _ => Ok(self.seen(id, observed)),
        }
    }

    fn pause(&self, id: &str, limit: Duration) {
        self.engine.pause(id, limit);
    }
}
