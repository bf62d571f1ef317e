//! The output of targets as documents, and the way between them and appliances.

use std::path::Path;

use applc::targets::{self, Options};
use applc::{Memory, Selected};
use applc_lsp::Message;
use serde_json::{Value, json};

use crate::client::{Client, SOUND, position, uri};

const APP: &str = "/p/a.appliance.json";

fn with(files: &[(&str, &str)]) -> Client {
    let shows = json!({ "workspace": { "textDocumentContent": {} } });
    Client::started(files, shows, Value::Null)
}

/// The address of a preview of the appliance.
fn address(target: &str, file: &str, path: &str, environment: Option<&str>) -> String {
    let source = uri(path).replace(':', "%3A").replace('/', "%2F");
    let environment = environment.map(|name| format!("&environment={name}")).unwrap_or_default();
    format!("applc-preview:/{target}/{file}?source={source}{environment}")
}

fn text(client: &mut Client, uri: &str) -> String {
    let answer = client.request("workspace/textDocumentContent", json!({ "uri": uri })).unwrap();
    answer["text"].as_str().unwrap().to_owned()
}

/// The titles of the lenses that show previews, and their addresses.
fn lenses(client: &mut Client, path: &str) -> Vec<(String, String)> {
    let params = json!({ "textDocument": { "uri": uri(path) } });
    let all = client.request("textDocument/codeLens", params).unwrap();
    let all = all.as_array().unwrap().iter().map(|lens| &lens["command"]);
    let all = all.filter(|command| command["command"] == "applc.preview");
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    all.map(|command| (word(&command["title"]), word(&command["arguments"][0]))).collect()
}

/// The previews that the client was told to renew.
fn renewed(client: &mut Client) -> Vec<String> {
    let told = std::mem::take(&mut client.told);
    let is_meant = |method: &str| method == "workspace/textDocumentContent/refresh";
    told.iter()
        .filter_map(|message| match message {
            Message::Request(request) if is_meant(&request.method) => {
                Some(request.params["uri"].as_str().unwrap().to_owned())
            }
            _ => None,
        })
        .collect()
}

fn found_at(client: &mut Client, method: &str, uri: &str, at: Value) -> Vec<(String, Value)> {
    let params = json!({ "textDocument": { "uri": uri }, "position": at });
    let found = client.request(method, params).unwrap();
    let one = |location: &Value| {
        (location["uri"].as_str().unwrap().to_owned(), location["range"]["start"].clone())
    };
    found.as_array().map(|all| all.iter().map(one).collect()).unwrap_or_default()
}

/// All files in a folder of the repository, with their paths below another one.
fn files_in(folder: &Path, below: &str, files: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{below}/{}", path.file_name().unwrap().to_str().unwrap());
        match path.is_dir() {
            true => files_in(&path, &name, files),
            false => files.extend(std::fs::read_to_string(&path).ok().map(|text| (name, text))),
        }
    }
}

fn examples() -> Vec<(String, String)> {
    let mut files = Vec::new();
    files_in(&applc_testing::repository("examples"), "/x", &mut files);
    files.sort();
    files
}

#[test]
fn previews_of_all_examples_are_what_is_compiled() {
    let files = examples();
    let world = files
        .iter()
        .fold(Memory::new(), |world, (path, text)| world.with(path.as_str(), text.as_str()));
    let all: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let mut client = with(&all);
    let mut compared = 0;
    for (path, text_of_it) in &files {
        let name = path.strip_prefix("/x/").unwrap();
        let is_appliance =
            !name.contains('/') && (name.ends_with(".json") || name.ends_with(".yaml"));
        if !is_appliance {
            continue;
        }
        client.open_as(path, "appliance", text_of_it);
        let previews = lenses(&mut client, path);
        for target in targets::ALL {
            let selected = Selected { target: (*target).into(), options: Options::of(*target) };
            let compiled = applc::compile(&world, path, &[selected]).unwrap();
            let artifacts: Vec<_> =
                compiled.outputs.iter().flat_map(|output| &output.artifacts).collect();
            for artifact in &artifacts {
                let uri = address(target.name(), &artifact.path, path, None);
                assert_eq!(text(&mut client, &uri), artifact.text, "{uri}");
                assert!(previews.iter().any(|(_, offered)| *offered == uri), "{uri}");
                compared += 1;
            }
            let start = format!("applc-preview:/{}/", target.name());
            let offered = previews.iter().filter(|(_, uri)| uri.starts_with(&start)).count();
            // A target with errors of its own has one, too.
            assert_eq!(offered, artifacts.len().max(1), "{path} {}", target.name());
        }
        client.close(path);
    }
    assert!(compared > 30, "{compared}");
}

