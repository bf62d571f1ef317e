"""One appliance on a Kubernetes node: what it made, and what its pods do."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import appliance_text
from compose_engine import Start, command, read_start, wait_until
from kube_api import Object, documents
from kube_checks import pod_template
from kube_node import Node

NAME = "app.kubernetes.io/name"

# `deployed(container(...), ..., options=(...))` returns an appliance on the node, before it is applied.
Deployed = Callable[..., "App"]


def claims(objects: list[Object]) -> dict[str, Object]:
    """The specifications of the claims that the objects define or use, by name."""
    used: dict[str, Object] = {}
    for item in objects:
        for volume in (pod_template(item) or {"spec": {}})["spec"].get("volumes", []):
            if claim := volume.get("persistentVolumeClaim"):
                used[claim["claimName"]] = {
                    "accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}
                }  # fmt: skip
    defined = {item["metadata"]["name"]: item["spec"] for item in objects if item["kind"] == "PersistentVolumeClaim"}
    return used | defined


def volume_of(namespace: str, name: str, claim: Object) -> Object:
    """A volume for a claim with this name and specification: a folder of the node. It is removed with `applc.test/of`."""
    full = f"{namespace}-{name}"
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": full.lower(), "labels": {"applc.test/of": namespace}},
        "spec": {
            "capacity": claim["resources"]["requests"],
            "accessModes": claim["accessModes"],
            "storageClassName": claim.get("storageClassName", ""),
            "claimRef": {"name": name, "namespace": namespace},
            "hostPath": {"path": f"/node/volumes/{full}", "type": "DirectoryOrCreate"},
        },
    }


class App:
    """The objects of one appliance in its namespace; a context manager that removes everything at the end."""

    def __init__(self, node: Node, text: str, findings: str = "") -> None:
        self.node = node
        self.text = text
        self.findings = findings
        # Some characters cannot be sent in a server-side apply; applc warns of them.
        self.server_side = "--server-side" not in findings
        self.objects = documents(text)
        self.namespace: str = self.objects[0]["metadata"]["name"]

    def __enter__(self) -> App:
        self.node.create_namespace(self.namespace)
        self._make_volumes()
        return self

    def __exit__(self, *_: object) -> None:
        here = ("-n", self.namespace)
        # The namespace ends sooner without the grace period of its pods.
        self.node.kubectl("delete", "deployments,jobs,cronjobs", "--all", *here, "--wait=false")
        self.node.kubectl("delete", "pods", "--all", *here, "--grace-period=1", "--wait=false")
        self.node.kubectl("delete", "namespace", self.namespace, "--wait=false")
        self.node.kubectl("delete", "persistentvolumes", "-l", f"applc.test/of={self.namespace}", "--wait=false")

    def _make_volumes(self) -> None:
        """Makes a volume for each claim, a folder of the node, and the claims that the file expects."""
        defined = {item["metadata"]["name"] for item in self.objects if item["kind"] == "PersistentVolumeClaim"}
        volumes: list[Object] = []
        expected: list[Object] = []
        for name, spec in claims(self.objects).items():
            volumes.append(volume_of(self.namespace, name, spec))
            if name not in defined:
                meta = {"name": name, "namespace": self.namespace}
                expected.append({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": spec})
        # A claim is bound at once only if its volume exists.
        for items in filter(None, (volumes, expected)):
            every = {"apiVersion": "v1", "kind": "List", "items": items}
            self.node.checked("apply", "-f", "-", stdin=json.dumps(every))

    def up(self) -> None:
        """Applies the file, without waiting."""
        self.node.apply(self.text, self.server_side)

    def update(self, text: str) -> None:
        """Applies another file for the same appliance."""
        self.text, self.objects = text, documents(text)
        self.up()

    def get(self, *arguments: str) -> Any:
        """The output of `kubectl get ARGUMENTS -o json` in the namespace."""
        return self.node.get(*arguments, "-n", self.namespace)

    def pods(self, id: str) -> list[Object]:
        """The pods of a container that are not being deleted, oldest first."""
        found = self.get("pods", "-l", f"{NAME}={id.lower()}")["items"]
        kept = [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]
        return sorted(kept, key=lambda pod: (pod["metadata"]["creationTimestamp"], pod["metadata"]["name"]))

    def pod(self, id: str) -> Object:
        """The only pod of a container; fails the test otherwise."""
        found = self.pods(id)
        assert len(found) == 1, f"{id} has {len(found)} pods"
        return found[0]

    def wait_for_pods(self, id: str, count: int = 1, condition: str = "Ready", seconds: float = 60) -> list[Object]:
        """Waits until `count` pods of a container have a condition: `Ready`, `Initialized`."""

        def reached() -> list[Object] | None:
            found = [pod for pod in self.pods(id) if has(pod, condition)]
            return found if len(found) == count else None

        return self._waited(f"{count} pod(s) of {id} {condition}", reached, seconds)

    def wait_for_job(self, id: str, condition: str = "Complete", seconds: float = 60) -> Object:
        """Waits until a job is `Complete` or `Failed`."""

        def ended() -> Object | None:
            job: Object = self.get("job", id)
            return job if has(job, condition) else None

        return self._waited(f"job {id} {condition}", ended, seconds)

    def _waited(self, what: str, condition: Any, seconds: float) -> Any:
        try:
            return wait_until(what, condition, seconds)
        except AssertionError as failure:
            raise AssertionError(f"{failure}\n{self.event_log()}") from failure

    def delete_pod(self, pod: Object, seconds: float) -> None:
        """Deletes a pod, which must end within some seconds."""
        where = (pod["metadata"]["name"], "-n", self.namespace)
        self.node.checked("delete", "pod", *where, "--wait=false")
        self._waited(
            f"the end of {where[0]}", lambda: self.node.kubectl("get", "pod", *where).returncode != 0, seconds
        )

    def is_waiting(self, id: str) -> bool:
        """Whether an init container of a pod runs."""
        statuses = [status for pod in self.pods(id) for status in pod["status"].get("initContainerStatuses", [])]
        return any("running" in status["state"] for status in statuses)

    def event_log(self) -> str:
        """The states of the pods and the events of the namespace as text, for assertion messages."""
        here = ("-n", self.namespace)
        events = self.node.kubectl("get", "events", *here, "--sort-by=.lastTimestamp").stdout.splitlines()
        return "\n".join([self.node.kubectl("get", "pods", *here, "-o", "wide").stdout, *events[-30:]])

    def logs(self, pod: Object, *more: str) -> str:
        """The output of the container of a pod so far."""
        meta = pod["metadata"]
        name = pod["spec"]["containers"][0]["name"]
        return self.node.kubectl("logs", meta["name"], "-c", name, "-n", self.namespace, *more).stdout

    def starts(self, pod: Object) -> list[Start]:
        """The starts of the probe in the current container of a pod: none or one."""
        return [read_start(line) for line in self.logs(pod).splitlines() if line.startswith("APPLC-PROBE ")]

    def start(self, pod: Object) -> Start:
        """The start of the probe in a pod, as soon as there is one."""
        return self._waited(f"the start of {pod['metadata']['name']}", lambda: self.starts(pod), 60)[0]

    def run_in(self, pod: Object, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a program in the container of a running pod."""
        name = pod["spec"]["containers"][0]["name"]
        return self.node.kubectl("exec", pod["metadata"]["name"], "-c", name, "-n", self.namespace, "--", *arguments)

    def id_of(self, uid: str) -> str | None:
        """The container (its name in Kubernetes) to which the pod with this UID belongs."""
        for pod in self.get("pods")["items"]:
            if pod["metadata"]["uid"] == uid:
                return str(pod["metadata"]["labels"][NAME])
        return None

    def id_at(self, pod: Object, url: str) -> str | None:
        """The container that responds when a pod requests `url`, or None."""
        answer = self.run_in(pod, "/bin/busybox", "timeout", "10", "/bin/busybox", "wget", "-q", "-O", "-", url)
        return self.id_of(answer.stdout.strip()) if answer.returncode == 0 else None

    def id_on_machine(self, address: str) -> str | None:
        """The container that responds when the machine requests `address`, or None."""
        answer = command("/bin/busybox", "wget", "-q", "-O", "-", f"http://{address}/")
        return self.id_of(answer.stdout.strip()) if answer.returncode == 0 else None

    def node_ports(self, id: str) -> dict[tuple[int, str], int]:
        """The ports of the nodes for a container, by its port and protocol."""
        services = self.get("services", "-l", f"{NAME}={id.lower()}")["items"]
        ports = [port for service in services for port in service["spec"].get("ports", []) if "nodePort" in port]
        return {(port["port"], port["protocol"]): port["nodePort"] for port in ports}


