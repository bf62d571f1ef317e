"""Appliances on a Kubernetes node: `kubectl apply --server-side` with the file that `applc compile` wrote.

A change is applied over what runs, with what docs/kubernetes.md says of changed jobs and of objects that are gone.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import ssl
import threading
import time
import urllib.request
from contextlib import suppress
from datetime import datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import image
from case import Case
from engines.base import PLACES, Command, Deployment, Engine, Place, Running, kill_process
from follow import Tail, boot_offset, container_runtime
from kube_api import documents, wait_for
from kube_app import NAME, App, claims
from kube_node import Node as KubeNode

INSTANCE = "app.kubernetes.io/instance"
# The labels of the node that places are constraints on.
LABELS = {
    "cloud": "applc.test/cloud", "region": "topology.kubernetes.io/region", "zone": "topology.kubernetes.io/zone",
    "host": "kubernetes.io/hostname",
}  # fmt: skip
# What is deleted when it leaves the output, as for `--prune-allowlist` in docs/kubernetes.md: no data.
PRUNED = ("deployments", "jobs", "cronjobs", "services", "configmaps")
FIELD = re.compile(r'Job(?:\.batch)? "([^"]+)" is invalid')


class Cluster(KubeNode):
    """A node that is asked without kubectl where the harness, and no user, asks: each kubectl takes a quarter of a second."""

    labels = {label: PLACES[level] for level, label in LABELS.items()}

    def __init__(self) -> None:
        super().__init__()
        # The kubelet makes it the label for `host`.
        self.name = PLACES["host"]

    def ask(self, method: str, path: str, body: Any = None, timeout: float = 30) -> Any:
        """The open response of the API server to a request; raises `HTTPError` if it refuses."""
        context = ssl.create_default_context(cafile=str(self.authority))
        context.check_hostname = False
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"https://{self.address}:{self.port}{path}", data, headers, method=method)
        return urllib.request.urlopen(request, timeout=timeout, context=context)

    def answers(self, method: str, path: str, body: Any = None) -> bool:
        """Whether the API server accepts a request."""
        try:
            self.ask(method, path, body).close()
        except HTTPError:
            return False
        return True

    def create_namespace(self, name: str) -> None:
        """Creates a namespace and waits until it accepts pods. An earlier one of this name may still be terminating."""
        item = {"metadata": {"name": name}}
        wait_for(f"the end of namespace {name}", lambda: self.answers("POST", "/api/v1/namespaces", item))
        account = f"/api/v1/namespaces/{name}/serviceaccounts/default"
        wait_for(f"the default service account of {name}", lambda: self.answers("GET", account))

    def remove(self, app: App) -> None:
        """Removes an appliance with its namespace and volumes, without the grace period of its pods, and without waiting."""
        here = f"namespaces/{app.namespace}"
        for of in (f"apis/apps/v1/{here}/deployments", f"apis/batch/v1/{here}/jobs", f"apis/batch/v1/{here}/cronjobs"):
            self.answers("DELETE", f"/{of}", {"propagationPolicy": "Background"})
        self.answers("DELETE", f"/api/v1/{here}/pods", {"gracePeriodSeconds": 1})
        self.answers("DELETE", f"/api/v1/{here}")
        self.answers("DELETE", f"/api/v1/persistentvolumes?labelSelector=applc.test/of={app.namespace}")


class Node(Engine):
    """A cluster with one node on this machine."""

    name = "node"
    target = "kubernetes"
    # The third delay, after the most tries that random appliances ask for.
    again = 45.0
    options: tuple[str, ...] = (f"kubernetes.cloud-label={LABELS['cloud']}",)
    # The label of the pods that are watched.
    selector = INSTANCE

    def __enter__(self) -> Node:
        super().__enter__()
        self.node = Cluster().__enter__()
        assert self.node.registry
        self.image = f"applc.test/{image.REPOSITORY}"
        self.node.registry.put(self.image, image.files(), image.CONFIGURATION)
        self.deployments: dict[str, NodeDeployment] = {}
        # The newest state of each pod, by its UID.
        self.pods: dict[str, dict[str, Any]] = {}
        self._ended = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *arguments: object) -> None:
        self._ended.set()
        self.node.__exit__(None, None, None)
        super().__exit__(*arguments)

    def host_space(self) -> str:
        return os.readlink(f"/proc/{self.node.first}/ns/net")

    def logs(self) -> Path:
        """The folder with the logs of all pods."""
        return Path(f"/proc/{self.node.first}/root/var/log/pods")

    def _watch(self) -> None:
        path = f"/api/v1/pods?watch=true&timeoutSeconds=300&labelSelector={self.selector}"
        while not self._ended.is_set():
            # Ends when the API server is restarted, also in the middle of an event.
            with suppress(OSError, ValueError, HTTPException):
                for line in self.node.ask("GET", path, timeout=60):
                    event = json.loads(line)
                    if event["type"] in ("ADDED", "MODIFIED", "DELETED"):
                        self._take(event["object"], event["type"] == "DELETED")
            self._ended.wait(0.3)

    def _take(self, pod: dict[str, Any], deleted: bool) -> None:
        meta = pod["metadata"]
        deployment = self.deployments.get(meta["namespace"])
        if deployment is None:
            return
        self.pods[meta["uid"]] = pod
        (one,) = pod["spec"]["containers"]
        runs = deployment.runs.setdefault(meta["uid"], {})
        for status in pod["status"].get("containerStatuses") or []:
            count = status["restartCount"]
            states = [(count, status["state"]), (count - 1, status.get("lastState") or {})]
            for at, state in states:
                about = state.get("running") or state.get("terminated")
                # A container that could not be started ran nothing.
                if about and about.get("startedAt") and about.get("reason") != "StartError":
                    run = runs.setdefault(at, Running(moment(about["startedAt"])))
                    if about.get("finishedAt"):
                        run.ended, run.code = moment(about["finishedAt"]), about["exitCode"]
            logs = self.logs() / f"{meta['namespace']}_{meta['name']}_{meta['uid']}"
            for at in range(count + 1):
                container = deployment.names.setdefault(meta["uid"], deployment.container_of(pod))
                log = logs / one["name"] / f"{at}.log"
                self.tails.add(Tail(log, container_runtime, deployment.journal, container, meta["uid"]))
        if deleted:
            for run in runs.values():
                run.ended = run.ended or moment(None)
            self.tails.end(meta["uid"])

    def deployment(self, case: Case, folder: Path) -> NodeDeployment:
        return NodeDeployment(self, case, folder)

    def restart_kubelet(self) -> None:
        """Ends the kubelet while its pods continue to run, and starts it again."""
        program = str(self.node.programs["kubelet"])
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                words = (entry / "cmdline").read_text().split("\0")[:-1]
                if words and words[0] == program and f"--config={self.node.folder / 'kubelet.json'}" in words:
                    os.kill(int(entry.name), 15)
                    kept = [(name, process) for name, process in self.node.running if name != "kubelet"]
                    for name, process in self.node.running:
                        if name == "kubelet":
                            process.wait(timeout=30)
                    self.node.running[:] = kept
                    self.node._run("kubelet", *words[1:])
                    return
        raise RuntimeError("the kubelet does not run")


class NodeDeployment(Deployment):
    """The namespace of one appliance."""

    engine: Node

    def __init__(self, engine: Node, case: Case, folder: Path) -> None:
        super().__init__(engine, case, folder)
        self.app: App | None = None
        self.server_side = True
        # The starts of the container of each pod, by the count of its restarts.
        self.runs: dict[str, dict[int, Running]] = {}
        # The container of each pod: a change may give its name in Kubernetes to another one.
        self.names: dict[str, str] = {}
        self._read: tuple[float, list[dict[str, Any]]] = (0, [])

    def container_of(self, pod: dict[str, Any]) -> str:
        """The id of the container as the appliance writes it."""
        name = pod["metadata"]["labels"].get(NAME, "")
        (one,) = pod["spec"]["containers"]
        ids = [each["id"] for each in self.case.appliance["containers"]]
        # Ids that are no names in Kubernetes are changed: the program says which one it runs.
        told = " ".join(map(json.dumps, [*one.get("command", []), *one.get("args", [])]))
        said = (found for found in ids if re.search(rf"--name={re.escape(found)}(?![A-Za-z0-9-])", told))
        return next((each for each in ids if each.lower() == name.lower()), None) or next(said, name)

    def prepare(self) -> None:
        for path in self.case.host_paths:
            self.engine.node.run("/bin/mkdir", "-p", "-m", "777", path)

    def _kubectl(self, *words: str, stdin: str = "", may_fail: bool = True) -> Command:
        node = self.engine.node
        environment = {"KUBECONFIG": str(node.kubeconfig), "HOME": str(node.folder)}
        run = self.command if may_fail else self.handed
        return run(node.programs["kubectl"], *words, env=environment, stdin=stdin)

    def deploy(self, out: Path) -> None:
        file = out / "kubernetes.yaml"
        assert self.engine.node.registry
        for name in self.built():
            # What the random appliances build adds nothing to the image.
            self.engine.node.registry.put(name, image.files(), image.CONFIGURATION)
        # Some characters cannot be sent in a server-side apply; the compiler says so.
        findings = (self.folder / f"findings{self.versions}.txt").read_text()
        app = App(self.engine.node, file.read_text(), findings)
        # Each change is applied in the way of the first version.
        self.server_side = app.server_side and self.server_side
        how = "--server-side" if self.server_side else "--server-side=false"
        self.engine.deployments[app.namespace] = self
        if self.app is None:
            # With its namespace, a volume for each claim.
            app.__enter__()
            for secret, values in self.case.secrets.items():
                meta = {"name": secret, "namespace": app.namespace}
                item = {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": values}
                # kubectl hands it over as YAML, which some characters cannot be in.
                self.engine.node.ask("POST", f"/api/v1/namespaces/{app.namespace}/secrets", item).close()
            self.app = app
            self._kubectl("apply", how, "-f", str(file), may_fail=False)
            return
        app._make_volumes()
        self.app = app
        for _ in range(5):
            done = self._kubectl("apply", how, "-f", str(file))
            changed = FIELD.findall(done.stderr)
            if not changed:
                break
            done.handled = True
            self._kubectl("delete", "job", *changed, "-n", app.namespace)
        if done.code:
            self.refuse(done)
        self._delete_gone(app)

    def impossible_change(self, before: Path, after: Path) -> tuple[str, str] | None:
        old, new = (claims(documents((out / "kubernetes.yaml").read_text())) for out in (before, after))
        if any(old[name]["accessModes"] != new[name]["accessModes"] for name in old.keys() & new.keys()):
            return "data_persistence.volumes[].scope: local", "a claim cannot be changed from one to the other"
        return None

    def _delete_gone(self, app: App) -> None:
        """Deletes by name what is no longer in the output: `kubectl` has no `--prune` for server-side apply."""
        label = f"{INSTANCE}={app.objects[0]['metadata']['labels'][INSTANCE]}"
        kept = {(item["kind"], item["metadata"]["name"]) for item in app.objects}
        found = self.engine.node.get(",".join(PRUNED), "-n", app.namespace, "-l", label)["items"]
        gone = [
            f"{item['kind'].lower()}/{item['metadata']['name']}"
            for item in found
            if (item["kind"], item["metadata"]["name"]) not in kept
        ]
        if gone:
            self._kubectl("delete", *gone, "-n", app.namespace, "--wait=false", may_fail=False)

    def down(self) -> None:
        if self.app:
            kinds = "deployments,jobs,cronjobs,services"
            self._kubectl("delete", kinds, "--all", "-n", self.app.namespace, "--wait=false")

    def clean(self) -> None:
        if self.app:
            self.engine.node.remove(self.app)
            for folder in Path(f"/proc/{self.engine.node.first}/root/node/volumes").glob(f"{self.app.namespace}-*"):
                shutil.rmtree(folder, ignore_errors=True)
            self.engine.deployments.pop(self.app.namespace, None)
        for path in self.case.host_paths:
            self.engine.node.run("/bin/rm", "-rf", path)
        super().clean()

    def running(self) -> dict[str, tuple[str, list[Running], dict[str, str]]]:
        found = {}
        for uid, runs in list(self.runs.items()):
            pod = self.engine.pods[uid]
            labels = pod["metadata"].get("labels", {})
            found[uid] = (self.names.get(uid) or self.container_of(pod), [run for _, run in sorted(runs.items())], labels)
        return found

    def _services(self) -> list[dict[str, Any]]:
        if self.app and time.monotonic() > self._read[0] + 1:
            with self.engine.node.ask("GET", f"/api/v1/namespaces/{self.app.namespace}/services") as response:
                self._read = time.monotonic(), json.load(response)["items"]
        return self._read[1]

    def places(self, container: str, port: int, protocol: str) -> list[Place]:
        alive = self.alive({container})
        address = self.engine.node.address
        if self.mode(container) == "host":
            return [Place(key, address, port) for _, key in alive]
        if not alive:
            return []
        found = []
        name = self.engine.pods[alive[0][1]]["metadata"]["labels"].get(NAME, "")
        for service in self._services():
            if service["metadata"]["labels"].get(NAME, "") == name:
                for each in service["spec"].get("ports") or []:
                    if each["port"] == port and each["protocol"].lower() == protocol and "nodePort" in each:
                        found.append(Place(alive[0][1], address, each["nodePort"]))
        for _, key in alive:
            for each in self.engine.pods[key]["spec"]["containers"][0].get("ports") or []:
                if each.get("hostPort") and each["containerPort"] == port and each["protocol"].lower() == protocol:
                    found.append(Place(key, address, each["hostPort"]))
        return found

    def explain(self) -> str:
        if not self.app:
            return ""
        texts = [self.app.event_log()]
        # The engine's own logs show whether the observer wrote nothing, or it was not read.
        for log in sorted(self.engine.logs().glob(f"{self.app.namespace}_*/*/*.log")):
            with suppress(OSError):
                texts.append(f"{log.relative_to(self.engine.logs())}:\n{log.read_text(errors='replace')[:2000]}")
        return "\n".join(texts)

    # A kubelet that ends while it starts a container leaves one that failed, which is a try of a job.
    hits_all = frozenset({"kubelet"})

    def disturbances(self) -> list[str]:
        return ["kill", "delete", "evict", "kubelet", "dependency"]

    def disturb(self, kind: str, chance: random.Random) -> dict[str, Any]:
        if kind == "kubelet":
            with self.engine.quiet.alone():
                self.engine.restart_kubelet()
            return {"kind": kind}
        services = {each["id"] for each in self.case.appliance["containers"] if each["type"] == "service"}
        found = self.alive(self.depended_on() if kind == "dependency" else services) or self.alive(services)
        if not found or not self.app:
            return {"kind": kind}
        container, key = chance.choice(found)
        name = self.engine.pods[key]["metadata"]["name"]
        if kind == "kill":
            for entry in Path("/proc").glob("[0-9]*"):
                with suppress(OSError):
                    if f"pod{key}" in (entry / "cgroup").read_text() and "observer" in (entry / "comm").read_text():
                        kill_process(int(entry.name))
        elif kind == "evict":
            meta = {"name": name, "namespace": self.app.namespace}
            item = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": meta}
            path = f"/api/v1/namespaces/{self.app.namespace}/pods/{name}/eviction"
            self._kubectl("create", f"--raw={path}", "-f", "-", stdin=json.dumps(item))
        else:
            self._kubectl("delete", "pod", name, "-n", self.app.namespace, "--wait=false")
        return {"kind": kind, "container": container, "key": key}


def moment(text: str | None) -> float:
    """A time of the API in seconds since the start of the machine; without one, now."""
    at = time.time() if text is None else datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    return at - boot_offset()
