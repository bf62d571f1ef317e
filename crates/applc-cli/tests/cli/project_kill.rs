//! Projects whose files cannot be written, or whose run is killed: no file is ever in part, files of others
//! stay, and the next run repairs the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::project::Repository;

const PROJECT: &str = r#"default-targets = ["compose", "kubernetes"]
output = "manifests/{environment}/{folder}/{target}"

[environments.test]

[environments.prod]
targets.kubernetes.namespace = "{id}-prod"
"#;

/// The appliances of a project.
const APPLIANCES: usize = 30;

/// What the sources of a project say: most files differ between the two, and some are of one only.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edition {
    One,
    Two,
}

/// A project with many appliances, and files of others.
struct Many {
    folder: Repository,
    /// What all files are to be, by edition.
    one: Files,
    two: Files,
}

type Files = BTreeMap<String, Vec<u8>>;

/// Files of others, between those that are made.
const FOREIGN: [&str; 2] = ["manifests/README.md", "manifests/test/apps/a00/compose/mine.yaml"];

impl Many {
    fn new() -> Many {
        let folder = Repository(tempfile::tempdir().unwrap());
        let mut many = Many { folder, one: Files::new(), two: Files::new() };
        many.folder.write("applc.toml", PROJECT);
        for path in FOREIGN {
            many.folder.write(path, "mine\n");
        }
        many.edit(Edition::Two);
        many.finish();
        many.two = many.files();
        many.edit(Edition::One);
        many.finish();
        many.one = many.files();
        many
    }

    /// Writes the sources of an edition.
    fn edit(&self, edition: Edition) {
        for at in 0..APPLIANCES {
            let folder = format!("apps/a{at:02}");
            let is_there = match edition {
                Edition::One => at % 5 != 1,
                Edition::Two => at % 5 != 2,
            };
            if is_there {
                let image = if edition == Edition::One { "nginx:1.27" } else { "nginx:1.28" };
                self.folder
                    .write(&format!("{folder}/a{at:02}.appliance.json"), &appliance(at, image));
            } else {
                let _ = fs::remove_dir_all(self.folder.path(&folder));
            }
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin("applc"));
        command.arg("compile").current_dir(self.folder.0.path());
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    /// Runs to the end.
    fn finish(&self) {
        let output = self.command().output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Runs in a shell after some commands.
    fn run_after(&self, commands: &str) -> Output {
        shell(&format!("{commands}\nexec {} compile", program()), self.folder.0.path())
    }

    /// All files below the output, but the record.
    fn files(&self) -> Files {
        let mut found = Files::new();
        collect(self.folder.0.path(), &self.folder.path("manifests"), &mut found);
        found.remove("manifests/.applc-outputs");
        found
    }

    /// Checks that each file has the content of one of the editions.
    fn check_whole(&self) {
        for (path, content) in self.files() {
            let is_whole =
                [&self.one, &self.two].iter().any(|all| all.get(&path) == Some(&content));
            assert!(is_whole, "{path}: {}", String::from_utf8_lossy(&content));
        }
        for path in FOREIGN {
            assert_eq!(fs::read_to_string(self.folder.path(path)).unwrap(), "mine\n", "{path}");
        }
    }

    /// Runs again, and checks that all is as if nothing had happened.
    fn check_repaired(&self, edition: Edition) {
        self.finish();
        let wanted = if edition == Edition::One { &self.one } else { &self.two };
        let found = self.files();
        let names = |files: &Files| files.keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(names(&found), names(wanted));
        assert!(found == *wanted);
        let record = fs::read_to_string(self.folder.path("manifests/.applc-outputs")).unwrap();
        let owned: Vec<String> = record
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| format!("manifests/{line}"))
            .collect();
        let made: Vec<String> =
            wanted.keys().filter(|path| !FOREIGN.contains(&path.as_str())).cloned().collect();
        assert_eq!(owned, made);
        let mut all = Files::new();
        collect(self.folder.0.path(), self.folder.0.path(), &mut all);
        let is_temporary = |path: &&String| {
            let name = path.rsplit('/').next().unwrap_or_default();
            name.starts_with(".applc-") && name != ".applc-outputs"
        };
        let left: Vec<&String> = all.keys().filter(is_temporary).collect();
        assert!(left.is_empty(), "{left:?}");
        assert!(!self.folder.path(".applc-cache/staging").exists());
        let empty = empty_folders(&self.folder.path("manifests"));
        assert!(empty.is_empty(), "{empty:?}");
    }
}

fn program() -> String {
    assert_cmd::cargo::cargo_bin("applc").display().to_string()
}

fn shell(script: &str, folder: &Path) -> Output {
    Command::new("sh").arg("-c").arg(script).current_dir(folder).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// An appliance whose output is not small.
fn appliance(at: usize, image: &str) -> String {
    let text = "x".repeat(if at == 0 { 40_000 } else { 200 });
    format!(
        "{{\"id\": \"a{at:02}\", \"containers\": [{{\"id\": \"web\", \"type\": \"service\", \"image\": \"{image}\", \
         \"network_mode\": \"container\", \"env\": {{\"IMAGE\": \"{image}\", \"TEXT\": \"{text}\"}}, \
         \"resources\": {{\"cpus\": 1, \"mem\": 64}}}}]}}\n"
    )
}

/// All files below a folder, but those of the cache.
fn collect(root: &Path, folder: &Path, found: &mut Files) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != ".applc-cache" {
                collect(root, &path, found);
            }
        } else {
            found.insert(name, fs::read(path).unwrap());
        }
    }
}

