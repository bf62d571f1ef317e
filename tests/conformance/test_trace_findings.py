"""What linters of manifests find is shown at the line of the appliance that caused it.

kubeconform and kube-score read what `applc compile` wrote, and `applc trace --findings` their output.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import kube_schemas
import support

# Each part in «» is where the finding of that name belongs.
APPLIANCE = """{
  "id": «pod:"shop"»,
  "containers": [
    {
      "id": «web:"web"»,
      "type": "service",
      "image": «image:"registry.example/web:latest"»,
      "resources": {"cpus": «cpus:1», "mem": 64},
      "network_mode": "container",
      "is_privileged": «privileged:true»,
      "env": {"DB_PASSWORD": «secret:"hunter2"», "LEVEL": "low"},
      "args": ["--db", "@db:5432"],
      "ports": [{"container_port": 80, "protocol": "tcp", "host_port": «host_port:8080»}]
    },
    {
      "id": «db:"db"»,
      "type": "service",
      "image": "postgres:17.2",
      "resources": {"cpus": «db_cpus:1», "mem": 64},
      "network_mode": «host:"host"»,
      "ports": [{"container_port": 5432, "protocol": "tcp"}]
    }
  ]
}
"""


@dataclass(frozen=True)
class Place:
    """A range of the appliance: the line, the column, and the column after it."""

    line: int
    column: int
    end: int


def marked(text: str) -> tuple[str, dict[str, Place]]:
    """The text without marks, and the places that they name."""
    places = {}
    lines = []
    for number, line in enumerate(text.splitlines(), 1):
        while "«" in line:
            before, rest = line.split("«", 1)
            mark, after = rest.split("»", 1)
            name, value = mark.split(":", 1)
            places[name] = Place(number, len(before) + 1, len(before) + 1 + len(value))
            line = before + value + after
        lines.append(line)
    return "\n".join(lines) + "\n", places


TEXT, PLACES = marked(APPLIANCE)


class Deployed:
    """The appliance, and its output for Kubernetes."""

    def __init__(self, applc: support.Applc, folder: Path) -> None:
        self.applc = applc
        self.folder = folder
        self.appliance = folder / "app.json"
        self.appliance.write_text(TEXT, encoding="utf-8")
        # The name is not that of the target's output: the text tells whose file it is.
        self.manifest = folder / "shop.yaml"
        outcome = applc.compile(self.appliance, "kubernetes", "-o", self.manifest)
        assert outcome.code == 0, outcome.stderr

    def found_by(self, *command: str | Path) -> list[dict[str, Any]]:
        """Runs a tool, which finds something, and returns its findings as applc places them."""
        run = subprocess.run(command, cwd=self.folder, capture_output=True, timeout=60)
        assert run.returncode == 1, run.stderr.decode()
        (self.folder / "found").write_bytes(run.stdout)
        arguments = ("--target", "kubernetes", "--findings", self.folder / "found", "--format", "json")
        outcome = self.applc("trace", self.appliance, *arguments)
        assert (outcome.code, outcome.stderr) == (1, ""), outcome.stderr
        return json.loads(outcome.stdout)["diagnostics"]


@pytest.fixture
def deployed(applc: support.Applc, tmp_path: Path) -> Deployed:
    return Deployed(applc, tmp_path)


def names(findings: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """The message of each finding, and the name of its place."""
    known = {place: name for name, place in PLACES.items()}
    pairs = set()
    for finding in findings:
        span = finding["span"]
        start, end = span["start"], span["end"]
        place = Place(start["line"], start["column"], end["column"])
        assert start["line"] == end["line"] and place in known, finding
        pairs.add((finding["message"], known[place]))
    return pairs


def test_kubeconform(deployed: Deployed, require_tool, tmp_path: Path) -> None:
    """Values that a schema forbids, and one that it requires."""
    schemas = tmp_path / "schemas"
    schemas.mkdir()

    def limit(definitions: dict[str, Any]) -> None:
        def of(kind: str) -> dict[str, Any]:
            return definitions[f"io.k8s.api.core.v1.{kind}"]

        of("Container")["properties"]["image"]["pattern"] = ":[0-9][0-9.]*$"
        of("Container")["required"].append("readinessProbe")
        of("SecurityContext")["properties"]["privileged"]["enum"] = [False]
        of("PodSpec")["properties"]["hostNetwork"]["enum"] = [False]
        of("EnvVar")["properties"]["value"]["maxLength"] = 3
        of("ContainerPort")["properties"]["hostPort"]["maximum"] = 80

    kube_schemas.write_policy(schemas, limit)
    location = f"{schemas}/{{{{ .ResourceKind }}}}{{{{ .KindSuffix }}}}.json"
    tool = require_tool("kubeconform")
    found = deployed.found_by(
        tool, "-output", "json", "-schema-location", location, deployed.manifest
    )
    assert names(found) == {
        ("kubeconform: 'registry.example/web:latest' does not match pattern ':[0-9][0-9.]*$'", "image"),
        ("kubeconform: missing property 'readinessProbe'", "web"),
        ("kubeconform: missing property 'readinessProbe'", "db"),
        ("kubeconform: value must be false", "privileged"),
        ("kubeconform: value must be false", "host"),
        ("kubeconform: maxLength: got 7, want 3", "secret"),
        ("kubeconform: maximum: got 8,080, want 80", "host_port"),
    }


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_kube_score(deployed: Deployed, require_tool, form: str) -> None:
    """Faults of containers, in both formats. Only the JSON names the container."""
    tool = require_tool("kube-score")
    found = deployed.found_by(tool, "score", "--output-format", form, deployed.manifest)
    pairs = {(message.split(" (`")[0], name) for message, name in names(found)}
    assert {
        ("kube-score container-image-tag: Image with latest tag", "image"),
        ("kube-score container-resources: CPU limit is not set", "cpus"),
        ("kube-score container-resources: CPU limit is not set", "db_cpus"),
        ("kube-score container-security-context-privileged: The container is privileged", "privileged"),
        ("kube-score pod-probes: Container is missing a readinessProbe", "db"),
        ("kube-score pod-networkpolicy: The pod does not have a matching NetworkPolicy", "web"),
        ("kube-score pod-networkpolicy: The pod does not have a matching NetworkPolicy", "db"),
        # Two instances cannot share the ports of a host.
        ("kube-score deployment-strategy: Deployment update strategy", "host"),
    } <= pairs


def test_a_stale_file(deployed: Deployed, require_tool) -> None:
    """Findings in a file that compiling does not result in are shown with a warning."""
    changed = TEXT.replace('"--db"', '"--database"')
    deployed.appliance.write_text(changed, encoding="utf-8")
    tool = require_tool("kube-score")
    run = subprocess.run(
        [tool, "score", "--output-format", "json", deployed.manifest], capture_output=True, timeout=60
    )
    (deployed.folder / "found").write_bytes(run.stdout)
    outcome = deployed.applc(
        "trace", deployed.appliance, "-t", "kubernetes", "--findings", deployed.folder / "found", "--format", "short"
    )
    assert outcome.code == 1
    assert "shop.yaml` is not what compiling results in: it is edited or stale" in outcome.stderr
