"""Ports for appliances that run side by side: host mode and fixed host ports share one machine."""

from __future__ import annotations

import fcntl
import queue
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Ports that one appliance may use.
SIZE = 64

# The first port of each engine. On a Kubernetes node, the ports up to 30085 are the only ones that it never gives to a
# Service that asks for any: one slot has them, and others have ports that are no node ports.
FIRST = {"compose": 30000, "nomad": 31024, "node": 20000}


class Slots:
    """The ranges of an engine that are not in use."""

    def __init__(self, engine: str, count: int) -> None:
        ranges = [range(FIRST[engine] + at * SIZE, FIRST[engine] + (at + 1) * SIZE) for at in range(count)]
        if engine == "node":
            ranges[0] = range(30000, 30000 + SIZE)
        self._free: queue.Queue[range] = queue.Queue()
        for each in ranges:
            self._free.put(each)

    @contextmanager
    def one(self) -> Iterator[range]:
        """A range for one appliance, which is free again at the end."""
        found = self._free.get()
        try:
            yield found
        finally:
            self._free.put(found)


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Waits until no other run has an engine."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting for another run on this engine, which holds {file}", file=sys.stderr, flush=True)
            fcntl.flock(held, fcntl.LOCK_EX)
        yield
