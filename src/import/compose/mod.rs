//! Compose files (<https://github.com/compose-spec/compose-spec>), and what `docker compose config` prints.

mod env_file;
mod environment;
mod files;
mod health;
mod interpolation;
mod lost;
mod networks;
mod own;
mod plain;
mod ports;
mod process;
mod resources;
mod service;
mod shared;
#[cfg(test)]
mod tests;
mod tree;
mod volumes;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::Options;
use super::budget::{Budget, ENTRY};
use super::draft::Object as Draft;
use super::names::{Names, id_of};
use super::told::Told;
use super::volumes::Volumes;
use crate::diag::{Diagnostic, Findings, codes};
use crate::source::{Source, Span};
use crate::syntax::{Member, Node, Object};

use super::references::addresses;
use crate::elsewhere::scalars::{list, present, strings, text};
use crate::image::identity;

pub use interpolation::{Refused, interpolate};

/// A service that is imported.
struct Service<'t> {
    /// Its name in the file.
    name: &'t str,
    /// The id of the container.
    id: String,
    /// The place of its name.
    key: Span,
    object: &'t Object,
    /// Whether it runs to completion: others wait for that, or its deployment is a job.
    is_job: bool,
    /// The names of other services that are instances of it.
    copies: Vec<&'t str>,
}

impl<'t> Service<'t> {
    /// A field, unless it is `null`, which is the same as not written.
    fn get(&self, name: &str) -> Option<&'t Node> {
        present(self.object, name)
    }

    /// The name of its image, if it is written.
    fn image(&self) -> Option<String> {
        self.get("image").and_then(text).filter(|image| !image.is_empty())
    }
}

/// The services that are imported, by name.
struct Services<'s, 't> {
    all: &'s [Service<'t>],
    places: BTreeMap<&'t str, usize>,
    /// The first service that builds an image, by the name of the image.
    builders: BTreeMap<String, usize>,
}

impl<'s, 't> Services<'s, 't> {
    fn new(all: &'s [Service<'t>]) -> Services<'s, 't> {
        let mut places = BTreeMap::new();
        let mut builders = BTreeMap::new();
        for (at, service) in all.iter().enumerate() {
            if let Some(image) = service.image().filter(|_| service.get("build").is_some()) {
                builders.entry(identity(&image)).or_insert(at);
            }
            for name in std::iter::once(&service.name).chain(&service.copies) {
                places.entry(*name).or_insert(at);
            }
        }
        Services { all, places, builders }
    }

    /// The first service that builds an image with this name.
    fn builder(&self, image: &str) -> Option<&'s Service<'t>> {
        self.builders.get(&identity(image)).and_then(|at| self.all.get(*at))
    }

    /// The service that has a name, or of which one with this name is an instance.
    fn get(&self, name: &str) -> Option<&'s Service<'t>> {
        self.places.get(name).and_then(|at| self.all.get(*at))
    }

    /// The service with a name.
    fn named(&self, name: &str) -> Option<&'s Service<'t>> {
        self.get(name).filter(|one| one.name == name)
    }
}

/// What the parts of an import share.
struct Import<'a, 't> {
    source: &'a Source,
    options: &'a Options<'a>,
    variables: BTreeMap<String, String>,
    budget: &'a Budget,
    /// The id of the appliance.
    id: String,
    /// The name of the project, from which Compose makes other names.
    project: String,
    names: Names,
    /// The services that are imported, in the order of the file.
    services: Vec<Service<'t>>,
    /// The top level of the file.
    top: &'t Object,
    /// What it has of volumes, configs and secrets.
    named: [BTreeMap<&'t str, &'t Node>; 3],
    volumes: Volumes,
    told: Told<'a>,
}

/// Imports a Compose file. `None` if there is nothing to import.
pub fn import(source: &Source, options: &Options<'_>, findings: &mut Findings) -> Option<Draft> {
    let budget = Budget::new();
    let variables = variables(source, options, &budget, findings);
    let tree = tree::read(source, &variables, &budget, findings)?;
    import_tree(source, &tree, variables, options, &budget, findings)
}

/// Imports the tree of a Compose file, whose variables are replaced. `None` if there is nothing to import.
pub fn import_tree(
    source: &Source,
    tree: &Node,
    variables: BTreeMap<String, String>,
    options: &Options<'_>,
    budget: &Budget,
    findings: &mut Findings,
) -> Option<Draft> {
    let Some(top) = tree.as_object() else {
        let message = format!("expected an object, found {}", tree.kind_name());
        findings.push(Diagnostic::new(&codes::NOT_IMPORTED, tree.span, message));
        return None;
    };
    let Some(services) = present(top, "services").and_then(Node::as_object) else {
        let place = top.member("services").map_or(tree.span, |member| member.key.span);
        let place = if place == tree.span { Span { end: place.start, ..place } } else { place };
        findings.push(
            Diagnostic::new(&codes::NOT_IMPORTED, place, "no services").help(
                "a Compose file has an object `services`; a file of version 1 gets one around all of it",
            ),
        );
        return None;
    };
    if let Some(include) = top.member("include") {
        findings.push(elsewhere(include.key.span, "`include`"));
    }
    let project = present(top, "name").and_then(text);
    let mut import = Import {
        source,
        options,
        variables,
        budget,
        id: project.as_deref().map_or_else(|| options.id.clone(), id_of),
        project: project.unwrap_or_else(|| options.id.clone()),
        names: Names::default(),
        services: Vec::new(),
        top,
        named: ["volumes", "configs", "secrets"].map(|kind| Import::named(top, kind)),
        volumes: Volumes::default(),
        told: Told(findings),
    };
    import.select(services);
    import.recognize();
    import.name();
    import.networks();
    lost::report(top, lost::TOP, import.told.0);
    Some(import.appliance())
}

