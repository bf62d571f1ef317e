//! Projects: `applc.toml` with environments, and output under version control.

use std::fs;
use std::path::{Path, PathBuf};

const PROJECT: &str = r#"default-targets = ["compose", "kubernetes"]
output = "manifests/{environment}/{folder}/{target}"

[environments.test]

[environments.prod]
overlay = "{name}.prod.yaml"
compile-for = ["kubernetes"]
targets.kubernetes.namespace = "{id}-prod"
images = { "nginx" = "1.28" }
"#;

/// A project with the appliances `apps/a/a.appliance.json` and `apps/b/b.appliance.yaml`.
pub struct Repository(pub tempfile::TempDir);

impl Repository {
    pub fn new() -> Repository {
        let repository = Repository(tempfile::tempdir().unwrap());
        repository.write("applc.toml", PROJECT);
        repository.write("apps/a/a.appliance.json", &appliance("a", "nginx:1.27"));
        repository.write("apps/b/b.appliance.yaml", &appliance("b", "redis:7.4"));
        repository.write("apps/b/b.prod.yaml", "containers: { web: { instances: 3 } }\n");
        repository
    }

    /// A project that was compiled.
    pub fn compiled() -> Repository {
        let repository = Repository::new();
        let (status, _, err) = repository.run(&["compile"]);
        assert_eq!(status, 0, "{err}");
        repository
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    /// Runs the program in a folder: exit status, standard output, standard error.
    pub fn run_in(&self, folder: &str, arguments: &[&str]) -> (i32, String, String) {
        let mut command = assert_cmd::Command::cargo_bin("applc").unwrap();
        let output =
            command.current_dir(self.path(folder)).env_clear().args(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    pub fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        self.run_in("", arguments)
    }

    /// All files but those of the cache, sorted, and their contents.
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut found = Vec::new();
        collect(self.0.path(), self.0.path(), &mut found);
        found.retain(|(path, _)| !path.starts_with(".applc-cache"));
        found.sort();
        found
    }

    pub fn paths(&self) -> Vec<String> {
        let made = self.files().into_iter().map(|(path, _)| path);
        made.filter(|path| path.starts_with("manifests/")).collect()
    }
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, found);
        } else {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            // A link may lead nowhere.
            found.push((name, fs::read(path).unwrap_or_default()));
        }
    }
}

/// A small appliance.
pub fn appliance(id: &str, image: &str) -> String {
    format!(
        "{{\"id\": \"{id}\", \"containers\": [{{\"id\": \"web\", \"type\": \"service\", \"image\": \"{image}\", \
         \"network_mode\": \"container\", \"resources\": {{\"cpus\": 1, \"mem\": 64}}}}]}}\n"
    )
}

/// The files that it is compiled to.
pub const MADE: [&str; 7] = [
    "manifests/.applc-outputs",
    "manifests/prod/apps/a/kubernetes/kubernetes.yaml",
    "manifests/prod/apps/b/kubernetes/kubernetes.yaml",
    "manifests/test/apps/a/compose/compose.yaml",
    "manifests/test/apps/a/kubernetes/kubernetes.yaml",
    "manifests/test/apps/b/compose/compose.yaml",
    "manifests/test/apps/b/kubernetes/kubernetes.yaml",
];

