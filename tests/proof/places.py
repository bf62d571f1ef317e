"""Where each value of an appliance is in its file, and which row of the table of capabilities it belongs to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]

TIMES = {"interval_seconds", "timeout_seconds", "max_consecutive_failures", "grace_period_seconds"}
REFERENCE = "@id in a string"


@dataclass(frozen=True)
class Place:
    """The bytes of a value, or of the key before it and the value."""

    start: int
    end: int
    path: Path


class Writer:
    """Writes JSON, and notes where what is."""

    def __init__(self) -> None:
        self.text = bytearray()
        self.places: list[Place] = []

    def write(self, value: Any, path: Path, indent: int = 0) -> None:
        """One value."""
        start = len(self.text)
        inner = "\n" + "  " * (indent + 1)
        if isinstance(value, dict) and value:
            for number, (name, item) in enumerate(value.items()):
                self.text += f"{',' if number else '{'}{inner}".encode()
                key = len(self.text)
                self.text += f"{json.dumps(name, ensure_ascii=False)}: ".encode()
                self.write(item, (*path, name), indent + 1)
                self.places.append(Place(key, len(self.text), (*path, name)))
            self.text += ("\n" + "  " * indent + "}").encode()
        elif isinstance(value, list) and value:
            for number, item in enumerate(value):
                self.text += f"{',' if number else '['}{inner}".encode()
                self.write(item, (*path, number), indent + 1)
            self.text += ("\n" + "  " * indent + "]").encode()
        else:
            self.text += json.dumps(value, ensure_ascii=False).encode()
        self.places.append(Place(start, len(self.text), path))


def written(appliance: dict[str, Any]) -> tuple[str, list[Place]]:
    """The appliance as a JSON file, and the places in it."""
    writer = Writer()
    writer.write(appliance, ())
    return writer.text.decode() + "\n", writer.places


def path_at(places: list[Place], start: int, end: int) -> Path:
    """The path of the smallest value around these bytes."""
    around = [place for place in places if place.start <= start and end <= place.end]
    return min(around, key=lambda place: (place.end - place.start, -len(place.path))).path if around else ()


def value_at(value: Any, path: Path) -> Any:
    """The value at a path."""
    for step in path:
        value = value[step]
    return value


def fields(appliance: dict[str, Any], path: Path) -> list[str]:
    """The rows that a value can belong to, the nearest first."""
    found = [name for length in range(len(path), 0, -1) for name in own_fields(appliance, path[:length])]
    return list(dict.fromkeys(found))


def own_fields(appliance: dict[str, Any], path: Path) -> list[str]:
    """The rows that this very value can belong to."""
    found: list[str] = []
    name = "".join(f".{step}" if isinstance(step, str) else "[]" for step in path)[1:]
    name = name.replace("user_schedule_hints", "schedule_hints").replace("resources.gpus", "resources.gpu")
    value = value_at(appliance, path)
    if name.startswith("containers[].health_check."):
        if path[3] in TIMES:
            found.append("containers[].health_check times and failures")
        protocol = value_at(appliance, path[:3]).get("protocol", "MESOS_TCP").removeprefix("MESOS_")
        found.append(f"containers[].health_check.protocol: {protocol}")
    if name == "containers[].default_health_check":
        # It stands for a TCP check.
        stands_for = ["containers[].health_check.protocol: TCP", "containers[].health_check times and failures"]
        return [name, f"{name}: {str(value).lower()}", *stands_for]
    if name.startswith("containers[].volumes[]"):
        mount = value_at(appliance, path[:4])
        kind = "host" if "host_path" in mount else str(mount.get("type", "persistent")).lower()
        beside = kind == "host" and str(mount.get("src", "/")).startswith(".")
        found.append(f"containers[].volumes[].type: {kind}" + (" beside the appliance" if beside else ""))
    if name == "containers[].ports[].container_port" and is_host_port(value_at(appliance, path[:2])):
        found.append("containers[].ports[].host_port")
    if name == "data_persistence.volumes[].id":
        found.append(f"data_persistence.volumes[].scope: {value_at(appliance, path[:3]).get('scope', 'local')}")
    if not isinstance(value, (dict, list)):
        found += [f"{name}: {json.dumps(value)}", f"{name}: {value}", f"{name}: {str(value).lower()}"]
    return [*found, name]


def is_host_port(container: dict[str, Any]) -> bool:
    """Whether the ports of a container are ports of the host."""
    return str(container.get("network_mode", "host")).lower() == "host"
