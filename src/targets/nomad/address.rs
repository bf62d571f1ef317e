//! References: how a container is reached, and how its address gets to those that refer to it.
//!
//! Nomad resolves no names. The ports of a container are registered as services when its group
//! is placed, before any of its tasks starts, so containers can refer to each other. A
//! container with references has a template that waits for the registration and writes the
//! address into an environment variable.

use std::collections::BTreeSet;

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, ContainerId, Piece, Reference, Text};
use crate::render::{Composed, Origin, Traced};
use crate::source::{Span, Spanned};
use crate::targets::origins;

use super::context::Context;
use super::file;
use super::model::{self, Service};
use super::network::NetworkKind;
use super::reach::{self, Reach};
use super::strings::{ConfigString, in_template};

/// The attribute with the address of the node that a task runs on, as detected by Nomad.
const NODE_ADDRESS: &str = "attr.unique.network.ip-address";

/// The template with the address that the instance itself has registered for a service.
const OWN_ADDRESS: &str = "{{ define \"own\" }}{{ $own := \"\" }}{{ range nomadService . }}{{ if eq .AllocID (env \"NOMAD_ALLOC_ID\") }}{{ $own = .Address }}{{ end }}{{ end }}{{ with $own }}{{ . }}{{ else }}{{ template \"wait\" }}{{ end }}{{ end -}}";

/// The variable with the id of the allocation, shortened: it differs between instances.
const SHORT_ID: &str = "NOMAD_SHORT_ALLOC_ID";

/// Maximum length of a host name (Linux, `HOST_NAME_MAX`, less one for the final dot of DNS).
const MAX_HOST_NAME: usize = 63;

/// How a reference is written.
enum Spelling {
    /// The registered address and port of this service.
    Socket(String),
    /// The registered address of this service, followed by this text.
    Host(String, String),
    /// The address that this instance has registered for this service, followed by this text.
    Instance(String, String),
    /// Text, a variable that a task has for itself, and text.
    Own(String, &'static str, String),
}

/// The host name of an instance of a container, up to its [`SHORT_ID`].
fn before_short_id(id: &str) -> String {
    const LENGTH: usize = "-01234567".len();
    // Ids are ASCII: every byte is a character.
    let id = id.trim_start_matches('-').get(..MAX_HOST_NAME - LENGTH).unwrap_or(id);
    format!("{}-", id.to_ascii_lowercase())
}

/// The references of one container.
pub struct References<'a> {
    context: &'a Context<'a>,
    from: ContainerId,
}

impl<'a> References<'a> {
    /// The references of the container `from`.
    pub fn of(context: &'a Context<'a>, from: ContainerId) -> Self {
        References { context, from }
    }

    /// Reports references that cannot work.
    pub fn check(&self, container: &Container, findings: &mut Findings) {
        let mut own_is_reported = false;
        for reference in reach::texts(container).flat_map(Text::references) {
            let (Some(to), Some(reach)) =
                (self.context.container(reference.to()), self.context.reach(reference.to()))
            else {
                continue;
            };
            let id = &to.id.value;
            if reference.to() == self.from {
                if reach.network == NetworkKind::Bridge && !own_is_reported {
                    own_is_reported = true;
                    findings.push(own_address(to, reference));
                }
                continue;
            }
            if reach.is_over_for(self.from) {
                findings.push(over(container, to, reference));
                continue;
            }
            if to.instances.value == 0 {
                let message = format!(
                    "`{}` does not start until `{id}`, which has no instances, has one",
                    container.id.value
                );
                findings.push(
                    Diagnostic::new(&codes::APPROXIMATED, reference.span, message)
                        .also(to.instances.span, "no instances"),
                );
            }
            let Some(port) = reference.port else { continue };
            if reach.own_ports() || reach.label(port).is_some() {
                continue;
            }
            let message = format!("`{id}` does not list port {port}, so it is unreachable");
            findings.push(
                Diagnostic::new(&codes::NO_WAY, reference.span, message)
                    .also(to.id.span, "its ports are mapped to free host ports")
                    .help(format!("list it: `\"ports\": [{{\"container_port\": {port}}}]`"))
                    .help("or give containers their own addresses with the option `network`"),
            );
        }
    }

