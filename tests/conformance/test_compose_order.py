"""Health checks, start order, and jobs on the engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compose_engine import Behaviour, Engine, Project, wait_until
from support import Applc

Compiled = Callable[..., Project]


def container(id: str, image: str, **more: Any) -> dict[str, Any]:
    """A container on the project network; a service by default."""
    return {
        "id": id,
        "type": "service",
        "image": image,
        "resources": {"cpus": 0.1, "mem": 64},
        "network_mode": "bridge",
        **more,
    }


@pytest.fixture
def compiled(applc: Applc, engine: Engine, tmp_path: Path) -> Compiled:
    """`compiled(container, ..., **top)` returns the Compose project of an appliance."""

    def make(*containers: dict[str, Any], **top: Any) -> Project:
        document = {"id": "order", "containers": containers, **top}
        outcome = applc.compile("-", "compose", stdin=json.dumps(document))
        assert outcome.code == 0, outcome.stderr
        return Project(engine, tmp_path, outcome.stdout)

    return make


def quick(protocol: str, **more: Any) -> dict[str, Any]:
    """A health check that runs every second and fails after three attempts, without a grace period."""
    return {
        "protocol": protocol,
        "interval_seconds": 1,
        "timeout_seconds": 10,
        "max_consecutive_failures": 3,
        "grace_period_seconds": 0,
        **more,
    }


def first_success(project: Project, service: str) -> str:
    """The end time of the first successful check in the engine's log; empty if there is none."""
    passed = [check["End"] for check in project.health(service)["Log"] if check["ExitCode"] == 0]
    return min(passed, default="")


# Port 80 responds three seconds after the start, so that dependents must wait.
SLOW = Behaviour(serve=(("http", 80),), delay=3)

# A shell that finds only the programs of its image.
DASH = "/usr/bin/dash"

CHECKS = {
    "HTTP by curl": (Behaviour(SLOW.serve, delay=3, without=("wget",), programs=("/usr/bin/curl",)), "HTTP"),
    "HTTP by wget": (SLOW, "MESOS_HTTP"),
    "HTTPS by curl": (
        Behaviour((("https", 80),), delay=3, without=("wget",), programs=("/usr/bin/curl",)),
        "HTTPS",
    ),
    "HTTPS by wget": (Behaviour((("https", 80),), delay=3), "MESOS_HTTPS"),
    "TCP": (Behaviour((("tcp", 80),), delay=3), "TCP"),
    "TCP, server that sends nothing": (Behaviour((("mute", 80),), delay=3), "MESOS_TCP"),
    "TCP, image with only a shell": (
        Behaviour((("http", 80),), delay=3, bare=True, programs=(DASH,)),
        "TCP",
    ),
}


@pytest.mark.parametrize("how", CHECKS)
def test_a_dependent_waits_until_the_check_passes(engine: Engine, compiled: Compiled, how: str) -> None:
    behaviour, protocol = CHECKS[how]
    slow = engine.image("applc-test/slow:1", behaviour)
    plain = engine.image("applc-test/plain:1")
    check = quick(protocol, grace_period_seconds=60)
    with compiled(
        container("after", plain, dependencies=["slow"]),
        container("slow", slow, ports=[{"container_port": 80}], health_check=check),
    ) as project:
        up = project.up()
        assert up.returncode == 0, up.stderr
        assert project.health("slow")["Status"] == "healthy"
        failed = [c for c in project.health("slow")["Log"] if c["ExitCode"] != 0]
        assert failed, "expected the first checks to fail before the port is open"
        assert first_success(project, "slow") < project.started("after")


FAILING = {
    "HTTP, no server": (Behaviour(), "HTTP", {}),
    "HTTP, not found": (Behaviour(serve=(("http", 80),)), "HTTP", {"path": "/missing"}),
    "HTTP, not found, by curl": (
        Behaviour(serve=(("http", 80),), without=("wget",), programs=("/usr/bin/curl",)),
        "HTTP",
        {"path": "/missing"},
    ),
    "HTTP, neither curl nor wget": (
        Behaviour(serve=(("http", 80),), without=("wget",), programs=(DASH,)),
        "HTTP",
        {},
    ),
    "HTTPS, server without TLS": (Behaviour(serve=(("http", 80),)), "HTTPS", {}),
    "TCP, another port": (Behaviour(serve=(("tcp", 81),)), "TCP", {}),
    "COMMAND": (Behaviour(), "COMMAND", {"command": "test \"$MODE\" = 'never $MODE'"}),
    "HTTP, timeout": (Behaviour(serve=(("mute", 80),)), "HTTP", {"timeout_seconds": 1}),
}


