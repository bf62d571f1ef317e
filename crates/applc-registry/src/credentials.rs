//! The credentials that `docker login` has stored.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use docker_credential::{CredentialRetrievalError, DockerCredential};
use serde_json::Value;

/// Time for a helper, which may ask a person to unlock a store.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where credentials come from: a folder with a `config.json`.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    folder: Option<PathBuf>,
}

/// What is known for a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Credential {
    /// Nothing: it is asked without.
    None,
    /// A user and a password.
    User(String, String),
    /// A token for which the registry gives others.
    Identity(String),
}

/// Why credentials cannot be found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// What is wrong.
    pub cause: String,
    /// How to mend it.
    pub help: String,
}

impl Credentials {
    /// Those of Docker: in the folder of `DOCKER_CONFIG`, or in `.docker` in the home folder.
    pub fn of_docker() -> Credentials {
        let home = || {
            let home = env::var_os("HOME").or_else(|| env::var_os("USERPROFILE"))?;
            Some(Path::new(&home).join(".docker"))
        };
        let set = env::var_os("DOCKER_CONFIG").filter(|folder| !folder.is_empty());
        Credentials { folder: set.map(PathBuf::from).or_else(home) }
    }

    /// Those in a folder.
    pub fn in_folder(folder: &Path) -> Credentials {
        Credentials { folder: Some(folder.to_owned()) }
    }

    /// What is known for a registry.
    ///
    /// # Errors
    /// Why that cannot be found out: the file is invalid, or a helper fails or takes too long.
    pub(crate) fn of(&self, registry: &str) -> Result<Credential, Fault> {
        let Some(folder) = &self.folder else { return Ok(Credential::None) };
        let path = folder.join("config.json");
        let file = path.display();
        let fault = |cause: String, help: String| Fault { cause, help };
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Credential::None),
            Err(cause) => {
                let help =
                    "make it a file that you may read, or name another folder in `DOCKER_CONFIG`";
                return Err(fault(format!("cannot read `{file}`: {cause}"), help.to_owned()));
            }
        };
        // Docker takes an empty file, too.
        if text.trim_ascii().is_empty() {
            return Ok(Credential::None);
        }
        let correct = "correct the file, or move it away and log in again with `docker login`";
        let config: Value = serde_json::from_slice(&text)
            .map_err(|cause| fault(format!("`{file}` is no JSON: {cause}"), correct.to_owned()))?;
        // The key of Docker Hub, for files and for helpers.
        let key = if registry == "docker.io" { "https://index.docker.io/v1/" } else { registry };
        let helper = helper(&config, key);
        let asked = {
            let (text, key) = (text, key.to_owned());
            within(PATIENCE, move || {
                docker_credential::get_credential_from_reader(text.as_slice(), &key)
            })
        };
        let try_it =
            format!("`echo {key} | {helper} get` shows what is wrong; `{file}` names the helper");
        match asked {
            None => {
                let seconds = PATIENCE.as_secs();
                Err(fault(format!("`{helper}` does not answer in {seconds} s"), try_it))
            }
            Some(Ok(DockerCredential::UsernamePassword(user, _))) if user.is_empty() => {
                Ok(Credential::None)
            }
            Some(Ok(DockerCredential::UsernamePassword(user, password))) => {
                Ok(Credential::User(user, password))
            }
            Some(Ok(DockerCredential::IdentityToken(token))) => Ok(Credential::Identity(token)),
            Some(Err(error)) => match error {
                CredentialRetrievalError::NoCredentialConfigured => Ok(Credential::None),
                // The words of the helpers of Docker (`credentials.errCredentialsNotFoundMessage`).
                CredentialRetrievalError::HelperFailure { stdout, .. }
                    if stdout.contains("credentials not found") =>
                {
                    Ok(Credential::None)
                }
                CredentialRetrievalError::HelperFailure { stdout, stderr, .. } => {
                    let said = [stdout, stderr];
                    let mut lines = said.iter().flat_map(|text| text.lines());
                    let line = lines.find(|line| !line.trim().is_empty());
                    let said = line.unwrap_or("it says nothing").trim();
                    Err(fault(format!("`{helper}` fails: {said}"), try_it))
                }
                CredentialRetrievalError::MalformedHelperResponse => {
                    let cause = format!("`{helper}` prints no JSON with `Username` and `Secret`");
                    Err(fault(cause, try_it))
                }
                CredentialRetrievalError::HelperCommunicationError => {
                    let cause = format!("`{helper}` cannot be run, or does not read its input");
                    let help = format!("install it, or remove it from `{file}` and log in again");
                    Err(fault(cause, help))
                }
                CredentialRetrievalError::CredentialDecodingError => {
                    let cause =
                        format!("`auth` of `{key}` in `{file}` is no `USER:PASSWORD` in Base64");
                    Err(fault(cause, "log in again with `docker login`".to_owned()))
                }
                CredentialRetrievalError::CredentialMismatchError => {
                    let cause = format!(
                        "`auth` of `{key}` in `{file}` differs from `username` and `password`"
                    );
                    Err(fault(cause, "log in again with `docker login`".to_owned()))
                }
                // It is JSON of another form.
                CredentialRetrievalError::ConfigReadError
                | CredentialRetrievalError::ConfigNotFound => {
                    let cause = format!("`{file}` is no configuration of Docker");
                    Err(fault(cause, correct.to_owned()))
                }
            },
        }
    }
}

