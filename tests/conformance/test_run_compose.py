"""`applc up`, `status`, `logs`, `down` and `ls` on a real Docker engine."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import support
from compose_engine import Behaviour, Engine, command, wait_until
from run_compose import IMAGE, STAY, Appliance, Cable, checked, container, job

# Maximum time from when the engine knows that a container fails to the end of `up`, in seconds: 5, and as much again
# for the tests that run beside.
SOON = 10

DATA = {"volumes": [{"src": "data", "dest": "/data"}]}
KEPT = {"data_persistence": {"volumes": [{"id": "data"}]}}


def answering(status: int, asked: list[str]) -> type[BaseHTTPRequestHandler]:
    """A web server that gives every path this answer, and notes the path."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path.partition("?")[0])
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"<html></html>")

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@pytest.fixture
def brought(applc: support.Applc, engine: Engine, tmp_path: Path) -> Iterator[Callable[[str], Appliance]]:
    """`brought(ID)` returns an appliance of this id, which is removed at the end."""
    engine.image(IMAGE, Behaviour())
    with ExitStack() as all:
        yield lambda id: all.enter_context(Appliance(applc, engine, tmp_path, id))


def test_up_starts_an_appliance_in_order_and_prints_where_it_is_reached(brought: Callable[[str], Appliance]) -> None:
    app = brought("applc-run-up")
    app.write(
        container("web", "mkdir -p /tmp/w; httpd -f -p 80 -h /tmp/w", dependencies=["made", "db"],
                  ports=[{"container_port": 80, "name": "http"}]),
        job("made", "echo 1 > /data/made", **DATA),
        checked("db", "test -e /tmp/ok", f"sleep 2; touch /tmp/ok; {STAY}", failures=9, instances=2),
        **KEPT,
    )  # fmt: skip
    assert app.planned() == {"web": "created", "made": "created", "db": "created"}
    assert app.run("status", app.id).code == 1, "a dry run leaves nothing"
    up = app.up()
    assert up.code == 0, up.stderr
    assert "web: pending: waits for" in up.stderr
    assert "nothing changed" not in up.stderr
    web, made, db = app.status()["containers"]
    assert (web["state"], made["state"], db["state"]) == ("running", "success", "running")
    (endpoint,) = web["endpoints"]
    assert endpoint["host"] == "localhost" and endpoint["container_port"] == 80 and endpoint["name"] == "http"
    assert f"localhost:{endpoint['host_port']} -> 80 http" in up.stdout
    with socket.create_connection(("localhost", endpoint["host_port"]), timeout=5):
        pass
    # Defaults are filled in.
    assert (web["minimum_capacity"], made["repeats"], made["appliance"]) == (0, 1, app.id)
    assert app.inspect("made")["State"]["FinishedAt"] <= app.inspect("web")["State"]["StartedAt"]
    assert app.id in app.run("ls").stdout


def test_a_web_server_where_kubectl_looks_without_a_cluster_is_none(
    brought: Callable[[str], Appliance], tmp_path: Path
) -> None:
    app = brought("applc-run-web")
    asked: list[str] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), answering(200, asked)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        # By default, kubectl looks at port 8080.
        nowhere = {"KUBECONFIG": str(tmp_path / "none"), "KUBERNETES_MASTER": f"http://127.0.0.1:{server.server_port}"}
        for status in (404, 200):
            server.RequestHandlerClass = answering(status, asked)
            run = app.run("status", app.id, **nowhere)
            assert run.code == 1 and "Kubernetes" not in run.stderr, (status, run)
        server.shutdown()
    assert "/version" in asked


