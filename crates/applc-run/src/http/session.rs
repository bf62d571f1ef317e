//! Who may ask: a token, and sessions of browsers that have shown it once.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, header};
use constant_time_eq::constant_time_eq;

use super::runs::locked;

/// The name of the cookie.
const COOKIE: &str = "applc_session";

/// How long a session lasts.
const LASTS: Duration = Duration::from_secs(12 * 3600);

/// Maximum number of sessions; the oldest goes first.
const SESSIONS: usize = 256;

/// Least length of a token, in bytes.
pub const TOKEN: usize = 16;

/// The token, and the sessions that began with it.
pub struct Sessions {
    token: Option<String>,
    sessions: Mutex<VecDeque<(String, Instant)>>,
}

impl Sessions {
    /// Without a token, everyone may ask.
    pub fn new(token: Option<String>) -> Sessions {
        Sessions { token, sessions: Mutex::default() }
    }

    /// Whether a token is needed.
    pub fn is_closed(&self) -> bool {
        self.token.is_some()
    }

    /// Whether this is the token. Takes the same time wherever it differs.
    pub fn is_token(&self, given: &str) -> bool {
        let is_same = |token: &String| constant_time_eq(token.as_bytes(), given.as_bytes());
        self.token.as_ref().is_some_and(is_same)
    }

    /// Whether a request may be answered: it has the token, or the cookie of a session.
    pub fn admits(&self, headers: &HeaderMap) -> bool {
        if !self.is_closed() {
            return true;
        }
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let bearer = bearer.and_then(|value| value.split_once(' '));
        if let Some((scheme, token)) = bearer {
            return scheme.eq_ignore_ascii_case("bearer") && self.is_token(token.trim());
        }
        cookies(headers).any(|cookie| self.is_session(cookie))
    }

    /// Begins a session. Returns its cookie; `None` if there is no randomness.
    pub fn begin(&self) -> Option<String> {
        let mut random = [0; 32];
        getrandom::fill(&mut random).ok()?;
        let key: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut sessions = locked(&self.sessions);
        sessions.push_back((key.clone(), Instant::now()));
        if sessions.len() > SESSIONS {
            sessions.pop_front();
        }
        let age = LASTS.as_secs();
        Some(format!("{COOKIE}={key}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict"))
    }

    /// Ends the session of a request. Returns the cookie that takes its place.
    pub fn end(&self, headers: &HeaderMap) -> String {
        let own: Vec<&str> = cookies(headers).collect();
        locked(&self.sessions).retain(|(key, _)| !own.contains(&key.as_str()));
        format!("{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict")
    }

    fn is_session(&self, key: &str) -> bool {
        let mut sessions = locked(&self.sessions);
        sessions.retain(|(_, began)| began.elapsed() < LASTS);
        sessions.iter().any(|(known, _)| constant_time_eq(known.as_bytes(), key.as_bytes()))
    }
}

/// The values of the session's cookie in a request.
fn cookies(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.filter(|(name, _)| name.trim() == COOKIE).map(|(_, value)| value.trim())
}
