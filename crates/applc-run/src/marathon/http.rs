//! Requests to Marathon, Chronos and Mesos.

use std::fmt;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::http::{Request, Uri};

use crate::error::{Error, ErrorKind};

/// How long an answer may take: Marathon decides about a group of many apps before it answers.
const PATIENCE: Duration = Duration::from_secs(30);

/// Longest answer that is read, in bytes. Chronos lists the jobs of everybody.
const MAX_ANSWER: u64 = 64 * 1024 * 1024;

/// A server, as its own clients reach it.
#[derive(Clone)]
pub struct Server {
    agent: ureq::Agent,
    /// What it is, for messages.
    name: &'static str,
    /// Its URL without user, password and the last slash.
    base: String,
    authorization: Option<String>,
}

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl fmt::Debug for Server {
    // Without what authorizes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.name, self.base)
    }
}

impl Server {
    /// The server at a URL, which may contain a user and a password, and a path. `variable` is where the URL
    /// was set; a token is sent as DC/OS reads it.
    ///
    /// # Errors
    /// The URL is not one of HTTP.
    pub fn at(
        name: &'static str,
        url: &str,
        token: Option<&str>,
        variable: &str,
    ) -> Result<Server, Error> {
        let url = url.trim();
        let invalid = |why: &str| {
            Error::new(ErrorKind::Missing, format!("`{variable}` is not the URL of {name}: {why}"))
                .help(format!("set it to a URL such as `http://{}:8080`", name.to_lowercase()))
        };
        let uri: Uri = url.parse().map_err(|_| invalid("it is no URL"))?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => {
                return Err(invalid("HTTPS is not supported").help(
                    "use the address inside the cluster, or a tunnel such as that of `ssh -L`",
                ));
            }
            _ => return Err(invalid("it does not begin with `http://`")),
        }
        let authority = uri.authority().map(|authority| authority.as_str()).unwrap_or_default();
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        let authorization = match (token, user) {
            (Some(token), _) => Some(format!("token={token}")),
            (None, Some(user)) => {
                let user = percent_decode_str(user).decode_utf8_lossy();
                Some(format!("Basic {}", BASE64_STANDARD.encode(user.as_bytes())))
            }
            (None, None) => None,
        };
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .user_agent(concat!("applc/", env!("CARGO_PKG_VERSION")));
        Ok(Server {
            agent: config.build().into(),
            name,
            base: format!("http://{host}{}", uri.path().trim_end_matches('/')),
            authorization,
        })
    }

    /// Another server of the same cluster, which needs no authorization: an agent of Mesos.
    pub fn beside(&self, name: &'static str, address: &str) -> Server {
        let base = format!("http://{address}");
        Server { agent: self.agent.clone(), name, base, authorization: None }
    }

    /// Sends a request.
    ///
    /// # Errors
    /// The server does not answer, or asks for a user or a token.
    pub fn send(&self, method: &str, path: &str, body: Option<String>) -> Result<Answer, Error> {
        let silent = |cause: &dyn fmt::Display| {
            let message = format!("{} at `{}` does not answer: {cause}", self.name, self.base);
            Error::new(ErrorKind::Unreachable, message)
        };
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("Accept", "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        let answered = if method == "GET" || (method == "DELETE" && body.is_none()) {
            self.agent.run(request.body(()).map_err(|cause| silent(&cause))?)
        } else {
            let request = request.header("Content-Type", "application/json");
            self.agent.run(request.body(body.unwrap_or_default()).map_err(|cause| silent(&cause))?)
        };
        let mut answered = answered.map_err(|cause| silent(&cause))?;
        let status = answered.status().as_u16();
        let body = answered.body_mut().with_config().limit(MAX_ANSWER).lossy_utf8(true);
        let body = body.read_to_string().map_err(|cause| silent(&cause))?;
        match status {
            401 | 403 if !body.contains("deployments") => Err(self
                .refused(&Answer { status, body })
                .help("set `MARATHON_TOKEN`, or write the user and the password into the URL")),
            // Without a leader, or behind a proxy that finds no server.
            502..=504 => Err(silent(&format!("HTTP status {status}"))),
            _ => Ok(Answer { status, body }),
        }
    }

    /// Sends a request that must succeed.
    ///
    /// # Errors
    /// The server does not answer or refuses.
    pub fn call(&self, method: &str, path: &str, body: Option<String>) -> Result<String, Error> {
        let answer = self.send(method, path, body)?;
        if answer.is_success() { Ok(answer.body) } else { Err(self.refused(&answer)) }
    }

    /// Asks for a document. `None` if there is none at this path.
    ///
    /// # Errors
    /// The server does not answer or refuses, or answers something else.
    pub fn find<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Error> {
        let answer = self.send("GET", path, None)?;
        match answer.status {
            404 => Ok(None),
            _ if answer.is_success() => self.read(&answer.body).map(Some),
            _ => Err(self.refused(&answer)),
        }
    }

    /// Asks for a document that is always there.
    ///
    /// # Errors
    /// The server does not answer or refuses, or answers something else.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        self.read(&self.call("GET", path, None)?)
    }

    /// Reads an answer.
    ///
    /// # Errors
    /// It is something else.
    pub fn read<T: DeserializeOwned>(&self, body: &str) -> Result<T, Error> {
        serde_json::from_str(body).map_err(|cause| {
            let message = format!("what answers at `{}` is not {}: {cause}", self.base, self.name);
            Error::new(ErrorKind::Unreachable, message)
        })
    }

    /// The error for an answer that is a refusal.
    pub fn refused(&self, answer: &Answer) -> Error {
        let message = format!("{} refuses: {}", self.name, reason(answer));
        Error::new(ErrorKind::Refused, message)
    }
}

