//! Values in Secrets of the namespace. applc never writes a Secret.

use std::collections::HashSet;

use super::files::key;
use super::model::{Item, Mount, SecretVariable, Volume};
use super::names::check_variable;
use super::network::free_name;
use super::options::Settings;
use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{self, Container, Plan, SecretFile, SecretValue};
use crate::render::Traced;
use crate::targets::{mounts, origins};

/// The volumes of a pod with Secrets, and where their files are.
#[derive(Default)]
pub struct Secrets {
    pub volumes: Vec<Volume>,
    pub mounts: Vec<Mount>,
}

/// The variables of a container with keys of Secrets.
pub fn environment(
    variables: &[plan::SecretVariable],
    findings: &mut Findings,
) -> Vec<SecretVariable> {
    let variable = |plan::SecretVariable { name, value }: &plan::SecretVariable| {
        check_variable(name, findings);
        let SecretValue { secret, key } = value;
        SecretVariable { name: name.into(), secret: secret.into(), key: key.into() }
    };
    variables.iter().map(variable).collect()
}

/// Lowers the files of a container with keys of Secrets. `taken` are the names of the volumes of the pod.
pub fn lower(
    container: &Container,
    taken: &mut HashSet<String>,
    findings: &mut Findings,
) -> Secrets {
    let mut secrets = Secrets::default();
    // The paths in all volumes.
    let mut paths = HashSet::new();
    for file in &container.extras().secret_files {
        let SecretFile { dest, value: SecretValue { secret, key: of_secret }, mode } = file;
        mounts::check_colon(dest, findings);
        let same = |volume: &&mut Volume| {
            volume.secret.as_ref().is_some_and(|name| *name.value == *secret.value)
        };
        let path = Traced::new(key(&dest.value, &mut paths), dest.span);
        let item = Item {
            key: of_secret.into(),
            path: path.clone(),
            mode: Traced::new(mode.value, origins::secret_mode(file)),
        };
        let name = match secrets.volumes.iter_mut().find(same) {
            Some(volume) => {
                volume.items.push(item);
                volume.name.value.clone()
            }
            None => {
                // Names of volumes have at most 63 characters, as those of secrets.
                let name = free_name("secret", "", taken);
                secrets.volumes.push(Volume {
                    name: Traced::new(name.clone(), secret.span),
                    claim: None,
                    host_path: None,
                    config_map: None,
                    secret: Some(secret.into()),
                    items: vec![item],
                    access: false,
                });
                name
            }
        };
        secrets.mounts.push(Mount {
            name: Traced::new(name, secret.span),
            path: dest.into(),
            sub_path: Some(path),
            read_only: Traced::new(true, dest.span),
        });
    }
    secrets
}

/// Says of each Secret that it must be in a namespace that the output creates.
pub fn check(plan: &Plan, settings: &Settings, findings: &mut Findings) {
    if !settings.create_namespace {
        return;
    }
    let mut known = HashSet::new();
    let namespace = &settings.namespace;
    for SecretValue { secret, key: _ } in plan.secrets() {
        if !known.insert(&secret.value) {
            continue;
        }
        let files: String =
            plan.keys(&secret.value).iter().map(|key| format!(" --from-file {key}=FILE")).collect();
        let message =
            format!("Secret `{}` must exist in namespace `{}`", secret.value, namespace.value);
        findings.push(Diagnostic::new(&codes::CLUSTER_NEEDS, secret.span, message).help(format!(
            "create it with all of its keys, for example with `kubectl create secret generic {} --namespace {}{files}`; pods wait for it",
            secret.value, namespace.value
        )));
    }
}
