//! What benchmarks measure with.

use std::fs;

/// The CPU time of this thread so far, in milliseconds.
pub fn now() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells it");
    let nanoseconds: f64 = text.split(' ').next().and_then(|word| word.parse().ok()).unwrap();
    nanoseconds / 1e6
}

/// The most memory that the process had, in MB.
pub fn peak() -> f64 {
    let text = fs::read_to_string("/proc/self/status").expect("Linux tells it");
    let line = text.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    let kilobytes: f64 = line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).unwrap();
    kilobytes / 1024.0
}

/// The median of some times; there is at least one.
pub fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
