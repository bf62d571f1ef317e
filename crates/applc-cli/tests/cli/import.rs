//! `applc import`.

use std::fs;
use std::path::Path;

use assert_cmd::Command;

/// Runs `applc import` in a folder: exit status, standard output, standard error.
fn import(folder: &Path, arguments: &[&str], stdin: &str) -> (i32, String, String) {
    let mut command = Command::cargo_bin("applc").unwrap();
    command.env_clear().env("SECRET", "from the environment").current_dir(folder).arg("import");
    let output = command.args(arguments).write_stdin(stdin).output().unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

const COMPOSE: &str = "\
services:
  web:
    image: nginx:$TAG
    ports: ['8080:80']
    restart: always
    mem_limit: 64m
    cpu_shares: 512
";

#[test]
fn a_compose_file_is_imported_and_compiles() {
    let folder = tempfile::tempdir().unwrap();
    let shop = folder.path().join("my_shop");
    fs::create_dir(&shop).unwrap();
    fs::write(shop.join("compose.yaml"), COMPOSE).unwrap();
    fs::write(shop.join(".env"), "TAG=1.27\n").unwrap();
    let arguments = ["my_shop/compose.yaml", "-o", "app.yaml"];
    let (status, out, err) = import(folder.path(), &arguments, "");
    assert_eq!((status, out.as_str(), err.as_str()), (0, "", ""));
    let written = fs::read_to_string(folder.path().join("app.yaml")).unwrap();
    assert!(
        written.starts_with("id: my-shop\n") && written.contains("image: nginx:1.27\n"),
        "{written}"
    );
    let mut check = Command::cargo_bin("applc").unwrap();
    let checked = check.current_dir(folder.path()).args(["check", "app.yaml"]).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    // From standard input, in the folder of the file.
    let (status, out, _) = import(&shop, &["-", "--id", "my-shop"], COMPOSE);
    assert_eq!((status, out), (0, written));
}

#[test]
fn the_environment_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let text = COMPOSE.replace("$TAG", "1\n    environment: {A: $SECRET}");
    let (status, out, err) = import(folder.path(), &["-"], &text);
    assert_eq!(status, 0, "{err}");
    assert!(!out.contains("from the environment"), "{out}");
    assert!(err.contains("hint[H1001]: `A` is the key `SECRET` of the secret"), "{err}");
}

#[test]
fn a_file_with_errors_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("app.yaml"), "before").unwrap();
    let faulty = COMPOSE.replace("'8080:80'", "'x'");
    let (status, out, err) = import(folder.path(), &["-", "-o", "app.yaml"], &faulty);
    assert_eq!((status, out.as_str()), (1, ""));
    assert!(err.contains("error[E1001]: expected a port such as"), "{err}");
    assert_eq!(fs::read_to_string(folder.path().join("app.yaml")).unwrap(), "before");
    assert_eq!(import(folder.path(), &["none.yaml"], "").0, 3);
    assert_eq!(import(folder.path(), &["-", "-o", "-"], COMPOSE).0, 2);
    assert_eq!(import(folder.path(), &["-", "--from", "kubernetes"], COMPOSE).0, 2);
}

#[test]
fn levels_are_those_of_the_arguments() {
    let folder = tempfile::tempdir().unwrap();
    let lossy = COMPOSE.replace("$TAG", "1\n    tty: true");
    let run = |levels: &[&str]| {
        let arguments = [&["-", "-o", "app.yaml"], levels].concat();
        let (status, _, err) = import(folder.path(), &arguments, &lossy);
        let is_written = fs::remove_file(folder.path().join("app.yaml")).is_ok();
        (status, is_written, err)
    };
    let (status, is_written, err) = run(&[]);
    assert!(status == 0 && is_written && err.contains("warning[W1001]: `tty`"), "{err}");
    for levels in [["--deny", "warnings"], ["--deny", "W1001"]] {
        let (status, is_written, err) = run(&levels);
        assert!(status == 1 && !is_written && err.contains("error[W1001]: `tty`"), "{err}");
    }
    let (status, is_written, err) = run(&["--deny", "warnings", "--allow", "W1001"]);
    assert_eq!((status, is_written, err.as_str()), (0, true, ""));
    let hinted = COMPOSE.replace("$TAG", "1").replace("restart: always", "tty: false");
    let (status, _, err) = import(folder.path(), &["-", "--warn", "H1001"], &hinted);
    assert!(status == 0 && err.contains("warning[H1001]"), "{err}");
}

