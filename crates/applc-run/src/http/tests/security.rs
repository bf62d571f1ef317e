//! What is refused, sentence by sentence of the security model.

use std::sync::Arc;

use super::super::submit::Allow;
use super::{Answer, Served, TOKEN, appliance, settings, temporary};

fn closed() -> Served {
    let settings = settings(Some(TOKEN), Allow::default());
    Served::with(&settings, Arc::default(), Arc::new(temporary()))
}

fn with(served: &Served, headers: &[(&str, &str)]) -> Answer {
    served.send("GET", "/appliance", headers, "")
}

#[test]
fn beyond_loopback_a_token_is_needed() {
    let on = |listen: &str, token: Option<&str>| {
        let mut settings = settings(token, Allow::default());
        settings.listen = listen.parse().unwrap();
        settings.check()
    };
    for listen in ["127.0.0.1:0", "127.9.9.9:0", "[::1]:0", "[::ffff:127.0.0.1]:0"] {
        assert_eq!(on(listen, None), Ok(()), "{listen}");
    }
    for listen in ["0.0.0.0:0", "[::]:0", "10.0.0.1:0", "[::ffff:10.0.0.1]:0"] {
        assert!(on(listen, None).is_err(), "{listen}");
        assert!(on(listen, Some("short")).is_err(), "{listen}");
        assert_eq!(on(listen, Some(TOKEN)), Ok(()), "{listen}");
    }
}

#[test]
fn requests_show_the_token() {
    let served = closed();
    let refused = with(&served, &[]);
    assert_eq!((refused.status.as_u16(), refused.header("www-authenticate")), (401, "Bearer"));
    assert!(refused.text.contains("a token is needed"));
    let bearer = format!("Bearer {TOKEN}");
    assert_eq!(with(&served, &[("authorization", &bearer)]).status, 200);
    assert_eq!(with(&served, &[("authorization", &bearer.to_lowercase())]).status, 200);
    for wrong in [
        TOKEN,
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        &bearer[..bearer.len() - 1],
        &format!("{bearer}x"),
    ] {
        let refused = with(&served, &[("authorization", wrong)]);
        assert_eq!(refused.status, 401, "{wrong}");
        assert!(refused.text.contains("the token is wrong"), "{wrong}");
    }
    for path in [
        "/appliance/a",
        "/appliance/a/events",
        "/cluster",
        "/volume/v",
        "/api",
        "/nothing",
        "/pingx",
    ] {
        assert_eq!(served.get(path).status, 401, "{path}");
    }
    assert_eq!(served.post(&appliance("app", "fine")).status, 401);
    assert_eq!(served.delete("/appliance/app").status, 401);
    assert_eq!(served.get("/ping").status, 200);
}

