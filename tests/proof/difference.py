"""A difference between what the language says and what an engine showed."""

from __future__ import annotations

from dataclasses import dataclass

# Each kind, and what it says.
KINDS = {
    # A process.
    "argv": "a word of the command is another one, is missing, or is too many",
    "env": "a variable has another value, or none",
    "uid": "it runs as another user",
    "gid": "it runs as another group",
    "cwd": "it runs in another directory",
    "network": "it is on the network of the host, or is not",
    "privileged": "it has all privileges, or has not",
    "memory": "its memory has another limit",
    "label": "a label has another text, or none",
    # Files and volumes.
    "not-read": "a file was not read",
    "file": "a file has other bytes, or cannot be read",
    "file-mode": "a file has other permissions",
    "file-owner": "a file belongs to another user",
    "mount": "nothing is mounted there",
    "mount-mode": "a volume can be written to, or cannot",
    "no-mark": "a volume was not looked at",
    "not-shared": "a volume lacks what another container wrote to it",
    "shared": "a volume has what a container wrote that does not share it",
    "data-lost": "what was written to a volume before is gone",
    # Who answers.
    "unanswered": "nobody answers behind a reference",
    "wrong-answer": "another container, port or appliance answers",
    "unpublished": "a port does not answer from outside",
    "port": "a port has another number on the host",
    "internal-published": "an internal port answers from outside",
    # When, and how often.
    "started": "something runs that is no container of the appliance, or that has no instances",
    "not-started": "no instance runs",
    "too-few": "some instances are missing",
    "too-many": "there are more instances",
    "restarted": "more was started than there are instances",
    "order": "it started before what it waits for was ready",
    "early": "a job started before its time",
    "too-few-runs": "runs or tries of a job are missing",
    "too-many-runs": "a job ran or was tried too often",
    "late-run": "a scheduled run is missing",
    "result": "the runs of a job ended otherwise",
    # Health.
    "unchecked": "its health was not asked for",
    "check": "the command of its check has other words",
    "not-replaced": "it fails its check, and is not replaced",
    "replaced": "it was replaced more often than it failed",
    # Stopping.
    "killed": "it got no signal to stop",
    "stopped-late": "it had more or less time to stop",
    "stop-order": "it was stopped before what depends on it",
    "left-behind": "it still runs after the appliance was removed",
    # After a change.
    "not-kept": "did not change, and was started again",
    "not-new": "has changed, and runs as before",
    "gone-runs": "is no longer in the appliance, and still runs",
}

# Those that time can mend: while one is there, an engine may not have settled.
MAY_COME = {
    "not-started", "too-few", "unanswered", "unpublished", "too-few-runs", "late-run", "not-replaced", "unchecked", "not-read", "no-mark",
    "not-shared", "not-new", "gone-runs",
    # A change of these alone may be made in place, or replace the process a little later.
    "memory", "label",
}  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """One difference, at one container."""

    kind: str
    container: str
    text: str
    # What it is at: a position, a name, a path, or a port. Of a run that is missing: the seconds in which the engine could
    # know before that it is due.
    at: int | str | None = None

    @property
    def may_come(self) -> bool:
        """Whether it can go away by waiting."""
        return self.kind in MAY_COME

    def __str__(self) -> str:
        place = self.container if self.at is None else f"{self.container}[{self.at}]"
        return f"{self.kind}: {place}: {self.text}"
