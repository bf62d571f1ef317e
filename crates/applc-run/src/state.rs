//! The words for states, and what is observed of an appliance.

use applc::plan::Container;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// After this number of starts again, a service ends often.
pub const OFTEN: u32 = 3;

/// How long a service that ends often must run to count as one that runs.
const STEADY: SignedDuration = SignedDuration::from_secs(30);

/// The state of a container or of an instance, in PIVOT's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Accepted; nothing is known of it yet.
    Submitted,
    /// Waits for its dependencies.
    Pending,
    /// Being placed or started, its image being pulled, or not yet healthy.
    Staging,
    /// Runs, and is healthy if that is checked.
    Running,
    /// A job that ended well.
    Success,
    /// Failed, or cannot be started.
    Failed,
    /// Stopped from outside.
    Killed,
}

impl State {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            State::Submitted => "submitted",
            State::Pending => "pending",
            State::Staging => "staging",
            State::Running => "running",
            State::Success => "success",
            State::Failed => "failed",
            State::Killed => "killed",
        }
    }
}

/// Where a port of an instance is reached from outside.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Endpoint {
    /// Name or address of the host.
    pub host: String,
    /// The port on the host.
    pub host_port: u16,
    /// The port in the container.
    pub container_port: u16,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// The name of the port in the appliance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Why an instance does not come up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// No machine of the engine has a place for it.
    Place,
    /// Its image cannot be pulled.
    Pull,
    /// Its image cannot be built.
    Build,
    /// The engine cannot create or start it.
    Start,
    /// It starts, and ends again.
    Crash,
    /// It needs more memory than it may use.
    Memory,
    /// Its health check fails.
    Health,
    /// A job that failed, with all its retries.
    Job,
}

/// What an engine knows about an instance that does not come up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Why.
    pub kind: FaultKind,
    /// The engine's reason.
    pub reason: String,
}

/// When something happened to the current start of an instance, as far as the engine knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Times {
    /// It was accepted, and waits for a place or for its dependencies from then on.
    pub created: Option<Timestamp>,
    /// Its image began to be pulled.
    pub pulling: Option<Timestamp>,
    /// Its dependencies were ready, and its image present: it is being started.
    pub starting: Option<Timestamp>,
    /// Its program runs.
    pub started: Option<Timestamp>,
    /// It was ready: healthy for the first time. For a service without a check, the engine knows only
    /// `started`.
    pub ready: Option<Timestamp>,
    /// It ended.
    pub ended: Option<Timestamp>,
}

/// What an engine knows about an instance of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// The id of the container in the appliance.
    pub container: String,
    /// The name of the instance on the engine.
    pub name: String,
    /// Its state.
    pub state: State,
    /// The reason of its state, if the engine has one.
    pub why: Option<String>,
    /// What names its current start; another one means that it was started again.
    pub start: String,
    /// How often the engine started it again after it ended.
    pub restarts: u32,
    /// Whether it is a service that ended often.
    pub often: bool,
    /// Whether its health is checked.
    pub checked: bool,
    /// Why it will not come up, if the engine knows that.
    pub fault: Option<Fault>,
    /// When things happened to its current start.
    pub times: Times,
    /// Where its ports are reached.
    pub endpoints: Vec<Endpoint>,
    /// The host, if it uses the network of the host: all its ports are reached there.
    pub on_host: Option<String>,
}

/// What an engine knows about an appliance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    /// The instances, sorted by container and name.
    pub instances: Vec<Instance>,
}

impl Instance {
    /// The instance as it is shown. One that ends again and again runs in between: it counts as failed until it has
    /// run for a while.
    fn steady(self, now: Timestamp) -> Instance {
        let lasts = |started| now.duration_since(started) >= STEADY;
        let is_new = !self.times.started.is_some_and(lasts);
        if !self.often || !is_new || !matches!(self.state, State::Running | State::Staging) {
            return self;
        }
        let starts = self.restarts.saturating_add(1);
        let why = format!("ends again and again, {starts} starts so far");
        Instance { state: State::Failed, why: self.why.or(Some(why)), ..self }
    }
}

impl Observed {
    /// What is shown at a time: services that end again and again do not run in between.
    #[must_use]
    pub fn steady(self, now: Timestamp) -> Observed {
        let instances = self.instances.into_iter().map(|instance| instance.steady(now)).collect();
        Observed { instances }
    }

    /// The instances of a container.
    pub fn of(&self, container: &str) -> impl Iterator<Item = &Instance> {
        self.instances.iter().filter(move |instance| instance.container == container)
    }
}

/// How many instances of a container are to be there: none of a job that never runs, or that repeats and whose
/// next run may be far away.
pub fn wanted(container: &Container) -> u32 {
    match container.job() {
        Some(job) if job.is_repeating() => 0,
        _ => container.instances.value,
    }
}

/// The state of a container from those of its instances. The least advanced one decides, and
/// a failed one before all others. One that was stopped does not decide while others are there: the container still
/// does its work, with fewer instances than it is to have. Without instances, `absent` is the state.
pub fn container_state<'a>(
    instances: impl IntoIterator<Item = &'a Instance>,
    absent: State,
) -> State {
    let mut least: Option<State> = None;
    for instance in instances {
        if instance.state == State::Failed {
            return State::Failed;
        }
        least = Some(least.map_or(instance.state, |least| least.min(instance.state)));
    }
    least.unwrap_or(absent)
}

#[cfg(test)]
impl Instance {
    /// An instance of which nothing else is known.
    pub(crate) fn plain(container: &str, name: &str, state: State) -> Instance {
        Instance {
            container: container.to_owned(),
            name: name.to_owned(),
            state,
            why: None,
            start: String::new(),
            restarts: 0,
            often: false,
            checked: false,
            fault: None,
            times: Times::default(),
            endpoints: Vec::new(),
            on_host: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(state: State) -> Instance {
        Instance::plain("web", "web-1", state)
    }

    #[test]
    fn a_service_that_ends_again_and_again_is_failed_until_it_has_run_for_a_while() {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1);
        let shown = |state, often, seconds: i64| {
            let started = Some(now - SignedDuration::from_secs(seconds));
            let times = Times { started, ..Times::default() };
            let one = Instance { often, restarts: 4, times, ..instance(state) };
            let shown = Observed { instances: vec![one] }.steady(now).instances.remove(0);
            (shown.state, shown.why)
        };
        let why = Some("ends again and again, 5 starts so far".to_owned());
        for state in [State::Running, State::Staging] {
            assert_eq!(shown(state, true, 29), (State::Failed, why.clone()));
            assert_eq!(shown(state, true, 30), (state, None));
            assert_eq!(shown(state, false, 1), (state, None));
        }
        assert_eq!(shown(State::Killed, true, 1), (State::Killed, None));
        // It may not have been started yet.
        let waits = Instance { often: true, ..instance(State::Staging) };
        assert_eq!(waits.steady(now).state, State::Failed);
    }

    #[test]
    fn the_least_advanced_instance_decides_the_state_of_a_container() {
        let of = |states: &[State]| {
            let all: Vec<Instance> = states.iter().copied().map(instance).collect();
            container_state(&all, State::Submitted)
        };
        assert_eq!(of(&[]), State::Submitted);
        assert_eq!(of(&[State::Running, State::Staging]), State::Staging);
        assert_eq!(of(&[State::Running, State::Success]), State::Running);
        assert_eq!(of(&[State::Staging, State::Failed]), State::Failed);
        assert_eq!(of(&[State::Running, State::Killed]), State::Running);
        assert_eq!(of(&[State::Killed, State::Killed]), State::Killed);
    }
}
