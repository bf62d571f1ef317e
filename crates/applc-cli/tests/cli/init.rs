//! `applc init`.

use crate::project::{Repository, appliance};

fn empty() -> Repository {
    Repository(tempfile::tempdir().unwrap())
}

#[test]
fn a_new_project_compiles_at_once() {
    let folder = empty();
    let (status, out, err) = folder.run(&["init", "shop"]);
    assert_eq!((status, out.as_str()), (0, ""), "{err}");
    let paths: Vec<String> = folder.files().into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["shop/applc.toml", "shop/hello/hello.appliance.yaml"]);
    let (status, _, err) = folder.run_in("shop", &["compile", "--deny", "warnings"]);
    assert_eq!(status, 0, "{err}");
    assert!(err.ends_with("2 files made\n"), "{err}");
    assert!(folder.path("shop/manifests/test/compose/hello/hello/compose.yaml").exists());
}

#[test]
fn appliances_that_exist_are_found() {
    let folder = empty();
    folder.write("a.appliance.json", &appliance("a", "nginx:1.27"));
    folder.write("b.appliance.json", &appliance("b", "nginx:1.27"));
    let (status, _, err) = folder.run(&["init"]);
    assert_eq!(status, 0, "{err}");
    assert!(err.contains("found 2 appliances"), "{err}");
    let (status, _, err) = folder.run(&["compile"]);
    assert_eq!(status, 0, "{err}");
    assert!(err.ends_with("4 files made\n"), "{err}");
    assert!(!folder.path("hello").exists());
}

#[test]
fn nothing_is_overwritten() {
    let repository = Repository::new();
    let before = repository.files();
    for (folder, expected) in
        [(".", "exists already"), ("apps/a", "create `apps/a/applc.toml`: it adds")]
    {
        let (status, _, err) = repository.run(&["init", folder]);
        assert_eq!(status, 2);
        assert!(err.contains(expected), "{err}");
    }
    assert!(repository.files() == before);
    let folder = empty();
    folder.write("hello/hello.appliance.yaml/x", "");
    assert_eq!(folder.run(&["init"]).0, 2);
    assert!(!folder.path("applc.toml").exists());
}
