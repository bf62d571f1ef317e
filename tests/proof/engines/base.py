"""What the runner needs of an engine, and of one appliance on it."""

from __future__ import annotations

import os
import random
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from case import Case
from follow import Journal, Tails

sys.path.append(str(Path(__file__).resolve().parents[2] / "conformance"))

# The seconds that one command may take, such as `docker compose up`, which waits for dependencies itself.
COMMAND_TIMEOUT = 150

# Where the only node of an engine is, as random appliances name it.
PLACES = {level: f"{level}-1" for level in ("cloud", "region", "zone", "host")}


@dataclass(frozen=True)
class Place:
    """Where an instance's port is published: an address of the machine, or nowhere."""

    key: str
    host: str
    port: int


@dataclass
class Command:
    """One command of the engine that brought up or removed something."""

    words: list[str]
    code: int
    stderr: str
    # Whether what it failed at was done in another way, as users do.
    handled: bool = False


class Rejected(Exception):
    """The compiler rejects the appliance; the text is what it says."""


class Running:
    """One start of an instance, as the engine tells it. Times are in seconds since the start of the machine."""

    def __init__(self, started: float | None = None) -> None:
        self.started = started
        self.ended: float | None = None
        self.code: int | None = None


class Deployment(ABC):
    """One appliance on an engine."""

    def __init__(self, engine: Engine, case: Case, folder: Path) -> None:
        self.engine = engine
        self.case = case
        self.id = str(case.appliance["id"])
        self.folder = folder
        self.journal = Journal()
        self.commands: list[Command] = []
        # What the engine said to commands that it may not refuse, whatever the appliance is.
        self.refused: list[str] = []
        self.versions = 0
        self.made_paths: list[Path] = []
        self.made_images: set[str] = set()

    @property
    def out(self) -> Path:
        """The folder of the newest version: the appliance, and what was compiled."""
        return self.folder / f"case{self.versions}"

    def compile(self, case: Case) -> Path:
        """Compiles a version of the appliance; raises `Rejected`. The output is beside it, as paths in it are relative."""
        self.case = case
        self.versions += 1
        out = self.out
        source = case.save(out)
        options = [word for option in self.engine.options for word in ("--option", option)]
        run = subprocess.run(
            [self.engine.applc, "compile", source, "-t", self.engine.target, "-o", f"{out}/", *options],
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        (self.folder / f"findings{self.versions}.txt").write_text(run.stderr)
        if run.returncode != 0:
            raise Rejected(run.stderr)
        return out

    def handed(self, *words: str | Path, env: dict[str, str] | None = None, stdin: str = "", timeout: float = COMMAND_TIMEOUT) -> Command:
        """Runs a command that hands something over to the engine. If the engine refuses it, that is a difference."""
        done = self.command(*words, env=env, stdin=stdin, timeout=timeout)
        if done.code:
            self.refuse(done)
        return done

    def refuse(self, done: Command) -> None:
        """Notes that the engine refused a command that it may not refuse."""
        self.refused.append(f"refused: {' '.join(done.words[1:])}: {' '.join(done.stderr.split())[-300:]}")

    def command(self, *words: str | Path, env: dict[str, str] | None = None, stdin: str = "", timeout: float = COMMAND_TIMEOUT) -> Command:
        """Runs a command of the engine and keeps how it ended."""
        try:
            run = subprocess.run(
                [str(word) for word in words],
                input=stdin, capture_output=True, text=True, errors="replace", timeout=timeout, cwd=self.folder,
                env={**os.environ, **(env or {})},
                # A signal to the group of the run does not end what removes an appliance.
                start_new_session=True,
            )  # fmt: skip
            done = Command([str(word) for word in words], run.returncode, run.stderr)
        except subprocess.TimeoutExpired as late:
            done = Command([str(word) for word in words], -1, f"did not end in {timeout} s: {late.stderr!r}")
        self.commands.append(done)
        return done

    def prepare(self) -> None:
        """Makes what must exist before the appliance, if it does not: folders of the host; more for some engines."""
        for path in map(Path, self.case.host_paths):
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(0o777)
            self.made_paths.append(path)

    def built(self) -> dict[str, dict[str, Any]]:
        """How images are built that the appliance says how to build, by their names."""
        return {each["image"]: each["build"] for each in self.case.appliance["containers"] if "build" in each}

    def build(self, docker: Path, out: Path) -> None:
        """Builds images, as users do where the engine does not."""
        for name, how in self.built().items():
            if name not in self.made_images:
                arguments = [word for pair in how.get("args", {}).items() for word in ("--build-arg", "{}={}".format(*pair))]
                target = ["--target", how["target"]] if "target" in how else []
                context = out / how["context"]
                file = context / how.get("dockerfile", "Dockerfile")
                self.command(docker, "build", "-q", "-t", name, "-f", file, *arguments, *target, context)
                self.made_images.add(name)

    @abstractmethod
    def deploy(self, out: Path) -> None:
        """Hands the compiled files over as users do; returns when the engine's command has ended."""

    def impossible_change(self, before: Path, after: Path) -> tuple[str, str] | None:
        """Why compiled files cannot be applied over others: a row of the table of capabilities, and words in it."""
        return None

    @abstractmethod
    def down(self) -> None:
        """Stops the appliance as users do."""

    def clean(self) -> None:
        """Removes everything that is left."""
        self.engine.tails.forget(self.journal)
        for path in self.made_paths:
            shutil.rmtree(path, ignore_errors=True)
            # The folder of the appliance, when it is empty.
            with suppress(OSError):
                path.parent.rmdir()

    @abstractmethod
    def running(self) -> dict[str, tuple[str, list[Running], dict[str, str]]]:
        """By the engine's key of each instance: the container, its starts, and its labels."""

    @abstractmethod
    def places(self, container: str, port: int, protocol: str) -> list[Place]:
        """Where a port of a container is published now, for each instance that runs."""

    def explain(self) -> str:
        """What the engine says of all instances, for people who look for a cause."""
        return ""

    # The disturbances that would end what other appliances start.
    hits_all: frozenset[str] = frozenset()

    def disturbances(self) -> list[str]:
        """The kinds of disturbances of the engine."""
        return []

    def disturb(self, kind: str, chance: random.Random) -> dict[str, Any]:
        """Disturbs, and says what: `container` and `key` of who was hit."""
        raise NotImplementedError(kind)

    def mode(self, container: str) -> str:
        """The network mode of a container."""
        for each in self.case.appliance["containers"]:
            if each["id"] == container:
                return str(each.get("network_mode", "host")).lower()
        return ""

    def instances(self) -> list[dict[str, Any]]:
        """The starts of all instances, as the observations have them."""
        starts = self.journal.starts()
        # Engines round, or tell the end late.
        exits = {event["nonce"]: event["t"] for event in self.journal.events() if event["event"] == "exit"}
        rows = []
        running = self.running()
        # An observer may tell of its start before the engine does: its labels are not known yet.
        early = {key: (seen[0]["container"], [], None) for key, seen in starts.items() if key not in running}
        for key, (container, runs, labels) in {**running, **early}.items():
            seen = starts.get(key, [])
            for at in range(max(len(runs), len(seen))):
                run = runs[at] if at < len(runs) else Running()
                begun = seen[at] if at < len(seen) else {}
                rows.append(
                    {
                        "name": container, "key": key, "nonce": begun.get("nonce"), "started": begun.get("t", run.started),
                        "ended": exits.get(begun.get("nonce"), run.ended), "code": run.code, "labels": labels,
                    }
                )  # fmt: skip
        return rows

    def alive(self, among: set[str] | None = None) -> list[tuple[str, str]]:
        """The container and key of each instance that runs, in a stable order."""
        found = [
            (container, key)
            for key, (container, runs, _) in self.running().items()
            if runs and runs[-1].ended is None and (among is None or container in among)
        ]
        return sorted(found)

    def depended_on(self) -> set[str]:
        """The services that others depend on."""
        containers = self.case.appliance["containers"]
        services = {each["id"] for each in containers if each["type"] == "service"}
        return services & {name for each in containers for name in each.get("dependencies", [])}


class Engine(ABC):
    """An engine that appliances run on; a context manager."""

    name = ""
    target = ""
    # Options of the target.
    options: tuple[str, ...] = ()
    # Seconds until a run that failed is tried again, at most: that it is tried too often is seen only then.
    again = 3.0

    def __init__(self, applc: Path, folder: Path) -> None:
        self.applc = applc
        self.folder = folder
        self.tails = Tails()
        self.image = ""
        # Commands share it; a restart of the engine or its agent has it alone.
        self.quiet = Quiet()
        # Appliances share it while they start; a disturbance that would end what starts has it alone.
        self.settling = Quiet()

    @abstractmethod
    def deployment(self, case: Case, folder: Path) -> Deployment:
        """An appliance that is not on the engine yet."""

    def host_space(self) -> str:
        """The network namespace of the host, as `/proc/PID/ns/net` names it."""
        return os.readlink("/proc/self/ns/net")

    def __enter__(self) -> Engine:
        self.tails.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.tails.__exit__()


class Quiet:
    """A lock that many share or one has; who wants it alone comes first."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._shared = 0
        self._waiting = 0

    @contextmanager
    def shared(self) -> Iterator[None]:
        with self._condition:
            self._condition.wait_for(lambda: self._waiting == 0)
            self._shared += 1
        try:
            yield
        finally:
            with self._condition:
                self._shared -= 1
                self._condition.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        with self._condition:
            self._waiting += 1
            try:
                self._condition.wait_for(lambda: self._shared == 0)
                yield
            finally:
                self._waiting -= 1
                self._condition.notify_all()


def kill_process(pid: int) -> None:
    """Kills a process as a fault of its program would: the engine is not asked."""
    with suppress(ProcessLookupError):
        os.kill(pid, 9)


def machine_name() -> str:
    """The name of this machine."""
    return socket.gethostname()


def safe(text: str) -> str:
    """A text as a part of a file's name."""
    return re.sub(r"[^A-Za-z0-9.-]", "_", text)


def now() -> float:
    """Seconds since the start of the machine."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
