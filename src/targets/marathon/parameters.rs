//! Options of `docker run` for what neither Marathon nor Chronos has a field for.

use super::model::Parameter;
use crate::plan::{Command, Container, Extras, Label, Text};
use crate::render::{Composed, Traced};

/// The options for the entrypoint, the user and the working directory of a container.
pub fn of(container: &Container, spell: impl Fn(&Text) -> Composed) -> Vec<Parameter> {
    let entrypoint = match &container.command {
        Command::Program(program) => program.entrypoint.first().map(spell),
        Command::Image(_) | Command::Shell(_) => None,
    };
    // The stop timeout has a field in Marathon, and no effect in Chronos; apps have labels.
    let Extras {
        user,
        working_dir,
        stop_timeout: _,
        labels: _,
        build: _,
        files: _,
        secret_env: _,
        secret_files: _,
    } = container.extras();
    let user = user.as_ref().map(|user| Traced::<String>::from(user).into());
    let working_dir = working_dir.as_ref().map(|path| Traced::<String>::from(path).into());
    let options = [("entrypoint", entrypoint), ("user", user), ("workdir", working_dir)];
    let parameter = |(key, value): (&'static str, Option<Composed>)| {
        value.map(|value| Parameter { key: Traced::new(key, value.from), value })
    };
    options.into_iter().filter_map(parameter).collect()
}

/// The option for a label.
pub fn label(label: &Label) -> Parameter {
    let Label { name, value } = label;
    let written = format!("{}={}", name.value, value.value);
    let value = Composed::new(written, value.span, vec![name.span]);
    Parameter { key: Traced::new("label", name.span), value }
}
