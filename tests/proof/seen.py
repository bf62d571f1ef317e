"""What an engine showed, put in order: processes with their events, by container."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Event = dict[str, Any]


@dataclass
class Process:
    """One process of an observer, from its start to its end."""

    nonce: str
    name: str
    start: Event
    # The engine's id of the container, allocation or pod.
    key: str | None = None
    labels: dict[str, str] | None = None
    # The phase in which it started.
    phase: int = 0
    opened: dict[int | str, list[Event]] = field(default_factory=dict)
    refused: dict[int | str, str] = field(default_factory=dict)
    marks: dict[str, list[Event]] = field(default_factory=dict)
    reads: dict[str, Event] = field(default_factory=dict)
    stats: dict[str, Event] = field(default_factory=dict)
    asked: list[Event] = field(default_factory=list)
    checked: list[Event] = field(default_factory=list)
    stop: Event | None = None
    exit: Event | None = None
    # Seconds since the boot of the machine, as the engine says or the observer.
    ended: float | None = None

    @property
    def at(self) -> float:
        """When it started, in seconds since the boot of the machine."""
        return float(self.start["t"])

    @property
    def code(self) -> int | None:
        """How it ended."""
        return None if self.exit is None else int(self.exit["code"])


@dataclass
class Seen:
    """All that was observed up to the end of a phase."""

    processes: dict[str, Process]
    published: list[dict[str, Any]]
    # Seconds since 1970 at the boot of the machine.
    boot: float | None
    start: float
    end: float
    # When the engine had everything, if that is known.
    handed: float

    def of(self, name: str) -> list[Process]:
        """The processes of a container, in the order of their starts."""
        return sorted((p for p in self.processes.values() if p.name == name), key=lambda p: p.at)

    def live(self, name: str) -> list[Process]:
        """Those that have not ended."""
        return [p for p in self.of(name) if p.exit is None and p.ended is None]


def seen(observations: dict[str, Any], phases: int | None = None) -> Seen:
    """What was observed in the first `phases` phases, or in all."""
    used = observations["phases"][:phases]
    processes: dict[str, Process] = {}
    for number, phase in enumerate(used):
        for event in phase["events"]:
            if event["event"] == "start":
                processes[event["nonce"]] = Process(event["nonce"], event["name"], event, phase=number)
    for phase in used:
        for event in sorted(phase["events"], key=lambda event: float(event["t"])):
            if event["nonce"] in processes:
                note(processes[event["nonce"]], event)
    for phase in used:
        for instance in phase.get("instances", []):
            if process := processes.get(instance.get("nonce") or ""):
                process.key = instance.get("key")
                if instance.get("labels") is not None:
                    process.labels = instance["labels"]
                if instance.get("ended") is not None:
                    process.ended = float(instance["ended"])
    end_replaced(processes)
    published = [item for phase in used[-1:] for item in phase.get("published", [])]
    start = float(used[0]["from"]) if used else 0.0
    end = float(used[-1]["to"]) if used else 0.0
    handed = float(used[0].get("handed", start)) if used else 0.0
    return Seen(processes, published, observations.get("boot"), start, end, handed)


def note(process: Process, event: Event) -> None:
    """Adds an event to its process."""
    kind = event["event"]
    if kind == "opened":
        process.opened.setdefault(event["index"], []).append(event)
    elif kind == "refused":
        process.refused[event["index"]] = event.get("error", "")
    elif kind == "marks":
        process.marks.setdefault(event["dir"], []).append(event)
    elif kind == "read":
        process.reads[event["path"]] = event
    elif kind == "stat":
        process.stats[event["path"]] = event
    elif kind == "asked":
        process.asked.append(event)
    elif kind == "checked":
        process.checked.append(event)
    elif kind == "stop":
        process.stop = process.stop or event
    elif kind == "exit":
        process.exit = event
        process.ended = float(event["t"])


def end_replaced(processes: dict[str, Process]) -> None:
    """A process has ended where a later one runs in the same container."""
    latest: dict[tuple[str, str], Process] = {}
    for process in sorted(processes.values(), key=lambda p: p.at):
        if process.key is None:
            continue
        before = latest.get((process.key, process.name))
        if before is not None and before.ended is None:
            before.ended = process.at
        latest[process.key, process.name] = process
