//! The operations, with their statuses and bodies.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::json;

use super::super::describe::description;
use super::super::submit::Allow;
use super::super::table::OPERATIONS;
use super::{Served, appliance, settings, temporary, wait};
use crate::appliances::Appliances;
use crate::engine::Volume;
use crate::state::State;

fn volume(id: &str, appliance: Option<&str>, used_by: &[&str]) -> Volume {
    Volume {
        id: id.into(),
        appliance: appliance.map(str::to_owned),
        name: format!("{}-{id}", appliance.unwrap_or("global")),
        used_by: used_by.iter().map(|name| (*name).to_owned()).collect(),
    }
}

#[test]
fn an_appliance_is_posted_shown_and_deleted() {
    let served = Served::new();
    let posted = served.post(&appliance("app", "fine"));
    assert_eq!(posted.status, 201);
    let web = &posted.json()["containers"][0];
    assert_eq!((&web["state"], &web["endpoints"]), (&json!("submitted"), &json!([])));
    assert_eq!((&web["appliance"], &web["is_privileged"]), (&json!("app"), &json!(false)));
    served.until("app", "web", "running");
    for path in ["/appliance/app", "/appliance/app/"] {
        let shown = served.get(path).json();
        let endpoint = json!({"host": "localhost", "host_port": 30000, "container_port": 80, "protocol": "tcp"});
        assert_eq!(shown["containers"][0]["endpoints"], json!([endpoint]));
        assert_eq!(shown["data_persistence"]["volumes"], json!([]));
    }
    assert_eq!(served.post(&appliance("app", "fine")).status, 409);
    let deleted = served.delete("/appliance/app");
    assert_eq!((deleted.status.as_u16(), deleted.json().get("message").is_some()), (200, true));
    // At once, not when the next look is due.
    assert_eq!(served.get("/appliance/app").status, 404);
    assert_eq!(served.delete("/appliance/app").status, 404);
    assert_eq!(served.get("/appliance").json(), json!([]));
}

