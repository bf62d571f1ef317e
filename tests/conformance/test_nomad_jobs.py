"""Checks what outlives the allocations of a job: an agent that restarts, drains and forgets, with ACLs and little memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from compose_engine import Behaviour, Engine, wait_until
from nomad_agent import Agent, pause
from nomad_app import Compiler, container
from support import ROOT, Applc

# Enough for one container of LARGE, but not for two.
MEMORY = 600
LARGE = {"cpus": 0.05, "mem": 400}


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    with Agent(Engine(), memory=MEMORY, durable=True) as running:
        file = tmp_path_factory.mktemp("acl") / "policy.hcl"
        file.write_text(documented_policy())
        running.apply_policy(file)
        yield running


def documented_policy() -> str:
    """The policy in the documentation of the target."""
    text = (ROOT / "docs" / "nomad.md").read_text()
    return text.split("```hcl\n")[1].split("```")[0]


@pytest.fixture
def run(agent: Agent) -> Iterator[Agent]:
    """The agent; jobs are removed after each test."""
    yield agent
    agent.remove_all()


@pytest.fixture
def compiler(applc: Applc, run: Agent, tmp_path: Path) -> Compiler:
    return Compiler(applc, run, tmp_path)


def job(name: str, image: str, **fields: Any) -> dict[str, Any]:
    """A small job with a local image."""
    return container(name, image, type="job", **{"retries": 0, "cmd": "true", **fields})


def test_a_finished_job_holds_no_memory(compiler: Compiler, run: Agent) -> None:
    plain = compiler.image("plain")
    compiler.submit(
        {
            "id": "tight",
            "containers": [
                job("load", plain, cmd="sleep 3", resources=LARGE),
                container("web", plain, dependencies=["load"], resources=LARGE),
            ],
        }
    )
    run.wait_for_deployment("tight")
    assert [each["ClientStatus"] for each in run.allocations("tight.load")] == ["complete"]


def test_success_outlives_the_allocations_of_the_job(compiler: Compiler, run: Agent) -> None:
    plain = compiler.image("plain")
    compiler.submit(
        {
            "id": "lasting",
            "containers": [
                job("load", plain, instances=2, dependencies=["first"]),
                job("first", plain),
                container("web", plain, dependencies=["load"]),
            ],
        }
    )
    run.wait_for_deployment("lasting")

    def next_instance(before: dict[str, Any]) -> dict[str, Any]:
        def running() -> dict[str, Any] | None:
            newest = run.allocation("lasting", "web")
            return newest if newest["ID"] != before["ID"] and newest["ClientStatus"] == "running" else None

        return wait_until("a new instance that runs", running)

    web = run.allocation("lasting", "web")
    run.drain()
    web = next_instance(web)
    assert len(run.allocations("lasting.load")) == 2, "the job did not run again"
    assert run.run_command("system", "gc").returncode == 0
    wait_until("the end of the job's allocations", lambda: not run.allocations("lasting.load"))
    assert run.run_command("alloc", "stop", "-detach", web["ID"]).returncode == 0
    web = next_instance(web)
    run.restart()
    assert run.run_command("alloc", "stop", "-detach", web["ID"]).returncode == 0
    next_instance(web)
    assert run.allocations("lasting.load") == []


def test_the_success_of_an_earlier_version_does_not_count(compiler: Compiler, run: Agent) -> None:
    plain = compiler.image("plain")

    def submit(script: str) -> None:
        containers = [job("load", plain, cmd=script), container("web", plain, dependencies=["load"])]
        compiler.submit({"id": "versions", "containers": containers})

    def changes(script: str) -> None:
        before = run.allocation("versions", "web")["ID"]
        submit(script)
        wait_until("the new instance", lambda: run.allocation("versions", "web")["ID"] != before)
        run.wait_for_task("versions", "web", "web", "running")
        ended = run.task("versions.load", "load", "load")["FinishedAt"]
        assert run.started_at("versions", "web", "web") > ended

    submit("sleep 3")
    run.wait_for_deployment("versions")
    changes("sleep 4")
    # The version before: its success was that of an earlier run.
    changes("sleep 3")
    assert len(run.allocations("versions.load")) == 3
    run.wait_for_deployment("versions")
    submit("sleep 3")
    pause(3)
    assert len(run.allocations("versions", "web")) == 3, "nothing has changed"


def test_a_start_time_in_the_past_is_now(compiler: Compiler, run: Agent) -> None:
    plain = compiler.image("plain")
    compiler.submit(
        {
            "id": "late",
            "containers": [
                job("alone", plain, start_time="2001-02-03T04:05:06Z"),
                job("load", plain, start_time="2001-02-03T04:05:06+01:00"),
                container("web", plain, dependencies=["load"]),
            ],
        }
    )
    run.wait_for_allocations("late.alone", "complete")
    run.wait_for_deployment("late")


def test_a_job_does_not_start_before_its_start_time(compiler: Compiler, run: Agent) -> None:
    plain = compiler.image("plain")
    start = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(seconds=12)
    text = start.strftime("%Y-%m-%dT%H:%M:%SZ")
    compiler.submit(
        {
            "id": "timed",
            "containers": [
                job("alone", plain, start_time=text),
                job("load", plain, start_time=text),
                container("web", plain, dependencies=["load"]),
            ],
        }
    )
    run.wait_for_deployment("timed")
    run.wait_for_allocations("timed.alone", "complete")
    for name in ("alone", "load"):
        # Without the fraction of the second.
        assert run.started_at(f"timed.{name}", name, name)[:19] >= text[:19]


def test_a_wait_follows_a_dependency_to_a_new_address(compiler: Compiler, run: Agent) -> None:
    deaf = compiler.image("deaf")
    serving = compiler.image("serving", Behaviour(serve=(("http", 7900),)))
    # Long enough for the first instance not to be restarted.
    check = {"protocol": "HTTP", "interval_seconds": 1, "timeout_seconds": 1, "grace_period_seconds": 300}

    def submit(image: str) -> None:
        database = container("database", image, ports=[{"container_port": 7900}], health_check=check)
        web = container("web", deaf, dependencies=["database"], minimum_capacity=0)
        compiler.submit({"id": "moving", "containers": [web, {**database, "minimum_capacity": 0}]})

    submit(deaf)
    run.wait_for_task("moving", "web", "wait_for", "running")
    run.wait_for_task("moving", "database", "database", "running")
    waiting = run.allocation("moving", "web")["ID"]
    submit(serving)
    run.wait_for_task("moving", "web", "web", "running", 120)
    assert run.allocation("moving", "web")["ID"] == waiting


def test_all_instances_of_a_dependency_must_be_there(compiler: Compiler, run: Agent) -> None:
    serving = compiler.image("serving", Behaviour(serve=(("http", 7900),)))
    check = {"protocol": "HTTP", "interval_seconds": 1, "timeout_seconds": 1, "grace_period_seconds": 60}
    # The node has each port once, so that only one of two instances is placed.
    checked = container("checked", serving, ports=[{"container_port": 7900, "host_port": 7901}], health_check=check)
    plain = container("plain", serving, ports=[{"container_port": 7900, "host_port": 7902}])
    dependents = [container(f"web-{name}", serving, dependencies=[name]) for name in ("checked", "plain")]

    def submit(instances: int) -> None:
        wanted = [{**each, "instances": instances} for each in (checked, plain)]
        compiler.submit({"id": "several", "containers": [*wanted, *dependents]})

    submit(2)
    run.wait_for_task("several", "checked", "checked", "running")
    run.wait_for_task("several", "plain", "plain", "running")
    pause(6)
    for each in dependents:
        assert run.task("several", each["id"], each["id"])["State"] == "pending"
    submit(1)
    for each in dependents:
        run.wait_for_task("several", each["id"], each["id"], "running")
