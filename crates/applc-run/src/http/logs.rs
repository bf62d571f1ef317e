//! `GET /appliance/ID/container/CID/log`: what the instances of a container have written.

use std::convert::Infallible;
use std::io::{self, Write};
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::StatusCode;
use futures_util::stream::unfold;
use serde::Deserialize;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::answer::{Answer, Problem, plain};
use super::app::{App, Asked, Ids};
use super::appliance::found;
use super::ending::Ending;
use crate::engine::LogOptions;
use crate::last::Last;

/// Number of lines without a limit of the request.
const LINES: u32 = 10_000;

/// Maximum number of bytes of a log that is not followed.
const BYTES: usize = 8 << 20;

/// What a request for a log may say.
#[derive(Deserialize)]
pub struct Wanted {
    follow: Option<String>,
    tail: Option<String>,
}

impl Wanted {
    fn options(&self) -> Result<LogOptions, Problem> {
        let bad = |message: &str| Problem::new(StatusCode::BAD_REQUEST, message);
        let follow = match self.follow.as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(bad("`follow` is `true` or `false`")),
        };
        let tail = match self.tail.as_deref().map(str::parse::<u32>) {
            None => LINES,
            Some(Ok(tail)) => tail.min(LINES),
            Some(Err(_)) => return Err(bad("`tail` is a number of lines")),
        };
        Ok(LogOptions { follow, tail: Some(tail), most: None })
    }
}

/// The log as text. With `follow`, it goes on until the container ends, or the client leaves.
pub async fn log(
    State(app): State<App>,
    Ids((id, container)): Ids<(String, String)>,
    Asked(wanted): Asked<Wanted>,
) -> Answer {
    let options = wanted.options()?;
    found(&app, &id, &container).await?;
    let seen = app.service.see(&id).await?;
    let names: Vec<String> = seen.observed.of(&container).map(|one| one.name.clone()).collect();
    if names.is_empty() {
        // It was not started yet.
        return Ok(plain(""));
    }
    if !options.follow {
        let text = app.service.ask(move |service| {
            let mut text = Last::new(BYTES);
            let options = LogOptions { most: Some(BYTES), ..options };
            service.engine().logs(&names, options, &mut text)?;
            Ok(text.end())
        });
        return Ok(plain(text.await?));
    }
    let stream = app.stream()?;
    let (lines, received) = channel::<Bytes>(64);
    let service = Arc::clone(&app.service);
    tokio::task::spawn_blocking(move || {
        let _stream = stream;
        // A log that breaks off ends the answer.
        let _ = service.engine().logs(&names, options, &mut Lines(lines));
    });
    let next = async |(mut received, ending): (Receiver<Bytes>, Ending)| {
        let line = ending.unless(received.recv()).await??;
        Some((Ok::<_, Infallible>(line), (received, ending)))
    };
    Ok(plain(Body::from_stream(unfold((received, app.ending), next))))
}

/// Sends what is written to the answer.
struct Lines(Sender<Bytes>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        self.0.blocking_send(Bytes::copy_from_slice(bytes)).map_err(gone)?;
        Ok(bytes.len())
    }

    /// Fails if nobody reads any more.
    fn flush(&mut self) -> io::Result<()> {
        if self.0.is_closed() { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
    }
}
