"""Compares what each process sees: strings, settings, files, volumes, and who answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from math import inf
from typing import Any

from difference import Difference
from expectations import ChangeExpectations, Expectations, Expected, File, Json, Mount, Text, pattern, shown
from seen import Process, Seen

# Megabytes are 10^6 or 2^20 bytes.
MEMORY = (1_000_000, 1_048_576)


def of_appliance(
    expectations: Expectations, up: Seen, since: int = 0, change: ChangeExpectations | None = None, disturbed: bool = False
) -> Iterator[Difference]:
    """The differences of all containers; processes that started before the phase `since` count only if they still run."""
    # Marks stay when those who left them are gone.
    earlier = [expectations, change.before] if change else [expectations]
    for expected in expectations.containers.values():
        processes = [p for p in up.of(expected.id) if p.phase >= since or p.ended is None]
        if change and expected.id in change.new:
            # What is replaced may have been tried again in the meantime, as it was.
            old = {p.key for p in up.of(expected.id) if p.phase < since}
            processes = [p for p in processes if p.ended is None or p.key not in old]
        if change and not expected.starts and expected.id not in change.new:
            # What did not change inside may go on: dependencies are for starts.
            processes = [p for p in processes if p.phase >= since]
        yield from how_many(expected, processes, up, changed=since > 0, disturbed=disturbed)
        for process in processes:
            if process.ended is None or not expected.service or not (since or disturbed):
                yield from of_process(expected, process)
        for process in processes:
            if process.ended is None or not expected.service:
                # A run of a job may fall into the disturbance, and end before anyone answers.
                if expected.service or not disturbed:
                    yield from answers(expected, process, up, expectations)
                yield from sharing(expected, process, up, earlier)
        yield from outside(expected, up)
    for name in sorted({p.name for p in up.processes.values()} - set(expectations.containers)):
        if since == 0 or up.live(name):
            yield Difference("gone-runs" if since else "started", name, "no container of the appliance has this name")


def how_many(
    expected: Expected, processes: list[Process], up: Seen, changed: bool, disturbed: bool
) -> Iterator[Difference]:
    """Everything did start, in the number of instances, and goes on."""
    live = [p for p in processes if p.ended is None]
    if not expected.starts or expected.instances == 0:
        if live or (processes and not changed):
            why = "it has no instances" if expected.instances == 0 else "what it waits for never gets ready"
            yield Difference("started", expected.id, f"{len(processes)} instances started, but {why}")
        return
    if expected.runs is not None:
        return
    if len(live) < expected.instances:
        # Where a target cannot have several of them, it has one.
        kind = "too-few" if live else "not-started"
        yield Difference(kind, expected.id, f"{len(live)} of {expected.instances} instances run")
    if len(live) > expected.instances:
        yield Difference("too-many", expected.id, f"{len(live)} instances run instead of {expected.instances}")
    replaced = expected.health is not None and expected.health.unhealthy_after is not None
    if len(processes) > max(len(live), expected.instances) and not (replaced or changed or disturbed):
        yield Difference(
            "restarted", expected.id, f"{len(processes)} processes started for {expected.instances} instances"
        )


def of_process(expected: Expected, process: Process) -> Iterator[Difference]:
    """What a process sees of itself."""
    start, name = process.start, expected.id
    yield from of_argv(name, expected.argv, start["argv"], "argv")
    env: dict[str, str] = start["env"]
    for variable, value in expected.env.items():
        if variable not in env:
            yield Difference("env", name, f"missing, expected {shown(value)}", variable)
        elif not matches(value, env[variable]):
            yield Difference("env", name, f"{env[variable]!r}, expected {shown(value)}", variable)
    for kind, wanted, got in [
        ("uid", expected.uid, start.get("uid")),
        ("gid", expected.gid, start.get("gid")),
        ("cwd", expected.cwd, start.get("cwd")),
        ("network", "host" if expected.host_network else "own", start.get("net")),
        ("privileged", expected.privileged, start.get("privileged")),
    ]:
        if wanted is not None and got is not None and wanted != got:
            yield Difference(kind, name, f"{got!r}, expected {wanted!r}")
    limit = start.get("mem_limit")
    if "mem_limit" in start and not (limit and expected.memory * MEMORY[0] <= limit <= expected.memory * MEMORY[1]):
        yield Difference("memory", name, f"a limit of {limit} bytes, expected {expected.memory} MB")
    for label, text in expected.labels.items() if process.labels is not None else ():
        if (process.labels or {}).get(label) != text:
            yield Difference("label", name, f"{(process.labels or {}).get(label)!r}, expected {text!r}", label)
    for file in expected.files:
        yield from of_file(name, file, process.reads.get(file.dest))
    for mount in expected.mounts:
        yield from of_mount(expected, mount, process)


def of_argv(name: str, wanted: list[Text], got: list[str], kind: str) -> Iterator[Difference]:
    """Words, one by one."""
    if len(wanted) != len(got):
        yield Difference(kind, name, f"{len(got)} words {got!r}, expected {len(wanted)}: {[shown(w) for w in wanted]}")
        return
    for index, (text, word) in enumerate(zip(wanted, got, strict=True)):
        if index > 0 and not pattern(text).fullmatch(word):
            yield Difference(kind, name, f"{word!r}, expected {shown(text)}", index)


def matches(wanted: Text | Json, got: str) -> bool:
    """Whether a string is what a value becomes."""
    if not isinstance(wanted, Json):
        return pattern(wanted).fullmatch(got) is not None
    try:
        return same(wanted.value, json.loads(got))
    except ValueError:
        return False


def same(wanted: Any, got: Any) -> bool:
    """Whether a JSON value is the expected one, with addresses in its strings."""
    if isinstance(wanted, tuple):
        return isinstance(got, str) and pattern(wanted).fullmatch(got) is not None
    if isinstance(wanted, list):
        return isinstance(got, list) and len(wanted) == len(got) and all(map(same, wanted, got))
    if isinstance(wanted, dict):
        # Also in the same order.
        return isinstance(got, dict) and list(wanted) == list(got) and all(same(wanted[k], got[k]) for k in wanted)
    return type(wanted) is type(got) and bool(wanted == got)


def of_file(name: str, file: File, read: dict[str, Any] | None) -> Iterator[Difference]:
    """A file: its bytes, its permissions, and its owner."""
    if read is None:
        yield Difference("not-read", name, "the file was not read", file.dest)
        return
    if read.get("error"):
        yield Difference("file", name, f"cannot be read: {read['error']}", file.dest)
        return
    whole = file.content if isinstance(file.content, bytes) else literal(file.content)
    if whole is not None:
        if hashlib.sha256(whole).hexdigest() != read["sha256"]:
            yield Difference("file", name, f"{read.get('text')!r}, expected {whole!r}", file.dest)
    elif not isinstance(file.content, bytes) and not pattern(file.content).fullmatch(read.get("text") or ""):
        yield Difference("file", name, f"{read.get('text')!r}, expected {shown(file.content)}", file.dest)
    mode = read.get("mode")
    mode = int(mode, 8) if isinstance(mode, str) else mode
    if mode is not None and mode & 0o777 != file.mode:
        written = "" if file.mode_written else ", which is the default"
        yield Difference("file-mode", name, f"{mode:04o}, expected {file.mode:04o}{written}", file.dest)
    if read.get("uid") not in (None, 0):
        yield Difference("file-owner", name, f"user {read['uid']}, expected root", file.dest)


def literal(text: Text) -> bytes | None:
    """The bytes of a text without addresses."""
    parts = [piece for piece in text if isinstance(piece, str)]
    return "".join(parts).encode() if len(parts) == len(text) else None


def of_mount(expected: Expected, mount: Mount, process: Process) -> Iterator[Difference]:
    """A volume: whether it is there, and whether it can be written to."""
    stat = process.stats.get(mount.dest)
    if stat is not None:
        wanted = "rw" if mount.writable else "ro"
        if stat.get("mode") is None:
            yield Difference("mount", expected.id, f"is not a mount: {stat.get('error')}", mount.dest)
        elif stat["mode"] != wanted:
            yield Difference("mount-mode", expected.id, f"{stat['mode']}, expected {wanted}", mount.dest)
    for event in process.marks.get(mount.dest, [])[:1]:
        if event.get("writable") and not mount.writable:
            yield Difference("mount-mode", expected.id, "can be written to", mount.dest)
        elif mount.marked and not event.get("writable"):
            yield Difference("mount-mode", expected.id, f"cannot be written to: {event.get('error')}", mount.dest)


def answers(expected: Expected, process: Process, up: Seen, expectations: Expectations) -> Iterator[Difference]:
    """Who answers behind each reference."""
    for item in expected.opens:
        other = expectations.containers[item.id]
        events = process.opened.get(item.index, [])
        if not events:
            if other.starts and other.runs_now and not failing(other, process, up):
                why = process.refused.get(item.index, "no answer")
                yield Difference("unanswered", expected.id, f"{item.protocol} {item.id}:{item.port}: {why}", item.index)
            continue
        for event in events:
            yield from wrong(event["answer"], item.id, item.port, up, expected.id, item.index)


def failing(other: Expected, process: Process, up: Seen) -> bool:
    """Whether the other one failed its check, and was not replaced yet, as long as a process ran."""
    fails_after = other.health.unhealthy_after if other.health else None
    if fails_after is None or process.ended is None:
        return False

    def answered_until(one: Process) -> float:
        # The one that fails ends, and is replaced; its replacement does not fail.
        return inf if one.ended is None else one.at + fails_after

    return not any(one.at < process.ended and answered_until(one) > process.at for one in up.of(other.id))


def wrong(answer: dict[str, Any], name: str, port: int, up: Seen, where: str, at: int | str) -> Iterator[Difference]:
    """Whether an answer comes from a port of a container of this appliance."""
    if answer.get("name") != name or (answer.get("port") not in (None, port)):
        text = f"{answer.get('name')}:{answer.get('port')} answers instead of {name}:{port}"
        yield Difference("wrong-answer", where, text, at)
    elif answer.get("nonce") not in up.processes:
        yield Difference("wrong-answer", where, f"a {name} of another appliance answers: {answer}", at)


def sharing(expected: Expected, process: Process, up: Seen, earlier: list[Expectations]) -> Iterator[Difference]:
    """Who shares which data: marks of all that have the same volume, or had it `earlier`, and of no one else."""
    expectations = earlier[0]
    for mount in expected.mounts:
        events = process.marks.get(mount.dest, [])
        if not events:
            yield Difference("no-mark", expected.id, "the volume was not looked at", mount.dest)
            continue
        last = events[-1]
        found = {mark.get("nonce"): mark.get("name") for mark in last["marks"]}
        writers, *before = [
            {
                other.id
                for other in each.containers.values()
                for its in other.mounts
                if its.volume == mount.volume and its.tried
            }
            for each in earlier
        ]
        for writer in sorted(writers):
            for its in up.of(writer):
                if its.at + 0.5 < last["t"] and its.nonce not in found and has_marked(its, mount.volume, expectations):
                    yield Difference("not-shared", expected.id, f"does not see the mark of {writer}", mount.dest)
        if mount.volume[0] == "persistent":
            for nonce, name in sorted(found.items(), key=str):
                if nonce not in up.processes or (
                    name not in writers.union(*before) and up.processes[nonce].name in expectations.containers
                ):
                    yield Difference(
                        "shared", expected.id, f"sees a mark of {name}, which does not share it", mount.dest
                    )


def has_marked(process: Process, volume: tuple[str, str], expectations: Expectations) -> bool:
    """Whether a process has left its mark in a volume."""
    expected = expectations.containers.get(process.name)
    mounts = expected.mounts if expected else []
    return any(e.get("writable") for m in mounts if m.volume == volume for e in process.marks.get(m.dest, []))


def outside(expected: Expected, up: Seen) -> Iterator[Difference]:
    """Every port listed is reachable from outside, and no internal one."""
    shown_ports = [item for item in up.published if item["container"] == expected.id]
    if expected.service and expected.runs_now:
        for port in expected.published:
            items = [i for i in shown_ports if (i["port"], i["protocol"]) == (port.port, port.protocol)]
            at = f"{port.port}/{port.protocol}"
            answered = [item for item in items if item.get("answer")]
            if not answered:
                yield Difference("unpublished", expected.id, f"no answer from outside: {items}", at)
            for item in answered:
                yield from wrong(item["answer"], expected.id, port.port, up, expected.id, at)
            numbers = [item["host_port"] for item in answered]
            if answered and port.host_port is not None and port.host_port not in numbers:
                yield Difference("port", expected.id, f"host port {numbers}, expected {port.host_port}", at)
    for number, protocol in expected.internal:
        for item in shown_ports:
            if (item["port"], item["protocol"]) == (number, protocol) and item.get("answer"):
                text = f"answers at host port {item['host_port']}"
                yield Difference("internal-published", expected.id, text, f"{number}/{protocol}")
