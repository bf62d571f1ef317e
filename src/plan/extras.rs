//! What most containers do not have: settings beyond those that every container has.

use std::sync::Arc;

use ecow::EcoString;

use super::Text;
use crate::source::Spanned;

/// Settings that most containers do not have.
#[derive(Debug, Clone, Default)]
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
}

/// How an image is built.
#[derive(Debug, Clone)]
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

/// A build argument.
#[derive(Debug, Clone)]
pub struct BuildArgument {
    /// ASCII letters, digits, and underscores.
    pub name: Spanned<EcoString>,
    /// Its value, without references.
    pub value: Spanned<EcoString>,
}

/// A file of the appliance in a container.
#[derive(Debug, Clone)]
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
#[derive(Debug, Clone)]
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
#[derive(Debug, Clone)]
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
    };

    /// Whether there are none.
    pub fn is_none(&self) -> bool {
        let Extras { user, working_dir, stop_timeout, labels, build, files } = self;
        let settings = user.is_some() || working_dir.is_some() || stop_timeout.is_some();
        !settings && build.is_none() && labels.is_empty() && files.is_empty()
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
