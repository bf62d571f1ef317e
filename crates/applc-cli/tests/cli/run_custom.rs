//! `up`, `status`, `logs`, `down` and `ls` on custom targets, whose commands are shell scripts.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use applc_run::{Appliances, ErrorKind, Folder};
use tempfile::TempDir;

const APPLIANCE: &str = r#"{"id":"App","containers":[
  {"id":"Web","type":"service","image":"nginx:1.27","resources":{"cpus":1,"mem":64}},
  {"id":"db","type":"service","image":"nginx:1.27","resources":{"cpus":1,"mem":64}}]}"#;

const TARGET: &str = r#"applc = 1
name = "mine"
description = "my platform"

[references]
address = "{{ name }}"

[names]
clean = "lower"

[[artifacts]]
template = "all.txt.j2"
path = "all.txt"

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

/// States as a text for people.
const TEXT: &str = r#"
[run]
up = ["/bin/sh", "{target}/up", "{id}", "{name}", "{output}"]
status = ["/bin/sh", "-c", "read up < all.txt; echo $up is up"]
logs = ["/bin/sh", "-c", "echo log of $0", "{container}"]
down = ["/bin/sh", "-c", "echo gone > $0", "{output}/../../../../gone"]
"#;

/// States as JSON, which a file of the test has.
const JSON: &str = r#"
[run]
up = ["/bin/sh", "{target}/up", "{id}", "{name}", "{output}"]
status = ["/bin/cat", "{target}/states"]
status-format = "json"
down = ["/bin/sh", "-c", "exit 0"]
"#;

/// A folder with an appliance and the target `mine`.
fn folder(run: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("app.json"), APPLIANCE).unwrap();
    let target = folder.path().join("mine");
    fs::create_dir(&target).unwrap();
    fs::write(target.join("target.toml"), TARGET.to_owned() + run).unwrap();
    fs::write(target.join("all.txt.j2"), "{{ appliance.name }}\n").unwrap();
    fs::write(target.join("up"), "echo starting $1 as $2\ntest \"$PWD\" -ef \"$3\"\n").unwrap();
    folder
}

/// Runs the program in a folder, without any engine: exit status, standard output, standard error.
fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("applc"));
    command.env_clear().env("PATH", folder).env("APPLC_STATE", folder.join("state"));
    let Output { status, stdout, stderr } =
        command.current_dir(folder).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

const UP: &[&str] = &["up", "app.json", "-t", "./mine"];

#[test]
fn the_commands_of_a_target_are_run() {
    let folder = folder(TEXT);
    let run = |arguments: &[&str]| run(folder.path(), arguments);
    let up = run(UP);
    assert_eq!(up, (0, "app is up\n".into(), "starting App as app\n".into()));
    // From now on, the folder of the target is not needed.
    fs::rename(folder.path().join("mine"), folder.path().join("other")).unwrap();
    assert_eq!(run(&["status", "App"]), (0, "app is up\n".into(), String::new()));
    assert_eq!(run(&["logs", "App", "Web"]), (0, "log of web\n".into(), String::new()));
    assert_eq!(run(&["logs", "App"]).1, "log of web\nlog of db\n");
    let (status, out, _) = run(&["status", "App", "--format", "json"]);
    assert!(status == 0 && out.contains("\"state\": \"submitted\""), "{out}");
    let (_, out, _) = run(&["ls"]);
    assert!(out.contains("App        mine    0/2 ready  app.json"), "{out}");
    let (status, _, err) = run(&["status", "App", "--drift"]);
    assert_eq!(
        (status, err.as_str()),
        (2, "applc: error: what would change is not known on `mine`\n")
    );

    let (status, _, err) = run(&["down", "App", "--purge"]);
    assert!(status == 2 && err.contains("volumes cannot be removed on `mine`"), "{err}");
    let (status, _, err) = run(&["down", "App", "-t", "./mine"]);
    assert!(status == 1 && err.contains("`./mine` is not the name of a target"), "{err}");
    let down = run(&["down", "App", "-t", "mine"]);
    assert_eq!(down, (0, String::new(), "applc: App: 2 containers removed\n".into()));
    assert_eq!(fs::read_to_string(folder.path().join("gone")).unwrap(), "gone\n");
    let (status, _, err) = run(&["down", "App", "-t", "mine"]);
    assert!(status == 1 && err.contains("no appliance `App` is known"), "{err}");
}