def test_up_again_changes_only_what_changed(brought: Callable[[str], Appliance]) -> None:
    app = brought("applc-run-again")
    first = [container("same"), container("other"), container("gone"), job("done", "true"), container("many")]
    app.write(*first)
    assert app.up().code == 0
    before = {name: app.started(name) for name in ("same", "other", "done", "many")}
    assert set(app.planned().values()) == {"kept"}
    again = app.up()
    assert again.code == 0 and "nothing changed" in again.stderr
    assert {name: app.started(name) for name in before} == before, "the job did not run again"

    app.write(
        container("same"), container("other", env={"A": "1"}), job("done", "true"),
        container("many", instances=3), container("new"),
    )  # fmt: skip
    assert app.planned() == {
        "same": "kept", "other": "replaced", "done": "kept", "many": "changed in place", "new": "created",
        "gone": "removed",
    }  # fmt: skip
    changed = app.up()
    assert changed.code == 0 and "nothing changed" not in changed.stderr
    for name in ("same", "done", "many"):
        assert app.started(name) == before[name]
    assert app.started("other") != before["other"]
    assert app.started("many", 3)
    assert set(app.states()) == {"same", "other", "done", "many", "new"}
    assert not app.exists("gone")

    # A comment is no change.
    app.file.write_text("// a comment\n" + app.file.read_text())
    assert set(app.planned().values()) == {"kept"}


def test_a_changed_image_replaces_its_containers(brought: Callable[[str], Appliance]) -> None:
    app = brought("applc-run-image")
    image = app.engine.image("applc-test/run:moving", Behaviour())
    app.write(container("web", image=image), container("other"))
    assert app.up().code == 0
    before = app.started("web"), app.started("other")
    app.engine.image(image, Behaviour(delay=0.1))
    assert app.planned() == {"web": "replaced", "other": "kept"}
    assert app.up().code == 0
    assert app.started("web") != before[0] and app.started("other") == before[1]


def test_an_image_is_built_when_its_folder_changes(brought: Callable[[str], Appliance]) -> None:
    app = brought("applc-run-built")
    image = "applc-test/built-by-up:1"
    folder = app.file.parent / "web"
    folder.mkdir()
    (folder / "Dockerfile").write_text(f"FROM {IMAGE}\nCOPY f /f\n")
    (folder / "f").write_text("1")
    (app.file.parent / "data").mkdir()
    data = {"src": "./data", "dest": "/data", "type": "host"}
    web = container("web", f"cp /f /data/f; {STAY}", image=image, build={"context": "web"},
                    force_pull_image=True, volumes=[data])  # fmt: skip
    written = app.file.parent / "data" / "f"
    try:
        app.write(web, container("other"))
        up = app.up()
        assert up.code == 0, up.stderr
        assert f"building `{image}`" in up.stderr
        wait_until("the folder beside the appliance is mounted", written.exists)
        before = app.started("web"), app.started("other")
        again = app.up()
        assert again.code == 0 and "nothing changed" in again.stderr
        assert (app.started("web"), app.started("other")) == before
        (folder / "f").write_text("2")
        assert app.up().code == 0
        assert app.started("web") != before[0] and app.started("other") == before[1]
        wait_until("the new image runs", lambda: written.read_text() == "2")
        (folder / "Dockerfile").write_text(f"FROM {IMAGE}\nCOPY missing /f\n")
        failed = app.up()
        assert failed.code == 1 and "E0901" in failed.stderr and "cannot be built" in failed.stderr, failed.stderr
        assert '"context": "web"' in failed.stderr
    finally:
        command("docker", "image", "rm", "--force", image)


def test_down_keeps_volumes_unless_they_are_purged(brought: Callable[[str], Appliance]) -> None:
    app = brought("applc-run-down")
    app.write(container("db", f"echo 1 >> /data/starts; {STAY}", **DATA), **KEPT)
    assert app.up().code == 0
    down = app.run("down", app.id)
    assert down.code == 0 and "1 volume kept" in down.stderr
    assert app.volumes() == [f"{app.project}_data"]
    assert app.run("status", app.id).code == 1
    assert "down" in app.run("ls").stdout
    assert app.up().code == 0
    found = app.engine.run_in(f"{app.project}-db-1", "/bin/busybox", "cat", "/data/starts").stdout
    assert found.split() == ["1", "1"]
    purged = app.run("down", app.id, "--purge")
    assert purged.code == 0 and "1 volume removed" in purged.stderr.replace("and ", "")
    assert app.volumes() == []
    assert app.id not in app.run("ls").stdout
    assert app.run("down", app.id).code == 1
    # Volumes that were kept are purged later, too.
    assert app.up().code == 0 and app.run("down", app.id).code == 0
    assert app.run("down", app.id, "--purge").code == 0
    assert app.volumes() == []


