//! `applc lsp`: the program that editors start finds what `applc check` finds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use lsp_server::{Message, Notification, Request, RequestId};
use serde_json::{Value, json};

/// An editor and its server.
struct Editor {
    server: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
    findings: BTreeMap<String, Vec<Value>>,
    requests: i32,
}

impl Editor {
    fn start() -> Editor {
        let mut server = Command::new(assert_cmd::cargo::cargo_bin("applc"))
            .args(["lsp", "--stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let to = server.stdin.take();
        let from = BufReader::new(server.stdout.take().unwrap());
        let mut editor = Editor { server, to, from, findings: BTreeMap::new(), requests: 0 };
        let capabilities = json!({ "general": { "positionEncodings": ["utf-32"] } });
        let start = json!({ "processId": null, "rootUri": null, "capabilities": capabilities });
        let result = editor.request("initialize", start).unwrap();
        assert_eq!(result["capabilities"]["positionEncoding"], "utf-32");
        editor.notify("initialized", json!({}));
        editor
    }

    fn send(&mut self, message: Message) {
        message.write(self.to.as_mut().unwrap()).unwrap();
    }

    fn notify(&mut self, method: &str, params: Value) {
        self.send(Notification { method: method.to_owned(), params }.into());
    }

    /// Sends a request, and reads up to its answer.
    fn request(&mut self, method: &str, params: Value) -> Result<Value, String> {
        self.requests += 1;
        let id = RequestId::from(self.requests);
        self.send(Request { id: id.clone(), method: method.to_owned(), params }.into());
        loop {
            match Message::read(&mut self.from).unwrap().expect("the server answers") {
                Message::Response(answer) if answer.id == id => {
                    return answer.response_result.map_err(|error| error.message);
                }
                Message::Notification(told) if told.method == "textDocument/publishDiagnostics" => {
                    let uri = told.params["uri"].as_str().unwrap().to_owned();
                    let found = told.params["diagnostics"].as_array().unwrap().clone();
                    self.findings.insert(uri, found);
                }
                _ => {}
            }
        }
    }

    /// Opens a file, and waits for its findings.
    fn open(&mut self, path: &Path) {
        let uri = format!("file://{}", path.display());
        let text = fs::read_to_string(path).unwrap();
        let document = json!({ "uri": uri, "languageId": "appliance", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
        self.finish(path);
    }

    /// Waits for the findings of an open file.
    fn finish(&mut self, path: &Path) {
        let uri = format!("file://{}", path.display());
        let place = json!({ "line": 0, "character": 0 });
        // Its answer depends on all findings.
        let params = json!({
            "textDocument": { "uri": uri },
            "range": { "start": place, "end": place },
            "context": { "diagnostics": [] },
        });
        self.request("textDocument/codeAction", params).unwrap();
    }

    /// Waits until the findings are these.
    fn expect(&mut self, folder: &Path, expected: &Found) {
        let only = |a: &Found, b: &Found| -> Vec<_> { a.difference(b).cloned().collect() };
        let mut found = Found::new();
        for _ in 0..100 {
            found = published(self, folder);
            if found == *expected {
                return;
            }
            // Appliances are compared when nothing else is to do.
            std::thread::sleep(std::time::Duration::from_millis(50));
            self.request("workspace/symbol", json!({ "query": "none" })).unwrap();
        }
        assert_eq!((only(&found, expected), only(expected, &found)), (vec![], vec![]));
    }

    fn end(mut self) -> (Option<i32>, String) {
        self.request("shutdown", Value::Null).unwrap();
        self.notify("exit", Value::Null);
        self.wait()
    }

    fn wait(mut self) -> (Option<i32>, String) {
        self.to = None;
        let output = self.server.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }
}

/// File, code, severity, place, and text of findings.
type Found = BTreeSet<(String, String, u64, String, String)>;

/// What `applc check` finds.
fn checked(folder: &Path, arguments: &[&str]) -> Found {
    let output = assert_cmd::Command::cargo_bin("applc")
        .unwrap()
        .current_dir(folder)
        .args(["check", "--format", "json"])
        .args(arguments)
        .output()
        .unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let place = |place: &Value| json!({ "line": place["line"].as_u64().unwrap() - 1, "character": place["column"].as_u64().unwrap() - 1 });
    let one = |found: &Value| {
        let text = |name: &str| found[name].as_str().unwrap().to_owned();
        let severity = match found["level"].as_str().unwrap() {
            "error" => 1,
            "warning" => 2,
            _ => 4,
        };
        let mut message = match found["target"].as_str() {
            Some(target) => format!("{target}: {}", text("message")),
            None => text("message"),
        };
        if !text("label").is_empty() {
            message += &format!("\n{}", text("label"));
        }
        for help in found["help"].as_array().unwrap() {
            message += &format!("\nhelp: {}", help.as_str().unwrap());
        }
        let range = json!({
            "start": place(&found["span"]["start"]),
            "end": place(&found["span"]["end"]),
        });
        (text("file"), text("code"), severity, range.to_string(), message)
    };
    document["diagnostics"].as_array().unwrap().iter().map(one).collect()
}

/// What the server published, with paths relative to a folder.
fn published(editor: &Editor, folder: &Path) -> Found {
    let mut all = Found::new();
    for (uri, found) in &editor.findings {
        let path = uri.strip_prefix("file://").unwrap();
        let path = Path::new(path).strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
        for one in found {
            let text = |name: &str| one[name].as_str().unwrap().to_owned();
            let severity = one["severity"].as_u64().unwrap();
            let message = text("message");
            all.insert((path.clone(), text("code"), severity, one["range"].to_string(), message));
        }
    }
    all
}

/// A folder with a name that needs no encoding.
fn folder() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("applc-lsp-").tempdir().unwrap()
}

#[test]
fn findings_of_each_file_are_those_of_check() {
    let folder = folder();
    let root = fs::canonicalize(folder.path()).unwrap();
    let targets = "default-targets = [\"compose\", \"kubernetes\", \"nomad\", \"marathon\"]\n";
    fs::write(root.join("applc.toml"), targets).unwrap();
    let mut files = Vec::new();
    for from in
        ["examples", "tests/corpus", "tests/diagnostics/lint", "tests/diagnostics/syntax-yaml"]
    {
        let entries = fs::read_dir(applc_testing::repository(from)).unwrap();
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        // A part of the many is enough.
        for path in paths.iter().filter(|path| path.is_file()).step_by(5) {
            let name = path.file_name().unwrap().to_str().unwrap();
            let is_appliance = [".json", ".yaml", ".jsonc"].iter().any(|end| name.ends_with(end));
            if is_appliance && fs::read_to_string(path).is_ok() {
                fs::copy(path, root.join(name)).unwrap();
                files.push(name.to_owned());
            }
        }
    }
    assert!(files.len() > 40, "{files:?}");
    let mut editor = Editor::start();
    for file in &files {
        editor.open(&root.join(file));
    }
    let arguments: Vec<&str> = files.iter().map(String::as_str).collect();
    let expected = checked(&root, &arguments);
    assert!(expected.len() > 100, "{}", expected.len());
    let mut found = published(&editor, &root);
    // `applc check FILE` does not compare appliances.
    found.retain(|(_, code, ..)| !["E0504", "E0505"].contains(&code.as_str()));
    let only = |a: &Found, b: &Found| -> Vec<_> { a.difference(b).cloned().collect() };
    assert_eq!((only(&found, &expected), only(&expected, &found)), (vec![], vec![]));
    assert_eq!(editor.end(), (Some(0), String::new()));
}

#[test]
fn findings_of_a_project_are_those_of_check_in_all_environments() {
    let folder = folder();
    let root = fs::canonicalize(folder.path()).unwrap();
    let example = applc_testing::repository("examples/project");
    let mut appliances = Vec::new();
    for part in ["", "apps/data", "apps/storefront"] {
        fs::create_dir_all(root.join(part)).unwrap();
        for entry in fs::read_dir(example.join(part)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let Some(text) = path.is_file().then(|| fs::read_to_string(&path).unwrap()) else {
                continue;
            };
            // All that the example allows is told, and something is wrong in an overlay.
            let text = match name {
                "applc.toml" => text.replace("allow = [", "warn = ["),
                "shop.prod.yaml" => text + "  nobody:\n    image: x:1\n",
                _ => text,
            };
            fs::write(root.join(part).join(name), text).unwrap();
            if name.contains(".appliance.") {
                appliances.push(root.join(part).join(name));
            }
        }
    }
    let expected = checked(&root, &[]);
    let files: BTreeSet<&str> = expected.iter().map(|found| found.0.as_str()).collect();
    assert!(files.iter().any(|file| file.ends_with("shop.prod.yaml")), "{expected:#?}");
    let mut editor = Editor::start();
    for file in &appliances {
        editor.open(file);
    }
    editor.expect(&root, &expected);
    editor.end();
}

#[test]
fn what_only_shows_in_a_whole_project_is_that_of_check() {
    let folder = folder();
    let root = fs::canonicalize(folder.path()).unwrap();
    let write = |path: &str, text: &str| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let project = r#"
default-targets = ["compose"]
output = "out/{target}/{id}"
[environments.dev]
[environments.prod]
overlay = ["{name}.prod.yaml", "all.yaml"]
[environments.prod.images]
nginx = "1.28"
ngnix = "1"
"#;
    let appliance = |id: &str, port: u32| {
        format!(
            r#"{{ "id": "{id}", "containers": [{{
  "id": "web", "type": "service", "image": "nginx:1.27", "resources": {{ "cpus": 1, "mem": 512 }},
  "network_mode": "bridge", "ports": [{{ "container_port": 80, "host_port": {port} }}] }}] }}"#
        )
    };
    write("applc.toml", project);
    let digest = "0".repeat(64);
    let lock =
        format!("version = 1\n[images]\n\"docker.io/library/redis:7\" = \"sha256:{digest}\"\n");
    write("applc.lock", &lock);
    write("apps/a/a.appliance.json", &appliance("a", 8080));
    write("apps/b/b.appliance.json", &appliance("b", 8080));
    write("apps/b/c.appliance.json", &appliance("B", 8081));
    write("apps/b/d.prod.yaml", "{}\n");
    write("apps/b/applc.toml", "[environments.prod.images]\n\"shop/api\" = \"1\"\n");
    let mut expected = checked(&root, &[]);
    let codes: BTreeSet<&str> = expected.iter().map(|found| found.1.as_str()).collect();
    for code in ["E0504", "E0505", "W1103", "W1104", "W1202"] {
        assert!(codes.contains(code), "{code}: {expected:#?}");
    }
    // A terminal shows once what two appliances claim, editors in both. These differ in nothing else.
    let turned = expected.iter().filter(|found| found.1 == "E0505").map(|found| {
        let (file, code, level, place, text) = found.clone();
        let other = text.split('`').find(|part| part.ends_with(".appliance.json")).unwrap();
        (other.to_owned(), code, level, place, text.replacen(other, &file, 1))
    });
    let turned: Vec<_> = turned.collect();
    assert!(!turned.is_empty());
    expected.extend(turned);
    let mut editor = Editor::start();
    for file in ["a/a", "b/b", "b/c"] {
        editor.open(&root.join(format!("apps/{file}.appliance.json")));
    }
    editor.expect(&root, &expected);
    editor.end();
}

