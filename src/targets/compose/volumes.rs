//! Volumes and mounts.

use ecow::EcoString;

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{self, Container, MountSource, VolumeScope};
use crate::render::{Composed, Traced};
use crate::source::Spanned;
use crate::targets::{Options, mounts, origins};

use super::context::Context;
use super::model::{Mount, Volume};
use super::options::{DEFAULT_VOLUME_DRIVER, VOLUME_DRIVER};
use super::{NAME, beside, escaped};

/// Lowers a persistent volume.
pub fn volume(volume: &plan::Volume, options: &Options, findings: &mut Findings) -> Volume {
    // Scheduling hints are reported from the capability table.
    let plan::Volume { id, scope, volume_type, size, placement: _, preemptible: _, mounted_by: _ } =
        volume;
    let key: Traced<String> = id.into();
    if scope.value == VolumeScope::Global {
        check_name(id, findings);
        let external_name = Traced::new(key.value.clone(), key.from.and(scope.span));
        return Volume { key, external_name: Some(external_name), driver: None };
    }
    if let Some(size) = size {
        let message = "the size of a volume is ignored: it can grow to fill its disk".to_string();
        findings.push(Diagnostic::new(&codes::APPROXIMATED, size.span, message));
    }
    let driver = options.text(VOLUME_DRIVER);
    if let Some(written) = volume_type
        && driver == DEFAULT_VOLUME_DRIVER
    {
        let message = format!(
            "volume type `{}` is ignored: volumes are stored on the machine's disk",
            written.value
        );
        findings.push(Diagnostic::new(&codes::APPROXIMATED, written.span, message).help(format!(
            "set the engine's driver for it with `--option {NAME}.{VOLUME_DRIVER}=...`"
        )));
    }
    // It is decided by the option, for the storage system that the appliance names.
    let also = volume_type.as_ref().map(|written| written.span).into_iter().collect();
    let driver = (driver != DEFAULT_VOLUME_DRIVER)
        .then(|| Composed::new(escaped(driver), options.origin(VOLUME_DRIVER), also));
    Volume { key, external_name: None, driver }
}

/// Checks the name of an external volume by the engine's rule: at least two characters,
/// starting with a letter or a digit. The name of a local volume is prefixed with the project
/// name.
fn check_name(id: &Spanned<EcoString>, findings: &mut Findings) {
    if id.value.len() < 2 || id.value.starts_with('-') {
        let message = format!("`{}` is not a valid volume name", id.value);
        findings.push(
            Diagnostic::new(&codes::BAD_NAME, id.span, message).help(
                "a volume name has at least two characters and starts with a letter or a digit",
            ),
        );
    }
}

/// Says who can write to a new volume, if another user than root is to.
pub fn check_owner(context: &Context<'_>, container: &Container, findings: &mut Findings) {
    if let Some((mount, user, volume)) = mounts::of_other_user(context.plan, container) {
        let target = &mount.target;
        findings.add(&codes::DEFAULT_CHOSEN, |code| {
            let message = format!(
                "volume `{}` belongs to the owner of `{}` in the image, or to root if it has no such folder",
                volume.id.value, target.value
            );
            Diagnostic::new(code, target.span, message)
                .help(format!("user `{user}` must own the folder in the image to write to a new volume"))
        });
    }
}

/// Lowers a mount. Returns `None` if the plan has no such volume.
pub fn mount(mount: &plan::Mount, context: &Context<'_>, findings: &mut Findings) -> Option<Mount> {
    let plan::Mount { source, target, read_only } = mount;
    mounts::check_colon(target, findings);
    let (kind, source) = match source {
        MountSource::Host(path) => {
            mounts::check_colon(path, findings);
            let source = match mount.beside() {
                Some(path) => beside::path(path, context.options),
                None => Composed::new(escaped(&path.value), path.span, Vec::new()),
            };
            (Traced::new("bind", path.span), source)
        }
        MountSource::Persistent(volume) => {
            let id = &context.plan.volumes.get(volume.value)?.id;
            let source = Composed::new(escaped(&id.value), volume.span, vec![id.span]);
            (Traced::new("volume", volume.span), source)
        }
    };
    let target = Traced::new(escaped(&target.value), target.span);
    let read_only = Traced::new(read_only.value, origins::read_only(mount));
    Some(Mount { kind, source, target, read_only })
}
