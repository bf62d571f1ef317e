"""The target that docs/target-guide.md builds: what it makes is what the API of ECS takes, by the API's own
published description."""

from __future__ import annotations

import json
import re
from pathlib import Path

import botocore.session
import pytest
from botocore.validate import ParamValidator

from support import ROOT, Applc

# A block of the guide that is written to a file.
WRITTEN = re.compile(r"<!-- write: (\S+) -->\n```\w+\n(.*?)```\n", re.DOTALL)


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the target as it is at the end of the guide."""
    folder = tmp_path_factory.mktemp("guide")
    for name, text in WRITTEN.findall((ROOT / "docs" / "target-guide.md").read_text(encoding="utf-8")):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "ecs"


@pytest.fixture(scope="session")
def request_shape() -> object:
    """What `RegisterTaskDefinition` takes."""
    model = botocore.session.get_session().get_service_model("ecs")
    return model.operation_model("RegisterTaskDefinition").input_shape


def faults(definition: object, shape: object) -> str:
    return ParamValidator().validate(definition, shape).generate_report()


def test_the_api_takes_what_is_made(applc: Applc, target: Path, request_shape: object, appliance: Path) -> None:
    outcome = applc.compile(appliance, f"{target}/")
    if outcome.code == 1:
        # The target says why not; its own folder has no fault.
        assert "error[E04" in outcome.stderr and "E07" not in outcome.stderr
        return
    assert outcome.code == 0, outcome.stderr
    definition = json.loads(outcome.stdout)
    assert faults(definition, request_shape) == ""
    names = {container["name"] for container in definition["containerDefinitions"]}
    for container in definition["containerDefinitions"]:
        assert {one["containerName"] for one in container["dependsOn"]} <= names


def test_the_description_of_the_api_finds_faults(request_shape: object) -> None:
    assert "family" in faults({"containerDefinitions": []}, request_shape)
    wrong = {"family": "a", "containerDefinitions": [{"name": "a", "memory": "64"}]}
    assert "memory" in faults(wrong, request_shape)
