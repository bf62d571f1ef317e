"""Strings, networks, volumes, limits, and isolation of appliances on the engine."""

from __future__ import annotations

import base64
import json
import random
import time
from pathlib import Path
from typing import Any

import pytest

from appliance_text import load
from compose_engine import Behaviour, Engine, Project, checked, command, wait_until
from support import ROOT, Applc
from test_compose_order import container


def project(
    applc: Applc, engine: Engine, folder: Path, *containers: dict[str, Any], id: str = "data", **top: Any
) -> Project:
    """The Compose project of an appliance."""
    folder.mkdir(exist_ok=True)
    document = json.dumps({"id": id, "containers": containers, **top}, ensure_ascii=False)
    outcome = applc.compile("-", "compose", stdin=document)
    assert outcome.code == 0, outcome.stderr
    return Project(engine, folder, outcome.stdout)


# Strings with a meaning in YAML, Compose, shells, or templates.
PARTS = [
    "$", "$$", "${", "${X}", "${X:-y}", "$X", "$(x)", "}", "`", "\"", "'", "\\", "\\n", "\n", "\r\n", "\t", " ",
    "  ", "#", " #", ": ", "- ", "%{", "{{", "}}", "{%", "&", "*", "!", "|", ">", "<", "~", ",", "[", "]", ";",
    "no", "1.10", "0x1F", "12:30", "null", "x-", "=", "--", "\x01", "\x1b[0m", "\x7f", "\u0085", "\u00a0",
    "\u2028", "\u2029", "\ufeff", "\u200f", "é", "日本", "😀", "\U0010ffff", "/", "?", "user\\@host",
]  # fmt: skip


def test_strings_are_passed_unchanged(applc: Applc, engine: Engine, tmp_path: Path) -> None:
    image = engine.image("applc-test/plain:1")
    chance = random.Random(20)
    written = ["".join(chance.choices(PARTS, k=chance.randrange(8))) for _ in range(400)]
    # The name of a variable cannot contain `=` or references.
    parts = [part for part in PARTS if "=" not in part and "@" not in part]
    names = [f"{''.join(chance.choices(parts, k=2))}_{n}" for n in range(len(written))]
    expected = [text.replace("\\@", "@") for text in written]
    scripts = [f"sleep 600 # {text}" for text in written[:8]]
    shells = [container(f"shell{n}", image, cmd=script) for n, script in enumerate(scripts)]
    with project(
        applc, engine, tmp_path,
        container("list", image, args=written, env=dict(zip(names, written, strict=True))),
        container("program", image, entrypoint=["/probe/run", *written[:200]], args=written[200:]),
        *shells,
    ) as up:
        assert up.up().returncode == 0
        (start,) = wait_until("the container starts", lambda: up.starts("list"))
        assert start.argv[1:] == expected
        assert [start.environ[name] for name in names] == expected
        (start,) = wait_until("the program starts", lambda: up.starts("program"))
        assert start.argv == ["/probe/run", *expected]
        for n, script in enumerate(scripts):
            (start,) = wait_until("the shell starts", lambda: up.starts(f"shell{n}"))
            assert start.argv == ["/bin/sh", "-c", script.replace("\\@", "@")]


def test_references_work_between_all_pairs_of_network_modes(applc: Applc, engine: Engine, tmp_path: Path) -> None:
    ports = {"host": 7801, "bridge": 7802, "container": 7803}
    ids = {mode: f"{mode}-1" for mode in ports}
    images = {
        mode: engine.image(f"applc-test/{mode}:1", Behaviour(serve=(("http", port),)))
        for mode, port in ports.items()
    }
    everyone = " ".join(f"http://@{ids[mode]}:{port}/" for mode, port in ports.items())
    with project(
        applc, engine, tmp_path,
        *(
            container(
                ids[mode], images[mode], network_mode=mode, ports=[{"container_port": port}], args=[everyone]
            )
            for mode, port in ports.items()
        ),
    ) as up:
        assert up.up().returncode == 0
        for mode in ports:
            (start,) = wait_until("it starts", lambda: up.starts(ids[mode]))
            for to, url in zip(ports, start.argv[1].split(" "), strict=True):
                found = wait_until(f"{mode} to {to}", lambda: up.service_at(ids[mode], url))
                assert found == ids[to]


