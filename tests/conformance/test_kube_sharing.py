"""Several appliances in one namespace, and the objects of one appliance in several files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import support
from kube_api import WORKLOADS, Cluster, Object, documents


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster() as cluster:
        yield cluster


def document(id: str, *names: str) -> str:
    """An appliance of a service and a job with these names, and a service that waits for both."""
    service, job = names
    base = {"type": "service", "image": "a", "resources": {"cpus": 0.1, "mem": 64}, "network_mode": "container"}
    containers = [
        {**base, "id": service, "ports": [{"container_port": 80}], "volumes": [{"src": "data", "dest": "/d"}]},
        {**base, "id": job, "type": "job"},
        {**base, "id": "last", "args": [f"@{service}"], "dependencies": [service, job]},
    ]
    volumes = {"volumes": [{"id": "data", "size": 5}]}
    return json.dumps({"id": id, "containers": containers, "data_persistence": volumes})


def key(item: Object) -> str:
    return f"{item['kind']}/{item['metadata']['name']}"


def stored(cluster: Cluster, namespace: str, *labels: str) -> dict[str, tuple[str, Object]]:
    """The UID and the generation, or content, of the objects with labels, by name."""
    kinds = "deployments,jobs,services,persistentvolumeclaims,serviceaccounts,roles,rolebindings"
    items = cluster.get(kinds, "-n", namespace, *labels)["items"]
    return {
        key(item): (
            item["metadata"]["uid"],
            {**item["metadata"]["labels"], "rest": item.get("rules") or item.get("spec")},
        )
        for item in items
    }


@pytest.mark.parametrize("how", ["--server-side", "--server-side=false"])
def test_appliances_in_one_namespace_do_not_touch_each_other(
    applc: support.Applc, cluster: Cluster, how: str
) -> None:
    namespace = f"team-{how == '--server-side'}".lower()
    cluster.create_namespace(namespace)
    options = ("--option", f"kubernetes.namespace={namespace}", "--option", "kubernetes.create-namespace=false")
    # The same ids, and ids that are the same after a hyphen between them is lost.
    appliances = {
        "one": ("web", "job"),
        "two": ("web", "job"),
        "a": ("b-c", "b-d"),
        "a-b": ("c", "d"),
    }
    before: dict[str, dict[str, tuple[str, Object]]] = {}
    try:
        for id, names in appliances.items():
            outcome = applc.compile("-", "kubernetes", *options, stdin=document(id, *names))
            assert outcome.code == 0, outcome.stderr
            made = {key(item) for item in documents(outcome.stdout)}
            cluster.checked("apply", how, "-f", "-", stdin=outcome.stdout)
            label = ("-l", f"app.kubernetes.io/instance={id}")
            before[id] = stored(cluster, namespace, *label)
            assert set(before[id]) == made
        for id, objects in before.items():
            assert stored(cluster, namespace, "-l", f"app.kubernetes.io/instance={id}") == objects
        workloads = [item for item in cluster.items("deployments,jobs", namespace) if item["kind"] in WORKLOADS]
        # Each Deployment and Job has its own pods, in spite of the same names.
        assert all(len(pods) == 1 for pods in cluster.pods_of(workloads))
        kinds = "deployments,jobs,services,serviceaccounts,roles,rolebindings"
        cluster.checked("delete", kinds, "-n", namespace, "-l", "app.kubernetes.io/instance=two", "--wait=false")
        assert stored(cluster, namespace, "-l", "app.kubernetes.io/instance=one") == before["one"]
    finally:
        cluster.delete_namespace(namespace)


@pytest.mark.parametrize("how", ["--server-side", "--server-side=false"])
def test_a_folder_of_split_files_is_applied_in_order(
    applc: support.Applc, cluster: Cluster, tmp_path: Path, how: str
) -> None:
    id = f"folder-{how == '--server-side'}".lower()
    source = tmp_path / "app.json"
    source.write_text(document(id, "web", "job"))
    whole = {key(item) for item in documents(applc.compile(source, "kubernetes").stdout)} - {f"Namespace/{id}"}
    out = tmp_path / "out"
    outcome = applc.compile(source, "kubernetes", "--option", "kubernetes.split=true", "-o", out)
    assert outcome.code == 0, outcome.stderr
    # The namespace does not exist: a file that is applied before its own is refused.
    cluster.checked("apply", how, "-f", str(out))
    assert set(stored(cluster, id, "-l", "app.kubernetes.io/managed-by=applc")) == whole
    cluster.delete_namespace(id)
