//! The state of the server, and the order of its work.

mod projects;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use applc::diag::Report;
use applc::targets::custom::{self, Renderer};
use applc::targets::{self, TargetRef};
use gen_lsp_types as lsp;
use gen_lsp_types::{Notification, Request};
use lsp_server::{ErrorCode, Message, RequestId, Response};

use crate::client::Client;
use crate::diagnostics::{About, Found, Places, Published};
use crate::files::{self, Files, Open};
use crate::kinds::{Kind, Kinds};
use crate::previews::Previews;
use crate::projects::Projects;
use crate::subject::Appliance;
use crate::wholes::Wholes;
use crate::{changes, features, lifecycle};

/// A language server for one client.
pub struct Server {
    /// The client.
    pub(crate) client: Client,
    /// The files.
    pub(crate) open: Open,
    /// Where it is in its life.
    pub(crate) phase: Phase,
    /// The projects of open documents.
    projects: Projects,
    /// What the open documents are.
    kinds: Kinds,
    /// All appliances of the projects.
    wholes: Wholes,
    /// What is known of the appliances of open documents, by path.
    appliances: BTreeMap<String, Appliance>,
    /// Work that waits.
    waiting: Waiting,
    published: Published,
    /// The previews of the client.
    pub(crate) previews: Previews,
    /// The messages that are not taken yet.
    out: Vec<Message>,
    /// The number of requests to the client.
    asked: i32,
    /// The names of files that the client watches besides those that it always does.
    pub(crate) watched: BTreeSet<String>,
}

/// Where a server is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Before `initialize`.
    Starting,
    /// It answers.
    Running,
    /// It was told to end.
    Ending,
    /// It has ended, as it was told or not.
    Ended {
        /// Whether it was told to end before.
        orderly: bool,
    },
}

/// Work that waits, in the order in which it is done. Targets of what is analysed wait in [`Appliance`].
#[derive(Default)]
struct Waiting {
    /// Whether documents were opened or closed, or files of projects changed.
    documents: bool,
    /// Appliances to analyse.
    appliances: VecDeque<String>,
    /// Folders of custom targets to check.
    targets: BTreeSet<String>,
    /// Whether hints differ that the client has: of documents that did not change themselves.
    hints: bool,
}

/// A request that fails.
pub(crate) struct Failure {
    /// The kind.
    pub code: ErrorCode,
    /// The reason, for people.
    pub message: String,
}

impl Failure {
    /// A request whose parameters cannot be answered.
    pub fn invalid(message: impl Into<String>) -> Failure {
        Failure { code: ErrorCode::InvalidParams, message: message.into() }
    }

    /// A request that cannot be fulfilled.
    pub fn refused(message: impl Into<String>) -> Failure {
        Failure { code: ErrorCode::RequestFailed, message: message.into() }
    }
}

impl Server {
    /// A server that reads these files below the documents that the client opens, and runs the templates of custom
    /// targets in a renderer. Without one, they run here, where they can end the program.
    pub fn new(files: Box<dyn Files>, renderer: Option<Arc<dyn Renderer>>) -> Server {
        Server {
            client: Client::default(),
            open: Open::over(files),
            phase: Phase::Starting,
            projects: Projects::new(renderer),
            kinds: Kinds::default(),
            wholes: Wholes::default(),
            appliances: BTreeMap::new(),
            waiting: Waiting::default(),
            published: Published::default(),
            previews: Previews::default(),
            out: Vec::new(),
            asked: 0,
            watched: BTreeSet::new(),
        }
    }

    /// Takes a message in, and returns the answer and what else there is to say.
    pub fn handle(&mut self, message: Message) -> Vec<Message> {
        match message {
            Message::Request(request) => {
                let answer = match self.phase {
                    Phase::Starting => lifecycle::start(self, request),
                    Phase::Running => {
                        let lsp_server::Request { id, method, params } = request;
                        response(id, features::answer(self, &method, params))
                    }
                    Phase::Ending | Phase::Ended { .. } => {
                        let failure = Failure {
                            code: ErrorCode::InvalidRequest,
                            message: "the server was shut down".to_owned(),
                        };
                        response(request.id, Err(failure))
                    }
                };
                self.out.push(answer.into());
            }
            Message::Notification(notification) => changes::notified(self, notification),
            // Answers to requests of the server have nothing that it waits for.
            Message::Response(_) => {}
        }
        self.said()
    }

