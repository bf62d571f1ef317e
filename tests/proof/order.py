"""Compares what happens when: the order of starts and stops, runs of jobs, replacement, and what a change leaves alone."""

from __future__ import annotations

from collections.abc import Iterator

import facts
import schedules
from difference import Difference
from expectations import ChangeExpectations, Expectations, Expected, Need
from seen import Process, Seen

# Seconds between a process and what the engine knows of it: its start is known before it says so itself.
RUNS_EARLY = 1.0
# Between the answer to a check and the line that says so.
SAID_LATE = 0.3
# That a scheduler is late.
LATE = 20.0
# Until an engine knows a job that it is told of: what is due before that may be missed.
KNOWN = 45.0


def of_starts(expectations: Expectations, up: Seen) -> Iterator[Difference]:
    """The order of starts: "A container starts when each dependency *is ready*"."""
    for expected in expectations.containers.values():
        started = up.of(expected.id)
        if not started:
            continue
        for need in expected.needs:
            other = expectations.containers[need.id]
            at = ready_at(other, need, up)
            if at is None:
                yield Difference("order", expected.id, f"started, but {need.id} never was ready ({need.when})", need.id)
            elif started[0].at < at:
                text = f"started {at - started[0].at:.2f} s before {need.id} was ready ({need.when})"
                yield Difference("order", expected.id, text, need.id)


def ready_at(other: Expected, need: Need, up: Seen) -> float | None:
    """The earliest time at which a dependency can have been ready: all its instances were."""
    if need.when == "nothing":
        return 0.0
    if need.when == "succeeded":
        times = [p.exit["t"] - SAID_LATE for p in up.of(other.id) if p.exit is not None and p.code == 0]
    elif need.when == "runs":
        times = [p.at - RUNS_EARLY for p in up.of(other.id)]
    else:
        times = [time for p in up.of(other.id) if (time := healthy_at(other, p)) is not None]
    return sorted(times)[other.instances - 1] if len(times) >= other.instances else None


def healthy_at(expected: Expected, process: Process) -> float | None:
    """The earliest time at which a check of a process can have succeeded."""
    health = expected.health
    if health is None:
        return process.at
    passed = [e["t"] for e in process.asked if e.get("healthy") and health.path == e.get("path")]
    passed += [e["t"] for e in process.checked if e.get("code") == 0]
    if health.how == "tcp":
        return process.at + health.healthy_after - SAID_LATE
    return max(min(passed) - SAID_LATE, process.at + health.healthy_after - SAID_LATE) if passed else None


def of_health(expectations: Expectations, up: Seen) -> Iterator[Difference]:
    """Each health check is asked as it is written, and an instance that fails it is replaced."""
    for expected in expectations.containers.values():
        health = expected.health
        if health is None or not expected.runs_now:
            continue
        processes = up.of(expected.id)
        if health.how == "http" and not any(e.get("path") == health.path for p in processes for e in p.asked):
            text = f"no request for {health.path!r} at port {health.port}"
            yield Difference("unchecked", expected.id, text, health.port)
        if health.how == "command":
            checks = [event for process in processes for event in process.checked]
            if not checks:
                yield Difference("unchecked", expected.id, "the command did not run")
            for event in checks[:1]:
                yield from facts.of_argv(expected.id, list(health.command or []), event["argv"], "check")
        if health.unhealthy_after is not None and len(processes) < 2:
            yield Difference("not-replaced", expected.id, "fails its check, and is still the only instance")
        if health.unhealthy_after is not None and len(processes) > 2:
            yield Difference("replaced", expected.id, f"was replaced {len(processes) - 1} times, and failed once")


