"""What containers of an agent get: their program, user, working directory, and time to stop."""

from __future__ import annotations

import base64
import json
import random
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from compose_engine import Behaviour, Engine, command, wait_until
from nomad_agent import Agent
from nomad_app import Compiler, container
from support import Applc
from test_compose_data import PARTS


@pytest.fixture(scope="module")
def agent() -> Iterator[Agent]:
    with Agent(Engine()) as running:
        yield running


@pytest.fixture
def run(agent: Agent) -> Iterator[Agent]:
    """The agent; jobs are removed after each test."""
    yield agent
    agent.remove_all()


@pytest.fixture
def compiler(applc: Applc, run: Agent, tmp_path: Path) -> Compiler:
    return Compiler(applc, run, tmp_path)


def test_an_entrypoint_is_passed_unchanged(compiler: Compiler, run: Agent) -> None:
    image = compiler.image("plain")
    chance = random.Random(21)
    made = ["".join(chance.choices(PARTS, k=chance.randrange(8))) for _ in range(200)]
    # Nomad reads strings in Unicode normal form C.
    written = [text for text in made if unicodedata.is_normalized("NFC", text)]
    expected = [text.replace("\\@", "@") for text in written]
    compiler.submit({"id": "program", "containers": [
        container("list", image, entrypoint=["/probe/run", *written[:90]], args=written[90:]),
        container("alone", image, entrypoint=["/probe/run"]),
    ]})
    run.wait_for_deployment("program")
    (start,) = run.starts("program", "list", "list")
    assert start.argv == ["/probe/run", *expected]
    (start,) = run.starts("program", "alone", "alone")
    assert start.argv == ["/probe/run"]


def test_user_and_working_directory(compiler: Compiler, run: Agent) -> None:
    image = compiler.image("users", Behaviour(files=(("etc/passwd", b"web:x:33:44::/:/bin/sh\n"),)))
    directory = "/a $dir ${x}/日本"
    compiler.submit({"id": "users", "containers": [
        container("number", image, user=1000, working_dir=directory),
        container("both", image, user="1000:2000"),
        container("name", image, user="web"),
    ]})
    run.wait_for_deployment("users")
    for group, ids in (("number", "1000 0"), ("both", "1000 2000"), ("name", "33 44")):
        own = [run.run_in(run.allocation("users", group), group, "id", option).stdout.strip() for option in ("-u", "-g")]
        assert " ".join(own) == ids
    there = run.run_in(run.allocation("users", "number"), "number", "pwd")
    assert there.stdout == f"{directory}\n"


def test_a_container_is_killed_after_the_stop_timeout(compiler: Compiler, run: Agent) -> None:
    image = compiler.image("plain")
    deaf = "trap '' TERM; while :; do sleep 1; done"
    compiler.submit({"id": "deaf", "containers": [container("slow", image, cmd=deaf, stop_timeout=9)]})
    run.wait_for_deployment("deaf")
    name = f"slow-{run.allocation('deaf', 'slow')['ID']}"
    begin = time.monotonic()
    assert run.run_command("job", "stop", "-detach", "deaf").returncode == 0
    last = begin

    def is_running() -> bool:
        # Nomad removes the container soon after its end, so that it may be gone at the next look.
        listed = command(run.engine.docker, "ps", "--filter", f"name=^/?{name}$", "--format", "{{.Names}}")
        assert listed.returncode == 0, listed.stderr
        return listed.stdout.split() == [name]

    assert is_running()
    while True:
        now = time.monotonic()
        if not is_running():
            break
        last = now
        assert now - begin < 20
        time.sleep(0.2)
    # The default is 5 s. It ended between the last two looks.
    assert 9 <= time.monotonic() - begin and last - begin < 15


def test_labels_are_passed_unchanged(compiler: Compiler, run: Agent) -> None:
    image = compiler.image("plain")
    labels = {f"x-{n}[${{a}}]": part for n, part in enumerate(PARTS) if "@" not in part}
    compiler.submit({"id": "labels", "containers": [container("a", image, labels={**labels, "n": 1.5})]})
    run.wait_for_deployment("labels")
    found = run.engine.inspect(f"a-{run.allocation('labels', 'a')['ID']}")["Config"]["Labels"]
    assert {name: found[name] for name in labels} == labels
    assert found["n"] == "1.5"


def test_an_internal_port_is_reached_by_reference(compiler: Compiler, run: Agent) -> None:
    image = compiler.image("internal", Behaviour(serve=(("http", 81),)))
    port = {"container_port": 81, "internal": True}
    compiler.submit({"id": "internal", "containers": [
        container("web", image, ports=[port]), container("asks", image, args=["http://@web:81/"]),
    ]})
    run.wait_for_deployment("internal")
    (start,) = run.starts("internal", "asks", "asks")
    assert run.group_at(run.allocation("internal", "asks"), "asks", start.argv[1]) == "web"


