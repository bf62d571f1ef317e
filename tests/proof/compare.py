"""Compares what an engine showed with what the language says. No target is in it: masks come from outside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import facts
import order
from difference import Difference
from expectations import ChangeExpectations, Expectations
from masks import Mask
from seen import Seen, seen

# What an instance has that was not replaced after a change.
OF_BEFORE = {"argv", "env", "uid", "gid", "cwd", "memory", "label", "file", "not-read", "unanswered"}

# Some or all of a container's instances or runs are not there.
ABSENT = {"not-started", "too-few", "too-few-runs"}

# Seconds after the last start in which nothing else starts, if it may.
QUIET = 10.0


@dataclass
class Result:
    """The differences, and those that a row of the table of capabilities explains."""

    differences: list[Difference] = field(default_factory=list)
    masked: list[tuple[Difference, Mask]] = field(default_factory=list)


def compare(expectations: Expectations, observations: dict[str, Any], masks: list[Mask]) -> Result:
    """The differences of an appliance that was brought up, and down again if the last phase is `down`."""
    names = [phase["name"] for phase in observations["phases"]]
    running = len(names) - 1 if names and names[-1] == "down" else len(names)
    return sift(differences(expectations, observations, running), expectations, masks)


def unmet(expectations: Expectations, observations: dict[str, Any], masks: list[Mask]) -> list[str]:
    """What is not yet there, and may come: nothing is left to wait for if this is empty."""
    result = sift(differences(expectations, observations, len(observations["phases"])), expectations, masks)
    return [str(difference) for difference in result.differences if difference.may_come]


def awaited(
    expectations: Expectations, observations: dict[str, Any], again: float, masks: Sequence[Mask] = ()
) -> list[str]:
    """What must be waited for, whatever there is to see yet: an engine tries what failed again after `again` seconds. What
    need not come, as a mask explains, may come late."""
    up = seen(observations)
    found = list(order.awaited(expectations, up, again))
    masked = sift(differences(expectations, observations, len(observations["phases"])), expectations, masks).masked
    if up.end < max([up.handed, *(process.at for process in up.processes.values())]) + QUIET:
        found += [f"{difference}, and need not" for difference, _ in masked if difference.kind in ABSENT]
    return found


def differences(expectations: Expectations, observations: dict[str, Any], running: int) -> Iterator[Difference]:
    """The differences up to the phase `running`, and in the phase after it, in which the appliance is removed."""
    up = seen(observations, running)
    yield from facts.of_appliance(expectations, up)
    yield from order.of_starts(expectations, up)
    yield from order.of_runs(expectations, up)
    yield from order.of_health(expectations, up)
    if running < len(observations["phases"]):
        yield from order.of_stop(expectations, up, seen(observations))


def compare_change(change: ChangeExpectations, observations: dict[str, Any], masks: list[Mask]) -> Result:
    """The differences of an appliance that was changed into another one: phases `up` and `change`."""
    return sift(changed(change, observations), change.after, masks, change.before)


def unmet_change(change: ChangeExpectations, observations: dict[str, Any], masks: list[Mask]) -> list[str]:
    """What is not yet there after a change, and may come, or still there, as an old instance is beside the new one."""
    found = compare_change(change, observations, masks).differences
    return [str(item) for item in found if item.may_come or item.kind == "too-many"]


def changed(change: ChangeExpectations, observations: dict[str, Any]) -> Iterator[Difference]:
    """The differences after a change."""
    names = [phase["name"] for phase in observations["phases"]]
    first = names.index("change")
    before = seen(observations, first)
    last = len(names) - 1 if names[-1] == "down" else len(names)
    after = seen(observations, last)
    yield from facts.of_appliance(change.after, after, since=first, change=change)
    yield from order.of_runs(change.after, after, only=change.new, since=first)
    found = list(order.of_change(change, before, after))
    yield from found
    # What did not change runs once in all: before the change, or after it. That it ran again is said already.
    again = {each.container for each in found if each.kind == "not-kept"}
    for each in order.of_runs(change.before, after, only=change.stay & once(change.before)):
        if each.kind != "too-many-runs" or each.container not in again:
            yield each


def once(expectations: Expectations) -> set[str]:
    """The jobs that run a single time."""
    return {name for name, expected in expectations.containers.items() if expected.runs and expected.runs.once}


def of_disturbance(expectations: Expectations, observations: dict[str, Any], masks: list[Mask]) -> Result:
    """The differences after a disturbance: what the language says holds again, with whatever was restarted."""
    last = len(observations["phases"])
    after = seen(observations, last)
    found = list(facts.of_appliance(expectations, after, disturbed=True))
    # Only services are disturbed; what repeats may have missed a time.
    found += order.of_runs(expectations, after, only=once(expectations))
    found += order.of_data(expectations, after)
    return sift(iter(found), expectations, masks)


def sift(
    found: Iterator[Difference], expectations: Expectations, masks: Sequence[Mask], before: Expectations | None = None
) -> Result:
    """Divides differences into those that a mask explains, with what follows from them, and the others.

    What a change restarts, or does not start, may also be due to what was there `before` it.
    """
    result = Result()
    for difference in found:
        mask = explaining(difference, expectations, masks)
        if before and mask is None and difference.kind == "not-kept":
            mask = explaining(difference, before, masks)
        if before and difference.kind == "not-started" and explaining(difference, before, masks):
            # The instance that did not start is not replaced.
            mask = mask or explaining(Difference("not-new", difference.container, ""), expectations, masks)
        if mask is None:
            result.differences.append(difference)
        else:
            result.masked.append((difference, mask))
    stale = {d.container: mask for d, mask in result.masked if d.kind == "not-new"}
    for difference in [d for d in result.differences if d.container in stale and d.kind in OF_BEFORE]:
        result.differences.remove(difference)
        result.masked.append((difference, stale[difference.container]))
    absent = {d.container: mask for d, mask in result.masked if d.kind in ABSENT}
    some = {d.container for d, _ in result.masked if d.kind == "too-few"}
    while follows := [d for d in result.differences if consequence(d, expectations, absent, some) is not None]:
        for difference in follows:
            cause = consequence(difference, expectations, absent, some)
            if cause is not None:
                result.differences.remove(difference)
                result.masked.append((difference, absent[cause]))
                if difference.kind in ABSENT:
                    absent.setdefault(difference.container, absent[cause])
    return result


def explaining(difference: Difference, expectations: Expectations, masks: Sequence[Mask]) -> Mask | None:
    """The mask that explains a difference."""
    return next((mask for mask in masks if mask.explains(difference, expectations)), None)


def consequence(
    difference: Difference, expectations: Expectations, absent: dict[str, Mask], some: set[str]
) -> str | None:
    """The container whose absence, which a mask explains, is the cause of a difference; `some` have some instances."""
    expected = expectations.containers.get(difference.container)
    if expected is None:
        return None
    if difference.kind in ("unpublished", "unchecked", "not-replaced") and expected.id in absent:
        return expected.id
    if difference.kind in ABSENT:
        return next((need.id for need in expected.needs if need.id in absent), None)
    if difference.kind == "unanswered":
        # One of several instances answers for all.
        return next((item.id for item in expected.opens if item.index == difference.at and item.id in absent.keys() - some), None)
    return None


__all__ = ["Seen", "awaited", "compare", "compare_change", "of_disturbance", "unmet", "unmet_change"]
