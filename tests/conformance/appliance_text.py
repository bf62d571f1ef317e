"""The arguments and environment that an appliance gives its containers.

A second implementation of the language's rules for strings, to compare with what the containers of a
target print.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

# An escaped `@`, or a reference with an optional port.
MARK = re.compile(r"\\@|@([A-Za-z0-9-]+)(?::([1-9][0-9]*)(?![A-Za-z0-9]))?")

# Returns the address of a reference from its id and its port or None.
Address = Callable[[str, int | None], str]


def load(path: Path) -> dict[str, Any]:
    """Parses an appliance in JSON or YAML."""
    text = path.read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    return document


def spelled(text: str, address: Address) -> str:
    """A string with its references replaced by `address`."""

    def replace(match: re.Match[str]) -> str:
        if match.group(1) is None:
            return "@"
        return address(match.group(1), int(match.group(2)) if match.group(2) else None)

    return MARK.sub(replace, text)


def value(written: Any, address: Address) -> str:
    """A value of `args` or `env`: a string unchanged, any other value as JSON."""
    if isinstance(written, str):
        return spelled(written, address)

    def inside(part: Any) -> Any:
        if isinstance(part, str):
            return spelled(part, address)
        if isinstance(part, list):
            return [inside(item) for item in part]
        if isinstance(part, dict):
            return {key: inside(item) for key, item in part.items()}
        return part

    return json.dumps(inside(written), separators=(",", ":"), ensure_ascii=False)


def references(container: dict[str, Any]) -> set[tuple[str, int | None]]:
    """The references in a container's command and environment, as pairs of id and port."""
    found: set[tuple[str, int | None]] = set()

    def note(name: str, port: int | None) -> str:
        found.add((name, port))
        return ""

    value(container.get("cmd", ""), note)
    for part in [*container.get("entrypoint", []), *container.get("args", []), *container.get("env", {}).values()]:
        value(part, note)
    return found
