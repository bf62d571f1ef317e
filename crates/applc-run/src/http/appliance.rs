//! Requests about appliances and their parts.

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::answer::{Answer, JSON, Problem, json as answer, message, with_type};
use super::app::{App, Asked, Ids};
use super::body;
use super::looks::Seen;
use super::service::Gone;
use super::submit::Submission;
use super::view::{containers, detail, text};
use crate::engine::{Host, Volume};
use crate::error::ErrorKind;

/// The appliance in the body of a request.
async fn submission(request: Request) -> Result<Submission, Problem> {
    let kind = request.headers().get(header::CONTENT_TYPE).cloned();
    let kind = kind.as_ref().and_then(|kind| kind.to_str().ok());
    Submission::new(kind, body::read(request.into_body()).await?)
}

/// `POST /appliance`.
pub async fn create(State(app): State<App>, request: Request) -> Answer {
    let submission = submission(request).await?;
    let compiled = app.service.compute(move |service| service.compile(&submission)).await?;
    let accepted = app.service.submit(compiled, false).await?;
    Ok(answer(StatusCode::CREATED, &accepted.appliance))
}

/// `PUT /appliance/ID`.
pub async fn replace(State(app): State<App>, Ids(id): Ids<String>, request: Request) -> Answer {
    let submission = submission(request).await?;
    let compiled = app.service.compute(move |service| service.compile(&submission)).await?;
    if compiled.id() != id {
        let message = format!("the appliance in the body is `{}`, not `{id}`", compiled.id());
        return Err(Problem::new(StatusCode::BAD_REQUEST, message));
    }
    let accepted = app.service.submit(compiled, true).await?;
    let status = if accepted.is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok(answer(status, &accepted.appliance))
}

/// `POST /check`.
pub async fn check(State(app): State<App>, request: Request) -> Answer {
    let submission = submission(request).await?;
    let findings = app.service.compute(move |service| service.check(&submission)).await?;
    Ok(answer(StatusCode::OK, &findings))
}

/// `GET /appliance`.
pub async fn list(State(app): State<App>) -> Answer {
    Ok(with_type(StatusCode::OK, JSON, app.service.list().await?))
}

/// `GET /appliance/ID`.
pub async fn show(State(app): State<App>, Ids(id): Ids<String>) -> Answer {
    let seen = app.service.see(&id).await?;
    Ok(with_type(StatusCode::OK, JSON, seen.text.clone()))
}

/// What `DELETE` may say.
#[derive(Deserialize)]
pub struct Purge {
    purge: Option<String>,
}

/// `DELETE /appliance/ID?purge=`.
pub async fn remove(
    State(app): State<App>,
    Ids(id): Ids<String>,
    Asked(query): Asked<Purge>,
) -> Answer {
    let purge = match query.purge.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => {
            let message = "`purge` is `true` or `false`";
            return Err(Problem::new(StatusCode::BAD_REQUEST, message));
        }
    };
    match app.service.remove(&id, purge).await? {
        Gone::All(text) => Ok(message(text)),
        Gone::Part(text) => Err(Problem::new(StatusCode::MULTI_STATUS, text)),
    }
}

/// The containers of an appliance, of this type only, with all that is known of them.
fn parts(seen: &Seen, kind: Option<&str>) -> Vec<Map<String, Value>> {
    let Some(appliance) = &seen.appliance else { return Vec::new() };
    let is_wanted = |one: &&Map<String, Value>| kind.is_none_or(|kind| text(one, "type") == kind);
    let mut all: Vec<_> = containers(appliance).filter(is_wanted).cloned().collect();
    for one in &mut all {
        detail(one, &seen.observed, seen.failure.as_deref());
    }
    all
}

async fn listed(app: &App, id: &str, kind: Option<&str>) -> Answer {
    let seen = app.service.see(id).await?;
    let all = parts(&seen, kind).into_iter().map(Value::Object).collect();
    Ok(answer(StatusCode::OK, &Value::Array(all)))
}

/// `GET /appliance/ID/container`.
pub async fn all_containers(State(app): State<App>, Ids(id): Ids<String>) -> Answer {
    listed(&app, &id, None).await
}

/// `GET /appliance/ID/service`.
pub async fn services(State(app): State<App>, Ids(id): Ids<String>) -> Answer {
    listed(&app, &id, Some("service")).await
}

/// `GET /appliance/ID/job`.
pub async fn jobs(State(app): State<App>, Ids(id): Ids<String>) -> Answer {
    listed(&app, &id, Some("job")).await
}