def test_another_machine_knows_ids_and_states(brought: Callable[[str], Appliance], tmp_path: Path) -> None:
    app = brought("applc-run-elsewhere")
    app.write(container("web"), job("done", "true"))
    assert app.up().code == 0
    app.state = tmp_path / "elsewhere"
    app.environment["APPLC_STATE"] = str(app.state)
    assert app.states() == {"web": "running", "done": "success"}
    assert app.id in app.run("ls").stdout
    assert app.run("down", app.id).code == 0
    assert app.run("status", app.id).code == 1


def test_logs_are_those_of_a_container_or_of_all(brought: Callable[[str], Appliance]) -> None:
    app = brought("applc-run-logs")
    # Docker does not keep the order of the two streams exactly.
    said = f"echo one; sleep 0.5; echo two >&2; sleep 0.5; echo three; {STAY}"
    app.write(container("web", said), job("done", "echo done"))
    assert app.up().code == 0
    # First, the probe prints a line.
    assert app.run("logs", app.id, "web").stdout.splitlines()[-3:] == ["one", "two", "three"]
    assert app.run("logs", app.id, "web", "-n", "1").stdout == "three\n"
    lines = app.run("logs", app.id).stdout.splitlines()
    assert f"{app.project}-done-1 | done" in lines and f"{app.project}-web-1  | one" in lines
    assert app.run("logs", app.id, "none").code == 1
    # `done` has ended, so that its log does.
    assert app.run("logs", app.id, "done", "--follow").stdout.endswith("\ndone\n")


def test_logs_follow_instances_that_are_started_later(brought: Callable[[str], Appliance]) -> None:
    app = brought("applc-run-logs-later")
    says = f"echo hello; {STAY}"
    app.write(container("web", says))
    assert app.up().code == 0
    following = app.start("logs", app.id, "web", "--follow", "--tail", "1")
    try:
        assert following.stdout and following.stdout.readline() == "hello\n"
        app.write(container("web", says, instances=2))
        assert app.up().code == 0
        later = f"{app.project}-web-2 | "
        assert following.stdout.readline().startswith(f"{later}APPLC-PROBE")
        assert following.stdout.readline() == f"{later}hello\n"
    finally:
        following.terminate()
        following.communicate(timeout=10)
    assert following.returncode == -signal.SIGTERM


def test_status_watches(brought: Callable[[str], Appliance]) -> None:
    app = brought("applc-run-watch")
    app.write(container("web"))
    assert app.up().code == 0
    watching = app.start("status", app.id, "--watch")
    try:
        assert watching.stdout and "running" in watching.stdout.readline() + watching.stdout.readline()
        command(app.engine.docker, "stop", "--time", "1", f"{app.project}-web-1")
        wait_until("the next state", lambda: "killed" in watching.stdout.readline(), 10)
    finally:
        # As on a terminal: also the programs that it started.
        os.killpg(watching.pid, signal.SIGINT)
        watching.communicate()


def test_drift_is_what_someone_did_by_hand_and_up_repairs_it(brought: Callable[[str], Appliance]) -> None:
    app = brought("applc-run-drift")
    app.write(container("limits"), container("alone"), container("many", instances=2), container("stopped"),
              container("same", **DATA), job("done", "true"), **KEPT)  # fmt: skip
    assert app.up().code == 0
    assert app.drift() == {}
    same = app.started("same")
    docker, name = app.engine.docker, f"{app.project}-{{}}-1".format
    for words in (
        ("update", "--memory", "64m", "--memory-swap", "64m", name("limits")),
        ("update", "--cpus", "0.5", name("limits")),
        ("network", "disconnect", f"{app.project}_default", name("alone")),
        ("rm", "--force", name("many")),
        ("stop", "--time", "1", name("stopped")),
    ):
        assert command(docker, *words).returncode == 0, words
    drift = app.drift()
    limits = "cpus is 500000000 instead of none, mem_limit is 67108864 instead of 33554432"
    assert drift.pop("limits") == ("replaced", f"{limits}, memswap_limit is 67108864 instead of 33554432")
    assert drift == {
        "alone": ("replaced", f"not in the network `{app.project}_default`"),
        "many": ("changed", "1 of 2 instances were removed"),
        "stopped": ("restarted", "was stopped"),
    }
    shown = app.run("status", app.id, "--drift")
    assert shown.code == 4 and "replaced          cpus is 500000000" in shown.stdout
    planned = app.planned()
    assert planned["limits"] == "replaced" and planned["same"] == "kept"
    assert app.up().code == 0
    assert app.drift() == {}
    assert app.started("same") == same
    assert app.inspect("limits")["HostConfig"]["NanoCpus"] == 0
    # Another machine cannot know.
    elsewhere = app.run("status", app.id, "--drift", APPLC_STATE=str(app.state / "elsewhere"))
    assert elsewhere.code == 1 and "nothing to compare with" in elsewhere.stderr


