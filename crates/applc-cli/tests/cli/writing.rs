//! Files that `compile -o DIR` and others write: all or none, each whole, and nothing else, also if the program is ended.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::project::{Repository, appliance};

const MANIFEST: &str = r#"applc = 1
name = "mine"
description = "one file for each container"
references = { address = "{{ name }}" }

[[artifacts]]
for = "container"
template = "one.yaml.j2"
path = "{{ container.name }}/one.yaml"

[fields]
"id" = "carried"
"containers[].id" = "carried"
"containers[].type: service" = "carried"
"containers[].image" = "carried"
"containers[].resources.cpus" = "carried"
"containers[].resources.mem" = "carried"
"containers[].network_mode: host" = "carried"
"containers[].force_pull_image" = "carried"
"*" = { rejected = "not here" }
"#;

/// An appliance with many containers, and a target that makes a file of each.
struct Many {
    folder: Repository,
    containers: usize,
}

type Files = BTreeMap<String, String>;

impl Many {
    fn new(containers: usize) -> Many {
        let many = Many { folder: Repository(tempfile::tempdir().unwrap()), containers };
        many.folder.write("mine/target.toml", MANIFEST);
        many.folder
            .write("mine/one.yaml.j2", "image: {{ container.image }}\ntext: {{ 'x' * 3000 }}\n");
        many.edit("nginx:1.27");
        many
    }

    fn edit(&self, image: &str) {
        let container = |at: usize| {
            format!(
                "{{\"id\": \"c{at:03}\", \"type\": \"service\", \"image\": \"{image}\", \"network_mode\": \"host\", \
                 \"resources\": {{\"cpus\": 1, \"mem\": 64}}}}"
            )
        };
        let containers: Vec<String> = (0..self.containers).map(container).collect();
        let text = format!("{{\"id\": \"app\", \"containers\": [{}]}}\n", containers.join(",\n"));
        self.folder.write("app.json", &text);
    }

    fn command(&self) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin("applc"));
        command.args(["compile", "app.json", "--target", "./mine", "-o", "out"]);
        command.current_dir(self.folder.0.path()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    fn finish(&self) -> Files {
        let output = self.command().output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        self.files()
    }

    /// Runs a script; `$APPLC` compiles.
    fn script(&self, script: &str) -> Output {
        let program = assert_cmd::cargo::cargo_bin("applc");
        let compile = format!("{} compile app.json --target ./mine -o out", program.display());
        let mut shell = Command::new("sh");
        shell.args(["-c", script]).env("APPLC", compile).current_dir(self.folder.0.path());
        shell.output().unwrap()
    }

    /// All files below the output.
    fn files(&self) -> Files {
        let mut found = Files::new();
        collect(&self.folder.path("out"), &self.folder.path("out"), &mut found);
        found
    }
}

fn collect(root: &Path, folder: &Path, found: &mut Files) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, found);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            found.insert(name, fs::read_to_string(path).unwrap());
        }
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The status and the errors of a run in a folder.
fn run(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("applc"));
    let output = command.args(arguments).current_dir(folder).output().unwrap();
    (output.status.code().unwrap(), stderr(&output))
}

/// Waits until contents are prepared, or the run has ended.
fn wait_for_staging(many: &Many, child: &mut Child) {
    let is_begun = || {
        let names = fs::read_dir(many.folder.path("out")).into_iter().flatten().flatten();
        names.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with(".applc-tmp"))
    };
    while !is_begun() && child.try_wait().unwrap().is_none() {
        std::hint::spin_loop();
    }
}

/// Points at which a run is ended.
fn points() -> u32 {
    if std::env::var_os(applc_testing::DEEP).is_some() { 100 } else { 4 }
}

#[test]
fn many_files_need_few_open_files() {
    let many = Many::new(500);
    let output = many.script("ulimit -n 64; exec $APPLC");
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(many.files().len(), 500);
}

