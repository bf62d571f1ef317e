"""Appliances on Docker Compose: `docker compose up -d` with the file that `applc compile` wrote."""

from __future__ import annotations

import json
import random
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

import image
from case import Case
from compose_engine import Engine as Docker
from compose_engine import checked, command
from engines.base import Deployment, Engine, Place, Running, kill_process
from engines.docker import Seen, Watch
from follow import Tail, docker_json
from registry import Registry

PROJECT = "com.docker.compose.project"


class Compose(Engine):
    """A Docker engine with Compose, and a registry."""

    name = target = "compose"

    def __enter__(self) -> Compose:
        super().__enter__()
        self.docker = Docker()
        self._store = Path(tempfile.mkdtemp(prefix="proof-registry-"))
        self._registry = Registry(self.docker.docker, self._store).__enter__()
        self.image = image.push(self.docker.docker, self._registry)
        self.projects: dict[str, ComposeDeployment] = {}
        self.watch = Watch(self.docker.docker, PROJECT, self._started, removed=self.tails.end).__enter__()
        return self

    def __exit__(self, *arguments: object) -> None:
        self.watch.__exit__()
        self._registry.__exit__()
        shutil.rmtree(self._store, ignore_errors=True)
        super().__exit__(*arguments)

    def _started(self, key: str, one: Seen) -> None:
        deployment = self.projects.get(one.labels[PROJECT])
        if deployment:
            container = one.labels["applc.container"]
            self.tails.add(Tail(self.watch.log(key), docker_json, deployment.journal, container, key))

    def deployment(self, case: Case, folder: Path) -> ComposeDeployment:
        return ComposeDeployment(self, case, folder)


class ComposeDeployment(Deployment):
    """One project."""

    engine: Compose

    def __init__(self, engine: Compose, case: Case, folder: Path) -> None:
        super().__init__(engine, case, folder)
        self.file = Path()
        self.project = ""
        self.secrets: dict[str, str] = {}
        self.volumes: list[str] = []
        # An appliance of the same name may have been there.
        self.before = set(engine.watch.seen)

    def prepare(self) -> None:
        super().prepare()
        for name in self.case.global_volumes:
            checked(self.engine.docker.docker, "volume", "create", name)
            self.volumes.append(name)

    def deploy(self, out: Path) -> None:
        self.file = out / "compose.yaml"
        document = yaml.safe_load(self.file.read_text())
        self.project = document["name"]
        self.secrets = secret_variables(document, self.case)
        self.engine.projects[self.project] = self
        self.made_images |= self.built().keys()
        self._compose("up", "--detach", "--remove-orphans")

    def _compose(self, *words: str) -> None:
        with self.engine.quiet.shared():
            self.command(self.engine.docker.compose, "-f", self.file, *words, env=self.secrets)

    def down(self) -> None:
        self._compose("down")

    def clean(self) -> None:
        if self.project:
            words = ("-p", self.project, "down", "--volumes", "--timeout", "1", "--remove-orphans")
            command(self.engine.docker.compose, *words)
        if self.made_images:
            command(self.engine.docker.docker, "image", "rm", "--force", *sorted(self.made_images))
        for name in self.volumes:
            command(self.engine.docker.docker, "volume", "rm", name)
        super().clean()
        self.engine.projects.pop(self.project, None)

    def _seen(self) -> dict[str, Seen]:
        seen = list(self.engine.watch.seen.items())
        return {key: one for key, one in seen if one.labels[PROJECT] == self.project and key not in self.before}

    def running(self) -> dict[str, tuple[str, list[Running], dict[str, str]]]:
        return {key: (one.labels["applc.container"], one.runs, one.labels) for key, one in self._seen().items()}

    def places(self, container: str, port: int, protocol: str) -> list[Place]:
        keys = [key for _, key in self.alive({container})]
        if self.mode(container) == "host":
            return [Place(key, "127.0.0.1", port) for key in keys]
        found = []
        for key in keys:
            run = command(self.engine.docker.docker, "inspect", key)
            if run.returncode == 0:
                ports = json.loads(run.stdout)[0]["NetworkSettings"]["Ports"] or {}
                found += [
                    Place(key, "127.0.0.1", int(each["HostPort"]))
                    for each in (ports.get(f"{port}/{protocol}") or [])
                    if ":" not in each["HostIp"]
                ]
        return found

    def explain(self) -> str:
        label = f"label={PROJECT}={self.project}"
        return command(self.engine.docker.docker, "ps", "--all", "--filter", label).stdout

    def disturbances(self) -> list[str]:
        return ["kill", "restart", "pause", "dependency"]

    def disturb(self, kind: str, chance: random.Random) -> dict[str, Any]:
        among = self.depended_on() if kind == "dependency" else None
        found = self.alive(among) or self.alive()
        if not found:
            return {"kind": kind}
        container, key = chance.choice(found)
        docker = self.engine.docker.docker
        if kind == "kill":
            # After `docker kill`, the engine does not start a container again.
            pid = int(checked(docker, "inspect", "--format", "{{.State.Pid}}", key))
            kill_process(pid)
        elif kind == "pause":
            self.command(docker, "pause", key)
            time.sleep(3)
            self.command(docker, "unpause", key)
        else:
            self.command(docker, "restart", key)
        return {"kind": kind, "container": container, "key": key}


def secret_variables(document: dict[str, Any], case: Case) -> dict[str, str]:
    """The variables that a Compose file reads values of secrets from, by where the appliance has them."""
    found = {}
    for container in case.appliance["containers"]:
        services = document.get("services", {}).values()
        service = next((each for each in services if labels_of(each)["applc.container"] == container["id"]), None)
        if service is None:
            continue
        entries = dict(entry.split("=", 1) for entry in service.get("environment", []) if "=" in entry)
        for name, source in container.get("secret_env", {}).items():
            variable = entries[name.replace("$", "$$")].removeprefix("${").partition(":?")[0]
            found[variable] = case.secrets[source["secret"]][source["key"]]
        for file in container.get("secret_files", []):
            for each in service.get("secrets", []):
                if each["target"].replace("$$", "$") == file["dest"]:
                    variable = document["secrets"][each["source"]]["environment"]
                    found[variable] = case.secrets[file["secret"]][file["key"]]
    return found


def labels_of(service: dict[str, Any]) -> dict[str, str]:
    """The labels of a service, which a file has as a list or by name."""
    labels = service["labels"]
    return dict(entry.split("=", 1) for entry in labels) if isinstance(labels, list) else labels
