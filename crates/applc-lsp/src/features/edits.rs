//! Edits of several documents, as the client takes them.

use std::collections::{BTreeMap, HashMap};

use gen_lsp_types as lsp;

use crate::diagnostics::uri_of;
use crate::server::Server;

/// A change of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Its path.
    pub file: String,
    /// What is replaced.
    pub range: lsp::Range,
    /// The new text.
    pub text: String,
}

/// Edits of files, of the versions that are open.
pub fn workspace(server: &Server, edits: Vec<Edit>) -> lsp::WorkspaceEdit {
    let mut by_file: BTreeMap<String, Vec<lsp::TextEdit>> = BTreeMap::new();
    for Edit { file, range, text } in edits {
        by_file.entry(file).or_default().push(lsp::TextEdit { range, new_text: text });
    }
    if !server.client.document_changes {
        let changes: HashMap<lsp::Uri, Vec<lsp::TextEdit>> =
            by_file.into_iter().map(|(file, edits)| (uri_of(&server.open, &file), edits)).collect();
        return lsp::WorkspaceEdit { changes: Some(changes), ..lsp::WorkspaceEdit::default() };
    }
    let document = |(file, edits): (String, Vec<lsp::TextEdit>)| {
        let version = server.open.documents().get(&file).map(|document| document.version);
        let identifier = lsp::TextDocumentIdentifier { uri: uri_of(&server.open, &file) };
        let text_document = lsp::OptionalVersionedTextDocumentIdentifier {
            version,
            text_document_identifier: identifier,
        };
        let edits = edits.into_iter().map(Into::into).collect();
        lsp::TextDocumentEdit { text_document, edits }.into()
    };
    let changes = by_file.into_iter().map(document).collect();
    lsp::WorkspaceEdit { document_changes: Some(changes), ..lsp::WorkspaceEdit::default() }
}