#[test]
fn previews_of_a_project_are_the_files_that_it_has() {
    let files = examples();
    let all: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let mut client = with(&all);
    let mut compared = 0;
    for (path, source) in files.iter().filter(|(path, _)| path.contains(".appliance.")) {
        client.open(path, source);
        for (_, uri) in lenses(&mut client, path) {
            let made = text(&mut client, &uri);
            let (address, query) = uri.split_once('?').unwrap();
            let environment = query.rsplit_once("environment=").unwrap().1;
            let (target, file) =
                address.strip_prefix("applc-preview:/").unwrap().split_once('/').unwrap();
            let id = path.rsplit('/').next().unwrap().split('.').next().unwrap();
            let folder = path.strip_prefix("/x/project/").unwrap().rsplit_once('/').unwrap().0;
            let written =
                format!("/x/project/manifests/{environment}/{target}/{folder}/{id}/{file}");
            let expected = files.iter().find(|(path, _)| *path == written);
            assert_eq!(expected.map(|(_, text)| text), Some(&made), "{written}");
            compared += 1;
        }
    }
    let written = files.iter().filter(|(path, _)| {
        path.starts_with("/x/project/manifests/")
            && !path.rsplit('/').next().unwrap().starts_with('.')
    });
    assert_eq!(compared, written.count());
}

#[test]
fn a_preview_is_renewed_when_its_text_changes() {
    let mut client = with(&[]);
    client.open(APP, SOUND);
    client.settle();
    let compose = address("compose", "compose.yaml", APP, None);
    let nomad = lenses(&mut client, APP).into_iter().find(|(title, _)| title.contains("nomad"));
    let nomad = nomad.unwrap().1;
    assert!(text(&mut client, &compose).contains("nginx:1.27"));
    text(&mut client, &nomad);
    client.replace(APP, &SOUND.replace("nginx:1.27", "nginx:1.28"));
    client.settle();
    let mut told = renewed(&mut client);
    told.sort();
    assert_eq!(told, [compose.clone(), nomad.clone()]);
    // One that was not asked for since is closed, or has a request on its way.
    assert!(text(&mut client, &compose).contains("nginx:1.28"));
    client.replace(APP, &SOUND.replace("nginx:1.27", "nginx:1.29"));
    client.settle();
    assert_eq!(renewed(&mut client), std::slice::from_ref(&compose));
    // An edit that does not change the output says nothing.
    text(&mut client, &compose);
    client.replace(APP, &SOUND.replace("nginx:1.27", "nginx:1.29").replace("  ", "\t"));
    client.settle();
    assert!(renewed(&mut client).is_empty());
}

#[test]
fn the_last_output_stays_while_there_are_errors() {
    let mut client = with(&[]);
    client.open(APP, SOUND);
    client.settle();
    let compose = address("compose", "compose.yaml", APP, None);
    let before = text(&mut client, &compose);
    let offered = lenses(&mut client, APP);
    assert!(!client.findings.contains_key(&compose));
    client.replace(APP, &SOUND.replace("\"nginx:1.27\"", ""));
    client.settle();
    assert!(renewed(&mut client).is_empty());
    assert_eq!(text(&mut client, &compose), before);
    let said = client.findings[&compose][0]["message"].as_str().unwrap();
    assert_eq!(said, "this is the last output: the appliance has errors");
    assert_eq!(lenses(&mut client, APP), offered);
    client.replace(APP, SOUND);
    client.settle();
    assert!(client.findings[&compose].is_empty());
    assert!(renewed(&mut client).is_empty());
    // Without a last output, the text says why.
    let mut client = with(&[]);
    client.open(APP, &SOUND.replace("\"nginx:1.27\"", ""));
    assert_eq!(text(&mut client, &compose), "# No output: the appliance has errors.\n");
    client.replace(APP, SOUND);
    client.settle();
    assert_eq!(renewed(&mut client), std::slice::from_ref(&compose));
    assert_eq!(text(&mut client, &compose), before);
    let other = address("marathon", "nothing.json", APP, None);
    assert!(
        text(&mut client, &other)
            .starts_with("// No output: the output has no file `nothing.json`")
    );
    let unknown = json!({ "uri": "applc-preview:/compose" });
    assert!(client.request("workspace/textDocumentContent", unknown).is_err());
}

