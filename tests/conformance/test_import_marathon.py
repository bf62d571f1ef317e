"""Marathon apps and Chronos jobs of others: each is imported, nothing of them is lost in silence, and targets compile them.

The files are in the folder `marathon` of the one that APPLC_CASES names (default: ../shared/cases); without
them, the tests are skipped, and say so. `UPDATE_DOCS=1` writes the table of docs/from-marathon.md.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from support import ROOT, Applc

CASES = Path(os.environ.get("APPLC_CASES") or ROOT.parent / "shared" / "cases") / "marathon"
PAGE = ROOT / "docs" / "from-marathon.md"
TARGETS = ("compose", "kubernetes", "nomad", "marathon")

# Where the value of a leaf is in the container, by its path in the source.
CARRIED: dict[str, str] = {
    "id": "id ../id",
    "name": "id",
    "cmd": "cmd",
    "command": "cmd entrypoint",
    "args": "args",
    "arguments": "args cmd",
    "cpus": "resources.cpus",
    "mem": "resources.mem",
    "disk": "resources.disk",
    "gpus": "resources.gpu",
    "instances": "instances",
    "env.*": "env.*",
    "environmentVariables.name": "env",
    "environmentVariables.value": "env.*",
    "labels.*": "labels.*",
    "container.docker.image": "image",
    "container.image": "image",
    "container.docker.forcePullImage": "force_pull_image",
    "container.docker.privileged": "is_privileged",
    "container.docker.portMappings.containerPort": "ports.container_port",
    "container.docker.portMappings.hostPort": "ports.host_port",
    "container.docker.portMappings.protocol": "ports.protocol",
    "container.docker.portMappings.name": "ports.name",
    "container.portMappings.containerPort": "ports.container_port",
    "container.portMappings.hostPort": "ports.host_port",
    "container.portMappings.protocol": "ports.protocol",
    "container.portMappings.name": "ports.name",
    "portDefinitions.port": "ports.container_port",
    "portDefinitions.protocol": "ports.protocol",
    "portDefinitions.name": "ports.name",
    "ports": "ports.container_port",
    "container.docker.network": "network_mode",
    "container.network": "network_mode",
    "networks.mode": "network_mode",
    "container.volumes.containerPath": "volumes.dest volumes.src",
    "container.volumes.hostPath": "volumes.src",
    "container.volumes.mode": "volumes.mode",
    "container.volumes.persistent.size": "../data_persistence.volumes.size",
    "container.volumes.external.name": "../data_persistence.volumes.id",
    "healthChecks.protocol": "health_check.protocol",
    "healthChecks.path": "health_check.path",
    "healthChecks.command.value": "health_check.command",
    "healthChecks.portIndex": "health_check.port_index",
    "healthChecks.port": "ports.container_port",
    "healthChecks.intervalSeconds": "health_check.interval_seconds",
    "healthChecks.timeoutSeconds": "health_check.timeout_seconds",
    "healthChecks.gracePeriodSeconds": "health_check.grace_period_seconds",
    "healthChecks.maxConsecutiveFailures": "health_check.max_consecutive_failures",
    "upgradeStrategy.minimumHealthCapacity": "minimum_capacity",
    "taskKillGracePeriodSeconds": "stop_timeout",
    "retries": "retries",
    "user": "user",
}

# Values that mean the same as none in Marathon and in the language.
DEFAULTS: dict[str, tuple[Any, ...]] = {
    "instances": (1,),
    "disk": (0,),
    "gpus": (0,),
    "acceptedResourceRoles": ("*",),
    "container.docker.forcePullImage": (True,),
    "container.docker.privileged": (False,),
    "container.docker.portMappings.hostPort": (0,),
    "container.docker.portMappings.protocol": ("tcp",),
    "container.docker.portMappings.servicePort": (0,),
    "container.portMappings.hostPort": (0,),
    "container.portMappings.protocol": ("tcp",),
    "container.portMappings.servicePort": (0,),
    "container.volumes.mode": ("RW",),
    "container.volumes.persistent.type": ("root",),
    "container.volumes.external.provider": ("dvdi",),
    "portDefinitions.protocol": ("tcp",),
    "healthChecks.portIndex": (0,),
    "healthChecks.intervalSeconds": (60,),
    "healthChecks.timeoutSeconds": (20,),
    "healthChecks.gracePeriodSeconds": (300,),
    "healthChecks.maxConsecutiveFailures": (3,),
    "healthChecks.ignoreHttp1xx": (False,),
    "healthChecks.ipProtocol": ("IPv4",),
    "upgradeStrategy.maximumOverCapacity": (1,),
    "requirePorts": (False,),
    "async": (False,),
    "disabled": (False,),
    "executor": ("",),
    "executorFlags": ("",),
}

# Fields whose value shows in the form of others, or that say nothing of what runs.
WITHOUT_MEANING: dict[str, str] = {
    "container.type": "the containerizer of the agent",
    "groups.id": "part of the ids of its apps",
    "requirePorts": "decides whether a number in `ports` is the port",
    "schedule": "checked by the test of schedules",
    "shell": "decides between `cmd` and `entrypoint`",
    "secrets.*.source": "told where the secret is used",
    "successCount": "of a running Chronos",
    "errorCount": "of a running Chronos",
    "lastSuccess": "of a running Chronos",
    "lastError": "of a running Chronos",
}

MODES = {
    "BRIDGE": "bridge", "HOST": "host", "USER": "container",
    "container/bridge": "bridge", "container": "container", "host": "host",
}


@dataclass
class Leaf:
    """A value of the source."""

    # Its path without the numbers of items.
    path: str
    value: Any
    # The places, as line and column, of it and of what it is in, below the app.
    places: list[tuple[int, int]]


@dataclass
class Item:
    """An app or job of the source."""

    name: str
    leaves: list[Leaf] = field(default_factory=list)


@pytest.fixture(scope="module")
def files() -> list[Path]:
    """The files; skips the test aloud without them."""
    found = sorted(CASES.glob("*.json"))
    if not found:
        pytest.skip(f"no files in {CASES}: set APPLC_CASES to the folder of the cases")
    return found


def leaves(node: yaml.Node, path: str, places: list[tuple[int, int]]) -> Iterator[Leaf]:
    """The values in a part of the source."""
    here = [*places, place(node)]
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inside = f"{path}.{key.value}".lstrip(".")
            yield from leaves(value, inside, [*here, place(key)])
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from leaves(value, path, here)
    else:
        yield Leaf(path, yaml.safe_load(node.value) if node.style is None else node.value, here)


def place(node: yaml.Node) -> tuple[int, int]:
    """The line and column of a node, from 1."""
    return node.start_mark.line + 1, node.start_mark.column + 1


def items(text: str) -> list[Item]:
    """The apps and jobs of a document, those of groups too."""

    def inside(node: yaml.Node) -> Iterator[Item]:
        if isinstance(node, yaml.SequenceNode):
            for value in node.value:
                yield from inside(value)
            return
        parts = {key.value: value for key, value in node.value}
        groups = [parts[name] for name in ("apps", "groups") if name in parts]
        for group in groups:
            yield from inside(group)
        if not groups:
            name = parts.get("id", parts.get("name")).value
            item = Item(name.strip("/").rsplit("/", 1)[-1])
            for key, value in node.value:
                item.leaves += leaves(value, key.value, [place(key)])
            yield item

    return list(inside(yaml.compose(text.replace("\t", " "))))


def at(value: Any, path: str) -> list[Any]:
    """The values at a path of the appliance; `*` is any key, and all items of a list count."""
    if isinstance(value, list):
        return [found for item in value for found in at(item, path)]
    if not path:
        return [value]
    name, _, rest = path.partition(".")
    if not isinstance(value, dict):
        return []
    if name == "*":
        return [found for one in value.values() for found in at(one, rest)]
    return at(value[name], rest) if name in value else []


def is_carried(leaf: Leaf, pattern: str, container: dict[str, Any], appliance: dict[str, Any]) -> bool:
    """Whether the container has the value of a leaf in the field for it."""
    for where in CARRIED.get(pattern, "").split():
        if pattern in ("env.*", "labels.*"):
            where = where.replace("*", leaf.path.split(".", 1)[1])
            part, key = where.split(".", 1)
            found = [container.get(part, {}).get(key)]
        elif where.startswith("../"):
            found = at(appliance, where[3:])
        else:
            found = at(container, where)
            found = [one for some in found for one in (some if isinstance(some, dict) else [some])]
        value = MODES.get(leaf.value, leaf.value) if where == "network_mode" else leaf.value
        if any(is_same(value, one) for one in found):
            return True
    return False


def is_same(meant: Any, found: Any) -> bool:
    """Whether two values are the same, but for marks of references, hyphens in ids, and rounding."""
    if found is None:
        return False
    if isinstance(meant, bool) or isinstance(found, bool):
        return meant == found
    try:
        return float(meant) == float(found) or -(-float(meant) // 1) == float(found)
    except (TypeError, ValueError):
        pass
    plain = str(found).replace("\\@", "@")
    meant = str(meant)
    return plain == meant or (len(meant) > 0 and meant in plain) or re.sub("[^A-Za-z0-9]+", "-", meant).strip("-") in plain


def pattern_of(path: str) -> str:
    """The path with `*` for names that the author chose."""
    for name in ("env", "labels", "secrets"):
        if path.startswith(f"{name}."):
            rest = path.split(".", 1)[1]
            tail = ".source" if name == "secrets" else ".secret" if name == "env" and rest.endswith(".secret") else ""
            return f"{name}.*{tail}"
    return path


@dataclass
class Run:
    """What the import makes of a file."""

    appliance: dict[str, Any]
    findings: list[dict[str, Any]]
    file: Path


@pytest.fixture(scope="module")
def runs(applc: Applc, files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """The imports of all files."""
    folder = tmp_path_factory.mktemp("imported")
    found = {}
    for source in files:
        file = folder / f"{source.stem}.yaml"
        outcome = applc("import", "--from", "marathon", source, "--format", "json", "-o", file)
        assert outcome.code == 0, f"{source.name}: {outcome.stderr}"
        told = json.loads(outcome.stderr or outcome.stdout)["diagnostics"]
        found[source.name] = Run(yaml.safe_load(file.read_text()), told, file)
    return found


def test_nothing_is_lost_in_silence(files: list[Path], runs: dict[str, Run]) -> None:
    lost = []
    count = 0
    for source in files:
        run = runs[source.name]
        starts = [one["span"]["start"] for one in run.findings]
        told = {(start["line"], start["column"]) for start in starts}
        containers = {one["id"]: one for one in run.appliance["containers"]}
        for item in items(source.read_text()):
            name = re.sub("[^A-Za-z0-9]", "-", item.name).strip("-")
            own = [one for key, one in containers.items() if key == name or key.endswith(f"-{name}")]
            assert own, f"{source.name}: {item.name} is not imported"
            for leaf in item.leaves:
                count += 1
                pattern = pattern_of(leaf.path)
                if (
                    pattern in WITHOUT_MEANING
                    or leaf.value in DEFAULTS.get(pattern, ())
                    or told & set(leaf.places)
                    or is_carried(leaf, pattern, own[0], run.appliance)
                ):
                    continue
                lost.append(f"{source.name}: {leaf.path} = {leaf.value!r}")
    assert not lost, "\n".join(lost)
    assert count > 300


def test_every_field_of_the_tables_is_used(files: list[Path]) -> None:
    """A row of the tables of this test that no file needs would hide a loss."""
    used = {pattern_of(leaf.path) for source in files for item in items(source.read_text()) for leaf in item.leaves}
    assert set(WITHOUT_MEANING) - {"groups.id"} <= used, set(WITHOUT_MEANING) - used


def test_every_target_compiles_or_says_why_not(applc: Applc, runs: dict[str, Run]) -> None:
    for name, run in runs.items():
        for target in TARGETS:
            outcome = applc.compile(run.file, target, "-o", f"{run.file.parent}/{run.file.stem}-{target}/")
            is_told = re.search(r"error\[E0\d\d\d\]", outcome.stderr)
            assert outcome.code == 0 or (outcome.code == 1 and is_told), f"{name}, {target}: {outcome.stderr}"


def test_the_page_has_the_figures(applc: Applc, runs: dict[str, Run]) -> None:
    told = Counter(one["code"] for run in runs.values() for one in run.findings)
    clean = sum(not any(one["code"].startswith(("W", "E")) for one in run.findings) for run in runs.values())
    rows = [
        "| | |", "|---|---|",
        f"| files | {len(runs)} |",
        f"| apps and jobs in them | {sum(len(run.appliance['containers']) for run in runs.values())} |",
        f"| imported without a warning | {clean} |",
    ]
    names = {"W1001": "warnings of a part without a like", "W1002": "warnings of a part that means something else"}
    rows += [f"| {text} | {told[code]} |" for code, text in names.items()]
    for target in TARGETS:
        compiled = sum(
            applc.compile(run.file, target, "-o", f"{run.file.parent}/{run.file.stem}-{target}/").code == 0
            for run in runs.values()
        )
        rows.append(f"| compiled for `{target}` | {compiled} |")
    page = PAGE.read_text(encoding="utf-8")
    begin, end = "<!-- generated by tests/conformance/test_import_marathon.py -->\n", "<!-- end -->"
    head, _, rest = page.partition(begin)
    _, _, tail = rest.partition(end)
    expected = f"{head}{begin}" + "\n".join(rows) + f"\n{end}{tail}"
    if os.environ.get("UPDATE_DOCS"):
        PAGE.write_text(expected, encoding="utf-8")
    assert page == expected or os.environ.get("UPDATE_DOCS")
