"""Masks, taming, and shrinking."""

from __future__ import annotations

import argparse
import copy
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import masks
import places
import pytest
import run
import simulate
from case import FILE, Case
from change import both
from check import Finding, check
from compare import QUIET, awaited, compare, sift
from difference import KINDS, Difference
from engines.base import Deployment, Place, Quiet
from follow import Tails
from generate import generate
from shrink import shrink, size
from shrinking import shrunk
from tame import explain, silent, tame
from tidy import tidy
from trial import Outcome, Trial

from meaning import expect

PORTS = range(30000, 30100)
IMAGE = "registry.example.org/proof:1"
ENGINES = ["compose", "kubernetes", "nomad"]


def service(name: str, **fields: Any) -> dict[str, Any]:
    """A small container."""
    return {"id": name, "type": "service", "image": IMAGE, "resources": {"cpus": 0.05, "mem": 16}, **fields}


def case(*containers: dict[str, Any], **fields: Any) -> Case:
    """A case of these containers."""
    return Case(0, {"id": "proof", "containers": list(containers), **fields})


@pytest.mark.parametrize("target", ENGINES)
def test_each_mask_is_announced_by_the_table(target: str, applc_path: Path) -> None:
    rows = masks.rows(applc_path, target)
    assert len(rows) > 50
    assert {"carried", "depends", "approximated", "option"} <= {row.support for row in rows}
    found = masks.for_target(target, rows)
    assert found
    for mask in found:
        assert mask.kinds <= KINDS.keys(), mask


def test_a_mask_without_a_row_is_refused() -> None:
    row = masks.Row("compose", "containers[].health_check times and failures", "carried", "replaces it")
    with pytest.raises(ValueError, match="but it is not replaced"):
        masks.for_target("compose", [row])


def test_a_mask_explains_only_its_difference() -> None:
    expected = expect(case(service("a", ports=[{"container_port": 80, "internal": True}], network_mode="bridge")))
    mask = next(m for m in masks.ALL if (m.target, m.field) == ("nomad", "containers[].ports[].internal"))
    assert mask.explains(Difference("internal-published", "a", "", "80/tcp"), expected)
    assert not mask.explains(Difference("argv", "a", ""), expected)
    assert not mask.explains(Difference("internal-published", "unknown", ""), expected)
    assert masks.unneeded([mask], []) == [mask]
    assert masks.unneeded([mask], [mask]) == []


@pytest.mark.parametrize(
    ("fields", "targets"),
    [
        ({"minimum_capacity": 1, "ports": [{"container_port": 80, "host_port": 8080}]}, ["kubernetes", "nomad"]),
        ({"minimum_capacity": 0.4, "network_mode": "host", "ports": [{"container_port": 80}]}, ["kubernetes", "nomad"]),
        ({"minimum_capacity": 1, "network_mode": "bridge", "ports": [{"container_port": 80}], "args": ["@a"]}, ["nomad"]),
        ({"minimum_capacity": 1, "network_mode": "bridge", "ports": [{"container_port": 80}]}, []),
        ({"minimum_capacity": 0.5, "instances": 2, "ports": [{"container_port": 80, "host_port": 8080}]}, []),
        ({"ports": [{"container_port": 80, "host_port": 8080}]}, []),
    ],
)
def test_an_update_that_waits_for_another_node_is_masked(fields: dict[str, Any], targets: list[str]) -> None:
    expected, stays = expect(case(service("a", **fields))), Difference("not-new", "a", "")
    found = [mask for mask in masks.ALL if mask.field == "containers[].minimum_capacity"]
    assert [mask.target for mask in found if mask.explains(stays, expected)] == targets


def test_what_waits_for_an_instance_that_stays_unhealthy_is_masked() -> None:
    check = {"protocol": "COMMAND", "command": "/observer check", "interval_seconds": 1}
    turns = ["--unhealthy-after=4", "--once=/v/once"]
    appliance = case(
        service("turns", args=turns, health_check=check),
        service("a", dependencies=["turns"]),
        service("b", dependencies=["a"]),
        service("c", health_check=check),
        service("d", dependencies=["c"]),
    )
    compose = [mask for mask in masks.ALL if mask.target == "compose"]
    found = [Difference("not-started", name, "") for name in ("a", "b", "d")]
    assert [d.container for d in sift(iter(found), expect(appliance), compose).differences] == ["d"]