/// The environments of the processes that a process started.
#[cfg(target_os = "linux")]
fn environments_below(parent: u32) -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let is_below = |path: &std::path::PathBuf| {
        let stat = fs::read_to_string(path.join("stat")).unwrap_or_default();
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        fields.split_whitespace().nth(1) == Some(parent.to_string().as_str())
    };
    processes
        .filter(is_below)
        .map(|path| fs::read_to_string(path.join("environ")).unwrap_or_default())
        .collect()
}

#[test]
fn bombs_in_templates_are_findings_and_the_server_goes_on() {
    use crate::bombs::{APPLIANCE, grown, manifest, many};

    let folder = folder();
    let root = fs::canonicalize(folder.path()).unwrap();
    fs::create_dir(root.join("t")).unwrap();
    fs::write(root.join("t/target.toml"), manifest("plain", "o", "{{ name }}")).unwrap();
    fs::write(root.join("t/t.j2"), "good").unwrap();
    fs::write(root.join("a.appliance.json"), APPLIANCE).unwrap();
    let project = "appliances = [\"*.appliance.json\"]\ntarget-folders = [\"t\"]\n\
                   default-targets = [\"bomb\"]\n";
    fs::write(root.join("applc.toml"), project).unwrap();
    let (appliance, template) = (root.join("a.appliance.json"), root.join("t/t.j2"));
    let mut editor = Editor::start();
    editor.open(&appliance);
    let uri = format!("file://{}", template.display());
    let document = json!({ "uri": uri, "languageId": "jinja", "version": 1, "text": "good" });
    editor.notify("textDocument/didOpen", json!({ "textDocument": document }));
    editor.finish(&appliance);
    let found = |editor: &Editor| -> Vec<String> {
        let found = editor.findings.get(&uri).into_iter().flatten();
        found.map(|found| found["message"].as_str().unwrap().to_owned()).collect()
    };
    // The folder of a target is checked when nothing else is to do: until then, its findings are those before.
    let settled = |editor: &mut Editor, is_right: &dyn Fn(&[String]) -> bool| {
        for _ in 0..100 {
            if is_right(&found(editor)) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
            editor.request("workspace/symbol", json!({ "query": "none" })).unwrap();
        }
        panic!("{:#?}", found(editor));
    };
    assert_eq!(found(&editor), Vec::<String>::new());
    #[cfg(target_os = "linux")]
    {
        let environments = environments_below(editor.server.id());
        assert!(!environments.is_empty());
        for environment in environments {
            let names = environment.split_terminator('\0').map(|one| one.split('=').next());
            assert_eq!(names.collect::<Vec<_>>(), [Some("MIMALLOC_ARENA_RESERVE")]);
        }
    }
    let parsed = many("{% if 0 %}", "{% elif 0 %}", 20_000, "{% endif %}");
    let rendered = grown("[1]", "[ns.a, ns.a]", 60, "{{ ns.a | json }}");
    let bombs = [(parsed, "8 MiB of stack"), (rendered, "longer than the limit of ")];
    for (version, (text, words)) in bombs.into_iter().enumerate() {
        let document = json!({ "uri": uri, "version": version + 2 });
        let change = json!({ "textDocument": document, "contentChanges": [{ "text": text }] });
        let begun = std::time::Instant::now();
        editor.notify("textDocument/didChange", change);
        // Also when it is asked again.
        editor.finish(&appliance);
        editor.finish(&appliance);
        settled(&mut editor, &|all| !all.is_empty() && all.iter().all(|one| one.contains(words)));
        assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    }
    let document = json!({ "uri": uri, "version": 9 });
    let change = json!({ "textDocument": document, "contentChanges": [{ "text": "good" }] });
    editor.notify("textDocument/didChange", change);
    editor.finish(&appliance);
    settled(&mut editor, &<[String]>::is_empty);
    assert_eq!(editor.end(), (Some(0), String::new()));
}