def test_a_reference_without_a_port_works_with_the_container_port_and_the_host_port(
    applc: Applc, engine: Engine, tmp_path: Path
) -> None:
    web = engine.image("applc-test/web:1", Behaviour(serve=(("http", 7811),)))
    plain = engine.image("applc-test/plain:1")
    with project(
        applc, engine, tmp_path,
        container("asks", plain, network_mode="host", env={"SERVER": "@web"}),
        container("web", web, ports=[{"container_port": 7811, "host_port": 7812}]),
    ) as up:
        assert up.up().returncode == 0
        for port in (7811, 7812):
            assert wait_until("an answer", lambda: up.service_at("asks", f"http://web:{port}/")) == "web"


def test_references_of_the_corpus_reach_their_containers(applc: Applc, engine: Engine, tmp_path: Path) -> None:
    source = ROOT / "tests" / "corpus" / "modes-all-refer-to-all.json"
    ports = tuple(("http", p["container_port"]) for c in load(source)["containers"] for p in c["ports"])
    for image in {c["image"] for c in load(source)["containers"]}:
        engine.image(image, Behaviour(serve=ports))
    outcome = applc.compile(source, "compose")
    with Project(engine, tmp_path, outcome.stdout) as up:
        assert up.up().returncode == 0
        for asks in load(source)["containers"]:
            (start,) = wait_until("it starts", lambda: up.starts(asks["id"]))
            for address, written in zip(start.argv[1:], asks["args"], strict=True):
                found = wait_until(address, lambda: up.service_at(asks["id"], f"http://{address}/"))
                assert f"@{found}:" in written


def test_containers_share_volumes(applc: Applc, engine: Engine, tmp_path: Path) -> None:
    image = engine.image("applc-test/plain:1")
    host = tmp_path / "of the host"
    host.mkdir()
    on_host = {"src": str(host), "dest": "/host dir", "type": "host"}
    with project(
        applc, engine, tmp_path,
        container(
            "writer", image, type="job",
            cmd="echo local >/in/file; echo host >'/host dir/file'; echo global >/g/file",
            volumes=[{"src": "shared", "dest": "/in"}, on_host, {"src": "applc-test-global", "dest": "/g"}],
        ),
        container(
            "reader", image, instances=2, dependencies=["writer"],
            volumes=[
                {"src": "shared", "dest": "/out", "mode": "RO"},
                {**on_host, "mode": "ro"},
                {"src": "applc-test-global", "dest": "/g"},
            ],
        ),
        data_persistence={"volumes": [{"id": "shared"}, {"id": "applc-test-global", "scope": "global"}]},
    ) as up:
        missing = up.up()
        assert missing.returncode == 1
        assert 'external volume "applc-test-global" not found' in missing.stderr
        engine.ensure_volume("applc-test-global")
        assert up.up().returncode == 0
        for path, text in (("/out/file", "local\n"), ("/host dir/file", "host\n"), ("/g/file", "global\n")):
            assert up.run_in("reader", "cat", path).stdout == text
        for path in ("/out/new", "/host dir/new"):
            assert "Read-only" in up.run_in("reader", "touch", path).stderr
        assert up.run_in("reader", "touch", "/g/new").returncode == 0
        assert (host / "file").read_text() == "host\n"
        assert up.compose("down", "--volumes", "--timeout", "1").returncode == 0
    volumes = checked(engine.docker, "volume", "ls", "--quiet").split()
    assert "data_shared" not in volumes, "a local volume is deleted with its appliance"
    assert "applc-test-global" in volumes, "a global volume is kept"
    engine.remove_volume("applc-test-global")


