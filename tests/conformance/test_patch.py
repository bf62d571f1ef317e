"""`patch -p1` and `git apply` make of the files of a project what `applc compile` makes, from `applc compile --diff`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support import Applc, require_tool

PROJECT = """
default-targets = ["compose", "kubernetes", "own"]
output = "made here/{target}/{folder}"
target-folders = ["own target"]
targets.kubernetes.split = true
"""

# A target whose files have no line break at their end, and names that are not easy.
OWN = """
applc = 1
name = "own"
description = "a list of images"
[[artifacts]]
for = "container"
template = "one.j2"
path = "{{ container.name }} 'of' é.txt"
format = "plain"
[references]
address = "{{ name }}"
[fields]
"*" = { rejected = "no" }
"""

CARRIED = [
    "id", "containers[].id", "containers[].type: service", "containers[].image", "containers[].resources.cpus",
    "containers[].resources.mem", "containers[].network_mode: bridge", "containers[].force_pull_image",
    "containers[].env", "containers[].instances", "containers[].ports",
]  # fmt: skip


def container(id: str, **more: Any) -> dict[str, Any]:
    resources = {"cpus": 1, "mem": 64}
    return {"id": id, "type": "service", "image": f"{id}:1", "resources": resources, "network_mode": "bridge", **more}


# The containers of two versions of each appliance, by its file; None if it is not there.
VERSIONS: list[dict[str, list[dict[str, Any]] | None]] = [
    {
        "a b/one.appliance.json": [container("web", env={"A": "1"}), container("gone")],
        "two/two.appliance.json": [container("db")],
        "old/old.appliance.json": [container("old")],
        "new/new.appliance.json": None,
    },
    {
        "a b/one.appliance.json": [container("web", env={"A": "2", "B": "\r\ntwo lines"}), container("added")],
        "two/two.appliance.json": [container("db", instances=2)],
        "old/old.appliance.json": None,
        "new/new.appliance.json": [container("new", ports=[{"container_port": 80}])],
    },
]  # fmt: skip


def write(folder: Path, version: int) -> None:
    """The sources of a version."""
    for name, containers in VERSIONS[version].items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        if containers is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(json.dumps({"id": path.parent.name.replace(" ", "-"), "containers": containers}))


def run(applc: Applc, folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([applc.binary, *arguments], cwd=folder, capture_output=True, timeout=120)


def made(folder: Path) -> dict[str, bytes]:
    """All files that are made, with the record of them."""
    root = folder / "made here"
    files = (path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def different(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    """The paths of the files that differ."""
    return sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path))


def git(folder: Path, *arguments: str) -> None:
    environment = os.environ | {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    author = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", "-C", folder, *author, *arguments], check=True, capture_output=True, env=environment)


@pytest.fixture
def project(applc: Applc, tmp_path: Path) -> Path:
    """A project of the first version, with all that is made of it."""
    folder = tmp_path / "a project"
    (own := folder / "own target").mkdir(parents=True)
    (folder / "applc.toml").write_text(PROJECT)
    fields = "".join(f'"{field}" = "carried"\n' for field in CARRIED)
    (own / "target.toml").write_text(OWN + fields)
    # The second line has a carriage return in it.
    (own / "one.j2").write_text('{{ container.image }}\nfor\r{{ container.name }}')
    write(folder, 0)
    git(folder, "init", "--quiet")
    compiled = run(applc, folder, "compile")
    assert compiled.returncode == 0, compiled.stderr.decode()
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "one")
    return folder


PROGRAMS = {
    "patch": ["patch", "--strip=1", "--batch", "--force"],
    "git": ["git", "apply", "--whitespace=nowarn", "-p1"],
}


@pytest.mark.parametrize("below", ["", "two"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_the_diff_makes_the_same_files_as_a_compilation(
    applc: Applc, project: Path, tmp_path: Path, program: str, below: str
) -> None:
    require_tool(program)
    write(project, 1)
    # Also from a folder below, the paths are those in the project.
    diff = run(applc, project / below, "compile", "--diff", ".." if below else ".")
    assert diff.returncode == 4, diff.stderr.decode()
    shutil.copytree(project, copy := tmp_path / "a copy")
    applied = subprocess.run(PROGRAMS[program], cwd=copy, input=diff.stdout, capture_output=True)
    assert applied.returncode == 0, applied.stdout.decode() + applied.stderr.decode()
    assert run(applc, project, "compile").returncode == 0
    expected, found = made(project), made(copy)
    assert different(found, expected) == []
    # All kinds of changes are among them.
    before = {path for path in made_before(project)}
    assert {"own/new/new 'of' é.txt", "own/a b/added 'of' é.txt"} <= expected.keys() - before
    assert {"own/old/old 'of' é.txt", "own/a b/gone 'of' é.txt"} <= before - expected.keys()
    assert not any(text.endswith(b"\n") for path, text in expected.items() if path.startswith("own/"))
    # And nothing is left to do.
    assert run(applc, copy, "compile", "--check").returncode == 0


def made_before(project: Path) -> list[str]:
    """The files of the first version."""
    listed = subprocess.run(
        ["git", "-C", project, "ls-files", "-z", "made here"], check=True, capture_output=True, text=True
    )
    return [path.removeprefix("made here/") for path in listed.stdout.split("\0") if path]


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_diff_since_a_commit_can_be_applied_to_the_files_of_the_commit(
    applc: Applc, project: Path, tmp_path: Path, program: str
) -> None:
    require_tool(program)
    shutil.copytree(project, copy := tmp_path / "a copy")
    write(project, 1)
    assert run(applc, project, "compile").returncode == 0
    # What is on disk does not matter. What changes in meaning comes first, and is no part of the diff.
    diff = run(applc, project, "compile", "--diff", "--base", "HEAD")
    assert diff.returncode == 4, diff.stderr.decode()
    applied = subprocess.run(PROGRAMS[program], cwd=copy, input=diff.stdout, capture_output=True)
    assert applied.returncode == 0, applied.stdout.decode() + applied.stderr.decode()
    expected, found = made(project), made(copy)
    # The record is no output of an appliance.
    assert different(found, expected) == [".applc-outputs"]