#[test]
fn a_run_that_is_ended_at_any_point_leaves_whole_files_and_nothing_else() {
    let many = Many::new(60);
    let editions = ["nginx:1.28", "nginx:1.27"].map(|image| {
        many.edit(image);
        many.finish()
    });
    let images = ["nginx:1.28", "nginx:1.27"];
    let mut writes = Duration::ZERO;
    let mut interrupted = BTreeMap::new();
    for point in 0..=points() {
        for signal in ["KILL", "TERM", "INT", "HUP"] {
            let at = (point as usize + signal.len()) % 2;
            many.edit(images[at]);
            // The other edition is there.
            many.edit(images[1 - at]);
            many.finish();
            many.edit(images[at]);
            let mut child = many.command().spawn().unwrap();
            wait_for_staging(&many, &mut child);
            let begin = Instant::now();
            if point == 0 {
                child.wait().unwrap();
                writes = begin.elapsed();
                continue;
            }
            std::thread::sleep(writes * (point - 1) / points());
            let kill = format!("kill -{signal} {}", child.id());
            Command::new("sh").args(["-c", &kill]).output().unwrap();
            if child.wait().unwrap().signal().is_some() {
                *interrupted.entry(signal).or_insert(0) += 1;
            }
            let files = many.files();
            if signal == "KILL" {
                let made = files.iter().filter(|(name, _)| !name.starts_with(".applc-tmp"));
                for (name, text) in made {
                    assert!(editions.iter().any(|all| all.get(name) == Some(text)), "{name}");
                }
            } else {
                // All or none, and nothing that is temporary.
                assert!(editions.contains(&files), "{signal} at {point}: {:?}", files.keys());
            }
            let repaired = many.finish();
            let names = repaired.keys();
            assert!(repaired == editions[at], "{signal} at {point}: {names:?}");
            assert_eq!(fs::read_dir(many.folder.path("out")).unwrap().count(), many.containers);
        }
    }
    eprintln!("ended by a signal, of {} runs each: {interrupted:?}", points());
    let all: u32 = interrupted.values().sum();
    assert!(all >= points(), "only {interrupted:?} of {} runs each were ended", points());
}

#[test]
fn a_signal_that_is_ignored_ends_nothing() {
    let many = Many::new(60);
    let script = "trap '' HUP INT; $APPLC & pid=$!
        while [ ! -d out ] && kill -0 $pid 2>/dev/null; do :; done
        kill -HUP $pid; kill -INT $pid; wait $pid";
    let output = many.script(script);
    assert!(output.status.success(), "{:?} {}", output.status, stderr(&output));
    assert_eq!(many.files().len(), 60);
}

#[test]
fn runs_into_one_folder_at_the_same_time_end_well() {
    let many = Many::new(60);
    many.edit("nginx:1.28");
    let wanted = many.finish();
    many.edit("nginx:1.27");
    many.finish();
    many.edit("nginx:1.28");
    let runs: Vec<Child> = (0..4).map(|_| many.command().spawn().unwrap()).collect();
    for run in runs {
        let output = run.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
    }
    assert_eq!(many.files(), wanted);
}

#[test]
fn a_full_disk_and_a_limit_of_size_leave_the_old_files() {
    let many = Many::new(40);
    let before = many.finish();
    many.edit("nginx:1.28");
    // Blocks of 512 or 1,024 bytes, depending on the shell.
    for script in ["ulimit -f 2; exec $APPLC", "trap '' XFSZ; ulimit -f 2; exec $APPLC"] {
        let output = many.script(script);
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        assert!(stderr(&output).contains("cannot write `"), "{}", stderr(&output));
        assert_eq!(many.files(), before);
    }
    // Two contents of all files do not fit.
    let script = "mount -t tmpfs -o size=300k none out && cp -r saved/. out/ || exit 77
        $APPLC; echo $?; diff -r saved out && echo same";
    many.script("cp -r out saved");
    let mut command = Command::new("unshare");
    let program = assert_cmd::cargo::cargo_bin("applc");
    let compile = format!("{} compile app.json --target ./mine -o out", program.display());
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]);
    let output = command.env("APPLC", compile).current_dir(many.folder.0.path()).output();
    match output {
        Ok(output) if output.status.code() != Some(77) && !output.stdout.is_empty() => {
            let out = String::from_utf8_lossy(&output.stdout);
            assert_eq!(out, "3\nsame\n", "{}", stderr(&output));
        }
        _ => eprintln!("not checked: mounts are not allowed here"),
    }
}

