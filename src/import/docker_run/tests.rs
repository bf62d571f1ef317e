use crate::Memory;
use crate::diag::{Diagnostic, human};
use crate::import::{Format, Options, import};
use crate::source::Source;

fn options(world: &Memory) -> Options<'_> {
    Options {
        id: "shop".to_owned(),
        env_files: Vec::new(),
        profiles: Vec::new(),
        folder: String::new(),
        repository: None,
        world,
    }
}

/// The appliance without the lines that every container has, and the findings as `CODE MESSAGE`.
fn of(text: &str) -> (String, Vec<String>) {
    let world = Memory::new()
        .with("web.env", "A=1\n")
        .with("lone.env", "# one\nLONE\n")
        .with("export.env", "export H=1\n");
    let options = options(&world);
    let imported = import(&Source::new("docker run", text), Format::DockerRun, &options);
    // Each place can be shown.
    let _ = human::render(&imported.report, false);
    let told = |code: &str| code != "H1001";
    let findings = imported.report.diagnostics.iter().filter(|one| told(one.code.id));
    let findings = findings.map(|one| format!("{} {}", one.code.id, one.message)).collect();
    let common = [
        "id: shop",
        "containers:",
        "force_pull_image: false",
        "network_mode: bridge",
        "cpus: 0.5",
        "# chosen",
    ];
    let lines = imported.text.unwrap_or_default();
    let lines = lines.lines().filter(|line| !common.iter().any(|known| line.contains(known)));
    (lines.map(|line| format!("{}\n", line.trim_start())).collect(), findings)
}

#[track_caller]
fn clean(text: &str, expected: &[&str]) {
    let (out, findings) = of(text);
    assert_eq!(out.lines().collect::<Vec<_>>(), expected, "{text}");
    assert_eq!(findings, Vec::<String>::new(), "{text}");
}

#[test]
fn lines_are_read_as_people_paste_them() {
    let web = ["- id: web", "type: service", "image: nginx:1.27"];
    clean("docker run -d --name web nginx:1.27", &web);
    clean("$ sudo docker run -d --name=web nginx:1.27", &web);
    clean("# docker container run --detach --name web nginx:1.27", &web);
    clean("podman run -d --name 'web' \"nginx:1.27\"\n", &web);
    clean("docker run -d \\\n  --name web \\\n  --restart=always \\\n  nginx:1.27\n", &web);
}

#[test]
fn options_have_their_likes() {
    let web = |options: &str, more: &[&str]| {
        let expected = [&["- id: web", "type: service", "image: a:1"], more].concat();
        clean(&format!("docker run -d --restart always --name web {options}"), &expected);
    };
    web("-e A=1 --env 'B=two words' a:1", &["env: { A: \"1\", B: \"two words\" }"]);
    web("--env-file web.env a:1", &["env: { A: \"1\" }"]);
    web("-p 53:53/udp a:1", &["ports:", "- { container_port: 53, host_port: 53, protocol: udp }"]);
    web(
        "-v $PWD/html:/srv:ro a:1",
        &["volumes:", "- { src: \"./html\", dest: /srv, type: host, mode: RO }"],
    );
    web("-v \"$(pwd)\":/srv a:1", &["volumes:", "- { src: \".\", dest: /srv, type: host }"]);
    web(
        "--mount type=bind,source=/a,target=/b,readonly a:1",
        &["volumes:", "- { src: /a, dest: /b, type: host, mode: RO }"],
    );
    web(
        "--mount source=data,dst=/b a:1",
        &[
            "volumes:",
            "- { src: data, dest: /b }",
            "data_persistence:",
            "volumes:",
            "- { id: data }",
        ],
    );
    web("-u 1000:1000 -w /srv a:1", &["user: \"1000:1000\"", "working_dir: /srv"]);
    web("--entrypoint sh a:1 -c 'echo hi'", &["entrypoint: [sh]", "args: [\"-c\", \"echo hi\"]"]);
    web("-l a=b --stop-timeout 5 a:1", &["stop_timeout: 5", "labels: { a: b }"]);
    web("--privileged a:1 --flag -x", &["args: [\"--flag\", \"-x\"]", "is_privileged: true"]);
}

