//! One result, in the form in which it is kept.

use applc::analysis::Analysis;
use applc::diag::{Diagnostic, Edit, Label, Level, Report, codes};
use applc::source::{Source, Span};
use applc::targets::Claim;
use serde::{Deserialize, Serialize};

use crate::whole::compile::changes;
use crate::whole::digest::Digest;
use crate::whole::discover::Unit;
use crate::whole::outcome::{Files, Made, Outcome};
use crate::whole::seen::{Access, Seen};
use crate::whole::{Files as World, Rooted};

/// What became of a unit without errors.
#[derive(Serialize, Deserialize)]
pub struct Entry {
    /// What it is of.
    pub identity: Digest,
    /// What was read for it.
    pub seen: Seen,
    folders: Vec<String>,
    files: Vec<(String, Digest)>,
    claims: Vec<(String, Vec<KeptClaim>)>,
    images: Vec<String>,
    used_images: Vec<usize>,
    tagged_images: Option<Vec<String>>,
    findings: Vec<Finding>,
}

type Place = (u32, u32);

#[derive(Serialize, Deserialize)]
struct KeptClaim {
    kind: String,
    within: Option<String>,
    name: String,
}

#[derive(Serialize, Deserialize)]
struct Finding {
    code: String,
    level: String,
    target: Option<String>,
    message: String,
    primary: (Place, String),
    secondary: Vec<(Place, String)>,
    help: Vec<String>,
    edit: Option<(Place, String, bool)>,
    is_secret: bool,
    hidden: Option<Place>,
}

impl Entry {
    /// The entry of an outcome. `None` if it has errors, or findings in files that were made.
    pub fn of(identity: Digest, seen: Seen, outcome: &Outcome) -> Option<Entry> {
        let Outcome { findings: Ok((report, others)), files: Some(files), .. } = outcome else {
            return None;
        };
        if !others.is_empty() {
            return None;
        }
        let file = |made: &Made| {
            Some((made.path.clone(), Digest::of_bytes(made.text.as_ref()?.as_bytes())))
        };
        let claims = |(target, claims): &(String, Vec<Claim>)| {
            (target.clone(), claims.iter().map(KeptClaim::of).collect())
        };
        Some(Entry {
            identity,
            seen,
            folders: files.folders.clone(),
            files: files.made.iter().map(file).collect::<Option<_>>()?,
            claims: outcome.claims.iter().map(claims).collect(),
            images: outcome.images.clone(),
            used_images: outcome.used_images.clone(),
            tagged_images: outcome.tagged_images.clone(),
            findings: report.diagnostics.iter().map(Finding::of).collect(),
        })
    }

    /// The files that were read, and those that were made.
    pub fn read_or_made(&self) -> impl Iterator<Item = &str> {
        let read = self.seen.iter().filter_map(|(access, _)| match access {
            Access::Read(path) => Some(path.as_str()),
            _ => None,
        });
        read.chain(self.made().map(|(path, _)| path))
    }

    /// The files that were made.
    pub fn made(&self) -> impl Iterator<Item = (&str, &Digest)> {
        self.files.iter().map(|(path, digest)| (path.as_str(), digest))
    }

    /// The outcome of a unit. `None` if the files that were made are not on disk as they were.
    pub fn outcome(
        &self,
        index: usize,
        unit: &Unit,
        world: &dyn World,
        root: &Rooted,
    ) -> Option<Outcome> {
        let is_there = |(path, digest): &(String, Digest)| {
            root.own_digest(path).is_ok_and(|found| found == Some(*digest))
        };
        if !self.files.iter().all(is_there) {
            return None;
        }
        let made =
            self.files.iter().map(|(path, _)| Made { path: path.clone(), text: None, unit: index });
        let claims = self.claims.iter().map(|(target, claims)| {
            (target.clone(), claims.iter().map(KeptClaim::claim).collect())
        });
        Some(Outcome {
            unit: index,
            findings: Ok((self.report(unit, world)?, Vec::new())),
            files: Some(Files {
                folders: self.folders.clone(),
                made: made.collect(),
                targets: Vec::new(),
            }),
            claims: claims.collect(),
            images: self.images.clone(),
            used_images: self.used_images.clone(),
            tagged_images: self.tagged_images.clone(),
            plan: None,
            is_known: true,
            is_clashing: false,
        })
    }

    /// The findings, in the files that they are about. Without findings, those are not read.
    fn report(&self, unit: &Unit, world: &dyn World) -> Option<Report> {
        if self.findings.is_empty() {
            return Some(Report::new(Source::new(unit.file.as_str(), ""), Default::default()));
        }
        let sources = unit.settings.sources.clone();
        let files = Analysis::files(world, &unit.file, &changes(world, unit), sources);
        let (source, sources) = files.ok()?;
        let diagnostics = self.findings.iter().map(Finding::diagnostic).collect::<Option<_>>()?;
        Some(Report { source, sources, diagnostics })
    }
}

fn place(span: Span) -> Place {
    (span.start, span.end)
}

fn span((start, end): Place) -> Span {
    Span { start, end }
}

fn kept(label: &Label) -> (Place, String) {
    (place(label.span), label.text.clone())
}

fn label((place, text): &(Place, String)) -> Label {
    Label { span: span(*place), text: text.clone() }
}

impl KeptClaim {
    fn of(claim: &Claim) -> KeptClaim {
        let Claim { kind, within, name, span: _ } = claim;
        KeptClaim {
            kind: kind.to_string(),
            within: within.as_ref().map(|within| within.to_string()),
            name: name.to_string(),
        }
    }

    /// The claim, at no place: appliances whose claims are in conflict are compiled.
    fn claim(&self) -> Claim {
        Claim {
            kind: self.kind.clone().into(),
            within: self.within.as_deref().map(Into::into),
            name: self.name.as_str().into(),
            span: Span::at(0),
        }
    }
}

impl Finding {
    fn of(found: &Diagnostic) -> Finding {
        let edit = found.edit.as_ref();
        Finding {
            code: found.code.id.to_owned(),
            level: found.level.name().to_owned(),
            target: found.target.as_ref().map(|target| target.to_string()),
            message: found.message.clone(),
            primary: kept(&found.primary),
            secondary: found.secondary.iter().map(kept).collect(),
            help: found.help.clone(),
            edit: edit.map(|edit| (place(edit.span), edit.replacement.clone(), edit.safe)),
            is_secret: found.is_secret,
            hidden: found.hidden.map(place),
        }
    }

    fn diagnostic(&self) -> Option<Diagnostic> {
        let levels = [Level::Error, Level::Warning, Level::Hint];
        let edit = |(place, replacement, safe): &(Place, String, bool)| Edit {
            span: span(*place),
            replacement: replacement.clone(),
            safe: *safe,
        };
        Some(Diagnostic {
            code: codes::find(&self.code)?,
            level: levels.into_iter().find(|level| level.name() == self.level)?,
            target: self.target.as_deref().map(Into::into),
            message: self.message.clone(),
            primary: label(&self.primary),
            secondary: self.secondary.iter().map(label).collect(),
            help: self.help.clone(),
            edit: self.edit.as_ref().map(edit),
            is_secret: self.is_secret,
            hidden: self.hidden.map(span),
        })
    }
}
