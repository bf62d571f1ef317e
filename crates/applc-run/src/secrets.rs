//! Values in the secret store of a user, for the engine that has none: Docker Compose reads them from variables of
//! its environment.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use applc::diag::{Diagnostic, codes};
use applc::plan::{Plan, SecretValue};
use applc::targets::compose_secrets;

use crate::error::{Error, ErrorKind};

/// Where values are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    /// The folder with a file for each value: `SECRET/KEY`.
    folder: Option<PathBuf>,
    /// Whether the environment of this program has others.
    environment: bool,
}

/// Values by the variables of the environment that Compose reads them from.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Values(Vec<(String, OsString)>);

// Not what they are: it may end up in a log.
impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

impl Values {
    /// The variables with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &OsString)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The value of a variable.
    pub fn get(&self, variable: &str) -> Option<&OsString> {
        self.iter().find(|(name, _)| *name == variable).map(|(_, value)| value)
    }
}

/// Why there is no value.
enum Missing {
    /// Nothing has one.
    Unset,
    /// It is empty, which Compose takes for missing.
    Empty,
    /// It has a NUL character, which no variable can have.
    Nul,
    /// The file cannot be read.
    Unreadable(std::io::Error),
    /// It is one of a variable of a container, but not text: Compose would change it.
    NotText,
    /// It has this number of bytes, too many for a variable.
    TooLong(usize),
}

/// Maximum length in bytes of `NAME=value` for a program that Linux starts: `MAX_ARG_STRLEN`, without the final NUL.
const MAX_VARIABLE: usize = 131_071;

impl Missing {
    /// What is wrong with this value.
    fn message(&self, value: &SecretValue) -> String {
        let (secret, key) = (&value.secret.value, &value.key.value);
        let what = format!("the key `{key}` of the secret `{secret}`");
        match self {
            Missing::Unset => format!("secret `{secret}` has no key `{key}`"),
            Missing::Empty => format!("{what} is empty"),
            Missing::Nul => format!("{what} contains a NUL character"),
            Missing::Unreadable(cause) => format!("cannot read {what}: {cause}"),
            Missing::NotText => format!("{what} is not UTF-8, but a variable of a container"),
            Missing::TooLong(length) => {
                format!(
                    "{what} has {length} bytes, too many for a variable of at most {MAX_VARIABLE} with its name"
                )
            }
        }
    }

    /// What to do about a value that is there, but cannot be used.
    fn way_out(&self) -> Option<&'static str> {
        match self {
            Missing::NotText => {
                Some("store it as Base64 text, or use it as a file (`secret_files`)")
            }
            Missing::TooLong(_) => Some(
                "Compose reads secrets from variables; mount a large file from the host, or divide it into several keys",
            ),
            Missing::Unset | Missing::Empty | Missing::Nul | Missing::Unreadable(_) => None,
        }
    }
}

impl Secrets {
    /// Those of a folder, if one is named, and of the environment of this program.
    pub fn of_user(folder: Option<PathBuf>) -> Secrets {
        Secrets { folder, environment: true }
    }

    /// Those of a folder alone, for appliances of others.
    pub fn of_folder(folder: Option<PathBuf>) -> Secrets {
        Secrets { folder, environment: false }
    }

    /// Whether a folder is named.
    pub fn has_folder(&self) -> bool {
        self.folder.is_some()
    }

