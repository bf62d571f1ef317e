"""Pairs: what did not change goes on and keeps its data, and what changed is new."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import simulate
from case import Case
from change import change
from check import check
from compare import compare_change, of_disturbance, unmet_change
from engines.base import Deployment, Place
from expectations import ChangeExpectations, Expectations
from generate import generate
from trial import Outcome, Trial

from meaning import expect, expect_change

PORTS = range(30000, 30100)
IMAGE = "registry.example.org/proof:1"


@cache
def pair(seed: int) -> tuple[Case, Case]:
    """A case and a change of it."""
    before = generate(seed, PORTS, IMAGE)
    return before, change(seed, before)


def without_later(cases: tuple[Case, Case]) -> bool:
    """Whether no job repeats or starts later, which the simulated engine does in its own time."""
    return not any(
        c.get("schedule") or c.get("start_time") or c.get("repeats", 1) != 1
        for case in cases
        for c in case.appliance["containers"]
    )


def shown(expected: ChangeExpectations) -> dict[str, Any]:
    """What a perfect engine shows of a change."""
    engine = simulate.Engine(expected.before)
    up = engine.up()
    return {"boot": simulate.BOOT, "phases": [up, engine.change(expected)]}


def test_a_perfect_engine_shows_no_difference() -> None:
    tried = 0
    for seed in range(1, 120):
        if without_later(pair(seed)):
            tried += 1
            expected = expect_change(*pair(seed))
            assert list(map(str, compare_change(expected, shown(expected), []).differences)) == [], seed
            assert unmet_change(expected, shown(expected), []) == []
    assert tried > 60


def test_changes_are_valid_and_differ(applc_path: Path) -> None:
    kinds = {"stay": 0, "new": 0, "gone": 0}
    for seed in range(1, 60):
        before, after = pair(seed)
        assert before.appliance != after.appliance
        assert [f for f in check(applc_path, after, []) if f.level == "error"] == [], seed
        expected = expect_change(before, after)
        assert not expected.stay & expected.new
        for kind in kinds:
            kinds[kind] += len(getattr(expected, kind))
    assert all(kinds.values()), kinds


def test_the_same_appliance_changes_nothing() -> None:
    case, _ = pair(3)
    changed = copy.deepcopy(case.appliance)
    changed["x-note"] = 1
    changed["containers"].reverse()
    for container in changed["containers"]:
        container["state"] = "running"
        container["network_mode"] = container.get("network_mode", "host").upper()
    expected = expect_change(case, replace(case, appliance=changed))
    assert expected.stay == {c["id"] for c in changed["containers"]}
    assert not expected.new and not expected.gone


def test_an_address_may_be_what_another_text_has_in_its_place() -> None:
    """A process cannot tell `@shop:5432` from `shop:5432` if that is the address: whether it is replaced is not said."""
    base: dict[str, Any] = {"image": IMAGE, "resources": {"cpus": 0.05, "mem": 16}, "network_mode": "bridge"}
    shop = {**base, "id": "shop", "type": "service", "ports": [{"container_port": 5432}]}

    def texts(one: Any, two: Any) -> tuple[set[str], set[str]]:
        cases = [
            Case(0, {"id": "p", "containers": [shop, {**base, "id": "web", "type": "service", "env": {"A": value}}]})
            for value in (one, two)
        ]
        expected = expect_change(*cases)
        return expected.stay & {"web"}, expected.new

    assert texts("to @shop:5432", "to @shop:5432") == ({"web"}, set())
    for one, two in [("to @shop:5432", "to shop:5432"), ("@shop", "other"), ({"at": ["@shop"]}, {"at": ["shop"]})]:
        assert texts(one, two) == texts(two, one) == (set(), set())
    for one, two in [("to @shop:5432", "from shop:5432"), ("@shop", "@shop:5432"), ("@shop", "not one"), ({"at": "@shop"}, ["shop"])]:
        assert texts(one, two) == texts(two, one) == (set(), {"web"})


def test_a_job_counts_the_runs_before_a_change() -> None:
    job = {
        "id": "a",
        "type": "job",
        "image": IMAGE,
        "resources": {"cpus": 0.05, "mem": 16},
        "args": ["--exit=0:0", "--fail-runs=1", "--count=/v/x"],
        "volumes": [{"src": "v", "dest": "/v"}],
    }
    volumes = {"volumes": [{"id": "v"}]}
    before = Case(0, {"id": "p", "containers": [job], "data_persistence": volumes})
    after = replace(before, appliance={**before.appliance, "containers": [{**job, "env": {"A": "b"}}]})
    expected = expect_change(before, after)
    runs = [side.containers["a"].runs for side in (expected.before, expected.after)]
    assert [run.codes for run in runs if run] == [[1, 0], [0]]


def faulty(kind: str, container: str, expected: ChangeExpectations, seen: dict[str, Any]) -> bool:
    """Whether a difference of this kind is found at a container."""
    found = compare_change(expected, seen, []).differences
    return any((d.kind, d.container) == (kind, container) for d in found)


def test_a_needless_restart_is_found() -> None:
    for seed in range(1, 60):
        expected = expect_change(*pair(seed))
        stay = [
            n for n in expected.stay if expected.after.containers[n].service and expected.after.containers[n].runs_now
        ]
        if stay and without_later(pair(seed)):
            needless = replace(expected, stay=expected.stay - {stay[0]}, new=expected.new | {stay[0]})
            assert faulty("not-kept", stay[0], expected, shown(needless))
            return
    raise AssertionError("no case")


def test_a_missing_change_is_found() -> None:
    for seed in range(1, 60):
        expected = expect_change(*pair(seed))
        both = [n for n in expected.new if n in expected.before.containers and expected.after.containers[n].service]
        running = [n for n in both if expected.before.containers[n].runs_now and expected.after.containers[n].runs_now]
        if running and without_later(pair(seed)):
            missing = replace(expected, stay=expected.stay | {running[0]}, new=expected.new - {running[0]})
            assert faulty("not-new", running[0], expected, shown(missing))
            return
    raise AssertionError("no case")


def test_what_is_gone_and_still_runs_is_found() -> None:
    for seed in range(1, 60):
        expected = expect_change(*pair(seed))
        gone = [
            n for n in expected.gone if expected.before.containers[n].service and expected.before.containers[n].runs_now
        ]
        if gone and without_later(pair(seed)):
            assert faulty("gone-runs", gone[0], expected, shown(replace(expected, stay=expected.stay | {gone[0]})))
            return
    raise AssertionError("no case")


def test_lost_data_is_found() -> None:
    for seed in range(1, 120):
        expected = expect_change(*pair(seed))
        seen = shown(expected)
        for event in seen["phases"][1]["events"]:
            if event["event"] == "marks":
                event["marks"] = [m for m in event["marks"] if m["nonce"] == event["nonce"]]
        found = compare_change(expected, seen, []).differences
        if any(d.kind == "data-lost" for d in found):
            return
    raise AssertionError("no case")


def test_after_a_disturbance_everything_holds_again() -> None:
    for seed in range(1, 40):
        case, _ = pair(seed)
        if not without_later((case, case)):
            continue
        expected = expect(case)
        engine = simulate.Engine(expected)
        seen = {"boot": simulate.BOOT, "phases": [engine.up(), engine.disturb()]}
        assert list(map(str, of_disturbance(expected, seen, []).differences)) == [], seed
        # What has not run yet still must.
        for phase in seen["phases"]:
            phase["events"] = [e for e in phase["events"] if not (e["event"] == "exit" and e["name"] in jobs(expected))]
        late = {d.container for d in of_disturbance(expected, seen, []).differences if d.kind == "too-few-runs"}
        assert late == jobs(expected), seed


def jobs(expected: Expectations) -> set[str]:
    """The jobs that run."""
    return {each.id for each in expected.containers.values() if each.runs is not None and each.runs_now}


def beside_a_job() -> ChangeExpectations:
    """A service changes, and the job `a` beside it does not."""
    own = {"image": IMAGE, "resources": {"cpus": 0.05, "mem": 16}}
    job = {**own, "id": "a", "type": "job", "args": ["--name=a", "--exit=0:0"]}
    service = {**own, "id": "s", "type": "service", "args": ["--name=s"]}
    before = Case(0, {"id": "p", "containers": [job, service]})
    after = Case(0, {"id": "p", "containers": [job, {**service, "args": ["--name=s", "x"]}]})
    return expect_change(before, after)


def test_what_has_not_run_before_a_change_must_run_after_it() -> None:
    expected = beside_a_job()
    seen = shown(expected)
    assert compare_change(expected, seen, []).differences == []
    for phase in seen["phases"]:
        phase["events"] = [event for event in phase["events"] if event["name"] != "a"]
    assert [d.kind for d in compare_change(expected, seen, []).differences] == ["too-few-runs"]


def test_what_runs_again_after_a_change_is_one_difference() -> None:
    expected = beside_a_job()
    again = replace(expected, stay=expected.stay - {"a"}, new=expected.new | {"a"})
    assert [d.kind for d in compare_change(expected, shown(again), []).differences] == ["not-kept"]


def test_what_ran_may_go_on_when_it_is_to_wait_for_what_never_gets_ready() -> None:
    own = {"image": IMAGE, "resources": {"cpus": 0.05, "mem": 16}}
    fails = {**own, "id": "a", "type": "job", "args": ["--name=a", "--exit=0:1"]}
    service = {**own, "id": "s", "type": "service", "args": ["--name=s"]}
    for args, found in [(["--name=s"], []), (["--name=s", "x"], ["argv", "not-new"])]:
        waits = {**service, "args": args, "dependencies": ["a"]}
        expected = expect_change(
            Case(0, {"id": "p", "containers": [service]}), Case(0, {"id": "p", "containers": [fails, waits]})
        )
        seen = shown(replace(expected, stay={"s"}))
        assert [d.kind for d in compare_change(expected, seen, []).differences] == found
        assert compare_change(expected, shown(expected), []).differences == []


def test_marks_stay_when_a_volume_becomes_read_only() -> None:
    volume = {"src": "v", "dest": "/v"}
    service = {
        "id": "a",
        "type": "service",
        "image": IMAGE,
        "resources": {"cpus": 0.05, "mem": 16},
        "args": ["--mark=/v"],
        "volumes": [volume],
    }
    before = Case(0, {"id": "p", "containers": [service], "data_persistence": {"volumes": [{"id": "v"}]}})
    read_only = {**service, "volumes": [{**volume, "mode": "RO"}]}
    expected = expect_change(before, replace(before, appliance={**before.appliance, "containers": [read_only]}))
    assert list(map(str, compare_change(expected, shown(expected), []).differences)) == []


def test_an_added_container_is_not_pulled_where_its_image_is_built() -> None:
    added = 0
    for seed in range(1, 400):
        for container in pair(seed)[1].appliance["containers"]:
            if "build" in container and container["id"] == f"new-{seed}":
                added += 1
                assert container["force_pull_image"] is False, seed
    assert added


class Somewhere(Deployment):
    """An appliance on no engine."""

    def compile(self, case: Case) -> Path:
        self.case = case
        return self.folder

    def deploy(self, out: Path) -> None: ...

    def down(self) -> None: ...

    def running(self) -> dict[str, Any]:
        return {}

    def places(self, container: str, port: int, protocol: str) -> list[Place]:
        return []


def test_folders_that_only_a_change_mounts_exist_before_it(tmp_path: Path) -> None:
    folder = str(tmp_path / "new")
    service = {"id": "a", "type": "service", "image": IMAGE, "resources": {"cpus": 0.05, "mem": 16}}
    before = Case(0, {"id": "p", "containers": [service]})
    mounted = {**service, "volumes": [{"type": "host", "src": folder, "dest": "/v"}]}
    after = replace(before, appliance={"id": "p", "containers": [mounted]}, host_paths=[folder])
    seen = shown(expect_change(before, after))
    observer: Any = SimpleNamespace(how={}, phase=lambda *_: None, document=lambda: seen)
    engine: Any = None
    Trial(engine, [], [], 1)._change(Somewhere(engine, before, tmp_path), observer, before, after, Outcome(0))
    assert Path(folder).stat().st_mode & 0o777 == 0o777
