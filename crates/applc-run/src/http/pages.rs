//! Pages for browsers: what they are made of is in the folder `page`.

use applc::graph::{Format, Graph};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::answer::{Answer, JSON, Problem, with_type};
use super::app::{App, Asked, Ids};
use super::submit::Submission;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// What pages may load: nothing but files and answers of this service.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Pictures have their style in themselves.
const POLICY_OF_PICTURES: &str =
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox";

/// The files that pages load, with their types.
const FILES: &[(&str, &str, &str)] = &[
    ("api.js", SCRIPT, include_str!("page/api.js")),
    ("appliance.js", SCRIPT, include_str!("page/appliance.js")),
    ("cause.js", SCRIPT, include_str!("page/cause.js")),
    ("details.js", SCRIPT, include_str!("page/details.js")),
    ("dom.js", SCRIPT, include_str!("page/dom.js")),
    ("editor.js", SCRIPT, include_str!("page/editor.js")),
    ("graph.js", SCRIPT, include_str!("page/graph.js")),
    ("list.js", SCRIPT, include_str!("page/list.js")),
    ("live.js", SCRIPT, include_str!("page/live.js")),
    ("log.js", SCRIPT, include_str!("page/log.js")),
    ("model.js", SCRIPT, include_str!("page/model.js")),
    ("remove.js", SCRIPT, include_str!("page/remove.js")),
    ("states.js", SCRIPT, include_str!("page/states.js")),
    ("table.js", SCRIPT, include_str!("page/table.js")),
    ("timeline.js", SCRIPT, include_str!("page/timeline.js")),
    ("editor.css", CSS, include_str!("page/editor.css")),
    ("graph.css", CSS, include_str!("page/graph.css")),
    ("style.css", CSS, include_str!("page/style.css")),
    ("icon.svg", SVG, include_str!("page/icon.svg")),
];

fn page(text: &'static str) -> Response {
    guarded(with_type(StatusCode::OK, HTML, text), POLICY)
}

fn guarded(mut response: Response, policy: &'static str) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

/// Whether a browser asks for a page.
pub fn wants_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/html"))
}

/// `GET /`: the list of appliances for browsers, the description of the API for all others, as PIVOT.
pub async fn root(headers: HeaderMap) -> Response {
    if wants_page(&headers) {
        page(include_str!("page/list.html"))
    } else {
        Redirect::to("/api/ui").into_response()
    }
}

/// `GET /appliance/ID/ui`.
pub async fn appliance(Ids(_): Ids<String>) -> Response {
    page(include_str!("page/appliance.html"))
}

/// `GET /api`.
pub async fn description(State(app): State<App>) -> Response {
    with_type(StatusCode::OK, JSON, app.description)
}

/// `GET /api/ui`.
pub async fn operations() -> Response {
    page(include_str!("page/api.html"))
}

/// `GET /page/FILE`.
pub async fn file(Path(name): Path<String>) -> Answer {
    let found = FILES.iter().find(|(known, ..)| *known == name);
    let (_, kind, text) =
        found.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "no such file"))?;
    Ok(with_type(StatusCode::OK, kind, *text))
}

/// What `GET /appliance/ID/graph` may say.
#[derive(Deserialize)]
pub struct Picture {
    states: Option<String>,
}

/// `GET /appliance/ID/graph?states=`: a picture, in which each container is a `g` with the class `node` and its
/// id as `data-id`.
pub async fn graph(
    State(app): State<App>,
    Ids(id): Ids<String>,
    Asked(query): Asked<Picture>,
) -> Answer {
    let for_states = match query.states.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => {
            let message = "`states` is `true` or `false`";
            return Err(Problem::new(StatusCode::BAD_REQUEST, message));
        }
    };
    app.service.see(&id).await?;
    let unknown = {
        let message = format!("the source of `{id}` is not known here");
        move || Problem::new(StatusCode::NOT_FOUND, message.clone())
    };
    let kept = app.service.ask(move |service| Ok(service.kept(&id))).await?;
    let kept = kept.ok_or_else(&unknown)?;
    let drawn = app.service.compute(move |_| {
        let plan = Submission::kept(&kept).plan().ok_or_else(&unknown)?;
        let graph = Graph::of(&plan);
        Ok(if for_states { graph.render_for_states() } else { graph.render(Format::Svg) })
    });
    Ok(guarded(with_type(StatusCode::OK, SVG, drawn.await?), POLICY_OF_PICTURES))
}

/// `GET /login`.
pub async fn login() -> Response {
    page(include_str!("page/login.html"))
}

/// `GET /login` again, after a token that is not the right one.
pub fn login_again() -> Response {
    let text = include_str!("page/login.html")
        .replace("<!-- problem -->", "<p class=\"problem\">This is not the token.</p>");
    guarded(with_type(StatusCode::FORBIDDEN, HTML, text), POLICY)
}

/// Where a browser goes that has no session.
pub fn to_login(uri: &Uri) -> Response {
    // Only a path of this service is ever returned to.
    let next = uri.path().trim_start_matches('/');
    let is_plain = next.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'/'));
    let next = if is_plain { next } else { "" };
    Redirect::to(&format!("/login?next=/{next}")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_that_pages_load_is_served() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/page");
        let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut found: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        found.retain(|name| !name.ends_with(".html"));
        found.sort();
        let mut served: Vec<&str> = FILES.iter().map(|(name, ..)| *name).collect();
        served.sort_unstable();
        assert_eq!(served, found);
    }
}
