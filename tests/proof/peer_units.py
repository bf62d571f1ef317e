"""What Quadlet units carry that `podlet compose` makes of a Compose file: read from the command lines, and not run.

Podman's generator makes services of the units; their `podman run` is parsed as systemd and Podman parse it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import engines.base  # noqa: F401, the path of the conformance tests
import facts
import podman_line
import quadlet_machine
import systemd_line
from case import Case
from difference import Difference
from directives import ENTRYPOINT, through_shell
from engines.base import Rejected
from expectations import Expectations, Expected, Text

# What systemd puts in the place of `%t`, `%N` and the like does not matter to the container.
SPECIFIERS = {name: "-" for name in "bCEfgGhHiIjJlLmMnNoqpPsStTuUvVw"}
# Options of podman_line.parse that have a value, with their short names.
SHORT = {"-v": "--volume", "-p": "--publish", "-e": "--env"}

# Of Podman, whose generator `.ci/install/quadlet` builds.
PODMAN = "5.4"

# What is looked at: the rest shows only in a container that runs.
JUDGED = {
    "everything starts, as often as it should", "words", "variables", "labels", "user, group, directory, network, privileges",
    "memory", "volumes", "published ports", "order of starts", "jobs", "health", "the time to stop",
}  # fmt: skip


@dataclass(frozen=True)
class Unit:
    """One container, as its service starts it."""

    run: podman_line.Run
    # The services that it starts after.
    after: set[str]
    # `Restart=` of the service.
    restart: str

    def all(self, name: str) -> list[str]:
        """The values of an option of `podman run`, by its long name."""
        return [value for key, value in self.run.options if SHORT.get(key, key) == name]

    def one(self, name: str) -> str | None:
        """The last value of an option."""
        return next(reversed(self.all(name)), None)


def podlet() -> Path:
    """The program, from PATH."""
    found = shutil.which("podlet")
    if found is None:
        raise SystemExit("podlet is missing: `cargo install podlet --version 0.3.2 --locked`")
    return Path(found)


def convertible(case: Case) -> Case:
    """A case without what podlet refuses a whole file for: files, numbers of instances, dependencies on jobs and on what has
    a health check."""
    refused = {each["id"] for each in case.appliance["containers"] if each["type"] == "job" or "health_check" in each}
    containers = []
    for each in case.appliance["containers"]:
        found = {name: value for name, value in each.items() if name not in ("files", "instances")}
        found["dependencies"] = [name for name in each.get("dependencies", []) if name not in refused]
        containers.append(found)
    return case.with_appliance({**case.appliance, "containers": containers})


def units(file: Path, folder: Path) -> dict[str, Unit]:
    """The units of a Compose file, by service; raises `Rejected` if podlet or the generator refuses it."""
    made, services = folder / "units", folder / "services"
    made.mkdir()
    environment = {**os.environ, "NO_COLOR": "1", "RUST_BACKTRACE": "0"}
    words: list[str | Path] = [podlet(), "--podman-version", PODMAN, "--file", made, "compose", file]
    run = subprocess.run(words, capture_output=True, text=True, errors="replace", env=environment, timeout=60, check=False)
    if run.returncode:
        causes = re.findall(r"^ +\d+: (.*)$", re.sub(r"\x1b\[[0-9;]*m", "", run.stderr).partition("Location")[0], re.MULTILINE)
        raise Rejected("; ".join(causes) or run.stderr[-300:])
    said = quadlet_machine.generate(made, services)
    (folder / "generator.txt").write_text(said)
    return {path.stem: read(path.read_bytes()) for path in services.glob("*.service") if (made / f"{path.stem}.container").exists()}


def read(service: bytes) -> Unit:
    """A service that the generator wrote."""
    words = [word.decode(errors="replace") for word in systemd_line.command(service, SPECIFIERS)]
    after = {name for value in systemd_line.values(service, "Unit", "After") for name in value.decode().split()}
    restart = [value.decode() for value in systemd_line.values(service, "Service", "Restart")]
    return Unit(podman_line.parse(words[1:]), {name.removesuffix(".service") for name in after}, (restart or ["no"])[-1])


def differences(expectations: Expectations, found: dict[str, Unit], services: dict[str, str]) -> Iterator[Difference]:
    """What the command lines say otherwise than the language; `services` has the service of each container."""
    for expected in expectations.containers.values():
        unit = found.get(services[expected.id])
        if unit is None:
            yield Difference("not-started", expected.id, "has no service")
            continue
        yield from of_process(expected, unit)
        yield from of_mounts(expected, unit)
        yield from of_ports(expected, unit)
        yield from of_health(expected, unit)
        for need in expected.needs:
            other = found.get(services[need.id])
            if services[need.id] not in unit.after:
                yield Difference("order", expected.id, f"does not start after {need.id}", need.id)
            elif need.when == "healthy" and (other is None or other.one("--sdnotify") != "healthy"):
                yield Difference("order", expected.id, f"does not wait until {need.id} is healthy", need.id)
        if expected.runs and len(expected.runs.codes) == 1 and unit.restart != "no":
            yield Difference("too-many-runs", expected.id, f"Restart={unit.restart}")
        if expected.stop_timeout is not None and unit.one("--stop-timeout") != str(expected.stop_timeout):
            text = f"{unit.one('--stop-timeout')} s, expected {expected.stop_timeout}"
            yield Difference("stopped-late", expected.id, text)


def of_process(expected: Expected, unit: Unit) -> Iterator[Difference]:
    """Words, variables, labels, user, memory."""
    yield from facts.of_argv(expected.id, expected.argv, argv(unit), "argv")
    variables = named(unit.all("--env"))
    for name, text in expected.env.items():
        if name not in variables or not facts.matches(text, variables[name]):
            yield Difference("env", expected.id, f"{variables.get(name)!r}", name)
    labels = named(unit.all("--label"))
    for name, value in expected.labels.items():
        if labels.get(name) != value:
            yield Difference("label", expected.id, f"{labels.get(name)!r}, expected {value!r}", name)
    if expected.cwd is not None and unit.one("--workdir") != expected.cwd:
        yield Difference("cwd", expected.id, f"{unit.one('--workdir')!r}, expected {expected.cwd!r}")
    user = unit.one("--user")
    if (user or "0").partition(":")[0] not in (str(expected.uid), NAMES.get(expected.uid or 0)):
        yield Difference("uid", expected.id, f"{user!r}, expected {expected.uid}")
    if expected.privileged != any(name == "--privileged" for name, _ in unit.run.options):
        yield Difference("privileged", expected.id, f"expected {expected.privileged}")
    if (unit.one("--memory") or "").lower().removesuffix("b") != f"{expected.memory}m":
        yield Difference("memory", expected.id, f"{unit.one('--memory')}, expected {expected.memory} MB")


# The users of the image of the observer that appliances name.
NAMES = {0: "root", 1001: "proof", 1002: "other"}


def named(values: list[str]) -> dict[str, str]:
    """Names and values of `NAME=VALUE`."""
    return {name: value for name, _, value in (each.partition("=") for each in values)}


def argv(unit: Unit) -> list[str]:
    """The words of the program."""
    own = unit.one("--entrypoint")
    start = plain(ENTRYPOINT) if own is None else json.loads(own) if own.startswith("[") else [own]
    words = [*start, *unit.run.arguments]
    if words[:2] == ["/bin/sh", "-c"] and len(words) == 3:
        return plain(through_shell((words[2],)))
    # Without arguments, those of the image.
    return words if own is not None or unit.run.arguments else [*words, "--image-cmd"]


def plain(words: list[Text]) -> list[str]:
    """Words without references."""
    return ["".join(map(str, word)) for word in words]


def of_mounts(expected: Expected, unit: Unit) -> Iterator[Difference]:
    """Volumes: what is mounted where, and whether it can be written to."""
    mounted = {}
    for value in unit.all("--volume"):
        source, dest, *options = value.split(":")
        mounted[dest] = (source, options)
    for mount in expected.mounts:
        source, options = mounted.get(mount.dest, ("", []))
        if not source.endswith(mount.volume[1]):
            yield Difference("mount", expected.id, f"{source!r}, expected {mount.volume[1]!r}", mount.dest)
        elif mount.writable == ("ro" in ",".join(options).split(",")):
            yield Difference("mount-mode", expected.id, f"{options}", mount.dest)


def of_ports(expected: Expected, unit: Unit) -> Iterator[Difference]:
    """Ports: which are published, and at which port of the host."""
    published: dict[tuple[int, str], str] = {}
    for value in unit.all("--publish"):
        numbers, _, protocol = value.partition("/")
        host, _, port = numbers.rpartition(":")
        published[int(port), protocol or "tcp"] = host.rpartition(":")[2]
    for each in expected.published:
        at = f"{each.port}/{each.protocol}"
        if (each.port, each.protocol) not in published:
            yield Difference("unpublished", expected.id, f"only {sorted(published)}", at)
        elif each.host_port is not None and published[each.port, each.protocol] != str(each.host_port):
            yield Difference("port", expected.id, f"{published[each.port, each.protocol]!r}, expected {each.host_port}", at)


def of_health(expected: Expected, unit: Unit) -> Iterator[Difference]:
    """The command of the check."""
    health = expected.health
    if health is None:
        return
    said: Any = unit.one("--health-cmd")
    words = json.loads(said) if said and said.startswith("[") else ["/bin/sh", "-c", said] if said else []
    if words[:2] != ["/bin/sh", "-c"] or len(words) != 3:
        yield Difference("unchecked", expected.id, f"{said!r}")
    elif health.command is not None:
        yield from facts.of_argv(expected.id, list(health.command), plain(through_shell((words[2],))), "check")
