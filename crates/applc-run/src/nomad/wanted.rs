//! What is to run: the job files and volume files of an output.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::engine::Desired;
use crate::error::{Error, ErrorKind};

use super::client::Nomad;
use super::model::Job;

/// The namespace of jobs for which neither the user nor the file has chosen one.
const DEFAULT: &str = "default";

/// A job that is to run.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Its id.
    pub id: String,
    pub namespace: String,
    /// Whether it is a batch job.
    pub is_batch: bool,
    /// The ids of its containers.
    pub groups: Vec<String>,
    /// The job as the API takes it.
    pub job: Value,
    /// The text of its file.
    pub text: String,
}

/// A volume that is to exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedVolume {
    /// The id of the volume in the appliance.
    pub id: String,
    pub name: String,
    /// `host` or `csi`.
    pub kind: String,
    pub namespace: String,
    pub file: PathBuf,
}

/// The jobs of an output: batch jobs first, in their order, because what waits for them holds resources.
///
/// # Errors
/// Nomad cannot read a file, or the namespace is not the one that the user has chosen.
pub fn jobs(nomad: &Nomad, desired: &Desired<'_>) -> Result<Vec<Wanted>, Error> {
    let mut all = Vec::new();
    for file in files(desired.files, ".nomad.hcl")? {
        let text = read(&file)?;
        all.push(wanted(nomad, nomad.job(&file)?, text)?);
    }
    let place = |wanted: &Wanted| {
        let order = &desired.plan.start_order;
        let of = |id: usize| desired.plan.containers.get(id).map(|one| one.id.value.as_str());
        let first = wanted.groups.first().map(String::as_str);
        (!wanted.is_batch, order.iter().position(|id| of(*id) == first))
    };
    all.sort_by_key(place);
    Ok(all)
}

fn wanted(nomad: &Nomad, job: Value, text: String) -> Result<Wanted, Error> {
    let word = |name: &str| job.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let groups = job.get("TaskGroups").and_then(Value::as_array).into_iter().flatten();
    let name = |group: &Value| group.get("Name").and_then(Value::as_str).map(str::to_owned);
    Ok(Wanted {
        id: word("ID"),
        namespace: namespace(nomad, &word("Namespace"))?,
        is_batch: word("Type") == "batch",
        groups: groups.filter_map(name).collect(),
        text,
        job,
    })
}

/// The namespace of a file, which must not contradict that of the user.
fn namespace(nomad: &Nomad, of_file: &str) -> Result<String, Error> {
    match (of_file, nomad.namespace()) {
        ("", "*") => Ok(DEFAULT.to_owned()),
        ("", chosen) => Ok(chosen.to_owned()),
        (of_file, chosen) if chosen == "*" || chosen == of_file => Ok(of_file.to_owned()),
        (of_file, chosen) => {
            let message = format!(
                "the option `nomad.namespace` is `{of_file}`, but `NOMAD_NAMESPACE` is `{chosen}`"
            );
            Err(Error::new(ErrorKind::Refused, message).help("set both alike, or one of them"))
        }
    }
}

/// The error if jobs that are to run have ids of jobs that are not of this appliance, or if the appliance
/// runs in another namespace.
pub fn strangers(id: &str, wanted: &[Wanted], named: &[Job]) -> Option<Error> {
    for one in wanted {
        let same = |job: &&Job| job.id == one.id && job.namespace == one.namespace;
        let stranger = named.iter().find(same).filter(|job| job.appliance() != Some(id));
        if stranger.is_some() {
            let message =
                format!("the job `{}` is there, and is not one of the appliance `{id}`", one.id);
            let help =
                format!("choose another id, or remove it with `nomad job stop -purge {}`", one.id);
            return Some(Error::new(ErrorKind::Refused, message).help(help));
        }
        let elsewhere =
            named.iter().find(|job| job.appliance() == Some(id) && job.namespace != one.namespace);
        if let Some(job) = elsewhere {
            let message = format!(
                "`{id}` is to run in the namespace `{}`, but runs in `{}`",
                one.namespace, job.namespace
            );
            let help = format!(
                "remove it with `applc down {id}`, or choose a namespace with `NOMAD_NAMESPACE`"
            );
            return Some(Error::new(ErrorKind::Refused, message).help(help));
        }
    }
    None
}

/// The volumes of an output.
///
/// # Errors
/// A file cannot be read.
pub fn volumes(nomad: &Nomad, desired: &Desired<'_>) -> Result<Vec<WantedVolume>, Error> {
    let mut all = Vec::new();
    for file in files(desired.files, ".volume.hcl")? {
        let text = read(&file)?;
        let value = |name: &str| attribute(&text, name).unwrap_or_default();
        let stem = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let stem = stem.strip_suffix(".volume.hcl").unwrap_or(stem);
        let id = stem.split_once('.').map_or(stem, |(_, id)| id).to_owned();
        let namespace = namespace(nomad, value("namespace"))?;
        let (name, kind) = (value("name").to_owned(), value("type").to_owned());
        all.push(WantedVolume { id, name, kind, namespace, file });
    }
    Ok(all)
}

/// The text of an attribute at the top level of a volume file of applc: its values contain no quotes.
fn attribute<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let rest = line.strip_prefix(name)?.trim_start().strip_prefix('=')?.trim();
        rest.strip_prefix('"')?.strip_suffix('"')
    })
}

/// The files of a folder whose names end like this, sorted.
fn files(folder: &Path, end: &str) -> Result<Vec<PathBuf>, Error> {
    let entries = fs::read_dir(folder).map_err(|cause| Error::file("read", folder, &cause))?;
    let paths = entries.flatten().map(|entry| entry.path());
    let ends = |path: &PathBuf| path.to_string_lossy().ends_with(end);
    let mut found: Vec<PathBuf> = paths.filter(ends).collect();
    found.sort();
    Ok(found)
}

fn read(file: &Path) -> Result<String, Error> {
    fs::read_to_string(file).map_err(|cause| Error::file("read", file, &cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_of_volume_files_are_read() {
        let text =
            "type      = \"host\"\nname      = \"app--data\"\n\ncapability {\n  type = \"no\"\n}\n";
        assert_eq!(attribute(text, "type"), Some("host"));
        assert_eq!(attribute(text, "name"), Some("app--data"));
        assert_eq!(attribute(text, "namespace"), None);
    }
}
