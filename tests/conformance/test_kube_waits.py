"""The scripts of init containers, run exactly as in the output.

No node is needed: the scripts run on this machine, with the programs of busybox and curl, against the real API
server.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import support
from kube_api import Cluster, Object, documents, wait_for
from kube_checks import expand, pod_template

# `start(text, workload, place)`; see the fixture.
Start = Callable[..., "subprocess.Popen[str]"]

BUSYBOX = Path("/bin/busybox")
NAME = "app.kubernetes.io/name"
ACCESS = "/var/run/secrets/kubernetes.io/serviceaccount"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster() as cluster:
        yield cluster


@pytest.fixture
def applets(tmp_path: Path) -> Path:
    """A folder that contains only the programs of busybox."""
    if not BUSYBOX.exists():
        support.missing(str(BUSYBOX), "install busybox-static")
    folder = tmp_path / "applets"
    folder.mkdir()
    subprocess.run([BUSYBOX, "--install", "-s", folder], check=True)
    return folder


def container(name: str, **more: object) -> Object:
    return {
        "id": name,
        "type": "service",
        "image": name,
        "resources": {"cpus": 1, "mem": 1},
        "network_mode": "container",
        **more,
    }


def compiled(applc: support.Applc, name: str, *containers: Object) -> str:
    document = {"id": name, "containers": containers}
    outcome = applc.compile("-", "kubernetes", stdin=json.dumps(document))
    assert outcome.code == 0, outcome.stderr
    return outcome.stdout


def script(text: str, workload: str, place: int = 0) -> str:
    """The script of the init container of `workload` at index `place`."""
    (item,) = (
        item
        for item in documents(text)
        if item["metadata"]["name"] == workload and pod_template(item) is not None
    )
    shell, flag, body = pod_template(item)["spec"]["initContainers"][place]["command"]
    assert (shell, flag) == ("/bin/sh", "-c")
    return expand(body, {})


def run(script: str, path: str, *before: str, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*before, BUSYBOX, "sh", "-c", script],
        env={"PATH": path, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def is_still_waiting(process: subprocess.Popen[str], seconds: float = 3) -> bool:
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return True
    return False


def finish_pod(cluster: Cluster, namespace: str, pod: str, phase: str) -> None:
    """Updates the status of a pod as a kubelet does when the pod has terminated."""
    code = 0 if phase == "Succeeded" else 1
    ended = {"name": "c", "ready": False, "restartCount": 0, "image": "c", "imageID": "c"}
    status = {
        "phase": phase,
        "containerStatuses": [{**ended, "state": {"terminated": {"exitCode": code}}}],
    }
    cluster.checked(
        "patch", "pod", pod, "-n", namespace, "--subresource=status", "-p", json.dumps({"status": status})
    )


def pods(cluster: Cluster, namespace: str, job: str) -> list[Object]:
    return cluster.get("pods", "-n", namespace, "-l", f"batch.kubernetes.io/job-name={job}")["items"]


@pytest.fixture
def start(cluster: Cluster, applets: Path, tmp_path: Path) -> Iterator[Start]:
    """`start(text, workload, place)` starts the script of an init container, with the access of its pod."""
    (applets / "curl").symlink_to(support.require_tool("curl"))
    # The address of the API server in a cluster.
    connect = f"kubernetes.default.svc:443:127.0.0.1:{cluster.port}"
    (tmp_path / ".curlrc").write_text(f'connect-to = "{connect}"\n')
    (tmp_path / "ca.crt").write_bytes(cluster.authority.read_bytes())
    started = []

    def make(text: str, workload: str, place: int = 0) -> subprocess.Popen[str]:
        namespace = documents(text)[0]["metadata"]["name"]
        # The files that the kubelet mounts.
        token = cluster.checked("create", "token", "wait-for-dependencies", "-n", namespace)
        (tmp_path / "token").write_text(token)
        body = script(text, workload, place)
        assert ACCESS in body
        started.append(run(body.replace(ACCESS, str(tmp_path)), str(applets), CURL_HOME=str(tmp_path)))
        return started[-1]

    yield make
    for process in started:
        process.kill()


def become_ready(cluster: Cluster, namespace: str, pod: Object) -> None:
    """Updates the status of a pod as a kubelet does when the pod is ready."""
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    cluster.checked(
        "patch", "pod", pod["metadata"]["name"], "-n", namespace, "--subresource=status", "-p",
        json.dumps({"status": status}),
    )  # fmt: skip


def test_a_dependent_waits_for_all_instances_of_a_service(
    applc: support.Applc, cluster: Cluster, start: Start
) -> None:
    # The fields of a Deployment that the script reads, as text of the container.
    text = '"spec":{"replicas":0, "readyReplicas":2}'
    text = compiled(
        applc, "all", container("db", instances=2, args=[text, text]), container("a", dependencies=["db"])
    )
    cluster.create_namespace("all")
    cluster.apply(text)
    process = start(text, "a")
    found = wait_for(
        "the pods", lambda: len(pods := cluster.get("pods", "-n", "all", "-l", f"{NAME}=db")["items"]) == 2 and pods
    )
    for pod in found:
        assert is_still_waiting(process)
        become_ready(cluster, "all", pod)
    assert process.wait(timeout=30) == 0
    assert "waiting for db" in process.communicate()[0]
    # It waits for as many instances as the Deployment has, whatever the file says.
    cluster.checked("scale", "deployment", "db", "--replicas=3", "-n", "all")
    wait_for("the third pod", lambda: cluster.get("deployment", "db", "-n", "all")["status"].get("replicas") == 3)
    assert is_still_waiting(start(text, "a"))


def test_a_service_or_job_without_instances_is_ready(applc: support.Applc, cluster: Cluster, start: Start) -> None:
    text = compiled(
        applc,
        "none",
        container("db", instances=0),
        container("job", type="job", instances=0),
        container("a", dependencies=["db", "job"]),
    )
    cluster.create_namespace("none")
    cluster.apply(text)
    for place in (0, 1):
        assert start(text, "a", place).wait(timeout=20) == 0


def test_a_wait_for_a_job_that_failed_says_so(applc: support.Applc, cluster: Cluster, start: Start) -> None:
    text = compiled(applc, "fails", container("job", type="job", retries=0), container("a", dependencies=["job"]))
    cluster.create_namespace("fails")
    cluster.apply(text)
    process = start(text, "a")
    (pod,) = wait_for("the job's pod", lambda: pods(cluster, "fails", "job"))
    assert is_still_waiting(process)
    finish_pod(cluster, "fails", pod["metadata"]["name"], "Failed")
    assert process.wait(timeout=30) == 1
    assert "job has failed" in process.communicate()[0]


def test_the_role_allows_waiting_and_nothing_else(applc: support.Applc, cluster: Cluster, start: Start) -> None:
    every_day = {"repeats": -1, "interval": "1D", "start_time": "2027-01-01T00:00:00Z"}
    text = compiled(
        applc,
        "waits",
        container("once", type="job"),
        container("daily", type="job", **every_day),
        container("other", type="job"),
        container("db"),
        container("a", dependencies=["once", "daily", "db"]),
    )
    cluster.create_namespace("waits")
    cluster.apply(text)
    once, daily = start(text, "a", 0), start(text, "a", 1)
    assert is_still_waiting(once) and is_still_waiting(daily)
    (pod,) = wait_for("the job's pod", lambda: pods(cluster, "waits", "once"))
    finish_pod(cluster, "waits", pod["metadata"]["name"], "Succeeded")
    assert once.wait(timeout=30) == 0
    assert is_still_waiting(daily)
    cluster.checked("create", "job", "daily-now", "--from=cronjob/daily", "-n", "waits")
    (pod,) = wait_for("the job's pod", lambda: pods(cluster, "waits", "daily-now"))
    finish_pod(cluster, "waits", pod["metadata"]["name"], "Succeeded")
    assert daily.wait(timeout=30) == 0
    who = "--as=system:serviceaccount:waits:wait-for-dependencies"
    for verb, resource, allowed in [
        ("get", "jobs/once", True),
        ("get", "cronjobs/daily", True),
        ("get", "deployments/db", True),
        ("get", "jobs/other", False),
        ("get", "deployments/a", False),
        ("list", "jobs", False),
        ("delete", "jobs/once", False),
        ("get", "secrets", False),
    ]:
        asked = cluster.kubectl("auth", "can-i", verb, resource, "-n", "waits", who)
        assert (asked.stdout.strip() == "yes") == allowed, (verb, resource, asked.stdout)


def test_each_instance_of_a_job_has_its_own_retries(applc: support.Applc, cluster: Cluster) -> None:
    text = compiled(applc, "tries", container("j", type="job", instances=2, retries=1))
    cluster.create_namespace("tries")
    cluster.apply(text)

    def running(index: int) -> list[Object]:
        label = "batch.kubernetes.io/job-completion-index"
        return [
            pod
            for pod in pods(cluster, "tries", "j")
            if pod["metadata"]["labels"][label] == str(index) and pod["status"]["phase"] == "Pending"
        ]

    def failed() -> bool:
        (job,) = cluster.items("jobs", "tries")
        conditions = job["status"].get("conditions", [])
        return any(c["type"] == "Failed" and c["status"] == "True" for c in conditions)

    for attempt in range(2):
        (pod,) = wait_for(f"run {attempt} of instance 0", lambda: running(0))
        assert not failed()
        finish_pod(cluster, "tries", pod["metadata"]["name"], "Failed")
    # Instance 0 has no retries left; instance 1 continues.
    (pod,) = running(1)
    finish_pod(cluster, "tries", pod["metadata"]["name"], "Succeeded")
    wait_for("the end of the job", failed)
    (job,) = cluster.items("jobs", "tries")
    assert (job["status"]["failed"], job["status"]["succeeded"], job["status"]["failedIndexes"]) == (2, 1, "0")


def test_a_job_waits_for_its_start_time(applc: support.Applc, applets: Path) -> None:
    def wait(start: float) -> float:
        text = compiled(
            applc,
            "waits",
            container("j", type="job", start_time=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(start))),
        )
        began = time.time()
        assert run(script(text, "j"), str(applets)).wait(timeout=30) == 0
        return time.time() - began

    assert wait(0) < 2
    assert 2 <= wait(time.time() + 4) < 8