#[test]
fn a_thread_that_the_system_refuses_is_an_error() {
    if rustix::process::geteuid().is_root() {
        return eprintln!("not checked: the limit is not for root");
    }
    let many = Many::new(1);
    many.folder.write("applc.toml", "default-targets = [\"compose\"]\n");
    for command in ["check", "compile --check", "lsp"] {
        let program = assert_cmd::cargo::cargo_bin("applc");
        let limit = "ulimit -u 1 2>/dev/null || ulimit -p 1";
        let script = format!("{limit}; exec {} {command} </dev/null", program.display());
        let mut shell = Command::new("sh");
        let output = shell.args(["-c", &script]).current_dir(many.folder.0.path()).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(3), "{command}: {}", stderr(&output));
        let message = "applc: error: cannot start a thread: ";
        assert!(stderr(&output).starts_with(message), "{command}: {}", stderr(&output));
    }
}

/// The arguments alone need more stack than some users give a program.
#[test]
fn a_small_stack_is_no_error() {
    let many = Many::new(1);
    many.finish();
    for command in ["check app.json", "compile app.json --target ./mine -o out", "lsp", "--help"] {
        let program = assert_cmd::cargo::cargo_bin("applc");
        let script = format!("ulimit -s 64; exec {} {command} </dev/null", program.display());
        let mut shell = Command::new("sh");
        let output = shell.args(["-c", &script]).current_dir(many.folder.0.path()).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(0), "{command}: {}", stderr(&output));
    }
}

#[test]
fn what_is_in_the_way_of_a_later_file_keeps_all() {
    let many = Many::new(3);
    let before = many.finish();
    many.edit("nginx:1.28");
    let last = many.folder.path("out/c002/one.yaml");
    let content = fs::read_to_string(&last).unwrap();
    fs::remove_file(&last).unwrap();
    let outside = many.folder.path("outside");
    fs::write(&outside, "mine").unwrap();
    for (what, message) in
        [("folder", "it is a folder"), ("link", "it is a link"), ("pipe", "not a regular file")]
    {
        match what {
            "folder" => fs::create_dir(&last).unwrap(),
            "link" => symlink(&outside, &last).unwrap(),
            _ => assert!(Command::new("mkfifo").arg(&last).status().unwrap().success()),
        }
        let (status, err) =
            run(many.folder.0.path(), &["compile", "app.json", "--target", "./mine", "-o", "out"]);
        assert!(status == 3 && err.contains(message) && err.contains("c002/one.yaml"), "{err}");
        match what {
            "folder" => fs::remove_dir(&last).unwrap(),
            _ => fs::remove_file(&last).unwrap(),
        }
        assert_eq!(many.files().len(), 2, "{what}");
        assert_eq!(many.files().get("c001/one.yaml"), before.get("c001/one.yaml"), "{what}");
    }
    fs::write(&last, content).unwrap();
    assert_eq!(fs::read_to_string(outside).unwrap(), "mine");
}

#[test]
fn what_was_read_is_not_written() {
    let many = Many::new(1);
    many.folder.write("over.yaml", "id: app\n");
    many.folder.write("applc.toml", "# mine\n");
    symlink("app.json", many.folder.path("link.json")).unwrap();
    fs::hard_link(many.folder.path("app.json"), many.folder.path("hard.json")).unwrap();
    let before: Vec<Vec<u8>> =
        ["app.json", "over.yaml", "applc.toml", "mine/one.yaml.j2", "mine/target.toml"]
            .map(|path| fs::read(many.folder.path(path)).unwrap())
            .into();
    for output in [
        "app.json",
        "./app.json",
        "link.json",
        "hard.json",
        "over.yaml",
        "applc.toml",
        "mine/one.yaml.j2",
        "mine/target.toml",
    ] {
        let arguments =
            ["compile", "app.json", "--target", "./mine", "--overlay", "over.yaml", "-o", output];
        let (status, err) = run(many.folder.0.path(), &arguments);
        assert!(status != 0 && err.contains("was read to make the output"), "{output}: {err}");
    }
    for command in ["graph", "import"] {
        let (status, err) = run(many.folder.0.path(), &[command, "app.json", "-o", "link.json"]);
        assert_ne!(status, 0, "{command}: {err}");
    }
    let after: Vec<Vec<u8>> =
        ["app.json", "over.yaml", "applc.toml", "mine/one.yaml.j2", "mine/target.toml"]
            .map(|path| fs::read(many.folder.path(path)).unwrap())
            .into();
    assert_eq!(before, after);
}

