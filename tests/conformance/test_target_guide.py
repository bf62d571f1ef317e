"""Validates the output of the target in docs/target-guide.md with the published description of the ECS API."""

from __future__ import annotations

import json
from pathlib import Path

import botocore.session
import pytest
from botocore.validate import ParamValidator

from support import Applc


@pytest.fixture(scope="session")
def request_shape() -> object:
    """The input shape of `RegisterTaskDefinition`."""
    model = botocore.session.get_session().get_service_model("ecs")
    return model.operation_model("RegisterTaskDefinition").input_shape


def errors(definition: object, shape: object) -> str:
    return ParamValidator().validate(definition, shape).generate_report()


@pytest.mark.accepted_by("ecs")
def test_the_api_accepts_the_output(
    applc: Applc, guide_target: Path, request_shape: object, appliance: Path
) -> None:
    outcome = applc.compile(appliance, f"{guide_target}/")
    assert outcome.code == 0, outcome.stderr
    definition = json.loads(outcome.stdout)
    assert errors(definition, request_shape) == ""
    names = {container["name"] for container in definition["containerDefinitions"]}
    for container in definition["containerDefinitions"]:
        assert {one["containerName"] for one in container["dependsOn"]} <= names


def test_the_api_description_reports_errors(request_shape: object) -> None:
    assert "family" in errors({"containerDefinitions": []}, request_shape)
    wrong = {"family": "a", "containerDefinitions": [{"name": "a", "memory": "64"}]}
    assert "memory" in errors(wrong, request_shape)
