"""A stand-in for Marathon 1.11, with agents of Mesos: it keeps the documented rules of the interfaces, and simulates tasks.

It is not Marathon: what it does was written after Marathon's sources and RAML types. Groups are replaced by `PUT
/v2/groups`; a change starts a deployment, which works in the order of dependencies, takes time and locks its apps (409
without `force=true`); a task that fails is started again after a delay that grows; what finds no agent waits in the
queue, with the reasons. The name of an image says how its tasks behave: see `BEHAVIOURS`.
"""

from __future__ import annotations

import copy
import json
import math
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from chronos_server import Chronos
from marathon_rules import check_group

TICK = 0.05
FIRST_PORT = 31000


@dataclass(frozen=True)
class Behaviour:
    """What a task of an image does, with times in seconds."""

    # Until it runs.
    start: float = 0.2
    # After it runs, until its check succeeds. Never if it is `None`.
    healthy: float | None = 0.2
    # After it runs, until it ends with `message`.
    ends: float | None = None
    # It does not start.
    fails: bool = False
    message: str = ""
    log: str = "listening\n"


BEHAVIOURS = {
    "ok": Behaviour(),
    "slow": Behaviour(healthy=1.5),
    "sick": Behaviour(healthy=None, log="no database\n"),
    "crash": Behaviour(ends=0.2, message="Container exited with status 3", log="cannot read its settings\n"),
    "nocmd": Behaviour(ends=0.1, message="Container exited with status 127"),
    "oom": Behaviour(
        ends=0.2, message="Memory limit exceeded: Requested: 64MB Maximum Used: 64MB\n\nMEMORY STATISTICS: \ncache 1"
    ),
    "absent": Behaviour(
        fails=True,
        message="Failed to launch container: Failed to run 'docker -H unix:///var/run/docker.sock pull test/absent:1': "
        "exited with status 1; stderr='Error response from daemon: manifest for test/absent:1 not found\n'",
    ),
    "unbound": Behaviour(
        fails=True,
        message="Failed to launch container: Failed to run 'docker run': exited with status 125; "
        "stderr='Error response from daemon: invalid mount: bind source path does not exist: /srv/none\n'",
    ),
}


def behaviour(image: str) -> Behaviour:
    """That of an image such as `test/ok:1`."""
    return BEHAVIOURS[image.split("/")[-1].split(":")[0]]


