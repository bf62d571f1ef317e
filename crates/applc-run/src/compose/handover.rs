//! Handing an appliance over: images are built and pulled, then Compose starts what is not there yet.

use std::collections::VecDeque;

use crate::engine::{Failure, Handover, Progress, Step};
use crate::error::Error;
use crate::state::{Fault, FaultKind};
use crate::tool::Running;
use crate::up::refused;

use super::change::Comparison;
use super::docker::{Docker, File, answered};
use super::model::{Built, Found, Wanted};
use super::states::{fault, given_up, plain};

/// Number of images that are built or pulled at once.
const PULLS: usize = 4;

/// An image to build or pull.
struct Image {
    name: String,
    /// The service that it is built for, if it is built.
    built_for: Option<String>,
    containers: Vec<String>,
    is_present: bool,
}

/// A hand-over to Compose.
pub struct Compose {
    docker: Docker,
    file: File,
    wanted: Vec<Wanted>,
    found: Vec<Found>,
    waiting: VecDeque<Image>,
    pulling: Vec<(Image, Running)>,
    up: Up,
}

enum Up {
    /// Images are missing.
    Before,
    /// Compose runs.
    Running(Running),
    /// Compose has ended.
    Done,
}

impl Compose {
    /// A hand-over of these services, of which `found` are there.
    ///
    /// # Errors
    /// The engine does not answer.
    pub fn new(
        docker: Docker,
        file: File,
        wanted: Vec<Wanted>,
        found: Vec<Found>,
    ) -> Result<Compose, Error> {
        let present = docker.images(wanted.iter().map(|service| service.image.as_str()))?;
        let mut waiting: VecDeque<Image> = VecDeque::new();
        for service in &wanted {
            let is_present = present.contains_key(&service.image);
            let is_wanted = match service.built {
                Built::Never => service.always_pulled || !is_present,
                Built::Missing => !is_present,
                Built::Always => true,
            };
            if !is_wanted {
                continue;
            }
            let built_for = (service.built != Built::Never).then(|| service.service.clone());
            match waiting.iter_mut().find(|image| image.name == service.image) {
                Some(image) => {
                    // An image that one container builds is there for the others.
                    image.built_for = image.built_for.take().or(built_for);
                    if !image.containers.contains(&service.container) {
                        image.containers.push(service.container.clone());
                    }
                }
                None => waiting.push_back(Image {
                    name: service.image.clone(),
                    built_for,
                    containers: vec![service.container.clone()],
                    is_present,
                }),
            }
        }
        let pulling = Vec::new();
        Ok(Compose { docker, file, wanted, found, waiting, pulling, up: Up::Before })
    }

    /// Goes on with the images. Returns a failure, if there is one.
    fn pull(&mut self, tell: &mut dyn FnMut(Progress)) -> Result<Option<Step>, Error> {
        let mut at = 0;
        while let Some((_, running)) = self.pulling.get_mut(at) {
            let Some(output) = running.poll() else {
                at += 1;
                continue;
            };
            let (image, _) = self.pulling.remove(at);
            let output = answered(output)?;
            if output.success {
                tell(match image.built_for {
                    Some(_) => Progress::Built(image.name),
                    None => Progress::Pulled(image.name),
                });
                continue;
            }
            let reason = plain(output.complaint());
            // What was changed in the folder must not be lost: an image from before is not used.
            if !image.is_present || image.built_for.is_some() {
                let reason = format!("`{}`: {reason}", image.name);
                let kind = match image.built_for {
                    Some(_) => FaultKind::Build,
                    None => FaultKind::Pull,
                };
                let fault = Fault { kind, reason };
                let container = image.containers.first().cloned();
                return Ok(Some(Step::Failed(Failure { container, instance: None, fault })));
            }
            tell(Progress::Stale(image.name, reason));
        }
        while self.pulling.len() < PULLS
            && let Some(image) = self.waiting.pop_front()
        {
            let (name, containers) = (image.name.clone(), image.containers.clone());
            let running = match &image.built_for {
                Some(service) => {
                    tell(Progress::Building(name, containers));
                    let arguments = ["build", "--quiet", service];
                    self.docker.start_compose(&self.file, &arguments)?
                }
                None => {
                    tell(Progress::Pulling(name, containers));
                    self.docker.start(&["pull", "--quiet", &image.name])?
                }
            };
            self.pulling.push((image, running));
        }
        Ok(None)
    }