#[test]
fn all_appliances_are_compiled_in_all_environments() {
    let repository = Repository::new();
    let (status, out, err) = repository.run(&["compile"]);
    assert_eq!((status, out.as_str()), (0, ""), "{err}");
    assert!(err.ends_with("applc: 6 files made\n"), "{err}");
    assert_eq!(repository.paths(), MADE);
    let prod = repository.read("manifests/prod/apps/b/kubernetes/kubernetes.yaml");
    assert!(
        prod.starts_with("# Made by applc from apps/b/b.appliance.yaml: edit that file instead.\n")
    );
    assert!(prod.contains("namespace: b-prod") && prod.contains("replicas: 3"), "{prod}");
    let test = repository.read("manifests/test/apps/b/kubernetes/kubernetes.yaml");
    assert!(!test.contains("b-prod") && !test.contains("replicas: 3"), "{test}");
    assert!(repository.read(MADE[1]).contains("nginx:1.28"));
    assert!(repository.read(MADE[4]).contains("nginx:1.27"));
    // The same again changes nothing, in every folder.
    let before = repository.files();
    for folder in ["", "apps/a", "manifests"] {
        let (status, _, err) = repository.run_in(folder, &["compile"]);
        assert_eq!((status, err.ends_with("applc: 6 files unchanged\n")), (0, true), "{err}");
    }
    assert!(repository.files() == before);
    assert_eq!(repository.run(&["compile", "--check"]).0, 0);
}

#[test]
fn what_is_out_of_date_is_listed_and_nothing_is_written() {
    let repository = Repository::new();
    repository.run(&["compile"]);
    repository.write("apps/b/b.appliance.yaml", &appliance("b", "redis:8"));
    fs::remove_file(repository.path(MADE[3])).unwrap();
    fs::remove_dir_all(repository.path("apps/b/b.prod.yaml")).unwrap_or_default();
    repository.write(
        "applc.toml",
        &PROJECT.replace("compile-for = [\"kubernetes\"]", "compile-for = [\"compose\"]"),
    );
    let before = repository.files();
    let (status, out, _) = repository.run(&["compile", "--check"]);
    assert_eq!(status, 4);
    let expected = "\
orphaned  manifests/prod/apps/a/kubernetes/kubernetes.yaml
missing   manifests/prod/apps/a/compose/compose.yaml
orphaned  manifests/prod/apps/b/kubernetes/kubernetes.yaml
missing   manifests/prod/apps/b/compose/compose.yaml
missing   manifests/test/apps/a/compose/compose.yaml
stale     manifests/test/apps/b/compose/compose.yaml
stale     manifests/test/apps/b/kubernetes/kubernetes.yaml
stale     manifests/.applc-outputs
";
    let lines = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(lines(&out), lines(expected));
    let (status, diff, _) = repository.run(&["compile", "--diff"]);
    assert_eq!(status, 4);
    assert!(
        diff.contains("--- a/manifests/prod/apps/a/kubernetes/kubernetes.yaml\n+++ /dev/null\n"),
        "{diff}"
    );
    assert!(diff.contains("-    image: redis:7.4\n+    image: redis:8\n"), "{diff}");
    assert!(repository.files() == before);
    let (status, _, err) = repository.run(&["compile"]);
    assert_eq!(status, 0);
    let summary = "applc: 3 files made, 2 files changed, 2 files removed, 1 file unchanged\n";
    assert!(err.ends_with(summary), "{err}");
    assert!(!repository.path("manifests/prod/apps/a/kubernetes").exists());
    assert_eq!(repository.run(&["compile", "--check"]).0, 0);
}

#[test]
fn files_of_others_are_neither_overwritten_nor_removed() {
    let repository = Repository::new();
    repository.write(MADE[2], "kind: Mine\n");
    repository.write("manifests/prod/README.md", "mine\n");
    let before = repository.files();
    let (status, _, err) = repository.run(&["compile"]);
    assert_eq!(status, 1);
    assert!(err.contains(&format!("`{}` exists, and was not made by applc", MADE[2])), "{err}");
    assert!(repository.files() == before);
    assert_eq!(repository.run(&["compile", "--adopt"]).0, 0);
    assert!(repository.read(MADE[2]).starts_with("# Made by applc"));
    fs::remove_dir_all(repository.path("apps/b")).unwrap();
    assert_eq!(repository.run(&["compile"]).0, 0);
    assert_eq!(repository.read("manifests/prod/README.md"), "mine\n");
    assert!(!repository.path("manifests/prod/apps/b").exists());
}

