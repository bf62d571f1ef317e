//! Reads an `applc.toml`, one in a folder below it, and a lock file, and merges them for each environment.

#![no_main]

use std::path::Path;

use applc::Memory;
use applc::project::{self, Names, Pattern};
use applc_fuzz::{held, made, parts};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    let [outer, inner, lock] = parts(bytes);
    let text = |bytes: &[u8]| match kind % 2 {
        0 => bytes.to_vec(),
        _ => made::project(&mut made::Bytes::new(bytes)).into_bytes(),
    };
    let world = Memory::new()
        .with("p/applc.toml", text(outer))
        .with("p/a/applc.toml", text(inner))
        .with("p/applc.lock", lock);
    let folders = [Path::new("p/a"), Path::new("p")];
    let project = project::find(&world, folders, &[], None).expect("memory can be read");
    let project = project.expect("there is one");
    project.reports().for_each(held::shown);
    let names = Names {
        environment: Some("prod"),
        folder: Some("a"),
        name: Some("n"),
        id: Some("i"),
        target: Some("t"),
    };
    for environment in project.environments().into_iter().map(Some).chain([None]) {
        let settings = project.settings(environment);
        let _ = settings.selected();
        let _ = settings.changes("p/a/n.json", &names, |_| true);
        let output = settings.output.map(|output| output.pattern.value.text().to_owned());
        let output = output.and_then(|text| Pattern::in_value(&text));
        let _ = output.map(|output| output.fill(&names));
    }
    for path in ["p/a/n.appliance.json", "p/x.yaml", "q"] {
        let _ = project.has_appliance(path);
    }
});
