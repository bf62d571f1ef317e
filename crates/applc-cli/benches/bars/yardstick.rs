//! The process that applc is compared with: `serde_json` reads the file and writes as many bytes.

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::Value;

use crate::measure::Program;

/// The argument that makes this program the yardstick.
pub const ROLE: &str = "--serde-json";

/// The yardstick for a file and a number of bytes of output. Without a file it only starts.
pub fn program(file: Option<&str>, bytes: u64) -> Program {
    let this = std::env::current_exe().expect("this program has a path");
    let bytes = bytes.to_string();
    let mut arguments = vec![ROLE, &bytes];
    arguments.extend(file);
    Program::new(&this.display().to_string(), &arguments)
}

/// Reads the file into a value, and writes that to standard output, pretty, as often as it takes to
/// write the number of bytes.
pub fn run(arguments: &[String]) -> ExitCode {
    let [bytes, file] = arguments else { return ExitCode::SUCCESS };
    let limit: usize = bytes.parse().expect("a number of bytes");
    let text = std::fs::read(file).expect("the file is readable");
    let value: Value = serde_json::from_slice(&text).expect("the file is JSON");
    let mut output = Limited { text: Vec::new(), limit };
    while output.text.len() < limit {
        // An error says that there are enough bytes.
        let _ = serde_json::to_writer_pretty(&mut output, &value);
    }
    io::stdout().lock().write_all(&output.text).expect("standard output is writable");
    ExitCode::SUCCESS
}

/// Collects a limited number of bytes.
struct Limited {
    text: Vec<u8>,
    limit: usize,
}

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.text.len() >= self.limit {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
