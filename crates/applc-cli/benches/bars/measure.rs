//! CPU time and peak memory of processes.

use std::io;
use std::process::{Command, Stdio};

use wait4::Wait4;

/// A program and its arguments.
#[derive(Clone)]
pub struct Program {
    path: String,
    arguments: Vec<String>,
}

/// What a run takes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Run {
    /// CPU time in milliseconds, user and system.
    pub ms: f64,
    /// Peak resident memory in bytes.
    pub bytes: f64,
}

/// The medians of two programs that run in turns.
pub struct Pairs {
    /// The first program.
    pub one: Run,
    /// The second program.
    pub other: Run,
    /// The median of the time of the first, divided by that of the second.
    pub ratio: f64,
    /// The median of the time of the first without that of the second, in milliseconds.
    pub difference: f64,
}

impl Program {
    /// A program with arguments.
    pub fn new(path: &str, arguments: &[&str]) -> Program {
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        Program { path: path.to_owned(), arguments }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.args(&self.arguments).stdin(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// The number of bytes that it writes to standard output.
    pub fn output(&self) -> u64 {
        let mut child = self.command().stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut output = child.stdout.take().expect("its output is piped");
        let length = io::copy(&mut output, &mut io::sink()).expect("its output is readable");
        child.wait().expect("the program ends");
        length
    }

    /// One run.
    ///
    /// The peak of a child is at least the memory of the process that starts it, so that this
    /// process holds nothing large while it measures.
    pub fn run(&self) -> Run {
        let mut child = self.command().stdout(Stdio::null()).spawn().expect("the program starts");
        let used = child.wait4().expect("the program ends").rusage;
        let ms = (used.utime + used.stime).as_secs_f64() * 1e3;
        Run { ms, bytes: used.maxrss as f64 }
    }

    /// The medians of several runs.
    pub fn median(&self, runs: usize) -> Run {
        median_run(&(0..runs).map(|_| self.run()).collect::<Vec<_>>())
    }
}

/// Runs two programs in turns. Each runs once before, so that its files are in memory.
pub fn pairs(runs: usize, one: &Program, other: &Program) -> Pairs {
    one.run();
    other.run();
    let runs: Vec<(Run, Run)> = (0..runs).map(|_| (one.run(), other.run())).collect();
    let (ones, others): (Vec<Run>, Vec<Run>) = runs.iter().copied().unzip();
    Pairs {
        one: median_run(&ones),
        other: median_run(&others),
        ratio: median(runs.iter().map(|(one, other)| one.ms / other.ms)),
        difference: median(runs.iter().map(|(one, other)| one.ms - other.ms)),
    }
}

fn median_run(runs: &[Run]) -> Run {
    Run {
        ms: median(runs.iter().map(|run| run.ms)),
        bytes: median(runs.iter().map(|run| run.bytes)),
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
