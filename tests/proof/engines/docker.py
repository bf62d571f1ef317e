"""What happens to containers of a Docker engine, by its events."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import engines.base  # noqa: F401, the path of the conformance tests
from compose_engine import checked
from engines.base import Running
from follow import boot_offset


class Seen:
    """A container that the events told of."""

    def __init__(self, labels: dict[str, str]) -> None:
        self.labels = labels
        self.runs: list[Running] = []
        self.removed = False


class Watch:
    """Follows the events of all containers with a label; a context manager."""

    def __init__(
        self,
        docker: Path,
        label: str,
        started: Callable[[str, Seen], None],
        ended: Callable[[str], None] = lambda _: None,
        removed: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.docker = docker
        self.label = label
        self.seen: dict[str, Seen] = {}
        self.logs = Path(checked(docker, "info", "--format", "{{.DockerRootDir}}").strip()) / "containers"
        self._started = started
        self._ended = ended
        self._removed = removed
        self._offset = boot_offset()

    def __enter__(self) -> Watch:
        self._process = subprocess.Popen(
            [self.docker, "events", "--format", "{{json .}}", "--filter", "type=container", "--filter", f"label={self.label}"],
            stdout=subprocess.PIPE,
        )
        threading.Thread(target=self._work, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def log(self, key: str) -> Path:
        """The log of a container."""
        return self.logs / key / f"{key}-json.log"

    def _work(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._take(json.loads(line))

    def _take(self, event: dict[str, Any]) -> None:
        key, action, about = event["Actor"]["ID"], event["Action"], event["Actor"]["Attributes"]
        at = event["timeNano"] / 1e9 - self._offset
        one = self.seen.get(key)
        if one is None:
            # The attributes of events are the labels, and some more.
            one = self.seen[key] = Seen(about)
        if action == "start":
            one.runs.append(Running(at))
            self._started(key, one)
        elif action == "die" and one.runs:
            one.runs[-1].ended, one.runs[-1].code = at, int(about["exitCode"])
            self._ended(key)
        elif action == "destroy":
            one.removed = True
            self._removed(key)
