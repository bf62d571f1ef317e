//! How a server starts: what it can do, and which files the client watches for it.

use std::collections::BTreeSet;

use applc::project;
use applc::targets::custom;
use gen_lsp_types as lsp;
use gen_lsp_types::{Notification, Request};
use lsp_server::{ErrorCode, Response};

use crate::client::Client;
use crate::features;
use crate::server::{Failure, Phase, Server, response};

/// Answers the first request.
pub fn start(server: &mut Server, request: lsp_server::Request) -> Response {
    let lsp_server::Request { id, method, params } = request;
    if method != lsp::InitializeRequest::METHOD.as_str() {
        let message = "the first request is `initialize`".to_owned();
        return response(id, Err(Failure { code: ErrorCode::ServerNotInitialized, message }));
    }
    let result = match serde_json::from_value::<lsp::InitializeParams>(params) {
        Ok(params) => {
            server.client = Client::of(&params);
            server.phase = Phase::Running;
            let version = env!("CARGO_PKG_VERSION").to_owned();
            let info = lsp::ServerInfo { name: "applc".to_owned(), version: Some(version) };
            let capabilities = capabilities(&server.client);
            let result = lsp::InitializeResult { capabilities, server_info: Some(info) };
            serde_json::to_value(result).map_err(|error| Failure::refused(error.to_string()))
        }
        Err(error) => Err(Failure::invalid(error.to_string())),
    };
    response(id, result)
}

/// What the server can do for a client.
fn capabilities(client: &Client) -> lsp::ServerCapabilities {
    let sync = lsp::TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(lsp::TextDocumentSyncKind::Incremental),
        save: Some(true.into()),
        ..lsp::TextDocumentSyncOptions::default()
    };
    let folders = lsp::WorkspaceFoldersServerCapabilities {
        supported: Some(true),
        change_notifications: Some(true.into()),
    };
    let mut capabilities = lsp::ServerCapabilities {
        position_encoding: Some(client.encoding.kind()),
        text_document_sync: Some(sync.into()),
        workspace: Some(lsp::WorkspaceOptions {
            workspace_folders: Some(folders),
            ..lsp::WorkspaceOptions::default()
        }),
        ..lsp::ServerCapabilities::default()
    };
    features::announce(client, &mut capabilities);
    capabilities
}

/// The identifiers of what the client watches: the same files always, and those that appliances name.
const WATCHED: &str = "applc-files";
const WATCHED_MORE: &str = "applc-more-files";

/// Does what waits for the client to be ready.
pub fn started(server: &mut Server) {
    if server.client.watches_files {
        let ends = "*.{json,jsonc,yaml,yml,j2}";
        let names = [project::FILE_NAME, project::LOCK_NAME, custom::FILE_NAME, ends];
        register(server, WATCHED, &names);
    }
}

/// Lets the client watch the files that the appliances name.
pub fn watch(server: &mut Server) {
    if !server.client.watches_files {
        return;
    }
    let is_watched = |name: &str| {
        name == project::FILE_NAME
            || name == custom::FILE_NAME
            || [".json", ".jsonc", ".yaml", ".yml", ".j2"].iter().any(|end| name.ends_with(end))
    };
    let asked = server.analysed().values().flat_map(|appliance| &appliance.asked);
    let names = asked.filter_map(|path| path.rsplit('/').next());
    let names: BTreeSet<String> =
        names.filter(|name| !is_watched(name)).map(str::to_owned).collect();
    if names == server.watched {
        return;
    }
    if !server.watched.is_empty() {
        let watched = lsp::Unregistration {
            id: WATCHED_MORE.to_owned(),
            method: lsp::DidChangeWatchedFilesNotification::METHOD.as_str().to_owned(),
        };
        let all = lsp::UnregistrationParams { unregisterations: vec![watched] };
        server.ask::<lsp::UnregistrationRequest>(all);
    }
    if !names.is_empty() {
        let all: Vec<&str> = names.iter().map(String::as_str).collect();
        register(server, WATCHED_MORE, &all);
    }
    server.watched = names;
}

/// Asks the client to watch files with these names, in any folder.
fn register(server: &mut Server, id: &str, names: &[&str]) {
    let watcher = |name: &&str| lsp::FileSystemWatcher {
        glob_pattern: lsp::GlobPattern::Pattern(format!("**/{name}")),
        kind: None,
    };
    let options = lsp::DidChangeWatchedFilesRegistrationOptions {
        watchers: names.iter().map(watcher).collect(),
    };
    let registration = lsp::Registration {
        id: id.to_owned(),
        method: lsp::DidChangeWatchedFilesNotification::METHOD.as_str().to_owned(),
        register_options: serde_json::to_value(options).ok(),
    };
    server.ask::<lsp::RegistrationRequest>(lsp::RegistrationParams {
        registrations: vec![registration],
    });
}
