//! A Chronos job as a container.

use std::collections::BTreeSet;

use super::app::{number, object};
use super::zoned::{self, Line};
use super::{Import, Item, lost};
use crate::elsewhere::scalars::{boolean, list, present, strings, text};
use crate::import::draft::{Object as Draft, Value};
use crate::import::references::{marked, names_a_host};
use crate::source::Span;
use crate::syntax::Node;

impl Import<'_> {
    pub(super) fn job(&mut self, item: &Item<'_>, container: &mut Draft) {
        let job = item.object;
        lost::report(job, lost::JOB, self.told.0);
        let within = object(job, "container");
        if let Some(within) = within {
            lost::report(within, lost::JOB_CONTAINER, self.told.0);
        }
        let place = present(job, "name").map_or_else(|| Span::at(0), |name| name.span);
        self.image(within, place, container);
        // The defaults of Chronos.
        self.resources(job, container, 0.1, 128.0);
        self.words(item, container);
        let mut env = Draft::new();
        for node in present(job, "environmentVariables").map(list).unwrap_or_default() {
            let of = |name: &str| node.as_object().and_then(|of| present(of, name)).and_then(text);
            if let Some(name) = of("name") {
                if env.has(&name) {
                    self.told.lose(
                        node.span,
                        format!("this value of `{name}` is left out: it has one already"),
                        "keep the one of them that is meant",
                    );
                    continue;
                }
                let value = of("value").unwrap_or_default();
                env.put(&name, marked(&value, &self.names, names_a_host(&name)));
            }
        }
        container.put_filled("env", env);
        self.mounts(item, within, container);
        let network = within.and_then(|within| present(within, "network")).and_then(text);
        let is_bridge = network.is_some_and(|network| network.eq_ignore_ascii_case("BRIDGE"));
        container.put("network_mode", if is_bridge { "bridge" } else { "host" });
        if let Some(user) = present(job, "runAsUser").and_then(text) {
            container.put("user", user);
        }
        self.parameters(within, container);
        container.put("retries", Value::number(number(job, "retries").unwrap_or(2.0)));
        if let Some(schedule) = present(job, "schedule") {
            let zone = present(job, "scheduleTimeZone").and_then(text).unwrap_or_default();
            let is_utc = matches!(&*zone, "" | "UTC" | "Etc/UTC" | "GMT");
            match zoned::line(&text(schedule).unwrap_or_default(), &zone).filter(|_| !is_utc) {
                Some(line) => self.zoned(schedule.span, line, &zone, container),
                None => self.schedule(schedule, container),
            }
            if let Some(member) = job.member("scheduleTimeZone")
                && !is_utc
                && !container.has("schedule")
            {
                self.told.lose(
                    member.key.span,
                    "`scheduleTimeZone` is left out: the schedule is in the zone of its start time",
                    "write the start time in UTC, or a `schedule` with a `time_zone`",
                );
            }
        }
        self.constraints(job, container);
        let mut ids = Vec::new();
        for node in present(job, "parents").map(list).unwrap_or_default() {
            let parent = text(node).unwrap_or_default();
            match self.by_path(&parent) {
                Some(id) => {
                    if self.repeating.contains(&id) {
                        self.told.differ(
                            node.span,
                            format!("it runs once, not after each run of `{parent}`"),
                            "make both one job, or give it a schedule of its own",
                        );
                    }
                    ids.push(id);
                }
                None => self.told.lose(
                    node.span,
                    format!("`{parent}` is not part of what is imported: it is not waited for"),
                    "import a list of all jobs",
                ),
            }
        }
        container.put_filled("dependencies", ids);
    }

    /// The ids of jobs that run more than once: a job runs after each run of its parents.
    pub(super) fn repeating(&self, items: &[Item<'_>]) -> BTreeSet<String> {
        let is_repeated = |item: &&Item<'_>| {
            let schedule = present(item.object, "schedule").and_then(text).unwrap_or_default();
            let count = schedule.strip_prefix('R').and_then(|rest| rest.split('/').next());
            count.is_some_and(|count| !matches!(count, "0" | "1"))
        };
        let first = items.iter().filter(is_repeated).map(|item| item.id.clone());
        let mut all: BTreeSet<String> = first.collect();
        loop {
            let follows = |item: &&Item<'_>| {
                let parents = present(item.object, "parents").map(strings).unwrap_or_default();
                parents.iter().filter_map(|on| self.by_path(on)).any(|id| all.contains(&id))
            };
            let next: Vec<String> =
                items.iter().filter(follows).map(|item| item.id.clone()).collect();
            let known = all.len();
            all.extend(next);
            if all.len() == known {
                return all;
            }
        }
    }

    fn words(&mut self, item: &Item<'_>, container: &mut Draft) {
        let Some(node) = present(item.object, "command") else { return };
        let command = text(node).unwrap_or_default();
        self.given(node.span, &command);
        let arguments = present(item.object, "arguments").map(strings).unwrap_or_default();
        let is_shell = present(item.object, "shell").and_then(boolean) != Some(false);
        if is_shell && arguments.is_empty() {
            container.put("cmd", marked(&command, &self.names, false));
        } else if is_shell {
            let words = shell_words::join(&arguments);
            container.put("cmd", marked(&format!("{command} {words}"), &self.names, false));
        } else {
            container.put("entrypoint", vec![command.replace('@', "\\@")]);
            let args: Vec<String> =
                arguments.iter().map(|word| marked(word, &self.names, false)).collect();
            container.put_filled("args", args);
        }
    }

    /// A schedule on the clocks of a time zone.
    fn zoned(&mut self, span: Span, line: Line, zone: &str, container: &mut Draft) {
        let Line { cron, start } = line;
        container.put("repeats", Value::Bare("-1".to_owned()));
        container.put("schedule", cron).put("time_zone", zone);
        self.told.differ(
            span,
            format!("a `schedule` has no start: the job also runs before `{start}`"),
            "import it when that time has come; where the clocks skip a time, there is no run",
        );
    }

    /// A schedule: `R[COUNT]/START/PERIOD`, as ISO 8601 writes a repeating interval.
    fn schedule(&mut self, node: &Node, container: &mut Draft) {
        let written = text(node).unwrap_or_default();
        let parts: Vec<&str> = written.split('/').collect();
        let expected = match parts.as_slice() {
            [count, start, period] => count
                .strip_prefix('R')
                .filter(|count| count.bytes().all(|byte| byte.is_ascii_digit()))
                .and_then(|count| Some((count, start, period.strip_prefix('P')?))),
            _ => None,
        };
        let Some((count, start, period)) = expected else {
            self.told
                .refuse(node.span, "expected a schedule such as `R/2030-01-01T00:00:00Z/PT1H`");
            return;
        };
        let repeats = if count.is_empty() { "-1" } else { count };
        container.put("repeats", Value::Bare(repeats.to_owned()));
        if !start.is_empty() {
            container.put("start_time", start.replace(".000", ""));
        }
        container.put("interval", period);
    }
}