def test_a_question_from_the_host_network_to_an_internal_port_is_masked() -> None:
    ports = [{"container_port": 80, "internal": True}, {"container_port": 80, "protocol": "udp"}]
    asks = ["--open=http:@a 80", "--open=udp:@a:80"]
    appliance = case(
        service("a", ports=ports, network_mode="bridge"),
        service("host", network_mode="host", args=asks),
        service("bridge", network_mode="bridge", args=asks),
    )
    expected = expect(appliance)
    found = [
        Difference("unanswered", name, "", item.index)
        for name in ("host", "bridge")
        for item in expected.containers[name].opens
    ]
    compose = [mask for mask in masks.ALL if mask.target == "compose"]
    left = [(d.container, d.at) for d in sift(iter(found), expected, compose).differences]
    assert left == [("host", 2), ("bridge", 1), ("bridge", 2)]


def test_what_follows_from_a_masked_absence_is_masked() -> None:
    absent = case(
        service("none", instances=0),
        service("a", args=["@none", "--listen=tcp:80"], ports=[{"container_port": 80}], network_mode="bridge"),
        service("b", dependencies=["a"], network_mode="bridge"),
        service("c", args=["--open=tcp:@a:80"], network_mode="bridge"),
    )
    expected = expect(absent)
    seen = simulate.observations(expected)
    seen["phases"] = seen["phases"][:1]
    up = seen["phases"][0]
    up["events"] = [e for e in up["events"] if e["name"] == "c" and e["event"] != "opened"]
    up["instances"] = [i for i in up["instances"] if i["name"] == "c"]
    up["published"] = []
    found = {(d.kind, d.container) for d in compare(expected, seen, []).differences}
    assert found == {("not-started", "a"), ("unpublished", "a"), ("not-started", "b"), ("unanswered", "c")}
    nomad = [mask for mask in masks.ALL if mask.target == "nomad"]
    result = compare(expected, seen, nomad)
    assert result.differences == []
    # It may come, though, as long as something starts.
    assert len(awaited(expected, seen, 0, nomad)) == 2
    up["to"] += QUIET
    assert awaited(expected, seen, 0, nomad) == []
    assert {mask.words for _, mask in result.masked} == {"filled in when both are placed, a job until it ends"}
    # Without the reference nothing excuses it.
    del absent.appliance["containers"][1]["args"][0]
    assert len(compare(expect(absent), seen, nomad).differences) == 4


def test_a_container_that_waits_is_placed_and_a_job_may_be_over() -> None:
    never = service("never", dependencies=["fails"])
    fails = {**service("fails", args=["--exit=1:0"]), "type": "job"}
    other = {**service("other", args=["--exit=0:0"]), "type": "job"}
    expected = expect(
        case(
            *(never, fails, other),
            service("a", args=["@never"]),
            service("b", args=["@other"]),
            service("c", args=["@other"], dependencies=["other"]),
            service("d", args=["@waits"]),
            {**service("waits", dependencies=["d"]), "type": "job"},
        )
    )
    nomad = [mask for mask in masks.ALL if mask.target == "nomad"]
    found = [Difference("not-started", name, "") for name in ("a", "b", "c", "d")]
    assert [d.container for d in sift(iter(found), expected, nomad).differences] == ["a", "c", "d"]


def test_what_an_instance_of_before_has_follows_from_it() -> None:
    several = case(service("a", instances=2, args=["@a"], ports=[{"container_port": 80}], network_mode="bridge"))
    expected = expect(several)
    nomad = [mask for mask in masks.ALL if mask.target == "nomad"]
    found = [Difference("env", "a", ""), Difference("not-new", "a", ""), Difference("mount", "a", "")]
    assert [d.kind for d in sift(iter(found), expected, nomad).differences] == ["mount"]
    assert [d.kind for d in sift(iter(found[:1]), expected, nomad).differences] == ["env"]


