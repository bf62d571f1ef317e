//! `applc config`.

mod rows;
mod show;

use std::path::Path;
use std::sync::Arc;

use applc::analysis::Analysis;
use applc::diag::{Format, Level, Levels};
use applc::overlay::Changes;
use applc::project::{self, FILE_NAME, Names, Project};
use applc::scope::appliance_name;
use applc::source::{Sources, Spanned};
use applc::targets::{PROJECT_DIRECTORY, TargetRef};
use applc::{Selected, targets};

use crate::Status;
use crate::args::{Config, ConfigFormat};
use crate::disk::{Named, STDIN, exists};
use crate::kind;
use crate::projects::{
    self, Projects, check_environment, folder_of, one_environment, unknown_environment,
};
use crate::reporter::{Reporter, Stream};
use crate::search;
use crate::select::Wanted;
use crate::terminal::{fail, print};
use crate::whole::compile::way_to_source;
use crate::whole::joined;

/// Shows the settings of a project, or of one of its files.
pub fn run(arguments: &Config) -> Status {
    match config(arguments) {
        Ok(status) | Err(status) => status,
    }
}

/// The settings, before they are shown.
struct Outcome<'a> {
    /// The file that they are for; `None` for a folder.
    file: Option<&'a str>,
    environment: Option<&'a str>,
    project: Option<Arc<Project>>,
    /// What the files of the project say.
    settings: project::Settings,
    /// The overlays of the file, where there is one.
    overlays: Vec<Spanned<String>>,
    /// The targets that are compiled for.
    targets: Vec<Selected>,
    /// The levels of the arguments.
    levels: Levels,
    /// All sources that values may be in.
    sources: Sources,
    /// Where the output is written, with the placeholders replaced whose meaning is known.
    output: Option<String>,
}

fn config(arguments: &Config) -> Result<Status, Status> {
    let mut reporter = Reporter::with(Format::Human, &arguments.levels, Stream::Stderr, false)?;
    let environment = one_environment(&arguments.environment)?;
    let wanted = Wanted::read(&arguments.targets, &mut reporter)?.in_environment(environment);
    let start = search::start();
    let start = start.to_string_lossy();
    let path = arguments.path.as_deref().unwrap_or(&start);
    let is_folder = path != STDIN && Path::new(path).is_dir();
    // Those of a folder are those of any file in it.
    let in_folder = match path {
        STDIN => search::start().join("stdin"),
        path if is_folder => Path::new(path).join("file"),
        path => Path::new(path).to_owned(),
    };
    let given = wanted.loaded();
    let project = Projects::default().of(&in_folder, &given, &mut reporter)?;
    if !is_folder {
        kind::check(path, project.as_ref(), &mut reporter)?;
    }
    match &project {
        Some(project) => check_environment(project, environment)?,
        None if is_folder => return Err(no_project(arguments.path.as_deref())),
        None => {
            if let Some(name) = environment {
                return Err(unknown_environment(name, &[]));
            }
        }
    }
    let settings = match &project {
        Some(project) => project.settings(environment),
        None => {
            let known: Vec<TargetRef> = targets::built_in().chain(given).collect();
            project::Settings::of(known)
        }
    };
    let mut sources = project.as_ref().map_or_else(Sources::new, |project| project.sources.clone());
    let targets = projects::selected(&settings, &wanted, &mut sources, &reporter)?;
    let mut outcome = Outcome {
        file: (!is_folder).then_some(path),
        environment,
        output: settings.output.as_ref().map(|output| output.pattern.value.text().to_owned()),
        project,
        settings,
        overlays: Vec::new(),
        targets,
        levels: reporter.levels(&Levels::default()),
        sources,
    };
    let status = match outcome.file {
        Some(file) => outcome.fill(file, &in_folder, arguments, &mut reporter)?,
        None => Status::Clean,
    };
    let rows = rows::of(&outcome, arguments);
    let text = match arguments.format {
        ConfigFormat::Human => show::human(&rows),
        ConfigFormat::Json => show::json(&outcome, &rows),
    };
    Ok(status.max(print(&text)))
}

/// Reports a folder without a project.
fn no_project(folder: Option<&str>) -> Status {
    let place = folder.map_or_else(|| "this folder".to_owned(), |folder| format!("`{folder}`"));
    let message = format!("no `{FILE_NAME}` in {place} or above; name an appliance file");
    fail(&message, Status::Usage)
}

impl Outcome<'_> {
    /// Replaces what placeholders stand for in an appliance, and finds its overlays.
    ///
    /// # Errors
    /// The exit status if it cannot be read, which was reported.
    fn fill(
        &mut self,
        file: &str,
        path: &Path,
        arguments: &Config,
        reporter: &mut Reporter,
    ) -> Result<Status, Status> {
        let folder = match &self.project {
            Some(project) => folder_of(project, &self.settings, path),
            None => String::new(),
        };
        let mut names = Names {
            environment: self.environment,
            folder: Some(&folder),
            name: Some(appliance_name(file)),
            ..Names::default()
        };
        let exists = |path: &str| exists(Path::new(path));
        self.overlays = self.settings.overlays_of(file, &names, exists);
        let overlays = self.overlays.iter().map(|overlay| overlay.value.clone());
        let overlays = overlays.chain(arguments.overlays.overlays.clone()).collect();
        let images = self.settings.images.clone();
        let changes = Changes { overlays, images, ..Changes::none() };
        let root = self.project.as_ref().map(|project| project.root());
        let world = Named { file, others: &arguments.overlays.overlays, root };
        let analysis = Analysis::changed_to_compile(&world, file, &changes, self.sources.clone());
        let mut analysis = analysis.map_err(|error| reporter.fail(file, &error.into()))?;
        let id = analysis.plan.as_ref().map(|plan| plan.id.value.to_string());
        names.id = id.as_deref().filter(|id| !id.is_empty());
        for one in &mut self.targets {
            let filled =
                project::filled(&one.options, &*one.target, &names, &mut analysis.findings);
            one.options = filled;
            // As `applc compile` of the project does.
            if let Some(output) = &self.settings.output
                && one.target.custom().is_none()
                && let Ok(output) =
                    output.pattern.value.fill(&Names { target: Some(one.target.name()), ..names })
            {
                let way = way_to_source(&joined("", &output), &format!("{folder}/file"));
                one.options.set_default(PROJECT_DIRECTORY, &way);
            }
        }
        if let Some(output) = &self.settings.output {
            self.output = Some(joined("", &output.pattern.value.fill_known(&names)));
        }
        // What else is wrong with the appliance is what `applc check` is for.
        let mut report = analysis.into_report();
        report.diagnostics.retain(|found| found.level == Level::Error);
        Ok(match report.diagnostics.is_empty() {
            true => Status::Clean,
            false => reporter.add(report),
        })
    }
}
