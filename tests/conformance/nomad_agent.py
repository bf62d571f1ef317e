"""A Nomad agent that runs jobs on the machine's Docker engine: server and client in one, or each on its own.

The state of the agent is in a temporary folder. Containers reach each other at the address of Docker's
default bridge, because Nomad has no names and each container has its own loopback interface. The CNI
network `cluster` gives them addresses of their own instead, as an overlay network of several nodes would.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from http.client import HTTPResponse
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import support
from compose_engine import Engine, Start, checked, command, read_start, wait_until

# The client's CPU and memory are fictitious, so that jobs that require more than the machine has are placed.
CONFIGURATION = """
client {
  network_interface = "docker0"
  cpu_total_compute = 64000
  memory_total_mb   = %(memory)d
  # Other tests publish ports that examples name.
  min_dynamic_port  = %(first_port)d
  max_dynamic_port  = %(last_port)d
  alloc_dir         = "%(folder)s/alloc"
  host_volumes_dir  = "%(folder)s/volumes"
  cni_path          = "%(plugins)s"
  cni_config_dir    = "%(folder)s/cni"
  options = {
    "fingerprint.denylist" = "env_aws,env_azure,env_digitalocean,env_gce"
  }
  meta = %(meta)s
}
plugin "docker" {
  config {
    allow_privileged = true
    disable_log_collection = %(logless)s
    # The container that holds the network of a group with its own address.
    infra_image      = "%(infra)s"
    volumes {
      enabled = true
    }
    gc {
      image     = false
      container = %(collects)s
      dangling_containers {
        enabled = false
      }
    }
  }
}
"""

# The image of the container that holds the network of a group.
INFRA_IMAGE = "applc-test/nomad:infra"


def cluster_network(bridge: str, subnet: str, folder: Path) -> dict[str, Any]:
    """The configuration of a CNI network with the reference plugins."""
    address_management = {
        "type": "host-local",
        "ranges": [[{"subnet": subnet}]],
        "routes": [{"dst": "0.0.0.0/0"}],
        "dataDir": f"{folder}/addresses",
    }
    plugins = [
        {"type": "bridge", "bridge": bridge, "isGateway": True, "ipMasq": True, "ipam": address_management},
        {"type": "firewall", "backend": "iptables"},
        {"type": "portmap", "capabilities": {"portMappings": True}},
    ]
    return {"cniVersion": "1.0.0", "name": "cluster", "plugins": plugins}


def free_subnet() -> tuple[int, IO[str]]:
    """The number of a subnet that no running agent has, and the lock that keeps it.

    With two bridges of one subnet, the machine does not know which of them an address is behind.
    """
    for number in range(256):
        held = (support.TOOLS / f"nomad-subnet-{number}.lock").open("w")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return number, held
        except BlockingIOError:
            held.close()
    raise AssertionError("256 agents run at the same time")


# Settings of an agent whose state outlives its process.
DURABLE = """
data_dir = "%(folder)s/%(name)s"
advertise {
  http = "127.0.0.1"
  rpc  = "127.0.0.1"
  serf = "127.0.0.1"
}
acl {
  enabled = true
}
"""

SERVER = """
server {
  enabled          = true
  bootstrap_expect = 1
}
"""

CLIENT = """
client {
  enabled = true
  servers = ["127.0.0.1:%(rpc)d"]
}
"""

# The ports of a server on its own.
PORTS = """
bind_addr = "127.0.0.1"
ports {
  http = %(http)d
  rpc  = %(rpc)d
  serf = %(serf)d
}
"""


def free_ports(count: int) -> list[int]:
    """TCP ports of the loopback address that are currently free."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def validate(text: str) -> subprocess.CompletedProcess[str]:
    """Runs `nomad job validate` on a jobspec without an agent: Nomad's parser and local validation."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "job.nomad.hcl"
        file.write_bytes(text.encode())
        # If no agent responds at the address, the command validates locally.
        return command(
            support.require_tool("nomad"), "job", "validate", "-address=http://127.0.0.1:9", file
        )


def formatted(text: str) -> str:
    """The text formatted by `nomad fmt`."""
    return checked(support.require_tool("nomad"), "fmt", "-", stdin=text.encode())


class Agent:
    """A running agent; a context manager that stops the agent and everything that it runs."""

    def __init__(
        self,
        engine: Engine,
        meta: dict[str, str] | None = None,
        memory: int = 131072,
        durable: bool = False,
        ports: range = range(24000, 30001),
        logs: bool = True,
        server_apart: bool = False,
    ) -> None:
        """`memory` is that of the client in MB. The state of a `durable` agent outlives its process, and ACLs are on. With
        `server_apart`, it is a client, whose server is another process that `kill` does not end.
        Agents that run at the same time need different `ports` for their tasks. Without `logs`, the agent does not
        start the two processes for each task that copy its output, and leaves containers that have ended, whose logs the engine has."""
        self.nomad = support.require_tool("nomad")
        self.engine = engine
        self.meta = meta or {}
        self.memory = memory
        self.durable = durable
        self.ports = ports
        self._has_logs = logs
        self._server_apart = server_apart
        self._server: subprocess.Popen[bytes] | None = None
        self.token = ""

    def __enter__(self) -> Agent:
        # The sockets of Nomad tasks are in this folder, and the length of their paths is limited.
        self._folder = tempfile.TemporaryDirectory(prefix="nomad-", ignore_cleanup_errors=True)
        folder = Path(self._folder.name)
        ports = dict(zip(("http", "rpc", "serf"), free_ports(3), strict=True))
        number, self._subnet = free_subnet()
        self._bridge = f"applc-nomad-{number}"
        # A run that was killed leaves its bridge behind.
        self._remove_bridge()
        (folder / "cni").mkdir()
        network = cluster_network(self._bridge, f"10.213.{number}.0/24", folder)
        (folder / "cni" / "cluster.conflist").write_text(json.dumps(network))
        self.engine.image(INFRA_IMAGE)
        meta = "{\n" + "".join(f'    {name} = "{value}"\n' for name, value in self.meta.items()) + "  }"
        self.address = self._client_address = f"http://127.0.0.1:{ports['http']}"
        (folder / "agent.hcl").write_text(
            PORTS % ports
            + CONFIGURATION
            % {
                "folder": folder,
                "meta": meta,
                "memory": self.memory,
                "first_port": self.ports[0],
                "last_port": self.ports[-1],
                "plugins": support.TOOLS / "nomad" / "plugins",
                "infra": INFRA_IMAGE,
                "logless": json.dumps(not self._has_logs),
                "collects": json.dumps(self._has_logs),
            }
        )
        self.log = folder / "agent.log"
        self._arguments = ["-config", folder / "agent.hcl"]
        if self.durable:
            durable = DURABLE % {"folder": folder, "name": "data"}
            if self._server_apart:
                its = dict(zip(("http", "rpc", "serf"), free_ports(3), strict=True))
                self.address = f"http://127.0.0.1:{its['http']}"
                apart = PORTS % its + DURABLE % {"folder": folder, "name": "server"} + SERVER
                (folder / "server.hcl").write_text(apart)
                self._server = self._launch("-config", folder / "server.hcl")
                durable += CLIENT % its
            else:
                durable += SERVER + CLIENT % ports
            (folder / "durable.hcl").write_text(durable)
            self._arguments += ["-config", folder / "durable.hcl"]
        else:
            self._arguments.append("-dev")
        self._process = self._launch(*self._arguments)
        try:
            if self.durable:
                self.token = wait_until("a leader", self._bootstrap)
            wait_until("a Nomad client with a healthy docker driver", self._ready)
        except AssertionError as failure:
            end = "\n".join(self.log.read_text(errors="replace").splitlines()[-30:])
            self.__exit__()
            raise AssertionError(f"{failure}\n{end}") from failure
        return self

    def _launch(self, *arguments: str | Path) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [self.nomad, "agent", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "TMPDIR": self._folder.name},
                # A signal to the whole group of the tests, such as that of Ctrl-C, leaves it to them to
                # end the agent: it has to remove what it runs first.
                start_new_session=True,
            )

    def _bootstrap(self) -> str | None:
        """Creates the first token; None while the agent has no leader."""
        run = self.run_command("acl", "bootstrap", "-json")
        return str(json.loads(run.stdout)["SecretID"]) if run.returncode == 0 else None

    def restart(self) -> None:
        """Stops a durable agent while its containers continue to run, and starts it again."""
        self.kill()
        self.launch()

    def kill(self) -> None:
        """Stops a durable agent while its containers continue to run."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=60)

    def launch(self) -> None:
        """Starts a durable agent again."""
        self._process = self._launch(*self._arguments)
        wait_until("the agent after a restart", self._ready)

    def __exit__(self, *_: object) -> None:
        try:
            placed = [each["ID"] for each in self.get("/v1/allocations")]
            if self.durable:
                # The processes of its tasks would outlive it, too.
                self.remove_all()
        except OSError:
            placed = []
        for process in filter(None, (self._process, self._server)):
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        # The agent may exit before all its containers are removed.
        for container in checked(self.engine.docker, "ps", "-a", "--format", "{{.Names}}").split():
            if container[-36:] in placed:
                command(self.engine.docker, "rm", "--force", container)
        self._remove_bridge()
        self._subnet.close()
        # It may also leave behind the tmpfs mounts that it creates for secrets.
        mounted = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for place in reversed(mounted):
            if place.startswith(self._folder.name + "/"):
                command("umount", place)
        self._folder.cleanup()

    def _remove_bridge(self) -> None:
        if Path(f"/sys/class/net/{self._bridge}").exists():
            command("ip", "link", "delete", self._bridge)

    def _ready(self) -> bool:
        assert self._process.poll() is None, "the agent exited"
        try:
            # Its server knows the client as ready while it is restarted.
            urllib.request.urlopen(f"{self._client_address}/v1/agent/health?type=client", timeout=30).close()
            nodes = self.get("/v1/nodes")
        except OSError:
            return False
        return any(
            node["Status"] == "ready" and node["Drivers"].get("docker", {}).get("Healthy") for node in nodes
        )

    def get(self, path: str) -> Any:
        """The response of the agent's HTTP API to a GET request."""
        with self.request("GET", path) as answer:
            return json.load(answer)

    def request(self, method: str, path: str, body: Any = None) -> HTTPResponse:
        """The open response of the agent's HTTP API to a request."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.address + path, data, headers={"X-Nomad-Token": self.token}, method=method
        )
        answer: HTTPResponse = urllib.request.urlopen(request, timeout=30)
        return answer

    def run_command(self, *arguments: str | Path, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Runs `nomad ARGUMENTS...` against this agent."""
        first, second, *rest = arguments
        return command(self.nomad, first, second, *self._access(), *rest, timeout=timeout)

    def _access(self) -> list[str]:
        """The options of every command that uses the agent."""
        return [f"-address={self.address}", *([f"-token={self.token}"] if self.token else [])]

    def apply_policy(self, file: Path) -> None:
        """Applies an ACL policy to all tasks of the default namespace."""
        checked(self.nomad, "acl", "policy", "apply", *self._access(), "-namespace=default", "applc", file)

    def submit(self, file: Path) -> None:
        """Submits a job without waiting for its deployment."""
        run = self.run_command("job", "run", "-detach", file)
        assert run.returncode == 0, f"{file.name}:\n{run.stdout}{run.stderr}"

    def remove(self, job: str) -> None:
        """Stops a job, waits until its containers are removed, and purges it."""

        def stop(how: str) -> None:
            try:
                self.request("DELETE", f"/v1/job/{quote(job, safe='')}{how}").close()
            except urllib.error.HTTPError as error:
                raise AssertionError(f"{job}: {error.read().decode()}") from error

        def ended() -> bool:
            return all(each["ClientStatus"] in ("complete", "failed", "lost") for each in self.allocations(job))

        stop("")
        wait_until(f"the end of {job}", ended)
        stop("?purge=true")

    def remove_all(self) -> None:
        """Removes all jobs."""
        for job in self.get("/v1/jobs"):
            if not job["ParentID"]:
                self.remove(job["ID"])

    def drain(self) -> None:
        """Stops everything on the node at once, and waits until nothing runs; then the node accepts work again."""
        self._drain("-enable", "-force", "-detach")
        wait_until("the end of the drain", lambda: not self._running())
        self._drain("-disable")

    def _drain(self, *how: str) -> None:
        run = self.run_command("node", "drain", *how, "-self", "-yes")
        assert run.returncode == 0, run.stderr

    def _running(self) -> list[str]:
        placed = self.get("/v1/allocations")
        return [each["ID"] for each in placed if each["ClientStatus"] in ("pending", "running")]

    def create_volume(self, file: Path) -> None:
        """Creates a volume."""
        run = self.run_command("volume", "create", file)
        assert run.returncode == 0, f"{file.name}:\n{run.stdout}{run.stderr}"

    def delete_volume(self, volume: str) -> None:
        """Deletes a host volume and its content."""
        run = self.run_command("volume", "delete", "-type", "host", volume)
        assert run.returncode == 0, run.stderr

    def allocations(self, job: str, group: str | None = None) -> list[dict[str, Any]]:
        """The allocations of a job, or of one of its groups, newest first."""
        try:
            found = self.get(f"/v1/job/{quote(job, safe='')}/allocations?all=true")
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return []
            raise
        found.sort(key=lambda each: each["CreateIndex"], reverse=True)
        return [each for each in found if group in (None, each["TaskGroup"])]

    def allocation(self, job: str, group: str) -> dict[str, Any]:
        """The newest allocation of a group; fails the test if none exists."""
        found = self.allocations(job, group)
        assert found, f"{job} has no allocation of {group}"
        return found[0]

    def task(self, job: str, group: str, task: str) -> dict[str, Any]:
        """The state of a task of the newest allocation of a group: `State`, `Failed`, `Restarts`, `Events`..."""
        return (self.allocation(job, group)["TaskStates"] or {}).get(task) or {"State": "absent"}

    def wait_for_task(self, job: str, group: str, task: str, state: str, seconds: float = 60) -> dict[str, Any]:
        """Waits until a task is `pending`, `running` or `dead`."""

        def seen() -> dict[str, Any] | None:
            if not self.allocations(job, group):
                return None
            now = self.task(job, group, task)
            return now if now["State"] == state else None

        try:
            return wait_until(f"{job}/{group}/{task} {state}", seen, seconds)
        except AssertionError as failure:
            raise AssertionError(f"{failure}\n{self.event_log(job)}") from failure

    def wait_for_deployment(self, job: str, seconds: float = 120) -> None:
        """Waits until all groups of a service job are healthy."""

        def healthy() -> bool:
            latest = self.get(f"/v1/job/{quote(job, safe='')}/deployment")
            assert latest is None or latest["Status"] not in ("failed", "cancelled"), latest["StatusDescription"]
            return latest is not None and latest["Status"] == "successful"

        try:
            wait_until(f"the deployment of {job}", healthy, seconds)
        except AssertionError as failure:
            raise AssertionError(f"{failure}\n{self.event_log(job)}") from failure

    def wait_for_allocations(self, job: str, status: str, count: int = 1, seconds: float = 60) -> None:
        """Waits until at least `count` allocations of a job have a client status: `complete`, `failed`..."""

        def reached() -> bool:
            return sum(each["ClientStatus"] == status for each in self.allocations(job)) >= count

        try:
            wait_until(f"{count} {status} allocation(s) of {job}", reached, seconds)
        except AssertionError as failure:
            raise AssertionError(f"{failure}\n{self.event_log(job)}") from failure

    def event_log(self, job: str) -> str:
        """The events of a job's tasks as text, for assertion messages."""
        lines = []
        for allocation in self.allocations(job):
            lines.append(f"{allocation['Name']}: {allocation['ClientStatus']}")
            for task, state in (allocation["TaskStates"] or {}).items():
                lines += [f"  {task}: {event['DisplayMessage']}" for event in state["Events"]]
        return "\n".join(lines)

    def logs(self, allocation: dict[str, Any], task: str) -> str:
        """The standard output of a task so far."""
        return self.run_command("alloc", "logs", allocation["ID"], task).stdout

    def starts(self, job: str, group: str, task: str) -> list[Start]:
        """All starts of a probe in the newest allocation of a group, earliest first."""
        text = self.logs(self.allocation(job, group), task)
        return [read_start(line) for line in text.splitlines() if line.startswith("APPLC-PROBE ")]

    def run_in(self, allocation: dict[str, Any], task: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a program in a running task."""
        # Not with `nomad alloc exec`, which sometimes loses the output of a program that exits at once.
        return self.engine.run_in(f"{task}-{allocation['ID']}", *arguments)

    def group_at(self, allocation: dict[str, Any], task: str, url: str) -> str | None:
        """The group that responds when a task requests `url`, or None."""
        answer = self.run_in(allocation, task, "/bin/busybox", "wget", "-q", "-O", "-", url)
        if answer.returncode != 0:
            return None
        name = self.engine.inspect(answer.stdout.strip())["Name"]
        # The docker driver names a container after its task and allocation.
        identity = name[-36:]
        return str(self.get(f"/v1/allocation/{identity}")["TaskGroup"])

    def services(self) -> set[str]:
        """The names of the services that are currently registered."""
        return {each["ServiceName"] for space in self.get("/v1/services") for each in space["Services"]}

    def started_at(self, job: str, group: str, task: str) -> str:
        """The start time of a task, in a sortable form."""
        return str(self.task(job, group, task)["StartedAt"])


def pause(seconds: float) -> None:
    """Waits, so that an event that must not occur would have occurred."""
    time.sleep(seconds)