def put_variable(agent: Agent, folder: Path, path: str, items: dict[str, str]) -> None:
    """Creates a Nomad variable, or changes it."""
    file = folder / "variable.json"
    file.write_text(json.dumps({"Namespace": "default", "Path": path, "Items": items}))
    put = agent.run_command("var", "put", "-force", "-in=json", f"@{file}")
    assert put.returncode == 0, put.stderr


def test_secrets_have_their_bytes_and_permissions(compiler: Compiler, run: Agent) -> None:
    image = compiler.image("plain")
    chance = random.Random(24)
    values = ["\n", " ", "\t\r\n", "${A} $$ {{ x }} #", "".join(PARTS)]
    values += ["\n".join(chance.choices(PARTS, k=9)) for _ in range(8)]
    keys = [f"key-{n}.x" for n in range(len(values))]
    compiler.submit({"id": "secrets", "containers": [
        container("a", image, secret_env={f"V{n}": {"secret": "s-1", "key": key} for n, key in enumerate(keys)}),
        container("b", image, secret_files=[
            {"dest": f"/etc/of $it/{n}", "secret": "s-1", "key": key, "mode": "0440"} for n, key in enumerate(keys)
        ]),
    ]})
    # Tasks wait for the variable.
    run.wait_for_task("secrets", "a", "a", "pending")
    put_variable(run, compiler.folder, "secrets/secrets/s-1", dict(zip(keys, values, strict=True)))
    run.wait_for_deployment("secrets")
    (start,) = run.starts("secrets", "a", "a")
    assert [start.environ[f"V{n}"] for n in range(len(values))] == values
    here = run.allocation("secrets", "b")
    for n, value in enumerate(values):
        found = run.run_in(here, "b", "base64", "-w", "0", f"/etc/of $it/{n}").stdout
        assert base64.b64decode(found) == value.encode()
        assert run.run_in(here, "b", "stat", "-L", "-c", "%a", f"/etc/of $it/{n}").stdout == "440\n"
    # A service is restarted with a changed value.
    put_variable(run, compiler.folder, "secrets/secrets/s-1", dict.fromkeys(keys, "other"))
    wait_until("a restart", lambda: len(run.starts("secrets", "a", "a")) == 2)
    assert run.starts("secrets", "a", "a")[1].environ["V0"] == "other"


def test_a_missing_key_is_named(compiler: Compiler, run: Agent) -> None:
    image = compiler.image("plain")
    put_variable(run, compiler.folder, "secrets/keys/db", {"other": "a canary"})
    secret = {"secret": "db", "key": "password"}
    compiler.submit({"id": "keys", "containers": [container("a", image, secret_files=[{"dest": "/p", **secret}])]})
    wait_until("the reason", lambda: "secret `db` has no key `password`" in run.event_log("keys"))
    assert "canary" not in run.event_log("keys")


def test_files_have_their_bytes_and_permissions(compiler: Compiler, run: Agent) -> None:
    image = compiler.image("serves", Behaviour(serve=(("http", 80),)))
    chance = random.Random(23)
    texts = ["", "\n", "  a\n\n  b", "EOT\n", "".join(PARTS)]
    texts += ["\n".join(chance.choices(PARTS, k=9)) for _ in range(8)]
    binary = bytes(range(256))
    (compiler.folder / "bytes").write_bytes(binary)
    files = [{"dest": f"/etc/of $it/{n}", "content": text, "mode": "0751"} for n, text in enumerate(texts)]
    compiler.submit({"id": "files", "containers": [
        container("a", image, ports=[{"container_port": 80}], files=[*files, {"dest": "/bytes", "source": "bytes"}]),
        container("b", image, user=1000, files=[{"dest": "/etc/b.conf", "content": "  http://@a:80/\n"}]),
    ]})
    run.wait_for_deployment("files")
    here = run.allocation("files", "a")
    for n, text in enumerate(texts):
        found = run.run_in(here, "a", "base64", "-w", "0", f"/etc/of $it/{n}").stdout
        assert base64.b64decode(found) == text.replace("\\@", "@").encode()
        assert run.run_in(here, "a", "stat", "-c", "%a", f"/etc/of $it/{n}").stdout == "751\n"
    assert base64.b64decode(run.run_in(here, "a", "base64", "-w", "0", "/bytes").stdout) == binary
    found = run.run_in(run.allocation("files", "b"), "b", "cat", "/etc/b.conf").stdout
    assert found.startswith("  http://") and found.endswith("/\n")
    assert run.group_at(run.allocation("files", "b"), "b", found.strip()) == "a"
