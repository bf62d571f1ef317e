//! Reading and comparing recorded answers: those of Docker 20.10 and Compose 5.6.1 for an appliance whose
//! containers fail in different ways.

use std::collections::BTreeMap;

use super::change::Comparison;
use super::handover::dependency;
use super::model::{Found, Wanted, read_containers, read_services};
use super::states::{observed, plain};
use super::strangers;
use crate::engine::{Action, Change};
use crate::state::{FaultKind, Instance, State};

const INSPECT: &str = include_str!("inspect.json");
const CONFIG: &str = include_str!("config.json");
const HASHES: &str = include_str!("hashes.txt");

fn found() -> Vec<Found> {
    read_containers(INSPECT).unwrap()
}

fn wanted() -> Vec<Wanted> {
    read_services(CONFIG, HASHES).unwrap()
}

fn instance(container: &str) -> Instance {
    let all = observed(&found(), "node").instances;
    all.into_iter().find(|one| one.container == container).unwrap()
}

#[test]
fn states_are_in_the_words_of_pivot() {
    let states = |container: &str| instance(container).state;
    for (container, state) in [
        ("web", State::Running),
        ("net", State::Running),
        ("good", State::Success),
        ("after", State::Pending),
        ("stopped", State::Killed),
        ("bad", State::Failed),
        ("port", State::Failed),
        ("sick", State::Failed),
        ("job", State::Failed),
        ("oom", State::Failed),
    ] {
        assert_eq!(states(container), state, "{container}");
    }
}

#[test]
fn a_fault_has_the_reason_of_the_engine() {
    let fault = |container: &str| {
        let fault = instance(container).fault.unwrap();
        (fault.kind, fault.reason)
    };
    assert_eq!(
        fault("bad"),
        (
            FaultKind::Start,
            "exec: \"/bin/nope\": stat /bin/nope: no such file or directory".to_owned()
        )
    );
    assert_eq!(
        fault("port").1,
        "driver failed programming external connectivity on endpoint rfault-port-1: Bind for 0.0.0.0:18767 failed: port is already allocated"
    );
    assert_eq!(
        fault("sick"),
        (FaultKind::Health, "its health check ends with exit status 1: no".to_owned())
    );
    assert_eq!(fault("job"), (FaultKind::Job, "exit status 5, 2 runs".to_owned()));
    assert_eq!(fault("oom").0, FaultKind::Memory);
    for fine in ["web", "net", "good", "after", "stopped"] {
        assert_eq!(instance(fine).fault, None, "{fine}");
    }
}

/// The containers after a change of one of them.
fn changed(container: &str, change: impl Fn(&mut Found)) -> Instance {
    let mut all = found();
    all.iter_mut().filter(|one| one.container == container).for_each(change);
    let all = observed(&all, "node").instances;
    all.into_iter().find(|one| one.container == container).unwrap()
}

#[test]
fn a_service_that_restarts_is_staging_until_it_did_so_often() {
    let restarting = |restarts, code| {
        changed("web", |one| {
            one.restarts = restarts;
            one.state.status = "restarting".to_owned();
            one.state.exit_code = code;
        })
    };
    assert_eq!(restarting(1, 3).state, State::Staging);
    assert_eq!(restarting(1, 3).why.unwrap(), "ended with exit status 3, 2 starts so far");
    assert_eq!(restarting(3, 3).state, State::Failed);
    assert_eq!(restarting(3, 3).fault, None, "whether it is a fault depends on what was before");
    assert_eq!(restarting(1, 127).fault.unwrap().kind, FaultKind::Crash);
}

