"""Appliances on a Nomad agent: `nomad volume create` and `nomad job run` with the files that `applc compile` wrote.

docs/nomad.md says that jobs may be submitted in any order. A change is submitted over what runs, and jobs that are no
longer in the output are stopped.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import sys
import tempfile
import threading
import time
import traceback
import urllib.request
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote

import image
from case import Case
from compose_engine import Behaviour, checked, command
from compose_engine import Engine as Docker
from engines.base import PLACES, Deployment, Engine, Place, Running, kill_process
from engines.docker import Seen, Watch
from follow import Journal, Tail, boot_offset, docker_json
from nomad_agent import Agent
from nomad_app import RECORD_IMAGE, WAIT_IMAGE
from registry import Registry

# The label of containers with their allocation.
ALLOCATION = "com.hashicorp.nomad.alloc_id"

# Seconds until allocations of a removed job have no volumes any more.
VOLUMES_FREE = 15

# Seconds from the end of a container until its log is read. Nomad takes the name of a failed one again after 15.
READ_WITHIN = 7

# Not those of other agents, whose tests may run at the same time.
TASK_PORTS = range(16000, 20000)

# Tasks of the appliance may use the variables that record the success of jobs, and read secrets.
POLICY = """
namespace "default" {
  variables {
    path "applc/*" { capabilities = ["read", "write"] }
    path "secrets/*" { capabilities = ["read"] }
  }
}
"""


class Nomad(Engine):
    """A server and a client whose state outlives its process, with access control.

    An agent that is both refuses what its client has run before, until its server is ready.
    """

    name = target = "nomad"
    # A delay of 15 seconds, and a random part of it.
    again = 20.0
    options = (
        f"nomad.wait-image={WAIT_IMAGE}", f"nomad.record-image={RECORD_IMAGE}", "nomad.host-attribute=meta.host"
    )  # fmt: skip

    def __enter__(self) -> Nomad:
        super().__enter__()
        self.docker = Docker()
        self._store = Path(tempfile.mkdtemp(prefix="proof-registry-"))
        self._registry = Registry(self.docker.docker, self._store).__enter__()
        self.image = image.push(self.docker.docker, self._registry)
        self.docker.image(WAIT_IMAGE)
        self.docker.image(RECORD_IMAGE, Behaviour(programs=("/usr/bin/curl",)))
        self.agent = Agent(self.docker, meta=PLACES, durable=True, ports=TASK_PORTS, logs=False, server_apart=True)
        self.agent.__enter__()
        policy = self._store / "policy.hcl"
        policy.write_text(POLICY)
        self.agent.apply_policy(policy)
        self._lock = threading.Lock()
        # Logs of containers that nothing else is known of yet.
        self._opened: list[Tail] = []
        self.deployments: dict[str, NomadDeployment] = {}
        # The newest state of each allocation, by its id.
        self.allocations: dict[str, dict[str, Any]] = {}
        # The events of their tasks, by time: the engine keeps only the last ten of each.
        self.events: dict[str, dict[int, dict[str, Any]]] = {}
        self.watch = Watch(self.docker.docker, ALLOCATION, self._started, self._over).__enter__()
        self.blind = ""
        self._ended = threading.Event()
        self._watching = threading.Thread(target=self._watch, daemon=True)
        self._watching.start()
        return self

    def __exit__(self, *arguments: object) -> None:
        self._ended.set()
        self.agent.__exit__()
        left = [key for key, one in self.watch.seen.items() if not one.removed]
        self.watch.__exit__()
        if left:
            command(self.docker.docker, "rm", "--force", *left)
        self._registry.__exit__()
        shutil.rmtree(self._store, ignore_errors=True)
        super().__exit__(*arguments)

    def _watch(self) -> None:
        try:
            self._follow()
        except Exception:
            # Nothing would be seen of any appliance any more.
            self.blind = traceback.format_exc()
            raise

    def _follow(self) -> None:
        index = 0
        while not self._ended.is_set():
            # Ends when the agent is restarted, also in the middle of an event.
            with suppress(OSError, ValueError, HTTPException):
                # An agent that was restarted does not tell all events of before.
                for allocation in self.agent.get("/v1/allocations?resources=true"):
                    self._take(allocation)
                request = urllib.request.Request(
                    f"{self.agent.address}/v1/event/stream?topic=Allocation&index={index}",
                    headers={"X-Nomad-Token": self.agent.token},
                )
                for line in urllib.request.urlopen(request, timeout=30):
                    batch = json.loads(line)
                    index = max(index, batch.get("Index", 0))
                    for event in batch.get("Events") or []:
                        self._take(event["Payload"]["Allocation"])
            self._ended.wait(0.3)

    def _take(self, allocation: dict[str, Any]) -> None:
        deployment = self.deployments.get(allocation["JobID"].split("/")[0].split(".")[0])
        if deployment is None:
            return
        known = self.allocations.get(allocation["ID"])
        if known and known["ModifyIndex"] > allocation["ModifyIndex"]:
            return
        if known:
            # Later events lack what does not change.
            allocation = {**known, **{name: value for name, value in allocation.items() if value is not None}}
        self.allocations[allocation["ID"]] = allocation
        states = allocation.get("TaskStates") or {}
        group = allocation["TaskGroup"]
        task = deployment.task(allocation)
        if task not in states:
            return
        for event in states[task].get("Events") or []:
            self.events.setdefault(allocation["ID"], {})[event["Time"]] = event
        self._attach()

    def _started(self, key: str, one: Seen) -> None:
        # Nomad's own copy of a log may lack what a program writes before it ends.
        tail = Tail(self.watch.log(key), docker_json, Journal(), one.labels["name"], one.labels[ALLOCATION])
        tail.open()
        with self._lock:
            self._opened.append(tail)
        self._attach()

    def _over(self, key: str) -> None:
        # The agent leaves it: on a loaded machine, it would be gone before its log is opened.
        remove = threading.Timer(READ_WITHIN, command, [self.docker.docker, "rm", "--force", key])
        remove.daemon = True
        remove.start()

    def _attach(self) -> None:
        """Reads the logs of containers as soon as it is known which appliance they are of."""
        with self._lock:
            known = [tail for tail in self._opened if tail.key in self.allocations]
            self._opened = [tail for tail in self._opened if tail not in known]
        for tail in known:
            allocation = self.allocations[tail.key]
            deployment = self.deployments.get(allocation["JobID"].split("/")[0].split(".")[0])
            if deployment and tail.container == f"{deployment.task(allocation)}-{tail.key}":
                tail.journal, tail.container = deployment.journal, allocation["TaskGroup"]
                self.tails.add(tail)

    def deployment(self, case: Case, folder: Path) -> NomadDeployment:
        return NomadDeployment(self, case, folder)


class NomadDeployment(Deployment):
    """The jobs and volumes of one appliance."""

    engine: Nomad

    def __init__(self, engine: Nomad, case: Case, folder: Path) -> None:
        super().__init__(engine, case, folder)
        self.jobs: list[str] = []
        self.volumes: list[str] = []
        # The task that runs the container, by job and group: some ids are no names of tasks.
        self.tasks: dict[tuple[str, str], str] = {}
        # An appliance of the same name may have been there.
        self.before = set(engine.allocations)
        engine.deployments[self.id] = self

    def _nomad(self, *words: str | Path, timeout: float = 60, stdin: str = "", may_fail: bool = False) -> None:
        environment = {"NOMAD_ADDR": self.engine.agent.address, "NOMAD_TOKEN": self.engine.agent.token}
        with self.engine.quiet.shared():
            run = self.command if may_fail else self.handed
            run(self.engine.agent.nomad, *words, env=environment, timeout=timeout, stdin=stdin)

    def prepare(self) -> None:
        super().prepare()
        for secret, values in self.case.secrets.items():
            items = {"Path": f"secrets/{self.id}/{secret}", "Items": values}
            self._nomad("var", "put", "-in=json", "-force", "-", stdin=json.dumps(items))
        for name in self.case.global_volumes:
            file = self.folder / f"{name}.hcl"
            file.write_text(volume(name))
            self._create(file, name)

    def _create(self, file: Path, name: str) -> None:
        if name not in self.volumes:
            self._nomad("volume", "create", file)
            self.volumes.append(name)

    def deploy(self, out: Path) -> None:
        self.build(self.engine.docker.docker, out)
        for file in sorted(out.glob("*.volume.hcl")):
            found = re.search(r'^name\s*=\s*"(.*)"', file.read_text(), re.MULTILINE)
            assert found, file
            self._create(file, found[1])
        before, self.jobs = self.jobs, []
        for file in sorted(out.glob("*.nomad.hcl")):
            found = re.search(r'^job "(.*)"', file.read_text(), re.MULTILINE)
            assert found, file
            self.jobs.append(found[1])
            self._read_tasks(file)
            self._nomad("job", "run", "-detach", file)
        for job in set(before) - set(self.jobs):
            self._nomad("job", "stop", "-detach", "-yes", job)

    def _read_tasks(self, file: Path) -> None:
        # A job that cannot be read is refused when it is run.
        with suppress(HTTPError), self.engine.agent.request("POST", "/v1/jobs/parse", {"JobHCL": file.read_text()}) as answer:
            job = json.load(answer)
            for group in job["TaskGroups"]:
                for task in group["Tasks"]:
                    if task["Config"]["image"] not in (WAIT_IMAGE, RECORD_IMAGE):
                        self.tasks[job["ID"], group["Name"]] = task["Name"]

    def task(self, allocation: dict[str, Any]) -> str:
        """The task of an allocation that runs the container."""
        job, group = allocation["JobID"].split("/")[0], allocation["TaskGroup"]
        return self.tasks.get((job, group), group)

    def down(self) -> None:
        for job in reversed(self.jobs):
            # What goes on is seen.
            self._nomad("job", "stop", "-detach", "-yes", job, may_fail=True)

    def clean(self) -> None:
        # While the agent is restarted, nothing could be removed.
        with self.engine.quiet.shared():
            self._clean()
        super().clean()
        self.engine.deployments.pop(self.id, None)

    def _clean(self) -> None:
        agent = self.engine.agent
        # The runs of a periodic job are jobs, too, and go on without it.
        for is_run in (False, True):
            with suppress(OSError):
                own = [job["ID"] for job in agent.get("/v1/jobs") if job["ID"].split("/")[0].split(".")[0] == self.id]
                for job in [each for each in own if ("/" in each) == is_run]:
                    self._remove(job)
        if self.made_images:
            command(self.engine.docker.docker, "image", "rm", "--force", *sorted(self.made_images))
        with suppress(OSError):
            self._delete_volumes()
        prefixes = [f"applc/{self.id}/", f"secrets/{self.id}/"]
        with suppress(OSError):
            for each in [each for prefix in prefixes for each in agent.get(f"/v1/vars?prefix={prefix}")]:
                agent.request("DELETE", f"/v1/var/{quote(each['Path'])}").close()

    def _remove(self, job: str) -> None:
        try:
            self.engine.agent.remove(job)
        except AssertionError as failure:
            # It may still have ports that the next appliance needs.
            print(f"{self.id}: {failure}", file=sys.stderr, flush=True)

    def _delete_volumes(self) -> None:
        """Deletes the volumes, whose names several may have: each as soon as no allocation has it."""
        agent, end = self.engine.agent, time.monotonic() + VOLUMES_FREE
        left = {each["ID"] for each in agent.get("/v1/volumes?type=host") if each["Name"] in self.volumes}
        while left and time.monotonic() < end:
            left = {id for id in left if not self._delete_volume(id)}
            time.sleep(0.5 if left else 0)

    def _delete_volume(self, id: str) -> bool:
        with suppress(HTTPError), self.engine.agent.request("DELETE", f"/v1/volume/host/{id}/delete"):
            return True
        return False

    def _allocations(self) -> list[dict[str, Any]]:
        found = [each for key, each in list(self.engine.allocations.items()) if key not in self.before]
        return [each for each in found if each["JobID"].split("/")[0].split(".")[0] == self.id]

    def running(self) -> dict[str, tuple[str, list[Running], dict[str, str]]]:
        if self.engine.blind:
            raise RuntimeError(f"the allocations are not followed any more: {self.engine.blind}")
        offset = boot_offset()
        labels: dict[str, dict[str, str]] = {}
        ends: dict[str, list[float | None]] = {}
        for one in list(self.engine.watch.seen.values()):
            labels[one.labels["name"]] = one.labels
            ends.setdefault(one.labels["name"], []).extend(run.ended for run in one.runs)
        found = {}
        for each in self._allocations():
            group = each["TaskGroup"]
            runs: list[Running] = []
            for time_of, event in sorted(self.engine.events.get(each["ID"], {}).items()):
                at = time_of / 1e9 - offset
                if event["Type"] == "Started":
                    runs.append(Running(at))
                elif event["Type"] == "Terminated" and runs:
                    runs[-1].ended, runs[-1].code = at, int(event["Details"]["exit_code"])
            name = f"{self.task(each)}-{each['ID']}"
            for run, ended in zip(runs, ends.get(name, []), strict=False):
                # Nomad tells the end only after it has removed the container.
                run.ended = ended if run.ended and ended else run.ended
            if runs:
                found[each["ID"]] = (group, runs, labels.get(name, {}))
        return found

    def places(self, container: str, port: int, protocol: str) -> list[Place]:
        allocations = {each["ID"]: each for each in self._allocations()}
        found = []
        for _, key in self.alive({container}):
            shared = (allocations[key].get("AllocatedResources") or {}).get("Shared") or {}
            for each in shared.get("Ports") or []:
                # Events leave zeros out.
                inside = each.get("To", 0)
                if (inside if inside > 0 else each["Value"]) == port:
                    found.append(Place(key, each["HostIP"], each["Value"]))
        return found

    def explain(self) -> str:
        agent = self.engine.agent
        lines = [f"{job}\n{agent.event_log(job)}" for job in self.jobs]
        for each in agent.get("/v1/evaluations"):
            if each["JobID"] in self.jobs and each.get("FailedTGAllocs"):
                lines.append(f"no place: {each['JobID']} {json.dumps(each['FailedTGAllocs'])}")
        return "\n".join(lines)

    # A client that ends while it starts a task may start it twice.
    hits_all = frozenset({"agent"})

    def disturbances(self) -> list[str]:
        return ["kill", "restart", "stop", "agent", "dependency"]

    def disturb(self, kind: str, chance: random.Random) -> dict[str, Any]:
        if kind == "agent":
            with self.engine.quiet.alone():
                self.engine.agent.restart()
            return {"kind": kind}
        services = {each["id"] for each in self.case.appliance["containers"] if each["type"] == "service"}
        found = self.alive(self.depended_on() if kind == "dependency" else services) or self.alive(services)
        if not found:
            return {"kind": kind}
        container, key = chance.choice(found)
        task = self.task(self.engine.allocations[key])
        if kind == "kill":
            docker = self.engine.docker.docker
            kill_process(int(checked(docker, "inspect", "--format", "{{.State.Pid}}", f"{task}-{key}")))
        elif kind == "stop":
            self._nomad("alloc", "stop", "-detach", key, may_fail=True)
        else:
            self._nomad("alloc", "restart", key, task, may_fail=True)
        return {"kind": kind, "container": container, "key": key}


def volume(name: str) -> str:
    """The specification of a volume that several appliances may use."""
    return f"""
type      = "host"
name      = "{name}"
plugin_id = "mkdir"
capability {{
  access_mode     = "single-node-multi-writer"
  attachment_mode = "file-system"
}}
# All users may read it, as on other engines.
parameters {{
  mode = "0755"
}}
"""