fn empty_folders(folder: &Path) -> Vec<PathBuf> {
    let entries: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let mut found: Vec<PathBuf> =
        entries.iter().filter(|path| path.is_dir()).flat_map(|path| empty_folders(path)).collect();
    if entries.is_empty() {
        found.push(folder.to_owned());
    }
    found
}

/// Waits until contents are prepared, or the run has ended.
fn wait_for_staging(many: &Many, child: &mut Child) {
    while !many.folder.path(".applc-cache/staging").exists() && child.try_wait().unwrap().is_none()
    {
        std::hint::spin_loop();
    }
}

/// Points at which a run is killed.
fn points() -> u32 {
    if std::env::var_os(applc_testing::DEEP).is_some() { 100 } else { 5 }
}

#[test]
fn a_killed_run_is_repaired_by_the_next_one() {
    let many = Many::new();
    let mut edition = Edition::One;
    // How long a run takes until it writes, and from then on.
    let mut writes = Duration::ZERO;
    let mut interrupted = 0;
    for point in 0..=points() {
        edition = if edition == Edition::One { Edition::Two } else { Edition::One };
        many.edit(edition);
        let mut child = many.command().spawn().unwrap();
        wait_for_staging(&many, &mut child);
        let begin = Instant::now();
        if point == 0 {
            child.wait().unwrap();
            writes = begin.elapsed();
        } else {
            std::thread::sleep(writes * (point - 1) / points());
            child.kill().unwrap();
            if !child.wait().unwrap().success() {
                interrupted += 1;
            }
        }
        many.check_whole();
        many.check_repaired(edition);
    }
    assert!(interrupted >= points() / 4, "only {interrupted} runs were killed before their end");
}

#[test]
fn a_terminated_run_is_repaired_by_the_next_one() {
    let many = Many::new();
    many.edit(Edition::Two);
    let mut child = many.command().spawn().unwrap();
    wait_for_staging(&many, &mut child);
    shell(&format!("kill -TERM {}", child.id()), Path::new("/"));
    child.wait().unwrap();
    many.check_whole();
    many.check_repaired(Edition::Two);
}

#[test]
fn runs_at_the_same_time_end_well() {
    let many = Many::new();
    many.edit(Edition::Two);
    let runs: Vec<Child> = (0..3).map(|_| many.command().spawn().unwrap()).collect();
    for run in runs {
        let output = run.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
    }
    assert!(many.files() == many.two);
    many.check_repaired(Edition::Two);
}

#[test]
fn a_full_disk_leaves_the_old_files() {
    let many = Many::new();
    let before = many.files();
    many.edit(Edition::Two);
    // Blocks of 512 or 1,024 bytes, depending on the shell.
    let output = many.run_after("trap '' XFSZ; ulimit -f 16");
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("error[E0506]: cannot write `"), "{}", stderr(&output));
    assert!(many.files() == before);
    many.check_repaired(Edition::Two);
}

#[test]
fn a_run_needs_few_open_files() {
    let many = Many::new();
    many.edit(Edition::Two);
    let output = many.run_after("ulimit -n 32");
    assert!(output.status.success(), "{}", stderr(&output));
    many.check_repaired(Edition::Two);
}

#[test]
fn what_is_read_only_stays() {
    let mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    let many = Many::new();
    let before = many.files();
    many.edit(Edition::Two);
    for path in ["manifests/test/apps/a29/compose/compose.yaml", "manifests/test/apps/a29/compose"]
    {
        let place = many.folder.path(path);
        let kept = fs::metadata(&place).unwrap().permissions().mode();
        mode(&place, 0o555);
        let output = many.run_after("");
        mode(&place, kept);
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        let error = stderr(&output);
        assert!(error.contains(path) && error.contains("is read-only"), "{error}");
        assert!(many.files() == before, "{path}");
    }
    many.check_repaired(Edition::Two);
}

