"""The scripts of init containers, run exactly as in the output.

No node is needed: the scripts run on this machine, with the programs of busybox, against the real API
server and a DNS server that responds as that of a cluster does.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import support
from kube_api import Cluster, Object, documents, wait_for
from kube_checks import expand, pod_template

BUSYBOX = Path("/bin/busybox")
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


def test_the_role_allows_waiting_for_jobs_and_nothing_else(
    applc: support.Applc, cluster: Cluster, applets: Path, tmp_path: Path
) -> None:
    curl = support.require_tool("curl")
    (applets / "curl").symlink_to(curl)
    every_day = {"repeats": -1, "interval": "1D", "start_time": "2027-01-01T00:00:00Z"}
    text = compiled(
        applc,
        "waits",
        container("once", type="job"),
        container("daily", type="job", **every_day),
        container("other", type="job"),
        container("a", dependencies=["once", "daily"]),
    )
    cluster.create_namespace("waits")
    cluster.apply(text)
    # The files that the kubelet mounts, and the address of the API server in a cluster.
    (tmp_path / "token").write_text(cluster.checked("create", "token", "wait-for-jobs", "-n", "waits"))
    (tmp_path / "ca.crt").write_bytes(cluster.authority.read_bytes())
    connect = f"kubernetes.default.svc:443:127.0.0.1:{cluster.port}"
    (tmp_path / ".curlrc").write_text(f'connect-to = "{connect}"\n')

    def start(place: int) -> subprocess.Popen[str]:
        body = script(text, "a", place)
        assert ACCESS in body
        return run(body.replace(ACCESS, str(tmp_path)), str(applets), CURL_HOME=str(tmp_path))

    once, daily = start(0), start(1)
    try:
        assert is_still_waiting(once) and is_still_waiting(daily)
        (pod,) = wait_for("the job's pod", lambda: pods(cluster, "waits", "once"))
        finish_pod(cluster, "waits", pod["metadata"]["name"], "Succeeded")
        assert once.wait(timeout=30) == 0
        assert is_still_waiting(daily)
        cluster.checked("create", "job", "daily-now", "--from=cronjob/daily", "-n", "waits")
        (pod,) = wait_for("the job's pod", lambda: pods(cluster, "waits", "daily-now"))
        finish_pod(cluster, "waits", pod["metadata"]["name"], "Succeeded")
        assert daily.wait(timeout=30) == 0
    finally:
        once.kill()
        daily.kill()
    who = "--as=system:serviceaccount:waits:wait-for-jobs"
    for verb, resource, allowed in [
        ("get", "jobs/once", True),
        ("get", "cronjobs/daily", True),
        ("get", "jobs/other", False),
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


class Dns:
    """A DNS server that resolves one name as soon as `known` is set."""

    def __init__(self, name: str, record: str) -> None:
        self.name, self.record = name, record
        self.known = False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        # Resolvers use only port 53; this loopback address avoids conflicts with other DNS servers.
        self.address = "127.0.53.53"
        self.socket.bind((self.address, 53))
        self.socket.settimeout(0.1)
        self.closed = False
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while not self.closed:
            try:
                query, sender = self.socket.recvfrom(512)
            except TimeoutError:
                continue
            self.socket.sendto(self._answer(query), sender)

    def _answer(self, query: bytes) -> bytes:
        labels, place = [], 12
        while length := query[place]:
            labels.append(query[place + 1 : place + 1 + length].decode())
            place += 1 + length
        (kind,) = struct.unpack_from(">H", query, place + 1)
        question = query[12 : place + 5]
        is_known = self.known and ".".join(labels) == self.name
        answers = b""
        if is_known and (kind, self.record) in ((1, "A"), (28, "AAAA")):
            data = socket.inet_aton("10.1.2.3") if kind == 1 else socket.inet_pton(socket.AF_INET6, "fd00::1")
            answers = b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 5, len(data)) + data
        # Recursion available, authoritative answer; NXDOMAIN (3) for an unknown name.
        flags = 0x8580 | (0 if is_known else 3)
        return query[:2] + struct.pack(">5H", flags, 1, bool(answers), 0, 0) + question + answers

    def close(self) -> None:
        self.closed = True
        self.thread.join()
        self.socket.close()


@pytest.mark.parametrize("record", ["A", "AAAA"])
@pytest.mark.parametrize("program", ["nslookup", "getent"])
def test_a_dependent_waits_until_the_name_of_a_service_resolves(
    applc: support.Applc, applets: Path, tmp_path: Path, record: str, program: str
) -> None:
    unshare = support.require_tool("unshare")
    text = compiled(
        applc,
        "waits",
        container("db", ports=[{"container_port": 5432}]),
        container("a", dependencies=["db"]),
    )
    path = str(applets)
    if program == "getent":
        (applets / "nslookup").unlink()
        (applets / "getent").symlink_to(support.require_tool("getent"))
    dns = Dns("db-pods.waits.svc.cluster.local", record)
    # The same content as the kubelet writes.
    resolv = tmp_path / "resolv.conf"
    resolv.write_text(
        "search waits.svc.cluster.local svc.cluster.local cluster.local\n"
        f"nameserver {dns.address}\noptions ndots:5\n"
    )
    inside = 'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"'
    process = run(
        script(text, "a"), path, str(unshare), "--mount", "/bin/sh", "-c",
        f"PATH={os.environ['PATH']}; export PATH; {inside.replace('exec', f'PATH={path} exec')}",
        "sh", str(resolv),
    )  # fmt: skip
    try:
        assert is_still_waiting(process, 5), process.communicate()
        dns.known = True
        assert process.wait(timeout=30) == 0
        assert "waiting for db" in process.communicate()[0]
    finally:
        process.kill()
        dns.close()


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
