//! The record of made files, `.applc-outputs`: when it is lost, out of date, or of an output that is no longer wanted.

use std::fs;

use crate::project::{Repository, appliance};

const RECORD: &str = "manifests/.applc-outputs";

#[test]
fn a_record_does_not_remove_what_applc_has_not_made() {
    let repository = Repository::compiled();
    repository.write("manifests/mine.yaml", "kind: List\n");
    repository.write("manifests/mine.ini", "# Made by me\n");
    let record = repository.read(RECORD);
    repository.write(RECORD, &(record.clone() + "mine.ini\nmine.yaml\n"));
    let (status, out, err) = repository.run(&["compile", "--check"]);
    assert_eq!((status, out), (4, format!("stale     {RECORD}\n")), "{err}");
    let (status, _, err) = repository.run(&["compile"]);
    assert_eq!(status, 0, "{err}");
    for name in ["mine.ini", "mine.yaml"] {
        let path = format!("manifests/{name}");
        assert!(repository.path(&path).exists());
        assert!(
            err.contains(&format!("warning[W0502]: `{path}` is in a record, but was not made by")),
            "{err}"
        );
    }
    assert_eq!(repository.read(RECORD), record);
}

#[test]
fn a_record_is_compared_like_any_file() {
    let repository = Repository::compiled();
    let good = repository.read(RECORD);
    let conflict =
        good.replace("prod/apps/b", "<<<<<<< HEAD\nprod/apps/b") + "=======\n>>>>>>> b\n";
    let (short, _) = good.trim_end().rsplit_once('\n').unwrap();
    for text in [conflict.as_str(), short] {
        repository.write(RECORD, text);
        let (status, out, err) = repository.run(&["compile", "--check"]);
        assert_eq!((status, out), (4, format!("stale     {RECORD}\n")));
        assert_eq!(err, "applc: 1 file out of date; `applc compile` brings it up to date\n");
        let (status, out, _) = repository.run(&["compile", "--diff"]);
        assert!(status == 4 && out.starts_with(&format!("--- a/{RECORD}\n")), "{out}");
        assert_eq!(repository.run(&["compile"]).0, 0);
        assert_eq!(repository.read(RECORD), good);
        assert_eq!(repository.run(&["compile", "--check"]).0, 0);
    }
    fs::remove_file(repository.path(RECORD)).unwrap();
    let (status, out, _) = repository.run(&["compile", "--check", "--no-cache"]);
    assert_eq!((status, out), (4, format!("missing   {RECORD}\n")));
}

#[test]
fn what_a_lost_record_leaves_behind_is_said() {
    let repository = Repository::compiled();
    let orphan = "manifests/prod/apps/a/kubernetes/kubernetes.yaml";
    fs::remove_dir_all(repository.path("apps/a")).unwrap();
    repository.write("manifests/mine.yaml", "kind: List\n");
    // Of a file of any size, the start says who has made it.
    fs::OpenOptions::new()
        .write(true)
        .open(repository.path(orphan))
        .and_then(|file| file.set_len(16 << 30))
        .unwrap();
    fs::remove_file(repository.path(RECORD)).unwrap();
    for arguments in [&["compile", "--check"][..], &["compile"]] {
        let (_, _, err) = repository.run(arguments);
        let expected = format!("warning[W0502]: `{orphan}` was made by applc, and is not made or");
        assert!(err.contains(&expected) && !err.contains("mine.yaml"), "{err}");
        assert_eq!(err.matches("W0502").count(), 3, "{err}");
    }
    // They are not removed, and are said once.
    assert!(repository.path(orphan).exists());
    assert!(!repository.run(&["compile"]).2.contains("W0502"));
    // A part of the project does not say it of the rest.
    let repository = Repository::compiled();
    fs::remove_file(repository.path(RECORD)).unwrap();
    let (_, _, err) = repository.run(&["compile", "--check", "apps/a"]);
    assert!(!err.contains("made by applc"), "{err}");
}

#[test]
fn what_is_out_of_date_is_counted() {
    let repository = Repository::compiled();
    repository.write("apps/b/b.appliance.yaml", &appliance("b", "redis:8"));
    let (_, _, err) = repository.run(&["compile", "--check"]);
    assert_eq!(err, "applc: 3 files out of date; `applc compile` brings them up to date\n");
}