#[test]
fn a_file_in_place_of_a_folder_stays() {
    let many = Many::new();
    many.edit(Edition::Two);
    let in_the_way = "manifests/test/apps/a00/compose";
    fs::remove_dir_all(many.folder.path(in_the_way)).unwrap();
    many.folder.write(in_the_way, "mine too\n");
    let before = many.files();
    let output = many.run_after("");
    assert_eq!(output.status.code(), Some(3));
    assert!(
        stderr(&output).contains("`manifests/test/apps/a00/compose` is a file"),
        "{}",
        stderr(&output)
    );
    assert!(many.files() == before);
    // Where nothing is to be made any more, it is the file of others that it is.
    let gone = "manifests/prod/apps/a02";
    fs::remove_file(many.folder.path(in_the_way)).unwrap();
    fs::remove_dir_all(many.folder.path(gone)).unwrap();
    many.folder.write(gone, "mine too\n");
    many.finish();
    assert_eq!(fs::read_to_string(many.folder.path(gone)).unwrap(), "mine too\n");
    fs::remove_file(many.folder.path(gone)).unwrap();
    many.folder.write(FOREIGN[1], "mine\n");
    many.check_repaired(Edition::Two);
}

#[test]
fn a_name_that_is_too_long_is_a_finding() {
    let many = Many::new();
    let before = many.files();
    let long = "{id}-".repeat(64);
    many.folder.write("applc.toml", &PROJECT.replace("{folder}", &format!("{{folder}}/{long}x")));
    let output = many.run_after("");
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let error = stderr(&output);
    assert!(error.contains("whose name has 257 bytes; at most 255 are possible"), "{error}");
    assert!(error.contains("applc.toml:2:"), "{error}");
    assert!(many.files() == before);
}

/// Output on another file system than the cache: a folder in memory, mounted for one run only.
#[cfg(target_os = "linux")]
mod elsewhere {
    use super::*;

    /// Runs a script with a file system of this size in place of the output. `None` if mounts are not allowed.
    fn mounted(many: &Many, size: &str, script: &str) -> Option<Output> {
        let mount = format!("mount -t tmpfs -o size={size} none manifests");
        let inside = |script: &str| {
            let script = format!("{mount} && {script}");
            Command::new("unshare")
                .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script])
                .current_dir(many.folder.0.path())
                .output()
        };
        if !inside("true").is_ok_and(|output| output.status.success()) {
            eprintln!("not checked: mounts are not allowed here");
            return None;
        }
        Some(inside(script).unwrap())
    }

    #[test]
    fn output_on_another_file_system_is_written() {
        let many = Many::new();
        let program = program();
        let script = format!(
            "{program} compile && {program} compile --check && find manifests -name '.applc-*' && cat manifests/test/apps/a00/compose/compose.yaml"
        );
        let Some(output) = mounted(&many, "10m", &script) else { return };
        let error = stderr(&output);
        assert!(output.status.success(), "{error}");
        assert!(error.contains("96 files made"), "{error}");
        let out = String::from_utf8_lossy(&output.stdout);
        let compose = many.one.get("manifests/test/apps/a00/compose/compose.yaml").unwrap();
        assert_eq!(out, format!("manifests/.applc-outputs\n{}", String::from_utf8_lossy(compose)));
    }

    #[test]
    fn a_run_that_is_killed_while_it_copies_is_repaired() {
        let many = Many::new();
        let program = program();
        // Copies beside their places are in the record before they are made.
        let script = format!(
            "{program} compile && for i in 1 2 3 4 5 6; do
               sed -i 's/TEXT\": \"/TEXT\": \"y/' apps/*/*.json
               {program} compile & pid=$!
               while [ ! -e .applc-cache/staging/95 ] && kill -0 $pid 2>/dev/null; do :; done
               n=0; while [ $n -lt $((i * 40)) ]; do n=$((n + 1)); done
               kill -9 $pid; wait $pid
               for copy in $(find manifests -name '.applc-[0-9]*'); do
                 grep -q \"^${{copy#manifests/}}\\$\" manifests/.applc-outputs || echo \"unnoticed: $copy\"
               done
             done
             {program} compile && find manifests -name '.applc-*' && {program} compile --check"
        );
        let Some(output) = mounted(&many, "10m", &script) else { return };
        let error = stderr(&output);
        assert!(output.status.success(), "{error}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "manifests/.applc-outputs\n");
    }

    #[test]
    fn a_full_disk_elsewhere_leaves_the_old_files() {
        let many = Many::new();
        let program = program();
        // Two contents of all files do not fit.
        let script = format!(
            "{program} compile && find manifests -type f ! -name .applc-outputs | sort | xargs cat | cksum > before
             sed -i 's/TEXT\": \"/TEXT\": \"y/' apps/*/*.json
             {program} compile; echo \"status $?\"
             find manifests -type f ! -name .applc-outputs | sort | xargs cat | cksum | cmp - before && echo same"
        );
        let Some(output) = mounted(&many, "900k", &script) else { return };
        let error = stderr(&output);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "status 3\nsame\n", "{error}");
        assert!(error.contains("cannot write"), "{error}");
    }
}