#[test]
fn browsers_show_the_token_once() {
    let served = closed();
    let html = ("accept", "text/html");
    let asked = served.send("GET", "/appliance/app/ui", &[html], "");
    assert_eq!(
        (asked.status.as_u16(), asked.header("location")),
        (303, "/login?next=/appliance/app/ui")
    );
    assert_eq!(served.get("/login").status, 200);
    assert_eq!(served.get("/page/style.css").status, 200);
    let wrong = served.send("POST", "/login", &[], "token=wrong");
    assert_eq!((wrong.status.as_u16(), wrong.header("set-cookie")), (403, ""));
    let form = format!("token={}", TOKEN.replace('-', "%2D"));
    let right = served.send("POST", "/login?next=/appliance/app/ui", &[], &form);
    assert_eq!((right.status.as_u16(), right.header("location")), (303, "/appliance/app/ui"));
    let cookie = right.header("set-cookie");
    assert!(cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Strict"), "{cookie}");
    assert!(!cookie.contains(TOKEN));
    let session = cookie.split(';').next().unwrap();
    assert_eq!(with(&served, &[("cookie", &format!("other=1; {session}"))]).status, 200);
    assert_eq!(with(&served, &[("cookie", "applc_session=guess")]).status, 401);
    assert_eq!(with(&served, &[("cookie", "applc_session=")]).status, 401);
    let ended = served.send("POST", "/logout", &[("cookie", session)], "");
    assert!(ended.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(with(&served, &[("cookie", session)]).status, 401);
    for next in ["//evil.example", "https://evil.example", "/a?b=//c", "/%5Cevil"] {
        let led = served.send("POST", &format!("/login?next={next}"), &[], &form);
        assert_eq!(led.header("location"), "/", "{next}");
    }
}

#[test]
fn pages_of_other_origins_are_refused() {
    let served = Served::new();
    for origin in [
        "http://localhost:9090",
        "HTTP://LOCALHOST:9090",
        "https://pivot.example",
        "https://pivot.example:443",
        "http://pivot.example",
        "https://with-port.example:8443",
    ] {
        assert_eq!(with(&served, &[("origin", origin)]).status, 200, "{origin}");
    }
    for origin in [
        "http://evil.example",
        "http://localhost:8080",
        "http://localhost",
        "http://pivot.example:3000",
        "https://pivot.example:80",
        "https://with-port.example",
        "https://with-port.example:8444",
        "null",
        "",
        "http://localhost:9090.evil.example",
        "file://",
        "https://pivot.example.evil.example",
    ] {
        assert_eq!(with(&served, &[("origin", origin)]).status, 403, "{origin}");
        // The form of a page needs no preflight.
        let headers = [("origin", origin), ("content-type", "application/x-www-form-urlencoded")];
        let posted = served.send("POST", "/appliance", &headers, &appliance("app", "fine"));
        assert_eq!(posted.status, 403, "{origin}");
    }
    assert_eq!(with(&served, &[("sec-fetch-site", "cross-site")]).status, 403);
    assert_eq!(with(&served, &[("sec-fetch-site", "same-origin")]).status, 200);
    let link = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")];
    assert_eq!(with(&served, &link).status, 200, "a link may lead here");
    let refused = served.send("OPTIONS", "/appliance", &[("origin", "http://evil.example")], "");
    assert_eq!(refused.header("access-control-allow-origin"), "");
    assert!(served.engine.running.lock().unwrap().is_empty());
}

#[test]
fn other_names_of_the_service_are_refused() {
    let served = Served::new();
    for host in [
        "localhost",
        "LOCALHOST:9090",
        "127.0.0.1:9090",
        "[::1]:9090",
        "pivot.example",
        "pivot.example:443",
        "with-port.example",
    ] {
        assert_eq!(with(&served, &[("host", host)]).status, 200, "{host}");
    }
    for host in [
        "evil.example",
        "localhost.evil.example",
        "10.0.0.1",
        "",
        "127.0.0.1.evil.example",
        "[::2]",
        "a:b:c",
    ] {
        assert_eq!(with(&served, &[("host", host)]).status, 403, "{host}");
    }
    assert_eq!(with(&served, &[("host", "localhost"), ("host", "localhost")]).status, 400);
}

#[test]
fn privileged_containers_and_host_paths_are_refused_unless_they_are_allowed() {
    let privileged =
        appliance("app", "fine").replace("\"ports\"", "\"is_privileged\": true, \"ports\"");
    let mounted = appliance("app", "fine").replace(
        "\"ports\"",
        "\"volumes\": [{\"type\": \"host\", \"src\": \"/\", \"dest\": \"/host\"}], \"ports\"",
    );
    let old = mounted.replace(
        "\"type\": \"host\", \"src\": \"/\", \"dest\"",
        "\"host_path\": \"/\", \"container_path\"",
    );
    let host = appliance("app", "fine")
        .replace("\"bridge\", \"ports\": [{\"container_port\": 80}]", "\"host\"");
    let status = |allow: Allow, body: &str| {
        let served = Served::with(&settings(None, allow), Arc::default(), Arc::new(temporary()));
        let answer = served.post(body);
        if answer.status == 403 {
            let findings = answer.json()["findings"].as_array().unwrap().clone();
            let found = findings.iter().find(|found| found["code"] == "E0911").unwrap();
            assert_eq!(found["span"]["start"]["line"], 2, "{answer:?}");
            assert_eq!(served.put("app", body).status, 403);
            assert!(served.engine.running.lock().unwrap().is_empty());
        }
        answer.status.as_u16()
    };
    let none = Allow::default();
    let (power, paths) = (Allow { privileged: true, ..none }, Allow { host_paths: true, ..none });
    assert_eq!([none, power, paths].map(|allow| status(allow, &privileged)), [403, 201, 403]);
    assert_eq!([none, power, paths].map(|allow| status(allow, &mounted)), [403, 403, 201]);
    assert_eq!([none, paths].map(|allow| status(allow, &old)), [403, 201]);
    assert_eq!(status(none, &host), 201, "the host network is the default of the language");
}

#[test]
fn what_is_beside_the_appliance_is_refused_whatever_is_allowed() {
    let all = Allow { privileged: true, host_paths: true };
    for (field, code, status) in [
        (r#""build": {"context": "."}"#, "E0911", 403),
        (r#""volumes": [{"type": "host", "src": "./data", "dest": "/d"}]"#, "E0911", 403),
        (r#""files": [{"dest": "/f", "source": "f"}]"#, "E0318", 400),
    ] {
        let body = appliance("app", "fine").replace("\"ports\"", &format!("{field}, \"ports\""));
        let served = Served::with(&settings(None, all), Arc::default(), Arc::new(temporary()));
        let answer = served.post(&body);
        let findings = answer.json()["findings"].as_array().unwrap().clone();
        assert_eq!(answer.status, status, "{field}");
        assert!(findings.iter().any(|found| found["code"] == code), "{field}: {findings:?}");
        assert!(served.engine.running.lock().unwrap().is_empty());
    }
}

#[test]
fn what_was_allowed_before_is_not_allowed_for_ever() {
    let allow = Allow { privileged: true, host_paths: false };
    let first = Served::with(&settings(None, allow), Arc::default(), Arc::new(temporary()));
    let body = appliance("app", "slow").replace("\"ports\"", "\"is_privileged\": true, \"ports\"");
    assert_eq!(first.post(&body).status, 201);
    first.until("app", "web", "staging");
    first.service.stop(std::time::Duration::from_secs(10));
    first.engine.running.lock().unwrap().clear();
    let second =
        Served::with(&settings(None, Allow::default()), first.engine.clone(), first.folder.clone());
    second.service.resume();
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert!(second.engine.running.lock().unwrap().is_empty());
}

#[test]
fn nothing_of_the_server_is_read() {
    let served = Served::new();
    for path in [
        "/page/..%2Fmod.rs",
        "/page/%2e%2e/%2e%2e/etc/passwd",
        "/appliance/..%2f..%2fetc",
        "/appliance/%00",
        "/appliance/a%2Fb",
        "/appliance/%E2%80%A6",
        "/appliance/.",
        "/volume/..",
        "/appliance/a/container/%2e%2e",
        "/appliance/%ff",
        "/page/style.css%00",
    ] {
        let answer = served.get(path);
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
        assert_eq!(answer.header("content-type"), "application/json");
    }
    let long = format!("/appliance/{}", "a".repeat(300));
    assert_eq!(served.get(&long).status, 404);
    assert_eq!(
        served.engine.looks.load(std::sync::atomic::Ordering::Relaxed),
        0,
        "no id was looked for"
    );
}

#[test]
fn a_panic_ends_one_request() {
    let served = Served::new();
    for path in ["/appliance/panic", "/appliance/panic", "/appliance/panic/events"] {
        let answer = served.get(path);
        assert_eq!((answer.status.as_u16(), answer.json()["error"].is_string()), (500, true));
    }
    assert_eq!(served.post(&appliance("panic", "fine")).status, 500);
    assert_eq!(served.delete("/appliance/panic").status, 500);
    assert_eq!(served.post(&appliance("app", "fine")).status, 201);
    served.until("app", "web", "running");
}

#[test]
fn answers_tell_browsers_to_load_nothing_else() {
    let served = Served::new();
    for (path, policy) in [
        ("/appliance/app/ui", "script-src 'self'"),
        ("/api/ui", "script-src 'self'"),
        ("/login", "script-src 'self'"),
        ("/appliance/none", "default-src 'none'"),
        ("/page/page.js", "default-src 'none'"),
    ] {
        let answer = served.get(path);
        let found = answer.header("content-security-policy");
        assert!(
            found.starts_with("default-src 'none'") && found.contains(policy),
            "{path}: {found}"
        );
        assert!(
            !found.contains("unsafe") && found.contains("frame-ancestors 'none'"),
            "{path}: {found}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
    }
}

#[test]
fn a_large_body_is_refused() {
    let served = Served::new();
    let large = " ".repeat((1 << 20) + 1);
    let answer = served.post(&large);
    assert_eq!((answer.status.as_u16(), answer.json()["error"].is_string()), (413, true));
    assert_eq!(served.send("POST", "/login", &[], &large).status, 413);
}
