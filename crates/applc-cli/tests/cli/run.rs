//! `up`, `status`, `logs`, `down` and `ls` without an engine: what they say before they reach one.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

const GOOD: &str = r#"{"id":"app","containers":[
  {"id":"web","type":"service","image":"nginx:1.27","resources":{"cpus":1,"mem":64},"network_mode":"bridge"}]}"#;

/// Runs the program in a folder, without any other program: exit status, standard output, standard error.
fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("applc").unwrap();
    command.env_clear().env("PATH", folder).env("APPLC_STATE", folder.join("state"));
    let output = command.current_dir(folder).args(arguments).output().unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// A folder with an appliance.
fn folder(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("app.json"), text).unwrap();
    folder
}

#[test]
fn a_missing_engine_is_an_error_of_its_own() {
    let folder = folder(GOOD);
    for (target, program) in [("compose", "docker"), ("kubernetes", "kubectl")] {
        for arguments in [
            &["up", "app.json", "-t", target][..],
            &["up", "app.json", "-t", target, "--dry-run"],
            &["status", "app", "-t", target],
            &["down", "app", "-t", target],
        ] {
            let (status, out, err) = run(folder.path(), arguments);
            assert_eq!((status, out.as_str()), (3, ""), "{arguments:?}");
            let message = format!("applc: error: `{program}` is not installed\n");
            assert_eq!(err, message, "{arguments:?}");
        }
    }
    // Without a target, all are asked.
    for arguments in [
        &["status", "app"][..],
        &["status", "app", "--format", "json"],
        &["logs", "app"],
        &["down", "app"],
        &["ls"],
    ] {
        let (status, out, err) = run(folder.path(), arguments);
        assert_eq!((status, out.as_str()), (3, ""), "{arguments:?}");
        // Without a target, all engines are named.
        let names_target = arguments.contains(&"compose");
        let begin = if names_target { "" } else { "no engine is set up: " };
        let begin = format!("applc: error: {begin}`docker` is not installed");
        assert!(err.starts_with(&begin), "{arguments:?}: {err}");
    }
    assert!(!folder.path().join("state").exists(), "nothing is kept of what was not handed over");
}

#[test]
fn an_environment_has_its_overlays() {
    let folder = folder(GOOD);
    fs::write(
        folder.path().join("applc.toml"),
        "[environments.prod]\noverlay = \"{name}.prod.yaml\"\n",
    )
    .unwrap();
    fs::write(folder.path().join("app.prod.yaml"), "containers: { wbe: { instances: 3 } }\n")
        .unwrap();
    let up = ["up", "app.json", "-t", "compose", "--env", "prod"];
    let (status, _, err) = run(folder.path(), &up);
    assert!(status == 1 && err.contains("E1101") && err.contains("app.prod.yaml:1"), "{err}");
    // The engine is what is missing without it.
    assert_eq!(run(folder.path(), &up[..4]).0, 3);
}

#[test]
fn errors_in_the_appliance_come_first() {
    let folder = folder(&GOOD.replace("nginx:1.27", "a b"));
    let (status, _, err) = run(folder.path(), &["up", "app.json", "-t", "compose"]);
    assert_eq!(status, 1);
    assert!(err.contains("error[") && !err.contains("docker"), "{err}");
}

#[test]
fn an_engine_whose_address_is_not_set_says_how_to_set_it() {
    let folder = folder(GOOD);
    let (status, _, err) = run(folder.path(), &["up", "app.json", "-t", "marathon"]);
    assert_eq!(status, 3);
    assert!(err.contains("set `MARATHON_URL`, for example to `http://marathon:8080`"), "{err}");
}

#[test]
fn up_takes_one_target() {
    let folder = folder(GOOD);
    let (status, _, err) = run(folder.path(), &["up", "app.json"]);
    assert_eq!((status, err.as_str()), (2, "applc: error: no target given; use `--target NAME`\n"));
    let (status, _, err) = run(folder.path(), &["up", "app.json", "-t", "compose", "-t", "nomad"]);
    assert_eq!(status, 2);
    assert_eq!(err, "applc: error: an appliance is brought up on one target at a time\n");
    let (status, _, err) = run(folder.path(), &["up", "app.json", "-t", "composr"]);
    assert_eq!(status, 2);
    assert!(err.contains("did you mean `compose`?"), "{err}");
}

