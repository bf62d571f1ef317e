//! The credentials that `docker login` has stored.

use std::env;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use docker_credential::{CredentialRetrievalError, DockerCredential};

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
    /// Why that cannot be found out: the file is invalid, or a helper fails.
    pub(crate) fn of(&self, registry: &str) -> Result<Credential, String> {
        let Some(folder) = &self.folder else { return Ok(Credential::None) };
        let path = folder.join("config.json");
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Credential::None),
            Err(cause) => return Err(format!("cannot read `{}`: {cause}", path.display())),
        };
        // The key of Docker Hub, for files and for helpers.
        let key = if registry == "docker.io" { "https://index.docker.io/v1/" } else { registry };
        match docker_credential::get_credential_from_reader(BufReader::new(file), key) {
            Ok(DockerCredential::UsernamePassword(user, _)) if user.is_empty() => {
                Ok(Credential::None)
            }
            Ok(DockerCredential::UsernamePassword(user, password)) => {
                Ok(Credential::User(user, password))
            }
            Ok(DockerCredential::IdentityToken(token)) => Ok(Credential::Identity(token)),
            Err(CredentialRetrievalError::NoCredentialConfigured) => Ok(Credential::None),
            // The words of the helpers of Docker (`credentials.errCredentialsNotFoundMessage`).
            Err(CredentialRetrievalError::HelperFailure { stdout, .. })
                if stdout.contains("credentials not found") =>
            {
                Ok(Credential::None)
            }
            Err(CredentialRetrievalError::HelperFailure { helper, stdout, stderr }) => {
                let said = [stdout, stderr];
                let line = said.iter().flat_map(|text| text.lines()).find(|line| !line.is_empty());
                Err(format!("`{helper}` fails: {}", line.unwrap_or("it says nothing").trim()))
            }
            Err(error) => Err(format!("`{}`: {error}", path.display())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(config: &str, registry: &str) -> Result<Credential, String> {
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
        assert_eq!(Credentials::in_folder(Path::new("/nowhere")).of("x"), Ok(Credential::None));
        assert!(of("{", "x").unwrap_err().contains("config.json"));
    }
}
