"""The reference semantics, sentence by sentence of the definition."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import schedules
from case import THIS_HOUR, Case
from expectations import Expected, Json, Open, Ref, Runs, pattern

from meaning import duration, expect, reference


def expected(*containers: dict[str, Any], **around: Any) -> dict[str, Expected]:
    """What is expected of these containers."""
    base = {"type": "service", "image": "x", "resources": {"cpus": 1, "mem": 16}}
    appliance = {"id": "p", "containers": [base | container for container in containers]}
    return expect(Case(0, appliance, **around)).containers


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ("",)),
        ("@web", (Ref("web"),)),
        ("zk://@zookeeper:2181/mesos", ("zk://", Ref("zookeeper", 2181), "/mesos")),
        ("@worker01 @worker02", (Ref("worker01"), " ", Ref("worker02"))),
        ("@a-b.c", (Ref("a-b"), ".c")),
        ("user\\@example.org", ("user@example.org",)),
        ("\\\\@x", ("\\@x",)),
        ("a @ b", ("a @ b",)),
        ("@a:x", (Ref("a"), ":x")),
        ("@a:99999", (Ref("a"), ":99999")),
        ("@a:80x", (Ref("a"), ":80x")),
        ("@a 80", (Ref("a"), " 80")),
    ],
)
def test_references(text: str, wanted: Any) -> None:
    assert reference(text) == wanted


def test_words_come_from_args_entrypoint_or_cmd() -> None:
    found = expected(
        {"id": "a", "args": ["x y", 4, True, "", "@b:80"]},
        {"id": "b", "entrypoint": ["/observer", 1.5], "args": ["z"]},
        {"id": "c", "cmd": "set -e; exec /observer 'it'\\''s' '@a  $X' ''"},
        {"id": "d"},
        {"id": "e", "entrypoint": ["/observer"]},
    )
    assert found["a"].argv == [("/observer",), ("x y",), ("4",), ("true",), ("",), (Ref("b", 80),)]
    assert found["b"].argv == [("/observer",), ("1.5",), ("z",)]
    assert found["c"].argv == [("/observer",), ("it's",), (Ref("a"), "  $X"), ("",)]
    assert found["d"].argv == [("/observer",), ("--image-cmd",)]
    assert found["e"].argv == [("/observer",)]


def test_values_of_variables_become_json_text() -> None:
    env = {"S": "a", "N": 1, "F": 1.5, "B": False, "Z": None, "O": {"a": "@a"}, "L": []}
    found = expected({"id": "a", "env": env})["a"].env
    assert found["S"] == ("a",) and found["N"] == ("1",) and found["F"] == ("1.5",)
    assert found["B"] == ("false",) and found["Z"] == ("null",)
    assert found["O"] == Json({"a": (Ref("a"),)}) and found["L"] == Json([])


def test_secrets_have_the_values_of_the_store() -> None:
    found = expected(
        {
            "id": "a",
            "secret_env": {"P": {"secret": "s", "key": "k"}},
            "secret_files": [{"dest": "/p", "secret": "s", "key": "k"}],
        },
        secrets={"s": {"k": "v@$"}},
    )["a"]
    assert found.env["P"] == ("v@$",)
    assert (found.files[0].content, found.files[0].mode) == (("v@$",), 0o444)


def test_a_dependency_is_ready() -> None:
    check = {"protocol": "COMMAND", "command": "/observer check"}
    found = expected(
        {"id": "plain"},
        {"id": "checked", "health_check": check},
        {"id": "job", "type": "job", "args": ["--exit=0:1"]},
        {"id": "none", "instances": 0},
        {"id": "all", "dependencies": ["plain", "checked", "job", "none"]},
    )
    assert [need.when for need in found["all"].needs] == ["runs", "healthy", "succeeded", "nothing"]
    assert found["all"].starts


def test_what_waits_for_a_failing_job_never_starts() -> None:
    found = expected(
        {"id": "job", "type": "job", "retries": 2, "args": ["--exit=3:1"]},
        {"id": "next", "dependencies": ["job"]},
        {"id": "last", "dependencies": ["next"]},
    )
    assert found["job"].runs == Runs([3, 3, 3], interval=duration("2M"))
    assert not found["next"].starts and not found["last"].starts


def test_a_job_is_tried_again() -> None:
    found = expected(
        {"id": "a", "type": "job", "args": ["--exit=0:1", "--fail-runs=1", "--count=/v/x"]},
        {"id": "b", "type": "job", "retries": 0, "args": ["--exit=0:1", "--fail-runs=1", "--count=/v/x"]},
    )
    assert found["a"].runs and found["a"].runs.codes == [1, 0] and found["a"].runs.succeeds
    assert found["b"].runs and found["b"].runs.codes == [1] and not found["b"].runs.succeeds


def test_ports_and_who_answers() -> None:
    found = expected(
        {
            "id": "a",
            "network_mode": "Bridge",
            "ports": [{"container_port": 80}, {"container_port": 81, "internal": True}],
        },
        {"id": "h", "ports": [{"container_port": 90, "protocol": "udp"}], "args": ["--listen=udp:90"]},
        {"id": "b", "args": ["--open=tcp:@a:80"], "env": {"OPEN_1": "udp:@h 90"}},
    )
    assert [(p.port, p.protocol, p.host_port) for p in found["a"].published] == [(80, "tcp", None)]
    assert found["a"].internal == [(81, "tcp")]
    assert [(p.port, p.host_port, p.how) for p in found["h"].published] == [(90, 90, "udp")]
    assert found["h"].host_network and not found["a"].host_network
    assert found["b"].opens == [Open(1, "tcp", "a", 80, False), Open("OPEN_1", "udp", "h", 90, True)]


def test_addresses_are_the_only_thing_that_is_free() -> None:
    text = pattern(reference("http://@a:80/x"))
    for address in ("a:80", "10.0.0.7:31234", "a.b.svc.cluster.local:80", "[fd00::1]:80"):
        assert text.fullmatch(f"http://{address}/x")
    for address in ("", ":80", "a", "a b:80", "a:", "${A}:80"):
        assert not text.fullmatch(f"http://{address}/x")
    assert not text.fullmatch("http://a:80/x ")
    assert not pattern(("a$b",)).fullmatch("a$$b")


def test_durations() -> None:
    assert duration("T10M") == 600
    assert duration("1DT12H") == 129600
    assert duration("T1H30M5S") == 5405
    with pytest.raises(ValueError, match="10 m"):
        duration("10 m")


@pytest.mark.parametrize(
    ("line", "zone", "times"),
    [
        ("* * * * *", "UTC", [1800000000 + 60 * n for n in range(6)]),
        ("*/2 * * * *", "UTC", [1800000000 + 120 * n for n in range(3)]),
        ("0 8 * * *", "UTC", [1800000000]),
        ("0 9 * * *", "Europe/Berlin", [1800000000]),
        ("0 8 * JAN FRI", "UTC", [1800000000]),
        ("0 8 1 * 5", "UTC", [1800000000]),
        ("0 8 * * 0,7", "UTC", []),
    ],
)
def test_cron_lines(line: str, zone: str, times: list[int]) -> None:
    # Friday, 15 January 2027, 08:00 UTC.
    assert schedules.due(Runs([0], schedule=(line, zone), repeats=-1), 1800000000, 1800000300) == times


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"])
@pytest.mark.parametrize("minute", [0, 31, 55])
def test_a_schedule_of_this_hour_is_due_in_its_zone_only(zone: str, minute: int) -> None:
    job = {"id": "a", "type": "job", "image": "x", "resources": {"cpus": 1, "mem": 16}, "schedule": THIS_HOUR, "time_zone": zone}
    now = datetime(2027, 1, 15, 8, minute, 30, tzinfo=UTC)
    at = Case(0, {"id": "p", "containers": [job]}).at(now)
    runs = expect(at).containers["a"].runs
    assert runs and runs.schedule
    begin = now.timestamp()
    assert schedules.due(runs, begin, begin + 240) == [begin + 30 + 60 * n for n in range(4)]
    if zone != "UTC":
        lost = Runs(runs.codes, schedule=(runs.schedule[0], "UTC"), repeats=-1)
        assert schedules.due(lost, begin, begin + 240) == []


def test_runs_that_repeat() -> None:
    runs = Runs([0], start=1000, repeats=3, interval=60)
    assert schedules.due(runs, 900, 1090) == [1000, 1060]
    assert schedules.due(runs, 900, 9999) == [1000, 1060, 1120]
