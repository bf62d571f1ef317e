"""Asks `applc` what it says of an appliance."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from case import Case

TARGETS = ["compose", "kubernetes", "nomad", "marathon"]


@dataclass(frozen=True)
class Finding:
    """A finding of `applc check`."""

    code: str
    level: str
    # The target that has it; None for the language itself.
    target: str | None
    message: str
    # Its place in the file, in bytes.
    start: int
    end: int


def find_applc() -> Path:
    """The program under test, which the environment variable APPLC names."""
    root = Path(__file__).resolve().parents[2]
    named = os.environ.get("APPLC")
    return Path(named) if named else root / "target" / "debug" / "applc"


def check(applc: Path, case: Case, targets: list[str], options: list[str] | None = None) -> list[Finding]:
    """The findings for a case, of the language and of these targets."""
    with tempfile.TemporaryDirectory() as folder:
        file = case.save(Path(folder))
        return check_file(applc, file, targets, options)


def check_file(applc: Path, file: Path, targets: list[str], options: list[str] | None = None) -> list[Finding]:
    """The findings for an appliance's file."""
    command = [str(applc), "check", "--format", "json", "--no-cache"]
    for target in targets:
        command += ["--target", target]
    for option in options or []:
        command += ["--option", option]
    done = subprocess.run([*command, file.name], cwd=file.parent, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"applc check: exit status {done.returncode}: {done.stderr}")
    return [finding(item) for item in json.loads(done.stdout)["diagnostics"]]


def finding(item: dict[str, Any]) -> Finding:
    """One finding of the JSON output."""
    span = item.get("span") or {"start": {"offset": 0}, "end": {"offset": 0}}
    return Finding(
        item["code"], item["level"], item.get("target"), item["message"], span["start"]["offset"], span["end"]["offset"]
    )
