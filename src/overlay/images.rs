//! The versions of images in an environment: a table from repositories to tags or digests.
//!
//! ```toml
//! [environments.prod.images]
//! "registry.example.org/shop/api" = "2.4.1"
//! "postgres" = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
//! ```
//!
//! A repository is compared in its normal form, in which `nginx`, `docker.io/nginx`, and
//! `docker.io/library/nginx` are the same (`ParseNormalizedNamed` of
//! `github.com/distribution/reference`). The version takes the place of the tag and the digest that an
//! image has: a tag beside the digest of another version would be wrong, and a digest beside a tag
//! that it does not have as well. The repository stays as the appliance writes it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use ecow::EcoString;

use crate::diag::{Diagnostic, Findings, codes, nearest};
use crate::image::{Reference, version_fault};
use crate::source::{Span, Spanned};
use crate::syntax::{Kind, Node};

/// A table of versions of images, which all appliances of an environment share.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Images(Arc<Table>);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Table {
    entries: Vec<Entry>,
    /// The indices of the entries, by repository.
    indices: HashMap<String, usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    /// The repository, in its normal form, and where the table has it.
    repository: Spanned<String>,
    /// `:` and a tag, or `@` and a digest.
    version: Spanned<String>,
}

impl Images {
    /// Adds an entry: a repository, and a tag or a digest. An invalid one is reported and not added.
    pub fn add(
        &mut self,
        repository: Spanned<&str>,
        version: Spanned<&str>,
        findings: &mut Findings,
    ) {
        let Spanned { value: text, span } = repository;
        let Some(name) = Reference::read(text).filter(|read| !read.has_version()) else {
            let message = format!("invalid repository `{text}`");
            findings.push(
                Diagnostic::new(&codes::BAD_OPTION, span, message)
                    .help("a repository is an image without tag and digest, for example `registry.example.org/shop/api`"),
            );
            return;
        };
        if let Some((what, help)) = version_fault(version.value) {
            // The fault is worded for a part of an image.
            let what = what.strip_prefix("its ").unwrap_or(&what);
            let message = format!("invalid version `{}` of an image: {what}", version.value);
            findings.push(Diagnostic::new(&codes::BAD_OPTION, version.span, message).help(help));
            return;
        }
        let normal = name.normal_name();
        if let Some((_, first)) = self.0.find(&normal) {
            let message = format!("duplicate repository `{text}`");
            findings.push(
                Diagnostic::new(&codes::BAD_OPTION, span, message)
                    .label("listed again here")
                    .also(first.repository.span, "first listed here"),
            );
            return;
        }
        let sign = if version.value.contains(':') { '@' } else { ':' };
        Arc::make_mut(&mut self.0).push(Entry {
            repository: Spanned::new(normal, span),
            version: Spanned::new(format!("{sign}{}", version.value), version.span),
        });
    }

    /// These versions, and those of `base` for the other repositories.
    #[must_use]
    pub fn over(&self, base: &Images) -> Images {
        if self.is_empty() || base.is_empty() {
            return if self.is_empty() { base.clone() } else { self.clone() };
        }
        let is_own = |entry: &&Entry| self.0.find(&entry.repository.value).is_some();
        let kept = base.0.entries.iter().filter(|entry| !is_own(entry));
        let mut table = Table::default();
        kept.chain(&self.0.entries).for_each(|entry| table.push(entry.clone()));
        Images(Arc::new(table))
    }

    /// The entries: the repositories in their normal form, and `:` and a tag, or `@` and a digest.
    pub fn iter(&self) -> impl Iterator<Item = (&Spanned<String>, &Spanned<String>)> {
        self.0.entries.iter().map(|entry| (&entry.repository, &entry.version))
    }

    /// Whether it has no entries.
    pub fn is_empty(&self) -> bool {
        self.0.entries.is_empty()
    }

