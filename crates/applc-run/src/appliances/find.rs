//! Which engine an appliance is on, and which appliances there are.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Appliances, Running, shown};
use crate::custom::Custom;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::folder::Record;
use crate::state::Observed;
use crate::{SUPPORTED, engine};

/// An appliance in the list of all.
#[derive(Debug)]
pub struct Listed {
    /// Its id.
    pub id: String,
    /// The target that it was brought up on.
    pub target: String,
    /// The appliance file, if this machine knows it.
    pub file: Option<String>,
    /// Whether it was submitted over HTTP, as far as this machine knows.
    pub over_http: bool,
    /// Whether it is down, and only its volumes are kept.
    pub is_down: bool,
    /// The appliance with states and endpoints.
    pub appliance: Value,
    /// What runs of it.
    pub observed: Observed,
}

impl Appliances {
    /// Finds an appliance: on the given target, on the one that it was brought up on from this machine, or on
    /// any that knows it.
    ///
    /// # Errors
    /// No engine knows the appliance, several do, or the one that must be asked does not answer.
    pub fn find(&self, id: &str, target: Option<&str>) -> Result<Running, Error> {
        self.known(id, target)?.ok_or_else(|| unknown(id, &[]))
    }

    /// Finds an appliance that is to be removed, as [`Appliances::find`] does, or else one of which only volumes are
    /// left.
    ///
    /// # Errors
    /// As those of [`Appliances::find`].
    pub fn find_remains(&self, id: &str, target: Option<&str>) -> Result<Running, Error> {
        if let Some(running) = self.known(id, target)? {
            return Ok(running);
        }
        let targets = target.map_or_else(|| SUPPORTED.to_vec(), |target| vec![target]);
        let with_volumes = |target: &str| {
            // An engine that cannot list volumes has none of it that it could remove.
            let engine = engine(target).ok()?;
            let volumes = engine.volumes(Some(id)).ok()?;
            let observed = Observed::default();
            (!volumes.is_empty()).then_some(Running { engine, record: None, observed })
        };
        let mut left: Vec<Running> = targets.into_iter().filter_map(with_volumes).collect();
        match left.pop() {
            Some(one) if left.is_empty() => Ok(one),
            Some(one) => {
                left.push(one);
                Err(several(id, left.iter().map(|one| one.engine.target().to_owned()).collect()))
            }
            None => Err(unknown(id, &[])),
        }
    }

    /// The appliance, if an engine knows it or this machine has brought it up.
    fn known(&self, id: &str, target: Option<&str>) -> Result<Option<Running>, Error> {
        let mut records = self.folder.records(id);
        records.retain(|record| target.is_none_or(|target| record.target == target));
        if records.len() > 1 {
            let targets = records.iter().map(|record| record.target.clone()).collect();
            return Err(several(id, targets));
        }
        if let Some(record) = records.pop() {
            let engine = self.engine(id, &record.target)?;
            let observed = shown(engine.observe(id)?);
            return Ok(Some(Running { engine, record: Some(record), observed }));
        }
        if let Some(target) = target {
            let engine = self.engine(id, target)?;
            let observed = shown(engine.observe(id)?);
            let is_known = !observed.instances.is_empty();
            return Ok(is_known.then_some(Running { engine, record: None, observed }));
        }
        let mut found = Vec::new();
        let mut missing = Vec::new();
        let mut failures = Vec::new();
        for target in SUPPORTED {
            match engine(target).and_then(|engine| Ok((shown(engine.observe(id)?), engine))) {
                Ok((observed, engine)) if !observed.instances.is_empty() => {
                    found.push(Running { engine, record: None, observed });
                }
                Ok(_) => {}
                Err(error) if error.kind == ErrorKind::Missing => missing.push(error),
                Err(error) => failures.push(error),
            }
        }
        match found.pop() {
            Some(one) if found.is_empty() => Ok(Some(one)),
            Some(one) => {
                found.push(one);
                Err(several(id, found.iter().map(|one| one.engine.target().to_owned()).collect()))
            }
            None if missing.len() == SUPPORTED.len() => Err(none(missing)),
            None if failures.is_empty() => Ok(None),
            None => Err(unknown(id, &failures)),
        }
    }