#[test]
fn a_part_of_a_project_leaves_the_rest_alone() {
    let repository = Repository::new();
    repository.run(&["compile"]);
    for id in ["a", "b"] {
        let file = if id == "a" { "apps/a/a.appliance.json" } else { "apps/b/b.appliance.yaml" };
        repository.write(file, &appliance(id, "httpd:2"));
    }
    let (status, _, err) = repository.run(&["compile", "apps/a", "--env", "test"]);
    assert!(status == 0 && err.ends_with("applc: 2 files changed\n"), "{err}");
    let (status, out, _) = repository.run(&["compile", "--check"]);
    assert_eq!((status, out.lines().count()), (4, 4), "{out}");
    // A file of the project, from a folder of it.
    let arguments = ["compile", "b.appliance.yaml", "--check", "--env", "prod"];
    let (status, out, _) = repository.run_in("apps/b", &arguments);
    let stale = "manifests/prod/apps/b/kubernetes/kubernetes.yaml";
    let path = fs::canonicalize(repository.path(stale)).unwrap();
    assert_eq!((status, out), (4, format!("stale     {}\n", path.display())));
}

/// The files that findings in the format `short` are in, each once.
fn files_of(out: &str) -> Vec<&str> {
    let mut files: Vec<&str> =
        out.lines().filter_map(|line| Some(line.split_once(':')?.0)).collect();
    files.dedup();
    files
}

#[test]
fn findings_name_paths_from_the_working_directory() {
    let repository = Repository::new();
    let inner = |path: &str| fs::canonicalize(repository.path("inner").join(path)).unwrap();
    let text = repository.read("applc.toml");
    repository.write("inner/applc.toml", &text.replace("\"nginx\"", "\"none\""));
    repository.write("inner/apps/a/a.appliance.json", "{\"id\": 3}");
    repository.write("inner/apps/b/b.appliance.yaml", &appliance("b", "redis:7.4"));
    repository.write("inner/apps/b/b.prod.yaml", "containers: { wbe: { instances: 3 } }\n");
    fs::remove_file(repository.path("applc.toml")).unwrap();
    let check = |folder: &str, arguments: &[&str]| {
        let arguments = [&["check", "--format", "short"][..], arguments].concat();
        let (status, out, err) = repository.run_in(folder, &arguments);
        assert_eq!((status, err.as_str()), (1, ""));
        out
    };
    // From above, below, and elsewhere: as a file that can be opened.
    let expected = ["inner/apps/a/a.appliance.json", "inner/apps/b/b.prod.yaml"];
    assert_eq!(files_of(&check("", &["inner"])), expected);
    let own = ["apps/a/a.appliance.json", "apps/b/b.prod.yaml"];
    assert_eq!(files_of(&check("inner", &[])), own);
    let out = check("inner/apps/b", &["../.."]);
    let a = inner("apps/a/a.appliance.json").to_string_lossy().into_owned();
    assert_eq!(files_of(&out), [a.as_str(), "b.prod.yaml"]);
    // Project files, too, and what is said of two files.
    repository.write("inner/apps/a/a.appliance.json", &appliance("a", "redis:7.4"));
    repository.write("inner/apps/b/b.prod.yaml", "containers: { web: { instances: 3 } }\n");
    repository.write("inner/applc.toml", &text.replace("{folder}/", ""));
    let (status, _, err) = repository.run(&["compile", "inner"]);
    assert_eq!(status, 1);
    assert!(err.contains("--> inner/applc.toml:2"), "{err}");
    let both = "inner/apps/a/a.appliance.json in `test` and inner/apps/b/b.appliance.yaml in `test` both write \
                `inner/manifests/test/compose/compose.yaml`";
    assert!(err.contains(both), "{err}");
    let (_, _, err) = repository.run(&["compile", "inner", "--option", "nomad.regin=x"]);
    assert!(err.contains("--> --option:1"), "{err}");
    repository.write("inner/applc.toml", &text);
    assert_eq!(repository.run(&["compile", "inner"]).0, 0);
    repository.write("inner/apps/b/b.appliance.yaml", &appliance("b", "redis:8"));
    let (status, out, _) = repository.run(&["compile", "--check", "inner"]);
    assert_eq!(status, 4);
    assert!(out.starts_with("stale     inner/manifests/prod/apps/b/"), "{out}");
    // What `patch -p1` takes has the paths of the project.
    let (_, out, _) = repository.run(&["compile", "--diff", "inner"]);
    assert!(out.starts_with("--- a/manifests/prod/apps/b/"), "{out}");
    fs::remove_file(repository.path("inner/manifests/.applc-outputs")).unwrap();
    let (status, _, err) = repository.run(&["compile", "inner"]);
    assert_eq!(status, 1);
    assert!(
        err.contains("`inner/manifests/prod/apps/b/kubernetes/kubernetes.yaml` exists"),
        "{err}"
    );
}

