//! The lock file of a project: the digests that tags of images stand for.
//!
//! ```toml
//! version = 1
//!
//! [images]
//! "docker.io/library/redis:7.4" = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
//! ```
//!
//! It is applied after the versions of an environment, so that its keys are the tags that would run. An
//! image becomes `NAME@DIGEST`, without the tag: Docker and containerd ignore a tag beside a digest, and CRI-O 1.31
//! (cri-o#8603) and drivers of Nomad (nomad#11821, nomad-driver-podman#354) do not take both. One digest serves all platforms, as that of an image for several is the digest of its index.

use std::collections::BTreeMap;
use std::fmt::Write;

use ecow::EcoString;

use super::images::{containers, member};
use crate::diag::{Diagnostic, Findings, codes};
use crate::image::{Reference, version_fault};
use crate::source::{Source, Span, Spanned};
use crate::syntax::toml::{self, Entry, Reader, Table};
use crate::syntax::{Kind, Node};

/// The version of the format.
const VERSION: i64 = 1;

/// What helps after a merge.
const TAKE_ONE_SIDE: &str =
    "after a merge, take one side; `applc lock` then adds and removes what differs";

/// The digests of images with tags.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock(BTreeMap<String, Locked>);

/// The digest of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Locked {
    /// The place of the image in the lock file.
    image: Span,
    digest: Spanned<String>,
}

/// An image with a tag, in its normal form, and the place that says so.
pub type Tagged = Spanned<String>;

/// The normal form of an image with a tag, or of all tags of an image without one, with `:` at the end. `None` if it is
/// invalid or has a digest.
pub fn pattern(image: &str) -> Option<String> {
    let read = Reference::read(image).filter(|read| read.digest.is_none())?;
    Some(format!("{}:{}", read.normal_name(), read.tag.unwrap_or_default()))
}

impl Lock {
    /// Reads a lock file.
    pub fn read(source: &Source, findings: &mut Findings) -> Lock {
        if let Some(conflict) = conflict(source) {
            // Each marker, and each entry of both sides, would be an error.
            let found = Diagnostic::new(&codes::BAD_TOML, conflict, "conflict of a merge");
            findings.push(found.help(TAKE_ONE_SIDE));
            return Lock::default();
        }
        let lock = toml::read(source, &codes::BAD_OPTION, findings, read);
        for broken in findings.iter_mut().filter(|found| found.code == &codes::BAD_TOML) {
            // Most likely, two branches have changed it.
            broken.help.push(TAKE_ONE_SIDE.to_owned());
        }
        lock.unwrap_or_default()
    }

    /// A lock with these digests of images, which have no places.
    pub fn of<'a>(digests: impl IntoIterator<Item = (&'a str, &'a str)>) -> Lock {
        let at = Span::at(0);
        let entry = |(image, digest): (&str, &str)| {
            (image.to_owned(), Locked { image: at, digest: Spanned::new(digest.to_owned(), at) })
        };
        Lock(digests.into_iter().map(entry).collect())
    }

    /// The text of a lock file with these entries.
    pub fn text(&self) -> String {
        let mut text = format!(
            "# Made by `applc lock`: the digests of the images of this project. Commit it.\nversion = {VERSION}\n\n[images]\n"
        );
        for (image, locked) in &self.0 {
            let _ = writeln!(text, "\"{image}\" = \"{}\"", locked.digest.value);
        }
        text
    }

    /// The images in their normal form, and their digests, sorted.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(image, locked)| (image.as_str(), locked.digest.value.as_str()))
    }

    /// The digest of an image in its normal form.
    pub fn digest(&self, image: &str) -> Option<&str> {
        self.0.get(image).map(|locked| locked.digest.value.as_str())
    }

    /// The image whose digest has a place.
    pub fn image_at(&self, place: Span) -> Option<&str> {
        let found = self.0.iter().find(|(_, locked)| locked.digest.span == place);
        found.map(|(image, _)| image.as_str())
    }

    /// Sets the digests of the images of an appliance. An image has the place of its digest then. Returns all images
    /// with tags, also those without a digest here. A container that is built has an image that does not exist yet.
    pub(crate) fn apply(&self, appliance: &mut Node) -> Vec<Tagged> {
        let mut tagged = Vec::new();
        for container in containers(appliance) {
            if member(container, "build").is_some() {
                continue;
            }
            let Some(image) = member(container, "image") else { continue };
            let Kind::String(text) = &image.kind else { continue };
            let Some(read) = Reference::read(text) else { continue };
            let Some(normal) = read.normal_tagged() else { continue };
            let span = image.span;
            if let Some(Locked { digest, .. }) = self.0.get(&normal) {
                let locked = EcoString::from(format!("{}@{}", read.name, digest.value));
                *image = Node { span: digest.span, kind: Kind::String(locked) };
            }
            tagged.push(Spanned::new(normal, span));
        }
        tagged
    }

    /// Reports the images without a digest, at their places.
    pub(crate) fn report_missing(&self, tagged: &[Tagged], findings: &mut Findings) {
        for image in tagged.iter().filter(|image| !self.0.contains_key(&image.value)) {
            let message = format!("`{}` is not in `applc.lock`", image.value);
            findings.push(
                Diagnostic::new(&codes::NOT_LOCKED, image.span, message)
                    .help("`applc lock` adds its digest"),
            );
        }
    }

    /// Reports the entries of images that no appliance of the project has. `used` has the images of all of them.
    pub fn report_unused<'a>(
        &self,
        used: impl IntoIterator<Item = &'a str>,
        findings: &mut Findings,
    ) {
        let used: std::collections::BTreeSet<&str> = used.into_iter().collect();
        for (image, locked) in self.0.iter().filter(|(image, _)| !used.contains(image.as_str())) {
            let message = format!("no container has the image `{image}`");
            findings.push(
                Diagnostic::new(&codes::UNUSED_LOCK, locked.image, message)
                    .help("`applc lock` removes it"),
            );
        }
    }
}