/// The variables for interpolation.
pub fn variables(
    source: &Source,
    options: &Options<'_>,
    budget: &Budget,
    findings: &mut Findings,
) -> BTreeMap<String, String> {
    let start = Span::at(source.content_start());
    let mut all = BTreeMap::from([
        // The folder that Compose runs in is the one of the file.
        ("PWD".to_owned(), ".".to_owned()),
        (tree::PROJECT.to_owned(), options.id.clone()),
    ]);
    let mut unset = BTreeSet::new();
    let mut wrong = Vec::new();
    let mut add = |path: &str, bytes: Vec<u8>| {
        let known = |name: &str| all.get(name).map(String::as_str);
        let text = String::from_utf8_lossy(&bytes);
        let file = env_file::read(&text, &known, &mut BTreeMap::new(), budget);
        wrong.extend(env_file::findings(start, path, &file, budget));
        all.extend(file.variables);
        unset.extend(file.unset);
    };
    if options.env_files.is_empty()
        && let Ok(bytes) = options.read(".env")
    {
        add(".env", bytes);
    }
    for path in &options.env_files {
        match options.world.read(path) {
            Ok(bytes) => add(path, bytes),
            Err(cause) => findings.push(Diagnostic::new(
                &codes::NOT_IMPORTED,
                start,
                format!("cannot read `{path}`: {cause}"),
            )),
        }
    }
    for finding in wrong {
        findings.push(finding);
    }
    for name in unset {
        findings.push(tree::unset_variable(start, &name));
    }
    all
}

/// The error for what only Compose itself puts together.
fn elsewhere(span: Span, what: &str) -> Diagnostic {
    Diagnostic::new(&codes::NOT_IMPORTED, span, format!("{what} of other files is not followed"))
        .help("import what Compose makes of all files: `docker compose config --no-path-resolution | applc import -`")
}

impl<'t> Import<'_, 't> {
    /// Reads a file that the source names there.
    fn read(&mut self, path: &str, place: Span) -> io::Result<Vec<u8>> {
        let limit = &self.budget.read;
        if limit.is_spent() {
            return Err(io::Error::other("other files before it are too large together"));
        }
        let bytes = self.options.read(path)?;
        if !limit.take(bytes.len()) {
            limit.tell(place, &mut self.told);
        }
        Ok(bytes)
    }

    /// Counts an entry with this length of text that the source does not write itself. Returns whether there may be
    /// another one.
    fn entry(&mut self, length: usize, place: Span) -> bool {
        let may = self.budget.copies.take(ENTRY.saturating_add(length));
        if !may {
            self.budget.copies.tell(place, &mut self.told);
        }
        may
    }

    /// The top-level objects of a kind, such as `volumes`, by name.
    fn named(top: &'t Object, kind: &str) -> BTreeMap<&'t str, &'t Node> {
        let all = present(top, kind).and_then(Node::as_object);
        let members = all.iter().flat_map(|all| all.members.iter().rev());
        members.map(|member| (member.key.value.as_str(), &member.value)).collect()
    }

    /// Chooses the services whose profiles are asked for.
    fn select(&mut self, services: &'t Object) {
        let jobs = awaited(services);
        let asked =
            |profile: &String| self.options.profiles.iter().any(|one| one == profile || one == "*");
        let mut left_out = Vec::new();
        for Member { key, value } in &services.members {
            let Some(object) = value.as_object() else {
                let message = format!("expected an object, found {}", value.kind_name());
                self.told.push(Diagnostic::new(&codes::NOT_IMPORTED, value.span, message));
                continue;
            };
            let profiles = present(object, "profiles").map(strings).unwrap_or_default();
            if !profiles.is_empty() && !profiles.iter().any(asked) {
                left_out.push((key.span, key.value.to_string(), profiles.join("`, `")));
                continue;
            }
            let mode = present(object, "deploy").and_then(Node::as_object);
            let mode = mode.and_then(|deploy| present(deploy, "mode")).and_then(text);
            self.services.push(Service {
                name: &key.value,
                id: String::new(),
                key: key.span,
                object,
                is_job: jobs.contains(key.value.as_str())
                    || mode.is_some_and(|mode| mode.ends_with("-job")),
                copies: Vec::new(),
            });
        }
        for (span, name, profiles) in left_out {
            self.told.lose(
                span,
                format!("`{name}` is left out: it belongs to the profile `{profiles}`"),
                "import it with `--profile NAME`",
            );
        }
        if self.services.is_empty() && !self.told.0.has_errors() {
            self.told.refuse(Span::at(self.source.content_start()), "no services");
        }
    }

    /// Gives each service an id, and lets its other names mean it.
    fn name(&mut self) {
        let mut services = std::mem::take(&mut self.services);
        for service in &mut services {
            let id = service.label(own::CONTAINER);
            service.id = self.names.add(id.as_deref().unwrap_or(service.name));
            if id.is_none() && service.id != service.name {
                self.told.differ(
                    service.key,
                    format!("`{}` has the id `{}`", service.name, service.id),
                    "an id consists of letters, digits and hyphens, and differs from others: write it where files and other text name the service",
                );
            }
            for name in service.copies.iter().chain([&service.name]) {
                self.names.alias(name, &service.id);
            }
        }
        for service in &services {
            for field in ["container_name", "hostname"] {
                if let Some(name) = service.get(field).and_then(text) {
                    self.names.alias(&name, &service.id);
                }
            }
            for network in service
                .get("networks")
                .and_then(Node::as_object)
                .iter()
                .flat_map(|all| &all.members)
            {
                let aliases = network.value.as_object().and_then(|of| present(of, "aliases"));
                for alias in aliases.map(strings).unwrap_or_default() {
                    self.names.alias(&alias, &service.id);
                }
            }
        }
        for service in &services {
            for link in service.get("links").map(strings).unwrap_or_default() {
                if let Some((name, alias)) = link.split_once(':')
                    && let Some(id) = self.names.get(name).map(str::to_owned)
                {
                    self.names.alias(alias, &id);
                }
            }
        }
        self.services = services;
    }

    /// The whole document.
    fn appliance(&mut self) -> Draft {
        let services = std::mem::take(&mut self.services);
        let others = Services::new(&services);
        let mut containers = Vec::new();
        for service in &services {
            containers.push(self.container(service, &others));
        }
        self.listen(&services, &mut containers);
        let mut appliance = Draft::new();
        appliance.put("id", self.id.as_str());
        appliance.put("containers", containers);
        let volumes = self.volumes.draft();
        if !volumes.is_empty() {
            appliance.put("data_persistence", Draft::new().with("volumes", volumes));
        }
        appliance
    }
}

