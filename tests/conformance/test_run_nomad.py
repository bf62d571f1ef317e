"""`applc up`, `status`, `logs`, `down` and `ls` on a Nomad agent with Docker."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

import support
from compose_engine import Behaviour, Engine, command, wait_until
from nomad_agent import Agent
from nomad_app import RECORD_IMAGE, WAIT_IMAGE
from run_compose import IMAGE, STAY, Ended, container, job
from run_nomad import Appliance, Reports, checked, serve

# Maximum time from when Nomad knows that a container fails to the end of `up`, in seconds: 5, and as much again
# for the tests that run beside.
SOON = 10

# Memory of the node in MB, and a container that takes most of it.
MEMORY = 2048
LARGE = {"cpus": 0.05, "mem": 1500}

DATA = {"volumes": [{"src": "data", "dest": "/data"}]}
KEPT = {"data_persistence": {"volumes": [{"id": "data"}]}}


@pytest.fixture(scope="module")
def agent() -> Iterator[Agent]:
    engine = Engine()
    with Agent(engine, memory=MEMORY) as running:
        engine.image(IMAGE, Behaviour())
        engine.image(WAIT_IMAGE)
        engine.image(RECORD_IMAGE, Behaviour(programs=("/usr/bin/curl",)))
        yield running


@pytest.fixture(scope="module")
def reports(agent: Agent) -> Reports:
    return Reports(agent)


@pytest.fixture
def brought(
    applc: support.Applc, agent: Agent, reports: Reports, tmp_path: Path
) -> Iterator[Callable[[str], Appliance]]:
    """`brought(ID)` returns an appliance of this id, which is removed at the end."""
    with ExitStack() as all:
        yield lambda id: all.enter_context(Appliance(applc, agent, tmp_path, id, reports))


def test_up_starts_an_appliance_in_order_and_prints_where_it_is_reached(brought: Callable[[str], Appliance]) -> None:
    app = brought("up")
    app.write(
        container("web", serve(), dependencies=["made", "db"], ports=[{"container_port": 80, "name": "http"}]),
        job("made", "echo 1"),
        checked("db", f"sleep 2; {serve(82)}", 82, failures=9, instances=2),
    )
    assert app.actions() == {"web": "created", "made": "created", "db": "created"}
    assert app.run("status", app.id).code == 1, "a dry run leaves nothing"
    up = app.up()
    assert up.code == 0, up.stderr
    assert "web: pending: waits for" in up.stderr
    assert "nothing changed" not in up.stderr
    web, made, db = app.status()["containers"]
    assert (web["state"], made["state"], db["state"]) == ("running", "success", "running")
    (endpoint,) = web["endpoints"]
    assert endpoint["container_port"] == 80 and endpoint["name"] == "http"
    assert len(db["endpoints"]) == 2
    assert f"{endpoint['host']}:{endpoint['host_port']} -> 80 http" in up.stdout
    with socket.create_connection((endpoint["host"], endpoint["host_port"]), timeout=5):
        pass
    # Defaults are filled in.
    assert (web["minimum_capacity"], made["repeats"], made["appliance"]) == (0, 1, app.id)
    assert app.agent.started_at("up.made", "made", "made") <= app.agent.started_at("up", "web", "web")
    assert app.id in app.run("ls").stdout


def test_up_again_changes_only_what_changed(brought: Callable[[str], Appliance]) -> None:
    app = brought("again")
    app.write(container("same"), container("other"), container("gone"), job("done", "true"), container("many"), job("old", "true"))
    assert app.up().code == 0
    before = {name: app.started(name) for name in ("same", "other", "done", "many")}
    assert set(app.actions().values()) == {"kept"}
    again = app.up()
    assert again.code == 0 and "nothing changed" in again.stderr
    assert {name: app.started(name) for name in before} == before, "the job did not run again"

    app.write(
        container("same"), container("other", env={"A": "1"}), job("done", "true"),
        container("many", instances=3), container("new"),
    )  # fmt: skip
    assert app.planned() == {
        "same": ("kept", ""), "other": ("replaced", "Env[A]: 1"), "done": ("kept", ""),
        "many": ("changed in place", "3 instances instead of 1"), "new": ("created", ""),
        "gone": ("removed", "not in the appliance"), "old": ("removed", "not in the appliance"),
    }  # fmt: skip
    changed = app.up()
    assert changed.code == 0 and "nothing changed" not in changed.stderr
    for name in ("same", "done"):
        assert app.started(name) == before[name]
    assert app.started("other") != before["other"]
    assert set(app.started("many", 3)) > set(before["many"])
    assert set(app.states()) == {"same", "other", "done", "many", "new"}
    assert not [each for each in app.agent.get("/v1/jobs") if each["ID"] == "again.old"]

    # A comment is no change.
    app.file.write_text("// a comment\n" + app.file.read_text())
    assert set(app.actions().values()) == {"kept"}


def test_up_waits_until_all_instances_are_replaced(brought: Callable[[str], Appliance]) -> None:
    app = brought("rolling")
    app.write(checked("web", serve(), instances=2))
    assert app.up().code == 0
    before = app.started("web", 2)
    app.write(checked("web", f"sleep 2; {serve()}", failures=9, instances=2))
    up = app.up()
    assert up.code == 0, up.stderr
    assert not set(app.started("web", 2)) & set(before)


def test_down_keeps_volumes_unless_they_are_purged(brought: Callable[[str], Appliance]) -> None:
    app = brought("down")
    app.write(container("db", f"echo 1 >> /data/starts; {STAY}", **DATA), job("made", "true"), container("after", dependencies=["made"]), **KEPT)

    def volumes() -> list[str]:
        return [each["Name"] for each in app.agent.get("/v1/volumes?type=host")]

    up = app.up()
    assert up.code == 0, up.stderr
    assert volumes() == ["down--data"]
    assert sorted(app.variables()) == ["applc/down/appliance", "applc/down/made/succeeded/0"]
    down = app.run("down", app.id)
    assert down.code == 0 and "3 containers removed, 1 volume kept" in down.stderr, down.stderr
    assert volumes() == ["down--data"] and app.variables() == []
    assert app.run("status", app.id).code == 1
    assert "down" in app.run("ls").stdout
    assert app.up().code == 0
    allocation = app.agent.allocation("down", "db")
    found = app.agent.run_in(allocation, "db", "/bin/busybox", "cat", "/data/starts").stdout
    assert found.split() == ["1", "1"]
    purged = app.run("down", app.id, "--purge")
    assert purged.code == 0 and "1 volume removed" in purged.stderr.replace("and ", ""), purged.stderr
    assert volumes() == []
    assert app.run("down", app.id).code == 1
    # Volumes that were kept are purged later, too.
    assert app.up().code == 0 and app.run("down", app.id).code == 0
    assert app.run("down", app.id, "--purge").code == 0
    assert volumes() == []


def test_down_ends_when_containers_have(brought: Callable[[str], Appliance]) -> None:
    app = brought("deaf")
    deaf = "trap '' TERM INT; while :; do sleep 1; done"
    made = container("many", deaf, instances=2, stop_timeout=8)
    app.write(container("web", deaf), made, container("after", deaf, dependencies=["done"]), job("done", "true"))

    def placed() -> set[str]:
        return {each["ID"] for each in app.agent.get("/v1/allocations") if each["JobID"].split(".")[0] == app.id}

    def left(placed: set[str]) -> list[str]:
        names = command(app.agent.engine.docker, "ps", "--format", "{{.Names}}").stdout.split()
        return [name for name in names if name[-36:] in placed]

    up = app.up()
    assert up.code == 0, up.stderr
    all = placed()
    assert len(left(all)) == 4
    down = app.run("down", app.id)
    assert down.code == 0, down.stderr
    assert left(all) == []
    assert not [each for each in app.agent.get("/v1/jobs") if each["ID"].split(".")[0] == app.id]


def test_another_machine_knows_the_whole_appliance(brought: Callable[[str], Appliance], tmp_path: Path) -> None:
    app = brought("elsewhere")
    app.write(container("web", ports=[{"container_port": 80, "name": "http"}]), job("done", "true"))
    assert app.up().code == 0
    here = app.status()
    app.environment["APPLC_STATE"] = str(tmp_path / "elsewhere")
    assert app.states() == {"web": "running", "done": "success"}
    assert app.status() == here
    assert app.id in app.run("ls").stdout
    assert app.run("down", app.id).code == 0
    assert app.run("status", app.id).code == 1


def test_logs_are_those_of_a_container_or_of_all(brought: Callable[[str], Appliance]) -> None:
    app = brought("logs")
    app.write(container("web", f"echo one; echo two >&2; echo three; {STAY}"), job("done", "echo done"))
    assert app.up().code == 0
    # Nomad copies what a container writes, on a loaded machine after it has ended.
    wait_until("all lines", lambda: "logs.done.done[0] | done" in app.run("logs", app.id).stdout.splitlines(), 20)
    # First, the probe prints a line.
    assert app.run("logs", app.id, "web").stdout.splitlines()[-3:] == ["one", "three", "two"]
    assert app.run("logs", app.id, "web", "-n", "1").stdout == "three\ntwo\n"
    assert "logs.web[0]       | one" in app.run("logs", app.id).stdout.splitlines()
    assert app.run("logs", app.id, "none").code == 1
    # `done` has ended, so that its log does.
    assert app.run("logs", app.id, "done", "--follow").stdout.endswith("\ndone\n")
    # Those of a service end with it.
    following = app.start("logs", app.id, "--follow", "-n", "1")
    time.sleep(3)
    assert app.run("down", app.id).code == 0
    stdout, stderr = following.communicate(timeout=30)
    assert "logs.web[0]       | three" in stdout.splitlines(), stderr


def test_logs_follow_instances_that_are_started_later(brought: Callable[[str], Appliance]) -> None:
    app = brought("later")
    app.write(container("web", f"echo hello; {STAY}"), container("other", f"echo other; {STAY}"))
    assert app.up().code == 0
    app.agent.wait_for_deployment(app.id)
    following = app.start("logs", app.id, "web", "--follow", "--tail", "1")
    try:
        assert following.stdout and following.stdout.readline() == "hello\n"
        assert app.nomad("job", "scale", "-detach", app.id, "web", "2").returncode == 0
        lines = [following.stdout.readline(), following.stdout.readline()]
        assert lines[0].startswith("later.web[1] | APPLC-PROBE") and lines[1] == "later.web[1] | hello\n", lines
        # It ends with the last of them.
        assert app.run("down", app.id).code == 0
        _, stderr = following.communicate(timeout=30)
        assert following.returncode == 0, stderr
    finally:
        following.kill()
        following.communicate(timeout=10)


def test_a_job_of_someone_else_is_not_touched(brought: Callable[[str], Appliance]) -> None:
    app = brought("foreign")
    app.write(container("web"))
    assert app.run("compile", app.file.name, "-t", "nomad", "-o", "out/").code == 0
    file = app.folder / "out" / "foreign.nomad.hcl"
    file.write_text(file.read_text().replace("applc.appliance", "other"))
    app.agent.submit(file)
    for run in (app.up(), app.up("--dry-run")):
        assert run.code == 3 and "the job `foreign` is there" in run.stderr, run
    assert app.run("down", app.id).code in (0, 1)
    assert not app.agent.get("/v1/job/foreign")["Stop"]


def test_what_others_changed_is_seen_and_undone(brought: Callable[[str], Appliance]) -> None:
    app = brought("drift")
    app.write(container("web"), container("db"))
    assert app.up().code == 0
    # Nomad scales nothing before that.
    app.agent.wait_for_deployment(app.id)
    assert app.nomad("job", "scale", "-detach", app.id, "web", "3").returncode == 0
    assert app.planned()["web"] == ("changed in place", "1 instances instead of 3")
    assert app.up().code == 0
    assert len(app.started("web")) == 1
    assert app.nomad("job", "stop", "-detach", "-yes", app.id).returncode == 0
    wait_until("the end", lambda: app.states() == {"web": "killed", "db": "killed"}, 30)
    assert app.planned()["db"] == ("restarted", "was stopped")
    drift = app.run("status", app.id, "--drift")
    assert drift.code == 4 and "was stopped" in drift.stdout, drift
    assert app.up().code == 0
    assert app.states() == {"web": "running", "db": "running"}


# Failures: each names the right container, its reason and its place, soon after Nomad knows.


def fails(app: Appliance, up: Ended, after: float, kind: str) -> None:
    """Checks and prints how long after a moment of Nomad `up` ended."""
    assert up.code == 1, up.stderr
    late = up.at - after
    print(f"{kind}: {late:.1f} s after Nomad knew")
    assert late < SOON, up.stderr


def test_an_image_that_cannot_be_pulled(brought: Callable[[str], Appliance]) -> None:
    app = brought("missing")
    app.write(container("db"), container("web", image="127.0.0.1:9/none:1", dependencies=["db"]))
    up = app.up()
    fails(app, up, app.known("web", "Driver Failure"), "image")
    assert "error[E0901]: `web` cannot be pulled: `127.0.0.1:9/none:1`:" in up.stderr
    assert "connection refused" in up.stderr and app.place('"image"', '"web"') in up.stderr
    assert "ready: db" in up.stderr
    # Mended, it comes up.
    before = app.started("db")
    app.write(container("db"), container("web", dependencies=["db"]))
    assert app.up().code == 0
    assert app.started("db") == before


def test_an_image_that_lacks_its_program(brought: Callable[[str], Appliance]) -> None:
    app = brought("program")
    name = "applc-test/run:entrypoint"
    made = command(app.agent.engine.docker, "build", "-q", "-t", name, "-", stdin=f'FROM {IMAGE}\nENTRYPOINT ["/bin/no-such-program"]\nCMD []\n'.encode())
    assert made.returncode == 0, made.stderr
    bare = container("web", image=name)
    del bare["cmd"]
    app.write(container("db"), bare, container("after", dependencies=["web"]))
    up = app.up()
    fails(app, up, app.known("web", "Driver Failure"), "program of the image")
    assert 'error[E0902]: `web` cannot be started: exec: "/bin/no-such-program"' in up.stderr
    assert app.place('"image"', '"web"') in up.stderr
    assert "not started, because of it: `after`" in up.stderr


def test_a_port_that_is_taken(brought: Callable[[str], Appliance]) -> None:
    app = brought("port")
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = taken.getsockname()[1]
        app.write(container("db"), container("web", ports=[{"container_port": 80}, {"container_port": 81, "host_port": port}]))
        up = app.up()
        fails(app, up, app.known("web", "Driver Failure"), "port")
        assert "error[E0902]: `web` cannot be started:" in up.stderr
        assert str(port) in up.stderr and app.place('"host_port"', '"web"') in up.stderr
    # Free again: `up` repairs, and leaves the other as it is.
    before = app.started("db")
    assert app.actions() == {"db": "kept", "web": "restarted"}
    again = app.up()
    assert again.code == 0, again.stderr
    # An instance that replaced a failed one counts as failed until it has run for a while.
    wait_until("web has run", lambda: app.states() == {"db": "running", "web": "running"}, 60)
    assert app.started("db") == before


def test_a_port_that_another_appliance_has(brought: Callable[[str], Appliance]) -> None:
    port = [{"container_port": 80, "host_port": 18091}]
    other = brought("other")
    other.write(container("db", ports=port))
    assert other.up().code == 0
    app = brought("reserved")
    app.write(container("web", ports=port), container("db"))
    up = app.up()
    fails(app, up, app.blocked(), "reserved port")
    assert "error[E0906]: `web` cannot be placed: no node has the port :18091 free: already allocated on 1 node" in up.stderr
    assert app.place('"host_port"', '"web"') in up.stderr


def test_a_service_that_crashes(brought: Callable[[str], Appliance]) -> None:
    app = brought("crash")
    app.write(container("db", "echo starting; echo no license >&2; exit 3"), container("web"))
    up = app.up()
    fails(app, up, app.known("db", "Not Restarting"), "crash")
    assert "error[E0903]: `db` does not stay up: ended with exit status 3, 3 starts so far" in up.stderr
    assert "no license" in up.stderr and app.place('"id"', '"db"') in up.stderr
    before = app.started("web")
    app.write(container("db"), container("web"))
    assert app.up().code == 0
    assert app.started("web") == before


def test_a_program_that_does_not_exist(brought: Callable[[str], Appliance]) -> None:
    app = brought("nothing")
    app.write(container("db", "no-such-program"), container("web", dependencies=["db"]))
    up = app.up()
    fails(app, up, app.known("db", "Terminated"), "missing program")
    assert "error[E0903]: `db` does not stay up: exit status 127: its program cannot be run" in up.stderr
    assert "no-such-program: not found" in up.stderr


def test_a_service_that_runs_out_of_memory(brought: Callable[[str], Appliance]) -> None:
    app = brought("memory")
    app.write(container("db", "x=a; while true; do x=$x$x; done", resources={"cpus": 0.1, "mem": 16}), container("web"))
    up = app.up()
    fails(app, up, app.known("db", "Terminated"), "out of memory")
    assert "error[E0903]: `db` ran out of memory: ended by the engine at its memory limit" in up.stderr
    assert app.place('"mem"', '"db"') in up.stderr


def test_a_service_that_is_never_healthy(brought: Callable[[str], Appliance]) -> None:
    app = brought("sick")
    app.write(checked("db", STAY), container("web", dependencies=["db"]), container("other"))
    up = app.up()
    fails(app, up, app.known("db", "Restart Signaled"), "not healthy")
    # What Nomad says of the connection, which may be over before it is refused where much else runs.
    said = re.search(r"error\[E0904]: `db` is not healthy: its health check fails: dial tcp [0-9.:]+: (.*)", up.stderr)
    assert said and re.search("connection refused|no route to host|i/o timeout", said[1]), up.stderr
    assert app.place('"health_check"', '"db"') in up.stderr
    assert "not started, because of it: `web`" in up.stderr and "ready: other" in up.stderr
    assert app.states()["db"] in ("failed", "staging")


@pytest.mark.parametrize(
    ("id", "fields", "reason", "word"),
    [
        ("mem", {"resources": {"cpus": 0.1, "mem": 999999}}, "no node has 999999 MB of memory, the largest has 2048: 1 node exhausted", '"mem"'),
        ("cpu", {"resources": {"cpus": 1000, "mem": 32}}, "no node has 1000000 MHz of CPU, the largest has 64000: 1 node exhausted", '"cpus"'),
        ("constraint", {"schedule_hints": {"placement": {"host": "nowhere"}}}, "no node satisfies `${attr.unique.hostname} = nowhere`: 1 node left out", '"id"'),
    ],
)  # fmt: skip
def test_a_container_that_cannot_be_placed(
    brought: Callable[[str], Appliance], id: str, fields: dict[str, Any], reason: str, word: str
) -> None:
    app = brought(f"place-{id}")
    app.write(container("db"), container("web", dependencies=["db"], **fields))
    assert app.planned()["web"] == ("cannot be placed", reason)
    up = app.up()
    fails(app, up, app.blocked(), f"no place: {id}")
    assert f"error[E0906]: `web` cannot be placed: {reason}" in up.stderr
    assert app.place(word, '"web"') in up.stderr
    # The same again, and mended it comes up.
    assert f"error[E0906]: `web` cannot be placed: {reason}" in app.up().stderr
    app.write(container("db"), container("web", dependencies=["db"]))
    assert app.up().code == 0


def test_a_job_that_frees_a_place_is_waited_for(brought: Callable[[str], Appliance]) -> None:
    app = brought("frees")
    app.write(job("load", "sleep 3", resources=LARGE), container("web", resources=LARGE))
    up = app.up()
    assert up.code == 0, up.stderr
    assert "no node has 1500 MB of memory free: 1 node exhausted" in up.stderr


def test_a_job_that_fails_with_all_its_retries(brought: Callable[[str], Appliance]) -> None:
    app = brought("retries")
    app.write(container("web", dependencies=["load"]), job("load", "echo no rows; exit 5", retries=1), container("other"))
    up = app.up()
    fails(app, up, app.known("load", "Not Restarting"), "job with retries")
    assert "error[E0905]: `load` failed: exit status 5, 2 runs" in up.stderr
    assert "no rows" in up.stderr and app.place('"id"', '"load"') in up.stderr
    assert "not started, because of it: `web`" in up.stderr and "ready: other" in up.stderr
    # Nobody has changed it.
    drift = app.run("status", app.id, "--drift")
    assert drift.code == 0 and "no drift" in drift.stderr, drift
    # It runs again, and fails again.
    assert app.actions()["load"] == "restarted"
    assert "error[E0905]: `load` failed: exit status 5, 2 runs" in app.up().stderr
    app.write(container("web", dependencies=["load"]), job("load", "true", retries=1), container("other"))
    assert app.up().code == 0


def test_a_dependency_that_fails_blocks_what_waits_for_it(brought: Callable[[str], Appliance]) -> None:
    app = brought("blocks")
    app.write(container("c", dependencies=["b"]), container("b", dependencies=["a"]), job("a", "sleep 5; exit 1"), container("d"))
    up = app.up()
    fails(app, up, app.known("a", "Not Restarting"), "dependency")
    assert "error[E0905]: `a` failed: exit status 1" in up.stderr
    assert "not started, because of it: `c`, `b`" in up.stderr and "ready: d" in up.stderr
    assert app.states() == {"c": "pending", "b": "pending", "a": "failed", "d": "running"}


# The engine itself.


def test_without_the_program_or_an_agent_the_error_says_what_to_do(brought: Callable[[str], Appliance]) -> None:
    app = brought("without")
    app.write(container("web"))
    path = os.environ["PATH"].replace(str(app.agent.nomad.parent), "/nowhere")
    missing = app.up(PATH=path)
    assert missing.code == 3 and "`nomad` is not installed" in missing.stderr
    gone = app.up(NOMAD_ADDR="http://127.0.0.1:9")
    assert gone.code == 3, gone
    assert "the Nomad agent does not answer: dial tcp 127.0.0.1:9: connect: connection refused" in gone.stderr
    assert "NOMAD_ADDR" in gone.stderr


def test_an_agent_that_goes_away_and_a_token_that_may_do_little(applc: support.Applc, tmp_path: Path) -> None:
    engine = Engine()
    with Agent(engine, memory=MEMORY, durable=True) as agent, Appliance(applc, agent, tmp_path, "gone") as app:
        app.write(container("web"), job("load", "sleep 25"))
        for token in ("", "00000000-0000-0000-0000-000000000000"):
            run = app.up(NOMAD_TOKEN=token)
            assert run.code == 3 and "Nomad does not allow to list jobs: Permission denied" in run.stderr, run
            assert "NOMAD_TOKEN" in run.stderr
        up = app.start("up", app.file.name, "-t", "nomad")
        wait_until("the job", lambda: app.agent.allocations("gone.load"), 60)
        app.agent.wait_for_task("gone.load", "load", "load", "running")
        before = app.started("load")
        agent.kill()
        began = time.monotonic()
        _, stderr = up.communicate(timeout=60)
        print(f"agent gone: {time.monotonic() - began:.1f} s after its end")
        assert up.returncode == 3, stderr
        assert "the Nomad agent does not answer" in stderr and "goes on running" in stderr
        agent.launch()
        again = app.up()
        assert again.code == 0, again.stderr
        assert app.states() == {"web": "running", "load": "success"}
        assert app.started("load") == before
