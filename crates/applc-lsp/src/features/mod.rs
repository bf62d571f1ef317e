//! What the client can ask for: a file for each feature.
//!
//! A new feature is a file with `announce`, which says in the capabilities of the server that there is one, and a
//! function for each of its requests; and its lines in the two tables below.

pub mod actions;
mod addresses;
pub mod completion;
mod edits;
pub mod explain;
pub mod files;
pub mod formatting;
pub mod hints;
pub mod hover;
pub mod lenses;
pub mod navigation;
pub mod outline;
pub mod preview;
pub mod rename;
pub mod structure;
pub mod tokens;
pub mod trail;
mod tree;

use gen_lsp_types as lsp;
use gen_lsp_types::Request;
use lsp_server::ErrorCode;
use serde_json::Value;

use crate::client::Client;
use crate::server::{Failure, Phase, Server};

/// Says what the server can do.
pub fn announce(client: &Client, capabilities: &mut lsp::ServerCapabilities) {
    explain::announce(client, capabilities);
    navigation::announce(client, capabilities);
    actions::announce(client, capabilities);
    hover::announce(client, capabilities);
    hints::announce(client, capabilities);
    rename::announce(client, capabilities);
    lenses::announce(client, capabilities);
    trail::announce(client, capabilities);
    completion::announce(client, capabilities);
    outline::announce(client, capabilities);
    structure::announce(client, capabilities);
    files::announce(client, capabilities);
    tokens::announce(client, capabilities);
    formatting::announce(client, capabilities);
}

/// Answers a request.
///
/// # Errors
/// It is unknown, its parameters are invalid, or it cannot be fulfilled.
pub fn answer(server: &mut Server, method: &str, params: Value) -> Result<Value, Failure> {
    // It has no parameters; Kate sends an empty object.
    let has_none = method == lsp::ShutdownRequest::METHOD.as_str();
    let call = Call { server, method, params: if has_none { Value::Null } else { params } };
    call.to::<lsp::ShutdownRequest>(|server, ()| {
        server.phase = Phase::Ending;
        Ok(())
    })
    .or_else(|call| call.to::<lsp::TextDocumentContentRequest>(explain::content))
    .or_else(|call| call.to::<lsp::DefinitionRequest>(trail::definition))
    .or_else(|call| call.to::<lsp::ReferencesRequest>(navigation::references))
    .or_else(|call| call.to::<lsp::DocumentHighlightRequest>(navigation::highlight))
    .or_else(|call| call.to::<lsp::CodeActionRequest>(actions::actions))
    .or_else(|call| call.to::<lsp::HoverRequest>(hover::hover))
    .or_else(|call| call.to::<lsp::InlayHintRequest>(hints::hints))
    .or_else(|call| call.to::<lsp::PrepareRenameRequest>(rename::prepare))
    .or_else(|call| call.to::<lsp::RenameRequest>(rename::rename))
    .or_else(|call| call.to::<lsp::ImplementationRequest>(trail::implementation))
    .or_else(|call| call.to::<lsp::CodeLensRequest>(lenses::lenses))
    .or_else(|call| call.to::<lsp::CompletionRequest>(completion::completion))
    .or_else(|call| call.to::<lsp::DocumentSymbolRequest>(outline::of_document))
    .or_else(|call| call.to::<lsp::WorkspaceSymbolRequest>(outline::of_workspace))
    .or_else(|call| call.to::<lsp::FoldingRangeRequest>(structure::folding))
    .or_else(|call| call.to::<lsp::SelectionRangeRequest>(structure::selection))
    .or_else(|call| call.to::<lsp::DocumentLinkRequest>(files::links))
    .or_else(|call| call.to::<lsp::SemanticTokensRequest>(tokens::tokens))
    .or_else(|call| call.to::<lsp::DocumentFormattingRequest>(formatting::formatting))
    .unwrap_or_else(|call| {
        let message = format!("unknown request `{}`", call.method);
        Err(Failure { code: ErrorCode::MethodNotFound, message })
    })
}

/// A request that was not answered yet.
struct Call<'a> {
    server: &'a mut Server,
    method: &'a str,
    params: Value,
}

impl<'a> Call<'a> {
    /// Answers the request if it is of a kind; otherwise returns it.
    fn to<R: Request>(
        self,
        answer: fn(&mut Server, R::Params) -> Result<R::Result, Failure>,
    ) -> Result<Result<Value, Failure>, Call<'a>> {
        if self.method != R::METHOD.as_str() {
            return Err(self);
        }
        Ok(serde_json::from_value(self.params)
            .map_err(|error| Failure::invalid(error.to_string()))
            .and_then(|params| answer(self.server, params))
            .and_then(|result| {
                serde_json::to_value(result).map_err(|error| Failure::refused(error.to_string()))
            }))
    }
}