/// Changes the first folder of the output from `manifests` to another one.
fn move_output(repository: &Repository, folder: &str) {
    let text = repository.read("applc.toml");
    repository.write("applc.toml", &text.replace("\"manifests/", &format!("\"{folder}")));
}

#[test]
fn the_files_of_an_output_that_was_moved_are_removed() {
    for folder in ["out/", "manifests/all/", ""] {
        let repository = Repository::compiled();
        repository.write("manifests/prod/README.md", "mine\n");
        move_output(&repository, folder);
        let (status, out, _) = repository.run(&["compile", "--check"]);
        assert_eq!(status, 4);
        assert_eq!(out.matches("orphaned  manifests/").count(), 7, "{out}");
        assert!(out.contains(&format!("orphaned  {RECORD}\n")), "{out}");
        // A part of the project does not remove it.
        assert_eq!(repository.run(&["compile", "apps/a"]).0, 0);
        assert!(repository.path(RECORD).exists());
        let (status, _, err) = repository.run(&["compile"]);
        assert!(status == 0 && err.contains("6 files removed"), "{err}");
        let left = repository.paths();
        let left: Vec<_> = left.iter().filter(|path| !path.contains("/all/")).collect();
        assert_eq!(left, ["manifests/prod/README.md"]);
        assert!(repository.path(&format!("{folder}.applc-outputs")).exists());
        assert_eq!(repository.run(&["compile", "--check"]).0, 0);
    }
}

#[test]
fn a_record_whose_files_are_gone_is_removed() {
    let repository = Repository::compiled();
    move_output(&repository, "out/");
    for environment in ["prod", "test"] {
        fs::remove_dir_all(repository.path("manifests").join(environment)).unwrap();
    }
    assert_eq!(repository.run(&["compile"]).0, 0);
    assert!(!repository.path("manifests").exists());
}

#[test]
fn files_that_no_record_names_stay_where_the_output_was() {
    let repository = Repository::compiled();
    let unnamed = "manifests/test/apps/a/compose/compose.yaml";
    let record = repository.read(RECORD);
    repository.write(RECORD, &record.replace("test/apps/a/compose/compose.yaml\n", ""));
    move_output(&repository, "out/");
    assert_eq!(repository.run(&["compile"]).0, 0);
    assert_eq!(repository.paths(), [unnamed]);
}

#[test]
fn records_of_other_projects_are_left_alone() {
    let repository = Repository::compiled();
    let record = "a.yaml\n";
    let own = "# Made by applc from apps/a/a.appliance.json: edit that file instead.\n";
    let other = "# Made by applc from apps/x/x.appliance.json: edit that file instead.\n";
    let copied = |folder: &str, header: &str| {
        repository.write(&format!("{folder}/.applc-outputs"), record);
        repository.write(&format!("{folder}/a.yaml"), header);
    };
    // A project and a repository in this one, output of another project, and a record that leads elsewhere.
    copied("vendor/project/manifests", own);
    repository.write("vendor/project/applc.toml", "default-targets = [\"compose\"]\n");
    copied("vendor/module/manifests", own);
    repository.write("vendor/module/.git", "gitdir: ../../.git/modules/module\n");
    copied("vendor/output", other);
    copied("vendor/astray", own);
    repository.write("vendor/astray/.applc-outputs", "../../applc.toml\n");
    let before = repository.files();
    let (status, out, err) = repository.run(&["compile", "--check"]);
    assert_eq!((status, out.as_str()), (0, ""), "{err}");
    assert_eq!(repository.run(&["compile"]).0, 0);
    assert!(repository.files() == before);
    // In contrast to what is made of an appliance of this one.
    copied("old", own);
    let (status, out, err) = repository.run(&["compile", "--check"]);
    assert_eq!((status, out.as_str()), (4, "orphaned  old/.applc-outputs\norphaned  old/a.yaml\n"));
    assert_eq!(err, "applc: 2 files no longer made; `applc compile` removes them\n");
}

