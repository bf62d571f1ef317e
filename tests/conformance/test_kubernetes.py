"""The Kubernetes target, judged by the published schemas and by a real API server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import kube_checks
import kube_schemas
import support
from kube_api import WORKLOADS, Cluster, Object, documents

# Fields younger than the oldest schemas, and the version they came with. All are for what older
# versions cannot do at all.
YOUNGER = {"backoffLimitPerIndex": "1.28"}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster() as cluster:
        yield cluster


def compiled(applc: support.Applc, appliance: Path, *options: str) -> str:
    """The file that applc makes; skips where it says that Kubernetes cannot do it."""
    outcome = applc.compile(appliance, "kubernetes", *options)
    if outcome.code == 1:
        assert "error[E" in outcome.stderr and outcome.stdout == ""
        pytest.skip(next(line for line in outcome.stderr.splitlines() if line.startswith("error[")))
    assert outcome.code == 0, outcome.stderr
    return outcome.stdout


def claims_outside(objects: list[Object]) -> set[str]:
    """The claims that the pods use and the file does not make: the global volumes."""
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


def test_the_schemas_and_rules_hold(applc: support.Applc, appliance: Path, tmp_path: Path) -> None:
    text = compiled(applc, appliance)
    objects = documents(text)
    assert kube_checks.problems(objects, claims_outside(objects)) == []
    problems = kube_schemas.problems(objects)
    assert [p for p in problems if not any(field in p for field in YOUNGER)] == []
    file = tmp_path / "kubernetes.yaml"
    file.write_text(text)
    assert kube_schemas.kubectl_validate(file, "1.30") == ""


def test_the_api_server_takes_it(applc: support.Applc, appliance: Path, cluster: Cluster) -> None:
    text = compiled(applc, appliance)
    objects = documents(text)
    namespace = namespace_of(objects)
    cluster.create_namespace(namespace)
    try:
        cluster.dry_run(text)
        cluster.apply(text)
        # A second time nothing changes.
        before = [cluster.items(resource, namespace) for resource in ("services", "jobs")]
        cluster.apply(text)
        assert [cluster.items(resource, namespace) for resource in ("services", "jobs")] == before
        for item in objects:
            if item["kind"] in WORKLOADS:
                cluster.pods_of(run_now(cluster, item))
    finally:
        cluster.delete_namespace(namespace)


def run_now(cluster: Cluster, workload: Object) -> Object:
    """A Job made from a CronJob, and any other workload as it is."""
    if workload["kind"] != "CronJob":
        return workload
    name, namespace = (workload["metadata"][key] for key in ("name", "namespace"))
    cluster.checked("create", "job", f"{name}-now", f"--from=cronjob/{name}", "-n", namespace)
    return cluster.get("job", f"{name}-now", "-n", namespace)
