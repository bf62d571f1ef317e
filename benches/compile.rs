//! Benchmarks of compiling appliances of 10, 1,000 and 10,000 containers for each target.
//!
//! `cargo bench --bench compile` prints times of the library alone; `cargo bench --bench bars` measures
//! the program.

use applc::targets::{self, Options, Target};
use applc::{Memory, Selected};
use applc_testing::many_containers;

fn main() {
    divan::main();
}

#[divan::bench(args = [10, 1_000, 10_000])]
fn check(bencher: divan::Bencher<'_, '_>, containers: usize) {
    let world = Memory::new().with("bench.json", many_containers(containers));
    bencher.bench(|| applc::compile(&world, "bench.json", &[]).map(|done| done.report));
}

fn compile(bencher: divan::Bencher<'_, '_>, target: &'static dyn Target, containers: usize) {
    let world = Memory::new().with("bench.json", many_containers(containers));
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
