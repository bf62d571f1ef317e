//! How long the schema takes. Run with
//! `cargo test --release --lib schema::speed -- --ignored --nocapture`.

use std::fmt::Write;
use std::time::{Duration, Instant};

use super::*;
use crate::source::{Source, Syntax};
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
    syntax::parse(&source, Syntax::Json, &mut Vec::new()).expect("a tree")
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    let took = start.elapsed();
    println!("{what}: {took:?}");
    (result, took)
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
    let (_, first) = timed("building the validator", || LazyLock::force(&SCHEMA));
    timed("1 container", || check_all(&one));
    timed("10,000 containers, as a plain value", || value::of(&many));
    let (found, valid) = timed("10,000 containers", || check_all(&many));
    assert_eq!(found, 0);
    let (found, invalid) = timed("10,000 containers with 2 faults each", || check_all(&faulty));
    assert_eq!(found, 20_000);
    assert!(first < Duration::from_millis(5), "{first:?}");
    assert!(valid < Duration::from_millis(100), "{valid:?}");
    assert!(invalid < Duration::from_secs(2), "{invalid:?}");
}
