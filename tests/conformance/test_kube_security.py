"""What Pod Security and quotas of a real API server say about the output.

With default options, `restricted` warns only about what the images of the author may require, which applc
cannot know, and never about the containers that applc adds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import kube_checks
import support
from kube_api import WORKLOADS, Cluster, Object, documents

# Without these an image may not run, or a program such as sudo in it.
LEFT = {"allowPrivilegeEscalation != false", "unrestricted capabilities", "runAsNonRoot != true"}

# What the author writes: `network_mode: host`, `type: host` of a volume, `host_port`, `is_privileged`.
WRITTEN = {"host namespaces", "restricted volume types", "hostPath volumes", "hostPort", "privileged"}

WAITS = {
    "id": "waits",
    "containers": [
        {"id": "a", "type": "service", "image": "a"},
        {"id": "j", "type": "job", "image": "j", "start_time": "2027-01-01T00:00:00Z"},
        {"id": "c", "type": "job", "image": "c", "repeats": -1, "interval": "1D", "dependencies": ["a"]},
        {"id": "b", "type": "service", "image": "b", "dependencies": ["a", "j"]},
        {"id": "root", "type": "service", "image": "r", "is_privileged": True, "dependencies": ["a"]},
    ],
}  # fmt: skip
for each in WAITS["containers"]:
    each |= {"resources": {"cpus": 0.1, "mem": 64}, "network_mode": "container"}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster() as cluster:
        yield cluster


@pytest.fixture
def namespaces(cluster: Cluster) -> Iterator[list[str]]:
    """A list of namespaces to delete after the test."""
    made: list[str] = []
    yield made
    for name in made:
        cluster.delete_namespace(name)


def compiled(applc: support.Applc, source: Path | Object, *options: str) -> str:
    is_path = isinstance(source, Path)
    document = None if is_path else json.dumps(source)
    outcome = applc.compile(source if is_path else "-", "kubernetes", *options, stdin=document)
    assert outcome.code == 0, outcome.stderr
    return outcome.stdout


def violations(cluster: Cluster, text: str, level: str = "restricted") -> list[tuple[set[str], set[str]]]:
    """For each workload with a warning: what violates the level, and the quoted names, mostly of containers."""
    namespace = documents(text)[0]["metadata"]["name"]
    cluster.checked("label", "namespace", namespace, "--overwrite", f"pod-security.kubernetes.io/warn={level}")
    run = cluster.kubectl("apply", "--server-side=false", "--dry-run=server", "-f", "-", stdin=text)
    assert run.returncode == 0, run.stderr
    found = []
    for warning in re.findall(r'would violate PodSecurity "\w+:latest": (.*)', run.stderr):
        kinds = re.findall(r"(?:^|, )([^,()]+?) \(", warning)
        assert kinds, warning
        found.append((set(kinds), set(re.findall(r'"([^"]+)"', warning))))
    return found


def added(objects: list[Object]) -> set[str]:
    """The names of the containers that applc adds."""
    templates = filter(None, map(kube_checks.pod_template, objects))
    return {init["name"] for template in templates for init in template["spec"].get("initContainers", [])}


def test_pod_security_warns_only_of_what_the_author_decides(
    applc: support.Applc, cluster: Cluster, namespaces: list[str]
) -> None:
    cluster.create_namespace("waits")
    namespaces.append("waits")
    text = compiled(applc, WAITS)
    # The rest is said of each of the five containers, and of no other.
    found = violations(cluster, text)
    assert sorted(min(names - {"ALL"}) for _, names in found) == ["a", "b", "c", "j", "root"]
    assert all(kinds - {"privileged"} == LEFT for kinds, _ in found)
    assert violations(cluster, text, "baseline") == [({"privileged"}, {"root"})]
    # The option gives up the rest, except what the author writes.
    strict = violations(cluster, compiled(applc, WAITS, "--option", "kubernetes.restricted=true"))
    assert [names - {"ALL"} for _, names in strict] == [{"root"}]
    assert all("privileged" in kinds for kinds, _ in strict)


@pytest.mark.accepted_by("kubernetes")
def test_pod_security_does_not_warn_of_what_applc_adds(
    applc: support.Applc, example: Path, cluster: Cluster, namespaces: list[str]
) -> None:
    text = compiled(applc, example)
    objects = documents(text)
    namespaces.append(objects[0]["metadata"]["name"])
    cluster.create_namespace(namespaces[0])
    found = violations(cluster, text)
    assert {kind for kinds, _ in found for kind in kinds} <= LEFT | WRITTEN
    assert not {name for _, names in found for name in names} & added(objects)
    strict = violations(cluster, compiled(applc, example, "--option", "kubernetes.restricted=true"))
    assert all(kinds & WRITTEN for kinds, _ in strict)


def test_a_quota_admits_the_pods_that_wait(applc: support.Applc, cluster: Cluster, namespaces: list[str]) -> None:
    cluster.create_namespace("waits")
    namespaces.append("waits")
    # Pods without these are refused.
    hard = "requests.cpu=10,requests.memory=10Gi,limits.memory=10Gi"
    cluster.checked("create", "quota", "all", "-n", "waits", f"--hard={hard}")
    text = compiled(applc, WAITS)
    cluster.apply(text)
    workloads = [item for item in cluster.items("deployments,jobs", "waits") if item["kind"] in WORKLOADS]
    assert all(cluster.pods_of(workloads))
