"""An update of an appliance leaves the containers alone that it does not change."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compose_engine import Behaviour, Engine, Project
from support import Applc

PLAIN = "applc-test/changes:1"


def container(id: str, **more: Any) -> dict[str, Any]:
    """A container on the project network; a service by default."""
    return {
        "id": id,
        "type": "service",
        "image": PLAIN,
        "force_pull_image": False,
        "resources": {"cpus": 0.1, "mem": 64},
        "network_mode": "bridge",
        **more,
    }


APPLIANCE: dict[str, Any] = {
    "id": "changes-of",
    "containers": [
        container("web", ports=[{"container_port": 8080}], volumes=[{"src": "data", "dest": "/data"}]),
        container("worker", env={"WEB": "@web:8080"}, dependencies=["web"]),
        container("beside"),
        container("once", type="job", cmd="true"),
        container("on-host", network_mode="host"),
    ],
    "data_persistence": {"volumes": [{"id": "data"}]},
}


def changed(**fields: Any) -> Callable[[dict[str, Any]], None]:
    """A change of fields of the container `beside`."""
    return lambda containers: containers["beside"].update(fields)


def added(**fields: Any) -> Callable[[dict[str, Any]], None]:
    """A new container `new` with these fields."""
    return lambda containers: containers.update(new=container("new", **fields))


# Each change, and the services that it may replace.
CHANGES: dict[str, tuple[Callable[[dict[str, Any]], Any], set[str]]] = {
    "instances": (changed(instances=3), set()),
    "instances of a referenced service": (lambda all: all["web"].update(instances=2), set()),
    "instances of a job": (lambda all: all["once"].update(instances=2), set()),
    "no instances": (changed(instances=0), {"beside"}),
    "a dependency": (changed(dependencies=["worker"]), set()),
    "a dependency on a job": (lambda all: all["beside"].update(dependencies=["once"]), set()),
    "a variable": (changed(env={"A": "b"}), {"beside"}),
    "a reference": (changed(env={"A": "@worker"}), {"beside"}),
    "a command": (changed(args=["x"]), {"beside"}),
    "a port": (changed(ports=[{"container_port": 81}]), {"beside"}),
    "a health check": (changed(health_check={"protocol": "COMMAND", "command": "true"}), {"beside"}),
    "resources": (changed(resources={"cpus": 0.2, "mem": 65}), {"beside"}),
    "a mount of a shared volume": (changed(volumes=[{"src": "data", "dest": "/d"}]), {"beside"}),
    "placement": (changed(schedule_hints={"placement": {"zone": "a"}}), set()),
    "whether the image is pulled": (changed(force_pull_image=False), set()),
    "another container": (added(), {"new"}),
    "another job": (added(type="job", cmd="true", dependencies=["web"]), {"new"}),
    "a container that refers to others": (added(env={"A": "@web:8080 @worker @on-host"}), {"new"}),
    "a container on the host network": (added(network_mode="host", args=["@on-host"]), {"new"}),
    "no such container": (lambda all: all.pop("beside"), {"beside"}),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_an_update_does_not_change_keeps_running(
    applc: Applc, engine: Engine, tmp_path: Path, what: str
) -> None:
    engine.image(PLAIN, Behaviour())
    change, replaced = CHANGES[what]
    containers = {each["id"]: each for each in copy.deepcopy(APPLIANCE)["containers"]}
    change(containers)
    versions = [
        compiled(applc, version)
        for version in (APPLIANCE, {**APPLIANCE, "containers": list(containers.values())})
    ]
    with Project(engine, tmp_path, versions[0]) as project:
        before = ids(project)
        assert {"web", "worker", "beside", "once", "on-host"} == {service for service, _ in before}
        # To the changed version and back.
        for text in reversed(versions):
            project.file.write_text(text)
            after = ids(project)
            # An instance with a number that both versions have is the same container.
            lost = {
                key for key in before.keys() & after.keys() - {("new", "1")}
                if before[key] != after[key]
            }
            assert {service for service, _ in lost} <= replaced, lost
            before = after


def compiled(applc: Applc, appliance: dict[str, Any]) -> str:
    outcome = applc.compile("-", "compose", stdin=json.dumps(appliance))
    assert outcome.code == 0, outcome.stderr
    return outcome.stdout


def ids(project: Project) -> dict[tuple[str, str], str]:
    """The id of each container after an update, by service and number."""
    up = project.up("--remove-orphans", "--timeout", "1")
    assert up.returncode == 0, up.stderr
    found = project.compose("ps", "--all", "--no-trunc", "--format", "json").stdout
    labels = "com.docker.compose.service", "com.docker.compose.container-number"
    containers = {}
    for line in found.splitlines():
        entry = json.loads(line)
        values = dict(label.split("=", 1) for label in entry["Labels"].split(",") if "=" in label)
        service, number = (values[label] for label in labels)
        containers[service, number] = entry["ID"]
    return containers
