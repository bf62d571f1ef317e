//! Benchmarks of compiling appliances of 10, 1,000 and 10,000 containers for each target.
//!
//! `cargo bench --bench compile` prints times. Each container has ports, environment variables,
//! arguments, and references to another container, as in the examples.

use std::fmt::Write;

use applc::targets::{self, Options, Target};
use applc::{Memory, Selected};

fn main() {
    divan::main();
}

/// Creates an appliance with this number of containers.
fn appliance(containers: usize) -> String {
    let mut text = String::from("{\"id\": \"bench\", \"containers\": [");
    for at in 0..containers {
        let before = at.saturating_sub(1);
        let comma = if at == 0 { "" } else { "," };
        // Chains of ten containers depend on each other.
        let depends = if at % 10 == 0 { String::new() } else { format!("\"worker-{before}\"") };
        let _ = write!(
            text,
            r#"{comma}
  {{
    "id": "worker-{at}",
    "type": "service",
    "image": "registry.example/team/worker:1.{at}",
    "resources": {{"cpus": 0.5, "mem": 256}},
    "network_mode": "container",
    "ports": [{{"container_port": 8080}}],
    "args": ["--listen", "0.0.0.0:8080", "--peer", "http://@worker-{before}:8080/api"],
    "env": {{"NAME": "worker {at}", "RETRIES": 3, "PEERS": "@worker-{before}:8080"}},
    "dependencies": [{depends}]
  }}"#
        );
    }
    text.push_str("]}\n");
    text
}

#[divan::bench(args = [10, 1_000, 10_000])]
fn check(bencher: divan::Bencher<'_, '_>, containers: usize) {
    let world = Memory::new().with("bench.json", appliance(containers));
    bencher.bench(|| applc::compile(&world, "bench.json", &[]).map(|done| done.report));
}

fn compile(bencher: divan::Bencher<'_, '_>, target: &'static dyn Target, containers: usize) {
    let world = Memory::new().with("bench.json", appliance(containers));
    let selected = [Selected { target: target.into(), options: Options::of(target) }];
    bencher.bench(|| {
        let done = applc::compile(&world, "bench.json", &selected);
        assert!(done.as_ref().is_ok_and(|done| !done.report.has_errors()), "{}", target.name());
        done.map(|done| done.outputs)
    });
}

macro_rules! benches {
    ($($name:ident)*) => {
        $(
            #[divan::bench(args = [10, 1_000, 10_000])]
            fn $name(bencher: divan::Bencher<'_, '_>, containers: usize) {
                if let Some(target) = targets::find(stringify!($name)) {
                    compile(bencher, target, containers);
                }
            }
        )*
    };
}
benches!(compose kubernetes nomad marathon);
