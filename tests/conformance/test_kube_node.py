"""Behavior of Kubernetes that the Kubernetes target relies on, tested on a node."""

from __future__ import annotations

import time

import pytest
import yaml

from compose_engine import Behaviour, wait_until
from kube_api import Object
from kube_app import NAME, App
from kube_node import Node
from nomad_agent import pause

pytestmark = pytest.mark.node

NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "relies"}}


@pytest.fixture
def image(node: Node) -> str:
    return node.image("applc-test/relies:1", Behaviour(serve=(("http", 80),)))


def pod(name: str, image: str, **spec: object) -> Object:
    container: Object = {"name": name, "image": image, "imagePullPolicy": "Always"}
    for key in ("args", "env", "readinessProbe"):
        if key in spec:
            container[key] = spec.pop(key)
    meta = {"name": name, "namespace": "relies", "labels": {NAME: name}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": [container], **spec}}


def service(name: str, **spec: object) -> Object:
    meta = {"name": name, "namespace": "relies"}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"selector": {NAME: name}, **spec}}


def app_of(node: Node, *objects: Object) -> App:
    return App(node, yaml.safe_dump_all([NAMESPACE, *objects]))


def test_the_kubelet_replaces_references_to_variables_and_halves_dollar_signs(node: Node, image: str) -> None:
    env = [
        {"name": "FIRST", "value": "$(SECOND) 1"},
        {"name": "SECOND", "value": "$(FIRST) $$(FIRST) 2"},
        {"name": "THIRD", "value": "$$ $HOME ${HOME} $(NONE"},
    ]
    with app_of(node, pod("a", image, args=["$(FIRST)", "$$(FIRST)", "$$$$", "$(NONE) $", "$(date)"], env=env)) as app:
        app.up()
        (made,) = app.wait_for_pods("a")
        start = app.start(made)
        assert start.argv[1:] == ["$(SECOND) 1", "$(FIRST)", "$$", "$(NONE) $", "$(date)"]
        # Only variables that are defined before.
        assert start.environ["SECOND"] == "$(SECOND) 1 $(FIRST) 2"
        assert start.environ["THIRD"] == "$ $HOME ${HOME} $(NONE"


def test_a_headless_service_has_the_addresses_of_ready_pods_only(node: Node, image: str) -> None:
    check = {"exec": {"command": ["/bin/test", "-e", "/tmp/ready"]}, "periodSeconds": 1}
    with app_of(
        node,
        service("late", clusterIP="None"),
        service("soon", selector={NAME: "late"}, clusterIP="None", publishNotReadyAddresses=True),
        pod("late", image, readinessProbe=check),
        pod("asks", image),
    ) as app:
        app.up()
        (asks,) = app.wait_for_pods("asks")
        (late,) = wait_until("it runs", lambda: [p for p in app.pods("late") if p["status"]["phase"] == "Running"])
        address = late["status"]["podIP"]

        def resolved(name: str) -> bool:
            return address in app.run_in(asks, "nslookup", f"{name}.relies.svc.cluster.local.").stdout

        wait_until("the name of pods that are not ready", lambda: resolved("soon"))
        pause(1)
        assert not resolved("late")
        assert app.run_in(late, "touch", "/tmp/ready").returncode == 0
        wait_until("the name of the ready pod", lambda: resolved("late"))


def test_service_links_are_variables_of_later_pods_that_allow_them(node: Node, image: str) -> None:
    with app_of(
        node,
        service("links", ports=[{"port": 80}]),
        pod("yes", image),
        pod("no", image, enableServiceLinks=False),
    ) as app:
        app.up()
        for name, expected in (("yes", True), ("no", False)):
            (made,) = app.wait_for_pods(name)
            environ = app.start(made).environ
            assert ("LINKS_PORT" in environ, "KUBERNETES_PORT" in environ) == (expected, True)


def test_a_name_outside_the_cluster_does_not_exist(node: Node, image: str) -> None:
    with app_of(node, pod("a", image)) as app:
        app.up()
        (made,) = app.wait_for_pods("a")
        found = app.run_in(made, "nslookup", "example.org.")
        assert found.returncode != 0 and "NXDOMAIN" in found.stdout
        assert app.run_in(made, "nslookup", "kubernetes.default.svc.cluster.local.").returncode == 0


@pytest.mark.parametrize(("handler", "ends_at_once"), [("", False), ("trap 'exit 1' TERM; ", True)])
def test_a_script_that_waits_ends_at_once_only_if_it_handles_the_signal(
    node: Node, image: str, handler: str, ends_at_once: bool
) -> None:
    """The first process of a container ignores a signal that it does not handle."""
    waits = {"name": "waits", "image": image, "command": ["/bin/sh", "-c", f"{handler}while :; do sleep 1; done"]}
    with app_of(node, pod("a", image, initContainers=[waits], terminationGracePeriodSeconds=12)) as app:
        app.up()
        wait_until("it waits", lambda: app.is_waiting("a"))
        began = time.monotonic()
        node.checked("delete", "pod", "a", "-n", app.namespace)
        assert (time.monotonic() - began < 10) == ends_at_once
