"""`applc up` and its like on a Nomad agent: an appliance, and what runs of it."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

import support
from compose_engine import wait_until
from nomad_agent import Agent
from nomad_app import RECORD_IMAGE, WAIT_IMAGE
from run_compose import Ended, container

CONFIGURATION = f"""
[targets.nomad]
wait-image = "{WAIT_IMAGE}"
record-image = "{RECORD_IMAGE}"
"""


def checked(id: str, cmd: str, port: int = 80, failures: int = 2, **more: Any) -> dict[str, Any]:
    """A service whose port is checked every second."""
    health = {
        "protocol": "MESOS_TCP", "port_index": 0, "interval_seconds": 1, "timeout_seconds": 1,
        "grace_period_seconds": 1, "max_consecutive_failures": failures,
    }  # fmt: skip
    return container(id, cmd, health_check=health, ports=[{"container_port": port}], **more)


def serve(port: int = 80) -> str:
    """A command that listens on a port."""
    return f"mkdir -p /tmp/w; exec httpd -f -p {port} -h /tmp/w"


class Reports:
    """When Nomad's servers were told what happened to tasks: a node tells them up to some seconds later."""

    def __init__(self, agent: Agent) -> None:
        self.first: dict[tuple[str, str, str], float] = {}
        request = urllib.request.Request(f"{agent.address}/v1/event/stream?topic=Allocation")
        self.stream = urllib.request.urlopen(request, timeout=600)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with suppress(OSError, ValueError):
            for line in self.stream:
                now = time.time()
                for each in json.loads(line).get("Events") or []:
                    allocation = each["Payload"]["Allocation"]
                    for state in (allocation.get("TaskStates") or {}).values():
                        for event in state.get("Events") or []:
                            key = (allocation["JobID"], allocation["TaskGroup"], event["Type"])
                            self.first.setdefault(key, now)


class Appliance:
    """An appliance with a state folder of its own; a context manager that removes everything at the end."""

    def __init__(
        self, applc: support.Applc, agent: Agent, folder: Path, id: str, reports: Reports | None = None
    ) -> None:
        self.reports = reports
        self.binary = applc.binary.resolve()
        self.agent = agent
        self.id = id
        self.folder = folder
        self.file = folder / "app.json"
        (folder / "applc.toml").write_text(CONFIGURATION)
        self.environment = {
            **os.environ,
            "PATH": f"{agent.nomad.parent}:{os.environ['PATH']}",
            "APPLC_STATE": str(folder / "state"),
            "NOMAD_ADDR": agent.address,
            "NOMAD_TOKEN": agent.token,
        }

    def __enter__(self) -> Appliance:
        return self

    def __exit__(self, *_: object) -> None:
        for job in self.agent.get("/v1/jobs"):
            if job["ID"].split(".")[0] == self.id and not job["ParentID"]:
                self.agent.remove(job["ID"])

    def write(self, *containers: dict[str, Any], **top: Any) -> None:
        """Writes the appliance file."""
        self.file.write_text(json.dumps({"id": self.id, "containers": containers, **top}, indent=1))

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Starts `applc ARGUMENTS...`, in a group of processes of its own."""
        return subprocess.Popen(
            [self.binary, *arguments],
            cwd=self.folder, env={**self.environment, **environment}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    def run(self, *arguments: str, timeout: float = 180, **environment: str) -> Ended:
        """Runs `applc ARGUMENTS...`."""
        running = self.start(*arguments, **environment)
        stdout, stderr = running.communicate(timeout=timeout)
        return Ended(running.returncode, stdout, stderr, time.time())

    def up(self, *arguments: str, **environment: str) -> Ended:
        """Runs `applc up`."""
        return self.run("up", self.file.name, "--target", "nomad", *arguments, **environment)

    def planned(self) -> dict[str, tuple[str, str]]:
        """What `applc up --dry-run` says becomes of each container, and why."""
        run = self.up("--dry-run")
        rows = ([word.strip() for word in line.split("  ") if word.strip()] for line in run.stdout.splitlines())
        found = {row[0]: (row[1], " ".join(row[2:])) for row in rows}
        assert run.code == (0 if {action for action, _ in found.values()} == {"kept"} else 4), run
        return found

    def actions(self) -> dict[str, str]:
        """What `applc up --dry-run` says becomes of each container."""
        return {name: action for name, (action, _) in self.planned().items()}

    def status(self) -> dict[str, Any]:
        """The output of `applc status --format json`."""
        run = self.run("status", self.id, "--target", "nomad", "--format", "json")
        assert run.code == 0, run.stderr
        return json.loads(run.stdout)

    def states(self) -> dict[str, str]:
        """The state of each container."""
        return {each["id"]: each["state"] for each in self.status()["containers"]}

    def job(self, container: str) -> str:
        """The id of the job that a container is in."""
        own = f"{self.id}.{container}"
        return own if self.agent.allocations(own) else self.id

    def started(self, container: str, count: int = 1) -> list[str]:
        """What identifies the current starts of the instances that run or have succeeded."""
        found = self.agent.allocations(self.job(container), container)
        found = [each for each in found if each["DesiredStatus"] == "run"]
        assert len(found) == count, [(each["Name"], each["ClientStatus"]) for each in found]
        return sorted(f"{each['ID']} {each['TaskStates'][container]['StartedAt']}" for each in found)

    def event(self, container: str, kind: str) -> float:
        """The time of the first event of a kind of the task of a container, in seconds."""
        for each in reversed(self.agent.allocations(self.job(container), container)):
            for event in each["TaskStates"][container]["Events"]:
                if event["Type"] == kind:
                    return float(event["Time"]) / 1e9
        raise AssertionError(f"no {kind}:\n{self.agent.event_log(self.job(container))}")

    def known(self, container: str, kind: str) -> float:
        """When Nomad's servers knew of the first event of a kind of a container, in seconds."""
        assert self.reports
        key = (self.job(container), container, kind)
        told = wait_until(f"the report of {key}", lambda: self.reports and self.reports.first.get(key), 5)
        print(f"{self.id}: {kind} was told {told - self.event(container, kind):.1f} s after it happened")
        return float(told)

    def blocked(self) -> float:
        """The time of the first evaluation that found no place, in seconds."""
        found = [each for each in self.agent.get("/v1/evaluations") if each["JobID"] == self.id]
        return float(min(each["CreateTime"] for each in found if each.get("FailedTGAllocs"))) / 1e9

    def variables(self) -> list[str]:
        """The paths of the variables of the appliance."""
        return [each["Path"] for each in self.agent.get(f"/v1/vars?prefix=applc/{self.id}/")]

    def nomad(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs `nomad ARGUMENTS...`, as someone else would."""
        return self.agent.run_command(*arguments)

    def place(self, word: str, after: str) -> str:
        """`FILE:LINE:` of the first line with a word, behind the line with another."""
        lines = self.file.read_text().splitlines()
        begin = next(at for at, line in enumerate(lines) if after in line)
        line = next(at for at, line in enumerate(lines[begin:], begin + 1) if word in line)
        return f"{self.file.name}:{line}:"