/// The first marker of a conflict of a merge, as git writes it.
fn conflict(source: &Source) -> Option<Span> {
    const MARKER: &str = "<<<<<<< ";
    let text = source.text();
    let start = match text.starts_with(MARKER) {
        true => 0,
        false => text.find(&format!("\n{MARKER}"))? + 1,
    };
    Some(source.span(start..start + MARKER.trim_end().len()))
}

/// Reads the top level of a lock file.
fn read(mut root: Table<'_>, reader: &mut Reader<'_>) -> Lock {
    let version = root.require("version");
    let images = root.take("images");
    if let Some(version) = version.and_then(|version| version.integer(reader))
        && version.value != VERSION
    {
        // Another version may have other keys.
        let message = format!("version {} of the lock file is not known", version.value);
        reader.report_with(version.span, message, format!("this applc reads version {VERSION}"));
        return Lock::default();
    }
    root.report_missing(reader);
    root.finish(reader);
    let Some(table) = images.and_then(|images| images.table(reader)) else {
        return Lock::default();
    };
    Lock(table.rest().into_iter().filter_map(|entry| locked(entry, reader)).collect())
}

/// Reads an entry.
fn locked(entry: Entry<'_>, reader: &mut Reader<'_>) -> Option<(String, Locked)> {
    let digest = entry.string(reader)?;
    let Spanned { value: image, span } = entry.key;
    let normal = Reference::read(image).and_then(|read| read.normal_tagged());
    if normal.as_deref() != Some(image) {
        let example = normal.unwrap_or_else(|| "docker.io/library/redis:7.4".to_owned());
        let help = format!("an image has its registry and its tag, for example `{example}`");
        reader.report_with(span, format!("invalid image `{image}`"), help);
        return None;
    }
    let fault = match digest.value.contains(':') {
        true => version_fault(&digest.value),
        false => {
            Some(("its digest has no algorithm".to_owned(), "for example `sha256:...`".to_owned()))
        }
    };
    if let Some((what, help)) = fault {
        let what = what.strip_prefix("its ").unwrap_or(&what);
        let message = format!("invalid digest `{}`: {what}", digest.value);
        reader.report_with(digest.span, message, help);
        return None;
    }
    Some((image.to_owned(), Locked { image: span, digest }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax;

    fn digest(digit: &str) -> String {
        format!("sha256:{}", digit.repeat(64))
    }

    fn read(text: &str) -> (Lock, Vec<(String, String)>) {
        let source = Source::new("applc.lock", text);
        let mut findings = Findings::new();
        let lock = Lock::read(&source, &mut findings);
        let found = |d: &Diagnostic| (source.slice(d.primary.span).to_owned(), d.message.clone());
        (lock, findings.iter().map(found).collect())
    }

    /// What becomes of containers, and the images that have tags.
    fn applied(lock: &Lock, containers: serde_json::Value) -> (Vec<String>, Vec<String>) {
        let text = serde_json::json!({ "containers": containers }).to_string();
        let source = Source::new("a.json", text);
        let mut tree = syntax::parse(&source, &mut Findings::new()).unwrap();
        let tagged = lock.apply(&mut tree);
        let images = super::containers(&mut tree)
            .map(|one| member(one, "image").unwrap().as_str().unwrap().to_owned())
            .collect();
        (images, tagged.into_iter().map(|image| image.value).collect())
    }

    #[test]
    fn the_text_of_a_lock_is_sorted_and_read_again() {
        let (a, b) = (digest("a"), digest("b"));
        let lock = Lock::of([("r.example/z:1", a.as_str()), ("docker.io/library/a:latest", &b)]);
        let text = lock.text();
        assert!(text.find("library/a").unwrap() < text.find("example/z").unwrap(), "{text}");
        let (again, faults) = read(&text);
        assert_eq!(faults, []);
        assert_eq!(again.text(), text);
        assert_eq!(again.digest("r.example/z:1"), Some(a.as_str()));
        // Its places are those of the digests.
        let source = Source::new("applc.lock", text.as_str());
        let at = text.find(&format!("\"{b}\"")).unwrap();
        let place = source.span(at..at + b.len() + 2);
        assert_eq!(again.image_at(place), Some("docker.io/library/a:latest"));
    }

    #[test]
    fn tags_become_digests_and_names_stay() {
        let (a, b) = (digest("a"), digest("b"));
        let lock = Lock::of([("docker.io/library/x:latest", a.as_str()), ("r:5/y:2", &b)]);
        let (images, tagged) = applied(
            &lock,
            serde_json::json!([
                { "image": "x" },
                { "image": "docker.io/x:latest" },
                { "image": "r:5/y:2" },
                { "image": "r:5/y:3" },
                { "image": format!("x:latest@{b}") },
                { "image": "x", "build": { "context": "." } },
                { "image": "Not Valid" },
            ]),
        );
        let own = format!("x:latest@{b}");
        let first = format!("x@{a}");
        let second = format!("docker.io/x@{a}");
        let third = format!("r:5/y@{b}");
        assert_eq!(images, [&first, &second, &third, "r:5/y:3", &own, "x", "Not Valid"]);
        let x = "docker.io/library/x:latest";
        assert_eq!(tagged, [x, x, "r:5/y:2", "r:5/y:3"]);
    }

    #[test]
    fn what_is_missing_and_what_is_unused_is_reported() {
        let (text, at) = (Lock::of([("r.example/a:1", digest("a").as_str())]).text(), Span::at(3));
        let (lock, _) = read(&text);
        let mut findings = Findings::new();
        let tagged =
            ["r.example/a:1", "r.example/a:2"].map(|image| Spanned::new(image.to_owned(), at));
        lock.report_missing(&tagged, &mut findings);
        lock.report_unused(["r.example/a:2"], &mut findings);
        let found: Vec<_> =
            findings.iter().map(|d| (d.code.id, d.primary.span, d.message.as_str())).collect();
        let start = text.find("\"r.example").unwrap();
        let place = Source::new("applc.lock", text.as_str()).span(start..start + 15);
        assert_eq!(
            found,
            [
                ("W1201", at, "`r.example/a:2` is not in `applc.lock`"),
                ("W1202", place, "no container has the image `r.example/a:1`"),
            ]
        );
    }

    #[test]
    fn invalid_entries_are_reported_at_their_places() {
        let text = format!(
            "version = 1\nother = 1\n[images]\n\"redis:7\" = \"{0}\"\n\"r.example/a\" = \"{0}\"\n\
             \"r.example/a:1\" = \"1\"\n\"r.example/b:1\" = \"sha256:00\"\n\"r.example/c:1\" = 2\n",
            digest("a")
        );
        let (lock, faults) = read(&text);
        assert_eq!(lock, Lock::default());
        let places: Vec<&str> = faults.iter().map(|(place, _)| place.as_str()).collect();
        let expected = ["other", "\"redis:7\"", "\"r.example/a\"", "\"1\"", "\"sha256:00\"", "2"];
        assert_eq!(places, expected);
        let (_, faults) = read("version = 2\nimages = 3\n");
        assert_eq!(
            faults,
            [("2".to_owned(), "version 2 of the lock file is not known".to_owned())]
        );
        let (_, faults) = read("[images]\n");
        assert_eq!(faults.len(), 1, "{faults:?}");
        let source = Source::new("applc.lock", "version = 1\n<<<<<<< HEAD\n[images]\n");
        let mut findings = Findings::new();
        Lock::read(&source, &mut findings);
        let found = findings.iter().next().unwrap();
        assert_eq!((found.code.id, source.position(found.primary.span.start).line), ("E0115", 2));
        assert!(found.help.iter().any(|help| help.contains("take one side")), "{:?}", found.help);
        // One finding for all markers and the entries of both sides.
        let entry = |digit| format!("\"r.example/a:1\" = \"{}\"\n", digest(digit));
        let (ours, theirs) = (entry("a"), entry("b"));
        let (lock, faults) = read(&format!("<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> other\n"));
        assert_eq!(lock, Lock::default());
        assert_eq!(faults, [("<<<<<<<".to_owned(), "conflict of a merge".to_owned())]);
    }
}