def test_two_appliances_are_isolated(applc: Applc, engine: Engine, tmp_path: Path) -> None:
    image = engine.image("applc-test/web:1", Behaviour(serve=(("http", 80),)))
    same = (
        container("web", image, ports=[{"container_port": 80}], volumes=[{"src": "v", "dest": "/v"}]),
        container("asks", image, args=["@web"]),
    )
    volumes = {"volumes": [{"id": "v"}]}
    with (
        project(applc, engine, tmp_path / "1", *same, id="First", data_persistence=volumes) as first,
        project(applc, engine, tmp_path / "2", *same, id="second", data_persistence=volumes) as second,
    ):
        for up in (first, second):
            assert up.up().returncode == 0
        for up in (first, second):
            page = wait_until("an answer", lambda: up.run_in("asks", "wget", "-q", "-O", "-", "http://web/").stdout)
            assert page.strip() == up.inspect("web")["Id"]
        assert first.run_in("web", "touch", "/v/mine").returncode == 0
        assert second.run_in("web", "ls", "/v").stdout == ""
        assert first.compose("down", "--volumes", "--timeout", "1").returncode == 0
        assert second.inspect("web")["State"]["Running"]


def test_memory_is_a_limit_and_cpus_are_shares(applc: Applc, engine: Engine, tmp_path: Path) -> None:
    image = engine.image("applc-test/plain:1")
    with project(
        applc, engine, tmp_path,
        container(
            "greedy", image, type="job", retries=0, resources={"cpus": 0.5, "mem": 32},
            cmd="exec /bin/busybox tail -c 64000000 /dev/zero",
        ),
        container("modest", image, resources={"cpus": 1.5, "mem": 32}),
    ) as up:
        assert up.up().returncode == 0
        wait_until("an end", lambda: up.inspect("greedy")["State"]["Status"] == "exited")
        state = up.inspect("greedy")
        assert (state["State"]["OOMKilled"], state["State"]["ExitCode"]) == (True, 137)
        limits = state["HostConfig"]
        assert limits["Memory"] == limits["MemorySwap"] == 32 * 1024 * 1024
        assert (limits["CpuShares"], up.inspect("modest")["HostConfig"]["CpuShares"]) == (512, 1536)


def test_only_privileged_containers_can_mount(applc: Applc, engine: Engine, tmp_path: Path) -> None:
    image = engine.image("applc-test/plain:1")
    with project(
        applc, engine, tmp_path, container("may", image, is_privileged=True), container("may-not", image)
    ) as up:
        assert up.up().returncode == 0
        mount = ("mount", "-t", "tmpfs", "none", "/tmp")
        assert up.run_in("may", *mount).returncode == 0
        assert up.run_in("may-not", *mount).returncode != 0


def test_an_entrypoint_without_arguments_gets_none_of_the_image(applc: Applc, engine: Engine, tmp_path: Path) -> None:
    image = engine.image("applc-test/plain:1")
    with project(applc, engine, tmp_path, container("a", image, entrypoint=["/probe/run"])) as up:
        assert up.up().returncode == 0
        (start,) = wait_until("it starts", lambda: up.starts("a"))
        assert start.argv == ["/probe/run"]


def test_user_and_working_directory(applc: Applc, engine: Engine, tmp_path: Path) -> None:
    image = engine.image("applc-test/plain:1", Behaviour(files=(("etc/passwd", b"web:x:33:44::/:/bin/sh\n"),)))
    directory = "/a $dir ${x}/日本"
    with project(
        applc, engine, tmp_path,
        container("number", image, user=1000, working_dir=directory),
        container("both", image, user="1000:2000"),
        container("name", image, user="web"),
    ) as up:
        assert up.up().returncode == 0
        for service, ids in (("number", "1000 0"), ("both", "1000 2000"), ("name", "33 44")):
            own = [up.run_in(service, "id", option).stdout.strip() for option in ("-u", "-g")]
            assert " ".join(own) == ids
        assert up.run_in("number", "pwd").stdout == f"{directory}\n"