def test_drift_is_a_container_that_someone_replaced(brought: Callable[[str], Appliance], tmp_path: Path) -> None:
    app = brought("applc-run-replaced")
    app.write(container("web"), container("db", image=app.engine.image("applc-test/run:drift", Behaviour())))
    assert app.up().code == 0
    output = app.state / app.id / "compose/output/compose.yaml"
    other = tmp_path / "other.yaml"
    other.write_text(output.read_text().replace("sleep 1000", "sleep 1001", 1))
    assert command(app.engine.compose, "-p", app.project, "-f", other, "up", "-d", "web").returncode == 0
    app.engine.image("applc-test/run:drift", Behaviour(delay=0.1))
    assert app.drift() == {
        "web": ("replaced", "another definition: command"),
        "db": ("replaced", "image: `applc-test/run:drift` is another one now"),
    }


def test_a_plan_is_carried_out_unless_the_engine_has_moved(brought: Callable[[str], Appliance]) -> None:
    app = brought("applc-run-plan")

    def plan() -> tuple[int, dict[str, str]]:
        run = app.up("--plan", "app.plan", "--format", "json")
        return run.code, {each["container"]: each["action"] for each in json.loads(run.stdout)["changes"]}

    app.write(container("web"), container("db"))
    assert plan() == (4, {"web": "created", "db": "created"})
    planned = app.file.read_text()
    app.write(container("other"))
    carried = app.run("up", "app.plan")
    assert carried.code == 0, carried.stderr
    assert app.states() == {"web": "running", "db": "running"}, "the plan counts, and not the file"
    again = app.run("up", "app.plan")
    assert again.code == 1 and "`db`: created in the plan, kept now" in again.stderr
    app.file.write_text(planned)
    assert plan() == (0, {"web": "kept", "db": "kept"})
    # What is done to a container by hand makes the plan void, also if the containers are the same.
    assert command(app.engine.docker, "update", "--cpus", "0.5", f"{app.project}-db-1").returncode == 0
    moved = app.run("up", "app.plan")
    assert moved.code == 1 and f"`{app.project}-db-1` is another one or was changed" in moved.stderr
    assert plan() == (4, {"web": "kept", "db": "replaced"})
    assert app.run("up", "app.plan").code == 0
    assert plan() == (0, {"web": "kept", "db": "kept"})
    assert command(app.engine.docker, "rm", "--force", f"{app.project}-web-1").returncode == 0
    moved = app.run("up", "app.plan")
    assert moved.code == 1 and "`web`: kept in the plan, created now" in moved.stderr
    assert not app.exists("web"), "nothing was done"


