"""How `applc up` tells about seeded failures on a real Docker engine.

Each failure must be one finding about the right container, with the right code, words and place, and `up` must end
within `SOON` seconds of the engine knowing it: from the time that the engine gives the event with that it knows, to the
end of the program. On a machine with more to do than it has processors, everything takes longer: the limit grows with
the load then. The table that is printed at the end says what was measured, and under which load.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import support
from compose_engine import Behaviour, Engine, command, wait_until
from run_compose import IMAGE, STAY, Appliance, Cable, Ended, checked, container, job

# Maximum time from when the engine knows that a container fails to the end of `up`, in seconds: 5, and as much again
# for the tests that run beside.
SOON = 10


def load() -> float:
    """How much more there is to do than this machine can do at once; at least 1."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


class Registry:
    """A registry that has no image, and knows when it has said so. A context manager."""

    def __enter__(self) -> Registry:
        registry = self
        self.told = 0.0

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                is_ping = self.path == "/v2/"
                code = "NAME_UNKNOWN" if "/nobody/" in self.path else "MANIFEST_UNKNOWN"
                words = code.lower().replace("_", " ")
                body = b"{}" if is_ping else json.dumps({"errors": [{"code": code, "message": words}]}).encode()
                self.send_response(200 if is_ping else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)
                registry.told = time.time()

            do_GET = do_HEAD = answer

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.name = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


