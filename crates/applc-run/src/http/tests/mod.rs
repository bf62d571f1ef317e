//! Tests of the service with an engine in memory.

mod engine;

mod api;
mod events;
mod security;
mod socket;
mod turns;

use std::sync::Arc;
use std::time::{Duration, Instant};

use applc::Selected;
use applc::source::Sources;
use applc::targets::{Options, TargetRef};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower_service::Service as _;

use super::ending::Ending;
use super::service::Service;
use super::submit::{Allow, Terms};
use super::{Settings, router};
use crate::appliances::Appliances;
use crate::folder::Folder;
use crate::secrets::Secrets;
use engine::Fake;

/// The token of services that have one.
const TOKEN: &str = "a-token-of-some-length";

/// An answer.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{self:?}"))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A service with an engine in memory.
struct Served {
    runtime: Runtime,
    router: Router,
    engine: Arc<Fake>,
    service: Arc<Service>,
    end: tokio::sync::watch::Sender<bool>,
    folder: Arc<TempDir>,
}

fn settings(token: Option<&str>, allow: Allow) -> Settings {
    let target = TargetRef::BuiltIn(applc::targets::find("compose").unwrap());
    let options = Options::of(&*target);
    let target = Selected { target, options };
    let secrets = Secrets::default();
    let terms = Terms { target, sources: Sources::new(), allow, secrets };
    Settings {
        listen: "127.0.0.1:0".parse().unwrap(),
        hosts: ["Pivot.example", "with-port.example:8443"].map(str::to_owned).into(),
        token: token.map(str::to_owned),
        terms,
    }
}

impl Served {
    fn new() -> Served {
        Served::with(&settings(None, Allow::default()), Arc::default(), Arc::new(temporary()))
    }

    fn with(settings: &Settings, engine: Arc<Fake>, folder: Arc<TempDir>) -> Served {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let appliances = Appliances::new(Folder::at(folder.path()));
        let service = Service::new(engine.clone(), appliances, settings.terms.clone());
        let (end, ending) = Ending::new();
        let router = router(settings, settings.listen.ip(), &service, ending);
        Served { runtime, router, engine, service, end, folder }
    }

    /// Sends a request with these headers, from this machine.
    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", "localhost:9090");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        self.runtime.block_on(async {
            let mut router = self.router.clone();
            let answer = router.call(request).await.unwrap();
            let (parts, body) = answer.into_parts();
            let bytes = body.collect().await.unwrap().to_bytes();
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            Answer { status: parts.status, headers: parts.headers, text }
        })
    }

    fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    /// As `curl -d` sends it.
    fn post(&self, body: &str) -> Answer {
        let form = [("content-type", "application/x-www-form-urlencoded")];
        self.send("POST", "/appliance", &form, body)
    }

    fn put(&self, id: &str, body: &str) -> Answer {
        self.send("PUT", &format!("/appliance/{id}"), &[], body)
    }

    fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], "")
    }

    /// The state of a container.
    fn state(&self, id: &str, container: &str) -> String {
        let answer = self.get(&format!("/appliance/{id}/container/{container}"));
        answer.json()["state"].as_str().unwrap_or_default().to_owned()
    }

    /// Waits until a container has a state.
    fn until(&self, id: &str, container: &str, state: &str) {
        wait(|| self.state(id, container) == state, &format!("{container} is {state}"));
    }
}

fn temporary() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn wait(mut is_done: impl FnMut() -> bool, what: &str) {
    let end = Instant::now() + Duration::from_secs(30);
    while !is_done() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// An appliance with one service, whose image decides what the engine does with it.
fn appliance(id: &str, image: &str) -> String {
    format!(
        r#"{{"id": "{id}", "containers": [{{"id": "web", "type": "service", "image": "{image}",
        "resources": {{"cpus": 1, "mem": 64}}, "network_mode": "bridge", "ports": [{{"container_port": 80}}]}}]}}"#
    )
}