@pytest.mark.parametrize("how", FAILING)
def test_dependents_of_an_unhealthy_service_do_not_start(
    engine: Engine, compiled: Compiled, how: str
) -> None:
    behaviour, protocol, more = FAILING[how]
    sick = engine.image("applc-test/sick:1", behaviour)
    plain = engine.image("applc-test/plain:1")
    with compiled(
        container("sick", sick, ports=[{"container_port": 80}], health_check=quick(protocol, **more)),
        container("after", plain, dependencies=["sick"]),
        container("last", plain, dependencies=["after"]),
        container("beside", plain),
    ) as project:
        up = project.up()
        assert up.returncode == 1
        assert "is unhealthy" in up.stderr
        state = project.health("sick")
        assert state["Status"] == "unhealthy" and state["FailingStreak"] >= 3
        assert project.started("after") == "" and project.started("last") == ""
        assert project.started("beside") != ""


def test_a_check_command_runs_in_a_shell_with_the_containers_environment(
    engine: Engine, compiled: Compiled
) -> None:
    plain = engine.image("applc-test/plain:1")
    command = "printf '%s\\n' \"$X\" '$$ `x` \"q\" \\@here' @a > /tmp/seen; test -n \"$X\""
    with compiled(
        container("a", plain, env={"X": "x $y"}, health_check=quick("COMMAND", command=command)),
        container("after", plain, dependencies=["a"]),
    ) as project:
        assert project.up().returncode == 0
        seen = project.run_in("a", "cat", "/tmp/seen").stdout
        assert seen == "x $y\n$$ `x` \"q\" @here\na\n"


def test_failures_in_the_grace_period_do_not_count(engine: Engine, compiled: Compiled) -> None:
    late = engine.image("applc-test/late:1", Behaviour(serve=(("tcp", 80),), delay=6))
    plain = engine.image("applc-test/plain:1")
    with compiled(
        container(
            "late",
            late,
            ports=[{"container_port": 80}],
            health_check=quick("TCP", max_consecutive_failures=1, grace_period_seconds=120),
        ),
        container("after", plain, dependencies=["late"]),
    ) as project:
        assert project.up().returncode == 0


def test_a_check_uses_no_proxy(engine: Engine, compiled: Compiled) -> None:
    web = engine.image("applc-test/web:1", Behaviour(serve=(("http", 80),)))
    nowhere = "http://127.0.0.1:1"
    with compiled(
        container(
            "web",
            web,
            ports=[{"container_port": 80}],
            env={"http_proxy": nowhere, "HTTP_PROXY": nowhere, "ALL_PROXY": nowhere},
            health_check=quick("HTTP", path="/?q=it's $HOME & more"),
        )
    ) as project:
        assert project.up("--wait").returncode == 0
        assert project.health("web")["Status"] == "healthy"


REDIRECTS = {
    "wget of busybox": Behaviour(),
    "GNU wget": Behaviour(without=("wget",), programs=(DASH, "/usr/bin/wget")),
    "curl": Behaviour(without=("wget",), programs=(DASH, "/usr/bin/curl")),
}


@pytest.mark.parametrize("how", REDIRECTS)
def test_a_redirect_is_healthy_and_not_followed(engine: Engine, compiled: Compiled, how: str) -> None:
    """As web servers redirect to HTTPS, here to an address that does not respond."""
    image = engine.image("applc-test/redirect:1", REDIRECTS[how])
    lines = ["HTTP/1.1 301 Moved", "Location: https://192.0.2.1/", "Content-Length: 0", "Connection: close", "", ""]
    answer = "\\r\\n".join(lines)
    with compiled(
        container(
            "web",
            image,
            cmd=f"while true; do printf '{answer}' | nc -l -p 80 >/dev/null 2>&1; done",
            ports=[{"container_port": 80}],
            health_check=quick("HTTP", timeout_seconds=3, grace_period_seconds=30),
        ),
        container("after", image, dependencies=["web"]),
    ) as project:
        up = project.up()
        assert up.returncode == 0, f"{up.stderr}\n{project.health('web')}"
        assert project.started("after") != ""


def test_a_service_without_instances_is_ready_at_once(engine: Engine, compiled: Compiled) -> None:
    plain = engine.image("applc-test/plain:1")
    check = quick("TCP", grace_period_seconds=60)
    with compiled(
        container("none", plain, instances=0, ports=[{"container_port": 80}], health_check=check),
        container("never", plain, type="job", repeats=0),
        container("nobody", plain, type="job", instances=0),
        container("after", plain, dependencies=["none", "never", "nobody"]),
    ) as project:
        up = project.up()
        assert up.returncode == 0, up.stderr
        assert project.started("after") != ""
        assert [project.container(id) for id in ("none", "never", "nobody")] == ["", "", ""]


def test_a_dependent_waits_for_every_instance(engine: Engine, compiled: Compiled) -> None:
    slow = engine.image("applc-test/slow:1", SLOW)
    plain = engine.image("applc-test/plain:1")
    check = quick("TCP", grace_period_seconds=60)
    with compiled(
        container("slow", slow, instances=3, ports=[{"container_port": 80}], health_check=check),
        container("after", plain, dependencies=["slow"]),
    ) as project:
        assert project.up().returncode == 0
        for index in (1, 2, 3):
            log = project.inspect("slow", index)["State"]["Health"]["Log"]
            assert min(c["End"] for c in log if c["ExitCode"] == 0) < project.started("after")
        ports = {project.port("slow", 80, index) for index in (1, 2, 3)}
        assert len(ports) == 3, "each instance has its own host port"


