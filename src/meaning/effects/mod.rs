//! What a change of the output makes an engine do: which containers restart, and which go on running.
//!
//! The files of a target are read as its engine reads them, before and after: what it runs for each container, and by
//! which part of its definition it decides to replace what runs. These parts are compared. So options and templates
//! count as much as the appliance.

mod compare;
mod compose;
mod kubernetes;
mod marathon;
mod nomad;
mod state;
#[cfg(test)]
mod tests;
mod tree;
mod words;

pub use compare::{Effect, Effects, Kind};
pub use words::lines;

use crate::plan::Plan;
use state::State;

/// The output of an appliance for one target.
#[derive(Clone, Copy)]
pub struct Output<'a> {
    /// The plan that it was made from.
    pub plan: &'a Plan,
    /// The name and the text of each file.
    pub files: &'a [(&'a str, &'a str)],
}

/// What changes on an engine if `after` is applied over `before`, each `None` if there is no output.
///
/// `engine` is the name of the built-in target whose format the output has. The effects are `None` if they are not
/// known: there is no such target, or a file cannot be read.
pub fn effects(
    engine: Option<&str>,
    before: Option<Output<'_>>,
    after: Option<Output<'_>>,
) -> Option<Effects> {
    if texts(before) == texts(after) && (engine != Some("compose") || times(before) == times(after))
    {
        return Some(Effects::default());
    }
    let state = |side: Option<Output<'_>>| match side {
        Some(side) => read(engine?, side),
        None => engine.and(Some(State::default())),
    };
    Some(compare::effects(state(before)?, state(after)?))
}

/// The namespaces that an output makes, by name. None if it cannot be read.
pub fn namespaces(engine: Option<&str>, output: Output<'_>) -> Vec<String> {
    let state = engine.and_then(|engine| read(engine, output));
    state.map(|state| state.namespaces.into_iter().collect()).unwrap_or_default()
}

/// What an engine runs. `None` if that is not known.
fn read(engine: &str, output: Output<'_>) -> Option<State> {
    match engine {
        "compose" => compose::read(output),
        "kubernetes" => kubernetes::read(output),
        "nomad" => nomad::read(output),
        "marathon" => marathon::read(output),
        _ => None,
    }
}

/// When the jobs run that only the crontab of a machine starts.
fn times(side: Option<Output<'_>>) -> Option<Vec<(&str, serde_json::Value)>> {
    side.map(|side| compose::timings(side.plan))
}

fn texts(side: Option<Output<'_>>) -> Option<Vec<&str>> {
    side.map(|side| side.files.iter().map(|(_, text)| *text).collect())
}
