"""Runs the appliance of examples/spark-livy with real software, as its README shows it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import support
from compose_engine import Engine
from nomad_agent import Agent, free_ports

EXAMPLES = support.ROOT / "examples"
FOLDER = EXAMPLES / "spark-livy"


def run(applc: support.Applc, script: str, *arguments: str, **environment: str) -> None:
    """Runs a script of the example, which prints what it does."""
    path = f"{support.TOOLS / 'bin'}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "APPLC": str(applc.binary), **environment}
    subprocess.run([FOLDER / script, *arguments], env=environment, stdin=subprocess.DEVNULL, check=True, timeout=1800)


@pytest.fixture(scope="module")
def images(applc: support.Applc, engine: Engine) -> None:
    """The images. Other tests use their names too, so they are always built; the engine keeps the layers."""
    run(applc, "build")


@pytest.fixture(scope="module")
def agent(engine: Engine) -> Iterator[Agent]:
    """An agent with the CNI network `cluster`."""
    with Agent(engine) as running:
        yield running


def test_the_fixed_seed_is_the_example(applc: support.Applc, tmp_path: Path) -> None:
    seed = (FOLDER / "seed.json").read_bytes()
    file = tmp_path / "appliance.json"
    file.write_bytes(seed)
    outcome = applc("check", "--fix", file)
    assert outcome.code == 0, outcome.stderr
    fixed = file.read_bytes()
    assert len(fixed) == len(seed) + 1
    assert json.loads(fixed) == json.loads((EXAMPLES / "spark-livy.json").read_text())


@pytest.mark.spark
def test_compose(applc: support.Applc, images: None) -> None:
    run(applc, "try", "compose")


@pytest.mark.spark
def test_serve(applc: support.Applc, images: None) -> None:
    run(applc, "try", "serve", PORT=str(free_ports(1)[0]))


@pytest.mark.spark
def test_nomad(applc: support.Applc, images: None, agent: Agent) -> None:
    run(applc, "try", "nomad", NOMAD_ADDR=agent.address)
