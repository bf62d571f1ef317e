"""The generator makes valid appliances, and leaves nothing of the language out."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import check
import pytest
from case import Case, container_of
from expectations import Json, Ref
from generate import Hints, generate, generated
from hostile import HOSTILE, PLACES

import meaning

SEEDS = range(1, 301)
PORTS = range(30000, 30100)
IMAGE = "registry.example.org/proof:1"
SCHEMA = Path(__file__).parents[2] / "schema" / "appliance.schema.json"


@cache
def cases() -> list[Case]:
    """The cases of the seeds."""
    return [generate(seed, PORTS, IMAGE) for seed in SEEDS]


def all_containers() -> Iterator[tuple[Case, dict[str, Any]]]:
    """Each container of the cases."""
    return ((case, container) for case in cases() for container in case.appliance["containers"])


def fields_of_schema() -> set[str]:
    """The paths of all fields of the language."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    found: set[str] = set()

    def walk(node: dict[str, Any], path: str) -> None:
        if "$ref" in node:
            walk(schema["definitions"][node["$ref"].rpartition("/")[2]], path)
        for name, field in node.get("properties", {}).items():
            if isinstance(field, dict) and ("type" in field or "$ref" in field or "title" in field):
                found.add(f"{path}.{name}" if path else name)
                walk(field, f"{path}.{name}" if path else name)
        if isinstance(node.get("items"), dict):
            walk(node["items"], f"{path}[]")
        for key in ("then", "else"):
            if isinstance(node.get(key), dict):
                walk(node[key], path)
        for part in node.get("allOf", []):
            if "$ref" in part:
                walk(part, path)
        if isinstance(node.get("additionalProperties"), dict):
            walk(node["additionalProperties"], f"{path}.*")

    walk(schema, "")
    return found


def fields_of_cases() -> set[str]:
    """The paths of all fields in the cases; names that authors choose are `*`."""
    named = ("env", "labels", "secret_env", "args")
    found: set[str] = set()

    def walk(value: Any, path: str) -> None:
        if isinstance(value, dict):
            free = path.rpartition(".")[2] in named
            for name, item in value.items():
                below = f"{path}.{'*' if free else name}" if path else name
                found.add(below)
                walk(item, below)
        elif isinstance(value, list):
            for item in value:
                walk(item, f"{path}[]")

    for case in cases():
        walk(case.appliance, "")
    return found


def test_each_field_of_the_language_occurs() -> None:
    assert len(fields_of_schema()) > 100
    assert fields_of_schema() - fields_of_cases() == set()
    assert any(name.startswith("x-") for name in fields_of_cases())


def test_each_pair_of_network_modes_asks_and_refers() -> None:
    asked, referred = set(), set()
    for case, container in all_containers():
        expected = meaning.expect(case).containers[container["id"]]
        mode = meaning.mode(container)
        for item in expected.opens:
            asked.add((mode, meaning.mode(container_of(case.appliance, item.id)), item.bare))
        for text in expected.argv:
            for ref in text:
                if isinstance(ref, Ref):
                    referred.add((mode, meaning.mode(container_of(case.appliance, ref.id)), ref.port is not None))
    modes = ("host", "bridge", "container")
    everything = {(a, b, with_port) for a in modes for b in modes for with_port in (False, True)}
    assert asked == everything
    assert referred == everything


def test_each_protocol_and_kind_occurs() -> None:
    found: set[tuple[str, Any]] = set()
    for _, container in all_containers():
        found.add(("type", container["type"]))
        found.add(("instances", container.get("instances")))
        found.add(("repeats", container.get("repeats")))
        if check_ := container.get("health_check"):
            found.add(("check", check_.get("protocol")))
        for port in container.get("ports", []):
            found.add(("port", (port.get("protocol", "tcp"), bool(port.get("host_port")), bool(port.get("internal")))))
        for mount in container.get("volumes", []):
            kind = "old" if "host_path" in mount else mount.get("type", "none").lower()
            found.add(("volume", (kind, mount.get("mode", "RW").upper())))
    wanted: set[tuple[str, Any]] = {("type", "service"), ("type", "job"), ("repeats", -1), ("repeats", 2)}
    wanted |= {("instances", number) for number in (None, 0, 1, 2, 3)}
    protocols = (None, "HTTP", "HTTPS", "TCP", "MESOS_HTTP", "MESOS_HTTPS", "MESOS_TCP", "COMMAND")
    wanted |= {("check", protocol) for protocol in protocols}
    wanted |= {("volume", (kind, mode)) for kind in ("old", "host", "persistent", "none") for mode in ("RW", "RO")}
    wanted |= {
        ("port", (protocol, fixed, internal))
        for protocol in ("tcp", "udp")
        for fixed, internal in ((False, False), (True, False), (False, True))
    }
    assert wanted - found == set()


def refers(value: Any) -> bool:
    """Whether a reference is in a value."""
    if isinstance(value, Json):
        return refers(value.value)
    if isinstance(value, Ref):
        return True
    if isinstance(value, (tuple, list)):
        return any(map(refers, value))
    return isinstance(value, dict) and any(map(refers, value.values()))