#[test]
fn an_editor_may_go_without_a_word() {
    assert_eq!(Editor::start().wait(), (Some(0), String::new()));
    let mut editor = Editor::start();
    editor.notify("exit", Value::Null);
    assert_eq!(editor.wait(), (Some(1), String::new()));
}

#[test]
fn what_is_no_message_ends_the_server() {
    let mut editor = Editor::start();
    editor.to.as_mut().unwrap().write_all(b"hello\n").unwrap();
    let (status, error) = editor.wait();
    assert_eq!(status, Some(3));
    assert!(error.contains("cannot talk to the editor"), "{error}");
}

#[test]
fn what_is_no_message_is_answered_and_the_server_goes_on() {
    let mut editor = Editor::start();
    let write = |editor: &mut Editor, body: &str| {
        let to = editor.to.as_mut().unwrap();
        write!(to, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        to.flush().unwrap();
    };
    write(&mut editor, r#"{"id":"no method"}"#);
    match Message::read(&mut editor.from).unwrap() {
        Some(Message::Response(answer)) => {
            assert_eq!(answer.id, RequestId::from("no method".to_owned()));
            assert_eq!(answer.response_result.unwrap_err().code, -32600);
        }
        other => panic!("{other:?}"),
    }
    // Half a character, as clients in JavaScript may cut a text.
    let folder = folder();
    let uri = format!("file://{}/a.appliance.json", folder.path().display());
    let document =
        format!(r#"{{"uri":"{uri}","languageId":"json","version":1,"text":"{{\"\ud83d\":1}}"}}"#);
    let opened =
        format!(r#"{{"method":"textDocument/didOpen","params":{{"textDocument":{document}}}}}"#);
    write(&mut editor, &opened);
    editor.finish(&folder.path().join("a.appliance.json"));
    let found = serde_json::to_string(&editor.findings[&uri]).unwrap();
    assert!(found.contains('\u{fffd}'), "{found}");
    let to = editor.to.as_mut().unwrap();
    to.write_all(b"Content-Length: 99999999999999\r\n\r\n").unwrap();
    let (status, error) = editor.wait();
    assert_eq!(status, Some(3));
    assert!(error.contains("the limit is"), "{error}");
}

/// The warnings that the server shows for a file that is opened, up to an answer about it.
fn warnings(editor: &mut Editor, path: &Path) -> Vec<String> {
    let uri = format!("file://{}", path.display());
    let text = fs::read_to_string(path).unwrap();
    let document = json!({ "uri": uri, "languageId": "json", "version": 1, "text": text });
    editor.notify("textDocument/didOpen", json!({ "textDocument": document }));
    warnings_until_an_answer(editor, path)
}

/// The warnings that the server shows until it has answered a request about an open file.
fn warnings_until_an_answer(editor: &mut Editor, path: &Path) -> Vec<String> {
    let uri = format!("file://{}", path.display());
    let place = json!({ "line": 0, "character": 0 });
    let params = json!({ "textDocument": { "uri": uri }, "range": { "start": place, "end": place }, "context": { "diagnostics": [] } });
    let id = RequestId::from(99);
    let method = "textDocument/codeAction".to_owned();
    editor.send(Request { id: id.clone(), method, params }.into());
    let mut shown = Vec::new();
    loop {
        match Message::read(&mut editor.from).unwrap().expect("the server answers") {
            Message::Notification(told) if told.method == "window/showMessage" => {
                shown.push(told.params["message"].as_str().unwrap().to_owned());
            }
            Message::Response(answer) if answer.id == id => return shown,
            _ => {}
        }
    }
}

#[cfg(unix)]
#[test]
fn files_that_cannot_be_read_are_told() {
    use std::os::unix::fs::symlink;

    let is_pipe = |path: &Path| Command::new("mkfifo").arg(path).status().unwrap().success();
    type Make<'a> = &'a dyn Fn(&Path);
    let makes: [(&str, Make<'_>); 3] = [
        ("pipe", &|path| assert!(is_pipe(path))),
        ("folder", &|path| fs::create_dir(path).unwrap()),
        ("link", &|path| symlink(path, path).unwrap()),
    ];
    for (what, make) in makes {
        for name in ["a.prod.yaml", "applc.toml"] {
            let folder = folder();
            let root = fs::canonicalize(folder.path()).unwrap();
            fs::create_dir(root.join(".git")).unwrap();
            let project = "[environments.prod]\noverlay = \"a.prod.yaml\"\n";
            fs::write(root.join("applc.toml"), project).unwrap();
            let appliance = root.join("a.appliance.json");
            fs::write(&appliance, "{}").unwrap();
            let _ = fs::remove_file(root.join(name));
            make(&root.join(name));
            let mut editor = Editor::start();
            let mut shown = warnings(&mut editor, &appliance);
            // Overlays are read when there is nothing else to do.
            for _ in 0..100 {
                if !shown.is_empty() {
                    break;
                }
                std::thread::sleep(std::time::Duration::from_millis(100));
                shown = warnings_until_an_answer(&mut editor, &appliance);
            }
            let place = format!("cannot read `{}`: ", root.join(name).display());
            assert!(shown.len() == 1 && shown[0].starts_with(&place), "{what} {name}: {shown:?}");
            editor.end();
        }
    }
}
