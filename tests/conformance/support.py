"""Shared by all conformance tests: paths, the program under test, and the tools.

The scripts in `.ci/install` install the targets' tools into the folder that the environment variable
APPLC_TOOLS names. A test whose tool is missing is skipped with a message, or fails if CI=true.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = Path(os.environ.get("APPLC_TOOLS") or Path.home() / ".cache" / "applc-conformance")

# The file name extensions of appliances.
APPLIANCE_ENDINGS = {".json", ".jsonc", ".yaml", ".yml"}


def missing(what: str, remedy: str) -> NoReturn:
    """Ends a test that requires `what`: skips it with a message, or fails it if CI=true."""
    message = f"{what} is missing: {remedy}"
    if os.environ.get("CI") == "true":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def require_tool(name: str) -> Path:
    """The path of the tool `name`, searched in the tools' folder, its Python environment, and PATH."""
    for folder in (TOOLS / "bin", TOOLS / "venv" / "bin"):
        if os.access(folder / name, os.X_OK):
            return folder / name
    if found := shutil.which(name):
        return Path(found)
    missing(name, "run the scripts in .ci/install")


def appliances_in(folder: str) -> list[Path]:
    """The appliance files in a folder of the checkout, sorted by name."""
    return sorted(
        path for path in (ROOT / folder).glob("*") if path.suffix in APPLIANCE_ENDINGS
    )


def examples() -> list[Path]:
    """The examples, one appliance per file."""
    return appliances_in("examples")


def corpus() -> list[Path]:
    """The small appliances, each named after the feature that it tests."""
    return appliances_in("tests/corpus")


@dataclass(frozen=True)
class Outcome:
    """The result of one run of the program."""

    code: int
    stdout: str
    stderr: str


class Applc:
    """The program under test."""

    def __init__(self, binary: Path) -> None:
        self.binary = binary

    def __call__(self, *arguments: str | Path, stdin: str | None = None) -> Outcome:
        """Runs `applc ARGUMENTS...`."""
        run = subprocess.run(
            [self.binary, *arguments],
            input=(stdin or "").encode(),
            capture_output=True,
            timeout=120,
        )
        # Output must be UTF-8; other output raises here.
        return Outcome(run.returncode, run.stdout.decode(), run.stderr.decode())

    def compile(
        self, source: Path | str, target: str, *more: str | Path, stdin: str | None = None
    ) -> Outcome:
        """Runs `applc compile SOURCE --target TARGET MORE...`."""
        return self("compile", source, "--target", target, *more, stdin=stdin)


def find_applc() -> Applc:
    """The binary that APPLC names; by default, the release or debug build of the checkout."""
    named = os.environ.get("APPLC")
    candidates = [Path(named)] if named else [
        ROOT / "target" / kind / "applc" for kind in ("release", "debug")
    ]
    for binary in candidates:
        if os.access(binary, os.X_OK):
            return Applc(binary.resolve())
    missing(f"the program ({candidates[0]})", "build it with `cargo build --release`")
