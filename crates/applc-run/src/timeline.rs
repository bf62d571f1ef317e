//! When each instance of an appliance waited, was pulled, started, and was ready, and the chain of dependencies that
//! took longest.

use std::collections::BTreeMap;

use applc::plan::{ContainerId, Plan};
use jiff::Timestamp;
use serde::Serialize;

use crate::engine::Progress;
use crate::folder::{Noted, NotedTimes};
use crate::state::{Instance, Observed, State};
use crate::up::Event;

/// What became of an appliance in the order of time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Timeline {
    /// The instances: in the order of the appliance if that is known.
    pub instances: Vec<Row>,
    /// The containers that took longest, one after the other: the last that was ready, and each the one that it waited
    /// for. Empty if none is ready.
    pub chain: Vec<Link>,
}

/// What became of an instance. Phases are in seconds, and absent if the engine does not know both of their ends.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The id of the container.
    pub container: String,
    /// The name of the instance on the engine.
    pub instance: String,
    /// Its state.
    pub state: State,
    /// When the first thing happened that is known of its current start.
    pub began: Option<Timestamp>,
    /// Its dependencies were not ready, or it had no place.
    pub waiting: Option<f64>,
    /// Its image was pulled.
    pub pulling: Option<f64>,
    /// The engine started it.
    pub starting: Option<f64>,
    /// A service ran, but was not healthy.
    pub checking: Option<f64>,
    /// A job ran.
    pub running: Option<f64>,
    /// When it was ready: a service healthy or, without a check, started; a job ended well.
    pub ready: Option<Timestamp>,
    /// From its beginning until it was ready.
    pub total: Option<f64>,
}

/// A container in the chain that took longest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Link {
    /// The id of the container.
    pub container: String,
    /// Seconds from the beginning of the chain until it was ready.
    pub at: f64,
    /// Seconds that it took itself, after the one that it waited for was ready.
    pub took: f64,
}

impl Timeline {
    /// The timeline of what is observed. Without the plan, dependencies are not known.
    pub fn new(plan: Option<&Plan>, observed: &Observed) -> Timeline {
        let on = dependencies(plan);
        let jobs = jobs(plan);
        let is_job = |id: &str| jobs.get(id).copied();
        let ready: BTreeMap<&str, Timestamp> = observed
            .instances
            .iter()
            .map(|one| one.container.as_str())
            .filter_map(|id| Some((id, all_ready(observed, id, is_job(id))?)))
            .collect();
        let row = |one: &Instance| {
            let waited = on.get(one.container.as_str()).into_iter().flatten();
            let free = waited.filter_map(|id| ready.get(id.as_str())).max().copied();
            row(one, is_job(&one.container), free)
        };
        let mut instances: Vec<Row> = observed.instances.iter().map(row).collect();
        let place = |id: &str| {
            plan.and_then(|plan| plan.containers.iter().position(|one| one.id.value == *id))
        };
        instances.sort_by_key(|row| place(&row.container).unwrap_or(usize::MAX));
        let chain = chain(&instances, &on, &ready);
        Timeline { instances, chain }
    }
}

/// Notes what engines do not tell later: when images were pulled for an engine, and when a check succeeded first.
#[derive(Debug, Default)]
pub struct Notes {
    /// When the images of a container began to be pulled.
    pulls: BTreeMap<String, Timestamp>,
    noted: Noted,
}

impl Notes {
    /// Goes on with what was noted before.
    pub fn after(noted: Noted) -> Notes {
        Notes { pulls: BTreeMap::new(), noted }
    }

    /// Takes something that happened at a time.
    pub fn take(&mut self, event: &Event<'_>, now: Timestamp) {
        match event {
            Event::Progress(
                Progress::Pulling(_, containers) | Progress::Building(_, containers),
            ) => {
                for container in containers {
                    self.pulls.entry(container.clone()).or_insert(now);
                }
            }
            Event::Progress(_) => {}
            Event::Seen(observed) => self.look(observed, now),
        }
    }

    fn look(&mut self, observed: &Observed, now: Timestamp) {
        let mut seen = Noted::new();
        for one in &observed.instances {
            let name = key(one);
            let mut noted = self.noted.remove(&name).unwrap_or_default();
            let pulling = self.pulls.get(&one.container).copied();
            // What was created before did not wait for this.
            let is_for = |pulling: &Timestamp| one.times.created.is_some_and(|at| at >= *pulling);
            noted.pulling = noted.pulling.or(pulling.filter(is_for));
            let is_ready = one.checked && one.state == State::Running;
            noted.ready = noted.ready.or(one.times.ready).or(is_ready.then_some(now));
            seen.insert(name, noted);
        }
        self.noted = seen;
    }

