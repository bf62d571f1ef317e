//! `applc serve`.

mod environment;

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use applc::source::Sources;
use applc::targets;
use applc_run::http::{Allow, Settings, Terms, serve};
use applc_run::{Appliances, ErrorKind, Secrets, end_all, engine_with};

use super::{failed, folder};
use crate::Status;
use crate::args::{FindingsArguments, Power, Serve, TargetArguments};
use crate::reporter::{Reporter, Stream};
use crate::select::Wanted;
use crate::terminal::{fail, note};

/// Serves the HTTP API until the program is told to end.
pub fn run(arguments: &Serve) -> Status {
    // Nothing of the environment reaches the programs of engines, or the answers to requests.
    if let Some(status) = environment::clear(arguments.token_file.is_some()) {
        return status;
    }
    let served = serve_with(arguments);
    // Some threads may still wait for one.
    end_all(|| ());
    served.map_or_else(|status| status, |()| Status::Clean)
}

fn serve_with(arguments: &Serve) -> Result<(), Status> {
    let settings = Settings {
        listen: arguments.listen,
        hosts: arguments.hosts.clone(),
        token: arguments.token_file.as_deref().map(token).transpose()?,
        terms: terms(arguments)?,
    };
    settings.check().map_err(|error| fail(&error.to_string(), Status::Usage))?;
    let engine =
        engine_with(&arguments.engine, secrets(arguments)).map_err(|error| failed(&error))?;
    let ready = |address| note(&format!("{} on http://{address}", arguments.engine));
    // Signals are handled there.
    let appliances = Appliances::new(folder()?);
    serve(settings, Arc::from(engine), appliances, ready).map_err(|error| match error.kind {
        ErrorKind::Folder => failed(&error),
        _ => fail(&error.to_string(), Status::Io),
    })
}

/// How appliances are compiled: for the target of the engine, and without any project file.
fn terms(arguments: &Serve) -> Result<Terms, Status> {
    let mut reporter = Reporter::new(&FindingsArguments::default(), Stream::Stderr, false)?;
    let wanted = TargetArguments {
        names: vec![arguments.engine.clone()],
        options: arguments.options.clone(),
    };
    let known: Vec<_> = targets::built_in().collect();
    let mut sources = Sources::new();
    let selected = Wanted::read(&wanted, &mut reporter)?.among(&known, &mut sources, &reporter)?;
    let target = selected.into_iter().next().ok_or(Status::Usage)?;
    let allow = Allow {
        privileged: arguments.allow.contains(&Power::Privileged),
        host_paths: arguments.allow.contains(&Power::HostPath),
    };
    Ok(Terms { target, sources, allow, secrets: secrets(arguments) })
}

/// The values of secrets: never those of the environment, as appliances are not those of its user.
fn secrets(arguments: &Serve) -> Secrets {
    Secrets::of_folder(arguments.secrets.clone())
}

/// The token in a file.
fn token(path: &Path) -> Result<String, Status> {
    let read = if path == Path::new("-") {
        let mut text = String::new();
        io::stdin().lock().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    let text = read.map_err(|cause| {
        fail(&format!("cannot read the token in `{}`: {cause}", path.display()), Status::Io)
    })?;
    Ok(text.trim().to_owned())
}
