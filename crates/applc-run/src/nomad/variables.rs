//! Nomad variables: the appliance that is kept, and the success of jobs.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::{Error, ErrorKind};

use super::client::{Nomad, encoded, is_forbidden};
use super::model::Spec;

/// Maximum length of the path of a variable (Nomad, `validVariablePath`).
const MAX_PATH: usize = 128;

/// Maximum size of a variable in bytes, names of its items included (Nomad, `maxVariableSize`).
const MAX_SIZE: usize = 64 * 1024;

/// Maximum size of an appliance that is read, in bytes.
const MAX_APPLIANCE: usize = 64 * 1024 * 1024;

/// The item of the variable with the appliance: compressed with zlib, in base64.
const ITEM: &str = "appliance";

/// The strength of the compression.
const LEVEL: u8 = 9;

/// A variable in a list.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    path: String,
}

/// A variable.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Variable {
    #[serde(default)]
    items: BTreeMap<String, String>,
}

/// The path of the variable with an appliance. Those of its jobs have two more parts.
fn path(id: &str) -> Option<String> {
    let path = format!("applc/{id}/{ITEM}");
    (path.len() <= MAX_PATH).then_some(path)
}

fn request(path: &str, namespace: &str) -> String {
    let parts: Vec<String> = path.split('/').map(encoded).collect();
    format!("/v1/var/{}?namespace={}", parts.join("/"), encoded(namespace))
}

/// An appliance as the text of an item. `None` if it is too large.
fn packed(appliance: &Value) -> Option<String> {
    let text = STANDARD.encode(compress_to_vec_zlib(appliance.to_string().as_bytes(), LEVEL));
    (text.len() + ITEM.len() <= MAX_SIZE).then_some(text)
}

fn unpacked(text: &str) -> Option<Value> {
    let bytes = STANDARD.decode(text).ok()?;
    let json = decompress_to_vec_zlib_with_limit(&bytes, MAX_APPLIANCE).ok()?;
    serde_json::from_slice(&json).ok()
}

/// Keeps an appliance. `false` if it is too large, or the user may not write variables.
///
/// # Errors
/// The agent does not answer or refuses.
pub fn keep(nomad: &Nomad, namespace: &str, id: &str, appliance: &Value) -> Result<bool, Error> {
    let (Some(path), Some(text)) = (path(id), packed(appliance)) else { return Ok(false) };
    let body = json!({ "Path": path, "Namespace": namespace, "Items": { ITEM: text } });
    let sent = nomad.send::<Value>("PUT", &request(&path, namespace), &body, "write variables");
    match sent {
        Err(error) if is_forbidden(&error) => Ok(false),
        other => other.map(|answer| answer.is_some()),
    }
}

/// The appliance that is kept.
///
/// # Errors
/// The agent does not answer or refuses.
pub fn kept(nomad: &Nomad, namespace: &str, id: &str) -> Result<Option<Value>, Error> {
    let Some(path) = path(id) else { return Ok(None) };
    match nomad.get::<Variable>(&request(&path, namespace), "read variables") {
        Err(error) if is_forbidden(&error) => Ok(None),
        other => Ok(other?.and_then(|found| unpacked(found.items.get(ITEM)?))),
    }
}

/// Removes the appliance that is kept, and what its jobs recorded. `specs` are those of its jobs.
///
/// # Errors
/// The agent does not answer, or the user may not remove what jobs recorded.
pub fn forget<'a>(
    nomad: &Nomad,
    namespace: &str,
    id: &str,
    specs: impl IntoIterator<Item = &'a Spec>,
) -> Result<(), Error> {
    let specs: Vec<&Spec> = specs.into_iter().collect();
    let mut prefixes = vec![format!("applc/{id}/")];
    prefixes.extend(specs.iter().flat_map(|spec| recorded(spec)));
    let removed = prefixes.iter().try_for_each(|prefix| remove_all(nomad, namespace, prefix));
    match removed {
        // Without such jobs, there is at most the appliance, which the user could not write either.
        Err(error) if is_forbidden(&error) && prefixes.len() == 1 => Ok(()),
        Err(error) if is_forbidden(&error) => {
            let message = format!(
                "its jobs are removed, but not the variables `applc/{id}/*`, which record their success: {}",
                error.message
            );
            Err(Error::new(ErrorKind::Refused, message).help(
                "remove them with `nomad var purge`, and choose another token with `NOMAD_TOKEN`",
            ))
        }
        other => other,
    }
}

/// Removes the variables of a container.
///
/// # Errors
/// The agent does not answer, or the user may not remove them.
pub fn forget_container(nomad: &Nomad, namespace: &str, spec: &Spec) -> Result<(), Error> {
    recorded(spec).iter().try_for_each(|prefix| remove_all(nomad, namespace, prefix))
}

/// The beginning of the paths of the variables that a job writes: its scripts name them.
fn recorded(spec: &Spec) -> Vec<String> {
    let tasks = spec.task_groups.iter().flat_map(|group| &group.tasks);
    let scripts = tasks.flat_map(|task| &task.config.args);
    let mut all: Vec<String> = scripts
        .filter_map(|script| {
            let (_, path) = script.split_once("/v1/var/")?;
            let (path, _) = path.split_once("$NOMAD_ALLOC_INDEX")?;
            path.starts_with("applc/").then(|| path.to_owned())
        })
        .collect();
    all.sort();
    all.dedup();
    all
}

fn remove_all(nomad: &Nomad, namespace: &str, prefix: &str) -> Result<(), Error> {
    let (space, begin) = (encoded(namespace), encoded(prefix));
    let path = format!("/v1/vars?namespace={space}&prefix={begin}");
    let found: Vec<Listed> = nomad.get(&path, "list variables")?.unwrap_or_default();
    for one in found {
        nomad.delete(&request(&one.path, namespace), "remove variables")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_appliance_is_kept_as_a_whole_unless_it_is_too_large() {
        let appliance =
            json!({"id": "app", "containers": [{"id": "é", "env": {"A": "b".repeat(99_999)}}]});
        let text = packed(&appliance).unwrap();
        assert!(text.len() < 1000);
        assert_eq!(unpacked(&text), Some(appliance));
        assert_eq!(unpacked("no"), None);
        // What cannot be compressed.
        let mut state = 1_u64;
        let noise: String = (0..200_000)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                char::from(b' ' + u8::try_from((state >> 33) % 94).unwrap())
            })
            .collect();
        assert_eq!(packed(&json!(noise)), None);
    }

    #[test]
    fn the_path_of_an_appliance_is_none_of_a_job() {
        assert_eq!(path("app").unwrap(), "applc/app/appliance");
        assert_eq!(path(&"a".repeat(120)), None);
        let spec = |args: &str| -> Spec {
            serde_json::from_value(
                json!({"TaskGroups": [{"Tasks": [{"Config": {"args": [args]}}]}]}),
            )
            .unwrap()
        };
        let script =
            "curl \"http://localhost/v1/var/applc/app/job/succeeded/$NOMAD_ALLOC_INDEX?n=1\"";
        assert_eq!(recorded(&spec(script)), ["applc/app/job/succeeded/"]);
        assert_eq!(recorded(&spec("curl /v1/var/other/$NOMAD_ALLOC_INDEX")), [""; 0]);
    }
}
