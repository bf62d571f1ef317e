//! What the client tells: documents and files that change.

use gen_lsp_types as lsp;
use gen_lsp_types::Notification;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::Settings;
use crate::document::Document;
use crate::server::{Phase, Server};
use crate::{lifecycle, uri};

/// The most bytes in the path of a file, as on Linux.
const MAX_PATH: usize = 4096;

/// Takes a notification in. Those that are unknown or cannot be read are left out, as the protocol wants.
pub fn notified(server: &mut Server, notification: lsp_server::Notification) {
    let lsp_server::Notification { method, params } = notification;
    if method == lsp::ExitNotification::METHOD.as_str() {
        server.phase = Phase::Ended { orderly: server.phase == Phase::Ending };
        return;
    }
    if server.phase != Phase::Running {
        return;
    }
    let took =
        take::<lsp::InitializedNotification>(&method, &params, |_| lifecycle::started(server))
            || take::<lsp::DidOpenTextDocumentNotification>(&method, &params, |p| {
                opened(server, p)
            })
            || take::<lsp::DidChangeTextDocumentNotification>(&method, &params, |p| {
                edited(server, p)
            })
            || take::<lsp::DidCloseTextDocumentNotification>(&method, &params, |p| {
                closed(server, p)
            })
            || take::<lsp::DidSaveTextDocumentNotification>(&method, &params, |p| {
                saved(server, &p)
            })
            || take::<lsp::DidChangeConfigurationNotification>(&method, &params, |p| {
                configured(server, &p.settings);
            })
            || take::<lsp::DidChangeWatchedFilesNotification>(&method, &params, |p| {
                for event in p.changes {
                    changed_on_disk(server, &uri::to_path(&event.uri));
                }
            })
            || take::<lsp::DidChangeWorkspaceFoldersNotification>(&method, &params, |_| {
                // Documents say which files matter, wherever they are.
                server.documents_changed(None);
            });
    // Without an answer, there is nobody to tell.
    let _ = took;
}

/// Takes a notification of a kind in. Returns whether it is of that kind.
fn take<N>(method: &str, params: &Value, take: impl FnOnce(N::Params)) -> bool
where
    N: Notification,
    N::Params: DeserializeOwned,
{
    if method != N::METHOD.as_str() {
        return false;
    }
    if let Ok(params) = N::Params::deserialize(params) {
        take(params);
    }
    true
}

fn opened(server: &mut Server, params: lsp::DidOpenTextDocumentParams) {
    let path = uri::to_path(&params.text_document.uri);
    // It is no file, and each folder above it costs time. What is not open has no answers.
    if path.len() > MAX_PATH {
        return;
    }
    let document = Document::open(&path, params.text_document);
    server.open.documents_mut().insert(path.clone(), document);
    server.documents_changed(Some(&path));
    server.file_changed(&path);
}

fn edited(server: &mut Server, params: lsp::DidChangeTextDocumentParams) {
    let path = uri::to_path(&params.text_document.text_document_identifier.uri);
    let encoding = server.client.encoding;
    let Some(document) = server.open.documents_mut().get_mut(&path) else { return };
    document.change(params.text_document.version, params.content_changes, encoding);
    server.file_changed(&path);
}

fn closed(server: &mut Server, params: lsp::DidCloseTextDocumentParams) {
    let path = uri::to_path(&params.text_document.uri);
    if server.open.documents_mut().remove(&path).is_none() {
        return;
    }
    server.documents_changed(Some(&path));
    // What was not saved is gone.
    server.file_changed(&path);
}

fn saved(server: &mut Server, params: &lsp::DidSaveTextDocumentParams) {
    // A client that watches files tells it twice.
    if !server.client.watches_files {
        changed_on_disk(server, &uri::to_path(&params.text_document.uri));
    }
}

fn changed_on_disk(server: &mut Server, path: &str) {
    // The text of an open document is that of the client.
    if path.len() <= MAX_PATH && !server.open.documents().contains_key(path) {
        server.documents_changed(Some(path));
        server.file_changed(path);
    }
}

fn configured(server: &mut Server, settings: &Value) {
    let Some(settings) = Settings::read(settings) else { return };
    if settings != server.client.settings {
        server.client.settings = settings;
        server.settings_changed();
    }
}
