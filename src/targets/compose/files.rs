//! Files of the appliance as configs, which Compose copies into containers.

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, Content, File};
use crate::render::{Composed, Traced};
use crate::source::Span;
use crate::targets::mounts;

use super::context::Context;
use super::escaped;
use super::model::{Config, ConfigMount};

/// The key of the config of a file. No id contains `_`.
fn key(container: &Container, at: usize) -> String {
    format!("{}_{at}", container.id.value)
}

/// Where the files are in a container.
pub fn mounts(container: &Container, files: &[File], findings: &mut Findings) -> Vec<ConfigMount> {
    let mount = |(at, file): (usize, &File)| {
        mounts::check_colon(&file.dest, findings);
        ConfigMount {
            source: Traced::new(key(container, at), file.dest.span),
            target: Traced::new(escaped(&file.dest.value), file.dest.span),
            // With a mode, Compose prints a warning that it is ignored, which is wrong.
            mode: (file.mode.span != file.dest.span)
                .then(|| Traced::new(format!("{:04o}", file.mode.value), file.mode.span)),
        }
    };
    files.iter().enumerate().map(mount).collect()
}

/// The files of a container, each with the place of the container's id.
pub fn configs(
    context: &Context<'_>,
    container: &Container,
    findings: &mut Findings,
) -> Vec<(Span, Config)> {
    let mut configs = Vec::new();
    for (at, file) in container.extras().files.iter().enumerate() {
        let File { dest, source, content, mode: _ } = file;
        let path = source.as_ref().map(|path| Traced::new(escaped(&path.value), path.span));
        let (content, file) = match content {
            Content::Text(text) if text.pieces.is_empty() => {
                findings.push(empty(text.span));
                (Some(context.text(text)), None)
            }
            Content::Text(text) => (Some(context.text(text)), None),
            // A Compose file is text.
            Content::Bytes(_) => {
                let span = source.as_ref().map_or(dest.span, |path| path.span);
                let message = "a file that is not text is read when the project starts, from the folder of the Compose file";
                findings.push(
                    Diagnostic::new(&codes::CLUSTER_NEEDS, span, message)
                        .help("keep the Compose file beside the appliance"),
                );
                (None, path)
            }
            Content::Unread => (Some(Composed::new(String::new(), dest.span, Vec::new())), None),
        };
        let key = Traced::new(key(container, at), dest.span);
        configs.push((container.id.span, Config { key, content, file }));
    }
    configs
}

/// The error of an empty file. Compose takes it for the path of a file, and mounts the folder of the
/// project.
fn empty(span: Span) -> Diagnostic {
    Diagnostic::new(&codes::BAD_TARGET_VALUE, span, "Compose cannot create an empty file")
        .help("write a line break or a comment into it")
}