#[test]
fn an_error_in_one_appliance_keeps_all_from_being_written() {
    let repository = Repository::new();
    repository.run(&["compile"]);
    repository.write("apps/a/a.appliance.json", &appliance("a", "httpd:2"));
    repository.write("apps/b/b.appliance.yaml", "id: b\ncontainers: 3\n");
    let before = repository.files();
    let (status, _, err) = repository.run(&["compile"]);
    assert_eq!(status, 1);
    // In both environments, but told once.
    assert_eq!(err.matches("error[").count(), 1, "{err}");
    assert!(repository.files() == before);
    assert_eq!(repository.run(&["compile", "--check"]).0, 1, "faults win over stale files");
    let (status, _, err) = repository.run(&["compile", "--keep-going"]);
    assert_eq!(status, 1);
    assert!(err.ends_with("applc: 3 files changed\n"), "{err}");
    // The files of the faulty appliance stay.
    assert_eq!(repository.paths(), MADE);
    let (status, out, _) = repository.run(&["check", "--format", "json"]);
    assert_eq!((status, out.matches("\"code\"").count()), (1, 1), "{out}");
    assert_eq!(repository.run(&["check", "apps/a"]).0, 0);
}

#[test]
fn appliances_that_write_one_file_are_an_error() {
    let repository = Repository::new();
    repository.write("apps/a/other.appliance.json", &appliance("other", "httpd:2"));
    let (status, _, err) = repository.run(&["compile"]);
    assert_eq!(status, 1);
    assert!(err.contains("error[E0504]: apps/a/a.appliance.json in `test` and apps/a/other.appliance.json in `test` both write"), "{err}");
    assert!(err.contains("`manifests/test/apps/a/compose/compose.yaml`, and 1 more\n"), "{err}");
    assert!(err.contains("add `{id}` to `output`"), "{err}");
    assert!(!repository.path("manifests").exists());
    let (_, _, err) = repository.run(&["compile", "--env", "test"]);
    assert!(err.contains("both write `manifests/test/apps/a/compose/compose.yaml`\n"), "{err}");
    repository.write("applc.toml", &PROJECT.replace("{folder}/", ""));
    let (_, _, err) = repository.run(&["compile", "apps/a"]);
    assert!(err.contains("add `{id}` to `output`"), "they are in one folder: {err}");
    repository.write("applc.toml", PROJECT);
    let (status, _, err) = repository.run(&["compile", "--keep-going"]);
    // None of the two is the sound one, and the others are written.
    let made = |path: &str| repository.path(&format!("manifests/{path}")).exists();
    assert_eq!(status, 1, "{err}");
    assert!(!made("test/apps/a") && !made("prod/apps/a") && made("test/apps/b/compose"), "{err}");
    repository.write("applc.toml", &PROJECT.replace("{folder}/", "{folder}/{id}/"));
    assert_eq!(repository.run(&["compile"]).0, 0);
    repository.write("applc.toml", &PROJECT.replace("{environment}/", ""));
    let (_, _, err) = repository.run(&["compile"]);
    assert!(err.contains("add `{environment}` to `output`"), "{err}");
}

