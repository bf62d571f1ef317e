"""A stand-in for Chronos 3, written after its sources: jobs with a schedule or parents, retries, and their removal.

It is not Chronos. Two times are shorter: a job is tried again at once, and its tasks take a moment. The name of an
image says how its tasks end: `test/fail:1` with an error, all others well.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from chronos_rules import check_jobs

# How long a task waits and runs, in seconds.
WAIT = 0.15
RUN = 0.3

COUNTERS = {
    "successCount": 0, "errorCount": 0, "lastSuccess": "", "lastError": "", "errorsSinceLastSuccess": 0, "disabled": False,
}  # fmt: skip


def stamp() -> str:
    """A time as Chronos writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Run:
    """A task of a job."""

    job: str
    attempt: int
    since: float = field(default_factory=time.time)

    def is_running(self) -> bool:
        return time.time() >= self.since + WAIT


class Chronos:
    """Jobs, and what runs of them."""

    def __init__(self) -> None:
        self.jobs: dict[str, dict[str, Any]] = {}
        # As they were posted.
        self.posted: dict[str, dict[str, Any]] = {}
        self.runs: list[Run] = []
        # For each job that waits for others, those that have succeeded since its last run.
        self.succeeded: dict[str, set[str]] = {}
        # How often each job was started, whatever became of it.
        self.starts: dict[str, int] = {}

    def start(self, name: str, attempt: int = 0) -> None:
        self.runs.append(Run(name, attempt))
        self.succeeded.pop(name, None)
        self.starts[name] = self.starts.get(name, 0) + 1

    def tick(self) -> None:
        for name, job in self.jobs.items():
            if "schedule" not in job or job["disabled"]:
                continue
            runs, start, period = job["schedule"].split("/")
            is_due = not start or datetime.fromisoformat(start).timestamp() <= time.time()
            if is_due and runs != "R0":
                left = "R" if runs == "R" else f"R{int(runs[1:]) - 1}"
                # The next run is far away: no test waits for it.
                job["schedule"] = f"{left}/2999-01-01T00:00:00.000Z/{period}"
                self.start(name)
        for run in list(self.runs):
            if time.time() >= run.since + WAIT + RUN:
                self.runs.remove(run)
                self.end(run)

    def end(self, run: Run) -> None:
        job = self.jobs.get(run.job)
        if job is None:
            return
        if "fail" in job["container"]["image"]:
            if run.attempt < job["retries"] and not job["lastError"]:
                return self.start(run.job, run.attempt + 1)
            job["errorCount"] += 1
            job["errorsSinceLastSuccess"] += 1
            job["lastError"] = stamp()
            return
        job["successCount"] += 1
        job["errorsSinceLastSuccess"] = 0
        job["lastSuccess"] = stamp()
        if job.get("schedule", "").startswith("R0/"):
            job["disabled"] = True
        for name, child in self.jobs.items():
            if run.job in child.get("parents", ()):
                done = self.succeeded.setdefault(name, set())
                done.add(run.job)
                if done == set(child["parents"]):
                    self.start(name)

    def summary(self, name: str) -> dict[str, Any]:
        job = self.jobs[name]
        success, error = job["lastSuccess"], job["lastError"]
        status = "fresh" if not success and not error else "success" if success > error else "failure"
        own = [run for run in self.runs if run.job == name]
        running = sum(run.is_running() for run in own)
        state = f"{running} running" if running else "queued" if own else "idle"
        return {
            "name": name, "status": status, "state": state, "schedule": job.get("schedule", ""),
            "parents": job.get("parents", []), "disabled": job["disabled"],
        }  # fmt: skip

    def remove(self, name: str) -> None:
        job = self.jobs.pop(name)
        self.runs = [run for run in self.runs if run.job != name]
        for child in self.jobs.values():
            if name not in child.get("parents", ()):
                continue
            child["parents"] = [parent for parent in child["parents"] if parent != name] + job.get("parents", [])
            if not child["parents"]:
                # Chronos makes a job with the schedule of the one that is gone, and forgets the container.
                del child["parents"], child["container"]
                child["schedule"] = job["schedule"]

    def ancestors(self, job: dict[str, Any]) -> list[dict[str, Any]]:
        """The jobs that a job waits for, as they were posted, each after those that it waits for."""
        found: dict[str, dict[str, Any]] = {}
        for parent in job.get("parents", ()):
            if parent in self.jobs:
                posted = self.posted[parent]
                found |= {each["name"]: each for each in [*self.ancestors(posted), posted]}
        return list(found.values())

    def answer(self, method: str, path: str, body: str, rejected: type[Exception]) -> Any:
        match method, path.split("/"):
            case "GET", ["jobs"]:
                return list(self.jobs.values())
            case "GET", ["jobs", "summary"]:
                return {"jobs": [self.summary(name) for name in self.jobs]}
            case "POST", ["iso8601" | "dependency" as endpoint]:
                job = json.loads(body)
                violations = check_jobs([*self.ancestors(job), job])
                if violations or (endpoint == "dependency") != ("parents" in job):
                    raise rejected(400, f"java.lang.IllegalArgumentException: requirement failed: {violations}\n\tat x")
                filled = {"owner": "", "arguments": [], "uris": [], "fetch": [], "constraints": [], **job, **COUNTERS}
                filled["environmentVariables"] = job.get("environmentVariables", [])
                filled["container"] = {"volumes": [], "parameters": [], "networkInfos": [], **job["container"]}
                self.jobs[job["name"]] = filled
                self.posted[job["name"]] = job
                return None
            case _, ["job", name] if name not in self.jobs:
                message = f"java.lang.IllegalArgumentException: requirement failed: JobSchedule '{name}' not found\n\tat x"
                raise rejected(400, message)
            case "PUT", ["job", name]:
                self.start(name)
                return None
            case "DELETE", ["job", name]:
                self.remove(name)
                return None
        raise rejected(404, f"no {method} {path}")
