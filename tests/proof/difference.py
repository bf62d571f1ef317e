"""A difference between what the language says and what an engine showed."""

from __future__ import annotations

from dataclasses import dataclass

# Kinds that only time can bring: while one is there, an engine may not have settled.
MAY_COME = {
    "not-started", "too-few", "unanswered", "unpublished", "too-few-runs", "late-run", "not-replaced", "unchecked", "not-read", "no-mark",
    "not-shared", "not-new", "gone-runs",
    # A change of it alone may be made in place, or replace the process a little later.
    "memory",
}  # fmt: skip

KINDS = MAY_COME | {
    # Strings and settings of a process.
    "argv", "env", "uid", "gid", "cwd", "network", "privileged", "label",
    # Files and volumes.
    "file", "file-mode", "file-owner", "mount", "mount-mode", "shared", "data-lost",
    # Who answers.
    "wrong-answer", "reference", "port", "internal-published", "check",
    # When, and how often.
    "started", "too-many", "restarted", "order", "early", "too-many-runs", "result", "replaced",
    "stop-order", "killed", "stopped-late", "left-behind",
    # After a change.
    "not-kept",
}  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """One difference, at one container."""

    kind: str
    container: str
    text: str
    # What it is at: a position, a name, a path, or a port.
    at: int | str | None = None

    @property
    def may_come(self) -> bool:
        """Whether it can go away by waiting."""
        return self.kind in MAY_COME

    def __str__(self) -> str:
        place = self.container if self.at is None else f"{self.container}[{self.at}]"
        return f"{self.kind}: {place}: {self.text}"