    /// Sets the versions of the images of an appliance. An image has the place of its version then.
    /// Returns the indices of the entries that were used.
    pub(crate) fn apply(&self, appliance: &mut Node) -> Vec<usize> {
        let mut used = Vec::new();
        if self.is_empty() {
            return used;
        }
        for image in images(appliance) {
            let Kind::String(text) = &image.kind else { continue };
            let Some(read) = Reference::read(text) else { continue };
            let normal = read.normal_name();
            if let Some((index, entry)) = self.0.find(&normal) {
                let changed = EcoString::from(format!("{}{}", read.name, entry.version.value));
                *image = Node { span: entry.version.span, kind: Kind::String(changed) };
                used.push(index);
            }
        }
        used.sort_unstable();
        used.dedup();
        used
    }

    /// Reports the entries that no appliance uses. `used` are the indices of those that were used, by
    /// all appliances of the environment; `repositories` are the images of these appliances.
    pub fn report_unused<'a>(
        &self,
        used: &[usize],
        repositories: impl IntoIterator<Item = &'a str>,
        findings: &mut Findings,
    ) {
        let names = repositories.into_iter().filter_map(Reference::read);
        let names: Vec<String> = names.map(|read| read.normal_name()).collect();
        let used: HashSet<usize> = used.iter().copied().collect();
        for (index, Entry { repository, .. }) in self.0.entries.iter().enumerate() {
            if used.contains(&index) {
                continue;
            }
            // A similar name takes time to find.
            if findings.is_full(codes::UNUSED_IMAGE.level) {
                return;
            }
            let message = format!("no container has an image of `{}`", repository.value);
            let unused = Diagnostic::new(&codes::UNUSED_IMAGE, repository.span, message);
            findings.push(match nearest(&repository.value, names.iter().map(String::as_str)) {
                Some(similar) => unused.help(format!("did you mean `{similar}`?")),
                None => unused,
            });
        }
    }

    /// Whether a place is that of an entry.
    pub fn contains(&self, place: Span) -> bool {
        self.0.entries.iter().any(|entry| entry.version.span == place)
    }
}

impl Table {
    fn push(&mut self, entry: Entry) {
        self.indices.insert(entry.repository.value.clone(), self.entries.len());
        self.entries.push(entry);
    }

    /// The entry of a repository in its normal form, and its index.
    fn find(&self, repository: &str) -> Option<(usize, &Entry)> {
        let index = *self.indices.get(repository)?;
        Some((index, self.entries.get(index)?))
    }
}

/// The images of the containers of an appliance.
fn images(appliance: &mut Node) -> impl Iterator<Item = &mut Node> {
    containers(appliance).filter_map(|container| member(container, "image"))
}

/// The containers of an appliance.
pub(super) fn containers(appliance: &mut Node) -> impl Iterator<Item = &mut Node> {
    let containers = member(appliance, "containers").map(|containers| &mut containers.kind);
    let containers = match containers {
        Some(Kind::Array(items)) => &mut items[..],
        _ => &mut [],
    };
    containers.iter_mut()
}