    /// What was noted of the instances that were seen last, as far as there is something.
    pub fn noted(mut self) -> Noted {
        self.noted.retain(|_, noted| *noted != NotedTimes::default());
        self.noted
    }
}

/// Fills in what was noted where the engine does not tell it.
pub fn fill(observed: &Observed, noted: &Noted) -> Observed {
    let mut observed = observed.clone();
    for one in &mut observed.instances {
        if let Some(noted) = noted.get(&key(one)) {
            one.times.pulling = one.times.pulling.or(noted.pulling);
            // A check may have failed since then, and succeeded again.
            one.times.ready = noted.ready.or(one.times.ready);
        }
    }
    observed
}

/// What names a start of an instance.
fn key(instance: &Instance) -> String {
    format!("{} {}", instance.name, instance.start)
}

/// The ids of the dependencies of each container.
fn dependencies(plan: Option<&Plan>) -> BTreeMap<&str, Vec<String>> {
    let Some(plan) = plan else { return BTreeMap::new() };
    let name = |id: ContainerId| plan.containers.get(id).map(|one| one.id.value.to_string());
    let all = plan.containers.iter();
    all.map(|one| {
        let on = one.dependencies.iter().filter_map(|on| name(on.on));
        (one.id.value.as_str(), on.collect())
    })
    .collect()
}

/// Whether each container is a job.
fn jobs(plan: Option<&Plan>) -> BTreeMap<&str, bool> {
    let all = plan.into_iter().flat_map(|plan| &plan.containers);
    all.map(|one| (one.id.value.as_str(), one.job().is_some())).collect()
}

/// When an instance was ready. Without the appliance, one that has succeeded is a job.
fn ready(instance: &Instance, is_job: Option<bool>) -> Option<Timestamp> {
    let times = &instance.times;
    if is_job.unwrap_or(instance.state == State::Success) {
        return times.ended.filter(|_| instance.state == State::Success);
    }
    let is_up = instance.state == State::Running;
    let without_check = times.started.filter(|_| is_up && !instance.checked);
    times.ready.or(without_check)
}

/// When all instances of a container were ready.
fn all_ready(observed: &Observed, id: &str, is_job: Option<bool>) -> Option<Timestamp> {
    let times: Option<Vec<Timestamp>> = observed.of(id).map(|one| ready(one, is_job)).collect();
    times?.into_iter().max()
}

/// What became of an instance whose dependencies were ready at `free`.
fn row(instance: &Instance, is_job: Option<bool>, free: Option<Timestamp>) -> Row {
    let times = &instance.times;
    let began =
        [times.created, times.pulling, times.starting, times.started].into_iter().flatten().min();
    let ready = ready(instance, is_job);
    // Some engines pull before they create it, others when its dependencies are ready.
    let (pulled, waits_from) = match (times.pulling, times.created) {
        (Some(pulling), Some(created)) if pulling < created => (Some(created), Some(created)),
        (Some(_), _) => (times.starting.or(times.started), times.created),
        (None, created) => (None, created),
    };
    // An engine that does not tell when it began to start it does so when the dependencies are ready.
    let starting = times.starting.or_else(|| {
        let from = waits_from.or(pulled)?;
        let begin = free.map_or(from, |free| free.max(from));
        times.started.filter(|started| *started >= begin).map(|_| begin)
    });
    let waits_to = match (times.pulling, waits_from) {
        (Some(pulling), Some(from)) if pulling >= from => Some(pulling),
        _ => starting,
    };
    let is_job = is_job.unwrap_or(instance.state == State::Success);
    let checking = seconds(times.started, times.ready).filter(|_| instance.checked && !is_job);
    Row {
        container: instance.container.clone(),
        instance: instance.name.clone(),
        state: instance.state,
        began,
        waiting: seconds(waits_from, waits_to),
        pulling: seconds(times.pulling, pulled),
        starting: seconds(starting, times.started),
        checking,
        running: seconds(times.started, times.ended).filter(|_| is_job),
        ready,
        total: seconds(began, ready),
    }
}

