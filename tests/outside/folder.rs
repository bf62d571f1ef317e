//! Folders of targets in memory.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use applc::diag::{Diagnostic, Report};
use applc::plan::Field;
use applc::target::{Options, TargetRef, outside};
use applc::{Compilation, Selected, World};

/// Files in memory.
pub struct Memory(pub BTreeMap<String, Vec<u8>>);

impl World for Memory {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        Ok(self.0.get(path).ok_or(io::ErrorKind::NotFound)?.clone())
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let below = |path: &String| path.strip_prefix(&format!("{folder}/")).map(str::to_owned);
        Ok(self.0.keys().filter_map(below).collect())
    }
}

/// A folder `target`, and the appliance `app.json`.
pub fn world(files: &[(&str, &str)], appliance: &str) -> Memory {
    let files =
        files.iter().map(|(name, text)| (format!("target/{name}"), text.as_bytes().to_vec()));
    let appliance = [("app.json".to_owned(), appliance.as_bytes().to_vec())];
    Memory(files.chain(appliance).collect())
}

/// Loads the folder `target` and compiles `app.json` for it.
///
/// # Errors
/// What is wrong with the folder.
pub fn compile(world: &Memory) -> Result<Compilation, Vec<Report>> {
    let loaded = outside::load(world, "target").unwrap();
    let Some(target) = loaded.target else { return Err(loaded.reports) };
    let options = Options::of(&target);
    let target = TargetRef::Outside(Arc::new(target));
    Ok(applc::compile(world, "app.json", &[Selected { target, options }]).unwrap())
}

/// A manifest of a target that carries every field, with these lines in it.
pub fn carrying_all(lines: &str) -> String {
    let fields: String =
        Field::ALL.iter().map(|field| format!("{:?} = \"carried\"\n", field.path())).collect();
    format!(
        "applc = 1\nname = \"mine\"\ndescription = \"d\"\n{lines}\n\
         [references]\naddress = \"{{{{ name }}}}\"\n[fields]\n{fields}"
    )
}

/// The only file that is made.
pub fn only(compilation: &Compilation) -> &str {
    let found: Vec<&Diagnostic> =
        compilation.others.iter().flat_map(|report| &report.diagnostics).collect();
    assert!(found.is_empty(), "{found:?}");
    match compilation.outputs.as_slice() {
        [output] => match output.artifacts.as_slice() {
            [artifact] => &artifact.text,
            artifacts => panic!("{} files", artifacts.len()),
        },
        _ => panic!("no output: {:?}", compilation.report.diagnostics),
    }
}
