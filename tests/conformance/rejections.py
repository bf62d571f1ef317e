"""The appliances that each target rejects, and the codes, as listed in `rejections.toml`."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

import support

FILE = Path(__file__).with_name("rejections.toml")
ERROR = re.compile(r"^error\[([A-Z]\d{4})\]", re.MULTILINE)

CUSTOM = support.ROOT / "examples" / "targets"

# The arguments that select each target, except `ecs`, whose folder a fixture creates.
TARGETS = {
    **{name: (name,) for name in ("compose", "kubernetes", "marathon", "nomad")},
    "quadlet": (str(CUSTOM / "quadlet"),),
    "swarm": (str(CUSTOM / "swarm"),),
    "swarm-host": (
        str(CUSTOM / "swarm"), "--option", "swarm.routing=host", "--option", "swarm.ignore-order=true",
    ),
}  # fmt: skip


@cache
def listed() -> dict[str, dict[str, list[str]]]:
    """The parsed file: for each target, the names of the rejected appliances by code."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def codes(target: str, appliance: str) -> set[str]:
    """The codes with which the target rejects an appliance; empty if it accepts it."""
    return {code for code, names in listed()[target].items() if appliance in names}


def accepted(target: str, appliances: list[Path]) -> list[Path]:
    """The appliances that the target does not reject."""
    return [path for path in appliances if not codes(target, path.name)]


def differences(applc: support.Applc, target: str, arguments: tuple[str, ...], folder: Path) -> list[str]:
    """Differences between the list and applc: rejections, codes, missing output, or output despite errors."""
    found = []
    known = [path.name for path in support.examples() + support.corpus()]
    for name in sorted({name for names in listed()[target].values() for name in names} - set(known)):
        found.append(f"{name} is listed but does not exist")
    for path in support.examples() + support.corpus():
        output = folder / path.name
        outcome = applc.compile(path, *arguments, "-o", f"{output}/")
        given, wanted = set(ERROR.findall(outcome.stderr)), codes(target, path.name)
        if given != wanted or outcome.code != (1 if wanted else 0):
            found.append(
                f"{path.name}: exit status {outcome.code}, codes {sorted(given)}, listed {sorted(wanted)}\n"
                f"{outcome.stderr}"
            )
        elif wanted and (outcome.stdout or output.exists()):
            found.append(f"{path.name} is rejected but output was written")
        elif not wanted and not any(output.iterdir()):
            found.append(f"{path.name} is accepted but no output was written")
    return found