def test_the_timeline_shows_what_took_longest(brought: Callable[[str], Appliance]) -> None:
    app = brought("applc-run-timeline")
    db = checked("db", "test -e /tmp/ok", f"sleep 3; touch /tmp/ok; {STAY}", failures=20)
    app.write(container("web", dependencies=["db", "made"]), job("made", "sleep 1"), db)
    assert app.up().code == 0
    run = app.run("status", app.id, "--timeline", "--format", "json")
    assert run.code == 0, run.stderr
    document = json.loads(run.stdout)
    web, made, db = document["instances"]
    assert [each["container"] for each in document["chain"]] == ["db", "web"]
    # The engine notes a start after the program has begun.
    assert 2.9 <= db["checking"] < 6 and 0.9 <= made["running"] < 2.9 and web["waiting"] >= 2.9
    assert web["total"] >= web["waiting"]
    # The engine forgets the first success after five checks, and `up` has noted it.
    time.sleep(6)
    again = json.loads(app.run("status", app.id, "--timeline", "--format", "json").stdout)
    assert again["instances"][2]["ready"] == db["ready"]
    text = app.run("status", app.id, "--timeline").stdout
    assert "CHECKING" in text and "└─db @" in text


def test_one_up_at_a_time(brought: Callable[[str], Appliance]) -> None:
    app = brought("applc-run-lock")
    app.write(checked("slow", "test -e /tmp/ok", f"sleep 5; touch /tmp/ok; {STAY}", failures=20))
    first = app.start("up", app.file.name, "-t", "compose")
    wait_until("the container", lambda: app.exists("slow"), 20)
    second = app.up()
    assert second.code == 3 and "another run of applc" in second.stderr
    assert app.states() == {"slow": "staging"}
    assert first.wait(30) == 0, first.communicate()


def test_detached_it_ends_when_everything_was_started(brought: Callable[[str], Appliance]) -> None:
    app = brought("applc-run-detach")
    app.write(checked("slow", "test -e /tmp/ok", f"sleep 20; touch /tmp/ok; {STAY}", failures=99))
    up = app.up("--detach")
    assert up.code == 0, up.stderr
    assert app.states() == {"slow": "staging"}


def test_a_project_of_someone_else_is_not_touched(brought: Callable[[str], Appliance]) -> None:
    app = brought("applc-run-foreign")
    (app.file.parent / "other.yaml").write_text(f"services: {{a: {{image: {IMAGE}}}}}\n")
    other = (app.engine.compose, "-p", app.project, "-f", app.file.parent / "other.yaml", "up", "-d", "--pull", "never")
    assert command(*other).returncode == 0
    app.write(container("web"))
    for run in (app.up(), app.up("--dry-run"), app.run("down", app.id)):
        assert run.code in (1, 3) and f"{app.project}-a-1" in run.stderr, run
    assert app.inspect("a")["State"]["Running"]


# Failures: each names the right container, its reason and its place, soon after the engine knows.


def test_an_image_that_cannot_be_pulled(brought: Callable[[str], Appliance]) -> None:
    app = brought("applc-run-missing")
    app.write(container("db"), container("web", image="127.0.0.1:9/none:1", dependencies=["db"]))
    began = time.time()
    up = app.up()
    assert up.code == 1 and up.at - began < SOON
    assert "error[E0901]: `web` cannot be pulled: `127.0.0.1:9/none:1`:" in up.stderr
    assert "connection refused" in up.stderr and app.place('"image"', '"web"') in up.stderr
    assert "none is ready" in up.stderr
    # Mended, it comes up.
    app.write(container("db"), container("web", dependencies=["db"]))
    assert app.up().code == 0


def test_an_image_that_does_not_fit_the_command(brought: Callable[[str], Appliance]) -> None:
    app = brought("applc-run-program")
    bare = container("web", dependencies=["db"], image=entrypoint(app.engine, "/bin/no-such-program"))
    del bare["cmd"]
    app.write(container("db"), bare, container("after", dependencies=["web"]))
    up = app.up()
    assert up.code == 1, up.stderr
    assert up.after(app.inspect("web")["Created"]) < SOON
    assert "error[E0902]: `web` cannot be started: exec: \"/bin/no-such-program\"" in up.stderr
    assert app.place('"image"', '"web"') in up.stderr
    assert "not started, because of it: `after`" in up.stderr and "ready: db" in up.stderr
    # The same again, and not a success.
    assert "error[E0902]: `web`" in app.up().stderr


