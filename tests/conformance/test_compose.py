"""Compose and the engine accept the output for every appliance that is not rejected."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from compose_engine import Behaviour, Engine, Project
from support import Applc

# The engine gives an image no digest without a registry to get it from.
DIGEST = re.compile(r"@sha256:[0-9a-f]+")

# How the engine refuses GPUs on a machine without their driver: when it starts the container.
NO_GPU_DRIVER = "could not select device driver"


@pytest.mark.accepted_by("compose")
def test_the_engine_accepts_it(
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
        # Containers, networks and volumes are made, which is where the engine checks them.
        made = project.up("--no-start")
        assert made.returncode == 0, made.stderr


def test_force_pull_asks_the_registry_and_its_opposite_does_not(
    applc: Applc, engine: Engine, tmp_path: Path
) -> None:
    # Nothing listens there: a pull fails, although the image is on the machine.
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