#[test]
fn a_command_that_fails_is_a_finding_at_the_appliance() {
    let folder = folder(TEXT);
    fs::write(folder.path().join("mine/up"), "echo no nodes >&2; exit 4\n").unwrap();
    let (status, out, err) = run(folder.path(), UP);
    assert_eq!((status, out.as_str()), (1, ""));
    assert!(err.starts_with("no nodes\nerror[E0902]: `/bin/sh "), "{err}");
    assert!(err.contains("ended with exit status 4\n --> app.json:1:7"), "{err}");
    // What a program reads has only the finding.
    let (_, _, err) = run(folder.path(), &[UP, &["--format", "json"]].concat());
    assert!(err.contains("E0902") && !err.contains("no nodes"), "{err}");
    // What was started is taken down all the same.
    let (status, _, err) = run(folder.path(), &["down", "App"]);
    assert_eq!(status, 0, "{err}");
}

#[test]
fn up_waits_for_states_in_json() {
    let folder = folder(JSON);
    let states = |db: &str| {
        let endpoint = r#"{"host": "h", "host_port": 31, "container_port": 80, "protocol": "tcp"}"#;
        let web = format!(r#"{{"id": "Web", "state": "running", "endpoints": [{endpoint}]}}"#);
        let text = format!(r#"{{"containers": [{web}, {{"id": "db", {db}}}]}}"#);
        fs::write(folder.path().join("mine/states"), text).unwrap();
    };
    states(r#""state": "failed", "why": "no space left""#);
    let (status, _, err) = run(folder.path(), UP);
    assert_eq!(status, 1);
    assert!(err.contains("error[E0902]: `db` cannot be started: no space left"), "{err}");
    assert!(err.contains("--> app.json:3:9") && err.contains("App: ready: Web;"), "{err}");
    states(r#""state": "running""#);
    let (status, out, err) = run(folder.path(), UP);
    assert_eq!(status, 0, "{err}");
    let table =
        "CONTAINER  STATE    ENDPOINTS\nWeb        running  h:31 -> 80\ndb         running\n";
    assert_eq!(out, table);
    assert!(!err.contains("nothing changed"), "that is not known: {err}");
    assert_eq!(run(folder.path(), &["status", "App"]).1, table);
    let (status, _, err) = run(folder.path(), &["logs", "App"]);
    assert_eq!((status, err.as_str()), (2, "applc: error: logs cannot be shown on `mine`\n"));
}

#[test]
fn answers_of_an_engine_never_act_on_a_terminal() {
    let acts = |text: &str| text.chars().any(|c| c.is_control() && c != '\n');
    // A text for people.
    let text = TEXT.replace("echo $up is up", r"printf 'up \\033[2J\\n'");
    let of_text = folder(&text);
    let (status, out, err) = run(of_text.path(), UP);
    assert_eq!((status, out.as_str()), (0, "up \\u{1b}[2J\n"), "{err}");
    // States with reasons and addresses.
    let of_json = folder(JSON);
    let why = r#""why": "\u001b[2J\n::error::x", "endpoints": [{"host": "\u001b[2J",
        "host_port": 1, "container_port": 2, "protocol": "tcp"}]"#;
    let states = |state: &str| {
        let web = format!(r#"{{"id": "Web", "state": "{state}", {why}}}"#);
        let text = format!(r#"{{"containers": [{web}, {{"id": "db", "state": "running"}}]}}"#);
        fs::write(of_json.path().join("mine/states"), text).unwrap();
    };
    for (state, expected) in [("failed", 1), ("running", 0)] {
        states(state);
        for arguments in [UP, &["status", "App"], &["status", "App", "--format", "json"], &["ls"]] {
            let (status, out, err) = run(of_json.path(), arguments);
            assert!(status == expected || arguments != UP, "{status} {out}{err}");
            assert!(!acts(&out) && !acts(&err), "{arguments:?}: {out:?}{err:?}");
            assert!(!format!("\n{out}\n{err}").contains("\n::error::"), "{out}{err}");
        }
    }
}

#[test]
fn nothing_is_run_that_was_not_asked_for() {
    let folder = folder(TEXT);
    fs::write(folder.path().join("mine/up"), "echo run > ../../../../run\n").unwrap();
    for arguments in [
        &["check", "app.json", "-t", "./mine"][..],
        &["compile", "app.json", "-t", "./mine", "-o", "out"],
        &["targets", "./mine"],
        &["target", "check", "./mine"],
    ] {
        let (status, _, err) = run(folder.path(), arguments);
        assert_eq!(status, 0, "{arguments:?}: {err}");
    }
    let (status, out, err) = run(folder.path(), &[UP, &["--dry-run"]].concat());
    assert_eq!((status, out.as_str()), (2, ""));
    assert_eq!(err, "applc: error: what would change is not known on `mine`\n");
    assert!(!folder.path().join("run").exists() && !folder.path().join("state").exists());
    assert_eq!(run(folder.path(), UP).0, 0);
    assert!(folder.path().join("run").exists());
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_commands_too() {
    use std::os::unix::process::ExitStatusExt;
    use std::process::Stdio;
    use std::time::{Duration, Instant};

    // They sleep when they may.
    let script = "test -e $0.on || exit 0; echo $$ > $0; exec /bin/sleep 60";
    let sleeps = format!(r#"["/bin/sh", "-c", "{script}", "{{output}}/../../../../pid"]"#);
    let commands = format!(
        "\n[run]\nup = [\"/bin/true\"]\nstatus = {sleeps}\nlogs = {sleeps}\ndown = {sleeps}\n"
    );
    let kill = |signal: &str, pid: &str| {
        let mut kill = Command::new("/bin/sh");
        kill.args(["-c", &format!("kill {signal} {pid}")]).stderr(Stdio::null());
        kill.status().unwrap().success()
    };
    for arguments in [["status", "App"], ["logs", "App"], ["down", "App"]] {
        let folder = folder(&commands);
        assert_eq!(run(folder.path(), UP).0, 0);
        fs::write(folder.path().join("pid.on"), "").unwrap();
        let mut command = Command::new(assert_cmd::cargo::cargo_bin("applc"));
        command.env_clear().env("PATH", folder.path());
        command.env("APPLC_STATE", folder.path().join("state"));
        command.current_dir(folder.path()).args(arguments);
        let mut program = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let began = Instant::now();
        let pid = loop {
            let pid = fs::read_to_string(folder.path().join("pid")).unwrap_or_default();
            if pid.ends_with('\n') {
                break pid.trim().to_owned();
            }
            assert!(began.elapsed() < Duration::from_secs(30), "{arguments:?} was not started");
            std::thread::sleep(Duration::from_millis(10));
        };
        assert!(kill("-TERM", &program.id().to_string()));
        assert_eq!(program.wait().unwrap().signal(), Some(15), "{arguments:?}");
        assert!(!kill("-0", &pid), "the command of {arguments:?} goes on");
    }
}

#[test]
fn the_service_runs_no_commands() {
    let folder = folder(TEXT);
    assert_eq!(run(folder.path(), UP).0, 0);
    // As the service makes them.
    let appliances = Appliances::new(Folder::at(folder.path().join("state")));
    for target in [None, Some("mine")] {
        let error = appliances.find("App", target).err().unwrap();
        assert_eq!(error.kind, ErrorKind::Unsupported);
    }
}

#[test]
fn a_target_without_commands_says_what_to_add() {
    let folder = folder("");
    let (status, out, err) = run(folder.path(), UP);
    assert_eq!((status, out.as_str()), (2, ""));
    let message =
        "the target `mine` does not say how its output is run; add `[run]` to `./mine/target.toml`";
    assert_eq!(err, format!("applc: error: {message}\n"));
}

#[test]
fn the_commands_of_a_target_are_shown() {
    let folder = folder(TEXT);
    let (_, out, _) = run(folder.path(), &["targets", "./mine"]);
    let commands = out.split("\nCommands, ").nth(1).unwrap_or_default();
    let lines: Vec<&str> = commands.lines().skip(1).collect();
    assert_eq!(lines.len(), 4, "{out}");
    assert_eq!(lines[0], r#"  up      "/bin/sh" "{target}/up" "{id}" "{name}" "{output}""#);
    assert!(lines[3].starts_with(r#"  down    "/bin/sh" "-c" "echo gone > $0""#), "{out}");
}
