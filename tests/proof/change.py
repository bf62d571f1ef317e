"""Random changes of an appliance, for pairs: the same two appliances are applied over each other both ways."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import generate
from case import Appliance, Case, Container
from hostile import HOSTILE, escaped
from skeleton import Hints, Maker
from tidy import tidy

Change = Callable[[Maker, Appliance, Case], None]


def change(seed: int, case: Case, hints: Hints | None = None) -> Case:
    """The case with one to three random changes; volumes that are in both keep their ids."""
    make = Maker(seed, [])
    appliance = copy.deepcopy(case.appliance)
    before = json.dumps(appliance)
    for _ in range(20):
        for _ in range(make.choice([1, 1, 2, 3])):
            make.choice(CHANGES)(make, appliance, case)
        appliance = tidy(appliance)
        if json.dumps(appliance) != before:
            break
    generate.leave_out(appliance, (hints or Hints()).leave_out)
    return replace(case, appliance=appliance).with_appliance(appliance)


def both(case: Case, pairs: bool) -> tuple[Case, Case | None]:
    """What is brought up, and for pairs what it is changed into: a case and its change, for odd seeds the other way round."""
    if not pairs:
        return case, None
    changed = change(case.seed, case)
    return (changed, case) if case.seed % 2 else (case, changed)


def any_container(make: Maker, appliance: Appliance) -> Container:
    """One of the containers."""
    found: Container = make.choice(appliance["containers"])
    return found


def env(make: Maker, appliance: Appliance, _: Case) -> None:
    """A variable is added, or changed."""
    values = any_container(make, appliance).setdefault("env", {})
    values[make.choice(["CHANGED", *(n for n in values if not n.startswith("OPEN_"))])] = escaped(
        HOSTILE[make.choice(sorted(HOSTILE))]
    )


def fewer_env(make: Maker, appliance: Appliance, _: Case) -> None:
    """A variable is removed."""
    values = any_container(make, appliance).get("env", {})
    if values:
        del values[make.choice(sorted(values))]


def word(make: Maker, appliance: Appliance, _: Case) -> None:
    """A word is added to the arguments."""
    container = any_container(make, appliance)
    for name in ("args", "entrypoint"):
        if name in container:
            container[name].append(escaped(HOSTILE[make.choice(sorted(HOSTILE))]))
            return
    container["cmd"] += " 'one more'"


def instances(make: Maker, appliance: Appliance, _: Case) -> None:
    """Another number of instances."""
    container = any_container(make, appliance)
    fixed = any(port.get("host_port") for port in container.get("ports", []))
    counted = "--count=" in json.dumps(container) or "--once=" in json.dumps(container)
    if (
        container["type"] == "service"
        and not fixed
        and not counted
        and container.get("network_mode", "host").lower() != "host"
    ):
        container["instances"] = make.choice([1, 2, 3])


def gone(make: Maker, appliance: Appliance, _: Case) -> None:
    """A container is removed."""
    if len(appliance["containers"]) > 1:
        appliance["containers"].remove(any_container(make, appliance))


def more(make: Maker, appliance: Appliance, _: Case) -> None:
    """A container is added, which waits for another one."""
    first = any_container(make, appliance)
    name = f"new-{make.seed}"
    if any(c["id"] == name for c in appliance["containers"]):
        return
    added: dict[str, Any] = {
        "id": name,
        "type": "service",
        "image": first["image"],
        "resources": dict(first["resources"]),
        "network_mode": "bridge",
        "args": [f"--name={name}"],
    }
    if "build" in first:
        added["build"] = copy.deepcopy(first["build"])
        # What is built is in no registry.
        added["force_pull_image"] = first.get("force_pull_image", False)
    appliance["containers"].append(added)


def settings(make: Maker, appliance: Appliance, _: Case) -> None:
    """Another setting of a process."""
    container = any_container(make, appliance)
    sort = make.choice(["working_dir", "memory", "label", "stop_timeout"])
    if sort == "working_dir":
        container["working_dir"] = make.choice(["/", "/tmp", "/work"])
    elif sort == "memory":
        container["resources"]["mem"] += make.choice([1, 2])
    elif sort == "label":
        container.setdefault("labels", {})["changed"] = f"c{make.number()}"
    elif container["type"] == "service":
        container["stop_timeout"] = make.choice([6, 9])


def file(make: Maker, appliance: Appliance, _: Case) -> None:
    """Another content of a file."""
    for container in appliance["containers"]:
        for item in container.get("files", []):
            if "content" in item:
                item["content"] = escaped(f"{HOSTILE[make.choice(sorted(HOSTILE))]} changed\n")
                return


def check(make: Maker, appliance: Appliance, _: Case) -> None:
    """Other times of a health check."""
    checked = [c for c in appliance["containers"] if "health_check" in c]
    if checked:
        make.choice(checked)["health_check"]["timeout_seconds"] = make.choice([2, 6])


def order(make: Maker, appliance: Appliance, _: Case) -> None:
    """The containers in another order, which changes nothing."""
    make.random.shuffle(appliance["containers"])


def nothing(_: Maker, appliance: Appliance, __: Case) -> None:
    """A field without effect."""
    appliance["x-changed"] = True


def volume(make: Maker, appliance: Appliance, _: Case) -> None:
    """A volume becomes read-only, or is not mounted anymore."""
    mounted = [c for c in appliance["containers"] if c.get("volumes")]
    if mounted:
        container = make.choice(mounted)
        text = json.dumps(container)
        if "--once=" not in text and "--count=" not in text:
            if make.chance(0.5):
                make.choice(container["volumes"])["mode"] = "RO"
            else:
                container["volumes"].pop()


def dependency(make: Maker, appliance: Appliance, _: Case) -> None:
    """A dependency less."""
    waiting = [c for c in appliance["containers"] if c.get("dependencies")]
    if waiting:
        container = make.choice(waiting)
        container["dependencies"] = container["dependencies"][1:]


CHANGES: Sequence[Change] = [
    env, env, word, fewer_env, instances, gone, more, settings, settings, file, check, order, nothing, volume, dependency,
]  # fmt: skip
