//! Values in the secret store: items of Nomad variables, or of Vault. Templates write them, so that no
//! job contains one.
//!
//! The path of a variable is `secrets/APPLIANCE/SECRET`. It is not under `applc/`, where all tasks must be
//! allowed to read and write for the success of jobs.

use ecow::EcoString;

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, SecretFile, SecretValue, SecretVariable};
use crate::render::{Composed, Origin, Traced};
use crate::source::Spanned;
use crate::targets::origins;

use super::context::Context;
use super::files::{Files, check_path};
use super::model::{FileTemplate, Mount, Template};
use super::names::MAX_VARIABLE;
use super::options::{SECRET_PATH, SECRET_STORE};
use super::strings::{ConfigString, is_template_name};

/// Whether the values are in Vault.
fn in_vault(context: &Context<'_>) -> bool {
    context.options.text(SECRET_STORE) == "vault"
}

/// The path of a secret in the store.
fn path(context: &Context<'_>, secret: &str) -> String {
    let prefix = match (context.options.some(SECRET_PATH), in_vault(context)) {
        (Some(prefix), _) => prefix.trim_end_matches('/').to_owned(),
        (None, false) => format!("secrets/{}", context.plan.id.value),
        (None, true) => format!("secret/data/{}", context.plan.id.value),
    };
    format!("{prefix}/{secret}")
}

/// The actions that write a value. `pipe` is what is done with it.
fn actions(context: &Context<'_>, value: &SecretValue, pipe: &str) -> String {
    let (secret, key) = (&value.secret.value, &value.key.value);
    let path = path(context, secret);
    let missing = format!("{{{{ sprig_fail \"secret `{secret}` has no key `{key}`\" }}}}");
    match in_vault(context) {
        // An item that does not exist has no name.
        false => format!(
            "{{{{ with nomadVar \"{path}\" }}}}{{{{ with index . \"{key}\" }}}}{{{{ if .Key }}}}{{{{ .Value{pipe} }}}}{{{{ else }}}}{missing}{{{{ end }}}}{{{{ end }}}}{{{{ end }}}}"
        ),
        true => format!(
            "{{{{ with secret \"{path}\" }}}}{{{{ with index .Data.data \"{key}\" }}}}{{{{ .{pipe} }}}}{{{{ else }}}}{missing}{{{{ end }}}}{{{{ end }}}}"
        ),
    }
}

/// A line of a template with a value.
fn line(context: &Context<'_>, text: String, value: &SecretValue) -> Composed {
    let mut also = vec![value.key.span, context.plan.id.span];
    also.extend(context.options.place(SECRET_STORE));
    also.extend(context.options.place(SECRET_PATH));
    Composed::new(text, value.secret.span, also)
}

/// The template that writes the variables of a container. `restart` is whether a changed value restarts the
/// task.
pub fn environment(
    context: &Context<'_>,
    container: &Container,
    restart: bool,
    findings: &mut Findings,
) -> Option<Template> {
    let mut lines = Vec::new();
    for SecretVariable { name, value } in &container.extras().secret_env {
        check_name(name, findings);
        // As JSON, which is how the client reads values in quotes.
        let text = format!("{}={}", name.value, actions(context, value, " | toJSON"));
        let mut line = line(context, text, value);
        line.also.push(name.span);
        lines.push(line);
    }
    let template = Template { lines, waits: false, restart, addresses: false };
    (!template.lines.is_empty()).then_some(template)
}

fn check_name(name: &Spanned<EcoString>, findings: &mut Findings) {
    if !is_template_name(&name.value) {
        let message = format!(
            "the value of `{}` must be written by a template, which does not accept that name",
            name.value
        );
        findings.push(
            Diagnostic::new(&codes::BAD_TARGET_VALUE, name.span, message)
                .help("use only ASCII letters, digits, `_`, `.` and `/` in the name"),
        );
    }
}

/// The files of a container.
pub fn files(
    context: &Context<'_>,
    container: &Container,
    restart: bool,
    findings: &mut Findings,
) -> Files {
    let mut files = Files { templates: Vec::new(), mounts: Vec::new() };
    for (at, file) in container.extras().secret_files.iter().enumerate() {
        let SecretFile { dest, value, mode } = file;
        check_path(dest, findings);
        // The last action removes the line break of the heredoc.
        let text = format!("{}{{{{ \"\" -}}}}", actions(context, value, ""));
        // In memory, and not in the reach of `nomad alloc fs`.
        let path = format!("secrets/files/{at}");
        files.mounts.push(Mount {
            source: Traced::new(path.clone(), dest.span),
            target: Traced::new(ConfigString::literal(&dest.value), dest.span),
            read_only: Traced::new(true, dest.span),
        });
        files.templates.push(FileTemplate {
            destination: Traced::new(path, dest.span),
            perms: Traced::new(format!("{:04o}", mode.value), origins::secret_mode(file)),
            lines: vec![line(context, text, value)],
            restart,
        });
    }
    files
}

/// Whether the task of a container uses Vault.
pub fn vault(context: &Context<'_>, container: &Container) -> Option<Traced<bool>> {
    let first = container.extras().secrets().next().filter(|_| in_vault(context))?;
    let option = context.options.origin(SECRET_STORE);
    Some(Traced::new(true, option.place().map_or(first.secret.span.into(), Origin::from)))
}

/// Reports once what the tasks of an appliance must be allowed, and paths that are too long.
pub fn report_access(context: &Context<'_>, findings: &mut Findings) {
    let mut is_told = false;
    for SecretValue { secret, key: _ } in context.plan.secrets() {
        let path = path(context, &secret.value);
        if !in_vault(context) && path.len() > MAX_VARIABLE {
            let message = format!(
                "the path `{path}` of the Nomad variable has more than {MAX_VARIABLE} characters"
            );
            findings.push(
                Diagnostic::new(&codes::BAD_TARGET_VALUE, secret.span, message)
                    .help(format!("set a shorter one with the option `nomad.{SECRET_PATH}`")),
            );
        }
        if is_told {
            continue;
        }
        is_told = true;
        let all = self::path(context, "*");
        let keys = context.plan.keys(&secret.value);
        let files: String = keys.iter().map(|key| format!(" {key}=@FILE")).collect();
        let namespace = context.options.some("namespace").unwrap_or("default");
        let needs = |message: String| Diagnostic::new(&codes::CLUSTER_NEEDS, secret.span, message);
        findings.push(match in_vault(context) {
            false => needs(format!(
                "secrets are Nomad variables, `{path}` for this one, which tasks must be allowed to read"
            ))
            .help(format!("`nomad var put -namespace {namespace} {path}{files}` sets it"))
            .help(format!(
                "with ACLs: `nomad acl policy apply -namespace {namespace} applc-secrets FILE` with the FILE `namespace \"{namespace}\" {{ variables {{ path \"{all}\" {{ capabilities = [\"read\"] }} }} }}`"
            )),
            true => needs(format!(
                "secrets are in Vault (KV version 2), at `{path}` for this one, which tasks must be allowed to read"
            ))
            .help("nodes must reach Vault, with a role for the workload identities of Nomad"),
        });
    }
}
