"""What the observer does with the words that it is started with; `observer/` is the program."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field

from expectations import Ref, Text

PROGRAM = "/observer"

# Of the image.
ENTRYPOINT: list[Text] = [(PROGRAM,)]
CMD: list[Text] = [("--image-cmd",)]
USERS = {"root": 0, "proof": 1001, "other": 1002}
GROUPS = {"root": 0, "proof": 1001, "other": 1003, "extra": 1010}

# Fields of the language that have no effect.
WITHOUT_EFFECT = {
    "appliance", "state", "endpoints", "deployment", "last_update", "sys_schedule_hints", "tasks", "rack", "host",
    "cloud", "data", "cluster_type",
}  # fmt: skip

START = re.compile(r"\bexec\s+" + re.escape(PROGRAM) + r"(?=\s|$)|^" + re.escape(PROGRAM) + r"(?=\s|$)")


@dataclass
class Directives:
    """The directives in the words of an observer."""

    name: str = ""
    # By port and transport protocol.
    listeners: dict[tuple[int, str], str] = field(default_factory=dict)
    marks: list[str] = field(default_factory=list)
    data: str = ""
    reads: list[str] = field(default_factory=list)
    stats: list[str] = field(default_factory=list)
    healthy_after: float = 0.0
    unhealthy_after: float | None = None
    once: str | None = None
    exit_code: int = 0
    exit_after: float | None = None
    fail_runs: int = 0
    count: str | None = None
    on_stop: float = 0.0

    def listener(self, port: int, protocol: str) -> str:
        """How the observer answers on a port."""
        return self.listeners.get((port, protocol), protocol)


def directives(argv: list[Text]) -> Directives:
    """The directives in these words."""
    found = Directives()
    for word in argv[1:]:
        text = "".join(piece if isinstance(piece, str) else f"<{piece.id}>" for piece in word)
        name, equals, value = text.partition("=")
        if not equals:
            continue
        if name == "--name":
            found.name = value
        elif name == "--listen":
            how, _, port = value.rpartition(":")
            found.listeners[int(port), "udp" if how == "udp" else "tcp"] = how
        elif name == "--mark":
            found.marks.append(value)
        elif name == "--data":
            found.data = value
        elif name == "--read":
            found.reads.append(value)
        elif name == "--stat":
            found.stats.append(value)
        elif name == "--healthy-after":
            found.healthy_after = float(value)
        elif name == "--unhealthy-after":
            found.unhealthy_after = float(value)
        elif name == "--once":
            found.once = value
        elif name == "--exit":
            code, _, seconds = value.partition(":")
            found.exit_code, found.exit_after = int(code), float(seconds)
        elif name == "--fail-runs":
            found.fail_runs = int(value)
        elif name == "--count":
            found.count = value
        elif name == "--on-stop":
            found.on_stop = float(value)
    return found


def open_words(argv: list[Text]) -> list[tuple[int | str, Text]]:
    """The words that ask another container who it is, with their positions."""
    found: list[tuple[int | str, Text]] = []
    for index, word in enumerate(argv):
        if isinstance(word[0], str) and word[0].startswith("--open="):
            found.append((index, (word[0].removeprefix("--open="), *word[1:])))
    return found


def opened(text: Text) -> tuple[str, str, int, bool]:
    """Protocol, container and port of a question, and whether the port is outside of the reference."""
    start, address, *rest = text
    if not isinstance(start, str) or not isinstance(address, Ref):
        raise ValueError(f"not a question: {text!r}")
    if address.port is not None:
        return start.rstrip(":"), address.id, address.port, False
    return start.rstrip(":"), address.id, int(str(rest[0])), True


def through_shell(command: Text) -> list[Text]:
    """The words that a shell gives the program at the end of a command; all of them are in single quotes."""
    references = [piece for piece in command if isinstance(piece, Ref)]
    line, number = "", 0
    for piece in command:
        if isinstance(piece, Ref):
            # A character that is in no string of the generator stands for the address.
            line += chr(0xE000 + number)
            number += 1
        else:
            line += piece
    starts = list(START.finditer(line))
    if not starts:
        raise ValueError(f"the command does not start the observer: {line!r}")
    found: list[Text] = [(PROGRAM,)]
    for word in shlex.split(line[starts[0].end() :]):
        pieces: list[str | Ref] = []
        for part in re.split("([\ue000-\uefff])", word):
            if len(part) == 1 and "\ue000" <= part <= "\uefff":
                pieces.append(references[ord(part) - 0xE000])
            elif part:
                pieces.append(part)
        found.append(tuple(pieces) or ("",))
    return found
