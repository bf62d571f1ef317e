"""A Kubernetes control plane on this machine: etcd, the API server, and the controllers.

There is no node, so no container runs. But every object goes through the real validation, defaulting,
and admission, and so do the pods that the controllers create for Deployments and Jobs.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

import support

Object = dict[str, Any]

# The addresses of Services.
SERVICES = "10.96.0.0/16"

# Kinds for which a controller creates pods.
WORKLOADS = {"Deployment", "Job", "CronJob"}


class Rejected(AssertionError):
    """The API server rejected an object; the message is the server's."""


def free_port() -> int:
    """A TCP port that is currently free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what: str, condition: Callable[[], Any], seconds: float = 60) -> Any:
    """Waits for a true value of `condition`; raises after `seconds`."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"{what}: timed out after {seconds} s")
        time.sleep(0.05)
    return value


def documents(text: str) -> list[Object]:
    """The objects of a multi-document YAML file, parsed as YAML 1.1."""
    return [document for document in yaml.safe_load_all(text) if document is not None]


class Cluster:
    """A control plane with an empty store; a context manager that starts and stops it."""

    # The address of the API server, and its options that depend on whether there are nodes.
    address = "127.0.0.1"
    options = ("--endpoint-reconciler-type=none",)

    def __init__(self) -> None:
        self.programs = {
            name: support.require_tool(name)
            for name in ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl", "openssl")
        }
        self.folder = Path(tempfile.mkdtemp(prefix="applc-kubernetes-"))
        self.running: list[tuple[str, subprocess.Popen[bytes]]] = []
        self.port = 0
        self.token = secrets.token_hex(16)

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self) -> None:
        client, peer = free_port(), free_port()
        etcd = f"http://127.0.0.1:{client}"
        self._run(
            "etcd",
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={etcd}",
            f"--advertise-client-urls={etcd}",
            f"--listen-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-cluster=default=http://127.0.0.1:{peer}",
            # The store is temporary, so it need not survive a crash.
            "--unsafe-no-fsync",
        )
        key = self.folder / "service-accounts.key"
        subprocess.run(
            [self.programs["openssl"], "genrsa", "-out", key, "2048"], check=True, capture_output=True
        )
        tokens = self.folder / "tokens.csv"
        tokens.write_text(f'{self.token},admin,admin,"system:masters"\n')
        self.port = free_port()
        certificates = self.folder / "certificates"
        self._run(
            "kube-apiserver",
            f"--etcd-servers={etcd}",
            f"--bind-address={self.address}",
            f"--advertise-address={self.address}",
            f"--secure-port={self.port}",
            f"--cert-dir={certificates}",
            f"--token-auth-file={tokens}",
            "--authorization-mode=Node,RBAC",
            "--allow-privileged=true",
            f"--service-cluster-ip-range={SERVICES}",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            *self.options,
        )
        self.authority = certificates / "apiserver.crt"
        wait_for("the API server's certificate", lambda: self._alive() and self.authority.exists())
        self.kubeconfig = self.folder / "kubeconfig"
        self.kubeconfig.write_text(json.dumps(self._kubeconfig(self.token)))
        wait_for(
            "the API server",
            lambda: self._alive() and self.kubectl("get", "--raw=/readyz").returncode == 0,
        )
        self._run(
            "kube-controller-manager",
            f"--kubeconfig={self.kubeconfig}",
            f"--root-ca-file={self.authority}",
            f"--service-account-private-key-file={key}",
            "--use-service-account-credentials=true",
            "--leader-elect=false",
            "--secure-port=0",
        )

    def _kubeconfig(self, token: str) -> Object:
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": "here",
                    "cluster": {
                        "server": f"https://{self.address}:{self.port}",
                        "certificate-authority": str(self.authority),
                    },
                }
            ],
            "users": [{"name": "user", "user": {"token": token}}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "user"}}],
            "current-context": "here",
        }

    def _command(self, name: str, *arguments: str) -> list[str | Path]:
        """The command line that runs a program of the cluster."""
        return [self.programs[name], *arguments]

    def _run(self, name: str, *arguments: str) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                self._command(name, *arguments),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.running.append((name, process))

    def _alive(self) -> bool:
        """Returns True; raises with the end of the log if a program has exited."""
        for name, process in self.running:
            if process.poll() is not None:
                log = (self.folder / f"{name}.log").read_text(errors="replace")
                raise AssertionError(f"{name} exited {process.returncode}:\n{log[-4000:]}")
        return True

    def stop(self) -> None:
        """Stops the programs in reverse order and removes their files."""
        for _, process in reversed(self.running):
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.running.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def kubectl(
        self, *arguments: str, stdin: str = "", timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Runs kubectl as cluster administrator; the caller checks the exit code."""
        return subprocess.run(
            [self.programs["kubectl"], *arguments],
            input=stdin,
            text=True,
            capture_output=True,
            timeout=timeout,
            env={"KUBECONFIG": str(self.kubeconfig), "HOME": str(self.folder), "PATH": os.environ["PATH"]},
        )

    def checked(self, *arguments: str, stdin: str = "") -> str:
        """Runs kubectl; raises `Rejected` with its output on failure."""
        run = self.kubectl(*arguments, stdin=stdin)
        if run.returncode != 0:
            raise Rejected(run.stderr.strip())
        return run.stdout

    def get(self, *arguments: str) -> Any:
        """The output of `kubectl get ARGUMENTS -o json`."""
        return json.loads(self.checked("get", *arguments, "-o", "json"))

    def items(self, resource: str, namespace: str) -> list[Object]:
        """All objects of a resource in a namespace."""
        return self.get(resource, "-n", namespace)["items"]

    def create_namespace(self, name: str) -> None:
        """Creates a namespace and waits until it accepts pods."""
        # An earlier namespace with this name may still be terminating.
        wait_for(
            f"the end of namespace {name}",
            lambda: self.kubectl("get", "namespace", name).returncode != 0,
        )
        self.checked("create", "namespace", name)
        # Pods are rejected until the service account exists.
        wait_for(
            f"the default service account of {name}",
            lambda: self.kubectl("get", "serviceaccount", "default", "-n", name).returncode == 0,
        )

    def delete_namespace(self, name: str) -> None:
        """Deletes a namespace without waiting; the controllers take some seconds to empty it."""
        # Node ports are unique in the cluster, so they must be free for the next namespace.
        self.checked("delete", "services", "--all", "-n", name)
        self.checked("delete", "namespace", name, "--wait=false")
        # There is no kubelet to terminate the pods.
        self.kubectl("delete", "pods", "--all", "-n", name, "--grace-period=0", "--force", "--wait=false")

    def dry_run(self, text: str, server_side: bool = True) -> None:
        """Applies a file as a server-side dry run; raises `Rejected` if the server rejects it.

        The namespaces of the objects must exist.
        """
        self.apply(text, server_side, "--dry-run=server")

    def apply(self, text: str, server_side: bool = True, *more: str) -> str:
        """Applies a file and returns what kubectl prints; raises `Rejected` if the server rejects it.

        With `--server-side`, kubectl sends JSON that the server parses as YAML, which does not allow
        some unescaped characters; without it, the server parses JSON.
        """
        how = "--server-side" if server_side else "--server-side=false"
        return self.checked("apply", how, "--validate=strict", *more, "-f", "-", stdin=text)

    def pods_of(self, workloads: list[Object]) -> list[list[Object]]:
        """The pods of Deployments and Jobs in one namespace.

        Waits until each workload has all its pods; raises `Rejected` with the controller's message if
        the API server rejects them.
        """
        if not workloads:
            return []
        namespace = workloads[0]["metadata"]["namespace"]
        # The pods usually exist at once, so events are checked only after a while.
        patience = time.monotonic() + 10

        def made() -> list[list[Object]] | None:
            pods = self.items("pods", namespace)
            found = [[pod for pod in pods if belongs_to(pod, workload)] for workload in workloads]
            if list(map(len, found)) == list(map(expected_pods, workloads)):
                return found
            for event in self.items("events", namespace) if time.monotonic() > patience else ():
                if event["reason"] == "FailedCreate":
                    raise Rejected(event["message"])
            return None

        return wait_for(f"the pods of {namespace}", made)


def expected_pods(workload: Object) -> int:
    """The number of pods that a Deployment or Job runs at the same time."""
    spec = workload["spec"]
    if workload["kind"] == "Deployment":
        return spec.get("replicas", 1)
    return min(spec.get("parallelism", 1), spec.get("completions", 1))


def belongs_to(pod: Object, workload: Object) -> bool:
    """Whether a pod belongs to a Deployment or Job."""
    labels, name = pod["metadata"]["labels"], workload["metadata"]["name"]
    if workload["kind"] == "Deployment":
        return workload["spec"]["selector"]["matchLabels"].items() <= labels.items()
    return labels.get("batch.kubernetes.io/job-name") == name
