//! Shared by several test modules: the examples and the corpus, compiled in memory.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use applc::diag::{Phase, human};
use applc::overlay::Changes;
use applc::targets::{self, Options, TargetRef};
use applc::{Compilation, Memory, Selected};
pub use applc_testing::repository;

/// A world with these files of the disk, by their own paths.
pub fn world<'a>(files: impl IntoIterator<Item = &'a Path>) -> Memory {
    files.into_iter().fold(Memory::new(), |world, file| {
        world.with(file.to_str().unwrap(), fs::read(file).unwrap())
    })
}

/// The appliances in a folder of the repository, sorted by name.
pub fn appliances(folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(repository(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let extension = path.extension().and_then(|extension| extension.to_str());
            extension.is_some_and(|extension| ["json", "jsonc", "yaml"].contains(&extension))
        })
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no appliances in {folder}");
    files
}

/// The name of a file without its folder and extension.
pub fn stem(path: &Path) -> &str {
    path.file_stem().unwrap().to_str().unwrap()
}

/// Every target: the built-in ones, and those of `examples/targets`.
pub fn targets() -> Vec<TargetRef> {
    let mut folders: Vec<PathBuf> = fs::read_dir(repository("examples/targets"))
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    targets::built_in().chain(folders.iter().map(|folder| custom(folder))).collect()
}

/// Loads the custom target of a folder, which must be valid.
pub fn custom(folder: &Path) -> TargetRef {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<PathBuf> = files.filter(|path| path.is_file()).collect();
    let loaded = targets::custom::load(
        &world(files.iter().map(PathBuf::as_path)),
        folder.to_str().unwrap(),
        None,
    )
    .unwrap();
    let findings: Vec<String> =
        loaded.reports.iter().map(|report| human::render(report, false)).collect();
    TargetRef::Custom(Arc::new(loaded.target.unwrap_or_else(|| panic!("{}", findings.join("\n")))))
}

/// Compiles a file for one target with its default options.
pub fn compile(path: &Path, target: &TargetRef) -> Compilation {
    let selected = Selected { target: target.clone(), options: Options::of(&**target) };
    applc::compile(&world([path]), path.to_str().unwrap(), &[selected]).unwrap()
}

/// A block of code of a page.
pub struct Block {
    /// The words after its fence: the language, and what tests know it by.
    pub marks: Vec<String>,
    /// Its text.
    pub text: String,
}

impl Block {
    /// Whether it has a mark.
    pub fn has(&self, mark: &str) -> bool {
        self.marks.iter().any(|word| word == mark)
    }
}

/// The blocks of code of a page.
pub fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in page.lines() {
        match (open.as_mut(), line.strip_prefix("```")) {
            (None, Some(info)) => {
                let marks = info.split_whitespace().map(str::to_owned).collect();
                open = Some(Block { marks, text: String::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => block.text.push_str(&format!("{line}\n")),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "unclosed code block");
    blocks
}

/// The appliance that the examples and tests of overlays change: that of their page.
pub fn shop() -> String {
    let page = applc_testing::read("docs/overlays.md");
    blocks(&page).into_iter().find(|block| block.has("appliance")).unwrap().text
}

/// Compiles the appliance of the page about overlays with an overlay, for no target.
pub fn overlaid(name: &str, overlay: impl Into<Vec<u8>>) -> Compilation {
    let world = Memory::new().with("shop.yaml", shop()).with(name, overlay);
    let changes = Changes { overlays: vec![name.to_owned()], ..Changes::none() };
    applc::compile_changed(&world, "shop.yaml", &changes, &[]).unwrap()
}

/// The result of a compilation as text: the findings, then the files. The path of the
/// repository is removed, and so is advice (lints).
pub fn shown(compilation: &Compilation) -> String {
    // It ends with a separator.
    let root = repository("").display().to_string();
    let mut report = compilation.report.clone();
    // Advice does not depend on the target.
    report.diagnostics.retain(|found| found.code.phase != Phase::Lint);
    let mut text = human::render(&report, false).replace(&root, "");
    for other in &compilation.others {
        text.push_str(&human::render(other, false).replace(&root, ""));
    }
    for artifact in compilation.outputs.iter().flat_map(|output| &output.artifacts) {
        text.push_str(&format!("======== {}\n{}", artifact.path, artifact.text));
    }
    text
}