impl Answer {
    /// Whether the request succeeded.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Why a request was refused, in one line: Marathon's message and its details, or the first line of a trace of
/// Chronos.
fn reason(answer: &Answer) -> String {
    let document: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let Some(message) = document.get("message").and_then(Value::as_str) else {
        return format!("HTTP status {}", answer.status);
    };
    // `java.lang.IllegalArgumentException: requirement failed: REASON`, and where that happened.
    let message = message.lines().next().unwrap_or_default().trim();
    let message = message.split_once("Exception: ").map_or(message, |(_, rest)| rest);
    let mut text = message.trim_start_matches("requirement failed: ").to_owned();
    for detail in document.get("details").and_then(Value::as_array).into_iter().flatten() {
        let path = detail.get("path").and_then(Value::as_str).unwrap_or_default();
        let errors = detail.get("errors").and_then(Value::as_array).into_iter().flatten();
        let errors: Vec<&str> = errors.filter_map(Value::as_str).collect();
        text.push_str(&format!("; {path}: {}", errors.join(", ")));
    }
    text
}

/// Characters that stay as they are in a path or in the value of a query.
const PLAIN: AsciiSet =
    NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A path or the value of a query, with other characters encoded.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, &PLAIN).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str, token: Option<&str>) -> Result<Server, Error> {
        Server::at("Marathon", url, token, "MARATHON_URL")
    }

    #[test]
    fn a_url_may_have_a_path_and_a_user() {
        let server = at(" http://me:p%40ss@host:8080/service/marathon/ ", None).unwrap();
        assert_eq!(server.base, "http://host:8080/service/marathon");
        assert_eq!(server.authorization.as_deref(), Some("Basic bWU6cEBzcw=="));
        assert!(!format!("{server:?}").contains("p@ss"));
        let server = at("http://host", Some("abc")).unwrap();
        assert_eq!(server.authorization.as_deref(), Some("token=abc"));
    }

    #[test]
    fn what_is_no_url_is_refused_without_its_password() {
        for url in
            ["https://me:secret@host", "ftp://me:secret@host", "me:secret@host", "http://", ""]
        {
            let error = at(url, None).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Missing, "{url}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_refusal_is_told_in_one_line() {
        let told = |body: &str| reason(&Answer { status: 422, body: body.to_owned() });
        assert_eq!(
            told(
                r#"{"message": "Object is not valid", "details": [{"path": "/id", "errors": ["a", "b"]}]}"#
            ),
            "Object is not valid; /id: a, b"
        );
        assert_eq!(
            told(
                "{\"message\": \"java.lang.IllegalArgumentException: requirement failed: no such job\\n\\tat x\"}"
            ),
            "no such job"
        );
        assert_eq!(told("<html>"), "HTTP status 422");
    }
}
