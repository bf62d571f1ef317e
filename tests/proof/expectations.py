"""What an appliance means, as facts that its containers can be asked for. No target is in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Ref:
    """The address of a container, with the port behind it where the reference has one."""

    id: str
    port: int | None = None


# A string: literal text and addresses.
Text = tuple[str | Ref, ...]


@dataclass(frozen=True)
class Json:
    """A value that becomes JSON text; its strings are texts."""

    value: Any


# An address: a name or an IP address.
ADDRESS = r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?|-*[A-Za-z0-9_.-]+|\[[0-9a-fA-F:.]+\]|[0-9a-fA-F:]*:[0-9a-fA-F:.]*)"


def pattern(text: Text) -> re.Pattern[str]:
    """The strings that a text can have become: byte for byte, but for the addresses."""
    parts = [
        re.escape(piece) if isinstance(piece, str) else ADDRESS + ("" if piece.port is None else r":[0-9]{1,5}")
        for piece in text
    ]
    return re.compile("".join(parts), re.DOTALL)


def shown(text: Text | Json) -> str:
    """A text for people: addresses in angle brackets."""
    if isinstance(text, Json):
        return f"JSON {text.value!r}"
    parts = [p if isinstance(p, str) else f"<{p.id}{'' if p.port is None else f':{p.port}'}>" for p in text]
    return repr("".join(parts))


@dataclass(frozen=True)
class Open:
    """A question to another container: who answers at this address?"""

    # The position in argv, or the name of the variable.
    index: int | str
    protocol: str
    id: str
    port: int
    # Whether the address alone is a reference.
    bare: bool


@dataclass(frozen=True)
class Mount:
    """A volume in a container."""

    dest: str
    writable: bool
    # What containers with the same volume have in common: its kind, and its id or path.
    volume: tuple[str, str]
    # The container leaves a mark in it.
    marked: bool
    # It tries to, and may fail: another user than root need not be able to write to it.
    tried: bool


@dataclass(frozen=True)
class File:
    """A file that the target puts into a container."""

    dest: str
    content: Text | bytes
    mode: int
    mode_written: bool
    secret: bool


@dataclass(frozen=True)
class Published:
    """A port that is reachable from outside."""

    port: int
    protocol: str
    # The number at the host; None: any.
    host_port: int | None
    # How the observer answers there: tcp, udp, http, https.
    how: str


@dataclass(frozen=True)
class Need:
    """A dependency, and what makes it ready."""

    id: str
    # "runs", "healthy", "succeeded", "nothing".
    when: str


@dataclass(frozen=True)
class Health:
    """A health check that shows in the container that it was asked."""

    # "http", "tcp" or "command".
    how: str
    port: int | None
    path: str | None
    command: Sequence[Text] | None
    # Seconds from the start to the first success.
    healthy_after: float
    # Seconds from the start to the failure after which the instance is replaced; None: it stays healthy.
    unhealthy_after: float | None
    # Seconds that it takes to be seen as failed.
    patience: float


@dataclass(frozen=True)
class Runs:
    """The runs of a job."""

    # The exit codes of the tries of a run, for each instance.
    codes: list[int]
    # Seconds since 1970; None: at once.
    start: float | None = None
    # Runs in all; -1: without end.
    repeats: int = 1
    # Seconds between starts.
    interval: float | None = None
    # A cron line and its time zone.
    schedule: tuple[str, str] | None = None

    @property
    def succeeds(self) -> bool:
        """Whether its last try ends well."""
        return self.codes[-1] == 0

    @property
    def once(self) -> bool:
        """Whether it runs a single time."""
        return self.repeats == 1 and self.schedule is None


@dataclass(frozen=True)
class Expected:
    """What is expected of one container."""

    id: str
    service: bool
    instances: int
    # The share of the instances that keep running during an update.
    minimum_capacity: float
    # Whether all that it waits for becomes ready.
    starts: bool
    argv: list[Text]
    env: dict[str, Text | Json]
    secret_env: set[str]
    uid: int | None
    gid: int | None
    cwd: str | None
    host_network: bool
    privileged: bool
    # In MB.
    memory: int
    labels: dict[str, str]
    mounts: list[Mount] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    opens: list[Open] = field(default_factory=list)
    # All references in its strings.
    references: set[Ref] = field(default_factory=set)
    published: list[Published] = field(default_factory=list)
    internal: list[tuple[int, str]] = field(default_factory=list)
    needs: list[Need] = field(default_factory=list)
    health: Health | None = None
    runs: Runs | None = None
    # Seconds that it takes to stop, and that it has for it.
    stops_in: float = 0.0
    stop_timeout: int | None = None

    @property
    def runs_now(self) -> bool:
        """Whether it starts as soon as what it waits for is ready."""
        return (
            self.starts
            and self.instances > 0
            and (self.runs is None or (self.runs.schedule is None and self.runs.repeats != 0))
        )


@dataclass(frozen=True)
class Expectations:
    """What is expected of an appliance."""

    id: str
    containers: dict[str, Expected]


@dataclass(frozen=True)
class ChangeExpectations:
    """What is expected when an appliance becomes another one."""

    before: Expectations
    after: Expectations
    # Containers whose instances go on.
    stay: set[str]
    # Containers whose instances are replaced.
    new: set[str]
    # Containers that are removed.
    gone: set[str]
    # Persistent volumes that keep their data.
    kept: set[tuple[str, str]]