def test_places_lead_to_rows() -> None:
    appliance = case(
        service(
            "a",
            env={"X": "@a"},
            health_check={"protocol": "MESOS_TCP", "timeout_seconds": 3},
            volumes=[{"src": "./x", "dest": "/x", "type": "host"}, {"src": "v", "dest": "/v", "mode": "RO"}],
            ports=[{"container_port": 80}],
        )
    ).appliance
    text, found = places.written(appliance)
    assert json.loads(text) == appliance

    def rows_at(words: str) -> list[str]:
        start = text.encode().index(words.encode())
        return places.fields(appliance, places.path_at(found, start, start + len(words.encode())))

    assert "containers[].env" in rows_at('"@a"')
    assert rows_at("3")[0] == "containers[].health_check times and failures"
    assert "containers[].health_check.protocol: TCP" in rows_at('"MESOS_TCP"')
    assert "containers[].volumes[].type: host beside the appliance" in rows_at('"./x"')
    assert "containers[].volumes[].mode: RO" in rows_at('"RO"')
    assert "containers[].ports[].host_port" in rows_at("80")
    assert "containers[].type: service" in rows_at('"service"')


def test_an_error_at_a_carried_field_is_not_announced() -> None:
    appliance = case(service("a", working_dir="/x")).appliance
    text, _ = places.written(appliance)
    start = text.index('"/x"')
    error = Finding("E0408", "error", "compose", "no", start, start + 4)
    row = masks.Row("compose", "containers[].working_dir", "carried", "")
    assert not explain(appliance, error, [row]).announced
    depends = masks.Row("compose", "containers[].working_dir", "depends", "")
    assert explain(appliance, error, [depends]).announced
    assert not explain(appliance, error, []).announced


def test_what_is_approximated_in_silence_is_found() -> None:
    appliance = case(service("a", minimum_capacity=0.5, instances=2)).appliance
    row = masks.Row("compose", "containers[].minimum_capacity", "approximated", "no minimum")
    text, _ = places.written(appliance)
    start = text.index('"minimum_capacity"')
    warning = Finding("W0401", "warning", "compose", "no minimum", start, start + 18)
    assert silent(appliance, [warning], [row]) == []
    assert silent(appliance, [], [row]) == ["approximated in silence: containers[].minimum_capacity: no minimum"]
    carried = masks.Row("compose", "containers[].minimum_capacity", "carried", "")
    assert silent(appliance, [], [carried]) == []


@pytest.mark.parametrize("target", ENGINES)
def test_a_tamed_case_is_accepted(target: str, applc_path: Path) -> None:
    rows = masks.rows(applc_path, target)
    kept = 0
    for seed in range(1, 30):
        original = generate(seed, PORTS, IMAGE)
        tamed = tame(original, target, applc_path, rows)
        assert tamed.case is not None, (seed, list(map(str, tamed.rejections)))
        assert [f for f in check(applc_path, tamed.case, [target]) if f.level == "error"] == []
        assert [str(r) for r in tamed.rejections if not r.announced] == [], seed
        assert tamed.silent == [], seed
        # What is left still means something to the reference semantics.
        expect(tamed.case)
        kept += len(tamed.case.appliance["containers"]) == len(original.appliance["containers"])
    assert kept > 20


def test_volumes_that_are_gone_have_no_type() -> None:
    assert tidy({"containers": [], "data_persistence": {"volumes": [], "volume_type": "nfs"}})["data_persistence"] == {"volumes": []}


def test_tidy_takes_out_what_has_no_other_end() -> None:
    broken = case(
        service(
            "a",
            dependencies=["gone", "b"],
            args=[
                "--name=a",
                "--mark=/v",
                "--once=/v/x",
                "--unhealthy-after=4",
                "--open=tcp:@gone:80",
                "--read=/f",
                "@gone \\@x",
                "@b",
            ],
            env={"OPEN_0": "tcp:@gone 80", "URL": "http://@gone:80"},
            volumes=[{"src": "gone", "dest": "/v"}],
        ),
        service("b", cmd="exec /observer '--name=b' '--open=tcp:@gone:80' '--mark=/v' 'it'\\''s' '@a'"),
    ).appliance
    a, b = tidy(broken)["containers"]
    assert a["args"] == ["--name=a", "gone \\@x", "@b"]
    assert a["env"] == {"URL": "http://gone:80"}
    assert a["dependencies"] == ["b"]
    assert "volumes" not in a
    assert b["cmd"] == "exec /observer '--name=b' 'it'\\''s' '@a'"