class Events:
    """What the engine tells of the containers of an appliance, with its own times. A context manager."""

    def __init__(self, engine: Engine, id: str) -> None:
        self.all: list[tuple[float, str, str]] = []
        filters = ("--filter", "type=container", "--filter", f"label=applc.appliance={id}")
        # From before it was started: the stream may open late.
        since = ("--since", str(time.time() - 0.5))
        self.told = subprocess.Popen(
            [engine.docker, "events", *since, "--format", "{{json .}}", *filters], text=True, stdout=subprocess.PIPE
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.told.stdout or ():
            event = json.loads(line)
            container = event["Actor"]["Attributes"]["applc.container"]
            self.all.append((event["timeNano"] / 1e9, container, event["Action"]))

    def of(self, container: str, action: str) -> list[float]:
        """When an action happened to a container, earliest first."""
        return [at for at, whose, what in self.all if whose == container and what.startswith(action)]

    def __enter__(self) -> Events:
        return self

    def __exit__(self, *_: object) -> None:
        self.told.kill()
        self.told.wait()


@dataclass
class Row:
    """One failure of the table."""

    failure: str
    code: str
    container: str
    known_by: str
    seconds: float
    load: float


@pytest.fixture(scope="module")
def rows(request: pytest.FixtureRequest) -> Iterator[list[Row]]:
    """The table of what was measured, which is printed at the end."""
    rows: list[Row] = []
    yield rows
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print(f"\n\n{'failure':42} {'code':6} {'container':10} {'known by':22} {'seconds':>7} {'load':>6}")
        for row in rows:
            print(f"{row.failure:42} {row.code:6} {row.container:10} {row.known_by:22} {row.seconds:7.2f} {row.load:6.1f}")
        inside = sum(row.seconds <= SOON for row in rows)
        print(f"{inside} of {len(rows)} within {SOON} seconds of the engine knowing; load is per processor")


class Failure:
    """An appliance with a failure that was put into it."""

    def __init__(self, app: Appliance, events: Events, rows: list[Row]) -> None:
        self.app = app
        self.events = events
        self.rows = rows

    def up(self, *containers: dict[str, Any], **top: Any) -> Ended:
        """Brings the containers up, which must fail."""
        self.app.write(*containers, **top)
        up = self.app.up()
        assert up.code == 1, up
        return up

    def at(self, container: str, action: str, number: int = -1) -> float:
        """The time of an event of the engine."""
        wait_until(f"{container}: {action}", lambda: self.events.of(container, action), 10)
        return self.events.of(container, action)[number]

    def is_told(
        self, up: Ended, failure: str, code: str, container: str, words: str, place: str, known_by: str, known: float,
    ) -> None:  # fmt: skip
        """Checks the finding, its place, and that it came soon after the engine knew."""
        found = re.findall(r"^error\[(E\d+)\]: (.*)\n\s*--> (\S+):(\d+):(\d+)$", up.stderr, re.MULTILINE)
        assert len(found) == 1, up.stderr
        ((told, message, file, line, _),) = found
        assert told == code and message.startswith(f"`{container}` "), up.stderr
        assert re.search(words, message), message
        assert f"{file}:{line}:" == self.app.place(place, f'"id": "{container}"'), up.stderr
        self.is_soon(failure, code, container, known_by, up.at - known)

    def is_soon(self, failure: str, code: str, container: str, known_by: str, seconds: float) -> None:
        """Notes how long it took, and checks that."""
        now = load()
        self.rows.append(Row(failure, code, container, known_by, seconds, now))
        assert -0.1 < seconds <= SOON * now, f"{failure}: {seconds:.1f} s, load {now:.1f}"


@pytest.fixture
def failing(
    applc: support.Applc, engine: Engine, tmp_path: Path, rows: list[Row]
) -> Iterator[Callable[[str], Failure]]:
    """`failing(ID)` returns an appliance of this id, which is removed at the end."""
    engine.image(IMAGE, Behaviour())
    with ExitStack() as all:

        def make(id: str) -> Failure:
            id = f"applc-fail-{id}"
            app = all.enter_context(Appliance(applc, engine, tmp_path, id))
            return Failure(app, all.enter_context(Events(engine, id)), rows)

        yield make


def built(engine: Engine, name: str, lines: str) -> str:
    """An image on top of the probe."""
    made = command(engine.docker, "build", "-q", "-t", name, "-", stdin=f"FROM {IMAGE}\n{lines}\n".encode())
    assert made.returncode == 0, made.stderr
    return name


def bare(engine: Engine, id: str, program: str, **more: Any) -> dict[str, Any]:
    """A container that runs the program of its image."""
    lines = f'RUN echo data > /plain\nENTRYPOINT ["{program}"]\nCMD []'
    one = container(id, image=built(engine, f"applc-test/fail:{program.strip('/')}", lines), **more)
    del one["cmd"]
    return one


# Images.


def test_an_image_name_that_does_not_exist(failing: Callable[[str], Failure]) -> None:
    with Registry() as registry:
        one = failing("name")
        up = one.up(container("db"), container("web", image=f"{registry.name}/nobody/none:1", dependencies=["db"]))
        words = r"cannot be pulled: .*/nobody/none:1.*(not found|unknown|does not exist)"
        one.is_told(up, "image name that does not exist", "E0901", "web", words, '"image"', "registry's answer", registry.told)


def test_an_unknown_tag(failing: Callable[[str], Failure]) -> None:
    with Registry() as registry:
        one = failing("tag")
        up = one.up(container("db"), container("web", image=f"{registry.name}/app:none", dependencies=["db"]))
        words = r"cannot be pulled: .*/app:none.*(not found|unknown)"
        one.is_told(up, "unknown tag", "E0901", "web", words, '"image"', "registry's answer", registry.told)


def test_a_registry_that_is_not_reached(failing: Callable[[str], Failure]) -> None:
    one = failing("registry")
    began = time.time()
    up = one.up(container("db"), container("web", image="127.0.0.1:9/none:1"))
    words = "cannot be pulled: `127.0.0.1:9/none:1`: .*connection refused"
    one.is_told(up, "registry that is unreachable", "E0901", "web", words, '"image"', "begin of up", began)


# Programs.


def test_a_crash_at_once(failing: Callable[[str], Failure]) -> None:
    one = failing("crash")
    up = one.up(container("web"), container("db", "echo no license >&2; exit 3"))
    assert "applc:   no license\n" in up.stderr
    one.is_told(up, "crash at once", "E0903", "db", "does not stay up: ended with exit status 3", '"id"', "first end",
                one.at("db", "die", 0))  # fmt: skip


def test_a_crash_after_a_second(failing: Callable[[str], Failure]) -> None:
    one = failing("later")
    up = one.up(container("web"), container("db", "sleep 1; echo lost >&2; exit 4"))
    assert "applc:   lost\n" in up.stderr
    # Until it has ended three times, it may be one that waits for another.
    one.is_told(up, "crash after a second", "E0903", "db", "does not stay up: ended with exit status 4", '"id"',
                "third end", one.at("db", "die", 2))  # fmt: skip
    one.is_soon("the same", "E0903", "db", "first end", up.at - one.at("db", "die", 0))
    # From now on it is `failed`, also while it runs for a second.
    of_db = lambda: one.app.engine.inspect(f"{one.app.project}-db-1")
    wait_until("the third start again", lambda: of_db()["RestartCount"] >= 3)
    shown, ran = set(), False
    end = time.monotonic() + 8
    while time.monotonic() < end:
        ran |= of_db()["State"]["Status"] == "running"
        shown.add(one.app.states()["db"])
        ran |= of_db()["State"]["Status"] == "running"
    assert ran and shown == {"failed"}


def test_a_program_that_the_image_lacks(failing: Callable[[str], Failure]) -> None:
    one = failing("lacking")
    up = one.up(container("db"), bare(one.app.engine, "web", "/no-such-program"), container("after", dependencies=["web"]))
    assert "not started, because of it: `after`" in up.stderr
    words = 'cannot be started: exec: "/no-such-program".*no such file'
    one.is_told(up, "program that the image lacks", "E0902", "web", words, '"image"', "creation", one.at("web", "create"))


def test_a_command_that_the_image_lacks(failing: Callable[[str], Failure]) -> None:
    one = failing("command")
    up = one.up(container("web"), container("db", "no-such-program"))
    words = "does not stay up: exit status 127: its program cannot be run"
    one.is_told(up, "command that the shell does not find", "E0903", "db", words, '"id"', "first end", one.at("db", "die", 0))


def test_a_program_that_is_not_executable(failing: Callable[[str], Failure]) -> None:
    one = failing("plain")
    up = one.up(container("db"), bare(one.app.engine, "web", "/plain"))
    words = 'cannot be started: exec: "/plain": permission denied'
    one.is_told(up, "program that is not executable", "E0902", "web", words, '"image"', "creation", one.at("web", "create"))


def test_a_service_that_runs_out_of_memory(failing: Callable[[str], Failure]) -> None:
    one = failing("memory")
    hungry = container("db", "x=a; while true; do x=$x$x; done", resources={"cpus": 0.1, "mem": 16})
    up = one.up(container("web"), hungry)
    words = "ran out of memory: ended by the engine at its memory limit"
    one.is_told(up, "out of memory", "E0903", "db", words, '"mem"', "first end", one.at("db", "die", 0))


def test_a_job_that_fails_with_its_retries(failing: Callable[[str], Failure]) -> None:
    one = failing("job")
    up = one.up(job("made", "echo no space; exit 4", retries=2), container("web", dependencies=["made"]))
    assert "applc:   no space\n" in up.stderr and "not started, because of it: `web`" in up.stderr
    one.is_told(up, "job that fails with its retries", "E0905", "made", "failed: exit status 4, 3 runs", '"id"',
                "last end", one.at("made", "die"))  # fmt: skip


# Ports and files.


def test_a_port_that_another_process_has(failing: Callable[[str], Failure]) -> None:
    one = failing("port")
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ports = [{"container_port": 80}, {"container_port": 81, "host_port": port}]
        up = one.up(container("db"), container("web", ports=ports))
    words = f"cannot be started: .*{port}.*address already in use"
    one.is_told(up, "port that another process has", "E0902", "web", words, '"host_port"', "creation", one.at("web", "create"))


def test_a_port_that_another_container_has(failing: Callable[[str], Failure]) -> None:
    one = failing("taken")
    name = "applc_fail_taken-other"
    command(one.app.engine.docker, "rm", "--force", name)
    try:
        other = command(one.app.engine.docker, "run", "-d", "--name", name, "-p", "80", IMAGE, "/bin/sh", "-c", STAY)
        assert other.returncode == 0, other.stderr
        found = one.app.engine.inspect(name)["NetworkSettings"]["Ports"]["80/tcp"]
        port = int(found[0]["HostPort"])
        up = one.up(container("db"), container("web", ports=[{"container_port": 81, "host_port": port}]))
    finally:
        command(one.app.engine.docker, "rm", "--force", name)
    words = f"cannot be started: .*{port}.*(already allocated|already in use)"
    one.is_told(up, "port that another container has", "E0902", "web", words, '"host_port"', "creation", one.at("web", "create"))


def test_a_folder_of_the_host_that_does_not_exist(failing: Callable[[str], Failure], tmp_path: Path) -> None:
    one = failing("folder")
    # Below a file, so that nobody can create it.
    (tmp_path / "file").write_text("")
    missing = {"src": f"{tmp_path}/file/none", "dest": "/data", "type": "host"}
    began = time.time()
    up = one.up(container("db"), container("web", volumes=[missing], dependencies=["db"]))
    words = f"cannot be started: .*{tmp_path}/file"
    # Compose creates all containers first.
    one.is_told(up, "host path that cannot be there", "E0902", "web", words, '"dest"', "begin of up", began)


def test_a_file_that_is_mounted_over_a_folder(failing: Callable[[str], Failure], tmp_path: Path) -> None:
    one = failing("file")
    (tmp_path / "file").write_text("")
    over = {"src": f"{tmp_path}/file", "dest": "/tmp", "type": "host"}
    up = one.up(container("db"), container("web", volumes=[over]))
    words = "cannot be started: .*mount.*not a directory"
    one.is_told(up, "file that is mounted over a folder", "E0902", "web", words, '"dest"', "creation", one.at("web", "create"))


# Health.


def check(protocol: str, **more: Any) -> dict[str, Any]:
    """A health check each second."""
    return {
        "protocol": protocol, "interval_seconds": 1, "timeout_seconds": 2, "grace_period_seconds": 0,
        "max_consecutive_failures": 2, **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("protocol", "more", "words"),
    [
        ("HTTP", {"port_index": 0, "path": "/none"}, "is not healthy: its health check ends with exit status [0-9]+: .*404"),
        ("TCP", {"port_index": 1}, "is not healthy: its health check ends with exit status [0-9]+"),
        ("COMMAND", {"command": "echo not yet; exit 1"}, "is not healthy: its health check ends with exit status 1: not yet"),
    ],
)
def test_a_service_that_is_never_healthy(
    failing: Callable[[str], Failure], protocol: str, more: dict[str, Any], words: str
) -> None:
    one = failing(f"health-{protocol.lower()}")
    serving = container("db", "mkdir -p /tmp/w; httpd -f -p 80 -h /tmp/w", health_check=check(protocol, **more),
                        ports=[{"container_port": 80}, {"container_port": 81}])  # fmt: skip
    up = one.up(serving, container("api", dependencies=["db"]), container("web", dependencies=["api"]), container("other"))
    assert "not started, because of it: `api`, `web`" in up.stderr and "ready: other" in up.stderr
    known = one.at("db", "health_status: unhealthy", 0)
    one.is_told(up, f"health that is never good: {protocol}", "E0904", "db", words, '"health_check"', "unhealthy", known)


def test_a_dependency_that_fails_is_the_one_cause(failing: Callable[[str], Failure]) -> None:
    one = failing("chain")
    up = one.up(
        container("web", dependencies=["api"]),
        container("api", dependencies=["made", "db"]),
        job("made", "sleep 2; exit 7", dependencies=["db"]),
        checked("db", "true"),
        container("other"),
    )
    assert "not started, because of it: `web`, `api`" in up.stderr and "ready: db, other" in up.stderr
    one.is_told(up, "dependency that blocks others", "E0905", "made", "failed: exit status 7", '"id"', "last end",
                one.at("made", "die"))  # fmt: skip


def test_an_engine_that_goes_away(failing: Callable[[str], Failure]) -> None:
    one = failing("cable")
    db = checked("db", "test -e /tmp/ok", f"sleep 60; {STAY}", failures=90)
    one.app.write(db, container("web", dependencies=["db"]))
    with Cable() as cable:
        running = one.app.start("up", one.app.file.name, "-t", "compose", DOCKER_HOST=cable.host)
        wait_until("the container", lambda: one.app.exists("db"), 60)
        cut = time.time()
        cable.cut()
        _, stderr = running.communicate(timeout=60)
    ended = time.time()
    assert running.returncode == 3 and "applc: error: the Docker engine does not answer" in stderr, stderr
    one.is_soon("engine that goes away", "-", "-", "cut of the connection", ended - cut)