def stamp(moment: float | None = None) -> str:
    """A time as Marathon writes it."""
    at = datetime.now(UTC) if moment is None else datetime.fromtimestamp(moment, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Agent:
    """A machine."""

    id: str
    host: str
    cpus: float = 4
    mem: float = 4096
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass
class Task:
    """A task of an app."""

    id: str
    app: str
    agent: Agent
    version: str
    ports: list[int]
    staged: float
    acts: Behaviour
    started: float | None = None
    killed: float | None = None

    def healthy(self, now: float) -> bool:
        acts = self.acts
        return self.started is not None and acts.healthy is not None and now >= self.started + acts.healthy

    def failures(self, now: float, check: dict[str, Any]) -> int:
        if self.started is None or self.healthy(now):
            return 0
        return max(0, int((now - self.started - check["gracePeriodSeconds"]) / min(check["intervalSeconds"], 0.3)))


@dataclass
class Deployment:
    """A change that is under way: apps, one set after the other."""

    id: str
    version: str
    before: dict[str, Any]
    steps: list[list[tuple[str, str]]]
    at: int = 0

    def apps(self) -> set[str]:
        return {app for step in self.steps for _, app in step}


class Rejected(Exception):
    """A request is answered with an error."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(body)
        self.status = status
        self.body = body if isinstance(body, dict) else {"message": body}


def config(app: dict[str, Any]) -> dict[str, Any]:
    """The definition of an app without the number of its instances and what is kept of its changes."""
    return {key: value for key, value in app.items() if key not in {"instances", "version", "versionInfo"}}


def defaults(app: dict[str, Any]) -> dict[str, Any]:
    """An app with what Marathon fills in."""
    filled = {
        "args": [], "backoffFactor": 1.15, "backoffSeconds": 1, "cmd": None, "constraints": [], "dependencies": [],
        "disk": 0, "env": {}, "executor": "", "fetch": [], "gpus": 0, "healthChecks": [], "instances": 1, "labels": {},
        "maxLaunchDelaySeconds": 300, "requirePorts": False, "killSelection": "YOUNGEST_FIRST",
        **copy.deepcopy(app),
    }  # fmt: skip
    filled["cpus"], filled["mem"] = float(filled["cpus"]), float(filled["mem"])
    filled["dependencies"] = sorted(filled["dependencies"], reverse=True)
    filled["healthChecks"] = [{"delaySeconds": 15, "ignoreHttp1xx": False, **check} for check in filled["healthChecks"]]
    docker = filled["container"].setdefault("docker", {})
    for key, value in (("privileged", False), ("parameters", [])):
        docker.setdefault(key, value)
    filled["container"].setdefault("volumes", [])
    for port in filled["container"].get("portMappings", ()):
        port.setdefault("labels", {})
        port.setdefault("servicePort", 10000)
    return filled


class Marathon:
    """The apps of a cluster, and a thread that runs them."""

    def __init__(self, agents: list[Agent]) -> None:
        self.agents = agents
        self.apps: dict[str, dict[str, Any]] = {}
        self.tasks: list[Task] = []
        self.files: dict[str, tuple[Agent, str]] = {}
        self.failures: dict[str, dict[str, Any]] = {}
        self.deployments: list[Deployment] = []
        # The apps whose step has come.
        self.released: set[str] = set()
        # Until when an app is not started, and the next delay.
        self.delays: dict[str, tuple[float, float]] = {}
        self.unplaced: dict[str, dict[str, int]] = {}
        self.port = FIRST_PORT
        self.lock = threading.RLock()

    # Changes.

    def put_group(self, group: dict[str, Any], force: bool, dry_run: bool) -> dict[str, Any]:
        violations = check_group(group, {"external_volumes", "gpu_resources"})
        if violations:
            details = [{"path": str(violations[0]), "errors": [str(violation) for violation in violations]}]
            raise Rejected(422, {"message": "Object is not valid", "details": details})
        prefix = group["id"] + "/"
        after = {id: app for id, app in self.apps.items() if not id.startswith(prefix)}
        version = stamp()
        for written in group["apps"]:
            after[written["id"]] = self.versioned(defaults(written), version)
        if dry_run:
            steps = [[{"action": action, "app": app} for action, app in step] for step in self.plan(after)]
            return {"steps": [{"actions": actions} for actions in steps]}
        return self.deploy(after, version, force)

    def versioned(self, app: dict[str, Any], version: str) -> dict[str, Any]:
        """An app with the times of its changes."""
        old = self.apps.get(app["id"])
        if old and config(old) == config(app):
            if old["instances"] == app["instances"]:
                return old
            change = old["versionInfo"]["lastConfigChangeAt"]
        else:
            change = version
        return {**app, "version": version, "versionInfo": {"lastScalingAt": version, "lastConfigChangeAt": change}}

    def plan(self, after: dict[str, Any]) -> list[list[tuple[str, str]]]:
        """The steps of a change, in the order of dependencies."""
        steps = [[("StopApplication", id)] for id in self.apps if id not in after]
        left = {id: app for id, app in after.items() if self.apps.get(id) is not app}
        while left:
            ready = [id for id, app in left.items() if not set(app["dependencies"]) & set(left)]
            assert ready, "a cycle"
            step = []
            for id in ready:
                app, old = left.pop(id), self.apps.get(id)
                if old is None:
                    step += [("StartApplication", id), ("ScaleApplication", id)]
                elif config(old) != config(app):
                    step.append(("RestartApplication", id))
                else:
                    step.append(("ScaleApplication", id))
            steps.append(step)
        return steps

    def deploy(self, after: dict[str, Any], version: str, force: bool) -> dict[str, Any]:
        steps = self.plan(after)
        changed = {app for step in steps for _, app in step}
        locking = [one for one in self.deployments if one.apps() & changed]
        if locking and not force:
            message = "App is locked by one or more deployments. Override with the option '?force=true'."
            raise Rejected(409, {"message": message, "deployments": [{"id": one.id} for one in locking]})
        self.deployments = [one for one in self.deployments if one not in locking]
        deployment = Deployment(str(uuid.uuid4()), version, self.apps, steps)
        self.released -= {app for app in changed if app not in self.apps}
        for app in changed:
            self.delays.pop(app, None)
        self.apps = after
        self.deployments.append(deployment)
        return {"version": version, "deploymentId": deployment.id}

    def delete(self, prefix: str, force: bool) -> dict[str, Any]:
        """Deletes the apps with this id, or in this group."""
        after = {id: app for id, app in self.apps.items() if id != prefix and not id.startswith(prefix + "/")}
        if after == self.apps:
            raise Rejected(404, f"'{prefix}' does not exist")
        return self.deploy(after, stamp(), force)

    def patch(self, id: str, change: dict[str, Any]) -> dict[str, Any]:
        """Changes fields of an app, as someone else does."""
        version = stamp()
        app = self.versioned({**copy.deepcopy(self.apps[id]), **change}, version)
        return self.deploy({**self.apps, id: app}, version, force=True)

    def patch_all(self, changes: list[dict[str, Any]], force: bool) -> dict[str, Any]:
        """Changes fields of several apps."""
        version, after = stamp(), dict(self.apps)
        for change in changes:
            after[change["id"]] = self.versioned({**copy.deepcopy(self.apps[change["id"]]), **change}, version)
        return self.deploy(after, version, force)

    def cancel(self, id: str) -> dict[str, Any]:
        """Cancels a deployment: what was there before comes back."""
        found = next((one for one in self.deployments if one.id == id), None)
        if found is None:
            raise Rejected(404, "no such deployment")
        return self.deploy(found.before, stamp(), force=True)

    # What happens by itself.

    def tick(self) -> None:
        now = time.time()
        for task in list(self.tasks):
            self.advance(task, now)
        for deployment in list(self.deployments):
            while deployment.at < len(deployment.steps):
                step = deployment.steps[deployment.at]
                self.released |= {app for action, app in step}
                if not all(self.is_done(app, now) for _, app in step):
                    break
                deployment.at += 1
            else:
                self.deployments.remove(deployment)
        self.unplaced = {}
        for id in {task.app for task in self.tasks} | set(self.apps):
            if id in self.released:
                self.scale(id, now)

    def advance(self, task: Task, now: float) -> None:
        acts = task.acts
        if task.killed is not None:
            if now >= task.killed + 0.2:
                self.tasks.remove(task)
            return
        if task.started is None and now >= task.staged + acts.start:
            if acts.fails:
                return self.fail(task, "TASK_FAILED", acts.message)
            task.started = now
        if task.started is not None and acts.ends is not None and now >= task.started + acts.ends:
            return self.fail(task, "TASK_FAILED", acts.message)
        checks = self.apps.get(task.app, {}).get("healthChecks", ())
        if any(0 < check["maxConsecutiveFailures"] <= task.failures(now, check) for check in checks):
            self.fail(task, "TASK_KILLED", "Task was killed since health check failed. Reason: Connection refused")
        return None

    def fail(self, task: Task, state: str, message: str) -> None:
        self.tasks.remove(task)
        self.failures[task.app] = {
            "appId": task.app, "host": task.agent.host, "message": message, "state": state, "taskId": task.id,
            "timestamp": stamp(), "version": task.version, "slaveId": task.agent.id,
        }  # fmt: skip
        app = self.apps.get(task.app)
        if app:
            delay = self.delays.get(task.app, (0, app["backoffSeconds"]))[1]
            self.delays[task.app] = (time.time() + delay, min(delay * app["backoffFactor"], app["maxLaunchDelaySeconds"]))

    def of(self, app: str) -> list[Task]:
        return [task for task in self.tasks if task.app == app and task.killed is None]

    def is_ready(self, task: Task, now: float) -> bool:
        app = self.apps[task.app]
        current = task.version >= app["versionInfo"]["lastConfigChangeAt"]
        return current and task.started is not None and (task.healthy(now) or not app["healthChecks"])

    def is_done(self, id: str, now: float) -> bool:
        if id not in self.apps:
            return not any(task.app == id for task in self.tasks)
        tasks = [task for task in self.tasks if task.app == id]
        return len(tasks) == self.apps[id]["instances"] and all(self.is_ready(task, now) for task in tasks)

    def scale(self, id: str, now: float) -> None:
        app, tasks = self.apps.get(id), self.of(id)
        if app is None:
            for task in tasks:
                task.killed = now
            return
        wanted, strategy = app["instances"], app["upgradeStrategy"]
        old = [task for task in tasks if task.version < app["versionInfo"]["lastConfigChangeAt"]]
        new = [task for task in tasks if task not in old]
        for task in new[wanted:]:
            task.killed = now
        stays = math.ceil(wanted * strategy["minimumHealthCapacity"])
        ready = sum(self.is_ready(task, now) for task in new)
        for task in old[: max(0, len(old) + ready - stays)] if len(new) < wanted or ready < wanted else old:
            task.killed = now
        most = wanted + math.ceil(wanted * strategy["maximumOverCapacity"])
        total = len([task for task in self.tasks if task.app == id])
        if self.delays.get(id, (0, 0))[0] > now:
            return
        for _ in range(min(wanted - len(new), max(most - total, 0))):
            if not self.launch(app, now):
                return

    def launch(self, app: dict[str, Any], now: float) -> bool:
        declined: dict[str, int] = {}
        for agent in self.agents:
            reason = self.misfit(app, agent)
            if reason:
                declined[reason] = declined.get(reason, 0) + 1
                continue
            ports = []
            for port in app.get("portDefinitions") or app["container"].get("portMappings") or ():
                self.port += 1
                fixed = port["port"] if "port" in port else port.get("hostPort", 0)
                ports.append(fixed or self.port)
            name = app["id"].strip("/").replace("/", "_")
            id = f"{name}.instance-{uuid.uuid4()}._app.1"
            acts = behaviour(app["container"]["docker"]["image"])
            self.tasks.append(Task(id, app["id"], agent, app["version"], ports, now, acts))
            self.files[id] = (agent, acts.log)
            return True
        self.unplaced[app["id"]] = declined
        return False

    def misfit(self, app: dict[str, Any], agent: Agent) -> str | None:
        """Marathon's reason for not using the offer of an agent."""
        for name, operator, *value in app["constraints"]:
            actual = agent.host if name == "hostname" else agent.attributes.get(name)
            if operator in {"IS", "CLUSTER", "LIKE"} and value and actual != value[0]:
                return "UnfulfilledConstraint"
        used = [self.apps[task.app] for task in self.tasks if task.agent is agent and task.app in self.apps]
        for resource, reason in (("cpus", "InsufficientCpus"), ("mem", "InsufficientMemory")):
            if sum(other[resource] for other in used) + app[resource] > getattr(agent, resource):
                return reason
        return None

    # What is asked.

    def task(self, task: Task, now: float) -> dict[str, Any]:
        app = self.apps.get(task.app, {})
        state = "TASK_KILLING" if task.killed else "TASK_RUNNING" if task.started else "TASK_STAGING"
        results = []
        for check in app.get("healthChecks", ()) if task.started else ():
            failures = task.failures(now, check)
            if not failures and not task.healthy(now):
                continue
            alive = task.healthy(now)
            success = stamp(task.started + (task.acts.healthy or 0)) if alive else None
            results.append({
                "alive": alive, "consecutiveFailures": failures, "firstSuccess": success, "lastSuccess": success,
                "lastFailure": None if alive else stamp(), "instanceId": task.id,
                "lastFailureCause": None if alive else "Connection refused",
            })  # fmt: skip
        return {
            "id": task.id, "appId": task.app, "host": task.agent.host, "slaveId": task.agent.id, "ports": task.ports,
            "state": state, "stagedAt": stamp(task.staged), "startedAt": task.started and stamp(task.started),
            "version": task.version, "healthCheckResults": results, "ipAddresses": [], "servicePorts": [],
        }  # fmt: skip

    def app(self, app: dict[str, Any], embed: list[str]) -> dict[str, Any]:
        now = time.time()
        shown = copy.deepcopy(app)
        tasks = [self.task(task, now) for task in self.tasks if task.app == app["id"]]
        shown["tasksRunning"] = sum(task["state"] == "TASK_RUNNING" for task in tasks)
        if "apps.tasks" in embed:
            shown["tasks"] = tasks
        if "apps.lastTaskFailure" in embed and app["id"] in self.failures:
            shown["lastTaskFailure"] = self.failures[app["id"]]
        if "apps.deployments" in embed:
            shown["deployments"] = [{"id": one.id} for one in self.deployments if app["id"] in one.apps()]
        return shown

    def queue(self) -> list[dict[str, Any]]:
        now, found = time.time(), []
        for id, app in self.apps.items():
            missing = app["instances"] - len(self.of(id))
            if id not in self.released or missing <= 0:
                continue
            left = max(0, math.ceil(self.delays.get(id, (0, 0))[0] - now))
            offers: dict[str, Any] = {"processedOffersCount": 0, "unusedOffersCount": 0}
            declined = self.unplaced.get(id)
            if declined:
                total = sum(declined.values())
                offers = {
                    "processedOffersCount": total, "unusedOffersCount": total, "lastUnusedOfferAt": stamp(),
                    "rejectSummaryLastOffers": [
                        {"reason": reason, "declined": declined.get(reason, 0), "processed": total}
                        for reason in ("UnfulfilledRole", "UnfulfilledConstraint", "InsufficientCpus", "InsufficientMemory")
                    ],
                }  # fmt: skip
            found.append({
                "app": {"id": id}, "count": missing, "role": "*", "since": stamp(),
                "delay": {"timeLeftSeconds": left, "overdue": left == 0}, "processedOffersSummary": offers,
            })  # fmt: skip
        return found

    def group(self, id: str) -> dict[str, Any]:
        apps = [app for app in self.apps.values() if app["id"].startswith(id + "/")]
        if not apps:
            raise Rejected(404, f"Group '{id}' does not exist")
        return {"id": id, "apps": apps, "groups": [], "dependencies": [], "pods": []}

    def selected(self, label: str) -> Iterator[dict[str, Any]]:
        name, _, value = label.partition("==")
        for app in self.apps.values():
            found = app["labels"].get(name)
            if found is not None and (not value or found == value):
                yield app


class Cluster:
    """Marathon, Chronos and Mesos on one port; a context manager that ends them."""

    def __init__(self, agents: list[Agent] | None = None, token: str | None = None) -> None:
        self.marathon = Marathon(agents or [Agent("S0", "127.0.0.1"), Agent("S1", "localhost")])
        self.chronos = Chronos()
        self.token = token
        self.requests: list[str] = []
        cluster = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length).decode()
                if cluster.is_over.is_set():
                    # A connection that was kept open.
                    self.close_connection = True
                    return
                cluster.requests.append(f"{self.command} {self.path}")
                try:
                    if cluster.token and self.headers.get("Authorization") != f"token={cluster.token}":
                        if not urlsplit(self.path).path.startswith(("/state", "/files")):
                            raise Rejected(401, "Not authenticated")
                    status, document = 200, cluster.answer(self.command, self.path, body)
                except Rejected as rejected:
                    status, document = rejected.status, rejected.body
                payload = b"" if document is None else json.dumps(document).encode()
                self.send_response(204 if document is None else status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                with suppress(BrokenPipeError):
                    self.wfile.write(payload)

            do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = answer

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        self.url = f"http://{self.address}"
        self.is_over = threading.Event()

    def __enter__(self) -> Cluster:
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        threading.Thread(target=self.run, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends it: nobody answers any more."""
        self.is_over.set()
        self.server.shutdown()
        self.server.server_close()

    def run(self) -> None:
        while not self.is_over.wait(TICK):
            with self.marathon.lock:
                self.marathon.tick()
                self.chronos.tick()

    def answer(self, method: str, target: str, body: str) -> Any:
        url = urlsplit(target)
        query = {name: values for name, values in parse_qs(url.query).items()}
        with self.marathon.lock:
            if url.path.startswith("/v1/scheduler/"):
                return self.chronos.answer(method, url.path.removeprefix("/v1/scheduler/"), body, Rejected)
            return self.of_marathon(method, url.path, query, body)

    def of_marathon(self, method: str, path: str, query: dict[str, list[str]], body: str) -> Any:
        marathon = self.marathon
        force = query.get("force") == ["true"]
        match method, path.strip("/").split("/"):
            case "GET", ["v2", "apps"]:
                apps = marathon.selected(query["label"][0])
                return {"apps": [marathon.app(app, query.get("embed", [])) for app in apps]}
            case "PATCH", ["v2", "apps"]:
                return marathon.patch_all(json.loads(body), force)
            case "DELETE", ["v2", "apps" | "groups", *id]:
                return marathon.delete("/" + "/".join(id), force)
            case "PUT", ["v2", "groups"]:
                return marathon.put_group(json.loads(body), force, query.get("dryRun") == ["true"])
            case "GET", ["v2", "groups", *id]:
                return marathon.group("/" + "/".join(id))
            case "GET", ["v2", "deployments"]:
                deployments = marathon.deployments
                return [{"id": one.id, "version": one.version, "affectedApps": sorted(one.apps())} for one in deployments]
            case "DELETE", ["v2", "deployments", id]:
                return marathon.cancel(id)
            case "GET", ["v2", "queue"]:
                return {"queue": marathon.queue()}
            case "DELETE", ["v2", "queue", *id, "delay"]:
                marathon.delays.pop("/" + "/".join(id), None)
                return None
            case "GET", ["v2", "info"]:
                return {"name": "marathon", "version": "1.11.0", "marathon_config": {"mesos_leader_ui_url": self.url + "/"}}
            case "GET", ["slaves"]:
                return {"slaves": [
                    {"id": agent.id, "hostname": agent.host, "pid": f"slave(1)@{self.address}", "active": True,
                     "resources": {"cpus": agent.cpus, "mem": agent.mem}, "attributes": agent.attributes}
                    for agent in marathon.agents
                ]}  # fmt: skip
            case "GET", ["state"]:
                executors = [{"id": id, "directory": f"/sandbox/{id}"} for id in marathon.files]
                return {"frameworks": [{"executors": [], "completed_executors": executors}]}
            case "GET", ["files", "read"]:
                _, id, stream = query["path"][0].strip("/").split("/")
                text = marathon.files[id][1] if stream == "stdout" else ""
                offset, length = int(query["offset"][0]), int(query["length"][0])
                return {"data": text[offset : offset + length], "offset": offset}
        raise Rejected(404, f"no {method} {path}")
