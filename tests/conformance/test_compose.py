"""Compose and the engine accept the output for every appliance that the target accepts."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from compose_engine import Behaviour, Engine, Project
from support import Applc

# Without a registry, images have no digest.
DIGEST = re.compile(r"@sha256:[0-9a-f]+")

# The engine's error when it starts a container with GPUs on a machine without their driver.
NO_GPU_DRIVER = "could not select device driver"


@pytest.mark.accepted_by("compose")
def test_the_engine_accepts_the_output(
    applc: Applc, engine: Engine, appliance: Path, tmp_path: Path
) -> None:
    outcome = applc.compile(appliance, "compose")
    assert outcome.code == 0, outcome.stderr
    file = yaml.safe_load(outcome.stdout)
    with Project(engine, tmp_path, DIGEST.sub("", outcome.stdout)) as project:
        read = project.config()
        assert list(read["services"]) == sorted(file["services"])
        for service in read["services"].values():
            engine.ensure_image(service["image"])
        for volume in file.get("volumes", {}).values():
            if volume.get("external"):
                engine.ensure_volume(volume["name"])
        # The engine validates containers, networks, and volumes when it creates them.
        made = project.up("--no-start")
        assert made.returncode == 0, made.stderr


def test_only_force_pull_contacts_the_registry(
    applc: Applc, engine: Engine, tmp_path: Path
) -> None:
    # Nothing listens at this address, so a pull fails even though the image exists locally.
    image = engine.image("127.0.0.1:1/applc-test/pull:1", Behaviour(then="exit 0"))
    for forced, expected in ((True, 1), (False, 0)):
        document = {
            "id": "pull",
            "containers": [
                {
                    "id": "a", "type": "job", "image": image, "force_pull_image": forced,
                    "resources": {"cpus": 0.1, "mem": 32}, "network_mode": "bridge",
                }
            ],
        }
        outcome = applc.compile("-", "compose", stdin=json.dumps(document))
        with Project(engine, tmp_path, outcome.stdout) as project:
            run = project.compose("up", "--detach")
            assert run.returncode == expected, run.stderr
