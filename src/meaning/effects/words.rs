//! Effects as lines for a reviewer. The wording is stable: scripts may compare it.

use super::compare::{Effect, Effects, Kind};
use crate::meaning::words::Style;

/// The effects on all targets, a line for each kind: targets on which the same happens share one. Effects are `None` if
/// they are not known.
pub fn lines<N: AsRef<str>>(targets: &[(N, Option<Effects>)], style: Style) -> Vec<String> {
    let mut groups: Vec<(Option<&Effect>, Vec<&str>)> = Vec::new();
    let mut unknown = Vec::new();
    for (target, effects) in targets {
        let target = target.as_ref();
        let Some(effects) = effects else {
            unknown.push(target);
            continue;
        };
        let nothing = effects.is_empty().then_some(None);
        for effect in effects.iter().map(Some).chain(nothing) {
            match groups.iter_mut().find(|(other, _)| *other == effect) {
                Some((_, targets)) => targets.push(target),
                None => groups.push((effect, vec![target])),
            }
        }
    }
    groups.sort_by_key(|(effect, _)| (effect.is_none(), effect.map(|effect| effect.kind)));
    let line = |(effect, targets): (Option<&Effect>, Vec<&str>)| match effect {
        Some(effect) => words(effect, &listed(&targets), style),
        None => format!("nothing restarts on {}", listed(&targets)),
    };
    let mut lines: Vec<String> = groups.into_iter().map(line).collect();
    if !unknown.is_empty() {
        lines.push(format!("what restarts on {} is not known", listed(&unknown)));
    }
    lines
}

fn words(effect: &Effect, targets: &str, style: Style) -> String {
    let Effect { kind, names } = effect;
    let count = names.len();
    let choose = |one: &'static str, several: &'static str| if count == 1 { one } else { several };
    let containers = format!("{count} {}", choose("container", "containers"));
    let jobs = format!("{count} {}", choose("job", "jobs"));
    let volumes = format!("{count} {}", choose("volume", "volumes"));
    let it = choose("it", "them");
    let names: Vec<String> = names.iter().map(|name| style.name(name)).collect();
    let names = names.join(", ");
    let (is, restart) = (choose("is", "are"), choose("restarts", "restart"));
    let what = match kind {
        Kind::Restarts => format!("{containers} {restart} on {targets}"),
        Kind::Replaced => {
            format!("{containers} {is} replaced under another name or kind on {targets}")
        }
        Kind::RunsAgain => format!("{jobs} {} again on {targets}", choose("runs", "run")),
        Kind::Refused => format!("{jobs} must be deleted on {targets} before the change"),
        Kind::MayMove => format!(
            "{containers} {restart} on {targets} where {} machine no longer fits",
            choose("its", "their")
        ),
        Kind::New => format!("{containers} {is} new on {targets}"),
        Kind::Removed => format!("{containers} {is} removed on {targets}"),
        Kind::Scaled => format!("{containers} {is} scaled without a restart on {targets}"),
        Kind::NextRun => {
            format!("{jobs} {} on {targets} with the next run", choose("changes", "change"))
        }
        Kind::OtherData => {
            format!("{containers} {} another volume on {targets}", choose("gets", "get"))
        }
        Kind::NamespaceRemoved => {
            let namespaces = choose("Namespace", "Namespaces");
            return format!(
                "the {namespaces} {names} {is} no longer in the output of {targets}: a tool that prunes deletes {it} \
                 with everything in {it}"
            );
        }
        Kind::VolumeUnused => {
            let its = choose("its", "their");
            return format!(
                "{volumes} with data {is} no longer used on {targets}: {names}; {its} data stays unless a tool \
                 prunes {it}"
            );
        }
        Kind::VolumeRefused => format!("{volumes} cannot be changed in place on {targets}"),
    };
    format!("{what}: {names}")
}

/// Names as in a sentence.
fn listed(names: &[&str]) -> String {
    match names {
        [before @ .., last] if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        names => names.concat(),
    }
}
