//! What the server does about whole projects.

use std::collections::BTreeMap;
use std::sync::Arc;

use applc::project::{File, Project};
use gen_lsp_types as lsp;

use super::Server;
use crate::diagnostics::{About, Found, Places};
use crate::facts::{self, Facts};
use crate::subject::Appliance;
use crate::wholes::{ByEntry, Work};
use crate::{compare, symbols};

impl Server {
    /// Does a piece of the work that compares the appliances of projects. Returns whether some waited.
    pub(super) fn compare_next(&mut self) -> bool {
        match self.wholes.next() {
            None => return false,
            Some(Work::List(root, folder)) => {
                if let Some(whole) = self.wholes.get_mut(&root) {
                    whole.list(&self.open, &mut self.projects, &folder);
                }
            }
            Some(Work::Look(root, file)) => self.look_at(&root, &file),
            Some(Work::Compare(root)) => self.compare(&root),
        }
        true
    }

    /// Finds out what there is to know of an appliance of a project.
    fn look_at(&mut self, root: &str, file: &str) {
        let found = self.checked(root, file, Facts::of);
        let facts = found.unwrap_or_else(|| Facts::unreadable(file));
        if let Some(whole) = self.wholes.get_mut(root) {
            whole.learn(file, facts);
        }
    }

    /// Compares the appliances of a project, or finds out what that takes.
    fn compare(&mut self, root: &str) {
        let Some(whole) = self.wholes.get(root) else { return };
        if let Some(file) = compare::without_paths(whole).into_iter().next() {
            let paths = self.checked(root, &file, |appliance, _| facts::paths(appliance));
            let member = self.wholes.get_mut(root).and_then(|whole| whole.members.get_mut(&file));
            if let Some(member) = member {
                member.paths = Some(paths.unwrap_or_default());
            }
            return;
        }
        let compare::Compared { reports, has_clashes } = compare::compare(&self.open, whole);
        let found = Places::new(&self.open, &self.client).found(&reports);
        // Those above the open documents are known already.
        let projects = whole.projects().map(|project| (project.file.folder.clone(), project));
        let projects: BTreeMap<String, &Arc<Project>> = projects.collect();
        let found_in = |project: &Arc<Project>| {
            let File { others, report, .. } = &project.file;
            Places::new(&self.open, &self.client).found(others.iter().chain([report]))
        };
        let of_files = projects.into_iter().map(|(folder, project)| (folder, found_in(project)));
        let of_files: Vec<(String, Found)> = of_files.collect();
        for (folder, found) in of_files {
            self.publish(About::Project(folder), found);
        }
        if let Some(whole) = self.wholes.get_mut(root) {
            whole.compared(has_clashes);
        }
        self.publish(About::Whole(root.to_owned()), found);
    }

    /// Asks an appliance of a project whose targets are checked. `None` if it cannot be read.
    fn checked<T>(
        &mut self,
        root: &str,
        file: &str,
        ask: impl FnOnce(&Appliance, &mut Places<'_>) -> T,
    ) -> Option<T> {
        let project = self.wholes.get(root)?.members.get(file)?.project.clone();
        // That of an open document has another project if its repository is inside that of this project.
        let is_own = self.appliances.get(file).is_some_and(|appliance| {
            appliance.project.as_ref().is_some_and(|own| own.root() == project.root())
        });
        if is_own && !self.waiting.appliances.iter().any(|waiting| waiting == file) {
            self.finish_appliance(file);
            let appliance = self.appliances.get(file)?;
            return Some(ask(appliance, &mut Places::new(&self.open, &self.client)));
        }
        let mut appliance =
            Appliance::analyse(&self.open, Some(&project), file, &self.more()).ok()?;
        while appliance.check_next().is_some() {}
        Some(ask(&appliance, &mut Places::new(&self.open, &self.client)))
    }

    /// The containers and volumes of the appliances that are open, and of all appliances of their projects.
    pub(crate) fn symbols(&mut self) -> Vec<lsp::SymbolInformation> {
        if self.waiting.documents {
            self.look_at_documents();
        }
        while let Some(path) = self.waiting.appliances.pop_front() {
            self.analyse(&path);
        }
        while let Some(Work::List(..) | Work::Look(..)) = self.wholes.next() {
            self.compare_next();
        }
        let mut places = Places::new(&self.open, &self.client);
        let of_open = self.appliances.values().flat_map(|one| symbols::of(one, &mut places));
        let mut symbols: Vec<lsp::SymbolInformation> = of_open.collect();
        let members = self.wholes.iter().flat_map(|whole| whole.members.values());
        symbols.extend(members.flat_map(|member| member.facts.symbols.iter().cloned()));
        symbols
    }

    /// The project of a project file, and the overlays that exist for each of its entries, by their places.
    pub(crate) fn overlays_by_entry(&mut self, path: &str) -> Option<(Arc<Project>, ByEntry)> {
        while let Some(Work::List(..)) = self.wholes.next() {
            self.compare_next();
        }
        let project = self.projects.of(&self.open, path)?;
        if project.file.report.source.name() != path {
            return None;
        }
        let overlays = self
            .wholes
            .get(project.root())
            .map(|whole| whole.overlays_by_entry(path, |overlay| self.open.exists(overlay)));
        Some((project, overlays.unwrap_or_default()))
    }

    /// The project that a file is in.
    pub(crate) fn project_of(&mut self, path: &str) -> Option<Arc<Project>> {
        self.projects.of(&self.open, path)
    }

    /// The appliances that have a file as an overlay.
    pub(crate) fn bases_of(&mut self, overlay: &str) -> Vec<String> {
        self.kinds.bases(&self.open, &mut self.projects, overlay)
    }

    /// The images of all appliances of the projects of open documents, as far as they are known.
    pub(crate) fn images_of_projects(&self) -> impl Iterator<Item = &str> {
        let members = self.wholes.iter().flat_map(|whole| whole.members.values());
        members.flat_map(|member| &member.facts.images).map(String::as_str)
    }
}
