//! What most containers do not have: settings beyond those that every container has.

use std::collections::BTreeMap;
use std::sync::Arc;

use ecow::EcoString;
use serde::{Deserialize, Serialize};

use super::{Plan, Text};
use crate::source::Spanned;

/// Settings that most containers do not have.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Extras {
    /// The user, as written: a number or a name, with or without a group after a colon.
    pub user: Option<Spanned<EcoString>>,
    /// Absolute path of the working directory.
    pub working_dir: Option<Spanned<EcoString>>,
    /// Seconds between the stop signal and the kill.
    pub stop_timeout: Option<Spanned<u32>>,
    /// Labels, in the order of the document.
    pub labels: Vec<Label>,
    /// How the image is built.
    pub build: Option<Build>,
    /// Files of the appliance, in the order of the document.
    pub files: Vec<File>,
    /// Environment variables with a value in the secret store, in the order of the document.
    pub secret_env: Vec<SecretVariable>,
    /// Files with content in the secret store, in the order of the document.
    pub secret_files: Vec<SecretFile>,
}

/// A value in the secret store of the platform. The value itself is never known here.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SecretValue {
    /// The name of the secret: lower-case letters, digits, and hyphens.
    pub secret: Spanned<EcoString>,
    /// The key in it: letters, digits, `_`, `-`, and `.`.
    pub key: Spanned<EcoString>,
}

/// An environment variable with a value in the secret store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SecretVariable {
    /// Its name.
    pub name: Spanned<EcoString>,
    /// Its value.
    pub value: SecretValue,
}

/// A file with content in the secret store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SecretFile {
    /// Absolute path in the container.
    pub dest: Spanned<EcoString>,
    /// Its content.
    pub value: SecretValue,
    /// Permissions.
    pub mode: Spanned<u32>,
}

/// How an image is built.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Build {
    /// The folder that is built, relative to the folder of the appliance.
    pub context: Spanned<EcoString>,
    /// The path of the Dockerfile, relative to the context.
    pub dockerfile: Option<Spanned<EcoString>>,
    /// Build arguments, in the order of the document.
    pub args: Vec<BuildArgument>,
    /// The stage of the Dockerfile.
    pub target: Option<Spanned<EcoString>>,
}

impl Build {
    /// Whether it builds the same image as another one, whichever way both are written.
    pub fn is_same(&self, other: &Build) -> bool {
        self.folder() == other.folder()
            && self.file() == other.file()
            && self.arguments() == other.arguments()
            && self.stage() == other.stage()
    }

    fn folder(&self) -> Vec<&str> {
        steps(&self.context.value)
    }

    /// The path of the Dockerfile; of that name if none is written.
    fn file(&self) -> Vec<&str> {
        self.dockerfile.as_ref().map_or(vec!["Dockerfile"], |path| steps(&path.value))
    }

    fn stage(&self) -> Option<&str> {
        self.target.as_ref().map(|stage| stage.value.as_str())
    }

    /// The last value of each argument, as for Docker.
    fn arguments(&self) -> BTreeMap<&str, &str> {
        self.args.iter().map(|one| (one.name.value.as_str(), one.value.value.as_str())).collect()
    }
}

/// The steps of a relative path, without those that lead nowhere.
fn steps(path: &str) -> Vec<&str> {
    path.split('/').filter(|step| !step.is_empty() && *step != ".").collect()
}

/// A build argument.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BuildArgument {
    /// ASCII letters, digits, and underscores.
    pub name: Spanned<EcoString>,
    /// Its value, without references.
    pub value: Spanned<EcoString>,
}

/// A file of the appliance in a container.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct File {
    /// Absolute path in the container.
    pub dest: Spanned<EcoString>,
    /// The path of the file with its content, relative to the folder of the appliance, if it is not
    /// written in the appliance.
    pub source: Option<Spanned<EcoString>>,
    /// Its content.
    pub content: Content,
    /// Permissions.
    pub mode: Spanned<u32>,
}

/// The content of a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Content {
    /// Text, with references if it is written in the appliance.
    Text(Text),
    /// Bytes that are not text.
    Bytes(Arc<[u8]>),
    /// That of a file that has not been read.
    Unread,
}

impl File {
    /// The content, if it is text.
    pub fn text(&self) -> Option<&Text> {
        match &self.content {
            Content::Text(text) => Some(text),
            Content::Bytes(_) | Content::Unread => None,
        }
    }
}

/// A label of a container.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Label {
    /// Printable ASCII characters without spaces and `=`.
    pub name: Spanned<EcoString>,
    /// Its value, without references.
    pub value: Spanned<EcoString>,
}

impl Extras {
    /// None of them.
    pub const NONE: Extras = Extras {
        user: None,
        working_dir: None,
        stop_timeout: None,
        labels: Vec::new(),
        build: None,
        files: Vec::new(),
        secret_env: Vec::new(),
        secret_files: Vec::new(),
    };

    /// The values in the secret store: those of variables, then those of files.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretValue> {
        let variables = self.secret_env.iter().map(|variable| &variable.value);
        variables.chain(self.secret_files.iter().map(|file| &file.value))
    }

    /// Whether there are none.
    pub fn is_none(&self) -> bool {
        let Extras {
            user,
            working_dir,
            stop_timeout,
            labels,
            build,
            files,
            secret_env,
            secret_files,
        } = self;
        let settings = user.is_some() || working_dir.is_some() || stop_timeout.is_some();
        let secrets = !secret_env.is_empty() || !secret_files.is_empty();
        !settings && !secrets && build.is_none() && labels.is_empty() && files.is_empty()
    }
}

impl Plan {
    /// The values of all containers in the secret store, in the order of the document.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretValue> {
        self.containers.iter().flat_map(|container| container.extras().secrets())
    }

    /// The keys of a secret that are used, each once.
    pub fn keys(&self, secret: &str) -> Vec<&str> {
        let mut keys = Vec::new();
        for value in self.secrets().filter(|value| value.secret.value == secret) {
            if !keys.contains(&value.key.value.as_str()) {
                keys.push(value.key.value.as_str());
            }
        }
        keys
    }
}

/// The numbers of a user and its group. `None` if one of them is a name.
pub fn user_numbers(user: &str) -> Option<(u64, Option<u64>)> {
    let (user, group) = match user.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (user, None),
    };
    let group = match group {
        Some(group) => Some(group.parse().ok()?),
        None => None,
    };
    Some((user.parse().ok()?, group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_numbers_or_names() {
        assert_eq!(user_numbers("1000"), Some((1000, None)));
        assert_eq!(user_numbers("0:100"), Some((0, Some(100))));
        for name in ["www-data", "1000:staff", "www-data:1000", "1e3"] {
            assert_eq!(user_numbers(name), None, "{name}");
        }
    }
}
