"""The reference semantics: what the language says of an appliance. No target is in it.

Written from the definition of the language alone, section by section, so that it can be wrong only where the
definition is read wrongly, and not where the compiler is wrong.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import directives as observer
from case import Appliance, Case, Container, container_of, host_start
from directives import Directives
from expectations import (
    ChangeExpectations,
    Expectations,
    Expected,
    File,
    Health,
    Json,
    Mount,
    Need,
    Open,
    Published,
    Ref,
    Runs,
    Text,
    pattern,
)

REFERENCE = re.compile(r"\\@|@(?P<id>[A-Za-z0-9-]+)(?::(?P<port>[0-9]+)(?![A-Za-z0-9]))?")
DURATION = re.compile(r"(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")

# In seconds.
DAY = 86400.0


def expect(case: Case) -> Expectations:
    """What the language says of a case."""
    appliance = case.appliance
    found: dict[str, Expected] = {}
    for container in in_order(appliance):
        found[container["id"]] = expect_container(container, case, found)
    return Expectations(appliance["id"], found)


def in_order(appliance: Appliance) -> Iterator[Container]:
    """The containers, each behind its dependencies."""
    waiting = list(appliance["containers"])
    done: set[str] = set()
    while waiting:
        ready = [c for c in waiting if done.issuperset(c.get("dependencies", []))]
        if not ready:
            raise ValueError("dependency cycle")
        done.update(c["id"] for c in ready)
        waiting = [c for c in waiting if c["id"] not in done]
        yield from ready


# Section 3, Container


def expect_container(container: Container, case: Case, earlier: dict[str, Expected]) -> Expected:
    """What the language says of one container; `earlier` are those that it depends on."""
    argv = words(container)
    env = environment(container, case)
    told = observer.directives(argv)
    uid, gid = user(container)
    needs = [need(earlier[name]) for name in container.get("dependencies", [])]
    starts = all(ready(earlier[name]) for name in container.get("dependencies", []))
    service = container["type"] == "service"
    ports = container.get("ports", [])
    return Expected(
        id=container["id"],
        service=service,
        # "copies; for a job, parallel copies"
        instances=container.get("instances", 1),
        minimum_capacity=container.get("minimum_capacity", 0),
        starts=starts,
        argv=argv,
        env=env,
        secret_env=set(container.get("secret_env", {})),
        uid=uid,
        gid=gid,
        cwd=container.get("working_dir"),
        host_network=mode(container) == "host",
        privileged=container.get("is_privileged", False),
        # "a hard ceiling"
        memory=container["resources"]["mem"],
        labels={name: scalar(value) for name, value in container.get("labels", {}).items()},
        mounts=[mount(item, told, uid) for item in container.get("volumes", [])],
        files=files(container, case),
        opens=list(opens(argv, env, case.appliance)),
        references=set(references(container)),
        published=[published(port, container, told) for port in ports if not port.get("internal")],
        internal=[(port["container_port"], port.get("protocol", "tcp")) for port in ports if port.get("internal")],
        needs=needs,
        health=health(container, told) if service else None,
        runs=None if service else runs(container, told),
        stops_in=told.on_stop,
        stop_timeout=container.get("stop_timeout"),
    )


def words(container: Container) -> list[Text]:
    """The words of the program: `cmd`, `entrypoint` and `args`."""
    args = [reference(scalar(item)) for item in container.get("args", [])]
    if "cmd" in container:
        # "replaces the image's entrypoint by `/bin/sh -c <cmd>`"
        return observer.through_shell(reference(container["cmd"]))
    if "entrypoint" in container:
        # "replaces the image's entrypoint, no shell; `args` go behind it"
        return [reference(scalar(item)) for item in container["entrypoint"]] + args
    # "arguments appended to the image's entrypoint"
    return observer.ENTRYPOINT + (args or observer.CMD)


def scalar(value: Any) -> str:
    """A scalar as a string: "numbers and booleans become their JSON text"."""
    return value if isinstance(value, str) else json.dumps(value)


def environment(container: Container, case: Case) -> dict[str, Text | Json]:
    """The variables: `env` and `secret_env`."""
    found: dict[str, Text | Json] = {}
    for name, value in container.get("env", {}).items():
        # "string as is; number, boolean, null, object, array become their JSON text"
        if isinstance(value, str):
            found[name] = reference(value)
        elif isinstance(value, (dict, list)):
            # "JSON-encoded env values are scanned too"
            found[name] = Json(texts(value))
        else:
            found[name] = (json.dumps(value),)
    for name, secret in container.get("secret_env", {}).items():
        # "from the platform's secret store"
        found[name] = (case.secrets[secret["secret"]][secret["key"]],)
    return found


def texts(value: Any) -> Any:
    """A JSON value in which strings are texts."""
    if isinstance(value, str):
        return reference(value)
    if isinstance(value, list):
        return [texts(item) for item in value]
    if isinstance(value, dict):
        return {name: texts(item) for name, item in value.items()}
    return value


def user(container: Container) -> tuple[int | None, int | None]:
    """`user`: "number, `1000:1000`, name". Without a group the image decides which one it is."""
    if "user" not in container:
        return 0, None
    name, _, group = str(container["user"]).partition(":")
    uid = int(name) if name.isdigit() else observer.USERS[name]
    gid = None if not group else int(group) if group.isdigit() else observer.GROUPS[group]
    return uid, gid


# Section 4, Dependencies


def need(other: Expected) -> Need:
    """What is waited for: "A container starts when each dependency *is ready*"."""
    if other.instances == 0:
        return Need(other.id, "nothing")
    if not other.service:
        # "a job when it has succeeded"
        return Need(other.id, "succeeded")
    # "a service when it runs and, if it has a health check, is healthy"
    return Need(other.id, "healthy" if other.health else "runs")


def ready(other: Expected) -> bool:
    """Whether a dependency becomes ready at all."""
    if other.instances == 0:
        return True
    return other.starts and (other.runs is None or (other.runs.succeeds and other.runs.repeats != 0))


# Section 5, Network, ports, references


def reference(text: str) -> Text:
    """References in a string: "`@` followed by the longest run of `[A-Za-z0-9-]`"; "`\\@` is a plain `@`"."""
    pieces: list[str | Ref] = []
    literal = ""
    end = 0
    for match in REFERENCE.finditer(text):
        literal += text[end : match.start()]
        end = match.end()
        if match["id"] is None:
            literal += "@"
            continue
        port = int(match["port"]) if match["port"] else None
        if port is not None and not 1 <= port <= 65535:
            port, end = None, match.end("id")
        pieces += [literal, Ref(match["id"], port)] if literal else [Ref(match["id"], port)]
        literal = ""
    literal += text[end:]
    return (*pieces, literal) if literal or not pieces else tuple(pieces)


def references(container: Container) -> Iterator[Ref]:
    """All references: "in `cmd`, `args`, `env` values and `health_check.command`", in `entrypoint` and in `files`."""

    def within(value: Any) -> Iterator[Ref]:
        if isinstance(value, str):
            yield from (piece for piece in reference(value) if isinstance(piece, Ref))
        for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from within(item)

    for name in ("cmd", "args", "entrypoint", "env"):
        yield from within(container.get(name))
    yield from within([file.get("content") for file in container.get("files", [])])
    yield from within(container.get("health_check", {}).get("command"))


def mode(container: Container) -> str:
    """The network mode: "any case", by default `host`."""
    return str(container.get("network_mode", "host")).lower()


def published(port: dict[str, Any], container: Container, told: Directives) -> Published:
    """A port: "Every port listed is reachable from outside the cluster, at the host's port"."""
    number, protocol = port["container_port"], port.get("protocol", "tcp")
    # "`host`: the host's own network, container_port is the host's port"
    host_port = number if mode(container) == "host" else port.get("host_port", 0) or None
    return Published(number, protocol, host_port, told.listener(number, protocol))


def opens(argv: list[Text], env: dict[str, Text | Json], appliance: Appliance) -> Iterator[Open]:
    """What is behind references: "the address at which that container is reached *from the one that refers*"."""
    found: list[tuple[int | str, Text]] = observer.open_words(argv)
    found += [(name, value) for name, value in env.items() if name.startswith("OPEN_") and not isinstance(value, Json)]
    for index, text in found:
        if not any(isinstance(piece, Ref) for piece in text):
            # The reference was taken out, because the target rejects it.
            continue
        protocol, to, port, bare = observer.opened(text)
        other = container_of(appliance, to)
        if other["type"] == "service" and other.get("instances", 1) > 0:
            yield Open(index, protocol, to, port, bare)


# Section 6, Volumes, and files


def mount(item: dict[str, Any], told: Directives, uid: int | None) -> Mount:
    """A mount: "`host` or `persistent`, any case (default `persistent`), `mode` `RW` (default) or `RO`"."""
    old = "host_path" in item
    kind = "host" if old else str(item.get("type", "persistent")).lower()
    dest = item["container_path"] if old else item["dest"]
    writable = str(item.get("mode", "RW")).upper() == "RW"
    # The root of a volume belongs to root: other users need not be able to write to it.
    tried = dest in told.marks and writable
    marked = tried and (uid == 0 or kind == "host")
    return Mount(dest, writable, (kind, item["host_path"] if old else item["src"]), marked, tried)


def files(container: Container, case: Case) -> list[File]:
    """`files`: "`content` may have references, `source` is [...] byte for byte"; `secret_files`: "the same as a file"."""
    found = []
    for item in container.get("files", []):
        content = reference(item["content"]) if "content" in item else case.beside[item["source"]]
        found.append(File(item["dest"], content, int(item.get("mode", "0644"), 8), "mode" in item, False))
    for item in container.get("secret_files", []):
        value = case.secrets[item["secret"]][item["key"]]
        found.append(File(item["dest"], (value,), int(item.get("mode", "0444"), 8), "mode" in item, True))
    return found


# Section 7, Health check


def health(container: Container, told: Directives) -> Health | None:
    """The health check of a service."""
    check = container.get("health_check")
    ports = container.get("ports", [])
    if check is None:
        # "when true and no `health_check`: a TCP check on the first TCP port; nothing when there is none"
        tcp = [port["container_port"] for port in ports if port.get("protocol", "tcp") == "tcp"]
        if not container.get("default_health_check") or not tcp:
            return None
        return Health("tcp", tcp[0], None, None, told.healthy_after, None, 0)
    interval, failures = check.get("interval_seconds", 60), check.get("max_consecutive_failures", 3)
    timeout, grace = check.get("timeout_seconds", 20), check.get("grace_period_seconds", 300)
    # "failures in this time after the start, before the first success, do not count"
    patience = (interval + timeout) * failures + grace
    protocol = check.get("protocol", "MESOS_TCP").removeprefix("MESOS_")
    times = (told.healthy_after, told.unhealthy_after if told.once else None, patience)
    if protocol == "COMMAND":
        return Health("command", None, None, observer.through_shell(reference(check["command"])), *times)
    port = ports[check.get("port_index", 0)]["container_port"]
    if protocol == "TCP":
        return Health("tcp", port, None, None, *times)
    return Health("http", port, check.get("path", "/"), None, *times)


# Section 3, jobs


def runs(container: Container, told: Directives) -> Runs:
    """The runs of a job, and the tries of each: "`retries`: further tries after a failed run"."""
    tries = container.get("retries", 1) + 1
    fails = told.fail_runs if told.count else 0
    if told.exit_code != 0:
        codes = [told.exit_code] * tries
    else:
        codes = ([1] * fails + [0])[:tries]
    schedule = None
    if "schedule" in container:
        schedule = (container["schedule"], container.get("time_zone", "UTC"))
    start = host_start(container["start_time"]) if container.get("start_time") else None
    # "The job repeats forever", with a `schedule`
    repeats = container.get("repeats", -1 if schedule else 1)
    return Runs(codes, start, repeats, duration(container.get("interval", "2M")), schedule)


def duration(text: str) -> float:
    """Seconds of an "ISO 8601 duration without the `P`"; months have thirty days, which is longer than anyone waits."""
    match = DURATION.fullmatch(text)
    if match is None:
        raise ValueError(text)
    years, months, weeks, days, hours, minutes, seconds = (int(group or 0) for group in match.groups())
    return (years * 365 + months * 30 + weeks * 7 + days) * DAY + hours * 3600 + minutes * 60 + seconds


# A change: what did not change goes on, what changed is new

def expect_change(before: Case, after: Case) -> ChangeExpectations:
    """What the language says of an appliance that becomes another one."""
    old, new = ({c["id"]: c for c in case.appliance["containers"]} for case in (before, after))
    both = [name for name in new if name in old]
    stay = {
        name
        for name in both
        if effective(old[name]) == effective(new[name]) and around(old[name], before) == around(new[name], after)
    }
    then, now = expect(before), expect(after)
    changed = {
        name
        for name in both
        if not alike(inside(old[name], then.containers[name]), inside(new[name], now.containers[name]))
    }
    kept = volumes(before.appliance) & volumes(after.appliance)
    return ChangeExpectations(
        then,
        with_counts(then, now, kept),
        stay,
        changed | (set(new) - set(old)),
        set(old) - set(new),
        kept,
    )


def with_counts(before: Expectations, after: Expectations, kept: set[tuple[str, str]]) -> Expectations:
    """The expectations of jobs that count their runs on a volume that keeps its data: those of before count."""
    found = dict(after.containers)
    for name, expected in after.containers.items():
        earlier = before.containers.get(name)
        if expected.runs is None or earlier is None or earlier.runs is None or not earlier.starts:
            continue
        told, then = observer.directives(expected.argv), observer.directives(earlier.argv)
        on_kept = any(m.volume in kept and str(told.count).startswith(f"{m.dest}/") for m in expected.mounts)
        if told.count and told.count == then.count and on_kept:
            # The tries after those that have failed already.
            tries = len(expected.runs.codes)
            codes = ([1] * max(0, told.fail_runs - len(earlier.runs.codes)) + [0])[:tries]
            found[name] = replace(expected, runs=replace(expected.runs, codes=codes))
    return replace(after, containers=found)


def effective(container: Container) -> Container:
    """The container without what has no effect, and in one spelling."""
    found = {name: value for name, value in container.items() if name not in observer.WITHOUT_EFFECT}
    return found | {"network_mode": mode(container), "volumes": mounted(container)}


def mounted(container: Container) -> list[tuple[Any, ...]]:
    """The volumes of a container, in one spelling."""
    found = [mount(item, Directives(), 0) for item in container.get("volumes", [])]
    return [(item.dest, item.writable, item.volume) for item in found]


def inside(container: Container, expected: Expected) -> dict[str, Any]:
    """What is in a running container, or decides how it runs. A change of all else may be made in place."""
    found: dict[str, Any] = {
        "type": container["type"],
        "image": container["image"],
        "user": str(container.get("user")),
        "cwd": expected.cwd,
        "network": mode(container),
        "privileged": expected.privileged,
        "argv": expected.argv,
        "volumes": [str((each.dest, each.writable, each.volume)) for each in expected.mounts],
    }
    # The order of variables, unlike that in their JSON text, means nothing.
    found["env"] = {name: expected.env[name] for name in sorted(expected.env)}
    files = sorted(expected.files, key=lambda file: file.dest)
    return found | {"files": [[each.dest, each.mode, each.content] for each in files]}


def alike(old: Any, new: Any) -> bool:
    """Whether a process may see the same: a reference may become just what another text has in its place."""
    if isinstance(old, Json) and isinstance(new, Json):
        return alike(old.value, new.value)
    if isinstance(old, tuple) and isinstance(new, tuple):
        return any(pattern(one).fullmatch(example(other)) for one, other in ((old, new), (new, old)))
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(alike, old, new))
    if isinstance(old, dict) and isinstance(new, dict):
        return list(old) == list(new) and all(alike(old[name], new[name]) for name in old)
    return type(old) is type(new) and bool(old == new)


def example(text: Text) -> str:
    """A string that a text can have become."""
    return "".join(
        piece if isinstance(piece, str) else piece.id if piece.port is None else f"{piece.id}:{piece.port}" for piece in text
    )


def around(container: Container, case: Case) -> Any:
    """What the container gets from elsewhere: addresses, volumes, files beside the appliance."""
    text = json.dumps([container.get(name) for name in ("cmd", "args", "entrypoint", "env", "files", "health_check")])
    referred = sorted({match["id"] for match in REFERENCE.finditer(text.replace("\\\\", "\\")) if match["id"]})
    others = {c["id"]: c for c in case.appliance["containers"]}
    addresses = [
        (name, others[name]["type"], mode(others[name]), others[name].get("ports"), others[name].get("instances"))
        for name in referred
        if name in others
    ]
    sources = {item["src"] for item in container.get("volumes", []) if "src" in item}
    volumes = [v for v in case.appliance.get("data_persistence", {}).get("volumes", []) if v["id"] in sources]
    return addresses, volumes, files(container, case)


def volumes(appliance: Appliance) -> set[tuple[str, str]]:
    """The persistent volumes of an appliance."""
    return {("persistent", v["id"]) for v in appliance.get("data_persistence", {}).get("volumes", [])}
