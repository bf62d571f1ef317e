//! What templates may use.

use std::time::Duration;

/// The argument that makes the program run templates.
const ARGUMENT: &str = "__templates";

/// What templates may use at most. Limits of time are for one appliance, or for the templates of a folder that are
/// parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Seconds of the processor. Only on Unix.
    pub cpu: u64,
    /// Real time; more than `cpu`, for machines that do other work.
    pub wall: Duration,
    /// Address space of the process, in MiB. Only on Unix other than macOS.
    pub memory: u64,
    /// Size of the stack, in MiB.
    pub stack: u64,
    /// Size of all files of an appliance, in MiB.
    pub output: u64,
}

impl Limits {
    /// Those of commands.
    pub const COMMAND: Limits =
        Limits { cpu: 10, wall: Duration::from_secs(60), memory: 1024, stack: 8, output: 256 };

    /// Those of a language server, which answers nothing else meanwhile.
    pub const EDITOR: Limits =
        Limits { cpu: 1, wall: Duration::from_millis(1500), ..Limits::COMMAND };

    /// The arguments of the program.
    pub(crate) fn arguments(self) -> [String; 4] {
        let Limits { cpu, memory, stack, .. } = self;
        [ARGUMENT.to_owned(), cpu.to_string(), memory.to_string(), stack.to_string()]
    }

    /// The limits that the arguments of the program have, if they are those of [`Limits::arguments`]. Real time and
    /// output are limited by who started it.
    pub(crate) fn of_arguments(mut arguments: impl Iterator<Item = String>) -> Option<Limits> {
        if arguments.next()? != ARGUMENT {
            return None;
        }
        let mut number = || arguments.next()?.parse().ok();
        Some(Limits { cpu: number()?, memory: number()?, stack: number()?, ..Limits::COMMAND })
    }

    /// Limits memory, and everything that templates have no use for: open files, and images of the process on disk.
    /// What cannot be limited is not.
    #[cfg(unix)]
    pub(crate) fn begin(self) {
        use rustix::process::Resource;

        #[cfg(not(target_os = "openbsd"))]
        lower(Resource::As, self.memory << 20);
        lower(Resource::Core, 0);
        // Standard input and output, and errors.
        lower(Resource::Nofile, 3);
    }

    /// Limits the time of the processor for what is done next.
    #[cfg(unix)]
    pub(crate) fn begin_task(self) {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        use rustix::time::{ClockId, clock_gettime};

        let used = clock_gettime(ClockId::ProcessCPUTime).tv_sec;
        // What is used of the next second is not counted.
        let limit = u64::try_from(used).unwrap_or_default() + 1 + self.cpu;
        let maximum = getrlimit(Resource::Cpu).maximum;
        let current = maximum.map_or(limit, |maximum| maximum.min(limit));
        let _ = setrlimit(Resource::Cpu, Rlimit { current: Some(current), maximum });
    }

    #[cfg(not(unix))]
    pub(crate) fn begin(self) {}

    #[cfg(not(unix))]
    pub(crate) fn begin_task(self) {}
}

/// Lowers a limit for good. A lower one is kept.
#[cfg(unix)]
fn lower(resource: rustix::process::Resource, limit: u64) {
    use rustix::process::{Rlimit, getrlimit, setrlimit};

    let known = getrlimit(resource);
    let least = [known.current, known.maximum].into_iter().flatten().fold(limit, u64::min);
    let _ = setrlimit(resource, Rlimit { current: Some(least), maximum: Some(least) });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read_as_they_are_written() {
        let limits = Limits { cpu: 3, memory: 200, stack: 2, ..Limits::COMMAND };
        assert_eq!(Limits::of_arguments(limits.arguments().into_iter()), Some(limits));
        let words =
            |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert_eq!(Limits::of_arguments(words(&["check", "1", "2", "3"]).into_iter()), None);
        assert_eq!(Limits::of_arguments(words(&[ARGUMENT, "1"]).into_iter()), None);
    }
}
