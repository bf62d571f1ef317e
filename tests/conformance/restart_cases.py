"""Two versions of an appliance, of which each container is changed in a way of its own."""

from __future__ import annotations

from typing import Any

Fields = dict[str, Any]

IMAGE = "applc-test/restarts:1"
OTHER = "applc-test/restarts:2"

# The ways to go: there and back.
DIRECTIONS = [(0, 1), (1, 0)]

PORT: Fields = {"ports": [{"container_port": 8080}]}
CHECK: Fields = {"protocol": "TCP", "port_index": 0, "grace_period_seconds": 600}

# The two versions of each container: the way there adds or changes, the way back removes.
SERVICES: dict[str, tuple[Fields, Fields]] = {
    "kept": (PORT, PORT),
    "image": ({}, {"image": OTHER}),
    "cpus": ({}, {"resources": {"cpus": 0.06, "mem": 32}}),
    "mem": ({}, {"resources": {"cpus": 0.05, "mem": 33}}),
    "more": ({}, {"instances": 2}),
    "none": ({}, {"instances": 0}),
    "cmd": ({"cmd": "sleep 1000"}, {"cmd": "sleep 1001"}),
    "args": ({}, {"args": ["a"]}),
    "entrypoint": ({}, {"entrypoint": ["/bin/sleep", "1000"]}),
    "env": ({"env": {"A": "1"}}, {"env": {"A": "2", "B": "3"}}),
    "labels": ({}, {"labels": {"a": "1"}}),
    "user": ({}, {"user": "1000"}),
    "working-dir": ({}, {"working_dir": "/tmp"}),
    "stop-timeout": ({}, {"stop_timeout": 2}),
    "port": ({}, PORT),
    "internal": (PORT, {"ports": [{"container_port": 8080, "internal": True}]}),
    "port-name": (PORT, {"ports": [{"container_port": 8080, "name": "web"}]}),
    "check": (PORT, {**PORT, "health_check": CHECK}),
    "check-times": ({**PORT, "health_check": CHECK}, {**PORT, "health_check": CHECK | {"interval_seconds": 61}}),
    "file": ({"files": [{"dest": "/etc/a", "content": "a"}]}, {"files": [{"dest": "/etc/a", "content": "b"}]}),
    "file-mode": (
        {"files": [{"dest": "/etc/a", "content": "a"}]},
        {"files": [{"dest": "/etc/a", "content": "a", "mode": "0600"}]},
    ),
    "mount": ({}, {"volumes": [{"src": "/tmp", "dest": "/host", "type": "host"}]}),
    "volume": ({"volumes": [{"src": "v", "dest": "/d"}]}, {"volumes": [{"src": "w", "dest": "/d"}]}),
    "dependency": ({}, {"dependencies": ["kept"]}),
    "reference": ({}, {"env": {"A": "@kept:8080"}}),
    "capacity": ({}, {"minimum_capacity": 1}),
    "network": ({}, {"network_mode": "host"}),
}  # fmt: skip

JOBS: dict[str, tuple[Fields, Fields]] = {
    "job-kept": ({}, {}),
    "job-image": ({}, {"image": OTHER}),
    "job-cmd": ({}, {"cmd": "exit 0"}),
    "job-retries": ({}, {"retries": 3}),
    "job-instances": ({}, {"instances": 2}),
}


def document(version: int, jobs: bool = True) -> dict[str, Any]:
    """All containers in one of their two versions."""
    containers = []
    for id, versions in (SERVICES | (JOBS if jobs else {})).items():
        container: Fields = {
            "id": id, "type": "service", "image": IMAGE, "force_pull_image": False,
            "resources": {"cpus": 0.05, "mem": 32}, "network_mode": "bridge", "stop_timeout": 1,
        }  # fmt: skip
        if id == "stop-timeout":
            del container["stop_timeout"]
        if id in JOBS:
            container |= {"type": "job", "cmd": "true"}
        containers.append(container | versions[version])
    volumes = {"volumes": [{"id": "v"}, {"id": "w"}]}
    return {"id": "restarts", "containers": containers, "data_persistence": volumes}


def lost(before: dict[str, set[str]], after: dict[str, set[str]]) -> set[str]:
    """The containers of which fewer instances go on running than both versions have."""
    def is_lost(id: str) -> bool:
        was, now = before.get(id, set()), after.get(id, set())
        return len(was & now) < min(len(was), len(now))

    return {id for id in SERVICES | JOBS if is_lost(id)}