#[test]
fn resources_and_health_have_their_likes() {
    let (out, findings) = of(
        "docker run -d --restart always -m 512m --cpu-shares 2048 --gpus 2 --health-cmd 'curl -f x' --health-interval 5s a",
    );
    assert!(out.contains("resources: { cpus: 2, mem: 512, gpu: 2 }\n"), "{out}");
    assert!(out.contains("command: \"curl -f x\"\ninterval_seconds: 5\n"), "{out}");
    assert_eq!(findings, Vec::<String>::new());
}

#[test]
fn quotes_of_texts_are_told_where_they_are() {
    let text = "docker run -d -e A=“x y” a";
    let world = Memory::new();
    let options = options(&world);
    let source = Source::new("docker run", text);
    let report = import(&source, Format::DockerRun, &options).report;
    let quote = |one: &&Diagnostic| one.message == "`“` is read as a quote";
    let place = report.diagnostics.iter().find(quote).map(|one| source.slice(one.primary.span));
    assert_eq!(place, Some("“"), "{report:?}");
}

#[test]
fn an_alias_is_another_name_of_the_container() {
    let lines = "docker run -d --restart always --network name=n,alias=store --name db a:1\n\
                 docker run -d --restart always --network n --name api -e DB_HOST=store a:1";
    let (out, findings) = of(lines);
    assert!(out.contains("env: { DB_HOST: \"@db\" }\n"), "{out}");
    assert!(findings.iter().all(|one| !one.contains("`alias=store`")), "{findings:?}");
}

#[test]
fn several_lines_are_several_containers() {
    let (out, findings) = of(
        "docker network create net\ndocker run -d --restart always --network net --name db postgres\ndocker run -d --restart always --network net -e DB_HOST=db registry.example.org:5000/team/api:2\n",
    );
    assert!(out.contains("- id: db\n") && out.contains("- id: api\n"), "{out}");
    assert!(out.contains("env: { DB_HOST: \"@db\" }\n"), "{out}");
    assert_eq!(findings, Vec::<String>::new());
}

#[test]
fn what_runs_in_the_foreground_and_is_removed_is_a_job() {
    let (out, findings) = of("docker run --rm a:1 backup --all");
    assert!(out.starts_with("- id: a\ntype: job\n"), "{out}");
    assert_eq!(findings, Vec::<String>::new());
}

#[test]
fn words_that_the_shell_keeps_are_not_told() {
    for words in ["-e A=* a", "a ls '*.txt' \"{a,b}\" '~'", "-e A={} a", "-v $PWD:/x a", "a x~"] {
        let findings = of(&format!("docker run -d --restart always {words}")).1;
        assert_eq!(findings, Vec::<String>::new(), "{words}");
    }
}

