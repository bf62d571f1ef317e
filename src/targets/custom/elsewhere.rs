//! Templates that run elsewhere: what is told to who runs them, and what comes back.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::CustomTarget;
use super::manifest::Definition;
use super::template_errors::Texts;
use crate::diag::{Diagnostic, Findings, Report, codes};
use crate::plan::Plan;
use crate::render::{RenderError, Watch};
use crate::source::{Source, Span};
use crate::targets::{Artifact, Failure, Job, Options, Target};

/// Where the templates of custom targets run. A program supplies it as it supplies a [`World`](crate::World): in a
/// process of their own, with limits, as templates come from others. What it is told to do, [`Local`] does.
pub trait Renderer: Send + Sync {
    /// Does something with the templates of a folder.
    ///
    /// # Errors
    /// They passed a limit, or cannot be run.
    fn run(&self, texts: &Arc<Texts>, work: &Work<'_>) -> Result<Done, Stopped>;
}

/// What is done with templates.
#[derive(Debug, Serialize, Deserialize)]
pub enum Work<'a> {
    /// They are parsed.
    Parse,
    /// The files of an appliance are rendered.
    Render {
        /// The plan.
        plan: Cow<'a, Plan>,
        /// The values of the target's options.
        options: Cow<'a, Options>,
        /// Whether the origins of what is printed are recorded, see [`Artifact::record`].
        recorded: bool,
    },
}

/// What became of it.
#[derive(Debug, Serialize, Deserialize)]
pub enum Done {
    /// The templates were parsed.
    Parsed {
        /// The errors in templates of the folder.
        templates: Vec<FileFindings>,
        /// Those in templates in the manifest.
        manifest: Vec<Diagnostic>,
    },
    /// The files were rendered.
    Rendered {
        /// The findings in the appliance.
        findings: Vec<Diagnostic>,
        /// The files, or why there are none.
        files: Result<Vec<Artifact>, NoFiles>,
    },
}

/// A file and the findings in it.
#[derive(Debug, Serialize, Deserialize)]
pub struct FileFindings(Source, Vec<Diagnostic>);

/// Why there are no files.
#[derive(Debug, Serialize, Deserialize)]
pub enum NoFiles {
    /// The findings in the files of the target or in their output.
    Findings(Vec<FileFindings>),
    /// A template of a built-in target fails, or there is no target.
    Other(String),
}

/// Why templates did not end what they were run for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped {
    /// The name of the template that ran last, if one did.
    pub template: Option<String>,
    /// What ended it.
    pub cause: Cause,
}

/// What ended templates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// They take longer than this number of milliseconds.
    Time(u64),
    /// They need more than this number of MiB of memory.
    Memory(u64),
    /// They are nested so deeply that a stack of this number of MiB overflows.
    Stack(u64),
    /// All files of an appliance have more than this number of MiB.
    Output(u64),
    /// Something else; in words.
    Other(String),
    /// There is nothing to run them in, for a reason in words.
    NotStarted(String),
}

impl FileFindings {
    fn of(report: Report) -> FileFindings {
        FileFindings(report.source, report.diagnostics)
    }

    fn report(self) -> Report {
        let FileFindings(source, found) = self;
        Report::new(source, found.into_iter().collect())
    }
}

/// The templates of a folder, where they run.
pub struct Local {
    texts: Arc<Texts>,
    /// The target, unless its manifest has errors.
    target: Option<CustomTarget>,
    watch: Watch,
}

impl Local {
    /// Those of these files. `watch` is told which template runs.
    pub fn new(texts: Texts, watch: Watch) -> Local {
        let texts = Arc::new(texts);
        let (manifest, _) = super::read::read(&texts.manifest);
        let target = manifest.map(|manifest| CustomTarget {
            manifest,
            texts: Arc::clone(&texts),
            renderer: None,
            watch: watch.clone(),
        });
        Local { texts, target, watch }
    }

    /// Whether they are those of these files.
    pub fn is_of(&self, texts: &Texts) -> bool {
        *self.texts == *texts
    }

    /// Does something with them.
    pub fn run(&self, work: &Work<'_>) -> Done {
        match work {
            Work::Parse => {
                let own = self.target.as_ref().and_then(CustomTarget::own);
                let (templates, manifest) = faults(&self.texts, own, &self.watch);
                let templates = templates.into_iter().map(FileFindings::of).collect();
                Done::Parsed { templates, manifest }
            }
            Work::Render { plan, options, recorded } => self.render(plan, options, *recorded),
        }
    }

    fn render(&self, plan: &Plan, options: &Options, recorded: bool) -> Done {
        let Some(target) = &self.target else {
            let files = Err(NoFiles::Other("`target.toml` has errors".to_owned()));
            return Done::Rendered { findings: Vec::new(), files };
        };
        // Whoever asks has its findings already.
        let lowered = target.lower(plan, options, &mut Findings::new());
        let mut findings = Findings::new();
        let files = target.render(Job { plan, options, lowered, recorded }, &mut findings);
        let files = files.map_err(|failure| match failure {
            Failure::Reports(reports) => {
                NoFiles::Findings(reports.into_iter().map(FileFindings::of).collect())
            }
            Failure::Render(error) => NoFiles::Other(error.to_string()),
        });
        Done::Rendered { findings: findings.iter().cloned().collect(), files }
    }
}

/// The syntax errors of the templates of a folder, and of those in its manifest.
pub fn faults(
    texts: &Texts,
    own: Option<&Definition>,
    watch: &Watch,
) -> (Vec<Report>, Vec<Diagnostic>) {
    (texts.syntax_faults(watch), own.map(|own| own.syntax_faults(watch)).unwrap_or_default())
}