def entrypoint(engine: Engine, program: str) -> str:
    """An image that runs a program."""
    name = "applc-test/run:entrypoint"
    made = command(engine.docker, "build", "-q", "-t", name, "-", stdin=f'FROM {IMAGE}\nENTRYPOINT ["{program}"]\nCMD []\n'.encode())
    assert made.returncode == 0, made.stderr
    return name


def test_a_port_that_is_taken(brought: Callable[[str], Appliance]) -> None:
    app = brought("applc-run-port")
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = taken.getsockname()[1]
        app.write(container("db"), container("web", ports=[{"container_port": 80}, {"container_port": 81, "host_port": port}]))
        up = app.up()
        assert up.code == 1 and up.after(app.inspect("web")["Created"]) < SOON
        assert "error[E0902]: `web` cannot be started:" in up.stderr
        assert str(port) in up.stderr and app.place('"host_port"', '"web"') in up.stderr
        assert app.states() == {"db": "running", "web": "failed"}
    # Free again: `up` repairs, and leaves the other as it is.
    before = app.started("db")
    assert app.planned() == {"db": "kept", "web": "restarted"}
    assert app.up().code == 0
    assert app.states() == {"db": "running", "web": "running"} and app.started("db") == before


def test_a_service_that_crashes(brought: Callable[[str], Appliance]) -> None:
    app = brought("applc-run-crash")
    app.write(container("db", "echo starting; echo no license >&2; exit 3"), container("web"))
    up = app.up()
    assert up.code == 1, up.stderr
    assert "error[E0903]: `db` does not stay up: ended with exit status 3" in up.stderr
    assert "no license" in up.stderr and app.place('"id"', '"db"') in up.stderr
    # From its first end.
    assert up.after(app.inspect("db")["Created"]) < SOON
    app.write(container("db"), container("web"))
    assert app.up().code == 0


def test_a_program_that_does_not_exist(brought: Callable[[str], Appliance]) -> None:
    app = brought("applc-run-nothing")
    app.write(container("db", "no-such-program"), container("web", dependencies=["db"]))
    up = app.up()
    assert up.code == 1 and up.after(app.inspect("db")["Created"]) < SOON
    assert "error[E0903]: `db` does not stay up: exit status 127: its program cannot be run" in up.stderr
    assert "no-such-program: not found" in up.stderr


def test_a_service_that_runs_out_of_memory(brought: Callable[[str], Appliance]) -> None:
    app = brought("applc-run-memory")
    hungry = container("db", "x=a; while true; do x=$x$x; done", resources={"cpus": 0.1, "mem": 16})
    app.write(hungry, container("web"))
    up = app.up()
    assert up.code == 1, up.stderr
    assert "error[E0903]: `db` ran out of memory: ended by the engine at its memory limit" in up.stderr
    assert app.place('"mem"', '"db"') in up.stderr
    assert up.after(app.inspect("db")["Created"]) < 2 * SOON


def test_a_service_that_is_never_healthy(brought: Callable[[str], Appliance]) -> None:
    app = brought("applc-run-sick")
    app.write(checked("db", "echo not yet; exit 1"), container("web", dependencies=["db"]), container("other"))
    up = app.up()
    assert up.code == 1, up.stderr
    assert "error[E0904]: `db` is not healthy: its health check ends with exit status 1: not yet" in up.stderr
    assert app.place('"health_check"', '"db"') in up.stderr
    assert "not started, because of it: `web`" in up.stderr and "ready: other" in up.stderr
    assert up.after(app.inspect("db")["State"]["Health"]["Log"][1]["End"]) < SOON
    assert app.states()["db"] == "failed"
    # Again it gets another chance, and fails again.
    assert app.planned()["db"] == "restarted"
    assert "error[E0904]: `db`" in app.up().stderr


def test_a_service_that_crashes_before_it_is_healthy(brought: Callable[[str], Appliance]) -> None:
    app = brought("applc-run-crash-check")
    app.write(checked("db", "exit 1", "echo no license; exit 3", failures=9), container("web", dependencies=["db"]))
    # Compose gives it up at its first end, and calls it unhealthy.
    for _ in range(2):
        up = app.up()
        assert up.code == 1, up.stderr
        assert "error[E0903]: `db` does not stay up: " in up.stderr and "no license" in up.stderr
        assert "not started, because of it: `web`" in up.stderr
        assert "killed" not in up.stderr, "nobody stopped it"


