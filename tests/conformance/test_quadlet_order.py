"""Order, restarts, and retries of Quadlet units on a real systemd."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from quadlet_machine import Machine
from support import Applc
from test_quadlet import TARGET, container

Running = Callable[..., Machine]


@pytest.fixture
def machine(applc: Applc, tmp_path: Path) -> Running:
    """`machine(container, ..., behaviours=...)` returns a machine with the units of an appliance."""

    def make(*containers: dict[str, Any], behaviours: dict[str, Any] | None = None, **top: Any) -> Machine:
        document = {"id": "app", "containers": containers, **top}
        outcome = applc.compile("-", str(TARGET), "-o", tmp_path / "units", stdin=json.dumps(document))
        assert outcome.code == 0, outcome.stderr
        told = {f"app_{name}" if name else "": value for name, value in (behaviours or {}).items()}
        return Machine(tmp_path, tmp_path / "units", told)

    return make


def job(id: str, **more: Any) -> dict[str, Any]:
    return container(id, type="job", **more)


HEALTH = {"protocol": "COMMAND", "command": "true"}


def test_a_dependent_waits_until_a_service_is_healthy(machine: Running) -> None:
    behaviours = {"slow": {"ready_after": 1}}
    with machine(
        container("after", dependencies=["slow"]),
        container("slow", health_check=HEALTH),
        behaviours=behaviours,
    ) as running:
        running.start()
        assert running.time("run", "app_after") > running.time("ready", "app_slow")
        assert running.state("app_after.service") in ("active", "activating")


def test_a_dependent_waits_until_a_job_has_succeeded(machine: Running) -> None:
    with machine(
        job("second", dependencies=["first"]),
        job("first"),
        container("third", dependencies=["second"]),
        behaviours={"first": {"seconds": 0.5}, "second": {"seconds": 0.5}},
    ) as running:
        running.start()
        assert running.time("run", "app_second") > running.time("end", "app_first")
        assert running.time("run", "app_third") > running.time("end", "app_second")


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_a_failed_job_is_retried_and_its_dependents_do_not_start(machine: Running, retries: int) -> None:
    with machine(
        job("bad", retries=retries),
        container("after", dependencies=["bad"]),
        container("beside"),
        behaviours={"bad": {"codes": [1]}},
    ) as running:
        running.start()
        running.time("ready", "app_beside")
        running.wait("the last run", lambda: running.count("run", "app_bad") == retries + 1)
        running.wait("the end", lambda: running.state("app_bad.service") == "failed")
        time.sleep(1)
        assert running.count("run", "app_bad") == retries + 1
        assert running.count("run", "app_after") == 0
        assert running.state("app_after.service") == "inactive"


def test_dependents_wait_until_a_retry_has_succeeded(machine: Running) -> None:
    with machine(
        job("second-try", retries=2),
        container("after", dependencies=["second-try"]),
        behaviours={"second-try": {"codes": [1, 0]}},
    ) as running:
        running.start()
        running.time("ready", "app_after")
        assert running.count("run", "app_second-try") == 2
        assert running.state("app_second-try.service") == "active"


def test_a_service_that_exits_is_restarted_without_its_dependents(machine: Running) -> None:
    with machine(
        container("ends"),
        container("after", dependencies=["ends"]),
        behaviours={"ends": {"seconds": 1.5}},
    ) as running:
        running.start()
        running.wait("a third start", lambda: running.count("run", "app_ends") >= 3)
        assert running.count("run", "app_after") == 1
        assert running.count("end", "app_after") == 0


def test_dependents_wait_for_a_service_that_is_healthy_after_a_restart(machine: Running) -> None:
    """The container exits before it is healthy, as it does if checks fail, and is healthy in the second run."""
    with machine(
        container("after", dependencies=["late"]),
        container("late", health_check=HEALTH),
        behaviours={"late": {"ready_after": [None, 0], "seconds": [0.2, 1000], "codes": [137, 0]}},
    ) as running:
        running.start()
        assert running.time("run", "app_after") > running.time("ready", "app_late")
        assert running.count("run", "app_late") == 2


def test_a_dependent_waits_for_every_instance(machine: Running) -> None:
    with machine(
        container("after", dependencies=["three"]),
        container("three", instances=3, health_check=HEALTH),
        container("none", instances=0),
        container("beside", dependencies=["none"]),
        behaviours={"three_2": {"ready_after": 1}},
    ) as running:
        running.start()
        after = running.time("run", "app_after")
        assert all(after > running.time("ready", f"app_three_{at}") for at in (1, 2, 3))
        running.time("run", "app_beside")
        assert running.count("run", "app_none") == 0


def test_services_stop_in_reverse_order(machine: Running) -> None:
    with machine(
        container("base"), container("middle", dependencies=["base"]), container("top", dependencies=["middle"])
    ) as running:
        running.start()
        running.time("ready", "app_top")
        running.systemctl("stop", "app_base.service")
        ends = [running.time("end", f"app_{id}") for id in ("top", "middle", "base")]
        assert ends == sorted(ends)
        running.start()
        running.wait("second starts", lambda: all(running.count("ready", f"app_{id}") == 2 for id in ("base", "top")))


@pytest.mark.parametrize("exists", [True, False])
def test_a_global_volume_must_exist(machine: Running, exists: bool) -> None:
    with machine(
        container("a", volumes=[{"src": "shared", "dest": "/s"}, {"src": "own", "dest": "/o"}]),
        data_persistence={"volumes": [{"id": "shared", "scope": "global"}, {"id": "own"}]},
        behaviours={"": {"volumes": ["shared"] if exists else []}},
    ) as running:
        running.start()
        running.time("volume create", "app_own")
        if exists:
            running.time("ready", "app_a")
        else:
            shared = "app_volume_shared-volume.service"
            running.wait("a failure", lambda: running.state(shared) == "failed")
            assert running.count("run", "app_a") == 0
