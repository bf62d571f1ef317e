//! Images that are built from folders beside the appliance, for targets that only pull images.

use std::collections::BTreeSet;

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Build, Container, Plan};

/// Reports the images that must be built and pushed first, each with the commands.
pub fn check(plan: &Plan, findings: &mut Findings) {
    let mut known = BTreeSet::new();
    for container in &plan.containers {
        let Some(build) = &container.extras().build else { continue };
        let commands = commands(container, build);
        if known.contains(&commands) {
            continue;
        }
        let message = format!("`{}` must be built and pushed first", container.image.value);
        let finding = Diagnostic::new(&codes::BUILD_FIRST, build.context.span, message);
        findings.push(finding.help(format!("run `{commands}` in the folder of the appliance")));
        known.insert(commands);
    }
}

/// The commands that build and push the image of a container.
fn commands(container: &Container, build: &Build) -> String {
    let Build { context, dockerfile, args, target } = build;
    let image = word(&container.image.value);
    let mut command = format!("docker build -t {image}");
    if let Some(path) = dockerfile {
        // The program reads it relative to the working directory.
        let path = format!("{}/{}", context.value.trim_end_matches('/'), path.value);
        command += &format!(" -f {}", word(&path));
    }
    for argument in args {
        let argument = format!("{}={}", argument.name.value, argument.value.value);
        command += &format!(" --build-arg {}", word(&argument));
    }
    if let Some(stage) = target {
        command += &format!(" --target {}", word(&stage.value));
    }
    format!("{command} {} && docker push {image}", word(&context.value))
}

/// A word of a POSIX shell.
fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-+=.,/:@".contains(c);
    match text.chars().all(is_plain) && !text.is_empty() {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}
