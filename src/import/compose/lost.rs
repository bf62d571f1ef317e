//! Fields of Compose files that the language has no like for: what becomes of them, and the way out.

use crate::diag::{Diagnostic, Findings, codes, nearest};
use crate::elsewhere::compose::Fate::{Lost, LostUnless, LostUnlessOff, Read};
pub use crate::elsewhere::compose::*;
use crate::elsewhere::scalars::{boolean, present, text};
use crate::syntax::{Kind, Member, Node, Object};

/// Names in the table that no Compose file has: options of `docker run`.
const OF_DOCKER_RUN: [&str; 6] =
    ["ip_address", "kernel_memory", "pod", "timezone", "publish_all", "volume_driver"];

/// Reports the fields of an object that are left out.
pub fn report(object: &Object, table: Table, findings: &mut Findings) {
    report_but(object, table, |_| false, findings);
}

/// Reports the fields of an object that are left out, but those that are read here.
pub fn report_but(
    object: &Object,
    table: Table,
    is_read: impl Fn(&str) -> bool,
    findings: &mut Findings,
) {
    for member in &object.members {
        let name = member.key.value.as_str();
        if name.starts_with("x-") || is_read(name) || is_default(member, object) {
            continue;
        }
        let span = member.key.span;
        let Some((_, fate)) = table.iter().find(|(known, _)| *known == name) else {
            findings.add(&codes::NOT_LIKE, |code| {
                let message = format!("unknown field `{name}` is left out");
                let finding = Diagnostic::new(code, span, message);
                let names = table.iter().map(|(known, _)| *known);
                let names = names.filter(|known| !OF_DOCKER_RUN.contains(known));
                match nearest(name, names) {
                    Some(known) => finding.help(format!("did you mean `{known}`?")),
                    None => finding,
                }
            });
            continue;
        };
        let (what, help) = match fate {
            Read => continue,
            Lost(what, help) => (what, help),
            LostUnlessOff(..) if boolean(&member.value) == Some(false) => continue,
            LostUnless(default, ..) if text(&member.value).as_deref() == Some(default) => continue,
            LostUnlessOff(what, help) | LostUnless(_, what, help) => (what, help),
        };
        let message = format!("`{name}` is left out: {what}");
        findings.push(Diagnostic::new(&codes::NOT_LIKE, span, message).help(*help));
    }
}

/// Whether a field has a value that means nothing: none, an empty list, or an option that
/// `docker compose config` fills in.
fn is_default(member: &Member, object: &Object) -> bool {
    let (name, value) = (member.key.value.as_str(), &member.value);
    if matches!(value.kind, Kind::Null) {
        return true;
    }
    // No swap beside the memory.
    if name == "memswap_limit" && text(value) == present(object, "mem_limit").and_then(text) {
        return true;
    }
    match &value.kind {
        Kind::Array(items) => items.is_empty(),
        Kind::Object(inner) => match name {
            // Folders that are missing are created in the short form too.
            "bind" => inner.members.iter().all(|one| {
                one.key.value == "create_host_path"
                    || matches!(&one.value, Node { kind: Kind::Null, .. })
            }),
            _ => inner.members.is_empty(),
        },
        _ => false,
    }
}
