//! What stands before every request: who asks, from where, and how many at once.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tokio::sync::Semaphore;

use super::answer::Problem;
use super::app::App;
use super::held::Held;
use super::pages;

/// Maximum number of requests at once.
pub const REQUESTS: usize = 512;

/// What every answer says to browsers.
const HEADERS: &[(&str, &str)] = &[
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
];

/// Paths that need no token: they say nothing about appliances.
const OPEN: &[&str] = &["/ping", "/login", "/logout", "/page"];

/// Stands before every request.
#[derive(Clone)]
pub struct Guard {
    app: App,
    hosts: Arc<Hosts>,
    requests: Arc<Semaphore>,
}

impl Guard {
    /// A guard that knows the names of the service.
    pub fn new(app: App, hosts: Hosts) -> Guard {
        let requests = Arc::new(Semaphore::new(REQUESTS));
        Guard { app, hosts: Arc::new(hosts), requests }
    }

    fn refusal(&self, request: &Request) -> Option<Response> {
        let headers = request.headers();
        if let Err(problem) = self.hosts.check(headers, request.method()) {
            return Some(problem.into_response());
        }
        let path = request.uri().path();
        let is_open = |open: &&str| {
            path.strip_prefix(*open).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if OPEN.iter().any(is_open) || self.app.sessions.admits(headers) {
            return None;
        }
        if request.method() == Method::GET && pages::wants_page(headers) {
            return Some(pages::to_login(request.uri()));
        }
        let message = match headers.get(header::AUTHORIZATION) {
            Some(_) => "the token is wrong: `Authorization: Bearer TOKEN`",
            None => "a token is needed: `Authorization: Bearer TOKEN`",
        };
        let mut refused = Problem::new(StatusCode::UNAUTHORIZED, message).into_response();
        refused.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        Some(refused)
    }
}

/// Answers a request, if it may be answered.
pub async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let mut response = match Arc::clone(&guard.requests).try_acquire_owned() {
        Err(_) => Problem::busy("too many requests at once").into_response(),
        Ok(turn) => {
            let response = match guard.refusal(&request) {
                Some(refusal) => refusal,
                // A panic ends this request only.
                None => match AssertUnwindSafe(next.run(request)).catch_unwind().await {
                    Ok(response) => response,
                    Err(_) => Problem::failed().into_response(),
                },
            };
            // What is not sent yet is held in memory.
            response.map(|body| Body::new(Held::new(body, turn)))
        }
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(*name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
        headers.insert(header::CONTENT_SECURITY_POLICY, nothing);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// The names that the service is asked by.
#[derive(Debug, Clone)]
pub struct Hosts {
    listen: IpAddr,
    names: Vec<String>,
}

impl Hosts {
    /// The names of a service that listens on an address: that address, the names of this machine for
    /// itself, and `names`. If it listens on all addresses, each of them.
    pub fn new(listen: IpAddr, names: Vec<String>) -> Hosts {
        let names = names.into_iter().map(|name| name.to_ascii_lowercase()).collect();
        Hosts { listen, names }
    }

    /// Whether a request comes from this service's own pages, or from no page, and asks for this service by
    /// its name: another name may have been bound to its address by a page of someone else.
    ///
    /// # Errors
    /// 403: it does not. 400: it has no single `Host`.
    fn check(&self, headers: &HeaderMap, method: &Method) -> Result<(), Problem> {
        let forbidden = |message: String| Problem::new(StatusCode::FORBIDDEN, message);
        let mut hosts = headers.get_all(header::HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return Err(Problem::new(StatusCode::BAD_REQUEST, "the request has no single `Host`"));
        };
        let host = host.to_str().unwrap_or_default().to_ascii_lowercase();
        if !self.is_own(&host) {
            let message =
                format!("the service is not `{host}`; `applc serve --host NAME` adds names");
            return Err(forbidden(message));
        }
        let mut origins = headers.get_all(header::ORIGIN).iter();
        if !origins.all(|origin| self.is_own_origin(origin, &host)) {
            return Err(forbidden("a page of another origin may not ask".to_owned()));
        }
        let word = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let is_foreign = matches!(word("sec-fetch-site"), Some("cross-site" | "same-site"));
        let is_visit = *method == Method::GET && word("sec-fetch-mode") == Some("navigate");
        if is_foreign && !is_visit {
            return Err(forbidden("a page of another origin may not ask".to_owned()));
        }
        Ok(())
    }

    fn is_own_origin(&self, origin: &HeaderValue, host: &str) -> bool {
        let origin = origin.to_str().unwrap_or_default().to_ascii_lowercase();
        let Some((scheme, authority)) = origin.split_once("://") else { return false };
        let usual = match scheme {
            "http" => "80",
            "https" => "443",
            _ => return false,
        };
        // A proxy may ask by another name than the browser. What listens on other ports of its machine is
        // someone else.
        let (name, port) = parts(authority);
        let port = port.unwrap_or(usual);
        authority == host
            || self.names.iter().any(|known| {
                let (known, own) = parts(known);
                known == name && port == own.unwrap_or(usual)
            })
    }

    fn is_own(&self, host: &str) -> bool {
        let (name, _) = parts(host);
        if name == "localhost" || self.names.iter().any(|known| parts(known).0 == name) {
            return true;
        }
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        let address: Option<IpAddr> = bare.parse().ok();
        address.is_some_and(|address| {
            address.is_loopback() || address == self.listen || self.listen.is_unspecified()
        })
    }
}

/// The name and the port in `NAME:PORT`.
fn parts(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        // The colons of an IPv6 address are in brackets.
        Some((name, port))
            if port.bytes().all(|b| b.is_ascii_digit())
                && !name.is_empty()
                && (!name.contains(':') || name.ends_with(']')) =>
        {
            (name, Some(port))
        }
        _ => (authority, None),
    }
}