    /// All appliances that engines or this machine know, by target and id, and the engines that do not
    /// answer. Engines that this machine has no tool or address for are left out.
    pub fn list(&self) -> (Vec<Listed>, Vec<Error>) {
        let mut records: BTreeMap<String, Vec<Record>> = BTreeMap::new();
        for record in self.folder.all() {
            records.entry(record.target.clone()).or_default().push(record);
        }
        let mut all = Vec::new();
        let mut missing = Vec::new();
        let mut failures = Vec::new();
        for target in SUPPORTED {
            let own = records.remove(*target).unwrap_or_default();
            match engine(target).and_then(|engine| self.on(&*engine, own.clone())) {
                Ok(mut listed) => all.append(&mut listed),
                Err(error) if error.kind == ErrorKind::Missing && own.is_empty() => {
                    missing.push(error);
                }
                Err(error) => failures.push(error),
            }
        }
        let mut is_custom = false;
        for (target, own) in records.into_iter().filter(|_| self.printed.is_some()) {
            is_custom = true;
            for record in own {
                let engine = self.engine(&record.id, &target);
                match engine.and_then(|engine| self.on(&*engine, vec![record])) {
                    Ok(mut listed) => all.append(&mut listed),
                    Err(error) => failures.push(error),
                }
            }
        }
        if missing.len() == SUPPORTED.len() && !is_custom {
            failures.push(none(missing));
        }
        (all, failures)
    }

    /// The appliances on an engine, and those of these records.
    ///
    /// # Errors
    /// The engine does not answer or refuses.
    pub fn on(&self, engine: &dyn Engine, records: Vec<Record>) -> Result<Vec<Listed>, Error> {
        let known = engine.list()?.into_iter().map(|known| (known.id, shown(known.observed)));
        let mut found: BTreeMap<String, Observed> = known.collect();
        let mut origins = BTreeMap::new();
        for record in records {
            found.entry(record.id.clone()).or_default();
            origins.insert(record.id.clone(), record);
        }
        let file = |record: &Record| Some(record.file.clone()).filter(|_| !record.over_http);
        let listed = |(id, observed): (String, Observed)| Listed {
            target: engine.target().to_owned(),
            file: origins.get(&id).and_then(file).filter(|file| !file.is_empty()),
            over_http: origins.get(&id).is_some_and(|record| record.over_http),
            is_down: observed.instances.is_empty(),
            appliance: self.status(engine, &id, &observed),
            id,
            observed,
        };
        Ok(found.into_iter().map(listed).collect())
    }

    /// The engine that an appliance is on.
    fn engine(&self, id: &str, target: &str) -> Result<Box<dyn Engine>, Error> {
        let Some(printed) = self.printed.filter(|_| !SUPPORTED.contains(&target)) else {
            return engine(target);
        };
        if !applc::targets::custom::is_name(target) {
            let message = format!("`{target}` is not the name of a target");
            return Err(Error::new(ErrorKind::Unknown, message)
                .help("`applc ls` lists the targets by their names"));
        }
        match Custom::kept(&self.folder, id, target, printed)? {
            Some(custom) => Ok(Box::new(custom)),
            None => Err(unknown(id, &[])),
        }
    }
}

fn several(id: &str, targets: Vec<String>) -> Error {
    let message = format!("`{id}` was brought up on several targets: {}", targets.join(", "));
    Error::new(ErrorKind::Unknown, message).help("choose one with `--target`")
}

/// The error if this machine has no tool or address for any engine.
fn none(mut missing: Vec<Error>) -> Error {
    match missing.pop() {
        Some(one) if missing.is_empty() => one,
        last => {
            let reasons: Vec<String> =
                missing.into_iter().chain(last).map(|error| error.message).collect();
            Error::new(ErrorKind::Missing, format!("no engine is set up: {}", reasons.join("; ")))
        }
    }
}

fn unknown(id: &str, failures: &[Error]) -> Error {
    let message = format!("no appliance `{id}` is known");
    match failures {
        [] => Error::new(ErrorKind::Unknown, message).help("`applc ls` lists those that are"),
        failures => {
            let reasons: Vec<&str> = failures.iter().map(|one| one.message.as_str()).collect();
            let message = format!("{message} to the engines that answer; {}", reasons.join("; "));
            Error::new(ErrorKind::Unreachable, message)
        }
    }
}
