//! Custom targets in memory.

use std::sync::Arc;

use applc::diag::{Diagnostic, Report};
use applc::plan::Field;
use applc::targets::{Options, TargetRef, custom};
use applc::{Compilation, Memory, Selected};

/// A world with the files of a folder `target`, and the appliance `app.json`.
pub fn world(files: &[(&str, &str)], appliance: &str) -> Memory {
    let world = Memory::new().with("app.json", appliance);
    files.iter().fold(world, |world, (name, text)| world.with(format!("target/{name}"), *text))
}

/// Loads the folder `target` and compiles `app.json` for it.
///
/// # Errors
/// The findings in the folder, if it is invalid.
pub fn compile(world: &Memory) -> Result<Compilation, Vec<Report>> {
    let loaded = custom::load(world, "target", None).unwrap();
    let Some(target) = loaded.target else { return Err(loaded.reports) };
    let options = Options::of(&target);
    let target = TargetRef::Custom(Arc::new(target));
    Ok(applc::compile(world, "app.json", &[Selected { target, options }]).unwrap())
}

/// A manifest of a target that carries every field, with additional lines.
pub fn carrying_all(lines: &str) -> String {
    let fields: String =
        Field::ALL.iter().map(|field| format!("{:?} = \"carried\"\n", field.path())).collect();
    format!(
        "applc = 1\nname = \"mine\"\ndescription = \"d\"\n{lines}\n\
         [references]\naddress = \"{{{{ name }}}}\"\n[fields]\n{fields}"
    )
}

/// Returns the only file of a compilation.
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