#[test]
fn what_cannot_be_imported_is_told() {
    for (text, finding) in [
        ("docker ps", "E1001 no `docker run` line"),
        ("docker run -d", "E1001 no image"),
        ("docker run --no-such a", "E1001 unknown option `--no-such`"),
        ("docker run -dz a", "E1001 unknown option `-z`"),
        ("docker run --name", "E1001 `--name` has no value"),
        ("docker run -e 'A=1 a", "E1001 this quote is not closed"),
        ("docker run -e “A=1 a", "E1001 this quote is not closed"),
        ("docker run -e A=$(date) a", "E1001 what the shell puts here is not known"),
        (
            "docker run --name a a:1; docker run --name a b:1",
            "E1001 `a` is the name of two containers",
        ),
        ("docker run -d\n-e A=1 a", "E1001 `-e` begins a command"),
        ("docker run –name x a", "E1001 `–name` begins with a dash that is not `-`"),
        ("docker run -e A=${B:?needed} a", "E1001 `B` is not set: needed"),
        ("docker run -e A=`date` a", "E1001 what the shell puts here is not known"),
        ("docker run a \"$@\"", "W1002 the arguments of the script are not known: left out"),
        ("docker run a < dump.sql", "W1001 the redirection is left out"),
        (
            "docker run -v x:/y:z,ro,nocopy a",
            "W1001 the options `z,nocopy` of the mount are left out",
        ),
        ("docker run -v C:\\\\x:/x a", "W1001 a folder of Windows is not mounted at `/x`"),
        (
            "docker run --network name=n,ip=10.0.0.9 a",
            "W1001 `ip=10.0.0.9` is left out: the target has a network of its own",
        ),
        (
            "docker run --mount type=bind,src=/a,dst=/b,bind-propagation=shared a",
            "W1001 `bind-propagation` of the mount is left out",
        ),
        (
            "docker run --mount type=bind,src=/a,dst=/b,nonsense=1 a",
            "E1001 expected a mount such as `type=bind,source=/srv,target=/data`",
        ),
        (
            "docker network create --driver overlay n; docker run a",
            "W1001 `docker network create` is left out: it runs no container",
        ),
        (
            "docker --context far build . && docker run a",
            "W1001 `docker build` is left out: it runs no container",
        ),
        ("podman run --pod p a", "W1001 `--pod` is left out: the container is not in the pod"),
        ("docker run --env-file lone.env a", "W1001 `LONE` has no value in this file"),
        (
            "docker run --env-file export.env a",
            "E1001 `export H` in this file is no name: the engine takes no spaces in one",
        ),
        (
            "docker run -e HOST_DIR=$PWD a",
            "W1002 the folder that the shell puts here is not known: it becomes `HOST_DIR=.`",
        ),
        (
            "docker run -e A=~/x a",
            "W1002 the folder that the shell puts here is not known: it becomes `A=~/x`",
        ),
        (
            "docker run a ls \"$HOME\"",
            "W1002 the folder that the shell puts here is not known: it becomes `~`",
        ),
        ("docker run a ls *.txt", "W1002 `*` is kept, where the shell may put other words"),
        ("docker run a ls {a,b}", "W1002 `{a,b}` is kept, where the shell may put other words"),
        ("docker run -e A=$B a", "W1002 `B` is not set: it becomes empty"),
        ("docker run -it a", "W1001 `-t` is left out: there is no terminal"),
        ("docker run --tty a", "W1001 `--tty` is left out: there is no terminal"),
        (
            "docker run --add-host=a:10.0.0.1 a",
            "W1001 `--add-host` is left out: the names are not known in the container",
        ),
        (
            "docker run --net n --network-alias b a",
            "W1001 `--network-alias` is left out: others know the container by its id only",
        ),
        (
            "docker run --health-cmd x --health-start-interval 5s a",
            "W1001 `--health-start-interval` is left out: it is checked as often from the start",
        ),
        (
            "docker run --mount x a",
            "E1001 expected a mount such as `type=bind,source=/srv,target=/data`",
        ),
        ("docker run -v ~/x:/x a", "W1001 `~/x` is a folder of the user who runs it: not mounted"),
        ("docker run -P a", "W1001 `-P` is left out: the ports of the image are not known"),
    ] {
        let (_, findings) = of(text);
        assert!(findings.contains(&finding.to_owned()), "{text}: {findings:?}");
    }
}

#[test]
fn secrets_of_podman_have_their_likes() {
    let line =
        "podman run -d --restart always --secret x,type=env,target=PW --secret cert,target=/k a";
    let (out, findings) = of(line);
    assert!(out.contains("secret_env: { PW: { secret: shop, key: x } }\n"), "{out}");
    assert!(out.contains("{ dest: /k, secret: shop, key: cert }\n"), "{out}");
    assert_eq!(findings, Vec::<String>::new());
}

#[test]
fn an_option_with_a_slip_gets_a_suggestion() {
    let world = Memory::new();
    let options = options(&world);
    let source = Source::new("docker run", "docker run --nmae x a");
    let report = import(&source, Format::DockerRun, &options).report;
    let first = report.diagnostics.first().unwrap();
    assert!(format!("{first:?}").contains("did you mean `--name`?"), "{first:?}");
}
