//! The appliances that `applc target check` compiles for a custom target: the examples and the test
//! corpus, which use every field of the language.

use include_dir::{Dir, include_dir};

static EXAMPLES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/examples");
static CORPUS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/tests/corpus");

/// An appliance embedded in the library.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// The file name, without a folder.
    pub name: &'static str,
    /// The content of the file.
    pub text: &'static [u8],
}

/// All samples, the examples first, each group sorted by name.
pub fn all() -> impl Iterator<Item = Sample> {
    EXAMPLES.files().chain(CORPUS.files()).filter_map(|file| {
        let extension = file.path().extension()?.to_str()?;
        let name = file.path().to_str()?;
        let sample = Sample { name, text: file.contents() };
        ["json", "yaml"].contains(&extension).then_some(sample)
    })
}
