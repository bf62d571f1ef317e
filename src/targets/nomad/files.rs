//! Files of the appliance: templates in the folder of the task, which the docker driver mounts.

use ecow::EcoString;

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, Content, File};
use crate::render::{Composed, Traced};
use crate::source::Spanned;
use crate::targets::origins;

use super::address::{References, Variables};
use super::context::Context;
use super::file;
use super::model::{FileTemplate, Mount};
use super::order;
use super::strings::{ConfigString, survives_hcl};

/// The files of a task.
pub struct Files {
    /// What writes them.
    pub templates: Vec<FileTemplate>,
    /// Where they are in the container.
    pub mounts: Vec<Mount>,
}

/// Lowers the files of a container, which runs in this job and task. `restart` is whether addresses that
/// change restart the task.
pub fn lower(
    context: &Context<'_>,
    container: &Container,
    references: &References<'_>,
    (job, task): (&str, &str),
    restart: bool,
    findings: &mut Findings,
) -> Files {
    let mut files = Files { templates: Vec::new(), mounts: Vec::new() };
    for (at, file) in container.extras().files.iter().enumerate() {
        let File { dest, source, content, mode } = file;
        check_path(dest, findings);
        let mut variables = Variables::default();
        let body = match content {
            Content::Text(text) => references.in_file(text, &mut variables),
            Content::Bytes(bytes) => {
                let from = source.as_ref().map_or(dest.span, |source| source.span);
                vec![Composed::new(file::binary(bytes), from, Vec::new())]
            }
            Content::Unread => Vec::new(),
        };
        let mut lines = variables.definitions(&order::own_path(context, job, container, task));
        let restart = restart && !lines.is_empty();
        lines.extend(body);
        let path = format!("local/files/{at}");
        files.mounts.push(Mount {
            source: Traced::new(path.clone(), dest.span),
            target: Traced::new(ConfigString::literal(&dest.value), dest.span),
            read_only: Traced::new(true, dest.span),
        });
        files.templates.push(FileTemplate {
            destination: Traced::new(path, dest.span),
            perms: Traced::new(format!("{:04o}", mode.value), origins::file_mode(file)),
            lines,
            restart,
        });
    }
    files
}

/// Reports the path of a file that HCL would change.
pub fn check_path(dest: &Spanned<EcoString>, findings: &mut Findings) {
    if !survives_hcl(&dest.value) {
        let message = format!("path `{}` is not in Unicode normal form C", dest.value);
        findings.push(
            Diagnostic::new(&codes::BAD_TARGET_VALUE, dest.span, message)
                .help("HCL converts every string to that form"),
        );
    }
}