#[test]
fn a_path_back_from_a_folder_that_does_not_exist_leads_nowhere() {
    let many = Many::new(1);
    many.folder.write("over.yaml", "id: app\n");
    many.folder.write("applc.toml", "# mine\n");
    many.folder.write("c.yaml", "services:\n  web:\n    image: nginx:1.27\n");
    let all = ["app.json", "over.yaml", "applc.toml", "mine/one.yaml.j2", "c.yaml"];
    let read = || all.map(|path| fs::read(many.folder.path(path)).unwrap());
    let (before, count) = (read(), fs::read_dir(many.folder.0.path()).unwrap().count());
    let compile = ["compile", "app.json", "--target", "./mine", "--overlay", "over.yaml", "-o"];
    let one = ["compile", "app.json", "-t", "compose", "-o"];
    for (arguments, output, message) in [
        (&one[..], "nosub/../app.json", "there is no folder `nosub`"),
        (&one, "nosub/../new.yaml", "there is no folder `nosub`"),
        (&one, "mine/nosub/deep/../../../app.json", "there is no folder `mine/nosub/deep`"),
        (&one, "app.json/../app.json", "`app.json` is a file and not a folder"),
        (&compile, "nosub/../over.yaml", "there is no folder `nosub`"),
        (&compile, "nosub/../applc.toml", "there is no folder `nosub`"),
        (&compile, "nosub/../mine/one.yaml.j2", "there is no folder `nosub`"),
        (&compile, "nosub/../mine/", "there is no folder `nosub`"),
        (&["graph", "app.json", "-o"], "nosub/../app.json", "there is no folder `nosub`"),
        (&["import", "c.yaml", "-o"], "nosub/../c.yaml", "there is no folder `nosub`"),
    ] {
        let (status, err) = run(many.folder.0.path(), &[arguments, &[output]].concat());
        assert!(status == 3 && err.contains(message), "{arguments:?} {output}: {status} {err}");
    }
    assert_eq!(read(), before);
    assert_eq!(fs::read_dir(many.folder.0.path()).unwrap().count(), count);
    // What exists is a way.
    let (status, err) = run(many.folder.0.path(), &[&one[..], &["mine/../new.yaml"]].concat());
    assert!(status == 0 && many.folder.path("new.yaml").is_file(), "{err}");
}

#[test]
fn a_fix_keeps_what_the_file_is() {
    // A trailing comma has a safe fix.
    let text = "{\"id\": \"app\", \"containers\": [{\"id\": \"web\", \"type\": \"service\", \"image\": \"nginx:1.27\", \
                \"network_mode\": \"host\", \"resources\": {\"cpus\": 1, \"mem\": 64},}]}\n";
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    let mode =
        |path: &str, mode| fs::set_permissions(at(path), fs::Permissions::from_mode(mode)).unwrap();
    fs::write(at("app.json"), text).unwrap();
    mode("app.json", 0o640);
    fs::hard_link(at("app.json"), at("hard.json")).unwrap();
    symlink("app.json", at("link.json")).unwrap();
    let (status, err) = run(folder.path(), &["check", "--fix", "link.json"]);
    assert_eq!(status, 0, "{err}");
    let data = fs::metadata(at("app.json")).unwrap();
    assert_eq!((data.nlink(), data.mode() & 0o777), (2, 0o640));
    assert!(at("link.json").is_symlink());
    let fixed = fs::read_to_string(at("hard.json")).unwrap();
    assert_ne!(fixed, text);
    fs::write(at("app.json"), text).unwrap();
    mode("app.json", 0o440);
    let (status, err) = run(folder.path(), &["check", "--fix", "app.json"]);
    assert!(status == 3 && err.contains("it is read-only"), "{err}");
    assert_eq!(fs::read_to_string(at("app.json")).unwrap(), text);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
}