#[test]
fn mistakes_in_arguments_and_settings_say_what_to_do() {
    let repository = Repository::new();
    let error = |arguments: &[&str]| {
        let (status, _, err) = repository.run(arguments);
        (status, err)
    };
    let (status, err) = error(&["compile", "--env", "prd"]);
    assert_eq!(
        (status, err.as_str()),
        (2, "applc: error: unknown environment `prd`; did you mean `prod`?\n")
    );
    let (status, err) = error(&["compile", "manifests-of-others"]);
    assert_eq!(status, 3, "{err}");
    fs::create_dir(repository.path("empty")).unwrap();
    let (status, err) = error(&["compile", "empty"]);
    assert!(status == 1 && err.contains("no appliance of the project in `empty`"), "{err}");
    repository.write("applc.toml", "default-targets = [\"compose\"]\n");
    let (status, err) = error(&["compile"]);
    assert!(status == 1 && err.contains("`output` is missing"), "{err}");
    repository.write("applc.toml", "output = \"out/{folder}/{target}\"\n");
    let (status, err) = error(&["compile"]);
    assert!(status == 1 && err.contains("set `default-targets`"), "{err}");
    repository.write("applc.toml", &PROJECT.replace("\"nginx\" =", "\"nginxx\" ="));
    let (status, err) = error(&["check"]);
    assert!(status == 0 && err.contains("W1103"), "{err}");
    // An entry that appliances of another folder use is used; one that none uses is told once.
    repository
        .write("applc.toml", &PROJECT.replace("\"nginx\" =", "\"mysql\" = \"9\", \"nginx\" ="));
    repository.write("apps/b/applc.toml", "environments.prod.images = { \"redis\" = \"8\" }\n");
    let (status, err) = error(&["check"]);
    assert!(status == 0 && err.matches("W1103").count() == 1 && err.contains("mysql"), "{err}");
    fs::remove_file(repository.path("apps/b/applc.toml")).unwrap();
    // An empty project is an error: pipelines remove what is no longer there.
    repository.write("applc.toml", &format!("appliances = [\"none/*.json\"]\n{PROJECT}"));
    let (status, err) = error(&["compile"]);
    assert!(status == 1 && err.contains("the project has no appliances"), "{err}");
}

#[test]
fn a_record_that_leads_elsewhere_is_refused() {
    let repository = Repository::new();
    repository.run(&["compile"]);
    let record = repository.read(MADE[0]);
    repository.write(MADE[0], &format!("{record}../applc.toml\n"));
    let before = repository.files();
    let (status, _, err) = repository.run(&["compile"]);
    assert_eq!(status, 1);
    assert!(err.contains("--> manifests/.applc-outputs:8:1\n"), "{err}");
    assert!(err.contains("`../applc.toml` is not the path of a file"), "{err}");
    assert!(repository.files() == before);
}

/// A second link stands for what a file system does that does not tell names apart by case.
#[cfg(unix)]
#[test]
fn a_file_whose_name_changes_only_in_case_is_kept() {
    let repository = Repository::new();
    assert_eq!(repository.run(&["compile"]).0, 0);
    fs::rename(repository.path("apps/a"), repository.path("apps/A")).unwrap();
    let before = repository.paths();
    let before: Vec<&String> = before.iter().filter(|path| path.contains("/apps/a/")).collect();
    assert_eq!(before.len(), 3);
    for path in &before {
        let after = repository.path(&path.replace("/apps/a/", "/apps/A/"));
        fs::create_dir_all(after.parent().unwrap()).unwrap();
        fs::hard_link(repository.path(path), after).unwrap();
    }
    let (status, _, err) = repository.run(&["compile"]);
    assert_eq!((status, err.as_str()), (0, "applc: 3 files changed, 3 files unchanged\n"));
    assert!(before.iter().all(|path| repository.path(path).is_file()), "{before:?}");
    let record = repository.read("manifests/.applc-outputs");
    assert!(record.contains("prod/apps/A/") && !record.contains("/apps/a/"), "{record}");
}

