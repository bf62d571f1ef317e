"""Every example runs on a Kubernetes node, with images that print their arguments and serve their ports."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import appliance_text
from compose_engine import wait_until
from kube_api import Object
from kube_app import App, address, has, since, started
from kube_checks import pod_template
from kube_node import WAIT_IMAGE, Node
from support import Applc
from test_compose import DIGEST
from test_compose_examples import (
    answered_references,
    containers,
    expected_argv,
    make_images,
    on_host,
    with_quick_checks,
)

pytestmark = pytest.mark.node

# Variables that Kubernetes sets in every container.
OWN = re.compile(r"PATH|HOSTNAME|HOME|KUBERNETES_(SERVICE|PORT)(_\w+)?|APPLC_OWN_ADDRESS|JOB_COMPLETION_INDEX")


def adapted(document: dict[str, Any]) -> dict[str, Any]:
    """The appliance with quick health checks, as small as this machine, and with nothing in the future."""
    for container in with_quick_checks(document)["containers"]:
        resources = container["resources"]
        resources |= {"cpus": resources["cpus"] / 100, "mem": 64}
        if "disk" in resources:
            resources["disk"] = 64
        if "start_time" in container:
            container["start_time"] = "2020-01-01T00:00:00Z"
        # The init containers that wait need the real image.
        container["image"] = container["image"].replace(WAIT_IMAGE, f"applc.test/{WAIT_IMAGE}")
    return document


@contextmanager
def node_as_required(node: Node, objects: list[Object]) -> Iterator[None]:
    """The node has the labels that the pods select, and GPUs."""
    selected = {
        f"{key}={value}": f"{key}-"
        for item in objects
        for key, value in (pod_template(item) or {"spec": {}})["spec"].get("nodeSelector", {}).items()
    }
    node.add_resource("nvidia.com/gpu", 16)
    node.checked("label", "node", node.name, "--overwrite", "applc.test/labelled=yes", *selected)
    yield
    node.checked("label", "node", node.name, "applc.test/labelled-", *selected.values())


@pytest.mark.accepted_by("kubernetes")
def test_the_example_runs_as_written(applc: Applc, node: Node, example: Path) -> None:
    document = adapted(appliance_text.load(example))
    make_images(node, document)
    outcome = applc.compile("-", "kubernetes", stdin=json.dumps(document, ensure_ascii=False))
    assert outcome.code == 0, outcome.stderr
    by_id = containers(document)
    with App(node, DIGEST.sub("", outcome.stdout), outcome.stderr) as app, node_as_required(node, app.objects):
        app.up()
        create_secrets(app, document)
        for item in app.get("cronjobs")["items"]:
            name = item["metadata"]["name"]
            node.checked("create", "job", f"{name}-now", f"--from=cronjob/{name}", "-n", app.namespace)
        for id, container in by_id.items():
            if container["type"] == "service":
                app.wait_for_pods(id, container.get("instances", 1), seconds=180)
            else:
                app.wait_for_job(job_name(container), seconds=180)
        for id, container in by_id.items():
            assert_arguments_and_environment_are_as_written(app, document, id)
            assert_started_after_dependencies(app, by_id, container)
        for id, container in by_id.items():
            if container["type"] == "service":
                assert_references_reach_their_containers(app, by_id, document, container)
                assert_ports_respond_at_the_node(app, container)


def secret(value: dict[str, str]) -> str:
    """The value of a key of a secret."""
    return f"$({value['secret']}) of\n{value['key']}"


def create_secrets(app: App, document: dict[str, Any]) -> None:
    """Creates the Secrets of an appliance, with their keys. Pods wait for them."""
    secrets: dict[str, dict[str, str]] = {}
    for container in document["containers"]:
        for value in [*container.get("secret_env", {}).values(), *container.get("secret_files", [])]:
            secrets.setdefault(value["secret"], {})[value["key"]] = secret(value)
    for name, data in secrets.items():
        made = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": app.namespace}, "stringData": data}
        app.node.apply(json.dumps(made))


def job_name(container: dict[str, Any]) -> str:
    """The name of the Job of a container; that of a CronJob was created by the test."""
    repeats = container.get("repeats", 1) != 1 or "schedule" in container
    return f"{container['id']}-now" if repeats else str(container["id"])


def assert_arguments_and_environment_are_as_written(app: App, document: dict[str, Any], id: str) -> None:
    container = containers(document)[id]
    pods = app.pods(id)
    assert len(pods) == container.get("instances", 1)
    for pod in pods:
        start = app.start(pod)
        spelled = address(document, id, pod)
        assert start.argv == expected_argv(document, id, spelled)
        env = container.get("env", {})
        for name, written in env.items():
            assert start.environ[name] == appliance_text.value(written, spelled), f"{id}: {name}"
        secret_env = container.get("secret_env", {})
        for name, value in secret_env.items():
            assert start.environ[name] == secret(value), f"{id}: {name}"
        for file in container.get("secret_files", []):
            assert app.run_in(pod, "cat", file["dest"]).stdout == secret(file), f"{id}: {file['dest']}"
        own = {*env, *secret_env}
        added = [name for name in start.environ if name not in own and not OWN.fullmatch(name)]
        assert added == [], "unexpected variable"


def assert_started_after_dependencies(
    app: App, by_id: dict[str, dict[str, Any]], container: dict[str, Any]
) -> None:
    first = min(started(pod) for pod in app.pods(container["id"]))
    for dependency in container.get("dependencies", []):
        if by_id[dependency]["type"] == "job":
            ready = app.get("job", job_name(by_id[dependency]))["status"]["completionTime"]
        else:
            ready = min(since(pod, "Ready") for pod in app.pods(dependency) if has(pod, "Ready"))
        assert ready <= first, f"{container['id']} after {dependency}"


def assert_references_reach_their_containers(
    app: App, by_id: dict[str, dict[str, Any]], document: dict[str, Any], container: dict[str, Any]
) -> None:
    pod = app.pods(container["id"])[0]
    for to, port, number in answered_references(by_id, container):
        written = address(document, container["id"], pod)(to, port)
        url = f"http://{written}/" if port else f"http://{written}:{number}/"
        assert wait_until(f"{container['id']} reaches {url}", lambda: app.id_at(pod, url)) == to.lower()


def assert_ports_respond_at_the_node(app: App, container: dict[str, Any]) -> None:
    if container.get("health_check", {}).get("protocol", "").endswith("HTTPS"):
        return
    id = container["id"]
    node_ports = app.node_ports(id)
    for port in container.get("ports", []):
        number, protocol = port["container_port"], port.get("protocol", "tcp")
        if port.get("internal"):
            continue
        if on_host(container):
            published = number
        else:
            published = port.get("host_port") or node_ports.get((number, protocol.upper()))
            assert published, f"{id}: {number} is not published"
        if protocol == "tcp":
            at = f"{app.node.address}:{published}"
            assert wait_until(f"{at} answers", lambda: app.id_on_machine(at)) == id.lower()
