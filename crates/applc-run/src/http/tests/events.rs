//! Server-sent events, and logs that are followed.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower_service::Service as _;

use super::{Served, appliance, wait};
use crate::state::State;

/// An answer that goes on.
struct Stream<'a> {
    served: &'a Served,
    body: Body,
    text: String,
}

impl Stream<'_> {
    fn of<'a>(served: &'a Served, path: &str) -> Stream<'a> {
        let request = Request::builder().uri(path).header("host", "localhost");
        let request = request.body(Body::empty()).unwrap();
        let answer = served.runtime.block_on(served.router.clone().call(request)).unwrap();
        assert_eq!(answer.status(), 200);
        Stream { served, body: answer.into_body(), text: String::new() }
    }

    /// Reads until a text; `None` at the end.
    fn until(&mut self, end: &str) -> Option<String> {
        loop {
            if let Some((text, rest)) = self.text.split_once(end) {
                let (text, rest) = (text.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(text);
            }
            let frame = self.served.runtime.block_on(async {
                tokio::time::timeout(Duration::from_secs(30), self.body.frame()).await
            });
            let data = frame.expect("a frame in time")?.unwrap().into_data().unwrap();
            self.text.push_str(std::str::from_utf8(&data).unwrap());
        }
    }

    /// The next event and its data.
    fn event(&mut self) -> Option<(String, Value)> {
        let text = self.until("\n\n")?;
        let (event, data) = text.strip_prefix("event: ").unwrap().split_once("\ndata: ").unwrap();
        Some((event.to_owned(), serde_json::from_str(data).unwrap()))
    }

    /// The first event for which this is so.
    fn find(&mut self, mut is_it: impl FnMut(&str, &Value) -> bool) -> Value {
        loop {
            let (event, data) = self.event().expect("an event");
            if is_it(&event, &data) {
                return data;
            }
        }
    }
}

#[test]
fn events_tell_each_change_until_the_appliance_is_gone() {
    let served = Served::new();
    assert_eq!(served.get("/appliance/app/events").status, 404);
    served.post(&appliance("app", "slow"));
    served.until("app", "web", "staging");
    let mut events = Stream::of(&served, "/appliance/app/events");
    let state = |data: &Value| data["containers"][0]["state"].clone();
    let (event, data) = events.event().unwrap();
    assert_eq!((event.as_str(), state(&data)), ("appliance", json!("staging")));
    assert_eq!(data["containers"][0]["tasks"][0]["name"], "app-web-1");
    served.engine.set("app", State::Running);
    let (_, data) = events.event().unwrap();
    assert_eq!(state(&data), "running");
    served.engine.set("app", State::Failed);
    let data = events.find(|_, data| state(data) == "failed");
    assert_eq!(data["containers"][0]["why"], "exit status 1");
    served.engine.is_gone.store(true, Ordering::Relaxed);
    let problem = events.find(|event, _| event == "problem");
    assert_eq!(problem["error"], "the engine does not answer");
    served.engine.is_gone.store(false, Ordering::Relaxed);
    events.find(|event, _| event == "appliance");
    served.delete("/appliance/app");
    events.find(|event, _| event == "gone");
    assert_eq!(events.event(), None);
}

#[test]
fn events_have_the_failure_of_a_run_with_its_finding() {
    let served = Served::new();
    served.post(&appliance("app", "missing"));
    let mut events = Stream::of(&served, "/appliance/app/events");
    let data = events.find(|_, data| data["failure"].is_object());
    assert_eq!(data["failure"]["container"], "web");
    assert_eq!(data["failure"]["findings"][0]["code"], "E0901");
    assert_eq!(data["failure"]["findings"][0]["span"]["start"]["line"], 1);
    assert_eq!(data["containers"][0]["state"], "failed");
}

#[test]
fn streams_end_with_the_service() {
    let served = Served::new();
    served.post(&appliance("app", "fine"));
    served.until("app", "web", "running");
    let mut events = Stream::of(&served, "/appliance/app/events");
    let mut log = Stream::of(&served, "/appliance/app/container/web/log?follow=true&tail=1");
    assert_eq!(log.until("\n").as_deref(), Some("app-web-1: 0"));
    served.end.send_replace(true);
    while events.event().is_some() {}
    assert_eq!(log.until("\n"), None);
}

#[test]
fn a_log_that_nobody_reads_is_not_followed() {
    let served = Served::new();
    served.post(&appliance("app", "fine"));
    served.until("app", "web", "running");
    let mut log = Stream::of(&served, "/appliance/app/container/web/log?follow=true");
    assert!(log.until("\n").is_some());
    wait(|| served.engine.followed.load(Ordering::Relaxed) == 1, "it is followed");
    drop(log);
    wait(|| served.engine.followed.load(Ordering::Relaxed) == 0, "it is not followed");
}

#[test]
fn an_appliance_is_watched_only_while_somebody_asks() {
    let served = Served::new();
    assert_eq!(served.get("/appliance/none").status, 404);
    wait(|| !served.service.watches().is_watched("none"), "nothing is watched");
}