#[cfg(unix)]
#[test]
fn output_does_not_follow_links() {
    let repository = Repository::new();
    let elsewhere = tempfile::tempdir().unwrap();
    for place in ["manifests", "manifests/test/apps/a/compose"] {
        let link = repository.path(place);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), &link).unwrap();
        let (status, _, err) = repository.run(&["compile"]);
        fs::remove_file(&link).unwrap();
        assert_eq!(status, 3, "{err}");
        assert!(err.contains(&format!("error[E0506]: `{place}` is a link, and output")), "{err}");
    }
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[test]
fn one_file_is_read_in_an_environment() {
    let repository = Repository::new();
    let arguments = ["compile", "apps/b/b.appliance.yaml", "-t", "kubernetes", "--env", "prod"];
    let (status, out, err) = repository.run(&arguments);
    assert_eq!(status, 0, "{err}");
    assert!(out.contains("namespace: b-prod") && out.contains("replicas: 3"), "{out}");
    let (_, plan, _) = repository.run(&["plan", "apps/b/b.appliance.yaml", "--env", "prod"]);
    assert!(plan.contains("\"instances\": 3"), "{plan}");
    let (_, plan, _) = repository.run(&["plan", "apps/b/b.appliance.yaml"]);
    assert!(plan.contains("\"instances\": 1"), "{plan}");
    let (status, _, err) =
        repository.run(&["plan", "apps/b/b.appliance.yaml", "--env", "a", "--env", "b"]);
    assert!(status == 2 && err.contains("a file is read in one environment"), "{err}");
}

#[test]
fn a_line_of_the_output_is_traced_through_the_environment() {
    let repository = Repository::new();
    repository.run(&["compile"]);
    let line_of = |path: &str, text: &str| {
        let found = repository.read(path).lines().position(|line| line.contains(text));
        format!("{path}:{}", found.unwrap() + 1)
    };
    let trace = |place: &str| {
        let (status, out, err) = repository.run(&["trace", place]);
        assert_eq!(status, 0, "{err}");
        out
    };
    // An overlay, the table of images, the appliance, an option of the environment.
    let replicas = trace(&line_of(MADE[2], "replicas: 3"));
    assert!(replicas.contains("containers[0].instances at apps/b/b.prod.yaml:1:33"), "{replicas}");
    let image = trace(&line_of(MADE[1], "image: nginx:1.28"));
    assert!(image.contains("containers[0].image at applc.toml:10:22"), "{image}");
    let image = trace(&line_of(MADE[4], "image: nginx:1.27"));
    assert!(image.contains("containers[0].image at apps/a/a.appliance.json:1:"), "{image}");
    let namespace = trace(&line_of(MADE[2], "namespace: b-prod"));
    assert!(namespace.contains("option kubernetes.namespace at applc.toml:9:"), "{namespace}");
    let (status, json, _) =
        repository.run(&["trace", &line_of(MADE[1], "image: "), "--format", "json"]);
    assert!(status == 0 && json.contains("\"layer\": \"images\""), "{json}");
    // From a folder below, and a whole file.
    let (status, out, _) =
        repository.run_in("manifests/prod", &["trace", "apps/b/kubernetes/kubernetes.yaml"]);
    assert!(status == 0 && out.contains("replicas: 3"), "{out}");
    // An edited line has no answer.
    let edited = repository.read(MADE[2]).replace("replicas: 3", "replicas: 4");
    repository.write(MADE[2], &edited);
    let (status, _, err) = repository.run(&["trace", &line_of(MADE[2], "replicas: 4")]);
    assert!(status == 1 && err.contains("it is edited or stale"), "{err}");
    let (status, _, err) = repository.run(&["trace", MADE[2], "-t", "nomad"]);
    assert!(status == 2 && err.contains("is an output of apps/b/b.appliance.yaml"), "{err}");
}

