"""Validates SARIF with Microsoft's SARIF Multitool, and JUnit XML with an XML parser."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

import support

# This rule requires the URL of a web page, which applc does not have.
ACCEPTED = {"SARIF2005"}

INVALID = """{"id": "x", "containers": [
  {"id": "a", "type": "]]> <x>", "image": "nginx", "env": {"\u00e9\U0001f600\u6f22": "50 % @b"},
   "volumes": [{"host_path": "/a", "container_path": "/b"}],
   "ports": [{"container_port": 1}, {"container_port": 1}],
   "instnces": 2, "resources": {"cpus": 1, "mem": 64},},
  {"id": "a", "type": "job" "image": "i:1", "resources": {"cpus": 1, "mem": 64}, "repeats": 3},
]}
"""


def invalid_files() -> list[Path]:
    """The invalid appliances in tests/diagnostics."""
    folder = support.ROOT / "tests" / "diagnostics"
    return sorted(p for p in folder.glob("*/*") if p.suffix in support.APPLIANCE_ENDINGS)


@pytest.fixture
def findings(applc: support.Applc, tmp_path: Path) -> Callable[[str], str]:
    """`findings(format)` returns the output of `check --format` for all valid and invalid files."""
    (tmp_path / "a b\u00fc%.json").write_text(INVALID, encoding="utf-8")
    for file in [*support.examples(), *support.corpus(), *invalid_files()]:
        shutil.copy(file, tmp_path / file.name)
    files = sorted(path.name for path in tmp_path.iterdir())

    def run(form: str) -> str:
        command = [applc.binary, "check", "--format", form, *files]
        outcome = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120)
        assert outcome.returncode == 1, outcome.stderr.decode()
        return outcome.stdout.decode()

    return run


def test_sarif_is_valid(findings: Callable[[str], str], require_tool, tmp_path: Path) -> None:
    tool = require_tool("sarif-multitool")
    log = tmp_path / "log.sarif"
    log.write_text(findings("sarif"), encoding="utf-8")
    assert len(json.loads(log.read_text())["runs"][0]["results"]) > 10
    verdict = tmp_path / "verdict.sarif"
    run = subprocess.run(
        [tool, "validate", log, "--output", verdict, "--level", "Error;Warning"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    results = json.loads(verdict.read_text(encoding="utf-8-sig"))["runs"][0].get("results", [])
    errors = [
        (result["ruleId"], result["message"].get("arguments"))
        for result in results
        if result["ruleId"] not in ACCEPTED
    ]
    assert errors == []


def test_junit_is_xml_and_counts_its_cases(findings: Callable[[str], str]) -> None:
    suites = ElementTree.fromstring(findings("junit"))
    cases = suites.findall("./testsuite/testcase")
    failures = suites.findall("./testsuite/testcase/failure")
    assert len(cases) == int(suites.attrib["tests"])
    assert len(failures) == int(suites.attrib["failures"]) > 0
    assert any("`]]> <x>`" in case.findtext("failure", "") for case in cases)
