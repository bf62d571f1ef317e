"""Tests of `marathon_rules`: valid groups pass, and invalid ones are reported."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from marathon_rules import absolute, check_group

APP: dict[str, Any] = {
    "id": "/spark-livy/livy",
    "args": ["spark://spark-master-spark-livy.marathon.containerip.dcos.thisdcos.directory:7077", ""],
    "instances": 1,
    "cpus": 1,
    "mem": 4096,
    "disk": 0,
    "env": {"A": "", "B": "no"},
    "networks": [{"mode": "container", "name": "dcos"}],
    "container": {
        "type": "DOCKER",
        "docker": {"image": "heliumdatacommons/livy", "forcePullImage": True, "privileged": False},
        "volumes": [],
        "portMappings": [{"containerPort": 8998, "hostPort": 0, "protocol": "tcp"}],
    },
    "dependencies": ["/spark-livy/spark-master"],
    "healthChecks": [{"protocol": "MESOS_TCP", "portIndex": 0}],
    "upgradeStrategy": {"maximumOverCapacity": 1, "minimumHealthCapacity": 0},
}
MASTER: dict[str, Any] = {
    "id": "/spark-livy/spark-master",
    "instances": 1,
    "cpus": 0.5,
    "mem": 1024,
    "disk": 0,
    "networks": [{"mode": "host"}],
    "container": {"type": "DOCKER", "docker": {"image": "heliumdatacommons/spark-master"}},
    "portDefinitions": [{"port": 7077, "protocol": "tcp"}],
    "requirePorts": True,
    "upgradeStrategy": {"maximumOverCapacity": 0, "minimumHealthCapacity": 0},
}


def group(**changes: Any) -> dict[str, Any]:
    """A valid group with changes to its first app; `a__b=x` sets a nested field, `a=...` removes a field."""
    document = copy.deepcopy({"id": "/spark-livy", "apps": [APP, MASTER]})
    for path, value in changes.items():
        place = document["apps"][0]
        *parents, last = path.split("__")
        for part in parents:
            place = place.setdefault(part, {})
        if value is ...:
            del place[last]
        else:
            place[last] = value
    return document


def messages(document: Any, *features: str) -> str:
    return "\n".join(map(str, check_group(document, features)))


EXTERNAL = {
    "containerPath": "/data",
    "mode": "RW",
    "external": {"name": "data", "provider": "dvdi", "options": {"dvdi/driver": "rexray"}},
}
CAREFUL = {"maximumOverCapacity": 0, "minimumHealthCapacity": 0}
KEEPS_ALL = {"maximumOverCapacity": 0, "minimumHealthCapacity": 0.6}
FIXED = [{"containerPort": 80, "hostPort": 31080}]
UNDERSCORE = {**EXTERNAL["external"], "options": {"dvdi/driver": "ceph_fs"}}


@pytest.mark.parametrize(
    "document",
    [
        group(),
        group(dependencies=["spark-master"], id="livy"),
        group(args=..., cmd="sleep 1"),
        group(args=...),
        group(networks=[{"mode": "container/bridge"}]),
        group(container__portMappings=[], healthChecks=[]),
        group(constraints=[["hostname", "UNIQUE"], ["@zone", "IS", "eu-1"], ["rack", "LIKE", "a.*"]]),
        group(container__volumes=[{"containerPath": "/a", "hostPath": "/b", "mode": "RO"}]),
        group(
            container__portMappings=[
                {"containerPort": 80, "hostPort": 0, "name": "a", "labels": {"VIP_0": "/livy-spark:80"}},
                {"containerPort": 80, "hostPort": 31080, "name": "b", "protocol": "udp"},
            ]
        ),
    ],
)
def test_valid_groups_pass(document: Any) -> None:
    assert messages(document) == ""


def test_a_long_id_is_valid_unless_its_name_is_used() -> None:
    assert messages(group(id="/spark-livy/" + "a" * 60)) == ""


def test_features_must_be_enabled() -> None:
    external = group(container__volumes=[EXTERNAL], upgradeStrategy=CAREFUL)
    assert "external_volumes" in messages(external)
    assert messages(external, "external_volumes") == ""
    gpu = group(gpus=1, container__type="MESOS", container__docker={"image": "x"})
    assert "gpu_resources" in messages(gpu)
    assert messages(gpu, "gpu_resources") == ""
    secret = group(env={"A": {"secret": "x"}})
    assert "feature secrets" in messages(secret)
    assert messages(secret, "secrets") == ""


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        # The structure.
        ({"id": "/a", "labels": {}}, "'labels' was unexpected"),
        ({"id": "/a", "apps": [{"id": "/a/b", "portMappings": []}]}, "'portMappings' was unexpected"),
        (group(env={"A": 1}), "1 is not of type 'string'"),
        (group(env={"A": None}), "None is not of type 'string'"),
        (group(args=["a", 1]), "1 is not of type 'string'"),
        (group(cpus=0), "0 is less than the minimum"),
        (group(instances=-1), "-1 is less than the minimum"),
        (group(instances=1.5), "not of type 'integer'"),
        (group(id="/spark-livy/Livy"), "does not match"),
        (group(id="/spark-livy/a_b"), "does not match"),
        (group(container__docker__network="BRIDGE"), "'network' was unexpected"),
        (group(container__portMappings=[{"containerPort": 65536}]), "greater than the maximum"),
        (group(container__portMappings=[{"containerPort": 1, "protocol": "TCP"}]), "is not one of"),
        (group(container__portMappings=[{"containerPort": 1, "name": "A_b"}]), "does not match"),
        (group(healthChecks=[{"protocol": "COMMAND", "command": "true"}]), "not of type 'object'"),
        (group(healthChecks=[{"protocol": "tcp"}]), "is not one of"),
        (group(networks=[{"mode": "bridge"}]), "is not one of"),
        (group(networks=[{"mode": "container", "name": "A b"}]), "does not match"),
        (group(upgradeStrategy={"maximumOverCapacity": 2, "minimumHealthCapacity": 0}), "greater than"),
        (group(container__volumes=[{"containerPath": "/a", "mode": "RW"}]), "required property"),
        (group(container__volumes=[{"containerPath": "/a", "hostPath": "/b", "mode": "rw"}]), "is not one of"),
        # Ids.
        (group(id="/spark-livy/restart"), "reserved word"),
        (group(id="/spark-livy/a.b"), "breaks its DNS names"),
        (group(id="/spark-livy/-a-"), "does not match"),
        (group(id="/other/livy"), "not a child of /spark-livy"),
        (group(id="/spark-livy/spark-master"), "defined twice"),
        (group(id="/spark-livy/" + "a" * 60, env={"A": "http://" + "a" * 60 + "-spark-livy.marathon.mesos"}), "63 are allowed"),
        ({"id": "relative"}, "not absolute"),
        ({"id": "/"}, "the root"),
        ({"id": "/a", "scaleBy": 2, "apps": []}, "cannot be combined with other fields"),
        ({"id": "/a", "groups": [{"id": "/a/b", "enforceRole": True}]}, "top-level groups"),
        # Fields that Marathon fills in or drops.
        (group(mem=...), "'mem' is missing"),
        (group(networks=...), "'networks' is missing"),
        (group(networks=[{"mode": "host"}]), "ignored: a host network"),
        (group(container__portMappings=...), "'portMappings' is missing"),
        (group(dependencies=["/spark-livy/nothing"]), "does not exist"),
        (group(networks=[{"mode": "container"}]), "--default_network_name"),
        (group(container__portMappings=[{"containerPort": 0}]), "container port 0"),
        # Commands and the environment.
        (group(cmd="sleep 1"), "mutually exclusive"),
        (group(args=..., cmd=":"), "single character"),
        (group(env={"": "x"}), "1 to 254 characters"),
        (group(env={"A=B": "x"}), "invalid variable name"),
        (group(env={"A": "a\0b"}), "NUL"),
        # Networks and ports.
        (group(networks=[{"mode": "host"}, {"mode": "container", "name": "a"}]), "one host network"),
        (group(networks=[{"mode": "container", "name": "a"}] * 2), "duplicate network"),
        (group(networks=[{"mode": "container/bridge", "name": "a"}]), "cannot have a name"),
        (
            group(networks=[{"mode": "container", "name": "a"}, {"mode": "container", "name": "b"}]),
            "supports only one container network",
        ),
        (group(portDefinitions=[{"port": 1}]), "only with a host network"),
        (group(requirePorts=True), "only with a host network"),
        (group(container__portMappings=[{"containerPort": 1, "name": "a"}] * 2), "duplicate port name"),
        (group(container__portMappings=[{"containerPort": 1, "hostPort": 31000}] * 2), "duplicate hostPort"),
        (group(container__portMappings=[{"containerPort": 1, "labels": {"VIP_0": "a"}}]), "expected /name:port"),
        # Health checks.
        (group(healthChecks=[{"protocol": "MESOS_TCP", "portIndex": 1}]), "out of range for 1 ports"),
        (group(healthChecks=[{"protocol": "TCP", "portIndex": 1}]), "out of range for 1 ports"),
        (group(healthChecks=[{"protocol": "MESOS_TCP"}, {"protocol": "MESOS_HTTP"}]), "at most one"),
        (group(healthChecks=[{"protocol": "COMMAND"}]), "'command' is required for COMMAND"),
        (group(healthChecks=[{"protocol": "TCP", "command": {"value": "x"}}]), "'command' is required for COMMAND"),
        (group(healthChecks=[{"protocol": "MESOS_TCP", "path": "/"}]), "only with HTTP"),
        (group(healthChecks=[{"protocol": "MESOS_HTTP", "path": "/a b"}]), "not a path of a URL"),
        (group(healthChecks=[{"protocol": "TCP", "maxConsecutiveFailures": 0}]), "never kills"),
        (group(healthChecks=[{"protocol": "HTTP", "ipProtocol": "IPv6"}]), "IPv6 requires"),
        # Constraints.
        (group(constraints=[["hostname"]]), "two or three parts"),
        (group(constraints=[["hostname", "UNIQUE", "a"]]), "is invalid for UNIQUE"),
        (group(constraints=[["hostname", "CLUSTER"]]), "is invalid for CLUSTER"),
        (group(constraints=[["hostname", "LIKE", "("]]), "is invalid for LIKE"),
        (group(constraints=[["hostname", "IS", "a b"]]), "is invalid for IS"),
        (group(constraints=[["hostname", "MAX_PER", "a"]]), "is invalid for MAX_PER"),
        (group(constraints=[["hostname", "GROUP_BY", "a"]]), "is invalid for GROUP_BY"),
        (group(constraints=[["hostname", "EQUALS", "a"]]), "unknown operator"),
        # Containers, volumes, and GPUs.
        (group(container__docker=...), "required with type DOCKER"),
        (group(container__type="MESOS", container__docker__privileged=True), "only with the Docker"),
        (group(gpus=1), "requires the Mesos containerizer"),
        (group(container__volumes=[EXTERNAL]), "requires an upgradeStrategy"),
        (group(container__volumes=[EXTERNAL], instances=2), "can have only one instance"),
        (group(container__volumes=[{**EXTERNAL, "external": UNDERSCORE}]), "does not match"),
        (group(container__volumes=[EXTERNAL], upgradeStrategy=KEEPS_ALL), "starts an instance first"),
        (group(container__portMappings=FIXED, instances=2, upgradeStrategy=KEEPS_ALL), "starts an instance first"),
        (group(container__volumes=[EXTERNAL, {**EXTERNAL, "containerPath": "/b"}]), "duplicate external volume"),
        (group(container__volumes=[EXTERNAL, EXTERNAL]), "mounted twice"),
        (
            group(container__volumes=[{"containerPath": "/a", "mode": "RW", "persistent": {"size": 1}}]),
            "cannot contain a slash",
        ),
        (group(labels={"MARATHON_SINGLE_INSTANCE_APP": "true"}, instances=2), "single-instance"),
        (group(readinessChecks=[{"intervalSeconds": 5, "timeoutSeconds": 5}]), "must be less than the interval"),
    ],
)
def test_invalid_groups_are_reported(document: Any, expected: str) -> None:
    assert expected in messages(document)


def test_a_cycle_is_a_violation() -> None:
    document = group()
    document["apps"][1]["dependencies"] = ["/spark-livy/livy"]
    assert "dependency cycle through" in messages(document)


def test_host_networks_need_their_own_ports() -> None:
    document = group()
    document["apps"][1]["requirePorts"] = False
    assert "without requirePorts" in messages(document)
    del document["apps"][1]["portDefinitions"]
    assert "'portDefinitions' is missing" in messages(document)


def test_an_external_volume_belongs_to_one_app_unless_shared() -> None:
    document = group(container__volumes=[EXTERNAL], upgradeStrategy=CAREFUL)
    document["apps"][1]["container"]["volumes"] = [copy.deepcopy(EXTERNAL)]
    document["apps"][1]["upgradeStrategy"] = CAREFUL
    assert "also mounted by" in messages(document, "external_volumes")
    for app in document["apps"]:
        app["container"]["volumes"][0]["external"]["shared"] = True
    assert messages(document, "external_volumes") == ""


def test_ids_are_relative_to_the_group() -> None:
    assert absolute("b", "/a") == "/a/b"
    assert absolute("/b", "/a") == "/b"
    assert absolute("../b", "/a/c") == "/a/b"
