//! How a registry wants to be asked: `WWW-Authenticate`, and the tokens of its token server
//! (`distribution.github.io/distribution/spec/auth/token`).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http_auth::parser::ChallengeParser;
use serde::Deserialize;
use ureq::Agent;
use ureq::http::Uri;

use crate::credentials::Credential;
use crate::failure::Failure;
use crate::image::{Image, is_loopback};

/// Maximum length of the answer of a token server in bytes.
const MAX_ANSWER: u64 = 1 << 20;

/// What a registry asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// A user and a password with each request.
    Basic,
    /// A token of this server.
    Bearer {
        /// The address of the server.
        realm: String,
        /// The name that the registry has there.
        service: Option<String>,
        /// What the token is for.
        scope: Option<String>,
    },
}

impl Challenge {
    /// Reads the headers `WWW-Authenticate`. Of several challenges, a token is preferred, as Docker does.
    pub fn read<'h>(headers: impl Iterator<Item = &'h str>) -> Option<Challenge> {
        let mut found = None;
        for challenge in headers.flat_map(ChallengeParser::new).filter_map(Result::ok) {
            let of = |name: &str| {
                let named = challenge.params.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
                named.map(|(_, value)| value.to_unescaped())
            };
            if challenge.scheme.eq_ignore_ascii_case("bearer")
                && let Some(realm) = of("realm")
            {
                return Some(Challenge::Bearer {
                    realm,
                    service: of("service"),
                    scope: of("scope"),
                });
            }
            if challenge.scheme.eq_ignore_ascii_case("basic") {
                found = Some(Challenge::Basic);
            }
        }
        found
    }

    /// The header `Authorization` for reading an image.
    ///
    /// # Errors
    /// The registry, or its token server, denies access or does not answer.
    pub fn authorization(
        &self,
        agent: &Agent,
        image: &Image,
        credential: &Credential,
    ) -> Result<String, Failure> {
        match (self, credential) {
            (Challenge::Basic, Credential::User(user, password)) => Ok(basic(user, password)),
            (Challenge::Basic, _) => Err(Failure::Denied { has_credentials: false, said: None }),
            (Challenge::Bearer { realm, service, scope }, credential) => {
                if let Some(fault) = fault(realm, image) {
                    let message = format!("sends passwords to `{realm}`, which {fault}");
                    return Err(Failure::Unusable(message));
                }
                let scope = scope
                    .clone()
                    .unwrap_or_else(|| format!("repository:{}:pull", image.repository));
                let asked = Asked { realm, service: service.as_deref(), scope: &scope };
                Ok(format!("Bearer {}", asked.token(agent, credential)?))
            }
        }
    }
}

/// Why a token server may not be asked: it has no TLS, unless the registry has none, either, and both are on loopback.
/// The address is read as the client does that asks it, so that both see the same host.
fn fault(realm: &str, image: &Image) -> Option<&'static str> {
    let uri: Option<Uri> = realm.parse().ok();
    let read = uri.as_ref().and_then(|uri| Some((uri.scheme_str()?, uri.authority()?)));
    let Some((scheme, authority)) = read else { return Some("is no address") };
    match scheme {
        // `http://localhost:5000@r.example` is on another host than it seems.
        _ if authority.as_str().contains('@') => Some("has a user in it"),
        "https" => None,
        "http" if image.is_local() && is_loopback(authority.host()) => None,
        _ => Some("has no TLS"),
    }
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
}

/// What is asked of a token server.
struct Asked<'a> {
    realm: &'a str,
    service: Option<&'a str>,
    scope: &'a str,
}

/// The answer of a token server, which has the token under one of two names.
#[derive(Deserialize)]
struct Answer {
    token: Option<String>,
    access_token: Option<String>,
}

impl Asked<'_> {
    fn token(&self, agent: &Agent, credential: &Credential) -> Result<String, Failure> {
        let service = self.service.map(|service| ("service", service));
        let mut answer = match credential {
            Credential::Identity(token) => {
                let own = [
                    ("grant_type", "refresh_token"),
                    ("client_id", "applc"),
                    ("refresh_token", token.as_str()),
                    ("scope", self.scope),
                ];
                agent.post(self.realm).send_form(own.into_iter().chain(service))?
            }
            credential => {
                let mut request = agent.get(self.realm).query("scope", self.scope);
                if let Some((name, value)) = service {
                    request = request.query(name, value);
                }
                if let Credential::User(user, password) = credential {
                    request = request.header("Authorization", basic(user, password));
                }
                request.call()?
            }
        };
        let has_credentials = *credential != Credential::None;
        match answer.status().as_u16() {
            200 => {}
            400 | 401 | 403 => return Err(Failure::Denied { has_credentials, said: None }),
            429 => return Err(Failure::TooMany { retry_after: retry_after(&answer) }),
            status => {
                let message = format!("has a token server that answers with status {status}");
                return Err(Failure::Unusable(message));
            }
        }
        let body = answer.body_mut().with_config().limit(MAX_ANSWER).read_to_vec()?;
        let parsed: Option<Answer> = serde_json::from_slice(&body).ok();
        let token = parsed.and_then(|answer| answer.token.or(answer.access_token));
        let token = token.filter(|token| token.bytes().all(|byte| byte.is_ascii_graphic()));
        token.ok_or_else(|| Failure::Unusable("has a token server that gives no token".to_owned()))
    }
}

/// The header `Retry-After`.
pub(crate) fn retry_after(answer: &ureq::http::Response<ureq::Body>) -> Option<String> {
    let value = answer.headers().get("retry-after")?.to_str().ok()?;
    Some(value.trim().to_owned()).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read() {
        let read = |headers: &[&str]| Challenge::read(headers.iter().copied());
        let token = Challenge::Bearer {
            realm: "https://auth.docker.io/token".to_owned(),
            service: Some("registry.docker.io".to_owned()),
            scope: Some("repository:a/b:pull,push".to_owned()),
        };
        let header = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#;
        assert_eq!(read(&[header]), Some(token.clone()));
        assert_eq!(read(&["Basic realm=\"x\"", header]), Some(token));
        assert_eq!(read(&["basic realm=\"Registry Realm\""]), Some(Challenge::Basic));
        assert_eq!(read(&["Negotiate"]), None);
        assert_eq!(read(&[]), None);
    }

    #[test]
    fn passwords_go_to_servers_with_tls_only() {
        let image = |registry: &str| Image::read(&format!("{registry}/a:1")).unwrap();
        let (local, far) = (image("localhost:5000"), image("r.example"));
        for realm in ["http://127.0.0.1:5001/token", "http://[::1]:5001/token", "http://localhost"]
        {
            assert_eq!(fault(realm, &local), None, "{realm}");
            assert_eq!(fault(realm, &far), Some("has no TLS"), "{realm}");
        }
        for image in [&local, &far] {
            assert_eq!(fault("https://auth.example/token", image), None);
            for realm in ["http://auth.example/token", "http://127.0.0.1.example:80/", "ftp://a"] {
                assert_eq!(fault(realm, image), Some("has no TLS"), "{realm}");
            }
            for realm in ["http://localhost:5@0.0.0.0/token", "https://user@auth.example/token"] {
                assert_eq!(fault(realm, image), Some("has a user in it"), "{realm}");
            }
            for realm in ["", "/token", "https://", "http://[::1", "https://a b/"] {
                assert_eq!(fault(realm, image), Some("is no address"), "{realm}");
            }
        }
    }
}
