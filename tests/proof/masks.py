"""Differences that the table of capabilities announces, and nothing else.

A mask names a row of `applc targets NAME` and the words in it that announce the difference. If the row or the words go,
so does the mask: `for_target` refuses it.
"""

from __future__ import annotations

import math
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from difference import Difference
from expectations import Expectations, Expected, Health, Ref

When = Callable[[Difference, Expected, Expectations], bool]


@dataclass(frozen=True)
class Row:
    """A row of the table of a target, or one of its options (`option NAME`)."""

    target: str
    field: str
    # "carried", "depends", "approximated", "rejected", or "option".
    support: str
    text: str


@dataclass(frozen=True)
class Mask:
    """Differences of some kinds on a target, which a row announces."""

    target: str
    field: str
    words: str
    kinds: frozenset[str]
    when: When

    def explains(self, difference: Difference, expectations: Expectations) -> bool:
        """Whether the row announces this difference."""
        if difference.kind not in self.kinds:
            return False
        expected = expectations.containers.get(difference.container)
        return expected is not None and self.when(difference, expected, expectations)

    def __str__(self) -> str:
        return f"{self.target}: {self.field}: {self.words}"


def always(_: Difference, __: Expected, ___: Expectations) -> bool:
    """At all containers."""
    return True


def scheduled(_: Difference, expected: Expected, __: Expectations) -> bool:
    """At a job with a cron line."""
    return expected.runs is not None and expected.runs.schedule is not None


def repeating(_: Difference, expected: Expected, __: Expectations) -> bool:
    """At a job that runs several times."""
    return expected.runs is not None and expected.runs.repeats != 1


def later(_: Difference, expected: Expected, __: Expectations) -> bool:
    """At a job with a start time."""
    return expected.runs is not None and expected.runs.start is not None


def begun_minute(difference: Difference, expected: Expected, _: Expectations) -> bool:
    """At a job whose start time is no whole minute, and which the engine got to know in that minute."""
    start = expected.runs.start if expected.runs is not None else None
    return start is not None and isinstance(difference.at, int) and difference.at < start % 60


def job(_: Difference, expected: Expected, __: Expectations) -> bool:
    """At a job."""
    return not expected.service


def default_mode(difference: Difference, expected: Expected, _: Expectations) -> bool:
    """At a file whose permissions are not written."""
    return any(file.dest == difference.at and not file.mode_written and not file.secret for file in expected.files)


def not_text(difference: Difference, expected: Expected, _: Expectations) -> bool:
    """At a file that is not text."""
    found = [file.content for file in expected.files if file.dest == difference.at]
    return any(isinstance(content, bytes) and not is_text(content) for content in found)


