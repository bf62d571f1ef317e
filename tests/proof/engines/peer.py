"""Appliances on a Kubernetes node by way of another tool: it converts the Compose file that `applc compile` wrote."""

from __future__ import annotations

import json
import re
import subprocess
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import image
import support
import yaml
from case import Case
from compose_engine import checked, command
from engines.base import Deployment, Place, Rejected, Running
from engines.node import Node, NodeDeployment
from kube_api import Object
from kube_app import App, volume_of
from kube_node import Node as KubeNode

# Seconds that a conversion may take.
CONVERTING = 60


class Tool(ABC):
    """A program that makes Kubernetes objects of a Compose file."""

    name = ""
    # The label with the name of the Compose service.
    label = ""
    # Whether it knows `restart: "no"`, which is Compose's default.
    knows_no_restart = False

    @abstractmethod
    def version(self) -> str:
        """What was measured."""

    @abstractmethod
    def convert(self, file: Path, out: Path) -> str:
        """The objects as one YAML stream; raises `Rejected` if the tool fails. `out` is a folder for its files."""

    def start(self, name: str) -> None:
        """Makes the image of all containers known to the tool."""

    def stop(self, name: str) -> None:
        """Removes it."""

    def run(self, *words: str | Path, folder: Path) -> str:
        """The output of a program that may refuse the file."""
        try:
            done = subprocess.run(words, capture_output=True, text=True, errors="replace", cwd=folder, timeout=CONVERTING)
        except subprocess.TimeoutExpired as late:
            raise Rejected(f"{self.name} did not end in {CONVERTING} s") from late
        (folder / f"{self.name}.txt").write_text(done.stderr)
        if done.returncode:
            raise Rejected(" ".join((done.stderr or done.stdout)[-600:].split()))
        return done.stdout


class Kompose(Tool):
    """kompose, with its defaults."""

    name = "kompose"
    label = "io.kompose.service"
    knows_no_restart = True

    def version(self) -> str:
        return f"kompose {self.run(support.require_tool('kompose'), 'version', folder=Path('/tmp')).split()[0]}"

    def convert(self, file: Path, out: Path) -> str:
        out.mkdir()
        self.run(support.require_tool("kompose"), "convert", "-f", file, "-o", f"{out}/", folder=file.parent)
        return "\n---\n".join(path.read_text() for path in sorted(out.glob("*.yaml")))


class Bridge(Tool):
    """`docker compose bridge convert` with its default transformation, and the overlay that its manual applies."""

    name = "compose-bridge"
    label = "com.docker.compose.service"
    transformation = "docker/compose-bridge-kubernetes"

    def version(self) -> str:
        compose = self.run(support.require_tool("docker-compose"), "version", "--short", folder=Path("/tmp")).strip()
        return f"docker compose bridge {compose} with {self.transformation}"

    def start(self, name: str) -> None:
        # The conversion asks the engine which ports an image exposes.
        entrypoint = f"ENTRYPOINT {image.quoted(image.CONFIGURATION['Entrypoint'])}"
        checked("docker", "import", "--change", entrypoint, "-", name, stdin=image.files())

    def stop(self, name: str) -> None:
        command("docker", "image", "rm", name)

    def convert(self, file: Path, out: Path) -> str:
        compose, kubectl = support.require_tool("docker-compose"), support.require_tool("kubectl")
        self.run(compose, "-f", file, "bridge", "convert", "--yes", "--output", out, folder=file.parent)
        overlay = out / "overlays" / "desktop"
        return self.run(kubectl, "kustomize", overlay if overlay.exists() else out / "base", folder=file.parent)


TOOLS: dict[str, type[Tool]] = {tool.name: tool for tool in (Kompose, Bridge)}


class Peer(Node):
    """A node to which another tool's output is applied."""

    target = "compose"
    options = ()
    selector = ""

    def __init__(self, applc: Path, folder: Path, tool: Tool, plain: bool) -> None:
        super().__init__(applc, folder)
        self.tool = tool
        self.plain = plain

    def __enter__(self) -> Peer:
        super().__enter__()
        self.tool.start(self.image)
        return self

    def __exit__(self, *arguments: object) -> None:
        self.tool.stop(self.image)
        super().__exit__(*arguments)

    def deployment(self, case: Case, folder: Path) -> PeerDeployment:
        return PeerDeployment(self, case, folder)


