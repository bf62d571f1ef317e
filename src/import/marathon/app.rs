//! An app as a container.

use super::{Import, Item, lost};
use crate::elsewhere::scalars::{boolean, list, present, strings, text};
use crate::import::draft::{Object as Draft, Value};
use crate::import::references::{marked, names_a_host};
use crate::import::secrets::Value as Secret;
use crate::source::Span;
use crate::syntax::{Node, Object};

/// For commands that run on the agent itself: the image is for a person to choose.
const IMAGE: &str = "debian:stable-slim";

/// What Marathon puts into the environment of a task.
const GIVEN: [&str; 5] = ["$PORT", "${PORT", "$HOST", "$MESOS_", "$MARATHON_"];

impl Import<'_> {
    /// The container for an app or a job.
    pub(super) fn container(&mut self, item: &Item<'_>) -> Draft {
        let mut container = Draft::new();
        container.put("id", item.id.as_str());
        container.put("type", if item.is_job { "job" } else { "service" });
        if item.is_job {
            self.job(item, &mut container);
        } else {
            self.app(item, &mut container);
        }
        container
    }

    fn app(&mut self, item: &Item<'_>, container: &mut Draft) {
        let app = item.object;
        lost::report(app, lost::APP, self.told.0);
        let within = object(app, "container");
        let docker = within.and_then(|within| object(within, "docker"));
        for (part, table) in [(within, lost::CONTAINER), (docker, lost::DOCKER)] {
            if let Some(part) = part {
                lost::report(part, table, self.told.0);
            }
        }
        let place = present(app, "id").map_or_else(|| Span::at(0), |id| id.span);
        self.image(docker, place, container);
        self.resources(app, container, 1.0, 128.0);
        let instances = number(app, "instances").unwrap_or(1.0);
        if instances != 1.0 {
            container.put("instances", Value::number(instances));
        }
        self.command(app, container);
        self.env(app, container);
        self.mounts(item, within, container);
        let ports = self.network(app, within, docker, container);
        self.health(app, &ports, container);
        if docker.and_then(|docker| present(docker, "privileged")).and_then(boolean) == Some(true) {
            container.put("is_privileged", true);
        }
        if let Some(user) = present(app, "user").and_then(text) {
            container.put("user", user);
        }
        self.parameters(docker, container);
        if let Some(grace) = number(app, "taskKillGracePeriodSeconds") {
            container.put("stop_timeout", Value::number(grace.ceil()));
        }
        let upgrade = object(app, "upgradeStrategy");
        if let Some(upgrade) = upgrade {
            lost::report(upgrade, lost::UPGRADE, self.told.0);
        }
        let capacity = upgrade.and_then(|of| number(of, "minimumHealthCapacity"));
        // Marathon's default keeps all instances.
        container.put("minimum_capacity", Value::number(capacity.unwrap_or(1.0)));
        let mut labels = Draft::new();
        for member in object(app, "labels").iter().flat_map(|labels| &labels.members) {
            labels.put(&member.key.value, text(&member.value).unwrap_or_default());
        }
        container.put_filled("labels", labels);
        self.constraints(app, container);
        self.dependencies(item, container);
    }

    pub(super) fn image(&mut self, docker: Option<&Object>, place: Span, container: &mut Draft) {
        let image = docker.and_then(|docker| present(docker, "image")).and_then(text);
        match image {
            Some(image) => {
                container.put("image", image);
                let forced = docker.and_then(|docker| present(docker, "forcePullImage"));
                if forced.and_then(boolean) != Some(true) {
                    container.put("force_pull_image", false);
                }
            }
            None => {
                self.told.differ(
                    place,
                    format!("it runs in the image `{IMAGE}`, not on the agent itself"),
                    "set `image` to one that has what the command needs",
                );
                container.put("image", IMAGE);
                container.comment("chosen by the import: the command ran on the agent itself");
            }
        }
    }

    pub(super) fn resources(&mut self, of: &Object, container: &mut Draft, cpus: f64, mem: f64) {
        let mut draft = Draft::new();
        draft.put("cpus", Value::number(number(of, "cpus").unwrap_or(cpus)));
        let memory = number(of, "mem").unwrap_or(mem);
        if let Some(node) = present(of, "mem") {
            self.told.megabytes(node.span, memory);
        }
        draft.put("mem", Value::number(memory.ceil().max(1.0)));
        for (name, field) in [("disk", "disk"), ("gpus", "gpu")] {
            if let Some(amount) = number(of, name).filter(|amount| *amount > 0.0) {
                draft.put(field, Value::number(amount.ceil()));
            }
        }
        container.put("resources", draft);
    }

    fn command(&mut self, app: &Object, container: &mut Draft) {
        if let Some(node) =
            present(app, "cmd").filter(|node| text(node).is_some_and(|cmd| !cmd.is_empty()))
        {
            let cmd = text(node).unwrap_or_default();
            self.given(node.span, &cmd);
            container.put("cmd", marked(&cmd, &self.names, false));
        } else if let Some(node) = present(app, "args") {
            let args: Vec<String> =
                strings(node).iter().map(|word| marked(word, &self.names, false)).collect();
            container.put_filled("args", args);
        }
    }

    /// Reports variables that only Marathon sets.
    pub(super) fn given(&mut self, span: Span, command: &str) {
        if let Some(name) = GIVEN.iter().find(|name| command.contains(**name)) {
            self.told.differ(
                span,
                format!("`{name}...` is a variable that only Marathon sets"),
                "write the port or the address itself, or set the variable in `env`",
            );
        }
    }

    fn env(&mut self, app: &Object, container: &mut Draft) {
        let (mut env, mut secrets) = (Draft::new(), Draft::new());
        for member in object(app, "env").iter().flat_map(|env| &env.members) {
            let name = member.key.value.as_str();
            if let Some(label) = secret_of(&member.value) {
                let value = secret(app, &label);
                value.tell(&format!("`{name}`"), member.key.span, &mut self.told);
                secrets.put(name, value.draft());
                continue;
            }
            let Some(value) = text(&member.value) else {
                let kind = member.value.kind_name();
                self.told.lose(
                    member.value.span,
                    format!("`{name}` is left out: its value is {kind}, not text"),
                    "write the value as text",
                );
                continue;
            };
            env.put(name, marked(&value, &self.names, names_a_host(name)));
        }
        container.put_filled("env", env);
        container.put_filled("secret_env", secrets);
    }

    /// `ports` are the numbers of the container's ports.
    fn health(&mut self, app: &Object, ports: &[f64], container: &mut Draft) {
        let checks = present(app, "healthChecks").map(list).unwrap_or_default();
        if let [_, second, ..] = checks {
            self.told.lose(
                second.span,
                "one health check is kept, the first",
                "let one check test all",
            );
        }
        let Some((node, check)) = checks.first().and_then(|node| Some((node, node.as_object()?)))
        else {
            return;
        };
        lost::report(check, lost::HEALTH, self.told.0);
        let mut draft = Draft::new();
        let protocol =
            present(check, "protocol").and_then(text).unwrap_or_else(|| "HTTP".to_owned());
        draft.put("protocol", protocol.as_str());
        let command = object(check, "command").and_then(|of| present(of, "value")).and_then(text);
        if let Some(command) = command {
            draft.put("command", marked(&command, &self.names, false));
        }
        if protocol.ends_with("HTTP") || protocol.ends_with("HTTPS") {
            draft.put(
                "path",
                present(check, "path").and_then(text).unwrap_or_else(|| "/".to_owned()),
            );
        }
        if !protocol.ends_with("COMMAND") {
            let wanted = number(check, "port");
            let index = match wanted {
                Some(port) => ports.iter().position(|known| *known == port),
                None => Some(number(check, "portIndex").unwrap_or(0.0).max(0.0) as usize),
            };
            match index.filter(|index| *index < ports.len()) {
                Some(0) => {}
                Some(index) => {
                    draft.put("port_index", index as u64);
                }
                None => {
                    let message =
                        "the health check is left out: its port is not one of the container";
                    self.told.lose(
                        node.span,
                        message,
                        "list the port, and write `health_check` with its `port_index`",
                    );
                    return;
                }
            }
        }
        // The defaults of Marathon, which are those of the language.
        for (name, field, default) in [
            ("intervalSeconds", "interval_seconds", 60.0),
            ("timeoutSeconds", "timeout_seconds", 20.0),
            ("gracePeriodSeconds", "grace_period_seconds", 300.0),
        ] {
            if let Some(seconds) = number(check, name).filter(|seconds| *seconds != default) {
                draft.put(field, Value::number(seconds.ceil()));
            }
        }
        if let Some(node) = present(check, "maxConsecutiveFailures") {
            match number(check, "maxConsecutiveFailures") {
                Some(0.0) => self.told.differ(
                    node.span,
                    "an instance is replaced after three failed checks, not never",
                    "set `max_consecutive_failures`",
                ),
                Some(3.0) | None => {}
                Some(failures) => {
                    draft.put("max_consecutive_failures", Value::number(failures));
                }
            }
        }
        container.put("health_check", draft);
    }

    /// Parameters of the Docker engine that have a like.
    pub(super) fn parameters(&mut self, docker: Option<&Object>, container: &mut Draft) {
        for node in
            docker.and_then(|docker| present(docker, "parameters")).map(list).unwrap_or_default()
        {
            let of = |name: &str| node.as_object().and_then(|of| present(of, name)).and_then(text);
            let (key, value) = (of("key").unwrap_or_default(), of("value").unwrap_or_default());
            let field = match key.as_str() {
                "user" => "user",
                "workdir" => "working_dir",
                "entrypoint" => "entrypoint",
                _ => "",
            };
            let others = if field == "entrypoint" { &["entrypoint", "cmd"][..] } else { &[field] };
            if let Some(other) = others.iter().find(|other| container.has(other)) {
                self.told.lose(
                    node.span,
                    format!("the parameter `{key}` of Docker is left out: there is a `{other}`"),
                    "keep the one of them that is meant",
                );
                continue;
            }
            match field {
                "entrypoint" => {
                    container.put("entrypoint", vec![value]);
                }
                "user" | "working_dir" => {
                    container.put(field, value);
                }
                _ => self.told.lose(
                    node.span,
                    format!("the parameter `{key}` of Docker is left out"),
                    "use a field for it if there is one, or the image",
                ),
            }
        }
    }

    pub(super) fn constraints(&mut self, of: &Object, container: &mut Draft) {
        let mut placement = Draft::new();
        for node in present(of, "constraints").map(list).unwrap_or_default() {
            let words = strings(node);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let field = match words.as_slice() {
                ["hostname" | "@hostname", "CLUSTER" | "IS" | "EQUALS", host] => {
                    Some(("host", *host))
                }
                ["hostname" | "@hostname", "LIKE", pattern] => {
                    literal(pattern).map(|host| ("host", host))
                }
                ["@zone" | "zone", "CLUSTER" | "IS" | "EQUALS", zone] => Some(("zone", *zone)),
                ["@region" | "region", "CLUSTER" | "IS" | "EQUALS", region] => {
                    Some(("region", *region))
                }
                _ => None,
            };
            match field {
                Some((name, value)) if !placement.has(name) => {
                    placement.put(name, value);
                }
                Some((name, _)) => self.told.lose(
                    node.span,
                    format!(
                        "the constraint `{}` is left out: there is another {name}",
                        words.join(" ")
                    ),
                    "keep the one of them that is meant",
                ),
                None => self.told.lose(
                    node.span,
                    format!("the constraint `{}` is left out", words.join(" ")),
                    "use `schedule_hints`, or the means of the target",
                ),
            }
        }
        if placement != Draft::new() {
            container.put("schedule_hints", Draft::new().with("placement", placement));
        }
    }

    fn dependencies(&mut self, item: &Item<'_>, container: &mut Draft) {
        let mut ids = Vec::new();
        let group = item.path.rsplit_once('/').map_or("", |(group, _)| group);
        for node in present(item.object, "dependencies").map(list).unwrap_or_default() {
            let on = text(node).unwrap_or_default();
            let whole = resolve(group, &on);
            let known = self.by_path(&whole).or_else(|| self.by_path(&on));
            match known {
                Some(id) => ids.push(id),
                None => self.told.lose(
                    node.span,
                    format!("`{on}` is not part of what is imported: it is not waited for"),
                    "import the group that both are in",
                ),
            }
        }
        container.put_filled("dependencies", ids);
    }

    /// The id of the container for an app.
    pub(super) fn by_path(&self, path: &str) -> Option<String> {
        let path = path.trim_matches('/');
        // Names are paths without those of the group that all are in.
        let mut rest = Some(path);
        while let Some(part) = rest {
            if let Some(id) = self.names.get(part) {
                return Some(id.to_owned());
            }
            rest = part.split_once('/').map(|(_, rest)| rest);
        }
        None
    }
}