def test_a_container_is_killed_after_the_stop_timeout(applc: Applc, engine: Engine, tmp_path: Path) -> None:
    image = engine.image("applc-test/plain:1")
    deaf = "trap '' TERM; while :; do sleep 1; done"
    with project(
        applc, engine, tmp_path,
        container("slow", image, cmd=deaf, stop_timeout=4),
        container("at-once", image, cmd=deaf, stop_timeout=0),
    ) as up:
        assert up.up().returncode == 0
        taken = {}
        for service in ("slow", "at-once"):
            begin = time.monotonic()
            assert up.compose("stop", service).returncode == 0
            taken[service] = time.monotonic() - begin
        # The default is 10 s.
        assert 4 <= taken["slow"] < 9 and taken["at-once"] < 3, taken


def test_labels_are_passed_unchanged(applc: Applc, engine: Engine, tmp_path: Path) -> None:
    image = engine.image("applc-test/plain:1")
    labels = {f"x-{n}[$a]": part.replace("\\@", "@") for n, part in enumerate(PARTS)}
    with project(applc, engine, tmp_path, container("a", image, labels={**labels, "n": 1.5})) as up:
        assert up.up("--no-start").returncode == 0
        # `ps` as JSON would be split at line breaks in labels.
        made = up.compose("ps", "--all", "--quiet", "a").stdout.strip()
        found = engine.inspect(made)["Config"]["Labels"]
        assert {name: found[name] for name in labels} == labels
        assert (found["n"], found["applc.appliance"], found["applc.container"]) == ("1.5", "data", "a")


def test_an_internal_port_is_only_for_the_appliance(applc: Applc, engine: Engine, tmp_path: Path) -> None:
    image = engine.image("applc-test/two:1", Behaviour(serve=(("http", 80), ("http", 81))))
    ports = [{"container_port": 80}, {"container_port": 81, "internal": True}]
    with project(
        applc, engine, tmp_path,
        container("web", image, ports=ports), container("asks", image, args=["http://@web:81/"]),
    ) as up:
        assert up.up().returncode == 0
        (start,) = wait_until("it starts", lambda: up.starts("asks"))
        assert wait_until("an answer", lambda: up.service_at("asks", start.argv[1])) == "web"
        assert wait_until("an answer", lambda: up.answer_on_host(up.port("web", 80)))
        assert set(up.inspect("web")["HostConfig"]["PortBindings"]) == {"80/tcp"}


def test_files_have_their_bytes_and_permissions(applc: Applc, engine: Engine, tmp_path: Path) -> None:
    image = engine.image("applc-test/plain:1")
    chance = random.Random(22)
    texts = ["\n", "".join(PARTS), *("\n".join(chance.choices(PARTS, k=9)) for _ in range(8))]
    binary = bytes(range(256))
    (tmp_path / "bytes").write_bytes(binary)
    files = [{"dest": f"/etc/of $it/{n}", "content": text, "mode": "0755"} for n, text in enumerate(texts)]
    containers = [
        container("a", image, user=1000, files=[*files, {"dest": "/bytes", "source": "bytes"}]),
        container("b", image, files=[{"dest": "/etc/b.conf", "content": "http://@a:80/ \\@a"}]),
    ]
    source = tmp_path / "files.json"

    def written(text: str) -> str:
        source.write_text(json.dumps({"id": "files", "containers": containers}).replace('"http://', f'"{text}'))
        outcome = applc.compile(source, "compose")
        assert outcome.code == 0, outcome.stderr
        return outcome.stdout

    with Project(engine, tmp_path, written("http://")) as up:
        run = up.up()
        assert run.returncode == 0, run.stderr
        for n, text in enumerate(texts):
            found = up.run_in("a", "base64", "-w", "0", f"/etc/of $it/{n}").stdout
            assert base64.b64decode(found) == text.replace("\\@", "@").encode()
            assert up.run_in("a", "stat", "-c", "%a", f"/etc/of $it/{n}").stdout == "755\n"
        assert base64.b64decode(up.run_in("a", "base64", "-w", "0", "/bytes").stdout) == binary
        assert up.run_in("b", "cat", "/etc/b.conf").stdout == "http://a:80/ @a"
        before = [up.inspect(service)["Id"] for service in "ab"]
        assert up.up().returncode == 0
        assert [up.inspect(service)["Id"] for service in "ab"] == before
        # A changed file replaces its container, and no other.
        up.file.write_text(written("https://"))
        assert up.up().returncode == 0
        assert up.run_in("b", "cat", "/etc/b.conf").stdout == "https://a:80/ @a"
        after = [up.inspect(service)["Id"] for service in "ab"]
        assert (after[0] == before[0], after[1] == before[1]) == (True, False)