class PeerDeployment(NodeDeployment):
    """The namespace of one appliance that another tool has converted."""

    engine: Peer

    def __init__(self, engine: Peer, case: Case, folder: Path) -> None:
        super().__init__(engine, case, folder)
        # The container of each service of the Compose file.
        self.services: dict[str, str] = {}
        self.namespace = ""

    def compile(self, case: Case) -> Path:
        out = super().compile(case)
        document = yaml.safe_load((out / "compose.yaml").read_text())
        self.services = containers_of(document)
        if self.engine.plain:
            (out / "compose.yaml").write_text(friendlier(document, self.engine.tool.knows_no_restart))
        text = self.engine.tool.convert(out / "compose.yaml", out / "converted")
        self.namespace = namespace_of(text, document["name"])
        (out / "kubernetes.yaml").write_text(text)
        return out

    def prepare(self) -> None:
        # On the node, and here, where the tool looks at what is mounted.
        super().prepare()
        Deployment.prepare(self)

    def container_of(self, pod: dict[str, Any]) -> str:
        name = str(pod["metadata"].get("labels", {}).get(self.engine.tool.label, ""))
        return self.services.get(name, name)

    def deploy(self, out: Path) -> None:
        self.engine.deployments[self.namespace] = self
        self.app = PeerApp(self.engine.node, (out / "kubernetes.yaml").read_text(), self.namespace)
        self.app.__enter__()
        self._kubectl("apply", "-n", self.namespace, "-f", str(out / "kubernetes.yaml"), may_fail=False)
        # The node is the load balancer that a cluster has.
        balanced = json.dumps({"spec": {"externalIPs": [self.engine.node.address]}})
        for item in self.app.objects:
            if item["kind"] == "Service" and item["spec"].get("type") == "LoadBalancer":
                self._kubectl("patch", "service", item["metadata"]["name"], "-n", self.namespace, "-p", balanced)

    def down(self) -> None:
        if self.app:
            file = self.out / "kubernetes.yaml"
            self._kubectl("delete", "-n", self.namespace, "-f", str(file), "--wait=false", "--ignore-not-found")

    def running(self) -> dict[str, tuple[str, list[Running], dict[str, str]]]:
        found = {}
        for uid, (container, runs, labels) in super().running().items():
            # Labels of Compose are annotations in Kubernetes as well as labels.
            found[uid] = (container, runs, {**self.engine.pods[uid]["metadata"].get("annotations", {}), **labels})
        return found

    def places(self, container: str, port: int, protocol: str) -> list[Place]:
        alive = self.alive({container})
        if not alive:
            return []
        found = []
        pod = self.engine.pods[alive[0][1]]
        labels = pod["metadata"].get("labels", {})
        ports = pod["spec"]["containers"][0].get("ports") or []
        names = {each["name"] for each in ports if each["containerPort"] == port and "name" in each}
        for service in self._services():
            selector = service["spec"].get("selector") or {}
            if selector and selector.items() <= labels.items():
                where = "port" if service["spec"].get("externalIPs") else "nodePort"
                found += [
                    Place(alive[0][1], self.engine.node.address, each[where])
                    for each in service["spec"].get("ports") or []
                    if where in each and each["targetPort"] in {port, *names} and each["protocol"].lower() == protocol
                ]
        return found


class PeerApp(App):
    """Objects that do not name their namespace, or do not begin with it."""

    def __init__(self, node: KubeNode, text: str, namespace: str) -> None:
        self.node, self.text, self.namespace = node, text, namespace
        self.objects = objects_of(text)

    def _make_volumes(self) -> None:
        """A volume for each claim, as the storage of a cluster makes it."""
        claims = [item for item in self.objects if item["kind"] == "PersistentVolumeClaim"]
        volumes = [volume_of(self.namespace, item["metadata"]["name"], item["spec"]) for item in claims]
        if volumes:
            every = {"apiVersion": "v1", "kind": "List", "items": volumes}
            self.node.kubectl("apply", "-f", "-", stdin=json.dumps(every))


def objects_of(text: str) -> list[Object]:
    """The objects in a YAML stream, without those in lists."""
    return [one for one in yaml.safe_load_all(text) if isinstance(one, dict) and "kind" in one]


def friendlier(document: dict[str, Any], knows_no_restart: bool) -> str:
    """A Compose file that says the same in the words that most tools know."""
    for service in document["services"].values():
        if service.get("restart") == "unless-stopped":
            service["restart"] = "always"
        elif knows_no_restart:
            service.setdefault("restart", "no")
        if "scale" in service:
            service["deploy"] = {"replicas": service["scale"]}
        for config in service.get("configs", []):
            config["source"] = config["source"].replace("_", "-")
    if "configs" in document:
        document["configs"] = {name.replace("_", "-"): config for name, config in document["configs"].items()}
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def containers_of(document: dict[str, Any]) -> dict[str, str]:
    """The id of the container of each service of a Compose file that `applc` wrote."""
    found = {}
    for name, service in document.get("services", {}).items():
        labels = service["labels"]
        pairs = labels.items() if isinstance(labels, dict) else (entry.split("=", 1) for entry in labels)
        found[name] = dict(pairs)["applc.container"]
    return found


def namespace_of(text: str, project: str) -> str:
    """The namespace that objects name, or one with the name of the project."""
    named = (one["metadata"].get("namespace") for one in objects_of(text))
    return next((str(name) for name in named if name), None) or re.sub(r"[^a-z0-9-]", "-", project.lower())
