"""Applies the output of one version of an appliance over that of another, in both directions and ways.

Each field of the language is added, changed, and removed in a container of its own. Afterwards, the API server
must have what it has if only the later version is applied. What Kubernetes cannot change in place is listed here
and in docs/kubernetes.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import support
from kube_api import Cluster, Object, documents
from told_effects import told

Fields = dict[str, Any]

# The versions of a container, which has the name of the case; or of several containers, by their endings.
CASES: dict[str, tuple[Fields, Fields]] = {
    "image": ({}, {"image": "other:2"}),
    "cpus": ({}, {"resources": {"cpus": 2, "mem": 64}}),
    "mem": ({}, {"resources": {"cpus": 0.1, "mem": 2048}}),
    "disk": ({}, {"resources": {"cpus": 0.1, "mem": 64, "disk": 100}}),
    "gpu": ({}, {"resources": {"cpus": 0.1, "mem": 64, "gpu": 2}}),
    "instances": ({}, {"instances": 3}),
    "no-instances": ({"instances": 0}, {"instances": 2}),
    "cmd": ({}, {"cmd": "sleep 1"}),
    "args": ({"args": ["a", "b"]}, {"args": ["b"]}),
    "cmd-or-args": ({"args": ["a"]}, {"cmd": "a"}),
    "env": ({"env": {"A": "1", "B": "2", "C": ""}}, {"env": {"C": "3", "A": ""}}),
    "secret-env": (
        {"env": {"A": "1"}, "secret_env": {"B": {"secret": "s", "key": "k"}, "C": {"secret": "s", "key": "l"}}},
        {"env": {"B": "1"}, "secret_env": {"A": {"secret": "s", "key": "k"}, "C": {"secret": "t", "key": "l"}}},
    ),
    "secret-files": (
        {"secret_files": [{"dest": "/a", "secret": "s", "key": "k"}]},
        {"secret_files": [
            {"dest": "/a", "secret": "t", "key": "k"},
            {"dest": "/b", "secret": "s", "key": "l", "mode": "0400"},
        ]},
    ),
    "network-mode": ({}, {"network_mode": "host"}),
    "network-with-ports": (
        {"network_mode": "bridge", "ports": [{"container_port": 8080}]},
        {"network_mode": "host", "ports": [{"container_port": 8080}]},
    ),
    "ports": ({}, {"ports": [{"container_port": 80}]}),
    "more-ports": (
        {"ports": [{"container_port": 80}]},
        {"ports": [{"container_port": 81}, {"container_port": 80}, {"container_port": 82}]},
    ),
    "port-names": (
        {"ports": [{"container_port": 80, "name": "a"}, {"container_port": 81, "name": "b"}]},
        {"ports": [{"container_port": 80, "name": "b"}, {"container_port": 81, "name": "a"}]},
    ),
    "protocol": (
        {"ports": [{"container_port": 53}]},
        {"ports": [{"container_port": 53, "protocol": "udp"}]},
    ),
    "node-port": (
        {"ports": [{"container_port": 80}]},
        {"ports": [{"container_port": 80, "host_port": 30010}]},
    ),
    "other-node-port": (
        {"ports": [{"container_port": 80, "host_port": 30011}]},
        {"ports": [{"container_port": 80, "host_port": 30012}]},
    ),
    "host-port": (
        {"ports": [{"container_port": 80}]},
        {"ports": [{"container_port": 80, "host_port": 8100}]},
    ),
    "other-host-port": (
        {"ports": [{"container_port": 80, "host_port": 8101}]},
        {"ports": [{"container_port": 80, "host_port": 8102}, {"container_port": 81}]},
    ),
    "host-port-and-capacity": (
        {"ports": [{"container_port": 80, "host_port": 8103}]},
        {"ports": [{"container_port": 80, "host_port": 8103}], "instances": 4, "minimum_capacity": 0.5},
    ),
    "is-privileged": ({}, {"is_privileged": True}),
    "force-pull-image": ({}, {"force_pull_image": False}),
    "dependencies": ({"dependencies": ["image"]}, {"dependencies": ["job-image", "cpus"]}),
    "region": ({}, {"schedule_hints": {"placement": {"region": "r"}}}),
    "zone": (
        {"schedule_hints": {"placement": {"region": "r"}}},
        {"schedule_hints": {"placement": {"zone": "z"}}},
    ),
    "host": (
        {"schedule_hints": {"placement": {"host": "h"}}},
        {"schedule_hints": {"placement": {"host": "i"}, "preemptible": True}},
    ),
    "preemptible": ({"schedule_hints": {"preemptible": True}}, {"schedule_hints": {"preemptible": False}}),
    "default-health-check": (
        {"ports": [{"container_port": 80}]},
        {"ports": [{"container_port": 80}], "default_health_check": True},
    ),
    "health-check": ({}, {"health_check": {"protocol": "COMMAND", "command": "true"}}),
    "health-check-kind": (
        {"health_check": {"protocol": "COMMAND", "command": "true"}, "ports": [{"container_port": 80}]},
        {"health_check": {"protocol": "HTTP", "path": "/a"}, "ports": [{"container_port": 80}]},
    ),
    "health-check-fields": (
        {
            "ports": [{"container_port": 80}, {"container_port": 81}],
            "health_check": {"protocol": "HTTP", "path": "/a", "grace_period_seconds": 0},
        },
        {
            "ports": [{"container_port": 80}, {"container_port": 81}],
            "health_check": {
                "protocol": "HTTPS", "path": "/b", "port_index": 1, "interval_seconds": 3, "timeout_seconds": 2,
                "max_consecutive_failures": 5, "grace_period_seconds": 7,
            },
        },
    ),
    "health-check-command": (
        {"health_check": {"protocol": "COMMAND", "command": "a"}},
        {"health_check": {"protocol": "COMMAND", "command": "b"}},
    ),
    "entrypoint": ({"args": ["a"]}, {"args": ["a"], "entrypoint": ["/run", "b"]}),
    "entrypoint-or-cmd": ({"cmd": "a"}, {"entrypoint": ["a"]}),
    "user": ({}, {"user": 1000}),
    "other-user": ({"user": "1000:1000"}, {"user": 1001}),
    "working-dir": ({}, {"working_dir": "/a"}),
    "stop-timeout": ({}, {"stop_timeout": 60}),
    "labels": ({"labels": {"a": "1", "b": "2"}}, {"labels": {"b": "3", "c": "4"}}),
    "internal": (
        {"ports": [{"container_port": 80}]},
        {"ports": [{"container_port": 80, "internal": True}]},
    ),
    "files": ({}, {"files": [{"dest": "/etc/a", "content": "a"}]}),
    "files-fields": (
        {"files": [{"dest": "/etc/a", "content": "a"}, {"dest": "/etc/b", "content": "b"}]},
        {"files": [{"dest": "/etc/c", "content": "b", "mode": "0400"}, {"dest": "/etc/b", "content": "c"}]},
    ),
    "files-source": (
        {"files": [{"dest": "/etc/a", "content": "a"}]},
        {"files": [{"dest": "/etc/a", "source": "README.md"}]},
    ),
    "build": ({}, {"build": {"context": ".", "dockerfile": "Other", "args": {"A": "a"}, "target": "b"}}),
    "minimum-capacity": ({"instances": 4}, {"instances": 4, "minimum_capacity": 0.5}),
    "volumes": ({}, {"volumes": [{"src": "some", "dest": "/some"}]}),
    "dest": (
        {"volumes": [{"src": "dest-a", "dest": "/a"}]},
        {"volumes": [{"src": "dest-b", "dest": "/a"}, {"src": "dest-a", "dest": "/b"}]},
    ),
    "mode": (
        {"volumes": [{"src": "/a", "dest": "/a", "type": "host"}]},
        {"volumes": [{"src": "/a", "dest": "/a", "type": "host", "mode": "RO"}]},
    ),
    "type-of-volume": (
        {"volumes": [{"src": "/some", "dest": "/v", "type": "host"}]},
        {"volumes": [{"src": "kind", "dest": "/v"}]},
    ),
    "global": (
        {"volumes": [{"src": "everywhere", "dest": "/v"}]},
        {"volumes": [{"src": "everywhere", "dest": "/w"}]},
    ),
    "type": ({}, {"type": "job"}),
    "name": ({"id": "name-1"}, {"id": "name-2"}),
    # References: with and without a port, listed or not.
    "reference": (
        {"-to": {}, "-from": {}},
        {"-to": {}, "-from": {"args": ["@reference-to"]}},
    ),
    "reference-with-port": (
        {"-to": {"ports": [{"container_port": 80}]}, "-from": {"args": ["@reference-with-port-to:80"]}},
        {"-to": {"ports": [{"container_port": 81}]}, "-from": {"args": ["@reference-with-port-to:80"]}},
    ),
    "reference-to-host": (
        {"-to": {"ports": [{"container_port": 80}]}, "-from": {"args": ["@reference-to-host-to:80"]}},
        {
            "-to": {"ports": [{"container_port": 80}], "network_mode": "host"},
            "-from": {"args": ["@reference-to-host-to:80"]},
        },
    ),
    "protocols": (
        {"ports": [{"container_port": 53}]},
        {"ports": [{"container_port": 53, "protocol": "udp"}, {"container_port": 53}]},
    ),
    "reference-to-ports": (
        {"-to": {}, "-from": {"args": ["@reference-to-ports-to"]}},
        {"-to": {"ports": [{"container_port": 80}]}, "-from": {"args": ["@reference-to-ports-to"]}},
    ),
    "dependency": (
        {"-on": {"ports": [{"container_port": 80}]}, "-of": {}},
        {"-on": {}, "-of": {"dependencies": ["dependency-on"]}},
    ),
    "reference-to-itself": (
        {"env": {"A": "a"}, "args": ["a"]},
        {"env": {"A": "@reference-to-itself"}, "args": ["@reference-to-itself:80"]},
    ),
    "cron-image": ({}, {"image": "other:2"}),
    "cron-schedule": ({}, {"interval": "7D", "start_time": "2027-02-01T03:00:00Z"}),
    "cron-retries": ({"retries": 1}, {"instances": 2, "retries": 3}),
    "job-image": ({}, {"image": "other:2"}),
    "job-retries": ({}, {"retries": 3}),
    "job-instances": ({}, {"instances": 2}),
    "job-start-time": ({}, {"start_time": "2027-02-01T03:00:00Z"}),
    "job-repeats": ({}, {"repeats": -1, "interval": "1D"}),
    "job-schedule": ({}, {"schedule": "0 3 * * *"}),
    "job-schedule-changed": (
        {"schedule": "0 3 * * *", "time_zone": "Europe/Berlin"},
        {"schedule": "*/15 8-17 * * MON-FRI", "time_zone": "America/New_York"},
    ),
    "job-time-zone": ({"schedule": "0 3 * * *"}, {"schedule": "0 3 * * *", "time_zone": "Europe/Berlin"}),
}  # fmt: skip

# The versions of a volume, which is mounted by the service with its name.
VOLUMES: dict[str, tuple[Fields, Fields]] = {
    "some": ({"size": 10}, {"size": 10}),
    "dest-a": ({"size": 10}, {"size": 10}),
    "dest-b": ({"size": 10}, {"size": 10}),
    "kind": ({"size": 10}, {"size": 10}),
    "everywhere": ({"scope": "global"}, {"size": 10}),
    "larger": ({"size": 10}, {"size": 20}),
    "hints": ({"size": 10}, {"size": 10, "schedule_hints": {"placement": {"region": "r", "cloud": "c"}}}),
}

# Objects that the API server does not change in place: what it says.
REFUSED = {
    "Job/job-image": "field is immutable",
    "Job/job-instances": "field is immutable",
    "Job/job-start-time": "field is immutable",
    # The size of a claim that is not bound, or whose storage class does not support it.
    "PersistentVolumeClaim/larger": "spec is immutable after creation except resources.requests",
}

# Objects that are not as they are alone, by the later version.
KEPT: dict[int, list[str]] = {
    # The server keeps a node port that is no longer asked for.
    0: ["Service/node-port"],
    1: [],
}

# Fields that describe a running system, are older spellings, or are tested as another field.
OTHER_FIELDS = {
    "appliance", "state", "endpoints", "deployment", "last_update", "sys_schedule_hints", "tasks", "rack", "data",
    "cluster_type", "user_schedule_hints", "gpus", "host_path", "container_path", "volume_type",
}  # fmt: skip


def document(id: str, version: int) -> Fields:
    """All containers and volumes in one of their two versions."""
    containers: list[Fields] = []
    for case, versions in CASES.items():
        several = versions[version] if next(iter(versions[0]), "").startswith("-") else {"": versions[version]}
        for ending, fields in several.items():
            container: Fields = {
                "id": case + ending, "type": "service", "image": "image:1", "resources": {"cpus": 0.1, "mem": 64},
                "network_mode": "container",
            }  # fmt: skip
            if case.startswith("job-"):
                container["type"] = "job"
            if case.startswith("cron-"):
                container |= {"type": "job", "repeats": -1, "interval": "1D", "start_time": "2027-01-01T00:00:00Z"}
            containers.append(container | fields)
    for volume in ("larger", "hints"):
        containers.append({
            "id": volume, "type": "service", "image": "image:1", "resources": {"cpus": 0.1, "mem": 64},
            "network_mode": "container", "volumes": [{"src": volume, "dest": "/v"}],
        })  # fmt: skip
    volumes = [{"id": id, **versions[version]} for id, versions in VOLUMES.items()]
    return {"id": id, "containers": containers, "data_persistence": {"volumes": volumes}}


@dataclass
class State:
    """What the API server has after an apply, and what it refused, by `Kind/name`."""

    objects: dict[str, Object]
    refused: dict[str, str]


# In both ways of applying: `The Job "a" is invalid: ...`, `...: Job.batch "a" is invalid: ...`.
REFUSAL = re.compile(r'\b([A-Z]\w+)(?:\.[a-z.]+)? "([^"]+)" is (?:invalid|forbidden): (.*)')


def key(item: Object) -> str:
    return f"{item['kind']}/{item['metadata']['name']}"


def settled(item: Object) -> Object:
    """The parts of an object that its author decides."""
    spec = json.loads(json.dumps(item.get("spec", {k: item[k] for k in ("rules", "subjects", "roleRef") if k in item})))
    if item["kind"] == "Service":
        if spec.get("clusterIP") != "None":
            spec.pop("clusterIP"), spec.pop("clusterIPs")
        for port in spec.get("ports", []):
            # The server itself chooses node ports from those after the first 86.
            if port.get("nodePort", 0) >= 30086:
                del port["nodePort"]
    if item["kind"] == "Job":
        # The server adds the UID of the job.
        spec.pop("selector")
        spec["template"]["metadata"].pop("labels")
    contents = {name: item[name] for name in ("data", "binaryData") if name in item}
    return {"spec": spec, "labels": item["metadata"].get("labels"), **contents}


class Versions:
    """Two versions of the appliance, applied in one way, in a namespace of its own."""

    def __init__(self, applc: support.Applc, cluster: Cluster, how: str) -> None:
        self.cluster, self.how = cluster, how
        self.namespace = {"--server-side": "server-side", "--server-side=false": "client-side"}[how]
        options = ("--option", "kubernetes.preemptible-label=spot=true", "--option", "kubernetes.cloud-label=cloud")
        self.texts = []
        for version in (0, 1):
            outcome = applc.compile("-", "kubernetes", *options, stdin=json.dumps(document(self.namespace, version)))
            assert outcome.code == 0, outcome.stderr
            self.texts.append(outcome.stdout)
        cluster.create_namespace(self.namespace)
        self.alone = [self.apply(0)]
        self.delete()
        self.alone.append(self.apply(1))
        self.delete()
        # Each version is applied over the other.
        self.apply(0)
        self.after: dict[int, State] = {1: self.apply(1)}
        self.delete()
        self.apply(1)
        self.after[0] = self.apply(0)

    def apply(self, version: int) -> State:
        run = self.cluster.kubectl("apply", self.how, "-f", "-", stdin=self.texts[version])
        refused = {f"{kind}/{name}": why for kind, name, why in REFUSAL.findall(run.stderr)}
        assert (run.returncode != 0) == bool(refused), run.stderr
        kinds = {item["kind"] for item in documents(self.texts[version])} - {"Namespace"}
        items = self.cluster.items(",".join(sorted(kinds)), self.namespace)
        return State({key(item): item for item in items}, refused)

    def delete(self) -> None:
        """Deletes all objects, so that nothing is left of the versions before."""
        kinds = "deployments,cronjobs,jobs,services,configmaps,serviceaccounts,roles,rolebindings"
        here = ("-n", self.namespace, "-l", "app.kubernetes.io/managed-by=applc")
        self.cluster.checked("delete", kinds, *here, "--cascade=background")
        self.cluster.kubectl("delete", "pods", "--all", "-n", self.namespace, "--grace-period=0", "--force")
        self.cluster.checked("delete", "persistentvolumeclaims", *here, "--timeout=60s")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster() as cluster:
        yield cluster


@pytest.fixture(scope="module", params=["--server-side", "--server-side=false"])
def versions(applc: support.Applc, cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Versions]:
    both = Versions(applc, cluster, request.param)
    yield both
    cluster.delete_namespace(both.namespace)


def changed(before: Any, after: Any) -> set[str]:
    """The names of the fields with different values."""
    if isinstance(before, dict) or isinstance(after, dict):
        before, after = before or {}, after or {}
        names = {name for name in {*before, *after} if before.get(name) != after.get(name)}
        return names.union(*(changed(before.get(name), after.get(name)) for name in names))
    if isinstance(before, list) or isinstance(after, list):
        pairs = [(b, a) for b in before or [None] for a in after or [None]]
        return set().union(*(changed(b, a) for b, a in pairs))
    return set()


def test_each_field_of_the_language_is_changed(applc: support.Applc) -> None:
    schema = json.loads(applc("schema").stdout)["definitions"]
    fields = {name for each in schema.values() for name in each.get("properties", {})}
    tested = set().union(*(changed(*versions) for versions in (*CASES.values(), *VOLUMES.values())))
    assert fields - OTHER_FIELDS == tested & fields


@pytest.mark.parametrize("later", [1, 0])
def test_an_apply_over_another_version_is_as_an_apply_alone(versions: Versions, later: int) -> None:
    made = {key(item) for item in documents(versions.texts[later]) if item["kind"] != "Namespace"}
    alone, after = versions.alone[later], versions.after[later]
    assert alone.refused == {}
    different = {
        name: (settled(after.objects[name]), settled(alone.objects[name]))
        for name in sorted(made - set(REFUSED))
        if name not in after.objects or settled(after.objects[name]) != settled(alone.objects[name])
    }
    refused = {name: why for name, why in after.refused.items() if name not in REFUSED}
    assert (refused, sorted(different)) == ({}, KEPT[later])


@pytest.mark.parametrize("later", [1, 0])
def test_what_kubernetes_does_not_change_is_documented(versions: Versions, later: int) -> None:
    refused = versions.after[later].refused
    assert set(refused) == set(REFUSED)
    for name, why in REFUSED.items():
        assert why in refused[name]


OPTIONS = 'preemptible-label = "spot=true"\ncloud-label = "cloud"\n'


@pytest.mark.parametrize("later", [1, 0])
def test_what_applc_says_restarts_is_what_has_another_pod_template(
    applc: support.Applc, versions: Versions, tmp_path: Path, later: int
) -> None:
    appliances = [document(versions.namespace, version) for version in (0, 1)]
    (tmp_path / "README.md").write_text("a file")
    effects = told(applc, tmp_path, "kubernetes", appliances[1 - later], appliances[later], OPTIONS)
    before, after = versions.alone[1 - later], versions.after[later]

    def names(kind: str) -> set[str]:
        both = before.objects.keys() & after.objects.keys()
        return {name.split("/")[1] for name in both if name.startswith(f"{kind}/")}

    def spec(state: State, kind: str, name: str) -> Object:
        return state.objects[f"{kind}/{name}"]["spec"]

    deployments = names("Deployment")
    template = {
        name for name in deployments
        if spec(before, "Deployment", name)["template"] != spec(after, "Deployment", name)["template"]
    }  # fmt: skip
    running = {
        name for name in template
        if spec(before, "Deployment", name)["replicas"] and spec(after, "Deployment", name)["replicas"]
    }  # fmt: skip
    assert running == effects["restarts"]
    replicas = {
        name for name in deployments - running
        if spec(before, "Deployment", name)["replicas"] != spec(after, "Deployment", name)["replicas"]
    }  # fmt: skip
    assert replicas == effects["scaled"]
    jobs = {name.removeprefix("Job/") for name in after.refused if name.startswith("Job/")}
    assert jobs == effects["refused"]
    crons = {
        name for name in names("CronJob") if spec(before, "CronJob", name) != spec(after, "CronJob", name)
    }  # fmt: skip
    assert crons == effects["next-run"]
    ids = [{container["id"] for container in each["containers"]} for each in appliances]
    assert effects["new"] == ids[later] - ids[1 - later]
    assert effects["removed"] == ids[1 - later] - ids[later]


def test_the_documented_prune_deletes_what_is_left_except_claims(applc: support.Applc, cluster: Cluster) -> None:
    page = (support.ROOT / "docs" / "kubernetes.md").read_text(encoding="utf-8")
    flags = re.findall(r"--prune-allowlist=\S+", page)
    assert flags

    def output(*ids: str) -> str:
        containers = [
            {
                "id": id, "type": kind, "image": "a", "resources": {"cpus": 0.1, "mem": 64}, "network_mode": "container",
                "ports": [{"container_port": 80}], "volumes": [{"src": id, "dest": "/v"}],
            }
            for id, kind in zip(ids, ("service", "job"), strict=False)
        ]  # fmt: skip
        volumes = [{"id": id, "size": 10} for id in ids]
        document = {"id": "prune", "containers": containers, "data_persistence": {"volumes": volumes}}
        outcome = applc.compile("-", "kubernetes", stdin=json.dumps(document))
        assert outcome.code == 0, outcome.stderr
        return outcome.stdout

    cluster.create_namespace("prune")
    cluster.apply(output("a", "b"), server_side=False)
    label = ("-l", "app.kubernetes.io/instance=prune")
    cluster.checked("apply", "--prune", *label, *flags, "-f", "-", stdin=output("a"))
    kinds = "deployments,jobs,services,persistentvolumeclaims"
    # A deleted Job may still be there for a moment.
    left = {key(item) for item in cluster.items(kinds, "prune") if "deletionTimestamp" not in item["metadata"]}
    # The page says that this does not work.
    cluster.apply(output("a", "b"), server_side=True)
    refused = cluster.kubectl("apply", "--server-side", "--prune", *label, *flags, "-f", "-", stdin=output("a"))
    cluster.delete_namespace("prune")
    assert refused.returncode != 0 and "server-side" in refused.stderr, refused
    assert left == {"Deployment/a", "Service/a", "PersistentVolumeClaim/a", "PersistentVolumeClaim/b"}
