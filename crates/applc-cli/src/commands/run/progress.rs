//! What happens while an appliance comes up: a table that is redrawn on a terminal, lines elsewhere.

use std::collections::BTreeMap;
use std::io::{self, Write};

use applc::plan::{Container, Plan};
use applc_run::up::Event;
use applc_run::{Observed, Progress, State, container_state};

use crate::terminal::{is_live, note};

/// How it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Not at all: the standard error is for a program.
    Quiet,
    /// A line for each change.
    Lines,
    /// A table that is redrawn, of lines of this width.
    Live(usize),
}

/// Shows what happens.
pub struct Shown<'a> {
    plan: &'a Plan,
    mode: Mode,
    /// What is done with the images of each container.
    images: BTreeMap<String, BTreeMap<String, &'static str>>,
    observed: Option<Observed>,
    last: Vec<String>,
    drawn: usize,
}

impl<'a> Shown<'a> {
    /// Shows what happens to an appliance on standard error, unless `quiet`.
    pub fn new(plan: &'a Plan, quiet: bool) -> Shown<'a> {
        let mode = if quiet { Mode::Quiet } else { mode(plan.containers.len()) };
        Shown { plan, mode, images: BTreeMap::new(), observed: None, last: Vec::new(), drawn: 0 }
    }

    /// Takes something that happened.
    pub fn tell(&mut self, event: Event<'_>) {
        match event {
            Event::Progress(Progress::Pulling(image, containers)) => {
                self.begin(&image, containers, "pulling");
            }
            Event::Progress(Progress::Building(image, containers)) => {
                self.begin(&image, containers, "building");
            }
            Event::Progress(Progress::Pulled(image) | Progress::Built(image)) => self.end(&image),
            Event::Progress(Progress::Stale(image, reason)) => {
                self.end(&image);
                if self.mode != Mode::Quiet {
                    self.clear();
                    note(&format!(
                        "warning: cannot pull `{image}`, the one that is present is used: {reason}"
                    ));
                }
            }
            Event::Seen(observed) => self.observed = Some(observed.clone()),
        }
        self.show();
    }

    fn begin(&mut self, image: &str, containers: Vec<String>, what: &'static str) {
        for container in containers {
            self.images.entry(container).or_default().insert(image.to_owned(), what);
        }
    }

    fn end(&mut self, image: &str) {
        for images in self.images.values_mut() {
            images.remove(image);
        }
    }

    fn show(&mut self) {
        let containers = self.plan.containers.iter();
        let now: Vec<String> = containers.map(|container| self.line(container)).collect();
        if now == self.last {
            return;
        }
        match self.mode {
            Mode::Quiet => {}
            Mode::Lines => {
                let changed =
                    now.iter().enumerate().filter(|(at, line)| self.last.get(*at) != Some(line));
                for (_, line) in changed {
                    note(&line.split_whitespace().collect::<Vec<_>>().join(" "));
                }
            }
            Mode::Live(width) => {
                self.clear();
                let mut text = String::new();
                for line in &now {
                    text.extend(line.chars().take(width));
                    text.push('\n');
                }
                let _ = io::stderr().lock().write_all(text.as_bytes());
                self.drawn = now.len();
            }
        }
        self.last = now;
    }

    /// Removes the table, so that other lines can be written.
    pub fn clear(&mut self) {
        if self.drawn > 0 {
            let _ = write!(io::stderr().lock(), "\x1b[{}A\x1b[J", self.drawn);
            self.drawn = 0;
            self.last.clear();
        }
    }

    fn line(&self, container: &Container) -> String {
        let id = &container.id.value;
        // With the colon.
        let ids = self.plan.containers.iter().map(|one| one.id.value.len() + 1);
        let width = ids.max().unwrap_or(0);
        let (state, detail) = self.state(container);
        match detail {
            Some(detail) => format!("{:width$}  {}: {detail}", format!("{id}:"), state.word()),
            None => format!("{:width$}  {}", format!("{id}:"), state.word()),
        }
    }

    fn state(&self, container: &Container) -> (State, Option<String>) {
        let id = container.id.value.as_str();
        let doing = self.images.get(id).and_then(|images| images.first_key_value());
        if let Some((image, what)) = doing {
            return (State::Staging, Some(format!("{what} `{image}`")));
        }
        let Some(observed) = &self.observed else { return (State::Submitted, None) };
        let state = container_state(observed.of(id), State::Submitted);
        if matches!(state, State::Submitted | State::Pending) {
            let ready = |other: &Container| {
                let state = container_state(observed.of(&other.id.value), State::Submitted);
                match other.job() {
                    Some(_) => state == State::Success,
                    None => state == State::Running,
                }
            };
            let on = container.dependencies.iter().filter_map(|on| self.plan.containers.get(on.on));
            let missing: Vec<String> = on
                .filter(|other| !ready(other))
                .map(|other| format!("`{}`", other.id.value))
                .collect();
            let detail = (!missing.is_empty()).then(|| format!("waits for {}", missing.join(", ")));
            let state = if missing.is_empty() { state } else { State::Pending };
            return (state, detail);
        }
        let why = observed.of(id).find(|one| one.state == state).and_then(|one| one.why.clone());
        // What has ended, without a fault that stays, is about to be started.
        let has_ended = matches!(state, State::Failed | State::Killed)
            && observed.of(id).all(|one| one.fault.is_none());
        (if has_ended { State::Staging } else { state }, why)
    }
}

/// A table is redrawn if it fits on the terminal.
fn mode(lines: usize) -> Mode {
    if !is_live() {
        return Mode::Lines;
    }
    match terminal_size::terminal_size_of(io::stderr()) {
        Some((width, height)) if lines + 2 < usize::from(height.0) => {
            Mode::Live(usize::from(width.0).saturating_sub(1))
        }
        _ => Mode::Lines,
    }
}
