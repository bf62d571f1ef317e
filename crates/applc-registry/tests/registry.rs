//! Asking a registry on loopback.

use std::path::Path;

use applc_registry::{Client, Credentials, Failure, Image};
use applc_testing::registry::{Answer, Registry, Request, digest, manifest};

fn client() -> Client {
    Client::new(Credentials::in_folder(Path::new("/nowhere")))
}

/// A client with a user and a password for a registry.
fn client_of(registry: &Registry, user: &str, password: &str) -> (tempfile::TempDir, Client) {
    use base64::Engine;
    let auth = base64::prelude::BASE64_STANDARD.encode(format!("{user}:{password}"));
    let folder = tempfile::tempdir().unwrap();
    let config = format!(r#"{{"auths": {{"{}": {{"auth": "{auth}"}}}}}}"#, registry.name());
    std::fs::write(folder.path().join("config.json"), config).unwrap();
    let client = Client::new(Credentials::in_folder(folder.path()));
    (folder, client)
}

fn image(registry: &Registry, repository: &str, tag: &str) -> Image {
    Image::read(&format!("{}/{repository}:{tag}", registry.name())).unwrap()
}

/// The methods and paths of requests.
fn asked(registry: &Registry) -> Vec<String> {
    registry.requests().iter().map(|one| format!("{} {}", one.method, one.path)).collect()
}

#[test]
fn a_digest_is_that_of_the_content() {
    let registry = Registry::start();
    let expected = registry.push("shop/web", "1", "content");
    let (client, web) = (client(), image(&registry, "shop/web", "1"));
    assert_eq!(client.digest(&web, None), Ok(expected.clone()));
    let requests = registry.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].path, "/v2/shop/web/manifests/1");
    assert_eq!(requests[1].path, format!("/v2/shop/web/manifests/{expected}"));
    for part in ["oci.image.index.v1", "manifest.list.v2", "oci.image.manifest.v1", "manifest.v2"] {
        assert!(requests[0].headers["accept"].contains(part), "{:?}", requests[0].headers);
    }
    // One that is known already is not pulled.
    assert_eq!(client.digest(&web, Some(&expected)), Ok(expected));
    assert_eq!(asked(&registry), ["HEAD /v2/shop/web/manifests/1"]);
    let moved = registry.push("shop/web", "1", "other");
    assert_eq!(client.digest(&web, Some(&digest(&manifest("content")))), Ok(moved));
}

#[test]
fn a_registry_that_does_not_know_head_is_asked_for_the_content() {
    let registry = Registry::behind(|request, _| match request.method.as_str() {
        "HEAD" => Some(Answer::new(405, "")),
        _ if request.path.ends_with("manifests/1") => Some(Answer::new(200, manifest("content"))),
        _ => None,
    });
    assert_eq!(
        client().digest(&image(&registry, "a", "1"), None),
        Ok(digest(&manifest("content")))
    );
}

#[test]
fn content_with_another_digest_is_refused() {
    let wrong = digest("something else");
    let said = wrong.clone();
    let registry = Registry::behind(move |_, _| {
        let answer = Answer::new(200, manifest("content"));
        Some(answer.header("Docker-Content-Digest", said.as_str()))
    });
    let failure = client().digest(&image(&registry, "a", "1"), None).unwrap_err();
    let sent = digest(&manifest("content"));
    let message = format!("sends content with the digest {sent}, and says that it is {wrong}");
    assert_eq!(failure.to_string(), message);
}

#[test]
fn what_is_no_manifest_is_refused_also_with_its_digest() {
    let page = "<html>login</html>";
    let login = |answer: Answer| answer.header("Content-Type", "text/html; charset=utf-8");
    let without = Registry::behind(move |_, _| Some(login(Answer::new(200, page))));
    let with = Registry::behind(move |_, _| {
        Some(login(Answer::new(200, page)).header("Docker-Content-Digest", digest(page)))
    });
    for (registry, known) in [(&without, None), (&with, None), (&with, Some(digest(page)))] {
        let failure = client().digest(&image(registry, "a", "1"), known.as_deref()).unwrap_err();
        let message = "sends no manifest of an image, but `text/html`";
        assert_eq!(failure.to_string(), message, "{known:?}");
    }
    let empty = Registry::behind(|_, _| Some(Answer::new(200, "")));
    let failure = client().digest(&image(&empty, "a", "1"), None).unwrap_err();
    assert_eq!(failure.to_string(), "sends no manifest of an image, but an empty answer");
    // `HEAD` may come without a type.
    let known = digest(&manifest("x"));
    let said = known.clone();
    let bare = Registry::behind(move |request, _| {
        let answer = || Answer::new(200, "").header("Docker-Content-Digest", said.as_str());
        (request.method == "HEAD").then(answer)
    });
    bare.push("a", "1", "x");
    for old in [None, Some(known.as_str())] {
        assert_eq!(client().digest(&image(&bare, "a", "1"), old), Ok(known.clone()));
    }
}