    /// Starts Compose, if there is something to do for it.
    fn begin(&mut self) -> Result<Up, Error> {
        let images =
            self.docker.images(self.wanted.iter().map(|service| service.image.as_str()))?;
        let comparison = Comparison::new(&self.wanted, &self.found, &images);
        if comparison.is_empty() {
            return Ok(Up::Done);
        }
        let stuck: Vec<&str> = comparison.stuck().collect();
        if !stuck.is_empty() {
            let mut stop = vec!["stop", "--time", "10"];
            stop.extend(&stuck);
            self.docker.checked_slowly(&stop)?;
        }
        let unborn: Vec<&str> = comparison.unborn().collect();
        if !unborn.is_empty() {
            let mut remove = vec!["rm"];
            remove.extend(&unborn);
            self.docker.checked_slowly(&remove)?;
        }
        let selected = comparison.selected();
        if selected.is_empty() {
            // Without names, Compose would look at all services.
            let gone = |one: &&Found| comparison.removed().any(|service| service == one.service);
            let names = self.found.iter().filter(gone).map(|one| one.name.as_str());
            let mut remove = vec!["rm", "--force"];
            remove.extend(names);
            if remove.len() > 2 {
                self.docker.checked_slowly(&remove)?;
            }
            return Ok(Up::Done);
        }
        let stale: Vec<&str> = comparison.recreated().collect();
        if !stale.is_empty() {
            self.docker.recreate(&self.file, &stale)?;
        }
        let mut arguments = vec![
            "up",
            "--detach",
            "--remove-orphans",
            "--pull",
            "never",
            "--no-build",
            "--no-deps",
        ];
        arguments.extend(selected.iter().map(String::as_str));
        Ok(Up::Running(self.docker.start_compose(&self.file, &arguments)?))
    }

    /// The container of the service that a message of Compose is about.
    fn named(&self, message: &str) -> Option<String> {
        let is_named = |wanted: &&Wanted| {
            message
                .split_whitespace()
                .any(|word| is_about(word, &self.file.project, &wanted.service))
        };
        self.wanted.iter().find(is_named).map(|service| service.container.clone())
    }
}

/// Whether a word of a message names a service: as `service:NAME:1`, as `"NAME"`, or as its container
/// `PROJECT-NAME-1`.
fn is_about(word: &str, project: &str, service: &str) -> bool {
    let word = word.trim_end_matches([',', ':', '.']);
    if let Some(quoted) = word.strip_prefix('"') {
        return quoted.strip_suffix('"') == Some(service);
    }
    if let Some(rest) = word.strip_prefix("service:") {
        return rest.split(':').next() == Some(service);
    }
    let rest = word.strip_prefix(project).and_then(|rest| rest.strip_prefix('-'));
    let rest =
        rest.and_then(|rest| rest.strip_prefix(service)).and_then(|rest| rest.strip_prefix('-'));
    rest.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

impl Handover for Compose {
    fn poll(&mut self, tell: &mut dyn FnMut(Progress)) -> Result<Step, Error> {
        if matches!(self.up, Up::Before) {
            if let Some(failed) = self.pull(tell)? {
                return Ok(failed);
            }
            if !self.pulling.is_empty() {
                return Ok(Step::Working);
            }
            self.up = self.begin()?;
        }
        let Up::Running(running) = &mut self.up else { return Ok(Step::Done) };
        let Some(output) = running.poll() else { return Ok(Step::Working) };
        self.up = Up::Done;
        let output = answered(output)?;
        if output.success {
            return Ok(Step::Done);
        }
        let complaint = output.complaint();
        // The last line has the reason, which does not always name a container; another line does then.
        let errors = output.stderr.lines().rev().filter(|line| line.contains("Error"));
        let container = std::iter::once(complaint).chain(errors).find_map(|line| self.named(line));
        if is_about_dependency(complaint)
            && let Some(container) = &container
        {
            let found = self.docker.project(&self.file.project)?;
            if let Some(failure) = dependency(&found, container, complaint) {
                return Ok(Step::Failed(failure));
            }
        }
        let fault = refused(&plain(complaint));
        Ok(Step::Failed(Failure { container, instance: None, fault }))
    }
}

/// Whether Compose complains that it does not wait for a dependency any longer. That may be one that
/// failed before and fails again.
fn is_about_dependency(complaint: &str) -> bool {
    ["dependency failed to start", "didn't complete successfully"]
        .iter()
        .any(|words| complaint.contains(words))
}

/// What the engine knows about a container that Compose does not wait for any longer: about the instance
/// that the complaint names, or one with a fault.
pub fn dependency(found: &[Found], container: &str, complaint: &str) -> Option<Failure> {
    let own = || found.iter().filter(|one| one.container == container);
    let is_named = |one: &&Found| complaint.split_whitespace().any(|word| word == one.name);
    let one = own().find(is_named).or_else(|| own().find(|one| fault(one).is_some()));
    let one = one.or_else(|| own().next())?;
    Some(Failure {
        container: Some(container.to_owned()),
        instance: Some(one.name.clone()),
        fault: given_up(one),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_compose_name_services() {
        let about = |message: &str, service: &str| {
            message.split_whitespace().any(|word| is_about(word, "app", service))
        };
        let mount = "service:web:1 Error response from daemon: invalid volume specification";
        assert!(about(mount, "web") && !about(mount, "Error") && !about(mount, "response"));
        let sick = "dependency failed to start: container app-db-1 is unhealthy";
        assert!(about(sick, "db") && !about(sick, "container") && !about(sick, "d"));
        assert!(about("service \"job\" didn't complete successfully: exit 3", "job"));
        // A service whose name continues as another one.
        assert!(!about("container app-db-2-1 is unhealthy", "db"));
        assert!(about("container app-db-2-1 is unhealthy", "db-2"));
    }
}