/// Seconds from one time to a later one.
fn seconds(from: Option<Timestamp>, to: Option<Timestamp>) -> Option<f64> {
    let seconds = to?.duration_since(from?).as_secs_f64();
    // Clocks of several machines differ by a little.
    (seconds >= -1.0).then(|| (seconds.max(0.0) * 1000.0).round() / 1000.0)
}

/// The containers that took longest, from the first to the last.
fn chain(
    rows: &[Row],
    on: &BTreeMap<&str, Vec<String>>,
    ready: &BTreeMap<&str, Timestamp>,
) -> Vec<Link> {
    let began =
        |id: &str| rows.iter().filter(|row| row.container == id).filter_map(|row| row.began).min();
    let Some((last, _)) = ready.iter().max_by_key(|(_, at)| **at) else { return Vec::new() };
    let mut chain: Vec<(&str, Timestamp)> = Vec::new();
    let mut next = Some(*last);
    while let Some(id) = next
        && let Some(&at) = ready.get(id)
        // A plan without errors has no cycle.
        && chain.iter().all(|(known, _)| *known != id)
    {
        chain.push((id, at));
        // Nobody waited for what had been ready before.
        let since = began(id);
        let waited = on.get(id).into_iter().flatten();
        let waited = waited.filter_map(|id| Some((id.as_str(), *ready.get(id.as_str())?)));
        let waited = waited.filter(|(_, ready)| since.is_some_and(|since| *ready > since));
        next = waited.max_by_key(|(_, ready)| *ready).map(|(id, _)| id);
    }
    chain.reverse();
    let Some(start) = chain.first().and_then(|(id, at)| began(id).or(Some(*at))) else {
        return Vec::new();
    };
    let mut before = start;
    let link = |(id, at): (&str, Timestamp)| {
        let took = seconds(Some(before), Some(at)).unwrap_or_default();
        before = at;
        let since = seconds(Some(start), Some(at)).unwrap_or_default();
        Link { container: id.to_owned(), at: since, took }
    };
    chain.into_iter().map(link).collect()
}

#[cfg(test)]
mod tests {
    use applc::analysis::Analysis;
    use applc::source::Source;

    use super::*;
    use crate::state::Times;

