//! Files of the appliance as configs, which Compose copies into containers.

use data_encoding::BASE64;
use ecow::EcoString;

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, Content, File};
use crate::render::{Composed, Traced};
use crate::source::{Span, Spanned};
use crate::targets::{mounts, names};

use super::beside;
use super::context::Context;
use super::escaped;
use super::model::{Config, ConfigMount};

/// The key of the config of a file. It contains a digest of the content, because Compose replaces a
/// container only if its service changes. No id contains `_`.
fn key(context: &Context<'_>, container: &Container, at: usize, file: &File) -> Composed {
    let source = file.source.as_ref().map_or(file.dest.span, |path| path.span);
    let (content, mut also) = match &file.content {
        Content::Text(text) => {
            let Composed { value, from: _, also } = context.text(text);
            (value, [vec![text.span], also].concat())
        }
        Content::Bytes(bytes) => (BASE64.encode(bytes), vec![source]),
        Content::Unread => (String::new(), Vec::new()),
    };
    also.push(container.id.span);
    let digest = names::digest(&content);
    let digest = digest.get(..8).unwrap_or_default();
    Composed::new(format!("{}_{at}_{digest}", container.id.value), file.dest.span, also)
}

/// Where the files are in a container.
pub fn mounts(
    context: &Context<'_>,
    container: &Container,
    files: &[File],
    findings: &mut Findings,
) -> Vec<ConfigMount> {
    let mount = |(at, file): (usize, &File)| {
        mounts::check_colon(&file.dest, findings);
        let is_written = file.mode.span != file.dest.span;
        // Compose mounts a file that it reads from a folder.
        let is_mounted = matches!(file.content, Content::Bytes(_));
        if !is_mounted {
            mounts::check_copied(container, &file.dest, findings);
        } else if let Some(source) = file.source.as_ref().filter(|_| is_written) {
            findings.push(keeps_permissions(source, file.mode.span));
        }
        ConfigMount {
            source: key(context, container, at, file),
            target: Traced::new(escaped(&file.dest.value), file.dest.span),
            // With a mode, Compose prints a warning that it is ignored, which is wrong.
            mode: (is_written && !is_mounted)
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
        let key = key(context, container, at, file);
        let File { dest, source, content, mode: _ } = file;
        let (content, file) = match content {
            Content::Text(text) if text.pieces.is_empty() => {
                findings.push(empty(text.span));
                (Some(context.text(text)), None)
            }
            Content::Text(text) => (Some(context.text(text)), None),
            // A Compose file is text.
            Content::Bytes(_) => {
                (None, source.as_ref().map(|path| beside::path(path, context.options)))
            }
            Content::Unread => (Some(Composed::new(String::new(), dest.span, Vec::new())), None),
        };
        configs.push((container.id.span, Config { key, content, file }));
    }
    configs
}

/// The warning about the permissions of a file that is mounted.
fn keeps_permissions(source: &Spanned<EcoString>, mode: Span) -> Diagnostic {
    let message = format!(
        "Compose mounts a file that is not text: it has the permissions of `{}` on the machine",
        source.value
    );
    Diagnostic::new(&codes::APPROXIMATED, mode, message).help("set these permissions there")
}

/// The error of an empty file. Compose takes it for the path of a file, and mounts the folder of the
/// project.
fn empty(span: Span) -> Diagnostic {
    Diagnostic::new(&codes::BAD_TARGET_VALUE, span, "Compose cannot create an empty file")
        .help("write a line break or a comment into it")
}
