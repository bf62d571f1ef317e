//! The environment of the service. The program starts itself again without all variables that do not concern
//! an engine, so that the programs of engines, and whatever a request may make them do, never see them.

use std::io::{self, Seek, Write};
use std::process::{Command, Stdio};

use crate::Status;
use crate::terminal::fail;

/// The variable with the token.
const TOKEN: &str = "APPLC_TOKEN";

/// Marks the environment that is clear, with [`mark`].
const CLEAR: &str = "APPLC_CLEAR";

/// The variables that concern the programs of engines: where they are, whose settings and credentials they
/// use, and how they reach the network.
const KEPT: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "TZ",
    "TMPDIR",
    "APPLC_STATE",
    "XDG_STATE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_RUNTIME_DIR",
    "SSH_AUTH_SOCK",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "KUBECONFIG",
    "KUBERNETES_SERVICE_HOST",
    "KUBERNETES_SERVICE_PORT",
    // Windows.
    "APPDATA",
    "COMSPEC",
    "LOCALAPPDATA",
    "PATHEXT",
    "PROGRAMDATA",
    "PROGRAMFILES",
    "SYSTEMROOT",
    "TEMP",
    "TMP",
    "USERPROFILE",
    "WINDIR",
];

/// The beginnings of further ones.
const FAMILIES: &[&str] = &["DOCKER_", "NOMAD_", "MARATHON_", "DCOS_", "LC_"];

fn is_kept(name: &str) -> bool {
    KEPT.contains(&name) || FAMILIES.iter().any(|family| name.starts_with(family))
}

/// What marks the environment that this process makes clear. On Unix, the program that takes its place has the
/// same id, and no other one has: a variable that was set from outside marks nothing.
fn mark() -> String {
    if cfg!(unix) { std::process::id().to_string() } else { "1".to_owned() }
}

fn is_clear() -> bool {
    let marked = std::env::var(CLEAR).is_ok_and(|value| value == mark());
    // It would be passed on, and not be asked for.
    marked && std::env::var_os(TOKEN).is_none()
}

/// Starts the program again without the other variables. `None` if that was done, and it can go on.
pub fn clear(has_token_file: bool) -> Option<Status> {
    if is_clear() {
        return None;
    }
    match again(has_token_file) {
        Ok(status) => Some(status),
        Err(cause) => Some(fail(&format!("cannot start again: {cause}"), Status::Io)),
    }
}

fn again(has_token_file: bool) -> io::Result<Status> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(std::env::args_os().skip(1)).env_clear().env(CLEAR, mark());
    command.envs(std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_kept)));
    if let Some(token) = std::env::var_os(TOKEN).filter(|_| !has_token_file) {
        let token = token.into_string().map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidData, format!("`{TOKEN}` is not text"))
        })?;
        // A file without a name: neither arguments nor variables, which others may read.
        let mut file = tempfile::tempfile()?;
        file.write_all(token.as_bytes())?;
        file.rewind()?;
        command.args(["--token-file", "-"]).stdin(Stdio::from(file));
    }
    replace(command)
}

/// Takes the place of this process.
#[cfg(unix)]
fn replace(mut command: Command) -> io::Result<Status> {
    use std::os::unix::process::CommandExt;
    Err(command.exec())
}

/// Waits for the end of the other process.
#[cfg(not(unix))]
fn replace(mut command: Command) -> io::Result<Status> {
    let status = command.status()?;
    Ok(if status.success() { Status::Clean } else { Status::Io })
}