    fn spelling(&self, reference: &Reference) -> Spelling {
        let id = self.context.container(reference.to()).map_or("", |to| to.id.value.as_str());
        let reach = self.context.reach(reference.to());
        let suffix = reference.port.map(|port| format!(":{port}")).unwrap_or_default();
        let service = || self.context.address_service(id);
        if reference.to() == self.from {
            return match reach.map_or(NetworkKind::Bridge, |reach| reach.network) {
                NetworkKind::Host => Spelling::Own(String::new(), NODE_ADDRESS, suffix),
                NetworkKind::Own => Spelling::Instance(service(), suffix),
                // Docker adds the host name to the hosts file.
                NetworkKind::Bridge => Spelling::Own(before_short_id(id), SHORT_ID, suffix),
            };
        }
        if reach.is_some_and(|reach| reach.is_over_for(self.from)) {
            return Spelling::Own(String::new(), NODE_ADDRESS, suffix);
        }
        let label = match (reach, reference.port) {
            (Some(reach), Some(port)) if !reach.own_ports() => reach.label(port),
            _ => None,
        };
        match label {
            Some(label) => Spelling::Socket(self.context.port_service(id, label)),
            None => Spelling::Host(service(), suffix),
        }
    }

    /// What takes the place of a reference, for people.
    pub fn described(&self, reference: &Reference) -> String {
        match self.spelling(reference) {
            Spelling::Socket(service) => format!("<address and port of service {service}>"),
            Spelling::Host(service, after) => format!("<address of service {service}>{after}"),
            Spelling::Instance(service, after) => {
                format!("<own address of service {service}>{after}")
            }
            Spelling::Own(before, name, after) => format!("{before}${{{name}}}{after}"),
        }
    }

    /// The host name of the container, if it refers to itself on Docker's bridge.
    pub fn host_name(&self, container: &Container, reach: &Reach) -> Option<Composed> {
        let own = reach.referrers.iter().find(|referrer| referrer.from() == self.from)?;
        if reach.network != NetworkKind::Bridge {
            return None;
        }
        let mut name = ConfigString::default();
        name.push(&before_short_id(&container.id.value), true);
        name.variable(SHORT_ID);
        Some(Composed::new(name.finish(), own.span, vec![container.id.span]))
    }

    /// The places that have a say in the addresses of a string.
    fn places(&self, text: &Text) -> Vec<Span> {
        let plan = self.context.plan;
        let mut also = origins::of_references(plan, text, |reference, also| {
            also.extend(self.port_places(reference));
            also.extend(plan.containers.get(reference.to()).map(|to| to.network.span));
        });
        also.push(plan.id.span);
        also
    }

    /// The places of the label of the port of a reference.
    fn port_places(&self, reference: &Reference) -> Vec<Span> {
        let reach = self.context.reach(reference.to());
        let port = reach.and_then(|reach| reach.port(reference.port?));
        let from = port.map(|port| port.label_from);
        from.and_then(Origin::place).into_iter().chain(from.and_then(Origin::second)).collect()
    }

    /// A string of the task's `config`. Adds the variables that it needs to `variables`.
    pub fn in_config(&self, text: &Text, variables: &mut Variables) -> Composed {
        let written = self.config_string(text, variables);
        let also = text.references().next().map(|_| self.places(text));
        Composed::new(written, text.span, also.unwrap_or_default())
    }

    fn config_string(&self, text: &Text, variables: &mut Variables) -> String {
        let mut made = ConfigString::default();
        for (at, piece) in text.pieces.iter().enumerate() {
            let reference = match piece {
                Piece::Literal(literal) => {
                    made.push(literal, at + 1 < text.pieces.len());
                    continue;
                }
                Piece::Reference(reference) => reference,
            };
            let suffix = match self.spelling(reference) {
                Spelling::Own(before, name, suffix) => {
                    made.push(&before, true);
                    made.variable(name);
                    suffix
                }
                Spelling::Instance(service, suffix) => {
                    let service = self.of_reference(service, reference);
                    made.variable(&variables.instance(self.id(reference), service));
                    suffix
                }
                Spelling::Socket(service) => {
                    let service = self.of_reference(service, reference);
                    made.variable(&variables.socket(self.id(reference), reference.port, service));
                    String::new()
                }
                Spelling::Host(service, suffix) => {
                    let service = self.of_reference(service, reference);
                    made.variable(&variables.host(self.id(reference), service));
                    suffix
                }
            };
            if !suffix.is_empty() {
                made.push(&suffix, false);
            }
        }
        made.finish()
    }