#[test]
fn a_missing_tag_comes_with_those_that_are_there() {
    let registry = Registry::start();
    registry.push("shop/web", "1.0", "a");
    registry.push("shop/web", "1.1", "b");
    let tags = |tags: &[&str]| Failure::NoImage { tags: tags.iter().map(|&t| t.into()).collect() };
    let client = client();
    let of = |repository, tag| client.digest(&image(&registry, repository, tag), None);
    assert_eq!(of("shop/web", "2"), Err(tags(&["1.0", "1.1"])));
    assert_eq!(of("shop/wbe", "1.0"), Err(tags(&[])));
}

/// Asks for a token, as Docker Hub and most others do.
fn with_token(request: &Request, address: std::net::SocketAddr) -> Option<Answer> {
    let authorization = request.headers.get("authorization").map(String::as_str);
    if request.path.starts_with("/token?") || request.path == "/token" {
        // `user:secret`, or a token of an earlier login.
        let is_known = authorization == Some("Basic dXNlcjpzZWNyZXQ=")
            || request.body.contains("refresh_token=identity");
        let is_public = request.path.contains("repository%3Apublic");
        return Some(match is_known || is_public {
            true => Answer::new(200, r#"{"access_token": "good"}"#),
            false => Answer::new(401, "{}"),
        });
    }
    if authorization == Some("Bearer good") {
        return None;
    }
    let repository = request.path.trim_start_matches("/v2/").split('/').next().unwrap();
    let challenge = format!(
        "Bearer realm=\"http://{address}/token\",service=\"registry\",scope=\"repository:{repository}:pull\""
    );
    Some(Answer::new(401, "{}").header("WWW-Authenticate", challenge))
}

#[test]
fn a_token_is_asked_for_once() {
    let registry = Registry::behind(with_token);
    let expected = registry.push("private", "1", "content");
    let public = registry.push("public", "1", "content");
    let (_folder, client) = client_of(&registry, "user", "secret");
    assert_eq!(client.digest(&image(&registry, "private", "1"), None), Ok(expected.clone()));
    let scope = "/token?scope=repository%3Aprivate%3Apull&service=registry";
    let asked = asked(&registry);
    assert_eq!(asked[..2], ["HEAD /v2/private/manifests/1".to_owned(), format!("GET {scope}")]);
    assert_eq!(asked.iter().filter(|one| one.contains("/token")).count(), 1, "{asked:?}");
    // Without credentials, too, where the token server gives one.
    let anonymous = self::client();
    assert_eq!(anonymous.digest(&image(&registry, "public", "1"), None), Ok(public));
    let denied = |has_credentials| Err(Failure::Denied { has_credentials, said: None });
    assert_eq!(anonymous.digest(&image(&registry, "private", "1"), None), denied(false));
    let (_folder, wrong) = client_of(&registry, "user", "wrong");
    assert_eq!(wrong.digest(&image(&registry, "private", "1"), None), denied(true));
    // What `docker login` stores for some registries.
    let folder = tempfile::tempdir().unwrap();
    let config =
        format!(r#"{{"auths": {{"{}": {{"identitytoken": "identity"}}}}}}"#, registry.name());
    std::fs::write(folder.path().join("config.json"), config).unwrap();
    let client = Client::new(Credentials::in_folder(folder.path()));
    assert_eq!(client.digest(&image(&registry, "private", "1"), None), Ok(expected));
}

#[test]
fn a_token_server_is_the_host_that_gets_the_password() {
    let other = Registry::start();
    let port = other.name().rsplit_once(':').unwrap().1.to_owned();
    let registry = Registry::behind(move |_, _| {
        let challenge = format!("Bearer realm=\"http://localhost:5@0.0.0.0:{port}/token\"");
        Some(Answer::new(401, "").header("WWW-Authenticate", challenge))
    });
    let (_folder, client) = client_of(&registry, "user", "secret");
    let failure = client.digest(&image(&registry, "a", "1"), None).unwrap_err();
    assert!(failure.to_string().ends_with("/token`, which has a user in it"), "{failure}");
    assert_eq!(asked(&other), [""; 0]);
}

#[test]
fn a_user_and_a_password_go_to_a_registry_that_asks_for_them() {
    let registry = Registry::behind(|request, _| {
        let is_known = request.headers.get("authorization")?.as_str() == "Basic dXNlcjpzZWNyZXQ=";
        (!is_known).then(|| Answer::new(403, r#"{"errors": [{"message": "not for\nyou"}]}"#))
    });
    let expected = registry.push("a", "1", "content");
    // It wants nothing, so that nothing is sent.
    let (_folder, client) = client_of(&registry, "user", "secret");
    assert_eq!(client.digest(&image(&registry, "a", "1"), None), Ok(expected.clone()));
    let sent = registry.requests();
    assert!(sent.iter().all(|request| !request.headers.contains_key("authorization")));

    let registry = Registry::behind(|request, _| match request.headers.get("authorization") {
        Some(known) if known == "Basic dXNlcjpzZWNyZXQ=" => None,
        Some(_) => Some(Answer::new(403, r#"{"errors": [{"message": "not for\nyou"}]}"#)),
        None => Some(Answer::new(401, "{}").header("WWW-Authenticate", "Basic realm=\"r\"")),
    });
    registry.push("a", "1", "content");
    let of = |client: &Client| client.digest(&image(&registry, "a", "1"), None);
    let (_folder, client) = client_of(&registry, "user", "secret");
    assert_eq!(of(&client), Ok(expected));
    let (_folder, wrong) = client_of(&registry, "user", "wrong");
    let Err(Failure::Denied { has_credentials: true, said }) = of(&wrong) else { panic!() };
    // The answer to `HEAD` has no body.
    assert_eq!(said, None);
    let none = Failure::Denied { has_credentials: false, said: None };
    assert_eq!(of(&self::client()), Err(none));
}

#[test]
fn a_limit_is_waited_for_if_it_is_short() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let limited = |after: &'static str| {
        let count = AtomicUsize::new(0);
        Registry::behind(move |_, _| {
            let is_first = count.fetch_add(1, Ordering::SeqCst) == 0;
            let limit = || Answer::new(429, "").header("Retry-After", after);
            (is_first || after != "0").then(limit)
        })
    };
    let registry = limited("0");
    let expected = registry.push("a", "1", "content");
    assert_eq!(client().digest(&image(&registry, "a", "1"), None), Ok(expected));
    let registry = limited("3600");
    let failure = client().digest(&image(&registry, "a", "1"), None).unwrap_err();
    assert_eq!(failure.to_string(), "got too many requests, and takes more in 3600 s");
    assert_eq!(asked(&registry).len(), 1);
}

#[test]
fn what_does_not_answer_is_told_apart() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let of = |registry: &str| {
        let image = Image::read(&format!("{registry}/a:1")).unwrap();
        client().digest(&image, None).unwrap_err()
    };
    assert_eq!(of(&closed.to_string()), Failure::Unreachable("connection refused".to_owned()));
    let registry = Registry::behind(|_, _| Some(Answer::new(500, "<html>")));
    let answered = of(&registry.name());
    assert_eq!(answered, Failure::Unusable("answers with status 500".to_owned()));
    let large = Registry::behind(|_, _| Some(Answer::new(200, " ".repeat((8 << 20) + 1))));
    let message = "sends an answer of more than 8388608 bytes";
    assert_eq!(of(&large.name()).to_string(), message);
    let round = Registry::behind(|request, _| {
        Some(Answer::new(307, "").header("Location", request.path.as_str()))
    });
    let message = "redirects from one address to another without end";
    assert_eq!(of(&round.name()).to_string(), message);
}

#[test]
fn a_registry_that_cannot_be_reached_is_not_asked_for_other_images() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let image = |tag: u32| Image::read(&format!("{address}/a:{tag}")).unwrap();
    let client = client();
    let refused = Err(Failure::Unreachable("connection refused".to_owned()));
    assert_eq!(client.digest(&image(1), None), refused);
    // It would answer now.
    let _listener = std::net::TcpListener::bind(address).unwrap();
    assert_eq!(client.digest(&image(2), None), refused);
}

#[test]
fn several_are_asked_for_at_once_and_keep_their_order() {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};
    // No answer before eight requests are there.
    let (barrier, count) = (Barrier::new(8), AtomicUsize::new(0));
    let registry = Registry::behind(move |_, _| {
        if count.fetch_add(1, Ordering::SeqCst) < 8 {
            barrier.wait();
        }
        None
    });
    let images: Vec<(Image, Option<String>)> = (0..20)
        .map(|number| {
            let tag = number.to_string();
            registry.push("a", &tag, &tag);
            (image(&registry, "a", &tag), None)
        })
        .collect();
    let expected: Vec<_> =
        (0..20).map(|number| Ok(digest(&manifest(&number.to_string())))).collect();
    assert_eq!(client().digests(&images), expected);
}
