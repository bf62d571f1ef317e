//! A service as a container.

use std::collections::BTreeSet;

use super::super::draft::Object as Draft;
use super::{Import, Service, Services, lost, own, pairs, shared, unique};
use crate::diag::{Diagnostic, codes};
use crate::elsewhere::scalars::{boolean, present, strings, text};
use crate::elsewhere::units;
use crate::syntax::{Member, Node};

/// Policies that pull an image only if it is missing.
const PULLED_IF_MISSING: [&str; 3] = ["missing", "if_not_present", "build"];

const STARTED: &str = "service_started";
const HEALTHY: &str = "service_healthy";
const COMPLETED: &str = "service_completed_successfully";

impl<'t> Import<'_, 't> {
    /// The container for a service.
    pub(super) fn container(&mut self, service: &Service<'t>, all: &Services<'_, 't>) -> Draft {
        if let Some(extends) = service.object.member("extends") {
            self.told.push(super::elsewhere(extends.key.span, "`extends`"));
        }
        let shared = self.shared(service, all);
        let is_read = |name: &str| {
            name == "gpus"
                || (name == "volumes_from" && shared.is_some())
                || name == "extra_hosts"
                    && service.is_own()
                    && service.get(name).is_some_and(own::is_machine)
        };
        lost::report_but(service.object, lost::SERVICE, is_read, self.told.0);
        let mut container = Draft::new();
        container.put("id", service.id.as_str());
        container.put("type", if service.is_job { "job" } else { "service" });
        self.image(service, all, &mut container);
        self.resources(service, &mut container);
        self.instances(service, &mut container);
        self.process(service, &mut container);
        self.environment(service, &mut container);
        let (mounts, copies) = self.mounts(service, shared.unwrap_or_default());
        self.files(service, copies, &mut container);
        container.put_filled("volumes", mounts);
        self.network(service, &mut container);
        self.health(service, &mut container);
        self.rest(service, all, &mut container);
        container
    }

    fn image(&mut self, service: &Service<'t>, all: &Services<'_, 't>, container: &mut Draft) {
        let image = service.image();
        // What one service builds is there for all that run it.
        let built = match &image {
            Some(image) if service.get("build").is_none() => all.builder(image),
            _ => None,
        };
        let built = built.unwrap_or(service);
        let build = built.get("build");
        if image.is_none() && build.is_none() {
            self.told
                .refuse(service.key, format!("`{}` has neither `image` nor `build`", service.name));
        }
        // The name that Compose gives what it builds.
        let own = || {
            format!("{}-{}", self.project.to_ascii_lowercase(), service.name.to_ascii_lowercase())
        };
        container.put("image", image.unwrap_or_else(own));
        if let Some(build) = build {
            self.build(build, container);
        }
        let policy = built.get("pull_policy").and_then(text);
        match policy.as_deref() {
            // What is built is built at every start.
            Some("always") => {}
            Some("build") if build.is_some() => {}
            Some("never") => {
                let span = service.get("pull_policy").map_or(service.key, |node| node.span);
                self.told.differ(
                    span,
                    "an image that is missing is pulled",
                    "load the image before",
                );
                container.put("force_pull_image", false);
            }
            // Compose pulls what is missing.
            other => {
                if let Some(other) = other.filter(|one| !PULLED_IF_MISSING.contains(one)) {
                    let span = service.get("pull_policy").map_or(service.key, |node| node.span);
                    self.told.differ(
                        span,
                        format!(
                            "an image that is there is kept, not pulled again as `{other}` says"
                        ),
                        "set `force_pull_image: true`, or pull it yourself",
                    );
                }
                container.put("force_pull_image", false);
            }
        }
    }

    fn build(&mut self, build: &Node, container: &mut Draft) {
        let mut draft = Draft::new();
        let written = build.as_object().map_or(Some(build), |object| present(object, "context"));
        let context = written.and_then(text).unwrap_or_else(|| ".".to_owned());
        // A URL, or a folder of one machine.
        if context.starts_with(['/', '~']) || context.contains(':') {
            self.told.lose(
                written.map_or(build.span, |node| node.span),
                format!("the image is not built from `{context}`"),
                "build it yourself, or from a folder beside the appliance",
            );
            return;
        }
        draft.put("context", context);
        let Some(object) = build.as_object() else {
            container.put("build", draft);
            return;
        };
        lost::report(object, lost::BUILD, self.told.0);
        if let Some(node) = present(object, "dockerfile") {
            let file = text(node).unwrap_or_default();
            if file.starts_with('/') {
                self.told.lose(
                    node.span,
                    format!("the Dockerfile `{file}` is not in the folder that is built"),
                    "move it there, and write its path in that folder",
                );
            } else {
                draft.put("dockerfile", file);
            }
        }
        let mut arguments = Draft::new();
        for (name, value, span) in present(object, "args").map(pairs).unwrap_or_default() {
            match value.or_else(|| self.variable(&name, span)) {
                Some(value) => {
                    arguments.put(&name, value);
                }
                None => self.told.lose(
                    span,
                    format!("the build argument `{name}` has no value"),
                    "Compose takes it from the shell; give it with `--env-file FILE`",
                ),
            }
        }
        draft.put_filled("args", arguments);
        if let Some(target) = present(object, "target").and_then(text) {
            draft.put("target", target);
        }
        container.put("build", draft);
    }

    fn instances(&mut self, service: &Service<'t>, container: &mut Draft) {
        let deploy = service.get("deploy").and_then(Node::as_object);
        if let Some(deploy) = deploy {
            lost::report(deploy, lost::DEPLOY, self.told.0);
            if let Some(mode) = present(deploy, "mode")
                .filter(|mode| text(mode).is_some_and(|mode| mode.starts_with("global")))
            {
                self.told.differ(
                    mode.span,
                    "one instance, not one for each node",
                    "set `instances`",
                );
            }
        }
        let replicas = deploy.and_then(|deploy| present(deploy, "replicas"));
        if !service.copies.is_empty() {
            container.put("instances", service.copies.len() as u64 + 1);
            return;
        }
        let Some(count) = replicas.or_else(|| service.get("scale")) else { return };
        match text(count).and_then(|count| count.trim().parse::<u64>().ok()) {
            Some(1) => {}
            Some(count) => {
                container.put("instances", count);
            }
            None => self.told.refuse(count.span, "expected a number of instances"),
        }
    }

    fn rest(&mut self, service: &Service<'t>, all: &Services<'_, 't>, container: &mut Draft) {
        if service.get("privileged").and_then(boolean) == Some(true) {
            container.put("is_privileged", true);
        }
        let mut labels = Draft::new();
        let own = service.get("labels").map(pairs).unwrap_or_default();
        let own = own.into_iter().filter(|(name, ..)| !name.starts_with(own::PREFIX));
        let own = own.map(|(name, value, _)| (name, value.unwrap_or_default()));
        for (name, value) in unique(own.collect()) {
            labels.put(&name, value);
        }
        container.put_filled("labels", labels);
        self.restart(service, container);
        self.dependencies(service, all, container);
    }

    fn restart(&mut self, service: &Service<'t>, container: &mut Draft) {
        let restart = service.get("restart");
        let policy = restart.and_then(text).unwrap_or_else(|| "no".to_owned());
        let span = restart.map_or(service.key, |node| node.span);
        let (kind, count) = policy.split_once(':').unwrap_or((&policy, ""));
        match (service.is_job, kind) {
            (true, "on-failure") => match count.parse::<u64>() {
                Ok(count) => {
                    container.put("retries", count);
                }
                Err(_) => self.told.differ(
                    span,
                    "a job that fails is not tried again without end",
                    "set `retries`",
                ),
            },
            (true, "no" | "false") => {
                container.put("retries", 0);
            }
            (false, "always" | "unless-stopped") => {}
            (true, _) => self.told.differ(
                span,
                "a job that has succeeded is not started again",
                "make it a service if it is to go on running",
            ),
            (false, "on-failure") => self.told.differ(
                span,
                format!("`{}` is started again also after it has ended well", service.name),
                "make it a job if it runs to completion: `type: job`",
            ),
            (false, "no" | "false") if restart.is_some() => self.told.differ(
                span,
                format!("`{}` is started again if it ends", service.name),
                "make it a job if it runs to completion: `type: job`",
            ),
            (false, _) => self.told.push(
                Diagnostic::new(
                    &codes::IMPORT_CHOICE,
                    span,
                    format!("`{}` is started again if it ends: it has no `restart`", service.name),
                )
                .help("make it a job if it runs to completion: `type: job`"),
            ),
        }
    }

    fn dependencies(
        &mut self,
        service: &Service<'t>,
        all: &Services<'_, 't>,
        container: &mut Draft,
    ) {
        let mut names: Vec<(String, crate::source::Span, &str)> = Vec::new();
        let mut known = BTreeSet::new();
        let mut add = |name: String, span, condition| {
            if known.insert(name.clone()) {
                names.push((name, span, condition));
            }
        };
        let depends = service.get("depends_on");
        match depends.and_then(Node::as_object) {
            Some(object) => {
                for Member { key, value } in &object.members {
                    let how = value.as_object();
                    if let Some(how) = how {
                        lost::report(how, lost::DEPENDENCY, self.told.0);
                    }
                    let condition = how
                        .and_then(|how| present(how, "condition"))
                        .and_then(Node::as_str)
                        .unwrap_or(STARTED);
                    add(key.value.to_string(), key.span, condition);
                }
            }
            None => {
                for item in depends.map(super::list).unwrap_or_default() {
                    if let Some(name) = text(item) {
                        add(name, item.span, STARTED);
                    }
                }
            }
        }
        let links = service.get("links");
        for link in links.map(strings).unwrap_or_default() {
            let name = link.split(':').next().unwrap_or_default().to_owned();
            add(name, links.map_or(service.key, |node| node.span), STARTED);
        }
        // Those of containers outside the appliance are told elsewhere.
        for (from, span) in shared::names(service) {
            if all.named(&from).is_some() {
                add(from, span, STARTED);
            }
        }
        if let Some(mode) = service.get("network_mode")
            && let Some(name) = text(mode).as_deref().and_then(|mode| mode.strip_prefix("service:"))
        {
            add(name.to_owned(), mode.span, STARTED);
        }
        let (mut ids, mut taken) = (Vec::new(), BTreeSet::new());
        for (name, span, condition) in names {
            match all.get(&name) {
                Some(on) if !taken.insert(on.id.as_str()) => {}
                Some(on) => {
                    ids.push(on.id.clone());
                    let (actual, until) = match (on.is_job, on.is_checked()) {
                        (true, _) => (COMPLETED, "has completed"),
                        (false, true) => (HEALTHY, "is healthy"),
                        (false, false) => (STARTED, "has started"),
                    };
                    if actual != condition {
                        self.told.differ(
                            span,
                            format!("`{}` waits until `{name}` {until}", service.name),
                            "a service is waited for by its health check, and a job by its end",
                        );
                    }
                }
                None => self.told.lose(
                    span,
                    format!("`{name}` is not imported: `{}` does not wait for it", service.name),
                    "import the profile that it belongs to",
                ),
            }
        }
        container.put_filled("dependencies", ids);
    }

    /// Whole seconds, at least `least`. Reports a duration that is not valid, or not whole.
    pub(super) fn seconds(&mut self, node: &Node, least: u64) -> Option<u64> {
        let Some(seconds) = text(node).and_then(|text| units::seconds(&text)) else {
            self.told.refuse(node.span, "expected a duration such as `1m30s`");
            return None;
        };
        let whole = (seconds.ceil() as u64).max(least);
        if whole as f64 != seconds {
            self.told.differ(
                node.span,
                format!("rounded to {whole} seconds"),
                "the language has whole seconds",
            );
        }
        Some(whole)
    }
}
