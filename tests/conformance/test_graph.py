"""Reads pictures of every appliance with Graphviz and an XML parser."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

import support

SVG = "{http://www.w3.org/2000/svg}"

# Keywords of the formats, and text that could end a string.
HOSTILE_IDS = ["end", "graph", "subgraph", "node", "strict", "o--x", "1-2", "-", "x" * 80]
HOSTILE_NAME = "\"]; a -> b \\N \\\\ <b>&amp; \u0001 \u65e5\u672c \U0001f680 </text>"


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """An appliance with names that mean something in a format."""
    containers = [
        {
            "id": id,
            "type": "service",
            "image": "nginx:1.27",
            "resources": {"cpus": 1, "mem": 64},
            "network_mode": "bridge",
            "ports": [{"container_port": 80, "name": HOSTILE_NAME}],
            "dependencies": HOSTILE_IDS[:at],
        }
        for at, id in enumerate(HOSTILE_IDS)
    ]
    file = tmp_path / "hostile.json"
    file.write_text(json.dumps({"id": "digraph", "containers": containers}), encoding="utf-8")
    return file


def drawn_by_graphviz(dot: Path, text: str) -> tuple[list[str], list[tuple[str, str]]]:
    """The nodes and edges of a graph, as Graphviz reads them."""
    run = subprocess.run([dot, "-Tplain"], input=text.encode(), capture_output=True, timeout=60)
    assert run.returncode == 0 and not run.stderr, run.stderr.decode()
    nodes, edges = [], []
    # A line can continue on the next one.
    for line in run.stdout.decode().replace("\\\n", "").splitlines():
        words = shlex.split(line)
        if words[0] == "node":
            nodes.append(words[1])
        elif words[0] == "edge":
            edges.append((words[1], words[2]))
    return nodes, edges


def drawn_in_svg(text: str) -> tuple[list[str], list[tuple[str, str]]]:
    """The containers and edges in an image."""
    groups = list(ElementTree.fromstring(text).iter(f"{SVG}g"))
    nodes = [group.attrib["data-id"] for group in groups if "data-id" in group.attrib]
    edges = [(g.attrib["data-from"], g.attrib["data-to"]) for g in groups if "data-from" in g.attrib]
    return nodes, edges


def check(applc: support.Applc, dot: Path, file: Path) -> None:
    """Both formats have the containers and the edges of the plan."""
    plan = json.loads(applc("plan", file).stdout)
    containers = plan["appliance"]["containers"]
    ids = sorted(container["id"] for container in containers)
    waits = {(on["id"], one["id"]) for one in containers for on in one["dependencies"]}
    refers = {(to["id"], one["id"]) for one in containers for to in one["references"]}
    expected = sorted(pair for pair in waits | refers if pair[0] != pair[1])
    for format, read in (("dot", lambda text: drawn_by_graphviz(dot, text)), ("svg", drawn_in_svg)):
        drawn = applc("graph", file, "--format", format)
        assert drawn.code == 0, drawn.stderr
        nodes, edges = read(drawn.stdout)
        assert (sorted(nodes), sorted(edges)) == (ids, expected), format


def test_pictures_of_every_appliance_are_read(
    applc: support.Applc, require_tool: Callable[[str], Path], appliance: Path
) -> None:
    check(applc, require_tool("dot"), appliance)


def test_hostile_names_are_text(
    applc: support.Applc, require_tool: Callable[[str], Path], hostile: Path
) -> None:
    dot = require_tool("dot")
    check(applc, dot, hostile)
    # The label is what was written, with a mark for the control character.
    text = applc("graph", hostile, "--format", "dot").stdout
    run = subprocess.run([dot, "-Tsvg"], input=text.encode(), capture_output=True, timeout=60)
    texts = {text.text for text in ElementTree.fromstring(run.stdout).iter(f"{SVG}text")}
    wanted = re.sub("\u0001", "\ufffd", HOSTILE_NAME) + " 80"
    assert wanted in {text.replace("\u00a0", " ") for text in texts if text}, texts