def test_a_failed_job_is_retried_and_its_dependents_wait(engine: Engine, compiled: Compiled) -> None:
    twice = engine.image("applc-test/twice:1", Behaviour(then="fail 2; exit 0"))
    plain = engine.image("applc-test/plain:1")
    with compiled(
        container("job", twice, type="job", retries=2),
        container("after", plain, dependencies=["job"]),
    ) as project:
        assert project.up().returncode == 0
        state = project.inspect("job")
        assert (state["State"]["ExitCode"], state["RestartCount"]) == (0, 2)
        assert len(project.starts("job")) == 3
        assert state["State"]["FinishedAt"] < project.started("after")


@pytest.mark.parametrize("retries", [0, 1, 2])
def test_dependents_of_a_failed_job_do_not_start(
    engine: Engine, compiled: Compiled, retries: int
) -> None:
    never = engine.image("applc-test/never:1", Behaviour(then="exit 3"))
    plain = engine.image("applc-test/plain:1")
    with compiled(
        container("job", never, type="job", retries=retries),
        container("after", plain, dependencies=["job"]),
        container("later", plain, type="job", dependencies=["after"]),
        container("beside", plain),
    ) as project:
        up = project.up()
        assert up.returncode == 1
        assert "didn't complete successfully: exit 3" in up.stderr
        wait_until("all runs", lambda: len(project.starts("job")) == retries + 1)
        assert project.inspect("job")["RestartCount"] == retries
        assert project.started("after") == "" and project.started("later") == ""
        assert project.started("beside") != ""


def test_jobs_and_services_wait_for_each_other(engine: Engine, compiled: Compiled) -> None:
    done = engine.image("applc-test/done:1", Behaviour(then="/bin/busybox sleep 1; exit 0"))
    plain = engine.image("applc-test/plain:1")
    with compiled(
        container("third", plain, dependencies=["second"]),
        container("second", done, type="job", dependencies=["first"]),
        container("first", plain),
        container("never", plain, type="job", repeats=0),
    ) as project:
        assert project.up().returncode == 0
        job = project.inspect("second")["State"]
        assert project.started("first") < job["StartedAt"]
        assert job["ExitCode"] == 0 and job["FinishedAt"] < project.started("third")
        assert project.container("never") == ""


def test_a_dependent_waits_for_every_instance_of_a_job(engine: Engine, compiled: Compiled) -> None:
    """Compose continues as soon as the first container of a service has exited."""
    # The instance that creates the shared directory runs longer than the others.
    then = "/bin/busybox mkdir /shared/first && /bin/busybox sleep 4; exit 0"
    job = engine.image("applc-test/shards:1", Behaviour(then=then))
    plain = engine.image("applc-test/plain:1", Behaviour(serve=(("http", 8080),)))
    shared = [{"src": "shared", "dest": "/shared"}]
    with compiled(
        container("shards", job, type="job", instances=3, volumes=shared, network_mode="container"),
        container("after", plain, dependencies=["shards"]),
        container("again", plain, type="job", dependencies=["after"], env={"SHARDS": "@shards"}),
        data_persistence={"volumes": [{"id": "shared"}]},
    ) as project:
        assert project.up().returncode == 0
        ends = [project.inspect(f"shards-{index}")["State"]["FinishedAt"] for index in (1, 2, 3)]
        assert max(ends) > min(ends)
        assert max(ends) < project.started("after")


def test_dependents_of_a_job_with_a_failed_instance_do_not_start(engine: Engine, compiled: Compiled) -> None:
    then = "/bin/busybox mkdir /shared/first || exit 0; /bin/busybox sleep 2; exit 3"
    job = engine.image("applc-test/one-fails:1", Behaviour(then=then))
    plain = engine.image("applc-test/plain:1")
    shared = [{"src": "shared", "dest": "/shared"}]
    with compiled(
        container("shards", job, type="job", instances=2, retries=0, volumes=shared),
        container("after", plain, dependencies=["shards"]),
        data_persistence={"volumes": [{"id": "shared"}]},
    ) as project:
        assert project.up().returncode == 1
        assert project.started("after") == ""


def test_a_service_that_exits_is_restarted(engine: Engine, compiled: Compiled) -> None:
    ends = engine.image("applc-test/ends:1", Behaviour(then="exit 0"))
    with compiled(container("a", ends)) as project:
        assert project.up().returncode == 0
        wait_until("a third start", lambda: len(project.starts("a")) >= 3)


def test_services_stop_in_reverse_order(engine: Engine, compiled: Compiled) -> None:
    plain = engine.image("applc-test/plain:1")
    with compiled(
        container("base", plain),
        container("middle", plain, dependencies=["base"]),
        container("top", plain, dependencies=["middle"]),
    ) as project:
        assert project.up().returncode == 0
        assert project.compose("stop").returncode == 0
        ends = [project.inspect(id)["State"]["FinishedAt"] for id in ("top", "middle", "base")]
        assert ends == sorted(ends)
