//! Resources: what a service may use.

use super::super::draft::{Object as Draft, Value};
use super::{Import, Service, lost};
use crate::diag::{Diagnostic, codes};
use crate::elsewhere::scalars::{present, strings, text};
use crate::elsewhere::units;
use crate::syntax::{Node, Object};

/// Chosen where the file says nothing: what an ordinary service needs.
const CPUS: f64 = 0.5;

/// Chosen where the file says nothing, in MB.
const MEMORY: f64 = 1024.0;

impl<'t> Import<'_, 't> {
    pub(super) fn resources(&mut self, service: &Service<'t>, container: &mut Draft) {
        let deploy = service.get("deploy").and_then(Node::as_object);
        let all = deploy.and_then(|deploy| present(deploy, "resources")).and_then(Node::as_object);
        let part = |name: &str| all.and_then(|all| present(all, name)).and_then(Node::as_object);
        let (limits, reserved) = (part("limits"), part("reservations"));
        let of = |object: Option<&'t Object>, name: &str| object.and_then(|of| present(of, name));
        for (part, table) in [(limits, lost::LIMITS), (reserved, lost::RESERVATIONS)] {
            if let Some(part) = part {
                lost::report(part, table, self.told.0);
            }
        }
        // A limit of zero is none.
        let is_set = |node: &&Node| !is_zero(node);
        let limit = of(limits, "cpus").or_else(|| service.get("cpus")).filter(is_set);
        let cpus = limit.or_else(|| of(reserved, "cpus"));
        let shares = service.get("cpu_shares");
        let cpus = match (cpus, shares) {
            (Some(node), _) => self.number(node, "a number of CPUs", |text| text.parse().ok()),
            (None, Some(node)) => self.number(node, "a number of shares", |text| {
                Some(text.parse::<f64>().ok()? / 1024.0)
            }),
            (None, None) => None,
        };
        if let Some(node) = limit {
            self.told.differ(
                node.span,
                "a share of the CPUs, where it was a limit",
                "every target lets it use more while CPUs are free: a share, or on Kubernetes a request without a limit",
            );
        }
        let most = of(limits, "memory").or_else(|| service.get("mem_limit")).filter(is_set);
        let least = of(reserved, "memory").or_else(|| service.get("mem_reservation"));
        let least = least.filter(is_set);
        for (limit, reserved) in [(limit, of(reserved, "cpus")), (most, least)] {
            if let (Some(limit), Some(reserved)) = (limit, reserved)
                && text(limit) != text(reserved)
            {
                self.told.lose(
                    reserved.span,
                    "the reservation is left out: the limit is taken for both",
                    "set `resources` to what it needs",
                );
            }
        }
        let size = "a size such as `512M`";
        let memory = match (most, least) {
            (Some(node), _) => {
                let written = self.number(node, size, units::megabytes);
                if let Some(written) = written {
                    self.told.megabytes(node.span, written);
                }
                written
            }
            (None, Some(node)) => {
                self.number(node, size, units::megabytes).map(|least| self.above(node, least))
            }
            (None, None) => None,
        };
        if cpus.is_none() || memory.is_none() {
            let message = format!("`{}` has no limits: what it may use was chosen", service.name);
            self.told.push(
                Diagnostic::new(&codes::IMPORT_CHOICE, service.key, message)
                    .help("set `resources` to what it needs"),
            );
        }
        let mut draft = Draft::new();
        // The language takes three decimals of a CPU.
        draft.put("cpus", Value::number((cpus.unwrap_or(CPUS) * 1000.0).ceil() / 1000.0));
        draft.put("mem", Value::number(memory.unwrap_or(MEMORY).ceil().max(1.0)));
        let devices = of(reserved, "devices").and_then(|devices| self.gpus(devices, false));
        let short = service.get("gpus").and_then(|devices| self.gpus(devices, true));
        if let Some(gpus) = devices.or(short) {
            draft.put("gpu", gpus);
        }
        container.put("resources", draft);
        if cpus.is_none() || memory.is_none() {
            container.comment("chosen by the import: set what it needs");
        }
    }

    /// The limit for a service that only reserves memory, in MB: more than that, for it may use more than it
    /// reserves.
    fn above(&mut self, node: &Node, least: f64) -> f64 {
        let limit = if least < MEMORY { MEMORY } else { 2.0 * least };
        self.told.differ(
            node.span,
            format!("the memory is a limit of {} MB, where it was a reservation", limit.ceil()),
            "set `resources.mem` to the most that it needs: it is ended if it uses more",
        );
        limit
    }

    fn number(
        &mut self,
        node: &Node,
        what: &str,
        read: impl Fn(&str) -> Option<f64>,
    ) -> Option<f64> {
        let number = text(node).and_then(|text| read(text.trim())).filter(|number| *number >= 0.0);
        if number.is_none() {
            self.told.refuse(node.span, format!("expected {what}"));
        }
        number.filter(|number| *number > 0.0)
    }

    /// The number of GPUs of devices that are reserved. `are_gpus` says that all of them are GPUs.
    fn gpus(&mut self, devices: &Node, are_gpus: bool) -> Option<u64> {
        let mut gpus = 0;
        if are_gpus && devices.as_array().is_none() {
            // Only `all` is a text.
            if text(devices).as_deref() != Some("all") {
                self.told.refuse(devices.span, "expected `all`, or a list of GPUs");
                return None;
            }
            self.told.differ(devices.span, "one GPU, not all of them", "set `resources.gpu`");
            return Some(1);
        }
        for device in super::list(devices) {
            if let Some(object) = device.as_object() {
                lost::report(object, lost::DEVICE, self.told.0);
            }
            let of = |name: &str| device.as_object().and_then(|of| present(of, name));
            let is_gpu = are_gpus
                || of("capabilities").map(strings).unwrap_or_default().contains(&"gpu".to_owned());
            if !is_gpu {
                self.told.lose(
                    device.span,
                    "a device that is no GPU is not reserved",
                    "use a privileged container",
                );
                continue;
            }
            let count = of("count").and_then(text).unwrap_or_else(|| "all".to_owned());
            gpus += count.parse::<u64>().unwrap_or_else(|_| {
                self.told.differ(device.span, "one GPU, not all of them", "set `resources.gpu`");
                1
            });
        }
        Some(gpus).filter(|gpus| *gpus > 0)
    }
}

/// Whether a limit is zero, with or without a unit, which means none.
fn is_zero(node: &Node) -> bool {
    let number = text(node).unwrap_or_default();
    let number = number.trim().trim_end_matches(|c: char| c.is_ascii_alphabetic());
    number.parse::<f64>() == Ok(0.0)
}