    /// Does one piece of the work that waits, and returns what there is to say. `None` if none waits.
    pub fn step(&mut self) -> Option<Vec<Message>> {
        if self.phase != Phase::Running {
            return None;
        }
        if self.waiting.documents {
            self.look_at_documents();
        } else if let Some(path) = self.waiting.appliances.pop_front() {
            self.analyse(&path);
        } else if std::mem::take(&mut self.waiting.hints) {
            if self.client.refreshes_hints {
                self.ask::<lsp::InlayHintRefreshRequest>(());
            }
        } else if features::preview::renew(self) {
            // What the user looks at comes before the other targets.
        } else if let Some(folder) = self.waiting.targets.pop_first() {
            self.check_target(&folder);
        } else if !self.check_next() && !self.compare_next() {
            return None;
        }
        Some(self.said())
    }

    /// What there is to say.
    fn said(&mut self) -> Vec<Message> {
        self.out.extend(self.projects.take_untold().iter().map(|why| shown(why)));
        std::mem::take(&mut self.out)
    }

    /// The text of an open document.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.open.documents().get(path).map(|document| document.source().text())
    }

    /// The exit status of the program, when it is to end.
    pub fn exit_status(&self) -> Option<u8> {
        match self.phase {
            Phase::Ended { orderly } => Some(u8::from(!orderly)),
            _ => None,
        }
    }

    /// Sends a notification.
    pub(crate) fn notify<N: Notification>(&mut self, params: N::Params) {
        let params = serde_json::to_value(params).unwrap_or_default();
        let method = N::METHOD.as_str().to_owned();
        self.out.push(lsp_server::Notification { method, params }.into());
    }

    /// Sends a request, whose answer is not waited for.
    pub(crate) fn ask<R: Request>(&mut self, params: R::Params) {
        self.asked += 1;
        let params = serde_json::to_value(params).unwrap_or_default();
        let method = R::METHOD.as_str().to_owned();
        let id = RequestId::from(format!("applc-{}", self.asked));
        self.out.push(lsp_server::Request { id, method, params }.into());
    }

    /// Says that a document was opened or closed, or a file may be new or gone; without a path, any of them.
    pub(crate) fn documents_changed(&mut self, path: Option<&str>) {
        self.kinds.forget(path);
        if let Some(path) = path {
            self.wholes.is_new_or_gone(path);
        }
        self.waiting.documents = true;
    }

    /// Says that the settings of the user changed.
    pub(crate) fn settings_changed(&mut self) {
        self.waiting.appliances = self.appliances.keys().cloned().collect();
        self.kinds.forget(None);
        // What was found is at places that have moved.
        for root in self.wholes.forget() {
            self.publish(About::Whole(root), Found::new());
        }
        self.waiting.documents = true;
        self.waiting.hints = true;
    }

    /// Says that the text of a file changed: what was made of the old one is made anew, and its work is dropped.
    pub(crate) fn file_changed(&mut self, path: &str) {
        if self.projects.depend_on(path) {
            self.projects.forget();
            self.settings_changed();
        }
        self.wholes.changed(path);
        let dependent = |(name, appliance): (&String, &Appliance)| {
            (name == path || files::is_among(&appliance.asked, path)).then(|| name.clone())
        };
        let dependent: Vec<String> = self.appliances.iter().filter_map(dependent).collect();
        self.waiting.hints |= dependent.iter().any(|name| name != path);
        dependent.into_iter().for_each(|name| self.wait_for(name));
        if let Some(Kind::Target(folder)) = self.kinds.get(path) {
            self.waiting.targets.insert(folder.clone());
        }
    }

    /// Lets an appliance wait for its analysis, before the others.
    fn wait_for(&mut self, path: String) {
        self.waiting.appliances.retain(|waiting| *waiting != path);
        self.waiting.appliances.push_front(path);
    }

    /// Finds out what the open documents are, and which appliances they are about.
    fn look_at_documents(&mut self) {
        self.waiting.documents = false;
        self.kinds.look(&self.open, &mut self.projects);
        let mut wanted = BTreeSet::new();
        let mut targets = BTreeSet::new();
        let mut roots = BTreeMap::new();
        for (path, kind) in self.kinds.iter() {
            match kind {
                Kind::Appliance => drop(wanted.insert(path.clone())),
                Kind::Overlay(bases) => wanted.extend(bases.iter().cloned()),
                Kind::Target(folder) => drop(targets.insert(folder.clone())),
                Kind::Project => {}
                Kind::Other => continue,
            }
            let project = self.projects.of(&self.open, path);
            if let Some(root) = std::iter::successors(project, |one| one.outer.clone()).last() {
                // Below the root of the disk are other things.
                if root.file.folder != "/" {
                    roots.insert(root.file.folder.clone(), root);
                }
            }
        }
        self.wholes.keep(&roots);
        self.appliances.retain(|path, _| wanted.contains(path));
        self.waiting.appliances.retain(|path| wanted.contains(path));
        for path in &wanted {
            if !self.appliances.contains_key(path) && !self.waiting.appliances.contains(path) {
                self.waiting.appliances.push_back(path.clone());
            }
        }
        self.waiting.targets.clone_from(&targets);
        let projects: Vec<_> = self.projects.all();
        let projects_of: BTreeSet<&str> =
            projects.iter().map(|project| project.file.folder.as_str()).collect();
        let gone = self.published.subjects().filter(|about| match about {
            About::Project(folder) => !projects_of.contains(folder.as_str()),
            About::Appliance(path) => !wanted.contains(path),
            About::Target(folder) => !targets.contains(folder),
            About::Whole(folder) => !self.wholes.has(folder),
        });
        let gone: Vec<About> = gone.cloned().collect();
        for about in gone {
            self.publish(about, Found::new());
        }
        for project in &projects {
            // Those above have subjects of their own, if a document is in their folder.
            let found = Places::new(&self.open, &self.client).found(project.reports());
            self.publish(About::Project(project.file.folder.clone()), found);
        }
    }

    /// Analyses an appliance, and publishes what the core finds.
    fn analyse(&mut self, path: &str) {
        let project = self.projects.of(&self.open, path);
        match Appliance::analyse(&self.open, project.as_ref(), path, &self.more()) {
            Ok(appliance) => drop(self.appliances.insert(path.to_owned(), appliance)),
            Err(error) => {
                self.projects.refuse(&error);
                self.appliances.remove(path);
            }
        }
        self.publish_appliance(path);
        lifecycle::watch(self);
    }

    /// What is known of an appliance that is not open. `None` if a file cannot be read.
    pub(crate) fn analyse_closed(&mut self, path: &str) -> Option<Appliance> {
        let project = self.projects.of(&self.open, path);
        Appliance::analyse(&self.open, project.as_ref(), path, &self.more()).ok()
    }

    /// Checks a target of an appliance. Returns whether one waited.
    fn check_next(&mut self) -> bool {
        let next = self
            .appliances
            .iter_mut()
            .find_map(|(path, appliance)| Some((path.clone(), appliance.check_next()?)));
        let Some((path, is_something)) = next else { return false };
        if is_something {
            self.publish_appliance(&path);
        }
        true
    }

    /// The targets of appliances whose projects do not name any.
    fn more(&self) -> Vec<TargetRef> {
        self.client.settings.targets.iter().filter_map(|name| named(name)).collect()
    }

    /// Checks the custom target in a folder.
    fn check_target(&mut self, folder: &str) {
        let reports = self.target_reports(folder);
        let found = Places::new(&self.open, &self.client).found(&reports);
        self.publish(About::Target(folder.to_owned()), found);
    }

    /// The findings in the custom target in a folder.
    fn target_reports(&self, folder: &str) -> Vec<Report> {
        let loaded = custom::load(&self.open, folder, self.projects.renderer());
        loaded.map(|loaded| loaded.reports).unwrap_or_default()
    }

    fn publish_appliance(&mut self, path: &str) {
        let reports = self.appliances.get(path).map(Appliance::reports).unwrap_or_default();
        let found = Places::new(&self.open, &self.client).found(&reports);
        self.publish(About::Appliance(path.to_owned()), found);
    }

    fn publish(&mut self, about: About, found: Found) {
        for (file, diagnostics) in self.published.replace(about, found) {
            let document = self.open.documents().get(&file);
            let version = document.map(|document| document.version);
            let uri = crate::diagnostics::uri_of(&self.open, &file);
            self.notify::<lsp::PublishDiagnosticsNotification>(lsp::PublishDiagnosticsParams {
                uri,
                version,
                diagnostics,
            });
        }
    }

    /// What an open document is.
    pub(crate) fn kind(&mut self, path: &str) -> Kind {
        if self.waiting.documents {
            self.look_at_documents();
        }
        self.kinds.get(path).cloned().unwrap_or(Kind::Other)
    }

    /// What is known of the appliances that an open document is about: the appliance itself, or those of an overlay,
    /// with their paths. Documents that wait for their analysis are analysed.
    pub(crate) fn appliances_of(&mut self, path: &str) -> Vec<(&str, &Appliance)> {
        let paths = match self.kind(path) {
            Kind::Appliance => vec![path.to_owned()],
            Kind::Overlay(bases) => bases,
            Kind::Project | Kind::Target(_) | Kind::Other => Vec::new(),
        };
        for path in &paths {
            if self.waiting.appliances.contains(path) {
                self.waiting.appliances.retain(|waiting| waiting != path);
                self.analyse(path);
            }
        }
        let known = |path: &String| self.appliances.get_key_value(path);
        paths.iter().filter_map(known).map(|(path, known)| (path.as_str(), known)).collect()
    }

    /// Checks the targets that wait of the appliances that an open document is about.
    pub(crate) fn finish(&mut self, path: &str) {
        let paths: Vec<String> =
            self.appliances_of(path).into_iter().map(|(path, _)| path.to_owned()).collect();
        paths.iter().for_each(|path| self.finish_appliance(path));
    }

    /// Checks the targets that wait of an appliance.
    fn finish_appliance(&mut self, path: &str) {
        let Some(appliance) = self.appliances.get_mut(path) else { return };
        let mut is_something = false;
        while let Some(found) = appliance.check_next() {
            is_something |= found;
        }
        if is_something {
            self.publish_appliance(path);
        }
    }

    /// The findings that a document is part of, if it is not about appliances: those of the project, or of the custom
    /// target.
    pub(crate) fn other_reports(&mut self, path: &str) -> Vec<Report> {
        match self.kind(path) {
            Kind::Project => {
                let projects = self.projects.all();
                projects.iter().flat_map(|project| project.reports().cloned()).collect()
            }
            Kind::Target(folder) => self.target_reports(&folder),
            Kind::Appliance | Kind::Overlay(_) | Kind::Other => Vec::new(),
        }
    }

    /// All appliances that are analysed, by path.
    pub(crate) fn analysed(&self) -> &BTreeMap<String, Appliance> {
        &self.appliances
    }
}

/// The built-in target with a name.
fn named(name: &str) -> Option<TargetRef> {
    targets::find(name).map(TargetRef::BuiltIn)
}

/// The answer to a request.
pub(crate) fn response(id: RequestId, result: Result<serde_json::Value, Failure>) -> Response {
    match result {
        Ok(value) => Response { id, response_result: Ok(value) },
        Err(Failure { code, message }) => Response::new_err(id, code as i32, message),
    }
}

/// A message that the client shows.
fn shown(text: &str) -> Message {
    let params =
        lsp::ShowMessageParams { kind: lsp::MessageType::Warning, message: text.to_owned() };
    let params = serde_json::to_value(params).unwrap_or_default();
    let method = lsp::ShowMessageNotification::METHOD.as_str().to_owned();
    lsp_server::Notification { method, params }.into()
}

/// A message for the log of the client, of an error of the server.
pub fn logged(text: &str) -> Message {
    let params = lsp::LogMessageParams { kind: lsp::MessageType::Error, message: text.to_owned() };
    let params = serde_json::to_value(params).unwrap_or_default();
    let method = lsp::LogMessageNotification::METHOD.as_str().to_owned();
    lsp_server::Notification { method, params }.into()
}