#[cfg(unix)]
mod with_an_engine {
    //! A program in the place of Docker, which answers as Docker does.

    use std::fs::File;
    use std::process::{Command, Output};

    use super::*;

    /// Runs the program in a folder with the engine and some variables.
    fn command(folder: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Command {
        let engine = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/engine");
        let mut command = Command::new(assert_cmd::cargo::cargo_bin("applc"));
        command.env_clear().env("PATH", engine).env("APPLC_STATE", folder.join("state"));
        command.envs(variables.iter().copied()).current_dir(folder).args(arguments);
        command
    }

    fn run(folder: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> (i32, String, String) {
        let Output { status, stdout, stderr } =
            command(folder, variables, arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (status.code().unwrap(), text(stdout), text(stderr))
    }

    const UP: &[&str] = &["up", "app.json", "-t", "compose"];

    #[test]
    fn up_of_what_runs_says_so_to_people_only() {
        let folder = folder(GOOD);
        let (status, out, err) = run(folder.path(), &[("RUNS", "1")], UP);
        assert_eq!(
            (status, out.as_str()),
            (0, "CONTAINER  STATE    ENDPOINTS\nweb        running\n")
        );
        assert!(err.ends_with("applc: app: nothing changed\n"), "{err}");
        let json = [UP, &["--format", "json"]].concat();
        let (status, _, err) = run(folder.path(), &[("RUNS", "1")], &json);
        assert_eq!(status, 0);
        assert!(serde_json::from_str::<serde_json::Value>(&err).is_ok(), "{err}");
    }

    #[test]
    fn a_container_that_was_never_started_was_not_killed() {
        let folder = folder(GOOD);
        let (status, _, err) = run(folder.path(), &[], UP);
        assert_eq!(status, 1, "{err}");
        assert!(
            err.contains("error[E0901]: `web` cannot be pulled") && err.contains("none is ready")
        );
        let state = |expected: &str| {
            let (status, out, _) = run(folder.path(), &[], &["status", "app"]);
            assert_eq!(status, 0);
            assert!(out.contains(&format!("web        {expected}\n")), "{out}");
        };
        state("submitted");
        // Started, and removed later.
        assert_eq!(run(folder.path(), &[("RUNS", "1")], UP).0, 0);
        state("killed");
    }

    #[test]
    fn down_works_without_the_state_folder_and_up_names_it() {
        let folder = folder(GOOD);
        let variables = [("RUNS", "1"), ("APPLC_STATE", "app.json")];
        let (status, _, err) = run(folder.path(), &variables, UP);
        assert_eq!(status, 3);
        let reason = "the state folder cannot be used: cannot create `app.json/app/compose`: ";
        assert!(err.contains(&format!("applc: error: {reason}")), "{err}");
        assert!(err.ends_with("; name another one with `APPLC_STATE`\n"), "{err}");
        let (status, _, err) = run(folder.path(), &variables, &["down", "app"]);
        assert_eq!(status, 0, "{err}");
        assert!(err.starts_with(&format!("applc: warning: {reason}")), "{err}");
        let done =
            "applc: app: 1 container removed, 1 volume kept; `applc down app --purge` removes it\n";
        assert!(err.ends_with(done), "{err}");
    }

    #[test]
    fn volumes_that_are_left_are_removed_without_a_record() {
        let folder = folder(GOOD);
        let (status, _, err) = run(folder.path(), &[], &["down", "app"]);
        assert_eq!(status, 1);
        let message = "applc: error: `app` is down already; its volumes are kept; `applc down app --purge` removes them\n";
        assert_eq!(err, message);
        for more in [&[][..], &["-t", "compose"]] {
            let down = [&["down", "app", "--purge"], more].concat();
            let (status, _, err) = run(folder.path(), &[], &down);
            let done = "applc: app: 0 containers and 1 volume removed\n";
            assert_eq!((status, err.as_str()), (0, done));
        }
        let (status, _, err) = run(folder.path(), &[], &["down", "other", "--purge"]);
        assert_eq!(status, 1);
        assert!(err.starts_with("applc: error: no appliance `other` is known"), "{err}");
    }

    #[test]
    fn a_list_for_programs_names_targets() {
        let folder = folder(GOOD);
        assert_eq!(run(folder.path(), &[("RUNS", "1")], UP).0, 0);
        let list = |variables: &[(&str, &str)]| -> serde_json::Value {
            let (status, out, err) = run(folder.path(), variables, &["ls", "--format", "json"]);
            assert_eq!(status, 0, "{err}");
            serde_json::from_str(&out).unwrap()
        };
        let entry = |down: bool, ready: u32| {
            serde_json::json!([{"id": "app", "target": "compose", "down": down, "ready": ready, "containers": 1,
                                "file": "app.json", "over_http": false}])
        };
        assert_eq!(list(&[("RUNS", "1")]), entry(false, 1));
        assert_eq!(list(&[]), entry(true, 0));
        // As the service keeps it.
        let record = folder.path().join("state/app/compose/record.json");
        let kept = fs::read_to_string(&record).unwrap();
        fs::write(&record, kept.replace("\"over_http\": false", "\"over_http\": true")).unwrap();
        let (file, over_http) = (&list(&[])[0]["file"], &list(&[])[0]["over_http"]);
        assert_eq!((file, over_http), (&serde_json::Value::Null, &true.into()));
        let (_, out, _) = run(folder.path(), &[], &["ls"]);
        assert!(out.ends_with("app        compose  down   (submitted over HTTP)\n"), "{out}");
        fs::remove_dir_all(folder.path().join("state")).unwrap();
        assert_eq!(list(&[]), serde_json::json!([]));
    }

    #[test]
    fn a_missing_compose_is_named_in_both_forms() {
        let folder = folder(GOOD);
        let up = &["up", "app.json", "-t", "compose"];
        let (status, _, err) = run(folder.path(), &[("NO_COMPOSE", "1")], up);
        assert_eq!(status, 3);
        let message = "applc: error: Docker Compose is not installed; install version 2.20 or later, \
                       as the plug-in `docker compose` or the program `docker-compose`\n";
        assert_eq!(err, message);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn logs_that_cannot_be_written_are_an_error() {
        let folder = folder(GOOD);
        for arguments in [&["logs", "app"][..], &["logs", "app", "--follow"]] {
            let mut logs = command(folder.path(), &[("RUNS", "1")], arguments);
            let output = logs.stdout(File::create("/dev/full").unwrap()).output().unwrap();
            assert_eq!(output.status.code(), Some(3), "{arguments:?}");
            let err = String::from_utf8(output.stderr).unwrap();
            assert!(err.starts_with("applc: error: cannot write the logs: "), "{err}");
        }
    }

    #[test]
    fn a_plan_is_carried_out_unless_the_engine_has_moved() {
        let folder = folder(GOOD);
        let plan = |variables: &[(&str, &str)], more: &[&str]| {
            run(folder.path(), variables, &[UP, &["--plan", "app.plan"], more].concat())
        };
        let (status, out, err) = plan(&[], &[]);
        assert_eq!((status, out.as_str()), (4, "web  created\n"), "{err}");
        let (status, _, err) = run(folder.path(), &[("RUNS", "1")], &["up", "app.plan"]);
        assert_eq!(status, 1);
        assert_eq!(
            err,
            "applc: error: the plan `app.plan` was carried out already, or the engine has moved since it was made; \
             nothing was done: `web`: created in the plan, kept now; `app-web-1` is new; make a new one with \
             `applc up app.json -t compose --plan app.plan`\n"
        );
        let (status, out, _) = plan(&[("RUNS", "1")], &["--format", "json"]);
        let changes: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!((status, &changes["changes"][0]["action"]), (0, &"kept".into()));
        assert!(!folder.path().join("state/app").join("compose/output").exists());
        // The appliance file is not needed any more.
        fs::remove_file(folder.path().join("app.json")).unwrap();
        let (status, out, err) = run(folder.path(), &[("RUNS", "1")], &["up", "app.plan"]);
        assert!(status == 0 && out.contains("running"), "{err}");
        for more in [&["-t", "compose"][..], &["--plan", "b"]] {
            let (status, _, err) =
                run(folder.path(), &[("RUNS", "1")], &[&["up", "app.plan"], more].concat());
            assert!(status == 2 && err.starts_with("applc: error: a plan "), "{err}");
        }
    }

    #[test]
    fn a_plan_that_cannot_be_written_is_a_finding() {
        let folder = folder(GOOD);
        fs::write(folder.path().join("file"), "").unwrap();
        let arguments = [UP, &["--plan", "file/app.plan", "--format", "json"]].concat();
        let (status, out, err) = run(folder.path(), &[], &arguments);
        assert_eq!((status, out.as_str()), (3, ""), "{err}");
        let document: serde_json::Value = serde_json::from_str(&err).unwrap();
        let found = &document["diagnostics"][0];
        assert_eq!((&found["code"], &found["file"]), (&"E0506".into(), &"file/app.plan".into()));
    }

    #[test]
    fn a_finding_about_a_plan_is_at_its_line_of_it() {
        let folder = folder(GOOD);
        let path = folder.path();
        assert_eq!(run(path, &[], &[UP, &["--plan", "app.plan"]].concat()).0, 4);
        let (status, _, err) = run(path, &[], &["up", "app.plan"]);
        assert_eq!(status, 1);
        let text = fs::read_to_string(path.join("app.plan")).unwrap();
        let line = text.lines().position(|line| line.contains("\"image\": ")).unwrap() + 1;
        assert!(
            err.contains("error[E0901]") && err.contains(&format!("app.plan:{line}:")),
            "{err}"
        );
        fs::write(path.join("app.plan"), text.replace("nginx", "other")).unwrap();
        let (status, _, err) = run(path, &[], &["up", "app.plan"]);
        assert_eq!(status, 1);
        let changed = "the plan `app.plan` was changed after it had been made; make a new one with \
                       `applc up app.json -t compose --plan app.plan`";
        assert!(err.contains(changed), "{err}");
        // A file whose name is a command is not repeated as one.
        fs::write(path.join("app.plan"), text.replace("\"app.json\"", "\"a; b\"")).unwrap();
        let (_, _, err) = run(path, &[], &["up", "app.plan"]);
        assert!(err.contains("`applc up FILE -t compose --plan app.plan`"), "{err}");
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named_also_without_a_target() {
        let folder = folder(GOOD);
        let (status, _, err) = run(folder.path(), &[], &["up", "missing.plan"]);
        assert_eq!(status, 3);
        assert!(err.contains("missing.plan") && !err.contains("no target given"), "{err}");
        let (status, _, err) = run(folder.path(), &[], &["up", "app.json"]);
        assert!(status == 2 && err.contains("no target given"), "{err}");
    }

    #[test]
    fn warnings_are_shown_once() {
        let health = r#""health_check":{"protocol":"COMMAND","command":"true"},"network_mode""#;
        let warned = GOOD.replace("\"network_mode\"", health);
        let folder = folder(&warned);
        let up = || run(folder.path(), &[("RUNS", "1")], UP).2;
        assert!(up().contains("warning[W0401]"));
        let again = up();
        let hint =
            "applc: app.json: 1 warning, as before; `applc check app.json -t compose` shows them\n";
        assert!(again.starts_with(hint) && !again.contains("W0401"), "{again}");
        // At another line, it is shown again.
        fs::write(folder.path().join("app.json"), format!("\n{warned}")).unwrap();
        assert!(up().contains("warning[W0401]"));
    }

    #[test]
    fn what_runs_of_the_same_file_under_another_id_is_named() {
        let folder = folder(&GOOD.replace("\"app\"", "\"old\""));
        let runs = [("RUNS", "1"), ("ID", "old")];
        assert_eq!(run(folder.path(), &runs, UP).0, 0);
        fs::write(folder.path().join("app.json"), GOOD).unwrap();
        let (_, _, err) = run(folder.path(), &[("RUNS", "1"), ("OTHER", "old")], UP);
        let hint = "applc: app: `old` from the same file still runs; `applc down old` removes it\n";
        assert!(err.contains(hint), "{err}");
    }

    #[test]
    fn a_watch_ends_with_a_sentence_when_the_appliance_is_removed() {
        use std::io::{BufRead, BufReader};
        use std::process::Stdio;

        for (is_kept, message) in [
            (
                true,
                "`app` was taken down; its volumes are kept; `applc down app --purge` removes them",
            ),
            (false, "`app` was removed"),
        ] {
            let folder = folder(GOOD);
            let gone = folder.path().join("gone");
            assert_eq!(run(folder.path(), &[("RUNS", "1")], UP).0, 0);
            let watch = ["status", "app", "--watch", "--format", "json"];
            let mut command = command(folder.path(), &[("RUNS", "1")], &watch);
            command.env("GONE", &gone).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut program = command.spawn().unwrap();
            let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
            let mut next = || lines.next().map(Result::unwrap).unwrap_or_default();
            assert!(next().contains(r#""state":"running""#));
            // Removed from outside, it is still known.
            fs::write(&gone, "").unwrap();
            assert!(next().contains(r#""state":"killed""#));
            let kept = folder.path().join("state/app/compose");
            if is_kept {
                let record = fs::read_to_string(kept.join("record.json")).unwrap();
                let record = record.replace("\"down\": false", "\"down\": true");
                fs::write(kept.join("record.json"), record).unwrap();
            } else {
                fs::remove_dir_all(kept).unwrap();
            }
            // The states until then may be told once more.
            while !next().is_empty() {}
            let Output { status, stderr, .. } = program.wait_with_output().unwrap();
            let err = String::from_utf8(stderr).unwrap();
            assert_eq!((status.code(), err), (Some(1), format!("applc: error: {message}\n")));
        }
    }

    #[test]
    fn a_signal_ends_the_programs_that_were_started_too() {
        use std::os::unix::process::ExitStatusExt;
        use std::process::Stdio;
        use std::time::{Duration, Instant};

        let kill = |signal: &str, pid: &str| {
            let mut kill = Command::new("/bin/sh");
            kill.args(["-c", &format!("kill {signal} {pid}")]).stderr(Stdio::null());
            kill.status().unwrap().success()
        };
        let runs = [("RUNS", "1")];
        for (sleeps, arguments, variables) in [
            ("logs", &["logs", "app", "--follow"][..], &runs[..]),
            ("events", &["status", "app", "--watch"], &runs),
            ("pull", UP, &[]),
        ] {
            for (name, number) in [("-INT", 2), ("-TERM", 15)] {
                let folder = folder(GOOD);
                let pids = folder.path().join("pids");
                let mut command = command(folder.path(), variables, arguments);
                command.env("SLEEPS", sleeps).env("PIDS", &pids);
                let mut program =
                    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
                let began = Instant::now();
                let pid = loop {
                    let pid = fs::read_to_string(&pids).unwrap_or_default();
                    if pid.ends_with('\n') {
                        break pid.trim().to_owned();
                    }
                    assert!(
                        began.elapsed() < Duration::from_secs(30),
                        "`{sleeps}` was not started"
                    );
                    std::thread::sleep(Duration::from_millis(10));
                };
                assert!(kill("-0", &pid), "`{sleeps}` runs");
                assert!(kill(name, &program.id().to_string()));
                let mut err = program.stderr.take().unwrap();
                let status = program.wait().unwrap();
                assert_eq!(status.signal(), Some(number), "{arguments:?}");
                assert!(!kill("-0", &pid), "`{sleeps}` goes on after {name}");
                let mut text = String::new();
                std::io::Read::read_to_string(&mut err, &mut text).unwrap();
                assert!(!text.contains("error"), "{arguments:?}: {text}");
            }
        }
    }
}
