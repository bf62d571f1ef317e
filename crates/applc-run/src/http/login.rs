//! Sessions of browsers: the token is shown once, because event streams of browsers send none.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::answer::{Answer, Problem};
use super::app::{App, Asked};
use super::{body, pages};

/// Where a browser goes after the login.
#[derive(Deserialize)]
pub struct Next {
    next: Option<String>,
}

impl Next {
    /// A path of this service.
    fn path(&self) -> &str {
        let is_own = |path: &&str| {
            path.starts_with('/')
                && !path.starts_with("//")
                && path.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'/'))
        };
        self.next.as_deref().filter(is_own).unwrap_or("/")
    }
}

/// `POST /login`: a form with the field `token`.
pub async fn login(State(app): State<App>, Asked(next): Asked<Next>, request: Request) -> Answer {
    let form = body::read(request.into_body()).await?;
    let form = String::from_utf8_lossy(&form);
    let token = form.split('&').find_map(|pair| pair.strip_prefix("token=")).map(decoded);
    if app.sessions.is_closed() && !token.is_some_and(|token| app.sessions.is_token(&token)) {
        return Ok(pages::login_again());
    }
    let cookie = app.sessions.begin().ok_or_else(Problem::failed)?;
    with_cookie(next.path(), &cookie)
}

/// `POST /logout`.
pub async fn logout(State(app): State<App>, headers: HeaderMap) -> Answer {
    with_cookie("/login", &app.sessions.end(&headers))
}

fn with_cookie(path: &str, cookie: &str) -> Answer {
    let cookie = HeaderValue::from_str(cookie).map_err(|_| Problem::failed())?;
    let mut response: Response = Redirect::to(path).into_response();
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// A value of a form.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte.unwrap_or_default()).to_digit(16);
                let (high, low) = (digit(rest.next()), digit(rest.next()));
                let code = high.zip(low).and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
                bytes.extend(code);
            }
            byte => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