#[test]
fn what_has_errors_since_it_was_opened_has_lenses_as_well() {
    let project = "default-targets = [\"compose\", \"marathon\"]\ntargets.marathon.order-across-jobs = \"reject\"\n";
    let job = SOUND.replacen("\"type\": \"service\"", "\"type\": \"job\"", 2);
    let broken = SOUND.replace("\"nginx:1.27\"", "");
    let marathon = address("marathon", "", APP, None);
    let no_target = "# No output: the appliance has errors on `marathon`.\n";
    let no_plan = "# No output: the appliance has errors.\n";
    for (text_of_it, said) in [(job.as_str(), no_target), (broken.as_str(), no_plan)] {
        let mut client = with(&[("/p/applc.toml", project)]);
        client.open(APP, text_of_it);
        client.settle();
        let offered = lenses(&mut client, APP);
        let titles: Vec<&str> = offered.iter().map(|(title, _)| title.as_str()).collect();
        assert_eq!(titles, ["Preview compose", "Preview marathon"], "{said}");
        assert!(offered.iter().any(|(_, uri)| *uri == marathon), "{offered:?}");
        assert_eq!(text(&mut client, &marathon), said);
    }
    // The whole output is its first file, once there is one.
    let mut client = with(&[]);
    client.open(APP, &broken);
    let whole = address("compose", "", APP, None);
    assert_eq!(text(&mut client, &whole), no_plan);
    client.replace(APP, SOUND);
    client.settle();
    assert_eq!(renewed(&mut client), std::slice::from_ref(&whole));
    assert!(text(&mut client, &whole).contains("nginx:1.27"));
}

#[test]
fn output_leads_to_the_appliance_its_overlay_and_its_project_and_back() {
    let overlay = r#"{"containers": {"db": {"image": "postgres:18"}}}"#;
    let project = "default-targets = [\"kubernetes\"]\n[environments.dev]\n[environments.prod]\noverlay = \"a.prod.json\"\ntargets.kubernetes.namespace = \"live\"\n";
    let files = [("/p/applc.toml", project), ("/p/a.prod.json", overlay), (APP, SOUND)];
    let mut client = with(&files);
    client.open(APP, SOUND);
    client.settle();
    let titles: Vec<String> =
        lenses(&mut client, APP).into_iter().map(|(title, _)| title).collect();
    assert_eq!(titles, ["Preview kubernetes in dev", "Preview kubernetes in prod"]);
    let prod = address("kubernetes", "kubernetes.yaml", APP, Some("prod"));
    let dev = address("kubernetes", "kubernetes.yaml", APP, Some("dev"));
    let made = text(&mut client, &prod);
    let definition = |client: &mut Client, part: &str, skip: usize| {
        found_at(client, "textDocument/definition", &prod, position(&made, part, skip))
    };
    assert_eq!(
        definition(&mut client, "postgres:18", 3),
        [(uri("/p/a.prod.json"), position(overlay, "\"postgres:18", 0))]
    );
    assert_eq!(
        definition(&mut client, "live", 1),
        [(uri("/p/applc.toml"), position(project, "\"live\"", 0))]
    );
    // The emoji stands before the reference, in the output and in the source.
    let emoji = definition(&mut client, "😀 ", 5);
    assert!(emoji.contains(&(uri(APP), position(SOUND, "\"😀", 0))), "{emoji:?}");
    // Back: only to what is shown.
    let place = position(SOUND, "nginx", 2);
    let back = found_at(&mut client, "textDocument/implementation", &uri(APP), place.clone());
    assert_eq!(back, [(prod.clone(), position(&made, "nginx:1.27", 0))]);
    // An image that an overlay replaces is not in the output.
    let replaced = position(SOUND, "postgres", 2);
    assert!(found_at(&mut client, "textDocument/implementation", &uri(APP), replaced).is_empty());
    // If none is shown, to all.
    let mut client = with(&files);
    client.open(APP, SOUND);
    let back = found_at(&mut client, "textDocument/implementation", &uri(APP), place);
    let uris: Vec<&str> = back.iter().map(|(uri, _)| uri.as_str()).collect();
    assert_eq!(uris, [dev.as_str(), prod.as_str()]);
}