def is_text(content: bytes) -> bool:
    """Whether bytes are UTF-8."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def udp_to_host(difference: Difference, expected: Expected, expectations: Expectations) -> bool:
    """At a question over UDP to a container on the host network."""
    return any(
        item.index == difference.at and item.protocol == "udp" and expectations.containers[item.id].host_network
        for item in expected.opens
    )


def command(difference: Difference, expected: Expected, expectations: Expectations) -> bool:
    """At a container whose check is a command, or at one that waits for it."""
    if difference.kind == "order":
        expected = expectations.containers[str(difference.at)]
    return expected.health is not None and expected.health.how == "command"


def turns_unhealthy(difference: Difference, expected: Expected, expectations: Expectations) -> bool:
    """At a container that turns unhealthy, or at a question to it."""
    return bool(failing_checks(difference, expected, expectations))


def command_turns_unhealthy(difference: Difference, expected: Expected, expectations: Expectations) -> bool:
    """At a container whose check is a command that fails later, or at a question to it."""
    return any(health.how == "command" for health in failing_checks(difference, expected, expectations))


def failing_checks(difference: Difference, expected: Expected, expectations: Expectations) -> list[Health]:
    """The checks that fail later, of the containers that do not answer."""
    asked = {item.id for item in expected.opens if item.index == difference.at}
    silent = asked if difference.kind == "unanswered" else {expected.id}
    checks = (expectations.containers[name].health for name in silent)
    return [health for health in checks if health is not None and health.unhealthy_after is not None]


def waits_for_unhealthy(_: Difference, expected: Expected, expectations: Expectations) -> bool:
    """At a container that waits for one that turns unhealthy, or for one that does."""
    needed = [expectations.containers[need.id] for need in expected.needs]
    return any(
        (other.health is not None and other.health.unhealthy_after is not None)
        or waits_for_unhealthy(_, other, expectations)
        for other in needed
    )


def internal_from_host(difference: Difference, expected: Expected, expectations: Expectations) -> bool:
    """At a question of a container on the host network to an internal port."""
    return expected.host_network and any(
        item.index == difference.at and (item.port, item.protocol) in internal(expectations.containers[item.id])
        for item in expected.opens
    )


def asked_from_host(_: Difference, expected: Expected, expectations: Expectations) -> bool:
    """At a container of another network that one on the host network refers to, before or after a change."""
    others = [other for other in expectations.containers.values() if other.host_network]
    return not expected.host_network and any(ref.id == expected.id for other in others for ref in other.references)


def internal(expected: Expected) -> list[tuple[int, str]]:
    """The internal ports, as a question names them."""
    asked = {"udp": ["udp"], "tcp": ["tcp", "http", "https"]}
    return [(port, how) for port, protocol in expected.internal for how in asked[protocol]]


def several_on_host(_: Difference, expected: Expected, __: Expectations) -> bool:
    """At several instances that need one port of the host each."""
    return expected.host_network and expected.instances > 1 and bool(expected.published)


def several_with_fixed(_: Difference, expected: Expected, __: Expectations) -> bool:
    """At several instances of a container with a fixed port on the host."""
    return expected.instances > 1 and any(port.host_port is not None for port in expected.published)


def refers_to_unplaced(difference: Difference, expected: Expected, expectations: Expectations) -> bool:
    """At a container that refers to one without instances or a place, or to a job that need not be placed when it starts."""

    def unplaced(other: Expected) -> bool:
        if other.instances == 0 or same_number(difference, other, expectations):
            return True
        if other.runs is None or waits_for(expected, other.id, expectations):
            return False
        runs_later = other.runs.start is not None or not other.runs.once
        return runs_later or not waits_for(other, expected.id, expectations)

    return any(unplaced(expectations.containers[ref.id]) for ref in expected.references if ref.id != expected.id)


def waits_for(expected: Expected, name: str, expectations: Expectations) -> bool:
    """Whether a container starts after another one, directly or through others."""
    return any(
        need.id == name or waits_for(expectations.containers[need.id], name, expectations) for need in expected.needs
    )


def asked_without_port(expected: Expected, expectations: Expectations) -> bool:
    """Whether a reference without a port leads to a container."""
    return any(Ref(expected.id) in other.references for other in expectations.containers.values())


def several_at_their_numbers(_: Difference, expected: Expected, expectations: Expectations) -> bool:
    """At several instances to whose ports a reference without a port leads."""
    return asked_without_port(expected, expectations) and expected.instances > 1 and bool(expected.published or expected.internal)


def same_number(_: Difference, expected: Expected, expectations: Expectations) -> bool:
    """At a container with a port on the host whose number another one has there, too, due to such a reference."""
    others = [other for other in expectations.containers.values() if other.id != expected.id]
    return any(numbers_on_host(expected, expectations) & numbers_on_host(other, expectations) for other in others)


def numbers_on_host(expected: Expected, expectations: Expectations) -> set[int]:
    """The numbers of a container's ports on the host that are fixed, for TCP and UDP together."""
    found = {port.host_port for port in expected.published if port.host_port is not None}
    if expected.host_network or asked_without_port(expected, expectations):
        found |= {port.port for port in expected.published} | {port for port, _ in expected.internal}
    return found


def all_kept(expected: Expected) -> bool:
    """Whether all instances of a container keep running during an update."""
    return math.ceil(expected.minimum_capacity * expected.instances) == expected.instances


def all_kept_at_their_numbers(_: Difference, expected: Expected, expectations: Expectations) -> bool:
    """At a container all of whose instances keep running during an update, and whose ports are fixed on the host."""
    return all_kept(expected) and bool(numbers_on_host(expected, expectations))


def all_kept_with_fixed(_: Difference, expected: Expected, __: Expectations) -> bool:
    """At a container all of whose instances keep running during an update, with ports on the host or fixed there."""
    fixed = any(port.host_port is not None for port in expected.published)
    return all_kept(expected) and (fixed or (expected.host_network and bool(expected.published or expected.internal)))