def test_each_place_of_references_occurs() -> None:
    found: set[str] = set()
    itself = circle = undeclared = False
    for case, container in all_containers():
        expected = meaning.expect(case).containers[container["id"]]
        for name in ("cmd", "args", "entrypoint"):
            texts = container.get(name, [])
            if refers([meaning.reference(str(t)) for t in ([texts] if isinstance(texts, str) else texts)]):
                found.add(name)
        for value in expected.env.values():
            if refers(value):
                found.add("env-json" if isinstance(value, Json) else "env")
        if any(refers(file.content) for file in expected.files):
            found.add("file")
        if expected.health and refers(expected.health.command):
            found.add("health command")
        others = [ref for text in expected.argv for ref in text if isinstance(ref, Ref)]
        itself |= any(ref.id == container["id"] for ref in others)
        for ref in others:
            other = container_of(case.appliance, ref.id)
            ports = [port["container_port"] for port in other.get("ports", [])]
            undeclared |= ref.port is not None and ref.port not in ports
            back = meaning.expect(case).containers[ref.id].argv
            circle |= ref.id != container["id"] and any(
                isinstance(piece, Ref) and piece.id == container["id"] for text in back for piece in text
            )
    assert found == {"cmd", "args", "entrypoint", "env", "env-json", "file", "health command"}
    assert itself and circle and undeclared


def test_each_hostile_string_occurs_at_each_place() -> None:
    used: set[tuple[str, str]] = set()
    for seed in range(1, 401):
        used |= generated(seed, PORTS, IMAGE)[1].used
    wanted = {(place, kind) for place, unused in PLACES.items() for kind in HOSTILE if kind not in unused}
    assert sorted(wanted - used) == []


def test_containers_wait_in_chains_and_joins() -> None:
    depths: set[int] = set()
    most = 0
    for case in cases():
        depth: dict[str, int] = {}
        for container in meaning.in_order(case.appliance):
            needs = container.get("dependencies", [])
            most = max(most, len(needs))
            depth[container["id"]] = 1 + max((depth[name] for name in needs), default=0)
        depths.add(max(depth.values()))
    assert depths == {1, 2, 3, 4}
    assert most == 3


def test_a_seed_is_stable() -> None:
    program = (
        "import sys, json; sys.path.insert(0, sys.argv[1]); from generate import generate;"
        "print(json.dumps([generate(seed, range(30000, 30100), 'x').appliance for seed in range(1, 20)]))"
    )
    texts = set()
    for hashes in ("1", "2"):
        env = {**os.environ, "PYTHONHASHSEED": hashes}
        command = [sys.executable, "-c", program, str(Path(__file__).parent)]
        texts.add(subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout)
    assert len(texts) == 1


def test_fields_are_left_out_on_request() -> None:
    fields = frozenset({"containers[].build", "data_persistence.volumes[].size", "containers[].health_check.path"})
    for seed in range(1, 60):
        text = json.dumps(generate(seed, PORTS, IMAGE, Hints(leave_out=fields)).appliance)
        assert '"build"' not in text and '"size"' not in text and '"path"' not in text


def test_no_two_appliances_build_one_image() -> None:
    texts = [text for case in cases() for name, text in case.beside.items() if name.endswith("/proof.Dockerfile")]
    assert len(texts) > 20
    # What comes before the label is a name of the image below, which nobody removes.
    labels = {case.seed: {text.splitlines()[1] for text in case.beside.values() if text.startswith(b"FROM")} for case in cases()}
    of_all = [label for found in labels.values() for label in found]
    assert len(of_all) == len(set(of_all)) and all(label.startswith(b"LABEL") for label in of_all)


def texts(value: Any) -> Iterator[str]:
    """All strings in a value, with the names of fields."""
    if isinstance(value, dict):
        value = [item for pair in value.items() for item in pair]
    if isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, str):
        yield value


def test_nothing_is_hostile_in_plain_appliances() -> None:
    for seed in range(1, 200):
        found = generate(seed, PORTS, IMAGE, Hints(plain=True))
        for container in found.appliance["containers"]:
            for text in texts({name: value for name, value in container.items() if name != "schedule"}):
                assert re.fullmatch(r"[A-Za-z0-9@ ./:|=,;'\n_-]*", text), (seed, text)
        assert all(content == b"plain\n" for name, content in found.beside.items() if name.endswith(".bin"))


def test_a_case_is_saved_and_read(tmp_path: Path) -> None:
    for case in cases()[:20]:
        case.save(tmp_path / str(case.seed))
        assert Case.load(tmp_path / str(case.seed)) == case


@pytest.mark.parametrize("part", range(4))
def test_each_appliance_is_valid(part: int, applc_path: Path) -> None:
    for case in cases()[part:160:4]:
        findings = check.check(applc_path, case, [])
        assert [finding for finding in findings if finding.level == "error"] == [], case.seed
