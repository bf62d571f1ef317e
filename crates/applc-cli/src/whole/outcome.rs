//! What becomes of an appliance in an environment.

use std::ops::Range;

use applc::Error;
use applc::diag::Report;
use applc::plan::Plan;
use applc::targets::{Claim, TargetRef};

/// A file that the project is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Its path.
    pub path: String,
    /// Its content. `None` if that is what is on disk, as the cache knows.
    pub text: Option<String>,
    /// The index of the unit it is made from.
    pub unit: usize,
}

/// What became of a unit.
pub struct Outcome {
    /// The index of the unit.
    pub unit: usize,
    /// The findings in the appliance, and in other files; or why it cannot be read.
    pub findings: Result<(Report, Vec<Report>), Error>,
    /// Its files; `None` if it has errors.
    pub files: Option<Files>,
    /// What it claims on each target, by name, so that no other unit of its environment can have it.
    pub claims: Vec<(String, Vec<Claim>)>,
    /// The images of its containers.
    pub images: Vec<String>,
    /// The entries of the table of images that set a version, as indices.
    pub used_images: Vec<usize>,
    /// In a project with a lock file, its images with tags, in their normal form; `None` if it has errors, so that
    /// there may be more.
    pub tagged_images: Option<Vec<String>>,
    /// Its plan, if it is wanted and there are no errors.
    pub plan: Option<Plan>,
    /// Whether it comes from the cache. Then its report has sources only if it has findings.
    pub is_known: bool,
    /// Whether it claims what another one claims.
    pub is_clashing: bool,
}

impl Outcome {
    /// The outcome of a unit that cannot be read.
    pub fn failed(unit: usize, error: Error) -> Outcome {
        Outcome {
            unit,
            findings: Err(error),
            files: None,
            claims: Vec::new(),
            images: Vec::new(),
            used_images: Vec::new(),
            tagged_images: None,
            plan: None,
            is_known: false,
            is_clashing: false,
        }
    }
}

/// The files of a unit.
#[derive(Debug, Default)]
pub struct Files {
    /// The folder of each target.
    pub folders: Vec<String>,
    /// The files.
    pub made: Vec<Made>,
    /// The targets, and where the files of each are in `made`. None if they come from the cache.
    pub targets: Vec<(TargetRef, Range<usize>)>,
}
