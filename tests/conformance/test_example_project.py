"""Judges each file that is committed below examples/project/manifests with the rules or the tool of its target."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

import kube_checks
import kube_schemas
from chronos_rules import check_jobs
from kube_api import documents
from marathon_rules import check_group
from nomad_agent import formatted, validate
from support import ROOT, require_tool

MANIFESTS = ROOT / "examples" / "project" / "manifests"
FILES = sorted(path for path in MANIFESTS.rglob("*") if path.is_file() and path.name != ".applc-outputs")


def compose(path: Path) -> None:
    tool = require_tool("docker-compose")
    judged = subprocess.run([tool, "-f", path, "config", "--quiet"], capture_output=True, text=True, check=False)
    assert (judged.returncode, judged.stderr) == (0, "")


def kubernetes(path: Path) -> None:
    objects = documents(path.read_text("utf-8"))
    assert objects
    assert kube_checks.problems(objects) + kube_schemas.problems(objects) == []


def nomad(path: Path) -> None:
    text = path.read_text("utf-8")
    assert formatted(text) == text
    if not path.name.endswith(".volume.hcl"):
        judged = validate(text)
        assert judged.returncode == 0, judged.stdout + judged.stderr


def marathon(path: Path) -> None:
    document = json.loads(path.read_text("utf-8"))
    assert (check_jobs([document]) if path.parent.name == "chronos" else check_group(document, set())) == []


JUDGES: dict[str, Callable[[Path], None]] = {
    "compose": compose, "kubernetes": kubernetes, "nomad": nomad, "marathon": marathon,
}  # fmt: skip


def target_of(path: Path) -> str:
    """The target: the folder with its name that contains the file."""
    (target,) = JUDGES.keys() & set(path.relative_to(MANIFESTS).parts)
    return target


@pytest.mark.parametrize("path", FILES, ids=[path.relative_to(MANIFESTS).as_posix() for path in FILES])
def test_each_committed_file_is_valid(path: Path) -> None:
    JUDGES[target_of(path)](path)


def test_every_target_has_files() -> None:
    assert {target_of(path) for path in FILES} == set(JUDGES)


def test_the_record_lists_exactly_the_files() -> None:
    record = (MANIFESTS / ".applc-outputs").read_text("utf-8").splitlines()
    owned = {line for line in record if not line.startswith("#")}
    assert owned == {path.relative_to(MANIFESTS).as_posix() for path in FILES}


def test_environments_differ_where_they_should() -> None:
    def images(environment: str) -> set[str]:
        text = (MANIFESTS / environment / "kubernetes/apps/storefront/shop/kubernetes.yaml").read_text("utf-8")
        pods = [kube_checks.pod_template(item) for item in yaml.safe_load_all(text)]
        return {one["image"] for pod in pods if pod for one in pod["spec"]["containers"]}

    assert images("staging") - images("prod") == {"registry.example.org/shop/api:2.5.0-rc.1"}
    assert images("prod") - images("staging") == {"registry.example.org/shop/api:2.4.1"}