    const APPLIANCE: &str = r#"{"id": "app", "containers": [
  {"id": "web", "type": "service", "image": "a:1", "resources": {"cpus": 1, "mem": 64}, "network_mode": "bridge",
   "dependencies": ["db", "made"]},
  {"id": "db", "type": "service", "image": "a:1", "resources": {"cpus": 1, "mem": 64}, "network_mode": "bridge"},
  {"id": "made", "type": "job", "image": "a:1", "resources": {"cpus": 1, "mem": 64}, "network_mode": "bridge"}]}"#;

    fn plan() -> Plan {
        Analysis::of(&Source::new("app.json", APPLIANCE)).plan.unwrap()
    }

    fn at(tenths: i64) -> Option<Timestamp> {
        Some(Timestamp::from_millisecond(1_800_000_000_000 + tenths * 100).unwrap())
    }

    /// Pulled from 0 to 20, created at 20, and then in the order of the dependencies, as Compose does.
    fn observed() -> Observed {
        let checked = Instance {
            checked: true,
            times: Times {
                pulling: at(0),
                created: at(20),
                started: at(25),
                ready: at(65),
                ..Times::default()
            },
            ..Instance::plain("db", "app-db-1", State::Running)
        };
        let job = Instance {
            times: Times { created: at(21), started: at(23), ended: at(43), ..Times::default() },
            ..Instance::plain("made", "app-made-1", State::Success)
        };
        let web = Instance {
            times: Times { created: at(22), started: at(70), ..Times::default() },
            ..Instance::plain("web", "app-web-1", State::Running)
        };
        Observed { instances: vec![checked, job, web] }
    }

    #[test]
    fn phases_are_told_in_the_order_of_the_appliance() {
        let timeline = Timeline::new(Some(&plan()), &observed());
        let phases = |index: usize| {
            let row = &timeline.instances[index];
            (
                row.container.as_str(),
                [row.waiting, row.pulling, row.starting, row.checking, row.running, row.total],
            )
        };
        // Waits for both, of which `db` is ready last.
        assert_eq!(phases(0), ("web", [Some(4.3), None, Some(0.5), None, None, Some(4.8)]));
        let pulled = [Some(0.0), Some(2.0), Some(0.5), Some(4.0), None, Some(6.5)];
        assert_eq!(phases(1), ("db", pulled));
        assert_eq!(phases(2), ("made", [Some(0.0), None, Some(0.2), None, Some(2.0), Some(2.2)]));
    }

    #[test]
    fn an_engine_may_pull_after_it_has_waited() {
        let mut observed = observed();
        observed.instances[2].times = Times {
            created: at(0),
            pulling: at(65),
            starting: at(85),
            started: at(87),
            ..Times::default()
        };
        let timeline = Timeline::new(Some(&plan()), &observed);
        let web = &timeline.instances[0];
        assert_eq!((web.waiting, web.pulling, web.starting), (Some(6.5), Some(2.0), Some(0.2)));
    }

    #[test]
    fn the_chain_leads_to_the_last_that_was_ready() {
        let links = |observed: &Observed| -> Vec<(String, f64, f64)> {
            let chain = Timeline::new(Some(&plan()), observed).chain;
            chain.into_iter().map(|link| (link.container, link.at, link.took)).collect()
        };
        assert_eq!(links(&observed()), [("db".to_owned(), 6.5, 6.5), ("web".to_owned(), 7.0, 0.5)]);
        // The job took longer.
        let mut slow = observed();
        slow.instances[1].times.ended = at(69);
        assert_eq!(links(&slow), [("made".to_owned(), 4.8, 4.8), ("web".to_owned(), 4.9, 0.1)]);
        // Only `web` was replaced, when the others had been ready for long.
        let mut again = observed();
        again.instances[2].times = Times { created: at(900), started: at(910), ..Times::default() };
        assert_eq!(links(&again), [("web".to_owned(), 1.0, 1.0)]);
    }

    #[test]
    fn what_is_not_known_is_absent() {
        let mut observed = observed();
        observed.instances[0].times.ready = None;
        observed.instances[1].state = State::Failed;
        let timeline = Timeline::new(Some(&plan()), &observed);
        assert_eq!((timeline.instances[1].ready, timeline.instances[1].total), (None, None));
        assert_eq!(timeline.instances[2].ready, None, "a job that failed is not ready");
        assert_eq!(timeline.chain.len(), 1, "what web waited for is not known");
        let without = Timeline::new(None, &observed);
        assert_eq!(without.instances[0].container, "db");
        assert_eq!(Timeline::new(None, &Observed::default()).chain, []);
    }

    #[test]
    fn a_container_is_ready_when_all_its_instances_are() {
        let mut two = observed();
        let mut second = two.instances[0].clone();
        second.times.ready = at(68);
        two.instances.insert(1, second);
        let chain = Timeline::new(Some(&plan()), &two).chain;
        assert_eq!((chain[0].container.as_str(), chain[0].at), ("db", 6.8));
    }

    #[test]
    fn what_engines_do_not_tell_is_noted_while_it_happens() {
        let pulling = Progress::Pulling("a:1".into(), vec!["db".into(), "web".into()]);
        let mut looks = observed();
        looks.instances[0].times = Times { created: at(20), started: at(25), ..Times::default() };
        // Kept from before the pull.
        looks.instances[2].times.created = at(-100);
        let mut notes = Notes::default();
        notes.take(&Event::Progress(pulling), at(0).unwrap());
        looks.instances[0].state = State::Staging;
        notes.take(&Event::Seen(&looks), at(30).unwrap());
        looks.instances[0].state = State::Running;
        notes.take(&Event::Seen(&looks), at(65).unwrap());
        notes.take(&Event::Seen(&looks), at(99).unwrap());
        let noted = notes.noted();
        let filled = fill(&looks, &noted);
        assert_eq!(
            (filled.instances[0].times.pulling, filled.instances[0].times.ready),
            (at(0), at(65))
        );
        assert_eq!(
            (filled.instances[2].times.pulling, filled.instances[2].times.ready),
            (None, None)
        );
        // A later run keeps what was noted of the same start, and forgets that of another one.
        let mut later = Notes::after(noted.clone());
        later.take(&Event::Seen(&looks), at(500).unwrap());
        assert_eq!(later.noted(), noted);
        looks.instances[0].start = "second".into();
        looks.instances[0].state = State::Staging;
        let mut again = Notes::after(noted);
        again.take(&Event::Seen(&looks), at(600).unwrap());
        assert_eq!(again.noted(), Noted::new());
    }
}