def test_a_case_shrinks_to_what_fails(applc_path: Path) -> None:
    def fails(candidate: Case) -> bool:
        return any(
            "$$" in json.dumps(container.get("env", {})) and container.get("type") == "service"
            for container in candidate.appliance["containers"]
        )

    original = next(
        c for seed in range(1, 200) if fails(c := generate(seed, PORTS, IMAGE)) and size(c.appliance) > 3000
    )
    before = copy.deepcopy(original)
    small = shrink(original, fails, applc_path)
    assert original == before
    assert fails(small)
    [container] = small.appliance["containers"]
    assert list(container["env"].values()) == ["$$"]
    assert set(container) <= {"id", "type", "image", "resources", "env", "args", "cmd", "entrypoint"}
    assert [f for f in check(applc_path, small, []) if f.level == "error"] == []


def test_a_pair_of_containers_is_kept_where_both_are_required(applc_path: Path) -> None:
    def fails(candidate: Case) -> bool:
        return any(c.get("dependencies") for c in candidate.appliance["containers"])

    original = next(c for seed in range(1, 50) if fails(c := generate(seed, PORTS, IMAGE)))
    small = shrink(original, fails, applc_path)
    assert len(small.appliance["containers"]) == 2
    expect(small)


class Nothing(Deployment):
    """An appliance on no engine."""

    def deploy(self, out: Path) -> None:
        self.handed("sh", "-c", "echo the port is in use >&2; exit 3")
        self.command("sh", "-c", "exit 4")
        self.handed("true")

    def down(self) -> None: ...

    def running(self) -> dict[str, Any]:
        return {}

    def places(self, container: str, port: int, protocol: str) -> list[Place]:
        return []


def test_what_an_engine_refuses_is_a_difference(tmp_path: Path) -> None:
    engine: Any = None
    deployment = Nothing(engine, case(service("a")), tmp_path)
    deployment.deploy(tmp_path)
    assert deployment.refused == ["refused: -c echo the port is in use >&2; exit 3: the port is in use"]
    assert [each.code for each in deployment.commands] == [3, 4, 0]


def test_a_rejected_word_of_a_command_leaves_what_the_observer_is_told(applc_path: Path) -> None:
    rows = masks.rows(applc_path, "nomad")
    start = "# it's a comment\nexec /observer '--name=a' '--exit=0:1'"
    for rejected in ("'e\u0301'", "'--read=/e\u0301'"):
        job = {**service("a", cmd=f"{start} {rejected} 'x'"), "type": "job"}
        tamed = tame(case(job), "nomad", applc_path, rows)
        assert tamed.case is not None
        assert tamed.case.appliance["containers"][0]["cmd"] == start
        assert all(each.announced for each in tamed.rejections)


def test_a_mask_for_several_instances_explains_that_one_runs_and_not_that_none_does() -> None:
    ports = [{"container_port": 80}]
    appliance = case(
        service("a", instances=2, ports=ports, network_mode="host"),
        service("b", dependencies=["a"], args=["--open=tcp:@a:80"]),
    )
    expected = expect(appliance)
    for target in ("kubernetes", "nomad"):
        of_target = [mask for mask in masks.ALL if mask.target == target]
        for kind, left in [("too-few", ["unanswered"]), ("not-started", ["not-started", "not-started", "unanswered"])]:
            found = [Difference(kind, "a", ""), Difference("not-started", "b", ""), Difference("unanswered", "b", "", 2)]
            assert [d.kind for d in sift(iter(found), expected, of_target).differences] == left, (target, kind)


def test_a_mask_for_one_number_twice_on_the_host_explains_only_that() -> None:
    udp = {"container_port": 80, "protocol": "udp"}
    for ask, number, left in [("--open=tcp:@a 80", 80, []), ("--open=tcp:@a:80", 80, ["a", "b"]), ("--open=tcp:@a 80", 81, ["a", "b"])]:
        appliance = case(
            service("a", ports=[{"container_port": 80}], network_mode="bridge"),
            service("b", ports=[{**udp, "host_port": number}], network_mode="bridge", args=[ask]),
        )
        found = [Difference("not-started", name, "") for name in ("a", "b")]
        nomad = [mask for mask in masks.ALL if mask.target == "nomad"]
        assert [d.container for d in sift(iter(found), expect(appliance), nomad).differences] == left, (ask, number)


