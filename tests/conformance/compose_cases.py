"""The public Compose files that are measured. None is part of the project.

APPLC_CASES names a folder with files of two projects, whose README names sources and licences. Those that
`compose_cases.toml` lists are where `fetch_cases.py` copies them.
"""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import support

CASES = Path(os.environ.get("APPLC_CASES") or support.ROOT.parent / "shared" / "cases")
LISTED = Path(os.environ.get("APPLC_MORE_CASES") or support.TOOLS / "cases")
ENDINGS = {".yml", ".yaml"}


@dataclass(frozen=True)
class Repository:
    """A repository of the list."""

    name: str
    commit: str
    licence: str
    files: tuple[str, ...]
    # Other files, which the Compose files read.
    beside: tuple[str, ...]

    @property
    def project(self) -> str:
        return self.name.replace("/", "-")


@dataclass(frozen=True)
class Case:
    """A Compose file, and the files beside it that it reads, by their path from its folder."""

    project: str
    name: str
    path: Path
    beside: tuple[tuple[str, Path], ...] = ()

    def __str__(self) -> str:
        return f"{self.project}/{self.name}"

    def copy(self, folder: Path) -> Path:
        """Copies the case to a folder of its own, whose name is that of the file: Compose names projects so."""
        parts = Path(self.name.lower()).with_suffix("").parts
        # Files of one folder have names of their own.
        short = self.path.parent.name if self.beside or len(parts) > 1 else parts[-1].split("_")[0]
        own = folder / self.project / "_".join(parts) / short
        own.mkdir(parents=True)
        for name, path in self.beside:
            target = own / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        file = own / "compose.yaml"
        shutil.copyfile(self.path, file)
        return file


def listed() -> list[Repository]:
    """The repositories of the list."""
    text = (support.ROOT / "tests" / "conformance" / "compose_cases.toml").read_text(encoding="utf-8")
    return [
        Repository(
            one["name"], one["commit"], one["licence"], tuple(one["files"]), tuple(one.get("beside", ()))
        )
        for one in tomllib.loads(text)["repository"]
    ]


def given_cases() -> list[Case]:
    """The files of APPLC_CASES; empty if the folder is not there."""
    files = sorted(path for path in (CASES / "compose").rglob("*") if path.suffix in ENDINGS)
    return [Case(path.parent.name, path.name, path) for path in files]


def listed_cases() -> list[Case]:
    """The files of the list that were copied."""
    found = []
    for one in listed():
        project = one.project
        for file in one.files:
            folder = (LISTED / project / file).parent
            beside = tuple(
                (os.path.relpath(LISTED / project / name, folder), LISTED / project / name)
                for name in one.beside
                if (LISTED / project / name).is_relative_to(folder)
            )
            found.append(Case(project, file, LISTED / project / file, beside))
    return [case for case in found if case.path.exists()]


@dataclass(frozen=True)
class Set:
    """A set of files."""

    title: str
    folder: Path
    cases: Callable[[], list[Case]]
    # What to do if the files are not there.
    remedy: str


SETS = {
    "given": Set("Files of two projects", CASES / "compose", given_cases, "set APPLC_CASES"),
    "listed": Set(
        "Files of other projects", LISTED, listed_cases, "run `python3 tests/conformance/fetch_cases.py`"
    ),
}
