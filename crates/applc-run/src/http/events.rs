//! `GET /appliance/ID/events`: server-sent events of an appliance.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{Stream, unfold};
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::answer::{Answer, Problem};
use super::app::{App, Ids};
use super::ending::Ending;
use super::looks::{Looks, Seen};
use super::view::detailed;

/// Time between two signs of life.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Events of an appliance:
///
/// - `appliance`: the appliance with all that is known of its containers, at first and after each change;
/// - `problem`: the engine does not answer at the moment;
/// - `gone`: there is no appliance any more. This is the last one.
pub async fn events(State(app): State<App>, Ids(id): Ids<String>) -> Answer {
    let stream = app.stream()?;
    app.service.see(&id).await?;
    let looks = app.service.watches().follow(&app.service, &id)?;
    let follower =
        Follower { looks, ending: app.ending.clone(), sent: None, is_over: false, _stream: stream };
    let beats = KeepAlive::new().interval(HEARTBEAT);
    let mut response = Sse::new(follower.events()).keep_alive(beats).into_response();
    // Proxies pass each event on at once.
    let headers = response.headers_mut();
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// What was sent last.
enum Sent {
    Appliance(String),
    Problem(Problem),
}

struct Follower {
    looks: watch::Receiver<Looks>,
    ending: Ending,
    sent: Option<Sent>,
    is_over: bool,
    _stream: OwnedSemaphorePermit,
}

impl Follower {
    fn events(mut self) -> impl Stream<Item = Result<Event, Infallible>> {
        // What is there already is the first event.
        self.looks.mark_changed();
        unfold(self, |mut follower| async move {
            let event = follower.next().await?;
            Some((Ok(event), follower))
        })
    }

    /// The next event; `None` at the end.
    async fn next(&mut self) -> Option<Event> {
        while !self.is_over {
            self.ending.unless(self.looks.changed()).await?.ok()?;
            let look = self.looks.borrow_and_update().clone();
            let event = match look.map(|look| look.seen) {
                Some(Ok(seen)) => self.appliance(&seen),
                Some(Err(problem)) => self.problem(problem),
                None => None,
            };
            if event.is_some() {
                return event;
            }
        }
        None
    }

    fn appliance(&mut self, seen: &Arc<Seen>) -> Option<Event> {
        let Some(appliance) = &seen.appliance else {
            self.is_over = true;
            return Some(Event::default().event("gone").data("{}"));
        };
        let text = detailed(appliance, &seen.observed, seen.failure.as_deref()).to_string();
        if matches!(&self.sent, Some(Sent::Appliance(sent)) if *sent == text) {
            return None;
        }
        let event = Event::default().event("appliance").data(&text);
        self.sent = Some(Sent::Appliance(text));
        Some(event)
    }

    fn problem(&mut self, problem: Problem) -> Option<Event> {
        if matches!(&self.sent, Some(Sent::Problem(sent)) if *sent == problem) {
            return None;
        }
        let event = Event::default().event("problem").data(problem.value().to_string());
        self.sent = Some(Sent::Problem(problem));
        Some(event)
    }
}
