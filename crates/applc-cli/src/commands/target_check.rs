//! `applc target check`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use crate::args::{FindingsArguments, TargetCheck};
use crate::reporter::{Reporter, Stream};
use crate::terminal::{fail, show};
use crate::{Status, select};
use applc::diag::{Level, Report};
use applc::targets::{Options, TargetRef};
use applc::{Compilation, Memory, Selected, samples};

/// The results for all appliances.
#[derive(Default)]
struct Outcome {
    compiled: usize,
    rejected: usize,
    /// The reasons for rejections, with the number of appliances and the name of one.
    reasons: BTreeMap<String, (usize, String)>,
    /// Errors in the folder and in generated files, each once.
    errors: Vec<Report>,
}

impl Outcome {
    fn add(&mut self, name: &str, compilation: Compilation) {
        let is_known = |errors: &[Report], report: &Report| {
            let same = |other: &Report| other.diagnostics == report.diagnostics;
            errors.iter().any(same)
        };
        let failed = !compilation.others.is_empty();
        for report in compilation.others {
            if !is_known(&self.errors, &report) {
                self.errors.push(report);
            }
        }
        let errors = compilation.report.diagnostics.iter().filter(|d| d.level == Level::Error);
        let mut reasons: Vec<&str> = errors.map(|error| error.message.as_str()).collect();
        reasons.sort_unstable();
        reasons.dedup();
        for reason in &reasons {
            let known = self.reasons.entry((*reason).to_owned());
            known.or_insert_with(|| (0, name.to_owned())).0 += 1;
        }
        self.rejected += usize::from(!reasons.is_empty());
        self.compiled += usize::from(reasons.is_empty() && !failed);
    }

    /// The summary for people, with the most frequent reasons first.
    fn summary(&self, target: &str, all: usize) -> String {
        let mut text = format!(
            "{target}: {all} appliances: {} compiled, {} rejected, {} failed because of errors in the target\n",
            self.compiled,
            self.rejected,
            all - self.compiled - self.rejected
        );
        let mut reasons: Vec<_> = self.reasons.iter().collect();
        reasons.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
        for (reason, (count, example)) in reasons {
            let _ = writeln!(text, "{count:5}  {reason} ({example})");
        }
        text
    }
}

/// Compiles all appliances for the target of a folder, and reports its errors.
pub fn run(arguments: &TargetCheck) -> Status {
    check(arguments).unwrap_or_else(|status| status)
}

fn check(arguments: &TargetCheck) -> Result<Status, Status> {
    let folder = arguments.folder.to_string_lossy();
    let mut reporter = Reporter::new(&FindingsArguments::default(), Stream::Stderr, true)?;
    let target = select::load_folder(&folder, &mut reporter)?;
    for report in target.advice() {
        reporter.add(report);
    }
    let target = TargetRef::Custom(Arc::new(target));
    let mut outcome = Outcome::default();
    let mut all = 0;
    for sample in samples::all() {
        let options = Options::of(&*target);
        let selected = [Selected { target: target.clone(), options }];
        let world = Memory::new().with(sample.name, sample.text);
        let compilation = applc::compile(&world, sample.name, &selected)
            .map_err(|error| fail(&error.to_string(), Status::Io))?;
        outcome.add(sample.name, compilation);
        all += 1;
    }
    let summary = outcome.summary(target.name(), all);
    let errors = outcome.errors.into_iter().map(|report| reporter.add(report)).max();
    Ok(show(&summary).max(errors.unwrap_or(Status::Clean)))
}
