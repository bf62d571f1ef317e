//! What a command of a shell is: one that runs a container, or another.

use super::shell::{PROGRAMS, Word};
use crate::diag::{Diagnostic, codes};
use crate::import::told::Told;

/// A command.
pub enum Kind<'w> {
    /// It runs a container: the words behind `run`.
    Run(&'w [Word]),
    /// Another one: its words, without what runs it as another user.
    Other(&'w [Word]),
}

/// What a command is.
pub fn kind(words: &[Word]) -> Kind<'_> {
    let words = bare(words);
    let [program, rest @ ..] = words else { return Kind::Other(words) };
    if !PROGRAMS.contains(&name(program)) {
        return Kind::Other(words);
    }
    match behind_options(rest) {
        [verb, rest @ ..] if is_run(verb) => Kind::Run(rest),
        [noun, verb, rest @ ..] if noun.text == "container" && is_run(verb) => Kind::Run(rest),
        _ => Kind::Other(words),
    }
}

/// Reports a command that runs no container.
pub fn report(words: &[Word], told: &mut Told<'_>) {
    let [first, rest @ ..] = words else { return };
    let span = first.span.to(words.last().unwrap_or(first).span);
    if first.text.starts_with('-') {
        told.push(
            Diagnostic::new(
                &codes::NOT_IMPORTED,
                span,
                format!("`{}` begins a command", first.text),
            )
            .help("write `\\` at the end of the line before"),
        );
        return;
    }
    let program = name(first);
    if !PROGRAMS.contains(&program) {
        let message = format!("`{}` is left out: it is not `docker run`", first.text);
        told.lose(span, message, "do by hand what it does");
        return;
    }
    let rest = behind_options(rest);
    let verbs: Vec<&str> = rest.iter().take(2).map(|word| word.text.as_str()).collect();
    let has_options = rest.iter().skip(2).any(|word| word.text.starts_with('-'));
    let (command, why) = match verbs.as_slice() {
        ["network", "create"] if !has_options => {
            ("network create", "an appliance has a network of its own")
        }
        ["volume", "create"] if !has_options => ("volume create", "the target creates volumes"),
        ["pull", ..] => ("pull", "the target pulls images"),
        _ => {
            let of_two = ["network", "volume", "image", "container", "compose", "pod"];
            let verb = match verbs.as_slice() {
                [noun, verb] if of_two.contains(noun) => format!("{noun} {verb}"),
                [verb, ..] => (*verb).to_owned(),
                [] => String::new(),
            };
            let message = format!(
                "`{}` is left out: it runs no container",
                format!("{program} {verb}").trim_end()
            );
            let help = match verb.as_str() {
                "build" | "image build" => "write the folder as `build` of the container",
                _ => {
                    "networks and volumes are created by the targets; do by hand what else it does"
                }
            };
            told.lose(span, message, help);
            return;
        }
    };
    let message = format!("`{program} {command}` is not needed: {why}");
    told.push(Diagnostic::new(&codes::IMPORT_CHOICE, span, message));
}

/// The words of a command without what runs it: as another user, in the background, with a time.
fn bare(words: &[Word]) -> &[Word] {
    let mut words = words;
    while let [first, rest @ ..] = words {
        match first.text.as_str() {
            "sudo" | "exec" | "time" | "nohup" | "command" | "winpty" | "doas" | "-E" => {
                words = rest
            }
            _ => break,
        }
    }
    words
}

fn is_run(verb: &Word) -> bool {
    matches!(verb.text.as_str(), "run" | "create")
}

fn name(program: &Word) -> &str {
    let name = program.text.rsplit(['/', '\\']).next().unwrap_or_default();
    name.strip_suffix(".exe").unwrap_or(name).trim_start_matches('@')
}

/// The words behind the options of `docker` itself, which say where the engine is.
fn behind_options(words: &[Word]) -> &[Word] {
    const WITH_VALUE: [&str; 7] =
        ["-H", "--host", "-c", "--context", "-l", "--log-level", "--config"];
    let mut words = words;
    while let [option, rest @ ..] = words {
        words = match option.text.as_str() {
            with_value if WITH_VALUE.contains(&with_value) => rest.get(1..).unwrap_or_default(),
            option if option.starts_with('-') => rest,
            _ => break,
        };
    }
    words
}
