#!/usr/bin/env python3
"""Stands for `docker`, `podman` and `sudo` in pasted lines: creates containers instead of running them.

`docker run OPTIONS IMAGE` becomes `docker create` with the real engine, under a name of the test's own. The ids
are written to the file that PASTED_IDS names, one on a line; networks and volumes are created too.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PREFIX = "applc-pasted-"
# Letters of options without a value.
FLAGS = "ditqP"


def real(*arguments: str) -> str:
    """Runs the real `docker`; a failure ends the program."""
    run = subprocess.run([os.environ["PASTED_DOCKER"], *arguments], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit(f"docker {arguments}: {run.stderr}")
    return run.stdout.strip()


def note(kind: str, what: str) -> None:
    """Notes something to remove."""
    with Path(os.environ["PASTED_IDS"]).open("a", encoding="utf-8") as file:
        file.write(f"{kind} {what}\n")


def created(words: list[str]) -> None:
    """Creates the container of a line: the options of `create` are those of `run` but for `--detach`."""
    images = os.environ["PASTED_IMAGES"].split()
    end = next(at for at, word in enumerate(words) if word in images)
    options: list[str] = []
    rest = words[:end]
    while rest:
        word = rest.pop(0)
        if word in ("--detach", "--replace"):
            continue
        if word == "--name":
            options += ["--name", PREFIX + rest.pop(0)]
        elif word.startswith("--name="):
            options.append("--name=" + PREFIX + word.removeprefix("--name="))
        elif word == "--link":
            options += ["--link", PREFIX + rest.pop(0)]
        elif word.startswith("-") and not word.startswith("--"):
            flags = word[1:]
            length = next((at for at, letter in enumerate(flags) if letter not in FLAGS), len(flags))
            flags = flags[:length].replace("d", "") + flags[length:]
            options += [f"-{flags}"] if flags else []
        else:
            options.append(word)
    note("container", real("create", "--pull", "never", *options, *words[end:]))


def main() -> None:
    """Does what the arguments say."""
    name = Path(sys.argv[0]).name
    words = sys.argv[1:]
    if name == "sudo":
        words = [word for word in words if word != "-E"][1:]
    if words[0] == "container":
        words = words[1:]
    match words:
        case ["run", *rest]:
            created(rest)
        case ["network" | "volume" as kind, "create", own]:
            real(kind, "create", own)
            note(kind, own)


main()