#[test]
fn health_and_other_states() {
    let health = |status: &str| {
        changed("sick", |one| {
            one.state.health.as_mut().unwrap().status = status.to_owned();
        })
    };
    assert_eq!(health("starting").state, State::Staging);
    assert_eq!(health("healthy").state, State::Running);
    assert!(health("healthy").checked && !instance("web").checked);
    let status = |status: &str| changed("web", |one| one.state.status = status.to_owned()).state;
    assert_eq!(status("paused"), State::Staging);
    assert_eq!(status("dead"), State::Killed);
    let exited = |code| {
        changed("web", |one| {
            "exited".clone_into(&mut one.state.status);
            one.state.exit_code = code;
        })
    };
    assert_eq!((exited(0).state, exited(143).state), (State::Killed, State::Killed));
    assert_eq!(
        (exited(1).state, exited(1).fault),
        (State::Failed, None),
        "it may be started again"
    );
}

#[test]
fn a_dependency_that_is_given_up_has_the_fault_that_is_observed() {
    let of = |container: &str, words: &str, edit: &dyn Fn(&mut Found)| {
        let mut all = found();
        all.iter_mut().filter(|one| one.container == container).for_each(edit);
        let name = format!("rfault-{container}-1");
        let complaint = format!("dependency failed to start: container {name} {words}");
        let failure = dependency(&all, container, &complaint).unwrap();
        assert_eq!(failure.instance, Some(name));
        (failure.fault.kind, failure.fault.reason)
    };
    let sick = "its health check ends with exit status 1: no".to_owned();
    assert_eq!(of("sick", "is unhealthy", &|_| {}), (FaultKind::Health, sick));
    let restarting = of("sick", "is unhealthy", &|one| {
        one.state.status = "restarting".to_owned();
        one.state.exit_code = 3;
        one.restarts = 1;
    });
    assert_eq!(
        restarting,
        (FaultKind::Crash, "ended with exit status 3, 2 starts so far".to_owned())
    );
    let again = of("sick", "is unhealthy", &|one| {
        "starting".clone_into(&mut one.state.health.as_mut().unwrap().status);
        one.restarts = 1;
    });
    assert_eq!(again, (FaultKind::Crash, "not healthy yet, 2 starts so far".to_owned()));
    assert_eq!(of("job", "exited (5)", &|_| {}).0, FaultKind::Job);
    assert_eq!(dependency(&found(), "gone", "container rfault-gone-1 is unhealthy"), None);
}

#[test]
fn containers_of_something_else_are_told_from_those_of_another_appliance() {
    let of = |appliance: &dyn Fn(&str) -> Option<&'static str>| {
        let mut all = found();
        all.retain(|one| ["web", "job"].contains(&one.container.as_str()));
        all.iter_mut().for_each(|one| one.appliance = appliance(&one.container).map(str::to_owned));
        strangers("app", &all).map(|error| error.to_string())
    };
    assert_eq!(of(&|_| Some("app")), None);
    assert_eq!(
        of(&|_| Some("App")).unwrap(),
        "the Compose project `app` has containers of the appliance `App`: rfault-job-1, rfault-web-1; \
         choose another id, or remove it with `applc down App`"
    );
    let foreign = "the Compose project `app` has containers of something else than the appliance `app`: \
                   rfault-job-1; choose another id, or remove them with `docker compose -p app down`";
    assert_eq!(of(&|one| (one == "web").then_some("app")).unwrap(), foreign);
}

#[test]
fn a_port_is_listed_once_and_the_host_network_is_noted() {
    let web = instance("web");
    let ports: Vec<(u16, &str)> =
        web.endpoints.iter().map(|one| (one.host_port, one.protocol.as_str())).collect();
    assert_eq!(ports, [(18766, "udp"), (32769, "tcp")]);
    assert_eq!((web.endpoints[0].host.as_str(), web.on_host), ("node", None));
    let net = instance("net");
    assert_eq!((net.on_host.as_deref(), net.endpoints.len()), (Some("node"), 0));
}

#[test]
fn reasons_lose_the_layers_that_passed_them_on() {
    assert_eq!(plain("Error response from daemon: no such image: unknown"), "no such image");
    assert_eq!(plain("a (b) c\n d"), "a (b) c d");
}

/// What becomes of a container.
fn change(wanted: &[Wanted], found: &[Found], container: &str) -> Change {
    let images = BTreeMap::from([("applc-r/busy:1".to_owned(), found[0].image.clone())]);
    let changes = Comparison::new(wanted, found, &images).changes();
    changes.into_iter().find(|change| change.container == container).unwrap()
}

