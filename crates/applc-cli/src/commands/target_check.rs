//! `applc target check`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use crate::args::{FindingsArguments, TargetCheck};
use crate::findings::{Findings, Stream};
use crate::terminal::{fail, print};
use crate::{Status, select};
use applc::diag::{Level, Report};
use applc::targets::{Options, TargetRef};
use applc::{Compilation, Memory, Selected, samples};

/// What came of all appliances.
#[derive(Default)]
struct Outcome {
    compiled: usize,
    rejected: usize,
    /// Why, with how many appliances that is so for and the name of one.
    reasons: BTreeMap<String, (usize, String)>,
    /// Faults of the folder and of what it makes, each once.
    faults: Vec<Report>,
}

impl Outcome {
    fn add(&mut self, name: &str, compilation: Compilation) {
        let is_known = |faults: &[Report], report: &Report| {
            let same = |other: &Report| other.diagnostics == report.diagnostics;
            faults.iter().any(same)
        };
        let faulty = !compilation.others.is_empty();
        for report in compilation.others {
            if !is_known(&self.faults, &report) {
                self.faults.push(report);
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
        self.compiled += usize::from(reasons.is_empty() && !faulty);
    }

    /// What a person is told: the reasons by how often they are one.
    fn summary(&self, target: &str, all: usize) -> String {
        let mut text = format!(
            "{target}: of {all} appliances {} compile, {} are rejected, {} meet faults of the target\n",
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

/// Compiles all appliances for the target of a folder, and shows what is wrong with it.
pub fn run(arguments: &TargetCheck) -> Status {
    check(arguments).unwrap_or_else(|status| status)
}

fn check(arguments: &TargetCheck) -> Result<Status, Status> {
    let folder = arguments.folder.to_string_lossy();
    let mut findings = Findings::new(&FindingsArguments::default(), Stream::Stderr, true)?;
    let target = select::load_folder(&folder, &mut findings)?;
    for report in target.advice() {
        findings.add(report);
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
    let faults = outcome.faults.into_iter().map(|report| findings.add(report)).max();
    print(&summary);
    Ok(faults.unwrap_or(Status::Clean))
}