    /// The name of a service with its origins, of which a reference is the main one.
    fn of_reference(&self, service: String, reference: &Reference) -> Composed {
        let to = self.context.container(reference.to()).map(|to| [to.id.span, to.network.span]);
        let also = to.into_iter().flatten().chain(self.port_places(reference));
        let also = also.chain([self.context.plan.id.span]).collect();
        Composed::new(service, reference.span, also)
    }

    /// The value of an environment variable that a template writes, without its quotes.
    pub fn in_template(&self, text: &Text, variables: &mut Variables) -> Composed {
        let written = text.spell(in_template, |reference| self.action(reference, variables));
        let places = self.note_places(text, variables);
        Composed::new(written, text.span, places)
    }

    /// The lines of a file that a template writes.
    pub fn in_file(&self, text: &Text, variables: &mut Variables) -> Vec<Composed> {
        let mut lines = file::Lines::default();
        for piece in &*text.pieces {
            match piece {
                Piece::Literal(literal) => lines.text(literal),
                Piece::Reference(reference) => lines.action(&self.action(reference, variables)),
            }
        }
        let places = match text.references().next() {
            Some(_) => self.note_places(text, variables),
            None => Vec::new(),
        };
        let line = |line| Composed::new(line, text.span, places.clone());
        lines.finish().into_iter().map(line).collect()
    }

    /// The actions of a template that write the address of a reference.
    fn action(&self, reference: &Reference, variables: &mut Variables) -> String {
        match self.spelling(reference) {
            Spelling::Own(before, name, suffix) => {
                format!("{before}{{{{ env \"{name}\" }}}}{suffix}")
            }
            Spelling::Instance(service, suffix) => {
                variables.instances = true;
                format!("{{{{ template \"own\" \"{service}\" }}}}{suffix}")
            }
            Spelling::Socket(service) => {
                variables.sockets = true;
                format!("{{{{ template \"address\" \"{service}\" }}}}")
            }
            Spelling::Host(service, suffix) => {
                variables.hosts = true;
                format!("{{{{ template \"host\" \"{service}\" }}}}{suffix}")
            }
        }
    }

    /// Notes and returns the places that have a say in the addresses of a string.
    fn note_places(&self, text: &Text, variables: &mut Variables) -> Vec<Span> {
        let places = self.places(text);
        variables.places.push(text.span);
        variables.places.extend_from_slice(&places);
        places
    }

    fn id(&self, reference: &Reference) -> &str {
        self.context.container(reference.to()).map_or("", |to| to.id.value.as_str())
    }
}

/// Reports a reference of a container to itself whose address is no use to others.
fn own_address(container: &Container, reference: &Reference) -> Diagnostic {
    let id = &container.id.value;
    let message = format!(
        "`@{id}` in `{id}` is its address on Docker's bridge: it can bind the address, but others cannot reach it"
    );
    Diagnostic::new(&codes::APPROXIMATED, reference.span, message)
        .also(container.network.span, "the network mode")
        .help("to pass its address on, it needs the network mode `host`, or `container` with the option `network`")
}

/// Reports a reference to a job that has ended before the container starts.
fn over(container: &Container, job: &Container, reference: &Reference) -> Diagnostic {
    let (from, id) = (&container.id.value, &job.id.value);
    let message = format!(
        "nothing answers at the address that `@{id}` provides, because the job `{id}` ends before `{from}` starts"
    );
    Diagnostic::new(&codes::APPROXIMATED, reference.span, message)
        .label("becomes the address of the node")
}

/// What the template of a task fills in.
#[derive(Debug, Default)]
pub struct Variables {
    /// Names of the container's own environment variables.
    taken: BTreeSet<String>,
    /// Variables that hold an address for `config`: name, template, service.
    made: Vec<(String, &'static str, Composed)>,
    /// Whether addresses with a port are needed.
    sockets: bool,
    /// Whether addresses without a port are needed.
    hosts: bool,
    /// Whether the registered address of the instance itself is needed.
    instances: bool,
    /// The places that decide about which of these are needed.
    places: Vec<Span>,
    /// The container's own variables that only a template can write: name and value.
    pub written: Vec<(Spanned<String>, Composed)>,
    /// Lines of the template that wait for something.
    pub awaited: Vec<Composed>,
}

impl Variables {
    /// The variables of a container with these environment variables.
    pub fn beside(names: impl Iterator<Item = String>) -> Self {
        Variables { taken: names.collect(), ..Variables::default() }
    }

    fn socket(&mut self, id: &str, port: Option<u16>, service: Composed) -> String {
        self.sockets = true;
        let port = port.map(|port| port.to_string()).unwrap_or_default();
        self.variable(format!("addr_{}_{port}", id.replace('-', "_")), "address", service)
    }

