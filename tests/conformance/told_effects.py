"""What applc says that a change does to what runs: `applc compile --diff --base` in a repository of its own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from support import Applc

# Effects that replace what runs of a container, or run a job once more.
REPLACE = ("restarts", "replaced", "runs-again")


def told(
    applc: Applc, folder: Path, target: str, before: Any, after: Any, options: str = ""
) -> dict[str, set[str]]:
    """The containers, volumes and namespaces of each effect on a target, if `after` takes the place of `before`."""
    project = f'default-targets = ["{target}"]\noutput = "out/{{target}}"\n'
    (folder / "applc.toml").write_text(f"{project}[targets.{target}]\n{options}")
    source = folder / "app.appliance.json"
    source.write_text(json.dumps(before))
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "before")
    source.write_text(json.dumps(after))
    run = subprocess.run(
        [applc.binary, "compile", "--diff", "--base", "HEAD", "--format", "json"],
        cwd=folder, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert run.returncode == 4, run.stderr
    (appliance,) = json.loads(run.stdout)["appliances"]
    (on_target,) = appliance["targets"]
    assert on_target["target"] == target
    effects = on_target["effects"]
    kinds = ("containers", "volumes", "namespaces")
    return {each["effect"]: set().union(*(each.get(kind, []) for kind in kinds)) for each in effects}


def replaced(effects: dict[str, set[str]]) -> set[str]:
    """The containers that are replaced, or run again."""
    return set().union(*(effects.get(kind, set()) for kind in REPLACE))


def git(folder: Path, *arguments: str) -> None:
    environment = os.environ | {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    author = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(
        ["git", "-C", folder, *author, *arguments], check=True, capture_output=True, env=environment
    )
