//! Measures the program `applc` against the bars of `docs/performance.md`, and says which it meets.
//!
//! `cargo bench --bench bars` prints all of them; it fails if one is missed. Each figure is the CPU
//! time of a whole process, user and system, from start to exit, with its output thrown away. What is
//! compared runs in turns, so that a busy machine slows down both; a ratio is the median of those of
//! the pairs.
//!
//! The yardstick is a process of this program that does with `serde_json` what a compiler cannot
//! avoid: it reads the same file into a `serde_json::Value`, and writes that value pretty until it
//! has as many bytes as the output of applc. It uses the allocator of the system, as a program does
//! that does not choose one.

mod files;
mod measure;
mod peer;
mod projects;
mod table;
mod yardstick;

use std::path::Path;
use std::process::ExitCode;

use applc_testing::repository;
use measure::{Program, Run, pairs};
use table::Table;

/// The program that is measured.
const APPLC: &str = env!("CARGO_BIN_EXE_applc");

/// The targets, and the CPU time that each may take, as a multiple of the yardstick.
const TARGETS: [(&str, f64); 4] =
    [("compose", 2.5), ("kubernetes", 3.0), ("nomad", 3.0), ("marathon", 2.5)];

/// The CPU time that a check may take, as a multiple of the yardstick.
const CHECK: f64 = 2.0;

/// The peak memory of a process, as a multiple of the bytes that it reads and writes.
const MEMORY: f64 = 5.0;

/// How much faster than the yardstick the CPU time may grow from 1,000 to 10,000 containers. Both
/// grow by a little more than ten, as their memory no longer fits into caches.
const GROWTH: f64 = 1.15;

/// Milliseconds of CPU time of a check of a small appliance, beyond those of `--version`.
const STARTUP: f64 = 1.5;

/// Milliseconds of CPU time of all findings of all four targets in a file of 944 KB.
const FINDINGS: f64 = 110.0;

/// Milliseconds of CPU time of a check of any file of 10 MB.
const EXTREME: f64 = 1_000.0;

/// Peak memory of a check of any file of 10 MB, in MB.
const EXTREME_MEMORY: f64 = 100.0;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.as_slice() {
        [_, role, rest @ ..] if role == yardstick::ROLE => return yardstick::run(rest),
        [_, role, rest @ ..] if role == files::ROLE => return files::run(rest),
        // `cargo test --all-targets` runs benchmarks without this argument.
        [_, rest @ ..] if !rest.iter().any(|argument| argument == "--bench") => {
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let folder = folder.path();
    files::write(folder);
    let path = |name: &str| folder.join(name).display().to_string();
    let mut table = Table::default();
    ratios(&path("1000.json"), &path("10000.json"), &mut table);
    startup(&mut table);
    findings(&path("edited.json"), &mut table);
    extreme(folder, &mut table);
    projects::measure(folder, &mut table);
    peer::compare(&path("1000.json"), folder, &mut table);
    if table.all_met() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn applc(arguments: &[&str]) -> Program {
    Program::new(APPLC, arguments)
}

/// Time and memory against the yardstick, and their growth.
fn ratios(small: &str, large: &str, table: &mut Table) {
    table.heading("10,000 containers: CPU time against serde_json, and peak memory");
    let empty = pairs(101, &applc(&["--version"]), &yardstick::program(None, 0));
    let mut compare = |name: &str, arguments: &[&str], bar: f64| {
        let program = |file| applc(&[arguments, &[file]].concat());
        let written = program(large).output();
        let few =
            pairs(31, &program(small), &yardstick::program(Some(small), program(small).output()));
        let many = pairs(11, &program(large), &yardstick::program(Some(large), written));
        let bytes = std::fs::metadata(large).map_or(0, |data| data.len()) as f64 + written as f64;
        let ms = format!("{:.1} ms, serde_json {:.1} ms", many.one.ms, many.other.ms);
        table.bar(&format!("{name}: time"), many.ratio, bar, &ms);
        let grown = |many: Run, few: Run, start: Run| (many.ms - start.ms) / (few.ms - start.ms);
        let one = grown(many.one, few.one, empty.one);
        let other = grown(many.other, few.other, empty.other);
        let ms = format!("{:.2} ms for 1,000; {one:.1} times, serde_json {other:.1}", few.one.ms);
        table.bar(&format!("{name}: growth"), one / other, GROWTH, &ms);
        let memory = format!(
            "{:.1} MiB for {:.1} MB; serde_json {:.1} MiB",
            many.one.bytes / 1_048_576.0,
            bytes / 1e6,
            many.other.bytes / 1_048_576.0
        );
        table.bar(&format!("{name}: memory"), many.one.bytes / bytes, MEMORY, &memory);
    };
    compare("check", &["check"], CHECK);
    for (target, bar) in TARGETS {
        compare(target, &["compile", "--target", target], bar);
    }
}

/// The time of a small appliance.
fn startup(table: &mut Table) {
    table.heading("One appliance: CPU time in ms beyond `applc --version`");
    let example = repository("examples/spark-livy.json").display().to_string();
    let nothing = applc(&["--version"]);
    let check = pairs(301, &applc(&["check", &example]), &nothing);
    let ms = format!("{:.2} ms, `--version` {:.2} ms", check.one.ms, check.other.ms);
    table.bar("check spark-livy", check.difference, STARTUP, &ms);
    for (target, _) in TARGETS {
        let compiled = pairs(301, &applc(&["compile", "--target", target, &example]), &nothing);
        table.figure(
            target,
            &format!("{:.2} ms, {:.2} ms more", compiled.one.ms, compiled.difference),
        );
    }
}

/// The time of all findings of all targets.
fn findings(file: &str, table: &mut Table) {
    table.heading("A file of 944 KB: CPU time in ms of the findings of all four targets");
    let mut arguments = vec!["check"];
    TARGETS.iter().for_each(|(target, _)| arguments.extend(["--target", target]));
    arguments.push(file);
    let found = applc(&arguments).median(21);
    table.bar("findings", found.ms, FINDINGS, &format!("{:.1} MiB", found.bytes / 1_048_576.0));
}

/// Time and memory of a check of large and hostile files.
fn extreme(folder: &Path, table: &mut Table) {
    table.heading(
        "10 MB of any input: CPU time in ms and peak memory in MB of `check --format short`",
    );
    for (name, what, _) in files::extreme() {
        let path = folder.join(name).display().to_string();
        let checked = applc(&["check", "--format", "short", &path]).median(3);
        table.bar(&format!("{what}: time"), checked.ms, EXTREME, "");
        table.bar(&format!("{what}: memory"), checked.bytes / 1e6, EXTREME_MEMORY, "");
    }
}