    fn host(&mut self, id: &str, service: Composed) -> String {
        self.hosts = true;
        self.variable(format!("host_{}", id.replace('-', "_")), "host", service)
    }

    fn instance(&mut self, id: &str, service: Composed) -> String {
        self.instances = true;
        self.variable(format!("host_{}", id.replace('-', "_")), "own", service)
    }

    fn variable(&mut self, mut name: String, template: &'static str, service: Composed) -> String {
        while self.taken.contains(&name) {
            name.push('_');
        }
        self.places.extend(service.from.place());
        self.places.extend_from_slice(&service.also);
        if !self.made.iter().any(|(made, ..)| *made == name) {
            self.made.push((name.clone(), template, service));
        }
        name
    }

    /// The template, if there is anything to fill in. `path` is the path of the task's own
    /// Nomad variables.
    pub fn template(self, path: Composed, restart: bool) -> Option<model::Template> {
        let waits = self.waits();
        let mut lines = self.definitions(&path);
        let Variables { made, written, awaited, .. } = self;
        lines.extend(awaited);
        for (name, template, service) in made {
            let line =
                format!("{name}=\"{{{{ template \"{template}\" \"{}\" }}}}\"", service.value);
            lines.push(Composed { value: line, ..service });
        }
        for (name, value) in written {
            let line = format!("{}=\"{}\"", name.value, value.value);
            let mut line = Composed { value: line, ..value };
            line.also.push(name.span);
            lines.push(line);
        }
        (!lines.is_empty()).then_some(model::Template { lines, waits, restart, addresses: false })
    }

    fn waits(&self) -> bool {
        self.sockets || self.hosts || self.instances || !self.awaited.is_empty()
    }

    /// What the actions in a template call, one in each line. `path` is the path of the task's own Nomad
    /// variables.
    pub fn definitions(&self, path: &Composed) -> Vec<Composed> {
        let mut lines = Vec::new();
        // What is the same for all that is filled in.
        let also: Vec<Span> = path.also.iter().chain(&self.places).copied().collect();
        let fixed = |line| Composed::new(line, path.from, also.clone());
        if self.waits() {
            // Reading a Nomad variable that does not exist blocks; looking up a service does
            // not.
            lines.push(fixed(format!(
                "{{{{ define \"wait\" }}}}{{{{ with nomadVar \"{}\" }}}}{{{{ end }}}}{{{{ end -}}}}",
                path.value
            )));
        }
        let address = |name: &str, form: &str| {
            format!(
                "{{{{ define \"{name}\" }}}}{{{{ range nomadService 1 (env \"NOMAD_ALLOC_ID\") . }}}}{form}{{{{ else }}}}{{{{ template \"wait\" }}}}{{{{ end }}}}{{{{ end -}}}}"
            )
        };
        if self.sockets {
            lines.push(fixed(address("address", "{{ .Address }}:{{ .Port }}")));
        }
        if self.hosts {
            lines.push(fixed(address("host", "{{ .Address }}")));
        }
        if self.instances {
            lines.push(fixed(OWN_ADDRESS.to_owned()));
        }
        lines
    }
}

/// The services of a container that containers and operators look up: one for each port, and
/// one for its address if references need it without a port.
pub fn services(context: &Context<'_>, container: &Container, reach: &Reach) -> Vec<Service> {
    let id = &container.id.value;
    let mode = reach.own_address().then(|| Traced::new("alloc", container.network.span));
    let service = |name, port, address, address_mode| Service {
        name,
        port,
        address,
        address_mode,
        check: None,
    };
    let mut services: Vec<Service> = reach
        .ports
        .iter()
        .map(|port| {
            let mut name = context.named(context.port_service(id, &port.label), container);
            name.also.extend(port.label_from.place());
            name.also.extend(port.label_from.second());
            service(name, Some(port.traced_label(Vec::new())), None, mode)
        })
        .collect();
    if reach.address_wanted {
        let referrers: Vec<Span> = reach.referrers.iter().map(|r| r.span).collect();
        let address = (!reach.own_address()).then(|| {
            let address = format!("\"${{{NODE_ADDRESS}}}\"");
            Composed::new(address, container.id.span, referrers.clone())
        });
        let mut name = context.named(context.address_service(id), container);
        name.also.extend(referrers);
        services.push(service(name, None, address, mode));
    }
    services
}