/// The program that has the credentials of a registry.
fn helper(config: &Value, key: &str) -> String {
    let own = config.get("credHelpers").and_then(|helpers| helpers.get(key));
    let name = own.or_else(|| config.get("credsStore")).and_then(Value::as_str);
    format!("docker-credential-{}", name.unwrap_or_default())
}

/// Size of the stacks of threads, in bytes: what Rust gives them without `RUST_MIN_STACK`.
pub const STACK: usize = 2 << 20;

/// What a function gives, unless it takes too long; then it goes on until the process ends.
fn within<T: Send + 'static>(
    time: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (sender, receiver) = mpsc::channel();
    thread::Builder::new().stack_size(STACK).spawn(move || sender.send(work())).ok()?;
    receiver.recv_timeout(time).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(config: &str, registry: &str) -> Result<Credential, Fault> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.json"), config).unwrap();
        Credentials::in_folder(folder.path()).of(registry)
    }

    #[test]
    fn the_file_of_docker_is_read() {
        // `user:secret`
        let config = r#"{"auths": {
            "r.example:5000": {"auth": "dXNlcjpzZWNyZXQ="},
            "https://index.docker.io/v1/": {"identitytoken": "t"},
            "empty.example": {}
        }}"#;
        let user = Credential::User("user".to_owned(), "secret".to_owned());
        assert_eq!(of(config, "r.example:5000"), Ok(user));
        assert_eq!(of(config, "docker.io"), Ok(Credential::Identity("t".to_owned())));
        assert_eq!(of(config, "empty.example"), Ok(Credential::None));
        assert_eq!(of(config, "other.example"), Ok(Credential::None));
        assert_eq!(of("\n", "other.example"), Ok(Credential::None));
        assert_eq!(Credentials::in_folder(Path::new("/nowhere")).of("x"), Ok(Credential::None));
    }

    #[test]
    fn what_is_wrong_with_the_file_is_said() {
        let (no_json, login) = ("or move it away", "log in again with `docker login`");
        for (config, cause, help) in [
            ("{", "config.json` is no JSON: EOF while parsing an object at line 1", no_json),
            ("[]", "config.json` is no configuration of Docker", no_json),
            (r#"{"auths": {"x": {"auth": "!"}}}"#, "is no `USER:PASSWORD` in Base64", login),
            (
                r#"{"auths": {"x": {"auth": "dXNlcjpzZWNyZXQ=", "username": "u", "password": "p"}}}"#,
                "differs from `username` and `password`",
                login,
            ),
            (
                r#"{"credHelpers": {"x": "of-nobody"}, "credsStore": "other"}"#,
                "`docker-credential-of-nobody` cannot be run",
                "install it, or remove it from",
            ),
        ] {
            let fault = of(config, "x").unwrap_err();
            assert!(fault.cause.contains(cause), "{}", fault.cause);
            assert!(fault.help.contains(help), "{}", fault.help);
        }
    }

    #[test]
    fn what_takes_too_long_is_given_up() {
        let (keep, never) = mpsc::channel::<()>();
        assert_eq!(within(Duration::from_millis(5), move || never.recv().is_ok()), None);
        drop(keep);
        assert_eq!(within(Duration::from_secs(60), || 1), Some(1));
    }
}
