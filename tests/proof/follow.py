"""Follows the logs of an engine, files that only grow, and reads the observers' events in them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

Event = dict[str, Any]

# Takes a line of a log; returns what the program wrote, with the line feed at its end if it wrote one.
Decode = Callable[[bytes], bytes]


def docker_json(line: bytes) -> bytes:
    """Logs of Docker's driver json-file."""
    entry = json.loads(line)
    return entry["log"].encode() if entry["stream"] == "stdout" else b""


def container_runtime(line: bytes) -> bytes:
    """Logs of Kubernetes: `TIME STREAM TAG TEXT`, where the tag `P` marks a part of a line."""
    _, stream, tag, text = line.split(b" ", 3)
    if stream != b"stdout":
        return b""
    return text if tag == b"F" else text.removesuffix(b"\n")


def boot_offset() -> float:
    """The time at which the machine was started, in seconds since 1970."""
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)


class Journal:
    """The events of one appliance, from all of its instances."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: list[Event] = []
        self._parts: dict[str, str] = {}
        # Lines that the observer did not write, such as errors of a shell.
        self.other: list[str] = []

    def add(self, line: bytes, container: str, key: str) -> None:
        """Reads a line that an instance (`key`, the engine's) of a container wrote."""
        text = line.decode(errors="replace").strip()
        try:
            event = json.loads(text)
        except ValueError:
            event = None
        if not isinstance(event, dict) or event.get("observer") != 1:
            if text:
                with self._lock:
                    self.other.append(f"{container} {key[:12]}: {text}")
            return
        with self._lock:
            if "part" in event:
                text = self._parts.pop(event["nonce"], "") + event["part"]
                if not event["last"]:
                    self._parts[event["nonce"]] = text
                    return
                event = json.loads(text)
            self._events.append({**event, "container": container, "key": key})

    def events(self, begin: float = 0) -> list[Event]:
        """The events since a time, in their order."""
        with self._lock:
            found = [event for event in self._events if event["t"] >= begin]
        return sorted(found, key=lambda event: float(event["t"]))

    def count(self) -> int:
        """How many events there are by now."""
        with self._lock:
            return len(self._events)

    def starts(self) -> dict[str, list[Event]]:
        """The starts of each instance of the engine, in their order."""
        found: dict[str, list[Event]] = {}
        for event in self.events():
            if event["event"] == "start":
                found.setdefault(event["key"], []).append(event)
        return found


@dataclass
class Tail:
    """One log that is read."""

    path: Path
    decode: Decode
    journal: Journal
    container: str
    key: str
    opened: BinaryIO | None = None
    rest: bytes = b""
    text: bytes = b""
    # A log of an instance that is gone is read to its end.
    ended: bool = False
    tries: int = field(default=0)

    def open(self) -> bool:
        """Opens the log, which can then be read to its end even if it is removed; whether it is there."""
        if self.opened is None:
            with suppress(OSError):
                self.opened = self.path.open("rb")
        return self.opened is not None

    def read(self) -> bool:
        """Reads what is new; whether the log may still grow."""
        if not self.open():
            self.tries += 1
            return not self.ended and self.tries < 300
        assert self.opened
        new = self.opened.read()
        if not new:
            if self.ended:
                self.opened.close()
            return not self.ended
        *lines, self.rest = (self.rest + new).split(b"\n")
        for line in lines:
            with suppress(ValueError, KeyError):
                self.text += self.decode(line + b"\n")
            if self.text.endswith(b"\n"):
                self.journal.add(self.text, self.container, self.key)
                self.text = b""
        return True


class Tails:
    """All logs of a run; a context manager, which reads them in a thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tails: dict[Path, Tail] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Tails:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def add(self, tail: Tail) -> None:
        """Reads one more log; nothing changes if it is read already."""
        with self._lock:
            known = self._tails.get(tail.path)
            if known is None or known.key != tail.key:
                # What it belongs to may be removed at any time.
                tail.open()
                self._tails[tail.path] = tail

    def end(self, key: str) -> None:
        """Says that an instance is gone."""
        with self._lock:
            for tail in self._tails.values():
                if tail.key == key:
                    tail.ended = True

    def forget(self, journal: Journal) -> None:
        """Reads no more logs for a journal."""
        with self._lock:
            for tail in self._tails.values():
                tail.ended |= tail.journal is journal

    def _work(self) -> None:
        while not self._stopped.wait(0.15):
            with self._lock:
                tails = list(self._tails.items())
            gone = [path for path, tail in tails if not tail.read()]
            with self._lock:
                for path in gone:
                    self._tails.pop(path, None)
