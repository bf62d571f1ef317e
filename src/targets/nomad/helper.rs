//! Tasks of applc's own, which run a script beside a container.

use crate::render::{Composed, Traced};

use super::context::Context;
use super::model::Task;
use super::strings::ConfigString;

/// CPU in MHz of such a task.
const CPU: u64 = 20;
/// Memory in MB of such a task.
const MEMORY: u64 = 16;

/// A task that runs a script in the image that an option names.
pub fn task(context: &Context<'_>, name: &str, image: &str, script: Composed) -> Task {
    let from = script.from;
    let word = |word: &str| Composed::new(ConfigString::literal(word), from, Vec::new());
    Task {
        name: Composed::new(name.to_owned(), from, Vec::new()),
        prestart: false,
        identity: false,
        services: Vec::new(),
        image: context.options.traced(image).map(|image| ConfigString::literal(&image)),
        force_pull: Traced::new(false, from),
        user: None,
        kill_timeout: None,
        work_dir: None,
        labels: Vec::new(),
        entrypoint: vec![word("/bin/sh"), word("-c")],
        args: vec![Composed { value: ConfigString::literal(&script.value), ..script }],
        host_name: None,
        host_network: false,
        // A shell that is process 1 ignores the signal to stop.
        init: true,
        keep: true,
        ports: Vec::new(),
        privileged: Traced::new(false, from),
        binds: Vec::new(),
        mounts: Vec::new(),
        env: Vec::new(),
        template: None,
        secrets: None,
        vault: None,
        files: Vec::new(),
        volume_mounts: Vec::new(),
        cpu: Composed::new(CPU, from, Vec::new()),
        memory: Traced::new(MEMORY, from),
        gpu: Traced::new(0, from),
    }
}
