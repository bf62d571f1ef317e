"""A test case: an appliance, and what must exist around it before it is brought up."""

from __future__ import annotations

import base64
import copy
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import places

Appliance = dict[str, Any]
Container = dict[str, Any]

# The appliance's name in the folder of a saved case.
FILE = "case.appliance.json"
AROUND = "case.json"

# A schedule that `at` replaces: every minute of the hour that it is in the job's time zone.
THIS_HOUR = "0 4 * * *"


@dataclass(frozen=True)
class Case:
    """An appliance, and what its runner provides for it."""

    seed: int
    appliance: Appliance
    # Values of the platform's secret store: secret, key, value.
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)
    # Files beside the appliance, by relative path: sources of `files`, contexts of `build`.
    beside: dict[str, bytes] = field(default_factory=dict)
    # Volumes that exist outside of the appliance, which no appliance creates or deletes.
    global_volumes: list[str] = field(default_factory=list)
    # Folders of the host that are mounted, which everyone can write to.
    host_paths: list[str] = field(default_factory=list)
    # Jobs that start later: container id, seconds from the time at which the appliance is brought up. Of jobs with a
    # schedule: until a run must have come, at most.
    starts: dict[str, int] = field(default_factory=dict)

    def at(self, now: datetime) -> Case:
        """The case with start times that lie ahead of `now`, and with schedules that run now, and not in other time zones."""
        appliance = copy.deepcopy(self.appliance)
        for container in appliance["containers"]:
            if container["id"] in self.starts and container.get("start_time"):
                start = (now + timedelta(seconds=self.starts[container["id"]])).astimezone(UTC)
                container["start_time"] = start.strftime("%Y-%m-%dT%H:%M:%SZ")
            if container.get("schedule") == THIS_HOUR:
                zone = ZoneInfo(container.get("time_zone", "UTC"))
                hours = {(now + timedelta(minutes=ahead)).astimezone(zone).hour for ahead in (0, 10)}
                container["schedule"] = f"*/1 {','.join(map(str, sorted(hours)))} * * *"
        return replace(self, appliance=appliance)

    def with_appliance(self, appliance: Appliance) -> Case:
        """The case with another appliance, and only what that one still requires around it."""
        containers = appliance.get("containers", [])
        volumes = appliance.get("data_persistence", {}).get("volumes", [])
        mounted = {mount.get("src") or mount.get("host_path") for c in containers for mount in c.get("volumes", [])}
        return replace(
            self,
            appliance=appliance,
            global_volumes=[v["id"] for v in volumes if v.get("scope") == "global"],
            host_paths=[path for path in self.host_paths if path in mounted],
            starts={c["id"]: self.starts[c["id"]] for c in containers if c["id"] in self.starts},
        )

    def save(self, folder: Path) -> Path:
        """Writes the case into a folder; returns the path of the appliance."""
        folder.mkdir(parents=True, exist_ok=True)
        for path, content in self.beside.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        around = {
            "seed": self.seed,
            "secrets": self.secrets,
            "beside": {path: base64.b64encode(content).decode() for path, content in self.beside.items()},
            "global_volumes": self.global_volumes,
            "host_paths": self.host_paths,
            "starts": self.starts,
        }
        (folder / AROUND).write_text(json.dumps(around, indent=2) + "\n", encoding="utf-8")
        (folder / FILE).write_text(places.written(self.appliance)[0], encoding="utf-8")
        return folder / FILE

    @staticmethod
    def load(folder: Path) -> Case:
        """Reads a case that `save` has written."""
        around = json.loads((folder / AROUND).read_text(encoding="utf-8"))
        beside = {path: base64.b64decode(content) for path, content in around.pop("beside").items()}
        appliance = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return Case(appliance=appliance, beside=beside, **around)


def container_of(appliance: Appliance, name: str) -> Container:
    """The container with the id `name`."""
    return next(c for c in appliance["containers"] if c["id"] == name)


def host_start(moment: str) -> float:
    """Seconds since 1970 of an RFC 3339 date and time."""
    return datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp()
