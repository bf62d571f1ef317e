//! Values in the secret store of DC/OS Enterprise. Marathon itself has none: it passes the paths on to a
//! plug-in.

use std::collections::BTreeMap;

use super::names::{Names, check_variable};
use super::options::{SECRETS, Settings};
use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, SecretValue, SecretVariable};
use crate::render::{Composed, Traced};

/// What to do where there is no secret store.
pub const ELSEWHERE: &str =
    "let the program read it from a file on the host, mounted with a volume of the type `host`";

/// The secrets of an app.
#[derive(Default)]
pub struct Secrets {
    /// Variables, and the names of their secrets.
    pub env: Vec<(Traced<String>, Composed)>,
    /// The names of secrets, and their paths in the store.
    pub sources: Vec<(Composed, Composed)>,
}

/// Lowers the variables of a service with values in the secret store.
pub fn lower(
    service: &Container,
    names: &Names,
    settings: &Settings<'_>,
    findings: &mut Findings,
) -> Secrets {
    let variables = &service.extras().secret_env;
    let Some(first) = variables.first() else { return Secrets::default() };
    if !settings.secrets.value {
        let message = "Marathon has no secret store";
        findings.push(
            Diagnostic::new(&codes::NOT_CARRIED, first.name.span, message)
                .help(format!("DC/OS Enterprise has one: set the option `marathon.{SECRETS}=dcos`"))
                .help(ELSEWHERE),
        );
        return Secrets::default();
    }
    let mut secrets = Secrets::default();
    let mut sources = BTreeMap::new();
    for SecretVariable { name, value } in variables {
        check_variable(name, findings);
        let SecretValue { secret, key } = value;
        if key.value.contains('.') {
            let message =
                format!("the path of a secret cannot contain `.`, as `{}` does", key.value);
            findings.push(
                Diagnostic::new(&codes::BAD_TARGET_VALUE, key.span, message)
                    .help("choose another key"),
            );
        }
        let mut also = vec![key.span];
        also.extend(settings.secrets.from.place());
        let composed = |text| Composed::new(text, secret.span, also.clone());
        // No name of a secret contains `_`.
        let label = format!("{}_{}", secret.value, key.value);
        secrets.env.push((name.into(), composed(label.clone())));
        let source = names.secret(&secret.value, &key.value);
        sources.entry(label.clone()).or_insert_with(|| (composed(label), composed(source)));
    }
    secrets.sources = sources.into_values().collect();
    secrets
}
