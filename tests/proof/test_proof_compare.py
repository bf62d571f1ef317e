"""A perfect engine shows no difference, and each fault that is put into what it shows is found."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
import masks
import simulate
from case import Case
from compare import awaited, compare, compare_change, unmet
from difference import KINDS
from expectations import Expectations, Expected
from generate import generate

from meaning import expect, expect_change

PORTS = range(30000, 30100)
IMAGE = "registry.example.org/proof:1"
NOW = datetime.fromtimestamp(simulate.BOOT + simulate.START, UTC)

Events = list[dict[str, Any]]


@cache
def expected(seed: int) -> Expectations:
    """What is expected of the case of a seed."""
    return expect(generate(seed, PORTS, IMAGE).at(NOW))


@cache
def stored(seed: int) -> bytes:
    """What a perfect engine shows of it."""
    return pickle.dumps(simulate.observations(expected(seed)))


def perfect(seed: int) -> dict[str, Any]:
    """A copy of what a perfect engine shows."""
    found: dict[str, Any] = pickle.loads(stored(seed))
    return found


def test_a_perfect_engine_shows_no_difference() -> None:
    for seed in range(1, 301):
        result = compare(expected(seed), perfect(seed), [])
        assert list(map(str, result.differences)) == [], seed


def test_nothing_is_left_to_wait_for() -> None:
    for seed in range(1, 60):
        up = {**perfect(seed), "phases": perfect(seed)["phases"][:1]}
        assert unmet(expected(seed), up, []) == [], seed


def test_a_scheduled_run_is_waited_for_until_it_comes_or_is_late() -> None:
    job = {"id": "a", "type": "job", "image": "x", "resources": {"cpus": 1, "mem": 16}, "args": ["--name=a", "--exit=0:0"]}
    wanted = expect(Case(0, {"id": "p", "containers": [{**job, "schedule": "* * * * *"}]}))
    boot = 1_800_000_000.0
    # The engine may not know the job at the first full minute yet.
    for end, waits, late in [(30, True, False), (61, True, False), (139, True, False), (142, False, True)]:
        phase = {"name": "up", "from": 20.0, "to": float(end), "events": [], "instances": [], "published": []}
        seen = {"boot": boot, "phases": [phase]}
        assert bool(awaited(wanted, seen, 3)) == waits, end
        assert [d.kind for d in compare(wanted, seen, []).differences if d.kind == "late-run"] == ["late-run"] * late, end
        start = {"event": "start", "name": "a", "nonce": "n", "t": 62.0, "argv": [], "env": []}
        if end > 62:
            assert awaited(wanted, {"boot": boot, "phases": [{**phase, "events": [start]}]}, 3) == []


def test_a_start_that_was_over_when_the_engine_got_the_job_may_be_missed() -> None:
    service = {"id": "s", "type": "service", "image": "x", "resources": {"cpus": 1, "mem": 16}, "args": ["--name=s"]}
    job = {**service, "id": "a", "type": "job", "args": ["--name=a", "--exit=0:0"], "repeats": 2, "interval": "T1H"}
    boot = datetime.fromisoformat("2030-01-31T04:00:00Z").timestamp()
    # It starts at 18 s.
    wanted = expect(Case(0, {"id": "p", "containers": [{**job, "start_time": "2030-01-31T04:00:18Z"}]}))
    for handed, end, waits, late in [(1, 30, True, False), (1, 40, False, True), (19, 40, False, False)]:
        phase = {"name": "up", "from": 0.0, "handed": float(handed), "to": float(end)}
        seen = {"boot": boot, "phases": [{**phase, "events": [], "instances": [], "published": []}]}
        assert bool(awaited(wanted, seen, 3)) == waits, (handed, end)
        assert [d.kind for d in compare(wanted, seen, []).differences] == ["late-run"] * late, (handed, end)
    # Nor does it start before what it waits for is ready.
    dependent = {**job, "start_time": "2030-01-31T04:00:18Z", "dependencies": ["s"]}
    wanted = expect(Case(0, {"id": "p", "containers": [service, dependent]}))
    start = {"event": "start", "name": "s", "nonce": "n", "t": 19.5, "argv": [], "env": []}
    phase = {"name": "up", "from": 0.0, "to": 60.0, "events": [], "instances": [], "published": []}
    for events in ([], [start]):
        seen = {"boot": boot, "phases": [{**phase, "events": events}]}
        assert "late-run" not in [d.kind for d in compare(wanted, seen, []).differences]


def test_a_start_within_a_minute_that_had_begun_may_be_missed_where_runs_start_at_whole_minutes() -> None:
    job = {"id": "a", "type": "job", "image": "x", "resources": {"cpus": 1, "mem": 16}, "args": ["--name=a", "--exit=0:0"]}
    boot = datetime.fromisoformat("2030-01-31T04:00:00Z").timestamp()
    kubernetes = [mask for mask in masks.ALL if mask.target == "kubernetes"]
    wanted = expect(Case(0, {"id": "p", "containers": [{**job, "repeats": -1, "interval": "T1H", "start_time": "2030-01-31T04:01:18Z"}]}))
    for handed, missing in [(55, True), (59, True), (61, False), (77, False)]:
        phase = {"name": "up", "from": 0.0, "handed": float(handed), "to": 140.0, "events": [], "instances": [], "published": []}
        result = compare(wanted, {"boot": boot, "phases": [phase]}, kubernetes)
        assert [d.kind for d in result.differences] == ["late-run"] * missing, handed
        assert [d.kind for d, _ in result.masked] == ["late-run"] * (not missing), handed


def test_no_one_need_answer_a_job_that_ran_while_the_other_was_replaced() -> None:
    both = {"image": "x", "resources": {"cpus": 1, "mem": 16}, "network_mode": "container"}
    service = {
        **both, "id": "s", "type": "service", "ports": [{"container_port": 80}], "volumes": [{"src": "v", "dest": "/v"}],
        "health_check": {"protocol": "TCP", "interval_seconds": 1, "timeout_seconds": 1, "max_consecutive_failures": 1},
        "args": ["--name=s", "--listen=tcp:80", "--unhealthy-after=4", "--once=/v/once", "--mark=/v"],
    }  # fmt: skip
    job = {**both, "id": "a", "type": "job", "args": ["--name=a", "--exit=0:2", "--open=tcp:@s:80"]}
    volumes = {"volumes": [{"id": "v", "scope": "local"}]}
    wanted = expect(Case(0, {"id": "p", "containers": [service, job], "data_persistence": volumes}))
    # The service fails at 5 s, and is replaced at 20 s.
    for begin, answered in [(4, True), (6, False), (17, False), (19, True)]:
        events = [
            {"event": "start", "name": "s", "nonce": "1", "t": 1.0, "argv": [], "env": []},
            {"event": "exit", "name": "s", "nonce": "1", "t": 8.0, "code": 0},
            {"event": "start", "name": "s", "nonce": "2", "t": 20.0, "argv": [], "env": []},
            {"event": "start", "name": "a", "nonce": "n", "t": float(begin), "argv": [], "env": []},
            {"event": "exit", "name": "a", "nonce": "n", "t": begin + 2.0, "code": 0},
        ]
        instances = [{"name": name, "nonce": nonce, "ended": end} for name, nonce, end in [("s", "1", 8.0), ("a", "n", begin + 2.0)]]
        phase = {"name": "up", "from": 0.0, "to": 60.0, "events": events, "instances": instances, "published": []}
        found = compare(wanted, {"boot": 0.0, "phases": [phase]}, []).differences
        assert [d.container for d in found if d.kind == "unanswered"] == ["a"] * answered, begin


def test_a_try_of_what_is_replaced_is_as_it_was() -> None:
    job = {"id": "a", "type": "job", "image": "x", "resources": {"cpus": 1, "mem": 16}, "retries": 1, "args": ["--name=a", "--exit=1:0"]}
    before, after = (Case(0, {"id": "p", "containers": [{**job, "env": {"A": value}}]}) for value in ("1", "2"))
    # It is tried again after the change has begun, and then replaced.
    tries = [("1", "old", 2.0, "1"), ("2", "old", 11.0, "1"), ("3", "new", 12.0, "2"), ("4", "new", 14.0, "2")]

    def phase(name: str, begin: float, end: float) -> dict[str, Any]:
        inside = [each for each in tries if begin <= each[2] < end]
        events = []
        for nonce, _, at, value in inside:
            events.append({"event": "start", "name": "a", "nonce": nonce, "t": at, "argv": [], "env": {"A": value}})
            events.append({"event": "exit", "name": "a", "nonce": nonce, "t": at + 0.1, "code": 1})
        instances = [{"name": "a", "nonce": nonce, "key": key, "ended": at + 0.1} for nonce, key, at, _ in inside]
        return {"name": name, "from": begin, "to": end, "events": events, "instances": instances, "published": []}

    observations = {"boot": 0.0, "phases": [phase("up", 0, 10), phase("change", 10, 60)]}
    found = compare_change(expect_change(before, after), observations, []).differences
    assert [each for each in found if each.kind == "env"] == []


def test_another_try_of_a_failed_job_is_waited_for() -> None:
    job = {"id": "a", "type": "job", "image": "x", "resources": {"cpus": 1, "mem": 16}, "retries": 0}
    wanted = expect(Case(0, {"id": "p", "containers": [{**job, "args": ["--name=a", "--exit=3:0"]}]}))
    events = [
        {"event": "start", "name": "a", "nonce": "n", "t": 2.0, "argv": [], "env": []},
        {"event": "exit", "name": "a", "nonce": "n", "t": 3.0, "code": 3},
    ]
    for end, waits in [(3, True), (22, True), (24, False)]:
        phase = {"name": "up", "from": 0.0, "to": float(end), "events": events, "instances": [], "published": []}
        assert bool(awaited(wanted, {"boot": 0.0, "phases": [phase]}, 20)) == waits, end


def test_everything_is_to_be_waited_for_at_the_start() -> None:
    for seed in range(1, 60):
        phase = {"name": "up", "from": 1000.0, "to": 1000.1, "events": [], "instances": [], "published": []}
        nothing = {"phases": [phase], "boot": simulate.BOOT}
        runs = [c for c in expected(seed).containers.values() if c.runs_now]
        assert bool(unmet(expected(seed), nothing, [])) == bool(runs), seed


class Shown:
    """The observations of a case, in which a fault is made."""

    def __init__(self, seed: int) -> None:
        self.seen = perfect(seed)
        self.expected = expected(seed)
        self.up, self.down = self.seen["phases"]

    def containers(self, which: Callable[[Expected], Any]) -> list[Expected]:
        """The containers that run and to which the fault applies."""
        return [c for c in self.expected.containers.values() if c.runs_now and which(c)]

    def events(self, name: str, kind: str) -> Events:
        """The events of a container in the phase `up`, which are those of its first process first."""
        return [e for e in self.up["events"] if e["name"] == name and e["event"] == kind]

    def last_start(self, name: str) -> dict[str, Any]:
        """The start of the last process of a container."""
        return max(self.events(name, "start"), key=lambda event: event["t"])

    def remove(self, gone: Events) -> None:
        """The events did not happen."""
        self.up["events"] = [e for e in self.up["events"] if e not in gone]


# A fault changes what was shown, and returns the container, or None if the case has nothing to it.
Fault = Callable[[Shown], str | None]
FAULTS: list[tuple[str, Fault]] = []


def fault(kind: str) -> Callable[[Fault], Fault]:
    """Registers a fault, and the kind of difference that it makes."""

    def register(function: Fault) -> Fault:
        FAULTS.append((kind, function))
        return function

    return register


def first(found: list[Expected]) -> Expected | None:
    return found[0] if found else None


@fault("argv")
def a_word_has_changed(shown: Shown) -> str | None:
    if (container := first(shown.containers(lambda c: len(c.argv) > 1))) is None:
        return None
    shown.last_start(container.id)["argv"][1] += " "
    return container.id


@fault("argv")
def a_word_was_split(shown: Shown) -> str | None:
    if (container := first(shown.containers(lambda c: len(c.argv) > 1))) is None:
        return None
    argv = shown.last_start(container.id)["argv"]
    argv[1:2] = [argv[1], "more"]
    return container.id


@fault("argv")
def a_word_was_dropped(shown: Shown) -> str | None:
    if (container := first(shown.containers(lambda c: ("",) in c.argv))) is None:
        return None
    shown.last_start(container.id)["argv"].remove("")
    return container.id


@fault("env")
def a_dollar_was_lost(shown: Shown) -> str | None:
    for container in shown.containers(lambda c: c.env):
        env = shown.last_start(container.id)["env"]
        for name in container.env:
            if "$" in env[name]:
                env[name] = env[name].replace("$", "", 1)
                return container.id
    return None


@fault("env")
def a_variable_is_missing(shown: Shown) -> str | None:
    if (container := first(shown.containers(lambda c: c.env))) is None:
        return None
    del shown.last_start(container.id)["env"][next(iter(container.env))]
    return container.id


@fault("env")
def a_number_became_another_text(shown: Shown) -> str | None:
    for container in shown.containers(lambda c: c.env):
        for name, value in container.env.items():
            if value == ("1.5",):
                shown.last_start(container.id)["env"][name] = "1.50"
                return container.id
    return None


@fault("env")
def an_address_is_empty(shown: Shown) -> str | None:
    for container in shown.containers(lambda c: any(name.startswith("OPEN_") for name in c.env)):
        name = next(name for name in container.env if name.startswith("OPEN_"))
        shown.last_start(container.id)["env"][name] = "tcp::80"
        return container.id
    return None


def setting(kind: str, name: str, value: Any) -> None:
    """A fault in what a process says of itself."""

    @fault(kind)
    def other(shown: Shown) -> str | None:
        def applies(c: Expected) -> bool:
            return getattr(c, kind, True) is not None

        if (container := first(shown.containers(applies))) is None:
            return None
        start = shown.last_start(container.id)
        start[name] = value(start[name])
        return container.id


setting("uid", "uid", lambda uid: uid + 1)
setting("gid", "gid", lambda gid: gid + 1)
setting("cwd", "cwd", lambda cwd: cwd + "/x")
setting("network", "net", lambda net: "host" if net == "own" else "own")
setting("privileged", "privileged", lambda yes: not yes)
setting("memory", "mem_limit", lambda _: None)
setting("memory", "mem_limit", lambda limit: limit * 2)


@fault("label")
def a_label_is_lost(shown: Shown) -> str | None:
    if (container := first(shown.containers(lambda c: c.labels))) is None:
        return None
    for instance in shown.up["instances"] + shown.down["instances"]:
        if instance["name"] == container.id:
            instance["labels"] = {}
    return container.id


@fault("file")
def a_file_has_another_content(shown: Shown) -> str | None:
    if (container := first(shown.containers(lambda c: c.files))) is None:
        return None
    for event in shown.events(container.id, "read"):
        event |= {"sha256": "0", "text": (event["text"] or "") + "\0"}
    return container.id


@fault("file")
def a_file_cannot_be_read(shown: Shown) -> str | None:
    if (container := first(shown.containers(lambda c: c.files))) is None:
        return None
    for event in shown.events(container.id, "read"):
        event["error"] = "permission denied"
    return container.id


@fault("not-read")
def a_file_was_not_read(shown: Shown) -> str | None:
    if (container := first(shown.containers(lambda c: c.files))) is None:
        return None
    shown.remove(shown.events(container.id, "read"))
    return container.id


@fault("file-mode")
def a_file_has_other_permissions(shown: Shown) -> str | None:
    if (container := first(shown.containers(lambda c: c.files))) is None:
        return None
    for event in shown.events(container.id, "read"):
        event["mode"] = "0777"
    return container.id


@fault("file-owner")
def a_file_belongs_to_someone(shown: Shown) -> str | None:
    if (container := first(shown.containers(lambda c: c.files))) is None:
        return None
    for event in shown.events(container.id, "read"):
        event["uid"] = 1000
    return container.id


@fault("mount-mode")
def a_read_only_volume_can_be_written(shown: Shown) -> str | None:
    if (container := first(shown.containers(lambda c: any(not m.writable for m in c.mounts)))) is None:
        return None
    for event in shown.events(container.id, "stat"):
        event["mode"] = "rw"
    return container.id


@fault("mount-mode")
def a_volume_cannot_be_written(shown: Shown) -> str | None:
    if (container := first(shown.containers(lambda c: any(m.marked for m in c.mounts)))) is None:
        return None
    for event in shown.events(container.id, "marks"):
        event |= {"writable": False, "error": "read-only file system"}
    return container.id


@fault("mount")
def a_volume_is_a_plain_folder(shown: Shown) -> str | None:
    if (container := first(shown.containers(lambda c: c.mounts))) is None:
        return None
    for event in shown.events(container.id, "stat"):
        event |= {"mode": None, "error": "not a mount"}
    return container.id


@fault("not-shared")
def a_mark_is_lost(shown: Shown) -> str | None:
    for container in shown.containers(lambda c: c.mounts):
        for event in shown.events(container.id, "marks"):
            if foreign := [m for m in event["marks"] if m["name"] != container.id]:
                for later in shown.events(container.id, "marks"):
                    later["marks"] = [m for m in later["marks"] if m not in foreign]
                return container.id
    return None


@fault("shared")
def a_volume_of_another_appliance(shown: Shown) -> str | None:
    for container in shown.containers(lambda c: any(m.volume[0] == "persistent" for m in c.mounts)):
        for event in shown.events(container.id, "marks"):
            event["marks"].append({"name": container.id, "nonce": "from elsewhere"})
        return container.id
    return None


@fault("no-mark")
def a_volume_was_not_looked_at(shown: Shown) -> str | None:
    if (container := first(shown.containers(lambda c: c.mounts))) is None:
        return None
    shown.remove(shown.events(container.id, "marks"))
    return container.id


@fault("wrong-answer")
def another_container_answers(shown: Shown) -> str | None:
    for container in shown.containers(lambda c: c.opens):
        for event in shown.events(container.id, "opened"):
            event["answer"]["name"] += "-x"
            return container.id
    return None


@fault("wrong-answer")
def another_port_answers(shown: Shown) -> str | None:
    for container in shown.containers(lambda c: c.opens):
        for event in shown.events(container.id, "opened"):
            event["answer"]["port"] += 1
            return container.id
    return None


@fault("wrong-answer")
def another_appliance_answers(shown: Shown) -> str | None:
    for container in shown.containers(lambda c: c.opens):
        for event in shown.events(container.id, "opened"):
            event["answer"]["nonce"] = "from elsewhere"
            return container.id
    return None


@fault("unanswered")
def no_one_answers(shown: Shown) -> str | None:
    for container in shown.containers(lambda c: c.opens):
        if events := shown.events(container.id, "opened"):
            shown.remove(events)
            return container.id
    return None


@fault("unpublished")
def a_port_is_not_published(shown: Shown) -> str | None:
    if not shown.up["published"]:
        return None
    item = shown.up["published"][0]
    item |= {"host_port": None, "answer": None}
    return str(item["container"])


@fault("wrong-answer")
def another_container_is_published(shown: Shown) -> str | None:
    if not shown.up["published"]:
        return None
    item = shown.up["published"][0]
    item["answer"]["name"] += "-x"
    return str(item["container"])


@fault("port")
def a_fixed_host_port_is_another(shown: Shown) -> str | None:
    for container in shown.containers(lambda c: c.service):
        for port in container.published:
            if port.host_port is not None:
                for item in shown.up["published"]:
                    if item["container"] == container.id and item["port"] == port.port:
                        item["host_port"] += 1
                return container.id
    return None


@fault("internal-published")
def an_internal_port_is_published(shown: Shown) -> str | None:
    if (container := first(shown.containers(lambda c: c.internal))) is None:
        return None
    number, protocol = container.internal[0]
    answer = {"name": container.id, "nonce": "n1", "port": number}
    item = {"container": container.id, "port": number, "protocol": protocol, "host_port": 1, "answer": answer}
    shown.up["published"].append(item)
    return container.id


def begin(shown: Shown, name: str, at: float) -> None:
    """All processes of a container start at another time."""
    for event in shown.events(name, "start"):
        event["t"] = at


@fault("order")
def it_starts_before_a_job_has_succeeded(shown: Shown) -> str | None:
    for container in shown.containers(lambda c: any(n.when == "succeeded" for n in c.needs)):
        begin(shown, container.id, 1000.2)
        return container.id
    return None


@fault("order")
def it_starts_before_a_service_is_healthy(shown: Shown) -> str | None:
    for container in shown.containers(lambda c: c.needs):
        for need in container.needs:
            health = shown.expected.containers[need.id].health
            if need.when == "healthy" and health and health.healthy_after >= 1:
                begin(shown, container.id, shown.events(need.id, "start")[0]["t"] + 0.1)
                return container.id
    return None


@fault("order")
def it_starts_before_a_service_runs(shown: Shown) -> str | None:
    for container in shown.containers(lambda c: any(n.when == "runs" for n in c.needs)):
        begin(shown, container.id, shown.events(container.needs[0].id, "start")[0]["t"] - 3)
        return container.id if container.needs[0].when == "runs" else None
    return None


@fault("not-started")
def an_instance_is_missing(shown: Shown) -> str | None:
    return missing(shown, first(shown.containers(lambda c: c.service and c.instances == 1)))


@fault("too-few")
def one_of_several_instances_is_missing(shown: Shown) -> str | None:
    return missing(shown, first(shown.containers(lambda c: c.service and c.instances > 1)))


def missing(shown: Shown, container: Expected | None) -> str | None:
    """The last instance of a container did not start."""
    if container is None:
        return None
    nonce = shown.last_start(container.id)["nonce"]
    shown.remove([e for e in shown.up["events"] if e["nonce"] == nonce])
    return container.id


def once_more(shown: Shown, name: str, later: float, key: str | None) -> None:
    """The last process of a container, once more."""
    start = copy.deepcopy(shown.last_start(name))
    instance = next(i for i in shown.up["instances"] if i["nonce"] == start["nonce"])
    start |= {"nonce": "more", "t": start["t"] + later}
    shown.up["events"].append(start)
    more = {**instance, "nonce": "more", "key": key or instance["key"], "ended": None}
    shown.up["instances"].append(more)
    shown.down["instances"].append(more)


@fault("too-many")
def there_is_an_instance_more(shown: Shown) -> str | None:
    if (container := first(shown.containers(lambda c: c.service))) is None:
        return None
    once_more(shown, container.id, 1, "another")
    return container.id


@fault("restarted")
def an_instance_was_restarted(shown: Shown) -> str | None:
    def steady(c: Expected) -> bool:
        return c.service and (c.health is None or c.health.unhealthy_after is None)

    if (container := first(shown.containers(steady))) is None:
        return None
    once_more(shown, container.id, 1, None)
    return container.id


@fault("started")
def what_has_no_instances_starts(shown: Shown) -> str | None:
    for container in shown.expected.containers.values():
        if container.instances == 0 and shown.up["events"]:
            start = copy.deepcopy(next(e for e in shown.up["events"] if e["event"] == "start"))
            shown.up["events"].append({**start, "name": container.id, "nonce": "more"})
            return container.id
    return None


@fault("too-many-runs")
def a_job_runs_once_more(shown: Shown) -> str | None:
    if (container := first(shown.containers(lambda c: c.runs and c.runs.once))) is None:
        return None
    once_more(shown, container.id, 5, "another")
    end = copy.deepcopy(shown.events(container.id, "exit")[-1])
    shown.up["events"].append({**end, "nonce": "more", "t": end["t"] + 5})
    return container.id


@fault("too-few-runs")
def a_failed_job_is_not_tried_again(shown: Shown) -> str | None:
    if (container := first(shown.containers(lambda c: c.runs and c.runs.once and len(c.runs.codes) > 1))) is None:
        return None
    nonce = shown.last_start(container.id)["nonce"]
    shown.remove([e for e in shown.up["events"] if e["nonce"] == nonce])
    return container.id


@fault("result")
def a_job_ends_with_another_code(shown: Shown) -> str | None:
    if (container := first(shown.containers(lambda c: c.runs and c.runs.once))) is None:
        return None
    shown.events(container.id, "exit")[-1]["code"] = 77
    return container.id


@fault("early")
def a_job_starts_before_its_time(shown: Shown) -> str | None:
    if (container := first(shown.containers(lambda c: c.runs and c.runs.start is not None))) is None:
        return None
    begin(shown, container.id, 1000.5)
    return container.id


@fault("too-many-runs")
def a_scheduled_job_runs_at_once(shown: Shown) -> str | None:
    for container in shown.expected.containers.values():
        daily = container.runs and container.runs.schedule and container.runs.schedule[0].startswith(("0", "30"))
        if daily and container.starts and container.instances:
            start = copy.deepcopy(next(e for e in shown.up["events"] if e["event"] == "start"))
            shown.up["events"].append({**start, "name": container.id, "nonce": "more"})
            return container.id
    return None


@fault("unchecked")
def a_check_asks_for_another_path(shown: Shown) -> str | None:
    for container in shown.containers(lambda c: c.health and c.health.how == "http"):
        for event in shown.events(container.id, "asked"):
            event["path"] += "x"
        return container.id
    return None


@fault("check")
def a_check_runs_another_command(shown: Shown) -> str | None:
    for container in shown.containers(lambda c: c.health and c.health.how == "command"):
        for event in shown.events(container.id, "checked"):
            event["argv"].append("more")
        return container.id
    return None


@fault("not-replaced")
def an_unhealthy_instance_stays(shown: Shown) -> str | None:
    for container in shown.containers(lambda c: c.health and c.health.unhealthy_after is not None):
        nonce = shown.last_start(container.id)["nonce"]
        shown.remove([e for e in shown.up["events"] if e["nonce"] == nonce])
        return container.id
    return None


@fault("stop-order")
def it_stops_after_what_it_depends_on(shown: Shown) -> str | None:
    for container in shown.containers(lambda c: c.service and c.needs):
        for need in container.needs:
            stops = [e for e in shown.down["events"] if e["name"] == need.id and e["event"] == "stop"]
            if stops:
                for event in stops:
                    event["t"] -= 100
                return container.id
    return None


@fault("killed")
def it_is_killed_before_its_time(shown: Shown) -> str | None:
    for container in shown.containers(lambda c: c.service and c.stop_timeout and c.stops_in < c.stop_timeout):
        shown.down["events"] = [e for e in shown.down["events"] if e["name"] != container.id or e["event"] != "exit"]
        return container.id
    return None


@fault("stopped-late")
def it_has_more_time_to_stop(shown: Shown) -> str | None:
    for container in shown.containers(lambda c: c.service and c.stop_timeout and c.stops_in > c.stop_timeout):
        for event in [e for e in shown.down["events"] if e["name"] == container.id and e["event"] == "stop"]:
            shown.down["events"].append({**event, "event": "exit", "code": 0, "t": event["t"] + 20})
        return container.id
    return None


@pytest.mark.parametrize(("kind", "made"), FAULTS, ids=[made.__name__ for _, made in FAULTS])
def test_a_fault_is_found(kind: str, made: Fault) -> None:
    assert kind in KINDS
    tried = 0
    for seed in range(1, 301):
        shown = Shown(seed)
        name = made(shown)
        if name is None:
            continue
        tried += 1
        found = compare(shown.expected, shown.seen, []).differences
        assert any((d.kind, d.container) == (kind, name) for d in found), (seed, name, list(map(str, found)))
        if tried == 3:
            break
    assert tried > 0, "no case has what the fault is about"


def test_cases_of_one_seed_are_equal() -> None:
    assert isinstance(generate(1, PORTS, IMAGE), Case)
    assert expected(5) == expect(generate(5, PORTS, IMAGE).at(NOW))