def has(item: Object, condition: str) -> bool:
    """Whether a condition of an object is true."""
    conditions = item.get("status", {}).get("conditions", [])
    return any(each["type"] == condition and each["status"] == "True" for each in conditions)


def since(item: Object, condition: str) -> str:
    """The time since when a condition of an object is true, to the second; empty if it is not true."""
    for each in item.get("status", {}).get("conditions", []):
        if each["type"] == condition and each["status"] == "True":
            return str(each["lastTransitionTime"])
    return ""


def started(pod: Object) -> str:
    """The first start of the container of a pod, to the second; empty if it has not started."""
    (status,) = pod["status"].get("containerStatuses") or [{}]
    for state in (*status.get("lastState", {}).values(), *status.get("state", {}).values()):
        if "startedAt" in state:
            return str(state["startedAt"])
    return ""


def restarts(pod: Object) -> int:
    """How often the container of a pod was restarted."""
    return sum(int(status["restartCount"]) for status in pod["status"].get("containerStatuses", []))


def address(document: dict[str, Any], id: str, pod: Object) -> appliance_text.Address:
    """The expected address of references in a pod of a container: for a port listed for one protocol the Service,
    otherwise the pods; for itself that of the pod.
    """
    listed = {
        container["id"]: [port["container_port"] for port in container.get("ports", [])]
        for container in document["containers"]
    }

    def spelled(to: str, port: int | None) -> str:
        if to == id:
            return str(pod["status"]["podIP"]) + (f":{port}" if port else "")
        if port is None:
            return f"{to.lower()}-pods"
        return f"{to.lower()}{'' if listed[to].count(port) == 1 else '-pods'}:{port}"

    return spelled