    /// The findings of an appliance for Compose: one for each value that is not there.
    pub fn missing(&self, plan: &Plan) -> Vec<Diagnostic> {
        let mut told = Vec::new();
        let mut findings = Vec::new();
        for (value, variable) in compose_secrets(plan) {
            let Err(missing) = self.usable(plan, value, &variable) else { continue };
            if told.contains(&variable) {
                continue;
            }
            let SecretValue { secret, key } = value;
            let (secret, span) = (&secret.value, secret.span);
            let key = &key.value;
            let finding = Diagnostic::new(&codes::NO_SECRET, span, missing.message(value));
            if let Some(way_out) = missing.way_out() {
                findings.push(finding.help(way_out));
                told.push(variable);
                continue;
            }
            findings.push(match (self.environment, &self.folder) {
                (true, None) => finding.help(format!(
                    "set the variable `{variable}`, or name a folder with the file `{secret}/{key}` with `--secrets DIR`"
                )),
                (true, Some(_)) => finding.help(format!(
                    "put it into the file `{secret}/{key}` of the folder of `--secrets`, or into the variable `{variable}`"
                )),
                (false, Some(_)) => finding.help(format!(
                    "the service reads it from the file `{secret}/{key}` in its folder of secrets"
                )),
                (false, None) => finding.help("the service has no folder of secrets (`--secrets DIR`)"),
            });
            told.push(variable);
        }
        findings
    }

    /// The values of an appliance for Compose.
    ///
    /// # Errors
    /// One is not there.
    pub fn values(&self, plan: &Plan) -> Result<Values, Error> {
        let mut values = Vec::new();
        for (value, variable) in compose_secrets(plan) {
            match self.usable(plan, value, &variable) {
                Ok(found) => values.push((variable, found)),
                Err(missing) => {
                    let help = missing
                        .way_out()
                        .map_or_else(|| format!("set the variable `{variable}`"), str::to_owned);
                    return Err(Error::new(ErrorKind::Missing, missing.message(value)).help(help));
                }
            }
        }
        Ok(Values(values))
    }

    /// A value that reaches the containers as it is.
    fn usable(
        &self,
        plan: &Plan,
        value: &SecretValue,
        variable: &str,
    ) -> Result<OsString, Missing> {
        let found = self.find(value, variable)?;
        let is_same = |other: &SecretValue| {
            (&other.secret.value, &other.key.value) == (&value.secret.value, &value.key.value)
        };
        let variables = plan.containers.iter().flat_map(|one| &one.extras().secret_env);
        let names = variables.filter(|one| is_same(&one.value)).map(|one| one.name.value.len());
        let longest = names.max();
        if longest.is_some() && found.to_str().is_none() {
            return Err(Missing::NotText);
        }
        // Compose gets it in a variable, too, if it is the content of a file.
        let name = longest.unwrap_or(0).max(variable.len());
        if name + 1 + found.len() > MAX_VARIABLE {
            return Err(Missing::TooLong(found.len()));
        }
        Ok(found)
    }

    /// A value: that of the folder, and otherwise that of the variable.
    fn find(&self, value: &SecretValue, variable: &str) -> Result<OsString, Missing> {
        let of_folder = match &self.folder {
            Some(folder) => read(folder, value)?,
            None => None,
        };
        let of_variable = || std::env::var_os(variable).filter(|_| self.environment);
        let found = of_folder.or_else(of_variable).ok_or(Missing::Unset)?;
        if found.is_empty() { Err(Missing::Empty) } else { Ok(found) }
    }
}

/// The content of the file with a value, byte for byte. `None` if there is no such file. Names of secrets and keys
/// have no slashes.
fn read(folder: &Path, value: &SecretValue) -> Result<Option<OsString>, Missing> {
    let path = folder.join(&*value.secret.value).join(&*value.key.value);
    // A pipe would be waited for.
    if std::fs::metadata(&path).is_ok_and(|data| !data.is_file() && !data.is_dir()) {
        let cause = std::io::Error::other("it is not a regular file");
        return Err(Missing::Unreadable(cause));
    }
    match std::fs::read(path) {
        Ok(bytes) if bytes.contains(&0) => Err(Missing::Nul),
        Ok(bytes) => text(bytes).map(Some),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(Missing::Unreadable(cause)),
    }
}

#[cfg(unix)]
fn text(bytes: Vec<u8>) -> Result<OsString, Missing> {
    Ok(std::os::unix::ffi::OsStringExt::from_vec(bytes))
}

