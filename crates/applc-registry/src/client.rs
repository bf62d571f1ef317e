//! Asks for digests.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use serde::Deserialize;
use sha2::{Digest, Sha256, Sha512};
use ureq::http::{Method, Request, Response};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};

use crate::access::{Challenge, retry_after};
use crate::credentials::{Credential, Credentials, Fault, STACK};
use crate::failure::{Failure, message};
use crate::image::Image;
use crate::manifest::{self, ACCEPT};

/// Time for one answer, with its connection.
const PATIENCE: Duration = Duration::from_secs(30);
/// Time for a connection.
const TO_CONNECT: Duration = Duration::from_secs(10);
/// Time before an error that may pass is tried again.
const PAUSE: Duration = Duration::from_millis(500);
/// Number of seconds that a registry may want between requests, before that is a failure.
const SHORT: u64 = 5;
/// Requests that are made at once.
const AT_ONCE: usize = 8;
/// Maximum length of a manifest in bytes: what registries take, by the specification, is 4 MiB.
const MAX_MANIFEST: u64 = 8 << 20;
/// Maximum length of a list of tags in bytes.
const MAX_TAGS: u64 = 4 << 20;

/// The credentials for a registry, once they were looked for.
type Found = Arc<OnceLock<Result<Credential, Fault>>>;

/// Asks registries.
pub struct Client {
    /// For registries of the network.
    agent: Agent,
    /// For registries of this machine, which no proxy reaches.
    local: Agent,
    credentials: Credentials,
    /// What is known of credentials, by registry.
    found: Mutex<BTreeMap<String, Found>>,
    /// The registries that cannot be reached.
    unreachable: Mutex<BTreeMap<String, Failure>>,
    /// What registries want to see, by registry and repository.
    known: Mutex<BTreeMap<(String, String), String>>,
}

/// An answer of a registry.
struct Answer {
    response: Response<Body>,
    /// Whether credentials were sent.
    has_credentials: bool,
}

impl Client {
    /// A client with these credentials.
    pub fn new(credentials: Credentials) -> Client {
        let config = || {
            let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
            Agent::config_builder()
                .tls_config(tls)
                .timeout_global(Some(PATIENCE))
                .timeout_connect(Some(TO_CONNECT))
                .http_status_as_error(false)
                .user_agent(concat!("applc/", env!("CARGO_PKG_VERSION")))
        };
        let (agent, local) = (config().build().into(), config().proxy(None).build().into());
        Client {
            agent,
            local,
            credentials,
            found: Mutex::default(),
            unreachable: Mutex::default(),
            known: Mutex::default(),
        }
    }

