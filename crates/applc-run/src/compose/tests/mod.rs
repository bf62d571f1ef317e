//! Reading and comparing recorded answers: those of Docker 20.10 and Compose 5.6.1 for an appliance whose
//! containers fail in different ways.

use std::collections::BTreeMap;

use super::change::Comparison;
use super::drift::drift;
use super::handover::dependency;
use super::machine::{read_machine, read_volumes};
use super::model::{Found, RawBinding, RawCheck, Wanted, read_containers, read_services};
use super::states::{observed, plain};
use super::{basis, strangers};
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
fn a_port_for_ipv6_is_listed_only_if_there_is_none_for_ipv4() {
    let listed = |bindings: &[(&str, &str)], host: &str| -> Vec<(String, u16)> {
        let mut all = found();
        all.retain(|one| one.container == "web");
        let raw = |(host_ip, host_port): &(&str, &str)| RawBinding {
            host_ip: (*host_ip).to_owned(),
            host_port: (*host_port).to_owned(),
        };
        let bindings = bindings.iter().map(raw).collect();
        all[0].ports = BTreeMap::from([("80/tcp".to_owned(), bindings)]);
        let endpoints = observed(&all, host).instances.remove(0).endpoints;
        endpoints.into_iter().map(|one| (one.host, one.host_port)).collect()
    };
    let one = |host: &str, port| vec![(host.to_owned(), port)];
    let both = [("0.0.0.0", "32769"), ("::", "32768")];
    assert_eq!(listed(&both, "localhost"), one("localhost", 32769));
    assert_eq!(listed(&[both[1], both[0]], "localhost"), one("localhost", 32769));
    assert_eq!(listed(&both[1..], "localhost"), one("::1", 32768));
    assert_eq!(listed(&both[1..], "node"), one("node", 32768));
    assert_eq!(listed(&[("fd00::1", "80")], "localhost"), one("fd00::1", 80));
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

/// How a container differs, after a change of what was found of it.
fn drifted(container: &str, edit: impl Fn(&mut Vec<Found>)) -> Option<Change> {
    let mut all = found();
    let images = BTreeMap::from([("applc-r/busy:1".to_owned(), all[0].image.clone())]);
    edit(&mut all);
    drift(&wanted(), &all, &images).into_iter().find(|change| change.container == container)
}

/// Changes a container that was found.
fn edited(container: &str, edit: impl Fn(&mut Found)) -> impl Fn(&mut Vec<Found>) {
    move |all| all.iter_mut().filter(|one| one.container == container).for_each(&edit)
}

#[test]
fn what_fails_by_itself_has_not_drifted() {
    for container in ["web", "net", "good", "bad", "port", "sick", "job", "oom", "after"] {
        assert_eq!(drifted(container, |_| {}), None, "{container}");
    }
    let stopped = drifted("stopped", |_| {}).unwrap();
    assert_eq!((stopped.why.as_str(), stopped.action), ("was stopped", Action::Restarted));
}

#[test]
fn drift_names_what_was_changed_and_what_up_does_about_it() {
    let web = |edit: &dyn Fn(&mut Found)| {
        let change = drifted("web", edited("web", edit)).unwrap();
        (change.why, change.action)
    };
    let more = web(&|one| {
        one.limits.insert("mem_limit", "67108864".to_owned());
        one.limits.insert("cpus", "500000000".to_owned());
    });
    let reason = "cpus is 500000000 instead of none, mem_limit is 67108864 instead of ";
    assert!(more.0.starts_with(reason) && more.1 == Action::Replaced, "{more:?}");
    let alone = web(&|one| one.networks = ["other".to_owned()].into());
    let reason = "not in the network `rfault_default`, also in the network `other`";
    assert_eq!(alone, (reason.to_owned(), Action::Replaced));
    // What a container keeps in a volume that only it knows would be lost.
    let own = web(&|one| {
        one.networks.clear();
        one.has_own_volume = true;
    });
    assert_eq!(own.1, Action::Kept);
    let policy = web(&|one| drop(one.limits.remove("restart")));
    assert_eq!(policy.0, "restart is none instead of unless-stopped");
    assert_eq!(web(&|one| "paused".clone_into(&mut one.state.status)).0, "was paused");
    let image = web(&|one| one.image.push('x'));
    assert_eq!(image, ("image: `applc-r/busy:1` is another one now".to_owned(), Action::Replaced));
    let other = web(&|one| {
        one.hash.push('x');
        one.definition.command = vec!["sleep 1".to_owned()];
        one.definition.environment.insert("MORE=1".to_owned());
        one.definition.privileged = true;
    });
    assert_eq!(other, ("another definition: command, privileged".to_owned(), Action::Replaced));
    assert_eq!(web(&|one| one.hash.push('x')).0, "another definition");
}

#[test]
fn limits_that_the_engine_dropped_are_no_drift() {
    let dropped = edited("web", |one| {
        one.limits.remove("mem_limit");
        one.limits.remove("memswap_limit");
    });
    assert_eq!(drifted("web", dropped), None);
}

#[test]
fn containers_that_were_removed_or_added_have_drifted() {
    let removed = drifted("web", |all| all.retain(|one| one.container != "web")).unwrap();
    assert_eq!((removed.why.as_str(), removed.action), ("was removed", Action::Created));
    let twice = drifted("web", |all| {
        let web = all.iter().find(|one| one.container == "web").unwrap().clone();
        all.push(web);
    });
    assert_eq!(twice.unwrap().why, "2 instances instead of 1");
    let foreign = drifted("other", |all| {
        let mut other = all.iter().find(|one| one.container == "web").unwrap().clone();
        "other".clone_into(&mut other.container);
        "other".clone_into(&mut other.service);
        "app-other-1".clone_into(&mut other.name);
        all.push(other);
    });
    let foreign = foreign.unwrap();
    assert_eq!(
        (foreign.why.as_str(), foreign.action),
        ("`app-other-1` is not in the appliance", Action::Removed)
    );
}

#[test]
fn altered_containers_are_made_anew() {
    let mut all = found();
    edited("web", |one| one.networks.clear())(&mut all);
    let comparison = Comparison::new(&wanted(), &all, &BTreeMap::new());
    assert!(comparison.stuck().any(|name| name == "rfault-web-1"));
    assert!(comparison.unborn().any(|name| name == "rfault-web-1"));
    assert!(comparison.selected().contains(&"web".to_owned()));
}

#[test]
fn containers_with_a_former_value_of_a_secret_are_made_anew() {
    for container in ["web", "good"] {
        let mut all = found();
        edited(container, |one| one.stale.push("/run/x".to_owned()))(&mut all);
        let changed = change(&wanted(), &all, container);
        assert_eq!(changed.action, Action::Replaced);
        assert_eq!(changed.why, "the secret in `/run/x` has changed");
        let comparison = Comparison::new(&wanted(), &all, &BTreeMap::new());
        assert_eq!(comparison.recreated().collect::<Vec<_>>(), [container]);
        assert!(comparison.selected().contains(&container.to_owned()));
    }
    let comparison = Comparison::new(&wanted(), &found(), &BTreeMap::new());
    assert_eq!(comparison.recreated().count(), 0);
}

#[test]
fn the_basis_does_not_depend_on_states() {
    let of = |edit: &dyn Fn(&mut Vec<Found>)| {
        let mut all = found();
        edit(&mut all);
        basis(&all)
    };
    let before = of(&|_| {});
    assert_eq!(of(&edited("web", |one| "exited".clone_into(&mut one.state.status))), before);
    for edit in [
        &(|one: &mut Found| one.hash.push('x')) as &dyn Fn(&mut Found),
        &|one| drop(one.limits.remove("restart")),
        &|one| one.networks.clear(),
        &|one| one.id.push('x'),
    ] {
        assert_ne!(of(&edited("web", edit)), before);
    }
}

#[test]
fn the_first_success_of_a_health_check_is_when_it_was_ready() {
    let at = |second: usize| format!("2026-01-01T00:00:{second:02}.5Z");
    let ready = |codes: &[i64]| {
        let log = codes.iter().enumerate().map(|(index, code)| RawCheck {
            end: at(index + 1),
            exit_code: *code,
            output: String::new(),
        });
        let log: Vec<RawCheck> = log.collect();
        let sick = changed("sick", |one| {
            one.state.health.as_mut().unwrap().log = Some(log.clone());
        });
        sick.times.ready.map(|time| time.to_string())
    };
    assert_eq!(ready(&[1, 1, 0, 0, 0]), Some(at(3)));
    assert_eq!(ready(&[0, 0]), Some(at(1)));
    assert_eq!(ready(&[0, 0, 0, 0, 0]), None, "an earlier one is forgotten");
    assert_eq!(ready(&[1]), None);
}

#[test]
fn a_container_that_was_started_again_was_created_for_another_start() {
    assert!(instance("web").times.created.is_some());
    let again = changed("web", |one| one.state.finished_at = "2026-01-01T00:00:00Z".to_owned());
    assert_eq!((again.times.created, again.times.ended), (None, None));
    assert!(again.times.started.is_some());
    let job = instance("good").times;
    assert!(job.created < job.started && job.started <= job.ended, "{job:?}");
}

#[test]
fn volumes_and_the_machine_are_read() {
    let volumes = read_volumes(
        r#"[{"Name": "app_data", "Labels": {"com.docker.compose.project": "app", "com.docker.compose.volume": "data"}},
            {"Name": "shared", "Labels": null}]"#,
    )
    .unwrap();
    let keys: Vec<_> =
        volumes.iter().map(|one| (one.key.as_deref(), one.project.as_deref())).collect();
    assert_eq!(keys, [(Some("data"), Some("app")), (None, None)]);
    let machine = read_machine(
        r#"{"Name": "node", "NCPU": 4, "MemTotal": 8589934592, "Labels": ["zone=a"], "OperatingSystem": "Debian"}"#,
    )
    .unwrap();
    assert_eq!((machine.name.as_str(), machine.cpus, machine.memory), ("node", 4.0, 8192));
    let told: Vec<&str> = machine.attributes.keys().map(String::as_str).collect();
    assert_eq!(told, ["operating_system", "zone"]);
}