impl Import<'_, '_> {
    /// Lists the ports that others use: without Compose, only those are open that a container lists.
    fn listen(&mut self, services: &[Service<'_>], containers: &mut [Draft]) {
        let mut used: BTreeSet<(String, u16)> = BTreeSet::new();
        for container in containers.iter() {
            container.texts(&mut |text| used.extend(addresses(text)));
        }
        for (service, container) in services.iter().zip(containers) {
            if service.is_job || service.get("network_mode").is_some() {
                continue;
            }
            let listed = container.numbers_in("ports", "container_port", "protocol");
            let of = |port| (service.id.clone(), port);
            let mut added = Vec::new();
            for (_, port) in used.range(of(0)..=of(u16::MAX)) {
                let number = u64::from(*port);
                if listed.contains(&number) {
                    continue;
                }
                added.push(Draft::new().with("container_port", number).with("internal", true));
                self.told.push(
                    Diagnostic::new(
                        &codes::IMPORT_CHOICE,
                        service.key,
                        format!("port {port} of `{}` is added: others use it", service.name),
                    )
                    .help("only Compose opens ports that are not listed"),
                );
            }
            container.add_to("ports", added, "network_mode");
        }
    }
}

/// The names of the services that others wait for to complete.
fn awaited(services: &Object) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for service in services.members.iter().filter_map(|member| member.value.as_object()) {
        let waits = present(service, "depends_on").and_then(Node::as_object);
        for Member { key, value } in waits.iter().flat_map(|all| &all.members) {
            let condition =
                value.as_object().and_then(|on| present(on, "condition")).and_then(text);
            if condition.as_deref() == Some("service_completed_successfully") {
                names.insert(key.value.as_str());
            }
        }
    }
    names
}

/// The pairs of an object, or of a list of `NAME=VALUE`. Without a value, it is `None`.
fn pairs(node: &Node) -> Vec<(String, Option<String>, Span)> {
    if let Some(object) = node.as_object() {
        let pair =
            |member: &Member| (member.key.value.to_string(), text(&member.value), member.key.span);
        return object.members.iter().map(pair).collect();
    }
    let split = |item: &Node| {
        let item_text = text(item)?;
        Some(match item_text.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned()), item.span),
            None => (item_text, None, item.span),
        })
    };
    list(node).iter().filter_map(split).collect()
}

/// The last value of each name, in the order in which the names appear first.
fn unique(pairs: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut last: BTreeMap<String, usize> = BTreeMap::new();
    let mut out: Vec<(String, String)> = Vec::new();
    for (name, value) in pairs {
        match last.get(&name).and_then(|at| out.get_mut(*at)) {
            Some(known) => known.1 = value,
            None => {
                last.insert(name.clone(), out.len());
                out.push((name, value));
            }
        }
    }
    out
}