#[test]
fn the_list_has_all_appliances_at_once() {
    let served = Served::new();
    assert_eq!(served.get("/appliance").json(), json!([]));
    served.post(&appliance("one", "fine"));
    served.post(&appliance("two", "slow"));
    let ids = |served: &Served| {
        let all = served.get("/appliance/").json();
        let ids = all.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(ids(&served), ["one", "two"]);
    served.delete("/appliance/two");
    assert_eq!(ids(&served), ["one"]);
}

#[test]
fn yaml_and_json_with_comments_are_taken_as_what_they_are() {
    let served = Served::new();
    let yaml = "id: y\ncontainers:\n- {id: web, type: service, image: fine, resources: {cpus: 1, mem: 64}}\n";
    assert_eq!(served.post(yaml).status, 201);
    let kinds = [("content-type", "application/yaml")];
    let again = yaml.replace("id: y", "id: z");
    assert_eq!(served.send("POST", "/appliance", &kinds, &again).status, 201);
    let commented = format!("// a comment\n/* and another */ {}", appliance("j", "fine"));
    assert_eq!(served.post(&commented).status, 201);
    let kinds = [("content-type", "application/json; charset=utf-8")];
    let body = appliance("k", "fine");
    assert_eq!(served.send("POST", "/appliance", &kinds, &body).status, 201);
    let kinds = [("content-type", "multipart/form-data")];
    assert_eq!(served.send("POST", "/appliance", &kinds, &body).status, 415);
}

#[test]
fn faulty_bodies_have_the_statuses_of_pivot_and_findings_with_places() {
    let served = Served::new();
    let one = appliance("app", "fine");
    let second = |more: &str| {
        let container = format!(
            r#", {{"id": "other", "type": "service", "image": "fine", "resources": {{"cpus": 1, "mem": 64}}{more}}}]}}"#
        );
        one.replace("]}]}", "]}") + &container
    };
    assert_eq!(served.post(&second("")).status, 201);
    served.delete("/appliance/app");
    for (body, status, code) in [
        ("{".to_owned(), 422, "E0105"),
        (String::new(), 422, "E0111"),
        ("[1, 2]".to_owned(), 400, "E0202"),
        (one.replace(r#""image": "fine","#, ""), 400, "E0203"),
        (second("").replace("other", "web"), 400, "E0303"),
        (second(r#", "dependencies": ["none"]"#), 422, "E0302"),
        (second(r#", "dependencies": ["other"]"#), 422, "E0305"),
        (second(r#", "volumes": [{"src": "none", "dest": "/d"}]"#), 400, "E0309"),
    ] {
        let answer = served.post(&body);
        assert_eq!(answer.status, status, "{body}: {answer:?}");
        let value = answer.json();
        assert_eq!(value["findings"][0]["code"], code, "{value}");
        assert!(value["findings"][0]["span"]["start"]["line"].is_u64());
        assert!(value["error"].as_str().unwrap().starts_with("line "), "{value}");
    }
    assert_eq!(served.get("/appliance").json(), json!([]), "none of them was accepted");
}

#[test]
fn an_answer_has_a_limited_number_of_findings() {
    let served = Served::new();
    let check = |faults: usize| {
        let unknown = vec![r#""none""#; faults].join(", ");
        let body = appliance("app", "fine")
            .replace("\"ports\"", &format!("\"dependencies\": [{unknown}], \"ports\""));
        served.send("POST", "/check", &[], &body).json()
    };
    assert_eq!(check(3)["more"], json!(null));
    let many = check(2_000);
    let shown = many["findings"].as_array().unwrap().len();
    assert_eq!(shown, 1_000);
    assert!(many["more"].as_u64().unwrap() >= 1_000, "{}", many["more"]);
}

#[test]
fn a_body_whose_line_breaks_are_gone_says_so() {
    let served = Served::new();
    let commented = format!("{{ // the id\n{}", appliance("app", "fine").trim_start_matches('{'));
    let yaml = "id: app\ncontainers:\n- id: web\n  type: service\n  image: fine\n";
    assert_eq!(served.post(&commented).status, 201);
    for body in [commented.as_str(), yaml] {
        // What `curl -d @FILE` makes of it.
        let answer = served.post(&body.replace('\n', ""));
        assert!(answer.status.is_client_error());
        let error = answer.json()["error"].as_str().unwrap().to_owned();
        assert!(error.contains("--data-binary"), "{error}");
    }
    // Another fault, in one line.
    let error = served.post(&appliance("b", "fine").replace("web", "").replace('\n', "")).json();
    assert!(!error["error"].as_str().unwrap().contains("--data-binary"), "{error}");
}

#[test]
fn put_changes_what_runs_and_creates_what_does_not() {
    let served = Served::new();
    assert_eq!(served.put("app", &appliance("app", "fine")).status, 201);
    served.until("app", "web", "running");
    let two =
        appliance("app", "fine").replace("\"network_mode\"", "\"instances\": 2, \"network_mode\"");
    assert_eq!(served.put("app", &two).status, 200);
    let tasks = || {
        let web = served.get("/appliance/app/container/web").json();
        web["tasks"].as_array().unwrap().len()
    };
    wait(|| tasks() == 2, "two instances");
    assert_eq!(served.put("app", &two).status, 200);
    assert_eq!(served.put("other", &two).status, 400);
    assert_eq!(served.put("app", "{").status, 422);
}

#[test]
fn a_put_takes_the_place_of_a_run_that_goes_on() {
    let served = Served::new();
    served.post(&appliance("app", "slow"));
    served.until("app", "web", "staging");
    assert_eq!(served.post(&appliance("app", "fine")).status, 409);
    assert_eq!(served.put("app", &appliance("app", "fine")).status, 200);
    served.until("app", "web", "running");
    wait(|| served.engine.handing.load(Ordering::Relaxed) == 0, "both hand-overs have ended");
}

#[test]
fn a_delete_ends_a_run_that_goes_on() {
    let served = Served::new();
    served.post(&appliance("app", "slow"));
    served.until("app", "web", "staging");
    assert_eq!(served.delete("/appliance/app").status, 200);
    assert_eq!(served.engine.handing.load(Ordering::Relaxed), 0);
    assert_eq!(served.get("/appliance/app").status, 404);
    assert_eq!(served.post(&appliance("app", "fine")).status, 201);
}

#[test]
fn a_failure_is_kept_and_shown() {
    let served = Served::new();
    served.post(&appliance("app", "missing"));
    served.until("app", "web", "failed");
    let web = served.get("/appliance/app/container/web").json();
    assert_eq!(web["why"], "`web` cannot be pulled: `missing`: no such image");
    assert_eq!(served.get("/appliance/app").json()["containers"][0]["state"], "failed");
    assert_eq!(served.get("/appliance").json()[0]["containers"][0]["state"], "failed");
    assert_eq!(served.post(&appliance("app", "fine")).status, 409);
    assert_eq!(served.put("app", &appliance("app", "fine")).status, 200);
    served.until("app", "web", "running");
    assert_eq!(served.get("/appliance/app/container/web").json()["why"], json!(null));
}

#[test]
fn a_run_of_another_program_is_not_disturbed() {
    let served = Served::new();
    let folder = crate::folder::Folder::at(served.folder.path());
    let lock = folder.lock("app", "compose").unwrap();
    assert_eq!(served.post(&appliance("app", "fine")).status, 409);
    assert_eq!(served.put("app", &appliance("app", "fine")).status, 409);
    drop(lock);
    assert_eq!(served.post(&appliance("app", "fine")).status, 201);
}

#[test]
fn a_service_that_starts_again_goes_on_with_what_it_accepted() {
    let first = Served::new();
    first.post(&appliance("app", "slow"));
    first.until("app", "web", "staging");
    first.service.stop(Duration::from_secs(10));
    assert_eq!(first.engine.handing.load(Ordering::Relaxed), 0, "the run has ended");
    assert!(first.engine.running.lock().unwrap().contains_key("app"), "what runs goes on");

    let settings = settings(None, Allow::default());
    let second = Served::with(&settings, first.engine.clone(), first.folder.clone());
    second.service.resume();
    assert_eq!(second.state("app", "web"), "staging");
    assert_eq!(second.post(&appliance("app", "fine")).status, 409);
    // Its hand-over sets the state too.
    wait(|| second.engine.handing.load(Ordering::Relaxed) == 1, "the second one has handed over");
    second.engine.set("app", State::Running);
    let folder = crate::folder::Folder::at(second.folder.path());
    let is_started = || folder.records("app").iter().all(|record| record.started);
    wait(is_started, "the run of the second one has ended");

    // What a user brought up is left to the user.
    let other = Served::with(&settings, Arc::default(), Arc::new(temporary()));
    let folder = crate::folder::Folder::at(other.folder.path());
    let record = crate::folder::Record {
        id: "own".into(),
        target: "compose".into(),
        // The name of a body, which a file may have, too.
        file: "request.jsonc".into(),
        path: None,
        over_http: false,
        down: false,
        started: false,
    };
    let kept = serde_json::from_str(&appliance("own", "fine")).unwrap();
    folder.keep(&record, &kept, &[]).unwrap();
    other.service.resume();
    assert_eq!(other.engine.looks.load(Ordering::Relaxed), 0);
}

#[test]
fn a_container_of_what_comes_up_is_removed_later() {
    let served = Served::new();
    served.post(&appliance("app", "slow"));
    served.until("app", "web", "staging");
    let answer = served.delete("/appliance/app/container/web");
    assert_eq!(answer.status, 409);
    let message = "`app` is being brought up; remove `web` when that has ended, send the appliance without it \
                   with PUT, or remove all of it with DELETE";
    assert_eq!(answer.json()["error"], message);
    // It goes on to come up.
    served.engine.set("app", State::Running);
    served.until("app", "web", "running");
    let is_removed = || served.delete("/appliance/app/container/web").status == 200;
    wait(is_removed, "it is removed when the run has ended");
}

#[test]
fn what_is_answered_is_kept_however_the_service_ends() {
    let first = Served::new();
    // The engine takes its time, so that the run has not begun when the answer comes.
    first.engine.delay.store(500, Ordering::Relaxed);
    assert_eq!(first.post(&appliance("app", "fine")).status, 201);
    let kept = std::fs::read(first.folder.path().join("app/compose/request.json")).unwrap();

    let killed = temporary();
    std::fs::create_dir_all(killed.path().join("app/compose")).unwrap();
    std::fs::write(killed.path().join("app/compose/request.json"), kept).unwrap();
    let settings = settings(None, Allow::default());
    let second = Served::with(&settings, Arc::default(), Arc::new(killed));
    second.service.resume();
    second.until("app", "web", "running");
    let request = second.folder.path().join("app/compose/request.json");
    wait(|| !request.exists(), "the run has taken it up");
}

#[test]
fn what_was_accepted_is_forgotten_with_the_appliance() {
    let served = Served::new();
    served.post(&appliance("app", "slow"));
    served.until("app", "web", "staging");
    *served.engine.volumes.lock().unwrap() = vec![volume("data", Some("app"), &[])];
    assert_eq!(served.put("app", &appliance("app", "fine")).status, 200);
    assert_eq!(served.delete("/appliance/app").status, 200);
    assert!(!served.folder.path().join("app/compose/request.json").exists());
}

#[test]
fn a_part_that_cannot_be_removed_is_told() {
    let served = Served::new();
    served.post(&appliance("app", "fine"));
    served.until("app", "web", "running");
    served.engine.is_stuck.store(true, Ordering::Relaxed);
    let answer = served.delete("/appliance/app");
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["error"]),
        (207, &json!("`web` cannot be removed"))
    );
    for query in ["purge=perhaps", "purge=true&purge=true"] {
        let refused = served.delete(&format!("/appliance/app?{query}"));
        assert_eq!((refused.status.as_u16(), refused.json()["error"].is_string()), (400, true));
    }
    assert_eq!(served.get("/appliance/app").status, 200);
}

#[test]
fn volumes_are_kept_unless_they_are_purged() {
    let served = Served::new();
    served.post(&appliance("app", "fine"));
    served.until("app", "web", "running");
    *served.engine.volumes.lock().unwrap() =
        vec![volume("data", Some("app"), &["app-web-1"]), volume("shared", None, &[])];
    assert_eq!(served.get("/appliance/app/volume").json()[0]["id"], "data");
    assert_eq!(served.get("/appliance/app/volume/none").status, 404);
    assert_eq!(served.delete("/appliance/app/volume/data").status, 400, "it is in use");
    assert_eq!(served.get("/volume/shared").json()["appliance"], json!(null));
    assert_eq!(served.get("/volume/data").status, 404);
    assert_eq!(served.delete("/volume/shared").status, 200);
    assert_eq!(served.get("/volume/shared").status, 404);

    served.delete("/appliance/app");
    served.engine.volumes.lock().unwrap()[0].used_by.clear();
    assert_eq!(served.get("/appliance/app").status, 404);
    assert_eq!(served.get("/appliance/app/volume/data").status, 200, "volumes stay");
    assert_eq!(served.delete("/appliance/app?purge=true").status, 200);
    assert_eq!(served.get("/appliance/app/volume").status, 404);
    assert!(served.engine.volumes.lock().unwrap().is_empty());
}

#[test]
fn volumes_of_an_id_with_the_same_project_are_left_alone() {
    let served = Served::new();
    served.post(&appliance("app", "fine"));
    served.until("app", "web", "running");
    *served.engine.volumes.lock().unwrap() = vec![volume("data", Some("app"), &[])];
    assert_eq!(served.delete("/appliance/app").status, 200);
    for id in ["App", "-app"] {
        let posted = served.post(&appliance(id, "fine"));
        let error = posted.json()["error"].as_str().unwrap_or_default().to_owned();
        assert_eq!(posted.status, 409, "{posted:?}");
        assert!(error.contains("`app` has the same Compose project"), "{error}");
        let appliances = Appliances::new(crate::folder::Folder::at(served.folder.path()));
        for purge in [false, true] {
            let taken = appliances.take_down(&*served.engine, id, purge);
            assert_eq!(taken.unwrap_err().kind, crate::error::ErrorKind::Busy, "{id}");
        }
    }
    assert_eq!(served.engine.volumes.lock().unwrap().len(), 1);
    assert_eq!(served.delete("/appliance/app?purge=true").status, 200);
    assert_eq!(served.post(&appliance("App", "fine")).status, 201);
}

#[test]
fn parts_of_an_appliance_are_shown_and_removed() {
    let served = Served::new();
    let job =
        r#", {"id": "job", "type": "job", "image": "fine", "resources": {"cpus": 1, "mem": 64}}]}"#;
    served.post(&(appliance("app", "fine").replace("]}]}", "]}") + job));
    served.until("app", "job", "success");
    let ids = |path: &str| {
        let all = served.get(path).json();
        let ids = all.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(ids("/appliance/app/container"), ["web", "job"]);
    assert_eq!(ids("/appliance/app/service/"), ["web"]);
    assert_eq!(ids("/appliance/app/job"), ["job"]);
    assert_eq!(served.get("/appliance/app/container/none").status, 404);
    let folder = crate::folder::Folder::at(served.folder.path());
    let is_started = || folder.records("app").iter().all(|record| record.started);
    wait(is_started, "the run has handed over");
    // It ends a moment after its last note in the folder.
    let mut answer = served.delete("/appliance/app/container/web");
    let has_ended = || {
        if answer.status == 409 {
            answer = served.delete("/appliance/app/container/web");
        }
        answer.status != 409
    };
    wait(has_ended, "the run has ended");
    assert_eq!(answer.json(), json!({"message": "container `web` was removed"}));
    served.until("app", "web", "killed");
    let graph = served.get("/appliance/app/graph");
    assert!(graph.text.contains("data-id=\"web\""), "{graph:?}");
    assert_eq!(graph.header("content-type"), "image/svg+xml");
    assert_eq!(served.get("/cluster").json()[0]["resources"], json!({"cpus": 4.0, "mem": 8192}));
    assert_eq!(served.get("/ping").text, "Pong!");
}

#[test]
fn logs_are_texts_with_the_last_lines() {
    let served = Served::new();
    served.post(&appliance("app", "fine"));
    served.until("app", "web", "running");
    let log = served.get("/appliance/app/container/web/log?tail=2");
    assert_eq!(log.text, "app-web-1: 0\napp-web-1: 1\n");
    assert_eq!(log.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(served.get("/appliance/app/container/web/log?tail=x").status, 400);
    assert_eq!(served.get("/appliance/app/container/web/log?follow=x").status, 400);
    assert_eq!(served.get("/appliance/app/container/none/log").status, 404);
}

#[test]
fn an_engine_that_does_not_answer_is_told_from_an_appliance_that_is_not_there() {
    let served = Served::new();
    served.engine.is_gone.store(true, Ordering::Relaxed);
    for answer in [
        served.get("/appliance/app"),
        served.get("/appliance"),
        served.post(&appliance("app", "fine")),
        served.delete("/appliance/app"),
    ] {
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["error"]),
            (503, &json!("the engine does not answer"))
        );
    }
    served.engine.is_gone.store(false, Ordering::Relaxed);
    wait(|| served.get("/appliance/app").status == 404, "it answers again");
}

#[test]
fn many_who_ask_share_one_look_that_is_a_second_old_at_most() {
    let served = Served::new();
    served.post(&appliance("app", "fine"));
    served.until("app", "web", "running");
    let begin = (served.engine.looks.load(Ordering::Relaxed), Instant::now());
    for _ in 0..1000 {
        assert_eq!(served.get("/appliance/app").status, 200);
    }
    let looks = served.engine.looks.load(Ordering::Relaxed) - begin.0;
    // The watcher looks each 20 milliseconds, because this engine does not wait for longer.
    let most = begin.1.elapsed().as_millis() / 20 + 2;
    assert!((looks as u128) <= most, "{looks} looks, {most} expected at most");

    served.engine.set("app", State::Failed);
    let changed = Instant::now();
    served.until("app", "web", "failed");
    assert!(changed.elapsed() < Duration::from_millis(1500), "{:?}", changed.elapsed());
}

#[test]
fn findings_are_told_without_a_change() {
    let served = Served::new();
    let found =
        served.send("POST", "/check", &[], &appliance("app", "fine").replace("image", "imge"));
    assert_eq!(
        (found.status.as_u16(), &found.json()["findings"][0]["code"]),
        (200, &json!("E0201"))
    );
    let fine = served.send("POST", "/check", &[], &appliance("app", "fine"));
    let findings = fine.json()["findings"].as_array().unwrap().clone();
    assert!(findings.iter().all(|found| found["level"] != "error"), "{findings:?}");
    assert_eq!(served.get("/appliance").json(), json!([]));
}

#[test]
fn the_root_is_a_page_for_browsers_and_leads_others_to_the_description() {
    let served = Served::new();
    let page = served.send("GET", "/", &[("accept", "text/html,*/*")], "");
    assert_eq!(
        (page.status.as_u16(), page.header("content-type")),
        (200, "text/html; charset=utf-8")
    );
    let other = served.get("/");
    assert_eq!((other.status.as_u16(), other.header("location")), (303, "/api/ui"));
    assert_eq!(served.get("/api/ui").status, 200);
    assert_eq!(served.get("/nothing").status, 404);
    let refused = served.send("PATCH", "/appliance", &[], "");
    assert_eq!((refused.status.as_u16(), refused.header("allow").contains("POST")), (405, true));
    assert!(refused.json()["error"].is_string());
}

#[test]
fn the_description_has_what_the_routes_have() {
    let served = Served::new();
    assert_eq!(served.get("/api").json(), description());
    let described = description();
    let mut count = 0;
    for operation in OPERATIONS {
        assert!(described["paths"][operation.path][operation.method].is_object());
        // Each route leads to something else than the answer for unknown paths.
        let path = operation.path.replace("{name}", "style.css");
        let path = path.replace(['{', '}'], "");
        let answer = served.send(&operation.method.to_uppercase(), &path, &[], "");
        assert!(!answer.text.contains("no such path") && answer.status != 405, "{path} {answer:?}");
        count += 1;
    }
    let paths = described["paths"].as_object().unwrap().values();
    assert_eq!(paths.map(|path| path.as_object().unwrap().len()).sum::<usize>(), count);
}

#[test]
fn references_of_the_description_lead_somewhere() {
    let described = description();
    let text = described.to_string();
    let references: Vec<&str> =
        text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(references.len() > 50);
    for path in references {
        assert!(described.pointer(path).is_some(), "{path}");
    }
}