/// A project of two appliances in one environment: exit status and messages of `applc check`.
fn two(settings: &str, first: &str, second: &str) -> (i32, String) {
    let repository = Repository(tempfile::tempdir().unwrap());
    repository.write("applc.toml", &format!("{settings}\n\n[environments.prod]\n"));
    repository.write("one.appliance.json", first);
    repository.write("two.appliance.json", second);
    let (status, out, err) = repository.run(&["check"]);
    (status, out + &err)
}

#[test]
fn what_two_appliances_claim_on_a_target_is_an_error() {
    let with_port = |id: &str, port: &str| {
        let ports = format!("\"network_mode\": \"bridge\", \"ports\": [{port}]");
        appliance(id, "nginx:1.27").replace("\"network_mode\": \"container\"", &ports)
    };
    let port = "{\"container_port\": 80, \"host_port\": 30080}";
    let other = "{\"container_port\": 80, \"host_port\": 30081}";
    let plain = |id: &str| appliance(id, "nginx:1.27");
    let job = |id: &str| plain(id).replace("\"service\"", "\"job\", \"cmd\": \"true\"");
    let shared = "default-targets = [\"kubernetes\"]\ntargets.kubernetes.namespace = \"team\"";
    let target = |name: &str| format!("default-targets = [\"{name}\"]");
    let (id, number) = ("another `id`", "another `host_port`, or none");
    let namespace = "another `id`, or another namespace";
    for (settings, first, second, claimed, help) in [
        (target("compose"), plain("a-b"), plain("A-b"), "project `a_b`", id),
        (
            target("compose"),
            with_port("a", port),
            with_port("b", port),
            "host port `30080/tcp`",
            number,
        ),
        (target("kubernetes"), plain("a"), plain("A"), "Namespace `a`", namespace),
        (
            target("kubernetes"),
            with_port("a", port),
            with_port("b", port),
            "node port `30080`",
            number,
        ),
        (shared.to_owned(), plain("a"), plain("A"), "in `team`", namespace),
        (target("nomad"), plain("a"), plain("a"), "job `a`", namespace),
        (target("nomad"), job("a"), job("a"), "job `a.web`", namespace),
        (target("marathon"), plain("a"), plain("A"), "group `/a`", id),
        (target("marathon"), job("a"), job("a"), "Chronos job `a.web`", id),
    ] {
        let (status, all) = two(&settings, &first, &second);
        assert_eq!((status, all.matches("E0505").count()), (1, 1), "{claimed}: {all}");
        let message =
            format!("{claimed} is also that of `one.appliance.json` in environment `prod`");
        assert!(
            all.contains("two.appliance.json:1:")
                && all.contains(&message)
                && all.contains(&format!("give one of them {help}")),
            "{claimed}: {all}"
        );
    }
    for (settings, first, second) in [
        (target("compose"), with_port("a", port), with_port("b", other)),
        (target("kubernetes"), with_port("a", port), with_port("b", other)),
        (target("nomad"), with_port("a", port), with_port("b", port)),
        (shared.to_owned(), plain("a"), plain("b")),
        (target("marathon"), job("a"), job("b")),
    ] {
        let (_, all) = two(&settings, &first, &second);
        assert!(!all.contains("E0505"), "{settings}: {all}");
    }
}

#[test]
fn what_is_claimed_twice_is_shown_in_both_files_and_nothing_is_written() {
    let repository = Repository::new();
    repository.write("apps/c/c.appliance.json", &appliance("a", "httpd:2"));
    let (status, _, err) = repository.run(&["compile"]);
    assert_eq!(status, 1);
    let places = ["apps/a/a.appliance.json:1:8", "apps/c/c.appliance.json:1:8"];
    assert!(places.iter().all(|place| err.contains(place)), "{err}");
    // Once for each target.
    assert_eq!(err.matches("error[E0505]").count(), 2, "{err}");
    assert!(!repository.path("manifests").exists());
}
