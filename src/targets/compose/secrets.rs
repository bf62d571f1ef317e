//! Values in the secret store: on Compose, variables of the environment that Compose runs in.

use std::collections::{BTreeMap, HashMap};

use ecow::EcoString;

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, Plan, SecretFile, SecretValue, SecretVariable};
use crate::render::{Composed, Origin, Traced};
use crate::source::{Span, Spanned};
use crate::targets::{mounts, names};

use super::escaped;
use super::model::{Secret, SecretMount};

/// The variables of an appliance.
pub struct Variables<'a> {
    /// By the secret and its key.
    names: HashMap<&'a str, HashMap<&'a str, String>>,
}

impl<'a> Variables<'a> {
    /// The variables of this appliance: `SECRET_`, the secret and its key in upper case, with underscores for
    /// everything else. If that is the same for several, a digest tells them apart.
    pub fn of(plan: &'a Plan) -> Variables<'a> {
        let mut by_name: BTreeMap<String, Vec<(&str, &str)>> = BTreeMap::new();
        let extras = plan.containers.iter().map(Container::extras);
        for SecretValue { secret, key } in extras.flat_map(|extras| extras.secrets()) {
            let pair = (secret.value.as_str(), key.value.as_str());
            let pairs = by_name.entry(plain(pair)).or_default();
            if !pairs.contains(&pair) {
                pairs.push(pair);
            }
        }
        let mut names: HashMap<_, HashMap<_, _>> = HashMap::new();
        for (name, pairs) in by_name {
            let is_single = pairs.len() == 1;
            for pair in pairs {
                let name = match is_single {
                    true => name.clone(),
                    false => {
                        let digest = names::digest(&format!("{}\0{}", pair.0, pair.1));
                        let digest = digest.get(..8).unwrap_or_default().to_uppercase();
                        format!("{name}_{digest}")
                    }
                };
                names.entry(pair.0).or_default().insert(pair.1, name);
            }
        }
        Variables { names }
    }

    /// The variable of a value.
    pub fn name(&self, value: &SecretValue) -> &str {
        let (secret, key) = (value.secret.value.as_str(), value.key.value.as_str());
        self.names.get(secret).and_then(|keys| keys.get(key)).map_or("", String::as_str)
    }

    /// What Compose replaces by a value, and what it says if there is none.
    fn required(&self, value: &SecretValue) -> String {
        let SecretValue { secret, key } = value;
        format!("${{{}:?the key {} of the secret {}}}", self.name(value), key.value, secret.value)
    }
}

/// The plain name of a variable. With what it begins with, it is none that programs know, such as
/// `DOCKER_HOST` for the key `host` of the secret `docker`.
fn plain((secret, key): (&str, &str)) -> String {
    let upper = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    format!("secret_{secret}_{key}").chars().map(upper).collect()
}

/// The items of `environment` for the variables of a container.
pub fn environment(
    variables: &Variables<'_>,
    container: &Container,
    findings: &mut Findings,
) -> Vec<Composed> {
    let item = |SecretVariable { name, value }: &SecretVariable| {
        check_name(name, findings);
        let written = format!("{}={}", escaped(&name.value), variables.required(value));
        let from = Origin::from(value.secret.span).and(name.span);
        Composed::new(written, from, vec![value.key.span])
    };
    container.extras().secret_env.iter().map(item).collect()
}

/// Reports the name of a variable that Compose refuses. It looks for whitespace at the end, and takes
/// the last byte for a character: that of `à` is a no-break space in Latin-1.
pub fn check_name(name: &Spanned<EcoString>, findings: &mut Findings) {
    let Some(last) = name.value.bytes().last().filter(|byte| char::from(*byte).is_whitespace())
    else {
        return;
    };
    let message = if last.is_ascii() {
        "the name of an environment variable cannot end in whitespace".to_string()
    } else {
        format!("Compose mistakes the last byte of `{}`, {last:02X}, for whitespace", name.value)
    };
    findings.push(Diagnostic::new(&codes::BAD_TARGET_VALUE, name.span, message));
}

/// The key of a secret in the Compose file. No name of a secret contains a dot.
fn key(value: &SecretValue) -> String {
    format!("{}.{}", value.secret.value, value.key.value)
}

/// Where the files are in a container.
pub fn mounts(
    container: &Container,
    files: &[SecretFile],
    findings: &mut Findings,
) -> Vec<SecretMount> {
    let mount = |SecretFile { dest, value, mode }: &SecretFile| {
        mounts::check_colon(dest, findings);
        mounts::check_copied(container, dest, findings);
        SecretMount {
            source: Composed::new(key(value), value.secret.span, vec![value.key.span]),
            target: Traced::new(escaped(&dest.value), dest.span),
            // With a mode, Compose prints a warning that it is ignored, which is wrong.
            mode: (mode.span != dest.span)
                .then(|| Traced::new(format!("{:04o}", mode.value), mode.span)),
        }
    };
    files.iter().map(mount).collect()
}

/// The secrets of the Compose file, each with the place of the id of the first container with it.
pub fn secrets(plan: &Plan, variables: &Variables<'_>) -> Vec<(Span, Secret)> {
    let mut secrets: BTreeMap<String, (Span, Secret)> = BTreeMap::new();
    for container in &plan.containers {
        for SecretFile { dest: _, value, mode: _ } in &container.extras().secret_files {
            let from = || (value.secret.span, vec![value.key.span]);
            let composed = |text| {
                let (from, also) = from();
                Composed::new(text, from, also)
            };
            let secret = || Secret {
                key: composed(key(value)),
                variable: composed(variables.name(value).to_owned()),
                required: composed(variables.required(value)),
            };
            secrets.entry(key(value)).or_insert_with(|| (container.id.span, secret()));
        }
    }
    secrets.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_of_each_value_is_its_own() {
        let source = crate::source::Source::new(
            "a.json",
            r#"{"id":"app","containers":[{"id":"a","type":"service","image":"b:1","resources":{"cpus":1,"mem":64},
                "secret_env":{"A":{"secret":"db","key":"pass.word"},"B":{"secret":"a-b","key":"c"},
                "C":{"secret":"a","key":"b-c"},"D":{"secret":"1","key":"x"},"E":{"secret":"db","key":"pass.word"}}}]}"#,
        );
        let plan = crate::analysis::Analysis::of(&source).plan.unwrap();
        let variables = Variables::of(&plan);
        let extras = plan.containers[0].extras();
        let names: Vec<_> = extras.secrets().map(|value| variables.name(value)).collect();
        assert_eq!(
            names,
            [
                "SECRET_DB_PASS_WORD",
                "SECRET_A_B_C_BBB579AF",
                "SECRET_A_B_C_3F6E36FC",
                "SECRET_1_X",
                "SECRET_DB_PASS_WORD"
            ]
        );
    }
}
