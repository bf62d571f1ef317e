//! Starting and ending.

use applc_lsp::{Inbox, Message};
use lsp_server::{Notification, Request, RequestId};
use serde_json::{Value, json};

use crate::client::{Client, SOUND};

fn request(id: i32, method: &str) -> Request {
    Request { id: RequestId::from(id), method: method.to_owned(), params: Value::Null }
}

#[test]
fn the_encoding_is_one_that_the_client_knows() {
    for (known, chosen) in [
        (json!({ "positionEncodings": ["utf-16", "utf-8"] }), "utf-8"),
        (json!({ "positionEncodings": ["utf-16", "utf-32"] }), "utf-32"),
        (json!({ "positionEncodings": ["utf-16"] }), "utf-16"),
        (json!({}), "utf-16"),
    ] {
        let mut client = Client::with(&[]);
        client.server = applc_lsp::Server::new(Box::new(client.disk.clone()), None);
        let start =
            json!({ "processId": null, "rootUri": null, "capabilities": { "general": known } });
        let result = client.request("initialize", start).unwrap();
        assert_eq!(result["capabilities"]["positionEncoding"], chosen);
        assert_eq!(result["capabilities"]["textDocumentSync"]["change"], 2);
        assert_eq!(result["serverInfo"]["name"], "applc");
    }
}

#[test]
fn requests_fail_before_the_start_and_after_the_end() {
    let mut client = Client::with(&[]);
    assert_eq!(client.request("textDocument/nonsense", Value::Null).unwrap_err().code, -32601);
    assert_eq!(client.request("textDocument/definition", json!({})).unwrap_err().code, -32602);
    assert_eq!(client.request("shutdown", Value::Null).unwrap(), Value::Null);
    assert_eq!(client.request("shutdown", Value::Null).unwrap_err().code, -32600);
    assert_eq!(client.server.exit_status(), None);
    client.notify("exit", Value::Null);
    assert_eq!(client.server.exit_status(), Some(0));

    let mut client = Client::with(&[]);
    client.server = applc_lsp::Server::new(Box::new(client.disk.clone()), None);
    assert_eq!(client.request("shutdown", Value::Null).unwrap_err().code, -32002);
    client.notify("exit", Value::Null);
    assert_eq!(client.server.exit_status(), Some(1));
}

#[test]
fn a_request_that_waits_can_be_cancelled() {
    let mut inbox = Inbox::default();
    let cancel = |id: i32| Notification {
        method: "$/cancelRequest".to_owned(),
        params: json!({ "id": id }),
    };
    for id in [1, 2] {
        assert!(inbox.push(request(id, "textDocument/definition").into()).is_none());
    }
    let Some(Message::Response(answer)) = inbox.push(cancel(1).into()) else { panic!() };
    assert_eq!(answer.response_result.unwrap_err().code, -32800);
    // It was answered, or never asked.
    assert!(inbox.push(cancel(3).into()).is_none());
    let Some(Message::Request(left)) = inbox.pop() else { panic!() };
    assert_eq!(left.id, RequestId::from(2));
    assert!(inbox.pop().is_none());
}

#[test]
fn the_client_watches_the_files_that_matter() {
    let watches =
        json!({ "workspace": { "didChangeWatchedFiles": { "dynamicRegistration": true } } });
    let mut client = Client::started(&[("/p/conf/app.ini", "x")], watches, Value::Null);
    let patterns = |client: &mut Client| -> Vec<String> {
        let told = std::mem::take(&mut client.told);
        let registered = told.iter().filter_map(|message| match message {
            Message::Request(request) if request.method == "client/registerCapability" => {
                Some(request.params["registrations"][0]["registerOptions"]["watchers"].clone())
            }
            _ => None,
        });
        let all = registered.flat_map(|watchers| watchers.as_array().unwrap().clone());
        all.map(|watcher| watcher["globPattern"].as_str().unwrap().to_owned()).collect()
    };
    let first = patterns(&mut client);
    for name in ["**/applc.toml", "**/applc.lock", "**/target.toml"] {
        assert!(first.contains(&name.to_owned()), "{first:?}");
    }
    let text = SOUND.replace(
        "\"dependencies\"",
        "\"files\": [{ \"source\": \"conf/app.ini\", \"dest\": \"/app.ini\" }], \"dependencies\"",
    );
    client.open("/p/a.appliance.json", &text);
    client.settle();
    assert!(patterns(&mut client).contains(&"**/app.ini".to_owned()));
}

#[test]
fn pages_of_codes_are_documents() {
    let shows = json!({
        "workspace": { "textDocumentContent": {} },
        "textDocument": { "publishDiagnostics": { "codeDescriptionSupport": true } },
    });
    let mut client = Client::started(&[], shows, Value::Null);
    client.open("/p/a.appliance.json", "{");
    client.settle();
    let href = client.findings["file:///p/a.appliance.json"][0]["codeDescription"]["href"].clone();
    let page = client.request("workspace/textDocumentContent", json!({ "uri": href })).unwrap();
    assert!(page["text"].as_str().unwrap().starts_with("# E0105"), "{page}");
    let unknown = json!({ "uri": "applc:/explain/E9999.md" });
    assert!(client.request("workspace/textDocumentContent", unknown).is_err());
}

/// The path of a file has an end on every system; each folder above it costs time.
#[test]
fn documents_with_endless_paths_are_no_files() {
    let of_length = |length: usize| {
        let end = "a.appliance.json";
        format!("/{}{}/{end}", "y/".repeat(10), "y".repeat(length - end.len() - 22))
    };
    for (length, is_a_file) in [(4096, true), (4097, false), (45_000, false)] {
        let path = of_length(length);
        assert_eq!(path.len(), length);
        let mut client = Client::with(&[]);
        client.open(&path, "{}");
        client.replace(&path, "{} ");
        client.settle();
        assert_eq!(!client.findings.is_empty(), is_a_file, "{length}");
        let params = json!({ "textDocument": { "uri": crate::client::uri(&path) } });
        let symbols = client.request("textDocument/documentSymbol", params);
        assert!(symbols.is_ok(), "{symbols:?}");
        client.close(&path);
        client.settle();
        assert!(client.findings.values().all(Vec::is_empty));
    }
}