/// What `-o` names is the choice of the user; what is below it is that of targets.
#[test]
fn output_goes_where_the_user_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    fs::write(at("app.json"), appliance("app", "nginx:1.27")).unwrap();
    ["elsewhere", ".git", "out"].iter().for_each(|name| fs::create_dir(at(name)).unwrap());
    symlink("elsewhere", at("link")).unwrap();
    symlink("../elsewhere", at("out/compose")).unwrap();
    for (place, made) in [
        ("link/x.yaml", "elsewhere/x.yaml"),
        ("link/", "elsewhere/compose.yaml"),
        (".git/x.yaml", ".git/x.yaml"),
    ] {
        let (status, err) =
            run(folder.path(), &["compile", "app.json", "-t", "compose", "-o", place]);
        assert_eq!((status, at(made).is_file()), (0, true), "{place}: {err}");
    }
    let (status, err) =
        run(folder.path(), &["compile", "app.json", "-t", "compose", "-o", "app.json"]);
    assert!(status == 2 && err.contains("was read to make the output"), "{err}");
    let both = ["compile", "app.json", "-t", "compose", "-t", "nomad", "-o", "out"];
    let (status, err) = run(folder.path(), &both);
    assert!(status == 3 && err.contains("`out/compose`: it is a link"), "{err}");
}

#[test]
fn nothing_is_called_fixed_that_is_not_written() {
    let text = appliance("app", "nginx:1.27").replace("service", "Service");
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    let mode =
        |path: &str, mode| fs::set_permissions(at(path), fs::Permissions::from_mode(mode)).unwrap();
    fs::create_dir(at("folder")).unwrap();
    for name in ["a.json", "b.json", "folder/c.json"] {
        fs::write(at(name), &text).unwrap();
    }
    mode("a.json", 0o444);
    mode("folder", 0o555);
    let files = ["check", "--fix", "a.json", "b.json", "folder/c.json"];
    let (status, err) = run(folder.path(), &files);
    assert_eq!(status, 3, "{err}");
    let fixed: Vec<&str> = err.lines().filter(|line| line.contains(": fixed ")).collect();
    assert_eq!(fixed, ["applc: b.json:1:52: fixed E0204: invalid value `Service` for `type`"]);
    for (name, cause) in
        [("a.json", "it is read-only"), ("folder/c.json", "the folder `folder` is read-only")]
    {
        let message =
            format!("error[E0506]: cannot write `{name}`: {cause}; nothing in it is fixed\n");
        assert!(err.contains(&message), "{err}");
        assert_eq!(fs::read_to_string(at(name)).unwrap(), text);
        // The finding is still there.
        assert!(
            err.contains(&format!(
                "error[E0204]: invalid value `Service` for `type`\n --> {name}:1:"
            )),
            "{err}"
        );
    }
    assert!(fs::read_to_string(at("b.json")).unwrap().contains("\"service\""));
    mode("folder", 0o755);
}

#[test]
fn a_file_of_any_size_is_replaced_without_being_read() {
    let many = Many::new(2);
    let expected = many.finish();
    let place = many.folder.path("out/c001/one.yaml");
    let large = fs::File::create(&place).unwrap();
    // To read so much takes longer than the limit of the processor's time.
    large.set_len(16 << 30).unwrap();
    let output = many.script("ulimit -t 3; $APPLC");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(many.files(), expected);
}

/// A pipe of the program itself has no path.
#[cfg(target_os = "linux")]
#[test]
fn output_can_be_written_to_a_pipe_that_is_named() {
    let many = Many::new(1);
    let program = assert_cmd::cargo::cargo_bin("applc");
    let script = format!("{} graph app.json -o /dev/stdout | cat", program.display());
    let output = many.script(&script);
    assert!(output.status.success() && !output.stdout.is_empty(), "{output:?}");
}