#[test]
fn lines_and_groups_are_imported() {
    let folder = tempfile::tempdir().unwrap();
    let line = "docker run -d --restart always --name web -p 80 nginx:1.27";
    fs::write(folder.path().join("run.sh"), line).unwrap();
    let words: Vec<&str> =
        ["--from", "docker-run", "--"].into_iter().chain(line.split(' ')).collect();
    for arguments in [
        &["--from", "docker-run", line][..],
        &["--from", "docker-run", "-"],
        &["--from", "docker-run", "run.sh"],
        &words,
    ] {
        let (status, out, err) = import(folder.path(), arguments, line);
        assert_eq!(status, 0, "{err}");
        assert!(out.contains("  - id: web\n") && out.contains("{ container_port: 80 }"), "{out}");
    }
    // Words that a shell has read already are not read again.
    let arguments = ["--from", "docker-run", "--", "docker", "run", "-e", "A=b $C 'd'", "nginx"];
    let (status, out, err) = import(folder.path(), &arguments, "");
    assert_eq!(status, 0, "{err}");
    assert!(out.contains("env: { A: \"b $C 'd'\" }\n"), "{out}");
    // Files beside the lines.
    fs::create_dir(folder.path().join("lines")).unwrap();
    fs::write(folder.path().join("lines/web.env"), "A=1\n").unwrap();
    fs::write(folder.path().join("lines/run.sh"), "docker run --env-file web.env a:1").unwrap();
    let (_, out, err) = import(folder.path(), &["--from", "docker-run", "lines/run.sh"], "");
    assert!(out.contains("env: { A: \"1\" }\n"), "{out}{err}");
    assert_eq!(import(folder.path(), &["--from", "docker-run", "none.sh"], "").0, 3);
    let two = import(folder.path(), &["a.yaml", "b.yaml"], "");
    assert_eq!((two.0, two.2.as_str()), (2, "applc: error: `import` takes one file\n"));
    let app = r#"{"id": "/web", "container": {"docker": {"image": "nginx:1.27"}}}"#;
    let (status, out, err) = import(folder.path(), &["--from", "marathon", "-"], app);
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
    assert!(out.starts_with("id: web\n"), "{out}");
}

#[test]
fn an_appliance_with_errors_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("app.yaml"), "before").unwrap();
    let faulty = COMPOSE.replace("nginx:$TAG", "nginx:1\n    working_dir: relative");
    let (status, out, err) = import(folder.path(), &["-", "-o", "app.yaml"], &faulty);
    assert_eq!((status, out.as_str()), (1, ""), "{err}");
    assert!(err.contains("the imported appliance:"), "{err}");
    assert_eq!(fs::read_to_string(folder.path().join("app.yaml")).unwrap(), "before");
}

/// What `docker compose config --no-path-resolution` prints of a file with a build and a mount.
const CONFIG: &str = "\
name: shop
services:
  web:
    build:
      context: ./web
      dockerfile: Dockerfile
    networks:
      default: null
    restart: always
    volumes:
      - type: bind
        source: ./html
        target: /srv
        bind:
          create_host_path: true
networks:
  default:
    name: shop_default
";

#[test]
fn what_compose_makes_of_several_files_keeps_relative_paths() {
    let folder = tempfile::tempdir().unwrap();
    let (status, out, err) = import(folder.path(), &["-"], CONFIG);
    assert_eq!(status, 0, "{err}");
    assert!(out.contains("build: { context: \"./web\", dockerfile: Dockerfile }\n"), "{out}");
    assert!(out.contains("{ src: \"./html\", dest: /srv, type: host }\n"), "{out}");
}