#[test]
fn what_runs_as_it_should_is_kept_and_the_rest_gets_another_chance() {
    let action = |container: &str| change(&wanted(), &found(), container).action;
    for kept in ["web", "net", "good"] {
        assert_eq!(action(kept), Action::Kept, "{kept}");
    }
    for again in ["bad", "port", "sick", "job", "oom", "stopped", "after"] {
        assert_eq!(action(again), Action::Restarted, "{again}");
    }
}

#[test]
fn another_definition_image_or_number_is_a_change() {
    let with = |edit: &dyn Fn(&mut Wanted)| {
        let mut wanted = wanted();
        wanted.iter_mut().filter(|one| one.service == "web").for_each(edit);
        change(&wanted, &found(), "web")
    };
    assert_eq!(with(&|web| web.hash = "other".to_owned()).action, Action::Replaced);
    let more = with(&|web| web.count = 3);
    assert_eq!((more.action, more.why.as_str()), (Action::Changed, "3 instances instead of 1"));
    let images = BTreeMap::from([("applc-r/busy:1".to_owned(), "sha256:other".to_owned())]);
    let moved = Comparison::new(&wanted(), &found(), &images).changes();
    assert!(moved.iter().all(|change| change.action == Action::Replaced), "{moved:?}");
}

#[test]
fn the_number_of_containers_is_in_the_file() {
    let count = |service: &str| wanted().iter().find(|one| one.service == service).unwrap().count;
    assert_eq!((count("web"), count("good")), (1, 1));
    let text = CONFIG.replacen("\"web\": {", "\"web\": {\"scale\": 3,", 1);
    let scaled = read_services(&text, HASHES).unwrap();
    assert_eq!(scaled.iter().find(|one| one.service == "web").unwrap().count, 3);
    assert_eq!(change(&scaled, &found(), "web").action, Action::Changed);
}

#[test]
fn containers_are_created_and_removed() {
    let without = |service: &str| -> Vec<Wanted> {
        wanted().into_iter().filter(|one| one.service != service).collect()
    };
    assert_eq!(change(&without("web"), &found(), "web").action, Action::Removed);
    let missing: Vec<Found> = found().into_iter().filter(|one| one.service != "web").collect();
    assert_eq!(change(&wanted(), &missing, "web").action, Action::Created);
}

#[test]
fn compose_is_not_asked_about_jobs_that_have_succeeded() {
    let images = BTreeMap::new();
    let comparison = Comparison::new(&wanted(), &found(), &images);
    let selected = comparison.selected();
    assert!(!selected.contains(&"good".to_owned()) && selected.contains(&"job".to_owned()));
    assert!(comparison.stuck().any(|name| name == "rfault-sick-1"));
    assert!(comparison.stuck().all(|name| name != "rfault-job-1"));
    let unborn: Vec<&str> = comparison.unborn().collect();
    assert_eq!(unborn, ["rfault-bad-1", "rfault-port-1"]);
    // With another definition, it runs again.
    let mut changed = wanted();
    changed.iter_mut().for_each(|one| one.hash.push('x'));
    let comparison = Comparison::new(&changed, &found(), &images);
    assert!(comparison.selected().contains(&"good".to_owned()));
}

#[test]
fn the_services_of_a_job_whose_instances_are_services_are_one_container() {
    let mut wanted = wanted();
    let job = wanted.iter().find(|one| one.service == "good").unwrap().clone();
    wanted.retain(|one| one.service != "good");
    for index in 1..=2 {
        wanted.push(Wanted { service: format!("good-{index}"), ..job.clone() });
    }
    let mut found = found();
    found
        .iter_mut()
        .filter(|one| one.service == "good")
        .for_each(|one| "good-1".clone_into(&mut one.service));
    let good = change(&wanted, &found, "good");
    assert_eq!(good.action, Action::Changed);
}
