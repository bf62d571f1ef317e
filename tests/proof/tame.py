"""Takes out of a case what a target rejects, so that the rest of it can run there.

What is rejected must be announced: the row of its field in the table of capabilities is not `carried`.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from case import Appliance, Case
from check import Finding, check
from masks import Row
from places import REFERENCE, Path, fields, own_fields, path_at, value_at, written
from tidy import REFERENCE as REFERENCES
from tidy import filtered, tidy, without_reference

# Rejections of one case; more are not expected.
MOST = 60

# Codes that are about a reference, wherever they are.
UNREACHABLE = "E0404"

# Words that tell the observer something, and those of them in which nothing is hostile.
DIRECTIVE = re.compile(r"--[a-z-]+=.*", re.DOTALL)
PLAIN_DIRECTIVE = re.compile(r"--[a-z-]+=[A-Za-z0-9:/.-]*")

REQUIRED = {
    "id",
    "type",
    "image",
    "resources",
    "cpus",
    "mem",
    "container_port",
    "src",
    "dest",
    "secret",
    "key",
    "container_path",
    "host_path",
}


@dataclass(frozen=True)
class Rejection:
    """An error of the target, and the row that announces it."""

    code: str
    message: str
    path: Path
    row: Row | None

    @property
    def announced(self) -> bool:
        """Whether the table of capabilities says that this may be rejected."""
        return self.row is not None and self.row.support != "carried"

    def __str__(self) -> str:
        row = "no row" if self.row is None else f"{self.row.field}: {self.row.support}"
        return f"rejected by target: {self.code}: {self.message} ({row})"


@dataclass
class Tamed:
    """A case that a target accepts, and what it rejected before. `case` is None if nothing is left."""

    case: Case | None
    rejections: list[Rejection] = field(default_factory=list)
    # Fields that the target only approximates without saying so.
    silent: list[str] = field(default_factory=list)


def tame(case: Case, target: str, applc: FilePath, rows: list[Row], options: list[str] | None = None) -> Tamed:
    """Takes out what the target rejects, the smallest thing around each error."""
    found = Tamed(case)
    for _ in range(MOST):
        if found.case is None:
            break
        findings = check(applc, found.case, [target], options)
        errors = [f for f in findings if f.level == "error"]
        if wrong := [error for error in errors if error.target is None]:
            raise ValueError(f"seed {case.seed}: not valid: {wrong}")
        if not errors:
            found.silent = silent(found.case.appliance, [f for f in findings if f.target == target], rows)
            return found
        rejection = explain(found.case.appliance, errors[0], rows)
        found.rejections.append(rejection)
        found.case = without(found.case, errors[0], rejection.path, applc)
    return Tamed(None, found.rejections)


def silent(appliance: Appliance, findings: list[Finding], rows: list[Row]) -> list[str]:
    """The rows that are `approximated`, are used, and have no finding: each use is a warning, or counted in one."""
    text, places = written(appliance)
    said = [path_at(places, f.start, f.end) for f in findings if f.level == "warning"]
    near = {name for path in said for name in fields(appliance, path)}
    # One finding stands for all fields that differ in the same way.
    announced = {row.text for row in rows if row.field in near}
    found = []
    for row in rows:
        if row.support == "approximated" and row.text not in announced:
            # `false`, 0 and the like ask for nothing.
            used = [place.path for place in places if value_at(appliance, place.path)]
            uses = [path for path in used if row.field in own_fields(appliance, path)]
            if uses and not any(path == use[: len(path)] for path in said if len(path) > 2 for use in uses):
                found.append(f"approximated in silence: {row.field}: {row.text}")
    return found


def explain(appliance: Appliance, error: Finding, rows: list[Row]) -> Rejection:
    """The place of an error, and the row that its field has."""
    text, places = written(appliance)
    path = path_at(places, error.start, error.end)
    names = fields(appliance, path)
    if error.code == UNREACHABLE or text.encode()[error.start : error.start + 1] == b"@":
        names.insert(0, REFERENCE)
    by_name = {row.field: row for row in rows}
    possible = [by_name[name] for name in names if name in by_name]
    announced = (row for row in possible if row.support != "carried")
    return Rejection(error.code, error.message, path, next(announced, possible[0] if possible else None))


def without(case: Case, error: Finding, path: Path, applc: FilePath) -> Case | None:
    """The case without what an error is about; None if that is the appliance."""
    appliance = case.appliance
    if referring := dereferenced(appliance, error, path):
        return case.with_appliance(tidy(referring))
    if path[-1:] == ("cmd",):
        for kept in (DIRECTIVE, PLAIN_DIRECTIVE):
            if (shorter := with_words(appliance, path, kept)) != appliance:
                return case.with_appliance(tidy(shorter))
    while len(path) > 1:
        if not (isinstance(path[-1], str) and path[-1] in REQUIRED):
            smaller = case.with_appliance(tidy(removed(appliance, path)))
            if smaller.appliance != appliance and smaller.appliance["containers"] and valid(smaller, applc):
                return smaller
        path = path[:-1]
    return None


def valid(case: Case, applc: FilePath) -> bool:
    """Whether the language has no error in it."""
    return not any(finding.level == "error" for finding in check(applc, case, []))


def dereferenced(appliance: Appliance, error: Finding, path: Path) -> Appliance | None:
    """The appliance with the reference that an error is about as plain text, if it is about one."""
    text, _ = written(appliance)
    said = text.encode()[error.start : error.end].decode(errors="replace")
    match = REFERENCES.match(said)
    if match is None or match[2] is None or not isinstance(value_at(appliance, path), str):
        return None
    changed = copy.deepcopy(appliance)
    value_at(changed, path[:-1])[path[-1]] = without_reference(value_at(appliance, path), match[2])
    return changed


def with_words(appliance: Appliance, path: Path, kept: re.Pattern[str]) -> Appliance:
    """The appliance with a command that has only some of its words: without any, nobody knows whose container it is."""
    changed = copy.deepcopy(appliance)
    container = value_at(changed, path[:-1])
    container["cmd"] = filtered(container["cmd"], lambda word: kept.fullmatch(word) is not None)
    return changed


def removed(appliance: Appliance, path: Path) -> Appliance:
    """The appliance without the value at a path."""
    appliance = copy.deepcopy(appliance)
    parent: Any = value_at(appliance, path[:-1])
    if len(path) > 3 and path[2] == "ports" and len(path) == 4:
        move_check(value_at(appliance, path[:2]), int(path[3]))
    del parent[path[-1]]
    return appliance


def move_check(container: dict[str, Any], index: int) -> None:
    """Keeps the index of the port that is checked right when another one goes, or removes the check."""
    check_ = container.get("health_check")
    if check_ is None or check_.get("protocol") == "COMMAND":
        return
    if check_.get("port_index", 0) == index:
        del container["health_check"]
    elif check_.get("port_index", 0) > index:
        check_["port_index"] -= 1