TABLE: list[tuple[str, str, str, str, When]] = [
    ("compose", "containers[].health_check times and failures", "but it is not replaced", "not-replaced", always),
    ("compose", "containers[].health_check times and failures", "but it is not replaced", "unanswered unpublished",
     turns_unhealthy),
    ("compose", "containers[].health_check times and failures", "its dependents do not start", "not-started too-few-runs",
     waits_for_unhealthy),
    ("compose", "containers[].ports[].internal", "leads only to those", "unanswered", internal_from_host),
    ("compose", "containers[].schedule", "the job runs once, at `up`", "too-many-runs late-run", scheduled),
    ("compose", "containers[].repeats", "a repeating job runs once, at `up`", "too-many-runs late-run", repeating),
    ("compose", "containers[].start_time", "the job runs at `up`", "early too-many-runs", later),
    ("compose", "containers[].files", "permissions 0444 unless a `mode` is written", "file-mode", default_mode),
    ("compose", "containers[].files", "has the permissions that it has there", "file-mode", not_text),
    ("compose", "containers[].type: job", "every `up` runs it again", "not-kept", job),
    ("compose", "@id in a string", "the first such reference replaces that container", "not-kept", asked_from_host),
    ("compose", "@id in a string", "a warning for UDP to the host network", "unanswered wrong-answer", udp_to_host),
    ("kubernetes", "containers[].dependencies", "the stop order is undefined", "stop-order", always),
    ("kubernetes", "containers[].start_time", "a schedule is aligned to it, in whole minutes", "late-run", begun_minute),
    ("kubernetes", "containers[].network_mode: host", "if several instances need a node each", "too-few",
     several_on_host),
    ("kubernetes", "containers[].ports[].host_port", "each of several instances needs its own node", "too-few",
     several_with_fixed),
    ("kubernetes", "containers[].minimum_capacity", "a warning if host ports leave no room for an extra instance", "not-new",
     all_kept_with_fixed),
    ("nomad", "containers[].health_check.protocol: COMMAND", "the container is neither checked nor replaced",
     "unchecked not-replaced order", command),
    ("nomad", "containers[].health_check.protocol: COMMAND", "the container is neither checked nor replaced",
     "unanswered unpublished", command_turns_unhealthy),
    ("nomad", "containers[].dependencies", "the stop order is undefined", "stop-order", always),
    ("nomad", "containers[].ports[].internal", "mapped to a free port of the node", "internal-published", always),
    ("nomad", "containers[].network_mode: host", "so that each instance needs its own node", "too-few",
     several_on_host),
    ("nomad", "containers[].ports[].host_port", "and several instances, run on different nodes", "too-few",
     several_with_fixed),
    ("nomad", "@id in a string", "filled in when both are placed, a job until it ends", "not-started too-few-runs late-run",
     refers_to_unplaced),
    ("nomad", "@id in a string", "the ports of the other container are fixed on the host at the same numbers",
     "too-few not-new", several_at_their_numbers),
    ("nomad", "@id in a string", "so that another container with one of these needs another node",
     "not-started too-few too-few-runs", same_number),
    ("nomad", "containers[].minimum_capacity", "which with fixed ports needs as many extra nodes", "not-new",
     all_kept_at_their_numbers),
    ("nomad", "option follow-addresses", "whether a service is restarted when the address", "restarted not-kept",
     always),
]  # fmt: skip

ALL = [Mask(target, field, words, frozenset(kinds.split()), when) for target, field, words, kinds, when in TABLE]


def for_target(target: str, rows: list[Row]) -> list[Mask]:
    """The masks of a target; an error if one is not, or no longer, in its table."""
    masks = [mask for mask in ALL if mask.target == target]
    if gone := [mask for mask in masks if row_of(mask, rows) is None]:
        raise ValueError(f"the table of capabilities does not announce: {', '.join(map(str, gone))}")
    return masks


def row_of(mask: Mask, rows: list[Row]) -> Row | None:
    """The row that a mask names, if the words are in it."""
    found = (row for row in rows if (row.target, row.field) == (mask.target, mask.field) and mask.words in row.text)
    return next(found, None)


def rows(applc: Path, target: str) -> list[Row]:
    """The table of a target, as the program prints it."""
    done = subprocess.run([str(applc), "targets", target], capture_output=True, text=True, check=True)
    return parse(target, done.stdout)


def parse(target: str, text: str) -> list[Row]:
    """The rows in the output of `applc targets NAME`."""
    found: list[Row] = []
    options, field = False, ""
    for line in text.splitlines():
        if line.startswith(("Fields:", "Options")):
            options = line.startswith("Options")
        elif re.match(r"  \S", line):
            field = line.strip()
        elif line.startswith("      ") and field:
            if options:
                found.append(Row(target, f"option {field}", "option", line.strip()))
            else:
                support, _, how = line.strip().partition(": ")
                found.append(Row(target, field, support, how))
            field = ""
    return found


def unneeded(masks: list[Mask], needed: list[Mask]) -> list[Mask]:
    """The masks that explained nothing: the table announces a difference that no appliance showed."""
    return [mask for mask in masks if mask not in needed]