/// The path that a dependency means, which may be relative to its group.
fn resolve(group: &str, on: &str) -> String {
    if on.starts_with('/') {
        return on.to_owned();
    }
    let mut parts: Vec<&str> = group.split('/').collect();
    for part in on.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The only name of a host that a regular expression is meant to match: a dot is that of a domain. `None` if it may match
/// several.
fn literal(pattern: &str) -> Option<&str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    (pattern.chars().all(is_plain) && !pattern.ends_with('.')).then_some(pattern)
}

/// A member that is an object.
pub fn object<'t>(of: &'t Object, name: &str) -> Option<&'t Object> {
    present(of, name).and_then(Node::as_object)
}

/// A number, which may be written as a string.
pub fn number(of: &Object, name: &str) -> Option<f64> {
    text(present(of, name)?)?.parse().ok()
}

/// The name of the secret of an app that a value of `env`, or a volume, refers to.
pub fn secret_of(node: &Node) -> Option<String> {
    present(node.as_object()?, "secret").and_then(text)
}

/// The value of a secret of an app. Its path is `GROUP/SECRET_KEY` if applc has written it; otherwise its last part
/// is the key, and what is before that the secret.
pub fn secret(app: &Object, label: &str) -> Secret {
    let source = object(app, "secrets").and_then(|secrets| object(secrets, label));
    let source = source.and_then(|secret| present(secret, "source")).and_then(text);
    let path = source.unwrap_or_else(|| label.to_owned());
    let path = path.trim_matches('/');
    let (before, last) = path.rsplit_once('/').unwrap_or(("", path));
    let own = || Secret::joined(last, '_');
    own().unwrap_or_else(|| Secret::new(if before.is_empty() { last } else { before }, last))
}
