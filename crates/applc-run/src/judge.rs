//! Whether an appliance is up, or cannot come up.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use applc::plan::{ContainerId, Plan};

use crate::state::{Fault, FaultKind, Instance, Observed, State, wanted};

/// How long a service without a health check must run to be up: one that cannot start usually ends
/// sooner.
const SETTLED: Duration = Duration::from_secs(2);

/// After this number of starts again, a service that ends is not waited for any longer. A service that ends
/// because another one is not ready yet often succeeds at the first or second.
const RESTARTS: u32 = 3;

/// Why an appliance does not come up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The container, as an index of the plan. `None` if the engine does not name it.
    pub container: Option<ContainerId>,
    /// The name of the instance on the engine.
    pub instance: Option<String>,
    /// What the engine knows.
    pub fault: Fault,
}

/// What is known so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may still come up.
    Waiting,
    /// All services are ready, and all jobs have succeeded.
    Up,
    /// It does not come up.
    Failed(Cause),
}

/// Judges what is observed of one appliance while it comes up.
#[derive(Debug, Default)]
pub struct Judge {
    /// What each instance was before.
    before: BTreeMap<String, Instance>,
    /// The current start of each instance that runs, and when it was first seen.
    runs: BTreeMap<String, (String, Instant)>,
}

impl Judge {
    /// A judge of what happens from now on. What was `observed` before does not count: faults may be
    /// mended, and what runs already does not have to show that it goes on.
    pub fn from_now(observed: &Observed) -> Judge {
        let before = observed.instances.iter().map(|one| (one.name.clone(), one.clone()));
        Judge { before: before.collect(), runs: BTreeMap::new() }
    }

    /// Judges what was observed at a time. Of several faults, that of the container that starts first is
    /// the cause: it may have led to the others.
    pub fn judge(&mut self, plan: &Plan, observed: &Observed, now: Instant) -> Verdict {
        for instance in &observed.instances {
            if instance.state != State::Running {
                self.runs.remove(&instance.name);
                continue;
            }
            match self.runs.get(&instance.name) {
                Some((start, _)) if *start == instance.start => {}
                _ => {
                    self.runs.insert(instance.name.clone(), (instance.start.clone(), now));
                }
            }
        }
        let mut is_up = true;
        for &id in &plan.start_order {
            let Some(container) = plan.containers.get(id) else { continue };
            let mut ready = 0;
            for instance in observed.of(&container.id.value) {
                if let Some(fault) = self.fault(instance) {
                    let instance = Some(instance.name.clone());
                    return Verdict::Failed(Cause { container: Some(id), instance, fault });
                }
                ready += u32::from(self.is_ready(instance, container.job().is_some(), now));
            }
            is_up &= ready >= wanted(container);
        }
        if is_up { Verdict::Up } else { Verdict::Waiting }
    }

    fn fault(&self, instance: &Instance) -> Option<Fault> {
        // Nothing, if it was started anew.
        let before =
            self.before.get(&instance.name).filter(|before| before.start == instance.start);
        if let Some(fault) = &instance.fault {
            let is_old = before.is_some_and(|before| before.fault.is_some());
            return (!is_old).then(|| fault.clone());
        }
        let earlier = self.before.get(&instance.name).map_or(0, |before| before.restarts);
        // A start by hand counts from 0 again.
        let restarts = instance.restarts.checked_sub(earlier).unwrap_or(instance.restarts);
        let may_stay = matches!(instance.state, State::Running | State::Success | State::Killed);
        (restarts >= RESTARTS && !may_stay).then(|| Fault {
            kind: FaultKind::Crash,
            reason: instance.why.clone().unwrap_or_else(|| format!("{restarts} starts again")),
        })
    }

    fn is_ready(&self, instance: &Instance, is_job: bool, now: Instant) -> bool {
        if is_job {
            return instance.state == State::Success;
        }
        if instance.state != State::Running {
            return false;
        }
        let ran = self
            .before
            .get(&instance.name)
            .is_some_and(|before| before.state == State::Running && before.start == instance.start);
        let since = self.runs.get(&instance.name).map(|(_, since)| now.duration_since(*since));
        ran || instance.checked || since.is_some_and(|since| since >= SETTLED)
    }
}

#[cfg(test)]
mod tests {
    use applc::analysis::Analysis;
    use applc::source::Source;

    use super::*;

