//! The pages of codes, as documents that the server makes: findings lead to them.

use applc::diag::{Code, codes};
use gen_lsp_types as lsp;

use super::preview;
use crate::client::Client;
use crate::previews;
use crate::server::{Failure, Server};

/// The scheme of the URIs of documents that the server makes.
pub const SCHEME: &str = "applc";

/// What the paths of pages start with.
const PAGES: &str = "/explain/";

/// The URI of the page of a code.
pub fn uri(code: &Code) -> lsp::Uri {
    lsp::Uri(format!("{SCHEME}:{PAGES}{}.md", code.id))
}

/// Says that the server makes documents.
pub fn announce(client: &Client, capabilities: &mut lsp::ServerCapabilities) {
    if client.shows_content {
        let options = lsp::TextDocumentContentOptions {
            schemes: vec![SCHEME.to_owned(), previews::SCHEME.to_owned()],
        };
        let workspace = capabilities.workspace.get_or_insert_default();
        workspace.text_document_content = Some(options.into());
    }
}

/// The text of a document that the server makes.
///
/// # Errors
/// There is none with this URI.
pub fn content(
    server: &mut Server,
    params: lsp::TextDocumentContentParams,
) -> Result<lsp::TextDocumentContentResult, Failure> {
    if previews::Address::read(&params.uri).is_some() {
        let text = preview::content(server, &params.uri)?;
        return Ok(lsp::TextDocumentContentResult { text });
    }
    let path = params.uri.0.strip_prefix(SCHEME).and_then(|rest| rest.strip_prefix(':'));
    let id = path.and_then(|path| path.strip_prefix(PAGES)?.strip_suffix(".md"));
    match id.and_then(codes::find) {
        Some(code) => Ok(lsp::TextDocumentContentResult { text: code.page.to_owned() }),
        None => Err(Failure::refused(format!("no document `{}`", params.uri.0))),
    }
}
