//! Answers: JSON, and errors with their findings.

use applc::diag::{Format, Report, document};
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::error::{Error, ErrorKind};

/// The type of JSON.
pub const JSON: &str = "application/json";

/// Why a request is not done.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// The status of the answer.
    pub status: StatusCode,
    /// What is wrong, in one line.
    pub message: String,
    /// The findings in the body, as `applc check --format json` prints them.
    pub findings: Vec<Value>,
}

impl Problem {
    /// A problem without findings.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Problem {
        Problem { status, message: message.into(), findings: Vec::new() }
    }

    /// The problem that no appliance has this id.
    pub fn unknown(id: &str) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, format!("no appliance `{id}`"))
    }

    /// The problem that the service itself has failed.
    pub fn failed() -> Problem {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the service failed to answer")
    }

    /// The problem that there is too much to do.
    pub fn busy(message: &str) -> Problem {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, message)
    }

    /// As JSON.
    pub fn value(&self) -> Value {
        let mut value = Map::new();
        value.insert("error".into(), self.message.as_str().into());
        if !self.findings.is_empty() {
            value.insert("findings".into(), self.findings.clone().into());
        }
        Value::Object(value)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        let status = match error.kind {
            ErrorKind::Unsupported => StatusCode::NOT_IMPLEMENTED,
            ErrorKind::Unknown => StatusCode::NOT_FOUND,
            ErrorKind::Busy => StatusCode::CONFLICT,
            ErrorKind::Refused => StatusCode::BAD_GATEWAY,
            ErrorKind::Missing | ErrorKind::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::Folder | ErrorKind::Output => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Problem::new(status, error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = json(self.status, &self.value());
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// What a handler returns.
pub type Answer = Result<Response, Problem>;

/// A JSON document.
pub fn json(status: StatusCode, value: &Value) -> Response {
    let mut text = value.to_string();
    text.push('\n');
    with_type(status, JSON, text)
}

/// A message, as PIVOT answers to what has no other result.
pub fn message(text: impl Into<String>) -> Response {
    json(StatusCode::OK, &json!({ "message": text.into() }))
}

/// A document of some type.
pub fn with_type(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response {
    (status, [(header::CONTENT_TYPE, kind)], body.into()).into_response()
}

/// Maximum number of findings in an answer.
pub const FINDINGS: usize = 1_000;

/// The first findings of a report, as `applc check --format json` prints them.
pub fn findings(report: &Report) -> Vec<Value> {
    let mut shown;
    let report = if report.diagnostics.len() > FINDINGS {
        shown = report.clone();
        shown.diagnostics.truncate(FINDINGS);
        &shown
    } else {
        report
    };
    let text = document(Format::Json, std::slice::from_ref(report)).unwrap_or_default();
    let mut value: Value = serde_json::from_str(&text).unwrap_or_default();
    match value.get_mut("diagnostics").map(Value::take) {
        Some(Value::Array(findings)) => findings,
        _ => Vec::new(),
    }
}

/// A text.
pub fn plain(text: impl Into<Body>) -> Response {
    with_type(StatusCode::OK, "text/plain; charset=utf-8", text)
}
