"""Observes one appliance on an engine, phase by phase, until it has settled."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

from ask import ask
from engines.base import Deployment, now
from follow import boot_offset

# After everything that must happen has happened: for what must not happen.
MORE = 1.5

# If the engine refused something, and nothing happens any more.
REFUSED = 12

# Looks at the observations so far, and says what is missing.
Unmet = Callable[[dict[str, Any]], list[str]]


class Observer:
    """The observations of one appliance."""

    def __init__(self, deployment: Deployment, patience: float) -> None:
        self.deployment = deployment
        self.patience = patience
        self.phases: list[dict[str, Any]] = []
        self._asked = 0.0
        self._answers: dict[tuple[Any, ...], dict[str, Any]] = {}
        # How to ask at a published port, as `tcp`, `udp`, `http`, or `https`.
        self.how: dict[tuple[str, int, str], str] = {}

    def document(self) -> dict[str, Any]:
        """Everything so far."""
        engine = self.deployment.engine
        return {
            "engine": engine.name, "target": engine.target, "appliance": self.deployment.id, "boot": boot_offset(),
            "phases": self.phases,
        }  # fmt: skip

    def phase(self, name: str, action: Callable[[], Any], unmet: Unmet, patience: float | None = None) -> dict[str, Any]:
        """Does something, and observes until nothing is missing any more or the time is over."""
        begin = now()
        phase: dict[str, Any] = {"name": name, "from": begin, "to": begin, "events": [], "instances": [], "published": []}
        self.phases.append(phase)
        self._answers.clear()
        before = len(self.deployment.commands)
        failed: list[str] = []

        def act() -> None:
            try:
                about = action()
                if isinstance(about, dict):
                    phase["disturbed"] = about
            except Exception:
                failed.append(traceback.format_exc())
            phase["handed"] = now()

        acting = threading.Thread(target=act, daemon=True)
        acting.start()
        end = time.monotonic() + (patience or self.patience)
        missing: list[str] = ["nothing was looked at"]
        seen, quiet, self._asked = (-1, -1), time.monotonic(), 0.0
        while True:
            acting.join(0.3)
            self._look(phase)
            state = (len(phase["events"]), sum(row["ended"] is not None for row in phase["instances"]))
            if not acting.is_alive() and (missing or state != seen):
                missing = self._missing(phase, unmet)
                if not missing:
                    time.sleep(MORE)
                    self._look(phase)
                    missing = self._missing(phase, unmet)
                    if not missing:
                        break
                if state != seen:
                    quiet = time.monotonic()
                seen = state
            refused = not acting.is_alive() and any(each.code and not each.handled for each in self.deployment.commands[before:])
            if failed or time.monotonic() > (min(end, quiet + REFUSED) if refused else end):
                break
            time.sleep(0.2)
        acting.join(60)
        self._look(phase)
        phase["unmet"] = missing
        phase["commands"] = [vars(each) for each in self.deployment.commands[before:]]
        if failed:
            phase["failed"] = failed
        return phase

    def _missing(self, phase: dict[str, Any], unmet: Unmet) -> list[str]:
        # Asking takes longer than everything else.
        if phase["name"] != "down" and time.monotonic() > self._asked + 2:
            phase["published"] = self._published()
            self._asked = time.monotonic()
        return unmet(self.document())

    def _look(self, phase: dict[str, Any]) -> None:
        phase["to"] = now()
        space = self.deployment.engine.host_space()
        events = self.deployment.journal.events()
        for event in events:
            if event["event"] == "start":
                event["net"] = "host" if event["netns"] == space else "own"
        # Logs are read a little later than they are written: of earlier phases, too.
        for before, after in zip(self.phases, [*self.phases[1:], None], strict=True):
            before["events"] = [
                event for event in events if before["from"] <= event["t"] and (not after or event["t"] < after["from"])
            ]
        phase["instances"] = self.deployment.instances()

    def _published(self) -> list[dict[str, Any]]:
        rows = []
        for container in self.deployment.case.appliance["containers"]:
            for port in container.get("ports", []):
                number, protocol = port["container_port"], port.get("protocol", "tcp")
                places = self.deployment.places(container["id"], number, protocol)
                row = {"container": container["id"], "port": number, "protocol": protocol}
                how = self.how.get((container["id"], number, protocol), protocol)
                for place in places:
                    known = (how, place.key, place.host, place.port)
                    if known not in self._answers and (answer := ask(how, place.host, place.port)):
                        self._answers[known] = answer
                    rows.append({**row, "host_port": place.port, "host": place.host, "answer": self._answers.get(known)})
                if not places:
                    rows.append({**row, "host_port": None, "answer": None})
        return rows