/// The value of a member of an object.
pub(super) fn member<'n>(node: &'n mut Node, name: &str) -> Option<&'n mut Node> {
    let Kind::Object(object) = &mut node.kind else { return None };
    let found = object.members.iter_mut().find(|member| member.key.value == name);
    found.map(|member| &mut member.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use crate::syntax;

    /// A table of entries, each at its own place, and the messages of the findings.
    fn table(entries: &[(&str, &str)]) -> (Images, Vec<String>) {
        let (mut images, mut findings) = (Images::default(), Findings::new());
        for (at, (repository, version)) in entries.iter().enumerate() {
            let span = |part| Span::new(1000 + 10 * at + part, 1001 + 10 * at + part);
            let repository = Spanned::new(*repository, span(0));
            images.add(repository, Spanned::new(*version, span(1)), &mut findings);
        }
        (images, findings.iter().map(|found| found.message.clone()).collect())
    }

    /// What becomes of an image.
    fn applied(entries: &[(&str, &str)], image: &str) -> String {
        let (images, faults) = table(entries);
        assert_eq!(faults, [""; 0]);
        let text = serde_json::json!({ "containers": [{ "image": image }] }).to_string();
        let mut tree = syntax::parse(&Source::new("a.json", text), &mut Findings::new()).unwrap();
        let used = images.apply(&mut tree);
        let image = super::images(&mut tree).next().unwrap();
        // The place of a version that was set is that in the table.
        assert_eq!(used.len(), usize::from(images.contains(image.span)));
        image.as_str().unwrap().to_owned()
    }

    fn digest(digit: &str) -> String {
        format!("sha256:{}", digit.repeat(64))
    }

    #[test]
    fn a_version_takes_the_place_of_tag_and_digest() {
        let (a, b) = (digest("a"), digest("b"));
        let (digested, both) = (format!("x/y@{a}"), format!("x/y:1@{a}"));
        for image in ["x/y", "x/y:1", digested.as_str(), both.as_str()] {
            assert_eq!(applied(&[("x/y", "2.4.1")], image), "x/y:2.4.1", "{image}");
            assert_eq!(applied(&[("x/y", &b)], image), format!("x/y@{b}"), "{image}");
        }
    }

    #[test]
    fn repositories_are_compared_in_their_normal_form() {
        let same = [
            ("nginx", "nginx"),
            ("nginx", "docker.io/nginx"),
            ("nginx", "docker.io/library/nginx"),
            ("index.docker.io/library/nginx", "nginx"),
            ("grafana/loki", "docker.io/grafana/loki"),
            ("registry.example.org:5000/api", "registry.example.org:5000/api"),
            ("localhost/api", "localhost/api"),
            ("[::1]:5000/api", "[::1]:5000/api"),
            ("a.b_c/x", "docker.io/a.b_c/x"),
        ];
        for (repository, image) in same {
            let changed = applied(&[(repository, "2")], &format!("{image}:1"));
            assert_eq!(changed, format!("{image}:2"), "{repository}");
        }
        let others = [
            ("nginx", "registry.example.org/nginx"),
            ("nginx", "registry.example.org/library/nginx"),
            ("nginx", "bitnami/nginx"),
            ("registry.example.org/api", "registry.example.org:443/api"),
            ("localhost/api", "api"),
            ("shop/api", "shop/api-two"),
        ];
        for (repository, image) in others {
            let image = format!("{image}:1");
            assert_eq!(applied(&[(repository, "2")], &image), image, "{repository}");
        }
    }

    #[test]
    fn invalid_entries_are_reported() {
        let (images, faults) = table(&[
            ("nginx:1", "2"),
            ("Nginx", "2"),
            ("", "2"),
            ("a", ""),
            ("a", ".1"),
            ("a", "sha256:00"),
            ("a", "md5:00"),
            ("b", "1"),
            ("docker.io/library/b", "2"),
        ]);
        assert_eq!(images.iter().count(), 1);
        assert_eq!(
            faults,
            [
                "invalid repository `nginx:1`",
                "invalid repository `Nginx`",
                "invalid repository ``",
                "invalid version `` of an image: tag is empty",
                "invalid version `.1` of an image: `.1` is not a valid tag",
                "invalid version `sha256:00` of an image: digest has 2 instead of 64 digits",
                "invalid version `md5:00` of an image: unknown algorithm `md5` of its digest",
                "duplicate repository `docker.io/library/b`",
            ]
        );
    }

    #[test]
    fn entries_that_no_appliance_uses_are_reported() {
        let (images, _) = table(&[("shop/web", "1"), ("shop/wbe", "2"), ("other", "3")]);
        let mut findings = Findings::new();
        images.report_unused(&[0], ["shop/web:1", "not valid"], &mut findings);
        let found: Vec<_> = findings
            .iter()
            .map(|found| (found.code.id, found.message.as_str(), found.help.len()))
            .collect();
        assert_eq!(
            found,
            [
                ("W1103", "no container has an image of `docker.io/shop/wbe`", 1),
                ("W1103", "no container has an image of `docker.io/library/other`", 0),
            ]
        );
    }
}