def of_runs(expectations: Expectations, up: Seen, only: set[str] | None = None, since: int = 0) -> Iterator[Difference]:
    """Runs, tries, and results of jobs, or of `only` some, in the phases from `since` on."""
    for expected in expectations.containers.values():
        runs = expected.runs
        if runs is None or not expected.starts or expected.instances == 0:
            continue
        if only is not None and expected.id not in only:
            continue
        processes = [p for p in up.of(expected.id) if p.phase >= since]
        codes = [p.code for p in processes if p.code is not None]
        if up.boot is not None:
            start, end = up.start + up.boot, up.end + up.boot
            if runs.start is not None:
                for process in processes:
                    if process.at + up.boot < runs.start - 1:
                        text = f"started {runs.start - process.at - up.boot:.1f} s before its start time"
                        yield Difference("early", expected.id, text)
            if not runs.once:
                yield from of_repeats(expected, processes, schedules.due(runs, start, end), known(expected, expectations, up), end)
                continue
        elif not runs.once:
            continue
        wanted = sorted(runs.codes * expected.instances)
        if len(codes) < len(wanted):
            text = f"{len(codes)} runs have ended, with {codes}, expected {wanted}"
            yield Difference("too-few-runs", expected.id, text)
        elif len(processes) > len(wanted):
            codes_ = [p.code for p in processes]
            yield Difference("too-many-runs", expected.id, f"{len(processes)} runs, with {codes_}, expected {wanted}")
        elif sorted(codes) != wanted:
            yield Difference("result", expected.id, f"runs ended with {sorted(codes)}, expected {wanted}")


def awaited(expectations: Expectations, up: Seen, again: float) -> Iterator[str]:
    """What is not known yet: of scheduled jobs, whether the first run comes, if it is due soon or just now; of jobs that
    have failed for good, whether they are tried again."""
    for expected in expectations.containers.values():
        runs = expected.runs
        if up.boot is None or runs is None or not expected.starts or expected.instances == 0:
            continue
        ends = [p.exit["t"] for p in up.of(expected.id) if p.exit is not None]
        if runs.once:
            if not runs.succeeds and ends and up.end < max(ends) + again:
                yield f"too-many-runs: {expected.id}: it may be tried again"
            continue
        first, end = known(expected, expectations, up), up.end + up.boot
        soon = [] if first is None else [t for t in schedules.due(runs, up.start + up.boot, first + 60) if t >= first]
        if soon and end < soon[0] + LATE + 1 and not up.of(expected.id):
            yield f"late-run: {expected.id}: its first run is due in {soon[0] - end:.0f} s"


def known(expected: Expected, expectations: Expectations, up: Seen) -> float | None:
    """Since when runs must come that are due, in seconds since 1970: the engine knows the job, and what it waits for is
    ready. None: they need not come yet."""
    scheduled = expected.runs is not None and expected.runs.schedule is not None
    times = [max(up.handed, up.start + KNOWN if scheduled else up.start)]
    for need in expected.needs:
        if (at := ready_at(expectations.containers[need.id], need, up)) is None:
            return None
        times.append(at)
    return max(times) + (up.boot or 0)


def of_repeats(
    expected: Expected, processes: list[Process], due: list[float], first: float | None, end: float
) -> Iterator[Difference]:
    """A job that repeats: as many runs as were due. What is due at once may be missed, and what is due right now late."""
    runs = expected.runs
    if runs is None:
        return
    most = len(due) * expected.instances * len(runs.codes)
    wanted = [] if first is None else [time for time in due if first <= time <= end - LATE]
    least = len(wanted) * expected.instances
    if len(processes) > most:
        yield Difference("too-many-runs", expected.id, f"{len(processes)} runs, of which {most} were due")
    if len(processes) < least:
        ahead = 0 if first is None else int(wanted[0] - first)
        text = f"{len(processes)} runs, but {least} were due, the first {ahead} s after the engine had to know it"
        yield Difference("late-run", expected.id, text, ahead)