def test_secrets_have_their_bytes_and_permissions(applc: Applc, engine: Engine, tmp_path: Path) -> None:
    image = engine.image("applc-test/plain:1")
    chance = random.Random(24)
    values = ["\n", " ", "a" * 100_000, "".join(PARTS), *("\n".join(chance.choices(PARTS, k=9)) for _ in range(20))]
    secrets = [{"secret": f"s-{n}", "key": "key.1"} for n in range(len(values))]
    with project(
        applc, engine, tmp_path,
        container("env", image, secret_env={f"V{n}": secret for n, secret in enumerate(secrets)}),
        container("files", image, user=1000, secret_files=[
            {"dest": "/etc/of $it/0", "mode": "0440", **secrets[0]},
            *({"dest": f"/etc/of $it/{n + 1}", **secret} for n, secret in enumerate(secrets)),
        ]),
        container("first", image),
    ) as up:  # fmt: skip
        up.secrets = {f"SECRET_S_{n}_KEY_1": value for n, value in enumerate(values)}
        assert up.up().returncode == 0
        (start,) = wait_until("the container starts", lambda: up.starts("env"))
        assert [start.environ[f"V{n}"] for n in range(len(values))] == values
        for n, value in enumerate(values):
            found = up.run_in("files", "base64", "-w", "0", f"/etc/of $it/{n + 1}").stdout
            assert base64.b64decode(found) == value.encode()
            assert up.run_in("files", "stat", "-c", "%a", f"/etc/of $it/{n + 1}").stdout == "444\n"
        assert up.run_in("files", "stat", "-c", "%a", "/etc/of $it/0").stdout == "440\n"
        before = [up.inspect(service)["Id"] for service in ("env", "files", "first")]
        up.secrets["SECRET_S_0_KEY_1"] = "other"
        assert up.up().returncode == 0
        after = [up.inspect(service)["Id"] for service in ("env", "files", "first")]
        # As the documentation says: files keep the value that they were created with.
        assert [one == other for one, other in zip(before, after, strict=True)] == [False, True, True]
        assert up.run_in("files", "cat", "/etc/of $it/1").stdout == values[0]
        assert up.up("--force-recreate").returncode == 0
        assert up.run_in("files", "cat", "/etc/of $it/1").stdout == "other"


@pytest.mark.parametrize("value", [None, ""])
@pytest.mark.parametrize("field", ["secret_env", "secret_files"])
def test_nothing_starts_without_a_secret(
    applc: Applc, engine: Engine, tmp_path: Path, field: str, value: str | None
) -> None:
    image = engine.image("applc-test/plain:1")
    secret = {"secret": "db", "key": "pass.word"}
    written = {"secret_env": {"P": secret}, "secret_files": [{"dest": "/p", **secret}]}[field]
    with project(
        applc, engine, tmp_path, container("first", image), container("second", image, **{field: written})
    ) as up:
        up.secrets = {} if value is None else {"SECRET_DB_PASS_WORD": value}
        run = up.up()
        assert run.returncode != 0
        assert "required variable SECRET_DB_PASS_WORD is missing a value: the key pass.word of the secret db" in run.stderr
        up.secrets = {"SECRET_DB_PASS_WORD": "x"}
        assert not up.container("first")


