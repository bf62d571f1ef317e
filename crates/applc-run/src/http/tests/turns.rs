//! What many requests at once share.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::body::{Body, HttpBody};
use axum::http::Request;
use http_body_util::BodyExt;
use tower_service::Service as _;

use super::super::guard::REQUESTS;
use super::{Served, appliance, wait};

#[test]
fn a_request_has_its_turn_until_its_answer_is_sent() {
    let served = Served::new();
    let ask = || {
        let request = Request::builder().uri("/api").header("host", "localhost");
        let request = request.body(Body::empty()).unwrap();
        served.runtime.block_on(served.router.clone().call(request)).unwrap()
    };
    let mut unsent: Vec<_> = (0..REQUESTS).map(|_| ask()).collect();
    assert!(unsent.iter().all(|answer| answer.status() == 200));
    assert_eq!(ask().status(), 503);
    // One is sent, in parts.
    let body = unsent.pop().unwrap().into_body();
    let size = body.size_hint().exact();
    let sent = served.runtime.block_on(body.collect()).unwrap().to_bytes();
    assert_eq!(Some(sent.len() as u64), size);
    assert_eq!(ask().status(), 200);
}

#[test]
fn what_only_computes_does_not_wait_for_the_engine() {
    let served = Served::new();
    served.engine.delay.store(4_000, Ordering::Relaxed);
    let began = Instant::now();
    let (service, engine) = (&served.service, &served.engine);
    for number in 0..40 {
        let service = service.clone();
        served.runtime.spawn(async move {
            let look = service
                .ask(move |service| Ok(service.engine().observe(&format!("app-{number}"))?));
            let _ = look.await;
        });
    }
    wait(|| engine.looks.load(Ordering::Relaxed) >= 16, "the engine is asked");
    let answer = served.send("POST", "/check", &[], &appliance("app", "fine"));
    assert_eq!(answer.status, 200);
    assert!(began.elapsed() < Duration::from_millis(3_500), "{:?}", began.elapsed());
}