def test_a_container_may_be_replaced_by_the_first_reference_from_the_host_network_or_by_the_last_that_goes() -> None:
    bridge, host = (service("a", ports=[{"container_port": 80}], network_mode="bridge"), service("h", network_mode="host"))
    plain, asked = (expect(case(bridge, {**host, "args": args})) for args in ([], ["--open=tcp:@a:80"]))
    compose = [mask for mask in masks.ALL if mask.target == "compose"]
    for after, before, left in [(asked, plain, ["h"]), (plain, asked, ["h"]), (plain, plain, ["a", "h"])]:
        found = [Difference("not-kept", name, "") for name in ("a", "h")]
        assert [d.container for d in sift(iter(found), after, compose, before).differences] == left


def test_what_a_mask_kept_from_starting_stays_so_if_its_update_has_no_place() -> None:
    gone = service("gone", instances=0)
    for capacity, args, left in [(1, ["@gone"], []), (0, ["@gone"], ["a"]), (1, [], ["a"])]:
        fields = {"minimum_capacity": capacity, "ports": [{"container_port": 80}]}
        before, after = (expect(case(service("a", **fields, args=words), gone)) for words in (args, []))
        nomad = [mask for mask in masks.ALL if mask.target == "nomad"]
        found = [Difference("not-started", "a", "")]
        assert [d.container for d in sift(iter(found), after, nomad, before).differences] == left, (capacity, args)


class Blind(Nothing):
    """An appliance that nobody sees anything of."""

    def compile(self, case: Case) -> Path:
        return self.folder

    def deploy(self, out: Path) -> None: ...


def blind(tmp_path: Path, appliance: Case, **fields: Any) -> Outcome:
    """What becomes of an appliance on an engine that shows nothing."""
    engine: Any = SimpleNamespace(
        name="nomad", target="nomad", options=(), again=0, settling=Quiet(), tails=Tails(),
        host_space=lambda: "", deployment=lambda case, folder: Blind(engine, case, folder),
    )  # fmt: skip
    nomad = [mask for mask in masks.ALL if mask.target == "nomad"]
    trial = Trial(engine, [], nomad, patience=0.1, **fields)
    trial._tame = lambda case, outcome: case  # type: ignore[method-assign]
    return trial.run(appliance, None, tmp_path / "trial")


def test_seeds_are_those_that_are_named() -> None:
    assert run.seeds("1-3,7") == [1, 2, 3, 7]
    for text in ("3-1", "1-", "", "a", "1,,2"):
        with pytest.raises((argparse.ArgumentTypeError, ValueError)):
            run.seeds(text)


def test_a_pair_that_is_shrunk_is_changed_in_the_same_direction() -> None:
    for seed in (2, 3):
        made = generate(seed, PORTS, IMAGE)
        first, second = both(made, pairs=True)
        assert (first if seed % 2 == 0 else second) is made
        assert both(made, pairs=False) == (made, None)


def test_the_smallest_case_so_far_is_saved(tmp_path: Path, applc_path: Path) -> None:
    made = case(service("a", args=["--name=a", "x"]), service("b", args=["--name=b"]))
    failed = Outcome(made.seed, differences=["argv: a[1]: lost"])
    saved: list[bool] = []

    def tried(candidate: Case, _: Case | None, __: Path) -> Outcome:
        saved.append((tmp_path / FILE).exists())
        return failed

    trial = SimpleNamespace(run=tried, pairs=False, engine=SimpleNamespace(applc=applc_path))
    small = shrunk(trial, made, failed, tmp_path, lambda _: None)  # type: ignore[arg-type]
    assert len(small.appliance["containers"]) == 1
    assert saved[:2] == [False, True]


def test_what_shows_nothing_never_passes(tmp_path: Path) -> None:
    for disturb in (False, True):
        outcome = blind(tmp_path, case(service("a")), disturb=disturb)
        assert [each.split(":")[0] for each in outcome.differences] == ["not-started"], disturb
        assert not outcome.seen
    # Where a mask explains that nothing runs, that is said.
    outcome = blind(tmp_path, case(service("none", instances=0), service("a", args=["@none:80"])))
    assert outcome.differences == []
    assert "nothing to see" in str(outcome)
