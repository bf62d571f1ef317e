//! The reference page of the language: `docs/language.md`.

use std::fmt::Write;

use super::fields::{Entry, Schema, Section, Support};
use super::{REFERENCES, quoted};
use crate::plan::Field;
use crate::targets;

const INTRODUCTION: &str = include_str!("introduction.md");

/// A section of the page.
struct Heading {
    section: Section,
    title: &'static str,
    /// The definition in the schema whose description and example introduce the section.
    definition: &'static str,
    /// The introduction if the schema has no description.
    text: &'static str,
}

const fn heading(section: Section, title: &'static str, definition: &'static str) -> Heading {
    Heading { section, title, definition, text: "" }
}

const fn titled(section: Section, title: &'static str, text: &'static str) -> Heading {
    Heading { section, title, definition: "", text }
}

const SERVICE: &str = r#"A container of type `service` runs until it is stopped. It has the fields of
a [container](#container) and these.

```json
{
  "id": "web",
  "type": "service",
  "image": "registry.example.org/shop/web:1.4",
  "resources": { "cpus": 0.5, "mem": 256 },
  "instances": 2,
  "ports": [{ "container_port": 8080 }],
  "health_check": { "protocol": "HTTP", "path": "/health" },
  "minimum_capacity": 0.5
}
```"#;

const JOB: &str = r#"A container of type `job` runs to completion, once or on a schedule. It has the fields
of a [container](#container) and these.

```json
{
  "id": "backup",
  "type": "job",
  "image": "registry.example.org/shop/backup:1.4",
  "resources": { "cpus": 0.5, "mem": 256 },
  "schedule": "0 4 * * *",
  "time_zone": "Europe/Berlin"
}
```

A job runs once unless it has a `schedule`, or `repeats` with an `interval` and a `start_time`. A
`schedule` follows the clocks of its time zone. When they are put forward, a run at a time that they skip
does not take place; when they are put back, a run at a time that they show twice takes place twice. An
hour from 4 on, at which hardly any clock changes, or UTC avoids both. Where clocks change at midnight or
by half an hour, as in `Australia/Lord_Howe`, Kubernetes and Nomad may start a run at another time on the
day of the change."#;

const HEADINGS: &[Heading] = &[
    titled(
        Section::Appliance,
        "Appliance",
        "The top level of the file. Appliances on the same target do not collide, whatever the ids of \
         their containers: each is its own Compose project, Kubernetes namespace, Nomad job prefix, \
         or Marathon group.",
    ),
    heading(Section::Container, "Container", "container"),
    titled(Section::Service, "Service", SERVICE),
    titled(Section::Job, "Job", JOB),
    heading(Section::Resources, "Resources", "resources"),
    heading(Section::Build, "Build", "build"),
    heading(Section::File, "File", "file"),
    heading(Section::SecretFile, "Secret file", "secretFile"),
    heading(Section::Port, "Port", "port"),
    heading(Section::Volume, "Volume", "volume"),
    heading(Section::PersistentVolume, "Persistent volume", "persistentVolume"),
    heading(Section::ScheduleHints, "Schedule hints", "containerScheduleHints"),
    heading(Section::HealthCheck, "Health check", "healthCheck"),
    titled(Section::References, "References", REFERENCES),
    titled(
        Section::Ignored,
        "Ignored fields",
        "These fields are accepted so that files of a running system and of older versions compile. \
         They have no effect on any target, and `applc check` reports them.",
    ),
];

/// The page, as Markdown.
pub fn page() -> String {
    let schema = Schema::read();
    let entries = schema.entries();
    let mut text = INTRODUCTION.to_owned();
    text.push_str("\n## Contents\n\n");
    for heading in HEADINGS {
        let names: Vec<String> = in_section(&entries, heading.section)
            .map(|entry| format!("[`{}`](#{})", entry.name(), anchor(&entry.path)))
            .collect();
        let colon = if names.is_empty() { "" } else { ": " };
        let title = format!("[{}](#{})", heading.title, anchor(heading.title));
        let _ = writeln!(text, "- {title}{colon}{}", names.join(", "));
    }
    for heading in HEADINGS {
        let _ = write!(text, "\n## {}\n", heading.title);
        match schema.definition(heading.definition) {
            Some((description, example)) => {
                let _ = write!(text, "\n{description}\n\n```json\n{example}\n```\n");
            }
            None => {
                let _ = write!(text, "\n{}\n", heading.text.trim_end());
            }
        }
        if heading.section == Section::References {
            table(&mut text, &[(Field::References, String::new())]);
        }
        for entry in in_section(&entries, heading.section) {
            describe(&mut text, entry, &entries);
        }
    }
    text
}

fn in_section(entries: &[Entry], section: Section) -> impl Iterator<Item = &Entry> {
    entries.iter().filter(move |entry| entry.section == section)
}

/// The anchor of a heading, as generated by GitHub and mdBook.
pub fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, '_' | '-' | ' ');
    heading.to_lowercase().chars().filter(kept).map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn describe(text: &mut String, entry: &Entry, entries: &[Entry]) {
    let _ = write!(text, "\n### `{}`\n\n{}\n\n", entry.path, entry.description);
    let part = entry.parts(entries).next().and_then(|part| {
        let heading = HEADINGS.iter().find(|heading| heading.section == part.section)?;
        (part.section != entry.section).then_some(heading.title)
    });
    let part = part.map(|title| format!("; see [{title}](#{})", anchor(title)));
    let _ = writeln!(text, "- Type: {}{}", entry.value, part.unwrap_or_default());
    let _ = writeln!(text, "- {}", entry.presence());
    if entry.example.contains('\n') {
        let _ = writeln!(text, "- Example:\n\n```json\n{}\n```", entry.member());
    } else {
        let _ = writeln!(text, "- Example: `{}`", entry.member());
    }
    match &entry.support {
        Support::Rows(rows) => table(text, rows),
        Support::SameAs(path) => {
            let _ = writeln!(text, "- Targets: same as [`{path}`](#{})", anchor(path));
        }
        Support::Ignored => text.push_str("- Targets: no effect on any\n"),
        Support::Parts => {}
    }
}

/// The support for a field, by target.
fn table(text: &mut String, rows: &[(Field, String)]) {
    let by_value = rows.iter().any(|(_, value)| !value.is_empty());
    text.push_str(if by_value {
        "\n| value | target | support | how, or what differs |\n|---|---|---|---|\n"
    } else {
        "\n| target | support | how, or what differs |\n|---|---|---|\n"
    });
    for (field, value) in rows {
        for target in targets::ALL {
            let capabilities = target.capabilities();
            let Some(row) = capabilities.iter().find(|row| row.field == *field) else { continue };
            if by_value {
                let _ = write!(text, "| {} ", quoted(value));
            }
            let (name, fate) = (target.name(), row.fate.name());
            let _ = writeln!(text, "| {name} | {fate} | {} |", row.note.replace('|', "\\|"));
        }
    }
}