    const APPLIANCE: &str = r#"{"id": "app", "containers": [
      {"id": "web", "type": "service", "image": "a:1", "resources": {"cpus": 1, "mem": 64}, "instances": 2,
       "dependencies": ["db", "job"]},
      {"id": "db", "type": "service", "image": "a:1", "resources": {"cpus": 1, "mem": 64}},
      {"id": "job", "type": "job", "image": "a:1", "resources": {"cpus": 1, "mem": 64}},
      {"id": "never", "type": "job", "image": "a:1", "resources": {"cpus": 1, "mem": 64}, "repeats": 0}]}"#;

    fn plan() -> Plan {
        Analysis::of(&Source::new("app.json", APPLIANCE)).plan.unwrap()
    }

    fn instance(name: &str, state: State) -> Instance {
        let container = name.split('-').next().unwrap_or(name);
        Instance { start: "first".to_owned(), ..Instance::plain(container, name, state) }
    }

    fn observed(instances: &[Instance]) -> Observed {
        Observed { instances: instances.to_vec() }
    }

    fn all_run() -> Vec<Instance> {
        vec![
            instance("db", State::Running),
            instance("job", State::Success),
            instance("web-1", State::Running),
            instance("web-2", State::Running),
        ]
    }

    fn failing(name: &str, kind: FaultKind) -> Instance {
        let fault = Some(Fault { kind, reason: "no".to_owned() });
        Instance { fault, ..instance(name, State::Failed) }
    }

    #[test]
    fn a_service_without_a_check_is_up_when_it_has_run_for_a_while() {
        let (plan, start) = (plan(), Instant::now());
        let mut judge = Judge::default();
        let all = observed(&all_run());
        assert_eq!(judge.judge(&plan, &all, start), Verdict::Waiting);
        assert_eq!(judge.judge(&plan, &all, start + SETTLED / 2), Verdict::Waiting);
        assert_eq!(judge.judge(&plan, &all, start + SETTLED), Verdict::Up);
        // Started again in between.
        let mut again = all_run();
        again[0].start = "second".to_owned();
        assert_eq!(judge.judge(&plan, &observed(&again), start + SETTLED), Verdict::Waiting);
    }

    #[test]
    fn what_ran_before_or_is_checked_is_up_at_once() {
        let (plan, now) = (plan(), Instant::now());
        let all = observed(&all_run());
        assert_eq!(Judge::from_now(&all).judge(&plan, &all, now), Verdict::Up);
        let checked: Vec<Instance> =
            all_run().into_iter().map(|one| Instance { checked: true, ..one }).collect();
        assert_eq!(Judge::default().judge(&plan, &observed(&checked), now), Verdict::Up);
    }

    #[test]
    fn all_instances_are_waited_for_and_jobs_until_they_succeed() {
        let (plan, now) = (plan(), Instant::now());
        let less = observed(&all_run()[..3]);
        assert_eq!(Judge::from_now(&less).judge(&plan, &less, now), Verdict::Waiting);
        let mut runs = all_run();
        runs[1].state = State::Running;
        let runs = observed(&runs);
        assert_eq!(Judge::from_now(&runs).judge(&plan, &runs, now), Verdict::Waiting);
    }

    #[test]
    fn the_container_that_starts_first_is_the_cause() {
        let (plan, now) = (plan(), Instant::now());
        let both =
            observed(&[failing("web-1", FaultKind::Crash), failing("db", FaultKind::Health)]);
        let Verdict::Failed(cause) = Judge::default().judge(&plan, &both, now) else {
            panic!("not failed");
        };
        assert_eq!(cause.container, Some(1));
        assert_eq!((cause.instance.as_deref(), cause.fault.kind), (Some("db"), FaultKind::Health));
    }

    #[test]
    fn a_fault_from_before_counts_only_if_it_happens_again() {
        let (plan, now) = (plan(), Instant::now());
        let old = observed(&[failing("db", FaultKind::Start)]);
        let mut judge = Judge::from_now(&old);
        assert_eq!(judge.judge(&plan, &old, now), Verdict::Waiting);
        let again = Instance { start: "second".to_owned(), ..failing("db", FaultKind::Start) };
        assert!(matches!(judge.judge(&plan, &observed(&[again]), now), Verdict::Failed(_)));
    }

    #[test]
    fn a_service_that_ends_again_and_again_does_not_come_up() {
        let (plan, now) = (plan(), Instant::now());
        let ends = |restarts| observed(&[Instance { restarts, ..instance("db", State::Staging) }]);
        let mut judge = Judge::from_now(&ends(7));
        assert_eq!(judge.judge(&plan, &ends(9), now), Verdict::Waiting);
        assert!(matches!(judge.judge(&plan, &ends(10), now), Verdict::Failed(_)));
        // Started by hand in between.
        assert_eq!(judge.judge(&plan, &ends(2), now), Verdict::Waiting);
        assert!(matches!(judge.judge(&plan, &ends(3), now), Verdict::Failed(_)));
    }
}
