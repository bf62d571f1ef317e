"""Tests of the control plane: it accepts valid objects and rejects invalid ones that pass the schemas."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kube_api import Cluster, Rejected

VALID = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: NAMESPACE}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web, ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: NAMESPACE}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once, namespace: NAMESPACE}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: once, image: once}]}}}
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def namespace(cluster: Cluster) -> str:
    cluster.create_namespace("judge")
    return "judge"


def test_a_valid_file_is_accepted_and_its_pods_are_created(cluster: Cluster, namespace: str) -> None:
    text = VALID.replace("NAMESPACE", namespace)
    cluster.dry_run(text)
    assert cluster.items("deployments", namespace) == []
    cluster.apply(text)
    workloads = cluster.items("deployments,jobs", namespace)
    pods = cluster.pods_of(workloads)
    assert {item["kind"]: len(made) for item, made in zip(workloads, pods, strict=True)} == {
        "Deployment": 2,
        "Job": 1,
    }


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("name: web, namespace", "name: WEB, namespace", "RFC 1123"),
        ("replicas: 2", "replicass: 2", "field not declared in schema"),
        ("matchLabels: {app: web}", "matchLabels: {app: x}", "selector` does not match template `labels`"),
        ("containerPort: 80", "containerPort: 99999", "must be between 1 and 65535"),
        ("ports: [{port: 80}]", "ports: []", "spec.ports: Required value"),
        ("restartPolicy: Never", "restartPolicy: Always", "spec.template.spec.restartPolicy"),
    ],
)
def test_an_invalid_file_is_rejected(cluster: Cluster, namespace: str, old: str, new: str, reason: str) -> None:
    text = VALID.replace(old, new).replace("NAMESPACE", namespace)
    assert old in VALID
    with pytest.raises(Rejected, match=reason):
        cluster.dry_run(text)
