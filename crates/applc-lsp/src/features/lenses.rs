//! Code lenses: what the output of an appliance is.

use gen_lsp_types as lsp;

use super::preview;
use crate::server::{Failure, Server};
use crate::uri;

/// The lenses of a document.
///
/// # Errors
/// Never.
pub fn lenses(
    server: &mut Server,
    params: lsp::CodeLensParams,
) -> Result<Option<Vec<lsp::CodeLens>>, Failure> {
    let path = uri::to_path(&params.text_document.uri);
    Ok(Some(preview::lenses(server, &path)))
}
