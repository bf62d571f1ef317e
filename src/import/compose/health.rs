//! Health checks.

use super::super::draft::Object as Draft;
use super::super::references::marked;
use super::{Import, Service, lost, own};
use crate::elsewhere::scalars::{boolean, health_command, list, present, strings, text};
use crate::syntax::Node;

impl Service<'_> {
    /// Whether others can wait until it is healthy.
    pub(super) fn is_checked(&self) -> bool {
        let Some(check) = self.get("healthcheck").and_then(Node::as_object) else { return false };
        let words = present(check, "test").map(list).unwrap_or_default();
        let is_off = present(check, "disable").and_then(boolean) == Some(true);
        !self.is_job && !is_off && words.first().is_some_and(|word| word.as_str() != Some("NONE"))
    }
}

impl<'t> Import<'_, 't> {
    pub(super) fn health(&mut self, service: &Service<'t>, container: &mut Draft) {
        let Some(node) = service.get("healthcheck") else { return };
        let Some(check) = node.as_object() else {
            self.told.refuse(node.span, format!("expected an object, found {}", node.kind_name()));
            return;
        };
        let test = present(check, "test");
        let words = test.map(strings).unwrap_or_default();
        let is_off = present(check, "disable").and_then(boolean) == Some(true);
        if is_off || words.first().is_some_and(|word| word == "NONE") {
            self.told.lose(
                node.span,
                "the health check of the image cannot be switched off",
                "there is none unless the image has one",
            );
            return;
        }
        let Some(test) = test else {
            self.told.lose(
                node.span,
                "the health check of the image cannot be changed",
                "write it out as `health_check` with its command",
            );
            return;
        };
        if service.is_job {
            self.told.lose(node.span, "a job has no health check", "others wait for its end");
            return;
        }
        lost::report(check, lost::HEALTH, self.told.0);
        let Some(command) = health_command(test) else {
            self.told.refuse(
                test.span,
                "expected a list that begins with `CMD` or `CMD-SHELL`, or a command",
            );
            return;
        };
        let is_host = service.get("network_mode").and_then(text).is_some_and(|mode| mode == "host");
        let probe = if service.is_own() { own::check(&command, is_host, container) } else { None };
        let mut draft = probe.unwrap_or_else(|| {
            let command = marked(&command, &self.names, false);
            Draft::new().with("protocol", "COMMAND").with("command", command)
        });
        // The defaults of Docker, which are others than those of the language.
        let fields = [
            ("interval", "interval_seconds", 30, 1),
            ("timeout", "timeout_seconds", 30, 1),
            ("start_period", "grace_period_seconds", 0, 0),
        ];
        for (name, field, default, least) in fields {
            let seconds = present(check, name).and_then(|node| self.seconds(node, least));
            draft.put(field, seconds.unwrap_or(default));
        }
        let retries =
            present(check, "retries").and_then(|node: &Node| text(node)?.parse::<u64>().ok());
        // Docker takes zero as not written.
        let retries = retries.filter(|retries| *retries > 0);
        draft.put("max_consecutive_failures", retries.unwrap_or(3));
        container.put("health_check", draft);
    }
}