#[test]
fn json_without_comments_is_known_by_its_paths() {
    let repository = Repository::new();
    let text = "default-targets = [\"marathon\"]\noutput = \"manifests/{folder}/{target}\"\n";
    repository.write("applc.toml", text);
    assert_eq!(repository.run(&["compile"]).0, 0);
    repository.write("vendor/output/.applc-outputs", "a.json\n");
    repository.write("vendor/output/a.json", "{}\n");
    move_output(&repository, "out/");
    let (status, _, err) = repository.run(&["compile"]);
    assert_eq!(status, 0, "{err}");
    assert!(!repository.path("manifests").exists());
    assert!(repository.path("vendor/output/a.json").exists());
}

#[test]
fn two_appliances_that_write_one_file_are_said_once_also_by_check() {
    let repository = Repository::new();
    for name in ["c", "d"] {
        let file = format!("apps/a/{name}.appliance.json");
        repository.write(&file, &appliance(name, "httpd:2"));
    }
    for command in [&["compile", "--check"][..], &["check"]] {
        let (status, _, err) = repository.run(command);
        assert_eq!((status, err.matches("E0504").count()), (1, 1), "{err}");
        assert!(err.contains("`manifests/test/apps/a/compose/compose.yaml`, and 3 more"), "{err}");
        assert_eq!(err.matches("applc: applc.toml: ").count(), 1, "{err}");
    }
    let text = repository.read("applc.toml");
    repository.write("applc.toml", &text.replace("{folder}/", "{folder}/{id}/"));
    assert_eq!(repository.run(&["check"]).0, 0);
}

#[test]
fn findings_in_the_outermost_file_name_it() {
    let repository = Repository::new();
    let text = repository.read("applc.toml").replace("\"nginx\" =", "\"ngnix\" =");
    repository.write("applc.toml", &text);
    repository.write("apps/a/applc.toml", "[environments.prod.images]\nredsi = \"8\"\n");
    let (status, _, err) = repository.run(&["check"]);
    assert_eq!((status, err.matches("W1103").count()), (0, 2), "{err}");
    assert!(err.contains("did you mean `docker.io/library/nginx`?"), "{err}");
    assert!(err.contains("did you mean `docker.io/library/redis`?"), "{err}");
    for file in ["applc.toml", "apps/a/applc.toml"] {
        assert!(err.contains(&format!("applc: {file}: 1 warning\n")), "{err}");
    }
}

#[test]
fn folders_that_a_record_cannot_name_are_refused() {
    let rename = "rename the folder of the appliance";
    for (folder, message) in [
        ("a:b", "has `:` or `\\` in `a:b`"),
        ("b\\s", "has `:` or `\\` in `b\\s`"),
        ("#x", rename),
        ("<<<<<<< HEAD", "which Windows cannot have"),
        (">>", "which Windows cannot have"),
        ("#", rename),
    ] {
        let repository = Repository::new();
        repository.write(
            "applc.toml",
            "default-targets = [\"compose\"]\noutput = \"out/{folder}/{target}\"\n",
        );
        repository.write(&format!("{folder}/c.appliance.yaml"), &appliance("c", "nginx:1.27"));
        // Folders of appliances are below `apps` otherwise.
        let before = repository.files();
        let (status, _, errors) = repository.run(&["compile"]);
        assert_eq!(status, 1, "{folder}: {errors}");
        assert!(errors.contains(message), "{folder}: {errors}");
        assert_eq!(repository.files(), before, "{folder}");
    }
}

#[test]
fn sources_in_a_record_are_never_removed() {
    for source in ["applc.toml", "apps/a/a.appliance.json", "apps/b/b.prod.yaml"] {
        let repository = Repository::new();
        let settings = repository.read("applc.toml").replace("manifests/", "");
        repository.write("applc.toml", &settings);
        assert_eq!(repository.run(&["compile"]).0, 0);
        let record = repository.read(".applc-outputs");
        repository.write(".applc-outputs", &format!("{record}{source}\n"));
        let before = repository.files();
        let (status, _, errors) = repository.run(&["compile"]);
        assert_eq!(status, 1, "{source}: {errors}");
        assert!(errors.contains(&format!("error[E0003]: `{source}` is a source")), "{errors}");
        assert!(errors.contains("--> .applc-outputs:"), "{errors}");
        assert_eq!(repository.files(), before, "{source}");
    }
}