/// The same, found elsewhere.
pub fn faults_elsewhere(
    renderer: &dyn Renderer,
    texts: &Arc<Texts>,
    own: Option<&Definition>,
) -> (Vec<Report>, Vec<Diagnostic>) {
    match renderer.run(texts, &Work::Parse) {
        Ok(Done::Parsed { templates, manifest }) => {
            (templates.into_iter().map(FileFindings::report).collect(), manifest)
        }
        Ok(Done::Rendered { .. }) => (vec![stopped(texts, own, &Stopped::confused())], Vec::new()),
        Err(why) => (vec![stopped(texts, own, &why)], Vec::new()),
    }
}

/// Renders files elsewhere.
pub fn render(
    renderer: &dyn Renderer,
    target: &CustomTarget,
    job: &Job<'_>,
    findings: &mut Findings,
) -> Result<Vec<Artifact>, Failure> {
    let Job { plan, options, recorded, .. } = job;
    let (plan, options) = (Cow::Borrowed(*plan), Cow::Borrowed(*options));
    let work = Work::Render { plan, options, recorded: *recorded };
    let fail = |why| Failure::Reports(vec![stopped(&target.texts, target.own(), &why)]);
    match renderer.run(&target.texts, &work).map_err(fail)? {
        Done::Rendered { findings: found, files } => {
            found.into_iter().for_each(|finding| findings.push(finding));
            files.map_err(|none| match none {
                NoFiles::Findings(found) => {
                    Failure::Reports(found.into_iter().map(FileFindings::report).collect())
                }
                NoFiles::Other(message) => Failure::Render(RenderError::plain(message)),
            })
        }
        Done::Parsed { .. } => Err(fail(Stopped::confused())),
    }
}

impl Stopped {
    fn confused() -> Stopped {
        let cause = Cause::Other("the process for templates gives another answer".to_owned());
        Stopped { template: None, cause }
    }
}

/// The report of templates that were stopped: at the one that ran last.
fn stopped(texts: &Texts, own: Option<&Definition>, stopped: &Stopped) -> Report {
    let Stopped { template, cause } = stopped;
    let name = template.as_deref();
    let in_folder = name.and_then(|name| texts.templates.get(name));
    let inline = own.map(Definition::inline).unwrap_or_default();
    let inline = inline.into_iter().find(|(known, ..)| Some(known.as_str()) == name);
    let (source, place) = match (in_folder, inline) {
        (Some(source), _) => (source, first_line(source)),
        (None, Some((_, _, span))) => (&texts.manifest, span),
        (None, None) => (&texts.manifest, texts.manifest.start()),
    };
    let code = match cause {
        Cause::NotStarted(_) => &codes::NO_PROCESS,
        _ => &codes::BAD_TEMPLATE,
    };
    let (message, help) = words(cause);
    Report::of(source.clone(), Diagnostic::new(code, place, message).help(help))
}

/// What is wrong, and how to mend it.
fn words(cause: &Cause) -> (String, String) {
    match cause {
        Cause::Time(milliseconds) => (
            format!("the template takes longer than the limit of {} s", seconds(*milliseconds)),
            "look for loops in loops, and for filters in loops that go through a whole list, such as `unique`"
                .to_owned(),
        ),
        Cause::Memory(limit) => (
            format!("the template needs more memory than the limit of {limit} MiB"),
            "look for strings and lists that grow in a loop".to_owned(),
        ),
        Cause::Stack(limit) => (
            format!("the template is nested too deeply for the limit of {limit} MiB of stack"),
            "split long expressions and chains of `elif`, and build no lists in lists in a loop"
                .to_owned(),
        ),
        Cause::Output(limit) => (
            format!("the files of the appliance are larger than the limit of {limit} MiB in total"),
            "print less, or for fewer containers".to_owned(),
        ),
        Cause::Other(message) => (
            format!("the template cannot be run: {message}"),
            "the engine for templates failed on it: write it in another way".to_owned(),
        ),
        Cause::NotStarted(message) => (
            format!("cannot start the process that templates run in: {message}"),
            "applc starts itself for them: it must be allowed to, and its file must still be there"
                .to_owned(),
        ),
    }
}

/// Milliseconds as seconds.
fn seconds(milliseconds: u64) -> String {
    let (whole, rest) = (milliseconds / 1000, milliseconds % 1000);
    if rest == 0 { whole.to_string() } else { format!("{whole}.{rest:03}") }
}

/// The first line of a template that is not blank.
fn first_line(source: &Source) -> Span {
    let text = source.text().get(source.content_start()..).unwrap_or_default();
    let mut start = source.content_start();
    for line in text.split_inclusive('\n') {
        let lead = line.len() - line.trim_start().len();
        let shown = line.trim();
        if !shown.is_empty() {
            // Of a long line, the start is enough.
            let end = shown.char_indices().nth(80).map_or(shown.len(), |(at, _)| at);
            return source.span(start + lead..start + lead + end);
        }
        start += line.len();
    }
    source.start()
}

impl CustomTarget {
    fn own(&self) -> Option<&Definition> {
        self.manifest.own()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_at_the_first_line_with_something() {
        let long = "x".repeat(100);
        for (text, shown) in [
            ("{{ x }}\ny\n", "{{ x }}"),
            ("\n \t\r\n  {{ x }} \ny\n", "{{ x }}"),
            ("\u{feff}\n\nab\n", "ab"),
            (&format!("\n\n{long}"), &long[..80]),
            ("", ""),
        ] {
            let source = Source::new("t.j2", text);
            assert_eq!(source.slice(first_line(&source)), shown, "{text:?}");
        }
    }
}
