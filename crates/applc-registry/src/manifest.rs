//! What stands for an image in a registry.

use serde_json::{Map, Value};

use crate::failure::message;

/// The kinds of manifests that stand for an image, as they are asked for: those that list one for each platform, and
/// those for one.
pub(crate) const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json";

/// Number of characters of a type that are shown.
const SHOWN: usize = 100;

/// Whether a type, with or without parameters, is one of those that are asked for.
pub(crate) fn is_kind(content_type: &str) -> bool {
    let kind = essence(content_type);
    ACCEPT.split(", ").any(|one| one.eq_ignore_ascii_case(kind))
}

/// A type without its parameters.
fn essence(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

/// Checks that a content is a manifest of one of the kinds. Proxies and login pages answer with the status of success,
/// too, and a digest of their pages would be locked.
///
/// # Errors
/// What it is instead, to go on after the name of the registry.
pub(crate) fn check(content_type: Option<&str>, body: &[u8]) -> Result<(), String> {
    let what = match fault(content_type, body) {
        None => return Ok(()),
        Some(what) => what,
    };
    Err(format!("sends no manifest of an image, but {what}"))
}

fn fault(content_type: Option<&str>, body: &[u8]) -> Option<String> {
    if body.trim_ascii().is_empty() {
        return Some("an empty answer".to_owned());
    }
    let Ok(Value::Object(content)) = serde_json::from_slice(body) else {
        return Some(match content_type.map(essence) {
            Some(kind) if !kind.is_empty() && !is_kind(kind) => shown(kind),
            _ => "something that is no JSON object".to_owned(),
        });
    };
    if content.contains_key("errors") {
        let said = message(body).map(|said| format!(": {said}")).unwrap_or_default();
        return Some(format!("an error{said}"));
    }
    match content.get("schemaVersion") {
        Some(version) if version.as_u64() == Some(2) => {}
        Some(version) if version.as_u64() == Some(1) => {
            return Some("one of the outdated schema 1".to_owned());
        }
        _ => return Some("JSON without `schemaVersion` 2".to_owned()),
    }
    // Manifests of OCI may leave out their type.
    let kind = match content.get("mediaType") {
        Some(Value::String(kind)) => kind,
        _ => content_type.unwrap_or_default(),
    };
    if !is_kind(kind) {
        return Some(match essence(kind) {
            "" => "JSON without a type".to_owned(),
            kind => shown(kind),
        });
    }
    lacks(&content).map(|field| format!("JSON without {field}"))
}

/// What a manifest needs and does not have: images, or the settings and the layers of one.
fn lacks(content: &Map<String, Value>) -> Option<&'static str> {
    match content.get("manifests") {
        Some(Value::Array(images)) if !images.is_empty() => return None,
        Some(_) => return Some("an image in `manifests`"),
        None => {}
    }
    let is_image = content.get("config").is_some_and(Value::is_object)
        && content.get("layers").is_some_and(Value::is_array);
    (!is_image).then_some("`manifests`, or `config` and `layers`")
}

fn shown(kind: &str) -> String {
    format!("`{}`", kind.chars().take(SHOWN).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = "application/vnd.oci.image.index.v1+json";
    const IMAGE: &str = "application/vnd.docker.distribution.manifest.v2+json";

    #[test]
    fn manifests_have_a_type_in_the_content_or_beside_it() {
        let index = r#"{"schemaVersion": 2, "manifests": [{}]}"#;
        let image = r#"{"schemaVersion": 2, "config": {}, "layers": []}"#;
        let named =
            format!(r#"{{"schemaVersion": 2, "mediaType": "{INDEX}", "manifests": [{{}}]}}"#);
        for (kind, body) in [
            (Some(INDEX), index),
            (Some("Application/vnd.oci.image.index.v1+JSON; charset=utf-8"), index),
            (Some(IMAGE), image),
            (None, named.as_str()),
            (Some("application/json"), &named),
        ] {
            assert_eq!(check(kind, body.as_bytes()), Ok(()), "{kind:?} {body}");
        }
    }

    #[test]
    fn what_is_no_manifest_is_named() {
        let other = r#"{"schemaVersion": 2, "mediaType": "a/b", "manifests": [{}]}"#;
        let signed = r#"{"schemaVersion": 1, "fsLayers": [], "signatures": []}"#;
        let cases = [
            (Some("text/html"), "<html>login</html>", "`text/html`"),
            (Some(INDEX), "<html>login</html>", "something that is no JSON object"),
            (Some(INDEX), "[]", "something that is no JSON object"),
            (None, "x", "something that is no JSON object"),
            (Some(INDEX), " \n", "an empty answer"),
            (Some(INDEX), r#"{"errors": [{"message": "not now"}]}"#, "an error: not now"),
            (Some(INDEX), r#"{"errors": 1}"#, "an error"),
            (Some(INDEX), signed, "one of the outdated schema 1"),
            (Some(INDEX), "{}", "JSON without `schemaVersion` 2"),
            (Some(INDEX), other, "`a/b`"),
            (Some("text/plain"), r#"{"schemaVersion": 2, "manifests": [{}]}"#, "`text/plain`"),
            (None, r#"{"schemaVersion": 2, "manifests": [{}]}"#, "JSON without a type"),
            (
                Some(INDEX),
                r#"{"schemaVersion": 2, "manifests": []}"#,
                "JSON without an image in `manifests`",
            ),
            (
                Some(IMAGE),
                r#"{"schemaVersion": 2, "config": {}}"#,
                "JSON without `manifests`, or `config` and `layers`",
            ),
        ];
        for (kind, body, what) in cases {
            let expected = format!("sends no manifest of an image, but {what}");
            assert_eq!(check(kind, body.as_bytes()), Err(expected), "{kind:?} {body}");
        }
    }
}