/// A container of an appliance.
pub async fn found(app: &App, id: &str, container: &str) -> Result<Map<String, Value>, Problem> {
    let seen = app.service.see(id).await?;
    let found = parts(&seen, None).into_iter().find(|one| text(one, "id") == container);
    found.ok_or_else(|| {
        let message = format!("no container `{container}` in the appliance `{id}`");
        Problem::new(StatusCode::NOT_FOUND, message)
    })
}

/// `GET /appliance/ID/container/CID`.
pub async fn container(
    State(app): State<App>,
    Ids((id, container)): Ids<(String, String)>,
) -> Answer {
    Ok(answer(StatusCode::OK, &Value::Object(found(&app, &id, &container).await?)))
}

/// `DELETE /appliance/ID/container/CID`.
pub async fn remove_container(
    State(app): State<App>,
    Ids((id, container)): Ids<(String, String)>,
) -> Answer {
    found(&app, &id, &container).await?;
    app.service.remove_container(&id, &container).await?;
    Ok(message(format!("container `{container}` was removed")))
}

fn shown(volume: &Volume) -> Value {
    json!({
        "id": volume.id,
        "appliance": volume.appliance,
        "name": volume.name,
        "used_by": volume.used_by,
    })
}

/// The volumes of an appliance, or the global ones.
async fn volumes_of(app: &App, appliance: Option<String>) -> Result<Vec<Volume>, Problem> {
    if let Some(id) = appliance.clone() {
        let is_kept = app.service.ask(move |service| Ok(service.is_down(&id))).await?;
        if !is_kept {
            app.service.see(appliance.as_deref().unwrap_or_default()).await?;
        }
    }
    app.service.ask(move |service| Ok(service.engine().volumes(appliance.as_deref())?)).await
}

async fn volume_of(app: &App, appliance: Option<String>, id: &str) -> Result<Volume, Problem> {
    let found = volumes_of(app, appliance).await?.into_iter().find(|volume| volume.id == id);
    found.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, format!("no volume `{id}`")))
}

async fn remove_volume_of(app: &App, appliance: Option<String>, id: &str) -> Answer {
    let volume = volume_of(app, appliance, id).await?;
    let in_use = |by: &str| {
        Problem::new(StatusCode::BAD_REQUEST, format!("the volume `{id}` is in use by {by}"))
    };
    if !volume.used_by.is_empty() {
        return Err(in_use(&volume.used_by.join(", ")));
    }
    let removed = app.service.ask(move |service| {
        Ok(match service.engine().remove_volume(&volume) {
            // Something else may have begun to use it.
            Err(error) if error.kind == ErrorKind::Refused => Some(error.to_string()),
            done => done.map(|()| None)?,
        })
    });
    match removed.await? {
        Some(refused) => Err(Problem::new(StatusCode::BAD_REQUEST, refused)),
        None => Ok(message(format!("volume `{id}` was removed"))),
    }
}

/// `GET /appliance/ID/volume`.
pub async fn volumes(State(app): State<App>, Ids(id): Ids<String>) -> Answer {
    let all = volumes_of(&app, Some(id)).await?;
    Ok(answer(StatusCode::OK, &all.iter().map(shown).collect()))
}

/// `GET /appliance/ID/volume/VID`.
pub async fn volume(State(app): State<App>, Ids((id, volume)): Ids<(String, String)>) -> Answer {
    Ok(answer(StatusCode::OK, &shown(&volume_of(&app, Some(id), &volume).await?)))
}

/// `DELETE /appliance/ID/volume/VID`.
pub async fn remove_volume(
    State(app): State<App>,
    Ids((id, volume)): Ids<(String, String)>,
) -> Answer {
    remove_volume_of(&app, Some(id), &volume).await
}

/// `GET /volume/VID`.
pub async fn global_volume(State(app): State<App>, Ids(volume): Ids<String>) -> Answer {
    Ok(answer(StatusCode::OK, &shown(&volume_of(&app, None, &volume).await?)))
}

/// `DELETE /volume/VID`.
pub async fn remove_global_volume(State(app): State<App>, Ids(volume): Ids<String>) -> Answer {
    remove_volume_of(&app, None, &volume).await
}

/// `GET /cluster`.
pub async fn cluster(State(app): State<App>) -> Answer {
    let hosts = app.service.ask(|service| Ok(service.engine().hosts()?)).await?;
    let shown = |host: &Host| {
        json!({
            "hostname": host.name,
            "address": host.address,
            "resources": { "cpus": host.cpus, "mem": host.memory },
            "is_ready": host.is_ready,
            "attributes": host.attributes,
        })
    };
    Ok(answer(StatusCode::OK, &hosts.iter().map(shown).collect()))
}

/// `GET /ping`.
pub async fn ping() -> Response {
    super::answer::plain("Pong!")
}
