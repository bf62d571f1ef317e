"""Makes an appliance whole again after something was taken out of it."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

from case import Appliance, Container
from directives import START
from hostile import escaped, quoted

REFERENCE = re.compile(r"(\\@)|@([A-Za-z0-9-]+)")
# A question to an observer in which no reference is left.
BARE_QUESTION = re.compile(r"(?:--open=)?(?:tcp|udp|https?):[^@]*")
QUOTED = re.compile(r" ?'(?:[^']|'\\'')*'")


def tidy(appliance: Appliance) -> Appliance:
    """The appliance without references, dependencies and directives whose other end is gone."""
    appliance = copy.deepcopy(appliance)
    names = {c["id"] for c in appliance["containers"]}
    volumes = {v["id"] for v in appliance.get("data_persistence", {}).get("volumes", [])}
    if not volumes:
        appliance.get("data_persistence", {}).pop("volume_type", None)
    for container in appliance["containers"]:
        drop_empty(container, "dependencies", [n for n in container.get("dependencies", []) if n in names])
        mounts = [m for m in container.get("volumes", []) if "host_path" in m or is_host(m) or m["src"] in volumes]
        drop_empty(container, "volumes", mounts)
        change_strings(container, lambda text: without_unknown(text, names))
        change_words(container)
        for name, value in list(container.get("env", {}).items()):
            if name.startswith("OPEN_") and isinstance(value, str) and BARE_QUESTION.fullmatch(value):
                del container["env"][name]
        for name in ("env", "labels", "secret_env", "files", "secret_files", "ports", "resources"):
            if container.get(name) in ({}, []):
                del container[name]
    return appliance


def is_host(mount: dict[str, Any]) -> bool:
    """Whether a mount is of a folder of the host."""
    return str(mount.get("type", "persistent")).lower() == "host"


def drop_empty(container: Container, name: str, items: list[Any]) -> None:
    """Sets a list, or removes it if it is empty."""
    if name in container:
        container[name] = items
    if not items:
        container.pop(name, None)


def keeps(word: str, container: Container) -> bool:
    """Whether a directive still has what it is about."""
    if not word.startswith("--"):
        return True
    name, _, value = word.partition("=")
    mounts = [escaped(str(m.get("dest") or m.get("container_path"))) for m in container.get("volumes", [])]
    if name in ("--mark", "--stat"):
        return value in mounts
    if name in ("--once", "--count"):
        return any(value.startswith(f"{mount}/") for mount in mounts)
    if name == "--unhealthy-after":
        return "health_check" in container and has_word(container, "--once=", mounts)
    if name == "--fail-runs":
        return has_word(container, "--count=", mounts)
    if name == "--read":
        return value in [escaped(f["dest"]) for f in container.get("files", []) + container.get("secret_files", [])]
    return not (name == "--open" and BARE_QUESTION.fullmatch(word))


def has_word(container: Container, start: str, mounts: list[str]) -> bool:
    """Whether a directive with a path in one of the volumes is there."""
    text = [w for f in ("args", "entrypoint") for w in container.get(f, []) if isinstance(w, str)]
    command = container.get("cmd", "")
    text += [unquoted(match.group()) for match in QUOTED.finditer(command, begin(command))]
    return any(word.startswith(f"{start}{mount}/") for word in text for mount in mounts)


def unquoted(word: str) -> str:
    """A word without the quotes of a shell."""
    return word.strip(" ")[1:-1].replace("'\\''", "'")


def change_words(container: Container) -> None:
    """Removes directives that are about nothing from the command in each of its forms."""

    def keep(word: str) -> bool:
        return keeps(word, container)

    for name in ("args", "entrypoint"):
        if name in container:
            container[name] = [word for word in container[name] if not isinstance(word, str) or keep(word)]
    if container.get("args") == []:
        del container["args"]
    if "cmd" in container:
        container["cmd"] = filtered(container["cmd"], keep)


def filtered(command: str, keep: Callable[[str], bool]) -> str:
    """A shell command with only some of the observer's words."""
    start = begin(command)
    words = QUOTED.sub(lambda match: match.group() if keep(unquoted(match.group())) else "", command[start:])
    return command[:start] + words


def begin(command: str) -> int:
    """Where the observer's words begin in a shell command: there may be quotes before them, in a comment."""
    return next((match.end() for match in START.finditer(command)), 0)


def change_strings(container: Container, change: Any) -> None:
    """Changes all strings in which references are."""

    def deep(value: Any) -> Any:
        if isinstance(value, str):
            return change(value)
        if isinstance(value, list):
            return [deep(item) for item in value]
        if isinstance(value, dict):
            return {name: deep(item) for name, item in value.items()}
        return value

    for name in ("cmd", "args", "entrypoint", "env"):
        if name in container:
            container[name] = deep(container[name])
    for file in container.get("files", []):
        if "content" in file:
            file["content"] = change(file["content"])
    if "command" in container.get("health_check", {}):
        container["health_check"]["command"] = change(container["health_check"]["command"])


def without_unknown(text: str, names: set[str]) -> str:
    """The text with names of containers that are gone as plain text."""
    return REFERENCE.sub(lambda m: m.group() if m[1] or m[2] in names else m[2], text)


def without_reference(text: str, name: str) -> str:
    """The text with references to one container as plain text."""
    return REFERENCE.sub(lambda m: m[2] if m[2] == name else m.group(), text)


__all__ = ["change_strings", "quoted", "tidy", "without_reference"]
