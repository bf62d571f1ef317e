"""`applc up` and its like on a Docker engine: an appliance, and what runs of it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import support
from compose_engine import Engine, command

IMAGE = "applc-test/run:1"

# Runs until it is told to end, and ends at once.
STAY = "trap 'exit 0' TERM; sleep 1000 & wait"


@dataclass(frozen=True)
class Ended:
    """One run of the program, and when it ended."""

    code: int
    stdout: str
    stderr: str
    at: float

    def after(self, moment: str) -> float:
        """Seconds from a time of the engine to the end of the run."""
        # Nanoseconds are more than Python reads.
        return self.at - datetime.fromisoformat(moment[:26].rstrip("Z") + "+00:00").timestamp()


def container(id: str, cmd: str = STAY, **more: Any) -> dict[str, Any]:
    """A service on the project network."""
    return {
        "id": id,
        "type": "service",
        "image": IMAGE,
        "force_pull_image": False,
        "network_mode": "bridge",
        "resources": {"cpus": 0.1, "mem": 32},
        "cmd": cmd,
        **more,
    }


def job(id: str, cmd: str, **more: Any) -> dict[str, Any]:
    """A job without retries."""
    return container(id, cmd, type="job", **{"retries": 0, **more})


def checked(id: str, check: str, cmd: str = STAY, failures: int = 2, **more: Any) -> dict[str, Any]:
    """A service whose health is checked every second."""
    health = {
        "protocol": "COMMAND", "command": check, "interval_seconds": 1, "timeout_seconds": 2,
        "grace_period_seconds": 0, "max_consecutive_failures": failures,
    }  # fmt: skip
    return container(id, cmd, health_check=health, **more)


class Appliance:
    """An appliance with a state folder of its own; a context manager that removes everything at the end."""

    target = "compose"

    def __init__(self, applc: support.Applc, engine: Engine, folder: Path, id: str) -> None:
        self.binary = applc.binary.resolve()
        self.engine = engine
        self.id = id
        # Hyphens of the id are underscores in the name of the project.
        self.project = id.replace("-", "_")
        self.file = folder / "app.json"
        self.state = folder / "state"
        self.environment = {
            **os.environ,
            "PATH": f"{engine.compose.parent}:{os.environ['PATH']}",
            "APPLC_STATE": str(self.state),
        }

    def __enter__(self) -> Appliance:
        return self

    def __exit__(self, *_: object) -> None:
        command(self.engine.compose, "-p", self.project, "down", "--volumes", "--timeout", "1", "--remove-orphans")

    def write(self, *containers: dict[str, Any], **top: Any) -> None:
        """Writes the appliance file."""
        self.file.write_text(json.dumps({"id": self.id, "containers": containers, **top}, indent=1))

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Starts `applc ARGUMENTS...`, in a group of processes of its own."""
        return subprocess.Popen(
            [self.binary, *arguments],
            cwd=self.file.parent, env={**self.environment, **environment}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    def run(self, *arguments: str, timeout: float = 60, **environment: str) -> Ended:
        """Runs `applc ARGUMENTS...`."""
        running = self.start(*arguments, **environment)
        stdout, stderr = running.communicate(timeout=timeout)
        return Ended(running.returncode, stdout, stderr, time.time())

    def up(self, *arguments: str, **environment: str) -> Ended:
        """Runs `applc up`."""
        return self.run("up", self.file.name, "--target", self.target, *arguments, **environment)

    def planned(self) -> dict[str, str]:
        """What `applc up --dry-run` says becomes of each container."""
        run = self.up("--dry-run")
        rows = (line.split("  ") for line in run.stdout.splitlines())
        actions = {words[0]: next(word for word in words[1:] if word).strip() for words in rows}
        assert run.code == (0 if set(actions.values()) == {"kept"} else 4), run
        return actions

    def status(self) -> dict[str, Any]:
        """The output of `applc status --format json`."""
        run = self.run("status", self.id, "--format", "json")
        assert run.code == 0, run.stderr
        return json.loads(run.stdout)

    def states(self) -> dict[str, str]:
        """The state of each container."""
        return {each["id"]: each["state"] for each in self.status()["containers"]}

    def drift(self) -> dict[str, tuple[str, str]]:
        """What `applc status --drift` says: the repair and the reason of each container."""
        run = self.run("status", self.id, "--drift", "--format", "json")
        drift = json.loads(run.stdout)["drift"]
        assert run.code == (4 if drift else 0), run
        return {each["container"]: (each["repair"], each["why"]) for each in drift}

    def inspect(self, container: str, index: int = 1) -> dict[str, Any]:
        """The output of `docker inspect` for an instance."""
        return self.engine.inspect(f"{self.project}-{container}-{index}")

    def exists(self, container: str, index: int = 1) -> bool:
        """Whether there is an instance."""
        return command(self.engine.docker, "inspect", f"{self.project}-{container}-{index}").returncode == 0

    def started(self, container: str, index: int = 1) -> str:
        """What identifies the current start of an instance."""
        found = self.inspect(container, index)
        return f"{found['Id']} {found['State']['StartedAt']}"

    def volumes(self) -> list[str]:
        """The volumes of the project."""
        label = f"label=com.docker.compose.project={self.project}"
        return command(self.engine.docker, "volume", "ls", "-q", "--filter", label).stdout.split()

    def place(self, word: str, after: str) -> str:
        """`FILE:LINE:` of the first line with a word, behind the line with another."""
        lines = self.file.read_text().splitlines()
        begin = next(at for at, line in enumerate(lines) if after in line)
        line = next(at for at, line in enumerate(lines[begin:], begin + 1) if word in line)
        return f"{self.file.name}:{line}:"


class Cable:
    """A way to the engine that can be cut: a TCP port that leads to its socket. A context manager."""

    def __init__(self, socket_file: str = "/var/run/docker.sock") -> None:
        self.socket_file = socket_file
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.host = f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"
        self.ends: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(self.socket_file)
                self.ends += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    @staticmethod
    def _pass_on(one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)

    def cut(self) -> None:
        """Ends all connections, and allows no new ones."""
        for end in (self.listener, *self.ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def __enter__(self) -> Cable:
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