    /// The digests of images, in their order. `known` are those that they had; they spare a request if they are
    /// right. Several images are asked for at once.
    pub fn digests(&self, images: &[(Image, Option<String>)]) -> Vec<Result<String, Failure>> {
        let next = Mutex::new(images.iter().enumerate());
        let done = Mutex::new(BTreeMap::new());
        let work = || {
            loop {
                let one = next.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some((at, (image, known))) = one else { break };
                let digest = self.digest(image, known.as_deref());
                done.lock().unwrap_or_else(PoisonError::into_inner).insert(at, digest);
            }
        };
        thread::scope(|scope| {
            for _ in 0..AT_ONCE.min(images.len()) {
                // Without another thread, this one does it.
                if thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).is_err() {
                    work();
                }
            }
        });
        done.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
    }

    /// The digest of an image, which is that of its index if it is for several platforms. Its content is read and
    /// compared, unless the digest is `known`: registries count that as a pull.
    ///
    /// # Errors
    /// The registry does not say it.
    pub fn digest(&self, image: &Image, known: Option<&str>) -> Result<String, Failure> {
        let manifest = |version: &str| format!("manifests/{version}");
        let answer = self.ask(&Method::HEAD, image, &manifest(&image.tag))?;
        let said = match answer.response.status().as_u16() {
            200 => digest_of(&answer.response),
            // The answer has no body that says more, and some registries do not know the method.
            404 | 405 => None,
            _ => return Err(self.refusal(answer)),
        };
        // A registry may say no type here; with another one, the content tells what it is.
        let is_manifest = content_type(&answer.response).is_none_or(manifest::is_kind);
        if said.is_some() && said.as_deref() == known && is_manifest {
            return Ok(known.unwrap_or_default().to_owned());
        }
        let version = said.as_deref().unwrap_or(&image.tag);
        let mut answer = self.ask(&Method::GET, image, &manifest(version))?;
        match answer.response.status().as_u16() {
            200 => {}
            404 => return Err(Failure::NoImage { tags: self.tags(image) }),
            _ => return Err(self.refusal(answer)),
        }
        let said = said.or_else(|| digest_of(&answer.response));
        let body = answer.response.body_mut().with_config().limit(MAX_MANIFEST).read_to_vec()?;
        manifest::check(content_type(&answer.response), &body).map_err(Failure::Unusable)?;
        match said {
            None => Ok(computed("sha256", &body).unwrap_or_default()),
            Some(said) => {
                let algorithm = said.split(':').next().unwrap_or_default();
                match computed(algorithm, &body) {
                    Some(found) if found == said => Ok(said),
                    Some(found) => Err(Failure::Unusable(format!(
                        "sends content with the digest {found}, and says that it is {said}"
                    ))),
                    None => {
                        Err(Failure::Unusable(format!("says the digest {said}, which is invalid")))
                    }
                }
            }
        }
    }

    /// Sends a request about an image. An error that may pass is tried once more.
    fn ask(&self, method: &Method, image: &Image, path: &str) -> Result<Answer, Failure> {
        let url = format!("{}/{path}", image.base());
        let first = self.authorized(method, image, &url);
        let pause = match &first {
            Ok(answer) => match answer.response.status().as_u16() {
                500 | 502..=504 => Some(PAUSE),
                429 => retry_after(&answer.response)
                    .and_then(|time| time.parse().ok())
                    .filter(|seconds| *seconds <= SHORT)
                    .map(Duration::from_secs),
                _ => None,
            },
            Err(_) => None,
        };
        let Some(pause) = pause else { return first };
        thread::sleep(pause);
        self.authorized(method, image, &url)
    }

    /// Sends a request, and again with what the registry asks for.
    fn authorized(&self, method: &Method, image: &Image, url: &str) -> Result<Answer, Failure> {
        let agent = if image.is_local() { &self.local } else { &self.agent };
        let send = |authorization: Option<&str>| {
            let mut request = Request::builder().method(method).uri(url).header("Accept", ACCEPT);
            if let Some(authorization) = authorization {
                request = request.header("Authorization", authorization);
            }
            let request = request.body(()).map_err(ureq::Error::Http)?;
            agent.run(request).map_err(|error| {
                let failure = Failure::from(error);
                if matches!(failure, Failure::Unreachable(_)) {
                    let mut unreachable =
                        self.unreachable.lock().unwrap_or_else(PoisonError::into_inner);
                    unreachable.insert(image.registry.clone(), failure.clone());
                }
                failure
            })
        };
        // No time is lost with each of its images.
        let unreachable = self.unreachable.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(failure) = unreachable.get(&image.registry) {
            return Err(failure.clone());
        }
        drop(unreachable);
        let key = (image.registry.clone(), image.repository.clone());
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let response = send(known.as_deref())?;
        if response.status().as_u16() != 401 {
            return Ok(Answer { response, has_credentials: known.is_some() });
        }
        let headers = response.headers().get_all("www-authenticate");
        let challenge = Challenge::read(headers.iter().filter_map(|value| value.to_str().ok()));
        let credential = self.credential(&image.registry)?;
        let has_credentials = credential != Credential::None;
        let Some(challenge) = challenge else { return Ok(Answer { response, has_credentials }) };
        let authorization = challenge.authorization(agent, image, &credential)?;
        let response = send(Some(&authorization))?;
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(key, authorization);
        Ok(Answer { response, has_credentials })
    }

    /// The credentials for a registry, which are looked for once, as a helper may be slow or ask a person.
    fn credential(&self, registry: &str) -> Result<Credential, Failure> {
        let found = {
            let mut all = self.found.lock().unwrap_or_else(PoisonError::into_inner);
            all.entry(registry.to_owned()).or_default().clone()
        };
        let of = || self.credentials.of(registry);
        let Fault { cause, help } = match found.get_or_init(of).clone() {
            Ok(credential) => return Ok(credential),
            Err(fault) => fault,
        };
        Err(Failure::Credentials { cause, help })
    }

    /// Why a registry has not answered with what it was asked for.
    fn refusal(&self, mut answer: Answer) -> Failure {
        let status = answer.response.status();
        let retry = retry_after(&answer.response);
        let has_credentials = answer.has_credentials;
        let body = answer.response.body_mut().with_config().limit(MAX_TAGS).read_to_vec();
        let said = message(&body.unwrap_or_default());
        match status.as_u16() {
            401 | 403 => Failure::Denied { has_credentials, said },
            429 => Failure::TooMany { retry_after: retry },
            code => Failure::Unusable(match said {
                Some(said) => format!("answers with status {code}: {said}"),
                None => format!("answers with status {code}"),
            }),
        }
    }

    /// The tags of a repository; none if the registry does not list them.
    fn tags(&self, image: &Image) -> Vec<String> {
        #[derive(Deserialize)]
        struct Tags {
            tags: Option<Vec<String>>,
        }
        let Ok(mut answer) = self.ask(&Method::GET, image, "tags/list?n=1000") else {
            return Vec::new();
        };
        if answer.response.status().as_u16() != 200 {
            return Vec::new();
        }
        let body = answer.response.body_mut().with_config().limit(MAX_TAGS).read_to_vec();
        let tags = body.ok().and_then(|body| serde_json::from_slice::<Tags>(&body).ok());
        tags.and_then(|list| list.tags).unwrap_or_default()
    }
}

/// The digest that a registry says its answer has.
fn digest_of(response: &Response<Body>) -> Option<String> {
    let value = response.headers().get("docker-content-digest")?.to_str().ok()?;
    Some(value.trim().to_owned())
}

/// The digest of a content; `None` for an unknown algorithm.
fn computed(algorithm: &str, content: &[u8]) -> Option<String> {
    let digest = match algorithm {
        "sha256" => Sha256::digest(content).to_vec(),
        "sha512" => Sha512::digest(content).to_vec(),
        _ => return None,
    };
    let mut text = format!("{algorithm}:");
    digest.iter().for_each(|byte| {
        let _ = write!(text, "{byte:02x}");
    });
    Some(text)
}

/// The type that a registry says its answer has.
fn content_type(response: &Response<Body>) -> Option<&str> {
    response.headers().get("content-type")?.to_str().ok()
}
