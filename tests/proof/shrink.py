"""Makes a failing case smaller: `shrink(case, fails)` takes out all that is not required for it to fail.

`fails(case)` says whether a case still fails. It is asked only about valid appliances if `applc` is given, and may take long:
large parts are tried first.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path as FilePath
from typing import Any

from case import Appliance, Case
from places import Path, value_at
from tame import REQUIRED, removed, valid
from tidy import tidy

Fails = Callable[[Case], bool]

# Strings that say what a container is, or that others refer to.
KEPT = {
    "id",
    "type",
    "image",
    "protocol",
    "network_mode",
    "start_time",
    "interval",
    "schedule",
    "time_zone",
    "secret",
    "key",
}


def shrink(case: Case, fails: Fails, applc: FilePath | None = None, most: int = 400) -> Case:
    """The smallest case that is found with at most `most` questions."""
    asked: set[str] = set()

    def worth(candidate: Appliance) -> Case | None:
        if not candidate["containers"]:
            return None
        smaller = case.with_appliance(tidy(candidate))
        text = json.dumps(smaller.appliance, sort_keys=True)
        if text in asked or len(asked) >= most or size(smaller.appliance) >= size(case.appliance):
            return None
        if applc is not None and not valid(smaller, applc):
            return None
        asked.add(text)
        return smaller if fails(smaller) else None

    again = True
    while again and len(asked) < most:
        again = False
        for step in (containers, parts, strings):
            found = next((s for candidate in step(case.appliance) if (s := worth(candidate))), None)
            while found is not None:
                case, again = found, True
                found = next((s for candidate in step(case.appliance) if (s := worth(candidate))), None)
    return case


def size(appliance: Appliance) -> int:
    """How much there is to read."""
    return len(json.dumps(appliance))


def containers(appliance: Appliance) -> Iterator[Appliance]:
    """The appliance without half of its containers, and without each of them."""
    found = appliance["containers"]
    half = len(found) // 2
    for kept in ([found[:half], found[half:]] if half > 1 else []) + [
        found[:i] + found[i + 1 :] for i in range(len(found))
    ]:
        yield {**appliance, "containers": copy.deepcopy(kept)}


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of all values, outer ones first."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [(*path, step) for step, _ in items]
    yield from found
    for inner in found:
        yield from paths(value[inner[-1]], inner)


def parts(appliance: Appliance) -> Iterator[Appliance]:
    """The appliance without each field and each item of a list."""
    for path in sorted(paths(appliance), key=len):
        last = path[-1]
        if len(path) > 1 and not (last in REQUIRED and path[0] == "containers") and len(path) != 2:
            word = value_at(appliance, path)
            if not (isinstance(word, str) and word.startswith("--name=")):
                yield removed(appliance, path)
        elif len(path) == 1 and last not in ("id", "containers"):
            yield {name: value for name, value in appliance.items() if name != last}


def strings(appliance: Appliance) -> Iterator[Appliance]:
    """The appliance with each string cut in half from both sides, and each number halved."""
    for path in paths(appliance):
        value = value_at(appliance, path)
        if path[-1] in KEPT or not isinstance(value, str) or len(value) < 2 or value.startswith(("--", "/observer")):
            continue
        half = len(value) // 2
        for shorter in (value[half:], value[:half], value[1:], value[:-1]):
            changed = copy.deepcopy(appliance)
            value_at(changed, path[:-1])[path[-1]] = shorter
            yield changed
