//! `applc logs`.

use std::io;

use applc_run::{Error, ErrorKind, LogOptions};

use super::{appliances, failed};
use crate::Status;
use crate::args::Logs;

/// Prints the logs of an appliance or of one of its containers.
pub fn run(arguments: &Logs) -> Status {
    let appliances = match appliances() {
        Ok(appliances) => appliances,
        Err(status) => return status,
    };
    let printed = appliances.find(&arguments.id, arguments.target.as_deref()).and_then(|running| {
        let wanted = arguments.container.as_deref();
        let all = &running.observed.instances;
        let is_wanted = |container: &str| wanted.is_none_or(|wanted| wanted == container);
        let of = all.iter().filter(|one| is_wanted(&one.container));
        let names: Vec<String> = of.map(|one| one.name.clone()).collect();
        if names.is_empty() {
            let id = &arguments.id;
            let message = match wanted {
                Some(wanted) => format!("`{id}` has no container `{wanted}` that was started"),
                None => format!("nothing of `{id}` was started"),
            };
            return Err(Error::new(ErrorKind::Unknown, message)
                .help(format!("`applc status {id}` lists its containers")));
        }
        let (follow, tail) = (arguments.follow, arguments.tail);
        let options = LogOptions { follow, tail, ..LogOptions::default() };
        running.engine.logs(&names, options, &mut io::stdout())
    });
    printed.map_or_else(|error| failed(&error), |()| Status::Clean)
}
