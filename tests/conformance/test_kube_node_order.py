"""Start order, health checks, and updates of services on a Kubernetes node."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from compose_engine import Behaviour, wait_until
from kube_app import App, Deployed, has, restarts, since, started
from kube_node import Node
from nomad_agent import pause
from test_compose_order import container, quick

pytestmark = pytest.mark.node

# Port 80 responds three seconds after the start, so that dependents must wait.
SLOW = Behaviour(serve=(("http", 80),), delay=3)


def moment(text: str) -> datetime:
    """Parses a time of Kubernetes, which is to the second."""
    return datetime.fromisoformat(text)


def stays_waiting(app: App, id: str, seconds: float = 5) -> bool:
    """Whether the container of no pod starts for some seconds."""
    pause(seconds)
    return all(started(pod) == "" for pod in app.pods(id))


CHECKS = {
    "HTTP": (SLOW, "HTTP", {}),
    "HTTPS": (Behaviour((("https", 80),), delay=3), "MESOS_HTTPS", {}),
    "TCP": (Behaviour((("tcp", 80),), delay=3), "TCP", {}),
    "TCP, server that sends nothing": (Behaviour((("mute", 80),), delay=3), "MESOS_TCP", {}),
    "COMMAND": (SLOW, "COMMAND", {"command": "wget -q -O /dev/null http://127.0.0.1/ && test \"$MODE\" = '$x'"}),
}


@pytest.mark.parametrize("how", CHECKS)
def test_a_dependent_waits_until_the_check_passes(node: Node, deployed: Deployed, how: str) -> None:
    behaviour, protocol, more = CHECKS[how]
    slow = node.image("applc-test/slow:1", behaviour)
    plain = node.image("applc-test/plain:1")
    check = quick(protocol, grace_period_seconds=60, **more)
    with deployed(
        container("after", plain, dependencies=["slow"]),
        container("slow", slow, ports=[{"container_port": 80}], health_check=check, env={"MODE": "$x"}),
        id=f"check-{list(CHECKS).index(how)}",
    ) as app:
        app.up()
        (after,), (pod,) = app.wait_for_pods("after"), app.wait_for_pods("slow")
        assert moment(since(pod, "Ready")) - moment(started(pod)) >= timedelta(seconds=2)
        assert since(pod, "Ready") <= started(after)
        assert restarts(pod) == 0


FAILING = {
    "HTTP, no server": (Behaviour(), "HTTP", {}),
    "HTTP, not found": (Behaviour(serve=(("http", 80),)), "HTTP", {"path": "/missing"}),
    "HTTPS, server without TLS": (Behaviour(serve=(("http", 80),)), "HTTPS", {}),
    "TCP, another port": (Behaviour(serve=(("tcp", 81),)), "TCP", {}),
    "COMMAND": (Behaviour(), "COMMAND", {"command": "test \"$MODE\" = 'never $MODE'"}),
    "HTTP, timeout": (Behaviour(serve=(("mute", 80),)), "HTTP", {"timeout_seconds": 1}),
}


@pytest.mark.parametrize("how", FAILING)
def test_dependents_of_an_unhealthy_service_do_not_start(node: Node, deployed: Deployed, how: str) -> None:
    behaviour, protocol, more = FAILING[how]
    sick = node.image("applc-test/sick:1", behaviour)
    plain = node.image("applc-test/plain:1")
    with deployed(
        container("sick", sick, ports=[{"container_port": 80}], health_check=quick(protocol, **more)),
        container("after", plain, dependencies=["sick"]),
        container("beside", plain),
        id=f"failing-{list(FAILING).index(how)}",
    ) as app:
        app.up()
        app.wait_for_pods("beside")
        wait_until("the unhealthy instance is restarted", lambda: any(map(restarts, app.pods("sick"))))
        assert stays_waiting(app, "after", 3)


def test_failures_in_the_grace_period_do_not_count(node: Node, deployed: Deployed) -> None:
    late = node.image("applc-test/late:1", Behaviour(serve=(("tcp", 80),), delay=6))
    check = quick("TCP", max_consecutive_failures=1, grace_period_seconds=120)
    with deployed(
        container("late", late, ports=[{"container_port": 80}], health_check=check), id="grace"
    ) as app:
        app.up()
        (pod,) = app.wait_for_pods("late")
        assert restarts(pod) == 0


def test_an_instance_that_becomes_sick_gets_no_requests_and_is_restarted(node: Node, deployed: Deployed) -> None:
    # Long enough to send requests while one instance is restarted.
    web = node.image("applc-test/web:1", Behaviour(serve=(("http", 80),), delay=8))
    plain = node.image("applc-test/plain:1")
    check = quick("HTTP", grace_period_seconds=60, timeout_seconds=2)
    with deployed(
        container("web", web, instances=2, ports=[{"container_port": 80}], health_check=check),
        container("asks", plain, args=["@web"], dependencies=["web"]),
        id="sick",
    ) as app:
        app.up()
        (sick, well), (asks,) = app.wait_for_pods("web", 2), app.wait_for_pods("asks")
        uid = well["metadata"]["uid"]

        def now() -> dict[str, object]:
            return app.get("pod", sick["metadata"]["name"])

        assert app.run_in(sick, "rm", "/probe/www/index.html").returncode == 0
        wait_until("the check fails", lambda: not has(now(), "Ready"))
        # The rules that forward requests are updated about once a second.
        pause(2)
        script = "for n in $(seq 20); do wget -q -O - http://web/ || echo failed; done"
        answers = app.run_in(asks, "sh", "-c", script).stdout.split()
        assert not has(now(), "Ready"), "the test took too long"
        assert set(answers) == {uid}
        (again, _) = app.wait_for_pods("web", 2)
        assert (restarts(again), again["metadata"]["uid"]) == (1, sick["metadata"]["uid"])
        assert restarts(app.pods("web")[1]) == 0
        everyone = {uid, sick["metadata"]["uid"]}
        wait_until("requests to both", lambda: set(app.run_in(asks, "sh", "-c", script).stdout.split()) == everyone)


def test_a_chain_of_services_starts_in_order(node: Node, deployed: Deployed) -> None:
    slow = node.image("applc-test/slow:1", SLOW)
    check = quick("HTTP", grace_period_seconds=60)
    ports = [{"container_port": 80}]
    with deployed(
        container("third", slow, ports=ports, dependencies=["second", "first"]),
        container("second", slow, ports=ports, health_check=check, dependencies=["first"], network_mode="container"),
        container("first", slow, network_mode="container"),
        id="chain",
    ) as app:
        app.up()
        (first,), (second,), (third,) = (app.wait_for_pods(id) for id in ("first", "second", "third"))
        assert started(first) <= started(second) < since(second, "Ready") <= started(third)


def test_a_service_that_exits_is_restarted(node: Node, deployed: Deployed) -> None:
    ends = node.image("applc-test/ends:1", Behaviour(then="exit 0"))
    with deployed(container("a", ends), id="ends") as app:
        app.up()
        wait_until("a second start", lambda: any(map(restarts, app.pods("a"))))


@pytest.mark.parametrize(("minimum", "kept"), [(0.75, 3), (1.0, 4)])
def test_an_update_keeps_the_minimum_capacity(
    node: Node, deployed: Deployed, minimum: float, kept: int
) -> None:
    web = node.image("applc-test/web:1", SLOW)

    def version(text: str) -> App:
        return deployed(
            container(
                "web", web, instances=4, minimum_capacity=minimum, env={"VERSION": text},
                ports=[{"container_port": 80}], health_check=quick("HTTP", grace_period_seconds=60),
            ),
            id=f"update-{kept}",
        )  # fmt: skip

    with version("1") as app:
        app.up()
        app.wait_for_pods("web", 4)
        app.update(version("2").text)
        seen = []

        def updated() -> bool:
            status = app.get("deployment", "web")["status"]
            seen.append(sum(has(pod, "Ready") for pod in app.pods("web")))
            return (
                status["observedGeneration"] == app.get("deployment", "web")["metadata"]["generation"]
                and status.get("updatedReplicas") == status.get("availableReplicas") == status["replicas"] == 4
            )

        wait_until("the update", updated, 120)
        assert min(seen) >= kept
        assert len(seen) > 10, "the update was not observed"
        for pod in app.wait_for_pods("web", 4):
            assert app.start(pod).environ["VERSION"] == "2"


def test_a_service_on_the_host_network_is_replaced(node: Node, deployed: Deployed) -> None:
    """Two pods cannot have the same port of a node, so the old one ends first."""
    image = node.image("applc-test/web:1", Behaviour(serve=(("http", 7851),)))

    def version(text: str) -> App:
        ports = [{"container_port": 7851}]
        return deployed(
            container("web", image, network_mode="host", ports=ports, env={"VERSION": text}), id="replaced"
        )

    with version("1") as app:
        app.up()
        (old,) = app.wait_for_pods("web")
        app.update(version("2").text)
        is_old = lambda pod: pod["metadata"]["uid"] == old["metadata"]["uid"]
        wait_until("the old pod ends", lambda: not any(map(is_old, app.pods("web"))))
        (pod,) = app.wait_for_pods("web")
        assert app.start(pod).environ["VERSION"] == "2"
        assert wait_until("an answer", lambda: app.id_on_machine(f"{node.address}:7851")) == "web"


def test_a_pod_that_waits_ends_when_it_is_deleted(node: Node, deployed: Deployed) -> None:
    sick = node.image("applc-test/sick:1")
    with deployed(
        container("sick", sick, ports=[{"container_port": 80}], health_check=quick("TCP", grace_period_seconds=600)),
        container("after", sick, dependencies=["sick"]),
        id="stops",
    ) as app:
        app.up()
        wait_until("the pod waits", lambda: app.is_waiting("after"))
        app.delete_pod(app.pod("after"), 15)


def test_containers_whose_health_depends_on_each_other_become_healthy(node: Node, deployed: Deployed) -> None:
    image = node.image("applc-test/web:1", Behaviour(serve=(("http", 80),)))

    def member(id: str, other: str) -> dict[str, object]:
        check = quick("COMMAND", command=f"wget -q -O /dev/null http://@{other}:80/", grace_period_seconds=120)
        return container(id, image, ports=[{"container_port": 80}], health_check=check)

    with deployed(member("one", "two"), member("two", "one"), id="meet") as app:
        app.up()
        app.wait_for_pods("one", seconds=30)
        app.wait_for_pods("two", seconds=30)


def test_a_service_without_instances_is_not_waited_for(node: Node, deployed: Deployed) -> None:
    plain = node.image("applc-test/plain:1")
    with deployed(
        container("none", plain, instances=0), container("after", plain, dependencies=["none"]), id="nobody"
    ) as app:
        app.up()
        app.wait_for_pods("after", seconds=20)


def test_a_dependent_waits_for_all_instances(node: Node, deployed: Deployed) -> None:
    web = node.image("applc-test/web:1")
    check = quick("COMMAND", command="[ -e /tmp/ready ]", grace_period_seconds=120)
    with deployed(
        container("web", web, instances=2, health_check=check),
        container("after", web, dependencies=["web"]),
        id="all",
    ) as app:
        app.up()
        wait_until("both run", lambda: len([pod for pod in app.pods("web") if started(pod)]) == 2)
        one, other = app.pods("web")
        assert app.run_in(one, "touch", "/tmp/ready").returncode == 0
        app.wait_for_pods("web", 1)
        assert stays_waiting(app, "after")
        assert app.run_in(other, "touch", "/tmp/ready").returncode == 0
        (after,) = app.wait_for_pods("after")
        assert max(since(pod, "Ready") for pod in app.pods("web")) <= started(after)


def test_a_container_that_asks_itself_becomes_healthy(node: Node, deployed: Deployed) -> None:
    image = node.image("applc-test/web:1", Behaviour(serve=(("http", 80),)))
    asks = "wget -q -O /dev/null http://@alone:80/ && wget -q -O /dev/null http://@alone/"
    check = quick("COMMAND", command=asks, grace_period_seconds=120)
    with deployed(container("alone", image, ports=[{"container_port": 80}], health_check=check), id="self") as app:
        app.up()
        app.wait_for_pods("alone", seconds=30)
