//! How long the schema takes. Run with
//! `cargo test --release --lib schema::speed -- --ignored --nocapture`.

use std::fmt::Write;
use std::time::{Duration, Instant};

use super::*;
use crate::source::Source;
use crate::syntax;

/// An appliance of `count` containers, each with `members` besides those required.
fn tree(count: usize, members: &str) -> Node {
    let mut text = String::from(r#"{"id": "a", "containers": ["#);
    for at in 0..count {
        let comma = if at == 0 { "" } else { ", " };
        let _ = write!(
            text,
            r#"{comma}{{"id": "c-{at}", "type": "service", "image": "registry.example.org/team/image:{at}",
            "resources": {{"cpus": 0.5, "mem": 1024}}, "network_mode": "container",
            "ports": [{{"container_port": 8080}}, {{"container_port": 7077}}],
            "args": ["--port", 8080, "spark://@c-0:7077"], "env": {{"A": "x", "B": "@c-0"}},
            "volumes": [{{"src": "data", "dest": "/data"}}]{members}}}"#
        );
    }
    text.push_str("]}");
    let source = Source::new("a.json", text);
    syntax::parse(&source, &mut Vec::new()).expect("a tree")
}

/// The shortest time that `work` took in `times` runs: the least disturbed one.
fn shortest<T>(what: &str, times: usize, mut work: impl FnMut() -> T) -> Duration {
    let run = |_| {
        let start = Instant::now();
        std::hint::black_box(work());
        start.elapsed()
    };
    let took = (0..times).map(run).min().unwrap_or_default();
    println!("{what}: {took:?}");
    took
}

#[test]
#[ignore = "a measurement, for an optimised build"]
fn checking_is_fast() {
    let (one, many) = (tree(1, ""), tree(10_000, ""));
    let faulty = tree(10_000, r#", "dependancies": [], "instances": "1""#);
    let check_all = |tree: &Node| {
        let mut found = Vec::new();
        check(tree, &mut found);
        found.len()
    };
    assert_eq!(check_all(&many), 0);
    assert_eq!(check_all(&faulty), 20_000);
    shortest("parsing the schema", 50, || serde_json::from_str::<Value>(TEXT).is_ok());
    let first = shortest("building the validator", 50, build);
    shortest("1 container", 50, || check_all(&one));
    let valid = shortest("10,000 containers", 20, || check_all(&many));
    let invalid = shortest("10,000 containers with 2 faults each", 5, || check_all(&faulty));
    assert!(first < Duration::from_millis(2), "{first:?}");
    assert!(valid < Duration::from_millis(100), "{valid:?}");
    assert!(invalid < Duration::from_secs(1), "{invalid:?}");
}
