"""A perfect engine: the observations that an appliance gives where everything holds that the language says."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import schedules
from expectations import (
    ChangeExpectations,
    Expectations,
    Expected,
    Json,
    Ref,
    Runs,
    Text,
)

# Seconds since 1970 at the boot of the simulated machine.
BOOT = 1_900_000_000.0
START = 1000.0


class Engine:
    """Brings an appliance up and down, in simulated time."""

    def __init__(self, expectations: Expectations) -> None:
        self.expectations = expectations
        self.events: list[dict[str, Any]] = []
        self.instances: list[dict[str, Any]] = []
        self.ready: dict[str, float] = {}
        self.live: dict[str, list[dict[str, Any]]] = {}
        # The marks in each volume, with the times at which they were written.
        self.marks: dict[tuple[str, str], list[tuple[float, dict[str, Any]]]] = {}
        self.counter = 0

    def up(self) -> dict[str, Any]:
        """All containers, each as soon as what it waits for is ready, and then their questions to each other."""
        for expected in self.expectations.containers.values():
            begin = max((self.ready[need.id] for need in expected.needs if need.id in self.ready), default=START) + 0.1
            if expected.starts and expected.instances > 0:
                self.start(expected, begin)
            elif expected.instances == 0:
                self.ready[expected.id] = START
        return self.settled("up", START)

    def start(self, expected: Expected, begin: float) -> None:
        """The instances of a container."""
        if expected.service:
            for number in range(expected.instances):
                self.service(expected, begin, number)
            health = expected.health
            self.ready[expected.id] = begin + (health.healthy_after + 0.5 if health else 0.05)
        elif expected.runs is not None:
            self.ready[expected.id] = self.job(expected, expected.runs, begin)

    def service(self, expected: Expected, begin: float, number: int) -> None:
        """One instance of a service; if it fails its check, it is replaced."""
        instance = self.process(expected, begin, number)
        health = expected.health
        if health is not None:
            self.checked(expected, instance, begin)
            if health.unhealthy_after is not None:
                instance["ended"] = begin + health.unhealthy_after + 3
                instance = self.process(expected, begin + health.unhealthy_after + 4, number)
        self.live.setdefault(expected.id, []).append(instance)

    def checked(self, expected: Expected, instance: dict[str, Any], begin: float) -> None:
        """The first success of a health check."""
        health = expected.health
        if health is None or (health.how == "tcp"):
            return
        at = begin + health.healthy_after + 0.2
        if health.how == "http":
            self.event(instance, at, "asked", port=health.port, path=health.path, healthy=True)
        else:
            self.event(instance, at, "checked", argv=[self.text(word) for word in health.command or []], code=0)

    def job(self, expected: Expected, runs: Runs, begin: float) -> float:
        """The runs of a job; returns when it has succeeded."""
        at = begin
        if runs.start is not None:
            at = max(at, runs.start - BOOT)
        due = [] if runs.once else schedules.due(runs, BOOT + START, BOOT + START + 5)
        times = [at] if runs.once else [time - BOOT for time in due]
        for time in times:
            for number in range(expected.instances):
                at = time
                for code in runs.codes:
                    instance = self.process(expected, at, number)
                    self.ask(expected, instance, at + 1)
                    at += 1.5
                    self.event(instance, at, "exit", code=code)
                    instance |= {"ended": at, "code": code}
        return at

    def process(self, expected: Expected, at: float, number: int) -> dict[str, Any]:
        """One process, and what it says of itself."""
        self.counter += 1
        key = f"{expected.id}-{number}" if expected.service else f"{expected.id}-{number}-{self.counter}"
        instance = {
            "name": expected.id,
            "key": key,
            "nonce": f"n{self.counter}",
            "started": at,
            "ended": None,
            "code": None,
            "labels": dict(expected.labels),
        }
        self.instances.append(instance)
        env = {name: self.value(value) for name, value in expected.env.items()}
        self.event(
            instance, at, "start", argv=[self.text(word) for word in expected.argv], env={"PATH": "/bin", **env},
            uid=expected.uid, gid=expected.gid or 0, cwd=expected.cwd or "/", privileged=expected.privileged,
            mem_limit=expected.memory * 1_048_576, net="host" if expected.host_network else "own",
        )  # fmt: skip
        for file in expected.files:
            data = file.content if isinstance(file.content, bytes) else self.text(file.content).encode()
            self.event(
                instance, at, "read", path=file.dest, sha256=hashlib.sha256(data).hexdigest(),
                text=data.decode(errors="replace"), mode=f"{file.mode:04o}", uid=0, gid=0, error=None,
            )  # fmt: skip
        for mount in expected.mounts:
            if mount.marked:
                mark = {"name": expected.id, "nonce": instance["nonce"], "data": "", "instance": number}
                self.marks.setdefault(mount.volume, []).append((at, mark))
            self.event(instance, at, "stat", path=mount.dest, mode="rw" if mount.writable else "ro", error=None)
            for later in (0.01, 1.0):
                self.event(instance, at + later, "marks", dir=mount.dest, marks=mount.volume, writable=mount.marked)
        return instance

    def ask(self, expected: Expected, instance: dict[str, Any], at: float) -> None:
        """The questions of a process to other containers."""
        for item in expected.opens:
            others = self.live.get(item.id, [])
            if others:
                answer = {"name": item.id, "nonce": others[0]["nonce"], "port": item.port, "protocol": item.protocol}
                self.event(instance, at, "opened", what="", index=item.index, answer=answer)
            else:
                self.event(instance, at, "refused", index=item.index, error="connection refused")

    def published(self) -> list[dict[str, Any]]:
        """The ports as they are reachable from outside."""
        found = []
        for expected in self.expectations.containers.values():
            for port in expected.published:
                for instance in self.live.get(expected.id, [])[:1]:
                    answer = {
                        "name": expected.id,
                        "nonce": instance["nonce"],
                        "port": port.port,
                        "protocol": port.protocol,
                    }
                    found.append(
                        {
                            "container": expected.id,
                            "port": port.port,
                            "protocol": port.protocol,
                            "host_port": port.host_port or 31999,
                            "answer": answer,
                        }
                    )
        return found

    def down(self) -> dict[str, Any]:
        """The services in the reverse order of their starts, each with the time it is given."""
        begin = at = max(event["t"] for event in self.events) + 5 if self.events else START
        self.events = []
        for name in reversed(list(self.expectations.containers)):
            expected = self.expectations.containers[name]
            for instance in self.live.get(name, []):
                self.event(instance, at, "stop", signal="SIGTERM")
                instance["ended"] = at + expected.stops_in
                if expected.stop_timeout is not None and expected.stops_in > expected.stop_timeout:
                    instance["ended"] = at + expected.stop_timeout
                else:
                    self.event(instance, at + expected.stops_in, "exit", code=0)
                at = instance["ended"] + 0.1
        return self.phase("down", begin, at, [])

    def change(self, change: ChangeExpectations) -> dict[str, Any]:
        """The change into another appliance: what has changed is stopped, and then started as it is now."""
        begin = max((event["t"] for event in self.events), default=START) + 5
        self.events = []
        for name in list(self.live):
            wanted = change.after.containers.get(name)
            if name not in change.stay:
                for instance in self.live.pop(name):
                    instance["ended"] = begin
            elif wanted is None:
                self.live.pop(name)
        self.expectations = change.after
        self.ready = dict.fromkeys(change.stay, begin)
        for expected in change.after.containers.values():
            ready = max((self.ready.get(need.id, begin) for need in expected.needs), default=begin)
            if expected.id in change.stay:
                continue
            done = not expected.service and expected.id not in change.new
            if expected.starts and expected.instances > 0 and not done:
                self.start(expected, ready + 0.1)
        return self.settled("change", begin)

    def disturb(self) -> dict[str, Any]:
        """All services are killed, and start again."""
        begin = max((event["t"] for event in self.events), default=START) + 5
        self.events = []
        for name in list(self.live):
            for instance in self.live.pop(name):
                instance["ended"] = begin
                self.live.setdefault(name, []).append(
                    self.process(self.expectations.containers[name], begin + 1, int(instance["key"].rpartition("-")[2]))
                )
        return self.settled("disturb:kill", begin)

    def settled(self, name: str, begin: float) -> dict[str, Any]:
        """The end of a phase: questions to each other."""
        end = max([begin, *(event["t"] for event in self.events)]) + 2
        for expected in self.expectations.containers.values():
            for instance in self.live.get(expected.id, []):
                self.ask(expected, instance, end)
        return self.phase(name, begin, end, self.published())

    def phase(self, name: str, begin: float, end: float, published: list[dict[str, Any]]) -> dict[str, Any]:
        """A phase with all that happened in it."""
        for event in self.events:
            if event["event"] == "marks" and isinstance(event["marks"], tuple):
                event["marks"] = [mark for at, mark in self.marks.get(event["marks"], []) if at <= event["t"]]
        copied = json.loads(json.dumps({"events": self.events, "instances": self.instances, "published": published}))
        return {"name": name, "from": begin, "to": end, **copied}

    def event(self, instance: dict[str, Any], at: float, kind: str, **more: Any) -> None:
        """A line of an observer."""
        self.events.append(
            {
                "observer": 1,
                "name": instance["name"],
                "nonce": instance["nonce"],
                "host": instance["key"],
                "t": at,
                "event": kind,
                **more,
            }
        )

    def text(self, text: Text) -> str:
        """A text with addresses in it."""
        return "".join(piece if isinstance(piece, str) else address(piece) for piece in text)

    def value(self, value: Text | Json) -> str:
        """The value of a variable."""
        if isinstance(value, tuple):
            return self.text(value)
        return json.dumps(self.filled(value.value), ensure_ascii=False)

    def filled(self, value: Any) -> Any:
        """A JSON value with addresses in its strings."""
        if isinstance(value, tuple):
            return self.text(value)
        if isinstance(value, list):
            return [self.filled(item) for item in value]
        if isinstance(value, dict):
            return {name: self.filled(item) for name, item in value.items()}
        return value


def address(reference: Ref) -> str:
    """An address: the name of the container, and the port behind it."""
    return reference.id if reference.port is None else f"{reference.id}:{reference.port}"


def observations(expectations: Expectations, target: str = "none") -> dict[str, Any]:
    """What a perfect engine shows of an appliance that is brought up and down."""
    engine = Engine(expectations)
    phases = [engine.up(), engine.down()]
    return {"engine": "simulated", "target": target, "appliance": expectations.id, "boot": BOOT, "phases": phases}