def test_an_image_is_built_beside_the_appliance(applc: Applc, engine: Engine, tmp_path: Path) -> None:
    """The image is built from a folder, and built again when something in it changes."""
    base = engine.image("applc-test/plain:1")
    source = tmp_path / "built.json"
    (tmp_path / "we b").mkdir()
    dockerfile = f"FROM {base} AS wanted\nARG A\nENV A=$A\nCOPY f /f\nFROM wanted\nENV A=wrong\n"
    (tmp_path / "we b" / "My.Dockerfile").write_text(dockerfile)
    (tmp_path / "we b" / "f").write_text("1")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "d").write_text("beside")
    image = "applc-test/built-here:1"
    build = {"context": "we b", "dockerfile": "My.Dockerfile", "args": {"A": "1 $x"}, "target": "wanted"}
    volume = {"src": "./data", "dest": "/data", "type": "host"}

    def compiled(*arguments: str, **more: object) -> str:
        document = {"id": "built", "containers": [container("a", image, build=build, volumes=[volume], **more)]}
        source.write_text(json.dumps(document))
        outcome = applc.compile(source, "compose", *arguments)
        assert outcome.code == 0, outcome.stderr
        return outcome.stdout

    def up(project: Project) -> str:
        run = project.compose("up", "--detach")
        assert run.returncode == 0, run.stderr
        return project.run_in("a", "cat", "/f").stdout

    try:
        with Project(engine, tmp_path, compiled()) as project:
            assert up(project) == "1"
            assert "A=1 $x" in project.inspect("a")["Config"]["Env"]
            assert project.run_in("a", "cat", "/data/d").stdout == "beside"
            before = project.inspect("a")["Id"]
            assert up(project) == "1" and project.inspect("a")["Id"] == before
            (tmp_path / "we b" / "f").write_text("2")
            assert up(project) == "2"
            # Only when it is missing.
            project.file.write_text(compiled(force_pull_image=False))
            (tmp_path / "we b" / "f").write_text("3")
            assert up(project) == "2"
        # The Compose file is elsewhere.
        (tmp_path / "out").mkdir()
        with Project(engine, tmp_path / "out", compiled("--option", "compose.project-directory=..")) as project:
            assert up(project) == "3"
            assert project.run_in("a", "cat", "/data/d").stdout == "beside"
    finally:
        command("docker", "image", "rm", "--force", image)


def test_gpus_are_requested(applc: Applc, engine: Engine, tmp_path: Path) -> None:
    """Checks only the request to the engine, because the machine has no GPU."""
    image = engine.image("applc-test/plain:1")
    with project(
        applc, engine, tmp_path, container("train", image, resources={"cpus": 1, "mem": 64, "gpu": 2})
    ) as up:
        assert up.up("--no-start").returncode == 0
        (request,) = up.inspect("train")["HostConfig"]["DeviceRequests"]
        assert (request["Driver"], request["Count"], request["Capabilities"]) == ("nvidia", 2, [["gpu"]])


def test_instances_share_one_name(applc: Applc, engine: Engine, tmp_path: Path) -> None:
    image = engine.image("applc-test/web:1", Behaviour(serve=(("http", 80),)))
    with project(
        applc, engine, tmp_path,
        container("web", image, instances=3, ports=[{"container_port": 80}]),
        container("asks", image, args=["@web:80"]),
        container("none", image, instances=0),
    ) as up:
        assert up.up().returncode == 0
        found = command(engine.docker, "exec", up.container("asks"), "nslookup", "web").stdout
        networks = [up.inspect("web", n)["NetworkSettings"]["Networks"] for n in (1, 2, 3)]
        addresses = {network["data_default"]["IPAddress"] for network in networks}
        assert len(addresses) == 3 and all(address in found for address in addresses)
        assert up.container("none") == ""