#[cfg(not(unix))]
fn text(bytes: Vec<u8>) -> Result<OsString, Missing> {
    let invalid = |error| Missing::Unreadable(std::io::Error::other(error));
    String::from_utf8(bytes).map(OsString::from).map_err(invalid)
}

#[cfg(test)]
mod tests {
    use applc::analysis::Analysis;
    use applc::source::Source;

    use super::*;

    fn plan() -> Plan {
        let text = r#"{"id":"app","containers":[{"id":"a","type":"service","image":"b:1","resources":{"cpus":1,"mem":64},
            "secret_env":{"A":{"secret":"db","key":"one"},"B":{"secret":"db","key":"two"}},
            "secret_files":[{"dest":"/a","secret":"db","key":"one"}]}]}"#;
        Analysis::of(&Source::new("a.json", text)).plan.unwrap()
    }

    #[test]
    fn values_of_the_folder_are_exact_and_missing_ones_are_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("db")).unwrap();
        std::fs::write(folder.path().join("db/one"), "canary\n$").unwrap();
        let secrets = Secrets::of_folder(Some(folder.path().to_owned()));
        let found = secrets.missing(&plan());
        let messages: Vec<_> = found.iter().map(|one| one.message.as_str()).collect();
        assert_eq!(messages, ["secret `db` has no key `two`"]);
        assert_eq!(secrets.values(&plan()).unwrap_err().kind, ErrorKind::Missing);
        for (bytes, message) in [
            (&b""[..], "the key `two` of the secret `db` is empty"),
            (b"x\0", "the key `two` of the secret `db` contains a NUL character"),
        ] {
            std::fs::write(folder.path().join("db/two"), bytes).unwrap();
            assert_eq!(secrets.missing(&plan())[0].message, message);
        }
        let name = "SECRET_DB_TWO".len() + 1;
        std::fs::write(folder.path().join("db/two"), "x".repeat(MAX_VARIABLE - name)).unwrap();
        assert_eq!(secrets.missing(&plan()), []);
        std::fs::write(folder.path().join("db/two"), "x".repeat(MAX_VARIABLE - name + 1)).unwrap();
        let found = secrets.missing(&plan());
        assert!(
            found[0].message.starts_with("the key `two` of the secret `db` has 131058 bytes"),
            "{found:?}"
        );
        std::fs::write(folder.path().join("db/two"), "2").unwrap();
        assert_eq!(secrets.missing(&plan()), []);
        let values = secrets.values(&plan()).unwrap();
        let all: Vec<_> = values.iter().map(|(name, value)| (name, value.to_str())).collect();
        let one = ("SECRET_DB_ONE", Some("canary\n$"));
        assert_eq!(all, [one, ("SECRET_DB_TWO", Some("2")), one]);
        assert!(!format!("{values:?}").contains("canary"));
    }

    #[cfg(unix)]
    #[test]
    fn what_is_not_text_is_no_value_of_a_variable() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("db")).unwrap();
        std::fs::write(folder.path().join("db/one"), b"\xff").unwrap();
        std::fs::write(folder.path().join("db/two"), "2").unwrap();
        let secrets = Secrets::of_folder(Some(folder.path().to_owned()));
        let found = secrets.missing(&plan());
        let message =
            "the key `one` of the secret `db` is not UTF-8, but a variable of a container";
        assert_eq!(found.iter().map(|one| one.message.as_str()).collect::<Vec<_>>(), [message]);
        assert!(found[0].help[0].contains("Base64"));
        assert_eq!(secrets.values(&plan()).unwrap_err().kind, ErrorKind::Missing);
        // A file has any bytes.
        let mut plan = plan();
        plan.containers[0].extras.as_mut().unwrap().secret_env.remove(0);
        assert_eq!(secrets.missing(&plan), []);
    }

    #[test]
    fn without_a_folder_and_the_environment_there_are_none() {
        assert_eq!(Secrets::of_folder(None).missing(&plan()).len(), 2);
        assert!(Secrets::of_folder(None).missing(&plan())[0].help[0].contains("--secrets DIR"));
    }
}