def test_a_job_that_fails(brought: Callable[[str], Appliance]) -> None:
    app = brought("applc-run-job")
    app.write(job("made", "echo no space; exit 4", retries=1), container("web", dependencies=["made"]))
    up = app.up()
    assert up.code == 1, up.stderr
    assert "error[E0905]: `made` failed: exit status 4, 2 runs" in up.stderr and "no space" in up.stderr
    assert "not started, because of it: `web`" in up.stderr
    assert up.after(app.inspect("made")["State"]["FinishedAt"]) < SOON
    app.write(job("made", "true"), container("web", dependencies=["made"]))
    assert app.up().code == 0


def test_a_job_that_nobody_waits_for_fails(brought: Callable[[str], Appliance]) -> None:
    app = brought("applc-run-late-job")
    app.write(container("web"), job("made", "sleep 3; exit 4"))
    up = app.up()
    assert up.code == 1 and "error[E0905]: `made` failed: exit status 4" in up.stderr
    assert up.after(app.inspect("made")["State"]["FinishedAt"]) < SOON


def test_one_cause_is_named_with_all_that_it_blocks(brought: Callable[[str], Appliance]) -> None:
    app = brought("applc-run-chain")
    app.write(
        checked("db", "exit 1"),
        container("api", dependencies=["db"]),
        container("web", dependencies=["api"]),
    )
    up = app.up()
    assert up.code == 1, up.stderr
    assert "error[E0904]: `db`" in up.stderr and "not started, because of it: `api`, `web`" in up.stderr
    assert up.stderr.count("error[") == 1


def test_an_engine_that_is_gone(brought: Callable[[str], Appliance]) -> None:
    app = brought("applc-run-gone")
    app.write(container("web"))
    nowhere = {"DOCKER_HOST": "tcp://127.0.0.1:9"}
    for arguments in (("up", app.file.name, "-t", "compose"), ("status", app.id), ("down", app.id), ("ls",)):
        began = time.time()
        run = app.run(*arguments, **nowhere)
        assert run.code == 3 and run.at - began < SOON, run
        assert "the Docker engine does not answer: Cannot connect to the Docker daemon at tcp://127.0.0.1:9" in run.stderr
    app.write(container("web", image="a b"))
    assert app.up(**nowhere).code == 1, "the appliance is checked first"


def test_an_engine_that_goes_away_in_the_middle(brought: Callable[[str], Appliance]) -> None:
    app = brought("applc-run-cable")
    db = checked("db", "test -e /tmp/ok", f"sleep 8; touch /tmp/ok; {STAY}", failures=30)
    app.write(db, container("web", dependencies=["db"]))
    with Cable() as cable:
        running = app.start("up", app.file.name, "-t", "compose", DOCKER_HOST=cable.host)
        wait_until("the container", lambda: app.exists("db"), 20)
        cut = time.time()
        cable.cut()
        _, stderr = running.communicate(timeout=30)
    assert running.returncode == 3 and time.time() - cut < SOON, stderr
    assert "the Docker engine does not answer" in stderr
    # What was started goes on, and `up` starts the rest.
    before = app.inspect("db")["Id"]
    assert app.up().code == 0
    assert app.states() == {"db": "running", "web": "running"} and app.inspect("db")["Id"] == before


def test_an_up_that_is_interrupted(brought: Callable[[str], Appliance]) -> None:
    app = brought("applc-run-interrupted")
    db = checked("db", "test -e /tmp/ok", f"sleep 6; touch /tmp/ok; {STAY}", failures=30)
    app.write(db, container("web", dependencies=["db"]))
    for ended in (signal.SIGINT, signal.SIGKILL):
        running = app.start("up", app.file.name, "-t", "compose")
        wait_until("the container", lambda: app.exists("db"), 20)
        os.killpg(running.pid, ended)
        running.communicate(timeout=10)
        assert app.states()["db"] in ("pending", "staging", "running")
    assert app.up().code == 0
    assert app.states() == {"db": "running", "web": "running"}
