"""`applc up` and its like on a Kubernetes cluster: an appliance, and what the cluster has of it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import support
from kube_api import Cluster, Object
from run_compose import Appliance, Ended

NAME = "app.kubernetes.io/name"


class KubeAppliance(Appliance):
    """An appliance on a cluster, with a state folder of its own; a context manager that removes everything."""

    target = "kubernetes"

    def __init__(self, applc: support.Applc, cluster: Cluster, folder: Path, id: str) -> None:
        self.binary = applc.binary.resolve()
        self.cluster = cluster
        self.id = id
        self.namespace = id
        self.file = folder / "app.json"
        self.state = folder / "state"
        self.environment = {
            **os.environ,
            "PATH": f"{cluster.programs['kubectl'].parent}:{os.environ['PATH']}",
            "KUBECONFIG": str(cluster.kubeconfig),
            "HOME": str(folder),
            "APPLC_STATE": str(self.state),
        }

    def __exit__(self, *_: object) -> None:
        here = ("-n", self.namespace)
        # The namespace ends sooner without the grace period of its pods.
        self.cluster.kubectl("delete", "deployments,jobs,cronjobs", "--all", *here, "--wait=false")
        self.cluster.kubectl("delete", "pods", "--all", *here, "--grace-period=0", "--force", "--wait=false")
        self.cluster.kubectl("delete", "namespace", self.namespace, "--wait=false")
        self.cluster.kubectl("delete", "persistentvolumes", "-l", f"applc.test/of={self.namespace}", "--wait=false")

    def get(self, *arguments: str) -> Any:
        """The output of `kubectl get ARGUMENTS -o json` in the namespace."""
        return self.cluster.get(*arguments, "-n", self.namespace)

    def exists(self, resource: str) -> bool:  # type: ignore[override]
        """Whether there is an object: `deployment/web`."""
        return self.cluster.kubectl("get", resource, "-n", self.namespace).returncode == 0

    def pods(self, container: str) -> list[Object]:
        """The pods of a container that are not being deleted."""
        found = self.get("pods", "-l", f"{NAME}={container.lower()}")["items"]
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def pod(self, container: str) -> Object:
        """The only pod of a container."""
        (found,) = self.pods(container)
        return found

    def starts(self, container: str) -> set[str]:
        """What identifies the current starts of the instances of a container."""
        found: set[str] = set()
        for pod in self.pods(container):
            (status,) = pod["status"].get("containerStatuses") or [{}]
            found.add(f"{pod['metadata']['uid']} {status.get('containerID')}")
        return found

    def ended_at(self, container: str) -> str:
        """When the last run of the only instance of a container ended."""
        status = self.pod(container)["status"]["containerStatuses"][0]
        ends = [state["terminated"]["finishedAt"] for state in (status["state"], status.get("lastState", {})) if "terminated" in state]
        return max(ends)

    def event_at(self, reason: str, words: str = "") -> str:
        """When an event with a reason, and words in its message, happened first."""
        events = self.get("events")["items"]
        times = [
            each["firstTimestamp"] or each["eventTime"]
            for each in events
            if each["reason"] == reason and words in each["message"]
        ]
        assert times, [(each["reason"], each["message"]) for each in events]
        return min(times)

    def volume(self, name: str) -> None:
        """Makes a volume for a claim: a folder of the node."""
        full = f"{self.namespace}-{name}"
        spec = {
            "capacity": {"storage": "20Gi"}, "accessModes": ["ReadWriteOnce", "ReadWriteMany"],
            "claimRef": {"name": name, "namespace": self.namespace},
            "hostPath": {"path": f"/node/volumes/{full}", "type": "DirectoryOrCreate"},
        }  # fmt: skip
        meta = {"name": full, "labels": {"applc.test/of": self.namespace}}
        self.apply({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": meta, "spec": spec})

    def apply(self, item: Object) -> None:
        """Applies an object as someone else would."""
        import json

        self.cluster.checked("apply", "-f", "-", stdin=json.dumps(item))

    def claims(self) -> list[str]:
        """The names of the claims of the namespace."""
        return [each["metadata"]["name"] for each in self.get("persistentvolumeclaims")["items"]]


def show(app: KubeAppliance, run: Ended) -> str:
    """What a run said, and the state of the namespace, for assertion messages."""
    with suppress(Exception):
        pods = app.cluster.kubectl("get", "pods", "-n", app.namespace, "-o", "wide").stdout
        events = app.cluster.kubectl("get", "events", "-n", app.namespace).stdout
        return f"{run.code}\n{run.stdout}\n{run.stderr}\n{pods}\n{events[-4000:]}"
    return str(run)