def of_stop(expectations: Expectations, up: Seen, all_seen: Seen) -> Iterator[Difference]:
    """The order of stops: "Stopping goes the other way", and each has the time that `stop_timeout` gives."""
    for expected in expectations.containers.values():
        for process in up.live(expected.id):
            process = all_seen.processes[process.nonce]
            if process.stop is None:
                if process.exit is not None and not expected.service:
                    # A run that ended by itself meanwhile.
                    continue
                yield Difference("killed", expected.id, "got no stop signal")
                continue
            yield from of_stop_time(expected, process)
            for need in expected.needs:
                other = expectations.containers[need.id]
                for its in up.live(other.id) if other.service else []:
                    stopped = all_seen.processes[its.nonce].stop
                    ended = process.ended or process.stop["t"]
                    if stopped is not None and stopped["t"] < ended - SAID_LATE:
                        text = (
                            f"{need.id}, which it depends on, was stopped {ended - stopped['t']:.2f} s before it ended"
                        )
                        yield Difference("stop-order", expected.id, text, need.id)
    for name in expectations.containers:
        if left := [p for p in all_seen.live(name) if p.stop is None and p.exit is None and p.ended is None]:
            yield Difference("left-behind", name, f"{len(left)} processes have not ended")


def of_stop_time(expected: Expected, process: Process) -> Iterator[Difference]:
    """Whether a process had the time it was given, and no more."""
    if expected.stop_timeout is None or process.stop is None:
        return
    stopped = float(process.stop["t"])
    if expected.stops_in < expected.stop_timeout and process.exit is None:
        text = f"was killed, though it ends in {expected.stops_in} s and has {expected.stop_timeout} s"
        yield Difference("killed", expected.id, text)
    if expected.stops_in > expected.stop_timeout:
        if process.exit is not None:
            yield Difference("stopped-late", expected.id, f"was not killed after {expected.stop_timeout} s")
        elif process.ended is not None and process.ended - stopped > expected.stop_timeout + 5:
            text = f"was killed after {process.ended - stopped:.1f} s instead of {expected.stop_timeout} s"
            yield Difference("stopped-late", expected.id, text)


def of_change(change: ChangeExpectations, before: Seen, after: Seen) -> Iterator[Difference]:
    """What did not change is not restarted and keeps its data; what changed is new."""
    for name in sorted(change.stay):
        expected = change.after.containers[name]
        old = {p.nonce for p in (before.live(name) if expected.service else before.of(name))}
        new = {p.nonce for p in (after.live(name) if expected.service else after.of(name))}
        repeats = expected.runs is not None and not expected.runs.once
        if old and new - old and not repeats:
            yield Difference("not-kept", name, "did not change, and was started again")
    for name in sorted(change.new):
        old = {p.nonce for p in before.live(name)}
        expected = change.after.containers[name]
        if expected.service and expected.runs_now and old & {p.nonce for p in after.live(name)}:
            yield Difference("not-new", name, "has changed, and still runs as it was")
    for name in sorted(change.gone):
        if after.live(name):
            yield Difference("gone-runs", name, "is not in the appliance anymore, and still runs")
    yield from of_data(change.after, after, before, change)


def of_data(
    expectations: Expectations, after: Seen, before: Seen | None = None, change: ChangeExpectations | None = None
) -> Iterator[Difference]:
    """What was written to a persistent volume is still there."""
    first = before or after
    earlier = change.before if change else expectations
    for expected in expectations.containers.values():
        for mount in expected.mounts:
            if mount.volume[0] != "persistent" or (change and mount.volume not in change.kept):
                continue
            wanted = {
                its.nonce: other.id
                for other in earlier.containers.values()
                if any(m.volume == mount.volume and m.tried for m in other.mounts)
                for its in first.of(other.id)
                if facts.has_marked(its, mount.volume, earlier)
            }
            for process in after.live(expected.id):
                events = process.marks.get(mount.dest, [])
                found = {mark.get("nonce") for event in events[-1:] for mark in event["marks"]}
                lost = sorted(
                    {name for nonce, name in wanted.items() if nonce not in found and is_older(first, nonce, process)}
                )
                if events and lost:
                    yield Difference("data-lost", expected.id, f"the marks of {', '.join(lost)} are gone", mount.dest)


def is_older(seen: Seen, nonce: str, process: Process) -> bool:
    """Whether a process started clearly before another one."""
    return seen.processes[nonce].at + 0.5 < process.at
