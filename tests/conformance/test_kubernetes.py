"""Validates the output for Kubernetes with the published schemas and a real API server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import kube_checks
import kube_schemas
import support
from kube_api import WORKLOADS, Cluster, Object, Rejected, documents

# Errors of the oldest schemas for fields that they do not have, and the version that added the field.
# Older versions have no equivalent.
YOUNGER = {"'backoffLimitPerIndex' was unexpected": "1.28"}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster() as cluster:
        yield cluster


def compiled(applc: support.Applc, appliance: Path, *options: str) -> tuple[str, str]:
    """The output and the findings."""
    outcome = applc.compile(appliance, "kubernetes", *options)
    assert outcome.code == 0, outcome.stderr
    return outcome.stdout, outcome.stderr


def claims_outside(objects: list[Object]) -> set[str]:
    """The claims that pods use but the file does not create; these are global volumes."""
    made = {item["metadata"]["name"] for item in objects if item["kind"] == "PersistentVolumeClaim"}
    used = {
        volume["persistentVolumeClaim"]["claimName"]
        for item in objects
        if (template := kube_checks.pod_template(item))
        for volume in template["spec"].get("volumes", [])
        if "persistentVolumeClaim" in volume
    }
    return used - made


def namespace_of(objects: list[Object]) -> str:
    return objects[0]["metadata"]["name"]


@pytest.mark.accepted_by("kubernetes")
def test_the_output_is_valid(applc: support.Applc, appliance: Path, tmp_path: Path) -> None:
    text, _ = compiled(applc, appliance)
    objects = documents(text)
    assert kube_checks.problems(objects, claims_outside(objects)) == []
    problems = kube_schemas.problems(objects)
    oldest, _ = kube_schemas.versions()
    assert [p for p in problems if not (p.startswith(f"{oldest}: ") and any(known in p for known in YOUNGER))] == []
    file = tmp_path / "kubernetes.yaml"
    file.write_text(text)
    assert kube_schemas.kubectl_validate(file, "1.30") == ""


@pytest.mark.accepted_by("kubernetes")
def test_the_api_server_accepts_the_output(applc: support.Applc, appliance: Path, cluster: Cluster) -> None:
    text, findings = compiled(applc, appliance)
    objects = documents(text)
    namespace = namespace_of(objects)
    server_side = "--server-side" not in findings
    cluster.create_namespace(namespace)
    try:
        cluster.dry_run(text, server_side)
        cluster.apply(text, server_side)
        stored = as_stored(cluster, objects)
        assert list(map(strings, stored)) == [strings(item) for item in objects if item["kind"] != "Namespace"]
        # Applying the file again changes nothing, and kubectl says so; the first time, it adds its annotation.
        cluster.apply(text, server_side=False)
        again = cluster.apply(text, server_side=False).splitlines()
        assert [line for line in again if not line.endswith(" unchanged")] == []
        assert [item.get("spec") for item in as_stored(cluster, objects)] == [item.get("spec") for item in stored]
        cluster.pods_of([run_now(cluster, item) for item in stored if item["kind"] in WORKLOADS])
    finally:
        cluster.delete_namespace(namespace)


@pytest.mark.parametrize(
    ("character", "server_side"),
    [
        ("\x01", True),
        ("\x7f", False),
        ("\x80", False),
        ("\x85", False),
        ("\x9f", False),
        ("\xa0", True),
        ("\u2028", True),
        ("\ufeff", True),
        ("\uffff", False),
        ("\U0001fffe", True),
    ],
)
def test_which_characters_can_be_applied_server_side(
    applc: support.Applc, cluster: Cluster, character: str, server_side: bool
) -> None:
    container = {
        "id": "a",
        "type": "service",
        "image": "a",
        "resources": {"cpus": 1, "mem": 1},
        "args": [f"<{character}>"],
    }
    document = {"id": f"character-{ord(character)}", "containers": [container]}
    outcome = applc.compile("-", "kubernetes", stdin=json.dumps(document))
    assert ("--server-side" not in outcome.stderr) == server_side
    cluster.create_namespace(document["id"])

    def arrives(server_side: bool) -> bool:
        cluster.kubectl("delete", "deployment", "a", "-n", document["id"])
        try:
            cluster.apply(outcome.stdout, server_side)
        except Rejected as rejection:
            assert "control characters are not allowed" in str(rejection)
            return False
        (deployment,) = cluster.items("deployments", document["id"])
        return deployment["spec"]["template"]["spec"]["containers"][0]["args"] == container["args"]

    assert (arrives(True), arrives(False)) == (server_side, True)
    cluster.delete_namespace(document["id"])


TCP = {"container_port": 9125}
UDP = {"container_port": 9125, "protocol": "udp"}


def with_ports(applc: support.Applc, *ports: Object) -> str:
    """The output for a container that lists these ports."""
    resources = {"cpus": 1, "mem": 64}
    container = {"id": "a", "type": "service", "image": "a", "resources": resources, "ports": ports}
    document = {"id": "protocols", "containers": [{**container, "network_mode": "container"}]}
    outcome = applc.compile("-", "kubernetes", stdin=json.dumps(document))
    assert (outcome.code, outcome.stderr) == (0, "")
    return outcome.stdout


@pytest.mark.parametrize("server_side", [True, False])
def test_an_update_loses_no_port_of_two_protocols(applc: support.Applc, cluster: Cluster, server_side: bool) -> None:
    """Without `--server-side`, kubectl merges ports by their numbers, whatever their protocols."""
    cluster.create_namespace("protocols")
    try:
        for ports in ([UDP, TCP], [TCP], [UDP, TCP], [UDP], [TCP, UDP]):
            text = with_ports(applc, *ports)
            cluster.apply(text, server_side)
            written = [item["metadata"]["name"] for item in documents(text) if item["kind"] == "Service"]
            stored = {item["metadata"]["name"]: item for item in cluster.items("services", "protocols")}
            kept = {port["protocol"] for name in written for port in stored[name]["spec"]["ports"]}
            assert kept == {"UDP" if "protocol" in port else "TCP" for port in ports}
            (deployment,) = cluster.items("deployments", "protocols")
            (container,) = deployment["spec"]["template"]["spec"]["containers"]
            assert [port["containerPort"] for port in container["ports"]] == [9125]
    finally:
        cluster.delete_namespace("protocols")


@pytest.mark.parametrize("udp", [9125, 9126])
def test_the_api_server_accepts_one_host_port_for_two_protocols(
    applc: support.Applc, cluster: Cluster, udp: int
) -> None:
    """A number of the nodes' ports belongs to one Service, so the second one is a port of the pod's host."""
    cluster.create_namespace("protocols")
    try:
        text = with_ports(applc, {**TCP, "host_port": 30125}, {**UDP, "container_port": udp, "host_port": 30125})
        cluster.apply(text)
        assert [
            (port["protocol"], port["nodePort"] == 30125)
            for service in cluster.items("services", "protocols")
            for port in service["spec"]["ports"]
        ] == [("TCP", True), ("UDP", False)]
    finally:
        cluster.delete_namespace("protocols")


def as_stored(cluster: Cluster, objects: list[Object]) -> list[Object]:
    """The objects as stored by the API server, in order."""
    kinds = sorted({item["kind"] for item in objects} - {"Namespace"})
    found = {
        (item["kind"], item["metadata"]["name"]): item
        for item in cluster.items(",".join(kinds), namespace_of(objects))
    }
    keys = [(item["kind"], item["metadata"]["name"]) for item in objects if item["kind"] in kinds]
    return [found[key] for key in keys]


def strings(item: Object) -> list[object]:
    """The image, command, arguments, and environment of the containers of an object."""
    template = kube_checks.pod_template(item)
    return [
        (
            [container.get(key, []) for key in ("image", "command", "args")],
            # The server omits an empty value.
            [(entry["name"], entry.get("value", "")) for entry in container.get("env", [])],
        )
        for container in (template["spec"]["containers"] if template else [])
    ]


def run_now(cluster: Cluster, workload: Object) -> Object:
    """A new Job from a CronJob; other workloads are returned unchanged."""
    if workload["kind"] != "CronJob":
        return workload
    name, namespace = (workload["metadata"][key] for key in ("name", "namespace"))
    cluster.checked("create", "job", f"{name}-now", f"--from=cronjob/{name}", "-n", namespace)
    return cluster.get("job", f"{name}-now", "-n", namespace)
