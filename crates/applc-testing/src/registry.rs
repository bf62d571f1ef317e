//! A registry of container images on loopback, which lives as long as a test.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use sha2::{Digest, Sha256};

/// The type of an index of images.
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// A request.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Such as `GET`.
    pub method: String,
    /// The path with the query.
    pub path: String,
    /// The headers, with names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

/// An answer.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Answer {
    /// An answer with a body.
    pub fn new(status: u16, body: impl Into<String>) -> Answer {
        Answer { status, headers: Vec::new(), body: body.into() }
    }

    /// The same with a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Answer {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// What a registry has, by repository and tag: the content of a manifest.
pub type Images = BTreeMap<(String, String), String>;

/// What answers before the registry itself does; `None` leaves it to that.
type First = dyn Fn(&Request, SocketAddr) -> Option<Answer> + Send + Sync;

struct State {
    images: Mutex<Images>,
    requests: Mutex<Vec<Request>>,
    first: Box<First>,
    address: SocketAddr,
}

/// A running registry. It ends with the process.
pub struct Registry {
    state: Arc<State>,
}

/// The digest of a content.
pub fn digest(content: &str) -> String {
    let mut text = "sha256:".to_owned();
    Sha256::digest(content).iter().for_each(|byte| {
        let _ = write!(text, "{byte:02x}");
    });
    text
}

/// A manifest, an index of one image, that differs from those of other names.
pub fn manifest(name: &str) -> String {
    let (kind, of) = (INDEX, digest(name));
    format!(r#"{{"schemaVersion": 2, "mediaType": "{kind}", "manifests": [{{"digest": "{of}"}}]}}"#)
}

impl Registry {
    /// An empty registry.
    pub fn start() -> Registry {
        Registry::behind(|_, _| None)
    }

    /// An empty registry behind something that may answer in its place, such as a check of credentials.
    pub fn behind(
        first: impl Fn(&Request, SocketAddr) -> Option<Answer> + Send + Sync + 'static,
    ) -> Registry {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            images: Mutex::default(),
            requests: Mutex::default(),
            first: Box::new(first),
            address,
        });
        let shared = state.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = shared.clone();
                thread::spawn(move || serve(&stream, &state));
            }
        });
        Registry { state }
    }

    /// The registry as references to images name it.
    pub fn name(&self) -> String {
        self.state.address.to_string()
    }

    /// Gives a tag the [`manifest`] of a name, and returns its digest.
    pub fn push(&self, repository: &str, tag: &str, name: &str) -> String {
        let key = (repository.to_owned(), tag.to_owned());
        let content = manifest(name);
        let digest = digest(&content);
        self.images().insert(key, content);
        digest
    }

    /// The requests so far, and forgets them.
    pub fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut *self.state.requests.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn images(&self) -> std::sync::MutexGuard<'_, Images> {
        self.state.images.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers the requests of a connection.
fn serve(stream: &TcpStream, state: &State) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        state.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
        let answer = (state.first)(&request, state.address);
        let answer = answer.unwrap_or_else(|| {
            answer_of(&request, &state.images.lock().unwrap_or_else(PoisonError::into_inner))
        });
        let mut text = format!("HTTP/1.1 {} Status\r\n", answer.status);
        for (name, value) in &answer.headers {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        let _ = write!(text, "Content-Length: {}\r\n\r\n", answer.body.len());
        if request.method != "HEAD" {
            text += &answer.body;
        }
        let mut stream = stream;
        if stream.write_all(text.as_bytes()).is_err() {
            return;
        }
    }
}

fn read(reader: &mut BufReader<&TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let mut request = Request {
        method: words.next()?.to_owned(),
        path: words.next()?.to_owned(),
        ..Request::default()
    };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        request.headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = request.headers.get("content-length").and_then(|length| length.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    request.body = String::from_utf8_lossy(&body).into_owned();
    Some(request)
}

/// What the registry itself answers.
fn answer_of(request: &Request, images: &Images) -> Answer {
    let path = request.path.split('?').next().unwrap_or_default();
    let Some(rest) = path.strip_prefix("/v2/") else { return Answer::new(404, "") };
    if let Some((repository, version)) = rest.split_once("/manifests/") {
        let found = images.iter().find(|((of, tag), content)| {
            of == repository && (tag == version || digest(content) == version)
        });
        return match found {
            Some((_, content)) => Answer::new(200, content.as_str())
                .header("Docker-Content-Digest", digest(content))
                .header("Content-Type", INDEX),
            None => Answer::new(
                404,
                r#"{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}"#,
            ),
        };
    }
    if let Some(repository) = rest.strip_suffix("/tags/list") {
        let tags = images.keys().filter(|(of, _)| of == repository);
        let tags: Vec<String> = tags.map(|(_, tag)| format!("\"{tag}\"")).collect();
        return match tags.as_slice() {
            [] => Answer::new(404, r#"{"errors": [{"code": "NAME_UNKNOWN"}]}"#),
            tags => Answer::new(200, format!("{{\"tags\": [{}]}}", tags.join(", "))),
        };
    }
    Answer::new(404, "")
}
