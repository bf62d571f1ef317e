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
        # Applying the file again changes nothing.
        cluster.apply(text, server_side)
        again = as_stored(cluster, objects)
        assert [item.get("spec") for item in again] == [item.get("spec") for item in stored]
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


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="`kubectl apply` without `--server-side` merges ports by their number, so an update of a container that uses "
    "one number for TCP and UDP loses a port, and applc does not warn of it",
)
def test_applc_warns_if_an_update_loses_ports(applc: support.Applc, cluster: Cluster) -> None:
    tcp = {"container_port": 9125}
    udp = {"container_port": 9125, "protocol": "udp"}

    def output(*ports: Object) -> support.Outcome:
        resources = {"cpus": 1, "mem": 64}
        container = {"id": "a", "type": "service", "image": "a", "resources": resources, "ports": ports}
        document = {"id": "protocols", "containers": [{**container, "network_mode": "container"}]}
        return applc.compile("-", "kubernetes", stdin=json.dumps(document))

    both, one = output(udp, tcp), output(tcp)
    cluster.create_namespace("protocols")
    try:
        for each in (both, one, both):
            cluster.apply(each.stdout, server_side=False)
        (service,) = (item for item in cluster.items("services", "protocols") if item["metadata"]["name"] == "a")
        kept = {port["protocol"] for port in service["spec"]["ports"]}
        assert kept == {"TCP", "UDP"} or "--server-side" in both.stderr
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
