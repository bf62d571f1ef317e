//! What handlers share.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::answer::Problem;
use super::ending::Ending;
use super::service::Service;
use super::session::Sessions;

/// Maximum number of answers at once that go on: events, and logs that are followed.
const STREAMS: usize = 128;

/// What handlers share.
#[derive(Clone)]
pub struct App {
    /// The appliances.
    pub service: Arc<Service>,
    /// Who may ask.
    pub sessions: Arc<Sessions>,
    /// Tells when the service ends.
    pub ending: Ending,
    /// The description of the API.
    pub description: Bytes,
    streams: Arc<Semaphore>,
}

impl App {
    /// What handlers of a service share.
    pub fn new(
        service: Arc<Service>,
        sessions: Sessions,
        ending: Ending,
        description: Bytes,
    ) -> App {
        let (sessions, streams) = (Arc::new(sessions), Arc::new(Semaphore::new(STREAMS)));
        App { service, sessions, ending, description, streams }
    }

    /// The right to an answer that goes on, until it is dropped.
    ///
    /// # Errors
    /// There are too many.
    pub fn stream(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let permit = Arc::clone(&self.streams).try_acquire_owned();
        permit.map_err(|_| Problem::busy("too many events and logs are followed at once"))
    }
}

/// The ids in a path.
pub struct Ids<T>(pub T);

/// One or more parts of a path.
pub trait Segments: DeserializeOwned + Send {
    /// Whether each of them can be an id.
    fn are_ids(&self) -> bool;
}

impl Segments for String {
    fn are_ids(&self) -> bool {
        is_id(self)
    }
}

impl Segments for (String, String) {
    fn are_ids(&self) -> bool {
        is_id(&self.0) && is_id(&self.1)
    }
}

/// Whether something can be the id of an appliance, a container, or a volume. Anything else is never looked
/// for.
fn is_id(text: &str) -> bool {
    let is_char = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    (1..=255).contains(&text.len()) && text.bytes().all(is_char)
}

impl<T: Segments> FromRequestParts<App> for Ids<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Ids<T>, Problem> {
        let unknown = || Problem::new(StatusCode::NOT_FOUND, "the path has no valid id");
        let path = Path::<T>::from_request_parts(parts, app).await.map_err(|_| unknown())?;
        if path.0.are_ids() { Ok(Ids(path.0)) } else { Err(unknown()) }
    }
}

/// The parameters of a query.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Asked<T>, Problem> {
        let query = Query::<T>::from_request_parts(parts, app).await;
        query
            .map(|query| Asked(query.0))
            .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.body_text()))
    }
}
