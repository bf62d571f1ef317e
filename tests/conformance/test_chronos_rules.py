"""Tests of `chronos_rules`: valid jobs pass, and invalid ones are reported."""

from __future__ import annotations

from typing import Any

import pytest

from chronos_rules import check_job, check_jobs

JOB: dict[str, Any] = {
    "name": "etl.report",
    "schedule": "R/2027-01-04T02:30:00Z/P1D",
    "command": "report --day today",
    "shell": True,
    "retries": 2,
    "cpus": 0.5,
    "mem": 256,
    "disk": 1,
    "environmentVariables": [{"name": "A", "value": ""}],
    "container": {
        "type": "DOCKER",
        "image": "registry.example.org/etl/report:1",
        "network": "USER",
        "networkName": "dcos",
        "forcePullImage": True,
        "parameters": [{"key": "privileged", "value": "true"}],
        "volumes": [
            {"containerPath": "/a", "hostPath": "/b", "mode": "RO"},
            {"containerPath": "/c", "mode": "RW", "external": {"name": "v", "provider": "cephfs", "options": []}},
        ],
    },
}


def job(**changes: Any) -> dict[str, Any]:
    """A valid job with changed fields; the value `...` removes a field."""
    merged = {**JOB, **changes}
    return {key: value for key, value in merged.items() if value is not ...}


def container(**changes: Any) -> dict[str, Any]:
    merged = {**JOB["container"], **changes}
    return job(container={key: value for key, value in merged.items() if value is not ...})


def messages(document: Any) -> str:
    return "\n".join(map(str, check_job(document)))


@pytest.mark.parametrize(
    "document",
    [
        job(),
        job(schedule="R1//P2M"),
        job(schedule="R5/2027-06-01T12:00:00.5+02:00/P1Y2M3W4DT5H6M7.5S"),
        job(command="--day $x", shell=False),
        job(constraints=[["hostname", "EQUALS", "node-1"]]),
        container(network="HOST", networkName=...),
    ],
)
def test_valid_jobs_pass(document: Any) -> None:
    assert messages(document) == ""


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (job(epsilom="PT1M"), "'epsilom' was unexpected"),
        (job(schedule=...), "required property"),
        (job(parents=["a"]), "is valid under each of"),
        (job(retries=-1), "less than the minimum"),
        (job(cpus="1"), "not of type 'number'"),
        (job(environmentVariables={"A": "b"}), "not of type 'array'"),
        (job(environmentVariables=[{"name": "A", "value": 1}]), "not of type 'string'"),
        (container(network="CONTAINER"), "is not one of"),
        (container(volumes=[{"containerPath": "/a", "mode": "RW"}]), "required property"),
        (job(name="a/b"), "does not match"),
        (job(name="größe"), "does not match"),
        (job(schedule="R1/P1D"), "does not match"),
        (job(schedule="1/2027-01-04T02:30:00Z/P1D"), "does not match"),
        (job(schedule="R0//P1D"), "never runs"),
        (job(schedule="R1/tomorrow/P1D"), "is not a time"),
        (job(schedule="R1/2027-02-30T00:00:00Z/P1D"), "day is out of range"),
        (job(schedule="R1//P1H"), "is not a period"),
        (job(schedule="R1//PT"), "is not a period"),
        (job(schedule="R1//P"), "is not a period"),
        (job(schedule="R1//PT0M"), "the period is zero"),
        (job(command="httpd -f"), "fetch and run"),
        (job(command=""), "empty shell command"),
        (job(command="", shell=False), "replaced by an empty argument"),
        (job(shell=False, arguments=["a"]), "passed twice"),
        (job(disk=...), "'disk' is missing"),
        (job(mem=0), "0 means Chronos' default"),
        (job(disk=0), "0 means Chronos' default"),
        (job(environmentVariables=[{"name": "HOST", "value": "x"}]), "HOST is ignored"),
        (job(environmentVariables=[{"name": "MESOS_TASK_ID", "value": "x"}]), "MESOS_TASK_ID is ignored"),
        (job(environmentVariables=[{"name": "A", "value": "x"}] * 2), "defined twice"),
        (job(constraints=[["a", "CLUSTER", "b"]]), "CLUSTER is ignored"),
        (job(container=...), "'container' is missing"),
        (container(networkName=...), "require each other"),
        (container(volumes=[{"containerPath": "a", "hostPath": "/b", "mode": "RW"}]), "not absolute"),
    ],
)
def test_invalid_jobs_are_reported(document: Any, expected: str) -> None:
    assert expected in messages(document)


def test_parents_must_be_posted_first() -> None:
    child = job(name="etl.child", schedule=..., parents=["etl.report"])
    assert check_jobs([job(), child]) == []
    assert "does not exist" in str(check_jobs([child, job()])[0])
    assert "defined twice" in str(check_jobs([job(), job()])[0])
