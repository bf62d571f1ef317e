"""Random appliances on engines, compared with what the language says of them: see tests/proof/README.md.

`.ci/run` tries 20 seeds that never change on Compose and Nomad, `.ci/full` besides 200 fresh ones on each engine, which it
prints.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

import support
from compose_engine import Engine

sys.path.append(str(support.ROOT / "tests" / "proof"))

# Appliances at a time.
SIDE_BY_SIDE = 8


def tried(engine: str, seeds: list[int], applc: support.Applc, folder: Path, **how: bool) -> None:
    """Fails with everything that differs."""
    import run

    print(engine, "seeds", ",".join(map(str, seeds)))
    outcomes = run.run(engine, seeds, applc.binary, side_by_side=SIDE_BY_SIDE, keep=folder, show=False, **how)
    different = [str(each) for each in outcomes if each.differences]
    assert not different, f"observations are in {folder}:\n" + "\n".join(different)


@pytest.mark.proof
@pytest.mark.parametrize("name", ["compose", "nomad"])
def test_appliances_do_what_the_language_says(name: str, applc: support.Applc, tmp_path: Path) -> None:
    tried(name, list(range(1, 21)), applc, tmp_path)


@pytest.mark.proof
def test_the_worked_example_judges_a_tool(tmp_path: Path) -> None:
    Engine()
    program = support.ROOT / "tests" / "proof" / "example.py"
    done = subprocess.run([sys.executable, program, "--seeds", "2", "--patience", "10"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    first, *rest = done.stdout.splitlines()
    assert re.fullmatch(r"seed 2: \d+ differences, [1-9]\d* masked", first)
    # It changes nothing of what reaches the process, ignores the working directory and the ports, and knows no references.
    # On a loaded machine, a job may not have run by then.
    kinds = {line.split(":")[0].strip() for line in rest} - {"too-few-runs"}
    assert kinds == {"argv", "cwd", "env", "unanswered", "unpublished"}


@pytest.mark.proof_deep
@pytest.mark.parametrize("name", ["compose", "nomad", "node"])
def test_fresh_appliances_do_what_the_language_says(name: str, applc: support.Applc, tmp_path: Path) -> None:
    tried(name, [random.randrange(1, 10**9) for _ in range(200)], applc, tmp_path)


@pytest.mark.proof_deep
@pytest.mark.parametrize("name", ["compose", "nomad", "node"])
def test_changes_restart_only_what_has_changed(name: str, applc: support.Applc, tmp_path: Path) -> None:
    tried(name, [random.randrange(1, 10**9) for _ in range(60)], applc, tmp_path, pairs=True)


@pytest.mark.proof_deep
@pytest.mark.parametrize("name", ["compose", "nomad", "node"])
def test_everything_holds_again_after_a_disturbance(name: str, applc: support.Applc, tmp_path: Path) -> None:
    tried(name, [random.randrange(1, 10**9) for _ in range(30)], applc, tmp_path, disturb=True)
